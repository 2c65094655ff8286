//! The test for children nobody brings up though a parent lives (事实无人抚养, domain.md §10.2).
//!
//! It reads what the file says of father and mother and says what seems to be, what is still unknown, and which papers
//! show it. Whether it is so, civil affairs decide.

use crate::calendar::{add_days, add_months};
use crate::record::Entry;
use chrono::NaiveDate;
use serde::Deserialize;

/// What counts as a parent who cannot bring a child up.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct UnattendedPack {
    /// Codes of the list REL that are the father.
    pub father: Vec<String>,
    /// Codes of the list REL that are the mother.
    pub mother: Vec<String>,
    /// Codes of the list LIFE_STATUS for a parent who is gone, with the papers that show it.
    pub gone: Vec<State>,
    /// What else counts, from the list SPECIAL_STATUS.
    pub special: Vec<State>,
    /// What counts of the list HEALTH: 重病 is asked for there as well.
    #[serde(default)]
    pub health: Vec<State>,
    /// Disabilities that count; each names kinds, grades or both.
    pub disability: Vec<Disability>,
    /// Codes of the list HEALTH that say that there is a disability, and not which.
    #[serde(default)]
    pub disability_health: Vec<String>,
    /// Papers that show a disability.
    #[serde(default)]
    pub disability_papers: Vec<String>,
    /// Papers every application wants.
    #[serde(default)]
    pub papers: Vec<String>,
}

/// A state of a parent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct State {
    /// Code of its list.
    pub code: String,
    /// What is said: 服刑在押.
    pub words: String,
    /// Months it must last; none for at once.
    #[serde(default)]
    pub months: Option<u32>,
    /// The papers say for how long: those months are counted from them, and nobody waits until they are over (domain.md
    /// §10.2). Where they name no end, what has passed so far is counted.
    #[serde(default)]
    pub term: bool,
    /// Papers that show it.
    #[serde(default)]
    pub papers: Vec<String>,
}

/// A disability that counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Disability {
    /// Codes of the list DIS; any where empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Codes of the list DIS_GRADE; any where empty.
    #[serde(default)]
    pub grades: Vec<String>,
    /// What is said: 重度残疾.
    pub words: String,
}

/// What the file says of a parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parent {
    /// No row, or one that says nothing either way.
    Unknown,
    /// Something is written that may count, and too little of it: a disability without its grade, a term whose last day is over.
    Unclear,
    /// Lives, and nothing that counts is known.
    Able,
    /// Dead, or declared dead or missing.
    Gone(String),
    /// Something that counts, since long enough.
    Unable(String),
    /// Something that will count from this day on if it lasts, or has no day yet.
    NotYet(String, Option<NaiveDate>),
}

/// What seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// At least one parent can.
    No,
    /// Both parents are gone: an orphan, which is another benefit.
    Orphan,
    /// Neither can, as far as the file says.
    Likely,
    /// It depends on a parent of whom too little is known, or on a day that comes.
    Open,
}

/// The outcome of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unattended {
    /// What seems to be.
    pub verdict: Verdict,
    /// The father.
    pub father: Parent,
    /// The mother.
    pub mother: Parent,
    /// Papers to bring, each once.
    pub papers: Vec<String>,
}

impl UnattendedPack {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.father.is_empty() || self.mother.is_empty() {
            return Err("unattended: who is father and mother must be said".to_owned());
        }
        let empty = |one: &Disability| one.kinds.is_empty() && one.grades.is_empty();
        if self.disability.iter().any(empty) {
            return Err("unattended.disability: kinds or grades must be said".to_owned());
        }
        Ok(())
    }

    /// Tests the members of a household.
    #[must_use]
    pub fn test(&self, members: &[Entry], today: NaiveDate) -> Unattended {
        let mut papers = Vec::new();
        let mut look = |codes: &[String]| {
            let row = members.iter().find(|row| {
                row.text("relation")
                    .is_some_and(|code| codes.iter().any(|one| one == code))
            });
            row.map_or(Parent::Unknown, |row| self.parent(row, today, &mut papers))
        };
        let father = look(&self.father);
        let mother = look(&self.mother);
        use Parent::{Able, Gone, NotYet, Unable, Unclear, Unknown};
        let verdict = match (&father, &mother) {
            (Able, _) | (_, Able) => Verdict::No,
            (Gone(_), Gone(_)) => Verdict::Orphan,
            (Gone(_) | Unable(_), Gone(_) | Unable(_)) => Verdict::Likely,
            // Of neither anything is known: there is nothing to ask about yet.
            (Unknown, Unknown) => Verdict::No,
            (Unknown | Unclear | NotYet(..), _) | (_, Unknown | Unclear | NotYet(..)) => {
                Verdict::Open
            }
        };
        if matches!(verdict, Verdict::Likely | Verdict::Open) {
            papers.splice(0..0, self.papers.iter().cloned());
        }
        let mut seen = std::collections::BTreeSet::new();
        papers.retain(|paper| seen.insert(paper.clone()));
        Unattended {
            verdict,
            father,
            mother,
            papers,
        }
    }

    fn parent(&self, row: &Entry, today: NaiveDate, papers: &mut Vec<String>) -> Parent {
        let life = row.text("life");
        if let Some(state) = life.and_then(|code| find(&self.gone, code)) {
            papers.extend(state.papers.iter().cloned());
            return Parent::Gone(state.words.clone());
        }
        if let Some(found) = self.disability(row) {
            papers.extend(self.disability_papers.iter().cloned());
            return Parent::Unable(found);
        }
        if let Some(state) = row.text("health").and_then(|code| find(&self.health, code)) {
            papers.extend(state.papers.iter().cloned());
            return Parent::Unable(state.words.clone());
        }
        let special = row.text("special").or(life);
        match special.and_then(|code| find(&self.special, code)) {
            Some(state) => self.special(row, state, today, papers),
            None => self.able(row),
        }
    }

    fn special(
        &self,
        row: &Entry,
        state: &State,
        today: NaiveDate,
        papers: &mut Vec<String>,
    ) -> Parent {
        papers.extend(state.papers.iter().cloned());
        let words = state.words.clone();
        let Some(months) = state.months else {
            return Parent::Unable(words);
        };
        let since = row.date("special_from");
        let from = since.map(|since| add_months(since, months));
        if state.term
            && let Some(end) = row.date("special_to")
        {
            // Its day is over: somebody has to ask whether it is.
            if end < today {
                return Parent::Unclear;
            }
            return match from {
                // Both days named are served.
                Some(from) if from <= add_days(end, 1) => Parent::Unable(words),
                // Shorter than what counts.
                Some(_) => self.able(row),
                None => Parent::NotYet(words, None),
            };
        }
        match from {
            Some(from) if from <= today => Parent::Unable(words),
            from => Parent::NotYet(words, from),
        }
    }

    /// A row with a name only says nothing about whether she can, nor does a disability of which it depends on what nobody
    /// wrote down.
    fn able(&self, row: &Entry) -> Parent {
        match row.text("life") {
            _ if self.may_count(row) => Parent::Unclear,
            Some("alive") => Parent::Able,
            _ => Parent::Unknown,
        }
    }

    /// A disability is told of, and with the kind or grade that is not written it may be one that counts.
    fn may_count(&self, row: &Entry) -> bool {
        let said = |key: &str| row.text(key).filter(|code| !code.is_empty());
        let (kind, grade) = (said("disability"), said("grade"));
        let health =
            said("health").is_some_and(|code| self.disability_health.iter().any(|one| one == code));
        let may = |codes: &[String], said: Option<&str>| {
            codes.is_empty() || said.is_none_or(|said| codes.iter().any(|one| one == said))
        };
        let mut counting = self.disability.iter();
        (health || kind.is_some() || grade.is_some())
            && counting.any(|one| may(&one.kinds, kind) && may(&one.grades, grade))
    }

    fn disability(&self, row: &Entry) -> Option<String> {
        let has = |codes: &[String], key: &str| {
            codes.is_empty()
                || row
                    .text(key)
                    .is_some_and(|code| codes.iter().any(|one| one == code))
        };
        self.disability
            .iter()
            .find(|one| has(&one.kinds, "disability") && has(&one.grades, "grade"))
            .map(|one| one.words.clone())
    }
}

fn find<'a>(states: &'a [State], code: &str) -> Option<&'a State> {
    states.iter().find(|state| state.code == code)
}
