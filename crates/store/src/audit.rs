//! The audit chain: who did what, append-only, each row's hash covering the one before.

use crate::{StoreError, Transaction, row};
use ids::StaffId;
use rusqlite::{Connection, OptionalExtension, named_params};
use sha2::{Digest, Sha256};

/// A row of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// When, by this device's clock.
    pub at_ms: i64,
    /// Who; `None` before anybody is known.
    pub staff: Option<StaffId>,
    /// What was done.
    pub action: String,
    /// To what: an id, never content.
    pub object: String,
}

/// Adds a row.
///
/// # Errors
/// The database refuses.
pub fn append(tx: &Transaction<'_>, entry: &AuditRow) -> Result<(), StoreError> {
    let previous: Option<[u8; 32]> = tx
        .prepare_cached(include_str!("../sql/audit/last.sql"))?
        .query_row([], |row| row.get("hash"))
        .optional()?;
    tx.prepare_cached(include_str!("../sql/audit/append.sql"))?
        .execute(named_params! {
            ":at_ms": entry.at_ms,
            ":staff": entry.staff.map(|it| *it.0.as_bytes()),
            ":action": entry.action,
            ":object": entry.object,
            ":hash": link(previous.unwrap_or_default(), entry),
        })?;
    Ok(())
}

/// Walks the chain: how many rows, or [`StoreError::Corrupt`] where a hash does not fit.
///
/// # Errors
/// The chain is broken.
pub fn verify(connection: &Connection) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/audit/all.sql"))?;
    let mut rows = statement.query([])?;
    let mut previous = [0; 32];
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let entry = AuditRow {
            at_ms: row.get("at_ms")?,
            staff: row::optional_staff(row, "staff")?,
            action: row.get("action")?,
            object: row.get("object")?,
        };
        let hash: [u8; 32] = row.get("hash")?;
        if hash != link(previous, &entry) {
            return Err(StoreError::Corrupt {
                what: "the audit chain",
            });
        }
        previous = hash;
        count += 1;
    }
    Ok(count)
}

fn link(previous: [u8; 32], entry: &AuditRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zoufang audit 1");
    hash.update(previous);
    hash.update(entry.at_ms.to_be_bytes());
    hash.update(entry.staff.map_or([0; 16], |it| *it.0.as_bytes()));
    for text in [&entry.action, &entry.object] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}
