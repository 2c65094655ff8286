//! What rxform and rxeval make of the same spreadsheet and the same answers.

use crate::translated::{FACTS, name_of};
use crate::{Reading, ours, today};
use domain::form::{Answer, Answers, FormContext, FormPack, QuestionType};
use rxeval::{Clock, Outcome, Session};
use std::collections::{BTreeMap, BTreeSet};

/// A form as they have it.
pub struct Form {
    /// Path of each question and group.
    paths: BTreeMap<String, String>,
    xml: String,
}

/// The paths of a form and the XForm.
pub fn convert(bytes: &[u8]) -> (BTreeMap<String, String>, String) {
    let workbook = rxform::xls::read_workbook_from_bytes(bytes).expect("a workbook");
    let survey = rxform::parser::parse(&workbook, "data").expect("a form");
    let xml = rxform::xform::generate(&survey).expect("an XForm");
    (survey.xpath_index(), xml)
}

/// Their clock stands on our day.
pub fn clock() -> Clock {
    Clock {
        today: today().to_string(),
        now: format!("{}T09:00:00.000+08:00", today()),
    }
}

impl Form {
    /// Reads a spreadsheet.
    pub fn read(bytes: &[u8]) -> Self {
        let (paths, xml) = convert(bytes);
        Self { paths, xml }
    }

    /// Fills it in. An answer to a question that is not shown is taken out, as the programs that show such forms do;
    /// the engine leaves that to them.
    pub fn fill(&self, pack: &FormPack, context: &FormContext, answers: &Answers) -> Reading {
        let mut session = Session::new(&self.xml, clock()).expect("a form");
        let child = &context.children[0];
        let known = [
            child.age.map(|age| age.to_string()),
            Some(child.left_behind.to_string()),
            Some(child.boarder.to_string()),
            child.sex.clone(),
            Some(context.children.len().to_string()),
            context.next_visit.map(|day| day.to_string()),
            context.next_contact.map(|day| day.to_string()),
        ];
        for (fact, value) in FACTS.iter().zip(known) {
            let path = &self.paths[&name_of(fact)];
            session
                .set(path, &value.unwrap_or_default())
                .expect("it is there");
        }
        let cells = self.cells(pack, answers, &mut session);
        let mut hidden = BTreeSet::new();
        // Conditions look back only, so each round settles at least one question more.
        for _ in 0..=cells.len() {
            for cell in &cells {
                let own = cell.own.as_deref().filter(|_| !hidden.contains(&cell.path));
                if !cell.computed || own.is_some() || hidden.contains(&cell.path) {
                    session
                        .set(&cell.path, own.unwrap_or_default())
                        .expect("it is there");
                }
            }
            let outcome = session.recompute();
            assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
            let now: BTreeSet<String> = cells
                .iter()
                .filter(|cell| !is_shown(&outcome, &cell.path))
                .map(|cell| cell.path.clone())
                .collect();
            if now == hidden {
                return reading(&cells, &session, &outcome);
            }
            hidden = now;
        }
        panic!("what is shown does not settle")
    }

    /// Every question of the form in every row, with the answer that was given; adds the rows.
    fn cells(&self, pack: &FormPack, answers: &Answers, session: &mut Session) -> Vec<Cell> {
        let mut cells = Vec::new();
        for section in &pack.sections {
            let given = answers.part(ours::part_of(pack, &section.key));
            let rows: Vec<String> = match (section.repeat, given) {
                (Some(_), Some(given)) => given
                    .rows_of(section)
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                _ => Vec::new(),
            };
            if section.repeat.is_some() {
                let path = &self.paths[&section.key];
                // The blank form brings one row along.
                let there = session.repeat_counts()[path];
                for _ in there..rows.len() {
                    session.add_row(path).expect("a repeat");
                }
                for place in (rows.len() + 1..=there).rev() {
                    session.remove_row(path, place).expect("a row");
                }
            }
            let places = rows.iter().zip(1usize..).map(Some);
            let places: Vec<_> = match section.repeat {
                Some(_) => places.collect(),
                None => vec![None],
            };
            for question in &section.questions {
                if question.kind == QuestionType::Note {
                    continue;
                }
                for place in &places {
                    let path = self.paths[&question.key].clone();
                    let (key, name, path) = match place {
                        None => (question.key.clone(), question.key.clone(), path),
                        Some((row, number)) => {
                            let group = &self.paths[&section.key];
                            let tail = path.strip_prefix(group.as_str()).expect("inside");
                            (
                                format!("{}@{row}", question.key),
                                format!("{}@{number}", question.key),
                                format!("{group}[{number}]{tail}"),
                            )
                        }
                    };
                    let own = given.and_then(|given| given.get(&key)).map(text);
                    cells.push(Cell {
                        name,
                        path,
                        own: own.filter(|own| !own.is_empty()),
                        computed: question.calculate.is_some(),
                        wanted: question.required,
                    });
                }
            }
        }
        cells
    }
}

/// A question at its place.
struct Cell {
    name: String,
    path: String,
    own: Option<String>,
    computed: bool,
    wanted: bool,
}

fn text(answer: &Answer) -> String {
    let codes = answer.codes.join(" ");
    answer.text.clone().unwrap_or(codes)
}

fn is_shown(outcome: &Outcome, path: &str) -> bool {
    // A first row is named without its number where it is the only one.
    let other = path.replacen("[1]", "", 1);
    let found = outcome
        .relevant
        .get(path)
        .or_else(|| outcome.relevant.get(&other));
    found.copied().unwrap_or(true)
}

fn reading(cells: &[Cell], session: &Session, outcome: &Outcome) -> Reading {
    let mut reading = Reading::default();
    let is_in = |list: &[&String], path: &str| {
        let other = path.replacen("[1]", "", 1);
        list.iter().any(|one| *one == path || **one == other)
    };
    let missing: Vec<&String> = outcome.missing.iter().collect();
    let wrong: Vec<&String> = outcome.invalid.iter().map(|(path, _)| path).collect();
    for cell in cells {
        if !is_shown(outcome, &cell.path) {
            continue;
        }
        let value = session.get(&cell.path);
        let computed = cell.computed && !value.is_empty();
        if cell.wanted && is_in(&missing, &cell.path) {
            reading.missing.push(cell.name.clone());
        }
        if is_in(&wrong, &cell.path) {
            reading.wrong.push(cell.name.clone());
        }
        let computed = computed.then_some(value);
        reading.shown.insert(cell.name.clone(), computed);
    }
    reading.missing.sort();
    reading.wrong.sort();
    reading
}
