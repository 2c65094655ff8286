//! Which second village knows of which child's file (户籍村), as the orders kept here say (docs/adr/0040).

use crate::{StoreError, Transaction, row};
use ids::{DocumentId, UnitId};
use rusqlite::{Connection, named_params};
use uuid::Uuid;

/// One file a second village knows of, or knew of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guest {
    /// Which; the same for every file it is about.
    pub guest: Uuid,
    /// The file.
    pub document: DocumentId,
    /// The village.
    pub unit: UnitId,
    /// From.
    pub from_ms: i64,
    /// Until; open when none.
    pub until_ms: Option<i64>,
}

impl Guest {
    /// Whether it stands at a time.
    pub fn stands(&self, now_ms: i64) -> bool {
        self.from_ms <= now_ms && self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// Writes down what an order says; said again it ends earlier, never later.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, guest: &Guest) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/guests/put.sql"))?
        .execute(named_params! {
            ":guest": guest.guest.as_bytes(),
            ":document": guest.document.0.as_bytes(),
            ":unit": guest.unit.0.as_bytes(),
            ":from_ms": guest.from_ms,
            ":until_ms": guest.until_ms,
        })?;
    Ok(())
}

/// All of them, those that are over too.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<Guest>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/guests/all.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Guest {
            guest: row::plain_uuid(row, "guest")?,
            document: row::document(row, "document")?,
            unit: row::unit(row, "unit")?,
            from_ms: row.get("from_ms")?,
            until_ms: row.get("until_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A document was erased: who knew of it is not kept.
///
/// # Errors
/// The database refuses.
pub fn forget(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/guests/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}
