//! What a station reports to the district, as either side sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How many: exactly so many, or some from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CountView {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

/// The page 各街镇.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StationsView {
    /// When this was received last, RFC 3339; null before the first time.
    pub heard: Option<String>,
    /// What was closed and the district has said nothing of, of all stations.
    pub waiting: Vec<ReportLineView>,
    /// What was asked for on this device.
    pub cases: Vec<CaseView>,
    /// What is urgent and not over, of all stations.
    pub lines: Vec<ReportLineView>,
    /// Stations; those that were silent for longest first.
    pub rows: Vec<StationRow>,
}

/// A station in the list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StationRow {
    /// Unit.
    pub station: String,
    /// Name.
    pub name: String,
    /// The day of its report; null when there is none.
    pub day: Option<String>,
    /// How many days ago that was.
    pub days: Option<u32>,
    /// Nothing was heard for longer than the policy's days.
    pub silent: bool,
    /// Children whose file runs.
    pub children: CountView,
    /// Children that should have been seen.
    pub overdue: CountView,
    /// Problems that are not over.
    pub problems: CountView,
    /// Lines that are not over.
    pub lines: u32,
}

/// A station's report.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StationReportView {
    /// Unit.
    pub station: String,
    /// Name.
    pub name: String,
    /// The day it was made; null when there is none.
    pub day: Option<String>,
    /// How many days ago that was.
    pub days: Option<u32>,
    /// Nothing was heard for longer than the policy's days.
    pub silent: bool,
    /// Counts smaller than this may stand as some.
    pub below: u32,
    /// What is urgent.
    pub lines: Vec<ReportLineView>,
    /// Lines there was no room for.
    pub left_out: u32,
    /// Cases that were asked of it, the newest first.
    pub cases: Vec<CaseView>,
    /// Villages.
    pub villages: Vec<ReportedVillageView>,
}

/// A problem that is a matter of life and safety, or had to be reported.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportLineView {
    /// Its number, by which officer and station speak of it.
    pub problem: String,
    /// The station's unit.
    pub station: String,
    /// The station's name.
    pub station_name: String,
    /// The village's name.
    pub village: String,
    /// What it is; its number for whoever is told that alone.
    pub kind: String,
    /// How grave, in the pack's words.
    pub severity: String,
    /// How grave, S1 to S4.
    pub severity_code: String,
    /// The day it was reported.
    pub day: String,
    /// Where it stands, a code.
    pub state: String,
    /// It is not over.
    pub open: bool,
    /// It had to be reported to the police.
    pub mandatory: bool,
    /// There is a receipt of that.
    pub receipt: bool,
    /// What is next, a code.
    pub step: Option<String>,
    /// By whom, a code.
    pub side: Option<String>,
    /// Until which day.
    pub until: Option<String>,
    /// That day is over.
    pub late: bool,
    /// The closing the district may countersign.
    pub closing: Option<String>,
    /// How it stands with the district: waiting, countersigned, not_over; null where that is not asked.
    pub review: Option<String>,
    /// Who said so.
    pub review_by: Option<String>,
    /// When, RFC 3339.
    pub review_at: Option<String>,
    /// Why, where it was said on this device.
    pub review_reason: Option<String>,
    /// It was said here, and the server has not got it yet.
    pub review_unsent: bool,
    /// It was said here, and the server did not take it.
    pub review_refused: bool,
}

/// A case the district asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaseView {
    /// Which request.
    pub case: String,
    /// The problem.
    pub problem: String,
    /// Who asked.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why; null where this device cannot read it.
    pub reason: Option<String>,
    /// asked, sent, declined.
    pub state: String,
    /// Nobody answered for longer than the policy's days.
    pub late: bool,
    /// Days since it was asked.
    pub days: u32,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When.
    pub answered_at: Option<String>,
    /// Number of the export.
    pub number: Option<String>,
    /// Until when it can be opened.
    pub until: Option<String>,
    /// It can be opened.
    pub there: bool,
    /// When it was fetched first.
    pub fetched: Option<String>,
    /// Why it was declined; null where this device cannot read it.
    pub declined: Option<String>,
    /// This person may answer.
    pub may_answer: bool,
    /// Nobody may: every head of the station is not to act for the family. Said to whoever is told whose it is.
    pub lacks_head: bool,
}

/// An officer asks for a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AskCaseInput {
    /// The problem.
    pub problem: String,
    /// Why.
    pub reason: String,
}

/// The head declines.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeclineCaseInput {
    /// Which request.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// The head sends a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SendCaseInput {
    /// What was asked for.
    pub id: String,
    /// The approved request it is sent by, if one was needed.
    pub request: Option<String>,
}

/// What was sent of a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CaseFileView {
    /// Its name.
    pub file_name: String,
    /// Opens it.
    pub password: String,
    /// Base64.
    pub bytes: String,
}

/// What an officer says of a closing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CountersignInput {
    /// The problem.
    pub problem: String,
    /// The closing.
    pub closing: String,
    /// countersigned or not_over.
    pub verdict: String,
    /// Why it is not over; empty otherwise.
    pub reason: String,
}

/// A village in numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportedVillageView {
    /// Unit.
    pub village: String,
    /// Name.
    pub name: String,
    /// Children whose file runs.
    pub children: CountView,
    /// By category; a child may be in several.
    pub categories: Vec<ReportedCodeView>,
    /// By how their dates stand.
    pub cadence: Vec<ReportedCodeView>,
    /// Problems by severity and step.
    pub problems: Vec<ReportedProblemView>,
}

/// How many of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportedCodeView {
    /// Code.
    pub code: String,
    /// In the pack's words.
    pub label: String,
    /// How many.
    pub count: CountView,
}

/// How many problems of a severity stand where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportedProblemView {
    /// How grave, in the pack's words.
    pub severity: String,
    /// Where they stand, a code.
    pub state: String,
    /// They are not over.
    pub open: bool,
    /// How many.
    pub count: CountView,
}
