//! Code lists of a pack: stable codes with Chinese labels (domain.md §3.12). Codes never change meaning; retired ones stay readable.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One code and its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeItem {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// Readable, no longer offered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
    /// Other words a ledger may use for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// What it says belongs into no file a village holds: it is not offered, and where a file has it, nobody reads what
    /// it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// What is read in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_as: Option<String>,
}

impl CodeItem {
    /// Its words as a file may say them.
    pub fn words(&self) -> &str {
        match &self.shown_as {
            Some(words) if self.restricted => words,
            None if self.restricted => "",
            _ => &self.label,
        }
    }
}

/// A list with where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeList {
    /// Standard or office it comes from.
    #[serde(default)]
    pub source: String,
    /// Edition of the standard, where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Items in the order a screen shows them.
    pub items: Vec<CodeItem>,
}

/// All lists of a pack by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeLists(pub BTreeMap<String, CodeList>);

impl CodeLists {
    /// Items of a list, retired ones included; empty when there is no such list.
    pub fn items(&self, list: &str) -> &[CodeItem] {
        self.0.get(list).map_or(&[], |list| list.items.as_slice())
    }

    /// Words of a code, as a file may say them.
    pub fn label(&self, list: &str, code: &str) -> Option<&str> {
        self.item(list, code).map(CodeItem::words)
    }

    /// A code may not be read: see [`CodeItem::restricted`].
    pub fn is_restricted(&self, list: &str, code: &str) -> bool {
        self.item(list, code).is_some_and(|item| item.restricted)
    }

    fn item(&self, list: &str, code: &str) -> Option<&CodeItem> {
        self.items(list).iter().find(|item| item.code == code)
    }

    /// Code of what somebody wrote: the code itself, its label, or a synonym.
    pub fn code_of(&self, list: &str, written: &str) -> Option<&str> {
        let written = written.trim();
        self.items(list)
            .iter()
            .find(|item| {
                item.code == written
                    || item.label == written
                    || item.synonyms.iter().any(|word| word == written)
            })
            .map(|item| item.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_codes_labels_and_synonyms() {
        let lists: CodeLists = serde_json::from_str(
            r#"{"SEX": {"source": "GB/T 2261.1", "items": [{"code": "1", "label": "男", "synonyms": ["男性"]}]}}"#,
        )
        .unwrap();
        assert_eq!(lists.code_of("SEX", "1"), Some("1"));
        assert_eq!(lists.code_of("SEX", " 男 "), Some("1"));
        assert_eq!(lists.code_of("SEX", "男性"), Some("1"));
        assert_eq!(lists.code_of("SEX", "公"), None);
        assert_eq!(lists.label("SEX", "1"), Some("男"));
        assert!(lists.items("NONE").is_empty());
    }
}
