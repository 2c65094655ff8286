//! Whether a child's file runs: ended, reopened, told in another file of the same child.

use super::{OptionView, SiblingView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It runs.
    Runs,
    /// It was ended.
    Ended,
    /// It goes on in another file of the same child.
    Told,
}

/// A proposal about a file, with what became of it.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProposalView {
    /// Its id.
    pub proposal: String,
    /// end | reopen | merge | part.
    pub step: String,
    /// Why, in words of the list; null where none is chosen.
    pub reason: Option<String>,
    /// The last day of the file, for an end.
    pub on: Option<String>,
    /// The file that is to lead, for a merge.
    pub into: Option<SiblingView>,
    /// What was said.
    pub text: String,
    /// Who proposed it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// This person proposed it, so that it can be taken back.
    pub mine: bool,
    /// This person proposed it, and a colleague has to confirm it.
    pub another: bool,
    /// confirmed | sent_back | withdrawn; null while it waits.
    pub answer: Option<String>,
    /// What the answer said.
    pub answer_text: String,
    /// Who answered.
    pub answered_by: String,
}

/// Whether the file runs, and what may be proposed.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FileStatusView {
    /// Where it stands.
    pub state: FileState,
    /// Its last day.
    pub on: Option<String>,
    /// Why it was ended, in words.
    pub reason: Option<String>,
    /// The file that leads.
    pub into: Option<SiblingView>,
    /// Files that are told in this one.
    pub told_here: Vec<SiblingView>,
    /// Files that may be of the same child; for the station.
    pub alike: Vec<SiblingView>,
    /// Proposals that wait for the station.
    pub waiting: Vec<ProposalView>,
    /// What was proposed before, newest first.
    pub past: Vec<ProposalView>,
    /// Steps this person may propose now: end | reopen | merge | part.
    pub steps: Vec<String>,
    /// This person decides.
    pub decides: bool,
    /// Reasons to choose from.
    pub reasons: Vec<OptionView>,
    /// What some reasons ask first.
    pub asks: Vec<EndingAskView>,
}

/// A reason to end a file after which something may have to be reported first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EndingAskView {
    /// Code of the reason.
    pub reason: String,
    /// What is asked, in words.
    pub label: String,
    /// Card it is reported with.
    pub card: String,
    /// Type of the card.
    pub kind: String,
}

/// Propose a step.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProposeStatusInput {
    /// The child.
    pub child: String,
    /// end | reopen | merge | part.
    pub step: String,
    /// Code of EXIT_REASON, for an end.
    pub reason: Option<String>,
    /// The last day, for an end.
    pub on: Option<String>,
    /// The file that is to lead, for a merge.
    pub into: Option<String>,
    /// What it rests on.
    pub text: String,
}

/// Answer a proposal.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DecideStatusInput {
    /// The child.
    pub child: String,
    /// The proposal.
    pub proposal: String,
    /// confirmed | sent_back | withdrawn.
    pub answer: String,
    /// Words; needed to send it back.
    pub text: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    EndingAskView,
    ProposalView,
    FileStatusView,
    ProposeStatusInput,
    DecideStatusInput
);
