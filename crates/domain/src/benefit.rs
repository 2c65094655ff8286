//! What a family may ask for (domain.md §10): hints with reasons, papers and the one who confirms; never a promise.
//!
//! Which benefit is asked about when, what papers it wants and what it pays since when is data
//! (`policy/benefits-*.json`). A hint decides nothing: it is a sentence for the director and a list of papers.

mod unattended;

pub use unattended::{Parent, Unattended, UnattendedPack, Verdict};

use crate::calendar::{add_days, month_day_words};
use crate::file::{Condition, Facts};
use crate::record::Entry;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The benefits of a place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BenefitPack {
    /// Stable id, e.g. `benefits-sh-1`.
    pub id: String,
    /// Newer packs stand over older ones.
    pub version: u32,
    /// Benefits in the order a screen shows them.
    pub benefits: Vec<BenefitRule>,
    /// Benefits that are applied for together (一件事), by code.
    #[serde(default)]
    pub bundle: Vec<String>,
    /// Codes of the list BENEFIT_STATUS with which a row says that the asking is over, one way or the other.
    #[serde(default = "settled")]
    pub settled: Vec<String>,
    /// After how many days it is worth asking again, by what came of it (a status that ends the asking). What is not named
    /// ends it for good.
    #[serde(default)]
    pub again: BTreeMap<String, u32>,
    /// The test for children nobody brings up though a parent lives (domain.md §10.2).
    pub unattended: UnattendedPack,
}

/// One benefit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct BenefitRule {
    /// Stable code, e.g. `B01`.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// Codes of the list BENEFIT under which the file says that it was asked for; none for what the file keeps no row of.
    #[serde(default)]
    pub rows: Vec<String>,
    /// When it is worth asking; any of them.
    pub reasons: Vec<Reason>,
    /// Papers to bring.
    #[serde(default)]
    pub papers: Vec<String>,
    /// Who confirms.
    pub confirms: String,
    /// What to do.
    pub how: String,
    /// What is paid, by the day it began.
    #[serde(default)]
    pub amounts: Vec<Amount>,
}

/// Why a benefit is worth asking about.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reason {
    /// What is said.
    pub text: String,
    /// All must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// The test for children nobody brings up has this outcome.
    #[serde(default)]
    pub unattended: Option<Verdict>,
    /// And this was said in the newest visit, in the language of forms.
    #[serde(default)]
    pub said: Option<String>,
    /// That visit was at most so many days ago.
    #[serde(default)]
    pub said_days: Option<u32>,
}

/// What was said in the newest visit, besides what the file says.
pub trait NewestVisit {
    /// Its day, if a condition in the language of forms holds for its answers.
    fn said(&self, condition: &str) -> Option<NaiveDate>;
}

/// What is paid since a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Amount {
    /// First day.
    pub from: NaiveDate,
    /// In words: 每月3200元.
    pub text: String,
}

/// How far the family is with a benefit, as the file's rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// No row says anything, or one says 可能符合.
    Open,
    /// 告诉过家里.
    Told,
}

/// A benefit that is worth asking about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenefitHint {
    /// Code of the benefit.
    pub code: String,
    /// Name.
    pub name: String,
    /// Every reason that holds.
    pub why: Vec<String>,
    /// Papers to bring.
    pub papers: Vec<String>,
    /// Who confirms.
    pub confirms: String,
    /// What to do.
    pub how: String,
    /// What is paid today, in words.
    pub amount: Option<String>,
    /// Code a row of the file is written under when the family was told; none where the file keeps no row.
    pub row: Option<String>,
    /// How far it is.
    pub standing: Standing,
    /// It is applied for together with the others of the bundle.
    pub is_bundled: bool,
}

/// What packs of before this was theirs to say meant.
fn settled() -> Vec<String> {
    ["applied", "granted", "no", "declined"]
        .map(str::to_owned)
        .to_vec()
}

const TOLD: &str = "told";
/// The block of rows that says what a family gets.
const BLOCK: &str = "benefit";
/// Its columns that say since when, and which benefit.
const SINCE: &str = "since";
const KIND: &str = "kind";

impl BenefitPack {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// In words: it is no such pack, or what it says cannot be.
    pub fn parse(json: &str) -> Result<Self, String> {
        let pack: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut codes = BTreeSet::new();
        for rule in &pack.benefits {
            if rule.code.is_empty() || !codes.insert(rule.code.as_str()) {
                return Err(format!(
                    "benefits.{}: a code of its own is needed",
                    rule.code
                ));
            }
            for reason in &rule.reasons {
                let says_nothing = reason.when.is_empty() && reason.unattended.is_none();
                if says_nothing && reason.said.is_none() {
                    return Err(format!(
                        "benefits.{}: a reason without a condition would always hold",
                        rule.code
                    ));
                }
            }
        }
        if let Some(code) = pack
            .bundle
            .iter()
            .find(|code| !codes.contains(code.as_str()))
        {
            return Err(format!("bundle: there is no benefit {code}"));
        }
        if let Some(status) = pack.again.keys().find(|status| !pack.settles(status)) {
            return Err(format!("again: {status} does not end the asking"));
        }
        pack.unattended.check()?;
        Ok(pack)
    }

    /// What it asks of a visit, in the language of forms.
    pub fn conditions(&self) -> impl Iterator<Item = &str> {
        let reasons = self.benefits.iter().flat_map(|rule| &rule.reasons);
        reasons.filter_map(|reason| reason.said.as_deref())
    }

    /// What is worth asking about for a child, in the order of the pack.
    #[must_use]
    pub fn hints(&self, facts: &Facts<'_>, visit: &dyn NewestVisit) -> Vec<BenefitHint> {
        let unattended = self.unattended(facts);
        self.benefits
            .iter()
            .filter_map(|rule| self.hint(rule, facts, visit, unattended.verdict))
            .collect()
    }

    /// The test for children nobody brings up, from the members of the household.
    #[must_use]
    pub fn unattended(&self, facts: &Facts<'_>) -> Unattended {
        let members = facts.rows.get("members").map_or(&[][..], Vec::as_slice);
        self.unattended.test(members, facts.today)
    }

    fn hint(
        &self,
        rule: &BenefitRule,
        facts: &Facts<'_>,
        visit: &dyn NewestVisit,
        verdict: Verdict,
    ) -> Option<BenefitHint> {
        let is_own = |row: &&Entry| {
            let kind = row.text(KIND);
            kind.is_some_and(|kind| rule.rows.iter().any(|code| code == kind))
        };
        let newest = facts.newest(BLOCK, SINCE, Some(KIND)).into_iter();
        let own: Vec<&Entry> = newest.filter(is_own).collect();
        if own.iter().any(|row| self.is_settled(row, facts.today)) {
            return None;
        }
        let why: Vec<String> = rule
            .reasons
            .iter()
            .filter(|reason| reason.unattended.is_none_or(|wanted| wanted == verdict))
            .filter(|reason| reason.when.iter().all(|condition| condition.holds(facts)))
            .filter_map(|reason| reason.words(facts.today, visit))
            .collect();
        (!why.is_empty()).then(|| BenefitHint {
            code: rule.code.clone(),
            name: rule.name.clone(),
            why,
            papers: rule.papers.clone(),
            confirms: rule.confirms.clone(),
            how: rule.how.clone(),
            amount: rule.amount_on(facts.today),
            row: rule.rows.first().cloned(),
            standing: match own.iter().any(|row| row.text("status") == Some(TOLD)) {
                true => Standing::Told,
                false => Standing::Open,
            },
            is_bundled: self.bundle.contains(&rule.code),
        })
    }

    fn settles(&self, status: &str) -> bool {
        self.settled.iter().any(|one| one == status)
    }

    /// The row says that the asking is over, and not so long ago that it is worth asking again.
    fn is_settled(&self, row: &Entry, today: NaiveDate) -> bool {
        let Some(status) = row.text("status").filter(|one| self.settles(one)) else {
            return false;
        };
        let day = row.date(SINCE).max(row.date("recorded_on"));
        let is_long_ago = |days: &u32| day.is_some_and(|day| add_days(day, *days) <= today);
        !self.again.get(status).is_some_and(is_long_ago)
    }
}

impl Reason {
    /// What is said, with its source where that is a visit; none where the visit did not say it.
    fn words(&self, today: NaiveDate, visit: &dyn NewestVisit) -> Option<String> {
        let Some(condition) = &self.said else {
            return Some(self.text.clone());
        };
        let day = visit.said(condition)?;
        let is_recent = |days: u32| today <= add_days(day, days);
        self.said_days
            .is_none_or(is_recent)
            .then(|| format!("走访时说（{}）：{}", month_day_words(day), self.text))
    }
}

impl BenefitRule {
    /// What is paid on a day, in words.
    #[must_use]
    pub fn amount_on(&self, day: NaiveDate) -> Option<String> {
        self.amounts
            .iter()
            .filter(|amount| amount.from <= day)
            .max_by_key(|amount| amount.from)
            .map(|amount| amount.text.clone())
    }
}

#[cfg(test)]
mod tests;
