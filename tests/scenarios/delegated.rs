//! 没有网络时登记: a tablet is enrolled at a station that has no network, by two files carried by hand; what was recorded
//! meanwhile arrives, or goes to a person.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AppView, ChildListView, DelegationView, DevicesView, ExportFileView, MovesView, PeopleView,
    SavedView, Stage, TodayView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{DAY_MS, PIN, World, contact_input};

const PERSON: &str = "陈小芳";

/// A village's director is appointed and vetted, and the station is let enrol her without the server.
async fn prepared() -> Result<World> {
    let world = World::new().await?;
    world.station.step_up().await?;
    let _: PeopleView = world
        .station
        .call(
            "appoint",
            json!({
                "role": "director", "village": world.village.to_string(), "person": PERSON,
                "from": "2026-10-01", "until": "", "approved_by": "沈岚",
                "basis": "芦民批〔2026〕7号", "vetted_on": "2026-09-20",
                "vetting": "查询2026-118", "replaces": null,
            }),
        )
        .await?;
    let view: DelegationView = world.station.call("ask_delegation", Value::Null).await?;
    assert!(view.until.is_some() && !view.over);
    Ok(world)
}

async fn write_request(tablet: &Device) -> Result<String> {
    let view: AppView = tablet.call("offline_request", Value::Null).await?;
    assert_eq!(view.stage, Stage::Asking);
    view.request.context("a file for the station")
}

/// The station reads a request; the digits it shows.
async fn read_request(station: &Device, text: &str) -> Result<DelegationView> {
    station.call("read_request", json!({ "text": text })).await
}

/// Reads, types, compares, answers, carries back and sets a PIN.
async fn enrol(world: &World, tablet: &Device) -> Result<String> {
    let text = write_request(tablet).await?;
    let there = read_request(&world.station, &text).await?;
    let comparing = there.comparing.context("the station shows digits")?;
    let here: AppView = tablet
        .call("offline_digits", json!({ "text": comparing.digits }))
        .await?;
    assert_eq!(here.compare_code, Some(comparing.compare_code));
    let answer = answer(world, &there.people[0].staff).await?;
    let view: AppView = tablet
        .call("offline_answer", json!({ "text": answer }))
        .await?;
    assert_eq!(view.stage, Stage::ChoosePin);
    assert_eq!(view.person.as_deref(), Some(PERSON));
    let brought = view.loading.context("it says what the file brought")?;
    assert_eq!(brought.done, brought.total, "the whole village");
    let view: AppView = tablet.call("choose_pin", json!({ "pin": PIN })).await?;
    assert_eq!(view.stage, Stage::Ready, "she can begin at once");
    Ok(answer)
}

async fn answer(world: &World, staff: &str) -> Result<String> {
    world.station.step_up().await?;
    let file: ExportFileView = world
        .station
        .call("answer_request", json!({ "staff": staff }))
        .await?;
    Ok(String::from_utf8(STANDARD.decode(file.bytes)?)?)
}

/// She opens a file of a child and writes a contact, with nobody to ask.
async fn record_something(tablet: &Device) -> Result<(String, String)> {
    let saved: SavedView = tablet
        .call(
            "add_child",
            json!({
                "name": "何小满", "sex": "2", "birth_date": "2017-05-06",
                "category": "LB-1", "reason": "父母都在外", "household": null, "village": null,
            }),
        )
        .await?;
    let found: ChildListView = tablet
        .call(
            "search_children",
            json!({"query": "何小满", "village": null}),
        )
        .await?;
    let child = found
        .rows
        .first()
        .context("it is on her list")?
        .child
        .clone();
    let contact = tablet.contact(&child, "电话里都好。").await?;
    assert!(!saved.record.is_empty());
    Ok((child, contact))
}

async fn row_of(world: &World, id: &str) -> Result<client::view::DeviceRow> {
    let view: DevicesView = world.station.call("devices", Value::Null).await?;
    let row = view.devices.into_iter().find(|row| row.device == id);
    row.context("it is listed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_enrolled_without_a_network_writes_at_once_and_is_known_at_its_first_contact()
-> Result<()> {
    let world = prepared().await?;
    world.cut_network();
    let tablet = world.new_device()?;
    enrol(&world, &tablet).await?;
    let (child, contact) = record_something(&tablet).await?;
    assert_eq!(tablet.failed_sync().await?, "no_network");

    // The station hears of the network first, and its trail tells by itself.
    world.restore_network();
    world.station.sync().await?;
    tablet.sync().await?;
    tablet.load().await?;
    world.settle(&[&tablet]).await?;
    let roster = tablet.child("石小雨").await?;
    assert!(!roster.is_empty(), "the village's children are here now");
    let id = tablet.tablet()?.identity.device.to_string();
    let row = row_of(&world, &id).await?;
    assert_eq!((row.person.as_str(), row.stopped), (PERSON, None));
    let there = world.station.file(&child).await?;
    assert!(there.timeline.iter().any(|line| line.record == contact));
    // What the server gave since is a certificate like any other's.
    world.go_to_day(1, &[&tablet]);
    tablet.sync().await?;
    let other = world.tablet("赵春燕").await?;
    assert!(other.child("何小满").await.is_ok());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_brings_the_village_and_its_second_coming_changes_nothing() -> Result<()> {
    let world = prepared().await?;
    let director = world.tablet("赵春燕").await?;
    let child = director.child("石小雨").await?;
    let visit = director.visit(&child).await?;
    let other = world.create_village("石桥村", "310199100202").await?;
    let _: SavedView = world
        .station
        .call(
            "add_child",
            json!({
                "name": "邻家小", "sex": "2", "birth_date": "2016-03-05", "category": "LB-1",
                "reason": "走访时发现", "household": null, "village": other.to_string(),
            }),
        )
        .await?;
    world.settle(&[&director]).await?;
    world.cut_network();
    // Nobody has agreed to this yet, so it is not carried; it comes like everything else.
    let unsent = world.station.contact(&child, "站里打过电话。").await?;

    let tablet = world.new_device()?;
    enrol(&world, &tablet).await?;
    let list = tablet.children().await?;
    assert_eq!(
        list.rows.len(),
        6,
        "the six children of her village, and nobody else's"
    );
    let file = tablet.file(&child).await?;
    let of = |record: &str| {
        file.timeline
            .iter()
            .filter(|line| line.record == record)
            .count()
    };
    assert_eq!((of(&visit), of(&unsent)), (1, 0));
    let today: TodayView = tablet.call("today", Value::Null).await?;
    assert!(!today.rows.is_empty(), "she knows whom to see");
    let written = tablet.contact(&child, "到家看过。").await?;
    let page = tablet.sync_page().await?;
    assert_eq!(page.set_aside, 0, "every signature was known");

    world.restore_network();
    world.station.sync().await?;
    tablet.sync().await?;
    tablet.load().await?;
    world.settle(&[&tablet, &director]).await?;
    for device in [&tablet, &director, &world.station] {
        let file = device.file(&child).await?;
        for record in [&visit, &unsent, &written] {
            let there = file
                .timeline
                .iter()
                .filter(|line| &line.record == record)
                .count();
            assert_eq!(there, 1, "{record} stands once");
        }
    }
    assert_eq!(tablet.children().await?.rows.len(), 6);
    tablet.all_delivered().await?;
    assert_eq!(tablet.sync_page().await?.set_aside, 0);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_that_never_met_the_server_is_not_read_for_longer_than_any_other() -> Result<()> {
    let world = prepared().await?;
    let director = world.tablet("赵春燕").await?;
    let child = director.child("石小雨").await?;
    director.visit(&child).await?;
    world.settle(&[&director]).await?;
    world.cut_network();
    let tablet = world.new_device()?;
    // Its clock is a year behind when it is enrolled: that makes the month no longer.
    tablet.clock.move_by(-365 * DAY_MS);
    enrol(&world, &tablet).await?;
    assert!(!tablet.file(&child).await?.timeline.is_empty());
    world.restore_network();
    world.station.sync().await?;
    world.cut_network();

    tablet.clock.move_by(29 * DAY_MS);
    assert!(tablet.file(&child).await.is_ok());
    tablet.clock.move_by(3 * DAY_MS);
    for (command, argument) in [
        ("today", Value::Null),
        ("child_file", json!({ "id": child })),
    ] {
        let refused = tablet.refusal(command, argument).await?;
        assert_eq!(refused.code, "lease_over", "{command}");
    }
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert!(view.lease.context("it is open")?.over);
    // She goes on writing, and one contact brings everything back.
    let saved: SavedView = tablet
        .call(
            "record_contact",
            contact_input(&child, "2025-12-03", "电话里都好。"),
        )
        .await?;
    world.go_to_day(32, &[&tablet]);
    world.restore_network();
    tablet.sync().await?;
    tablet.load().await?;
    let file = tablet.file(&child).await?;
    assert!(file.timeline.iter().any(|line| line.record == saved.record));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_swaps_a_file_or_guesses_is_told_apart() -> Result<()> {
    let world = prepared().await?;
    world.cut_network();
    let (tablet, stranger) = (world.new_device()?, world.new_device()?);
    let text = write_request(&tablet).await?;
    let swapped = write_request(&stranger).await?;
    // The stick had another request on it: the six digits differ, whatever that one's maker knew.
    let there = read_request(&world.station, &swapped).await?;
    let comparing = there.comparing.context("digits")?;
    let here: AppView = tablet
        .call("offline_digits", json!({ "text": comparing.digits }))
        .await?;
    assert_ne!(here.compare_code, Some(comparing.compare_code));
    let _: DelegationView = world.station.call("forget_request", Value::Null).await?;
    world.station.step_up().await?;
    let staff = there.people[0].staff.clone();
    let nothing = world
        .station
        .refusal("answer_request", json!({ "staff": staff }))
        .await?;
    assert_eq!(nothing.code, "offline_request");

    // Read again the digits are others; the answer opens on this tablet, with these, and nowhere else.
    let again = read_request(&world.station, &text).await?;
    let comparing = again.comparing.context("digits")?;
    let answer = answer(&world, &staff).await?;
    for (device, digits) in [
        (&tablet, "00000000"),
        (&stranger, comparing.digits.as_str()),
    ] {
        let _: AppView = device
            .call("offline_digits", json!({ "text": digits }))
            .await?;
        let refused = device
            .refusal("offline_answer", json!({ "text": answer }))
            .await?;
        assert_eq!(refused.code, "offline_answer_other");
    }
    let _: AppView = tablet
        .call("offline_digits", json!({ "text": comparing.digits }))
        .await?;
    let damaged = tablet
        .refusal(
            "offline_answer",
            json!({ "text": &answer[..answer.len() / 2] }),
        )
        .await?;
    assert_eq!(damaged.code, "offline_answer_damaged");
    let view: AppView = tablet
        .call("offline_answer", json!({ "text": answer }))
        .await?;
    assert_eq!(view.stage, Stage::ChoosePin);

    // A second tablet of hers, and then there is no place left; nor is there one tomorrow.
    let there = read_request(&world.station, &swapped).await?;
    assert_eq!(there.people[0].left, 1);
    self::answer(&world, &staff).await?;
    let third = write_request(&world.new_device()?).await?;
    read_request(&world.station, &third).await?;
    world.station.step_up().await?;
    let full = world
        .station
        .refusal("answer_request", json!({ "staff": staff }))
        .await?;
    assert_eq!(full.code, "place_taken");
    world.go_to_day(1, &[]);
    world.station.clock.move_by(60_000);
    let view: DelegationView = world.station.call("delegation", Value::Null).await?;
    assert!(view.over);
    // Setting its clock back makes the day no longer.
    world.station.clock.move_by(-DAY_MS / 2);
    let view: DelegationView = world.station.call("delegation", Value::Null).await?;
    assert!(view.over);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_stolen_station_nothing_untold_is_believed_and_what_was_recorded_goes_to_a_person()
-> Result<()> {
    let world = prepared().await?;
    let colleague = world.open_device(&world.new_folder(), client::view::ShellKind::Station)?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Supervisor,
            person: "高岚".to_owned(),
        })
        .await?;
    colleague.enrol(&world.township.server, &code, PIN).await?;
    world.cut_network();
    let tablet = world.new_device()?;
    enrol(&world, &tablet).await?;
    let (_, contact) = record_something(&tablet).await?;

    // The station's computer is gone before it told anybody; a colleague stops it.
    world.restore_network();
    colleague.step_up().await?;
    let station = world.station.tablet()?.identity.device.to_string();
    let _: DevicesView = colleague
        .call(
            "revoke_device",
            json!({"device": station, "reason": "stolen", "wipe": false}),
        )
        .await?;
    assert_eq!(tablet.failed_sync().await?, "server_refused");
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Stopped);
    let stopped = view.stopped.context("it says what it holds")?;
    assert_eq!(stopped.unsent, 0, "all of it was handed over");
    let moves: MovesView = colleague.call("moves", Value::Null).await?;
    assert!(
        moves
            .waiting
            .iter()
            .all(|row| row.by == PERSON && row.cause == "revoked")
    );
    assert!(moves.waiting.iter().any(|row| row.name == "何小满"));
    let id = tablet.tablet()?.identity.device.to_string();
    let moves: MovesView = colleague
        .call("take_handed_over", json!({ "device": id }))
        .await?;
    assert!(moves.waiting.is_empty(), "{:?}", moves.waiting);
    colleague.sync().await?;
    let child = colleague.child("何小满").await?;
    let file = colleague.file(&child).await?;
    assert!(file.timeline.iter().any(|line| line.record == contact));
    let devices: DevicesView = colleague.call("devices", Value::Null).await?;
    let row = devices.devices.into_iter().find(|row| row.device == id);
    let why = row.context("it is listed")?.stopped_why;
    assert_eq!(why, "没有网络时给它登记的站已停用");
    world.township.stop().await;
    Ok(())
}
