use super::*;
use crate::child::Child;
use crate::form::{ChildContext, SESSION, initial_answers, set_answer};
use crate::record::doc;
use ids::DocKind;
use std::collections::BTreeMap;

const PACK: &str = include_str!("../../../../policy/risk-cn-1.json");
const FORM: &str = include_str!("../../../../policy/forms/hv-cn-2.json");
const OLD_FORM: &str = include_str!("../../../../policy/forms/hv-cn-1.json");

fn screened(form: &str, age: u32, given: &[(&str, &str, &str)], known: &Known) -> Screening {
    let form = FormPack::from_json(form).unwrap();
    let context = FormContext {
        today: "2026-11-26".parse().unwrap(),
        children: vec![ChildContext {
            id: "c".to_owned(),
            age: Some(age),
            left_behind: true,
            ..ChildContext::default()
        }],
        last: BTreeMap::new(),
        next_visit: None,
        next_contact: None,
    };
    let mut answers = initial_answers(&form, &context);
    for (part, key, code) in [(SESSION, "a_met", "child"), (SESSION, "g_hazards", "none")]
        .iter()
        .chain(given)
    {
        let part = if *part == SESSION { SESSION } else { "c" };
        let codes = [(*code).to_owned()];
        set_answer(&form, &context, &mut answers, part, key, &codes, None).unwrap();
    }
    let pack = ScreeningPack::from_json(PACK).unwrap();
    screen(&pack, &form, &context, &answers, "c", known)
}

fn codes(screening: &Screening) -> Vec<&str> {
    screening
        .found
        .iter()
        .map(|found| found.code.as_str())
        .collect()
}

#[test]
fn every_condition_of_the_shipped_pack_is_understood_by_the_shipped_form() {
    let nothing = screened(FORM, 9, &[], &Known::default());
    assert_eq!(nothing.not_asked, Vec::<String>::new());
    assert_eq!((nothing.level.as_str(), nothing.score), ("low", 0));
    let pack = ScreeningPack::from_json(PACK).unwrap();
    let form = FormPack::from_json(FORM).unwrap();
    for source in pack.conditions() {
        form::check_condition(&form, source).unwrap_or_else(|fault| panic!("{source}: {fault}"));
    }
}

#[test]
fn points_add_up_to_bands_and_one_red_item_is_enough() {
    let none = Known::default();
    for (given, level, score) in [
        (vec![("c", "f_mood", "low")], "low", 10),
        (vec![("c", "d_stage", "dropout")], "medium", 15),
        (
            vec![
                ("c", "d_stage", "dropout"),
                ("c", "f_mood", "fear"),
                ("c", "f_net", "gt4"),
            ],
            "raised",
            30,
        ),
        (
            vec![
                ("c", "d_stage", "dropout"),
                ("c", "f_pro", "hosp"),
                ("c", "f_mood", "low"),
                ("c", "f_friends", "bullied"),
                ("c", "c_care_state", "unfit"),
            ],
            "high",
            46,
        ),
        (vec![("c", "c_alone", "live")], "high", 0),
        (vec![(SESSION, "g_hazards", "H13")], "high", 0),
    ] {
        let screening = screened(FORM, 9, &given, &none);
        assert_eq!(
            (screening.level.as_str(), screening.score),
            (level, score),
            "{given:?}"
        );
    }
    let sixteen = screened(FORM, 16, &[("c", "c_alone", "live")], &none);
    assert_eq!(
        sixteen.level, "low",
        "living alone is another thing from 16 on"
    );
}

#[test]
fn what_is_in_the_file_counts_and_an_item_counts_once() {
    let known = Known {
        categories: vec!["DD".to_owned()],
        facts: vec![
            "child_disability".to_owned(),
            "parent_severe_disability".to_owned(),
        ],
        unseen_visits: 2,
    };
    let screening = screened(FORM, 9, &[("c", "e_dis", "need")], &known);
    assert_eq!(codes(&screening), ["R07", "R08", "R26"]);
    assert_eq!((screening.score, screening.level.as_str()), (22, "medium"));
}

/// Compulsory schooling is from six until sixteen (domain.md §3.6, §4.4): who is in no school then is found, and nobody else.
#[test]
fn a_child_of_school_age_in_no_school_is_found() {
    let found = |age: u32, stage: &str| {
        let screening = screened(FORM, age, &[("c", "d_stage", stage)], &Known::default());
        codes(&screening) == ["R06"]
    };
    for stage in ["none", "dropout", "grad"] {
        for (age, wanted) in [(5, false), (6, true), (15, true), (16, false)] {
            assert_eq!(found(age, stage), wanted, "{age} {stage}");
        }
    }
    for stage in ["primary", "junior", "special", "home"] {
        assert!(!found(9, stage), "{stage}");
    }
}

#[test]
fn a_form_that_does_not_ask_is_said_to_not_ask() {
    let screening = screened(
        OLD_FORM,
        9,
        &[("c", "d_stage", "dropout")],
        &Known::default(),
    );
    assert_eq!(codes(&screening), ["R06"]);
    assert_eq!(
        screening.not_asked,
        ["水边或路口有大的隐患", "没有户口或证件"]
    );
}

#[test]
fn a_settled_level_is_kept_in_the_childs_document_and_is_no_tier_fact_to_others() {
    let settled = SettledLevel {
        id: "0190".to_owned(),
        level: "medium".to_owned(),
        suggested: "high".to_owned(),
        score: 8,
        found: vec!["R02".to_owned()],
        pack: "risk-cn-1@1".to_owned(),
        record: "v1".to_owned(),
        outcome: Outcome::SetAside,
        reason: "住在隔壁的伯父每天照看".to_owned(),
        on: "2026-11-26".parse().ok(),
        recorded_ms: 7,
        by: "s1".to_owned(),
        made_by: None,
    };
    let mut document = doc::start(DocKind::Child).unwrap();
    doc::apply(&mut document, [1; 16], 0, &[settled.to_edit()]).unwrap();
    let child = Child::from_record(&doc::read(&document));
    assert!(child.tier_facts.is_empty());
    let mut read = child.settled_levels;
    read[0].made_by = None;
    assert_eq!(read, [settled]);
}

#[test]
fn a_pack_that_contradicts_itself_is_refused() {
    let with = |items: &str, bands: &str| {
        let json = format!(
            r#"{{"id": "r", "version": 1, "name": "x", "items": [{items}], "bands": [{bands}]}}"#
        );
        ScreeningPack::from_json(&json).map(|_| ())
    };
    let bands = r#"{"code": "a", "label": "甲", "from": 5, "red": true}, {"code": "b", "label": "乙", "from": 0}"#;
    let item = |sign: &str| format!(r#"{{"code": "R1", "label": "一", "signs": [{sign}]}}"#);
    assert_eq!(
        with(&item(r#"{"points": 1, "facts": ["x"]}"#), bands),
        Ok(())
    );
    for sign in [
        r#"{"points": 1}"#,
        r#"{"facts": ["x"]}"#,
        r#"{"points": 1, "red": true, "facts": ["x"]}"#,
        r#"{"points": 1, "facts": ["x"], "unseen_visits": 2}"#,
    ] {
        let refused = with(&item(sign), bands);
        assert_eq!(
            refused,
            Err(ScreeningError::Sign("R1".to_owned())),
            "{sign}"
        );
    }
    let rising = r#"{"code": "b", "label": "乙", "from": 0, "red": true}, {"code": "a", "label": "甲", "from": 5}"#;
    assert_eq!(with("", rising), Err(ScreeningError::Bands));
}
