//! Our reading of a change agrees with Automerge's on honest bytes, and survives every other kind.

use crate::Seeded;
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ObjType, ROOT, ReadDoc};
use ids::DocKind;
use protocol::change_header::{self, ChangeError};
use protocol::{genesis, limits};
use sha2::{Digest, Sha256};

/// Real changes of many shapes.
fn samples() -> Vec<Vec<u8>> {
    let mut document = AutoCommit::new().with_actor(ActorId::from([1u8; 16].as_slice()));
    let mut changes = Vec::new();
    for round in 0..12i64 {
        let visits = match document.get(ROOT, "visits").unwrap() {
            Some((_, visits)) => visits,
            None => document.put_object(ROOT, "visits", ObjType::Map).unwrap(),
        };
        let visit = document
            .put_object(&visits, format!("visit {round}"), ObjType::Map)
            .unwrap();
        for field in 0..round {
            document.put(&visit, format!("字段{field}"), "值").unwrap();
            document
                .put(&visit, format!("n{field}"), field * 1_000_003)
                .unwrap();
            document
                .put(&visit, format!("b{field}"), field % 2 == 0)
                .unwrap();
        }
        document.put(&visit, "nothing", ()).unwrap();
        document.put(ROOT, "name", format!("第{round}次")).unwrap();
        if round % 3 == 2 {
            document.delete(ROOT, "name").unwrap();
        }
        let mut other = document
            .fork()
            .with_actor(ActorId::from([2u8; 16].as_slice()));
        other.put(ROOT, "name", "另一个").unwrap();
        other.commit();
        document.put(ROOT, "name", "这一个").unwrap();
        document.commit_with(automerge::transaction::CommitOptions::default().with_time(round));
        document.merge(&mut other).unwrap();
        document.put(ROOT, "name", "决定").unwrap();
        document.commit_with(automerge::transaction::CommitOptions::default().with_message("决定"));
    }
    let text = document.put_object(ROOT, "text", ObjType::Text).unwrap();
    document
        .splice_text(&text, 0, 0, "长文本，逐字记录")
        .unwrap();
    let list = document.put_object(ROOT, "list", ObjType::List).unwrap();
    for index in 0..30 {
        document.insert(&list, index, "x").unwrap();
    }
    document.commit();
    document.empty_change(automerge::transaction::CommitOptions::default());
    for change in document.get_changes(&[]) {
        changes.push(change.raw_bytes().to_vec());
    }
    for constant in genesis::table() {
        changes.push(constant.bytes.to_vec());
    }
    changes
}

#[test]
fn it_agrees_with_automerge_on_every_sample() {
    let samples = samples();
    assert!(samples.len() > 30);
    for bytes in samples {
        let ours = change_header::read(&bytes).unwrap();
        let theirs = Change::from_bytes(bytes).unwrap();
        assert_eq!(ours.hash.0, theirs.hash().0);
        assert_eq!(ours.actor, theirs.actor_id().to_bytes());
        assert_eq!(ours.seq, theirs.seq());
        assert_eq!(ours.start_op, theirs.start_op().get());
        assert_eq!(ours.ops, theirs.len() as u64);
        assert_eq!(ours.max_op(), theirs.max_op());
        assert_eq!(ours.time, theirs.timestamp());
        let deps: Vec<[u8; 32]> = theirs.deps().iter().map(|dep| dep.0).collect();
        assert_eq!(ours.deps.iter().map(|dep| dep.0).collect::<Vec<_>>(), deps);
    }
}

#[test]
fn the_constants_are_what_the_table_says() {
    for constant in genesis::table() {
        let header = change_header::read(constant.bytes).unwrap();
        assert_eq!(header.hash, constant.hash);
        assert_eq!(header.max_op(), constant.max_op);
    }
}

#[test]
fn mutations_are_refused_or_read_but_never_panic() {
    for (index, sample) in samples().iter().enumerate() {
        let mut seeded = Seeded::new(index as u64 + 1);
        for _ in 0..2_000 {
            let mutant = seeded.mutate(sample);
            if let Ok(header) = change_header::read(&mutant) {
                assert_eq!(mutant, *sample, "{:?}", header.hash);
            }
        }
        for end in 0..sample.len() {
            assert!(change_header::read(&sample[..end]).is_err());
        }
    }
}

/// The checksum mended after each mutation, so that the inside is really read.
#[test]
fn mutations_behind_a_right_checksum_never_panic_and_never_exceed_the_limits() {
    let mut read = 0;
    for (index, sample) in samples().iter().enumerate() {
        let mut seeded = Seeded::new(index as u64 + 100);
        let body = body_of(sample);
        for _ in 0..3_000 {
            let mutant = chunk(&seeded.mutate(body));
            if let Ok(header) = change_header::read(&mutant) {
                read += 1;
                assert!(header.ops <= limits::CHANGE_OPS);
                assert!(header.max_op() <= limits::MAX_OP);
            }
        }
    }
    assert!(read > 100, "the mutants never reach the inside: {read}");
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut seeded = Seeded::new(77);
    for _ in 0..20_000 {
        let length = seeded.below(200);
        let mut bytes: Vec<u8> = (0..length)
            .map(|_| u8::try_from(seeded.draw() & 0xff).unwrap())
            .collect();
        let _ = change_header::read(&bytes);
        let _ = change_header::read(&chunk(&bytes));
        bytes.splice(0..0, [0x85, 0x6f, 0x4a, 0x83]);
        let _ = change_header::read(&bytes);
    }
}

fn body_of(change: &[u8]) -> &[u8] {
    let mut at = 9;
    while change[at] & 0x80 != 0 {
        at += 1;
    }
    &change[at + 1..]
}

fn length_of(body: &[u8]) -> Vec<u8> {
    let mut length = body.len();
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        if length == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn chunk(body: &[u8]) -> Vec<u8> {
    let inner = [&[1], length_of(body).as_slice(), body].concat();
    let hash = Sha256::digest(&inner);
    [&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &inner].concat()
}

/// A change body with one action column.
fn body_with_actions(action_column: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 16];
    body.extend([7; 16]);
    body.extend([1, 1, 0, 0, 0, 1, 0x42]);
    body.extend(length_of(action_column));
    body.extend(action_column);
    body
}

fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        let done = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
        if done {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[test]
fn operations_are_counted_from_run_lengths_up_to_the_limit() {
    let most = i64::try_from(limits::CHANGE_OPS).unwrap();
    let run = |length: i64| chunk(&body_with_actions(&[signed(length), vec![1]].concat()));
    assert_eq!(
        change_header::read(&run(most - 1)).unwrap().ops,
        limits::CHANGE_OPS - 1
    );
    assert_eq!(
        change_header::read(&run(most)).unwrap().ops,
        limits::CHANGE_OPS
    );
    assert_eq!(
        change_header::read(&run(most + 1)),
        Err(ChangeError::TooManyOps)
    );
    for bomb in [1 << 40, i64::MAX, i64::MIN, -(1 << 40)] {
        assert_eq!(
            change_header::read(&run(bomb)),
            Err(ChangeError::TooManyOps)
        );
    }
    let nulls = |count: &[u8]| chunk(&body_with_actions(&[&[0], count].concat()));
    assert_eq!(change_header::read(&nulls(&[5])).unwrap().ops, 5);
    let endless = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert_eq!(
        change_header::read(&nulls(&endless)),
        Err(ChangeError::TooManyOps)
    );
}

#[test]
fn other_chunks_are_not_changes() {
    let mut document = AutoCommit::new();
    document.put(ROOT, "text", "长".repeat(500)).unwrap();
    let whole = document.save();
    assert_eq!(change_header::read(&whole), Err(ChangeError::NotAChange));
    let deflated = document.get_last_local_change().unwrap().bytes().to_vec();
    assert_eq!(deflated[8], 2, "Automerge deflates a change of this size");
    assert_eq!(change_header::read(&deflated), Err(ChangeError::NotAChange));
    assert_eq!(
        change_header::read(&[]),
        Err(ChangeError::Malformed("ends early"))
    );
}

#[test]
fn concatenated_changes_are_read_one_by_one() {
    let samples = samples();
    let all = samples.concat();
    let mut rest = all.as_slice();
    for sample in &samples {
        let (header, after) = change_header::read_first(rest).unwrap();
        assert_eq!(header, change_header::read(sample).unwrap());
        rest = after;
    }
    assert!(rest.is_empty());
    assert!(change_header::read(&all).is_err());
}

#[test]
fn a_change_is_as_large_as_the_limit_and_no_larger() {
    // A column of raw values fills the body up to the wanted length.
    const VALUES: u8 = 0x57;
    let body_of_length = |wanted: usize| {
        let frame = |values: usize| {
            let mut body = vec![0, 16];
            body.extend([7; 16]);
            body.extend([1, 1, 0, 0, 0, 1, VALUES]);
            body.extend(length_of(&vec![0; values]));
            body.extend(vec![b'x'; values]);
            body
        };
        let overhead = frame(wanted).len() - wanted;
        frame(wanted - overhead)
    };
    let most = limits::CHANGE_BYTES;
    for wanted in [most - 1, most] {
        let body = body_of_length(wanted);
        assert_eq!(body.len(), wanted);
        change_header::read(&chunk(&body)).unwrap();
    }
    let large = chunk(&body_of_length(most + 1));
    assert_eq!(change_header::read(&large), Err(ChangeError::TooLarge));
}

/// What a village that only knows of a child may write (docs/adr/0040): entries in one collection, and nothing over anything.
#[test]
fn a_change_that_only_adds_to_a_collection_is_told_from_every_other() {
    let contacts = genesis::collection(DocKind::Child, "contacts").unwrap();
    assert_eq!(contacts.counter, 9);
    assert_eq!(genesis::collection(DocKind::Household, "contacts"), None);
    let made = |write: &dyn Fn(&mut AutoCommit)| {
        let mut document = AutoCommit::new();
        for constant in genesis::constants(DocKind::Child, 3).unwrap() {
            document.load_incremental(constant.bytes).unwrap();
        }
        document.set_actor(ActorId::from([7u8; 16].as_slice()));
        write(&mut document);
        document.commit();
        document
            .get_last_local_change()
            .unwrap()
            .raw_bytes()
            .to_vec()
    };
    let add = |document: &mut AutoCommit, name: &str, id: &str| {
        let (_, map) = document.get(ROOT, name).unwrap().unwrap();
        let entry = document.put_object(&map, id, ObjType::Map).unwrap();
        document.put(&entry, "note", "都好").unwrap();
        let answers = document
            .put_object(&entry, "answers", ObjType::Map)
            .unwrap();
        document.put(&answers, "q1", true).unwrap();
    };
    let adds = |bytes: &[u8]| change_header::adds_only_to(bytes, &contacts).unwrap();
    assert!(adds(&made(&|document| {
        add(document, "contacts", "c1");
        add(document, "contacts", "c2");
    })));
    let others: [&dyn Fn(&mut AutoCommit); 5] = [
        &|document| add(document, "attempts", "a1"),
        &|document| add(document, "rows", "r1"),
        &|document| {
            add(document, "contacts", "c1");
            document.put(ROOT, "schema", 9i64).unwrap();
        },
        &|document| {
            let (_, fields) = document.get(ROOT, "fields").unwrap().unwrap();
            document.put(&fields, "name", "别人").unwrap();
        },
        // A value that is no entry.
        &|document| {
            let (_, map) = document.get(ROOT, "contacts").unwrap().unwrap();
            document.put(&map, "c1", "都好").unwrap();
        },
    ];
    for write in others {
        assert!(!adds(&made(write)));
    }
    let twice = made(&|document| {
        add(document, "contacts", "c1");
        document.commit();
        add(document, "contacts", "c1");
    });
    assert!(!adds(&twice), "an entry stood there");
    for length in 0..twice.len() {
        assert!(change_header::adds_only_to(&twice[..length], &contacts).is_err());
    }
}
