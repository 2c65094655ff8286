//! 操作记录: who looked at what, and what was decided.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MonthInput {
    /// `2026-11`.
    pub month: String,
}

/// One person's month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditPersonInput {
    /// `2026-11`.
    pub month: String,
    /// Staff id.
    pub staff: String,
}

/// The month's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditMonthView {
    /// `2026-11`.
    pub month: String,
    /// Who looked at what, in the order of the villages. Nothing here ranks anybody (P-24).
    pub people: Vec<AuditPersonRow>,
    /// Days on which somebody opened the files of many more children than a village has; for the head.
    pub unusual: Vec<AuditUnusualRow>,
    /// Exports, decisions, wrong PINs: oldest first.
    pub events: Vec<AuditEventRow>,
    /// What does not hold in a tablet's trail.
    pub faults: Vec<AuditFaultRow>,
    /// Who looked this month through.
    pub reviews: Vec<AuditReviewRow>,
}

/// A month of the trails of a district's stations, in numbers.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditCountsView {
    /// `2026-11`.
    pub month: String,
    /// In administrative order.
    pub stations: Vec<CountedStationRow>,
}

/// What was done in one township in a month.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CountedStationRow {
    /// Station id.
    pub station: String,
    /// Its name.
    pub name: String,
    /// Somebody of the station looked the month through.
    pub reviewed: bool,
    /// Who did anything, by name. Nothing here ranks anybody (P-24).
    pub people: Vec<CountedPersonRow>,
}

/// What one person did.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CountedPersonRow {
    /// Staff id.
    pub staff: String,
    /// Name.
    pub name: String,
    /// How often what.
    pub acts: Vec<CountedActRow>,
}

/// How often one thing was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CountedActRow {
    /// What: a code.
    pub action: String,
    /// What for, in words; null where it has no purpose.
    pub purpose: Option<String>,
    /// How often.
    pub count: u32,
    /// Rows that left.
    pub rows: u32,
}

/// A day on which somebody opened the files of many children.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditUnusualRow {
    /// ISO date.
    pub day: String,
    /// Name.
    pub person: String,
    /// How many different children.
    pub children: u32,
    /// So many children the village has; of the largest one for whoever works for the township.
    pub size: u32,
}

/// What one person looked at in a month.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditPersonRow {
    /// Staff id.
    pub staff: String,
    /// Name.
    pub person: String,
    /// Role in words.
    pub role: String,
    /// Unit.
    pub unit: String,
    /// How often what.
    pub looks: Vec<AuditCountRow>,
}

/// How often one thing was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditCountRow {
    /// What: a code.
    pub action: String,
    /// How often.
    pub count: u32,
}

/// One thing that was done.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditEventRow {
    /// Moment.
    pub at: String,
    /// What: a code.
    pub action: String,
    /// Who, or nothing where somebody at the server itself or the server did it.
    pub by: Option<String>,
    /// At the server itself.
    pub by_operator: bool,
    /// To whom or what, where that has a name here.
    pub about: Option<String>,
    /// What was printed, as [`super::PrintInput`] names it.
    pub paper: Option<String>,
    /// An export's or a print's number, purpose in words and rows; a count.
    pub number: Option<String>,
    /// See `number`.
    pub purpose: Option<String>,
    /// See `number`.
    pub count: Option<u32>,
    /// Whole ID numbers were in it.
    pub full_numbers: bool,
}

/// Something about a tablet's trail.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditFaultRow {
    /// Whose tablet.
    pub person: String,
    /// missing | altered | forked.
    pub kind: String,
}

/// Somebody looked the month through.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditReviewRow {
    /// Who.
    pub by: String,
    /// Moment.
    pub at: String,
}

/// Whose files one person opened in a month.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditPersonView {
    /// Name.
    pub person: String,
    /// Children by name.
    pub children: Vec<AuditChildRow>,
    /// Records that are not here (any more).
    pub elsewhere: u32,
}

/// How often a child's file was opened.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AuditChildRow {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village.
    pub village: String,
    /// How often.
    pub count: u32,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    CountedPersonRow,
    AuditPersonRow,
    AuditUnusualRow,
    AuditEventRow,
    AuditFaultRow,
    AuditReviewRow,
    AuditPersonView,
    AuditChildRow,
);
