//! What was written on this device when a case was asked for or declined (docs/adr/0039): what leaves is sealed to somebody
//! else, so that nobody here could read it again.

use crate::{StoreError, Transaction, row};
use rusqlite::{Connection, named_params};
use std::collections::HashMap;
use uuid::Uuid;

/// Keeps words.
///
/// # Errors
/// The database refuses.
pub fn put_own(tx: &Transaction<'_>, id: Uuid, words: &str) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/cases/put_own.sql"))?
        .execute(named_params! {":id": id.as_bytes(), ":words": words})?;
    Ok(())
}

/// All of them, by request.
///
/// # Errors
/// The database refuses.
pub fn own(connection: &Connection) -> Result<HashMap<Uuid, String>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/cases/own.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok((row::plain_uuid(row, "id")?, row.get("words")?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
