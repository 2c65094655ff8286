//! What is added to a story: who may, what it must say, and what has to hold before a grave matter is closed.

use super::packets;
use super::problem as show;
use super::room::{Place, Room, Told};
use crate::attachments;
use crate::contacts::note;
use crate::error::ClientError;
use crate::looks;
use crate::nouns::Noun;
use crate::records::{self, Write};
use crate::restricted;
use crate::sheets;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    IdInput, OptionView, ProblemChoicesView, ProblemDetailInput, ProblemEventInput,
    ProblemKindView, ProblemView, SheetInput, SheetPage,
};
use chrono::{NaiveDate, NaiveDateTime};
use domain::calendar::add_months;
use domain::problem::{self, Detail, EventKind, Problem, State};
use domain::record::Edit;
use ids::{DocKind, DocumentId, Role};
use store::audit;

/// The policy's lists an event chooses from.
pub(super) const MEASURE: &str = "MEASURE";
pub(super) const REFERRAL_BODY: &str = "REFERRAL_BODY";
pub(crate) const SEVERITY: &str = "SEVERITY";
pub(super) const POLICE_FEEDBACK: &str = "POLICE_FEEDBACK";
pub(super) const SATISFACTION: &str = "SATISFACTION";

/// How the time of a call is written.
const CALL_FORMAT: &str = "%Y-%m-%d %H:%M";
/// What stands in the problem instead of the words of a step of a sealed matter.
const SEALED: &str = "这句话只有站里的经办人和站长能看，这里不显示。";

/// Adds an event to a story. A step this person's role may not make stays a request (architecture.md §8). Of a matter whose
/// words are sealed its words go to a document that only the station reads, but for what the station tells the village
/// ([`problem::is_for_the_village`]).
///
/// # Errors
/// `not_found`, `draft_gone`, `value_invalid`, `date_invalid`, `time_future`, `text_missing`, `reason_missing`, `choice_missing`, `mandatory_missing`, `not_allowed`,
/// `head_decides`, `another_head`, `recused`, `packet_handler`, `close_after_work`, `close_after_check`, `child_not_seen_since`, `too_old_to_reopen`, `disk_full`.
pub fn add_event(tablet: &Tablet, input: &ProblemEventInput) -> Result<ProblemView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let kind = EventKind::parse(&input.kind)
        .filter(|kind| {
            // Each of these has a command of its own.
            !matches!(
                kind,
                EventKind::Reported | EventKind::HandlerNamed | EventKind::PacketMade
            )
        })
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.kind))?;
    let told = room.told(noun)?;
    may_add(&room, noun, &told, kind)?;
    let text = note(&input.text)?;
    let given = input.detail.clone().unwrap_or_default();
    let detail = detail(&room, noun, &told, kind, &given)?;
    says_enough(kind, &text, &detail)?;
    let seals = room.seals(noun, kind);
    let duties = duty(&room, noun, &told, &detail, (&given, &text, seals))?;
    let sheet = sheets::named(tablet, input.sheet.as_ref(), &page(&input.problem))?;
    let id = tablet.new_id().to_string();
    let mut further = duties;
    if let Some(sheet) = sheet {
        further.extend(attachments::edits(tablet, sheet, &id)?);
    }
    let document = noun.id;
    let writes = writes(&room, noun, (kind, &id), &text, &detail, further)?;
    let packet = packets::row_of(&told, kind, &detail);
    records::save_with(tablet, "problem_event_added", &writes, |tx| {
        if let Some((action, said)) = &packet {
            let row = looks::row(tablet, action, &document.to_string());
            audit::append_with(tx, &row, said)?;
        }
        match sheet {
            Some(sheet) => sheets::done(tx, sheet, Some(document)),
            None => Ok(()),
        }
    })?;
    show(
        tablet,
        &IdInput {
            id: input.problem.clone(),
        },
    )
}

/// What is written with an event: the event itself, what goes with it, and its words apart where they are sealed.
pub(super) fn writes(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    (kind, id): (EventKind, &str),
    text: &str,
    detail: &Detail,
    further: Vec<Edit>,
) -> Result<Vec<Write>, ClientError> {
    let tablet = room.tablet;
    let label = room.label(noun)?;
    let (now, by) = (tablet.clock.now_ms(), tablet.identity.staff.to_string());
    let mut writes = Vec::new();
    let event = if room.seals(noun, kind) && !text.is_empty() {
        let sealed = restricted::seal_step(tablet, noun, id, text)?;
        writes.push(sealed.labelled("problem", label.clone(), id));
        problem::add_sealed(id, kind, SEALED, detail, now, &by)
    } else {
        problem::add_detailed(id, kind, text, detail, now, &by)
    };
    // Who handles it follows from the documents, and not from who is at the station when somebody looks.
    let takes_over = kind == EventKind::Accepted && room.lost_its_handler(noun, &room.told(noun)?);
    let event = match takes_over {
        true => problem::taking_over(event, &by),
        false => event,
    };
    let edits = std::iter::once(event).chain(further).collect();
    let write = Write::new(noun.id, DocKind::Problem, noun.unit, edits);
    writes.push(write.labelled("problem", label, id));
    Ok(writes)
}

/// The page of a problem's next step.
fn page(problem: &str) -> SheetInput {
    SheetInput {
        page: SheetPage::Problem,
        of: problem.to_owned(),
        record: None,
    }
}

/// Where a problem's next step will be written, and whether its words are the station's alone.
///
/// # Errors
/// `not_found`, `still_loading`.
pub(crate) fn place(tablet: &Tablet, problem: &str) -> Result<(DocumentId, bool), ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(problem)?;
    Ok((noun.id, super::room::is_sealed(&noun.noun)))
}

pub(super) fn may_add(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    kind: EventKind,
) -> Result<(), ClientError> {
    let me = &room.tablet.identity;
    if problem::decides(kind) && room.is_recused(me.staff, noun) {
        return Err(ClientError::new("recused"));
    }
    let is_request = kind == EventKind::Closed && me.role == Role::Director;
    if is_request {
        return Ok(());
    }
    let of_the_head = matches!(
        kind,
        EventKind::Closed | EventKind::Merged | EventKind::SeveritySet
    );
    if of_the_head && me.role == Role::Supervisor && told.fold.severity == "S1" {
        let code = match room.says_that_it_lacks_a_head(noun)? {
            true => "another_head",
            false => "head_decides",
        };
        return Err(ClientError::new(code));
    }
    if packets::is_of_packets(kind)
        && me.role.is_at_station()
        && (room.number_for_me(noun, Place::List)?.is_some()
            || !packets::is_for_me(room, noun, told))
    {
        return Err(ClientError::new("packet_handler"));
    }
    let takes_over = kind == EventKind::Accepted && room.may_take_over(noun, told);
    if !takes_over && !problem::offers(me.role, &told.fold).contains(&kind) {
        return Err(ClientError::new("not_allowed"));
    }
    if kind == EventKind::Closed
        && let Some(why) = why_not_close(room, noun, told)
    {
        return Err(ClientError::new(why));
    }
    if kind == EventKind::Reopened && is_long_over(room, noun, told) {
        return Err(
            ClientError::new("too_old_to_reopen").with("months", room.pack.rules.reopen_months)
        );
    }
    Ok(())
}

/// Closed only after its children were seen (domain.md §6.2).
pub(super) fn is_grave(severity: &str) -> bool {
    matches!(severity, "S1" | "S2")
}

/// Why a grave matter is not closed yet: it was not looked at whether it is solved, or a child whose file runs here was not seen
/// since the last measure. Asked where somebody closes, and not in the fold: a visit that arrives later must not undo what was closed.
pub(super) fn why_not_close(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
) -> Option<&'static str> {
    if !is_grave(&told.fold.severity) {
        return None;
    }
    if told.fold.severity == "S1" {
        if room.lacks_a_head(noun) {
            return Some("another_head");
        }
        if room.tablet.identity.role != Role::Head {
            return Some("head_decides");
        }
    }
    let events = &noun.noun.events;
    if !told.fold.was_worked_on_since(events) {
        return Some("close_after_work");
    }
    if !matches!(told.fold.state, State::Resolved | State::FollowUp) {
        return Some("close_after_check");
    }
    let measured = told
        .fold
        .counted(events)
        .filter(|(_, kind, _)| matches!(kind, EventKind::Reported | EventKind::Measure))
        .map(|(_, _, event)| event.recorded_ms)
        .max()?;
    (!room.were_seen(noun, told, measured)).then_some("child_not_seen_since")
}

pub(super) fn is_long_over(room: &Room<'_>, noun: &Noun<Problem>, told: &Told) -> bool {
    noun.noun.events.get(told.fold.since).is_some_and(|event| {
        let over = system::civil_date(event.recorded_ms);
        add_months(over, room.pack.rules.reopen_months) < room.tablet.today()
    })
}

fn choice(known: &[OptionView], given: Option<&String>) -> Result<String, ClientError> {
    let given = given
        .filter(|code| !code.is_empty())
        .ok_or_else(|| ClientError::new("choice_missing"))?;
    if !known.iter().any(|option| option.code == *given) {
        return Err(ClientError::new("value_invalid").with("value", given));
    }
    Ok(given.clone())
}

fn day(given: Option<&String>) -> Result<Option<NaiveDate>, ClientError> {
    given
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| ClientError::new("date_invalid")))
        .transpose()
}

/// Only what belongs to the kind, and only what may be chosen.
fn detail(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    kind: EventKind,
    given: &ProblemDetailInput,
) -> Result<Detail, ClientError> {
    let choices = choices(room, noun, told)?;
    let mut detail = Detail::default();
    match kind {
        EventKind::Measure => {
            for code in given.measures.iter().flatten() {
                detail.measures.push(choice(&choices.measures, Some(code))?);
            }
        }
        EventKind::Planned => detail.due = day(given.due.as_ref())?,
        EventKind::Referred => {
            detail.body = Some(choice(&choices.bodies, given.body.as_ref())?);
            detail.due = day(given.due.as_ref())?;
        }
        EventKind::ReferralReplied => {
            let only = match choices.referrals.as_slice() {
                [one] => Some(&one.code),
                _ => None,
            };
            let asked = given.referral.as_ref().or(only);
            detail.referral = Some(choice(&choices.referrals, asked)?);
        }
        EventKind::FollowedUp => {
            let well = given
                .well
                .ok_or_else(|| ClientError::new("choice_missing"))?;
            detail.well = Some(well);
            let today = room.tablet.today();
            let on = day(given.on.as_ref())?.unwrap_or(today);
            if on > today {
                return Err(ClientError::new("date_invalid"));
            }
            detail.on = Some(on);
            detail.satisfaction = satisfaction(&choices, given)?;
        }
        EventKind::Confirmed | EventKind::NotSolved => {
            detail.satisfaction = satisfaction(&choices, given)?;
        }
        EventKind::TypesSet => {
            let main = given.main.as_ref().filter(|code| !code.is_empty());
            let main = main.map_or(choices.main.as_str(), String::as_str);
            let types = further_types(room, main);
            for code in given.types.iter().flatten() {
                detail.types.push(choice(&types, Some(code))?);
            }
            if main != choices.main {
                let mut known = choices.mains.iter();
                let known = known.find(|kind| kind.code == main);
                let kind = known.and_then(|kind| room.pack.problem(&kind.code));
                let kind =
                    kind.ok_or_else(|| ClientError::new("value_invalid").with("value", main))?;
                detail.main = Some(kind.code.clone());
                detail.severity = Some(kind.severity.clone());
            }
        }
        EventKind::SeveritySet => {
            detail.severity = Some(choice(&choices.severities, given.severity.as_ref())?);
        }
        EventKind::Merged => detail.into = Some(choice(&choices.into, given.into.as_ref())?),
        EventKind::Called => {
            detail = called(
                room,
                given.whom.as_ref(),
                given.at.as_ref(),
                given.receipt.as_ref(),
            )?
        }
        EventKind::PoliceFeedback => {
            detail.outcome = Some(choice(&choices.outcomes, given.outcome.as_ref())?);
        }
        EventKind::PacketReceived | EventKind::PacketEnded => {
            let on = day(given.on.as_ref())?;
            detail = packets::detail_of(room, told, kind, given, on)?;
        }
        _ => {}
    }
    Ok(detail)
}

/// What the family thinks of it, if somebody asked.
fn satisfaction(
    choices: &ProblemChoicesView,
    given: &ProblemDetailInput,
) -> Result<Option<String>, ClientError> {
    let given = given.satisfaction.as_ref().filter(|code| !code.is_empty());
    given
        .map(|code| choice(&choices.satisfactions, Some(code)))
        .transpose()
}

/// Who was called, when by the clock on the wall there, and the receipt.
pub(super) fn call(
    numbers: &[OptionView],
    now_ms: i64,
    whom: Option<&String>,
    at: Option<&String>,
    receipt: Option<&String>,
) -> Result<Detail, ClientError> {
    let whom = whom
        .filter(|code| !code.is_empty())
        .map(|code| choice(numbers, Some(code)))
        .transpose()?;
    let at = at.map(|text| text.trim()).filter(|text| !text.is_empty());
    let at = at.map_or_else(|| system::civil_minute(now_ms), str::to_owned);
    let moment = NaiveDateTime::parse_from_str(&at, CALL_FORMAT)
        .map_err(|_| ClientError::new("date_invalid"))?;
    let now = system::civil_minute(now_ms);
    let now = NaiveDateTime::parse_from_str(&now, CALL_FORMAT);
    if now.is_ok_and(|now| moment > now) {
        return Err(ClientError::new("time_future"));
    }
    let receipt = receipt.map(|text| note(text)).transpose()?;
    Ok(Detail {
        whom,
        at: Some(at),
        on: Some(moment.date()),
        receipt: receipt.filter(|text| !text.is_empty()),
        ..Detail::default()
    })
}

fn called(
    room: &Room<'_>,
    whom: Option<&String>,
    at: Option<&String>,
    receipt: Option<&String>,
) -> Result<Detail, ClientError> {
    let numbers = numbers(room);
    call(&numbers, room.tablet.clock.now_ms(), whom, at, receipt)
}

fn numbers(room: &Room<'_>) -> Vec<OptionView> {
    crate::contacts::options(&room.pack.mandatory.numbers, room.tablet.today())
}

/// Words where nothing else says it; a reason where something is taken back or changed.
fn says_enough(kind: EventKind, text: &str, detail: &Detail) -> Result<(), ClientError> {
    if !text.is_empty() {
        return Ok(());
    }
    match kind {
        EventKind::Accepted
        | EventKind::Confirmed
        | EventKind::TypesSet
        | EventKind::Called
        | EventKind::PoliceFeedback => Ok(()),
        EventKind::Measure if !detail.measures.is_empty() => Ok(()),
        EventKind::FollowedUp if detail.well == Some(true) => Ok(()),
        EventKind::SeveritySet | EventKind::Withdrawn | EventKind::Merged => {
            Err(ClientError::new("reason_missing"))
        }
        _ => Err(ClientError::new("text_missing")),
    }
}

/// Nobody said whether it was reported: neither on the page of duties nor by a call.
fn is_duty_open(noun: &Noun<Problem>, told: &Told) -> bool {
    let mut counted = told.fold.counted(&noun.noun.events);
    noun.noun.text("mandatory_choice").is_none()
        && !counted.any(|(_, kind, _)| kind == EventKind::Called)
}

/// A type that must be reported asks, as the page of duties does, whether it was: the call, or why it is no such case. Where
/// the event's words are sealed, so is that.
fn duty(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    detail: &Detail,
    (given, text, seals): (&ProblemDetailInput, &str, bool),
) -> Result<Vec<Edit>, ClientError> {
    let kind = detail
        .main
        .as_ref()
        .and_then(|code| room.pack.problem(code));
    if !kind.is_some_and(|kind| kind.mandatory) || !is_duty_open(noun, told) {
        return Ok(Vec::new());
    }
    match given.duty.as_deref() {
        Some("reported") => {
            let (whom, at) = (given.whom.as_ref(), given.at.as_ref());
            let call = called(room, whom, at, given.receipt.as_ref())?;
            Ok(vec![problem::add_detailed(
                &room.tablet.new_id().to_string(),
                EventKind::Called,
                "",
                &call,
                room.tablet.clock.now_ms(),
                &room.tablet.identity.staff.to_string(),
            )])
        }
        Some("not_such_case") if text.is_empty() => Err(ClientError::new("reason_missing")),
        Some("not_such_case") => Ok(vec![
            Edit::put("mandatory_choice", "not_such_case"),
            Edit::put("mandatory_text", if seals { "" } else { text }),
        ]),
        _ => Err(ClientError::new("mandatory_missing")),
    }
}

/// What a problem may mainly be. What is sealed is reported by itself, and what was, stays so.
fn mains(room: &Room<'_>, problem: &Problem) -> Vec<ProblemKindView> {
    let reported = problem.text("type").unwrap_or_default();
    let kinds = room.pack.problems.iter();
    kinds
        .filter(|kind| !kind.restricted || kind.code == reported)
        .map(|kind| ProblemKindView {
            code: kind.code.clone(),
            label: kind.label.clone(),
            sealed: kind.restricted,
            mandatory: kind.mandatory,
        })
        .collect()
}

/// Types a problem may be about beside its main one. What is sealed is never told by a type beside another.
fn further_types(room: &Room<'_>, main: &str) -> Vec<OptionView> {
    let open = room.pack.problems.iter().filter(|kind| !kind.restricted);
    open.filter(|kind| kind.code != main)
        .map(|kind| OptionView {
            code: kind.code.clone(),
            label: kind.label.clone(),
        })
        .collect()
}

/// What may be chosen for the events of a problem.
pub(super) fn choices(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
) -> Result<ProblemChoicesView, ClientError> {
    let list = |name: &str| crate::contacts::options(room.pack.list(name), room.tablet.today());
    let mut bodies = list(REFERRAL_BODY);
    // Who usually leads comes first.
    let kind = room.pack.problem(told.main(&noun.noun));
    let lead = kind.map_or(&[][..], |kind| &kind.lead);
    bodies.sort_by_key(|body| !lead.contains(&body.code));
    let referrals = told.fold.open_referrals.iter().filter_map(|id| {
        let asked = noun.noun.events.iter().find(|event| event.id == *id)?;
        let body = asked.detail.body.as_deref().unwrap_or_default();
        Some(OptionView {
            code: id.clone(),
            label: room.pack.label(REFERRAL_BODY, body).to_owned(),
        })
    });
    Ok(ProblemChoicesView {
        measures: list(MEASURE),
        referrals: referrals.collect(),
        severities: list(SEVERITY)
            .into_iter()
            .filter(|option| option.code != told.fold.severity)
            .collect(),
        into: into(room, noun, told)?,
        numbers: numbers(room),
        outcomes: list(POLICE_FEEDBACK),
        satisfactions: list(SATISFACTION),
        types: further_types(room, told.main(&noun.noun)),
        also: told.fold.also.clone(),
        mains: mains(room, &noun.noun),
        main: told.main(&noun.noun).to_owned(),
        duty_open: is_duty_open(noun, told),
        reply_phrases: room.pack.phrases(reply_place(room)).to_vec(),
        measure_phrases: room.pack.phrases("measure").to_vec(),
        bodies,
    })
}

/// Where the pack has the sentences this side replies with.
fn reply_place(room: &Room<'_>) -> &'static str {
    match room.tablet.identity.role.is_at_station() {
        true => "reply",
        false => "update",
    }
}

/// Open problems of the same children, at least as grave.
fn into(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
) -> Result<Vec<OptionView>, ClientError> {
    room.problems
        .iter()
        .filter(|other| other.id != noun.id)
        .filter(|other| {
            let children = &other.noun.children;
            noun.noun.children.iter().any(|id| children.contains(id))
        })
        .filter_map(|other| {
            let there = room.told(other).ok()?;
            let fits = there.fold.state.is_open() && there.fold.severity <= told.fold.severity;
            fits.then_some(other)
        })
        .map(|other| {
            Ok(OptionView {
                code: other.id.to_string(),
                label: room.title(other)?,
            })
        })
        .collect()
}
