//! Answers as document scalars and as words.

use super::*;
use crate::scalar::Scalar;

#[test]
fn answers_survive_the_document_and_so_does_what_is_not_understood() {
    let pack = pack();
    let mut draft = first_visit(context(vec![child("x", 9)]));
    draft.choose("x", "f_beh", &["fight", "smoke"]);
    let mut part = draft.answers.part("x").unwrap().clone();
    part.answers.get_mut("f_mood").unwrap().unchanged_from = Some("visit-1".to_owned());
    let mut scalars = to_scalars(&pack, &part);
    assert_eq!(scalars["f_mood"], Scalar::from("bright"));
    assert_eq!(scalars["f_mood.unchanged_from"], Scalar::from("visit-1"));
    assert_eq!(scalars["f_beh.fight"], Scalar::Bool(true));
    assert_eq!(scalars["f_beh.none"], Scalar::Bool(false));
    assert_eq!(scalars["f_beh.na"], Scalar::Bool(false));
    assert_eq!(from_scalars(&pack, &scalars), part);

    scalars.insert("z_new".to_owned(), Scalar::Int(3));
    scalars.insert("f_beh.retired".to_owned(), Scalar::Bool(true));
    scalars.insert("f_beh.gone".to_owned(), Scalar::Bool(false));
    scalars.insert("f_net".to_owned(), Scalar::Bool(true));
    scalars.insert("f_talk".to_owned(), Scalar::Null);
    let read = from_scalars(&pack, &scalars);
    assert_eq!(
        read.get("f_beh").unwrap().codes,
        ["fight", "smoke", "retired"]
    );
    assert_eq!(read.get("f_talk"), None);
    let mut written = to_scalars(&pack, &read);
    written.insert("f_talk".to_owned(), Scalar::Null);
    assert_eq!(written, scalars);
}

#[test]
fn a_saved_visit_reads_in_words_and_unknown_codes_read_as_themselves() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    draft.choose("x", "f_beh", &["fight", "smoke"]);
    let mut effective = draft.effective().answers;
    effective
        .parts
        .get_mut("x")
        .unwrap()
        .answers
        .get_mut("f_mood")
        .unwrap()
        .codes = vec!["grey".to_owned()];
    let sections = read_answers(&draft.pack, effective.part(SESSION), effective.part("x"));
    let text = |key: &str| {
        let mut answers = sections.iter().flat_map(|section| &section.answers);
        answers
            .find(|answer| answer.key == key)
            .map(|answer| answer.text.clone())
    };
    assert_eq!(text("a_date").as_deref(), Some("2026年11月23日"));
    assert_eq!(text("f_beh").as_deref(), Some("打架、抽烟喝酒"));
    assert_eq!(text("f_mood").as_deref(), Some("grey"));
    assert_eq!(text("f_voice"), None);
}

#[test]
fn the_summary_follows_the_fixed_order() {
    let draft = first_visit(context(vec![child("x", 9)]));
    let effective = draft.effective().answers;
    let givens = SummaryGivens {
        measures: vec!["政策告知".to_owned()],
        next_visit: Some(day("2027-01-23")),
    };
    let summary = auto_summary(
        &draft.pack,
        effective.part(SESSION),
        effective.part("x"),
        &givens,
    );
    assert_eq!(
        summary,
        "总体情况：正常，无变化。监护照料：能胜任。学习：正常，一般。身体：健康。情绪：开朗。\
         安全隐患：未见安全隐患。采取措施：政策告知。下次走访：1月23日。"
    );
}

#[test]
fn a_long_summary_ends_with_a_whole_sentence() {
    let mut draft = first_visit(context(vec![child("x", 9)]));
    let all: Vec<String> = (1..=20).map(|number| format!("H{number:02}")).collect();
    draft.choose(
        SESSION,
        "g_hazards",
        &all.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let effective = draft.effective().answers;
    let givens = SummaryGivens {
        measures: vec!["到家里看了又看".repeat(20)],
        next_visit: None,
    };
    let summary = auto_summary(
        &draft.pack,
        effective.part(SESSION),
        effective.part("x"),
        &givens,
    );
    assert!(
        summary.contains("溺水、火、用电") && summary.ends_with("童工、其他。"),
        "{summary}"
    );
    assert!(summary.chars().count() <= SUMMARY_LENGTH);
}
