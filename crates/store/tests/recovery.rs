//! What is kept for a server that was set back, and what an order erases.

mod common;

use common::{Person, World, document, write_family};
use store::changes::{self, Outcome};
use store::projections::{self, children};
use store::{Store, StoreError, documents, identity, recovery};

fn store() -> (World, Store, Person) {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    store
        .write(|tx| write_family(tx, &person, 1000))
        .expect("writes");
    (world, store, person)
}

fn deliver_all(store: &Store, person: &Person) -> usize {
    let own = store
        .read(|connection| changes::outbox(connection, person.scope, usize::MAX))
        .expect("reads");
    store
        .write(|tx| -> Result<(), StoreError> {
            for (number, change) in own.iter().enumerate() {
                let accepted = Outcome::Accepted {
                    server_seq: Some(number as u64 + 1),
                };
                changes::mark_outcome(tx, change.hash, &accepted)?;
            }
            changes::mark_durable_up_to(tx, person.scope, own.len() as u64)?;
            Ok(())
        })
        .expect("marks");
    own.len()
}

fn waiting(store: &Store) -> u64 {
    store.read(changes::outbox_length).expect("reads")
}

#[test]
fn what_a_lost_memory_acknowledged_is_offered_again_until_the_server_says_it_has_all_of_it() {
    let (_world, store, person) = store();
    let made = deliver_all(&store, &person);
    assert_eq!(waiting(&store), 0);
    store
        .write(|tx| recovery::begin(tx, person.scope))
        .expect("begins");
    assert_eq!(waiting(&store), made as u64);
    let state = store
        .read(|connection| recovery::get(connection, person.scope))
        .expect("reads");
    assert!(state.inventory_due);

    let heads = store
        .read(|connection| recovery::heads_after(connection, document(0), 100))
        .expect("reads");
    assert_eq!(
        heads.len() as u64,
        store.read(documents::count).expect("reads")
    );
    for held in &heads {
        let all = store
            .read(|connection| recovery::carried(connection, held.document, held.generation))
            .expect("reads");
        assert!(held.hashes.iter().all(|hash| all.hashes.contains(hash)));
        store
            .write(|tx| recovery::mark_complete(tx, held, 7))
            .expect("marks");
    }
    assert_eq!(waiting(&store), 0);
}

#[test]
fn an_erased_document_leaves_nothing_not_in_the_journal_and_not_after_opening_again() {
    let (world, store, _person) = store();
    let gone = document(1001);
    let before = waiting(&store);
    store
        .write(|tx| recovery::erase(tx, gone, 0, 5))
        .expect("erases");
    assert!(waiting(&store) < before);
    assert!(
        store
            .read(|connection| documents::head(connection, gone))
            .expect("reads")
            .is_none()
    );
    assert!(store.read(recovery::erased_unsent).expect("reads") > 0);
    assert_eq!(store.read(children::count).expect("reads"), 0);
    drop(store);
    let outcome = world.open();
    assert_eq!(outcome.replayed, 0, "the journal has nothing of it");
    let store = outcome.store;
    assert!(
        store
            .read(|connection| recovery::is_erased(connection, gone, 0))
            .expect("reads")
    );
    assert!(waiting(&store) < before);
}

#[test]
fn a_child_is_not_found_by_the_landmark_of_a_household_that_was_erased() {
    let (_world, store, _person) = store();
    store
        .write(|tx| recovery::erase(tx, document(1000), 0, 5))
        .expect("erases");
    let kept = store.read(projections::hash).expect("reads");
    let computed = store
        .write(|tx| {
            projections::rebuild(tx)?;
            projections::hash(tx)
        })
        .expect("computes");
    assert_eq!(kept, computed);
}

#[test]
fn what_was_refused_while_the_server_had_lost_the_document_is_offered_again_when_all_was_given_back()
 {
    let (_world, store, person) = store();
    let own = store
        .read(|connection| changes::outbox(connection, person.scope, usize::MAX))
        .expect("reads");
    let before = waiting(&store);
    let refused = Outcome::Refused {
        code: "unknown_document".to_owned(),
        reason: None,
    };
    store
        .write(|tx| changes::mark_outcome(tx, own[0].hash, &refused))
        .expect("marks");
    assert_eq!(waiting(&store), before - 1);
    store
        .write(|tx| recovery::finish(tx, person.scope))
        .expect("finishes");
    assert_eq!(waiting(&store), before);
}
