//! The station's own screens.

use super::{
    child::RecordState,
    problem::{OpeningNoticeView, ProblemRow},
    today::DueView,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The overview page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OverviewView {
    /// Active children.
    pub children: u32,
    /// Villages.
    pub villages: u32,
    /// Visits due this month (window ends this month or earlier).
    pub visits_due: u32,
    /// Of those done.
    pub visits_done: u32,
    /// Children overdue now.
    pub overdue: u32,
    /// Problems waiting to be accepted.
    pub problems_waiting: u32,
    /// Tablets without a sync for seven days.
    pub silent_tablets: u32,
    /// Open conflicts.
    pub conflicts: u32,
    /// Late records waiting for a person.
    pub reviews: u32,
    /// Children needing attention: longest overdue first.
    pub attention: Vec<AttentionRow>,
    /// One row per village, administrative order.
    pub by_village: Vec<VillageRow>,
    /// Newest problems.
    pub problems: Vec<ProblemRow>,
    /// Sealed words that were opened urgently, until somebody said what is thought of it.
    pub openings: Vec<OpeningNoticeView>,
    /// Questions whether something was reported: open ones, and reasons why not that nobody here has read.
    pub questions: Vec<super::MandatoryQuestionView>,
    /// Children nobody was met for several times, or who were not seen for long.
    pub unmet: Vec<super::UnmetView>,
    /// Families the station visits, because their director is not to (回避).
    pub instead: Vec<super::InsteadRow>,
    /// Visits this person began and did not save.
    pub drafts: Vec<super::DraftRow>,
    /// The server keeps a second copy.
    pub second_copy: bool,
}

/// The station's telephone, as the page of duties shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StationPhoneView {
    /// The number; empty while nobody said it.
    pub number: String,
    /// Names of villages that do not have it.
    pub lacking: Vec<String>,
    /// This person may say it.
    pub may_set: bool,
}

/// Says the station's telephone.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StationPhoneInput {
    /// The number.
    pub number: String,
}

/// A child that needs a person.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttentionRow {
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village.
    pub village: String,
    /// Higher-frequency tier.
    pub enhanced: bool,
    /// What and since when.
    pub due: DueView,
    /// The step of being late the policy counts it to, from the second on.
    pub level: Option<u32>,
    /// Who is told of it by the policy as well, in words.
    pub told: Vec<String>,
    /// Last visit or contact of that kind.
    pub last_done: Option<String>,
    /// Director's name.
    pub director: Option<String>,
    /// When that village's tablet was last heard of, RFC 3339.
    pub tablet_seen: Option<String>,
}

/// A village in the station's list.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VillageRow {
    /// Unit id.
    pub village: String,
    /// Name.
    pub name: String,
    /// Region code.
    pub region: String,
    /// What it was called before, oldest first: name and code.
    pub former: Vec<String>,
    /// Children.
    pub children: u32,
    /// Visits done this month.
    pub done: u32,
    /// Children overdue.
    pub overdue: u32,
    /// Directors' names.
    pub directors: Vec<String>,
    /// Tablets' last sync, newest.
    pub tablet_seen: Option<String>,
}

/// A visit, contact or attempt in the inbox.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct InboxRow {
    /// Record id.
    pub record: String,
    /// visit | contact | attempt.
    pub kind: String,
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village.
    pub village: String,
    /// Civil date of the event.
    pub date: String,
    /// When it reached this station, RFC 3339.
    pub arrived: String,
    /// Who recorded it.
    pub by: String,
    /// Summary.
    pub text: String,
    /// Counts for the cadence.
    pub counts: bool,
    /// Entered late.
    pub entered_late: bool,
    /// Questions of a visit that nobody answered yet.
    pub open: u32,
    /// The station asked to have it filled in, and it was not yet.
    pub asked: bool,
    /// State.
    pub state: RecordState,
}

/// The inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct InboxView {
    /// Newest arrivals first.
    pub rows: Vec<InboxRow>,
    /// Older ones are not listed; they stand in the children's files.
    pub older: bool,
    /// As on the overview.
    pub openings: Vec<OpeningNoticeView>,
}

/// A device or a code waiting.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DeviceRow {
    /// Device id.
    pub device: String,
    /// What stands for it on a photo that was opened.
    pub mark: String,
    /// Holder.
    pub person: String,
    /// Role in words.
    pub role: String,
    /// Unit.
    pub unit: String,
    /// Enrolled at, RFC 3339.
    pub enrolled: String,
    /// Last heard of, RFC 3339.
    pub seen: Option<String>,
    /// This very device.
    pub this: bool,
    /// What was not taken from it and is not settled since.
    pub refusals: Vec<DeviceRefusal>,
    /// Unit id, for a new code for the same person.
    pub village: String,
    /// Stopped at, RFC 3339.
    pub stopped: Option<String>,
    /// Why, in words; empty when nobody said.
    pub stopped_why: String,
    /// Changes it held unsent when it was last heard of; null when it never said.
    pub unsent: Option<u32>,
    /// Forms that were begun on it and not saved, likewise.
    pub drafts: Option<u32>,
    /// Photos, signatures and recordings that were not sent, likewise.
    pub photos: Option<u32>,
    /// Changes it handed over that wait for a person.
    pub to_review: u32,
    /// How its wiping stands.
    pub wipe: Option<WipeView>,
}

/// How the wiping of a device stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WipeView {
    /// Ordered at, RFC 3339.
    pub ordered: String,
    /// The receipt came at, RFC 3339; null while the device has not been in contact.
    pub receipt: Option<String>,
    /// Changes that were not delivered, by the receipt; they and the forms went sealed to the district.
    pub changes: u32,
    /// Forms that were begun and not saved, by the receipt.
    pub drafts: u32,
    /// Photos that were destroyed unsent, by the receipt.
    pub photos: u32,
    /// Rows of its trail that were destroyed unsent, by the receipt.
    pub trail: u32,
    /// It does not wait for its photos: somebody at the station said so.
    pub without_photos: bool,
}

/// Stopping a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RevokeInput {
    /// Device id.
    pub device: String,
    /// Why: a code of the list.
    pub reason: String,
    /// It is to be wiped.
    pub wipe: bool,
    /// Photos it still holds are not waited for.
    #[serde(default)]
    pub without_photos: bool,
}

/// Everything a stopped device handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HandedOverInput {
    /// Device id.
    pub device: String,
}

/// Changes of a device that were not taken for one reason. What they say stays on the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DeviceRefusal {
    /// Refusal code, words in the locale file under `refusals.<code>`.
    pub reason: String,
    /// Kind of document, where the server knows it: household, child, problem, restricted.
    pub kind: Option<String>,
    /// What the station can do about it: belonging, enrolment, wait or person; words in `devices.refused_todo.<todo>`.
    pub todo: String,
    /// How many.
    pub changes: u32,
    /// The last of them, RFC 3339.
    pub last: String,
}

/// People and devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DevicesView {
    /// Devices.
    pub devices: Vec<DeviceRow>,
    /// Villages, to choose one for a new tablet.
    pub villages: Vec<VillageRow>,
    /// Why a device may be stopped, the policy's list.
    pub reasons: Vec<super::OptionView>,
}

/// Make a one-time code for a director's tablet, or for another computer of the station.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NewEnrolmentInput {
    /// director | supervisor | head.
    pub role: String,
    /// Village unit id; of a director only, empty otherwise.
    pub village: String,
    /// The person's name.
    pub person: String,
}

/// The code, drawn and typed.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct EnrolmentView {
    /// Enrolment id.
    pub enrolment: String,
    /// QR as SVG.
    pub qr_svg: String,
    /// Text inside the QR (for tests and copy).
    pub qr_text: String,
    /// Eight digits, shown in groups of four.
    pub code: String,
    /// Server address to type.
    pub address: String,
    /// RFC 3339.
    pub expires: String,
    /// waiting | comparing | confirmed | done | expired | burnt.
    pub state: String,
    /// Six digits, when state is comparing.
    pub compare_code: Option<String>,
    /// Village name.
    pub village: String,
    /// Person.
    pub person: String,
}

/// What a station may enrol without the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DelegationView {
    /// Until when, RFC 3339; null when the server was never asked.
    pub until: Option<String>,
    /// That is past.
    pub over: bool,
    /// Whose tablets.
    pub people: Vec<EnrollableView>,
    /// The request that was read and is being compared.
    pub comparing: Option<ComparingView>,
}

/// Somebody whose tablet may be enrolled without the server.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct EnrollableView {
    /// Whose.
    pub staff: String,
    /// Their name.
    pub person: String,
    /// Village.
    pub unit: String,
    /// How many tablets more.
    pub left: u32,
    /// When the last one was enrolled so, RFC 3339.
    pub last: Option<String>,
}

/// What is shown beside a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ComparingView {
    /// Eight digits to type at the tablet.
    pub digits: String,
    /// Six digits the tablet shows as well then.
    pub compare_code: String,
}

/// Whose the tablet will be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StaffInput {
    /// Whose.
    pub staff: String,
}

/// The station's person says that both sides show the same digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConfirmEnrolmentInput {
    /// Enrolment id.
    pub id: String,
    /// The six digits they saw; refused when another device came in between.
    pub compare_code: String,
}

/// A village to create.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NewVillageInput {
    /// Name.
    pub name: String,
    /// 12-digit region code.
    pub region: String,
}

/// A ledger to import.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportInput {
    /// Village unit id.
    pub village: String,
    /// File name as chosen.
    pub file_name: String,
    /// File bytes, base64.
    pub bytes: String,
}

/// What the preview shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportPreviewView {
    /// Import id.
    pub import: String,
    /// Which ledger was recognised: L1 | L2.
    pub ledger: String,
    /// Its name in words.
    pub ledger_name: String,
    /// Sheet read.
    pub sheet: String,
    /// Rows that make a new file.
    pub new: u32,
    /// Rows that change a file.
    pub changed: u32,
    /// Rows that change nothing.
    pub same: u32,
    /// Rows with a field both sides changed.
    pub conflict: u32,
    /// Rows refused.
    pub rejected: u32,
    /// Columns understood: heading → field.
    pub columns: Vec<ColumnView>,
    /// Headings not understood; their content is kept nowhere and said so.
    pub unknown_columns: Vec<String>,
    /// Rows in file order.
    pub rows: Vec<ImportRow>,
}

/// A recognised column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ColumnView {
    /// Heading in the file.
    pub heading: String,
    /// Field label.
    pub field: String,
}

/// One row of the preview and of the result file.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportRow {
    /// Row number in the sheet, 1-based.
    pub row: u32,
    /// Name, if any.
    pub name: String,
    /// new | changed | same | conflict | rejected.
    pub outcome: String,
    /// Reasons and notes in words.
    pub notes: Vec<String>,
    /// What would change: 家庭住址：旧 → 新.
    pub changes: Vec<String>,
    /// Household in words: 与 石小雨 同一户.
    pub household: Option<String>,
}

/// Progress and end of a confirmed import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportStatusView {
    /// Import id.
    pub import: String,
    /// running | done | failed; none when the one under way was asked for and there is none.
    pub state: String,
    /// Rows done.
    pub done: u32,
    /// Rows to do.
    pub total: u32,
    /// There is a result file: `import_result`.
    pub has_result: bool,
}

/// The result file of an import is to leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportResultInput {
    /// Import id.
    pub id: String,
    /// The approved request it is taken by, if one was needed.
    pub request: Option<String>,
}

/// The result file of an import, encrypted. The password is here and nowhere else, and is shown once.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportResultView {
    /// What it is called.
    pub file_name: String,
    /// The file in base64.
    pub bytes: String,
    /// What opens it.
    pub password: String,
    /// Its number.
    pub number: String,
}

/// All villages of the station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VillageListView {
    /// Administrative order.
    pub rows: Vec<VillageRow>,
}

/// The forms of a township.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FormsView {
    /// The one for new visits first.
    pub rows: Vec<FormRow>,
}

/// A form a device can read visits with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FormRow {
    /// Pack id.
    pub id: String,
    /// Version.
    pub version: u32,
    /// Title.
    pub title: String,
    /// How many questions it has.
    pub questions: u32,
    /// New visits are written with it.
    pub used: bool,
}

/// A spreadsheet with a form.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FormFileInput {
    /// The file, base64.
    pub bytes: String,
}

/// What a spreadsheet gives: a form, or everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CompiledFormView {
    /// The form; none while something is wrong.
    pub form: Option<FormRow>,
    /// Its content hash.
    pub hash: String,
    /// Everything that is wrong, with sheet, row, column and cause.
    pub faults: Vec<String>,
    /// Advice to its author.
    pub advice: Vec<String>,
    /// Why it cannot be published although it is sound: a code.
    pub held: Option<String>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    StationPhoneView,
    StationPhoneInput,
    AttentionRow,
    VillageRow,
    InboxRow,
    DeviceRow,
    NewEnrolmentInput,
    EnrolmentView,
    EnrollableView,
    NewVillageInput,
    ImportRow,
    ImportResultView,
    ImportInput,
    FormFileInput,
);
