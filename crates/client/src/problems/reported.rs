//! Problems as a station reports them to the district: what they are and where they stand, without anybody's name or words.

use super::room::Room;
use super::steps;
use crate::error::ClientError;
use crate::system;
use crate::tablet::Tablet;
use chrono::NaiveDate;
use domain::policy::ReportRules;
use domain::problem::clock::{NextStep, Side};
use domain::problem::{Event, EventKind, Review, State};
use ids::{DocumentId, UnitId};
use protocol::ClosingId;
use uuid::Uuid;

/// A problem that is not over, or not for long.
pub(crate) struct ReportedProblem {
    /// Document.
    pub id: DocumentId,
    /// Village.
    pub unit: UnitId,
    /// What it is, a code.
    pub kind: String,
    /// How grave it is now.
    pub severity: String,
    /// Where it stands.
    pub state: &'static str,
    /// The day it was reported.
    pub day: NaiveDate,
    /// It had to be reported to the police, or was.
    pub mandatory: bool,
    /// There is a receipt of that.
    pub receipt: bool,
    /// What is next, by whom and until when; none when it is over.
    pub next: Option<(NextStep, Side, Option<NaiveDate>)>,
    /// The closing the district may countersign, or has.
    pub closing: Option<ClosingId>,
}

/// Every problem that is not over, those that have been for at most so many days, and those the district has said nothing
/// of for at most so many.
pub(crate) fn reported(
    tablet: &Tablet,
    rules: &ReportRules,
) -> Result<Vec<ReportedProblem>, ClientError> {
    let room = Room::open(tablet)?;
    let today = tablet.today();
    let mut found = Vec::new();
    for noun in &room.problems {
        let told = room.told(noun)?;
        let events = &noun.noun.events;
        let (Some(first), Some(since)) = (events.first(), events.get(told.fold.since)) else {
            continue;
        };
        let is_open = told.fold.state.is_open();
        let days_over = (today - system::civil_date(since.recorded_ms)).num_days();
        let waits = told.fold.review == Some(Review::Waiting);
        let days = if waits {
            rules.over_days.max(rules.review_days)
        } else {
            rules.over_days
        };
        if !is_open && days_over > i64::from(days) {
            continue;
        }
        let calls: Vec<&Event> = told
            .fold
            .counted(events)
            .filter(|(_, kind, _)| *kind == EventKind::Called)
            .map(|(_, _, event)| event)
            .collect();
        let receipt = calls.iter().any(|call| {
            call.detail
                .receipt
                .as_deref()
                .is_some_and(|it| !it.is_empty())
        });
        let next = steps::dues(&room, noun, &told)
            .first()
            .map(|due| (due.step, due.side, due.until.day()));
        found.push(ReportedProblem {
            id: noun.id,
            unit: noun.unit,
            kind: told.main(&noun.noun).to_owned(),
            severity: told.fold.severity.clone(),
            state: told.fold.state.as_str(),
            day: system::civil_date(first.recorded_ms),
            mandatory: noun.noun.text("mandatory_choice") == Some("reported") || !calls.is_empty(),
            receipt,
            next: next.filter(|_| is_open),
            closing: told
                .fold
                .review
                .and_then(|_| Uuid::parse_str(&since.id).ok()),
        });
    }
    Ok(found)
}

/// Whether a problem in this state is not over; one that is not known here may not be.
pub(crate) fn is_open_state(code: &str) -> bool {
    State::parse(code).is_none_or(State::is_open)
}

/// A step of a case, without anybody's words.
pub struct CaseStep {
    /// The day it was written down.
    pub day: String,
    /// What, in words of the policy.
    pub what: String,
    /// By whom: a role, never a person.
    pub by: String,
}

/// A case as it is sent to the district: what it is and what was done, without anybody's own words.
pub struct CaseStory {
    /// What it is.
    pub kind: String,
    /// Labels and values.
    pub facts: Vec<(String, String)>,
    /// Children it is about, ids.
    pub children: Vec<String>,
    /// What was done.
    pub steps: Vec<CaseStep>,
}

/// A problem as it is sent to the district.
///
/// # Errors
/// `not_found`, or the store cannot be read.
pub(crate) fn case_story(tablet: &Tablet, id: &str) -> Result<CaseStory, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(id)?;
    let told = room.told(noun)?;
    Ok(CaseStory {
        kind: room.kind_words(noun),
        facts: room.case_facts(noun, &told),
        children: noun.noun.children.clone(),
        steps: room.case_steps(noun, &told)?,
    })
}
