//! A form written in a spreadsheet: the XLSForm subset, read from cells and written back as cells.
//!
//! A district writes its form in the sheets `survey`, `choices` and `settings`, as in ODK; `x_summary` says what the
//! summary is made of, and a sheet named 说明 is for people only. Columns that begin with `x_` are ours. Whatever is
//! outside the subset is refused with sheet, row, column and cause, all of it at once; nothing is half understood.
//! Reading a file is not done here: the caller brings cells.

mod choices;
mod columns;
mod places;
mod settings;
mod survey;
mod write;

pub use write::to_sheets;

use super::compile::check_pack;
use super::file::PackFile;
use super::pack::FormPack;
use crate::file::FilePack;
use columns::Table;
use std::collections::BTreeMap;
use std::fmt;

/// The sheet with the questions.
const SURVEY: &str = "survey";
/// The sheet with the options.
const CHOICES: &str = "choices";
/// The sheet with name and version.
const SETTINGS: &str = "settings";
/// The sheet with the lines of the summary.
const SUMMARY: &str = "x_summary";
/// The sheet for people who write forms.
const NOTES: &str = "说明";
/// The language a form has when it names none.
const LANGUAGE: &str = "中文(zh)";

/// A sheet as text: rows by their number from 1, cells by column from 0; empty cells are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Name on its tab.
    pub name: String,
    /// Rows.
    pub rows: BTreeMap<u32, BTreeMap<u32, String>>,
}

/// One thing that is wrong in a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SheetFault {
    /// Sheet.
    pub sheet: String,
    /// Row as the spreadsheet numbers it.
    pub row: u32,
    /// Column from 0.
    pub column: u32,
    /// Heading of the column, if it has one.
    pub heading: String,
    /// What is wrong, in Chinese.
    pub cause: String,
}

impl fmt::Display for SheetFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = letters(self.column);
        write!(formatter, "{} 第{}行 {column}列", self.sheet, self.row)?;
        if !self.heading.is_empty() {
            write!(formatter, "（{}）", self.heading)?;
        }
        write!(formatter, "：{}", self.cause)
    }
}

/// A form as it came out of a spreadsheet.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledForm {
    /// The pack's file.
    pub json: String,
    /// The pack, checked.
    pub pack: FormPack,
}

/// Compiles a form from the cells of a spreadsheet.
///
/// # Errors
/// Everything that is wrong, in the order of the sheets.
pub fn compile_sheets(sheets: &[Sheet]) -> Result<CompiledForm, Vec<SheetFault>> {
    compile(sheets, None)
}

/// The same for a place whose children's file is known: what a form may not do with that file is refused, too.
///
/// # Errors
/// As [`compile_sheets`].
pub fn compile_sheets_for(
    sheets: &[Sheet],
    fields: &FilePack,
) -> Result<CompiledForm, Vec<SheetFault>> {
    compile(sheets, Some(fields))
}

fn compile(sheets: &[Sheet], fields: Option<&FilePack>) -> Result<CompiledForm, Vec<SheetFault>> {
    let mut faults = Vec::new();
    for sheet in sheets {
        let known = [SURVEY, CHOICES, SETTINGS, SUMMARY, NOTES].contains(&sheet.name.as_str());
        if !known && let Some((row, cells)) = sheet.rows.first_key_value() {
            let column = cells.keys().next().copied().unwrap_or_default();
            faults.push(SheetFault {
                sheet: sheet.name.clone(),
                row: *row,
                column,
                heading: String::new(),
                cause: format!("不认识这张表；只给人看的内容请放在名叫“{NOTES}”的表里"),
            });
        }
    }
    let settings = Table::read(sheets, SETTINGS, settings::COLUMNS, &mut faults);
    let heading = settings::read(&settings, &mut faults);
    let choices = Table::read(sheets, CHOICES, choices::COLUMNS, &mut faults);
    let lists = choices::read(&choices, &heading.language, &mut faults);
    let survey = Table::read(sheets, SURVEY, survey::COLUMNS, &mut faults);
    let mut read = survey::read(&survey, &lists, &heading.language, &mut faults);
    for (language, texts) in &heading.translations {
        let of_language = read.translations.entry(language.clone()).or_default();
        of_language.extend(texts.clone());
    }
    let summary = match sheets.iter().any(|sheet| sheet.name == SUMMARY) {
        true => Table::read(sheets, SUMMARY, settings::SUMMARY_COLUMNS, &mut faults),
        false => Table::default(),
    };
    let lines = settings::read_summary(&summary, &mut faults);
    let languages = std::iter::once(code_of(&heading.language))
        .chain(read.translations.keys().cloned())
        .collect();
    let file = PackFile {
        id: heading.id.clone(),
        version: heading.version,
        title: heading.title.clone(),
        languages,
        session_title: heading.session_title.clone(),
        na_label: heading.na_label.clone(),
        attempt: heading.attempt.clone(),
        sections: read.sections.clone(),
        summary: lines.iter().map(|(_, line)| line.clone()).collect(),
        translations: std::mem::take(&mut read.translations),
    };
    let checked = check_pack(&file);
    if let (Ok(pack), Some(fields)) = (&checked, fields) {
        faults.extend(masked_choices(pack, fields, &survey, &read));
    }
    match checked {
        Ok(pack) if faults.is_empty() => {
            let mut json = serde_json::to_string_pretty(&file)
                .expect("a pack has only text keys and plain values");
            json.push('\n');
            Ok(CompiledForm { json, pack })
        }
        Ok(_) => Err(sorted(faults)),
        Err(found) => {
            let places = places::Places {
                survey: &survey,
                settings: &settings,
                summary: &summary,
                read: &read,
                lines: &lines,
            };
            faults.extend(found.iter().filter_map(|fault| places.of(fault)));
            Err(sorted(faults))
        }
    }
}

/// Choices that would say what a masked field says: a mask hides letters of a text, and the code of an option has none to hide.
fn masked_choices(
    pack: &FormPack,
    fields: &FilePack,
    survey: &Table,
    read: &survey::Survey,
) -> Vec<SheetFault> {
    let is_choice = |key: &str| {
        let question = pack.question(key);
        question.is_some_and(|question| question.kind.has_codes())
    };
    let mut faults = Vec::new();
    for (_, question) in pack.questions() {
        let key = question.key.as_str();
        let own = question.file.iter().flat_map(|feed| feed.fields(fields));
        let feeds = question.file.iter();
        let others = feeds.flat_map(|feed| feed.fields_of_others(fields));
        for (key, rule) in own.map(|rule| (key, rule)).chain(others) {
            if rule.is_masked() && is_choice(key) {
                let row = read.rows.get(&question.key).copied().unwrap_or(1);
                let cause = format!(
                    "“{}”在档案里是遮住的，“{key}”是选择题，选项遮不住；要写到这一栏，请改成文字题",
                    rule.label
                );
                faults.push(survey.fault(row, Some("x_file"), cause));
            }
        }
    }
    faults
}

fn sorted(mut faults: Vec<SheetFault>) -> Vec<SheetFault> {
    let order = |sheet: &str| {
        [SURVEY, CHOICES, SETTINGS, SUMMARY]
            .iter()
            .position(|known| *known == sheet)
            .unwrap_or(usize::MAX)
    };
    faults.sort_by(|left, right| {
        let key = |fault: &SheetFault| (order(&fault.sheet), fault.row, fault.column);
        key(left).cmp(&key(right)).then_with(|| left.cmp(right))
    });
    faults.dedup();
    faults
}

/// `中文(zh)` is `zh-CN` in packs, another language what stands in its brackets.
fn code_of(language: &str) -> String {
    let code = language
        .rsplit_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(language);
    match code {
        "zh" => "zh-CN".to_owned(),
        other => other.to_owned(),
    }
}

/// Column letters as spreadsheets write them.
fn letters(column: u32) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).expect("a rest of 26 fits in a byte");
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests;
