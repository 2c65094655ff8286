//! Everything needed to show problems: what this device knows of them, what each is called, and who stands how to it.

mod shown;

pub use shown::role_words;
pub(crate) use shown::{state_codes, state_words_of};

use super::left;
use crate::countersign;
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::recusals::{self, Recusals};
use crate::restricted::{self, Cases, Standpoint};
use crate::roster::{self, Author, People};
use crate::rounds::Rounds;
use crate::system;
use crate::tablet::Tablet;
use crate::view::LeftChildView;
use chrono::NaiveDate;
use domain::calendar::WorkCalendar;
use domain::child::{Child, ChildVisit};
use domain::household::Household;
use domain::policy::PolicyPack;
use domain::problem::{self, Event, EventKind, Fold, Problem};
use domain::record::ROWS;
use domain::status::State as FileState;
use domain::work;
use ids::{DocumentId, Role, StaffId};
use protocol::access::{Block, Handling, Reveal};
use std::cell::OnceCell;
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
    /// Its children whose files left; read where somebody asks.
    left: OnceCell<Vec<LeftChildView>>,
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
            left: OnceCell::new(),
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

    /// Its children whose files left for another township.
    fn left_children<'t>(
        &self,
        noun: &Noun<Problem>,
        told: &'t Told,
    ) -> Result<&'t [LeftChildView], ClientError> {
        if let Some(known) = told.left.get() {
            return Ok(known);
        }
        let found = left::of(self, noun)?;
        Ok(told.left.get_or_init(|| found))
    }

    /// Each child it is about was seen at a visit after this moment, and not at the one it was found at. One whose file the
    /// station ended, or that left for another township while another child of the matter is still here, cannot be: it is left
    /// out, and whoever closes writes why it may be closed.
    pub(super) fn were_seen(&self, noun: &Noun<Problem>, told: &Told, since_ms: i64) -> bool {
        let problem = noun.noun.as_ref();
        let is_of_a_form = self.is_of_an_open_form(problem);
        let seen = |child: &Child| {
            let found_at = is_of_a_form.then(|| saved_next(child, problem)).flatten();
            let mut visits = child.visits.iter();
            visits.any(|visit| {
                let is_later = day_after(child, visit, since_ms).is_some();
                visit.seen && is_later && found_at != Some(visit.id.as_str())
            })
        };
        let is_ended = |child: &Child| matches!(child.status.state, FileState::Ended { .. });
        // What cannot be read says of nobody that it left.
        let left = self.left_children(noun, told).unwrap_or_default();
        let is_gone = |id: &String| left.iter().any(|gone| gone.child == *id);
        let mut here = problem.children.iter();
        let is_one_here = here.any(|id| self.child(id).is_some());
        problem.children.iter().all(|id| {
            let Some(child) = self.child(id) else {
                return is_one_here && is_gone(id);
            };
            // Where the file goes on in another one, that one tells.
            let leading = child.status.told_in().and_then(|id| self.child(id));
            let mut told = std::iter::once(child).chain(leading);
            told.any(|child| is_ended(child) || seen(child))
        })
    }

    /// It was reported out of the form of a visit that was not saved yet: it names a draft, and no record of its children: no
    /// visit, contact or attempt, nothing that was put right, no line of the work that was written about them.
    fn is_of_an_open_form(&self, problem: &Problem) -> bool {
        let origin = problem.text("origin_record").unwrap_or_default();
        let is_there = |child: &Child| {
            child.visits.iter().any(|visit| visit.id == origin)
                || child.contacts.iter().any(|contact| contact.id == origin)
                || child.attempts.iter().any(|attempt| attempt.id == origin)
                || child.amendments.iter().any(|added| added.id == origin)
                || child
                    .entries(ROWS)
                    .iter()
                    .any(|row| row.id == origin || work::record_of(row) == origin)
        };
        let mut files = problem.children.iter().filter_map(|id| self.child(id));
        !origin.is_empty() && !files.any(is_there)
    }

    /// The first visit to the child it is mainly about since a moment; whether the child itself was met is not asked.
    pub(super) fn first_visit_since(&self, problem: &Problem, since_ms: i64) -> Option<NaiveDate> {
        let child = self.child(problem.text("child")?)?;
        let visits = child.visits.iter();
        visits
            .filter_map(|visit| day_after(child, visit, since_ms))
            .min()
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
    pub(crate) fn handling(&self, noun: &Noun<Problem>) -> Result<Handling, ClientError> {
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
        let mut family = self.family(noun);
        family.push(noun.id);
        self.recusals.concern(staff, &family)
    }

    /// The children it is about, and their households.
    pub(crate) fn family(&self, noun: &Noun<Problem>) -> Vec<DocumentId> {
        let children = noun.noun.children.iter();
        let families = children.filter_map(|child| {
            let id = DocumentId::parse(child).ok()?;
            let household = self.households.get(child).map(String::as_str);
            Some(recusals::family_of(id, household))
        });
        families.flatten().collect()
    }

    /// Whether it wants a head from elsewhere: everybody who is one here is not to act for it.
    pub(super) fn lacks_a_head(&self, noun: &Noun<Problem>) -> bool {
        let staff = self.people.of_station(self.tablet.identity.scope);
        let mut heads = staff
            .filter(|staff| self.people.role(*staff) == Some(Role::Head))
            .peekable();
        heads.peek().is_some() && heads.all(|head| self.is_recused(head, noun))
    }

    /// The same for this person: from a number, and from who is not to act for whom, follows whose matter it is. A head is
    /// told in any case: she is the one who asks for another.
    pub(super) fn says_that_it_lacks_a_head(
        &self,
        noun: &Noun<Problem>,
    ) -> Result<bool, ClientError> {
        let me = &self.tablet.identity;
        let is_told = me.role == Role::Head
            || me.role.is_at_station() && self.number_for_me(noun, Place::List)?.is_none();
        Ok(is_told && self.lacks_a_head(noun))
    }

    /// Who handles it (经办人); nobody once she has left the station, and while she is not to act for it.
    pub(super) fn handler(&self, noun: &Noun<Problem>, told: &Told) -> Option<StaffId> {
        let station = self.tablet.identity.scope;
        self.said_handler(noun, told)
            .filter(|staff| self.people.of_station(station).any(|one| one == *staff))
            .filter(|staff| !self.is_recused(*staff, noun))
    }

    /// Whether somebody handled it and cannot any more, and it goes on: another one is to be named.
    pub(super) fn lost_its_handler(&self, noun: &Noun<Problem>, told: &Told) -> bool {
        told.fold.state.is_open()
            && self.said_handler(noun, told).is_some()
            && self.handler(noun, told).is_none()
    }

    /// Whether this person may take over what nobody can handle any more, though it is taken up already: no head is there to
    /// name somebody.
    pub(super) fn may_take_over(&self, noun: &Noun<Problem>, told: &Told) -> bool {
        let me = &self.tablet.identity;
        let mut staff = self.people.of_station(me.scope);
        let is_headless = !staff.any(|staff| {
            self.people.role(staff) == Some(Role::Head) && !self.is_recused(staff, noun)
        });
        me.role.is_at_station()
            && is_headless
            && !self.is_recused(me.staff, noun)
            && self.lost_its_handler(noun, told)
    }

    /// Who handles it as its story says, whatever became of her since.
    fn said_handler(&self, noun: &Noun<Problem>, told: &Told) -> Option<StaffId> {
        let found = problem::handler(&noun.noun.events, &told.fold.allowed, |event| {
            Some(told.author(event)?.staff.to_string())
        });
        StaffId::parse(&found?).ok()
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
}

/// The day of a visit that stands and was after a moment; none of any other. Nobody writes down the hour of a visit: on the
/// day of that moment it was after it when it was written down after it.
fn day_after(child: &Child, visit: &ChildVisit, since_ms: i64) -> Option<NaiveDate> {
    let day = child.effective_date(&visit.id, visit.event_date)?;
    let from = system::civil_date(since_ms);
    let is_after = day > from || day == from && visit.recorded_ms > since_ms;
    (is_after && !child.is_voided(&visit.id)).then_some(day)
}

/// The visit to a child that was saved next after a matter was reported, and was of that day or one before: where it was
/// reported out of an open form, that form.
fn saved_next<'a>(child: &'a Child, problem: &Problem) -> Option<&'a str> {
    let reported_ms = problem.events.first()?.recorded_ms;
    let day = system::civil_date(reported_ms);
    let visits = child.visits.iter();
    visits
        .filter(|visit| visit.recorded_ms > reported_ms)
        .filter(|visit| visit.event_date.is_some_and(|date| date <= day))
        .min_by_key(|visit| visit.recorded_ms)
        .map(|visit| visit.id.as_str())
}

/// The number a matter goes by, from its id and the day it was reported.
pub(crate) fn number_of(problem: DocumentId, reported_on: &str) -> String {
    let id = problem.to_string().to_uppercase();
    let year = reported_on.get(..4).unwrap_or("0000");
    format!("个案 {year}-{}", id.get(28..).unwrap_or(&id))
}
