//! What a station's documents say, counted from the documents themselves: no row a projection wrote, no list a page made.

use anyhow::{Context, Result, ensure};
use chrono::{Datelike, NaiveDate};
use client::Tablet;
use client::view::{ChildListView, MonthView, OverviewView, ProblemListView};
use domain::cadence::{
    Cadence, CadenceInput, Category, Event, EventKind, Kind, Pause, TierFact, compute,
};
use domain::child::{Child, IS_NEW, OPENED_ON, TIER_LOWERED};
use domain::problem::{Problem, State, fold};
use domain::record::{Record, doc};
use domain::scalar::Scalar;
use domain::status::{self, Author, STATUS};
use ids::{DocKind, DocumentId, Role, StaffId, UnitId};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use store::{StoreError, documents, members, projections};
use zoufang_tests::device::Device;

/// A child as its document says it is.
struct Counted {
    id: DocumentId,
    unit: UnitId,
    /// Its file has not ended.
    runs: bool,
    cadence: Cadence,
}

/// Everything that is counted.
struct Recount {
    today: NaiveDate,
    children: Vec<Counted>,
    /// State and severity of each problem.
    problems: Vec<(State, String)>,
}

/// A document, its unit, and what it says.
type Told = (DocumentId, UnitId, Record);

fn told(connection: &Connection, kind: DocKind) -> Result<Vec<Told>, StoreError> {
    let mut all = Vec::new();
    for id in documents::of_kind(connection, kind)? {
        if let Some(stored) = documents::load(connection, id)? {
            let record = doc::read(&stored.automerge);
            all.push((id, stored.head.home_unit, record));
        }
    }
    Ok(all)
}

impl Recount {
    fn of(tablet: &Tablet) -> Result<Self> {
        let (today, packs) = (tablet.today(), tablet.packs());
        let (children, problems, staff) = tablet.store.read(|connection| {
            Ok::<_, StoreError>((
                told(connection, DocKind::Child)?,
                told(connection, DocKind::Problem)?,
                members::all_staff(connection)?,
            ))
        })?;
        let roles: BTreeMap<StaffId, Role> =
            staff.iter().map(|row| (row.staff, row.role)).collect();
        let role_of = |by: &str| roles.get(&StaffId::parse(by).ok()?).copied();
        let mut counted = Vec::new();
        for (id, unit, record) in children {
            // Nobody here claims to be somebody else, so a row's word for its author is enough.
            let child = Child::from_record(&record);
            let status = status::fold(child.rows(STATUS), |entry| Author {
                staff: StaffId::parse(&entry.text_or_empty("by")).ok(),
                decides: role_of(&entry.text_or_empty("by")) != Some(Role::Director),
            });
            let Some(mut input) = asked(&child)? else {
                continue;
            };
            input.closed_on = status.ended_on();
            let mut cadence = compute(&input, &packs.rules, today);
            let runs = status.ended_on().is_none();
            if !runs {
                cadence.dues.clear();
            }
            counted.push(Counted {
                id,
                unit,
                runs,
                cadence,
            });
        }
        let problems = problems.iter().map(|(_, _, record)| {
            let problem = Problem::from_record(record);
            let severity = problem.text("severity").unwrap_or_default().to_owned();
            let story = fold(&problem.events, &severity, &[], |event| role_of(&event.by));
            (story.state, story.severity)
        });
        Ok(Self {
            today,
            children: counted,
            problems: problems.collect(),
        })
    }

    fn was_visited_this_month(&self, child: &Counted) -> bool {
        visited(&child.cadence, (self.today.year(), self.today.month()))
    }

    fn is_due_this_month(&self, child: &Counted) -> bool {
        let last = (self.today.year(), self.today.month());
        let due = child.cadence.due(Kind::Visit);
        due.is_some_and(|due| (due.due.year(), due.due.month()) <= last)
    }

    fn count(&self, is_one: impl Fn(&Counted) -> bool) -> usize {
        self.children.iter().filter(|child| is_one(child)).count()
    }
}

fn visited(cadence: &Cadence, month: (i32, u32)) -> bool {
    cadence.events.iter().any(|event| {
        event.counts_as_visit && (event.event_date.year(), event.event_date.month()) == month
    })
}

fn is_overdue(child: &Counted) -> bool {
    child.cadence.dues.iter().any(|due| due.days_over > 0)
}

/// What the rules are asked about a child. None for a file without an opening date.
fn asked(child: &Child) -> Result<Option<CadenceInput>> {
    let Some(opened_on) = child.text(OPENED_ON).and_then(|day| day.parse().ok()) else {
        return Ok(None);
    };
    ensure!(
        child
            .tier_facts
            .iter()
            .all(|fact| fact.kind != TIER_LOWERED),
        "nobody agreed to fewer visits in this year"
    );
    let mut events = Vec::new();
    for visit in &child.visits {
        events.extend(
            event(
                child,
                EventKind::Visit,
                &visit.id,
                (visit.event_date, visit.recorded_on),
            )
            .map(|event| Event {
                session: Some(visit.session.clone()),
                reached: Some(true),
                place: Some(visit.place.clone()),
                met: visit.met.clone(),
                child_seen: Some(visit.seen),
                boarder: visit.boarder,
                carer: visit.carer.clone(),
                ..event
            }),
        );
    }
    for contact in &child.contacts {
        let days = (contact.event_date, contact.recorded_on);
        events.extend(
            event(child, EventKind::Contact, &contact.id, days).map(|event| Event {
                mode: Some(contact.mode.clone()),
                party: contact.party.clone(),
                reached: Some(contact.reached),
                carer: contact.carer.clone(),
                ..event
            }),
        );
    }
    for attempt in &child.attempts {
        let days = (attempt.event_date, attempt.recorded_on);
        events.extend(
            event(child, EventKind::Attempt, &attempt.id, days).map(|event| Event {
                reached: Some(false),
                child_seen: Some(false),
                ..event
            }),
        );
    }
    let categories = child.categories.iter().map(|category| Category {
        code: category.code.clone(),
        start: category.start,
        end: category.end,
        recorded_on: category.recorded_on,
        suspected: category.is_suspected(),
    });
    let facts = child.tier_facts.iter().filter_map(|fact| {
        Some(TierFact {
            kind: fact.kind.clone(),
            value: None,
            from: fact.from,
            to: fact.to,
            recorded_on: fact.recorded_on.or(fact.from)?,
            words: None,
        })
    });
    let pauses = child.pauses.iter().filter_map(|pause| {
        Some(Pause {
            reason: pause.reason.clone(),
            kind: pause.kind,
            from: pause.from?,
            to: pause.to,
        })
    });
    Ok(Some(CadenceInput {
        opened_on,
        is_new: child.fields.get(IS_NEW).and_then(Scalar::as_bool) == Some(true),
        closed_on: None,
        gaps: Vec::new(),
        birth_date: child.birth_date(),
        categories: categories.collect(),
        facts: facts.collect(),
        tier_lowered: Vec::new(),
        events,
        pauses: pauses.collect(),
        boards: child.text("boarding") == Some("y"),
        rounds: Vec::new(),
        carer: child
            .text("carer_relation")
            .filter(|code| !code.is_empty())
            .or_else(|| child.text("carer_class").filter(|code| !code.is_empty()))
            .map(str::to_owned),
    }))
}

/// A thing that happened, with what every kind has. None where nobody knows on which day.
fn event(
    child: &Child,
    kind: EventKind,
    id: &str,
    (on, recorded_on): (Option<NaiveDate>, Option<NaiveDate>),
) -> Option<Event> {
    Some(Event {
        event_date: child.effective_date(id, on)?,
        id: id.to_owned(),
        kind,
        voided: child.is_voided(id),
        recorded_on,
        session: None,
        mode: None,
        party: Vec::new(),
        reached: None,
        place: None,
        met: Vec::new(),
        child_seen: None,
        boarder: false,
        carer: None,
    })
}

/// The overview, the list, the problems and every child's months say what the documents say.
pub async fn the_pages_say_what_the_documents_say(station: &Device) -> Result<()> {
    let told = Recount::of(&*station.tablet()?)?;
    let overview: OverviewView = station.call("overview", Value::Null).await?;
    let is_done = |child: &Counted| told.was_visited_this_month(child);
    let counted = [
        (
            "children",
            told.count(|child| child.runs),
            overview.children,
        ),
        ("visits done", told.count(is_done), overview.visits_done),
        (
            "visits due",
            told.count(|child| is_done(child) || told.is_due_this_month(child)),
            overview.visits_due,
        ),
        ("overdue", told.count(is_overdue), overview.overdue),
        (
            "problems nobody took up",
            told.problems
                .iter()
                .filter(|(state, _)| *state == State::Reported)
                .count(),
            overview.problems_waiting,
        ),
    ];
    for (what, documents, page) in counted {
        ensure!(
            documents == page as usize,
            "{what}: {documents} by the documents, {page} on the overview"
        );
    }
    ensure!(
        overview.children > 0 && overview.overdue > 0,
        "a year has children, and some of them wait"
    );
    for row in &overview.by_village {
        let is_here = |child: &Counted| child.unit.to_string() == row.village;
        let documents = (
            told.count(|child| is_here(child) && child.runs),
            told.count(|child| is_here(child) && child.runs && is_done(child)),
            told.count(|child| is_here(child) && is_overdue(child)),
        );
        let page = (
            row.children as usize,
            row.done as usize,
            row.overdue as usize,
        );
        ensure!(
            documents == page,
            "{}: {documents:?} by the documents, {page:?} on the overview",
            row.name
        );
    }

    let list: ChildListView = station.children().await?;
    for enhanced in [false, true] {
        let documents = told.count(|child| child.runs && child.cadence.enhanced == enhanced);
        let page = list
            .rows
            .iter()
            .filter(|row| !row.over && row.enhanced == enhanced)
            .count();
        ensure!(
            documents == page && page > 0,
            "enhanced {enhanced}: {documents} by the documents, {page} on the list"
        );
    }

    let problems: ProblemListView = station.call("problems", Value::Null).await?;
    let mut page: BTreeMap<&str, usize> = BTreeMap::new();
    for row in problems.rows.iter().filter(|row| row.state.is_open()) {
        *page.entry(row.severity.as_str()).or_default() += 1;
    }
    let mut documents: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, severity) in told.problems.iter().filter(|(state, _)| state.is_open()) {
        *documents.entry(severity.as_str()).or_default() += 1;
    }
    ensure!(
        documents == page && !page.is_empty(),
        "open problems: {documents:?} by the documents, {page:?} on the page"
    );

    let mut visits = 0;
    for child in told.children.iter().filter(|child| child.runs) {
        let file = station.file(&child.id.to_string()).await?;
        ensure!(
            file.misses.len() == child.cadence.misses.len(),
            "{}: {} misses by the document, {} in the file",
            file.name,
            child.cadence.misses.len(),
            file.misses.len()
        );
        for month in &file.months {
            let document = visited(&child.cadence, year_and_month(month)?);
            ensure!(
                document == (month.visits > 0),
                "{} in {}: {document} by the document, {} visits in the file",
                file.name,
                month.month,
                month.visits
            );
            visits += usize::from(document);
        }
    }
    ensure!(visits > 100, "{visits} months with a visit");
    Ok(())
}

fn year_and_month(month: &MonthView) -> Result<(i32, u32)> {
    let mut parts = month.month.split('-');
    let mut next = || parts.next().context("a year and a month");
    Ok((next()?.parse()?, next()?.parse()?))
}

/// Rows made anew from the documents are the rows that were there, document by document and table by table.
pub fn rows_are_what_the_documents_say(device: &Device) -> Result<()> {
    let tablet = device.tablet()?;
    let (lived, rebuilt, whole, again) = tablet.store.write(|tx| {
        let (lived, whole) = (projections::hashes(tx)?, projections::hash(tx)?);
        projections::rebuild(tx)?;
        let (rebuilt, again) = (projections::hashes(tx)?, projections::hash(tx)?);
        Ok::<_, StoreError>((lived, rebuilt, whole, again))
    })?;
    ensure!(!lived.is_empty(), "a year has rows");
    let differ: Vec<DocumentId> = lived
        .keys()
        .chain(rebuilt.keys())
        .filter(|id| lived.get(id) != rebuilt.get(id))
        .copied()
        .collect();
    ensure!(
        differ.is_empty() && whole == again,
        "rows that are made anew differ in {differ:?}"
    );
    Ok(())
}
