//! Refused changes beside their documents: out of the content, in the record, back again, and through the journal.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{Person, World, document, label, lose_database, visit};
use domain::record::Edit;
use ids::{ChangeHash, DocKind, DocumentId, actor_id};
use std::collections::BTreeSet;
use store::changes::{self, ChangeState, LocalChange, Outcome};
use store::documents::{self, beside};
use store::projections::{self, children, records};
use store::returned::{self, Circumstances};
use store::{Store, StoreError, Transaction, identity};

const CHILD: u128 = 21;

fn refuse(tx: &Transaction<'_>, hash: ChangeHash, code: &str) -> Result<(), StoreError> {
    let outcome = Outcome::Refused {
        code: code.to_owned(),
        reason: None,
    };
    let touched = changes::mark_outcome(tx, hash, &outcome)?;
    assert_eq!(touched, Some(document(CHILD)));
    Ok(())
}

/// A child the server has, a contact it refuses, and a nickname written on top of that.
fn story(store: &Store, person: &Person) -> [ChangeHash; 3] {
    let id = document(CHILD);
    store
        .write(|tx| {
            identity::put(tx, &person.identity())?;
            let born = person.write(
                tx,
                DocKind::Child,
                id,
                &[Edit::put("name", "石小雨"), Edit::put("nickname", "小雨")],
                label("child", "石小雨 建档", "born"),
            )?;
            changes::mark_outcome(
                tx,
                born,
                &Outcome::Durable {
                    server_seq: Some(1),
                },
            )?;
            let refused = person.write(
                tx,
                DocKind::Child,
                id,
                &[visit("visit-1", document(20), "2026-11-20")],
                label("visit", "石小雨 走访", "visit-1"),
            )?;
            let later = person.write(
                tx,
                DocKind::Child,
                id,
                &[Edit::put("nickname", "雨点")],
                label("field", "石小雨 小名", "field-1"),
            )?;
            refuse(tx, refused, "not_your_unit")?;
            let held = Outcome::Held {
                reason: "1 missing".to_owned(),
            };
            changes::mark_outcome(tx, later, &held)?;
            Ok::<_, StoreError>([born, refused, later])
        })
        .unwrap()
}

/// The later change made anew by the same person with a new memory.
fn make_anew(
    tx: &Transaction<'_>,
    person: &Person,
    [born, refused, later]: [ChangeHash; 3],
) -> Result<ChangeHash, StoreError> {
    let id = document(CHILD);
    let mut stored = documents::load(tx, id)?.unwrap();
    beside::set_beside(tx, &mut stored, &BTreeSet::from([refused, later]))?;
    assert_eq!(stored.heads(), [born], "the content is the server's");
    let local = changes::own(tx, later)?.unwrap();
    assert_eq!(
        local.before["nickname"],
        ["小雨".into()],
        "what it was is kept"
    );
    let incarnation = ids::Incarnation(uuid::Uuid::from_u128(999));
    identity::begin_incarnation(tx, incarnation)?;
    let actor = actor_id(person.device, incarnation, id, 0);
    let edits = [Edit::put("nickname", "雨点")];
    let made = beside::make_anew(&mut stored, &[born], actor, 5, &edits)?.unwrap();
    let hash = ChangeHash(made.hash);
    let mut change = local.change.clone();
    change.hash = hash;
    change.actor = actor;
    change.seq = made.seq;
    change.deps = made.deps.into_iter().map(ChangeHash).collect();
    change.body = made.bytes;
    change.dev_seq = 1;
    changes::insert_local(
        tx,
        &LocalChange {
            change,
            incarnation,
            replaces: Some(later),
            ..local
        },
    )?;
    documents::save_tail(tx, &mut stored)?;
    projections::refresh(tx, &stored)?;
    Ok(hash)
}

fn visits(store: &Store, id: DocumentId) -> usize {
    let file = store
        .read(|connection| children::file(connection, id))
        .unwrap();
    file.map_or(0, |file| file.visits.len())
}

fn nickname(store: &Store, id: DocumentId) -> Option<String> {
    let record = store
        .read(|connection| records::get(connection, id))
        .unwrap()?;
    record.text("nickname").map(str::to_owned)
}

#[test]
fn the_refused_one_lies_beside_is_still_seen_and_comes_back_when_it_is_taken() {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    let id = document(CHILD);
    let story = story(&store, &person);
    let [_, refused, later] = story;
    let new = store.write(|tx| make_anew(tx, &person, story)).unwrap();

    assert_eq!(visits(&store, id), 1, "seen in the record");
    assert_eq!(nickname(&store, id).as_deref(), Some("雨点"));
    let heads = store.read(documents::all_heads).unwrap();
    assert_eq!(heads[0].2, [new], "not in what later work stands on");
    let needs: Vec<_> = store.read(changes::needs_you_rows).unwrap();
    assert_eq!(needs.len(), 1);
    assert_eq!(needs[0].hash, refused);
    let waiting = store
        .read(|it| changes::outbox(it, person.scope, usize::MAX))
        .unwrap();
    assert_eq!(waiting.iter().map(|it| it.hash).collect::<Vec<_>>(), [new]);
    let open = store.read(returned::open).unwrap();
    assert_eq!(open.iter().map(|it| it.hash).collect::<Vec<_>>(), [refused]);
    assert!(open[0].beside && !open[0].begins && open[0].state == ChangeState::Refused);
    let lived = store.read(projections::hash).unwrap();
    store.write(projections::rebuild).unwrap();
    assert_eq!(
        store.read(projections::hash).unwrap(),
        lived,
        "rebuilt the same"
    );

    // Put away it is out of sight; brought back it is there again.
    for (away, seen) in [(Some(9), 0), (None, 1)] {
        store
            .write(|tx| {
                changes::set_put_away(tx, refused, away)?;
                projections::refresh_stored(tx, id)
            })
            .unwrap();
        assert_eq!(visits(&store, id), seen);
        assert_eq!(store.read(changes::needs_you_rows).unwrap().len(), seen);
    }

    let taken = Outcome::Durable {
        server_seq: Some(7),
    };
    for hash in [refused, new] {
        store
            .write(|tx| changes::mark_outcome(tx, hash, &taken))
            .unwrap();
    }
    assert_eq!(visits(&store, id), 1);
    let heads = store.read(documents::all_heads).unwrap();
    let held: BTreeSet<_> = heads[0].2.iter().copied().collect();
    assert_eq!(
        held,
        BTreeSet::from([refused, new]),
        "part of the content, beside each other in time"
    );
    assert!(store.read(returned::open).unwrap().is_empty());
    assert_eq!(
        store.read(changes::delivered_count).unwrap(),
        3,
        "each record once"
    );
    assert!(
        store.read(|it| changes::get(it, later)).unwrap().is_some(),
        "the old row is kept"
    );
}

#[test]
fn a_lost_database_brings_back_what_was_made_anew_once() {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    let id = document(CHILD);
    let story = story(&store, &person);
    let [_, refused, later] = story;
    let new = store.write(|tx| make_anew(tx, &person, story)).unwrap();
    drop(store);
    lose_database(&world.folder);

    let store = world.open().store;
    assert_eq!(nickname(&store, id).as_deref(), Some("雨点"));
    assert_eq!(visits(&store, id), 1);
    let waiting = store
        .read(|it| changes::outbox(it, person.scope, usize::MAX))
        .unwrap();
    let waiting: BTreeSet<_> = waiting.iter().map(|it| it.hash).collect();
    assert!(waiting.contains(&refused) && waiting.contains(&new));
    assert!(!waiting.contains(&later), "replaced stays replaced");
    let before = store
        .read(|it| changes::own(it, new))
        .unwrap()
        .unwrap()
        .before;
    assert_eq!(before["nickname"], ["小雨".into()]);
}

#[test]
fn refusals_are_counted_with_what_was_the_case() {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    let [_, refused, _] = story(&store, &person);
    let here = |news: u64| Circumstances {
        app: "1".to_owned(),
        device: person.device,
        belonging: "village/director/village".to_owned(),
        news,
    };
    for news in 0..3 {
        store
            .write(|tx| returned::note(tx, refused, 40 + news, &here(news.unsigned_abs())))
            .unwrap();
    }
    let open = store.read(returned::open).unwrap();
    let refusal = open.iter().find_map(|it| it.refusal.clone()).unwrap();
    assert_eq!((refusal.tries, refusal.at_ms), (3, 42));
    assert_eq!(refusal.circumstances, here(2));
}
