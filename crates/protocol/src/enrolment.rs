//! How a device and a server that never met come to trust each other: commitment, transcript, six digits, proof.
//!
//! The device commits to its nonce, the server shows its own, the device reveals.
//! The transcript binds what each saw; two people compare six digits of it; only then is a secret used.

use crate::message::EnrolmentId;
use crate::wire::ProtocolError;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The name in every server's certificate. The CA is private and pinned, so one name serves every address.
pub const SERVER_NAME: &str = "server.zoufang.internal";

/// The digest both sides make of what they saw.
pub type Transcript = [u8; 32];

/// What a transcript binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// SHA-256 of the CA certificate; the device's own sight of it.
    pub ca_fingerprint: [u8; 32],
    /// The device's public key.
    pub device_key: [u8; 32],
    /// The nonce the device committed to.
    pub device_nonce: [u8; 32],
    /// The server's nonce.
    pub server_nonce: [u8; 32],
    /// The enrolment.
    pub enrolment: EnrolmentId,
}

/// The commitment to a nonce.
pub fn commit(nonce: &[u8; 32]) -> [u8; 32] {
    digest(&[b"zoufang commit 1", nonce])
}

/// Everything both sides saw, in one digest.
pub fn transcript(seen: &Seen) -> Transcript {
    digest(&[
        b"zoufang transcript 1",
        &seen.ca_fingerprint,
        &seen.device_key,
        &seen.device_nonce,
        &seen.server_nonce,
        seen.enrolment.as_bytes(),
    ])
}

/// The six digits two people compare.
pub fn compare_code(transcript: &Transcript) -> String {
    let full = digest(&[b"zoufang compare 1", transcript]);
    let mut number = [0u8; 8];
    number.copy_from_slice(&full[..8]);
    format!("{:06}", u64::from_be_bytes(number) % 1_000_000)
}

/// The proof that the device was given the code: a MAC of the transcript under the secret.
pub fn proof(secret: &[u8], transcript: &Transcript) -> Vec<u8> {
    mac(secret, transcript).finalize().into_bytes().to_vec()
}

/// Whether a proof holds, in constant time.
pub fn proof_holds(secret: &[u8], transcript: &Transcript, proof: &[u8]) -> bool {
    mac(secret, transcript).verify_slice(proof).is_ok()
}

/// SHA-256 of a CA certificate.
pub fn fingerprint(certificate_der: &[u8]) -> [u8; 32] {
    Sha256::digest(certificate_der).into()
}

fn mac(secret: &[u8], transcript: &Transcript) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(b"zoufang proof 1");
    mac.update(transcript);
    mac
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The eight digits a person types: four find the enrolment, four are the secret and never travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedCode {
    /// First four digits.
    pub locator: String,
    /// Last four digits; the proof's secret.
    pub secret: String,
}

impl TypedCode {
    /// Reads eight digits; spaces and hyphens are forgiven.
    ///
    /// # Errors
    /// The text is not eight digits.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ProtocolError::Malformed("not eight digits"));
        }
        let (locator, secret) = digits.split_at(4);
        Ok(Self {
            locator: locator.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// The proof's key.
    pub fn secret_bytes(&self) -> &[u8] {
        self.secret.as_bytes()
    }
}

/// What the QR says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCode {
    /// host:port.
    pub address: String,
    /// SHA-256 of the CA certificate.
    pub ca_fingerprint: [u8; 32],
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// 128 bits; the proof's secret.
    pub secret: [u8; 16],
}

impl QrCode {
    /// The text inside the QR.
    pub fn text(&self) -> String {
        format!(
            "zoufang:1?a={}&ca={}&id={}&s={}",
            self.address,
            encode_hex(&self.ca_fingerprint),
            self.enrolment.hyphenated(),
            encode_base64url(&self.secret)
        )
    }

    /// Reads the text inside a QR.
    ///
    /// # Errors
    /// It is not ours, or a newer one.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let rest = text
            .trim()
            .strip_prefix("zoufang:")
            .ok_or(ProtocolError::Malformed("not an enrolment code"))?;
        if rest.len() > 512 {
            return Err(ProtocolError::TooLarge { limit: 512 });
        }
        let (version, query) = rest
            .split_once('?')
            .ok_or(ProtocolError::Malformed("not an enrolment code"))?;
        match version.parse::<u32>() {
            Ok(1) => {}
            Ok(found) => return Err(ProtocolError::TooNew { found, known: 1 }),
            Err(_) => return Err(ProtocolError::Malformed("not an enrolment code")),
        }
        let field = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
                .map(|(_, value)| value)
                .ok_or(ProtocolError::Malformed("a field is missing in the code"))
        };
        let address = field("a")?.to_owned();
        if !is_address(&address) {
            return Err(ProtocolError::Malformed("not an address"));
        }
        Ok(Self {
            address,
            ca_fingerprint: decode_hex(field("ca")?)
                .ok_or(ProtocolError::Malformed("not a fingerprint"))?,
            enrolment: Uuid::parse_str(field("id")?)
                .map_err(|_| ProtocolError::Malformed("not an id"))?,
            secret: decode_base64url(field("s")?)
                .ok_or(ProtocolError::Malformed("not a secret"))?,
        })
    }
}

/// Whether a text is host:port.
pub fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let host_ok = !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
    host_ok && port.parse::<u16>().is_ok_and(|port| port != 0)
}

fn encode_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    ids::ChangeHash::parse(text).map(|hash| hash.0)
}

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(crate) fn encode_base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk
            .iter()
            .fold(0u32, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            let six = number >> (18 - 6 * index) & 63;
            text.push(char::from(BASE64URL[six as usize]));
        }
    }
    text
}

fn decode_base64url(text: &str) -> Option<[u8; 16]> {
    decode_base64url_bytes(text)?.try_into().ok()
}

/// Bits left over at the end are not looked at, as far as they make no byte.
pub(crate) fn decode_base64url_bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let mut number = 0u32;
    let mut bits = 0;
    for character in text.bytes() {
        let six = BASE64URL.iter().position(|known| *known == character)?;
        number = (number << 6 | u32::try_from(six).ok()?) & 0x3fff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(number >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}
