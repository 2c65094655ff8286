//! What a tap does to the answers of a draft.

use super::answers::{Answer, Answers, FROM_FILE, SESSION, sort_codes};
use super::compile::check_code;
use super::expression::{Fact, Scope, Value};
use super::pack::{FormPack, Level, Question, QuestionType, Section, split_row};
use super::session::{
    Evaluation, Part, as_answer, read_date, read_decimal, read_time, write_decimal,
};
use super::state::FormContext;
use chrono::NaiveDate;
use thiserror::Error;

/// Characters a text answer may have.
const MAX_TEXT: usize = 2_000;

/// Why an answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerRefusal {
    /// Neither the household nor a child of this visit.
    #[error("no such part")]
    UnknownPart,
    /// The pack does not ask this in that part.
    #[error("no such question")]
    UnknownQuestion,
    /// The section does not exist in that part or has no 和上次一样.
    #[error("no such section")]
    UnknownSection,
    /// The question has no such option.
    #[error("no such option")]
    UnknownCode(String),
    /// Codes for a text, a text for choices, or two codes where one is wanted.
    #[error("the answer does not fit the question")]
    WrongShape,
    /// Not a civil date.
    #[error("not a date")]
    NotADate,
    /// Longer than a form takes.
    #[error("the text is too long")]
    TextTooLong,
    /// Not a whole number.
    #[error("not a whole number")]
    NotANumber,
    /// Not a number, or one with too many places.
    #[error("not a decimal number")]
    NotADecimal,
    /// Not a time of day.
    #[error("not a time of day")]
    NotATime,
    /// The section has no such row.
    #[error("no such row")]
    UnknownRow,
    /// The section has as many rows as it may have.
    #[error("no more rows")]
    TooManyRows,
    /// There is no earlier visit to copy from.
    #[error("nothing to copy from")]
    NothingToCopy,
}

/// The answers a new draft starts with: today, a regular visit, at home.
#[must_use]
pub fn initial_answers(pack: &FormPack, context: &FormContext) -> Answers {
    let mut answers = Answers::default();
    for (section, question) in pack.questions() {
        let Some(expression) = &question.initial else {
            continue;
        };
        let Some(answer) = as_answer(question, &expression.evaluate(&DayOnly(context.today)))
        else {
            continue;
        };
        let parts: Vec<&str> = match section.level {
            Level::Session => vec![SESSION],
            Level::Child => context
                .children
                .iter()
                .map(|child| child.id.as_str())
                .collect(),
        };
        for part in parts {
            let part = answers.parts.entry(part.to_owned()).or_default();
            part.answers.insert(question.key.clone(), answer.clone());
        }
    }
    answers
}

/// Sets one answer; empty codes and no text clear it. A code that stands alone clears the others, and the others it.
///
/// # Errors
/// If the answer does not fit the question; the answers are then unchanged.
pub fn set_answer(
    pack: &FormPack,
    context: &FormContext,
    answers: &mut Answers,
    part: &str,
    key: &str,
    codes: &[String],
    text: Option<&str>,
) -> Result<(), AnswerRefusal> {
    let level = level_of(context, part)?;
    let (section, question) = pack
        .placed(key)
        .filter(|(section, question)| section.level == level && question.kind != QuestionType::Note)
        .ok_or(AnswerRefusal::UnknownQuestion)?;
    if section.repeat.is_some() {
        let row = split_row(key).1.unwrap_or_default();
        let rows = answers.part(part).map(|part| part.rows_of(section));
        if !rows.unwrap_or_default().contains(&row) {
            return Err(AnswerRefusal::UnknownRow);
        }
    }
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let before = answers
        .get(part, key)
        .map(|answer| answer.codes.as_slice())
        .unwrap_or_default();
    let answer = match codes {
        [member] if question.people => chosen(context, member)?,
        _ => Answer {
            codes: check_codes(question, before, codes)?,
            text: check_text(question, text)?,
            unchanged_from: None,
        },
    };
    let stored = &mut answers.parts.entry(part.to_owned()).or_default().answers;
    if answer.is_empty() {
        stored.remove(key);
    } else {
        stored.insert(key.to_owned(), answer);
    }
    Ok(())
}

/// A member of the household: the name is the answer, and the member stands beside it.
fn chosen(context: &FormContext, member: &str) -> Result<Answer, AnswerRefusal> {
    let mut people = context.people.iter();
    let found = people.find(|person| person.id == member);
    let person = found.ok_or_else(|| AnswerRefusal::UnknownCode(member.to_owned()))?;
    Ok(Answer {
        codes: vec![person.id.clone()],
        text: Some(person.name.clone()),
        unchanged_from: None,
    })
}

/// Adds a row to a repeated section, or takes one away, or brings one back that was taken away.
///
/// # Errors
/// If there is no such repeated section in that part, or no room for one more row.
pub fn set_row(
    pack: &FormPack,
    context: &FormContext,
    answers: &mut Answers,
    part: &str,
    section: &str,
    row: &str,
    there: bool,
) -> Result<(), AnswerRefusal> {
    let level = level_of(context, part)?;
    let section = pack
        .section(section)
        .filter(|section| section.level == level)
        .ok_or(AnswerRefusal::UnknownSection)?;
    let most = section.repeat.ok_or(AnswerRefusal::UnknownSection)?;
    if check_code(&row.replace('-', "_")).is_err() {
        return Err(AnswerRefusal::UnknownRow);
    }
    let kept = answers.parts.entry(part.to_owned()).or_default();
    let present = kept.rows_of(section);
    if there && !present.contains(&row) && present.len() >= most as usize {
        return Err(AnswerRefusal::TooManyRows);
    }
    if !there && !present.contains(&row) {
        return Err(AnswerRefusal::UnknownRow);
    }
    let rows = kept.rows.entry(section.key.clone()).or_default();
    rows.insert(row.to_owned(), there);
    Ok(())
}

/// 和上次一样: copies the last answers of a section into what is still open there and records where they are from.
/// An answer already given by hand stands.
///
/// # Errors
/// If there is no such section in that part, or nothing to copy.
pub fn same_as_last(
    pack: &FormPack,
    context: &FormContext,
    answers: &mut Answers,
    short: bool,
    part: &str,
    section: &str,
) -> Result<(), AnswerRefusal> {
    let level = level_of(context, part)?;
    let section = pack
        .section(section)
        .filter(|section| section.level == level && section.x_section_same)
        .ok_or(AnswerRefusal::UnknownSection)?;
    let mut copied = false;
    // A copied answer may bring up a follow-up question whose last answer belongs to the same tap.
    for _ in 0..=section.questions.len() {
        let evaluation = Evaluation::new(pack, context, answers, short);
        let current = evaluation
            .parts()
            .find(|one| one.name() == part)
            .ok_or(AnswerRefusal::UnknownPart)?;
        let mut found = Vec::new();
        for (question, answer) in carryable(&evaluation, current, section) {
            copied = true;
            if answers
                .get(part, &question.key)
                .is_none_or(Answer::is_empty)
            {
                found.push((question.key.clone(), answer));
            }
        }
        if found.is_empty() {
            break;
        }
        answers
            .parts
            .entry(part.to_owned())
            .or_default()
            .answers
            .extend(found);
    }
    if copied {
        Ok(())
    } else {
        Err(AnswerRefusal::NothingToCopy)
    }
}

/// 和上次一样 for every section of every part that has something to copy.
///
/// # Errors
/// If there is nothing to copy anywhere.
pub fn same_everywhere(
    pack: &FormPack,
    context: &FormContext,
    answers: &mut Answers,
    short: bool,
) -> Result<(), AnswerRefusal> {
    let children = context.children.iter().map(|child| child.id.as_str());
    let mut copied = false;
    for part in std::iter::once(SESSION).chain(children) {
        for section in &pack.sections {
            copied |= same_as_last(pack, context, answers, short, part, &section.key).is_ok();
        }
    }
    if copied {
        Ok(())
    } else {
        Err(AnswerRefusal::NothingToCopy)
    }
}

/// 都没有: gives the answer that says so to every open question about a child and its household that has one. It says
/// what was found today, so nothing of it is copied from last time.
///
/// # Errors
/// If there is no such child, or nothing is open.
pub fn none_of(
    pack: &FormPack,
    context: &FormContext,
    answers: &mut Answers,
    short: bool,
    part: &str,
) -> Result<(), AnswerRefusal> {
    if level_of(context, part)? != Level::Child {
        return Err(AnswerRefusal::UnknownPart);
    }
    let evaluation = Evaluation::new(pack, context, answers, short);
    let found: Vec<(String, String, Answer)> = none_open(&evaluation, part)
        .into_iter()
        .filter_map(|(part, question)| {
            let answer = Answer {
                codes: vec![question.none_value.clone()?],
                text: None,
                unchanged_from: None,
            };
            Some((part.to_owned(), question.key.clone(), answer))
        })
        .collect();
    if found.is_empty() {
        return Err(AnswerRefusal::NothingToCopy);
    }
    for (part, key, answer) in found {
        let kept = answers.parts.entry(part).or_default();
        kept.answers.insert(key, answer);
    }
    Ok(())
}

/// What 都没有 would answer in a child's part and the household's.
pub(super) fn none_open<'a, 'e>(
    evaluation: &'e Evaluation<'a>,
    part: &str,
) -> Vec<(&'e str, &'a Question)> {
    let mut open = Vec::new();
    for current in evaluation.parts() {
        if current.name() != part && current.name() != SESSION {
            continue;
        }
        let sections = evaluation.pack.sections.iter();
        for question in sections.flat_map(|section| &section.questions) {
            let is_open = current
                .current
                .get(question.key.as_str())
                .is_some_and(|now| now.visible && now.answer.is_none());
            if is_open && question.none_value.is_some() {
                open.push((current.name(), question));
            }
        }
    }
    open
}

/// The last answers that 和上次一样 would bring into the visible questions of a section.
/// Only where the pack says that an answer keeps; one that the pack of today no longer offers is asked again.
pub(super) fn carryable<'a>(
    evaluation: &Evaluation<'a>,
    part: &Part<'_>,
    section: &'a Section,
) -> Vec<(&'a Question, Answer)> {
    let Some(last) = evaluation
        .context
        .last
        .get(part.name())
        .filter(|_| section.x_section_same)
    else {
        return Vec::new();
    };
    let visible = section.questions.iter().filter(|question| {
        part.current
            .get(question.key.as_str())
            .is_some_and(|current| current.visible)
    });
    let carried: Vec<(&Question, Answer)> = visible
        .clone()
        .filter(|question| question.same_value.is_none())
        .filter_map(|question| {
            let answer = last
                .answers
                .get(&question.key)
                .filter(|answer| !answer.is_empty())?;
            let fits = question.carry && answer.codes.iter().all(|code| question.accepts(code));
            let from_file = answer.unchanged_from.as_deref() == Some(FROM_FILE);
            let unchanged_from = match from_file {
                true => answer.unchanged_from.clone(),
                false => Some(last.record.clone()),
            };
            fits.then(|| {
                (
                    question,
                    Answer {
                        unchanged_from,
                        ..answer.clone()
                    },
                )
            })
        })
        .collect();
    if carried.is_empty() {
        return carried;
    }
    let same = visible.filter_map(|question| {
        let codes = vec![question.same_value.clone()?];
        let unchanged_from = Some(last.record.clone());
        Some((
            question,
            Answer {
                codes,
                text: None,
                unchanged_from,
            },
        ))
    });
    same.chain(carried.iter().cloned()).collect()
}

fn level_of(context: &FormContext, part: &str) -> Result<Level, AnswerRefusal> {
    if part == SESSION {
        Ok(Level::Session)
    } else if context.children.iter().any(|child| child.id == part) {
        Ok(Level::Child)
    } else {
        Err(AnswerRefusal::UnknownPart)
    }
}

fn check_codes(
    question: &Question,
    before: &[String],
    codes: &[String],
) -> Result<Vec<String>, AnswerRefusal> {
    // A retired code that is already stored may stay; a new one must be on offer.
    let refused = |code: &&String| !question.accepts(code) && !before.contains(code);
    if let Some(code) = codes.iter().find(refused) {
        return Err(if question.kind.has_codes() {
            AnswerRefusal::UnknownCode(code.clone())
        } else {
            AnswerRefusal::WrongShape
        });
    }
    let mut codes = codes.to_vec();
    if question.kind == QuestionType::Many {
        let tapped = codes
            .iter()
            .rfind(|code| !before.contains(code))
            .or(codes.last())
            .cloned();
        if let Some(tapped) = tapped {
            if question.is_exclusive(&tapped) {
                codes = vec![tapped];
            } else {
                codes.retain(|code| !question.is_exclusive(code));
            }
        }
    }
    sort_codes(question, &mut codes);
    if question.kind == QuestionType::One && codes.len() > 1 {
        return Err(AnswerRefusal::WrongShape);
    }
    Ok(codes)
}

fn check_text(question: &Question, text: Option<&str>) -> Result<Option<String>, AnswerRefusal> {
    let Some(text) = text else { return Ok(None) };
    match question.kind {
        QuestionType::One | QuestionType::Many | QuestionType::Note => {
            Err(AnswerRefusal::WrongShape)
        }
        QuestionType::Text if text.chars().count() > MAX_TEXT => Err(AnswerRefusal::TextTooLong),
        QuestionType::Date if read_date(text).is_none() => Err(AnswerRefusal::NotADate),
        QuestionType::Time if read_time(text).is_none() => Err(AnswerRefusal::NotATime),
        QuestionType::Int => {
            let number: i64 = text.parse().map_err(|_| AnswerRefusal::NotANumber)?;
            Ok(Some(number.to_string()))
        }
        QuestionType::Decimal => {
            let number = read_decimal(text).ok_or(AnswerRefusal::NotADecimal)?;
            Ok(Some(write_decimal(number)))
        }
        QuestionType::Text | QuestionType::Date | QuestionType::Time => Ok(Some(text.to_owned())),
    }
}

/// Initial answers know the day and nothing else.
struct DayOnly(NaiveDate);

impl Scope for DayOnly {
    fn question(&self, _: &str) -> Value {
        Value::Empty
    }

    fn fact(&self, _: &Fact) -> Value {
        Value::Empty
    }

    fn today(&self) -> NaiveDate {
        self.0
    }
}
