//! A form tried without a screen: answers in, what the form makes of them out (`cargo xtask answer`).

use super::answers::{Answer, Answers, PartAnswers, SESSION};
use super::edit::{initial_answers, same_as_last, set_answer, set_row};
use super::pack::FormPack;
use super::session::{effective_answers, evaluate};
use super::state::{ChildContext, FormContext, LastAnswers, QuestionState, SaveRefusal};
use super::summary::{SummaryGivens, auto_summary};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answers by part and question key; in rows `key@ROW`.
pub type Given = BTreeMap<String, BTreeMap<String, GivenAnswer>>;

/// One answer as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum GivenAnswer {
    /// A code, a text or a date.
    One(String),
    /// A whole number.
    Number(i64),
    /// Several codes.
    Many(Vec<String>),
}

/// A child of the trial.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialChild {
    /// Name of the child's part.
    pub id: String,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Full years.
    #[serde(default)]
    pub age: Option<u32>,
    /// Left behind by its working parents.
    #[serde(default)]
    pub left_behind: bool,
    /// Lives at school.
    #[serde(default)]
    pub boarder: bool,
    /// m or f.
    #[serde(default)]
    pub sex: Option<String>,
}

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialFile {
    /// The day.
    pub today: NaiveDate,
    /// Whom the visit concerns.
    pub children: Vec<TrialChild>,
    /// The short form, unless false.
    #[serde(default = "yes")]
    pub short: bool,
    /// Answers of the last visit.
    #[serde(default)]
    pub last: Given,
    /// When the next visit would be due.
    #[serde(default)]
    pub next_visit: Option<NaiveDate>,
    /// When the next contact would be due.
    #[serde(default)]
    pub next_contact: Option<NaiveDate>,
    /// Rows added: part, section, names.
    #[serde(default)]
    pub rows: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Answers.
    #[serde(default)]
    pub answers: Given,
    /// Sections of a part where 和上次一样 is tapped, after the answers.
    #[serde(default)]
    pub same: BTreeMap<String, Vec<String>>,
}

fn yes() -> bool {
    true
}

/// What the form makes of it. Keys are in the order of the form, so two reports can be compared line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrialReport {
    /// Pack id.
    pub pack: String,
    /// Version.
    pub version: u32,
    /// Content hash.
    pub hash: String,
    /// Questions shown, by part.
    pub shown: BTreeMap<String, Vec<String>>,
    /// Shown, wanted and open, by part.
    pub missing: BTreeMap<String, Vec<String>>,
    /// Shown with an answer that cannot be: what is said about it.
    pub wrong: BTreeMap<String, BTreeMap<String, String>>,
    /// Shown and following from other answers.
    pub computed: BTreeMap<String, BTreeMap<String, String>>,
    /// Taken over by 和上次一样.
    pub carried: BTreeMap<String, Vec<String>>,
    /// Answers that were not taken, and why.
    pub refused: BTreeMap<String, BTreeMap<String, String>>,
    /// The mandatory-report page opens because of these: part, question, code.
    pub mandatory: Vec<[String; 3]>,
    /// Problems worth reporting: part and type.
    pub suggested: Vec<[String; 2]>,
    /// Nobody was met.
    pub attempt: bool,
    /// Saving is held back by these: part and question.
    pub held_back: Vec<[String; 2]>,
    /// The summary of each child.
    pub summary: BTreeMap<String, String>,
}

/// Tries a form.
#[must_use]
pub fn run(pack: &FormPack, file: &TrialFile) -> TrialReport {
    let context = FormContext {
        today: file.today,
        children: file.children.iter().map(child).collect(),
        people: Vec::new(),
        last: last(pack, file),
        next_visit: file.next_visit,
        next_contact: file.next_contact,
    };
    let mut answers = initial_answers(pack, &context);
    let mut refused: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut refuse = |part: &str, key: &str, why: String| {
        let part = refused.entry(part.to_owned()).or_default();
        part.insert(key.to_owned(), why);
    };
    for (part, sections) in &file.rows {
        for (section, rows) in sections {
            for row in rows {
                if let Err(why) = set_row(pack, &context, &mut answers, part, section, row, true) {
                    refuse(part, &format!("{section}@{row}"), why.to_string());
                }
            }
        }
    }
    for (part, given) in &file.answers {
        for (key, given) in given {
            let (codes, text) = shape(pack, key, given);
            let set = set_answer(
                pack,
                &context,
                &mut answers,
                part,
                key,
                &codes,
                text.as_deref(),
            );
            if let Err(why) = set {
                refuse(part, key, why.to_string());
            }
        }
    }
    for (part, sections) in &file.same {
        for section in sections {
            let same = same_as_last(pack, &context, &mut answers, file.short, part, section);
            if let Err(why) = same {
                refuse(part, section, why.to_string());
            }
        }
    }
    let state = evaluate(pack, &context, &answers, file.short);
    let mut report = TrialReport {
        pack: pack.id.clone(),
        version: pack.version,
        hash: pack.content_hash().to_owned(),
        shown: BTreeMap::new(),
        missing: BTreeMap::new(),
        wrong: BTreeMap::new(),
        computed: BTreeMap::new(),
        carried: BTreeMap::new(),
        refused,
        mandatory: state
            .mandatory_reasons
            .iter()
            .map(|reason| [reason.part.clone(), reason.key.clone(), reason.code.clone()])
            .collect(),
        suggested: state
            .suggestions
            .iter()
            .map(|one| [one.part.clone(), one.problem.clone()])
            .collect(),
        attempt: state.is_attempt,
        held_back: state
            .refusals
            .iter()
            .map(|refusal| match refusal {
                SaveRefusal::Missing { part, key, .. } | SaveRefusal::Invalid { part, key, .. } => {
                    [part.clone(), key.clone()]
                }
            })
            .collect(),
        summary: summaries(pack, &context, &answers, file.short),
    };
    for part in &state.parts {
        let sections = part.sections.iter();
        let questions = sections.flat_map(|section| {
            let rows = section.rows.iter().flat_map(|row| &row.questions);
            section.questions.iter().chain(rows)
        });
        for question in questions {
            report.note(&part.part, question);
        }
    }
    report
}

impl TrialReport {
    fn note(&mut self, part: &str, question: &QuestionState) {
        let key = &question.key;
        let list = |lists: &mut BTreeMap<String, Vec<String>>| {
            lists.entry(part.to_owned()).or_default().push(key.clone());
        };
        list(&mut self.shown);
        if question.missing {
            list(&mut self.missing);
        }
        if question.carried {
            list(&mut self.carried);
        }
        if let Some(message) = &question.message {
            let part = self.wrong.entry(part.to_owned()).or_default();
            part.insert(key.clone(), message.clone());
        }
        if question.calculated {
            let value = question
                .text
                .clone()
                .unwrap_or_else(|| question.codes.join(" "));
            let part = self.computed.entry(part.to_owned()).or_default();
            part.insert(key.clone(), value);
        }
    }
}

fn child(child: &TrialChild) -> ChildContext {
    ChildContext {
        id: child.id.clone(),
        name: child.name.clone(),
        age: child.age,
        left_behind: child.left_behind,
        boarder: child.boarder,
        sex: child.sex.clone(),
    }
}

/// Codes for questions of choices, text for the others.
fn shape(pack: &FormPack, key: &str, given: &GivenAnswer) -> (Vec<String>, Option<String>) {
    let choices = pack
        .question(key)
        .is_some_and(|question| question.kind.has_codes());
    match given {
        GivenAnswer::Many(codes) => (codes.clone(), None),
        GivenAnswer::One(code) if choices => (vec![code.clone()], None),
        GivenAnswer::One(text) => (Vec::new(), Some(text.clone())),
        GivenAnswer::Number(number) => (Vec::new(), Some(number.to_string())),
    }
}

fn last(pack: &FormPack, file: &TrialFile) -> BTreeMap<String, LastAnswers> {
    file.last
        .iter()
        .map(|(part, given)| {
            let answers = given
                .iter()
                .map(|(key, given)| {
                    let (codes, text) = shape(pack, key, given);
                    let answer = Answer {
                        codes,
                        text,
                        unchanged_from: None,
                    };
                    (key.clone(), answer)
                })
                .collect();
            let answers = PartAnswers {
                answers,
                ..PartAnswers::default()
            };
            let record = "last".to_owned();
            (part.clone(), LastAnswers::of(record, answers))
        })
        .collect()
}

fn summaries(
    pack: &FormPack,
    context: &FormContext,
    answers: &Answers,
    short: bool,
) -> BTreeMap<String, String> {
    let effective = effective_answers(pack, context, answers, short);
    let session = effective.answers.part(SESSION);
    let givens = SummaryGivens {
        next_visit: context.next_visit,
        ..SummaryGivens::default()
    };
    context
        .children
        .iter()
        .map(|child| {
            let part = effective.answers.part(&child.id);
            (child.id.clone(), auto_summary(pack, session, part, &givens))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_what_is_shown_missing_wrong_and_computed() {
        let pack =
            FormPack::from_json(include_str!("../../../../policy/forms/hv-cn-3.json")).unwrap();
        let file: TrialFile = serde_json::from_str(
            r#"{"today": "2026-11-26", "children": [{"id": "c1", "name": "小雨", "age": 9, "left_behind": true}],
            "last": {"session": {"b_house": "good", "b_live_with": ["gp"]}, "c1": {"l_overall": "normal"}},
            "answers": {"session": {"a_met": ["child", "caregiver"], "a_date": "2026-12-01", "g_hazards": ["H01"], "a_place": "moon"},
                        "c1": {"l_overall": "normal", "f_beh": ["selfharm"]}},
            "same": {"session": ["B"]}}"#,
        )
        .unwrap();
        let report = run(&pack, &file);
        assert!(report.shown["c1"].contains(&"a_alone".to_owned()));
        assert!(!report.shown["c1"].contains(&"a_not_seen_why".to_owned()));
        assert!(report.missing["c1"].contains(&"e_health".to_owned()));
        assert_eq!(report.wrong["session"]["a_date"], "走访日期不能晚于今天");
        assert_eq!(report.computed["c1"]["a_seen"], "y");
        assert_eq!(report.computed["c1"]["l_change"], "same");
        assert_eq!(report.computed["session"]["g_H01"], "open");
        assert!(report.carried["session"].contains(&"b_house".to_owned()));
        assert_eq!(report.refused["session"]["a_place"], "no such option");
        assert_eq!(
            report.mandatory,
            [["c1".to_owned(), "f_beh".to_owned(), "selfharm".to_owned()]]
        );
        assert!(
            report
                .suggested
                .contains(&["session".to_owned(), "HAZARD".to_owned()])
        );
        assert_eq!(
            report.held_back,
            [["session".to_owned(), "a_date".to_owned()]]
        );
        assert!(report.summary["c1"].starts_with("总体情况：正常，无变化。"));
    }
}
