//! 未成年人个人信息处理规则: what a family may read of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The rules, and who answers for them.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ChildRulesView {
    /// The how many-th.
    pub version: u32,
    /// Since when, a day.
    pub from: String,
    /// Who is responsible.
    pub name: String,
    /// What she is; may be empty.
    pub duty: String,
    /// Her telephone.
    pub phone: String,
    /// The paper.
    pub parts: Vec<RulesPartView>,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RulesPartView {
    /// Heading; empty before the first.
    pub title: String,
    /// Lines.
    pub lines: Vec<RulesLineView>,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RulesLineView {
    /// text | item | row: of a table, whose first row is its head.
    pub kind: String,
    /// The words; several in a row.
    pub cells: Vec<String>,
}

ids::withhold!(ChildRulesView);
