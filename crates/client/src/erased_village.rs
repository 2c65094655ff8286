//! What a village knows of a member of a household beside that household: the rows the same person has in others, and
//! whether her name is somebody else's too, so that nobody's work log loses another person's name (docs/adr/0050).

use crate::error::ClientError;
use crate::packs::Packs;
use crate::roster::{Roster, RosterChild};
use crate::tablet::Tablet;
use chrono::NaiveDate;
use domain::difference::MEMBERS;
use domain::record::{self, Entry, ROWS, Record};
use domain::scalar::Scalar;
use ids::{DocKind, DocumentId, UnitId};
use std::collections::{BTreeMap, BTreeSet};
use store::projections::records;

/// How somebody is related.
const RELATIONS: &str = "REL";
/// Words that are written where nobody knows a name, and in speech for whoever is meant.
const NO_NAMES: &str = "NO_NAME";
/// Letters and figures of the shortest number that is nobody else's: what is shorter is a code or a word for having none.
const SHORTEST_NUMBER: usize = 7;
/// Letters of the shortest name that is looked for where everybody of a village may be meant.
const SHORTEST_NAME: usize = 3;
/// What a child is called, in its file.
const CHILDS_NAMES: [&str; 3] = ["name", "used_name", "nickname"];

/// A row of a household: its document, and the first id it had.
pub(crate) type Row = (DocumentId, String);

/// Whether the months of work of a village are looked through for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Months {
    /// For every name she has.
    Searched,
    /// Somebody else of the village has one of her names.
    Namesake,
    /// One of her names is too short to be nobody else's.
    Short,
    /// She has none but a word for having none.
    Nameless,
}

impl Months {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Searched => "searched",
            Self::Namesake => "namesake",
            Self::Short => "short",
            Self::Nameless => "nameless",
        }
    }
}

/// The households of one village.
pub(crate) struct Village {
    unit: UnitId,
    households: BTreeMap<DocumentId, Record>,
}

/// A row of a household in all its versions.
pub(crate) struct RowOf<'a> {
    pub(crate) document: DocumentId,
    /// All rows of that household.
    pub(crate) entries: &'a [Entry],
    pub(crate) ids: BTreeSet<String>,
    pub(crate) versions: Vec<&'a Entry>,
}

impl<'a> RowOf<'a> {
    fn of(document: DocumentId, entries: &'a [Entry], entry: &str) -> Self {
        let ids = record::versions(entries, entry);
        Self {
            document,
            entries,
            versions: entries
                .iter()
                .filter(|entry| ids.contains(entry.id.as_str()))
                .collect(),
            ids: ids.into_iter().map(str::to_owned).collect(),
        }
    }

    /// What its versions say under these keys.
    pub(crate) fn texts(&self, is_it: impl Fn(&str) -> bool) -> BTreeSet<String> {
        self.versions
            .iter()
            .flat_map(|entry| &entry.values)
            .filter(|(key, _)| is_it(key))
            .filter_map(|(_, value)| value.as_text().map(str::to_owned))
            .filter(|text| !text.trim().is_empty())
            .collect()
    }
}

impl Village {
    /// The one a household is in.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) fn of(
        tablet: &Tablet,
        roster: &Roster,
        household: DocumentId,
    ) -> Result<Self, ClientError> {
        let unit_of = |document: DocumentId| {
            let found = roster.households.get(&document.to_string());
            found.map(|found| found.unit)
        };
        let unit = unit_of(household).ok_or_else(|| ClientError::new("not_found"))?;
        let all = tablet
            .store
            .read(|connection| records::all(connection, DocKind::Household))?;
        let its = all.into_iter();
        Ok(Self {
            unit,
            households: its
                .filter(|(document, _)| unit_of(*document) == Some(unit))
                .collect(),
        })
    }

    /// A row of one of the households.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) fn row(&self, document: DocumentId, entry: &str) -> Result<RowOf<'_>, ClientError> {
        let record = self.households.get(&document);
        let row = record.map(|record| RowOf::of(document, record.entries(MEMBERS), entry));
        row.filter(|row| !row.versions.is_empty())
            .ok_or_else(|| ClientError::new("not_found"))
    }

    /// The rows other households have of the same person: the same identity number, or the same name with the same telephone
    /// or certificate. A name alone is many people's.
    pub(crate) fn elsewhere(
        &self,
        packs: &Packs,
        row: &RowOf<'_>,
        (names, numbers): (&BTreeSet<String>, &BTreeSet<String>),
    ) -> Vec<Row> {
        let numbers: BTreeSet<String> = numbers.iter().map(|text| bare(text)).collect();
        let of_kind =
            |kinds: &'static [&'static str]| move |key: &str| is_column(packs, key, kinds);
        let is_hers = |other: &RowOf<'_>| {
            let has =
                |texts: BTreeSet<String>| texts.iter().any(|text| numbers.contains(&bare(text)));
            let is_called = || !other.texts(|key| key == "name").is_disjoint(names);
            has(other.texts(of_kind(&["id_no"])))
                || (has(other.texts(of_kind(&["phone", "certificate"]))) && is_called())
        };
        let mut found = Vec::new();
        let others = self.households.iter();
        for (document, record) in others.filter(|(document, _)| **document != row.document) {
            let entries = record.entries(MEMBERS);
            let mut told = BTreeSet::new();
            for entry in entries {
                if told.contains(&entry.id) {
                    continue;
                }
                let other = RowOf::of(*document, entries, &entry.id);
                if is_hers(&other) {
                    found.push((*document, entry.id.clone()));
                }
                told.extend(other.ids);
            }
        }
        found
    }

    /// The documents of its months of work.
    pub(crate) fn months(&self, roster: &Roster) -> Vec<DocumentId> {
        let months = roster.work.iter();
        let its = months.filter(|month| month.unit == self.unit);
        its.map(|month| month.id).collect()
    }

    /// Adds what everybody else here is called and can be reached at, so that it stays theirs: all but these rows and the
    /// files of these children. What says one of her names alone, wherever that is, speaks of somebody nobody can tell from
    /// another.
    pub(crate) fn add_known(
        &self,
        others: &mut Others,
        roster: &Roster,
        (rows, children): (&BTreeSet<String>, &[DocumentId]),
        names: &BTreeSet<String>,
    ) {
        for record in self.households.values() {
            let members = record.entries(MEMBERS);
            others.add_members(members, rows);
            if !members.iter().any(|entry| rows.contains(&entry.id)) {
                others.add_alone(record.fields.iter().chain(&record.imported), names);
            }
        }
        let files = roster.children.iter().filter(|file| file.unit == self.unit);
        let files = files.chain(&roster.guests);
        for file in files.filter(|file| !children.contains(&file.id)) {
            let child = &file.child;
            others.add_file(child.fields.iter().chain(&child.imported));
            others.add_alone(child.fields.iter().chain(&child.imported), names);
            for row in child.entries(ROWS) {
                others.add_alone(row.values.iter(), names);
                others.names.extend(row.text("name").map(str::to_owned));
            }
        }
        for month in roster.work.iter().filter(|month| month.unit == self.unit) {
            for entry in &month.noun.entries {
                others.add_alone(entry.values.iter(), names);
            }
            let phone = month.noun.phone.iter();
            others
                .numbers
                .extend(phone.map(|phone| phone.number.clone()));
        }
        others.names.extend(roster.people.names());
    }

    /// How a person calls a household: by its children, with one of them whose file leads there.
    pub(crate) fn call(roster: &Roster, household: DocumentId) -> (String, Option<DocumentId>) {
        let name = household.to_string();
        let children = roster.children_of(&name);
        let names: Vec<String> = children.iter().map(|child| child.name()).collect();
        let place = roster.households.get(&name);
        let place = place.and_then(|place| place.household.fields.get("addr")?.as_text());
        match (children.first(), place) {
            (Some(first), _) => (names.join("、"), Some(first.id)),
            (None, Some(place)) => (place.to_owned(), None),
            (None, None) => ("没有孩子的一家".to_owned(), None),
        }
    }
}

/// What is other people's, and stays theirs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Others {
    pub(crate) names: BTreeSet<String>,
    pub(crate) numbers: BTreeSet<String>,
}

impl Others {
    /// Of a household's members but these rows.
    pub(crate) fn add_members(&mut self, members: &[Entry], rows: &BTreeSet<String>) {
        for entry in members.iter().filter(|entry| !rows.contains(&entry.id)) {
            for (key, value) in &entry.values {
                let Some(text) = value.as_text().filter(|text| !text.is_empty()) else {
                    continue;
                };
                match key.as_str() {
                    "name" => self.names.insert(text.to_owned()),
                    _ => self.numbers.insert(text.to_owned()),
                };
            }
        }
    }

    /// What the children are called, and their own numbers.
    pub(crate) fn add_children(&mut self, files: &[&RosterChild]) {
        for child in files {
            let text = |key| child.child.text(key).map(str::to_owned);
            self.names
                .extend(["name", "used_name"].into_iter().filter_map(text));
            self.numbers
                .extend(["id_no", "phone_child"].into_iter().filter_map(text));
        }
    }

    /// Whoever a file of another household names.
    fn add_file<'a>(&mut self, values: impl Iterator<Item = (&'a String, &'a Scalar)>) {
        for (key, value) in values {
            let Some(text) = value.as_text().filter(|text| !text.is_empty()) else {
                continue;
            };
            match CHILDS_NAMES.contains(&key.as_str()) || key.ends_with("_name") {
                true => self.names.insert(text.to_owned()),
                false => self.numbers.insert(text.to_owned()),
            };
        }
    }

    /// Values that say one of the names and nothing else.
    fn add_alone<'a>(
        &mut self,
        values: impl Iterator<Item = (&'a String, &'a Scalar)>,
        names: &BTreeSet<String>,
    ) {
        let texts = values.filter_map(|(_, value)| value.as_text());
        let alone = texts.filter(|text| names.contains(*text));
        self.names.extend(alone.map(str::to_owned));
    }

    /// A name by which she alone is found: not somebody else's, and no word for having none or for how she is related.
    pub(crate) fn is_no_name(&self, packs: &Packs, today: NaiveDate, name: &str) -> bool {
        is_word(packs, today, name) || self.names.contains(name)
    }

    /// Whether the months of work can be looked through for somebody of these names.
    pub(crate) fn months(&self, names: &BTreeSet<String>) -> Months {
        match names {
            names if names.is_empty() => Months::Nameless,
            names if names.iter().any(|name| self.names.contains(name)) => Months::Namesake,
            names if names.iter().any(|name| is_short(name)) => Months::Short,
            _ => Months::Searched,
        }
    }

    /// Her names by which nobody else of the village is meant.
    pub(crate) fn only_hers(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let hers = names.iter();
        let hers = hers.filter(|name| !is_short(name) && !self.names.contains(*name));
        hers.cloned().collect()
    }
}

fn is_short(name: &str) -> bool {
    name.chars().count() < SHORTEST_NAME
}

/// A word for having no name or for how somebody is related, or a short Latin code.
pub(crate) fn is_word(packs: &Packs, today: NaiveDate, name: &str) -> bool {
    let is_code = name.is_ascii() && name.len() < SHORTEST_NUMBER;
    let pack = packs.rules_on(today);
    is_code
        || pack.is_some_and(|pack| {
            let words = [RELATIONS, NO_NAMES]
                .into_iter()
                .flat_map(|list| pack.list(list));
            let mut words =
                words.flat_map(|item| item.label.split(['、', '（', '）', '/', '(', ')']));
            words.any(|word| word == name)
        })
}

/// Whether a column of the members' rows has one of these kinds.
pub(crate) fn is_column(packs: &Packs, key: &str, kinds: &[&str]) -> bool {
    let columns = packs.file.rows(MEMBERS).map(|rows| &rows.columns);
    let mut columns = columns.into_iter().flatten();
    columns.any(|column| column.key == key && kinds.contains(&column.kind.as_str()))
}

pub(crate) fn is_own_number(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.count() >= SHORTEST_NUMBER
}

/// A number however it is spaced.
fn bare(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn household(number: u128, rows: Vec<Entry>) -> (DocumentId, Record) {
        let mut record = Record::default();
        record.collections.insert(MEMBERS.to_owned(), rows);
        (DocumentId(Uuid::from_u128(number)), record)
    }

    fn row(id: &str, name: &str, key: &str, number: &str) -> Entry {
        Entry::new(id).with("name", name).with(key, number)
    }

    #[test]
    fn the_same_person_is_told_by_a_number_and_never_by_the_name_alone() {
        let village = Village {
            unit: UnitId(Uuid::nil()),
            households: BTreeMap::from([
                household(1, vec![row("her", "王秀兰", "phone", "10055512034")]),
                household(
                    2,
                    vec![row("number", "王大姐", "id_no", "31019919580305002x")],
                ),
                household(3, vec![row("phone", "王秀兰", "phone", "100 5551 2034")]),
                household(4, vec![row("name", "王秀兰", "phone", "10055500000")]),
                household(5, vec![row("shared", "石老汉", "phone", "10055512034")]),
            ]),
        };
        let packs = Packs::read([("fields", include_str!("../../../policy/fields.json"))]);
        let her = village
            .row(DocumentId(Uuid::from_u128(1)), "her")
            .expect("it is there");
        let names = set(&["王秀兰"]);
        let numbers = set(&["10055512034", "31019919580305002X"]);
        let found = village.elsewhere(&packs, &her, (&names, &numbers));
        let rows: Vec<&str> = found.iter().map(|(_, row)| row.as_str()).collect();
        assert_eq!(rows, ["number", "phone"]);
    }

    #[test]
    fn a_name_that_is_somebody_elses_or_short_is_not_looked_for_in_a_village() {
        let mut others = Others::default();
        others.names.insert("王秀兰".to_owned());
        assert_eq!(others.months(&set(&["赵秀英"])), Months::Searched);
        assert_eq!(others.months(&set(&["王秀兰"])), Months::Namesake);
        assert_eq!(others.months(&set(&["赵秀英", "王秀兰"])), Months::Namesake);
        assert_eq!(others.months(&set(&["王兰"])), Months::Short);
        assert_eq!(others.months(&set(&[])), Months::Nameless);
        let hers = others.only_hers(&set(&["赵秀英", "王秀兰", "王兰"]));
        assert_eq!(hers, set(&["赵秀英"]));
    }
}
