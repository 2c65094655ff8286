//! Answers that say what a masked field of the child's file says: a parent's telephone in a visit is as masked as it is in
//! the file, and looking behind it is the same tap with the same row of the trail ([`crate::masks`]).
//!
//! Which field an answer is about its form says (`x_file`, docs/adr/0044). Forms of before that column have none; there it
//! is what the newest form says of the question of that name.

use super::{Desk, desk_of};
use crate::children;
use crate::error::ClientError;
use crate::masks::View;
use crate::packs::Packs;
use crate::roster::{Roster, RosterChild};
use crate::tablet::Tablet;
use domain::file::FieldRule;
use domain::form::{self, FormPack, Level, PartAnswers, SESSION};
use ids::DocumentId;

/// Whose word stands for the holder of an answer of a saved visit, where the key is the record, `/`, and the question.
pub(crate) const SAVED: &str = "answer";
/// The same of an answer on an open form: the draft, `/`, the part, `/`, and the question.
pub(crate) const OPEN: &str = "draft";

/// An answer as it is drawn.
pub(crate) struct Drawn {
    pub(crate) text: String,
    /// The text is not the whole of it.
    pub(crate) masked: bool,
    /// What looking behind it takes.
    pub(crate) reveal: Option<String>,
}

/// The masks of the answers of one form, as this person sees them.
pub(crate) struct AnswerMasks<'a> {
    tablet: &'a Tablet,
    packs: &'a Packs,
    form: &'a FormPack,
}

impl<'a> AnswerMasks<'a> {
    pub(crate) fn new(tablet: &'a Tablet, packs: &'a Packs, form: &'a FormPack) -> Self {
        Self {
            tablet,
            packs,
            form,
        }
    }

    /// The field the answer is about, where this person does not see that field whole.
    fn behind(&self, key: &str) -> Option<(&'a FieldRule, View)> {
        let own = self.form.question(key);
        let newest = || self.packs.visit_form()?.question(key);
        let asked = own
            .filter(|question| !question.file.is_empty())
            .or_else(newest);
        let file = &self.packs.file;
        let feeds = asked.into_iter().flat_map(|asked| &asked.file);
        let fields = feeds.flat_map(|feed| feed.fields(file));
        // Another question may say where this one is kept.
        let others = self.form.questions().flat_map(|(_, other)| &other.file);
        let of_others = others.flat_map(|feed| feed.fields_of_others(file));
        let of_others = of_others.filter(|(question, _)| *question == key);
        let fields = fields.chain(of_others.map(|(_, rule)| rule));
        let mut masked = fields
            .map(|rule| (rule, self.tablet.sees(rule)))
            .filter(|(_, view)| !view.is_open());
        masked.next()
    }

    /// An answer in words.
    pub(crate) fn draw(&self, key: &str, words: String) -> Drawn {
        match self.behind(key) {
            Some((_, view)) if !words.is_empty() => Drawn {
                text: view.text(&words).unwrap_or_default(),
                masked: true,
                reveal: view
                    .reveal
                    .map(|reveal| children::reveal_word(reveal).to_owned()),
            },
            _ => Drawn {
                text: words,
                masked: false,
                reveal: None,
            },
        }
    }

    /// The answers without those behind a mask: what goes into a summary is read by whoever opens the file.
    pub(super) fn without(&self, part: &PartAnswers) -> PartAnswers {
        let mut open = part.clone();
        open.answers.retain(|key, _| self.behind(key).is_none());
        open
    }
}

/// An answer behind a mask, with the field it is about and the document it is in.
pub(crate) type Behind = (FieldRule, DocumentId, String);

/// An answer of a saved visit of a child.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn saved(
    tablet: &Tablet,
    roster: &Roster,
    child: &RosterChild,
    key: &str,
) -> Result<Option<Behind>, ClientError> {
    let packs = tablet.packs();
    let file = tablet.child_with_answers(child.id)?;
    let found = key.split_once('/').and_then(|(record, question)| {
        let visit = file.visits.iter().find(|visit| visit.id == record)?;
        let hash = visit.form.rsplit('#').next().unwrap_or_default();
        Some((visit, packs.form_by_hash(hash)?, question))
    });
    let Some((visit, form, question)) = found else {
        return Ok(None);
    };
    let of_household = is_of_household(form, question);
    let (document, part) = match (of_household, roster.household_of(child)) {
        (false, _) => (child.id, file.visit_answers(form, visit).0),
        (true, Some(household)) => {
            let whole = tablet.household_with_answers(household.id)?;
            let answers = whole.session_answers(form, &visit.session).0;
            (household.id, answers)
        }
        (true, None) => return Ok(None),
    };
    Ok(found_in(tablet, &packs, form, &part, question).map(|(rule, text)| (rule, document, text)))
}

/// An answer on an open form that was carried over, or given when its visit was saved.
///
/// # Errors
/// `draft_gone`, `form_unknown`, or the store cannot be read.
pub(crate) fn open(tablet: &Tablet, child: &str, key: &str) -> Result<Option<Behind>, ClientError> {
    let mut parts = key.splitn(3, '/');
    let (Some(draft), Some(part), Some(question)) = (parts.next(), parts.next(), parts.next())
    else {
        return Ok(None);
    };
    let desk = desk_of(tablet, draft)?;
    let Some(document) = document_of(&desk, child, part) else {
        return Ok(None);
    };
    let Some(answers) = desk.answers.part(part) else {
        return Ok(None);
    };
    let packs = tablet.packs();
    let found = found_in(tablet, &packs, &desk.form, answers, question);
    Ok(found.map(|(rule, text)| (rule, document, text)))
}

/// The document of a part of the form; the child whose file is asked about must be one of it.
fn document_of(desk: &Desk, child: &str, part: &str) -> Option<DocumentId> {
    let mut children = desk.children.iter().map(|one| one.id);
    if part == SESSION {
        let is_there = children.any(|id| id.to_string() == child);
        return is_there.then_some(desk.draft.household);
    }
    children.find(|id| part == child && id.to_string() == child)
}

fn is_of_household(form: &FormPack, question: &str) -> bool {
    let placed = form.placed(question);
    placed.is_some_and(|(section, _)| section.level == Level::Session)
}

fn found_in(
    tablet: &Tablet,
    packs: &Packs,
    form: &FormPack,
    part: &PartAnswers,
    question: &str,
) -> Option<(FieldRule, String)> {
    let (rule, _) = AnswerMasks::new(tablet, packs, form).behind(question)?;
    let (session, child) = match is_of_household(form, question) {
        true => (Some(part), None),
        false => (None, Some(part)),
    };
    let sections = form::read_answers(form, session, child);
    let mut answers = sections.into_iter().flat_map(|section| section.answers);
    let answer = answers.find(|answer| answer.key == question)?;
    Some((rule.clone(), answer.text))
}
