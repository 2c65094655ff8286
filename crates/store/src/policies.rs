//! Policy packs as the server delivered them: JSON by id, kept whole.

use crate::{StoreError, Transaction};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// A pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Its id; a record names the pack it was made under.
    pub policy: String,
    /// cadence, form, problem, …
    pub kind: String,
    /// Version text.
    pub version: String,
    /// The pack.
    pub json: String,
    /// When it arrived.
    pub received_ms: i64,
}

/// Writes a pack; one that is there is replaced only by itself.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, policy: &PolicyRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/policies/put.sql"))?
        .execute(named_params! {
            ":policy": policy.policy,
            ":kind": policy.kind,
            ":version": policy.version,
            ":json": policy.json,
            ":received_ms": policy.received_ms,
        })?;
    Ok(())
}

/// One pack.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, policy: &str) -> Result<Option<PolicyRow>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/policies/get.sql"))?
        .query_row(named_params! {":policy": policy}, policy_from)
        .optional()?)
}

/// All packs, oldest first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<PolicyRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/policies/all.sql"))?;
    let rows = statement.query_map([], policy_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn policy_from(row: &Row<'_>) -> rusqlite::Result<PolicyRow> {
    Ok(PolicyRow {
        policy: row.get("policy")?,
        kind: row.get("kind")?,
        version: row.get("version")?,
        json: row.get("json")?,
        received_ms: row.get("received_ms")?,
    })
}
