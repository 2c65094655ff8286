//! The keys of a station, passed on without being had: statements in the open, secret halves sealed to one device each and
//! to the district (docs/adr/0027). What is kept is never replaced, so whoever brings something twice, or second, changes
//! nothing.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::organisation;
use crate::settings::{self, name};
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, Entropy, UnitId};
use protocol::access::Holder;
use protocol::unit_key::{self, UnitKey};
use protocol::{
    BroughtUnitKey, KeepUnitKeys, KnownUnitKey, UnitKeyHint, UnitKeyHolder, UnitKeys,
    WrappedUnitKey, limits, sealed, wire,
};
use rusqlite::{Connection, OptionalExtension, named_params};
use sha2::{Digest, Sha256};

/// How the keys of a station stand, for one of its devices or one in its villages.
pub(crate) fn read(connection: &Connection, holder: &Holder) -> Result<UnitKeys, ApiError> {
    let scope = holder.scope;
    let at_station = holder.role.is_at_station();
    Ok(UnitKeys {
        keys: keys(connection, scope)?,
        yours: match at_station {
            true => wraps_of(connection, scope, holder.device)?,
            false => Vec::new(),
        },
        holders: match at_station {
            true => holders(connection, scope)?,
            false => Vec::new(),
        },
        stale: at_station && is_stale(connection, scope)?,
    })
}

/// Whether it is worth asking.
pub(crate) fn hint(connection: &Connection, holder: &Holder) -> Result<UnitKeyHint, ApiError> {
    let scope = holder.scope;
    let epoch = newest(connection, scope)?;
    if !holder.role.is_at_station() {
        return Ok(UnitKeyHint {
            epoch,
            ..UnitKeyHint::default()
        });
    }
    let holders = holders(connection, scope)?;
    let has = |one: &UnitKeyHolder| one.epoch >= epoch;
    let is_mine = |one: &UnitKeyHolder| one.device == holder.device && has(one);
    let has_it = epoch > 0 && holders.iter().any(is_mine);
    let yours = wraps_of(connection, scope, holder.device)?.len();
    let nobody_has = !holders.iter().any(has);
    Ok(UnitKeyHint {
        epoch,
        yours: u32::try_from(yours).unwrap_or(u32::MAX),
        waits: epoch == 0
            || nobody_has
            || has_it && (!holders.iter().all(has) || is_stale(connection, scope)?),
    })
}

/// Keeps what a device of the station made.
pub(crate) fn keep(
    connection: &Connection,
    server: &VerifyingKey,
    holder: &Holder,
    now_ms: i64,
    input: &KeepUnitKeys,
) -> Result<UnitKeys, ApiError> {
    let fits = input.keys.len() <= limits::UNIT_KEYS
        && input.wraps.len() <= limits::UNIT_KEY_WRAPS
        && input
            .wraps
            .iter()
            .all(|wrap| wrap.sealed.len() <= limits::UNIT_KEY_SEALED_BYTES);
    if !fits {
        return Err(ApiError::TooLarge);
    }
    let scope = holder.scope;
    for brought in &input.keys {
        keep_key(connection, server, holder, now_ms, brought)?;
    }
    let epoch = newest(connection, scope)?;
    for wrap in &input.wraps {
        let known = organisation::device(connection, wrap.device)?
            .filter(|device| device.holder.scope == scope && device.holder.role.is_at_station());
        if known.is_none() || wrap.epoch == 0 || wrap.epoch > epoch {
            // Of a device that a restored server forgot; it is given again when the device is back.
            continue;
        }
        if put_wrap(connection, scope, wrap, now_ms)? && wrap.device != holder.device {
            let object = Object::Device(wrap.device);
            let deed = Deed::of(By::from(holder), scope, Act::UnitKeyGiven, object, now_ms);
            audit::append(connection, &deed)?;
        }
    }
    read(connection, holder)
}

/// Keeps a key that follows the newest; one that does not is left out, and the answer says what stands.
fn keep_key(
    connection: &Connection,
    server: &VerifyingKey,
    holder: &Holder,
    now_ms: i64,
    brought: &BroughtUnitKey,
) -> Result<(), ApiError> {
    if brought.recovery.len() > limits::UNIT_KEY_SEALED_BYTES
        || brought.key.certificate.len() > limits::HEAD_BYTES
        || brought.key.statement.body.len() > limits::HEAD_BYTES
    {
        return Err(ApiError::TooLarge);
    }
    let key = unit_key::believe(server, &brought.key)?;
    if key.scope != holder.scope {
        return Err(ApiError::NotAllowed);
    }
    let last = last_key(connection, holder.scope)?;
    let last = last.as_ref().map(|(key, hash)| (key, *hash));
    if !unit_key::follows(last, &key) {
        return Ok(());
    }
    connection
        .prepare_cached(include_str!("sql/unit_keys/insert.sql"))?
        .execute(named_params! {
            ":scope": key.scope.0.as_bytes(),
            ":epoch": key.epoch,
            ":statement": wire::pack(&brought.key.statement)?,
            ":certificate": brought.key.certificate,
            ":recovery": brought.recovery,
            ":digest": digest_of(&unit_key::for_district(key.scope, key.epoch), &brought.recovery),
            ":at_ms": now_ms,
        })?;
    let object = Object::Epoch(key.epoch.into());
    let deed = Deed::of(
        By::from(holder),
        key.scope,
        Act::UnitKeyMade,
        object,
        now_ms,
    );
    Ok(audit::append(connection, &deed)?)
}

/// Gives every key of a device's station to it, out of the district's hands. Returns how many.
pub(crate) fn give(
    connection: &Connection,
    entropy: &dyn Entropy,
    recovery_secret: &[u8; 32],
    device: DeviceId,
    now_ms: i64,
) -> Result<u32, ApiError> {
    let own = settings::read(connection, name::RECOVERY_KEY)?.unwrap_or_default();
    if own != unit_key::public_half(recovery_secret) {
        return Err(ApiError::NotAllowed);
    }
    let device = organisation::device(connection, device)?
        .filter(|device| device.holder.role.is_at_station())
        .ok_or(ApiError::NotFound)?;
    let scope = device.holder.scope;
    let public = VerifyingKey::from_bytes(&device.public_key).map_err(|_| ApiError::Internal)?;
    let kept = connection
        .prepare(include_str!("sql/unit_keys/recovery.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((row.get::<_, u32>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let mut given = 0;
    for (epoch, kept) in kept {
        let what = unit_key::for_district(scope, epoch);
        let secret = sealed::open(recovery_secret, &what, &kept).map_err(|_| ApiError::Internal)?;
        let what = unit_key::for_device(scope, epoch, device.holder.device);
        let to = unit_key::public_of(&public);
        let sealed = sealed::seal(&to, &what, &secret, entropy).map_err(|_| ApiError::Internal)?;
        let wrap = WrappedUnitKey {
            epoch,
            device: device.holder.device,
            sealed,
        };
        given += u32::from(put_wrap(connection, scope, &wrap, now_ms)?);
    }
    let object = Object::Device(device.holder.device);
    let deed = Deed::of(By::Operator, scope, Act::UnitKeyGiven, object, now_ms);
    audit::append(connection, &deed)?;
    Ok(given)
}

fn keys(connection: &Connection, scope: UnitId) -> Result<Vec<KnownUnitKey>, ApiError> {
    let rows = connection
        .prepare_cached(include_str!("sql/unit_keys/of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|(statement, certificate)| {
            Ok(KnownUnitKey {
                statement: wire::unpack(&statement)?,
                certificate,
            })
        })
        .collect()
}

/// The newest of a station's keys.
pub(crate) fn newest_key(
    connection: &Connection,
    scope: UnitId,
) -> Result<Option<KnownUnitKey>, ApiError> {
    Ok(keys(connection, scope)?.pop())
}

fn last_key(
    connection: &Connection,
    scope: UnitId,
) -> Result<Option<(UnitKey, [u8; 32])>, ApiError> {
    let Some(last) = keys(connection, scope)?.pop() else {
        return Ok(None);
    };
    let hash = unit_key::hash(&last.statement);
    Ok(Some((unit_key::read(&last.statement)?, hash)))
}

fn newest(connection: &Connection, scope: UnitId) -> rusqlite::Result<u32> {
    connection
        .prepare_cached(include_str!("sql/unit_keys/newest.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            row.get(0)
        })
}

/// Whether it is time for the next key: a stopped device has the newest, or no working one has it.
fn is_stale(connection: &Connection, scope: UnitId) -> rusqlite::Result<bool> {
    let epoch = newest(connection, scope)?;
    if epoch > 0
        && holders(connection, scope)?
            .iter()
            .all(|one| one.epoch < epoch)
    {
        return Ok(true);
    }
    connection
        .prepare_cached(include_str!("sql/unit_keys/is_stale.sql"))?
        .query_row(
            named_params! {":scope": scope.0.as_bytes(), ":epoch": epoch},
            |row| row.get(0),
        )
}

fn holders(connection: &Connection, scope: UnitId) -> rusqlite::Result<Vec<UnitKeyHolder>> {
    connection
        .prepare_cached(include_str!("sql/unit_keys/holders.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok(UnitKeyHolder {
                device: DeviceId(columns::uuid(row, 0)?),
                epoch: row.get(1)?,
            })
        })?
        .collect()
}

fn wraps_of(
    connection: &Connection,
    scope: UnitId,
    device: DeviceId,
) -> rusqlite::Result<Vec<WrappedUnitKey>> {
    connection
        .prepare_cached(include_str!("sql/unit_keys/wraps_of.sql"))?
        .query_map(
            named_params! {":scope": scope.0.as_bytes(), ":device": device.0.as_bytes()},
            |row| {
                Ok(WrappedUnitKey {
                    epoch: row.get(0)?,
                    device,
                    sealed: row.get(1)?,
                })
            },
        )?
        .collect()
}

/// Keeps a secret half, unless one is there. Whether it was kept.
fn put_wrap(
    connection: &Connection,
    scope: UnitId,
    wrap: &WrappedUnitKey,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let kept = connection
        .prepare_cached(include_str!("sql/unit_keys/put_wrap.sql"))?
        .query_row(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":epoch": wrap.epoch,
                ":device": wrap.device.0.as_bytes(),
                ":sealed": wrap.sealed,
                ":digest": digest_of(
                    &unit_key::for_device(scope, wrap.epoch, wrap.device),
                    &wrap.sealed,
                ),
                ":at_ms": now_ms,
            },
            |_| Ok(()),
        )
        .optional()?;
    Ok(kept.is_some())
}

/// By what a secret half is known again that nobody here can open: which key's it is, for whom, and the sealed bytes.
pub(crate) fn digest_of(for_whom: &str, sealed: &[u8]) -> [u8; 32] {
    Sha256::digest([for_whom.as_bytes(), b"\0", sealed].concat()).into()
}

/// Gives those kept by a server before this one their digests.
pub(crate) fn note_digests(connection: &Connection) -> rusqlite::Result<()> {
    // One commit, and a row that cannot be read is left without: `verify` names it, and the server opens all the same.
    let transaction = connection.unchecked_transaction()?;
    let keys = connection
        .prepare(include_str!("sql/unit_keys/without_digest.sql"))?
        .query_map([], |row| {
            Ok((
                UnitId(columns::uuid(row, 0)?),
                row.get::<_, u32>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })?
        .filter_map(Result::ok)
        .collect::<Vec<_>>();
    for (scope, epoch, recovery) in keys {
        connection.execute(
            include_str!("sql/unit_keys/set_digest.sql"),
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":epoch": epoch,
                ":digest": digest_of(&unit_key::for_district(scope, epoch), &recovery),
            },
        )?;
    }
    let wraps = connection
        .prepare(include_str!("sql/unit_keys/wraps_without_digest.sql"))?
        .query_map([], |row| {
            Ok((
                UnitId(columns::uuid(row, 0)?),
                row.get::<_, u32>(1)?,
                DeviceId(columns::uuid(row, 2)?),
                row.get::<_, Vec<u8>>(3)?,
            ))
        })?
        .filter_map(Result::ok)
        .collect::<Vec<_>>();
    for (scope, epoch, device, sealed) in wraps {
        connection.execute(
            include_str!("sql/unit_keys/set_wrap_digest.sql"),
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":epoch": epoch,
                ":device": device.0.as_bytes(),
                ":digest": digest_of(&unit_key::for_device(scope, epoch, device), &sealed),
            },
        )?;
    }
    transaction.commit()
}
