//! A policy pack: the numbers, words and lists a place works by, dated, as JSON under `policy/`.
//!
//! Nothing here decides; [`crate::cadence`] does, by what a pack says. Where packs overlap, [`PolicySet`] says which stands.

mod check;
mod set;

pub use check::PolicyError;
pub use set::{PolicySet, PolicySetError};

use crate::calendar::{WorkCalendar, WorkYear};
use crate::code_list::{CodeItem, CodeLists};
use crate::problem::clock::ProblemTimer;
use crate::status::Step;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One dated pack (domain.md §5.1, decisions 23). Unknown keys are ignored, so an older app reads a newer pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyPack {
    /// Stable id, e.g. `SH-2024-2026`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where the rules come from.
    #[serde(default)]
    pub source: String,
    /// First day and the day after the last.
    pub valid: Validity,
    /// Area-code prefix it holds for; empty is everywhere.
    #[serde(default)]
    pub scope: String,
    /// Tiers, strictest first; the last one is the default.
    pub tiers: Vec<TierRule>,
    /// Dated facts that may decide a tier, with the words used when a fact has none of its own.
    #[serde(default)]
    pub facts: Vec<CodeItem>,
    /// Everything that is a number or a list of codes.
    pub rules: Rules,
    /// Holidays and adjusted workdays by year.
    #[serde(default)]
    pub work_years: Vec<WorkYear>,
    /// School terms; between them is vacation.
    #[serde(default)]
    pub terms: Vec<SchoolTerm>,
    /// Rounds beside the tiers: 寒假, 暑期防溺水, 节前 (domain.md §5.5).
    #[serde(default)]
    pub campaigns: Vec<Campaign>,
    /// Who is told when, by days overdue.
    #[serde(default)]
    pub overdue: Vec<OverdueLevel>,
    /// Sentences by key, with `{name}` places.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
    /// Categories of child (domain.md §3.2).
    #[serde(default)]
    pub categories: Vec<CategoryRule>,
    /// Reasons a cadence pauses (domain.md §5.5).
    #[serde(default)]
    pub pauses: Vec<PauseRule>,
    /// Code lists by name: CONTACT_MODE, PARTY, REL, …
    #[serde(default)]
    pub lists: CodeLists,
    /// Problem types (domain.md §6.1).
    #[serde(default)]
    pub problems: Vec<ProblemType>,
    /// By when a problem is taken up, acted on, told of and followed up, by severity (domain.md §6.4).
    #[serde(default)]
    pub timers: Vec<ProblemTimer>,
    /// Cards of the report screen (decisions 21).
    #[serde(default)]
    pub problem_cards: Vec<ProblemCard>,
    /// 现在有危险 / 这几天要办 / 不急 (decisions 21).
    #[serde(default)]
    pub urgencies: Vec<Urgency>,
    /// The page that works with no network (domain.md §6.3).
    #[serde(default)]
    pub mandatory: MandatoryPage,
    /// Sentences to tap, by place: `contact`, `visit`, `problem`, …
    #[serde(default)]
    pub phrases: BTreeMap<String, Vec<String>>,
    /// Row and file limits (decisions 15), by name.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
}

/// A school term, as the bureau of education publishes it each year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolTerm {
    /// 2026学年第一学期.
    pub name: String,
    /// Where the days come from.
    #[serde(default)]
    pub source: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// A round beside the tiers: an extra contact or visit within a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Stable code; each year's round has its own.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// What it asks for.
    pub kinds: Vec<crate::cadence::Kind>,
    /// Once in every such stretch of the window; once in the whole window without it.
    #[serde(default)]
    pub every: Option<Span>,
    /// For which children; everybody with a cadence when it says nothing.
    #[serde(default)]
    pub who: CampaignFor,
    /// Dates and misses follow it; otherwise it only reminds.
    #[serde(default)]
    pub binding: bool,
}

/// Which children a campaign is for; everything that is said must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CampaignFor {
    /// Tier codes.
    pub tiers: Vec<String>,
    /// Category codes; `DP-*` means all that begin so.
    pub categories: Vec<String>,
    /// Completed years on the campaign's first day, at least.
    pub age_from: Option<u32>,
    /// And below.
    pub age_below: Option<u32>,
}

/// Half-open: `to` is the first day it no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// First day.
    pub from: NaiveDate,
    /// Day after the last; open while nothing replaces it.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

impl Validity {
    /// Holds on this day.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date < to)
    }
}

/// One tier: who is in it and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TierRule {
    /// Stable code: `ENHANCED`, `STANDARD`, `RED`, …
    pub code: String,
    /// Name for people.
    #[serde(default)]
    pub name: String,
    /// A neutral mark on the list.
    #[serde(default)]
    pub enhanced: bool,
    /// Who is in it; empty on the last tier, which is the default.
    #[serde(default)]
    pub when: TierPredicate,
    /// How often a contact.
    #[serde(default)]
    pub contact: Option<Interval>,
    /// How often a home visit.
    #[serde(default)]
    pub visit: Option<Interval>,
}

/// Any of these puts a child in the tier (domain.md §5.2, §5.7: by predicate or by risk colour).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TierPredicate {
    /// Kinds of dated facts.
    #[serde(default)]
    pub facts: Vec<String>,
    /// Risk levels: a fact of kind `risk_level` with one of these values.
    #[serde(default)]
    pub risk_levels: Vec<String>,
    /// Category codes; `DP-*` means all that begin so.
    #[serde(default)]
    pub categories: Vec<String>,
}

/// How often (domain.md §5.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Interval {
    /// At most so long after the last one.
    Rolling {
        /// The longest gap.
        every: Span,
        /// 每两周一次.
        #[serde(default)]
        words: String,
    },
    /// Once in every block of the calendar.
    Calendar {
        /// What a block is made of.
        block: Unit,
        /// How many of them.
        #[serde(default = "one")]
        blocks: u32,
        /// Month in which a block of months begins; 1 is January.
        #[serde(default = "one")]
        anchor_month: u32,
        /// And never longer apart than this.
        #[serde(default)]
        max_gap_days: Option<u32>,
        /// 每月一次.
        #[serde(default)]
        words: String,
    },
}

impl Interval {
    /// The pack's words for it.
    pub fn words(&self) -> &str {
        match self {
            Interval::Rolling { words, .. } | Interval::Calendar { words, .. } => words,
        }
    }
}

fn one() -> u32 {
    1
}

/// A number of days, weeks, months or quarters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub n: u32,
    /// Of what.
    pub unit: Unit,
}

/// Unit of civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Day.
    Day,
    /// Week, from Monday.
    Week,
    /// Month.
    Month,
    /// Three months.
    Quarter,
}

/// Numbers and lists of codes (domain.md §5.1 as amended by decisions 5 to 9). All but the seed's intervals are `[REC]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// A home visit is the period's contact too.
    pub visit_counts_as_contact: bool,
    /// An attempt satisfies nothing.
    pub attempt_counts: bool,
    /// A chat message counts only if answered.
    pub chat_needs_reply: bool,
    /// Entered later than this after the event: 补录.
    pub late_entry_flag_days: u32,
    /// Of so many counting visits in a row one must have seen the child.
    pub child_must_be_seen: EveryNth,
    /// First visit and contact of a newly found child, in workdays.
    pub new_child_first_visit_workdays: u32,
    /// Days given after a tier or pack change; never loosens (decisions 5).
    pub upgrade_grace_days: u32,
    /// Days given after a pause.
    pub pause_grace_days: u32,
    /// 快到: so many days before.
    pub soon_days: u32,
    /// Counting visits at school in a row for a boarder.
    pub school_visits_in_a_row: u32,
    /// Attempts in a row after which the problem UNREACHABLE is suggested (domain.md §4.1).
    pub attempts_before_problem: u32,
    /// Where nobody was met, a child not seen for so many days is visited together with the station (domain.md §5.5).
    pub unseen_days: u32,
    /// A child below this age that was not seen for so long, with nobody reached, is a grave matter.
    pub unseen_grave_below: u32,
    /// Days before a category's upper age when a review is due (domain.md §3.2).
    pub ageing_reminder_days: Vec<u32>,
    /// A change of the rules is announced so many days before its first day, and for as long after it.
    pub announce_days: u32,
    /// A photo or recording stays on the tablet for so many days after the server has it for good, and after it was
    /// fetched again (docs/adr/0016).
    pub attachment_keep_days: u32,
    /// So many minutes after the PIN was given again what asks for it is done without asking (docs/adr/0022).
    pub step_up_minutes: u32,
    /// How a device locks by itself (security-notes §3.1).
    pub lock: LockRules,
    /// Days a device may be read without contact with the server; after that it only takes what is written (docs/adr/0023).
    pub lease_days: u32,
    /// The same in the villages named by [`Rules::lease_far`], where the network is days away.
    pub lease_days_far: u32,
    /// Beginnings of the region codes of those villages.
    pub lease_far: Vec<String>,
    /// With fewer days left than this the device says so.
    pub lease_warn_days: u32,
    /// A vetting (从业查询) is to be repeated after so many months (domain.md §2); a reminder, never a block.
    pub vetting_months: u32,
    /// With fewer days left of somebody's appointment than this the station is reminded (docs/adr/0028).
    pub grant_warn_days: u32,
    /// How numbers of people are masked in the child's file (domain.md §1.3).
    pub masks: Masks,
    /// A number that was shown hides itself after so many seconds.
    pub reveal_seconds: u32,
    /// Looks of one person at one record within so many minutes are one row of the audit trail (docs/adr/0025).
    pub look_minutes: u32,
    /// An export of more rows than this needs a second person (P-12).
    pub export_approval_rows: u32,
    /// An exported file stays on the station's computer for so many minutes.
    pub export_file_minutes: u32,
    /// Purposes for which whole ID numbers may be asked for; a head decides then.
    pub export_full_numbers: Vec<String>,
    /// Sealed words that were opened urgently (紧急查看) close again after so many minutes (docs/adr/0027).
    pub urgent_minutes: u32,
    /// One person opens words about at most so many children within a day (security-notes §3.4).
    pub urgent_children: u32,
    /// An opening nobody has reviewed after so many days keeps whoever opened from opening more.
    pub urgent_review_days: u32,
    /// Files of so many times as many children as a village has, opened by one person within a day, are said to the head.
    pub unusual_looks_times: u32,
    /// So many days there are to answer what a family asks for about what is written down (P-15).
    pub rights_days: u32,
    /// The station is reminded so many days before.
    pub rights_soon_days: u32,
    /// So many days 今天 says that a child of the village lives elsewhere (docs/adr/0040).
    pub guest_news_days: u32,
    /// Most photos on one record; none is ever asked for (P-24).
    pub most_photos: u32,
    /// Most recordings or signatures on one record.
    pub most_others: u32,
    /// Who may sign on a visit (domain.md §4.3 N); with none in it nobody is asked whose signature it is.
    pub signers: Vec<SignerRule>,
    /// Something new within so many months opens a problem that was over; after that it is a new one.
    pub reopen_months: u32,
    /// How long files are kept after they ended.
    pub retention: RetentionRules,
    /// What it takes to end a file.
    pub ending: EndingRules,
    /// What a station reports to the district (docs/adr/0039).
    pub report: ReportRules,
    /// Which codes count as what.
    pub counting: Counting,
    /// Categories with a cadence, by group (decisions 7).
    pub include: BTreeMap<String, Vec<String>>,
    /// Categories that end the cadence whatever else the child is (children in institutions).
    pub exclude: Vec<String>,
}

impl Rules {
    /// Days a device of a village may be read without contact.
    pub fn lease_days_in(&self, region: &str) -> u32 {
        let is_far = self
            .lease_far
            .iter()
            .any(|code| region.starts_with(code.as_str()));
        if is_far {
            self.lease_days_far
        } else {
            self.lease_days
        }
    }
}

/// How long a file is kept after it ended, before somebody looks whether it may go (domain.md §11 P-16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionRules {
    /// Years after the end.
    pub years_after_end: u32,
    /// Years after the last report of a grave problem, if that is later.
    pub grave_years: u32,
    /// The age until which a file with a grave problem is kept, if that is later still.
    pub grave_until_age: u32,
    /// Severities that are grave.
    pub grave: Vec<String>,
    /// Days a form that was begun and put aside can be taken back (P-16).
    pub draft_days: u32,
    /// Days an import is kept after its file was read, with its rows and its result file.
    pub import_days: u32,
}

impl Default for RetentionRules {
    fn default() -> Self {
        Self {
            years_after_end: 5,
            grave_years: 10,
            grave_until_age: 28,
            grave: vec!["S1".to_owned(), "S2".to_owned()],
            draft_days: 90,
            import_days: 14,
        }
    }
}

/// What it takes to end a file, and to tell it in another one (domain.md §5.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndingRules {
    /// The last visit is at most so many days before.
    pub visit_days: u32,
    /// Codes of EXIT_REASON that need no visit.
    pub without_visit: Vec<String>,
    /// Steps ([`crate::status::Step`]) that somebody else confirms than proposed them, where the station has two people.
    pub two_persons: Vec<String>,
    /// So many days after it ended a file leaves the tablet, whole at the station; never without it.
    pub leave_days: Option<u32>,
}

impl Default for EndingRules {
    fn default() -> Self {
        let codes = ["moved", "deceased", "mistake"];
        Self {
            visit_days: 30,
            without_visit: codes.map(str::to_owned).to_vec(),
            two_persons: vec![Step::Merge.as_str().to_owned()],
            leave_days: None,
        }
    }
}

/// What a station reports to the district, and how often (docs/adr/0039).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportRules {
    /// Once in so many days at most.
    pub every_days: u32,
    /// A station of which nothing was heard for longer than so many days is silent; a report so old is sent again.
    pub silent_days: u32,
    /// A matter of life and safety stands in it for so many days after it was over.
    pub over_days: u32,
    /// One that the district has said nothing of stands in it for so many.
    pub review_days: u32,
    /// A case the district asked for can be opened for so many days.
    pub case_days: u32,
    /// One nobody answered for so many days stands there as late.
    pub case_remind_days: u32,
    /// Counts from one to fewer than this leave the station as some.
    pub small_below: u32,
    /// In which counts: codes of [`ReportRules::COUNTS`].
    pub small_in: Vec<String>,
}

impl ReportRules {
    /// What is counted.
    pub const COUNTS: [&str; 4] = ["children", "categories", "cadence", "problems"];
}

impl Default for ReportRules {
    fn default() -> Self {
        let codes = ["children", "categories", "cadence"];
        Self {
            every_days: 1,
            silent_days: 7,
            over_days: 30,
            review_days: 90,
            case_days: 7,
            case_remind_days: 3,
            small_below: 5,
            small_in: codes.map(str::to_owned).to_vec(),
        }
    }
}

/// How numbers of people are masked, where a deployment may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Masks {
    /// Numbers of identity cards.
    pub id_number: Mask,
    /// Telephone numbers.
    pub phone: Mask,
}

impl Default for Masks {
    fn default() -> Self {
        Self {
            id_number: Mask::StepUp,
            phone: Mask::Tap,
        }
    }
}

/// A mask, and what it takes to look behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// No mask.
    Shown,
    /// A tap shows it.
    Tap,
    /// The PIN once more shows it.
    StepUp,
}

/// One in `every_nth_visit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EveryNth {
    /// 2: of two in a row one.
    pub every_nth_visit: u32,
}

/// Which codes of the lists count as what (decisions 8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counting {
    /// Party and met codes: the child.
    pub child: Vec<String>,
    /// Party and met codes: the actual caregiver.
    pub carer: Vec<String>,
    /// Met codes that say nobody was there.
    pub nobody: Vec<String>,
    /// Modes that never count: 转述.
    pub never_modes: Vec<String>,
    /// Modes that count only if answered.
    pub chat_modes: Vec<String>,
    /// Places that are the child's home or actual residence.
    pub home: Vec<String>,
    /// Places that count during a hospital pause.
    pub hospital: Vec<String>,
    /// Places that count for a boarder every other time.
    pub school: Vec<String>,
    /// Pause reasons during which a hospital visit counts.
    pub hospital_pauses: Vec<String>,
}

impl Default for Counting {
    fn default() -> Self {
        let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect();
        Self {
            child: codes(&["child"]),
            carer: codes(&["caregiver", "carer"]),
            nobody: codes(&["nobody", "none"]),
            never_modes: codes(&["relay"]),
            chat_modes: codes(&["chat"]),
            home: codes(&["home", "kin", "residence"]),
            hospital: codes(&["hospital"]),
            school: codes(&["dorm", "school"]),
            hospital_pauses: codes(&["HOSPITAL"]),
        }
    }
}

/// How a device locks by itself, and how old its key may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LockRules {
    /// Minutes without a touch; somebody may set fewer for her device.
    pub idle_minutes: u32,
    /// Minutes without a touch on the visit form, where people talk with the tablet on the knee.
    pub visit_idle_minutes: u32,
    /// Seconds after the screen went dark.
    pub hidden_seconds: u32,
    /// Days after which a device is given a new key.
    pub new_key_days: u32,
}

impl Default for LockRules {
    fn default() -> Self {
        Self {
            idle_minutes: 3,
            visit_idle_minutes: 15,
            hidden_seconds: 60,
            new_key_days: 365,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            visit_counts_as_contact: true,
            attempt_counts: false,
            chat_needs_reply: true,
            late_entry_flag_days: 7,
            child_must_be_seen: EveryNth { every_nth_visit: 2 },
            new_child_first_visit_workdays: 5,
            upgrade_grace_days: 7,
            pause_grace_days: 7,
            soon_days: 7,
            school_visits_in_a_row: 1,
            attempts_before_problem: 2,
            unseen_days: 30,
            unseen_grave_below: 14,
            ageing_reminder_days: vec![60, 30],
            announce_days: 60,
            attachment_keep_days: 30,
            step_up_minutes: 5,
            lock: LockRules::default(),
            lease_days: 30,
            lease_days_far: 60,
            lease_far: Vec::new(),
            lease_warn_days: 7,
            vetting_months: 12,
            grant_warn_days: 30,
            masks: Masks::default(),
            reveal_seconds: 30,
            look_minutes: 10,
            export_approval_rows: 200,
            export_file_minutes: 10,
            urgent_minutes: 60,
            urgent_children: 5,
            urgent_review_days: 7,
            unusual_looks_times: 3,
            rights_days: 15,
            rights_soon_days: 3,
            guest_news_days: 30,
            most_photos: 6,
            most_others: 4,
            signers: Vec::new(),
            reopen_months: 12,
            export_full_numbers: Vec::new(),
            retention: RetentionRules::default(),
            ending: EndingRules::default(),
            report: ReportRules::default(),
            counting: Counting::default(),
            include: BTreeMap::new(),
            exclude: Vec::new(),
        }
    }
}

/// Somebody who signs on a visit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignerRule {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// The household's question whether this person signed; empty where none asks.
    pub question: String,
    /// Its answer that they did: follows from the strokes, and cannot be ticked without them.
    pub answer: String,
    /// Saving the record under one's own name is the signature; strokes may still be added.
    pub by_saving: bool,
}

/// From so many days overdue these roles are told (domain.md §5.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverdueLevel {
    /// 0 is the reminder before.
    pub level: u32,
    /// Days overdue, or days by tier; negative is before.
    pub from: OverdueFrom,
    /// Role codes.
    pub to_roles: Vec<String>,
}

/// One number, or one per tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OverdueFrom {
    /// For every tier.
    Days(i32),
    /// By tier code.
    ByTier(BTreeMap<String, i32>),
}

/// A category of child (domain.md §3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryRule {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// Shorter words for a reason.
    #[serde(default)]
    pub short: Option<String>,
    /// The category ends on this birthday.
    pub upper_age: u32,
    /// Goes to the `restricted` document; villages see the neutral words (decisions 4).
    #[serde(default)]
    pub restricted: bool,
    /// What villages read instead.
    #[serde(default)]
    pub shown_as: Option<String>,
    /// It stands where a child's only category was erased, so that the child is seen until somebody writes the right one
    /// (docs/adr/0050); it is not offered.
    #[serde(default)]
    pub erased: bool,
}

impl CategoryRule {
    /// Its words as a file may say them.
    pub fn words(&self) -> &str {
        match &self.shown_as {
            Some(words) if self.restricted => words,
            None if self.restricted => "",
            _ => &self.label,
        }
    }
}

/// What a pause reason pauses (domain.md §5.5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PauseRule {
    /// Stable code: `HOSPITAL`, `TEMP_AWAY`.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// What it pauses: `contact`, `visit`.
    pub kinds: Vec<crate::cadence::Kind>,
    /// Longest pause that counts.
    #[serde(default)]
    pub max_days: Option<u32>,
}

/// A type of problem (domain.md §6.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemType {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// Default severity: S1, S2, S3, S4.
    pub severity: String,
    /// Who leads.
    #[serde(default)]
    pub lead: Vec<String>,
    /// Days until due; 0 is now. `[REC]`
    #[serde(default)]
    pub due_days: u32,
    /// Free text goes to the `restricted` document (decisions 4).
    #[serde(default)]
    pub restricted: bool,
    /// Opens the mandatory-report page.
    #[serde(default)]
    pub mandatory: bool,
}

/// A card of the report screen (decisions 21).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemCard {
    /// Stable code.
    pub code: String,
    /// Plain words.
    pub label: String,
    /// A second line with examples.
    #[serde(default)]
    pub hint: String,
    /// Main problem type it stands for.
    pub problem: String,
    /// Types that may be meant more precisely: whoever reports may tap one, and the station may set it.
    #[serde(default)]
    pub also: Vec<String>,
}

/// How soon, in plain words (decisions 21).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Urgency {
    /// `now`, `days`, `later`.
    pub code: String,
    /// 现在有危险.
    pub label: String,
    /// S1, S2, S3.
    pub severity: String,
}

/// The static page with numbers, do-nots and situations (domain.md §6.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MandatoryPage {
    /// Title.
    pub title: String,
    /// Numbers to call, in order: the code is the number.
    pub numbers: Vec<CodeItem>,
    /// What not to do.
    pub do_nots: Vec<String>,
    /// The nine situations.
    pub situations: Vec<String>,
    /// What became of it is asked so many days after the call.
    pub feedback_days: Vec<u32>,
    /// The code of POLICE_FEEDBACK that says nothing was heard yet.
    pub no_feedback: String,
    /// Which of the numbers are the police, who have to say what became of a call.
    pub police: String,
}

impl Default for MandatoryPage {
    fn default() -> Self {
        Self {
            title: String::new(),
            numbers: Vec::new(),
            do_nots: Vec::new(),
            situations: Vec::new(),
            feedback_days: Vec::new(),
            no_feedback: String::new(),
            police: "110".to_owned(),
        }
    }
}

impl PolicyPack {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// The JSON is no pack, or what it says cannot hold; the error says where.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        let pack: PolicyPack = serde_json::from_str(json)?;
        check::check(&pack)?;
        Ok(pack)
    }

    /// The workdays this pack knows.
    pub fn work_calendar(&self) -> WorkCalendar {
        WorkCalendar::new(&self.work_years)
    }

    /// Is school closed on a day? None where the terms around it are not known.
    pub fn is_vacation(&self, date: NaiveDate) -> Option<bool> {
        let first = self.terms.iter().map(|term| term.from).min()?;
        let last = self.terms.iter().map(|term| term.to).max()?;
        (first <= date && date <= last).then(|| {
            !self
                .terms
                .iter()
                .any(|term| term.from <= date && date <= term.to)
        })
    }

    /// A tier by code.
    pub fn tier(&self, code: &str) -> Option<&TierRule> {
        self.tiers.iter().find(|tier| tier.code == code)
    }

    /// A category by code.
    pub fn category(&self, code: &str) -> Option<&CategoryRule> {
        self.categories
            .iter()
            .find(|category| category.code == code)
    }

    /// Has this category a cadence (decisions 7)?
    pub fn includes(&self, category: &str) -> bool {
        self.rules
            .include
            .values()
            .flatten()
            .any(|pattern| code_matches(pattern, category))
    }

    /// Is this category of a group that has a cadence, `LEFT_BEHIND` or `DIFFICULTY`?
    pub fn is_of_group(&self, group: &str, category: &str) -> bool {
        self.rules
            .include
            .get(group)
            .into_iter()
            .flatten()
            .any(|pattern| code_matches(pattern, category))
    }

    /// Does this category end the cadence?
    pub fn excludes(&self, category: &str) -> bool {
        self.rules
            .exclude
            .iter()
            .any(|pattern| code_matches(pattern, category))
    }

    /// A problem type by code.
    pub fn problem(&self, code: &str) -> Option<&ProblemType> {
        self.problems.iter().find(|problem| problem.code == code)
    }

    /// The times of a severity.
    pub fn timer(&self, severity: &str) -> Option<&ProblemTimer> {
        self.timers.iter().find(|timer| timer.severity == severity)
    }

    /// A card by code.
    pub fn problem_card(&self, code: &str) -> Option<&ProblemCard> {
        self.problem_cards.iter().find(|card| card.code == code)
    }

    /// The card a type is reported with: the one it is the main type of, before those it is a further one of.
    pub fn card_of(&self, kind: &str) -> Option<&ProblemCard> {
        let main = self.problem_cards.iter().find(|card| card.problem == kind);
        main.or_else(|| {
            let mut cards = self.problem_cards.iter();
            cards.find(|card| card.also.iter().any(|code| code == kind))
        })
    }

    /// The types a card offers: its main one first, then those that may be meant more precisely.
    pub fn kinds_of<'a>(
        &'a self,
        card: &'a ProblemCard,
    ) -> impl Iterator<Item = &'a ProblemType> + 'a {
        std::iter::once(&card.problem)
            .chain(&card.also)
            .filter_map(|code| self.problem(code))
    }

    /// An urgency by code.
    pub fn urgency(&self, code: &str) -> Option<&Urgency> {
        self.urgencies.iter().find(|urgency| urgency.code == code)
    }

    /// Chinese label of a code in a list; the code itself when the list does not know it.
    ///
    /// CATEGORY, PROBLEM, PAUSE_REASON, FACT and URGENCY are read from where the pack rules on them.
    pub fn label<'a>(&'a self, list: &str, code: &'a str) -> &'a str {
        let label = match list {
            "CATEGORY" => self.category(code).map(CategoryRule::words),
            "PROBLEM" => self.problem(code).map(|it| it.label.as_str()),
            "PROBLEM_CARD" => self.problem_card(code).map(|it| it.label.as_str()),
            "URGENCY" => self.urgency(code).map(|it| it.label.as_str()),
            "FACT" => self
                .facts
                .iter()
                .find(|it| it.code == code)
                .map(|it| it.label.as_str()),
            "PAUSE_REASON" => self
                .pauses
                .iter()
                .find(|it| it.code == code)
                .map(|it| it.label.as_str()),
            _ => self.lists.label(list, code),
        };
        label.unwrap_or(code)
    }

    /// Items of a list; empty when there is none.
    pub fn list(&self, name: &str) -> &[CodeItem] {
        self.lists.items(name)
    }

    /// What a choice offers: a list, or what the pack rules on (CATEGORY, PAUSE_REASON, FACT); either way without what
    /// belongs into no file a village holds.
    pub fn items(&self, name: &str) -> Vec<CodeItem> {
        let item = |code: &str, label: &str| CodeItem {
            code: code.to_owned(),
            label: label.to_owned(),
            retired: false,
            synonyms: Vec::new(),
            restricted: false,
            shown_as: None,
        };
        match name {
            "CATEGORY" => self
                .categories
                .iter()
                .filter(|it| !it.restricted && !it.erased)
                .map(|it| item(&it.code, &it.label))
                .collect(),
            "PAUSE_REASON" => self
                .pauses
                .iter()
                .map(|it| item(&it.code, &it.label))
                .collect(),
            "FACT" => self.facts.clone(),
            _ => self
                .list(name)
                .iter()
                .filter(|it| !it.restricted)
                .cloned()
                .collect(),
        }
    }

    /// What a code says belongs into no file a village holds (decisions.md 4).
    pub fn is_restricted(&self, list: &str, code: &str) -> bool {
        match list {
            "CATEGORY" => self.category(code).is_some_and(|it| it.restricted),
            _ => self.lists.is_restricted(list, code),
        }
    }

    /// A sentence with its places filled; the key itself when the pack has no such sentence.
    pub fn text(&self, key: &str, places: &[(&str, &str)]) -> String {
        let own = self.texts.get(key).map(String::as_str);
        let mut text = own.unwrap_or_else(|| wordless(key)).to_owned();
        for (place, value) in places {
            text = text.replace(&format!("{{{place}}}"), value);
        }
        text
    }

    /// Phrases to tap at a place.
    pub fn phrases(&self, place: &str) -> &[String] {
        self.phrases.get(place).map_or(&[], Vec::as_slice)
    }
}

/// A reason made of the pack's own words needs no sentence; anything else shows its key.
fn wordless(key: &str) -> &str {
    match key {
        "reason.plain" => "{every}",
        "reason.facts" => "{every}：{facts}",
        "reason.join" => "、",
        other => other,
    }
}

/// `DP-*` matches `DP-1`; anything else only itself.
pub(crate) fn code_matches(pattern: &str, code: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => code.starts_with(prefix),
        None => pattern == code,
    }
}

#[cfg(test)]
mod tests;
