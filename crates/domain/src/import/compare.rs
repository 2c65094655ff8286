//! Row against file, field by field.

use super::{
    ExistingChild, FieldChange, FieldState, Holder, HouseholdChoice, ImportContext, LedgerRow,
    Outcome, PlanRow, Rejection,
    matching::{Match, Matcher, has_right_check_digit},
    sentences,
};
use crate::identity_number;
use chrono::{Datelike, NaiveDate};
use std::collections::{BTreeMap, BTreeSet};

/// Identity numbers a row may carry.
const ID_FIELDS: [&str; 5] = [
    "id_no",
    "father_id_no",
    "mother_id_no",
    "carer_id_no",
    "guardian_id_no",
];

pub(super) fn compare_rows(
    rows: &[LedgerRow],
    existing: &[ExistingChild],
    context: &ImportContext<'_>,
) -> Vec<PlanRow> {
    let mut matcher = Matcher::new(existing, context);
    rows.iter()
        .map(|row| {
            let rejections = reasons_to_refuse(row, context);
            if rejections.is_empty() {
                let (row, flags, notes) = complete(row, context);
                let found = matcher.find(&row);
                compare_row(&row, found, flags, notes, context)
            } else {
                refused(row, rejections)
            }
        })
        .collect()
}

fn reasons_to_refuse(row: &LedgerRow, context: &ImportContext<'_>) -> Vec<Rejection> {
    let mut reasons = row.rejections.clone();
    if row.name().is_empty() && !reasons.contains(&Rejection::NameMissing) {
        reasons.insert(0, Rejection::NameMissing);
    }
    if let Some(birth) = row.value("birth_date") {
        match birth.parse::<NaiveDate>() {
            Ok(date) if date > context.today => reasons.push(Rejection::BirthInFuture {
                date: birth.to_owned(),
            }),
            Ok(date) if date.year() < 1900 => reasons.push(Rejection::BirthImpossible {
                raw: birth.to_owned(),
            }),
            Ok(_) => {}
            Err(_) => reasons.push(Rejection::BirthImpossible {
                raw: birth.to_owned(),
            }),
        }
    } else if let Some(number) = row
        .value("id_no")
        .filter(|number| has_right_check_digit(number))
    {
        match identity_number::birth_date(number) {
            Some(date) if date > context.today => reasons.push(Rejection::BirthInFuture {
                date: date.to_string(),
            }),
            Some(_) => {}
            None => reasons.push(Rejection::BirthImpossible {
                raw: number[6..14].to_owned(),
            }),
        }
    }
    if context.demo {
        for key in ID_FIELDS {
            if row
                .value(key)
                .is_some_and(|number| !identity_number::is_synthetic(number))
            {
                reasons.push(Rejection::IdNotDemo {
                    field: sentences::label(context.catalogue, key).to_owned(),
                });
            }
        }
    }
    reasons
}

type Flags = BTreeMap<String, String>;

/// Fills birth date and sex from a right identity number and flags what contradicts it.
fn complete(row: &LedgerRow, context: &ImportContext<'_>) -> (LedgerRow, Flags, Vec<String>) {
    let mut row = row.clone();
    let mut flags = Flags::new();
    let mut notes = std::mem::take(&mut row.notes);
    for key in ID_FIELDS {
        let Some(number) = row.value(key) else {
            continue;
        };
        if !has_right_check_digit(number) {
            let label = sentences::label(context.catalogue, key);
            let why = if number.len() == 18 {
                "校验位不对"
            } else {
                "位数不对"
            };
            flags.insert(
                key.into(),
                format!("{label}{why}，已标记“需核对”，不用于查找重复。"),
            );
        }
    }
    if let Some(number) = row
        .value("id_no")
        .map(str::to_owned)
        .filter(|number| has_right_check_digit(number))
    {
        let sex = identity_number::sex_code(&number).map(str::to_owned);
        let birth = identity_number::birth_date(&number).map(|date| date.to_string());
        for (key, derived) in [("sex", sex), ("birth_date", birth)] {
            let Some(derived) = derived else { continue };
            match row.value(key) {
                None => {
                    let value = super::LedgerValue {
                        raw: String::new(),
                        value: derived,
                    };
                    row.values.insert(key.into(), value);
                }
                Some(written) if written != derived => {
                    let label = sentences::label(context.catalogue, key);
                    flags.insert(
                        key.into(),
                        format!("{label}与身份证号不一致，已标记“需核对”。"),
                    );
                }
                Some(_) => {}
            }
        }
    }
    if let Some(birth) = row
        .value("birth_date")
        .and_then(|birth| birth.parse::<NaiveDate>().ok())
    {
        if birth
            .checked_add_months(chrono::Months::new(18 * 12))
            .is_some_and(|adult| adult <= context.today)
        {
            notes.push("已满18周岁，请核对是否仍应建档。".into());
        }
    } else {
        notes.push("没有出生日期，请入户时补上。".into());
    }
    notes.extend(flags.values().cloned());
    (row, flags, notes)
}

fn refused(row: &LedgerRow, rejections: Vec<Rejection>) -> PlanRow {
    let notes = rejections.iter().map(sentences::rejection).collect();
    PlanRow {
        rejections,
        notes,
        ..empty(row, Outcome::Rejected)
    }
}

fn empty(row: &LedgerRow, outcome: Outcome) -> PlanRow {
    PlanRow {
        row: row.row,
        name: row.name().to_owned(),
        outcome,
        child: None,
        changes: Vec::new(),
        conflicts: Vec::new(),
        imported: BTreeMap::new(),
        flags: BTreeMap::new(),
        categories: BTreeSet::new(),
        facts: BTreeMap::new(),
        household: HouseholdChoice::None,
        household_sentence: None,
        rejections: Vec::new(),
        notes: Vec::new(),
    }
}

fn compare_row(
    row: &LedgerRow,
    found: Match<'_>,
    flags: Flags,
    mut notes: Vec<String>,
    context: &ImportContext<'_>,
) -> PlanRow {
    notes.extend(found.notes);
    if found.same_as_row.is_some() {
        return PlanRow {
            notes,
            ..empty(row, Outcome::Same)
        };
    }
    let imported = row
        .values
        .iter()
        .map(|(key, value)| (key.clone(), value.value.clone()))
        .collect();
    let Some(existing) = found.existing else {
        let changes = row
            .values
            .iter()
            .map(|(key, value)| change(context, key, None, &value.value))
            .collect();
        return PlanRow {
            changes,
            imported,
            flags,
            categories: row.categories.clone(),
            facts: row.facts.clone(),
            notes,
            ..empty(row, Outcome::New)
        };
    };
    let mut planned = PlanRow {
        child: Some(existing.child),
        imported,
        notes,
        ..empty(row, Outcome::Same)
    };
    for (key, value) in &row.values {
        let state = existing.fields.get(key).cloned().unwrap_or_default();
        let doubtful = flags.contains_key(key);
        match meet(&state, &value.value, doubtful) {
            Meeting::Nothing => {}
            Meeting::Change => {
                planned
                    .changes
                    .push(change(context, key, state.current.as_deref(), &value.value));
                if let Some(why) = flags.get(key) {
                    planned.flags.insert(key.clone(), why.clone());
                }
            }
            Meeting::Conflict => {
                let conflict = change(context, key, state.current.as_deref(), &value.value);
                planned.notes.push(sentences::conflict(
                    context.catalogue,
                    key,
                    state.current.as_deref(),
                    &value.value,
                ));
                planned.conflicts.push(conflict);
            }
        }
    }
    planned.categories = row
        .categories
        .difference(&existing.categories)
        .cloned()
        .collect();
    let new_facts = row
        .facts
        .iter()
        .filter(|(kind, _)| !existing.facts.contains(*kind));
    planned.facts = new_facts
        .map(|(kind, words)| (kind.clone(), words.clone()))
        .collect();
    planned.outcome = if !planned.conflicts.is_empty() {
        Outcome::Conflict
    } else if !planned.changes.is_empty()
        || !planned.categories.is_empty()
        || !planned.facts.is_empty()
    {
        Outcome::Changed
    } else {
        Outcome::Same
    };
    planned
}

enum Meeting {
    Nothing,
    Change,
    Conflict,
}

/// The rule of decision 12. A doubtful value fills an empty field, it never replaces anything.
fn meet(state: &FieldState, ledger: &str, doubtful: bool) -> Meeting {
    if state.current.as_deref() == Some(ledger) || state.last_imported.as_deref() == Some(ledger) {
        Meeting::Nothing
    } else if state.current == state.last_imported {
        if doubtful && state.current.is_some() {
            Meeting::Nothing
        } else {
            Meeting::Change
        }
    } else {
        Meeting::Conflict
    }
}

fn change(context: &ImportContext<'_>, key: &str, old: Option<&str>, new: &str) -> FieldChange {
    FieldChange {
        key: key.to_owned(),
        holder: context
            .catalogue
            .get(key)
            .map_or(Holder::Child, |entry| entry.holder),
        old: old.map(str::to_owned),
        new: new.to_owned(),
        sentence: sentences::change(context.catalogue, key, old, new),
        outside: sentences::change_outside(context.catalogue, key, old, new),
    }
}
