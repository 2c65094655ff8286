//! What brings a date forward whatever the interval is: a round (domain.md §5.5), a child that came back from where it was not
//! visited (§5.5), and something that happened after which the pack asks for it soon (§5.7).
//!
//! The rules of the day it happened stand: a pack that begins later asks for nothing in retrospect.

use super::campaigns;
use super::counting::Counted;
use super::due::{because, lasting, pause_end, pauses_kind};
use super::segments::{RISK_LEVEL, Segment, category_holds, fact_starts_on, starts_on};
use super::{CadenceInput, Kind, ReasonCode, TierFact};
use crate::calendar::{add_span, month_day_words};
use crate::policy::{AfterRule, Happening, PolicyPack, Span, Unit, code_matches};
use chrono::NaiveDate;

/// A date something asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// First day on which it may be done.
    pub(super) from: NaiveDate,
    /// Last day.
    pub(super) due: NaiveDate,
    /// What asks.
    pub(super) code: ReasonCode,
    /// The line on the list.
    pub(super) reason: String,
    /// How the day came about.
    pub(super) because: String,
}

impl Asked {
    /// With the words of a pack, `line` for the list.
    fn new(
        pack: &PolicyPack,
        (code, line): (ReasonCode, &str),
        places: &[(&str, &str)],
        (from, due): (NaiveDate, NaiveDate),
    ) -> Self {
        Self {
            from,
            due,
            code,
            reason: pack.text(line, places),
            because: because(pack, code, places, due),
        }
    }
}

/// The first date something asks for that was not answered yet.
pub(super) fn earliest(
    case: &CadenceInput,
    segments: &[Segment<'_>],
    index: usize,
    counted: &Counted,
    kind: Kind,
    today: NaiveDate,
) -> Option<Asked> {
    let segment = &segments[index];
    let last = counted.dates(kind).last().copied();
    let is_first = last.is_none() && case.is_new;
    let asking = Asking {
        case,
        pack: segment.pack,
        run: unbroken(segments, index),
        last,
        kind,
        today,
    };
    let mut all = asking.changes();
    // A new child's first date stands as it is, but for what happened (domain.md §5.3).
    if !is_first {
        all.extend(asking.returns());
        all.extend(campaign(case, segment, counted, kind, today));
    }
    all.into_iter()
        .min_by(|a, b| (a.due, a.code, &a.reason).cmp(&(b.due, b.code, &b.reason)))
}

fn campaign(
    case: &CadenceInput,
    segment: &Segment<'_>,
    counted: &Counted,
    kind: Kind,
    today: NaiveDate,
) -> Option<Asked> {
    let round = campaigns::asks(case, segment, counted, kind, today)?;
    let places = [("name", round.name.as_str())];
    let days = (round.window.from, round.window.to);
    let code = (ReasonCode::Campaign, "reason.campaign");
    Some(Asked::new(segment.pack, code, &places, days))
}

/// The stretches up to this one without a day between them on which there was no cadence.
fn unbroken<'s, 'p>(segments: &'s [Segment<'p>], index: usize) -> &'s [Segment<'p>] {
    let touches = |at: &usize| segments[at - 1].to == Some(segments[*at].from);
    let first = (1..=index).rev().take_while(touches).last();
    let first = first.map_or(index, |at| at - 1);
    &segments[first..=index]
}

/// What happened to a child, asked about one kind.
struct Asking<'a> {
    case: &'a CadenceInput,
    /// Pack of today.
    pack: &'a PolicyPack,
    /// Stretches in which something may have happened.
    run: &'a [Segment<'a>],
    last: Option<NaiveDate>,
    kind: Kind,
    today: NaiveDate,
}

impl Asking<'_> {
    /// Pauses that are over and after which the child is visited soon.
    fn returns(&self) -> Vec<Asked> {
        if self.kind != Kind::Visit {
            return Vec::new();
        }
        let pauses = self.case.pauses.iter();
        let resting = pauses.filter(|pause| pauses_kind(pause, self.pack, self.kind));
        let asked = resting.filter_map(|pause| {
            let end = pause_end(pause, self.pack, self.today);
            let pack = self.run.iter().find(|one| one.contains(end))?.pack;
            let rule = pack.pause(&pause.reason)?;
            let n = rule.return_visit_days?;
            if end >= self.today {
                return None;
            }
            let unit = Unit::Day;
            let (from, due) = self.soon(end, Span { n, unit })?;
            let (days, end) = (n.to_string(), month_day_words(from));
            let places = [
                ("reason", rule.label.as_str()),
                ("days", days.as_str()),
                ("end", end.as_str()),
            ];
            let code = (ReasonCode::Return, "reason.return");
            Some(Asked::new(pack, code, &places, (from, due)))
        });
        asked.collect()
    }

    /// What the packs name and happened.
    fn changes(&self) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (at, segment) in self.run.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &self.run[before]);
            let rules = segment.pack.rules.after.iter();
            for rule in rules.filter(|rule| rule.kinds.contains(&self.kind)) {
                for day in self.days(&rule.when, segment, before) {
                    asked.extend(self.change(segment.pack, rule, day));
                }
            }
        }
        asked
    }

    fn change(&self, pack: &PolicyPack, rule: &AfterRule, day: NaiveDate) -> Option<Asked> {
        let days = self.soon(day, rule.wait)?;
        let day = month_day_words(day);
        let places = [
            ("name", rule.name.as_str()),
            ("words", rule.words.as_str()),
            ("day", day.as_str()),
        ];
        let code = (ReasonCode::After, "reason.after");
        Some(Asked::new(pack, code, &places, days))
    }

    /// Days of a stretch on which it happened, as far as they have come.
    fn days(
        &self,
        when: &Happening,
        segment: &Segment<'_>,
        before: Option<&Segment<'_>>,
    ) -> Vec<NaiveDate> {
        let case = self.case;
        let facts = case.facts.iter().filter(|fact| names(when, fact));
        let facts = facts.filter(|fact| begins(case, fact)).map(fact_starts_on);
        let categories = case.categories.iter().filter(|category| {
            let named = |pattern: &String| code_matches(pattern, &category.code);
            let day = starts_on(case, category);
            when.categories.iter().any(named) && category_holds(case, category, segment.pack, day)
        });
        let categories = categories.map(|category| starts_on(case, category));
        let rises = when.tiers.contains(&segment.tier.code) && rises(case, segment, before);
        let mut days: Vec<NaiveDate> = facts
            .chain(categories)
            .chain(rises.then_some(segment.from))
            .collect();
        // What a file was opened with is how it was found, unless that is the news.
        let is_news = |day: NaiveDate| case.is_new || day > case.opened_on;
        days.retain(|day| segment.contains(*day) && *day <= self.today && is_news(*day));
        days
    }

    /// First and last day for what happened on a day; none where it was done since, or cannot be done today. A pause that
    /// began meanwhile leaves as long after its end.
    fn soon(&self, happened: NaiveDate, wait: Span) -> Option<(NaiveDate, NaiveDate)> {
        let (case, pack, today) = (self.case, self.pack, self.today);
        let mut resting = lasting(case, pack, today);
        if self.last.is_some_and(|last| happened <= last)
            || resting.any(|pause| pauses_kind(pause, pack, self.kind))
        {
            return None;
        }
        let pauses = case.pauses.iter();
        let mut pauses: Vec<(NaiveDate, NaiveDate)> = pauses
            .filter(|pause| pauses_kind(pause, pack, self.kind) && pause.from <= today)
            .map(|pause| (pause.from, pause_end(pause, pack, today)))
            .collect();
        pauses.sort_unstable();
        let mut from = happened;
        for (begun, end) in pauses {
            if begun <= add_span(from, wait) {
                from = from.max(end);
            }
        }
        Some((from, add_span(from, wait)))
    }
}

fn names(when: &Happening, fact: &TierFact) -> bool {
    let of_level = |value: &String| when.risk_levels.contains(value);
    when.facts.contains(&fact.kind)
        || fact.kind == RISK_LEVEL && fact.value.as_ref().is_some_and(of_level)
}

/// The fact is news on its first day: it was not taken back, and did not only go on, as a level does that is settled again.
fn begins(case: &CadenceInput, fact: &TierFact) -> bool {
    let day = fact_starts_on(fact);
    let goes_on = |other: &TierFact| {
        let same =
            (&other.kind, &other.value, &other.words) == (&fact.kind, &fact.value, &fact.words);
        same && fact_starts_on(other) < day && other.to.is_none_or(|to| day <= to)
    };
    fact.to.is_none_or(|to| day < to) && !case.facts.iter().any(goes_on)
}

/// The tier of a stretch is stricter than the one before it under the same pack; a newly found child's first one is, too,
/// unless only the pack began.
fn rises(case: &CadenceInput, segment: &Segment<'_>, before: Option<&Segment<'_>>) -> bool {
    let Some(before) = before else {
        let is_of_the_pack = segment.from == segment.pack.valid.from;
        return case.is_new && (segment.from == case.opened_on || !is_of_the_pack);
    };
    let tiers = &segment.pack.tiers;
    let place = |code: &str| tiers.iter().position(|tier| tier.code == code);
    before.pack.id == segment.pack.id && place(&segment.tier.code) < place(&before.tier.code)
}
