//! Carrying out what a ledger would change: preview kept in the store, confirmed by a person, written row by row.
//!
//! `office` reads the workbook and writes the result file; what a row means is `domain::import`'s.
//! A confirmed import ends with the row it is at when the door is closed, and goes on when she comes in again, also after
//! the process was killed: every row is one transaction with its own status.

use crate::error::ClientError;
use crate::looks;
use crate::masks;
use crate::records::{self, Write};
use crate::roster::Roster;
use crate::standing;
use crate::tablet::Tablet;
use crate::view::{
    ColumnView, IdInput, ImportPreviewView, ImportRow as ImportRowView, ImportStatusView,
};
use domain::child::{Category, FLAG_PREFIX, HOUSEHOLD, IS_NEW, OPENED_ON, TierFact};
use domain::import::{
    self, ExistingChild, FieldCatalogue, FieldState, Holder, HouseholdChoice, ImportContext,
    LedgerRow, Outcome, PlanRow, plan,
};
use domain::record::Edit;
use domain::scalar::Scalar;
use ids::{DocKind, DocumentId, UnitId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use store::imports::{self, ImportBatch, ImportRow};
use store::{Transaction, audit};
use uuid::Uuid;

/// A workbook as `office` read it.
pub struct Reading {
    /// L1 | L2.
    pub ledger: String,
    /// Its name in words.
    pub ledger_name: String,
    /// Sheet.
    pub sheet: String,
    /// Headings understood, with the field's label.
    pub columns: Vec<(String, String)>,
    /// Headings not understood.
    pub unknown_columns: Vec<String>,
    /// Rows.
    pub rows: Vec<LedgerRow>,
    /// Fields a ledger may fill.
    pub catalogue: FieldCatalogue,
}

/// Status of a row that was erased before its turn came.
const LEFT_OUT: &str = "left_out";
/// Why a row's transaction is undone: it was erased since it was read.
const ERASED_MEANWHILE: &str = "import_gone";

/// What a batch remembers beside its rows.
#[derive(Serialize, Deserialize)]
struct Details {
    village: UnitId,
    ledger_name: String,
    sheet: String,
    columns: Vec<(String, String)>,
    unknown_columns: Vec<String>,
}

/// Compares a ledger with the files of a village and keeps the plan for confirming.
///
/// # Errors
/// `not_found` for an unknown village, `still_loading`, `disk_full`.
pub fn preview(
    tablet: &Tablet,
    village: &str,
    file_name: &str,
    reading: &Reading,
) -> Result<ImportPreviewView, ClientError> {
    let village = UnitId::parse(village).map_err(|_| ClientError::new("not_found"))?;
    let roster = Roster::read(tablet)?;
    if roster.people.unit_name(village).is_empty() {
        return Err(ClientError::new("not_found"));
    }
    let existing: Vec<ExistingChild> = roster
        .children
        .iter()
        .filter_map(|child| existing(&roster, child))
        .collect();
    let planned = plan(
        &reading.rows,
        &existing,
        &ImportContext {
            today: roster.today,
            village,
            demo: tablet.identity.demo,
            catalogue: &masked(tablet, &reading.catalogue),
        },
    );
    let batch = ImportBatch {
        batch: tablet.new_id(),
        ledger: reading.ledger.clone(),
        file_name: file_name.to_owned(),
        state: "preview".to_owned(),
        total: count(planned.rows.len()),
        done: 0,
        details: serde_json::to_value(Details {
            village,
            ledger_name: reading.ledger_name.clone(),
            sheet: reading.sheet.clone(),
            columns: reading.columns.clone(),
            unknown_columns: reading.unknown_columns.clone(),
        })?,
        result_name: None,
        result_file: None,
        created_ms: tablet.clock.now_ms(),
    };
    tablet.store.write(|tx| {
        imports::put_batch(tx, &batch)?;
        for row in &planned.rows {
            imports::put_row(
                tx,
                batch.batch,
                &ImportRow {
                    row: row.row,
                    outcome: row.outcome.code().to_owned(),
                    status: "waiting".to_owned(),
                    document: row.child,
                    content: serde_json::to_value(row)?,
                },
            )?;
        }
        // What stands in the files is about to be shown beside what stands in the ledger.
        note(tx, tablet, "import_previewed", &batch)
    })?;
    Ok(ImportPreviewView {
        import: batch.batch.to_string(),
        ledger: reading.ledger.clone(),
        ledger_name: reading.ledger_name.clone(),
        sheet: reading.sheet.clone(),
        new: count(planned.count(Outcome::New)),
        changed: count(planned.count(Outcome::Changed)),
        same: count(planned.count(Outcome::Same)),
        conflict: count(planned.count(Outcome::Conflict)),
        rejected: count(planned.count(Outcome::Rejected)),
        columns: reading
            .columns
            .iter()
            .map(|(heading, field)| ColumnView {
                heading: heading.clone(),
                field: field.clone(),
            })
            .collect(),
        unknown_columns: reading.unknown_columns.clone(),
        rows: planned.rows.iter().map(row_view).collect(),
    })
}

/// Starts writing a confirmed import in the background; [`status`] tells how far it is.
///
/// # Errors
/// `import_gone`.
pub fn confirm(
    tablet: &Arc<Tablet>,
    input: &IdInput,
    result_file: fn(&[PlanRow]) -> Result<Vec<u8>, ClientError>,
) -> Result<ImportStatusView, ClientError> {
    let batch = find(tablet, &input.id)?.batch;
    // Seen and said in one moment: of two taps one begins it.
    let begun = tablet.store.write(|tx| match imports::batch(tx, batch)? {
        Some(mut batch) if batch.state == "preview" => {
            batch.state = "running".to_owned();
            imports::put_batch(tx, &batch)?;
            note(tx, tablet, "import_confirmed", &batch)?;
            Ok::<_, ClientError>(Some(batch))
        }
        _ => Ok(None),
    })?;
    if let Some(batch) = begun {
        go_on(tablet, batch, result_file);
    }
    status(tablet, input)
}

/// Continues imports that the lock or the end of the process interrupted.
///
/// # Errors
/// The store cannot be read.
pub fn resume(
    tablet: &Arc<Tablet>,
    result_file: fn(&[PlanRow]) -> Result<Vec<u8>, ClientError>,
) -> Result<(), ClientError> {
    if standing::stopped(tablet)?.is_some() {
        return Ok(());
    }
    for batch in tablet.store.read(imports::running)? {
        go_on(tablet, batch, result_file);
    }
    Ok(())
}

/// Imports that were begun longer ago than the policy keeps them go, with what they read (P-16), by the clock that never
/// goes back.
///
/// # Errors
/// The store cannot be written.
pub(crate) fn forget_old(tablet: &Tablet) -> Result<(), ClientError> {
    let days = i64::from(tablet.rules().retention.import_days);
    let before_ms = standing::never_back_ms(tablet)? - days * 24 * 60 * 60 * 1000;
    tablet
        .store
        .write(|tx| imports::remove_old(tx, before_ms))?;
    Ok(())
}

/// How far an import is, and its result file once it is done. Without an id, the one that is
/// under way, or that there is none.
///
/// # Errors
/// `import_gone`.
pub fn status(tablet: &Tablet, input: &IdInput) -> Result<ImportStatusView, ClientError> {
    let batch = if input.id.is_empty() {
        let running = tablet.store.read(imports::running)?;
        let Some(first) = running.into_iter().next() else {
            return Ok(ImportStatusView {
                import: String::new(),
                state: "none".to_owned(),
                done: 0,
                total: 0,
                has_result: false,
            });
        };
        first
    } else {
        find(tablet, &input.id)?
    };
    Ok(ImportStatusView {
        import: batch.batch.to_string(),
        state: if batch.state == "preview" {
            "running".to_owned()
        } else {
            batch.state
        },
        done: batch.done,
        total: batch.total,
        has_result: batch.result_file.is_some(),
    })
}

/// The result file of an import that is done, as it lies in the encrypted store: its name, its bytes, and of how many rows
/// it tells. It has the names of the register's rows, so that it leaves as an export does: for the PIN, encrypted, written
/// down first ([`crate::exports::keep_result`]).
///
/// # Errors
/// `pin_again`, `import_gone`.
pub fn result(tablet: &Tablet, input: &IdInput) -> Result<(String, Vec<u8>, u32), ClientError> {
    tablet.require_step_up()?;
    let batch = find(tablet, &input.id)?;
    match (batch.result_name, batch.result_file) {
        (Some(name), Some(bytes)) => Ok((name, bytes, batch.total)),
        _ => Err(ClientError::new("import_gone")),
    }
}

/// What the ledger of an import was called, where the import was made on this device.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn name(tablet: &Tablet, import: Uuid) -> Result<Option<String>, ClientError> {
    let batch = tablet
        .store
        .read(|connection| imports::batch(connection, import))?;
    Ok(batch.map(|batch| batch.file_name))
}

/// The trail says that a ledger was compared or taken in, and of how many rows.
fn note(
    tx: &Transaction<'_>,
    tablet: &Tablet,
    action: &str,
    batch: &ImportBatch,
) -> Result<(), ClientError> {
    let row = looks::row(tablet, action, &batch.batch.to_string());
    Ok(audit::append_with(
        tx,
        &row,
        &format!("rows={}", batch.total),
    )?)
}

/// The catalogue with what the file's own rules hide: a number is one by what it is, or because the pack says so.
fn masked(tablet: &Tablet, catalogue: &FieldCatalogue) -> FieldCatalogue {
    let packs = tablet.packs();
    let mut catalogue = catalogue.clone();
    for (key, entry) in &mut catalogue {
        let holder = match entry.holder {
            Holder::Child => "child",
            Holder::Household => "household",
        };
        if let Some(sort) = packs.field(holder, key).and_then(masks::sort_of) {
            entry.sort = entry.sort.max(sort);
        }
    }
    catalogue
}

fn find(tablet: &Tablet, id: &str) -> Result<ImportBatch, ClientError> {
    let gone = || ClientError::new("import_gone");
    let id = Uuid::parse_str(id).map_err(|_| gone())?;
    tablet
        .store
        .read(|connection| imports::batch(connection, id))?
        .ok_or_else(gone)
}

fn go_on(
    tablet: &Arc<Tablet>,
    batch: ImportBatch,
    result_file: fn(&[PlanRow]) -> Result<Vec<u8>, ClientError>,
) {
    let id = batch.batch;
    let importing = move |tablet: &Tablet, work: fn(&mut BTreeSet<Uuid>, Uuid) -> bool| {
        let mut importing = tablet
            .importing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&mut importing, id)
    };
    if !importing(tablet, BTreeSet::insert) {
        // It is under way: two of them would write its rows twice.
        return;
    }
    let tablet = tablet.clone();
    std::thread::spawn(move || {
        if let Err(error) = carry_out(&tablet, batch, result_file) {
            tracing::error!(
                code = error.code(),
                "an import stopped; the same file is imported once more"
            );
            let failed = tablet.store.write(|tx| {
                if let Some(mut batch) = imports::batch(tx, id)? {
                    batch.state = "failed".to_owned();
                    imports::put_batch(tx, &batch)?;
                }
                Ok::<_, ClientError>(())
            });
            if let Err(error) = failed {
                tracing::error!(
                    code = error.code(),
                    "the end of an import could not be noted"
                );
            }
        }
        importing(&tablet, |importing, id| importing.remove(&id));
        tablet.wrote();
    });
}

fn carry_out(
    tablet: &Tablet,
    mut batch: ImportBatch,
    result_file: fn(&[PlanRow]) -> Result<Vec<u8>, ClientError>,
) -> Result<(), ClientError> {
    let details: Details = serde_json::from_value(batch.details.clone())?;
    let rows = tablet
        .store
        .read(|connection| imports::rows(connection, batch.batch))?;
    let roster = Roster::read(tablet)?;
    let mut households: HashMap<u32, DocumentId> = HashMap::new();
    for mut row in rows {
        if tablet.is_closing() {
            return Ok(());
        }
        let Some(plan) = serde_json::from_value::<Option<PlanRow>>(row.content.clone())? else {
            leave_out(tablet, &mut batch, row)?;
            continue;
        };
        if row.status == "waiting" {
            let writes = writes(tablet, &roster, &details, &plan, &mut households, &mut row);
            row.status = "done".to_owned();
            batch.done += 1;
            let saved = records::save_with(tablet, "row_imported", &writes, |tx| {
                if !imports::mark_row(tx, batch.batch, &row)? {
                    // Erased since it was read: what it would say is exactly what went.
                    return Err(ClientError::new(ERASED_MEANWHILE));
                }
                Ok(imports::put_batch(tx, &batch)?)
            });
            match saved {
                Err(error) if error.code() == ERASED_MEANWHILE => {
                    batch.done -= 1;
                    row.content = serde_json::Value::Null;
                    row.document = plan.child;
                    row.status = "waiting".to_owned();
                    leave_out(tablet, &mut batch, row)?;
                }
                saved => saved?,
            }
        } else if let HouseholdChoice::New(number) = plan.household
            && let Some(household) = row.document.and_then(|child| household_of(tablet, child))
        {
            households.insert(number, household);
        }
    }
    tablet.store.write(|tx| {
        // As they stand now: of what was erased meanwhile nothing is told but that a row of it was left out.
        let mut told = Vec::new();
        for row in imports::rows(tx, batch.batch)? {
            let left_out = (row.status == LEFT_OUT).then(|| import::left_out(row.row));
            told.extend(serde_json::from_value::<Option<PlanRow>>(row.content)?.or(left_out));
        }
        batch.result_file = Some(result_file(&told)?);
        batch.result_name = Some(format!(
            "{} 导入结果.xlsx",
            batch
                .file_name
                .trim_end_matches(".xlsx")
                .trim_end_matches(".xls")
        ));
        batch.state = "done".to_owned();
        Ok::<_, ClientError>(imports::put_batch(tx, &batch)?)
    })
}

/// A row whose file was erased, or built anew, before its turn came is not written: it would bring back what went. The result
/// file says so, so that somebody takes it in once more.
fn leave_out(
    tablet: &Tablet,
    batch: &mut ImportBatch,
    mut row: ImportRow,
) -> Result<(), ClientError> {
    if row.status != "waiting" {
        return Ok(());
    }
    row.status = LEFT_OUT.to_owned();
    batch.done += 1;
    tablet.store.write(|tx| {
        imports::mark_row(tx, batch.batch, &row)?;
        Ok(imports::put_batch(tx, batch)?)
    })
}

fn household_of(tablet: &Tablet, child: DocumentId) -> Option<DocumentId> {
    let child = tablet.child_with_answers(child).ok()?;
    DocumentId::parse(child.household()?).ok()
}

fn writes(
    tablet: &Tablet,
    roster: &Roster,
    details: &Details,
    plan: &PlanRow,
    households: &mut HashMap<u32, DocumentId>,
    row: &mut ImportRow,
) -> Vec<Write> {
    if plan.outcome == Outcome::Rejected || (plan.outcome == Outcome::Same && plan.child.is_none())
    {
        return Vec::new();
    }
    let today = roster.today.to_string();
    let known = plan.child.and_then(|id| roster.child(&id.to_string()).ok());
    let mut of_child: Vec<Edit> = Vec::new();
    let mut of_household: Vec<Edit> = Vec::new();
    for change in &plan.changes {
        let edit = Edit::put(&change.key, change.new.as_str());
        match change.holder {
            Holder::Child => of_child.push(edit),
            Holder::Household => of_household.push(edit),
        }
    }
    for (key, value) in &plan.imported {
        of_child.push(Edit::PutImported {
            key: key.clone(),
            value: Scalar::from(value.as_str()),
        });
    }
    for (key, words) in &plan.flags {
        of_child.push(Edit::put(&format!("{FLAG_PREFIX}{key}"), words.as_str()));
    }
    for code in &plan.categories {
        of_child.push(
            Category {
                id: tablet.new_id().to_string(),
                code: code.clone(),
                start: Some(roster.today),
                end: None,
                recorded_on: Some(roster.today),
                basis: "import".to_owned(),
                status: String::new(),
            }
            .to_edit(),
        );
    }
    for (kind, words) in &plan.facts {
        of_child.push(
            TierFact {
                id: tablet.new_id().to_string(),
                kind: kind.clone(),
                from: Some(roster.today),
                to: None,
                recorded_on: Some(roster.today),
                words: words.clone(),
                approved_by: None,
                made_by: None,
            }
            .to_edit(),
        );
    }
    let mut writes = Vec::new();
    let label = format!("{} 名册", plan.name);
    if let Some(known) = known {
        if !of_household.is_empty()
            && let Some(household) = roster.household_of(known)
        {
            writes.push(
                Write::new(
                    household.id,
                    DocKind::Household,
                    household.unit,
                    of_household,
                )
                .labelled("import", &label, known.id.to_string()),
            );
        }
        if !of_child.is_empty() {
            writes.push(
                Write::new(known.id, DocKind::Child, known.unit, of_child).labelled(
                    "import",
                    label,
                    known.id.to_string(),
                ),
            );
        }
        return writes;
    }
    let household = match plan.household {
        HouseholdChoice::Existing(id) => id,
        HouseholdChoice::New(number) => *households
            .entry(number)
            .or_insert_with(|| DocumentId(tablet.new_id())),
        HouseholdChoice::None => DocumentId(tablet.new_id()),
    };
    let child = DocumentId(tablet.new_id());
    row.document = Some(child);
    of_household.push(Edit::put(OPENED_ON, today.as_str()));
    writes.push(
        Write::new(household, DocKind::Household, details.village, of_household).labelled(
            "import",
            &label,
            child.to_string(),
        ),
    );
    of_child.push(Edit::put(HOUSEHOLD, household.to_string()));
    of_child.push(Edit::put(OPENED_ON, today.as_str()));
    of_child.push(Edit::put(IS_NEW, false));
    of_child.push(Edit::put("file_no", file_number(tablet)));
    writes.push(
        Write::new(child, DocKind::Child, details.village, of_child).labelled(
            "import",
            label,
            child.to_string(),
        ),
    );
    writes
}

/// The next number of this device's block; null when the block is used up, until the server gives another.
fn file_number(tablet: &Tablet) -> Scalar {
    let taken = tablet.store.write(store::identity::take_file_number);
    match taken {
        Ok(number) => Scalar::from(number),
        Err(error) => {
            tracing::error!(%error, "no file number could be taken");
            Scalar::Null
        }
    }
}

fn existing(roster: &Roster, child: &crate::roster::RosterChild) -> Option<ExistingChild> {
    let household = roster.household_of(child)?;
    let mut fields: BTreeMap<String, FieldState> = BTreeMap::new();
    let text = |value: &Scalar| Some(value.to_display()).filter(|text| !text.is_empty());
    for (key, value) in household.household.fields.iter().chain(&child.child.fields) {
        fields.entry(key.clone()).or_default().current = text(value);
    }
    for (key, value) in household
        .household
        .imported
        .iter()
        .chain(&child.child.imported)
    {
        fields.entry(key.clone()).or_default().last_imported = text(value);
    }
    Some(ExistingChild {
        child: child.id,
        household: household.id,
        name: child.name(),
        birth_date: child.child.text("birth_date").map(str::to_owned),
        id_no: child.child.text("id_no").map(str::to_owned),
        village: child.unit,
        village_name: roster.people.unit_name(child.unit),
        carer_name: child.child.text("carer_name").map(str::to_owned),
        carer_id_no: child.child.text("carer_id_no").map(str::to_owned),
        guardian_name: child.child.text("guardian_name").map(str::to_owned),
        guardian_id_no: child.child.text("guardian_id_no").map(str::to_owned),
        address: household.household.text("addr").map(str::to_owned),
        categories: child
            .child
            .categories
            .iter()
            .filter(|category| category.end.is_none())
            .map(|category| category.code.clone())
            .collect(),
        facts: child
            .child
            .tier_facts
            .iter()
            .filter(|fact| fact.to.is_none())
            .map(|fact| fact.kind.clone())
            .collect(),
        fields,
    })
}

fn row_view(row: &PlanRow) -> ImportRowView {
    ImportRowView {
        row: row.row,
        name: row.name.clone(),
        outcome: row.outcome.code().to_owned(),
        notes: row.notes.clone(),
        changes: row
            .changes
            .iter()
            .filter(|_| row.outcome != Outcome::New)
            .chain(&row.conflicts)
            .map(|change| change.sentence.clone())
            .collect(),
        household: row.household_sentence.clone(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
