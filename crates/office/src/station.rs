//! The station's import commands: reading the workbook and writing the result file around the client's use cases.

use crate::ledger::{LedgerError, LedgerLimits, columns::ColumnTable, read_ledger};
use crate::result_file::{self, ResultRow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::imports::{self, Reading};
use client::view::{IdInput, ImportInput, ImportPreviewView};
use client::{ClientError, Extension, Tablet};
use domain::import::PlanRow;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// The commands `import_preview`, `import_confirm` and `import_status`, for stations only.
pub struct Station;

impl Extension for Station {
    fn commands(&self) -> &'static [&'static str] {
        client::commands::EXTENSION_COMMANDS
    }

    fn call(
        &self,
        tablet: &Arc<Tablet>,
        command: &str,
        argument: Value,
    ) -> Result<Value, ClientError> {
        if !tablet.identity.role.is_at_station() {
            return Err(ClientError::new("not_allowed"));
        }
        match command {
            "import_preview" => answer(&preview(tablet, &serde_json::from_value(argument)?)?),
            "import_confirm" => {
                let input: IdInput = serde_json::from_value(argument)?;
                answer(&imports::confirm(tablet, &input, write_result)?)
            }
            "import_status" => {
                let input: IdInput = serde_json::from_value(argument)?;
                answer(&imports::status(tablet, &input)?)
            }
            _ => Err(ClientError::new("not_found")),
        }
    }
}

fn preview(tablet: &Tablet, input: &ImportInput) -> Result<ImportPreviewView, ClientError> {
    let bytes = STANDARD
        .decode(input.bytes.as_bytes())
        .map_err(|error| ClientError::new("not_a_spreadsheet").because(error))?;
    let ledger = read_ledger(&bytes, &LedgerLimits::default()).map_err(plainly)?;
    imports::preview(
        tablet,
        &input.village,
        &input.file_name,
        &Reading {
            ledger: ledger.kind.code().to_owned(),
            ledger_name: ledger.kind.name().to_owned(),
            sheet: ledger.sheet,
            columns: ledger
                .columns
                .into_iter()
                .map(|column| (column.heading, column.label))
                .collect(),
            unknown_columns: ledger.unknown_columns,
            rows: ledger.rows,
            catalogue: ColumnTable::shipped().catalogue(),
        },
    )
}

fn write_result(rows: &[PlanRow]) -> Result<Vec<u8>, ClientError> {
    let rows: Vec<ResultRow> = rows.iter().map(ResultRow::from).collect();
    result_file::write(&rows).map_err(|error| ClientError::new("internal").because(error))
}

fn plainly(error: LedgerError) -> ClientError {
    let refusal = ClientError::new(error.code());
    match &error {
        LedgerError::UnknownLedger { headings } => refusal.with("headings", headings.join("、")),
        _ => refusal,
    }
}

fn answer<T: Serialize>(value: &T) -> Result<Value, ClientError> {
    Ok(serde_json::to_value(value)?)
}
