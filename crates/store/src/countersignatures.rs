//! 复核: what the district said of a closing of a matter of life and safety (docs/adr/0039): on the devices of a township as
//! the orders kept here say, on an officer's own device what she said.

use crate::{StoreError, Transaction, row};
use ids::{DocumentId, StaffId};
use rusqlite::{Connection, Row, named_params};
use uuid::Uuid;

/// What was said of a closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countersignature {
    /// The problem.
    pub problem: DocumentId,
    /// The entry that closed it.
    pub closing: Uuid,
    /// What was said, a code.
    pub verdict: String,
    /// When, by the server's clock.
    pub at_ms: i64,
    /// Who said it.
    pub staff: StaffId,
    /// Her name.
    pub name: String,
    /// Why, sealed to one of the station's keys.
    pub reason: Option<(u32, Vec<u8>)>,
}

/// What an officer said on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The problem.
    pub problem: DocumentId,
    /// The entry that closed it.
    pub closing: Uuid,
    /// The message, packed.
    pub packed: Vec<u8>,
    /// Why, in her own words; empty where none was asked for.
    pub reason: String,
    /// When she said it.
    pub at_ms: i64,
    /// The server has it, or had it once.
    pub taken: bool,
    /// Why the server did not take it.
    pub refused: Option<String>,
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Countersignature> {
    let epoch: Option<u32> = row.get("epoch")?;
    let reason: Option<Vec<u8>> = row.get("reason")?;
    Ok(Countersignature {
        problem: row::document(row, "problem")?,
        closing: row::plain_uuid(row, "closing")?,
        verdict: row.get("verdict")?,
        at_ms: row.get("at_ms")?,
        staff: row::staff(row, "staff")?,
        name: row.get("name")?,
        reason: epoch.zip(reason),
    })
}

/// Keeps what an order says in the place of what was known of that closing. Which of two holds is the caller's to know.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, said: &Countersignature) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/countersignatures/put.sql"))?
        .execute(named_params! {
            ":problem": said.problem.0.as_bytes(),
            ":closing": said.closing.as_bytes(),
            ":verdict": said.verdict,
            ":at_ms": said.at_ms,
            ":staff": said.staff.0.as_bytes(),
            ":name": said.name,
            ":epoch": said.reason.as_ref().map(|(epoch, _)| epoch),
            ":reason": said.reason.as_ref().map(|(_, sealed)| sealed),
        })?;
    Ok(())
}

/// What was said of a problem's closings.
///
/// # Errors
/// The database refuses.
pub fn of_problem(
    connection: &Connection,
    problem: DocumentId,
) -> Result<Vec<Countersignature>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/countersignatures/of_problem.sql"))?;
    let rows = statement.query_map(named_params! {":problem": problem.0.as_bytes()}, read_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A problem was erased: what was said of it is not kept.
///
/// # Errors
/// The database refuses.
pub fn forget(tx: &Transaction<'_>, problem: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/countersignatures/forget.sql"))?
        .execute(named_params! {":problem": problem.0.as_bytes()})?;
    Ok(())
}

/// Keeps what an officer says, to be said to the server.
///
/// # Errors
/// The database refuses.
pub fn put_own(tx: &Transaction<'_>, own: &Own) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/countersignatures/put_own.sql"))?
        .execute(named_params! {
            ":problem": own.problem.0.as_bytes(),
            ":closing": own.closing.as_bytes(),
            ":packed": own.packed,
            ":reason": own.reason,
            ":at_ms": own.at_ms,
        })?;
    Ok(())
}

/// Everything an officer said on this device, in the order she said it.
///
/// # Errors
/// The database refuses.
pub fn own(connection: &Connection) -> Result<Vec<Own>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/countersignatures/own.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Own {
            problem: row::document(row, "problem")?,
            closing: row::plain_uuid(row, "closing")?,
            packed: row.get("packed")?,
            reason: row.get("reason")?,
            at_ms: row.get("at_ms")?,
            taken: row.get("taken")?,
            refused: row.get("refused")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What became of it at the server.
///
/// # Errors
/// The database refuses.
pub fn set_own(
    tx: &Transaction<'_>,
    (problem, closing): (DocumentId, Uuid),
    taken: bool,
    refused: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/countersignatures/set_own.sql"))?
        .execute(named_params! {
            ":problem": problem.0.as_bytes(),
            ":closing": closing.as_bytes(),
            ":taken": taken,
            ":refused": refused,
        })?;
    Ok(())
}
