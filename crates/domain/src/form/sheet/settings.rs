//! The sheets `settings` and `x_summary`.

use super::columns::{Column, Table, column, spoken, words};
use super::{LANGUAGE, SheetFault, code_of};
use crate::form::pack::{NA_PLACE, SESSION_PLACE, SummaryGiven, SummaryLine};
use std::collections::BTreeMap;

pub(super) const COLUMNS: &[Column] = &[
    column("form_title"),
    column("form_id"),
    column("version"),
    column("default_language"),
    spoken("x_session_title"),
    spoken("x_na_label"),
    column("x_attempt"),
];

/// The columns that have a language, and where their words stand in a pack's translations.
pub(super) const SPOKEN: [(&str, &str); 2] =
    [("x_session_title", SESSION_PLACE), ("x_na_label", NA_PLACE)];

pub(super) const SUMMARY_COLUMNS: &[Column] =
    &[column("label"), column("questions"), column("given")];

/// Name, version and general words of a form.
#[derive(Debug)]
pub(super) struct Heading {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub language: String,
    pub session_title: String,
    pub na_label: String,
    pub attempt: Option<String>,
    /// Its general words in other languages, by language and place.
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
}

pub(super) fn read(table: &Table, faults: &mut Vec<SheetFault>) -> Heading {
    let row = table.rows.keys().next().copied().unwrap_or(2);
    let there = !table.columns.is_empty();
    for extra in table.rows.keys().skip(1) {
        faults.push(table.fault(*extra, None, "settings 只写一行".to_owned()));
    }
    table.refuse_marked(
        row,
        &["form_title", "x_session_title", "x_na_label"],
        faults,
    );
    let mut need = |column: &str| match table.cell(row, column) {
        Some(text) => text.to_owned(),
        None => {
            if there {
                faults.push(table.fault(row, Some(column), format!("“{column}”不能空着")));
            }
            String::new()
        }
    };
    let (title, id, version) = (need("form_title"), need("form_id"), need("version"));
    let number = version.parse().ok().filter(|number| *number > 0);
    if number.is_none() && !version.is_empty() {
        let cause = format!("版本要写成一个整数，每改一次就加大；现在写的是“{version}”");
        faults.push(table.fault(row, Some("version"), cause));
    }
    let language = table.cell(row, "default_language").unwrap_or(LANGUAGE);
    let or = |column: &str, usual: &str| {
        let own = table.spoken(row, column, language);
        own.unwrap_or(usual).to_owned()
    };
    let mut translations: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (column, place) in SPOKEN {
        for (other, text) in table.translations(row, column, language) {
            let texts = translations.entry(code_of(other)).or_default();
            texts.insert(place.to_owned(), text.to_owned());
        }
    }
    Heading {
        id,
        version: number.unwrap_or_default(),
        title,
        language: language.to_owned(),
        session_title: or("x_session_title", "家庭"),
        na_label: or("x_na_label", "不便回答/未了解"),
        attempt: table.cell(row, "x_attempt").map(str::to_owned),
        translations,
    }
}

/// The lines of the summary with the rows they stand in.
pub(super) fn read_summary(table: &Table, faults: &mut Vec<SheetFault>) -> Vec<(u32, SummaryLine)> {
    let mut lines = Vec::new();
    for row in table.rows.keys().copied() {
        table.refuse_marked(row, &["label"], faults);
        let questions = table.cell(row, "questions").map(words).unwrap_or_default();
        let given = match table.cell(row, "given") {
            None => None,
            Some("measures") => Some(SummaryGiven::Measures),
            Some("next_visit") => Some(SummaryGiven::NextVisit),
            Some(other) => {
                let cause = format!("没有“{other}”；只能写 measures 或 next_visit");
                faults.push(table.fault(row, Some("given"), cause));
                None
            }
        };
        if questions.is_empty() == given.is_none() {
            let cause = "questions 和 given 要写一个，也只能写一个".to_owned();
            faults.push(table.fault(row, Some("questions"), cause));
        }
        let Some(label) = table.cell(row, "label").map(str::to_owned) else {
            faults.push(table.fault(row, Some("label"), "这里不能空着".to_owned()));
            continue;
        };
        lines.push((
            row,
            SummaryLine {
                label,
                questions,
                given,
            },
        ));
    }
    lines
}
