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

pub use ledgers::{DemoLedger, ledgers};

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days of records before today, unless other days are asked for.
pub const DAYS_OF_RECORDS: i64 = 183;

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
        let villages = (0..villages)
            .map(|index| village(seed, index, villages, (today, days)))
            .collect();
        Self {
            seed,
            today,
            district: "沧浦区".into(),
            district_region: "310199000000".into(),
            township: "芦汀镇".into(),
            township_region: "310199100000".into(),
            station,
            villages,
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
        problems::fill(&mut dice, &mut village, index, today);
    }
    village
}
