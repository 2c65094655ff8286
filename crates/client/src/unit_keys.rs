//! The station's key on this device: heard of, made, given to colleagues' devices; and words sealed to it (docs/adr/0027).
//!
//! All of it goes through the server, which is believed in nothing: a key holds under the signature of somebody certified
//! to work at this station and as the next link of the chain that is known here, and a secret half is taken only if it is
//! the one of such a key.

use crate::certificate;
use crate::error::ClientError;
use crate::tablet::Tablet;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::restricted::Words;
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, DocumentId};
use protocol::unit_key::{self, UnitKey};
use protocol::{
    BroughtUnitKey, KeepUnitKeys, KnownUnitKey, UnitKeyHint, UnitKeys, WrappedUnitKey, sealed, wire,
};
use std::collections::BTreeMap;
use store::audit::{self, AuditRow};
use store::unit_keys::{self as rows, UnitKeyRow};
use store::{Connection, Transaction, members};
use zeroize::Zeroizing;

fn known(tablet: &Tablet, connection: &Connection) -> Result<Vec<UnitKeyRow>, ClientError> {
    Ok(rows::all(connection, tablet.identity.scope)?)
}

/// Whether it is worth asking after a sync.
pub(crate) fn is_wanted(tablet: &Tablet, hint: UnitKeyHint) -> Result<bool, ClientError> {
    let known = tablet.store.read(|connection| known(tablet, connection))?;
    let newest = known.last().map_or(0, |key| key.epoch);
    if !tablet.identity.role.is_at_station() {
        return Ok(hint.epoch > newest);
    }
    // What is given to this device is to be taken; what it has and a restored server forgot is to be brought.
    let held = known.iter().filter(|key| key.secret.is_some()).count();
    let held = u32::try_from(held).unwrap_or(u32::MAX);
    Ok(hint.epoch != newest || hint.waits || hint.yours != held)
}

/// Keeps what is new and can be believed.
pub(crate) fn hear(tablet: &Tablet, answer: &UnitKeys) -> Result<(), ClientError> {
    let server = VerifyingKey::from_bytes(&tablet.enrolled.server_key)
        .map_err(|error| ClientError::new("internal").because(error))?;
    tablet.store.write(|tx| {
        keep_believed(tablet, tx, &server, answer)?;
        for wrap in &answer.yours {
            take(tablet, tx, wrap)?;
        }
        Ok(())
    })
}

fn keep_believed(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    server: &VerifyingKey,
    answer: &UnitKeys,
) -> Result<(), ClientError> {
    let scope = tablet.identity.scope;
    let mut last = match known(tablet, tx)?.pop() {
        Some(row) => {
            let statement = wire::unpack(&row.statement)?;
            Some((unit_key::read(&statement)?, unit_key::hash(&statement)))
        }
        None => None,
    };
    for offered in &answer.keys {
        let key = match unit_key::believe(server, offered) {
            Ok(key) if key.scope == scope => key,
            _ => {
                tracing::error!("a key of the station that nobody of it signed is left alone");
                return Ok(());
            }
        };
        if last
            .as_ref()
            .is_some_and(|(last, _)| key.epoch <= last.epoch)
        {
            continue;
        }
        let before = last.as_ref().map(|(key, hash)| (key, *hash));
        if !unit_key::follows(before, &key) {
            tracing::error!("a key of the station that does not follow the last is left alone");
            return Ok(());
        }
        let row = UnitKeyRow {
            epoch: key.epoch,
            public: key.public,
            statement: wire::pack(&offered.statement)?,
            certificate: offered.certificate.clone(),
            secret: None,
        };
        rows::put(tx, scope, &row)?;
        last = Some((key, unit_key::hash(&offered.statement)));
    }
    Ok(())
}

/// Takes a secret half that is sealed to this device, if it is the one of a key that is believed.
fn take(tablet: &Tablet, tx: &Transaction<'_>, wrap: &WrappedUnitKey) -> Result<(), ClientError> {
    let (scope, device) = (tablet.identity.scope, tablet.identity.device);
    let rows = known(tablet, tx)?;
    let Some(row) = rows.iter().find(|row| row.epoch == wrap.epoch) else {
        return Ok(());
    };
    if wrap.device != device || row.secret.is_some() {
        return Ok(());
    }
    let own = unit_key::secret_of(&tablet.key);
    let what = unit_key::for_device(scope, wrap.epoch, device);
    let opened = sealed::open(&own, &what, &wrap.sealed).ok();
    let secret = opened.and_then(|bytes| {
        let bytes: &[u8; 32] = bytes.as_slice().try_into().ok()?;
        (unit_key::public_half(bytes) == row.public).then(|| Zeroizing::new(*bytes))
    });
    match secret {
        Some(secret) => Ok(rows::set_secret(tx, scope, wrap.epoch, &secret)?),
        None => {
            tracing::error!("what was given is not the station's key");
            Ok(())
        }
    }
}

/// What this device has to bring: keys the server lost, the first or the next one, secret halves for colleagues' devices.
pub(crate) fn to_bring(
    tablet: &Tablet,
    answer: &UnitKeys,
) -> Result<Option<KeepUnitKeys>, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Ok(None);
    }
    let (rows, colleagues) = tablet.store.read(|connection| {
        Ok::<_, ClientError>((known(tablet, connection)?, colleagues(tablet, connection)?))
    })?;
    let there = answer.keys.last().map_or(Ok(0), |key| {
        unit_key::read(&key.statement).map(|key| key.epoch)
    })?;
    let mut keep = KeepUnitKeys::default();
    let mut secrets: BTreeMap<u32, Zeroizing<[u8; 32]>> = BTreeMap::new();
    for row in &rows {
        let Some(secret) = &row.secret else {
            continue;
        };
        secrets.insert(row.epoch, Zeroizing::new(*secret.bytes()));
        if row.epoch > there {
            keep.keys.push(BroughtUnitKey {
                key: KnownUnitKey {
                    statement: wire::unpack(&row.statement)?,
                    certificate: row.certificate.clone(),
                },
                recovery: for_district(tablet, row.epoch, secret.bytes())?,
            });
        }
    }
    let newest = rows.last();
    let is_first = newest.is_none() && there == 0;
    // Whoever has the newest key makes the next, or anybody where nobody is left who has it: what is written from now on
    // must be readable at the station.
    let nobody_has = answer.holders.iter().all(|holder| holder.epoch < there);
    let is_next = answer.stale
        && newest
            .is_some_and(|newest| newest.epoch == there && (newest.secret.is_some() || nobody_has));
    if is_first || is_next {
        let (brought, epoch, secret) = make(tablet, newest)?;
        keep.keys.push(brought);
        secrets.insert(epoch, secret);
    }
    for holder in &answer.holders {
        let Some(key) = colleagues.get(&holder.device) else {
            // Not heard of yet by the way its words come; it is given the key once it is.
            continue;
        };
        for (epoch, secret) in secrets.range(holder.epoch + 1..) {
            let what = unit_key::for_device(tablet.identity.scope, *epoch, holder.device);
            keep.wraps.push(WrappedUnitKey {
                epoch: *epoch,
                device: holder.device,
                sealed: seal_bytes(tablet, &unit_key::public_of(key), &what, secret.as_slice())?,
            });
        }
    }
    if keep.keys.is_empty() && keep.wraps.is_empty() {
        return Ok(None);
    }
    note(tablet, &keep, is_first || is_next)?;
    Ok(Some(keep))
}

/// Working devices of the station as this one knows them, with the key each signs with.
fn colleagues(
    tablet: &Tablet,
    connection: &Connection,
) -> Result<BTreeMap<DeviceId, VerifyingKey>, ClientError> {
    let me = &tablet.identity;
    let mut found: BTreeMap<DeviceId, VerifyingKey> = members::devices(connection)?
        .into_iter()
        .filter(|device| device.unit == me.scope && device.revoked_ms.is_none())
        .filter_map(|device| {
            let key = VerifyingKey::from_bytes(&device.key?).ok()?;
            Some((device.device, key))
        })
        .collect();
    found.insert(me.device, tablet.key.verifying_key());
    Ok(found)
}

/// A new key, after the newest one.
fn make(
    tablet: &Tablet,
    newest: Option<&UnitKeyRow>,
) -> Result<(BroughtUnitKey, u32, Zeroizing<[u8; 32]>), ClientError> {
    let mut secret = Zeroizing::new([0; 32]);
    tablet.entropy.fill(secret.as_mut_slice());
    let previous = match newest {
        Some(row) => unit_key::hash(&wire::unpack(&row.statement)?),
        None => [0; 32],
    };
    let key = UnitKey {
        scope: tablet.identity.scope,
        epoch: newest.map_or(0, |row| row.epoch) + 1,
        public: unit_key::public_half(&secret),
        made_by: tablet.identity.device,
        previous,
        at_ms: tablet.clock.now_ms(),
    };
    let brought = BroughtUnitKey {
        key: KnownUnitKey {
            statement: unit_key::sign(&tablet.key, &key)?,
            certificate: certificate::newest(tablet)?,
        },
        recovery: for_district(tablet, key.epoch, &secret)?,
    };
    Ok((brought, key.epoch, secret))
}

/// The trail says what is given to whom before it is sent.
fn note(tablet: &Tablet, keep: &KeepUnitKeys, is_made: bool) -> Result<(), ClientError> {
    let row = |action: &str, object: String| AuditRow {
        at_ms: tablet.clock.now_ms(),
        staff: Some(tablet.identity.staff),
        action: action.to_owned(),
        object,
    };
    tablet.store.write(|tx| {
        if is_made {
            audit::append(tx, &row("unit_key_made", tablet.identity.scope.to_string()))?;
        }
        for wrap in keep
            .wraps
            .iter()
            .filter(|wrap| wrap.device != tablet.identity.device)
        {
            audit::append(tx, &row("unit_key_given", wrap.device.to_string()))?;
        }
        Ok(())
    })
}

fn for_district(tablet: &Tablet, epoch: u32, secret: &[u8; 32]) -> Result<Vec<u8>, ClientError> {
    let what = unit_key::for_district(tablet.identity.scope, epoch);
    seal_bytes(tablet, &tablet.enrolled.recovery_key, &what, secret)
}

fn seal_bytes(
    tablet: &Tablet,
    recipient: &[u8; 32],
    what: &str,
    plain: &[u8],
) -> Result<Vec<u8>, ClientError> {
    sealed::seal(recipient, what, plain, tablet.entropy.as_ref())
        .map_err(|error| ClientError::new("internal").because(error))
}

/// Seals words to the newest key of the station. Where none is known yet they are written as before there were keys: a
/// report must not wait for one.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn seal(
    tablet: &Tablet,
    document: DocumentId,
    entry: &str,
    text: &str,
) -> Result<Words, ClientError> {
    let known = tablet.store.read(|connection| known(tablet, connection))?;
    let Some(key) = known.last() else {
        return Ok(Words::Plain(text.to_owned()));
    };
    let what = unit_key::for_words(tablet.identity.scope, key.epoch, document, entry);
    let bytes = seal_bytes(tablet, &key.public, &what, text.as_bytes())?;
    Ok(Words::Sealed {
        epoch: key.epoch,
        text: STANDARD_NO_PAD.encode(bytes),
    })
}

/// Opens words; nothing where this device was not given the key they are sealed to.
pub(crate) fn open(
    tablet: &Tablet,
    keys: &[UnitKeyRow],
    document: DocumentId,
    entry: &str,
    words: &Words,
) -> Option<String> {
    let (epoch, text) = match words {
        Words::Plain(text) => return Some(text.clone()),
        Words::Sealed { epoch, text } => (*epoch, text),
    };
    let key = keys.iter().find(|key| key.epoch == epoch)?;
    let secret = key.secret.as_ref()?;
    let what = unit_key::for_words(tablet.identity.scope, epoch, document, entry);
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let plain = sealed::open(secret.bytes(), &what, &bytes).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

/// The keys this device has, for [`open`].
///
/// # Errors
/// The store cannot be read.
pub(crate) fn held(tablet: &Tablet) -> Result<Vec<UnitKeyRow>, ClientError> {
    tablet.store.read(|connection| known(tablet, connection))
}

/// Twelve digits of the newest key, which two people may compare on two devices; none while none is known.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn digits(tablet: &Tablet) -> Result<Option<String>, ClientError> {
    let known = held(tablet)?;
    Ok(known.last().map(|key| unit_key::digits(&key.public)))
}
