//! What was agreed, seen or granted again asks in the place of what was before (domain.md §3.5, §3.7, §3.8).

use super::*;

/// What she was asked to do is done by a row of its own; the one before it, which nobody ended, asks no more.
#[test]
fn a_mind_that_was_looked_at_again_asks_no_more() {
    let seen = |flag: &str, on: &str| Entry::new(on).with("flag", flag).with("on", on);
    let worried = seen("maybe", "2026-10-28").with("review_on", "2026-11-26");
    let file = File::born("2014-03-05").row("psychology", worried);
    for code in ["psychology_review", "more_visits_psychology"] {
        assert!(has(&file, code), "{code}");
    }
    let file = file.row("psychology", seen("none", "2026-11-26"));
    assert_eq!(file.codes(), Vec::<String>::new());
    let file = file.row("psychology", seen("maybe", "2026-11-20"));
    let late = file.codes();
    assert_eq!(
        late,
        Vec::<String>::new(),
        "of an earlier day, written late"
    );
}

#[test]
fn an_agreement_that_ran_out_is_said_until_there_is_another() {
    let paper = |signed: &str, until: &str| {
        let row = Entry::new(signed)
            .with("name", "王秀兰")
            .with("agreement", "y");
        row.with("signed_on", signed).with("valid_to", until)
    };
    let old = || File::born("2016-03-05").row("delegation", paper("2025-07-01", "2026-06-30"));
    assert!(has(&old(), "delegation_ends"), "months after its last day");
    let again = || old().row("delegation", paper("2026-07-01", "2027-06-30"));
    assert!(!has(&again(), "delegation_ends"));
    // One that was ended does not call back the one before it.
    let over = paper("2026-08-01", "2027-06-30").with("ended_on", "2026-11-01");
    assert!(!has(
        &again().row(&ended("delegation"), over),
        "delegation_ends"
    ));
    let unwritten = Entry::new("n")
        .with("agreement", "n")
        .with("recorded_on", "2026-07-01");
    let unwritten = File::born("2016-03-05").row("delegation", unwritten);
    assert!(has(&unwritten, "delegation_unwritten"));
    let written = paper("2026-07-10", "2027-07-09").with("recorded_on", "2026-07-10");
    let written = unwritten.row("delegation", written);
    assert!(!has(&written, "delegation_unwritten"));
}

#[test]
fn an_assessment_asks_until_there_is_another_of_its_kind() {
    let done = |kind: &str, on: &str| Entry::new(on).with("kind", kind).with("on", on);
    let due = done("assessment", "2025-11-20").with("next_on", "2026-11-20");
    let file = || File::born("2016-03-05").row("assessment", due.clone());
    assert!(has(&file(), "assessment_due"));
    let visited = file().row("assessment", done("follow", "2026-11-21"));
    assert!(has(&visited, "assessment_due"), "that was no assessment");
    let again = file().row("assessment", done("assessment", "2026-11-21"));
    assert!(!has(&again, "assessment_due"));
    // A day that was set for one that has been made is no plan for the next.
    let long_ago = done("assessment", "2022-10-01").with("next_on", "2024-10-01");
    let made = File::born("2016-03-05").row("assessment", long_ago);
    let made = made.row("assessment", done("assessment", "2024-11-01"));
    assert!(has(&made, "assessment_two_years"));
}

#[test]
fn every_benefit_that_ends_is_named_until_it_was_granted_again() {
    let granted = |kind: &str, since: &str, until: &str| {
        let row = Entry::new(since)
            .with("kind", kind)
            .with("status", "granted");
        row.with("since", since).with("until", until)
    };
    let file = || {
        File::born("2016-03-05")
            .row(
                "benefit",
                granted("disabled_care", "2025-07-01", "2026-06-30"),
            )
            .row("benefit", granted("education", "2026-01-01", "2026-12-20"))
    };
    let texts = file().texts("benefit_ends");
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[0].starts_with("[disabled_care]2026年6月30日到期"),
        "{texts:?}"
    );
    assert!(
        texts[1].starts_with("[education]2026年12月20日到期"),
        "{texts:?}"
    );
    let again = file().row(
        "benefit",
        granted("disabled_care", "2026-07-01", "2027-06-30"),
    );
    let texts = again.texts("benefit_ends");
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("[education]"), "{texts:?}");
    // Applied for again without a day: what was written down later is newer.
    let asked = Entry::new("z")
        .with("kind", "education")
        .with("status", "applied");
    let asked = again.row("benefit", asked.with("recorded_on", "2026-11-25"));
    assert!(asked.texts("benefit_ends").is_empty());
    let stopped = Entry::new("s")
        .with("kind", "dibao")
        .with("status", "stopped");
    let stopped = stopped
        .with("since", "2026-01-01")
        .with("until", "2026-06-30");
    let file = File::born("2016-03-05")
        .row("benefit", granted("dibao", "2025-01-01", "2025-12-31"))
        .row("benefit", stopped);
    assert!(file.codes().is_empty(), "{:?}", file.codes());
}

/// The fact of the newest contact (domain.md §4.2): parents are in touch at least once a week.
#[test]
fn parents_who_were_not_in_touch_are_asked_to_be() {
    let not_on = |day: &str| File::born("2016-03-05").with(PARENTS_NOT_IN_TOUCH_ON, day);
    assert!(has(&not_on("2026-11-26"), "weekly_contact"));
    assert!(has(&not_on("2026-10-26"), "weekly_contact"), "31 days ago");
    assert!(
        !has(&not_on("2026-10-25"), "weekly_contact"),
        "that was long ago"
    );
    let file = |said: &str| File::born("2016-03-05").with(PARENTS_IN_TOUCH, said);
    assert!(!has(&file("y"), "weekly_contact"));
    let away = Entry::new("w")
        .with("who", "f")
        .with("contact_freq", "rare");
    assert!(has(&file("y").row("work", away), "weekly_contact"));
}

#[test]
fn a_hint_that_looks_for_what_no_row_says_is_refused() {
    let block = json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "child", "to": "over", "columns": [
        {"key": "kind", "label": "x", "kind": "text"}, {"key": "on", "label": "x", "kind": "date"}, {"key": "over", "label": "x", "kind": "date"}]}});
    let with = |when: Value, text: &str| {
        let hint = json!({"code": "h", "level": "ask", "when": [when], "text": text});
        FilePack::parse(&json!({"blocks": [block], "hints": [hint]}).to_string())
    };
    let newest = json!({"row": "a", "newest": "on", "per": "kind"});
    assert!(with(newest.clone(), "{row.kind}").is_ok());
    for (when, text, words) in [
        (newest.clone(), "{row.name}", "no such column"),
        (json!({"row": "a", "newest": "kind"}), "x", "newest"),
        (
            json!({"row": "a", "newest": "on", "per": "who"}),
            "x",
            "newest",
        ),
        (json!({"row": "a", "per": "kind"}), "x", "newest"),
        (
            json!({"row": "a", "ended": true, "newest": "on"}),
            "x",
            "newest",
        ),
        (
            json!({"any": [{"row": "a", "newest": "kind"}]}),
            "x",
            "newest",
        ),
    ] {
        let error = with(when, text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
