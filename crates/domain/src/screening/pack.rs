//! The screening pack (`policy/risk-*.json`): items with their signs, and bands.

use super::{Known, Source};
use crate::file::{Condition, Facts};
use serde::Deserialize;
use std::collections::BTreeSet;
use thiserror::Error;

/// A screening pack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScreeningPack {
    /// Id, e.g. `risk-cn-1`.
    pub id: String,
    /// Version, counting up.
    pub version: u32,
    /// Name on the screen.
    pub name: String,
    /// Items in order.
    pub items: Vec<Item>,
    /// Bands, the highest first; the last begins at 0.
    pub bands: Vec<Band>,
}

/// Something that may be found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Item {
    /// Stable code, e.g. `R06`.
    pub code: String,
    /// In words.
    pub label: String,
    /// Any of these makes it found; the heaviest counts.
    pub signs: Vec<Sign>,
}

/// One way an item shows. Exactly one of the conditions is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// Points it adds.
    #[serde(default)]
    pub points: u32,
    /// It alone makes the highest band.
    #[serde(default)]
    pub red: bool,
    /// A condition on the answers, in the language of forms.
    #[serde(default)]
    pub when: Option<String>,
    /// Or one of these categories.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Or one of these facts.
    #[serde(default)]
    pub facts: Vec<String>,
    /// Or what the child's file says; all of it must hold.
    #[serde(default)]
    pub file: Vec<Condition>,
    /// Or so many visits in a row without seeing the child.
    #[serde(default)]
    pub unseen_visits: Option<u32>,
    /// What shows it is behind this mask of the file (`psychology`): whoever does not see it there is not told it here.
    #[serde(default)]
    pub mask: Option<String>,
}

/// The block of facts that tells which kinds of problems are open; no block of the file has this name.
pub const PROBLEMS: &str = "problems";

impl Sign {
    /// What is known without answers shows it.
    pub(super) fn is_known(&self, known: &Known, facts: &Facts<'_>) -> bool {
        let any =
            |wanted: &[String], there: &[String]| wanted.iter().any(|one| there.contains(one));
        any(&self.categories, &known.categories)
            || any(&self.facts, &known.facts)
            || self.is_in_file(facts)
            || self
                .unseen_visits
                .is_some_and(|most| known.unseen_visits >= most)
    }

    fn is_in_file(&self, facts: &Facts<'_>) -> bool {
        !self.file.is_empty() && self.file.iter().all(|one| one.holds(facts))
    }

    /// Where it shows.
    pub(super) fn source(&self) -> Source {
        let of_problems = |one: &Condition| one.row.as_deref() == Some(PROBLEMS);
        match self {
            _ if self.when.is_some() || self.unseen_visits.is_some() => Source::Visit,
            _ if self.file.iter().any(of_problems) => Source::Problem,
            _ => Source::File,
        }
    }
}

/// A band of points.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Band {
    /// Stable code.
    pub code: String,
    /// In words.
    pub label: String,
    /// Points from which it holds.
    pub from: u32,
    /// The band a red item makes.
    #[serde(default)]
    pub red: bool,
}

/// Why a screening pack cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScreeningError {
    /// Not JSON, or not of this shape.
    #[error("读不懂风险筛查的规则：{0}")]
    Malformed(String),
    /// Bands do not go down to 0, or none is for red items.
    #[error("分级要从高到低写，最后一级从 0 开始，第一级写 red")]
    Bands,
    /// A sign with no condition or with two, or that adds nothing.
    #[error("“{0}”：每条要写一个条件，再写 points 或 red")]
    Sign(String),
    /// A code used twice.
    #[error("“{0}”用了两次")]
    Duplicate(String),
}

impl ScreeningPack {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// Names the item and the cause in Chinese.
    pub fn from_json(json: &str) -> Result<Self, ScreeningError> {
        let pack: Self = serde_json::from_str(json)
            .map_err(|error| ScreeningError::Malformed(error.to_string()))?;
        let falling = pack
            .bands
            .windows(2)
            .all(|pair| pair[0].from > pair[1].from);
        let ends = pack.bands.last().is_some_and(|band| band.from == 0);
        let red = pack.bands.iter().position(|band| band.red) == Some(0);
        if !falling || !ends || !red {
            return Err(ScreeningError::Bands);
        }
        let mut codes = BTreeSet::new();
        for item in &pack.items {
            if !codes.insert(&item.code) {
                return Err(ScreeningError::Duplicate(item.code.clone()));
            }
            let sound = |sign: &Sign| {
                let conditions = usize::from(sign.when.is_some())
                    + usize::from(!sign.categories.is_empty())
                    + usize::from(!sign.facts.is_empty())
                    + usize::from(!sign.file.is_empty())
                    + usize::from(sign.unseen_visits.is_some());
                conditions == 1 && sign.red != (sign.points > 0)
            };
            if item.signs.is_empty() || !item.signs.iter().all(sound) {
                return Err(ScreeningError::Sign(item.code.clone()));
            }
        }
        Ok(pack)
    }

    /// The conditions on answers, in the order of items and signs.
    pub fn conditions(&self) -> impl Iterator<Item = &str> {
        let signs = self.items.iter().flat_map(|item| &item.signs);
        signs.filter_map(|sign| sign.when.as_deref())
    }

    /// The band of a score.
    #[must_use]
    pub fn level(&self, score: u32, red: bool) -> &Band {
        self.bands
            .iter()
            .find(|band| (red && band.red) || score >= band.from)
            .expect("the last band begins at 0")
    }

    /// A band by code.
    #[must_use]
    pub fn band(&self, code: &str) -> Option<&Band> {
        self.bands.iter().find(|band| band.code == code)
    }

    /// Going from one level to the other lowers it out of the highest band: for a supervisor to say (domain.md §4.4).
    #[must_use]
    pub fn lowers_the_highest(&self, from: &str, to: &str) -> bool {
        self.band(from).is_some_and(|band| band.red) && from != to
    }
}
