//! Documents that are to be built anew, or were, as the orders kept here say (docs/adr/0030).

use crate::{StoreError, Transaction, row};
use ids::{ChangeHash, DocumentId, Generation};
use rusqlite::{Connection, named_params};

/// One time a document was built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The generation that ended.
    pub generation: Generation,
    /// The last of the changes the next one was begun with.
    pub founded: ChangeHash,
    /// The order's number.
    pub number: u64,
}

/// Writes down what an order says.
///
/// # Errors
/// The database refuses.
pub fn put(
    tx: &Transaction<'_>,
    document: DocumentId,
    renewal: &Renewal,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/renewals/put.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":generation": renewal.generation,
            ":founded": renewal.founded.0,
            ":number": row::signed(renewal.number),
        })?;
    Ok(())
}

/// Those of a document from a generation on, oldest first.
///
/// # Errors
/// The database refuses.
pub fn since(
    connection: &Connection,
    document: DocumentId,
    generation: Generation,
) -> Result<Vec<Renewal>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/renewals/since.sql"))?;
    let rows = statement.query_map(
        named_params! {":document": document.0.as_bytes(), ":generation": generation},
        |row| {
            Ok(Renewal {
                generation: row::small(row, "generation")?,
                founded: row::hash(row, "founded")?,
                number: row::number(row, "number")?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The document is gone.
///
/// # Errors
/// The database refuses.
pub fn forget(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/renewals/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}
