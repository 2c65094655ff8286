//! What a person said about a suggested level, as the child's document holds it.
//!
//! It is an entry beside the facts that decide the tier (domain.md §5.2 names the risk level as one of them), so no
//! document changes its shape. Its kind is `risk_LEVEL`; a rule pack may list that kind, the shipped one does not.

use crate::record::{Edit, Entry};
use chrono::NaiveDate;

/// Beginning of the kind of such an entry.
pub const RISK: &str = "risk_";

/// What became of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The suggested level is right.
    Confirmed,
    /// Another level is right, for a reason.
    SetAside,
}

impl Outcome {
    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::SetAside => "set_aside",
        }
    }

    fn parse(code: &str) -> Self {
        match code {
            "confirmed" => Self::Confirmed,
            _ => Self::SetAside,
        }
    }
}

/// A level that a person settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledLevel {
    /// Entry id.
    pub id: String,
    /// Level from now on.
    pub level: String,
    /// What was suggested.
    pub suggested: String,
    /// Points of the suggestion.
    pub score: i64,
    /// Codes of what was found.
    pub found: Vec<String>,
    /// Screening pack and version.
    pub pack: String,
    /// Visit the suggestion came from.
    pub record: String,
    /// Confirmed or set aside.
    pub outcome: Outcome,
    /// Why it was set aside.
    pub reason: String,
    /// Civil date.
    pub on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

impl SettledLevel {
    /// The entry, if it is one of these.
    pub(crate) fn from_entry(entry: &Entry) -> Option<Self> {
        let level = entry.text("kind")?.strip_prefix(RISK)?.to_owned();
        Some(Self {
            id: entry.id.clone(),
            level,
            suggested: entry.text_or_empty("suggested"),
            score: entry.int("score").unwrap_or_default(),
            found: entry.codes("found"),
            pack: entry.text_or_empty("pack"),
            record: entry.text_or_empty("record"),
            outcome: Outcome::parse(entry.text("outcome").unwrap_or_default()),
            reason: entry.text_or_empty("reason"),
            on: entry.date("from"),
            recorded_ms: entry.int("recorded_ms").unwrap_or_default(),
            by: entry.text_or_empty("by"),
            made_by: entry.made_by,
        })
    }

    /// The edit that records it.
    #[must_use]
    pub fn to_edit(&self) -> Edit {
        let on = self.on.map(|date| date.to_string()).unwrap_or_default();
        Edit::Add {
            collection: "tier_facts",
            entry: Entry::new(&self.id)
                .with("kind", format!("{RISK}{}", self.level).as_str())
                .with("from", on.as_str())
                .with("recorded_on", on.as_str())
                .with("suggested", self.suggested.as_str())
                .with("score", self.score)
                .with_codes("found", &self.found)
                .with("pack", self.pack.as_str())
                .with("record", self.record.as_str())
                .with("outcome", self.outcome.code())
                .with("reason", self.reason.as_str())
                .with("recorded_ms", self.recorded_ms)
                .with("by", self.by.as_str()),
        }
    }
}
