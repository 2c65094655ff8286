//! Problems: report, list, story, the mandatory page.

use super::child::{CardView, OptionView, RecordState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the report screen offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemFormView {
    /// Cards of the pack's list, each mapping to a type.
    pub cards: Vec<CardView>,
    /// now | days | later with words.
    pub urgencies: Vec<OptionView>,
    /// Phrases for what was seen.
    pub phrases: Vec<String>,
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Brothers and sisters it may concern as well.
    pub siblings: Vec<OptionView>,
}

/// Report a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemInput {
    /// Children concerned, the first is the main one.
    pub children: Vec<String>,
    /// Card code.
    pub card: String,
    /// now | days | later.
    pub urgency: String,
    /// What was seen.
    pub seen: String,
    /// Visit or contact it came from.
    pub origin_record: Option<String>,
    /// Mandatory page: what was chosen there, if it was shown.
    pub mandatory: Option<MandatoryInput>,
}

/// The choice at the foot of the mandatory page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatoryInput {
    /// reported | not_such_case.
    pub choice: String,
    /// Whom, when, receipt number; or the reason why not.
    pub text: String,
}

/// The static page that works with no network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatoryView {
    /// Numbers to call, in order: label and number.
    pub numbers: Vec<OptionView>,
    /// What not to do.
    pub do_nots: Vec<String>,
    /// The nine situations.
    pub situations: Vec<String>,
}

/// State of a problem, a fold over its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProblemState {
    /// 已报告.
    Reported,
    /// 已受理.
    Accepted,
    /// 处置中.
    InProgress,
    /// 待核实.
    Resolved,
    /// 已办结.
    Closed,
}

/// A problem in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemRow {
    /// Problem id.
    pub problem: String,
    /// Children's names.
    pub names: String,
    /// Main child.
    pub child: String,
    /// Village.
    pub village: String,
    /// Type in words.
    pub kind: String,
    /// S1..S4.
    pub severity: String,
    /// 现在有危险 / 这几天要办 / 不急.
    pub urgency: String,
    /// State.
    pub state: ProblemState,
    /// Who reported it.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// First sentence of what was seen.
    pub seen: String,
    /// Newest answer.
    pub last_answer: Option<String>,
    /// The answer has not been read on this device.
    pub unread: bool,
    /// State of the newest own record in it.
    pub record_state: RecordState,
    /// A director's "closed" waits for the station.
    pub requested_close: bool,
}

/// The list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemListView {
    /// Open first, most urgent first, then by date.
    pub rows: Vec<ProblemRow>,
}

/// One event of the story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemEventView {
    /// Event id.
    pub event: String,
    /// reported | accepted | replied | measure | resolved | closed | returned | close_requested.
    pub kind: String,
    /// Words.
    pub text: String,
    /// Who.
    pub by: String,
    /// Their role in words.
    pub role: String,
    /// RFC 3339.
    pub at: String,
    /// State of this record.
    pub state: RecordState,
    /// Recorded by someone whose role may not do this: shown as a request.
    pub is_request: bool,
}

/// The whole problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemView {
    /// List row.
    pub row: ProblemRow,
    /// Oldest first.
    pub events: Vec<ProblemEventView>,
    /// Event kinds this person may add now.
    pub may: Vec<String>,
    /// The mandatory page's outcome, if shown.
    pub mandatory: Option<String>,
    /// Who handles it (经办人).
    pub handler: Option<String>,
    /// Colleagues whom this person may name to handle it; nobody where she may not.
    pub may_be_handled_by: Vec<OptionView>,
    /// This person is not to act for it (回避): she adds what she knows, and decides nothing.
    pub recused: bool,
    /// Its sealed words, at the station.
    pub sealed: Option<SealedView>,
}

/// How the sealed words of a problem stand for this person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SealedView {
    /// The words are shown, in the story.
    pub open: bool,
    /// They are sealed to a key of the station that this device was not given yet.
    pub lacks_key: bool,
    /// They were opened urgently and close again then, RFC 3339.
    pub open_until: Option<String>,
    /// Reasons to choose from.
    pub reasons: Vec<OptionView>,
    /// So many minutes an opening holds.
    pub minutes: u32,
    /// Openings this person is told of.
    pub openings: Vec<OpeningView>,
}

/// Somebody who does not handle the case opened its words (紧急查看).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpeningView {
    /// Entry id.
    pub opening: String,
    /// Who.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// RFC 3339.
    pub until: String,
    /// Reason in words.
    pub reason: String,
    /// What she wrote.
    pub text: String,
    /// What was said of it.
    pub review: Option<OpeningReviewView>,
    /// This person may say it.
    pub may_review: bool,
}

/// What was said of an opening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpeningReviewView {
    /// Who.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// It was right to open it.
    pub justified: bool,
    /// Why.
    pub text: String,
}

/// An opening nobody has said anything of yet, on the station's first page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpeningNoticeView {
    /// Problem.
    pub problem: String,
    /// Its type in words; no name of a child.
    pub kind: String,
    /// Who opened it.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// Reason in words.
    pub reason: String,
    /// It waits for this person's word.
    pub to_review: bool,
}

/// 紧急查看.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UrgentInput {
    /// Problem id.
    pub problem: String,
    /// A code of the policy's list.
    pub reason: String,
    /// What happened.
    pub text: String,
}

/// What the head says of an opening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewOpeningInput {
    /// Problem id.
    pub problem: String,
    /// The opening.
    pub opening: String,
    /// It was right to open it.
    pub justified: bool,
    /// Why.
    pub text: String,
}

/// Names who handles a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct HandlerInput {
    /// Problem id.
    pub problem: String,
    /// A colleague's staff id.
    pub staff: String,
}

/// Add an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemEventInput {
    /// Problem id.
    pub problem: String,
    /// accepted | replied | measure | resolved | closed | returned.
    pub kind: String,
    /// Words; required for all but accepted.
    pub text: String,
}
