//! Documents of files that ended: let go when the server has everything of them for good, and asked for again when something
//! new is said in one. Letting go is what a document that moved goes through ([`crate::departures`]), with the same care.

use crate::{StoreError, Transaction, departures, row};
use ids::DocumentId;
use rusqlite::{Connection, OptionalExtension, named_params};

/// Whether a document has to stay: something of it is on this device alone, or somebody is at it here.
///
/// # Errors
/// The database refuses.
pub fn is_held(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/rests/is_held.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})?)
}

/// Lets a document of a family go that is not held. The copy goes with [`departures::remove_handed_over`], which looks once
/// more.
///
/// # Errors
/// The database refuses.
pub fn let_go(
    tx: &Transaction<'_>,
    document: DocumentId,
    family: DocumentId,
    at_ms: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/rests/put.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":family": family.0.as_bytes(),
        })?;
    departures::leave(tx, document, "", at_ms)?;
    Ok(())
}

/// Whether a document was let go and is not here: what comes for it has nothing to be applied to.
///
/// # Errors
/// The database refuses.
pub fn is_away(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/rests/is_away.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})?)
}

/// Something new was said in a document that was let go: it is to be asked for, and its family with it.
///
/// # Errors
/// The database refuses.
pub fn want(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/rests/want.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}

/// It was asked for, whatever came.
///
/// # Errors
/// The database refuses.
pub fn want_no_more(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/rests/want_no_more.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}

/// One that is to be asked for.
///
/// # Errors
/// The database refuses.
pub fn wanted(connection: &Connection) -> Result<Option<DocumentId>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/rests/wanted.sql"))?
        .query_row([], |row| row::document(row, "document"))
        .optional()?)
}

/// A document is here again, or is erased: nothing is kept of its having been let go.
///
/// # Errors
/// The database refuses.
pub(crate) fn forget(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/rests/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}
