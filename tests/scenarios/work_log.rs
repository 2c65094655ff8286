//! The work log of a month writes itself from what a person recorded, names nobody in a sealed matter, and is printed under
//! a number.

use anyhow::{Context, Result};
use client::view::{ChildFileView, PrintView, SavedView, WorkKind, WorkLogView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

async fn month(device: &Device, month: Option<&str>) -> Result<WorkLogView> {
    device.call("work_log", json!({"month": month})).await
}

/// Kind, names and whether there are words, line by line.
fn lines(log: &WorkLogView) -> Vec<(WorkKind, String, bool)> {
    let all = log.days.iter().flat_map(|day| &day.lines);
    all.map(|line| (line.kind, line.names.join("、"), !line.text.is_empty()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_written_down_by_itself_and_nobody_elses_work_is_in_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let other = world.tablet("赵春燕").await?;
    world.cut_network();
    assert!(month(&tablet, None).await?.days.is_empty());

    let first = tablet.child("石小雨").await?;
    let third = tablet.child("周子涵").await?;
    tablet.visit(&first).await?;
    tablet.contact(&third, "感冒好了。").await?;
    let mistaken = tablet.contact(&third, "记错了人。").await?;
    let voided = json!({"child": third, "record": mistaken, "text": null, "void": true,
                        "event_date": null, "reason": "记错了人。"});
    let _: ChildFileView = tablet.call("amend_record", voided).await?;
    let report = |card: &str, mandatory: Value| {
        json!({"children": [third], "card": card, "urgency": "now", "seen": "手臂有青紫。",
               "origin_record": null, "mandatory": mandatory})
    };
    let _: SavedView = tablet
        .call(
            "report_problem",
            report(
                "danger",
                json!({"choice": "not_such_case", "text": "已经断电。"}),
            ),
        )
        .await?;
    let sealed = report("hurt", json!({"choice": "reported", "text": "已打110。"}));
    let _: SavedView = tablet.call("report_problem", sealed).await?;

    let log = month(&tablet, None).await?;
    let told = lines(&log);
    // Siblings who were seen in one visit are one line; what was voided is none.
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(told[0].0, WorkKind::Visit);
    assert!(
        told[0].1.contains("石小雨") && told[0].1.contains("石小晨"),
        "{told:?}"
    );
    assert_eq!(told[1], (WorkKind::Contact, "周子涵".to_owned(), true));
    assert_eq!(told[2], (WorkKind::Problem, "周子涵".to_owned(), true));
    // A sealed matter: its number, that it was reported and that the police were called, and no more.
    let sealed = (WorkKind::Problem, String::new(), true);
    assert_eq!(told[3..], [sealed.clone(), sealed]);
    let words = log.days[0].lines[3..].iter().map(|line| &line.text);
    assert!(
        words.clone().all(|text| text.starts_with("个案 ")),
        "{told:?}"
    );
    let steps: Vec<_> = log.days[0].lines[3..]
        .iter()
        .map(|line| line.step.as_deref())
        .collect();
    assert_eq!(steps, [Some("reported"), Some("called")]);

    // The month before is empty, and there is none after this one.
    assert_eq!(log.after, None);
    let before = month(&tablet, log.before.as_deref()).await?;
    assert!(before.days.is_empty());
    assert_eq!(before.after.as_deref(), Some(log.month.as_str()));
    let refused = tablet
        .refusal("work_log", json!({"month": "十一月"}))
        .await?;
    assert_eq!(refused.code, "value_invalid");

    // A colleague of the same village has her own, also after everybody heard of everything.
    other.contact(&third, "在村口碰到。").await?;
    world.restore_network();
    world.settle(&[&tablet, &other]).await?;
    assert_eq!(lines(&month(&tablet, None).await?), told);
    let hers = lines(&month(&other, None).await?);
    assert_eq!(hers, [(WorkKind::Contact, "周子涵".to_owned(), true)]);
    assert!(month(&world.station, None).await?.days.is_empty());

    let paper: PrintView = tablet
        .call(
            "print",
            json!({"what": "work_log", "of": log.month, "purpose": "archive"}),
        )
        .await?;
    assert!(paper.line.contains(&paper.number), "{}", paper.number);
    let left = tablet.trail("print_made")?;
    let left = left.last().context("it is in the trail")?;
    assert_eq!(left.object, log.month);
    let said = format!("purpose=archive rows={} ", told.len());
    assert!(left.detail.contains(&said), "{}", left.detail);
    let none = json!({"what": "work_log", "of": "", "purpose": "archive"});
    assert_eq!(tablet.refusal("print", none).await?.code, "value_invalid");
    world.township.stop().await;
    Ok(())
}
