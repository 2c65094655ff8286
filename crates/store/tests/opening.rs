//! Opening: keys, PINs, foreign and damaged files.

mod common;

use common::{PIN, Person, START_MS, World, write_family};
use ids::Clock;
use std::fs;
use std::sync::Arc;
use store::connection::{open_reader, open_writer};
use store::district;
use store::keys::SecretKey;
use store::projections::children;
use store::{
    ArgonCost, CreateOptions, FileHardwareKey, FolderLock, OpenWith, PinState, Store, StoreError,
    SystemDisk, identity,
};
use x25519_dalek::{PublicKey, StaticSecret};

fn fill(store: &Store) {
    let person = Person::number(1);
    store
        .write(|tx| {
            identity::put(tx, &person.identity())?;
            write_family(tx, &person, 1000)
        })
        .expect("writes");
}

fn children_of(store: &Store) -> u32 {
    store.read(children::count).expect("counts")
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let world = World::new();
    fill(&world.create());
    let outcome = world.open();
    assert_eq!(children_of(&outcome.store), 1);
    assert_eq!(
        (outcome.replayed, outcome.torn, outcome.unreadable),
        (0, 0, 0)
    );
    assert_eq!(outcome.moved_aside, None);
}

#[test]
fn nothing_readable_lies_in_the_folder() {
    let world = World::new();
    let store = world.create();
    fill(&store);
    let mut files = 0;
    let mut folders = vec![world.folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).expect("a file");
            for secret in ["石小雨", "王秀兰", "芦汀镇", "SQLite format 3", "hv-cn-1"] {
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} is readable in {}", path.display());
            }
        }
    }
    assert!(files >= 5);
}

#[test]
fn a_wrong_key_refuses() {
    let world = World::new();
    drop(world.create());
    let wrong = SecretKey::from_bytes([1; 32]);
    for refused in [
        open_writer(&SystemDisk, &world.database(), &wrong).map(drop),
        open_reader(&SystemDisk, &world.database(), &wrong).map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::Corrupt { .. })));
    }
}

#[test]
fn a_plain_file_refuses_and_is_left_where_it_is() {
    let world = World::new();
    drop(world.create());
    common::lose_database(&world.folder);
    let plain = rusqlite::Connection::open(world.database()).expect("opens");
    plain
        .execute_batch("CREATE TABLE children (name TEXT);")
        .expect("writes");
    drop(plain);
    assert!(matches!(world.try_open(PIN), Err(StoreError::NotEncrypted)));
    assert!(matches!(
        open_writer(
            &SystemDisk,
            &world.database(),
            &SecretKey::from_bytes([1; 32])
        ),
        Err(StoreError::NotEncrypted)
    ));
    assert!(world.database().exists());
}

#[test]
fn a_second_opening_of_the_folder_is_refused() {
    let world = World::new();
    let store = world.create();
    assert!(matches!(world.try_open(PIN), Err(StoreError::FolderInUse)));
    drop(store);
    let held = FolderLock::take(&SystemDisk, &world.folder).expect("free now");
    assert!(matches!(world.try_open(PIN), Err(StoreError::FolderInUse)));
    drop(held);
    world.open();
}

#[test]
fn a_process_that_holds_the_lock_opens_with_it() {
    let world = World::new();
    let lock = Arc::new(FolderLock::take(&SystemDisk, &world.folder).expect("free"));
    let create = || CreateOptions {
        pin: PIN,
        cost: ArgonCost::FLOOR,
        hardware: &world.hardware,
        recovery_public: None,
        entropy: world.entropy.clone(),
        clock: world.clock.clone(),
        disk: world.disk(),
        lock: Some(lock.clone()),
    };
    drop(Store::create(&world.folder, create()).expect("creates"));
    assert!(matches!(
        Store::create(&world.folder, create()),
        Err(StoreError::Exists)
    ));
    assert!(matches!(world.try_open(PIN), Err(StoreError::FolderInUse)));
}

#[test]
fn only_a_six_digit_pin_nobody_else_would_try_makes_a_store() {
    let world = World::new();
    assert!(matches!(
        world.create_with("73914", None),
        Err(StoreError::PinFormat)
    ));
    assert!(matches!(
        world.create_with("123456", None),
        Err(StoreError::PinCommon)
    ));
    assert!(!Store::exists(&SystemDisk, &world.folder));
    assert!(matches!(world.try_open(PIN), Err(StoreError::Missing)));
}

#[test]
fn the_default_cost_opens_too() {
    let world = World::new();
    let options = CreateOptions {
        pin: PIN,
        cost: ArgonCost::default(),
        hardware: &world.hardware,
        recovery_public: None,
        entropy: world.entropy.clone(),
        clock: world.clock.clone(),
        disk: world.disk(),
        lock: None,
    };
    drop(Store::create(&world.folder, options).expect("creates"));
    world.open();
}

#[test]
fn wrong_pins_are_counted_and_the_waits_survive_a_restart() {
    let world = World::new();
    drop(world.create());
    for left in [9, 8, 7, 6, 5] {
        match world.try_open("284605") {
            Err(StoreError::WrongPin { left: found }) => assert_eq!(found, left),
            _ => panic!("a wrong PIN is a wrong PIN"),
        }
    }
    // Every try reads the file anew, as a restarted process does.
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::PinWait { seconds: 60 })
    ));
    assert_eq!(
        Store::pin_state(&world.disk(), &world.folder, world.clock.as_ref()).expect("reads"),
        PinState {
            wrong: 5,
            wait_seconds: 60,
            recovery_needed: false
        }
    );
    world.clock.advance_seconds(59);
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::PinWait { seconds: 1 })
    ));
    world.clock.advance_seconds(1);
    assert!(matches!(
        world.try_open("284605"),
        Err(StoreError::WrongPin { left: 4 })
    ));
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::PinWait { seconds: 300 })
    ));
    // Setting the clock back neither shortens the wait nor makes it endless.
    world.clock.advance_seconds(-100_000);
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::PinWait { seconds: 300 })
    ));
    world.clock.advance_seconds(100_300);
    drop(world.open());
    let state =
        Store::pin_state(&world.disk(), &world.folder, world.clock.as_ref()).expect("reads");
    assert_eq!(state.wrong, 0);
}

#[test]
fn an_unreadable_count_of_wrong_pins_costs_one_wait_and_no_more() {
    let world = World::new();
    drop(world.create());
    for damaged in ["", "{\"wrong\":", &"x".repeat(500)] {
        fs::write(world.folder.join("attempts"), damaged).expect("writes");
        for seconds in [60, 30] {
            assert!(
                matches!(world.try_open(PIN), Err(StoreError::PinWait { seconds: left }) if left == seconds),
                "{damaged}"
            );
            world.clock.advance_seconds(30);
        }
        drop(world.open());
    }
}

#[test]
fn whoever_takes_the_count_of_wrong_pins_away_begins_with_five() {
    let world = World::new();
    drop(world.create());
    for _ in 0..2 {
        fs::remove_file(world.folder.join("attempts")).expect("it is always there");
        assert!(matches!(
            world.try_open(PIN),
            Err(StoreError::PinWait { seconds: 60 })
        ));
        world.clock.advance_seconds(60);
        drop(world.open());
    }
}

#[test]
fn ten_wrong_pins_leave_only_the_districts_key_and_lose_nothing() {
    let world = World::new();
    let district = StaticSecret::from([42; 32]);
    let public = PublicKey::from(&district).to_bytes();
    let store = world.create_with(PIN, Some(public)).expect("creates");
    fill(&store);
    drop(store);
    for try_number in 1..=10 {
        let outcome = world.try_open("284605").map(drop);
        match try_number {
            10 => assert!(matches!(outcome, Err(StoreError::RecoveryNeeded))),
            _ => assert!(matches!(outcome, Err(StoreError::WrongPin { .. }))),
        }
        world.clock.advance_seconds(1000);
    }
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::RecoveryNeeded)
    ));
    assert!(world.open_with(OpenWith::Recovery(&[41; 32])).is_err());
    let rescued =
        store::rescue(&world.disk(), &world.folder, &[42; 32]).expect("the journal opens");
    assert!(rescued.records.len() >= 4);

    let opened = world
        .open_with(OpenWith::Recovery(&[42; 32]))
        .expect("opens");
    assert_eq!(children_of(&opened.store), 1);
    opened
        .store
        .replace_pin("507382", ArgonCost::FLOOR, &world.hardware)
        .expect("a new PIN");
    drop(opened);
    assert_eq!(
        children_of(&world.try_open("507382").expect("opens").store),
        1
    );
}

#[test]
fn changing_the_pin_asks_for_the_old_one_and_counts_wrong_ones() {
    let world = World::new();
    let store = world.create();
    let change = |old, new| store.change_pin(old, new, ArgonCost::FLOOR, &world.hardware);
    assert!(matches!(
        change("284605", "507382"),
        Err(StoreError::WrongPin { left: 9 })
    ));
    // A new one that is not allowed costs no try.
    assert!(matches!(change(PIN, "123456"), Err(StoreError::PinCommon)));
    change(PIN, "507382").expect("changes");
    drop(store);
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::WrongPin { left: 9 })
    ));
    world.try_open("507382").expect("the new one opens");
}

#[test]
fn ten_wrong_old_pins_lock_for_good_also_while_the_store_is_open() {
    let world = World::new();
    let store = world.create();
    for left in (1..10).rev() {
        let refused = store.change_pin("284605", "507382", ArgonCost::FLOOR, &world.hardware);
        assert!(
            matches!(refused, Err(StoreError::WrongPin { left: found }) if found == left),
            "{left}"
        );
        world.clock.advance_seconds(1000);
    }
    assert!(matches!(
        store.change_pin("284605", "507382", ArgonCost::FLOOR, &world.hardware),
        Err(StoreError::RecoveryNeeded)
    ));
    assert_eq!(store.pin_cost().expect("reads"), None);
}

#[test]
fn a_user_key_from_outside_opens_its_own_store_and_never_moves_a_sound_one_aside() {
    let world = World::new();
    let district = StaticSecret::from([42; 32]);
    let public = PublicKey::from(&district).to_bytes();
    let store = world.create_with(PIN, Some(public)).expect("creates");
    fill(&store);
    drop(store);
    let request = district::request(
        &world.disk(),
        &world.folder,
        &world.hardware,
        world.entropy.as_ref(),
        None,
    )
    .expect("asks");
    let answer = request
        .answer(&[42; 32], world.entropy.as_ref())
        .expect("answers");
    let take = |text: &str| {
        district::take_answer(&world.disk(), &world.folder, &world.hardware, None, text)
    };
    let wrong = SecretKey::from_bytes([7; 32]);
    // An app of before wrote no check of the key: the files themselves say which one it is.
    for is_old in [false, true] {
        if is_old {
            forget_checks(&world);
        }
        assert!(matches!(
            world.open_with(OpenWith::UserKey(&wrong)),
            Err(StoreError::Rescue(_))
        ));
        assert!(world.database().exists());
        assert!(!world.folder.join("moved-aside").exists());
        let user = take(&answer.text()).expect("takes");
        let outcome = world.open_with(OpenWith::UserKey(&user)).expect("opens");
        assert_eq!(children_of(&outcome.store), 1);
    }
    assert!(matches!(
        take("zoufang-recovered:AAAA"),
        Err(StoreError::Rescue(_))
    ));
    district::finish(&SystemDisk, &world.folder).expect("finishes");
    assert!(matches!(take(&answer.text()), Err(StoreError::NotFound)));
}

/// As the first app wrote the slots.
fn forget_checks(world: &World) {
    for name in ["keys.json", "keys-copy.json"] {
        let path = world.folder.join(name);
        let mut slots: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).expect("reads")).expect("is JSON");
        slots.as_object_mut().expect("an object").remove("key");
        slots.as_object_mut().expect("an object").remove("check");
        slots["pin"]
            .as_object_mut()
            .expect("a slot")
            .remove("hardware");
        fs::write(&path, slots.to_string()).expect("writes");
    }
}

#[test]
fn without_the_hardware_key_the_right_pin_is_not_enough_and_is_not_counted() {
    let world = World::new();
    drop(world.create());
    let secret = fs::read(world.temp.path().join("hardware-key")).expect("the secret");
    fs::remove_file(world.temp.path().join("hardware-key")).expect("removes");
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::RecoveryNeeded)
    ));
    assert_eq!(
        Store::pin_state(&world.disk(), &world.folder, world.clock.as_ref())
            .expect("reads")
            .wrong,
        0
    );
    FileHardwareKey::at(world.temp.path().join("hardware-key"))
        .ensure(world.entropy.as_ref())
        .expect("another device");
    assert!(matches!(
        world.try_open(PIN),
        Err(StoreError::RecoveryNeeded)
    ));
    let state =
        Store::pin_state(&world.disk(), &world.folder, world.clock.as_ref()).expect("reads");
    assert_eq!(
        (state.wrong, state.recovery_needed),
        (0, false),
        "on the right device the PIN is good as ever"
    );
    assert!(!Store::fits_hardware(&world.disk(), &world.folder, &world.hardware).expect("reads"));
    fs::write(world.temp.path().join("hardware-key"), secret).expect("writes");
    world.open();
}

#[test]
fn a_damaged_database_is_moved_aside_kept_and_reported() {
    let world = World::new();
    fill(&world.create());
    let bytes = fs::read(world.database()).expect("reads");
    let mut damaged = bytes.clone();
    damaged[100] ^= 1;
    fs::write(world.database(), &damaged).expect("writes");
    let outcome = world.open();
    let aside = outcome.moved_aside.clone().expect("moved aside");
    assert!(aside.starts_with(world.folder.join("moved-aside")));
    assert_eq!(fs::read(aside.join("zoufang.db")).expect("kept"), damaged);
    assert_eq!(outcome.replayed, 3);
    assert_eq!(children_of(&outcome.store), 1);
    let restored = outcome
        .store
        .read(identity::get)
        .expect("reads")
        .expect("is there");
    assert!(restored.restored);
    assert!(START_MS <= world.clock.now_ms());
}

#[test]
fn while_a_database_is_kept_aside_the_key_that_may_open_it_stays() {
    let world = World::new();
    fill(&world.create());
    let mut damaged = fs::read(world.database()).expect("reads");
    damaged[100] ^= 1;
    fs::write(world.database(), &damaged).expect("writes");
    for _ in 0..2 {
        let store = world.open().store;
        assert!(store.keeps_aside());
        let refused = store.rotate(PIN, ArgonCost::FLOOR, &world.hardware);
        assert!(matches!(refused, Err(StoreError::KeptAside)), "{refused:?}");
    }
    assert_eq!(children_of(&world.open().store), 1);
}

#[test]
fn what_was_kept_aside_goes_when_its_time_is_over_and_a_new_key_may_come() {
    let world = World::new();
    fill(&world.create());
    let mut damaged = fs::read(world.database()).expect("reads");
    damaged[100] ^= 1;
    fs::write(world.database(), &damaged).expect("writes");
    let store = world.open().store;
    assert!(!store.forget_aside(|_| false).expect("looks"));
    assert!(store.keeps_aside(), "it is not its time");
    let now = world.clock.now_ms() / 1000;
    assert!(
        store
            .forget_aside(|moment| moment / 1000 == now)
            .expect("removes")
    );
    assert!(!store.keeps_aside());
    assert!(!store.forget_aside(|_| true).expect("looks"), "once");
    store
        .rotate(PIN, ArgonCost::FLOOR, &world.hardware)
        .expect("a new key");
    assert_eq!(children_of(&world.open().store), 1);
}

#[test]
fn what_was_kept_aside_stays_while_the_journal_lacks_something() {
    let world = World::new();
    fill(&world.create());
    let mut damaged = fs::read(world.database()).expect("reads");
    damaged[100] ^= 1;
    fs::write(world.database(), &damaged).expect("writes");
    let folder = world.folder.join("journal");
    let file = fs::read_dir(&folder)
        .expect("lists")
        .next()
        .expect("a file")
        .expect("an entry")
        .path();
    let mut bytes = fs::read(&file).expect("reads");
    bytes[0] ^= 1;
    fs::write(&file, &bytes).expect("writes");
    let outcome = world.open();
    assert!(outcome.moved_aside.is_some());
    assert_eq!(outcome.unreadable, 1);
    assert!(!outcome.store.forget_aside(|_| true).expect("looks"));
    assert!(outcome.store.keeps_aside());
}

#[cfg(unix)]
#[test]
fn every_file_and_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| {
        let metadata = fs::metadata(path).expect("is there");
        metadata.permissions().mode() & 0o777
    };
    let world = World::new();
    let store = world.create();
    fill(&store);
    let mut folders = vec![world.folder.clone()];
    let mut names = Vec::new();
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).expect("lists") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                names.push(path.file_name().unwrap_or_default().to_owned());
            }
        }
    }
    for expected in ["zoufang.db", "zoufang.db-wal", "keys.json", "lock"] {
        assert!(names.iter().any(|name| name == expected), "{expected}");
    }
    assert_eq!(mode(&world.temp.path().join("hardware-key")), 0o600);
}

#[test]
fn a_file_of_the_journal_that_cannot_be_read_keeps_its_key_too() {
    let world = World::new();
    fill(&world.create());
    let folder = world.folder.join("journal");
    let file = fs::read_dir(&folder)
        .expect("lists")
        .next()
        .expect("a file")
        .expect("an entry")
        .path();
    let mut bytes = fs::read(&file).expect("reads");
    bytes[0] ^= 1;
    fs::write(&file, &bytes).expect("writes");
    let outcome = world.open();
    assert_eq!(outcome.unreadable, 1);
    let refused = outcome.store.rotate(PIN, ArgonCost::FLOOR, &world.hardware);
    assert!(matches!(refused, Err(StoreError::KeptAside)), "{refused:?}");
    assert_eq!(children_of(&world.open().store), 1);
}

#[test]
fn damage_deep_inside_is_found_after_an_unclean_stop() {
    let world = World::new();
    fill(&world.create());
    let mut bytes = fs::read(world.database()).expect("reads");
    let middle = bytes.len() / 4096 / 2 * 4096 + 1000;
    bytes[middle] ^= 0xFF;
    fs::write(world.database(), &bytes).expect("writes");
    fs::write(world.folder.join("open"), b"").expect("the mark of an unclean stop");
    let outcome = world.open();
    assert!(outcome.moved_aside.is_some());
    assert_eq!(outcome.replayed, 3);
}

#[test]
fn damage_met_while_the_store_is_open_is_mended_at_the_next_opening() {
    let world = World::new();
    fill(&world.create());
    let outcome = world.open();
    let mut bytes = fs::read(world.database()).expect("reads");
    let half = bytes.len() / 4096 / 2 * 4096;
    bytes[half..].fill(0);
    fs::write(world.database(), &bytes).expect("writes");
    let met = outcome.store.read(|connection| {
        Ok::<String, StoreError>(
            connection.pragma_query_value(None, "quick_check", |row| row.get(0))?,
        )
    });
    assert!(matches!(met, Err(StoreError::Corrupt { .. })));
    drop(outcome);
    let outcome = world.open();
    assert!(outcome.moved_aside.is_some());
    assert_eq!(outcome.replayed, 3);
}

#[test]
fn a_database_of_a_newer_app_is_refused_only_when_it_says_so() {
    let world = World::new();
    let set = |version: i64, oldest_reader: i64| {
        let outcome = world.open();
        outcome
            .store
            .write(|tx| -> Result<(), StoreError> {
                tx.pragma_update(None, "user_version", version)?;
                tx.execute("UPDATE meta SET oldest_reader = ?1", [oldest_reader])?;
                Ok(())
            })
            .expect("writes");
    };
    drop(world.create());
    set(store::SCHEMA_VERSION + 1, store::SCHEMA_VERSION);
    drop(world.open());
    set(store::SCHEMA_VERSION + 1, store::SCHEMA_VERSION + 1);
    assert!(matches!(world.try_open(PIN), Err(StoreError::TooNew)));
}

#[test]
fn a_reader_cannot_write() {
    let world = World::new();
    let store = world.create();
    let refused = store.read(|connection| -> Result<(), StoreError> {
        connection.execute("DELETE FROM documents", [])?;
        Ok(())
    });
    assert!(refused.is_err());
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let world = World::new();
    let store = world.create();
    let person = Person::number(1);
    let refused: Result<(), StoreError> = store.write(|tx| {
        write_family(tx, &person, 1000)?;
        Err(StoreError::NotFound)
    });
    assert!(refused.is_err());
    assert_eq!(children_of(&store), 0);
    drop(store);
    assert_eq!(world.open().replayed, 0);
}
