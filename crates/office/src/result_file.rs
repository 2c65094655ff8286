//! The result file of an import: what became of each row, in words, for the office that sent the ledger.

use domain::import::{Outcome, PlanRow};
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

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

/// Writes the result workbook.
///
/// # Errors
/// The workbook cannot be put together, e.g. a cell is longer than the format allows.
pub fn write(rows: &[ResultRow]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("导入结果")?;
    let head = Format::new()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_background_color("E8EEF2");
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (column, (title, width)) in (0_u16..).zip(HEADINGS) {
        sheet.write_with_format(0, column, title, &head)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (at, row) in (1_u32..).zip(rows) {
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

fn write_row(
    sheet: &mut Worksheet,
    at: u32,
    row: &ResultRow,
    wrap: &Format,
) -> Result<(), XlsxError> {
    let text = |text: &str| escape_formula(&text.chars().take(CELL_CHARACTERS).collect::<String>());
    sheet.write_with_format(at, 0, row.row, wrap)?;
    sheet.write_with_format(at, 1, text(&row.name), wrap)?;
    sheet.write_with_format(at, 2, text(&row.outcome), wrap)?;
    sheet.write_with_format(at, 3, text(&row.notes.join("\n")), wrap)?;
    sheet.write_with_format(at, 4, text(&row.changes.join("\n")), wrap)?;
    sheet.write_with_format(
        at,
        5,
        text(row.household.as_deref().unwrap_or_default()),
        wrap,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Reader, Xlsx};
    use std::io::Cursor;

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
}
