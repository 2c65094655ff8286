//! Which inputs of commands take somebody's words, and whether the journey wrote a canary into each of them.
//!
//! The list of commands and of what each takes is the screens' own (`ui/src/backend`), which other checks keep equal to
//! Rust's. A field either takes words or is an id, a code, a date, a choice; a name in neither list stops the run, so that
//! a new input cannot be forgotten.

use super::Report;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::Path;

/// Names of fields that take words, numbers of people, PINs and codes.
const WORDS: &[&str] = &[
    "approved_by",
    "basis",
    "code",
    "file_name",
    "name",
    "new",
    "note",
    "number",
    "old",
    "person",
    "pin",
    "place",
    "query",
    "reason",
    "receipt",
    "seen",
    "text",
    "value",
    "values",
    "vetting",
    "who",
    "words",
];

/// Names of fields that are ids, codes, dates, places in a form, or the bytes of a file.
const CODED: &[&str] = &[
    "about",
    "absent",
    "address",
    "after",
    "also",
    "answer",
    "at",
    "birth_date",
    "block",
    "body",
    "bytes",
    "card",
    "category",
    "change",
    "child",
    "child_state",
    "children",
    "choice",
    "closing",
    "codes",
    "compare_code",
    "conflict",
    "decision",
    "delegate",
    "device",
    "document",
    "draft",
    "due",
    "duty",
    "event_date",
    "fields",
    "from",
    "grant",
    "holder",
    "household",
    "id",
    "incident",
    "initiated_by",
    "into",
    "item",
    "key",
    "kind",
    "languages",
    "ledger",
    "level",
    "main",
    "measures",
    "mode",
    "month",
    "moved_on",
    "next_mode",
    "next_on",
    "of",
    "on",
    "opening",
    "origin",
    "origin_record",
    "outcome",
    "packet",
    "parent_contact_ok",
    "part",
    "party",
    "position",
    "problem",
    "proposal",
    "purpose",
    "record",
    "referral",
    "region",
    "replaces",
    "request",
    "rights",
    "role",
    "row",
    "same_as",
    "satisfaction",
    "section",
    "severity",
    "sex",
    "sheet",
    "signer",
    "since",
    "staff",
    "start",
    "stead",
    "step",
    "suggested",
    "taken",
    "tiers",
    "to",
    "topics",
    "types",
    "until",
    "urgency",
    "verdict",
    "vetted_on",
    "village",
    "villages",
    "visit",
    "what",
    "whom",
];

/// Fields that have the name of one that takes words and hold a code.
const CODED_THERE: &[&str] = &[
    "AskRightInput.who",
    "AttemptInput.reason",
    "EndAppointmentInput.reason",
    "EraseInput.basis",
    "ErasePartInput.basis",
    "MissInput.reason",
    "ProposeStatusInput.reason",
    "RecuseInput.reason",
    "RevokeInput.reason",
    "SettleInput.value",
    "UrgentInput.reason",
];

/// An input that takes words and gets no canary, with the reason. One that gets one all the same fails the run.
struct Exception {
    /// The command.
    command: &'static str,
    /// Keys on the way to the field, with dots.
    place: &'static str,
    /// Why.
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        command: "recover_answer",
        place: "text",
        reason: "the server's own answer, sealed to the tablet that asked; nobody writes it",
    },
    Exception {
        command: "read_request",
        place: "text",
        reason: "a tablet's keys and numbers; nobody's words",
    },
    Exception {
        command: "offline_digits",
        place: "text",
        reason: "digits the station shows to whoever stands beside it, good once",
    },
    Exception {
        command: "take_differences",
        place: "take.values",
        reason: "columns of a row as write_row fills them, written by the same function",
    },
];

/// A field of a command's input that takes words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Input {
    command: String,
    place: String,
}

/// Inputs that take words, got none, and are no exception.
///
/// # Errors
/// The screens' list of commands is not as it was, or a field is neither words nor coded.
pub fn unplanted(report: &Report) -> Result<Vec<String>> {
    let exempt = |input: &Input| {
        EXCEPTIONS
            .iter()
            .any(|one| one.command == input.command && one.place == input.place)
    };
    Ok(all()?
        .into_iter()
        .filter(|input| !exempt(input) && !is_planted(report, &input.command, &input.place))
        .map(|input| format!("{} {}", input.command, input.place))
        .collect())
}

/// Exceptions for inputs there are none of any more, or that got a canary.
///
/// # Errors
/// As [`unplanted`].
pub fn without_a_reason(report: &Report) -> Result<Vec<String>> {
    let known = all()?;
    let is_needed = |one: &&Exception| {
        let mut known = known.iter();
        known.any(|input| input.command == one.command && input.place == one.place)
            && !is_planted(report, one.command, one.place)
    };
    Ok(EXCEPTIONS
        .iter()
        .filter(|one| !is_needed(one))
        .map(|one| format!("{} {}: {}", one.command, one.place, one.reason))
        .collect())
}

/// Whether a canary stood there, or under it where the field has keys of its own.
fn is_planted(report: &Report, command: &str, place: &str) -> bool {
    report.called.iter().any(|(called, at)| {
        called == command
            && at
                .strip_prefix(place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Every input of every command that takes words.
fn all() -> Result<BTreeSet<Input>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/backend");
    let backend = std::fs::read_to_string(folder.join("backend.ts"))?;
    let mut inputs = BTreeSet::new();
    let mut commands = 0;
    for line in backend.lines() {
        let Some((method, rest)) = line.trim_start().split_once("(input: view.") else {
            continue;
        };
        let (input, _) = rest
            .split_once("): Promise<")
            .with_context(|| format!("no type of an input: {line}"))?;
        commands += 1;
        let command = snake(method);
        for place in words_of(&folder, input)? {
            inputs.insert(Input {
                command: command.clone(),
                place,
            });
        }
    }
    if commands < 100 || inputs.len() < 40 {
        bail!(
            "only {commands} commands take anything, and {} of it words",
            inputs.len()
        );
    }
    Ok(inputs)
}

/// `askFill` as Rust writes it.
fn snake(method: &str) -> String {
    let mut name = String::new();
    for letter in method.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The places in a type that take words.
fn words_of(folder: &Path, name: &str) -> Result<Vec<String>> {
    let file = folder.join("generated").join(format!("{name}.ts"));
    let text = std::fs::read_to_string(&file).with_context(|| format!("{name} is described"))?;
    let text = without_comments(&text);
    let Some((_, body)) = text.split_once(&format!("export type {name} = {{")) else {
        // A list of codes.
        return Ok(Vec::new());
    };
    let body = body.rsplit_once('}').map_or(body, |(body, _)| body);
    let mut places = Vec::new();
    for field in body.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let (key, kind) = field
            .split_once(':')
            .with_context(|| format!("{name} has a field of another shape: {field}"))?;
        let key = key.trim().trim_end_matches('?');
        let kind = kind.trim().trim_end_matches("| null").trim();
        let one = kind
            .strip_prefix("Array<")
            .and_then(|kind| kind.strip_suffix('>'))
            .unwrap_or(kind);
        if matches!(one, "number" | "boolean") {
            continue;
        }
        if one == "string" || one.starts_with('{') {
            let there = format!("{name}.{key}");
            let is_coded = CODED.contains(&key) || CODED_THERE.contains(&there.as_str());
            match (WORDS.contains(&key), is_coded) {
                (true, false) => places.push(key.to_owned()),
                (_, true) => {}
                (false, false) => bail!("{there}: say in canary/inputs.rs whether it takes words"),
            }
            continue;
        }
        for inside in words_of(folder, one)? {
            places.push(format!("{key}.{inside}"));
        }
    }
    Ok(places)
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut left = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        left.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_found_where_it_takes_words_and_counts_once_one_was_written() {
        let known = all().expect("the screens' list");
        let has = |command: &str, place: &str| {
            let (command, place) = (command.to_owned(), place.to_owned());
            known.contains(&Input { command, place })
        };
        assert!(has("ask_fill", "text") && has("record_contact", "note"));
        assert!(has("report_problem", "mandatory.receipt") && has("write_row", "values"));
        assert!(!has("record_attempt", "reason") && !has("child_file", "id"));

        let mut report = Report::default();
        let silent = unplanted(&report).expect("the screens' list");
        assert!(silent.contains(&"write_row values".to_owned()));
        let (command, place) = ("write_row".to_owned(), "values.text".to_owned());
        report.called.insert((command, place));
        let silent = unplanted(&report).expect("the screens' list");
        assert!(!silent.contains(&"write_row values".to_owned()));
        assert!(silent.contains(&"ask_fill text".to_owned()));
        assert!(without_a_reason(&report).expect("the list").is_empty());
    }
}
