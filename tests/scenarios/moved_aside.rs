//! A database that could not be opened is kept for a month, never before everything written is at the server, and goes at
//! once when something was erased; then the key can be renewed again.

use anyhow::Result;
use client::view::{AppView, UiError};
use ids::DocumentId;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

/// Locks, damages the database as a dying chip does, and comes in again as after a restart.
async fn damage(world: &World, tablet: Device) -> Result<Device> {
    let folder = tablet.tablet()?.store.folder().to_owned();
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let offset_ms = tablet.clock.offset_ms();
    drop(tablet);
    let database = folder.join("zoufang.db");
    let mut bytes = std::fs::read(&database)?;
    bytes[100] ^= 1;
    std::fs::write(&database, bytes)?;
    let tablet = world.open_tablet(&folder)?;
    tablet.clock.run_at_offset(offset_ms);
    let view: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    assert!(view.moved_aside.is_some(), "she is told");
    Ok(tablet)
}

fn keeps_aside(tablet: &Device) -> Result<bool> {
    Ok(tablet.tablet()?.store.keeps_aside())
}

async fn new_key(tablet: &Device) -> Result<UiError> {
    tablet.refusal("renew_key", json!({ "pin": PIN })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_aside_goes_after_a_month_and_not_before_what_was_written_is_delivered()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    tablet.contact(&child, "孩子感冒好了。").await?;
    let tablet = damage(&world, tablet).await?;
    assert!(keeps_aside(&tablet)?);
    assert_eq!(new_key(&tablet).await?.code, "kept_aside");

    // A month later, and still nobody has what she wrote.
    world.go_to_day(32, &[&tablet]);
    tablet.reopen(PIN).await?;
    assert!(keeps_aside(&tablet)?, "what was not sent is not safe");

    world.restore_network();
    tablet.load().await?;
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    tablet.sync().await?;
    assert!(!keeps_aside(&tablet)?, "its days are over");
    let view: AppView = tablet.call("renew_key", json!({ "pin": PIN })).await?;
    assert!(view.moved_aside.is_none());
    let file = tablet.file(&child).await?;
    assert!(!file.timeline.is_empty(), "nothing is lost");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_aside_goes_when_something_was_erased_since() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let document = DocumentId::parse(&child)?;
    world.go_to_day(1, &[&tablet]);
    let tablet = damage(&world, tablet).await?;
    tablet.load().await?;
    world.settle(&[&tablet]).await?;
    tablet.sync().await?;
    assert!(
        keeps_aside(&tablet)?,
        "a month is not over, and nothing was erased"
    );

    // An hour later somebody's file goes.
    tablet.clock.move_by(60 * 60 * 1000);
    world.clock.move_by(60 * 60 * 1000);
    world
        .township
        .at_the_desk(|desk| desk.erase(document, "依申请"))?;
    tablet.sync().await?;
    assert!(!keeps_aside(&tablet)?, "it stands in what lies aside");
    let _: AppView = tablet.call("renew_key", json!({ "pin": PIN })).await?;
    Ok(())
}
