//! The rules for children under fourteen and the person who answers for them (domain.md P-03): a server with real children
//! does not serve without. They go to every tablet as a pack, and the text is the authority's own paper.

use crate::audit_report::civil;
use crate::error::ApiError;
use crate::policies::{self, Taken};
use crate::settings::{self, name};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// The paper as the repository has it, to be filled in.
const PAPER: &str = include_str!("../../docs/papers/rules-under-14.zh-CN.md");
/// What begins the lines that are signed and stamped on paper alone.
const SIGNED: &str = "〔单位盖章〕";
/// Longest text, in bytes.
const TEXT_BYTES: usize = 60_000;
/// Longest name, duty or number, in characters.
const WORDS: usize = 40;

/// Who answers for them.
#[derive(Debug, Clone)]
pub struct Responsible {
    /// Name.
    pub name: String,
    /// What she is.
    pub duty: String,
    /// Telephone number.
    pub phone: String,
}

/// Why rules are not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChildRulesError {
    /// There are places left to fill in.
    #[error("the rules are not filled in yet: {0}")]
    Unfilled(String),
    /// A name, a number or the text is missing or too long.
    #[error("the rules need a text, and a responsible person with a name and a telephone number")]
    Incomplete,
    /// The person or the number is not in the text a family reads.
    #[error(
        "the rules do not say {0}: the person who answers for them and her number must stand in the text"
    )]
    Unsaid(String),
    /// The server cannot keep them.
    #[error("refused: {0}")]
    Refused(#[from] ApiError),
}

/// Rules of a made-up authority, for a demo: the paper with every place filled in.
#[must_use]
pub fn made_up() -> (String, Responsible) {
    let responsible = Responsible {
        name: "何珊".to_owned(),
        duty: "演示区未保科科长".to_owned(),
        phone: "000-0000-0001".to_owned(),
    };
    let person = format!("{}、{}", responsible.name, responsible.duty);
    let contact = format!("{} {}", responsible.name, responsible.phone);
    let filled = [
        (
            "〔姓名、职务〕 | 〔电话〕",
            format!("{person} | {}", responsible.phone),
        ),
        ("〔姓名、电话〕", contact),
        ("〔年 月 日〕", "2026 年 1 月 1 日".to_owned()),
        ("〔200〕", "200".to_owned()),
        ("〔30〕", "30".to_owned()),
        ("第〔〕版", "第 1 版".to_owned()),
    ];
    let mut text = PAPER.to_owned();
    for (place, words) in filled {
        text = text.replace(place, &words);
    }
    // Whatever else there is to fill in says what it is.
    (
        text.replace('〔', "（演示）").replace('〕', ""),
        responsible,
    )
}

/// Whether there are rules.
pub(crate) fn are_there(connection: &Connection) -> rusqlite::Result<bool> {
    let is_demo = settings::read(connection, name::DEMO)?.is_some_and(|demo| demo == b"1");
    Ok(is_demo || settings::read(connection, name::CHILD_RULES)?.is_some())
}

/// Takes rules, tells every township, and returns the how many-th they are.
pub(crate) fn take(
    connection: &Connection,
    text: &str,
    responsible: &Responsible,
    now_ms: i64,
) -> Result<u32, ChildRulesError> {
    let text = shown(text);
    check(&text, responsible)?;
    let known = settings::read_text(connection, name::CHILD_RULES).map_err(ApiError::from)?;
    let version = known.and_then(|known| known.parse().ok()).unwrap_or(0) + 1;
    let pack = serde_json::json!({
        "id": "under-14",
        "version": version,
        "from": civil(now_ms).get(..10),
        "responsible": {
            "name": responsible.name.trim(),
            "duty": responsible.duty.trim(),
            "phone": responsible.phone.trim(),
        },
        "child_rules": text,
    });
    let pack = (format!("under-14@{version}"), pack.to_string());
    policies::take(connection, &[pack], &[Taken::New], now_ms)?;
    let number = version.to_string();
    settings::write(connection, name::CHILD_RULES, number.as_bytes()).map_err(ApiError::from)?;
    Ok(version)
}

/// Without the lines that are signed on paper.
fn shown(text: &str) -> String {
    let lines = text
        .lines()
        .take_while(|line| !line.trim().starts_with(SIGNED));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn check(text: &str, responsible: &Responsible) -> Result<(), ChildRulesError> {
    let is_said = |words: &str| !words.trim().is_empty() && words.chars().count() <= WORDS;
    let is_whole = is_said(&responsible.name)
        && is_said(&responsible.phone)
        && responsible.duty.chars().count() <= WORDS
        && !text.is_empty()
        && text.len() <= TEXT_BYTES;
    if !is_whole {
        return Err(ChildRulesError::Incomplete);
    }
    let left: BTreeSet<&str> = text
        .split('〔')
        .skip(1)
        .filter_map(|rest| rest.split('〕').next())
        .collect();
    if !left.is_empty() {
        let left: Vec<&str> = left.into_iter().collect();
        return Err(ChildRulesError::Unfilled(left.join(", ")));
    }
    for words in [responsible.name.trim(), responsible.phone.trim()] {
        if !text.contains(words) {
            return Err(ChildRulesError::Unsaid(words.to_owned()));
        }
    }
    Ok(())
}
