use super::*;
use crate::code_list::CodeLists;
use crate::file::{FilePack, ended};
use crate::policy::PolicyPack;
use crate::scalar::Scalar;
use std::collections::BTreeMap;

const PACK: &str = include_str!("../../../../policy/benefits-sh-1.json");
const FIELDS: &str = include_str!("../../../../policy/fields.json");
const CODES: &str = include_str!("../../../../policy/codes-cn-1.json");
const RULES: &str = include_str!("../../../../policy/sh-2024-2026.json");

fn pack() -> BenefitPack {
    BenefitPack::parse(PACK).expect("the shipped benefits")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// A child nobody visited yet: what is found of the file alone.
struct NoVisit;

impl NewestVisit for NoVisit {
    fn said(&self, _condition: &str) -> Option<NaiveDate> {
        None
    }
}

/// What a file says, a row or a field at a time.
#[derive(Default)]
struct Says {
    fields: BTreeMap<String, Scalar>,
    rows: BTreeMap<String, Vec<Entry>>,
    birth: Option<NaiveDate>,
}

impl Says {
    fn field(mut self, key: &str, value: &str) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    fn row(mut self, block: &str, columns: &[(&str, &str)]) -> Self {
        let rows = self.rows.entry(block.to_owned()).or_default();
        let entry = Entry::new(format!("{block}{}", rows.len()));
        rows.push(
            columns
                .iter()
                .fold(entry, |entry, (key, value)| entry.with(key, *value)),
        );
        self
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            fields: &self.fields,
            rows: &self.rows,
            birth: self.birth,
            today: day("2026-11-26"),
        }
    }

    fn codes(&self) -> Vec<String> {
        let hints = pack().hints(&self.facts(), &NoVisit);
        hints.into_iter().map(|hint| hint.code).collect()
    }

    fn verdict(&self) -> Unattended {
        pack().unattended(&self.facts())
    }
}

fn parents(father: &[(&str, &str)], mother: &[(&str, &str)]) -> Says {
    Says::default()
        .row("members", &[&[("relation", "51")], father].concat())
        .row("members", &[&[("relation", "52")], mother].concat())
}

#[test]
fn nobody_is_asked_about_anything_when_the_file_says_nothing() {
    assert_eq!(Says::default().codes(), Vec::<String>::new());
}

#[test]
fn each_benefit_has_its_reason() {
    let cases: [(&str, Says); 21] = [
        ("B01", Says::default().row("categories", &[("code", "DF")])),
        (
            "B01",
            Says::default().row("categories", &[("code", "DG-2")]),
        ),
        (
            "B02",
            Says::default().row("categories", &[("code", "OR-2")]),
        ),
        (
            "B04",
            Says::default()
                .row(&ended("categories"), &[("code", "OR-2")])
                .row("disability", &[("kind", "4")])
                .row("members", &[("relation", "58")]),
        ),
        ("B05a", Says::default().field("income_band", "a")),
        (
            "B05a",
            Says::default().row("categories", &[("code", "DP-4")]),
        ),
        (
            "B05b",
            Says::default().row("categories", &[("code", "DP-3")]),
        ),
        (
            "B06",
            Says::default().row("categories", &[("code", "DP-2")]),
        ),
        (
            "B07",
            Says::default()
                .field("income_band", "b")
                .row("illness", &[("since", "2026-10-01")]),
        ),
        ("B07", Says::default().row("problems", &[("type", "POOR")])),
        ("B08", Says::default().field("insurance", "n")),
        (
            "B09",
            Says::default()
                .field("school_stage", "primary")
                .row("categories", &[("code", "SH-B")]),
        ),
        (
            "B10a",
            Says::default()
                .row("disability", &[("grade", "4"), ("rehab", "区康复中心")])
                .row("categories", &[("code", "DP-1")]),
        ),
        (
            "B10b",
            Says::default().row("disability", &[("grade", "2"), ("rehab", "区康复中心")]),
        ),
        ("B11", Says::default().row("disability", &[("grade", "4")])),
        (
            "B12",
            Says::default().row("disability", &[("has_cert", "n")]),
        ),
        ("B13", Says::default().row("problems", &[("type", "LEGAL")])),
        ("B14", Says::default().field("study_place", "n")),
        ("B15", Says::default().field("hukou_kind", "4")),
        (
            "B16",
            Says::default().row("work", &[("job_need", "training")]),
        ),
        (
            "B18",
            Says::default().row("psychology", &[("flag", "maybe")]),
        ),
    ];
    for (code, says) in cases {
        assert!(
            says.codes().iter().any(|one| one == code),
            "{code}: {:?}",
            says.codes()
        );
    }
    let missing = Says::default().row("problems", &[("type", "GUARD_MISSING")]);
    assert_eq!(missing.codes(), ["B17"]);
}

#[test]
fn a_reason_stands_only_as_long_as_it_is_fresh_and_whole() {
    let old = Says::default()
        .field("income_band", "b")
        .row("illness", &[("since", "2026-03-01")]);
    assert!(
        !old.codes().contains(&"B07".to_owned()),
        "an old illness is no emergency"
    );
    let rich = Says::default()
        .field("income_band", "d")
        .row("illness", &[("since", "2026-10-01")]);
    assert!(!rich.codes().contains(&"B07".to_owned()));
    let known = Says::default()
        .field("income_band", "a")
        .row("categories", &[("code", "LB-1")])
        .row("categories", &[("code", "DP-1")]);
    assert!(
        !known.codes().iter().any(|code| code.starts_with("B05")),
        "they get it already"
    );
    let paid = |sum| {
        Says::default()
            .row("categories", &[("code", "DI")])
            .row("illness", &[("name", "肾病"), ("self_paid", sum)])
    };
    assert!(paid("3000").codes().contains(&"B08".to_owned()));
    assert!(!paid("0").codes().contains(&"B08".to_owned()));
}

#[test]
fn which_rows_end_the_asking_the_pack_says() {
    let mut json: serde_json::Value = serde_json::from_str(PACK).expect("JSON");
    let says = |status: &str| {
        Says::default()
            .row("categories", &[("code", "DF")])
            .row("benefit", &[("kind", "sh_basic"), ("status", status)])
    };
    let asked = |json: &serde_json::Value, status: &str| {
        let pack = BenefitPack::parse(&json.to_string()).expect("a pack");
        let said = says(status);
        let hints = pack.hints(&said.facts(), &NoVisit);
        hints.iter().any(|hint| hint.code == "B01")
    };
    json["settled"] = serde_json::json!(["granted", "stopped"]);
    json["again"] = serde_json::json!({});
    assert!(asked(&json, "applied") && asked(&json, "no"));
    assert!(!asked(&json, "granted") && !asked(&json, "stopped"));
    // A pack of before it could say so means what it always meant.
    json.as_object_mut().expect("an object").remove("settled");
    assert!(!asked(&json, "applied") && asked(&json, "stopped"));
}

#[test]
fn what_was_asked_for_is_not_said_again_and_what_was_told_is_marked() {
    let says = |status: &str| {
        Says::default()
            .row("categories", &[("code", "DF")])
            .row("benefit", &[("kind", "sh_basic"), ("status", status)])
    };
    for status in ["applied", "granted", "no", "declined"] {
        assert!(
            !says(status).codes().contains(&"B01".to_owned()),
            "{status}"
        );
    }
    for status in ["maybe", "stopped"] {
        assert!(says(status).codes().contains(&"B01".to_owned()), "{status}");
    }
    let told = pack().hints(&says("told").facts(), &NoVisit);
    let hint = told
        .iter()
        .find(|hint| hint.code == "B01")
        .expect("still there");
    assert_eq!(hint.standing, Standing::Told);
    assert_eq!(hint.amount.as_deref(), Some("每月3200元"));
    assert!(hint.is_bundled);
    let rule = &pack().benefits[0];
    assert_eq!(
        rule.amount_on(day("2024-06-01")).as_deref(),
        Some("每月2500元")
    );
    assert_eq!(rule.amount_on(day("2023-06-01")), None);
}

/// Two subsidies with rules of their own: what came of one says nothing of the other (domain.md §10.1, B05, B10).
#[test]
fn one_benefit_that_is_granted_or_refused_does_not_silence_another() {
    let severe = |kind: &str, status: &str| {
        Says::default()
            .row("disability", &[("grade", "1"), ("rehab", "区康复中心")])
            .row("categories", &[("code", "DP-1")])
            .row("benefit", &[("kind", kind), ("status", status)])
    };
    assert_eq!(severe("disabled_life", "granted").codes(), ["B10b"]);
    assert_eq!(severe("disabled_care", "granted").codes(), ["B10a"]);
    assert_eq!(severe("education", "granted").codes(), ["B10a", "B10b"]);
    let poor = |kind: &str, status: &str| {
        let says = Says::default().field("income_band", "a");
        says.row("benefit", &[("kind", kind), ("status", status)])
    };
    assert_eq!(poor("marginal", "granted").codes(), ["B05a"]);
    assert_eq!(poor("dibao", "no").codes(), ["B05b"]);
    assert!(poor("dibao", "granted").codes().is_empty());
    let listed = |status: &str| {
        let says = Says::default().row("categories", &[("code", "DP-3")]);
        says.row("benefit", &[("kind", "dibao"), ("status", status)])
    };
    assert_eq!(listed("stopped").codes(), ["B05b"]);
    assert!(listed("granted").codes().is_empty(), "they have more");
}

/// What a family got or was refused years ago says little of today.
#[test]
fn a_refusal_is_asked_about_again_after_a_year() {
    let asked = |columns: &[(&str, &str)]| {
        let says = Says::default().row("categories", &[("code", "DF")]);
        let says = says.row("benefit", &[&[("kind", "sh_basic")], columns].concat());
        says.codes().contains(&"B01".to_owned())
    };
    for status in ["no", "declined"] {
        let on = |day: &'static str| asked(&[("status", status), ("since", day)]);
        assert!(on("2025-11-26"), "{status}: a year ago");
        assert!(!on("2025-11-27"), "{status}: a day less");
        let recorded = |day: &'static str| asked(&[("status", status), ("recorded_on", day)]);
        assert!(recorded("2024-03-01") && !recorded("2026-03-01"));
        // Old news that was written down just now was asked about just now.
        let told_late = [
            ("status", status),
            ("since", "2024-03-01"),
            ("recorded_on", "2026-11-01"),
        ];
        assert!(!asked(&told_late));
    }
    for status in ["applied", "granted"] {
        assert!(!asked(&[("status", status), ("since", "2020-01-01")]));
    }
    let mut value: serde_json::Value = serde_json::from_str(PACK).expect("json");
    value["again"] = serde_json::json!({"told": 30});
    assert!(BenefitPack::parse(&value.to_string()).is_err());
}

#[test]
fn the_newest_row_of_a_benefit_says_how_far_it_is() {
    let rows = |rows: [(&'static str, &'static str); 2]| {
        let says = Says::default().row("categories", &[("code", "DF")]);
        rows.into_iter().fold(says, |says, (status, since)| {
            let columns = [("kind", "sh_basic"), ("status", status), ("since", since)];
            says.row("benefit", &columns)
        })
    };
    let asks = |says: &Says| says.codes().contains(&"B01".to_owned());
    let stopped = rows([("granted", "2024-01-01"), ("stopped", "2026-01-01")]);
    assert!(asks(&stopped), "it is paid no more");
    let again = rows([("stopped", "2025-01-01"), ("granted", "2026-01-01")]);
    assert!(!asks(&again));
    let told = rows([("no", "2024-01-01"), ("told", "2026-01-01")]);
    let hints = pack().hints(&told.facts(), &NoVisit);
    let hint = hints.iter().find(|hint| hint.code == "B01");
    assert_eq!(hint.map(|hint| hint.standing), Some(Standing::Told));
}

/// Psychology is as the newest look says (domain.md §3.7).
#[test]
fn a_mind_that_is_well_again_needs_no_service() {
    let seen = |flag: &'static str, on: &'static str| [("flag", flag), ("on", on)];
    let worried = || Says::default().row("psychology", &seen("maybe", "2026-10-28"));
    assert_eq!(worried().codes(), ["B18"]);
    let well = worried().row("psychology", &seen("none", "2026-11-26"));
    assert!(well.codes().is_empty());
}

#[test]
fn the_test_for_children_nobody_brings_up() {
    use Verdict::{Likely, No, Open, Orphan};
    let alive = &[("life", "alive")][..];
    let dead = &[("life", "dead")][..];
    let lost = &[
        ("life", "alive"),
        ("special", "lost"),
        ("special_from", "2026-01-10"),
    ][..];
    let just_lost = &[
        ("life", "alive"),
        ("special", "lost"),
        ("special_from", "2026-09-01"),
    ][..];
    let lost_some_day = &[("life", "alive"), ("special", "lost")][..];
    let prison = &[
        ("life", "alive"),
        ("special", "prison"),
        ("special_from", "2025-02-01"),
    ][..];
    let revoked = &[("life", "alive"), ("special", "revoked")][..];
    let heavy = &[("life", "alive"), ("disability", "4"), ("grade", "2")][..];
    let mind = &[("life", "alive"), ("disability", "6"), ("grade", "4")][..];
    let light = &[("life", "alive"), ("disability", "4"), ("grade", "3")][..];
    let nothing = &[][..];
    let cases = [
        (dead, lost, Likely),
        (dead, alive, No),
        (dead, dead, Orphan),
        (lost, prison, Likely),
        (heavy, mind, Likely),
        (heavy, light, No),
        (light, dead, No),
        (revoked, dead, Likely),
        (dead, just_lost, Open),
        (dead, lost_some_day, Open),
        (dead, nothing, Open),
        (nothing, nothing, No),
        (prison, alive, No),
        (just_lost, alive, No),
    ];
    for (father, mother, expected) in cases {
        assert_eq!(
            parents(father, mother).verdict().verdict,
            expected,
            "{father:?} {mother:?}"
        );
        let other_way = parents(mother, father).verdict().verdict;
        assert_eq!(other_way, expected, "{mother:?} {father:?}");
    }
    assert_eq!(
        Says::default().verdict().verdict,
        No,
        "no row of either parent"
    );
}

/// 重病 is one of the conditions (domain.md §10.2), in whichever of the two columns it stands.
#[test]
fn a_grave_illness_counts_and_a_disability_without_its_grade_is_not_known() {
    use Verdict::{Likely, No, Open};
    let dead = [("life", "dead")];
    let row = |columns: &[(&'static str, &'static str)]| {
        let alive = [("life", "alive")];
        [&alive[..], columns].concat()
    };
    let verdict = |mother: &[(&str, &str)]| parents(&dead, mother).verdict().verdict;
    let cases: [(&[(&str, &str)], Verdict); 14] = [
        (&[("health", "severe")], Likely),
        (&[("special", "illness")], Likely),
        (&[("health", "severe"), ("special", "lost")], Likely),
        (&[("health", "chronic")], No),
        (&[("health", "good")], No),
        (&[("disability", "5")], Open),
        (&[("disability", "6"), ("grade", "")], Open),
        (&[("disability", "4")], Open),
        (&[("grade", "3")], Open),
        (&[("health", "disabled")], Open),
        (
            &[("health", "disabled"), ("disability", "4"), ("grade", "3")],
            No,
        ),
        (&[("disability", "6"), ("grade", "3")], Likely),
        (&[("disability", "4"), ("grade", "2")], Likely),
        (&[("disability", "4"), ("special", "revoked")], Likely),
    ];
    for (columns, expected) in cases {
        assert_eq!(verdict(&row(columns)), expected, "{columns:?}");
    }
    let ill = |columns| parents(&dead, &row(columns)).verdict();
    let (written, told) = (ill(&[("health", "severe")]), ill(&[("special", "illness")]));
    assert_eq!(written.mother, Parent::Unable("重病".to_owned()));
    assert_eq!(written.papers, told.papers);
    let unclear = ill(&[("disability", "5")]);
    assert_eq!(unclear.mother, Parent::Unclear, "its grade is to be asked");
    let both = |columns: &[(&'static str, &'static str)]| parents(&row(columns), &row(columns));
    let asked = both(&[("disability", "5")]).verdict().verdict;
    assert_eq!(asked, Open, "of both it is to be asked, and it is asked");
    let mother_alone = Says::default().row(
        "members",
        &[("relation", "52"), ("life", "alive"), ("disability", "5")],
    );
    assert_eq!(mother_alone.verdict().verdict, Open, "no row of the father");
}

/// "Term ≥ 6 months" is what the judgment says, not what has been served of it (domain.md §10.2).
#[test]
fn a_term_counts_from_its_papers_and_an_absence_by_the_time_that_passed() {
    use Verdict::{Likely, No, Open};
    let state = |code: &'static str, from: &'static str, to: &'static str| {
        vec![
            ("life", "alive"),
            ("special", code),
            ("special_from", from),
            ("special_to", to),
        ]
    };
    let verdict = |mother: &[(&str, &str)]| parents(&[("life", "dead")], mother).verdict().verdict;
    for code in ["prison", "rehab", "restrained"] {
        let long = state(code, "2026-10-20", "2027-04-19");
        assert_eq!(verdict(&long), Likely, "{code}: six months are ordered");
        let short = state(code, "2026-10-20", "2027-04-18");
        assert_eq!(verdict(&short), No, "{code}: a day less");
        let over = state(code, "2025-01-01", "2026-11-25");
        assert_eq!(verdict(&over), Open, "{code}: it should be over");
        let last_day = state(code, "2025-01-01", "2026-11-26");
        assert_eq!(verdict(&last_day), Likely, "{code}: until its last day");
        let open = [
            ("life", "alive"),
            ("special", code),
            ("special_from", "2026-10-20"),
        ];
        assert_eq!(verdict(&open), Open, "{code}: nobody said until when");
        let since_long = [
            ("life", "alive"),
            ("special", code),
            ("special_from", "2026-05-26"),
        ];
        assert_eq!(verdict(&since_long), Likely, "{code}: six months passed");
        let no_begin = [
            ("life", "alive"),
            ("special", code),
            ("special_to", "2028-01-01"),
        ];
        assert_eq!(verdict(&no_begin), Open, "{code}: since when is not known");
    }
    for code in ["lost", "missing"] {
        let expected = state(code, "2026-10-20", "2028-01-01");
        assert_eq!(verdict(&expected), Open, "{code}: six months have to pass");
        let passed = state(code, "2026-05-26", "2028-01-01");
        assert_eq!(verdict(&passed), Likely, "{code}");
    }
}

#[test]
fn the_day_that_is_waited_for_and_the_papers_are_named() {
    let found = parents(
        &[("life", "dead")],
        &[
            ("life", "alive"),
            ("special", "lost"),
            ("special_from", "2026-09-01"),
        ],
    )
    .verdict();
    let waits = Parent::NotYet("失去联系".to_owned(), Some(day("2027-03-01")));
    assert_eq!(found.mother, waits);
    assert_eq!(found.papers.len(), 5, "{:?}", found.papers);
    assert!(found.papers.iter().any(|paper| paper.contains("死亡证明")));
    let likely = parents(
        &[("life", "dead")],
        &[("life", "alive"), ("special", "revoked")],
    );
    assert!(likely.codes().contains(&"B01".to_owned()));
    let orphan = parents(&[("life", "dead")], &[("life", "declared_dead")]);
    assert!(orphan.codes().contains(&"B02".to_owned()));
    assert!(
        orphan
            .verdict()
            .papers
            .iter()
            .all(|paper| !paper.contains("找得到的话"))
    );
}

#[test]
fn the_shipped_benefits_ask_only_for_what_the_file_has() {
    let file = FilePack::parse(FIELDS).expect("the shipped fields");
    let rules = PolicyPack::parse(RULES).expect("the shipped rules");
    let value: serde_json::Value = serde_json::from_str(CODES).expect("the shipped lists");
    let lists: CodeLists = serde_json::from_value(value["lists"].clone()).expect("lists");
    let known = |list: &str, code: &str| {
        let of = rules.lists.0.get(list).or_else(|| lists.0.get(list));
        of.is_some_and(|list| list.items.iter().any(|item| item.code == code))
            || (list == "CATEGORY" && rules.categories.iter().any(|one| one.code == code))
    };
    let pack = pack();
    for rule in &pack.benefits {
        for row in &rule.rows {
            assert!(known("BENEFIT", row), "{}: {row}", rule.code);
        }
        let when = rule.reasons.iter().flat_map(|reason| &reason.when);
        let conditions = when.flat_map(|one| match one.any.is_empty() {
            true => std::slice::from_ref(one),
            false => one.any.as_slice(),
        });
        for condition in conditions {
            for key in condition.newest.iter().chain(&condition.per) {
                let rows = condition.row.as_ref().and_then(|block| file.rows(block));
                let column = rows.and_then(|rows| rows.column(key));
                assert!(column.is_some(), "{}: {condition:?}", rule.code);
            }
            let field = match (&condition.field, &condition.row, &condition.column) {
                (Some(key), ..) => file
                    .field("child", key)
                    .or_else(|| file.field("household", key)),
                (_, Some(block), _) if block == "problems" => continue,
                (_, Some(block), column) => {
                    let rows = file.blocks.iter().find(|one| one.key == *block);
                    let rows = rows
                        .and_then(|block| block.rows.as_ref())
                        .expect("a block of rows");
                    match column {
                        None => continue,
                        Some(key) => rows.columns.iter().find(|column| column.key == *key),
                    }
                }
                _ => continue,
            };
            let field = field.unwrap_or_else(|| panic!("{}: {condition:?}", rule.code));
            if let Some(list) = &field.list {
                for code in condition.any_of.iter().chain(&condition.not_in) {
                    assert!(known(list, code), "{}: {list} has no {code}", rule.code);
                }
            }
        }
    }
    for state in &pack.unattended.gone {
        assert!(known("LIFE_STATUS", &state.code), "{}", state.code);
    }
    for state in &pack.unattended.special {
        let code = &state.code;
        assert!(
            known("SPECIAL_STATUS", code) || known("LIFE_STATUS", code),
            "{code}"
        );
    }
    for state in &pack.unattended.health {
        assert!(known("HEALTH", &state.code), "{}", state.code);
    }
    for code in &pack.unattended.disability_health {
        assert!(known("HEALTH", code), "{code}");
    }
    for one in &pack.unattended.disability {
        assert!(one.kinds.iter().all(|code| known("DIS", code)));
        assert!(one.grades.iter().all(|code| known("DIS_GRADE", code)));
    }
}

#[test]
fn a_pack_that_would_say_something_of_everybody_is_refused() {
    let mut value: serde_json::Value = serde_json::from_str(PACK).expect("json");
    value["benefits"][0]["reasons"][0]["when"] = serde_json::json!([]);
    assert!(BenefitPack::parse(&value.to_string()).is_err());
    let mut value: serde_json::Value = serde_json::from_str(PACK).expect("json");
    value["bundle"] = serde_json::json!(["B99"]);
    assert!(BenefitPack::parse(&value.to_string()).is_err());
    assert!(BenefitPack::parse("{}").is_err());
}

/// A visit of a day in which exactly these conditions hold.
struct Visited(&'static str, Vec<String>);

impl NewestVisit for Visited {
    fn said(&self, condition: &str) -> Option<NaiveDate> {
        self.1
            .iter()
            .any(|held| held == condition)
            .then(|| day(self.0))
    }
}

fn all_said() -> Vec<String> {
    pack().conditions().map(str::to_owned).collect()
}

#[test]
fn what_was_said_in_the_newest_visit_is_a_reason_that_names_its_source() {
    let file = Says::default();
    let said: Vec<String> = all_said();
    let bed = said.iter().find(|one| one.contains("b_bed")).expect("B14");
    let visit = Visited("2026-11-20", vec![bed.clone()]);
    let hints = pack().hints(&file.facts(), &visit);
    let [hint] = hints.as_slice() else {
        panic!("one hint, not {}", hints.len());
    };
    assert_eq!(hint.code, "B14");
    assert_eq!(hint.why, ["走访时说（11月20日）：没有自己的床"]);
    let codes = |date, said: Vec<String>| -> Vec<String> {
        let hints = pack().hints(&file.facts(), &Visited(date, said));
        hints.into_iter().map(|hint| hint.code).collect()
    };
    let event = said
        .iter()
        .find(|one| one.contains("b_event"))
        .expect("B07");
    assert_eq!(codes("2026-08-28", vec![event.clone()]), ["B07"]);
    assert!(
        codes("2026-08-27", vec![event.clone()]).is_empty(),
        "too long ago"
    );
}

#[test]
fn what_the_benefits_ask_of_a_visit_the_shipped_form_asks_of_the_family() {
    let json = include_str!("../../../../policy/forms/hv-cn-3.json");
    let form = crate::form::FormPack::from_json(json).expect("the shipped form");
    for condition in all_said() {
        crate::form::check_condition(&form, &condition)
            .unwrap_or_else(|fault| panic!("{condition}: {fault}"));
    }
}

/// For a disabled orphan that was adopted, and for no other (domain.md §10.1, B04).
#[test]
fn an_orphan_with_a_disability_is_asked_about_once_adopted_and_with_the_sum() {
    let orphan = |block: &str| {
        Says::default()
            .row(block, &[("code", "OR-1")])
            .row("disability", &[("kind", "5"), ("rehab", "区康复中心")])
    };
    let asks = |says: &Says| says.codes().contains(&"B04".to_owned());
    assert!(!asks(&orphan("categories")), "not adopted");
    let kin = orphan("categories").row(&ended("temp_care"), &[("after", "kin")]);
    assert!(!asks(&kin));
    let adopted = || orphan(&ended("categories")).row("members", &[("relation", "57")]);
    assert!(asks(&adopted()));
    let placed = orphan("categories").row(&ended("temp_care"), &[("after", "adoption")]);
    assert!(asks(&placed));
    let able = Says::default()
        .row(&ended("categories"), &[("code", "OR-1")])
        .row("members", &[("relation", "57")]);
    assert!(!asks(&able), "no disability");
    let hints = pack().hints(&adopted().facts(), &NoVisit);
    let hint = hints.iter().find(|hint| hint.code == "B04").unwrap();
    assert_eq!(hint.amount.as_deref(), Some("每月3200元"));
}

#[test]
fn a_mishap_is_no_reason_where_the_family_is_known_to_live_well() {
    let asks = |band: Option<&str>| {
        let says = band.into_iter().fold(Says::default(), |says, band| {
            says.field("income_band", band)
        });
        let visit = Visited("2026-11-20", all_said());
        let hints = pack().hints(&says.facts(), &visit);
        let found = hints.into_iter().find(|hint| hint.code == "B07").unwrap();
        found.why.iter().any(|why| why.contains("生病、出事或遭灾"))
    };
    assert!(asks(None) && asks(Some("b")));
    assert!(!asks(Some("d")));
}
