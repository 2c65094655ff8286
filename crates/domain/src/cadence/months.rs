//! The strip of months: what was done and what passed without it, month by month.

use super::counting::Counted;
use super::due::pause_overlaps;
use super::segments::{Segment, at};
use super::{CadenceInput, Due, Kind, Miss, Month, MonthState};
use crate::calendar::{add_months, days_before};
use chrono::{Datelike as _, Months, NaiveDate};

pub(super) fn months(
    case: &CadenceInput,
    segments: &[Segment<'_>],
    counted: &Counted,
    misses: &[Miss],
    dues: &[Due],
    today: NaiveDate,
    count: u32,
) -> Vec<Month> {
    let this = today.with_day(1).unwrap_or(today);
    let month = |back: u32| {
        let first = this.checked_sub_months(Months::new(back)).unwrap_or(this);
        let last = days_before(add_months(first, 1), 1);
        let one = |kind: Kind| {
            let done = counted
                .dates(kind)
                .iter()
                .filter(|date| first <= **date && **date <= last)
                .count();
            let missed = misses
                .iter()
                .any(|miss| miss.kind == kind && first <= miss.window.to && miss.window.to <= last);
            // The stretch of its last day so far says what held; a file closed in the month held before.
            let held = at(segments, last.min(today)).or_else(|| at(segments, first));
            let state = match held {
                _ if done > 0 && missed => MonthState::Partly,
                _ if done > 0 => MonthState::Done,
                _ if missed => MonthState::Missed,
                None => MonthState::None,
                Some(segment) if pause_overlaps(case, segment.pack, kind, first, last, today) => {
                    MonthState::Paused
                }
                Some(_) if back == 0 && is_due_by(dues, kind, last) => MonthState::Open,
                Some(_) => MonthState::Free,
            };
            (state, u32::try_from(done).unwrap_or(u32::MAX))
        };
        let (contact, contacts) = one(Kind::Contact);
        let (visit, visits) = one(Kind::Visit);
        Month {
            month: first,
            contact,
            contacts,
            visit,
            visits,
        }
    };
    (0..count).rev().map(month).collect()
}

fn is_due_by(dues: &[Due], kind: Kind, last: NaiveDate) -> bool {
    dues.iter().any(|due| due.kind == kind && due.due <= last)
}
