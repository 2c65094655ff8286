//! What is erased with a member of a household, and what of a child's only category stays (docs/adr/0050): which documents
//! quote it, and what stands in its place so that nothing points to nothing.

use crate::error::ClientError;
use crate::packs::Packs;
use crate::records;
use crate::roster::{Roster, RosterChild};
use crate::tablet::Tablet;
use chrono::NaiveDate;
use domain::child::FLAG_PREFIX;
use domain::difference::MEMBERS;
use domain::file::{CHILDREN, FieldRule};
use domain::record::renewal::{Part, Person};
use domain::record::{self, Entry, Record, TAKEN_AWAY};
use domain::scalar::Scalar;
use ids::DocumentId;
use protocol::ErasedPart;
use std::collections::{BTreeMap, BTreeSet};

/// How somebody is related.
const RELATIONS: &str = "REL";
/// Words that are written where nobody knows a name, and in speech for whoever is meant.
const NO_NAMES: &str = "NO_NAME";
/// What stands where a member was.
const ERASED_MEMBER: &str = "已删除的家庭成员";
/// What stands where words were erased.
const ERASED_WORDS: &str = "（这段话已按规定删除）";
/// Letters and figures of the shortest number that is nobody else's: what is shorter is a code or a word for having none.
const SHORTEST_NUMBER: usize = 7;
/// A row that stands where something was erased.
pub(crate) const ERASED: &str = "erased";
/// Collection of a child's categories.
pub(crate) const CATEGORIES: &str = "categories";

/// A member, and the documents beside the household's that name her.
pub(crate) struct Member {
    household: DocumentId,
    person: Person,
    children: Vec<DocumentId>,
}

impl Member {
    /// Whose row of the household's document this is.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) fn read(
        tablet: &Tablet,
        roster: &Roster,
        household: DocumentId,
        entry: &str,
    ) -> Result<Self, ClientError> {
        let packs = tablet.packs();
        let record = records::read(tablet, household)?;
        let entries = record.entries(MEMBERS);
        let rows: BTreeSet<String> = record::versions(entries, entry)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let versions: Vec<&Entry> = entries
            .iter()
            .filter(|entry| rows.contains(&entry.id))
            .collect();
        let first = versions
            .first()
            .ok_or_else(|| ClientError::new("not_found"))?;
        let files = files_of(roster, household);
        let children: Vec<DocumentId> = files
            .iter()
            .flat_map(|child| std::iter::once(child.id).chain(child.also.iter().copied()))
            .collect();
        let texts = |is_it: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            versions
                .iter()
                .flat_map(|entry| &entry.values)
                .filter(|(key, _)| is_it(key))
                .filter_map(|(_, value)| value.as_text().map(str::to_owned))
                .filter(|text| !text.trim().is_empty())
                .collect()
        };
        let columns = packs.file.rows(MEMBERS).map(|rows| &rows.columns);
        let is_number = |key: &str| {
            let mut columns = columns.into_iter().flatten();
            columns.any(|column| column.key == key && is_number(column))
        };
        let numbers = texts(&is_number);
        let names = texts(&|key| key == "name");
        let others = Others::of(entries, &rows, &files);
        let is_nobodys = |name: &String| others.is_no_name(&packs, tablet.today(), name);
        let person = Person {
            stub: Some(stub(&packs, first, &record::standing(entries), &rows)),
            names: names.into_iter().filter(|name| !is_nobodys(name)).collect(),
            numbers: numbers
                .into_iter()
                .filter(|number| is_own_number(number) && !others.numbers.contains(number))
                .collect(),
            spared: others.names,
            fields: BTreeSet::new(),
            instead: ERASED_MEMBER.to_owned(),
            rows,
        };
        Ok(Self {
            household,
            person,
            children,
        })
    }

    /// The documents beside the household's that quote her: files of its children, and problems about them.
    pub(crate) fn quoting(&self, tablet: &Tablet) -> Result<Vec<DocumentId>, ClientError> {
        let names: BTreeSet<String> = self.children.iter().map(ToString::to_string).collect();
        let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
        let problems = nouns
            .problems
            .iter()
            .filter(|problem| problem.noun.children.iter().any(|one| names.contains(one)))
            .map(|problem| problem.id);
        let mut quoting = Vec::new();
        for document in self.children.iter().copied().chain(problems) {
            let record = match records::read(tablet, document) {
                Ok(record) => record,
                Err(error) if error.code() == "not_found" => continue,
                Err(error) => return Err(error),
            };
            let person = self.in_document(tablet, document, &record);
            if person.is_quoted(&record) && !quoting.contains(&document) {
                quoting.push(document);
            }
        }
        Ok(quoting)
    }

    /// What of one of the documents goes.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) fn part(&self, tablet: &Tablet, document: DocumentId) -> Result<Part, ClientError> {
        let record = records::read(tablet, document)?;
        let person = self.in_document(tablet, document, &record);
        Ok(Part::Person(Box::new(person)))
    }

    /// Beside a field that says her name – 照料人, 监护人 – the numbers are hers, whatever they say.
    fn in_document(&self, tablet: &Tablet, document: DocumentId, record: &Record) -> Person {
        let mut person = self.person.clone();
        let holder = match document == self.household {
            true => "household",
            false => "child",
        };
        let packs = tablet.packs();
        let fields = packs.file.blocks.iter().flat_map(|block| &block.fields);
        let fields: Vec<&FieldRule> = fields.filter(|field| field.holder == holder).collect();
        for field in &fields {
            let says = |values: &BTreeMap<String, Scalar>| {
                let text = values.get(&field.key).and_then(Scalar::as_text);
                text.is_some_and(|text| self.person.names.contains(text))
            };
            let Some((stem, _)) = field.key.rsplit_once('_') else {
                continue;
            };
            if !says(&record.fields) && !says(&record.imported) {
                continue;
            }
            let beside = fields
                .iter()
                .filter(|one| one.key.rsplit_once('_').is_some_and(|(of, _)| of == stem))
                .chain(fields.iter().filter(|one| {
                    // 身份证号 has two parts after the stem.
                    one.key.strip_suffix("_id_no") == Some(stem)
                }))
                .filter(|one| is_number(one));
            for one in beside {
                person.fields.insert(one.key.clone());
                person.fields.insert(format!("{FLAG_PREFIX}{}", one.key));
            }
        }
        person
    }
}

/// What is other people's in the same documents, and stays theirs.
struct Others {
    names: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Others {
    fn of(members: &[Entry], rows: &BTreeSet<String>, files: &[&RosterChild]) -> Self {
        let mut others = Self {
            names: BTreeSet::new(),
            numbers: BTreeSet::new(),
        };
        for entry in members.iter().filter(|entry| !rows.contains(&entry.id)) {
            for (key, value) in &entry.values {
                let Some(text) = value.as_text().filter(|text| !text.is_empty()) else {
                    continue;
                };
                match key.as_str() {
                    "name" => others.names.insert(text.to_owned()),
                    _ => others.numbers.insert(text.to_owned()),
                };
            }
        }
        for child in files {
            let text = |key| child.child.text(key).map(str::to_owned);
            others
                .names
                .extend(["name", "used_name"].into_iter().filter_map(text));
            others
                .numbers
                .extend(["id_no", "phone_child"].into_iter().filter_map(text));
        }
        others
    }

    /// A name by which she alone is found: not somebody else's, and no word for having none or for how she is related.
    fn is_no_name(&self, packs: &Packs, today: NaiveDate, name: &str) -> bool {
        let is_short = name.is_ascii() && name.len() < SHORTEST_NUMBER;
        let pack = packs.rules_on(today);
        let is_word = pack.is_some_and(|pack| {
            let words = [RELATIONS, NO_NAMES]
                .into_iter()
                .flat_map(|list| pack.list(list));
            let mut words =
                words.flat_map(|item| item.label.split(['、', '（', '）', '/', '(', ')']));
            words.any(|word| word == name)
        });
        is_short || is_word || self.names.contains(name)
    }
}

fn is_own_number(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.count() >= SHORTEST_NUMBER
}

fn is_number(rule: &FieldRule) -> bool {
    ["phone", "id_no", "certificate"].contains(&rule.kind.as_str())
}

/// The children whose file names a household, or who were visited in it.
fn files_of(roster: &Roster, household: DocumentId) -> Vec<&RosterChild> {
    let name = household.to_string();
    let children = roster.children.iter();
    children
        .filter(|child| {
            let mut visits = child.child.visits.iter();
            child.child.household() == Some(name.as_str())
                || visits.any(|visit| visit.household == name)
        })
        .collect()
}

/// What stands in the place of a member: that there was somebody, and how related to whom, so that who brings the child up is
/// still told; nothing else of her.
fn stub(packs: &Packs, first: &Entry, standing: &[&Entry], rows: &BTreeSet<String>) -> Entry {
    let last = standing.iter().rev().find(|entry| rows.contains(&entry.id));
    let mut stub = Entry::new(&first.id)
        .with("name", ERASED_MEMBER)
        .with(ERASED, true);
    let Some(last) = last else {
        return stub.with(TAKEN_AWAY, true);
    };
    let columns = packs.file.rows(MEMBERS).map(|rows| &rows.columns);
    let whose = columns.into_iter().flatten();
    for column in whose.filter(|column| column.kind == CHILDREN) {
        stub = stub.with_codes(&column.key, &last.codes(&column.key));
    }
    for key in ["relation", "left_on", "written_on"] {
        if let Some(text) = last.text(key) {
            stub = stub.with(key, text);
        }
    }
    stub
}

/// What stands in the place of a category that is the only one: a file without one is none, and the child is to be seen until
/// somebody writes the right one. None where another one stands, or this one did not.
pub(crate) fn category_left(
    tablet: &Tablet,
    record: &Record,
    entry: &str,
) -> Result<Option<Entry>, ClientError> {
    let entries = record.entries(CATEGORIES);
    let rows = record::versions(entries, entry);
    let standing = record::standing(entries);
    let is_only = !standing.is_empty() && standing.iter().all(|one| rows.contains(one.id.as_str()));
    let Some(first) = entries.iter().find(|one| rows.contains(one.id.as_str())) else {
        return Ok(None);
    };
    if !is_only {
        return Ok(None);
    }
    let code = erased_category(tablet).ok_or_else(|| ClientError::new("not_found"))?;
    let mut stub = Entry::new(&first.id).with("code", code).with(ERASED, true);
    for key in ["start", "end", "recorded_on", "written_on"] {
        if let Some(text) = standing.last().and_then(|one| one.text(key)) {
            stub = stub.with(key, text);
        }
    }
    Ok(Some(stub))
}

/// The category that stands for one that was erased; none where the rules have none.
pub(crate) fn erased_category(tablet: &Tablet) -> Option<String> {
    let packs = tablet.packs();
    let pack = packs.rules_on(tablet.today())?;
    let mut categories = pack.categories.iter();
    let erased = categories.find(|category| category.erased)?;
    Some(erased.code.clone())
}

/// The member a part is about, where it is one.
///
/// # Errors
/// `not_found`.
pub(crate) fn member_of(tablet: &Tablet, part: &ErasedPart) -> Result<Option<Member>, ClientError> {
    match &part.entry {
        Some((collection, entry)) if collection == MEMBERS && part.key.is_empty() => {
            let roster = Roster::read(tablet)?;
            Member::read(tablet, &roster, part.document, entry).map(Some)
        }
        _ => Ok(None),
    }
}

/// What of the document a request names goes.
///
/// # Errors
/// `not_found`.
pub(crate) fn part_of(tablet: &Tablet, asked: &ErasedPart) -> Result<Part, ClientError> {
    if let Some(member) = member_of(tablet, asked)? {
        return member.part(tablet, asked.document);
    }
    Ok(match &asked.entry {
        Some((collection, entry)) if asked.key.is_empty() => Part::Entry {
            stub: match collection == CATEGORIES {
                true => {
                    let record = records::read(tablet, asked.document)?;
                    category_left(tablet, &record, entry)?
                }
                false => None,
            },
            collection: collection.clone(),
            entry: entry.clone(),
        },
        Some((collection, entry)) => Part::Words {
            collection: collection.clone(),
            entry: entry.clone(),
            key: asked.key.clone(),
            instead: ERASED_WORDS.to_owned(),
        },
        None => Part::Field {
            key: asked.key.clone(),
            keep_now: asked.keep_now,
        },
    })
}
