//! 要看一件事: an officer of the district asks a station for a case, and the station sends what is needed to her alone, or
//! says why not (docs/adr/0039).
//!
//! The server passes it on and can read none of it: the reason is sealed to the station's key, the answer and the file to
//! the key of the very device that asked. A file stays for its days and is gone then.

use crate::countersign::SealedReason;
use crate::limits;
use crate::message::DeviceCertificate;
use crate::session::proof;
use crate::wire::ProtocolError;
use ed25519_dalek::VerifyingKey;
use ids::{DocumentId, Role, StaffId, UnitId};
use serde::{Deserialize, Serialize};
pub use serde_bytes::ByteBuf;
use uuid::Uuid;

/// Id of a request; made by the device, so that the message may be repeated.
pub type CaseId = Uuid;

/// `POST /cases/ask`: an officer asks for a case. The answer is [`crate::Reports`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskCase {
    /// Which request.
    pub id: CaseId,
    /// The station that reported it.
    pub station: UnitId,
    /// The problem its line is about.
    pub problem: DocumentId,
    /// Why she needs it, for [`for_asking`].
    pub reason: SealedReason,
}

/// `POST /cases/answer`: the head answers, once. The answer is [`crate::Reports`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerCase {
    /// Which request.
    pub id: CaseId,
    /// What she says.
    pub answer: CaseAnswer,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseAnswer {
    /// The file goes to her.
    Send {
        /// Number of the export, as it stands on every page.
        number: String,
        /// Until when it can be fetched.
        until_ms: i64,
        /// A [`SentCase`], sealed to the asking device for [`for_file`].
        sealed: ByteBuf,
    },
    /// It does not.
    Decline {
        /// Why, sealed to the asking device for [`for_declining`].
        sealed: ByteBuf,
    },
}

/// `POST /cases/read`: the asking device fetches what was sent; answered with [`CaseFile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCase {
    /// Which request.
    pub id: CaseId,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFile {
    /// A [`SentCase`], sealed.
    pub sealed: ByteBuf,
}

/// A file with what opens it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCase {
    /// Its name.
    pub file_name: String,
    /// Opens it.
    pub password: String,
    /// The encrypted workbook.
    pub file: ByteBuf,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Nobody answered yet.
    Asked,
    /// The file was sent.
    Sent,
    /// It will not be.
    Declined,
}

impl CaseState {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Sent => "sent",
            Self::Declined => "declined",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Asked, Self::Sent, Self::Declined]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A request, as the station and whoever asked hear it with the reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// Which.
    pub id: CaseId,
    /// The problem.
    pub problem: DocumentId,
    /// Who asked.
    pub staff: StaffId,
    /// Her name.
    pub name: String,
    /// The asking device's [`DeviceCertificate`] under the server's key, without anybody's name.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// When, by the server's clock.
    pub at_ms: i64,
    /// Why.
    pub reason: SealedReason,
    /// Where it stands.
    pub state: CaseState,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When.
    pub answered_ms: Option<i64>,
    /// Number of the export.
    pub number: Option<String>,
    /// Until when it can be fetched.
    pub until_ms: Option<i64>,
    /// It was fetched.
    pub fetched_ms: Option<i64>,
    /// Why it was declined, sealed to the asking device.
    pub declined: Option<ByteBuf>,
}

impl AskCase {
    /// A reason of bearable length.
    pub fn is_whole(&self) -> bool {
        self.reason.epoch > 0
            && !self.reason.sealed.is_empty()
            && self.reason.sealed.len() <= limits::SEALED_REASON_BYTES
    }
}

impl AnswerCase {
    /// A number that is one, days that end, and not too much.
    pub fn is_whole(&self, now_ms: i64) -> bool {
        match &self.answer {
            CaseAnswer::Send {
                number,
                until_ms,
                sealed,
            } => {
                is_number(number)
                    && (now_ms..=now_ms.saturating_add(limits::CASE_MS)).contains(until_ms)
                    && !sealed.is_empty()
                    && sealed.len() <= limits::CASE_FILE_BYTES
            }
            CaseAnswer::Decline { sealed } => {
                !sealed.is_empty() && sealed.len() <= limits::SEALED_REASON_BYTES
            }
        }
    }
}

/// Whether a text is a number of an export and nothing else.
fn is_number(text: &str) -> bool {
    (1..=limits::CODE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Believes that a device asked as an officer of the district: the key to which the answer is sealed.
///
/// # Errors
/// Not certified by this server as an officer's, or as another person's.
pub fn asker(server: &VerifyingKey, record: &CaseRecord) -> Result<VerifyingKey, ProtocolError> {
    let certificate: DeviceCertificate = proof::read_statement(server, &record.certificate)?;
    if certificate.role != Role::Officer || certificate.staff != record.staff {
        return Err(ProtocolError::BadSignature);
    }
    VerifyingKey::from_bytes(&certificate.key).map_err(|_| ProtocolError::BadSignature)
}

/// What a reason for asking is sealed for.
pub fn for_asking(station: UnitId, epoch: u32, id: CaseId) -> String {
    format!("a case is asked for {station} {epoch} {id}")
}

/// What a reason for declining is sealed for.
pub fn for_declining(id: CaseId) -> String {
    format!("a case is declined {id}")
}

/// What a file is sealed for.
pub fn for_file(id: CaseId) -> String {
    format!("a case is sent {id}")
}

// What opens a file stays out of logs.
ids::withhold!(SentCase);
