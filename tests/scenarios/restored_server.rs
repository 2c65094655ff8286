//! The server is set back to an older copy (medic/cht-core#8093): everything returns, once, from whoever has it.

use anyhow::{Result, ensure};
use ids::DocumentId;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, held_by_station, line, same_content};
use zoufang_tests::township::SetBack;

async fn set_back(world: &mut World, copy: &Path, name: &str, how: SetBack) -> Result<()> {
    let data = world.folder().join(name);
    world.township.set_back(copy, &data, how).await
}

async fn known(device: &Device) -> Result<BTreeSet<(String, String)>> {
    Ok(device.records().await?.into_keys().collect())
}

async fn holds(device: &Device) -> Result<bool> {
    Ok(device
        .sync_page()
        .await?
        .recovery
        .is_some_and(|recovery| recovery.hold))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_after_the_backup_comes_back_from_the_tablets() -> Result<()> {
    let mut world = World::new().await?;
    let (one, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let (first, second) = (one.child("吴天宇").await?, one.child("石小雨").await?);
    one.contact(&first, "备份以前的电话。").await?;
    world.settle(&[&one, &other]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;

    // Two tablets deliver and read on; the server's numbers run ahead of the copy.
    one.visit(&second).await?;
    one.sync().await?;
    other.sync().await?;
    other.contact(&second, "看过走访以后打的电话。").await?;
    other.edit(&first, "child", "nickname", "天天").await?;
    other.sync().await?;
    one.sync().await?;
    // A village and a tablet the copy has never heard of.
    let new_village = world.create_village("清水村", "310199100299").await?;
    world
        .import(
            new_village,
            &[line("何小满", "2016-05-20", "何秀英", "一组")],
        )
        .await?;
    world.station.sync().await?;
    let newcomer = world.tablet_of(new_village, "孙月").await?;
    let third = newcomer.child("何小满").await?;
    newcomer.visit(&third).await?;
    newcomer.sync().await?;
    newcomer.all_delivered().await?;
    let before = (
        known(&one).await?,
        known(&other).await?,
        known(&newcomer).await?,
    );

    set_back(&mut world, &copy, "older", SetBack::Unnoticed).await?;
    // Its newest words are nowhere but on itself.
    one.contact(&first, "服务器退回去以后记的。").await?;
    one.sync().await?;
    ensure!(
        holds(&one).await?,
        "the tick proved it, and the server gathers"
    );
    ensure!(
        one.children().await?.rows.len() == 6,
        "the tablet goes on working"
    );
    one.contact(&first, "收齐的时候照常记。").await?;
    one.sync().await?;
    one.all_delivered().await?;
    let refused = world.code(world.village, "新来的人").await;
    ensure!(
        refused.is_err(),
        "nobody new while names and numbers are on their way back"
    );
    newcomer.sync().await?;
    other.sync().await?;
    ensure!(holds(&other).await?, "no station has reported in yet");
    world.station.sync().await?;
    ensure!(!holds(&world.station).await?, "now the orders are known");

    world.settle(&[&one, &other, &newcomer]).await?;
    same_content(&one, &other)?;
    for tablet in [&one, &other, &newcomer] {
        tablet.all_delivered().await?;
        held_by_station(tablet, &world.station)?;
    }
    let after = known(&one).await?;
    assert!(after.is_superset(&before.0) && after.is_superset(&before.1));
    assert_eq!(after.len(), before.1.len() + 2);
    assert_eq!(known(&newcomer).await?, before.2);
    let page = world.station.sync_page().await?;
    let recovery = page.recovery.expect("the station is told what came back");
    assert!(recovery.returned >= 5, "{recovery:?}");
    assert_eq!(recovery.unexplained, 0, "{recovery:?}");
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    // The new village is there for everybody, and a new tablet loads all of it.
    let late = world.tablet_of(new_village, "周宁").await?;
    same_content(&late, &newcomer)?;
    world.station.sync().await?;
    let quiet = world.station.log_seq()?;
    world.settle(&[&one, &other, &newcomer]).await?;
    assert_eq!(world.station.log_seq()?, quiet, "nothing is left to say");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_twice_from_one_backup_everything_is_there_once() -> Result<()> {
    let mut world = World::new().await?;
    let (one, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let child = one.child("郑可欣").await?;
    world.settle(&[&one, &other]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;
    one.contact(&child, "第一次。").await?;
    world.settle(&[&one, &other]).await?;

    set_back(&mut world, &copy, "first", SetBack::Restored).await?;
    one.contact(&child, "第二次。").await?;
    one.sync().await?;
    world.station.sync().await?;
    one.sync().await?;
    set_back(&mut world, &copy, "second", SetBack::Restored).await?;
    other.contact(&child, "第三次。").await?;
    for device in [&other, &one, &world.station] {
        device.sync().await?;
    }
    world.settle(&[&one, &other]).await?;
    same_content(&one, &other)?;
    held_by_station(&one, &world.station)?;
    one.all_delivered().await?;
    other.all_delivered().await?;
    assert_eq!(known(&one).await?.len(), 3);
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_cut_off_at_any_message_of_the_inventory_goes_on() -> Result<()> {
    let mut world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let children: Vec<String> = tablet
        .children()
        .await?
        .rows
        .into_iter()
        .map(|row| row.child)
        .collect();
    tablet.sync().await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;
    for child in &children {
        tablet.contact(child, "备份以后的电话。").await?;
    }
    world.settle(&[&tablet]).await?;
    let before = known(&tablet).await?;
    set_back(&mut world, &copy, "older", SetBack::Unnoticed).await?;
    let mut cuts = 0;
    for message in 1..60 {
        world.township.relay.set_cut_at_message(message);
        let whole = tablet.sync().await.is_ok() && world.township.relay.is_whole();
        world.restore_network();
        tablet.reopen(PIN).await?;
        if whole {
            break;
        }
        cuts += 1;
    }
    assert!((4..58).contains(&cuts), "{cuts} cuts");
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    held_by_station(&tablet, &world.station)?;
    assert_eq!(known(&tablet).await?, before);
    assert_eq!(known(&world.station).await?, before);
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_stays_erased_though_an_old_tablet_brings_it_back() -> Result<()> {
    let mut world = World::new().await?;
    let (one, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let child = one.child("冯一诺").await?;
    let document = DocumentId::parse(&child)?;
    world.settle(&[&one, &other]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;
    one.contact(&child, "备份以后的电话。").await?;
    world.settle(&[&one, &other]).await?;

    world
        .township
        .at_the_desk(|desk| desk.erase(document, "依申请删除"))?;
    // Only one tablet hears of it; the other writes on.
    other.sync().await?;
    ensure!(other.child("冯一诺").await.is_err(), "gone from the tablet");
    let journal = other.tablet()?.store.folder().join("journal");
    ensure!(fs::read_dir(journal)?.count() <= 1, "and from its journal");

    set_back(&mut world, &copy, "older", SetBack::Unnoticed).await?;
    one.sync().await?;
    ensure!(holds(&one).await?);
    other.sync().await?;
    one.contact(&child, "不知道已经删除。").await?;
    world.station.sync().await?;
    world.settle(&[&one, &other]).await?;
    for device in [&one, &other, &world.station] {
        ensure!(device.child("冯一诺").await.is_err(), "erased stays erased");
        ensure!(!device.heads()?.contains_key(&document));
    }
    ensure!(
        one.sync_page().await?.erased_unsent == 1,
        "whoever wrote on is told"
    );
    let gone = world
        .township
        .at_the_desk(|desk| desk.erase(document, "再次"));
    ensure!(gone.is_err(), "the server has nothing of it");
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}
