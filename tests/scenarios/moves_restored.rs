//! The server is set back to before a family moved: the order comes back with whoever saw it, and the family is where it
//! went, not where it came from.

use crate::moves::{ELSEWHERE, decide, departures, names, neighbours, offer, timeline};
use anyhow::{Context, Result};
use ids::UnitId;
use std::collections::BTreeSet;
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, held_by_station, line, same_content};
use zoufang_tests::township::SetBack;

/// Who speaks first to the server that was set back.
#[derive(Clone, Copy, PartialEq)]
enum First {
    OldVillage,
    NewVillage,
}

struct Families {
    /// The copy has it.
    known: String,
    /// Recorded after the copy was made.
    later: String,
}

async fn story(across: bool, first: First) -> Result<()> {
    let mut world = World::new().await?;
    let (neighbour, there) = if across {
        let (station, village) = neighbours(&world).await?;
        (Some(station), village)
    } else {
        let (name, region) = ELSEWHERE;
        (None, world.create_village(name, region).await?)
    };
    let old = world.tablet("李玉梅").await?;
    // She hears nothing of the move until everything is over.
    let away = world.tablet("周宁").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let before = old
        .contact(&old.child("吴天宇").await?, "备份以前的电话。")
        .await?;
    world.settle(&[&old, &away]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;

    // After the copy: more is written, another child is registered, somebody new writes, and both families move.
    let lines = [line("何小满", "2016-05-20", "何秀英", "一组")];
    world.import(world.village, &lines).await?;
    world.settle(&[&old, &away]).await?;
    let families = Families {
        known: old.child("吴天宇").await?,
        later: old.child("何小满").await?,
    };
    let newcomer = world.tablet("孙月").await?;
    let mut written = vec![
        before,
        old.contact(&families.known, "备份以后的电话。").await?,
        newcomer
            .contact(&families.known, "新来的人也问过。")
            .await?,
    ];
    let of_later = newcomer.contact(&families.later, "刚登记就去过。").await?;
    world.settle(&[&old, &newcomer]).await?;
    let decider = neighbour.as_ref().unwrap_or(&world.station);
    for child in [&families.known, &families.later] {
        let offered = offer(&world.station, child, true, there).await?;
        decide(decider, &offered, "accept").await?;
    }
    new.sync().await?;
    written.push(new.visit(&families.known).await?);
    for device in [&new, decider, &old, &newcomer, &world.station] {
        device.sync().await?;
    }
    assert!(
        departures(&old)
            .await?
            .children
            .iter()
            .all(|row| row.removed)
    );

    let data = world.folder().join("older");
    world
        .township
        .set_back(&copy, &data, SetBack::Unnoticed)
        .await?;
    let decider = neighbour.as_ref().unwrap_or(&world.station);
    let of_old = [&old, &newcomer, &world.station];
    let of_new = [&new, decider];
    let turns: Vec<&Device> = match first {
        First::OldVillage => of_old.into_iter().chain(of_new).collect(),
        First::NewVillage => of_new.into_iter().chain(of_old).collect(),
    };
    for _ in 0..4 {
        for device in &turns {
            device.sync().await?;
        }
    }
    away.sync().await?;
    for device in &turns {
        device.sync().await?;
    }

    at_its_new_home(&world, &new, there, &families, &written, &of_later).await?;
    let mut gone_from = vec![&old, &newcomer, &away];
    if across {
        gone_from.push(&world.station);
    }
    for device in gone_from {
        not_here(device, &families).await?;
        device.all_delivered().await?;
    }
    held_by_station(&new, decider)?;
    new.all_delivered().await?;
    assert!(departures(&old).await?.late.is_empty(), "nothing was late");
    let fresh = world.tablet("何静").await?;
    assert!(
        names(&fresh)
            .await?
            .iter()
            .all(|name| name != "吴天宇" && name != "何小满"),
        "the old village does not get them again"
    );
    // It goes on from there.
    new.contact(&families.later, "服务器退回去以后记的。")
        .await?;
    new.sync().await?;
    new.all_delivered().await?;
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

/// Whoever is new in the new village gets both families whole.
async fn at_its_new_home(
    world: &World,
    new: &Device,
    there: UnitId,
    families: &Families,
    written: &[String],
    of_later: &str,
) -> Result<()> {
    let fresh = world.tablet_of(there, "钱桂芳").await?;
    for device in [new, &fresh] {
        let here: BTreeSet<String> = names(device).await?.into_iter().collect();
        assert_eq!(here, ["何小满".to_owned(), "吴天宇".to_owned()].into());
        let seen = timeline(device, &families.known).await?;
        for record in written {
            assert!(seen.contains(record), "{record} of {seen:?}");
        }
        assert_eq!(timeline(device, &families.later).await?, [of_later]);
    }
    same_content(new, &fresh)
}

async fn not_here(device: &Device, families: &Families) -> Result<()> {
    let heads = device.heads()?;
    for child in [&families.known, &families.later] {
        assert!(
            device.file(child).await.is_err(),
            "there is no file to open"
        );
        let document = ids::DocumentId::parse(child).context("a child is a document")?;
        assert!(!heads.contains_key(&document), "its copy is gone");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_moved_to_another_village_stays_there() -> Result<()> {
    story(false, First::OldVillage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_moved_to_another_village_stays_there_when_that_one_speaks_first()
-> Result<()> {
    story(false, First::NewVillage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_moved_to_another_township_stays_there() -> Result<()> {
    story(true, First::OldVillage).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_that_moved_to_another_township_stays_there_when_that_one_speaks_first()
-> Result<()> {
    story(true, First::NewVillage).await
}
