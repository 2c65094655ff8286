//! The station's commands that need workbooks: imports, exports and the yearly pack, around the client's use cases.

use crate::export;
use crate::ledger::{LedgerError, LedgerKind, LedgerLimits, columns::ColumnTable, read_ledger};
use crate::result_file::{self, ResultRow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::imports::{self, Reading};
use client::problems::packets;
use client::view::{
    CompiledFormView, ExportChildInput, ExportFileView, ExportFormInput, ExportFormView,
    ExportInput, ExportLedgerView, ExportMadeView, FiguresInput, FormFileInput, FormRow, FormsView,
    IdInput, ImportInput, ImportPreviewView, ImportResultInput, ImportResultView, PacketInput,
    SendCaseInput, StationReportView, YearInput,
};
use client::{ClientError, Extension, Tablet};
use client::{cases, child_copy, exports, figures, forms, second, yearly};
use domain::form::sheet::{Sheet, compile_sheets_for};
use domain::import::PlanRow;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// The commands of imports, exports and the yearly pack, for stations only.
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
            "import_result" => {
                let input: ImportResultInput = serde_json::from_value(argument)?;
                answer(&import_result(tablet, &input)?)
            }
            "export_form" => answer(&export_form(tablet, &serde_json::from_value(argument)?)?),
            "make_export" => answer(&make_export(tablet, &serde_json::from_value(argument)?)?),
            "export_child" => answer(&export_child(tablet, &serde_json::from_value(argument)?)?),
            "make_figures" => answer(&make_figures(tablet, &serde_json::from_value(argument)?)?),
            "make_packet" => answer(&make_packet(tablet, &serde_json::from_value(argument)?)?),
            "send_case" => answer(&send_case(tablet, &serde_json::from_value(argument)?)?),
            "yearly_pack" => answer(&yearly_pack(tablet, &serde_json::from_value(argument)?)?),
            "compile_form" => {
                let input: FormFileInput = serde_json::from_value(argument)?;
                answer(&compile_form(tablet, &input)?)
            }
            "publish_form" => {
                let input: FormFileInput = serde_json::from_value(argument)?;
                answer(&publish_form(tablet, &input)?)
            }
            _ => Err(ClientError::new("not_found")),
        }
    }

    fn go_on(&self, tablet: &Arc<Tablet>) -> Result<(), ClientError> {
        if !tablet.identity.role.is_at_station() {
            return Ok(());
        }
        imports::resume(tablet, write_result)
    }
}

/// What a spreadsheet gives, before anybody publishes it.
fn compile_form(tablet: &Tablet, input: &FormFileInput) -> Result<CompiledFormView, ClientError> {
    let faults = |faults: Vec<String>| CompiledFormView {
        form: None,
        hash: String::new(),
        faults,
        advice: Vec::new(),
        held: None,
    };
    let compiled = match compile_sheets_for(&form_sheets(input)?, &tablet.packs().file) {
        Ok(compiled) => compiled,
        Err(found) => return Ok(faults(found.iter().map(ToString::to_string).collect())),
    };
    let pack = &compiled.pack;
    Ok(CompiledFormView {
        form: Some(FormRow {
            id: pack.id.clone(),
            version: pack.version,
            title: pack.title.clone(),
            questions: u32::try_from(pack.questions().count()).unwrap_or(u32::MAX),
            used: false,
        }),
        hash: pack.content_hash().to_owned(),
        faults: Vec::new(),
        advice: pack.warnings.clone(),
        held: forms::why_not(tablet, pack, &compiled.json).map(str::to_owned),
    })
}

/// Compiles the spreadsheet once more and gives the form to the township.
fn publish_form(tablet: &Arc<Tablet>, input: &FormFileInput) -> Result<FormsView, ClientError> {
    let compiled = compile_sheets_for(&form_sheets(input)?, &tablet.packs().file)
        .map_err(|_| ClientError::new("form_invalid"))?;
    on_the_line(forms::publish(tablet, &compiled.json))
}

fn form_sheets(input: &FormFileInput) -> Result<Vec<Sheet>, ClientError> {
    let bytes = STANDARD
        .decode(input.bytes.as_bytes())
        .map_err(|error| ClientError::new("not_a_spreadsheet").because(error))?;
    crate::form_sheets::read(&bytes).map_err(plainly)
}

/// What an export would be, before anybody decides.
fn export_form(
    tablet: &Arc<Tablet>,
    input: &ExportFormInput,
) -> Result<ExportFormView, ClientError> {
    let kind = kind_of(&input.ledger)?;
    let village = input.village.as_deref();
    let rows = exports::children_of(tablet, &input.ledger, village, false)?.len();
    let rules = tablet.rules();
    Ok(ExportFormView {
        ledgers: [LedgerKind::L1, LedgerKind::L2]
            .into_iter()
            .map(|kind| ExportLedgerView {
                code: kind.code().to_owned(),
                label: kind.name().to_owned(),
            })
            .collect(),
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
        fields: export::fields(kind),
        purposes: exports::purposes(tablet),
        limit: on_the_line(exports::limit_left(tablet))?,
        minutes: rules.export_file_minutes,
    })
}

/// Makes the file: asked, agreed to where that is needed, written down, and only then given out.
fn make_export(tablet: &Arc<Tablet>, input: &ExportInput) -> Result<ExportMadeView, ClientError> {
    exports::check(tablet, input)?;
    let kind = kind_of(&input.ledger)?;
    let village = input.village.as_deref();
    let children = exports::children_of(tablet, &input.ledger, village, input.full_numbers)?;
    if children.is_empty() {
        return Err(ClientError::new("export_empty"));
    }
    second_person(tablet, input, children.len())?;
    let prepared = exports::prepare(tablet, input, children)?;
    let failed = |error| ClientError::new("internal").because(error);
    let workbook = export::write(kind, &prepared, &input.fields).map_err(failed)?;
    let file = export::encrypt(&workbook, &prepared.password, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    let made = exports::keep(tablet, input, &prepared, &file)?;
    told(tablet)?;
    Ok(made)
}

/// The file of one child, for its family: written down and encrypted as a register is.
fn export_child(
    tablet: &Arc<Tablet>,
    input: &ExportChildInput,
) -> Result<ExportMadeView, ClientError> {
    let (prepared, copy) = child_copy::copy_of(tablet, input)?;
    second_person(tablet, &second::of_copy(input), 1)?;
    let failed = |error| ClientError::new("internal").because(error);
    let workbook = export::write_child(&prepared, &copy).map_err(failed)?;
    let file = export::encrypt(&workbook, &prepared.password, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    let made = child_copy::keep_copy(tablet, input, &prepared, &file)?;
    told(tablet)?;
    Ok(made)
}

/// Above the limit of the day a second person has agreed, and her word is used up.
fn second_person(
    tablet: &Arc<Tablet>,
    input: &ExportInput,
    rows: usize,
) -> Result<(), ClientError> {
    if on_the_line(exports::needs_second(tablet, rows, input.full_numbers))? {
        on_the_line(exports::redeem(tablet, input, rows))?;
    }
    Ok(())
}

/// The server is told at once, so that this person's other devices count it.
fn told(tablet: &Arc<Tablet>) -> Result<(), ClientError> {
    on_the_line(async {
        exports::tell(tablet).await;
        Ok(())
    })
}

/// Numbers for others: without a name, with small counts kept back.
fn make_figures(tablet: &Tablet, input: &FiguresInput) -> Result<ExportMadeView, ClientError> {
    let prepared = figures::prepare(tablet, input)?;
    let workbook = export::write_figures(&prepared)
        .map_err(|error| ClientError::new("internal").because(error))?;
    let file = export::encrypt(&workbook, &prepared.password, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    figures::keep(tablet, input, &prepared, &file)
}

/// What goes with a referral: encrypted and written down as a register is, and told in the problem's story.
fn make_packet(tablet: &Arc<Tablet>, input: &PacketInput) -> Result<ExportMadeView, ClientError> {
    let prepared = packets::prepare(tablet, input)?;
    second_person(tablet, &second::of_packet(input), prepared.rows())?;
    let workbook = export::write_packet(&prepared)
        .map_err(|error| ClientError::new("internal").because(error))?;
    let file = export::encrypt(&workbook, &prepared.password, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    let made = packets::keep(tablet, input, &prepared, &file)?;
    told(tablet)?;
    Ok(made)
}

/// Makes the file of a case the district asked for, and sends it to whoever asked; it counts as a copy of each child's file.
fn send_case(
    tablet: &Arc<Tablet>,
    input: &SendCaseInput,
) -> Result<StationReportView, ClientError> {
    let prepared = cases::prepare(tablet, input, export::case_fields)?;
    let workbook = export::write_case(&prepared)
        .map_err(|error| ClientError::new("internal").because(error))?;
    let file = export::encrypt(&workbook, &prepared.password, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    let file = cases::seal(tablet, &prepared, file)?;
    if on_the_line(cases::needs_second(tablet, &prepared))? {
        on_the_line(exports::redeem(
            tablet,
            &second::of_case(input),
            prepared.rows(),
        ))?;
    }
    let there = on_the_line(cases::deliver(tablet, &prepared, file))?;
    told(tablet)?;
    Ok(there)
}

fn yearly_pack(tablet: &Arc<Tablet>, input: &YearInput) -> Result<ExportFileView, ClientError> {
    let pack = on_the_line(yearly::pack(tablet, input.year))?;
    Ok(ExportFileView {
        file_name: format!("{}-{}年度材料.xlsx", tablet.identity.township, input.year),
        bytes: STANDARD.encode(crate::yearly::write(&pack)?),
    })
}

fn kind_of(code: &str) -> Result<LedgerKind, ClientError> {
    [LedgerKind::L1, LedgerKind::L2]
        .into_iter()
        .find(|kind| kind.code() == code)
        .ok_or_else(|| ClientError::new("value_invalid").with("value", code))
}

/// Waits for the server; commands of an extension run off the async threads.
fn on_the_line<T>(work: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    tokio::runtime::Handle::current().block_on(work)
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

/// The result file leaves as an export does: for the PIN, by a second person's word above the limit, with its number and
/// whose copy it is on every page, encrypted, and written down before anybody has it.
fn import_result(
    tablet: &Arc<Tablet>,
    input: &ImportResultInput,
) -> Result<ImportResultView, ClientError> {
    let id = input.id.clone();
    let (file_name, plain, rows) = imports::result(tablet, &IdInput { id })?;
    second_person(tablet, &second::of_result(input), rows as usize)?;
    let number = exports::number(tablet, 'I')?;
    let marked = result_file::marked(&plain, &exports::line(tablet, &number))
        .map_err(|error| ClientError::new("internal").because(error))?;
    let password = exports::password(tablet);
    let file = export::encrypt(&marked, &password, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))?;
    exports::keep_result(tablet, &input.id, (&number, &file_name), rows, &file)?;
    told(tablet)?;
    Ok(ImportResultView {
        file_name,
        bytes: STANDARD.encode(file),
        password,
        number,
    })
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
