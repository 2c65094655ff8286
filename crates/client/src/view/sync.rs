//! Sync in plain words.

use super::child::RecordState;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the sync is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SyncPhase {
    /// Nothing to do or waiting.
    Idle,
    /// Connecting.
    Connecting,
    /// Sending.
    Sending,
    /// Receiving.
    Receiving,
}

/// The sync page and the strip on every screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SyncView {
    /// The server was reached the last time it was tried.
    pub online: bool,
    /// What it is doing.
    pub phase: SyncPhase,
    /// Parts done in this run.
    pub done: u32,
    /// Parts expected in this run.
    pub total: u32,
    /// Last success, RFC 3339.
    pub last_success: Option<String>,
    /// Records not delivered yet.
    pub unsent: Vec<RecordRow>,
    /// Photos, signatures and recordings still to be sent; they go after the words.
    pub photos_unsent: u32,
    /// Bytes of them still to be sent.
    pub photo_bytes_unsent: u32,
    /// Records that need a person, with reason.
    pub needs_you: Vec<RecordRow>,
    /// Records delivered from this device so far.
    pub delivered: u32,
    /// Error code of the last try, words in the locale file; null when it went well.
    pub problem: Option<String>,
    /// The server keeps a second copy; false is said plainly at the station.
    pub second_copy: bool,
    /// The server was set back to an older copy and gathers what it lost.
    pub recovery: Option<RecoveryView>,
    /// Changes from elsewhere that this device could not read or did not believe; kept, and tried again by the next version.
    pub set_aside: u32,
    /// Records erased by order before they had arrived at the server.
    pub erased_unsent: u32,
    /// The device clock is off by more than ten minutes against the server: minutes.
    pub clock_skew_minutes: Option<i64>,
    /// Little room is left on this device: photos do not fit any more, words do.
    pub low_on_space: bool,
}

/// How a server that was restored gathers what it lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecoveryView {
    /// It takes everything and shows nothing yet.
    pub hold: bool,
    /// Since when, RFC 3339.
    pub since: String,
    /// Changes that came back.
    pub returned: u32,
    /// Numbers nothing was found for so far.
    pub unexplained: u32,
}

/// A record's line.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecordRow {
    /// Change hash, hex.
    pub record: String,
    /// 石小雨 走访.
    pub text: String,
    /// RFC 3339.
    pub at: String,
    /// State.
    pub state: RecordState,
    /// Refusal code, words in the locale file under `refusals.<code>`.
    pub reason: Option<String>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RecordRow);
