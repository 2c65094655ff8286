//! Civil dates: month arithmetic, workdays, calendar windows, birthdays, and dates in Chinese words.
//!
//! All dates are civil dates of Asia/Shanghai (domain.md §5.3); which day it is, the caller says.

use crate::policy::{Interval, Span, Unit};
use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveTime, Utc, Weekday};
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

/// Which days are worked. A year without a table has Monday to Friday; that it has none the station is told
/// ([`crate::policy::CalendarGaps`]).
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

/// The civil date in Asia/Shanghai (domain.md §5.3: civil dates only; China has had one time zone without summer time since 1991).
pub fn civil_date(ms: i64) -> NaiveDate {
    let zone = FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset");
    DateTime::<Utc>::from_timestamp_millis(ms)
        .unwrap_or_default()
        .with_timezone(&zone)
        .date_naive()
}

/// The first moment of a day in Asia/Shanghai.
pub fn beginning_of(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis() - 8 * 3_600_000
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

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn shanghai() -> WorkCalendar {
        let pack = include_str!("../../../policy/sh-2024-2026.json");
        crate::policy::PolicyPack::parse(pack)
            .unwrap()
            .work_calendar()
    }

    fn blocks(unit: Unit, size: u32, anchor_month: u32) -> Blocks {
        Blocks {
            unit,
            size,
            anchor_month,
        }
    }

    #[test]
    fn months_end_where_the_month_ends() {
        assert_eq!(add_months(day("2026-01-31"), 1), day("2026-02-28"));
        assert_eq!(add_months(day("2028-01-31"), 1), day("2028-02-29"));
        assert_eq!(
            add_span(
                day("2026-11-30"),
                Span {
                    n: 1,
                    unit: Unit::Quarter
                }
            ),
            day("2027-02-28")
        );
        assert_eq!(
            add_span(
                day("2026-11-30"),
                Span {
                    n: 2,
                    unit: Unit::Week
                }
            ),
            day("2026-12-14")
        );
        assert_eq!(add_days(NaiveDate::MAX, 7), NaiveDate::MAX);
    }

    #[test]
    fn workdays_skip_holidays_and_use_adjusted_saturdays() {
        let calendar = shanghai();
        assert_eq!(
            calendar.add_workdays(day("2026-01-20"), 5),
            day("2026-01-27")
        );
        // Spring festival: 02-15 to 02-23 off, Saturdays 02-14 and 02-28 worked.
        assert_eq!(
            calendar.add_workdays(day("2026-02-13"), 2),
            day("2026-02-24")
        );
        assert_eq!(
            calendar.add_workdays(day("2026-02-27"), 1),
            day("2026-02-28")
        );
        // A year without a table has its weekends.
        assert_eq!(
            calendar.add_workdays(day("2027-01-01"), 1),
            day("2027-01-04")
        );
        assert_eq!(
            calendar.add_workdays(day("2026-01-20"), 0),
            day("2026-01-20")
        );
    }

    #[test]
    fn blocks_cut_the_calendar_without_gaps() {
        let two_months = blocks(Unit::Month, 2, 1);
        let window = two_months.window(day("2026-02-28"));
        assert_eq!(
            (window.from, window.to),
            (day("2026-01-01"), day("2026-02-28"))
        );
        assert_eq!(two_months.after(window).to, day("2026-04-30"));
        let from_september = blocks(Unit::Quarter, 2, 9);
        assert_eq!(
            from_september.window(day("2027-01-15")).from,
            day("2026-09-01")
        );
        let weeks = blocks(Unit::Week, 1, 1).window(day("2026-11-24"));
        assert_eq!(
            (weeks.from, weeks.to),
            (day("2026-11-23"), day("2026-11-29"))
        );
        assert_eq!(
            blocks(Unit::Week, 1, 1).window(day("2020-01-01")).from,
            day("2019-12-30")
        );
        for blocks in [
            two_months,
            from_september,
            blocks(Unit::Week, 2, 1),
            blocks(Unit::Day, 10, 1),
        ] {
            let mut date = day("2023-12-01");
            for _ in 0..800 {
                let window = blocks.window(date);
                assert!(window.contains(date));
                assert_eq!(blocks.after(window).from, add_days(window.to, 1));
                date = add_days(date, 1);
            }
        }
    }

    #[test]
    fn a_leap_day_child_has_its_birthday_on_the_first_of_march() {
        let birth = day("2008-02-29");
        assert_eq!(birthday(birth, 16), day("2024-02-29"));
        assert_eq!(birthday(birth, 17), day("2025-03-01"));
        assert_eq!(completed_years(birth, day("2025-02-28")), Some(16));
        assert_eq!(completed_years(birth, day("2025-03-01")), Some(17));
        assert_eq!(completed_years(birth, day("2008-02-28")), None);
        assert_eq!(
            completed_years(day("2016-11-24"), day("2026-11-23")),
            Some(9)
        );
    }

    #[test]
    fn dates_are_said_the_way_people_say_them() {
        assert_eq!(date_words(day("2026-11-23")), "11月23日 星期一");
        assert_eq!(full_date_words(day("2026-05-06")), "2026年5月6日");
    }
}
