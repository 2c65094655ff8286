//! Enrolling a tablet at a station that has no network (ADR 0031): what the server lets a station do beforehand, what the
//! station then says in its place, and the two files that are carried between tablet and station by hand.
//!
//! The tablet writes its keys into a request; only once the station has read it does the station show eight digits, which
//! a person types at the tablet. Both show six digits of what all of that makes together, and two people compare them.
//! The answer is sealed to the tablet's key under the same transcript, so nobody who did not see the eight digits can put
//! one of his own in its place.

use crate::limits;
use crate::message::{DeviceCertificate, FileNumberBlock, KnownAs, SignedStatement};
use crate::sealed;
use crate::session::proof::{self, Statement};
use crate::snapshot::DocumentSnapshot;
use crate::wire::{self, ProtocolError};
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{DeviceId, Entropy, Pii, Role, StaffId, UnitId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A delegation.
pub type DelegationId = Uuid;

/// One tablet that may be enrolled without the server: whose it will be, and what the server gives every device. There is
/// no way to say anything else with it, so a station that is in wrong hands can enrol nobody who was not appointed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The id the tablet will have.
    pub device: DeviceId,
    /// The person.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: Pii<String>,
    /// Their village.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Its region code.
    pub region: String,
    /// File numbers kept for this tablet.
    pub file_numbers: FileNumberBlock,
}

/// `POST /enrolments/delegate`, answered with a [`SignedStatement`] over this: the station may enrol these until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Which.
    pub id: DelegationId,
    /// The township.
    pub scope: UnitId,
    /// Its name.
    pub scope_name: String,
    /// The station's device that may do it, and no other.
    pub station: DeviceId,
    /// Its public key.
    #[serde(with = "serde_bytes")]
    pub station_key: [u8; 32],
    /// From, by the server's clock.
    pub from_ms: i64,
    /// Until; at most [`limits::DELEGATION_MS`] later.
    pub until_ms: i64,
    /// Who may be enrolled, a tablet each.
    pub places: Vec<Place>,
    /// X25519 public key of the district's recovery.
    #[serde(with = "serde_bytes")]
    pub recovery_key: [u8; 32],
    /// The server's CA certificate (DER), to pin.
    #[serde(with = "serde_bytes")]
    pub ca_certificate: Vec<u8>,
    /// Fingerprint of the CA that will be used after it.
    #[serde(default, with = "serde_bytes")]
    pub next_ca: Option<[u8; 32]>,
    /// host:port of the server.
    pub address: String,
    /// Synthetic data only.
    pub demo: bool,
    /// The server's epoch.
    pub epoch: u64,
}

impl Statement for Delegation {
    const NAME: &'static str = "delegation";
}

/// What the station says of a tablet, under its own device's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationCertificate {
    /// The delegation it is said under.
    pub delegation: DelegationId,
    /// The place that is taken.
    pub device: DeviceId,
    /// The tablet's public key.
    #[serde(with = "serde_bytes")]
    pub key: [u8; 32],
    /// When, by the station's clock that never goes back.
    pub at_ms: i64,
}

impl Statement for StationCertificate {
    const NAME: &'static str = "station certificate";
}

/// What a tablet that was enrolled without the server shows at its first contact ([`crate::OpenSession`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegated {
    /// A [`Delegation`] under the server's key.
    pub delegation: SignedStatement,
    /// A [`StationCertificate`] under the station's.
    pub certificate: SignedStatement,
}

/// A [`Delegated`] whose signatures hold and that says one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What the server said.
    pub delegation: Delegation,
    /// What the station said.
    pub certificate: StationCertificate,
    /// The place that was taken.
    pub place: Place,
}

impl Delegated {
    /// Believes it under the server's key: the server named the station, the station named the tablet, and the tablet
    /// takes a place the server had made.
    ///
    /// # Errors
    /// Malformed; not signed by this server, or not by the station it names; no place of that delegation; signed before it
    /// began or after it was over.
    pub fn read(&self, server: &VerifyingKey) -> Result<Shown, ProtocolError> {
        let delegation: Delegation = proof::open_statement(server, &self.delegation)?;
        let station = VerifyingKey::from_bytes(&delegation.station_key)
            .map_err(|_| ProtocolError::BadSignature)?;
        let certificate: StationCertificate = proof::open_statement(&station, &self.certificate)?;
        let place = delegation
            .places
            .iter()
            .find(|place| place.device == certificate.device)
            .filter(|_| certificate.delegation == delegation.id)
            .ok_or(ProtocolError::Malformed("no place of this delegation"))?
            .clone();
        if !delegation.holds_at(certificate.at_ms) {
            return Err(ProtocolError::Malformed("not signed in its time"));
        }
        Ok(Shown {
            delegation,
            certificate,
            place,
        })
    }
}

impl Delegation {
    /// Whether it holds at a time. However long the server may have written, it is never longer than the limit.
    pub fn holds_at(&self, at_ms: i64) -> bool {
        let end = self
            .until_ms
            .min(self.from_ms.saturating_add(limits::DELEGATION_MS));
        (self.from_ms..end).contains(&at_ms)
    }
}

impl Shown {
    /// The certificate the server itself would have made, to be known by.
    pub fn as_certificate(&self) -> (DeviceCertificate, KnownAs) {
        let known_as = KnownAs {
            staff_name: self.place.staff_name.clone(),
            unit_name: self.place.unit_name.clone(),
            region: self.place.region.clone(),
            file_numbers: self.place.file_numbers,
        };
        let certificate = DeviceCertificate {
            device: self.place.device,
            staff: self.place.staff,
            role: Role::Director,
            unit: self.place.unit,
            scope: self.delegation.scope,
            key: self.certificate.key,
            issued_ms: self.certificate.at_ms,
            expires_ms: self
                .certificate
                .at_ms
                .saturating_add(limits::CERTIFICATE_MS),
            known_as: Some(known_as.clone()),
        };
        (certificate, known_as)
    }
}

/// What the station's trail says of a tablet it enrolled: the row's action. The object is the tablet's id and the detail
/// [`trail_detail`], so that the server knows which key the station means.
pub const TRAIL_ACTION: &str = "enrolled_offline";

/// What stands beside the row.
pub fn trail_detail(key: &[u8; 32]) -> String {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("key={hex}")
}

/// The file a tablet writes: that it wants to be enrolled, and by which keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineRequest {
    /// Protocol version.
    pub protocol: u16,
    /// Ed25519 public key of the tablet.
    #[serde(with = "serde_bytes")]
    pub device_key: [u8; 32],
    /// X25519 public key made for the answer alone.
    #[serde(with = "serde_bytes")]
    pub seal_key: [u8; 32],
    /// Fresh, so that no two requests are the same.
    #[serde(with = "serde_bytes")]
    pub nonce: [u8; 32],
}

/// The file the station writes, inside its seal: the tablet needs nothing else to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflineAnswer {
    /// To be shown to the server.
    pub delegated: Delegated,
    /// Ed25519 public key the server signs with.
    #[serde(with = "serde_bytes")]
    pub server_key: [u8; 32],
    /// Who and what the organisation is, as far as a director sees it: [`crate::MemberRecord`]s under the server's key.
    pub members: Vec<SignedStatement>,
    /// The rules and forms in use, as (id, JSON text).
    pub policies: Vec<(String, String)>,
    /// What the server decided for good, under its key: what was erased is not brought along by anybody.
    #[serde(default)]
    pub orders: Vec<SignedStatement>,
    /// The village's documents as the station holds them, each change under its author's signature. Numbers and times of
    /// the log are 0: they come with the first contact.
    #[serde(default)]
    pub documents: Vec<DocumentSnapshot>,
    /// How many documents the village has; more than there are in here when they are too many for a file.
    #[serde(default)]
    pub documents_total: u32,
}

const REQUEST: &str = "zoufang-request:1:";
const ANSWER: &str = "zoufang-answer:1:";
/// More than a seal adds.
const SEAL_BYTES: usize = 256;

impl OfflineRequest {
    /// The file's text.
    ///
    /// # Errors
    /// It cannot be written, which none of ours causes.
    pub fn text(&self) -> Result<String, ProtocolError> {
        Ok(to_text(REQUEST, &wire::pack(self)?))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// Not a request, damaged, or of a newer app.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let request: Self = wire::unpack(&from_text(REQUEST, text, limits::OFFLINE_REQUEST)?)?;
        if request.protocol > crate::PROTOCOL_VERSION {
            return Err(ProtocolError::TooNew {
                found: u32::from(request.protocol),
                known: u32::from(crate::PROTOCOL_VERSION),
            });
        }
        let can_sign =
            VerifyingKey::from_bytes(&request.device_key).is_ok_and(|key| !key.is_weak());
        if can_sign {
            Ok(request)
        } else {
            Err(ProtocolError::Malformed("not a key"))
        }
    }

    /// What tablet and station saw, with the eight digits the station drew after it had read the request.
    pub fn transcript(&self, digits: &str) -> crate::enrolment::Transcript {
        let mut hash = Sha256::new();
        for part in [
            b"zoufang offline 1".as_slice(),
            &self.device_key,
            &self.seal_key,
            &self.nonce,
            digits.as_bytes(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

impl OfflineAnswer {
    /// The file's text, sealed to the tablet under what both sides saw.
    ///
    /// # Errors
    /// The tablet's key is none, or the answer is larger than a file may be.
    pub fn seal(
        &self,
        request: &OfflineRequest,
        digits: &str,
        entropy: &dyn Entropy,
    ) -> Result<String, ProtocolError> {
        let body = wire::encode(self, wire::OFFLINE)?;
        let for_what = for_what(&request.transcript(digits));
        let sealed = sealed::seal(&request.seal_key, &for_what, &body, entropy)
            .map_err(|_| ProtocolError::Malformed("not a key"))?;
        Ok(to_text(ANSWER, &sealed))
    }

    /// Opens a file's text with the secret of the request it answers.
    ///
    /// # Errors
    /// Damaged or too large; [`ProtocolError::BadSignature`] for an answer to another request, or one made by somebody who
    /// did not see the digits.
    pub fn open(
        text: &str,
        request: &OfflineRequest,
        digits: &str,
        secret: &[u8; 32],
    ) -> Result<Self, ProtocolError> {
        let sealed = from_text(ANSWER, text, wire::OFFLINE.compressed + SEAL_BYTES)?;
        let for_what = for_what(&request.transcript(digits));
        let body =
            sealed::open(secret, &for_what, &sealed).map_err(|_| ProtocolError::BadSignature)?;
        wire::decode(&body, wire::OFFLINE)
    }
}

/// The station's word for a tablet.
///
/// # Errors
/// It cannot be written, which none of ours causes.
pub fn certify(
    key: &SigningKey,
    certificate: &StationCertificate,
) -> Result<SignedStatement, ProtocolError> {
    proof::make_statement(key, certificate)
}

fn for_what(transcript: &crate::enrolment::Transcript) -> String {
    let hex: String = transcript
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("offline answer {hex}")
}

/// Bytes as text that survives an editor, a stick and a copy: a prefix, base64, and four bytes that tell damage.
fn to_text(prefix: &str, bytes: &[u8]) -> String {
    let mut whole = bytes.to_vec();
    whole.extend_from_slice(&Sha256::digest(bytes)[..4]);
    format!("{prefix}{}\n", crate::enrolment::encode_base64url(&whole))
}

fn from_text(prefix: &str, text: &str, most: usize) -> Result<Vec<u8>, ProtocolError> {
    // Four characters for three bytes, and some room for line ends.
    if text.len() > most * 2 + 1024 {
        return Err(ProtocolError::TooLarge { limit: most });
    }
    let text: String = text.split_whitespace().collect();
    let damaged = ProtocolError::Malformed("not whole");
    let mut bytes = text
        .strip_prefix(prefix)
        .and_then(crate::enrolment::decode_base64url_bytes)
        .ok_or(damaged)?;
    let at = bytes
        .len()
        .checked_sub(4)
        .ok_or(ProtocolError::Malformed("not whole"))?;
    let check = bytes.split_off(at);
    if Sha256::digest(&bytes)[..4] != check[..] {
        return Err(ProtocolError::Malformed("not whole"));
    }
    Ok(bytes)
}
