//! What this station may enrol without the server, and which tablets it enrolled so (ADR 0031).

use crate::{StoreError, Transaction, row};
use ids::DeviceId;
use rusqlite::{Connection, OptionalExtension, named_params};

/// A tablet this station enrolled without the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegatedRow {
    /// The place it took.
    pub device: DeviceId,
    /// Its public key.
    pub key: [u8; 32],
    /// What the station signed, packed.
    pub certificate: Vec<u8>,
    /// When.
    pub at_ms: i64,
}

/// Keeps what the server signed, in the place of what it signed before.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, statement: &[u8]) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/delegations/put.sql"))?
        .execute(named_params! {":statement": statement})?;
    Ok(())
}

/// What the server signed last.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/delegations/get.sql"))?
        .query_row([], |row| row.get("statement"))
        .optional()?)
}

/// Writes a tablet down. A place or a key that is there already is refused.
///
/// # Errors
/// The database refuses.
pub fn note(tx: &Transaction<'_>, tablet: &DelegatedRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/delegations/note.sql"))?
        .execute(named_params! {
            ":device": tablet.device.0.as_bytes(),
            ":key": tablet.key,
            ":certificate": tablet.certificate,
            ":at_ms": tablet.at_ms,
        })?;
    Ok(())
}

/// Every tablet, oldest first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<DelegatedRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/delegations/all.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(DelegatedRow {
            device: row::device(row, "device")?,
            key: row.get("key")?,
            certificate: row.get("certificate")?,
            at_ms: row.get("at_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the server has not heard of one of them by the trail.
///
/// # Errors
/// The database refuses.
pub fn is_untold(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/delegations/untold.sql"))?
        .exists([])?)
}

/// The trail that says so went out.
///
/// # Errors
/// The database refuses.
pub fn set_told(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/delegations/set_told.sql"))?
        .execute([])?;
    Ok(())
}
