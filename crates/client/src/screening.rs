//! Risk screening after a visit: what the pack suggests, and what a person says about it (domain.md §4.4).
//!
//! The level is a suggestion. A person confirms it or sets it aside with a reason; leaving the highest level is for the
//! station. No score is shown on a screen that a family may see, and nothing of this is exported.

use crate::benefits::{OpenProblems, Says};
use crate::contacts::note;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::masks::block_behind;
use crate::records::{self, Write};
use crate::roster::{self, Roster, RosterChild};
use crate::tablet::Tablet;
use crate::view::{
    FoundSignView, LevelInput, OptionView, RecordInput, ScreeningView, SettledLevelView, SignSource,
};
use crate::visits::child_context;
use chrono::NaiveDate;
use domain::child::{Child, ChildVisit};
use domain::file::Facts;
use domain::form::{Answers, FormContext, SESSION};
use domain::screening::{
    Found, Known, Outcome, Screening, ScreeningPack, SettledLevel, Source, screen,
};
use ids::DocKind;
use std::collections::BTreeMap;

/// What a visit suggests about a child, and what was said about it.
///
/// # Errors
/// `not_found`; `form_unknown` when the visit's form or the screening pack has not arrived.
pub fn screening(tablet: &Tablet, input: &RecordInput) -> Result<ScreeningView, ClientError> {
    Room::open(tablet, input)?.view()
}

/// Confirms the suggested level, or sets it aside for another with a reason.
///
/// # Errors
/// As [`screening`], and `value_invalid`, `reason_missing`, `supervisor_needed`, `disk_full`.
pub fn settle_screening(tablet: &Tablet, input: &LevelInput) -> Result<ScreeningView, ClientError> {
    let record = RecordInput {
        child: input.child.clone(),
        record: input.record.clone(),
    };
    let room = Room::open(tablet, &record)?;
    if room.pack.band(&input.level).is_none() {
        return Err(ClientError::new("value_invalid").with("value", &input.level));
    }
    if !room.may_choose(&input.level) {
        return Err(ClientError::new("supervisor_needed"));
    }
    let reason = note(&input.reason)?;
    let outcome = if input.level == room.screening.level {
        Outcome::Confirmed
    } else {
        Outcome::SetAside
    };
    if outcome == Outcome::SetAside && reason.is_empty() {
        return Err(ClientError::new("reason_missing"));
    }
    let found = room.screening.found.iter().map(|found| found.code.clone());
    let settled = SettledLevel {
        id: tablet.new_id().to_string(),
        level: input.level.clone(),
        suggested: room.screening.level.clone(),
        score: room.screening.score.into(),
        found: found.collect(),
        pack: format!("{}@{}", room.pack.id, room.pack.version),
        record: input.record.clone(),
        outcome,
        reason,
        on: Some(tablet.today()),
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    let child = &room.child;
    let write = Write::new(
        child.id,
        DocKind::Child,
        child.unit,
        vec![settled.to_edit()],
    )
    .labelled("risk", format!("{} 风险筛查", child.name()), &settled.id);
    records::save(tablet, "risk_settled", &[write])?;
    // It is saved: what cannot be read again is said from what was read before.
    Ok(screening(tablet, &record).unwrap_or_else(|error| {
        tracing::warn!(%error, "it is settled, and could not be read again");
        let now = room.said(&settled, tablet.identity.person.clone());
        room.showing(Some(now.clone()), Some(now))
    }))
}

/// A visit with what is needed to screen it.
struct Room<'a> {
    tablet: &'a Tablet,
    roster: Roster,
    child: RosterChild,
    file: Child,
    pack: ScreeningPack,
    screening: Screening,
    record: String,
    date: Option<NaiveDate>,
}

impl<'a> Room<'a> {
    fn open(tablet: &'a Tablet, input: &RecordInput) -> Result<Self, ClientError> {
        let roster = Roster::read(tablet)?;
        let child = roster.child(&input.child)?.clone();
        let file = tablet.child_with_answers(child.id)?;
        let visit = file
            .visits
            .iter()
            .find(|visit| visit.id == input.record && !file.is_voided(&visit.id))
            .ok_or_else(|| ClientError::new("not_found"))?;
        looks::note(tablet, Look::Visit, &visit.id)?;
        let packs = tablet.packs();
        let unknown = || ClientError::new("form_unknown");
        let pack = packs.screening.clone().ok_or_else(unknown)?;
        let hash = visit.form.rsplit('#').next().unwrap_or_default();
        let form = packs.form_by_hash(hash).ok_or_else(unknown)?;
        let mut answers = Answers::default();
        let own = file.visit_answers(form, visit).0;
        answers.parts.insert(child.id.to_string(), own);
        let household = roster.household_of(&child).map(|household| household.id);
        let mut siblings: Vec<&RosterChild> = Vec::new();
        if let Some(household) = household {
            let whole = tablet.household_with_answers(household)?;
            if whole.sessions.iter().any(|one| one.id == visit.session) {
                let session = whole.session_answers(form, &visit.session).0;
                answers.parts.insert(SESSION.to_owned(), session);
            }
            siblings = roster.children_of(&household.to_string());
            // One whose file ended is not brought up here any more, and one told in another file is that child.
            siblings.retain(|other| other.id != child.id && other.runs());
        }
        let date = file.effective_date(&visit.id, visit.event_date);
        let on = date.unwrap_or(roster.today);
        let all = std::iter::once(&child).chain(siblings);
        let context = FormContext {
            today: on,
            children: all
                .map(|one| child_context(one, packs.rules_on(on), on))
                .collect(),
            people: Vec::new(),
            last: BTreeMap::new(),
            next_visit: None,
            next_contact: None,
        };
        let known = known(&file, visit);
        let part = child.id.to_string();
        let open = OpenProblems::of(tablet, child.id)?;
        let says = Says::of(&roster, &child, &packs, &open);
        let facts = Facts {
            today: on,
            ..says.facts(&roster, &child)
        };
        let screening = screen(&pack, form, &context, &answers, &part, &known, &facts);
        Ok(Self {
            tablet,
            child,
            file,
            pack,
            screening,
            record: input.record.clone(),
            date,
            roster,
        })
    }

    /// Out of the highest level leads only the station's word.
    fn may_choose(&self, level: &str) -> bool {
        let standing = self.file.settled_levels.last();
        let standing = standing.map_or("", |settled| settled.level.as_str());
        let lowers = [self.screening.level.as_str(), standing]
            .into_iter()
            .any(|from| self.pack.lowers_the_highest(from, level));
        !lowers || self.tablet.identity.role.is_at_station()
    }

    fn view(&self) -> Result<ScreeningView, ClientError> {
        let settled = &self.file.settled_levels;
        let of_this = settled.iter().rev().find(|one| one.record == self.record);
        let standing = settled.last().map(|one| self.settled(one)).transpose()?;
        let settled = of_this.map(|one| self.settled(one)).transpose()?;
        Ok(self.showing(standing, settled))
    }

    fn showing(
        &self,
        standing: Option<SettledLevelView>,
        settled: Option<SettledLevelView>,
    ) -> ScreeningView {
        let levels = self.pack.bands.iter().map(|band| OptionView {
            code: band.code.clone(),
            label: band.label.clone(),
        });
        let levels: Vec<OptionView> = levels.collect();
        ScreeningView {
            child: self.child.id.to_string(),
            name: self.child.name(),
            record: self.record.clone(),
            date: self.date.map(|date| date.to_string()).unwrap_or_default(),
            title: self.pack.name.clone(),
            suggested: self.level(&self.screening.level),
            found: self
                .screening
                .found
                .iter()
                .map(|found| self.found(found))
                .collect(),
            not_asked: self.screening.not_asked.clone(),
            may: levels
                .iter()
                .map(|level| level.code.clone())
                .filter(|code| self.may_choose(code))
                .collect(),
            levels,
            standing,
            settled,
        }
    }

    /// Whoever does not see it in the file reads here that there is something, and not what.
    fn found(&self, found: &Found) -> FoundSignView {
        let is_told = |mask: &String| self.tablet.sees_block(block_behind(mask)).is_open();
        let sources = found.sources.iter().map(|source| match source {
            Source::Visit => SignSource::Visit,
            Source::File => SignSource::File,
            Source::Problem => SignSource::Problem,
        });
        FoundSignView {
            label: (found.mask.as_ref().is_none_or(is_told)).then(|| found.label.clone()),
            sources: sources.collect(),
        }
    }

    fn settled(&self, settled: &SettledLevel) -> Result<SettledLevelView, ClientError> {
        let author = roster::author_of(self.tablet, settled.made_by)?;
        let by = author.map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |author| self.roster.people.name(author.staff),
        );
        Ok(self.said(settled, by))
    }

    fn said(&self, settled: &SettledLevel, by: String) -> SettledLevelView {
        SettledLevelView {
            level: self.level(&settled.level),
            confirmed: settled.outcome == Outcome::Confirmed,
            reason: settled.reason.clone(),
            by,
            on: settled.on.map(|date| date.to_string()).unwrap_or_default(),
        }
    }

    fn level(&self, code: &str) -> OptionView {
        let label = self
            .pack
            .band(code)
            .map_or(code, |band| band.label.as_str());
        OptionView {
            code: code.to_owned(),
            label: label.to_owned(),
        }
    }
}

/// What the file says on the day of the visit, and in how many visits up to it the child was not seen.
fn known(file: &Child, visit: &ChildVisit) -> Known {
    let date = |visit: &ChildVisit| file.effective_date(&visit.id, visit.event_date);
    let mut earlier: Vec<&ChildVisit> = file
        .visits
        .iter()
        .filter(|one| !file.is_voided(&one.id) && date(one) <= date(visit))
        .collect();
    earlier.sort_by_key(|one| (date(one), one.recorded_ms));
    let unseen = earlier.iter().rev().take_while(|one| !one.seen).count();
    let open = |end: Option<NaiveDate>| end.is_none_or(|end| Some(end) >= date(visit));
    let categories = file.categories.iter().filter(|one| open(one.end));
    let facts = file.tier_facts.iter().filter(|one| open(one.to));
    Known {
        categories: categories.map(|one| one.code.clone()).collect(),
        facts: facts.map(|one| one.kind.clone()).collect(),
        unseen_visits: u32::try_from(unseen).unwrap_or(u32::MAX),
    }
}
