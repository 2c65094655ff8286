//! Questions whether something was reported (强制报告): which stand, and what is said to them (docs/adr/0042).

use crate::after;
use crate::contacts::note;
use crate::error::ClientError;
use crate::records::{self, Write};
use crate::recusals::{self, Recusals};
use crate::roster::{self, Author, Roster, RosterChild};
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    AnswerMandatoryInput, CheckMandatoryInput, MandatoryQuestionView, MandatorySaidView,
    OverviewView, SavedView,
};
use domain::mandatory::{self, Question, Reason, Said, Word};
use domain::record::Edit;
use ids::DocKind;
use std::collections::HashMap;

/// A child's questions, with who wrote what in its file.
struct Asked {
    questions: Vec<Question>,
    authors: HashMap<[u8; 32], Author>,
}

impl Asked {
    fn read(tablet: &Tablet, roster: &Roster, child: &RosterChild) -> Result<Self, ClientError> {
        let file = &child.child;
        let is_asked = file.visits.iter().any(|visit| !visit.mandatory.is_empty())
            || file
                .amendments
                .iter()
                .any(|one| !one.filling.mandatory.is_empty());
        if !is_asked {
            return Ok(Self {
                questions: Vec::new(),
                authors: HashMap::new(),
            });
        }
        let mut authors = roster::authors(tablet, child.id)?;
        for other in &child.also {
            authors.extend(roster::authors(tablet, *other)?);
        }
        let questions = mandatory::questions(&child.child, |said| {
            let author = said.made_by.and_then(|hash| authors.get(&hash))?;
            roster.people.role(author.staff)
        });
        Ok(Self { questions, authors })
    }

    fn view(
        &self,
        tablet: &Tablet,
        roster: &Roster,
        child: &RosterChild,
        question: &Question,
    ) -> MandatoryQuestionView {
        let by = |made_by: Option<[u8; 32]>| {
            let author = made_by.and_then(|hash| self.authors.get(&hash));
            author.map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |author| roster.people.name(author.staff),
            )
        };
        let said = |said: &Said| MandatorySaidView {
            text: said.text.clone(),
            by: by(said.made_by),
            at: system::moment(said.recorded_ms),
        };
        MandatoryQuestionView {
            child: child.id.to_string(),
            name: child.name(),
            village: roster.people.unit_name(child.unit),
            record: question.record.clone(),
            on: question.on.map(|day| day.to_string()).unwrap_or_default(),
            by: by(question.made_by),
            reasons: question
                .reasons
                .iter()
                .map(|reason| words(tablet, &question.form, reason))
                .collect(),
            answer: question.answer.as_ref().map(said),
            station: question.station.as_ref().map(said),
        }
    }
}

/// An answer that asks, in the words of the form it was given in; its code where that form is not here.
fn words(tablet: &Tablet, form: &str, reason: &Reason) -> String {
    let packs = tablet.packs();
    let hash = form.rsplit('#').next().unwrap_or_default();
    let (key, _) = domain::form::split_row(&reason.key);
    let form = packs.form_by_hash(hash);
    let found = form.and_then(|form| Some((form, form.question(key)?)));
    found.map_or_else(
        || reason.to_text(),
        |(form, question)| {
            format!(
                "{}：{}",
                question.label,
                form.label_of(question, &reason.code)
            )
        },
    )
}

/// The questions of these children that `wanted` picks.
fn pick<'a>(
    tablet: &Tablet,
    roster: &Roster,
    children: impl IntoIterator<Item = &'a RosterChild>,
    wanted: impl Fn(&Question) -> bool,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    let recusals = Recusals::read(tablet)?;
    let mut found = Vec::new();
    for child in children {
        let asked = Asked::read(tablet, roster, child)?;
        if asked.questions.is_empty() || recusals::is_hers(tablet, &recusals, child) {
            continue;
        }
        for question in asked.questions.iter().filter(|question| wanted(question)) {
            found.push(asked.view(tablet, roster, child, question));
        }
    }
    found.sort_by(|a, b| a.on.cmp(&b.on));
    Ok(found)
}

/// Questions nobody answered yet, the oldest first. Those of a file that ended stand as well.
pub(crate) fn open(
    tablet: &Tablet,
    roster: &Roster,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    pick(tablet, roster, &roster.children, Question::is_open)
}

/// Of one child, as a form shows them.
pub(crate) fn shown_of(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    shown(tablet, roster, [child], Question::is_open)
}

/// What the station looks at: open ones, and reasons why something need not be reported that it has not read.
pub(crate) fn of_station(
    tablet: &Tablet,
    roster: &Roster,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    pick(tablet, roster, &roster.children, |question| {
        question.is_open() || question.waits_for_station()
    })
}

/// The same as [`pick`], where it is shown to whoever writes: once the lease is over only what she wrote since is, for the
/// others say what an earlier visit found, and when it was (docs/adr/0023). They stand, and are shown again after a contact.
fn shown<'a>(
    tablet: &Tablet,
    roster: &Roster,
    children: impl IntoIterator<Item = &'a RosterChild>,
    wanted: impl Fn(&Question) -> bool,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    let Some(since_ms) = standing::writes_only_since(tablet)? else {
        return pick(tablet, roster, children, wanted);
    };
    let is_hers = |question: &Question| {
        let author = roster::author_of(tablet, question.made_by);
        author.is_ok_and(|author| {
            author.is_some_and(|author| {
                author.device == tablet.identity.device && author.at_ms >= since_ms
            })
        })
    };
    pick(tablet, roster, children, |question| {
        wanted(question) && is_hers(question)
    })
}

/// The same as [`open_of_visit`], as what was saved shows them.
pub(crate) fn shown_of_visit(
    tablet: &Tablet,
    roster: &Roster,
    record: &str,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    match session_of(roster, record) {
        Some(session) => shown(tablet, roster, &roster.children, is_open_in(&session)),
        None => Ok(Vec::new()),
    }
}

/// Those that stand of the visit a record belongs to, siblings included.
pub(crate) fn open_of_visit(
    tablet: &Tablet,
    roster: &Roster,
    record: &str,
) -> Result<Vec<MandatoryQuestionView>, ClientError> {
    match session_of(roster, record) {
        Some(session) => pick(tablet, roster, &roster.children, is_open_in(&session)),
        None => Ok(Vec::new()),
    }
}

fn is_open_in(session: &str) -> impl Fn(&Question) -> bool {
    move |question| question.is_open() && question.session == session
}

fn session_of(roster: &Roster, record: &str) -> Option<String> {
    let mut children = roster.children.iter();
    let visit = children.find_map(|child| mandatory::visit_of(&child.child, record))?;
    Some(visit.session.clone())
}

/// A row that says something to the question of a record.
pub(crate) fn said(
    tablet: &Tablet,
    record: &str,
    word: Word,
    text: &str,
    problem: Option<String>,
) -> Said {
    Said {
        id: tablet.new_id().to_string(),
        record: record.to_owned(),
        word,
        text: text.to_owned(),
        problem,
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    }
}

fn write(child: &RosterChild, said: &[Said]) -> Write {
    let edits: Vec<Edit> = said.iter().map(Said::to_edit).collect();
    let label = format!("{} 强制报告", child.name());
    let first = said
        .first()
        .map_or_else(String::new, |said| said.id.clone());
    Write::new(child.id, DocKind::Child, child.unit, edits).labelled("mandatory", label, first)
}

/// What answers the open questions of a visit for those of its children a problem is about; `any` tells whether one stood.
pub(crate) fn answered_by_report(
    tablet: &Tablet,
    roster: &Roster,
    children: &[String],
    record: &str,
    given: (Word, &str, &str),
) -> Result<Vec<Write>, ClientError> {
    let Some(session) = session_of(roster, record) else {
        return Ok(Vec::new());
    };
    let (word, text, problem) = given;
    let mut writes = Vec::new();
    for id in children {
        // A village that only knows of a child visits it not.
        let Ok(child) = roster.child(id) else {
            continue;
        };
        let asked = Asked::read(tablet, roster, child)?;
        let rows: Vec<Said> = asked
            .questions
            .iter()
            .filter(|question| question.is_open() && question.session == session)
            .map(|question| {
                said(
                    tablet,
                    &question.record,
                    word,
                    text,
                    Some(problem.to_owned()),
                )
            })
            .collect();
        if !rows.is_empty() {
            writes.push(write(child, &rows));
        }
    }
    Ok(writes)
}

/// Says that what a visit found is none of the situations that must be reported, and why. What was answered about the
/// household asks of each of its children; one reason answers for all who are asked of nothing else.
///
/// # Errors
/// `not_found` when no such question stands, `reason_missing`, `recused`, `too_large`, `disk_full`.
pub fn answer(tablet: &Tablet, input: &AnswerMandatoryInput) -> Result<SavedView, ClientError> {
    let roster = Roster::read(tablet)?;
    let main = roster.child(&input.child)?;
    if recusals::is_hers(tablet, &Recusals::read(tablet)?, main) {
        return Err(ClientError::new("recused"));
    }
    let asked = Asked::read(tablet, &roster, main)?;
    let question = asked
        .questions
        .iter()
        .find(|question| question.record == input.record && question.is_open())
        .ok_or_else(|| ClientError::new("not_found"))?;
    let text = note(&input.text)?;
    if text.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let no = |record: &str| said(tablet, record, Word::NotSuchCase, &text, None);
    let mut writes = vec![write(main, &[no(&question.record)])];
    let mut ids = vec![main.id];
    if question.is_of_household() {
        for other in roster.children.iter().filter(|child| child.id != main.id) {
            let theirs = Asked::read(tablet, &roster, other)?;
            let same = theirs.questions.iter().find(|one| {
                one.is_open() && one.session == question.session && one.is_of_household()
            });
            if let Some(same) = same {
                writes.push(write(other, &[no(&same.record)]));
                ids.push(other.id);
            }
        }
    }
    records::save(tablet, "mandatory_answered", &writes)?;
    let record = &input.record;
    let found = crate::contacts::saved(tablet, &ids, record);
    let mut view = after::said(record, main.name(), found);
    let open = Roster::read(tablet).and_then(|now| shown_of_visit(tablet, &now, record));
    view.mandatory = after::also(&mut view, open).unwrap_or_default();
    Ok(view)
}

/// The station says what it thinks of a reason: it agrees, or the question is asked again.
///
/// # Errors
/// `not_allowed`, `recused`, `not_found`, `reason_missing` where it does not agree, `too_large`, `disk_full`.
pub fn check(tablet: &Tablet, input: &CheckMandatoryInput) -> Result<OverviewView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    if recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
        return Err(ClientError::new("recused"));
    }
    let asked = Asked::read(tablet, &roster, child)?;
    let question = asked
        .questions
        .iter()
        .find(|question| question.record == input.record && question.waits_for_station())
        .ok_or_else(|| ClientError::new("not_found"))?;
    let text = note(&input.text)?;
    let word = match input.agrees {
        true => Word::Checked,
        false if text.is_empty() => return Err(ClientError::new("reason_missing")),
        false => Word::AskedAgain,
    };
    let row = said(tablet, &question.record, word, &text, None);
    records::save(tablet, "mandatory_checked", &[write(child, &[row])])?;
    crate::station::overview(tablet)
}
