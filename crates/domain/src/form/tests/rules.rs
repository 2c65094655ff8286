//! What an answer sets off, what is refused, and what the shipped pack promises.

use super::*;

const NEWEST: &str = include_str!("../../../../../policy/forms/hv-cn-3.json");

#[test]
fn the_shipped_pack_is_read_without_advice() {
    let pack = pack();
    assert_eq!((pack.id.as_str(), pack.version), ("hv-cn-1", 1));
    assert_eq!(pack.warnings, Vec::<String>::new());
    let sections: Vec<&str> = pack
        .sections
        .iter()
        .map(|section| section.key.as_str())
        .collect();
    assert_eq!(
        sections,
        ["A", "A_child", "B", "C", "D", "E", "F", "G", "L"]
    );
    assert_eq!(pack.content_hash().len(), 64);
}

#[test]
fn the_shipped_pack_suggests_only_known_problem_types() {
    let known = [
        "ABUSE",
        "SEXUAL",
        "ABANDON",
        "MISSING",
        "SUICIDE",
        "INJURY",
        "BEGGING",
        "ALONE",
        "GUARD_MISSING",
        "GUARD_POOR",
        "CARER_UNFIT",
        "BULLY",
        "DROPOUT",
        "PSYCH",
        "NET",
        "ILL_DIS",
        "POOR",
        "HUKOU",
        "HOUSE",
        "HAZARD",
        "BENEFIT",
        "UNREACHABLE",
        "LEGAL",
        "NEED",
    ];
    for (_, question) in pack().questions() {
        for rule in &question.suggest {
            assert!(
                known.contains(&rule.problem.as_str()),
                "{}: {}",
                question.key,
                rule.problem
            );
        }
    }
}

#[test]
fn only_day_met_seen_and_overall_block_saving() {
    let mut draft = Draft::new(context(vec![child("x", 9), child("y", 5)]));
    draft.try_answer(SESSION, "a_date", &[], None).unwrap();
    let refusals = validate_for_save(&draft.state()).unwrap_err();
    let blocking: Vec<(&str, &str)> = refusals
        .iter()
        .map(|refusal| match refusal {
            SaveRefusal::Missing { part, key, .. } | SaveRefusal::Invalid { part, key, .. } => {
                (part.as_str(), key.as_str())
            }
        })
        .collect();
    assert_eq!(
        blocking,
        [
            (SESSION, "a_date"),
            (SESSION, "a_met"),
            ("x", "a_seen"),
            ("x", "l_overall"),
            ("y", "a_seen"),
            ("y", "l_overall")
        ]
    );
    draft
        .try_answer(SESSION, "a_date", &[], Some("2026-11-20"))
        .unwrap();
    draft.choose(SESSION, "a_met", &["caregiver"]);
    draft
        .choose("x", "l_overall", &["normal"])
        .choose("y", "l_overall", &["watch"]);
    let state = draft.state();
    validate_for_save(&state).unwrap();
    assert!(
        state
            .missing
            .iter()
            .any(|missing| missing.key == "b_food" && missing.label == "饮食")
    );
}

#[test]
fn a_visit_cannot_be_tomorrow() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    draft
        .try_answer(SESSION, "a_date", &[], Some("2026-11-24"))
        .unwrap();
    let state = draft.state();
    assert_eq!(
        question(&state, SESSION, "a_date").message.as_deref(),
        Some("走访日期不能晚于今天")
    );
    let refusals = validate_for_save(&state).unwrap_err();
    assert!(matches!(&refusals[..], [SaveRefusal::Invalid { key, .. }] if key == "a_date"));
}

#[test]
fn the_mandatory_page_opens_for_exactly_the_listed_answers() {
    let opens = |age: u32, part: &str, key: &str, code: &str, short: bool| {
        let mut draft = first_visit(context(vec![child("x", age)]));
        draft.choose(part, key, &[code]);
        evaluate(&draft.pack, &draft.context, &draft.answers, short).mandatory
    };
    for (age, key, code, expected) in [
        (15, "c_alone", "live", true),
        (16, "c_alone", "live", false),
        (7, "c_alone", "often", true),
        (8, "c_alone", "often", false),
        (9, "e_inj", "y", true),
        (9, "e_inj", "na", false),
        (9, "f_beh", "runaway", true),
        (9, "f_beh", "selfharm", true),
        (9, "f_beh", "death", true),
        (9, "f_beh", "fight", false),
        (9, "f_friends", "bullied", false),
    ] {
        assert_eq!(
            opens(age, "x", key, code, true),
            expected,
            "{age} {key}={code}"
        );
    }
    for number in 1..=20 {
        let code = format!("H{number:02}");
        assert_eq!(
            opens(9, SESSION, "g_hazards", &code, true),
            [12, 13, 17, 18].contains(&number),
            "{code}"
        );
    }
    assert!(opens(9, "x", "c_discipline", "beat", false));
    assert!(
        opens(9, "x", "c_discipline", "beat", true),
        "what was answered in the whole form counts when the form is short again"
    );
}

#[test]
fn an_unknown_age_does_not_silence_the_mandatory_page() {
    let mut draft = first_visit(context(vec![ChildContext {
        age: None,
        ..child("x", 0)
    }]));
    draft.choose("x", "c_alone", &["often"]);
    let reasons = draft.state().mandatory_reasons;
    assert_eq!((reasons.len(), reasons[0].words.as_str()), (1, "经常"));
}

/// Age 6 to 15 and not in compulsory schooling (domain.md §3.6).
#[test]
fn who_ought_to_be_in_school_and_is_not_suggests_a_report() {
    let pack = FormPack::from_json(NEWEST).expect("the shipped form");
    let suggests = |age: Option<u32>, stage: &str| {
        let context = context(vec![ChildContext {
            age,
            ..child("x", 0)
        }]);
        let mut answers = initial_answers(&pack, &context);
        let stage = [stage.to_owned()];
        set_answer(&pack, &context, &mut answers, "x", "d_stage", &stage, None).expect("kept");
        let state = evaluate(&pack, &context, &answers, true);
        let mut suggested = state.suggestions.iter();
        suggested.any(|one| (one.part.as_str(), one.problem.as_str()) == ("x", "DROPOUT"))
    };
    for stage in ["none", "grad"] {
        let ages = [5, 6, 15, 16].map(|age| suggests(Some(age), stage));
        assert_eq!(ages, [false, true, true, false], "{stage}");
        assert!(!suggests(None, stage), "{stage}, the age is not known");
    }
    let nursery = [5, 6, 7, 15, 16].map(|age| suggests(Some(age), "nursery"));
    assert_eq!(nursery, [false, false, true, true, false]);
    assert!(suggests(Some(9), "dropout") && suggests(None, "dropout"));
    for stage in ["primary", "junior", "special", "home"] {
        assert!(!suggests(Some(9), stage), "{stage}");
    }
}

#[test]
fn low_mood_and_missing_school_together_suggest_a_report() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    draft.choose("x", "f_mood", &["low"]);
    assert_eq!(draft.state().suggestions, Vec::<Suggestion>::new());
    draft.choose("x", "d_attend", &["often"]);
    let problems: Vec<String> = draft
        .state()
        .suggestions
        .into_iter()
        .map(|one| one.problem)
        .collect();
    assert_eq!(problems, ["DROPOUT", "PSYCH"]);
}

#[test]
fn a_code_that_stands_alone_clears_the_others_and_they_clear_it() {
    let mut draft = Draft::new(context(vec![child("x", 9)]));
    draft.choose("x", "f_beh", &["fight", "truant"]).choose(
        "x",
        "f_beh",
        &["fight", "truant", "none"],
    );
    assert_eq!(draft.answers.get("x", "f_beh").unwrap().codes, ["none"]);
    draft.choose("x", "f_beh", &["none", "smoke"]);
    assert_eq!(draft.answers.get("x", "f_beh").unwrap().codes, ["smoke"]);
    draft.choose("x", "f_beh", &["smoke", "na"]);
    assert_eq!(draft.answers.get("x", "f_beh").unwrap().codes, ["na"]);
    draft.choose("x", "f_beh", &[]);
    assert_eq!(draft.answers.get("x", "f_beh"), None);
}

#[test]
fn a_merge_that_joins_codes_which_exclude_each_other_says_so() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    let part = draft.answers.parts.get_mut("x").unwrap();
    part.answers.get_mut("f_beh").unwrap().codes = vec!["none".to_owned(), "fight".to_owned()];
    let message = question(&draft.state(), "x", "f_beh").message.clone();
    assert_eq!(message.as_deref(), Some("“无”不能和别的选项一起选"));
}

#[test]
fn answers_that_do_not_fit_are_refused_and_change_nothing() {
    let mut draft = Draft::new(context(vec![child("x", 9)]));
    let before = draft.answers.clone();
    let long = "长".repeat(2_001);
    for (part, key, codes, text, expected) in [
        ("z", "f_mood", vec!["low"], None, AnswerRefusal::UnknownPart),
        (
            SESSION,
            "f_mood",
            vec!["low"],
            None,
            AnswerRefusal::UnknownQuestion,
        ),
        (
            "x",
            "f_mood",
            vec!["sad"],
            None,
            AnswerRefusal::UnknownCode("sad".to_owned()),
        ),
        (
            "x",
            "l_overall",
            vec!["na"],
            None,
            AnswerRefusal::UnknownCode("na".to_owned()),
        ),
        (
            "x",
            "f_mood",
            vec!["low", "calm"],
            None,
            AnswerRefusal::WrongShape,
        ),
        (
            "x",
            "f_mood",
            vec![],
            Some("难过"),
            AnswerRefusal::WrongShape,
        ),
        ("x", "f_voice", vec!["low"], None, AnswerRefusal::WrongShape),
        (
            "x",
            "f_voice",
            vec![],
            Some(long.as_str()),
            AnswerRefusal::TextTooLong,
        ),
        (
            SESSION,
            "a_date",
            vec![],
            Some("2026-11-31"),
            AnswerRefusal::NotADate,
        ),
        (
            SESSION,
            "a_date",
            vec![],
            Some("昨天"),
            AnswerRefusal::NotADate,
        ),
    ] {
        assert_eq!(
            draft.try_answer(part, key, &codes, text),
            Err(expected),
            "{part} {key}"
        );
    }
    assert_eq!(draft.answers, before);
}

#[test]
fn a_damaged_pack_is_refused_or_read_but_never_panics() {
    let whole = SHIPPED.as_bytes();
    let mut seed = 29_u64;
    for round in 0..150 {
        let mut bytes = whole.to_vec();
        for _ in 0..=round % 3 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(seed >> 33).unwrap() % bytes.len();
            bytes[at] = b"0}]\",'$x "[usize::try_from(seed >> 20 & 7).unwrap()];
        }
        let Ok(json) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(pack) = FormPack::from_json(&json) {
            let context = context(vec![child("x", 9)]);
            let answers = initial_answers(&pack, &context);
            let _ = evaluate(&pack, &context, &answers, true);
        }
    }
}
