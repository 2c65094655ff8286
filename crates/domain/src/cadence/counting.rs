//! Which events count, and why the others do not (decisions 8).

use super::{CadenceInput, Event, EventKind, EventVerdict, Kind, WhyNot};
use crate::calendar::add_days;
use crate::policy::{Counting, PolicyPack, PolicySet, Rules};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// The events that count, by kind, in date order, and a verdict for every event.
pub(super) struct Counted {
    contacts: Vec<NaiveDate>,
    visits: Vec<NaiveDate>,
    pub(super) verdicts: Vec<EventVerdict>,
    pub(super) attempts_in_a_row: u32,
    pub(super) unreachable: bool,
}

impl Counted {
    /// Dates that count for a kind, oldest first.
    pub(super) fn dates(&self, kind: Kind) -> &[NaiveDate] {
        match kind {
            Kind::Contact => &self.contacts,
            Kind::Visit => &self.visits,
        }
    }

    /// Is there one on or after `from`, on or before `to`?
    pub(super) fn any_in(&self, kind: Kind, from: NaiveDate, to: NaiveDate) -> bool {
        let dates = self.dates(kind);
        let first = dates.partition_point(|date| *date < from);
        dates.get(first).is_some_and(|date| *date <= to)
    }
}

/// Counting visits so far, as far as the next one depends on them.
#[derive(Default)]
struct Streak {
    at_school: u32,
    child_unseen: u32,
}

pub(super) fn count(case: &CadenceInput, packs: &PolicySet, today: NaiveDate) -> Counted {
    let mut counted = Counted {
        contacts: Vec::new(),
        visits: Vec::new(),
        verdicts: Vec::new(),
        attempts_in_a_row: 0,
        unreachable: false,
    };
    let mut streak = Streak::default();
    let standard = Rules::default();
    for event in one_per_record(&case.events) {
        let pack = packs
            .valid_on(event.event_date)
            .or_else(|| packs.newest_by(today));
        let rules = pack.map_or(&standard, |pack| &pack.rules);
        let contact = as_contact(case, event, rules, today);
        let vacation = pack.and_then(|pack| pack.is_vacation(event.event_date)) == Some(true);
        let visit = as_visit(case, event, rules, &streak, vacation, today);
        if visit.is_ok() {
            counted.visits.push(event.event_date);
            let school = is_one_of(event.place.as_ref(), &rules.counting.school);
            streak.at_school = if school { streak.at_school + 1 } else { 0 };
            let seen = child_seen(event, &rules.counting);
            streak.child_unseen = if seen { 0 } else { streak.child_unseen + 1 };
        }
        if contact.is_ok() {
            counted.contacts.push(event.event_date);
            counted.attempts_in_a_row = 0;
        } else if !event.voided && event.event_date <= today && met_nobody(event, &rules.counting) {
            counted.attempts_in_a_row += 1;
        }
        counted
            .verdicts
            .push(verdict(event, contact, visit, pack, rules));
    }
    // Two on one day are one date: a gap begins there once.
    counted.contacts.dedup();
    counted.visits.dedup();
    let least = packs
        .newest_by(today)
        .map_or(&standard, |pack| &pack.rules)
        .attempts_before_problem;
    counted.unreachable = counted.attempts_in_a_row >= least;
    counted
}

fn verdict(
    event: &Event,
    contact: Result<(), WhyNot>,
    visit: Result<(), WhyNot>,
    pack: Option<&PolicyPack>,
    rules: &Rules,
) -> EventVerdict {
    let meant = match event.kind {
        EventKind::Visit => visit,
        EventKind::Contact | EventKind::Attempt => contact,
    };
    let why_not = meant.err();
    EventVerdict {
        id: event.id.clone(),
        event_date: event.event_date,
        counts: why_not.is_none(),
        counts_as_contact: contact.is_ok(),
        counts_as_visit: visit.is_ok(),
        why_not,
        why_not_text: why_not.map(|why| {
            let key = why.text_key();
            pack.map_or_else(|| key.to_owned(), |pack| pack.text(key, &[]))
        }),
        entered_late: event.recorded_on.is_some_and(|recorded| {
            recorded > add_days(event.event_date, rules.late_entry_flag_days)
        }),
    }
}

/// Events in date order, one per record id. Of two versions a voided one stands, else the greater, whatever the order they came in.
fn one_per_record(events: &[Event]) -> Vec<&Event> {
    let mut by_id: BTreeMap<&str, &Event> = BTreeMap::new();
    for event in events {
        by_id
            .entry(&event.id)
            .and_modify(|kept| {
                if (event.voided, event) > (kept.voided, *kept) {
                    *kept = event;
                }
            })
            .or_insert(event);
    }
    let mut events: Vec<&Event> = by_id.into_values().collect();
    events.sort();
    events
}

/// What holds for every kind of event.
fn valid(case: &CadenceInput, event: &Event, today: NaiveDate) -> Result<(), WhyNot> {
    if event.voided {
        Err(WhyNot::Voided)
    } else if event.event_date > today {
        Err(WhyNot::Future)
    } else if event.event_date < case.opened_on || case.is_closed_on(event.event_date) {
        Err(WhyNot::FileNotOpen)
    } else {
        Ok(())
    }
}

fn as_contact(
    case: &CadenceInput,
    event: &Event,
    rules: &Rules,
    today: NaiveDate,
) -> Result<(), WhyNot> {
    valid(case, event, today)?;
    let counting = &rules.counting;
    match event.kind {
        EventKind::Attempt => {
            if rules.attempt_counts {
                Ok(())
            } else {
                Err(WhyNot::Attempt)
            }
        }
        // A visit that met the child or the caregiver is a contact wherever it was (architecture.md §8).
        EventKind::Visit => {
            if !rules.visit_counts_as_contact {
                Err(WhyNot::WrongParty)
            } else {
                met_child_or_carer(case, event, counting)
            }
        }
        EventKind::Contact => {
            if is_one_of(event.mode.as_ref(), &counting.never_modes) {
                return Err(WhyNot::Relay);
            }
            if !reached(event) {
                let chat = is_one_of(event.mode.as_ref(), &counting.chat_modes);
                if !chat {
                    return Err(WhyNot::NotReached);
                }
                if rules.chat_needs_reply {
                    return Err(WhyNot::NoReply);
                }
            }
            let carer = carer(case, event);
            let right =
                |party: &String| counting.child.contains(party) || counting.is_carer(party, carer);
            if event.party.iter().any(right) {
                Ok(())
            } else {
                Err(WhyNot::WrongParty)
            }
        }
    }
}

fn as_visit(
    case: &CadenceInput,
    event: &Event,
    rules: &Rules,
    streak: &Streak,
    vacation: bool,
    today: NaiveDate,
) -> Result<(), WhyNot> {
    valid(case, event, today)?;
    match event.kind {
        EventKind::Visit => {}
        EventKind::Attempt => return Err(WhyNot::Attempt),
        EventKind::Contact => return Err(WhyNot::NotAVisit),
    }
    let counting = &rules.counting;
    met_child_or_carer(case, event, counting)?;
    let place = event.place.as_ref();
    if is_one_of(place, &counting.hospital) {
        let in_hospital = case.pauses.iter().any(|pause| {
            counting.hospital_pauses.contains(&pause.reason)
                && pause.from <= event.event_date
                && pause.to.is_none_or(|to| event.event_date <= to)
        });
        if !in_hospital {
            return Err(WhyNot::NoHospitalPause);
        }
    } else if is_one_of(place, &counting.school) {
        if !event.boarder {
            return Err(WhyNot::NotABoarder);
        }
        if vacation {
            return Err(WhyNot::SchoolVacation);
        }
        if streak.at_school >= rules.school_visits_in_a_row {
            return Err(WhyNot::SchoolAgain);
        }
    } else if !is_one_of(place, &counting.home) {
        return Err(WhyNot::WrongPlace);
    }
    let unseen = streak.child_unseen + 1;
    if !child_seen(event, counting) && unseen >= rules.child_must_be_seen.every_nth_visit {
        return Err(WhyNot::ChildNotSeenAgain);
    }
    Ok(())
}

/// Who was the carer at the time; the file keeps no days of its carers, so where the record does not say it, who is it now.
fn carer<'a>(case: &'a CadenceInput, event: &'a Event) -> Option<&'a str> {
    event.carer.as_deref().or(case.carer.as_deref())
}

fn met_child_or_carer(
    case: &CadenceInput,
    event: &Event,
    counting: &Counting,
) -> Result<(), WhyNot> {
    let carer = carer(case, event);
    let is_met = event.met.iter().any(|met| counting.is_carer(met, carer));
    if is_met || child_seen(event, counting) {
        Ok(())
    } else if met_nobody(event, counting) {
        Err(WhyNot::NotReached)
    } else {
        Err(WhyNot::WrongParty)
    }
}

/// The child's own part says whether it was seen; `met` speaks for the whole household, so it is only the fallback.
fn child_seen(event: &Event, counting: &Counting) -> bool {
    event
        .child_seen
        .unwrap_or_else(|| event.met.iter().any(|met| counting.child.contains(met)))
}

fn reached(event: &Event) -> bool {
    event.reached.unwrap_or(!event.party.is_empty())
}

fn met_nobody(event: &Event, counting: &Counting) -> bool {
    match event.kind {
        EventKind::Attempt => true,
        EventKind::Contact => !reached(event),
        EventKind::Visit => {
            event.child_seen != Some(true)
                && event.met.iter().all(|met| counting.nobody.contains(met))
        }
    }
}

fn is_one_of(code: Option<&String>, codes: &[String]) -> bool {
    code.is_some_and(|code| codes.contains(code))
}
