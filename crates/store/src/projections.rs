//! Projections: rows computed from documents, written with them and rebuilt from them at any time.
//!
//! [`refresh`] computes the rows of one document anew, inside the transaction that changed it. Screens read only these.

pub mod children;
pub mod conflicts;
pub mod events;
pub mod households;
pub mod problems;
pub mod records;

use crate::documents::{self, StoredDocument};
use crate::{StoreError, Transaction, row};
use domain::record::Record;
use domain::record::doc;
use ids::{DocKind, DocumentId, UnitId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, named_params};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Raised when the code computes other rows from the same documents: the next opening rebuilds.
const VERSION: i64 = 1;

/// Every statement that lists a table whole, in a stable order.
const ALL_ROWS: [&str; 8] = [
    include_str!("../sql/projections/all_records.sql"),
    include_str!("../sql/projections/all_entries.sql"),
    include_str!("../sql/projections/all_conflicts.sql"),
    include_str!("../sql/projections/all_households.sql"),
    include_str!("../sql/projections/all_children.sql"),
    include_str!("../sql/projections/all_events.sql"),
    include_str!("../sql/projections/all_problems.sql"),
    include_str!("../sql/projections/all_problem_children.sql"),
];

/// One document on its way into rows.
pub(crate) struct Source<'a> {
    pub(crate) document: DocumentId,
    pub(crate) kind: DocKind,
    pub(crate) unit: UnitId,
    pub(crate) record: &'a Record,
}

/// Computes the rows of one document anew. Rows that say the same as before are left alone.
///
/// # Errors
/// The database refuses.
pub fn refresh(tx: &Transaction<'_>, document: &StoredDocument) -> Result<(), StoreError> {
    let id = document.head.document;
    if documents::has_left(tx, id)? {
        return remove(tx, id);
    }
    // What the server refused is still in the record for the person who wrote it.
    let with_returned = documents::beside::shown(tx, document)?.map(|shown| doc::read(&shown));
    let record = match with_returned {
        Some(record) => Cow::Owned(record),
        None => document.record(),
    };
    let source = Source {
        document: id,
        kind: document.head.kind,
        unit: document.head.home_unit,
        record: &record,
    };
    records::project(tx, &source)?;
    match source.kind {
        DocKind::Household => {
            conflicts::project(tx, &source)?;
            households::project(tx, &source)
        }
        DocKind::Child => {
            conflicts::project(tx, &source)?;
            children::project(tx, &source)?;
            events::project(tx, &source)
        }
        DocKind::Problem => problems::project(tx, &source),
        // Sealed detail gets no list of its own: it is read with what it belongs to.
        DocKind::Restricted => Ok(()),
        // A month of work is read whole, from its record.
        DocKind::Work => Ok(()),
    }
}

/// Loads a document and computes its rows anew; nothing when it is not here.
///
/// # Errors
/// The database refuses.
pub fn refresh_stored(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    match documents::load(tx, document)? {
        Some(stored) => refresh(tx, &stored),
        None => Ok(()),
    }
}

/// Removes the rows of a document that left this device's scope or was erased.
pub(crate) fn remove(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    // Its children are not found by its landmark any more.
    children::follow_landmark(tx, document, None)?;
    for sql in include_str!("../sql/projections/remove.sql").split_inclusive(';') {
        if sql.trim().is_empty() {
            continue;
        }
        tx.prepare_cached(sql)?
            .execute(named_params! {":document": document.0.as_bytes()})?;
    }
    // A child is found by its household's landmark, which must not outlive the household.
    children::follow_landmark(tx, document, None)
}

/// Computes all rows anew from all documents.
///
/// # Errors
/// A document does not load, or the database refuses.
pub fn rebuild(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute_batch(include_str!("../sql/projections/clear.sql"))?;
    // Households first: a child is found by its household's landmark too.
    for kind in [
        DocKind::Household,
        DocKind::Child,
        DocKind::Problem,
        DocKind::Restricted,
        DocKind::Work,
    ] {
        for document in documents::of_kind(tx, kind)? {
            refresh_stored(tx, document)?;
        }
    }
    Ok(())
}

/// A hash over every projection row, to compare two ways of getting there.
///
/// # Errors
/// The database refuses.
pub fn hash(connection: &Connection) -> Result<[u8; 32], StoreError> {
    let mut hash = Sha256::new();
    for sql in ALL_ROWS {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            hash_row(&mut hash, row)?;
        }
        hash.update([6]);
    }
    Ok(hash.finalize().into())
}

/// A hash over the projection rows of each document, to compare two devices that hold different documents.
///
/// # Errors
/// The database refuses.
pub fn hashes(connection: &Connection) -> Result<BTreeMap<DocumentId, [u8; 32]>, StoreError> {
    let mut of_document: BTreeMap<DocumentId, Sha256> = BTreeMap::new();
    for (table, sql) in ALL_ROWS.iter().enumerate() {
        let mut statement = connection.prepare_cached(sql)?;
        // A row belongs to the document it was computed from; a child's household is another document.
        let owner = ["document", "problem", "child", "household"]
            .into_iter()
            .find(|name| statement.column_index(name).is_ok())
            .unwrap_or("document");
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let hash = of_document.entry(row::document(row, owner)?).or_default();
            hash.update([u8::try_from(table).unwrap_or(u8::MAX)]);
            hash_row(hash, row)?;
        }
    }
    Ok(of_document
        .into_iter()
        .map(|(document, hash)| (document, hash.finalize().into()))
        .collect())
}

fn hash_row(hash: &mut Sha256, row: &Row<'_>) -> rusqlite::Result<()> {
    for column in 0..row.as_ref().column_count() {
        let (tag, bytes): (u8, &[u8]) = match row.get_ref(column)? {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => {
                hash.update([1]);
                hash.update(number.to_be_bytes());
                continue;
            }
            ValueRef::Real(_) => (2, &[]),
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(blob) => (4, blob),
        };
        hash.update([tag]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hash.update([5]);
    Ok(())
}

pub(crate) fn bring_up_to_date(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let version: i64 = tx.query_row(include_str!("../sql/projections/version.sql"), [], |row| {
        row.get("projections")
    })?;
    if version != VERSION {
        rebuild(tx)?;
        tx.execute(
            include_str!("../sql/projections/set_version.sql"),
            named_params! {":version": VERSION},
        )?;
    }
    Ok(())
}
