//! Who is not to act for which document (回避), as the orders kept here say (docs/adr/0034).

use crate::{StoreError, Transaction, row};
use ids::{DocumentId, StaffId};
use rusqlite::{Connection, named_params};
use uuid::Uuid;

/// One document somebody is not to act for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recusal {
    /// Which; the same for every document it is about.
    pub recusal: Uuid,
    /// The document.
    pub document: DocumentId,
    /// Who is not to act.
    pub staff: StaffId,
    /// Who visits in her stead; the station when nobody is named.
    pub stead: Option<StaffId>,
    /// From.
    pub from_ms: i64,
    /// Until; open when none.
    pub until_ms: Option<i64>,
}

impl Recusal {
    /// Whether it stands at a time.
    pub fn stands(&self, now_ms: i64) -> bool {
        self.from_ms <= now_ms && self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// Writes down what an order says; said again it ends earlier, never later.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, recusal: &Recusal) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recusals/put.sql"))?
        .execute(named_params! {
            ":recusal": recusal.recusal.as_bytes(),
            ":document": recusal.document.0.as_bytes(),
            ":staff": recusal.staff.0.as_bytes(),
            ":stead": recusal.stead.map(|staff| staff.0.into_bytes()),
            ":from_ms": recusal.from_ms,
            ":until_ms": recusal.until_ms,
        })?;
    Ok(())
}

/// All of them, those that are over too.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<Recusal>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/recusals/all.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Recusal {
            recusal: row::plain_uuid(row, "recusal")?,
            document: row::document(row, "document")?,
            staff: row::staff(row, "staff")?,
            stead: row::optional_staff(row, "stead")?,
            from_ms: row.get("from_ms")?,
            until_ms: row.get("until_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A document is gone: who was not to act for it is not written down any more.
///
/// # Errors
/// The database refuses.
pub fn forget(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recusals/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}
