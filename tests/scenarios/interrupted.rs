//! The network goes in the middle of a sync: at every message, and after any number of bytes.

use anyhow::{Context, Result, ensure};
use client::view::{AppView, RecordState, Stage};
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::relay::Relay;
use zoufang_tests::story::{PIN, World, held_by_station, long_note, same_content};

/// Where the network goes.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Message(u64),
    Bytes(u64),
}

impl Cut {
    fn set(self, relay: &Relay) {
        match self {
            Self::Message(number) => relay.set_cut_at_message(number),
            Self::Bytes(bytes) => relay.set_cut_after_bytes(bytes),
        }
    }
}

/// More messages than any sync here has.
const MESSAGES: u64 = 60;

/// One sync during which the network goes. True when it was over before that.
async fn cut_sync(world: &World, device: &Device, cut: Cut) -> Result<bool> {
    cut.set(&world.township.relay);
    let result = device.sync().await;
    let was_cut = !world.township.relay.is_whole();
    world.restore_network();
    if let Err(error) = result {
        ensure!(
            was_cut,
            "{cut:?}: a sync failed though the network held: {error}"
        );
        ensure!(
            error.to_string() == "no_network",
            "{cut:?}: a cut is called no_network, not {error}"
        );
        let page = device.sync_page().await?;
        ensure!(
            !page.online && page.problem.as_deref() == Some("no_network"),
            "{cut:?}: {page:?}"
        );
    }
    Ok(!was_cut)
}

/// Evenly spread numbers of bytes from nothing to a whole sync of this length.
fn positions(length: u64, count: u64) -> impl Iterator<Item = Cut> {
    (0..count).map(move |step| Cut::Bytes(length * step / count))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_cut_at_every_message_arrives_once() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let children = tablet.children().await?.rows;
    let mut cuts = 0;
    for message in 1..MESSAGES {
        // More than one part, so that the cut falls between parts as well.
        for (number, row) in children.iter().enumerate() {
            tablet
                .contact(&row.child, &long_note(message * 1_000 + number as u64))
                .await?;
        }
        for row in &children {
            tablet
                .contact(&row.child, &long_note(message * 1_000 + 500))
                .await?;
        }
        // The first sync after unlocking has everything in it: handshake, proof, parts.
        tablet.reopen(PIN).await?;
        if cut_sync(&world, &tablet, Cut::Message(message)).await? {
            break;
        }
        cuts += 1;
        let page = tablet.sync_page().await?;
        let records = tablet.records().await?;
        let saved = records
            .values()
            .filter(|state| **state == RecordState::Saved)
            .count();
        assert_eq!(
            saved,
            page.unsent.len(),
            "what is not acknowledged is said to be on this device only"
        );
        tablet.sync().await?;
        tablet.all_delivered().await?;
    }
    assert!((6..MESSAGES - 1).contains(&cuts), "{cuts} cuts");
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    held_by_station(&tablet, &world.station)?;
    assert_eq!(
        tablet.records().await?.into_keys().collect::<Vec<_>>(),
        world
            .station
            .records()
            .await?
            .into_keys()
            .collect::<Vec<_>>()
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_cut_after_any_number_of_bytes_arrives_once() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let (first, second) = (tablet.child("吴天宇").await?, tablet.child("石小雨").await?);
    tablet.contact(&first, "量一量一次要多少字节。").await?;
    tablet.visit(&second).await?;
    let before = world.township.relay.bytes_passed();
    tablet.sync().await?;
    let length = world.township.relay.bytes_passed() - before;
    for cut in positions(length, 48) {
        tablet.contact(&first, "路上信号断断续续。").await?;
        tablet.visit(&second).await?;
        cut_sync(&world, &tablet, cut).await?;
        tablet.sync().await?;
        let page = tablet.sync_page().await?;
        ensure!(
            page.unsent.is_empty() && page.needs_you.is_empty(),
            "{cut:?}: {page:?}"
        );
    }
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    held_by_station(&tablet, &world.station)?;
    let records = tablet.records().await?;
    assert_eq!(
        records.len(),
        49 * 3,
        "one contact, and a visit of two children, each time"
    );
    assert_eq!(
        records.into_keys().collect::<Vec<_>>(),
        world
            .station
            .records()
            .await?
            .into_keys()
            .collect::<Vec<_>>()
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_cut_anywhere_brings_everything_once() -> Result<()> {
    let world = World::new().await?;
    let (tablet, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let child = tablet.child("周子涵").await?;
    let news = async |number: u64| -> Result<String> {
        world
            .station
            .edit(&child, "child", "nickname", &format!("小名{number}"))
            .await?;
        world.station.sync().await?;
        let record = other
            .contact(&child, &format!("第{number}次电话。"))
            .await?;
        other.sync().await?;
        Ok(record)
    };
    news(0).await?;
    let before = world.township.relay.bytes_passed();
    tablet.sync().await?;
    let length = world.township.relay.bytes_passed() - before;
    let cuts = (1..MESSAGES)
        .map(Cut::Message)
        .take(16)
        .chain(positions(length, 32));
    for (number, cut) in cuts.enumerate() {
        let record = news(number as u64 + 1).await?;
        cut_sync(&world, &tablet, cut).await?;
        tablet.sync().await?;
        ensure!(
            tablet
                .records()
                .await?
                .contains_key(&(child.clone(), record)),
            "{cut:?}"
        );
        let nickname = tablet.field(&child, "nickname").await?.text;
        ensure!(
            nickname == Some(format!("小名{}", number + 1)),
            "{cut:?}: {nickname:?}"
        );
    }
    world.settle(&[&tablet, &other]).await?;
    same_content(&tablet, &other)?;
    held_by_station(&tablet, &world.station)?;
    world.township.stop().await;
    Ok(())
}

/// A tablet just enrolled, nothing downloaded: the same one each time, in a folder of its own.
struct Template {
    folder: std::path::PathBuf,
}

impl Template {
    async fn make(world: &World) -> Result<Self> {
        let folder = world.new_folder();
        let device = world.open_tablet(&folder)?;
        let code = world.code(world.village, "赵春燕").await?;
        device.admit(&world.township.server, &code, PIN).await?;
        drop(device);
        Ok(Self { folder })
    }

    async fn open(&self, world: &World) -> Result<Device> {
        let device = world.open_tablet(&world.clone_of(&self.folder)?)?;
        let view: AppView = device.call("unlock", json!({"pin": PIN})).await?;
        ensure!(view.stage == Stage::Loading, "{view:?}");
        Ok(device)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_cut_anywhere_goes_on_where_it_stopped() -> Result<()> {
    let world = World::new().await?;
    let first = world.tablet("李玉梅").await?;
    let children = first.children().await?.rows;
    // More than one page.
    for number in 0..8 {
        for row in &children {
            first.contact(&row.child, &long_note(number)).await?;
        }
    }
    first.visit(&children[0].child).await?;
    first.sync().await?;

    let template = Template::make(&world).await?;
    let tablet = template.open(&world).await?;
    let before = world.township.relay.bytes_passed();
    tablet.load().await?;
    let length = world.township.relay.bytes_passed() - before;
    same_content(&first, &tablet)?;
    drop(tablet);

    let mut half_loaded = 0;
    let cuts = (1..MESSAGES)
        .map(Cut::Message)
        .take(14)
        .chain(positions(length, 16));
    for cut in cuts {
        let tablet = template.open(&world).await?;
        cut_sync(&world, &tablet, cut).await?;
        if let Some((done, total)) = tablet.tablet()?.loading()? {
            half_loaded += u32::from(done > 0 && done < total);
            let view: AppView = tablet.call("app", Value::Null).await?;
            ensure!(view.stage == Stage::Loading, "{cut:?}: {view:?}");
            let refusal = tablet.refusal("today", Value::Null).await?;
            ensure!(
                refusal.code == "still_loading",
                "half-loaded state computes nothing: {refusal:?}"
            );
        }
        tablet.load().await?;
        same_content(&first, &tablet).with_context(|| format!("{cut:?}"))?;
        ensure!(
            tablet
                .records()
                .await?
                .into_keys()
                .eq(first.records().await?.into_keys()),
            "{cut:?}"
        );
    }
    assert!(half_loaded > 0, "no cut fell between two pages");
    world.township.stop().await;
    Ok(())
}
