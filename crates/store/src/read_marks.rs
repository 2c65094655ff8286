//! Which answers to a problem were read on this device. Never synced: it is about this screen.

use crate::{StoreError, Transaction, row};
use ids::DocumentId;
use rusqlite::{Connection, named_params};
use std::collections::HashMap;

/// The newest event that was read, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadMark {
    /// Newest event read.
    pub event: Option<String>,
    /// When.
    pub read_ms: i64,
}

/// Marks a problem read up to an event.
///
/// # Errors
/// The database refuses.
pub fn put(
    tx: &Transaction<'_>,
    document: DocumentId,
    event: Option<&str>,
    read_ms: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/read_marks/put.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":event": event,
            ":read_ms": read_ms,
        })?;
    Ok(())
}

/// All marks.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<HashMap<DocumentId, ReadMark>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/read_marks/all.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok((
            row::document(row, "document")?,
            ReadMark {
                event: row.get("event")?,
                read_ms: row.get("read_ms")?,
            },
        ))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
