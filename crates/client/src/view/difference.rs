//! What a visit said otherwise than the file.

use super::{OptionView, RowColumnView};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// What a visit said of a child otherwise than its file, and what of it was taken.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DifferencesView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// The child's part of the visit.
    pub record: String,
    /// Day of the visit; what ends does so on that day.
    pub date: String,
    /// Day of a later visit; then this one is compared no more.
    pub later: Option<String>,
    /// What is offered, in the order of the form.
    pub found: Vec<DifferenceView>,
    /// What was taken from this visit and stands.
    pub taken: Vec<TakenView>,
}

/// One thing that was said otherwise.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DifferenceView {
    /// Names it while the file says otherwise.
    pub id: String,
    /// Where in the file: the field, or the block and the row.
    pub title: String,
    /// What was asked.
    pub question: String,
    /// Old and new, column by column.
    pub lines: Vec<DifferenceLineView>,
    /// A row begins.
    pub begins: bool,
    /// Rows of which a person says which it is, with what they say now; empty where that is known.
    pub among: Vec<OptionView>,
    /// Columns the visit did not ask; of one that is not needed it may be said that nobody knows.
    pub needs: Vec<RowColumnView>,
    /// Further columns, where it is none of the rows that stand.
    pub needs_new: Vec<RowColumnView>,
    /// It is the household's, not this child's.
    pub of_household: bool,
    /// The file was written after the visit: by whom and when, in words.
    pub newer: Option<String>,
}

/// Old and new of one value.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DifferenceLineView {
    /// Label.
    pub label: String,
    /// What the file says; null where it says nothing.
    pub before: Option<String>,
    /// What was said.
    pub after: String,
}

/// Something that was taken into the file.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TakenView {
    /// Names it for 撤销.
    pub taken: String,
    /// Where in the file.
    pub title: String,
    /// Old and new.
    pub lines: Vec<DifferenceLineView>,
    /// Who took it, by name.
    pub by: String,
    /// Day.
    pub on: String,
}

/// Takes things that were said otherwise into the file.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TakeDifferencesInput {
    /// Child id.
    pub child: String,
    /// The child's part of the visit.
    pub record: String,
    /// What is taken.
    pub take: Vec<TakeDifference>,
}

/// One of them.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TakeDifference {
    /// Which.
    pub id: String,
    /// Which of the rows it may be; none where that is known, and for a new one.
    #[serde(default)]
    pub row: Option<String>,
    /// Columns the visit did not ask.
    pub values: BTreeMap<String, Vec<String>>,
}

/// Takes back what was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UndoDifferenceInput {
    /// Child id.
    pub child: String,
    /// The child's part of the visit.
    pub record: String,
    /// What was taken.
    pub taken: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    DifferencesView,
    DifferenceView,
    DifferenceLineView,
    TakenView,
    TakeDifferencesInput,
    TakeDifference,
);
