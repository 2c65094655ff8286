//! The journal: what was called saved survives the database.

mod common;

use common::{Person, World, document, label, lose_database, visit, write_family};
use ids::{ChangeHash, DocKind};
use std::fs;
use std::path::{Path, PathBuf};
use store::changes::{self, Outcome};
use store::projections::{self, children, events};
use store::{Store, StoreError, documents, identity};

fn begin(world: &World) -> (Store, Person) {
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    (store, person)
}

fn family(store: &Store, person: &Person, base: u128) {
    store
        .write(|tx| write_family(tx, person, base))
        .expect("writes");
}

fn hashes(store: &Store) -> Vec<ChangeHash> {
    let scope = Person::number(1).scope;
    store
        .read(|connection| changes::outbox(connection, scope, usize::MAX))
        .expect("reads")
        .into_iter()
        .map(|change| change.hash)
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder.join("journal"))
        .expect("a journal")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn losing_the_database_loses_no_record() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    family(&store, &person, 2000);
    let (before, rows) = (
        hashes(&store),
        store.read(projections::hash).expect("hashes"),
    );
    drop(store);
    lose_database(&world.folder);

    let outcome = world.open();
    assert_eq!(outcome.replayed, 6);
    assert_eq!(outcome.moved_aside, None);
    assert_eq!(hashes(&outcome.store), before);
    assert_eq!(outcome.store.read(projections::hash).expect("hashes"), rows);
    let unsent = outcome.store.read(changes::unsent_rows).expect("reads");
    assert!(unsent.iter().any(|row| row.text == "石小雨 走访"));
    let identity = outcome
        .store
        .read(identity::get)
        .expect("reads")
        .expect("enrolled");
    assert!(identity.restored);
    assert_eq!(identity.signing_key.bytes(), &[7; 32]);
    drop(outcome);
    // Brought back once: opening again brings back nothing, and the new database is in order.
    assert_eq!(world.open().replayed, 0);
}

#[test]
fn changes_whose_beginning_was_already_safe_wait_for_the_download() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    let snapshot = store
        .read(|connection| documents::load(connection, document(1001)))
        .expect("reads")
        .expect("is there");
    let everything = snapshot.automerge.save();
    store
        .write(|tx| -> Result<(), StoreError> {
            for hash in hashes_in(tx)? {
                changes::mark_outcome(
                    tx,
                    hash,
                    &Outcome::Durable {
                        server_seq: Some(1),
                    },
                )?;
            }
            Ok(())
        })
        .expect("acknowledges");
    drop(store);
    // The next opening begins a new file, so the acknowledged ones go.
    let store = world.open().store;
    let hash = store
        .write(|tx| {
            person.write(
                tx,
                DocKind::Child,
                document(1001),
                &[visit("late", document(1000), "2026-11-22")],
                label("visit", "石小雨 走访", "late"),
            )
        })
        .expect("writes");
    drop(store);
    lose_database(&world.folder);

    let outcome = world.open();
    let store = outcome.store;
    assert!(hashes(&store).contains(&hash));
    assert_eq!(store.read(children::count).expect("counts"), 0);
    let head = store
        .read(|connection| documents::head(connection, document(1001)))
        .expect("reads")
        .expect("begun");
    store
        .write(|tx| {
            let document = documents::put_snapshot(tx, &head, &everything)?;
            projections::refresh(tx, &document)
        })
        .expect("downloads");
    let events = store
        .read(|connection| events::of_child(connection, document(1001)))
        .expect("reads");
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].record, "late");
}

fn hashes_in(tx: &store::Transaction<'_>) -> Result<Vec<ChangeHash>, StoreError> {
    Ok(changes::outbox(tx, Person::number(1).scope, usize::MAX)?
        .into_iter()
        .map(|change| change.hash)
        .collect())
}

#[test]
fn a_torn_tail_is_tolerated_and_reported() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    let before = hashes(&store);
    family(&store, &person, 2000);
    drop(store);
    // Power went while the last record was being written: its end never reached the disk.
    let path = files(&world.folder).pop().expect("a file");
    let mut bytes = fs::read(&path).expect("reads");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("content") + 1;
    bytes[end - 30..].fill(0);
    fs::write(&path, &bytes).expect("writes");
    lose_database(&world.folder);

    let outcome = world.open();
    assert_eq!(outcome.torn, 1);
    assert_eq!(outcome.replayed, 5);
    assert!(
        before
            .iter()
            .all(|hash| hashes(&outcome.store).contains(hash))
    );
}

#[test]
fn a_journal_cut_anywhere_gives_back_what_came_before() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    drop(store);
    let path = files(&world.folder).pop().expect("a file");
    let whole = fs::read(&path).expect("reads");
    let end = whole.iter().rposition(|byte| *byte != 0).expect("content") + 1;
    let mut last = 0;
    for cut in (0..=end).step_by(97).chain([end]) {
        fs::write(&path, &whole[..cut]).expect("writes");
        lose_database(&world.folder);
        let outcome = world.open();
        assert!(outcome.replayed >= last, "cutting later loses nothing more");
        assert_eq!(outcome.unreadable, 0);
        last = outcome.replayed;
        drop(outcome);
        for extra in files(&world.folder).into_iter().filter(|it| *it != path) {
            fs::remove_file(extra).expect("removes");
        }
    }
    assert_eq!(last, 3);
}

#[test]
fn a_committed_change_the_journal_missed_is_added_at_the_next_opening() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    drop(store);
    for path in files(&world.folder) {
        fs::remove_file(path).expect("removes");
    }
    let outcome = world.open();
    assert_eq!(outcome.replayed, 0);
    drop(outcome);
    lose_database(&world.folder);
    assert_eq!(world.open().replayed, 3);
}

#[test]
fn journal_files_go_only_when_everything_in_them_is_acknowledged_for_good() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    drop(store);
    let store = world.open().store;
    family(&store, &person, 2000);
    let first = files(&world.folder);
    assert_eq!(first.len(), 2);

    let own = hashes(&store);
    let accept = |hash: ChangeHash, outcome: Outcome| {
        store
            .write(|tx| changes::mark_outcome(tx, hash, &outcome))
            .expect("marks");
    };
    for hash in &own[..3] {
        accept(
            *hash,
            Outcome::Accepted {
                server_seq: Some(7),
            },
        );
    }
    assert_eq!(files(&world.folder), first, "accepted is not durable");
    for hash in &own[..2] {
        accept(
            *hash,
            Outcome::Durable {
                server_seq: Some(7),
            },
        );
    }
    assert_eq!(files(&world.folder), first, "one is still missing");
    store
        .write(|tx| changes::mark_durable_up_to(tx, person.scope, 7).map(drop))
        .expect("marks");
    assert_eq!(files(&world.folder), first[1..]);
    for hash in &own[3..] {
        accept(
            *hash,
            Outcome::Durable {
                server_seq: Some(9),
            },
        );
    }
    assert_eq!(
        files(&world.folder),
        first[1..],
        "the newest holds the identity"
    );
}

#[test]
fn a_journal_of_another_store_is_not_read() {
    let world = World::new();
    let (store, person) = begin(&world);
    family(&store, &person, 1000);
    drop(store);
    let temp = tempfile::TempDir::new().expect("a folder");
    let folder = temp.path().join("tablet");
    let other = World::at(temp, folder, 99);
    drop(other.create());
    let from = files(&world.folder).pop().expect("a file");
    fs::copy(from, other.folder.join("journal/00000007.journal")).expect("copies");
    let outcome = other.open();
    assert_eq!(outcome.replayed, 0);
    assert_eq!(outcome.unreadable, 4, "the identity and three changes");
}
