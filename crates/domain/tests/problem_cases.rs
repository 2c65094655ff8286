//! Every file under `tests/cases/problems` gives the state and the next steps it expects (domain.md §6.2, §6.4).

use chrono::{NaiveDate, NaiveDateTime};
use domain::policy::PolicyPack;
use domain::problem::clock::{Clock, Deadline, Due};
use domain::problem::{Detail, Event, fold};
use ids::Role;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Case {
    pack: String,
    severity: String,
    events: Vec<Told>,
    now: String,
    next_visit: Option<NaiveDate>,
    expect: Value,
}

#[derive(Deserialize)]
struct Told {
    at: String,
    by: String,
    kind: String,
    #[serde(default)]
    id: String,
    #[serde(flatten)]
    detail: Detail,
}

fn moment(words: &str) -> i64 {
    let moment = NaiveDateTime::parse_from_str(words, "%Y-%m-%d %H:%M").expect("a moment");
    moment.and_utc().timestamp_millis() - 8 * 3_600_000
}

fn minute(ms: i64) -> String {
    let local = chrono::DateTime::from_timestamp_millis(ms + 8 * 3_600_000).expect("a moment");
    local.format("%Y-%m-%d %H:%M").to_string()
}

/// A step as a case file writes it: what says nothing is left out.
fn as_json(due: &Due) -> Value {
    let until = match due.until {
        Deadline::Open => Value::Null,
        Deadline::Moment(ms) => minute(ms).into(),
        Deadline::Day(day) => day.to_string().into(),
    };
    let mut value = json!({"step": due.step.as_str(), "side": due.side.as_str(), "until": until, "late": due.late});
    if !due.told.is_empty() {
        value["told"] = json!(due.told);
    }
    if due.number.1 > 0 {
        value["number"] = json!([due.number.0, due.number.1]);
    }
    if let Some(about) = due.about.as_ref().filter(|about| !about.is_empty()) {
        value["about"] = json!(about);
    }
    value
}

#[test]
fn every_case_file_gives_the_expected_steps() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(repository.join("tests/cases/problems")).unwrap() {
        let path = entry.unwrap().path();
        let case: Case = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let pack = fs::read_to_string(repository.join("policy").join(&case.pack)).unwrap();
        let pack = PolicyPack::parse(&pack).expect("the pack is good");
        let events: Vec<Event> = case
            .events
            .into_iter()
            .map(|told| Event {
                id: told.id,
                kind: told.kind,
                text: String::new(),
                sealed: false,
                recorded_ms: moment(&told.at),
                by: told.by,
                handler: None,
                detail: told.detail,
                made_by: None,
            })
            .collect();
        let fold = fold(&events, &case.severity, &[], |event| Role::parse(&event.by));
        let clock = Clock {
            events: &events,
            fold: &fold,
            timer: pack.timer(&fold.severity),
            calendar: &pack.work_calendar(),
            feedback_days: &pack.mandatory.feedback_days,
            no_feedback: &pack.mandatory.no_feedback,
            police: &pack.mandatory.police,
            next_visit: case.next_visit,
            now_ms: moment(&case.now),
        };
        let dues: Vec<Value> = clock.dues().iter().map(as_json).collect();
        let found = json!({"state": fold.state.as_str(), "severity": fold.severity, "dues": dues});
        if found != case.expect {
            wrong.push(format!("{}: {found}", path.display()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 20);
}
