//! What must be kept is kept with everything about it until it need not be, and no longer; what stayed sealed where its matter
//! left goes when two people say so.

use crate::moves::neighbours;
use crate::support::{Device, World};
use ids::{DocKind, DocumentId, Role, UnitId};
use protocol::{
    DecideErasure, DecideMove, ErasedPart, ErasureList, ErasureState, MoveDecision, MoveList,
    OfferMove, RequestErasure, SetHold,
};
use serde_json::json;
use uuid::Uuid;

struct Station {
    world: World,
    station: Device,
    head: Device,
    tablet: Device,
    village: UnitId,
}

async fn station() -> Station {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let tablet = world.tablet(&mut station, village, "林月").await;
    let head = world
        .colleague(&mut station, Role::Head, world.report.scope, "高岚")
        .await
        .unwrap();
    Station {
        world,
        station,
        head,
        tablet,
        village,
    }
}

impl Station {
    /// A document of a kind that is at the server.
    async fn written(&mut self, kind: DocKind) -> DocumentId {
        let home = match kind {
            DocKind::Restricted => self.world.report.scope,
            _ => self.village,
        };
        let mut doc = self.tablet.document(kind, home);
        let envelope = self.tablet.edit(&mut doc, "text", "x");
        let answer = self.tablet.sync(None, vec![envelope]).await.unwrap();
        assert!(answer.outcomes[0].1.is_in_log(), "{:?}", answer.outcomes);
        doc.header.document
    }

    async fn hold(&mut self, child: DocumentId, with: &[DocumentId], hold: bool) -> ErasureList {
        let said = SetHold {
            child,
            with: with.to_vec(),
            hold,
            words: "检察院要用".into(),
        };
        self.head.post("/erasures/hold", &said).await.unwrap()
    }

    /// What the server says to a request; taken back by the head at once, where it was taken.
    async fn asks(&mut self, request: &RequestErasure) -> &'static str {
        let asked: Result<ErasureList, _> = self.station.post("/erasures/request", request).await;
        let code = match asked {
            Ok(_) => "",
            Err((_, message)) => match message.code.as_str() {
                "on_hold" => "on_hold",
                "erasure_changed" => "erasure_changed",
                "not_allowed" => "not_allowed",
                "not_found" => "not_found",
                other => panic!("{other}"),
            },
        };
        if code.is_empty() {
            let decision = decision(request.id, false);
            let _: ErasureList = self.head.post("/erasures/decide", &decision).await.unwrap();
        }
        code
    }
}

fn decision(id: Uuid, approve: bool) -> DecideErasure {
    DecideErasure {
        id,
        approve,
        renewal: None,
        also: Vec::new(),
    }
}

fn request(child: DocumentId, with: &[DocumentId]) -> RequestErasure {
    RequestErasure {
        id: Uuid::new_v4(),
        child,
        with: with.to_vec(),
        about: vec![],
        left: false,
        basis: "mistake".into(),
        words: "重复建档".into(),
        part: None,
    }
}

/// A few words of one document.
fn words_of(child: DocumentId, document: DocumentId, about: &[DocumentId]) -> RequestErasure {
    let part = json!({"document": document, "entry": null, "key": "text", "keep_now": false, "label": "一段话"});
    let part: ErasedPart = serde_json::from_value(part).unwrap();
    RequestErasure {
        about: about.to_vec(),
        part: Some(part),
        ..request(child, &[])
    }
}

#[tokio::test]
async fn what_is_written_of_a_held_child_later_and_with_a_sibling_is_held_as_well() {
    let mut s = station().await;
    let child = s.written(DocKind::Child).await;
    let sibling = s.written(DocKind::Child).await;
    s.hold(child, &[], true).await;
    let problem = s.written(DocKind::Problem).await;
    for held in [
        request(child, &[]),
        words_of(child, problem, &[]),
        words_of(sibling, problem, &[child, sibling]),
    ] {
        assert_eq!(s.asks(&held).await, "on_hold");
    }
    let free = words_of(sibling, problem, &[sibling]);
    assert_eq!(s.asks(&free).await, "", "of the sibling alone");

    // Asked for before it was held, it is not agreed to afterwards.
    s.hold(child, &[], false).await;
    let asked = words_of(sibling, problem, &[child, sibling]);
    let _: ErasureList = s.station.post("/erasures/request", &asked).await.unwrap();
    s.hold(child, &[], true).await;
    let agreed: Result<ErasureList, _> = s
        .head
        .post("/erasures/decide", &decision(asked.id, true))
        .await;
    assert_eq!(agreed.unwrap_err().1.code, "on_hold");
}

#[tokio::test]
async fn lifting_a_hold_frees_all_it_covered_and_nothing_another_one_covers() {
    let mut s = station().await;
    let child = s.written(DocKind::Child).await;
    let sibling = s.written(DocKind::Child).await;
    let household = s.written(DocKind::Household).await;
    let problem = s.written(DocKind::Problem).await;
    s.hold(child, &[household, problem], true).await;
    s.hold(sibling, &[household], true).await;
    // On that day the device counts neither household nor problem to the child.
    let left = s.hold(child, &[], false).await;
    let listed: Vec<_> = left.holds.iter().map(|hold| hold.child).collect();
    assert_eq!(listed, [sibling]);
    let other = s.written(DocKind::Child).await;
    for (document, said) in [(problem, ""), (household, "on_hold")] {
        let asked = words_of(other, document, &[]);
        assert_eq!(s.asks(&asked).await, said);
    }
    s.hold(sibling, &[], false).await;
    let asked = words_of(other, household, &[]);
    assert_eq!(s.asks(&asked).await, "", "nobody needs it any more");
}

#[tokio::test]
async fn what_was_held_before_covers_were_known_goes_with_the_last_such_hold() {
    let mut s = station().await;
    let child = s.written(DocKind::Child).await;
    let other = s.written(DocKind::Child).await;
    let problem = s.written(DocKind::Problem).await;
    s.hold(child, &[problem], true).await;
    s.hold(other, &[], true).await;
    let file = sync_server::database::file_of(&s.world.data());
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute("DELETE FROM hold_covers", []).unwrap();
    drop(connection);
    let third = s.written(DocKind::Child).await;
    let asked = words_of(third, problem, &[]);
    s.hold(child, &[], false).await;
    assert_eq!(s.asks(&asked).await, "on_hold", "the other may need it");
    s.hold(other, &[], false).await;
    let asked = words_of(third, problem, &[]);
    assert_eq!(s.asks(&asked).await, "");
}

async fn moves(s: &mut Station, to: UnitId, neighbour: &mut Device, documents: &[DocumentId]) {
    let offer = OfferMove {
        id: Uuid::new_v4(),
        documents: documents.to_vec(),
        to,
        subject: "石小雨".into(),
        reason: "搬到外婆家".into(),
        moved_on: "2026-09-20".into(),
    };
    let _: MoveList = s.station.post("/moves/offer", &offer).await.unwrap();
    let accepted = DecideMove {
        id: offer.id,
        decision: MoveDecision::Accept,
    };
    let _: MoveList = neighbour.post("/moves/decide", &accepted).await.unwrap();
}

#[tokio::test]
async fn sealed_words_whose_matter_left_the_township_go_when_two_people_say_so() {
    let mut s = station().await;
    let (mut neighbour, there) = neighbours(&s.world).await;
    let child = s.written(DocKind::Child).await;
    let problem = s.written(DocKind::Problem).await;
    let sealed = s.written(DocKind::Restricted).await;
    let other = s.written(DocKind::Problem).await;
    let left = |with: &[DocumentId]| RequestErasure {
        left: true,
        ..request(problem, with)
    };
    assert_eq!(
        s.asks(&left(&[sealed])).await,
        "erasure_changed",
        "it is here"
    );
    moves(&mut s, there, &mut neighbour, &[child, problem]).await;
    assert_eq!(s.asks(&request(problem, &[sealed])).await, "not_found");
    assert_eq!(s.asks(&left(&[])).await, "not_found");
    assert_eq!(s.asks(&left(&[sealed, other])).await, "not_allowed");
    let invented = RequestErasure {
        child: DocumentId(Uuid::new_v4()),
        ..left(&[sealed])
    };
    assert_eq!(
        s.asks(&invented).await,
        "not_found",
        "nothing known to have left"
    );

    let asked = left(&[sealed]);
    let list: ErasureList = s.station.post("/erasures/request", &asked).await.unwrap();
    assert_eq!(list.erasures[0].documents, 1);
    let own: Result<ErasureList, _> = s
        .station
        .post("/erasures/decide", &decision(asked.id, true))
        .await;
    assert!(own.is_err(), "whoever asked does not decide");
    let list: ErasureList = s
        .head
        .post("/erasures/decide", &decision(asked.id, true))
        .await
        .unwrap();
    let row = list.erasures.iter().find(|row| row.id == asked.id).unwrap();
    assert_eq!((row.state, row.child), (ErasureState::Ordered, None));
    assert_eq!(s.asks(&left(&[sealed])).await, "not_found", "it is gone");
}

#[tokio::test]
async fn a_hold_that_went_along_is_lifted_at_the_new_station_also_of_what_stayed() {
    let mut s = station().await;
    let (mut neighbour, there) = neighbours(&s.world).await;
    let neighbours_scope = neighbour.enrolled.scope;
    let mut head = s
        .world
        .colleague(&mut neighbour, Role::Head, neighbours_scope, "高明")
        .await
        .unwrap();
    let child = s.written(DocKind::Child).await;
    let problem = s.written(DocKind::Problem).await;
    let sealed = s.written(DocKind::Restricted).await;
    s.hold(child, &[problem, sealed], true).await;
    moves(&mut s, there, &mut neighbour, &[child, problem]).await;
    let left = || RequestErasure {
        left: true,
        ..request(problem, &[sealed])
    };
    assert_eq!(s.asks(&left()).await, "on_hold");
    let lifted = SetHold {
        child,
        with: vec![],
        hold: false,
        words: "案子结了".into(),
    };
    let list: ErasureList = head.post("/erasures/hold", &lifted).await.unwrap();
    assert!(list.holds.is_empty());
    assert_eq!(s.asks(&left()).await, "");
}

#[tokio::test]
async fn sealed_words_whose_matter_was_erased_go_as_well() {
    let mut s = station().await;
    let child = s.written(DocKind::Child).await;
    let problem = s.written(DocKind::Problem).await;
    let sealed = s.written(DocKind::Restricted).await;
    let asked = request(child, &[problem]);
    let _: ErasureList = s.station.post("/erasures/request", &asked).await.unwrap();
    let _: ErasureList = s
        .head
        .post("/erasures/decide", &decision(asked.id, true))
        .await
        .unwrap();
    let left = RequestErasure {
        left: true,
        ..request(problem, &[sealed])
    };
    assert_eq!(s.asks(&left).await, "");
}

#[tokio::test]
async fn a_file_whose_own_hold_was_lifted_goes_with_the_one_it_is_told_in() {
    let mut s = station().await;
    let child = s.written(DocKind::Child).await;
    let twice = s.written(DocKind::Child).await;
    s.hold(twice, &[], true).await;
    s.hold(child, &[twice], true).await;
    let list = s.hold(twice, &[], false).await;
    let listed: Vec<_> = list.holds.iter().map(|hold| hold.child).collect();
    assert_eq!(listed, [child], "it is kept with the other, and no line");
    assert_eq!(s.asks(&request(twice, &[])).await, "on_hold");
    let list = s.hold(child, &[], false).await;
    assert!(list.holds.is_empty());
    assert_eq!(s.asks(&request(twice, &[])).await, "");
}

#[tokio::test]
async fn a_file_told_in_another_keeps_nothing_but_what_it_was_itself_said_to_keep() {
    for is_said in [false, true] {
        let mut s = station().await;
        let child = s.written(DocKind::Child).await;
        let twice = s.written(DocKind::Child).await;
        let household = s.written(DocKind::Household).await;
        s.hold(twice, &[household], true).await;
        if !is_said {
            // The end of that hold came back by orders alone: what it covered still stands there.
            let file = sync_server::database::file_of(&s.world.data());
            let connection = rusqlite::Connection::open(file).unwrap();
            connection
                .execute("UPDATE holds SET held = 0, staff = NULL, sealed = NULL", [])
                .unwrap();
        }
        s.hold(child, &[twice, household], true).await;
        let list = s.hold(child, &[], false).await;
        assert_eq!(list.holds.is_empty(), !is_said);
        let other = s.written(DocKind::Child).await;
        let said = s.asks(&words_of(other, household, &[])).await;
        assert_eq!(said, if is_said { "on_hold" } else { "" });
    }
}
