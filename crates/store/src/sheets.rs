//! Pages that have photos before they are saved and are no visit form: a step of a problem, an activity. A page has one
//! sheet at most, so that what hangs on it is there again when the page is opened again.

use crate::{StoreError, Transaction, row};
use ids::DocumentId;
use rusqlite::{Connection, OptionalExtension, named_params};
use uuid::Uuid;

/// A sheet nobody saved is given up after so many days, as a form that was put away is.
pub const DAYS_KEPT: i64 = 30;

/// The sheet of a page; none where nothing was begun.
///
/// # Errors
/// The database refuses.
pub fn of(connection: &Connection, about: &str) -> Result<Option<Uuid>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/sheets/of.sql"))?
        .query_row(named_params! {":about": about}, |row| {
            row::plain_uuid(row, "sheet")
        })
        .optional()?)
}

/// Which page a sheet belongs to; none when there is no such sheet.
///
/// # Errors
/// The database refuses.
pub fn about(connection: &Connection, sheet: Uuid) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/sheets/about.sql"))?
        .query_row(named_params! {":sheet": sheet.as_bytes()}, |row| {
            row.get("about")
        })
        .optional()?)
}

/// Begins the sheet of a page that has none.
///
/// # Errors
/// The database refuses.
pub fn begin(
    tx: &Transaction<'_>,
    sheet: Uuid,
    about: &str,
    document: Option<DocumentId>,
    begun_ms: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sheets/put.sql"))?
        .execute(named_params! {
            ":sheet": sheet.as_bytes(),
            ":about": about,
            ":document": document.map(|document| document.0.into_bytes()),
            ":begun_ms": begun_ms,
        })?;
    Ok(())
}

/// Removes a sheet: its page was saved in the same transaction, or dropped.
///
/// # Errors
/// The database refuses.
pub fn remove(tx: &Transaction<'_>, sheet: Uuid) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sheets/remove.sql"))?
        .execute(named_params! {":sheet": sheet.as_bytes()})?;
    Ok(())
}

/// Removes the sheets that were begun more than [`DAYS_KEPT`] days ago.
///
/// # Errors
/// The database refuses.
pub fn remove_old(tx: &Transaction<'_>, now_ms: i64) -> Result<(), StoreError> {
    let before_ms = now_ms - DAYS_KEPT * 24 * 60 * 60 * 1000;
    tx.prepare_cached(include_str!("../sql/sheets/remove_old.sql"))?
        .execute(named_params! {":before_ms": before_ms})?;
    Ok(())
}

/// Removes the sheets of a document that goes.
///
/// # Errors
/// The database refuses.
pub(crate) fn remove_of_document(
    tx: &Transaction<'_>,
    document: DocumentId,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sheets/remove_of_document.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}
