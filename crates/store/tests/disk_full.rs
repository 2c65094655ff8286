//! A full disk: what was saved stays, words are saved longest, and it is said plainly.

mod common;

use common::{PIN, Person, World, document, visit, write_family};
use ids::DocKind;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::changes::{self, Outcome};
use store::projections::children;
use store::{Store, StoreError, identity};
use tempfile::TempDir;

/// These tests run one after another: `mount`, started beside another test, has that one's lock on its folder for a moment.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A disk of a few megabytes, unmounted when dropped.
struct SmallDisk {
    path: PathBuf,
    _temp: TempDir,
}

impl SmallDisk {
    /// None where mounting is not permitted.
    fn mount(bytes: u32) -> Option<Self> {
        let temp = TempDir::new().expect("a folder");
        let path = temp.path().join("disk");
        fs::create_dir_all(&path).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(&path)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self { path, _temp: temp })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).output();
    }
}

/// Takes all the room that is left.
fn fill_up(path: &Path) {
    let mut file = File::create(path).expect("a file");
    let mut piece = vec![1; 1 << 16];
    while !piece.is_empty() {
        if file.write_all(&piece).is_err() {
            piece.truncate(piece.len() / 2);
        }
    }
}

/// Saves families until the disk is full; how many were called saved.
fn save_until_full(store: &Store, person: &Person, from: u128) -> u32 {
    for number in 0..10_000 {
        let base = from + u128::from(number) * 10;
        match store.write(|tx| write_family(tx, person, base)) {
            Ok(()) => {}
            Err(StoreError::DiskFull) => return number,
            Err(other) => panic!("a full disk is called a full disk: {other:?}"),
        }
    }
    panic!("the disk never became full");
}

fn on_a_small_disk(disk: &SmallDisk) {
    let temp = TempDir::new().expect("a folder");
    let world = World::at(temp, disk.path.join("tablet"), 1);
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    store
        .write(|tx| write_family(tx, &person, 10))
        .expect("there is room");
    let reserve = world.folder.join("reserve");
    assert!(reserve.exists());

    let filler = disk.path.join("photos");
    fill_up(&filler);
    assert!(!store.has_room());
    let fetched = store.write_fetched(|tx| write_family(tx, &person, 20));
    assert!(
        matches!(fetched, Err(StoreError::DiskFull)),
        "pulls stop first"
    );
    assert!(reserve.exists(), "and leave the reserve to words");

    let saved = save_until_full(&store, &person, 1000);
    assert!(
        saved > 5,
        "the reserve holds a day's work, not {saved} families"
    );
    assert!(!reserve.exists());
    assert_eq!(store.read(children::count).expect("counts"), saved + 1);
    drop(store);

    // Somebody deletes photos: all that was called saved is there, and the reserve comes back.
    fs::remove_file(&filler).expect("removes");
    let outcome = world.open();
    assert_eq!(outcome.moved_aside, None);
    assert_eq!(
        outcome.store.read(children::count).expect("counts"),
        saved + 1
    );
    outcome
        .store
        .write(|tx| write_family(tx, &person, 500_000))
        .expect("there is room again");
    assert!(reserve.exists());
    drop(outcome);

    // What was called saved is in the journal as well.
    common::lose_database(&world.folder);
    let outcome = world.open();
    assert_eq!(
        outcome.store.read(children::count).expect("counts"),
        saved + 2
    );
    drop(outcome);
}

/// The same, where nothing may be mounted: the database itself may not grow.
fn in_a_small_database() {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    let limit = |pages: i64| {
        store
            .write(|tx| -> Result<(), StoreError> {
                let now: i64 = tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
                tx.pragma_update_and_check(None, "max_page_count", now + pages, |_| Ok(()))?;
                Ok(())
            })
            .expect("limits");
    };
    limit(20);
    let saved = save_until_full(&store, &person, 1000);
    assert!(
        !world.folder.join("reserve").exists(),
        "it was released on the way"
    );
    assert_eq!(store.read(children::count).expect("counts"), saved);
    limit(1000);
    store
        .write(|tx| write_family(tx, &person, 500_000))
        .expect("there is room again");
    drop(store);
    let outcome = world.open();
    assert_eq!(
        outcome.store.read(children::count).expect("counts"),
        saved + 1
    );
}

#[test]
fn a_full_disk_keeps_what_was_saved_and_says_so() {
    let _alone = alone();
    match SmallDisk::mount(8 << 20) {
        Some(disk) => on_a_small_disk(&disk),
        None => in_a_small_database(),
    }
}

#[test]
fn a_full_database_keeps_what_was_saved_and_says_so() {
    let _alone = alone();
    in_a_small_database();
}

#[test]
fn wrong_pins_are_counted_on_a_full_disk_too() {
    let _alone = alone();
    let temp = TempDir::new().expect("a folder");
    let disk = SmallDisk::mount(8 << 20);
    let folder = match &disk {
        Some(disk) => disk.path.join("tablet"),
        None => temp.path().join("tablet"),
    };
    let world = World::at(temp, folder, 1);
    drop(world.create());
    if let Some(disk) = &disk {
        fill_up(&disk.path.join("photos"));
    }
    for left in [9, 8, 7] {
        assert!(matches!(
            world.try_open("284605"),
            Err(StoreError::WrongPin { left: found }) if found == left
        ));
    }
    let outcome = world
        .try_open(PIN)
        .expect("the reserve is room enough to open");
    drop(outcome);
}

#[test]
fn acknowledging_works_in_a_store_that_was_full() {
    let _alone = alone();
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    store
        .write(|tx| identity::put(tx, &person.identity()))
        .expect("enrols");
    let hash = store
        .write(|tx| {
            let edit = [visit("v", document(1), "2026-11-20")];
            person.write(tx, DocKind::Child, document(2), &edit, None)
        })
        .expect("writes");
    fs::remove_file(world.folder.join("reserve")).expect("released");
    store
        .write(|tx| {
            changes::mark_outcome(
                tx,
                hash,
                &Outcome::Durable {
                    server_seq: Some(1),
                },
            )
        })
        .expect("marks");
    assert!(world.folder.join("reserve").exists());
}
