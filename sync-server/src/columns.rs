//! How ids and names stand in columns.

use ids::{ChangeHash, DocKind, Role};
use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type};
use uuid::Uuid;

pub(crate) fn uuid(row: &Row<'_>, index: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(index).map(Uuid::from_bytes)
}

pub(crate) fn optional_uuid(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>(index)?.map(Uuid::from_bytes))
}

pub(crate) fn hash(row: &Row<'_>, index: usize) -> rusqlite::Result<ChangeHash> {
    row.get(index).map(ChangeHash)
}

pub(crate) fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(index)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, number))
}

pub(crate) fn role(row: &Row<'_>, index: usize) -> rusqlite::Result<Role> {
    Role::parse(&row.get::<_, String>(index)?).ok_or_else(|| unknown(index))
}

pub(crate) fn kind(row: &Row<'_>, index: usize) -> rusqlite::Result<DocKind> {
    DocKind::parse(&row.get::<_, String>(index)?).ok_or_else(|| unknown(index))
}

/// A word of a list.
pub(crate) fn text<T>(
    row: &Row<'_>,
    index: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    parse(&row.get::<_, String>(index)?).ok_or_else(|| unknown(index))
}

pub(crate) fn unknown(index: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        index,
        Type::Text,
        Box::new(FromSqlError::InvalidType),
    )
}

/// A number as SQLite keeps it. Counters here are far below 2⁶³.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
