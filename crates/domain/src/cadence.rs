//! When a child is due for a contact and a home visit, why, and what was missed (domain.md §5, decisions 5 to 9).
//!
//! A pure function of what is recorded, the policy packs and a day. Results are derived, never stored as truth.

mod announced;
mod asked;
mod campaigns;
pub mod case;
mod counting;
mod due;
mod input;
mod misses;
mod months;
mod output;
mod segments;

#[cfg(test)]
mod tests;

pub use input::{CadenceInput, Category, Event, EventKind, Pause, TierFact, TierLowered};
pub use output::{
    Announced, Cadence, CampaignToday, Due, EventVerdict, Kind, Miss, Month, MonthState,
    ReasonCode, Reminder, Status, WhyNot,
};

pub use segments::RISK_LEVEL;

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
        since: current.map(|segment| segment.from),
        tier_words: current
            .map(|segment| segments::tier_words(case, segment.pack, segment.tier, today))
            .unwrap_or_default(),
        lower_to: current.and_then(|segment| segments::lower_to(case, segment, today)),
        pack: current.map(|segment| segment.pack.id.clone()),
        dues: due::dues(case, packs, &segments, &counted, today),
        campaigns: current
            .map(|segment| campaigns::today(case, segment, &counted, today))
            .unwrap_or_default(),
        misses: misses::misses(case, &segments, &counted, today),
        reminders: segments::reminders(case, packs, today),
        ends_on: segments::ends_on(&segments, today),
        ended_on: if segments.is_empty() {
            segments::ended_by_age(case, packs, today)
        } else {
            segments::ended_on(&segments, today)
        },
        attempts_in_a_row: counted.attempts_in_a_row,
        unreachable: counted.unreachable,
        events: counted.verdicts,
    }
}

/// Whether a child had a cadence on a day, and whether it was one of a higher-frequency tier; none without one.
pub fn enhanced_on(case: &CadenceInput, packs: &PolicySet, day: NaiveDate) -> Option<bool> {
    let segments = segments::segments(case, packs);
    segments::at(&segments, day).map(|segment| segment.tier.enhanced)
}

/// What the rule packs change for the child around a day: what is announced, and what changed a short while ago.
pub fn announced(case: &CadenceInput, packs: &PolicySet, today: NaiveDate) -> Vec<Announced> {
    announced::announced(case, packs, today)
}

/// The last months of a child, oldest first; the last one is the month of `today`.
pub fn months(case: &CadenceInput, packs: &PolicySet, today: NaiveDate, count: u32) -> Vec<Month> {
    let segments = segments::segments(case, packs);
    let counted = counting::count(case, packs, today);
    let misses = misses::misses(case, &segments, &counted, today);
    let dues = due::dues(case, packs, &segments, &counted, today);
    months::months(case, &segments, &counted, &misses, &dues, today, count)
}
