//! Exports that need a second person: asked for, decided on another device, used once (P-12, ADR 0025).
//! The rows themselves never come here; who, why, which fields and how many do.

use ids::{DeviceId, StaffId, UnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST /exports/request`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestExport {
    /// Made by the device, so that the message may be repeated.
    pub id: Uuid,
    /// Which register: its code.
    pub ledger: String,
    /// One village's, or the whole township's.
    pub unit: Option<UnitId>,
    /// What for: a code of the policy list.
    pub purpose: String,
    /// The person's own words about it; kept sealed.
    pub words: String,
    /// Keys of the columns.
    pub fields: Vec<String>,
    /// Rows now.
    pub rows: u32,
    /// With whole ID numbers.
    pub full_numbers: bool,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Somebody else has to decide.
    Asked,
    /// It may be made, once.
    Approved,
    /// It may not.
    Declined,
    /// It was made.
    Used,
    /// Nobody decided, or nobody made it, in time.
    Expired,
}

impl ExportState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Asked,
        Self::Approved,
        Self::Declined,
        Self::Used,
        Self::Expired,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// `POST /exports/decide`: another person than the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideExport {
    /// The request.
    pub id: Uuid,
    /// Yes or no.
    pub approve: bool,
}

/// `POST /exports/use`: the device that asked makes it now. Answered once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseExport {
    /// The request.
    pub id: Uuid,
    /// Rows it has by now: no more than were approved.
    pub rows: u32,
}

/// Answer to all of them: the requests of the township that matter now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportList {
    /// Newest first.
    pub exports: Vec<ExportRecord>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRecord {
    /// What was asked.
    pub asked: RequestExport,
    /// By whom.
    pub staff: StaffId,
    /// On which device.
    pub device: DeviceId,
    /// When.
    pub at_ms: i64,
    /// Until when it can be decided or used.
    pub expires_ms: i64,
    /// Where it stands.
    pub state: ExportState,
    /// Who decided.
    pub decided_by: Option<StaffId>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RequestExport);
