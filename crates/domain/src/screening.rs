//! Risk screening (domain.md §4.4): what a visit says about a child, added up by a dated pack to a *suggested* level.
//!
//! Nothing is decided here. The level is shown to staff after a visit; a person confirms it or sets it aside with a
//! reason, and only that is written to the child's document. It is no data for the family, for schools or for exports.

mod pack;
mod settled;

pub use pack::{Band, Item, PROBLEMS, ScreeningError, ScreeningPack, Sign};
pub use settled::{Outcome, RISK, SettledLevel};

use crate::file::Facts;
use crate::form::{self, Answers, FormContext, FormPack};
use serde::Serialize;
use std::collections::BTreeSet;

/// What is known about the child besides the answers of the visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Codes of the categories in force.
    pub categories: Vec<String>,
    /// Kinds of the tier facts in force.
    pub facts: Vec<String>,
    /// Visits in a row, this one included, in which the child was not seen.
    pub unseen_visits: u32,
}

/// Where something shows that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The answers of this visit, and the visits before it.
    Visit,
    /// The child's file.
    File,
    /// A problem that is not over.
    Problem,
}

/// An item that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Item code.
    pub code: String,
    /// In words.
    pub label: String,
    /// Points it adds; none for an item that alone makes the level.
    pub points: u32,
    /// It alone makes the level.
    pub red: bool,
    /// Everywhere it shows, the visit first.
    pub sources: Vec<Source>,
    /// The mask of the file all of it is behind.
    pub mask: Option<String>,
}

/// What a screening suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Screening {
    /// Code of the suggested band.
    pub level: String,
    /// Points.
    pub score: u32,
    /// An item alone made the level.
    pub red: bool,
    /// What was found, in the order of the pack.
    pub found: Vec<Found>,
    /// Items this form does not ask about at all.
    pub not_asked: Vec<String>,
}

/// Screens one child of a visit. `answers` are those of a saved visit or a draft; what the short form did not ask counts
/// as not found. `facts` is what the child's file says.
#[must_use]
pub fn screen(
    pack: &ScreeningPack,
    form: &FormPack,
    context: &FormContext,
    answers: &Answers,
    child: &str,
    known: &Known,
    facts: &Facts<'_>,
) -> Screening {
    let mut screening = Screening {
        level: String::new(),
        score: 0,
        red: false,
        found: Vec::new(),
        not_asked: Vec::new(),
    };
    let sources: Vec<&str> = pack.conditions().collect();
    let holds = form::hold(form, context, answers, child, &sources);
    let mut holds = holds.into_iter();
    for item in &pack.items {
        let mut asked = false;
        let mut shown: Vec<&Sign> = Vec::new();
        for sign in &item.signs {
            let (answerable, true_now) = match &sign.when {
                Some(_) => match holds.next().flatten() {
                    Some(held) => (true, held),
                    None => (false, false),
                },
                None => (true, sign.is_known(known, facts)),
            };
            asked |= answerable;
            if true_now {
                shown.push(sign);
            }
        }
        if !asked {
            screening.not_asked.push(item.label.clone());
        }
        if let Some(sign) = shown.iter().max_by_key(|sign| (sign.red, sign.points)) {
            let sources: BTreeSet<Source> = shown.iter().map(|sign| sign.source()).collect();
            let is_masked = shown.iter().all(|sign| sign.mask.is_some());
            screening.score += sign.points;
            screening.red |= sign.red;
            screening.found.push(Found {
                code: item.code.clone(),
                label: item.label.clone(),
                points: sign.points,
                red: sign.red,
                sources: sources.into_iter().collect(),
                mask: sign.mask.clone().filter(|_| is_masked),
            });
        }
    }
    screening.level = pack.level(screening.score, screening.red).code.clone();
    screening
}

#[cfg(test)]
mod tests;
