//! What the screens see of a visit: its form as it stands, and a saved one read again.

use super::Desk;
use super::save::suggestions;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::roster::{Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    MandatoryReasonView, MissingView, OptionView, PartView, QuestionKind, QuestionView,
    ReadAnswerView, ReadSectionView, RecordInput, RowView, SectionView, VisitFormView,
    VisitReadView,
};
use domain::calendar::month_day_words;
use domain::form::{self, FormState, QuestionType};

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
        .and_then(|household| {
            household
                .sessions
                .iter()
                .find(|one| one.id == visit.session)
        })
        .map(|session| form::from_scalars(form, &session.answers));
    let part = form::from_scalars(form, &visit.answers);
    let author = crate::roster::author_of(tablet, visit.made_by)?;
    Ok(VisitReadView {
        record: visit.id.clone(),
        child: input.child.clone(),
        name: child.name(),
        date: child
            .child
            .effective_date(&visit.id, visit.event_date)
            .map(|date| date.to_string())
            .unwrap_or_default(),
        by: author.map_or_else(
            || crate::roster::UNKNOWN_PERSON.to_owned(),
            |author| roster.people.name(author.staff),
        ),
        sections: form::read_answers(form, session.as_ref(), Some(&part))
            .into_iter()
            .map(|section| ReadSectionView {
                title: section.title,
                answers: section
                    .answers
                    .into_iter()
                    .map(|answer| ReadAnswerView {
                        label: answer.label,
                        text: answer.text,
                    })
                    .collect(),
            })
            .collect(),
        form: format!("{} 第{}版", form.title, form.version),
    })
}

/// The form of a draft as it stands.
///
/// # Errors
/// The store cannot be read.
pub(super) fn view(tablet: &Tablet, desk: &Desk) -> Result<VisitFormView, ClientError> {
    let state = form::evaluate(&desk.form, &desk.context, &desk.answers, !desk.full);
    let packs = tablet.packs();
    let pack = packs.rules_on(tablet.today());
    Ok(VisitFormView {
        draft: desk.draft.draft.to_string(),
        household: desk.draft.household.to_string(),
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
        last_note: last_note(desk).filter(|_| !desk.context.last.is_empty()),
        phrases: pack
            .map(|pack| pack.phrases("visit").to_vec())
            .unwrap_or_default(),
        mandatory: mandatory(desk, &state),
        suggests: suggestions(tablet, desk, &state, &[]),
        is_attempt: state.is_attempt,
        full: desk.full,
        old_form: packs
            .visit_form()
            .is_some_and(|newest| newest.content_hash() != desk.form.content_hash()),
        parts: state.parts.into_iter().map(part_view).collect(),
    })
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

fn part_view(part: form::PartState) -> PartView {
    PartView {
        part: part.part,
        title: part.title,
        sections: part
            .sections
            .into_iter()
            .map(|section| SectionView {
                key: section.key,
                title: section.title,
                same_available: section.same_available,
                same_applied: section.same_applied,
                questions: section.questions.into_iter().map(question_view).collect(),
                repeats: section.repeats,
                may_add: section.may_add,
                rows: section
                    .rows
                    .into_iter()
                    .map(|row| RowView {
                        row: row.row,
                        questions: row.questions.into_iter().map(question_view).collect(),
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn question_view(question: form::QuestionState) -> QuestionView {
    QuestionView {
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

fn last_note(desk: &Desk) -> Option<String> {
    desk.children
        .iter()
        .flat_map(|child| {
            child
                .child
                .visits
                .iter()
                .filter(|visit| !child.child.is_voided(&visit.id) && !visit.summary.is_empty())
        })
        .max_by_key(|visit| (visit.event_date, visit.recorded_ms))
        .map(|visit| {
            let when = visit.event_date.map(month_day_words).unwrap_or_default();
            format!("上次（{when}）{}", visit.summary)
        })
}
