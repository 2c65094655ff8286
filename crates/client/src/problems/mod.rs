//! Problems: report, list, story, what is next, and the page that works with no network.

mod acts;
mod left;
mod origin;
pub mod packets;
pub(crate) mod paper;
mod report;
mod reported;
mod room;
mod steps;

pub(crate) use acts::SEVERITY;
pub use acts::add_event;
pub(crate) use acts::place;
pub(crate) use origin::field_words as origin_words;
pub use report::{form, mandatory_page, report_problem};
pub use reported::{CaseStep, CaseStory};
pub(crate) use reported::{ReportedProblem, case_story, is_open_state, reported};
pub use room::role_words;
pub(crate) use room::{Place, Room, has_number, number_of, state_codes, state_words_of};
pub(crate) use steps::{follow_ups, headless, lacks_a_head, of_village};

use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::recusals::Recusals;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{IdInput, ProblemListView, ProblemRow, ProblemView, TimelineKind, TimelineRow};
use chrono::{Datelike, NaiveDate};
use ids::DocumentId;
use std::collections::HashSet;
use store::read_marks;

/// All problems this device holds: open first, most urgent first, then the newest.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn list(tablet: &Tablet) -> Result<ProblemListView, ClientError> {
    let rows = rows(tablet)?;
    looks::note_list(tablet, "problems", rows.len())?;
    Ok(ProblemListView { rows })
}

/// The rows of the list, for whatever shows some of them.
pub(crate) fn rows(tablet: &Tablet) -> Result<Vec<ProblemRow>, ClientError> {
    let room = Room::open(tablet)?;
    let mut rows = Vec::new();
    for noun in &room.problems {
        rows.push(room.row(noun, &room.told(noun)?, Place::List)?);
    }
    rows.sort_by(|a, b| {
        let closed = |row: &ProblemRow| !row.state.is_open();
        (closed(a), &a.severity, &b.at).cmp(&(closed(b), &b.severity, &a.at))
    });
    Ok(rows)
}

/// One problem's story; its answers are read from here on.
///
/// # Errors
/// `not_found`.
pub fn problem(tablet: &Tablet, input: &IdInput) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.id)?;
    let standpoint = room.standpoint(noun)?;
    let look = if standpoint.is_some_and(|standpoint| standpoint.is_open()) {
        Look::Restricted
    } else {
        Look::Problem
    };
    looks::note(tablet, look, &noun.id.to_string())?;
    let view = room.view(noun)?;
    if view.row.unread {
        let newest = noun.noun.events.last().map(|event| event.id.clone());
        let now = tablet.clock.now_ms();
        tablet
            .store
            .write(|tx| read_marks::put(tx, noun.id, newest.as_deref(), now))?;
        tablet.wrote();
    }
    Ok(view)
}

/// Whether this person is not to act for the family a problem is about (回避); of one that is not here any more, what the
/// orders say of it.
///
/// # Errors
/// `still_loading`, `form_unknown`, or the store cannot be read.
pub(crate) fn is_recused(tablet: &Tablet, problem: DocumentId) -> Result<bool, ClientError> {
    let room = Room::open(tablet)?;
    let me = tablet.identity.staff;
    Ok(match room.find(&problem.to_string()) {
        Ok(noun) => room.is_recused(me, noun),
        Err(_) => Recusals::read(tablet)?.concern(me, &[problem]),
    })
}

/// Children with an open problem; where a type is named, with one that mainly is of it.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn children_of_open(
    tablet: &Tablet,
    kind: Option<&str>,
) -> Result<HashSet<String>, ClientError> {
    let room = Room::open(tablet)?;
    let mut found = HashSet::new();
    for noun in &room.problems {
        let told = room.told(noun)?;
        if told.fold.state.is_open() && kind.is_none_or(|kind| told.main(&noun.noun) == kind) {
            found.extend(noun.noun.children.iter().cloned());
        }
    }
    Ok(found)
}

/// Problems with an answer that nobody read on this device.
///
/// # Errors
/// The store cannot be read.
pub fn unread_count(tablet: &Tablet) -> Result<u32, ClientError> {
    let unread = rows(tablet)?.iter().filter(|row| row.unread).count();
    Ok(u32::try_from(unread).unwrap_or(u32::MAX))
}

/// Problems this person reported this month.
///
/// # Errors
/// The store cannot be read.
pub fn reported_this_month(tablet: &Tablet, today: NaiveDate) -> Result<u32, ClientError> {
    let me = tablet.identity.staff.to_string();
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let mine = nouns.problems.iter().filter(|noun| {
        noun.noun.events.first().is_some_and(|event| {
            let date = system::civil_date(event.recorded_ms);
            event.by == me && date.year() == today.year() && date.month() == today.month()
        })
    });
    Ok(u32::try_from(mine.count()).unwrap_or(u32::MAX))
}

/// A child's problems as lines of its timeline, with the time they are sorted by.
///
/// # Errors
/// The store cannot be read.
pub fn timeline_rows(tablet: &Tablet, child: &str) -> Result<Vec<(i64, TimelineRow)>, ClientError> {
    let room = Room::open(tablet)?;
    let mut rows = Vec::new();
    for noun in room
        .problems
        .iter()
        .filter(|noun| noun.noun.children.iter().any(|id| id == child))
    {
        let row = room.row(noun, &room.told(noun)?, Place::List)?;
        let at = noun
            .noun
            .events
            .first()
            .map_or(0, |event| event.recorded_ms);
        rows.push((
            at,
            TimelineRow {
                record: row.problem.clone(),
                kind: TimelineKind::Problem,
                date: noun
                    .noun
                    .text("reported_on")
                    .map_or_else(|| system::civil_date(at).to_string(), str::to_owned),
                text: match row.seen.as_str() {
                    "" => row.kind.clone(),
                    seen => format!("{}：{seen}", row.kind),
                },
                by: row.by.clone(),
                state: row.record_state,
                counts: None,
                why_not: None,
                voided: None,
                amendments: row
                    .last_answer
                    .iter()
                    .map(|answer| format!("站里答复：{answer}"))
                    .collect(),
                entered_late: false,
                can_amend: false,
                open: 0,
                asked: Vec::new(),
                can_fill: false,
                waiting_for_session: false,
                title: None,
                work: None,
                activity: None,
                file: child.to_owned(),
            },
        ));
    }
    Ok(rows)
}
