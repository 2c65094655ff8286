//! Old changes lie together in segments: nothing reads otherwise, every signature is still checked.

use crate::support::World;
use ids::DocKind;
use protocol::EntryBody;
use sync_server::system::SystemEntropy;
use sync_server::vault::Vault;
use sync_server::verify::{self, VerifyReport};
use sync_server::{compaction, database};

const EDITS: u64 = 40;

fn verified(world: &World) -> VerifyReport {
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let connection = database::open_reader(&database::file_of(&world.data())).unwrap();
    verify::verify(&connection, &vault).unwrap()
}

fn compact(world: &World) -> u64 {
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let mut connection = database::open(&world.data()).unwrap();
    compaction::run(&mut connection, &vault, &SystemEntropy, i64::MAX).unwrap()
}

#[tokio::test]
async fn what_lies_in_segments_reads_as_before_and_every_signature_holds() {
    let mut world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("石桥村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "李玉梅").await;
    let mut long = tablet.document(DocKind::Child, village);
    let mut short = tablet.document(DocKind::Child, village);
    let mut outbox = Vec::new();
    for number in 0..EDITS {
        outbox.push(tablet.edit(&mut long, "name", &format!("第{number}次")));
    }
    outbox.push(tablet.edit(&mut short, "name", "一次"));
    let start = tablet.start();
    tablet.sync(Some(start), outbox).await.unwrap();
    let documents = tablet.snapshot(0).await[0].documents.clone();
    let entries = station.sync(Some(start), vec![]).await.unwrap().entries;

    world.stop().await;
    assert_eq!(compact(&world), EDITS);
    assert_eq!(compact(&world), 0, "what is packed stays as it is");
    let report = verified(&world);
    assert_eq!((report.changes, report.faults), (EDITS + 1, vec![]));
    world.start().await;

    for device in [&mut tablet, &mut station] {
        device.http = world.http();
        device.token = None;
    }
    assert_eq!(tablet.snapshot(0).await[0].documents, documents);
    let again = station.sync(Some(start), vec![]).await.unwrap().entries;
    assert_eq!(again, entries);
    let changes = again
        .iter()
        .filter(|entry| matches!(entry.body, EntryBody::Change { .. }));
    assert_eq!(changes.count() as u64, EDITS + 1);

    // Work goes on in the same document, on what lies in the segment.
    let next = tablet.edit(&mut long, "name", "又一次");
    let answer = tablet.sync(Some(start), vec![next]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log());
}

#[tokio::test]
async fn an_altered_segment_is_found() {
    let mut world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("石桥村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "李玉梅").await;
    let mut doc = tablet.document(DocKind::Child, village);
    let outbox = (0..EDITS)
        .map(|number| tablet.edit(&mut doc, "name", &number.to_string()))
        .collect();
    let start = tablet.start();
    tablet.sync(Some(start), outbox).await.unwrap();
    world.stop().await;
    compact(&world);
    let connection = database::open(&world.data()).unwrap();
    let mut body: Vec<u8> = connection
        .query_row("SELECT body FROM segments", [], |row| row.get(0))
        .unwrap();
    body[60] ^= 1;
    connection
        .execute("UPDATE segments SET body = ?1", [&body])
        .unwrap();
    drop(connection);
    let faults = verified(&world).faults;
    assert_eq!(
        faults.len() as u64,
        EDITS + 1,
        "every change of it, and itself: {faults:?}"
    );
}

#[tokio::test]
async fn the_database_keeps_its_dictionaries_and_refuses_one_it_does_not_know() {
    let mut world = World::new().await;
    world.stop().await;
    let connection = database::open(&world.data()).unwrap();
    let kept: Vec<u8> = connection
        .query_row("SELECT bytes FROM dictionaries WHERE id = 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kept, protocol::dictionary::newest().bytes);
    connection
        .execute("INSERT INTO dictionaries (id, bytes) VALUES (7, x'00')", [])
        .unwrap();
    drop(connection);
    assert!(database::open(&world.data()).is_err());
}
