//! The station's pages: overview, villages, inbox. Computed from the same records the tablets hold.

use crate::cadence;
use crate::error::ClientError;
use crate::filling;
use crate::looks::{self, Look};
use crate::problems;
use crate::recusals;
use crate::restricted;
use crate::roster::{self, Roster, RosterChild, UNKNOWN_PERSON, record_state};
use crate::system;
use crate::tablet::Tablet;
use crate::timeline::{attempt_text, contact_text, visit_text};
use crate::today::draft_rows;
use crate::view::{
    AttentionRow, InboxRow, InboxView, OverviewView, ProblemRow, ProblemState, VillageListView,
    VillageRow,
};
use chrono::{Datelike, NaiveDate};
use domain::cadence::Kind;
use ids::{DocumentId, UnitId};
use std::collections::{HashMap, HashSet};
use store::projections::events::{self, EventKind};
use store::{departures, drafts, members, sync_state};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The role that looks at the village's own list, in the pack's words for who is told.
const DIRECTOR: &str = "CD";
/// Rows of the attention table and of the inbox; the rest is reached by search.
const ATTENTION_ROWS: usize = 200;
const INBOX_ROWS: u32 = 500;

/// The overview.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn overview(tablet: &Tablet) -> Result<OverviewView, ClientError> {
    let roster = Roster::read(tablet)?;
    let by_village = village_rows(tablet, &roster)?;
    let seen: HashMap<UnitId, i64> = seen_by_unit(tablet)?;
    // A tablet not heard of for so long is a matter of its own (ui.md §4.2).
    let silent_ms = i64::from(tablet.rules().report.silent_days) * DAY_MS;
    let packs = tablet.packs();
    let pack = packs.rules_on(roster.today);
    let mut attention: Vec<AttentionRow> = Vec::new();
    let mut overdue = 0;
    let mut visits_due = 0;
    let mut visits_done = 0;
    for child in &roster.children {
        let Some(cadence) = &child.cadence else {
            continue;
        };
        let done = has_visit_this_month(child, roster.today);
        let due_this_month = cadence
            .due(Kind::Visit)
            .is_some_and(|due| month(due.due) <= month(roster.today));
        visits_done += u32::from(done);
        visits_due += u32::from(done || due_this_month);
        let Some(due) = cadence
            .dues
            .iter()
            .filter(|due| due.days_over > 0)
            .max_by_key(|due| due.days_over)
        else {
            continue;
        };
        overdue += 1;
        // The village's own list is hers to look at; who else is told stands here.
        let told = due.to_roles.iter().filter(|role| *role != DIRECTOR);
        attention.push(AttentionRow {
            level: due.level.filter(|level| *level > 1),
            told: told
                .filter_map(|role| {
                    let mut lists = ["TOLD", "LEAD"].into_iter();
                    let label = lists.find_map(|list| {
                        let label = pack?.label(list, role);
                        (label != role).then_some(label)
                    });
                    label.map(str::to_owned)
                })
                .collect(),
            child: child.id.to_string(),
            name: child.name(),
            village: roster.people.unit_name(child.unit),
            enhanced: cadence.enhanced,
            due: cadence::due_view(due),
            last_done: due.last.map(|date| date.to_string()),
            director: roster.people.directors(child.unit).into_iter().next(),
            tablet_seen: seen.get(&child.unit).copied().map(system::moment),
        });
    }
    attention.sort_by_key(|row| std::cmp::Reverse((row.due.days_over, row.enhanced)));
    attention.truncate(ATTENTION_ROWS);
    let problems = problems::rows(tablet)?;
    let waiting = problems
        .iter()
        .filter(|row| row.state == ProblemState::Reported)
        .count();
    let open = problems.into_iter().filter(|row| row.state.is_open());
    let open: Vec<ProblemRow> = open.take(20).collect();
    let questions = crate::mandatory::of_station(tablet, &roster)?;
    // These have words of a record; whoever is overdue or was not met is a name and a date.
    looks::note_list(tablet, "overview", open.len() + questions.len())?;
    let now = tablet.clock.now_ms();
    Ok(OverviewView {
        children: count(roster.running().count()),
        villages: count(by_village.len()),
        visits_due,
        visits_done,
        overdue,
        problems_waiting: count(waiting),
        silent_tablets: count(seen.values().filter(|at| now - **at > silent_ms).count()),
        conflicts: crate::conflicts::count(tablet)?,
        reviews: count(
            usize::try_from(tablet.store.read(departures::count_waiting)?).unwrap_or(usize::MAX),
        ),
        attention,
        by_village,
        problems: open,
        openings: restricted::notices(tablet)?,
        questions,
        unmet: crate::unmet::of_station(tablet, &roster)?,
        instead: recusals::instead(tablet, &roster)?,
        drafts: draft_rows(tablet, &roster, &tablet.store.read(drafts::open)?),
        second_copy: tablet.store.read(sync_state::status)?.second_copy,
    })
}

/// All villages in administrative order.
///
/// # Errors
/// The store cannot be read.
pub fn villages(tablet: &Tablet) -> Result<VillageListView, ClientError> {
    let roster = Roster::read(tablet)?;
    Ok(VillageListView {
        rows: village_rows(tablet, &roster)?,
    })
}

/// Visits, contacts and attempts that came from tablets, newest arrivals first.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn inbox(tablet: &Tablet) -> Result<InboxView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let arrived = tablet
        .store
        .read(|connection| events::arrived(connection, INBOX_ROWS))?;
    let older = arrived.len() >= INBOX_ROWS as usize;
    let children: HashMap<DocumentId, &RosterChild> = roster
        .children
        .iter()
        .map(|child| (child.id, child))
        .collect();
    let mut asked: HashSet<String> = HashSet::new();
    for child in &roster.children {
        if child.child.asked.is_empty() {
            continue;
        }
        let authors = roster::authors(tablet, child.id)?;
        let standing = filling::still_asked(&roster, child, &authors);
        asked.extend(standing.into_iter().map(|one| one.record.clone()));
    }
    let rows: Vec<InboxRow> = arrived
        .into_iter()
        .filter_map(|arrived| {
            let event = &arrived.event;
            let child = *children.get(&event.child)?;
            let file = &child.child;
            let text = match event.kind {
                EventKind::Visit => {
                    visit_text(file.visits.iter().find(|one| one.id == event.record)?, pack)
                }
                EventKind::Contact => contact_text(
                    file.contacts.iter().find(|one| one.id == event.record)?,
                    pack,
                ),
                EventKind::Attempt => attempt_text(
                    file.attempts.iter().find(|one| one.id == event.record)?,
                    pack,
                ),
            };
            let verdict = child
                .cadence
                .as_ref()
                .and_then(|cadence| cadence.verdict(&event.record));
            Some(InboxRow {
                record: event.record.clone(),
                kind: event.kind.as_str().to_owned(),
                child: child.id.to_string(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                date: file
                    .effective_date(&event.record, event.event_date)
                    .map(|date| date.to_string())
                    .unwrap_or_default(),
                arrived: system::moment(arrived.stored_ms),
                by: arrived
                    .written_by
                    .and_then(|author| author.name)
                    .unwrap_or_else(|| UNKNOWN_PERSON.to_owned()),
                text,
                counts: verdict.is_some_and(|verdict| verdict.counts),
                entered_late: verdict.is_some_and(|verdict| verdict.entered_late),
                open: filling::open_count(file, &event.record),
                asked: asked.contains(&event.record),
                state: record_state(&roster.states, &event.record),
            })
        })
        .collect();
    // Each row has the words of a record: the trail says so before anybody reads them.
    let newest = rows.first().map_or("", |row| row.record.as_str());
    looks::note_page(tablet, Look::Inbox, newest, rows.len())?;
    Ok(InboxView {
        rows,
        older,
        openings: restricted::notices(tablet)?,
    })
}

pub(crate) fn village_rows(
    tablet: &Tablet,
    roster: &Roster,
) -> Result<Vec<VillageRow>, ClientError> {
    let seen = seen_by_unit(tablet)?;
    let mut units = tablet.store.read(members::units)?;
    units.retain(|unit| unit.level == "village" && unit.closed_ms.is_none());
    units.sort_by(|a, b| a.region_code.cmp(&b.region_code));
    Ok(units
        .into_iter()
        .map(|unit| {
            let children: Vec<&RosterChild> = roster
                .running()
                .filter(|child| child.unit == unit.unit)
                .collect();
            VillageRow {
                village: unit.unit.to_string(),
                name: unit.name,
                region: unit.region_code.unwrap_or_default(),
                former: unit
                    .former
                    .into_iter()
                    .map(|(name, region)| format!("{name} {region}"))
                    .collect(),
                children: count(children.len()),
                done: count(
                    children
                        .iter()
                        .filter(|child| has_visit_this_month(child, roster.today))
                        .count(),
                ),
                overdue: count(
                    children
                        .iter()
                        .filter(|child| {
                            child.cadence.as_ref().is_some_and(|cadence| {
                                cadence.dues.iter().any(|due| due.days_over > 0)
                            })
                        })
                        .count(),
                ),
                directors: roster.people.directors(unit.unit),
                tablet_seen: seen.get(&unit.unit).copied().map(system::moment),
            }
        })
        .collect())
}

/// When the newest tablet of each village was last heard of.
fn seen_by_unit(tablet: &Tablet) -> Result<HashMap<UnitId, i64>, ClientError> {
    let mut seen = HashMap::new();
    let here: HashSet<UnitId> = tablet
        .store
        .read(members::units)?
        .into_iter()
        .map(|unit| unit.unit)
        .collect();
    for device in tablet.store.read(members::devices)? {
        // Nor is it about whoever once wrote in a file that came from elsewhere.
        if device.unit == tablet.identity.scope || !here.contains(&device.unit) {
            continue;
        }
        if let Some(at) = device.seen_ms.or(device.enrolled_ms) {
            let newest = seen.entry(device.unit).or_insert(at);
            *newest = at.max(*newest);
        }
    }
    Ok(seen)
}

fn has_visit_this_month(child: &RosterChild, today: NaiveDate) -> bool {
    child.cadence.as_ref().is_some_and(|cadence| {
        cadence
            .events
            .iter()
            .any(|event| event.counts_as_visit && month(event.event_date) == month(today))
    })
}

fn month(date: NaiveDate) -> (i32, u32) {
    (date.year(), date.month())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
