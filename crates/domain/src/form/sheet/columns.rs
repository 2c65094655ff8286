//! A sheet with its headings understood: cells by name of column.

use super::{LANGUAGE, Sheet, SheetFault};
use std::collections::BTreeMap;

/// A column of the subset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub name: &'static str,
    /// Has one column per language, `label::中文(zh)`.
    pub spoken: bool,
}

pub(super) const fn column(name: &'static str) -> Column {
    Column {
        name,
        spoken: false,
    }
}

pub(super) const fn spoken(name: &'static str) -> Column {
    Column { name, spoken: true }
}

/// A sheet's rows below its headings.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub name: String,
    /// Column number by heading, `label` or `label::English(en)`.
    pub columns: BTreeMap<String, u32>,
    /// Rows by number.
    pub rows: BTreeMap<u32, BTreeMap<u32, String>>,
}

impl Table {
    /// Reads the headings; a column that is not of the subset is refused if anything stands in it.
    pub(super) fn read(
        sheets: &[Sheet],
        name: &str,
        known: &[Column],
        faults: &mut Vec<SheetFault>,
    ) -> Self {
        let mut table = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        let Some(sheet) = sheets.iter().find(|sheet| sheet.name == name) else {
            faults.push(table.fault(1, None, format!("缺少名叫“{name}”的表")));
            return table;
        };
        table.rows = sheet.rows.clone();
        let headings = table.rows.remove(&1).unwrap_or_default();
        for (number, heading) in headings {
            let heading = heading.trim().to_owned();
            let (base, language) = match heading.split_once("::") {
                Some((base, language)) => (base.trim(), Some(language.trim())),
                None => (heading.as_str(), None),
            };
            let fits = known
                .iter()
                .any(|column| column.name == base && (column.spoken || language.is_none()));
            let used = table.rows.values().any(|row| row.contains_key(&number));
            if !fits {
                if used {
                    let cause = format!("“{heading}”这一列不在能用的范围里");
                    faults.push(table.fault_at(1, number, &heading, cause));
                }
                continue;
            }
            let name = match language {
                Some(language) => format!("{base}::{language}"),
                None => base.to_owned(),
            };
            if table.columns.insert(name.clone(), number).is_some() {
                let cause = format!("“{name}”这一列写了两次");
                faults.push(table.fault_at(1, number, &heading, cause));
            }
        }
        table
    }

    /// The text of a cell, without the space around it.
    pub(super) fn cell(&self, row: u32, column: &str) -> Option<&str> {
        let number = self.columns.get(column)?;
        let text = self.rows.get(&row)?.get(number)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The text in the form's own language: `label::中文(zh)`, else `label`.
    pub(super) fn spoken(&self, row: u32, column: &str, language: &str) -> Option<&str> {
        self.cell(row, &format!("{column}::{language}"))
            .or_else(|| self.cell(row, column))
    }

    /// Texts in the other languages, with the language's name.
    pub(super) fn translations<'a>(
        &'a self,
        row: u32,
        column: &'a str,
        language: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.columns.keys().filter_map(move |name| {
            let other = name.strip_prefix(column)?.strip_prefix("::")?;
            (other != language).then_some(())?;
            Some((other, self.cell(row, name)?))
        })
    }

    /// A yes-or-no cell; empty is no.
    pub(super) fn flag(&self, row: u32, column: &str, faults: &mut Vec<SheetFault>) -> bool {
        match self.cell(row, column).map(yes_or_no) {
            None => false,
            Some(Some(flag)) => flag,
            Some(None) => {
                faults.push(self.fault(row, Some(column), "这里只能写 yes 或 no".to_owned()));
                false
            }
        }
    }

    /// Refuses every filled cell of these columns.
    pub(super) fn refuse_filled(
        &self,
        row: u32,
        columns: &[Column],
        cause: &str,
        faults: &mut Vec<SheetFault>,
    ) {
        for (name, number) in &self.columns {
            let base = name.split("::").next().unwrap_or(name);
            let named = columns.iter().any(|column| column.name == base);
            if named && self.cell(row, name).is_some() {
                faults.push(self.fault_at(row, *number, name, cause.to_owned()));
            }
        }
    }

    /// Refuses words that would be shown as they stand here, where other programs read more into them: an answer put in
    /// its place, Markdown, HTML. `columns` are those with words, each in every language.
    pub(super) fn refuse_marked(&self, row: u32, columns: &[&str], faults: &mut Vec<SheetFault>) {
        for (name, number) in &self.columns {
            let base = name.split("::").next().unwrap_or(name);
            let words = columns.contains(&base).then(|| self.cell(row, name));
            if let Some(cause) = words.flatten().and_then(more_than_words) {
                faults.push(self.fault_at(row, *number, name, cause.to_owned()));
            }
        }
    }

    /// A fault in a cell by the name of its column, the one of the form's language where there are several.
    pub(super) fn fault(&self, row: u32, column: Option<&str>, cause: String) -> SheetFault {
        let found = column.and_then(|column| {
            let prefix = format!("{column}::");
            let own = format!("{column}::{LANGUAGE}");
            let mut named = self.columns.iter();
            self.columns
                .get_key_value(column)
                .or_else(|| self.columns.get_key_value(&own))
                .or_else(|| named.find(|(name, _)| name.starts_with(&prefix)))
        });
        match found {
            Some((heading, number)) => self.fault_at(row, *number, heading, cause),
            None => self.fault_at(row, 0, column.unwrap_or_default(), cause),
        }
    }

    fn fault_at(&self, row: u32, column: u32, heading: &str, cause: String) -> SheetFault {
        SheetFault {
            sheet: self.name.clone(),
            row,
            column,
            heading: heading.to_owned(),
            cause,
        }
    }
}

/// What other programs would make of words beside showing them; none where they are words and nothing else.
fn more_than_words(text: &str) -> Option<&'static str> {
    if text.contains("${") {
        return Some("文字里不能有“${…}”；这里只能写固定的话，不会换成别的题的回答");
    }
    if has_tag(text) {
        return Some("文字里不能有 HTML（“<…>”“&…;”）；会照原样显示");
    }
    has_mark(text).then_some("文字里不能有 Markdown 记号（* _ # [ ]( )）；会照原样显示")
}

/// `<b>`, `</b>`, `<!--`, `&nbsp;`; `<3人>` is none.
fn has_tag(text: &str) -> bool {
    let opens = |rest: &str| {
        let first = rest.chars().next();
        first.is_some_and(|one| one.is_ascii_alphabetic() || matches!(one, '/' | '!'))
            && rest.contains('>')
    };
    let is_entity = |rest: &str| {
        let name = rest.split_once(';').map(|(name, _)| name);
        name.is_some_and(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|one| one.is_ascii_alphanumeric() || one == '#')
        })
    };
    let after = |mark: char| text.split(mark).skip(1);
    after('<').any(opens) || after('&').any(is_entity)
}

/// `**x**`, `*x*`, `__x__`, `_x_` between other words, `[x](y)`, a line with `#` before it, and a mark that was kept from
/// being one with a `\`.
fn has_mark(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let at = |place: usize| letters.get(place).copied();
    let is_word = |place: Option<usize>| {
        let letter = place.and_then(at);
        letter.is_some_and(char::is_alphanumeric)
    };
    let is_inside = |place: Option<usize>| {
        let letter = place.and_then(at);
        letter.is_some_and(|one| !one.is_whitespace() && !matches!(one, '*' | '_'))
    };
    let opens = |place: usize, mark: char| {
        at(place) == Some(mark)
            && is_inside(Some(place + 1))
            && (mark == '*' || !is_word(place.checked_sub(1)))
    };
    let closes = |place: usize, mark: char| {
        at(place) == Some(mark)
            && is_inside(place.checked_sub(1))
            && (mark == '*' || !is_word(Some(place + 1)))
    };
    let is_pair = |mark: char| {
        let first = (0..letters.len()).find(|place| opens(*place, mark));
        first.is_some_and(|first| (first + 1..letters.len()).any(|place| closes(place, mark)))
    };
    let is_link = text
        .split_once("](")
        .is_some_and(|(before, after)| before.contains('[') && after.contains(')'));
    let is_heading = |line: &str| {
        let rest = line.trim_start().trim_start_matches('#');
        rest.len() < line.trim_start().len() && !rest.trim().is_empty()
    };
    let is_kept = ["\\*", "\\_", "\\#", "\\["]
        .iter()
        .any(|kept| text.contains(kept));
    is_pair('*') || is_pair('_') || is_link || is_kept || text.lines().any(is_heading)
}

/// yes or no, in the ways people write them.
pub(super) fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "是" => Some(true),
        "no" | "false" | "否" => Some(false),
        _ => None,
    }
}

/// Words divided by spaces or Chinese commas.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|one: char| one.is_whitespace() || matches!(one, '、' | ',' | '，'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
