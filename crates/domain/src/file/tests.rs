//! The shipped fields are whole, and hints say what the file says and nothing else.

use super::*;
use crate::record::Entry;
use crate::scalar::Scalar;
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod newest;

const SHIPPED: &str = include_str!("../../../../policy/fields.json");

fn shipped() -> FilePack {
    FilePack::parse(SHIPPED).unwrap()
}

/// What the shipped hints say, a code in brackets instead of its words.
fn said(facts: &Facts<'_>) -> Vec<Hint> {
    shipped().hints(facts, &|_: &str, code: &str| format!("[{code}]"))
}

struct File {
    fields: BTreeMap<String, Scalar>,
    rows: BTreeMap<String, Vec<Entry>>,
    birth: Option<NaiveDate>,
}

impl File {
    fn born(birth: &str) -> Self {
        Self {
            fields: BTreeMap::new(),
            rows: BTreeMap::new(),
            birth: birth.parse().ok(),
        }
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.fields.insert(key.into(), value.into());
        self
    }

    fn row(mut self, block: &str, entry: Entry) -> Self {
        self.rows.entry(block.into()).or_default().push(entry);
        self
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            fields: &self.fields,
            rows: &self.rows,
            birth: self.birth,
            today: "2026-11-26".parse().unwrap(),
        }
    }

    fn hints(&self) -> Vec<Hint> {
        said(&self.facts())
    }

    fn codes(&self) -> Vec<String> {
        let hints = self.hints();
        hints.into_iter().map(|hint| hint.code).collect()
    }

    /// What a hint says, each time it does.
    fn texts(&self, code: &str) -> Vec<String> {
        let hints = self.hints().into_iter();
        let hints = hints.filter(|hint| hint.code == code);
        hints.map(|hint| hint.text).collect()
    }

    fn asks(&self) -> Vec<String> {
        let pack = shipped();
        let asked = pack.to_ask(&self.facts()).into_iter();
        asked.map(|(_, field)| field.key.clone()).collect()
    }
}

#[test]
fn the_shipped_fields_have_every_block_of_the_file_and_lists_for_every_choice() {
    let pack = shipped();
    for key in [
        "basic",
        "place",
        "categories",
        "household",
        "members",
        "parents",
        "work",
        "carer",
        "delegation",
        "intervention",
        "assessment",
        "supervisor",
        "temp_care",
        "school",
        "mentor",
        "health",
        "illness",
        "disability",
        "psychology",
        "benefit",
        "service",
        "programme",
        "wish",
        "tier",
        "pause",
    ] {
        assert!(pack.blocks.iter().any(|block| block.key == key), "{key}");
    }
    let lists: Value =
        serde_json::from_str(include_str!("../../../../policy/codes-cn-1.json")).unwrap();
    let rules = include_str!("../../../../policy/sh-2024-2026.json");
    let rules = crate::policy::PolicyPack::parse(rules).unwrap();
    let columns = pack
        .blocks
        .iter()
        .flat_map(|block| block.rows.iter().flat_map(|rows| &rows.columns));
    let all = pack.blocks.iter().flat_map(|block| &block.fields);
    for rule in all.chain(columns) {
        if let Some(list) = &rule.list {
            let known = lists["lists"].get(list).is_some() || !rules.items(list).is_empty();
            assert!(known, "{}: {list}", rule.key);
        }
    }
    for hint in &pack.hints {
        if let Some(card) = &hint.report {
            assert!(rules.problem_card(card).is_some(), "{}", hint.code);
        }
    }
}

#[test]
fn every_block_says_what_it_is_for() {
    let pack = shipped();
    for block in &pack.blocks {
        assert!(!block.purpose.is_empty(), "{}", block.key);
    }
    let agreed = |key: &str| {
        pack.blocks
            .iter()
            .any(|block| block.key == key && block.basis == Basis::Consent)
    };
    assert!(agreed("wish") && agreed("programme") && agreed("consent") && !agreed("basic"));
}

/// Cousins with one grandmother share a household: a parent's row says whose it is (docs/adr/0032).
#[test]
fn a_row_of_the_household_is_about_those_it_names_and_else_about_everybody() {
    let pack = shipped();
    let members = pack.rows("members").unwrap();
    let father = Entry::new("m")
        .with("name", "石大山")
        .with("relation", "51");
    let about = |row: &Entry, child: &str| members.is_about(row, |id| id == child);
    assert!(about(&father, "one") && about(&father, "two"));
    let hers = father.clone().with("whose.one", true);
    assert!(about(&hers, "one") && !about(&hers, "two"));
    let both = hers.with("whose.two", true);
    assert!(about(&both, "one") && about(&both, "two"));
    let wish = pack.rows("wish").unwrap();
    assert!(
        wish.is_about(&both, |_| false),
        "what names nobody is the child's own"
    );
}

#[test]
fn what_the_law_forbids_is_said_by_age() {
    let alone = |birth: &str, class: &str| File::born(birth).with("carer_class", class).codes();
    assert!(alone("2019-11-27", "nobody").contains(&"under_8_unattended".to_owned()));
    assert!(!alone("2018-11-26", "nobody").contains(&"under_8_unattended".to_owned()));
    assert!(alone("2010-11-27", "self").contains(&"under_16_alone".to_owned()));
    assert!(!alone("2010-11-26", "self").contains(&"under_16_alone".to_owned()));
    assert!(alone("2019-11-27", "grandparents").is_empty());
    let file = File::born("2019-11-27").with("carer_class", "nobody");
    let hints = file.hints();
    assert!(
        hints[0]
            .law
            .as_ref()
            .is_some_and(|law| law.contains("未满八周岁"))
    );
    assert_eq!(hints[0].report.as_deref(), Some("alone"));
}

/// Age 6 to 15 and not in compulsory schooling (domain.md §3.6).
#[test]
fn who_ought_to_be_in_school_and_is_not_is_said_whatever_the_stage_is_called() {
    let at = |birth: &str, stage: &str| File::born(birth).with("school_stage", stage);
    // Six on the day, and not yet six; sixteen on the day, and not yet sixteen.
    for stage in ["none", "dropout", "grad"] {
        assert!(has(&at("2020-11-26", stage), "not_in_school"), "{stage}");
        assert!(!has(&at("2020-11-27", stage), "not_in_school"), "{stage}");
        assert!(has(&at("2010-11-27", stage), "not_in_school"), "{stage}");
        assert!(!has(&at("2010-11-26", stage), "not_in_school"), "{stage}");
    }
    for stage in ["primary", "junior", "senior", "voc", "special", "home"] {
        let child = at("2014-03-05", stage);
        assert!(!has(&child, "not_in_school"), "{stage}");
        assert!(!has(&child, "still_in_nursery"), "{stage}");
    }
    // One who became six after the first of September goes to school a year later.
    assert!(!has(&at("2020-10-10", "nursery"), "still_in_nursery"));
    assert!(!has(&at("2019-11-27", "nursery"), "still_in_nursery"));
    let late = at("2019-11-26", "nursery");
    assert!(has(&late, "still_in_nursery"));
    let hints = late.hints();
    let hint = hints.iter().find(|hint| hint.code == "still_in_nursery");
    let hint = hint.expect("it is said");
    assert_eq!(hint.report.as_deref(), Some("school"));
    assert!(hint.law.as_ref().is_some_and(|law| law.contains("七周岁")));
}

#[test]
fn a_delegation_that_runs_out_is_said_before_the_day() {
    let until = |day: &str| {
        let row = Entry::new("d").with("name", "王秀兰").with("valid_to", day);
        File::born("2016-03-05").row("delegation", row).codes()
    };
    assert!(until("2026-12-20").contains(&"delegation_ends".to_owned()));
    assert!(until("2026-11-01").contains(&"delegation_ends".to_owned()));
    assert!(!until("2027-03-01").contains(&"delegation_ends".to_owned()));
}

#[test]
fn a_needed_field_is_asked_for_until_it_holds_something_and_only_of_whom_it_concerns() {
    let bare = File::born("2016-03-05");
    assert!(bare.asks().contains(&"id_type".to_owned()));
    assert!(!bare.asks().contains(&"no_id_reason".to_owned()));
    let without = File::born("2016-03-05").with("id_type", "00");
    assert!(!without.asks().contains(&"id_type".to_owned()));
    assert!(!without.asks().contains(&"id_no".to_owned()));
    assert!(without.asks().contains(&"no_id_reason".to_owned()));
}

#[test]
fn fields_that_cannot_be_are_refused_with_their_place() {
    for (block, words) in [
        (
            json!({"key": "a", "title": "a", "fields": [{"key": "x", "label": "x", "kind": "new", "holder": "child"}]}),
            "unknown kind",
        ),
        (
            json!({"key": "a", "title": "a", "fields": [{"key": "x", "label": "x", "kind": "one", "holder": "child"}]}),
            "a choice has a list",
        ),
        (
            json!({"key": "a", "title": "a", "fields": [{"key": "x", "label": "x", "kind": "text", "holder": "server"}]}),
            "unknown holder",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "child", "collection": "visits", "columns": [{"key": "x", "label": "x", "kind": "text"}]}}),
            "collection",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "child", "columns": [{"key": "by", "label": "x", "kind": "text"}]}}),
            "taken",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "child", "columns": [{"key": "x", "label": "x", "kind": "children"}]}}),
            "whose they are",
        ),
        (
            json!({"key": "a", "title": "a", "fields": [{"key": "x", "label": "x", "kind": "children", "holder": "household"}]}),
            "whose they are",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "child", "to": "x", "columns": [{"key": "x", "label": "x", "kind": "text"}]}}),
            "no date column",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "village", "columns": [{"key": "x", "label": "x", "kind": "text"}]}}),
            "is a piece of work",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "child", "work": {}, "columns": [{"key": "x", "label": "x", "kind": "text"}]}}),
            "has a first day",
        ),
        (
            json!({"key": "a", "title": "a", "rows": {"one": "x", "holder": "village", "from": "on", "work": {"joined": "b"}, "columns": [{"key": "on", "label": "x", "kind": "date"}]}}),
            "no such block of lines",
        ),
    ] {
        let error = FilePack::parse(&json!({"blocks": [block]}).to_string()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_piece_of_work_lies_with_the_child_it_is_about_and_an_activity_leaves_a_line_in_its_file() {
    let pack = shipped();
    let work = |block: &str| pack.rows(block).and_then(|rows| rows.work.clone());
    assert_eq!(work("help").map(|work| work.children), Some(Concerns::Must));
    assert_eq!(work("line").map(|work| work.children), Some(Concerns::May));
    let activity = pack.rows("activity").unwrap();
    assert_eq!(activity.holder, VILLAGE);
    let lines = activity.work.as_ref().and_then(|work| work.joined.as_ref());
    assert_eq!(
        work(lines.unwrap()).and_then(|work| work.of),
        Some("activity".to_owned())
    );
    assert_eq!(work("wish"), None);
}

#[test]
fn the_days_of_a_guardianship_matter_are_said_until_it_is_over() {
    let checked = Entry::new("a")
        .with("step", "G1")
        .with("check_on", "2026-12-02");
    assert_eq!(
        File::born("2016-03-05")
            .row("intervention", checked)
            .codes(),
        ["intervention_check"]
    );
    let assessed = || Entry::new("b").with("conclusion", "no");
    let file = File::born("2016-03-05").row("assessment", assessed());
    assert_eq!(file.codes(), ["cannot_return"]);
    let care = Entry::new("c")
        .with("since", "2025-12-20")
        .with("until", "2026-12-20");
    let file = file.row("temp_care", care);
    assert_eq!(file.codes(), ["temp_care_ends", "temp_care_year"]);
}

#[test]
fn a_supervisor_asks_for_more_visits_until_the_reason_is_written_down() {
    let supervisor = Entry::new("a")
        .with("name", "王法官")
        .with("since", "2026-06-01")
        .with("follow_on", "2026-11-28")
        .with("until", "2026-12-10");
    let file = File::born("2016-03-05").row("supervisor", supervisor);
    assert_eq!(
        file.codes(),
        [
            "supervisor_follow",
            "supervisor_ends",
            "supervisor_more_visits"
        ]
    );
    let reason = Entry::new("b").with("kind", "guardian_supervised");
    let file = file.row("tier", reason);
    assert_eq!(file.codes(), ["supervisor_follow", "supervisor_ends"]);
}

#[test]
fn what_the_file_knows_of_a_disability_is_asked_about_once() {
    let file = || File::born("2017-03-02");
    let disability = |kind: &str| file().row("disability", Entry::new("d").with("kind", kind));
    let has = |file: File, code: &str| has(&file, code);
    for kind in ["1", "2", "3", "4", "5", "7"] {
        assert!(has(disability(kind), "more_visits_disability"), "{kind}");
        assert!(!has(disability(kind), "more_visits_disability_mental"));
    }
    // A mental disability counts as a mind to look after (domain.md §5.2).
    assert!(!has(disability("6"), "more_visits_disability"));
    assert!(has(disability("6"), "more_visits_disability_mental"));
    let mind = Entry::new("t").with("kind", "child_psych_or_behaviour");
    assert!(!has(
        disability("6").row("tier", mind),
        "more_visits_disability_mental"
    ));
    let listed = Entry::new("c").with("code", "DD");
    assert!(!has(
        disability("4").row("categories", listed),
        "more_visits_disability"
    ));
    let fact = Entry::new("t").with("kind", "child_disability");
    assert!(!has(
        disability("4").row("tier", fact),
        "more_visits_disability"
    ));

    let member = |relation: &str, kind: &str, grade: &str| {
        let row = Entry::new("m").with("name", "于文娟");
        let row = row.with("relation", relation).with("disability", kind);
        row.with("grade", grade)
    };
    let home = |row: Entry| file().row("members", row);
    assert!(has(home(member("52", "5", "1")), "more_visits_parent"));
    assert!(!has(home(member("62", "5", "1")), "more_visits_parent"));
    // Severe is a first or second grade of any kind, and every grade of an intellectual or mental one (domain.md §5.2).
    for kind in ["1", "2", "3", "4", "5", "6", "7"] {
        for grade in ["1", "2"] {
            let home = || home(member("51", kind, grade));
            assert!(has(home(), "more_visits_parent"), "{kind} {grade}");
            assert!(!has(home(), "more_visits_parent_mental"));
        }
        for grade in ["3", "4"] {
            let home = || home(member("51", kind, grade));
            assert!(!has(home(), "more_visits_parent"), "{kind} {grade}");
            let is_mental = ["5", "6"].contains(&kind);
            assert_eq!(has(home(), "more_visits_parent_mental"), is_mental);
        }
    }
    let dead = member("51", "1", "1").with("life", "dead");
    assert!(!has(home(dead), "more_visits_parent"));
    let known = Entry::new("t").with("kind", "parent_severe_disability");
    assert!(!has(
        home(member("51", "6", "3")).row("tier", known),
        "more_visits_parent_mental"
    ));
    let apart = home(member("52", "2", "3")).row("members", member("62", "5", "1"));
    assert!(
        !has(apart, "more_visits_parent"),
        "every column has to be of one row"
    );

    let worry = || Entry::new("p").with("flag", "maybe");
    assert!(has(
        file().row("psychology", worry()),
        "psychology_no_review"
    ));
    assert!(!has(
        file().row("psychology", worry().with("review_on", "2027-02-01")),
        "psychology_no_review"
    ));
    assert!(has(
        file().row("psychology", worry()),
        "more_visits_psychology"
    ));
}

#[test]
fn a_child_in_school_has_a_mentor_and_a_buddy() {
    let school = || File::born("2017-03-02").with("school_stage", "primary");
    let pair = |kind: &str| Entry::new(kind).with("kind", kind);
    let of = |file: File| {
        let codes = file.codes().into_iter();
        codes
            .filter(|code| code.starts_with("no_"))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(school()), ["no_pairing"]);
    assert_eq!(of(school().row("mentor", pair("mentor"))), ["no_buddy"]);
    assert_eq!(of(school().row("mentor", pair("buddy"))), ["no_mentor"]);
    let both = school().row("mentor", pair("mentor"));
    assert!(of(both.row("mentor", pair("buddy"))).is_empty());
}

fn has(file: &File, code: &str) -> bool {
    file.codes().iter().any(|found| found == code)
}

/// What nobody typed a date for is asked for all the same (domain.md §6.6, §3.5, §1.1, §5.5).
#[test]
fn what_has_no_day_written_down_is_said_by_the_time_that_passed() {
    let file = || File::born("2016-03-05");
    let step = |step: &str, on: &str| Entry::new("a").with("step", step).with("on", on);
    let with = |row: Entry| file().row("intervention", row);
    assert!(!has(
        &with(step("G1", "2026-11-19")),
        "intervention_no_check"
    ));
    assert!(has(
        &with(step("G1", "2026-11-18")),
        "intervention_no_check"
    ));
    assert!(!has(
        &with(step("G3", "2026-10-01")),
        "intervention_no_check"
    ));
    let dated = step("G1", "2026-11-01").with("check_on", "2026-12-20");
    assert!(!has(&with(dated), "intervention_no_check"));

    let assessed = |on: &str| Entry::new(on).with("kind", "assessment").with("on", on);
    let old = || file().row("assessment", assessed("2024-12-01"));
    assert!(has(&old(), "assessment_two_years"));
    let again = old().row("assessment", assessed("2026-05-01"));
    assert!(!has(&again, "assessment_two_years"), "there is a newer one");
    let planned = assessed("2026-01-01").with("next_on", "2028-01-01");
    assert!(!has(
        &old().row("assessment", planned),
        "assessment_two_years"
    ));
    let visited = Entry::new("f")
        .with("kind", "follow")
        .with("on", "2026-11-01");
    assert!(has(
        &old().row("assessment", visited),
        "assessment_two_years"
    ));

    let supervised = |since: &str| Entry::new("s").with("name", "王法官").with("since", since);
    let with = |row: Entry| file().row("supervisor", row);
    assert!(has(&with(supervised("2026-10-01")), "supervisor_no_follow"));
    assert!(!has(
        &with(supervised("2026-11-20")),
        "supervisor_no_follow"
    ));
    assert!(has(&with(supervised("2025-12-01")), "supervisor_year"));
    let until = supervised("2025-12-01").with("until", "2027-03-01");
    assert!(!has(&with(until), "supervisor_year"));
}

/// A mind that worries is looked at again within ninety days (domain.md §3.7).
#[test]
fn a_mind_that_worries_is_looked_at_again_within_ninety_days() {
    let seen = |flag: &str, on: &str| Entry::new(on).with("flag", flag).with("on", on);
    let file = || File::born("2014-03-05");
    let with = |row: Entry| file().row("psychology", row);
    let (day_90, day_91) = ("2026-08-28", "2026-08-27");
    for flag in ["maybe", "diagnosed"] {
        assert!(!has(&with(seen(flag, day_90)), "psychology_review_over"));
        assert!(has(&with(seen(flag, day_91)), "psychology_review_over"));
    }
    assert!(!has(&with(seen("none", day_91)), "psychology_review_over"));
    let again = |on: &str| with(seen("maybe", day_91)).row("psychology", seen("none", on));
    assert!(!has(&again("2026-10-01"), "psychology_review_over"));
    assert!(
        has(&again("2026-05-01"), "psychology_review_over"),
        "what was seen before it is not newer"
    );
    let hints = with(seen("maybe", day_91)).hints();
    let hint = hints
        .iter()
        .find(|hint| hint.code == "psychology_review_over");
    let text = &hint.expect("it is said").text;
    assert!(text.starts_with("2026年8月27日"), "{text}");

    // When it is written: a day too far away is asked about, and so it is until another is written.
    let planned = |on: &str| with(seen("maybe", "2026-11-20").with("review_on", on));
    assert!(!has(&planned("2027-02-24"), "psychology_review_far"));
    assert!(has(&planned("2027-02-25"), "psychology_review_far"));
    let sooner = planned("2027-02-25").row(
        "psychology",
        seen("maybe", "2026-11-25").with("review_on", "2027-01-10"),
    );
    assert!(!has(&sooner, "psychology_review_far"));
    let well = seen("none", "2026-11-20").with("review_on", "2027-11-20");
    assert!(!has(&with(well), "psychology_review_far"));
}

#[test]
fn a_child_that_came_home_is_followed_for_a_year() {
    let home = |after: &str, on: &str| {
        let row = Entry::new("c").with("after", after).with("ended_on", on);
        File::born("2016-03-05").row(&ended("temp_care"), row)
    };
    assert!(has(&home("home", "2026-08-01"), "return_follow_up"));
    assert!(!has(&home("kin", "2026-08-01"), "return_follow_up"));
    assert!(
        !has(&home("home", "2025-11-25"), "return_follow_up"),
        "a year ago"
    );
    let follow = |on: &str| Entry::new("f").with("kind", "follow").with("on", on);
    let asked = home("home", "2026-08-01").row("assessment", follow("2026-10-15"));
    assert!(!has(&asked, "return_follow_up"));
    let long_ago = home("home", "2026-08-01").row("assessment", follow("2026-09-15"));
    assert!(has(&long_ago, "return_follow_up"));
    let pause = Entry::new("p")
        .with("reason", "INSTITUTION")
        .with("to", "2026-09-01");
    let file = File::born("2016-03-05").row(&ended("pause"), pause);
    assert!(has(&file, "institution_follow_up"));
}

#[test]
fn a_child_somewhere_else_for_a_while_is_offered_a_pause() {
    let care = |place: &str| {
        let row = Entry::new("c")
            .with("since", "2026-11-01")
            .with("place_kind", place);
        File::born("2016-03-05").row("temp_care", row)
    };
    assert!(has(&care("town"), "temp_care_pause"));
    assert!(has(&care("institution"), "institution_pause"));
    assert!(
        !has(&care("kin"), "temp_care_pause"),
        "with kin she is visited"
    );
    let paused = |reason: &str| Entry::new("p").with("reason", reason);
    assert!(!has(
        &care("town").row("pause", paused("TEMP_CARE")),
        "temp_care_pause"
    ));
    let institution = || File::born("2016-03-05").with("carer_class", "institution");
    assert!(has(&institution(), "institution_carer_pause"));
    let orphan = institution().row("categories", Entry::new("o").with("code", "OR-1"));
    assert!(!has(&orphan, "institution_carer_pause"));
    let over = Entry::new("c").with("ended_on", "2026-11-20");
    let file = File::born("2016-03-05")
        .row("pause", paused("TEMP_CARE"))
        .row(&ended("temp_care"), over);
    assert!(has(&file, "temp_care_pause_open"));
}

/// The automatic rules of the categories (domain.md §3.2): said, never written by themselves.
#[test]
fn what_the_file_says_of_a_category_is_asked_about_until_it_is_listed() {
    let file = || File::born("2014-03-05");
    let away = |who: &str| Entry::new(who).with("who", who);
    let apart = || file().row("work", away("f")).row("work", away("m"));
    assert!(has(&apart(), "parents_away_apart_unlisted"));
    let listed = |code: &str| Entry::new("l").with("code", code);
    let known = apart().row("categories", listed("LB-1"));
    assert!(!has(&known, "parents_away_apart_unlisted"));
    let parent = |relation: &str| Entry::new(relation).with("relation", relation);
    let alone = |mother: Entry| file().row("work", away("f")).row("members", mother);
    assert!(!has(&alone(parent("52")), "one_away_unlisted"), "she can");
    for mother in [
        parent("52").with("special", "illness"),
        parent("52").with("health", "severe"),
        parent("52").with("grade", "2"),
        parent("52").with("disability", "6").with("grade", "4"),
        parent("52").with("life", "missing"),
    ] {
        assert!(
            has(&alone(mother.clone()), "one_away_unlisted"),
            "{mother:?}"
        );
        assert!(!has(&alone(mother), "other_away_unlisted"));
    }
    let other = file()
        .row("work", away("m"))
        .row("members", parent("51").with("special", "lost"));
    assert!(has(&other, "other_away_unlisted"));

    assert!(has(
        &file().with("health", "severe"),
        "severe_illness_unlisted"
    ));
    let prison = |relation: &str| file().row("members", parent(relation).with("special", "prison"));
    assert!(has(&prison("51"), "parent_restrained_unlisted"));
    assert!(!has(&prison("61"), "parent_restrained_unlisted"));
    let gets = |kind: &str, status: &str| {
        file().row(
            "benefit",
            Entry::new("b").with("kind", kind).with("status", status),
        )
    };
    for (kind, hint, code) in [
        ("dibao", "dibao_unlisted", "DP-1"),
        ("tekun", "tekun_unlisted", "DP-2"),
        ("marginal", "marginal_unlisted", "DP-3"),
        ("sh_basic", "sh_basic_unlisted", "SH-B"),
        ("orphan", "orphan_unlisted", "OR-2"),
        ("de_facto", "de_facto_unlisted", "DF"),
    ] {
        assert!(has(&gets(kind, "granted"), hint), "{kind}");
        assert!(!has(&gets(kind, "applied"), hint), "{kind}");
        let listed = gets(kind, "granted").row("categories", listed(code));
        assert!(!has(&listed, hint), "{kind}");
    }
}

/// Mentor or buddy missing on 1 October or 1 March: a list for the school ([SEED 2], domain.md §3.6).
#[test]
fn who_has_no_mentor_is_on_the_list_of_the_year_with_the_school() {
    let file = File::born("2016-03-05")
        .with("school_stage", "primary")
        .with("school_name", "芦汀小学");
    let asked = |file: &File, day: &str| {
        let facts = Facts {
            today: day.parse().unwrap(),
            ..file.facts()
        };
        let hints = said(&facts);
        let found = hints.into_iter().find(|hint| hint.code == "pairing_list");
        found.map(|hint| hint.text)
    };
    for (day, wanted) in [
        ("2026-09-30", false),
        ("2026-10-01", true),
        ("2026-10-31", true),
        ("2026-11-01", false),
        ("2027-03-01", true),
    ] {
        assert_eq!(asked(&file, day).is_some(), wanted, "{day}");
    }
    assert!(
        asked(&file, "2026-10-01")
            .unwrap()
            .starts_with("芦汀小学：")
    );
    let pair = |kind: &str| Entry::new(kind).with("kind", kind);
    let one = file.row("mentor", pair("mentor"));
    assert!(asked(&one, "2026-10-01").is_some(), "a buddy is missing");
    let both = one.row("mentor", pair("buddy"));
    assert!(asked(&both, "2026-10-01").is_none());
}
