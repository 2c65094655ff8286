//! Who may read what: what a director's tablet holds, down to its documents.

use anyhow::{Context, Result};
use client::view::{ProblemListView, ProblemView, SavedView};
use ids::{DocKind, DocumentId, UnitId};
use serde_json::{Value, json};
use store::{changes, documents, members};
use zoufang_tests::device::Device;
use zoufang_tests::story::{World, line, shows, told};

const SEALED_WORDS: &str = "孩子说继父用皮带抽他的背";

/// Every document a device holds: id, kind, home, and its whole content as text.
fn held(device: &Device) -> Result<Vec<(DocumentId, DocKind, UnitId, String)>> {
    let tablet = device.tablet()?;
    Ok(tablet.store.read(|connection| {
        let mut all = Vec::new();
        for (document, _, _) in documents::all_heads(connection)? {
            let Some(stored) = documents::load(connection, document)? else {
                continue;
            };
            let record = domain::record::doc::read(&stored.automerge);
            all.push((
                document,
                stored.head.kind,
                stored.head.home_unit,
                told(&record),
            ));
        }
        Ok::<_, store::StoreError>(all)
    })?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_director_never_receives_another_villages_documents_or_people() -> Result<()> {
    let world = World::new().await?;
    let elsewhere = world.create_village("青溪村", "310199100202").await?;
    world
        .import(
            elsewhere,
            &[
                line("钱多多", "2016-07-07", "钱守义", "一组"),
                line("孙悦", "2015-02-14", "孙来福", "二组"),
            ],
        )
        .await?;
    world.station.sync().await?;
    let there = world.tablet_of(elsewhere, "何桂芳").await?;
    let child_there = there.child("钱多多").await?;
    there.contact(&child_there, "都好。").await?;
    there.sync().await?;

    // First load, then the log.
    let tablet = world.tablet("李玉梅").await?;
    there.visit(&child_there).await?;
    there.sync().await?;
    world.station.sync().await?;
    world
        .station
        .edit(&child_there, "child", "nickname", "多多")
        .await?;
    world.station.sync().await?;
    tablet.sync().await?;

    let documents = held(&tablet)?;
    assert_eq!(documents.len(), 6 + 5, "six children in five households");
    for (document, kind, home, content) in &documents {
        assert_eq!(*home, world.village, "{document} of another village");
        assert_ne!(*kind, DocKind::Restricted);
        assert!(!content.contains("钱多多") && !content.contains("孙悦"));
    }
    let open = tablet.tablet()?;
    let people = open.store.read(members::all_staff)?;
    assert!(
        people.iter().all(|person| person.name != "何桂芳"),
        "nor its people"
    );
    for document in world.station.heads()?.keys() {
        let known = documents.iter().any(|(id, ..)| id == document);
        let authors = open
            .store
            .read(|connection| changes::authors_in(connection, *document))?;
        assert_eq!(
            !authors.is_empty(),
            known,
            "not even a change without its document"
        );
    }
    assert_eq!(tablet.children().await?.rows.len(), 6);
    assert_eq!(world.station.children().await?.rows.len(), 8);
    let refusal = tablet
        .refusal("child_file", json!({"id": child_there}))
        .await?;
    assert_eq!(refusal.code, "not_found");
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_an_abuse_report_are_in_no_document_of_the_village() -> Result<()> {
    let world = World::new().await?;
    let (reporter, other) = (world.tablet("李玉梅").await?, world.tablet("赵春燕").await?);
    let child = reporter.child("周子涵").await?;
    let report: SavedView = reporter
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": format!("{SEALED_WORDS}。"),
                   "origin_record": null,
                   "mandatory": {"choice": "reported", "text": "已打110，接警员姓高，皮带在家里。"}}),
        )
        .await?;
    world.settle(&[&reporter, &other]).await?;
    reporter.all_delivered().await?;
    let later = world.tablet("李玉梅").await?;

    for (handed_it_in, device) in [(true, &reporter), (false, &other), (false, &later)] {
        for (document, kind, home, content) in held(device)? {
            if kind == DocKind::Restricted {
                // What she handed in herself stays on her own tablet, as the station's document.
                assert!(handed_it_in, "{document} was sent to a director");
                assert_ne!(home, world.village);
            } else {
                assert!(
                    !content.contains("皮带"),
                    "{kind:?} {document} holds the words"
                );
            }
        }
        let list: ProblemListView = device.call("problems", Value::Null).await?;
        assert_eq!(
            list.rows.len(),
            1,
            "type and state are known in the village"
        );
        let problem: ProblemView = device.call("problem", json!({"id": report.record})).await?;
        assert!(!shows(&problem, "皮带"));
        let file = device.file(&child).await?;
        assert!(!shows(&file, "皮带"));
    }
    let restricted = |device: &Device| -> Result<usize> {
        Ok(held(device)?
            .iter()
            .filter(|(_, kind, ..)| *kind == DocKind::Restricted)
            .count())
    };
    assert_eq!(
        (
            restricted(&other)?,
            restricted(&later)?,
            restricted(&world.station)?
        ),
        (0, 0, 1)
    );
    let _: ProblemView = world
        .station
        .call(
            "add_problem_event",
            json!({"problem": report.record, "kind": "accepted", "text": ""}),
        )
        .await?;
    world.station.step_up().await?;
    let problem: ProblemView = world
        .station
        .call("show_words", json!({"id": report.record}))
        .await?;
    let reported = problem.events.first().context("it was reported")?;
    assert!(
        reported.text.contains(SEALED_WORDS) && reported.text.contains("接警员姓高"),
        "whoever takes it up at the station reads them"
    );
    world.township.stop().await;
    Ok(())
}
