//! A file that ended leaves the director's tablet after the days of the policy, when everything of it is at the server for
//! good and not before; it is whole at the station, and comes back whole when it is opened again (docs/adr/0038).

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    AttachmentListView, ChildFileView, DeparturesView, FileState, OpenedAttachmentView,
    ProblemView, SavedView, TimelineKind,
};
use ids::DocumentId;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;
use store::documents;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

async fn proposed(device: &Device, child: &str, step: &str, reason: Option<&str>) -> Result<()> {
    let on = reason.map(|_| "2026-11-02");
    let asked = json!({"child": child, "step": step, "reason": reason, "on": on, "into": null,
                       "text": "看过材料。"});
    let _: ChildFileView = device.call("propose_status", asked).await?;
    Ok(())
}

/// The station agrees to what waits.
async fn agreed(station: &Device, child: &str) -> Result<ChildFileView> {
    let file = station.file(child).await?;
    let waiting = file.status.waiting.first().context("something waits")?;
    station.step_up().await?;
    let answer =
        json!({"child": child, "proposal": waiting.proposal, "answer": "confirmed", "text": ""});
    station.call("decide_status", answer).await
}

async fn end(world: &World, tablet: &Device, child: &str) -> Result<()> {
    proposed(tablet, child, "end", Some("moved")).await?;
    world.settle(&[tablet]).await?;
    agreed(&world.station, child).await?;
    world.settle(&[tablet]).await?;
    assert_eq!(tablet.file(child).await?.status.state, FileState::Ended);
    Ok(())
}

fn is_here(device: &Device, document: &str) -> Result<bool> {
    let id = DocumentId::parse(document)?;
    let tablet = device.tablet()?;
    let head = tablet
        .store
        .read(|connection| documents::head(connection, id))?;
    Ok(head.is_some())
}

fn files(device: &Device) -> Result<usize> {
    let folder = device.tablet()?.store.folder().join("blobs");
    Ok(std::fs::read_dir(folder).map_or(0, Iterator::count))
}

fn records(file: &ChildFileView, kind: TimelineKind) -> usize {
    file.timeline.iter().filter(|row| row.kind == kind).count()
}

async fn away(device: &Device) -> Result<Vec<(String, bool)>> {
    let view: DeparturesView = device.call("departures", Value::Null).await?;
    let rows = view.children.into_iter().filter(|row| row.ended);
    Ok(rows.map(|row| (row.name, row.removed)).collect())
}

fn photo() -> Result<String> {
    let picture = RgbImage::from_fn(64, 48, |x, y| Rgb([x as u8, y as u8, 7]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(STANDARD.encode(bytes.into_inner()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_file_leaves_the_tablet_and_comes_back_whole_when_it_is_opened_again() -> Result<()>
{
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let station = &world.station;
    let child = tablet.child("周子涵").await?;
    let form = tablet.begin_visit(&child).await?;
    let _: AttachmentListView = tablet
        .call(
            "add_attachment",
            json!({"draft": form.draft, "kind": "photo", "bytes": photo()?}),
        )
        .await?;
    let _: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let visits = records(&tablet.file(&child).await?, TimelineKind::Visit);
    let asked = json!({"children": [child], "card": "poor", "urgency": "later", "seen": "没有书包。",
                       "origin_record": null, "mandatory": null});
    let problem: SavedView = tablet.call("report_problem", asked).await?;
    world.settle(&[&tablet]).await?;
    end(&world, &tablet, &child).await?;
    assert_eq!(files(&tablet)?, 2);

    // Not within the days, and not while somebody still works on something about the child.
    world.go_to_day(20, &[&tablet]);
    world.settle(&[&tablet]).await?;
    assert!(is_here(&tablet, &child)?);
    world.go_to_day(31, &[&tablet]);
    world.settle(&[&tablet]).await?;
    assert!(is_here(&tablet, &child)?, "a problem is open");
    let event = json!({"problem": problem.record, "kind": "withdrawn", "text": "记错了。"});
    let _: ProblemView = tablet.call("add_problem_event", event).await?;
    for _ in 0..2 {
        world.settle(&[&tablet]).await?;
    }
    assert!(!is_here(&tablet, &child)? && !is_here(&tablet, &problem.record)?);
    assert_eq!(
        tablet
            .refusal("child_file", json!({"id": child}))
            .await?
            .code,
        "not_found"
    );
    assert_eq!(files(&tablet)?, 0);
    assert_eq!(away(&tablet).await?, [("周某某".to_owned(), true)]);
    let there = station.file(&child).await?;
    assert_eq!(records(&there, TimelineKind::Visit), visits);

    // What the station writes there comes to nothing that is not here, also after the tablet was killed, and goes again.
    let edit = json!({"child": child, "holder": "child", "key": "nickname", "value": "涵涵"});
    let _: ChildFileView = station.call("edit_field", edit).await?;
    station.sync().await?;
    tablet.sync().await?;
    tablet.reopen(PIN).await?;
    tablet.sync().await?;
    assert!(!is_here(&tablet, &child)?);
    assert_eq!(away(&tablet).await?.len(), 1);

    // Opened again, it is here whole, with its household, and she goes on where she was.
    proposed(station, &child, "reopen", None).await?;
    agreed(station, &child).await?;
    station.sync().await?;
    tablet.sync().await?;
    let back = tablet.file(&child).await?;
    assert_eq!(back.status.state, FileState::Runs);
    assert_eq!(records(&back, TimelineKind::Visit), visits);
    assert!(away(&tablet).await?.is_empty());
    assert!(is_here(&tablet, &problem.record)?);
    let list: AttachmentListView = tablet
        .call("child_attachments", json!({"id": child}))
        .await?;
    let seen = list.rows.first().context("the photo is named again")?;
    loop {
        let opened: OpenedAttachmentView = tablet
            .call(
                "open_attachment",
                json!({"document": seen.document, "id": seen.id, "thumb": false}),
            )
            .await?;
        if opened.data.is_some() {
            break;
        }
    }
    tablet.visit(&child).await?;
    world.settle(&[&tablet]).await?;
    for device in [&tablet, station] {
        let file = device.file(&child).await?;
        assert_eq!(records(&file, TimelineKind::Visit), visits + 1);
    }
    assert!(tablet.sync_page().await?.unsent.is_empty());
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_unsent_leaves_with_it() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    world.settle(&[&tablet]).await?;
    let contacts = records(&tablet.file(&child).await?, TimelineKind::Contact);
    end(&world, &tablet, &child).await?;
    world.go_to_day(29, &[&tablet]);
    tablet.sync().await?;

    // Written after the file was over, by somebody whom the line leaves: it stays until the server has it for good.
    world.go_to_day(40, &[&tablet]);
    world.cut_network();
    tablet.contact_on(&child, "2026-12-10", "").await?;
    assert_eq!(tablet.failed_sync().await?, "no_network");
    assert!(is_here(&tablet, &child)?);
    tablet.reopen(PIN).await?;
    assert!(is_here(&tablet, &child)?);
    world.restore_network();
    for _ in 0..2 {
        world.settle(&[&tablet]).await?;
    }
    assert!(!is_here(&tablet, &child)?);
    assert!(tablet.sync_page().await?.unsent.is_empty());
    let there = world.station.file(&child).await?;
    assert_eq!(records(&there, TimelineKind::Contact), contacts + 1);

    // Whoever gets another tablet loads it, and it goes from there as well; the station keeps its own.
    let second = world.tablet("赵春燕").await?;
    world.go_to_day(40, &[&second]);
    for _ in 0..2 {
        world.settle(&[&second]).await?;
    }
    assert!(!is_here(&second, &child)?);
    assert!(is_here(&world.station, &child)?);
    world.township.stop().await;
    Ok(())
}
