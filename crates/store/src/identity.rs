//! Who this device is: the account it was enrolled for, its signing key, its chains and its block of file numbers.

use crate::journal::Record;
use crate::row::signed;
use crate::{StoreError, Transaction, row};
use ids::{ChangeHash, DeviceId, Incarnation, Role, StaffId, UnitId};
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The device's identity, given at enrolment. Its secret key has no `Debug` and is wiped when dropped.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// This device.
    pub device: DeviceId,
    /// The person.
    pub staff: StaffId,
    /// The unit the person works for: a village, or the station.
    pub unit: UnitId,
    /// The scope (station) it syncs with.
    pub scope: UnitId,
    /// Makes this memory distinct from any copy of it.
    pub incarnation: Incarnation,
    /// What the person may do.
    pub role: Role,
    /// Name of the person.
    pub person: String,
    /// Name of the unit.
    pub unit_name: String,
    /// Name of the township.
    pub township: String,
    /// What the server said when this device enrolled, packed: certificate, keys, names. The client reads it.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// host:port.
    pub server_address: String,
    /// The pinned certificate authority.
    #[serde(with = "serde_bytes")]
    pub ca_fingerprint: Vec<u8>,
    /// Synthetic data only.
    pub demo: bool,
    /// Ed25519 seed.
    pub signing_key: SigningKey,
    /// The database was begun anew from the journal: a new incarnation is due before anything is written.
    pub restored: bool,
    /// Numbers this device may give to new files.
    pub file_numbers: Option<FileNumbers>,
    /// When it was enrolled.
    pub enrolled_ms: i64,
}

/// An Ed25519 seed, wiped when dropped.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SigningKey([u8; 32]);

impl Drop for SigningKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for SigningKey {}

impl SigningKey {
    /// Takes over the seed.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The seed, for the signer.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// A block of file numbers `prefix` + `next`, up to and without `end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNumbers {
    /// Text before the number.
    pub prefix: String,
    /// The next number to give.
    pub next: u64,
    /// The first number that is no longer ours.
    pub end: u64,
}

/// The end of a chain: the last envelope made in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// Number of the last envelope; 0 before the first.
    pub dev_seq: u64,
    /// Hash of its head; zeros before the first.
    pub head: ChangeHash,
}

/// The identity, once enrolled.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection) -> Result<Option<Identity>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/identity/get.sql"))?
        .query_row([], |row| {
            let prefix: Option<String> = row.get("file_prefix")?;
            Ok(Identity {
                device: row::device(row, "device")?,
                staff: row::staff(row, "staff")?,
                unit: row::unit(row, "unit")?,
                scope: row::unit(row, "scope")?,
                incarnation: Incarnation(row::plain_uuid(row, "incarnation")?),
                role: row::role(row, "role")?,
                person: row.get("person")?,
                unit_name: row.get("unit_name")?,
                township: row.get("township")?,
                certificate: row.get("certificate")?,
                server_address: row.get("server_address")?,
                ca_fingerprint: row.get("ca_fingerprint")?,
                demo: row.get("demo")?,
                signing_key: SigningKey::from_bytes(row.get("signing_key")?),
                restored: row.get("restored")?,
                file_numbers: match prefix {
                    Some(prefix) => Some(FileNumbers {
                        prefix,
                        next: row::number(row, "file_next")?,
                        end: row::number(row, "file_end")?,
                    }),
                    None => None,
                },
                enrolled_ms: row.get("enrolled_ms")?,
            })
        })
        .optional()?)
}

/// Writes the identity, and asks for a copy in the journal.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, identity: &Identity) -> Result<(), StoreError> {
    store(tx, identity)?;
    tx.journal(Record::Identity(Box::new(identity.clone())));
    Ok(())
}

pub(crate) fn store(connection: &Connection, identity: &Identity) -> Result<(), StoreError> {
    let numbers = identity.file_numbers.as_ref();
    connection
        .prepare_cached(include_str!("../sql/identity/put.sql"))?
        .execute(named_params! {
            ":device": identity.device.0.as_bytes(),
            ":staff": identity.staff.0.as_bytes(),
            ":unit": identity.unit.0.as_bytes(),
            ":scope": identity.scope.0.as_bytes(),
            ":incarnation": identity.incarnation.0.as_bytes(),
            ":role": identity.role.as_str(),
            ":person": identity.person,
            ":unit_name": identity.unit_name,
            ":township": identity.township,
            ":certificate": identity.certificate,
            ":server_address": identity.server_address,
            ":ca_fingerprint": identity.ca_fingerprint,
            ":demo": identity.demo,
            ":signing_key": identity.signing_key.bytes().as_slice(),
            ":restored": identity.restored,
            ":file_prefix": numbers.map(|it| &it.prefix),
            ":file_next": numbers.map(|it| signed(it.next)),
            ":file_end": numbers.map(|it| signed(it.end)),
            ":enrolled_ms": identity.enrolled_ms,
        })?;
    Ok(())
}

/// A new incarnation: after a restore, before the first change is made. Its chains begin at nothing.
///
/// # Errors
/// [`StoreError::NotFound`] before enrolment.
pub fn begin_incarnation(tx: &Transaction<'_>, incarnation: Incarnation) -> Result<(), StoreError> {
    let mut identity = get(tx)?.ok_or(StoreError::NotFound)?;
    identity.incarnation = incarnation;
    identity.restored = false;
    put(tx, &identity)
}

/// The unit of this device has another name from now on; another unit changes nothing.
///
/// # Errors
/// The database refuses.
pub fn call_unit(tx: &Transaction<'_>, unit: UnitId, name: &str) -> Result<(), StoreError> {
    let Some(mut identity) = get(tx)? else {
        return Ok(());
    };
    if identity.unit == unit && identity.unit_name != name {
        name.clone_into(&mut identity.unit_name);
        put(tx, &identity)?;
    } else if identity.scope == unit && identity.township != name {
        name.clone_into(&mut identity.township);
        put(tx, &identity)?;
    }
    Ok(())
}

/// Puts what the server says of this device now in the place of what it said before.
///
/// # Errors
/// [`StoreError::NotFound`] before enrolment.
pub fn set_certificate(tx: &Transaction<'_>, certificate: &[u8]) -> Result<(), StoreError> {
    let mut identity = get(tx)?.ok_or(StoreError::NotFound)?;
    identity.certificate = certificate.to_vec();
    put(tx, &identity)
}

/// The server goes by another CA: its fingerprint, beside what the server says of this device now.
///
/// # Errors
/// [`StoreError::NotFound`] before enrolment.
pub fn set_ca(
    tx: &Transaction<'_>,
    fingerprint: &[u8],
    certificate: &[u8],
) -> Result<(), StoreError> {
    let mut identity = get(tx)?.ok_or(StoreError::NotFound)?;
    identity.ca_fingerprint = fingerprint.to_vec();
    identity.certificate = certificate.to_vec();
    put(tx, &identity)
}

/// The end of the chain of an incarnation in a scope.
///
/// # Errors
/// The database refuses.
pub fn chain(
    connection: &Connection,
    incarnation: Incarnation,
    scope: UnitId,
) -> Result<Chain, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../sql/identity/chain.sql"))?
        .query_row(
            named_params! {
                ":incarnation": incarnation.0.as_bytes(),
                ":scope": scope.0.as_bytes(),
            },
            |row| {
                Ok(Chain {
                    dev_seq: row::number(row, "dev_seq")?,
                    head: row::hash(row, "head")?,
                })
            },
        )
        .optional()?;
    Ok(found.unwrap_or(Chain {
        dev_seq: 0,
        head: ChangeHash([0; 32]),
    }))
}

/// Moves a chain forward; an older number changes nothing.
pub(crate) fn advance_chain(
    connection: &Connection,
    incarnation: Incarnation,
    scope: UnitId,
    dev_seq: u64,
    head: ChangeHash,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(include_str!("../sql/identity/advance_chain.sql"))?
        .execute(named_params! {
            ":incarnation": incarnation.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":dev_seq": signed(dev_seq),
            ":head": head.0,
        })?;
    Ok(())
}

/// Gives a new block of file numbers to this device.
///
/// # Errors
/// [`StoreError::NotFound`] before enrolment.
pub fn set_file_numbers(tx: &Transaction<'_>, numbers: FileNumbers) -> Result<(), StoreError> {
    let mut identity = get(tx)?.ok_or(StoreError::NotFound)?;
    identity.file_numbers = Some(numbers);
    put(tx, &identity)
}

/// Takes the next file number; `None` when the block is used up or there is none.
///
/// # Errors
/// [`StoreError::NotFound`] before enrolment.
pub fn take_file_number(tx: &Transaction<'_>) -> Result<Option<String>, StoreError> {
    let identity = get(tx)?.ok_or(StoreError::NotFound)?;
    let Some(numbers) = identity.file_numbers else {
        return Ok(None);
    };
    if numbers.next >= numbers.end {
        return Ok(None);
    }
    tx.prepare_cached(include_str!("../sql/identity/take_file_number.sql"))?
        .execute([])?;
    Ok(Some(format!("{}{:04}", numbers.prefix, numbers.next)))
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Identity);
