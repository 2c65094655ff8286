//! A tablet that was away for half a year, and a new one that takes over a village with three years behind it: both are
//! cut off in the middle and killed, and go on where they were.

use anyhow::{Context, Result, ensure};
use client::runtime::{Line, Share};
use client::view::{AppView, ChildFileView, RecordState, ShellKind, Stage, SyncPhase};
use ids::{Clock, Role};
use protocol::{CreateEnrolment, Outcome, PROTOCOL_VERSION, SyncRequest, SyncResponse, limits};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;
use store::projections;
use zoufang_tests::device::Device;
use zoufang_tests::story::{DAY_MS, PIN, World, held_by_station};
use zoufang_tests::traffic::{self, Hand, Template};
use zoufang_tests::world::{self, History};

/// What the others of the village write while one of them is away.
const CHANGES: usize = 12_000;
/// How long she is away.
const WEEKS: usize = 26;
/// A message in the middle of catching up: the answers before it are stored, this one does not arrive.
const IN_THE_MIDDLE: u64 = 36;
/// The same of a first load.
const IN_THE_MIDDLE_OF_A_LOAD: u64 = 10;

/// A tablet in a folder of its own, so that it can be opened again as after a kill. Nothing is downloaded yet.
async fn admitted(world: &World, folder: &Path, person: &str) -> Result<Device> {
    let tablet = world.open_tablet(folder)?;
    let code = world.code(world.village, person).await?;
    tablet.admit(&world.township.server, &code, PIN).await?;
    Ok(tablet)
}

/// The process ended without a word, and somebody taps the app again.
async fn again(world: &World, killed: Device, folder: &Path) -> Result<Device> {
    let offset_ms = killed.clock.offset_ms();
    drop(killed);
    let tablet = world.open_tablet(folder)?;
    tablet.clock.run_at_offset(offset_ms);
    let _: AppView = tablet.call("unlock", json!({"pin": PIN})).await?;
    Ok(tablet)
}

/// One sync as the loop does it: what came of it, and what the screens were told on the way of how much has arrived.
async fn watched(device: &Device) -> Result<(Result<(), String>, Vec<Share>)> {
    let tablet = device.tablet()?;
    let told = Mutex::new(Vec::new());
    let result = client::runtime::once(&tablet, || {
        let progress = tablet.sync.progress();
        let mut told = told.lock().expect("nobody panics while holding it");
        let known = progress.phase == SyncPhase::Receiving && progress.shown().total > 0;
        if known && told.last() != Some(&progress.shown()) {
            told.push(progress.shown());
        }
    })
    .await;
    let told = told.into_inner().expect("nobody panics while holding it");
    let result = result.map(|_| ()).map_err(|error| error.code().to_owned());
    Ok((result, told))
}

/// Step by step nearer to an end that stays where it is.
fn grows(told: &[Share]) -> Result<()> {
    ensure!(told.len() > 2, "it is told on the way: {told:?}");
    for pair in told.windows(2) {
        ensure!(
            pair[0].done < pair[1].done,
            "it stands or goes back: {told:?}"
        );
        ensure!(pair[0].total == pair[1].total, "the end moves: {told:?}");
    }
    ensure!(
        told.iter().all(|share| share.done <= share.total),
        "{told:?}"
    );
    Ok(())
}

/// Some families with so many half-years of records, taken apart so that they can be written under other names.
fn histories(device: &Device, half_years: u64) -> Result<Vec<Template>> {
    let mut households = world::households(4, 6, device.tablet()?.today())?;
    world::lengthen(&mut households, half_years);
    world::fill(device, &households, History::RecordByRecord)?;
    traffic::templates(device)
}

/// Changes of a device, made under its key and sent in parts as it sends them.
async fn write(device: &Device, hand: &mut Hand, of: &[Template], count: usize) -> Result<()> {
    let tablet = device.tablet()?;
    let line = Line::of(&tablet)?;
    let mut waiting = (0..count)
        .map(|_| hand.work(of))
        .collect::<Result<Vec<_>>>()?;
    while !waiting.is_empty() {
        let mut bytes = 0;
        let fits = waiting
            .iter()
            .take(limits::PART_ENVELOPES)
            .take_while(|envelope| {
                bytes += envelope.raw_bytes();
                bytes <= limits::PART_RAW_BYTES
            })
            .count();
        let request = SyncRequest {
            protocol: PROTOCOL_VERSION,
            app: client::APP_VERSION.to_owned(),
            schemas: Vec::new(),
            request: tablet.new_id(),
            cursor: None,
            last_applied: None,
            outbox: waiting.drain(..fits).collect(),
            want_bytes: 0,
            push_only: true,
            unsent: None,
            certified_until_ms: None,
            next_ca: None,
            tick: None,
            chain: None,
        };
        let response: SyncResponse = line.send("/sync", &request).await?;
        for (hash, outcome) in &response.outcomes {
            ensure!(
                matches!(outcome, Outcome::Accepted { .. } | Outcome::Taken),
                "{hash}: {outcome:?}"
            );
        }
    }
    Ok(())
}

/// What a tablet shows of every document is what the station shows of it.
fn shown_alike(tablet: &Device, station: &Device) -> Result<()> {
    let there = station.tablet()?.store.read(projections::hashes)?;
    for (document, rows) in tablet.tablet()?.store.read(projections::hashes)? {
        ensure!(
            there.get(&document) == Some(&rows),
            "the station shows {document} otherwise"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_year_and_twelve_thousand_changes_later_a_tablet_catches_up_from_where_it_was_cut_off()
-> Result<()> {
    let world = World::new().await?;
    let folder = world.new_folder();
    let away = admitted(&world, &folder, "李玉梅").await?;
    away.load().await?;
    let colleague = world.tablet("赵春燕").await?;
    let children: Vec<String> = away
        .children()
        .await?
        .rows
        .into_iter()
        .map(|row| row.child)
        .collect();
    // The station and she will have written the same field without knowing of each other.
    world
        .station
        .edit(&children[1], "child", "nickname", "晨晨")
        .await?;
    world.station.sync().await?;
    // Both sides write the same field, so there is something to be decided by a person when they meet.
    away.edit(&children[1], "child", "nickname", "小晨").await?;
    let histories = histories(&colleague, 2)?;
    let mut hand = Hand::of(&colleague, 4)?;
    for week in 1..=WEEKS {
        world.go_to_day(7 * i64::try_from(week)?, &[&away, &colleague]);
        for child in &children {
            away.contact(child, &format!("第{week}周打的电话。"))
                .await?;
        }
        // So long without contact she may write, and read nothing of before.
        let form = away.begin_visit(&children[week % children.len()]).await?;
        let _: Value = away.call("save_visit", json!({"id": form.draft})).await?;
        let so_far = CHANGES * (week - 1) / WEEKS;
        write(
            &colleague,
            &mut hand,
            &histories,
            CHANGES * week / WEEKS - so_far,
        )
        .await?;
    }
    world.station.sync().await?;
    world
        .station
        .edit(&children[1], "child", "nickname", "晨晨")
        .await?;
    world.station.sync().await?;
    let unsent = away.sync_page().await?.unsent.len();
    assert!(unsent > 180, "{unsent}");
    let old_ms = world.clock.now_ms() - 60 * DAY_MS;
    let packed = world.township.at_the_desk(|desk| desk.pack(old_ms))?;
    assert!(packed > 4_000, "{packed} lie in segments");

    let before = away.log_seq()?;
    world.township.relay.set_cut_at_message(IN_THE_MIDDLE);
    let (result, told) = watched(&away).await?;
    assert_eq!(result, Err("no_network".to_owned()));
    world.restore_network();
    grows(&told)?;
    let halfway = away.log_seq()?;
    assert!(halfway > before);
    // Whoever has her own records works with them meanwhile.
    let _: Value = away.call("today", Value::Null).await?;

    let away = again(&world, away, &folder).await?;
    let (result, told) = watched(&away).await?;
    assert_eq!(result, Ok(()));
    grows(&told)?;
    let last = told.last().context("it is told")?;
    assert_eq!(last.done, last.total);
    assert_eq!(
        u64::from(last.total),
        away.log_seq()? - halfway,
        "what was stored before the cut is not asked for again"
    );
    assert!(away.log_seq()? > CHANGES as u64);

    // A second computer of the station takes everything in another way: whole documents.
    let station = world.open_device(&world.new_folder(), ShellKind::Station)?;
    station.clock.run_at_offset(away.clock.offset_ms());
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: away.tablet()?.identity.scope,
            role: Role::Supervisor,
            person: "何静".to_owned(),
        })
        .await?;
    station.enrol(&world.township.server, &code, PIN).await?;
    station.sync().await?;
    away.sync().await?;
    let page = away.sync_page().await?;
    assert!(
        page.unsent.is_empty() && page.needs_you.is_empty(),
        "{page:?}"
    );
    for child in &children {
        let (here, there) = (away.file(child).await?, station.file(child).await?);
        let records = |file: &ChildFileView| -> Vec<String> {
            let lines = file.timeline.iter();
            lines.map(|line| line.record.clone()).collect()
        };
        assert_eq!(records(&here), records(&there));
        assert!(here.timeline.len() > WEEKS, "everything she wrote");
        let states = here.timeline.iter().map(|line| line.state);
        assert!({ states }.all(|state| state == RecordState::Delivered));
    }
    assert_eq!(away.conflicts().await?.len(), 1);
    assert_eq!(page.set_aside, 0);
    held_by_station(&away, &station)?;
    shown_alike(&away, &station)?;
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_of_three_years_goes_on_at_the_next_page_and_computes_nothing_before_its_end()
-> Result<()> {
    let world = World::new().await?;
    let colleague = world.tablet("赵春燕").await?;
    let histories = histories(&colleague, 6)?;
    // Families of six children, five times.
    let changes = 5 * histories.iter().map(Template::changes).sum::<usize>();
    let mut hand = Hand::of(&colleague, 1)?;
    write(&colleague, &mut hand, &histories, changes).await?;
    let old_ms = world.clock.now_ms() + DAY_MS;
    world.township.at_the_desk(|desk| desk.pack(old_ms))?;

    let folder = world.new_folder();
    let tablet = admitted(&world, &folder, "李玉梅").await?;
    world
        .township
        .relay
        .set_cut_at_message(IN_THE_MIDDLE_OF_A_LOAD);
    let (result, told) = watched(&tablet).await?;
    assert_eq!(result, Err("no_network".to_owned()));
    world.restore_network();
    let (done, total) = tablet.tablet()?.loading()?.context("it is not whole")?;
    assert!(0 < done && done < total, "{done} of {total}: {told:?}");
    assert_eq!(told.last(), Some(&Share { done, total }));
    // Somebody goes on working with a child that has arrived already.
    let child = world.station.child("石小雨").await?;
    world
        .station
        .edit(&child, "child", "nickname", "雨点")
        .await?;
    world.station.sync().await?;

    let tablet = again(&world, tablet, &folder).await?;
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Loading);
    let loading = view.loading.context("how far it is")?;
    assert_eq!((loading.done, loading.total), (done, total));
    for (command, argument) in [
        ("today", Value::Null),
        ("search_children", json!({"query": "", "village": null})),
        ("problems", Value::Null),
    ] {
        let refusal = tablet.refusal(command, argument).await?;
        assert_eq!(refusal.code, "still_loading", "{command}");
    }
    let (result, told) = watched(&tablet).await?;
    assert_eq!(result, Ok(()));
    let first = told.first().context("it is told")?;
    assert!(first.done > done, "it goes on after {done}: {told:?}");
    // After the documents comes what was written meanwhile.
    let (documents, later) = told.split_at(told.partition_point(|share| share.total == total));
    grows(documents)?;
    assert!(!later.is_empty(), "{told:?}");
    let children = tablet.children().await?.rows.len();
    assert_eq!(children, 36, "six of the village and thirty");
    let nickname = tablet.field(&child, "nickname").await?.text;
    assert_eq!(nickname.as_deref(), Some("雨点"));
    held_by_station(&tablet, &world.station)?;
    shown_alike(&tablet, &world.station)?;
    world.township.stop().await;
    Ok(())
}
