//! 退回: what was refused lies in the tray with its reason, later work arrives without it, and it is offered again by
//! itself once it may pass.

use anyhow::{Context, Result};
use client::view::{ChildFileView, DevicesView, RecordState, ReturnedRow, ReturnedView, SavedView};
use ids::UnitId;
use serde_json::{Value, json};
use store::{Store, StoreError, identity};
use zoufang_tests::device::Device;
use zoufang_tests::story::{DAY_MS, PIN, World, copy_folder, held_by_station, same_content};

/// Changes the identity row, as a move of the person would, and reads it anew.
async fn alter(device: &Device, change: impl Fn(&mut identity::Identity)) -> Result<()> {
    let tablet = device.tablet()?;
    let mut altered = tablet.identity.clone();
    change(&mut altered);
    let write =
        |store: &Store| -> Result<(), StoreError> { store.write(|tx| identity::put(tx, &altered)) };
    write(&tablet.store)?;
    drop(tablet);
    device.reopen(PIN).await
}

/// Which memory a device writes as.
fn memory(device: &Device) -> Result<ids::Incarnation> {
    let tablet = device.tablet()?;
    let identity = tablet.store.read(identity::get)?;
    Ok(identity.context("it is enrolled")?.incarnation)
}

fn server(world: &World) -> Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(world.server_database())?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
}

fn bytes_of(id: &str) -> Result<[u8; 16]> {
    Ok(*uuid::Uuid::parse_str(id)?.as_bytes())
}

/// The child stands in another village's list; somebody puts that right the moment the first change was refused.
async fn misfiled_until_the_first_refusal(world: &World, child: &str) -> Result<()> {
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    let server = server(world)?;
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let (child, home) = (hex(&bytes_of(child)?), hex(world.village.0.as_bytes()));
    server.execute_batch(&format!(
        "UPDATE documents SET home_unit = x'{}' WHERE id = x'{child}';
         CREATE TRIGGER put_right AFTER INSERT ON refusals
         BEGIN UPDATE documents SET home_unit = x'{home}' WHERE id = x'{child}'; END;",
        hex(elsewhere.0.as_bytes())
    ))?;
    Ok(())
}

async fn tray(device: &Device) -> Result<ReturnedView> {
    device.call("returned", Value::Null).await
}

async fn nothing_returned(device: &Device) -> Result<()> {
    let view = tray(device).await?;
    assert!(view.open.is_empty(), "{view:#?}");
    Ok(())
}

async fn only(device: &Device) -> Result<ReturnedRow> {
    let mut view = tray(device).await?;
    assert_eq!(view.open.len(), 1, "{view:#?}");
    view.open.pop().context("there is one")
}

fn line<'a>(row: &'a ReturnedRow, key: &str) -> Option<(Option<&'a str>, &'a str)> {
    row.parts
        .iter()
        .flat_map(|part| &part.lines)
        .find(|line| line.key == key)
        .map(|line| (line.before.as_deref(), line.after.as_str()))
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_in_the_middle_of_later_work_the_later_work_arrives_and_the_refused_one_follows_by_itself()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    misfiled_until_the_first_refusal(&world, &child).await?;

    let first = tablet.contact(&child, "第一次。").await?;
    tablet.edit(&child, "child", "nickname", "天天").await?;
    let second = tablet.contact(&child, "第二次。").await?;
    tablet.sync().await?;

    // One is in the tray, in words; the rest stands without it.
    let row = only(&tablet).await?;
    assert_eq!(
        (row.text.as_str(), row.reason.as_str()),
        ("吴天宇 联系", "not_your_unit")
    );
    assert!(row.waits && row.can_offer, "{row:?}");
    assert_eq!(line(&row, "entries.note"), Some((None, "第一次。")));
    assert_eq!(row.child.as_deref(), Some(child.as_str()));
    // Printed to be written anew, it is this child's paper.
    let printed = json!({"what": "returned", "of": row.id, "purpose": "anew"});
    let _: Value = tablet.call("print", printed).await?;
    let left = tablet.trail("print_made")?;
    let left = left.last().context("it is in the trail")?;
    assert_eq!(left.object, child);
    assert!(left.detail.contains("purpose=anew rows=1 "), "{left:?}");
    let page = tablet.sync_page().await?;
    assert!(
        page.unsent.is_empty() && page.needs_you.len() == 1,
        "{page:?}"
    );
    let records = tablet.records().await?;
    let state = |record: &str| records[&(child.clone(), record.to_owned())];
    assert_eq!(state(&first), RecordState::NeedsYou, "still in the record");
    assert_eq!(state(&second), RecordState::Delivered);
    world.station.sync().await?;
    let there = world.station.records().await?;
    assert!(there.contains_key(&(child.clone(), second.clone())));
    assert!(!there.contains_key(&(child.clone(), first.clone())));
    assert_eq!(
        world
            .station
            .field(&child, "nickname")
            .await?
            .text
            .as_deref(),
        Some("天天")
    );
    held_by_station(&tablet, &world.station)?;
    let held: u32 = server(&world)?.query_row("SELECT count(*) FROM held", [], |row| row.get(0))?;
    assert_eq!(held, 0, "what was made anew waits nowhere");

    // The station knows who and why, not what.
    let devices: DevicesView = world.station.call("devices", Value::Null).await?;
    let refusals: Vec<_> = devices
        .devices
        .iter()
        .flat_map(|row| &row.refusals)
        .collect();
    assert_eq!(refusals.len(), 1, "{devices:?}");
    assert_eq!(
        (
            refusals[0].reason.as_str(),
            refusals[0].kind.as_deref(),
            refusals[0].changes
        ),
        ("not_your_unit", Some("child"), 1)
    );

    // Nothing tells the tablet that the cause is gone; a day later it asks by itself.
    tablet.sync().await?;
    only(&tablet).await?;
    world.go_to_day(1, &[&tablet]);
    let third = tablet.contact(&child, "第三次。").await?;
    tablet.sync().await?;
    tablet.all_delivered().await?;
    nothing_returned(&tablet).await?;
    world.station.sync().await?;
    let there = world.station.records().await?;
    for record in [first, second, third] {
        assert!(there.contains_key(&(child.clone(), record)));
    }
    held_by_station(&tablet, &world.station)?;
    let devices: DevicesView = world.station.call("devices", Value::Null).await?;
    assert!(devices.devices.iter().all(|row| row.refusals.is_empty()));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn later_work_made_anew_overwrites_nobody_both_values_are_asked_about() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    tablet.edit(&child, "child", "nickname", "宇宇").await?;
    tablet.sync().await?;
    world.station.sync().await?;
    misfiled_until_the_first_refusal(&world, &child).await?;

    let refused = tablet.contact(&child, "没收下的一次。").await?;
    tablet.edit(&child, "child", "nickname", "天天").await?;
    world
        .station
        .edit(&child, "child", "nickname", "小宇")
        .await?;
    // A correction of what was refused means nothing without it.
    let _: ChildFileView = tablet
        .call(
            "amend_record",
            json!({"child": child, "record": refused, "text": "奶奶也在。", "void": false,
                   "event_date": null, "reason": "漏写了。"}),
        )
        .await?;
    world.station.sync().await?;
    tablet.sync().await?;
    world.station.sync().await?;
    tablet.sync().await?;

    for device in [&tablet, &world.station] {
        let open = device.conflicts().await?;
        assert_eq!(open.len(), 1, "{open:?}");
        let mut values: Vec<_> = open[0]
            .values
            .iter()
            .map(|value| value.text.as_str())
            .collect();
        values.sort_unstable();
        assert_eq!(values, ["天天", "小宇"]);
    }
    let view = tray(&tablet).await?;
    let texts: Vec<_> = view.open.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(
        texts,
        ["吴天宇 补充", "吴天宇 联系"],
        "the correction stays with what it corrects"
    );

    // A person asks once more: both arrive, in their order.
    for row in &view.open {
        let _: ReturnedView = tablet.call("offer_again", json!({"id": row.id})).await?;
    }
    tablet.sync().await?;
    nothing_returned(&tablet).await?;
    world.station.sync().await?;
    let file = world.station.file(&child).await?;
    let arrived = file.timeline.iter().find(|row| row.record == refused);
    assert_eq!(arrived.map(|row| row.amendments.len()), Some(1), "{file:?}");
    held_by_station(&tablet, &world.station)?;
    world.township.stop().await;
    Ok(())
}

async fn file_child_elsewhere(tablet: &Device, elsewhere: UnitId) -> Result<(String, String)> {
    alter(tablet, |identity| identity.unit = elsewhere).await?;
    let filed: SavedView = tablet
        .call(
            "add_child",
            json!({"name": "何小满", "sex": "1", "birth_date": "2017-08-08", "category": "PE",
                   "reason": "邻居说起的。", "household": null, "village": null}),
        )
        .await?;
    let contact = tablet.contact(&filed.record, "问过奶奶，都好。").await?;
    Ok((filed.record, contact))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_filed_in_the_wrong_village_waits_whole_and_arrives_whole_once_the_person_works_there()
-> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    let tablet = world.tablet("李玉梅").await?;
    let (child, contact) = file_child_elsewhere(&tablet, elsewhere).await?;
    tablet.sync().await?;

    // One line for all of it: the file and what was written in it later.
    let row = only(&tablet).await?;
    assert_eq!(
        (row.text.as_str(), row.reason.as_str()),
        ("何小满 建档", "not_your_unit")
    );
    assert_eq!(line(&row, "fields.name"), Some((None, "何小满")));
    assert_eq!(line(&row, "entries.note"), Some((None, "问过奶奶，都好。")));

    // It can be put away and brought back; nothing is dropped.
    let away: ReturnedView = tablet.call("put_away", json!({"id": row.id})).await?;
    assert!(away.open.is_empty() && away.put_away.len() == 1);
    assert!(tablet.child("何小满").await.is_err());
    let page = tablet.sync_page().await?;
    assert!(page.needs_you.is_empty(), "{page:?}");
    let _: ReturnedView = tablet.call("bring_back", json!({"id": row.id})).await?;
    assert_eq!(tablet.child("何小满").await?, child);
    assert_eq!(
        tablet.records().await?[&(child.clone(), contact.clone())],
        RecordState::NeedsYou
    );

    // The person is moved to that village, at the server and on the tablet; nobody taps anything.
    let staff = tablet.tablet()?.identity.staff;
    server(&world)?.execute(
        "UPDATE staff SET unit = ?1 WHERE id = ?2",
        (elsewhere.0.as_bytes(), staff.0.as_bytes()),
    )?;
    alter(&tablet, |identity| identity.role = ids::Role::Director).await?;
    world.go_to_day(1, &[&tablet]);
    tablet.sync().await?;
    nothing_returned(&tablet).await?;
    assert_eq!(
        tablet.records().await?[&(child.clone(), contact.clone())],
        RecordState::Delivered
    );
    world.station.sync().await?;
    assert_eq!(world.station.child("何小满").await?, child);
    let there = world.station.records().await?;
    assert!(there.contains_key(&(child, contact)));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_is_taken_the_others_that_the_same_mistake_held_back_follow_by_themselves()
-> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let staff = tablet.tablet()?.identity.staff;
    let home = tablet.tablet()?.identity.unit;
    let works_in = |unit: UnitId| -> Result<()> {
        server(&world)?.execute(
            "UPDATE staff SET unit = ?1 WHERE id = ?2",
            (unit.0.as_bytes(), staff.0.as_bytes()),
        )?;
        Ok(())
    };
    // A mistake at the server, of which the tablet hears nothing.
    works_in(elsewhere)?;
    for note in ["上午打过电话。", "下午又打了一次。", "傍晚碰见奶奶。"] {
        tablet.contact(&child, note).await?;
        tablet.sync().await?;
    }
    let row = tray(&tablet).await?.open.first().map(|row| row.id.clone());
    assert_eq!(tray(&tablet).await?.open.len(), 3);

    works_in(home)?;
    tablet.sync().await?;
    assert_eq!(tray(&tablet).await?.open.len(), 3, "no sign of it yet");
    let _: ReturnedView = tablet.call("offer_again", json!({"id": row})).await?;
    tablet.sync().await?;
    nothing_returned(&tablet).await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hopeless_one_is_offered_ever_more_rarely() -> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    let tablet = world.tablet("李玉梅").await?;
    file_child_elsewhere(&tablet, elsewhere).await?;
    let offers = |world: &World| -> Result<i64> {
        Ok(server(world)?.query_row("SELECT max(at_ms) FROM refusals", [], |row| row.get(0))?)
    };
    tablet.sync().await?;
    let mut last = offers(&world)?;
    let mut days = Vec::new();
    for day in 1..=30 {
        world.go_to_day(day, &[&tablet]);
        tablet.sync().await?;
        let now = offers(&world)?;
        if now != last {
            days.push(day);
            last = now;
        }
    }
    assert!(days.len() <= 8, "{days:?}");
    let gaps: Vec<i64> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.windows(2).all(|pair| pair[0] <= pair[1]), "{days:?}");
    assert!(
        gaps.iter().all(|gap| gap * DAY_MS <= 7 * DAY_MS),
        "{days:?}"
    );
    only(&tablet).await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_set_back_to_last_week_gets_its_week_back_and_its_new_work_arrives() -> Result<()>
{
    let world = World::new().await?;
    let folder = world.new_folder();
    let tablet = world.open_tablet(&folder)?;
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, PIN).await?;
    let child = tablet.child("吴天宇").await?;
    let before = tablet.contact(&child, "上周的。").await?;
    tablet.sync().await?;
    drop(tablet);
    let kept = world.folder().join("kept");
    copy_folder(&folder, &kept)?;

    // The week that the old copy does not know.
    let tablet = world.open_tablet(&folder)?;
    let _: client::view::AppView = tablet.call("unlock", json!({"pin": PIN})).await?;
    let week = [
        tablet.contact(&child, "这周一。").await?,
        tablet.contact(&child, "这周二。").await?,
    ];
    tablet.sync().await?;
    drop(tablet);
    std::fs::remove_dir_all(&folder)?;
    copy_folder(&kept, &folder)?;

    let tablet = world.open_tablet(&folder)?;
    let _: client::view::AppView = tablet.call("unlock", json!({"pin": PIN})).await?;
    let after = tablet.contact(&child, "退回去以后。").await?;
    tablet.sync().await?;
    tablet.sync().await?;
    tablet.all_delivered().await?;
    nothing_returned(&tablet).await?;
    world.station.sync().await?;
    for device in [&tablet, &world.station] {
        let there = device.records().await?;
        for record in [&before, &week[0], &week[1], &after] {
            assert!(
                there.contains_key(&(child.clone(), record.clone())),
                "{record}"
            );
        }
    }
    held_by_station(&tablet, &world.station)?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_one_tablet_lose_nothing_and_each_begins_a_new_memory() -> Result<()> {
    let world = World::new().await?;
    let folder = world.new_folder();
    let tablet = world.open_tablet(&folder)?;
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, PIN).await?;
    let child = tablet.child("吴天宇").await?;
    let mut records = vec![tablet.contact(&child, "只有一台的时候。").await?];
    tablet.sync().await?;
    drop(tablet);
    let copy = world.clone_of(&folder)?;

    let both = [world.open_tablet(&folder)?, world.open_tablet(&copy)?];
    for (number, device) in both.iter().enumerate() {
        let _: client::view::AppView = device.call("unlock", json!({"pin": PIN})).await?;
        for time in 0..2 {
            let note = format!("第{number}台，第{time}次。");
            records.push(device.contact(&child, &note).await?);
        }
    }
    for device in [&both[0], &both[1], &both[0], &both[1]] {
        device.sync().await?;
        records.push(device.contact(&child, "还在用。").await?);
    }
    world.settle(&[&both[0], &both[1]]).await?;
    world.settle(&[&both[0], &both[1]]).await?;
    for device in [&both[0], &both[1], &world.station] {
        let there = device.records().await?;
        for record in &records {
            assert!(
                there.contains_key(&(child.clone(), record.clone())),
                "{record}"
            );
        }
    }
    for device in &both {
        device.all_delivered().await?;
        nothing_returned(device).await?;
    }
    same_content(&both[0], &both[1])?;
    held_by_station(&both[0], &world.station)?;
    assert_ne!(memory(&both[0])?, memory(&both[1])?);
    world.township.stop().await;
    Ok(())
}
