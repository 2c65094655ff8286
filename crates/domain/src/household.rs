//! The household: dwelling, members, and the session part of each home visit (走访单).

use crate::child::{Amendment, amendment, listed};
use crate::record::{AMENDMENTS, Edit, Entry, ROWS, Record};
use crate::scalar::Scalar;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// One trip to one household: what siblings share (domain.md §4.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Entry id.
    pub id: String,
    /// Civil date.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// PLACE code.
    pub place: String,
    /// KIND code.
    pub kind: String,
    /// MET codes.
    pub met: Vec<String>,
    /// Form pack and hash, for ever.
    pub form: String,
    /// Staff id as claimed.
    pub by: String,
    /// Answers of the household's part.
    pub answers: BTreeMap<String, Scalar>,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A household's document, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Household {
    /// Fields: addr, group (村民组), landmark, size, income_source, phone, …
    pub fields: BTreeMap<String, Scalar>,
    /// Values of the last import.
    pub imported: BTreeMap<String, Scalar>,
    /// Sessions in causal order.
    pub sessions: Vec<Session>,
    /// Answers given later to what a session had left open, in causal order.
    pub amendments: Vec<Amendment>,
    /// The entries of the file's blocks that stand, by collection: members, rows.
    pub listed: BTreeMap<&'static str, Vec<Entry>>,
}

impl Household {
    /// Reads the noun from its record.
    pub fn from_record(record: &Record) -> Self {
        Self {
            fields: record.fields.clone(),
            imported: record.imported.clone(),
            sessions: record.entries("sessions").iter().map(session).collect(),
            amendments: record.entries(AMENDMENTS).iter().map(amendment).collect(),
            listed: listed(record, &["members", ROWS]),
        }
    }

    /// The standing entries of a collection.
    pub fn entries(&self, collection: &str) -> &[Entry] {
        self.listed.get(collection).map_or(&[], Vec::as_slice)
    }

    /// Text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Scalar::as_text)
    }
}

fn session(entry: &Entry) -> Session {
    Session {
        id: entry.id.clone(),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        place: entry.text_or_empty("place"),
        kind: entry.text_or_empty("kind"),
        met: entry.codes("met"),
        form: entry.text_or_empty("form"),
        by: entry.text_or_empty("by"),
        answers: entry.answers.clone(),
        made_by: entry.made_by,
    }
}

impl Session {
    /// The edit that records the session.
    pub fn to_edit(&self) -> Edit {
        let mut entry = Entry::new(&self.id)
            .with("event_date", self.event_date.map(|date| date.to_string()))
            .with("recorded_on", self.recorded_on.map(|date| date.to_string()))
            .with("recorded_ms", self.recorded_ms)
            .with("place", self.place.as_str())
            .with("kind", self.kind.as_str())
            .with_codes("met", &self.met)
            .with("form", self.form.as_str())
            .with("by", self.by.as_str());
        entry.answers.clone_from(&self.answers);
        Edit::Add {
            collection: "sessions",
            entry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc;
    use ids::DocKind;

    #[test]
    fn a_session_reads_back_as_it_was_written() {
        let written = Session {
            id: "s1".into(),
            event_date: "2026-11-20".parse().ok(),
            recorded_on: "2026-11-20".parse().ok(),
            recorded_ms: 7,
            place: "home".into(),
            kind: "regular".into(),
            met: vec!["carer".into(), "child".into()],
            form: "hv-cn-1".into(),
            by: "staff".into(),
            answers: BTreeMap::from([("b_food".to_owned(), Scalar::from("ok"))]),
            made_by: None,
        };
        let mut document = doc::start(DocKind::Household).expect("starts");
        let made = doc::apply(&mut document, [1; 16], 0, &[written.to_edit()])
            .expect("applies")
            .expect("changes");
        let read = Household::from_record(&doc::read(&document));
        assert_eq!(
            read.sessions,
            [Session {
                made_by: Some(made.hash),
                ..written
            }]
        );
    }
}
