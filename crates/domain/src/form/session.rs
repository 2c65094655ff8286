//! One visit with one pack: what is shown, missing, wrong, suggested, and what is finally recorded.

use super::answers::{Answer, Answers, PartAnswers, SESSION};
use super::expression::{Expression, Fact, Scope, Value};
use super::pack::{AnswerOption, FormPack, Level, NA, Question, QuestionType, Section};
use super::state::{
    ChildContext, EffectiveAnswers, FormContext, FormState, LastAnswers, Latest, MandatoryReason,
    Missing, PartState, QuestionState, RowState, SaveRefusal, SectionState, Suggestion,
};
use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Evaluates the whole form.
#[must_use]
pub fn evaluate(
    pack: &FormPack,
    context: &FormContext,
    answers: &Answers,
    short: bool,
) -> FormState {
    let evaluation = Evaluation::new(pack, context, answers, short);
    let mut state = FormState {
        parts: Vec::new(),
        answered: 0,
        total: 0,
        missing: Vec::new(),
        mandatory: false,
        mandatory_reasons: Vec::new(),
        suggestions: Vec::new(),
        is_attempt: evaluation.is_attempt(),
        refusals: Vec::new(),
    };
    for part in evaluation.parts() {
        let mut sections = Vec::new();
        for section in pack
            .sections
            .iter()
            .filter(|section| section.level == part.level())
        {
            let rows: Vec<RowState> = part
                .rows(&section.key)
                .iter()
                .map(|row| RowState {
                    row: row.clone(),
                    questions: draw_questions(&evaluation, part, section, Some(row), &mut state),
                })
                .collect();
            let questions = match section.repeat {
                None => draw_questions(&evaluation, part, section, None, &mut state),
                Some(_) => Vec::new(),
            };
            if !questions.is_empty() || part.open_repeats.contains(section.key.as_str()) {
                sections.push(draw_section(&evaluation, part, section, questions, rows));
            }
        }
        if !sections.is_empty() {
            let title = part
                .child
                .map_or(&pack.session_title, |child| &child.name)
                .clone();
            let none_open = match part.child {
                Some(child) => super::edit::none_open(&evaluation, &child.id)
                    .into_iter()
                    .map(|(_, question)| question.label.clone())
                    .collect(),
                None => Vec::new(),
            };
            state.parts.push(PartState {
                part: part.name().to_owned(),
                title,
                sections,
                none_open,
            });
        }
    }
    state.mandatory = !state.mandatory_reasons.is_empty();
    state
}

/// Only what makes the visit meaningless blocks saving; everything else is 待补.
///
/// # Errors
/// All reasons at once, in the order of the form.
pub fn validate_for_save(state: &FormState) -> Result<(), Vec<SaveRefusal>> {
    if state.refusals.is_empty() {
        Ok(())
    } else {
        Err(state.refusals.clone())
    }
}

/// What saving records: hidden answers dropped, calculated ones included, bound to the pack's hash.
#[must_use]
pub fn effective_answers(
    pack: &FormPack,
    context: &FormContext,
    answers: &Answers,
    short: bool,
) -> EffectiveAnswers {
    let evaluation = Evaluation::new(pack, context, answers, short);
    let mut effective = Answers::default();
    for part in evaluation.parts() {
        let visible = part.current.iter().filter(|(_, current)| current.visible);
        let kept =
            visible.filter_map(|(key, current)| Some((key.to_string(), current.answer.clone()?)));
        let unknown = answers
            .part(part.name())
            .map(|part| part.unknown.clone())
            .unwrap_or_default();
        let kept = PartAnswers {
            answers: kept.collect(),
            unknown,
            rows: BTreeMap::new(),
        };
        effective.parts.insert(part.name().to_owned(), kept);
    }
    EffectiveAnswers {
        pack: pack.id.clone(),
        version: pack.version,
        hash: pack.content_hash().to_owned(),
        short,
        is_attempt: evaluation.is_attempt(),
        answers: effective,
    }
}

/// A question of one part while evaluating.
#[derive(Debug)]
pub(super) struct Current {
    pub visible: bool,
    pub answer: Option<Answer>,
    calculated: bool,
    /// Empty while hidden.
    value: Value,
}

/// A part with its current answers.
pub(super) struct Part<'a> {
    pub child: Option<&'a ChildContext>,
    /// By question key, in rows `key@ROW`.
    pub current: BTreeMap<String, Current>,
    /// Rows of the repeated sections.
    rows: BTreeMap<&'a str, Vec<String>>,
    /// Repeated sections that are shown.
    open_repeats: BTreeSet<&'a str>,
}

impl<'a> Part<'a> {
    fn empty(child: Option<&'a ChildContext>) -> Self {
        Self {
            child,
            current: BTreeMap::new(),
            rows: BTreeMap::new(),
            open_repeats: BTreeSet::new(),
        }
    }

    fn rows(&self, section: &str) -> &[String] {
        self.rows.get(section).map_or(&[], Vec::as_slice)
    }

    pub(super) fn name(&self) -> &str {
        self.child.map_or(SESSION, |child| &child.id)
    }

    fn level(&self) -> Level {
        if self.child.is_some() {
            Level::Child
        } else {
            Level::Session
        }
    }
}

/// All parts of a form, evaluated in order.
pub(super) struct Evaluation<'a> {
    pub pack: &'a FormPack,
    pub context: &'a FormContext,
    session: Part<'a>,
    children: Vec<Part<'a>>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        pack: &'a FormPack,
        context: &'a FormContext,
        answers: &Answers,
        short: bool,
    ) -> Self {
        let mut evaluation = Self {
            pack,
            context,
            session: Part::empty(None),
            children: Vec::new(),
        };
        evaluation.session = evaluation.part(None, answers, short);
        for child in &context.children {
            let part = evaluation.part(Some(child), answers, short);
            evaluation.children.push(part);
        }
        evaluation
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part<'a>> {
        std::iter::once(&self.session).chain(&self.children)
    }

    fn part(&self, child: Option<&'a ChildContext>, answers: &Answers, short: bool) -> Part<'a> {
        let mut part = Part::empty(child);
        let given = answers.part(part.name());
        let (pack, level) = (self.pack, part.level());
        for section in pack
            .sections
            .iter()
            .filter(|section| section.level == level)
        {
            let section_shown = self.shown(&part, None, section.relevant.as_ref());
            if section.repeat.is_none() {
                for question in &section.questions {
                    self.ask(&mut part, given, section_shown, question, None, short);
                }
                continue;
            }
            let rows: Vec<String> = given
                .map(|given| given.rows_of(section))
                .unwrap_or_default()
                .into_iter()
                .map(str::to_owned)
                .collect();
            let wanted = !short || section.questions.iter().any(|question| question.short);
            if section_shown && (wanted || !rows.is_empty()) {
                part.open_repeats.insert(&section.key);
            }
            part.rows.insert(&section.key, rows.clone());
            for row in &rows {
                for question in &section.questions {
                    // A row that is there is shown whole: it was added by hand.
                    self.ask(&mut part, given, section_shown, question, Some(row), false);
                }
            }
        }
        part
    }

    /// Evaluates one question of one part, or of one of its rows.
    fn ask(
        &self,
        part: &mut Part<'a>,
        given: Option<&PartAnswers>,
        section_shown: bool,
        question: &Question,
        row: Option<&str>,
        short: bool,
    ) {
        let key = keyed(&question.key, row);
        let own = given
            .and_then(|given| given.get(&key))
            .filter(|own| !own.is_empty());
        // What somebody answered in the full form stays in sight and in the record when the form is short again.
        let wanted = !short
            || question.short
            || own.is_some()
            || (question.short_when.is_some()
                && self.shown(part, row, question.short_when.as_ref()));
        let visible = section_shown && wanted && self.shown(part, row, question.relevant.as_ref());
        let calculated = match own {
            Some(_) => None,
            None => question
                .calculate
                .as_ref()
                .and_then(|expression| as_answer(question, &self.value(part, row, expression))),
        };
        let is_calculated = calculated.is_some();
        let answer = own.cloned().or(calculated);
        let value = match &answer {
            Some(answer) if visible => as_value(question, answer),
            _ => Value::Empty,
        };
        let current = Current {
            visible,
            answer,
            calculated: is_calculated,
            value,
        };
        part.current.insert(key, current);
    }

    fn shown(&self, part: &Part<'_>, row: Option<&str>, relevant: Option<&Expression>) -> bool {
        relevant.is_none_or(|expression| self.value(part, row, expression).is_true())
    }

    pub(super) fn value(
        &self,
        part: &Part<'_>,
        row: Option<&str>,
        expression: &Expression,
    ) -> Value {
        expression.evaluate(&PartScope {
            evaluation: self,
            part,
            row,
        })
    }

    fn is_attempt(&self) -> bool {
        let attempt = self.pack.attempt.as_ref();
        attempt.is_some_and(|expression| self.value(&self.session, None, expression).is_true())
    }
}

struct PartScope<'a> {
    evaluation: &'a Evaluation<'a>,
    part: &'a Part<'a>,
    row: Option<&'a str>,
}

impl Scope for PartScope<'_> {
    fn question(&self, key: &str) -> Value {
        let in_row = self
            .row
            .and_then(|row| self.part.current.get(&keyed(key, Some(row))));
        let own = in_row.or_else(|| self.part.current.get(key));
        let current = own.or_else(|| self.evaluation.session.current.get(key));
        current.map_or(Value::Empty, |current| current.value.clone())
    }

    fn fact(&self, fact: &Fact) -> Value {
        let child = self.part.child;
        let last = self.evaluation.context.last.get(self.part.name());
        let value = match fact {
            Fact::ChildAge => child
                .and_then(|child| child.age)
                .map(|age| Value::Number(age.into())),
            Fact::ChildLeftBehind => child.map(|child| Value::Bool(child.left_behind)),
            Fact::ChildBoarder => child.map(|child| Value::Bool(child.boarder)),
            Fact::ChildSex => child.and_then(|child| child.sex.clone()).map(Value::Text),
            Fact::ChildrenCount => i64::try_from(self.evaluation.context.children.len())
                .ok()
                .map(Value::Number),
            Fact::LastKnown => Some(Value::Bool(last.is_some())),
            Fact::NextVisit => self.evaluation.context.next_visit.map(Value::Date),
            Fact::NextContact => self.evaluation.context.next_contact.map(Value::Date),
            Fact::Last(key) => self.last_answer(key),
            Fact::Latest(key) => self
                .latest(key)
                .map(|(question, latest)| as_value(question, &latest.answer)),
            Fact::Ago(key) => self
                .latest(key)
                .map(|(_, latest)| Value::Number(latest.ago.into())),
        };
        value.unwrap_or(Value::Empty)
    }

    fn today(&self) -> NaiveDate {
        self.evaluation.context.today
    }

    fn rows(&self, section: &str) -> i64 {
        let rows = self
            .holder(|part| part.rows.contains_key(section))
            .rows(section);
        i64::try_from(rows.len()).unwrap_or(i64::MAX)
    }

    fn column(&self, key: &str) -> Vec<Value> {
        let prefix = keyed(key, Some(""));
        let of = |part: &Part<'_>| -> Vec<Value> {
            let current = part.current.iter();
            current
                .filter(|(name, _)| name.starts_with(&prefix))
                .map(|(_, current)| current.value.clone())
                .collect()
        };
        of(self.holder(|part| part.current.keys().any(|name| name.starts_with(&prefix))))
    }
}

/// The key of an answer: a question's, or a question's in a row.
pub(super) fn keyed(key: &str, row: Option<&str>) -> String {
    match row {
        Some(row) => format!("{key}@{row}"),
        None => key.to_owned(),
    }
}

impl<'a> PartScope<'a> {
    /// This part, or the household's where this part has not what is asked for.
    fn holder(&self, has: impl Fn(&Part<'_>) -> bool) -> &'a Part<'a> {
        if has(self.part) {
            self.part
        } else {
            &self.evaluation.session
        }
    }

    /// A child's part may also ask for the household's last answer.
    fn last_answer(&self, key: &str) -> Option<Value> {
        let (question, last) = self.last_of(key)?;
        Some(as_value(question, last.answers.get(key)?))
    }

    fn latest(&self, key: &str) -> Option<(&'a Question, &'a Latest)> {
        let (question, last) = self.last_of(key)?;
        Some((question, last.latest.get(key)?))
    }

    fn last_of(&self, key: &str) -> Option<(&'a Question, &'a LastAnswers)> {
        let mut questions = self.evaluation.pack.questions();
        let (section, question) = questions.find(|(_, question)| question.key == key)?;
        let part = match section.level {
            Level::Session => SESSION,
            Level::Child => self.part.name(),
        };
        Some((question, self.evaluation.context.last.get(part)?))
    }
}

/// Text of a civil date as written in answers.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (date.format("%Y-%m-%d").to_string() == text).then_some(date)
}

/// A time of day as written in answers.
pub(super) fn read_time(text: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
    (time.format("%H:%M").to_string() == text).then_some(time)
}

/// Places after the point an answer may have.
const MOST_PLACES: u32 = 6;
/// Digits before it.
const MOST_DIGITS: u32 = 12;

/// A decimal as somebody types it: digits, perhaps a sign before them and a point between them.
pub(super) fn read_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
    let fits = places.len() <= MOST_PLACES as usize && whole.len() <= MOST_DIGITS as usize;
    if !are_digits(whole) || !are_digits(places) || !fits {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// As it is kept: no needless zeros, and of a computed one no more places than an answer may have.
pub(super) fn write_decimal(number: Decimal) -> String {
    number.round_dp(MOST_PLACES).normalize().to_string()
}

fn as_value(question: &Question, answer: &Answer) -> Value {
    let text = |text: Option<&String>| text.map_or(Value::Empty, |text| Value::Text(text.clone()));
    match question.kind {
        QuestionType::One => text(answer.codes.first()),
        QuestionType::Many => Value::Codes(answer.codes.clone()),
        QuestionType::Text | QuestionType::Time => text(answer.text.as_ref()),
        QuestionType::Note => Value::Empty,
        QuestionType::Int => {
            let number = answer.text.as_deref().and_then(|text| text.parse().ok());
            number.map_or(Value::Empty, Value::Number)
        }
        QuestionType::Decimal => answer
            .text
            .as_deref()
            .and_then(read_decimal)
            .map_or(Value::Empty, Value::Decimal),
        QuestionType::Date => answer
            .text
            .as_deref()
            .and_then(read_date)
            .map_or(Value::Empty, Value::Date),
    }
}

pub(super) fn as_answer(question: &Question, value: &Value) -> Option<Answer> {
    let (codes, text) = match (question.kind, value) {
        (QuestionType::One, Value::Text(code)) if question.accepts(code) => {
            (vec![code.clone()], None)
        }
        (QuestionType::Text, Value::Text(text)) => (Vec::new(), Some(text.clone())),
        (QuestionType::Time, Value::Text(text)) if read_time(text).is_some() => {
            (Vec::new(), Some(text.clone()))
        }
        (QuestionType::Int | QuestionType::Decimal, Value::Number(number)) => {
            (Vec::new(), Some(number.to_string()))
        }
        (QuestionType::Decimal, Value::Decimal(number)) => {
            (Vec::new(), Some(write_decimal(*number)))
        }
        (QuestionType::Date, Value::Date(date)) => (Vec::new(), Some(date.to_string())),
        _ => return None,
    };
    let answer = Answer {
        codes,
        text,
        unchanged_from: None,
    };
    (!answer.is_empty()).then_some(answer)
}

fn draw_section(
    evaluation: &Evaluation<'_>,
    part: &Part<'_>,
    section: &Section,
    questions: Vec<QuestionState>,
    rows: Vec<RowState>,
) -> SectionState {
    let words = |(question, answer): (&Question, Answer)| {
        let words = super::summary::words_of(evaluation.pack, question, &answer);
        (!words.is_empty()).then(|| (question.key.clone(), words))
    };
    let carried = super::edit::carryable(evaluation, part, section);
    SectionState {
        key: section.key.clone(),
        title: section.title.clone(),
        same: carried.into_iter().filter_map(words).collect(),
        same_applied: questions.iter().any(|question| question.carried),
        questions,
        repeats: section.repeat.is_some(),
        may_add: section
            .repeat
            .is_some_and(|most| rows.len() < most as usize),
        rows,
    }
}

fn draw_questions(
    evaluation: &Evaluation<'_>,
    part: &Part<'_>,
    section: &Section,
    row: Option<&str>,
    state: &mut FormState,
) -> Vec<QuestionState> {
    let questions = section.questions.iter();
    questions
        .filter_map(|question| draw_question(evaluation, part, question, row, state))
        .collect()
}

fn draw_question(
    evaluation: &Evaluation<'_>,
    part: &Part<'_>,
    question: &Question,
    row: Option<&str>,
    state: &mut FormState,
) -> Option<QuestionState> {
    let (part_name, key, label) = (
        part.name().to_owned(),
        keyed(&question.key, row),
        question.label.clone(),
    );
    let current = part.current.get(&key).filter(|current| current.visible)?;
    let answer = current.answer.clone().unwrap_or_default();
    let open = answer.is_empty();
    let missing = question.required && open;
    let message = message_about(evaluation, part, question, row, &answer);

    state.answered += u32::from(!open);
    state.total += u32::from(question.required || !open);
    if missing {
        state.missing.push(Missing {
            part: part_name.clone(),
            key: key.clone(),
            label: label.clone(),
        });
    }
    if question.blocks_save {
        if open {
            let (part, key, label) = (part_name.clone(), key.clone(), label.clone());
            state
                .refusals
                .push(SaveRefusal::Missing { part, key, label });
        } else if let Some(message) = message.clone() {
            let (part, key) = (part_name.clone(), key.clone());
            state
                .refusals
                .push(SaveRefusal::Invalid { part, key, message });
        }
    }
    for code in &answer.codes {
        let applies = question.mandatory.iter().any(|rule| {
            rule.codes.contains(code) && evaluation.shown(part, row, rule.when.as_ref())
        });
        if applies {
            state.mandatory_reasons.push(MandatoryReason {
                part: part_name.clone(),
                key: key.clone(),
                label: label.clone(),
                code: code.clone(),
                words: evaluation.pack.label_of(question, code).to_owned(),
            });
        }
    }
    for rule in &question.suggest {
        let known = state
            .suggestions
            .iter()
            .any(|one| one.part == part_name && one.problem == rule.problem);
        if !known && evaluation.value(part, row, &rule.when).is_true() {
            state.suggestions.push(Suggestion {
                part: part_name.clone(),
                key: key.clone(),
                problem: rule.problem.clone(),
            });
        }
    }

    let mut options = question.options.clone();
    if question.people {
        let people = evaluation.context.people.iter();
        options.extend(people.map(|person| AnswerOption {
            code: person.id.clone(),
            label: person.words.clone(),
            brief: None,
        }));
    }
    if question.na {
        let label = evaluation.pack.na_label.clone();
        options.push(AnswerOption {
            code: NA.to_owned(),
            label,
            brief: None,
        });
    }
    Some(QuestionState {
        key,
        label,
        hint: question.hint.clone(),
        kind: question.kind,
        options,
        carried: answer.unchanged_from.is_some(),
        calculated: current.calculated,
        codes: answer.codes,
        text: answer.text,
        required: question.required,
        missing,
        message,
    })
}

fn message_about(
    evaluation: &Evaluation<'_>,
    part: &Part<'_>,
    question: &Question,
    row: Option<&str>,
    answer: &Answer,
) -> Option<String> {
    if answer.is_empty() {
        return None;
    }
    let alone = answer.codes.iter().find(|code| question.is_exclusive(code));
    if let (Some(code), true) = (alone, answer.codes.len() > 1) {
        let label = evaluation.pack.label_of(question, code);
        let (before, after) = evaluation.pack.engine.alone;
        return Some(format!("{before}{label}{after}"));
    }
    let unreadable =
        question.kind == QuestionType::Date && answer.text.as_deref().and_then(read_date).is_none();
    if unreadable {
        return Some(evaluation.pack.engine.date.to_owned());
    }
    let constraint = question.constraint.as_ref()?;
    (!evaluation
        .value(part, row, &constraint.expression)
        .is_true())
    .then(|| constraint.message.clone())
}
