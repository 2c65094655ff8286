//! A visit in words: the automatic summary, and a saved visit read again.

use super::answers::{Answer, PartAnswers};
use super::pack::{FormPack, Level, NA, Question, QuestionType, SummaryGiven};
use super::session::{keyed, read_date};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

/// Characters the national return-visit record takes.
pub const SUMMARY_LENGTH: usize = 200;

/// Words of the summary that are not answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SummaryGivens {
    /// Measures taken, in words.
    pub measures: Vec<String>,
    /// Day of the next visit.
    pub next_visit: Option<NaiveDate>,
}

/// A section of a saved visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadSection {
    /// Key.
    pub key: String,
    /// Title.
    pub title: String,
    /// Answers in the order of the form.
    pub answers: Vec<ReadAnswer>,
}

/// A label and an answer in words.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ReadAnswer {
    /// Question key.
    pub key: String,
    /// Label.
    pub label: String,
    /// Answer in words.
    pub text: String,
    /// Record the answer was taken over from.
    pub unchanged_from: Option<String>,
}

/// The summary of one child's visit, cut at the end of a sentence.
/// `session` and `child` are the effective answers of the household and of the child.
#[must_use]
pub fn auto_summary(
    pack: &FormPack,
    session: Option<&PartAnswers>,
    child: Option<&PartAnswers>,
    givens: &SummaryGivens,
) -> String {
    let mut summary = String::new();
    let mut length = 0;
    for line in &pack.summary {
        let words = match line.given {
            Some(SummaryGiven::Measures) => givens.measures.join("、"),
            Some(SummaryGiven::NextVisit) => givens.next_visit.map(in_words).unwrap_or_default(),
            None => {
                let asked = line.questions.iter().filter_map(|key| {
                    let (section, question) = pack
                        .questions()
                        .find(|(_, question)| question.key == *key)?;
                    let part = if section.level == Level::Session {
                        session
                    } else {
                        child
                    };
                    let answer = part?.get(key)?;
                    let unknown = answer.codes.iter().any(|code| code == NA);
                    (!unknown).then(|| brief_words(pack, question, answer))
                });
                asked
                    .filter(|words| !words.is_empty())
                    .collect::<Vec<_>>()
                    .join("，")
            }
        };
        if words.is_empty() {
            continue;
        }
        let sentence = format!("{}{words}。", line.label);
        length += sentence.chars().count();
        if length > SUMMARY_LENGTH {
            break;
        }
        summary.push_str(&sentence);
    }
    summary
}

/// A saved visit of one child, section by section; codes this pack does not know are shown as themselves.
#[must_use]
pub fn read_answers(
    pack: &FormPack,
    session: Option<&PartAnswers>,
    child: Option<&PartAnswers>,
) -> Vec<ReadSection> {
    let mut sections = Vec::new();
    for section in &pack.sections {
        let part = if section.level == Level::Session {
            session
        } else {
            child
        };
        let Some(part) = part else { continue };
        let rows: Vec<Option<&str>> = match section.repeat {
            Some(_) => part.rows_of(section).into_iter().map(Some).collect(),
            None => vec![None],
        };
        let asked = rows.iter().enumerate().flat_map(|(index, row)| {
            let questions = section.questions.iter();
            questions.map(move |question| (index, *row, question))
        });
        let answers: Vec<ReadAnswer> = asked
            .filter_map(|(index, row, question)| {
                let key = keyed(&question.key, row);
                let answer = part.get(&key)?;
                let text = words_of(pack, question, answer);
                let label = match row {
                    Some(_) => format!("{}. {}", index + 1, question.label),
                    None => question.label.clone(),
                };
                (!text.is_empty()).then(|| ReadAnswer {
                    key,
                    label,
                    text,
                    unchanged_from: answer.unchanged_from.clone(),
                })
            })
            .collect();
        if !answers.is_empty() {
            sections.push(ReadSection {
                key: section.key.clone(),
                title: section.title.clone(),
                answers,
            });
        }
    }
    sections
}

/// An answer in words.
pub(super) fn words_of(pack: &FormPack, question: &Question, answer: &Answer) -> String {
    match (&answer.text, question.kind) {
        (Some(text), QuestionType::Date) => {
            read_date(text).map_or_else(|| text.clone(), in_words_with_year)
        }
        (Some(text), _) => text.clone(),
        (None, _) => {
            let labels: Vec<&str> = answer
                .codes
                .iter()
                .map(|code| pack.label_of(question, code))
                .collect();
            labels.join("、")
        }
    }
}

fn brief_words(pack: &FormPack, question: &Question, answer: &Answer) -> String {
    let brief = |code: &String| {
        let option = question.options.iter().find(|option| option.code == *code);
        let brief = option.and_then(|option| option.brief.clone());
        brief.unwrap_or_else(|| pack.label_of(question, code).to_owned())
    };
    if answer.codes.is_empty() {
        return words_of(pack, question, answer);
    }
    answer
        .codes
        .iter()
        .map(brief)
        .collect::<Vec<_>>()
        .join("、")
}

fn in_words(date: NaiveDate) -> String {
    format!("{}月{}日", date.month(), date.day())
}

fn in_words_with_year(date: NaiveDate) -> String {
    format!("{}年{}", date.year(), in_words(date))
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(ReadAnswer);
