//! The bounds only a server that runs can meet: one below and at the bound is taken, one above is refused.

use crate::support::{Half, World};
use ids::{ChangeHash, DocKind, DocumentId};
use protocol::{
    CreateVillage, InventoryLine, InventoryRequest, InventoryResponse, Outcome, PROTOCOL_VERSION,
    RefillRequest, RefillResponse, RefusalCode, SignedStatement, VillageList, limits,
};
use uuid::Uuid;

/// One below, at, and one above a bound, with whether it fits.
fn around(bound: usize) -> [(usize, bool); 3] {
    [(bound - 1, true), (bound, true), (bound + 1, false)]
}

#[tokio::test]
async fn envelopes_in_a_part() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut doc = tablet.document(DocKind::Child, village);
    let sealed = tablet.edit(&mut doc, "name", "石小雨");
    for (count, fits) in around(limits::PART_ENVELOPES) {
        let answer = tablet.sync(None, vec![sealed.clone(); count]).await;
        assert_eq!(answer.is_ok(), fits, "{count}");
        if let Err((status, refused)) = answer {
            assert_eq!((status, refused.code.as_str()), (413, "too_large"));
        }
    }
}

#[tokio::test]
async fn bytes_of_a_strangers_request() {
    let world = World::new().await;
    for (length, fits) in around(limits::OPEN_REQUEST_BYTES) {
        let body = vec![0; length];
        let (status, _) = world.http().raw("/session/nonce", None, body).await;
        // What is no message at all is read first.
        assert_eq!(status, if fits { 400 } else { 413 }, "{length}");
    }
}

#[tokio::test]
async fn changes_that_wait_in_one_document() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first]).await.unwrap();
    // What all the others follow is never sent.
    doc.put("name", "石晓雨");
    let most = usize::try_from(limits::HELD_PER_DOCUMENT).unwrap();
    let orphans: Vec<_> = (0..=most)
        .map(|number| tablet.edit(&mut doc, "alias", &number.to_string()))
        .collect();
    let mut outcomes = Vec::new();
    for part in orphans.chunks(100) {
        let answer = tablet.sync(None, part.to_vec()).await.unwrap();
        outcomes.extend(answer.outcomes.into_iter().map(|(_, outcome)| outcome));
    }
    let over = outcomes.split_off(most);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Held { .. }))
    );
    let refused = Outcome::Refused {
        code: RefusalCode::HeldMissing,
    };
    assert_eq!(over, [refused]);
}

#[tokio::test]
async fn lines_and_hashes_of_an_inventory() {
    let world = World::new().await;
    let mut station = world.station().await;
    let line = |number: usize, hashes: usize| InventoryLine {
        document: DocumentId(Uuid::from_u128(number as u128)),
        generation: 0,
        hashes: vec![ChangeHash([7; 32]); hashes],
    };
    let request = |documents| InventoryRequest {
        protocol: PROTOCOL_VERSION,
        documents,
        done: false,
    };
    for (lines, fits) in around(limits::INVENTORY_LINES) {
        let asked = request((0..lines).map(|number| line(number, 0)).collect());
        let answer: Result<InventoryResponse, _> = station.post("/inventory", &asked).await;
        assert_eq!(answer.is_ok(), fits, "{lines} lines");
    }
    for (hashes, fits) in around(limits::INVENTORY_HASHES) {
        let asked = request(vec![line(1, hashes)]);
        let answer: Result<InventoryResponse, _> = station.post("/inventory", &asked).await;
        assert_eq!(answer.is_ok(), fits, "{hashes} hashes");
    }
}

#[tokio::test]
async fn statements_of_a_refill() {
    let world = World::new().await;
    let mut station = world.station().await;
    let statement = || SignedStatement {
        body: vec![1],
        signature: vec![2],
    };
    for (count, fits) in around(limits::REFILL_STATEMENTS) {
        for (members, orders) in [(count, 0), (0, count)] {
            let request = RefillRequest {
                protocol: PROTOCOL_VERSION,
                members: (0..members).map(|_| statement()).collect(),
                orders: (0..orders).map(|_| statement()).collect(),
                envelopes: vec![],
            };
            let answer: Result<RefillResponse, _> = station.post("/refill", &request).await;
            // A server that lost nothing takes nothing back; what it is asked first is the size.
            let code = answer.unwrap_err().1.code;
            assert_eq!(code, if fits { "not_allowed" } else { "too_large" });
        }
    }
}

#[tokio::test]
async fn characters_of_a_name() {
    let world = World::new().await;
    let mut station = world.station().await;
    for (number, (length, fits)) in around(limits::NAME_CHARS).into_iter().enumerate() {
        let request = CreateVillage {
            name: "村".repeat(length),
            region: format!("31019910030{number}"),
        };
        let answer: Result<VillageList, _> = station.post("/villages", &request).await;
        assert_eq!(answer.is_ok(), fits, "{length}: {answer:?}");
    }
}

#[tokio::test]
async fn the_life_of_a_session() {
    let world = World::new().await;
    let mut station = world.station().await;
    for (lived, fits) in [
        (limits::SESSION_MS - 1, true),
        (limits::SESSION_MS, false),
        (limits::SESSION_MS + 1, false),
    ] {
        station.open_session().await.unwrap();
        world.clock.forward(lived);
        assert_eq!(station.sync(None, vec![]).await.is_ok(), fits, "{lived}");
    }
}

#[tokio::test]
async fn beginnings_of_an_enrolment_and_its_life() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    for number in 1..=limits::ENROLMENT_STARTS + 1 {
        let begun = Half::begin_typed(world.http(), &status.code).await;
        assert_eq!(
            begun.is_ok(),
            number <= limits::ENROLMENT_STARTS,
            "{number}"
        );
    }
    for (lived, fits) in [
        (limits::ENROLMENT_MS - 1, true),
        (limits::ENROLMENT_MS, false),
        (limits::ENROLMENT_MS + 1, false),
    ] {
        let status = station.new_code(village, "何平").await.unwrap();
        world.clock.forward(lived);
        station.open_session().await.unwrap();
        let begun = Half::begin_typed(world.http(), &status.code).await;
        assert_eq!(begun.is_ok(), fits, "{lived}");
    }
}
