//! 练习: everything can be tried with an invented family, and of it nothing is in the real store, on the wire or at the
//! server; when it ends it is gone.

use anyhow::{Result, ensure};
use client::view::{AppView, DevicesView, ProblemListView, SavedView, ShellKind, Stage, TodayView};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zoufang_tests::canary::{Canary, search};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, shows};

/// Words that stand nowhere but in the practice village, and what is written in it here.
const INVENTED: [&str; 5] = ["练小禾", "练一舟", "练秀云", "10000009901", "练习祠堂后面"];
const WRITTEN: &str = "练习时写下的这一句谁也收不到";

/// The bytes of every file of a folder but what SQLite keeps for readers, and the practice village.
fn bytes_of(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                if !path.ends_with("practice") {
                    folders.push(path);
                }
            } else if !path.to_string_lossy().ends_with("-shm") {
                found.insert(path.clone(), std::fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

/// Files that are left of the practice village, but for the empty one that a process holds its folder by.
fn left_of_practice(folder: &Path) -> Result<usize> {
    let mut left = 0;
    let mut folders = vec![folder.join("practice")];
    while let Some(next) = folders.pop() {
        if !next.exists() {
            continue;
        }
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.ends_with("lock") => {}
                false => left += 1,
            }
        }
    }
    Ok(left)
}

async fn start(tablet: &Device) -> Result<AppView> {
    tablet.call("practice_start", Value::Null).await
}

/// A day's work in the practice village.
async fn work(tablet: &Device) -> Result<()> {
    let child = tablet.child("练小禾").await?;
    tablet.contact(&child, WRITTEN).await?;
    tablet.visit(&child).await?;
    let none = json!({"choice": "not_such_case", "text": WRITTEN});
    for (card, urgency, mandatory) in [("school", "days", Value::Null), ("hurt", "later", none)] {
        let _: SavedView = tablet
            .call(
                "report_problem",
                json!({
                    "children": [child], "card": card, "urgency": urgency, "seen": WRITTEN, "origin_record": null,
                    "mandatory": mandatory,
                }),
            )
            .await?;
    }
    tablet
        .edit(&child, "household", "landmark", WRITTEN)
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_practised_is_nowhere_and_the_real_store_is_as_it_was() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let own = tablet.child("石小雨").await?;
    tablet.contact(&own, "真的一通电话。").await?;
    world.settle(&[&tablet]).await?;
    let real = tablet.tablet()?;
    let folder = real.store.folder().to_owned();
    let server_before = world.station.log_seq()?;
    let requests = real.sync.requests();
    let before = bytes_of(&folder)?;

    let view = start(&tablet).await?;
    assert!(view.practice && view.stage == Stage::Ready && view.shell == ShellKind::Tablet);
    assert_eq!(view.unit.as_deref(), Some("练习村"));
    assert!(!shows(&view, "李玉梅"), "not even her name is in it");
    let today: TodayView = tablet.call("today", Value::Null).await?;
    assert!(
        today.rows.iter().any(|row| row.first.days_over > 0),
        "somebody is to be visited: {}",
        today.rows.len()
    );
    let list = tablet.children().await?;
    assert!(list.rows.len() == 3 && !shows(&list, "石小雨"));
    assert_eq!(
        tablet.refusal("child_file", json!({"id": own})).await?.code,
        "not_found",
        "nothing real can be asked for"
    );
    work(&tablet).await?;
    let problems: ProblemListView = tablet.call("problems", Value::Null).await?;
    assert_eq!(problems.rows.len(), 2);

    // Nothing leaves, by no door.
    let number = json!({
        "child": tablet.child("练小禾").await?, "holder": "child", "key": "id_no", "value": "110101201001010010",
    });
    assert_eq!(
        tablet.refusal("edit_field", number).await?.code,
        "id_no_real"
    );
    for (command, argument) in [
        ("sync_now", Value::Null),
        ("devices", Value::Null),
        ("change_pin", json!({"old": PIN, "new": "618394"})),
        ("renew_key", json!({"pin": PIN})),
        ("step_up", json!({"pin": PIN})),
    ] {
        assert_eq!(
            tablet.refusal(command, argument).await?.code,
            "practice",
            "{command}"
        );
    }
    assert_eq!(tablet.failed_sync().await?, "practice");
    assert_eq!(real.sync.requests(), requests, "nobody was asked anything");

    // While it lasts its words stand in the open in no file; afterwards there is no file.
    let canaries: Vec<Canary> = INVENTED
        .iter()
        .chain([&WRITTEN])
        .map(|word| Canary {
            name: (*word).to_owned(),
            bytes: word.as_bytes().to_vec(),
        })
        .collect();
    ensure!(left_of_practice(&folder)? > 0, "it is a store of its own");
    let found = search(world.folder(), &canaries)?;
    assert!(found.finds.is_empty(), "{:?}", found.finds);
    let view: AppView = tablet.call("practice_end", Value::Null).await?;
    assert!(
        !view.practice && view.stage == Stage::Ready,
        "without a PIN"
    );
    assert_eq!(view.person.as_deref(), Some("李玉梅"));
    assert_eq!(left_of_practice(&folder)?, 0);
    let after = bytes_of(&folder)?;
    let changed: Vec<_> = after
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(*bytes))
        .map(|(path, _)| path)
        .collect();
    assert!(
        changed.is_empty(),
        "the real store is untouched: {changed:?}"
    );
    assert_eq!(before.len(), after.len());

    // Nor does anything of it come up later.
    world.settle(&[&tablet]).await?;
    assert_eq!(world.station.log_seq()?, server_before);
    for device in [&tablet, &world.station] {
        for words in INVENTED.iter().chain([&WRITTEN]) {
            for row in device.children().await?.rows {
                assert!(!shows(&device.file(&row.child).await?, words), "{words}");
            }
        }
    }
    assert_eq!(tablet.file(&own).await?.timeline.len(), 1);
    tablet.all_delivered().await?;
    let found = search(world.folder(), &canaries)?;
    assert!(found.finds.is_empty(), "{:?}", found.finds);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn locking_a_restart_and_beginning_anew_each_end_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let folder = tablet.tablet()?.store.folder().to_owned();

    // Anew: the same families, and nothing of what was done.
    start(&tablet).await?;
    work(&tablet).await?;
    let view = start(&tablet).await?;
    assert!(view.practice);
    assert_eq!(tablet.children().await?.rows.len(), 3);
    let problems: ProblemListView = tablet.call("problems", Value::Null).await?;
    assert!(problems.rows.is_empty());
    assert!(!shows(
        &tablet.file(&tablet.child("练小禾").await?).await?,
        WRITTEN
    ));

    // Locking by itself or by hand ends it; the PIN leads to the real list.
    work(&tablet).await?;
    let view: AppView = tablet.call("lock", Value::Null).await?;
    assert!(view.stage == Stage::Locked && !view.practice);
    assert_eq!(left_of_practice(&folder)?, 0);
    let view: AppView = tablet.call("unlock", json!({"pin": PIN})).await?;
    assert!(!view.practice);
    assert!(tablet.child("石小雨").await.is_ok());

    // A process that was killed leaves files nobody can open; the next one throws them away.
    start(&tablet).await?;
    work(&tablet).await?;
    let copy = world.clone_of(&folder)?;
    ensure!(left_of_practice(&copy)? > 0, "it was cut off");
    let again = world.open_tablet(&copy)?;
    assert_eq!(left_of_practice(&copy)?, 0);
    let view: AppView = again.call("unlock", json!({"pin": PIN})).await?;
    assert!(!view.practice && view.stage == Stage::Ready);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_that_is_stopped_is_in_no_practice_any_more() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let own = tablet.tablet()?;
    start(&tablet).await?;
    let device = own.identity.device.to_string();
    world.station.step_up().await?;
    let _: DevicesView = world
        .station
        .call(
            "revoke_device",
            json!({"device": device, "reason": "lost", "wipe": false}),
        )
        .await?;
    // Her own tablet goes on syncing while she practises; this is what the loop does with what it is told.
    assert!(client::runtime::once(&own, || {}).await.is_err());
    assert!(!tablet.app.obey_wipe(own)?);
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert!(view.stage == Stage::Stopped && !view.practice);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_has_nothing_to_practise() -> Result<()> {
    let world = World::new().await?;
    let refused = world.station.refusal("practice_start", Value::Null).await?;
    assert_eq!(refused.code, "not_allowed");
    Ok(())
}
