//! The cells of a workbook, within limits. The only file that knows calamine.

use super::{LedgerError, LedgerLimits};
use calamine::{Data, Reader, Xls, Xlsx, XlsxError};
use chrono::NaiveDate;
use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A cell that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(f64),
    Date(NaiveDate),
}

/// A sheet: rows by number from 1, cells by column from 0; empty cells and rows are absent.
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
}

/// Reads all sheets of an xlsx or xls file.
pub(crate) fn read_sheets(bytes: &[u8], limits: &LedgerLimits) -> Result<Vec<Sheet>, LedgerError> {
    if bytes.len() > limits.file_bytes {
        return Err(LedgerError::TooLarge);
    }
    let read = || {
        if bytes.starts_with(b"PK") {
            measure_unpacked(bytes, limits)?;
            read_xlsx(bytes, limits)
        } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            read_xls(bytes, limits)
        } else {
            Err(LedgerError::NotASpreadsheet)
        }
    };
    // A stranger's file may reach a corner of the parser that panics; that is a broken file, not a broken station.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(LedgerError::NotASpreadsheet))
}

/// Unpacks every part into nothing, so that a small file with a huge inside is known before it is parsed.
fn measure_unpacked(bytes: &[u8], limits: &LedgerLimits) -> Result<(), LedgerError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| LedgerError::NotASpreadsheet)?;
    let mut left = limits.unpacked_bytes;
    for index in 0..archive.len() {
        let part = archive
            .by_index(index)
            .map_err(|_| LedgerError::NotASpreadsheet)?;
        let taken = std::io::copy(&mut part.take(left + 1), &mut std::io::sink())
            .map_err(|_| LedgerError::NotASpreadsheet)?;
        left = left.checked_sub(taken).ok_or(LedgerError::TooLarge)?;
    }
    Ok(())
}

fn read_xlsx(bytes: &[u8], limits: &LedgerLimits) -> Result<Vec<Sheet>, LedgerError> {
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|_: XlsxError| LedgerError::NotASpreadsheet)?;
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let mut sheet = Sheet {
            name: name.clone(),
            rows: BTreeMap::new(),
        };
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else {
            continue;
        };
        let mut count = 0;
        while let Some(cell) = cells
            .next_cell()
            .map_err(|_| LedgerError::NotASpreadsheet)?
        {
            count += 1;
            if count > limits.cells {
                return Err(LedgerError::TooLarge);
            }
            let (row, column) = cell.get_position();
            sheet.put(row, column, Data::from(cell.get_value().clone()), limits)?;
        }
        sheets.push(sheet);
    }
    Ok(sheets)
}

fn read_xls(bytes: &[u8], limits: &LedgerLimits) -> Result<Vec<Sheet>, LedgerError> {
    let mut workbook: Xls<_> =
        Xls::new(Cursor::new(bytes)).map_err(|_| LedgerError::NotASpreadsheet)?;
    let mut sheets = Vec::new();
    for (name, range) in workbook.worksheets() {
        let mut sheet = Sheet {
            name,
            rows: BTreeMap::new(),
        };
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let row = first_row.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
            let column = first_column.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
            sheet.put(row, column, data.clone(), limits)?;
        }
        sheets.push(sheet);
    }
    Ok(sheets)
}

impl Sheet {
    fn put(
        &mut self,
        row: u32,
        column: u32,
        data: Data,
        limits: &LedgerLimits,
    ) -> Result<(), LedgerError> {
        let Some(cell) = understood(data) else {
            return Ok(());
        };
        if row >= limits.rows || column >= limits.columns {
            return Err(LedgerError::TooLarge);
        }
        self.rows.entry(row + 1).or_default().insert(column, cell);
        Ok(())
    }
}

fn understood(data: Data) -> Option<Cell> {
    match data {
        Data::Int(number) => Some(Cell::Number(number as f64)),
        Data::Float(number) => Some(Cell::Number(number)),
        Data::Bool(true) => Some(Cell::Text("是".into())),
        Data::Bool(false) => Some(Cell::Text("否".into())),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            let date = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
            Some(date.map_or(Cell::Number(moment.as_f64()), Cell::Date))
        }
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            let blank = text
                .chars()
                .all(|c| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}');
            (!blank).then_some(Cell::Text(text))
        }
        Data::Error(_) | Data::Empty => None,
    }
}
