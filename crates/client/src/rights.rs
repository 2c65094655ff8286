//! 权利请求: what families ask for about what is written down, counted until the station answered (domain.md P-15).

use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::records::{self, Write};
use crate::recusals::{self, Recusals};
use crate::roster::{self, Author, Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    AnswerRightInput, AskRightInput, RightAnswerView, RightRow, RightsInput, RightsView,
};
use chrono::{Datelike, NaiveDate};
use domain::rights::{self, Answer, Ask, Outcome, Request, Right, RightsRow};
use ids::{DocKind, DocumentId};
use std::collections::HashMap;

/// The policy's list of who may ask.
const WHO: &str = "RIGHT_WHO";
/// The policy's list of duties by which something is kept although somebody asked for its end.
const DUTIES: &str = "RIGHT_DUTY";
/// Longest name, in characters.
const NAME: usize = 40;
/// So many days an answered request stays in the station's list.
const SHOWN_DAYS: i64 = 90;

/// A child's requests, with who wrote what in its file.
struct Asked {
    requests: Vec<Request>,
    authors: HashMap<[u8; 32], Author>,
}

impl Asked {
    fn read(tablet: &Tablet, roster: &Roster, child: &RosterChild) -> Result<Self, ClientError> {
        let mut authors = HashMap::new();
        if !child.child.rights.is_empty() {
            authors = roster::authors(tablet, child.id)?;
            for other in &child.also {
                authors.extend(roster::authors(tablet, *other)?);
            }
        }
        let requests = rights::requests(&child.child, |made_by| {
            let author = made_by.and_then(|hash| authors.get(&hash))?;
            roster.people.role(author.staff)
        });
        Ok(Self { requests, authors })
    }

    fn name(&self, roster: &Roster, made_by: Option<[u8; 32]>) -> String {
        let author = made_by.and_then(|hash| self.authors.get(&hash));
        author.map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |author| roster.people.name(author.staff),
        )
    }
}

/// Whether a file is used for the duty alone that keeps it (限制使用).
///
/// # Errors
/// The store cannot be read.
pub(crate) fn is_limited(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<bool, ClientError> {
    let asked = Asked::read(tablet, roster, child)?;
    Ok(asked.requests.iter().any(Request::limits))
}

/// The requests this device knows of: open ones first, by their last day; answered ones for a while, and those that limit a
/// file as long as they do. With a child its own, all of them.
///
/// # Errors
/// `still_loading`, `form_unknown`, or the store cannot be read.
pub fn list(tablet: &Tablet, input: &RightsInput) -> Result<RightsView, ClientError> {
    let roster = Roster::read(tablet)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let (days, soon_days) = (
        pack.rules.rights_days,
        i64::from(pack.rules.rights_soon_days),
    );
    let recusals = Recusals::read(tablet)?;
    let is_station = tablet.identity.role.is_at_station();
    let mut rows = Vec::new();
    for child in roster.everybody() {
        let id = child.id.to_string();
        if input.child.as_ref().is_some_and(|wanted| *wanted != id) {
            continue;
        }
        let asked = Asked::read(tablet, &roster, child)?;
        for request in &asked.requests {
            let due = request.due(days);
            let left = (due - roster.today).num_days();
            let answered = request.answer.as_ref();
            let is_old = answered.is_some_and(|answer| {
                let on = system::civil_date(answer.recorded_ms);
                (roster.today - on).num_days() > SHOWN_DAYS
            });
            if input.child.is_none() && is_old && !request.limits() {
                continue;
            }
            let state = match answered {
                Some(_) => "answered",
                None if left < 0 => "overdue",
                None if left <= soon_days => "soon",
                None => "open",
            };
            rows.push(RightRow {
                request: request.ask.id.clone(),
                child: id.clone(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                rights: request
                    .ask
                    .rights
                    .iter()
                    .map(|right| right.as_str().to_owned())
                    .collect(),
                who: pack.label(WHO, &request.ask.who).to_owned(),
                asker: request.ask.name.clone(),
                text: request.ask.text.clone(),
                on: request.ask.on.to_string(),
                by: asked.name(&roster, request.ask.made_by),
                due: due.to_string(),
                left: i32::try_from(left).unwrap_or(i32::MAX),
                state: state.to_owned(),
                limits: request.limits(),
                answer: answered.map(|answer| RightAnswerView {
                    outcome: answer.outcome.as_str().to_owned(),
                    duty: match answer.duty.as_str() {
                        "" => String::new(),
                        code => pack.label(DUTIES, code).to_owned(),
                    },
                    text: answer.text.clone(),
                    by: asked.name(&roster, answer.made_by),
                    at: system::moment(answer.recorded_ms),
                    days: u32::try_from(
                        (system::civil_date(answer.recorded_ms) - request.ask.on).num_days(),
                    )
                    .unwrap_or(0),
                }),
                may_answer: is_station && !recusals::is_hers(tablet, &recusals, child),
            });
        }
    }
    rows.sort_by(|a, b| {
        let key = |row: &RightRow| (row.answer.is_some(), row.due.clone());
        match (&a.answer, &b.answer) {
            (Some(one), Some(other)) => other.at.cmp(&one.at),
            _ => key(a).cmp(&key(b)),
        }
    });
    match &input.child {
        Some(child) if !rows.is_empty() => looks::note(tablet, Look::Child, child)?,
        Some(_) => {}
        None => looks::note_list(tablet, "rights", rows.len())?,
    }
    let responsible = packs.child_rules.as_ref().map(|rules| {
        let responsible = &rules.responsible;
        format!("{} {}", responsible.name, responsible.phone)
    });
    Ok(RightsView {
        rows,
        days,
        today: roster.today.to_string(),
        who: options(pack.list(WHO), roster.today),
        duties: options(pack.list(DUTIES), roster.today),
        unit: tablet.township(),
        responsible,
    })
}

/// What became of the requests of a year that stand in the files here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RightsOfYear {
    /// Nobody answered yet.
    pub open: u64,
    /// Answered after the last day.
    pub late: u64,
    /// Kept for a duty, and used for that alone.
    pub limited: u64,
}

/// Looks the requests of a year through.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn of_year(tablet: &Tablet, year: i32) -> Result<RightsOfYear, ClientError> {
    let roster = Roster::read(tablet)?;
    let days = tablet.rules().rights_days;
    let mut told = RightsOfYear::default();
    for child in &roster.children {
        let asked = Asked::read(tablet, &roster, child)?;
        let of_year = asked.requests.iter();
        for request in of_year.filter(|request| request.ask.on.year() == year) {
            match &request.answer {
                None => told.open += 1,
                Some(answer) => {
                    let on = system::civil_date(answer.recorded_ms);
                    told.late += u64::from(on > request.due(days));
                    told.limited += u64::from(request.limits());
                }
            }
        }
    }
    Ok(told)
}

/// Whose request this is that was answered: the child's file it stands in.
///
/// # Errors
/// `not_found` where there is none, or nobody answered it yet; `recused` where this person is not to act for the family;
/// `still_loading`.
pub(crate) fn answered(tablet: &Tablet, request: &str) -> Result<DocumentId, ClientError> {
    let roster = Roster::read(tablet)?;
    for child in roster.everybody() {
        let asked = Asked::read(tablet, &roster, child)?;
        let mut requests = asked.requests.iter();
        if requests.any(|one| one.ask.id == request && one.answer.is_some()) {
            if recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
                return Err(ClientError::new("recused"));
            }
            return Ok(child.id);
        }
    }
    Err(ClientError::new("not_found"))
}

/// Somebody asked: written down by the director it was said to, or at the station.
///
/// # Errors
/// `not_found`, `choice_missing`, `value_invalid`, `name_missing`, `date_invalid`, `too_large`, `disk_full`.
pub fn ask(tablet: &Tablet, input: &AskRightInput) -> Result<RightsView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let mut asked = Vec::new();
    for code in &input.rights {
        let right = Right::parse(code)
            .ok_or_else(|| ClientError::new("value_invalid").with("value", code))?;
        asked.push(right);
    }
    if asked.is_empty() {
        return Err(ClientError::new("choice_missing"));
    }
    known(&options(pack.list(WHO), roster.today), &input.who)?;
    let name = input.name.trim();
    if name.is_empty() {
        return Err(ClientError::new("name_missing"));
    }
    if name.chars().count() > NAME {
        return Err(ClientError::new("value_invalid").with("value", name));
    }
    let on: NaiveDate = match input.on.trim() {
        "" => roster.today,
        on => on.parse().map_err(|_| ClientError::new("date_invalid"))?,
    };
    if on > roster.today {
        return Err(ClientError::new("date_invalid"));
    }
    let row = RightsRow::Ask(Ask {
        id: tablet.new_id().to_string(),
        rights: asked,
        who: input.who.clone(),
        name: name.to_owned(),
        text: note(&input.text)?,
        on,
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    });
    save(tablet, "right_asked", child, &row)?;
    list(
        tablet,
        &RightsInput {
            child: Some(input.child.clone()),
        },
    )
}

/// The station answers. Where something is kept, by which duty stands in the answer; saying it again puts the new answer in
/// the place of the old one.
///
/// # Errors
/// `not_allowed`, `recused`, `not_found`, `value_invalid`, `choice_missing`, `text_missing`, `too_large`, `disk_full`.
pub fn answer(tablet: &Tablet, input: &AnswerRightInput) -> Result<RightsView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    if recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
        return Err(ClientError::new("recused"));
    }
    let asked = Asked::read(tablet, &roster, child)?;
    if !asked.requests.iter().any(|one| one.ask.id == input.request) {
        return Err(ClientError::new("not_found"));
    }
    let outcome = Outcome::parse(&input.outcome)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.outcome))?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let duty = match outcome.keeps() {
        true => {
            known(&options(pack.list(DUTIES), roster.today), &input.duty)?;
            input.duty.clone()
        }
        false => String::new(),
    };
    let text = note(&input.text)?;
    if text.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    let row = RightsRow::Answer(Answer {
        id: tablet.new_id().to_string(),
        ask: input.request.clone(),
        outcome,
        duty,
        text,
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    });
    save(tablet, "right_answered", child, &row)?;
    list(tablet, &RightsInput { child: None })
}

fn known(options: &[crate::view::OptionView], code: &str) -> Result<(), ClientError> {
    if code.is_empty() && !options.is_empty() {
        return Err(ClientError::new("choice_missing"));
    }
    if !options.is_empty() && !options.iter().any(|option| option.code == code) {
        return Err(ClientError::new("value_invalid").with("value", code));
    }
    Ok(())
}

fn save(
    tablet: &Tablet,
    action: &str,
    child: &RosterChild,
    row: &RightsRow,
) -> Result<(), ClientError> {
    let id = match row {
        RightsRow::Ask(ask) => &ask.id,
        RightsRow::Answer(answer) => &answer.id,
    };
    let label = format!("{} 权利请求", child.name());
    let write = Write::new(child.id, DocKind::Child, child.unit, vec![row.to_edit()]);
    records::save(
        tablet,
        action,
        &[write.labelled("rights", label, id.as_str())],
    )
}
