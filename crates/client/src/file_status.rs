//! Ending a child's file, opening it again, telling two files of one child in one: proposed, and decided by the station
//! (domain.md §5.6, docs/adr/0036). Nothing leaves a file by any of it.

use crate::children;
use crate::contacts::{event_date, note, options};
use crate::error::ClientError;
use crate::records::{self, Write};
use crate::recusals;
use crate::roster::{self, Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    ChildFileView, ComingRow, DecideStatusInput, EndingAskView, FileState, FileStatusView, IdInput,
    ProposalView, ProposeStatusInput, SiblingView,
};
use chrono::{Days, NaiveDate};
use domain::policy::PolicyPack;
use domain::status::{Answer, Proposal, Said, State, Step, say};
use ids::{DocKind, StaffId};

/// Code list of the reasons to end a file.
const REASONS: &str = "EXIT_REASON";

/// Where a file stands, for its page.
pub(crate) fn of(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
    pack: &PolicyPack,
    decides: bool,
) -> Result<FileStatusView, ClientError> {
    let status = &child.child.status;
    let others = decides && recusals::others_decide(tablet, roster, child)?;
    let waiting = status.waiting().map(|one| {
        let another = others && is_left_to_others(tablet, pack, one);
        ProposalView {
            another,
            ..view(tablet, roster, pack, one)
        }
    });
    let is_waiting = |one: &Proposal| status.waiting().any(|it| it.word.id == one.word.id);
    let (on, reason) = match &status.state {
        State::Runs => (None, None),
        State::Ended { on, reason } => (Some(*on), Some(pack.label(REASONS, reason).to_owned())),
        State::Told { on, .. } => (Some(*on), None),
    };
    Ok(FileStatusView {
        state: match status.state {
            State::Runs => FileState::Runs,
            State::Ended { .. } => FileState::Ended,
            State::Told { .. } => FileState::Told,
        },
        on: on.map(|day| day.to_string()),
        reason,
        into: status.told_in().map(|id| sibling(roster, id)),
        told_here: child
            .also
            .iter()
            .map(|id| sibling(roster, &id.to_string()))
            .collect(),
        alike: if decides && child.runs() {
            alike(roster, child)
        } else {
            Vec::new()
        },
        waiting: waiting.collect(),
        past: status
            .story
            .iter()
            .rev()
            .filter(|one| !is_waiting(one))
            .map(|one| view(tablet, roster, pack, one))
            .collect(),
        steps: Step::ALL
            .into_iter()
            .filter(|step| step.fits(&status.state))
            .filter(|step| decides || !is_the_stations(*step))
            .filter(|step| status.waiting().all(|one| one.step != *step))
            .map(|step| step.as_str().to_owned())
            .collect(),
        decides,
        reasons: options(pack.list(REASONS), roster.today),
        asks: asks(pack),
    })
}

/// What has to be said before a file is ended for some reasons: a death that was no illness is reported first (domain.md §5.5).
fn asks(pack: &PolicyPack) -> Vec<EndingAskView> {
    let rules = pack.rules.ending.asks.iter();
    rules
        .filter_map(|(reason, kind)| {
            Some(EndingAskView {
                reason: reason.clone(),
                label: pack.text(&format!("status.ask.{reason}"), &[]),
                card: pack.card_of(kind)?.code.clone(),
                kind: kind.clone(),
            })
        })
        .collect()
}

/// Whose files belong together is looked at by somebody who sees all of them.
fn is_the_stations(step: Step) -> bool {
    matches!(step, Step::Merge | Step::Part)
}

fn sibling(roster: &Roster, id: &str) -> SiblingView {
    SiblingView {
        child: id.to_owned(),
        // A file that is not on this device has no name here.
        name: roster.child(id).map(RosterChild::name).unwrap_or_default(),
    }
}

/// Files with the same number, or the same name and birth date: never more than something to look at.
fn alike(roster: &Roster, child: &RosterChild) -> Vec<SiblingView> {
    let same = |other: &RosterChild, key: &str| {
        let mine = child.child.text(key).filter(|text| !text.is_empty());
        mine.is_some() && mine == other.child.text(key)
    };
    roster
        .children
        .iter()
        .filter(|other| other.id != child.id && other.runs())
        .filter(|other| same(other, "id_no") || same(other, "name") && same(other, "birth_date"))
        .map(|other| SiblingView {
            child: other.id.to_string(),
            name: format!(
                "{}（{}）",
                other.name(),
                roster.people.unit_name(other.unit)
            ),
        })
        .collect()
}

/// Two files become one only when two people of the station looked at it: whoever proposed it leaves it to a colleague, where
/// she has one who is not a relative. Asked where somebody confirms, and not in the fold: who was there on the day is not
/// known for good. For which steps, the policy says.
fn is_left_to_others(tablet: &Tablet, pack: &PolicyPack, one: &Proposal) -> bool {
    let two_persons = &pack.rules.ending.two_persons;
    let asked = two_persons.iter().any(|step| step == one.step.as_str());
    asked && one.author == Some(tablet.identity.staff)
}

fn view(tablet: &Tablet, roster: &Roster, pack: &PolicyPack, one: &Proposal) -> ProposalView {
    let name = |claimed: &str, made_by: Option<[u8; 32]>| {
        let author = roster::author_of(tablet, made_by).ok().flatten();
        let staff = author.map(|author| author.staff);
        staff.or_else(|| StaffId::parse(claimed).ok()).map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |staff| roster.people.name(staff),
        )
    };
    let answer = one.answer.as_ref();
    ProposalView {
        proposal: one.word.id.clone(),
        step: one.step.as_str().to_owned(),
        reason: match one.reason.as_str() {
            "" => None,
            code => Some(pack.label(REASONS, code).to_owned()),
        },
        on: one.word.on.map(|day| day.to_string()),
        into: one.into.as_deref().map(|id| sibling(roster, id)),
        text: one.word.text.clone(),
        by: name(&one.word.by, one.word.made_by),
        at: system::moment(one.word.recorded_ms),
        mine: one.author == Some(tablet.identity.staff),
        another: false,
        answer: answer.map(|(answer, _)| answer.as_str().to_owned()),
        answer_text: answer.map_or_else(String::new, |(_, word)| word.text.clone()),
        answered_by: answer.map_or_else(String::new, |(_, word)| name(&word.by, word.made_by)),
    }
}

/// What waits for the station, for its list of what comes.
pub(crate) fn waiting(roster: &Roster, pack: &PolicyPack) -> Vec<ComingRow> {
    let mut rows = Vec::new();
    for child in &roster.children {
        for one in child.child.status.waiting() {
            let key = format!("status.{}", one.step.as_str());
            let reason = pack.label(REASONS, &one.reason);
            rows.push(ComingRow {
                child: child.id.to_string(),
                name: child.name(),
                village: roster.people.unit_name(child.unit),
                text: pack.text(&key, &[("reason", reason)]),
                on: Some(system::civil_date(one.word.recorded_ms).to_string()),
            });
        }
    }
    rows
}

/// Proposes to end a file, to open it again, to tell it in another one, or to part two.
///
/// # Errors
/// `not_found`, `value_invalid`, `text_missing`, `date_invalid`, `date_future`, `status_changed`, `already_proposed`,
/// `ending_wants_visit`, `station_decides`, `recused`, `too_large`, `disk_full`.
pub fn propose(tablet: &Tablet, input: &ProposeStatusInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let packs = tablet.packs();
    let pack = packs
        .rules_on(roster.today)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let step = Step::parse(&input.step)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.step))?;
    let text = note(&input.text)?;
    if text.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    let status = &child.child.status;
    if !step.fits(&status.state) {
        return Err(ClientError::new("status_changed"));
    }
    if status.waiting().any(|one| one.step == step) {
        return Err(ClientError::new("already_proposed"));
    }
    if is_the_stations(step) && !recusals::decides(tablet, child)? {
        return Err(may_not(tablet));
    }
    let day = match step {
        Step::End => Some(event_date(
            input.on.as_deref().unwrap_or_default(),
            roster.today,
        )?),
        _ => None,
    };
    let reason = match (step, &input.reason) {
        (Step::End, Some(code)) if pack.list(REASONS).iter().any(|one| one.code == *code) => {
            Some(code.as_str())
        }
        (Step::End, other) => {
            let other = other.as_deref().unwrap_or_default();
            return Err(ClientError::new("value_invalid").with("value", other));
        }
        _ => None,
    };
    if let (Some(day), Some(reason)) = (day, reason) {
        wants_visit(child, pack, day, reason)?;
    }
    let into = match (step, &input.into) {
        (Step::Merge, Some(id)) => Some(leading(&roster, child, id)?),
        (Step::Merge, None) => return Err(ClientError::new("not_found")),
        _ => None,
    };
    let said = Said {
        kind: step.as_str(),
        text: &text,
        on: day,
        reason,
        into: into.as_deref(),
        ..Said::default()
    };
    write(tablet, child, &said, "status_proposed")
}

/// Somebody went there before the file ends, unless the reason says that nobody could.
fn wants_visit(
    child: &RosterChild,
    pack: &PolicyPack,
    day: NaiveDate,
    reason: &str,
) -> Result<(), ClientError> {
    let rules = &pack.rules.ending;
    if rules.without_visit.iter().any(|code| code == reason) {
        return Ok(());
    }
    let file = &child.child;
    let since = day.checked_sub_days(Days::new(u64::from(rules.visit_days)));
    let was_there = file.visits.iter().any(|visit| {
        let on = file.effective_date(&visit.id, visit.event_date);
        !file.is_voided(&visit.id) && on >= since && on.is_some()
    });
    match was_there {
        true => Ok(()),
        false => Err(ClientError::new("ending_wants_visit").with("days", rules.visit_days)),
    }
}

/// The file that is to lead runs, and is another one.
fn leading(roster: &Roster, child: &RosterChild, id: &str) -> Result<String, ClientError> {
    let other = roster.child(id)?;
    match other.id != child.id && other.runs() {
        true => Ok(other.id.to_string()),
        false => Err(ClientError::new("status_changed")),
    }
}

/// The station decides; at the station somebody does who is not a relative.
fn may_not(tablet: &Tablet) -> ClientError {
    ClientError::new(match tablet.identity.role.is_at_station() {
        true => "recused",
        false => "station_decides",
    })
}

/// Answers a proposal: the station confirms it or sends it back, whoever made it takes it back.
///
/// # Errors
/// `not_found`, `value_invalid`, `status_changed` when it was answered or no longer fits, `station_decides`, `recused`,
/// `not_allowed` for another person's, `another_confirms` for one's own where two people look, `text_missing`, `pin_again`, `too_large`, `disk_full`.
pub fn decide(tablet: &Tablet, input: &DecideStatusInput) -> Result<ChildFileView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let answer = Answer::parse(&input.answer)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", &input.answer))?;
    let text = note(&input.text)?;
    let mut waiting = child.child.status.waiting();
    let proposal = waiting
        .find(|one| one.word.id == input.proposal)
        .ok_or_else(|| ClientError::new("status_changed"))?;
    match answer {
        Answer::Withdrawn if proposal.author != Some(tablet.identity.staff) => {
            return Err(ClientError::new("not_allowed"));
        }
        Answer::Withdrawn => {}
        Answer::Confirmed | Answer::SentBack if !recusals::decides(tablet, child)? => {
            return Err(may_not(tablet));
        }
        Answer::SentBack if text.is_empty() => return Err(ClientError::new("text_missing")),
        Answer::SentBack => {}
        Answer::Confirmed => {
            let packs = tablet.packs();
            let pack = packs
                .rules_on(roster.today)
                .ok_or_else(|| ClientError::new("form_unknown"))?;
            let is_left = is_left_to_others(tablet, pack, proposal);
            if is_left && recusals::others_decide(tablet, &roster, child)? {
                return Err(ClientError::new("another_confirms"));
            }
            if let Some(into) = &proposal.into {
                leading(&roster, child, into)?;
            }
            tablet.require_step_up()?;
        }
    }
    let said = Said {
        kind: answer.as_str(),
        text: &text,
        on: Some(roster.today),
        answers: Some(&proposal.word.id),
        ..Said::default()
    };
    write(tablet, child, &said, "status_answered")
}

fn write(
    tablet: &Tablet,
    child: &RosterChild,
    said: &Said<'_>,
    action: &str,
) -> Result<ChildFileView, ClientError> {
    let id = tablet.new_id().to_string();
    let by = tablet.identity.staff.to_string();
    let said = Said {
        by: &by,
        recorded_ms: tablet.clock.now_ms(),
        ..said.clone()
    };
    let label = format!("{} 档案结束与合并", child.name());
    let edits = vec![say(&id, &said)];
    records::save(
        tablet,
        action,
        &[Write::new(child.id, DocKind::Child, child.unit, edits).labelled("status", label, id)],
    )?;
    children::file(
        tablet,
        &IdInput {
            id: child.id.to_string(),
        },
    )
}
