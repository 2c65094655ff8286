//! Rounds the station opens for its villages.

use super::child::OptionView;
use super::today::DueKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RoundState {
    /// Its first day is ahead.
    Coming,
    /// It asks.
    Runs,
    /// Its last day is over.
    Over,
}

/// The rounds that were opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RoundsView {
    /// The one that begins last comes first.
    pub rows: Vec<RoundRow>,
    /// Villages the next one may be for.
    pub villages: Vec<OptionView>,
    /// Tiers it may be for.
    pub tiers: Vec<OptionView>,
    /// So many days at most.
    pub most_days: u32,
}

/// A round.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RoundRow {
    /// Its id.
    pub round: String,
    /// What it is called.
    pub name: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// What it asks for.
    pub kinds: Vec<DueKind>,
    /// Tiers it is for, in words; everybody where there is none.
    pub tiers: Vec<String>,
    /// Dates and misses follow it; otherwise it only reminds.
    pub binding: bool,
    /// Villages, by name.
    pub villages: Vec<String>,
    /// Who opened it.
    pub by: String,
    /// Where it stands.
    pub state: RoundState,
    /// How many children it asks for now.
    pub of: u32,
    /// How many of them are left.
    pub left: u32,
}

/// Open a round.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RoundInput {
    /// What it is called.
    pub name: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// What it asks for.
    pub kinds: Vec<DueKind>,
    /// Tiers it is for; none is everybody.
    pub tiers: Vec<String>,
    /// Dates and misses follow it.
    pub binding: bool,
    /// Villages.
    pub villages: Vec<String>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RoundRow, RoundInput);
