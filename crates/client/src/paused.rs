//! Pauses of a child in words, for its page and for what is coming: as far as the rules let them last.

use crate::roster::{Roster, RosterChild};
use chrono::NaiveDate;
use domain::calendar::month_day_words;
use domain::policy::PolicyPack;
use domain::record::Entry;

/// Pauses in words, with the last day.
pub(crate) fn paused(
    roster: &Roster,
    child: &RosterChild,
    pack: &PolicyPack,
) -> Vec<(String, Option<NaiveDate>)> {
    let entries = child.child.entries("pauses").iter();
    entries
        .filter_map(|entry| pause_words(entry, pack, roster.today))
        .collect()
}

/// A pause that lasts, or that lasted as long as the rules allow and was not ended by anybody: its dates go on then.
fn pause_words(
    entry: &Entry,
    pack: &PolicyPack,
    today: NaiveDate,
) -> Option<(String, Option<NaiveDate>)> {
    let from = entry.date("from").filter(|from| *from <= today)?;
    let until = entry.date("to");
    if until.is_some_and(|to| to < today) {
        return None;
    }
    let reason = entry.text("reason").unwrap_or_default();
    let mut text = pack.label("PAUSE_REASON", reason).to_owned();
    if let Some(place) = entry.text("place") {
        text = format!("{text}（{place}）");
    }
    let end = pack.pause_end(reason, from, until, today);
    if end < today {
        let days = (end - from).num_days().to_string();
        let places = [("reason", text.as_str()), ("days", days.as_str())];
        return Some((pack.text("paused.full", &places), Some(end)));
    }
    let text = match until {
        Some(_) => {
            let to = month_day_words(end);
            pack.text("paused.until", &[("reason", &text), ("to", &to)])
        }
        None => pack.text("paused.open", &[("reason", &text)]),
    };
    Some((text, until.map(|_| end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn said(entry: &Entry, today: &str) -> Option<(String, Option<NaiveDate>)> {
        let shipped = include_str!("../../../policy/sh-2024-2026.json");
        let pack = PolicyPack::parse(shipped).expect("the shipped rules");
        pause_words(entry, &pack, day(today))
    }

    #[test]
    fn a_pause_nobody_ended_is_over_when_the_rules_say_so() {
        let away = Entry::new("p")
            .with("reason", "TEMP_AWAY")
            .with("from", "2026-05-10");
        assert_eq!(said(&away, "2026-05-09"), None, "it has not begun");
        let (text, until) = said(&away, "2026-07-09").expect("its sixtieth day");
        assert!(text.ends_with("还没说到哪天"), "{text}");
        assert_eq!(until, None);
        let (text, until) = said(&away, "2026-07-10").expect("somebody must say more");
        assert!(text.contains("暂停已满60天"), "{text}");
        assert_eq!(until, Some(day("2026-07-09")));
    }

    #[test]
    fn a_pause_with_a_last_day_ends_then_and_no_later_than_the_rules_allow() {
        let away = |to: &str| {
            Entry::new("p")
                .with("reason", "TEMP_AWAY")
                .with("from", "2026-05-10")
                .with("to", to)
        };
        let (text, until) = said(&away("2026-06-01"), "2026-06-01").expect("its last day");
        assert!(text.contains("6月1日"), "{text}");
        assert_eq!(until, Some(day("2026-06-01")));
        assert_eq!(said(&away("2026-06-01"), "2026-06-02"), None);
        let (text, until) = said(&away("2026-09-01"), "2026-06-02").expect("it lasts");
        assert!(text.contains("7月9日"), "{text}");
        assert_eq!(until, Some(day("2026-07-09")));
        let (text, _) = said(&away("2026-09-01"), "2026-08-01").expect("it is not over by its day");
        assert!(text.contains("暂停已满60天"), "{text}");
    }

    #[test]
    fn a_stay_in_an_institution_has_no_longest_time() {
        let there = Entry::new("p")
            .with("reason", "INSTITUTION")
            .with("from", "2024-05-10");
        let (text, _) = said(&there, "2026-05-10").expect("it lasts");
        assert!(text.ends_with("还没说到哪天"), "{text}");
    }
}
