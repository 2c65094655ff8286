//! Reads expression source into a checked tree; every unknown name, code or kind is refused here.

use super::expression::{Comparison, Expression, Fact, Kind, Operation, Value};
use super::fault::ExpressionFault;
use super::pattern::Pattern;
use super::session::read_decimal;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Characters an expression may have.
const MAX_LENGTH: usize = 1_000;
/// Levels an expression may nest.
const MAX_DEPTH: usize = 32;

/// A question as expressions see it.
#[derive(Debug, Clone)]
pub(super) struct KnownQuestion {
    pub kind: Kind,
    /// Codes for questions of choices.
    pub codes: Option<BTreeSet<String>>,
    /// Answered once per child.
    pub per_child: bool,
    /// Answered once per row of this section.
    pub repeat: Option<String>,
    /// Position in the form.
    pub position: usize,
}

/// The names an expression at one place may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub questions: &'a BTreeMap<String, KnownQuestion>,
    /// Repeated sections, and whether each is asked per child.
    pub repeats: &'a BTreeMap<String, bool>,
    /// The expression belongs to a child's part.
    pub per_child: bool,
    /// The expression belongs to a row of this section.
    pub repeat: Option<&'a str>,
    /// Questions of the same level from this position on may not be used yet.
    pub before: Option<usize>,
}

/// Reads an expression and checks that it gives `expected`.
pub(super) fn parse(
    source: &str,
    names: Names<'_>,
    expected: Kind,
) -> Result<Expression, ExpressionFault> {
    if source.chars().count() > MAX_LENGTH {
        return Err(ExpressionFault::TooLong);
    }
    let tokens = read_tokens(source)?;
    let mut parser = Parser {
        tokens,
        next: 0,
        names,
    };
    let (expression, found) = parser.any_of(0)?;
    if let Some((position, token)) = parser.tokens.get(parser.next) {
        return Err(ExpressionFault::Unexpected {
            position: *position,
            found: token.to_string(),
        });
    }
    if expression.depth() > MAX_DEPTH {
        return Err(ExpressionFault::TooDeep);
    }
    demand(expected, found)?;
    Ok(expression)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Reference(String),
    Text(String),
    Number(i64),
    Decimal(Decimal),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Reference(name) => write!(formatter, "${{{name}}}"),
            Self::Text(text) => write!(formatter, "'{text}'"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Decimal(number) => write!(formatter, "{number}"),
            Self::Sign(sign) => formatter.write_str(sign),
        }
    }
}

/// Longest first, so `<=` is not read as `<`.
const SIGNS: [&str; 12] = [
    "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-", "*",
];

fn read_tokens(source: &str) -> Result<Vec<(usize, Token)>, ExpressionFault> {
    let characters: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let start = at;
        let character = characters[at];
        if character.is_whitespace() {
            at += 1;
            continue;
        }
        let token = if character == '\'' {
            let text = read_until(&characters, at + 1, '\'')?;
            at += text.chars().count() + 2;
            Token::Text(text)
        } else if character == '$' && characters.get(at + 1) == Some(&'{') {
            let name = read_until(&characters, at + 2, '}')?;
            at += name.chars().count() + 3;
            Token::Reference(name.trim().to_owned())
        } else if character.is_ascii_digit() {
            let digits = read_while(&characters, at, |one| one.is_ascii_digit() || one == '.');
            at += digits.len();
            if digits.contains('.') {
                let number = read_decimal(&digits).ok_or(ExpressionFault::Unexpected {
                    position: start + 1,
                    found: digits,
                })?;
                Token::Decimal(number)
            } else {
                Token::Number(digits.parse().map_err(|_| ExpressionFault::TooLong)?)
            }
        } else if character.is_ascii_lowercase() {
            let name = read_while(&characters, at, |one| {
                one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-' || one == '_'
            });
            at += name.len();
            Token::Name(name)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| {
            sign.chars()
                .enumerate()
                .all(|(offset, one)| characters.get(at + offset) == Some(&one))
        }) {
            at += sign.len();
            Token::Sign(sign)
        } else {
            return Err(ExpressionFault::Unexpected {
                position: at + 1,
                found: character.to_string(),
            });
        };
        tokens.push((start + 1, token));
    }
    Ok(tokens)
}

fn read_until(characters: &[char], from: usize, end: char) -> Result<String, ExpressionFault> {
    let rest = characters.get(from..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|one| *one == end)
        .ok_or(ExpressionFault::Unfinished)?;
    Ok(rest[..length].iter().collect())
}

fn read_while(characters: &[char], from: usize, accept: impl Fn(char) -> bool) -> String {
    characters[from..]
        .iter()
        .copied()
        .take_while(|one| accept(*one))
        .collect()
}

type Typed = (Expression, Kind);

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    next: usize,
    names: Names<'a>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn take_if(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &'static str) -> bool {
        self.take_if(&Token::Sign(sign))
    }

    fn need_sign(&mut self, sign: &'static str) -> Result<(), ExpressionFault> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> ExpressionFault {
        match self.tokens.get(self.next) {
            Some((position, token)) => ExpressionFault::Unexpected {
                position: *position,
                found: token.to_string(),
            },
            None => ExpressionFault::Unfinished,
        }
    }

    fn any_of(&mut self, depth: usize) -> Result<Typed, ExpressionFault> {
        if depth > MAX_DEPTH {
            return Err(ExpressionFault::TooDeep);
        }
        self.joined(depth, "or", Expression::Or, Self::all_of)
    }

    fn all_of(&mut self, depth: usize) -> Result<Typed, ExpressionFault> {
        self.joined(depth, "and", Expression::And, Self::comparison)
    }

    fn joined(
        &mut self,
        depth: usize,
        word: &str,
        build: impl Fn(Vec<Expression>) -> Expression,
        part: impl Fn(&mut Self, usize) -> Result<Typed, ExpressionFault>,
    ) -> Result<Typed, ExpressionFault> {
        let first = part(self, depth)?;
        let word = Token::Name(word.to_owned());
        if self.peek() != Some(&word) {
            return Ok(first);
        }
        demand(Kind::Bool, first.1)?;
        let mut all = vec![first.0];
        while self.take_if(&word) {
            let (next, kind) = part(self, depth)?;
            demand(Kind::Bool, kind)?;
            all.push(next);
        }
        Ok((build(all), Kind::Bool))
    }

    fn comparison(&mut self, depth: usize) -> Result<Typed, ExpressionFault> {
        let left = self.sum(depth)?;
        let Some(Token::Sign(sign)) = self.peek() else {
            return Ok(left);
        };
        let comparison = match *sign {
            "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::Greater,
            ">=" => Comparison::AtLeast,
            _ => return Ok(left),
        };
        self.next += 1;
        let right = self.sum(depth)?;
        self.compare(comparison, left, right)
            .map(|expression| (expression, Kind::Bool))
    }

    fn compare(
        &self,
        comparison: Comparison,
        (left, left_kind): Typed,
        (right, right_kind): Typed,
    ) -> Result<Expression, ExpressionFault> {
        let (left, left_kind) = as_date_beside((left, left_kind), right_kind);
        let (right, right_kind) = as_date_beside((right, right_kind), left_kind);
        let refused = ExpressionFault::NotComparable {
            left: left_kind,
            right: right_kind,
        };
        if left_kind == Kind::Rows || right_kind == Kind::Rows {
            return Err(refused);
        }
        let numbers = left_kind.is_numeric() && right_kind.is_numeric();
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if equality {
            let emptiness = is_empty_literal(&left) || is_empty_literal(&right);
            let alike = left_kind == right_kind || numbers;
            if !emptiness && (!alike || left_kind == Kind::Codes) {
                return Err(refused);
            }
            self.check_code(&left, &right)?;
            self.check_code(&right, &left)?;
        } else if !numbers && (left_kind != right_kind || left_kind != Kind::Date) {
            return Err(refused);
        }
        Ok(Expression::Compare(
            comparison,
            Box::new(left),
            Box::new(right),
        ))
    }

    fn sum(&mut self, depth: usize) -> Result<Typed, ExpressionFault> {
        let mut left = self.product(depth)?;
        loop {
            let operation = match self.peek() {
                Some(Token::Sign("+")) => Operation::Add,
                Some(Token::Sign("-")) => Operation::Subtract,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.product(depth)?;
            left = arithmetic(operation, left, right)?;
        }
    }

    fn product(&mut self, depth: usize) -> Result<Typed, ExpressionFault> {
        let mut left = self.single(depth)?;
        loop {
            let operation = match self.peek() {
                Some(Token::Sign("*")) => Operation::Multiply,
                Some(Token::Name(name)) if name == "div" => Operation::Divide,
                Some(Token::Name(name)) if name == "mod" => Operation::Remainder,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.single(depth)?;
            left = arithmetic(operation, left, right)?;
        }
    }

    fn single(&mut self, depth: usize) -> Result<Typed, ExpressionFault> {
        if depth > MAX_DEPTH {
            return Err(ExpressionFault::TooDeep);
        }
        let Some(token) = self.peek().cloned() else {
            return Err(ExpressionFault::Unfinished);
        };
        match token {
            Token::Number(number) => {
                self.next += 1;
                Ok((Expression::Literal(Value::Number(number)), Kind::Number))
            }
            Token::Decimal(number) => {
                self.next += 1;
                Ok((Expression::Literal(Value::Decimal(number)), Kind::Decimal))
            }
            Token::Text(text) => {
                self.next += 1;
                Ok((Expression::Literal(Value::Text(text)), Kind::Text))
            }
            Token::Reference(name) => {
                self.next += 1;
                self.reference(&name)
            }
            Token::Sign("-") => {
                self.next += 1;
                let zero = (Expression::Literal(Value::Number(0)), Kind::Number);
                let right = self.single(depth + 1)?;
                arithmetic(Operation::Subtract, zero, right)
            }
            Token::Sign("(") => {
                self.next += 1;
                let inner = self.any_of(depth + 1)?;
                self.need_sign(")")?;
                Ok(inner)
            }
            Token::Name(name) => {
                if !matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign("(")))) {
                    return Err(self.unexpected());
                }
                self.next += 2;
                let arguments = self.arguments(depth + 1)?;
                self.function(&name, arguments)
            }
            Token::Sign(_) => Err(self.unexpected()),
        }
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Typed>, ExpressionFault> {
        let mut arguments = Vec::new();
        if self.take_sign(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.any_of(depth)?);
            if self.take_sign(")") {
                return Ok(arguments);
            }
            self.need_sign(",")?;
        }
    }

    fn reference(&self, name: &str) -> Result<Typed, ExpressionFault> {
        if let Some((fact, kind, per_child)) = self.fact(name) {
            if per_child && !self.names.per_child {
                return Err(ExpressionFault::ChildName(name.to_owned()));
            }
            return Ok((Expression::Fact(fact), kind));
        }
        if let Some(per_child) = self.names.repeats.get(name) {
            if *per_child && !self.names.per_child {
                return Err(ExpressionFault::ChildName(name.to_owned()));
            }
            return Ok((Expression::CountRows(name.to_owned()), Kind::Rows));
        }
        let Some(question) = self.names.questions.get(name) else {
            return Err(ExpressionFault::UnknownName(name.to_owned()));
        };
        if question.per_child && !self.names.per_child {
            return Err(ExpressionFault::ChildName(name.to_owned()));
        }
        let same_part = question.per_child == self.names.per_child;
        if same_part
            && self
                .names
                .before
                .is_some_and(|before| question.position >= before)
        {
            return Err(ExpressionFault::LaterQuestion(name.to_owned()));
        }
        if question.repeat.is_some() && question.repeat.as_deref() != self.names.repeat {
            let inside = matches!(self.tokens.get(self.next), Some((_, Token::Sign(")"))));
            if !question.kind.is_numeric() || !inside {
                return Err(ExpressionFault::RowName(name.to_owned()));
            }
            return Ok((Expression::SumRows(name.to_owned()), Kind::Rows));
        }
        Ok((Expression::Question(name.to_owned()), question.kind))
    }

    fn fact(&self, name: &str) -> Option<(Fact, Kind, bool)> {
        Some(match name {
            "child.age" => (Fact::ChildAge, Kind::Number, true),
            "child.left_behind" => (Fact::ChildLeftBehind, Kind::Bool, true),
            "child.boarder" => (Fact::ChildBoarder, Kind::Bool, true),
            "child.sex" => (Fact::ChildSex, Kind::Text, true),
            "children.count" => (Fact::ChildrenCount, Kind::Number, false),
            "last.known" => (Fact::LastKnown, Kind::Bool, false),
            "next.visit" => (Fact::NextVisit, Kind::Date, false),
            "next.contact" => (Fact::NextContact, Kind::Date, false),
            _ => {
                let (of, key) = name.split_once('.')?;
                let question = self.names.questions.get(key)?;
                if question.repeat.is_some() {
                    return None;
                }
                let (fact, kind) = match of {
                    "last" => (Fact::Last(key.to_owned()), question.kind),
                    "latest" => (Fact::Latest(key.to_owned()), question.kind),
                    "ago" => (Fact::Ago(key.to_owned()), Kind::Number),
                    _ => return None,
                };
                (fact, kind, question.per_child)
            }
        })
    }

    fn function(&self, name: &str, arguments: Vec<Typed>) -> Result<Typed, ExpressionFault> {
        let count = arguments.len();
        let counted = match name {
            "not" | "count-selected" | "string-length" | "count" | "sum" => count == 1,
            "selected" | "days-between" | "regex" => count == 2,
            "if" => count == 3,
            "coalesce" => count >= 2,
            "today" | "true" | "false" => count == 0,
            _ => return Err(ExpressionFault::UnknownFunction(name.to_owned())),
        };
        if !counted {
            return Err(ExpressionFault::ArgumentCount(name.to_owned()));
        }
        let kinds: Vec<Kind> = arguments.iter().map(|(_, kind)| *kind).collect();
        let mut given = arguments.into_iter().map(|(expression, _)| expression);
        let mut next = || Box::new(given.next().expect("the number of arguments was checked"));
        Ok(match name {
            "not" => {
                demand(Kind::Bool, kinds[0])?;
                (Expression::Not(next()), Kind::Bool)
            }
            "count-selected" => {
                demand(Kind::Codes, kinds[0])?;
                (Expression::CountSelected(next()), Kind::Number)
            }
            "string-length" => {
                demand(Kind::Text, kinds[0])?;
                (Expression::StringLength(next()), Kind::Number)
            }
            "count" | "sum" => {
                demand(Kind::Rows, kinds[0])?;
                let rows = *next();
                if matches!(rows, Expression::CountRows(_)) != (name == "count") {
                    return Err(ExpressionFault::ArgumentCount(name.to_owned()));
                }
                let kind = match &rows {
                    Expression::SumRows(key) => self.names.questions.get(key),
                    _ => None,
                };
                let kind = kind.map_or(Kind::Number, |question| question.kind);
                (rows, kind)
            }
            "regex" => {
                demand(Kind::Text, kinds[0])?;
                let (text, pattern) = (next(), next());
                let Expression::Literal(Value::Text(source)) = *pattern else {
                    return Err(ExpressionFault::BadPattern(name.to_owned()));
                };
                let Some(pattern) = Pattern::read(&source) else {
                    return Err(ExpressionFault::BadPattern(source));
                };
                (Expression::Matches(text, pattern), Kind::Bool)
            }
            "selected" => {
                if kinds[0] != Kind::Text {
                    demand(Kind::Codes, kinds[0])?;
                }
                let answer = next();
                let code = next();
                self.check_code(&answer, &code)?;
                let Expression::Literal(Value::Text(code)) = *code else {
                    return Err(ExpressionFault::CodeNotConstant(name.to_owned()));
                };
                (Expression::Selected(answer, code), Kind::Bool)
            }
            "days-between" => {
                demand(Kind::Date, kinds[0])?;
                demand(Kind::Date, kinds[1])?;
                (Expression::DaysBetween(next(), next()), Kind::Number)
            }
            "if" => {
                demand(Kind::Bool, kinds[0])?;
                let (condition, then, otherwise) = (next(), next(), next());
                let kind = common_kind(&[(&then, kinds[1]), (&otherwise, kinds[2])])?;
                (Expression::If(condition, then, otherwise), kind)
            }
            "coalesce" => {
                let all: Vec<Expression> = given.collect();
                let typed: Vec<_> = all.iter().zip(kinds).collect();
                let kind = common_kind(&typed)?;
                (Expression::Coalesce(all), kind)
            }
            "today" => (Expression::Today, Kind::Date),
            _ => (Expression::Literal(Value::Bool(name == "true")), Kind::Bool),
        })
    }

    /// A constant beside a question of choices must be one of its codes.
    fn check_code(&self, answer: &Expression, code: &Expression) -> Result<(), ExpressionFault> {
        let (Expression::Question(key) | Expression::Fact(Fact::Last(key) | Fact::Latest(key))) =
            answer
        else {
            return Ok(());
        };
        let Expression::Literal(Value::Text(code)) = code else {
            return Ok(());
        };
        let codes = self
            .names
            .questions
            .get(key)
            .and_then(|question| question.codes.as_ref());
        match codes {
            Some(codes) if !code.is_empty() && !codes.contains(code) => {
                Err(ExpressionFault::UnknownCode {
                    question: key.clone(),
                    code: code.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

fn arithmetic(operation: Operation, left: Typed, right: Typed) -> Result<Typed, ExpressionFault> {
    let kind = match (left.1, right.1) {
        (Kind::Number, Kind::Number) => Kind::Number,
        (left, right) => {
            demand(Kind::Decimal, left)?;
            demand(Kind::Decimal, right)?;
            Kind::Decimal
        }
    };
    let expression = Expression::Arithmetic(operation, Box::new(left.0), Box::new(right.0));
    Ok((expression, kind))
}

fn is_empty_literal(expression: &Expression) -> bool {
    matches!(expression, Expression::Literal(Value::Text(text)) if text.is_empty())
}

fn as_date_beside((expression, kind): Typed, other: Kind) -> Typed {
    if other == Kind::Date
        && let Expression::Literal(Value::Text(text)) = &expression
        && let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d")
    {
        return (Expression::Literal(Value::Date(date)), Kind::Date);
    }
    (expression, kind)
}

/// The kind that all alternatives share; an empty constant fits any.
fn common_kind(alternatives: &[(&Expression, Kind)]) -> Result<Kind, ExpressionFault> {
    let mut kind = None;
    for (expression, found) in alternatives {
        if is_empty_literal(expression) {
            continue;
        }
        match kind {
            None => kind = Some(*found),
            Some(Kind::Number) if *found == Kind::Decimal => kind = Some(Kind::Decimal),
            Some(expected) => demand(expected, *found)?,
        }
    }
    Ok(kind.unwrap_or(Kind::Text))
}

/// A whole number stands wherever a decimal may.
fn demand(expected: Kind, found: Kind) -> Result<(), ExpressionFault> {
    if expected == found || (expected == Kind::Decimal && found == Kind::Number) {
        Ok(())
    } else {
        Err(ExpressionFault::WrongKind { expected, found })
    }
}

#[cfg(test)]
mod tests;
