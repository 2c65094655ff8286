//! What an officer of the district sees, and what she does not (docs/adr/0039).

use anyhow::Result;
use client::commands::{COMMANDS, EXTENSION_COMMANDS};
use client::view::{AppView, MeView, ShellKind, Stage};
use ids::Role;
use serde_json::{Value, json};
use store::members;
use zoufang_tests::story::World;

/// Commands of the door: of the app and its lock, before anybody's records are asked for.
const DOOR: &[&str] = &[
    "app",
    "enrol_start",
    "enrol_poll",
    "enrol_cancel",
    "offline_request",
    "offline_digits",
    "offline_answer",
    "choose_pin",
    "unlock",
    "lock",
    "switch_user",
    "choose_account",
    "enrol_another",
    "enrol_again",
    "recover_start",
    "recover_answer",
    "change_pin",
    "renew_key",
    "step_up",
    "clear_device",
    "practice_start",
    "practice_end",
    "sync_now",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_has_a_frame_of_her_own_and_no_file() -> Result<()> {
    let world = World::new().await?;
    let officer = world.officer("何珊").await?;
    let view: AppView = officer.call("app", Value::Null).await?;
    assert_eq!(
        (view.stage, view.shell),
        (Stage::Ready, ShellKind::District)
    );
    assert_eq!(view.unit.as_deref(), Some("沧浦区"));
    let me: MeView = officer.call("me", Value::Null).await?;
    assert_eq!((me.person.as_str(), me.children), ("何珊", 0));
    assert_eq!(me.unit_key, None, "no sealed words for her");

    world.settle(&[&officer]).await?;
    assert!(officer.heads()?.is_empty(), "no document ever comes");
    let tablet = officer.tablet()?;
    let people = tablet.store.read(members::all_staff)?;
    let names: Vec<&str> = people.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["何珊"]);
    assert_eq!(tablet.identity.role, Role::Officer);

    for command in COMMANDS.iter().chain(EXTENSION_COMMANDS) {
        if DOOR.contains(command) || client::standing::DISTRICT.contains(command) {
            continue;
        }
        let refusal = officer.refusal(command, json!({})).await?;
        assert_eq!(refusal.code, "district_only", "{command}");
    }
    let refusal = officer.refusal("practice_start", Value::Null).await?;
    assert_eq!(refusal.code, "not_allowed");

    // Another officer is another person; the township hears of neither.
    let colleague = world.officer("陆宁").await?;
    colleague.sync().await?;
    officer.sync().await?;
    let known = tablet.store.read(members::all_staff)?;
    assert_eq!(known.len(), 2);
    world.station.sync().await?;
    let station = world.station.tablet()?;
    let heard = station.store.read(members::all_staff)?;
    assert!(heard.iter().all(|one| one.role != Role::Officer));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_set_back_to_before_its_first_officer_knows_her_again() -> Result<()> {
    let mut world = World::new().await?;
    let copy = world.township.back_up(&world.folder().join("copy"))?;
    let officer = world.officer("何珊").await?;
    officer.sync().await?;
    let data = world.folder().join("set-back");
    world
        .township
        .set_back(&copy, &data, zoufang_tests::township::SetBack::Restored)
        .await?;
    officer.sync().await?;
    world.settle(&[&officer]).await?;
    let view: AppView = officer.call("app", Value::Null).await?;
    assert_eq!(
        (view.stage, view.shell),
        (Stage::Ready, ShellKind::District)
    );
    let colleague = world.officer("陆宁").await?;
    colleague.sync().await?;
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}
