//! Duties and services of a month, with what the records tell of each.

use super::OptionView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which lists are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DutiesInput {
    /// Year and month; null is this month.
    pub month: Option<String>,
    /// A village the station looks at; null is the person's own unit.
    pub village: Option<String>,
}

/// Tick an item of one's own, or take the tick back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TickDutyInput {
    /// Year and month.
    pub month: String,
    /// `list/item`.
    pub item: String,
    /// Ticked.
    pub done: bool,
}

/// What records tell of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProofView {
    /// contacts | visits | enhanced | opened | problems | calls | steps | asked | rows | work: words in the screens.
    pub what: String,
    /// What is counted, where that is data.
    pub label: String,
    /// How many there are.
    pub done: u32,
    /// Of how many; null where there is no such number.
    pub of: Option<u32>,
    /// Page on which they are.
    pub link: String,
}

/// Somebody's tick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TickView {
    /// Who looked it through.
    pub by: String,
    /// The day.
    pub on: String,
}

/// One duty or service.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DutyView {
    /// `list/item`.
    pub item: String,
    /// What is to be done.
    pub words: String,
    /// More of it, a line each.
    pub detail: Vec<String>,
    /// How often, in words.
    pub often: String,
    /// month | quarter | year: over which time its records are counted.
    pub every: String,
    /// What tells of it.
    pub proofs: Vec<ProofView>,
    /// This person ticked it.
    pub ticked: bool,
    /// Who ticked it.
    pub ticks: Vec<TickView>,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DutyListView {
    /// Stable code.
    pub code: String,
    /// Title.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// Items in order.
    pub items: Vec<DutyView>,
}

/// The lists of a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DutiesView {
    /// Year and month.
    pub month: String,
    /// The month before.
    pub before: Option<String>,
    /// The month after; null for the month that runs.
    pub after: Option<String>,
    /// Unit in words.
    pub unit: String,
    /// Villages this person may look at; empty for a director.
    pub villages: Vec<OptionView>,
    /// It is this person's own unit.
    pub may_tick: bool,
    /// The lists.
    pub lists: Vec<DutyListView>,
}

// What somebody wrote into a pack or a record stays out of logs.
ids::withhold!(DutyView);
