//! 要看一件事: an officer asks, the head answers once, and what was sent goes to the asking device alone and for its days.

use crate::moves::neighbours;
use crate::support::{Device, Refused, World};
use ids::{Clock, DocKind, DocumentId, Role};
use protocol::{
    AnswerCase, AskCase, CaseAnswer, CaseFile, CaseState, EndRecusal, ReadCase, RecusalList,
    RecusePerson, Reports, SealedReason, limits,
};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const ID: Uuid = Uuid::from_u128(0x91);

struct Township {
    world: World,
    station: Device,
    head: Device,
    tablet: Device,
    officer: Device,
    problem: DocumentId,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let mut doc = tablet.document(DocKind::Problem, village);
    let first = tablet.edit(&mut doc, "type", "ABUSE");
    tablet.sync(None, vec![first]).await.unwrap();
    let head = world
        .colleague(&mut station, Role::Head, world.report.scope, "高岚")
        .await
        .unwrap();
    let officer = world.officer("何珊").await.unwrap();
    Township {
        world,
        station,
        head,
        tablet,
        officer,
        problem: doc.header.document,
    }
}

impl Township {
    fn asked(&self) -> AskCase {
        AskCase {
            id: ID,
            station: self.world.report.scope,
            problem: self.problem,
            reason: SealedReason {
                epoch: 1,
                sealed: vec![7; 90],
            },
        }
    }

    fn sent(&self, days: i64) -> AnswerCase {
        AnswerCase {
            id: ID,
            answer: CaseAnswer::Send {
                number: "E-20261127-00001-1".into(),
                until_ms: self.world.clock.now_ms() + days * DAY_MS,
                sealed: vec![9u8; 200].into(),
            },
        }
    }
}

fn declined() -> AnswerCase {
    AnswerCase {
        id: ID,
        answer: CaseAnswer::Decline {
            sealed: vec![8u8; 90].into(),
        },
    }
}

async fn ask(device: &mut Device, asked: &AskCase) -> Result<Reports, Refused> {
    device.post("/cases/ask", asked).await
}

async fn answer(device: &mut Device, answer: &AnswerCase) -> Result<Reports, Refused> {
    device.post("/cases/answer", answer).await
}

async fn read(device: &mut Device) -> Result<CaseFile, Refused> {
    device.post("/cases/read", &ReadCase { id: ID }).await
}

fn code<T: std::fmt::Debug>(refused: Result<T, Refused>) -> String {
    refused.unwrap_err().1.code
}

#[tokio::test]
async fn a_case_is_asked_for_and_sent_to_the_asking_device_alone_for_its_days() {
    let mut t = township().await;
    let asked = t.asked();
    let heard = ask(&mut t.officer, &asked).await.unwrap();
    assert_eq!(heard.stations[0].cases.len(), 1);
    let again = ask(&mut t.officer, &asked).await.unwrap();
    assert_eq!(again, heard, "said twice it is one");
    let there: Reports = t.station.post("/reports/list", &()).await.unwrap();
    let case = &there.stations[0].cases[0];
    assert_eq!(
        (case.state, case.name.as_str(), case.reason.clone()),
        (CaseState::Asked, "何珊", asked.reason.clone())
    );
    let mut colleague = t.world.officer("陆宁").await.unwrap();
    let theirs: Reports = colleague.post("/reports/list", &()).await.unwrap();
    assert!(theirs.stations[0].cases.is_empty(), "hers alone");
    assert_eq!(code(read(&mut t.officer).await), "case_over", "not yet");

    t.world.clock.forward(1_000);
    let before = t.officer.sync(None, vec![]).await.unwrap().report_ms;
    let sent = t.sent(7);
    let heard = answer(&mut t.head, &sent).await.unwrap();
    assert_eq!(heard.stations[0].cases[0].state, CaseState::Sent);
    assert_eq!(answer(&mut t.head, &sent).await.unwrap(), heard);
    assert_eq!(code(answer(&mut t.head, &declined()).await), "case_over");
    assert!(t.officer.sync(None, vec![]).await.unwrap().report_ms > before);
    assert_eq!(code(read(&mut colleague).await), "not_found");
    assert_eq!(read(&mut t.officer).await.unwrap().sealed.len(), 200);
    let there: Reports = t.station.post("/reports/list", &()).await.unwrap();
    let case = &there.stations[0].cases[0];
    assert_eq!(case.number.as_deref(), Some("E-20261127-00001-1"));
    assert_eq!(case.answered_by.as_deref(), Some("高岚"));
    assert!(
        case.fetched_ms.is_some(),
        "the station sees that it was opened"
    );

    t.world.clock.forward(8 * DAY_MS);
    t.officer.token = None;
    assert_eq!(code(read(&mut t.officer).await), "case_over");
}

#[tokio::test]
async fn whoever_is_not_to_act_for_whom_it_is_about_neither_sends_nor_declines_it() {
    let mut t = township().await;
    let asked = t.asked();
    ask(&mut t.officer, &asked).await.unwrap();
    let recusal = RecusePerson {
        id: Uuid::from_u128(0x92),
        documents: vec![t.problem],
        staff: t.head.enrolled.staff,
        stead: None,
        until_ms: None,
        reason: "relative".into(),
    };
    let _: RecusalList = t.station.post("/people/recuse", &recusal).await.unwrap();
    let sent = t.sent(7);
    for wanted in [&sent, &declined()] {
        assert_eq!(code(answer(&mut t.head, wanted).await), "recused");
    }
    let there: Reports = t.station.post("/reports/list", &()).await.unwrap();
    assert_eq!(there.stations[0].cases[0].state, CaseState::Asked);
    let over = EndRecusal { id: recusal.id };
    let _: RecusalList = t.station.post("/people/recuse/end", &over).await.unwrap();
    let heard = answer(&mut t.head, &sent).await.unwrap();
    assert_eq!(heard.stations[0].cases[0].state, CaseState::Sent);
}

#[tokio::test]
async fn nobody_else_asks_or_answers_and_nothing_is_asked_of_what_is_not_there() {
    let mut t = township().await;
    let asked = t.asked();
    for device in [&mut t.station, &mut t.head, &mut t.tablet] {
        assert_eq!(code(ask(device, &asked).await), "not_allowed");
        assert_eq!(code(read(device).await), "not_allowed");
    }
    let elsewhere = AskCase {
        problem: DocumentId(Uuid::from_u128(9)),
        ..asked.clone()
    };
    assert_eq!(code(ask(&mut t.officer, &elsewhere).await), "not_found");
    let (mut neighbour, _) = neighbours(&t.world).await;
    let other = AskCase {
        station: neighbour.enrolled.scope,
        ..asked.clone()
    };
    assert_eq!(code(ask(&mut t.officer, &other).await), "not_found");
    let long = AskCase {
        reason: SealedReason {
            epoch: 1,
            sealed: vec![7; limits::SEALED_REASON_BYTES + 1],
        },
        ..asked.clone()
    };
    assert_eq!(code(ask(&mut t.officer, &long).await), "malformed");
    ask(&mut t.officer, &asked).await.unwrap();
    let mut colleague = t.world.officer("陆宁").await.unwrap();
    assert_eq!(
        code(ask(&mut colleague, &asked).await),
        "case_over",
        "under another's id"
    );

    for device in [
        &mut t.station,
        &mut t.tablet,
        &mut t.officer,
        &mut neighbour,
    ] {
        assert_eq!(code(answer(device, &declined()).await), "not_allowed");
    }
    let with_words = AnswerCase {
        answer: CaseAnswer::Send {
            number: "给何珊".into(),
            until_ms: t.world.clock.now_ms() + DAY_MS,
            sealed: vec![9u8; 10].into(),
        },
        ..t.sent(7)
    };
    let for_ever = t.sent(40);
    let large = AnswerCase {
        answer: CaseAnswer::Send {
            number: "E-1".into(),
            until_ms: t.world.clock.now_ms() + DAY_MS,
            sealed: vec![9u8; limits::CASE_FILE_BYTES + 1].into(),
        },
        ..t.sent(7)
    };
    for wrong in [&with_words, &for_ever, &large] {
        assert_eq!(code(answer(&mut t.head, wrong).await), "malformed");
    }
    let there = answer(&mut t.head, &declined()).await.unwrap();
    let case = &there.stations[0].cases[0];
    assert_eq!(
        (case.state, case.declined.as_ref().map(|it| it.len())),
        (CaseState::Declined, Some(90))
    );

    // Whoever asks without end is stopped.
    for number in 0..limits::CASES_OPEN {
        let next = AskCase {
            id: Uuid::from_u128(1000 + u128::from(number)),
            ..asked.clone()
        };
        ask(&mut t.officer, &next).await.unwrap();
    }
    let next = AskCase {
        id: Uuid::from_u128(5000),
        ..asked
    };
    assert_eq!(code(ask(&mut t.officer, &next).await), "too_large");
}
