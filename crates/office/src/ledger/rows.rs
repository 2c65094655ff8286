//! Rows below the headings, cell by cell.

use super::{
    LedgerKind,
    codes::{self, Disability},
    columns::{CellKind, Column, ColumnTable},
    grid::{Cell, Sheet},
    headings::Headings,
    values::{
        DateReading, date_from_number, half_width, is_scientific, plain_number, read_date,
        tidy_phone, tidy_text, without_blanks,
    },
};
use domain::identity_number;
use domain::import::{
    CHILD_DISABILITY, CHILD_PSYCH, LedgerRow, LedgerValue, PARENT_SEVERE_DISABILITY, Rejection,
};
use std::collections::BTreeMap;

/// Reads all rows that speak of a child.
pub(super) fn read(sheet: &Sheet, headings: &Headings, table: &ColumnTable) -> Vec<LedgerRow> {
    sheet
        .rows
        .range(headings.row + 1..)
        .filter(|(_, cells)| !is_furniture(cells, headings, table))
        .map(|(row, cells)| read_row(*row, cells, headings, table))
        .collect()
}

/// Blank rows, repeated headings, totals and signatures.
fn is_furniture(cells: &BTreeMap<u32, Cell>, headings: &Headings, table: &ColumnTable) -> bool {
    let text = |cell: &Cell| without_blanks(&raw_text(cell));
    let told = headings
        .keys
        .keys()
        .filter_map(|column| cells.get(column))
        .any(|cell| !text(cell).is_empty());
    let name = headings
        .keys
        .iter()
        .find(|(_, key)| *key == "name")
        .and_then(|(column, _)| cells.get(column))
        .map(text);
    let is_heading = |name: &str| {
        table.plain_headings["name"]
            .iter()
            .any(|heading| heading == name)
    };
    let opens_with_footer = cells.first_key_value().is_some_and(|(column, cell)| {
        (name.is_none() || !headings.keys.contains_key(column)) && is_footer(&text(cell), table)
    });
    !told
        || opens_with_footer
        || name
            .as_deref()
            .is_some_and(|name| is_heading(name) || is_footer(name, table))
}

fn is_footer(text: &str, table: &ColumnTable) -> bool {
    table.footers.iter().any(|word| {
        text.strip_prefix(word.as_str()).is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with([':', '(', '共'])
                || rest.starts_with(|c: char| c.is_ascii_digit())
        })
    })
}

fn raw_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => plain_number(*number),
        Cell::Date(date) => date.to_string(),
    }
}

fn read_row(
    number: u32,
    cells: &BTreeMap<u32, Cell>,
    headings: &Headings,
    table: &ColumnTable,
) -> LedgerRow {
    let mut reading = Reading {
        table,
        row: LedgerRow {
            row: number,
            ..LedgerRow::default()
        },
        benefits: Vec::new(),
    };
    for (at, key) in &headings.keys {
        let (Some(cell), Some(column)) = (cells.get(at), table.column(key)) else {
            continue;
        };
        reading.cell(cell, column);
    }
    reading.finish(headings.kind)
}

struct Reading<'t> {
    table: &'t ColumnTable,
    row: LedgerRow,
    benefits: Vec<String>,
}

impl Reading<'_> {
    fn put(&mut self, key: &str, raw: &str, value: String) {
        if !value.is_empty() {
            self.row.values.insert(
                key.to_owned(),
                LedgerValue {
                    raw: tidy_text(raw),
                    value,
                },
            );
        }
    }

    fn not_understood(&mut self, column: &Column, raw: &str) {
        self.row.notes.push(format!(
            "{}“{}”看不懂，未导入这一格。",
            column.label,
            tidy_text(raw)
        ));
    }

    /// A cell that says what belongs into no file a village holds: of it only what may stand there is read.
    fn keep_back(&mut self, column: &Column, raw: &str) {
        let confidential = &self.table.confidential;
        if column.kind == CellKind::Difficulty {
            let others = codes::categories(&self.table.difficulty_words, raw);
            self.row.categories.extend(others);
        }
        if matches!(column.key.as_str(), "hardship_cause" | "remark")
            && let Some(clause) = codes::severe_parent(raw)
            && !confidential.is_in(&clause)
        {
            self.row
                .facts
                .insert(PARENT_SEVERE_DISABILITY.into(), clause);
        }
        let then = if confidential.of_the_child.contains(&column.key) {
            self.row.categories.insert(confidential.code.clone());
            "已按“其他困境（保密）”登记，不写原因"
        } else {
            "说的如果是孩子本人，请在“为什么在名单里”补记“其他困境（保密）”，不写原因"
        };
        self.row.notes.push(format!(
            "“{}”里有要保密的内容，没有导入这一格；{then}。请站长按纸质材料直接和区民政局办，这份台账用完收好。",
            column.label
        ));
    }

    fn cell(&mut self, cell: &Cell, column: &Column) {
        let raw = raw_text(cell);
        let bare = without_blanks(&raw);
        if matches!(bare.as_str(), "" | "/" | "-" | "—" | "——" | "\\") {
            return;
        }
        if self.table.confidential.is_in(&raw) {
            self.keep_back(column, &raw);
            return;
        }
        match column.kind {
            CellKind::Text => self.text(column, &raw),
            CellKind::Code | CellKind::YesNo => self.code(column, &raw),
            CellKind::Date => self.date(cell, column, &raw),
            CellKind::IdNo => self.id_no(cell, column, &raw),
            CellKind::Phone => self.phone(cell, column, &raw),
            CellKind::Number => self.number(column, &raw),
            CellKind::Disability => self.disability(&raw),
            CellKind::Illness => self.illness(&raw),
            CellKind::DisabilityOrIllness => match codes::disability(&raw) {
                Some(found) if found.is_certain() => self.disability(&raw),
                _ => self.illness(&raw),
            },
            CellKind::ParentDisability => {
                if codes::disability(&raw).is_some_and(|found| found.is_severe()) {
                    let who = if column.key.starts_with("father") {
                        "父亲"
                    } else {
                        "母亲"
                    };
                    self.row
                        .facts
                        .insert(PARENT_SEVERE_DISABILITY.into(), format!("{who}{bare}"));
                }
            }
            CellKind::LeftBehind => {
                let found = codes::categories(&self.table.left_behind_words, &raw);
                match found.into_iter().next_back() {
                    Some(code) => _ = self.row.categories.insert(code),
                    None => self.not_understood(column, &raw),
                }
            }
            CellKind::LeftBehindMark => {
                if codes::mark(self.table, &raw) == Some(true) {
                    let mut kinds = self.table.left_behind_words.iter();
                    let kind = kinds.find(|kind| kind.mark.as_ref() == Some(&column.key));
                    self.row
                        .categories
                        .extend(kind.map(|kind| kind.code.clone()));
                }
            }
            CellKind::Difficulty => {
                let found = codes::categories(&self.table.difficulty_words, &raw);
                if found.is_empty() {
                    let other = &self.table.categories;
                    let sentence = format!(
                        "困境类别“{}”对不上目录，暂按“{}”登记。",
                        tidy_text(&raw),
                        other.other_words
                    );
                    self.row.notes.push(sentence);
                    self.row.categories.insert(other.other.clone());
                }
                self.row.categories.extend(found);
            }
            CellKind::Benefit => match codes::mark(self.table, &raw) {
                Some(true) => self.benefits.push(format!("{}：已享受", column.label)),
                Some(false) => {}
                None => self
                    .benefits
                    .push(format!("{}：{}", column.label, tidy_text(&raw))),
            },
        }
    }

    fn text(&mut self, column: &Column, raw: &str) {
        let value = if column.key.ends_with("name") {
            name(raw)
        } else {
            tidy_text(raw)
        };
        if matches!(column.key.as_str(), "hardship_cause" | "remark")
            && let Some(clause) = codes::severe_parent(raw)
        {
            self.row
                .facts
                .insert(PARENT_SEVERE_DISABILITY.into(), clause);
        }
        self.put(&column.key, raw, value);
    }

    fn code(&mut self, column: &Column, raw: &str) {
        let list = column.list.as_deref().unwrap_or_default();
        match codes::code_of(self.table, list, raw) {
            Some(code) => self.put(&column.key, raw, code),
            None => self.not_understood(column, raw),
        }
    }

    fn date(&mut self, cell: &Cell, column: &Column, raw: &str) {
        let reading = match cell {
            Cell::Date(date) => DateReading::Day(*date),
            Cell::Number(number) => date_from_number(*number),
            Cell::Text(text) => read_date(text),
        };
        match reading {
            DateReading::Day(date) => self.put(&column.key, raw, date.to_string()),
            DateReading::Impossible => self.row.rejections.push(Rejection::BirthImpossible {
                raw: tidy_text(raw),
            }),
            DateReading::NotADate => self.not_understood(column, raw),
        }
    }

    fn id_no(&mut self, cell: &Cell, column: &Column, raw: &str) {
        let ruined = match cell {
            Cell::Number(number) => number.abs() >= 1e15 || number.fract() != 0.0,
            _ => is_scientific(raw),
        };
        if ruined && column.key == "id_no" {
            let raw = if let Cell::Number(number) = cell {
                as_excel_shows(*number)
            } else {
                half_width(raw)
            };
            self.row.rejections.push(Rejection::IdScientific { raw });
        } else if ruined {
            self.row.notes.push(format!(
                "{}被表格存成了数字，后几位已丢失，未导入这一格。",
                column.label
            ));
        } else if codes::says_nothing(raw) {
            if column.key == "id_no" {
                self.put("id_type", raw, "00".into());
            }
        } else {
            self.put(&column.key, raw, identity_number::normalise(raw));
        }
    }

    fn phone(&mut self, cell: &Cell, column: &Column, raw: &str) {
        let text = if let Cell::Number(number) = cell {
            format!("{number:.0}")
        } else {
            raw.to_owned()
        };
        if !codes::says_nothing(&text) {
            self.put(&column.key, raw, tidy_phone(&text));
        }
    }

    fn number(&mut self, column: &Column, raw: &str) {
        let digits: String = half_width(raw)
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        if digits.is_empty() {
            self.not_understood(column, raw)
        } else {
            self.put(&column.key, raw, digits)
        }
    }

    fn disability(&mut self, raw: &str) {
        let Some(found) = codes::disability(raw) else {
            return;
        };
        let (kind, words) = fact(&found);
        self.row.facts.insert(kind.into(), words);
        self.put("disability", raw, found.text);
    }

    fn illness(&mut self, raw: &str) {
        if !codes::says_nothing(raw) {
            self.put("illness", raw, tidy_text(raw));
        }
    }

    fn finish(mut self, kind: LedgerKind) -> LedgerRow {
        if !self.benefits.is_empty() {
            let mut all: Vec<String> = self
                .row
                .value("benefits")
                .map(str::to_owned)
                .into_iter()
                .collect();
            all.append(&mut self.benefits);
            let text = all.join("；");
            self.put("benefits", &text.clone(), text);
        }
        if self
            .row
            .value("id_no")
            .is_some_and(|number| number.len() == 18)
            && self.row.value("id_type").is_none()
        {
            self.put("id_type", "", "01".into());
        }
        if let (Some(address), None) = (
            self.row.value("addr").map(str::to_owned),
            self.row.value("group"),
        ) && let Some(group) = group_in(&address)
        {
            self.put("group", &address, group);
        }
        match kind {
            LedgerKind::L1 => {
                let kinds = &self.table.left_behind_words;
                let is_said = kinds
                    .iter()
                    .any(|kind| self.row.categories.contains(&kind.code));
                if let Some(kind) = kinds.iter().find(|kind| kind.unsaid && !is_said) {
                    self.row.categories.insert(kind.code.clone());
                    self.row.notes.push(format!(
                        "没有写留守类型，暂按“{}”登记，请核实。",
                        kind.written.as_ref().unwrap_or(&kind.code)
                    ));
                }
            }
            LedgerKind::L2 => {
                let other = &self.table.categories;
                if self.row.value("disability").is_some() {
                    self.row.categories.insert(other.disability.clone());
                }
                if self.row.categories.is_empty() {
                    self.row.categories.insert(other.other.clone());
                    self.row
                        .notes
                        .push(format!("没有写困境类别，暂按“{}”登记。", other.other_words));
                }
            }
        }
        if self.row.name().is_empty() {
            self.row.rejections.insert(0, Rejection::NameMissing);
        }
        self.row
    }
}

fn fact(found: &Disability) -> (&'static str, String) {
    let kind = if found.is_mental() {
        CHILD_PSYCH
    } else {
        CHILD_DISABILITY
    };
    (kind, format!("自身残疾：{}", found.text))
}

/// Names lose the blanks offices put between two characters; the middle dot has many faces and one code point.
fn name(raw: &str) -> String {
    let joined: String = raw
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}' | '\u{feff}'))
        .collect();
    joined.replace(['•', '・', '∙', '‧', '．', '●'], "·")
}

/// 二组 out of 芦汀镇白荷村二组12号.
fn group_in(address: &str) -> Option<String> {
    let end = address.find('组')?;
    let before: Vec<char> = half_width(&address[..end]).chars().collect();
    let number: String = before
        .iter()
        .rev()
        .take_while(|c| c.is_ascii_digit() || "一二三四五六七八九十".contains(**c))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    (!number.is_empty()).then(|| format!("{number}组"))
}

fn as_excel_shows(number: f64) -> String {
    let text = format!("{number:.5E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) => format!("{mantissa}E+{exponent}"),
        None => text,
    }
}
