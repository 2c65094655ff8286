//! Documents that left for another village: hidden at once, handed over, and only then removed. And late work: changes
//! that came to the server after their document had left.

use crate::{StoreError, Transaction, blobs, documents, projections, rests, row};
use ids::{ChangeHash, DocKind, DocumentId};
use rusqlite::{Connection, named_params};

/// A document that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Which.
    pub document: DocumentId,
    /// What it is about.
    pub kind: DocKind,
    /// The child's name while the copy is here, initials afterwards; empty but for children.
    pub label: String,
    /// The household it belongs to, or it is.
    pub household: Option<DocumentId>,
    /// Village or township it went to.
    pub destination: String,
    /// When.
    pub left_ms: i64,
    /// When the copy went; none while it is here.
    pub removed_ms: Option<i64>,
    /// Own changes, photos and recordings the server does not have for good yet.
    pub unsent: u64,
    /// It went nowhere: its file ended, and this device need not hold it any more.
    pub rests: bool,
}

/// A change in a station's review tray, as this device was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateChange {
    /// Which.
    pub hash: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// Made on this device.
    pub own: bool,
    /// waiting, taken, `set_aside`, replaced.
    pub state: String,
    /// Why it was set aside.
    pub reason: String,
    /// When this was heard of first.
    pub at_ms: i64,
    /// What the person calls the record.
    pub record_kind: String,
    /// Its words; empty once the copy is gone.
    pub record_text: String,
    /// The record's id.
    pub record_id: Option<String>,
}

/// Hides a document that left. Nothing is deleted. False when it is not here.
///
/// # Errors
/// The database refuses.
pub fn leave(
    tx: &Transaction<'_>,
    document: DocumentId,
    destination: &str,
    left_ms: i64,
) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/departures/put.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":destination": destination,
            ":left_ms": left_ms,
        })?;
    if rows == 0 {
        return Ok(false);
    }
    documents::set_left(tx, document, Some(left_ms))?;
    projections::refresh_stored(tx, document)?;
    Ok(true)
}

/// A document came, or came back: it is seen.
///
/// # Errors
/// The database refuses.
pub fn arrive(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/departures/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    rests::forget(tx, document)?;
    documents::set_left(tx, document, None)
}

/// Removes the copies of which the server has everything that was made here. True when a change of this device waits in a
/// tray: its numbers are used, so whatever is written in such a document later is written by a new memory.
///
/// # Errors
/// The database refuses.
pub fn remove_handed_over(tx: &Transaction<'_>, now_ms: i64) -> Result<bool, StoreError> {
    let over = tx
        .prepare_cached(include_str!("../sql/departures/handed_over.sql"))?
        .query_map([], |row| {
            Ok((row::document(row, "document")?, row.get("label")?))
        })?
        .collect::<Result<Vec<(DocumentId, String)>, _>>()?;
    let mut unpublished = false;
    for (document, label) in over {
        unpublished |= tx
            .prepare_cached(include_str!("../sql/departures/has_unpublished.sql"))?
            .exists(named_params! {":document": document.0.as_bytes()})?;
        projections::remove(tx, document)?;
        blobs::erase(tx, document, now_ms)?;
        for sql in include_str!("../sql/departures/remove.sql").split_inclusive(';') {
            if !sql.trim().is_empty() {
                tx.prepare_cached(sql)?
                    .execute(named_params! {":document": document.0.as_bytes()})?;
            }
        }
        tx.prepare_cached(include_str!("../sql/departures/set_removed.sql"))?
            .execute(named_params! {
                ":document": document.0.as_bytes(),
                ":removed_ms": now_ms,
                ":label": initials(&label),
            })?;
    }
    Ok(unpublished)
}

/// The family name; the rest as marks.
fn initials(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .into_iter()
        .chain(letters.map(|_| '某'))
        .collect()
}

/// Everything that left, newest first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<Departure>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/departures/all.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Departure {
            document: row::document(row, "document")?,
            kind: row::kind(row, "kind")?,
            label: row.get("label")?,
            household: row
                .get::<_, Option<[u8; 16]>>("household")?
                .map(|id| DocumentId(uuid::Uuid::from_bytes(id))),
            destination: row.get("destination")?,
            left_ms: row.get("left_ms")?,
            removed_ms: row.get("removed_ms")?,
            unsent: row::number(row, "unsent")?,
            rests: row.get("rests")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether this device was told that a change lies in a tray, or was decided there.
///
/// # Errors
/// The database refuses.
pub fn is_late(connection: &Connection, hash: ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/departures/is_late.sql"))?
        .exists(named_params! {":hash": hash.0})?)
}

/// Notes what became of a change in a tray: whether it was made here, the state, the reason.
///
/// # Errors
/// The database refuses.
pub fn put_late(
    tx: &Transaction<'_>,
    hash: ChangeHash,
    document: DocumentId,
    (own, state, reason): (bool, &str, &str),
    at_ms: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/departures/put_late.sql"))?
        .execute(named_params! {
            ":hash": hash.0,
            ":document": document.0.as_bytes(),
            ":own": own,
            ":state": state,
            ":reason": reason,
            ":at_ms": at_ms,
        })?;
    Ok(())
}

/// Late work this device was told of, newest first.
///
/// # Errors
/// The database refuses.
pub fn late(connection: &Connection) -> Result<Vec<LateChange>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/departures/late.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(LateChange {
            hash: row::hash(row, "hash")?,
            document: row::document(row, "document")?,
            own: row.get("own")?,
            state: row.get("state")?,
            reason: row.get("reason")?,
            at_ms: row.get("at_ms")?,
            record_kind: row.get("record_kind")?,
            record_text: row.get("record_text")?,
            record_id: row.get("record_id")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Late work of others that waits for a person here.
///
/// # Errors
/// The database refuses.
pub fn count_waiting(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/departures/count_waiting.sql"))?
        .query_row([], |row| row::number(row, "waiting"))?)
}
