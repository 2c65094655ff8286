//! How grave a matter is, and when a grave one may be closed: after the child was seen, and not by the visit it was found at.

use crate::whole_problem::{add, look, next, refused, report, row, solve};
use anyhow::{Context, Result};
use client::view::{ChildFileView, ProblemState, SavedView, WorkSavedView};
use serde_json::{Value, json};
use zoufang_tests::story::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_grave_matter_of_a_child_whose_file_ended_is_closed_with_a_reason() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let problem = report(&tablet, &child, "school", "days").await?;
    world.settle(&[&tablet]).await?;
    let station = &world.station;
    solve(station, &problem).await?;
    let unseen = refused(station, &problem, "closed", "孩子不在了。", json!({})).await?;
    assert_eq!(unseen, "child_not_seen_since");

    let ended = json!({"child": child, "step": "end", "reason": "deceased", "on": "2026-11-02", "into": null, "text": "因病去世。"});
    let file: ChildFileView = station.call("propose_status", ended).await?;
    let proposed = refused(station, &problem, "closed", "孩子不在了。", json!({})).await?;
    assert_eq!(proposed, "child_not_seen_since", "nobody confirmed it yet");
    let waiting = file.status.waiting.first().context("it waits")?;
    let agree =
        json!({"child": child, "proposal": waiting.proposal, "answer": "confirmed", "text": ""});
    station.step_up().await?;
    let _: ChildFileView = station.call("decide_status", agree).await?;

    let view = look(station, &problem).await?;
    assert_eq!(view.why_not_close, None);
    assert!(view.may.contains(&"closed".to_owned()));
    let wordless = refused(station, &problem, "closed", " ", json!({})).await?;
    assert_eq!(wordless, "text_missing", "why is written");
    let view = add(station, &problem, "closed", "孩子已去世。", json!({})).await?;
    assert_eq!(view.row.state, ProblemState::Closed);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grave_matter_is_closed_by_the_day_a_visit_was_and_not_by_the_one_first_written()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let problem = report(&tablet, &child, "school", "days").await?;
    world.settle(&[&tablet]).await?;
    solve(&world.station, &problem).await?;
    world.go_to_day(3, &[&tablet]);
    let visit = tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    let view = look(&world.station, &problem).await?;
    assert_eq!(view.why_not_close, None, "she was seen on the third day");
    let earlier = json!({"child": child, "record": visit, "text": null, "void": false,
        "event_date": "2026-11-01", "reason": "日子写错了，是周日去的。"});
    let _: Value = tablet.call("amend_record", earlier).await?;
    world.settle(&[&tablet]).await?;
    let view = look(&world.station, &problem).await?;
    assert_eq!(view.why_not_close.as_deref(), Some("child_not_seen_since"));
    let code = refused(&world.station, &problem, "closed", "平稳。", json!({})).await?;
    assert_eq!(code, "child_not_seen_since");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grave_matter_is_not_closed_by_the_visit_it_was_found_at() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let school = |child: &str, origin: &str| {
        json!({"children": [child], "card": "school", "urgency": "days", "seen": "三天没去上学。",
            "origin_record": origin, "mandatory": null})
    };

    // Found at a visit that was saved, worked on the same day.
    let child = tablet.child("周子涵").await?;
    let visit = tablet.visit(&child).await?;
    let report: SavedView = tablet
        .call("report_problem", school(&child, &visit))
        .await?;
    world.settle(&[&tablet]).await?;
    solve(station, &report.record).await?;
    let view = look(station, &report.record).await?;
    assert_eq!(view.why_not_close.as_deref(), Some("child_not_seen_since"));
    let code = refused(station, &report.record, "closed", "平稳。", json!({})).await?;
    assert_eq!(code, "child_not_seen_since");
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    let view = look(station, &report.record).await?;
    assert_eq!(view.why_not_close, None, "she was seen after it, that day");

    // Reported out of the open form: that visit is written down after the report and is still the one it was found at.
    let child = tablet.child("郑可欣").await?;
    let form = tablet.begin_visit(&child).await?;
    let report: SavedView = tablet
        .call("report_problem", school(&child, &form.draft))
        .await?;
    let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    world.settle(&[&tablet]).await?;
    add(station, &report.record, "accepted", "", json!({})).await?;
    add(station, &report.record, "resolved", "办好了。", json!({})).await?;
    let view = look(station, &report.record).await?;
    assert_eq!(view.why_not_close.as_deref(), Some("child_not_seen_since"));
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    let view = look(station, &report.record).await?;
    assert_eq!(view.why_not_close, None);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grave_matter_found_with_a_line_of_work_is_closed_after_the_next_visit_of_that_day()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let child = tablet.child("周子涵").await?;
    let help = json!({"block": "help", "record": null, "children": [child],
        "values": {"kind": ["goods"], "text": ["书包"], "on": ["2026-11-02"], "amount": ["1个"],
                   "source": ["charity"], "receipt": ["y"]}});
    let help: WorkSavedView = tablet.call("record_work", help).await?;
    let report = json!({"children": [child], "card": "school", "urgency": "days", "seen": "三天没去上学。",
        "origin_record": help.record, "mandatory": null});
    let report: SavedView = tablet.call("report_problem", report).await?;
    world.settle(&[&tablet]).await?;
    solve(station, &report.record).await?;
    let view = look(station, &report.record).await?;
    assert_eq!(view.why_not_close.as_deref(), Some("child_not_seen_since"));
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    let view = look(station, &report.record).await?;
    assert_eq!(view.why_not_close, None, "it was not found at that visit");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_no_hurry_is_as_grave_as_its_type() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("郑可欣").await?;
    for (card, urgency, wanted) in [
        ("other", "later", ("S4", "不急")),
        ("danger", "later", ("S3", "一般：不急")),
        ("school", "later", ("S2", "严重：这几天要办")),
        ("other", "days", ("S2", "这几天要办")),
    ] {
        let problem = report(&tablet, &child, card, urgency).await?;
        let row = row(&tablet, &problem).await?;
        let found = (row.severity.as_str(), row.urgency.as_str());
        assert_eq!(found, wanted, "{card} {urgency}");
    }
    // A wish goes on every 60 days and is not followed up.
    let problem = report(&tablet, &child, "other", "later").await?;
    world.settle(&[&tablet]).await?;
    let station = &world.station;
    let view = look(station, &problem).await?;
    assert_eq!(next(&view), [("accept", "station", Some("2026-11-11"))]);
    for (kind, text) in [
        ("accepted", ""),
        ("resolved", "书桌送到了。"),
        ("confirmed", ""),
    ] {
        add(station, &problem, kind, text, json!({})).await?;
    }
    let view = look(station, &problem).await?;
    assert_eq!(next(&view), [("close", "station", None)]);
    world.township.stop().await;
    Ok(())
}
