//! What our engine makes of the answers.

use crate::Reading;
use domain::form::{
    Answers, FormContext, FormPack, QuestionState, QuestionType, SESSION, evaluate,
};

/// Reads.
pub fn read(pack: &FormPack, context: &FormContext, answers: &Answers) -> Reading {
    let state = evaluate(pack, context, answers, false);
    let mut reading = Reading::default();
    for part in &state.parts {
        let given = answers.part(&part.part);
        for section in &part.sections {
            for question in &section.questions {
                look(&mut reading, question, question.key.clone());
            }
            let all = pack.sections.iter().find(|one| one.key == section.key);
            let all = all.zip(given).map(|(one, given)| given.rows_of(one));
            for row in &section.rows {
                let place = all
                    .iter()
                    .flatten()
                    .position(|name| *name == row.row)
                    .expect("a row that was added")
                    + 1;
                for question in &row.questions {
                    let key = question.key.split('@').next().unwrap_or_default();
                    look(&mut reading, question, format!("{key}@{place}"));
                }
            }
        }
    }
    reading.missing.sort();
    reading.wrong.sort();
    reading
}

fn look(reading: &mut Reading, question: &QuestionState, name: String) {
    if question.kind == QuestionType::Note {
        return;
    }
    if question.missing {
        reading.missing.push(name.clone());
    }
    if question.message.is_some() {
        reading.wrong.push(name.clone());
    }
    let computed = question.calculated.then(|| {
        let codes = question.codes.join(" ");
        question.text.clone().unwrap_or(codes)
    });
    reading.shown.insert(name, computed);
}

/// Part of a question's answers: the household's, or the one child's.
pub fn part_of(pack: &FormPack, section: &str) -> &'static str {
    let level = pack.sections.iter().find(|one| one.key == section);
    match level.map(|section| section.level) {
        Some(domain::form::Level::Child) => "c1",
        _ => SESSION,
    }
}
