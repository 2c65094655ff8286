//! What a log may say: codes, ids, counts and sentences of ours, never a person's words.
//!
//! A line of the log is a fixed sentence and fields with names from one list; a value cannot get into the sentence, and a
//! new name is a decision somebody makes here. What the values then hold is what `make canary` looks for.

use super::{Findings, Tree, line_of};
use anyhow::Result;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Names a field of the log may have.
const FIELDS: [&str; 22] = [
    "bytes",
    "by",
    "cause",
    "changes",
    "code",
    "document",
    "documents",
    "epoch",
    "error",
    "hash",
    "id",
    "kind",
    "number",
    "order",
    "outcome",
    "panicked",
    "path",
    "place",
    "reason",
    "seq",
    "staff",
    "until",
];

pub(super) fn check(tree: &Tree, findings: &mut Findings) -> Result<()> {
    for folder in ["crates/", "src-tauri/", "sync-server/src/"] {
        for file in tree.below(folder, ".rs") {
            if file.contains("/tests/") || file.starts_with("crates/xtask/") {
                continue;
            }
            let text = tree.text(file)?;
            for level in LEVELS {
                let call = format!("tracing::{level}!(");
                for (at, _) in text.match_indices(&call) {
                    let inside = arguments(&text[at + call.len()..]);
                    for what in faults(&inside) {
                        findings.add(file, line_of(&text, at), what);
                    }
                }
            }
        }
    }
    Ok(())
}

/// The arguments of a call, from after its bracket.
fn arguments(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    for letter in text.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(letter);
        }
    }
    found
        .into_iter()
        .map(|argument| argument.trim().to_owned())
        .filter(|argument| !argument.is_empty())
        .collect()
}

fn faults(arguments: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for argument in arguments {
        if argument.starts_with('"') {
            if argument.contains('{') {
                faults
                    .push("a value inside the sentence of a log line; give it a field".to_owned());
            }
            continue;
        }
        let name = argument
            .split_once('=')
            .map_or(argument.as_str(), |(name, _)| name)
            .trim()
            .trim_start_matches(['%', '?']);
        if !FIELDS.contains(&name) {
            faults.push(format!("{name} is no field a log may have (tidy/logs.rs)"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(call: &str) -> usize {
        faults(&arguments(call)).len()
    }

    #[test]
    fn codes_and_ids_may_be_logged() {
        assert_eq!(
            faults_of(r#"%error, hash = %local.change.hash, "it (is) kept, so");"#),
            0
        );
        assert_eq!(
            faults_of(r#"code = ?error.code(), documents = all.len(), "looked at");"#),
            0
        );
    }

    #[test]
    fn a_name_or_a_value_in_the_sentence_may_not() {
        assert_eq!(faults_of(r#"child = %child.name, "kept aside");"#), 1);
        assert_eq!(faults_of(r#""kept aside {}", child.name);"#), 2);
        assert_eq!(faults_of(r#"name, "a sentence");"#), 1);
    }
}
