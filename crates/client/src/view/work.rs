//! The work log of a month, and the work a person writes down herself.

use super::{AttachmentView, RowColumnView, RowLineView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// What a person wrote down herself: a line, care and help, an activity.
    Written,
}

/// Which piece of work, to put it right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkRefView {
    /// Block of the fields' pack.
    pub block: String,
    /// Record id.
    pub record: String,
}

/// A line of the work log.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkLineView {
    /// What it is about.
    pub kind: WorkKind,
    /// Children it concerns; empty where the matter is sealed.
    pub names: Vec<String>,
    /// One or two sentences; the number where the matter is sealed.
    pub text: String,
    /// Kind of the problem's event; null for everything else.
    pub step: Option<String>,
    /// What it is called, where the kind is data: 关爱帮扶：物资.
    pub title: Option<String>,
    /// Where it is put right; null for everything that is recorded elsewhere.
    pub work: Option<WorkRefView>,
}

/// A kind of work that is written down by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkKindView {
    /// Block of the fields' pack.
    pub block: String,
    /// What one is called: 一次关爱帮扶.
    pub one: String,
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
    /// What may be written down by hand.
    pub kinds: Vec<WorkKindView>,
}

/// Which piece of work is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkFormInput {
    /// Block of the fields' pack.
    pub block: String,
    /// The record that is put right; null for a new one.
    pub record: Option<String>,
}

/// A child a piece of work may be about.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkChildView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village name.
    pub village: String,
    /// It is about this child already.
    pub chosen: bool,
}

/// What the page that writes a piece of work asks.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkFormView {
    /// Block of the fields' pack.
    pub block: String,
    /// What one is called.
    pub one: String,
    /// What is asked, in order.
    pub columns: Vec<RowColumnView>,
    /// It is about one child at least.
    pub must_name: bool,
    /// There is a list to sign.
    pub signs: bool,
    /// Children it may be about.
    pub children: Vec<WorkChildView>,
    /// Column with its day.
    pub day: String,
    /// What it says so far, by column.
    pub values: BTreeMap<String, Vec<String>>,
    /// It may have photos.
    pub photos: bool,
    /// Photos it has.
    pub attachments: Vec<AttachmentView>,
}

/// Write a piece of work, or one anew.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkInput {
    /// Block of the fields' pack.
    pub block: String,
    /// The record that is put right; null for a new one.
    pub record: Option<String>,
    /// Children it is about.
    pub children: Vec<String>,
    /// Values by column; several for a multiple choice.
    pub values: BTreeMap<String, Vec<String>>,
    /// Sheet its photos hang on.
    #[serde(default)]
    #[ts(optional)]
    pub sheet: Option<String>,
}

/// Take a piece of one's own work away.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TakeWorkInput {
    /// Block of the fields' pack.
    pub block: String,
    /// Record id.
    pub record: String,
    /// Why.
    pub reason: String,
}

/// A piece of work was saved on this device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkSavedView {
    /// Record id.
    pub record: String,
}

/// What a family was given at a visit.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct GoodsView {
    /// A child of the visit.
    pub child: String,
    /// Its part of the visit.
    pub record: String,
    /// What, and how many.
    pub text: String,
    /// The children in whose files it is filed.
    pub names: String,
    /// It stands there.
    pub is_filed: bool,
}

/// The list to sign of an activity.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SignListView {
    /// What the activity is called.
    pub title: String,
    /// What is known of it.
    pub lines: Vec<RowLineView>,
    /// Children who take part.
    pub names: Vec<String>,
    /// Photos of it.
    pub attachments: Vec<AttachmentView>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    WorkLineView,
    WorkLogView,
    WorkChildView,
    WorkFormView,
    WorkInput,
    TakeWorkInput,
    GoodsView,
    SignListView
);
