//! What is known about a child, as far as the cadence needs it.

use super::Kind;
use crate::policy::Campaign;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One child's facts and events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CadenceInput {
    /// Day the file was opened; for a ledger child the day the import was confirmed (decisions 7).
    pub opened_on: NaiveDate,
    /// Newly found by hand; a ledger child never is (decisions 7).
    #[serde(default)]
    pub is_new: bool,
    /// Day the file was closed.
    #[serde(default)]
    pub closed_on: Option<NaiveDate>,
    /// Stretches in which it was closed before it was opened again; both days included.
    #[serde(default)]
    pub gaps: Vec<(NaiveDate, NaiveDate)>,
    /// Birth date, if known; without one no category ends by age.
    #[serde(default)]
    pub birth_date: Option<NaiveDate>,
    /// Dated categories.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Dated facts that may decide the tier.
    #[serde(default)]
    pub facts: Vec<TierFact>,
    /// Approvals to lower the tier.
    #[serde(default)]
    pub tier_lowered: Vec<TierLowered>,
    /// Contacts, visits and attempts in any order.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Pauses in any order.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// The child boards at school now: says on which days it is at home.
    #[serde(default)]
    pub boards: bool,
    /// Rounds the station opened for the child's village, beside those of the packs.
    #[serde(default)]
    pub rounds: Vec<Campaign>,
    /// Who is the carer by the file now: a code of REL, or of CAREGIVER_CLASS. Whoever it is counts when met
    /// ([`crate::policy::Counting::carer_is`]). It stands for the events that do not say who it was at their time.
    #[serde(default)]
    pub carer: Option<String>,
}

impl CadenceInput {
    /// The file was closed on this day.
    pub fn is_closed_on(&self, day: NaiveDate) -> bool {
        self.closed_on.is_some_and(|closed| day > closed)
            || self
                .gaps
                .iter()
                .any(|(from, to)| *from <= day && day <= *to)
    }
}

/// A row of the child's category set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Code of the pack's categories.
    pub code: String,
    /// First day; unknown is since ever.
    #[serde(default)]
    pub start: Option<NaiveDate>,
    /// First day it no longer holds.
    #[serde(default)]
    pub end: Option<NaiveDate>,
    /// Day it was recorded (or confirmed); unknown is the day the file was opened.
    #[serde(default)]
    pub recorded_on: Option<NaiveDate>,
    /// 疑似: has no cadence yet (decisions 7).
    #[serde(default)]
    pub suspected: bool,
}

/// A dated fact, e.g. a parent's disability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierFact {
    /// Kind: `parent_severe_disability`, `risk_level`, …
    pub kind: String,
    /// Value where the kind has one: the colour of a `risk_level`.
    #[serde(default)]
    pub value: Option<String>,
    /// First day; unknown is since ever.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// First day it no longer holds. The tier stays until lowering is approved.
    #[serde(default)]
    pub to: Option<NaiveDate>,
    /// Day it was recorded: the tier takes effect then, never earlier (decisions 7).
    pub recorded_on: NaiveDate,
    /// 母亲重度残疾.
    #[serde(default)]
    pub words: Option<String>,
}

/// A supervisor agreed to a lower tier. It lowers what no open fact still demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierLowered {
    /// Who agreed; without a name it has no effect.
    pub approved_by: String,
    /// From this day.
    pub on: NaiveDate,
}

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// 联系.
    Contact,
    /// 入户走访: this child's part of a session.
    Visit,
    /// 没见到.
    Attempt,
}

/// A record in the child's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Event {
    /// Civil date it happened.
    pub event_date: NaiveDate,
    /// Record id: two uploads of one record are one event.
    pub id: String,
    /// What it is.
    pub kind: EventKind,
    /// 作废.
    #[serde(default)]
    pub voided: bool,
    /// Civil date it was entered.
    #[serde(default)]
    pub recorded_on: Option<NaiveDate>,
    /// Session of a visit, shared by siblings.
    #[serde(default)]
    pub session: Option<String>,
    /// Mode of a contact.
    #[serde(default)]
    pub mode: Option<String>,
    /// Whom a contact reached.
    #[serde(default)]
    pub party: Vec<String>,
    /// The contact reached somebody; unsaid for a visit.
    #[serde(default)]
    pub reached: Option<bool>,
    /// Place of a visit.
    #[serde(default)]
    pub place: Option<String>,
    /// Whom a visit met.
    #[serde(default)]
    pub met: Vec<String>,
    /// This child was seen; unsaid falls back on `met`.
    #[serde(default)]
    pub child_seen: Option<bool>,
    /// The child boards at school.
    #[serde(default)]
    pub boarder: bool,
    /// Who was the carer by the file when it was recorded: another carer later makes of no visit one that does not count.
    #[serde(default)]
    pub carer: Option<String>,
}

/// A time in which something cannot be done (domain.md §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Code of the pack's pauses: `HOSPITAL`, `TEMP_AWAY`.
    pub reason: String,
    /// What it pauses, where that differs from the pack's rule for the reason.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// First day.
    pub from: NaiveDate,
    /// Last day; open while it lasts.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}
