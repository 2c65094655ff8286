//! The shipped pack is whole, and a pack that cannot hold is refused where it is wrong.

use super::*;
use crate::cadence::{ReasonCode, WhyNot};
use serde_json::{Value, json};

const SHANGHAI: &str = include_str!("../../../../policy/sh-2024-2026.json");

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn shanghai() -> PolicyPack {
    PolicyPack::parse(SHANGHAI).unwrap()
}

/// The shipped pack with one place changed.
fn changed(pointer: &str, value: Value) -> Result<PolicyPack, PolicyError> {
    let mut json: Value = serde_json::from_str(SHANGHAI).unwrap();
    *json
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("no {pointer}")) = value;
    PolicyPack::parse(&json.to_string())
}

#[test]
fn the_shipped_pack_has_a_sentence_for_every_code() {
    let pack = shanghai();
    for why in WhyNot::ALL {
        assert!(pack.texts.contains_key(why.text_key()), "{why:?}");
    }
    for code in ReasonCode::ALL {
        assert!(pack.texts.contains_key(code.text_key()), "{code:?}");
    }
    for key in [
        "reason.plain",
        "reason.facts",
        "reason.join",
        "reason.new_child",
        "reason.return",
        "reason.after",
        "kind.contact",
        "kind.visit",
        "miss",
        "miss.campaign",
        "reason.campaign",
        "at_home",
        "reminder.ageing_out",
        "reminder.grown_up",
        "unfilled",
    ] {
        assert!(pack.texts.contains_key(key), "{key}");
    }
    for tier in &pack.tiers {
        for interval in [&tier.contact, &tier.visit] {
            assert!(!interval.as_ref().unwrap().words().is_empty());
        }
    }
}

#[test]
fn the_shipped_pack_has_what_the_screens_need() {
    let pack = shanghai();
    for list in [
        "CONTACT_MODE",
        "PARTY",
        "TOPIC",
        "PARENT_CONTACT",
        "CHILD_STATE",
        "PLACE",
        "MET",
        "ATTEMPT_REASON",
        "PROBLEM_ORIGIN",
        "SEX",
        "ETH",
        "REL",
        "ID_TYPE",
        "DIS",
        "HUKOU_KIND",
        "HEALTH",
        "RATING",
        "SCHOOL_STAGE",
        "YES_NO",
    ] {
        assert!(!pack.list(list).is_empty(), "{list}");
    }
    assert_eq!(pack.problem_cards.len(), 8);
    let severities: Vec<&str> = pack
        .urgencies
        .iter()
        .map(|it| it.severity.as_str())
        .collect();
    assert_eq!(severities, ["S1", "S2", "S4"]);
    let of = |list: &str, code: &str| pack.list(list).iter().any(|item| item.code == code);
    for (carer, named) in &pack.rules.counting.carer_is {
        assert!(of("REL", carer) || of("CAREGIVER_CLASS", carer), "{carer}");
        let known = |code: &String| of("MET", code) && of("PARTY", code);
        assert!(!named.is_empty() && named.iter().all(known), "{carer}");
    }
    let need = pack.problem("NEED").unwrap();
    let later = &pack.urgency("later").unwrap().severity;
    assert_eq!(crate::problem::stricter(&need.severity, later), "S4");
    assert_eq!(pack.mandatory.situations.len(), 9);
    assert_eq!(pack.mandatory.numbers[0].code, "110");
    assert_eq!(pack.list("ETH").len(), 58);
    let carded = |code: &String| {
        pack.problem_cards
            .iter()
            .any(|card| card.problem == *code || card.also.contains(code))
    };
    assert!(pack.problems.iter().all(|problem| carded(&problem.code)));
    assert!(
        pack.mandatory
            .numbers
            .iter()
            .any(|number| number.code == pack.mandatory.police)
    );
    // Every body that is referred to (domain.md §1.2).
    for body in [
        "SCH", "WF", "PS", "PR", "CT", "HE", "ED", "DF", "YL", "HR", "CA", "MI", "JU", "WA", "EM",
    ] {
        let known = pack.list("REFERRAL_BODY");
        assert!(known.iter().any(|one| one.code == body), "{body}");
    }
    assert_eq!(pack.label("CATEGORY", "DF"), "事实无人抚养儿童");
    assert_eq!(
        pack.label("PROBLEM", "HAZARD"),
        "安全隐患（水、火、电、交通等）"
    );
    assert_eq!(pack.label("SEX", "?"), "?");
}

#[test]
fn what_belongs_into_no_file_of_a_village_is_offered_nowhere_and_named_nowhere() {
    let mut pack = shanghai();
    let lists: serde_json::Value =
        serde_json::from_str(include_str!("../../../../policy/codes-cn-1.json")).unwrap();
    pack.lists = serde_json::from_value(lists["lists"].clone()).unwrap();
    for (list, code, words) in [
        ("CATEGORY", "HIV", "其他困境（保密）"),
        ("BENEFIT", "hiv", "其他（保密）"),
    ] {
        assert!(pack.is_restricted(list, code), "{code}");
        assert_eq!(pack.label(list, code), words);
        assert!(pack.items(list).iter().all(|item| item.code != code));
    }
    assert!(!pack.is_restricted("BENEFIT", "dibao"));
    assert!(!pack.is_restricted("CATEGORY", "CONF"));
}

fn codes() -> crate::code_list::CodeLists {
    let pack: Value =
        serde_json::from_str(include_str!("../../../../policy/codes-cn-1.json")).unwrap();
    serde_json::from_value(pack["lists"].clone()).unwrap()
}

#[test]
fn every_list_says_its_version_where_it_comes_from_and_since_when_and_so_do_another_provinces() {
    // Another province says what differs, and has the rest from the shipped folder.
    let mut province: Value = serde_json::from_str(SHANGHAI).unwrap();
    let own: Value = serde_json::from_str(include_str!(
        "../../../../tests/cases/packs/colour-province.json"
    ))
    .unwrap();
    for (key, value) in own.as_object().unwrap() {
        province[key] = value.clone();
    }
    let province = PolicyPack::parse(&province.to_string()).unwrap();
    for pack in [&shanghai(), &province] {
        // What a pack rules on (categories, problems, pauses) has the pack's own source and days.
        assert!(!pack.source.trim().is_empty(), "{}", pack.id);
        assert!(pack.lists.0.len() > 30, "{}", pack.id);
        for (name, list) in pack.lists.0.iter().chain(&codes().0) {
            assert!(!list.version.trim().is_empty(), "{name}: version");
            assert!(!list.source.trim().is_empty(), "{name}: source");
            assert!(list.valid_from.is_some(), "{name}: valid_from");
        }
    }
}

#[test]
fn a_retired_code_has_its_words_and_is_not_offered() {
    let codes = codes();
    let retired: Vec<_> = codes
        .0
        .values()
        .flat_map(|list| &list.items)
        .filter(|item| item.retired)
        .collect();
    assert!(!retired.is_empty());
    for item in retired {
        assert!(!item.words().is_empty(), "{}", item.code);
        assert!(!item.is_offered_on(day("2026-11-27")), "{}", item.code);
        assert!(item.valid_until.is_some(), "{}: until when", item.code);
    }
    assert_eq!(codes.label("ASSESSMENT", "intervention"), Some("监护干预"));
}

#[test]
fn who_has_a_cadence_follows_the_decision() {
    let pack = shanghai();
    for code in [
        "LB-1", "LB-2", "OR-2", "DF", "HIV", "DP-1", "DP-4", "DD", "DI", "DG-1", "DG-2", "DV",
        "DM", "DR", "SH-B", "GONE",
    ] {
        assert!(pack.includes(code), "{code}");
    }
    for code in ["PE", "MG", "RE", "OR-1"] {
        assert!(!pack.includes(code), "{code}");
    }
    assert!(pack.excludes("OR-1"));
    let offered = pack.items("CATEGORY");
    assert!(
        offered.iter().all(|item| item.code != "GONE"),
        "it is what erasing leaves"
    );
}

#[test]
fn a_pack_that_cannot_hold_is_refused_where_it_is_wrong() {
    for (pointer, value, says) in [
        ("/id", json!(" "), "`id` is empty"),
        (
            "/valid/to",
            json!("2023-01-01"),
            "valid.to must lie after valid.from",
        ),
        ("/scope", json!("31x"), "scope is out of range"),
        (
            "/rules/attachment_keep_days",
            json!(367),
            "rules.attachment_keep_days is out of range",
        ),
        (
            "/rules/step_up_minutes",
            json!(61),
            "rules.step_up_minutes is out of range",
        ),
        (
            "/rules/lock/idle_minutes",
            json!(0),
            "rules.lock.idle_minutes is out of range",
        ),
        (
            "/rules/reveal_seconds",
            json!(0),
            "rules.reveal_seconds must be greater than zero",
        ),
        (
            "/rules/look_minutes",
            json!(0),
            "rules.look_minutes is out of range",
        ),
        (
            "/rules/export_file_minutes",
            json!(1_441),
            "rules.export_file_minutes is out of range",
        ),
        (
            "/rules/urgent_minutes",
            json!(0),
            "rules.urgent_minutes is out of range",
        ),
        ("/tiers", json!([]), "`tiers` is empty"),
        (
            "/tiers/0/when",
            json!({}),
            "the last tier must have no condition, and only the last",
        ),
        (
            "/tiers/0/contact/every/n",
            json!(0),
            "tiers.ENHANCED.contact must be greater than zero",
        ),
        (
            "/tiers/0/visit/max_gap_days",
            json!(0),
            "tiers.ENHANCED.visit.max_gap_days must be greater than zero",
        ),
        (
            "/tiers/1/visit/anchor_month",
            json!(13),
            "tiers.STANDARD.visit.anchor_month is out of range",
        ),
        (
            "/tiers/0/contact/every/n",
            json!(4_000_000_000_u32),
            "tiers.ENHANCED.contact is out of range",
        ),
        (
            "/tiers/0/when/facts/0",
            json!("moon"),
            "tiers.ENHANCED.when.facts refers to moon, which the pack does not define",
        ),
        (
            "/rules/include/LEFT_BEHIND/0",
            json!("XX"),
            "rules.include.LEFT_BEHIND refers to XX, which the pack does not define",
        ),
        (
            "/rules/child_must_be_seen/every_nth_visit",
            json!(0),
            "rules.child_must_be_seen.every_nth_visit must be greater than zero",
        ),
        (
            "/rules/counting/never_modes/0",
            json!("drum"),
            "rules.counting refers to drum, which the pack does not define",
        ),
        (
            "/problem_cards/0/problem",
            json!("NONE"),
            "problem_cards.hurt refers to NONE, which the pack does not define",
        ),
        (
            "/urgencies/0/severity",
            json!("S9"),
            "urgencies.now.severity refers to S9, which the pack does not define",
        ),
        (
            "/timers/0/early_days",
            json!(3),
            "timers.S1.early_days is out of range",
        ),
        (
            "/rules/unreachable/problem",
            json!("NONE"),
            "rules.unreachable.problem refers to NONE, which the pack does not define",
        ),
        (
            "/rules/unreachable/grave",
            json!("S9"),
            "rules.unreachable.grave refers to S9, which the pack does not define",
        ),
        (
            "/rules/unreachable/grave",
            json!("S1"),
            "rules.unreachable.grave is out of range",
        ),
        (
            "/pauses/0/return_visit_days",
            json!(0),
            "pauses.TEMP_AWAY.return_visit_days is out of range",
        ),
        (
            "/categories/1/code",
            json!("LB-1"),
            "categories has the code LB-1 twice",
        ),
        (
            "/work_years/0/holidays/0",
            json!("2025-01-01"),
            "work_years.2026 is out of range",
        ),
        (
            "/rules/ending/asks/deceased",
            json!("GONE"),
            "rules.ending.asks refers to GONE, which the pack does not define",
        ),
        (
            "/rules/ending/asks",
            json!({"bored": "INJURY"}),
            "rules.ending.asks refers to bored, which the pack does not define",
        ),
        (
            "/rules/ending/asks",
            json!({"moved": "INJURY"}),
            "`texts.status.ask.moved` is empty",
        ),
    ] {
        let error = changed(pointer, value).expect_err(pointer);
        assert_eq!(error.to_string(), says, "{pointer}");
    }
    assert!(matches!(
        changed("/valid/from", json!("2026-02-30")),
        Err(PolicyError::Json(_))
    ));
    assert!(matches!(
        PolicyPack::parse("nonsense"),
        Err(PolicyError::Json(_))
    ));
}

#[test]
fn a_newer_pack_with_unknown_keys_is_read() {
    let mut json: Value = serde_json::from_str(SHANGHAI).unwrap();
    json["something_new"] = json!({"a": 1});
    json["rules"]["something_new"] = json!(true);
    assert_eq!(PolicyPack::parse(&json.to_string()).unwrap(), shanghai());
}

#[test]
fn the_longest_scope_and_then_the_latest_start_stands() {
    let make = |id: &str, scope: &str, from: &str| PolicyPack {
        id: id.into(),
        scope: scope.into(),
        valid: Validity {
            from: day(from),
            to: None,
        },
        ..shanghai()
    };
    let packs = vec![
        make("town", "310199100", "2025-06-01"),
        make("next", "31", "2027-01-01"),
        shanghai(),
        make("other", "32", "2024-01-01"),
    ];
    let set = PolicySet::new(packs).unwrap();
    let village = set.for_area("310199100201");
    let id = |set: &PolicySet, date: &str| set.valid_on(day(date)).map(|pack| pack.id.clone());
    assert_eq!(id(&village, "2023-12-31"), None);
    assert_eq!(id(&village, "2025-01-01").as_deref(), Some("SH-2024-2026"));
    assert_eq!(id(&village, "2027-01-01").as_deref(), Some("town"));
    let elsewhere = set.for_area("310101000000");
    assert_eq!(
        id(&elsewhere, "2026-12-31").as_deref(),
        Some("SH-2024-2026")
    );
    assert_eq!(id(&elsewhere, "2027-01-01").as_deref(), Some("next"));
    let twice = PolicySet::new(vec![shanghai(), make("b", "31", "2024-01-01")]);
    assert_eq!(
        twice,
        Err(PolicySetError::SameStart("SH-2024-2026".into(), "b".into()))
    );
    let same = PolicySet::new(vec![shanghai(), make("SH-2024-2026", "31", "2025-01-01")]);
    assert_eq!(same, Err(PolicySetError::SameId("SH-2024-2026".into())));
}

#[test]
fn every_body_is_given_few_fields_that_the_file_has_and_no_number_that_is_not_asked_for() {
    let pack = shanghai();
    let file =
        crate::file::FilePack::parse(include_str!("../../../../policy/fields.json")).unwrap();
    for body in pack.list("REFERRAL_BODY") {
        for problem in &pack.problems {
            let rule = pack.packets.rule(&body.code, &problem.code);
            assert!(rule.is_some(), "{} {}", body.code, problem.code);
        }
    }
    for rule in &pack.packets.rules {
        for field in rule.fields.iter().chain(&rule.more) {
            let (holder, key) = field.split_once('.').unwrap();
            assert!(
                holder == "matter" || file.field(holder, key).is_some(),
                "{field}"
            );
        }
        // Whole schools and hospitals need no identity number by default (P-14: only what is needed).
        let by_default = rule.fields.iter().any(|field| field.ends_with("id_no"));
        assert!(
            !by_default || rule.to.contains(&"DO".to_owned()),
            "{:?}",
            rule.to
        );
    }
}

#[test]
fn a_packet_of_what_nobody_knows_is_refused_where_it_is_wrong() {
    let refused = |pointer: &str, value: Value, place: &str| {
        let error = changed(pointer, value).unwrap_err().to_string();
        assert!(error.contains(place), "{error}");
    };
    refused("/packets/rules/0/to/0", json!("XX"), "packets.rules.0");
    refused(
        "/packets/rules/1/fields/0",
        json!("matter.words"),
        "packets.rules.1",
    );
    refused(
        "/packets/rules/1/fields/0",
        json!("name"),
        "packets.rules.1",
    );
    refused(
        "/packets/rules/1/more/0",
        json!("child.name"),
        "packets.rules.1",
    );
    refused("/packets/rules/1/days", json!(0), "packets.rules.1.days");
    refused("/packets/rules/1/purposes", json!([]), "packets.rules.1");
    refused("/packets/receipt_days", json!(400), "packets.receipt_days");
}

#[test]
fn a_year_without_its_holidays_is_missing_from_november_before_it_until_the_table_is_there() {
    let set = PolicySet::one(shanghai());
    let years = |set: &PolicySet, on: &str| set.calendar_gaps(day(on)).years;
    assert_eq!(years(&set, "2026-10-31"), Vec::<i32>::new());
    assert_eq!(years(&set, "2026-11-01"), [2027]);
    assert_eq!(years(&set, "2026-12-31"), [2027]);
    assert_eq!(years(&set, "2027-01-01"), [2027], "it is this year now");
    assert_eq!(years(&set, "2027-10-31"), [2027]);
    assert_eq!(years(&set, "2027-11-01"), [2027, 2028]);

    let table = json!({"year": 2027, "holidays": ["2027-01-01"], "workdays": []});
    let known = json!([table, {"year": 2026, "holidays": ["2026-01-01"], "workdays": []}]);
    let whole = changed("/work_years", known).unwrap();
    let set = PolicySet::one(whole.clone());
    assert_eq!(years(&set, "2026-11-01"), Vec::<i32>::new());

    // What holds next year is the pack of next year.
    let mut next = shanghai();
    next.id = "NEXT".to_owned();
    next.valid.from = day("2027-01-01");
    let set = PolicySet::new(vec![whole, next]).unwrap();
    assert_eq!(years(&set, "2026-10-31"), Vec::<i32>::new());
    assert_eq!(years(&set, "2026-11-01"), [2027]);
    assert_eq!(
        PolicySet::default().calendar_gaps(day("2026-11-01")),
        CalendarGaps::default()
    );
}

#[test]
fn terms_that_end_and_are_followed_by_none_are_missing_a_month_before() {
    let set = PolicySet::one(shanghai());
    let until = |set: &PolicySet, on: &str| set.calendar_gaps(day(on)).terms_until;
    assert_eq!(until(&set, "2027-05-31"), None);
    assert_eq!(until(&set, "2027-06-01"), Some(day("2027-06-30")));
    assert_eq!(until(&set, "2027-09-01"), Some(day("2027-06-30")));
    let none = PolicySet::one(changed("/terms", json!([])).unwrap());
    assert_eq!(
        until(&none, "2027-09-01"),
        None,
        "it does not count by them"
    );
}

#[test]
fn what_is_asked_for_after_something_happened_must_name_what_the_pack_knows() {
    const OTHER: &str = include_str!("../../../../tests/cases/packs/major-change.json");
    PolicyPack::parse(OTHER).expect("a pack with such rules");
    for (pointer, value, says) in [
        (
            "/rules/after/0/when/tiers/0",
            json!("MIDDLE"),
            "rules.after.RAISED.when.tiers refers to MIDDLE, which the pack does not define",
        ),
        (
            "/rules/after/0/when/tiers/0",
            json!("GENERAL"),
            "rules.after.RAISED.when.tiers refers to GENERAL, which the pack does not define",
        ),
        (
            "/rules/after/2/when/categories/0",
            json!("XX"),
            "rules.after.NEW-DF.when.categories refers to XX, which the pack does not define",
        ),
        (
            "/rules/after/3/when/facts/0",
            json!("moon"),
            "rules.after.CARER.when.facts refers to moon, which the pack does not define",
        ),
        (
            "/rules/after/3/when",
            json!({}),
            "`rules.after.CARER.when` is empty",
        ),
        (
            "/rules/after/3/kinds",
            json!([]),
            "`rules.after.CARER.kinds` is empty",
        ),
        (
            "/rules/after/3/words",
            json!(" "),
            "`rules.after.CARER.words` is empty",
        ),
        (
            "/rules/after/1/wait/n",
            json!(0),
            "rules.after.RED-CALL.wait must be greater than zero",
        ),
        (
            "/rules/after/1/wait/n",
            json!(400),
            "rules.after.RED-CALL.wait is out of range",
        ),
        (
            "/rules/after/1/code",
            json!("RAISED"),
            "rules.after has the code RAISED twice",
        ),
    ] {
        let mut json: Value = serde_json::from_str(OTHER).unwrap();
        *json.pointer_mut(pointer).unwrap() = value;
        let error = PolicyPack::parse(&json.to_string()).unwrap_err();
        assert_eq!(error.to_string(), says);
    }
}

/// Ten workdays, holidays and adjusted workdays as they are (domain.md §3.10, §5.5).
#[test]
fn a_file_is_to_be_full_ten_workdays_after_it_was_opened() {
    let pack = shanghai();
    assert_eq!(pack.file_due(day("2026-11-02")), Some(day("2026-11-16")));
    let national_day = pack.file_due(day("2026-09-25"));
    assert!(national_day > Some(day("2026-10-09")), "{national_day:?}");
    let mut silent = shanghai();
    silent.rules.file_workdays = None;
    assert_eq!(silent.file_due(day("2026-11-02")), None);
    assert!(changed("/rules/file_workdays", json!(20)).is_ok());
    for wrong in [0, 367] {
        let refused = changed("/rules/file_workdays", json!(wrong)).unwrap_err();
        assert!(refused.to_string().contains("rules.file_workdays"));
    }
}
