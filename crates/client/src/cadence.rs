//! From a child's document to its due dates: what the pure engine in `domain` is asked, and how the answer is shown.

use crate::packs::Packs;
use crate::view::{DueKind, DueView};
use chrono::NaiveDate;
use domain::cadence::{
    Cadence, CadenceInput, Category, Due, Event, EventKind, Kind, Pause, RISK_LEVEL, TierFact,
    TierLowered, compute,
};
use domain::calendar::add_days;
use domain::child::{Child, TIER_LOWERED};
use domain::policy::Campaign;
use domain::scalar::Scalar;
use domain::screening::RISK;

/// What the engine is asked for a child, with the rounds of its village. None when the file has no opening date yet: then
/// there is no cadence.
pub fn input(child: &Child, rounds: &[Campaign]) -> Option<CadenceInput> {
    let opened_on = child.text(domain::child::OPENED_ON)?.parse().ok()?;
    let mut events: Vec<Event> = Vec::new();
    for visit in &child.visits {
        let Some(event_date) = child.effective_date(&visit.id, visit.event_date) else {
            continue;
        };
        events.push(Event {
            event_date,
            id: visit.id.clone(),
            kind: EventKind::Visit,
            voided: child.is_voided(&visit.id),
            recorded_on: visit.recorded_on,
            session: Some(visit.session.clone()),
            mode: None,
            party: Vec::new(),
            reached: Some(true),
            place: Some(visit.place.clone()),
            met: visit.met.clone(),
            child_seen: Some(visit.seen),
            boarder: visit.boarder,
            carer: visit.carer.clone(),
        });
    }
    for contact in &child.contacts {
        let Some(event_date) = child.effective_date(&contact.id, contact.event_date) else {
            continue;
        };
        events.push(Event {
            event_date,
            id: contact.id.clone(),
            kind: EventKind::Contact,
            voided: child.is_voided(&contact.id),
            recorded_on: contact.recorded_on,
            session: None,
            mode: Some(contact.mode.clone()),
            party: contact.party.clone(),
            reached: Some(contact.reached),
            place: None,
            met: Vec::new(),
            child_seen: None,
            boarder: false,
            carer: contact.carer.clone(),
        });
    }
    for attempt in &child.attempts {
        let Some(event_date) = child.effective_date(&attempt.id, attempt.event_date) else {
            continue;
        };
        events.push(Event {
            event_date,
            id: attempt.id.clone(),
            kind: EventKind::Attempt,
            voided: child.is_voided(&attempt.id),
            recorded_on: attempt.recorded_on,
            session: None,
            mode: None,
            party: Vec::new(),
            reached: Some(false),
            place: None,
            met: Vec::new(),
            child_seen: Some(false),
            boarder: false,
            carer: None,
        });
    }
    Some(CadenceInput {
        opened_on,
        is_new: child
            .fields
            .get(domain::child::IS_NEW)
            .and_then(Scalar::as_bool)
            .unwrap_or(false),
        closed_on: child.status.ended_on(),
        gaps: child.status.gaps.clone(),
        birth_date: child.birth_date(),
        categories: child
            .categories
            .iter()
            .map(|category| Category {
                code: category.code.clone(),
                start: category.start,
                end: category.end,
                recorded_on: category.recorded_on,
                suspected: category.is_suspected(),
            })
            .collect(),
        facts: child
            .tier_facts
            .iter()
            .filter(|fact| fact.kind != TIER_LOWERED)
            .filter_map(|fact| {
                Some(TierFact {
                    kind: fact.kind.clone(),
                    value: None,
                    from: fact.from,
                    to: fact.to,
                    recorded_on: fact.recorded_on.or(fact.from)?,
                    words: (!fact.words.is_empty()).then(|| fact.words.clone()),
                })
            })
            .chain(settled_facts(child))
            .collect(),
        tier_lowered: child
            .tier_facts
            .iter()
            .filter(|fact| fact.kind == TIER_LOWERED)
            .filter_map(|fact| {
                Some(TierLowered {
                    approved_by: fact.approved_by.clone()?,
                    on: fact.from?,
                })
            })
            .collect(),
        events,
        pauses: child
            .pauses
            .iter()
            .filter_map(|pause| {
                Some(Pause {
                    reason: pause.reason.clone(),
                    kind: pause.kind,
                    from: pause.from?,
                    to: pause.to,
                })
            })
            .collect(),
        boards: child.text("boarding") == Some("y"),
        rounds: rounds.to_vec(),
        carer: child.carer().map(str::to_owned),
    })
}

/// The levels a person settled, as facts a rule pack may go by: a kind of its own each, and a colour (domain.md §5.7).
/// One ends where the next begins, and goes on asking for its visits until somebody of the station agrees to fewer. It
/// held for a day at least, whatever day the next one claims: setting a clock back must not undo it.
fn settled_facts(child: &Child) -> impl Iterator<Item = TierFact> {
    let levels = &child.settled_levels;
    levels.iter().enumerate().flat_map(|(place, settled)| {
        let next = levels.get(place + 1).and_then(|next| next.on);
        let ended = next.map(|day| settled.on.map_or(day, |on| day.max(add_days(on, 1))));
        let fact = |kind: String, value: Option<String>| {
            Some(TierFact {
                kind,
                value,
                from: settled.on,
                to: ended,
                recorded_on: settled.on?,
                words: None,
            })
        };
        [
            fact(format!("{RISK}{}", settled.level), None),
            fact(RISK_LEVEL.to_owned(), Some(settled.level.clone())),
        ]
        .into_iter()
        .flatten()
    })
}

/// Computes a child's cadence today. None without an opening date.
pub fn of(child: &Child, rounds: &[Campaign], packs: &Packs, today: NaiveDate) -> Option<Cadence> {
    let mut cadence = input(child, rounds).map(|input| compute(&input, &packs.rules, today))?;
    // The last day of a file still counts for its records; nothing more is asked of it.
    if child.status.ended_on().is_some() {
        cadence.dues.clear();
    }
    Some(cadence)
}

/// Contact or visit, for a screen.
pub fn kind_view(kind: Kind) -> DueKind {
    match kind {
        Kind::Contact => DueKind::Contact,
        Kind::Visit => DueKind::Visit,
    }
}

/// A due date for a screen.
pub fn due_view(due: &Due) -> DueView {
    DueView {
        kind: kind_view(due.kind),
        from: due.window_from.to_string(),
        due: due.due.to_string(),
        days_over: due.days_over,
        reason: due.reason.clone(),
        at_home: due.at_home.clone(),
    }
}

/// All due dates, earliest first.
pub fn due_views(cadence: &Cadence) -> Vec<DueView> {
    let mut dues: Vec<&Due> = cadence.dues.iter().collect();
    dues.sort_by_key(|due| (due.due, due.kind == Kind::Contact));
    dues.into_iter().map(due_view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::screening::{Outcome, SettledLevel};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn settled(level: &str, on: &str) -> SettledLevel {
        SettledLevel {
            id: level.to_owned(),
            level: level.to_owned(),
            suggested: level.to_owned(),
            score: 0,
            found: Vec::new(),
            pack: String::new(),
            record: String::new(),
            outcome: Outcome::Confirmed,
            reason: String::new(),
            on: Some(day(on)),
            recorded_ms: 0,
            by: String::new(),
            made_by: None,
        }
    }

    /// A child whose visits go by colours.
    fn colourful() -> Child {
        let mut child = Child {
            categories: vec![domain::child::Category {
                id: "c".to_owned(),
                code: "LB".to_owned(),
                start: None,
                end: None,
                recorded_on: None,
                basis: "import".to_owned(),
                status: String::new(),
            }],
            ..Child::default()
        };
        let opened = ("opened_on".to_owned(), Scalar::from("2026-02-03"));
        child.fields.extend([opened]);
        child
    }

    #[test]
    fn another_provinces_pack_goes_by_the_colour_a_person_settled() {
        let pack = include_str!("../../../tests/cases/packs/colour-tiers.json");
        let packs = Packs::read([("another province", pack)]);
        let mut child = colourful();
        let today = day("2026-02-10");
        let tier = |child: &Child| of(child, &[], &packs, today).expect("a cadence").tier;
        assert_eq!(tier(&child).as_deref(), Some("GREEN"));
        child.settled_levels = vec![
            settled("yellow", "2026-02-04"),
            settled("red", "2026-02-05"),
        ];
        let cadence = of(&child, &[], &packs, today).expect("a cadence");
        assert_eq!(cadence.tier.as_deref(), Some("RED"));
        let visit = cadence.due(Kind::Visit).expect("a date");
        assert_eq!(visit.reason, "每周一次", "a colour is no word for a child");
        assert_eq!(visit.due, day("2026-02-12"));
    }

    #[test]
    fn a_lower_colour_takes_no_visit_away_whatever_day_it_claims() {
        let pack = include_str!("../../../tests/cases/packs/colour-tiers.json");
        let packs = Packs::read([("another province", pack)]);
        let mut child = colourful();
        for later in ["2026-02-07", "2026-02-05", "2026-01-02"] {
            child.settled_levels = vec![settled("yellow", "2026-02-05"), settled("green", later)];
            let cadence = of(&child, &[], &packs, day("2026-02-10")).expect("a cadence");
            assert_eq!(cadence.tier.as_deref(), Some("YELLOW"), "{later}");
            assert_eq!(cadence.lower_to.as_deref(), Some("GREEN"), "{later}");
        }
    }
}
