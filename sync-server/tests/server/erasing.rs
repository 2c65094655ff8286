//! What was erased is in no file of a server that runs.

use crate::support::World;
use crate::trails::{Chain, bring, stop};
use ids::{DocKind, Role};
use protocol::{AuditTaken, DecideErasure, ErasureList, RequestErasure};
use std::path::Path;
use std::time::{Duration, Instant};
use sync_server::database;
use uuid::Uuid;

/// Whether the bytes stand in a file of the folder.
fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .any(|path| {
            std::fs::read(path)
                .unwrap()
                .windows(bytes.len())
                .any(|window| window == bytes)
        })
}

#[tokio::test]
async fn once_a_head_agreed_neither_key_nor_words_are_in_a_file_of_the_running_server() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut head = world
        .colleague(&mut station, Role::Head, world.report.scope, "高岚")
        .await
        .unwrap();
    let mut doc = tablet.document(DocKind::Child, village);
    let envelope = tablet.edit(&mut doc, "name", "石小雨");
    let answer = tablet.sync(None, vec![envelope]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log(), "{:?}", answer.outcomes);
    let child = doc.header.document;
    let secrets: Vec<Vec<u8>> = {
        let connection = database::open_reader(&database::file_of(&world.data())).unwrap();
        let mut secrets = Vec::new();
        for sql in [
            "SELECT wrapped FROM document_keys WHERE document = ?1",
            "SELECT body FROM bodies WHERE ?1 IS NOT NULL",
        ] {
            let found: Vec<Vec<u8>> = connection
                .prepare(sql)
                .unwrap()
                .query_map([child.0.as_bytes()], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            assert_eq!(found.len(), 1, "{sql}");
            secrets.extend(found);
        }
        secrets
    };
    for secret in &secrets {
        assert!(
            is_on_disk(&world.data(), secret),
            "else this proves nothing"
        );
    }

    let id = Uuid::from_u128(7);
    let request = RequestErasure {
        id,
        child,
        with: vec![],
        about: vec![],
        left: false,
        basis: "consent_withdrawn".into(),
        words: "家里要求".into(),
        part: None,
    };
    let _: ErasureList = station.post("/erasures/request", &request).await.unwrap();
    let decision = DecideErasure {
        id,
        approve: true,
        renewal: None,
        also: Vec::new(),
    };
    let _: ErasureList = head.post("/erasures/decide", &decision).await.unwrap();

    // Somebody who still read when it was decided is waited for, and it is tried again.
    let deadline = Instant::now() + Duration::from_secs(30);
    for secret in &secrets {
        while is_on_disk(&world.data(), secret) {
            assert!(
                Instant::now() < deadline,
                "what was erased stays on the disk"
            );
            tablet.sync(None, vec![]).await.unwrap();
        }
    }
}

/// The numbers of all orders there are.
fn orders(world: &World) -> Vec<i64> {
    let connection = database::open_reader(&database::file_of(&world.data())).unwrap();
    let mut statement = connection
        .prepare("SELECT number FROM orders ORDER BY number")
        .unwrap();
    let numbers = statement.query_map([], |row| row.get(0)).unwrap();
    numbers.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_device_has_carried_it_out_when_it_said_so_of_every_document() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut head = world
        .colleague(&mut station, Role::Head, world.report.scope, "高岚")
        .await
        .unwrap();
    let mut stolen = world
        .colleague(&mut station, Role::Supervisor, world.report.scope, "贺兰")
        .await
        .unwrap();
    let mut documents = Vec::new();
    for kind in [DocKind::Child, DocKind::Household, DocKind::Problem] {
        let mut doc = tablet.document(kind, village);
        let envelope = tablet.edit(&mut doc, "name", "石小雨");
        let answer = tablet.sync(None, vec![envelope]).await.unwrap();
        assert!(answer.outcomes[0].1.is_in_log(), "{:?}", answer.outcomes);
        documents.push(doc.header.document);
    }
    let id = Uuid::from_u128(7);
    let request = RequestErasure {
        id,
        child: documents[0],
        with: documents[1..].to_vec(),
        basis: "consent_withdrawn".into(),
        words: "家里要求".into(),
        part: None,
        about: vec![],
        left: false,
    };
    let _: ErasureList = station.post("/erasures/request", &request).await.unwrap();
    let before = orders(&world);
    let decision = DecideErasure {
        id,
        approve: true,
        renewal: None,
        also: Vec::new(),
    };
    let list: ErasureList = head.post("/erasures/decide", &decision).await.unwrap();
    assert_eq!(list.erasures[0].receipts, 0);
    assert_eq!(list.erasures[0].lacks, [3, 3, 3, 3], "all four devices");
    let mut given = orders(&world);
    given.retain(|number| !before.contains(number));
    assert_eq!(given.len(), 3, "one for each document");

    // The last of them is no word about the others.
    let mut chain = Chain::of(&tablet, &[]);
    for (said, number) in given.iter().rev().enumerate() {
        let list: ErasureList = head.post("/erasures/list", &()).await.unwrap();
        let record = &list.erasures[0];
        assert_eq!(record.receipts, 0, "after {said} of three");
        let lacks: Vec<u32> = record
            .missing
            .iter()
            .zip(&record.lacks)
            .filter(|(device, _)| **device == tablet.enrolled.device)
            .map(|(_, lacks)| *lacks)
            .collect();
        assert_eq!(lacks, [3 - said as u32], "after {said} of three");
        chain.push_about(&tablet, "document_erased", number.to_string());
        bring(&mut tablet, &chain, said).await;
    }
    let list: ErasureList = head.post("/erasures/list", &()).await.unwrap();
    let record = &list.erasures[0];
    assert_eq!((record.receipts, record.missing.len()), (1, 3));
    assert!(!record.missing.contains(&tablet.enrolled.device));

    // Whoever holds a stopped device can write what she likes into its trail.
    stop(&mut station, &stolen).await;
    let mut chain = Chain::of(&stolen, &[]);
    for number in &given {
        chain.push_about(&stolen, "document_erased", number.to_string());
    }
    let part = chain.part(&stolen, 0);
    stolen.hand_over = true;
    let _: AuditTaken = stolen.post("/handover/trail", &part).await.unwrap();
    let list: ErasureList = head.post("/erasures/list", &()).await.unwrap();
    assert!(list.erasures[0].missing.contains(&stolen.enrolled.device));
}
