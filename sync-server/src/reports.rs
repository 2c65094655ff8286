//! Stations' reports, passed on to the district's officers (docs/adr/0039): one of each station, sealed, replaced by the
//! next. What stands in it the server reads only to see that it is nothing but ids and codes.

use crate::audit::{self, Act, By, Deed, Object};
use crate::cases;
use crate::columns;
use crate::countersign;
use crate::enrolment;
use crate::error::ApiError;
use crate::organisation;
use crate::state::App;
use crate::unit_keys;
use crate::vault::Vault;
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, Role, UnitId};
use protocol::access::Holder;
use protocol::{
    BringReport, KnownReport, KnownUnitKey, ReportingStation, Reports, SignedStatement, report,
    unit_key, wire,
};
use rusqlite::{Connection, OptionalExtension, named_params};

/// What a report is sealed as, with its station.
pub(crate) fn sealed_as(station: UnitId) -> String {
    format!("report {station}")
}

/// A report as it lies here.
struct Kept {
    device: DeviceId,
    statement: SignedStatement,
    taken_ms: i64,
}

fn find(connection: &Connection, vault: &Vault, station: UnitId) -> Result<Option<Kept>, ApiError> {
    let row = connection
        .prepare_cached(include_str!("sql/reports/find.sql"))?
        .query_row(named_params! {":scope": station.0.as_bytes()}, |row| {
            Ok((
                DeviceId(columns::uuid(row, 0)?),
                row.get::<_, Vec<u8>>(1)?,
                row.get(2)?,
            ))
        })
        .optional()?;
    let Some((device, sealed, taken_ms)) = row else {
        return Ok(None);
    };
    let statement = wire::unpack(&vault.open_secret(&sealed_as(station), &sealed)?)?;
    Ok(Some(Kept {
        device,
        statement,
        taken_ms,
    }))
}

/// Takes a report of the asker's own station, made by the asking device; it stands in the place of the one before.
pub(crate) fn bring(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &BringReport,
) -> Result<Reports, ApiError> {
    let device = organisation::device(connection, holder.device)?.ok_or(ApiError::DeviceUnknown)?;
    let key = VerifyingKey::from_bytes(&device.public_key).map_err(|_| ApiError::Internal)?;
    let said = report::open(&key, &input.report)?;
    if said.station != holder.scope || said.device != holder.device {
        return Err(ApiError::NotAllowed);
    }
    let now_ms = app.clock.now_ms();
    // Every station comes by once a day.
    cases::drop_files(connection, now_ms)?;
    let sealed = app.vault.seal_secret(
        &sealed_as(holder.scope),
        &wire::pack(&input.report)?,
        app.entropy.as_ref(),
    )?;
    connection
        .prepare_cached(include_str!("sql/reports/put.sql"))?
        .execute(named_params! {
            ":scope": holder.scope.0.as_bytes(),
            ":device": holder.device.0.as_bytes(),
            ":taken_ms": now_ms,
            ":sealed": sealed,
        })?;
    let (by, object) = (By::from(holder), Object::Unit(holder.scope));
    audit::append(
        connection,
        &Deed::of(by, holder.scope, Act::ReportTaken, object, now_ms),
    )?;
    list(app, connection, holder)
}

/// What was reported: to a station its own, to an officer of every station of her district.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    holder: &Holder,
) -> Result<Reports, ApiError> {
    let mut stations = Vec::new();
    for township in organisation::townships(connection)? {
        let is_theirs = match holder.role {
            Role::Officer => township.parent == Some(holder.scope),
            Role::Director | Role::Supervisor | Role::Head => township.id == holder.scope,
        };
        if !is_theirs {
            continue;
        }
        let station = township.id;
        let report = match find(connection, &app.vault, station)? {
            Some(kept) => known(app, connection, kept)?,
            None => None,
        };
        stations.push(ReportingStation {
            station,
            name: township.name,
            villages: organisation::villages(connection, station)?.villages,
            report,
            key: key(app, connection, station)?,
            countersignatures: countersign::of_scope(connection, station)?,
            cases: cases::list(app, connection, holder, station)?,
        });
    }
    Ok(Reports { stations })
}

/// A report with who vouches for its maker.
fn known(app: &App, connection: &Connection, kept: Kept) -> Result<Option<KnownReport>, ApiError> {
    let Some(device) = organisation::device(connection, kept.device)? else {
        return Ok(None);
    };
    Ok(Some(KnownReport {
        statement: kept.statement,
        certificate: enrolment::nameless_certificate(&app.signing_key, &device)?,
        taken_ms: kept.taken_ms,
    }))
}

/// The newest of a station's keys, with who vouches for its maker and without anybody's name.
fn key(
    app: &App,
    connection: &Connection,
    station: UnitId,
) -> Result<Option<KnownUnitKey>, ApiError> {
    let Some(newest) = unit_keys::newest_key(connection, station)? else {
        return Ok(None);
    };
    let maker = unit_key::read(&newest.statement)?.made_by;
    let Some(device) = organisation::device(connection, maker)? else {
        return Ok(None);
    };
    Ok(Some(KnownUnitKey {
        statement: newest.statement,
        certificate: enrolment::nameless_certificate(&app.signing_key, &device)?,
    }))
}

/// When the newest was taken that concerns somebody, of reports and of what the district says of closings; 0 when there is
/// none: whether it is worth asking.
pub(crate) fn newest_ms(connection: &Connection, holder: &Holder) -> Result<i64, ApiError> {
    if holder.role == Role::Director {
        return Ok(0);
    }
    let reported: i64 = connection
        .prepare_cached(include_str!("sql/reports/newest.sql"))?
        .query_row(named_params! {":scope": holder.scope.0.as_bytes()}, |row| {
            row.get(0)
        })?;
    let said = countersign::newest_ms(connection, holder.scope)?;
    Ok(reported
        .max(said)
        .max(cases::newest_ms(connection, holder)?))
}
