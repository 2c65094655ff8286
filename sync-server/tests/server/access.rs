//! Whole documents only, and only those a person may see.

use crate::support::{Device, World};
use ids::{DocKind, UnitId};
use protocol::{EntryBody, MemberRecord, Outcome, RefusalCode, SnapshotPage};

fn kinds_in_log(response: &protocol::SyncResponse) -> Vec<(DocKind, UnitId)> {
    response
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Change {
                kind, home_unit, ..
            } => Some((*kind, *home_unit)),
            _ => None,
        })
        .collect()
}

fn documents(pages: &[SnapshotPage]) -> Vec<(DocKind, UnitId)> {
    pages
        .iter()
        .flat_map(|page| &page.documents)
        .map(|document| (document.kind, document.home_unit))
        .collect()
}

async fn send(device: &mut Device, kind: DocKind, home_unit: UnitId) -> Outcome {
    let mut doc = device.document(kind, home_unit);
    let envelope = device.edit(&mut doc, "name", "x");
    let response = device.sync(None, vec![envelope]).await.unwrap();
    response.outcomes[0].1.clone()
}

#[tokio::test]
async fn a_director_gets_her_village_and_never_sealed_detail() {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let east = station.village("东滩村", "310199100201").await;
    let west = station.village("西滩村", "310199100202").await;
    let mut eastern = world.tablet(&mut station, east, "林月").await;
    let mut western = world.tablet(&mut station, west, "陈安").await;

    assert!(send(&mut eastern, DocKind::Child, east).await.is_in_log());
    assert!(send(&mut eastern, DocKind::Work, east).await.is_in_log());
    assert!(send(&mut station, DocKind::Work, scope).await.is_in_log());
    assert!(
        send(&mut eastern, DocKind::Restricted, scope)
            .await
            .is_in_log()
    );
    assert!(send(&mut western, DocKind::Problem, west).await.is_in_log());
    assert!(
        send(&mut station, DocKind::Household, west)
            .await
            .is_in_log()
    );
    let refused = |code| Outcome::Refused { code };
    assert_eq!(
        send(&mut eastern, DocKind::Child, west).await,
        refused(RefusalCode::NotYourUnit)
    );
    assert_eq!(
        send(&mut eastern, DocKind::Child, scope).await,
        refused(RefusalCode::NotYourUnit)
    );
    for home in [west, scope] {
        assert_eq!(
            send(&mut eastern, DocKind::Work, home).await,
            refused(RefusalCode::NotYourUnit)
        );
    }
    assert_eq!(
        send(&mut eastern, DocKind::Restricted, east).await,
        refused(RefusalCode::NotYourUnit)
    );

    let start = western.start();
    let seen = western.sync(Some(start), vec![]).await.unwrap();
    assert_eq!(
        kinds_in_log(&seen),
        [(DocKind::Problem, west), (DocKind::Household, west)]
    );
    let names: Vec<_> = seen
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Member(MemberRecord::Staff { name, .. }) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["周敏", "陈安"]);
    let pages = western.snapshot(0).await;
    assert_eq!(
        documents(&pages),
        [(DocKind::Household, west), (DocKind::Problem, west)]
    );
    assert_eq!(pages[0].total_documents, 2);

    let pages = eastern.snapshot(0).await;
    assert_eq!(
        documents(&pages),
        [(DocKind::Child, east), (DocKind::Work, east)]
    );
    let pages = station.snapshot(0).await;
    assert_eq!(documents(&pages).len(), 6);
}

#[tokio::test]
async fn sealed_detail_is_corrected_only_by_the_tablet_that_handed_it_in() {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut other = world.tablet(&mut station, village, "陈安").await;
    let mut doc = tablet.document(DocKind::Restricted, scope);
    let first = tablet.edit(&mut doc, "text", "x");
    let second = tablet.edit(&mut doc, "text", "y");
    let response = tablet
        .sync(None, vec![first.clone(), second])
        .await
        .unwrap();
    assert!(
        response
            .outcomes
            .iter()
            .all(|(_, outcome)| outcome.is_in_log())
    );

    let mut copy = crate::support::Doc::new(&other, doc.header.clone());
    copy.changes = 1;
    copy.take(&first.change);
    let meddled = other.edit(&mut copy, "text", "z");
    let response = other.sync(None, vec![meddled]).await.unwrap();
    assert_eq!(
        response.outcomes[0].1,
        Outcome::Refused {
            code: RefusalCode::KindDenied
        }
    );
}
