//! What is sealed otherwise than a column by itself: the keys of documents, packed changes, what stands in the log, and the
//! keys of the server.

use super::sealed::{MISSING, NOT_OPEN, Reading, Sealed};
use super::{NO_KEY, UNREADABLE};
use crate::columns::{self, stored};
use crate::compaction;
use crate::error::ApiError;
use crate::log;
use crate::settings::{self, name};
use crate::tls;
use ids::DocumentId;
use protocol::wire;
use rusqlite::{Row, named_params};

/// Every document's key opens, also of one nothing is published of.
pub(super) fn document_keys(
    reading: &Reading<'_>,
    sealed: &Sealed,
) -> Result<Vec<String>, ApiError> {
    let statement = include_str!("../sql/verify/document_keys.sql");
    sealed.each_row(reading, statement, 2, |row| {
        let document = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
        let generation = row.get(1).map_err(|_| UNREADABLE)?;
        let wrapped: Vec<u8> = row.get(2).map_err(|_| UNREADABLE)?;
        let key = reading
            .vault
            .document_key(DocumentId(document), generation, &wrapped);
        key.map(drop).map_err(|_| NOT_OPEN)
    })
}

/// Every segment opens, also one no change points at, and has as many changes as it says.
pub(super) fn segments(reading: &Reading<'_>, sealed: &Sealed) -> Result<Vec<String>, ApiError> {
    let statement = include_str!("../sql/verify/segments.sql");
    sealed.each_row(reading, statement, 1, |row| {
        let id = row.get(0).map_err(|_| UNREADABLE)?;
        let changes: u32 = row.get(1).map_err(|_| UNREADABLE)?;
        if !row.get::<_, bool>(2).map_err(|_| UNREADABLE)? {
            return Err(NO_KEY);
        }
        let found = compaction::count(reading.connection, reading.vault, id);
        if found.map_err(|_| NOT_OPEN)? == changes as usize {
            Ok(())
        } else {
            Err("it has another number of changes than its row says")
        }
    })
}

/// What stands in the log itself can be read, what is sealed in it opens, and orders it names are here.
pub(super) fn log_records(reading: &Reading<'_>, sealed: &Sealed) -> Result<Vec<String>, ApiError> {
    let statement = include_str!("../sql/verify/log_records.sql");
    sealed.each_row(reading, statement, 2, |row| {
        let kind: String = row.get(2).map_err(|_| UNREADABLE)?;
        let record: Option<Vec<u8>> = row.get(3).map_err(|_| UNREADABLE)?;
        log::check_record(reading.vault, &kind, record.as_deref())?;
        match record {
            Some(record) if kind == "order" => has_order(reading, row, &record),
            _ => Ok(()),
        }
    })
}

fn has_order(reading: &Reading<'_>, row: &Row<'_>, record: &[u8]) -> Result<(), &'static str> {
    let scope = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
    let number: u64 = wire::unpack(record).map_err(|_| UNREADABLE)?;
    let is_here = reading
        .connection
        .prepare_cached(include_str!("../sql/verify/has_order.sql"))
        .and_then(|mut statement| {
            statement.exists(named_params! {
                ":scope": scope.as_bytes(),
                ":number": stored(number),
            })
        });
    if is_here.map_err(|_| UNREADABLE)? {
        Ok(())
    } else {
        Err("the order it names is missing")
    }
}

/// The key the server signs with, and the one of its CA.
pub(super) fn own_secrets(reading: &Reading<'_>, sealed: &Sealed) -> Result<Vec<String>, ApiError> {
    let certificate = settings::read(reading.connection, name::CA_CERTIFICATE)?;
    let certificate = certificate.unwrap_or_default();
    let signing = own_secret(reading, name::SIGNING_KEY, |key| key.len() == 32);
    let ca = own_secret(reading, name::CA_KEY, |key| {
        tls::belong_together(&certificate, key)
    });
    let checked = [(name::SIGNING_KEY, signing), (name::CA_KEY, ca)];
    let faults = checked.into_iter().filter_map(|(name, found)| {
        let fault = found.err()?;
        Some(sealed.line(name, fault))
    });
    Ok(faults.collect())
}

fn own_secret(
    reading: &Reading<'_>,
    name: &str,
    is_it: impl Fn(&[u8]) -> bool,
) -> Result<(), &'static str> {
    let sealed = settings::read(reading.connection, name).map_err(|_| UNREADABLE)?;
    let opened = reading.vault.open_secret(name, &sealed.ok_or(MISSING)?);
    if is_it(&opened.map_err(|_| NOT_OPEN)?) {
        Ok(())
    } else {
        Err("it is not the key that belongs there")
    }
}
