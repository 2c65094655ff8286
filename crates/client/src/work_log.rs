//! The work log 工作日志 of a month (domain.md §7.1): drafted by itself from what this person recorded, to be read and printed.
//!
//! Nothing of it is kept: it is what the records say. It counts no time and compares nobody.

use crate::error::ClientError;
use crate::looks;
use crate::problems::Room;
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::timeline::{attempt_text, contact_text, visit_text};
use crate::view::{
    MonthCountsView, WorkDayView, WorkKind, WorkKindView, WorkLineView, WorkLogInput, WorkLogView,
};
use crate::work::{self, Kind};
use chrono::{Datelike, Months, NaiveDate};
use domain::policy::PolicyPack;
use domain::record::Entry;
use domain::work::record_of;
use std::collections::BTreeMap;

/// What stands where a line begins: siblings seen in one visit are one line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    date: NaiveDate,
    recorded_ms: i64,
    record: String,
}

/// The lines of a month while they are gathered.
struct Gathered<'a> {
    me: String,
    month: NaiveDate,
    lines: BTreeMap<Place, WorkLineView>,
    /// What the line of a record says of each child, in the order of its names.
    told: BTreeMap<Place, Vec<String>>,
    roster: &'a Roster,
}

/// What this person did in a month, day by day.
///
/// # Errors
/// `value_invalid` for what is no month, `form_unknown` without rules, or the store cannot be read.
pub fn work_log(tablet: &Tablet, input: &WorkLogInput) -> Result<WorkLogView, ClientError> {
    let roster = Roster::read(tablet)?;
    let (month, this) = month_of(input.month.as_deref(), roster.today)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let mut gathered = Gathered::of_records(&roster, tablet, month, Some(pack));
    gathered.add_problems(&Room::open(tablet)?);
    for kind in work::kinds(&packs) {
        gathered.add_written(tablet, pack, kind);
    }
    let mut days: Vec<WorkDayView> = Vec::new();
    for (place, line) in gathered.lines {
        let date = place.date.to_string();
        match days.last_mut() {
            Some(day) if day.date == date => day.lines.push(line),
            _ => days.push(WorkDayView {
                date,
                lines: vec![line],
            }),
        }
    }
    // Its lines have children's names and what was written of them; on paper it has a row of its own beside this one.
    let lines = days.iter().map(|day| day.lines.len()).sum();
    looks::note_list(tablet, &format!("work_log/{}", name_of(month)), lines)?;
    Ok(WorkLogView {
        month: name_of(month),
        before: month.checked_sub_months(Months::new(1)).map(name_of),
        after: month
            .checked_add_months(Months::new(1))
            .filter(|after| *after <= this)
            .map(name_of),
        person: tablet.identity.person.clone(),
        unit: tablet.unit_name(),
        days,
        kinds: work::kinds(&packs)
            .filter(|kind| kind.work.of.is_none())
            .map(|kind| WorkKindView {
                block: kind.block.key.clone(),
                one: kind.rows.one.clone(),
            })
            .collect(),
    })
}

/// How many visits, contacts and attempts of this month the log has: what was voided is none, siblings who were seen in one
/// visit are one, and a corrected date is the date.
pub(crate) fn counts(roster: &Roster, tablet: &Tablet) -> MonthCountsView {
    let gathered = Gathered::of_records(roster, tablet, first_of(roster.today), None);
    let count = |kind| {
        let lines = gathered.lines.values().filter(|line| line.kind == kind);
        u32::try_from(lines.count()).unwrap_or(u32::MAX)
    };
    MonthCountsView {
        visits: count(WorkKind::Visit),
        contacts: count(WorkKind::Contact),
        attempts: count(WorkKind::Attempt),
        problems: 0,
    }
}

/// A month by its first day, and this one; this one where none is named.
///
/// # Errors
/// `value_invalid` for what is no month.
pub(crate) fn month_of(
    named: Option<&str>,
    today: NaiveDate,
) -> Result<(NaiveDate, NaiveDate), ClientError> {
    let this = first_of(today);
    let month = match named {
        None => this,
        Some(text) => format!("{text}-01")
            .parse()
            .map_err(|_| ClientError::new("value_invalid").with("value", text))?,
    };
    Ok((month, this))
}

/// `2026-11`.
pub(crate) fn name_of(month: NaiveDate) -> String {
    month.format("%Y-%m").to_string()
}

pub(crate) fn first_of(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

impl<'a> Gathered<'a> {
    /// The visits, contacts and attempts of a month; with their words where there is a pack.
    fn of_records(
        roster: &'a Roster,
        tablet: &Tablet,
        month: NaiveDate,
        pack: Option<&PolicyPack>,
    ) -> Self {
        let mut gathered = Self {
            me: tablet.identity.staff.to_string(),
            month,
            lines: BTreeMap::new(),
            told: BTreeMap::new(),
            roster,
        };
        for child in roster.everybody() {
            let file = &child.child;
            for visit in &file.visits {
                let (by, when) = (&visit.by, (visit.event_date, visit.recorded_ms));
                let record = (visit.id.as_str(), visit.session.as_str());
                gathered.add(child, WorkKind::Visit, record, by, when, || {
                    pack.map(|pack| visit_text(visit, pack))
                });
            }
            for contact in &file.contacts {
                let (by, when) = (&contact.by, (contact.event_date, contact.recorded_ms));
                let record = (contact.id.as_str(), contact.id.as_str());
                gathered.add(child, WorkKind::Contact, record, by, when, || {
                    pack.map(|pack| contact_text(contact, pack))
                });
            }
            for attempt in &file.attempts {
                let (by, when) = (&attempt.by, (attempt.event_date, attempt.recorded_ms));
                // Nobody was met by the siblings either.
                let shared = file.household().unwrap_or(&attempt.id);
                let record = (attempt.id.as_str(), shared);
                gathered.add(child, WorkKind::Attempt, record, by, when, || {
                    pack.map(|pack| attempt_text(attempt, pack))
                });
            }
        }
        gathered.say();
        gathered
    }

    /// Puts the words of each child into the lines: once where they are the same, else with each child's name.
    fn say(&mut self) {
        for (place, told) in std::mem::take(&mut self.told) {
            let Some(line) = self.lines.get_mut(&place) else {
                continue;
            };
            line.text = words_of(&line.names, &told);
        }
    }

    fn is_in(&self, date: NaiveDate) -> bool {
        first_of(date) == self.month
    }

    /// A record about a child. `shared` is the same for what is one piece of work.
    fn add(
        &mut self,
        child: &RosterChild,
        kind: WorkKind,
        (record, shared): (&str, &str),
        by: &str,
        (date, recorded_ms): (Option<NaiveDate>, i64),
        text: impl FnOnce() -> Option<String>,
    ) {
        let file = &child.child;
        let date = file.effective_date(record, date);
        let Some(date) = date.filter(|date| self.is_in(*date)) else {
            return;
        };
        if by != self.me || file.is_voided(record) {
            return;
        }
        // Siblings of one visit or one closed door were written with one moment; two of a household on a day are two.
        let place = Place {
            date,
            recorded_ms,
            record: shared.to_owned(),
        };
        let told = self.told.entry(place.clone()).or_default();
        told.push(text().unwrap_or_default());
        let line = self.lines.entry(place).or_insert_with(|| WorkLineView {
            kind,
            names: Vec::new(),
            text: String::new(),
            step: None,
            title: None,
            work: None,
        });
        line.names.push(child.name());
    }

    /// What this person wrote down herself. A record about several children is one line; the lines an activity leaves in
    /// their files only name them.
    fn add_written(&mut self, tablet: &Tablet, pack: &PolicyPack, kind: Kind<'_>) {
        let (roster, month, lines) = (self.roster, self.month, &mut self.lines);
        let mut add = |entry: &Entry, name: Option<String>| {
            let date = kind.day(entry).filter(|date| first_of(*date) == month);
            let Some(date) = date.filter(|_| work::is_mine(tablet, entry)) else {
                return;
            };
            let recorded_ms = entry.int("recorded_ms").unwrap_or(0);
            let place = place_of(lines, date, recorded_ms, record_of(entry));
            if kind.work.of.is_some() {
                if let Some(line) = lines.get_mut(&place) {
                    line.names.extend(name);
                }
                return;
            }
            let line = lines.entry(place).or_insert_with(|| {
                let (title, text) = kind.told(tablet, pack, entry);
                WorkLineView {
                    kind: WorkKind::Written,
                    names: Vec::new(),
                    text,
                    step: None,
                    title: Some(title),
                    work: kind.reference(tablet, entry),
                }
            });
            line.names.extend(name);
        };
        for month in &roster.work {
            for entry in month.noun.rows(&kind.block.key) {
                add(entry, None);
            }
        }
        for child in &roster.children {
            for entry in child.child.rows(&kind.block.key) {
                add(entry, Some(child.name()));
            }
        }
    }

    /// What this person did about problems. Of a sealed matter only its number.
    fn add_problems(&mut self, room: &Room<'_>) {
        for (problem, named) in room.titled() {
            for (position, event) in problem.events.iter().enumerate() {
                let date = system::civil_date(event.recorded_ms);
                if event.by != self.me || !self.is_in(date) {
                    continue;
                }
                let names = problem
                    .children
                    .iter()
                    .filter_map(|id| self.roster.child_or_guest(id).ok())
                    .map(RosterChild::name)
                    .collect();
                let place = Place {
                    date,
                    recorded_ms: event.recorded_ms,
                    // What was written at once keeps its order.
                    record: format!("{position:05} {}", event.id),
                };
                let line = WorkLineView {
                    kind: WorkKind::Problem,
                    names: if named.is_ok() { names } else { Vec::new() },
                    text: named.clone().unwrap_or_else(|number| number),
                    step: Some(event.kind.clone()),
                    title: None,
                    work: None,
                };
                self.lines.insert(place, line);
            }
        }
    }
}

/// Where the line of a record stands: one record is one line, also where its parts were written a moment apart.
fn place_of(
    lines: &BTreeMap<Place, WorkLineView>,
    date: NaiveDate,
    recorded_ms: i64,
    record: &str,
) -> Place {
    let is_its = |place: &&Place| place.date == date && place.record == record;
    lines.keys().find(is_its).cloned().unwrap_or_else(|| Place {
        date,
        recorded_ms,
        record: record.to_owned(),
    })
}

/// What a line says: what holds of all of them once, else each child's words after its name, a line each.
fn words_of(names: &[String], told: &[String]) -> String {
    match told {
        [] => String::new(),
        [first, rest @ ..] if rest.iter().all(|other| other == first) => first.clone(),
        _ => {
            let lines = names.iter().zip(told);
            let lines = lines.map(|(name, text)| format!("{name}：{text}"));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_child_has_its_own_words_and_what_holds_of_all_is_said_once() {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let names = owned(&["石小雨", "石小晨"]);
        assert_eq!(
            words_of(&names, &owned(&["家里没人。", "家里没人。"])),
            "家里没人。"
        );
        assert_eq!(
            words_of(&names, &owned(&["不愿上学。", "都好。"])),
            "石小雨：不愿上学。\n石小晨：都好。"
        );
        assert_eq!(words_of(&names[..1], &owned(&["都好。"])), "都好。");
        assert_eq!(words_of(&[], &[]), "");
    }
}
