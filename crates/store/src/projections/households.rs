//! Households: where they are, and what siblings share.

use super::{Source, children, records};
use crate::{StoreError, Transaction, row};
use domain::household::Household;
use ids::{DocKind, DocumentId, UnitId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeMap;

/// A household in a list.
#[derive(Clone, PartialEq, Eq)]
pub struct HouseholdRow {
    /// Its document.
    pub household: DocumentId,
    /// Its home unit.
    pub unit: UnitId,
    /// Address.
    pub address: Option<String>,
    /// 村民组.
    pub village_group: Option<String>,
    /// Landmark at the door.
    pub landmark: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// All households.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<HouseholdRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/households/all.sql"))?;
    let rows = statement.query_map([], household_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One household.
///
/// # Errors
/// The database refuses.
pub fn get(
    connection: &Connection,
    household: DocumentId,
) -> Result<Option<HouseholdRow>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/households/get.sql"))?
        .query_row(
            named_params! {":household": household.0.as_bytes()},
            household_from,
        )
        .optional()?)
}

/// The whole household: fields, last imported values, sessions with their answers.
///
/// # Errors
/// The database refuses.
pub fn file(
    connection: &Connection,
    household: DocumentId,
) -> Result<Option<Household>, StoreError> {
    Ok(records::get(connection, household)?.map(|record| Household::from_record(&record)))
}

/// All households whole, sessions without their answers.
///
/// # Errors
/// The database refuses.
pub fn files(connection: &Connection) -> Result<BTreeMap<DocumentId, Household>, StoreError> {
    Ok(records::all(connection, DocKind::Household)?
        .into_iter()
        .map(|(document, record)| (document, Household::from_record(&record)))
        .collect())
}

pub(super) fn project(tx: &Transaction<'_>, source: &Source<'_>) -> Result<(), StoreError> {
    let before = get(tx, source.document)?;
    tx.prepare_cached(include_str!("../../sql/households/put.sql"))?
        .execute(named_params! {
            ":household": source.document.0.as_bytes(),
            ":unit": source.unit.0.as_bytes(),
            ":address": source.record.text("addr"),
            ":village_group": source.record.text("group"),
            ":landmark": source.record.text("landmark"),
            ":phone": source.record.text("phone"),
        })?;
    // A child is found by the landmark of its household: the search keys follow it.
    let landmark = source.record.text("landmark");
    let was = before
        .as_ref()
        .map(|row| (row.unit, row.landmark.as_deref()));
    if was != Some((source.unit, landmark)) {
        let landmark = landmark.map(|landmark| (source.unit, landmark));
        children::follow_landmark(tx, source.document, landmark)?;
    }
    Ok(())
}

fn household_from(row: &Row<'_>) -> rusqlite::Result<HouseholdRow> {
    Ok(HouseholdRow {
        household: row::document(row, "household")?,
        unit: row::unit(row, "unit")?,
        address: row.get("address")?,
        village_group: row.get("village_group")?,
        landmark: row.get("landmark")?,
        phone: row.get("phone")?,
    })
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(HouseholdRow);
