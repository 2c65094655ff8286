//! The work log of a month.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which month's work log is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkLogInput {
    /// Year and month, `2026-11`; null is this month.
    pub month: Option<String>,
}

/// What a line of the work log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// 走访.
    Visit,
    /// 联系.
    Contact,
    /// 没见到.
    Attempt,
    /// A step of a problem.
    Problem,
}

/// A line of the work log.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkLineView {
    /// What it is about.
    pub kind: WorkKind,
    /// Children it concerns; empty where the matter is sealed.
    pub names: Vec<String>,
    /// One or two sentences; empty where the matter is sealed.
    pub text: String,
    /// Kind of the problem's event; null for everything else.
    pub step: Option<String>,
}

/// A day of the work log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkDayView {
    /// The day.
    pub date: String,
    /// What was done, in the order it was recorded.
    pub lines: Vec<WorkLineView>,
}

/// The work log of a month.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkLogView {
    /// Year and month.
    pub month: String,
    /// The month before.
    pub before: Option<String>,
    /// The month after; null for the month that runs.
    pub after: Option<String>,
    /// Whose it is.
    pub person: String,
    /// Unit in words.
    pub unit: String,
    /// Days on which something was recorded, in order.
    pub days: Vec<WorkDayView>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(WorkLineView, WorkLogView);
