//! Own records on their way: what the sync page shows, one line per record.

use super::ChangeState;
use crate::{StoreError, row};
use ids::{ChangeHash, DocumentId};
use rusqlite::{Connection, named_params};
use std::collections::HashMap;

/// A line of the sync page: one record, with the state of its slowest change.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// A change of the record, the one that needs a person if any does.
    pub hash: ChangeHash,
    /// The document of that change.
    pub document: DocumentId,
    /// The record's id, when it was labelled.
    pub record_id: Option<String>,
    /// The record's kind.
    pub kind: String,
    /// Words; empty when it was not labelled.
    pub text: String,
    /// When it was made.
    pub at_ms: i64,
    /// State of the slowest change.
    pub state: ChangeState,
    /// Refusal code.
    pub refusal: Option<String>,
}

/// Own records not delivered yet and not in need of a person, newest first.
///
/// # Errors
/// The database refuses.
pub fn unsent_rows(connection: &Connection) -> Result<Vec<RecordRow>, StoreError> {
    record_rows(
        connection,
        include_str!("../../sql/changes/unsent_rows.sql"),
    )
}

/// Own records that were refused or wait for something, newest first.
///
/// # Errors
/// The database refuses.
pub fn needs_you_rows(connection: &Connection) -> Result<Vec<RecordRow>, StoreError> {
    record_rows(
        connection,
        include_str!("../../sql/changes/needs_you_rows.sql"),
    )
}

/// States of own records that are not delivered, by record id. A record not in here is 已送达.
///
/// # Errors
/// The database refuses.
pub fn open_record_states(
    connection: &Connection,
) -> Result<HashMap<String, ChangeState>, StoreError> {
    let all = unsent_rows(connection)?
        .into_iter()
        .chain(needs_you_rows(connection)?);
    Ok(all
        .filter_map(|row| Some((row.record_id?, row.state)))
        .collect())
}

/// Own records that arrived for good.
///
/// # Errors
/// The database refuses.
pub fn delivered_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/changes/delivered_count.sql"))?
        .query_row([], |row| row::number(row, "delivered"))?)
}

/// Own labelled records made since then, by kind.
///
/// # Errors
/// The database refuses.
pub fn made_since(
    connection: &Connection,
    since_ms: i64,
) -> Result<HashMap<String, u64>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/changes/made_since.sql"))?;
    let rows = statement.query_map(named_params! {":since_ms": since_ms}, |row| {
        Ok((row.get("record_kind")?, row::number(row, "records")?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn record_rows(connection: &Connection, sql: &str) -> Result<Vec<RecordRow>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(RecordRow {
            hash: row::hash(row, "hash")?,
            document: row::document(row, "document")?,
            record_id: row.get("record_id")?,
            kind: row.get("record_kind")?,
            text: row.get("record_text")?,
            at_ms: row.get("stored_ms")?,
            state: ChangeState::at(row, "state")?,
            refusal: row.get("refusal")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RecordRow);
