//! A child's time cut into stretches of one tier and one pack. Outside them there is no cadence.

use super::{CadenceInput, Category, Reminder, TierFact, TierLowered};
use crate::calendar::{birthday, completed_years, days_before, full_date_words};
use crate::child::GROWN_UP;
use crate::policy::{Campaign, PolicyPack, PolicySet, TierRule, code_matches};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Kind of the dated fact that carries a risk colour.
pub const RISK_LEVEL: &str = "risk_level";

/// Days under one tier of one pack; `to` is the first day after.
#[derive(Debug, Clone)]
pub(super) struct Segment<'a> {
    pub(super) from: NaiveDate,
    pub(super) to: Option<NaiveDate>,
    pub(super) pack: &'a PolicyPack,
    pub(super) tier: &'a TierRule,
}

impl Segment<'_> {
    pub(super) fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date < to)
    }

    fn is_same_rule(&self, pack: &PolicyPack, tier: &TierRule) -> bool {
        self.pack.id == pack.id && self.tier.code == tier.code
    }
}

/// All stretches, oldest first. Two that touch differ in tier or pack.
pub(super) fn segments<'a>(case: &CadenceInput, packs: &'a PolicySet) -> Vec<Segment<'a>> {
    let mut segments: Vec<Segment<'a>> = Vec::new();
    let days: Vec<NaiveDate> = days_of_change(case, packs).into_iter().collect();
    for (index, day) in days.iter().enumerate() {
        let until = days.get(index + 1).copied();
        let Some(pack) = packs
            .valid_on(*day)
            .filter(|pack| has_cadence(case, pack, *day))
        else {
            continue;
        };
        let Some(tier) = tier_on(case, pack, *day) else {
            continue;
        };
        match segments.last_mut() {
            Some(last) if last.to == Some(*day) && last.is_same_rule(pack, tier) => last.to = until,
            _ => segments.push(Segment {
                from: *day,
                to: until,
                pack,
                tier,
            }),
        }
    }
    segments
}

/// The stretch a day lies in.
pub(super) fn at<'s, 'a>(segments: &'s [Segment<'a>], day: NaiveDate) -> Option<&'s Segment<'a>> {
    segments.iter().find(|segment| segment.contains(day))
}

/// First day from today on without a cadence; none when there is none today or it has no known end.
pub(super) fn ends_on(segments: &[Segment<'_>], today: NaiveDate) -> Option<NaiveDate> {
    let start = segments
        .iter()
        .position(|segment| segment.contains(today))?;
    let mut end = segments[start].to?;
    for segment in &segments[start + 1..] {
        if segment.from != end {
            break;
        }
        end = segment.to?;
    }
    Some(end)
}

/// First day after the last cadence; none when there was none, there is one today, or one begins later.
pub(super) fn ended_on(segments: &[Segment<'_>], today: NaiveDate) -> Option<NaiveDate> {
    segments.last()?.to.filter(|end| *end <= today)
}

/// What in words put the child in this tier on a day: 母亲重度残疾.
pub(super) fn tier_words(
    case: &CadenceInput,
    pack: &PolicyPack,
    tier: &TierRule,
    day: NaiveDate,
) -> Vec<String> {
    let mut words = Vec::new();
    // In the pack's order, whatever order they were written in.
    let place = |fact: &TierFact| pack.facts.iter().position(|known| known.code == fact.kind);
    let mut facts: Vec<&TierFact> = case.facts.iter().collect();
    facts.sort_by_key(|fact| (place(fact), &fact.words, fact.recorded_on));
    for fact in facts {
        if fact_demands(case, fact, tier, day) {
            let known = pack.facts.iter().find(|known| known.code == fact.kind);
            let word = fact
                .words
                .clone()
                .or_else(|| known.map(|known| known.label.clone()));
            words.extend(word);
        }
    }
    if words.is_empty() {
        for category in &case.categories {
            if category_demands(case, category, tier, day) {
                let rule = pack.category(&category.code);
                words.extend(
                    rule.map(|rule| rule.short.clone().unwrap_or_else(|| rule.label.clone())),
                );
            }
        }
    }
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words
}

/// The tier that would hold if somebody approved lowering today; none where what is open asks for this one anyway.
pub(super) fn lower_to(
    case: &CadenceInput,
    segment: &Segment<'_>,
    today: NaiveDate,
) -> Option<String> {
    let ended = |to: Option<NaiveDate>| to.is_some_and(|to| to <= today);
    let anything_ended =
        case.facts.iter().any(|it| ended(it.to)) || case.categories.iter().any(|it| ended(it.end));
    if !anything_ended {
        return None;
    }
    let mut approved = case.clone();
    approved.tier_lowered.push(TierLowered {
        approved_by: "?".to_owned(),
        on: today,
    });
    let lower = tier_on(&approved, segment.pack, today)?;
    (lower.code != segment.tier.code).then(|| lower.code.clone())
}

/// The rounds of a stretch: its pack's, and those the station opened; the days of a round say where it belongs.
pub(super) fn campaigns<'a>(
    case: &'a CadenceInput,
    segment: &Segment<'a>,
) -> impl Iterator<Item = &'a Campaign> {
    segment.pack.campaigns.iter().chain(&case.rounds)
}

/// Is a round of a stretch for this child?
pub(super) fn is_in(case: &CadenceInput, segment: &Segment<'_>, campaign: &Campaign) -> bool {
    let who = &campaign.who;
    let age = case
        .birth_date
        .and_then(|birth| completed_years(birth, campaign.from));
    let of_age = match age {
        Some(age) => {
            who.age_from.is_none_or(|from| from <= age)
                && who.age_below.is_none_or(|below| age < below)
        }
        None => who.age_from.is_none() && who.age_below.is_none(),
    };
    let by_tier = who.tiers.is_empty() || who.tiers.contains(&segment.tier.code);
    let by_category = who.categories.is_empty()
        || case.categories.iter().any(|category| {
            let named = |pattern: &String| code_matches(pattern, &category.code);
            who.categories.iter().any(named)
                && category_holds(
                    case,
                    category,
                    segment.pack,
                    campaign.from.max(segment.from),
                )
        });
    of_age && by_tier && by_category
}

/// A newly found child is visited first within some workdays, whatever put it on the list (domain.md §5.5): also one
/// nobody can say more of yet. Not one that is somewhere with a rule of its own, grown up, or on no list any more.
pub(super) fn waits_for_first_visit(
    case: &CadenceInput,
    pack: &PolicyPack,
    today: NaiveDate,
) -> bool {
    let grown = case
        .birth_date
        .is_some_and(|birth| birthday(birth, GROWN_UP) <= today);
    if !case.is_new || grown || case.opened_on > today || case.is_closed_on(today) {
        return false;
    }
    let excluded = case
        .categories
        .iter()
        .any(|it| category_holds(case, it, pack, today) && pack.excludes(&it.code));
    let over = |it: &Category| last_day_of(case, it, pack).is_some_and(|end| end <= today);
    !excluded && (case.categories.is_empty() || !case.categories.iter().all(over))
}

/// First day a category no longer holds, by its end or by age; none where neither is known.
fn last_day_of(case: &CadenceInput, category: &Category, pack: &PolicyPack) -> Option<NaiveDate> {
    let rule = pack.category(&category.code);
    let by_age = case
        .birth_date
        .zip(rule)
        .map(|(birth, rule)| birthday(birth, rule.upper_age));
    match (category.end, by_age) {
        (Some(end), Some(by_age)) => Some(end.min(by_age)),
        (end, by_age) => end.or(by_age),
    }
}

/// The day a file ended that never asked for anything regularly: everything that put the child on the list is over, or the
/// child grew up (domain.md §3.2). None while something holds, and where the file was ended already.
pub(super) fn ended_by_age(
    case: &CadenceInput,
    packs: &PolicySet,
    today: NaiveDate,
) -> Option<NaiveDate> {
    let pack = packs.newest_by(today)?;
    if case.is_closed_on(today) {
        return None;
    }
    let mut ends = case
        .birth_date
        .map(|birth| birthday(birth, GROWN_UP))
        .filter(|day| *day <= today);
    let lasts = case
        .categories
        .iter()
        .map(|it| last_day_of(case, it, pack))
        .collect::<Option<Vec<NaiveDate>>>();
    if let Some(last) = lasts.and_then(|days| days.into_iter().max())
        && last <= today
    {
        ends = Some(ends.map_or(last, |grown| grown.min(last)));
    }
    ends.map(|day| day.max(case.opened_on))
}

/// Reminders before a category ends by age, and before the child grows up, which ends its file whatever it is on the list
/// for (domain.md §3.2, vector 10).
pub(super) fn reminders(case: &CadenceInput, packs: &PolicySet, today: NaiveDate) -> Vec<Reminder> {
    let (Some(birth), Some(pack)) = (case.birth_date, packs.newest_by(today)) else {
        return Vec::new();
    };
    let segments = segments(case, packs);
    let mut reminders = BTreeSet::new();
    let mut remind = |ends_on: NaiveDate, age: u32, category: Option<(&str, &str)>| {
        if case.closed_on.is_some_and(|closed| closed < ends_on) || ends_on <= case.opened_on {
            return;
        }
        let (date, age) = (full_date_words(ends_on), age.to_string());
        let has_cadence = |day: NaiveDate| at(&segments, day).is_some();
        for days in &pack.rules.ageing_reminder_days {
            let days_words = days.to_string();
            let mut places = vec![
                ("date", date.as_str()),
                ("age", age.as_str()),
                ("days", days_words.as_str()),
            ];
            places.extend(category.map(|(_, label)| ("category", label)));
            let key = match category {
                Some(_) => "reminder.ageing_out",
                None => "reminder.grown_up",
            };
            reminders.insert(Reminder {
                on: days_before(ends_on, *days),
                category: category.map(|(code, _)| code.to_owned()),
                ends_on,
                cadence_stops: has_cadence(days_before(ends_on, 1)) && !has_cadence(ends_on),
                text: pack.text(key, &places),
            });
        }
    };
    for category in &case.categories {
        let Some(rule) = pack.category(&category.code) else {
            continue;
        };
        let ends_on = birthday(birth, rule.upper_age);
        let over_before =
            category.end.is_some_and(|end| end <= ends_on) || ends_on <= starts_on(case, category);
        if !over_before && rule.upper_age < GROWN_UP {
            remind(
                ends_on,
                rule.upper_age,
                Some((category.code.as_str(), rule.label.as_str())),
            );
        }
    }
    // What ended before has been said with its own day.
    let grown = birthday(birth, GROWN_UP);
    let lasts = |it: &Category| last_day_of(case, it, pack).is_none_or(|day| grown <= day);
    if case.categories.is_empty() || case.categories.iter().any(lasts) {
        remind(grown, GROWN_UP, None);
    }
    reminders.into_iter().collect()
}

/// Every day on which tier, pack or the cadence itself may change.
fn days_of_change(case: &CadenceInput, packs: &PolicySet) -> BTreeSet<NaiveDate> {
    let mut days = BTreeSet::from([case.opened_on]);
    days.extend(case.closed_on.and_then(|closed| closed.succ_opt()));
    for (from, to) in &case.gaps {
        days.insert(*from);
        days.extend(to.succ_opt());
    }
    for pack in packs.packs() {
        days.insert(pack.valid.from);
        days.extend(pack.valid.to);
    }
    for category in &case.categories {
        days.insert(starts_on(case, category));
        days.extend(category.end);
        for pack in packs.packs() {
            let rule = pack.category(&category.code);
            if let (Some(birth), Some(rule)) = (case.birth_date, rule) {
                days.insert(birthday(birth, rule.upper_age));
            }
        }
    }
    for fact in &case.facts {
        days.insert(fact_starts_on(fact));
        days.extend(fact.to);
    }
    days.extend(case.tier_lowered.iter().map(|lowered| lowered.on));
    days.retain(|day| *day >= case.opened_on);
    days
}

/// Effective the day it was recorded, never earlier.
pub(super) fn starts_on(case: &CadenceInput, category: &Category) -> NaiveDate {
    let recorded = category.recorded_on.unwrap_or(case.opened_on);
    category
        .start
        .map_or(recorded, |start| start.max(recorded))
        .max(case.opened_on)
}

pub(super) fn fact_starts_on(fact: &TierFact) -> NaiveDate {
    fact.from
        .map_or(fact.recorded_on, |from| from.max(fact.recorded_on))
}

pub(super) fn category_holds(
    case: &CadenceInput,
    category: &Category,
    pack: &PolicyPack,
    day: NaiveDate,
) -> bool {
    let of_age = match (case.birth_date, pack.category(&category.code)) {
        (Some(birth), Some(rule)) => day >= birthday(birth, rule.upper_age),
        _ => false,
    };
    !category.suspected
        && !of_age
        && starts_on(case, category) <= day
        && category.end.is_none_or(|end| day < end)
}

fn has_cadence(case: &CadenceInput, pack: &PolicyPack, day: NaiveDate) -> bool {
    if case.is_closed_on(day) {
        return false;
    }
    let mut included = false;
    for category in &case.categories {
        if category_holds(case, category, pack, day) {
            if pack.excludes(&category.code) {
                return false;
            }
            included |= pack.includes(&category.code);
        }
    }
    included
}

/// The strictest tier some fact demands, else the default one, which is last.
pub(super) fn tier_on<'p>(
    case: &CadenceInput,
    pack: &'p PolicyPack,
    day: NaiveDate,
) -> Option<&'p TierRule> {
    pack.tiers
        .iter()
        .find(|tier| {
            case.facts
                .iter()
                .any(|fact| fact_demands(case, fact, tier, day))
                || case
                    .categories
                    .iter()
                    .any(|it| category_demands(case, it, tier, day))
        })
        .or_else(|| pack.tiers.last())
}

fn fact_demands(case: &CadenceInput, fact: &TierFact, tier: &TierRule, day: NaiveDate) -> bool {
    let by_kind = tier.when.facts.contains(&fact.kind);
    let by_colour = fact.kind == RISK_LEVEL
        && fact
            .value
            .as_ref()
            .is_some_and(|value| tier.when.risk_levels.contains(value));
    (by_kind || by_colour) && demands(case, fact_starts_on(fact), fact.to, day)
}

fn category_demands(
    case: &CadenceInput,
    category: &Category,
    tier: &TierRule,
    day: NaiveDate,
) -> bool {
    let named = tier
        .when
        .categories
        .iter()
        .any(|pattern| code_matches(pattern, &category.code));
    named && !category.suspected && demands(case, starts_on(case, category), category.end, day)
}

/// In force from its start; after its end it still holds the tier up until somebody approved lowering (decisions 7).
fn demands(case: &CadenceInput, from: NaiveDate, to: Option<NaiveDate>, day: NaiveDate) -> bool {
    if day < from || to.is_some_and(|to| to <= from) {
        return false;
    }
    let Some(to) = to.filter(|to| *to <= day) else {
        return true;
    };
    !case.tier_lowered.iter().any(|lowered| {
        !lowered.approved_by.trim().is_empty() && to <= lowered.on && lowered.on <= day
    })
}
