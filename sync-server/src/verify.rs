//! Reads everything that is kept and believes nothing: every body opens, every signature and hash holds – of what is
//! published and of what a person or the worker has yet to look at –, everything else that is sealed opens and goes with its
//! row, numbers have no gap, what devices and stations left here is what they signed, and both audit chains are whole.

mod cases;
mod devices;
mod passes;
mod sealed;
mod unit_keys;
mod waiting;

use crate::audit;
use crate::blob_files::BlobFiles;
use crate::blobs;
use crate::columns;
use crate::compaction::Segments;
use crate::device_audit;
use crate::enrolment;
use crate::error::ApiError;
use crate::log;
use crate::organisation;
use crate::vault::{Key, Vault};
use ids::{ChangeHash, DeviceId, DocumentId, Generation, UnitId};
use protocol::{Envelope, change_header, envelope};
use rusqlite::{Connection, Row, named_params};
use sealed::{Reading, SEALED};
use std::collections::BTreeMap;
use std::path::Path;
use uuid::Uuid;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Changes read.
    pub changes: u64,
    /// What does not hold, one line each, without personal data.
    pub faults: Vec<String>,
    /// What holds and somebody should know: a device's audit chain that two memories wrote.
    pub told: Vec<String>,
}

/// The columns in which something lies that the server's key opens, by table.
pub fn sealed_columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    SEALED.iter().map(|sealed| (sealed.table, sealed.column))
}

/// Verifies a whole database.
///
/// # Errors
/// The database cannot be read at all; what can be read but does not hold is in the report.
pub fn verify(connection: &Connection, vault: &Vault) -> Result<VerifyReport, ApiError> {
    let mut report = VerifyReport::default();
    check_changes(connection, vault, &mut report)?;
    let reading = Reading {
        connection,
        vault,
        server_key: enrolment::signing_key(connection, vault)
            .ok()
            .map(|key| key.verifying_key()),
    };
    report.faults.extend(gaps(connection)?);
    report.faults.extend(sealed::faults(&reading)?);
    report.faults.extend(waiting::faults(connection, vault)?);
    report.faults.extend(devices::faults(connection)?);
    report.faults.extend(cases::faults(connection)?);
    match &reading.server_key {
        Some(key) => report.faults.extend(unit_keys::faults(connection, key)?),
        None => report
            .faults
            .push("orders and station keys: who signed them cannot be told".to_owned()),
    }
    report.faults.extend(dangling(connection)?);
    report.faults.extend(audit::faults(connection)?);
    let (broken, told) = device_audit::verify(connection)?;
    report.faults.extend(broken);
    report.told.extend(told);
    Ok(report)
}

/// Every change there is, one after the other.
fn check_changes(
    connection: &Connection,
    vault: &Vault,
    report: &mut VerifyReport,
) -> Result<(), ApiError> {
    let mut statement = connection.prepare(include_str!("sql/log/every_change.sql"))?;
    let mut rows = statement.query([])?;
    let mut segments = Segments::default();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        report.changes += 1;
        if let Err(fault) = check_change(connection, vault, &mut segments, row) {
            report.faults.push(format!("change {id}: {fault}"));
        }
    }
    Ok(())
}

/// Logs in which a number is missing.
fn gaps(connection: &Connection) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    let mut scopes = connection.prepare(include_str!("sql/log/all_last_seqs.sql"))?;
    let scopes = scopes
        .query_map([], |row| {
            Ok((UnitId(columns::uuid(row, 0)?), columns::number(row, 1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (scope, last_seq) in scopes {
        let (count, last): (u64, u64) = connection.query_row(
            include_str!("sql/log/count.sql"),
            named_params! {":scope": scope.0.as_bytes()},
            |row| Ok((columns::number(row, 0)?, columns::number(row, 1)?)),
        )?;
        if count != last_seq || last != last_seq {
            faults.push(format!("scope {scope}: the log has a gap"));
        }
    }
    Ok(faults)
}

/// Rows that name another which is not there, by table.
fn dangling(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut tables: BTreeMap<String, u64> = BTreeMap::new();
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        *tables.entry(row.get(0)?).or_default() += 1;
    }
    let told = |(table, rows)| format!("table {table}: {rows} rows name another that is not there");
    Ok(tables.into_iter().map(told).collect())
}

/// Verifies the files of whole blobs: each is there, and is what was offered. One line per fault.
///
/// # Errors
/// The database cannot be read.
pub fn verify_blobs(connection: &Connection, data: &Path) -> Result<Vec<String>, ApiError> {
    let files = BlobFiles::in_folder(data);
    let mut faults = Vec::new();
    for blob in blobs::whole_after(connection, 0)? {
        match files.digest(blob.address) {
            Ok(digest) if digest == blob.digest => {}
            Ok(_) => faults.push(format!("blob {}: its file was altered", blob.place)),
            Err(_) => faults.push(format!("blob {}: its file cannot be read", blob.place)),
        }
    }
    Ok(faults)
}

/// What a row says of the envelope it keeps; what the table has no column for is not said.
struct Said {
    document: DocumentId,
    generation: Generation,
    hash: Option<ChangeHash>,
    head_hash: Option<[u8; 32]>,
    device: Option<DeviceId>,
    scope: Option<UnitId>,
}

const UNREADABLE: &str = "its row cannot be read";
const NO_KEY: &str = "its document's key is missing";
const NO_BODY: &str = "its body does not open";

fn check_change(
    connection: &Connection,
    vault: &Vault,
    segments: &mut Segments,
    row: &Row<'_>,
) -> Result<(), &'static str> {
    let (said, body, segment) = read_change(row).map_err(|_| UNREADABLE)?;
    let key = key_of(vault, &said, row, 6)?;
    let hash = said.hash.ok_or(UNREADABLE)?;
    let envelope = match segment {
        Some(segment) => segments.envelope(connection, vault, segment, &hash),
        None => log::open_envelope(&key, &hash.0, &body),
    };
    check_envelope(connection, &said, &envelope.map_err(|_| NO_BODY)?)
}

fn read_change(row: &Row<'_>) -> rusqlite::Result<(Said, Vec<u8>, Option<i64>)> {
    let said = Said {
        document: DocumentId(columns::uuid(row, 1)?),
        generation: row.get(2)?,
        hash: Some(columns::hash(row, 3)?),
        head_hash: None,
        // Nobody made it when its author's row is lost, and nobody has no device.
        device: Some(DeviceId(
            columns::optional_uuid(row, 4)?.unwrap_or_else(Uuid::nil),
        )),
        scope: None,
    };
    Ok((said, row.get(5)?, row.get(7)?))
}

/// The key of a row's document, opened.
fn key_of(vault: &Vault, said: &Said, row: &Row<'_>, at: usize) -> Result<Key, &'static str> {
    let wrapped: Option<Vec<u8>> = row.get(at).map_err(|_| UNREADABLE)?;
    vault
        .document_key(said.document, said.generation, &wrapped.ok_or(NO_KEY)?)
        .map_err(|_| "its document's key does not open")
}

/// Whether an envelope is whole, its device's, and the one its row speaks of.
fn check_envelope(
    connection: &Connection,
    said: &Said,
    envelope: &Envelope,
) -> Result<(), &'static str> {
    let head = envelope::open(envelope).map_err(|_| "its head cannot be read")?;
    let device = organisation::device(connection, said.device.unwrap_or(head.device))
        .ok()
        .flatten()
        .ok_or("its device is unknown")?;
    let caller = device.caller().map_err(|_| "its device's key is bad")?;
    envelope::verify(&caller.key, &envelope.head, &envelope.signature)
        .map_err(|_| "its signature does not hold")?;
    let change = change_header::read(&envelope.change).map_err(|_| "its change is malformed")?;
    let same = change.hash == head.hash
        && head.document == said.document
        && head.generation == said.generation
        && head.device == device.holder.device
        && said.hash.is_none_or(|hash| hash == head.hash)
        && said
            .head_hash
            .is_none_or(|hash| hash == envelope::head_hash(&envelope.head))
        && said.scope.is_none_or(|scope| scope == head.scope);
    if same {
        Ok(())
    } else {
        Err("its head and its row differ")
    }
}
