//! What the cadence says.

use crate::calendar::Window;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 联系.
    Contact,
    /// 入户走访.
    Visit,
}

impl Kind {
    /// Both.
    pub const ALL: [Kind; 2] = [Kind::Contact, Kind::Visit];
}

/// Where a date stands (decisions 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 已过.
    Overdue,
    /// 今天.
    Today,
    /// 快到.
    Soon,
    /// 其余.
    Ok,
}

/// What moved a date to where it is, in the order it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// First visit of a newly found child, in workdays.
    NewChild,
    /// So long after the last one.
    Rolling,
    /// End of the calendar window.
    WindowEnd,
    /// Longest gap after the last one, earlier than the window's end.
    MaxGap,
    /// Tier or pack just changed.
    Grace,
    /// After a pause.
    Pause,
    /// A campaign asks for it earlier.
    Campaign,
    /// The child came back from where it was not visited.
    Return,
    /// Something happened after which the pack asks for it soon.
    After,
}

impl ReasonCode {
    /// All of them, for tests that hold the packs to a sentence for each.
    pub const ALL: [ReasonCode; 9] = [
        ReasonCode::NewChild,
        ReasonCode::Rolling,
        ReasonCode::WindowEnd,
        ReasonCode::MaxGap,
        ReasonCode::Grace,
        ReasonCode::Pause,
        ReasonCode::Campaign,
        ReasonCode::Return,
        ReasonCode::After,
    ];

    /// Key of its sentence in the pack's texts.
    pub fn text_key(self) -> &'static str {
        match self {
            ReasonCode::NewChild => "because.new_child",
            ReasonCode::Rolling => "because.rolling",
            ReasonCode::WindowEnd => "because.window_end",
            ReasonCode::MaxGap => "because.max_gap",
            ReasonCode::Grace => "because.grace",
            ReasonCode::Pause => "because.pause",
            ReasonCode::Campaign => "because.campaign",
            ReasonCode::Return => "because.return",
            ReasonCode::After => "because.after",
        }
    }
}

/// One due date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Contact or visit.
    pub kind: Kind,
    /// First day of the window; never after `due`.
    pub window_from: NaiveDate,
    /// Last day.
    pub due: NaiveDate,
    /// Where it stands.
    pub status: Status,
    /// Past due (positive), left (negative), 0 today.
    pub days_over: i32,
    /// 每月一次：母亲重度残疾.
    pub reason: String,
    /// How the day came about, in sentences.
    pub because: Vec<String>,
    /// The same as codes.
    pub reason_codes: Vec<ReasonCode>,
    /// Tier it follows.
    pub tier: String,
    /// Last counting event.
    pub last: Option<NaiveDate>,
    /// Highest overdue level reached, if any.
    pub level: Option<u32>,
    /// Roles told at that level.
    pub to_roles: Vec<String>,
    /// Days until then on which a child that boards is at home, the next two; in words.
    pub at_home: Option<String>,
}

/// A round the child is in today (domain.md §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignToday {
    /// Code of the pack's campaigns.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Contact or visit.
    pub kind: Kind,
    /// The days in which it is asked for.
    #[serde(flatten)]
    pub window: Window,
    /// It was done in these days.
    pub done: bool,
    /// Dates and misses follow it.
    pub binding: bool,
}

/// What another rule pack changes for the child (domain.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// First day of the new rule.
    pub from: NaiveDate,
    /// Pack that holds from then on; none where no pack follows.
    pub pack: Option<String>,
    /// Contact or visit.
    pub kind: Kind,
    /// How often until then; none without a cadence.
    pub before: Option<String>,
    /// How often from then on; none without a cadence.
    pub after: Option<String>,
    /// First date under the new rule, as things stand.
    pub due: Option<NaiveDate>,
}

/// How a month went for one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthState {
    /// The file was not open, or there was no cadence.
    None,
    /// It was done, and nothing was missed.
    Done,
    /// It was done, and a period that ended in this month passed without it.
    Partly,
    /// A period ended in this month without it.
    Missed,
    /// Paused, and not done.
    Paused,
    /// Nothing had to be done in this month.
    Free,
    /// It is this month, and still to be done.
    Open,
}

/// A month of the strip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Its first day.
    pub month: NaiveDate,
    /// How contacts went.
    pub contact: MonthState,
    /// How many counted.
    pub contacts: u32,
    /// How visits went.
    pub visit: MonthState,
    /// How many counted.
    pub visits: u32,
}

/// A period without what it asked for; permanent, for statistics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Miss {
    /// Contact or visit.
    pub kind: Kind,
    /// The days in which it should have been.
    #[serde(flatten)]
    pub window: Window,
    /// Tier of that time.
    pub tier: String,
    /// Pack of that time.
    pub pack: String,
    /// Campaign that asked for it, if it was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign: Option<String>,
    /// In words.
    pub text: String,
}

/// A category ends soon: does another one apply? Or the child grows up, and its file ends (domain.md §3.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reminder {
    /// Day to be reminded.
    pub on: NaiveDate,
    /// Category that ends; none where the whole file does.
    pub category: Option<String>,
    /// First day without it.
    pub ends_on: NaiveDate,
    /// There is a cadence until then, and no other category keeps it.
    pub cadence_stops: bool,
    /// In words.
    pub text: String,
}

/// Why an event does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// 作废.
    Voided,
    /// Dated after today.
    Future,
    /// Dated outside the time the file was open.
    FileNotOpen,
    /// An attempt satisfies nothing.
    Attempt,
    /// A contact is no home visit.
    NotAVisit,
    /// Nobody was reached.
    NotReached,
    /// 转述 never counts.
    Relay,
    /// A chat without an answer.
    NoReply,
    /// Neither the child nor the actual caregiver.
    WrongParty,
    /// Not at home, residence, or where else it may be.
    WrongPlace,
    /// At hospital without a hospital pause.
    NoHospitalPause,
    /// At school, but the child does not board.
    NotABoarder,
    /// At school outside the terms: the child is not there.
    SchoolVacation,
    /// At school, as the last counting visit was.
    SchoolAgain,
    /// The child was not seen last time either.
    ChildNotSeenAgain,
}

impl WhyNot {
    /// All of them, for tests that hold the packs to a sentence for each.
    pub const ALL: [WhyNot; 15] = [
        WhyNot::Voided,
        WhyNot::Future,
        WhyNot::FileNotOpen,
        WhyNot::Attempt,
        WhyNot::NotAVisit,
        WhyNot::NotReached,
        WhyNot::Relay,
        WhyNot::NoReply,
        WhyNot::WrongParty,
        WhyNot::WrongPlace,
        WhyNot::NoHospitalPause,
        WhyNot::NotABoarder,
        WhyNot::SchoolVacation,
        WhyNot::SchoolAgain,
        WhyNot::ChildNotSeenAgain,
    ];

    /// Key of its sentence in the pack's texts.
    pub fn text_key(self) -> &'static str {
        match self {
            WhyNot::Voided => "why_not.voided",
            WhyNot::Future => "why_not.future",
            WhyNot::FileNotOpen => "why_not.file_not_open",
            WhyNot::Attempt => "why_not.attempt",
            WhyNot::NotAVisit => "why_not.not_a_visit",
            WhyNot::NotReached => "why_not.not_reached",
            WhyNot::Relay => "why_not.relay",
            WhyNot::NoReply => "why_not.no_reply",
            WhyNot::WrongParty => "why_not.wrong_party",
            WhyNot::WrongPlace => "why_not.wrong_place",
            WhyNot::NoHospitalPause => "why_not.no_hospital_pause",
            WhyNot::NotABoarder => "why_not.not_a_boarder",
            WhyNot::SchoolVacation => "why_not.school_vacation",
            WhyNot::SchoolAgain => "why_not.school_again",
            WhyNot::ChildNotSeenAgain => "why_not.child_not_seen_again",
        }
    }
}

/// What one event is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventVerdict {
    /// Record id.
    pub id: String,
    /// Civil date.
    pub event_date: NaiveDate,
    /// It counts as what it was meant to be: a visit as a visit, a contact as a contact.
    pub counts: bool,
    /// It counts as a contact.
    pub counts_as_contact: bool,
    /// It counts as a visit.
    pub counts_as_visit: bool,
    /// Why it does not count as what it was meant to be.
    pub why_not: Option<WhyNot>,
    /// The same in words.
    pub why_not_text: Option<String>,
    /// 补录.
    pub entered_late: bool,
}

/// Everything about a child's cadence on a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cadence {
    /// Tier today; none without a cadence.
    pub tier: Option<String>,
    /// The tier is a higher-frequency one.
    pub enhanced: bool,
    /// Since when the tier and the pack hold without a break.
    pub since: Option<NaiveDate>,
    /// What put the child there, in words.
    pub tier_words: Vec<String>,
    /// Nothing that still holds asks for this tier: the one that would hold if somebody approved lowering (decisions 7).
    pub lower_to: Option<String>,
    /// Pack that holds today.
    pub pack: Option<String>,
    /// Contact and visit, the earlier first; without a cadence the first visit of a newly found child, or nothing.
    pub dues: Vec<Due>,
    /// Misses over all periods, oldest first.
    pub misses: Vec<Miss>,
    /// Rounds that run today and are for this child.
    pub campaigns: Vec<CampaignToday>,
    /// Ageing-out reminders, oldest first.
    pub reminders: Vec<Reminder>,
    /// First day without a cadence, if that is known.
    pub ends_on: Option<NaiveDate>,
    /// First day after the last cadence there was, when there is none today and none begins later; where there never was
    /// one, the day everything that put the child on the list was over, or the child grew up.
    pub ended_on: Option<NaiveDate>,
    /// Attempts since the last time anybody was met or reached.
    pub attempts_in_a_row: u32,
    /// Enough attempts that the pack's problem for it is suggested.
    pub unreachable: bool,
    /// A verdict for every event, in date order.
    pub events: Vec<EventVerdict>,
}

impl Cadence {
    /// The date of a kind.
    pub fn due(&self, kind: Kind) -> Option<&Due> {
        self.dues.iter().find(|due| due.kind == kind)
    }

    /// The verdict of a record.
    pub fn verdict(&self, id: &str) -> Option<&EventVerdict> {
        self.events.iter().find(|event| event.id == id)
    }
}
