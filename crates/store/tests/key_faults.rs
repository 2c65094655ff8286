//! Each operation of the disk goes wrong in turn while keys change: what opened before or what opens afterwards is there.

mod common;

use common::trouble::at_every_operation;
use common::{Machine, PIN, Person, write_family};
use simdisk::Image;
use store::projections::children;
use store::{ArgonCost, OpenOutcome, OpenWith, StoreError, identity};

const NEW_PIN: &str = "507382";

/// An enrolled tablet with one family, closed properly.
fn tablet() -> Image {
    let machine = Machine::new(0);
    let store = machine.create().expect("creates");
    store
        .write(|tx| {
            identity::put(tx, &Person::number(1).identity())?;
            write_family(tx, &Person::number(1), 10)
        })
        .expect("writes");
    drop(store);
    machine.disk.image()
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
            assert_eq!(outcome.moved_aside, None, "{context}");
            assert_eq!(
                outcome.store.read(children::count).expect("counts"),
                1,
                "{context}: all is there"
            );
        },
    );
}
