//! Answers of a draft or a saved visit, and their shape as document scalars.
//!
//! A `one` answer is its code under the question's key, text, dates and decimals are text under it, and a `many` answer is one
//! boolean per option under `key.code`, so that two people ticking different boxes keep both. Where an answer came
//! from is `key.unchanged_from`. An answer in a row of a repeated section has the key `key@ROW`; the row's name is made
//! once and never changes, so that two people who add rows keep both. Whatever this version does not understand is kept and written back.

use super::pack::{FormPack, NA, Question, QuestionType, Section, split_row};
use crate::scalar::Scalar;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The part of the household.
pub const SESSION: &str = "session";

/// Stands for the record in [`Answer::unchanged_from`] where the child's file said something newer than the last visit.
pub const FROM_FILE: &str = "file";

/// Under the key of a question about people: the member of the household, beside the name.
const PERSON: &str = "person";
const UNCHANGED_FROM: &str = "unchanged_from";

/// One answer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Codes of `one` and `many`; of a question about people the member of the household whose name the text is.
    pub codes: Vec<String>,
    /// Text, or an ISO date.
    pub text: Option<String>,
    /// Record whose answer was taken over by 和上次一样.
    pub unchanged_from: Option<String>,
}

impl Answer {
    /// Nothing was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.text.as_ref().is_none_or(String::is_empty)
    }
}

/// The answers of one part, by question key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartAnswers {
    /// Answers.
    pub answers: BTreeMap<String, Answer>,
    /// Scalars of a newer form that this version only keeps.
    pub unknown: BTreeMap<String, Scalar>,
    /// Rows of repeated sections in a draft; false was taken away, with its answers kept until the draft is saved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<String, BTreeMap<String, bool>>,
}

impl PartAnswers {
    /// The rows of a repeated section that are there, in the order they were made: of a draft what was added, of a saved
    /// visit what has answers.
    #[must_use]
    pub fn rows_of(&self, section: &Section) -> Vec<&str> {
        let known = self.rows.get(&section.key);
        let added = known.into_iter().flatten().map(|(row, _)| row.as_str());
        let answered = self.answers.keys().filter_map(|key| {
            let (key, row) = split_row(key);
            let ours = section.questions.iter().any(|question| question.key == key);
            row.filter(|_| ours)
        });
        let rows: BTreeSet<&str> = added.chain(answered).collect();
        rows.into_iter()
            .filter(|row| known.and_then(|known| known.get(*row)) != Some(&false))
            .collect()
    }

    /// The answer to a question.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Answer> {
        self.answers.get(key)
    }

    /// The first code of a question's answer.
    #[must_use]
    pub fn code(&self, key: &str) -> Option<&str> {
        self.get(key)?.codes.first().map(String::as_str)
    }

    /// The text or date of a question's answer.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text.as_deref()
    }
}

/// All answers of a draft: [`SESSION`] and one part per child id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Parts by `session` or child id.
    pub parts: BTreeMap<String, PartAnswers>,
}

impl Answers {
    /// One part.
    #[must_use]
    pub fn part(&self, part: &str) -> Option<&PartAnswers> {
        self.parts.get(part)
    }

    /// One answer.
    #[must_use]
    pub fn get(&self, part: &str, key: &str) -> Option<&Answer> {
        self.part(part)?.get(key)
    }
}

/// The answers of one part as document scalars. A cleared answer has no scalars at all.
#[must_use]
pub fn to_scalars(pack: &FormPack, part: &PartAnswers) -> BTreeMap<String, Scalar> {
    let mut scalars = part.unknown.clone();
    for (key, answer) in &part.answers {
        if answer.is_empty() {
            continue;
        }
        let question = pack.question(key);
        if question.is_some_and(|question| question.kind == QuestionType::Many) {
            for code in question.into_iter().flat_map(known_codes) {
                scalars.insert(format!("{key}.{code}"), Scalar::Bool(false));
            }
            for code in &answer.codes {
                scalars.insert(format!("{key}.{code}"), Scalar::Bool(true));
            }
        } else if let (Some(QuestionType::Int), Some(number)) = (
            question.map(|question| question.kind),
            answer
                .text
                .as_ref()
                .and_then(|text| text.parse::<i64>().ok()),
        ) {
            scalars.insert(key.clone(), Scalar::Int(number));
        } else if question.is_some_and(|question| question.people) {
            // The name is what is read for ever; the member it belongs to stands beside it.
            scalars.insert(key.clone(), Scalar::text_or_null(answer.text.as_deref()));
            if let Some(member) = answer.codes.first() {
                scalars.insert(format!("{key}.{PERSON}"), Scalar::Text(member.clone()));
            }
        } else if let Some(value) = answer.codes.first().or(answer.text.as_ref()) {
            scalars.insert(key.clone(), Scalar::Text(value.clone()));
        }
        if let Some(record) = &answer.unchanged_from {
            scalars.insert(
                format!("{key}.{UNCHANGED_FROM}"),
                Scalar::Text(record.clone()),
            );
        }
    }
    scalars
}

/// Reads document scalars back; what is not understood is kept in [`PartAnswers::unknown`].
#[must_use]
pub fn from_scalars(pack: &FormPack, scalars: &BTreeMap<String, Scalar>) -> PartAnswers {
    let mut part = PartAnswers::default();
    let mut origins = Vec::new();
    for (name, scalar) in scalars {
        let (key, rest) = match name.split_once('.') {
            Some((key, rest)) => (key, Some(rest)),
            None => (name.as_str(), None),
        };
        let kind = pack.question(key).map(|question| question.kind);
        match (kind, rest, scalar) {
            (Some(_), Some(UNCHANGED_FROM), Scalar::Text(record)) => {
                origins.push((key.to_owned(), record.clone()));
            }
            (Some(_), Some(UNCHANGED_FROM), Scalar::Null)
            | (
                Some(
                    QuestionType::One
                    | QuestionType::Text
                    | QuestionType::Date
                    | QuestionType::Time
                    | QuestionType::Int
                    | QuestionType::Decimal,
                ),
                None,
                Scalar::Null,
            ) => {}
            (Some(QuestionType::Int), None, Scalar::Int(number)) => {
                answer(&mut part, key).text = Some(number.to_string());
            }
            (Some(QuestionType::One), None, Scalar::Text(code)) => {
                answer(&mut part, key).codes = vec![code.clone()];
            }
            (
                Some(
                    QuestionType::Text
                    | QuestionType::Date
                    | QuestionType::Time
                    | QuestionType::Decimal,
                ),
                None,
                Scalar::Text(text),
            ) => {
                answer(&mut part, key).text = Some(text.clone());
            }
            (Some(QuestionType::Text), Some(PERSON), Scalar::Text(member)) => {
                answer(&mut part, key).codes = vec![member.clone()];
            }
            (Some(QuestionType::Many), Some(code), Scalar::Bool(true)) => {
                answer(&mut part, key).codes.push(code.to_owned());
            }
            (Some(QuestionType::Many), Some(code), Scalar::Bool(false) | Scalar::Null)
                if pack
                    .question(key)
                    .is_some_and(|question| question.accepts(code)) => {}
            _ => {
                part.unknown.insert(name.clone(), scalar.clone());
            }
        }
    }
    part.answers.retain(|_, answer| !answer.is_empty());
    for (key, record) in origins {
        if let Some(answer) = part.answers.get_mut(&key) {
            answer.unchanged_from = Some(record);
        }
    }
    for (key, answer) in &mut part.answers {
        if let Some(question) = pack.question(key) {
            sort_codes(question, &mut answer.codes);
        }
    }
    part
}

fn answer<'a>(part: &'a mut PartAnswers, key: &str) -> &'a mut Answer {
    part.answers.entry(key.to_owned()).or_default()
}

fn known_codes(question: &Question) -> impl Iterator<Item = &str> {
    let na = question.na.then_some(NA);
    question
        .options
        .iter()
        .map(|option| option.code.as_str())
        .chain(na)
}

/// The order of the pack; unknown codes last.
pub(super) fn sort_codes(question: &Question, codes: &mut Vec<String>) {
    codes.sort_by_key(|code| {
        known_codes(question)
            .position(|known| known == code)
            .unwrap_or(usize::MAX)
    });
    codes.dedup();
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Answer);
