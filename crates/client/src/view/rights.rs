//! 权利请求: what families ask for about what is written down, and what was answered.

use super::OptionView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RightsInput {
    /// Those about one child; null for all.
    pub child: Option<String>,
}

/// The requests, and what may be chosen.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RightsView {
    /// Open ones by their last day, then answered ones, the newest first.
    pub rows: Vec<RightRow>,
    /// So many days there are to answer.
    pub days: u32,
    /// Today.
    pub today: String,
    /// Who may ask.
    pub who: Vec<OptionView>,
    /// Duties by which something is kept.
    pub duties: Vec<OptionView>,
    /// The station, as an answer on paper names it.
    pub unit: String,
    /// Whom a family may turn to: name and number of whoever answers for the rules.
    pub responsible: Option<String>,
}

/// A request.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RightRow {
    /// Entry id.
    pub request: String,
    /// Child.
    pub child: String,
    /// Its name.
    pub name: String,
    /// Village.
    pub village: String,
    /// see | copy | correct | erase | stop.
    pub rights: Vec<String>,
    /// Who asks, in words.
    pub who: String,
    /// Her name.
    pub asker: String,
    /// About what.
    pub text: String,
    /// The day it was asked.
    pub on: String,
    /// Who wrote it down.
    pub by: String,
    /// The last day to answer.
    pub due: String,
    /// So many days are left; negative when it is over.
    pub left: i32,
    /// open | soon | overdue | answered.
    pub state: String,
    /// The file is used for a duty alone because of it.
    pub limits: bool,
    /// What was answered.
    pub answer: Option<RightAnswerView>,
    /// This person may answer.
    pub may_answer: bool,
}

/// An answer.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RightAnswerView {
    /// done | partly | limited | declined.
    pub outcome: String,
    /// By which duty something is kept, in words.
    pub duty: String,
    /// What the family is told.
    pub text: String,
    /// Who answered.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// How many days after it was asked.
    pub days: u32,
}

/// Somebody asks.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AskRightInput {
    /// Child.
    pub child: String,
    /// see | copy | correct | erase | stop.
    pub rights: Vec<String>,
    /// A code of who asks.
    pub who: String,
    /// Her name.
    pub name: String,
    /// About what.
    pub text: String,
    /// The day; empty is today.
    pub on: String,
}

/// The station answers.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AnswerRightInput {
    /// Child.
    pub child: String,
    /// The request.
    pub request: String,
    /// done | partly | limited | declined.
    pub outcome: String,
    /// A code of the duties, where something is kept.
    pub duty: String,
    /// What the family is told.
    pub text: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    RightsView,
    RightRow,
    RightAnswerView,
    AskRightInput,
    AnswerRightInput
);
