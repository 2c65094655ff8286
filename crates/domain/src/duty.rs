//! Duties and services as lists (domain.md §7.3, §7.4): each item says how often it is done and which records tell of it.
//! Data (`policy/duties-*.json`). It counts what is written down; it adds nothing up, scores nothing and compares nobody.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The lists of a place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DutyPack {
    /// Stable id, e.g. `duties-cn-1`.
    pub id: String,
    /// Newer packs stand over older ones.
    pub version: u32,
    /// Lists in the order a screen shows them.
    pub duties: Vec<DutyList>,
}

/// Whose list it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// A village's: its director ticks it, the station reads it.
    Village,
    /// The station's own.
    Station,
}

/// A list of duties or services.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DutyList {
    /// Stable code.
    pub code: String,
    /// Title.
    pub title: String,
    /// Where it comes from.
    #[serde(default)]
    pub source: String,
    /// Whose it is.
    pub whose: Whose,
    /// Items in order.
    pub items: Vec<Duty>,
}

/// One duty or service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Duty {
    /// Stable code within its list.
    pub code: String,
    /// What is to be done.
    pub text: String,
    /// More of it, a line each: for whom, what, by whom, what shows it, which task of the plan it answers.
    #[serde(default)]
    pub detail: Vec<String>,
    /// How often, in words.
    #[serde(default)]
    pub often: String,
    /// Over which time its records are counted.
    #[serde(default)]
    pub every: Every,
    /// What tells of it, several where several do.
    #[serde(default)]
    pub proof: Vec<ProofRule>,
}

/// Over which time records are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// The month.
    #[default]
    Month,
    /// The quarter the month lies in.
    Quarter,
    /// Its year.
    Year,
}

impl Every {
    /// First and last day of the stretch a month lies in.
    pub fn span(self, month: NaiveDate) -> (NaiveDate, NaiveDate) {
        let (first, months) = match self {
            Every::Month => (month.month(), 1),
            Every::Quarter => ((month.month0() / 3) * 3 + 1, 3),
            Every::Year => (1, 12),
        };
        let from = NaiveDate::from_ymd_opt(month.year(), first, 1).unwrap_or(month);
        let to = from
            .checked_add_months(Months::new(months))
            .and_then(|next| next.checked_sub_days(Days::new(1)))
            .unwrap_or(from);
        (from, to)
    }
}

/// Which records tell that something is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProofRule {
    /// Children who were contacted, of those who are to be.
    Contacts,
    /// Children who were visited, of those who are to be.
    Visits,
    /// Visits to children who are visited more often, of those children.
    Enhanced,
    /// Files that were opened.
    Opened,
    /// Problems that were reported.
    Problems {
        /// Only what is of one of these types now, mainly or beside; all of them when empty. None of them is one whose
        /// matters go by a number ([`DutyPack::parse`] does not know the types; the rule pack does).
        #[serde(default)]
        codes: Vec<String>,
    },
    /// Reports to the police.
    Calls,
    /// Steps a station made about problems.
    Steps,
    /// Visits a station asked to have filled in (请补充), by the day it asked.
    Asked,
    /// Rows of a block of the children's files, by the day they were written.
    Rows {
        /// The block.
        block: String,
        /// Only rows with one of these codes in the first column that is a choice; all of them when empty.
        #[serde(default)]
        codes: Vec<String>,
        /// Only rows with one of these codes in other columns as well.
        #[serde(default)]
        with: BTreeMap<String, Vec<String>>,
        /// Only rows in which one of these columns says something; all of them when empty.
        #[serde(default)]
        filled: Vec<String>,
    },
    /// Work that was written down.
    Work {
        /// The block.
        block: String,
        /// Only with one of these codes in the first column that is a choice; all of it when empty.
        #[serde(default)]
        codes: Vec<String>,
    },
}

impl DutyPack {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// It is no such pack, or what it says cannot be; the text says where.
    pub fn parse(json: &str) -> Result<Self, String> {
        let pack: DutyPack = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut lists = BTreeSet::new();
        for list in &pack.duties {
            if list.title.is_empty() || !is_code(&list.code) || !lists.insert(&list.code) {
                return Err(format!(
                    "{}: a list has a title and a code of its own",
                    list.code
                ));
            }
            let mut items = BTreeSet::new();
            for item in &list.items {
                if item.text.is_empty() || !is_code(&item.code) || !items.insert(&item.code) {
                    let place = format!("{}.{}", list.code, item.code);
                    return Err(format!("{place}: an item has words and a code of its own"));
                }
            }
        }
        Ok(pack)
    }

    /// An item by `list/code`.
    pub fn item(&self, name: &str) -> Option<(&DutyList, &Duty)> {
        let (list, code) = name.split_once('/')?;
        let list = self.duties.iter().find(|known| known.code == list)?;
        let item = list.items.iter().find(|known| known.code == code)?;
        Some((list, item))
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code_list::CodeLists;
    use crate::file::FilePack;
    use crate::policy::PolicyPack;

    const SHIPPED: &str = include_str!("../../../policy/duties-cn-1.json");

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn the_shipped_lists_are_whole_and_count_blocks_there_are() {
        let pack = DutyPack::parse(SHIPPED).expect("it is tested here");
        let file = FilePack::parse(include_str!("../../../policy/fields.json")).expect("fields");
        let codes: Vec<&str> = pack.duties.iter().map(|list| list.code.as_str()).collect();
        assert_eq!(codes, ["director", "services", "supervisor"]);
        assert_eq!(pack.duties[0].items.len(), 11);
        assert_eq!(pack.duties[1].items.len(), 19);
        let codes: serde_json::Value =
            serde_json::from_str(include_str!("../../../policy/codes-cn-1.json")).expect("JSON");
        let lists: CodeLists =
            serde_json::from_value(codes["lists"].clone()).expect("the shipped lists");
        let shipped = include_str!("../../../policy/sh-2024-2026.json");
        let rules = PolicyPack::parse(shipped).expect("the shipped rules");
        let is_known = |list: &str, code: &str| {
            rules.lists.label(list, code).is_some() || lists.label(list, code).is_some()
        };
        let items = pack.duties.iter().flat_map(|list| &list.items);
        for proof in items.flat_map(|item| &item.proof) {
            let (block, codes, is_work) = match proof {
                ProofRule::Rows { block, codes, .. } => (block, codes, false),
                ProofRule::Work { block, codes } => (block, codes, true),
                ProofRule::Problems { codes } => {
                    // A count by type must not tell what a matter is that goes by its number.
                    for code in codes {
                        let kind = rules.problem(code).expect("there is such a type");
                        assert!(!kind.restricted, "{code}");
                    }
                    continue;
                }
                _ => continue,
            };
            let rows = file.rows(block).expect("there is such a block");
            assert_eq!(rows.work.is_some(), is_work, "{block}");
            let column = |key: &str| {
                let found = rows.columns.iter().find(|column| column.key == key);
                found.unwrap_or_else(|| panic!("{block} has no {key}"))
            };
            let choice = rows.columns.iter().find(|column| column.list.is_some());
            let mut named: Vec<(&str, &String)> = Vec::new();
            if let Some(list) = choice.and_then(|column| column.list.as_deref()) {
                named.extend(codes.iter().map(|code| (list, code)));
            } else {
                assert!(codes.is_empty(), "{block} has no choice");
            }
            if let ProofRule::Rows { with, filled, .. } = proof {
                for (key, codes) in with {
                    let list = column(key).list.as_deref().expect("it is a choice");
                    named.extend(codes.iter().map(|code| (list, code)));
                }
                for key in filled {
                    column(key);
                }
            }
            for (list, code) in named {
                assert!(is_known(list, code), "{block}: {list} has no {code}");
            }
        }
        // The columns of the service list (domain.md §7.4).
        for item in &pack.duties[1].items {
            let columns: Vec<&str> = item
                .detail
                .iter()
                .filter_map(|line| line.split_once('：'))
                .map(|(column, _)| column)
                .collect();
            let wanted = ["给谁", "做什么", "谁来做", "凭什么", "对应"];
            assert_eq!(columns, wanted, "{}", item.code);
            assert!(
                !item.often.is_empty() && !item.proof.is_empty(),
                "{}",
                item.code
            );
        }
        assert!(pack.item("director/visits").is_some());
        assert!(pack.item("director/none").is_none() && pack.item("visits").is_none());
    }

    #[test]
    fn a_month_lies_in_its_quarter_and_its_year() {
        let month = day("2026-11-01");
        let of = |from: &str, to: &str| (day(from), day(to));
        assert_eq!(Every::Month.span(month), of("2026-11-01", "2026-11-30"));
        assert_eq!(Every::Quarter.span(month), of("2026-10-01", "2026-12-31"));
        assert_eq!(Every::Year.span(month), of("2026-01-01", "2026-12-31"));
        let first = Every::Quarter.span(day("2027-03-15"));
        assert_eq!(first, of("2027-01-01", "2027-03-31"));
    }

    #[test]
    fn lists_that_cannot_be_are_refused() {
        for duties in [
            r#"[{"code": "A", "title": "x", "whose": "village", "items": []}]"#,
            r#"[{"code": "a", "title": "", "whose": "village", "items": []}]"#,
            r#"[{"code": "a", "title": "x", "whose": "district", "items": []}]"#,
            r#"[{"code": "a", "title": "x", "whose": "village", "items": [{"code": "b", "text": ""}]}]"#,
            r#"[{"code": "a", "title": "x", "whose": "village", "items": [{"code": "b", "text": "x", "proof": [{"what": "score"}]}]}]"#,
        ] {
            let json = format!(r#"{{"id": "d", "version": 1, "duties": {duties}}}"#);
            assert!(DutyPack::parse(&json).is_err(), "{duties}");
        }
    }
}
