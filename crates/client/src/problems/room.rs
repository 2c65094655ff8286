//! Everything needed to show problems, and how one is shown.

use super::reported::CaseStep;
use super::{acts, paper, steps};
use crate::attachments;
use crate::countersign;
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::recusals::{self, Recusals};
use crate::restricted::{self, Cases, OpenWords, Standpoint};
use crate::roster::{self, Author, People, record_state};
use crate::rounds::Rounds;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    OptionView, ProblemChoicesView, ProblemDetailView, ProblemEventView, ProblemPaper, ProblemRow,
    ProblemState, ProblemView, RecordState,
};
use chrono::NaiveDate;
use domain::calendar::{WorkCalendar, add_days};
use domain::child::Child;
use domain::household::Household;
use domain::policy::PolicyPack;
use domain::problem::{self, Event, EventKind, Fold, Problem, Review, State};
use domain::status::State as FileState;
use ids::{DocumentId, Role, StaffId};
use protocol::access::{Block, Handling, Reveal};
use std::collections::HashMap;
use store::changes::{self, ChangeState};
use store::countersignatures::Countersignature;
use store::projections::problems as stories;
use store::read_marks;

/// Everything needed to show problems.
pub(crate) struct Room<'a> {
    pub(crate) tablet: &'a Tablet,
    pub(crate) people: People,
    names: HashMap<String, String>,
    households: HashMap<String, String>,
    recusals: Recusals,
    pub(crate) problems: Vec<Noun<Problem>>,
    pub(super) children: Vec<Noun<Child>>,
    homes: Vec<Noun<Household>>,
    pub(super) rounds: Rounds,
    cases: Cases,
    states: HashMap<String, ChangeState>,
    marks: HashMap<DocumentId, read_marks::ReadMark>,
    pub(crate) pack: PolicyPack,
    pub(super) calendar: WorkCalendar,
}

/// What is to be known of a matter on the place where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Among others: a list, a timeline, the work log, paper.
    List,
    /// On its own page; that it is looked at stands in the trail already.
    Page,
}

/// A story as it comes to, with who wrote it.
pub(super) struct Told {
    authors: HashMap<[u8; 32], Author>,
    pub(super) fold: Fold,
    /// What the district said of its closings.
    said: Vec<Countersignature>,
}

impl Told {
    /// What it mainly is: as the station says, else as it was reported.
    pub(super) fn main<'a>(&'a self, problem: &'a Problem) -> &'a str {
        let said = self.fold.main.as_deref();
        said.or_else(|| problem.text("type")).unwrap_or_default()
    }

    fn author(&self, event: &Event) -> Option<&Author> {
        event.made_by.and_then(|hash| self.authors.get(&hash))
    }
}

/// Its words are the station's alone.
pub(super) fn is_sealed(problem: &Problem) -> bool {
    problem.text("restricted").is_some()
}

/// It goes by a number for whoever does not handle it: it has sealed words, or was of a kind that is restricted.
pub(crate) fn has_number(pack: &PolicyPack, problem: &Problem) -> bool {
    let said = problem
        .events
        .iter()
        .filter_map(|event| event.detail.main.as_deref());
    let mut kinds = problem.text("type").into_iter().chain(said);
    is_sealed(problem) || kinds.any(|kind| pack.problem(kind).is_some_and(|kind| kind.restricted))
}

impl<'a> Room<'a> {
    pub(crate) fn open(tablet: &'a Tablet) -> Result<Self, ClientError> {
        if tablet.loading()?.is_some() {
            return Err(ClientError::new("still_loading"));
        }
        let people = People::read(tablet)?;
        let packs = tablet.packs();
        let pack = packs
            .rules_on(tablet.today())
            .ok_or_else(|| ClientError::new("form_unknown"))?
            .clone();
        let recusals = Recusals::read(tablet)?;
        tablet.store.read(|connection| {
            let mut nouns = tablet.nouns(connection)?;
            // What this village reported of a child it only knows of is told with its name, too.
            nouns.children.append(&mut nouns.guests);
            Ok(Self {
                tablet,
                people,
                recusals,
                households: nouns
                    .children
                    .iter()
                    .filter_map(|noun| {
                        let household = noun.noun.household()?;
                        Some((noun.id.to_string(), household.to_owned()))
                    })
                    .collect(),
                names: nouns
                    .children
                    .iter()
                    .map(|noun| (noun.id.to_string(), noun.noun.name().to_owned()))
                    .collect(),
                problems: nouns.problems,
                children: nouns.children,
                homes: nouns.households,
                rounds: Rounds::of_work(&nouns.work),
                calendar: pack.work_calendar(),
                cases: restricted::cases(tablet, connection)?,
                states: changes::open_record_states(connection)?,
                marks: read_marks::all(connection)?,
                pack,
            })
        })
    }

    pub(crate) fn find(&self, id: &str) -> Result<&Noun<Problem>, ClientError> {
        self.problems
            .iter()
            .find(|noun| noun.id.to_string() == id)
            .ok_or_else(|| ClientError::new("not_found"))
    }

    pub(crate) fn names(&self, problem: &Problem) -> String {
        problem
            .children
            .iter()
            .filter_map(|id| self.names.get(id).cloned())
            .collect::<Vec<_>>()
            .join("、")
    }

    /// The story's outcome, and its authors from the signed envelopes.
    pub(super) fn told(&self, noun: &Noun<Problem>) -> Result<Told, ClientError> {
        let authors = roster::authors(self.tablet, noun.id)?;
        let severity = noun.noun.text("severity").unwrap_or_default();
        let said = self
            .tablet
            .store
            .read(|connection| countersign::of_problem(connection, noun.id))?;
        let words = stories::words(&said);
        let fold = problem::fold(&noun.noun.events, severity, &words, |event| {
            let author = event.made_by.and_then(|hash| authors.get(&hash))?;
            self.people.role(author.staff)
        });
        Ok(Told {
            authors,
            fold,
            said,
        })
    }

    /// Whether it is still worked on.
    pub(crate) fn is_open(&self, noun: &Noun<Problem>) -> Result<bool, ClientError> {
        Ok(self.told(noun)?.fold.state.is_open())
    }

    /// A child it knows, of another village as well.
    pub(super) fn child_noun(&self, id: &str) -> Option<&Noun<Child>> {
        self.children
            .iter()
            .find(|child| child.id.to_string() == id)
    }

    fn child(&self, id: &str) -> Option<&Child> {
        Some(&*self.child_noun(id)?.noun)
    }

    /// The household with an id, where this device holds it.
    pub(super) fn home(&self, id: &str) -> Option<&Household> {
        let mut homes = self.homes.iter();
        let found = homes.find(|home| home.id.to_string() == id)?;
        Some(&*found.noun)
    }

    /// Each child it is about was seen at a visit, on this day or later. One whose file the station ended cannot be: it is
    /// left out, and whoever closes writes why it may be closed.
    pub(super) fn were_seen(&self, problem: &Problem, since: NaiveDate) -> bool {
        let seen = |child: &Child| {
            child.visits.iter().any(|visit| {
                let day = child.effective_date(&visit.id, visit.event_date);
                visit.seen && day.is_some_and(|day| since <= day) && !child.is_voided(&visit.id)
            })
        };
        let is_ended = |child: &Child| matches!(child.status.state, FileState::Ended { .. });
        problem.children.iter().all(|id| {
            let Some(child) = self.child(id) else {
                return false;
            };
            // Where the file goes on in another one, that one tells.
            let leading = child.status.told_in().and_then(|id| self.child(id));
            let mut told = std::iter::once(child).chain(leading);
            told.any(|child| is_ended(child) || seen(child))
        })
    }

    /// The first visit to the child it is mainly about since a moment; whether the child itself was met is not asked.
    pub(super) fn first_visit_since(&self, problem: &Problem, since_ms: i64) -> Option<NaiveDate> {
        let child = self.child(problem.text("child")?)?;
        let from = system::civil_date(since_ms);
        let visits = child.visits.iter();
        visits
            .filter(|visit| !child.is_voided(&visit.id))
            .filter_map(|visit| {
                let day = child.effective_date(&visit.id, visit.event_date)?;
                let later = day > from || (day == from && visit.recorded_ms > since_ms);
                later.then_some(day)
            })
            .min()
    }

    /// The type's usual time is over and it is still open. Nothing follows from it.
    fn is_past_usual(&self, noun: &Noun<Problem>, told: &Told) -> bool {
        let kind = self.pack.problem(told.main(&noun.noun));
        let days = kind.map_or(0, |kind| kind.due_days);
        let reported = noun.noun.events.first();
        days > 0
            && told.fold.state.is_open()
            && reported.is_some_and(|event| {
                add_days(system::civil_date(event.recorded_ms), days) < self.tablet.today()
            })
    }

    /// Every problem with its kind in words, and its number instead where it has one: a work log is printed and handed on.
    pub(crate) fn titled(&self) -> impl Iterator<Item = (&Problem, Result<String, String>)> {
        self.problems.iter().map(|noun| {
            let named = match self.number(noun) {
                Some(number) => Err(number),
                None => Ok(self.kind_words(noun)),
            };
            (noun.noun.as_ref(), named)
        })
    }

    /// A problem by its id, as a list names it; none where it is not here.
    pub(crate) fn title_of(&self, problem: &str) -> Result<Option<String>, ClientError> {
        let noun = self.find(problem).ok();
        noun.map(|noun| self.title(noun)).transpose()
    }

    /// 危房 · 石小雨, or 个案 2026-3F2A91C0.
    pub(super) fn title(&self, noun: &Noun<Problem>) -> Result<String, ClientError> {
        Ok(match self.number_for_me(noun, Place::List)? {
            Some(number) => number,
            None => format!("{} · {}", self.kind_words(noun), self.names(&noun.noun)),
        })
    }

    /// How the trays of a device name what was written to it: 石小雨 问题, or 个案 2026-3F2A91C0.
    pub(crate) fn label(&self, noun: &Noun<Problem>) -> Result<String, ClientError> {
        Ok(match self.number_for_me(noun, Place::List)? {
            Some(number) => number,
            None => format!("{} 问题", self.names(&noun.noun)),
        })
    }

    /// The number a matter with sealed words goes by (个案): the year it was reported in and the end of its id, which is
    /// random, so that no two devices give the same one and it says nothing (docs/adr/0043). The district's page has the
    /// same end. None for any other matter.
    pub(crate) fn number(&self, noun: &Noun<Problem>) -> Option<String> {
        let problem = &noun.noun;
        let day = problem.text("reported_on").unwrap_or_default();
        has_number(&self.pack, problem).then(|| number_of(noun.id, day))
    }

    /// Whether this person is told of what kind a matter is, among others. One that is not here she is not told of.
    pub(crate) fn tells_kind(&self, problem: &str) -> bool {
        let number = self
            .find(problem)
            .and_then(|noun| self.number_for_me(noun, Place::List));
        number.is_ok_and(|number| number.is_none())
    }

    /// The number, where it is all this person is told of a matter there (domain.md P-25).
    pub(crate) fn number_for_me(
        &self,
        noun: &Noun<Problem>,
        place: Place,
    ) -> Result<Option<String>, ClientError> {
        let Some(number) = self.number(noun) else {
            return Ok(None);
        };
        let view = self
            .tablet
            .sees_case(Block::CaseIdentity, self.handling(noun)?);
        let is_told = view.is_open() || place == Place::Page && view.reveal == Some(Reveal::Tap);
        Ok((!is_told).then_some(number))
    }

    /// What this person has to do with a matter.
    fn handling(&self, noun: &Noun<Problem>) -> Result<Handling, ClientError> {
        let me = self.tablet.identity.staff;
        if self.is_recused(me, noun) {
            return Ok(Handling::Recused);
        }
        let told = self.told(noun)?;
        let first = noun.noun.events.first();
        if first
            .and_then(|event| told.author(event))
            .map(|author| author.staff)
            == Some(me)
        {
            return Ok(Handling::Reporter);
        }
        Ok(match self.standpoint(noun)? {
            Some(standpoint) => standpoint.handling(),
            None if self.handler(noun, &told) == Some(me) => Handling::Handler,
            None => Handling::Colleague,
        })
    }

    /// Whether somebody is not to act for this: a relative of a child it is about, or involved herself (回避).
    pub(crate) fn is_recused(&self, staff: StaffId, noun: &Noun<Problem>) -> bool {
        let family: Vec<DocumentId> = noun
            .noun
            .children
            .iter()
            .filter_map(|child| {
                let id = DocumentId::parse(child).ok()?;
                let household = self.households.get(child).map(String::as_str);
                Some(recusals::family_of(id, household))
            })
            .flatten()
            .chain([noun.id])
            .collect();
        self.recusals.concern(staff, &family)
    }

    /// Who handles it (经办人); nobody while she is not to act for it.
    fn handler(&self, noun: &Noun<Problem>, told: &Told) -> Option<StaffId> {
        let found = problem::handler(&noun.noun.events, &told.fold.allowed, |event| {
            Some(told.author(event)?.staff.to_string())
        });
        found
            .and_then(|staff| StaffId::parse(&staff).ok())
            .filter(|staff| !self.is_recused(*staff, noun))
    }

    /// Whether what this person writes with a step of it is sealed. Whoever is not to act for it tells the village nothing.
    pub(super) fn seals(&self, noun: &Noun<Problem>, kind: EventKind) -> bool {
        let me = &self.tablet.identity;
        let tells = problem::is_for_the_village(me.role, kind);
        is_sealed(&noun.noun) && (!tells || self.is_recused(me.staff, noun))
    }

    /// How this person stands to the sealed words of a problem; none where there are none, or none for her.
    pub(crate) fn standpoint(
        &self,
        noun: &Noun<Problem>,
    ) -> Result<Option<Standpoint<'_>>, ClientError> {
        let Some(case) = self.cases.get(&noun.id.to_string()) else {
            return Ok(None);
        };
        let handler = self.handler(noun, &self.told(noun)?);
        let is_recused = |staff| self.is_recused(staff, noun);
        let case = (noun.noun.as_ref(), case);
        Standpoint::take(self.tablet, case, handler, is_recused).map(Some)
    }

    /// What it is, in the pack's words.
    pub(crate) fn kind_words(&self, noun: &Noun<Problem>) -> String {
        let problem = &noun.noun;
        // Only a story in which the type was set anew is folded for it.
        let set = problem
            .events
            .iter()
            .any(|event| event.detail.main.is_some());
        let told = set.then(|| self.told(noun).ok()).flatten();
        let reported = problem.text("type").unwrap_or_default();
        let kind = told.as_ref().map_or(reported, |told| told.main(problem));
        problem
            .text("card")
            .and_then(|card| self.pack.problem_card(card))
            .filter(|card| card.problem == kind)
            .map(|card| card.label.clone())
            .or_else(|| self.pack.problem(kind).map(|one| one.label.clone()))
            .unwrap_or_else(|| kind.to_owned())
    }

    fn types_words(&self, codes: &[String]) -> Vec<String> {
        codes
            .iter()
            .map(|code| self.pack.label("PROBLEM", code).to_owned())
            .collect()
    }

    /// A matter as it is shown there: under its number alone where that is all this person is told.
    pub(super) fn row(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        place: Place,
    ) -> Result<ProblemRow, ClientError> {
        let row = self.whole_row(noun, told);
        Ok(match self.number_for_me(noun, place)? {
            Some(number) => ProblemRow {
                names: String::new(),
                child: String::new(),
                kind: number,
                also: Vec::new(),
                by: String::new(),
                seen: String::new(),
                last_answer: None,
                next: row.next.map(steps::without_words),
                ..row
            },
            None => row,
        })
    }

    fn whole_row(&self, noun: &Noun<Problem>, told: &Told) -> ProblemRow {
        let problem = &noun.noun;
        let first = problem.events.first();
        let by = first.and_then(|event| told.author(event)).map_or_else(
            || roster::UNKNOWN_PERSON.to_owned(),
            |author| self.people.name(author.staff),
        );
        let record_state = problem
            .events
            .iter()
            .map(|event| record_state(&self.states, &event.id))
            .find(|state| *state != RecordState::Delivered)
            .unwrap_or(RecordState::Delivered);
        let dues = steps::dues(self, noun, told);
        ProblemRow {
            problem: noun.id.to_string(),
            number: self.number(noun),
            names: self.names(problem),
            child: problem.text("child").unwrap_or_default().to_owned(),
            village: self.people.unit_name(noun.unit),
            kind: self.kind_words(noun),
            also: self.types_words(&told.fold.also),
            severity: told.fold.severity.clone(),
            urgency: self.urgency(problem, &told.fold),
            state: state_view(told.fold.state),
            by,
            at: system::moment(first.map_or(0, |event| event.recorded_ms)),
            seen: first_sentence(first.map_or("", |event| event.text.as_str())),
            last_answer: problem
                .events
                .iter()
                .rev()
                .find(|event| {
                    told.author(event).is_some_and(|author| {
                        self.people
                            .role(author.staff)
                            .is_some_and(Role::is_at_station)
                    }) && !event.text.is_empty()
                        && !event.sealed
                })
                .map(|event| event.text.clone()),
            unread: self.is_unread(noun, told),
            record_state,
            requested_close: told.fold.close_requested,
            reopened: told.fold.reopened && told.fold.state.is_open(),
            not_such_case: problem.text("mandatory_choice") == Some("not_such_case")
                && told.fold.state == State::Reported,
            review: self.review(&told.fold).map(str::to_owned),
            past_usual: self.is_past_usual(noun, told),
            next: steps::shown(self, &dues).map(|due| steps::view(self, problem, &due)),
        }
    }

    /// How it stands with the district, which is the station's business.
    fn review(&self, fold: &Fold) -> Option<&'static str> {
        if !self.tablet.identity.role.is_at_station() {
            return None;
        }
        match (fold.review, fold.not_over) {
            (Some(Review::Waiting), _) => Some("waiting"),
            (Some(Review::Countersigned), _) => Some("countersigned"),
            (None, Some(_)) => Some("not_over"),
            (None, None) => None,
        }
    }

    /// How soon, in the words it was reported with; in those of the severity where its type is graver, or the station changed it.
    fn urgency(&self, problem: &Problem, fold: &Fold) -> String {
        let said = problem.text("urgency");
        let urgency = said.and_then(|code| self.pack.urgency(code));
        urgency
            .filter(|urgency| urgency.severity == fold.severity)
            .map_or_else(
                || self.pack.label(acts::SEVERITY, &fold.severity).to_owned(),
                |urgency| urgency.label.clone(),
            )
    }

    fn is_unread(&self, noun: &Noun<Problem>, told: &Told) -> bool {
        let events = &noun.noun.events;
        let read_ms = self.marks.get(&noun.id).map(|mark| mark.read_ms);
        if let Some(not_over) = told.fold.not_over
            && read_ms.is_none_or(|read_ms| read_ms < not_over.at_ms)
        {
            return true;
        }
        let read = self.marks.get(&noun.id).and_then(|mark| mark.event.clone());
        let newest_foreign = events.iter().rev().find(|event| {
            told.author(event)
                .is_some_and(|author| author.staff != self.tablet.identity.staff)
        });
        // What was answered before this device came to the village is not news to it.
        let since = self.tablet.identity.enrolled_ms;
        newest_foreign
            .filter(|event| event.recorded_ms >= since)
            .is_some_and(|event| {
                let place = |id: &str| events.iter().position(|one| one.id == id);
                match read.as_deref().and_then(place) {
                    Some(mark) => place(&event.id).is_some_and(|at| at > mark),
                    None => true,
                }
            })
    }

    pub(super) fn view(&self, noun: &Noun<Problem>) -> Result<ProblemView, ClientError> {
        let told = self.told(noun)?;
        let fold = &told.fold;
        let standpoint = self.standpoint(noun)?;
        let sealed = standpoint.as_ref().and_then(Standpoint::words);
        let recused = self.is_recused(self.tablet.identity.staff, noun);
        let mut events = Vec::new();
        for (event, allowed) in noun.noun.events.iter().zip(&fold.allowed) {
            events.push(self.event(noun, &told, event, *allowed, sealed.as_ref())?);
            if *allowed && event.is(EventKind::Closed) {
                let said = told.said.iter();
                for said in said.filter(|said| said.closing.to_string() == event.id) {
                    events.push(self.district(said, recused)?);
                }
            }
        }
        let why_not_close = acts::why_not_close(self, noun, &told);
        let choices = acts::choices(self, noun, &told)?;
        let dues = steps::dues(self, noun, &told);
        let merged_into = match fold.state {
            State::Merged => self.merged_into(noun, fold)?,
            _ => None,
        };
        let handler = self.handler(noun, &told);
        let listed = self.number_for_me(noun, Place::List)?;
        let row = self.row(noun, &told, Place::Page)?;
        if self.number_for_me(noun, Place::Page)?.is_some() {
            return Ok(self.numbered(noun, &told, row, recused, handler));
        }
        let may_name = !recused
            && problem::may(
                self.tablet.identity.role,
                EventKind::HandlerNamed,
                &fold.severity,
            );
        let may = self.may(noun, &told, recused, &choices);
        let is_open =
            |kind: &&String| EventKind::parse(kind).is_some_and(|kind| !self.seals(noun, kind));
        let people = match listed {
            Some(_) => Vec::new(),
            None => paper::people(self, &noun.noun),
        };
        Ok(ProblemView {
            paper: match listed {
                Some(number) => numbered_paper(number),
                None => ProblemPaper {
                    who: format!("{}（{}）", row.names, row.village),
                    what: row.kind.clone(),
                    by: row.by.clone(),
                },
            },
            row,
            events,
            open_words: may.iter().filter(is_open).cloned().collect(),
            may,
            choices,
            steps: dues
                .iter()
                .map(|due| steps::view(self, &noun.noun, due))
                .collect(),
            why_not_close: why_not_close
                .filter(|_| fold.state.is_open() && self.tablet.identity.role.is_at_station())
                .map(str::to_owned),
            lead: self.lead(told.main(&noun.noun)),
            usual_days: self
                .pack
                .problem(told.main(&noun.noun))
                .map(|kind| kind.due_days)
                .filter(|days| *days > 0),
            merged_into,
            words_sealed: is_sealed(&noun.noun),
            attachments: attachments::of_document(self.tablet, noun.id, |_| true)?,
            mandatory: mandatory_words(&noun.noun),
            handler: handler.map(|staff| self.people.name(staff)),
            people,
            recused,
            may_be_handled_by: if may_name {
                restricted::who_may_handle(self, noun)?
            } else {
                Vec::new()
            },
            sealed: standpoint
                .map(|standpoint| standpoint.view(self))
                .transpose()?,
        })
    }

    /// Who usually leads in a matter of a type, in words.
    fn lead(&self, kind: &str) -> Vec<String> {
        let codes = self.pack.problem(kind).map_or(&[][..], |kind| &kind.lead);
        codes
            .iter()
            .map(|code| {
                let labels = ["REFERRAL_BODY", "TOLD", "LEAD"].into_iter();
                let mut labels = labels.map(|list| self.pack.label(list, code));
                labels
                    .find(|label| label != code)
                    .unwrap_or(code)
                    .to_owned()
            })
            .collect()
    }

    /// What this person may add now.
    fn may(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        recused: bool,
        choices: &ProblemChoicesView,
    ) -> Vec<String> {
        let role = self.tablet.identity.role;
        let fold = &told.fold;
        let calls = fold.counted(&noun.noun.events);
        let was_called = calls
            .filter(|(_, kind, _)| *kind == EventKind::Called)
            .count()
            > 0;
        let mut may: Vec<String> = problem::offers(role, fold)
            .into_iter()
            .filter(|kind| !(recused && problem::decides(*kind)))
            .filter(|kind| match kind {
                EventKind::Called => fold.severity == "S1" || was_called,
                EventKind::PoliceFeedback => was_called,
                EventKind::Closed => acts::why_not_close(self, noun, told).is_none(),
                EventKind::Merged => !choices.into.is_empty(),
                EventKind::Reopened => !acts::is_long_over(self, noun, told),
                _ => true,
            })
            .map(|kind| kind.as_str().to_owned())
            .collect();
        let open = fold.state.is_open() && fold.state != State::Reported;
        if role == Role::Director && !recused && open && !fold.close_requested {
            may.push(EventKind::Closed.as_str().to_owned());
        }
        may
    }

    /// A matter of which this person is told its number alone: where it stands, what is to be done, and which steps there
    /// were; nobody's words, and nothing that says what or whom it is about. She may go on with it under the number.
    fn numbered(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        row: ProblemRow,
        recused: bool,
        handler: Option<StaffId>,
    ) -> ProblemView {
        let choices = ProblemChoicesView {
            measures: crate::contacts::options(self.pack.list(acts::MEASURE)),
            numbers: crate::contacts::options(&self.pack.mandatory.numbers),
            outcomes: crate::contacts::options(self.pack.list(acts::POLICE_FEEDBACK)),
            ..ProblemChoicesView::default()
        };
        let events = noun.noun.events.iter().zip(&told.fold.allowed);
        let events = events.map(|(event, allowed)| {
            let kind = EventKind::parse(&event.kind);
            let author = told.author(event);
            ProblemEventView {
                event: event.id.clone(),
                kind: shown_kind(event, kind, *allowed),
                text: String::new(),
                sealed: false,
                by: String::new(),
                role: role_words(author.and_then(|author| self.people.role(author.staff)))
                    .to_owned(),
                at: system::moment(event.recorded_ms),
                state: record_state(&self.states, &event.id),
                is_request: !allowed && kind.is_some(),
                detail: ProblemDetailView::default(),
            }
        });
        let dues = steps::dues(self, noun, told);
        ProblemView {
            people: Vec::new(),
            open_words: Vec::new(),
            paper: numbered_paper(row.kind.clone()),
            events: events.collect(),
            may: self.may(noun, told, recused, &choices),
            steps: dues
                .iter()
                .map(|due| steps::without_words(steps::view(self, &noun.noun, due)))
                .collect(),
            choices,
            why_not_close: None,
            lead: Vec::new(),
            usual_days: None,
            merged_into: None,
            words_sealed: is_sealed(&noun.noun),
            attachments: Vec::new(),
            mandatory: None,
            handler: handler.map(|staff| self.people.name(staff)),
            may_be_handled_by: Vec::new(),
            recused,
            sealed: None,
            row,
        }
    }

    fn merged_into(
        &self,
        noun: &Noun<Problem>,
        fold: &Fold,
    ) -> Result<Option<OptionView>, ClientError> {
        let event = noun.noun.events.get(fold.since);
        let Some(into) = event.and_then(|event| event.detail.into.clone()) else {
            return Ok(None);
        };
        let title = self.title_of(&into)?;
        Ok(title.map(|label| OptionView { label, code: into }))
    }

    fn event(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
        event: &Event,
        allowed: bool,
        words: Option<&OpenWords>,
    ) -> Result<ProblemEventView, ClientError> {
        let author = told.author(event);
        let role = author.and_then(|author| self.people.role(author.staff));
        let kind = EventKind::parse(&event.kind);
        let is_report = kind == Some(EventKind::Reported) && is_sealed(&noun.noun);
        let open = words.and_then(|words| match author {
            _ if is_report => words.of_report(),
            Some(author) if event.sealed => words.of_step(&event.id, author.staff),
            _ => None,
        });
        let text = match kind {
            Some(EventKind::HandlerNamed) => self.person(event.handler.as_deref()),
            _ => open.unwrap_or(&event.text).to_owned(),
        };
        Ok(ProblemEventView {
            event: event.id.clone(),
            kind: shown_kind(event, kind, allowed),
            text,
            sealed: is_report || event.sealed,
            by: author.map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |author| self.people.name(author.staff),
            ),
            role: role_words(role).to_owned(),
            at: system::moment(event.recorded_ms),
            state: record_state(&self.states, &event.id),
            is_request: !allowed && kind.is_some(),
            detail: self.detail(noun, event)?,
        })
    }

    /// What the district said of a closing, told where the closing stands. Who said it and why is the station's business;
    /// what follows from it for the village the station tells.
    fn district(
        &self,
        said: &Countersignature,
        recused: bool,
    ) -> Result<ProblemEventView, ClientError> {
        let is_station = self.tablet.identity.role.is_at_station();
        let text = if is_station && !recused {
            countersign::reason(self.tablet, said)?
        } else {
            None
        };
        Ok(ProblemEventView {
            event: format!("{}-district", said.closing),
            kind: said.verdict.clone(),
            text: text.unwrap_or_default(),
            sealed: false,
            by: if is_station {
                said.name.clone()
            } else {
                String::new()
            },
            role: role_words(Some(Role::Officer)).to_owned(),
            at: system::moment(said.at_ms),
            state: RecordState::Delivered,
            is_request: false,
            detail: ProblemDetailView::default(),
        })
    }

    fn detail(
        &self,
        noun: &Noun<Problem>,
        event: &Event,
    ) -> Result<ProblemDetailView, ClientError> {
        let detail = &event.detail;
        let label = |list: &str, code: &Option<String>| {
            code.as_ref()
                .map(|code| self.pack.label(list, code).to_owned())
        };
        let asked = detail
            .referral
            .as_ref()
            .and_then(|id| noun.noun.events.iter().find(|event| event.id == *id));
        let body = asked.map_or(&detail.body, |asked| &asked.detail.body);
        let into = match &detail.into {
            Some(id) => self.title_of(id)?,
            None => None,
        };
        let numbers = &self.pack.mandatory.numbers;
        Ok(ProblemDetailView {
            measures: detail
                .measures
                .iter()
                .map(|code| self.pack.label("MEASURE", code).to_owned())
                .collect(),
            body: label("REFERRAL_BODY", body),
            due: detail.due.map(|day| day.to_string()),
            well: detail.well,
            on: detail.on.map(|day| day.to_string()),
            severity: label(acts::SEVERITY, &detail.severity),
            into,
            whom: detail.whom.as_ref().map(|code| {
                let known = numbers.iter().find(|number| number.code == *code);
                known.map_or_else(|| code.clone(), |known| format!("{code} {}", known.label))
            }),
            at: detail.at.clone(),
            receipt: detail.receipt.clone(),
            outcome: label("POLICE_FEEDBACK", &detail.outcome),
            satisfaction: label(acts::SATISFACTION, &detail.satisfaction),
            types: self.types_words(&detail.types),
            main: label("PROBLEM", &detail.main),
        })
    }

    /// What is known of a case beside its steps.
    pub(super) fn case_facts(&self, noun: &Noun<Problem>, told: &Told) -> Vec<(String, String)> {
        let first = noun.noun.events.first();
        let reported = first.map_or_else(String::new, |event| {
            system::civil_date(event.recorded_ms).to_string()
        });
        [
            ("村", self.people.unit_name(noun.unit)),
            ("孩子", self.names(&noun.noun)),
            (
                "紧急程度",
                self.pack
                    .label(acts::SEVERITY, &told.fold.severity)
                    .to_owned(),
            ),
            ("报告的日期", reported),
            ("现在", state_words(told.fold.state).to_owned()),
            ("还涉及", self.types_words(&told.fold.also).join("、")),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| (label.to_owned(), value))
        .collect()
    }

    /// The steps that counted, in the policy's words.
    pub(super) fn case_steps(
        &self,
        noun: &Noun<Problem>,
        told: &Told,
    ) -> Result<Vec<CaseStep>, ClientError> {
        told.fold
            .counted(&noun.noun.events)
            .filter_map(|(at, kind, event)| Some((at, step_words(kind)?, event)))
            .map(|(at, step, event)| {
                let mut what = vec![step.to_owned()];
                let detail = self.detail(noun, event)?;
                what.extend(detail.measures);
                what.extend(detail.body);
                what.extend(detail.severity);
                what.extend(detail.outcome);
                Ok(CaseStep {
                    day: system::civil_date(event.recorded_ms).to_string(),
                    what: what.join("，"),
                    by: role_words(told.fold.roles.get(at).copied().flatten()).to_owned(),
                })
            })
            .collect()
    }

    fn person(&self, staff: Option<&str>) -> String {
        staff
            .and_then(|staff| StaffId::parse(staff).ok())
            .map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |staff| self.people.name(staff),
            )
    }
}

/// The number a matter goes by, from its id and the day it was reported.
pub(crate) fn number_of(problem: DocumentId, reported_on: &str) -> String {
    let id = problem.to_string().to_uppercase();
    let year = reported_on.get(..4).unwrap_or("0000");
    format!("个案 {year}-{}", id.get(28..).unwrap_or(&id))
}

/// Paper of a matter that goes by its number.
fn numbered_paper(number: String) -> ProblemPaper {
    ProblemPaper {
        who: number,
        ..ProblemPaper::default()
    }
}

/// A kind of event as the story shows it.
fn shown_kind(event: &Event, kind: Option<EventKind>, allowed: bool) -> String {
    match kind {
        Some(EventKind::Closed) if !allowed => "close_requested".to_owned(),
        Some(_) => event.kind.clone(),
        None => "other".to_owned(),
    }
}

/// A role in words.
pub fn role_words(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Director) => "儿童主任",
        Some(Role::Supervisor) => "街镇站",
        Some(Role::Head) => "站长",
        Some(Role::Officer) => "区级未保干部",
        None => "",
    }
}

/// A step in words, for paper that leaves; none where it says nothing to somebody outside.
fn step_words(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Reported => "报告",
        EventKind::Accepted => "受理",
        EventKind::Measure => "采取措施",
        EventKind::Resolved => "办好了，等核实",
        EventKind::Closed => "办结",
        EventKind::Returned => "退回",
        EventKind::Planned => "定了解决方案",
        EventKind::Referred => "转介",
        EventKind::ReferralReplied => "转介有了答复",
        EventKind::Confirmed => "核实：办好了",
        EventKind::NotSolved => "核实：没办好",
        EventKind::FollowedUp => "回访",
        EventKind::Reopened => "重新办理",
        EventKind::Withdrawn => "撤回",
        EventKind::Merged => "并案",
        EventKind::SeveritySet => "调整紧急程度",
        EventKind::Called => "打电话报告",
        EventKind::PoliceFeedback => "公安反馈",
        EventKind::Replied | EventKind::HandlerNamed | EventKind::TypesSet => return None,
    })
}

fn state_words(state: State) -> &'static str {
    match state {
        State::Reported => "已报告",
        State::Accepted => "已受理",
        State::InProgress => "处置中",
        State::Referred => "已转介",
        State::Resolved => "待核实",
        State::FollowUp => "跟踪回访",
        State::Closed => "已办结",
        State::Withdrawn => "已撤回",
        State::Merged => "已并案",
    }
}

/// What was chosen on the page of duties, with its words.
fn mandatory_words(problem: &Problem) -> Option<String> {
    let words = match problem.text("mandatory_choice")? {
        "reported" => "已打电话报告",
        _ => "看过强制报告页，认为不属于",
    };
    let text = problem
        .text("mandatory_text")
        .filter(|text| !text.is_empty());
    Some(match text {
        Some(text) => format!("{words}：{text}"),
        None => words.to_owned(),
    })
}

fn state_view(state: State) -> ProblemState {
    match state {
        State::Reported => ProblemState::Reported,
        State::Accepted => ProblemState::Accepted,
        State::InProgress => ProblemState::InProgress,
        State::Referred => ProblemState::Referred,
        State::Resolved => ProblemState::Resolved,
        State::FollowUp => ProblemState::FollowUp,
        State::Closed => ProblemState::Closed,
        State::Withdrawn => ProblemState::Withdrawn,
        State::Merged => ProblemState::Merged,
    }
}

fn first_sentence(text: &str) -> String {
    let end = text
        .char_indices()
        .find(|(_, character)| matches!(character, '。' | '\n' | '！' | '？'))
        .map_or(text.len(), |(index, character)| {
            index + character.len_utf8()
        });
    text[..end].trim().to_owned()
}
