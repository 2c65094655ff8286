//! Saving a visit: one change in the household (the session) and one in each child's document (the child's part), in one
//! transaction (architecture.md §8). Of a visit that met nobody its reason is asked first: it is saved as an attempt
//! ([`crate::contacts::record_attempt`]).

use super::fill::{self, named};
use super::masked::AnswerMasks;
use super::{Desk, desk_of, is_boarder};
use crate::after;
use crate::attachments;
use crate::contacts::saved_each;
use crate::differences;
use crate::error::ClientError;
use crate::goods;
use crate::mandatory;
use crate::problems;
use crate::records::{self, Write};
use crate::roster::{Roster, RosterChild};
use crate::standing;
use crate::tablet::Tablet;
use crate::view::{IdInput, SavedView, ScreenedView, SuggestView};
use chrono::NaiveDate;
use domain::child::{ChildVisit, HOUSEHOLD, Plan};
use domain::form::{
    self, EffectiveAnswers, FormState, NA, PartAnswers, SESSION, SUMMARY_LENGTH, SaveRefusal,
    SummaryGivens,
};
use domain::household::Session;
use domain::mandatory::{Reason, Word};
use domain::record::Edit;
use ids::{DocKind, DocumentId};
use store::drafts;
use uuid::Uuid;

/// The question for her own words, of which the national record takes a part.
pub(super) const SUMMARY: &str = "l_summary";
/// The question what she thinks of how often the child is visited, and the answer that it is well as it is.
pub(crate) const TIER_SUGGEST: &str = "l_tier_suggest";
const AS_IT_IS: &str = "keep";
/// The question why.
pub(crate) const TIER_WHY: &str = "l_tier_why";

/// Saves the visit: the session, each child's part, and the draft's removal, or nothing at all.
///
/// # Errors
/// `draft_gone`, `nothing_answered` with the first open question, `date_future`, `disk_full`; `attempt_reason_missing` where
/// nobody was met.
pub fn save_visit(tablet: &Tablet, input: &IdInput) -> Result<SavedView, ClientError> {
    let desk = desk_of(tablet, &input.id)?;
    if let Some(given) = &desk.given {
        return fill::save(tablet, &desk, given);
    }
    let state = form::evaluate(desk.spoken(), &desk.context, &desk.answers, !desk.full);
    form::validate_for_save(&state).map_err(|refusals| refused_save(&refusals))?;
    let effective = form::effective_answers(&desk.form, &desk.context, &desk.answers, !desk.full);
    if effective.is_attempt {
        return Err(ClientError::new("attempt_reason_missing"));
    }
    let writes_only = standing::writes_only(tablet)?;
    let saving = Saving::begin(tablet, &desk, &state, &effective)?;
    let (writes, records) = saving.visit()?;
    let draft = desk.draft.draft;
    records::save_with(tablet, "visit_recorded", &writes, |tx| {
        attachments::bind(tx, draft, desk.draft.household)?;
        Ok(drafts::remove(tx, draft)?)
    })?;
    // It is saved: from here on nothing fails.
    let ids: Vec<DocumentId> = desk.children.iter().map(|child| child.id).collect();
    let first = records.first().map_or("", String::as_str);
    let own = records.iter().map(String::as_str);
    let each: Vec<(DocumentId, &str)> = ids.iter().copied().zip(own).collect();
    let mut view = after::said(first, names(&desk.children), saved_each(tablet, &each));
    view.suggests
        .extend(suggestions(tablet, &desk, &state, &records));
    if !writes_only {
        if tablet.packs().screening.is_some() {
            view.screenings = parts(&desk.children, &records).collect();
        }
        let follow_ups = problems::follow_ups(tablet, &ids);
        view.follow_ups = after::also(&mut view, follow_ups).unwrap_or_default();
        tell_differing(tablet, &mut view, &desk.children, &records);
    }
    if let (false, Some(child)) = (effective.is_attempt, desk.children.first()) {
        let given = goods::of_visit(tablet, &child.id.to_string(), first);
        view.goods = after::also(&mut view, given).flatten();
    }
    ask(tablet, &mut view, first);
    Ok(view)
}

fn names(children: &[RosterChild]) -> String {
    let names: Vec<String> = children.iter().map(RosterChild::name).collect();
    names.join("、")
}

/// Each child with its part of the visit.
fn parts<'a>(
    children: &'a [RosterChild],
    records: &'a [String],
) -> impl Iterator<Item = ScreenedView> + 'a {
    let each = children.iter().zip(records);
    each.map(|(child, record)| ScreenedView {
        child: child.id.to_string(),
        name: child.name(),
        record: record.clone(),
    })
}

/// Of whom the visit said otherwise than the file.
pub(super) fn tell_differing(
    tablet: &Tablet,
    view: &mut SavedView,
    children: &[RosterChild],
    records: &[String],
) {
    for part in parts(children, records) {
        let differs = differences::differ(tablet, &part.child, &part.record);
        if after::also(view, differs) == Some(true) {
            view.differing.push(part);
        }
    }
}

/// The questions whether something was reported that stand now.
pub(super) fn ask(tablet: &Tablet, view: &mut SavedView, record: &str) {
    let roster = Roster::read(tablet);
    let open = roster.and_then(|roster| mandatory::open_of_visit(tablet, &roster, record));
    view.mandatory = after::also(view, open).unwrap_or_default();
}

/// A visit that met nobody, with what is known of it.
pub(crate) struct MetNobody {
    /// Its draft.
    pub(crate) draft: Uuid,
    /// Whose door stayed closed.
    pub(crate) household: DocumentId,
    /// The household is not here: a visit would begin it.
    pub(crate) begins: bool,
    /// The children it concerned.
    pub(crate) children: Vec<RosterChild>,
    /// The day she went, where the form says it.
    pub(crate) event_date: Option<String>,
}

/// The draft of a visit that met nobody.
///
/// # Errors
/// `draft_gone`, `form_unknown`; `met_somebody` where somebody was met after all.
pub(crate) fn met_nobody(tablet: &Tablet, draft: &str) -> Result<MetNobody, ClientError> {
    let desk = desk_of(tablet, draft)?;
    let effective = form::effective_answers(&desk.form, &desk.context, &desk.answers, !desk.full);
    if desk.given.is_some() || !effective.is_attempt {
        return Err(ClientError::new("met_somebody"));
    }
    let session = effective.answers.part(SESSION);
    let day = session.and_then(|part| part.text("a_date"));
    Ok(MetNobody {
        draft: desk.draft.draft,
        household: desk.draft.household,
        begins: desk.begins,
        event_date: day.map(str::to_owned),
        children: desk.children,
    })
}

/// A visit on its way from the form into the documents.
struct Saving<'a> {
    tablet: &'a Tablet,
    desk: &'a Desk,
    state: &'a FormState,
    effective: &'a EffectiveAnswers,
    session: PartAnswers,
    event_date: NaiveDate,
    today: NaiveDate,
    now_ms: i64,
    by: String,
}

/// What is written, and the id of each child's record.
type Written = (Vec<Write>, Vec<String>);

impl<'a> Saving<'a> {
    fn begin(
        tablet: &'a Tablet,
        desk: &'a Desk,
        state: &'a FormState,
        effective: &'a EffectiveAnswers,
    ) -> Result<Self, ClientError> {
        let session = effective.answers.part(SESSION).cloned().unwrap_or_default();
        let today = tablet.today();
        let date = session.text("a_date").unwrap_or_default();
        Ok(Self {
            event_date: crate::contacts::event_date(date, today)?,
            tablet,
            desk,
            state,
            effective,
            session,
            today,
            now_ms: tablet.clock.now_ms(),
            by: tablet.identity.staff.to_string(),
        })
    }

    /// The session, and a part for every child.
    fn visit(&self) -> Result<Written, ClientError> {
        let desk = self.desk;
        let first = desk.children.first();
        let first = first.ok_or_else(|| ClientError::new("not_found"))?;
        let new_id = || self.tablet.new_id().to_string();
        let id = new_id();
        let records: Vec<String> = desk.children.iter().map(|_| new_id()).collect();
        let session = Session {
            id,
            event_date: Some(self.event_date),
            recorded_on: Some(self.today),
            recorded_ms: self.now_ms,
            place: self.code("a_place"),
            kind: self.code("a_kind"),
            met: self.met(),
            form: self.form(),
            by: self.by.clone(),
            answers: form::to_scalars(&desk.form, &self.session),
            made_by: None,
        };
        let mut edits = vec![session.to_edit()];
        edits.extend(attachments::edits(
            self.tablet,
            desk.draft.draft,
            &session.id,
        )?);
        let mut writes = vec![
            Write::new(desk.draft.household, DocKind::Household, first.unit, edits)
                // The session has no line of its own on the sync page: it goes with the first child's part.
                .labelled("visit", format!("{} 走访", first.name()), &records[0]),
        ];
        for (child, record) in desk.children.iter().zip(&records) {
            let part = self.effective.answers.part(&child.id.to_string());
            let part = part.cloned().unwrap_or_default();
            let visit = ChildVisit {
                id: record.clone(),
                session: session.id.clone(),
                household: desk.draft.household.to_string(),
                event_date: session.event_date,
                recorded_on: session.recorded_on,
                recorded_ms: self.now_ms,
                place: session.place.clone(),
                kind: session.kind.clone(),
                met: session.met.clone(),
                seen: part.code("a_seen") == Some("y"),
                boarder: is_boarder(child),
                carer: child.child.carer().map(str::to_owned),
                form: session.form.clone(),
                summary: self.summary(&part),
                mandatory: self.reasons(&child.id.to_string()),
                open: self.open(&child.id.to_string()),
                full: desk.full,
                plan: self.plan(&child.id.to_string()),
                by: self.by.clone(),
                answers: form::to_scalars(&desk.form, &part),
                made_by: None,
            };
            let mut edits = vec![visit.to_edit()];
            if !visit.mandatory.is_empty() {
                edits.extend(answered_before(
                    self.tablet,
                    desk,
                    &child.id.to_string(),
                    record,
                )?);
            }
            if desk.begins {
                edits.push(Edit::put(HOUSEHOLD, desk.draft.household.to_string()));
            }
            writes.push(
                Write::new(child.id, DocKind::Child, child.unit, edits).labelled(
                    "visit_part",
                    format!("{} 走访", child.name()),
                    record,
                ),
            );
        }
        Ok((writes, records))
    }

    /// The answers that ask for a mandatory report of a child: its own, and those about the household.
    fn reasons(&self, child: &str) -> Vec<String> {
        let asking = self.state.mandatory_reasons.iter();
        asking
            .filter(|reason| reason.part == SESSION || reason.part == child)
            .map(|reason| {
                Reason {
                    of_household: reason.part == SESSION,
                    key: reason.key.clone(),
                    code: reason.code.clone(),
                }
                .to_text()
            })
            .collect()
    }

    /// What is open of a child's part, and about the household.
    fn open(&self, child: &str) -> Vec<String> {
        let missing = self.state.missing.iter();
        missing
            .filter_map(|one| named(&one.part, &one.key, child))
            .collect()
    }

    /// What she herself agreed on; what the form works out from the rules is no agreement.
    fn plan(&self, child: &str) -> Plan {
        let chosen = |part: &str, key: &str| {
            let asked = self.effective.answers.get(part, key)?;
            let own = self.desk.answers.get(part, key)?;
            (asked == own).then_some(own)
        };
        let day = |key| chosen(SESSION, key)?.text.as_deref()?.parse().ok();
        let tier = chosen(child, TIER_SUGGEST).and_then(|answer| answer.codes.first());
        Plan {
            next_visit: day("n_next_visit"),
            next_contact: day("n_next_contact"),
            tier: tier
                .filter(|code| !matches!(code.as_str(), AS_IT_IS | NA))
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// What she wrote, as far as the national record takes it – the whole stays among the answers; where she wrote nothing,
    /// what follows from the answers.
    fn summary(&self, part: &PartAnswers) -> String {
        let written = part.text(SUMMARY).map(str::trim);
        if let Some(written) = written.filter(|text| !text.is_empty()) {
            return written.chars().take(SUMMARY_LENGTH).collect();
        }
        let chosen = self.session.text("n_next_visit");
        let givens = SummaryGivens {
            next_visit: chosen
                .and_then(|date| date.parse().ok())
                .or(self.desk.context.next_visit),
            ..SummaryGivens::default()
        };
        let packs = self.tablet.packs();
        let masks = AnswerMasks::new(self.tablet, &packs, &self.desk.form);
        let (session, part) = (masks.without(&self.session), masks.without(part));
        form::auto_summary(&self.desk.form, Some(&session), Some(&part), &givens)
    }

    fn code(&self, key: &str) -> String {
        self.session.code(key).unwrap_or_default().to_owned()
    }

    fn met(&self) -> Vec<String> {
        let met = self.session.get("a_met");
        met.map(|answer| answer.codes.clone()).unwrap_or_default()
    }

    /// The form it was written with, by its content.
    fn form(&self) -> String {
        let EffectiveAnswers {
            pack,
            version,
            hash,
            ..
        } = self.effective;
        format!("{pack}@{version}#{hash}")
    }
}

/// What was reported out of the form before it was saved answers its question already.
pub(super) fn answered_before(
    tablet: &Tablet,
    desk: &Desk,
    child: &str,
    record: &str,
) -> Result<Option<Edit>, ClientError> {
    let draft = desk.draft.draft.to_string();
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let reported = nouns.problems.iter().find(|problem| {
        let noun = &problem.noun;
        noun.text("origin_record") == Some(draft.as_str())
            && noun.text("mandatory_choice") == Some(Word::Reported.as_str())
            && noun.children.iter().any(|id| id == child)
    });
    Ok(reported.map(|problem| {
        let problem = Some(problem.id.to_string());
        mandatory::said(tablet, record, Word::Reported, "", problem).to_edit()
    }))
}

pub(super) fn refused_save(refusals: &[SaveRefusal]) -> ClientError {
    match refusals.first() {
        Some(SaveRefusal::Missing { part, key, label }) => ClientError::new("nothing_answered")
            .with("part", part)
            .with("key", key)
            .with("label", label),
        Some(SaveRefusal::Invalid { part, key, .. }) if key == "a_date" => {
            ClientError::new("date_future")
                .with("part", part)
                .with("key", key)
        }
        Some(SaveRefusal::Invalid { part, key, message }) => ClientError::new("answer_invalid")
            .with("part", part)
            .with("key", key)
            .with("message", message),
        None => ClientError::new("internal"),
    }
}

/// Problems the answers so far suggest reporting, each type once for whom it concerns. `records` are the children's own, in
/// their order; none before the visit is saved.
pub(super) fn suggestions(
    tablet: &Tablet,
    desk: &Desk,
    state: &FormState,
    records: &[String],
) -> Vec<SuggestView> {
    let packs = tablet.packs();
    let Some(pack) = packs.rules_on(tablet.today()) else {
        return Vec::new();
    };
    let record_of = |child: &str| {
        let mut theirs = std::iter::zip(&desk.children, records);
        let found = theirs.find(|(one, _)| one.id.to_string() == child);
        found.map(|(_, record)| record.clone()).unwrap_or_default()
    };
    let found = state.suggestions.iter().filter_map(|suggestion| {
        let kind = pack.problem(&suggestion.problem)?;
        let card = pack.card_of(&kind.code)?;
        let (child, name) = desk.concerned(&suggestion.part)?;
        Some(SuggestView {
            record: record_of(&child),
            child,
            name,
            card: card.code.clone(),
            kind: Some(kind.code.clone()),
            label: kind.label.clone(),
            mandatory: kind.mandatory,
        })
    });
    found.collect()
}
