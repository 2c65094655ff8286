//! Going on with a saved visit (补上没答的题, docs/adr/0045): the form shows what was answered, asks what was left open, and
//! what is answered now is written as an amendment. The first answers stay as they were.

use super::save::{answered_before, ask, refused_save, suggestions, tell_differing};
use super::{Desk, Kept, desk, keep, page};
use crate::after;
use crate::attachments;
use crate::contacts::saved_each;
use crate::error::ClientError;
use crate::goods;
use crate::records::{self, Write};
use crate::roster::{Roster, RosterChild};
use crate::standing;
use crate::tablet::Tablet;
use crate::timeline;
use crate::view::{RecordInput, SavedView, VisitFormView};
use chrono::NaiveDate;
use domain::child::{Amendment, Child, ChildVisit};
use domain::fill::{Filling, HOUSEHOLD};
use domain::form::{self, Answer, Answers, FormPack, PartAnswers, SESSION, split_row};
use domain::mandatory::Reason;
use ids::{DocKind, DocumentId};
use std::collections::{BTreeMap, BTreeSet};
use store::drafts::{self, Draft};

/// A saved visit as it stands: what was answered, and each child's part of it.
pub(super) struct Given {
    /// The session.
    pub(super) session: String,
    /// Its place among the household's visits.
    pub(super) at: (Option<NaiveDate>, i64),
    /// The form it was written with, as its record names it.
    form: String,
    answers: Answers,
    /// In the order of the draft's children.
    files: Vec<(Child, ChildVisit)>,
}

impl Given {
    pub(super) fn read(
        tablet: &Tablet,
        form: &FormPack,
        draft: &Draft,
        session: &str,
    ) -> Result<Self, ClientError> {
        // Nothing that was written before is shown while only writing is possible.
        if standing::writes_only(tablet)? {
            return Err(ClientError::new("lease_over"));
        }
        let gone = || ClientError::new("draft_gone");
        let household = tablet.household_with_answers(draft.household)?;
        let first = household.sessions.iter().find(|one| one.id == session);
        let first = first.ok_or_else(gone)?;
        let mut answers = Answers::default();
        let own = household.session_answers(form, session).0;
        answers.parts.insert(SESSION.to_owned(), own);
        let mut files = Vec::new();
        for id in &draft.children {
            let file = tablet.child_with_answers(*id)?;
            let visit = part_of(&file, session).ok_or_else(gone)?.clone();
            let part = file.visit_answers(form, &visit).0;
            answers.parts.insert(id.to_string(), part);
            files.push((file, visit));
        }
        Ok(Self {
            session: session.to_owned(),
            at: (first.event_date, first.recorded_ms),
            form: first.form.clone(),
            answers,
            files,
        })
    }

    /// With what is answered now; an answer that was given stands.
    pub(super) fn with(&self, now: Answers) -> Answers {
        let mut all = self.answers.clone();
        for (name, part) in now.parts {
            let whole = all.parts.entry(name).or_default();
            whole.rows = part.rows;
            for (key, answer) in part.answers {
                whole.answers.entry(key).or_insert(answer);
            }
        }
        all
    }

    /// Each child's part of it, by its record.
    pub(super) fn records(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, visit)| visit.id.as_str())
    }

    fn is_given(&self, part: &str, key: &str) -> bool {
        self.answers
            .get(part, key)
            .is_some_and(|answer| !answer.is_empty())
    }

    /// Its answers in words, by part and question.
    pub(super) fn words(&self, form: &FormPack) -> BTreeMap<(String, String), String> {
        let mut words = BTreeMap::new();
        for (name, part) in &self.answers.parts {
            let (session, child) = match name == SESSION {
                true => (Some(part), None),
                false => (None, Some(part)),
            };
            let sections = form::read_answers(form, session, child);
            for answer in sections.into_iter().flat_map(|section| section.answers) {
                words.insert((name.clone(), answer.key), answer.text);
            }
        }
        words
    }
}

/// A child's part of a session, unless it was voided.
fn part_of<'a>(file: &'a Child, session: &str) -> Option<&'a ChildVisit> {
    let mut visits = file.visits.iter();
    visits.find(|visit| visit.session == session && !file.is_voided(&visit.id))
}

impl Desk {
    /// Whether the question was answered when the visit was saved.
    pub(super) fn is_given(&self, part: &str, key: &str) -> bool {
        let given = self.given.as_ref();
        given.is_some_and(|given| given.is_given(part, key))
    }

    /// Whether a row of a section has answers of the saved visit.
    pub(super) fn has_given_row(&self, part: &str, row: &str) -> bool {
        let given = self.given.as_ref();
        let part = given.and_then(|given| given.answers.part(part));
        part.is_some_and(|part| {
            let mut keys = part.answers.keys();
            keys.any(|key| split_row(key).1 == Some(row))
        })
    }

    /// The answers the draft itself keeps.
    pub(super) fn own_answers(&self) -> Answers {
        let Some(given) = &self.given else {
            return self.answers.clone();
        };
        let mut own = self.answers.clone();
        for (name, part) in &mut own.parts {
            part.unknown.clear();
            part.answers.retain(|key, _| !given.is_given(name, key));
        }
        own
    }
}

/// Opens the form of a saved visit, resuming what was begun. Only who wrote the visit goes on with it.
///
/// # Errors
/// `not_found`, `not_allowed`, `form_unknown`, `disk_full`.
pub fn fill_visit(tablet: &Tablet, input: &RecordInput) -> Result<VisitFormView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    let lines = timeline::of(tablet, &roster, child)?;
    let line = lines.iter().find(|line| line.record == input.record);
    if !line.ok_or_else(|| ClientError::new("not_found"))?.can_fill {
        return Err(ClientError::new("not_allowed"));
    }
    let mut visits = child.child.visits.iter();
    let visit = visits
        .find(|visit| visit.id == input.record)
        .ok_or_else(|| ClientError::new("not_found"))?;
    let begun = tablet.store.read(drafts::open)?;
    let there = begun.into_iter().find(|draft| {
        draft.answers.get("fills").and_then(|it| it.as_str()) == Some(visit.session.as_str())
    });
    if let Some(draft) = there {
        return page::opened(tablet, &desk(tablet, &roster, draft)?);
    }
    let packs = tablet.packs();
    let hash = visit.form.rsplit('#').next().unwrap_or_default();
    packs
        .form_by_hash(hash)
        .ok_or_else(|| ClientError::new("form_unknown"))?;
    let mut children: Vec<DocumentId> = Vec::new();
    for one in &roster.children {
        if part_of(&one.child, &visit.session).is_some()
            && part_of(&tablet.child_with_answers(one.id)?, &visit.session).is_some()
        {
            children.push(one.id);
        }
    }
    let now = tablet.clock.now_ms();
    let draft = Draft {
        draft: tablet.new_id(),
        household: DocumentId::parse(&visit.household)
            .map_err(|_| ClientError::new("not_found"))?,
        form: hash.to_owned(),
        answers: serde_json::to_value(Kept {
            answers: Answers::default(),
            full: visit.full,
            fills: Some(visit.session.clone()),
        })?,
        position: None,
        children,
        created_ms: now,
        updated_ms: now,
        discarded_ms: None,
    };
    let mut desk = desk(tablet, &roster, draft)?;
    keep(tablet, &mut desk)?;
    page::opened(tablet, &desk)
}

/// Writes what was answered now: an amendment of the session, and one of every child's part it concerns, or nothing at all.
///
/// # Errors
/// `nothing_filled`, `nothing_answered`, `answer_invalid`, `disk_full`.
pub(super) fn save(tablet: &Tablet, desk: &Desk, given: &Given) -> Result<SavedView, ClientError> {
    let state = form::evaluate(desk.spoken(), &desk.context, &desk.answers, !desk.full);
    form::validate_for_save(&state).map_err(|refusals| refused_save(&refusals))?;
    let effective = form::effective_answers(&desk.form, &desk.context, &desk.answers, !desk.full);
    let new = |part: &str| {
        let mut new = effective.answers.part(part).cloned().unwrap_or_default();
        new.unknown.clear();
        new.answers
            .retain(|key, answer| !answer.is_empty() && !given.is_given(part, key));
        new
    };
    // What is open is counted as it was when the visit was saved, whichever form is open now.
    let full = given.files.iter().any(|(_, visit)| visit.full);
    let open = form::evaluate(&desk.form, &desk.context, &desk.answers, !full).missing;
    let own = desk.own_answers();
    let mut answered = own.parts.values().flat_map(|part| part.answers.values());
    let of_household = new(SESSION);
    let mut edits = attachments::edits(tablet, desk.draft.draft, &given.session)?;
    if answered.all(Answer::is_empty) && edits.is_empty() {
        return Err(ClientError::new("nothing_filled"));
    }
    let is_attached = !edits.is_empty();
    if !of_household.answers.is_empty() {
        let filling = Filling {
            form: given.form.clone(),
            answered: count(&of_household),
            answers: form::to_scalars(&desk.form, &of_household),
            ..Filling::default()
        };
        edits.push(amendment(tablet, &given.session, filling, Vec::new()).to_edit());
    }
    let mut writes = Vec::new();
    for (child, (file, visit)) in desk.children.iter().zip(&given.files) {
        let id = child.id.to_string();
        let part = new(&id);
        let before = file.open_questions(visit);
        let now: BTreeSet<String> = open
            .iter()
            .filter_map(|one| named(&one.part, &one.key, &id))
            .collect();
        let known: Vec<&String> = file
            .amendments
            .iter()
            .filter(|one| one.record == visit.id)
            .flat_map(|one| &one.filling.mandatory)
            .chain(&visit.mandatory)
            .collect();
        let reasons = state.mandatory_reasons.iter().filter_map(|reason| {
            named(&reason.part, &reason.key, &id)?;
            let text = Reason {
                of_household: reason.part == SESSION,
                key: reason.key.clone(),
                code: reason.code.clone(),
            }
            .to_text();
            (!known.contains(&&text)).then_some(text)
        });
        let filling = Filling {
            form: given.form.clone(),
            answered: count(&part) + count(&of_household),
            answers: form::to_scalars(&desk.form, &part),
            closed: before.difference(&now).cloned().collect(),
            opened: now.difference(&before).cloned().collect(),
            mandatory: reasons.collect(),
        };
        let fulfils = crate::filling::asked_of(file, &visit.id);
        if filling.answered == 0 && (!is_attached || fulfils.is_empty()) {
            continue;
        }
        let asks = !filling.mandatory.is_empty();
        let amendment = amendment(tablet, &visit.id, filling, fulfils);
        let mut edits = vec![amendment.to_edit()];
        if asks {
            edits.extend(answered_before(tablet, desk, &id, &amendment.id)?);
        }
        let label = format!("{} 补充", child.name());
        writes.push(
            Write::new(child.id, DocKind::Child, child.unit, edits).labelled(
                "amendment",
                label,
                &amendment.id,
            ),
        );
    }
    if let Some(first) = desk.children.first().filter(|_| !edits.is_empty()) {
        let mut write = Write::new(desk.draft.household, DocKind::Household, first.unit, edits);
        // It has no line of its own on the sync page: it goes with the first child's part.
        write.label = writes.first().and_then(|first| first.label.clone());
        writes.insert(0, write);
    }
    let draft = desk.draft.draft;
    records::save_with(tablet, "visit_filled", &writes, |tx| {
        attachments::bind(tx, draft, desk.draft.household)?;
        Ok(drafts::remove(tx, draft)?)
    })?;
    let children = desk.children.iter().zip(&given.files);
    let each: Vec<(DocumentId, &str)> = children
        .map(|(child, (_, visit))| (child.id, visit.id.as_str()))
        .collect();
    // It is saved: from here on nothing fails.
    let first = each.first().map_or("", |(_, record)| *record);
    let names: Vec<String> = desk.children.iter().map(RosterChild::name).collect();
    let mut view = after::said(first, names.join("、"), saved_each(tablet, &each));
    let records: Vec<String> = each
        .iter()
        .map(|(_, record)| (*record).to_owned())
        .collect();
    let before = form::evaluate(&desk.form, &desk.context, &given.answers, !desk.full);
    let known = suggestions(tablet, desk, &before, &records);
    view.suggests = suggestions(tablet, desk, &state, &records);
    view.suggests.retain(|one| !known.contains(one));
    tell_differing(tablet, &mut view, &desk.children, &records);
    if let Some((child, record)) = each.first() {
        let given = goods::of_visit(tablet, &child.to_string(), record);
        view.goods = after::also(&mut view, given).flatten();
    }
    ask(tablet, &mut view, first);
    Ok(view)
}

/// A question as a child's document names it; none where it is another child's.
pub(super) fn named(part: &str, key: &str, child: &str) -> Option<String> {
    match part {
        SESSION => Some(format!("{HOUSEHOLD}{key}")),
        part if part == child => Some(key.to_owned()),
        _ => None,
    }
}

fn count(part: &PartAnswers) -> u32 {
    u32::try_from(part.answers.len()).unwrap_or(u32::MAX)
}

fn amendment(tablet: &Tablet, record: &str, filling: Filling, fulfils: Vec<String>) -> Amendment {
    Amendment {
        id: tablet.new_id().to_string(),
        record: record.to_owned(),
        filling,
        fulfils,
        recorded_on: Some(tablet.today()),
        by: tablet.identity.staff.to_string(),
        ..Amendment::default()
    }
}
