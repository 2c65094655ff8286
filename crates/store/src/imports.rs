//! Ledger imports: batches with their rows. What a ledger said last is in the documents themselves.

use crate::{StoreError, Transaction, row};
use ids::DocumentId;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::Value;
use uuid::Uuid;

/// A ledger file on its way in.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportBatch {
    /// Its id.
    pub batch: Uuid,
    /// L1, L2.
    pub ledger: String,
    /// Name of the file.
    pub file_name: String,
    /// preview, running, done, failed.
    pub state: String,
    /// Rows to do.
    pub total: u32,
    /// Rows done.
    pub done: u32,
    /// Head of the preview, as the use case shapes it.
    pub details: Value,
    /// Name of the result file.
    pub result_name: Option<String>,
    /// The result file.
    pub result_file: Option<Vec<u8>>,
    /// Begun.
    pub created_ms: i64,
}

/// One row of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRow {
    /// Row number in the sheet, 1-based.
    pub row: u32,
    /// new, changed, same, conflict, rejected.
    pub outcome: String,
    /// waiting, done, or left_out where it was erased before its turn came.
    pub status: String,
    /// The file it made or changed.
    pub document: Option<DocumentId>,
    /// The row, as the use case shapes it.
    pub content: Value,
}

/// Writes a batch, new or changed.
///
/// # Errors
/// The database refuses.
pub fn put_batch(tx: &Transaction<'_>, batch: &ImportBatch) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/imports/put_batch.sql"))?
        .execute(named_params! {
            ":batch": batch.batch.as_bytes(),
            ":ledger": batch.ledger,
            ":file_name": batch.file_name,
            ":state": batch.state,
            ":total": batch.total,
            ":done": batch.done,
            ":details": serde_json::to_string(&batch.details)?,
            ":result_name": batch.result_name,
            ":result_file": batch.result_file,
            ":created_ms": batch.created_ms,
        })?;
    Ok(())
}

/// One batch.
///
/// # Errors
/// The database refuses.
pub fn batch(connection: &Connection, batch: Uuid) -> Result<Option<ImportBatch>, StoreError> {
    connection
        .prepare_cached(include_str!("../sql/imports/batch.sql"))?
        .query_row(named_params! {":batch": batch.as_bytes()}, batch_from)
        .optional()?
        .transpose()
}

/// Batches that were confirmed and not finished, to go on with after a restart.
///
/// # Errors
/// The database refuses.
pub fn running(connection: &Connection) -> Result<Vec<ImportBatch>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/imports/running.sql"))?;
    let rows = statement.query_map([], batch_from)?;
    rows.map(|batch| batch?).collect()
}

/// Writes a row of a batch.
///
/// # Errors
/// The database refuses.
pub fn put_row(tx: &Transaction<'_>, batch: Uuid, row: &ImportRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/imports/put_row.sql"))?
        .execute(named_params! {
            ":batch": batch.as_bytes(),
            ":row": row.row,
            ":outcome": row.outcome,
            ":status": row.status,
            ":document": row.document.map(|it| *it.0.as_bytes()),
            ":content": serde_json::to_string(&row.content)?,
        })?;
    Ok(())
}

/// Notes what became of a row, and says whether it still stood as the caller knows it: it may have been erased meanwhile,
/// and then nothing is noted.
///
/// # Errors
/// The database refuses.
pub fn mark_row(tx: &Transaction<'_>, batch: Uuid, row: &ImportRow) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/imports/mark_row.sql"))?
        .execute(named_params! {
            ":is_erased": row.content.is_null(),
            ":batch": batch.as_bytes(),
            ":row": row.row,
            ":status": row.status,
            ":document": row.document.map(|it| *it.0.as_bytes()),
        })?;
    Ok(rows > 0)
}

/// The rows of a batch in file order.
///
/// # Errors
/// The database refuses.
pub fn rows(connection: &Connection, batch: Uuid) -> Result<Vec<ImportRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/imports/rows.sql"))?;
    let rows = statement.query_map(named_params! {":batch": batch.as_bytes()}, |row| {
        let content: String = row.get("content")?;
        Ok((
            ImportRow {
                row: row::small(row, "row")?,
                outcome: row.get("outcome")?,
                status: row.get("status")?,
                document: row::optional_document(row, "document")?,
                content: Value::Null,
            },
            content,
        ))
    })?;
    rows.map(|found| {
        let (row, content) = found?;
        Ok(ImportRow {
            content: serde_json::from_str(&content)?,
            ..row
        })
    })
    .collect()
}

/// Removes what was begun before a time and is not under way: previews nobody confirmed, and imports that ended, with
/// their rows and result files.
///
/// # Errors
/// The database refuses.
pub fn remove_old(tx: &Transaction<'_>, before_ms: i64) -> Result<u64, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/imports/remove_old.sql"))?
        .execute(named_params! {":before_ms": before_ms})?;
    Ok(rows as u64)
}

/// A document, or what it said, is erased: its rows say nothing any more, nor does a result file that tells of it, and a
/// preview of before is made anew.
///
/// # Errors
/// The database refuses.
pub(crate) fn erase(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    for sql in [
        include_str!("../sql/imports/erase_previews.sql"),
        include_str!("../sql/imports/erase_results.sql"),
        include_str!("../sql/imports/erase_rows.sql"),
    ] {
        tx.execute(sql, named_params! {":document": document.0.as_bytes()})?;
    }
    Ok(())
}

fn batch_from(row: &Row<'_>) -> rusqlite::Result<Result<ImportBatch, StoreError>> {
    let details: String = row.get("details")?;
    let batch = ImportBatch {
        batch: row::plain_uuid(row, "batch")?,
        ledger: row.get("ledger")?,
        file_name: row.get("file_name")?,
        state: row.get("state")?,
        total: row::small(row, "total")?,
        done: row::small(row, "done")?,
        details: Value::Null,
        result_name: row.get("result_name")?,
        result_file: row.get("result_file")?,
        created_ms: row.get("created_ms")?,
    };
    Ok(serde_json::from_str(&details)
        .map(|details| ImportBatch { details, ..batch })
        .map_err(StoreError::from))
}
