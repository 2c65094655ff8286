//! Erasing a file (删除档案): asked for by one person of the station, decided by a head on another device, and put off
//! while it must be kept (暂缓删除). ADR 0029.
//!
//! Which child it is and why is here only until it is decided: afterwards ids and words are gone, and what stays is who,
//! when, on what basis, how many documents, and which devices have not yet said under their signature that they are gone
//! there, too.

use crate::envelope::Envelope;
use ids::{DeviceId, DocumentId, StaffId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST /erasures/request`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestErasure {
    /// Made by the device, so that the message may be repeated.
    pub id: Uuid,
    /// The child's file; of what was left behind: the problem or child that left.
    pub child: DocumentId,
    /// What goes with it: problems, sealed notes and the household of this child alone. With a part: the other documents
    /// that quote it. Of what was left behind: the sealed documents about it.
    pub with: Vec<DocumentId>,
    /// Every child these documents are about, as far as the device reads it: none of them may have to be kept (ADR 0054).
    #[serde(default)]
    pub about: Vec<DocumentId>,
    /// What it is about left the township, and only what is sealed about it is here still (ADR 0054).
    #[serde(default)]
    pub left: bool,
    /// On what ground: a code of the policy list.
    pub basis: String,
    /// The person's own words about it; kept sealed until it is decided.
    pub words: String,
    /// One thing of one document instead of the file.
    #[serde(default)]
    pub part: Option<ErasedPart>,
}

/// One thing of one document that is to go, with everything it ever said (ADR 0030). The server keeps it sealed and does
/// not look at it but for the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedPart {
    /// The document.
    pub document: DocumentId,
    /// The collection of an entry; none for a field.
    pub entry: Option<(String, String)>,
    /// The key.
    pub key: String,
    /// Only what it said before goes.
    pub keep_now: bool,
    /// How a person calls it; never what it says.
    pub label: String,
    /// Of a member of a household: her rows in other households, each its document and the first id it had.
    #[serde(default)]
    pub also: Vec<(DocumentId, String)>,
}

/// A document built anew without one thing: what a head sends along when she agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// SHA-256 over the hashes of every change it was built from, in their order: all the server has, or nothing is done.
    #[serde(with = "serde_bytes")]
    pub basis: [u8; 32],
    /// The first changes of the next generation.
    pub envelopes: Vec<Envelope>,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// A head has to decide.
    Asked,
    /// It was decided and ordered.
    Ordered,
    /// The file stays.
    Declined,
    /// Nobody decided in time.
    Expired,
}

impl ErasureState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Ordered, Self::Declined, Self::Expired];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Ordered => "ordered",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// `POST /erasures/decide`: a head, and not the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideErasure {
    /// The request.
    pub id: Uuid,
    /// Whether it is erased.
    pub approve: bool,
    /// The document without it, where one thing is to go.
    #[serde(default)]
    pub renewal: Option<Renewal>,
    /// The other documents of the request without it, in its order.
    #[serde(default)]
    pub also: Vec<Renewal>,
}

/// `POST /erasures/hold`: a head says that a file must be kept, or need not be any more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetHold {
    /// The child's file.
    pub child: DocumentId,
    /// Everything else that is about this child, also what is about others as well.
    pub with: Vec<DocumentId>,
    /// Whether it must be kept. Said of a file that must not, what its hold covered is free, but for what another one covers.
    pub hold: bool,
    /// Why: a case, an inspection; kept sealed.
    pub words: String,
}

/// A request as everybody of the station sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose file; none once it was decided.
    pub child: Option<DocumentId>,
    /// What goes with it; empty once it was decided.
    pub with: Vec<DocumentId>,
    /// How many documents, the child's own counted.
    pub documents: u32,
    /// On what ground.
    pub basis: String,
    /// The words; empty once it was decided.
    pub words: String,
    /// Who asked.
    pub staff: StaffId,
    /// When.
    pub at_ms: i64,
    /// Until when somebody may decide.
    pub expires_ms: i64,
    /// Where it stands.
    pub state: ErasureState,
    /// Who decided.
    pub decided_by: Option<StaffId>,
    /// When it was decided.
    pub decided_ms: Option<i64>,
    /// Devices that have not said yet that all of it is gone there. Devices that were wiped do not count.
    pub missing: Vec<DeviceId>,
    /// Of how many documents each of them has not said so, in the same order; nothing from a server of before.
    #[serde(default)]
    pub lacks: Vec<u32>,
    /// Devices that have said so of every document.
    pub receipts: u32,
    /// What of the file is to go; none where all of it is, and once it was decided.
    #[serde(default)]
    pub part: Option<ErasedPart>,
}

/// A file that must be kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRecord {
    /// The child's file.
    pub child: DocumentId,
    /// Why.
    pub words: String,
    /// Who said so.
    pub staff: Option<StaffId>,
    /// Since when.
    pub at_ms: i64,
}

/// `POST /erasures/list` and the answer to the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureList {
    /// Newest first.
    pub erasures: Vec<ErasureRecord>,
    /// Files that must be kept.
    pub holds: Vec<HoldRecord>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RequestErasure, SetHold, ErasureRecord, HoldRecord);
