//! The due date of a kind and where it stands (domain.md §5.3, decisions 5 and 9).

use super::asked;
use super::counting::Counted;
use super::segments::{Segment, tier_on, tier_words, waits_for_first_visit};
use super::{CadenceInput, Due, Kind, Pause, ReasonCode, Status};
use crate::calendar::{Blocks, add_days, add_span, month_day_words};
use crate::policy::{Interval, OverdueFrom, PauseRule, PolicyPack, PolicySet, TierRule};
use chrono::NaiveDate;

/// A date on its way: the day, its window's first day, and what moved it.
#[derive(Clone)]
struct Found {
    due: NaiveDate,
    window_from: NaiveDate,
    because: Vec<(ReasonCode, String)>,
}

impl Found {
    fn new(due: NaiveDate, window_from: NaiveDate, code: ReasonCode, text: String) -> Self {
        Self {
            due,
            window_from,
            because: vec![(code, text)],
        }
    }

    fn moved(&mut self, due: NaiveDate, code: ReasonCode, text: String) {
        self.due = due;
        self.because.push((code, text));
    }
}

/// Both dates, the earlier first.
pub(super) fn dues(
    case: &CadenceInput,
    packs: &PolicySet,
    segments: &[Segment<'_>],
    counted: &Counted,
    today: NaiveDate,
) -> Vec<Due> {
    let Some(index) = segments.iter().position(|segment| segment.contains(today)) else {
        let pack = packs.valid_on(today);
        let first = pack.and_then(|pack| first_without_cadence(case, pack, counted, today));
        return first.into_iter().collect();
    };
    let mut dues: Vec<Due> = Kind::ALL
        .into_iter()
        .filter_map(|kind| due(case, segments, index, counted, kind, today))
        .collect();
    dues.sort_by_key(|due| due.due);
    dues
}

fn due(
    case: &CadenceInput,
    segments: &[Segment<'_>],
    index: usize,
    counted: &Counted,
    kind: Kind,
    today: NaiveDate,
) -> Option<Due> {
    let Segment { pack, tier, .. } = &segments[index];
    let last = counted.dates(kind).last().copied();
    let is_first = last.is_none() && case.is_new;
    if is_outside(case, pack, kind, today) {
        return None;
    }
    let away = while_away(case, pack, kind, last, today);
    let mut regular = if let Some((found, _)) = &away {
        Some(found.clone())
    } else if is_first {
        let interval = interval(tier, kind);
        // Visited from the day it was found on, whenever it became clear why.
        let from = match kind {
            Kind::Visit => case.opened_on,
            Kind::Contact => segments[0].from,
        };
        interval.map(|_| first_visit(from, pack))
    } else {
        by_interval(segments, index, kind, last)
    };
    // A new child's first date stands as it is (domain.md §5.3), and so does what a pause itself asks for.
    if let Some(found) = &mut regular
        && !is_first
        && away.is_none()
    {
        let begun_by = found.due.max(today);
        let paused = after_pauses(case, pack, kind, found.due, last, begun_by, today);
        if paused > found.due {
            let days = pack.rules.pause_grace_days.to_string();
            let text = because(pack, ReasonCode::Pause, &[("days", &days)], paused);
            found.moved(paused, ReasonCode::Pause, text);
        }
    }
    let sooner = away
        .is_none()
        .then(|| asked::earliest(case, segments, index, counted, kind, today))
        .flatten()
        .filter(|asked| regular.as_ref().is_none_or(|found| asked.due < found.due));
    // What happened asks for a date also where there is no interval for this kind.
    let found = match (regular, &sooner) {
        (Some(mut found), Some(asked)) => {
            found.moved(asked.due, asked.code, asked.because.clone());
            found.window_from = asked.from;
            found
        }
        (None, Some(asked)) => Found::new(asked.due, asked.from, asked.code, asked.because.clone()),
        (found, None) => found?,
    };
    let reason = match (sooner, &away) {
        (Some(asked), _) => asked.reason,
        (None, Some((_, rule))) => {
            let every = rule.contact.as_ref().map_or("", Interval::words);
            pack.text(
                "reason.facts",
                &[("every", every), ("facts", rule.label.as_str())],
            )
        }
        (None, None) => reason(case, pack, tier, kind, is_first, today),
    };
    let days_over = i32::try_from((today - found.due).num_days()).unwrap_or(i32::MAX);
    let (level, to_roles) = overdue_level(pack, tier, days_over);
    Some(Due {
        kind,
        window_from: found.window_from.min(found.due),
        due: found.due,
        status: status(days_over, pack.rules.soon_days),
        days_over,
        reason,
        reason_codes: found.because.iter().map(|(code, _)| *code).collect(),
        because: found.because.into_iter().map(|(_, text)| text).collect(),
        tier: tier.code.clone(),
        last,
        level,
        to_roles,
        at_home: (case.boards && kind == Kind::Visit)
            .then(|| at_home(pack, today.max(found.window_from), found.due))
            .flatten(),
    })
}

/// Pauses of a day.
pub(super) fn lasting<'a>(
    case: &'a CadenceInput,
    pack: &'a PolicyPack,
    today: NaiveDate,
) -> impl Iterator<Item = &'a Pause> {
    let lasts = move |pause: &&Pause| pause.from <= today && today <= pause_end(pause, pack, today);
    case.pauses.iter().filter(lasts)
}

/// The child is somewhere with a rule of its own, so that this kind has no date here (domain.md §5.5).
fn is_outside(case: &CadenceInput, pack: &PolicyPack, kind: Kind, today: NaiveDate) -> bool {
    lasting(case, pack, today).any(|pause| {
        let is_outside = pack.pause(&pause.reason).is_some_and(|rule| rule.outside);
        is_outside && pauses_kind(pause, pack, kind)
    })
}

/// The date of a contact while a pause lasts that has an interval of its own (domain.md §5.5): counted from the last one, or
/// from the day the child was taken there.
fn while_away<'p>(
    case: &CadenceInput,
    pack: &'p PolicyPack,
    kind: Kind,
    last: Option<NaiveDate>,
    today: NaiveDate,
) -> Option<(Found, &'p PauseRule)> {
    if kind != Kind::Contact {
        return None;
    }
    let found = lasting(case, pack, today).filter_map(|pause| {
        let rule = pack.pause(&pause.reason)?;
        let interval = rule.contact.as_ref()?;
        let start = last.map_or(pause.from, |last| last.max(pause.from));
        let (due, window_from) = match interval {
            Interval::Rolling { every, .. } => {
                let has_event = last.is_some_and(|last| last >= pause.from);
                let from = if has_event { add_days(start, 1) } else { start };
                (add_span(start, *every), from)
            }
            Interval::Calendar { .. } => {
                let blocks = Blocks::of(interval)?;
                let mut window = blocks.window(pause.from);
                if let Some(last) = last {
                    window = window.max(blocks.after(blocks.window(last)));
                }
                (window.to, window.from)
            }
        };
        let start = month_day_words(start);
        let places = [("words", interval.words()), ("last", &start)];
        let text = because(pack, ReasonCode::Rolling, &places, due);
        let found = Found::new(due, window_from, ReasonCode::Rolling, text);
        Some((found, rule))
    });
    found.min_by_key(|(found, _)| found.due)
}

/// The next two days on which a child that boards is at home: days off, and the vacations where the terms are known.
fn at_home(pack: &PolicyPack, from: NaiveDate, to: NaiveDate) -> Option<String> {
    let calendar = pack.work_calendar();
    let days: Vec<String> = from
        .iter_days()
        .take_while(|day| *day <= to)
        .filter(|day| !calendar.is_workday(*day) || pack.is_vacation(*day) == Some(true))
        .take(2)
        .map(month_day_words)
        .collect();
    let join = pack.text("reason.join", &[]);
    (!days.is_empty()).then(|| pack.text("at_home", &[("days", &days.join(&join))]))
}

/// Does a pause of a kind touch these days?
pub(super) fn pause_overlaps(
    case: &CadenceInput,
    pack: &PolicyPack,
    kind: Kind,
    from: NaiveDate,
    to: NaiveDate,
    today: NaiveDate,
) -> bool {
    case.pauses
        .iter()
        .filter(|pause| pauses_kind(pause, pack, kind))
        .any(|pause| pause.from <= to && from <= pause_end(pause, pack, today))
}

/// The first visit of a newly found child that has no cadence, or not yet.
fn first_without_cadence(
    case: &CadenceInput,
    pack: &PolicyPack,
    counted: &Counted,
    today: NaiveDate,
) -> Option<Due> {
    let kind = Kind::Visit;
    let is_due = waits_for_first_visit(case, pack, today) && counted.dates(kind).is_empty();
    let tier = is_due.then(|| tier_on(case, pack, today))??;
    let found = first_visit(case.opened_on, pack);
    let days_over = i32::try_from((today - found.due).num_days()).unwrap_or(i32::MAX);
    let (level, to_roles) = overdue_level(pack, tier, days_over);
    Some(Due {
        kind,
        window_from: found.window_from.min(found.due),
        due: found.due,
        status: status(days_over, pack.rules.soon_days),
        days_over,
        reason: reason(case, pack, tier, kind, true, today),
        reason_codes: found.because.iter().map(|(code, _)| *code).collect(),
        because: found.because.into_iter().map(|(_, text)| text).collect(),
        tier: tier.code.clone(),
        last: None,
        level,
        to_roles,
        at_home: None,
    })
}

/// `return add_workdays(child.opened_on, P.new_child_first_visit_workdays)`.
fn first_visit(opened: NaiveDate, pack: &PolicyPack) -> Found {
    let workdays = pack.rules.new_child_first_visit_workdays;
    let due = pack.work_calendar().add_workdays(opened, workdays);
    let text = because(
        pack,
        ReasonCode::NewChild,
        &[
            ("opened", &month_day_words(opened)),
            ("n", &workdays.to_string()),
        ],
        due,
    );
    Found::new(due, opened, ReasonCode::NewChild, text)
}

/// The date by the interval of the stretch, raised by the grace of a change, without pauses.
fn by_interval(
    segments: &[Segment<'_>],
    index: usize,
    kind: Kind,
    last: Option<NaiveDate>,
) -> Option<Found> {
    let Segment {
        from: since,
        pack,
        tier,
        ..
    } = segments[index].clone();
    let interval = interval(tier, kind)?;
    let last_words = month_day_words(last.unwrap_or(since));
    let mut found = match interval {
        Interval::Rolling { every, words } => {
            let due = add_span(last.unwrap_or(since), *every);
            let window_from = last.map_or(since, |last| add_days(last, 1));
            let places = [("words", words.as_str()), ("last", &last_words)];
            let text = because(pack, ReasonCode::Rolling, &places, due);
            Found::new(due, window_from, ReasonCode::Rolling, text)
        }
        Interval::Calendar {
            max_gap_days,
            words,
            ..
        } => {
            let blocks = Blocks::of(interval).expect("a calendar interval has blocks");
            let mut window = blocks.window(since);
            if let Some(last) = last {
                window = window.max(blocks.after(blocks.window(last)));
            }
            let window_words = month_day_words(window.from);
            let places = [("words", words.as_str()), ("from", &window_words)];
            let text = because(pack, ReasonCode::WindowEnd, &places, window.to);
            let mut found = Found::new(window.to, window.from, ReasonCode::WindowEnd, text);
            if let (Some(last), Some(days)) = (last, max_gap_days) {
                let latest = add_days(last, *days);
                if latest < found.due {
                    let places = [("last", last_words.as_str()), ("days", &days.to_string())];
                    let text = because(pack, ReasonCode::MaxGap, &places, latest);
                    found.moved(latest, ReasonCode::MaxGap, text);
                }
            }
            found
        }
    };
    if last.is_none_or(|last| last < since) {
        let grace = add_days(since, pack.rules.upgrade_grace_days);
        let least = match before(segments, index, kind, last) {
            Some(before) => grace.min(before),
            None => grace,
        };
        if least > found.due {
            let places = [
                ("since", month_day_words(since)),
                ("days", pack.rules.upgrade_grace_days.to_string()),
            ];
            let places: Vec<(&str, &str)> = places
                .iter()
                .map(|(key, text)| (*key, text.as_str()))
                .collect();
            let text = because(pack, ReasonCode::Grace, &places, least);
            found.moved(least, ReasonCode::Grace, text);
        }
    }
    Some(found)
}

/// The date under the tier and pack of the day before the change, if there was one (decisions 5).
fn before(
    segments: &[Segment<'_>],
    index: usize,
    kind: Kind,
    last: Option<NaiveDate>,
) -> Option<NaiveDate> {
    let previous = index.checked_sub(1)?;
    let touches = segments[previous].to == Some(segments[index].from);
    let found = touches.then(|| by_interval(segments, previous, kind, last))??;
    Some(found.due)
}

fn interval(tier: &TierRule, kind: Kind) -> Option<&Interval> {
    match kind {
        Kind::Contact => tier.contact.as_ref(),
        Kind::Visit => tier.visit.as_ref(),
    }
}

/// Raises a date by the pauses of its kind: `d = max(d, pause.to + grace)`.
///
/// A pause that begins after `begun_by` has nothing to do with this date yet, and one that ended before the last event was
/// already made good by it.
pub(super) fn after_pauses(
    case: &CadenceInput,
    pack: &PolicyPack,
    kind: Kind,
    date: NaiveDate,
    last: Option<NaiveDate>,
    begun_by: NaiveDate,
    today: NaiveDate,
) -> NaiveDate {
    let mut pauses: Vec<&Pause> = case
        .pauses
        .iter()
        .filter(|it| pauses_kind(it, pack, kind))
        .collect();
    pauses.sort_by_key(|pause| (pause.from, pause.to));
    let mut date = date;
    for pause in pauses {
        let end = pause_end(pause, pack, today);
        if pause.from <= begun_by.max(date) && last.is_none_or(|last| last <= end) {
            date = date.max(add_days(end, pack.rules.pause_grace_days));
        }
    }
    date
}

pub(super) fn pauses_kind(pause: &Pause, pack: &PolicyPack, kind: Kind) -> bool {
    match pause.kind {
        Some(only) => only == kind,
        None => pack
            .pause(&pause.reason)
            .is_some_and(|rule| rule.kinds.contains(&kind)),
    }
}

/// Last day; while it is open that is today, and never more than the pack allows.
pub(super) fn pause_end(pause: &Pause, pack: &PolicyPack, today: NaiveDate) -> NaiveDate {
    pack.pause_end(&pause.reason, pause.from, pause.to, today)
}

fn status(days_over: i32, soon_days: u32) -> Status {
    let soon = i32::try_from(soon_days).unwrap_or(i32::MAX);
    match days_over {
        1.. => Status::Overdue,
        0 => Status::Today,
        over if -over <= soon => Status::Soon,
        _ => Status::Ok,
    }
}

fn overdue_level(pack: &PolicyPack, tier: &TierRule, days_over: i32) -> (Option<u32>, Vec<String>) {
    pack.overdue
        .iter()
        .filter(|level| {
            let from = match &level.from {
                OverdueFrom::Days(days) => Some(*days),
                OverdueFrom::ByTier(by_tier) => by_tier.get(&tier.code).copied(),
            };
            from.is_some_and(|from| days_over >= from)
        })
        .max_by_key(|level| level.level)
        .map_or((None, Vec::new()), |level| {
            (Some(level.level), level.to_roles.clone())
        })
}

/// The one line on the list: 每月一次：母亲重度残疾.
fn reason(
    case: &CadenceInput,
    pack: &PolicyPack,
    tier: &TierRule,
    kind: Kind,
    is_first: bool,
    today: NaiveDate,
) -> String {
    if is_first {
        let n = pack.rules.new_child_first_visit_workdays.to_string();
        return pack.text("reason.new_child", &[("n", &n)]);
    }
    let every = interval(tier, kind).map_or("", Interval::words);
    let words = tier_words(case, pack, tier, today);
    if words.is_empty() {
        pack.text("reason.plain", &[("every", every)])
    } else {
        let facts = words.join(&pack.text("reason.join", &[]));
        pack.text("reason.facts", &[("every", every), ("facts", &facts)])
    }
}

/// A sentence of how a day came about.
pub(super) fn because(
    pack: &PolicyPack,
    code: ReasonCode,
    places: &[(&str, &str)],
    due: NaiveDate,
) -> String {
    let due = month_day_words(due);
    let mut all = vec![("due", due.as_str())];
    all.extend_from_slice(places);
    pack.text(code.text_key(), &all)
}
