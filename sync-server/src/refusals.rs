//! What was not taken from the devices, for whoever looks after them: who, when and why, never what it says.

use crate::columns::{self, stored};
use crate::error::ApiError;
use ids::{DeviceId, DocKind, StaffId, UnitId};
use protocol::{RefusalCode, RefusalList, RefusalRecord, limits};
use rusqlite::{Connection, Row, named_params};

/// Lines in one answer.
const MOST_LINES: u32 = 500;

/// One refused envelope.
pub(crate) struct Refusal<'a> {
    pub head_hash: &'a [u8; 32],
    pub device: DeviceId,
    pub kind: Option<DocKind>,
    pub code: RefusalCode,
}

/// Remembers a refusal; refused again, the newest reason stands. Bounded per device.
pub(crate) fn remember(
    connection: &Connection,
    refusal: &Refusal<'_>,
    now_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/refusals/remember.sql"))?
        .execute(named_params! {
            ":head_hash": refusal.head_hash,
            ":device": refusal.device.0.as_bytes(),
            ":kind": refusal.kind.map(DocKind::as_str),
            ":code": refusal.code.as_str(),
            ":at_ms": now_ms,
            ":most": stored(limits::REFUSALS_PER_DEVICE),
        })?;
    Ok(())
}

/// The envelope found its way after all.
pub(crate) fn forget(connection: &Connection, head_hash: &[u8; 32]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/refusals/forget.sql"))?
        .execute(named_params! {":head_hash": head_hash})?;
    Ok(())
}

/// As [`forget`], if the envelope was this device's.
pub(crate) fn forget_of(
    connection: &Connection,
    device: DeviceId,
    head_hash: &[u8; 32],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/refusals/forget_of.sql"))?
        .execute(named_params! {":head_hash": head_hash, ":device": device.0.as_bytes()})?;
    Ok(())
}

/// The open refusals of a scope, one line per device, kind and code.
pub(crate) fn of_scope(connection: &Connection, scope: UnitId) -> Result<RefusalList, ApiError> {
    let refusals = connection
        .prepare_cached(include_str!("sql/refusals/of_scope.sql"))?
        .query_map(
            named_params! {":scope": scope.0.as_bytes(), ":most": MOST_LINES},
            read,
        )?
        .collect::<Result<_, _>>()?;
    Ok(RefusalList { refusals })
}

fn read(row: &Row<'_>) -> rusqlite::Result<RefusalRecord> {
    let code: String = row.get(5)?;
    Ok(RefusalRecord {
        device: DeviceId(columns::uuid(row, 0)?),
        staff: StaffId(columns::uuid(row, 1)?),
        staff_name: row.get(2)?,
        unit_name: row.get(3)?,
        kind: match row.get::<_, Option<String>>(4)? {
            Some(_) => Some(columns::kind(row, 4)?),
            None => None,
        },
        code: RefusalCode::parse(&code).ok_or_else(|| columns::unknown(5))?,
        changes: row.get(6)?,
        last_ms: row.get(7)?,
    })
}
