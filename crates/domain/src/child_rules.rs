//! The rules for what is written about children under fourteen (未满十四周岁儿童个人信息处理规则, domain.md P-03), and who is
//! responsible for them. The text is the authority's own paper, as the server was given it; here it is only laid out.

use serde::Deserialize;

/// The rules an installation works by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChildRules {
    /// Newer rules stand over older ones.
    pub version: u32,
    /// The day they were taken, `2026-11-27`.
    pub from: String,
    /// Who answers for them.
    pub responsible: Responsible,
    /// The paper, in a few marks of Markdown.
    #[serde(rename = "child_rules")]
    pub text: String,
}

/// The named person who answers for children's information (儿童个人信息保护负责人).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Responsible {
    /// Name.
    pub name: String,
    /// What she is, in words.
    #[serde(default)]
    pub duty: String,
    /// Telephone number.
    pub phone: String,
}

/// A section of the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Heading; empty before the first.
    pub title: String,
    /// Lines in order.
    pub lines: Vec<Line>,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A paragraph.
    Text(String),
    /// An item of a list.
    Item(String),
    /// A row of a table; the first of a table is its head.
    Cells(Vec<String>),
}

impl ChildRules {
    /// Reads a pack.
    ///
    /// # Errors
    /// It is not JSON, or names nobody.
    pub fn parse(json: &str) -> Result<Self, String> {
        let rules: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if rules.responsible.name.trim().is_empty() || rules.responsible.phone.trim().is_empty() {
            return Err("nobody is responsible".to_owned());
        }
        Ok(rules)
    }

    /// The paper by sections, without its marks.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = vec![Part {
            title: String::new(),
            lines: Vec::new(),
        }];
        for line in self.text.lines().map(str::trim) {
            if let Some(title) = line.strip_prefix("## ") {
                parts.push(Part {
                    title: plain(title),
                    lines: Vec::new(),
                });
            } else if !line.is_empty()
                && !line.starts_with("# ")
                && let Some(line) = line_of(line)
                && let Some(part) = parts.last_mut()
            {
                part.lines.push(line);
            }
        }
        parts.retain(|part| !part.title.is_empty() || !part.lines.is_empty());
        parts
    }
}

fn line_of(line: &str) -> Option<Line> {
    if let Some(row) = line.strip_prefix('|') {
        let row = row.strip_suffix('|').unwrap_or(row);
        let is_rule = row
            .chars()
            .all(|letter| matches!(letter, '-' | '|' | ':' | ' '));
        let cells = || row.split('|').map(|cell| plain(cell.trim())).collect();
        return (!is_rule).then(|| Line::Cells(cells()));
    }
    let numbered = line
        .split_once(". ")
        .filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    Some(match (line.strip_prefix("- "), numbered) {
        (Some(item), _) => Line::Item(plain(item)),
        (None, Some((number, item))) => Line::Item(format!("{number}. {}", plain(item))),
        (None, None) => Line::Text(plain(line)),
    })
}

/// Without marks of bold and slant, and with the words of a link alone.
fn plain(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after
            .split_once("](")
            .and_then(|(label, tail)| Some((label, tail.split_once(')')?.1)));
        words.push_str(before);
        match link {
            Some((label, tail)) => {
                words.push_str(label);
                rest = tail;
            }
            None => {
                words.push('[');
                rest = after;
            }
        }
    }
    words.push_str(rest);
    words.replace('*', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: &str = include_str!("../../../docs/papers/rules-under-14.zh-CN.md");

    fn rules(text: &str) -> ChildRules {
        let json = serde_json::json!({
            "version": 1, "from": "2026-11-27", "child_rules": text,
            "responsible": {"name": "何珊", "phone": "000-0000000"},
        });
        ChildRules::parse(&json.to_string()).expect("a pack")
    }

    #[test]
    fn the_paper_is_laid_out_without_its_marks() {
        let parts = rules(PAPER).parts();
        let titles: Vec<&str> = parts.iter().map(|part| part.title.as_str()).collect();
        assert_eq!(titles[0], "");
        assert_eq!(titles[1], "一、谁负责");
        assert_eq!(titles.len(), 9);
        let all = format!("{parts:?}");
        for mark in ["**", "](", "|--", "# "] {
            assert!(!all.contains(mark), "{mark}");
        }
        let Some(Line::Cells(head)) = parts[1].lines.first() else {
            panic!("a table comes first: {:?}", parts[1].lines);
        };
        assert_eq!(head, &["事", "谁", "电话"]);
    }

    #[test]
    fn links_and_lists_are_words() {
        let parts = rules("## 甲\n\n1. **一**件，见[表](a.md)。\n- 乙\n\n[丙").parts();
        assert_eq!(
            parts[0].lines,
            [
                Line::Item("1. 一件，见表。".to_owned()),
                Line::Item("乙".to_owned()),
                Line::Text("[丙".to_owned()),
            ]
        );
    }

    #[test]
    fn rules_without_a_person_are_none() {
        let json = r#"{"version":1,"from":"2026-11-27","child_rules":"x","responsible":{"name":" ","phone":"1"}}"#;
        assert!(ChildRules::parse(json).is_err());
    }
}
