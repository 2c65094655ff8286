//! A visit from the first tap to what it records.

use super::*;

const HOME_VISIT: &str = include_str!("../../../../../policy/forms/hv-cn-3.json");

#[test]
fn the_short_form_is_what_was_decided() {
    let state = first_visit(context(vec![child("x", 9)])).state();
    assert_eq!(
        keys(&state, SESSION),
        [
            "a_date",
            "a_kind",
            "a_place",
            "a_met",
            "b_change",
            "b_live_with",
            "b_house",
            "b_food",
            "b_event",
            "g_hazards"
        ]
    );
    assert_eq!(
        keys(&state, "x"),
        [
            "a_seen",
            "a_alone",
            "c_caregiver",
            "c_care_state",
            "c_parent_away",
            "c_parent_contact",
            "c_alone",
            "d_stage",
            "d_attend",
            "d_perf",
            "e_health",
            "e_inj",
            "f_mood",
            "f_talk",
            "f_friends",
            "f_beh",
            "f_net",
            "f_voice",
            "l_overall",
            "l_change",
            "l_summary"
        ]
    );
}

#[test]
fn the_full_form_asks_more_and_follows_age() {
    let young = first_visit(context(vec![child("x", 4)]));
    let full = evaluate(&young.pack, &young.context, &young.answers, false);
    let asked = keys(&full, "x");
    for key in ["c_duty", "c_agreement", "d_early", "e_vax", "f_miss"] {
        assert!(asked.contains(&key.to_owned()), "{key}");
    }
    let old = first_visit(context(vec![child("x", 12)]));
    let asked = keys(&evaluate(&old.pack, &old.context, &old.answers, false), "x");
    assert!(!asked.contains(&"d_early".to_owned()) && !asked.contains(&"e_vax".to_owned()));
}

#[test]
fn a_new_draft_knows_day_kind_and_place_only() {
    let draft = Draft::new(context(vec![child("x", 9)]));
    let part = draft.answers.part(SESSION).unwrap();
    assert_eq!(part.text("a_date"), Some("2026-11-23"));
    assert_eq!(
        (part.code("a_kind"), part.code("a_place")),
        (Some("regular"), Some("home"))
    );
    assert_eq!(part.answers.len(), 3);
    assert_eq!(draft.answers.parts.len(), 1);
}

#[test]
fn an_uneventful_visit_takes_at_most_twelve_taps() {
    let mut draft = next_visit(&first_visit(context(vec![child("x", 9)])));
    draft
        .choose(SESSION, "a_met", &["child"])
        .choose(SESSION, "a_met", &["child", "caregiver"]);
    draft.choose("x", "a_alone", &["y"]);
    draft.same_everywhere().none_of("x");
    for (key, code) in [("d_attend", "ok"), ("e_health", "ok"), ("f_mood", "bright")] {
        draft.choose("x", key, &[code]);
    }
    draft
        .choose(SESSION, "g_hazards", &["none"])
        .choose("x", "l_overall", &["normal"]);
    let state = draft.state();
    assert_eq!(state.missing, Vec::<Missing>::new());
    assert_eq!(state.answered, state.total);
    validate_for_save(&state).unwrap();
    let save = 1;
    assert!(draft.taps + save <= 12, "{} taps", draft.taps + save);
}

#[test]
fn nothing_is_carried_before_the_tap_and_its_origin_is_kept_after_it() {
    let mut draft = next_visit(&first_visit(context(vec![child("x", 9)])));
    draft.choose(SESSION, "a_met", &["child"]);
    let before = draft.state();
    assert!(question(&before, "x", "f_talk").codes.is_empty());
    let section = before.parts[1]
        .sections
        .iter()
        .find(|section| section.key == "F")
        .unwrap();
    let last: Vec<&str> = section.same.iter().map(|(_, words)| &**words).collect();
    assert_eq!(last, ["主动", "有好朋友", "1到2小时"]);
    assert!(!section.same_applied);
    draft.same("x", "F");
    let after = draft.state();
    assert!(question(&after, "x", "f_talk").carried);
    let effective = draft.effective();
    let talk = effective.answers.get("x", "f_talk").unwrap();
    assert_eq!(
        (talk.codes[0].as_str(), talk.unchanged_from.as_deref()),
        ("open", Some("visit-1"))
    );
    draft.choose("x", "f_talk", &["avoid"]);
    assert!(!question(&draft.state(), "x", "f_talk").carried);
}

#[test]
fn what_was_so_last_time_says_nothing_about_an_injury_or_what_happened_since() {
    let mut draft = next_visit(&first_visit(context(vec![child("x", 9)])));
    draft.choose(SESSION, "a_met", &["child"]).same_everywhere();
    let state = draft.state();
    for (part, key) in [
        (SESSION, "b_event"),
        ("x", "c_alone"),
        ("x", "e_inj"),
        ("x", "f_beh"),
        ("x", "d_attend"),
        ("x", "e_health"),
        ("x", "f_mood"),
    ] {
        assert!(question(&state, part, key).codes.is_empty(), "{key}");
    }
    assert_eq!(question(&state, "x", "f_talk").codes, ["open"]);
}

#[test]
fn none_of_answers_what_is_open_about_one_child_and_the_household_and_nothing_by_hand() {
    let mut draft = Draft::new(context(vec![child("x", 9), child("y", 12)]));
    draft.choose(SESSION, "a_met", &["child"]);
    for child in ["x", "y"] {
        draft.choose(child, "a_seen", &["y"]);
    }
    draft.choose("x", "e_inj", &["y"]);
    let open = |state: &FormState, name: &str| {
        let part = state.parts.iter().find(|one| one.part == name).unwrap();
        part.none_open.len()
    };
    let before = draft.state();
    assert_eq!(
        (
            open(&before, SESSION),
            open(&before, "x"),
            open(&before, "y")
        ),
        (0, 3, 4)
    );
    draft.none_of("x");
    let after = draft.state();
    assert_eq!((open(&after, "x"), open(&after, "y")), (0, 3));
    assert_eq!(question(&after, "x", "e_inj").codes, ["y"]);
    assert_eq!(question(&after, "x", "f_beh").codes, ["none"]);
    assert!(!question(&after, "x", "f_beh").carried);
    assert_eq!(question(&after, SESSION, "b_event").codes, ["none"]);
    assert!(question(&after, "y", "e_inj").codes.is_empty());
    let again = none_of(&draft.pack, &draft.context, &mut draft.answers, true, "x");
    assert_eq!(again, Err(AnswerRefusal::NothingToCopy));
}

#[test]
fn same_as_last_leaves_answers_given_by_hand() {
    let mut draft = next_visit(&first_visit(context(vec![child("x", 9)])));
    draft
        .choose(SESSION, "a_met", &["child"])
        .choose(SESSION, "b_food", &["lack"])
        .same(SESSION, "B");
    assert_eq!(
        draft.answers.part(SESSION).unwrap().code("b_food"),
        Some("lack")
    );
    assert_eq!(
        draft.answers.part(SESSION).unwrap().code("b_house"),
        Some("good")
    );
    assert_eq!(
        draft.answers.part(SESSION).unwrap().code("b_change"),
        Some("same")
    );
}

#[test]
fn same_as_last_never_repeats_the_words_of_a_child() {
    let mut first = first_visit(context(vec![child("x", 9)]));
    first
        .try_answer("x", "f_voice", &[], Some("想妈妈"))
        .unwrap();
    let mut draft = next_visit(&first);
    draft
        .choose(SESSION, "a_met", &["child"])
        .same("x", "F")
        .same("x", "C");
    assert_eq!(draft.answers.get("x", "f_voice"), None);
    assert_eq!(
        draft.answers.part("x").unwrap().text("c_caregiver"),
        Some("王秀兰（奶奶）")
    );
}

#[test]
fn same_as_last_is_refused_where_there_is_nothing_to_copy() {
    let mut draft = Draft::new(context(vec![child("x", 9)]));
    let mut same = |part: &str, section: &str| {
        same_as_last(
            &draft.pack,
            &draft.context,
            &mut draft.answers,
            true,
            part,
            section,
        )
    };
    assert_eq!(same("x", "C"), Err(AnswerRefusal::NothingToCopy));
    assert_eq!(same("x", "B"), Err(AnswerRefusal::UnknownSection));
    assert_eq!(same(SESSION, "A"), Err(AnswerRefusal::UnknownSection));
    assert_eq!(same("y", "C"), Err(AnswerRefusal::UnknownPart));
}

#[test]
fn a_child_not_seen_is_not_observed_but_care_and_school_are_still_asked() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    draft.choose("x", "e_inj", &["y"]);
    assert!(draft.state().mandatory);
    draft.choose("x", "a_seen", &["n"]);
    let state = draft.state();
    let asked = keys(&state, "x");
    for hidden in ["a_alone", "e_inj", "f_mood", "f_voice"] {
        assert!(!asked.contains(&hidden.to_owned()), "{hidden}");
    }
    for shown in ["a_not_seen_why", "c_care_state", "d_attend", "e_health"] {
        assert!(asked.contains(&shown.to_owned()), "{shown}");
    }
    assert!(!state.mandatory, "a hidden answer has no effect");
    assert!(draft.effective().answers.get("x", "f_mood").is_none());
    draft.choose("x", "a_seen", &["y"]);
    assert_eq!(
        question(&draft.state(), "x", "f_mood").codes,
        ["bright"],
        "hidden answers are kept in the draft"
    );
}

#[test]
fn who_was_met_answers_whether_an_only_child_was_seen() {
    let mut draft = Draft::new(context(vec![child("x", 9)]));
    assert!(question(&draft.state(), "x", "a_seen").codes.is_empty());
    draft.choose(SESSION, "a_met", &["child"]);
    let state = draft.state();
    assert_eq!(question(&state, "x", "a_seen").codes, ["y"]);
    assert!(question(&state, "x", "a_seen").calculated);
    draft.choose(SESSION, "a_met", &["caregiver"]);
    assert_eq!(question(&draft.state(), "x", "a_seen").codes, ["n"]);
    draft.choose("x", "a_seen", &["y"]);
    assert_eq!(
        question(&draft.state(), "x", "a_seen").codes,
        ["y"],
        "an own answer stands"
    );
}

#[test]
fn of_two_siblings_each_is_asked_whether_it_was_seen() {
    let mut draft = Draft::new(context(vec![child("x", 9), child("y", 5)]));
    draft.choose(SESSION, "a_met", &["child"]);
    let state = draft.state();
    assert!(question(&state, "x", "a_seen").missing && question(&state, "y", "a_seen").missing);
}

#[test]
fn nobody_met_makes_an_attempt_that_asks_nothing_more() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    draft.choose(SESSION, "a_met", &["child", "caregiver", "nobody"]);
    let state = draft.state();
    assert!(state.is_attempt);
    assert_eq!(
        keys(&state, SESSION),
        ["a_date", "a_kind", "a_place", "a_met"]
    );
    assert_eq!(state.parts.len(), 1);
    validate_for_save(&state).unwrap();
    let effective = draft.effective();
    assert!(effective.is_attempt && effective.answers.part("x").unwrap().answers.is_empty());
}

#[test]
fn saving_binds_the_answers_to_the_pack() {
    let draft = first_visit(context(vec![child("x", 9)]));
    let effective = draft.effective();
    assert_eq!(effective.hash, draft.pack.content_hash());
    let full = effective_answers(&draft.pack, &draft.context, &draft.answers, false);
    assert_eq!(full.answers.get("x", "a_seen").unwrap().codes, ["y"]);
}

/// 监护照料 is the second thing the national summary says; an uneventful visit stays as short as it was (decisions.md 10).
#[test]
fn how_the_child_is_cared_for_is_asked_in_the_short_form_unless_it_was_good_of_late() {
    let pack = FormPack::from_json(HOME_VISIT).unwrap();
    assert!(pack.asks_latest().iter().eq(["c_duty"]));
    let asks = |latest: Option<(&str, u32)>| {
        let mut context = context(vec![child("x", 9)]);
        if let Some((code, ago)) = latest {
            let answer = Answer {
                codes: vec![code.to_owned()],
                ..Answer::default()
            };
            let latest = Latest { answer, ago };
            let mut last = LastAnswers::default();
            last.latest.insert("c_duty".to_owned(), latest);
            context.last.insert("x".to_owned(), last);
        }
        let answers = initial_answers(&pack, &context);
        let state = evaluate(&pack, &context, &answers, true);
        keys(&state, "x").iter().any(|key| key == "c_duty")
    };
    assert!(asks(None), "nobody has said it yet");
    for (code, ago, wanted) in [
        ("good", 1, false),
        ("good", 3, false),
        ("good", 4, true),
        ("fair", 1, true),
        ("bad", 2, true),
        ("na", 1, true),
    ] {
        assert_eq!(asks(Some((code, ago))), wanted, "{code} {ago}");
    }
}

#[test]
fn what_is_said_of_wounds_is_written_in_the_report_and_not_in_the_visit() {
    let mut draft = Draft::new(context(vec![child("x", 9)]));
    draft.pack = FormPack::from_json(HOME_VISIT).unwrap();
    draft.choose(SESSION, "a_met", &["child", "caregiver"]);
    draft.choose("x", "a_seen", &["y"]);
    draft.choose("x", "e_inj", &["y"]);
    let state = draft.state();
    let note = question(&state, "x", "e_inj_note");
    assert_eq!(note.kind, QuestionType::Note);
    let typed = keys(&state, "x");
    assert!(
        typed.iter().filter(|key| key.starts_with("e_inj")).count() == 2,
        "nothing else is asked of it: {typed:?}"
    );
}
