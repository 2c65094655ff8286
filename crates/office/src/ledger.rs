//! Reading the registers L1 (农村留守儿童花名册) and L2 (困境儿童花名册) in the shapes offices keep them.
//!
//! The reader looks for the heading row below merged titles, takes columns in any order by the synonyms of
//! `policy/ledgers/columns.json`, and normalises every cell. It compares with nothing; that is `domain::import`.

mod codes;
pub mod columns;
pub(crate) mod grid;
mod headings;
mod rows;
#[cfg(test)]
mod tests;
pub mod values;
pub mod write;

use columns::ColumnTable;
use domain::import::LedgerRow;
use serde::{Deserialize, Serialize};

/// How much of a file is read before it is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLimits {
    /// Bytes of the file itself.
    pub file_bytes: usize,
    /// Bytes of all its parts unpacked.
    pub unpacked_bytes: u64,
    /// Rows of a sheet.
    pub rows: u32,
    /// Columns of a sheet.
    pub columns: u32,
    /// Cells of a sheet, empty ones included.
    pub cells: usize,
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self {
            file_bytes: 8 << 20,
            unpacked_bytes: 96 << 20,
            rows: 5_000,
            columns: 200,
            cells: 400_000,
        }
    }
}

/// Which register a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerKind {
    /// 农村留守儿童花名册.
    L1,
    /// 困境儿童花名册.
    L2,
}

impl LedgerKind {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
        }
    }

    /// The name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::L1 => "农村留守儿童花名册",
            Self::L2 => "困境儿童花名册",
        }
    }
}

/// A heading that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerColumn {
    /// Text of the heading in the file.
    pub heading: String,
    /// Field key.
    pub key: String,
    /// Label of the field.
    pub label: String,
}

/// A register as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Which register.
    pub kind: LedgerKind,
    /// Sheet it was found on.
    pub sheet: String,
    /// Row of the headings, from 1.
    pub heading_row: u32,
    /// Headings understood, in file order.
    pub columns: Vec<LedgerColumn>,
    /// Headings not understood; their cells are not kept.
    pub unknown_columns: Vec<String>,
    /// Rows in file order, blank rows and footers left out.
    pub rows: Vec<LedgerRow>,
}

/// Why a file cannot be read as a register.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Not an Excel workbook.
    #[error("the file is not an Excel workbook")]
    NotASpreadsheet,
    /// A workbook, but neither L1 nor L2.
    #[error("no sheet has the headings of a known register")]
    UnknownLedger {
        /// Headings of the row that came nearest.
        headings: Vec<String>,
    },
    /// A register without a single child.
    #[error("the register has no rows")]
    Empty,
    /// Over the limits.
    #[error("the file is larger than a register can be")]
    TooLarge,
}

impl LedgerError {
    /// The error code of the screens.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotASpreadsheet => "not_a_spreadsheet",
            Self::UnknownLedger { .. } => "ledger_unknown",
            Self::Empty => "ledger_empty",
            Self::TooLarge => "ledger_too_large",
        }
    }
}

/// Reads a register from the bytes of an xlsx or xls file.
///
/// # Errors
/// See [`LedgerError`]; a row that cannot be imported is no error, it carries its rejections.
pub fn read_ledger(bytes: &[u8], limits: &LedgerLimits) -> Result<Ledger, LedgerError> {
    let table = ColumnTable::shipped();
    let sheets = grid::read_sheets(bytes, limits)?;
    let mut nearest: Vec<String> = Vec::new();
    for sheet in &sheets {
        match headings::find(sheet, table) {
            Ok(found) => {
                let rows = rows::read(sheet, &found, table);
                if rows.is_empty() {
                    return Err(LedgerError::Empty);
                }
                return Ok(Ledger {
                    kind: found.kind,
                    sheet: sheet.name.clone(),
                    heading_row: found.row,
                    columns: found.understood(table),
                    unknown_columns: found.unknown,
                    rows,
                });
            }
            Err(seen) if seen.len() > nearest.len() => nearest = seen,
            Err(_) => {}
        }
    }
    if sheets.iter().all(|sheet| sheet.rows.is_empty()) {
        return Err(LedgerError::Empty);
    }
    Err(LedgerError::UnknownLedger { headings: nearest })
}
