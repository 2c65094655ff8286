//! The whole visit form: rows with names of their own, a form folded again, and a level that a person settles.

use anyhow::{Context, Result};
use client::view::{
    GoodsView, QuestionView, SavedView, ScreeningView, TimelineKind, VisitFormView, VisitReadView,
};
use serde_json::json;
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// A question of a part, in rows as well.
fn question<'a>(form: &'a VisitFormView, part: &str, key: &str) -> Option<&'a QuestionView> {
    let parts = form.parts.iter().filter(|one| one.part == part);
    parts
        .flat_map(|one| &one.sections)
        .flat_map(|section| {
            let rows = section.rows.iter().flat_map(|row| &row.questions);
            section.questions.iter().chain(rows)
        })
        .find(|question| question.key == key)
}

async fn row(
    tablet: &Device,
    draft: &str,
    row: Option<&str>,
    there: bool,
) -> Result<VisitFormView> {
    let input = json!({"draft": draft, "part": "session", "section": "K_goods", "row": row, "there": there});
    tablet.call("visit_row", input).await
}

fn rows(form: &VisitFormView) -> Vec<String> {
    let sections = form.parts.iter().flat_map(|part| &part.sections);
    sections
        .filter(|section| section.key == "K_goods")
        .flat_map(|section| &section.rows)
        .map(|row| row.row.clone())
        .collect()
}

async fn settle(
    device: &Device,
    child: &str,
    record: &str,
    level: &str,
    reason: &str,
) -> Result<ScreeningView> {
    let input = json!({"child": child, "record": record, "level": level, "reason": reason});
    device.call("settle_screening", input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_in_the_whole_form_is_saved_and_a_level_is_settled_by_people()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let form = tablet.begin_visit(&child).await?;
    let draft = form.draft.clone();
    assert!(!form.full, "the short form opens");
    assert!(question(&form, "session", "k_done").is_none());

    let form: VisitFormView = tablet
        .call("visit_full", json!({"draft": draft, "full": true}))
        .await?;
    assert!(question(&form, "session", "h_cards").is_some());
    tablet
        .answer(&draft, "session", "k_done", &["goods"])
        .await?;
    row(&tablet, &draft, None, true).await?;
    let form = row(&tablet, &draft, None, true).await?;
    let [first, second] = rows(&form).try_into().expect("two rows");
    for (name, what, count) in [(&first, "书包", "2"), (&second, "棉衣", "1")] {
        tablet
            .write(&draft, "session", &format!("k_g_what@{name}"), what)
            .await?;
        tablet
            .write(&draft, "session", &format!("k_g_count@{name}"), count)
            .await?;
    }
    let wrong = json!({"draft": draft, "part": "session", "key": format!("k_g_count@{first}"), "codes": [], "text": "两个"});
    assert_eq!(
        tablet.refusal("answer_visit", wrong).await?.code,
        "number_invalid"
    );
    let stranger = json!({"draft": draft, "part": "session", "key": "k_g_what@nobody", "codes": [], "text": "x"});
    assert_eq!(
        tablet.refusal("answer_visit", stranger).await?.code,
        "value_invalid"
    );
    let form = row(&tablet, &draft, Some(&first), false).await?;
    assert_eq!(
        rows(&form),
        std::slice::from_ref(&second),
        "the other row keeps its name"
    );
    let form = row(&tablet, &draft, Some(&first), true).await?;
    let back = question(&form, "session", &format!("k_g_what@{first}"));
    assert_eq!(back.context("it is back")?.text.as_deref(), Some("书包"));

    let form: VisitFormView = tablet
        .call("visit_full", json!({"draft": draft, "full": false}))
        .await?;
    assert!(
        question(&form, "session", "k_done").is_some(),
        "answered, so in sight"
    );
    assert!(
        question(&form, "session", "h_cards").is_none(),
        "not answered, so folded"
    );
    tablet.answer(&draft, &child, "c_alone", &["live"]).await?;
    let saved: SavedView = tablet.call("save_visit", json!({"id": draft})).await?;
    assert_eq!(
        saved.mandatory.len(),
        1,
        "living alone asks whether it was reported"
    );
    let mut screened = saved.screenings.iter();
    let screened = screened
        .find(|one| one.child == child)
        .context("it may be screened")?;
    let record = screened.record.clone();

    let read: VisitReadView = tablet
        .call("visit_read", json!({"child": child, "record": record}))
        .await?;
    let said = serde_json::to_string(&read.sections)?;
    for words in ["书包", "棉衣", "1. 什么", "2. 几件"] {
        assert!(said.contains(words), "{words}: {said}");
    }

    // Living alone makes the highest level; the director may confirm it and not lower it.
    let seen: ScreeningView = tablet
        .call("screening", json!({"child": child, "record": record}))
        .await?;
    assert_eq!(seen.suggested.code, "high");
    assert_eq!(seen.may, ["high"]);
    let found: Vec<_> = seen.found.iter().map(|one| one.label.as_deref()).collect();
    assert_eq!(
        found,
        [Some("独居，或年纪小常常没人看护"), Some("没有委托照护协议")]
    );
    let lower = json!({"child": child, "record": record, "level": "low", "reason": "伯父照看"});
    assert_eq!(
        tablet.refusal("settle_screening", lower).await?.code,
        "supervisor_needed"
    );
    let seen = settle(&tablet, &child, &record, "high", "").await?;
    let settled = seen.settled.context("it is settled")?;
    assert!(settled.confirmed && settled.by == "李玉梅", "{settled:?}");

    tablet.sync().await?;
    world.station.sync().await?;
    let there: ScreeningView = world
        .station
        .call("screening", json!({"child": child, "record": record}))
        .await?;
    assert_eq!(there.standing, Some(settled));
    assert_eq!(there.may.len(), 4, "the station may lower it");
    let empty = json!({"child": child, "record": record, "level": "medium", "reason": " "});
    assert_eq!(
        world.station.refusal("settle_screening", empty).await?.code,
        "reason_missing"
    );
    settle(
        &world.station,
        &child,
        &record,
        "medium",
        "住隔壁的伯父每天照看，已核实",
    )
    .await?;
    world.station.sync().await?;
    tablet.sync().await?;
    let seen: ScreeningView = tablet
        .call("screening", json!({"child": child, "record": record}))
        .await?;
    let standing = seen.standing.context("a level stands")?;
    assert_eq!(
        (standing.level.code.as_str(), standing.confirmed),
        ("medium", false)
    );
    world.township.stop().await;
    Ok(())
}

/// The pieces of care and help in a child's file.
async fn helped(device: &Device, child: &str) -> Result<Vec<String>> {
    let lines = device.file(child).await?.timeline.into_iter();
    let work = lines.filter(|line| line.kind == TimelineKind::Work);
    Ok(work
        .map(|line| format!("{} {}", line.title.unwrap_or_default(), line.text))
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_visit_gave_is_filed_as_care_and_help_once_from_however_many_tablets() -> Result<()>
{
    let world = World::new().await?;
    let first = world.tablet("李玉梅").await?;
    let second = world.tablet("张秀兰").await?;
    let child = first.child("石小雨").await?;
    let sibling = first.child("石小晨").await?;
    let form = first.begin_visit(&child).await?;
    let draft = form.draft.clone();
    let _: VisitFormView = first
        .call("visit_full", json!({"draft": draft, "full": true}))
        .await?;
    first
        .answer(&draft, "session", "k_done", &["goods"])
        .await?;
    row(&first, &draft, None, true).await?;
    let form = row(&first, &draft, None, true).await?;
    for (name, (what, count)) in rows(&form).iter().zip([("书包", "2"), ("棉衣", "1")]) {
        for (key, text) in [("k_g_what", what), ("k_g_count", count)] {
            let key = format!("{key}@{name}");
            first.write(&draft, "session", &key, text).await?;
        }
        let from = format!("k_g_from@{name}");
        first.answer(&draft, "session", &from, &["gov"]).await?;
    }
    let saved: SavedView = first.call("save_visit", json!({"id": draft})).await?;
    let goods = saved.goods.context("it is offered")?;
    assert_eq!(goods.text, "书包2件、棉衣1件");
    assert!(!goods.is_filed);
    assert!(helped(&first, &child).await?.is_empty(), "nobody tapped");
    world.settle(&[&first, &second]).await?;

    // Two tablets without a network, and one of them twice.
    let asked = json!({"child": goods.child, "record": goods.record});
    for device in [&first, &second, &first] {
        let filed: GoodsView = device.call("file_goods", asked.clone()).await?;
        assert!(filed.is_filed);
    }
    world.settle(&[&first, &second]).await?;
    for device in [&first, &second, &world.station] {
        for child in [&child, &sibling] {
            let rows = helped(device, child).await?;
            assert_eq!(rows.len(), 1, "{rows:?}");
            assert!(rows[0].contains("书包2件、棉衣1件"), "{rows:?}");
            assert!(rows[0].contains("政府"), "{rows:?}");
        }
    }

    // Tapping once more changes nothing.
    let again: GoodsView = first.call("file_goods", asked).await?;
    assert!(again.is_filed);
    let faults = world.township.faults()?;
    assert_eq!(faults, [""; 0]);
    world.township.stop().await;
    Ok(())
}
