//! The result file of an import: what became of each row, in words, for the office that sent the ledger.

use calamine::{Reader, Xlsx};
use domain::import::{Outcome, PlanRow};
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::io::Cursor;
use thiserror::Error;

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// Row number in the ledger, from 1.
    pub row: u32,
    /// Name, if any.
    pub name: String,
    /// Outcome in words.
    pub outcome: String,
    /// Sentences.
    pub notes: Vec<String>,
    /// What changed.
    pub changes: Vec<String>,
    /// Household in words.
    pub household: Option<String>,
}

impl From<&PlanRow> for ResultRow {
    fn from(plan: &PlanRow) -> Self {
        // A new file is not a change of anything; its fields need not be told again.
        let changes = match plan.outcome {
            Outcome::New => Vec::new(),
            _ => plan
                .changes
                .iter()
                .map(|change| change.outside.clone())
                // A plan an earlier version made has nothing that may leave.
                .filter(|words| !words.is_empty())
                .collect(),
        };
        Self {
            row: plan.row,
            name: plan.name.clone(),
            outcome: outcome_words(plan.outcome).to_owned(),
            notes: plan.notes.clone(),
            changes,
            household: plan.household_sentence.clone(),
        }
    }
}

/// The outcome as the result file says it.
#[must_use]
pub fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::New => "新建档案",
        Outcome::Changed => "已更新",
        Outcome::Same => "没有变化",
        Outcome::Conflict => "有冲突，待核对",
        Outcome::Rejected => "未导入",
    }
}

/// Text that a spreadsheet program could take for a formula gets an apostrophe in front.
#[must_use]
pub fn escape_formula(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Why a result file could not be marked.
#[derive(Debug, Error)]
pub enum ResultFileError {
    /// What lies in the store is no result file.
    #[error("the kept result file cannot be read: {0}")]
    Read(#[from] calamine::XlsxError),
    /// The workbook cannot be put together.
    #[error("the result file cannot be written: {0}")]
    Write(#[from] XlsxError),
}

/// Writes the result workbook as it is kept, until somebody takes it.
///
/// # Errors
/// The workbook cannot be put together, e.g. a cell is longer than the format allows.
pub fn write(rows: &[ResultRow]) -> Result<Vec<u8>, XlsxError> {
    let rows: Vec<Cells> = rows.iter().map(cells_of).collect();
    workbook(&rows, None)
}

/// The kept workbook as it leaves: whose copy it is stands above the rows and on every page.
///
/// # Errors
/// What is kept is no result file; or as [`write`].
pub fn marked(kept: &[u8], line: &str) -> Result<Vec<u8>, ResultFileError> {
    let mut found: Xlsx<_> = Xlsx::new(Cursor::new(kept))?;
    let range = found.worksheet_range(SHEET)?;
    let rows: Vec<Cells> = range
        .rows()
        .skip(1)
        .map(|row| {
            std::array::from_fn(|at| row.get(at).map(ToString::to_string).unwrap_or_default())
        })
        .collect();
    Ok(workbook(&rows, Some(line))?)
}

/// A row as it stands in the file, column by column.
type Cells = [String; HEADINGS.len()];

const SHEET: &str = "导入结果";

fn workbook(rows: &[Cells], line: Option<&str>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name(SHEET)?;
    let head = Format::new()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_background_color("E8EEF2");
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let mut top = 0;
    if let Some(line) = line {
        sheet.write_string_with_format(0, 0, line, &Format::new().set_italic())?;
        // & begins a code in headers and footers.
        let line = line.replace('&', "&&");
        sheet.set_header(format!("&R{line}"));
        sheet.set_footer(format!("&L{line}&R第 &P 页，共 &N 页"));
        top = 1;
    }
    for (column, (title, width)) in (0_u16..).zip(HEADINGS) {
        sheet.write_with_format(top, column, title, &head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(top + 1, 0)?;
    for (at, row) in (top + 1..).zip(rows) {
        write_row(sheet, at, row, &wrap)?;
    }
    workbook.save_to_buffer()
}

const HEADINGS: [(&str, f64); 6] = [
    ("行号", 8.0),
    ("姓名", 14.0),
    ("结果", 16.0),
    ("说明", 60.0),
    ("变更内容", 48.0),
    ("家庭", 20.0),
];

/// Longest text of a cell.
const CELL_CHARACTERS: usize = 32_000;

fn cells_of(row: &ResultRow) -> Cells {
    let text = |text: &str| escape_formula(&text.chars().take(CELL_CHARACTERS).collect::<String>());
    [
        row.row.to_string(),
        text(&row.name),
        text(&row.outcome),
        text(&row.notes.join("\n")),
        text(&row.changes.join("\n")),
        text(row.household.as_deref().unwrap_or_default()),
    ]
}

fn write_row(sheet: &mut Worksheet, at: u32, row: &Cells, wrap: &Format) -> Result<(), XlsxError> {
    for (column, words) in (0_u16..).zip(row) {
        match words.parse::<u32>() {
            // The number of the row in the ledger is the one number there is.
            Ok(number) if column == 0 => sheet.write_with_format(at, column, number, wrap)?,
            _ => sheet.write_string_with_format(at, column, words, wrap)?,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_file_says_what_became_of_each_row_and_holds_no_formula() {
        let row = ResultRow {
            row: 4,
            name: "=1+1".into(),
            outcome: outcome_words(Outcome::Rejected).into(),
            notes: vec!["没有出生日期，请入户时补上。".into(), "第二句。".into()],
            changes: vec!["-1".into()],
            household: None,
        };
        let bytes = write(&[row]).unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let range = workbook.worksheet_range("导入结果").unwrap();
        let cell = |column| range.get_value((1, column)).unwrap().to_string();
        assert_eq!(cell(0), "4");
        assert_eq!(cell(1), "'=1+1");
        assert_eq!(cell(2), "未导入");
        assert!(cell(3).contains('\n'));
        assert_eq!(cell(4), "'-1");
        assert!(workbook.worksheet_formula("导入结果").unwrap().is_empty());
    }

    #[test]
    fn what_leaves_says_whose_copy_it_is_above_the_rows_and_on_every_page() {
        let row = ResultRow {
            row: 4,
            name: "=1+1".into(),
            outcome: outcome_words(Outcome::New).into(),
            notes: vec!["一句。".into()],
            changes: Vec::new(),
            household: Some("石家".into()),
        };
        let kept = write(&[row.clone(), row]).unwrap();
        let line = "芦汀镇 陈敏　编号 I-20261102-00001-1";
        let bytes = marked(&kept, line).unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes.clone())).unwrap();
        let range = workbook.worksheet_range(SHEET).unwrap();
        let cell = |row, column| range.get_value((row, column)).unwrap().to_string();
        assert_eq!(cell(0, 0), line);
        assert_eq!(cell(1, 1), "姓名");
        for row in [2, 3] {
            assert_eq!((cell(row, 0), cell(row, 1)), ("4".into(), "'=1+1".into()));
            assert_eq!(cell(row, 5), "石家");
        }
        assert!(marked(b"no workbook", line).is_err());
    }
}
