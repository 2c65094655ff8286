//! A disputed date as a file: what is known about a child, the packs, a day, and what is expected (docs/due-case.md).

use super::{
    Announced, Cadence, CadenceInput, CampaignToday, Due, EventVerdict, Kind, Miss, Month,
    Reminder, announced, compute, months,
};
use crate::policy::PolicySet;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A case file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseFile {
    /// What it is about.
    #[serde(default)]
    pub title: String,
    /// Pack files, relative to the case file or to the repository's policy folder.
    pub packs: Vec<String>,
    /// Area the packs are chosen for; all of them when empty.
    #[serde(default)]
    pub area: Option<String>,
    /// The day asked about.
    pub today: NaiveDate,
    /// So many months, up to this one, month by month.
    #[serde(default)]
    pub months: u32,
    /// The child.
    pub case: CadenceInput,
    /// Part of the report that must come out.
    #[serde(default)]
    pub expect: Value,
    /// The same packs asked about another day or another child.
    #[serde(default)]
    pub also: Vec<Variant>,
}

/// Another question of a case file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// What it is about.
    #[serde(default)]
    pub title: String,
    /// Another day.
    #[serde(default)]
    pub today: Option<NaiveDate>,
    /// Another child.
    #[serde(default)]
    pub case: Option<CadenceInput>,
    /// Part of the report that must come out.
    #[serde(default)]
    pub expect: Value,
}

/// The answer to one question, in the order a person reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseReport {
    /// Its title.
    pub title: String,
    /// The day asked about.
    pub today: NaiveDate,
    /// Pack that holds that day.
    pub pack: Option<String>,
    /// Tier that day.
    pub tier: Option<String>,
    /// Since when tier and pack hold.
    pub since: Option<NaiveDate>,
    /// What put the child there.
    pub tier_words: Vec<String>,
    /// The tier that would hold if lowering was approved.
    pub lower_to: Option<String>,
    /// When the next contact is due and why.
    pub contact: Option<Due>,
    /// When the next visit is due and why.
    pub visit: Option<Due>,
    /// What was missed.
    pub misses: Vec<Miss>,
    /// Rounds that run that day.
    pub campaigns: Vec<CampaignToday>,
    /// What another pack changes around that day.
    pub announced: Vec<Announced>,
    /// Month by month, where the file asks for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<Month>,
    /// Ageing-out reminders.
    pub reminders: Vec<Reminder>,
    /// First day without a cadence.
    pub ends_on: Option<NaiveDate>,
    /// First day on which nothing asked for this file any more, once it has come.
    pub ended_on: Option<NaiveDate>,
    /// Attempts since the last time anybody was reached.
    pub attempts_in_a_row: u32,
    /// The problem UNREACHABLE is suggested.
    pub unreachable: bool,
    /// What every event is good for.
    pub events: Vec<EventVerdict>,
    /// Where the report differs from what the file expects, as paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
}

impl CaseFile {
    /// Answers the file's question and its variants.
    pub fn run(&self, packs: &PolicySet) -> Vec<CaseReport> {
        let packs = match &self.area {
            Some(area) => packs.for_area(area),
            None => packs.clone(),
        };
        let first = report(
            &self.title,
            &self.case,
            self.today,
            self.months,
            &self.expect,
            &packs,
        );
        let others = self.also.iter().map(|variant| {
            let case = variant.case.as_ref().unwrap_or(&self.case);
            let today = variant.today.unwrap_or(self.today);
            report(
                &variant.title,
                case,
                today,
                self.months,
                &variant.expect,
                &packs,
            )
        });
        std::iter::once(first).chain(others).collect()
    }
}

fn report(
    title: &str,
    case: &CadenceInput,
    today: NaiveDate,
    strip: u32,
    expect: &Value,
    packs: &PolicySet,
) -> CaseReport {
    let cadence = compute(case, packs, today);
    let contact = cadence.due(Kind::Contact).cloned();
    let visit = cadence.due(Kind::Visit).cloned();
    let Cadence {
        tier,
        since,
        tier_words,
        lower_to,
        pack,
        campaigns,
        misses,
        reminders,
        ends_on,
        ended_on,
        attempts_in_a_row,
        unreachable,
        events,
        ..
    } = cadence;
    let mut report = CaseReport {
        title: title.to_owned(),
        today,
        pack,
        tier,
        since,
        tier_words,
        lower_to,
        contact,
        visit,
        misses,
        campaigns,
        announced: announced(case, packs, today),
        months: months(case, packs, today, strip),
        reminders,
        ends_on,
        ended_on,
        attempts_in_a_row,
        unreachable,
        events,
        differs: Vec::new(),
    };
    let found = serde_json::to_value(&report).unwrap_or(Value::Null);
    let mut differs = Vec::new();
    if !expect.is_null() {
        compare("", expect, &found, &mut differs);
    }
    report.differs = differs;
    report
}

/// Objects may say less than the report; lists must have the same length.
fn compare(path: &str, expect: &Value, found: &Value, differs: &mut Vec<String>) {
    match (expect, found) {
        (Value::Object(expect), Value::Object(found)) => {
            for (key, value) in expect {
                compare(
                    &format!("{path}/{key}"),
                    value,
                    found.get(key).unwrap_or(&Value::Null),
                    differs,
                );
            }
        }
        (Value::Array(expect), Value::Array(found)) if expect.len() == found.len() => {
            for (index, (expect, found)) in expect.iter().zip(found).enumerate() {
                compare(&format!("{path}/{index}"), expect, found, differs);
            }
        }
        _ if expect == found => {}
        _ => differs.push(format!("{path}: expected {expect}, found {found}")),
    }
}
