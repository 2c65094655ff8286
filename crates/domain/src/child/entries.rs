//! What is written into a child's file once and for all: each entry as it is read from the document, and as it is written.

use super::SUSPECTED;
use crate::cadence::Kind;
use crate::fill::Filling;
use crate::record::{AMENDMENTS, Edit, Entry};
use crate::scalar::Scalar;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A category with its dates (domain.md §3.2).
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Entry id.
    pub id: String,
    /// Code of the CATEGORY list, e.g. `LB-1`.
    pub code: String,
    /// First day.
    pub start: Option<NaiveDate>,
    /// First day it does not hold any more, if it ended (从哪天起不再是).
    pub end: Option<NaiveDate>,
    /// Civil date it was recorded.
    pub recorded_on: Option<NaiveDate>,
    /// self_found | application | other_department | import.
    pub basis: String,
    /// Who confirmed it: suspected | village | town | district; empty in what was written before anybody asked.
    pub status: String,
}

impl Category {
    /// 疑似: nobody confirmed it yet, so it has no cadence (decisions.md 7).
    pub fn is_suspected(&self) -> bool {
        self.basis == SUSPECTED || self.status == SUSPECTED
    }
}

/// What was agreed on at a visit for later, as far as a person chose it: what only follows from the rules is not written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The day she said she would come again.
    pub next_visit: Option<NaiveDate>,
    /// The day she said she would call.
    pub next_contact: Option<NaiveDate>,
    /// What she thinks of how often the child is visited, a code of the form; empty where she would leave it as it is.
    pub tier: String,
}

/// A dated fact that decides how often the child is visited (domain.md §5.2).
#[derive(Clone, PartialEq)]
pub struct TierFact {
    /// Entry id.
    pub id: String,
    /// parent_severe_disability | child_disability | child_psych_or_behaviour | a predicate of the pack | tier_lowered.
    pub kind: String,
    /// First day it is true.
    pub from: Option<NaiveDate>,
    /// Last day, if it ended.
    pub to: Option<NaiveDate>,
    /// Civil date it was recorded; the tier changes on this day (decisions.md 7).
    pub recorded_on: Option<NaiveDate>,
    /// Words for the reason, e.g. 母亲重度残疾.
    pub words: String,
    /// Who approved, for `tier_lowered`.
    pub approved_by: Option<String>,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A stretch of time in which one or both cadences rest (domain.md §5.5).
#[derive(Debug, Clone, PartialEq)]
pub struct Pause {
    /// Entry id.
    pub id: String,
    /// TEMP_AWAY | HOSPITAL | …
    pub reason: String,
    /// contact | visit, where only that rests; else what the pack says of the reason.
    pub kind: Option<Kind>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day; open when none.
    pub to: Option<NaiveDate>,
}

/// The child's part of a home visit (走访记录).
#[derive(Clone, PartialEq, Default)]
pub struct ChildVisit {
    /// Entry id, also the record id.
    pub id: String,
    /// Id of the session entry in the household document.
    pub session: String,
    /// Household document.
    pub household: String,
    /// Civil date of the visit.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// PLACE code.
    pub place: String,
    /// KIND code of the visit.
    pub kind: String,
    /// MET codes.
    pub met: Vec<String>,
    /// The child was met.
    pub seen: bool,
    /// The child boarded at school at the time.
    pub boarder: bool,
    /// Who was the carer by the file at the time, as [`crate::child::Child::carer`] says it; none where it said nothing, and
    /// in records from before this was kept.
    pub carer: Option<String>,
    /// Form pack and hash, for ever.
    pub form: String,
    /// ≤ 200 characters for the national column.
    pub summary: String,
    /// The answers that ask for a mandatory report, each as a [`crate::mandatory::Reason`] reads it.
    pub mandatory: Vec<String>,
    /// Questions that were to be answered and were still open when it was saved, named as [`crate::fill`] says.
    pub open: Vec<String>,
    /// The whole form was open, not the short one.
    pub full: bool,
    /// What was agreed on for later.
    pub plan: Plan,
    /// Staff id as claimed in the entry; the envelope's author is what counts.
    pub by: String,
    /// Answers of the child's part.
    pub answers: BTreeMap<String, Scalar>,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A contact (联系记录).
#[derive(Clone, PartialEq)]
pub struct Contact {
    /// Entry id, also the record id.
    pub id: String,
    /// Civil date.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// CONTACT_MODE code.
    pub mode: String,
    /// PARTY codes.
    pub party: Vec<String>,
    /// Somebody answered.
    pub reached: bool,
    /// Who was the carer by the file at the time, as in a visit.
    pub carer: Option<String>,
    /// normal | watch | problem; none when not reached.
    pub child_state: Option<String>,
    /// TOPIC codes; empty = 未问 (decisions.md 11).
    pub topics: Vec<String>,
    /// y | n | unk; none = 未问.
    pub parent_contact_ok: Option<String>,
    /// When, how long, who began it, and what comes next.
    pub more: ContactMore,
    /// Free text.
    pub note: String,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// What may be said of a contact besides (domain.md §4.2); none = 未问.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactMore {
    /// When it began, `HH:MM`.
    pub start: Option<String>,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// INITIATOR code.
    pub initiated_by: Option<String>,
    /// When she means to be in touch again.
    pub next_on: Option<NaiveDate>,
    /// CONTACT_MODE code she means to use then.
    pub next_mode: Option<String>,
}

/// Nobody was met (没见到人); counts for nothing.
#[derive(Clone, PartialEq)]
pub struct Attempt {
    /// Entry id, also the record id.
    pub id: String,
    /// Civil date.
    pub event_date: Option<NaiveDate>,
    /// Civil date it was typed in.
    pub recorded_on: Option<NaiveDate>,
    /// When it was saved, milliseconds by the device's clock.
    pub recorded_ms: i64,
    /// ATTEMPT_REASON code.
    pub reason: String,
    /// When she means to come again.
    pub next_on: Option<NaiveDate>,
    /// Free text.
    pub note: String,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

/// A correction of a record: added words, a corrected date, answers to what was open, or 作废. History is kept.
#[derive(Clone, PartialEq, Default)]
pub struct Amendment {
    /// Entry id.
    pub id: String,
    /// The record corrected.
    pub record: String,
    /// Added words.
    pub text: Option<String>,
    /// 作废.
    pub void: bool,
    /// Corrected civil date.
    pub event_date: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// Answers to questions that were left open.
    pub filling: Filling,
    /// What the station asked for and this gives, entry ids of [`Asked`].
    pub fulfils: Vec<String>,
    /// Civil date it was made.
    pub recorded_on: Option<NaiveDate>,
    /// Staff id as claimed.
    pub by: String,
    /// Change that made it.
    pub made_by: Option<[u8; 32]>,
}

pub(super) fn category(entry: &Entry) -> Category {
    Category {
        id: entry.id.clone(),
        code: entry.text_or_empty("code"),
        start: entry.date("start"),
        end: entry.date("end"),
        recorded_on: entry.date("recorded_on"),
        basis: entry.text_or_empty("basis"),
        status: entry.text_or_empty("status"),
    }
}

pub(super) fn tier_fact(entry: &Entry) -> TierFact {
    TierFact {
        id: entry.id.clone(),
        kind: entry.text_or_empty("kind"),
        from: entry.date("from"),
        to: entry.date("to"),
        recorded_on: entry.date("recorded_on"),
        words: entry.text_or_empty("words"),
        approved_by: entry.text("approved_by").map(str::to_owned),
        made_by: entry.made_by,
    }
}

pub(super) fn pause(entry: &Entry) -> Pause {
    Pause {
        id: entry.id.clone(),
        reason: entry.text_or_empty("reason"),
        kind: match entry.text("kind") {
            Some("contact") => Some(Kind::Contact),
            Some("visit") => Some(Kind::Visit),
            _ => None,
        },
        from: entry.date("from"),
        to: entry.date("to"),
    }
}

pub(super) fn visit(entry: &Entry) -> ChildVisit {
    ChildVisit {
        id: entry.id.clone(),
        session: entry.text_or_empty("session"),
        household: entry.text_or_empty("household"),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        place: entry.text_or_empty("place"),
        kind: entry.text_or_empty("kind"),
        met: entry.codes("met"),
        seen: entry.is("seen"),
        boarder: entry.is("boarder"),
        carer: carer_then(entry),
        form: entry.text_or_empty("form"),
        summary: entry.text_or_empty("summary"),
        mandatory: entry.codes("mandatory"),
        open: entry.codes("open"),
        full: entry.is("full"),
        plan: Plan {
            next_visit: entry.date("next_visit"),
            next_contact: entry.date("next_contact"),
            tier: entry.text_or_empty("tier_suggest"),
        },
        by: entry.text_or_empty("by"),
        answers: entry.answers.clone(),
        made_by: entry.made_by,
    }
}

pub(super) fn contact(entry: &Entry) -> Contact {
    Contact {
        id: entry.id.clone(),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        mode: entry.text_or_empty("mode"),
        party: entry.codes("party"),
        reached: entry.is("reached"),
        carer: carer_then(entry),
        child_state: entry.text("child_state").map(str::to_owned),
        topics: entry.codes("topics"),
        parent_contact_ok: entry.text("parent_contact_ok").map(str::to_owned),
        more: ContactMore::from_entry(entry),
        note: entry.text_or_empty("note"),
        by: entry.text_or_empty("by"),
        made_by: entry.made_by,
    }
}

pub(super) fn attempt(entry: &Entry) -> Attempt {
    Attempt {
        id: entry.id.clone(),
        event_date: entry.date("event_date"),
        recorded_on: entry.date("recorded_on"),
        recorded_ms: entry.int("recorded_ms").unwrap_or(0),
        reason: entry.text_or_empty("reason"),
        next_on: entry.date("next_on"),
        note: entry.text_or_empty("note"),
        by: entry.text_or_empty("by"),
        made_by: entry.made_by,
    }
}

/// Reads a correction; a household has them as well.
pub(crate) fn amendment(entry: &Entry) -> Amendment {
    Amendment {
        id: entry.id.clone(),
        record: entry.text_or_empty("record"),
        text: entry.text("text").map(str::to_owned),
        void: entry.is("void"),
        event_date: entry.date("event_date"),
        reason: entry.text_or_empty("reason"),
        filling: Filling::from_entry(entry),
        fulfils: entry.codes("fulfils"),
        recorded_on: entry.date("recorded_on"),
        by: entry.text_or_empty("by"),
        made_by: entry.made_by,
    }
}

/// Key of the carer by the file when a record was made.
const CARER_THEN: &str = "carer_then";

fn carer_then(entry: &Entry) -> Option<String> {
    let carer = entry.text(CARER_THEN)?;
    (!carer.is_empty()).then(|| carer.to_owned())
}

fn date_text(date: Option<NaiveDate>) -> Scalar {
    date.map(|date| date.to_string()).into()
}

impl ChildVisit {
    /// The edit that records the child's part.
    pub fn to_edit(&self) -> Edit {
        let mut entry = Entry::new(&self.id)
            .with("session", self.session.as_str())
            .with("household", self.household.as_str())
            .with("event_date", date_text(self.event_date))
            .with("recorded_on", date_text(self.recorded_on))
            .with("recorded_ms", self.recorded_ms)
            .with("place", self.place.as_str())
            .with("kind", self.kind.as_str())
            .with_codes("met", &self.met)
            .with("seen", self.seen)
            .with("boarder", self.boarder)
            .with("form", self.form.as_str())
            .with("summary", self.summary.as_str())
            .with_codes("mandatory", &self.mandatory)
            .with_codes("open", &self.open)
            .with("by", self.by.as_str());
        if self.full {
            entry = entry.with("full", true);
        }
        if let Some(carer) = &self.carer {
            entry = entry.with(CARER_THEN, carer.as_str());
        }
        for (key, day) in [
            ("next_visit", self.plan.next_visit),
            ("next_contact", self.plan.next_contact),
        ] {
            if let Some(day) = day {
                entry = entry.with(key, day.to_string());
            }
        }
        if !self.plan.tier.is_empty() {
            entry = entry.with("tier_suggest", self.plan.tier.as_str());
        }
        entry.answers.clone_from(&self.answers);
        Edit::Add {
            collection: "visits",
            entry,
        }
    }
}

impl Contact {
    /// The edit that records the contact.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "contacts",
            entry: Entry::new(&self.id)
                .with("event_date", date_text(self.event_date))
                .with("recorded_on", date_text(self.recorded_on))
                .with("recorded_ms", self.recorded_ms)
                .with("mode", self.mode.as_str())
                .with_codes("party", &self.party)
                .with("reached", self.reached)
                .with(CARER_THEN, self.carer.as_deref())
                .with("child_state", self.child_state.as_deref())
                .with_codes("topics", &self.topics)
                .with("parent_contact_ok", self.parent_contact_ok.as_deref())
                .with("start", self.more.start.as_deref())
                .with("minutes", self.more.minutes)
                .with("initiated_by", self.more.initiated_by.as_deref())
                .with("next_on", date_text(self.more.next_on))
                .with("next_mode", self.more.next_mode.as_deref())
                .with("note", self.note.as_str())
                .with("by", self.by.as_str()),
        }
    }
}

impl ContactMore {
    /// As it stands in an entry; a contact of before says nothing of it.
    pub fn from_entry(entry: &Entry) -> Self {
        let text = |key: &str| entry.text(key).map(str::to_owned);
        Self {
            start: text("start"),
            minutes: entry.int("minutes"),
            initiated_by: text("initiated_by"),
            next_on: entry.date("next_on"),
            next_mode: text("next_mode"),
        }
    }
}

impl Attempt {
    /// The edit that records the attempt.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "attempts",
            entry: Entry::new(&self.id)
                .with("event_date", date_text(self.event_date))
                .with("recorded_on", date_text(self.recorded_on))
                .with("recorded_ms", self.recorded_ms)
                .with("reason", self.reason.as_str())
                .with("next_on", date_text(self.next_on))
                .with("note", self.note.as_str())
                .with("by", self.by.as_str()),
        }
    }
}

impl Amendment {
    /// The edit that records the correction.
    pub fn to_edit(&self) -> Edit {
        let entry = Entry::new(&self.id)
            .with("record", self.record.as_str())
            .with("text", self.text.as_deref())
            .with("void", self.void)
            .with("event_date", date_text(self.event_date))
            .with("reason", self.reason.as_str())
            .with("recorded_on", date_text(self.recorded_on))
            .with_codes("fulfils", &self.fulfils)
            .with("by", self.by.as_str());
        Edit::Add {
            collection: AMENDMENTS,
            entry: self.filling.put_into(entry),
        }
    }
}

impl Category {
    /// The edit that adds the category.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "categories",
            entry: Entry::new(&self.id)
                .with("code", self.code.as_str())
                .with("start", date_text(self.start))
                .with("end", date_text(self.end))
                .with("recorded_on", date_text(self.recorded_on))
                .with("basis", self.basis.as_str())
                .with("status", self.status.as_str()),
        }
    }
}

impl Pause {
    /// The edit that adds the pause.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "pauses",
            entry: Entry::new(&self.id)
                .with("reason", self.reason.as_str())
                .with(
                    "kind",
                    self.kind.map(|kind| match kind {
                        Kind::Contact => "contact",
                        Kind::Visit => "visit",
                    }),
                )
                .with("from", date_text(self.from))
                .with("to", date_text(self.to)),
        }
    }
}

impl TierFact {
    /// The edit that adds the fact.
    pub fn to_edit(&self) -> Edit {
        Edit::Add {
            collection: "tier_facts",
            entry: Entry::new(&self.id)
                .with("kind", self.kind.as_str())
                .with("from", date_text(self.from))
                .with("to", date_text(self.to))
                .with("recorded_on", date_text(self.recorded_on))
                .with("words", self.words.as_str())
                .with("approved_by", self.approved_by.as_deref()),
        }
    }
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(TierFact, ChildVisit, Contact, Attempt, Amendment);
