//! Whom or what a problem is known from, and since when it is so (domain.md §4.3 J, §6.2). Both may be left unsaid.

use crate::contacts::event_date;
use crate::error::ClientError;
use crate::view::ProblemInput;
use chrono::NaiveDate;
use domain::calendar::full_date_words;
use domain::policy::PolicyPack;
use domain::problem::Problem;
use domain::record::Edit;

/// The policy's list of where problems are known from.
pub(super) const LIST: &str = "PROBLEM_ORIGIN";
/// Fields of the problem.
const ORIGIN: &str = "origin";
const SINCE: &str = "since";
/// Nobody knows since when.
const UNKNOWN: &str = "unknown";
/// The same in words.
const NOT_KNOWN: &str = "不清楚";

/// What was said of it, checked.
#[derive(Debug)]
pub(super) struct Known {
    code: Option<String>,
    label: Option<String>,
    since: Option<Since>,
}

#[derive(Debug)]
enum Since {
    Day(NaiveDate),
    Unknown,
}

/// Reads what the page says.
///
/// # Errors
/// `value_invalid` for what is in no list, `date_invalid`, `date_future`.
pub(super) fn said(
    pack: &PolicyPack,
    today: NaiveDate,
    input: &ProblemInput,
) -> Result<Known, ClientError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let code = given(&input.origin);
    let label = match &code {
        Some(code) => {
            let item = pack.list(LIST).iter().find(|item| item.code == *code);
            let unknown = || ClientError::new("value_invalid").with("value", code);
            Some(item.ok_or_else(unknown)?.label.clone())
        }
        None => None,
    };
    let since = match given(&input.since).as_deref() {
        Some(UNKNOWN) => Some(Since::Unknown),
        Some(day) => Some(Since::Day(event_date(day, today)?)),
        None => None,
    };
    Ok(Known { code, label, since })
}

impl Known {
    /// As the problem's document says it.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let origin = self
            .code
            .iter()
            .map(|code| Edit::put(ORIGIN, code.as_str()));
        let since = self.since.iter().map(|since| {
            let text = match since {
                Since::Day(day) => day.to_string(),
                Since::Unknown => UNKNOWN.to_owned(),
            };
            Edit::put(SINCE, text)
        });
        origin.chain(since).collect()
    }

    /// As sealed words say it, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let origin = self
            .label
            .iter()
            .map(|label| format!("怎么知道的：{label}"));
        let since = self.since.iter().map(|since| match since {
            Since::Day(day) => format!("从什么时候开始：{}", full_date_words(*day)),
            Since::Unknown => format!("从什么时候开始：{NOT_KNOWN}"),
        });
        origin.chain(since).collect()
    }
}

/// Whom or what it is known from, in words.
pub(super) fn words(pack: &PolicyPack, problem: &Problem) -> Option<String> {
    let code = problem.text(ORIGIN)?;
    Some(pack.label(LIST, code).to_owned())
}

/// What one of these fields says, in words; none for any other field.
pub(crate) fn field_words(pack: Option<&PolicyPack>, key: &str, text: &str) -> Option<String> {
    match (key, pack) {
        (ORIGIN, Some(pack)) => Some(pack.label(LIST, text).to_owned()),
        (SINCE, _) if text == UNKNOWN => Some(NOT_KNOWN.to_owned()),
        (ORIGIN | SINCE, _) => Some(text.to_owned()),
        _ => None,
    }
}

/// Since when it is so: a day, or `unknown`.
pub(super) fn since(problem: &Problem) -> Option<String> {
    problem.text(SINCE).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn pack() -> PolicyPack {
        PolicyPack::parse(include_str!("../../../../policy/sh-2024-2026.json"))
            .expect("the shipped pack is tested")
    }

    fn asked(origin: Option<&str>, since: Option<&str>) -> Result<Known, ClientError> {
        let input: ProblemInput = serde_json::from_value(serde_json::json!({
            "children": [], "card": "school", "urgency": "days", "seen": "", "origin_record": null, "mandatory": null,
            "origin": origin, "since": since,
        }))
        .expect("as a page sends it");
        said(&pack(), day("2026-11-24"), &input)
    }

    #[test]
    fn both_may_be_left_unsaid_and_what_is_said_is_checked() {
        let none = asked(None, Some("")).expect("nothing is asked for");
        assert!(none.edits().is_empty() && none.lines().is_empty());
        let code = |found: Result<Known, ClientError>| found.expect_err("refused").code();
        assert_eq!(code(asked(Some("rumour"), None)), "value_invalid");
        assert_eq!(code(asked(None, Some("2026-11-25"))), "date_future");
        assert_eq!(code(asked(None, Some("上个月"))), "date_invalid");
    }

    #[test]
    fn a_sealed_matter_says_the_same_in_words() {
        let said = asked(Some("school"), Some("2026-11-20")).expect("known");
        assert_eq!(said.edits().len(), 2);
        assert_eq!(
            said.lines(),
            ["怎么知道的：学校", "从什么时候开始：2026年11月20日"]
        );
        let unknown = asked(None, Some("unknown")).expect("nobody knows");
        assert_eq!(unknown.lines(), ["从什么时候开始：不清楚"]);
    }
}
