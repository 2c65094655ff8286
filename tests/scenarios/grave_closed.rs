//! A grave matter is closed after each child whose file runs was seen, by the day a visit was; with a reason where the file
//! ended (domain.md §6).

use crate::whole_problem::{add, look, refused, report, solve};
use anyhow::{Context, Result};
use client::view::{ChildFileView, ProblemState};
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
