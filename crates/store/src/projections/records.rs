//! Documents read into plain values: fields, entries, last imported values. What the noun types of `domain` are read from.

use super::Source;
use crate::row::signed;
use crate::{StoreError, Transaction, row};
use domain::record::{Entry, Record};
use domain::scalar::Scalar;
use ids::{DocKind, DocumentId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// A document's record as the projection holds it, with answers, without conflicts (see [`super::conflicts`]).
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, document: DocumentId) -> Result<Option<Record>, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../../sql/records/get.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            Ok((row.get("schema")?, row.get("fields")?, row.get("imported")?))
        })
        .optional()?;
    let Some((schema, fields, imported)) = found else {
        return Ok(None);
    };
    let mut record = begun(schema, fields, imported)?;
    let mut statement = connection.prepare_cached(include_str!("../../sql/records/entries.sql"))?;
    let mut rows = statement.query(named_params! {":document": document.0.as_bytes()})?;
    while let Some(row) = rows.next()? {
        add_entry(&mut record, row, row.get("answers")?)?;
    }
    Ok(Some(record))
}

/// All records of a kind, without answers: for lists and dates.
///
/// # Errors
/// The database refuses.
pub fn all(
    connection: &Connection,
    kind: DocKind,
) -> Result<BTreeMap<DocumentId, Record>, StoreError> {
    let mut records = BTreeMap::new();
    let mut statement = connection.prepare_cached(include_str!("../../sql/records/all.sql"))?;
    let mut rows = statement.query(named_params! {":kind": kind.as_str()})?;
    while let Some(row) = rows.next()? {
        let record = begun(row.get("schema")?, row.get("fields")?, row.get("imported")?)?;
        records.insert(row::document(row, "document")?, record);
    }
    drop(rows);
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/records/all_entries.sql"))?;
    let mut rows = statement.query(named_params! {":kind": kind.as_str()})?;
    while let Some(row) = rows.next()? {
        if let Some(record) = records.get_mut(&row::document(row, "document")?) {
            add_entry(record, row, None)?;
        }
    }
    Ok(records)
}

fn begun(schema: i64, fields: String, imported: String) -> Result<Record, StoreError> {
    Ok(Record {
        schema: u32::try_from(schema).unwrap_or(0),
        fields: serde_json::from_str(&fields)?,
        imported: serde_json::from_str(&imported)?,
        ..Record::default()
    })
}

fn add_entry(
    record: &mut Record,
    row: &Row<'_>,
    answers: Option<String>,
) -> Result<(), StoreError> {
    let content: String = row.get("content")?;
    let entry = Entry {
        id: row.get("entry")?,
        order: (row::number(row, "op")?, row.get("actor")?),
        made_by: row.get("made_by")?,
        // It is told from the document itself.
        origin: None,
        values: serde_json::from_str(&content)?,
        answers: match answers {
            Some(answers) => serde_json::from_str(&answers)?,
            None => BTreeMap::new(),
        },
    };
    let collection: String = row.get("collection")?;
    record
        .collections
        .entry(collection)
        .or_default()
        .push(entry);
    Ok(())
}

pub(super) fn project(tx: &Transaction<'_>, source: &Source<'_>) -> Result<(), StoreError> {
    let document = source.document.0.as_bytes();
    tx.prepare_cached(include_str!("../../sql/records/put.sql"))?
        .execute(named_params! {
            ":document": document,
            ":kind": source.kind.as_str(),
            ":unit": source.unit.0.as_bytes(),
            ":schema": source.record.schema,
            ":fields": json(&source.record.fields)?,
            ":imported": json(&source.record.imported)?,
        })?;
    let mut put = tx.prepare_cached(include_str!("../../sql/records/put_entry.sql"))?;
    let mut here = BTreeSet::new();
    for (collection, entries) in &source.record.collections {
        for entry in entries {
            here.insert((collection.as_str(), entry.id.as_str()));
            put.execute(named_params! {
                ":document": document,
                ":collection": collection,
                ":entry": entry.id,
                ":op": signed(entry.order.0),
                ":actor": entry.order.1,
                ":made_by": entry.made_by,
                ":content": json(&entry.values)?,
                ":answers": match entry.answers.is_empty() {
                    true => None,
                    false => Some(json(&entry.answers)?),
                },
            })?;
        }
    }
    // Entries are never taken out; only a new generation of the document has fewer.
    let mut known = tx.prepare_cached(include_str!("../../sql/records/entry_names.sql"))?;
    let mut rows = known.query(named_params! {":document": document})?;
    let mut gone = Vec::new();
    while let Some(row) = rows.next()? {
        let (collection, entry): (String, String) = (row.get("collection")?, row.get("entry")?);
        if !here.contains(&(collection.as_str(), entry.as_str())) {
            gone.push((collection, entry));
        }
    }
    for (collection, entry) in gone {
        tx.prepare_cached(include_str!("../../sql/records/remove_entry.sql"))?
            .execute(named_params! {
                ":document": document,
                ":collection": collection,
                ":entry": entry,
            })?;
    }
    Ok(())
}

fn json(values: &BTreeMap<String, Scalar>) -> Result<String, StoreError> {
    Ok(serde_json::to_string(values)?)
}
