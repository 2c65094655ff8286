//! Projections: rows computed from documents, written with them and rebuilt from them at any time.

use crate::documents::StoredDocument;
use crate::{StoreError, Transaction};

/// Raised when the code computes other rows from the same documents: the next opening rebuilds.
const VERSION: i64 = 1;

/// Computes the rows of one document anew.
///
/// # Errors
/// The database refuses.
pub fn refresh(_tx: &Transaction<'_>, _document: &StoredDocument) -> Result<(), StoreError> {
    Ok(())
}

/// Computes all rows anew.
///
/// # Errors
/// The database refuses.
pub fn rebuild(_tx: &Transaction<'_>) -> Result<(), StoreError> {
    Ok(())
}

pub(crate) fn bring_up_to_date(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let version: i64 = tx.query_row(include_str!("../sql/projections/version.sql"), [], |row| {
        row.get("projections")
    })?;
    if version != VERSION {
        rebuild(tx)?;
        tx.execute(
            include_str!("../sql/projections/set_version.sql"),
            [VERSION],
        )?;
    }
    Ok(())
}
