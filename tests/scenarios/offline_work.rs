//! Weeks without a network, and one sync after it.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use client::view::{ChildFileView, InboxView, RecordState, TimelineRow};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zoufang_tests::story::{World, held_by_station, long_note};

/// What two devices must agree on about a record, whoever looks.
fn seen_by_anyone(
    line: &TimelineRow,
) -> (String, String, String, Option<bool>, Option<String>, bool) {
    (
        line.record.clone(),
        line.date.clone(),
        line.by.clone(),
        line.counts,
        line.why_not.clone(),
        line.entered_late,
    )
}

fn cadence(file: &ChildFileView) -> Value {
    let timeline: Vec<_> = file.timeline.iter().map(seen_by_anyone).collect();
    json!({"dues": file.dues, "misses": file.misses, "timeline": timeline})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_offline_arrives_once_and_counts_the_same_at_the_station() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let start = tablet.tablet()?.today();
    let children: Vec<String> = tablet
        .children()
        .await?
        .rows
        .into_iter()
        .map(|row| row.child)
        .collect();

    world.cut_network();
    let mut recorded = BTreeSet::new();
    let mut late = None;
    // A day short of what may be read without contact.
    for day in 1..=29 {
        world.go_to_day(day, &[&tablet]);
        let child = &children[usize::try_from(day)? % children.len()];
        recorded.insert(
            tablet
                .contact(child, &format!("第{day}天打的电话。"))
                .await?,
        );
        if day % 6 == 0 {
            recorded.insert(tablet.visit(child).await?);
        }
        if day == 20 {
            let earlier = start + TimeDelta::days(5);
            let record = tablet
                .contact_on(child, &earlier.to_string(), "补记上半月的一次电话。")
                .await?;
            recorded.insert(record.clone());
            late = Some((child.clone(), record));
        }
    }
    assert_eq!(tablet.failed_sync().await?, "no_network");
    let page = tablet.sync_page().await?;
    assert!(
        !page.online && page.unsent.len() >= recorded.len(),
        "{page:?}"
    );
    let offline = tablet.records().await?;
    assert!(offline.values().all(|state| *state == RecordState::Saved));
    let mut expected = Vec::new();
    for child in &children {
        expected.push(cadence(&tablet.file(child).await?));
    }

    world.restore_network();
    tablet.sync().await?;
    tablet.all_delivered().await?;
    world.station.sync().await?;
    held_by_station(&tablet, &world.station)?;
    let there = world.station.records().await?;
    assert_eq!(
        there.keys().collect::<Vec<_>>(),
        offline.keys().collect::<Vec<_>>(),
        "every record is there once, and no other"
    );
    for (child, expected) in children.iter().zip(expected) {
        assert_eq!(
            cadence(&tablet.file(child).await?),
            expected,
            "sending changes no date"
        );
        assert_eq!(
            cadence(&world.station.file(child).await?),
            expected,
            "the station counts the same"
        );
    }
    let (child, record) = late.context("one was entered late")?;
    let file = world.station.file(&child).await?;
    let line = file
        .timeline
        .iter()
        .find(|line| line.record == record)
        .context("it arrived")?;
    assert!(line.entered_late, "补录");
    let inbox: InboxView = world.station.call("inbox", Value::Null).await?;
    assert_eq!(inbox.rows.iter().filter(|row| row.entered_late).count(), 1);

    let before = world.station.log_seq()?;
    world.settle(&[&tablet]).await?;
    assert_eq!(world.station.log_seq()?, before, "nothing is left to say");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_sent_twice_because_the_answer_was_lost_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    for round in 0..3 {
        let contact = tablet.contact(&child, &long_note(round)).await?;
        let visit = tablet.visit(&child).await?;
        // Before the outbox little is said, so this is the answer to it.
        world.township.relay.set_cut_answer_after(6_000);
        assert_eq!(tablet.failed_sync().await?, "no_network");
        world.restore_network();
        world.station.sync().await?;
        let (here, there) = (tablet.records().await?, world.station.records().await?);
        for record in [contact, visit] {
            let key = (child.clone(), record);
            assert!(there.contains_key(&key), "the server has it");
            assert_eq!(
                here[&key],
                RecordState::Saved,
                "and the tablet does not know"
            );
        }

        let before = (world.station.log_seq()?, world.station.heads()?);
        tablet.sync().await?;
        tablet.all_delivered().await?;
        world.station.sync().await?;
        assert_eq!(
            (world.station.log_seq()?, world.station.heads()?),
            before,
            "saying it twice changes nothing"
        );
    }
    world.settle(&[&tablet]).await?;
    held_by_station(&tablet, &world.station)?;
    world.township.stop().await;
    Ok(())
}
