//! 复核: an officer's word about a closing is an order of the township, and nobody else says one.

use crate::moves::neighbours;
use crate::support::{Device, Refused, World};
use ed25519_dalek::VerifyingKey;
use ids::{DocKind, DocumentId, UnitId};
use protocol::{
    Countersign, Countersignature, DecideMove, EntryBody, MoveDecision, MoveList, OfferMove, Order,
    Reports, SealedReason, Verdict, limits, order,
};
use uuid::Uuid;

const CLOSING: Uuid = Uuid::from_u128(0x71);

struct Township {
    world: World,
    station: Device,
    tablet: Device,
    officer: Device,
    problem: DocumentId,
}

async fn written(device: &mut Device, kind: DocKind, home: UnitId) -> DocumentId {
    let mut doc = device.document(kind, home);
    let first = device.edit(&mut doc, "type", "ABUSE");
    let answer = device.sync(None, vec![first]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log());
    doc.header.document
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let problem = written(&mut tablet, DocKind::Problem, village).await;
    let officer = world.officer("何珊").await.unwrap();
    Township {
        world,
        station,
        tablet,
        officer,
        problem,
    }
}

impl Township {
    fn said(&self, verdict: Verdict) -> Countersign {
        Countersign {
            station: self.world.report.scope,
            problem: self.problem,
            closing: CLOSING,
            verdict,
            reason: (verdict == Verdict::NotOver).then(|| SealedReason {
                epoch: 1,
                sealed: vec![7; 90],
            }),
        }
    }
}

async fn say(device: &mut Device, said: &Countersign) -> Result<Reports, Refused> {
    device.post("/countersign", said).await
}

async fn refused(device: &mut Device, said: &Countersign) -> String {
    say(device, said).await.unwrap_err().1.code
}

/// What a device of a township hears of the district's words.
async fn orders(device: &mut Device) -> Vec<Countersignature> {
    let key = VerifyingKey::from_bytes(&device.enrolled.server_key).unwrap();
    let start = device.start();
    let answer = device.sync(Some(start), vec![]).await.unwrap();
    answer
        .entries
        .into_iter()
        .filter_map(|entry| match entry.body {
            EntryBody::Order { statement } => order::read(&key, &statement).ok(),
            _ => None,
        })
        .filter_map(|numbered| match numbered.order {
            Order::Countersign(said) => Some(said),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn an_officers_word_is_an_order_that_every_device_of_the_township_hears() {
    let mut t = township().await;
    let before = t.officer.sync(None, vec![]).await.unwrap().report_ms;
    let said = t.said(Verdict::Countersigned);
    let heard = say(&mut t.officer, &said).await.unwrap();
    let known = &heard.stations[0].countersignatures;
    assert_eq!(known.len(), 1);
    assert_eq!(
        (known[0].closing, known[0].verdict, known[0].name.as_str()),
        (CLOSING, Verdict::Countersigned, "何珊")
    );
    let again = say(&mut t.officer, &said).await.unwrap();
    assert_eq!(again, heard, "said twice it is one");
    for device in [&mut t.station, &mut t.tablet] {
        let orders = orders(device).await;
        assert_eq!(orders.len(), 1);
        assert_eq!(
            (orders[0].problem, orders[0].staff, orders[0].reason.clone()),
            (t.problem, t.officer.enrolled.staff, None)
        );
    }
    for asker in [&mut t.officer, &mut t.station] {
        let told = asker.sync(None, vec![]).await.unwrap().report_ms;
        assert!(told > before, "it is worth asking");
    }

    // A colleague sees it otherwise: that it is not over holds, and nothing takes it back.
    let mut colleague = t.world.officer("陆宁").await.unwrap();
    t.world.clock.forward(60_000);
    let not_over = t.said(Verdict::NotOver);
    say(&mut colleague, &not_over).await.unwrap();
    let heard = say(&mut t.officer, &said).await.unwrap();
    assert_eq!(
        heard.stations[0].countersignatures[0].verdict,
        Verdict::NotOver
    );
    let orders = orders(&mut t.tablet).await;
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[1].reason, not_over.reason);
}

#[tokio::test]
async fn nobody_else_says_one_and_of_nothing_that_is_not_there() {
    let mut t = township().await;
    let said = t.said(Verdict::Countersigned);
    for device in [&mut t.station, &mut t.tablet] {
        assert_eq!(refused(device, &said).await, "not_allowed");
    }
    let elsewhere = World::new().await;
    let mut of_elsewhere = elsewhere.officer("何珊").await.unwrap();
    of_elsewhere.open_session().await.unwrap();
    of_elsewhere.http = t.world.http();
    assert_eq!(refused(&mut of_elsewhere, &said).await, "session_unknown");

    let home = t.tablet.enrolled.unit;
    let child = written(&mut t.tablet, DocKind::Child, home).await;
    let (_neighbour, village) = neighbours(&t.world).await;
    for (what, wrong) in [
        (
            "of a problem that is not there",
            Countersign {
                problem: DocumentId(Uuid::from_u128(9)),
                ..said.clone()
            },
        ),
        (
            "of a child's file",
            Countersign {
                problem: child,
                ..said.clone()
            },
        ),
        (
            "of a village",
            Countersign {
                station: home,
                ..said.clone()
            },
        ),
        (
            "of another township's village",
            Countersign {
                station: village,
                ..said.clone()
            },
        ),
        (
            "of the district itself",
            Countersign {
                station: t.world.report.district,
                ..said.clone()
            },
        ),
    ] {
        assert_eq!(refused(&mut t.officer, &wrong).await, "not_found", "{what}");
    }
    let without = Countersign {
        reason: None,
        ..t.said(Verdict::NotOver)
    };
    let long = Countersign {
        reason: Some(SealedReason {
            epoch: 1,
            sealed: vec![7; limits::SEALED_REASON_BYTES + 1],
        }),
        ..t.said(Verdict::NotOver)
    };
    for wrong in [&without, &long] {
        assert_eq!(refused(&mut t.officer, wrong).await, "malformed");
    }
    assert!(orders(&mut t.station).await.is_empty());

    // Whoever makes closings up fills no log with them.
    for number in 0..limits::COUNTERSIGNATURES {
        let made_up = Countersign {
            closing: Uuid::from_u128(1000 + number as u128),
            ..said.clone()
        };
        say(&mut t.officer, &made_up).await.unwrap();
    }
    assert_eq!(refused(&mut t.officer, &said).await, "too_large");

    // Stopped, she says nothing any more.
    let entropy = sync_server::system::SystemEntropy;
    let mut desk = sync_server::admin::AdminDesk::open(
        &t.world.data(),
        &t.world.key_file(),
        t.world.clock.as_ref(),
        &entropy,
    )
    .unwrap();
    desk.revoke(t.officer.enrolled.device, "离职").unwrap();
    assert_eq!(refused(&mut t.officer, &said).await, "device_revoked");
}

#[tokio::test]
async fn what_was_said_of_a_problem_goes_with_it_to_another_township() {
    let mut t = township().await;
    let (mut neighbour, village) = neighbours(&t.world).await;
    let said = t.said(Verdict::NotOver);
    say(&mut t.officer, &said).await.unwrap();
    let id = Uuid::new_v4();
    let offer = OfferMove {
        id,
        documents: vec![t.problem],
        to: village,
        subject: String::new(),
        reason: String::new(),
        moved_on: String::new(),
    };
    let _: MoveList = t.station.post("/moves/offer", &offer).await.unwrap();
    let decision = DecideMove {
        id,
        decision: MoveDecision::Accept,
    };
    let _: MoveList = neighbour.post("/moves/decide", &decision).await.unwrap();
    let there = orders(&mut neighbour).await;
    assert_eq!(there.len(), 1);
    assert_eq!(
        (there[0].problem, there[0].verdict),
        (t.problem, said.verdict)
    );

    // The station where it was has no closing any more; the next word goes where it is.
    let next = Countersign {
        closing: Uuid::from_u128(0x72),
        ..t.said(Verdict::Countersigned)
    };
    assert_eq!(refused(&mut t.officer, &next).await, "not_found");
    let next = Countersign {
        station: neighbour.enrolled.scope,
        ..next
    };
    let heard = say(&mut t.officer, &next).await.unwrap();
    let of = |scope: UnitId| {
        let station = heard.stations.iter().find(|one| one.station == scope);
        station.unwrap().countersignatures.len()
    };
    assert_eq!(
        (of(t.world.report.scope), of(neighbour.enrolled.scope)),
        (0, 2)
    );
    assert_eq!(orders(&mut neighbour).await.len(), 2);
}
