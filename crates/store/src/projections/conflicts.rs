//! Fields of a child or household that two people changed: every value with who wrote it.

use super::Source;
use crate::members::{WrittenBy, written_by};
use crate::{StoreError, Transaction, row};
use domain::scalar::Scalar;
use ids::{ChangeHash, DocKind, DocumentId, UnitId};
use rusqlite::{Connection, named_params};

/// A field with more than one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The document.
    pub document: DocumentId,
    /// Child or household.
    pub kind: DocKind,
    /// Its home unit.
    pub unit: UnitId,
    /// Field key.
    pub field: String,
    /// The values, in an order that has nothing to do with time.
    pub values: Vec<ConflictValue>,
}

/// One of the values.
#[derive(Clone, PartialEq)]
pub struct ConflictValue {
    /// The value.
    pub value: Scalar,
    /// The change that wrote it.
    pub change: Option<ChangeHash>,
    /// Who wrote it, if known.
    pub written_by: Option<WrittenBy>,
}

/// All conflicts, by document and field.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<Conflict>, StoreError> {
    collect(connection, None)
}

/// The conflicts of one document.
///
/// # Errors
/// The database refuses.
pub fn of_document(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<Conflict>, StoreError> {
    collect(connection, Some(document))
}

/// How many fields are in conflict.
///
/// # Errors
/// The database refuses.
pub fn count(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/conflicts/count.sql"))?
        .query_row([], |row| row::small(row, "conflicts"))?)
}

fn collect(
    connection: &Connection,
    document: Option<DocumentId>,
) -> Result<Vec<Conflict>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/conflicts/list.sql"))?;
    let mut rows = statement.query(named_params! {
        ":document": document.map(|it| *it.0.as_bytes()),
    })?;
    let mut conflicts: Vec<Conflict> = Vec::new();
    while let Some(row) = rows.next()? {
        let document = row::document(row, "document")?;
        let field: String = row.get("field")?;
        let value: String = row.get("value")?;
        let change = row.get::<_, Option<[u8; 32]>>("made_by")?.map(ChangeHash);
        let value = ConflictValue {
            value: serde_json::from_str(&value)?,
            change,
            written_by: match change {
                Some(change) => written_by(connection, change)?,
                None => None,
            },
        };
        match conflicts.last_mut() {
            Some(last) if last.document == document && last.field == field => {
                last.values.push(value);
            }
            _ => conflicts.push(Conflict {
                document,
                kind: row::kind(row, "kind")?,
                unit: row::unit(row, "unit")?,
                field,
                values: vec![value],
            }),
        }
    }
    Ok(conflicts)
}

pub(super) fn project(tx: &Transaction<'_>, source: &Source<'_>) -> Result<(), StoreError> {
    let document = source.document.0.as_bytes();
    tx.prepare_cached(include_str!("../../sql/conflicts/remove.sql"))?
        .execute(named_params! {":document": document})?;
    let mut insert = tx.prepare_cached(include_str!("../../sql/conflicts/insert.sql"))?;
    for conflict in &source.record.conflicts {
        for (place, value) in conflict.values.iter().enumerate() {
            insert.execute(named_params! {
                ":document": document,
                ":field": conflict.key,
                ":place": place as i64,
                ":value": serde_json::to_string(&value.value)?,
                ":made_by": value.made_by,
            })?;
        }
    }
    Ok(())
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(ConflictValue);
