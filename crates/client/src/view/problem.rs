//! Problems: report, list, story, the mandatory page.

use super::attachment::AttachmentView;
use super::child::{CardView, MandatoryQuestionView, OptionView, ProblemKindView, RecordState};
use super::packet::PacketRow;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the report screen offers.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemFormView {
    /// Cards of the pack's list, each mapping to a type.
    pub cards: Vec<CardView>,
    /// now | days | later with words.
    pub urgencies: Vec<OptionView>,
    /// Phrases for what was seen.
    pub phrases: Vec<String>,
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Brothers and sisters it may concern as well.
    pub siblings: Vec<OptionView>,
    /// Questions of visits whether something was reported that stand.
    pub questions: Vec<MandatoryQuestionView>,
    /// Whom or what it may be known from; empty where the packs have no such list.
    pub origins: Vec<OptionView>,
    /// Today.
    pub today: String,
}

/// Report a problem.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemInput {
    /// Children concerned, the first is the main one.
    pub children: Vec<String>,
    /// Card code.
    pub card: String,
    /// One of the card's types; its main one without it.
    #[serde(default)]
    #[ts(optional)]
    pub kind: Option<String>,
    /// now | days | later.
    pub urgency: String,
    /// What was seen.
    pub seen: String,
    /// Visit or contact it came from, or the draft of the visit.
    pub origin_record: Option<String>,
    /// Mandatory page: what was chosen there. What is grave, or must be reported, is not taken without it.
    pub mandatory: Option<MandatoryInput>,
    /// Sheet of the page.
    #[serde(default)]
    #[ts(optional)]
    pub sheet: Option<String>,
    /// Whom or what it is known from, a code of PROBLEM_ORIGIN; nothing where nobody said.
    #[serde(default)]
    #[ts(optional)]
    pub origin: Option<String>,
    /// Since when it is so: a day, or `unknown` where nobody knows; nothing where nobody said.
    #[serde(default)]
    #[ts(optional)]
    pub since: Option<String>,
    /// The problem's name, where the page gave it one: a second try under the same name files nothing.
    #[serde(default)]
    #[ts(optional)]
    pub record: Option<String>,
}

/// The choice at the foot of the mandatory page.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatoryInput {
    /// reported | not_such_case.
    pub choice: String,
    /// What else was said there; or the reason why not.
    pub text: String,
    /// The number that was called.
    #[serde(default)]
    #[ts(optional)]
    pub whom: Option<String>,
    /// When, `2026-11-23 15:20`; now without it.
    #[serde(default)]
    #[ts(optional)]
    pub at: Option<String>,
    /// Number of the receipt, where one was given.
    #[serde(default)]
    #[ts(optional)]
    pub receipt: Option<String>,
    /// Of which type and which urgency it was said, in codes. Why it is none of the situations says nothing of another one that
    /// was picked afterwards; an older app does not say of which.
    #[serde(default)]
    #[ts(optional)]
    pub about: Option<Vec<String>>,
}

/// The static page that works with no network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatoryView {
    /// Numbers to call, in order: label and number.
    pub numbers: Vec<OptionView>,
    /// The station's own number; null while its head has not said it.
    pub station: Option<String>,
    /// What not to do.
    pub do_nots: Vec<String>,
    /// The nine situations.
    pub situations: Vec<String>,
}

/// State of a problem, a fold over its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProblemState {
    /// 已报告.
    Reported,
    /// 已受理.
    Accepted,
    /// 处置中.
    InProgress,
    /// 已转介.
    Referred,
    /// 待核实.
    Resolved,
    /// 跟踪回访.
    FollowUp,
    /// 已办结.
    Closed,
    /// 已撤回.
    Withdrawn,
    /// 已并案.
    Merged,
}

impl ProblemState {
    /// Somebody is still to do something about it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Closed | Self::Withdrawn | Self::Merged)
    }
}

/// What is to be done next, computed from the story and the policy's times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NextStepView {
    /// complete | accept | act | progress | plan | referral_reply | verify | follow_up | close | ask_police.
    pub step: String,
    /// Whom it is up to: village | station | head.
    pub side: String,
    /// Until the end of this day; none where no day is set.
    pub on: Option<String>,
    /// Until this moment, RFC 3339, where it is counted in hours.
    pub at: Option<String>,
    /// That is over.
    pub late: bool,
    /// Who is to be told of it by now, in words.
    pub told: Vec<String>,
    /// The how many-th of [`NextStepView::of`]; 0 where there is only one.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// Whom it was referred to, or what was planned, in words.
    pub about: String,
    /// What is done before this day does not stand for it; none where every day does.
    pub counts_from: Option<String>,
}

/// A step that is up to the village, on the list 今天.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemStepRow {
    /// Problem id.
    pub problem: String,
    /// Children's names; empty where this person is told its number alone.
    pub names: String,
    /// Type in words, or that number.
    pub kind: String,
    /// What is to be done.
    pub next: NextStepView,
}

/// A problem in a list.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemRow {
    /// Problem id.
    pub problem: String,
    /// The number it goes by (个案), where its words are the station's alone.
    pub number: Option<String>,
    /// Children's names; empty where this person is told the number alone, which then stands for the kind.
    pub names: String,
    /// Main child; empty there, too.
    pub child: String,
    /// Village.
    pub village: String,
    /// Type in words.
    pub kind: String,
    /// What else it is about, in words.
    pub also: Vec<String>,
    /// S1..S4.
    pub severity: String,
    /// 现在有危险 / 这几天要办 / 不急.
    pub urgency: String,
    /// State.
    pub state: ProblemState,
    /// Who reported it.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// First sentence of what was seen.
    pub seen: String,
    /// Newest answer.
    pub last_answer: Option<String>,
    /// The answer has not been read on this device.
    pub unread: bool,
    /// State of the newest own record in it.
    pub record_state: RecordState,
    /// A director's "closed" waits for the station.
    pub requested_close: bool,
    /// It was over and is worked on again.
    pub reopened: bool,
    /// The village said that it need not be reported to the police, and the station has not taken it up yet.
    pub not_such_case: bool,
    /// At the station, of a matter of life and safety: waiting (待复核), countersigned, not_over (the district says that it is
    /// not over, and it is not closed again yet).
    pub review: Option<String>,
    /// It is open longer than its type usually takes. Nothing follows from it.
    pub past_usual: bool,
    /// Somebody handled it and left the station or is not to act for it: the station names another one.
    pub handlerless: bool,
    /// What is next: on a tablet what is up to the village, where there is such.
    pub next: Option<NextStepView>,
}

/// The list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemListView {
    /// Open first, most urgent first, then by date.
    pub rows: Vec<ProblemRow>,
}

/// One event of the story.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemEventView {
    /// Event id.
    pub event: String,
    /// A kind of event, or close_requested, or other: of a newer app.
    pub kind: String,
    /// Words.
    pub text: String,
    /// Its words are sealed; they are shown here only while they stand open to this person, and never printed.
    pub sealed: bool,
    /// Who.
    pub by: String,
    /// Their role in words.
    pub role: String,
    /// RFC 3339.
    pub at: String,
    /// State of this record.
    pub state: RecordState,
    /// Recorded by someone whose role may not do this: shown as a request.
    pub is_request: bool,
    /// What it says beside its words.
    pub detail: ProblemDetailView,
}

/// What an event says beside its words, in words.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemDetailView {
    /// Measures.
    pub measures: Vec<String>,
    /// Whom it was referred to, or who replied.
    pub body: Option<String>,
    /// A reply is wanted, or a plan is to be done, by this day.
    pub due: Option<String>,
    /// What a follow-up found.
    pub well: Option<bool>,
    /// The day it happened.
    pub on: Option<String>,
    /// How grave it is from now on.
    pub severity: Option<String>,
    /// The problem it is told in, in words.
    pub into: Option<String>,
    /// Who was called.
    pub whom: Option<String>,
    /// When they were called.
    pub at: Option<String>,
    /// The receipt.
    pub receipt: Option<String>,
    /// What the police said.
    pub outcome: Option<String>,
    /// What the family thinks of how it was solved.
    pub satisfaction: Option<String>,
    /// What else it is about from now on.
    pub types: Vec<String>,
    /// What it mainly is from then on, in words.
    pub main: Option<String>,
    /// The number of the packet it is about.
    pub number: Option<String>,
    /// What the packet is for.
    pub purpose: Option<String>,
    /// How the packet ended: destroyed | returned.
    pub end: Option<String>,
}

/// What may be chosen for an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemChoicesView {
    /// Measures.
    pub measures: Vec<OptionView>,
    /// Bodies it may be referred to.
    pub bodies: Vec<OptionView>,
    /// Referrals without a reply, by entry.
    pub referrals: Vec<OptionView>,
    /// Severities but the present one.
    pub severities: Vec<OptionView>,
    /// Open problems of the same children it may be told in.
    pub into: Vec<OptionView>,
    /// Numbers to call.
    pub numbers: Vec<OptionView>,
    /// What the police may say.
    pub outcomes: Vec<OptionView>,
    /// What the family may think of it.
    pub satisfactions: Vec<OptionView>,
    /// Types it may be about beside its main one; what is sealed is reported by itself.
    pub types: Vec<OptionView>,
    /// Which of them it is about now.
    pub also: Vec<String>,
    /// What it may mainly be. What is sealed is reported by itself; what was, stays so.
    pub mains: Vec<ProblemKindView>,
    /// What it mainly is now.
    pub main: String,
    /// Nobody said yet whether it was reported to the police.
    pub duty_open: bool,
    /// Sentences to tap where a reply is written: the station's, or how a village says it goes on.
    pub reply_phrases: Vec<String>,
    /// The same where a measure is written.
    pub measure_phrases: Vec<String>,
}

/// The whole problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemView {
    /// List row, as its own page says it.
    pub row: ProblemRow,
    /// What stands on paper.
    pub paper: ProblemPaper,
    /// Oldest first.
    pub events: Vec<ProblemEventView>,
    /// Event kinds this person may add now.
    pub may: Vec<String>,
    /// Those of them whose words the village reads. Of a matter whose words are sealed that is said before they are sent; what
    /// is not among them only the handler and the head read.
    pub open_words: Vec<String>,
    /// What may be chosen for them.
    pub choices: ProblemChoicesView,
    /// Everything that is due, the earliest first.
    pub steps: Vec<NextStepView>,
    /// Why it may not be closed yet: another_head | head_decides | close_after_work | close_after_check | child_not_seen_since.
    pub why_not_close: Option<String>,
    /// Of a grave matter: children that left for another township and need not be seen before it is closed, while another one
    /// of it is here. At the station.
    pub left: Vec<LeftChildView>,
    /// Who usually leads in a matter like this, in words.
    pub lead: Vec<String>,
    /// In how many days it is usually done; null where that is at once.
    pub usual_days: Option<u32>,
    /// The problem it is told in from now on.
    pub merged_into: Option<OptionView>,
    /// Its words are the station's alone, but for [`ProblemView::open_words`]; so no event has a photo.
    pub words_sealed: bool,
    /// Photos of its events, oldest first.
    pub attachments: Vec<AttachmentView>,
    /// The mandatory page's outcome, if shown.
    pub mandatory: Option<String>,
    /// Whom or what it is known from, in words.
    pub origin: Option<String>,
    /// Since when it is so: a day, or `unknown`.
    pub since: Option<String>,
    /// The children it is about, as they stand on the page for whoever comes.
    pub people: Vec<PaperPersonView>,
    /// Who handles it (经办人).
    pub handler: Option<String>,
    /// Colleagues whom this person may name to handle it; nobody where she may not.
    pub may_be_handled_by: Vec<OptionView>,
    /// This person is not to act for it (回避): she adds what she knows, and decides nothing.
    pub recused: bool,
    /// Its sealed words, at the station.
    pub sealed: Option<SealedView>,
    /// What left with its referrals, newest first; at the station.
    pub packets: Vec<PacketRow>,
}

/// A child of a matter whose file went to another township.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LeftChildView {
    /// Child document.
    pub child: String,
    /// Its name, or the initials that are left of it; none where this device did not see it go, or the name is not said.
    pub name: Option<String>,
    /// The place it went to; none where this device did not see it go.
    pub to: Option<String>,
}

/// A child on the page of a report, as whoever comes needs it: who and where.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PaperPersonView {
    /// Child document.
    pub child: String,
    /// Name.
    pub name: String,
    /// Sex in words.
    pub sex: String,
    /// Completed years.
    pub age: Option<u32>,
    /// Birth date.
    pub birth: Option<String>,
    /// Village.
    pub village: String,
    /// Where it lives.
    pub address: Option<String>,
    /// Villagers' group.
    pub group: Option<String>,
    /// How the door is found.
    pub landmark: Option<String>,
    /// School.
    pub school: Option<String>,
    /// Who looks after it: 奶奶 王秀兰.
    pub carer: Option<String>,
    /// That person's number: as this person sees it in a file, and whole on what was printed.
    pub carer_phone: Option<String>,
    /// Its guardian: 父亲 石磊.
    pub guardian: Option<String>,
    /// The guardian's number, in the same way.
    pub guardian_phone: Option<String>,
}

/// What a printed page says of a matter: for whoever is told its number alone, that, and nothing else.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemPaper {
    /// Children and village, or the number.
    pub who: String,
    /// Kind.
    pub what: String,
    /// Who reported it.
    pub by: String,
}

/// How the sealed words of a problem stand for this person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SealedView {
    /// The words are shown, in the story.
    pub open: bool,
    /// They close by themselves in so many seconds.
    pub seconds: Option<u32>,
    /// This person reads them, for the PIN.
    pub may_read: bool,
    /// They are sealed to a key of the station that this device was not given yet.
    pub lacks_key: bool,
    /// They were opened urgently and close again then, RFC 3339.
    pub open_until: Option<String>,
    /// Reasons to choose from.
    pub reasons: Vec<OptionView>,
    /// So many minutes an opening holds.
    pub minutes: u32,
    /// Openings this person is told of.
    pub openings: Vec<OpeningView>,
}

/// Somebody who does not handle the case opened its words (紧急查看).
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpeningView {
    /// Entry id.
    pub opening: String,
    /// Who.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// RFC 3339.
    pub until: String,
    /// Reason in words.
    pub reason: String,
    /// What she wrote.
    pub text: String,
    /// What was said of it.
    pub review: Option<OpeningReviewView>,
    /// This person may say it.
    pub may_review: bool,
}

/// What was said of an opening.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpeningReviewView {
    /// Who.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// It was right to open it.
    pub justified: bool,
    /// Why.
    pub text: String,
}

/// An opening nobody has said anything of yet, on the station's first page.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpeningNoticeView {
    /// Problem.
    pub problem: String,
    /// Its type in words, or its number where this person is told that alone; no name of a child.
    pub kind: String,
    /// Who opened it.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// Reason in words.
    pub reason: String,
    /// It waits for this person's word.
    pub to_review: bool,
}

/// 紧急查看.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UrgentInput {
    /// Problem id.
    pub problem: String,
    /// A code of the policy's list.
    pub reason: String,
    /// What happened.
    pub text: String,
}

/// What the head says of an opening.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewOpeningInput {
    /// Problem id.
    pub problem: String,
    /// The opening.
    pub opening: String,
    /// It was right to open it.
    pub justified: bool,
    /// Why.
    pub text: String,
}

/// Names who handles a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct HandlerInput {
    /// Problem id.
    pub problem: String,
    /// A colleague's staff id.
    pub staff: String,
}

/// Add an event.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ProblemEventInput {
    /// Problem id.
    pub problem: String,
    /// A kind of event.
    pub kind: String,
    /// Words.
    pub text: String,
    /// What else it says.
    #[serde(default)]
    #[ts(optional)]
    pub detail: Option<ProblemDetailInput>,
    /// Sheet its photos hang on.
    #[serde(default)]
    #[ts(optional)]
    pub sheet: Option<String>,
}

/// What an event says beside its words, in codes.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
#[ts(optional_fields)]
pub struct ProblemDetailInput {
    /// Codes of MEASURE.
    pub measures: Option<Vec<String>>,
    /// A code of REFERRAL_BODY.
    pub body: Option<String>,
    /// A day.
    pub due: Option<String>,
    /// Entry of the referral that was replied to.
    pub referral: Option<String>,
    /// What a follow-up found.
    pub well: Option<bool>,
    /// The day it happened; today without it.
    pub on: Option<String>,
    /// S1 to S4.
    pub severity: Option<String>,
    /// Problem id.
    pub into: Option<String>,
    /// Number that was called.
    pub whom: Option<String>,
    /// When, `2026-11-23 15:20`.
    pub at: Option<String>,
    /// Number of the receipt.
    pub receipt: Option<String>,
    /// A code of POLICE_FEEDBACK.
    pub outcome: Option<String>,
    /// A code of SATISFACTION.
    pub satisfaction: Option<String>,
    /// Codes of problem types.
    pub types: Option<Vec<String>>,
    /// What it mainly is.
    pub main: Option<String>,
    /// The packet a receipt or an end is about; its outcome is destroyed | returned.
    pub packet: Option<String>,
    /// reported | not_such_case: where the type must be reported and nobody said whether it was.
    pub duty: Option<String>,
}

/// What of a child stands in no file, for the head alone.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConfidentialView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// This person writes and reads it.
    pub may: bool,
    /// How many notes there are; 0 for whoever may not read them.
    pub kept: u32,
    /// They stand open for so many seconds; null while they are closed.
    pub seconds: Option<u32>,
    /// The notes, oldest first; none while they are closed.
    pub lines: Vec<ConfidentialLineView>,
}

/// A confidential note.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConfidentialLineView {
    /// The words; null where this device has not got the key yet.
    pub text: Option<String>,
    /// Who wrote it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// A confidential note to write.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ConfidentialInput {
    /// Child id.
    pub child: String,
    /// The words.
    pub text: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    LeftChildView,
    ProblemFormView,
    ProblemInput,
    MandatoryInput,
    ProblemRow,
    ProblemPaper,
    ProblemEventView,
    PaperPersonView,
    OpeningView,
    OpeningReviewView,
    OpeningNoticeView,
    UrgentInput,
    ReviewOpeningInput,
    ConfidentialView,
    ConfidentialLineView,
    ConfidentialInput,
    ProblemEventInput,
    ProblemStepRow,
    ProblemDetailView,
    ProblemDetailInput,
);
