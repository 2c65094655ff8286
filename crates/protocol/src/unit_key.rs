//! A station's own key, to which sealed words are sealed: how its devices come to it through a server that must not have
//! it (docs/adr/0027).
//!
//! The public half is believed for two signatures: the maker's under the statement, and the server's under the maker's
//! certificate, which says that she works at this station. Statements are a chain, so that none can be put in the place of
//! one that is known. The secret half travels sealed to one device at a time.

use crate::message::{DeviceCertificate, SignedStatement};
use crate::session::proof::{self, Statement};
use crate::wire::{self, ProtocolError};
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{DeviceId, DocumentId, UnitId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The public half of a station's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitKey {
    /// The station.
    pub scope: UnitId,
    /// Which of its keys, from 1 and without a gap.
    pub epoch: u32,
    /// X25519.
    #[serde(with = "serde_bytes")]
    pub public: [u8; 32],
    /// The device that made it.
    pub made_by: DeviceId,
    /// [`hash`] of the statement before it; zeros for the first.
    #[serde(with = "serde_bytes")]
    pub previous: [u8; 32],
    /// The maker's clock, a label.
    pub at_ms: i64,
}

impl Statement for UnitKey {
    const NAME: &'static str = "unit key";
}

/// A [`UnitKey`] as it is kept and passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownUnitKey {
    /// A [`UnitKey`] under its maker's key.
    pub statement: SignedStatement,
    /// The maker's [`DeviceCertificate`] under the server's key, packed.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
}

/// The secret half, sealed to one device of the station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedUnitKey {
    /// Which key.
    pub epoch: u32,
    /// Whom it is for.
    pub device: DeviceId,
    /// [`crate::sealed`] to that device's key, for [`for_device`].
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}

/// A new key, or one that a restored server forgot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtUnitKey {
    /// The key.
    pub key: KnownUnitKey,
    /// Its secret half, sealed to the district's recovery key for [`for_district`].
    #[serde(with = "serde_bytes")]
    pub recovery: Vec<u8>,
}

/// `POST /unit-keys/keep`: a device of the station brings what it made. What is there already is left as it is, so saying
/// it twice changes nothing; the answer is [`UnitKeys`] as they stand then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeepUnitKeys {
    /// Keys, each after the one before it.
    pub keys: Vec<BroughtUnitKey>,
    /// Their secret halves for devices of the station.
    pub wraps: Vec<WrappedUnitKey>,
}

/// `POST /unit-keys/read` answers with this: the keys of the asker's station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitKeys {
    /// All of them, oldest first.
    pub keys: Vec<KnownUnitKey>,
    /// Secret halves sealed to the asking device.
    pub yours: Vec<WrappedUnitKey>,
    /// For a device of the station: its working devices, and up to which key each was given one.
    pub holders: Vec<UnitKeyHolder>,
    /// A device that was stopped has the newest key, or no working one has it: it is time for the next.
    pub stale: bool,
}

/// A working device of the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitKeyHolder {
    /// The device.
    pub device: DeviceId,
    /// The newest key that was sealed to it; 0 when none was.
    pub epoch: u32,
}

/// In every [`crate::SyncResponse`]: whether it is worth asking for [`UnitKeys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnitKeyHint {
    /// The newest key's number; 0 when there is none.
    pub epoch: u32,
    /// How many keys are there for the asking device.
    pub yours: u32,
    /// A device of the station has something to do: a key is to be made, or given to a colleague's device.
    pub waits: bool,
}

/// SHA-256 of a statement's body: what the next one names as `previous`.
pub fn hash(statement: &SignedStatement) -> [u8; 32] {
    Sha256::digest(&statement.body).into()
}

/// Believes a key: the server certified its maker as somebody of that station, and the maker signed it.
///
/// # Errors
/// Malformed, not signed so, or by somebody who does not work there.
pub fn believe(server: &VerifyingKey, known: &KnownUnitKey) -> Result<UnitKey, ProtocolError> {
    let maker: DeviceCertificate = proof::read_statement(server, &known.certificate)?;
    let signer = VerifyingKey::from_bytes(&maker.key).map_err(|_| ProtocolError::BadSignature)?;
    let key: UnitKey = proof::open_statement(&signer, &known.statement)?;
    let fits = maker.role.is_at_station()
        && maker.scope == key.scope
        && maker.device == key.made_by
        && key.epoch > 0;
    if fits {
        Ok(key)
    } else {
        Err(ProtocolError::BadSignature)
    }
}

/// Whether a key follows the one that is known, or is the first.
pub fn follows(last: Option<(&UnitKey, [u8; 32])>, next: &UnitKey) -> bool {
    match last {
        None => next.epoch == 1 && next.previous == [0; 32],
        Some((last, hash)) => {
            last.epoch.checked_add(1) == Some(next.epoch) && next.previous == hash
        }
    }
}

/// The X25519 key to which bytes for a device are sealed, out of the key it signs with.
pub fn public_of(device: &VerifyingKey) -> [u8; 32] {
    device.to_montgomery().to_bytes()
}

/// The secret of [`public_of`].
pub fn secret_of(device: &SigningKey) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(device.to_scalar_bytes())
}

/// The public half of a secret key.
pub fn public_half(secret: &[u8; 32]) -> [u8; 32] {
    let secret = x25519_dalek::StaticSecret::from(*secret);
    x25519_dalek::PublicKey::from(&secret).to_bytes()
}

/// What a secret half is sealed for, to a device.
pub fn for_device(scope: UnitId, epoch: u32, device: DeviceId) -> String {
    format!("unit key {scope} {epoch} for {device}")
}

/// What a secret half is sealed for, to the district.
pub fn for_district(scope: UnitId, epoch: u32) -> String {
    format!("unit key {scope} {epoch} for the district")
}

/// What words are sealed for, to the unit: they open in their own entry of their own document only.
pub fn for_words(scope: UnitId, epoch: u32, document: DocumentId, entry: &str) -> String {
    format!("sealed words {scope} {epoch} {document} {entry}")
}

/// Twelve digits of a key, for two people to compare.
pub fn digits(public: &[u8; 32]) -> String {
    let digest = Sha256::digest([b"zoufang unit key digits 1\0".as_slice(), public].concat());
    let mut number = [0u8; 8];
    number.copy_from_slice(&digest[..8]);
    let digits = format!("{:012}", u64::from_be_bytes(number) % 1_000_000_000_000);
    [&digits[..4], &digits[4..8], &digits[8..]].join(" ")
}

/// Signs a key as its maker.
///
/// # Errors
/// It cannot be written, which none of ours causes.
pub fn sign(key: &SigningKey, unit: &UnitKey) -> Result<SignedStatement, ProtocolError> {
    proof::make_statement(key, unit)
}

/// Reads a statement's body. Nothing is verified: for what was believed before it was kept.
///
/// # Errors
/// Malformed.
pub fn read(statement: &SignedStatement) -> Result<UnitKey, ProtocolError> {
    wire::unpack(&statement.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealed;
    use ids::{Entropy, Role, StaffId};
    use uuid::Uuid;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for (number, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::try_from(number % 251).expect("below 251");
            }
        }
    }

    const SCOPE: UnitId = UnitId(Uuid::from_u128(1));
    const DEVICE: DeviceId = DeviceId(Uuid::from_u128(2));

    fn key(epoch: u32, previous: [u8; 32]) -> UnitKey {
        UnitKey {
            scope: SCOPE,
            epoch,
            public: [9; 32],
            made_by: DEVICE,
            previous,
            at_ms: 0,
        }
    }

    fn certificate(server: &SigningKey, role: Role, device: &SigningKey, scope: UnitId) -> Vec<u8> {
        let certificate = DeviceCertificate {
            device: DEVICE,
            staff: StaffId(Uuid::from_u128(3)),
            role,
            unit: scope,
            scope,
            key: device.verifying_key().to_bytes(),
            issued_ms: 0,
            expires_ms: 1,
            known_as: None,
        };
        proof::sign_statement(server, &certificate).expect("it is written")
    }

    #[test]
    fn a_key_is_believed_from_somebody_the_server_certified_for_this_station() {
        let (server, device, other) = (
            SigningKey::from_bytes(&[1; 32]),
            SigningKey::from_bytes(&[2; 32]),
            SigningKey::from_bytes(&[3; 32]),
        );
        let known = |signer: &SigningKey, certificate| KnownUnitKey {
            statement: sign(signer, &key(1, [0; 32])).expect("it is signed"),
            certificate,
        };
        let believed = |known: &KnownUnitKey| believe(&server.verifying_key(), known).is_ok();
        let at_station = || certificate(&server, Role::Supervisor, &device, SCOPE);
        assert!(believed(&known(&device, at_station())));
        assert!(!believed(&known(&other, at_station())), "signed by another");
        let director = certificate(&server, Role::Director, &device, SCOPE);
        assert!(!believed(&known(&device, director)));
        let elsewhere = certificate(&server, Role::Head, &device, UnitId(Uuid::from_u128(8)));
        assert!(!believed(&known(&device, elsewhere)));
        let own_make = certificate(&other, Role::Supervisor, &device, SCOPE);
        assert!(
            !believed(&known(&device, own_make)),
            "another server's word"
        );
    }

    #[test]
    fn a_key_follows_the_one_that_is_known_and_none_takes_its_place() {
        let signer = SigningKey::from_bytes(&[2; 32]);
        let first = key(1, [0; 32]);
        let hash = hash(&sign(&signer, &first).expect("it is signed"));
        assert!(follows(None, &first));
        assert!(!follows(None, &key(2, [0; 32])));
        let last = Some((&first, hash));
        assert!(follows(last, &key(2, hash)));
        for swapped in [key(1, [0; 32]), key(2, [0; 32]), key(3, hash)] {
            assert!(!follows(last, &swapped));
        }
    }

    #[test]
    fn a_device_opens_what_is_sealed_to_the_key_it_signs_with() {
        let device = SigningKey::from_bytes(&[2; 32]);
        let what = for_device(SCOPE, 1, DEVICE);
        let public = public_of(&device.verifying_key());
        let sealed = sealed::seal(&public, &what, &[7; 32], &Counting).expect("it seals");
        let opened = sealed::open(&secret_of(&device), &what, &sealed).expect("it opens");
        assert_eq!(opened.as_slice(), [7; 32]);
        assert_eq!(public_half(&secret_of(&device)), public);
    }
}
