//! A policy pack: the numbers, words and lists a place works by, dated, as JSON under `policy/`.
//!
//! Nothing here decides; [`crate::cadence`] does, by what a pack says. Where packs overlap, [`PolicySet`] says which stands.

mod check;
mod gaps;
mod reporting;
mod rules;
mod set;

pub use check::PolicyError;
pub use gaps::CalendarGaps;
pub use reporting::{MandatoryPage, ProblemCard, ProblemType, Urgency};
pub use rules::{
    AfterRule, Counting, EndingRules, EveryNth, Happening, LockRules, Mask, Masks, ReportRules,
    RetentionRules, Rules, SignerRule, UnreachableRule,
};
pub use set::{PolicySet, PolicySetError};

use crate::calendar::{WorkCalendar, WorkYear, add_days};
use crate::code_list::{CodeItem, CodeLists};
use crate::problem::clock::ProblemTimer;
use crate::problem::packet::PacketRules;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The group of [`Rules::include`] with the children whose parents are away (留守). Forms, registers and lists ask by it,
/// so that a place may name its categories as it likes.
pub const LEFT_BEHIND: &str = "LEFT_BEHIND";

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
    /// What leaves the station with a referral (P-14).
    #[serde(default)]
    pub packets: PacketRules,
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
    /// Once it is over the child is visited within so many days, if it was not since (domain.md §5.5).
    #[serde(default)]
    pub return_visit_days: Option<u32>,
    /// While it lasts there is no date at all for what it pauses: the child is somewhere with a rule of its own.
    #[serde(default)]
    pub outside: bool,
    /// How often a contact while it lasts, instead of what the tier asks: the station's every week with a child in its
    /// temporary care.
    #[serde(default)]
    pub contact: Option<Interval>,
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

    /// By when a file that was opened on a day is to be full; none where the pack asks nothing.
    pub fn file_due(&self, opened: NaiveDate) -> Option<NaiveDate> {
        let days = self.rules.file_workdays?;
        Some(self.work_calendar().add_workdays(opened, days))
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

    /// Is this category one of a child left behind?
    pub fn is_left_behind(&self, category: &str) -> bool {
        self.is_of_group(LEFT_BEHIND, category)
    }

    /// What a pause reason pauses.
    pub fn pause(&self, reason: &str) -> Option<&PauseRule> {
        self.pauses.iter().find(|rule| rule.code == reason)
    }

    /// Last day of a pause; while it is open that is today, and never more than the pack allows.
    pub fn pause_end(
        &self,
        reason: &str,
        from: NaiveDate,
        to: Option<NaiveDate>,
        today: NaiveDate,
    ) -> NaiveDate {
        let end = to.unwrap_or_else(|| today.max(from));
        let most = self.pause(reason).and_then(|rule| rule.max_days);
        most.map_or(end, |most| end.min(add_days(from, most)))
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
            ..CodeItem::default()
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
        "reason.after" => "{words}：{name}",
        "reason.join" => "、",
        other => other,
    }
}

/// `DP-*` matches `DP-1`; anything else only itself.
pub fn code_matches(pattern: &str, code: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => code.starts_with(prefix),
        None => pattern == code,
    }
}

#[cfg(test)]
mod tests;
