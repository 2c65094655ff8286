//! What a device signs to open a session, and what the server signs: certificates and ticks.

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
