//! A photo goes with what it was taken for, also where nobody was met and where a save was not heard of: none lies with no
//! record, where nobody sees it and no server gets it.

use crate::moves::{self, ELSEWHERE};
use crate::photos::{camera_photo, hang, open, photos};
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AttachmentListView, AttemptFormView, ProblemView, RecordState, SavedView, SheetView,
    VisitFormView,
};
use serde_json::{Value, json};
use uuid::Uuid;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, contact_input};

/// A visit that met nobody, with photos of the door, saved as an attempt.
async fn closed_door(tablet: &Device, child: &str, shots: usize) -> Result<SavedView> {
    let form: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    let form = tablet
        .answer(&form.draft, "session", "a_met", &["nobody"])
        .await?;
    for _ in 0..shots {
        let bytes = STANDARD.encode(camera_photo()?);
        let add = json!({"draft": form.draft, "kind": "photo", "bytes": bytes});
        let _: AttachmentListView = tablet.call("add_attachment", add).await?;
    }
    let ask = json!({"id": child, "visit": form.draft});
    let page: AttemptFormView = tablet.call("attempt_form", ask).await?;
    let attempt = json!({"household": page.household, "child": child, "event_date": page.event_date, "reason": "nobody_home",
        "next_on": null, "note": "", "visit": form.draft});
    tablet.call("record_attempt", attempt).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photo_of_a_closed_door_is_in_the_file_of_a_child_that_came_alone() -> Result<()> {
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("石小雨").await?;
    let brother = old.child("石小晨").await?;
    let offered = moves::offer(&world.station, &child, false, there).await?;
    moves::decide(&world.station, &offered, "accept").await?;
    world.settle(&[&old, &new]).await?;
    let left_behind = new.file(&child).await?.household;

    // Without a photo nothing lies anywhere, and no household begins.
    closed_door(&new, &child, 0).await?;
    assert_eq!(new.file(&child).await?.household, left_behind);

    let saved = closed_door(&new, &child, 1).await?;
    let is_its = |rows: &[client::view::AttachmentView]| {
        rows.iter()
            .filter(|row| row.record.as_ref() == Some(&saved.record))
            .count()
    };
    let here = photos(&new, &child).await?;
    assert_eq!((here.len(), is_its(&here)), (1, 1), "{here:?}");
    assert_eq!(here[0].state, RecordState::Saved);
    assert_eq!(new.sync_page().await?.photos_unsent, 1);
    let own = new.file(&child).await?.household;
    assert_ne!(own, left_behind, "the photo lies in a household of its own");
    new.reopen(PIN).await?;
    world.settle(&[&old, &new]).await?;
    assert_eq!(new.sync_page().await?.photos_unsent, 0);
    new.all_delivered().await?;
    let at_station = photos(&world.station, &child).await?;
    assert_eq!((at_station.len(), is_its(&at_station)), (1, 1));
    let bytes = open(&world.station, &at_station[0], false).await?;
    assert!(image::load_from_memory(&bytes).is_ok());
    assert!(
        photos(&old, &brother).await?.is_empty(),
        "nothing of it is in the village she left"
    );

    // Whoever is met there later is met in the same household.
    new.visit(&child).await?;
    assert_eq!(new.file(&child).await?.household, own);
    let again = closed_door(&new, &child, 1).await?;
    assert_ne!(again.record, saved.record);
    assert_eq!(photos(&new, &child).await?.len(), 2);
    world.settle(&[&old, &new]).await?;
    assert_eq!(photos(&world.station, &child).await?.len(), 2);
    assert_eq!(world.township.faults()?, Vec::<String>::new());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photos_of_a_contact_are_in_the_file_of_a_child_that_came_alone() -> Result<()> {
    let world = World::new().await?;
    let there = world.create_village(ELSEWHERE.0, ELSEWHERE.1).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("石小雨").await?;
    let offered = moves::offer(&world.station, &child, false, there).await?;
    moves::decide(&world.station, &offered, "accept").await?;
    world.settle(&[&old, &new]).await?;
    let today = new.tablet()?.today().to_string();

    // A visit is begun beside it: both are of one household.
    let visit: VisitFormView = new.call("open_visit", json!({"id": child})).await?;
    let sheet: SheetView = new.call("begin_sheet", page("contact", &child)).await?;
    hang(&new, &sheet).await?;
    let mut contact = contact_input(&child, &today, "姑妈发来了照片。");
    contact["record"] = json!(Uuid::from_u128(1));
    contact["sheet"] = json!(sheet.draft);
    let saved: SavedView = new.call("record_contact", contact.clone()).await?;
    let rows = photos(&new, &child).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].record.as_ref(), Some(&saved.record));
    new.call::<Value>("discard_draft", json!({"id": visit.draft}))
        .await?;

    // One that was added before a second try lies beside it.
    let next = added_since(&new, page("contact", &child), &contact).await?;
    let again: SavedView = new.call("record_contact", next).await?;
    assert_eq!(again.record, saved.record);
    let own = new.file(&child).await?.household;
    new.visit(&child).await?;
    assert_eq!(new.file(&child).await?.household, own);
    assert_eq!(photos(&new, &child).await?.len(), 2);
    world.settle(&[&old, &new]).await?;
    assert_eq!(new.sync_page().await?.photos_unsent, 0);
    assert_eq!(photos(&world.station, &child).await?.len(), 2);
    assert_eq!(world.township.faults()?, Vec::<String>::new());

    // Also where only the second try has one.
    let brother = old.child("石小晨").await?;
    let offered = moves::offer(&world.station, &brother, false, there).await?;
    moves::decide(&world.station, &offered, "accept").await?;
    world.settle(&[&old, &new]).await?;
    let mut contact = contact_input(&brother, &today, "都好。");
    contact["record"] = json!(Uuid::from_u128(2));
    let saved: SavedView = new.call("record_contact", contact.clone()).await?;
    let next = added_since(&new, page("contact", &brother), &contact).await?;
    let _: SavedView = new.call("record_contact", next).await?;
    let rows = photos(&new, &brother).await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].record.as_ref(), Some(&saved.record));
    world.township.stop().await;
    Ok(())
}

fn page(page: &str, of: &str) -> Value {
    json!({"page": page, "of": of, "record": null})
}

/// Adds a photo to a page whose record was filed by a try nobody heard of, and is the input of the next try.
async fn added_since(tablet: &Device, page: Value, input: &Value) -> Result<Value> {
    let sheet: SheetView = tablet.call("begin_sheet", page).await?;
    hang(tablet, &sheet).await?;
    let mut next = input.clone();
    next["sheet"] = json!(sheet.draft);
    Ok(next)
}

async fn sheet(tablet: &Device, page: Value) -> Result<Option<SheetView>> {
    tablet.call("sheet", page).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_added_before_a_second_try_goes_with_what_the_first_one_filed() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let today = tablet.tablet()?.today().to_string();

    // A contact: the answer of the first try was lost, and she adds a photo before she taps again, and again.
    let mut contact = contact_input(&child, &today, "奶奶说都好。");
    contact["record"] = json!(Uuid::from_u128(1));
    let first: SavedView = tablet.call("record_contact", contact.clone()).await?;
    let next = added_since(&tablet, page("contact", &child), &contact).await?;
    for _ in 0..2 {
        let again: SavedView = tablet.call("record_contact", next.clone()).await?;
        assert_eq!(again.record, first.record);
        let rows = photos(&tablet, &child).await?;
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0].record.as_ref(), Some(&first.record));
        assert!(
            sheet(&tablet, page("contact", &child)).await?.is_none(),
            "and it is not left over for the next contact"
        );
    }
    assert_eq!(tablet.file(&child).await?.timeline.len(), 1);

    // A report: the photo hangs on the first line of its story.
    let mut report = json!({"children": [child], "card": "danger", "urgency": "days", "seen": "插座烧黑了。",
        "origin_record": null, "mandatory": null, "record": Uuid::from_u128(2)});
    let first: SavedView = tablet.call("report_problem", report.clone()).await?;
    let next = added_since(&tablet, page("report", &child), &report).await?;
    for _ in 0..2 {
        let again: SavedView = tablet.call("report_problem", next.clone()).await?;
        assert_eq!(again.record, first.record);
        let view: ProblemView = tablet.call("problem", json!({"id": first.record})).await?;
        let reported = view.events.first().context("it was reported")?;
        assert_eq!(view.attachments.len(), 1, "{:?}", view.attachments);
        assert_eq!(view.attachments[0].record.as_ref(), Some(&reported.event));
    }
    assert!(sheet(&tablet, page("report", &child)).await?.is_none());

    // Both are sent, and seen at the station.
    assert_eq!(tablet.sync_page().await?.photos_unsent, 2);
    world.settle(&[&tablet]).await?;
    assert_eq!(tablet.sync_page().await?.photos_unsent, 0);
    tablet.all_delivered().await?;
    let there = photos(&world.station, &child).await?;
    let view: ProblemView = world
        .station
        .call("problem", json!({"id": first.record}))
        .await?;
    for photo in [&there[0], &view.attachments[0]] {
        let bytes = open(&world.station, photo, false).await?;
        assert!(image::load_from_memory(&bytes).is_ok());
    }

    // Of a matter whose words are the station's alone it is refused, and stays on the page to be taken off.
    report["card"] = json!("hurt");
    report["urgency"] = json!("now");
    report["mandatory"] = json!({"choice": "reported", "text": "已打110。"});
    report["record"] = json!(Uuid::from_u128(3));
    let _: SavedView = tablet.call("report_problem", report.clone()).await?;
    let next = added_since(&tablet, page("report", &child), &report).await?;
    let refused = tablet.refusal("report_problem", next).await?;
    assert_eq!(refused.code, "photos_are_open");
    let left = sheet(&tablet, page("report", &child)).await?;
    assert!(left.context("it is there")?.photos);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn words_left_on_the_page_of_a_filed_record_are_done_with_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let today = tablet.tablet()?.today().to_string();
    let mut contact = contact_input(&child, &today, "奶奶说都好。");
    contact["record"] = json!(Uuid::from_u128(1));
    let _: SavedView = tablet.call("record_contact", contact.clone()).await?;
    // She types on, takes it back, and tries the same again.
    let keep = json!({"sheet": page("contact", &child), "words": {"note": ["奶奶说都好。"]}});
    let kept: Option<SheetView> = tablet.call("keep_sheet", keep).await?;
    contact["sheet"] = json!(kept.context("it is kept")?.draft);
    let _: SavedView = tablet.call("record_contact", contact.clone()).await?;
    assert!(sheet(&tablet, page("contact", &child)).await?.is_none());
    // A sheet that went with the first try is no reason to refuse the second.
    let again: SavedView = tablet.call("record_contact", contact).await?;
    assert_eq!(again.record, Uuid::from_u128(1).to_string());
    assert_eq!(tablet.file(&child).await?.timeline.len(), 1);
    world.township.stop().await;
    Ok(())
}
