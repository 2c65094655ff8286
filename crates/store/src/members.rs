//! Units, staff, devices and authors as the server told them. Names for the screens, roles for the folds.

use crate::{StoreError, Transaction, row};
use ids::{ActorId, ChangeHash, DeviceId, DocumentId, Role, StaffId, UnitId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::HashMap;

/// An organisation unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitRow {
    /// Its id, for ever.
    pub unit: UnitId,
    /// The unit above.
    pub parent: Option<UnitId>,
    /// village, township, district.
    pub level: String,
    /// Name.
    pub name: String,
    /// 12-digit region code at present.
    pub region_code: Option<String>,
    /// What it was called before, oldest first: name and code.
    pub former: Vec<(String, String)>,
    /// Closed since.
    pub closed_ms: Option<i64>,
}

/// A member of staff.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffRow {
    /// Id.
    pub staff: StaffId,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Unit worked for.
    pub unit: UnitId,
    /// No longer in office since.
    pub ended_ms: Option<i64>,
}

/// A device as the station sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Id.
    pub device: DeviceId,
    /// Person it is enrolled for.
    pub staff: StaffId,
    /// Unit.
    pub unit: UnitId,
    /// What it is called.
    pub label: String,
    /// Ed25519 public key its envelopes are checked with, if known.
    pub key: Option<[u8; 32]>,
    /// Enrolled.
    pub enrolled_ms: Option<i64>,
    /// Last seen by the server.
    pub seen_ms: Option<i64>,
    /// Revoked.
    pub revoked_ms: Option<i64>,
}

/// Who wrote under an actor.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorRow {
    /// Automerge actor.
    pub actor: ActorId,
    /// Device.
    pub device: DeviceId,
    /// Person.
    pub staff: StaffId,
    /// Name at the time.
    pub name: String,
    /// Role at the time.
    pub role: Role,
    /// Unit at the time.
    pub unit: Option<UnitId>,
    /// In force since.
    pub valid_from_ms: Option<i64>,
    /// In force until.
    pub valid_until_ms: Option<i64>,
}

/// Writes a unit.
///
/// # Errors
/// The database refuses.
pub fn put_unit(tx: &Transaction<'_>, unit: &UnitRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/members/put_unit.sql"))?
        .execute(named_params! {
            ":unit": unit.unit.0.as_bytes(),
            ":parent": unit.parent.map(|it| *it.0.as_bytes()),
            ":level": unit.level,
            ":name": unit.name,
            ":region_code": unit.region_code,
            ":former": (!unit.former.is_empty()).then(|| lines(&unit.former)),
            ":closed_ms": unit.closed_ms,
        })?;
    Ok(())
}

/// All units, by region code and name.
///
/// # Errors
/// The database refuses.
pub fn units(connection: &Connection) -> Result<Vec<UnitRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/members/units.sql"))?;
    let rows = statement.query_map([], unit_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One unit.
///
/// # Errors
/// The database refuses.
pub fn unit(connection: &Connection, unit: UnitId) -> Result<Option<UnitRow>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/members/unit.sql"))?
        .query_row(named_params! {":unit": unit.0.as_bytes()}, unit_from)
        .optional()?)
}

/// Writes a member of staff.
///
/// # Errors
/// The database refuses.
pub fn put_staff(tx: &Transaction<'_>, staff: &StaffRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/members/put_staff.sql"))?
        .execute(named_params! {
            ":staff": staff.staff.0.as_bytes(),
            ":name": staff.name,
            ":role": staff.role.as_str(),
            ":unit": staff.unit.0.as_bytes(),
            ":ended_ms": staff.ended_ms,
        })?;
    Ok(())
}

/// All staff, by name.
///
/// # Errors
/// The database refuses.
pub fn all_staff(connection: &Connection) -> Result<Vec<StaffRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/members/all_staff.sql"))?;
    let rows = statement.query_map([], staff_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One member of staff.
///
/// # Errors
/// The database refuses.
pub fn staff(connection: &Connection, staff: StaffId) -> Result<Option<StaffRow>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/members/staff.sql"))?
        .query_row(named_params! {":staff": staff.0.as_bytes()}, staff_from)
        .optional()?)
}

/// Writes a device.
///
/// # Errors
/// The database refuses.
pub fn put_device(tx: &Transaction<'_>, device: &DeviceRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/members/put_device.sql"))?
        .execute(named_params! {
            ":device": device.device.0.as_bytes(),
            ":staff": device.staff.0.as_bytes(),
            ":unit": device.unit.0.as_bytes(),
            ":label": device.label,
            ":key": device.key,
            ":enrolled_ms": device.enrolled_ms,
            ":seen_ms": device.seen_ms,
            ":revoked_ms": device.revoked_ms,
        })?;
    Ok(())
}

/// All devices, newest first.
///
/// # Errors
/// The database refuses.
pub fn devices(connection: &Connection) -> Result<Vec<DeviceRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/members/devices.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(DeviceRow {
            device: row::device(row, "device")?,
            staff: row::staff(row, "staff")?,
            unit: row::unit(row, "unit")?,
            label: row.get("label")?,
            key: row.get("key")?,
            enrolled_ms: row.get("enrolled_ms")?,
            seen_ms: row.get("seen_ms")?,
            revoked_ms: row.get("revoked_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes when the server last heard of a device.
///
/// # Errors
/// The database refuses.
pub fn set_seen(tx: &Transaction<'_>, device: DeviceId, seen_ms: i64) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/members/set_seen.sql"))?
        .execute(named_params! {
            ":device": device.0.as_bytes(),
            ":seen_ms": seen_ms,
        })?;
    Ok(())
}

/// The public key a device signs with, if it is known here.
///
/// # Errors
/// The database refuses.
pub fn device_key(
    connection: &Connection,
    device: DeviceId,
) -> Result<Option<[u8; 32]>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/members/device_key.sql"))?
        .query_row(named_params! {":device": device.0.as_bytes()}, |row| {
            row.get("key")
        })
        .optional()?
        .flatten())
}

/// Writes who wrote under an actor.
///
/// # Errors
/// The database refuses.
pub fn put_author(tx: &Transaction<'_>, author: &AuthorRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/members/put_author.sql"))?
        .execute(named_params! {
            ":actor": author.actor,
            ":device": author.device.0.as_bytes(),
            ":staff": author.staff.0.as_bytes(),
            ":name": author.name,
            ":role": author.role.as_str(),
            ":unit": author.unit.map(|it| *it.0.as_bytes()),
            ":valid_from_ms": author.valid_from_ms,
            ":valid_until_ms": author.valid_until_ms,
        })?;
    Ok(())
}

/// Who wrote under an actor.
///
/// # Errors
/// The database refuses.
pub fn author(connection: &Connection, actor: &ActorId) -> Result<Option<AuthorRow>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/members/author.sql"))?
        .query_row(named_params! {":actor": actor}, |row| {
            Ok(AuthorRow {
                actor: row.get("actor")?,
                device: row::device(row, "device")?,
                staff: row::staff(row, "staff")?,
                name: row.get("name")?,
                role: row::role(row, "role")?,
                unit: row::optional_unit(row, "unit")?,
                valid_from_ms: row.get("valid_from_ms")?,
                valid_until_ms: row.get("valid_until_ms")?,
            })
        })
        .optional()?)
}

/// Who wrote a change, with the name and role they had, as far as is known here.
#[derive(Clone, PartialEq, Eq)]
pub struct WrittenBy {
    /// Device.
    pub device: DeviceId,
    /// Person.
    pub staff: StaffId,
    /// Name.
    pub name: Option<String>,
    /// Role, from the author table, the staff list, or this device's own identity.
    pub role: Option<Role>,
    /// Unit.
    pub unit: Option<UnitId>,
    /// That device's clock, a label.
    pub wall_ms: i64,
    /// Written on this device.
    pub here: bool,
}

/// Who wrote a change; `None` when its envelope was never seen.
///
/// # Errors
/// The database refuses.
pub fn written_by(
    connection: &Connection,
    change: ChangeHash,
) -> Result<Option<WrittenBy>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/members/written_by.sql"))?
        .query_row(named_params! {":hash": change.0}, written_from)
        .optional()?)
}

/// Who wrote the changes of a document.
///
/// # Errors
/// The database refuses.
pub fn written_in(
    connection: &Connection,
    document: DocumentId,
) -> Result<HashMap<ChangeHash, WrittenBy>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/members/written_in.sql"))?;
    let rows = statement.query_map(named_params! {":document": document.0.as_bytes()}, |row| {
        Ok((row::hash(row, "hash")?, written_from(row)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn written_from(row: &Row<'_>) -> rusqlite::Result<WrittenBy> {
    let role: Option<String> = row.get("role")?;
    Ok(WrittenBy {
        device: row::device(row, "device")?,
        staff: row::staff(row, "staff")?,
        name: row.get("name")?,
        role: role.as_deref().and_then(Role::parse),
        unit: row::optional_unit(row, "unit")?,
        wall_ms: row.get("wall_ms")?,
        here: row.get("here")?,
    })
}

fn unit_from(row: &Row<'_>) -> rusqlite::Result<UnitRow> {
    Ok(UnitRow {
        unit: row::unit(row, "unit")?,
        parent: row::optional_unit(row, "parent")?,
        level: row.get("level")?,
        name: row.get("name")?,
        region_code: row.get("region_code")?,
        former: row
            .get::<_, Option<String>>("former")?
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(region, name)| (name.to_owned(), region.to_owned()))
            .collect(),
        closed_ms: row.get("closed_ms")?,
    })
}

/// A line for each, code first: a name holds no line break, and a code no blank.
fn lines(former: &[(String, String)]) -> String {
    former
        .iter()
        .map(|(name, region)| format!("{region} {name}\n"))
        .collect()
}

fn staff_from(row: &Row<'_>) -> rusqlite::Result<StaffRow> {
    Ok(StaffRow {
        staff: row::staff(row, "staff")?,
        name: row.get("name")?,
        role: row::role(row, "role")?,
        unit: row::unit(row, "unit")?,
        ended_ms: row.get("ended_ms")?,
    })
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(StaffRow, AuthorRow, WrittenBy);
