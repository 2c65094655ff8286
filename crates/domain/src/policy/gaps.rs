//! What a pack does not say yet of the calendar. Nothing stops for want of it: a year without a table has Monday to Friday,
//! and a day outside the known terms is no vacation. So somebody has to be told.

use super::{PolicyPack, PolicySet};
use crate::calendar::add_days;
use chrono::{Datelike, NaiveDate};

/// The State Council says the next year's holidays in this month.
const ANNOUNCED_IN: u32 = 11;
/// So many days before the last known term ends the next one is asked for.
const TERMS_AHEAD: u32 = 30;

/// What is missing of the calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarGaps {
    /// Years without a table of holidays: this one, and from November on the next.
    pub years: Vec<i32>,
    /// The day after which nothing is known of school terms, where it is near or past.
    pub terms_until: Option<NaiveDate>,
}

impl PolicySet {
    /// What is missing of the calendar on a day, by the pack that holds then.
    #[must_use]
    pub fn calendar_gaps(&self, today: NaiveDate) -> CalendarGaps {
        let this = (today.year(), Some(today));
        let next = today.year() + 1;
        let next = (next, NaiveDate::from_ymd_opt(next, 1, 1));
        let years = match today.month() >= ANNOUNCED_IN {
            true => vec![this, next],
            false => vec![this],
        };
        let lacks = |on: NaiveDate| {
            let pack = self.newest_by(on);
            pack.is_some_and(|pack| !pack.knows_holidays_of(on.year()))
        };
        CalendarGaps {
            years: years
                .into_iter()
                .filter(|(_, on)| on.is_some_and(lacks))
                .map(|(year, _)| year)
                .collect(),
            terms_until: self.terms_end(today),
        }
    }

    /// A place whose pack has no terms at all does not count by them.
    fn terms_end(&self, today: NaiveDate) -> Option<NaiveDate> {
        let soon = add_days(today, TERMS_AHEAD);
        let last = |on| self.newest_by(on)?.terms.iter().map(|term| term.to).max();
        let end = last(today).max(last(soon))?;
        (end < soon).then_some(end)
    }
}

impl PolicyPack {
    /// Has it a table of this year's holidays?
    #[must_use]
    pub fn knows_holidays_of(&self, year: i32) -> bool {
        self.work_years.iter().any(|known| known.year == year)
    }
}
