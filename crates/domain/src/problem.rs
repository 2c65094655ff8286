//! A problem's story: facts that accumulate as events, and a state computed from them (domain.md §6.2).
//!
//! Nothing computed is stored. An event by someone whose role may not make that step stays in the story as a
//! request and moves nothing: an offline director's "closed" waits for the station (architecture.md §8). So does an event
//! of a kind this app does not know: it is shown, and moves nothing.

pub mod clock;
pub mod packet;
mod story;

pub use story::{
    DistrictWord, Fold, NotOver, Review, State, decides, fold, handler, is_for_the_village, may,
    offers,
};

use crate::record::{Edit, Entry, Record};
use crate::scalar::Scalar;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// 已报告: the first event.
    Reported,
    /// 已受理, by the station.
    Accepted,
    /// Words of the station, or of the village; how it goes on is said so, too. Leaves the state alone (decisions.md 21).
    Replied,
    /// A measure was taken.
    Measure,
    /// Measures are done, 待核实.
    Resolved,
    /// 已办结.
    Closed,
    /// 退回: needs more before it is accepted.
    Returned,
    /// The head names who handles it from now on (经办人); leaves the state alone.
    HandlerNamed,
    /// 解决方案: what is to be done, and until when.
    Planned,
    /// 转介: another body was asked, with the day its reply is wanted by.
    Referred,
    /// What that body said.
    ReferralReplied,
    /// 核实: it is solved; follow-ups begin.
    Confirmed,
    /// 核实: it is not solved.
    NotSolved,
    /// 回访, with what was found.
    FollowedUp,
    /// 重新办理: something new after it was over.
    Reopened,
    /// 撤回.
    Withdrawn,
    /// 并案: it is told in another problem.
    Merged,
    /// The station changes how grave it is.
    SeveritySet,
    /// The station says what it mainly is, and what else it is about (domain.md §6.1).
    TypesSet,
    /// 强制报告: who was called, when, and the receipt.
    Called,
    /// What the police said afterwards.
    PoliceFeedback,
    /// 转介材料: a packet was made for a body it was referred to.
    PacketMade,
    /// Its receipt (回执) came back.
    PacketReceived,
    /// It was destroyed there, or given back.
    PacketEnded,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 24] = [
        EventKind::Reported,
        EventKind::Accepted,
        EventKind::Replied,
        EventKind::Measure,
        EventKind::Resolved,
        EventKind::Closed,
        EventKind::Returned,
        EventKind::HandlerNamed,
        EventKind::Planned,
        EventKind::Referred,
        EventKind::ReferralReplied,
        EventKind::Confirmed,
        EventKind::NotSolved,
        EventKind::FollowedUp,
        EventKind::Reopened,
        EventKind::Withdrawn,
        EventKind::Merged,
        EventKind::SeveritySet,
        EventKind::TypesSet,
        EventKind::Called,
        EventKind::PoliceFeedback,
        EventKind::PacketMade,
        EventKind::PacketReceived,
        EventKind::PacketEnded,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Reported => "reported",
            EventKind::Accepted => "accepted",
            EventKind::Replied => "replied",
            EventKind::Measure => "measure",
            EventKind::Resolved => "resolved",
            EventKind::Closed => "closed",
            EventKind::Returned => "returned",
            EventKind::HandlerNamed => "handler_named",
            EventKind::Planned => "planned",
            EventKind::Referred => "referred",
            EventKind::ReferralReplied => "referral_replied",
            EventKind::Confirmed => "confirmed",
            EventKind::NotSolved => "not_solved",
            EventKind::FollowedUp => "followed_up",
            EventKind::Reopened => "reopened",
            EventKind::Withdrawn => "withdrawn",
            EventKind::Merged => "merged",
            EventKind::SeveritySet => "severity_set",
            EventKind::TypesSet => "types_set",
            EventKind::Called => "called",
            EventKind::PoliceFeedback => "police_feedback",
            EventKind::PacketMade => "packet_made",
            EventKind::PacketReceived => "packet_received",
            EventKind::PacketEnded => "packet_ended",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What an event says beside its words; each kind has its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Codes of the policy's list MEASURE.
    pub measures: Vec<String>,
    /// Whom it was referred to, a code of REFERRAL_BODY.
    pub body: Option<String>,
    /// The day a reply is wanted by, a plan is to be done by, or a packet is used until.
    pub due: Option<NaiveDate>,
    /// Entry id of the referral that was replied to, or that a packet goes with.
    pub referral: Option<String>,
    /// What a follow-up found: it is well.
    pub well: Option<bool>,
    /// The day it happened, where that is not the day it was written down.
    pub on: Option<NaiveDate>,
    /// How grave it is from now on.
    pub severity: Option<String>,
    /// The problem it is told in from now on.
    pub into: Option<String>,
    /// Who was called: the number.
    pub whom: Option<String>,
    /// When, `2026-11-23 15:20`, by the clock on the wall there.
    pub at: Option<String>,
    /// Number of the receipt (回执号).
    pub receipt: Option<String>,
    /// What the police said, a code of POLICE_FEEDBACK; or how a packet ended ([`packet::End`]).
    pub outcome: Option<String>,
    /// What the family thinks of how it was solved, a code of SATISFACTION; none where nobody asked.
    pub satisfaction: Option<String>,
    /// Problem types it is about beside its main one.
    pub types: Vec<String>,
    /// What it mainly is from now on.
    pub main: Option<String>,
    /// The number that stands on a packet.
    pub number: Option<String>,
    /// What a packet is for, a code of PACKET_PURPOSE.
    pub purpose: Option<String>,
    /// What a packet carries.
    pub fields: Vec<String>,
    /// Entry id of the packet a receipt or an end is about.
    pub packet: Option<String>,
}

/// Key of a measure's codes in an entry.
const MEASURES: &str = "measure";
/// Key of the further types' codes.
const TYPES: &str = "type";
/// Key of what a packet carries.
const FIELDS: &str = "field";
/// Key that says that an entry's words are sealed.
const SEALED: &str = "sealed";

impl Detail {
    fn of(entry: &Entry) -> Self {
        let text = |key: &str| entry.text(key).map(str::to_owned);
        Self {
            measures: entry.codes(MEASURES),
            body: text("body"),
            due: entry.date("due"),
            referral: text("referral"),
            well: entry.bool("well"),
            on: entry.date("on"),
            severity: text("severity"),
            into: text("into"),
            whom: text("whom"),
            at: text("at"),
            receipt: text("receipt"),
            outcome: text("outcome"),
            satisfaction: text("satisfaction"),
            types: entry.codes(TYPES),
            main: text("main"),
            number: text("number"),
            purpose: text("purpose"),
            fields: entry.codes(FIELDS),
            packet: text("packet"),
        }
    }

    fn put(&self, mut entry: Entry) -> Entry {
        let day = |date: Option<NaiveDate>| date.map(|date| date.to_string());
        for (key, value) in [
            ("body", self.body.clone()),
            ("due", day(self.due)),
            ("referral", self.referral.clone()),
            ("on", day(self.on)),
            ("severity", self.severity.clone()),
            ("into", self.into.clone()),
            ("whom", self.whom.clone()),
            ("at", self.at.clone()),
            ("receipt", self.receipt.clone()),
            ("outcome", self.outcome.clone()),
            ("satisfaction", self.satisfaction.clone()),
            ("main", self.main.clone()),
            ("number", self.number.clone()),
            ("purpose", self.purpose.clone()),
            ("packet", self.packet.clone()),
        ] {
            if let Some(value) = value {
                entry = entry.with(key, value);
            }
        }
        if let Some(well) = self.well {
            entry = entry.with("well", well);
        }
        entry
            .with_codes(MEASURES, &self.measures)
            .with_codes(TYPES, &self.types)
            .with_codes(FIELDS, &self.fields)
    }
}

/// One event of the story.
#[derive(Clone, PartialEq)]
pub struct Event {
    /// Entry id.
    pub id: String,
    /// Kind as written; unknown kinds of a newer app are shown and move nothing.
    pub kind: String,
    /// Words, or the line that stands in their place.
    pub text: String,
    /// Its words are sealed, in a note of the same id ([`crate::restricted::Note`]).
    pub sealed: bool,
    /// When it was written, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Staff id of whoever is named to handle it, in [`EventKind::HandlerNamed`]; of whoever takes it over, in
    /// [`EventKind::Accepted`].
    pub handler: Option<String>,
    /// What it says beside its words.
    pub detail: Detail,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

impl Event {
    /// Whether it is of this kind.
    pub fn is(&self, kind: EventKind) -> bool {
        self.kind == kind.as_str()
    }
}

/// A problem's document, read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problem {
    /// Fields: type, severity, urgency, card, child, origin_record, origin, since, restricted, mandatory_choice, mandatory_text.
    pub fields: BTreeMap<String, Scalar>,
    /// Children concerned (document ids).
    pub children: Vec<String>,
    /// Events in causal order.
    pub events: Vec<Event>,
}

impl Problem {
    /// Reads the noun from its record.
    pub fn from_record(record: &Record) -> Self {
        Self {
            fields: record.fields.clone(),
            children: record
                .entries("children")
                .iter()
                .map(|entry| entry.id.clone())
                .collect(),
            events: record
                .entries("events")
                .iter()
                .map(|entry| Event {
                    id: entry.id.clone(),
                    kind: entry.text_or_empty("kind"),
                    text: entry.text_or_empty("text"),
                    sealed: entry.is(SEALED),
                    recorded_ms: entry.int("recorded_ms").unwrap_or(0),
                    by: entry.text_or_empty("by"),
                    handler: entry.text("handler").map(str::to_owned),
                    detail: Detail::of(entry),
                    made_by: entry.made_by,
                })
                .collect(),
        }
    }

    /// Text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key).and_then(Scalar::as_text)
    }

    /// Every severity it was ever given, by whomever: what is kept longer for a grave matter asks this.
    pub fn severities(&self) -> impl Iterator<Item = &str> {
        let set = self.events.iter();
        self.text("severity").into_iter().chain(
            set.filter(|event| event.is(EventKind::SeveritySet) || event.is(EventKind::TypesSet))
                .filter_map(|event| event.detail.severity.as_deref()),
        )
    }
}

/// The graver of two severities; one that is not known says nothing.
pub fn stricter<'a>(one: &'a str, other: &'a str) -> &'a str {
    let known = |severity: &str| matches!(severity, "S1" | "S2" | "S3" | "S4");
    match (known(one), known(other)) {
        (true, true) => one.min(other),
        (false, true) => other,
        _ => one,
    }
}

/// The edit that adds an event.
pub fn add_event(id: &str, kind: EventKind, text: &str, recorded_ms: i64, by: &str) -> Edit {
    add_detailed(id, kind, text, &Detail::default(), recorded_ms, by)
}

/// The edit that adds an event that says something beside its words.
pub fn add_detailed(
    id: &str,
    kind: EventKind,
    text: &str,
    detail: &Detail,
    recorded_ms: i64,
    by: &str,
) -> Edit {
    add(detail.put(entry(id, kind, text, recorded_ms, by)))
}

/// The edit that adds an event whose words are sealed: `line` stands in their place, and they go into a note of the same id
/// ([`crate::restricted::Note`]).
pub fn add_sealed(
    id: &str,
    kind: EventKind,
    line: &str,
    detail: &Detail,
    recorded_ms: i64,
    by: &str,
) -> Edit {
    let entry = entry(id, kind, line, recorded_ms, by).with(SEALED, true);
    add(detail.put(entry))
}

fn entry(id: &str, kind: EventKind, text: &str, recorded_ms: i64, by: &str) -> Entry {
    Entry::new(id)
        .with("kind", kind.as_str())
        .with("text", text)
        .with("recorded_ms", recorded_ms)
        .with("by", by)
}

fn add(entry: Entry) -> Edit {
    Edit::Add {
        collection: "events",
        entry,
    }
}

/// The edit that names who handles it from now on.
pub fn name_handler(id: &str, handler: &str, recorded_ms: i64, by: &str) -> Edit {
    add(entry(id, EventKind::HandlerNamed, "", recorded_ms, by).with("handler", handler))
}

/// The same event, with which its author takes over what nobody can handle any more ([`handler`]).
pub fn taking_over(event: Edit, author: &str) -> Edit {
    match event {
        Edit::Add { collection, entry } => Edit::Add {
            collection,
            entry: entry.with("handler", author),
        },
        other => other,
    }
}

/// The edit that names a child the problem concerns.
pub fn add_child(child: &str) -> Edit {
    Edit::Add {
        collection: "children",
        entry: Entry::new(child),
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Event);

#[cfg(test)]
mod tests;
