//! Which answers say something that the child's file keeps as well (column `x_file` of the spreadsheet).
//!
//! One rule per line, in the words of the form and of `policy/fields.json`:
//!
//! ```text
//! health was=good was=fair: ok=good fair=fair     a field of the file, while it says that or nothing
//! boarding                               without a list the answer stands as it is
//! carer_phone @phone                     what the member that was chosen says in that column
//! work.place                             a column of the block's rows that stand
//! members.lives_here relation=51: f=y dorm=- *=n     only of rows that say so; `-` says nothing, `*` is every other answer
//! one members.special relation=51 relation=52 +special_from: jail=prison     one of these rows or a new one; who it is
//!                                        a person says, and the columns with `+` are asked beside it
//! begin benefit got: kind=education status=granted since=?     a new row, where none with that headline stands
//! end work home                          the rows that stand end on the day of the visit
//! ```
//!
//! `@date` is the day of the visit, `@answer` the answer itself, `@key` what another question says to the same column, `?` is
//! asked where it is written down: the answer does not say it, as a day that is not the visit's.
//! Nothing is written by a rule: it only says what to compare ([`crate::difference`]).

use super::answers::Answer;
use super::fault::PackFault;
use super::pack::NA;
use crate::file::{FieldRule, FilePack};

/// A rule of the form: where an answer is kept in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feed {
    /// A field.
    Field {
        /// Its key.
        key: String,
        /// Only while it says one of these, or nothing.
        was: Vec<String>,
        /// What the chosen member of the household says in this column, instead of the answer.
        of_person: Option<String>,
        /// Which answer is which value.
        words: Words,
    },
    /// A column of the rows that stand.
    Column {
        /// Block of the file.
        block: String,
        /// Its column.
        column: String,
        /// Only of rows that say one of these.
        only: Vec<(String, String)>,
        /// Which answer is which value.
        words: Words,
    },
    /// A column of one of the rows that stand, or of a new one; which, a person says.
    OneOf {
        /// Block of the file.
        block: String,
        /// Its column.
        column: String,
        /// Rows it may be: those that say one of these.
        only: Vec<(String, String)>,
        /// Columns that are asked beside it.
        beside: Vec<String>,
        /// Which answer is which value.
        words: Words,
    },
    /// A row that begins.
    Begin {
        /// Block of the file.
        block: String,
        /// Answers with which it begins; none where any does.
        on: Vec<String>,
        /// Its columns.
        values: Vec<(String, FeedValue)>,
    },
    /// Rows that end.
    End {
        /// Block of the file.
        block: String,
        /// Answers with which they end.
        on: Vec<String>,
        /// Only rows that say one of these.
        only: Vec<(String, String)>,
    },
}

/// What a column of a new row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedValue {
    /// The day of the visit.
    Date,
    /// The answer itself.
    Answer,
    /// What another question says to the same column.
    Of(String),
    /// Asked of the person who writes it down.
    Ask,
    /// Always the same.
    Fixed(String),
}

/// Which answer is which value of the file; without any the answer stands as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Vec<(String, Option<String>)>);

/// Every other answer.
const OTHERWISE: &str = "*";
/// An answer about which the file says nothing.
const SILENT: &str = "-";
/// A value the answer does not say: it is asked where it is written down.
pub(crate) const ASK: &str = "?";

/// What an answer says to the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Values that agree with it, the one to write first.
    pub values: Vec<String>,
    /// Several were chosen, so that there is no one value to write.
    pub several: bool,
    /// An answer named it; it does not only follow from what was not chosen.
    pub named: bool,
}

impl Words {
    fn read(pairs: Vec<(String, String)>) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(code, value)| (code, (value != SILENT).then_some(value)))
                .collect(),
        )
    }

    /// The values an answer stands for.
    pub(crate) fn of(&self, answer: &Answer) -> Said {
        let codes: Vec<&String> = answer.codes.iter().filter(|code| *code != NA).collect();
        let text = answer.text.as_deref().map(str::trim).unwrap_or_default();
        if self.0.is_empty() {
            // Of a member that was chosen the text is the name and the code only the row.
            let values: Vec<String> = match text.is_empty() {
                true => codes.into_iter().cloned().collect(),
                false => vec![text.to_owned()],
            };
            return Said {
                named: !values.is_empty(),
                several: values.len() > 1,
                values,
            };
        }
        if codes.is_empty() {
            return Said::default();
        }
        let mut values = Vec::new();
        let mut from: Vec<&String> = Vec::new();
        for (code, value) in &self.0 {
            if !codes.contains(&code) {
                continue;
            }
            match value {
                None => return Said::default(),
                Some(value) => {
                    if !values.contains(value) {
                        values.push(value.clone());
                    }
                    if !from.contains(&code) {
                        from.push(code);
                    }
                }
            }
        }
        let named = !values.is_empty();
        if !named {
            let other = self.0.iter().find(|(code, _)| code == OTHERWISE);
            values.extend(other.and_then(|(_, value)| value.clone()));
        }
        Said {
            several: from.len() > 1 && values.len() > 1,
            values,
            named,
        }
    }

    /// The answer that stands for a value of the file.
    pub(crate) fn code_of(&self, value: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(code, known)| code != OTHERWISE && known.as_deref() == Some(value));
        found.map(|(code, _)| code.as_str())
    }

    /// The answer stands as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_empty()
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        let named = self.0.iter().map(|(code, _)| code.as_str());
        named.filter(|code| *code != OTHERWISE)
    }
}

impl Feed {
    /// Reads a line.
    pub(super) fn read(line: &str) -> Result<Self, PackFault> {
        let bad = || PackFault::BadFeed(line.to_owned());
        let (head, tail) = match line.split_once([':', '：']) {
            Some((head, tail)) => (head.trim(), tail.trim()),
            None => (line.trim(), ""),
        };
        let pairs = tail
            .split_whitespace()
            .map(|word| pair(word).ok_or_else(bad))
            .collect::<Result<Vec<_>, _>>()?;
        let mut words = head.split_whitespace();
        let first = words.next().ok_or_else(bad)?;
        let rest: Vec<&str> = words.collect();
        let named = |rest: &[&str]| -> Result<(String, Vec<String>), PackFault> {
            let (block, on) = rest.split_first().ok_or_else(bad)?;
            let plain = rest.iter().all(|word| is_key(word));
            let on = on.iter().map(|code| (*code).to_owned()).collect();
            plain.then(|| ((*block).to_owned(), on)).ok_or_else(bad)
        };
        match first {
            "begin" => {
                let (block, on) = named(&rest)?;
                let values: Vec<(String, FeedValue)> = pairs
                    .into_iter()
                    .map(|(column, value)| (column, FeedValue::read(&value)))
                    .collect();
                let keyed = values.iter().all(|(column, _)| is_key(column));
                match keyed && !values.is_empty() {
                    true => Ok(Self::Begin { block, on, values }),
                    false => Err(bad()),
                }
            }
            "one" => {
                let (place, rest) = rest.split_first().ok_or_else(bad)?;
                let (block, column) = place.split_once('.').ok_or_else(bad)?;
                let (beside, only): (Vec<&str>, Vec<&str>) =
                    rest.iter().partition(|word| word.starts_with('+'));
                let beside: Vec<String> = beside.iter().map(|word| word[1..].to_owned()).collect();
                let only = only
                    .iter()
                    .map(|word| pair(word).ok_or_else(bad))
                    .collect::<Result<Vec<_>, _>>()?;
                let keyed = is_key(block) && is_key(column) && beside.iter().all(|it| is_key(it));
                match keyed && !only.is_empty() && !pairs.is_empty() {
                    true => Ok(Self::OneOf {
                        block: block.to_owned(),
                        column: column.to_owned(),
                        only,
                        beside,
                        words: Words::read(pairs),
                    }),
                    false => Err(bad()),
                }
            }
            "end" => {
                let (block, on) = named(&rest)?;
                match on.is_empty() {
                    true => Err(bad()),
                    false => Ok(Self::End {
                        block,
                        on,
                        only: pairs,
                    }),
                }
            }
            place => {
                let words = Words::read(pairs);
                let (of_person, rest): (Vec<&str>, Vec<&str>) =
                    rest.into_iter().partition(|word| word.starts_with('@'));
                let only = rest
                    .iter()
                    .map(|word| pair(word).ok_or_else(bad))
                    .collect::<Result<Vec<_>, _>>()?;
                let of_person = match of_person.as_slice() {
                    [] => None,
                    [one] => Some(one[1..].to_owned()),
                    _ => return Err(bad()),
                };
                match place.split_once('.') {
                    Some((block, column))
                        if is_key(block) && is_key(column) && of_person.is_none() =>
                    {
                        Ok(Self::Column {
                            block: block.to_owned(),
                            column: column.to_owned(),
                            only,
                            words,
                        })
                    }
                    None if is_key(place) && only.iter().all(|(word, _)| word == "was") => {
                        Ok(Self::Field {
                            key: place.to_owned(),
                            was: only.into_iter().map(|(_, value)| value).collect(),
                            of_person,
                            words,
                        })
                    }
                    _ => Err(bad()),
                }
            }
        }
    }

    /// The fields and columns in which the answer stands as it is or as a word of it. Where it names a person whose number the
    /// file knows, it says none itself.
    #[must_use]
    pub fn fields<'p>(&self, file: &'p FilePack) -> Vec<&'p FieldRule> {
        let column = |block: &str, key: &str| file.rows(block)?.column(key);
        match self {
            Self::Field {
                key,
                of_person: None,
                ..
            } => file.field_of_any(key).into_iter().collect(),
            Self::Column {
                block, column: key, ..
            }
            | Self::OneOf {
                block, column: key, ..
            } => column(block, key).into_iter().collect(),
            Self::Begin { block, values, .. } => values
                .iter()
                .filter(|(_, value)| *value == FeedValue::Answer)
                .filter_map(|(key, _)| column(block, key))
                .collect(),
            Self::Field { .. } | Self::End { .. } => Vec::new(),
        }
    }

    /// The columns in which the answers of other questions stand, with those questions.
    #[must_use]
    pub fn fields_of_others<'a, 'p>(&'a self, file: &'p FilePack) -> Vec<(&'a str, &'p FieldRule)> {
        let Self::Begin { block, values, .. } = self else {
            return Vec::new();
        };
        let named = values.iter().filter_map(|(key, value)| match value {
            FeedValue::Of(question) => Some((question.as_str(), file.rows(block)?.column(key)?)),
            _ => None,
        });
        named.collect()
    }

    /// Codes of the question that the rule names.
    pub(super) fn codes(&self) -> Vec<&str> {
        match self {
            // What a member says is none of the question's options.
            Self::Field {
                of_person: Some(_), ..
            } => Vec::new(),
            Self::Field { words, .. } | Self::Column { words, .. } | Self::OneOf { words, .. } => {
                words.codes().collect()
            }
            Self::Begin { on, .. } | Self::End { on, .. } => {
                on.iter().map(String::as_str).collect()
            }
        }
    }

    /// Other questions that the rule names.
    pub(super) fn questions(&self) -> impl Iterator<Item = &str> {
        let values = match self {
            Self::Begin { values, .. } => values.as_slice(),
            _ => &[],
        };
        values.iter().filter_map(|(_, value)| match value {
            FeedValue::Of(key) => Some(key.as_str()),
            _ => None,
        })
    }
}

impl FeedValue {
    fn read(word: &str) -> Self {
        match word {
            "@date" => Self::Date,
            "@answer" => Self::Answer,
            ASK => Self::Ask,
            _ => match word.strip_prefix('@') {
                Some(key) => Self::Of(key.to_owned()),
                None => Self::Fixed(word.to_owned()),
            },
        }
    }
}

fn pair(word: &str) -> Option<(String, String)> {
    let (left, right) = word.split_once('=')?;
    (!left.is_empty() && !right.is_empty()).then(|| (left.to_owned(), right.to_owned()))
}

fn is_key(word: &str) -> bool {
    let plain = |one: char| one.is_ascii_alphanumeric() || one == '_';
    !word.is_empty() && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(codes: &[&str]) -> Answer {
        Answer {
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            ..Answer::default()
        }
    }

    #[test]
    fn a_line_is_a_field_a_column_a_beginning_or_an_end() {
        for line in [
            "health was=good: ok=good",
            "boarding",
            "carer_class @relation: 51=parents",
            "work.place",
            "members.lives_here relation=51 relation=57: f=y *=n",
            "begin wish: text=@answer said_on=@date status=said",
            "end work f: who=m who=both",
            "delegation.valid_to: expired=?",
            "one members.special relation=51 relation=52 +special_from: jail=prison",
        ] {
            Feed::read(line).expect(line);
        }
        for line in [
            "",
            "health: ok",
            "学校",
            "school x=y: a=b",
            "begin wish",
            "end work",
            "begin",
            "a.b.c",
            "one members.special: jail=prison",
            "one members relation=51: jail=prison",
            "one members.special relation=51",
        ] {
            Feed::read(line).expect_err(line);
        }
    }

    #[test]
    fn an_answer_stands_for_what_the_line_says_and_for_nothing_where_it_says_so() {
        let Ok(Feed::Column { words, .. }) = Feed::read("members.lives_here: f=y dorm=- *=n")
        else {
            panic!("a column");
        };
        let said = |codes: &[&str]| words.of(&chosen(codes)).values;
        assert_eq!(said(&["f", "m"]), ["y"]);
        assert_eq!(said(&["m"]), ["n"], "who is not named is not there");
        assert!(said(&["m", "dorm"]).is_empty());
        assert!(said(&[NA]).is_empty(), "who does not know says nothing");
        assert!(said(&[]).is_empty());
        assert_eq!(words.code_of("y"), Some("f"));
        assert_eq!(words.code_of("n"), None);
        let Ok(Feed::Column { words: often, .. }) =
            Feed::read("work.contact_freq: week=weekly week=several less=rare")
        else {
            panic!("a column");
        };
        assert_eq!(often.of(&chosen(&["week"])).values, ["weekly", "several"]);
        assert!(!often.of(&chosen(&["week"])).several);
        assert!(often.of(&chosen(&["week", "less"])).several);
        assert_eq!(Words::default().of(&chosen(&["y"])).values, ["y"]);
    }
}
