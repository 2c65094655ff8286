//! What a visit said otherwise than the child's file (docs/adr/0044): compared by the rules of its form, offered to a
//! person, and written by nobody else.
//!
//! An answer that was taken over by 和上次一样 was compared when it was given, and is not said again.

use crate::file::{Facts, FilePack, RowsRule};
use crate::form::{ASK, Answer, Feed, FeedValue, FormPack, Level, PartAnswers, Question};
use crate::record::Entry;
use crate::scalar::Scalar;
use chrono::NaiveDate;

/// A visit as it is compared.
#[derive(Debug, Clone, Copy)]
pub struct Visited<'a> {
    /// The form it was written with.
    pub form: &'a FormPack,
    /// Answers about the household.
    pub session: &'a PartAnswers,
    /// Answers about the child.
    pub child: &'a PartAnswers,
    /// Its day.
    pub date: NaiveDate,
}

/// One thing that was said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The same for the same place of the file, whichever answer it came from.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What would be written.
    pub change: Change,
}

/// What would be written into the file.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// A field.
    Field {
        /// `child` or `household`.
        holder: String,
        /// Its key.
        key: String,
        /// What the file says; none where it says nothing.
        before: Option<String>,
        /// What was said.
        after: String,
    },
    /// A row.
    Row {
        /// Its block.
        block: String,
        /// The row that is put right or ended; none for a new one, and where a person says which.
        row: Option<String>,
        /// Rows of which a person says which it is, or that it is none of them.
        among: Vec<String>,
        /// What is written, column by column.
        columns: Vec<ColumnChange>,
        /// What the answer does not say and a person is asked for.
        asks: Vec<Asked>,
        /// What was answered, in words, where no column says it.
        said: Option<String>,
    },
}

/// A column a person is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its key.
    pub key: String,
    /// Without it there is nothing to write; otherwise nobody need know it.
    pub must: bool,
}

/// A column of a row.
#[derive(Clone, PartialEq, Eq)]
pub struct ColumnChange {
    /// Its key.
    pub key: String,
    /// What the row says; none where it says nothing.
    pub before: Option<String>,
    /// What was said.
    pub after: String,
}

/// Everything the visit said otherwise, in the order of its form. What is said of one row is one difference.
#[must_use]
pub fn differences(visited: &Visited<'_>, pack: &FilePack, facts: &Facts<'_>) -> Vec<Difference> {
    let mut comparing = Comparing {
        visited,
        pack,
        facts,
        found: Vec::new(),
    };
    for (section, question) in visited.form.questions() {
        let part = match section.level {
            Level::Session => visited.session,
            Level::Child => visited.child,
        };
        let answer = part.get(&question.key);
        let Some(answer) = answer.filter(|answer| answer.unchanged_from.is_none()) else {
            continue;
        };
        for feed in &question.file {
            comparing.compare(question, answer, feed);
        }
    }
    comparing.found
}

/// The block with the members of the household.
pub const MEMBERS: &str = "members";

struct Comparing<'a> {
    visited: &'a Visited<'a>,
    pack: &'a FilePack,
    facts: &'a Facts<'a>,
    found: Vec<Difference>,
}

impl Comparing<'_> {
    fn compare(&mut self, question: &Question, answer: &Answer, feed: &Feed) {
        let facts = self.facts;
        match feed {
            Feed::Field {
                key,
                was,
                of_person,
                words,
            } => {
                let said = match of_person {
                    None => words.of(answer),
                    Some(column) => words.of(&self.of_person(answer, column)),
                };
                let (Some(rule), Some(after)) = (self.pack.field_of_any(key), said.values.first())
                else {
                    return;
                };
                let before = self.facts.text(key);
                let agrees = before.as_ref().is_some_and(|before| {
                    said.values.contains(before) || (!was.is_empty() && !was.contains(before))
                });
                if !agrees && !said.several && rule.kind != "many" {
                    let change = Change::Field {
                        holder: rule.holder.clone(),
                        key: key.clone(),
                        before,
                        after: after.clone(),
                    };
                    self.push(format!("{}/{key}", rule.holder), question, change);
                }
            }
            Feed::Column {
                block,
                column,
                only,
                words,
            } => {
                let said = words.of(answer);
                let rows: Vec<&Entry> = rows(facts, block).filter(|row| fits(row, only)).collect();
                // Of several people one was named, and the answer does not say which.
                if said.several || said.named && rows.len() > 1 {
                    return;
                }
                for row in rows {
                    if said.values.first().is_some_and(|value| value == ASK) {
                        self.ask(question, answer, block, row, column);
                    } else {
                        self.column(question, block, row, column, &said.values);
                    }
                }
            }
            Feed::OneOf {
                block,
                column,
                only,
                beside,
                words,
            } => {
                // Each answer may be about somebody else.
                for code in &answer.codes {
                    let one = Answer {
                        codes: vec![code.clone()],
                        ..Answer::default()
                    };
                    let said = words.of(&one).values;
                    if let Some(value) = said.first() {
                        let words = self.visited.form.label_of(question, code);
                        let place = (block.as_str(), column.as_str());
                        self.one_of(question, words, place, only, value, beside);
                    }
                }
            }
            Feed::Begin { block, on, values } if given(answer, on) => {
                self.begin(question, answer, block, values);
            }
            Feed::End { block, on, only } if given(answer, on) => {
                let Some(to) = self.pack.rows(block).and_then(|rule| rule.to.clone()) else {
                    return;
                };
                let rows: Vec<&Entry> = rows(facts, block).filter(|row| fits(row, only)).collect();
                for row in rows {
                    let day = [self.visited.date.to_string()];
                    self.column(question, block, row, &to, &day);
                }
            }
            Feed::Begin { .. } | Feed::End { .. } => {}
        }
    }

    fn begin(
        &mut self,
        question: &Question,
        answer: &Answer,
        block: &str,
        values: &[(String, FeedValue)],
    ) {
        let Some(rule) = self.pack.rows(block) else {
            return;
        };
        let mut columns = Vec::new();
        let mut asks = Vec::new();
        for column in &rule.columns {
            let value = values.iter().find(|(key, _)| *key == column.key);
            if value.is_some_and(|(_, value)| *value == FeedValue::Ask) {
                asks.push(Asked {
                    key: column.key.clone(),
                    must: false,
                });
            }
            let said = value.and_then(|(key, value)| self.value(answer, block, key, value));
            if let Some(after) = said {
                columns.push(ColumnChange {
                    key: column.key.clone(),
                    before: None,
                    after,
                });
            }
        }
        let facts = self.facts;
        let Some(key) = rule.columns.first().map(|first| &first.key) else {
            return;
        };
        let head = headline(rule, &columns);
        let stands = match &head {
            Some(head) => rows(facts, block).any(|row| shown(row, key).as_ref() == Some(head)),
            // What the rule does not name is asked, and any row that stands may be the one that is meant.
            None => values.iter().any(|(named, _)| named == key) || rows(facts, block).count() > 0,
        };
        if stands {
            return;
        }
        let change = Change::Row {
            block: block.to_owned(),
            row: None,
            among: Vec::new(),
            columns,
            asks,
            said: None,
        };
        let id = format!("{block}/+{}", head.unwrap_or_default());
        self.push(id, question, change);
    }

    /// A value of one of some rows, or of a row that is not there yet; nothing where one of them says it.
    fn one_of(
        &mut self,
        question: &Question,
        words: &str,
        (block, column): (&str, &str),
        only: &[(String, String)],
        value: &str,
        beside: &[String],
    ) {
        let facts = self.facts;
        let rows: Vec<&Entry> = rows(facts, block).filter(|row| fits(row, only)).collect();
        let says = |row: &&Entry| match shown(row, column) {
            Some(said) => said == value || value == ASK,
            None => false,
        };
        if rows.iter().any(says) {
            return;
        }
        let asked = |key: &str, must: bool| Asked {
            key: key.to_owned(),
            must,
        };
        let mut asks = Vec::new();
        let mut columns = Vec::new();
        match value {
            ASK => asks.push(asked(column, true)),
            _ => columns.push(ColumnChange {
                key: column.to_owned(),
                before: None,
                after: value.to_owned(),
            }),
        }
        asks.extend(beside.iter().map(|key| asked(key, false)));
        let change = Change::Row {
            block: block.to_owned(),
            row: None,
            among: rows.iter().map(|row| row.id.clone()).collect(),
            said: columns.is_empty().then(|| words.to_owned()),
            columns,
            asks,
        };
        let id = format!("{block}/?{column}={value}");
        self.push(id, question, change);
    }

    /// A column of a row that stands, about which the answer says only that there is something.
    fn ask(
        &mut self,
        question: &Question,
        answer: &Answer,
        block: &str,
        row: &Entry,
        column: &str,
    ) {
        if shown(row, column).is_some() {
            return;
        }
        let id = format!("{block}/{}", row.id);
        let asked = Asked {
            key: column.to_owned(),
            must: true,
        };
        let known = self.found.iter_mut().find(|one| one.id == id);
        if let Some(Change::Row { asks, .. }) = known.map(|one| &mut one.change) {
            asks.push(asked);
            return;
        }
        let said = answer
            .codes
            .first()
            .map(|code| self.visited.form.label_of(question, code).to_owned());
        let change = Change::Row {
            block: block.to_owned(),
            row: Some(row.id.clone()),
            among: Vec::new(),
            columns: Vec::new(),
            asks: vec![asked],
            said,
        };
        self.push(id, question, change);
    }

    fn value(
        &self,
        answer: &Answer,
        block: &str,
        column: &str,
        value: &FeedValue,
    ) -> Option<String> {
        match value {
            FeedValue::Date => Some(self.visited.date.to_string()),
            FeedValue::Fixed(value) => Some(value.clone()),
            FeedValue::Answer => plain(answer),
            FeedValue::Ask => None,
            FeedValue::Of(key) => {
                let (section, question) = self.visited.form.placed(key)?;
                let part = match section.level {
                    Level::Session => self.visited.session,
                    Level::Child => self.visited.child,
                };
                let answer = part.get(key)?;
                let feed = question.file.iter().find_map(|feed| match feed {
                    Feed::Column {
                        block: of,
                        column: its,
                        words,
                        ..
                    } if of == block && its == column => Some(words),
                    _ => None,
                });
                match feed {
                    Some(words) => words.of(answer).values.into_iter().next(),
                    None => plain(answer),
                }
            }
        }
    }

    /// One column of a row that stands; the first of the values is the one to write.
    fn column(
        &mut self,
        question: &Question,
        block: &str,
        row: &Entry,
        key: &str,
        values: &[String],
    ) {
        let is_single = self
            .pack
            .rows(block)
            .and_then(|rule| rule.column(key))
            .is_some_and(|column| column.kind != "many");
        let before = shown(row, key);
        let agrees = before
            .as_ref()
            .is_some_and(|before| values.contains(before));
        let Some(after) = values.first().filter(|_| is_single && !agrees) else {
            return;
        };
        let id = format!("{block}/{}", row.id);
        let column = ColumnChange {
            key: key.to_owned(),
            before,
            after: after.clone(),
        };
        let known = self.found.iter_mut().find(|one| one.id == id);
        if let Some(Change::Row { columns, .. }) = known.map(|one| &mut one.change) {
            if !columns.iter().any(|known| known.key == column.key) {
                columns.push(column);
            }
            return;
        }
        let change = Change::Row {
            block: block.to_owned(),
            row: Some(row.id.clone()),
            among: Vec::new(),
            columns: vec![column],
            asks: Vec::new(),
            said: None,
        };
        self.push(id, question, change);
    }

    fn push(&mut self, id: String, question: &Question, change: Change) {
        if self.found.iter().all(|known| known.id != id) {
            self.found.push(Difference {
                id,
                question: question.label.clone(),
                change,
            });
        }
    }

    /// What the member of the household says that was chosen.
    fn of_person(&self, answer: &Answer, column: &str) -> Answer {
        let mut members = rows(self.facts, MEMBERS);
        let member = members.find(|member| answer.codes.contains(&member.id));
        Answer {
            codes: member
                .and_then(|member| shown(member, column))
                .into_iter()
                .collect(),
            ..Answer::default()
        }
    }
}

fn rows<'a>(facts: &'a Facts<'a>, block: &str) -> impl Iterator<Item = &'a Entry> + use<'a> {
    facts.rows.get(block).into_iter().flatten()
}

fn given(answer: &Answer, on: &[String]) -> bool {
    match on.is_empty() {
        true => plain(answer).is_some(),
        false => answer.codes.iter().any(|code| on.contains(code)),
    }
}

fn plain(answer: &Answer) -> Option<String> {
    let text = answer.text.as_deref().map(str::trim);
    text.filter(|text| !text.is_empty())
        .or_else(|| answer.codes.first().map(String::as_str))
        .filter(|code| *code != crate::form::NA)
        .map(str::to_owned)
}

fn fits(row: &Entry, only: &[(String, String)]) -> bool {
    let says = |(key, value): &(String, String)| shown(row, key).as_ref() == Some(value);
    only.is_empty() || only.iter().any(says)
}

fn shown(row: &Entry, key: &str) -> Option<String> {
    let value = row.values.get(key).map(Scalar::to_display);
    value.filter(|text| !text.is_empty())
}

fn headline(rule: &RowsRule, columns: &[ColumnChange]) -> Option<String> {
    let first = rule.columns.first()?;
    let found = columns.iter().find(|column| column.key == first.key)?;
    Some(found.after.clone())
}

/// What 和上次一样 takes over where the file was changed since the last visit: the answer that says what the file says.
/// `value` is what the file says in a field, and `is_newer` whether that was written after the visit.
pub fn carry_from_file(
    form: &FormPack,
    level: Level,
    last: &mut PartAnswers,
    value: impl Fn(&str) -> Option<String>,
    is_newer: impl Fn(&str) -> bool,
) {
    for (section, question) in form.questions() {
        let Some(answer) = last.answers.get_mut(&question.key) else {
            continue;
        };
        answer.unchanged_from = None;
        if section.level != level {
            continue;
        }
        for feed in &question.file {
            let Feed::Field {
                key,
                of_person: None,
                words,
                ..
            } = feed
            else {
                continue;
            };
            let said = words.of(answer).values;
            let Some(value) = value(key).filter(|value| !said.contains(value) && is_newer(key))
            else {
                continue;
            };
            let code = match words.is_plain() {
                true => Some(value.as_str()),
                false => words.code_of(&value),
            };
            let Some(code) = code else {
                continue;
            };
            *answer = match question.kind.has_codes() {
                true if question.accepts(code) => Answer {
                    codes: vec![code.to_owned()],
                    ..Answer::default()
                },
                true => continue,
                false => Answer {
                    text: Some(value),
                    ..Answer::default()
                },
            };
            answer.unchanged_from = Some(crate::form::FROM_FILE.to_owned());
        }
    }
}

ids::withhold!(Change, ColumnChange);

#[cfg(test)]
mod tests;
