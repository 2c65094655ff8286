//! What the screens see of a visit: its form as it stands, and a saved one read again.

use super::Desk;
use super::languages;
use super::masked::AnswerMasks;
use super::save::{SUMMARY, suggestions};
use super::signing;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    LastNoteView, MandatoryReasonView, MissingView, OptionView, PartView, QuestionKind,
    QuestionView, ReadAnswerView, ReadSectionView, RecordInput, RowView, SectionView,
    VisitFormView, VisitReadView,
};
use domain::calendar::month_day_words;
use domain::fill::HOUSEHOLD;
use domain::form::{self, FormState, QuestionType, SESSION, SUMMARY_LENGTH, split_row};
use std::collections::BTreeMap;

/// The question what she wants to remember next time.
const REMINDER: &str = "n_reminder";

/// A saved visit read again, with the form it was written with.
///
/// # Errors
/// `not_found`, `form_unknown` when its form has not arrived yet.
pub fn visit_read(tablet: &Tablet, input: &RecordInput) -> Result<VisitReadView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let file = tablet.child_with_answers(child.id)?;
    let visit = file
        .visits
        .iter()
        .find(|visit| visit.id == input.record)
        .ok_or_else(|| ClientError::new("not_found"))?;
    looks::note(tablet, Look::Visit, &visit.id)?;
    let packs = tablet.packs();
    let hash = visit.form.rsplit('#').next().unwrap_or_default();
    let form = packs
        .form_by_hash(hash)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let household = match roster.household_of(child) {
        Some(household) => Some(tablet.household_with_answers(household.id)?),
        None => None,
    };
    let session = household
        .as_ref()
        .map(|household| household.session_answers(form, &visit.session));
    let (part, mut later) = file.visit_answers(form, visit);
    let session = session.map(|(session, of_household)| {
        later.extend(of_household);
        session
    });
    let author = crate::roster::author_of(tablet, visit.made_by)?;
    let mut filled = BTreeMap::new();
    for (key, amendment) in later {
        let author = crate::roster::author_of(tablet, amendment.made_by)?;
        let who = author.map_or_else(String::new, |author| roster.people.name(author.staff));
        let when = amendment
            .recorded_on
            .map(month_day_words)
            .unwrap_or_default();
        filled.insert(key, format!("{when} {who}"));
    }
    let spoken = languages::spoken(tablet, form);
    let open = file.open_questions(visit);
    let open = open.iter().map(|key| {
        let key = key.strip_prefix(HOUSEHOLD).unwrap_or(key);
        let question = spoken.question(split_row(key).0);
        question.map_or_else(|| key.to_owned(), |question| question.label.clone())
    });
    let masks = AnswerMasks::new(tablet, &packs, form);
    let answer_view = |answer: form::ReadAnswer| {
        let drawn = masks.draw(&answer.key, answer.text);
        ReadAnswerView {
            filled: filled.get(&answer.key).cloned(),
            key: format!("{}/{}", visit.id, answer.key),
            label: answer.label,
            text: drawn.text,
            reveal: drawn.reveal,
        }
    };
    Ok(VisitReadView {
        record: visit.id.clone(),
        child: input.child.clone(),
        name: child.name(),
        date: child
            .child
            .effective_date(&visit.id, visit.event_date)
            .map(|date| date.to_string())
            .unwrap_or_default(),
        by: author.as_ref().map_or_else(
            || crate::roster::UNKNOWN_PERSON.to_owned(),
            |author| roster.people.name(author.staff),
        ),
        signed: author.and_then(|_| {
            let mut signers = tablet.rules().signers.into_iter();
            Some(signers.find(|signer| signer.by_saving)?.label)
        }),
        sections: form::read_answers(&spoken, session.as_ref(), Some(&part))
            .into_iter()
            .map(|section| ReadSectionView {
                title: section.title,
                answers: section.answers.into_iter().map(&answer_view).collect(),
            })
            .collect(),
        open: open.collect(),
        form: format!("{} 第{}版", form.title, form.version),
        language: languages::language(tablet, form).to_owned(),
        languages: languages::choices(form),
    })
}

/// The form of a draft as it is opened. What it shows of earlier visits – the words and reminders of last time, the answers
/// 和上次一样 copies, those a saved visit has already – is written down as looked at before it is given out.
///
/// # Errors
/// The store cannot be read.
pub(super) fn opened(tablet: &Tablet, desk: &Desk) -> Result<VisitFormView, ClientError> {
    for record in shown(desk) {
        looks::note(tablet, Look::Visit, record)?;
    }
    view(tablet, desk)
}

/// The visits something of which is on the form: each child's part, or the household's where no child has one.
fn shown(desk: &Desk) -> Vec<&str> {
    if let Some(given) = &desk.given {
        return given.records().collect();
    }
    let last = &desk.context.last;
    let parts = last.iter().filter(|(part, _)| *part != SESSION);
    let parts: Vec<&str> = parts.map(|(_, last)| last.record.as_str()).collect();
    match (parts.is_empty(), last.get(SESSION)) {
        (true, Some(session)) => vec![&session.record],
        _ => parts,
    }
}

/// The form of a draft as it stands.
///
/// # Errors
/// The store cannot be read.
pub(super) fn view(tablet: &Tablet, desk: &Desk) -> Result<VisitFormView, ClientError> {
    let state = form::evaluate(desk.spoken(), &desk.context, &desk.answers, !desk.full);
    let packs = tablet.packs();
    let pack = packs.rules_on(tablet.today());
    let masks = AnswerMasks::new(tablet, &packs, &desk.form);
    let given = desk.given.as_ref();
    let given = given.map(|given| given.words(desk.spoken()));
    let given = given.unwrap_or_default();
    let mut view = VisitFormView {
        draft: desk.draft.draft.to_string(),
        household: desk.draft.household.to_string(),
        child: desk
            .children
            .first()
            .map(|child| child.id.to_string())
            .unwrap_or_default(),
        title: "入户走访".to_owned(),
        names: desk
            .children
            .iter()
            .map(RosterChild::name)
            .collect::<Vec<_>>()
            .join("、"),
        answered: state.answered,
        total: state.total,
        missing: state
            .missing
            .iter()
            .map(|missing| MissingView {
                part: missing.part.clone(),
                key: missing.key.clone(),
                label: missing.label.clone(),
            })
            .collect(),
        position: desk.draft.position.clone(),
        saved_at: system::moment(desk.draft.updated_ms),
        last_notes: last_notes(desk),
        phrases: pack
            .map(|pack| pack.phrases("visit").to_vec())
            .unwrap_or_default(),
        mandatory: mandatory(desk, &state),
        suggests: suggestions(tablet, desk, &state, &[]),
        is_attempt: state.is_attempt,
        full: desk.full,
        old_form: desk.given.is_none()
            && packs
                .visit_form()
                .is_some_and(|newest| newest.content_hash() != desk.form.content_hash()),
        fills: desk.given.is_some(),
        language: languages::language(tablet, &desk.form).to_owned(),
        languages: languages::choices(&desk.form),
        parts: state
            .parts
            .into_iter()
            .map(|part| part_view(part, &given, &masks))
            .collect(),
    };
    signing::hide_unsigned(tablet, desk, &mut view);
    Ok(view)
}

/// The answers that ask for a mandatory report, by child.
fn mandatory(desk: &Desk, state: &FormState) -> Vec<MandatoryReasonView> {
    let mut found: Vec<MandatoryReasonView> = Vec::new();
    for reason in &state.mandatory_reasons {
        let Some((child, name)) = desk.concerned(&reason.part) else {
            continue;
        };
        let words = format!("{}：{}", reason.label, reason.words);
        match found
            .iter_mut()
            .find(|one| one.child == child && one.name == name)
        {
            Some(one) => one.reasons.push(words),
            None => found.push(MandatoryReasonView {
                child,
                name,
                reasons: vec![words],
            }),
        }
    }
    found
}

/// Answers of the saved visit it goes on with, in words, by part and question.
type GivenWords = BTreeMap<(String, String), String>;

fn part_view(part: form::PartState, given: &GivenWords, masks: &AnswerMasks<'_>) -> PartView {
    let name = part.part.clone();
    let question_view = |question: form::QuestionState| {
        let given = given.get(&(name.clone(), question.key.clone())).cloned();
        question_view(question, given, masks)
    };
    let same = |last: Vec<(String, String)>| {
        let words = last
            .into_iter()
            .map(|(key, words)| masks.draw(&key, words).text)
            .filter(|words| !words.is_empty());
        words.collect::<Vec<_>>().join("，")
    };
    PartView {
        part: part.part,
        title: part.title,
        none_open: part.none_open,
        sections: part
            .sections
            .into_iter()
            .map(|section| SectionView {
                key: section.key,
                title: section.title,
                same_available: (!section.same.is_empty()).then(|| same(section.same)),
                same_applied: section.same_applied,
                questions: section.questions.into_iter().map(&question_view).collect(),
                repeats: section.repeats,
                may_add: section.may_add,
                rows: section
                    .rows
                    .into_iter()
                    .map(|row| RowView {
                        row: row.row,
                        questions: row.questions.into_iter().map(&question_view).collect(),
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// What she types herself stays in sight; what was taken over, and what was answered at the visit, is as masked as it is in
/// the file.
fn question_view(
    mut question: form::QuestionState,
    mut given: Option<String>,
    masks: &AnswerMasks<'_>,
) -> QuestionView {
    let is_summary = question.key == SUMMARY;
    let mut masked = false;
    let mut reveal = None;
    if question.carried || question.calculated || given.is_some() {
        for words in [&mut question.text, &mut given].into_iter().flatten() {
            let drawn = masks.draw(&question.key, std::mem::take(words));
            *words = drawn.text;
            masked |= drawn.masked;
            reveal = reveal.or(drawn.reveal);
        }
    }
    QuestionView {
        masked,
        reveal,
        given,
        most: is_summary.then(|| u32::try_from(SUMMARY_LENGTH).unwrap_or(u32::MAX)),
        key: question.key,
        label: question.label,
        hint: question.hint,
        kind: match question.kind {
            QuestionType::One => QuestionKind::One,
            QuestionType::Many => QuestionKind::Many,
            QuestionType::Text => QuestionKind::Text,
            QuestionType::Date => QuestionKind::Date,
            QuestionType::Time => QuestionKind::Time,
            QuestionType::Int => QuestionKind::Int,
            QuestionType::Decimal => QuestionKind::Decimal,
            QuestionType::Note => QuestionKind::Note,
        },
        options: question
            .options
            .into_iter()
            .map(|option| OptionView {
                code: option.code,
                label: option.label,
            })
            .collect(),
        codes: question.codes,
        text: question.text,
        required: question.required,
        message: question.message,
        carried: question.carried,
        calculated: question.calculated,
    }
}

/// What was written down last time, of each child for itself, and what she wanted to remember now. Nothing of it where
/// nothing of before may be shown, and none where it goes on with a saved visit.
fn last_notes(desk: &Desk) -> Vec<LastNoteView> {
    if desk.context.last.is_empty() || desk.given.is_some() {
        return Vec::new();
    }
    let reminder = |part: &str| {
        let last = desk.context.last.get(part);
        let text = last.and_then(|last| last.answers.text(REMINDER));
        text.unwrap_or_default().to_owned()
    };
    let several = desk.children.len() > 1;
    let mut notes: Vec<LastNoteView> = Vec::new();
    for child in &desk.children {
        let file = &child.child;
        let visits = file.visits.iter().filter(|one| !file.is_voided(&one.id));
        let last = visits
            .map(|one| (file.effective_date(&one.id, one.event_date), one))
            .max_by_key(|(date, one)| (*date, one.recorded_ms));
        let Some((date, last)) = last else { continue };
        let note = LastNoteView {
            name: if several { child.name() } else { String::new() },
            when: date.map(month_day_words).unwrap_or_default(),
            text: last.summary.clone(),
            reminder: reminder(&child.id.to_string()),
        };
        if !note.text.is_empty() || !note.reminder.is_empty() {
            notes.push(note);
        }
    }
    let of_household = reminder(SESSION);
    match notes.first_mut().filter(|_| !several) {
        _ if of_household.is_empty() => {}
        Some(only) if only.reminder.is_empty() => only.reminder = of_household,
        _ => notes.push(LastNoteView {
            name: String::new(),
            when: String::new(),
            text: String::new(),
            reminder: of_household,
        }),
    }
    notes
}
