//! Photos go after the words, go on at the byte, and are seen by whom their record concerns.

use crate::moves;
use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AttachmentListView, AttachmentView, MovesView, OpenedAttachmentView, ProblemView, RecordState,
    SavedView, SheetView, SignListView, TimelineKind, WorkFormView, WorkSavedView,
};
use ids::UnitId;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;
use std::time::{Duration, Instant};
use store::blobs::{self, BlobKind};
use uuid::Uuid;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};
use zoufang_tests::township::SetBack;

/// A photo as a camera writes it, with a serial number in its EXIF.
pub(crate) fn camera_photo() -> Result<Vec<u8>> {
    let picture = RgbImage::from_fn(400, 300, |x, y| {
        Rgb([(x % 251) as u8, (y % 241) as u8, ((x * y) % 239) as u8])
    });
    let mut plain = Cursor::new(Vec::new());
    picture.write_to(&mut plain, ImageFormat::Jpeg)?;
    let plain = plain.into_inner();
    let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0SERIAL-30114477 N31 14 09";
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend(u16::try_from(exif.len() + 2)?.to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    Ok(bytes)
}

/// Bytes that do not compress, as a photo's.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

/// A visit with a photo taken through the form. Returns the photo as the child's page has it.
pub(crate) async fn visit_with_photo(tablet: &Device, child: &str) -> Result<AttachmentView> {
    let form = tablet.begin_visit(child).await?;
    let added: AttachmentListView = tablet
        .call(
            "add_attachment",
            json!({"draft": form.draft, "kind": "photo", "bytes": STANDARD.encode(camera_photo()?)}),
        )
        .await?;
    ensure!(added.rows.len() == 1 && added.rows[0].state == RecordState::Draft);
    let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    only_photo(tablet, child).await
}

/// A visit with a photo of so many bytes. Returns the photo as the child's page has it.
pub(crate) async fn visit_with_bytes(
    tablet: &Device,
    child: &str,
    photo: &[u8],
) -> Result<AttachmentView> {
    let form = tablet.begin_visit(child).await?;
    let draft = Uuid::parse_str(&form.draft)?;
    blobs::add(
        &tablet.tablet()?.store,
        draft,
        BlobKind::Photo,
        photo,
        Some(b"small"),
    )?;
    let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    only_photo(tablet, child).await
}

pub(crate) async fn photos(device: &Device, child: &str) -> Result<Vec<AttachmentView>> {
    let list: AttachmentListView = device
        .call("child_attachments", json!({"id": child}))
        .await?;
    Ok(list.rows)
}

pub(crate) async fn only_photo(device: &Device, child: &str) -> Result<AttachmentView> {
    let mut rows = photos(device, child).await?;
    ensure!(rows.len() == 1, "{rows:?}");
    rows.pop().context("there is one")
}

/// Opens a photo as a screen does: again and again until it is there.
pub(crate) async fn open(device: &Device, photo: &AttachmentView, thumb: bool) -> Result<Vec<u8>> {
    loop {
        let opened: OpenedAttachmentView = device
            .call(
                "open_attachment",
                json!({"document": photo.document, "id": photo.id, "thumb": thumb}),
            )
            .await?;
        if let Some(data) = opened.data {
            return Ok(STANDARD.decode(data)?);
        }
    }
}

pub(crate) fn files(device: &Device) -> Result<usize> {
    let folder = device.tablet()?.store.folder().join("blobs");
    Ok(std::fs::read_dir(folder).map_or(0, Iterator::count))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_reaches_the_station_without_its_place_and_comes_back_after_it_was_freed()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let stranger_village = world.create_village("前塘村", "310199100202").await?;
    let stranger = world.tablet_of(stranger_village, "王桂香").await?;
    let child = tablet.child("石小雨").await?;
    let photo = visit_with_photo(&tablet, &child).await?;
    assert_eq!(photo.state, RecordState::Saved);
    assert_eq!(tablet.sync_page().await?.photos_unsent, 1);
    tablet.sync().await?;
    world.station.sync().await?;
    assert_eq!(
        only_photo(&tablet, &child).await?.state,
        RecordState::Delivered
    );
    assert_eq!(tablet.sync_page().await?.photos_unsent, 0);

    assert_eq!(files(&world.station)?, 0, "nothing is fetched unasked");
    let at_station = only_photo(&world.station, &child).await?;
    let thumb = open(&world.station, &at_station, true).await?;
    assert_eq!(files(&world.station)?, 1, "the small picture alone");
    let whole = open(&world.station, &at_station, false).await?;
    for bytes in [&thumb, &whole] {
        assert!(image::load_from_memory(bytes).is_ok());
        assert!(!bytes.windows(6).any(|window| window == b"SERIAL"));
    }
    let refused = stranger
        .refusal(
            "open_attachment",
            json!({"document": photo.document, "id": photo.id, "thumb": false}),
        )
        .await?;
    assert_eq!(refused.code, "not_found");

    world.go_to_day(29, &[&tablet]);
    tablet.sync().await?;
    assert_eq!(files(&tablet)?, 2);
    world.go_to_day(31, &[&tablet]);
    tablet.sync().await?;
    assert_eq!(files(&tablet)?, 1, "the small picture stays");
    let again = only_photo(&tablet, &child).await?;
    let here = open(&tablet, &again, false).await?;
    let decoded = |bytes: &[u8]| image::load_from_memory(bytes).map(|one| one.to_rgb8());
    let (here, there) = (decoded(&here)?, decoded(&whole)?);
    assert_eq!(here.dimensions(), there.dimensions());
    assert!(here != there, "whoever opens it stands in it, and when");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_at_the_server_yet_says_so_and_stays_on_the_tablet() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    visit_with_bytes(&tablet, &child, &noise(1, 400_000)).await?;
    // The words and half of the photo.
    world.township.relay.set_cut_after_bytes(250_000);
    assert_eq!(tablet.failed_sync().await?, "no_network");
    world.restore_network();
    world.station.sync().await?;
    let photo = only_photo(&world.station, &child).await?;
    let refused = world
        .station
        .refusal(
            "open_attachment",
            json!({"document": photo.document, "id": photo.id, "thumb": false}),
        )
        .await?;
    assert_eq!(refused.code, "attachment_not_yet");
    tablet.all_delivered().await?;
    world.go_to_day(300, &[&tablet]);
    blobs::free(&tablet.tablet()?.store, i64::MAX)?;
    assert_eq!(files(&tablet)?, 2, "not delivered, not freed");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_on_at_the_byte_after_the_tablet_was_killed() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let bytes = noise(2, 1_000_000);
    visit_with_bytes(&tablet, &child, &bytes).await?;
    let mut kills = 0;
    loop {
        world.township.relay.set_cut_after_bytes(200_000);
        let over = tablet.sync().await.is_ok();
        world.restore_network();
        if over {
            break;
        }
        kills += 1;
        ensure!(kills < 40, "it never ends");
        tablet.reopen(PIN).await?;
    }
    assert!(kills >= 5, "{kills}");
    let up = world.township.relay.bytes_up();
    // At each cut at most one piece was under way; the rest of what went up is handshakes and words.
    assert!(
        up < 1_000_000 + kills * (64 * 1024 + 16 * 1024) + 100_000,
        "{up} bytes for {kills} cuts"
    );
    world.station.sync().await?;
    let photo = only_photo(&world.station, &child).await?;
    // The station is cut off on the way as well, and goes on.
    world.township.relay.set_cut_after_bytes(400_000);
    let refused = world
        .station
        .refusal(
            "open_attachment",
            json!({"document": photo.document, "id": photo.id, "thumb": false}),
        )
        .await;
    if let Ok(refused) = refused {
        assert_eq!(refused.code, "no_network");
    }
    world.restore_network();
    assert!(open(&world.station, &photo, false).await? == bytes);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_set_back_gets_the_photos_again() -> Result<()> {
    let mut world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.settle(&[&tablet]).await?;
    let copy = world.township.back_up(&world.folder().join("copy"))?;
    let bytes = noise(3, 150_000);
    visit_with_bytes(&tablet, &child, &bytes).await?;
    world.settle(&[&tablet]).await?;
    assert_eq!(
        only_photo(&tablet, &child).await?.state,
        RecordState::Delivered
    );
    let data = world.folder().join("older");
    world
        .township
        .set_back(&copy, &data, SetBack::Restored)
        .await?;
    world.settle(&[&tablet]).await?;
    world.settle(&[&tablet]).await?;
    assert_eq!(
        only_photo(&tablet, &child).await?.state,
        RecordState::Delivered
    );
    let photo = only_photo(&world.station, &child).await?;
    assert!(open(&world.station, &photo, false).await? == bytes);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_takes_its_photos_with_it_everywhere() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let photo = visit_with_photo(&tablet, &child).await?;
    world.settle(&[&tablet]).await?;
    open(
        &world.station,
        &only_photo(&world.station, &child).await?,
        false,
    )
    .await?;
    assert_eq!((files(&tablet)?, files(&world.station)?), (2, 1));
    let document = photo.document.as_deref().context("it is saved")?;
    let document = ids::DocumentId::parse(document)?;
    world
        .township
        .at_the_desk(|desk| desk.erase(document, "test"))?;
    world.settle(&[&tablet]).await?;
    assert_eq!((files(&tablet)?, files(&world.station)?), (0, 0));
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_is_taken_off_and_put_back_and_no_visit_needs_one() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let form = tablet.begin_visit(&child).await?;
    let add =
        json!({"draft": form.draft, "kind": "photo", "bytes": STANDARD.encode(camera_photo()?)});
    let list: AttachmentListView = tablet.call("add_attachment", add.clone()).await?;
    let one = json!({"draft": form.draft, "id": list.rows[0].id});
    let list: AttachmentListView = tablet.call("remove_attachment", one.clone()).await?;
    assert!(list.rows.is_empty());
    let list: AttachmentListView = tablet.call("restore_attachment", one).await?;
    assert_eq!(list.rows.len(), 1);
    for (kind, bytes, code) in [
        ("photo", b"<html>".as_slice(), "picture_unreadable"),
        ("audio", b"MZ..".as_slice(), "audio_unreadable"),
        (
            "signature",
            br#"{"width":3,"height":3,"strokes":[[1]]}"#.as_slice(),
            "signature_unreadable",
        ),
    ] {
        let mut add = json!({"draft": form.draft, "kind": kind, "bytes": STANDARD.encode(bytes)});
        if kind == "signature" {
            add["signer"] = json!("with");
        }
        assert_eq!(tablet.refusal("add_attachment", add).await?.code, code);
    }
    for _ in 1..6 {
        let _: AttachmentListView = tablet.call("add_attachment", add.clone()).await?;
    }
    assert_eq!(
        tablet.refusal("add_attachment", add).await?.code,
        "attachment_enough"
    );
    let signature = br#"{"width":300,"height":100,"strokes":[[1,2,3,4],[5,6,7,8]]}"#;
    let add =
        json!({"draft": form.draft, "kind": "signature", "bytes": STANDARD.encode(signature)});
    let whose = tablet.refusal("add_attachment", add.clone()).await?;
    assert_eq!(whose.code, "signer_missing");
    let mut add = add;
    add["signer"] = json!("with");
    let list: AttachmentListView = tablet.call("add_attachment", add).await?;
    assert_eq!(list.rows.len(), 7);
    // The tablet is killed; the form has them still.
    tablet.reopen(PIN).await?;
    let list: AttachmentListView = tablet
        .call("draft_attachments", json!({"id": form.draft}))
        .await?;
    assert_eq!(list.rows.len(), 7);
    let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    assert_eq!(photos(&tablet, &child).await?.len(), 7);
    let sibling = tablet.child("石小晨").await?;
    assert_eq!(
        photos(&tablet, &sibling).await?.len(),
        7,
        "one household, one visit"
    );
    let other = tablet.child("周子涵").await?;
    tablet.visit(&other).await?;
    assert!(photos(&tablet, &other).await?.is_empty());
    world.settle(&[&tablet]).await?;
    tablet.all_delivered().await?;
    world.township.stop().await;
    Ok(())
}

const PHOTO_BYTES: usize = 500_000;
const PHOTOS_EACH: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// A 2G line on a bad day.
const SLOW: u64 = 30_000;

/// cht-core#6143: one batch of photos over 32 MB, and the user could never sync again – words included.
#[tokio::test(flavor = "multi_thread")]
async fn words_are_delivered_in_the_first_minute_while_60_mb_of_photos_wait_on_a_line_of_30_kbit()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let children = tablet.children().await?.rows;
    let store = &tablet.tablet()?.store;
    for (number, row) in children.iter().enumerate() {
        let form = tablet.begin_visit(&row.child).await?;
        let draft = Uuid::parse_str(&form.draft)?;
        for photo in 0..PHOTOS_EACH {
            let bytes = noise((number * PHOTOS_EACH + photo) as u64, PHOTO_BYTES);
            blobs::add(store, draft, BlobKind::Photo, &bytes, Some(&bytes[..8_000]))?;
        }
        let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    }
    let waiting = tablet.sync_page().await?;
    assert_eq!(waiting.photos_unsent as usize, children.len() * PHOTOS_EACH);
    assert!(waiting.photo_bytes_unsent > 60_000_000, "{waiting:?}");

    let relay = &world.township.relay;
    relay.set_bits_per_second(Some(SLOW));
    let begun = Instant::now();
    tablet.app.start_sync();
    let _: Value = tablet.call("sync_now", Value::Null).await?;
    words_are_through(&tablet).await?;
    let first = begun.elapsed();
    assert!(first < MINUTE, "the words of six visits took {first:?}");
    // Words written while photos are on their way, and while the line is cut again and again.
    let mut later = Duration::ZERO;
    for cut in 0..3u64 {
        let up = relay.bytes_up();
        relay.set_cut_after_bytes(9_000 + cut * 3_001);
        relay.cut_happened().await;
        assert!(relay.bytes_up() > up, "photos were on their way");
        world.restore_network();
        let written = Instant::now();
        tablet
            .contact(&children[0].child, &format!("第{cut}次打电话。"))
            .await?;
        words_are_through(&tablet).await?;
        later = later.max(written.elapsed());
    }
    assert!(later < MINUTE, "words written after a cut took {later:?}");
    let page = tablet.sync_page().await?;
    assert!(
        page.photo_bytes_unsent > 59_000_000,
        "photos still wait: {page:?}"
    );

    // She comes home, where the line is good.
    relay.set_bits_per_second(None);
    let mut changes = tablet.app.changes();
    while tablet.sync_page().await?.photos_unsent > 0 {
        tokio::time::timeout(Duration::from_secs(60), changes.recv())
            .await
            .ok();
    }
    tablet.app.end();
    tablet.sync().await?;
    world.station.sync().await?;
    for (number, row) in children.iter().enumerate() {
        let there = photos(&world.station, &row.child).await?;
        assert!(there.len() >= PHOTOS_EACH);
        if number == 0 {
            assert_eq!(open(&world.station, &there[0], true).await?.len(), 8_000);
            assert_eq!(
                open(&world.station, &there[0], false).await?.len(),
                PHOTO_BYTES
            );
        }
    }
    println!("the words of six visits took {first:?}, words after a cut at most {later:?}");
    world.township.stop().await;
    Ok(())
}

/// Adds a photo to the sheet of a page.
fn page_of(problem: &str) -> Value {
    json!({"page": "problem", "of": problem, "record": null})
}

pub(crate) async fn hang(tablet: &Device, sheet: &SheetView) -> Result<()> {
    let bytes = STANDARD.encode(camera_photo()?);
    let added: AttachmentListView = tablet
        .call(
            "add_attachment",
            json!({"draft": sheet.draft, "kind": "photo", "bytes": bytes}),
        )
        .await?;
    ensure!(added.rows.iter().all(|row| row.state == RecordState::Draft));
    Ok(())
}

async fn report(tablet: &Device, child: &str, card: &str, mandatory: Value) -> Result<String> {
    let input = json!({"children": [child], "card": card, "urgency": "days", "seen": "今天上门时看到的。",
        "origin_record": null, "mandatory": mandatory});
    let saved: SavedView = tablet.call("report_problem", input).await?;
    Ok(saved.record)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photo_of_a_problems_step_is_never_asked_for_and_is_seen_at_the_station() -> Result<()>
{
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let elsewhere = world.create_village("前塘村", "310199100202").await?;
    let stranger = world.tablet_of(elsewhere, "王桂香").await?;
    let child = tablet.child("周子涵").await?;
    let problem = report(&tablet, &child, "danger", Value::Null).await?;
    world.settle(&[&tablet]).await?;
    let _: ProblemView = world
        .station
        .call(
            "add_problem_event",
            json!({"problem": problem, "kind": "accepted", "text": ""}),
        )
        .await?;
    world.settle(&[&tablet]).await?;

    // Dropped, it is gone; begun and left alone, it is there again after the tablet was killed.
    let sheet: SheetView = tablet.call("begin_sheet", page_of(&problem)).await?;
    hang(&tablet, &sheet).await?;
    assert_eq!(files(&tablet)?, 2);
    let _: Value = tablet
        .call("drop_sheet", json!({"id": sheet.draft}))
        .await?;
    assert_eq!(files(&tablet)?, 0);
    let asked = json!({"draft": sheet.draft, "kind": "photo", "bytes": ""});
    let refused = tablet.refusal("add_attachment", asked).await?;
    assert_eq!(refused.code, "draft_gone");
    let sheet: SheetView = tablet.call("begin_sheet", page_of(&problem)).await?;
    hang(&tablet, &sheet).await?;
    tablet.reopen(PIN).await?;
    let left: Option<SheetView> = tablet.call("sheet", page_of(&problem)).await?;
    let left = left.context("it is there again")?;
    assert_eq!((&left.draft, left.photos), (&sheet.draft, true));
    let event =
        json!({"problem": problem, "kind": "measure", "text": "换了插座。", "sheet": sheet.draft});
    let view: ProblemView = tablet.call("add_problem_event", event).await?;
    let step = view.events.last().context("the measure")?;
    let left: Option<SheetView> = tablet.call("sheet", page_of(&problem)).await?;
    assert!(left.is_none());
    assert_eq!(view.attachments.len(), 1, "{:?}", view.attachments);
    let photo = &view.attachments[0];
    assert_eq!(photo.record.as_ref(), Some(&step.event));
    assert_eq!(photo.state, RecordState::Saved);
    // A step without one lacks nothing.
    let event = json!({"problem": problem, "kind": "replied", "text": "好了。"});
    let _: ProblemView = tablet.call("add_problem_event", event).await?;

    world.settle(&[&tablet]).await?;
    assert_eq!(tablet.sync_page().await?.photos_unsent, 0);
    let view: ProblemView = world
        .station
        .call("problem", json!({"id": problem}))
        .await?;
    assert_eq!(files(&world.station)?, 0, "nothing is fetched unasked");
    let there = view.attachments.first().context("it is named")?;
    assert!(image::load_from_memory(&open(&world.station, there, true).await?).is_ok());
    assert!(image::load_from_memory(&open(&world.station, there, false).await?).is_ok());
    let asked = json!({"document": there.document, "id": there.id, "thumb": false});
    let refused = stranger.refusal("open_attachment", asked).await?;
    assert_eq!(refused.code, "not_found");
    world.go_to_day(31, &[&tablet]);
    tablet.sync().await?;
    assert_eq!(
        files(&tablet)?,
        1,
        "freed as a visit's; the small one stays"
    );

    // Whoever reads the village's document would see it, so a sealed matter has none.
    let child = tablet.child("石小雨").await?;
    let told = json!({"choice": "reported", "text": "已打110。"});
    let sealed = report(&tablet, &child, "hurt", told).await?;
    let refused = tablet.refusal("begin_sheet", page_of(&sealed)).await?;
    assert_eq!(refused.code, "photos_are_open");
    let event = json!({"problem": sealed, "kind": "replied", "text": "x", "sheet": sheet.draft});
    let refused = tablet.refusal("add_problem_event", event).await?;
    assert_eq!(refused.code, "draft_gone");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_photos_of_an_activity_stay_with_it_wherever_its_day_is_put() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let page = |record: Option<&str>| json!({"block": "activity", "record": record});
    let sheet_of =
        |record: Option<&str>| json!({"page": "work", "of": "activity", "record": record});
    let sheet: SheetView = tablet.call("begin_sheet", sheet_of(None)).await?;
    hang(&tablet, &sheet).await?;
    let form: WorkFormView = tablet.call("work_form", page(None)).await?;
    assert!(form.photos);
    let help = json!({"page": "work", "of": "help", "record": null});
    assert_eq!(
        tablet.refusal("begin_sheet", help).await?.code,
        "not_allowed"
    );
    let values = |on: &str| json!({"kind": ["drowning"], "text": ["防溺水课"], "on": [on], "level": ["village"], "organiser": ["村委会"]});
    let said = json!({"block": "activity", "record": null, "children": [child], "values": values("2026-11-02"),
                      "sheet": sheet.draft});
    let saved: WorkSavedView = tablet.call("record_work", said).await?;
    // Another photo, and another month: the first one stays where it was written.
    let sheet: SheetView = tablet
        .call("begin_sheet", sheet_of(Some(&saved.record)))
        .await?;
    hang(&tablet, &sheet).await?;
    let said = json!({"block": "activity", "record": saved.record, "children": [child],
                      "values": values("2026-10-30"), "sheet": sheet.draft});
    let _: WorkSavedView = tablet.call("record_work", said).await?;
    let form: WorkFormView = tablet.call("work_form", page(Some(&saved.record))).await?;
    assert_eq!(form.attachments.len(), 2);
    let left: Option<SheetView> = tablet.call("sheet", sheet_of(Some(&saved.record))).await?;
    assert!(left.is_none());

    world.settle(&[&tablet]).await?;
    let file = world.station.file(&child).await?;
    let line = file
        .timeline
        .iter()
        .find(|row| row.kind == TimelineKind::Work);
    let activity = line
        .and_then(|line| line.activity.clone())
        .context("the file says where the activity is")?;
    let list: SignListView = world
        .station
        .call("sign_list", json!({"id": activity}))
        .await?;
    assert_eq!(list.attachments.len(), 2);
    for photo in &list.attachments {
        assert!(image::load_from_memory(&open(&world.station, photo, false).await?).is_ok());
    }
    let _: WorkSavedView = tablet
        .call(
            "take_work_away",
            json!({"block": "activity", "record": saved.record, "reason": "没有办成"}),
        )
        .await?;
    assert_eq!(
        tablet
            .refusal("sign_list", json!({"id": activity}))
            .await?
            .code,
        "not_found"
    );
    world.township.stop().await;
    Ok(())
}

/// A family is offered to a village, and the station that has to accept does.
async fn moves_to(world: &World, decider: &Device, child: &str, to: UnitId) -> Result<()> {
    let offered = moves::offer(&world.station, child, true, to).await?;
    moves::decide(decider, &offered, "accept").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_that_waits_when_its_child_moves_arrives_before_the_old_tablet_lets_go()
-> Result<()> {
    let world = World::new().await?;
    let (neighbour, there) = moves::neighbours(&world).await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("吴天宇").await?;
    let bytes = noise(7, 600_000);
    visit_with_bytes(&old, &child, &bytes).await?;
    // The words and a part of the photo.
    world.township.relay.set_cut_after_bytes(200_000);
    assert_eq!(old.failed_sync().await?, "no_network");
    world.restore_network();
    moves_to(&world, &neighbour, &child, there).await?;

    // She hears that the child moved, and the line breaks again in the middle of the photo; so does the tablet.
    world.township.relay.set_cut_after_bytes(150_000);
    assert_eq!(old.failed_sync().await?, "no_network");
    world.restore_network();
    assert!(old.file(&child).await.is_err(), "it is hidden at once");
    let left = moves::departures(&old).await?;
    let row = &left.children[0];
    assert!(!row.removed && row.unsent == 1, "{left:?}");
    assert_eq!(
        files(&old)?,
        2,
        "the photo and the small one are still here"
    );
    old.reopen(PIN).await?;
    new.sync().await?;
    let photo = only_photo(&new, &child).await?;
    let input = json!({"document": photo.document, "id": photo.id, "thumb": false});
    let refused = new.refusal("open_attachment", input).await?;
    assert_eq!(refused.code, "attachment_not_yet");

    // Whole at the server, and only then gone from here.
    for _ in 0..2 {
        old.sync().await?;
    }
    assert_eq!(old.sync_page().await?.photos_unsent, 0);
    assert!(moves::departures(&old).await?.children[0].removed);
    assert_eq!(files(&old)?, 0);
    new.sync().await?;
    assert_eq!(open(&new, &photo, false).await?, bytes);
    let at_station = only_photo(&neighbour, &child).await?;
    assert_eq!(open(&neighbour, &at_station, false).await?, bytes);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_of_late_work_waits_with_it_and_is_seen_when_it_is_taken() -> Result<()> {
    let world = World::new().await?;
    let there = world
        .create_village(moves::ELSEWHERE.0, moves::ELSEWHERE.1)
        .await?;
    let old = world.tablet("李玉梅").await?;
    let new = world.tablet_of(there, "赵春燕").await?;
    let child = old.child("吴天宇").await?;
    moves_to(&world, &world.station, &child, there).await?;
    let bytes = noise(8, 300_000);
    visit_with_bytes(&old, &child, &bytes).await?;
    for _ in 0..2 {
        old.sync().await?;
    }
    assert!(moves::departures(&old).await?.children[0].removed);
    assert_eq!(files(&old)?, 0);

    let mut view: MovesView = world.station.call("moves", Value::Null).await?;
    assert!(!view.waiting.is_empty());
    while let Some(row) = view.waiting.first() {
        let taken = json!({"change": row.change, "take": true, "reason": ""});
        view = world.station.call("decide_review", taken).await?;
    }
    new.sync().await?;
    let photo = only_photo(&new, &child).await?;
    assert_eq!(open(&new, &photo, false).await?, bytes);
    world.township.stop().await;
    Ok(())
}

/// Waits until every record of the tablet is delivered, woken by the app itself.
async fn words_are_through(tablet: &Device) -> Result<()> {
    let mut changes = tablet.app.changes();
    let through = async {
        while !tablet.sync_page().await?.unsent.is_empty() {
            // One missed for being late is no loss: the page is read again.
            let _ = changes.recv().await;
        }
        Ok::<_, anyhow::Error>(())
    };
    tokio::time::timeout(Duration::from_secs(90), through)
        .await
        .context("the words never came through")?
}
