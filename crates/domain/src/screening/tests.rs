use super::*;
use crate::child::Child;
use crate::form::{ChildContext, SESSION, initial_answers, set_answer};
use crate::record::{Entry, doc};
use crate::scalar::Scalar;
use ids::DocKind;
use std::collections::BTreeMap;

const PACK: &str = include_str!("../../../../policy/risk-cn-1.json");
const FORM: &str = include_str!("../../../../policy/forms/hv-cn-3.json");
const OLD_FORM: &str = include_str!("../../../../policy/forms/hv-cn-1.json");

/// What a child's file says.
#[derive(Default)]
struct File {
    fields: BTreeMap<String, Scalar>,
    rows: BTreeMap<String, Vec<Entry>>,
    birth: Option<chrono::NaiveDate>,
}

impl File {
    fn born(birth: &str) -> Self {
        Self {
            birth: birth.parse().ok(),
            ..Self::default()
        }
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.fields.insert(key.into(), value.into());
        self
    }

    fn row(mut self, block: &str, columns: &[(&str, &str)]) -> Self {
        let rows = self.rows.entry(block.into()).or_default();
        let entry = Entry::new(format!("{block}{}", rows.len()));
        let says = columns.iter();
        rows.push(says.fold(entry, |entry, (key, value)| entry.with(key, *value)));
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

    /// What is found of it in a visit that found nothing.
    fn found(&self) -> Vec<String> {
        let screening = screened_with(FORM, 9, &[], &Known::default(), self);
        let found = screening.found.iter();
        assert!(
            found
                .clone()
                .all(|one| !one.sources.contains(&Source::Visit)),
            "the visit said nothing"
        );
        found
            .map(|one| format!("{}:{}", one.code, one.points))
            .collect()
    }
}

fn screened(form: &str, age: u32, given: &[(&str, &str, &str)], known: &Known) -> Screening {
    screened_with(form, age, given, known, &File::default())
}

fn screened_with(
    form: &str,
    age: u32,
    given: &[(&str, &str, &str)],
    known: &Known,
    file: &File,
) -> Screening {
    let form = FormPack::from_json(form).unwrap();
    let context = FormContext {
        today: "2026-11-26".parse().unwrap(),
        children: vec![ChildContext {
            id: "c".to_owned(),
            age: Some(age),
            left_behind: true,
            ..ChildContext::default()
        }],
        people: Vec::new(),
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
    screen(&pack, &form, &context, &answers, "c", known, &file.facts())
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
    // Whether there is a register or a paper the file says as well.
    assert_eq!(screening.not_asked, ["水边或路口有大的隐患"]);
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

#[test]
fn what_the_file_says_is_found_though_the_visit_did_not_ask_it() {
    let gran = |birth: &str| {
        File::default().with("carer_name", "石秀兰").row(
            "members",
            &[("name", "石秀兰"), ("relation", "62"), ("birth", birth)],
        )
    };
    assert_eq!(gran("1956-11-26").found(), ["R14:8"], "seventy today");
    assert_eq!(gran("1956-11-27").found(), Vec::<String>::new(), "tomorrow");
    let another = gran("1970-01-01").row("members", &[("name", "石大山"), ("birth", "1940-01-01")]);
    assert_eq!(
        another.found(),
        Vec::<String>::new(),
        "an old member who does not care for the child"
    );
    let father = |column: &str, value: &str| {
        File::default()
            .row("members", &[("relation", "51"), (column, value)])
            .found()
    };
    assert_eq!(father("life", "dead"), ["R17:6"]);
    assert_eq!(father("special", "prison"), ["R18:8"]);
    assert_eq!(father("grade", "1"), ["R07:8"]);
    let psychology = |flag: &str| File::default().row("psychology", &[("flag", flag)]).found();
    assert_eq!(psychology("none"), Vec::<String>::new());
    assert_eq!(psychology("maybe"), ["R10:10"]);
    assert_eq!(psychology("diagnosed"), ["R10:15"]);
    let cases: [(&str, File); 6] = [
        ("R08:8", File::default().row("disability", &[("kind", "4")])),
        ("R09:8", File::default().with("health", "severe")),
        ("R14:8", File::default().with("carer_health", "severe")),
        ("R15:5", File::default().with("cares_for", "3")),
        ("R24:6", File::default().with("hukou_kind", "4")),
        ("R24:6", File::default().with("id_type", "00")),
    ];
    for (found, file) in cases {
        assert_eq!(file.found(), [found]);
    }
    assert_eq!(
        File::default().with("cares_for", "2").found(),
        Vec::<String>::new()
    );
    let poor = || File::default().with("income_band", "a");
    assert_eq!(poor().found(), ["R19:6"]);
    let helped = poor().row("benefit", &[("kind", "dibao"), ("status", "granted")]);
    assert_eq!(helped.found(), Vec::<String>::new(), "there is help");
}

#[test]
fn what_the_visit_itself_said_is_named_before_what_the_file_says() {
    let file = File::default().with("carer_health", "severe");
    let given = [("c", "c_care_state", "unfit")];
    let screening = screened_with(FORM, 9, &given, &Known::default(), &file);
    assert_eq!(codes(&screening), ["R14"], "found once");
    let sources = [Source::Visit, Source::File];
    assert_eq!(screening.found[0].sources, sources, "both are told");
}

/// A child whose file warns by law is never suggested the lowest level (domain.md §3.5, §4.4).
#[test]
fn what_the_file_or_an_open_problem_warns_of_is_red_though_the_visit_said_nothing() {
    let problem = |kind: &str| File::default().row(PROBLEMS, &[("type", kind)]);
    let behaviour = |code: &str| {
        let mut file = File::default();
        let seen = Entry::new("p").with_codes("behaviour", &[code.to_owned()]);
        file.rows.insert("psychology".to_owned(), vec![seen]);
        file
    };
    let cases: Vec<(File, &str, Source)> = vec![
        (
            File::default().with("carer_class", "nobody"),
            "R01",
            Source::File,
        ),
        (
            File::born("2015-03-01").with("carer_class", "self"),
            "R02",
            Source::File,
        ),
        (behaviour("self_harm"), "R04", Source::File),
        (behaviour("runaway"), "R05", Source::File),
        (problem("GUARD_MISSING"), "R01", Source::Problem),
        (problem("ALONE"), "R02", Source::Problem),
        (problem("ABUSE"), "R03", Source::Problem),
        (problem("SUICIDE"), "R04", Source::Problem),
        (problem("MISSING"), "R05", Source::Problem),
        (problem("SEALED"), "R27", Source::Problem),
    ];
    for (file, code, source) in cases {
        let screening = screened_with(FORM, 11, &[], &Known::default(), &file);
        let found = screening.found.iter().find(|one| one.code == code);
        let found = found.unwrap_or_else(|| panic!("{code}"));
        assert!(found.red && found.sources == [source], "{found:?}");
        assert_eq!(screening.level, "high", "{code}");
        let is_masked = !file.rows.get("psychology").is_none_or(Vec::is_empty);
        assert_eq!(found.mask.is_some(), is_masked, "{code}");
    }
    let grown = File::born("2010-03-01").with("carer_class", "self").found();
    assert!(grown.is_empty(), "from sixteen on it is another thing");
    let listed = Known {
        categories: vec!["DG-1".to_owned()],
        ..Known::default()
    };
    assert_eq!(screened(FORM, 9, &[], &listed).level, "high");
    assert_eq!(behaviour("truant").found(), ["R11:8"]);
}

#[test]
fn school_contact_house_and_agreement_are_read_in_the_file_as_well() {
    let born = || File::born("2016-03-01");
    assert_eq!(born().with("school_stage", "dropout").found(), ["R06:15"]);
    let small = File::born("2022-03-01").with("school_stage", "none");
    assert!(small.found().is_empty(), "not of school age");
    let away = |often: &str| born().row("work", &[("who", "f"), ("contact_freq", often)]);
    assert_eq!(away("rare").found(), ["R16:6"]);
    assert!(
        away("monthly").found().is_empty(),
        "once a month is enough here"
    );
    assert_eq!(born().with("house_kind", "unsafe").found(), ["R20:8"]);
    assert_eq!(born().with("own_bed", "n").found(), ["R20:8"]);
    let listed = || born().row("categories", &[("code", "LB-1")]);
    assert_eq!(listed().found(), ["R25:4"]);
    let paper = |columns: &[(&str, &str)]| listed().row("delegation", columns).found();
    assert!(paper(&[("agreement", "y"), ("valid_to", "2026-11-26")]).is_empty());
    assert_eq!(
        paper(&[("agreement", "y"), ("valid_to", "2026-11-25")]),
        ["R25:4"]
    );
    assert_eq!(paper(&[("agreement", "n")]), ["R25:4"]);
}

/// The newest look and the newest agreement count; what nobody ended of before does not (domain.md §4.4).
#[test]
fn what_was_looked_at_or_agreed_on_again_is_found_as_it_is_now() {
    let seen = |file: File, flag: &str, on: &str| {
        let columns = [("flag", flag), ("on", on)];
        file.row("psychology", &columns)
    };
    let worried = || seen(File::default(), "diagnosed", "2026-10-28");
    assert_eq!(worried().found(), ["R10:15"]);
    assert_eq!(seen(worried(), "maybe", "2026-11-20").found(), ["R10:10"]);
    assert!(seen(worried(), "none", "2026-11-26").found().is_empty());
    let listed = || File::born("2016-03-01").row("categories", &[("code", "LB-1")]);
    let paper = |file: File, signed: &str, until: &str| {
        let columns = [
            ("agreement", "y"),
            ("signed_on", signed),
            ("valid_to", until),
        ];
        file.row("delegation", &columns)
    };
    let old = || paper(listed(), "2025-07-01", "2026-06-30");
    assert_eq!(old().found(), ["R25:4"], "it ran out");
    let again = || paper(old(), "2026-07-01", "2027-06-30");
    assert!(again().found().is_empty(), "there is another");
    let over = [("signed_on", "2026-08-01"), ("ended_on", "2026-11-01")];
    let ended = again().row(&crate::file::ended("delegation"), &over);
    assert_eq!(ended.found(), ["R25:4"], "the newest was ended");
}

/// A sign of danger stands until somebody ends it; another row beside it does not put it away.
#[test]
fn a_sign_of_danger_does_not_go_away_by_another_row() {
    let mut file = File::default();
    let seen = |id: &str, on: &str| Entry::new(id).with("on", on);
    let danger = seen("a", "2026-10-01").with_codes("behaviour", &["self_harm".to_owned()]);
    let later = seen("b", "2026-11-01").with("flag", "none");
    file.rows
        .insert("psychology".to_owned(), vec![danger, later]);
    let screening = screened_with(FORM, 11, &[], &Known::default(), &file);
    assert_eq!(codes(&screening), ["R04"]);
    assert_eq!(screening.level, "high");
}
