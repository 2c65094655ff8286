//! What a person should look at when the file says so: the law's limits, days that come, what may be asked for.
//!
//! A hint is a sentence for the director. It decides nothing, and nothing follows from it by itself.

use super::{FieldRule, FilePack};
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
    /// What is said; `{date}` is the day that was found, `{row}` the row's headline, `{row.column}` what a column of it
    /// says, `{field}` what a field of that key says.
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
    /// Only the newest row counts, by this column with its day: what was agreed, seen or granted again stands in the place
    /// of what was before, though nobody ended that.
    pub newest: Option<String>,
    /// With `newest`: the newest of each kind, as this column names it. Every kind that fits is told.
    pub per: Option<String>,
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

/// Where facts have, as a field, whether the parents were in touch with the child in the week before the newest contact that
/// was told it: `y` or `n`. No field of a file has a dot in its key.
pub const PARENTS_IN_TOUCH: &str = "contact.parents";

/// Where facts have, as a field, the day of that contact where it was told that they were not: what was said of one week is
/// not said for ever, and a condition says for how many days it is.
pub const PARENTS_NOT_IN_TOUCH_ON: &str = "contact.parents_not_on";

/// The words of a code in a list.
pub type Label<'a> = dyn Fn(&str, &str) -> String + 'a;

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

impl<'a> Facts<'a> {
    /// A field's text; none where there is none.
    pub fn text(&self, key: &str) -> Option<String> {
        self.fields
            .get(key)
            .map(Scalar::to_display)
            .filter(|text| !text.is_empty())
    }

    /// The newest row of a block, or of each of its kinds, where it still holds. What was recorded later is newer, unless
    /// both say their day and its own is the earlier. One that is over still stands over what was before it.
    #[must_use]
    pub fn newest(&self, block: &str, day: &str, per: Option<&str>) -> Vec<&'a Entry> {
        let over = self.rows.get(&ended(block)).into_iter().flatten();
        let holding = self.rows.get(block).into_iter().flatten();
        let over = over.map(|row| (row, false));
        let mut rows: Vec<(&'a Entry, bool)> = over.chain(holding.map(|row| (row, true))).collect();
        rows.sort_by_key(|(row, _)| (row.date("recorded_on"), row.int("recorded_ms")));
        let mut newest: Vec<(&'a Entry, bool)> = Vec::new();
        for (row, holds) in rows {
            let is_its = |one: &Entry| per.is_none_or(|kind| one.text(kind) == row.text(kind));
            match newest.iter_mut().find(|(one, _)| is_its(one)) {
                None => newest.push((row, holds)),
                Some(found) => {
                    let days = row.date(day).zip(found.0.date(day));
                    if days.is_none_or(|(own, other)| own >= other) {
                        *found = (row, holds);
                    }
                }
            }
        }
        let standing = newest.into_iter().filter(|(_, holds)| *holds);
        standing.map(|(row, _)| row).collect()
    }
}

impl HintRule {
    /// What it says: nothing, one sentence, or one for each kind of row it looks at.
    pub(super) fn found(&self, pack: &FilePack, facts: &Facts<'_>, label: &Label<'_>) -> Vec<Hint> {
        let mut all = vec![Found::default()];
        for condition in &self.when {
            let found = condition.find(facts);
            all = all
                .iter()
                .flat_map(|one| found.iter().map(move |more| one.or(*more)))
                .collect();
        }
        all.into_iter()
            .map(|found| Hint {
                code: self.code.clone(),
                level: self.level,
                text: self.words(&found, pack, facts, label),
                law: self.law.clone(),
                report: self.report.clone(),
            })
            .collect()
    }

    fn words(
        &self,
        found: &Found<'_>,
        pack: &FilePack,
        facts: &Facts<'_>,
        label: &Label<'_>,
    ) -> String {
        let date = found.date.map(full_date_words).unwrap_or_default();
        let mut text = self.text.replace("{date}", &date);
        for key in facts.fields.keys() {
            let place = format!("{{{key}}}");
            if text.contains(&place) {
                text = text.replace(&place, &facts.text(key).unwrap_or_default());
            }
        }
        for key in self.named_columns() {
            let said = found.row.map(|row| values(row, key)).unwrap_or_default();
            let list = self
                .column_of(pack, key)
                .and_then(|column| column.list.as_ref());
            let said = said.into_iter().map(|value| match list {
                Some(list) => label(list, &value),
                None => value,
            });
            let said: Vec<String> = said.collect();
            text = text.replace(&format!("{{row.{key}}}"), &said.join("、"));
        }
        text.replace("{row}", found.head.unwrap_or_default())
    }

    /// Columns its text has a place for.
    pub(super) fn named_columns(&self) -> impl Iterator<Item = &str> {
        let places = self.text.split("{row.").skip(1);
        places.filter_map(|rest| rest.split_once('}').map(|(key, _)| key))
    }

    /// A column of a block it looks at.
    pub(super) fn column_of<'a>(&self, pack: &'a FilePack, key: &str) -> Option<&'a FieldRule> {
        let mut blocks = self.when.iter().flat_map(Condition::blocks);
        blocks.find_map(|block| pack.rows(block)?.column(key))
    }
}

/// What made a condition hold.
#[derive(Clone, Copy, Default)]
struct Found<'a> {
    date: Option<NaiveDate>,
    head: Option<&'a str>,
    row: Option<&'a Entry>,
}

impl Found<'_> {
    /// What this one says, and what it does not say as the other has it.
    fn or(self, more: Self) -> Self {
        Self {
            date: self.date.or(more.date),
            head: self.head.or(more.head),
            row: self.row.or(more.row),
        }
    }
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

    /// Itself and those it is made of.
    pub(super) fn each(&self) -> Vec<&Condition> {
        let parts = self.any.iter().flat_map(Self::each);
        std::iter::once(self).chain(parts).collect()
    }

    /// Blocks of rows it looks at.
    pub(super) fn blocks(&self) -> Vec<&str> {
        let each = self.each().into_iter();
        each.filter_map(|one| one.row.as_deref()).collect()
    }

    /// Does it hold?
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        !self.find(facts).is_empty()
    }

    /// What makes it hold; nothing where it does not.
    fn find<'a>(&self, facts: &Facts<'a>) -> Vec<Found<'a>> {
        let in_season = self.season.is_empty()
            || self
                .season
                .iter()
                .any(|season| season.contains(facts.today));
        if !in_season || !self.is_of_age(facts) {
            return Vec::new();
        }
        if !self.any.is_empty() {
            let mut each = self.any.iter().map(|one| one.find(facts));
            return each.find(|found| !found.is_empty()).unwrap_or_default();
        }
        if let Some(block) = &self.row {
            return self.find_rows(block, facts);
        }
        let mut date = None;
        if let Some(field) = &self.field {
            let value: Vec<String> = facts.text(field).into_iter().collect();
            if !self.fits(&value, facts) {
                return Vec::new();
            }
            date = value.first().and_then(|text| text.parse().ok());
        }
        vec![Found {
            date,
            ..Found::default()
        }]
    }

    fn find_rows<'a>(&self, block: &str, facts: &Facts<'a>) -> Vec<Found<'a>> {
        let rows = self.looked_at(block, facts);
        let no_row =
            |holds: bool| -> Vec<Found<'a>> { holds.then(Found::default).into_iter().collect() };
        if self.missing && self.column.is_none() {
            return no_row(rows.is_empty());
        }
        let mut fitting = rows.into_iter().filter(|row| {
            self.fits_row(row, facts) && self.beside.iter().all(|one| one.fits_row(row, facts))
        });
        if self.none {
            return no_row(fitting.next().is_none());
        }
        let most = match self.per {
            Some(_) => usize::MAX,
            None => 1,
        };
        let told = fitting.take(most).map(|row| Found {
            date: self.column.as_ref().and_then(|column| row.date(column)),
            head: row.text("name"),
            row: Some(row),
        });
        told.collect()
    }

    /// The rows of a block that count.
    fn looked_at<'a>(&self, block: &str, facts: &Facts<'a>) -> Vec<&'a Entry> {
        if let Some(day) = &self.newest {
            return facts.newest(block, day, self.per.as_deref());
        }
        let rows = match self.ended {
            true => facts.rows.get(&ended(block)),
            false => facts.rows.get(block),
        };
        rows.into_iter().flatten().collect()
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
