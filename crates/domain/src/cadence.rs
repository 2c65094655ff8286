//! When a child is due for a contact and a home visit, why, and what was missed (domain.md §5, decisions 5 to 9).
//!
//! A pure function of what is recorded, the policy packs and a day. Results are derived, never stored as truth.

pub mod case;
mod counting;
mod due;
mod input;
mod misses;
mod output;
mod segments;

#[cfg(test)]
mod tests;

pub use input::{CadenceInput, Category, Event, EventKind, Pause, TierFact, TierLowered};
pub use output::{Cadence, Due, EventVerdict, Kind, Miss, ReasonCode, Reminder, Status, WhyNot};

use crate::policy::PolicySet;
use chrono::NaiveDate;

/// Computes a child's cadence on a day.
pub fn compute(case: &CadenceInput, packs: &PolicySet, today: NaiveDate) -> Cadence {
    let segments = segments::segments(case, packs);
    let counted = counting::count(case, packs, today);
    let current = segments::at(&segments, today);
    Cadence {
        tier: current.map(|segment| segment.tier.code.clone()),
        enhanced: current.is_some_and(|segment| segment.tier.enhanced),
        pack: current.map(|segment| segment.pack.id.clone()),
        dues: due::dues(case, &segments, &counted, today),
        misses: misses::misses(case, &segments, &counted, today),
        reminders: segments::reminders(case, packs, today),
        ends_on: segments::ends_on(&segments, today),
        ended_on: segments::ended_on(&segments, today),
        attempts_in_a_row: counted.attempts_in_a_row,
        unreachable: counted.unreachable,
        events: counted.verdicts,
    }
}
