//! Home visits: a draft that is saved at every answer, the form the engine evaluates, and the save.
//!
//! One saved visit is one change in the household (the session) and one in each child's document (the child's part),
//! in one transaction (architecture.md §8). Nobody met = an attempt in each child's document, once its reason is said.

mod fill;
pub(crate) mod languages;
pub(crate) mod masked;
mod page;
mod save;
mod signing;

pub use fill::fill_visit;
pub use languages::form_languages;
pub use page::visit_read;
pub use save::save_visit;
pub(crate) use save::{MetNobody, TIER_SUGGEST, TIER_WHY, met_nobody};
pub(crate) use signing::follow_strokes;

use fill::Given;
use page::{opened, view};

use crate::cadence;
use crate::differences;
use crate::erased_member::ERASED;
use crate::error::ClientError;
use crate::packs::Packs;
use crate::roster::{Roster, RosterChild};
use crate::standing;
use crate::tablet::Tablet;
use crate::view::{
    AnswerInput, FullInput, IdInput, PartInput, PositionInput, RowInput, SameInput, VisitFormView,
};
use chrono::NaiveDate;
use domain::cadence::Kind;
use domain::child::{Child, ChildVisit};
use domain::difference;
use domain::form::{
    self, AnswerRefusal, Answers, ChildContext, FormContext, FormPack, LastAnswers, Latest, Person,
    SESSION,
};
use domain::household::{Household, Session};
use domain::policy::PolicyPack;
use ids::DocumentId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::documents;
use store::drafts::{self, Draft};
use uuid::Uuid;

/// A draft with everything needed to evaluate it.
struct Desk {
    draft: Draft,
    /// In its own language: what is recorded is made with it.
    form: FormPack,
    /// The same in her language, where that is another one: what she sees is made with it.
    translated: Option<FormPack>,
    context: FormContext,
    answers: Answers,
    /// The whole form is open; a draft begins with the short one (decisions.md 10).
    full: bool,
    children: Vec<RosterChild>,
    /// The household is not here; it begins with this visit.
    begins: bool,
    /// What was answered before, where it goes on with a saved visit; it is among the answers and stands.
    given: Option<Given>,
}

impl Desk {
    /// The form as she reads it.
    fn spoken(&self) -> &FormPack {
        self.translated.as_ref().unwrap_or(&self.form)
    }

    /// Whom an answer concerns, with a name; an answer about the household has none and goes by the first child.
    fn concerned(&self, part: &str) -> Option<(String, String)> {
        if part == SESSION {
            let first = self.children.first()?;
            return Some((first.id.to_string(), String::new()));
        }
        let mut children = self.children.iter();
        let child = children.find(|child| child.id.to_string() == part)?;
        Some((part.to_owned(), child.name()))
    }
}

/// What a draft keeps: its answers, and which form is open.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    answers: Answers,
    #[serde(default)]
    full: bool,
    /// The session of the saved visit it goes on with; then only what is new is kept here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fills: Option<String>,
}

/// Whether a draft goes on with a saved visit: it is no new visit of its household.
pub(crate) fn is_filling(draft: &Draft) -> bool {
    draft
        .answers
        .get("fills")
        .is_some_and(|session| session.is_string())
}

/// The open draft of a new visit to a household.
pub(crate) fn draft_of(drafts: &[Draft], household: DocumentId) -> Option<&Draft> {
    drafts
        .iter()
        .find(|draft| draft.household == household && !is_filling(draft))
}

/// Opens the visit form of a child's household, resuming its draft if there is one.
///
/// # Errors
/// `not_found`, `form_unknown`, `disk_full`.
pub fn open_visit(tablet: &Tablet, input: &IdInput) -> Result<VisitFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    let household = match roster.household_of(child) {
        Some(household) => household.id,
        None => own_household(tablet, child)?,
    };
    let begun = tablet.store.read(drafts::open)?;
    if let Some(draft) = draft_of(&begun, household) {
        return opened(tablet, &desk(tablet, &roster, draft.clone())?);
    }
    let packs = tablet.packs();
    let form = packs
        .visit_form()
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    // Of a brother or sister whose file ended nothing is asked any more, and nothing is written.
    let goes_along = |other: &RosterChild| other.runs() && other.cadence.is_some();
    let mut children: Vec<DocumentId> = roster
        .children_of(&household.to_string())
        .into_iter()
        .filter(|other| other.id == child.id || goes_along(other))
        .map(|other| other.id)
        .collect();
    if children.is_empty() {
        children.push(child.id);
    }
    let now = tablet.clock.now_ms();
    let mut draft = Draft {
        draft: tablet.new_id(),
        household,
        form: form.content_hash().to_owned(),
        answers: serde_json::Value::Null,
        position: None,
        children,
        created_ms: now,
        updated_ms: now,
        discarded_ms: None,
    };
    draft.answers = serde_json::to_value(Kept::default())?;
    let mut desk = desk(tablet, &roster, draft)?;
    desk.answers = form::initial_answers(&desk.form, &desk.context);
    keep(tablet, &mut desk)?;
    opened(tablet, &desk)
}

/// The household that a child gets of its own. One that came alone from another village left its household behind; the
/// new one begins with the first visit, or with the first photo, and is the same for both where a visit is begun.
pub(crate) fn own_household(
    tablet: &Tablet,
    child: &RosterChild,
) -> Result<DocumentId, ClientError> {
    let begun = tablet.store.read(drafts::open)?;
    Ok(begun
        .into_iter()
        .find(|draft| draft.children == [child.id] && !is_filling(draft))
        .map_or_else(|| DocumentId(tablet.new_id()), |draft| draft.household))
}

/// A draft's form.
///
/// # Errors
/// `draft_gone`, `form_unknown`.
pub fn visit_form(tablet: &Tablet, input: &IdInput) -> Result<VisitFormView, ClientError> {
    opened(tablet, &desk_of(tablet, &input.id)?)
}

/// Sets one answer. When this returns the answer survives the battery.
///
/// # Errors
/// `draft_gone`, `value_invalid`, `signature_missing`, `disk_full`.
pub fn answer_visit(tablet: &Tablet, input: &AnswerInput) -> Result<VisitFormView, ClientError> {
    let mut desk = desk_of(tablet, &input.draft)?;
    if desk.is_given(&input.part, &input.key) {
        return Err(ClientError::new("not_allowed"));
    }
    let asked = (input.part.as_str(), input.key.as_str());
    signing::refuse_unsigned(tablet, &desk, asked, &input.codes)?;
    form::set_answer(
        &desk.form,
        &desk.context,
        &mut desk.answers,
        &input.part,
        &input.key,
        &input.codes,
        input.text.as_deref(),
    )
    .map_err(refused_answer)?;
    desk.draft.position = Some(format!("{}/{}", input.part, input.key));
    keep(tablet, &mut desk)?;
    view(tablet, &desk)
}

/// 和上次一样 for a section.
///
/// # Errors
/// `draft_gone`, `value_invalid`, `disk_full`.
pub fn same_as_last(tablet: &Tablet, input: &SameInput) -> Result<VisitFormView, ClientError> {
    let mut desk = desk_of(tablet, &input.draft)?;
    form::same_as_last(
        &desk.form,
        &desk.context,
        &mut desk.answers,
        !desk.full,
        &input.part,
        &input.section,
    )
    .map_err(refused_answer)?;
    keep(tablet, &mut desk)?;
    view(tablet, &desk)
}

/// 和上次一样 wherever there is something to copy.
///
/// # Errors
/// `draft_gone`, `value_invalid`, `disk_full`.
pub fn same_everywhere(tablet: &Tablet, input: &IdInput) -> Result<VisitFormView, ClientError> {
    let mut desk = desk_of(tablet, &input.id)?;
    form::same_everywhere(&desk.form, &desk.context, &mut desk.answers, !desk.full)
        .map_err(refused_answer)?;
    keep(tablet, &mut desk)?;
    view(tablet, &desk)
}

/// 都没有, for a child and its household.
///
/// # Errors
/// `draft_gone`, `value_invalid`, `disk_full`.
pub fn none_of(tablet: &Tablet, input: &PartInput) -> Result<VisitFormView, ClientError> {
    let mut desk = desk_of(tablet, &input.draft)?;
    form::none_of(
        &desk.form,
        &desk.context,
        &mut desk.answers,
        !desk.full,
        &input.part,
    )
    .map_err(refused_answer)?;
    keep(tablet, &mut desk)?;
    view(tablet, &desk)
}

/// Opens the whole form, or folds it to the short one again. No answer is lost by it: what was answered stays in sight.
///
/// # Errors
/// `draft_gone`, `disk_full`.
pub fn visit_full(tablet: &Tablet, input: &FullInput) -> Result<VisitFormView, ClientError> {
    let mut desk = desk_of(tablet, &input.draft)?;
    desk.full = input.full;
    keep(tablet, &mut desk)?;
    view(tablet, &desk)
}

/// Adds a row to a section of rows, takes one away, or brings back one that was taken away.
///
/// # Errors
/// `draft_gone`, `value_invalid`, `disk_full`.
pub fn visit_row(tablet: &Tablet, input: &RowInput) -> Result<VisitFormView, ClientError> {
    let mut desk = desk_of(tablet, &input.draft)?;
    let new = || tablet.new_id().to_string();
    let row = input.row.clone().unwrap_or_else(new);
    if !input.there && desk.has_given_row(&input.part, &row) {
        return Err(ClientError::new("not_allowed"));
    }
    form::set_row(
        &desk.form,
        &desk.context,
        &mut desk.answers,
        &input.part,
        &input.section,
        &row,
        input.there,
    )
    .map_err(refused_answer)?;
    keep(tablet, &mut desk)?;
    view(tablet, &desk)
}

/// Remembers where the focus is.
///
/// # Errors
/// `draft_gone`.
pub fn visit_position(tablet: &Tablet, input: &PositionInput) -> Result<(), ClientError> {
    let id = draft_id(&input.draft)?;
    Ok(tablet
        .store
        .write(|tx| drafts::set_position(tx, id, Some(&input.position)))?)
}

/// Puts a draft away; it can be taken back as long as the policy keeps it (`retention.draft_days`).
///
/// # Errors
/// `draft_gone`.
pub fn discard_draft(tablet: &Tablet, input: &IdInput) -> Result<(), ClientError> {
    let id = draft_id(&input.id)?;
    let now = tablet.clock.now_ms();
    let found = tablet
        .store
        .write(|tx| drafts::set_discarded(tx, id, Some(now)))?;
    tablet.wrote();
    if found {
        Ok(())
    } else {
        Err(ClientError::new("draft_gone"))
    }
}

/// Forms that were put aside longer ago than the policy keeps them go (P-16), by the clock that never goes back.
///
/// # Errors
/// The store cannot be written.
pub(crate) fn forget_discarded(tablet: &Tablet) -> Result<(), ClientError> {
    let days = i64::from(tablet.rules().retention.draft_days);
    let before_ms = standing::never_back_ms(tablet)? - days * 24 * 60 * 60 * 1000;
    tablet.store.write(|tx| drafts::remove_old(tx, before_ms))?;
    Ok(())
}

/// Takes a discarded draft back.
///
/// # Errors
/// `draft_gone`.
pub fn restore_draft(tablet: &Tablet, input: &IdInput) -> Result<VisitFormView, ClientError> {
    let id = draft_id(&input.id)?;
    tablet
        .store
        .write(|tx| drafts::set_discarded(tx, id, None))?;
    tablet.wrote();
    visit_form(tablet, input)
}

/// Answered and counted questions of a draft, for the list 今天.
pub fn draft_progress(tablet: &Tablet, roster: &Roster, draft: &Draft) -> (u32, u32) {
    match desk(tablet, roster, draft.clone()) {
        Ok(desk) => {
            let state = form::evaluate(&desk.form, &desk.context, &desk.answers, !desk.full);
            (state.answered, state.total)
        }
        Err(_) => (0, 0),
    }
}

fn draft_id(text: &str) -> Result<Uuid, ClientError> {
    Uuid::parse_str(text).map_err(|_| ClientError::new("draft_gone"))
}

fn desk_of(tablet: &Tablet, id: &str) -> Result<Desk, ClientError> {
    let id = draft_id(id)?;
    let draft = tablet
        .store
        .read(|connection| drafts::get(connection, id))?
        .filter(|draft| draft.discarded_ms.is_none())
        .ok_or_else(|| ClientError::new("draft_gone"))?;
    let roster = Roster::read(tablet)?;
    desk(tablet, &roster, draft)
}

/// Whether one of them is on no list of hers, though its file has not gone yet.
fn is_over(
    tablet: &Tablet,
    roster: &Roster,
    children: &[RosterChild],
) -> Result<bool, ClientError> {
    for child in children {
        if roster.child(&child.id.to_string()).is_err()
            && !tablet
                .store
                .read(|connection| documents::has_left(connection, child.id))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A draft keeps the form it was begun with.
fn desk(tablet: &Tablet, roster: &Roster, draft: Draft) -> Result<Desk, ClientError> {
    let packs = tablet.packs();
    let form = packs
        .form_by_hash(&draft.form)
        .ok_or_else(|| ClientError::new("form_unknown"))?
        .clone();
    let children: Vec<RosterChild> = draft
        .children
        .iter()
        .map(|id| roster.child_or_departed(tablet, *id))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let Kept {
        answers,
        full,
        fills,
    } = serde_json::from_value(draft.answers.clone())?;
    // What was answered is of before; nobody reads it who is not there for this village any more.
    if fills.is_some() && is_over(tablet, roster, &children)? {
        return Err(ClientError::new("not_allowed"));
    }
    let given = match &fills {
        Some(session) => Some(Given::read(tablet, &form, &draft, session)?),
        None => None,
    };
    let answers = match &given {
        Some(given) => given.with(answers),
        None => answers,
    };
    // What it goes on with is not what came before it.
    let is_before = |at: (Option<NaiveDate>, i64)| given.as_ref().is_none_or(|given| at < given.at);
    let mut last = BTreeMap::new();
    let begins = !tablet.has_household(draft.household)?;
    let household = if begins {
        Household::default()
    } else {
        tablet.household_with_answers(draft.household)?
    };
    // While only writing is possible, nothing of earlier visits is shown or carried over; nor of a village she does not
    // stand in for any more.
    let writes_only = standing::writes_only(tablet)? || is_over(tablet, roster, &children)?;
    let newest = household
        .sessions
        .iter()
        .filter(|session| !writes_only && is_before((session.event_date, session.recorded_ms)))
        .filter(|session| !is_voided(&children, session))
        .max_by_key(|session| (session.event_date, session.recorded_ms));
    if let Some(session) = newest {
        let mut answers = household.session_answers(&form, &session.id).0;
        let file = (draft.household, &household.fields);
        let since = session.recorded_ms;
        differences::carry_from_file(tablet, &form, SESSION, &mut answers, file, since);
        let last_session = LastAnswers::of(session.id.clone(), answers);
        last.insert(SESSION.to_owned(), last_session);
    }
    for child in &children {
        let file = tablet.child_with_answers(child.id)?;
        let mut visits: Vec<&ChildVisit> = file
            .visits
            .iter()
            .filter(|visit| !writes_only && !file.is_voided(&visit.id))
            .filter(|visit| is_before((visit.event_date, visit.recorded_ms)))
            .collect();
        visits.sort_by_key(|visit| std::cmp::Reverse((visit.event_date, visit.recorded_ms)));
        if let Some(visit) = visits.first() {
            let part = child.id.to_string();
            let mut answers = file.visit_answers(&form, visit).0;
            let known = (child.id, &file.fields);
            let since = visit.recorded_ms;
            differences::carry_from_file(tablet, &form, &part, &mut answers, known, since);
            let mut newest = LastAnswers::of(visit.id.clone(), answers);
            newest.latest = latest(&form, &file, &visits);
            last.insert(part, newest);
        }
    }
    let today = tablet.today();
    let mut context = FormContext {
        today,
        children: children
            .iter()
            .map(|child| child_context(child, packs.rules_on(today), today))
            .collect(),
        people: match writes_only {
            true => Vec::new(),
            false => people(tablet, &household, today),
        },
        last,
        next_visit: None,
        next_contact: None,
    };
    if !writes_only && given.is_none() {
        let due = |kind| next_day(&packs, &children, &answers, today, kind);
        context.next_visit = due(Kind::Visit);
        context.next_contact = due(Kind::Contact);
    }
    Ok(Desk {
        draft,
        translated: languages::translated(tablet, &form),
        form,
        context,
        answers,
        full,
        children,
        begins,
        given,
    })
}

/// How many visits are looked through for the newest answer to a question; what is older than that was never asked.
const LOOK_BACK: usize = 12;

/// The newest answers to what the form asks for whichever visit it is of. `visits` begin with the last one.
fn latest(form: &FormPack, file: &Child, visits: &[&ChildVisit]) -> BTreeMap<String, Latest> {
    let mut wanted = form.asks_latest();
    let mut found = BTreeMap::new();
    for (ago, visit) in (1..).zip(visits.iter().take(LOOK_BACK)) {
        if wanted.is_empty() {
            break;
        }
        let answers = file.visit_answers(form, visit).0;
        wanted.retain(|key| {
            let answer = answers.get(key).filter(|answer| !answer.is_empty());
            if let Some(answer) = answer {
                let answer = answer.clone();
                found.insert(key.clone(), Latest { answer, ago });
            }
            answer.is_none()
        });
    }
    found
}

/// The members of a household that are part of it today, for questions about people.
fn people(tablet: &Tablet, household: &Household, today: NaiveDate) -> Vec<Person> {
    let packs = tablet.packs();
    let pack = packs.rules_on(today);
    let members = household.entries(difference::MEMBERS).iter();
    let there = members.filter(|member| {
        !member.is(ERASED) && member.date("left_on").is_none_or(|day| day > today)
    });
    there
        .filter_map(|member| {
            let name = member.text("name")?.to_owned();
            let relation = member.text("relation").unwrap_or_default();
            let relation = pack.map_or(relation, |pack| pack.label("REL", relation));
            Some(Person {
                id: member.id.clone(),
                words: format!("{name}（{relation}）"),
                name,
            })
        })
        .collect()
}

/// Whether a session is voided in every child's file that names it.
fn is_voided(children: &[RosterChild], session: &Session) -> bool {
    let mut parts = children
        .iter()
        .flat_map(|child| {
            let visits = child.child.visits.iter();
            visits.map(move |visit| (&child.child, visit))
        })
        .filter(|(_, visit)| visit.session == session.id)
        .map(|(file, visit)| file.is_voided(&visit.id))
        .peekable();
    parts.peek().is_some() && parts.all(|voided| voided)
}

/// A child as forms and what reads them know it.
pub(crate) fn child_context(
    child: &RosterChild,
    pack: Option<&PolicyPack>,
    today: NaiveDate,
) -> ChildContext {
    ChildContext {
        id: child.id.to_string(),
        name: child.name(),
        age: child.age(today),
        left_behind: child.child.is_left_behind(pack, today),
        boarder: is_boarder(child),
        sex: match child.child.text("sex") {
            Some("1") => Some("m".to_owned()),
            Some("2") => Some("f".to_owned()),
            _ => None,
        },
    }
}

/// The earliest day one of the children is due again if this visit is as it is answered so far.
fn next_day(
    packs: &Packs,
    children: &[RosterChild],
    answers: &Answers,
    today: NaiveDate,
    kind: Kind,
) -> Option<NaiveDate> {
    let session = answers.part(SESSION);
    let met = session.and_then(|session| session.get("a_met"));
    // As long as nobody said more, the carer was met at home.
    let counting = &packs.rules_on(today)?.rules.counting;
    let carer = || -> Vec<String> { counting.carer.iter().take(1).cloned().collect() };
    let met = met.map_or_else(carer, |met| met.codes.clone());
    let home = counting.home.first().map(String::as_str);
    let text = |key| session.and_then(|session| session.text(key));
    let place = session.and_then(|session| session.code("a_place"));
    let date = text("a_date").and_then(|date| date.parse().ok());
    let visit = ChildVisit {
        id: "this".to_owned(),
        session: "this".to_owned(),
        event_date: Some(date.unwrap_or(today)),
        recorded_on: Some(today),
        recorded_ms: i64::MAX,
        place: place.or(home).unwrap_or_default().to_owned(),
        seen: met.iter().any(|code| counting.child.contains(code)),
        met,
        ..ChildVisit::default()
    };
    children
        .iter()
        .filter_map(|child| {
            let mut file = Child::clone(&child.child);
            file.visits.push(ChildVisit {
                boarder: is_boarder(child),
                ..visit.clone()
            });
            let due = cadence::of(&file, &child.rounds, packs, today)?
                .due(kind)?
                .due;
            (due > today).then_some(due)
        })
        .min()
}

fn is_boarder(child: &RosterChild) -> bool {
    child.child.text("boarding") == Some("y")
}

fn keep(tablet: &Tablet, desk: &mut Desk) -> Result<(), ClientError> {
    desk.draft.answers = serde_json::to_value(Kept {
        answers: desk.own_answers(),
        full: desk.full,
        fills: desk.given.as_ref().map(|given| given.session.clone()),
    })?;
    desk.draft.updated_ms = tablet.clock.now_ms();
    Ok(tablet.store.write(|tx| drafts::put(tx, &desk.draft))?)
}

fn refused_answer(refusal: AnswerRefusal) -> ClientError {
    let code = match refusal {
        AnswerRefusal::TextTooLong => "too_large",
        AnswerRefusal::NotADate => "date_invalid",
        AnswerRefusal::NotANumber => "number_invalid",
        AnswerRefusal::NotADecimal => "decimal_invalid",
        _ => "value_invalid",
    };
    ClientError::new(code).because(refusal)
}
