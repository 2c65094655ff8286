//! Everything in a pack that is a number or a list of codes, with what stands where a pack says nothing.

use super::Span;
use crate::cadence::Kind;
use crate::status::Step;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// A file in which something is still to ask so many workdays after it was opened is listed; never without it.
    pub file_workdays: Option<u32>,
    /// Days given after a tier or pack change; never loosens (decisions 5).
    pub upgrade_grace_days: u32,
    /// Days given after a pause.
    pub pause_grace_days: u32,
    /// What asks for a contact or a visit soon after it happened, whatever the interval is (domain.md §5.7).
    pub after: Vec<AfterRule>,
    /// 快到: so many days before.
    pub soon_days: u32,
    /// Counting visits at school in a row for a boarder.
    pub school_visits_in_a_row: u32,
    /// Attempts in a row after which [`UnreachableRule::problem`] is suggested (domain.md §4.1).
    pub attempts_before_problem: u32,
    /// What is suggested then.
    pub unreachable: UnreachableRule,
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
    /// Numbers that are given to the city or for research: counts from one to fewer than this are kept back (P-13).
    pub figures_below: u32,
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

/// The problem that says a family cannot be reached (联系不上).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnreachableRule {
    /// Code of the pack's problems; suggested by nothing where the pack has none of that code.
    pub problem: String,
    /// How grave it is at least for a child below [`Rules::unseen_grave_below`] that was not seen for so long.
    pub grave: String,
}

impl Default for UnreachableRule {
    fn default() -> Self {
        Self {
            problem: "UNREACHABLE".to_owned(),
            grave: "S2".to_owned(),
        }
    }
}

/// A contact or a visit that is asked for soon after something happened: within 24 hours of a major change (domain.md §5.7).
///
/// It brings a date forward and never moves it out. What counted on that day or later answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterRule {
    /// Stable code.
    pub code: String,
    /// What happened, in words: 风险升到红色.
    pub name: String,
    /// What it asks for: 24小时内走访.
    pub words: String,
    /// What happened; any of these.
    pub when: Happening,
    /// What is asked for.
    pub kinds: Vec<Kind>,
    /// The last day: so long after the day it took effect here.
    pub wait: Span,
}

/// What may happen to a child, as far as the cadence knows of it. What a file was opened with has not happened to it, unless
/// the child is newly found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Happening {
    /// Kinds of dated facts, of which one began.
    pub facts: Vec<String>,
    /// Risk levels, of which one was settled by a person.
    pub risk_levels: Vec<String>,
    /// Category codes, of which one began; `DP-*` means all that begin so.
    pub categories: Vec<String>,
    /// Tier codes, to which the child rose from a less strict one.
    pub tiers: Vec<String>,
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
    /// Before a file is ended for a code of EXIT_REASON, the type of problem that may have to be reported first; the question is
    /// the text `status.ask.` and the code.
    pub asks: BTreeMap<String, String>,
}

impl Default for EndingRules {
    fn default() -> Self {
        let codes = ["moved", "deceased", "mistake"];
        Self {
            visit_days: 30,
            without_visit: codes.map(str::to_owned).to_vec(),
            two_persons: vec![Step::Merge.as_str().to_owned()],
            leave_days: None,
            asks: BTreeMap::new(),
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
    /// Party and met codes that are the carer as well where the file says so: by its code of REL (or CAREGIVER_CLASS), the
    /// codes that name this very person. A code that may be somebody else, 其他亲属, names nobody.
    pub carer_is: BTreeMap<String, Vec<String>>,
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

impl Counting {
    /// Whether a party or met code is the carer, by what the file says who that is.
    pub fn is_carer(&self, code: &str, carer: Option<&str>) -> bool {
        let named = carer.and_then(|carer| self.carer_is.get(carer));
        let mut codes = self.carer.iter().chain(named.into_iter().flatten());
        codes.any(|one| one == code)
    }
}

impl Default for Counting {
    fn default() -> Self {
        let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect();
        let named: [(&str, &[&str]); 6] = [
            ("50", &["f", "m"]),
            ("51", &["f"]),
            ("52", &["m"]),
            ("57", &["f"]),
            ("58", &["m"]),
            ("parents", &["f", "m"]),
        ];
        Self {
            child: codes(&["child"]),
            carer: codes(&["caregiver", "carer"]),
            carer_is: named
                .map(|(carer, met)| (carer.to_owned(), codes(met)))
                .into(),
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

impl Default for Rules {
    fn default() -> Self {
        Self {
            visit_counts_as_contact: true,
            attempt_counts: false,
            chat_needs_reply: true,
            late_entry_flag_days: 7,
            child_must_be_seen: EveryNth { every_nth_visit: 2 },
            new_child_first_visit_workdays: 5,
            file_workdays: None,
            upgrade_grace_days: 7,
            pause_grace_days: 7,
            after: Vec::new(),
            soon_days: 7,
            school_visits_in_a_row: 1,
            attempts_before_problem: 2,
            unreachable: UnreachableRule::default(),
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
            figures_below: 5,
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
