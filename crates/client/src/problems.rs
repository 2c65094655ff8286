//! Problems: report, list, story, and the page that works with no network.

use crate::contacts::note;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::nouns::Noun;
use crate::records::{self, Write};
use crate::recusals::{self, Recusals};
use crate::restricted::{self, Cases, Standpoint};
use crate::roster::{self, People, Roster, record_state};
use crate::system;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::view::{
    CardView, IdInput, MandatoryView, OptionView, ProblemEventInput, ProblemEventView,
    ProblemFormView, ProblemInput, ProblemListView, ProblemRow, ProblemState, ProblemView,
    RecordState, SavedView, TimelineKind, TimelineRow,
};
use chrono::{Datelike, NaiveDate};
use domain::policy::PolicyPack;
use domain::problem::{self, EventKind, Fold, Problem, State};
use domain::record::Edit;
use domain::restricted::Note;
use ids::{DocKind, DocumentId, Role, StaffId};
use std::collections::HashMap;
use store::changes::{self, ChangeState};
use store::read_marks;

/// What stands in the problem instead of words that are the station's alone.
const SEALED: &str = "详细情况已单独报给站里，这里不显示。";

/// What the report screen offers for a child.
///
/// # Errors
/// `not_found`.
pub fn form(tablet: &Tablet, input: &IdInput) -> Result<ProblemFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    Ok(ProblemFormView {
        cards: pack
            .problem_cards
            .iter()
            .map(|card| CardView {
                code: card.code.clone(),
                label: card.label.clone(),
                hint: card.hint.clone(),
            })
            .collect(),
        urgencies: pack
            .urgencies
            .iter()
            .map(|urgency| OptionView {
                code: urgency.code.clone(),
                label: urgency.label.clone(),
            })
            .collect(),
        phrases: pack.phrases("problem").to_vec(),
        child: input.id.clone(),
        name: child.name(),
        siblings: child
            .child
            .household()
            .map(|household| roster.children_of(household))
            .unwrap_or_default()
            .into_iter()
            .filter(|other| other.id != child.id)
            .map(|other| OptionView {
                code: other.id.to_string(),
                label: other.name(),
            })
            .collect(),
    })
}

/// The page with numbers, do-nots and situations.
///
/// # Errors
/// `form_unknown` when there is no pack at all.
pub fn mandatory_page(tablet: &Tablet) -> Result<MandatoryView, ClientError> {
    let packs = tablet.packs();
    let pack = packs
        .rules_on(tablet.today())
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    Ok(MandatoryView {
        numbers: pack
            .mandatory
            .numbers
            .iter()
            .map(|item| OptionView {
                code: item.code.clone(),
                label: item.label.clone(),
            })
            .collect(),
        do_nots: pack.mandatory.do_nots.clone(),
        situations: pack.mandatory.situations.clone(),
    })
}

/// Reports a problem. Free text of abuse and sexual harm goes to a document that only the station reads.
///
/// # Errors
/// `not_found`, `value_invalid`, `text_missing`, `disk_full`.
pub fn report_problem(tablet: &Tablet, input: &ProblemInput) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let main = roster.child(input.children.first().map_or("", String::as_str))?;
    for id in &input.children {
        roster.child(id)?;
    }
    let card = pack
        .problem_card(&input.card)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.card))?;
    let urgency = pack
        .urgency(&input.urgency)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.urgency))?;
    let kind = pack.problem(&card.problem);
    let seen = note(&input.seen)?;
    if seen.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    let is_sealed = kind.is_some_and(|kind| kind.restricted);
    let now = tablet.clock.now_ms();
    let by = tablet.identity.staff.to_string();
    let id = DocumentId(tablet.new_id());
    let event = tablet.new_id().to_string();
    let mut edits = vec![
        Edit::put("type", card.problem.as_str()),
        Edit::put("card", card.code.as_str()),
        Edit::put("severity", urgency.severity.as_str()),
        Edit::put("urgency", urgency.code.as_str()),
        Edit::put("child", main.id.to_string()),
        Edit::put("reported_on", roster.today.to_string()),
        Edit::put("origin_record", input.origin_record.clone()),
    ];
    for child in &input.children {
        edits.push(problem::add_child(child));
    }
    if let Some(mandatory) = &input.mandatory {
        let text = note(&mandatory.text)?;
        match mandatory.choice.as_str() {
            "reported" => {}
            "not_such_case" if !text.is_empty() => {}
            "not_such_case" => return Err(ClientError::new("reason_missing")),
            other => return Err(ClientError::new("value_invalid").with("value", other)),
        }
        edits.push(Edit::put("mandatory_choice", mandatory.choice.as_str()));
        edits.push(Edit::put(
            "mandatory_text",
            if is_sealed { "" } else { text.as_str() },
        ));
    }
    let mut writes = Vec::new();
    if is_sealed {
        let sealed = DocumentId(tablet.new_id());
        edits.push(Edit::put("restricted", sealed.to_string()));
        let mut words = seen.clone();
        if let Some(mandatory) = &input.mandatory {
            words.push_str(&format!("\n{}", mandatory.text.trim()));
        }
        let note = tablet.new_id().to_string();
        writes.push(
            Write::new(
                sealed,
                DocKind::Restricted,
                tablet.identity.scope,
                vec![
                    Edit::put("about", id.to_string()),
                    Note {
                        words: unit_keys::seal(tablet, sealed, &note, &words)?,
                        id: note,
                        kind: "problem_detail".to_owned(),
                        recorded_ms: now,
                        by: by.clone(),
                    }
                    .to_edit(),
                ],
            )
            .labelled("problem", format!("{} 问题", main.name()), &event),
        );
    }
    let text = if is_sealed { SEALED } else { seen.as_str() };
    edits.push(problem::add_event(
        &event,
        EventKind::Reported,
        text,
        now,
        &by,
    ));
    writes.push(Write::new(id, DocKind::Problem, main.unit, edits).labelled(
        "problem",
        format!("{} 问题", main.name()),
        &event,
    ));
    records::save(tablet, "problem_reported", &writes)?;
    Ok(SavedView {
        record: id.to_string(),
        names: input
            .children
            .iter()
            .filter_map(|id| roster.child(id).ok())
            .map(roster::RosterChild::name)
            .collect::<Vec<_>>()
            .join("、"),
        next: Vec::new(),
        why_not: None,
        suggests: Vec::new(),
        mandatory: false,
        screenings: Vec::new(),
    })
}

/// All problems this device holds: open first, most urgent first, then the newest.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub fn list(tablet: &Tablet) -> Result<ProblemListView, ClientError> {
    let room = Room::open(tablet)?;
    let mut rows = Vec::new();
    for noun in &room.problems {
        rows.push(room.row(noun)?);
    }
    rows.sort_by(|a, b| {
        let closed = |row: &ProblemRow| row.state == ProblemState::Closed;
        (closed(a), &a.severity, &b.at).cmp(&(closed(b), &b.severity, &a.at))
    });
    Ok(ProblemListView { rows })
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

/// Adds an event to a story. A step this person's role may not make stays a request (architecture.md §8).
///
/// # Errors
/// `not_found`, `value_invalid`, `text_missing`, `not_allowed`, `recused`, `disk_full`.
pub fn add_event(tablet: &Tablet, input: &ProblemEventInput) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let kind = EventKind::parse(&input.kind)
        .filter(|kind| *kind != EventKind::Reported)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.kind))?;
    let text = note(&input.text)?;
    if text.is_empty() && kind != EventKind::Accepted {
        return Err(ClientError::new("text_missing"));
    }
    let severity = noun.noun.text("severity").unwrap_or_default();
    let state = room.fold(noun)?.state;
    let is_request = kind == EventKind::Closed && tablet.identity.role == Role::Director;
    if problem::decides(kind) && room.is_recused(tablet.identity.staff, noun) {
        return Err(ClientError::new("recused"));
    }
    let offered = problem::offers(tablet.identity.role, state, severity);
    if !offered.contains(&kind) && !is_request {
        return Err(ClientError::new("not_allowed"));
    }
    let id = tablet.new_id().to_string();
    let edit = problem::add_event(
        &id,
        kind,
        &text,
        tablet.clock.now_ms(),
        &tablet.identity.staff.to_string(),
    );
    let name = room.names(&noun.noun);
    records::save(
        tablet,
        "problem_event_added",
        &[
            Write::new(noun.id, DocKind::Problem, noun.unit, vec![edit]).labelled(
                "problem",
                format!("{name} 问题"),
                &id,
            ),
        ],
    )?;
    problem(
        tablet,
        &IdInput {
            id: input.problem.clone(),
        },
    )
}

/// Problems with an answer that nobody read on this device.
///
/// # Errors
/// The store cannot be read.
pub fn unread_count(tablet: &Tablet) -> Result<u32, ClientError> {
    let unread = list(tablet)?.rows.iter().filter(|row| row.unread).count();
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
        let row = room.row(noun)?;
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
                text: format!("{}：{}", row.kind, row.seen),
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
                waiting_for_session: false,
            },
        ));
    }
    Ok(rows)
}

/// Everything needed to show problems.
pub(crate) struct Room<'a> {
    pub(crate) tablet: &'a Tablet,
    pub(crate) people: People,
    names: HashMap<String, String>,
    households: HashMap<String, String>,
    recusals: Recusals,
    pub(crate) problems: Vec<Noun<Problem>>,
    cases: Cases,
    states: HashMap<String, ChangeState>,
    marks: HashMap<DocumentId, read_marks::ReadMark>,
    pub(crate) pack: PolicyPack,
}

impl<'a> Room<'a> {
    pub(crate) fn open(tablet: &'a Tablet) -> Result<Self, ClientError> {
        if tablet.loading()?.is_some() {
            return Err(ClientError::new("still_loading"));
        }
        let people = People::read(tablet)?;
        let packs = tablet.packs();
        let pack = packs
            .rules_on(tablet.today())
            .ok_or_else(|| ClientError::new("form_unknown"))?
            .clone();
        let recusals = Recusals::read(tablet)?;
        tablet.store.read(|connection| {
            let nouns = tablet.nouns(connection)?;
            Ok(Self {
                tablet,
                people,
                recusals,
                households: nouns
                    .children
                    .iter()
                    .filter_map(|noun| {
                        let household = noun.noun.household()?;
                        Some((noun.id.to_string(), household.to_owned()))
                    })
                    .collect(),
                names: nouns
                    .children
                    .iter()
                    .map(|noun| (noun.id.to_string(), noun.noun.name().to_owned()))
                    .collect(),
                problems: nouns.problems,
                cases: restricted::cases(tablet, connection)?,
                states: changes::open_record_states(connection)?,
                marks: read_marks::all(connection)?,
                pack,
            })
        })
    }

    pub(crate) fn find(&self, id: &str) -> Result<&Noun<Problem>, ClientError> {
        self.problems
            .iter()
            .find(|noun| noun.id.to_string() == id)
            .ok_or_else(|| ClientError::new("not_found"))
    }

    pub(crate) fn names(&self, problem: &Problem) -> String {
        problem
            .children
            .iter()
            .filter_map(|id| self.names.get(id).cloned())
            .collect::<Vec<_>>()
            .join("、")
    }

    fn authors(
        &self,
        noun: &Noun<Problem>,
    ) -> Result<HashMap<[u8; 32], roster::Author>, ClientError> {
        roster::authors(self.tablet, noun.id)
    }

    fn fold(&self, noun: &Noun<Problem>) -> Result<Fold, ClientError> {
        let authors = self.authors(noun)?;
        let severity = noun.noun.text("severity").unwrap_or_default();
        Ok(problem::fold(&noun.noun.events, severity, |event| {
            let author = event.made_by.and_then(|hash| authors.get(&hash))?;
            self.people.role(author.staff)
        }))
    }

    /// Whether somebody is not to act for this: a relative of a child it is about, or involved herself (回避).
    pub(crate) fn is_recused(&self, staff: StaffId, noun: &Noun<Problem>) -> bool {
        let family: Vec<DocumentId> = noun
            .noun
            .children
            .iter()
            .filter_map(|child| {
                let id = DocumentId::parse(child).ok()?;
                let household = self.households.get(child).map(String::as_str);
                Some(recusals::family_of(id, household))
            })
            .flatten()
            .chain([noun.id])
            .collect();
        self.recusals.concern(staff, &family)
    }

    /// Who handles it (经办人); nobody while she is not to act for it.
    fn handler(&self, noun: &Noun<Problem>) -> Result<Option<StaffId>, ClientError> {
        let authors = self.authors(noun)?;
        let fold = self.fold(noun)?;
        let found = problem::handler(&noun.noun.events, &fold.allowed, |event| {
            let author = event.made_by.and_then(|hash| authors.get(&hash))?;
            Some(author.staff.to_string())
        });
        Ok(found
            .and_then(|staff| StaffId::parse(&staff).ok())
            .filter(|staff| !self.is_recused(*staff, noun)))
    }

    /// How this person stands to the sealed words of a problem; none where there are none, or none for her.
    pub(crate) fn standpoint(
        &self,
        noun: &Noun<Problem>,
    ) -> Result<Option<Standpoint<'_>>, ClientError> {
        let Some(case) = self.cases.get(&noun.id.to_string()) else {
            return Ok(None);
        };
        let handler = self.handler(noun)?;
        let is_recused = |staff| self.is_recused(staff, noun);
        Standpoint::take(self.tablet, case, handler, is_recused).map(Some)
    }

    /// What it is, in the pack's words.
    pub(crate) fn kind_words(&self, problem: &Problem) -> String {
        let kind = problem.text("type").unwrap_or_default();
        problem
            .text("card")
            .and_then(|card| self.pack.problem_card(card))
            .map(|card| card.label.clone())
            .or_else(|| self.pack.problem(kind).map(|one| one.label.clone()))
            .unwrap_or_else(|| kind.to_owned())
    }

    fn row(&self, noun: &Noun<Problem>) -> Result<ProblemRow, ClientError> {
        let problem = &noun.noun;
        let fold = self.fold(noun)?;
        let authors = self.authors(noun)?;
        let first = problem.events.first();
        let author_of = |made_by: Option<[u8; 32]>| made_by.and_then(|hash| authors.get(&hash));
        let by = first
            .and_then(|event| author_of(event.made_by))
            .map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |author| self.people.name(author.staff),
            );
        let read = self.marks.get(&noun.id).and_then(|mark| mark.event.clone());
        let newest_foreign = problem.events.iter().rev().find(|event| {
            author_of(event.made_by)
                .is_some_and(|author| author.staff != self.tablet.identity.staff)
        });
        // What was answered before this device came to the village is not news to it.
        let since = self.tablet.identity.enrolled_ms;
        let unread = newest_foreign
            .filter(|event| event.recorded_ms >= since)
            .is_some_and(|event| {
                let place = |id: &str| problem.events.iter().position(|one| one.id == id);
                match read.as_deref().and_then(place) {
                    Some(mark) => place(&event.id).is_some_and(|at| at > mark),
                    None => true,
                }
            });
        let urgency = problem.text("urgency").unwrap_or_default();
        let record_state = problem
            .events
            .iter()
            .map(|event| record_state(&self.states, &event.id))
            .find(|state| *state != RecordState::Delivered)
            .unwrap_or(RecordState::Delivered);
        Ok(ProblemRow {
            problem: noun.id.to_string(),
            names: self.names(problem),
            child: problem.text("child").unwrap_or_default().to_owned(),
            village: self.people.unit_name(noun.unit),
            kind: self.kind_words(problem),
            severity: problem.text("severity").unwrap_or_default().to_owned(),
            urgency: self
                .pack
                .urgency(urgency)
                .map_or_else(|| urgency.to_owned(), |one| one.label.clone()),
            state: state_view(fold.state),
            by,
            at: system::moment(first.map_or(0, |event| event.recorded_ms)),
            seen: first_sentence(first.map_or("", |event| event.text.as_str())),
            last_answer: problem
                .events
                .iter()
                .rev()
                .find(|event| {
                    author_of(event.made_by).is_some_and(|author| {
                        self.people
                            .role(author.staff)
                            .is_some_and(Role::is_at_station)
                    }) && !event.text.is_empty()
                })
                .map(|event| event.text.clone()),
            unread,
            record_state,
            requested_close: fold.close_requested,
        })
    }

    fn view(&self, noun: &Noun<Problem>) -> Result<ProblemView, ClientError> {
        let authors = self.authors(noun)?;
        let fold = self.fold(noun)?;
        let severity = noun.noun.text("severity").unwrap_or_default();
        let standpoint = self.standpoint(noun)?;
        let sealed = standpoint.as_ref().and_then(Standpoint::words);
        let events = noun
            .noun
            .events
            .iter()
            .zip(&fold.allowed)
            .map(|(event, allowed)| {
                let author = event.made_by.and_then(|hash| authors.get(&hash));
                let role = author.and_then(|author| self.people.role(author.staff));
                let text = match (&sealed, EventKind::parse(&event.kind)) {
                    (Some(words), Some(EventKind::Reported)) => words.clone(),
                    (_, Some(EventKind::HandlerNamed)) => self.person(event.handler.as_deref()),
                    _ => event.text.clone(),
                };
                ProblemEventView {
                    event: event.id.clone(),
                    kind: if *allowed || event.kind != EventKind::Closed.as_str() {
                        event.kind.clone()
                    } else {
                        "close_requested".to_owned()
                    },
                    text,
                    by: author.map_or_else(
                        || roster::UNKNOWN_PERSON.to_owned(),
                        |author| self.people.name(author.staff),
                    ),
                    role: role_words(role).to_owned(),
                    at: system::moment(event.recorded_ms),
                    state: record_state(&self.states, &event.id),
                    is_request: !allowed,
                }
            })
            .collect();
        let recused = self.is_recused(self.tablet.identity.staff, noun);
        let mut may: Vec<String> = problem::offers(self.tablet.identity.role, fold.state, severity)
            .into_iter()
            .filter(|kind| !(recused && problem::decides(*kind)))
            .map(|kind| kind.as_str().to_owned())
            .collect();
        let open = !matches!(fold.state, State::Closed | State::Reported);
        let asks_to_close = self.tablet.identity.role == Role::Director && !recused;
        if asks_to_close && open && !fold.close_requested {
            may.push(EventKind::Closed.as_str().to_owned());
        }
        let mandatory = noun.noun.text("mandatory_choice").map(|choice| {
            let words = match choice {
                "reported" => "已打电话报告",
                _ => "看过强制报告页，认为不属于",
            };
            match noun
                .noun
                .text("mandatory_text")
                .filter(|text| !text.is_empty())
            {
                Some(text) => format!("{words}：{text}"),
                None => words.to_owned(),
            }
        });
        let handler = self.handler(noun)?;
        let may_name =
            !recused && problem::may(self.tablet.identity.role, EventKind::HandlerNamed, severity);
        Ok(ProblemView {
            row: self.row(noun)?,
            events,
            may,
            mandatory,
            handler: handler.map(|staff| self.people.name(staff)),
            recused,
            may_be_handled_by: if may_name {
                restricted::who_may_handle(self, noun)?
            } else {
                Vec::new()
            },
            sealed: standpoint
                .map(|standpoint| standpoint.view(self))
                .transpose()?,
        })
    }

    fn person(&self, staff: Option<&str>) -> String {
        staff
            .and_then(|staff| StaffId::parse(staff).ok())
            .map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |staff| self.people.name(staff),
            )
    }
}

/// A role in words.
pub fn role_words(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Director) => "儿童主任",
        Some(Role::Supervisor) => "街镇站",
        Some(Role::Head) => "站长",
        None => "",
    }
}

fn state_view(state: State) -> ProblemState {
    match state {
        State::Reported => ProblemState::Reported,
        State::Accepted => ProblemState::Accepted,
        State::InProgress => ProblemState::InProgress,
        State::Resolved => ProblemState::Resolved,
        State::Closed => ProblemState::Closed,
    }
}

fn first_sentence(text: &str) -> String {
    let end = text
        .char_indices()
        .find(|(_, character)| matches!(character, '。' | '\n' | '！' | '？'))
        .map_or(text.len(), |(index, character)| {
            index + character.len_utf8()
        });
    text[..end].trim().to_owned()
}
