//! Foreign changes that would not apply: kept as they came, away from the documents, until an app can take them.

use super::Change;
use crate::row::{pack, signed, unpack};
use crate::{StoreError, Transaction, row};
use ids::{ChangeHash, DocKind, DocumentId, UnitId};
use rusqlite::{Connection, Row, named_params};

/// A foreign change that would not apply, kept with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its hash as announced.
    pub hash: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// Why.
    pub reason: String,
    /// When it arrived.
    pub at_ms: i64,
}

/// Why, when and by whom a foreign change was kept aside, and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct Aside<'a> {
    /// Why.
    pub reason: &'a str,
    /// When it arrived.
    pub at_ms: i64,
    /// Version of the app that could not take it.
    pub app: &'a str,
    /// Its document's kind.
    pub kind: DocKind,
    /// Its document's unit.
    pub home_unit: UnitId,
    /// Its number in the scope's log.
    pub server_seq: u64,
}

/// Keeps a foreign change that would not apply, away from the documents.
///
/// # Errors
/// The database refuses.
pub fn quarantine(
    tx: &Transaction<'_>,
    change: &Change,
    aside: &Aside<'_>,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../../sql/changes/quarantine.sql"))?
        .execute(named_params! {
            ":hash": change.hash.0,
            ":document": change.document.0.as_bytes(),
            ":generation": change.generation,
            ":body": pack(&change.body)?,
            ":head": change.head,
            ":signature": change.signature,
            ":reason": aside.reason,
            ":at_ms": aside.at_ms,
            ":app": aside.app,
            ":kind": aside.kind.as_str(),
            ":home_unit": aside.home_unit.0.as_bytes(),
            ":server_seq": signed(aside.server_seq),
        })?;
    Ok(())
}

/// A change that another version of the app kept aside, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untried {
    /// Its hash as announced.
    pub hash: ChangeHash,
    /// The raw change.
    pub body: Vec<u8>,
    /// Signed envelope head.
    pub head: Vec<u8>,
    /// Signature over the head.
    pub signature: Vec<u8>,
    /// Its document's kind.
    pub kind: DocKind,
    /// Its document's unit.
    pub home_unit: UnitId,
    /// Its number in the scope's log.
    pub server_seq: u64,
}

/// What other versions of the app kept aside, in the order of the log.
///
/// # Errors
/// The database refuses.
pub fn quarantined_by_others(
    connection: &Connection,
    app: &str,
) -> Result<Vec<Untried>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/changes/quarantined_by_others.sql"))?;
    let rows = statement.query_map(named_params! {":app": app}, untried)?;
    rows.map(|found| unpacked(found?)).collect()
}

fn untried(row: &Row<'_>) -> rusqlite::Result<Untried> {
    Ok(Untried {
        hash: row::hash(row, "hash")?,
        body: row.get("body")?,
        head: row.get("head")?,
        signature: row.get("signature")?,
        kind: row::kind(row, "kind")?,
        home_unit: row::unit(row, "home_unit")?,
        server_seq: row::number(row, "server_seq")?,
    })
}

fn unpacked(found: Untried) -> Result<Untried, StoreError> {
    let body = unpack(&found.body)?;
    Ok(Untried { body, ..found })
}

/// Foreign changes that would not apply.
///
/// # Errors
/// The database refuses.
pub fn quarantined(connection: &Connection) -> Result<Vec<Quarantined>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/changes/quarantined.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Quarantined {
            hash: row::hash(row, "hash")?,
            document: row::document(row, "document")?,
            reason: row.get("reason")?,
            at_ms: row.get("at_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is kept aside of a document for one reason, in the order of the log.
///
/// # Errors
/// The database refuses.
pub fn aside_for(
    connection: &Connection,
    document: DocumentId,
    reason: &str,
) -> Result<Vec<Untried>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/changes/aside_for.sql"))?;
    let rows = statement.query_map(
        named_params! {":document": document.0.as_bytes(), ":reason": reason},
        untried,
    )?;
    rows.map(|found| unpacked(found?)).collect()
}

/// How many foreign changes are kept aside.
///
/// # Errors
/// The database refuses.
pub fn quarantined_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/changes/quarantined_count.sql"))?
        .query_row([], |row| row::number(row, "changes"))?)
}

/// A foreign change as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsItCame {
    /// The change.
    pub body: Vec<u8>,
    /// Its signed head.
    pub head: Vec<u8>,
    /// The head's signature.
    pub signature: Vec<u8>,
}

/// Foreign changes of a document that were believed and would not apply.
///
/// # Errors
/// The database refuses.
pub fn inapplicable(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<AsItCame>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/changes/inapplicable.sql"))?;
    let rows = statement.query_map(named_params! {":document": document.0.as_bytes()}, |row| {
        Ok(AsItCame {
            body: row.get("body")?,
            head: row.get("head")?,
            signature: row.get("signature")?,
        })
    })?;
    rows.map(|found| {
        let change = found?;
        let body = unpack(&change.body)?;
        Ok(AsItCame { body, ..change })
    })
    .collect()
}

/// A change that was kept aside applies now and is in the document.
///
/// # Errors
/// The database refuses.
pub fn release(tx: &Transaction<'_>, hash: ChangeHash) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../../sql/changes/release.sql"))?
        .execute(named_params! {":hash": hash.0})?;
    Ok(())
}
