//! The file's rows, its tier, its months, and what a person should look at.

use super::child::{OptionView, RecordState};
use super::today::DueKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// The rows of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FileRowsView {
    /// What one row is called: 一种病.
    pub one: String,
    /// Columns in order.
    pub columns: Vec<RowColumnView>,
    /// Rows that hold today, oldest first.
    pub rows: Vec<FileRowView>,
    /// Rows that are over, newest first.
    pub past: Vec<FileRowView>,
    /// May this person add a row?
    pub editable: bool,
}

/// A column of a block's rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RowColumnView {
    /// Stable key.
    pub key: String,
    /// Chinese label.
    pub label: String,
    /// one | many | text | words | date | phone | id_no | number | certificate | area: how to write it.
    pub kind: String,
    /// Choices.
    pub options: Vec<OptionView>,
    /// It must be filled.
    pub need: bool,
    /// Its value is masked: nothing typed leaves it as it is.
    pub masked: bool,
}

/// One row.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FileRowView {
    /// Entry id.
    pub row: String,
    /// Its first column in words.
    pub head: String,
    /// The others that say something.
    pub lines: Vec<RowLineView>,
    /// Values for writing it anew, by column; masked ones are left out.
    pub values: BTreeMap<String, Vec<String>>,
    /// Who wrote it.
    pub by: String,
    /// On which civil date.
    pub on: String,
    /// State of the record.
    pub state: RecordState,
    /// May be put right or ended by this person.
    pub editable: bool,
    /// May be taken away by this person.
    pub removable: bool,
}

/// One value of a row in words.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RowLineView {
    /// `block/row/column`, for looking behind a mask with holder `row`.
    pub key: String,
    /// Label of the column.
    pub label: String,
    /// What it says, masked where it must be.
    pub text: String,
    /// What 看一下 takes: tap | step_up; null when there is nothing more to see.
    pub reveal: Option<String>,
    /// Why it wants a look, in words.
    pub flag: Option<String>,
}

/// Write a row, or one in the place of an earlier one.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FileRowInput {
    /// Child whose file is open.
    pub child: String,
    /// Block.
    pub block: String,
    /// The row it stands in the place of.
    pub replaces: Option<String>,
    /// Values by column; a column that is left out stays as it was.
    pub values: BTreeMap<String, Vec<String>>,
}

/// Take a row away that should not be there (作废).
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TakeRowInput {
    /// Child whose file is open.
    pub child: String,
    /// Block.
    pub block: String,
    /// The row.
    pub row: String,
    /// Why.
    pub reason: String,
}

/// How often, since when and why.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TierView {
    /// 一般, 重点.
    pub name: String,
    /// Higher-frequency tier.
    pub enhanced: bool,
    /// Since which day.
    pub since: String,
    /// 每月一次, for visits and contacts.
    pub every: Vec<String>,
    /// What put the child there.
    pub words: Vec<String>,
    /// The tier it would be if lowering was approved; null where there is nothing to approve.
    pub lower_to: Option<String>,
    /// May this person approve it?
    pub may_lower: bool,
    /// What was approved before, newest first.
    pub lowered: Vec<String>,
    /// What the newest visit thinks of how often, in words, while nobody decided about it.
    pub suggested: Option<String>,
    /// When it was said that they stay as many, newest first.
    pub kept: Vec<String>,
}

/// Leave it as it is, though a visit thought otherwise.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct KeepTierInput {
    /// Child.
    pub child: String,
    /// Why.
    pub reason: String,
    /// What was read: where a newer visit thinks otherwise by now, nothing is said about it unread.
    #[serde(default)]
    #[ts(optional)]
    pub suggested: Option<String>,
}

/// Approve a lower tier.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LowerTierInput {
    /// Child.
    pub child: String,
    /// Why.
    pub reason: String,
}

/// How a month went for one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MonthMark {
    /// No cadence then.
    None,
    /// Done.
    Done,
    /// Done, and a period passed without it.
    Partly,
    /// A period passed without it.
    Missed,
    /// Paused.
    Paused,
    /// Nothing had to be done.
    Free,
    /// This month, still to be done.
    Open,
}

/// A month of the strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MonthView {
    /// Its first day.
    pub month: String,
    /// How contacts went.
    pub contact: MonthMark,
    /// How many counted.
    pub contacts: u32,
    /// How visits went.
    pub visit: MonthMark,
    /// How many counted.
    pub visits: u32,
}

/// A period that passed without what it asked for. It is kept; a note may say why.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MissView {
    /// Contact or visit.
    pub kind: DueKind,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// In words.
    pub text: String,
    /// Why, in words; null as long as nobody said.
    pub reason: Option<String>,
    /// Who said so.
    pub by: Option<String>,
}

/// Say why a period passed.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MissInput {
    /// Child.
    pub child: String,
    /// Contact or visit.
    pub kind: DueKind,
    /// First day of the period.
    pub from: String,
    /// Last day of the period.
    pub to: String,
    /// OVERDUE_REASON code.
    pub reason: String,
    /// Free text.
    pub note: String,
}

/// A round the child is in.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CampaignView {
    /// Its name.
    pub name: String,
    /// Contact or visit.
    pub kind: DueKind,
    /// Last day.
    pub to: String,
    /// It was done.
    pub done: bool,
}

/// How much weight a hint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HintWeight {
    /// The law says how it must be.
    Law,
    /// A day comes.
    Soon,
    /// Something may be asked for.
    Ask,
}

/// What a person should look at.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct HintView {
    /// Stable code.
    pub code: String,
    /// How much weight it has.
    pub weight: HintWeight,
    /// What is said.
    pub text: String,
    /// The sentence of the law.
    pub law: Option<String>,
    /// Card of the report screen that fits.
    pub report: Option<String>,
}

/// A field that is still to ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ToAskView {
    /// Document of the field.
    pub holder: String,
    /// Key of the field.
    pub key: String,
    /// Its label.
    pub label: String,
}

/// What another rule pack changes for some children.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RuleChangeView {
    /// First day.
    pub from: String,
    /// Name of the pack, and where its rules come from.
    pub pack: String,
    /// Contact or visit.
    pub kind: DueKind,
    /// How often until then; null without a cadence.
    pub before: Option<String>,
    /// How often from then on; null without a cadence.
    pub after: Option<String>,
    /// For whom, with the first date under the new rule.
    pub children: Vec<ComingRow>,
}

/// What a child's family may ask for; hints, never a promise.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BenefitsView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// Benefits that are applied for together (一件事).
    pub together: Vec<BenefitView>,
    /// The others.
    pub others: Vec<BenefitView>,
    /// What father's and mother's rows say together; null where a parent can.
    pub unattended: Option<UnattendedView>,
}

/// A benefit that is worth asking about.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BenefitView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Every reason.
    pub why: Vec<String>,
    /// Papers to bring.
    pub papers: Vec<String>,
    /// Who confirms.
    pub confirms: String,
    /// What to do.
    pub how: String,
    /// What is paid today, in words.
    pub amount: Option<String>,
    /// Kind of the file's row that says the family was told; null where the file keeps none.
    pub row: Option<String>,
    /// The family was told.
    pub told: bool,
}

/// What father's and mother's rows say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UnattendedKind {
    /// Both are gone.
    Orphan,
    /// Neither can, as far as the file says.
    Likely,
    /// It depends on a parent of whom too little is known, or on a day.
    Open,
}

/// What father's and mother's rows say together, and the papers that show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UnattendedView {
    /// What seems to be.
    pub kind: UnattendedKind,
    /// The father.
    pub father: ParentView,
    /// The mother.
    pub mother: ParentView,
    /// Papers to bring.
    pub papers: Vec<String>,
}

/// What the file says of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ParentState {
    /// Too little.
    Unknown,
    /// Nothing that counts.
    Able,
    /// Something that counts.
    Counts,
    /// Something that will count from a day on, or has no day yet.
    NotYet,
}

/// A parent.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ParentView {
    /// What the file says.
    pub state: ParentState,
    /// What it is, in words.
    pub words: Option<String>,
    /// The day it counts from, where that is still to come.
    pub from: Option<String>,
}

/// A child on a list of what comes.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ComingRow {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village name.
    pub village: String,
    /// What it is about, in words.
    pub text: String,
    /// The day it is about.
    pub on: Option<String>,
}

/// A matter the station's head decides, and every head is not to act for the family (回避).
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct HeadlessRow {
    /// Problem id.
    pub problem: String,
    /// Children's names; empty where this person is told its number alone.
    pub names: String,
    /// Type in words, or that number.
    pub kind: String,
    /// It is a matter of life and safety that is not closed.
    pub open: bool,
    /// The district waits for an answer about it.
    pub asked: bool,
}

/// What comes and wants a look, for everybody this device knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ComingView {
    /// Files somebody proposed to end, to reopen or to merge.
    pub status: Vec<ComingRow>,
    /// What waits for another head than the station has; at the station.
    pub headless: Vec<HeadlessRow>,
    /// The law says how it must be.
    pub law: Vec<ComingRow>,
    /// Birthdays on which a category ends.
    pub ageing: Vec<ComingRow>,
    /// Files whose last category ended by age, to be closed or looked at.
    pub ended: Vec<ComingRow>,
    /// Tiers that wait for somebody who approves lowering.
    pub lowering: Vec<ComingRow>,
    /// Who visits thinks that the visits should be more or fewer.
    pub suggested: Vec<ComingRow>,
    /// Who is paused now, and until when.
    pub paused: Vec<ComingRow>,
    /// Days that come.
    pub soon: Vec<ComingRow>,
    /// Files that were to be full by now and are not.
    pub unfilled: Vec<ComingRow>,
    /// What families may ask for and were not told about yet.
    pub benefits: Vec<ComingRow>,
    /// Changes of the rules.
    pub changes: Vec<RuleChangeView>,
    /// At the station: years of which the rules have no holidays, so that their dates count Monday to Friday.
    pub years_without_holidays: Vec<i32>,
    /// At the station: the last day of the terms the rules know, where it is near or past.
    pub terms_until: Option<String>,
}

/// What a notice above 今天 is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A round runs: so many children are left.
    Campaign,
    /// The rules change for so many children.
    Change,
    /// I stand in for a village.
    StandIn,
    /// Somebody stands in for my village.
    Covered,
    /// So many children come to an age.
    Ageing,
    /// So many children who are registered here live in another village.
    Registered,
}

/// A line above the list 今天.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NoticeView {
    /// What it is about.
    pub kind: NoticeKind,
    /// Name of the round, the pack, the village or the person.
    pub name: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
    /// How many children.
    pub count: u32,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    FileRowView,
    RowLineView,
    FileRowInput,
    TierView,
    MissView,
    MissInput,
    CampaignView,
    HintView,
    ComingRow,
    HeadlessRow,
    NoticeView,
    BenefitsView,
    BenefitView,
    ParentView,
    TakeRowInput,
    KeepTierInput,
    LowerTierInput,
);
