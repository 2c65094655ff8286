//! Codes and commands against the screens: every code has words in both languages, every command a method.

use super::documents::line_of_key;
use super::{Findings, Tree, between, line_of, line_with};
use anyhow::{Context, Result};
use client::commands::{COMMANDS, EXTENSION_COMMANDS};
use protocol::RefusalCode;
use serde_json::Value;
use std::collections::BTreeMap;

const LOCALES: [&str; 2] = ["zh-CN", "en"];
const BACKEND: &str = "ui/src/backend/backend.ts";
const OUTCOME: &str = "crates/protocol/src/outcome.rs";
const SERVER_ERRORS: &str = "sync-server/src/error.rs";
/// Where a code may be born that a screen gets to see.
const CODE_SOURCES: [&str; 4] = [
    "crates/client/src/",
    "crates/office/src/",
    "crates/webhost/src/",
    "src-tauri/src/",
];

pub(super) fn check(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let codes = error_codes(tree)?;
    for locale in LOCALES {
        let errors = Locale::read(tree, locale, "errors")?;
        for (code, (file, line)) in &codes {
            if !errors.has(&[code]) {
                findings.add(
                    file,
                    *line,
                    format!("{code} has no words in {}", errors.file),
                );
            }
        }
        let refusals = Locale::read(tree, locale, "refusals")?;
        let sync = Locale::read(tree, locale, "sync")?;
        let outcome = tree.text(OUTCOME)?;
        for code in RefusalCode::ALL {
            let code = code.as_str();
            let line = line_of_key(&outcome, code);
            if !refusals.has(&[code]) {
                findings.add(
                    OUTCOME,
                    line,
                    format!("{code} has no words in {}", refusals.file),
                );
            }
            if !sync.has(&["next", code]) {
                findings.add(
                    OUTCOME,
                    line,
                    format!("{code} has no next step in {}", sync.file),
                );
            }
        }
    }
    commands(tree, findings)
}

/// A locale file.
struct Locale {
    file: String,
    words: Value,
}

impl Locale {
    fn read(tree: &Tree, locale: &str, name: &str) -> Result<Self> {
        let file = format!("ui/src/locales/{locale}/{name}.json");
        let words = serde_json::from_str(&tree.text(&file)?).with_context(|| file.clone())?;
        Ok(Self { file, words })
    }

    fn has(&self, path: &[&str]) -> bool {
        let found = path
            .iter()
            .try_fold(&self.words, |value, key| value.get(key));
        found
            .and_then(Value::as_str)
            .is_some_and(|text| !text.trim().is_empty())
    }
}

/// Every code a screen may get, with the first place it is made.
fn error_codes(tree: &Tree) -> Result<BTreeMap<String, (String, usize)>> {
    let mut codes = BTreeMap::new();
    for file in CODE_SOURCES
        .iter()
        .flat_map(|folder| tree.below(folder, ".rs"))
    {
        let text = tree.text(file)?;
        for (at, code) in codes_in(&text) {
            codes
                .entry(code.to_owned())
                .or_insert_with(|| (file.to_owned(), line_of(&text, at)));
        }
    }
    // What the server refuses a whole request with stands on the sync page under its own code.
    let server = tree.text(SERVER_ERRORS)?;
    let table = server.find("\napi_errors! {").unwrap_or(server.len());
    for (at, code) in between(block_after(&server[table..]), ", \"", "\"") {
        if is_code(code) {
            codes
                .entry(code.to_owned())
                .or_insert_with(|| (SERVER_ERRORS.to_owned(), line_of(&server, table + at)));
        }
    }
    Ok(codes)
}

/// `ClientError::new("code")`, a refusal of the web host, and the arms of a `match` that gives a code.
fn codes_in(text: &str) -> Vec<(usize, &str)> {
    let mut found = between(text, "ClientError::new(\"", "\"");
    for (at, call) in between(text, "refuse(StatusCode::", ")") {
        found.extend(
            between(call, "\"", "\"")
                .into_iter()
                .map(|(inner, code)| (at + inner, code)),
        );
    }
    for start in ["let code = match", "fn code(&self) -> &'static str"] {
        for (begin, _) in text.match_indices(start) {
            let block = block_after(&text[begin..]);
            found.extend(
                between(block, "=> \"", "\"")
                    .into_iter()
                    .map(|(inner, code)| (begin + inner, code)),
            );
        }
    }
    found.retain(|(_, code)| is_code(code));
    found
}

/// From here to the brace that closes the first one opened.
fn block_after(text: &str) -> &str {
    let mut depth = 0usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &text[..at];
                }
            }
            _ => {}
        }
    }
    text
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The list in the screens' backend is the list in Rust.
fn commands(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let text = tree.text(BACKEND)?;
    let lists = between(&text, "export const commands = [", "]");
    let Some((at, list)) = lists.first() else {
        findings.add(BACKEND, 1, "there is no list of commands");
        return Ok(());
    };
    let listed: Vec<&str> = between(list, "'", "'")
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    let known: Vec<&str> = COMMANDS.iter().chain(EXTENSION_COMMANDS).copied().collect();
    for command in known.iter().filter(|command| !listed.contains(command)) {
        findings.add(
            BACKEND,
            line_of(&text, *at),
            format!("the command {command} is missing"),
        );
    }
    for command in listed.iter().filter(|command| !known.contains(command)) {
        let line = line_with(&text, &format!("'{command}'"));
        findings.add(BACKEND, line, format!("Rust knows no command {command}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_they_are_made() {
        let text = r#"
            return Err(ClientError::new("draft_gone"));
            let code = match error { A { left } => return x, B => "disk_full", _ => "internal", };
            let word = match kind { A => "visit", };
            refuse(StatusCode::FORBIDDEN, "wrong_token")
        "#;
        let found: Vec<&str> = codes_in(text).into_iter().map(|(_, code)| code).collect();
        assert_eq!(
            found,
            ["draft_gone", "wrong_token", "disk_full", "internal"]
        );
    }
}
