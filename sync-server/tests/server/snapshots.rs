//! A new tablet's first download.

use crate::support::{Doc, World};
use automerge::ReadDoc;
use ids::DocKind;
use protocol::{EntryBody, SnapshotPage, SnapshotRequest, change_header, envelope};

#[tokio::test]
async fn pages_are_bounded_resumable_and_begin_with_the_roster() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let kinds = [DocKind::Problem, DocKind::Child, DocKind::Household];
    let note = "长".repeat(1_000);
    for kind in kinds.into_iter().cycle().take(12) {
        let mut doc = tablet.document(kind, village);
        let part = (0..3)
            .map(|index| tablet.edit(&mut doc, &format!("note {index}"), &note))
            .collect();
        tablet.sync(None, part).await.unwrap();
    }
    let pages = tablet.snapshot(30_000).await;
    assert!(pages.len() > 2, "{} pages", pages.len());
    assert!(pages.iter().all(|page| page.cursor == pages[0].cursor));
    assert!(pages.iter().all(|page| page.total_documents == 12));
    assert_eq!(pages.last().unwrap().done_documents, 12);
    assert!(!pages[0].members.is_empty() && pages[0].policies.len() == 1);
    assert!(pages[1].members.is_empty() && pages[1].policies.is_empty());
    let order: Vec<_> = pages
        .iter()
        .flat_map(|page| &page.documents)
        .map(|document| document.kind)
        .collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|kind| match kind {
        DocKind::Household => 0,
        DocKind::Child => 1,
        _ => 2,
    });
    assert_eq!(order, sorted);

    // The same page again is the same page.
    let request = SnapshotRequest {
        protocol: 1,
        page: pages[0].next.clone(),
        want_bytes: 30_000,
    };
    let again: SnapshotPage = tablet.post("/snapshot", &request).await.unwrap();
    assert_eq!(again.documents, pages[1].documents);

    // Every document opens, and every chunk stands under its signed head.
    let key = tablet.key.verifying_key();
    for document in pages.iter().flat_map(|page| &page.documents) {
        let mut copy = Doc::new(&tablet, document.header.clone());
        copy.take(&document.changes);
        assert!(
            copy.automerge
                .get(automerge::ROOT, "note 2")
                .unwrap()
                .is_some()
        );
        let mut rest = document.changes.as_slice();
        for index in &document.envelopes {
            let (change, after) = change_header::read_first(rest).unwrap();
            assert_eq!(rest.len() - after.len(), index.length as usize);
            envelope::verify(&key, &index.signed.head, &index.signed.signature).unwrap();
            let head = envelope::open_head(&index.signed.head).unwrap();
            assert_eq!(head.hash, change.hash);
            rest = after;
        }
        assert!(rest.is_empty());
    }
}

#[tokio::test]
async fn the_log_goes_on_where_the_snapshot_began() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut doc = tablet.document(DocKind::Child, village);
    let one = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![one]).await.unwrap();
    let cursor = station.snapshot(0).await[0].cursor;
    let two = tablet.edit(&mut doc, "alias", "小雨");
    tablet.sync(None, vec![two.clone()]).await.unwrap();
    let tail = station.sync(Some(cursor), vec![]).await.unwrap();
    let bodies: Vec<_> = tail.entries.into_iter().map(|entry| entry.body).collect();
    assert_eq!(
        bodies,
        [EntryBody::Change {
            envelope: two,
            kind: DocKind::Child,
            home_unit: village
        }]
    );
}

#[tokio::test]
async fn a_page_token_of_somebody_else_is_refused() {
    let world = World::new().await;
    let mut station = world.station().await;
    for token in [
        "",
        "x",
        "1.2",
        "99999999.0.00000000000000000000000000000000.0",
        "-1.0.0.0",
    ] {
        let request = SnapshotRequest {
            protocol: 1,
            page: Some(token.into()),
            want_bytes: 0,
        };
        let refused: Result<SnapshotPage, _> = station.post("/snapshot", &request).await;
        assert_eq!(refused.unwrap_err().1.code, "malformed");
    }
}
