//! Children nobody was met for (联系不上): after some attempts the problem is suggested, and one that was not seen for long
//! is visited by the station as well (domain.md §5.5).

use crate::error::ClientError;
use crate::problems;
use crate::recusals::{self, Recusals};
use crate::roster::{Roster, RosterChild};
use crate::tablet::Tablet;
use crate::view::{SuggestView, UnmetView};
use chrono::NaiveDate;
use domain::policy::PolicyPack;

/// Attempts in a row to meet a child's household; none while somebody was met since.
struct Unmet {
    attempts: u32,
    unseen_days: u32,
    unreachable: bool,
    joint: bool,
    grave: bool,
}

fn of(child: &RosterChild, pack: &PolicyPack, today: NaiveDate) -> Option<Unmet> {
    let cadence = child.cadence.as_ref()?;
    if cadence.attempts_in_a_row == 0 {
        return None;
    }
    let file = &child.child;
    let seen = file
        .visits
        .iter()
        .filter(|visit| visit.seen && !file.is_voided(&visit.id));
    let seen = seen
        .filter_map(|visit| file.effective_date(&visit.id, visit.event_date))
        .max();
    let opened = file
        .text(domain::child::OPENED_ON)
        .and_then(|day| day.parse().ok());
    let since = seen.or(opened).unwrap_or(today);
    let unseen_days = u32::try_from((today - since).num_days()).unwrap_or(0);
    let rules = &pack.rules;
    let joint = unseen_days >= rules.unseen_days;
    let is_young = child
        .age(today)
        .is_some_and(|age| age < rules.unseen_grave_below);
    Some(Unmet {
        attempts: cadence.attempts_in_a_row,
        unseen_days,
        unreachable: cadence.unreachable,
        joint,
        grave: joint && cadence.unreachable && is_young,
    })
}

fn view(roster: &Roster, child: &RosterChild, unmet: &Unmet, reported: bool) -> UnmetView {
    UnmetView {
        child: child.id.to_string(),
        name: child.name(),
        village: roster.people.unit_name(child.unit),
        attempts: unmet.attempts,
        unseen_days: unmet.unseen_days,
        unreachable: unmet.unreachable,
        joint: unmet.joint,
        grave: unmet.grave,
        reported,
    }
}

/// What is said of one child; none while nothing is to be said.
pub(crate) fn of_child(tablet: &Tablet, roster: &Roster, child: &RosterChild) -> Option<UnmetView> {
    let packs = tablet.packs();
    let unmet = of(child, packs.rules_on(roster.today)?, roster.today)?;
    Some(view(roster, child, &unmet, false))
}

/// How grave the problem is for a child, where it is graver than its type says.
pub(crate) fn severity<'p>(
    pack: &'p PolicyPack,
    child: &RosterChild,
    today: NaiveDate,
) -> Option<&'p str> {
    let grave = of(child, pack, today)?.grave;
    grave.then_some(pack.rules.unreachable.grave.as_str())
}

/// The problem to report after an attempt.
pub(crate) fn suggestion(
    pack: &PolicyPack,
    child: &RosterChild,
    today: NaiveDate,
    record: &str,
) -> Option<SuggestView> {
    if !of(child, pack, today)?.unreachable {
        return None;
    }
    let unreachable = &pack.rules.unreachable.problem;
    let kind = pack.problem(unreachable)?;
    Some(SuggestView {
        child: child.id.to_string(),
        name: child.name(),
        record: record.to_owned(),
        card: pack.card_of(unreachable)?.code.clone(),
        kind: Some(kind.code.clone()),
        label: kind.label.clone(),
        mandatory: kind.mandatory,
    })
}

/// Those the station sees to: nobody was met several times, or the child was not seen for long.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn of_station(tablet: &Tablet, roster: &Roster) -> Result<Vec<UnmetView>, ClientError> {
    let packs = tablet.packs();
    let Some(pack) = packs.rules_on(roster.today) else {
        return Ok(Vec::new());
    };
    let reported =
        problems::children_of_open(tablet, Some(pack.rules.unreachable.problem.as_str()))?;
    let recusals = Recusals::read(tablet)?;
    let mut found: Vec<UnmetView> = Vec::new();
    for child in roster.running() {
        let Some(unmet) = of(child, pack, roster.today) else {
            continue;
        };
        if !(unmet.unreachable || unmet.joint) || recusals::is_hers(tablet, &recusals, child) {
            continue;
        }
        let known = reported.contains(&child.id.to_string());
        found.push(view(roster, child, &unmet, known));
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.grave, one.joint, one.unseen_days)));
    Ok(found)
}
