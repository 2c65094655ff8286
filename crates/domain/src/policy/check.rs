//! What must hold in a pack before anybody computes with it.

use super::{
    AfterRule, Campaign, Happening, Interval, PolicyPack, ReportRules, TierPredicate, code_matches,
};
use crate::problem::clock::{FollowUpAt, ProblemTimer, Wait, WaitUnit};
use crate::problem::packet::MATTER;
use crate::status::Step;
use std::collections::BTreeSet;

/// Why a pack is refused. Every variant names the place in the pack.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON, or not a pack.
    #[error("the pack cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A needed text is empty.
    #[error("`{0}` is empty")]
    Empty(String),
    /// The pack ends before it begins.
    #[error("valid.to must lie after valid.from")]
    Dates,
    /// An interval of nothing.
    #[error("{0} must be greater than zero")]
    Zero(String),
    /// A number that makes no sense there.
    #[error("{0} is out of range")]
    Range(String),
    /// A code that occurs twice.
    #[error("{place} has the code {code} twice")]
    Twice {
        /// Where.
        place: String,
        /// Which.
        code: String,
    },
    /// A code nothing in the pack defines.
    #[error("{place} refers to {code}, which the pack does not define")]
    Unknown {
        /// Where.
        place: String,
        /// Which.
        code: String,
    },
    /// The last tier must take everybody.
    #[error("the last tier must have no condition, and only the last")]
    DefaultTier,
}

pub(super) fn check(pack: &PolicyPack) -> Result<(), PolicyError> {
    for (value, place) in [(&pack.id, "id"), (&pack.name, "name")] {
        if value.trim().is_empty() {
            return Err(PolicyError::Empty(place.to_owned()));
        }
    }
    if !pack.scope.bytes().all(|byte| byte.is_ascii_digit()) || pack.scope.len() > 12 {
        return Err(PolicyError::Range("scope".to_owned()));
    }
    if pack.valid.to.is_some_and(|to| to <= pack.valid.from) {
        return Err(PolicyError::Dates);
    }
    once("tiers", pack.tiers.iter().map(|tier| tier.code.as_str()))?;
    once("facts", pack.facts.iter().map(|fact| fact.code.as_str()))?;
    once(
        "categories",
        pack.categories.iter().map(|it| it.code.as_str()),
    )?;
    once(
        "rules.after",
        pack.rules.after.iter().map(|it| it.code.as_str()),
    )?;
    once("pauses", pack.pauses.iter().map(|it| it.code.as_str()))?;
    once(
        "campaigns",
        pack.campaigns.iter().map(|it| it.code.as_str()),
    )?;
    once("problems", pack.problems.iter().map(|it| it.code.as_str()))?;
    once(
        "problem_cards",
        pack.problem_cards.iter().map(|it| it.code.as_str()),
    )?;
    once(
        "timers",
        pack.timers.iter().map(|timer| timer.severity.as_str()),
    )?;
    once(
        "urgencies",
        pack.urgencies.iter().map(|it| it.code.as_str()),
    )?;
    for (name, list) in &pack.lists.0 {
        once(
            &format!("lists.{name}"),
            list.items.iter().map(|it| it.code.as_str()),
        )?;
    }
    tiers(pack)?;
    rules(pack)?;
    references(pack)
}

fn tiers(pack: &PolicyPack) -> Result<(), PolicyError> {
    if pack.tiers.is_empty() {
        return Err(PolicyError::Empty("tiers".to_owned()));
    }
    let last = pack.tiers.len() - 1;
    for (index, tier) in pack.tiers.iter().enumerate() {
        if (tier.when == TierPredicate::default()) != (index == last) {
            return Err(PolicyError::DefaultTier);
        }
        for (interval, kind) in [(&tier.contact, "contact"), (&tier.visit, "visit")] {
            if let Some(interval) = interval {
                check_interval(interval, &format!("tiers.{}.{kind}", tier.code))?;
            }
        }
        for fact in &tier.when.facts {
            if !pack.facts.iter().any(|known| known.code == *fact) {
                return Err(unknown(format!("tiers.{}.when.facts", tier.code), fact));
            }
        }
        for category in &tier.when.categories {
            known_category(
                pack,
                &format!("tiers.{}.when.categories", tier.code),
                category,
            )?;
        }
    }
    Ok(())
}

fn check_interval(interval: &Interval, place: &str) -> Result<(), PolicyError> {
    // A century in any unit: far above every real rule, far below what overflows a date.
    const MOST: u32 = 36_525;
    let (number, gap, anchor) = match interval {
        Interval::Rolling { every, .. } => (every.n, None, 1),
        Interval::Calendar {
            blocks,
            anchor_month,
            max_gap_days,
            ..
        } => (*blocks, *max_gap_days, *anchor_month),
    };
    if number == 0 {
        return Err(PolicyError::Zero(place.to_owned()));
    }
    if gap == Some(0) {
        return Err(PolicyError::Zero(format!("{place}.max_gap_days")));
    }
    if !(1..=12).contains(&anchor) {
        return Err(PolicyError::Range(format!("{place}.anchor_month")));
    }
    if number > MOST || gap.is_some_and(|gap| gap > MOST) {
        return Err(PolicyError::Range(place.to_owned()));
    }
    Ok(())
}

/// Before which endings is asked whether something must be reported: it has words, and a card to report it with.
fn ending_asks(pack: &PolicyPack) -> Result<(), PolicyError> {
    let place = || "rules.ending.asks".to_owned();
    for (reason, kind) in &pack.rules.ending.asks {
        let mut reasons = pack.list("EXIT_REASON").iter();
        if !reasons.any(|item| item.code == *reason) {
            return Err(unknown(place(), reason));
        }
        if pack.problem(kind).is_none() || pack.card_of(kind).is_none() {
            return Err(unknown(place(), kind));
        }
        let words = format!("status.ask.{reason}");
        if pack.texts.get(&words).is_none_or(String::is_empty) {
            return Err(PolicyError::Empty(format!("texts.{words}")));
        }
    }
    Ok(())
}

fn rules(pack: &PolicyPack) -> Result<(), PolicyError> {
    let rules = &pack.rules;
    once(
        "rules.signers",
        rules.signers.iter().map(|signer| signer.code.as_str()),
    )?;
    for (value, place) in [
        (
            rules.child_must_be_seen.every_nth_visit,
            "rules.child_must_be_seen.every_nth_visit",
        ),
        (
            rules.new_child_first_visit_workdays,
            "rules.new_child_first_visit_workdays",
        ),
        (
            rules.attempts_before_problem,
            "rules.attempts_before_problem",
        ),
        (rules.file_workdays.unwrap_or(1), "rules.file_workdays"),
        (rules.unseen_days, "rules.unseen_days"),
        (rules.unseen_grave_below, "rules.unseen_grave_below"),
        (rules.step_up_minutes, "rules.step_up_minutes"),
        (rules.lease_days, "rules.lease_days"),
        (rules.lease_days_far, "rules.lease_days_far"),
        (rules.reveal_seconds, "rules.reveal_seconds"),
        (rules.vetting_months, "rules.vetting_months"),
        (rules.report.every_days, "rules.report.every_days"),
        (rules.report.silent_days, "rules.report.silent_days"),
    ] {
        if value == 0 {
            return Err(PolicyError::Zero(place.to_owned()));
        }
    }
    for (value, place) in [
        (
            rules.new_child_first_visit_workdays,
            "rules.new_child_first_visit_workdays",
        ),
        (rules.file_workdays.unwrap_or(1), "rules.file_workdays"),
        (rules.upgrade_grace_days, "rules.upgrade_grace_days"),
        (rules.pause_grace_days, "rules.pause_grace_days"),
        (rules.soon_days, "rules.soon_days"),
        (rules.announce_days, "rules.announce_days"),
        (rules.attachment_keep_days, "rules.attachment_keep_days"),
        (rules.lease_days, "rules.lease_days"),
        (rules.lease_days_far, "rules.lease_days_far"),
        (rules.lease_warn_days, "rules.lease_warn_days"),
        (rules.grant_warn_days, "rules.grant_warn_days"),
        (rules.vetting_months, "rules.vetting_months"),
        (rules.reopen_months, "rules.reopen_months"),
        (rules.ending.visit_days, "rules.ending.visit_days"),
        (rules.report.every_days, "rules.report.every_days"),
        (rules.report.silent_days, "rules.report.silent_days"),
        (rules.report.over_days, "rules.report.over_days"),
        (rules.report.review_days, "rules.report.review_days"),
        (rules.report.case_days, "rules.report.case_days"),
        (
            rules.report.case_remind_days,
            "rules.report.case_remind_days",
        ),
        (rules.report.small_below, "rules.report.small_below"),
        (
            rules.ending.leave_days.unwrap_or(0),
            "rules.ending.leave_days",
        ),
    ] {
        if value > 366 {
            return Err(PolicyError::Range(place.to_owned()));
        }
    }
    for counted in &rules.report.small_in {
        if !ReportRules::COUNTS.contains(&counted.as_str()) {
            return Err(unknown("rules.report.small_in".to_owned(), counted));
        }
    }
    for step in &rules.ending.two_persons {
        if Step::parse(step).is_none() {
            return Err(unknown("rules.ending.two_persons".to_owned(), step));
        }
    }
    ending_asks(pack)?;
    if rules.reveal_seconds > 600 {
        return Err(PolicyError::Range("rules.reveal_seconds".to_owned()));
    }
    if rules.step_up_minutes > 60 {
        return Err(PolicyError::Range("rules.step_up_minutes".to_owned()));
    }
    // None at all is a rule as well: whatever leaves has a second person's word.
    if rules.export_approval_rows > 5_000 {
        return Err(PolicyError::Range("rules.export_approval_rows".to_owned()));
    }
    let lock = &rules.lock;
    for (value, most, place) in [
        (lock.idle_minutes, 60, "rules.lock.idle_minutes"),
        (lock.visit_idle_minutes, 60, "rules.lock.visit_idle_minutes"),
        (lock.hidden_seconds, 600, "rules.lock.hidden_seconds"),
        (lock.new_key_days, 3_660, "rules.lock.new_key_days"),
        (rules.look_minutes, 60, "rules.look_minutes"),
        (
            rules.export_file_minutes,
            1_440,
            "rules.export_file_minutes",
        ),
        (rules.urgent_minutes, 1_440, "rules.urgent_minutes"),
        (rules.urgent_children, 100, "rules.urgent_children"),
        (rules.urgent_review_days, 366, "rules.urgent_review_days"),
        (rules.unusual_looks_times, 100, "rules.unusual_looks_times"),
        (rules.rights_days, 366, "rules.rights_days"),
        (rules.rights_soon_days, 366, "rules.rights_soon_days"),
        (rules.guest_news_days, 366, "rules.guest_news_days"),
        (rules.most_photos, 20, "rules.most_photos"),
        (rules.most_others, 20, "rules.most_others"),
        (
            rules.retention.draft_days,
            3_660,
            "rules.retention.draft_days",
        ),
        (
            rules.retention.import_days,
            366,
            "rules.retention.import_days",
        ),
        (
            rules.retention.years_after_end,
            100,
            "rules.retention.years_after_end",
        ),
        (
            rules.retention.grave_years,
            100,
            "rules.retention.grave_years",
        ),
        (
            rules.retention.grave_until_age,
            100,
            "rules.retention.grave_until_age",
        ),
    ] {
        if value == 0 || value > most {
            return Err(PolicyError::Range(place.to_owned()));
        }
    }
    for days in &rules.ageing_reminder_days {
        if *days > 3_660 {
            return Err(PolicyError::Range("rules.ageing_reminder_days".to_owned()));
        }
    }
    for (group, codes) in &rules.include {
        for code in codes {
            known_category(pack, &format!("rules.include.{group}"), code)?;
        }
    }
    for code in &rules.exclude {
        known_category(pack, "rules.exclude", code)?;
    }
    for pause in &pack.pauses {
        if let Some(interval) = &pause.contact {
            check_interval(interval, &format!("pauses.{}.contact", pause.code))?;
        }
        if pause.max_days.is_some_and(|days| days > 3_660) {
            return Err(PolicyError::Range(format!(
                "pauses.{}.max_days",
                pause.code
            )));
        }
        let days = pause.return_visit_days;
        if days.is_some_and(|days| !(1..=366).contains(&days)) {
            return Err(PolicyError::Range(format!(
                "pauses.{}.return_visit_days",
                pause.code
            )));
        }
    }
    for rule in &rules.after {
        check_after(pack, rule)?;
    }
    for term in &pack.terms {
        if term.to < term.from {
            return Err(PolicyError::Range(format!("terms.{}", term.name)));
        }
    }
    for campaign in &pack.campaigns {
        check_campaign(pack, campaign)?;
    }
    for year in &pack.work_years {
        if year.holidays.iter().chain(&year.workdays).any(|date| {
            use chrono::Datelike;
            date.year() != year.year
        }) {
            return Err(PolicyError::Range(format!("work_years.{}", year.year)));
        }
    }
    Ok(())
}

fn check_campaign(pack: &PolicyPack, campaign: &Campaign) -> Result<(), PolicyError> {
    let place = format!("campaigns.{}", campaign.code);
    // A round longer than a year is a rule, and belongs into a tier.
    let days = (campaign.to - campaign.from).num_days();
    if !(0..=366).contains(&days) {
        return Err(PolicyError::Range(place));
    }
    if campaign.name.trim().is_empty() {
        return Err(PolicyError::Empty(format!("{place}.name")));
    }
    if campaign.kinds.is_empty() {
        return Err(PolicyError::Empty(format!("{place}.kinds")));
    }
    if campaign.every.is_some_and(|every| every.n == 0) {
        return Err(PolicyError::Zero(format!("{place}.every")));
    }
    for tier in &campaign.who.tiers {
        if pack.tier(tier).is_none() {
            return Err(unknown(format!("{place}.who.tiers"), tier));
        }
    }
    for category in &campaign.who.categories {
        known_category(pack, &format!("{place}.who.categories"), category)?;
    }
    Ok(())
}

fn check_after(pack: &PolicyPack, rule: &AfterRule) -> Result<(), PolicyError> {
    let place = format!("rules.after.{}", rule.code);
    for (text, key) in [(&rule.name, "name"), (&rule.words, "words")] {
        if text.trim().is_empty() {
            return Err(PolicyError::Empty(format!("{place}.{key}")));
        }
    }
    if rule.kinds.is_empty() {
        return Err(PolicyError::Empty(format!("{place}.kinds")));
    }
    if rule.wait.n == 0 {
        return Err(PolicyError::Zero(format!("{place}.wait")));
    }
    // What may wait longer than a year is an interval, and belongs into a tier.
    if rule.wait.n > 366 {
        return Err(PolicyError::Range(format!("{place}.wait")));
    }
    let when = &rule.when;
    if *when == Happening::default() {
        return Err(PolicyError::Empty(format!("{place}.when")));
    }
    for fact in &when.facts {
        if !pack.facts.iter().any(|known| known.code == *fact) {
            return Err(unknown(format!("{place}.when.facts"), fact));
        }
    }
    for category in &when.categories {
        known_category(pack, &format!("{place}.when.categories"), category)?;
    }
    for tier in &when.tiers {
        // Nobody rises to the last one.
        let place_of = pack.tiers.iter().position(|known| known.code == *tier);
        if place_of.is_none_or(|at| at + 1 == pack.tiers.len()) {
            return Err(unknown(format!("{place}.when.tiers"), tier));
        }
    }
    Ok(())
}

fn references(pack: &PolicyPack) -> Result<(), PolicyError> {
    let severity = |place: String, code: &str| {
        if ["S1", "S2", "S3", "S4"].contains(&code) {
            Ok(())
        } else {
            Err(unknown(place, code))
        }
    };
    for problem in &pack.problems {
        severity(
            format!("problems.{}.severity", problem.code),
            &problem.severity,
        )?;
    }
    for urgency in &pack.urgencies {
        severity(
            format!("urgencies.{}.severity", urgency.code),
            &urgency.severity,
        )?;
    }
    for timer in &pack.timers {
        severity(
            format!("timers.{}.severity", timer.severity),
            &timer.severity,
        )?;
        check_timer(pack, timer)?;
    }
    let unreachable = &pack.rules.unreachable;
    severity("rules.unreachable.grave".to_owned(), &unreachable.grave)?;
    if !pack.problems.is_empty() && pack.problem(&unreachable.problem).is_none() {
        return Err(unknown(
            "rules.unreachable.problem".to_owned(),
            &unreachable.problem,
        ));
    }
    // A matter of life and safety is not saved without an answer to whether it was reported, and the page asks by the type
    // and the urgency alone: what only the rules make so grave could never be saved.
    let is_asked = pack
        .problem(&unreachable.problem)
        .is_none_or(|kind| kind.mandatory);
    if unreachable.grave == "S1" && !is_asked {
        return Err(PolicyError::Range("rules.unreachable.grave".to_owned()));
    }
    packets(pack)?;
    let mandatory = &pack.mandatory;
    if mandatory.feedback_days.iter().any(|days| *days > 366) {
        return Err(PolicyError::Range("mandatory.feedback_days".to_owned()));
    }
    if !mandatory.no_feedback.is_empty()
        && pack
            .lists
            .label("POLICE_FEEDBACK", &mandatory.no_feedback)
            .is_none()
    {
        return Err(unknown(
            "mandatory.no_feedback".to_owned(),
            &mandatory.no_feedback,
        ));
    }
    for card in &pack.problem_cards {
        for code in std::iter::once(&card.problem).chain(&card.also) {
            if pack.problem(code).is_none() {
                return Err(unknown(format!("problem_cards.{}", card.code), code));
            }
        }
    }
    if let Some(modes) = pack.lists.0.get("CONTACT_MODE") {
        let counting = &pack.rules.counting;
        for code in counting.never_modes.iter().chain(&counting.chat_modes) {
            if !modes.items.iter().any(|item| item.code == *code) {
                return Err(unknown("rules.counting".to_owned(), code));
            }
        }
    }
    Ok(())
}

fn check_timer(pack: &PolicyPack, timer: &ProblemTimer) -> Result<(), PolicyError> {
    // Ten years in hours: far above every real time, far below what overflows.
    const MOST: u32 = 87_660;
    let place = format!("timers.{}", timer.severity);
    let follow_ups = timer.follow_ups.iter().filter_map(|at| match at {
        FollowUpAt::After(wait) => Some(*wait),
        FollowUpAt::With(_) => None,
    });
    let waits = [timer.accept, timer.first_action, timer.progress];
    let told = timer.tell.iter().map(|tell| tell.after);
    if waits
        .into_iter()
        .flatten()
        .chain(told)
        .chain(follow_ups)
        .any(|wait| wait.n > MOST)
    {
        return Err(PolicyError::Range(place));
    }
    if !is_early_short(timer) {
        return Err(PolicyError::Range(format!("{place}.early_days")));
    }
    for code in timer.tell.iter().flat_map(|tell| &tell.to) {
        if pack.lists.label("TOLD", code).is_none() {
            return Err(unknown(format!("{place}.tell"), code));
        }
    }
    Ok(())
}

/// A follow-up that counts a few days early stands for one of the plan, and not for the one before it as well.
fn is_early_short(timer: &ProblemTimer) -> bool {
    let least = |wait: Wait| match wait.unit {
        WaitUnit::Hour => wait.n / 24,
        WaitUnit::Day | WaitUnit::Workday => wait.n,
        WaitUnit::Month => wait.n.saturating_mul(28),
    };
    let days = timer.follow_ups.iter().filter_map(|at| match at {
        FollowUpAt::After(wait) => Some(least(*wait)),
        FollowUpAt::With(_) => None,
    });
    let days: Vec<u32> = std::iter::once(0).chain(days).collect();
    let mut gaps = days.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    timer.early_days == 0 || gaps.all(|gap| gap > timer.early_days)
}

/// What leaves with a referral: to whom, for how long, and fields that can be named; nothing is both given and added.
fn packets(pack: &PolicyPack) -> Result<(), PolicyError> {
    if pack.packets.receipt_days > 366 {
        return Err(PolicyError::Range("packets.receipt_days".to_owned()));
    }
    for (at, rule) in pack.packets.rules.iter().enumerate() {
        let place = format!("packets.rules.{at}");
        for (list, codes) in [
            ("REFERRAL_BODY", &rule.to),
            ("PROBLEM", &rule.problems),
            ("PACKET_PURPOSE", &rule.purposes),
        ] {
            for code in codes {
                let is_known = match list {
                    "PROBLEM" => pack.problem(code).is_some(),
                    _ => pack.lists.label(list, code).is_some(),
                };
                if !is_known {
                    return Err(unknown(format!("{place}.{list}"), code));
                }
            }
        }
        if rule.purposes.is_empty() || rule.fields.is_empty() {
            return Err(PolicyError::Empty(place));
        }
        if !(1..=3_660).contains(&rule.days) {
            return Err(PolicyError::Range(format!("{place}.days")));
        }
        let all = || rule.fields.iter().chain(&rule.more);
        once(&format!("{place}.fields"), all().map(String::as_str))?;
        for field in all() {
            let is_known = match field.split_once('.') {
                Some(("matter", _)) => MATTER.contains(&field.as_str()),
                Some(("child" | "household", key)) => !key.is_empty(),
                _ => false,
            };
            if !is_known {
                return Err(unknown(format!("{place}.fields"), field));
            }
        }
    }
    Ok(())
}

fn known_category(pack: &PolicyPack, place: &str, pattern: &str) -> Result<(), PolicyError> {
    let known = pack
        .categories
        .iter()
        .any(|category| code_matches(pattern, &category.code));
    if known {
        Ok(())
    } else {
        Err(unknown(place.to_owned(), pattern))
    }
}

fn once<'a>(place: &str, codes: impl Iterator<Item = &'a str>) -> Result<(), PolicyError> {
    let mut seen = BTreeSet::new();
    for code in codes {
        if code.trim().is_empty() {
            return Err(PolicyError::Empty(place.to_owned()));
        }
        if !seen.insert(code) {
            return Err(PolicyError::Twice {
                place: place.to_owned(),
                code: code.to_owned(),
            });
        }
    }
    Ok(())
}

fn unknown(place: String, code: &str) -> PolicyError {
    PolicyError::Unknown {
        place,
        code: code.to_owned(),
    }
}
