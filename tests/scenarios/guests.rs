//! 户籍村: the village a child is registered in reads its file and calls, beside the one where it lives; a day counts once, and
//! when it is over nothing that was written is lost.

use crate::moves::{ELSEWHERE, departures, names};
use anyhow::{Context, Result, ensure};
use client::view::{
    GuestFormView, MovesView, NoticeKind, ProblemListView, SavedView, TimelineKind, TodayView,
};
use ids::UnitId;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::World;
use zoufang_tests::township::SetBack;

/// The children this tablet's village only knows of.
async fn known(device: &Device) -> Result<Vec<String>> {
    let list = device.children().await?.guests;
    Ok(list.into_iter().map(|row| row.name).collect())
}

async fn open(world: &World, child: &str, village: UnitId) -> Result<GuestFormView> {
    let today = world.station.tablet()?.today().to_string();
    world.station.step_up().await?;
    let asked = json!({"child": child, "village": village.to_string(), "from": today, "until": "",
                       "whole_household": false});
    world.station.call("open_guest", asked).await
}

async fn contacts_of(device: &Device, child: &str) -> Result<Vec<String>> {
    let file = device.file(child).await?;
    let contacts = file
        .timeline
        .into_iter()
        .filter(|row| row.kind == TimelineKind::Contact);
    Ok(contacts.map(|row| row.record).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_villages_call_one_manages_and_the_end_loses_nothing() -> Result<()> {
    let world = World::new().await?;
    let west = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let home = world.tablet("李玉梅").await?;
    let other = world.tablet_of(west, "何静").await?;
    let child = home.child("石小雨").await?;
    home.sync().await?;

    let asked = json!({"child": child, "village": west.to_string(), "from": "2026-01-01", "until": "",
                       "whole_household": false});
    let refused = world.station.refusal("open_guest", asked).await?;
    assert_eq!(refused.code, "pin_again");
    let view = open(&world, &child, west).await?;
    let row = view.rows.first().context("it is listed")?.clone();
    assert_eq!(
        (row.village.as_str(), row.state.as_str()),
        (ELSEWHERE.0, "running")
    );
    let at_home = home.file(&child).await?;
    ensure!(at_home.guest.is_none(), "not heard yet");
    home.sync().await?;
    let guest = home.file(&child).await?.guest.context("it is said")?;
    assert_eq!((guest.village.as_str(), guest.here), (ELSEWHERE.0, false));

    // She sees the child beside her own, and it is nothing she has to do.
    other.sync().await?;
    assert_eq!(known(&other).await?, ["石小雨"]);
    ensure!(names(&other).await?.is_empty());
    let today: TodayView = other.call("today", Value::Null).await?;
    ensure!(today.rows.is_empty() && today.children == 0 && today.with_cadence == 0);
    let notice = today.notices.first().context("it is told above her list")?;
    assert_eq!(
        (notice.kind, notice.name.as_str(), notice.count),
        (NoticeKind::Registered, "白荷村", 1)
    );
    let file = other.file(&child).await?;
    let guest = file.guest.context("it is marked")?;
    assert_eq!((guest.managed_by.as_str(), guest.here), ("白荷村", true));
    ensure!(file.dues.is_empty() && file.misses.is_empty() && file.months.is_empty());
    let fields = file.blocks.iter().flat_map(|block| &block.fields);
    ensure!(fields.clone().count() > 0 && fields.clone().all(|field| !field.editable));
    for (command, asked) in [
        (
            "edit_field",
            json!({"child": child, "holder": "child", "key": "nickname", "value": "小雨"}),
        ),
        ("open_visit", json!({"id": child})),
        ("benefits", json!({"id": child})),
    ] {
        let refused = other.refusal(command, asked).await?;
        assert_eq!(refused.code, "not_found", "{command}");
    }

    // Both call on the same day, without a network.
    world.cut_network();
    let hers = other.contact(&child, "老家的主任打了电话。").await?;
    let theirs = home.contact(&child, "住的村也打了电话。").await?;
    world.restore_network();
    world.settle(&[&home, &other]).await?;
    for device in [&home, &other, &world.station] {
        let contacts = contacts_of(device, &child).await?;
        ensure!(contacts.contains(&hers) && contacts.contains(&theirs));
    }
    let file = home.file(&child).await?;
    let this_month = file.months.last().context("this month")?;
    assert_eq!(this_month.contacts, 1, "one day counts once");
    let by = file.timeline.iter().find(|row| row.record == hers);
    assert_eq!(by.context("it is read at home")?.by, "何静");
    home.all_delivered().await?;
    other.all_delivered().await?;

    // What she reports is her village's, and the station has it with the child's name.
    let problem = json!({"children": [child], "card": "danger", "urgency": "later", "seen": "听说那边的河没有护栏。",
                         "origin_record": null, "mandatory": null});
    let _: SavedView = other.call("report_problem", problem).await?;
    world.settle(&[&home, &other]).await?;
    let at_station: ProblemListView = world.station.call("problems", Value::Null).await?;
    let reported = at_station.rows.first().context("the station has it")?;
    assert_eq!(
        (reported.names.as_str(), reported.village.as_str()),
        ("石小雨", ELSEWHERE.0)
    );
    let at_home: ProblemListView = home.call("problems", Value::Null).await?;
    ensure!(at_home.rows.is_empty());

    // It ends while she has something to send.
    world.cut_network();
    let late = other.contact(&child, "结束那天打的。").await?;
    world.restore_network();
    world.station.step_up().await?;
    let ended: GuestFormView = world
        .station
        .call("end_guest", json!({"child": child, "id": row.id}))
        .await?;
    assert_eq!(ended.rows[0].state, "over");
    other.sync().await?;
    ensure!(known(&other).await?.is_empty());
    other.sync().await?;
    other.sync().await?;
    ensure!(!departures(&other).await?.children.is_empty());
    let tray: MovesView = world.station.call("moves", Value::Null).await?;
    let waiting = tray.waiting.first().context("it waits for a person")?;
    let asked = json!({"change": waiting.change, "take": true, "reason": ""});
    let _: MovesView = world.station.call("decide_review", asked).await?;
    world.settle(&[&home]).await?;
    ensure!(contacts_of(&home, &child).await?.contains(&late));
    let said = home.file(&child).await?.guest;
    ensure!(said.is_none(), "{said:?}");
    Ok(())
}

/// The order comes back with whoever saw it, what the other village wrote with it, and a new tablet there has the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_set_back_knows_the_second_village_again() -> Result<()> {
    let mut world = World::new().await?;
    let west = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let home = world.tablet("李玉梅").await?;
    let other = world.tablet_of(west, "何静").await?;
    let child = home.child("石小雨").await?;
    world.settle(&[&home, &other]).await?;
    let copy = world.township.back_up(&world.folder().join("backup"))?;
    open(&world, &child, west).await?;
    other.sync().await?;
    let hers = other.contact(&child, "备份以后的电话。").await?;
    world.settle(&[&home, &other]).await?;

    let data = world.folder().join("older");
    world
        .township
        .set_back(&copy, &data, SetBack::Unnoticed)
        .await?;
    for _ in 0..4 {
        for device in [&home, &other, &world.station] {
            device.sync().await?;
        }
    }
    assert_eq!(known(&other).await?, ["石小雨"]);
    for device in [&home, &other, &world.station] {
        ensure!(contacts_of(device, &child).await?.contains(&hers));
        device.all_delivered().await?;
    }
    let more = other.contact(&child, "恢复以后的电话。").await?;
    world.settle(&[&home, &other]).await?;
    ensure!(contacts_of(&home, &child).await?.contains(&more));
    let fresh = world.tablet_of(west, "周宁").await?;
    assert_eq!(known(&fresh).await?, ["石小雨"]);
    ensure!(contacts_of(&fresh, &child).await?.contains(&hers));
    Ok(())
}
