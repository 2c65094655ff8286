//! What a family asks for about what is written down counts its days until the station answered (domain.md P-15).

use anyhow::{Context, Result};
use client::view::{ExportFormView, PrintView, RightRow, RightsView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

const CHILD: &str = "石小雨";

async fn rights(device: &Device) -> Result<Vec<RightRow>> {
    let view: RightsView = device.call("rights", json!({"child": null})).await?;
    Ok(view.rows)
}

async fn only(device: &Device) -> Result<RightRow> {
    let rows = rights(device).await?;
    assert_eq!(rows.len(), 1);
    rows.into_iter().next().context("there is one")
}

async fn exported(station: &Device) -> Result<u32> {
    let asked = json!({"ledger": "L1", "village": null});
    let form: ExportFormView = station.call("export_form", asked).await?;
    Ok(form.rows)
}

fn ask(child: &str, on: &str) -> Value {
    json!({"child": child, "rights": ["see", "erase"], "who": "guardian", "name": "石磊", "text": "去年的记录。", "on": on})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_counted_at_the_station_answered_and_limits_what_a_duty_keeps() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child(CHILD).await?;
    let station = &world.station;

    for (input, code) in [
        (
            json!({"child": child, "rights": [], "who": "guardian", "name": "石磊", "text": "", "on": ""}),
            "choice_missing",
        ),
        (
            json!({"child": child, "rights": ["see"], "who": "", "name": "石磊", "text": "", "on": ""}),
            "choice_missing",
        ),
        (
            json!({"child": child, "rights": ["see"], "who": "guardian", "name": " ", "text": "", "on": ""}),
            "name_missing",
        ),
        (
            json!({"child": child, "rights": ["own"], "who": "guardian", "name": "石磊", "text": "", "on": ""}),
            "value_invalid",
        ),
        (ask(&child, "2099-01-01"), "date_invalid"),
    ] {
        assert_eq!(tablet.refusal("ask_right", input).await?.code, code);
    }
    let view: RightsView = tablet.call("ask_right", ask(&child, "")).await?;
    let unanswered = view.rows.first().context("it is there")?.request.clone();
    let early = json!({"what": "right_answer", "of": unanswered, "purpose": "family"});
    assert_eq!(tablet.refusal("print", early).await?.code, "not_found");
    let row = view.rows.first().context("it is written down")?;
    assert_eq!(
        (row.state.as_str(), row.left, row.may_answer),
        ("open", 15, false)
    );
    world.settle(&[&tablet]).await?;

    let row = only(station).await?;
    assert_eq!(
        (row.name.as_str(), row.who.as_str(), row.by.as_str()),
        (CHILD, "父母或其他监护人", "李玉梅")
    );
    assert!(row.may_answer && row.rights == ["see", "erase"]);
    let word = |outcome: &str, duty: &str, text: &str| json!({"child": child, "request": row.request, "outcome": outcome, "duty": duty, "text": text});
    let refusal = tablet
        .refusal("answer_right", word("done", "", "好了。"))
        .await?;
    assert_eq!(refusal.code, "not_allowed", "a director does not answer");
    for (input, code) in [
        (word("limited", "", "留着。"), "choice_missing"),
        (word("done", "", " "), "text_missing"),
        (word("gone", "", "好了。"), "value_invalid"),
    ] {
        assert_eq!(station.refusal("answer_right", input).await?.code, code);
    }

    // The days go by.
    world.go_to_day(13, &[&tablet]);
    let row_now = only(station).await?;
    assert_eq!((row_now.state.as_str(), row_now.left), ("soon", 2));
    world.go_to_day(16, &[&tablet]);
    let row_now = only(station).await?;
    assert_eq!((row_now.state.as_str(), row_now.left), ("overdue", -1));

    // A duty keeps it: the use of the file is limited, and it leaves in no register.
    let before = exported(station).await?;
    let limited = word("limited", "care", "走访记录按规定要留着，不再给别人。");
    let view: RightsView = station.call("answer_right", limited).await?;
    let answered = view.rows.first().context("it stays in the list")?;
    let answer = answered.answer.as_ref().context("it is answered")?;
    assert!(answered.limits && answer.duty.contains("法律交办") && answer.days == 16);
    assert_eq!(exported(station).await?, before - 1);
    assert!(station.file(&child).await?.limited);
    world.settle(&[&tablet]).await?;
    assert!(tablet.file(&child).await?.limited, "the village knows, too");
    let printed = |of: &str| json!({"what": "right_answer", "of": of, "purpose": "family"});
    let paper: PrintView = station.call("print", printed(&row.request)).await?;
    assert!(paper.line.contains(&paper.number));
    let printed_rows = station.trail("print_made")?;
    let [left] = printed_rows.as_slice() else {
        anyhow::bail!("one paper left: {printed_rows:?}");
    };
    assert_eq!(left.object, child, "whose answer it is");
    let said = format!(
        "number={} what=right_answer of={} purpose=family rows=1 fields=name,asker,asked,answer",
        paper.number, row.request
    );
    assert_eq!(left.detail, said);
    let refusal = station.refusal("print", printed(&child)).await?;
    assert_eq!(refusal.code, "not_found");

    // Another answer stands in its place.
    let view: RightsView = station
        .call(
            "answer_right",
            word("partly", "care", "去年重复的一段删了。"),
        )
        .await?;
    assert!(!view.rows.iter().any(|row| row.limits));
    assert_eq!(exported(station).await?, before);
    assert!(!station.file(&child).await?.limited);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_and_who_answers_for_them_are_on_every_tablet() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    for device in [&world.station, &tablet] {
        let rules: client::view::ChildRulesView = device.call("child_rules", Value::Null).await?;
        assert_eq!(rules.name, "何珊");
        assert!(!rules.phone.is_empty() && rules.parts.len() > 7);
    }
    world.township.stop().await;
    Ok(())
}
