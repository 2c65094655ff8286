//! What a family may ask for: hints from the file, with the papers to bring and the one who confirms (domain.md §10).
//!
//! The rules are `policy/benefits-*.json`, the judging is `domain::benefit`; nothing of it is kept, and nothing is
//! promised. That a family was told is a row of the file like any other.

use crate::differences::{self, SavedVisit};
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::packs::Packs;
use crate::problems::{self, Room};
use crate::roster::{Roster, RosterChild};
use crate::rows;
use crate::tablet::Tablet;
use crate::view::{
    BenefitView, BenefitsView, IdInput, ParentState, ParentView, UnattendedKind, UnattendedView,
};
use crate::visits::child_context;
use chrono::NaiveDate;
use domain::benefit::{
    BenefitHint, BenefitPack, NewestVisit, Parent, Standing, Unattended, Verdict,
};
use domain::file::{Facts, PARENTS_IN_TOUCH, PARENTS_NOT_IN_TOUCH_ON};
use domain::form::{self, Answers, FormContext, SESSION};
use domain::record::Entry;
use domain::scalar::Scalar;
use domain::screening::PROBLEMS;
use ids::DocumentId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::projections::problems::{self as stories, ProblemStory};

/// What stands for the kinds of a matter this person is told by its number alone.
const SEALED: &str = "SEALED";

/// Kinds of the open problems of each child, as far as this person is told them.
pub(crate) struct OpenProblems(HashMap<DocumentId, Vec<String>>);

impl OpenProblems {
    /// Reads those of everybody.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        Self::among(tablet, tablet.store.read(stories::all)?)
    }

    /// Reads those of one child.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(tablet: &Tablet, child: DocumentId) -> Result<Self, ClientError> {
        let stories = tablet
            .store
            .read(|connection| stories::of_child(connection, child))?;
        Self::among(tablet, stories)
    }

    fn among(tablet: &Tablet, stories: Vec<ProblemStory>) -> Result<Self, ClientError> {
        let packs = tablet.packs();
        let pack = packs.rules_on(tablet.today());
        let mut room: Option<Room<'_>> = None;
        let mut open: HashMap<DocumentId, Vec<String>> = HashMap::new();
        for story in stories {
            if !story.fold.state.is_open() {
                continue;
            }
            let said = story.fold.main.as_deref();
            let Some(kind) = said.or_else(|| story.story.text("type")) else {
                continue;
            };
            let kinds = std::iter::once(kind).chain(story.fold.also.iter().map(String::as_str));
            let mut kinds: Vec<String> = kinds.map(str::to_owned).collect();
            // Only a matter that may go by its number is worth reading everything for.
            if pack.is_none_or(|pack| problems::has_number(pack, &story.story)) {
                if room.is_none() {
                    room = Some(Room::open(tablet)?);
                }
                let is_told = room
                    .as_ref()
                    .is_some_and(|room| room.tells_kind(&story.problem.to_string()));
                if !is_told {
                    kinds = vec![SEALED.to_owned()];
                }
            }
            let main = story.story.text("child").map(str::to_owned);
            for child in story.story.children.iter().chain(&main) {
                if let Ok(child) = DocumentId::parse(child) {
                    open.entry(child).or_default().extend(kinds.iter().cloned());
                }
            }
        }
        Ok(Self(open))
    }

    fn rows(&self, child: DocumentId) -> Vec<Entry> {
        let kinds = self.0.get(&child).map_or(&[][..], Vec::as_slice);
        kinds
            .iter()
            .map(|kind| Entry::new(kind).with("type", kind.as_str()))
            .collect()
    }
}

/// What the file says of a child today, as hints are found from it.
pub(crate) struct Says {
    fields: BTreeMap<String, Scalar>,
    rows: BTreeMap<String, Vec<Entry>>,
}

impl Says {
    /// Gathers the child's and its household's fields and rows.
    pub(crate) fn of(
        roster: &Roster,
        child: &RosterChild,
        packs: &Packs,
        open: &OpenProblems,
    ) -> Self {
        let household = roster.household_of(child);
        let mut fields = child.child.fields.clone();
        if let Some(household) = household {
            for (key, value) in &household.household.fields {
                fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        let file = &child.child;
        let is_left_behind = file.is_left_behind(packs.rules_on(roster.today), roster.today);
        if let Some((day, said)) = file.parents_in_touch().filter(|_| is_left_behind) {
            fields.insert(PARENTS_IN_TOUCH.to_owned(), said.into());
            if let Some(day) = day.filter(|_| said == "n") {
                fields.insert(PARENTS_NOT_IN_TOUCH_ON.to_owned(), day.to_string().into());
            }
        }
        let mut rows = rows::holding(&packs.file, child, household, roster.today);
        rows.insert(PROBLEMS.to_owned(), open.rows(child.id));
        Self { fields, rows }
    }

    /// The facts about a child.
    pub(crate) fn facts(&self, roster: &Roster, child: &RosterChild) -> Facts<'_> {
        Facts {
            fields: &self.fields,
            rows: &self.rows,
            birth: child.child.birth_date(),
            today: roster.today,
        }
    }
}

/// Which of the conditions of the benefits hold for a child's newest visit, and its day.
pub(crate) struct LastVisit(Option<(NaiveDate, BTreeSet<String>)>);

impl LastVisit {
    /// Reads it; none where the child has no visit or its form is not here.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn of(
        tablet: &Tablet,
        roster: &Roster,
        child: &RosterChild,
        packs: &Packs,
    ) -> Result<Self, ClientError> {
        let sources: Vec<&str> = packs
            .benefits
            .iter()
            .flat_map(BenefitPack::conditions)
            .collect();
        if roster.is_guest(child.id) || child.child.visits.is_empty() || sources.is_empty() {
            return Ok(Self(None));
        }
        let file = tablet.child_with_answers(child.id)?;
        let Some(visit) = differences::newest_visit(&file) else {
            return Ok(Self(None));
        };
        let saved = differences::saved_visit(tablet, roster, child, &file, visit, &packs.forms)?;
        Ok(Self(saved.map(|saved| {
            let SavedVisit {
                form,
                session,
                part,
                date,
                ..
            } = saved;
            let id = child.id.to_string();
            let parts = [(id.clone(), part), (SESSION.to_owned(), session)];
            let answers = Answers {
                parts: parts.into(),
            };
            let context = FormContext {
                today: date,
                children: vec![child_context(child, packs.rules_on(date), date)],
                people: Vec::new(),
                last: BTreeMap::new(),
                next_visit: None,
                next_contact: None,
            };
            // All at once: a list has many children, and the form is evaluated anew each time.
            let held = form::hold(form, &context, &answers, &id, &sources);
            let held = sources.iter().zip(held);
            let held = held.filter(|(_, held)| *held == Some(true));
            (date, held.map(|(source, _)| (*source).to_owned()).collect())
        })))
    }
}

impl NewestVisit for LastVisit {
    fn said(&self, condition: &str) -> Option<NaiveDate> {
        let (date, held) = self.0.as_ref()?;
        held.contains(condition).then_some(*date)
    }
}

/// Names of what is worth asking about, for a line in the file or on a list; nothing the family was told already.
pub(crate) fn names(packs: &Packs, facts: &Facts<'_>, visit: &dyn NewestVisit) -> Vec<String> {
    let pack = packs.benefits.iter();
    pack.flat_map(|pack| pack.hints(facts, visit))
        .filter(|hint| hint.standing == Standing::Open)
        .map(|hint| hint.name)
        .collect()
}

/// What a child's family may ask for.
///
/// # Errors
/// `not_found`, `still_loading`, or the store cannot be read.
pub fn benefits(tablet: &Tablet, input: &IdInput) -> Result<BenefitsView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    looks::note(tablet, Look::Child, &child.id.to_string())?;
    let packs = tablet.packs();
    let open = OpenProblems::of(tablet, child.id)?;
    let says = Says::of(&roster, child, &packs, &open);
    let facts = says.facts(&roster, child);
    let mut view = BenefitsView {
        child: input.id.clone(),
        name: child.name(),
        together: Vec::new(),
        others: Vec::new(),
        unattended: None,
    };
    let Some(pack) = &packs.benefits else {
        return Ok(view);
    };
    let visit = LastVisit::of(tablet, &roster, child, &packs)?;
    for hint in pack.hints(&facts, &visit) {
        let list = match hint.is_bundled {
            true => &mut view.together,
            false => &mut view.others,
        };
        list.push(benefit_view(hint));
    }
    view.unattended = unattended_view(pack.unattended(&facts));
    Ok(view)
}

fn benefit_view(hint: BenefitHint) -> BenefitView {
    BenefitView {
        code: hint.code,
        name: hint.name,
        why: hint.why,
        papers: hint.papers,
        confirms: hint.confirms,
        how: hint.how,
        amount: hint.amount,
        row: hint.row,
        told: hint.standing == Standing::Told,
    }
}

fn unattended_view(found: Unattended) -> Option<UnattendedView> {
    let kind = match found.verdict {
        Verdict::No => return None,
        Verdict::Orphan => UnattendedKind::Orphan,
        Verdict::Likely => UnattendedKind::Likely,
        Verdict::Open => UnattendedKind::Open,
    };
    Some(UnattendedView {
        kind,
        father: parent_view(found.father),
        mother: parent_view(found.mother),
        papers: found.papers,
    })
}

fn parent_view(parent: Parent) -> ParentView {
    let (state, words, from) = match parent {
        Parent::Unknown | Parent::Unclear => (ParentState::Unknown, None, None),
        Parent::Able => (ParentState::Able, None, None),
        Parent::Gone(words) => (ParentState::Counts, Some(words), None),
        Parent::Unable(words) => (ParentState::Counts, Some(words), None),
        Parent::NotYet(words, from) => (ParentState::NotYet, Some(words), from),
    };
    ParentView {
        state,
        words,
        from: from.map(|day| day.to_string()),
    }
}
