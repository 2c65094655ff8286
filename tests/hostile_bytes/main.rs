//! Every parser over its seeds, over seeded mutations of them, and over what brought others down. The same bytes in every run.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use zoufang_tests::fuzz::{self, Dice, TARGETS, Target};

/// Runs a target over its seeds and mutations; says which input it was when one fails.
fn withstands(target: &Target) {
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    for (place, seed) in seeds.iter().enumerate() {
        tried(target, seed, &format!("seed {place}"));
        let mut dice = Dice::new(place as u64 + 1);
        for number in 0..target.mutations {
            let other = &seeds[dice.below(seeds.len())];
            let mutant = dice.mutate(seed, other);
            tried(target, &mutant, &format!("seed {place}, mutation {number}"));
        }
    }
}

fn tried(target: &Target, bytes: &[u8], which: &str) {
    let result = std::panic::catch_unwind(|| (target.run)(bytes));
    assert!(result.is_ok(), "{}: {which}: {}", target.name, hex(bytes));
}

fn hex(bytes: &[u8]) -> String {
    let shown: String = bytes
        .iter()
        .take(2_000)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{} bytes {shown}", bytes.len())
}

macro_rules! one_test_each {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            withstands(fuzz::target(stringify!($name)).unwrap());
        })*

        #[test]
        fn every_target_is_tried() {
            let tried = [$(stringify!($name)),*];
            let all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(all, tried);
        }
    };
}

one_test_each! {
    change document several_changes head request response inflate statement code ledger form policy case
    identity_number
}

#[test]
fn what_brought_automerge_down_does_not_reach_it_through_us() {
    let crashers = fuzz::automerge_fixtures();
    assert!(
        crashers.len() > 8,
        "Automerge's package has no fixtures any more"
    );
    for (place, bytes) in crashers.iter().enumerate() {
        for name in ["change", "document", "several_changes"] {
            tried(
                fuzz::target(name).unwrap(),
                bytes,
                &format!("fixture {place}"),
            );
        }
        let mut dice = Dice::new(place as u64);
        for _ in 0..20 {
            tried(
                fuzz::target("document").unwrap(),
                &dice.mutate(bytes, bytes),
                &format!("fixture {place}, altered"),
            );
        }
    }
}
