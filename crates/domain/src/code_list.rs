//! Code lists of a pack: stable codes with Chinese labels (domain.md §3.12). Codes never change meaning; retired ones stay readable.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One code and its label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeItem {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// Readable, no longer offered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
    /// What the national forms write for it, where that is something else than the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national: Option<String>,
    /// First day on which it is offered; from the list's own day without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
    /// Last day on which it is offered; what was written with it stays readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
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

    /// It may be chosen on this day.
    pub fn is_offered_on(&self, date: NaiveDate) -> bool {
        !self.retired
            && self.valid_from.is_none_or(|from| from <= date)
            && self.valid_until.is_none_or(|until| date <= until)
    }
}

/// A list with where it comes from. A server takes none without version, source and first day; a tablet reads what it was
/// once given, so all three may be missing here (docs/adr/0052).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeList {
    /// Edition of the standard, or the number of our own list.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Standard, law or plan it follows, or that it is this product's own.
    #[serde(default)]
    pub source: String,
    /// First day it is used here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<NaiveDate>,
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

    /// The list has this code, offered or not.
    pub fn knows(&self, list: &str, code: &str) -> bool {
        self.item(list, code).is_some()
    }

    /// A code may not be read: see [`CodeItem::restricted`].
    pub fn is_restricted(&self, list: &str, code: &str) -> bool {
        self.item(list, code).is_some_and(|item| item.restricted)
    }

    /// What the national forms write for a code, where no other code of the list is written the same: nothing is lost then.
    pub fn national(&self, list: &str, code: &str) -> Option<&str> {
        let words = self.item(list, code)?.national.as_deref()?;
        let written = self.items(list).iter();
        let same = written.filter(|item| item.national.as_deref() == Some(words));
        (same.count() == 1).then_some(words)
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

    #[test]
    fn a_code_is_offered_between_its_days_and_read_ever_after() {
        let lists: CodeLists = serde_json::from_str(
            r#"{"AID": {"items": [
                {"code": "a", "label": "一直有"},
                {"code": "b", "label": "改过的", "valid_from": "2026-03-01", "valid_until": "2026-06-30"},
                {"code": "c", "label": "不用了", "retired": true}
            ]}}"#,
        )
        .unwrap();
        let offered = |day: &str| -> Vec<&str> {
            let day = day.parse().unwrap();
            let items = lists.items("AID").iter();
            items
                .filter(|item| item.is_offered_on(day))
                .map(|item| item.code.as_str())
                .collect()
        };
        assert_eq!(offered("2026-02-28"), ["a"]);
        assert_eq!(offered("2026-03-01"), ["a", "b"]);
        assert_eq!(offered("2026-06-30"), ["a", "b"]);
        assert_eq!(offered("2026-07-01"), ["a"]);
        assert_eq!(lists.label("AID", "b"), Some("改过的"));
        assert_eq!(lists.label("AID", "c"), Some("不用了"));
    }

    #[test]
    fn what_the_national_forms_write_stands_for_a_code_only_where_it_stands_for_no_other() {
        let lists: CodeLists = serde_json::from_str(
            r#"{"STAGE": {"items": [
                {"code": "nursery", "label": "托育或幼儿园", "national": "幼儿园"},
                {"code": "voc", "label": "中职", "national": "中专及以上"},
                {"code": "college", "label": "高校", "national": "中专及以上"},
                {"code": "home", "label": "送教上门"}
            ]}}"#,
        )
        .unwrap();
        assert_eq!(lists.national("STAGE", "nursery"), Some("幼儿园"));
        for code in ["voc", "college", "home", "?"] {
            assert_eq!(lists.national("STAGE", code), None, "{code}");
        }
    }
}
