//! Stations' reports as they were heard last (docs/adr/0039): a station's own, or every one of a district. What they say is
//! the client's business.

use crate::{StoreError, Transaction};
use rusqlite::{Connection, OptionalExtension, named_params};

/// What was heard.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// The server's answer, packed.
    pub packed: Vec<u8>,
    /// When the server took the newest of them; 0 when it had none.
    pub newest_ms: i64,
    /// When it was heard.
    pub heard_ms: i64,
}

/// What was heard last.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection) -> Result<Option<Kept>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/reports/get.sql"))?
        .query_row([], |row| {
            Ok(Kept {
                packed: row.get("packed")?,
                newest_ms: row.get("newest_ms")?,
                heard_ms: row.get("heard_ms")?,
            })
        })
        .optional()?)
}

/// Keeps it in the place of what was heard before.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, kept: &Kept) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/reports/put.sql"))?
        .execute(named_params! {
            ":packed": kept.packed,
            ":newest_ms": kept.newest_ms,
            ":heard_ms": kept.heard_ms,
        })?;
    Ok(())
}
