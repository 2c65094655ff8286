//! What was exported at this station, and the files for the minutes they may be taken.

use crate::{StoreError, Transaction, row};
use rusqlite::{Connection, OptionalExtension, named_params};
use uuid::Uuid;

/// One export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRow {
    /// Its id.
    pub id: Uuid,
    /// The number printed on it.
    pub number: String,
    /// When it was made.
    pub made_ms: i64,
    /// Until when the file can be taken.
    pub until_ms: i64,
    /// Which register: its code.
    pub ledger: String,
    /// What for: a code.
    pub purpose: String,
    /// What for, in the person's words.
    pub words: String,
    /// How many rows.
    pub rows: u32,
    /// Whole ID numbers are in it.
    pub full_numbers: bool,
    /// What the file is called.
    pub file_name: String,
    /// The file is still here.
    pub is_there: bool,
}

/// A file that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// The number printed on it.
    pub number: String,
    /// What it is called.
    pub file_name: String,
    /// Its bytes, encrypted.
    pub bytes: Vec<u8>,
}

/// Keeps an export with its file, in the place of an earlier try of the same one.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, export: &ExportRow, file: &[u8]) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/exports/put.sql"))?
        .execute(named_params! {
            ":id": export.id.as_bytes(),
            ":number": export.number,
            ":made_ms": export.made_ms,
            ":until_ms": export.until_ms,
            ":ledger": export.ledger,
            ":purpose": export.purpose,
            ":words": export.words,
            ":rows": export.rows,
            ":full_numbers": export.full_numbers,
            ":file_name": export.file_name,
            ":file": file,
        })?;
    Ok(())
}

/// The last ones, newest first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<ExportRow>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/exports/all.sql"))?
        .query_map([], |found| {
            Ok(ExportRow {
                id: row::plain_uuid(found, "id")?,
                number: found.get("number")?,
                made_ms: found.get("made_ms")?,
                until_ms: found.get("until_ms")?,
                ledger: found.get("ledger")?,
                purpose: found.get("purpose")?,
                words: found.get("words")?,
                rows: found.get("rows")?,
                full_numbers: found.get("full_numbers")?,
                file_name: found.get("file_name")?,
                is_there: found.get("is_there")?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// The file, while its time lasts.
///
/// # Errors
/// The database refuses.
pub fn file(
    connection: &Connection,
    id: Uuid,
    now_ms: i64,
) -> Result<Option<ExportFile>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/exports/file.sql"))?
        .query_row(
            named_params! {":id": id.as_bytes(), ":now_ms": now_ms},
            |found| {
                Ok(ExportFile {
                    number: found.get("number")?,
                    file_name: found.get("file_name")?,
                    bytes: found.get("file")?,
                })
            },
        )
        .optional()?)
}

/// Whether some file's time is over.
///
/// # Errors
/// The database refuses.
pub fn has_expired(connection: &Connection, now_ms: i64) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/exports/has_expired.sql"))?
        .exists(named_params! {":now_ms": now_ms})?)
}

/// Removes the files whose time is over.
///
/// # Errors
/// The database refuses.
pub fn drop_files(tx: &Transaction<'_>, now_ms: i64) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/exports/drop_files.sql"))?
        .execute(named_params! {":now_ms": now_ms})?;
    Ok(())
}
