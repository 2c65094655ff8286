//! The shipped form names only what the shipped file keeps, and an answer is offered once, to a person.

use super::*;
use crate::form::{self, Answers, ChildContext, FormContext, SESSION, set_answer};
use crate::policy::PolicyPack;
use std::collections::BTreeMap;

const FORM: &str = include_str!("../../../../policy/forms/hv-cn-3.json");
const FIELDS: &str = include_str!("../../../../policy/fields.json");
const RULES: &str = include_str!("../../../../policy/sh-2024-2026.json");
const CODES: &str = include_str!("../../../../policy/codes-cn-1.json");
const CHILD: &str = "child";

fn shipped() -> (FormPack, FilePack) {
    (
        FormPack::from_json(FORM).unwrap(),
        FilePack::parse(FIELDS).unwrap(),
    )
}

/// A file, and what is said in a visit on 26 November.
#[derive(Default)]
struct Visit {
    fields: BTreeMap<String, Scalar>,
    rows: BTreeMap<String, Vec<Entry>>,
    answers: Answers,
}

impl Visit {
    fn with(mut self, key: &str, value: &str) -> Self {
        self.fields.insert(key.into(), value.into());
        self
    }

    fn row(mut self, block: &str, entry: Entry) -> Self {
        self.rows.entry(block.into()).or_default().push(entry);
        self
    }

    fn said(mut self, part: &str, key: &str, codes: &[&str], text: Option<&str>) -> Self {
        let (form, _) = shipped();
        let context = FormContext {
            today: "2026-11-26".parse().unwrap(),
            children: vec![ChildContext {
                id: CHILD.to_owned(),
                ..ChildContext::default()
            }],
            people: vec![form::Person {
                id: "gran".to_owned(),
                name: "石秀兰".to_owned(),
                words: "石秀兰（奶奶）".to_owned(),
            }],
            last: BTreeMap::new(),
            next_visit: None,
            next_contact: None,
        };
        let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        set_answer(&form, &context, &mut self.answers, part, key, &codes, text).unwrap();
        self
    }

    fn found(&self) -> Vec<Difference> {
        let (form, file) = shipped();
        let empty = PartAnswers::default();
        let visited = Visited {
            form: &form,
            session: self.answers.part(SESSION).unwrap_or(&empty),
            child: self.answers.part(CHILD).unwrap_or(&empty),
            date: "2026-11-26".parse().unwrap(),
        };
        let facts = Facts {
            fields: &self.fields,
            rows: &self.rows,
            birth: None,
            today: "2026-11-27".parse().unwrap(),
        };
        differences(&visited, &file, &facts)
    }

    fn told(&self) -> Vec<String> {
        self.found()
            .into_iter()
            .map(|one| {
                let columns = match one.change {
                    Change::Field { before, after, .. } => {
                        vec![format!("{}>{after}", before.unwrap_or_default())]
                    }
                    Change::Row { columns, asks, .. } => columns
                        .into_iter()
                        .map(|one| {
                            format!(
                                "{}:{}>{}",
                                one.key,
                                one.before.unwrap_or_default(),
                                one.after
                            )
                        })
                        .chain(asks.into_iter().map(|asked| match asked.must {
                            true => format!("{}!", asked.key),
                            false => format!("{}?", asked.key),
                        }))
                        .collect(),
                };
                format!("{} {}", one.id, columns.join(" "))
            })
            .collect()
    }
}

fn member(id: &str, relation: &str) -> Entry {
    Entry::new(id)
        .with("name", "石秀兰")
        .with("relation", relation)
        .with("phone", "13800000001")
}

#[test]
fn every_rule_of_the_shipped_form_names_what_the_shipped_file_keeps() {
    let (form, file) = shipped();
    let rules = PolicyPack::parse(RULES).unwrap();
    let codes: crate::code_list::CodeLists = {
        let value: serde_json::Value = serde_json::from_str(CODES).unwrap();
        serde_json::from_value(value["lists"].clone()).unwrap()
    };
    let known = |rule: &crate::file::FieldRule, value: &str| {
        let Some(list) = &rule.list else { return true };
        let place = rules.list(list).iter().any(|item| item.code == value);
        place
            || codes
                .0
                .get(list)
                .is_some_and(|list| list.items.iter().any(|item| item.code == value))
    };
    let mut rules_seen = 0;
    for (_, question) in form.questions() {
        for feed in &question.file {
            rules_seen += 1;
            let place = &question.key;
            let values_of = |words: &form::Words| {
                let all = question.options.iter().map(|option| Answer {
                    codes: vec![option.code.clone()],
                    ..Answer::default()
                });
                all.flat_map(|answer| words.of(&answer).values)
                    .collect::<Vec<_>>()
            };
            match feed {
                Feed::Field {
                    key,
                    words,
                    of_person,
                    ..
                } => {
                    let rule = file
                        .field_of_any(key)
                        .unwrap_or_else(|| panic!("{place}: {key}"));
                    if of_person.is_none() {
                        for value in values_of(words) {
                            assert!(known(rule, &value), "{place}: {value}");
                        }
                    }
                }
                Feed::Column {
                    block,
                    column,
                    words,
                    ..
                } => {
                    let rule = file.rows(block).and_then(|rows| rows.column(column));
                    let rule = rule.unwrap_or_else(|| panic!("{place}: {block}.{column}"));
                    for value in values_of(words) {
                        assert!(
                            value == form::ASK || known(rule, &value),
                            "{place}: {value}"
                        );
                    }
                }
                Feed::OneOf {
                    block,
                    column,
                    only,
                    beside,
                    words,
                } => {
                    let rows = file.rows(block);
                    let rows = rows.unwrap_or_else(|| panic!("{place}: {block}"));
                    let columns = only.iter().map(|(key, _)| key).chain(beside);
                    for key in columns.chain([column]) {
                        assert!(rows.column(key).is_some(), "{place}: {block}.{key}");
                    }
                    let rule = rows.column(column).unwrap();
                    for value in values_of(words) {
                        assert!(
                            value == form::ASK || known(rule, &value),
                            "{place}: {value}"
                        );
                    }
                }
                Feed::Begin { block, values, .. } => {
                    let rows = file
                        .rows(block)
                        .unwrap_or_else(|| panic!("{place}: {block}"));
                    for (column, value) in values {
                        let rule = rows.column(column);
                        let rule = rule.unwrap_or_else(|| panic!("{place}: {block}.{column}"));
                        if let FeedValue::Fixed(value) = value {
                            assert!(known(rule, value), "{place}: {value}");
                        }
                    }
                }
                Feed::End { block, .. } => {
                    let rows = file
                        .rows(block)
                        .unwrap_or_else(|| panic!("{place}: {block}"));
                    assert!(rows.to.is_some(), "{place}: rows of {block} do not end");
                }
            }
        }
    }
    assert!(rules_seen > 40, "{rules_seen}");
}

#[test]
fn what_the_file_says_already_is_not_offered() {
    let visit = Visit::default()
        .with("school_stage", "primary")
        .with("boarding", "n")
        .with("health", "chronic")
        .said(CHILD, "d_stage", &["primary"], None)
        .said(CHILD, "d_board", &["n"], None)
        .said(CHILD, "e_health", &["ok"], None);
    assert!(visit.told().is_empty(), "{:?}", visit.told());
    let visit = visit
        .said(CHILD, "d_stage", &["junior"], None)
        .said(CHILD, "d_school_name", &[], Some("镇第二中学"))
        .said(CHILD, "d_board", &["y"], None);
    assert_eq!(
        visit.told(),
        [
            "child/school_stage primary>junior",
            "child/school_name >镇第二中学",
            "child/boarding n>y"
        ]
    );
}

#[test]
fn an_answer_that_was_taken_over_is_not_said_again() {
    let mut visit = Visit::default().said(CHILD, "d_stage", &["junior"], None);
    let part = visit.answers.parts.get_mut(CHILD).unwrap();
    part.answers.get_mut("d_stage").unwrap().unchanged_from = Some("before".to_owned());
    assert!(visit.found().is_empty());
}

#[test]
fn parents_who_left_begin_a_row_and_one_who_came_back_ends_it() {
    let visit = Visit::default()
        .said(CHILD, "c_parent_away", &["f"], None)
        .said(CHILD, "c_parent_place", &[], Some("浙江省宁波市"))
        .said(CHILD, "c_parent_contact", &["month"], None);
    assert_eq!(
        visit.told(),
        ["work/+f who:>f place:>浙江省宁波市 contact_freq:>monthly since?"],
        "since when is asked: the visit's day is not the day they left"
    );
    let both = Entry::new("row")
        .with("who", "both")
        .with("place", "浙江省宁波市")
        .with("contact_freq", "weekly");
    let visit =
        Visit::default()
            .row("work", both.clone())
            .said(CHILD, "c_parent_away", &["home"], None);
    assert_eq!(visit.told(), ["work/row back_on:>2026-11-26"]);
    let visit = Visit::default()
        .row("work", both)
        .said(CHILD, "c_parent_away", &["both"], None)
        .said(CHILD, "c_parent_contact", &["less"], None)
        .said(CHILD, "c_last_home", &[], Some("2026-10-02"));
    assert_eq!(
        visit.told(),
        ["work/row contact_freq:weekly>rare last_home:>2026-10-02"],
        "what is said of one row is one difference"
    );
}

#[test]
fn who_lives_with_the_child_is_asked_of_the_members_and_never_guessed() {
    let home = Visit::default()
        .row("members", member("father", "51").with("lives_here", "y"))
        .row("members", member("gran", "62"))
        .row("members", member("grandpa", "61"));
    let visit = home.said(SESSION, "b_live_with", &["gp"], None);
    assert_eq!(
        visit.told(),
        ["members/father lives_here:y>n"],
        "which of the two grandparents the answer does not say"
    );
    let visit = visit.said(SESSION, "b_live_with", &["gp", "f", "dorm"], None);
    assert!(
        visit.told().is_empty(),
        "a boarder's answer is about the school"
    );
}

#[test]
fn the_carer_that_was_chosen_brings_what_the_file_knows_of_her() {
    let visit = Visit::default()
        .with("carer_name", "石建国")
        .with("carer_relation", "61")
        .with("carer_class", "grandparents")
        .row("members", member("gran", "62"))
        .said(CHILD, "c_caregiver", &["gran"], None);
    assert_eq!(
        visit.told(),
        [
            "child/carer_name 石建国>石秀兰",
            "child/carer_relation 61>62",
            "child/carer_phone >13800000001"
        ]
    );
    let visit = visit.said(CHILD, "c_caregiver", &[], Some("隔壁的陈阿姨"));
    assert_eq!(visit.told(), ["child/carer_name 石建国>隔壁的陈阿姨"]);
}

#[test]
fn a_wish_an_illness_a_certificate_and_help_begin_rows_once() {
    let visit = Visit::default()
        .said(CHILD, "i_wish", &[], Some("一双球鞋"))
        .said(CHILD, "e_ill_name", &[], Some("哮喘"))
        .said(CHILD, "e_ill", &[], Some("每天吸药"))
        .said(CHILD, "e_dis_kind", &["4"], None)
        .said(CHILD, "e_dis_cert", &["n"], None)
        .said(CHILD, "i_need", &["dibao"], None)
        .said(CHILD, "d_aid", &["got"], None);
    assert_eq!(
        visit.told(),
        [
            "benefit/+education kind:>education status:>granted since?",
            "illness/+哮喘 name:>哮喘 treatment:>每天吸药 since?",
            "disability/+4 kind:>4 has_cert:>n",
            "benefit/+dibao kind:>dibao status:>maybe",
            "wish/+一双球鞋 text:>一双球鞋 said_on:>2026-11-26 status:>said"
        ]
    );
    let granted = |kind: &str| {
        Entry::new(kind)
            .with("kind", kind)
            .with("status", "granted")
    };
    let visit = visit
        .row("benefit", granted("education"))
        .row("benefit", granted("dibao"))
        .row("wish", Entry::new("w").with("text", "一双球鞋"));
    let told = visit.told();
    assert!(
        told.iter()
            .all(|one| !one.contains("benefit") && !one.contains("wish")),
        "{told:?}"
    );
}

/// Who is in prison or ill decides the tier and what a family may ask for, and an answer does not say who (domain.md §5.2,
/// §10.2).
#[test]
fn what_a_parent_suffers_is_offered_and_a_person_says_which_parent() {
    let visit = Visit::default()
        .row("members", member("father", "51").with("special", "prison"))
        .row("members", member("mother", "52"))
        .row("members", member("gran", "62"))
        .said(CHILD, "c_special", &["jail", "lost", "dis"], None);
    assert_eq!(
        visit.told(),
        [
            "members/?special=lost special:>lost special_from?",
            "members/?disability=? disability! grade?"
        ],
        "that somebody is in prison the file says already"
    );
    for one in visit.found() {
        let Change::Row {
            row, among, said, ..
        } = one.change
        else {
            panic!("a row");
        };
        assert_eq!((row, among), (None, vec!["father".into(), "mother".into()]));
        assert_eq!(said.is_some(), one.id.ends_with('?'), "残疾 is no column");
    }
    let known = visit.row("members", member("step", "57").with("disability", "4"));
    let lost = known.row("members", member("other", "58").with("special", "lost"));
    assert!(lost.told().is_empty(), "{:?}", lost.told());
    let none = Visit::default().said(CHILD, "c_special", &["none"], None);
    assert!(none.told().is_empty());
    let away = Visit::default().said(CHILD, "c_parent_away", &["lost"], None);
    assert_eq!(
        away.told(),
        ["members/?special=lost special:>lost special_from?"],
        "also of a parent who is no member yet"
    );
}

#[test]
fn an_agreement_that_was_shown_or_ran_out_reaches_the_file() {
    let agreed = |answer: &str| Visit::default().said(CHILD, "c_agreement", &[answer], None);
    assert_eq!(
        agreed("valid").told(),
        ["delegation/+ agreement:>y"],
        "with whom and why the file asks where the row is written"
    );
    assert!(
        agreed("none").told().is_empty(),
        "there is nothing to write"
    );
    let paper = |yes: &str| {
        Entry::new("row")
            .with("name", "石秀兰")
            .with("agreement", yes)
    };
    let with = |answer: &str, row: Entry| agreed(answer).row("delegation", row).told();
    assert!(with("valid", paper("y")).is_empty());
    assert_eq!(with("valid", paper("n")), ["delegation/row agreement:n>y"]);
    assert_eq!(with("none", paper("y")), ["delegation/row agreement:y>n"]);
    assert_eq!(with("expired", paper("y")), ["delegation/row valid_to!"]);
    let dated = paper("y").with("valid_to", "2026-10-01");
    assert!(with("expired", dated).is_empty());
}

#[test]
fn what_the_file_learned_since_is_what_same_as_last_takes_over() {
    let (form, _) = shipped();
    let mut last = Visit::default()
        .said(CHILD, "d_stage", &["primary"], None)
        .said(CHILD, "d_school_name", &[], Some("镇中心小学"))
        .answers
        .parts
        .remove(CHILD)
        .unwrap();
    let file = |key: &str| match key {
        "school_stage" => Some("junior".to_owned()),
        "school_name" => Some("镇第二中学".to_owned()),
        _ => None,
    };
    let mut kept = last.clone();
    carry_from_file(&form, Level::Child, &mut kept, file, |_| false);
    assert_eq!(
        kept, last,
        "what the file says longer than the last visit is older"
    );
    carry_from_file(&form, Level::Child, &mut last, file, |key| {
        key == "school_stage"
    });
    assert_eq!(last.code("d_stage"), Some("junior"));
    assert_eq!(last.text("d_school_name"), Some("镇中心小学"));
    let from = &last.get("d_stage").unwrap().unchanged_from;
    assert_eq!(from.as_deref(), Some(form::FROM_FILE));
}
