//! 导出: what is asked before a register leaves the station, and what came of it.

use super::child::OptionView;
use super::problem::PaperPersonView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What to export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportFormInput {
    /// L1 | L2; FILE | PACKET | RESULT where it is about one child, one matter or one import.
    pub ledger: String,
    /// That child, matter or import; none for a register.
    pub about: Option<String>,
    /// One village, or none for all.
    pub village: Option<String>,
}

/// What is said before anybody decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportFormView {
    /// The registers there are.
    pub ledgers: Vec<ExportLedgerView>,
    /// How many children it would be.
    pub rows: u32,
    /// The columns.
    pub fields: Vec<ExportFieldView>,
    /// What for.
    pub purposes: Vec<ExportPurposeView>,
    /// More rows need a second person; what left within a day is counted already.
    pub limit: u32,
    /// Minutes the file can be taken.
    pub minutes: u32,
}

/// A register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportLedgerView {
    /// Code.
    pub code: String,
    /// Name.
    pub label: String,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportFieldView {
    /// Key.
    pub key: String,
    /// Heading.
    pub label: String,
    /// Its values are hidden but for the first three and last four digits.
    pub masked: bool,
}

/// A purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportPurposeView {
    /// Code.
    pub code: String,
    /// Words.
    pub label: String,
    /// Whole ID numbers may be asked for.
    pub full_numbers: bool,
}

/// An export somebody wants.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportInput {
    /// The approved request it is made from, if one was needed.
    pub request: Option<String>,
    /// L1 | L2; FILE | PACKET | RESULT where it is about one child, one matter or one import.
    pub ledger: String,
    /// That child, matter or import; none for a register.
    pub about: Option<String>,
    /// One village, or none for all.
    pub village: Option<String>,
    /// A purpose's code.
    pub purpose: String,
    /// The person's own words about it.
    pub words: String,
    /// Keys of the columns; of what goes with a referral, that one's id before them.
    pub fields: Vec<String>,
    /// With whole ID numbers.
    pub full_numbers: bool,
}

/// The file of one child is to leave.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportChildInput {
    /// The approved request it is made from, if one was needed.
    pub request: Option<String>,
    /// Child.
    pub child: String,
    /// A purpose's code.
    pub purpose: String,
    /// The person's own words about it.
    pub words: String,
}

/// A file was made. The password is here and nowhere else, and is shown once.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportMadeView {
    /// Export id.
    pub id: String,
    /// The number printed on it.
    pub number: String,
    /// What the file is called.
    pub file_name: String,
    /// What opens it.
    pub password: String,
    /// Rows.
    pub rows: u32,
    /// Until when the file can be taken.
    pub until: String,
}

/// A file to take.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportFileView {
    /// What it is called.
    pub file_name: String,
    /// The file in base64.
    pub bytes: String,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportsView {
    /// What was made here, newest first.
    pub made: Vec<ExportRowView>,
    /// Requests of the township; none while the server cannot be reached.
    pub requests: Vec<ExportRequestView>,
    /// The server was reached, so `requests` is true now.
    pub is_current: bool,
}

/// An export made here.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportRowView {
    /// Export id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Moment.
    pub at: String,
    /// Register in words.
    pub ledger: String,
    /// Purpose in words.
    pub purpose: String,
    /// The person's own words.
    pub words: String,
    /// Rows.
    pub rows: u32,
    /// Whole ID numbers are in it.
    pub full_numbers: bool,
    /// The file can still be taken, until then.
    pub until: Option<String>,
}

/// A request for a second person.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExportRequestView {
    /// Request id.
    pub id: String,
    /// Who asks.
    pub by: String,
    /// Moment.
    pub at: String,
    /// What would be exported.
    pub input: ExportInput,
    /// Register in words.
    pub ledger: String,
    /// Whose file or which matter it is about; nothing for a register, or where it is not known here.
    pub about: Option<String>,
    /// Village, or nothing for the whole township.
    pub village: Option<String>,
    /// Purpose in words.
    pub purpose: String,
    /// Columns in words.
    pub fields: Vec<String>,
    /// Rows.
    pub rows: u32,
    /// asked | approved | declined | used | expired.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// This person may decide.
    pub may_decide: bool,
    /// This person may make it now.
    pub may_make: bool,
}

/// A second person decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DecideExportInput {
    /// Request id.
    pub id: String,
    /// Yes or no.
    pub approve: bool,
}

/// What is asked before numbers are given to others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FiguresFormView {
    /// Whom they are for.
    pub purposes: Vec<OptionView>,
    /// Counts from one to fewer than this are kept back, and others with them.
    pub below: u32,
    /// Minutes the file can be taken.
    pub minutes: u32,
}

/// Numbers to give.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FiguresInput {
    /// A code of FIGURES_PURPOSE.
    pub purpose: String,
    /// The person's own words about it.
    pub words: String,
}

/// A year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct YearInput {
    /// `2026`.
    pub year: u16,
}

/// Something is about to be printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PrintInput {
    /// What: audit_month | incident_letter | packet_receipt | report | returned | right_answer | sign_list | work_log.
    pub what: String,
    /// What it is about: the problem a report tells of, the returned record, the request that was answered, the activity
    /// that is signed for, the month of a log or of the trail (`2026-11`).
    pub of: String,
    /// A purpose's code.
    pub purpose: String,
}

/// The number that stands on the paper.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PrintView {
    /// Its number.
    pub number: String,
    /// The line that stands on it: who, which unit, when.
    pub line: String,
    /// Whom a report is about, with whole telephone numbers.
    pub people: Vec<PaperPersonView>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    ExportInput,
    ExportChildInput,
    FiguresInput,
    ExportMadeView,
    ExportRowView,
    ExportRequestView,
    PrintView,
    ExportFileView
);
