//! 退回: what the server did not take, in words.

use super::child::{ContactInput, EditFieldInput};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The tray.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReturnedView {
    /// What needs a look, newest first.
    pub open: Vec<ReturnedRow>,
    /// What was put away; it is kept and can be brought back.
    pub put_away: Vec<ReturnedRow>,
}

/// One record that was not taken.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReturnedRow {
    /// Names the row for the other commands.
    pub id: String,
    /// visit, contact, attempt, problem, field, child, amendment, import.
    pub kind: String,
    /// 石小雨 走访.
    pub text: String,
    /// When it was written, RFC 3339.
    pub at: String,
    /// Refusal code, words in the locale file under `refusals.<code>`.
    pub reason: String,
    /// It is offered again by itself when its cause may be gone.
    pub waits: bool,
    /// Offering it again as it is may help.
    pub can_offer: bool,
    /// The child whose file it is in, when the file is here.
    pub child: Option<String>,
    /// What it says, one part per change; later work that waits with it follows.
    pub parts: Vec<ReturnedPart>,
    /// The form that opens with what was written, where there is one.
    pub redo: Option<ReturnedRedo>,
}

/// One change of a returned record.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReturnedPart {
    /// How the record is called.
    pub text: String,
    /// When it was written, RFC 3339.
    pub at: String,
    /// Its words are for the station alone and are not shown here.
    pub sealed: bool,
    /// Field by field.
    pub lines: Vec<ReturnedLine>,
}

/// One field or value.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReturnedLine {
    /// `fields.name`, `entries.note`, `form.f_mood`: how screens call it when there is no label.
    pub key: String,
    /// Label from the policy or the form.
    pub label: Option<String>,
    /// What was there before.
    pub before: Option<String>,
    /// What was written; empty when it was emptied.
    pub after: String,
}

/// A form filled with what was returned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReturnedRedo {
    /// The contact, as the contact form takes it.
    pub contact: Option<ContactInput>,
    /// The field, as the file's dialog takes it; without its value where that stands behind a mask.
    pub field: Option<EditFieldInput>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(ReturnedRow, ReturnedPart, ReturnedLine);
