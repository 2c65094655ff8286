//! The signed envelope around one change. The head is signed as bytes; the change hangs on it by its hash.

use crate::limits;
use crate::wire::{self, ProtocolError};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use ids::{
    ActorId, ChangeHash, DeviceId, DocKind, DocumentId, Generation, Incarnation, StaffId, UnitId,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the head's layout.
pub const ENVELOPE_VERSION: u8 = 1;
const DOMAIN: &[u8] = b"zoufang envelope 1\0";

/// What the server keeps about a document whose content it does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentHeader {
    /// The document.
    pub document: DocumentId,
    /// Its generation.
    pub generation: Generation,
    /// What it is about.
    pub kind: DocKind,
    /// Schema it was made with; names its genesis constants.
    pub schema: u32,
    /// The unit it belongs to at birth; later only the server changes that.
    pub home_unit: UnitId,
    /// The device that made it.
    pub creator: DeviceId,
}

/// What a device says about one change, under its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeHead {
    /// Layout version.
    pub version: u8,
    /// The document.
    pub document: DocumentId,
    /// Its generation.
    pub generation: Generation,
    /// The change.
    pub hash: ChangeHash,
    /// The change's actor.
    #[serde(with = "serde_bytes")]
    pub actor: ActorId,
    /// The actor's number for this change, from 1.
    pub seq: u64,
    /// Counter of the first operation.
    pub start_op: u64,
    /// Number of operations.
    pub ops: u32,
    /// The device.
    pub device: DeviceId,
    /// The device's memory.
    pub incarnation: Incarnation,
    /// The scope it is sent to.
    pub scope: UnitId,
    /// Place in the chain of (device, incarnation, scope), from 1.
    pub dev_seq: u64,
    /// SHA-256 of the head before it in that chain; zeros for the first.
    #[serde(with = "serde_bytes")]
    pub previous: [u8; 32],
    /// Who worked.
    pub staff: StaffId,
    /// App version.
    pub app: String,
    /// Schema the change was written with.
    pub schema: u32,
    /// The last signed tick seen, as bytes.
    #[serde(with = "serde_bytes")]
    pub tick: Option<Vec<u8>>,
    /// The device's clock; a label.
    pub wall_ms: i64,
    /// Milliseconds since the device started; a label.
    pub mono_ms: u64,
    /// On the document's first envelope.
    pub header: Option<DocumentHeader>,
    /// Hash of the head of an earlier envelope of this device that was refused or held: this change says the same on
    /// other ground, and the earlier one is not wanted any more.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub replaces: Option<[u8; 32]>,
}

/// One change with its signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The head's bytes, exactly as signed.
    #[serde(with = "serde_bytes")]
    pub head: Vec<u8>,
    /// Ed25519 over a fixed prefix and the head's bytes.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
    /// The Automerge change chunk.
    #[serde(with = "serde_bytes")]
    pub change: Vec<u8>,
}

impl Envelope {
    /// What it takes in a message, before compression.
    pub fn raw_bytes(&self) -> usize {
        self.head.len() + self.signature.len() + self.change.len() + 48
    }
}

/// A head with its signature, when the change travels elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The head's bytes, exactly as signed.
    #[serde(with = "serde_bytes")]
    pub head: Vec<u8>,
    /// Ed25519 over a fixed prefix and the head's bytes.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// Signs a head and puts the change beside it.
///
/// # Errors
/// The head is larger than a head may be.
pub fn seal(
    key: &SigningKey,
    head: &EnvelopeHead,
    change: Vec<u8>,
) -> Result<Envelope, ProtocolError> {
    let head = wire::pack(head)?;
    if head.len() > limits::HEAD_BYTES {
        return Err(ProtocolError::TooLarge {
            limit: limits::HEAD_BYTES,
        });
    }
    let signature = key.sign(&signed_bytes(&head)).to_bytes().to_vec();
    Ok(Envelope {
        head,
        signature,
        change,
    })
}

/// Reads an envelope's head. Nothing is verified yet.
///
/// # Errors
/// The head is too large, malformed or of a newer version.
pub fn open(envelope: &Envelope) -> Result<EnvelopeHead, ProtocolError> {
    open_head(&envelope.head)
}

/// Reads a head's bytes. Nothing is verified yet.
///
/// # Errors
/// The head is too large, malformed or of a newer version.
pub fn open_head(head: &[u8]) -> Result<EnvelopeHead, ProtocolError> {
    if head.len() > limits::HEAD_BYTES {
        return Err(ProtocolError::TooLarge {
            limit: limits::HEAD_BYTES,
        });
    }
    let head: EnvelopeHead = wire::unpack(head)?;
    if head.version > ENVELOPE_VERSION {
        return Err(ProtocolError::TooNew {
            found: head.version.into(),
            known: ENVELOPE_VERSION.into(),
        });
    }
    Ok(head)
}

/// Whether the head was signed by this key.
///
/// # Errors
/// It was not.
pub fn verify(key: &VerifyingKey, head: &[u8], signature: &[u8]) -> Result<(), ProtocolError> {
    let signature = Signature::from_slice(signature).map_err(|_| ProtocolError::BadSignature)?;
    key.verify_strict(&signed_bytes(head), &signature)
        .map_err(|_| ProtocolError::BadSignature)
}

/// SHA-256 of a head's bytes: what the next head of the chain names as `previous`.
pub fn head_hash(head: &[u8]) -> [u8; 32] {
    Sha256::digest(head).into()
}

fn signed_bytes(head: &[u8]) -> Vec<u8> {
    [DOMAIN, head].concat()
}
