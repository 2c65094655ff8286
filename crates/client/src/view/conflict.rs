//! Fields two people changed: both values, who and when, one tap.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A field with more than one value.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictView {
    /// Id to settle it by.
    pub conflict: String,
    /// Child to open.
    pub child: Option<String>,
    /// 石小雨.
    pub name: String,
    /// Field label.
    pub field: String,
    /// The values.
    pub values: Vec<ConflictValueView>,
}

/// One of the values.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictValueView {
    /// Which (an opaque id).
    pub value: String,
    /// In words.
    pub text: String,
    /// What it takes to see it whole: `tap`, `step_up`; nothing where it stands whole.
    pub reveal: Option<String>,
    /// Who wrote it.
    pub by: String,
    /// Where (village or station).
    pub unit: String,
    /// When, RFC 3339, by that device's clock.
    pub at: String,
    /// Written on this device.
    pub mine: bool,
}

/// All open conflicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictListView {
    /// Open ones.
    pub open: Vec<ConflictView>,
}

/// Choose.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SettleInput {
    /// Conflict id.
    pub conflict: String,
    /// Value id.
    pub value: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(ConflictView, ConflictValueView, SettleInput);
