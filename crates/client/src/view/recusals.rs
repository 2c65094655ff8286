//! 回避: who is not to act for a family, and who visits instead.

use super::{DueView, OptionView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the child's file says of it, without a network; why is not among it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecusedView {
    /// Who is not to act.
    pub person: String,
    /// Oneself.
    pub this: bool,
    /// Who visits instead; the station when nobody is named.
    pub stead: Option<String>,
    /// Who was named to visit and does not work for the village any more; nobody visits in her stead.
    pub gone: Option<String>,
    /// First day.
    pub since: String,
}

/// A family the station is to visit because its director is not to.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct InsteadRow {
    /// The child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village.
    pub village: String,
    /// In whose stead.
    pub person: String,
    /// Who is named to visit; the station when nobody is.
    pub stead: Option<String>,
    /// Who was named to visit and does not work for the village any more; nobody visits in her stead.
    pub gone: Option<String>,
    /// Earliest date.
    pub due: Option<DueView>,
}

/// The page of one family.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecusalsView {
    /// The child from whose file it was opened.
    pub child: String,
    /// The children of the household.
    pub names: String,
    /// Village.
    pub village: String,
    /// Today, for the form.
    pub today: String,
    /// Newest first, those that are over too.
    pub rows: Vec<RecusalRow>,
    /// Who may be told not to act.
    pub people: Vec<OptionView>,
    /// Who may visit instead.
    pub steads: Vec<OptionView>,
    /// Why, the policy's list.
    pub reasons: Vec<OptionView>,
}

/// One recusal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecusalRow {
    /// Id.
    pub id: String,
    /// Who.
    pub person: String,
    /// Who visits instead; the station when nobody is named.
    pub stead: Option<String>,
    /// Who was named to visit and does not work for the village any more; nobody visits in her stead.
    pub gone: Option<String>,
    /// Why, in words; empty where it is not known any more.
    pub reason: String,
    /// Who said so.
    pub said_by: Option<String>,
    /// First day.
    pub since: String,
    /// Last day, where there is one.
    pub until: Option<String>,
    /// It stands now.
    pub stands: bool,
    /// This person may end it: she is not the one it is about.
    pub may_end: bool,
}

/// Say that somebody is not to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecuseInput {
    /// A child of the household.
    pub child: String,
    /// Staff id of who is not to act.
    pub staff: String,
    /// Staff id of who visits instead; empty for the station.
    pub stead: String,
    /// Why: a code of the policy's list.
    pub reason: String,
    /// Last day; empty where it is not known.
    pub until: String,
}

/// Say that it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EndRecusalInput {
    /// A child of the household.
    pub child: String,
    /// Which.
    pub id: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RecusedView, InsteadRow, RecusalRow, RecusalsView);
