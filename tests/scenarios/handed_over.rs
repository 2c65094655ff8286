//! Photos of a tablet that is stopped: they come with what it hands over, over whatever line, and a wipe waits for them until
//! the station says that it need not.

use crate::photos::{noise, only_photo, open, visit_with_bytes};
use anyhow::{Context, Result, ensure};
use client::view::{AppView, DeviceRow, DevicesView, MovesView, SavedView, StoppedView};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;

/// The station stops a tablet, has it wiped if that is wanted, and waits for its photos or not.
async fn stop(world: &World, tablet: &str, wipe: bool, without_photos: bool) -> Result<DeviceRow> {
    world.station.step_up().await?;
    let asked = json!({
        "device": tablet,
        "reason": "lost",
        "wipe": wipe,
        "without_photos": without_photos,
    });
    let view: DevicesView = world.station.call("revoke_device", asked).await?;
    let row = view.devices.into_iter().find(|row| row.device == tablet);
    row.context("it is listed")
}

async fn take_all(world: &World, tablet: &str) -> Result<()> {
    world.station.sync().await?;
    let all = json!({ "device": tablet });
    let view: MovesView = world.station.call("take_handed_over", all).await?;
    ensure!(view.waiting.is_empty(), "{:?}", view.waiting);
    world.settle(&[]).await
}

async fn stopped(tablet: &Device) -> Result<StoppedView> {
    let view: AppView = tablet.call("app", Value::Null).await?;
    view.stopped.context("it says what it holds")
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_of_a_stopped_tablet_come_over_a_line_that_breaks_and_are_seen_once_they_are_taken()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let id = tablet.tablet()?.identity.device.to_string();
    let child = tablet.child("石小雨").await?;
    tablet.sync().await?;
    world.cut_network();
    let bytes = noise(11, 700_000);
    visit_with_bytes(&tablet, &child, &bytes).await?;
    world.restore_network();
    stop(&world, &id, false, false).await?;

    let mut cuts = 0;
    loop {
        world.township.relay.set_cut_after_bytes(200_000);
        assert!(tablet.sync().await.is_err(), "it is stopped");
        world.restore_network();
        if stopped(&tablet).await?.photos == 0 {
            break;
        }
        cuts += 1;
        ensure!(cuts < 40, "it never ends");
    }
    assert!(
        cuts >= 2,
        "{cuts}: what had come was not sent again and again"
    );
    assert!(tablet.sync().await.is_err(), "it is stopped");
    take_all(&world, &id).await?;
    let photo = only_photo(&world.station, &child).await?;
    assert!(open(&world.station, &photo, false).await? == bytes);
    let row: DevicesView = world.station.call("devices", Value::Null).await?;
    let row = row.devices.into_iter().find(|row| row.device == id);
    assert_eq!(row.context("it is listed")?.photos, Some(0));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photo_of_a_family_a_stopped_tablet_began_comes_with_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let id = tablet.tablet()?.identity.device.to_string();
    tablet.sync().await?;
    world.cut_network();
    let added: SavedView = tablet
        .call(
            "add_child",
            json!({"name": "何小满", "sex": "2", "birth_date": "2017-05-06", "category": "LB-1",
                   "reason": "父母都在外", "household": null, "village": null}),
        )
        .await?;
    let child = added.record;
    let bytes = noise(12, 90_000);
    visit_with_bytes(&tablet, &child, &bytes).await?;
    world.restore_network();
    stop(&world, &id, true, false).await?;
    assert!(tablet.sync().await.is_err(), "it is stopped");
    assert!(tablet.app.obey_wipe(tablet.tablet()?)?, "all of it came");
    take_all(&world, &id).await?;
    let photo = only_photo(&world.station, &child).await?;
    assert!(open(&world.station, &photo, false).await? == bytes);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wipe_waits_for_photos_until_the_station_says_that_it_need_not() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let id = tablet.tablet()?.identity.device.to_string();
    let child = tablet.child("石小雨").await?;
    tablet.sync().await?;
    world.cut_network();
    visit_with_bytes(&tablet, &child, &noise(13, 2_000_000)).await?;
    world.restore_network();
    stop(&world, &id, true, false).await?;
    for _ in 0..2 {
        world.township.relay.set_cut_after_bytes(200_000);
        assert!(tablet.sync().await.is_err(), "it is stopped");
        world.restore_network();
        assert!(
            !tablet.app.obey_wipe(tablet.tablet()?)?,
            "its photo is not there yet"
        );
    }
    let row = stop(&world, &id, true, true).await?;
    let wipe = row.wipe.context("it is ordered")?;
    assert!(wipe.without_photos && wipe.receipt.is_none());
    assert_eq!(row.photos, Some(1), "by its last word");
    world.township.relay.set_cut_after_bytes(200_000);
    assert!(tablet.sync().await.is_err(), "it is stopped");
    world.restore_network();
    assert!(tablet.app.obey_wipe(tablet.tablet()?)?);
    let row = stop(&world, &id, true, true).await?;
    let wipe = row.wipe.context("it is ordered")?;
    assert!(wipe.receipt.is_some());
    assert_eq!(wipe.photos, 1, "that one went with it is said");
    world.township.stop().await;
    Ok(())
}
