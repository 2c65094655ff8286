//! Whom a visit or a call must have met: the child, or whoever is its carer by the file (decisions.md 8).

use anyhow::{Context, Result};
use client::view::{SavedView, TimelineRow};
use serde_json::json;
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// A call that reached the mother alone. Returns the record.
async fn calls_the_mother(device: &Device, child: &str) -> Result<String> {
    let contact = json!({"child": child, "event_date": device.tablet()?.today().to_string(), "mode": "phone",
        "party": ["m"], "reached": true, "child_state": "normal", "topics": [], "parent_contact_ok": null, "note": ""});
    let saved: SavedView = device.call("record_contact", contact).await?;
    Ok(saved.record)
}

/// A visit that met the mother alone. Returns the record.
async fn visits_the_mother(device: &Device, child: &str) -> Result<String> {
    let form = device.begin_visit(child).await?;
    device
        .answer(&form.draft, "session", "a_met", &["m"])
        .await?;
    device.answer(&form.draft, child, "a_seen", &["n"]).await?;
    let saved: SavedView = device.call("save_visit", json!({"id": form.draft})).await?;
    Ok(saved.record)
}

async fn line(device: &Device, child: &str, record: &str) -> Result<TimelineRow> {
    let timeline = device.file(child).await?.timeline;
    let mut lines = timeline.into_iter();
    lines
        .find(|line| line.record == record)
        .context("it is in the file")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mother_counts_while_she_is_the_carer_and_stays_counted() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let counts = |record: String| {
        let (tablet, child) = (&tablet, &child);
        async move { anyhow::Ok(line(tablet, child, &record).await?.counts) }
    };

    // Nobody wrote down who the carer is to the child: a call with the mother is none with the carer.
    let unsaid = calls_the_mother(&tablet, &child).await?;
    assert_eq!(counts(unsaid.clone()).await?, Some(false));

    tablet.edit(&child, "child", "carer_relation", "52").await?;
    let call = calls_the_mother(&tablet, &child).await?;
    let visit = visits_the_mother(&tablet, &child).await?;
    assert_eq!(counts(call.clone()).await?, Some(true));
    assert_eq!(counts(visit.clone()).await?, Some(true));
    // Of a record that does not say who it was, the file says it now.
    assert_eq!(counts(unsaid.clone()).await?, Some(true));

    // The grandmother is the carer from now on: what was recorded before stays what it was.
    tablet.edit(&child, "child", "carer_relation", "62").await?;
    let later = calls_the_mother(&tablet, &child).await?;
    world.settle(&[&tablet]).await?;
    for device in [&tablet, &world.station] {
        for (record, wanted) in [
            (&unsaid, false),
            (&call, true),
            (&visit, true),
            (&later, false),
        ] {
            let line = line(device, &child, record).await?;
            assert_eq!(line.counts, Some(wanted), "{}", line.text);
            assert_eq!(line.why_not.is_some(), !wanted, "{}", line.text);
        }
    }
    world.township.stop().await;
    Ok(())
}
