//! What changes for a child when another rule pack takes over, said before the day and a while after it.

use super::segments::{Segment, at, segments};
use super::{Announced, CadenceInput, Kind, compute};
use crate::calendar::{add_days, days_before};
use crate::policy::{Interval, PolicySet};
use chrono::NaiveDate;
use std::collections::BTreeSet;

pub(super) fn announced(
    case: &CadenceInput,
    packs: &PolicySet,
    today: NaiveDate,
) -> Vec<Announced> {
    let segments = segments(case, packs);
    let mut announced = Vec::new();
    for from in days_of_packs(packs, today) {
        let before = from.pred_opt().and_then(|day| at(&segments, day));
        let after = at(&segments, from);
        for kind in Kind::ALL {
            let was = before.and_then(|segment| interval(segment, kind));
            let is = after.and_then(|segment| interval(segment, kind));
            if was == is {
                continue;
            }
            let due = compute(case, packs, from.max(today))
                .due(kind)
                .map(|due| due.due);
            announced.push(Announced {
                from,
                pack: packs.valid_on(from).map(|pack| pack.id.clone()),
                kind,
                before: was.map(|interval| interval.words().to_owned()),
                after: is.map(|interval| interval.words().to_owned()),
                due,
            });
        }
    }
    announced
}

/// Days around `today` on which another pack takes over.
fn days_of_packs(packs: &PolicySet, today: NaiveDate) -> BTreeSet<NaiveDate> {
    let days = packs
        .newest_by(today)
        .map_or(0, |pack| pack.rules.announce_days);
    let (earliest, latest) = (days_before(today, days), add_days(today, days));
    let mut found = BTreeSet::new();
    for pack in packs.packs() {
        found.insert(pack.valid.from);
        found.extend(pack.valid.to);
    }
    found.retain(|day| {
        let other = |day: NaiveDate| packs.valid_on(day).map(|pack| pack.id.clone());
        earliest <= *day
            && *day <= latest
            && day
                .pred_opt()
                .is_some_and(|before| other(before) != other(*day))
    });
    found
}

fn interval<'a>(segment: &Segment<'a>, kind: Kind) -> Option<&'a Interval> {
    match kind {
        Kind::Contact => segment.tier.contact.as_ref(),
        Kind::Visit => segment.tier.visit.as_ref(),
    }
}
