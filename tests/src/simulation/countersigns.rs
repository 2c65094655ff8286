//! 复核: the head closes a matter of life and safety, and an officer of the district says what she thinks of it
//! (docs/adr/0039), while the power may go, the server is set back and others work on.

use super::chance::{Chance, WorldTime};
use super::founding::HEAD;
use super::machine::some_loss;
use super::oracle;
use super::people;
use super::schedule::World;
use anyhow::Result;
use client::view::{
    CountersignInput, IdInput, MandatoryInput, ProblemEventInput, ProblemInput, SearchInput,
};
use client::{ClientError, Tablet, children, countersign, problems, reports};
use domain::problem::{Fold, Review, State, fold};
use ids::DocumentId;
use std::collections::{BTreeMap, BTreeSet};
use store::countersignatures;
use store::projections::problems::{self as stories, ProblemStory};

/// Most closings of a schedule.
const MOST: usize = 3;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What an officer said of which closing: that it is over, or not.
pub type Words = BTreeMap<(DocumentId, String), bool>;

impl World<'_> {
    /// The head closes something grave, somebody may open it again, and the officer speaks, or speaks later.
    pub fn countersign(&mut self) -> Result<()> {
        let Some(head) = self.machines.iter().position(|it| it.person == HEAD) else {
            return Ok(());
        };
        let is_played = !self.is_cut && self.perils.blunders.is_empty();
        if !is_played || self.perils.closings >= MOST || !self.wake(head)? || !self.wake_server()? {
            return Ok(());
        }
        self.perils.closings += 1;
        // A station reports once a day.
        let ahead = self.perils.closings as i64 * DAY_MS;
        self.machines[head].clock.set_ahead(ahead);
        let Some(tablet) = self.machines[head].tablet() else {
            return Ok(());
        };
        let before = oracle::records_of(tablet)?;
        let closed = close_gravely(tablet, &mut self.chance, &self.time);
        self.note_saved(head, &before)?;
        match closed {
            Ok(Some(problem)) => self.say(head, format!("closes {problem}")),
            Ok(None) => return Ok(()),
            Err(error) if people::is_plain(&error) => {
                self.say(head, error.code());
                return Ok(());
            }
            Err(error) => {
                self.cannot_record(head, &error);
                return Ok(());
            }
        }
        if !self.syncs(head)? {
            return Ok(());
        }
        if self.chance.one_in(3) {
            self.reopen(head)?;
        }
        self.officer_says()
    }

    /// Somebody of the station opens again what was closed, before or after the district spoke.
    fn reopen(&mut self, head: usize) -> Result<()> {
        let Some(tablet) = self.machines[head].tablet() else {
            return Ok(());
        };
        let list = problems::list(tablet)?;
        let mut over: Vec<String> = list
            .rows
            .into_iter()
            .filter(|row| !row.state.is_open())
            .map(|row| row.problem)
            .collect();
        over.sort();
        let Some(problem) = self.chance.pick(&over).cloned() else {
            return Ok(());
        };
        let before = oracle::records_of(tablet)?;
        let done = add(tablet, &problem, "reopened");
        self.note_saved(head, &before)?;
        match done {
            Ok(()) => self.say(head, format!("opens {problem} again")),
            Err(error) if people::is_plain(&error) => self.say(head, error.code()),
            Err(error) => self.cannot_record(head, &error),
        }
        Ok(())
    }

    /// The officer hears the reports and says something of a closing; whether it is delivered at once is chance.
    fn officer_says(&mut self) -> Result<()> {
        let Some(officer) = &mut self.officer else {
            return Ok(());
        };
        officer.open().map_err(anyhow::Error::from)?;
        if let Err(error) = officer.sync_whole(&mut self.server) {
            let text = format!("the officer does not sync: {error:#}");
            self.say_server(text);
            return Ok(());
        }
        let Some(tablet) = officer.tablet() else {
            return Ok(());
        };
        let waiting = reports::stations(tablet)?.waiting;
        let Some(line) = self.chance.pick(&waiting) else {
            return Ok(());
        };
        let (Some(closing), Ok(problem)) = (&line.closing, DocumentId::parse(&line.problem)) else {
            return Ok(());
        };
        let is_over = self.chance.one_in(2);
        let said = countersign::say(
            tablet,
            &CountersignInput {
                problem: line.problem.clone(),
                closing: closing.clone(),
                verdict: if is_over { "countersigned" } else { "not_over" }.to_owned(),
                reason: if is_over { "" } else { "还住在那里。" }.to_owned(),
            },
        );
        match said {
            Ok(()) => {
                let about = (problem, closing.clone());
                self.perils.words.insert(about, is_over);
            }
            // It was said before, and is on its way.
            Err(error) if error.code() == "countersigned_already" => {}
            Err(error) => {
                self.violation(format!("the officer cannot speak: {}", error.code()));
                return Ok(());
            }
        }
        let then = self.chance.below(3);
        let loss = some_loss(&mut self.chance);
        if let Some(officer) = &mut self.officer {
            match then {
                0 => officer.kill(loss),
                1 => {
                    officer.sync_whole(&mut self.server).ok();
                }
                _ => {}
            }
        }
        self.say_server(format!("the officer spoke; then {then}"));
        Ok(())
    }

    /// In peace the officer is heard; what a set-back server forgot she says again.
    pub fn hear_officer(&mut self) -> Result<bool> {
        for _ in 0..2 {
            let Some(officer) = &mut self.officer else {
                return Ok(true);
            };
            officer.open().map_err(anyhow::Error::from)?;
            if let Err(error) = officer.sync_whole(&mut self.server) {
                self.violation(format!("the officer cannot sync in peace: {error:#}"));
                return Ok(false);
            }
            if !self.sync_to_quiet()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Every word is at every device that has the closing, all tell the same story, and a word about a closing that was
    /// opened again changes nothing.
    pub fn look_at_words(&mut self) -> Result<()> {
        let mut wrong = BTreeSet::new();
        let mut folds: BTreeMap<DocumentId, (String, Fold)> = BTreeMap::new();
        for who in 0..self.machines.len() {
            if self.is_shut_out(who) {
                continue;
            }
            let name = self.machines[who].name.clone();
            let Some(tablet) = self.machines[who].tablet() else {
                continue;
            };
            for ((problem, closing), is_over) in &self.perils.words {
                let story = tablet
                    .store
                    .read(|connection| stories::get(connection, *problem))?;
                let Some(story) = story else {
                    continue;
                };
                let Some(at) = story.story.events.iter().position(|it| it.id == *closing) else {
                    continue;
                };
                let said = tablet
                    .store
                    .read(|connection| countersignatures::of_problem(connection, *problem))?;
                let known = said
                    .iter()
                    .find(|said| said.closing.to_string() == *closing);
                match known {
                    None => {
                        wrong.insert(format!("{name} does not know what was said of {problem}"));
                        continue;
                    }
                    Some(known) if (known.verdict == "countersigned") != *is_over => {
                        wrong.insert(format!("{name} knows another word about {problem}"));
                    }
                    Some(_) => {}
                }
                wrong.extend(look_at_story(&name, &story, (at, closing, *is_over), &said));
                let (first, fold) = folds
                    .entry(*problem)
                    .or_insert_with(|| (name.clone(), story.fold.clone()));
                if fold.state != story.fold.state || fold.review != story.fold.review {
                    wrong.insert(format!("{name} tells {problem} otherwise than {first}"));
                }
            }
        }
        for text in wrong {
            self.violation(text);
        }
        Ok(())
    }
}

fn look_at_story(
    name: &str,
    story: &ProblemStory,
    (at, closing, is_over): (usize, &str, bool),
    said: &[countersignatures::Countersignature],
) -> Option<String> {
    let problem = story.problem;
    let is_closed_by_it = story.fold.state == State::Closed && story.fold.since == at;
    if is_over {
        let is_wrong = is_closed_by_it && story.fold.review != Some(Review::Countersigned);
        return is_wrong.then(|| format!("{name} does not show {problem} as countersigned"));
    }
    if is_closed_by_it {
        return Some(format!("{name} has {problem} closed, which is not over"));
    }
    let later = &story.story.events[at + 1..];
    let next = later
        .iter()
        .find(|event| matches!(event.kind.as_str(), "reopened" | "closed"));
    if next.is_none_or(|event| event.kind != "reopened") {
        return None;
    }
    let without: Vec<_> = stories::words(said)
        .into_iter()
        .filter(|word| word.closing != closing)
        .collect();
    let severity = story.story.text("severity").unwrap_or_default();
    let told = fold(&story.story.events, severity, &without, |event| {
        let change = ids::ChangeHash(event.made_by?);
        story.written_by.get(&change)?.role
    });
    (told != story.fold).then(|| format!("{name}: an older closing's word changes {problem}"))
}

fn add(tablet: &Tablet, problem: &str, kind: &str) -> Result<(), ClientError> {
    problems::add_event(
        tablet,
        &ProblemEventInput {
            problem: problem.to_owned(),
            kind: kind.to_owned(),
            text: "站里去看过。".to_owned(),
            detail: None,
            sheet: None,
        },
    )?;
    Ok(())
}

/// Reported, worked on, verified, the child seen, closed: all of it by the head, on one device.
fn close_gravely(
    tablet: &Tablet,
    chance: &mut Chance,
    time: &WorldTime,
) -> Result<Option<String>, ClientError> {
    let asked = SearchInput {
        query: String::new(),
        village: None,
        only: None,
    };
    let rows = children::search(tablet, &asked)?.rows;
    let mut known: Vec<String> = rows.into_iter().map(|row| row.child).collect();
    known.sort();
    let Some(child) = chance.pick(&known).cloned() else {
        return Ok(None);
    };
    let saved = problems::report_problem(
        tablet,
        &ProblemInput {
            children: vec![child.clone()],
            card: "danger".to_owned(),
            kind: None,
            urgency: "now".to_owned(),
            seen: "院墙要倒。".to_owned(),
            origin_record: None,
            mandatory: Some(MandatoryInput {
                choice: "not_such_case".to_owned(),
                text: "没有人受伤。".to_owned(),
                whom: None,
                at: None,
                receipt: None,
                about: None,
            }),
            sheet: None,
            origin: None,
            since: None,
            record: None,
        },
    )?;
    for kind in ["accepted", "resolved", "confirmed"] {
        add(tablet, &saved.record, kind)?;
    }
    // Time stands still within a step, and a visit counts that was written down after the report.
    time.pass(1);
    people::visit(tablet, child)?;
    add(tablet, &saved.record, "closed")?;
    problems::problem(
        tablet,
        &IdInput {
            id: saved.record.clone(),
        },
    )?;
    Ok(Some(saved.record))
}
