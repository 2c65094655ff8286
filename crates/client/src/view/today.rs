//! The list 今天.

use super::file::NoticeView;
use super::problem::ProblemStepRow;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a child is due for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// 联系.
    Contact,
    /// 入户走访.
    Visit,
}

/// Group of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DueGroup {
    /// 已过: the last day has passed.
    Overdue,
    /// 今天.
    Today,
    /// 快到: within the pack's number of days.
    Soon,
    /// 其余.
    Later,
}

/// One due date of one child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DueView {
    /// Contact or visit.
    pub kind: DueKind,
    /// First day it may be done.
    pub from: String,
    /// Last day.
    pub due: String,
    /// Days past due (positive) or left (negative); 0 today.
    pub days_over: i32,
    /// 每月一次：母亲重度残疾.
    pub reason: String,
    /// Days on which a child that boards is at home, in words.
    pub at_home: Option<String>,
}

/// One row of 今天: one child, or siblings folded.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TodayRow {
    /// First child's id (the one a tap opens).
    pub child: String,
    /// Household id.
    pub household: String,
    /// All children folded into the row (one entry for a single child).
    pub children: Vec<TodayChild>,
    /// Group.
    pub group: DueGroup,
    /// The earlier of the two dates, drawn large.
    pub first: DueView,
    /// The other date, if any.
    pub second: Option<DueView>,
    /// 二组 or a landmark.
    pub place: Option<String>,
    /// 奶奶 王秀兰.
    pub carer: Option<String>,
    /// Higher-frequency tier: a neutral mark, never a word that labels.
    pub enhanced: bool,
    /// An unfinished visit form of this household.
    pub draft: Option<String>,
    /// Nobody was met the last times.
    pub unmet: Option<super::UnmetView>,
    /// The how manyeth house it is on her own way, where she numbered it.
    pub walk: Option<u32>,
    /// What was agreed on with the family and is not done yet; it moves no date.
    pub agreed: Vec<AgreedView>,
}

/// A day that was agreed on with a family.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AgreedView {
    /// What for.
    pub kind: DueKind,
    /// The day.
    pub on: String,
    /// It is over.
    pub past: bool,
}

/// A child's name line in a row.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TodayChild {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// Nickname or landmark.
    pub nickname: Option<String>,
    /// 男 / 女 / 未知 as code 1, 2, 0.
    pub sex: String,
    /// Completed years.
    pub age: Option<u32>,
}

/// The whole list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TodayView {
    /// Civil date.
    pub date: String,
    /// Lunar date in words, if known.
    pub lunar: Option<String>,
    /// Rows, earliest date first inside each group, groups in order.
    pub rows: Vec<TodayRow>,
    /// Records made this month (visits and contacts).
    pub done_this_month: u32,
    /// Children whose file has a cadence.
    pub with_cadence: u32,
    /// Children in the village.
    pub children: u32,
    /// Unfinished forms.
    pub drafts: Vec<DraftRow>,
    /// Fields that need a person: number of open conflicts.
    pub conflicts: u32,
    /// Problems with an answer not yet read.
    pub answered_problems: u32,
    /// Questions whether something was reported, until they are answered.
    pub questions: Vec<super::MandatoryQuestionView>,
    /// Records the station asked to have filled in, until they were.
    pub asked: Vec<super::AskedView>,
    /// What is up to the village about a problem, today or soon.
    pub problem_steps: Vec<ProblemStepRow>,
    /// Children somebody else visits, because this person is not to act for them (回避).
    pub recused: u32,
    /// Rounds, changes of the rules, who stands in for whom, and who comes to an age.
    pub notices: Vec<NoticeView>,
}

/// An unfinished visit form.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DraftRow {
    /// Draft id.
    pub draft: String,
    /// Household id.
    pub household: String,
    /// Names of the children concerned.
    pub names: String,
    /// Last change, RFC 3339.
    pub at: String,
    /// Answered questions.
    pub answered: u32,
    /// Questions shown.
    pub total: u32,
    /// It goes on with a saved visit.
    pub fills: bool,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(TodayRow, TodayChild, AgreedView, DraftRow);
