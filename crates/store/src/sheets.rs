//! Pages that are not saved yet and are no visit form: a contact, a report, a step of a problem, a piece of work. What was
//! typed lies on the page's sheet, and its photos hang on it. A page has one sheet at most, so that all of it is there again
//! when the page is opened again; nobody but the person gives it up.

use crate::{StoreError, Transaction, row};
use ids::DocumentId;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use uuid::Uuid;

/// One on which nothing is said is needless after so long.
const BARE_MS: i64 = 24 * 60 * 60 * 1000;

/// What is kept of a page.
#[derive(Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its id; what [`crate::blobs`] calls a draft.
    pub sheet: Uuid,
    /// Which page.
    pub about: String,
    /// The document it will be written to, where there is one already.
    pub document: Option<DocumentId>,
    /// What was typed, as JSON; none where nothing was.
    pub words: Option<String>,
    /// Last change, milliseconds since 1970.
    pub changed_ms: i64,
}

ids::withhold!(Sheet);

/// The sheet of a page; none where nothing was begun.
///
/// # Errors
/// The database refuses.
pub fn of(connection: &Connection, about: &str) -> Result<Option<Sheet>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/sheets/of.sql"))?
        .query_row(named_params! {":about": about}, sheet_from)
        .optional()?)
}

/// A sheet by its id.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, sheet: Uuid) -> Result<Option<Sheet>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/sheets/get.sql"))?
        .query_row(named_params! {":sheet": sheet.as_bytes()}, sheet_from)
        .optional()?)
}

/// All on which something is said, changed last first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<Sheet>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/sheets/all.sql"))?;
    let rows = statement.query_map([], sheet_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn sheet_from(row: &Row<'_>) -> rusqlite::Result<Sheet> {
    Ok(Sheet {
        sheet: row::plain_uuid(row, "sheet")?,
        about: row.get("about")?,
        document: row::optional_document(row, "document")?,
        words: row.get("words")?,
        changed_ms: row.get("changed_ms")?,
    })
}

/// Begins the sheet of a page that has none.
///
/// # Errors
/// The database refuses.
pub fn begin(tx: &Transaction<'_>, sheet: &Sheet) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sheets/put.sql"))?
        .execute(named_params! {
            ":sheet": sheet.sheet.as_bytes(),
            ":about": sheet.about,
            ":document": sheet.document.map(|document| document.0.into_bytes()),
            ":words": sheet.words,
            ":changed_ms": sheet.changed_ms,
        })?;
    Ok(())
}

/// Keeps what was typed last in the place of what was typed before.
///
/// # Errors
/// The database refuses.
pub fn set_words(
    tx: &Transaction<'_>,
    sheet: Uuid,
    words: Option<&str>,
    changed_ms: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sheets/set_words.sql"))?
        .execute(named_params! {
            ":sheet": sheet.as_bytes(),
            ":words": words,
            ":changed_ms": changed_ms,
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

/// Removes those on which nothing was said for a day.
///
/// # Errors
/// The database refuses.
pub fn remove_bare(tx: &Transaction<'_>, now_ms: i64) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sheets/remove_bare.sql"))?
        .execute(named_params! {":before_ms": now_ms - BARE_MS})?;
    Ok(())
}

/// Removes the sheets of a document that is erased.
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
