//! What a station may enrol without the server, and what becomes of a tablet that comes with a station's word (ADR 0031).
//!
//! Two questions are kept apart. Whether the word is genuine – signed by this server, then by that station, for a place the
//! server had made – decides whether the tablet becomes known at all. Whether it still holds – the station not stopped, the
//! person still appointed, not too late – decides whether it may go on: where it does not, the tablet becomes known and is
//! stopped in the same transaction, so that what it recorded is handed over to a person like that of any stopped tablet.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::devices;
use crate::enrolment::Desk;
use crate::epochs;
use crate::error::ApiError;
use crate::next_ca;
use crate::orders::Orders;
use crate::organisation::{self, Device};
use crate::people::{self, Grant};
use crate::readmission;
use crate::settings::{self, name};
use crate::state::App;
use ids::{DeviceId, StaffId, new_uuid};
use protocol::access::Holder;
use protocol::delegation::{self, Shown};
use protocol::session::proof;
use protocol::{Delegation, FileNumberBlock, Order, Place, SignedStatement, limits};
use rusqlite::{Connection, named_params};

/// Why a tablet is stopped whose station was stopped before it told of it.
const STATION_STOPPED: &str = "station_stopped";
/// Why a tablet is stopped whose person is not appointed any more.
const NOT_APPOINTED: &str = "not_appointed";
/// Why a tablet is stopped that came too late.
const TOO_LATE: &str = "enrolled_too_late";

/// Lets a station's device enrol the township's appointed and vetted directors for a day, a tablet each.
pub(crate) fn delegate(desk: Desk<'_>, holder: &Holder) -> Result<SignedStatement, ApiError> {
    let connection = desk.connection;
    if epochs::holds(connection, holder.scope)? {
        return Err(ApiError::Gathering);
    }
    let now_ms = desk.clock.now_ms();
    let scope = organisation::unit(connection, holder.scope)?.ok_or(ApiError::Internal)?;
    let station =
        organisation::device(connection, holder.device)?.ok_or(ApiError::DeviceUnknown)?;
    let mut places = Vec::new();
    for grant in people::enrollable(connection, holder.scope, now_ms)?
        .iter()
        .take(limits::DELEGATED_PEOPLE)
    {
        places.extend(places_of(desk, holder, grant)?);
    }
    let recovery_key = settings::read(connection, name::RECOVERY_KEY)?
        .and_then(|key| key.try_into().ok())
        .ok_or(ApiError::Internal)?;
    let delegation = Delegation {
        id: new_uuid(desk.clock, desk.entropy),
        scope: holder.scope,
        scope_name: scope.name,
        station: holder.device,
        station_key: station.public_key,
        from_ms: now_ms,
        until_ms: now_ms + limits::DELEGATION_MS,
        places,
        recovery_key,
        ca_certificate: desk.ca_certificate.to_vec(),
        next_ca: next_ca::announced(connection)?,
        address: desk.address.to_owned(),
        demo: settings::read(connection, name::DEMO)?.is_some_and(|demo| demo == b"1"),
        epoch: settings::epoch(connection)?,
    };
    let (act, object) = (Act::EnrolmentDelegated, Object::Id(delegation.id));
    audit::append(
        connection,
        &Deed::of(By::from(holder), holder.scope, act, object, now_ms),
    )?;
    let signing_key = crate::enrolment::signing_key(connection, desk.vault)?;
    Ok(proof::make_statement(&signing_key, &delegation)?)
}

/// The places of a person at this station: the same ones until a tablet took them.
fn places_of(desk: Desk<'_>, holder: &Holder, grant: &Grant) -> Result<Vec<Place>, ApiError> {
    let connection = desk.connection;
    let unit = organisation::unit(connection, grant.unit)?.ok_or(ApiError::Internal)?;
    let mut kept = kept(connection, holder.device, grant.staff)?;
    while kept.len() < limits::DELEGATED_EACH {
        kept.push(make_place(desk, holder, grant.staff)?);
    }
    Ok(kept
        .into_iter()
        .map(|(device, file_numbers)| Place {
            device,
            staff: grant.staff,
            staff_name: grant.person.clone().into(),
            unit: unit.id,
            unit_name: unit.name.clone(),
            region: unit.region.clone(),
            file_numbers,
        })
        .collect())
}

fn kept(
    connection: &Connection,
    station: DeviceId,
    staff: StaffId,
) -> rusqlite::Result<Vec<(DeviceId, FileNumberBlock)>> {
    connection
        .prepare_cached(include_str!("sql/delegations/places.sql"))?
        .query_map(
            named_params! {":station": station.0.as_bytes(), ":staff": staff.0.as_bytes()},
            |row| {
                let file_numbers = FileNumberBlock {
                    first: row.get(1)?,
                    last: row.get(2)?,
                };
                Ok((DeviceId(columns::uuid(row, 0)?), file_numbers))
            },
        )?
        .collect()
}

fn make_place(
    desk: Desk<'_>,
    holder: &Holder,
    staff: StaffId,
) -> Result<(DeviceId, FileNumberBlock), ApiError> {
    let device = DeviceId::new(desk.clock, desk.entropy);
    let file_numbers = organisation::take_file_numbers(desk.connection, holder.scope)?;
    desk.connection
        .prepare_cached(include_str!("sql/delegations/put_place.sql"))?
        .execute(named_params! {
            ":station": holder.device.0.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":device": device.0.as_bytes(),
            ":file_first": file_numbers.first,
            ":file_last": file_numbers.last,
        })?;
    Ok((device, file_numbers))
}

/// The place is taken: nobody is offered it again.
pub(crate) fn take_place(
    connection: &Connection,
    (station, device): (DeviceId, DeviceId),
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/delegations/take_place.sql"))?
        .execute(named_params! {
            ":station": station.0.as_bytes(),
            ":device": device.0.as_bytes(),
        })?;
    Ok(())
}

/// Whether the station's own trail says that it enrolled this tablet with this key.
fn is_told(connection: &Connection, shown: &Shown) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/delegations/is_told.sql"))?
        .exists(named_params! {
            ":station": shown.delegation.station.0.as_bytes(),
            ":action": delegation::TRAIL_ACTION,
            ":object": shown.place.device.to_string(),
            ":detail": delegation::trail_detail(&shown.certificate.key),
        })
}

/// Takes a tablet in that comes with a station's word for the first time. It is known afterwards, and stopped where the
/// word does not hold any more.
pub(crate) fn admit(app: &App, connection: &Connection, shown: &Shown) -> Result<Device, ApiError> {
    let (now_ms, id) = (app.clock.now_ms(), shown.place.device);
    if let Some(known) = organisation::device(connection, id)? {
        // Said at once over two lines.
        return if known.public_key == shown.certificate.key {
            Ok(known)
        } else {
            Err(ApiError::DelegationTaken)
        };
    }
    if organisation::key_is_used(connection, &shown.certificate.key)? {
        return Err(ApiError::AlreadyEnrolled);
    }
    let scope = shown.delegation.scope;
    let station = organisation::device(connection, shown.delegation.station)?
        .filter(|station| station.holder.scope == scope)
        // A server that was set back may hear of the station a little later.
        .ok_or(ApiError::DelegationUnknown)?;
    if organisation::staff(connection, shown.place.staff)?.is_none() {
        // The server named this person and does not know them: it was set back to before that.
        let (certificate, known_as) = shown.as_certificate();
        let sources = (app.entropy.as_ref(), now_ms);
        return readmission::readmit(connection, sources, &certificate, &known_as)?
            .ok_or(ApiError::DelegationUnknown);
    }
    let why_not = why_not(connection, shown, &station, now_ms)?;
    let device = organisation::put_device(connection, shown, now_ms)?;
    take_place(connection, (shown.delegation.station, id))?;
    organisation::announce(connection, &device, now_ms)?;
    let (by, object) = (By::from(&station.holder), Object::Device(id));
    audit::append(
        connection,
        &Deed::of(by, scope, Act::DeviceEnrolledOffline, object, now_ms),
    )?;
    let Some(why_not) = why_not else {
        return Ok(device);
    };
    devices::set_why(connection, id, why_not)?;
    let orders = Orders::of(app, connection, By::Server, now_ms);
    orders.give(scope, Order::Revoke { device: id }, why_not)?;
    organisation::device(connection, id)?.ok_or(ApiError::Internal)
}

/// Why a genuine word does not hold any more; none when it does.
fn why_not(
    connection: &Connection,
    shown: &Shown,
    station: &Device,
    now_ms: i64,
) -> Result<Option<&'static str>, ApiError> {
    let told = is_told(connection, shown)?;
    let last_ms = shown
        .delegation
        .until_ms
        .saturating_add(limits::DELEGATION_UNTOLD_MS);
    if station.revoked_ms.is_some() && !told {
        // Whoever holds it now may have signed this, and set its clock back to do so.
        return Ok(Some(STATION_STOPPED));
    }
    if now_ms >= last_ms && !told {
        return Ok(Some(TOO_LATE));
    }
    if !people::is_enrollable(connection, shown.place.staff, now_ms)? {
        return Ok(Some(NOT_APPOINTED));
    }
    Ok(None)
}
