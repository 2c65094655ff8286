//! Whole documents: page by page for a new tablet, and one that a device let go and needs again.

use crate::envelope::{DocumentHeader, SignedHead};
use crate::message::{Cursor, MemberRecord, SignedStatement};
use ids::{DocKind, DocumentId, Generation, UnitId};
use serde::{Deserialize, Serialize};

/// `POST /snapshot`: for a new tablet. Any page may be asked for again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRequest {
    /// Protocol version.
    pub protocol: u16,
    /// `next` of the page before; none for the first.
    pub page: Option<String>,
    /// Raw bytes wanted; 0 means the server's usual number.
    pub want_bytes: u32,
}

/// Answer to [`SnapshotRequest`]. Roster first: households and children, then the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotPage {
    /// Taken before the first page; the log is read from here afterwards, overlap is harmless.
    pub cursor: Cursor,
    /// On the first page: the organisation as far as the caller sees it.
    pub members: Vec<MemberRecord>,
    /// The members under the server's signature, in the same order.
    #[serde(default)]
    pub member_statements: Vec<SignedStatement>,
    /// On the first page: every order, a [`crate::NumberedOrder`] each.
    #[serde(default)]
    pub orders: Vec<SignedStatement>,
    /// On the first page: the policy packs, as (id, JSON text).
    pub policies: Vec<(String, String)>,
    /// Whole documents.
    pub documents: Vec<DocumentSnapshot>,
    /// The next page, if any.
    pub next: Option<String>,
    /// Documents in all.
    pub total_documents: u32,
    /// Documents up to and with this page.
    pub done_documents: u32,
    /// The server's clock.
    pub server_time_ms: i64,
}

/// `POST /documents/read`: one document whole, which the device let go when its file ended and needs again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadDocument {
    /// Which.
    pub document: DocumentId,
}

/// Answer to [`ReadDocument`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeDocument {
    /// The document; none where there is no such one, or it does not concern the caller.
    pub document: Option<DocumentSnapshot>,
}

/// One document with everything it is made of, except its constants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSnapshot {
    /// The document.
    pub document: DocumentId,
    /// Its generation.
    pub generation: Generation,
    /// Its kind.
    pub kind: DocKind,
    /// Where it belongs now.
    pub home_unit: UnitId,
    /// As its creator signed it.
    pub header: DocumentHeader,
    /// The change chunks one after the other, in log order.
    #[serde(with = "serde_bytes")]
    pub changes: Vec<u8>,
    /// The signed head of each chunk, in the same order, with number and time in the log.
    pub envelopes: Vec<EnvelopeIndex>,
    /// People and devices that wrote in it and that the caller would not see otherwise: it lived elsewhere before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<MemberRecord>,
    /// The same under the server's signature, in the same order: whoever has the document carries them back with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub author_statements: Vec<SignedStatement>,
}

/// The envelope of one chunk in a [`DocumentSnapshot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeIndex {
    /// Number in the scope's log; 0 for what was written while the document lived in another scope.
    pub seq: u64,
    /// When the server took it.
    pub at_ms: i64,
    /// Length of the chunk.
    pub length: u32,
    /// Head and signature.
    pub signed: SignedHead,
}
