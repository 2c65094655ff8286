//! What wiped devices left: the receipts they signed, and what they could not hand over as changes.

use super::UNREADABLE;
use crate::columns;
use crate::devices;
use crate::error::ApiError;
use crate::organisation;
use ids::DeviceId;
use protocol::session::proof;
use protocol::{SignedStatement, WipeReceipt, wire};
use rusqlite::{Connection, Row};

/// What does not hold, one line each.
pub(super) fn faults(connection: &Connection) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare(include_str!("../sql/verify/wipes.sql"))?;
    let mut rows = statement.query([])?;
    let mut place = 0;
    while let Some(row) = rows.next()? {
        place += 1;
        let name = match columns::uuid(row, 0) {
            Ok(device) => format!("wipe of device {}", DeviceId(device)),
            Err(_) => format!("wipe {place}"),
        };
        if let Err(fault) = check(connection, row) {
            faults.push(format!("{name}: {fault}"));
        }
    }
    let nobodys = connection
        .prepare(include_str!("../sql/verify/remains_of_nobody.sql"))?
        .query_map([], |_| Ok(()))?
        .count();
    if nobodys > 0 {
        faults.push(format!(
            "wipes: what {nobodys} devices left belongs to no order to wipe"
        ));
    }
    Ok(faults)
}

fn check(connection: &Connection, row: &Row<'_>) -> Result<(), &'static str> {
    let device = columns::uuid(row, 0)
        .map(DeviceId)
        .map_err(|_| UNREADABLE)?;
    let number = columns::number(row, 1).map_err(|_| UNREADABLE)?;
    let receipt: Option<Vec<u8>> = row.get(2).map_err(|_| UNREADABLE)?;
    // Until it signed, what it brings may still be replaced by what it says next.
    let Some(receipt) = receipt else {
        return Ok(());
    };
    let known = organisation::device(connection, device)
        .ok()
        .flatten()
        .ok_or("its device is unknown")?;
    let key = known.caller().map_err(|_| "its device's key is bad")?.key;
    let signed: SignedStatement =
        wire::unpack(&receipt).map_err(|_| "its receipt cannot be read")?;
    let receipt: WipeReceipt = proof::open_statement(&key, &signed)
        .map_err(|_| "the signature under its receipt does not hold")?;
    if receipt.device != device || receipt.order != number {
        return Err("its receipt is about something else");
    }
    let parts = devices::parts(connection, device).map_err(|_| UNREADABLE)?;
    if devices::are_signed_for(&parts, &receipt) {
        Ok(())
    } else {
        Err("what it left is not what it signed for")
    }
}
