//! Our reading of forms beside two others': rxform turns the same spreadsheet into an XForm, and rxeval runs that with
//! the same answers. What is shown, wanted, wrong and computed must be the same on every shipped form and on made-up
//! ones. Where the others differ on purpose or by mistake is in [`differences`], one test for each.
//!
//! The spreadsheets that are compared are also written to the build's temporary folder, where the stage `forms` of
//! `make test` gives them to pyxform, the converter everybody uses.

mod differences;
mod made_up;
mod ours;
mod theirs;
mod translated;

use chrono::NaiveDate;
use domain::form::sheet::{Sheet, compile_sheets, to_sheets};
use domain::form::{ChildContext, FormContext, FormPack};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Answer sheets tried on each shipped form.
const TRIALS_SHIPPED: u64 = 30;
/// Forms made up.
const FORMS: u64 = 40;
/// Answer sheets tried on each of them.
const TRIALS_MADE_UP: u64 = 10;

/// What a form makes of its answers, told in the same words by either side. Names are `question`, in rows
/// `question@1` for the first row.
#[derive(Debug, Default)]
pub struct Reading {
    /// Questions shown, and what follows from other answers where something does.
    pub shown: BTreeMap<String, Option<String>>,
    /// Shown, wanted and open.
    pub missing: Vec<String>,
    /// Shown with an answer that cannot be.
    pub wrong: Vec<String>,
}

impl Reading {
    /// Where the other reads differently.
    fn beside(&self, other: &Self) -> Vec<String> {
        let mut told = Vec::new();
        let names: BTreeSet<&String> = self.shown.keys().chain(other.shown.keys()).collect();
        for name in names {
            let (ours, theirs) = (self.shown.get(name), other.shown.get(name));
            if ours != theirs {
                told.push(format!("{name}: ours {ours:?}, theirs {theirs:?}"));
            }
        }
        for (what, ours, theirs) in [
            ("missing", &self.missing, &other.missing),
            ("wrong", &self.wrong, &other.wrong),
        ] {
            if ours != theirs {
                told.push(format!("{what}: ours {ours:?}, theirs {theirs:?}"));
            }
        }
        told
    }
}

/// The day everything happens on.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 26).expect("a date")
}

/// A visit to one child, so that parts of the household and of the child are one form.
pub fn context(random: &mut ChaCha8Rng) -> FormContext {
    let boys = made_up::coin(random);
    FormContext {
        today: today(),
        children: vec![ChildContext {
            id: "c1".to_owned(),
            name: "小雨".to_owned(),
            age: Some(made_up::below(random, 18)),
            left_behind: made_up::coin(random),
            boarder: made_up::coin(random),
            sex: Some(if boys { "1" } else { "2" }.to_owned()),
        }],
        people: Vec::new(),
        last: BTreeMap::new(),
        next_visit: NaiveDate::from_ymd_opt(2027, 1, 20),
        next_contact: NaiveDate::from_ymd_opt(2026, 12, 20),
    }
}

/// Tries one form with made-up answers, many times; the number of questions looked at.
fn try_form(name: &str, pack: &FormPack, sheets: &[Sheet], trials: u64, seed: u64) -> usize {
    let translated = translated::translate(sheets);
    let bytes = office::form_sheets::write(&translated).expect("a workbook");
    keep(name, &bytes);
    let form = theirs::Form::read(&bytes);
    let mut looked_at = 0;
    for trial in 0..trials {
        let mut random = ChaCha8Rng::seed_from_u64(seed * 1_000 + trial);
        let context = context(&mut random);
        let answers = made_up::answers(pack, &context, &mut random);
        let ours = ours::read(pack, &context, &answers);
        let theirs = form.fill(pack, &context, &answers);
        let told = ours.beside(&theirs);
        assert!(
            told.is_empty(),
            "{name}, seed {seed}, trial {trial}:\n{}\nanswers: {answers:?}",
            told.join("\n")
        );
        looked_at += ours.shown.len();
    }
    looked_at
}

/// Kept for the stage that asks pyxform.
fn keep(name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("forms");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("{name}.xlsx")), bytes).expect("a file");
    let (_, xml) = theirs::convert(bytes);
    std::fs::write(folder.join(format!("{name}.xml")), xml).expect("a file");
}

#[test]
fn the_shipped_forms_read_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy/forms");
    let mut tried = 0;
    for entry in std::fs::read_dir(folder).expect("the shipped forms") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let json = std::fs::read_to_string(&path).expect("a pack");
        let pack = FormPack::from_json(&json).expect("a pack");
        let sheets = to_sheets(&json).expect("sheets");
        let looked_at = try_form(&pack.id.clone(), &pack, &sheets, TRIALS_SHIPPED, 1);
        assert!(looked_at > 1_000, "{}: {looked_at}", pack.id);
        tried += 1;
    }
    assert!(tried >= 2, "{tried}");
}

#[test]
fn made_up_forms_read_the_same() {
    let mut looked_at = 0;
    for seed in 1..=FORMS {
        let sheets = made_up::form(&mut ChaCha8Rng::seed_from_u64(seed));
        let form = compile_sheets(&sheets).unwrap_or_else(|faults| {
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            panic!("form {seed}: {}", told.join("\n"))
        });
        let name = format!("made-up-{seed}");
        looked_at += try_form(&name, &form.pack, &sheets, TRIALS_MADE_UP, seed);
    }
    println!("{FORMS} forms, {looked_at} questions looked at");
    assert!(looked_at > 5_000, "{looked_at}");
}
