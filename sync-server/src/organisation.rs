//! Units, people and devices: who is where, and who a device is.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::epochs;
use crate::error::ApiError;
use crate::forms;
use crate::guests;
use crate::log::{self, Append};
use crate::people;
use crate::policies;
use ed25519_dalek::VerifyingKey;
use ids::{Clock, DeviceId, Entropy, Role, StaffId, UnitId};
use protocol::access::{Holder, Standing};
use protocol::delegation::Shown;
use protocol::session::server::Caller;
use protocol::{
    CreateVillage, FileNumberBlock, FormerName, MemberRecord, Term, UnitLevel, Unsent, VillageList,
    VillageRecord, limits, wire,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeSet;

/// A unit as the database has it. The district lies in no scope until it has an officer; then it is one of its own.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub id: UnitId,
    pub scope: Option<UnitId>,
    pub parent: Option<UnitId>,
    pub level: UnitLevel,
    pub name: String,
    pub region: String,
    /// Since when it has this name and code; 0 since it was made.
    pub since_ms: i64,
    pub closed_ms: Option<i64>,
    pub successor: Option<UnitId>,
    /// What it was called before, where that was asked for.
    pub former: Vec<FormerName>,
}

impl Unit {
    pub(crate) fn record(&self) -> MemberRecord {
        MemberRecord::Unit {
            id: self.id,
            name: self.name.clone(),
            parent: self.parent,
            level: self.level,
            region: self.region.clone(),
            since_ms: self.since_ms,
            former: self.former.clone(),
            closed_ms: self.closed_ms,
            successor: self.successor,
        }
    }
}

/// A person as the database has them.
#[derive(Debug, Clone)]
pub(crate) struct Staff {
    pub id: StaffId,
    pub unit: UnitId,
    pub scope: UnitId,
    pub role: Role,
    pub name: String,
    pub since_ms: i64,
    pub term: Option<Term>,
    /// Her first post, where this is a later one of the same person (docs/adr/0056).
    pub person: Option<StaffId>,
}

impl Staff {
    /// What the person is known by, whatever her post: her first one.
    pub(crate) fn person(&self) -> StaffId {
        self.person.unwrap_or(self.id)
    }

    pub(crate) fn record(&self) -> MemberRecord {
        MemberRecord::Staff {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            unit: self.unit,
            since_ms: self.since_ms,
            term: self.term,
            person: self.person,
        }
    }
}

/// A device with its holder.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub holder: Holder,
    pub public_key: [u8; 32],
    pub file_numbers: FileNumberBlock,
    pub enrolled_ms: i64,
    pub seen_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
    pub staff_name: String,
    pub unit_name: String,
    pub region: String,
    pub revoked_why: Option<String>,
    /// What it held unsent when it was last heard of.
    pub unsent: Option<Unsent>,
    /// Since when its newest certificate counts.
    pub certified_ms: i64,
    /// The holder's open grant: until when, where that is known.
    pub appointed: Option<Option<i64>>,
    /// Until when the holder stands in for another village.
    pub covers_until_ms: Option<i64>,
    /// The holder's first post, where this is a later one.
    pub person: Option<StaffId>,
}

impl Device {
    /// How the membership stands at a time.
    pub(crate) fn standing_at(&self, now_ms: i64) -> Standing {
        match self.appointed {
            _ if self.revoked_ms.is_some() => Standing::Revoked,
            None => Standing::Expired,
            // That it begins is asked when a code is made: a device is there, and the clock may have been set back since.
            Some(Some(until)) if until <= now_ms => Standing::Expired,
            Some(_) => Standing::Active,
        }
    }

    /// Who holds it at a time: what she stands in for ends to the moment, whenever the log says so.
    pub(crate) fn holder_at(&self, now_ms: i64) -> Holder {
        let is_over = self.covers_until_ms.is_some_and(|until| until <= now_ms);
        Holder {
            covers: self.holder.covers.filter(|_| !is_over),
            ..self.holder
        }
    }

    /// Its newest certificate holds until.
    pub(crate) fn certified_until_ms(&self) -> i64 {
        self.certified_ms.saturating_add(limits::CERTIFICATE_MS)
    }

    pub(crate) fn record(&self) -> MemberRecord {
        MemberRecord::Device {
            id: self.holder.device,
            staff: self.holder.staff,
            unit: self.holder.unit,
            key: self.public_key,
            enrolled_ms: self.enrolled_ms,
            seen_ms: self.seen_ms,
            file_numbers: Some(self.file_numbers),
        }
    }

    /// The person who holds it.
    pub(crate) fn holder_record(&self) -> MemberRecord {
        MemberRecord::Staff {
            id: self.holder.staff,
            name: self.staff_name.clone(),
            role: self.holder.role,
            unit: self.holder.unit,
            since_ms: self.enrolled_ms,
            term: None,
            person: self.person,
        }
    }

    pub(crate) fn caller(&self) -> Result<Caller, ApiError> {
        Ok(Caller {
            holder: self.holder,
            key: VerifyingKey::from_bytes(&self.public_key).map_err(|_| ApiError::Internal)?,
            revoked: self.revoked_ms.is_some(),
            returns: false,
        })
    }
}

fn level_text(level: UnitLevel) -> &'static str {
    match level {
        UnitLevel::District => "district",
        UnitLevel::Township => "township",
        UnitLevel::Village => "village",
    }
}

fn read_unit(row: &Row<'_>) -> rusqlite::Result<Unit> {
    let level = match row.get::<_, String>(3)?.as_str() {
        "district" => UnitLevel::District,
        "township" => UnitLevel::Township,
        "village" => UnitLevel::Village,
        _ => return Err(columns::unknown(3)),
    };
    Ok(Unit {
        id: UnitId(columns::uuid(row, 0)?),
        scope: columns::optional_uuid(row, 1)?.map(UnitId),
        parent: columns::optional_uuid(row, 2)?.map(UnitId),
        level,
        name: row.get(4)?,
        region: row.get(5)?,
        since_ms: row.get(6)?,
        closed_ms: row.get(7)?,
        successor: columns::optional_uuid(row, 8)?.map(UnitId),
        former: Vec::new(),
    })
}

pub(crate) fn read_staff(row: &Row<'_>) -> rusqlite::Result<Staff> {
    Ok(Staff {
        id: StaffId(columns::uuid(row, 0)?),
        unit: UnitId(columns::uuid(row, 1)?),
        scope: UnitId(columns::uuid(row, 2)?),
        role: columns::role(row, 3)?,
        name: row.get(4)?,
        since_ms: row.get(5)?,
        term: match row.get(6)? {
            None => None,
            Some(from_ms) => Some(Term {
                from_ms,
                until_ms: row.get(7)?,
                ended_ms: row.get(8)?,
            }),
        },
        person: columns::optional_uuid(row, 9)?.map(StaffId),
    })
}

fn read_device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        holder: Holder {
            device: DeviceId(columns::uuid(row, 0)?),
            staff: StaffId(columns::uuid(row, 1)?),
            role: columns::role(row, 9)?,
            unit: UnitId(columns::uuid(row, 10)?),
            scope: UnitId(columns::uuid(row, 11)?),
            covers: columns::optional_uuid(row, 19)?.map(UnitId),
        },
        public_key: row.get(2)?,
        file_numbers: FileNumberBlock {
            first: row.get(3)?,
            last: row.get(4)?,
        },
        enrolled_ms: row.get(5)?,
        seen_ms: row.get(6)?,
        revoked_ms: row.get(7)?,
        staff_name: row.get(8)?,
        unit_name: row.get(12)?,
        region: row.get(13)?,
        revoked_why: row.get(14)?,
        unsent: row
            .get::<_, Option<Vec<u8>>>(15)?
            .and_then(|packed| wire::unpack(&packed).ok()),
        certified_ms: row.get::<_, Option<i64>>(16)?.unwrap_or(row.get(5)?),
        appointed: match row.get::<_, Option<i64>>(17)? {
            None => None,
            Some(_) => Some(row.get(18)?),
        },
        covers_until_ms: row.get(20)?,
        person: columns::optional_uuid(row, 21)?.map(StaffId),
    })
}

pub(crate) fn insert_scope(connection: &Connection, id: UnitId) -> rusqlite::Result<()> {
    connection.execute(
        include_str!("sql/organisation/insert_scope.sql"),
        named_params! {":id": id.0.as_bytes()},
    )?;
    Ok(())
}

pub(crate) fn insert_unit(connection: &Connection, unit: &Unit) -> rusqlite::Result<()> {
    connection.execute(
        include_str!("sql/organisation/insert_unit.sql"),
        named_params! {
            ":id": unit.id.0.as_bytes(),
            ":scope": unit.scope.map(|scope| scope.0.into_bytes()),
            ":parent": unit.parent.map(|parent| parent.0.into_bytes()),
            ":level": level_text(unit.level),
            ":name": unit.name,
            ":region": unit.region,
            ":since_ms": unit.since_ms,
            ":closed_ms": unit.closed_ms,
            ":successor": unit.successor.map(|unit| unit.0.into_bytes()),
        },
    )?;
    for former in &unit.former {
        put_former_name(connection, unit.id, former)?;
    }
    Ok(())
}

/// Writes what a unit is called now, and what became of it.
pub(crate) fn set_unit(connection: &Connection, unit: &Unit) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/organisation/set_unit.sql"))?
        .execute(named_params! {
            ":id": unit.id.0.as_bytes(),
            ":name": unit.name,
            ":region": unit.region,
            ":since_ms": unit.since_ms,
            ":closed_ms": unit.closed_ms,
            ":successor": unit.successor.map(|unit| unit.0.into_bytes()),
        })?;
    for former in &unit.former {
        put_former_name(connection, unit.id, former)?;
    }
    Ok(())
}

fn put_former_name(
    connection: &Connection,
    unit: UnitId,
    former: &FormerName,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/organisation/put_former_name.sql"))?
        .execute(named_params! {
            ":unit": unit.0.as_bytes(),
            ":until_ms": former.until_ms,
            ":name": former.name,
            ":region": former.region,
        })?;
    Ok(())
}

/// A unit with what it was called before.
pub(crate) fn dated(connection: &Connection, unit: Unit) -> rusqlite::Result<Unit> {
    let former = connection
        .prepare_cached(include_str!("sql/organisation/former_names.sql"))?
        .query_map(named_params! {":unit": unit.id.0.as_bytes()}, |row| {
            Ok(FormerName {
                name: row.get(0)?,
                region: row.get(1)?,
                until_ms: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Unit { former, ..unit })
}

pub(crate) fn unit(connection: &Connection, id: UnitId) -> rusqlite::Result<Option<Unit>> {
    connection
        .prepare_cached(include_str!("sql/organisation/unit.sql"))?
        .query_row(named_params! {":id": id.0.as_bytes()}, read_unit)
        .optional()
}

pub(crate) fn units_of_scope(
    connection: &Connection,
    scope: UnitId,
) -> rusqlite::Result<Vec<Unit>> {
    connection
        .prepare_cached(include_str!("sql/organisation/units_of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, read_unit)?
        .collect()
}

fn staff_of_scope(connection: &Connection, scope: UnitId) -> rusqlite::Result<Vec<Staff>> {
    connection
        .prepare_cached(include_str!("sql/organisation/staff_of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, read_staff)?
        .collect()
}

/// The people of a unit.
pub(crate) fn staff_of_unit(connection: &Connection, unit: UnitId) -> rusqlite::Result<Vec<Staff>> {
    connection
        .prepare_cached(include_str!("sql/people/members_of_unit.sql"))?
        .query_map(named_params! {":unit": unit.0.as_bytes()}, read_staff)?
        .collect()
}

/// A person.
pub(crate) fn staff(connection: &Connection, id: StaffId) -> rusqlite::Result<Option<Staff>> {
    connection
        .prepare_cached(include_str!("sql/organisation/staff.sql"))?
        .query_row(named_params! {":id": id.0.as_bytes()}, read_staff)
        .optional()
}

pub(crate) fn device(connection: &Connection, id: DeviceId) -> rusqlite::Result<Option<Device>> {
    connection
        .prepare_cached(include_str!("sql/organisation/device.sql"))?
        .query_row(named_params! {":id": id.0.as_bytes()}, read_device)
        .optional()
}

pub(crate) fn devices_of_scope(
    connection: &Connection,
    scope: UnitId,
) -> rusqlite::Result<Vec<Device>> {
    connection
        .prepare_cached(include_str!("sql/organisation/devices_of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, read_device)?
        .collect()
}

/// The organisation as one caller sees it: units, then people, then devices, then the forms the station published.
pub(crate) fn members(
    connection: &Connection,
    holder: &Holder,
) -> rusqlite::Result<Vec<MemberRecord>> {
    let units = units_of_scope(connection, holder.scope)?
        .into_iter()
        .map(|unit| dated(connection, unit))
        .collect::<Result<Vec<_>, _>>()?;
    let staff = staff_of_scope(connection, holder.scope)?;
    let devices = devices_of_scope(connection, holder.scope)?;
    let forms = forms::of_scope(connection, holder.scope)?;
    let neighbours = guests::neighbours(connection, holder.unit)?;
    Ok(units
        .iter()
        .map(Unit::record)
        .chain(staff.iter().map(Staff::record))
        .chain(devices.iter().map(Device::record))
        .chain(forms.into_iter().map(|form| form.record()))
        .filter(|record| {
            let is_neighbour = |unit: &UnitId| neighbours.contains(unit);
            log::sees_member(holder, record) || record.works_in().as_ref().is_some_and(is_neighbour)
        })
        .collect())
}

/// Those of these devices, with their holders, that a caller does not see among the members: they wrote in a document
/// while it lived elsewhere.
pub(crate) fn strangers(
    connection: &Connection,
    holder: &Holder,
    devices: &BTreeSet<DeviceId>,
) -> Result<Vec<MemberRecord>, ApiError> {
    let mut records = Vec::new();
    for id in devices {
        let device = device(connection, *id)?.ok_or(ApiError::Internal)?;
        let record = device.record();
        if device.holder.scope != holder.scope || !log::sees_member(holder, &record) {
            records.extend([device.holder_record(), record]);
        }
    }
    Ok(records)
}

pub(crate) fn set_seen(
    connection: &Connection,
    device: DeviceId,
    seen_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/organisation/set_seen.sql"))?
        .execute(named_params! {":id": device.0.as_bytes(), ":seen_ms": seen_ms})?;
    Ok(())
}

pub(crate) fn key_is_used(connection: &Connection, key: &[u8; 32]) -> rusqlite::Result<bool> {
    connection.query_row(
        include_str!("sql/organisation/key_is_used.sql"),
        named_params! {":public_key": key},
        |row| row.get(0),
    )
}

/// Writes a person down, with a grant from their first day.
pub(crate) fn insert_staff(connection: &Connection, staff: &Staff) -> rusqlite::Result<()> {
    insert_staff_row(connection, staff)?;
    people::insert_first(connection, staff)
}

/// Writes a person down whose grant is written by whoever calls.
pub(crate) fn insert_staff_row(connection: &Connection, staff: &Staff) -> rusqlite::Result<()> {
    connection.execute(
        include_str!("sql/organisation/insert_staff.sql"),
        named_params! {
            ":id": staff.id.0.as_bytes(),
            ":unit": staff.unit.0.as_bytes(),
            ":scope": staff.scope.0.as_bytes(),
            ":role": staff.role.as_str(),
            ":name": staff.name,
            ":since_ms": staff.since_ms,
            ":person": staff.person.map(|first| first.0.into_bytes()),
        },
    )?;
    Ok(())
}

/// A unit of a scope where somebody of this role works, and that still is one.
pub(crate) fn place_of(
    connection: &Connection,
    scope: UnitId,
    unit: UnitId,
    role: Role,
) -> Result<Unit, ApiError> {
    let unit = self::unit(connection, unit)?
        .filter(|unit| unit.scope == Some(scope))
        .ok_or(ApiError::NotFound)?;
    if !people::fits(role, unit.level, unit.id == scope) {
        return Err(ApiError::NotAllowed);
    }
    if unit.closed_ms.is_some() {
        return Err(ApiError::UnitClosed);
    }
    Ok(unit)
}

/// A new device of a person, with its own block of file numbers.
pub(crate) fn add_device(
    connection: &Connection,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    staff: &Staff,
    public_key: &[u8; 32],
) -> Result<Device, ApiError> {
    let file_numbers = take_file_numbers(connection, staff.scope)?;
    let id = DeviceId::new(clock, entropy);
    let numbered = (id, staff.id, file_numbers);
    let device = insert_device(connection, numbered, public_key, clock.now_ms())?;
    announce(connection, &device, clock.now_ms())?;
    Ok(device)
}

/// Whoever sees what a device writes learns of it and its key.
pub(crate) fn announce(
    connection: &Connection,
    device: &Device,
    now_ms: i64,
) -> Result<(), ApiError> {
    let scope = device.holder.scope;
    log::append(connection, scope, now_ms, &Append::Member(&device.record()))?;
    let is_beside = || guests::neighbours(connection, device.holder.unit);
    if device.holder.covers.is_some() || !is_beside()?.is_empty() {
        // A new tablet of somebody who writes in what another village sees, too: everybody there knows it.
        log::append_author(connection, scope, now_ms, device)?;
    }
    Ok(())
}

/// A tablet a station enrolled without the server, in the place that was made for it.
pub(crate) fn put_device(
    connection: &Connection,
    shown: &Shown,
    now_ms: i64,
) -> Result<Device, ApiError> {
    let place = &shown.place;
    let numbered = (place.device, place.staff, place.file_numbers);
    let device = insert_device(connection, numbered, &shown.certificate.key, now_ms)?;
    // After a restore the numbers may not have been set apart here.
    connection
        .prepare_cached(include_str!("sql/refill/raise_file_numbers.sql"))?
        .execute(named_params! {
            ":scope": shown.delegation.scope.0.as_bytes(),
            ":next": i64::from(place.file_numbers.last) + 1,
        })?;
    Ok(device)
}

fn insert_device(
    connection: &Connection,
    (id, staff, file_numbers): (DeviceId, StaffId, FileNumberBlock),
    public_key: &[u8; 32],
    now_ms: i64,
) -> Result<Device, ApiError> {
    connection.execute(
        include_str!("sql/organisation/insert_device.sql"),
        named_params! {
            ":id": id.0.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":public_key": public_key,
            ":file_first": file_numbers.first,
            ":file_last": file_numbers.last,
            ":enrolled_ms": now_ms,
        },
    )?;
    device(connection, id)?.ok_or(ApiError::Internal)
}

/// Sets a block of file numbers apart.
pub(crate) fn take_file_numbers(
    connection: &Connection,
    scope: UnitId,
) -> rusqlite::Result<FileNumberBlock> {
    let first: u32 = connection.query_row(
        include_str!("sql/organisation/take_file_numbers.sql"),
        named_params! {":scope": scope.0.as_bytes(), ":count": limits::FILE_NUMBERS},
        |row| row.get(0),
    )?;
    Ok(FileNumberBlock {
        first,
        last: first + limits::FILE_NUMBERS - 1,
    })
}

/// Whether the township has a head with a device that was not revoked.
pub(crate) fn has_head(connection: &Connection, scope: UnitId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/organisation/has_head.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            row.get(0)
        })
}

/// A name as it may be stored.
pub(crate) fn checked_name(name: &str) -> Result<&str, ApiError> {
    let name = name.trim();
    let length = name.chars().count();
    let fine = length > 0 && length <= limits::NAME_CHARS && !name.chars().any(char::is_control);
    if fine {
        Ok(name)
    } else {
        Err(ApiError::NameMissing)
    }
}

/// Whether a text is a region code.
pub(crate) fn check_region(region: &str) -> Result<(), ApiError> {
    if region.len() != 12 || !region.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::RegionInvalid);
    }
    Ok(())
}

/// Whether no other unit of a scope has this name or code, or is known by this code from before.
pub(crate) fn check_free(
    connection: &Connection,
    scope: UnitId,
    (name, region): (&str, &str),
    but: Option<UnitId>,
) -> Result<(), ApiError> {
    for unit in units_of_scope(connection, scope)? {
        if but == Some(unit.id) {
            continue;
        }
        let is_open = unit.closed_ms.is_none();
        let unit = dated(connection, unit)?;
        let had = unit.former.iter().any(|former| former.region == region);
        if unit.region == region || had || is_open && unit.name == name {
            return Err(ApiError::VillageExists);
        }
    }
    Ok(())
}

/// Makes a village of a scope.
pub(crate) fn create_village(
    connection: &Connection,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    holder: &Holder,
    input: &CreateVillage,
) -> Result<VillageList, ApiError> {
    let scope = holder.scope;
    if epochs::holds(connection, scope)? {
        // A village that was made after the copy is on its way back.
        return Err(ApiError::Gathering);
    }
    let name = checked_name(&input.name)?;
    let region = input.region.trim();
    check_region(region)?;
    check_free(connection, scope, (name, region), None)?;
    let village = Unit {
        id: UnitId::new(clock, entropy),
        scope: Some(scope),
        parent: Some(scope),
        level: UnitLevel::Village,
        name: name.to_owned(),
        region: region.to_owned(),
        since_ms: 0,
        closed_ms: None,
        successor: None,
        former: Vec::new(),
    };
    insert_unit(connection, &village)?;
    log::append(
        connection,
        scope,
        clock.now_ms(),
        &Append::Member(&village.record()),
    )?;
    let (by, object) = (By::from(holder), Object::Unit(village.id));
    audit::append(
        connection,
        &Deed::of(by, scope, Act::VillageMade, object, clock.now_ms()),
    )?;
    villages(connection, scope)
}

/// Makes another township under the district: its station is a scope of its own, with the district's policy packs.
pub(crate) fn create_township(
    connection: &Connection,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    name: &str,
    region: &str,
) -> Result<Unit, ApiError> {
    let name = checked_name(name)?;
    check_region(region)?;
    let district = district(connection)?;
    let taken = townships(connection)?
        .iter()
        .any(|unit| unit.region == region || unit.name == name);
    if taken {
        return Err(ApiError::TownshipExists);
    }
    let scope = UnitId::new(clock, entropy);
    let township = Unit {
        id: scope,
        scope: Some(scope),
        parent: Some(district.id),
        level: UnitLevel::Township,
        name: name.to_owned(),
        region: region.to_owned(),
        since_ms: 0,
        closed_ms: None,
        successor: None,
        former: Vec::new(),
    };
    insert_scope(connection, scope)?;
    insert_unit(connection, &township)?;
    for unit in [&district, &township] {
        let entry = Append::Member(&unit.record());
        log::append(connection, scope, clock.now_ms(), &entry)?;
    }
    for policy in &policies::all(connection)? {
        log::append(connection, scope, clock.now_ms(), &Append::Policy(policy))?;
    }
    let (act, object) = (Act::TownshipMade, Object::Unit(scope));
    audit::append(
        connection,
        &Deed::of(By::Operator, scope, act, object, clock.now_ms()),
    )?;
    Ok(township)
}

/// The district.
pub(crate) fn district(connection: &Connection) -> Result<Unit, ApiError> {
    connection
        .query_row(include_str!("sql/organisation/district.sql"), [], read_unit)
        .optional()?
        .ok_or(ApiError::Internal)
}

/// Makes the district a scope of its own, for its officers: they sync that one alone, and no document ever lies in it
/// (docs/adr/0039). Nothing happens where it is one.
pub(crate) fn open_district(connection: &Connection, now_ms: i64) -> Result<UnitId, ApiError> {
    let district = district(connection)?;
    let scope = district.id;
    if district.scope.is_some() {
        return Ok(scope);
    }
    insert_scope(connection, scope)?;
    connection.execute(
        include_str!("sql/organisation/open_district.sql"),
        named_params! {":id": scope.0.as_bytes()},
    )?;
    log::append(
        connection,
        scope,
        now_ms,
        &Append::Member(&district.record()),
    )?;
    for policy in &policies::all(connection)? {
        log::append(connection, scope, now_ms, &Append::Policy(policy))?;
    }
    let (act, object) = (Act::DistrictOpened, Object::Unit(scope));
    audit::append(
        connection,
        &Deed::of(By::Operator, scope, act, object, now_ms),
    )?;
    Ok(scope)
}

/// The townships of the district, by region code.
pub(crate) fn townships(connection: &Connection) -> rusqlite::Result<Vec<Unit>> {
    connection
        .prepare_cached(include_str!("sql/organisation/townships.sql"))?
        .query_map([], read_unit)?
        .collect()
}

/// The villages of a scope.
pub(crate) fn villages(connection: &Connection, scope: UnitId) -> Result<VillageList, ApiError> {
    let villages = units_of_scope(connection, scope)?
        .into_iter()
        .filter(|unit| unit.level == UnitLevel::Village && unit.closed_ms.is_none())
        .map(|unit| VillageRecord {
            unit: unit.id,
            name: unit.name,
            region: unit.region,
        })
        .collect();
    Ok(VillageList { villages })
}
