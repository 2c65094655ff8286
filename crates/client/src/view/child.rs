//! Children: list, file 一人一档, timeline, contact and attempt records.

use super::file::{CampaignView, FileRowsView, HintView, MissView, MonthView, TierView, ToAskView};
use super::problem::ProblemStepRow;
use super::status::FileStatusView;
use super::today::DueView;
use super::visit::ScreenedView;
use super::work::{GoodsView, WorkRefView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// State of a record, the same four words everywhere (product.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// 草稿.
    Draft,
    /// 已保存在本机.
    Saved,
    /// 已送达: durable at the server.
    Delivered,
    /// 需要处理: refused or held; a reason is given.
    NeedsYou,
}

/// One line of the children's list.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ChildRow {
    /// Child id.
    pub child: String,
    /// Household id.
    pub household: String,
    /// Name.
    pub name: String,
    /// Nickname or landmark.
    pub nickname: Option<String>,
    /// Sex code.
    pub sex: String,
    /// Completed years.
    pub age: Option<u32>,
    /// 二组.
    pub group: Option<String>,
    /// 奶奶 王秀兰.
    pub carer: Option<String>,
    /// Village name (station lists).
    pub village: String,
    /// Village unit id.
    pub village_id: String,
    /// Higher-frequency tier.
    pub enhanced: bool,
    /// Earliest due date, if the child has a cadence.
    pub next: Option<DueView>,
    /// Something of this child needs a person (conflict, flagged value, refused record).
    pub needs_check: bool,
    /// The file was ended, or is told in another one.
    pub over: bool,
}

/// Result of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ChildListView {
    /// Rows found, in village then name order.
    pub rows: Vec<ChildRow>,
    /// All children there are, for "看全部 28 人".
    pub total: u32,
    /// Children of other villages this one only knows of (户籍村), found likewise.
    pub guests: Vec<ChildRow>,
    /// Ids of the files this person opened last on this device, the last one first; only where nothing is looked for.
    pub recent: Vec<String>,
}

/// Which children a list is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChildFilter {
    /// Seen more often.
    Enhanced,
    /// A child in difficulty today.
    Difficulty,
    /// Left behind today.
    LeftBehind,
    /// Some problem of it is open.
    OpenProblem,
}

/// A search over name, pinyin initials, nickname, carer (and ID tail at the station).
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SearchInput {
    /// What was typed.
    pub query: String,
    /// Only this village (station).
    pub village: Option<String>,
    /// Only these.
    #[serde(default)]
    pub only: Option<ChildFilter>,
}

/// One field of the file.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FieldView {
    /// Stable key, e.g. `name`, `phone_child`.
    pub key: String,
    /// `child` or `household`: the document the field lives in.
    pub holder: String,
    /// Chinese label.
    pub label: String,
    /// Text to show (labels of codes, masked numbers); null when 未采集.
    pub text: Option<String>,
    /// `text` is not the whole of it, or hidden: what is typed replaces it.
    pub masked: bool,
    /// What 看一下 takes: tap | step_up; null when there is nothing more to see.
    pub reveal: Option<String>,
    /// Raw value for editing; null when masked or empty.
    pub value: Option<String>,
    /// one | text | date | phone | id_no: how to edit.
    pub kind: String,
    /// Choices when kind is one.
    pub options: Vec<OptionView>,
    /// May be edited by this person.
    pub editable: bool,
    /// More than one value after a merge.
    pub conflict: Option<String>,
    /// Why the value is flagged 需核对, in words.
    pub flag: Option<String>,
}

/// Look behind the mask of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RevealFieldInput {
    /// Child id.
    pub child: String,
    /// `child` or `household`, `row` for a value of a row, `answer` for one of a saved visit and `draft` for one on an open form, `conflict` for one that is to be chosen, or `returned` for one that did not arrive.
    pub holder: String,
    /// Key of the field; of a row `block/row/column`; of an answer `record/question`; on a form `draft/part/question`; of a conflict its id, `/`, and the value's; of what did not arrive the record's id, `/`, and the field's.
    pub key: String,
}

/// What is behind it, for a short while.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RevealedView {
    /// The value whole.
    pub text: String,
    /// The screen hides it again after so many seconds, and on leaving.
    pub seconds: u32,
}

/// A coded choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OptionView {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
}

/// A titled block of fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FieldBlockView {
    /// Stable key.
    pub key: String,
    /// Chinese title.
    pub title: String,
    /// Fields.
    pub fields: Vec<FieldView>,
    /// Rows, where the block has some.
    pub rows: Option<FileRowsView>,
}

/// What a line of the timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// Home visit.
    Visit,
    /// Contact.
    Contact,
    /// Attempt 没见到, does not count.
    Attempt,
    /// Problem reported.
    Problem,
    /// Work somebody wrote down: care and help, an activity, a line of the log.
    Work,
}

/// A line of the timeline.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TimelineRow {
    /// Record id.
    pub record: String,
    /// Kind.
    pub kind: TimelineKind,
    /// Civil date of the event.
    pub date: String,
    /// What it is called, where the kind is data; null where the screen has its own word.
    pub title: Option<String>,
    /// One or two sentences.
    pub text: String,
    /// Who recorded it.
    pub by: String,
    /// State of the record.
    pub state: RecordState,
    /// Does it count for the cadence; null for problems.
    pub counts: Option<bool>,
    /// Why it does not count, in words.
    pub why_not: Option<String>,
    /// 作废 with reason.
    pub voided: Option<String>,
    /// Amendments: "11月3日 李玉梅 补充：…".
    pub amendments: Vec<String>,
    /// Entered more than the pack's days after the event (补录).
    pub entered_late: bool,
    /// May this person amend or void it.
    pub can_amend: bool,
    /// Questions of a visit that nobody answered yet.
    pub open: u32,
    /// What the station asked to have filled in, until it was: "11月3日 张敏 请补充：…".
    pub asked: Vec<String>,
    /// May this person go on with the visit's form.
    pub can_fill: bool,
    /// The session part of the visit is not here yet.
    pub waiting_for_session: bool,
    /// Where this person puts it right; null for everything but her own written work.
    pub work: Option<WorkRefView>,
    /// The activity it is a line of, to be looked at: record id.
    pub activity: Option<String>,
    /// The file it lies in: another one of this child's, where two are told in one.
    pub file: String,
}

/// The child's file.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ChildFileView {
    /// Child id.
    pub child: String,
    /// It is used for the duty alone that keeps it (限制使用).
    pub limited: bool,
    /// Whether the file runs, and what is proposed.
    pub status: FileStatusView,
    /// Household id.
    pub household: String,
    /// Name.
    pub name: String,
    /// Nickname or landmark.
    pub nickname: Option<String>,
    /// Sex code.
    pub sex: String,
    /// Completed years.
    pub age: Option<u32>,
    /// Village name.
    pub village: String,
    /// Carer in words.
    pub carer: Option<String>,
    /// Key of the number to call, to be revealed for the dialler.
    pub phone: Option<String>,
    /// Why the child is on the list: categories in plain words.
    pub reasons: Vec<String>,
    /// Contact and visit dates with reasons; empty without cadence.
    pub dues: Vec<DueView>,
    /// How often, since when and why; null without a cadence.
    pub tier: Option<TierView>,
    /// The last twelve months, oldest first; empty without an opening date.
    pub months: Vec<MonthView>,
    /// Periods that passed without what they asked for, newest first.
    pub misses: Vec<MissView>,
    /// Why a period may have passed.
    pub miss_reasons: Vec<OptionView>,
    /// Rounds that run today.
    pub campaigns: Vec<CampaignView>,
    /// Ageing out, and what another rule pack changes, in words.
    pub ahead: Vec<String>,
    /// Pauses of today, in words.
    pub paused: Vec<String>,
    /// What a person should look at.
    pub hints: Vec<HintView>,
    /// What is still to ask.
    pub to_ask: Vec<ToAskView>,
    /// Names of what the family may ask for and was not told about yet.
    pub benefits: Vec<String>,
    /// Blocks of fields and rows.
    pub blocks: Vec<FieldBlockView>,
    /// Other children of the household.
    pub siblings: Vec<SiblingView>,
    /// Newest first.
    pub timeline: Vec<TimelineRow>,
    /// Open conflicts of this child and its household.
    pub conflicts: u32,
    /// Unfinished visit form of the household.
    pub draft: Option<String>,
    /// Who is not to act for this family (回避), and who visits instead.
    pub recused: Vec<super::RecusedView>,
    /// This person keeps what of the child stands in no file.
    pub confidential: bool,
    /// The second village that knows of the child (户籍村); null where none does.
    pub guest: Option<super::GuestView>,
}

/// A brother or sister.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SiblingView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
}

/// Change one field of a child or household.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct EditFieldInput {
    /// Child whose file is open.
    pub child: String,
    /// `child` or `household`.
    pub holder: String,
    /// Field key.
    pub key: String,
    /// New value; null clears it.
    pub value: Option<String>,
}

/// Add a child by hand (新发现).
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AddChildInput {
    /// Name.
    pub name: String,
    /// Sex code.
    pub sex: String,
    /// Birth date, if known.
    pub birth_date: Option<String>,
    /// Category code (CATEGORY list); PE when unsure.
    pub category: String,
    /// Why, in words.
    pub reason: String,
    /// Existing household to join, if a sibling is on the list.
    pub household: Option<String>,
    /// Village unit id; null = own village.
    pub village: Option<String>,
}

/// What the contact screen offers: chips from the pack.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ContactFormView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// 联系方式.
    pub modes: Vec<OptionView>,
    /// 联系对象.
    pub parties: Vec<OptionView>,
    /// 总体情况.
    pub states: Vec<OptionView>,
    /// 了解内容.
    pub topics: Vec<OptionView>,
    /// Phrases to tap.
    pub phrases: Vec<String>,
    /// Ask whether the parents called (left-behind only).
    pub ask_parent_contact: bool,
    /// Mode and party used last time, drawn first.
    pub last_mode: Option<String>,
    /// Party used last time.
    pub last_party: Option<String>,
    /// Today.
    pub today: String,
    /// Key of the number to call, to be revealed for the dialler.
    pub phone: Option<String>,
    /// It may have photos: they lie with the household, which is where the child lives.
    pub photos: bool,
    /// 谁发起; empty where the packs have no such list.
    pub initiators: Vec<OptionView>,
    /// The usual one, chosen beforehand.
    pub initiator: Option<String>,
    /// Day the next contact is due once this one counts.
    pub next_on: Option<String>,
}

/// What may be said of a contact besides; null = 未问.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ContactMoreView {
    /// When it began, `HH:MM`.
    pub start: Option<String>,
    /// How many minutes it took.
    pub minutes: Option<i64>,
    /// Who began it.
    pub initiated_by: Option<String>,
    /// When she means to be in touch again.
    pub next_on: Option<String>,
    /// How.
    pub next_mode: Option<String>,
}

/// Record a contact.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ContactInput {
    /// Child id.
    pub child: String,
    /// Civil date.
    pub event_date: String,
    /// Mode code.
    pub mode: String,
    /// Party codes, at least one when reached.
    pub party: Vec<String>,
    /// Reached.
    pub reached: bool,
    /// normal | watch | problem; required when reached.
    pub child_state: Option<String>,
    /// Topics; empty = 未问.
    pub topics: Vec<String>,
    /// y | n | unk; null = 未问.
    pub parent_contact_ok: Option<String>,
    /// When, how long, who began it, and what comes next.
    #[serde(default)]
    #[ts(optional)]
    pub more: Option<ContactMoreView>,
    /// Free text.
    pub note: String,
    /// Sheet of the page.
    #[serde(default)]
    #[ts(optional)]
    pub sheet: Option<String>,
    /// The record's name, where the page gave it one: a second try under the same name files nothing.
    #[serde(default)]
    #[ts(optional)]
    pub record: Option<String>,
}

/// Asks for the screen 没见到.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttemptFormInput {
    /// Child id.
    pub id: String,
    /// Draft of the visit that met nobody, where it began as one.
    #[serde(default)]
    #[ts(optional)]
    pub visit: Option<String>,
}

/// What the screen 没见到 offers.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttemptFormView {
    /// Household whose door stayed closed.
    pub household: String,
    /// Children it concerns.
    pub names: String,
    /// Reasons of the pack.
    pub reasons: Vec<OptionView>,
    /// Phrases to tap.
    pub phrases: Vec<String>,
    /// Today.
    pub today: String,
    /// The day she went: what the visit's form says, else today.
    pub event_date: String,
}

/// What the screen 加一个孩子 offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AddChildFormView {
    /// Why the child should be on the list, in plain words.
    pub categories: Vec<OptionView>,
    /// The one to start from when nobody is sure.
    pub unsure: String,
    /// 男, 女.
    pub sexes: Vec<OptionView>,
}

/// A card of the report screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CardView {
    /// Stable code.
    pub code: String,
    /// Plain words.
    pub label: String,
    /// Examples, as a second line.
    pub hint: String,
    /// Types it may be: the main one first, then those that may be meant more precisely.
    pub kinds: Vec<ProblemKindView>,
}

/// A type of problem on the report screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemKindView {
    /// Code.
    pub code: String,
    /// In words.
    pub label: String,
    /// What is said of it is the station's alone, so it has no photos.
    pub sealed: bool,
    /// It must be reported at once: the page of duties opens.
    pub mandatory: bool,
}

/// Record an attempt: nobody was met.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AttemptInput {
    /// Household whose door stayed closed.
    pub household: String,
    /// Civil date.
    pub event_date: String,
    /// Reason code.
    pub reason: String,
    /// When she means to come again.
    pub next_on: Option<String>,
    /// Free text.
    pub note: String,
    /// Child whose door it is: with it those who live there with it, and the child alone where it moved away from them.
    #[serde(default)]
    #[ts(optional)]
    pub child: Option<String>,
    /// Draft of the visit that met nobody; it is done with this.
    #[serde(default)]
    #[ts(optional)]
    pub visit: Option<String>,
    /// Sheet of the page.
    #[serde(default)]
    #[ts(optional)]
    pub sheet: Option<String>,
    /// The record's name, where the page gave it one: a second try under the same name files nothing.
    #[serde(default)]
    #[ts(optional)]
    pub record: Option<String>,
}

/// A problem worth reporting.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SuggestView {
    /// Child it is about; the first one where it is about the household.
    pub child: String,
    /// Its name; empty where it is about the household.
    pub name: String,
    /// That child's own record; empty before it is saved.
    pub record: String,
    /// Card.
    pub card: String,
    /// Type of the card; null where the record does not say.
    pub kind: Option<String>,
    /// In words.
    pub label: String,
    /// It must be reported at once.
    pub mandatory: bool,
}

/// A child nobody was met for.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UnmetView {
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village.
    pub village: String,
    /// Attempts since anybody was met or reached.
    pub attempts: u32,
    /// Days since the child was seen, or its file was opened.
    pub unseen_days: u32,
    /// Enough attempts that the problem 联系不上 is to be reported.
    pub unreachable: bool,
    /// Not seen for so long that the station goes along.
    pub joint: bool,
    /// A young child: the problem is grave.
    pub grave: bool,
    /// It was reported and is open.
    pub reported: bool,
}

/// A question whether something was reported.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatoryQuestionView {
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Village.
    pub village: String,
    /// The visit that asks.
    pub record: String,
    /// Its day.
    pub on: String,
    /// Who visited.
    pub by: String,
    /// The answers that ask, in words.
    pub reasons: Vec<String>,
    /// Why it is none of the situations, where somebody said so.
    pub answer: Option<MandatorySaidView>,
    /// What the station said; with an open question, why it asks again.
    pub station: Option<MandatorySaidView>,
}

/// Words to such a question.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatorySaidView {
    /// Words.
    pub text: String,
    /// Who.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Says that it is none of the situations that must be reported.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AnswerMandatoryInput {
    /// Child.
    pub child: String,
    /// The visit that asks.
    pub record: String,
    /// Why not.
    pub text: String,
}

/// What the station says to a reason.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CheckMandatoryInput {
    /// Child.
    pub child: String,
    /// The visit that asks.
    pub record: String,
    /// It agrees; otherwise the question is asked again.
    pub agrees: bool,
    /// Why not, where it does not agree.
    pub text: String,
}

/// What a saved record means for one child.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SavedChildView {
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// That child's own record.
    pub record: String,
    /// The next dates after it.
    pub next: Vec<DueView>,
    /// Why it does not count, where it does not.
    pub why_not: Option<String>,
    /// Questions of it that are still open.
    pub open: u32,
}

/// After saving a record.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SavedView {
    /// Record id.
    pub record: String,
    /// Names of the children concerned.
    pub names: String,
    /// What it means for each of them.
    pub children: Vec<SavedChildView>,
    /// What this record suggests reporting, by child.
    pub suggests: Vec<SuggestView>,
    /// Nobody was met, several times: what is said of it, by child.
    pub unmet: Vec<UnmetView>,
    /// Questions whether something was reported that stand after this record.
    pub mandatory: Vec<MandatoryQuestionView>,
    /// Children whose visit may be screened now.
    pub screenings: Vec<ScreenedView>,
    /// Problems of these children that are to be followed up.
    pub follow_ups: Vec<ProblemStepRow>,
    /// Children of whom the visit said otherwise than the file.
    pub differing: Vec<ScreenedView>,
    /// What the family was given, to be filed as care and help with one tap.
    pub goods: Option<GoodsView>,
    /// It is saved, and what follows from it could not all be worked out here.
    pub incomplete: bool,
}

/// Amend or void one's own record.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AmendInput {
    /// Child in whose file the record is.
    pub child: String,
    /// Record id.
    pub record: String,
    /// New text to add; null when only voiding.
    pub text: Option<String>,
    /// 作废: the record no longer counts.
    pub void: bool,
    /// Corrected event date, if that was wrong.
    pub event_date: Option<String>,
    /// Why.
    pub reason: String,
}

/// The station asks to have a record filled in (请补充).
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AskFillInput {
    /// Child in whose file the record is.
    pub child: String,
    /// Record id.
    pub record: String,
    /// What is missing, in a few words.
    pub text: String,
}

/// What the station asked to have filled in and nobody gave yet.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AskedView {
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Record.
    pub record: String,
    /// What it is.
    pub kind: TimelineKind,
    /// Its day.
    pub on: String,
    /// What is missing.
    pub text: String,
    /// Who asks.
    pub by: String,
    /// May this person go on with the visit's form.
    pub can_fill: bool,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    SavedChildView,
    AskFillInput,
    AskedView,
    ChildRow,
    SearchInput,
    FieldView,
    RevealedView,
    TimelineRow,
    ChildFileView,
    SiblingView,
    EditFieldInput,
    AddChildInput,
    ContactFormView,
    ContactInput,
    AttemptInput,
    AmendInput,
    SuggestView,
    UnmetView,
    MandatoryQuestionView,
    MandatorySaidView,
    AnswerMandatoryInput,
    CheckMandatoryInput,
    AttemptFormView,
    SavedView,
);
