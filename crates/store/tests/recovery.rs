//! What is kept for a server that was set back, and what an order erases.

mod common;

use common::{Person, World, document, write_family};
use serde_json::json;
use store::changes::{self, Outcome};
use store::imports::{self, ImportBatch, ImportRow};
use store::projections::{self, children};
use store::{Store, StoreError, documents, identity, recovery};
use uuid::Uuid;

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
fn the_write_ahead_log_is_emptied_of_what_was_erased_as_soon_as_nobody_reads_it() {
    let (world, store, _person) = store();
    let log = world.folder.join("zoufang.db-wal");
    let length = || std::fs::metadata(&log).expect("is there").len();
    assert!(length() > 0, "else this proves nothing");
    store
        .read(|connection| {
            children::count(connection)?;
            // She who reads is not waited for, and what is erased is erased.
            store.write(|tx| recovery::erase(tx, document(1001), 0, 5))?;
            assert!(length() > 0);
            Ok::<_, StoreError>(())
        })
        .expect("erases");
    store
        .write(|_| Ok::<_, StoreError>(()))
        .expect("writes nothing");
    assert_eq!(length(), 0);
    store
        .write(|tx| recovery::erase(tx, document(1000), 0, 5))
        .expect("erases");
    assert_eq!(length(), 0, "at once, when nobody reads");
}

fn batch(number: u128, state: &str) -> ImportBatch {
    ImportBatch {
        batch: Uuid::from_u128(number),
        ledger: "L1".into(),
        file_name: "花名册.xlsx".into(),
        state: state.into(),
        total: 1,
        done: 1,
        details: json!({}),
        result_name: Some("花名册 导入结果.xlsx".into()),
        result_file: Some(vec![7; 20]),
        created_ms: 1_000,
    }
}

#[test]
fn what_was_erased_or_renewed_is_in_no_import_and_no_result_file() {
    type Act = fn(&store::Transaction<'_>) -> Result<(), StoreError>;
    let acts: [Act; 3] = [
        |tx| recovery::erase(tx, document(1001), 0, 5),
        |tx| recovery::end_generation(tx, document(1001), 0, 0, 5),
        // The address of the household is in the row of its child.
        |tx| recovery::end_generation(tx, document(1000), 0, 0, 5),
    ];
    for act in acts {
        let (_world, store, _person) = store();
        let row = |number| ImportRow {
            row: 3,
            outcome: "changed".into(),
            status: "waiting".into(),
            document: Some(document(number)),
            content: json!({"name": "石小雨"}),
        };
        let batches = [
            (batch(1, "done"), 1001),
            (batch(2, "preview"), 1001),
            (batch(3, "running"), 1001),
            (batch(4, "done"), 2001),
            (batch(5, "preview"), 2001),
        ];
        store
            .write(|tx| -> Result<(), StoreError> {
                for (batch, child) in &batches {
                    imports::put_batch(tx, batch)?;
                    imports::put_row(tx, batch.batch, &row(*child))?;
                }
                act(tx)
            })
            .expect("erases");
        let found = |number| {
            let id = Uuid::from_u128(number);
            store
                .read(|connection| {
                    let batch = imports::batch(connection, id)?;
                    Ok::<_, StoreError>((batch, imports::rows(connection, id)?))
                })
                .expect("reads")
        };
        for number in [1, 3] {
            let (batch, rows) = found(number);
            let batch = batch.expect("is there");
            assert_eq!((batch.result_name, batch.result_file), (None, None));
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].content, serde_json::Value::Null);
        }
        assert_eq!(found(2), (None, vec![]), "a preview is made anew");
        for (number, expected) in [(4, &batches[3]), (5, &batches[4])] {
            let (batch, rows) = found(number);
            assert_eq!(batch.as_ref(), Some(&expected.0));
            assert_eq!(rows, [row(2001)]);
        }
    }
}

#[test]
fn imports_of_long_ago_go_with_their_rows_and_results_unless_they_are_under_way() {
    let (_world, store, _person) = store();
    store
        .write(|tx| -> Result<(), StoreError> {
            for (number, state) in [(1, "preview"), (2, "done"), (3, "failed"), (4, "running")] {
                imports::put_batch(tx, &batch(number, state))?;
            }
            assert_eq!(imports::remove_old(tx, 1_000)?, 0);
            assert_eq!(imports::remove_old(tx, 1_001)?, 3);
            assert_eq!(imports::batch(tx, Uuid::from_u128(2))?, None);
            assert_eq!(imports::running(tx)?, [batch(4, "running")]);
            Ok(())
        })
        .expect("removes");
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
