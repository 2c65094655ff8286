//! Sealed detail that belongs to the station alone: HIV, free text of abuse and sexual harm (decisions.md 4).

use crate::record::{Edit, Entry, Record};

/// One sealed note.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Entry id.
    pub id: String,
    /// What it is about: problem_detail | hiv.
    pub kind: String,
    /// The words.
    pub text: String,
    /// When, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
}

/// A restricted document, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Restricted {
    /// The document it belongs to (a problem or child id).
    pub about: Option<String>,
    /// Notes in causal order.
    pub notes: Vec<Note>,
}

impl Restricted {
    /// Reads the noun from its record.
    pub fn from_record(record: &Record) -> Self {
        Self {
            about: record.text("about").map(str::to_owned),
            notes: record
                .entries("entries")
                .iter()
                .map(|entry| Note {
                    id: entry.id.clone(),
                    kind: entry.text_or_empty("kind"),
                    text: entry.text_or_empty("text"),
                    recorded_ms: entry.int("recorded_ms").unwrap_or(0),
                    by: entry.text_or_empty("by"),
                })
                .collect(),
        }
    }
}

impl Note {
    /// The edit that adds the note.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "entries",
            entry: Entry::new(&self.id)
                .with("kind", self.kind.as_str())
                .with("text", self.text.as_str())
                .with("recorded_ms", self.recorded_ms)
                .with("by", self.by.as_str()),
        }
    }
}
