//! What is accepted, repeated, held and refused, and that a restart forgets nothing.

use crate::support::{Device, Doc, World, hash_of};
use automerge::ROOT;
use automerge::transaction::Transactable;
use ids::{DocKind, Incarnation, UnitId};
use protocol::session::proof;
use protocol::{EntryBody, LastApplied, MemberRecord, Outcome, RefusalCode, SyncResponse, Tick};
use uuid::Uuid;

async fn township() -> (World, Device, Device, UnitId) {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let tablet = world.tablet(&mut station, village, "林月").await;
    (world, station, tablet, village)
}

fn outcome(response: &SyncResponse) -> &Outcome {
    &response.outcomes.last().unwrap().1
}

fn refusal(response: &SyncResponse) -> RefusalCode {
    match outcome(response) {
        Outcome::Refused { code } => *code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_change_is_accepted_once_and_reaches_the_station_with_its_signature() {
    let (_world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let envelope = tablet.edit(&mut doc, "name", "石小雨");

    let start = tablet.start();
    let first = tablet
        .sync(Some(start), vec![envelope.clone()])
        .await
        .unwrap();
    let Outcome::Accepted { seq } = *outcome(&first) else {
        panic!("not accepted: {first:?}");
    };
    assert!(!first.second_copy);
    assert_eq!(first.durable_seq, seq);
    let own = first.entries.last().unwrap();
    assert_eq!(own.seq, seq);
    assert!(
        matches!(&own.body, EntryBody::Yours { hash, .. } if *hash == hash_of(&envelope.change))
    );
    let key = ed25519_dalek::VerifyingKey::from_bytes(&tablet.enrolled.server_key).unwrap();
    let tick: Tick = proof::read_statement(&key, &first.tick).unwrap();
    assert_eq!(tick.seq, seq);

    let again = tablet
        .sync(first.cursor, vec![envelope.clone()])
        .await
        .unwrap();
    assert_eq!(*outcome(&again), Outcome::AlreadyHad { seq });
    assert!(again.entries.is_empty());

    let start = station.start();
    let seen = station.sync(Some(start), vec![]).await.unwrap();
    assert!(
        seen.entries
            .windows(2)
            .all(|pair| pair[0].seq < pair[1].seq)
    );
    let changes: Vec<_> = seen
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Change {
                envelope,
                kind,
                home_unit,
            } => Some((envelope, *kind, *home_unit)),
            _ => None,
        })
        .collect();
    assert_eq!(changes, vec![(&envelope, DocKind::Child, village)]);
    let packs = seen
        .entries
        .iter()
        .filter(|entry| matches!(&entry.body, EntryBody::Policy { id, .. } if id == "national"));
    assert_eq!(packs.count(), 1);
    let names: Vec<_> = seen
        .entries
        .iter()
        .filter_map(|entry| match &entry.body {
            EntryBody::Member(MemberRecord::Staff { name, .. }) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["周敏", "林月"]);
}

#[tokio::test]
async fn a_change_whose_past_is_missing_is_held_and_enters_by_itself() {
    let (world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first.clone()]).await.unwrap();

    // A second tablet writes on top of a change of the first that the server has not seen yet.
    let second = tablet.edit(&mut doc, "alias", "小雨");
    let mut other = world.tablet(&mut station, village, "陈安").await;
    let mut copy = Doc::new(&other, doc.header.clone());
    copy.changes = 1;
    copy.take(&first.change);
    copy.take(&second.change);
    let third = other.edit(&mut copy, "school", "芦汀小学");

    let held = other.sync(None, vec![third.clone()]).await.unwrap();
    let missing = vec![hash_of(&second.change)];
    assert_eq!(
        *outcome(&held),
        Outcome::Held {
            missing: missing.clone()
        }
    );
    let held_again = other.sync(None, vec![third.clone()]).await.unwrap();
    assert_eq!(*outcome(&held_again), Outcome::Held { missing });

    let arrived = tablet.sync(None, vec![second]).await.unwrap();
    let Outcome::Accepted { seq } = *outcome(&arrived) else {
        panic!("not accepted");
    };
    let released = other.sync(None, vec![third]).await.unwrap();
    assert_eq!(*outcome(&released), Outcome::AlreadyHad { seq: seq + 1 });
}

#[tokio::test]
async fn a_part_may_depend_on_itself_and_one_refusal_stops_nothing_else() {
    let (_world, _station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let one = tablet.edit(&mut doc, "name", "石小雨");
    let mut foreign = tablet.document(DocKind::Child, UnitId(Uuid::from_u128(7)));
    let refused = tablet.edit(&mut foreign, "name", "某某");
    let two = tablet.edit(&mut doc, "alias", "小雨");
    let response = tablet
        .sync(None, vec![one, refused.clone(), two])
        .await
        .unwrap();
    let kinds: Vec<bool> = response
        .outcomes
        .iter()
        .map(|(_, outcome)| outcome.is_in_log())
        .collect();
    assert_eq!(kinds, [true, false, true]);
    let again = tablet.sync(None, vec![refused]).await.unwrap();
    assert_eq!(refusal(&again), RefusalCode::NotYourUnit);
}

#[tokio::test]
async fn every_lie_has_its_code() {
    let (world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let first = tablet.edit(&mut doc, "name", "石小雨");
    tablet.sync(None, vec![first.clone()]).await.unwrap();
    let header = doc.header.clone();

    // A signature that does not hold, a device that is another: neither takes a place in the chain.
    let change = doc.put("alias", "小雨");
    let head = tablet.head(&header, &change, false);
    let (dev_seq, previous) = (tablet.dev_seq, tablet.previous);
    let mut forged = tablet.seal(&head, change.clone());
    forged.signature[0] ^= 1;
    let response = tablet.sync(None, vec![forged]).await.unwrap();
    assert_eq!(refusal(&response), RefusalCode::BadSignature);
    let mut other = head.clone();
    other.device = station.enrolled.device;
    let lied = tablet.seal(&other, change.clone());
    let response = tablet.sync(None, vec![lied]).await.unwrap();
    assert_eq!(refusal(&response), RefusalCode::UnknownDevice);
    // A gap in the chain.
    let mut gap = head.clone();
    gap.dev_seq += 1;
    let gapped = tablet.seal(&gap, change.clone());
    let response = tablet.sync(None, vec![gapped]).await.unwrap();
    assert_eq!(refusal(&response), RefusalCode::BadChain);
    (tablet.dev_seq, tablet.previous) = (dev_seq, previous);

    // From here each refusal keeps its place.
    for (expected, lie) in [
        (RefusalCode::HashMismatch, 0),
        (RefusalCode::ActorMismatch, 1),
        (RefusalCode::Malformed, 2),
        (RefusalCode::Generation, 3),
        (RefusalCode::UnknownDocument, 4),
    ] {
        let mut head = tablet.head(&header, &change, false);
        match lie {
            0 => head.hash.0[0] ^= 1,
            1 => head.incarnation = Incarnation(Uuid::from_u128(3)),
            2 => head.ops += 1,
            3 => head.generation = 2,
            _ => head.document.0 = Uuid::from_u128(5),
        }
        // An actor goes with its incarnation, document and generation.
        let change = if lie >= 3 {
            let mut strange = Doc::new(
                &tablet,
                protocol::DocumentHeader {
                    document: head.document,
                    generation: head.generation,
                    ..header.clone()
                },
            );
            strange.put("alias", "小雨")
        } else {
            change.clone()
        };
        if lie >= 3 {
            let honest = tablet.head(&header, &change, false);
            head.hash = honest.hash;
            head.actor = honest.actor;
            (head.seq, head.start_op, head.ops) = (honest.seq, honest.start_op, honest.ops);
        }
        let chain = (tablet.dev_seq, tablet.previous);
        if lie == 1 {
            (head.dev_seq, head.previous) = (1, [0; 32]);
        }
        let sealed = tablet.seal(&head, change);
        if lie == 1 {
            (tablet.dev_seq, tablet.previous) = chain;
        }
        let response = tablet.sync(None, vec![sealed.clone()]).await.unwrap();
        assert_eq!(refusal(&response), expected);
        let again = tablet.sync(None, vec![sealed]).await.unwrap();
        assert_eq!(refusal(&again), expected);
    }

    // A deflated change, and one with too many operations.
    let head = tablet.head(&header, &change, false);
    let mut deflated = change.clone();
    deflated[8] = 2;
    let sealed = tablet.seal(&head, deflated);
    let response = tablet.sync(None, vec![sealed]).await.unwrap();
    assert_eq!(refusal(&response), RefusalCode::Malformed);

    // The honest change still goes.
    let head = tablet.head(&header, &change, false);
    let sealed = tablet.seal(&head, change);
    let response = tablet.sync(None, vec![sealed]).await.unwrap();
    assert!(outcome(&response).is_in_log());

    // The same number of the same actor for something else.
    let mut twin = Doc::new(&tablet, header.clone());
    let reused = twin.put("name", "石大雨");
    let head = tablet.head(&header, &reused, false);
    let sealed = tablet.seal(&head, reused);
    let response = tablet.sync(None, vec![sealed]).await.unwrap();
    assert_eq!(refusal(&response), RefusalCode::SeqReused);

    // Seen by the station's sync as well: it may write in the village.
    let mut copy = Doc::new(&station, header);
    copy.changes = 1;
    copy.take(&first.change);
    let sealed = station.edit(&mut copy, "note", "好");
    let response = station.sync(None, vec![sealed]).await.unwrap();
    assert!(outcome(&response).is_in_log());
    drop(world);
}

#[tokio::test]
async fn operations_are_counted_before_automerge_sees_them() {
    let (_world, _station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    for index in 0..5_001 {
        doc.automerge
            .put(ROOT, format!("field {index}"), "x")
            .unwrap();
    }
    let change = doc.commit();
    assert!(protocol::change_header::read(&change).is_err());
    let small = Doc::new(&tablet, doc.header.clone()).put("name", "x");
    let head = tablet.head(&doc.header, &small, true);
    let sealed = tablet.seal(&head, change);
    let response = tablet.sync(None, vec![sealed]).await.unwrap();
    assert_eq!(refusal(&response), RefusalCode::TooManyOps);
}

#[tokio::test]
async fn a_restart_forgets_nothing_but_the_session() {
    let (mut world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Household, village);
    let one = tablet.edit(&mut doc, "address", "东滩村1组");
    let first = tablet.sync(None, vec![one.clone()]).await.unwrap();
    let seq = outcome(&first).seq().unwrap();
    world.stop().await;
    world.start().await;
    for device in [&mut tablet, &mut station] {
        device.http = world.http();
    }
    let (status, error) = tablet.sync(None, vec![]).await.unwrap_err();
    assert_eq!((status, error.code.as_str()), (401, "session_unknown"));
    tablet.token = None;
    station.token = None;
    let again = tablet.sync(None, vec![one.clone()]).await.unwrap();
    assert_eq!(*outcome(&again), Outcome::AlreadyHad { seq });
    let two = tablet.edit(&mut doc, "phone", "无");
    let next = tablet.sync(None, vec![two]).await.unwrap();
    assert_eq!(*outcome(&next), Outcome::Accepted { seq: seq + 1 });
    let start = station.start();
    let seen = station.sync(Some(start), vec![]).await.unwrap();
    assert_eq!(seen.cursor.unwrap().seq, seq + 1);
}

#[tokio::test]
async fn histories_that_differ_are_reset() {
    let (_world, _station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let one = tablet.edit(&mut doc, "name", "石小雨");
    let start = tablet.start();
    let first = tablet.sync(Some(start), vec![one.clone()]).await.unwrap();
    let cursor = first.cursor.unwrap();
    let last = LastApplied {
        seq: cursor.seq,
        hash: hash_of(&one.change),
    };
    let same = tablet.request(Some(cursor), Some(last), vec![]);
    let same: SyncResponse = tablet.post("/sync", &same).await.unwrap();
    assert!(same.entries.is_empty());

    let mut other = last;
    other.hash.0[0] ^= 1;
    let mut epoch = cursor;
    epoch.epoch += 1;
    let mut ahead = cursor;
    ahead.seq += 1;
    for request in [
        tablet.request(Some(cursor), Some(other), vec![]),
        tablet.request(Some(epoch), Some(last), vec![]),
        tablet.request(Some(ahead), None, vec![]),
    ] {
        let reset: SyncResponse = tablet.post("/sync", &request).await.unwrap();
        assert_eq!(reset.entries.len(), 1);
        assert_eq!(reset.entries[0].body, EntryBody::Reset);
        assert_eq!(reset.cursor, None);
    }
}

#[tokio::test]
async fn an_answer_stops_at_its_bytes_and_says_more() {
    let (_world, mut station, mut tablet, village) = township().await;
    let mut doc = tablet.document(DocKind::Child, village);
    let note = "长".repeat(2_000);
    let part: Vec<_> = (0..10)
        .map(|index| tablet.edit(&mut doc, &format!("note {index}"), &note))
        .collect();
    tablet.sync(None, part).await.unwrap();
    let mut cursor = station.start();
    let mut changes = 0;
    let mut rounds = 0;
    loop {
        let mut request = station.request(Some(cursor), None, vec![]);
        request.want_bytes = 20_000;
        let answer: SyncResponse = station.post("/sync", &request).await.unwrap();
        rounds += 1;
        changes += answer
            .entries
            .iter()
            .filter(|entry| matches!(entry.body, EntryBody::Change { .. }))
            .count();
        cursor = answer.cursor.unwrap();
        if !answer.more {
            break;
        }
    }
    assert_eq!(changes, 10);
    assert!(rounds > 2);
}

#[tokio::test]
async fn many_devices_at_once_get_numbers_without_a_gap() {
    let (world, mut station, _tablet, village) = township().await;
    let mut tablets = Vec::new();
    for index in 0..6 {
        tablets.push(
            world
                .tablet(&mut station, village, &format!("主任{index}"))
                .await,
        );
    }
    let tasks: Vec<_> = tablets
        .into_iter()
        .map(|mut tablet| {
            tokio::spawn(async move {
                let mut seqs = Vec::new();
                let mut doc = tablet.document(DocKind::Child, village);
                for index in 0..10 {
                    let envelope = tablet.edit(&mut doc, "name", &index.to_string());
                    let response = tablet.sync(None, vec![envelope]).await.unwrap();
                    seqs.push(outcome(&response).seq().unwrap());
                }
                seqs
            })
        })
        .collect();
    let mut seqs = Vec::new();
    for task in tasks {
        seqs.extend(task.await.unwrap());
    }
    seqs.sort_unstable();
    assert_eq!(seqs.len(), 60);
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1));
}
