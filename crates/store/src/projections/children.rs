//! Children: the list with its search keys, and the whole file 一人一档.

use super::{Source, households, records};
use crate::{StoreError, Transaction, row};
use chrono::NaiveDate;
use domain::child::{Child, FLAG_PREFIX, HOUSEHOLD, OPENED_ON};
use domain::name_search::SearchKey;
use domain::scalar::Scalar;
use ids::{DocKind, DocumentId, UnitId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeMap;

/// A child in a list.
#[derive(Clone, PartialEq)]
pub struct ChildRow {
    /// Its document.
    pub child: DocumentId,
    /// Household; may point outside what this device holds.
    pub household: Option<DocumentId>,
    /// Home unit: the village.
    pub unit: UnitId,
    /// Name, empty when 未采集.
    pub name: String,
    /// Nickname or mark at the door.
    pub nickname: Option<String>,
    /// Carer's name.
    pub carer: Option<String>,
    /// Sex code.
    pub sex: Option<String>,
    /// Birth date, if known to the day.
    pub birth_date: Option<NaiveDate>,
    /// File opened on.
    pub opened_on: Option<NaiveDate>,
    /// File closed on.
    pub closed_on: Option<NaiveDate>,
    /// File number.
    pub file_number: Option<String>,
    /// ID number, for the search by its tail at the station.
    pub id_number: Option<String>,
    /// Name in pinyin, to sort by.
    pub pinyin: String,
    /// Everything the child is found by.
    pub search: SearchKey,
    /// Fields flagged 需核对.
    pub flags: u32,
    /// Fields in conflict, the household's not counted.
    pub conflicts: u32,
}

/// All children, by unit and then by how the name is read.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<ChildRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/children/all.sql"))?;
    let rows = statement.query_map([], child_from)?;
    rows.map(|found| with_search(found?)).collect()
}

/// One child.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, child: DocumentId) -> Result<Option<ChildRow>, StoreError> {
    connection
        .prepare_cached(include_str!("../../sql/children/get.sql"))?
        .query_row(named_params! {":child": child.0.as_bytes()}, child_from)
        .optional()?
        .map(with_search)
        .transpose()
}

/// The children of a household.
///
/// # Errors
/// The database refuses.
pub fn of_household(
    connection: &Connection,
    household: DocumentId,
) -> Result<Vec<ChildRow>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/children/of_household.sql"))?;
    let rows = statement.query_map(
        named_params! {":household": household.0.as_bytes()},
        child_from,
    )?;
    rows.map(|found| with_search(found?)).collect()
}

/// How many children there are.
///
/// # Errors
/// The database refuses.
pub fn count(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/children/count.sql"))?
        .query_row([], |row| row::small(row, "children"))?)
}

/// The whole file: fields, categories, facts, pauses, visits with answers, contacts, attempts, corrections.
///
/// # Errors
/// The database refuses.
pub fn file(connection: &Connection, child: DocumentId) -> Result<Option<Child>, StoreError> {
    Ok(records::get(connection, child)?.map(|record| Child::from_record(&record)))
}

/// All files, visits without their answers: what due dates are computed from.
///
/// # Errors
/// The database refuses.
pub fn files(connection: &Connection) -> Result<BTreeMap<DocumentId, Child>, StoreError> {
    Ok(records::all(connection, DocKind::Child)?
        .into_iter()
        .map(|(document, record)| (document, Child::from_record(&record)))
        .collect())
}

pub(super) fn project(tx: &Transaction<'_>, source: &Source<'_>) -> Result<(), StoreError> {
    let record = source.record;
    if record.fields.is_empty() {
        // Its beginning has not arrived yet: nothing a person could recognise.
        return Ok(());
    }
    let name = record.text("name").unwrap_or_default();
    let household = record
        .text(HOUSEHOLD)
        .and_then(|text| DocumentId::parse(text).ok());
    let landmark = match household {
        // A child that moved away alone has left its household behind.
        Some(household) => households::get(tx, household)?
            .filter(|row| row.unit == source.unit)
            .and_then(|row| row.landmark),
        None => None,
    };
    let (nickname, carer) = (record.text("nickname"), record.text("carer_name"));
    let search = search_key(name, nickname, landmark.as_deref(), carer);
    let flags = record
        .fields
        .iter()
        .filter(|(key, value)| key.starts_with(FLAG_PREFIX) && is_set(value))
        .count();
    tx.prepare_cached(include_str!("../../sql/children/put.sql"))?
        .execute(named_params! {
            ":child": source.document.0.as_bytes(),
            ":household": household.map(|it| *it.0.as_bytes()),
            ":unit": source.unit.0.as_bytes(),
            ":name": name,
            ":nickname": nickname,
            ":carer": carer,
            ":sex": record.text("sex"),
            ":birth_date": record.text("birth_date"),
            ":opened_on": record.text(OPENED_ON),
            ":closed_on": record.text("closed_on"),
            ":file_number": record.text("file_no"),
            ":id_number": record.text("id_no"),
            ":pinyin": search.pinyin(),
            ":search": serde_json::to_string(&search)?,
            ":flags": flags as i64,
        })?;
    Ok(())
}

/// Computes the search keys of a household's children anew, after its landmark or its village changed.
pub(super) fn follow_landmark(
    tx: &Transaction<'_>,
    household: DocumentId,
    landmark: Option<(UnitId, &str)>,
) -> Result<(), StoreError> {
    for child in of_household(tx, household)? {
        let landmark = landmark
            .filter(|(unit, _)| child.unit == *unit)
            .map(|(_, landmark)| landmark);
        let search = search_key(
            &child.name,
            child.nickname.as_deref(),
            landmark,
            child.carer.as_deref(),
        );
        tx.prepare_cached(include_str!("../../sql/children/set_search.sql"))?
            .execute(named_params! {
                ":child": child.child.0.as_bytes(),
                ":search": serde_json::to_string(&search)?,
            })?;
    }
    Ok(())
}

fn search_key(
    name: &str,
    nickname: Option<&str>,
    landmark: Option<&str>,
    carer: Option<&str>,
) -> SearchKey {
    SearchKey::new(name, nickname.into_iter().chain(landmark), carer)
}

fn is_set(value: &Scalar) -> bool {
    !matches!(value, Scalar::Null | Scalar::Bool(false))
}

fn child_from(row: &Row<'_>) -> rusqlite::Result<(ChildRow, String)> {
    let date = |column: &str| -> rusqlite::Result<Option<NaiveDate>> {
        Ok(row
            .get::<_, Option<String>>(column)?
            .and_then(|text| text.parse().ok()))
    };
    let child = ChildRow {
        child: row::document(row, "child")?,
        household: row::optional_document(row, "household")?,
        unit: row::unit(row, "unit")?,
        name: row.get("name")?,
        nickname: row.get("nickname")?,
        carer: row.get("carer")?,
        sex: row.get("sex")?,
        birth_date: date("birth_date")?,
        opened_on: date("opened_on")?,
        closed_on: date("closed_on")?,
        file_number: row.get("file_number")?,
        id_number: row.get("id_number")?,
        pinyin: row.get("pinyin")?,
        search: SearchKey::default(),
        flags: row::small(row, "flags")?,
        conflicts: row::small(row, "conflicts")?,
    };
    Ok((child, row.get("search")?))
}

fn with_search((child, search): (ChildRow, String)) -> Result<ChildRow, StoreError> {
    Ok(ChildRow {
        search: serde_json::from_str(&search)?,
        ..child
    })
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(ChildRow);
