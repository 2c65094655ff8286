//! The small expression language of form packs: its tree, its kinds and its evaluation.
//!
//! A pack stores expressions as source strings; [`super::parse`] turns them into this tree when the pack is loaded
//! and checks every name, code and kind there. Evaluation is therefore total: it never fails, and what is not known
//! is [`Value::Empty`].
//!
//! Grammar, loosest binding first: `or`, `and`, comparison (`= != < <= > >=`), `+ -`, `* div mod`, unary `-`,
//! then literals (`12`, `'code'`), `${question}`, `${fact}`, `${last.question}`, `${latest.question}`, `${ago.question}`,
//! parentheses and the functions
//! `not if selected count-selected coalesce today days-between string-length regex true false`,
//! and `count(${section})` and `sum(${number})` over the rows of a repeated section.
//! A name may hold hyphens, so a subtraction wants spaces around its sign, as in XPath.
//! Whole numbers stay whole, `div` between two of them too; where one side is a decimal, the result is one.

use super::pattern::Pattern;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// What sort of value an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number.
    Number,
    /// A number with places after the point.
    Decimal,
    /// Text, or the code of a `one` question.
    Text,
    /// The codes of a `many` question.
    Codes,
    /// A civil date.
    Date,
    /// The rows of a repeated section, or one question of all of them.
    Rows,
}

impl Kind {
    /// The word used in messages to pack authors.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bool => "是非",
            Self::Number => "数字",
            Self::Decimal => "小数",
            Self::Text => "文字或单选",
            Self::Codes => "多选",
            Self::Date => "日期",
            Self::Rows => "可以加几行的部分",
        }
    }

    /// Whole or with places after the point.
    #[must_use]
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Decimal)
    }
}

/// A value while evaluating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Not answered, hidden, not known, or not computable.
    Empty,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A number with places after the point.
    Decimal(Decimal),
    /// Text or one code.
    Text(String),
    /// Several codes.
    Codes(Vec<String>),
    /// A civil date.
    Date(NaiveDate),
}

impl Value {
    /// Nothing is there: unanswered, empty text, no code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.is_empty(),
            Self::Codes(codes) => codes.is_empty(),
            Self::Bool(_) | Self::Number(_) | Self::Decimal(_) | Self::Date(_) => false,
        }
    }

    /// True only for a known true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// A number of either kind.
    fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(Decimal::from(*number)),
            Self::Decimal(number) => Some(*number),
            _ => None,
        }
    }
}

/// What the client knows about the child and the household without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `${child.age}`: full years on the day of the visit.
    ChildAge,
    /// `${child.left_behind}`.
    ChildLeftBehind,
    /// `${child.boarder}`.
    ChildBoarder,
    /// `${child.sex}`: code of the list SEX.
    ChildSex,
    /// `${children.count}`: children this visit concerns.
    ChildrenCount,
    /// `${last.known}`: this part has answers from an earlier visit.
    LastKnown,
    /// `${next.visit}`: the day the next visit would be due if this one counts.
    NextVisit,
    /// `${next.contact}`: the same for the next contact.
    NextContact,
    /// `${last.some_question}`: the answer of the earlier visit.
    Last(String),
    /// `${latest.some_question}`: the newest answer of an earlier visit, whichever asked last.
    Latest(String),
    /// `${ago.some_question}`: how many visits ago that was; 1 is the last one.
    Ago(String),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    Greater,
    /// `>=`.
    AtLeast,
}

/// An arithmetic operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `div`; between whole numbers it leaves out what is after the point.
    Divide,
    /// `mod`.
    Remainder,
}

/// A checked expression tree of bounded depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A constant.
    Literal(Value),
    /// The visible answer of a question.
    Question(String),
    /// Something known without asking.
    Fact(Fact),
    /// Negation; not known counts as false.
    Not(Box<Expression>),
    /// All of them.
    And(Vec<Expression>),
    /// Any of them.
    Or(Vec<Expression>),
    /// A comparison.
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// Arithmetic; overflow and division by zero give nothing.
    Arithmetic(Operation, Box<Expression>, Box<Expression>),
    /// One of two values.
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    /// The answer holds this code.
    Selected(Box<Expression>, String),
    /// How many codes are chosen.
    CountSelected(Box<Expression>),
    /// The first value that is there.
    Coalesce(Vec<Expression>),
    /// The day of the visit form.
    Today,
    /// Days from the first date to the second.
    DaysBetween(Box<Expression>, Box<Expression>),
    /// Characters in a text.
    StringLength(Box<Expression>),
    /// The whole text, nothing where there is none, is of this pattern.
    Matches(Box<Expression>, Pattern),
    /// How many rows a repeated section has.
    CountRows(String),
    /// The sum of a number over all rows.
    SumRows(String),
}

/// Where an expression finds answers, facts and the day.
pub trait Scope {
    /// The visible answer of a question.
    fn question(&self, key: &str) -> Value;
    /// A fact.
    fn fact(&self, fact: &Fact) -> Value;
    /// The day.
    fn today(&self) -> NaiveDate;
    /// How many rows a repeated section has.
    fn rows(&self, _section: &str) -> i64 {
        0
    }
    /// The visible answers of a question in all rows.
    fn column(&self, _key: &str) -> Vec<Value> {
        Vec::new()
    }
}

impl Expression {
    /// Evaluates; total, whatever the scope answers.
    #[must_use]
    pub fn evaluate(&self, scope: &dyn Scope) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Question(key) => scope.question(key),
            Self::Fact(fact) => scope.fact(fact),
            Self::Not(inner) => Value::Bool(!inner.evaluate(scope).is_true()),
            Self::And(all) => Value::Bool(all.iter().all(|one| one.evaluate(scope).is_true())),
            Self::Or(any) => Value::Bool(any.iter().any(|one| one.evaluate(scope).is_true())),
            Self::Compare(comparison, left, right) => Value::Bool(compare(
                *comparison,
                &left.evaluate(scope),
                &right.evaluate(scope),
            )),
            Self::Arithmetic(operation, left, right) => {
                calculate(*operation, &left.evaluate(scope), &right.evaluate(scope))
            }
            Self::If(condition, then, otherwise) => {
                if condition.evaluate(scope).is_true() {
                    then.evaluate(scope)
                } else {
                    otherwise.evaluate(scope)
                }
            }
            Self::Selected(inner, code) => Value::Bool(match inner.evaluate(scope) {
                Value::Text(text) => text == *code,
                Value::Codes(codes) => codes.contains(code),
                _ => false,
            }),
            Self::CountSelected(inner) => match inner.evaluate(scope) {
                Value::Codes(codes) => {
                    Value::Number(i64::try_from(codes.len()).unwrap_or(i64::MAX))
                }
                _ => Value::Number(0),
            },
            Self::Coalesce(candidates) => candidates
                .iter()
                .map(|candidate| candidate.evaluate(scope))
                .find(|value| !value.is_empty())
                .unwrap_or(Value::Empty),
            Self::Today => Value::Date(scope.today()),
            Self::DaysBetween(from, to) => match (from.evaluate(scope), to.evaluate(scope)) {
                (Value::Date(from), Value::Date(to)) => {
                    Value::Number(to.signed_duration_since(from).num_days())
                }
                _ => Value::Empty,
            },
            Self::StringLength(inner) => match inner.evaluate(scope) {
                Value::Text(text) => {
                    Value::Number(i64::try_from(text.chars().count()).unwrap_or(i64::MAX))
                }
                _ => Value::Number(0),
            },
            Self::Matches(inner, pattern) => Value::Bool(match inner.evaluate(scope) {
                Value::Text(text) => pattern.matches(&text),
                _ => pattern.matches(""),
            }),
            Self::CountRows(section) => Value::Number(scope.rows(section)),
            Self::SumRows(key) => scope
                .column(key)
                .iter()
                .filter(|value| value.number().is_some())
                .fold(Value::Number(0), |sum, value| {
                    calculate(Operation::Add, &sum, value)
                }),
        }
    }

    /// Levels of nesting below and including this one.
    #[must_use]
    pub fn depth(&self) -> usize {
        1 + self
            .children()
            .into_iter()
            .map(Self::depth)
            .max()
            .unwrap_or(0)
    }

    /// Direct parts.
    #[must_use]
    pub fn children(&self) -> Vec<&Expression> {
        match self {
            Self::Literal(_)
            | Self::Question(_)
            | Self::Fact(_)
            | Self::Today
            | Self::CountRows(_)
            | Self::SumRows(_) => Vec::new(),
            Self::Not(one)
            | Self::Selected(one, _)
            | Self::CountSelected(one)
            | Self::StringLength(one)
            | Self::Matches(one, _) => vec![one],
            Self::And(all) | Self::Or(all) | Self::Coalesce(all) => all.iter().collect(),
            Self::Compare(_, left, right)
            | Self::Arithmetic(_, left, right)
            | Self::DaysBetween(left, right) => vec![left, right],
            Self::If(condition, then, otherwise) => vec![condition, then, otherwise],
        }
    }

    /// Questions whose newest answer it asks for, whichever visit that is of.
    pub(super) fn collect_latest(&self, keys: &mut BTreeSet<String>) {
        if let Self::Fact(Fact::Latest(key) | Fact::Ago(key)) = self {
            keys.insert(key.clone());
        }
        for child in self.children() {
            child.collect_latest(keys);
        }
    }

    /// Questions compared with `!=` to something without also being tested for emptiness:
    /// such a test is already true while the question is unanswered, which authors rarely mean.
    #[must_use]
    pub fn true_while_unanswered(&self) -> Vec<String> {
        let (mut unequal, mut guarded) = (Vec::new(), Vec::new());
        self.collect_unequal(&mut unequal, &mut guarded);
        unequal.retain(|key| !guarded.contains(key));
        unequal.dedup();
        unequal
    }

    fn collect_unequal(&self, unequal: &mut Vec<String>, guarded: &mut Vec<String>) {
        if let Self::Compare(comparison, left, right) = self
            && let (Self::Question(key), Self::Literal(value))
            | (Self::Literal(value), Self::Question(key)) = (left.as_ref(), right.as_ref())
        {
            if value.is_empty() {
                guarded.push(key.clone());
            } else if *comparison == Comparison::NotEqual {
                unequal.push(key.clone());
            }
        }
        for child in self.children() {
            child.collect_unequal(unequal, guarded);
        }
    }
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> bool {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        _ => left
            .number()
            .zip(right.number())
            .map(|(left, right)| left.cmp(&right)),
    };
    let equal = match (left.is_empty(), right.is_empty()) {
        (true, true) => true,
        (false, false) => left == right || order == Some(Ordering::Equal),
        _ => false,
    };
    match comparison {
        Comparison::Equal => equal,
        Comparison::NotEqual => !equal,
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn calculate(operation: Operation, left: &Value, right: &Value) -> Value {
    let (Value::Number(left), Value::Number(right)) = (left, right) else {
        let result = left
            .number()
            .zip(right.number())
            .and_then(|(left, right)| match operation {
                Operation::Add => left.checked_add(right),
                Operation::Subtract => left.checked_sub(right),
                Operation::Multiply => left.checked_mul(right),
                Operation::Divide => left.checked_div(right),
                Operation::Remainder => left.checked_rem(right),
            });
        return result.map_or(Value::Empty, Value::Decimal);
    };
    match operation {
        Operation::Add => left.checked_add(*right),
        Operation::Subtract => left.checked_sub(*right),
        Operation::Multiply => left.checked_mul(*right),
        Operation::Divide => left.checked_div(*right),
        Operation::Remainder => left.checked_rem(*right),
    }
    .map_or(Value::Empty, Value::Number)
}
