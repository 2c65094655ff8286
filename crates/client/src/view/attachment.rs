//! Photos, signatures and recordings of a record.

use super::child::{OptionView, RecordState};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A photo.
    Photo,
    /// A signature.
    Signature,
    /// A recording.
    Audio,
}

/// Attachments of a form or of a child's records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttachmentListView {
    /// Oldest first.
    pub rows: Vec<AttachmentView>,
    /// On a form: who may sign it; empty where nobody is asked whose signature it is.
    pub signers: Vec<OptionView>,
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttachmentView {
    /// Its id.
    pub id: String,
    /// The document it belongs to; null on a form.
    pub document: Option<String>,
    /// The record it belongs to, an event or a piece of work as well; null on a form.
    pub record: Option<String>,
    /// What it is.
    pub kind: AttachmentKind,
    /// Bytes.
    pub size: u32,
    /// There is a small picture of it.
    pub has_thumb: bool,
    /// On a form, on this device only, at the station, or not taken.
    pub state: RecordState,
    /// Whose signature it is, in words; null for what is none, and where nobody was asked.
    pub signer: Option<String>,
}

/// Something added to a form.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AddAttachmentInput {
    /// Draft id.
    pub draft: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// The file, base64. A signature is the JSON of its strokes.
    pub bytes: String,
    /// Of a signature: whose it is, a code of the list's signers.
    #[serde(default)]
    #[ts(optional)]
    pub signer: Option<String>,
}

/// An attachment of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DraftAttachmentInput {
    /// Draft id.
    pub draft: String,
    /// Attachment id.
    pub id: String,
}

/// What to open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpenAttachmentInput {
    /// The document it belongs to; null on a form.
    pub document: Option<String>,
    /// Attachment id.
    pub id: String,
    /// The small picture only.
    pub thumb: bool,
}

/// An attachment opened, or on its way: ask again until `data` is there.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpenedAttachmentView {
    /// Bytes here.
    pub done: u32,
    /// Bytes in all.
    pub total: u32,
    /// `image/jpeg`, `application/json` for strokes, or the recording's type; empty until it is here.
    pub media_type: String,
    /// The content, base64.
    pub data: Option<String>,
}

ids::withhold!(AddAttachmentInput, OpenedAttachmentView);
