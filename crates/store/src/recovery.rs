//! What a device keeps so that a server set back to an older copy gets everything back, and what an order erases here.

use crate::row::{signed, split};
use crate::{
    StoreError, Transaction, changes, countersignatures, documents, drafts, guests, imports,
    projections, recusals, renewals, rests, row, sheets,
};
use ids::{ChangeHash, DeviceId, DocumentId, Generation, UnitId};
use rusqlite::{Connection, OptionalExtension, named_params};

/// How the gathering stands, as far as this device knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovery {
    /// What is here must still be offered.
    pub inventory_due: bool,
    /// The server takes everything and shows nothing yet.
    pub hold: bool,
    /// Since when it gathers; none when it does not.
    pub since_ms: Option<i64>,
    /// Changes that came back to it.
    pub returned: u64,
    /// Numbers of its lost log nothing was found for.
    pub unexplained: u64,
}

/// Bytes under the server's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What was signed.
    pub body: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// What a member statement is about; a newer one of the same id takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A unit.
    Unit,
    /// A person.
    Staff,
    /// A device.
    Device,
    /// A form.
    Form,
}

impl MemberKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Staff => "staff",
            Self::Device => "device",
            Self::Form => "form",
        }
    }
}

/// A document with hashes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The document.
    pub document: DocumentId,
    /// Its generation.
    pub generation: Generation,
    /// Heads, or all changes.
    pub hashes: Vec<ChangeHash>,
}

/// How the gathering stands.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, scope: UnitId) -> Result<Recovery, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../sql/recovery/get.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok(Recovery {
                inventory_due: row.get("inventory_due")?,
                hold: row.get("hold")?,
                since_ms: row.get("since_ms")?,
                returned: row::number(row, "returned")?,
                unexplained: row::number(row, "unexplained")?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Writes how the gathering stands.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, scope: UnitId, recovery: &Recovery) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recovery/put.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":inventory_due": recovery.inventory_due,
            ":hold": recovery.hold,
            ":since_ms": recovery.since_ms,
            ":returned": signed(recovery.returned),
            ":unexplained": signed(recovery.unexplained),
        })?;
    Ok(())
}

/// The server lost its memory: nothing of ours is acknowledged any more, everything here is to be offered, and what the
/// journal had let go of is in it again. First the acknowledgements go, so that a crash later on only says things twice.
///
/// # Errors
/// The database refuses.
pub fn begin(tx: &Transaction<'_>, scope: UnitId) -> Result<(), StoreError> {
    changes::offer_again(tx, scope)?;
    crate::blobs::offer_again(tx)?;
    changes::journal_unacknowledged(tx)?;
    let recovery = Recovery {
        inventory_due: true,
        ..get(tx, scope)?
    };
    put(tx, scope, &recovery)
}

/// Everything here was offered. What the server held back for a change it lacked goes to it once more: that may be there now.
///
/// # Errors
/// The database refuses.
pub fn finish(tx: &Transaction<'_>, scope: UnitId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recovery/offer_held.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes()})?;
    let recovery = Recovery {
        inventory_due: false,
        ..get(tx, scope)?
    };
    put(tx, scope, &recovery)
}

/// Keeps an order. False when it was here already.
///
/// # Errors
/// The database refuses.
pub fn put_order(
    tx: &Transaction<'_>,
    number: u64,
    statement: &Statement,
) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/recovery/put_order.sql"))?
        .execute(named_params! {
            ":body": statement.body,
            ":signature": statement.signature,
            ":number": signed(number),
        })?;
    Ok(rows > 0)
}

/// Every order kept here.
///
/// # Errors
/// The database refuses.
pub fn orders(connection: &Connection) -> Result<Vec<Statement>, StoreError> {
    statements(connection, include_str!("../sql/recovery/orders.sql"))
}

/// Keeps a member record under the server's signature.
///
/// # Errors
/// The database refuses.
pub fn put_member(
    tx: &Transaction<'_>,
    (kind, id): (MemberKind, &[u8]),
    statement: &Statement,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recovery/put_member.sql"))?
        .execute(named_params! {
            ":kind": kind.as_str(),
            ":id": id,
            ":body": statement.body,
            ":signature": statement.signature,
        })?;
    Ok(())
}

/// Every member record kept here, units before people before devices before forms.
///
/// # Errors
/// The database refuses.
pub fn members(connection: &Connection) -> Result<Vec<Statement>, StoreError> {
    statements(connection, include_str!("../sql/recovery/members.sql"))
}

/// The records of people kept here, as the server signed them.
///
/// # Errors
/// The database refuses.
pub fn staff(connection: &Connection) -> Result<Vec<Statement>, StoreError> {
    statements(connection, include_str!("../sql/recovery/staff.sql"))
}

fn statements(connection: &Connection, sql: &str) -> Result<Vec<Statement>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Statement {
            body: row.get("body")?,
            signature: row.get("signature")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Documents with their heads, in the order of their ids, after one.
///
/// # Errors
/// The database refuses.
pub fn heads_after(
    connection: &Connection,
    after: DocumentId,
    most: usize,
) -> Result<Vec<Held>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/recovery/heads_after.sql"))?;
    let rows = statement.query_map(
        named_params! {":after": after.0.as_bytes(), ":most": signed(most as u64)},
        |row| {
            Ok((
                row::document(row, "document")?,
                row::small(row, "generation")?,
                row.get::<_, Vec<u8>>("heads")?,
            ))
        },
    )?;
    rows.map(|found| {
        let (document, generation, heads) = found?;
        Ok(Held {
            document,
            generation,
            hashes: split(&heads)?,
        })
    })
    .collect()
}

/// Everything of a document that was at the server once, in the order it came here.
///
/// # Errors
/// The database refuses.
pub fn carried(
    connection: &Connection,
    document: DocumentId,
    generation: Generation,
) -> Result<Held, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/recovery/carried.sql"))?;
    let rows = statement.query_map(
        named_params! {":document": document.0.as_bytes(), ":generation": generation},
        |row| row::hash(row, "hash"),
    )?;
    Ok(Held {
        document,
        generation,
        hashes: rows.collect::<Result<_, _>>()?,
    })
}

/// The server has all of a document that it ever had: our part of it is acknowledged again.
///
/// # Errors
/// The database refuses.
pub fn mark_complete(tx: &Transaction<'_>, held: &Held, seq: u64) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recovery/mark_complete.sql"))?
        .execute(named_params! {
            ":document": held.document.0.as_bytes(),
            ":generation": held.generation,
            ":seq": signed(seq),
        })?;
    Ok(())
}

/// Whether a head of this device's chain is remembered here. One that is not was made by a copy of this memory, or later
/// than the state this memory was set back to.
///
/// # Errors
/// The database refuses.
pub fn knows_head(connection: &Connection, head: &[u8; 32]) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/recovery/knows_head.sql"))?
        .exists(named_params! {":head": head})?)
}

/// Whether an order erased this generation of the document.
///
/// # Errors
/// The database refuses.
pub fn is_erased(
    connection: &Connection,
    document: DocumentId,
    generation: Generation,
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/recovery/is_erased.sql"))?
        .exists(named_params! {
            ":document": document.0.as_bytes(),
            ":generation": generation,
        })?)
}

/// Erases a document: content, changes, rows, drafts, what an import had of it, and what the journals have of it. Records of
/// it that never arrived at the server go as well, and are counted. `at_ms` is when the order was given.
///
/// # Errors
/// The database refuses.
pub fn erase(
    tx: &Transaction<'_>,
    document: DocumentId,
    generation: Generation,
    at_ms: i64,
) -> Result<(), StoreError> {
    let unsent = tx
        .prepare_cached(include_str!("../sql/recovery/unsent_of.sql"))?
        .query_row(
            named_params! {":document": document.0.as_bytes(), ":generation": generation},
            |row| row::number(row, "unsent"),
        )?;
    end_generation(tx, document, generation, unsent, at_ms)?;
    // Before the drafts and the sheets, because what hangs on one is found by it.
    crate::blobs::erase(tx, document, at_ms)?;
    drafts::remove_of_household(tx, document)?;
    sheets::remove_of_document(tx, document)?;
    rests::forget(tx, document)?;
    recusals::forget(tx, document)?;
    guests::forget(tx, document)?;
    countersignatures::forget(tx, document)?;
    renewals::forget(tx, document)?;
    tx.execute(
        include_str!("../sql/recovery/erase_marks.sql"),
        named_params! {":document": document.0.as_bytes()},
    )?;
    Ok(())
}

/// A generation of a document is over: its content and its changes go, also from the journal and from what an import had of
/// it. What hangs on the document and not on its content stays. `at_ms` is when the order was given.
///
/// # Errors
/// The database refuses.
pub fn end_generation(
    tx: &Transaction<'_>,
    document: DocumentId,
    generation: Generation,
    unsent: u64,
    at_ms: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recovery/put_erased.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":generation": generation,
            ":unsent": signed(unsent),
            ":at_ms": at_ms,
        })?;
    // Before the projections: whose household it is stands there.
    imports::erase(tx, document)?;
    for sql in [
        include_str!("../sql/recovery/erase.sql"),
        include_str!("../sql/recovery/erase_quarantine.sql"),
        include_str!("../sql/recovery/erase_document.sql"),
    ] {
        tx.execute(
            sql,
            named_params! {":document": document.0.as_bytes(), ":generation": generation},
        )?;
    }
    if documents::head(tx, document)?.is_none() {
        projections::remove(tx, document)?;
    }
    tx.note_erased();
    Ok(())
}

/// When the last order to erase something was given, as far as this store heard of it.
///
/// # Errors
/// The database refuses.
pub fn last_erased_ms(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/recovery/last_erased.sql"))?
        .query_row([], |row| row.get("at_ms"))?)
}

/// Records that were erased by an order before they had arrived at the server.
///
/// # Errors
/// The database refuses.
pub fn erased_unsent(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/recovery/erased_unsent.sql"))?
        .query_row([], |row| row::number(row, "unsent"))?)
}

/// An order revoked a device.
///
/// # Errors
/// The database refuses.
pub fn revoke(tx: &Transaction<'_>, device: DeviceId, at_ms: i64) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/recovery/revoke.sql"))?
        .execute(named_params! {":device": device.0.as_bytes(), ":at_ms": at_ms})?;
    Ok(())
}
