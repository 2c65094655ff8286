//! The keys of the stations: whose they are, that none is missing in between, and that the halves sealed to others are the
//! ones that came.

use super::UNREADABLE;
use crate::columns;
use crate::error::ApiError;
use crate::organisation;
use crate::unit_keys::digest_of;
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, UnitId};
use protocol::unit_key::{self, KnownUnitKey, UnitKey};
use protocol::wire;
use rusqlite::{Connection, Row};

/// What does not hold, one line each.
pub(super) fn faults(
    connection: &Connection,
    server: &VerifyingKey,
) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    let mut last: Option<(UnitKey, [u8; 32])> = None;
    let mut statement = connection.prepare(include_str!("../sql/verify/unit_keys.sql"))?;
    let mut rows = statement.query([])?;
    let mut place = 0;
    while let Some(row) = rows.next()? {
        place += 1;
        let mut told = |fault| faults.push(format!("{}: {fault}", name_of(row, place)));
        match check_key(server, last.as_ref(), row) {
            Ok(key) => last = Some(key),
            Err(fault) => told(fault),
        }
        if let Err(fault) = check_recovery(row) {
            told(fault);
        }
    }
    let mut statement = connection.prepare(include_str!("../sql/verify/unit_key_wraps.sql"))?;
    let mut rows = statement.query([])?;
    let mut place = 0;
    while let Some(row) = rows.next()? {
        place += 1;
        if let Err(fault) = check_wrap(connection, row) {
            let key = name_of(row, place);
            faults.push(format!("{key}, a device's half: {fault}"));
        }
    }
    Ok(faults)
}

fn name_of(row: &Row<'_>, place: u32) -> String {
    match (columns::uuid(row, 0), row.get::<_, u32>(1)) {
        (Ok(scope), Ok(epoch)) => format!("scope {}: key {epoch}", UnitId(scope)),
        _ => format!("station keys: row {place}"),
    }
}

fn check_key(
    server: &VerifyingKey,
    last: Option<&(UnitKey, [u8; 32])>,
    row: &Row<'_>,
) -> Result<(UnitKey, [u8; 32]), &'static str> {
    let (scope, epoch) = read_name(row)?;
    let read = |at: usize| row.get::<_, Vec<u8>>(at).map_err(|_| UNREADABLE);
    let known = KnownUnitKey {
        statement: wire::unpack(&read(2)?).map_err(|_| "it cannot be read")?,
        certificate: read(3)?,
    };
    let key = unit_key::believe(server, &known).map_err(|_| "it is not signed as it must be")?;
    if key.scope != scope || key.epoch != epoch {
        return Err("it is another one than its row says");
    }
    let last = last
        .filter(|(last, _)| last.scope == scope)
        .map(|(last, hash)| (last, *hash));
    if !unit_key::follows(last, &key) {
        return Err("it does not follow the one before it");
    }
    let hash = unit_key::hash(&known.statement);
    Ok((key, hash))
}

fn check_recovery(row: &Row<'_>) -> Result<(), &'static str> {
    let (scope, epoch) = read_name(row)?;
    let recovery: Vec<u8> = row.get(4).map_err(|_| UNREADABLE)?;
    let digest: Option<Vec<u8>> = row.get(5).map_err(|_| UNREADABLE)?;
    let found = digest_of(&unit_key::for_district(scope, epoch), &recovery);
    if digest.as_deref() == Some(&found) {
        Ok(())
    } else {
        Err("the district's half is not the one that came")
    }
}

fn check_wrap(connection: &Connection, row: &Row<'_>) -> Result<(), &'static str> {
    let (scope, epoch) = read_name(row)?;
    let device = columns::uuid(row, 2)
        .map(DeviceId)
        .map_err(|_| UNREADABLE)?;
    let sealed: Vec<u8> = row.get(3).map_err(|_| UNREADABLE)?;
    let digest: Option<Vec<u8>> = row.get(4).map_err(|_| UNREADABLE)?;
    let found = digest_of(&unit_key::for_device(scope, epoch, device), &sealed);
    if digest.as_deref() != Some(&found) {
        return Err("it is not the one that came");
    }
    if !row.get::<_, bool>(5).map_err(|_| UNREADABLE)? {
        return Err("its key is missing");
    }
    organisation::device(connection, device)
        .ok()
        .flatten()
        .ok_or("its device is unknown")?;
    Ok(())
}

fn read_name(row: &Row<'_>) -> Result<(UnitId, u32), &'static str> {
    let scope = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
    let epoch = row.get(1).map_err(|_| UNREADABLE)?;
    Ok((UnitId(scope), epoch))
}
