//! Forms in spreadsheets: the file around the cells that `domain::form::sheet` understands.

use crate::ledger::grid::{Cell, read_sheets};
use crate::ledger::{LedgerError, LedgerLimits};
use domain::form::sheet::Sheet;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

/// Sheets and rows larger than any form are refused before they are understood.
const LIMITS: LedgerLimits = LedgerLimits {
    file_bytes: 4 << 20,
    unpacked_bytes: 32 << 20,
    rows: 3_000,
    columns: 100,
    cells: 100_000,
};
/// Width of a column with words, and of one with a code.
const WIDTHS: (f64, f64) = (34.0, 14.0);

/// Reads all sheets of a workbook as text.
///
/// # Errors
/// It is no spreadsheet, or larger than a form can be.
pub fn read(bytes: &[u8]) -> Result<Vec<Sheet>, LedgerError> {
    let sheets = read_sheets(bytes, &LIMITS)?;
    Ok(sheets
        .into_iter()
        .map(|sheet| Sheet {
            name: sheet.name,
            rows: sheet
                .rows
                .into_iter()
                .map(|(number, cells)| {
                    let text = cells
                        .into_iter()
                        .map(|(column, cell)| (column, words(cell)));
                    (number, text.collect())
                })
                .collect(),
        })
        .collect())
}

fn words(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        Cell::Date(date) => date.to_string(),
        Cell::Number(number) => number.to_string(),
    }
}

/// Writes sheets as a workbook with a bold first row that stays in sight.
///
/// # Errors
/// A cell is longer than the format allows.
pub fn write(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The same form gives the same file, so that a difference in the file is a difference in the form.
    let properties = rust_xlsxwriter::DocProperties::new()
        .set_creation_datetime(&rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1)?);
    workbook.set_properties(&properties);
    let head = Format::new().set_bold().set_background_color("E8EEF2");
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for sheet in sheets {
        let written = workbook.add_worksheet().set_name(&sheet.name)?;
        written.set_freeze_panes(1, 0)?;
        for (number, cells) in &sheet.rows {
            for (column, text) in cells {
                let column = u16::try_from(*column).unwrap_or(u16::MAX);
                if *number == 1 {
                    let long = text.contains("::") || sheet.rows.len() < 2;
                    let width = if long { WIDTHS.0 } else { WIDTHS.1 };
                    written.set_column_width(column, width)?;
                    written.write_string_with_format(0, column, text, &head)?;
                } else {
                    written.write_string_with_format(number - 1, column, text, &wrap)?;
                }
            }
        }
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::form::FormPack;
    use domain::form::sheet::{compile_sheets, to_sheets};

    #[test]
    fn the_spreadsheets_beside_the_shipped_forms_compile_to_exactly_these_packs() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policy/forms");
        for name in ["hv-cn-1", "hv-cn-2", "hv-cn-3"] {
            let bytes = std::fs::read(format!("{folder}/{name}.xlsx")).unwrap();
            let shipped = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
            let form = compile_sheets(&read(&bytes).unwrap()).unwrap();
            let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            assert_eq!(value(&form.json), value(&shipped), "{name}");
            assert_eq!(
                form.pack.content_hash(),
                FormPack::from_json(&shipped).unwrap().content_hash()
            );
        }
    }

    #[test]
    fn a_written_form_is_read_again_cell_by_cell() {
        let json = include_str!("../../../policy/forms/hv-cn-3.json");
        let sheets = to_sheets(json).unwrap();
        let read = read(&write(&sheets).unwrap()).unwrap();
        assert_eq!(read, sheets);
    }
}
