//! The made-up township 芦汀镇 in 沧浦区: plain data, the same for the same seed.
//!
//! Nobody in it exists: the region 310199 is assigned to no place, so its identity numbers belong to no one,
//! and numbers beginning with 100 are no phone numbers. Whoever wants it in the app feeds it through the client.

mod dice;
mod ledgers;
mod names;
mod notes;
mod oddities;
mod people;
mod problems;
mod records;
#[cfg(test)]
mod tests;
mod year;

pub use ledgers::{DemoLedger, ledgers};

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days of records before today, unless other days are asked for.
pub const DAYS_OF_RECORDS: i64 = 183;
/// From so many days on the township also has what only comes up in a year: [`DemoYear`], and what is written into files.
pub const DAYS_OF_A_YEAR: i64 = 365;

/// The whole township.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoTownship {
    /// Seed it was made from.
    pub seed: u64,
    /// The day the records lead up to.
    pub today: NaiveDate,
    /// District, 沧浦区.
    pub district: String,
    /// District's region code.
    pub district_region: String,
    /// Township, 芦汀镇.
    pub township: String,
    /// Township's region code.
    pub township_region: String,
    /// Staff of the station.
    pub station: Vec<DemoStaff>,
    /// Villages in administrative order.
    pub villages: Vec<DemoVillage>,
    /// What happened between villages and tablets; only in a township of a year.
    pub year: Option<DemoYear>,
}

/// What a year brings that no director does alone on her tablet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoYear {
    /// Somebody stands in for a director on leave.
    pub cover: DemoCover,
    /// Both of them write the same field of a child apart from each other.
    pub apart: DemoApart,
    /// A child moves to another village.
    pub moved: DemoMove,
    /// A file that ended.
    pub ended: DemoEnding,
}

/// Somebody stands in for a village.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoCover {
    /// Key of the village whose director is away.
    pub village: String,
    /// Key of the village whose director stands in.
    pub delegate: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
}

/// A field two people wrote without knowing of each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoApart {
    /// Key of the child.
    pub child: String,
    /// Key of the field of the child's document.
    pub field: String,
    /// What the village's own director wrote.
    pub hers: String,
    /// What the one who stands in wrote.
    pub other: String,
}

/// A child that moves with its household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoMove {
    /// Key of the child.
    pub child: String,
    /// Key of the village it comes from.
    pub from: String,
    /// Key of the village it goes to.
    pub to: String,
    /// Since when it lives there.
    pub on: NaiveDate,
    /// Why.
    pub reason: String,
    /// What the new village's director wrote after her first call.
    pub note: String,
}

/// A file that ends; its proposal is one of the village's writings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoEnding {
    /// Key of the child.
    pub child: String,
    /// The last day.
    pub on: NaiveDate,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoStaff {
    /// Name.
    pub name: String,
    /// director | supervisor | station_head.
    pub role: String,
    /// Phone that is no phone.
    pub phone: String,
    /// First and last day of leave.
    pub leave: Option<(NaiveDate, NaiveDate)>,
}

/// A village.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoVillage {
    /// Short key, e.g. `v1`.
    pub key: String,
    /// Name.
    pub name: String,
    /// Township it belongs to.
    pub township: String,
    /// Twelve-digit region code.
    pub region: String,
    /// Its director.
    pub director: DemoStaff,
    /// Filled with files and records; otherwise its children stand only in its ledgers, to be imported by hand.
    pub filled: bool,
    /// Households.
    pub households: Vec<DemoHousehold>,
    /// Problems reported.
    pub problems: Vec<DemoProblem>,
    /// What the director wrote into files and about her work, by day; only in a township of a year.
    pub writings: Vec<DemoWriting>,
}

/// A row of a file, a field of it, or a piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoWriting {
    /// The day it was written.
    pub on: NaiveDate,
    /// Keys of the children: one for a row and a field, any number for work.
    pub children: Vec<String>,
    /// What it is.
    pub what: DemoWritten,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DemoWritten {
    /// A field of the household.
    HouseholdField {
        /// Key.
        key: String,
        /// Value.
        value: String,
    },
    /// A row of a block of the file, values by column.
    Row {
        /// Block.
        block: String,
        /// Values.
        values: BTreeMap<String, Vec<String>>,
    },
    /// The file is to end.
    Ending {
        /// EXIT_REASON code.
        reason: String,
        /// The last day.
        on: NaiveDate,
        /// What it rests on.
        text: String,
    },
    /// A line of the log, care and help, or an activity, values by column.
    Work {
        /// Block.
        block: String,
        /// Values.
        values: BTreeMap<String, Vec<String>>,
    },
}

/// A household with its children and the trips to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DemoHousehold {
    /// Short key, e.g. `v1-h03`.
    pub key: String,
    /// Fields of the household document: addr, size, group, landmark.
    pub fields: BTreeMap<String, String>,
    /// Children.
    pub children: Vec<DemoChild>,
    /// Visits, oldest first.
    pub visits: Vec<DemoVisit>,
    /// Attempts, oldest first.
    pub attempts: Vec<DemoAttempt>,
}

/// A child.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DemoChild {
    /// Short key, e.g. `v1-h03-c1`.
    pub key: String,
    /// Fields of the child document, stable codes and ISO dates.
    pub fields: BTreeMap<String, String>,
    /// Category codes.
    pub categories: Vec<String>,
    /// Tier facts: kind and words.
    pub facts: BTreeMap<String, String>,
    /// The day the file was opened.
    pub opened_on: NaiveDate,
    /// Newly found by the director, not from a ledger.
    pub is_new: bool,
    /// Pauses.
    pub pauses: Vec<DemoPause>,
    /// Contacts, oldest first.
    pub contacts: Vec<DemoContact>,
    /// Its ledger says what no file may say; the import keeps the cell back.
    pub kept_back: bool,
    /// What is special about this file, for people reading the data; empty for most.
    pub oddity: Option<String>,
}

/// A pause of the cadence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoPause {
    /// PAUSE code.
    pub reason: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day, if known.
    pub to: Option<NaiveDate>,
}

/// An answer as the visit form takes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DemoAnswer {
    /// Chosen codes.
    pub codes: Vec<String>,
    /// Text or date.
    pub text: Option<String>,
}

impl DemoAnswer {
    fn code(code: &str) -> Self {
        Self {
            codes: vec![code.to_owned()],
            text: None,
        }
    }

    fn codes(codes: &[&str]) -> Self {
        Self {
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            text: None,
        }
    }

    fn text(text: impl Into<String>) -> Self {
        Self {
            codes: Vec::new(),
            text: Some(text.into()),
        }
    }
}

/// One trip to a household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoVisit {
    /// Civil date.
    pub date: NaiveDate,
    /// Civil date it was typed in.
    pub recorded_on: NaiveDate,
    /// PLACE code.
    pub place: String,
    /// KIND code.
    pub kind: String,
    /// MET codes.
    pub met: Vec<String>,
    /// Minutes there.
    pub minutes: u32,
    /// Answers of the session part (A, B, G), by question key.
    pub answers: BTreeMap<String, DemoAnswer>,
    /// One part per child the visit concerned.
    pub children: Vec<DemoChildPart>,
    /// Photos taken.
    pub photos: u32,
    /// The risk was screened afterwards, and the suggested level confirmed.
    pub screened: bool,
}

/// A child's part of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoChildPart {
    /// The child's key.
    pub child: String,
    /// The child was seen.
    pub seen: bool,
    /// Answers of the child's part (A_child, C–F, L), by question key.
    pub answers: BTreeMap<String, DemoAnswer>,
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoContact {
    /// Civil date.
    pub date: NaiveDate,
    /// Civil date it was typed in.
    pub recorded_on: NaiveDate,
    /// CONTACT_MODE code.
    pub mode: String,
    /// PARTY codes.
    pub party: Vec<String>,
    /// Somebody answered.
    pub reached: bool,
    /// CHILD_STATE code when reached.
    pub child_state: Option<String>,
    /// TOPIC codes.
    pub topics: Vec<String>,
    /// PARENT_CONTACT code; none when not asked.
    pub parent_contact_ok: Option<String>,
    /// Free text.
    pub note: String,
}

/// A trip on which nobody was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoAttempt {
    /// Civil date.
    pub date: NaiveDate,
    /// ATTEMPT_REASON code.
    pub reason: String,
    /// When she means to come again.
    pub next_on: Option<NaiveDate>,
    /// Free text.
    pub note: String,
}

/// A problem with its story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoProblem {
    /// Short key, e.g. `v1-p02`.
    pub key: String,
    /// Keys of the children concerned, the main one first.
    pub children: Vec<String>,
    /// PROBLEM type, e.g. HAZARD.
    pub kind: String,
    /// Card it was reported with.
    pub card: String,
    /// now | days | later.
    pub urgency: String,
    /// What was seen.
    pub seen: String,
    /// The choice on the mandatory page and its words: (reported, whom and when).
    pub mandatory: Option<(String, String)>,
    /// Events after the report, oldest first.
    pub events: Vec<DemoEvent>,
    /// The day it was reported.
    pub reported_on: NaiveDate,
}

/// An event of a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DemoEvent {
    /// accepted | replied | measure | resolved | closed | returned.
    pub kind: String,
    /// station | director.
    pub by: String,
    /// Civil date.
    pub date: NaiveDate,
    /// Words; empty for accepted.
    pub text: String,
}

impl DemoTownship {
    /// The township for a seed. The first villages are the same however many are asked for.
    ///
    /// Of four villages three are filled; the fourth is left to be imported by hand from its ledgers.
    #[must_use]
    pub fn generate(seed: u64, villages: u32, today: NaiveDate) -> Self {
        Self::generate_over(seed, villages, today, DAYS_OF_RECORDS)
    }

    /// As [`DemoTownship::generate`], with records of so many days.
    #[must_use]
    pub fn generate_over(seed: u64, villages: u32, today: NaiveDate, days: i64) -> Self {
        let mut dice = dice::Dice::new(seed, 0);
        let station = people::station_staff(&mut dice);
        let mut villages: Vec<DemoVillage> = (0..villages)
            .map(|index| village(seed, index, villages, (today, days)))
            .collect();
        let year = (days >= DAYS_OF_A_YEAR)
            .then(|| year::between_villages(&mut villages, today))
            .flatten();
        Self {
            seed,
            today,
            district: "沧浦区".into(),
            district_region: "310199000000".into(),
            township: "芦汀镇".into(),
            township_region: "310199100000".into(),
            station,
            villages,
            year,
        }
    }

    /// All children with their village.
    pub fn children(&self) -> impl Iterator<Item = (&DemoVillage, &DemoChild)> {
        self.villages.iter().flat_map(|village| {
            let children = village
                .households
                .iter()
                .flat_map(|household| &household.children);
            children.map(move |child| (village, child))
        })
    }
}

/// Index of the village whose ledger is left for the hand.
const BY_HAND: u32 = 3;
/// Index of the village over the headcount rule, when there are six or more.
const LARGE: u32 = 5;
/// Index of the village without a child, when there are eight or more; those after it are of every size (domain.md §13).
const NOBODY: u32 = 7;

/// First of the streams of chance of what is written in a year.
const YEAR_STREAM: u64 = 10_000;

fn village(seed: u64, index: u32, villages: u32, (today, days): (NaiveDate, i64)) -> DemoVillage {
    let since = today - TimeDelta::days(days);
    let mut dice = dice::Dice::new(seed, u64::from(index) + 1);
    let children = match index {
        LARGE if villages >= 6 => 33,
        NOBODY if villages >= 8 => 0,
        0..NOBODY => 18 + dice.below(5),
        _ => 3 + dice.below(16),
    };
    let mut village = people::village(&mut dice, index, children, (since, today));
    village.filled = index != BY_HAND;
    oddities::shape(&mut village, index, today);
    if village.filled {
        records::fill(&mut dice, &mut village, since, today);
        oddities::after_records(&mut village, index, today);
        if days >= DAYS_OF_A_YEAR {
            year::shape(&mut village, index, today);
        }
        problems::fill(&mut dice, &mut village, index, today);
        if days >= DAYS_OF_A_YEAR {
            // A stream of its own: the rest of the township stays as it is.
            let mut dice = dice::Dice::new(seed, YEAR_STREAM + u64::from(index));
            year::write(&mut dice, &mut village, since, today);
        }
    }
    village
}
