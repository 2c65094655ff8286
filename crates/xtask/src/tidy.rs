//! `cargo xtask tidy`: facts a program can check about this repository, so that its documents stay true.
//!
//! Prints `file:line: what is wrong` for each finding and ends with `tidy problems=N`.

use crate::generate::repository;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

mod documents;
mod logs;
mod source;
mod words;

/// Checks everything and prints what it found.
///
/// Ends the process with 1 when there was something.
///
/// # Errors
/// A file the checks stand on cannot be read.
pub fn run() -> Result<()> {
    let tree = Tree::read(repository())?;
    let mut findings = Findings::default();
    documents::check(&tree, &mut findings)?;
    words::check(&tree, &mut findings)?;
    source::check(&tree, &mut findings)?;
    logs::check(&tree, &mut findings)?;
    for line in &findings.lines {
        println!("{line}");
    }
    println!("tidy problems={}", findings.lines.len());
    if !findings.lines.is_empty() {
        // Nothing may follow the count, so no error travels up from here.
        std::process::exit(1);
    }
    Ok(())
}

/// What is wrong, one line each.
#[derive(Default)]
struct Findings {
    lines: Vec<String>,
}

impl Findings {
    fn add(&mut self, file: &str, line: usize, what: impl std::fmt::Display) {
        self.lines.push(format!("{file}:{line}: {what}"));
    }
}

/// The files git knows or would take, by path from the top.
struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    fn read(root: PathBuf) -> Result<Self> {
        let listed = Command::new("git")
            .args([
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "-z",
            ])
            .current_dir(&root)
            .output()
            .context("git is needed to list the repository's files")?;
        if !listed.status.success() {
            bail!(
                "git does not know this folder: {}",
                String::from_utf8_lossy(&listed.stderr)
            );
        }
        let mut files: Vec<String> = String::from_utf8(listed.stdout)
            .context("a file's name is not UTF-8")?
            .split('\0')
            .filter(|name| !name.is_empty() && root.join(name).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(Self { root, files })
    }

    /// A file's text; empty when there is no such file.
    fn text(&self, file: &str) -> Result<String> {
        if !self.exists(file) {
            return Ok(String::new());
        }
        fs::read_to_string(self.root.join(file)).with_context(|| format!("reading {file}"))
    }

    fn exists(&self, file: &str) -> bool {
        self.root.join(Path::new(file)).exists()
    }

    /// Files below a folder with this ending.
    fn below<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = &'a str> {
        self.files
            .iter()
            .map(String::as_str)
            .filter(move |file| file.starts_with(folder) && file.ends_with(ending))
    }
}

/// Line number of a place in a text, from 1.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Line number of the first occurrence, or 1.
fn line_with(text: &str, needle: &str) -> usize {
    text.find(needle).map_or(1, |at| line_of(text, at))
}

/// The part of a Markdown text under a heading, up to the next one of the same depth, with its first line's number.
fn under<'a>(text: &'a str, heading: &str) -> Option<(usize, &'a str)> {
    let begin = text.find(&format!("{heading}\n"))?;
    let rest = &text[begin + heading.len()..];
    let depth = heading.split(' ').next().unwrap_or(heading);
    let end = rest.find(&format!("\n{depth} ")).unwrap_or(rest.len());
    Some((line_of(text, begin), &rest[..end]))
}

/// Texts between a pair of marks, with their places.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(open) {
        let begin = from + at + open.len();
        let Some(length) = text[begin..].find(close) else {
            break;
        };
        found.push((begin, &text[begin..begin + length]));
        from = begin + length + close.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_depth() {
        let text = "# A\n\n## Map\none\n### Deeper\ntwo\n## Next\nthree\n";
        let (line, part) = under(text, "## Map").expect("it is there");
        assert_eq!(line, 3);
        assert!(part.contains("two") && !part.contains("three"));
        assert!(under(text, "## Missing").is_none());
    }

    #[test]
    fn texts_between_marks_are_found_with_their_places() {
        let found = between("`a` and `bc`", "`", "`");
        assert_eq!(found, [(1, "a"), (9, "bc")]);
        assert!(between("`open", "`", "`").is_empty());
    }

    #[test]
    fn a_place_has_its_line() {
        assert_eq!(line_with("a\nb\nc", "c"), 3);
        assert_eq!(line_with("a\nb\nc", "d"), 1);
    }
}
