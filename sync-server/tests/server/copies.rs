//! The second copy, the check of everything kept, and that nothing readable lies on the disk.

use crate::support::World;
use ids::DocKind;
use sync_server::{copies, database, vault::Vault, verify};

#[tokio::test]
async fn durable_follows_the_second_copy() {
    let world = World::with_second_copy(true).await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut doc = station.document(DocKind::Child, village);
    let envelope = station.edit(&mut doc, "name", "石小雨");
    let response = station.sync(None, vec![envelope]).await.unwrap();
    let seq = response.outcomes[0].1.seq().unwrap();
    assert!(response.second_copy);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let mut durable = response.durable_seq;
    while durable < seq {
        assert!(std::time::Instant::now() < deadline, "no second copy");
        durable = station.sync(None, vec![]).await.unwrap().durable_seq;
    }
    let copy = world.second_copy.as_ref().unwrap().join(copies::COPY_FILE);
    let connection = database::open_reader(&copy).unwrap();
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let report = verify::verify(&connection, &vault).unwrap();
    assert_eq!((report.changes, report.faults), (1, vec![]));
}

#[tokio::test]
async fn verify_finds_an_altered_body() {
    let mut world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut doc = station.document(DocKind::Child, village);
    let part = (0..3)
        .map(|index| station.edit(&mut doc, "name", &index.to_string()))
        .collect();
    station.sync(None, part).await.unwrap();
    world.stop().await;
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let connection = database::open(&world.data()).unwrap();
    let report = verify::verify(&connection, &vault).unwrap();
    assert_eq!((report.changes, report.faults.len()), (3, 0));
    connection
        .execute(
            "UPDATE bodies SET body = zeroblob(200) WHERE change_id = 2",
            [],
        )
        .unwrap();
    let report = verify::verify(&connection, &vault).unwrap();
    assert_eq!(report.faults.len(), 1);
}

#[tokio::test]
async fn the_disk_holds_nothing_a_stranger_could_read() {
    let mut world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut doc = station.document(DocKind::Child, village);
    let envelope = station.edit(&mut doc, "name", "needle-in-a-field");
    station.sync(None, vec![envelope]).await.unwrap();
    world.stop().await;
    for entry in std::fs::read_dir(world.data()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let found = bytes
            .windows(6)
            .any(|window| window == b"needle".as_slice());
        assert!(!found);
    }
}
