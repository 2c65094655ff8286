//! 户籍村: which second village knows of a child.

use super::OptionView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the child's file says of it, without a network.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GuestView {
    /// The village it is registered in.
    pub village: String,
    /// The village where it lives, which manages.
    pub managed_by: String,
    /// First day.
    pub since: String,
    /// That day has come.
    pub begun: bool,
    /// Last day, where there is one.
    pub until: Option<String>,
    /// This tablet is that second village's: the file is read, and contacts are added to it.
    pub here: bool,
}

/// The page of one child at the station.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct GuestFormView {
    /// The child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Where it lives.
    pub village: String,
    /// The household's other children.
    pub siblings: Vec<String>,
    /// The other villages of the township.
    pub villages: Vec<OptionView>,
    /// Newest first, those that are over too.
    pub rows: Vec<GuestRow>,
    /// Today.
    pub today: String,
}

/// One second village.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GuestRow {
    /// Id.
    pub id: String,
    /// The village.
    pub village: String,
    /// First day.
    pub since: String,
    /// Last day, where there is one.
    pub until: Option<String>,
    /// waiting | running | over.
    pub state: String,
}

/// Let a second village know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenGuestInput {
    /// The child.
    pub child: String,
    /// Unit id of the village.
    pub village: String,
    /// First day.
    pub from: String,
    /// Last day; empty where it is not known.
    pub until: String,
    /// The household's other children too.
    pub whole_household: bool,
}

/// Say that it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EndGuestInput {
    /// The child.
    pub child: String,
    /// Which.
    pub id: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(GuestView, GuestRow, GuestFormView);
