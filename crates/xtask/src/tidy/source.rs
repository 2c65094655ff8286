//! The source against the architecture: who names whom, where SQL and Automerge live, what stays pure.

use super::{Findings, Tree, between};
use anyhow::Result;

/// Which crates of ours a crate may stand on (ARCHITECTURE.md, "The map"). Tools and tests may use any.
const ARROWS: [(&str, &[&str]); 10] = [
    ("crates/ids", &[]),
    ("crates/domain", &["ids"]),
    ("crates/protocol", &["ids"]),
    ("crates/rescue", &["ids"]),
    ("crates/store", &["ids", "domain", "rescue"]),
    (
        "crates/client",
        &["ids", "domain", "protocol", "rescue", "store"],
    ),
    ("crates/office", &["ids", "domain", "client"]),
    ("crates/webhost", &["client", "office"]),
    ("src-tauri", &["client", "office"]),
    ("sync-server", &["ids", "protocol", "rescue"]),
];

const OURS: [&str; 9] = [
    "ids",
    "domain",
    "protocol",
    "rescue",
    "store",
    "client",
    "office",
    "webhost",
    "sync-server",
];

/// Files that may name Automerge, apart from tests: the shapes, and where the store keeps and joins their bytes.
const NAMES_AUTOMERGE: [&str; 6] = [
    "crates/store/src/documents.rs",
    "crates/store/src/documents/beside.rs",
    "crates/store/src/documents/contained.rs",
    "crates/store/src/changes.rs",
    // The source of an error, kept for the log.
    "crates/store/src/error.rs",
    // Runs in a process of its own (docs/adr/0013).
    "sync-server/src/judge.rs",
];

/// Crates without IO, clock and randomness.
const PURE: [&str; 4] = [
    "crates/ids/src/",
    "crates/domain/src/",
    "crates/protocol/src/",
    "crates/rescue/src/",
];
const IMPURE: [&str; 11] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "getrandom",
    "Uuid::new_v",
];

const STATEMENTS: [&str; 6] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "REPLACE INTO ",
];

pub(super) fn check(tree: &Tree, findings: &mut Findings) -> Result<()> {
    for (folder, allowed) in ARROWS {
        arrows(tree, findings, folder, allowed)?;
    }
    for file in tree.below("", ".rs") {
        let text = tree.text(file)?;
        for (number, line) in code_lines(&text) {
            if line.contains(concat!("automerge", "::")) && !may_name_automerge(file) {
                findings.add(
                    file,
                    number,
                    "names Automerge; only the document shapes, the store's documents and the server's judge do",
                );
            }
            if is_in(file, &["crates/store/src/", "sync-server/src/"]) && holds_statement(line) {
                findings.add(
                    file,
                    number,
                    "SQL belongs into a .sql file beside the module",
                );
            }
            if is_in(file, &PURE)
                && let Some(found) = IMPURE.iter().find(|name| line.contains(**name))
            {
                findings.add(
                    file,
                    number,
                    format!("{found} in a crate without IO, clock and randomness"),
                );
            }
        }
    }
    for file in tree
        .below("ui/src/", "")
        .filter(|file| file.ends_with(".ts") || file.ends_with(".vue"))
    {
        for (number, line) in tree.text(file)?.lines().enumerate() {
            if line.contains("@tauri-apps") && !file.starts_with("ui/src/backend/") {
                findings.add(
                    file,
                    number + 1,
                    "the window's library is imported in ui/src/backend only",
                );
            }
        }
    }
    Ok(())
}

/// A crate's dependencies outside its tests go down the picture only.
fn arrows(tree: &Tree, findings: &mut Findings, folder: &str, allowed: &[&str]) -> Result<()> {
    let file = format!("{folder}/Cargo.toml");
    let mut section = "";
    for (number, line) in tree.text(&file)?.lines().enumerate() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        let counts = section.ends_with("dependencies") && !section.contains("dev-");
        if counts && OURS.contains(&name) && !allowed.contains(&name) {
            findings.add(
                &file,
                number + 1,
                format!("{folder} may not stand on {name}"),
            );
        }
    }
    Ok(())
}

/// Lines of code before the tests of a file, comments left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line))
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn is_in(file: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| file.starts_with(folder))
}

fn may_name_automerge(file: &str) -> bool {
    let is_shape = file.starts_with("crates/domain/src/") && file.ends_with("doc.rs");
    let is_test = file.starts_with("tests/") || file.contains("/tests/");
    is_shape || is_test || NAMES_AUTOMERGE.contains(&file)
}

fn holds_statement(line: &str) -> bool {
    between(line, "\"", "\"").iter().any(|(_, text)| {
        STATEMENTS
            .iter()
            .any(|statement| text.trim_start().starts_with(statement))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_in_a_string_is_seen_and_a_word_in_a_sentence_is_not() {
        assert!(holds_statement(r#"query("SELECT 1 FROM meta")"#));
        assert!(!holds_statement(r#"expect("the INSERT before holds")"#));
    }

    #[test]
    fn tests_and_comments_are_not_code() {
        let text = "// automerge::x\nuse a;\n#[cfg(test)]\nmod tests {\n";
        assert_eq!(code_lines(text).collect::<Vec<_>>(), [(2, "use a;")]);
    }

    #[test]
    fn shapes_and_tests_may_name_automerge() {
        assert!(may_name_automerge("crates/domain/src/record/doc.rs"));
        assert!(may_name_automerge("sync-server/tests/server/support.rs"));
        assert!(!may_name_automerge("crates/client/src/records.rs"));
    }
}
