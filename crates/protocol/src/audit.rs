//! The audit trail on the wire: a device brings the rows of its chain, and those who may read it ask for a stretch of time
//! (ADR 0025). Rows are [`AuditEntry`], which holds ids and codes.

use crate::wire::ProtocolError;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use ids::audit::{AuditEntry, head_bytes};
use ids::{DeviceId, Incarnation, StaffId, UnitId};
use serde::{Deserialize, Serialize};

/// `POST /audit/bring`, and `POST /handover/trail` of a stopped device: rows of the device's own chain, one after the other,
/// the end signed by the device.
/// Without rows it asks how far the server has the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BringAudit {
    /// Which of the device's memories wrote them.
    pub incarnation: Incarnation,
    /// Number of the row before the first of these; 0 at the beginning.
    pub after: u64,
    /// Hash of that row; zeros at the beginning.
    #[serde(with = "serde_bytes")]
    pub previous: [u8; 32],
    /// The rows.
    pub rows: Vec<AuditEntry>,
    /// The device's signature over the end of them ([`sign_head`]); empty without rows.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// Answer to [`BringAudit`]: how far the server has this chain. Where it does not have the row the message began after, it
/// says what it has, and the device goes on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTaken {
    /// Number of the last row.
    pub number: u64,
    /// Its hash.
    #[serde(with = "serde_bytes")]
    pub head: [u8; 32],
}

/// `POST /audit/list`: the rows of a stretch of time. A station reads its township's, a director her own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAudit {
    /// From this moment on.
    pub from_ms: i64,
    /// Before this one.
    pub until_ms: i64,
    /// Only what this person did.
    #[serde(default)]
    pub staff: Option<StaffId>,
    /// Of the devices' rows only those with these codes; none means all. The counts are of all, and so is what the server
    /// wrote.
    #[serde(default)]
    pub actions: Vec<String>,
    /// The page after this one; none for the first.
    pub page: Option<u64>,
}

/// Answer to [`ReadAudit`], in the order the server heard of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The rows of devices and of the server.
    pub rows: Vec<AuditRecord>,
    /// Where the next page goes on; none after the last.
    pub next: Option<u64>,
    /// How often who did what in that time; on the first page.
    pub counts: Vec<AuditCount>,
    /// What does not hold in the chains of these devices: a missing or altered row, two memories that wrote one chain.
    pub faults: Vec<AuditFault>,
}

/// How often one person did one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCount {
    /// Who; nobody where it was done at the server itself.
    pub staff: Option<StaffId>,
    /// What: a code.
    pub action: String,
    /// How often.
    pub count: u64,
}

/// Acts the district is told the number of: who looked at what kind of thing, looked behind a mask, opened in an emergency,
/// took data out or printed it, and mistook a PIN. In the order they are shown.
pub const AUDIT_COUNTED: [&str; 20] = [
    "view_child",
    "view_visit",
    "view_problem",
    "view_attachment",
    "view_restricted",
    "search_number",
    "view_conflict",
    "view_inbox",
    "view_late",
    "view_list",
    "field_shown",
    "opened_urgently",
    "export_made",
    "export_taken",
    "packet_made",
    "import_result_taken",
    "yearly_pack_made",
    "print_made",
    "unlock_failed",
    "step_up_refused",
];
/// Those with a purpose and a number of rows.
pub const AUDIT_LEFT: [&str; 4] = [
    "export_made",
    "packet_made",
    "import_result_taken",
    "print_made",
];

/// `POST /audit/counts`: a month of the trails of the district's townships, in numbers. A whole month and no other stretch of
/// time, so that nobody's days are timed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAuditCounts {
    /// `2026-11`.
    pub month: String,
}

/// Answer to [`ReadAuditCounts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCounts {
    /// In administrative order.
    pub stations: Vec<StationAudit>,
}

/// What was done in one township.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationAudit {
    /// Which.
    pub station: UnitId,
    /// Its name.
    pub name: String,
    /// Somebody of the station looked that month through.
    pub reviewed: bool,
    /// Who did anything.
    pub people: Vec<PersonAudit>,
}

/// What one person did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonAudit {
    /// Who.
    pub staff: StaffId,
    /// Her name; empty where the server does not know it any more.
    pub name: String,
    /// How often what.
    pub counts: Vec<CountedAct>,
}

/// How often one thing was done, for one purpose where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedAct {
    /// What: a code of [`AUDIT_COUNTED`].
    pub action: String,
    /// What for: a code of the policy.
    pub purpose: Option<String>,
    /// How often.
    pub count: u64,
    /// Rows that left, of all of them together.
    pub rows: u64,
}

/// A row, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// The device that wrote it or did it; none where the server or whoever sits at it did.
    pub device: Option<DeviceId>,
    /// Whether it stands in the server's chain, not in a device's.
    pub at_server: bool,
    /// Whether somebody at the server itself did it.
    pub by_operator: bool,
    /// The row.
    pub row: AuditEntry,
}

/// Something about a device's chain that somebody should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFault {
    /// Whose chain.
    pub device: DeviceId,
    /// From which row on.
    pub number: u64,
    /// What.
    pub kind: AuditFaultKind,
}

/// What may be wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditFaultKind {
    /// Rows are missing.
    Missing,
    /// A row does not fit the one before, or its end was not signed by the device.
    Altered,
    /// Two memories wrote it: the device was copied, or set back and used.
    Forked,
}

impl AuditFaultKind {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            AuditFaultKind::Missing => "missing",
            AuditFaultKind::Altered => "altered",
            AuditFaultKind::Forked => "forked",
        }
    }
}

/// The device's signature over the end of its chain.
pub fn sign_head(
    key: &SigningKey,
    device: DeviceId,
    incarnation: Incarnation,
    number: u64,
    head: &[u8; 32],
) -> Vec<u8> {
    key.sign(&head_bytes(device, incarnation, number, head))
        .to_bytes()
        .to_vec()
}

/// Whether the device signed this end of its chain.
///
/// # Errors
/// It did not.
pub fn verify_head(
    key: &VerifyingKey,
    device: DeviceId,
    incarnation: Incarnation,
    (number, head): (u64, &[u8; 32]),
    signature: &[u8],
) -> Result<(), ProtocolError> {
    let signature = Signature::from_slice(signature).map_err(|_| ProtocolError::BadSignature)?;
    key.verify_strict(&head_bytes(device, incarnation, number, head), &signature)
        .map_err(|_| ProtocolError::BadSignature)
}
