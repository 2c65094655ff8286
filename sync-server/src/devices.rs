//! Devices of a scope: the station's list, stopping one, taking what a stopped one hands over, and the receipt of one that
//! wipes itself (docs/adr/0023).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns::{self, stored};
use crate::epochs;
use crate::error::ApiError;
use crate::log;
use crate::orders::{self, Orders};
use crate::organisation::{self, Device};
use crate::state::App;
use crate::steps::Step;
use crate::sync;
use ids::{ChangeHash, DeviceId, Role, UnitId};
use protocol::access::Holder;
use protocol::session::handover;
use protocol::session::proof;
use protocol::session::server::Examined;
use protocol::{
    DeviceList, DeviceRecord, GiveReceipt, HandOver, HandedOver, KeepRemains, Kept, NumberedOrder,
    Order, Outcome, PROTOCOL_VERSION, RevokeDevice, SignedStatement, Unsent, WipeReceipt,
    WipeRecord, limits, wire,
};
use rusqlite::{Connection, OptionalExtension, named_params};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The devices of a scope.
pub(crate) fn list(connection: &Connection, scope: UnitId) -> Result<DeviceList, ApiError> {
    let wipes = wipes(connection, scope)?;
    let to_review = to_review(connection, scope)?;
    let devices = organisation::devices_of_scope(connection, scope)?
        .into_iter()
        .map(|device| DeviceRecord {
            certified_until_ms: device.certified_until_ms(),
            device: device.holder.device,
            staff: device.holder.staff,
            staff_name: device.staff_name,
            role: device.holder.role,
            unit: device.holder.unit,
            unit_name: device.unit_name,
            enrolled_ms: device.enrolled_ms,
            seen_ms: device.seen_ms,
            revoked_ms: device.revoked_ms,
            revoked_why: device.revoked_why.unwrap_or_default(),
            unsent: device.unsent,
            to_review: to_review.get(&device.holder.device).copied().unwrap_or(0),
            wipe: wipes.get(&device.holder.device).copied(),
        })
        .collect();
    Ok(DeviceList { devices })
}

fn wipes(
    connection: &Connection,
    scope: UnitId,
) -> Result<HashMap<DeviceId, WipeRecord>, ApiError> {
    connection
        .prepare_cached(include_str!("sql/devices/wipes_of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((
                DeviceId(columns::uuid(row, 0)?),
                WipeRecord {
                    order: columns::number(row, 1)?,
                    ordered_ms: row.get(2)?,
                    receipt_ms: row.get(3)?,
                    unsent: row
                        .get::<_, Option<Vec<u8>>>(4)?
                        .and_then(|receipt| unsent_in(&receipt)),
                    without_photos: row.get(5)?,
                },
            ))
        })?
        .map(|row| Ok(row?))
        .collect()
}

/// What a receipt that was believed when it came says was not delivered.
fn unsent_in(receipt: &[u8]) -> Option<Unsent> {
    let signed: SignedStatement = wire::unpack(receipt).ok()?;
    let receipt: WipeReceipt = wire::unpack(&signed.body).ok()?;
    Some(receipt.unsent)
}

fn to_review(connection: &Connection, scope: UnitId) -> rusqlite::Result<HashMap<DeviceId, u32>> {
    connection
        .prepare_cached(include_str!("sql/devices/to_review.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((DeviceId(columns::uuid(row, 0)?), row.get(1)?))
        })?
        .collect()
}

/// Stops a device of the caller's scope, and orders its wiping if that is wanted. Said twice it changes nothing.
pub(crate) fn revoke(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &RevokeDevice,
) -> Result<DeviceList, ApiError> {
    if !is_code(&input.reason) {
        return Err(ApiError::Malformed);
    }
    let device = organisation::device(connection, input.device)?
        .filter(|device| device.holder.scope == holder.scope)
        .ok_or(ApiError::NotFound)?;
    // Whoever could stop the head could be appointed in their place.
    if device.holder.role == Role::Head && holder.role != Role::Head {
        return Err(ApiError::NotAllowed);
    }
    let orders = Orders::of(app, connection, holder.into(), app.clock.now_ms());
    if device.revoked_ms.is_none() {
        if device.holder.device == holder.device && is_only_one(connection, holder)? {
            return Err(ApiError::RevokeOwnLast);
        }
        set_why(connection, device.holder.device, &input.reason)?;
        let order = Order::Revoke {
            device: device.holder.device,
        };
        orders.give(holder.scope, order, &input.reason)?;
    }
    if input.wipe && !is_to_be_wiped(connection, device.holder.device)? {
        let order = Order::Wipe {
            device: device.holder.device,
        };
        orders.give(holder.scope, order, &input.reason)?;
    }
    if input.without_photos {
        give_photos_up(app, connection, holder, device.holder.device)?;
    }
    list(connection, holder.scope)
}

/// A device that is to be wiped, and has not been yet, does not wait for its photos. Said twice it changes nothing.
fn give_photos_up(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    device: DeviceId,
) -> Result<(), ApiError> {
    let given_up = connection
        .prepare_cached(include_str!("sql/devices/give_photos_up.sql"))?
        .execute(named_params! {":device": device.0.as_bytes()})?;
    if given_up > 0 {
        let (by, object) = (By::from(holder), Object::Device(device));
        let now_ms = app.clock.now_ms();
        let deed = Deed::of(by, holder.scope, Act::PhotosGivenUp, object, now_ms);
        audit::append(connection, &deed)?;
    }
    Ok(())
}

fn is_without_photos(connection: &Connection, device: DeviceId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/devices/without_photos.sql"))?
        .exists(named_params! {":device": device.0.as_bytes()})
}

/// Keeps why a device is about to be stopped: a code.
pub(crate) fn set_why(
    connection: &Connection,
    device: DeviceId,
    why: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/devices/set_why.sql"))?
        .execute(named_params! {":device": device.0.as_bytes(), ":why": why})?;
    Ok(())
}

/// A code of a policy's list, and nothing a person wrote.
pub(crate) fn is_code(text: &str) -> bool {
    let fits = (1..=limits::CODE_BYTES).contains(&text.len());
    fits && text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether this person has no other station device that works.
fn is_only_one(connection: &Connection, holder: &Holder) -> Result<bool, ApiError> {
    let devices = organisation::devices_of_scope(connection, holder.scope)?;
    Ok(!devices.iter().any(|other| {
        other.holder.staff == holder.staff
            && other.holder.role.is_at_station()
            && other.holder.device != holder.device
            && other.revoked_ms.is_none()
    }))
}

/// Whether an order to wipe was given for a device.
pub(crate) fn is_to_be_wiped(connection: &Connection, device: DeviceId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/devices/is_wiped.sql"))?
        .exists(named_params! {":device": device.0.as_bytes()})
}

/// An order to wipe was given, or came back.
pub(crate) fn note_wipe(
    connection: &Connection,
    device: DeviceId,
    order: &NumberedOrder,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/devices/wipe.sql"))?
        .execute(named_params! {
            ":device": device.0.as_bytes(),
            ":number": stored(order.number),
            ":ordered_ms": order.at_ms,
        })?;
    Ok(())
}

/// Keeps what a device says it holds unsent.
pub(crate) fn note_unsent(
    connection: &Connection,
    device: DeviceId,
    unsent: Unsent,
) -> Result<(), ApiError> {
    connection
        .prepare_cached(include_str!("sql/devices/set_unsent.sql"))?
        .execute(named_params! {":device": device.0.as_bytes(), ":unsent": wire::pack(&unsent)?})?;
    Ok(())
}

/// Makes a device's certificate count from now on, when it ends soon or is over.
pub(crate) fn renew_certificate(
    connection: &Connection,
    device: &Device,
    now_ms: i64,
) -> Result<(), ApiError> {
    if device.certified_until_ms() - now_ms > limits::CERTIFICATE_RENEW_MS {
        return Ok(());
    }
    connection
        .prepare_cached(include_str!("sql/devices/certify.sql"))?
        .execute(named_params! {
            ":id": device.holder.device.0.as_bytes(),
            ":now_ms": now_ms,
        })?;
    let deed = Deed::of(
        By::Server,
        device.holder.scope,
        Act::CertificateRenewed,
        Object::Device(device.holder.device),
        now_ms,
    );
    Ok(audit::append(connection, &deed)?)
}

/// Takes what a stopped device hands over: signatures first, then everything in one transaction, and only then an answer.
pub(crate) fn take(holder: Holder, request: HandOver) -> Result<Step, ApiError> {
    if request.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    if request.outbox.len() > limits::PART_ENVELOPES {
        return Err(ApiError::TooLarge);
    }
    Ok(Step::read(move |_, connection| {
        let key = known(connection, &holder)?.caller()?.key;
        let outbox: Vec<Examined> = request
            .outbox
            .into_iter()
            .map(|envelope| Examined::new(&key, envelope))
            .collect();
        Ok(Step::write(move |app, connection| {
            let (key, sources) = (
                app.signing_key.verifying_key(),
                (app.entropy.as_ref(), app.clock.now_ms()),
            );
            let tick = request.tick.as_deref();
            epochs::heed(connection, &key, sources, holder.scope, tick)?;
            let outcomes = keep(app, connection, &holder, &outbox)?;
            note_unsent(connection, holder.device, request.left)?;
            Ok(Step::read(move |app, connection| {
                Step::answer(&answer(app, connection, &holder, outcomes)?)
            }))
        }))
    }))
}

fn known(connection: &Connection, holder: &Holder) -> Result<Device, ApiError> {
    organisation::device(connection, holder.device)?.ok_or(ApiError::DeviceUnknown)
}

fn keep(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    outbox: &[Examined],
) -> Result<Vec<(ChangeHash, Outcome)>, ApiError> {
    let now_ms = app.clock.now_ms();
    organisation::set_seen(connection, holder.device, now_ms)?;
    if outbox.is_empty() {
        return Ok(Vec::new());
    }
    let before: u64 = connection
        .prepare_cached(include_str!("sql/devices/handed_over.sql"))?
        .query_row(
            named_params! {":device": holder.device.0.as_bytes()},
            |row| columns::number(row, 0),
        )?;
    if before >= limits::HANDED_OVER {
        return Err(ApiError::HandedOverTooMuch);
    }
    let caller = known(connection, holder)?.caller()?;
    let mut memory = sync::memory(app, connection, now_ms, None);
    handover::admit_part(&mut memory, &caller, outbox)
}

fn answer(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    outcomes: Vec<(ChangeHash, Outcome)>,
) -> Result<HandedOver, ApiError> {
    let seq = log::last_seq(connection, holder.scope)?;
    let (durable_seq, _) = app.copies.durable(holder.scope, seq);
    Ok(HandedOver {
        outcomes,
        orders: orders_about(app, connection, holder)?,
        seq,
        durable_seq,
        tick: epochs::tick(
            connection,
            &app.signing_key,
            holder.scope,
            app.clock.now_ms(),
        )?,
        without_photos: is_without_photos(connection, holder.device)?,
        server_time_ms: app.clock.now_ms(),
    })
}

/// The orders about one device, and no other.
fn orders_about(
    app: &App,
    connection: &Connection,
    holder: &Holder,
) -> Result<Vec<SignedStatement>, ApiError> {
    let key = app.signing_key.verifying_key();
    let all = orders::all(connection, &app.vault, holder.scope)?;
    Ok(all
        .into_iter()
        .filter(|statement| {
            protocol::order::read(&key, statement).is_ok_and(|numbered| {
                matches!(
                    numbered.order,
                    Order::Revoke { device } | Order::Wipe { device } if device == holder.device
                )
            })
        })
        .collect())
}

/// The order a device obeys, and its receipt if it is here.
fn wipe_of(connection: &Connection, device: DeviceId) -> Result<(u64, Option<Vec<u8>>), ApiError> {
    connection
        .prepare_cached(include_str!("sql/devices/wipe_of.sql"))?
        .query_row(named_params! {":device": device.0.as_bytes()}, |row| {
            Ok((columns::number(row, 0)?, row.get(1)?))
        })
        .optional()?
        .ok_or(ApiError::NotFound)
}

/// Keeps a part of what could not be handed over as changes.
pub(crate) fn keep_remains(
    connection: &Connection,
    holder: &Holder,
    input: &KeepRemains,
) -> Result<Kept, ApiError> {
    let (order, receipt) = wipe_of(connection, holder.device)?;
    let fits =
        input.part < limits::REMAINS_PARTS && input.bytes.len() <= limits::REMAINS_PART_BYTES;
    if !fits || order != input.order {
        return Err(ApiError::Malformed);
    }
    if receipt.is_none() {
        connection
            .prepare_cached(include_str!("sql/devices/put_part.sql"))?
            .execute(named_params! {
                ":device": holder.device.0.as_bytes(),
                ":part": input.part,
                ":bytes": input.bytes,
            })?;
    }
    Ok(Kept { complete: false })
}

/// Keeps the receipt: signed by the device, for its order, over everything that belongs to it.
pub(crate) fn keep_receipt(holder: Holder, input: GiveReceipt) -> Step {
    Step::write(move |app, connection| {
        let (order, known_receipt) = wipe_of(connection, holder.device)?;
        let key = known(connection, &holder)?.caller()?.key;
        let receipt: WipeReceipt = proof::open_statement(&key, &input.receipt)?;
        let is_about_this = receipt.device == holder.device
            && receipt.scope == holder.scope
            && receipt.order == order;
        if !is_about_this {
            return Err(ApiError::Malformed);
        }
        if known_receipt.is_none() {
            if !is_whole(connection, &holder, &receipt)? {
                return Step::answer(&Kept { complete: false });
            }
            connection
                .prepare_cached(include_str!("sql/devices/put_receipt.sql"))?
                .execute(named_params! {
                    ":device": holder.device.0.as_bytes(),
                    ":receipt": wire::pack(&input.receipt)?,
                    ":receipt_ms": app.clock.now_ms(),
                })?;
            note_unsent(connection, holder.device, receipt.unsent)?;
            audit::append(
                connection,
                &Deed {
                    order: Some(order),
                    ..Deed::of(
                        By::from(&holder),
                        holder.scope,
                        Act::DeviceWiped,
                        Object::Device(holder.device),
                        app.clock.now_ms(),
                    )
                },
            )?;
        }
        Ok(Step::read(|_, _| Step::answer(&Kept { complete: true })))
    })
}

/// Whether the parts that are here are the ones the receipt was signed over. Others are left from an earlier try.
fn is_whole(
    connection: &Connection,
    holder: &Holder,
    receipt: &WipeReceipt,
) -> Result<bool, ApiError> {
    let device = holder.device.0.as_bytes();
    connection
        .prepare_cached(include_str!("sql/devices/drop_parts.sql"))?
        .execute(named_params! {":device": device, ":from": receipt.remains})?;
    Ok(are_signed_for(&parts(connection, holder.device)?, receipt))
}

/// Whether these are the parts a receipt was signed over.
pub(crate) fn are_signed_for(parts: &[Vec<u8>], receipt: &WipeReceipt) -> bool {
    u32::try_from(parts.len()) == Ok(receipt.remains)
        && <[u8; 32]>::from(Sha256::digest(parts.concat())) == receipt.digest
}

/// The parts of what a wiped device could not hand over.
pub(crate) fn parts(connection: &Connection, device: DeviceId) -> rusqlite::Result<Vec<Vec<u8>>> {
    connection
        .prepare_cached(include_str!("sql/devices/parts.sql"))?
        .query_map(named_params! {":device": device.0.as_bytes()}, |row| {
            row.get(0)
        })?
        .collect()
}

/// What a wiped device could not hand over, as it came: sealed to the district's recovery key.
pub(crate) fn remains(connection: &Connection, device: DeviceId) -> rusqlite::Result<Vec<u8>> {
    Ok(parts(connection, device)?.concat())
}
