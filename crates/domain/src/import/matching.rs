//! Which file a row belongs to, and which rows or files it may repeat.

use super::{ExistingChild, ImportContext, LedgerRow};
use crate::identity_number;
use std::collections::BTreeMap;

/// An identity number that may serve as a match key: right form, right check digit.
pub(super) fn match_key(number: Option<&str>) -> Option<String> {
    let number = number?.trim().to_ascii_uppercase();
    has_right_check_digit(&number).then_some(number)
}

/// Eighteen characters of which the last is the check character of the others.
pub(super) fn has_right_check_digit(number: &str) -> bool {
    number.len() == 18
        && number.is_ascii()
        && identity_number::check_character(number) == number.chars().next_back()
}

/// What was found for a row.
#[derive(Default)]
pub(super) struct Match<'a> {
    /// The file the row belongs to.
    pub(super) existing: Option<&'a ExistingChild>,
    /// An earlier row that is the same child.
    pub(super) same_as_row: Option<u32>,
    /// Sentences about likeness that is not certain, and about a file in another village.
    pub(super) notes: Vec<String>,
}

/// Finds files and earlier rows by identity number, else by name, birth date and village.
pub(super) struct Matcher<'a> {
    existing: &'a [ExistingChild],
    context: &'a ImportContext<'a>,
    seen: Vec<SeenRow>,
    claimed: BTreeMap<ids::DocumentId, u32>,
}

struct SeenRow {
    row: u32,
    name: String,
    birth: Option<String>,
    number: Option<String>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(existing: &'a [ExistingChild], context: &'a ImportContext<'a>) -> Self {
        Self {
            existing,
            context,
            seen: Vec::new(),
            claimed: BTreeMap::new(),
        }
    }

    /// Looks a row up and remembers it for the rows below.
    pub(super) fn find(&mut self, row: &LedgerRow) -> Match<'a> {
        let number = match_key(row.value("id_no"));
        let name = row.name().to_owned();
        let birth = row.value("birth_date").map(str::to_owned);
        let mut found = Match::default();
        for seen in &self.seen {
            match likeness(
                (&seen.name, &seen.birth, &seen.number),
                (&name, &birth, &number),
            ) {
                Likeness::Same => {
                    found.same_as_row = Some(seen.row);
                    found
                        .notes
                        .push(format!("与第 {} 行是同一名儿童，本行不另建档。", seen.row));
                    return found;
                }
                Likeness::Alike => found
                    .notes
                    .push(format!("疑似重复：与第 {} 行姓名相同，请核对。", seen.row)),
                Likeness::Different => {}
            }
        }
        self.look_on_file((&name, &birth, &number), &mut found);
        if let Some(existing) = found.existing
            && let Some(earlier) = self.claimed.insert(existing.child, row.row)
        {
            found.existing = None;
            found.same_as_row = Some(earlier);
            found
                .notes
                .push(format!("与第 {earlier} 行是同一名儿童，本行不另建档。"));
        }
        self.seen.push(SeenRow {
            row: row.row,
            name,
            birth,
            number,
        });
        found
    }

    fn look_on_file(&self, key: Key<'_>, found: &mut Match<'a>) {
        let (name, birth, number) = key;
        let by_number = number.as_ref().and_then(|number| {
            self.existing
                .iter()
                .find(|child| match_key(child.id_no.as_deref()).as_ref() == Some(number))
        });
        let certain = by_number.or_else(|| {
            let mut same = self.existing.iter().filter(|child| {
                child.village == self.context.village && {
                    let on_file = match_key(child.id_no.as_deref());
                    likeness(
                        (&child.name, &child.birth_date, &on_file),
                        (name, birth, number),
                    ) == Likeness::Same
                }
            });
            let first = same.next();
            if same.next().is_some() { None } else { first }
        });
        if let Some(child) = certain {
            if child.village != self.context.village {
                found.notes.push(format!(
                    "档案在{}，本次不改村，如已搬来请按迁移办理。",
                    child.village_name
                ));
            }
            found.existing = Some(child);
        }
        for child in self.existing {
            if found.existing.is_some_and(|same| same.child == child.child) || &child.name != name {
                continue;
            }
            let same_birth = birth.is_some() && child.birth_date == *birth;
            if same_birth || child.village == self.context.village {
                found.notes.push(format!(
                    "疑似重复：{}已有同名儿童，请核对。",
                    child.village_name
                ));
            }
        }
    }
}

type Key<'k> = (&'k String, &'k Option<String>, &'k Option<String>);

#[derive(PartialEq)]
enum Likeness {
    Same,
    Alike,
    Different,
}

/// Twins and namesakes are never merged by name alone.
fn likeness(left: Key<'_>, right: Key<'_>) -> Likeness {
    if let (Some(a), Some(b)) = (left.2, right.2) {
        return match (a == b, left.0 == right.0) {
            (true, _) => Likeness::Same,
            (false, true) => Likeness::Alike,
            (false, false) => Likeness::Different,
        };
    }
    if left.0 != right.0 {
        return Likeness::Different;
    }
    if left.1.is_some() && left.1 == right.1 {
        Likeness::Same
    } else {
        Likeness::Alike
    }
}
