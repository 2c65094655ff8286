//! Civil dates: month arithmetic, workdays, calendar windows, birthdays, and dates in Chinese words.
//!
//! All dates are civil dates of Asia/Shanghai (domain.md §5.3); which day it is, the caller says.

use crate::policy::{Interval, Span, Unit};
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A year's public holidays and adjusted workdays, as the State Council publishes them each November.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkYear {
    /// Year.
    pub year: i32,
    /// Where the table comes from.
    #[serde(default)]
    pub source: String,
    /// Days off (weekends may be left out).
    pub holidays: Vec<NaiveDate>,
    /// Saturdays and Sundays that are worked.
    pub workdays: Vec<NaiveDate>,
}

/// Which days are worked. A year without a table has Monday to Friday.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkCalendar {
    holidays: BTreeSet<NaiveDate>,
    workdays: BTreeSet<NaiveDate>,
}

impl WorkCalendar {
    /// Joins the tables.
    pub fn new(years: &[WorkYear]) -> Self {
        Self {
            holidays: years
                .iter()
                .flat_map(|it| it.holidays.iter().copied())
                .collect(),
            workdays: years
                .iter()
                .flat_map(|it| it.workdays.iter().copied())
                .collect(),
        }
    }

    /// Is this day worked?
    pub fn is_workday(&self, date: NaiveDate) -> bool {
        if self.workdays.contains(&date) {
            return true;
        }
        !self.holidays.contains(&date) && !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// The n-th workday after a day; the day itself never counts.
    pub fn add_workdays(&self, date: NaiveDate, n: u32) -> NaiveDate {
        let mut day = date;
        let mut left = n;
        while left > 0 {
            let next = add_days(day, 1);
            if next == day {
                return day;
            }
            day = next;
            if self.is_workday(day) {
                left -= 1;
            }
        }
        day
    }
}

/// So many days later; the last day there is when that would leave the calendar.
pub fn add_days(date: NaiveDate, n: u32) -> NaiveDate {
    date.checked_add_days(Days::new(u64::from(n)))
        .unwrap_or(NaiveDate::MAX)
}

/// So many days earlier; the first day there is when that would leave the calendar.
pub fn days_before(date: NaiveDate, n: u32) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(n)))
        .unwrap_or(NaiveDate::MIN)
}

/// So many months later, clamped to the end of the month: 01-31 + 1 month = 02-28.
pub fn add_months(date: NaiveDate, n: u32) -> NaiveDate {
    date.checked_add_months(Months::new(n))
        .unwrap_or(NaiveDate::MAX)
}

/// A span later.
pub fn add_span(date: NaiveDate, span: Span) -> NaiveDate {
    match span.unit {
        Unit::Day => add_days(date, span.n),
        Unit::Week => add_days(date, span.n.saturating_mul(7)),
        Unit::Month => add_months(date, span.n),
        Unit::Quarter => add_months(date, span.n.saturating_mul(3)),
    }
}

/// First and last day of a block of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Window {
    /// Lies in it.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.to
    }
}

/// How a calendar is cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    unit: Unit,
    size: u32,
    anchor_month: u32,
}

impl Blocks {
    /// The blocks of a calendar interval; a rolling one has none.
    pub fn of(interval: &Interval) -> Option<Self> {
        match interval {
            Interval::Rolling { .. } => None,
            Interval::Calendar {
                block,
                blocks,
                anchor_month,
                ..
            } => Some(Self {
                unit: *block,
                size: (*blocks).max(1),
                anchor_month: *anchor_month,
            }),
        }
    }

    /// The block a day lies in. Months count from the anchor month, days and weeks from Monday 2024-01-01.
    pub fn window(&self, date: NaiveDate) -> Window {
        match self.unit {
            Unit::Day => self.window_of_days(date, 1),
            Unit::Week => self.window_of_days(date, 7),
            Unit::Month => self.window_of_months(date, 1),
            Unit::Quarter => self.window_of_months(date, 3),
        }
    }

    /// The block after this one.
    pub fn after(&self, window: Window) -> Window {
        self.window(add_days(window.to, 1))
    }

    fn window_of_days(&self, date: NaiveDate, days: i64) -> Window {
        let anchor = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a real date, a Monday");
        let length = days * i64::from(self.size);
        let offset = (date - anchor).num_days().rem_euclid(length);
        let from = days_before(date, u32::try_from(offset).unwrap_or(0));
        let to = add_days(from, u32::try_from(length - 1).unwrap_or(0));
        Window { from, to }
    }

    fn window_of_months(&self, date: NaiveDate, months: i64) -> Window {
        let length = months * i64::from(self.size);
        let number = i64::from(date.year()) * 12 + i64::from(date.month0());
        let offset = (number - (i64::from(self.anchor_month) - 1)).rem_euclid(length);
        let first = date.with_day(1).unwrap_or(date);
        let from = first
            .checked_sub_months(Months::new(u32::try_from(offset).unwrap_or(0)))
            .unwrap_or(NaiveDate::MIN);
        let next = add_months(from, u32::try_from(length).unwrap_or(1));
        Window {
            from,
            to: days_before(next, 1),
        }
    }
}

/// The day somebody turns so old; 29 February counts as 1 March in common years (domain.md §3.2).
pub fn birthday(birth: NaiveDate, age: u32) -> NaiveDate {
    let year = birth
        .year()
        .saturating_add(i32::try_from(age).unwrap_or(i32::MAX));
    NaiveDate::from_ymd_opt(year, birth.month(), birth.day())
        .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
        .unwrap_or(NaiveDate::MAX)
}

/// Completed years on a day; none before birth.
pub fn completed_years(birth: NaiveDate, on: NaiveDate) -> Option<u32> {
    if on < birth {
        return None;
    }
    let years = u32::try_from(on.year() - birth.year()).ok()?;
    Some(if birthday(birth, years) > on {
        years - 1
    } else {
        years
    })
}

/// 11月23日.
pub fn month_day_words(date: NaiveDate) -> String {
    format!("{}月{}日", date.month(), date.day())
}

/// 11月23日 星期一.
pub fn date_words(date: NaiveDate) -> String {
    format!(
        "{} {}",
        month_day_words(date),
        weekday_words(date.weekday())
    )
}

/// 2026年11月23日.
pub fn full_date_words(date: NaiveDate) -> String {
    format!("{}年{}", date.year(), month_day_words(date))
}

/// 星期一.
pub fn weekday_words(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "星期一",
        Weekday::Tue => "星期二",
        Weekday::Wed => "星期三",
        Weekday::Thu => "星期四",
        Weekday::Fri => "星期五",
        Weekday::Sat => "星期六",
        Weekday::Sun => "星期日",
    }
}
