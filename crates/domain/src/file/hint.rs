//! What a person should look at when the file says so: the law's limits, days that come, what may be asked for.
//!
//! A hint is a sentence for the director. It decides nothing, and nothing follows from it by itself.

use crate::calendar::{add_days, completed_years, full_date_words};
use crate::record::Entry;
use crate::scalar::Scalar;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How much weight a hint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintLevel {
    /// The law says how it must be.
    Law,
    /// A day comes.
    Soon,
    /// Something may be asked for or looked at.
    Ask,
}

/// A rule of the pack.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HintRule {
    /// Stable code.
    pub code: String,
    /// How much weight it has.
    pub level: HintLevel,
    /// All must hold.
    pub when: Vec<Condition>,
    /// What is said; `{date}` is the day that was found, `{row}` the row's headline, `{field}` what a field of that key says.
    pub text: String,
    /// The sentence of the law.
    #[serde(default)]
    pub law: Option<String>,
    /// Card of the report screen that fits.
    #[serde(default)]
    pub report: Option<String>,
}

/// Something the file says. Everything that is named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// One of these must hold.
    pub any: Vec<Condition>,
    /// Only in one of these times of the year.
    pub season: Vec<Season>,
    /// A field by key.
    pub field: Option<String>,
    /// A block of rows: one of its rows must fit.
    pub row: Option<String>,
    /// Of the rows that are over, instead of those that hold.
    pub ended: bool,
    /// The column of that row that `in`, `within_days`, `past_days` or `recent_days` speak of.
    pub column: Option<String>,
    /// What further columns of the same row say.
    pub beside: Vec<Condition>,
    /// The value is one of these; of several chosen ones, any.
    #[serde(rename = "in")]
    pub any_of: Vec<String>,
    /// The value is none of these, or there is none.
    pub not_in: Vec<String>,
    /// There is no value, or no row.
    pub missing: bool,
    /// There is a value.
    pub present: bool,
    /// None of the block's rows fits.
    pub none: bool,
    /// The value is a day that comes within so many days, or has come.
    pub within_days: Option<u32>,
    /// The value is a day so many days ago or more.
    pub past_days: Option<u32>,
    /// The value is a day at most so many days ago.
    pub recent_days: Option<u32>,
    /// The value is a day so many whole years ago or more.
    pub past_years: Option<u32>,
    /// The value is a number, this or more.
    pub at_least: Option<u32>,
    /// The value is what this field of the file says.
    pub same_as: Option<String>,
    /// Completed years, at least.
    pub age_from: Option<u32>,
    /// Completed years, below.
    pub age_below: Option<u32>,
}

/// A time of the year that begins and ends in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Season {
    /// First day, `10-01`.
    pub from: String,
    /// How many days.
    pub days: u32,
}

impl Season {
    /// Its first day in a year; none where there is no such day.
    pub(super) fn first_day(&self, year: i32) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(&format!("{year}-{}", self.from), "%Y-%m-%d").ok()
    }

    fn contains(&self, today: NaiveDate) -> bool {
        let first = self.first_day(today.year());
        first.is_some_and(|first| first <= today && today < add_days(first, self.days))
    }
}

/// What the file says of a child today.
pub struct Facts<'a> {
    /// Fields of the child and its household, by key.
    pub fields: &'a BTreeMap<String, Scalar>,
    /// Rows that stand and have not ended, by block; those that are over by [`ended`].
    pub rows: &'a BTreeMap<String, Vec<Entry>>,
    /// Birth date.
    pub birth: Option<NaiveDate>,
    /// Today.
    pub today: NaiveDate,
}

/// Where facts have the rows of a block that are over.
#[must_use]
pub fn ended(block: &str) -> String {
    format!("{block}/ended")
}

/// A hint that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Code of the rule.
    pub code: String,
    /// How much weight it has.
    pub level: HintLevel,
    /// What is said.
    pub text: String,
    /// The sentence of the law.
    pub law: Option<String>,
    /// Card of the report screen that fits.
    pub report: Option<String>,
}

impl Facts<'_> {
    /// A field's text; none where there is none.
    pub fn text(&self, key: &str) -> Option<String> {
        self.fields
            .get(key)
            .map(Scalar::to_display)
            .filter(|text| !text.is_empty())
    }
}

impl HintRule {
    pub(super) fn found(&self, facts: &Facts<'_>) -> Option<Hint> {
        let mut date = None;
        let mut head = None;
        for condition in &self.when {
            let found = condition.find(facts)?;
            date = date.or(found.date);
            head = head.or(found.head);
        }
        let date = date.map(full_date_words).unwrap_or_default();
        let mut text = self.text.replace("{date}", &date);
        for key in facts.fields.keys() {
            let place = format!("{{{key}}}");
            if text.contains(&place) {
                text = text.replace(&place, &facts.text(key).unwrap_or_default());
            }
        }
        Some(Hint {
            code: self.code.clone(),
            level: self.level,
            text: text.replace("{row}", &head.unwrap_or_default()),
            law: self.law.clone(),
            report: self.report.clone(),
        })
    }
}

/// What made a condition hold.
#[derive(Default)]
struct Found {
    date: Option<NaiveDate>,
    head: Option<String>,
}

impl Condition {
    /// Every season it names begins on a day there is.
    pub(super) fn has_seasons(&self) -> bool {
        let known = self
            .season
            .iter()
            .all(|season| season.first_day(2000).is_some());
        known && self.any.iter().all(Self::has_seasons)
    }

    /// Blocks of rows it looks at.
    pub(super) fn blocks(&self) -> Vec<&str> {
        let own = self.row.as_deref().into_iter();
        own.chain(self.any.iter().flat_map(Self::blocks)).collect()
    }

    /// Does it hold?
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        self.find(facts).is_some()
    }

    fn find(&self, facts: &Facts<'_>) -> Option<Found> {
        let in_season = self.season.is_empty()
            || self
                .season
                .iter()
                .any(|season| season.contains(facts.today));
        (in_season && self.is_of_age(facts)).then_some(())?;
        if !self.any.is_empty() {
            return self.any.iter().find_map(|one| one.find(facts));
        }
        if let Some(block) = &self.row {
            let rows = match self.ended {
                true => facts.rows.get(&ended(block)),
                false => facts.rows.get(block),
            };
            let rows = rows.map_or(&[][..], Vec::as_slice);
            let fits = |row: &&Entry| {
                self.fits_row(row, facts) && self.beside.iter().all(|one| one.fits_row(row, facts))
            };
            let found = rows.iter().find(fits);
            if self.missing && self.column.is_none() {
                return rows.is_empty().then(Found::default);
            }
            if self.none {
                return found.is_none().then(Found::default);
            }
            return found.map(|row| Found {
                date: self.column.as_ref().and_then(|column| row.date(column)),
                head: row.text("name").map(str::to_owned),
            });
        }
        if let Some(field) = &self.field {
            let value: Vec<String> = facts.text(field).into_iter().collect();
            return self.fits(&value, facts).then(|| Found {
                date: value.first().and_then(|text| text.parse().ok()),
                head: None,
            });
        }
        Some(Found::default())
    }

    fn is_of_age(&self, facts: &Facts<'_>) -> bool {
        if self.age_from.is_none() && self.age_below.is_none() {
            return true;
        }
        // Without a birth date nobody is warned of an age.
        let age = facts
            .birth
            .and_then(|birth| completed_years(birth, facts.today));
        age.is_some_and(|age| {
            self.age_from.is_none_or(|from| from <= age)
                && self.age_below.is_none_or(|below| age < below)
        })
    }

    fn fits_row(&self, row: &Entry, facts: &Facts<'_>) -> bool {
        match &self.column {
            Some(column) => self.fits(&values(row, column), facts),
            None => true,
        }
    }

    fn fits(&self, values: &[String], facts: &Facts<'_>) -> bool {
        let today = facts.today;
        let date = values
            .first()
            .and_then(|text| text.parse::<NaiveDate>().ok());
        let comes = |days: u32| date.is_some_and(|date| date <= add_days(today, days));
        let past = |days: u32| date.is_some_and(|date| add_days(date, days) <= today);
        let recent =
            |days: u32| date.is_some_and(|date| date <= today && today <= add_days(date, days));
        let years = |years: u32| {
            let passed = date.and_then(|date| completed_years(date, today));
            passed.is_some_and(|passed| passed >= years)
        };
        let number = |least: u32| {
            let number = values.first().and_then(|text| text.parse::<f64>().ok());
            number.is_some_and(|number| number >= f64::from(least))
        };
        let same = |field: &String| {
            let told = facts.text(field);
            told.is_some_and(|told| values.contains(&told))
        };
        (self.any_of.is_empty() || values.iter().any(|value| self.any_of.contains(value)))
            && !values.iter().any(|value| self.not_in.contains(value))
            && (!self.missing || values.is_empty())
            && (!self.present || !values.is_empty())
            && self.within_days.is_none_or(comes)
            && self.past_days.is_none_or(past)
            && self.recent_days.is_none_or(recent)
            && self.past_years.is_none_or(years)
            && self.at_least.is_none_or(number)
            && self.same_as.as_ref().is_none_or(same)
    }
}

/// The value of a column: one, or the chosen codes of several.
fn values(row: &Entry, column: &str) -> Vec<String> {
    match row.text(column) {
        Some(text) => vec![text.to_owned()],
        None => row.codes(column),
    }
}
