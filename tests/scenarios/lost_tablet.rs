//! 丢了: the station stops a tablet and has it wiped. What it held unsent is handed over, sealed to the district or counted,
//! and only then is everything destroyed; the person goes on with a new code.

use anyhow::{Context, Result, bail};
use client::exchange::{Exchange, Next};
use client::server::{Pin, Server, refusal, refused_code};
use client::view::{
    AppView, AuditMonthView, ChildFileView, DeviceRow, DevicesView, MovesView, SheetView,
    ShellKind, Stage,
};
use protocol::ErrorMessage;
use serde_json::{Value, json};
use std::path::Path;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};
use zoufang_tests::township::SetBack;

async fn devices(world: &World) -> Result<DevicesView> {
    world.station.call("devices", Value::Null).await
}

async fn row_of(world: &World, id: &str) -> Result<DeviceRow> {
    let view = devices(world).await?;
    let row = view.devices.into_iter().find(|row| row.device == id);
    row.context("it is listed")
}

async fn stop(world: &World, id: &str, wipe: bool) -> Result<DeviceRow> {
    world.station.step_up().await?;
    let view: DevicesView = world
        .station
        .call(
            "revoke_device",
            json!({"device": id, "reason": "lost", "wipe": wipe}),
        )
        .await?;
    let row = view.devices.into_iter().find(|row| row.device == id);
    row.context("it is listed")
}

async fn app(device: &Device) -> Result<AppView> {
    device.call("app", Value::Null).await
}

/// The files of a store, those in its folders too.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(
                path.file_name()
                    .context("a name")?
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
    Ok(found)
}

async fn told_to_stop(device: &Device) -> Result<()> {
    let Err(error) = device.sync().await else {
        bail!("it was not told");
    };
    let text = format!("{error:?}");
    assert!(text.contains("server_refused"), "{text}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_tablet_hands_over_what_it_holds_signs_and_is_empty() -> Result<()> {
    let world = World::new().await?;
    let folder = world.new_folder();
    let lost = world.open_tablet(&folder)?;
    let code = world.code(world.village, "李玉梅").await?;
    lost.enrol(&world.township.server, &code, PIN).await?;
    let other = world.tablet("赵春燕").await?;
    let child = lost.child("石小雨").await?;
    let id = lost.tablet()?.identity.device.to_string();
    lost.sync().await?;

    world.cut_network();
    let contact = lost.contact(&child, "电话里都好。").await?;
    let visit = lost.visit(&child).await?;
    lost.begin_visit(&lost.child("周子涵").await?).await?;
    let typed = json!({"sheet": {"page": "report", "of": child, "record": null}, "words": {"seen": ["墙裂了"]}});
    let _: Option<SheetView> = lost.call("keep_sheet", typed).await?;
    world.restore_network();
    let row = stop(&world, &id, true).await?;
    assert_eq!(row.stopped_why, "丢了");
    assert_eq!(
        (row.unsent, row.drafts),
        (Some(0), Some(0)),
        "by its last word"
    );
    assert!(row.wipe.context("it is ordered")?.receipt.is_none());

    told_to_stop(&lost).await?;
    let view = app(&lost).await?;
    assert_eq!(view.stage, Stage::Stopped);
    let stopped = view.stopped.context("it says what it holds")?;
    assert_eq!((stopped.unsent, stopped.drafts, stopped.wipe), (0, 2, true));
    for command in ["today", "search_children", "child_file", "me"] {
        let argument = json!({"id": child, "query": "", "village": null});
        assert_eq!(
            lost.refusal(command, argument).await?.code,
            "device_stopped"
        );
    }

    // The server has the receipt, so everything goes.
    assert!(!files(&folder)?.is_empty());
    let tablet = lost.tablet()?;
    assert!(lost.app.obey_wipe(tablet)?);
    assert_eq!(
        files(&folder)?,
        ["lock"],
        "nothing but the lock of this process"
    );
    let view = app(&lost).await?;
    assert_eq!((view.stage, view.wiped), (Stage::Fresh, true));
    let row = row_of(&world, &id).await?;
    let wipe = row.wipe.context("it is ordered")?;
    assert!(wipe.receipt.is_some());
    assert_eq!((wipe.changes, wipe.drafts, wipe.photos), (0, 2, 0));
    assert!(row.to_review > 0);

    // A person reads what it handed over; then it stands in the file as if it had come by itself.
    let moves: MovesView = world.station.call("moves", Value::Null).await?;
    assert!(
        moves
            .waiting
            .iter()
            .all(|row| row.cause == "revoked" && row.by == "李玉梅")
    );
    assert!(
        moves
            .waiting
            .iter()
            .any(|row| row.name == "石小雨" && !row.lines.is_empty())
    );
    let moves: MovesView = world
        .station
        .call("take_handed_over", json!({"device": id}))
        .await?;
    assert!(moves.waiting.is_empty(), "{:?}", moves.waiting);
    world.settle(&[&other]).await?;
    let file = other.file(&child).await?;
    let records: Vec<&str> = file
        .timeline
        .iter()
        .map(|line| line.record.as_str())
        .collect();
    assert!(records.contains(&contact.as_str()) && records.contains(&visit.as_str()));

    // The same tablet, found again, with a new code for the same person.
    let code = world.code(world.village, "李玉梅").await?;
    lost.enrol(&world.township.server, &code, PIN).await?;
    assert!(lost.child("石小雨").await.is_ok());
    let people = devices(&world).await?;
    let hers = people.devices.iter().filter(|row| row.person == "李玉梅");
    assert_eq!(hers.filter(|row| row.stopped.is_none()).count(), 1);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_set_back_server_lost_is_handed_over_by_the_stopped_tablet_that_alone_has_it()
-> Result<()> {
    set_back_behind_the_stopped(SetBack::Restored).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stopped_tablet_that_alone_knows_proves_that_the_server_was_set_back() -> Result<()> {
    set_back_behind_the_stopped(SetBack::Unnoticed).await
}

async fn set_back_behind_the_stopped(how: SetBack) -> Result<()> {
    let mut world = World::new().await?;
    let lost = world.tablet("李玉梅").await?;
    let child = lost.child("石小雨").await?;
    let id = lost.tablet()?.identity.device.to_string();
    world.settle(&[&lost]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;

    // Delivered, and read by nobody before the server is set back behind it.
    let delivered = lost.contact(&child, "备份以后的电话。").await?;
    lost.sync().await?;
    lost.all_delivered().await?;
    let data = world.folder().join("older");
    world.township.set_back(&copy, &data, how).await?;
    world.station.sync().await?;
    let later = lost.visit(&child).await?;
    stop(&world, &id, false).await?;

    told_to_stop(&lost).await?;
    world.station.sync().await?;
    let moves: MovesView = world
        .station
        .call("take_handed_over", json!({"device": id}))
        .await?;
    assert!(moves.waiting.is_empty(), "{:?}", moves.waiting);
    world.settle(&[]).await?;
    let file = world.station.file(&child).await?;
    for record in [&delivered, &later] {
        let mut lines = file.timeline.iter();
        assert!(lines.any(|line| line.record == *record), "{record}");
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_tablet_is_emptied_by_a_person_only_when_nothing_is_left_on_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let id = tablet.tablet()?.identity.device.to_string();
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    tablet.contact(&child, "都好。").await?;
    tablet.begin_visit(&child).await?;
    world.restore_network();
    let early = tablet
        .refusal("clear_device", json!({"without_unsent": true}))
        .await?;
    assert_eq!(early.code, "not_found", "it is not stopped");
    stop(&world, &id, false).await?;
    told_to_stop(&tablet).await?;
    let draft = tablet
        .refusal("clear_device", json!({"without_unsent": false}))
        .await?;
    assert_eq!(draft.code, "unsent_here");
    let again = tablet
        .refusal("clear_device", json!({"without_unsent": true}))
        .await?;
    assert_eq!(again.code, "pin_again", "what was begun goes for good");
    tablet.step_up().await?;
    let view: AppView = tablet
        .call("clear_device", json!({"without_unsent": true}))
        .await?;
    assert_eq!(view.stage, Stage::Fresh);
    let row = row_of(&world, &id).await?;
    assert!(row.wipe.is_none(), "nobody ordered it");
    assert!(row.to_review > 0, "what was written is at the station");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wipe_cut_off_in_the_middle_is_finished_at_the_next_start() -> Result<()> {
    let world = World::new().await?;
    let folder = world.new_folder();
    let tablet = world.open_tablet(&folder)?;
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, PIN).await?;
    let id = tablet.tablet()?.identity.device.to_string();
    stop(&world, &id, true).await?;
    told_to_stop(&tablet).await?;
    drop(tablet);
    // The process died right after it had begun.
    store::wipe::begin(&store::SystemDisk, &folder)?;
    let again = world.open_device(&folder, ShellKind::Tablet)?;
    assert_eq!(app(&again).await?.stage, Stage::Fresh);
    assert_eq!(files(&folder)?, ["lock"]);
    world.township.stop().await;
    Ok(())
}

/// What the station reads of this month that devices or the server wrote: how often, by code.
async fn month(world: &World) -> Result<AuditMonthView> {
    let month = json!({ "month": "2026-11" });
    world.station.call("audit_month", month).await
}

/// Somebody else opens what she finds on it, after a wrong PIN.
async fn find_and_read(tablet: &Device, names: &[&str]) -> Result<()> {
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let wrong = tablet.refusal("unlock", json!({ "pin": "204816" })).await?;
    assert_eq!(wrong.code, "wrong_pin");
    let _: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    for name in names {
        let child = tablet.child(name).await?;
        let _: ChildFileView = tablet.call("child_file", json!({ "id": child })).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_files_were_opened_on_a_stolen_tablet_is_at_the_station_before_it_is_wiped()
-> Result<()> {
    let world = World::new().await?;
    let lost = world.tablet("李玉梅").await?;
    let id = lost.tablet()?.identity.device.to_string();
    lost.sync().await?;
    world.cut_network();
    find_and_read(&lost, &["石小雨", "吴天宇"]).await?;
    world.restore_network();
    stop(&world, &id, true).await?;
    told_to_stop(&lost).await?;
    let tablet = lost.tablet()?;
    assert!(lost.app.obey_wipe(tablet)?, "nothing is waited for");

    world.station.sync().await?;
    let view = month(&world).await?;
    let row = view.people.iter().find(|row| row.person == "李玉梅");
    let looks = &row.context("she is in it")?.looks;
    let opened = looks.iter().find(|look| look.action == "view_child");
    assert_eq!(opened.map(|look| look.count), Some(2), "{looks:?}");
    let failed = view
        .events
        .iter()
        .filter(|row| row.action == "unlock_failed");
    assert_eq!(failed.count(), 1);
    assert!(view.faults.is_empty(), "{:?}", view.faults);
    assert_eq!(world.township.faults()?, [""; 0]);
    let wipe = row_of(&world, &id).await?.wipe.context("it is ordered")?;
    assert!(wipe.receipt.is_some());
    assert_eq!(wipe.trail, 0);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_tablet_with_rows_of_its_trail_is_emptied_only_by_a_word_of_its_holder()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let id = tablet.tablet()?.identity.device.to_string();
    tablet.sync().await?;
    stop(&world, &id, false).await?;
    told_to_stop(&tablet).await?;
    let stopped = app(&tablet).await?.stopped.context("it says so")?;
    assert_eq!((stopped.trail, stopped.unsent), (0, 0));
    world.cut_network();
    let _: AppView = tablet.call("lock", Value::Null).await?;
    tablet.refusal("unlock", json!({ "pin": "204816" })).await?;
    let _: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    let stopped = app(&tablet).await?.stopped.context("it says so")?;
    assert_eq!(
        stopped.trail, 1,
        "that somebody tried, not that she came in"
    );
    let kept = tablet
        .refusal("clear_device", json!({"without_unsent": false}))
        .await?;
    assert_eq!(kept.code, "trail_here");
    world.restore_network();
    told_to_stop(&tablet).await?;
    tablet.step_up().await?;
    let view: AppView = tablet
        .call("clear_device", json!({"without_unsent": false}))
        .await?;
    assert_eq!(
        view.stage,
        Stage::Fresh,
        "the PIN asked for it is no reason to wait"
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_a_stopped_tablet_is_emptied_although_rows_of_its_trail_go_with_it()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let id = tablet.tablet()?.identity.device.to_string();
    tablet.sync().await?;
    stop(&world, &id, false).await?;
    told_to_stop(&tablet).await?;
    world.cut_network();
    let _: AppView = tablet.call("lock", Value::Null).await?;
    tablet.refusal("unlock", json!({ "pin": "204816" })).await?;
    let _: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    tablet.step_up().await?;
    let view: AppView = tablet
        .call("clear_device", json!({"without_unsent": true}))
        .await?;
    assert_eq!(view.stage, Stage::Fresh);
    world.township.stop().await;
    Ok(())
}

/// A stopped tablet walks to the end of its farewell with a server that does not know some routes yet. What it asked.
async fn leave_by_an_older_server(tablet: &Device, unknown: &[&str]) -> Result<Vec<&'static str>> {
    let tablet = tablet.tablet()?;
    let server = Server::new(&tablet.identity.server_address, Pin::FirstSight)?;
    let mut exchange = Exchange::new();
    let (mut asked, mut answer) = (Vec::new(), None);
    loop {
        answer = match exchange.step(&tablet, answer.take()) {
            Ok(Next::Worked) => None,
            Ok(Next::Send(request) | Next::Ahead(request)) if unknown.contains(&request.path) => {
                asked.push(request.path);
                Some(Err(refusal(ErrorMessage {
                    code: "not_found".into(),
                    message: "there is no such thing".into(),
                    next: "go on".into(),
                })))
            }
            Ok(Next::Send(request)) => {
                asked.push(request.path);
                Some(server.send(&request).await)
            }
            Ok(Next::Ahead(_)) => None,
            Ok(Next::Done { .. }) => bail!("it was not told"),
            Err(error) => {
                assert_eq!(refused_code(&error).as_deref(), Some("device_revoked"));
                return Ok(asked);
            }
        };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_trail_of_a_stopped_device_keeps_nothing_from_its_end() -> Result<()>
{
    let world = World::new().await?;
    let lost = world.tablet("李玉梅").await?;
    let id = lost.tablet()?.identity.device.to_string();
    lost.sync().await?;
    world.cut_network();
    find_and_read(&lost, &["石小雨"]).await?;
    world.restore_network();
    stop(&world, &id, true).await?;
    let asked = leave_by_an_older_server(&lost, &["/handover/trail", "/handover/offer"]).await?;
    assert_eq!(asked.last(), Some(&"/handover/receipt"), "{asked:?}");
    assert!(lost.app.obey_wipe(lost.tablet()?)?);
    let wipe = row_of(&world, &id).await?.wipe.context("it is ordered")?;
    assert!(wipe.trail > 0, "that rows went with it is said");
    world.township.stop().await;
    Ok(())
}
