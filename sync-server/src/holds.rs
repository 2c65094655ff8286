//! 暂缓删除: for which child a document is kept. A hold is said of a child and ordered for each document; what it covered is
//! remembered here, so that lifting it lifts all of it, and nothing that another child's hold covers (docs/adr/0054).

use crate::columns;
use ids::{DocumentId, UnitId};
use rusqlite::{Connection, named_params};

/// The hold of a child covers these documents, beside those it covered already. `is_new`: what an earlier hold covered, whose
/// end came back by an order alone, is no part of it.
pub(crate) fn cover(
    connection: &Connection,
    child: DocumentId,
    documents: impl IntoIterator<Item = DocumentId>,
    is_new: bool,
) -> rusqlite::Result<()> {
    if is_new {
        uncover(connection, child)?;
    }
    for document in documents {
        connection
            .prepare_cached(include_str!("sql/holds/cover.sql"))?
            .execute(named_params! {
                ":child": child.0.as_bytes(),
                ":document": document.0.as_bytes(),
            })?;
    }
    Ok(())
}

/// What need not be kept any more once a child's file need not, with the township it lives in.
pub(crate) fn freed(
    connection: &Connection,
    scope: UnitId,
    child: DocumentId,
) -> rusqlite::Result<Vec<(DocumentId, UnitId)>> {
    connection
        .prepare_cached(include_str!("sql/holds/freed.sql"))?
        .query_map(
            named_params! {":child": child.0.as_bytes(), ":scope": scope.0.as_bytes()},
            |row| {
                Ok((
                    DocumentId(columns::uuid(row, 0)?),
                    UnitId(columns::uuid(row, 1)?),
                ))
            },
        )?
        .collect()
}

/// The hold of a child is over.
pub(crate) fn uncover(connection: &Connection, child: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/holds/uncover.sql"))?
        .execute(named_params! {":child": child.0.as_bytes()})?;
    Ok(())
}

/// A document is gone: no hold covers it, and it covers nothing.
pub(crate) fn forget(connection: &Connection, document: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/holds/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}
