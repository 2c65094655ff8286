//! What was delivered and is in no document: late work and what stopped devices handed over, what waits for another change,
//! and what the worker could not take.

use super::{NO_BODY, Said, UNREADABLE, check_envelope, key_of};
use crate::columns;
use crate::error::ApiError;
use crate::log;
use crate::reviews;
use crate::vault::Vault;
use ids::{DeviceId, DocumentId, UnitId};
use rusqlite::{Connection, Row};

/// A table of envelopes under their heads' hashes, and how its rows are named to a person.
struct Table {
    name: &'static str,
    statement: &'static str,
    /// Whether the row says which change it is and whose.
    says_whose: bool,
    /// Whether it says whom it was sent to, and keeps a person's reason.
    is_tray: bool,
}

const TABLES: [Table; 3] = [
    Table {
        name: "late change",
        statement: include_str!("../sql/verify/reviews.sql"),
        says_whose: true,
        is_tray: true,
    },
    Table {
        name: "held change",
        statement: include_str!("../sql/verify/held.sql"),
        says_whose: false,
        is_tray: false,
    },
    Table {
        name: "set-aside change",
        statement: include_str!("../sql/verify/set_aside.sql"),
        says_whose: true,
        is_tray: false,
    },
];

/// What does not hold, one line each.
pub(super) fn faults(connection: &Connection, vault: &Vault) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    for table in &TABLES {
        let mut statement = connection.prepare(table.statement)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Err(fault) = check(connection, vault, table, row) {
                faults.push(format!("{}: {fault}", name_of(table, row)?));
            }
        }
    }
    Ok(faults)
}

/// By the beginning of the change's hash as well, which is the number a station's page shows.
fn name_of(table: &Table, row: &Row<'_>) -> rusqlite::Result<String> {
    let id: i64 = row.get(0)?;
    if !table.is_tray {
        return Ok(format!("{} {id}", table.name));
    }
    let hash = columns::hash(row, 6).map(|hash| hash.to_string());
    Ok(match hash.as_deref().ok().and_then(|hash| hash.get(..8)) {
        Some(number) => format!("{} {id} ({number})", table.name),
        None => format!("{} {id}", table.name),
    })
}

fn check(
    connection: &Connection,
    vault: &Vault,
    table: &Table,
    row: &Row<'_>,
) -> Result<(), &'static str> {
    let (said, head_hash, body) = read(table, row).map_err(|_| UNREADABLE)?;
    let key = key_of(vault, &said, row, 5)?;
    let envelope = log::open_envelope(&key, &head_hash, &body).map_err(|_| NO_BODY)?;
    check_envelope(connection, &said, &envelope)?;
    if table.is_tray {
        let reason: Option<Vec<u8>> = row.get(9).map_err(|_| UNREADABLE)?;
        let hash = columns::hash(row, 6).map_err(|_| UNREADABLE)?;
        reviews::open_reason(vault, hash, &reason.unwrap_or_default())
            .map_err(|_| "the reason it was set aside for does not open")?;
    }
    Ok(())
}

fn read(table: &Table, row: &Row<'_>) -> rusqlite::Result<(Said, [u8; 32], Vec<u8>)> {
    let head_hash: [u8; 32] = row.get(3)?;
    let said = Said {
        document: DocumentId(columns::uuid(row, 1)?),
        generation: row.get(2)?,
        head_hash: Some(head_hash),
        hash: match table.says_whose {
            true => Some(columns::hash(row, 6)?),
            false => None,
        },
        device: match table.says_whose {
            true => Some(DeviceId(columns::uuid(row, 7)?)),
            false => None,
        },
        scope: match table.is_tray {
            true => Some(UnitId(columns::uuid(row, 8)?)),
            false => None,
        },
    };
    Ok((said, head_hash, row.get(4)?))
}
