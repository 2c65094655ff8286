//! 出了事怎么办: what happened, what is to be done by when, and who did it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BreachView {
    /// What may have happened.
    pub kinds: Vec<BreachKindView>,
    /// What happened: what goes on first, then the newest.
    pub incidents: Vec<IncidentView>,
    /// Today.
    pub today: String,
    /// Where the steps and their hours come from.
    pub source: String,
}

/// Something that may have happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BreachKindView {
    /// Code.
    pub code: String,
    /// What it is.
    pub title: String,
    /// What else counts as it.
    pub hint: String,
}

/// Something that happened.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct IncidentView {
    /// Its id.
    pub incident: String,
    /// What it is.
    pub title: String,
    /// Where, and of which device or paper.
    pub place: String,
    /// The day.
    pub on: String,
    /// Who noted it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// What is to be done, in the order of the work.
    pub steps: Vec<IncidentStepView>,
    /// Letters of its steps, filled with what is known.
    pub letters: Vec<LetterView>,
    /// It is over.
    pub over: Option<StepDoneView>,
    /// Steps that are late.
    pub late: u32,
    /// Steps nobody did yet.
    pub open: u32,
}

/// A step.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct IncidentStepView {
    /// Code.
    pub step: String,
    /// detect | contain | notify | after.
    pub part: String,
    /// What is to be done.
    pub text: String,
    /// More of it.
    pub detail: Vec<String>,
    /// Until this moment, RFC 3339.
    pub until: Option<String>,
    /// That is over, and nobody did it.
    pub late: bool,
    /// The page it is done on: devices | people | audit | exports.
    pub go: Option<String>,
    /// The letter that goes with it.
    pub letter: Option<String>,
    /// Who did it.
    pub done: Option<StepDoneView>,
}

/// Who did a step.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StepDoneView {
    /// Who.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// What she wrote with it.
    pub note: String,
}

/// A letter.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LetterView {
    /// Code.
    pub letter: String,
    /// What it is.
    pub title: String,
    /// The words; what nobody knows is a gap.
    pub text: String,
}

/// Something happened.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BeginIncidentInput {
    /// A kind's code.
    pub kind: String,
    /// Where, and of which device or paper.
    pub place: String,
    /// The day; today where it is empty.
    pub on: String,
}

/// A step was done; `over` when it is over.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct IncidentStepInput {
    /// The incident.
    pub incident: String,
    /// The step.
    pub step: String,
    /// What is to be remembered of it.
    pub note: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    IncidentView,
    IncidentStepView,
    StepDoneView,
    LetterView,
    BeginIncidentInput,
    IncidentStepInput
);
