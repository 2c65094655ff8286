//! What this device itself was told: that it is stopped, that it is to be wiped; and when it was last in contact.

use crate::row::signed;
use crate::{StoreError, Transaction, row};
use rusqlite::{Connection, OptionalExtension, named_params};

/// How this device stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// An order stopped it.
    pub revoked_ms: Option<i64>,
    /// An order says that it is to be wiped: the order's number.
    pub wipe_order: Option<u64>,
    /// The server has the receipt: nothing is waited for any more.
    pub wipe_receipted: bool,
    /// The latest time that is known to have come.
    pub clock_ms: i64,
    /// The last contact, by the server's clock; none before the first.
    pub contact_ms: Option<i64>,
    /// What this device's own clock said at that moment.
    pub contact_wall_ms: Option<i64>,
}

/// How this device stands.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection) -> Result<Standing, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../sql/standing/get.sql"))?
        .query_row([], |row| {
            let order: Option<i64> = row.get("wipe_order")?;
            Ok(Standing {
                revoked_ms: row.get("revoked_ms")?,
                wipe_order: order.map(|_| row::number(row, "wipe_order")).transpose()?,
                wipe_receipted: row.get("wipe_receipted")?,
                clock_ms: row.get("clock_ms")?,
                contact_ms: row.get("contact_ms")?,
                contact_wall_ms: row.get("contact_wall_ms")?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Reads it, lets the closure change it, writes it.
///
/// # Errors
/// The database refuses.
pub fn update(tx: &Transaction<'_>, update: impl FnOnce(&mut Standing)) -> Result<(), StoreError> {
    let mut standing = get(tx)?;
    update(&mut standing);
    tx.prepare_cached(include_str!("../sql/standing/put.sql"))?
        .execute(named_params! {
            ":revoked_ms": standing.revoked_ms,
            ":wipe_order": standing.wipe_order.map(signed),
            ":wipe_receipted": standing.wipe_receipted,
            ":clock_ms": standing.clock_ms,
            ":contact_ms": standing.contact_ms,
            ":contact_wall_ms": standing.contact_wall_ms,
        })?;
    Ok(())
}
