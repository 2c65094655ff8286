//! 转出、转入: a child goes to another village or township in two steps. The old tablet hides it, hands over what was written
//! there, and only then forgets it; what comes late is read by a person. Nothing is refused in silence (cht-core#11306).

use crate::whole_problem::{add, head, look, refused, solve};
use anyhow::{Context, Result};
use client::view::{
    AttemptFormView, ChildFileView, DeparturesView, LateWorkView, MoveFormView, MovesView,
    OverviewView, ProblemState, RecordState, ReturnedView, SavedView, ShellKind, VillageListView,
    VisitFormView,
};
use ids::UnitId;
use serde_json::{Value, json};
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, held_by_station};

pub(crate) const ELSEWHERE: (&str, &str) = ("青溪村", "310199100202");

/// Another township with its station and one village.
pub(crate) async fn neighbours(world: &World) -> Result<(Device, UnitId)> {
    let (name, region) = ("青溪镇", "310199200000");
    let code = world
        .township
        .server
        .create_township(name.to_owned(), region.to_owned(), "何静".to_owned())
        .await?;
    let station = world.open_device(&world.new_folder(), ShellKind::Station)?;
    station
        .enrol(&world.township.server, &code, "604817")
        .await?;
    let list: VillageListView = station
        .call(
            "create_village",
            json!({"name": "荷塘村", "region": "310199200201"}),
        )
        .await?;
    let village = UnitId::parse(&list.rows.first().context("the village is listed")?.village)?;
    Ok((station, village))
}

pub(crate) async fn offer(
    station: &Device,
    child: &str,
    whole: bool,
    to: UnitId,
) -> Result<String> {
    station.step_up().await?;
    let view: MovesView = station
        .call(
            "offer_move",
            json!({"child": child, "whole_household": whole, "village": to.to_string(),
                   "reason": "全家搬到外婆家。", "moved_on": "2026-11-01"}),
        )
        .await?;
    let newest = view.outgoing.first().context("it is offered")?;
    assert_eq!(newest.state, "offered");
    Ok(newest.id.clone())
}

pub(crate) async fn decide(station: &Device, id: &str, decision: &str) -> Result<MovesView> {
    station.step_up().await?;
    station
        .call("decide_move", json!({"id": id, "decision": decision}))
        .await
}

async fn moves(station: &Device) -> Result<MovesView> {
    station.call("moves", Value::Null).await
}

pub(crate) async fn departures(device: &Device) -> Result<DeparturesView> {
    device.call("departures", Value::Null).await
}

pub(crate) async fn names(device: &Device) -> Result<Vec<String>> {
    Ok(device
        .children()
        .await?
        .rows
        .into_iter()
        .map(|row| row.name)
        .collect())
}

/// Records in a child's file, newest first.
pub(crate) async fn timeline(device: &Device, child: &str) -> Result<Vec<String>> {
    let file = device.file(child).await?;
    Ok(file.timeline.into_iter().map(|line| line.record).collect())
}

/// How many documents lie on a device, seen or not.
fn documents(device: &Device) -> Result<usize> {
    Ok(device.heads()?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_moves_to_another_village_and_takes_everything_along() -> Result<()> {
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let (child, sibling) = (old.child("石小雨").await?, old.child("石小晨").await?);
    let contact = old.contact(&child, "电话里都好。").await?;
    let visit = old.visit(&child).await?;
    world.settle(&[&old, &new]).await?;
    let before = documents(&old)?;

    let form: MoveFormView = world
        .station
        .call("move_form", json!({"id": child}))
        .await?;
    assert_eq!(
        (form.village.as_str(), &form.siblings),
        ("白荷村", &vec!["石小晨".to_owned()])
    );
    assert_eq!(
        form.targets
            .iter()
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>(),
        [ELSEWHERE.0]
    );
    assert_eq!((form.alone.children, form.household.children), (1, 2));
    assert_eq!(
        form.household.records, 3,
        "the contact, and both children's part of the visit"
    );
    let offered = offer(&world.station, &child, true, there).await?;

    // Nothing has moved: the offer may still be taken back.
    old.sync().await?;
    assert!(names(&old).await?.contains(&"石小雨".to_owned()));
    decide(&world.station, &offered, "accept").await?;
    new.sync().await?;
    old.sync().await?;

    assert_eq!(names(&new).await?, ["石小晨", "石小雨"]);
    let seen = timeline(&new, &child).await?;
    assert!(seen.contains(&contact) && seen.contains(&visit), "{seen:?}");
    assert!(!names(&old).await?.contains(&"石小雨".to_owned()));
    // She had handed over everything, so the copy is gone, and the line says initials.
    assert_eq!(documents(&old)?, before - 3);
    let left = departures(&old).await?;
    assert_eq!(left.children.len(), 2);
    for row in &left.children {
        assert_eq!(
            (row.name.as_str(), row.destination.as_str()),
            ("石某某", ELSEWHERE.0)
        );
        assert!(row.removed && row.unsent == 0);
    }
    assert!(old.file(&child).await.is_err(), "there is no file to open");

    // The new village works on.
    new.contact(&sibling, "刚搬来，都好。").await?;
    new.visit(&child).await?;
    world.settle(&[&new, &old]).await?;
    new.all_delivered().await?;
    old.all_delivered().await?;
    held_by_station(&new, &world.station)?;
    held_by_station(&old, &world.station)?;
    let overview: OverviewView = world.station.call("overview", Value::Null).await?;
    assert_eq!(overview.reviews, 0);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_goes_alone_gets_a_household_of_its_own_with_the_first_visit() -> Result<()> {
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("石小雨").await?;
    let offered = offer(&world.station, &child, false, there).await?;
    decide(&world.station, &offered, "accept").await?;
    world.settle(&[&old, &new]).await?;
    assert!(
        names(&old).await?.contains(&"石小晨".to_owned()),
        "the brother stays"
    );
    assert_eq!(names(&new).await?, ["石小雨"]);
    // Nor does it go along when the rest of the family moves.
    let brother = json!({"id": old.child("石小晨").await?});
    let form: MoveFormView = world.station.call("move_form", brother).await?;
    assert!(form.siblings.is_empty(), "{form:?}");
    assert_eq!(form.household.children, 1);

    let begun: VisitFormView = new.call("open_visit", json!({"id": child})).await?;
    let again: VisitFormView = new.call("open_visit", json!({"id": child})).await?;
    assert_eq!(begun.draft, again.draft, "one draft, opened twice");
    let visit = new.visit(&child).await?;
    assert!(timeline(&new, &child).await?.contains(&visit));
    let second = new.visit(&child).await?;
    assert_ne!(visit, second);
    world.settle(&[&new, &old]).await?;
    new.all_delivered().await?;
    held_by_station(&new, &world.station)?;
    // And the brother is visited where he is.
    let brother = old.child("石小晨").await?;
    old.visit(&brother).await?;
    world.settle(&[&old]).await?;
    old.all_delivered().await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_went_alone_is_not_met_alone_also_where_both_villages_are_seen() -> Result<()>
{
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("石小雨").await?;
    let offered = offer(&world.station, &child, false, there).await?;
    decide(&world.station, &offered, "accept").await?;
    world.settle(&[&old, &new]).await?;
    let station = &world.station;
    let form: AttemptFormView = station.call("attempt_form", json!({"id": child})).await?;
    assert_eq!(form.names, "石小雨");
    let today = station.tablet()?.today().to_string();
    let attempt = json!({"household": form.household, "child": child, "event_date": today, "reason": "nobody_home",
        "next_on": null, "note": ""});
    let saved: SavedView = station.call("record_attempt", attempt).await?;
    let is_there = |lines: Vec<String>| lines.contains(&saved.record);
    assert!(is_there(timeline(station, &child).await?));
    let brother = old.child("石小晨").await?;
    assert!(!is_there(timeline(station, &brother).await?));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn to_another_township_the_other_station_accepts_and_the_first_forgets() -> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = neighbours(&world).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("吴天宇").await?;
    let contact = old.contact(&child, "电话里都好。").await?;
    world.settle(&[&old]).await?;

    neighbour.step_up().await?;
    // Taken back, and declined: nothing moves.
    for (decider, decision) in [(&world.station, "withdraw"), (&neighbour, "decline")] {
        let offered = offer(&world.station, &child, true, there).await?;
        decide(decider, &offered, decision).await?;
        let late = json!({"id": offered, "decision": "accept"});
        let refusal = neighbour.refusal("decide_move", late).await?;
        assert_eq!(refusal.code, "move_over");
    }
    world.settle(&[&old]).await?;
    assert!(names(&old).await?.contains(&"吴天宇".to_owned()));
    assert!(names(&neighbour).await?.is_empty());

    let offered = offer(&world.station, &child, true, there).await?;
    let incoming = moves(&neighbour).await?.incoming;
    let row = incoming.first().context("the neighbours see it")?;
    assert_eq!(
        (row.subject.as_str(), row.from.as_str()),
        ("吴天宇", "芦汀镇 白荷村")
    );
    assert_eq!(row.to, "青溪镇 荷塘村");
    decide(&neighbour, &offered, "accept").await?;
    world.settle(&[&old]).await?;
    neighbour.sync().await?;
    new.sync().await?;

    assert_eq!(names(&new).await?, ["吴天宇"]);
    assert_eq!(timeline(&new, &child).await?, [contact]);
    assert_eq!(names(&neighbour).await?, ["吴天宇"]);
    for device in [&old, &world.station] {
        assert!(!names(device).await?.contains(&"吴天宇".to_owned()));
        let left = departures(device).await?;
        assert!(left.children.iter().all(|row| row.removed), "{left:?}");
    }
    let heads = world.station.heads()?;
    assert!(heads.keys().all(|document| document.to_string() != child));

    new.contact(&child, "刚搬来，都好。").await?;
    new.visit(&child).await?;
    for _ in 0..2 {
        new.sync().await?;
        neighbour.sync().await?;
    }
    new.all_delivered().await?;
    held_by_station(&new, &neighbour)?;

    // And home again: her own words come back to where she wrote them.
    let back = offer(&neighbour, &child, true, world.village).await?;
    decide(&world.station, &back, "accept").await?;
    for _ in 0..2 {
        for device in [&new, &neighbour, &old, &world.station] {
            device.sync().await?;
        }
    }
    assert_eq!(timeline(&old, &child).await?.len(), 3);
    assert!(names(&new).await?.is_empty());
    assert!(departures(&old).await?.children.is_empty());
    old.contact(&child, "又回来了。").await?;
    world.settle(&[&old]).await?;
    old.all_delivered().await?;
    held_by_station(&old, &world.station)?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grave_matter_of_two_is_closed_where_one_stayed_and_the_other_left() -> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = neighbours(&world).await?;
    let tablet = world.tablet("李玉梅").await?;
    let (stays, leaves) = (tablet.child("石小雨").await?, tablet.child("石小晨").await?);
    let input = json!({"children": [stays, leaves], "card": "school", "urgency": "days", "seen": "都三天没上学。",
        "origin_record": null, "mandatory": null});
    let saved: SavedView = tablet.call("report_problem", input).await?;
    let problem = saved.record;
    world.settle(&[&tablet]).await?;
    solve(&world.station, &problem).await?;

    // What is only offered has not left.
    let form = json!({"id": stays});
    let form: MoveFormView = world.station.call("move_form", form).await?;
    assert_eq!((form.alone.problems, form.alone.problems_staying), (0, 1));
    let offered = offer(&world.station, &leaves, false, there).await?;
    assert!(look(&world.station, &problem).await?.left.is_empty());
    decide(&neighbour, &offered, "accept").await?;
    world.settle(&[&tablet]).await?;
    let view = look(&world.station, &problem).await?;
    let [gone] = view.left.as_slice() else {
        anyhow::bail!("one left: {:?}", view.left.len());
    };
    assert_eq!(
        (&gone.child, gone.name.as_deref()),
        (&leaves, Some("石某某"))
    );
    assert!(gone.to.as_ref().is_some_and(|to| to.contains("青溪镇")));
    // The one that stayed is to be seen as before.
    let unseen = refused(&world.station, &problem, "closed", "办结。", json!({}));
    assert_eq!(unseen.await?, "child_not_seen_since");

    world.go_to_day(1, &[&tablet]);
    tablet.visit(&stays).await?;
    world.settle(&[&tablet]).await?;
    let silent = refused(&world.station, &problem, "closed", "", json!({}));
    assert_eq!(silent.await?, "text_missing");
    // Also on a device that did not see it go.
    let later = head(&world).await?;
    let view = look(&later, &problem).await?;
    assert_eq!((view.left.len(), view.why_not_close), (1, None));
    let why = "石小雨见过了，平稳；石小晨转走了，已经告诉那边的站。";
    let view = add(&world.station, &problem, "closed", why, json!({})).await?;
    assert_eq!(view.row.state, ProblemState::Closed);

    // Where the last one leaves, nobody stays whom it is about: it goes along.
    let form = json!({"id": stays});
    let form: MoveFormView = world.station.call("move_form", form).await?;
    assert_eq!((form.alone.problems, form.alone.problems_staying), (1, 0));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_offline_after_the_family_left_is_neither_refused_nor_lost() -> Result<()>
{
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("吴天宇").await?;
    let delivered = old.contact(&child, "还在村里的时候。").await?;
    world.settle(&[&old, &new]).await?;
    let offered = offer(&world.station, &child, true, there).await?;
    decide(&world.station, &offered, "accept").await?;
    new.sync().await?;

    // She is out of reach and does not know.
    let late = old.contact(&child, "路上遇见，都好。").await?;
    let visit = old.visit(&child).await?;
    old.edit(&child, "child", "nickname", "天天").await?;
    old.sync().await?;

    // Nothing of it is refused, and every line has a state she sees.
    let returned: ReturnedView = old.call("returned", Value::Null).await?;
    assert!(returned.open.is_empty(), "{returned:?}");
    old.sync().await?;
    let left = departures(&old).await?;
    assert_eq!(left.children.len(), 1);
    assert!(left.children[0].removed, "{left:?}");
    assert!(left.late.len() >= 3, "{left:?}");
    assert!(
        left.late.iter().all(|row| row.state == "waiting"),
        "{left:?}"
    );
    assert!(!timeline(&new, &child).await?.contains(&late));

    // The station is told, reads it and decides, one by one.
    world.station.sync().await?;
    let overview: OverviewView = world.station.call("overview", Value::Null).await?;
    assert_eq!(overview.reviews as usize, left.late.len());
    let view = moves(&world.station).await?;
    assert_eq!(view.waiting.len(), left.late.len());
    assert_eq!(view.waiting_in_all as usize, left.late.len());
    assert!(view.more.is_none(), "it is all on one page");
    // From a place on it is read page by page.
    let place = json!({"after": "waiting 0"});
    let page: LateWorkView = world.station.call("more_late", place).await?;
    assert_eq!((&page.waiting, &page.more), (&view.waiting, &None));
    let nowhere = json!({"after": "nowhere"});
    let refusal = world.station.refusal("more_late", nowhere).await?;
    assert_eq!(refusal.code, "not_found");
    assert!(
        view.waiting
            .iter()
            .all(|row| row.by == "李玉梅" && row.unit == "白荷村")
    );
    let of = |part: &str| {
        view.waiting
            .iter()
            .find(|row| row.lines.iter().any(|line| line.after.contains(part)))
            .with_context(|| format!("{part} is shown: {view:?}"))
            .map(|row| row.change.clone())
    };
    let (met, nickname) = (of("路上遇见，都好。")?, of("天天")?);
    let said: MovesView = world
        .station
        .call(
            "decide_review",
            json!({"change": nickname, "take": false, "reason": "新村已经改过。"}),
        )
        .await?;
    assert_eq!(said.decided.len(), 1);
    let mut view = world
        .station
        .call::<MovesView>(
            "decide_review",
            json!({"change": met, "take": true, "reason": ""}),
        )
        .await?;
    while let Some(row) = view.waiting.first() {
        let taken = json!({"change": row.change, "take": true, "reason": ""});
        view = world.station.call("decide_review", taken).await?;
    }
    world.settle(&[&new, &old]).await?;
    for device in [&new, &world.station] {
        let seen = timeline(device, &child).await?;
        for record in [&delivered, &late, &visit] {
            assert!(seen.contains(record), "{record} of {seen:?}");
        }
        assert_eq!(device.field(&child, "nickname").await?.text, None);
    }
    held_by_station(&new, &world.station)?;
    let told = departures(&old).await?.late;
    let state = |word: &str| told.iter().filter(|row| row.state == word).count();
    assert_eq!((state("set_aside"), state("waiting")), (1, 0), "{told:?}");
    let aside = told.iter().find(|row| row.state == "set_aside");
    assert_eq!(aside.map(|row| row.reason.as_str()), Some("新村已经改过。"));
    let overview: OverviewView = world.station.call("overview", Value::Null).await?;
    assert_eq!(overview.reviews, 0);

    // A second thought: what was set aside was kept.
    let view: MovesView = world
        .station
        .call(
            "decide_review",
            json!({"change": nickname, "take": true, "reason": ""}),
        )
        .await?;
    assert!(view.decided.iter().all(|row| row.state == "taken"));
    world.settle(&[&new, &old]).await?;
    assert_eq!(
        new.field(&child, "nickname").await?.text.as_deref(),
        Some("天天")
    );
    // Her tablet goes on in other files as before.
    let other = old.child("周子涵").await?;
    old.contact(&other, "都好。").await?;
    world.settle(&[&old, &new]).await?;
    old.all_delivered().await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_work_for_another_township_is_read_there_and_only_counted_here() -> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = neighbours(&world).await?;
    let old = world.tablet("李玉梅").await?;
    let child = old.child("吴天宇").await?;
    let offered = offer(&world.station, &child, true, there).await?;
    decide(&neighbour, &offered, "accept").await?;
    let late = old.contact(&child, "最后一次上门。").await?;
    // The station wrote late, too.
    world
        .station
        .edit(&child, "child", "nickname", "天天")
        .await
        .ok();
    for _ in 0..2 {
        old.sync().await?;
        world.station.sync().await?;
    }
    let here = moves(&world.station).await?;
    assert!(here.waiting.is_empty() && here.elsewhere > 0, "{here:?}");
    let view = moves(&neighbour).await?;
    let row = view
        .waiting
        .iter()
        .find(|row| {
            row.lines
                .iter()
                .any(|line| line.after.contains("最后一次上门。"))
        })
        .with_context(|| format!("{view:?}"))?;
    assert_eq!((row.name.as_str(), row.by.as_str()), ("吴天宇", "李玉梅"));
    let taken = json!({"change": row.change, "take": true, "reason": ""});
    let _: MovesView = neighbour.call("decide_review", taken).await?;
    neighbour.sync().await?;
    assert_eq!(timeline(&neighbour, &child).await?, [late]);
    old.sync().await?;
    let told = departures(&old).await?;
    assert!(told.children[0].removed);
    assert_eq!(told.late[0].state, "taken");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_begun_before_the_move_is_finished_on_the_old_tablet_and_handed_over() -> Result<()>
{
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let child = old.child("吴天宇").await?;
    let form = old.begin_visit(&child).await?;
    let offered = offer(&world.station, &child, true, there).await?;
    decide(&world.station, &offered, "accept").await?;
    for _ in 0..3 {
        old.sync().await?;
    }
    let left = departures(&old).await?;
    let row = left.children.first().context("it left")?;
    assert_eq!(row.name, "吴天宇");
    assert!(!row.removed, "what was begun is kept");
    assert_eq!(row.draft.as_deref(), Some(form.draft.as_str()));

    let _: VisitFormView = old.call("visit_form", json!({"id": form.draft})).await?;
    let saved: SavedView = old.call("save_visit", json!({"id": form.draft})).await?;
    for _ in 0..3 {
        old.sync().await?;
    }
    let left = departures(&old).await?;
    assert!(left.children[0].removed, "{left:?}");
    let view = moves(&world.station).await?;
    for row in view.waiting.iter().rev() {
        let taken = json!({"change": row.change, "take": true, "reason": ""});
        let _: MovesView = world.station.call("decide_review", taken).await?;
    }
    let new = world.tablet_of(there, "赵春燕").await?;
    let file: ChildFileView = new.file(&child).await?;
    let line = file
        .timeline
        .iter()
        .find(|line| line.record == saved.record);
    assert_eq!(
        line.map(|line| line.state),
        Some(RecordState::Delivered),
        "{file:?}"
    );
    world.township.stop().await;
    Ok(())
}
