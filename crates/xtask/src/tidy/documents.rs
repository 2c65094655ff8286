//! The documents against the repository: the map, the ADR index, links, named files and functions, the protocol's twin,
//! the glossary.

use super::{Findings, Tree, between, line_of, line_with, under};
use anyhow::Result;
use std::collections::BTreeSet;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const DECISIONS: &str = "docs/adr/";
const INDEX: &str = "docs/adr/README.md";
const MESSAGES: [&str; 4] = [
    "crates/protocol/src/message.rs",
    "crates/protocol/src/snapshot.rs",
    "crates/protocol/src/blob.rs",
    "crates/protocol/src/station.rs",
];
const PROTOCOL: &str = "docs/protocol.md";
const GLOSSARY: &str = "docs/glossary.md";
/// Where the tasks of `cargo xtask` are listed.
const TASKS: &str = "crates/xtask/src/main.rs";

pub(super) fn check(tree: &Tree, findings: &mut Findings) -> Result<()> {
    map(tree, findings)?;
    decisions(tree, findings)?;
    links(tree, findings)?;
    messages(tree, findings)?;
    let code = code(tree)?;
    named(tree, findings, &code)?;
    glossary(tree, findings, &code)
}

/// The map names every member of the workspace and every other top folder, each once, and nothing else.
fn map(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let manifest = tree.text("Cargo.toml")?;
    let list = between(&manifest, "members = [", "]");
    let mut wanted: BTreeSet<String> = list
        .first()
        .map(|(_, list)| between(list, "\"", "\""))
        .unwrap_or_default()
        .into_iter()
        .map(|(_, member)| member.to_owned())
        .collect();
    for file in &tree.files {
        if let Some((folder, _)) = file.split_once('/')
            && !wanted
                .iter()
                .any(|place| place.split('/').next() == Some(folder))
        {
            wanted.insert(folder.to_owned());
        }
    }
    let text = tree.text(ARCHITECTURE)?;
    let Some((line, table)) = under(&text, "## The map") else {
        findings.add(ARCHITECTURE, 1, "there is no section \"## The map\"");
        return Ok(());
    };
    let mut named = BTreeSet::new();
    for (number, row) in table.lines().enumerate() {
        let Some(place) = row
            .strip_prefix("| `")
            .and_then(|rest| rest.split('`').next())
        else {
            continue;
        };
        let number = line + number;
        if !wanted.contains(place) {
            findings.add(
                ARCHITECTURE,
                number,
                format!("the map names {place}, which is neither a member nor a top folder"),
            );
        }
        if !named.insert(place.to_owned()) {
            findings.add(ARCHITECTURE, number, format!("the map names {place} twice"));
        }
    }
    for place in wanted.difference(&named) {
        findings.add(ARCHITECTURE, line, format!("the map does not name {place}"));
    }
    Ok(())
}

/// The index links every decision and nothing else; a decision's heading carries its number.
fn decisions(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let index = tree.text(INDEX)?;
    let mut numbers = BTreeSet::new();
    for file in tree.below(DECISIONS, ".md").filter(|file| *file != INDEX) {
        let name = &file[DECISIONS.len()..];
        let number = &name[..name.len().min(4)];
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.add(file, 1, "a decision's name begins with four digits");
        } else if !numbers.insert(number.to_owned()) {
            findings.add(file, 1, format!("there is another decision {number}"));
        }
        if !tree.text(file)?.starts_with(&format!("# {number} ")) {
            findings.add(
                file,
                1,
                format!("the heading does not begin with \"# {number} \""),
            );
        }
        if !index.contains(&format!("]({name})")) {
            findings.add(INDEX, 1, format!("{name} is not in the index"));
        }
    }
    Ok(())
}

/// Links to files lead somewhere.
fn links(tree: &Tree, findings: &mut Findings) -> Result<()> {
    for file in tree.below("", ".md") {
        let text = tree.text(file)?;
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (at, target) in between(&text, "](", ")") {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.contains(char::is_whitespace) {
                continue;
            }
            if !tree.exists(&joined(folder, path)) {
                findings.add(file, line_of(&text, at), format!("{path} is not there"));
            }
        }
    }
    Ok(())
}

/// A link as a path from the top.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Every message has its paragraph.
fn messages(tree: &Tree, findings: &mut Findings) -> Result<()> {
    let prose = tree.text(PROTOCOL)?;
    if prose.is_empty() {
        findings.add(PROTOCOL, 1, "there is no prose for the messages");
        return Ok(());
    }
    for file in MESSAGES {
        for (number, line) in tree.text(file)?.lines().enumerate() {
            let name = ["pub struct ", "pub enum "]
                .iter()
                .find_map(|start| line.strip_prefix(start))
                .and_then(|rest| rest.split([' ', '<', '(', '{', ';']).next());
            if let Some(name) = name
                && !has_word(&prose, name)
            {
                findings.add(file, number + 1, format!("{name} is not in {PROTOCOL}"));
            }
        }
    }
    Ok(())
}

/// Everything a document may speak of: source, data and build files, with their paths.
fn code(tree: &Tree) -> Result<String> {
    let mut code = String::new();
    for ending in [
        ".rs", ".ts", ".vue", ".json", ".sql", ".mjs", ".toml", ".py", ".sh",
    ] {
        for file in tree
            .below("", ending)
            .filter(|file| !file.ends_with("package-lock.json"))
        {
            code.push_str(file);
            code.push('\n');
            code.push_str(&tree.text(file)?);
        }
    }
    Ok(code)
}

/// Each word the glossary says the code uses is in the code.
fn glossary(tree: &Tree, findings: &mut Findings, code: &str) -> Result<()> {
    let text = tree.text(GLOSSARY)?;
    if text.is_empty() {
        findings.add(GLOSSARY, 1, "there is no glossary");
    }
    for (number, row) in text
        .lines()
        .enumerate()
        .filter(|(_, row)| row.starts_with('|'))
    {
        for (_, word) in between(row, "`", "`") {
            if !code.contains(word) {
                findings.add(
                    GLOSSARY,
                    number + 1,
                    format!("the code nowhere says {word}"),
                );
            }
        }
    }
    Ok(())
}

/// Files, functions, tests and commands a document names in `code marks` are there.
fn named(tree: &Tree, findings: &mut Findings, code: &str) -> Result<()> {
    let (makefile, tasks) = (tree.text("Makefile")?, tree.text(TASKS)?);
    for file in tree.below("", ".md").filter(|file| *file != GLOSSARY) {
        let text = tree.text(file)?;
        let mut is_fenced = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_fenced = !is_fenced;
            }
            if is_fenced || line.trim_start().starts_with("```") {
                continue;
            }
            for (_, name) in between(line, "`", "`") {
                let is_there = match Named::of(name) {
                    Named::Path => is_path(tree, name),
                    Named::Code(word) => has_word(code, word),
                    Named::Target(target) => makefile.contains(&format!("\n{target}:")),
                    Named::Task(task) => has_word(&tasks, &capitalised(task)),
                    Named::Other => true,
                };
                if !is_there {
                    findings.add(file, number + 1, format!("{name} is not there"));
                }
            }
        }
    }
    Ok(())
}

/// What a text in code marks is.
#[derive(Debug, PartialEq)]
enum Named<'a> {
    Path,
    Code(&'a str),
    /// `make` and what for.
    Target(&'a str),
    /// `cargo xtask` and what for.
    Task(&'a str),
    Other,
}

impl<'a> Named<'a> {
    fn of(text: &'a str) -> Self {
        let is_plain = |extra: &str| {
            text.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || extra.contains(c))
        };
        let is_ours = [
            "crates/",
            "sync-server/",
            "src-tauri/",
            "tests/",
            "ui/",
            "policy/",
            "docs/",
            "scripts/",
            "store/",
            "domain/",
            "client/",
            "protocol/",
            "office/",
        ]
        .iter()
        .any(|start| text.starts_with(start));
        let is_file = [".rs", ".vue", ".ts", ".sql", ".md", ".py", ".sh", ".mjs"]
            .iter()
            .any(|end| text.ends_with(end));
        if is_plain("/.-") && (is_ours || is_file) && !text.starts_with('.') {
            Self::Path
        } else if is_plain(":") && text.contains("::") {
            Self::Code(text.rsplit(':').next().unwrap_or(text))
        } else if is_plain("") && text.matches('_').count() >= 3 {
            Self::Code(text)
        } else {
            Self::command(text)
        }
    }

    /// A command of ours, or something else.
    fn command(text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["make", target, ..] if !target.contains('=') => Self::Target(target),
            ["cargo", "xtask", task, ..] => Self::Task(task),
            _ => Self::Other,
        }
    }
}

/// A file or folder, named from the top or by the end of its path; `src` may be left out.
fn is_path(tree: &Tree, name: &str) -> bool {
    let name = name.trim_end_matches('/');
    tree.files.iter().any(|file| {
        let short = file.replace("/src/", "/");
        [file.as_str(), short.as_str()].into_iter().any(|file| {
            let file = format!("/{file}/");
            file.contains(&format!("/{name}/"))
        })
    })
}

/// A task as its variant is called.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A whole word, not a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part =
        |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

/// Line of a key in a JSON file, for a finding.
pub(super) fn line_of_key(text: &str, key: &str) -> usize {
    line_with(text, &format!("\"{key}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_from_its_own_folder() {
        assert_eq!(joined("docs/adr", "../protocol.md"), "docs/protocol.md");
        assert_eq!(joined("", "./LICENSE"), "LICENSE");
    }

    #[test]
    fn a_name_is_told_by_its_shape() {
        assert_eq!(Named::of("store/src/open.rs"), Named::Path);
        assert_eq!(Named::of("records::save_with"), Named::Code("save_with"));
        assert_eq!(
            Named::of("a_wrong_key_refuses"),
            Named::Code("a_wrong_key_refuses")
        );
        assert_eq!(Named::of("make kill N=200"), Named::Target("kill"));
        assert_eq!(Named::of("make N=200"), Named::Other);
        assert_eq!(Named::of("cargo xtask due CASE.json"), Named::Task("due"));
        assert_eq!(capitalised("due"), "Due");
        assert_eq!(Named::of("opt-level = 3"), Named::Other);
    }

    #[test]
    fn a_part_of_a_longer_word_is_not_the_word() {
        assert!(has_word("a `Tick` is", "Tick"));
        assert!(!has_word("two Ticks", "Tick"));
    }
}
