//! 回避 (conflict of interest): a person who is a relative of a family, or otherwise involved, is not the one who acts for
//! it (docs/adr/0034).
//!
//! It is an order for each document it is about, so that every device knows it and no restore forgets it. Why somebody is
//! not to act stands at the server alone and is told to the station alone.

use ids::{DocumentId, StaffId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Id of a recusal; the orders about its documents share it.
pub type RecusalId = Uuid;

/// `POST /people/recuse`: a person is not to act for these documents. The answer is a [`RecusalList`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecusePerson {
    /// Made by the device, so that the message may be repeated.
    pub id: RecusalId,
    /// The household, the children's files, their problems and sealed notes.
    pub documents: Vec<DocumentId>,
    /// Who is not to act.
    pub staff: StaffId,
    /// Who visits in her stead; the station when nobody is named.
    pub stead: Option<StaffId>,
    /// Until when, where that is known beforehand.
    pub until_ms: Option<i64>,
    /// Why: a code of the policy's list.
    pub reason: String,
}

/// `POST /people/recuse/end`: it is over; never said by the person herself. The answer is a [`RecusalList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndRecusal {
    /// Which.
    pub id: RecusalId,
}

/// A recusal as the station sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecusalRecord {
    /// Id.
    pub id: RecusalId,
    /// What it is about.
    pub documents: Vec<DocumentId>,
    /// Who is not to act.
    pub staff: StaffId,
    /// Who visits in her stead; the station when nobody is named.
    pub stead: Option<StaffId>,
    /// Since when.
    pub from_ms: i64,
    /// Until when, or since when it is over.
    pub until_ms: Option<i64>,
    /// Why; empty where a restored server was told by a device, which does not know.
    pub reason: String,
    /// Who said so; nobody known where a restored server was told by a device.
    pub said_by: Option<StaffId>,
}

/// Answer to both, and to `POST /people/recusals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecusalList {
    /// Newest first, those that are over too.
    pub recusals: Vec<RecusalRecord>,
}
