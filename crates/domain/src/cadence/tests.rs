//! The vectors of domain.md §5.4 by name, and properties that hold for any child.

use super::*;
use crate::policy::PolicyPack;
use chrono::Days;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn packs() -> PolicySet {
    let shanghai = include_str!("../../../../policy/sh-2024-2026.json");
    PolicySet::one(PolicyPack::parse(shanghai).unwrap())
}

fn child(opened_on: &str) -> CadenceInput {
    CadenceInput {
        opened_on: day(opened_on),
        is_new: false,
        closed_on: None,
        gaps: Vec::new(),
        birth_date: Some(day("2016-03-15")),
        categories: vec![Category {
            code: "LB-1".into(),
            start: None,
            end: None,
            recorded_on: None,
            suspected: false,
        }],
        facts: Vec::new(),
        tier_lowered: Vec::new(),
        events: Vec::new(),
        pauses: Vec::new(),
        boards: false,
        rounds: Vec::new(),
        carer: None,
    }
}

fn enhanced(mut case: CadenceInput, from: &str) -> CadenceInput {
    case.facts.push(TierFact {
        kind: "parent_severe_disability".into(),
        value: None,
        from: Some(day(from)),
        to: None,
        recorded_on: day(from),
        words: Some("母亲重度残疾".into()),
    });
    case
}

fn event(kind: EventKind, date: NaiveDate, id: &str) -> Event {
    Event {
        event_date: date,
        id: id.into(),
        kind,
        voided: false,
        recorded_on: Some(date),
        session: None,
        mode: Some("phone".into()),
        party: vec!["caregiver".into()],
        reached: Some(kind != EventKind::Attempt),
        place: Some("home".into()),
        met: vec!["caregiver".into()],
        child_seen: Some(kind == EventKind::Visit),
        boarder: false,
        carer: None,
    }
}

fn with(mut case: CadenceInput, kind: EventKind, dates: &[&str]) -> CadenceInput {
    for date in dates {
        let id = format!("{kind:?}-{date}-{}", case.events.len());
        case.events.push(event(kind, day(date), &id));
    }
    case
}

/// (contact, visit)
fn dues(case: &CadenceInput, today: &str) -> (String, String) {
    let cadence = compute(case, &packs(), day(today));
    let date = |kind| {
        cadence
            .due(kind)
            .map_or("-".to_owned(), |due| due.due.to_string())
    };
    (date(Kind::Contact), date(Kind::Visit))
}

fn both(contact: &str, visit: &str) -> (String, String) {
    (contact.to_owned(), visit.to_owned())
}

#[test]
fn vector_01_a_new_child_has_five_workdays() {
    let case = CadenceInput {
        is_new: true,
        ..child("2026-01-20")
    };
    assert_eq!(dues(&case, "2026-01-20"), both("2026-01-27", "2026-01-27"));
}

#[test]
fn vector_02_after_the_first_visit_the_calendar_rules() {
    let case = CadenceInput {
        is_new: true,
        ..child("2026-01-20")
    };
    let case = with(case, EventKind::Visit, &["2026-01-27"]);
    assert_eq!(dues(&case, "2026-01-28"), both("2026-02-28", "2026-04-29"));
}

#[test]
fn vector_03_and_04_the_enhanced_tier_rolls_contacts_and_visits_monthly() {
    let case = with(
        enhanced(child("2026-01-05"), "2026-01-05"),
        EventKind::Contact,
        &["2026-03-01"],
    );
    assert_eq!(dues(&case, "2026-03-02").0, "2026-03-15");
    let case = with(
        enhanced(child("2026-01-05"), "2026-01-05"),
        EventKind::Visit,
        &["2026-01-31"],
    );
    assert_eq!(dues(&case, "2026-02-01"), both("2026-02-14", "2026-02-28"));
}

#[test]
fn vector_05_a_higher_tier_gives_seven_days() {
    let case = with(child("2026-01-05"), EventKind::Visit, &["2026-03-05"]);
    let case = enhanced(
        with(case, EventKind::Contact, &["2026-04-10"]),
        "2026-04-20",
    );
    assert_eq!(dues(&case, "2026-04-20"), both("2026-04-27", "2026-04-27"));
}

#[test]
fn vector_06_a_lower_tier_needs_approval() {
    let case = with(
        enhanced(child("2026-01-05"), "2026-01-05"),
        EventKind::Visit,
        &["2026-05-25"],
    );
    let mut case = with(case, EventKind::Contact, &["2026-06-08"]);
    case.facts[0].to = Some(day("2026-06-10"));
    assert_eq!(
        compute(&case, &packs(), day("2026-06-10")).tier.as_deref(),
        Some("ENHANCED")
    );
    case.tier_lowered.push(TierLowered {
        approved_by: "督导员".into(),
        on: day("2026-06-10"),
    });
    assert_eq!(dues(&case, "2026-06-10"), both("2026-07-23", "2026-08-25"));
}

#[test]
fn vector_07_a_call_with_the_mother_only_does_not_count() {
    let mut case = with(child("2026-01-05"), EventKind::Contact, &["2026-03-01"]);
    case.events[0].party = vec!["m".into()];
    let cadence = compute(&case, &packs(), day("2026-03-02"));
    assert_eq!(cadence.events[0].why_not, Some(WhyNot::WrongParty));
    assert_eq!(
        cadence.events[0].why_not_text.as_deref(),
        Some("没有见到或联系到孩子或照料人，不算")
    );
}

/// Decision 8: the child or the actual caregiver was met, whatever word the form has for her.
#[test]
fn whoever_is_the_carer_by_the_file_counts_and_another_carer_later_undoes_nothing() {
    let counts = |case: &CadenceInput| {
        let cadence = compute(case, &packs(), day("2026-03-12"));
        let events = cadence.events.iter();
        events.map(|event| event.counts).collect::<Vec<_>>()
    };
    let mut case = with(child("2026-01-05"), EventKind::Contact, &["2026-03-01"]);
    case = with(case, EventKind::Visit, &["2026-03-10"]);
    for event in &mut case.events {
        event.party = vec!["m".into()];
        event.met = vec!["m".into()];
        event.child_seen = Some(false);
    }
    for (carer, wanted) in [
        (None, false),
        (Some("62"), false),
        (Some("51"), false),
        (Some("52"), true),
        (Some("58"), true),
        (Some("parents"), true),
    ] {
        case.carer = carer.map(str::to_owned);
        assert_eq!(counts(&case), [wanted, wanted], "{carer:?}");
    }
    // She was when it was recorded; now the grandmother is.
    case.events[1].carer = Some("52".into());
    case.carer = Some("62".into());
    assert_eq!(counts(&case), [false, true]);
    // The grandmother was; now she is.
    case.events[1].carer = Some("62".into());
    case.carer = Some("52".into());
    assert_eq!(counts(&case), [true, false]);
}

#[test]
fn vector_08_only_siblings_with_a_part_are_satisfied() {
    let seen = with(child("2026-03-01"), EventKind::Visit, &["2026-03-10"]);
    let other = child("2026-03-01");
    assert_ne!(dues(&seen, "2026-03-11"), dues(&other, "2026-03-11"));
    assert_eq!(
        compute(&other, &packs(), day("2026-03-11"))
            .due(Kind::Visit)
            .unwrap()
            .last,
        None
    );
}

#[test]
fn vector_09_a_late_entry_counts_and_is_flagged() {
    let mut case = with(child("2026-02-01"), EventKind::Visit, &["2026-02-10"]);
    case.events[0].recorded_on = Some(day("2026-02-25"));
    let cadence = compute(&case, &packs(), day("2026-03-02"));
    assert!(cadence.events[0].counts && cadence.events[0].entered_late);
    assert!(cadence.misses.is_empty());
}

#[test]
fn vector_10_left_behind_ends_on_the_sixteenth_birthday() {
    let case = CadenceInput {
        birth_date: Some(day("2010-05-06")),
        ..child("2026-01-05")
    };
    let cadence = compute(&case, &packs(), day("2026-05-05"));
    let on: Vec<String> = cadence
        .reminders
        .iter()
        .map(|it| it.on.to_string())
        .collect();
    assert_eq!(on, ["2026-03-07", "2026-04-06"]);
    assert_eq!(cadence.ends_on, Some(day("2026-05-06")));
    assert!(compute(&case, &packs(), day("2026-05-06")).dues.is_empty());
}

#[test]
fn vector_11_school_counts_every_other_time() {
    let mut case = with(
        child("2026-01-05"),
        EventKind::Visit,
        &["2026-01-20", "2026-03-10", "2026-03-20", "2026-04-10"],
    );
    for (index, place) in ["dorm", "dorm", "home", "dorm"].into_iter().enumerate() {
        case.events[index].place = Some(place.into());
        case.events[index].boarder = true;
    }
    let cadence = compute(&case, &packs(), day("2026-04-11"));
    let counts: Vec<bool> = cadence.events.iter().map(|event| event.counts).collect();
    assert_eq!(counts, [true, false, true, true]);
}

#[test]
fn vector_12_one_record_twice_is_one_event() {
    let mut case = with(child("2026-01-05"), EventKind::Visit, &["2026-01-31"]);
    let once = compute(&case, &packs(), day("2026-02-01"));
    case.events.push(case.events[0].clone());
    assert_eq!(compute(&case, &packs(), day("2026-02-01")), once);
}

#[test]
fn vector_13_a_new_pack_gives_seven_days_and_no_miss_in_retrospect() {
    let shanghai = packs().packs()[0].clone();
    let next = PolicyPack::parse(include_str!(
        "../../../../tests/cases/packs/monthly-2027.json"
    ))
    .unwrap();
    let packs = PolicySet::new(vec![next, shanghai]).unwrap();
    let case = with(child("2026-11-01"), EventKind::Visit, &["2026-11-05"]);
    let case = with(case, EventKind::Contact, &["2026-12-10"]);
    let cadence = compute(&case, &packs, day("2027-01-02"));
    assert_eq!(cadence.due(Kind::Visit).unwrap().due, day("2027-01-08"));
    assert!(cadence.misses.is_empty());
}

#[test]
fn vector_14_and_15_a_missed_window_stays_a_miss_and_is_not_made_up() {
    let case = with(child("2025-11-01"), EventKind::Visit, &["2025-12-28"]);
    let case = with(
        case,
        EventKind::Contact,
        &["2025-11-10", "2026-01-10", "2026-02-10"],
    );
    let before = compute(&case, &packs(), day("2026-03-05"));
    let visit = before.due(Kind::Visit).unwrap();
    assert_eq!(
        (visit.due, visit.days_over, visit.status),
        (day("2026-02-28"), 5, Status::Overdue)
    );
    assert_eq!(before.misses.len(), 1);
    let after = compute(
        &with(case, EventKind::Visit, &["2026-03-06"]),
        &packs(),
        day("2026-03-07"),
    );
    assert_eq!(after.due(Kind::Visit).unwrap().due, day("2026-06-06"));
    assert_eq!(after.misses, before.misses);
}

#[test]
fn vector_16_a_mass_import_gives_everybody_seven_days() {
    assert_eq!(
        dues(&child("2026-04-28"), "2026-04-28"),
        both("2026-05-05", "2026-05-05")
    );
}

#[test]
fn the_reason_names_how_often_and_why() {
    let case = enhanced(child("2026-01-05"), "2026-01-05");
    let cadence = compute(&case, &packs(), day("2026-01-06"));
    assert_eq!(
        cadence.due(Kind::Visit).unwrap().reason,
        "每月一次：母亲重度残疾"
    );
    let plain = compute(&child("2026-01-05"), &packs(), day("2026-01-06"));
    assert_eq!(plain.due(Kind::Visit).unwrap().reason, "每两月一次");
}

#[test]
fn the_four_groups_follow_the_days_left() {
    let case = with(child("2026-01-05"), EventKind::Contact, &["2026-01-10"]);
    let status = |today: &str| {
        compute(&case, &packs(), day(today))
            .due(Kind::Contact)
            .unwrap()
            .status
    };
    // Due on 2026-02-24 (45 days after the last one).
    assert_eq!(status("2026-02-16"), Status::Ok);
    assert_eq!(status("2026-02-17"), Status::Soon);
    assert_eq!(status("2026-02-23"), Status::Soon);
    assert_eq!(status("2026-02-24"), Status::Today);
    assert_eq!(status("2026-02-25"), Status::Overdue);
}

/// A small generator: the same seed, the same child.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    fn date(&mut self) -> NaiveDate {
        day("2025-01-01") + Days::new(self.below(700))
    }

    fn child(&mut self) -> CadenceInput {
        let mut case = child("2025-01-01");
        case.opened_on = day("2025-01-01") + Days::new(self.below(120));
        case.is_new = self.below(2) == 0;
        case.categories[0].code = self.pick(&["LB-1", "DP-1", "DF", "PE"]).into();
        for _ in 0..self.below(3) {
            let from = self.date();
            let to = (self.below(2) == 0).then(|| from + Days::new(self.below(200)));
            case.facts.push(TierFact {
                kind: self
                    .pick(&["parent_severe_disability", "child_disability", "unknown"])
                    .into(),
                value: None,
                from: Some(from),
                to,
                recorded_on: from + Days::new(self.below(30)),
                words: None,
            });
        }
        if self.below(2) == 0 {
            case.tier_lowered.push(TierLowered {
                approved_by: "督导员".into(),
                on: self.date(),
            });
        }
        for number in 0..self.below(25) {
            let kind = [EventKind::Contact, EventKind::Visit, EventKind::Attempt]
                [usize::try_from(self.below(3)).unwrap()];
            let mut one = event(kind, self.date(), &format!("r{number}"));
            one.mode = Some(self.pick(&["phone", "chat", "relay"]).into());
            one.party = vec![self.pick(&["child", "caregiver", "m"]).into()];
            one.place = Some(
                self.pick(&["home", "home", "dorm", "hospital", "office"])
                    .into(),
            );
            one.met = vec![self.pick(&["child", "caregiver", "m", "nobody"]).into()];
            one.child_seen =
                [None, Some(true), Some(false)][usize::try_from(self.below(3)).unwrap()];
            one.boarder = self.below(2) == 0;
            one.voided = self.below(10) == 0;
            case.events.push(one);
        }
        for _ in 0..self.below(3) {
            let from = self.date();
            case.pauses.push(Pause {
                reason: self.pick(&["HOSPITAL", "TEMP_AWAY", "unknown"]).into(),
                kind: None,
                from,
                to: (self.below(3) > 0).then(|| from + Days::new(self.below(90))),
            });
        }
        case
    }
}

fn many(mut each: impl FnMut(u64, &mut Dice, CadenceInput, NaiveDate)) {
    for seed in 0..600 {
        let mut dice = Dice(seed);
        dice.below(2);
        let case = dice.child();
        let today = dice.date();
        each(seed, &mut dice, case, today);
    }
}

#[test]
fn no_date_is_due_before_its_window_begins_and_the_status_agrees_with_the_days() {
    let packs = packs();
    many(|seed, _, case, today| {
        let cadence = compute(&case, &packs, today);
        for due in &cadence.dues {
            assert!(due.window_from <= due.due, "seed {seed}");
            assert_eq!(
                i64::from(due.days_over),
                (today - due.due).num_days(),
                "seed {seed}"
            );
            assert_eq!(
                due.status == Status::Overdue,
                due.due < today,
                "seed {seed}"
            );
            assert!(
                !due.reason.is_empty() && !due.because.is_empty(),
                "seed {seed}"
            );
        }
        for miss in &cadence.misses {
            assert!(
                miss.window.from <= miss.window.to && miss.window.to < today,
                "seed {seed}"
            );
        }
        // Without a cadence there is the first visit of a newly found child, and nothing else.
        let first = |due: &Due| due.reason_codes == [ReasonCode::NewChild];
        match cadence.tier {
            Some(_) => assert!(!cadence.dues.is_empty(), "seed {seed}"),
            None => assert!(
                cadence.dues.len() <= 1 && cadence.dues.iter().all(first),
                "seed {seed}"
            ),
        }
    });
}

#[test]
fn order_and_repetition_of_events_change_nothing() {
    let packs = packs();
    many(|seed, dice, case, today| {
        let expected = compute(&case, &packs, today);
        let mut shuffled = case.clone();
        shuffled.events.extend(case.events.clone());
        shuffled.pauses.reverse();
        shuffled.facts.reverse();
        for index in (1..shuffled.events.len()).rev() {
            shuffled.events.swap(
                index,
                usize::try_from(dice.below(index as u64 + 1)).unwrap(),
            );
        }
        let found = compute(&shuffled, &packs, today);
        assert_eq!(found, expected, "seed {seed}");
    });
}

#[test]
fn a_further_visit_that_saw_the_child_never_brings_a_date_forward() {
    let packs = packs();
    many(|seed, _, case, today| {
        let mut without = case.clone();
        without.events.retain(|event| event.event_date <= today);
        let mut seen = event(EventKind::Visit, today, "the-new-one");
        seen.child_seen = Some(true);
        let mut with = without.clone();
        with.events.push(seen);
        let before = compute(&without, &packs, today);
        let after = compute(&with, &packs, today);
        for due in &after.dues {
            let old = before.due(due.kind).unwrap();
            // A pause that this visit ended no longer pushes the date out.
            if !old.reason_codes.contains(&ReasonCode::Pause) {
                assert!(
                    due.due >= old.due,
                    "seed {seed}: {} {} after {}",
                    case.opened_on,
                    due.due,
                    old.due
                );
            }
        }
        assert!(after.misses.len() <= before.misses.len(), "seed {seed}");
    });
}

#[test]
fn misses_only_grow_as_days_pass() {
    let packs = packs();
    many(|seed, _, mut case, today| {
        // What is recorded later may fill a window, so only what is known today, and pauses that are over.
        case.events.retain(|event| event.event_date <= today);
        case.pauses.retain(|pause| pause.to.is_some());
        let now = compute(&case, &packs, today).misses;
        let later = compute(&case, &packs, today + Days::new(40)).misses;
        assert!(now.iter().all(|miss| later.contains(miss)), "seed {seed}");
    });
}
