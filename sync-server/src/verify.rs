//! Reads everything that is kept and believes nothing: every body opens, every signature and hash holds, numbers have no
//! gap, and both audit chains are whole.

use crate::audit;
use crate::blob_files::BlobFiles;
use crate::blobs;
use crate::columns;
use crate::compaction::Segments;
use crate::device_audit;
use crate::enrolment;
use crate::error::ApiError;
use crate::log;
use crate::orders;
use crate::organisation;
use crate::reports;
use crate::vault::Vault;
use ids::{ChangeHash, DeviceId, DocumentId, Generation, UnitId};
use protocol::{change_header, envelope, order};
use rusqlite::{Connection, named_params};
use std::path::Path;

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

/// Verifies a whole database.
///
/// # Errors
/// The database cannot be read at all; what can be read but does not hold is in the report.
pub fn verify(connection: &Connection, vault: &Vault) -> Result<VerifyReport, ApiError> {
    let mut report = VerifyReport::default();
    let mut statement = connection.prepare(include_str!("sql/log/every_change.sql"))?;
    let mut rows = statement.query([])?;
    let mut segments = Segments::default();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        report.changes += 1;
        let fault = check(
            connection,
            (vault, &mut segments, row.get(7)?),
            DocumentId(columns::uuid(row, 1)?),
            row.get(2)?,
            columns::hash(row, 3)?,
            DeviceId(columns::uuid(row, 4)?),
            (&row.get::<_, Vec<u8>>(5)?, &row.get::<_, Vec<u8>>(6)?),
        );
        if let Err(fault) = fault {
            report.faults.push(format!("change {id}: {fault}"));
        }
    }
    let mut scopes = connection.prepare(include_str!("sql/log/all_last_seqs.sql"))?;
    let scopes = scopes
        .query_map([], |row| {
            Ok((UnitId(columns::uuid(row, 0)?), columns::number(row, 1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let server_key = enrolment::signing_key(connection, vault)?.verifying_key();
    for (scope, last_seq) in scopes {
        for (place, statement) in orders::all(connection, vault, scope)?.iter().enumerate() {
            let fits =
                order::read(&server_key, statement).is_ok_and(|numbered| numbered.scope == scope);
            if !fits {
                report.faults.push(format!(
                    "scope {scope}: order {} of its list does not hold",
                    place + 1
                ));
            }
        }
        let (count, last): (u64, u64) = connection.query_row(
            include_str!("sql/log/count.sql"),
            named_params! {":scope": scope.0.as_bytes()},
            |row| Ok((columns::number(row, 0)?, columns::number(row, 1)?)),
        )?;
        if count != last_seq || last != last_seq {
            report
                .faults
                .push(format!("scope {scope}: the log has a gap"));
        }
    }
    report.faults.extend(reports::faults(connection, vault)?);
    report.faults.extend(audit::faults(connection)?);
    let (broken, told) = device_audit::verify(connection)?;
    report.faults.extend(broken);
    report.told.extend(told);
    Ok(report)
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

fn check(
    connection: &Connection,
    (vault, segments, segment): (&Vault, &mut Segments, Option<i64>),
    document: DocumentId,
    generation: Generation,
    hash: ChangeHash,
    device: DeviceId,
    (body, wrapped): (&[u8], &[u8]),
) -> Result<(), &'static str> {
    let key = vault
        .document_key(document, generation, wrapped)
        .map_err(|_| "its document's key does not open")?;
    let envelope = match segment {
        Some(segment) => segments.envelope(connection, vault, segment, &hash),
        None => log::open_envelope(&key, &hash.0, body),
    }
    .map_err(|_| "its body does not open")?;
    let head = envelope::open(&envelope).map_err(|_| "its head cannot be read")?;
    let device = organisation::device(connection, device)
        .ok()
        .flatten()
        .ok_or("its device is unknown")?;
    let caller = device.caller().map_err(|_| "its device's key is bad")?;
    envelope::verify(&caller.key, &envelope.head, &envelope.signature)
        .map_err(|_| "its signature does not hold")?;
    let change = change_header::read(&envelope.change).map_err(|_| "its change is malformed")?;
    let same = change.hash == hash
        && head.hash == hash
        && head.document == document
        && head.generation == generation
        && head.device == device.holder.device;
    if same {
        Ok(())
    } else {
        Err("its head and its row differ")
    }
}
