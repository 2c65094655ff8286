//! 租期: a tablet without contact for a month takes what is written and shows nothing of what was written before; setting
//! the clock back helps nobody, and one contact brings everything back.

use anyhow::{Context, Result};
use client::view::{AppView, ContactFormView, SavedView, Stage, VisitFormView, WritingView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, contact_input};

async fn app(device: &Device) -> Result<AppView> {
    device.call("app", Value::Null).await
}

async fn is_over(device: &Device) -> Result<bool> {
    Ok(app(device).await?.lease.context("it is open")?.over)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_month_without_contact_she_can_write_and_nobody_can_read() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    tablet.contact(&child, "电话里都好。").await?;
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    world.cut_network();

    world.go_to_day(22, &[&tablet]);
    let lease = app(&tablet).await?.lease.context("it is open")?;
    assert!(!lease.over && !lease.warn, "{lease:?}");
    world.go_to_day(24, &[&tablet]);
    let lease = app(&tablet).await?.lease.context("it is open")?;
    assert!(lease.warn && !lease.over, "{lease:?}");
    assert!(tablet.file(&child).await.is_ok());

    world.go_to_day(31, &[&tablet]);
    assert_eq!(app(&tablet).await?.stage, Stage::Ready);
    assert!(is_over(&tablet).await?);
    for (command, argument) in [
        ("today", Value::Null),
        ("search_children", json!({"query": "", "village": null})),
        ("child_file", json!({"id": child})),
        ("problems", Value::Null),
        ("conflicts", Value::Null),
        ("returned", Value::Null),
    ] {
        assert_eq!(
            tablet.refusal(command, argument).await?.code,
            "lease_over",
            "{command}"
        );
    }
    let page: WritingView = tablet.call("writing", Value::Null).await?;
    let row = page.children.iter().find(|row| row.child == child);
    assert_eq!(row.context("she is listed")?.name, "石小雨");

    // What is shown to write on says nothing of before.
    let form: ContactFormView = tablet.call("contact_form", json!({"id": child})).await?;
    assert_eq!(
        (form.last_mode, form.last_party, form.phone),
        (None, None, None)
    );
    let visit: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    assert!(visit.last_notes.is_empty());
    let carried = visit
        .parts
        .iter()
        .flat_map(|part| &part.sections)
        .any(|section| {
            section.same_available.is_some()
                || section.questions.iter().any(|question| question.carried)
        });
    assert!(!carried, "nothing of the last visit is carried over");
    let saved: SavedView = tablet
        .call(
            "record_contact",
            contact_input(&child, "2026-12-03", "还是都好。"),
        )
        .await?;
    assert!(
        saved.children.iter().all(|one| one.next.is_empty()),
        "a date says when the last one was"
    );

    // The clock is set back, and the app is opened anew.
    world.go_to_day(3, &[&tablet]);
    assert!(is_over(&tablet).await?);
    tablet.reopen(PIN).await?;
    assert!(is_over(&tablet).await?);

    world.go_to_day(32, &[&tablet]);
    world.restore_network();
    tablet.sync().await?;
    assert!(!is_over(&tablet).await?);
    let file = tablet.file(&child).await?;
    assert!(file.timeline.iter().any(|line| line.record == saved.record));
    assert!(file.timeline.len() >= 3, "everything is back");
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_at_the_last_contact_costs_nobody_the_lease() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    tablet.sync().await?;
    let right = tablet.clock.offset_ms();
    // Years ahead, and in contact all the same.
    tablet.clock.move_by(800 * zoufang_tests::story::DAY_MS);
    assert!(is_over(&tablet).await?, "nobody knows better yet");
    tablet.sync().await?;
    assert!(!is_over(&tablet).await?);
    // Set right: what was reached by the server's time holds.
    tablet.clock.run_at_offset(right);
    assert!(!is_over(&tablet).await?);
    tablet.clock.move_by(31 * zoufang_tests::story::DAY_MS);
    assert!(is_over(&tablet).await?);
    world.township.stop().await;
    Ok(())
}
