//! The story of a problem, case by case.

use super::*;
use ids::Role;

fn event(kind: EventKind, by: &str) -> Event {
    Event {
        id: String::new(),
        kind: kind.as_str().into(),
        text: String::new(),
        sealed: false,
        recorded_ms: 0,
        by: by.into(),
        handler: None,
        detail: Detail::default(),
        made_by: None,
    }
}

fn role(event: &Event) -> Option<Role> {
    Role::parse(&event.by)
}

#[test]
fn the_station_accepts_and_closes() {
    let story = [
        event(EventKind::Reported, "director"),
        event(EventKind::Accepted, "supervisor"),
        event(EventKind::Measure, "director"),
        event(EventKind::Closed, "supervisor"),
    ];
    assert_eq!(fold(&story, "S2", &[], role).state, State::Closed);
}

#[test]
fn what_else_it_is_about_the_station_says_and_says_anew() {
    let about = |by: &str, types: &[&str]| {
        let mut event = event(EventKind::TypesSet, by);
        event.detail.types = types.iter().map(|code| (*code).to_owned()).collect();
        event
    };
    let mut story = vec![
        event(EventKind::Reported, "director"),
        about("director", &["NET"]),
        about("supervisor", &["DROPOUT", "POOR"]),
    ];
    let told = fold(&story, "S1", &[], role);
    assert_eq!(told.also, ["DROPOUT", "POOR"]);
    assert_eq!(told.allowed, [true, false, true]);
    story.push(about("head", &[]));
    story.push(event(EventKind::Withdrawn, "director"));
    let told = fold(&story, "S3", &[], role);
    assert!(told.also.is_empty());
    story.push(about("supervisor", &["NET"]));
    assert!(fold(&story, "S3", &[], role).also.is_empty(), "it is over");
}

#[test]
fn a_directors_closing_is_a_request_and_moves_nothing() {
    let story = [
        event(EventKind::Reported, "director"),
        event(EventKind::Accepted, "supervisor"),
        event(EventKind::Closed, "director"),
    ];
    let fold = fold(&story, "S3", &[], role);
    assert_eq!(fold.state, State::Accepted);
    assert_eq!(fold.allowed, [true, true, false]);
    assert!(fold.close_requested);
}

#[test]
fn solved_on_the_spot_is_for_small_matters_only() {
    let story = [
        event(EventKind::Reported, "director"),
        event(EventKind::Resolved, "director"),
    ];
    assert_eq!(fold(&story, "S3", &[], role).state, State::Resolved);
    assert_eq!(fold(&story, "S1", &[], role).state, State::Reported);
}

#[test]
fn an_event_of_an_unknown_author_moves_nothing() {
    let story = [
        event(EventKind::Reported, "director"),
        event(EventKind::Accepted, "nobody"),
    ];
    assert_eq!(fold(&story, "S3", &[], role).state, State::Reported);
}

#[test]
fn an_answer_leaves_the_state_alone() {
    let story = [
        event(EventKind::Reported, "director"),
        event(EventKind::Replied, "supervisor"),
    ];
    assert_eq!(fold(&story, "S3", &[], role).state, State::Reported);
}

#[test]
fn what_nobody_can_handle_any_more_is_taken_over_by_whoever_says_so_taking_it_up() {
    let handled = |story: &[Event]| {
        let fold = fold(story, "S1", &[], role);
        handler(story, &fold.allowed, |event| Some(event.by.clone()))
    };
    let saying = |by: &str, handler: &str| Event {
        handler: Some(handler.into()),
        ..event(EventKind::Accepted, by)
    };
    let mut story = vec![
        event(EventKind::Reported, "director"),
        event(EventKind::Accepted, "supervisor"),
        event(EventKind::Returned, "head"),
        saying("head", "other"),
    ];
    let kept = Some("supervisor".to_owned());
    assert_eq!(handled(&story), kept, "not for somebody else");
    story.push(saying("director", "director"));
    assert_eq!(handled(&story), kept, "a director does not take it up");
    story.push(saying("head", "head"));
    assert_eq!(handled(&story).as_deref(), Some("head"));
    // Also while it is worked on, where it leaves the state alone.
    story.push(event(EventKind::Measure, "supervisor"));
    story.push(saying("supervisor", "supervisor"));
    assert_eq!(handled(&story), kept);
    assert_eq!(state(&story, "S1"), State::InProgress);
}

#[test]
fn the_edit_that_takes_over_names_its_author() {
    let edit = add_event("e1", EventKind::Accepted, "", 1, "s1");
    let Edit::Add { entry, .. } = taking_over(edit, "s1") else {
        panic!("it adds an event");
    };
    assert_eq!(entry.text("handler"), Some("s1"));
    assert_eq!(entry.text("kind"), Some("accepted"));
}

#[test]
fn whoever_takes_it_up_first_handles_it_until_the_head_names_another() {
    let named = |by: &str, handler: &str| Event {
        handler: Some(handler.into()),
        ..event(EventKind::HandlerNamed, by)
    };
    let author = |event: &Event| Some(event.by.clone());
    let handled = |story: &[Event]| {
        let fold = fold(story, "S1", &[], role);
        handler(story, &fold.allowed, author)
    };
    let mut story = vec![
        event(EventKind::Reported, "director"),
        event(EventKind::Accepted, "director"),
    ];
    assert_eq!(handled(&story), None, "a director does not take it up");
    story.push(event(EventKind::Accepted, "supervisor"));
    assert_eq!(handled(&story).as_deref(), Some("supervisor"));
    story.push(event(EventKind::Returned, "head"));
    story.push(event(EventKind::Accepted, "head"));
    assert_eq!(
        handled(&story).as_deref(),
        Some("supervisor"),
        "not by taking it up again"
    );
    story.push(named("supervisor", "mine"));
    assert_eq!(
        handled(&story).as_deref(),
        Some("supervisor"),
        "only the head names"
    );
    story.push(named("head", "other"));
    assert_eq!(handled(&story).as_deref(), Some("other"));
}

fn with(kind: EventKind, by: &str, detail: Detail) -> Event {
    Event {
        detail,
        ..event(kind, by)
    }
}

fn state(story: &[Event], severity: &str) -> State {
    fold(story, severity, &[], role).state
}

/// A story of `kind:role` words, told as far as its end.
fn story(words: &str) -> Vec<Event> {
    words
        .split_whitespace()
        .enumerate()
        .map(|(at, word)| {
            let (kind, by) = word.split_once(':').unwrap();
            let kind = EventKind::parse(kind).unwrap();
            let mut event = event(kind, by);
            event.id = format!("e{at}");
            event
        })
        .collect()
}

#[test]
fn every_step_leads_where_the_machine_says() {
    let accepted = "reported:director accepted:supervisor";
    for (words, severity, expected) in [
        ("reported:director", "S2", State::Reported),
        ("reported:director measure:director", "S2", State::Reported),
        (
            "reported:director returned:supervisor",
            "S2",
            State::Reported,
        ),
        (accepted, "S2", State::Accepted),
        (
            &format!("{accepted} planned:supervisor"),
            "S2",
            State::Accepted,
        ),
        (
            &format!("{accepted} measure:director"),
            "S2",
            State::InProgress,
        ),
        (
            &format!("{accepted} referred:supervisor"),
            "S2",
            State::Referred,
        ),
        (
            &format!("{accepted} referred:director"),
            "S2",
            State::Accepted,
        ),
        (
            &format!("{accepted} referred:supervisor measure:director"),
            "S2",
            State::Referred,
        ),
        (
            &format!("{accepted} resolved:supervisor"),
            "S2",
            State::Resolved,
        ),
        (
            &format!("{accepted} resolved:director"),
            "S2",
            State::Accepted,
        ),
        (
            &format!("{accepted} resolved:director"),
            "S3",
            State::Resolved,
        ),
        (
            &format!("{accepted} resolved:supervisor confirmed:supervisor"),
            "S2",
            State::FollowUp,
        ),
        (
            &format!("{accepted} resolved:supervisor confirmed:director"),
            "S2",
            State::Resolved,
        ),
        (
            &format!("{accepted} resolved:supervisor not_solved:supervisor"),
            "S2",
            State::InProgress,
        ),
        (
            &format!("{accepted} resolved:supervisor confirmed:supervisor followed_up:director"),
            "S2",
            State::FollowUp,
        ),
        (
            &format!("{accepted} resolved:supervisor confirmed:supervisor closed:supervisor"),
            "S2",
            State::Closed,
        ),
        (
            &format!("{accepted} resolved:supervisor confirmed:supervisor closed:supervisor"),
            "S1",
            State::FollowUp,
        ),
        (
            &format!("{accepted} resolved:supervisor confirmed:supervisor closed:head"),
            "S1",
            State::Closed,
        ),
        (
            &format!("{accepted} merged:supervisor"),
            "S2",
            State::Merged,
        ),
        (
            &format!("{accepted} merged:supervisor"),
            "S1",
            State::Accepted,
        ),
        (
            &format!("{accepted} merged:director"),
            "S3",
            State::Accepted,
        ),
        (
            "reported:director withdrawn:director",
            "S3",
            State::Withdrawn,
        ),
        (
            "reported:director withdrawn:director",
            "S2",
            State::Reported,
        ),
        (
            "reported:director withdrawn:supervisor",
            "S1",
            State::Reported,
        ),
        (
            &format!("{accepted} withdrawn:director"),
            "S3",
            State::Accepted,
        ),
        (
            &format!("{accepted} withdrawn:supervisor"),
            "S3",
            State::Withdrawn,
        ),
        (
            &format!("{accepted} closed:supervisor reopened:director"),
            "S3",
            State::InProgress,
        ),
        (
            &format!("{accepted} closed:supervisor measure:director"),
            "S3",
            State::Closed,
        ),
        (
            "reported:director withdrawn:director reopened:director",
            "S3",
            State::Reported,
        ),
    ] {
        assert_eq!(
            state(&story(words), severity),
            expected,
            "{words} {severity}"
        );
    }
}

#[test]
fn taken_back_and_taken_up_apart_is_taken_up_in_either_order() {
    let one = "reported:director withdrawn:director accepted:supervisor";
    let other = "reported:director accepted:supervisor withdrawn:director";
    assert_eq!(state(&story(one), "S3"), State::Accepted);
    assert_eq!(state(&story(other), "S3"), State::Accepted);
}

#[test]
fn a_referral_is_over_when_everybody_who_was_asked_has_replied() {
    let mut told =
        story("reported:director accepted:supervisor referred:supervisor referred:supervisor");
    let replied = |referral: &str| {
        with(
            EventKind::ReferralReplied,
            "director",
            Detail {
                referral: Some(referral.into()),
                ..Detail::default()
            },
        )
    };
    told.push(replied("e2"));
    let first = fold(&told, "S2", &[], role);
    assert_eq!(
        (first.state, first.open_referrals),
        (State::Referred, vec!["e3".to_owned()])
    );
    told.push(replied("e3"));
    assert_eq!(state(&told, "S2"), State::InProgress);
}

#[test]
fn a_follow_up_that_finds_it_not_well_goes_back_to_work() {
    let mut told =
        story("reported:director accepted:supervisor resolved:supervisor confirmed:supervisor");
    told.push(with(
        EventKind::FollowedUp,
        "director",
        Detail {
            well: Some(false),
            ..Detail::default()
        },
    ));
    assert_eq!(state(&told, "S2"), State::InProgress);
}

#[test]
fn only_the_head_makes_a_matter_of_life_smaller_and_whoever_may_not_moves_nothing() {
    let set = |by: &str, to: &str| {
        with(
            EventKind::SeveritySet,
            by,
            Detail {
                severity: Some(to.into()),
                ..Detail::default()
            },
        )
    };
    let severity = |set: Event, of: &str| {
        let mut told = story("reported:director accepted:supervisor");
        told.push(set);
        fold(&told, of, &[], role).severity
    };
    assert_eq!(severity(set("supervisor", "S3"), "S1"), "S1");
    assert_eq!(severity(set("director", "S3"), "S2"), "S2");
    assert_eq!(severity(set("head", "S2"), "S1"), "S2");
    assert_eq!(severity(set("supervisor", "S1"), "S3"), "S1");
    let mut told = story("reported:director accepted:supervisor measure:director");
    told.push(set("supervisor", "S1"));
    told.push(event(EventKind::Closed, "supervisor"));
    assert_eq!(
        state(&told, "S3"),
        State::InProgress,
        "the new severity asks for the head"
    );
}

#[test]
fn a_kind_this_app_does_not_know_is_kept_and_moves_nothing() {
    let mut told = story("reported:director accepted:supervisor");
    told.push(Event {
        kind: "of_next_year".into(),
        ..event(EventKind::Replied, "supervisor")
    });
    let fold = fold(&told, "S2", &[], role);
    assert_eq!(fold.state, State::Accepted);
    assert_eq!(fold.allowed, [true, true, false]);
}

#[test]
fn what_is_offered_leads_somewhere() {
    for (at, role) in [(2, Role::Director), (3, Role::Supervisor), (1, Role::Head)] {
        for severity in ["S1", "S2", "S3", "S4"] {
            let told = story(
                "reported:director accepted:supervisor resolved:supervisor confirmed:supervisor",
            );
            let folded = fold(&told[..=at], severity, &[], super::tests::role);
            for kind in offers(role, &folded) {
                assert!(may(role, kind, severity), "{role:?} {kind:?} {severity}");
                assert_ne!(kind, EventKind::HandlerNamed);
            }
        }
    }
}

#[test]
fn an_event_reads_back_what_was_written() {
    let detail = Detail {
        measures: vec!["mediate".into(), "school_return".into()],
        body: Some("PS".into()),
        due: "2026-11-30".parse().ok(),
        referral: Some("r".into()),
        well: Some(false),
        on: "2026-11-29".parse().ok(),
        severity: Some("S2".into()),
        into: Some("p".into()),
        whom: Some("110".into()),
        at: Some("2026-11-23 15:20".into()),
        receipt: Some("第7号".into()),
        outcome: Some("noted".into()),
        satisfaction: Some("mostly".into()),
        types: vec!["NET".into(), "POOR".into()],
        main: Some("LEGAL".into()),
        number: Some("E-20261130-00001-1".into()),
        purpose: Some("school".into()),
        fields: vec!["child.name".into(), "matter.kind".into()],
        packet: Some("q".into()),
    };
    let Edit::Add { entry, .. } =
        add_detailed("e", EventKind::Measure, "words", &detail, 5, "somebody")
    else {
        panic!("an event is added");
    };
    assert_eq!(Detail::of(&entry), detail);
}

/// A matter of life and safety, closed by the head; `name` is the closing's entry id.
fn closed_by_the_head(name: &str) -> Vec<Event> {
    let mut story = vec![
        event(EventKind::Reported, "director"),
        event(EventKind::Accepted, "supervisor"),
        event(EventKind::Measure, "supervisor"),
        event(EventKind::Resolved, "supervisor"),
        event(EventKind::Confirmed, "head"),
    ];
    story.push(closing(name, "head"));
    story
}

fn closing(name: &str, by: &str) -> Event {
    Event {
        id: name.to_owned(),
        ..event(EventKind::Closed, by)
    }
}

fn word(closing: &str, over: bool) -> DistrictWord {
    DistrictWord {
        closing: closing.to_owned(),
        over,
        at_ms: 77,
    }
}

#[test]
fn a_grave_closing_waits_for_the_district_and_nothing_waits_for_it() {
    let story = closed_by_the_head("c1");
    let told = fold(&story, "S1", &[], role);
    assert_eq!(
        (told.state, told.review),
        (State::Closed, Some(Review::Waiting))
    );
    let told = fold(&story, "S1", &[word("c1", true)], role);
    assert_eq!(
        (told.state, told.review),
        (State::Closed, Some(Review::Countersigned))
    );
    assert_eq!(fold(&story, "S2", &[], role).review, None);
    // Of another closing, of none, of a matter that is less grave: nothing.
    for (severity, words) in [
        ("S1", vec![word("c2", false), word("", false)]),
        ("S2", vec![word("c1", false)]),
    ] {
        let with = fold(&story, severity, &words, role);
        assert_eq!(with, fold(&story, severity, &[], role), "{severity}");
    }
}

#[test]
fn what_is_not_over_is_resolved_again_and_may_be_closed_after_more_work() {
    let mut story = closed_by_the_head("c1");
    let words = [word("c1", false)];
    let told = fold(&story, "S1", &words, role);
    assert_eq!((told.state, told.review), (State::Resolved, None));
    assert_eq!(
        told.not_over,
        Some(NotOver {
            closing: 5,
            at_ms: 77
        })
    );
    assert!(!told.was_worked_on_since(&story));
    story.push(event(EventKind::Measure, "director"));
    let told = fold(&story, "S1", &words, role);
    assert_eq!(told.state, State::InProgress);
    assert!(told.was_worked_on_since(&story) && told.not_over.is_some());
    story.push(event(EventKind::Resolved, "supervisor"));
    story.push(closing("c2", "head"));
    let told = fold(&story, "S1", &words, role);
    assert_eq!(
        (told.state, told.review),
        (State::Closed, Some(Review::Waiting))
    );
    assert_eq!(told.not_over, None);
    let words = [word("c1", false), word("c2", true)];
    assert_eq!(
        fold(&story, "S1", &words, role).review,
        Some(Review::Countersigned)
    );
}

#[test]
fn a_word_about_a_closing_that_was_reopened_since_changes_nothing() {
    let mut story = closed_by_the_head("c1");
    story.push(event(EventKind::Reopened, "director"));
    let late = [word("c1", false)];
    assert_eq!(
        fold(&story, "S1", &late, role),
        fold(&story, "S1", &[], role)
    );
    story.push(event(EventKind::Resolved, "supervisor"));
    story.push(closing("c2", "head"));
    let told = fold(&story, "S1", &late, role);
    assert_eq!(told, fold(&story, "S1", &[], role));
    assert_eq!(
        (told.state, told.review),
        (State::Closed, Some(Review::Waiting))
    );
    // What was written apart from the word, without knowing of it, is all there.
    let mut apart = closed_by_the_head("c1");
    apart.push(event(EventKind::FollowedUp, "director"));
    apart.push(event(EventKind::Replied, "supervisor"));
    let told = fold(&apart, "S1", &late, role);
    assert_eq!((told.state, told.allowed.len()), (State::Resolved, 8));
}

#[test]
fn a_directors_or_supervisors_closing_of_a_grave_matter_is_none_the_district_answers() {
    let mut story = closed_by_the_head("c1");
    story.pop();
    story.push(closing("c1", "supervisor"));
    let words = [word("c1", true)];
    let told = fold(&story, "S1", &words, role);
    assert_eq!((told.state, told.review), (State::FollowUp, None));
}

#[test]
fn of_a_sealed_matter_the_village_reads_what_the_station_tells_it_and_nothing_else() {
    let tells = |role| {
        let kinds = EventKind::ALL.into_iter();
        kinds
            .filter(|kind| is_for_the_village(role, *kind))
            .collect::<Vec<_>>()
    };
    let told = [EventKind::Accepted, EventKind::Replied, EventKind::Returned];
    assert_eq!(tells(Role::Supervisor), told);
    assert_eq!(tells(Role::Head), told);
    assert!(tells(Role::Director).is_empty() && tells(Role::Officer).is_empty());
}

#[test]
fn an_event_with_sealed_words_says_so_and_keeps_what_was_chosen() {
    let detail = Detail {
        measures: vec!["police".into()],
        ..Detail::default()
    };
    let line = "这里不显示";
    let edit = add_sealed("e", EventKind::Measure, line, &detail, 7, "a");
    let Edit::Add { collection, entry } = edit else {
        panic!("it is added");
    };
    let record = Record {
        collections: BTreeMap::from([(collection.to_owned(), vec![entry])]),
        ..Record::default()
    };
    let read = Problem::from_record(&record).events.remove(0);
    assert!(read.sealed && read.text == line && read.detail == detail);
}
