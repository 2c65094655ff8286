//! What is erased with a member of a household, and what of a child's only category stays (docs/adr/0050): which documents
//! quote it, and what stands in its place so that nothing points to nothing.

use crate::erased_village::{
    Months, Others, Row, RowOf, Village, is_column, is_own_number, is_word,
};
use crate::error::ClientError;
use crate::packs::Packs;
use crate::records;
use crate::roster::{Roster, RosterChild};
use crate::tablet::Tablet;
use domain::child::FLAG_PREFIX;
use domain::difference::MEMBERS;
use domain::file::{CHILDREN, FieldRule};
use domain::record::renewal::{Part, Person};
use domain::record::{self, Entry, Record, TAKEN_AWAY};
use domain::scalar::Scalar;
use ids::DocumentId;
use protocol::ErasedPart;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of values that are somebody's number.
const NUMBERS: [&str; 3] = ["phone", "id_no", "certificate"];
/// What stands where a member was.
const ERASED_MEMBER: &str = "已删除的家庭成员";
/// What stands where words were erased.
const ERASED_WORDS: &str = "（这段话已按规定删除）";
/// A row that stands where something was erased.
pub(crate) const ERASED: &str = "erased";
/// Collection of a child's categories.
pub(crate) const CATEGORIES: &str = "categories";

/// A member, and the documents beside the household's that name her.
pub(crate) struct Member {
    /// The households that have a row of hers; the first is the one that was asked about.
    homes: Vec<DocumentId>,
    person: Person,
    children: Vec<DocumentId>,
    /// The village's months of work, and what of hers is looked for there.
    months: Vec<DocumentId>,
    in_months: Person,
    /// Whether those are looked through for all her names.
    pub(crate) searched: Months,
    /// The rows other households have of her, whether they go as well or not.
    pub(crate) elsewhere: Vec<Row>,
}

impl Member {
    /// Whose row of a household's document this is, with those in other households that go as well.
    ///
    /// # Errors
    /// `not_found`, `erasure_changed` where another household's row is not hers, or not any more.
    pub(crate) fn read(
        tablet: &Tablet,
        roster: &Roster,
        (household, entry): (DocumentId, &str),
        also: &[Row],
    ) -> Result<Self, ClientError> {
        let village = Village::of(tablet, roster, household)?;
        let alone = Self::of(tablet, roster, &village, &[(household, entry.to_owned())])?;
        if also.is_empty() {
            return Ok(alone);
        }
        if also.iter().any(|row| !alone.elsewhere.contains(row)) {
            return Err(ClientError::new("erasure_changed"));
        }
        let all: Vec<Row> = std::iter::once((household, entry.to_owned()))
            .chain(also.iter().cloned())
            .collect();
        Self::of(tablet, roster, &village, &all)
    }

    /// Whose rows of a village's households these are.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) fn of(
        tablet: &Tablet,
        roster: &Roster,
        village: &Village,
        all: &[Row],
    ) -> Result<Self, ClientError> {
        let (packs, today) = (tablet.packs(), tablet.today());
        let rows = all.iter();
        let rows = rows.map(|(household, entry)| village.row(*household, entry));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let ids: BTreeSet<String> = rows.iter().flat_map(|row| row.ids.clone()).collect();
        let homes: Vec<DocumentId> = rows.iter().map(|row| row.document).collect();
        let files = files_of(roster, &homes);
        let with_told = |child: &&RosterChild| [&[child.id][..], &child.also[..]].concat();
        let children: Vec<DocumentId> = files.iter().flat_map(with_told).collect();
        let mut others = Others::default();
        for row in &rows {
            others.add_members(row.entries, &ids);
        }
        others.add_children(&files);
        let texts = |is_it: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            rows.iter().flat_map(|row| row.texts(is_it)).collect()
        };
        let said = texts(&|key| key == "name");
        let numbers: BTreeSet<String> = texts(&|key| is_column(&packs, key, &NUMBERS))
            .into_iter()
            .filter(|number| is_own_number(number) && !others.numbers.contains(number))
            .collect();
        let names: BTreeSet<String> = said
            .iter()
            .filter(|name| !others.is_no_name(&packs, today, name))
            .cloned()
            .collect();
        let elsewhere = match rows.first() {
            Some(first) => village.elsewhere(&packs, first, (&names, &numbers)),
            None => Vec::new(),
        };
        let called: BTreeSet<String> = said
            .into_iter()
            .filter(|name| !is_word(&packs, today, name))
            .collect();
        let mut known = others.clone();
        village.add_known(&mut known, roster, (&ids, &children), &called);
        let person = Person {
            rows: rows.iter().flat_map(first_of).collect(),
            stubs: rows.iter().filter_map(|row| stub(&packs, row)).collect(),
            names,
            numbers,
            spared: others.names,
            fields: BTreeSet::new(),
            instead: ERASED_MEMBER.to_owned(),
        };
        Ok(Self {
            homes,
            in_months: in_months(&person, &known),
            person,
            children,
            months: village.months(roster),
            searched: known.months(&called),
            elsewhere,
        })
    }

    /// The documents beside the household's that quote her: the other households, files of their children, problems about
    /// them, and months of the village's work.
    pub(crate) fn quoting(&self, tablet: &Tablet) -> Result<Vec<DocumentId>, ClientError> {
        let names: BTreeSet<String> = self.children.iter().map(ToString::to_string).collect();
        let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
        let problems = nouns
            .problems
            .iter()
            .filter(|problem| problem.noun.children.iter().any(|one| names.contains(one)))
            .map(|problem| problem.id);
        let mut quoting = Vec::new();
        let homes = self.homes.iter().skip(1).chain(&self.children).copied();
        for document in homes.chain(problems).chain(self.months.iter().copied()) {
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
        if self.months.contains(&document) {
            return self.in_months.clone();
        }
        let mut person = self.person.clone();
        let holder = match self.homes.contains(&document) {
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

fn is_number(rule: &FieldRule) -> bool {
    NUMBERS.contains(&rule.kind.as_str())
}

/// The children whose file names one of the households, or who were visited in it.
fn files_of<'a>(roster: &'a Roster, households: &[DocumentId]) -> Vec<&'a RosterChild> {
    let names: Vec<String> = households.iter().map(ToString::to_string).collect();
    let is_one = |name: &str| names.iter().any(|one| one == name);
    let children = roster.children.iter();
    children
        .filter(|child| {
            let mut visits = child.child.visits.iter();
            child.child.household().is_some_and(is_one)
                || visits.any(|visit| is_one(&visit.household))
        })
        .collect()
}

/// What of her is looked for in the village's months of work: what is nobody else's there.
fn in_months(person: &Person, known: &Others) -> Person {
    Person {
        names: known.only_hers(&person.names),
        numbers: person.numbers.difference(&known.numbers).cloned().collect(),
        spared: known.names.clone(),
        instead: ERASED_MEMBER.to_owned(),
        ..Person::default()
    }
}

/// Every id of a row with the first of them.
fn first_of(row: &RowOf<'_>) -> Vec<(String, String)> {
    let first = row.versions.first();
    let ids = row.ids.iter();
    ids.filter_map(|id| Some((id.clone(), first?.id.clone())))
        .collect()
}

/// What stands in the place of a member: that there was somebody, and how related to whom, so that who brings the child up is
/// still told; nothing else of her.
fn stub(packs: &Packs, row: &RowOf<'_>) -> Option<Entry> {
    let standing = record::standing(row.entries);
    let last = standing
        .iter()
        .rev()
        .find(|entry| row.ids.contains(&entry.id));
    let mut stub = Entry::new(&row.versions.first()?.id)
        .with("name", ERASED_MEMBER)
        .with(ERASED, true);
    let Some(last) = last else {
        return Some(stub.with(TAKEN_AWAY, true));
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
    Some(stub)
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
            Member::read(tablet, &roster, (part.document, entry), &part.also).map(Some)
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
