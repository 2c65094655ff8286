//! People come and go: a director is replaced, another stands in while she is away, an appointment runs out, a village goes
//! up in another one. Nothing she wrote is lost, and nobody sees a village longer than was said.

use crate::moves::{ELSEWHERE, departures, names};
use anyhow::{Context, Result, bail};
use client::view::{
    AppView, MovesView, NoticeKind, PeopleView, PersonRow, SavedView, Stage, TodayView,
    VillageListView,
};
use ids::UnitId;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{DAY_MS, World};

async fn people(world: &World) -> Result<PeopleView> {
    world.station.call("people", Value::Null).await
}

async fn person(world: &World, name: &str) -> Result<PersonRow> {
    let view = people(world).await?;
    let found = view.people.into_iter().find(|row| row.person == name);
    found.context("the person is listed")
}

fn appointment(village: UnitId, name: &str, more: &Value) -> Value {
    let mut asked = json!({
        "role": "director", "village": village.to_string(), "person": name, "from": "2026-01-01", "until": "",
        "approved_by": "沈岚", "basis": "芦民批〔2026〕7号", "vetted_on": "2026-01-01", "vetting": "查询2026-118",
        "replaces": null,
    });
    if let (Some(asked), Some(more)) = (asked.as_object_mut(), more.as_object()) {
        asked.extend(more.clone());
    }
    asked
}

async fn appoint(world: &World, asked: Value) -> Result<PeopleView> {
    world.station.step_up().await?;
    world.station.call("appoint", asked).await
}

/// A tablet says of itself that it was stopped, once it has heard so.
async fn is_told_to_stop(device: &Device) -> Result<()> {
    if device.sync().await.is_ok() {
        bail!("it was not told");
    }
    let view: AppView = device.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Stopped);
    Ok(())
}

/// What waits at the station is taken by a person.
async fn take_everything(world: &World) -> Result<usize> {
    let tray: MovesView = world.station.call("moves", Value::Null).await?;
    let mut taken = 0;
    for row in tray.waiting {
        let _: MovesView = world
            .station
            .call(
                "decide_review",
                json!({"change": row.change, "take": true, "reason": ""}),
            )
            .await?;
        taken += 1;
    }
    Ok(taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_director_hands_over_and_the_next_one_goes_on() -> Result<()> {
    let world = World::new().await?;
    let old = world.tablet("李玉梅").await?;
    let child = old.child("石小雨").await?;
    old.sync().await?;
    world.cut_network();
    let contact = old.contact(&child, "电话里都好。").await?;
    world.restore_network();

    let refused = world
        .station
        .refusal("appoint", appointment(world.village, "周棠", &json!({})))
        .await?;
    assert_eq!(refused.code, "pin_again");
    let before = person(&world, "李玉梅").await?;
    assert!(
        before.approved_by.is_empty() && before.vetting_due,
        "who was here before anything was written down is listed as such"
    );
    let replaces = json!({"replaces": before.grant});
    appoint(&world, appointment(world.village, "周棠", &replaces)).await?;
    let gone = person(&world, "李玉梅").await?;
    assert_eq!(
        (gone.state.as_str(), gone.end_reason.as_str(), gone.devices),
        ("ended", "由别人接任", 0)
    );
    is_told_to_stop(&old).await?;
    assert!(take_everything(&world).await? > 0, "what she had not sent");
    world.station.sync().await?;
    let file = world.station.file(&child).await?;
    assert!(file.timeline.iter().any(|entry| entry.record == contact));

    let next = world.tablet("周棠").await?;
    assert!(names(&next).await?.contains(&"石小雨".to_owned()));
    let file = next.file(&child).await?;
    assert!(file.timeline.iter().any(|entry| entry.record == contact));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stands_in_sees_the_village_and_writes_for_it_until_it_is_over() -> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let absent = world.tablet("李玉梅").await?;
    let delegate = world.tablet_of(elsewhere, "何静").await?;
    let child = absent.child("石小雨").await?;
    absent.sync().await?;
    assert!(!names(&delegate).await?.contains(&"石小雨".to_owned()));

    let today = people(&world).await?.today;
    let (away, stands_in) = (
        person(&world, "李玉梅").await?,
        person(&world, "何静").await?,
    );
    let asked = json!({"village": world.village.to_string(), "delegate": stands_in.staff, "absent": away.staff,
                       "from": today, "until": today});
    world.station.step_up().await?;
    let view: PeopleView = world.station.call("cover_village", asked).await?;
    let cover = view.covers.first().context("it is listed")?.clone();
    assert_eq!(
        (cover.state.as_str(), cover.absent.as_str()),
        ("running", "李玉梅")
    );
    delegate.sync().await?;
    assert!(names(&delegate).await?.contains(&"石小雨".to_owned()));
    let above: TodayView = delegate.call("today", Value::Null).await?;
    let notice = above.notices.first().context("it is said above her list")?;
    assert_eq!(
        (notice.kind, notice.name.as_str(), notice.count),
        (NoticeKind::StandIn, "白荷村", 6)
    );
    absent.sync().await?;
    let above: TodayView = absent.call("today", Value::Null).await?;
    let notice = above
        .notices
        .first()
        .context("and above the absent one's")?;
    assert_eq!(
        (notice.kind, notice.name.as_str()),
        (NoticeKind::Covered, "何静")
    );
    let contact = delegate.contact(&child, "代管期间打的电话。").await?;
    delegate.sync().await?;
    absent.sync().await?;
    let file = absent.file(&child).await?;
    let hers = file.timeline.iter().find(|entry| entry.record == contact);
    assert_eq!(
        hers.context("the village reads it")?.by,
        "何静",
        "and knows whose it is"
    );

    world.cut_network();
    let late = delegate.contact(&child, "最后一个电话。").await?;
    world.restore_network();
    world.station.step_up().await?;
    let _: PeopleView = world
        .station
        .call("end_cover", json!({"id": cover.id}))
        .await?;
    delegate.sync().await?;
    assert!(!names(&delegate).await?.contains(&"石小雨".to_owned()));
    delegate.sync().await?;
    delegate.sync().await?;
    let gone = departures(&delegate).await?;
    assert!(!gone.children.is_empty(), "she is told where it went");
    assert!(take_everything(&world).await? > 0);
    world.station.sync().await?;
    let file = world.station.file(&child).await?;
    assert!(file.timeline.iter().any(|entry| entry.record == late));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn standing_in_ends_on_the_tablet_with_its_last_day_though_nothing_was_heard() -> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let absent = world.tablet("李玉梅").await?;
    let delegate = world.tablet_of(elsewhere, "何静").await?;
    let child = absent.child("石小雨").await?;
    absent.sync().await?;
    let today = people(&world).await?.today;
    let (away, stands_in) = (
        person(&world, "李玉梅").await?,
        person(&world, "何静").await?,
    );
    let asked = json!({"village": world.village.to_string(), "delegate": stands_in.staff, "absent": away.staff,
                       "from": today, "until": today});
    world.station.step_up().await?;
    let _: PeopleView = world.station.call("cover_village", asked).await?;
    delegate.sync().await?;
    assert!(names(&delegate).await?.contains(&"石小雨".to_owned()));

    world.cut_network();
    let begun = delegate.begin_visit(&child).await?;
    let last = delegate.contact(&child, "最后一天打的电话。").await?;
    // The next day; and setting the clock back brings nothing back.
    for day in [1, -1] {
        delegate.clock.move_by(day * DAY_MS);
        assert!(names(&delegate).await?.is_empty(), "{day}");
        for (command, asked) in [
            ("child_file", json!({"id": child})),
            ("open_visit", json!({"id": child})),
        ] {
            let refused = delegate.refusal(command, asked).await?;
            assert_eq!(refused.code, "not_found", "{command}");
        }
    }
    // What she wrote and had begun stays hers until it is where it belongs.
    let page = delegate.sync_page().await?;
    assert_eq!(page.unsent.len(), 1, "{page:?}");
    let above: TodayView = delegate.call("today", Value::Null).await?;
    let drafts: Vec<&str> = above.drafts.iter().map(|row| row.draft.as_str()).collect();
    assert_eq!(drafts, [begun.draft.as_str()]);
    world.restore_network();
    world.go_to_day(1, &[&absent, &delegate]);
    for _ in 0..3 {
        delegate.sync().await?;
    }
    assert!(take_everything(&world).await? > 0);
    world.station.sync().await?;
    let file = world.station.file(&child).await?;
    assert!(file.timeline.iter().any(|entry| entry.record == last));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_that_ran_out_is_over_on_the_tablet_too() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    tablet.sync().await?;
    let today = people(&world).await?.today;
    let until = json!({"until": today, "same_as": tablet.tablet()?.identity.staff.to_string()});
    let view = appoint(&world, appointment(world.village, "李玉梅", &until)).await?;
    let hers = view.people.iter().find(|row| row.person == "李玉梅");
    assert!(hers.context("she is listed")?.ends_soon);
    world.cut_network();
    tablet.contact(&child, "最后一天的电话。").await?;
    world.restore_network();
    world.go_to_day(2, &[&tablet, &world.station]);
    is_told_to_stop(&tablet).await?;
    assert!(take_everything(&world).await? > 0);
    let over = person(&world, "李玉梅").await?;
    assert_eq!((over.state.as_str(), over.devices), ("expired", 0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_village_goes_on_under_the_other_ones_name() -> Result<()> {
    let world = World::new().await?;
    let into = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let other = world.tablet_of(into, "何静").await?;
    let child = old.child("石小雨").await?;
    let contact = old.contact(&child, "并村前的电话。").await?;
    old.sync().await?;

    let new = world.township.at_the_desk(|desk| {
        assert!(desk.merge_village(world.village, into)? > 0);
        desk.call_village_anew(into, Some("联合村"), None)?;
        desk.split_village(into, "新河村", "310199100299")
    })?;

    other.sync().await?;
    assert!(names(&other).await?.contains(&"石小雨".to_owned()));
    let file = other.file(&child).await?;
    assert!(file.timeline.iter().any(|entry| entry.record == contact));
    let view: AppView = other.call("app", Value::Null).await?;
    assert_eq!(
        view.unit.as_deref(),
        Some("联合村"),
        "her own village's name"
    );
    old.sync().await?;
    assert!(names(&old).await?.is_empty());
    world.station.sync().await?;
    let villages: VillageListView = world.station.call("villages", Value::Null).await?;
    let of = |unit: UnitId| {
        villages
            .rows
            .iter()
            .find(|row| row.village == unit.to_string())
    };
    assert!(of(world.village).is_none() && of(new).is_some());
    let joined = of(into).context("it is listed")?;
    assert_eq!(joined.former, [format!("{} {}", ELSEWHERE.0, ELSEWHERE.1)]);
    let _: SavedView = other
        .call(
            "record_contact",
            zoufang_tests::story::contact_input(&child, &today_of(&other)?, "并村后的电话。"),
        )
        .await?;
    other.sync().await?;
    Ok(())
}

fn today_of(device: &Device) -> Result<String> {
    Ok(device.tablet()?.today().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_director_reads_her_own_vetting_and_nobody_elses() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    world.tablet("王秀").await?;
    let grant = person(&world, "李玉梅").await?.grant;
    let vetting = json!({"grant": grant, "vetted_on": "2026-01-01", "vetting": "查询2026-118"});
    world.station.step_up().await?;
    let _: PeopleView = world.station.call("record_vetting", vetting).await?;
    let mine: PersonRow = tablet.call("own_appointment", Value::Null).await?;
    let known = person(&world, "李玉梅").await?;
    assert_eq!(
        (mine.person.as_str(), &mine.vetted_on, &mine.vetting),
        ("李玉梅", &known.vetted_on, &known.vetting)
    );
    assert!(mine.vetted_on.is_some() && mine.this);
    let refused = tablet.refusal("people", Value::Null).await?;
    assert_eq!(refused.code, "not_allowed");
    world.cut_network();
    let refused = tablet.refusal("own_appointment", Value::Null).await?;
    assert_eq!(refused.code, "no_network");
    world.township.stop().await;
    Ok(())
}
