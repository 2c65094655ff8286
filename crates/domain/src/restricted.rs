//! Sealed detail that belongs to the station alone: what of a child stands in no file, and free text of abuse and sexual harm
//! (decisions.md 4).
//!
//! A restricted document holds notes, and who opened them without handling the case (紧急查看), and what the head said of
//! that afterwards. All are write-once entries of one collection, so they come to every colleague with the note itself,
//! signed by whoever made them, also when there was no network. About one matter there may be several such documents, because
//! a tablet adds only to one that it began itself. Who may read the words is not decided here.

use crate::record::{Edit, Entry, Record};

/// Kind of a note with the words a problem was reported with.
pub const REPORT: &str = "problem_detail";
/// Kind of a note with the words of a later step of a problem; its id is the step's.
pub const STEP: &str = "problem_step";

/// Kind of a note about a child that the head alone reads: HIV above all. Its name says nothing of what is in it.
pub const CONFIDENTIAL: &str = "confidential";

/// Kind of an entry that says somebody opened the words urgently.
const OPENED: &str = "opened";
/// Kind of an entry that says what was thought of an opening afterwards.
const REVIEWED: &str = "reviewed";

/// Kind of an entry that says who handles the matter, made when it was offered to another place.
const LEAVING: &str = "leaving";

/// Words, as they stand in an entry.
#[derive(Clone, PartialEq, Eq)]
pub enum Words {
    /// In the open: written before units had keys.
    Plain(String),
    /// Sealed to a unit's key; what is in them only a device with that key knows.
    Sealed {
        /// Which key of the unit, from 1.
        epoch: u32,
        /// The sealed bytes as text.
        text: String,
    },
}

impl Words {
    fn of(entry: &Entry) -> Self {
        match (entry.text("sealed"), entry.int("epoch")) {
            (Some(text), Some(epoch)) => Self::Sealed {
                epoch: u32::try_from(epoch).unwrap_or(0),
                text: text.to_owned(),
            },
            _ => Self::Plain(entry.text_or_empty("text")),
        }
    }

    fn put(&self, entry: Entry) -> Entry {
        match self {
            Self::Plain(text) => entry.with("text", text.as_str()),
            Self::Sealed { epoch, text } => entry
                .with("sealed", text.as_str())
                .with("epoch", i64::from(*epoch)),
        }
    }
}

/// One sealed note.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Entry id.
    pub id: String,
    /// What it is about: [`REPORT`] | [`STEP`] | [`CONFIDENTIAL`].
    pub kind: String,
    /// The words.
    pub words: Words,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// Somebody who does not handle the case opened the words (紧急查看).
#[derive(Clone, PartialEq)]
pub struct Opening {
    /// Entry id.
    pub id: String,
    /// A code of the policy's list.
    pub reason: String,
    /// What happened, in words.
    pub words: Words,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// The words close again.
    pub until_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// The matter was offered to another place: what of its document is asked for here once that has gone.
#[derive(Clone, PartialEq, Default)]
pub struct Leaving {
    /// Entry id.
    pub id: String,
    /// Staff id of whoever handled it; none where nobody did.
    pub handler: Option<String>,
    /// The day it was reported, by which it is numbered.
    pub reported_on: Option<String>,
    /// Document ids of the children it is about and of their households: whoever is not to act for them is not to read what
    /// stayed. None where a program of before wrote it.
    pub family: Vec<String>,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// What the head said of an opening.
#[derive(Clone, PartialEq)]
pub struct Review {
    /// Entry id.
    pub id: String,
    /// The opening's entry id.
    pub opening: String,
    /// It was right to open it.
    pub justified: bool,
    /// Why.
    pub words: Words,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A restricted document, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Restricted {
    /// The document it belongs to (a problem or child id).
    pub about: Option<String>,
    /// Notes in causal order.
    pub notes: Vec<Note>,
    /// Openings in causal order.
    pub openings: Vec<Opening>,
    /// Reviews in causal order.
    pub reviews: Vec<Review>,
    /// Offers of the matter to another place, in causal order.
    pub leavings: Vec<Leaving>,
}

impl Restricted {
    /// Reads the noun from its record.
    pub fn from_record(record: &Record) -> Self {
        let mut restricted = Self {
            about: record.text("about").map(str::to_owned),
            ..Self::default()
        };
        for entry in record.entries("entries") {
            let id = entry.id.clone();
            let words = Words::of(entry);
            let recorded_ms = entry.int("recorded_ms").unwrap_or(0);
            let by = entry.text_or_empty("by");
            match entry.text_or_empty("kind") {
                kind if kind == OPENED => restricted.openings.push(Opening {
                    id,
                    reason: entry.text_or_empty("reason"),
                    words,
                    recorded_ms,
                    until_ms: entry.int("until_ms").unwrap_or(recorded_ms),
                    by,
                    made_by: entry.made_by,
                }),
                kind if kind == REVIEWED => restricted.reviews.push(Review {
                    id,
                    opening: entry.text_or_empty("opening"),
                    justified: entry.is("justified"),
                    words,
                    recorded_ms,
                    by,
                    made_by: entry.made_by,
                }),
                kind if kind == LEAVING => restricted.leavings.push(Leaving {
                    id,
                    handler: entry.text("handler").map(str::to_owned),
                    reported_on: entry.text("reported_on").map(str::to_owned),
                    family: entry
                        .text("family")
                        .unwrap_or_default()
                        .split_whitespace()
                        .map(str::to_owned)
                        .collect(),
                    recorded_ms,
                    by,
                    made_by: entry.made_by,
                }),
                kind => restricted.notes.push(Note {
                    id,
                    kind,
                    words,
                    recorded_ms,
                    by,
                    made_by: entry.made_by,
                }),
            }
        }
        restricted
    }
}

impl Opening {
    /// Whether the words stand open by it. A clock that was set back to before it closes them, too.
    pub fn holds(&self, now_ms: i64) -> bool {
        (self.recorded_ms..self.until_ms).contains(&now_ms)
    }

    /// The edit that adds it.
    pub fn to_edit(&self) -> Edit {
        let entry = entry(&self.id, OPENED, self.recorded_ms, &self.by)
            .with("reason", self.reason.as_str())
            .with("until_ms", self.until_ms);
        add(self.words.put(entry))
    }
}

impl Review {
    /// The edit that adds it.
    pub fn to_edit(&self) -> Edit {
        let entry = entry(&self.id, REVIEWED, self.recorded_ms, &self.by)
            .with("opening", self.opening.as_str())
            .with("justified", self.justified);
        add(self.words.put(entry))
    }
}

impl Leaving {
    /// The edit that adds it.
    pub fn to_edit(&self) -> Edit {
        let mut entry = entry(&self.id, LEAVING, self.recorded_ms, &self.by);
        for (key, text) in [
            ("handler", &self.handler),
            ("reported_on", &self.reported_on),
        ] {
            if let Some(text) = text {
                entry = entry.with(key, text.as_str());
            }
        }
        if !self.family.is_empty() {
            entry = entry.with("family", self.family.join(" "));
        }
        add(entry)
    }
}

impl Note {
    /// The edit that adds the note.
    pub fn to_edit(&self) -> Edit {
        let entry = entry(&self.id, &self.kind, self.recorded_ms, &self.by);
        add(self.words.put(entry))
    }
}

fn entry(id: &str, kind: &str, recorded_ms: i64, by: &str) -> Entry {
    Entry::new(id)
        .with("kind", kind)
        .with("recorded_ms", recorded_ms)
        .with("by", by)
}

fn add(entry: Entry) -> Edit {
    Edit::Add {
        collection: "entries",
        entry,
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Words, Opening, Review, Leaving);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn record(edits: Vec<Edit>) -> Record {
        let entries = edits
            .into_iter()
            .filter_map(|edit| match edit {
                Edit::Add { entry, .. } => Some(entry),
                _ => None,
            })
            .collect();
        Record {
            collections: BTreeMap::from([("entries".to_owned(), entries)]),
            ..Record::default()
        }
    }

    #[test]
    fn notes_openings_reviews_and_leavings_are_read_as_they_were_written() {
        let note = Note {
            id: "n".into(),
            kind: REPORT.into(),
            words: Words::Sealed {
                epoch: 2,
                text: "c2VhbGVk".into(),
            },
            recorded_ms: 1,
            by: "a".into(),
            made_by: None,
        };
        let opening = Opening {
            id: "o".into(),
            reason: "danger".into(),
            words: Words::Plain("孩子今晚在家".into()),
            recorded_ms: 10,
            until_ms: 20,
            by: "b".into(),
            made_by: None,
        };
        let review = Review {
            id: "r".into(),
            opening: "o".into(),
            justified: true,
            words: Words::Plain("应当".into()),
            recorded_ms: 30,
            by: "c".into(),
            made_by: None,
        };
        let leaving = Leaving {
            id: "l".into(),
            handler: Some("a".into()),
            reported_on: None,
            family: vec!["k".into(), "h".into()],
            recorded_ms: 40,
            by: "c".into(),
            made_by: None,
        };
        let read = Restricted::from_record(&record(vec![
            note.to_edit(),
            opening.to_edit(),
            review.to_edit(),
            leaving.to_edit(),
        ]));
        assert_eq!(read.notes, [note]);
        assert_eq!(read.openings, [opening]);
        assert_eq!(read.reviews, [review]);
        assert_eq!(read.leavings, [leaving]);
    }

    #[test]
    fn an_opening_holds_from_its_moment_until_its_end_and_not_before() {
        let opening = Opening {
            id: "o".into(),
            reason: "danger".into(),
            words: Words::Plain(String::new()),
            recorded_ms: 10,
            until_ms: 20,
            by: "b".into(),
            made_by: None,
        };
        let holds = [9, 10, 19, 20].map(|now| opening.holds(now));
        assert_eq!(holds, [false, true, true, false]);
    }
}
