//! A document goes from one unit to another in two steps, whoever loses sight of it is told, and late work waits for a person.

use crate::support::{Device, Doc, Half, World, hash_of};
use ids::{ChangeHash, DocKind, DocumentId, UnitId};
use protocol::{
    Cursor, DecideMove, DecideReview, EntryBody, MemberRecord, MoveDecision, MoveId, MoveList,
    MoveState, MoveTargets, OfferMove, Outcome, RefusalCode, ReviewList, ReviewState, envelope,
    limits,
};
use std::collections::BTreeSet;
use sync_server::Worker;
use uuid::Uuid;

struct Township {
    world: World,
    station: Device,
    east: UnitId,
    west: UnitId,
    tablet: Device,
    other: Device,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let east = station.village("东滩村", "310199100201").await;
    let west = station.village("西滩村", "310199100202").await;
    let tablet = world.tablet(&mut station, east, "林月").await;
    let other = world.tablet(&mut station, west, "陈安").await;
    Township {
        world,
        station,
        east,
        west,
        tablet,
        other,
    }
}

/// Another township's station, with a village of its own.
pub(crate) async fn neighbours(world: &World) -> (Device, UnitId) {
    let (name, region) = ("青溪镇", "310199200000");
    let code = world
        .server()
        .create_township(name.into(), region.into(), "何静".into())
        .await
        .unwrap();
    let half = Half::begin_qr(world.http(), &code.qr).await.unwrap();
    let shown = world.server().enrolment(code.enrolment).await.unwrap();
    assert_eq!(shown.compare_code, Some(half.compare_code()));
    world
        .server()
        .confirm_enrolment(code.enrolment)
        .await
        .unwrap();
    let mut station = half.finish().await.unwrap();
    let village = station.village("荷塘村", "310199200201").await;
    (station, village)
}

fn offer_of(documents: &[DocumentId], to: UnitId) -> OfferMove {
    OfferMove {
        id: Uuid::new_v4(),
        documents: documents.to_vec(),
        to,
        subject: "石小雨".into(),
        reason: "搬到外婆家".into(),
        moved_on: "2026-09-20".into(),
    }
}

async fn offer(station: &mut Device, document: DocumentId, to: UnitId) -> MoveId {
    let offer = offer_of(&[document], to);
    let list: MoveList = station.post("/moves/offer", &offer).await.unwrap();
    let again: MoveList = station.post("/moves/offer", &offer).await.unwrap();
    assert_eq!(list, again, "saying it twice changes nothing");
    let made = list.moves.iter().find(|one| one.id == offer.id);
    assert_eq!(made.map(|one| one.state), Some(MoveState::Offered));
    offer.id
}

async fn decide(
    station: &mut Device,
    id: MoveId,
    decision: MoveDecision,
) -> Result<MoveState, String> {
    let list: Result<MoveList, _> = station
        .post("/moves/decide", &DecideMove { id, decision })
        .await;
    let list = list.map_err(|(_, message)| message.code)?;
    Ok(list.moves.iter().find(|one| one.id == id).unwrap().state)
}

/// What is new for a device after a place in its log.
async fn news(device: &mut Device, cursor: Option<Cursor>) -> Vec<EntryBody> {
    let cursor = cursor.unwrap_or_else(|| device.start());
    let answer = device.sync(Some(cursor), vec![]).await.unwrap();
    let bodies = answer.entries.into_iter().map(|entry| entry.body);
    // Everybody of the scope keeps the order; what it does to whom are the entries beside it.
    bodies
        .filter(|body| !matches!(body, EntryBody::Order { .. }))
        .collect()
}

/// The same with the numbers.
async fn news_after(device: &mut Device, cursor: Option<Cursor>) -> Vec<(u64, EntryBody)> {
    let cursor = cursor.unwrap_or_else(|| device.start());
    let answer = device.sync(Some(cursor), vec![]).await.unwrap();
    let entries = answer.entries.into_iter();
    entries.map(|entry| (entry.seq, entry.body)).collect()
}

/// Where a device's log ends.
async fn now(device: &mut Device) -> Option<Cursor> {
    let start = device.start();
    device.sync(Some(start), vec![]).await.unwrap().cursor
}

fn changes(entries: &[EntryBody]) -> Vec<ChangeHash> {
    let hash = |entry: &EntryBody| match entry {
        EntryBody::Change { envelope, .. } => Some(hash_of(&envelope.change)),
        _ => None,
    };
    entries.iter().filter_map(hash).collect()
}

#[tokio::test]
async fn from_village_to_village_the_old_one_is_told_to_forget_and_the_new_one_gets_it_whole() {
    let mut t = township().await;
    let mut doc = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut doc, "name", "石小雨");
    let second = t.tablet.edit(&mut doc, "alias", "小雨");
    t.tablet
        .sync(None, vec![first.clone(), second])
        .await
        .unwrap();
    let id = doc.header.document;
    let (old, new, at_station) = (
        now(&mut t.tablet).await,
        now(&mut t.other).await,
        now(&mut t.station).await,
    );

    let offered = offer(&mut t.station, id, t.west).await;
    assert!(news(&mut t.tablet, old).await.is_empty(), "nothing moved");
    assert_eq!(
        decide(&mut t.station, offered, MoveDecision::Accept).await,
        Ok(MoveState::Accepted)
    );

    let told = news(&mut t.tablet, old).await;
    assert!(
        matches!(&told[..], [EntryBody::DocOut { document, to }] if *document == id && to == "西滩村"),
        "{told:?}"
    );
    let told = news(&mut t.other, new).await;
    let [EntryBody::DocIn { document }] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((document.document, document.home_unit), (id, t.west));
    assert_eq!(document.envelopes.len(), 2);
    assert!(!document.authors.is_empty(), "its authors come with it");
    let told = news(&mut t.station, at_station).await;
    assert!(
        matches!(&told[..], [EntryBody::Moved { document, home_unit }] if *document == id && *home_unit == t.west),
        "{told:?}"
    );
    // Whoever reads from the beginning gets it once, by the move.
    let all = news(&mut t.other, None).await;
    assert!(changes(&all).is_empty(), "{all:?}");

    // It is written in where it lives now.
    let mut copy = Doc::new(&t.other, doc.header.clone());
    copy.changes = 2;
    copy.take(&document.changes);
    let here = t.other.edit(&mut copy, "note", "到了");
    let answer = t.other.sync(None, vec![here]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log(), "{answer:?}");
    let told = news(&mut t.tablet, old).await;
    assert_eq!(told.len(), 1, "the old village hears nothing more of it");
}

/// Nothing is judged from now on, or everything again.
async fn restart_with(world: &mut World, worker: Worker, devices: &mut [&mut Device]) {
    world.worker = worker;
    world.stop().await;
    world.start().await;
    for device in devices {
        device.http = world.http();
        device.token = None;
    }
}

/// A document goes to a place while nothing of it is published: it is published there, once, and its author hears of it
/// under a number of their own log.
async fn goes_while_it_waits(
    t: &mut Township,
    there: &mut Device,
    decider: Option<&mut Device>,
    to: UnitId,
) {
    let good = t.world.worker.clone();
    let nowhere = Worker::Process("/nowhere/sync-server".into());
    let Township {
        world,
        station,
        tablet,
        east,
        ..
    } = t;
    let mut decider = decider;
    let mut devices = vec![&mut *station, &mut *tablet, &mut *there];
    devices.extend(decider.as_deref_mut());
    restart_with(world, nowhere, &mut devices).await;
    let mut doc = tablet.document(DocKind::Child, *east);
    let part = vec![
        tablet.edit(&mut doc, "name", "石小雨"),
        tablet.edit(&mut doc, "alias", "小雨"),
    ];
    let hashes: Vec<_> = part.iter().map(|one| hash_of(&one.change)).collect();
    let answer = tablet.sync(None, part.clone()).await.unwrap();
    assert!(
        answer
            .outcomes
            .iter()
            .all(|(_, said)| *said == Outcome::Taken)
    );
    let offered = offer(station, doc.header.document, to).await;
    let by = decider.as_deref_mut().unwrap_or(&mut *station);
    decide(by, offered, MoveDecision::Accept).await.unwrap();
    // Whoever gets it reads of it before it is published, and goes on from there afterwards.
    let start = there.start();
    let before = there.sync(Some(start), vec![]).await.unwrap();
    let (cursor, entries) = (before.cursor, before.entries);

    let mut devices = vec![&mut *station, &mut *tablet, &mut *there];
    devices.extend(decider);
    restart_with(world, good, &mut devices).await;
    // Asking after it waits until it is judged.
    let start = tablet.start();
    let answer = tablet.sync(Some(start), part).await.unwrap();
    assert!(
        answer.outcomes.iter().all(|(_, said)| said.is_in_log()),
        "{answer:?}"
    );
    let told: Vec<_> = news_after(tablet, None).await;
    let late: Vec<_> = told
        .iter()
        .filter_map(|(seq, body)| match body {
            EntryBody::Late {
                hash,
                state: ReviewState::Taken,
                ..
            } => Some((*hash, *seq)),
            _ => None,
        })
        .collect();
    let numbers: Vec<_> = answer
        .outcomes
        .iter()
        .map(|(hash, said)| (*hash, said.seq().unwrap()))
        .collect();
    assert_eq!(late, numbers, "numbers of its author's own log");
    assert!(
        told.iter()
            .all(|(_, body)| !matches!(body, EntryBody::Change { .. }))
    );

    // Where it lives now it stands once, after its author was made known.
    let mut known = BTreeSet::new();
    let mut seen = Vec::new();
    let read = entries.into_iter().map(|entry| entry.body);
    let after = news_after(there, cursor).await;
    for body in read.chain(after.into_iter().map(|(_, body)| body)) {
        match body {
            EntryBody::Member(MemberRecord::Device { id, .. }) => {
                known.insert(id);
            }
            EntryBody::DocIn { document } => {
                known.extend(document.authors.iter().filter_map(|author| match author {
                    MemberRecord::Device { id, .. } => Some(*id),
                    _ => None,
                }));
                for one in &document.envelopes {
                    let head = envelope::open_head(&one.signed.head).unwrap();
                    assert!(known.contains(&head.device));
                }
            }
            EntryBody::Change { envelope, .. } => {
                let head = envelope::open(&envelope).unwrap();
                assert!(known.contains(&head.device), "its author is known by then");
                seen.push(head.hash);
            }
            _ => {}
        }
    }
    assert_eq!(seen, hashes);
}

#[tokio::test]
async fn what_waits_while_its_document_goes_to_another_village_is_published_there() {
    let mut t = township().await;
    let west = t.west;
    let mut other = t.world.tablet(&mut t.station, west, "周宁").await;
    goes_while_it_waits(&mut t, &mut other, None, west).await;
}

#[tokio::test]
async fn what_waits_while_its_document_goes_to_another_township_is_published_there() {
    let mut t = township().await;
    let (mut neighbour, village) = neighbours(&t.world).await;
    let mut there = t.world.tablet(&mut neighbour, village, "赵春燕").await;
    goes_while_it_waits(&mut t, &mut there, Some(&mut neighbour), village).await;
}

#[tokio::test]
async fn late_work_waits_for_a_person_and_enters_the_document_under_its_first_signature() {
    let mut t = township().await;
    let mut doc = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut doc, "name", "石小雨");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let id = doc.header.document;
    let offered = offer(&mut t.station, id, t.west).await;
    decide(&mut t.station, offered, MoveDecision::Accept)
        .await
        .unwrap();
    let (new, at_station) = (now(&mut t.other).await, now(&mut t.station).await);

    // She was offline.
    let late = t.tablet.edit(&mut doc, "note", "去过，都好");
    let later = t.tablet.edit(&mut doc, "alias", "小雨");
    let hashes = [hash_of(&late.change), hash_of(&later.change)];
    let part = vec![late.clone(), later];
    for _ in 0..2 {
        let answer = t.tablet.sync(None, part.clone()).await.unwrap();
        let said: Vec<_> = answer.outcomes.iter().map(|(_, said)| said).collect();
        assert_eq!(said, [&Outcome::Review, &Outcome::Review]);
    }
    assert!(changes(&news(&mut t.other, new).await).is_empty());
    let told = news(&mut t.station, at_station).await;
    assert_eq!(told.len(), 2, "once for each: {told:?}");

    let list: ReviewList = t.station.post("/review/list", &()).await.unwrap();
    let waiting: Vec<_> = list
        .reviews
        .iter()
        .map(|one| (one.hash, one.state))
        .collect();
    assert_eq!(waiting, hashes.map(|hash| (hash, ReviewState::Waiting)));
    assert_eq!(list.reviews[0].envelope, Some(late));
    assert_eq!(list.reviews[0].staff_name, "林月");
    let asked: Result<ReviewList, _> = t.tablet.post("/review/list", &()).await;
    assert_eq!(asked.unwrap_err().0, 403, "a director does not ask");

    // The later one takes the earlier one along.
    let take = DecideReview {
        hash: hashes[1],
        take: true,
        reason: String::new(),
    };
    for _ in 0..2 {
        let list: ReviewList = t.station.post("/review/decide", &take).await.unwrap();
        assert!(
            list.reviews
                .iter()
                .all(|one| one.state == ReviewState::Taken)
        );
    }
    assert_eq!(changes(&news(&mut t.other, new).await), hashes);
    let start = t.tablet.start();
    let answer = t.tablet.sync(Some(start), part).await.unwrap();
    let said: Vec<_> = answer.outcomes.iter().map(|(_, said)| said).collect();
    assert_eq!(said, [&Outcome::Review, &Outcome::Review]);
    let heard: Vec<_> = answer
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Late { state, .. } => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(
        heard,
        [
            ReviewState::Waiting,
            ReviewState::Waiting,
            ReviewState::Taken,
            ReviewState::Taken
        ]
    );
}

#[tokio::test]
async fn what_is_set_aside_is_kept_with_its_reason_and_may_be_taken_later() {
    let mut t = township().await;
    let mut doc = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut doc, "name", "石小雨");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let offered = offer(&mut t.station, doc.header.document, t.west).await;
    decide(&mut t.station, offered, MoveDecision::Accept)
        .await
        .unwrap();
    let late = t.tablet.edit(&mut doc, "note", "去过");
    let hash = hash_of(&late.change);
    t.tablet.sync(None, vec![late]).await.unwrap();
    let mut said = DecideReview {
        hash,
        take: false,
        reason: "已在新村走访".into(),
    };
    let list: ReviewList = t.station.post("/review/decide", &said).await.unwrap();
    assert_eq!(list.reviews[0].state, ReviewState::SetAside);
    assert_eq!(list.reviews[0].reason, "已在新村走访");
    let heard = news(&mut t.tablet, None).await;
    assert!(heard.iter().any(|entry| matches!(
        entry,
        EntryBody::Late { state: ReviewState::SetAside, reason, .. } if reason == "已在新村走访"
    )));
    said.take = true;
    let list: ReviewList = t.station.post("/review/decide", &said).await.unwrap();
    assert_eq!(list.reviews[0].state, ReviewState::Taken);
}

#[tokio::test]
async fn what_is_made_anew_takes_the_old_one_out_of_the_tray_and_nobody_elses() {
    let mut t = township().await;
    let mut doc = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut doc, "name", "石小雨");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let offered = offer(&mut t.station, doc.header.document, t.west).await;
    decide(&mut t.station, offered, MoveDecision::Accept)
        .await
        .unwrap();
    let late = ["去过", "又去过"].map(|note| t.tablet.edit(&mut doc, "note", note));
    t.tablet.sync(None, late.to_vec()).await.unwrap();
    let states = async |t: &mut Township| -> Vec<ReviewState> {
        let list: ReviewList = t.station.post("/review/list", &()).await.unwrap();
        list.reviews.iter().map(|one| one.state).collect()
    };
    assert_eq!(states(&mut t).await, [ReviewState::Waiting; 2]);

    // A head of nobody's frees nothing; its own goes, and the author hears it.
    for (replaced, expected) in [
        ([7; 32], vec![ReviewState::Waiting; 3]),
        (
            envelope::head_hash(&late[1].head),
            vec![
                ReviewState::Waiting,
                ReviewState::Waiting,
                ReviewState::Waiting,
                ReviewState::Replaced,
            ],
        ),
    ] {
        let change = doc.put("note", &format!("重写 {}", expected.len()));
        let mut head = t.tablet.head(&doc.header, &change, false);
        head.replaces = Some(replaced);
        let sealed = t.tablet.seal(&head, change);
        let answer = t.tablet.sync(None, vec![sealed]).await.unwrap();
        assert_eq!(answer.outcomes[0].1, Outcome::Review);
        assert_eq!(states(&mut t).await, expected);
    }
    let hash = hash_of(&late[1].change);
    let heard = news(&mut t.tablet, None).await;
    assert!(heard.iter().any(|entry| matches!(
        entry,
        EntryBody::Late { state: ReviewState::Replaced, hash: of, .. } if *of == hash
    )));
}

#[tokio::test]
async fn from_township_to_township_only_the_other_station_accepts_and_only_the_first_takes_back() {
    let mut t = township().await;
    let (mut neighbour, village) = neighbours(&t.world).await;
    let targets: MoveTargets = t.station.post("/moves/targets", &()).await.unwrap();
    let names: Vec<_> = targets
        .targets
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["东滩村", "西滩村", "荷塘村"]);
    let mut doc = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut doc, "name", "石小雨");
    t.tablet.sync(None, vec![first]).await.unwrap();
    let id = doc.header.document;
    let over = |result| assert_eq!(result, Err("move_over".to_owned()));
    let unknown = |result| assert_eq!(result, Err("not_found".to_owned()));

    let offered = offer(&mut t.station, id, village).await;
    unknown(decide(&mut t.station, offered, MoveDecision::Accept).await);
    unknown(decide(&mut neighbour, offered, MoveDecision::Withdraw).await);
    let list: MoveList = neighbour.post("/moves/list", &()).await.unwrap();
    assert_eq!(list.moves[0].subject, "石小雨");
    let twice: Result<MoveList, _> = t
        .station
        .post("/moves/offer", &offer_of(&[id], t.west))
        .await;
    assert_eq!(twice.unwrap_err().1.code, "move_open");
    decide(&mut t.station, offered, MoveDecision::Withdraw)
        .await
        .unwrap();
    over(decide(&mut neighbour, offered, MoveDecision::Accept).await);

    let offered = offer(&mut t.station, id, village).await;
    decide(&mut neighbour, offered, MoveDecision::Decline)
        .await
        .unwrap();
    over(decide(&mut neighbour, offered, MoveDecision::Accept).await);
    let offered = offer(&mut t.station, id, village).await;
    t.world.clock.forward(limits::MOVE_OFFER_MS);
    for device in [&mut t.station, &mut t.tablet, &mut neighbour] {
        device.open_session().await.unwrap();
    }
    over(decide(&mut neighbour, offered, MoveDecision::Accept).await);

    // Until somebody accepts, it is where it was.
    let second = t.tablet.edit(&mut doc, "alias", "小雨");
    let answer = t.tablet.sync(None, vec![second]).await.unwrap();
    assert!(answer.outcomes[0].1.is_in_log(), "{answer:?}");

    let offered = offer(&mut t.station, id, village).await;
    decide(&mut neighbour, offered, MoveDecision::Accept)
        .await
        .unwrap();
    decide(&mut neighbour, offered, MoveDecision::Accept)
        .await
        .unwrap();
    for device in [&mut t.tablet, &mut t.station] {
        let told = news(device, None).await;
        assert!(changes(&told).is_empty(), "{told:?}");
        assert!(told.iter().any(|entry| matches!(
            entry,
            EntryBody::DocOut { document, to } if *document == id && to == "青溪镇"
        )));
    }
    let told = news(&mut neighbour, None).await;
    let arrived: Vec<_> = told
        .iter()
        .filter_map(|entry| match entry {
            EntryBody::DocIn { document } => Some(document),
            _ => None,
        })
        .collect();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].envelopes.len(), 2);
    let authors = arrived[0].authors.len();
    assert_eq!(authors, 2, "who wrote it, and with which key");

    // A page of documents has it too, for whoever is enrolled there tomorrow.
    let pages = neighbour.snapshot(0).await;
    assert!(
        pages
            .iter()
            .flat_map(|page| &page.documents)
            .any(|one| one.document == id)
    );
    // The station it left may not send it on, nor write in it.
    let gone: Result<MoveList, _> = t
        .station
        .post("/moves/offer", &offer_of(&[id], t.west))
        .await;
    assert_eq!(gone.unwrap_err().0, 404);
    let third = t.tablet.edit(&mut doc, "note", "去过");
    let answer = t.tablet.sync(None, vec![third]).await.unwrap();
    assert_eq!(answer.outcomes[0].1, Outcome::Review);
    // What it says is for the new station alone; the old one sees that it is there.
    let here: ReviewList = neighbour.post("/review/list", &()).await.unwrap();
    let there: ReviewList = t.station.post("/review/list", &()).await.unwrap();
    assert!(here.reviews[0].envelope.is_some());
    assert!(there.reviews[0].envelope.is_none());
}

#[tokio::test]
async fn who_never_had_the_document_is_refused_as_before() {
    let mut t = township().await;
    let mut doc = t.tablet.document(DocKind::Child, t.east);
    let first = t.tablet.edit(&mut doc, "name", "石小雨");
    t.tablet.sync(None, vec![first.clone()]).await.unwrap();
    let mut copy = Doc::new(&t.other, doc.header.clone());
    copy.changes = 1;
    copy.take(&first.change);
    let foreign = t.other.edit(&mut copy, "note", "不是我的村");
    let answer = t.other.sync(None, vec![foreign]).await.unwrap();
    let code = RefusalCode::NotYourUnit;
    assert_eq!(answer.outcomes[0].1, Outcome::Refused { code });
}
