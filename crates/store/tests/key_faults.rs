//! Each operation of the disk goes wrong in turn while keys change: what opened before or what opens afterwards is there.

mod common;

use common::trouble::at_every_operation;
use common::{FOLDER, Machine, PIN, Person, START_MS, document, write_family};
use serde_json::json;
use simdisk::Image;
use std::path::Path;
use store::drafts::{self, Draft};
use store::projections::{self, children};
use store::{ArgonCost, Disk, OpenOutcome, OpenWith, StoreError, changes, identity};
use uuid::Uuid;

const NEW_PIN: &str = "507382";

/// An enrolled tablet with one family, closed properly.
fn tablet() -> Image {
    let machine = Machine::new(0);
    let store = machine.create().expect("creates");
    store
        .write(|tx| {
            identity::put(tx, &Person::number(1).identity())?;
            drafts::put(tx, &draft())?;
            write_family(tx, &Person::number(1), 10)
        })
        .expect("writes");
    drop(store);
    machine.disk.image()
}

const DRAFT: Uuid = Uuid::from_u128(77);

fn draft() -> Draft {
    Draft {
        draft: DRAFT,
        household: document(500),
        form: "form".into(),
        answers: json!({ "answer": 1 }),
        position: None,
        children: vec![document(501)],
        created_ms: START_MS,
        updated_ms: START_MS,
        discarded_ms: None,
    }
}

/// A family, what waits to be sent, and an unfinished visit.
fn all_is_there(outcome: &OpenOutcome, context: &str) {
    assert_eq!(outcome.moved_aside, None, "{context}");
    assert_eq!(outcome.unreadable, 0, "{context}");
    let store = &outcome.store;
    assert_eq!(store.read(children::count).expect("counts"), 1, "{context}");
    assert_eq!(
        store.read(changes::outbox_length).expect("counts"),
        3,
        "{context}"
    );
    let kept = store
        .read(|connection| drafts::get(connection, DRAFT))
        .expect("reads");
    assert_eq!(
        kept.map(|draft| draft.answers),
        Some(draft().answers),
        "{context}"
    );
    store
        .write(|tx| {
            let kept = projections::hash(tx)?;
            projections::rebuild(tx)?;
            assert_eq!(projections::hash(tx)?, kept, "{context}");
            Ok::<_, StoreError>(())
        })
        .expect("writes");
}

/// A count of wrong PINs that was torn costs a wait and nothing else.
fn opened_with(machine: &Machine, pin: &str) -> Result<OpenOutcome, StoreError> {
    match machine.open_with(OpenWith::Pin(pin)) {
        Err(StoreError::PinWait { seconds }) => {
            machine.clock.advance_seconds(seconds.cast_signed());
            machine.open_with(OpenWith::Pin(pin))
        }
        other => other,
    }
}

#[test]
fn changing_the_pin() {
    at_every_operation(
        &tablet(),
        |machine, begin, changed: &mut bool| {
            let store = machine.open().expect("nothing is wrong yet").store;
            let hardware = machine.hardware().expect("is there");
            begin();
            *changed = store
                .change_pin(PIN, NEW_PIN, ArgonCost::FLOOR, &hardware)
                .is_ok();
            Some(store)
        },
        |machine, changed, context| {
            let with_old = opened_with(machine, PIN);
            let outcome = match with_old {
                Ok(outcome) => {
                    assert!(!changed, "{context}: the old PIN opens it still");
                    outcome
                }
                Err(StoreError::WrongPin { .. }) => opened_with(machine, NEW_PIN)
                    .unwrap_or_else(|error| panic!("{context}: neither PIN opens it: {error:?}")),
                Err(other) => panic!("{context}: it does not open: {other:?}"),
            };
            all_is_there(&outcome, context);
        },
    );
}

#[test]
fn changing_the_user_key() {
    at_every_operation(
        &tablet(),
        |machine, begin, changed: &mut bool| {
            let store = machine.open().expect("nothing is wrong yet").store;
            let hardware = machine.hardware().expect("is there");
            begin();
            *changed = store.rotate(PIN, ArgonCost::FLOOR, &hardware).is_ok();
            None
        },
        |machine, changed, context| {
            let outcome = opened_with(machine, PIN)
                .unwrap_or_else(|error| panic!("{context}: it does not open: {error:?}"));
            all_is_there(&outcome, context);
            let has = |name: &str| machine.disk.exists(&Path::new(FOLDER).join(name));
            assert!(!changed || has("zoufang-1.db"), "{context}");
            assert_ne!(
                has("zoufang.db"),
                has("zoufang-1.db"),
                "{context}: the files of one key are left"
            );
            // The database of the key that holds may be lost like any other.
            drop(outcome);
            for name in ["zoufang.db", "zoufang-1.db"] {
                for suffix in ["", "-wal"] {
                    let _ = machine
                        .disk
                        .remove(&Path::new(FOLDER).join(format!("{name}{suffix}")));
                }
            }
            let outcome = opened_with(machine, PIN).expect("opens");
            all_is_there(&outcome, &format!("{context}, and the database lost"));
        },
    );
}

#[test]
fn a_key_is_changed_again_and_again_and_the_district_opens_the_newest() {
    let machine = Machine::from_image(1, &tablet());
    let hardware = machine.hardware().expect("is there");
    for generation in 1..=3 {
        let store = machine.open().expect("opens").store;
        store
            .rotate(PIN, ArgonCost::FLOOR, &hardware)
            .expect("changes");
        let outcome = machine.open().expect("opens");
        all_is_there(&outcome, &format!("key {generation}"));
        drop(outcome);
        let databases: Vec<_> = machine
            .disk
            .files()
            .into_iter()
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .filter(|name| name.ends_with(".db"))
            .collect();
        assert_eq!(databases, [format!("zoufang-{generation}.db")]);
    }
    let outcome = machine
        .open_with(OpenWith::Recovery(&common::DISTRICT))
        .expect("the district opens it");
    all_is_there(&outcome, "with the district's key");
}
