//! A document built anew from what it says now, without one thing of it: its next generation (docs/adr/0030).
//!
//! One device writes it in the name of all its authors. So each entry says who had written it, and when; that is believed
//! only of the change an order names, and [`reference`] is how a reader tells: it is made of that change, the entry and
//! the words about its origin, so that nobody can put other words under somebody's name.

mod person;

pub use person::Person;

use super::{
    Edit, Entry, FIELDS, FROM_VISIT, FROM_VISIT_FIELD, FROM_VISIT_ROW, IMPORTED, Record,
    containers, newest_schema,
};
use crate::form::SUMMARY_LENGTH;
use crate::scalar::Scalar;
use ids::{DeviceId, DocKind, StaffId};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Key of an entry's value that says where the entry came from.
pub const ORIGIN: &str = "origin";
/// Operations of one of its first changes, well below what a change may have.
const OPS: usize = 4_000;

/// Where an entry of a renewed document came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The change that wrote it down.
    pub by: [u8; 32],
    /// What that says: [`Author::to_text`].
    pub text: String,
}

/// Who had written an entry, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// The person.
    pub staff: StaffId,
    /// With which device.
    pub device: DeviceId,
    /// When, by that device's clock.
    pub at_ms: i64,
}

impl Author {
    /// As it stands in an entry.
    pub fn to_text(&self) -> String {
        format!("{}/{}/{}", self.staff, self.device, self.at_ms)
    }

    /// Reads it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let author = Self {
            staff: StaffId::parse(parts.next()?).ok()?,
            device: DeviceId::parse(parts.next()?).ok()?,
            at_ms: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(author)
    }
}

/// What stands for the change that once made an entry.
pub fn reference(by: &[u8; 32], entry: &str, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zoufang/origin\0");
    hash.update(by);
    hash.update((entry.len() as u64).to_be_bytes());
    hash.update(entry.as_bytes());
    hash.update(text.as_bytes());
    hash.finalize().into()
}

/// What is taken out.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Everything a field ever said; what it says now stays or goes.
    Field {
        /// Its key.
        key: String,
        /// Only what it said before goes.
        keep_now: bool,
    },
    /// Words of an entry, wherever they stand in it.
    Words {
        /// The collection.
        collection: String,
        /// The entry.
        entry: String,
        /// The key of the words.
        key: String,
        /// What stands there instead.
        instead: String,
    },
    /// An entry with everything it ever was ([`super::versions`]): a row of the file, or a photo, whose key goes with it.
    Entry {
        /// The collection.
        collection: String,
        /// The entry, in any of its versions.
        entry: String,
        /// What stands in its place, under the id of the first of them; mostly nothing.
        stub: Option<Entry>,
    },
    /// A member of a household, in one of the documents that name her.
    Person(Box<Person>),
}

/// Why a document cannot be built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Two people's values of a field wait for somebody to choose.
    Contested,
    /// It has something this app does not know.
    TooNew,
    /// What is to be taken out is not there.
    Absent,
    /// Who wrote an entry is not known.
    Nameless,
}

/// The edits of its first changes, in order.
///
/// # Errors
/// It is not fit for it.
pub fn edits(
    kind: DocKind,
    record: &Record,
    part: &Part,
    author: impl Fn(&Entry) -> Option<Author>,
) -> Result<Vec<Vec<Edit>>, Unfit> {
    if !record.conflicts.is_empty() {
        return Err(Unfit::Contested);
    }
    if record.schema > newest_schema(kind) {
        return Err(Unfit::TooNew);
    }
    let mut chunks = vec![Vec::new()];
    let mut room = OPS;
    let mut push = |edit: Edit, ops: usize| {
        if ops > room {
            chunks.push(Vec::new());
            room = OPS;
        }
        room = room.saturating_sub(ops);
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(edit);
        }
    };
    let mut found = false;
    for (key, value) in &record.fields {
        if let Part::Person(person) = part {
            let new = person.field(key, value);
            found |= new.as_ref() != Some(value);
            if let Some(new) = new {
                push(Edit::put(key, new), 1);
            }
            continue;
        }
        let is_it = matches!(part, Part::Field { key: out, .. } if out == key);
        found |= is_it;
        if !is_it || matches!(part, Part::Field { keep_now: true, .. }) {
            push(Edit::put(key, value.clone()), 1);
        }
    }
    for (key, value) in &record.imported {
        let stays = match part {
            Part::Field { key: out, keep_now } if out == key => {
                *keep_now && record.fields.get(key) == Some(value)
            }
            // What a register said of her goes wholly: it would be compared with a name that is none.
            Part::Person(person) => person.field(key, value).as_ref() == Some(value),
            _ => true,
        };
        found |= !stays && matches!(part, Part::Person(_));
        if stays {
            let (key, value) = (key.clone(), value.clone());
            push(Edit::PutImported { key, value }, 1);
        }
    }
    let known: BTreeSet<&str> = containers(kind)
        .iter()
        .copied()
        .chain([super::ATTACHMENTS, super::ROWS])
        .collect();
    let (of, out) = match part {
        Part::Entry {
            collection, entry, ..
        } => (
            collection.as_str(),
            super::versions(record.entries(collection), entry),
        ),
        Part::Field { .. } | Part::Words { .. } | Part::Person(_) => ("", BTreeSet::new()),
    };
    for (name, entries) in &record.collections {
        let Some(collection) = known.get(name.as_str()).copied() else {
            return Err(Unfit::TooNew);
        };
        if [FIELDS, IMPORTED].contains(&collection) {
            continue;
        }
        for entry in entries {
            // What a field or a row said stands also in the row that says from which visit it was taken.
            let quotes = entry.text("block") == Some(FROM_VISIT)
                && match part {
                    Part::Field { key, .. } => entry.text(FROM_VISIT_FIELD) == Some(key),
                    Part::Entry { .. } => entry
                        .text(FROM_VISIT_ROW)
                        .is_some_and(|row| out.contains(row)),
                    Part::Words { .. } | Part::Person(_) => false,
                };
            let is_out = of == name && out.contains(entry.id.as_str());
            found |= is_out;
            let left = match part {
                _ if quotes => None,
                Part::Entry { stub, .. } if is_out => {
                    stub.clone().filter(|stub| stub.id == entry.id)
                }
                Part::Person(person) => {
                    let new = person.entry(name, entry);
                    found |= new.as_ref() != Some(entry);
                    new
                }
                _ => Some(entry.clone()),
            };
            let Some(left) = left else {
                continue;
            };
            let mut new = Entry {
                id: left.id,
                values: left.values,
                answers: left.answers,
                ..Entry::default()
            };
            if let Part::Words {
                collection: of,
                entry: id,
                key,
                instead,
            } = part
                && (of, id) == (name, &entry.id)
            {
                let words = entry.values.get(key).cloned().ok_or(Unfit::Absent)?;
                found = true;
                for value in new.values.values_mut().chain(new.answers.values_mut()) {
                    if says(value, &words) {
                        *value = Scalar::Text(instead.clone());
                    }
                }
            }
            let author = author(entry).ok_or(Unfit::Nameless)?;
            let new = new.with(ORIGIN, author.to_text());
            let ops = 2 + new.values.len() + new.answers.len();
            let edit = Edit::Add {
                collection,
                entry: new,
            };
            push(edit, ops);
        }
    }
    if found {
        Ok(chunks)
    } else {
        Err(Unfit::Absent)
    }
}

/// Whether a value says the words: they stand in it alone, or they are what the national record took of longer ones.
fn says(value: &Scalar, words: &Scalar) -> bool {
    let begins = match (value.as_text(), words.as_text()) {
        (Some(whole), Some(part)) => {
            part.chars().count() == SUMMARY_LENGTH && whole.starts_with(part)
        }
        _ => false,
    };
    value == words || begins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc;
    use ids::DocKind;

    fn author(number: u32) -> Author {
        let id = |number: u32| format!("00000000-0000-0000-0000-{number:012}");
        Author {
            staff: StaffId::parse(&id(number)).expect("an id"),
            device: DeviceId::parse(&id(number + 1)).expect("an id"),
            at_ms: 1_793_584_800_000,
        }
    }

    #[test]
    fn where_an_entry_came_from_reads_back_and_nothing_else_does() {
        let text = author(7).to_text();
        assert_eq!(Author::parse(&text), Some(author(7)));
        assert_eq!(Author::parse(&format!("{text}/")), None);
        assert_eq!(Author::parse("a/b/c"), None);
    }

    #[test]
    fn a_field_goes_with_everything_it_ever_said_and_the_rest_stays_with_its_authors() {
        let mut old = doc::start(DocKind::Child).expect("starts");
        let contact = Entry::new("c1").with("note", "都好");
        let first = [
            Edit::put("id_no", "310199201603050000"),
            Edit::put("name", "石小雨"),
            Edit::Add {
                collection: "contacts",
                entry: contact,
            },
            Edit::Add {
                collection: crate::record::ROWS,
                entry: Entry::new("r1")
                    .with("block", FROM_VISIT)
                    .with(FROM_VISIT_FIELD, "id_no")
                    .with("old", "310199201603050000"),
            },
        ];
        doc::apply(&mut old, [1; 16], 0, &first)
            .expect("applies")
            .expect("changes");
        doc::apply(
            &mut old,
            [1; 16],
            0,
            &[Edit::put("id_no", "310199201603050027")],
        )
        .expect("applies")
        .expect("changes");
        let record = doc::read(&old);
        for keep_now in [true, false] {
            let part = Part::Field {
                key: "id_no".into(),
                keep_now,
            };
            let chunks = edits(DocKind::Child, &record, &part, |_| Some(author(7)));
            let chunks = chunks.expect("it is fit");
            let mut new = doc::start(DocKind::Child).expect("starts");
            let made = doc::found(&mut new, [2; 16], 0, &chunks[0], Some(&[[5; 8]]))
                .expect("applies")
                .expect("changes");
            let text = String::from_utf8_lossy(&made.bytes).into_owned();
            assert!(!text.contains("310199201603050000"));
            let again = doc::read(&new);
            assert_eq!(again.text("id_no").is_some(), keep_now);
            assert_eq!(again.text("name"), Some("石小雨"));
            let entry = &again.entries("contacts")[0];
            assert_eq!(entry.text("note"), Some("都好"));
            assert_eq!(entry.text(ORIGIN), None, "it is about the entry, not in it");
            let origin = entry.origin.clone().expect("it says where it came from");
            assert_eq!(Author::parse(&origin.text), Some(author(7)));
            assert_eq!(
                entry.made_by,
                Some(reference(&made.hash, "c1", &origin.text))
            );
            assert_eq!(doc::included(&new), BTreeSet::from([[5; 8]]));
        }
    }

    #[test]
    fn rows_stay_with_what_they_replaced() {
        let mut old = doc::start(DocKind::Child).expect("starts");
        let row = |id: &str, words: &str| Entry::new(id).with("block", "wish").with("text", words);
        for (number, entry) in [
            row("a", "球鞋"),
            row("b", "一双球鞋").with(super::super::REPLACES, "a"),
        ]
        .into_iter()
        .enumerate()
        {
            let edits = [
                Edit::put("nickname", number.to_string()),
                Edit::Add {
                    collection: super::super::ROWS,
                    entry,
                },
            ];
            doc::apply(&mut old, [1; 16], 0, &edits)
                .expect("applies")
                .expect("changes");
        }
        let record = doc::read(&old);
        let part = Part::Field {
            key: "nickname".into(),
            keep_now: false,
        };
        let chunks = edits(DocKind::Child, &record, &part, |_| Some(author(7)));
        let mut new = doc::start(DocKind::Child).expect("starts");
        for chunk in chunks.expect("it is fit") {
            doc::found(&mut new, [2; 16], 0, &chunk, None).expect("applies");
        }
        let again = doc::read(&new);
        assert_eq!(again.text("nickname"), None);
        assert_eq!(again.entries(super::super::ROWS).len(), 2);
        let standing = super::super::standing(again.entries(super::super::ROWS));
        assert_eq!(standing.len(), 1);
        assert_eq!(standing[0].text("text"), Some("一双球鞋"));
    }

    #[test]
    fn a_row_goes_with_everything_it_ever_was_and_no_other_one() {
        let mut record = Record {
            schema: 3,
            ..Record::default()
        };
        let row = |id: &str, words: &str| Entry::new(id).with("block", "wish").with("text", words);
        let replaces = super::super::REPLACES;
        let rows = vec![
            row("a", "球鞋"),
            row("b", "一双球鞋").with(replaces, "a"),
            row("c", "书包"),
            Entry::new("q")
                .with("block", FROM_VISIT)
                .with(FROM_VISIT_ROW, "b")
                .with("new.text", "一双球鞋"),
            Entry::new("d")
                .with(replaces, "b")
                .with(super::super::TAKEN_AWAY, true),
        ];
        record.collections.insert(super::super::ROWS.into(), rows);
        for any in ["a", "b", "d"] {
            let part = Part::Entry {
                collection: super::super::ROWS.into(),
                entry: any.into(),
                stub: None,
            };
            let chunks = edits(DocKind::Child, &record, &part, |_| Some(author(7)));
            let stay: Vec<String> = chunks
                .expect("it is fit")
                .into_iter()
                .flatten()
                .filter_map(|edit| match edit {
                    Edit::Add { entry, .. } => Some(entry.id),
                    Edit::Put { .. } | Edit::PutImported { .. } => None,
                })
                .collect();
            assert_eq!(stay, ["c"], "by {any}");
        }
        let absent = Part::Entry {
            collection: super::super::ROWS.into(),
            entry: "e".into(),
            stub: None,
        };
        let none = edits(DocKind::Child, &record, &absent, |_| Some(author(7)));
        assert_eq!(none, Err(Unfit::Absent));
    }

    #[test]
    fn words_go_from_wherever_they_stand_in_their_entry_and_nothing_contested_is_built_anew() {
        let mut record = Record {
            schema: 1,
            ..Record::default()
        };
        let mut visit = Entry::new("v1").with("summary", "奶奶病了");
        visit
            .answers
            .insert("l_summary".into(), Scalar::from("奶奶病了"));
        record.collections.insert("visits".into(), vec![visit]);
        let part = Part::Words {
            collection: "visits".into(),
            entry: "v1".into(),
            key: "summary".into(),
            instead: "（已删除）".into(),
        };
        let chunks = edits(DocKind::Child, &record, &part, |_| Some(author(1)));
        let is_said = |value: &Scalar| {
            value
                .as_text()
                .is_some_and(|text| text.contains("奶奶病了"))
        };
        let still_says = chunks
            .expect("it is fit")
            .iter()
            .flatten()
            .any(|edit| match edit {
                Edit::Add { entry, .. } => entry
                    .values
                    .values()
                    .chain(entry.answers.values())
                    .any(is_said),
                Edit::Put { value, .. } | Edit::PutImported { value, .. } => is_said(value),
            });
        assert!(!still_says);
        let long = "奶".repeat(SUMMARY_LENGTH);
        let cut = Scalar::from(long.as_str());
        assert!(
            says(&Scalar::from(format!("{long}病了").as_str()), &cut),
            "the whole as well"
        );
        assert!(!says(
            &Scalar::from("奶奶病了，住院"),
            &Scalar::from("奶奶病了")
        ));
        let nameless = edits(DocKind::Child, &record, &part, |_| None);
        assert_eq!(nameless, Err(Unfit::Nameless));
        record.collections.clear();
        let absent = edits(DocKind::Child, &record, &part, |_| Some(author(1)));
        assert_eq!(absent, Err(Unfit::Absent));
    }
}
