//! What a device signs to open a session, and what the server signs: certificates and ticks.

use crate::limits;
use crate::message::{DeviceCertificate, MemberRecord, SignedStatement, Tick};
use crate::wire::{self, ProtocolError};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use ids::DeviceId;
use serde::{Serialize, de::DeserializeOwned};

/// The device's signature over a server's nonce, bound to that server.
pub fn sign(
    key: &SigningKey,
    device: DeviceId,
    server_key: &[u8; 32],
    nonce: &[u8; 32],
) -> Vec<u8> {
    key.sign(&session_bytes(device, server_key, nonce))
        .to_bytes()
        .to_vec()
}

/// Whether a device signed this nonce for this server.
///
/// # Errors
/// It did not.
pub fn verify(
    key: &VerifyingKey,
    device: DeviceId,
    server_key: &[u8; 32],
    nonce: &[u8; 32],
    signature: &[u8],
) -> Result<(), ProtocolError> {
    let signature = Signature::from_slice(signature).map_err(|_| ProtocolError::BadSignature)?;
    key.verify_strict(&session_bytes(device, server_key, nonce), &signature)
        .map_err(|_| ProtocolError::BadSignature)
}

fn session_bytes(device: DeviceId, server_key: &[u8; 32], nonce: &[u8; 32]) -> Vec<u8> {
    [
        b"zoufang session 1\0".as_slice(),
        device.0.as_bytes(),
        server_key,
        nonce,
    ]
    .concat()
}

/// What a request says instead of a session: who asks, when by that clock, and the signature over both and the server.
/// It saves two round trips where the two clocks agree; where they do not, the device opens a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestProof {
    /// Who asks.
    pub device: DeviceId,
    at_ms: i64,
    signature: Signature,
}

impl RequestProof {
    /// Signed now.
    pub fn sign(key: &SigningKey, device: DeviceId, server_key: &[u8; 32], at_ms: i64) -> Self {
        Self {
            device,
            at_ms,
            signature: key.sign(&request_bytes(device, server_key, at_ms)),
        }
    }

    /// As it stands in the header.
    pub fn text(&self) -> String {
        let mut text = format!("{}.{}.", self.device.0.simple(), self.at_ms);
        for byte in self.signature.to_bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }

    /// Reads what [`RequestProof::text`] wrote. Nothing is verified yet.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let device = uuid::Uuid::try_parse(parts.next()?).ok()?;
        let at_ms = parts.next()?.parse().ok()?;
        let digits = parts.next()?.as_bytes();
        let mut signature = [0; Signature::BYTE_SIZE];
        if digits.len() != 2 * signature.len() || parts.next().is_some() {
            return None;
        }
        for (byte, pair) in signature.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self {
            device: DeviceId(device),
            at_ms,
            signature: Signature::from_bytes(&signature),
        })
    }

    /// Whether this device signed it for this server, within [`limits::PROOF_MS`] of now.
    ///
    /// # Errors
    /// It did not, or not now.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        server_key: &[u8; 32],
        now_ms: i64,
    ) -> Result<(), ProtocolError> {
        if now_ms.abs_diff(self.at_ms) > limits::PROOF_MS.unsigned_abs() {
            return Err(ProtocolError::BadSignature);
        }
        let bytes = request_bytes(self.device, server_key, self.at_ms);
        key.verify_strict(&bytes, &self.signature)
            .map_err(|_| ProtocolError::BadSignature)
    }
}

fn request_bytes(device: DeviceId, server_key: &[u8; 32], at_ms: i64) -> Vec<u8> {
    [
        b"zoufang request 1\0".as_slice(),
        device.0.as_bytes(),
        server_key,
        &at_ms.to_be_bytes(),
    ]
    .concat()
}

/// Something the server says under its signature.
pub trait Statement: Serialize + DeserializeOwned {
    /// Keeps one statement's signature from passing for another's.
    const NAME: &'static str;
}

impl Statement for DeviceCertificate {
    const NAME: &'static str = "device certificate";
}

impl Statement for Tick {
    const NAME: &'static str = "tick";
}

impl Statement for MemberRecord {
    const NAME: &'static str = "member";
}

/// Signs a statement; the result is a packed [`SignedStatement`].
///
/// # Errors
/// The statement cannot be written, which none of ours causes.
pub fn sign_statement<S: Statement>(
    key: &SigningKey,
    statement: &S,
) -> Result<Vec<u8>, ProtocolError> {
    wire::pack(&make_statement(key, statement)?)
}

/// Signs a statement, for a message that carries it as a field.
///
/// # Errors
/// As [`sign_statement`].
pub fn make_statement<S: Statement>(
    key: &SigningKey,
    statement: &S,
) -> Result<SignedStatement, ProtocolError> {
    let body = wire::pack(statement)?;
    let signature = key.sign(&statement_bytes::<S>(&body)).to_bytes().to_vec();
    Ok(SignedStatement { body, signature })
}

/// Reads a packed [`SignedStatement`] and believes it only under this key.
///
/// # Errors
/// Malformed, or not signed by this key.
pub fn read_statement<S: Statement>(key: &VerifyingKey, bytes: &[u8]) -> Result<S, ProtocolError> {
    open_statement(key, &wire::unpack(bytes)?)
}

/// Believes a statement only under this key.
///
/// # Errors
/// Malformed, or not signed by this key.
pub fn open_statement<S: Statement>(
    key: &VerifyingKey,
    signed: &SignedStatement,
) -> Result<S, ProtocolError> {
    let signature =
        Signature::from_slice(&signed.signature).map_err(|_| ProtocolError::BadSignature)?;
    key.verify_strict(&statement_bytes::<S>(&signed.body), &signature)
        .map_err(|_| ProtocolError::BadSignature)?;
    wire::unpack(&signed.body)
}

fn statement_bytes<S: Statement>(body: &[u8]) -> Vec<u8> {
    [
        b"zoufang statement 1\0".as_slice(),
        S::NAME.as_bytes(),
        b"\0",
        body,
    ]
    .concat()
}
