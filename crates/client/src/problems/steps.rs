//! What is next about a problem, in what a screen needs; computed when somebody looks, never stored and never pushed.

use super::room::{Place, Room, Told};
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::reports;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{HeadlessRow, NextStepView, ProblemStepRow};
use chrono::NaiveDate;
use domain::cadence::Kind;
use domain::calendar::add_days;
use domain::problem::clock::{Clock, Deadline, Due, NextStep, Side};
use domain::problem::{Problem, State};
use ids::{DocumentId, Role};
use protocol::CaseState;

/// What stands in a list instead of a plan whose words are sealed.
const SEALED: &str = "（内容保密）";

/// Everything that is due about a problem, the earliest first.
pub(super) fn dues(room: &Room<'_>, noun: &Noun<Problem>, told: &Told) -> Vec<Due> {
    let next_visit = (told.fold.state == State::FollowUp)
        .then(|| next_visit(room, noun, told))
        .flatten();
    Clock {
        events: &noun.noun.events,
        fold: &told.fold,
        timer: room.pack.timer(&told.fold.severity),
        calendar: &room.calendar,
        feedback_days: &room.pack.mandatory.feedback_days,
        no_feedback: &room.pack.mandatory.no_feedback,
        police: &room.pack.mandatory.police,
        next_visit,
        now_ms: room.tablet.clock.now_ms(),
    }
    .dues()
}

/// The day of the first visit since it was confirmed to be solved; until there is one, the day the next one is due.
fn next_visit(room: &Room<'_>, noun: &Noun<Problem>, told: &Told) -> Option<NaiveDate> {
    let problem = &noun.noun;
    let confirmed = problem.events.get(told.fold.since)?;
    if let Some(made) = room.first_visit_since(problem, confirmed.recorded_ms) {
        return Some(made);
    }
    let packs = room.tablet.packs();
    let main = DocumentId::parse(problem.text("child")?).ok()?;
    let child = room.children.iter().find(|child| child.id == main)?;
    let child = std::slice::from_ref(child);
    let today = room.tablet.today();
    let cadences = room.tablet.cadences(child, &room.rounds, &packs, today);
    let due = cadences.first()?.as_ref()?.due(Kind::Visit)?.due;
    Some(due)
}

/// The one a list shows: on a tablet what is up to the village, where there is such.
pub(super) fn shown(room: &Room<'_>, dues: &[Due]) -> Option<Due> {
    let is_hers = |due: &&Due| due.side == Side::Village;
    let hers = (room.tablet.identity.role == Role::Director)
        .then(|| dues.iter().find(is_hers))
        .flatten();
    hers.or_else(|| dues.first()).cloned()
}

pub(super) fn view(room: &Room<'_>, problem: &Problem, due: &Due) -> NextStepView {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    NextStepView {
        step: due.step.as_str().to_owned(),
        side: due.side.as_str().to_owned(),
        on: due.until.day().map(|day| day.to_string()),
        at: match due.until {
            Deadline::Moment(ms) => Some(system::moment(ms)),
            Deadline::Open | Deadline::Day(_) => None,
        },
        late: due.late,
        told: due
            .told
            .iter()
            .map(|code| room.pack.label("TOLD", code).to_owned())
            .collect(),
        number: count(due.number.0),
        of: count(due.number.1),
        about: about(room, problem, due),
        counts_from: due.counts_from.map(|day| day.to_string()),
    }
}

/// The same without anybody's words.
pub(super) fn without_words(next: NextStepView) -> NextStepView {
    NextStepView {
        about: String::new(),
        ..next
    }
}

fn step_row(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    due: &Due,
) -> Result<ProblemStepRow, ClientError> {
    let problem = noun.id.to_string();
    let next = view(room, &noun.noun, due);
    Ok(match room.number_for_me(noun, Place::List)? {
        Some(number) => ProblemStepRow {
            problem,
            names: String::new(),
            kind: number,
            next: without_words(next),
        },
        None => ProblemStepRow {
            problem,
            names: room.names(&noun.noun),
            kind: room.kind_words(noun),
            next,
        },
    })
}

fn about(room: &Room<'_>, problem: &Problem, due: &Due) -> String {
    let Some(event) = due
        .about
        .as_ref()
        .and_then(|id| problem.events.iter().find(|event| event.id == *id))
    else {
        return String::new();
    };
    match due.step {
        NextStep::ReferralReply => {
            let body = event.detail.body.as_deref().unwrap_or_default();
            room.pack.label("REFERRAL_BODY", body).to_owned()
        }
        NextStep::Plan if event.sealed => SEALED.to_owned(),
        NextStep::Plan => event.text.clone(),
        _ => String::new(),
    }
}

/// What is up to the village, today or within so many days; what has no day as well.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn of_village(
    tablet: &Tablet,
    soon_days: u32,
) -> Result<Vec<ProblemStepRow>, ClientError> {
    let room = Room::open(tablet)?;
    let soon = add_days(tablet.today(), soon_days);
    let mut found = Vec::new();
    for noun in &room.problems {
        if room.is_recused(tablet.identity.staff, noun) {
            continue;
        }
        let told = room.told(noun)?;
        for due in dues(&room, noun, &told) {
            let comes = due.until.day().is_none_or(|day| day <= soon);
            if due.side == Side::Village && comes {
                found.push((
                    due.until.day().unwrap_or(tablet.today()),
                    step_row(&room, noun, &due)?,
                ));
            }
        }
    }
    found.sort_by_key(|(day, _)| *day);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// What waits for another head than the station has: matters of life and safety that are not closed, and what the district
/// asked to see.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn headless(tablet: &Tablet) -> Result<Vec<HeadlessRow>, ClientError> {
    let mut found = Vec::new();
    if !tablet.identity.role.is_at_station() {
        return Ok(found);
    }
    let room = Room::open(tablet)?;
    let asked: Vec<DocumentId> = reports::own_station(tablet)?
        .into_iter()
        .flat_map(|station| station.cases)
        .filter(|case| case.state == CaseState::Asked)
        .map(|case| case.problem)
        .collect();
    for noun in &room.problems {
        if !room.says_that_it_lacks_a_head(noun)? {
            continue;
        }
        let told = room.told(noun)?;
        let open = told.fold.severity == "S1" && told.fold.state.is_open();
        let asked = asked.contains(&noun.id);
        if !open && !asked {
            continue;
        }
        let number = room.number_for_me(noun, Place::List)?;
        found.push(HeadlessRow {
            problem: noun.id.to_string(),
            names: match number {
                Some(_) => String::new(),
                None => room.names(&noun.noun),
            },
            kind: number.unwrap_or_else(|| room.kind_words(noun)),
            open,
            asked,
        });
    }
    Ok(found)
}

/// Whether every head is not to act for the family a problem is about, for whoever is told so.
///
/// # Errors
/// As [`headless`].
pub(crate) fn lacks_a_head(tablet: &Tablet, problem: DocumentId) -> Result<bool, ClientError> {
    let room = Room::open(tablet)?;
    match room.find(&problem.to_string()) {
        Ok(noun) => room.says_that_it_lacks_a_head(noun),
        Err(_) => Ok(false),
    }
}

/// Follow-ups of these children that stand open and that one of today stands for: whoever was just there can say how it is.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn follow_ups(
    tablet: &Tablet,
    children: &[DocumentId],
) -> Result<Vec<ProblemStepRow>, ClientError> {
    let room = Room::open(tablet)?;
    let today = tablet.today();
    let mut found = Vec::new();
    for noun in &room.problems {
        let concerns = children.iter().any(|child| {
            let id = child.to_string();
            noun.noun.children.contains(&id)
        });
        if !concerns || room.is_recused(tablet.identity.staff, noun) {
            continue;
        }
        let told = room.told(noun)?;
        for due in dues(&room, noun, &told) {
            let counts = due.counts_from.is_none_or(|first| first <= today);
            if due.step == NextStep::FollowUp && counts {
                found.push(step_row(&room, noun, &due)?);
            }
        }
    }
    Ok(found)
}
