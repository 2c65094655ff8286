//! What is saved is said to be saved, whatever follows; and what looked as if it were not is filed once, however often it is
//! tried (docs/adr/0048).

use anyhow::{Context, Result, ensure};
use client::view::{ProblemListView, ProblemView, SavedView};
use serde_json::{Value, json};
use simdisk::{Fault, SimDisk};
use uuid::Uuid;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, contact_input};

/// Every so manieth operation fails: with all of them the file grows too long to be read that often.
const STRIDE: usize = 3;
/// Far more operations than saving and what follows it take.
const MOST: u64 = 4_000;

async fn on_a_failing_disk(world: &World) -> Result<(Device, SimDisk)> {
    let disk = SimDisk::new(7);
    let tablet = world.open_tablet_on(&disk)?;
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, PIN).await?;
    Ok((tablet, disk))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_at_any_operation_never_makes_a_contact_stand_twice() -> Result<()> {
    let world = World::new().await?;
    let (tablet, disk) = on_a_failing_disk(&world).await?;
    let child = tablet.child("周子涵").await?;
    let today = tablet.tablet()?.today().to_string();
    let (mut refused, mut incomplete) = (0, 0);
    for (times, n) in (1..).step_by(STRIDE).enumerate() {
        ensure!(n < MOST, "saving a contact never ends");
        let record = Uuid::from_u128(u128::from(n)).to_string();
        let mut input = contact_input(&child, &today, "奶奶说都好。");
        input["record"] = json!(record);
        disk.fail_at(n, Fault::Io);
        let first = tablet.app.call("record_contact", input.clone()).await;
        let has_failed = disk.stop_failing();
        match first {
            Ok(value) => {
                let view: SavedView = serde_json::from_value(value)?;
                assert_eq!(
                    (view.record, view.names.as_str()),
                    (record.clone(), "周子涵")
                );
                incomplete += u32::from(view.incomplete);
            }
            Err(_) => {
                refused += 1;
                tablet.reopen(PIN).await?;
            }
        }
        // She tries it again, whatever she was told.
        let again: SavedView = tablet.call("record_contact", input).await?;
        assert!(again.record == record && !again.incomplete);
        let lines = tablet.file(&child).await?.timeline;
        let own = lines.iter().filter(|line| line.record == record).count();
        assert_eq!(own, 1, "at operation {n}");
        assert_eq!(lines.len(), times + 1, "at operation {n}");
        if !has_failed {
            break;
        }
    }
    assert!(refused > 0, "before it was on the disk it failed");
    assert!(
        incomplete > 0,
        "after it was on the disk it was saved, with a mark"
    );
    world.township.stop().await;
    Ok(())
}

async fn problems(device: &Device) -> Result<ProblemListView> {
    device.call("problems", Value::Null).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_and_an_attempt_tried_twice_are_filed_once() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;

    let mut report = json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "胳膊上有伤。", "origin_record": null,
        "mandatory": {"choice": "reported", "text": "已打110。", "whom": "110"}, "record": Uuid::from_u128(1)});
    let first: SavedView = tablet.call("report_problem", report.clone()).await?;
    let again: SavedView = tablet.call("report_problem", report.clone()).await?;
    assert_eq!(first, again);
    let rows = problems(&tablet).await?.rows;
    assert_eq!(rows.len(), 1);
    let view: ProblemView = tablet
        .call("problem", json!({"id": rows[0].problem}))
        .await?;
    let count = |kind: &str| {
        view.events
            .iter()
            .filter(|event| event.kind == kind)
            .count()
    };
    assert_eq!((count("reported"), count("called")), (1, 1));
    report["record"] = json!(Uuid::from_u128(2));
    let _: SavedView = tablet.call("report_problem", report.clone()).await?;
    assert_eq!(
        problems(&tablet).await?.rows.len(),
        2,
        "another name is another matter"
    );
    report["record"] = json!("no name");
    let refused = tablet.refusal("report_problem", report).await?;
    assert_eq!(refused.code, "value_invalid");

    let form: Value = tablet.call("attempt_form", json!({"id": child})).await?;
    let attempt = json!({"household": form["household"], "event_date": form["event_date"], "reason": "refused", "next_on": null,
        "note": "", "record": Uuid::from_u128(3)});
    let first: SavedView = tablet.call("record_attempt", attempt.clone()).await?;
    let again: SavedView = tablet.call("record_attempt", attempt).await?;
    assert_eq!(first.names, again.names);
    let lines = tablet.file(&child).await?.timeline;
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.record == first.record)
            .count(),
        1
    );

    // It reaches the station once, too.
    world.settle(&[&tablet]).await?;
    assert_eq!(problems(&world.station).await?.rows.len(), 2);
    let there = world.station.file(&child).await?.timeline;
    let attempt = there.iter().find(|line| line.record == first.record);
    assert!(attempt.context("it arrived")?.text.contains("不愿意见"));
    world.township.stop().await;
    Ok(())
}
