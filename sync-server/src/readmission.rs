//! Units, people and devices a restored copy has never heard of, believed by the server's own signature.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::epochs::{self, Cause};
use crate::error::ApiError;
use crate::forms::{self, Form};
use crate::log::{self, Append};
use crate::moves;
use crate::organisation::{self, Device, Staff, Unit};
use crate::people;
use crate::persons;
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, Entropy, Role, StaffId, UnitId};
use protocol::session::proof;
use protocol::{
    DeviceCertificate, FileNumberBlock, KnownAs, MemberRecord, SignedStatement, UnitLevel,
};
use rusqlite::{Connection, OptionalExtension, named_params};

/// A device as it is written anew.
struct Known {
    id: DeviceId,
    staff: StaffId,
    key: [u8; 32],
    file_numbers: FileNumberBlock,
    enrolled_ms: i64,
}

/// Reads the certificate of a device that is not known here. Nothing is written.
pub(crate) fn read_certificate(
    key: &VerifyingKey,
    device: DeviceId,
    certificate: Option<&[u8]>,
) -> Option<(DeviceCertificate, KnownAs)> {
    let certificate: DeviceCertificate = proof::read_statement(key, certificate?).ok()?;
    let known_as = certificate.known_as.clone()?;
    (certificate.device == device).then_some((certificate, known_as))
}

/// Knows a device again. That it was forgotten proves that this copy is older than its enrolment.
pub(crate) fn readmit(
    connection: &Connection,
    (entropy, now_ms): (&dyn Entropy, i64),
    certificate: &DeviceCertificate,
    known_as: &KnownAs,
) -> Result<Option<Device>, ApiError> {
    let scope = certificate.scope;
    if certificate.role == Role::Officer && organisation::district(connection)?.id == scope {
        // The copy may be older than the district's first officer.
        organisation::open_district(connection, now_ms)?;
    }
    if organisation::unit(connection, scope)?.and_then(|unit| unit.scope) != Some(scope) {
        return Ok(None);
    }
    if epochs::rebuilt(connection)?.is_none() {
        epochs::begin(connection, entropy, now_ms, Cause::Certificate)?;
    }
    restore_unit(
        connection,
        now_ms,
        Unit {
            id: certificate.unit,
            scope: Some(scope),
            parent: Some(scope),
            level: UnitLevel::Village,
            name: known_as.unit_name.clone(),
            region: known_as.region.clone(),
            since_ms: 0,
            closed_ms: None,
            successor: None,
            former: Vec::new(),
        },
    )?;
    restore_staff(
        connection,
        (entropy, now_ms),
        &Staff {
            id: certificate.staff,
            unit: certificate.unit,
            scope,
            role: certificate.role,
            name: known_as.staff_name.0.clone(),
            since_ms: certificate.issued_ms,
            term: None,
            person: None,
        },
    )?;
    restore_device(
        connection,
        (scope, now_ms),
        &Known {
            id: certificate.device,
            staff: certificate.staff,
            key: certificate.key,
            file_numbers: known_as.file_numbers,
            enrolled_ms: certificate.issued_ms,
        },
    )?;
    let (act, object) = (Act::DeviceReadmitted, Object::Device(certificate.device));
    audit::append(
        connection,
        &Deed::of(By::Server, scope, act, object, now_ms),
    )?;
    Ok(organisation::device(connection, certificate.device)?)
}

/// Takes a member record back. False when it says nothing new, or is not ours.
pub(crate) fn restore_member(
    connection: &Connection,
    key: &VerifyingKey,
    (entropy, now_ms): (&dyn Entropy, i64),
    statement: &SignedStatement,
) -> Result<bool, ApiError> {
    let Ok(record) = proof::open_statement::<MemberRecord>(key, statement) else {
        return Ok(false);
    };
    match record {
        MemberRecord::Unit {
            id,
            name,
            parent,
            level: UnitLevel::Village,
            region,
            since_ms,
            former,
            closed_ms,
            successor,
        } => {
            // A village lies in its township's scope. The district and the townships are as old as the server itself.
            let township = match parent {
                Some(parent) => organisation::unit(connection, parent)?,
                None => None,
            };
            let Some(scope) = township.and_then(|township| township.scope) else {
                return Ok(false);
            };
            restore_unit(
                connection,
                now_ms,
                Unit {
                    id,
                    scope: Some(scope),
                    parent,
                    level: UnitLevel::Village,
                    name,
                    region,
                    since_ms,
                    closed_ms,
                    successor,
                    former,
                },
            )
        }
        MemberRecord::Unit { .. } => Ok(false),
        MemberRecord::Staff {
            id,
            name,
            role,
            unit,
            since_ms,
            term,
            person,
        } => {
            let Some(scope) = organisation::unit(connection, unit)?.and_then(|unit| unit.scope)
            else {
                return Ok(false);
            };
            restore_staff(
                connection,
                (entropy, now_ms),
                &Staff {
                    id,
                    unit,
                    scope,
                    role,
                    name,
                    since_ms,
                    term,
                    person,
                },
            )
        }
        MemberRecord::Device {
            id,
            staff,
            key,
            enrolled_ms,
            file_numbers: Some(file_numbers),
            ..
        } => {
            let Some(scope) = find_staff(connection, staff)? else {
                return Ok(false);
            };
            restore_device(
                connection,
                (scope, now_ms),
                &Known {
                    id,
                    staff,
                    key,
                    file_numbers,
                    enrolled_ms,
                },
            )
        }
        MemberRecord::Device { .. } => Ok(false),
        MemberRecord::Form {
            unit,
            id,
            json,
            published_ms,
        } => {
            let is_station = organisation::unit(connection, unit)?
                .is_some_and(|township| township.scope == Some(unit));
            let form = Form {
                scope: unit,
                id,
                json,
                published_ms,
            };
            if !is_station || !forms::restore(connection, &form)? {
                return Ok(false);
            }
            came_back(connection, unit, now_ms, &form.record())
        }
    }
}

fn restore_unit(connection: &Connection, now_ms: i64, unit: Unit) -> Result<bool, ApiError> {
    let Some(scope) = unit.scope else {
        return Ok(false);
    };
    if let Some(known) = organisation::unit(connection, unit.id)? {
        // The later name holds, and what is closed stays closed.
        let is_news = (unit.closed_ms, unit.since_ms) > (known.closed_ms, known.since_ms);
        if !is_news {
            return Ok(false);
        }
        organisation::set_unit(connection, &unit)?;
        return came_back(connection, scope, now_ms, &unit.record());
    }
    organisation::insert_unit(connection, &unit)?;
    moves::obey_to(connection, unit.id, now_ms)?;
    came_back(connection, scope, now_ms, &unit.record())
}

fn restore_staff(
    connection: &Connection,
    (entropy, now_ms): (&dyn Entropy, i64),
    staff: &Staff,
) -> Result<bool, ApiError> {
    if let Some(known) = organisation::staff(connection, staff.id)? {
        // A certificate brought the post back, and does not say whose it is.
        let first = staff.person.filter(|_| known.person.is_none());
        if let Some(first) = first {
            persons::link(connection, staff.id, first)?;
        }
        let is_longer = match staff.term {
            Some(term) => people::restore_term(connection, entropy, staff.id, term, now_ms)?,
            None => false,
        };
        if first.is_none() && !is_longer {
            return Ok(false);
        }
        let now = organisation::staff(connection, staff.id)?.ok_or(ApiError::Internal)?;
        return came_back(connection, staff.scope, now_ms, &now.record());
    }
    organisation::insert_staff(connection, staff)?;
    came_back(connection, staff.scope, now_ms, &staff.record())
}

fn restore_device(
    connection: &Connection,
    (scope, now_ms): (UnitId, i64),
    known: &Known,
) -> Result<bool, ApiError> {
    let there = organisation::device(connection, known.id)?.is_some()
        || organisation::key_is_used(connection, &known.key)?;
    if there {
        return Ok(false);
    }
    connection
        .prepare_cached(include_str!("sql/refill/insert_member_device.sql"))?
        .execute(named_params! {
            ":id": known.id.0.as_bytes(),
            ":staff": known.staff.0.as_bytes(),
            ":public_key": known.key,
            ":file_first": known.file_numbers.first,
            ":file_last": known.file_numbers.last,
            ":enrolled_ms": known.enrolled_ms,
        })?;
    // Nobody is given numbers that this device has already.
    connection
        .prepare_cached(include_str!("sql/refill/raise_file_numbers.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":next": i64::from(known.file_numbers.last) + 1,
        })?;
    let device = organisation::device(connection, known.id)?.ok_or(ApiError::Internal)?;
    came_back(connection, scope, now_ms, &device.record())
}

fn came_back(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
    record: &MemberRecord,
) -> Result<bool, ApiError> {
    log::append(connection, scope, now_ms, &Append::Member(record))?;
    epochs::explain(connection, scope)?;
    Ok(true)
}

/// The scope of a person, if they are known.
fn find_staff(connection: &Connection, staff: StaffId) -> rusqlite::Result<Option<UnitId>> {
    connection
        .prepare_cached(include_str!("sql/refill/staff.sql"))?
        .query_row(named_params! {":id": staff.0.as_bytes()}, |row| {
            columns::uuid(row, 2).map(UnitId)
        })
        .optional()
}
