//! What every record document is made of, whatever its noun: fields, dated entries, and the edits that change them.
//!
//! A document has a map of scalar *fields* (which two people may change at once: a conflict a person settles),
//! a map of the values last *imported* from a ledger, and *collections*: maps of write-once entries keyed by UUID
//! (which therefore never conflict). Corrections are entries of the collection `amendments`.

pub mod doc;
pub mod intent;
pub mod renewal;

use crate::scalar::Scalar;
use ids::DocKind;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the document shapes every document is born with. Shapes only grow (architecture.md §2).
pub const SCHEMA: u32 = 1;

/// The shape with the collection [`ATTACHMENTS`]. A document comes to it with its first attachment and not before, so
/// that an app of before reads every other document on.
pub const ATTACHMENTS_SCHEMA: u32 = 2;

/// The shape with the collection [`ROWS`]; a document comes to it with its first row.
pub const ROWS_SCHEMA: u32 = 3;

/// The newest shape of a kind this build reads and writes.
#[must_use]
pub fn newest_schema(kind: DocKind) -> u32 {
    match kind {
        DocKind::Household | DocKind::Child => ROWS_SCHEMA,
        DocKind::Problem | DocKind::Work => ATTACHMENTS_SCHEMA,
        // Nothing hangs on sealed words: a key in a document of the village would open it.
        DocKind::Restricted => SCHEMA,
    }
}

/// Name of the map of fields in every document.
pub const FIELDS: &str = "fields";
/// Name of the map of last imported values in child and household documents.
pub const IMPORTED: &str = "imported";
/// Collection of corrections, in child and household documents.
pub const AMENDMENTS: &str = "amendments";
/// Collection of photos, in every kind but the sealed one from [`ATTACHMENTS_SCHEMA`] on.
pub const ATTACHMENTS: &str = "attachments";
/// Collection of rows of the file's blocks (parents' work, benefits, wishes, …), in child and household documents from
/// [`ROWS_SCHEMA`] on. Which blocks there are is data (`policy/fields.json`).
pub const ROWS: &str = "rows";
/// Block of the rows that say what was taken into a field or row of the same document from which visit, and what stood
/// there before (docs/adr/0044). No screen writes them.
pub const FROM_VISIT: &str = "from_visit";
/// Key of such a row that names the field.
pub const FROM_VISIT_FIELD: &str = "field";
/// Key of the row it names, where what was taken is one.
pub const FROM_VISIT_ROW: &str = "row";
/// Key of an entry that stands in the place of an earlier one of its collection: a row put right, ended, or taken away.
pub const REPLACES: &str = "replaces";
/// Key of an entry that takes the one it replaces away (作废) and says nothing itself.
pub const TAKEN_AWAY: &str = "taken_away";

/// The containers a kind of document is born with. Their order is part of the genesis bytes: never reorder, only append.
pub fn containers(kind: DocKind) -> &'static [&'static str] {
    match kind {
        DocKind::Household => &[FIELDS, IMPORTED, "members", "sessions", AMENDMENTS],
        DocKind::Child => &[
            FIELDS,
            IMPORTED,
            "categories",
            "tier_facts",
            "pauses",
            "visits",
            "contacts",
            "attempts",
            AMENDMENTS,
        ],
        DocKind::Problem => &[FIELDS, "children", "events"],
        DocKind::Restricted => &[FIELDS, "entries"],
        DocKind::Work => &[FIELDS, "entries"],
    }
}

/// A write-once entry of a collection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// UUIDv7 text, the key in its collection.
    pub id: String,
    /// Place in the causal order of the document: operation counter, then actor. Never a clock.
    pub order: (u64, Vec<u8>),
    /// Hash of the change that made the entry, which leads to its author.
    pub made_by: Option<[u8; 32]>,
    /// The entry's scalars.
    pub values: BTreeMap<String, Scalar>,
    /// Answers to a form, for entries that carry one.
    pub answers: BTreeMap<String, Scalar>,
    /// Where it came from, in a document that was built anew ([`renewal`]); then `made_by` stands for the change of before.
    pub origin: Option<renewal::Origin>,
}

impl Entry {
    /// A new entry with values, ready to be written.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            ..Self::default()
        }
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Scalar>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }

    /// Adds one boolean per code, the shape of a multiple choice.
    #[must_use]
    pub fn with_codes(mut self, key: &str, codes: &[String]) -> Self {
        for code in codes {
            self.values
                .insert(format!("{key}.{code}"), Scalar::Bool(true));
        }
        self
    }

    /// Text under a key, if present and not empty.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Scalar::as_text)
    }

    /// Owned text under a key, empty when missing.
    pub fn text_or_empty(&self, key: &str) -> String {
        self.text(key).unwrap_or_default().to_owned()
    }

    /// Truth value under a key; missing means false.
    pub fn is(&self, key: &str) -> bool {
        self.values
            .get(key)
            .and_then(Scalar::as_bool)
            .unwrap_or(false)
    }

    /// Truth value under a key, or none.
    pub fn bool(&self, key: &str) -> Option<bool> {
        self.values.get(key).and_then(Scalar::as_bool)
    }

    /// Number under a key.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.values.get(key).and_then(Scalar::as_int)
    }

    /// A civil date under a key.
    pub fn date(&self, key: &str) -> Option<chrono::NaiveDate> {
        self.text(key).and_then(|text| text.parse().ok())
    }

    /// The chosen codes of a multiple choice.
    pub fn codes(&self, key: &str) -> Vec<String> {
        let prefix = format!("{key}.");
        self.values
            .iter()
            .filter(|(_, value)| value.as_bool() == Some(true))
            .filter_map(|(name, _)| name.strip_prefix(&prefix).map(str::to_owned))
            .collect()
    }
}

/// One of the values of a field that more than one person wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldValue {
    /// The value.
    pub value: Scalar,
    /// Hash of the change that wrote it, which leads to who and when.
    pub made_by: Option<[u8; 32]>,
}

/// A field with several different values after a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldConflict {
    /// Field key.
    pub key: String,
    /// The different values, in a stable order that has nothing to do with time.
    pub values: Vec<FieldValue>,
}

/// A document read into plain values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Schema number written in the document.
    pub schema: u32,
    /// Fields. Where a field is in conflict this is the value shown first, not "the right one".
    pub fields: BTreeMap<String, Scalar>,
    /// Values of the last ledger import, by field.
    pub imported: BTreeMap<String, Scalar>,
    /// Entries by collection, in causal order.
    pub collections: BTreeMap<String, Vec<Entry>>,
    /// Fields whose values differ.
    pub conflicts: Vec<FieldConflict>,
}

impl Record {
    /// Text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Scalar::as_text)
    }

    /// Entries of a collection, empty when the document has none.
    pub fn entries(&self, collection: &str) -> &[Entry] {
        self.collections.get(collection).map_or(&[], Vec::as_slice)
    }
}

/// The entries that stand today: those no later one stands in the place of, without the ones that only take away.
/// Where two people replaced one entry apart, both of theirs stand.
pub fn standing(entries: &[Entry]) -> Vec<&Entry> {
    entries
        .iter()
        .filter(|entry| !entry.is(TAKEN_AWAY))
        .filter(|entry| {
            !entries.iter().any(|later| {
                later.text(REPLACES) == Some(entry.id.as_str()) && later.order > entry.order
            })
        })
        .collect()
}

/// The ids of everything one row ever was: what it replaced, and what replaced it or took it away.
pub fn versions<'a>(entries: &'a [Entry], id: &str) -> BTreeSet<&'a str> {
    let mut all: BTreeSet<&str> = BTreeSet::new();
    let is_one_of = |all: &BTreeSet<&str>, name: &str| name == id || all.contains(name);
    loop {
        let before = all.len();
        for entry in entries {
            let replaced = entry.text(REPLACES);
            let belongs = is_one_of(&all, &entry.id)
                || replaced.is_some_and(|replaced| is_one_of(&all, replaced))
                || entries.iter().any(|later| {
                    later.text(REPLACES) == Some(entry.id.as_str()) && is_one_of(&all, &later.id)
                });
            if belongs {
                all.insert(&entry.id);
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

/// One typed change to a document. There is no "save the struct".
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Write a field. Also how a conflict is settled: the write supersedes every value it saw.
    Put {
        /// Field key.
        key: String,
        /// New value.
        value: Scalar,
    },
    /// Remember what a ledger said.
    PutImported {
        /// Field key.
        key: String,
        /// Ledger value.
        value: Scalar,
    },
    /// Append an entry to a collection.
    Add {
        /// Collection name, one of [`containers`].
        collection: &'static str,
        /// The entry.
        entry: Entry,
    },
}

/// Values fields had before a change wrote them, by field key: several where a conflict was open.
pub type Before = BTreeMap<String, Vec<Scalar>>;

impl Edit {
    /// Write a field.
    pub fn put(key: &str, value: impl Into<Scalar>) -> Self {
        Self::Put {
            key: key.to_owned(),
            value: value.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, at: u64, replaces: Option<&str>) -> Entry {
        let mut entry = Entry::new(id).with(REPLACES, replaces);
        entry.order = (at, vec![1]);
        entry
    }

    fn ids(entries: &[Entry]) -> Vec<&str> {
        standing(entries)
            .iter()
            .map(|entry| entry.id.as_str())
            .collect()
    }

    #[test]
    fn a_later_entry_stands_in_the_place_of_an_earlier_one() {
        assert_eq!(
            ids(&[
                entry("a", 1, None),
                entry("b", 2, None),
                entry("c", 3, Some("a"))
            ]),
            ["b", "c"]
        );
        let both = [
            entry("a", 1, None),
            entry("b", 2, Some("a")),
            entry("c", 2, Some("a")),
        ];
        assert_eq!(ids(&both), ["b", "c"], "two people apart: both stand");
        let away = entry("b", 2, Some("a")).with(TAKEN_AWAY, true);
        assert!(ids(&[entry("a", 1, None), away]).is_empty());
    }

    #[test]
    fn nothing_replaces_what_came_after_it() {
        assert_eq!(
            ids(&[entry("a", 1, Some("b")), entry("b", 2, None)]),
            ["a", "b"]
        );
    }
}
