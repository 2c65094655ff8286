//! The table of areas (domain.md §3.12 AREA): codes of 2 to 12 digits with names, imported by whoever may use the official
//! one. Only the made-up district is shipped.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One area. Codes that are gone stay readable: people have them in their papers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// 2, 4, 6, 9 or 12 digits.
    pub code: String,
    /// Its own name, without the places above it.
    pub name: String,
    /// Urban–rural class: 111, 112, 121, 122, 123, 210, 220.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// First day the code was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// First day it was not given any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// The code that came after it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub successor: String,
}

/// The areas by code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaTable {
    /// Stable id.
    #[serde(default)]
    pub id: String,
    /// Where the table comes from, and which edition.
    #[serde(default)]
    pub source: String,
    /// The areas, ordered by code.
    pub areas: Vec<Area>,
}

/// A line of a table that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("第 {line} 行：{cause}")]
pub struct AreaFault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: String,
}

impl AreaTable {
    /// Reads a table as `cargo xtask areas` wrote it.
    ///
    /// # Errors
    /// It is no such table.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut table: AreaTable = serde_json::from_str(json)?;
        table.areas.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(table)
    }

    /// Reads a table from lines of `code,name,class,from,to,successor`; everything after the name may be left out, and a
    /// first line with words instead of a code is taken for the title.
    ///
    /// # Errors
    /// Every line that cannot be taken, with its number.
    pub fn from_csv(id: &str, source: &str, text: &str) -> Result<Self, Vec<AreaFault>> {
        let mut areas: BTreeMap<String, Area> = BTreeMap::new();
        let mut faults = Vec::new();
        for (index, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
            let cells: Vec<&str> = line
                .split([',', '\t'])
                .map(|cell| cell.trim().trim_matches('"'))
                .collect();
            let is_title = index == 0 && !cells[0].starts_with(|it: char| it.is_ascii_digit());
            if line.trim().is_empty() || is_title {
                continue;
            }
            match area(&cells) {
                Ok(area) if areas.contains_key(&area.code) => faults.push(AreaFault {
                    line: index + 1,
                    cause: format!("代码 {} 前面已经有了", area.code),
                }),
                Ok(area) => {
                    areas.insert(area.code.clone(), area);
                }
                Err(cause) => faults.push(AreaFault {
                    line: index + 1,
                    cause,
                }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            id: id.to_owned(),
            source: source.to_owned(),
            areas: areas.into_values().collect(),
        })
    }

    fn find(&self, code: &str) -> Option<&Area> {
        let place = self
            .areas
            .binary_search_by(|area| area.code.as_str().cmp(code))
            .ok()?;
        Some(&self.areas[place])
    }

    /// The name with the places above it; none for a code that is not in the table.
    pub fn name(&self, code: &str) -> Option<String> {
        self.find(code)?;
        let names = [2, 4, 6, 9, 12]
            .into_iter()
            .filter(|length| *length <= code.len())
            .filter_map(|length| self.find(code.get(..length)?))
            .map(|area| area.name.as_str());
        Some(names.collect())
    }

    /// The code of what somebody wrote: a code of the right length, known or not, or a whole name.
    pub fn code_of(&self, written: &str) -> Option<String> {
        let written = written.trim();
        if is_code(written) {
            return Some(written.to_owned());
        }
        self.areas
            .iter()
            .find(|area| self.name(&area.code).as_deref() == Some(written) || area.name == written)
            .map(|area| area.code.clone())
    }
}

fn is_code(text: &str) -> bool {
    matches!(text.len(), 2 | 4 | 6 | 9 | 12) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn area(cells: &[&str]) -> Result<Area, String> {
    let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
    let date = |at: usize| match cell(at) {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| format!("日期“{text}”要写成 2026-01-01")),
    };
    if !is_code(cell(0)) {
        return Err(format!("代码“{}”不是 2、4、6、9 或 12 位数字", cell(0)));
    }
    if cell(1).is_empty() {
        return Err("没有名称".to_owned());
    }
    let class = cell(2);
    if !["", "111", "112", "121", "122", "123", "210", "220"].contains(&class) {
        return Err(format!("城乡分类“{class}”不认识"));
    }
    let successor = cell(5);
    if !successor.is_empty() && !is_code(successor) {
        return Err(format!("后继代码“{successor}”不对"));
    }
    Ok(Area {
        code: cell(0).to_owned(),
        name: cell(1).to_owned(),
        class: class.to_owned(),
        from: date(3)?,
        to: date(4)?,
        successor: successor.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_whole_names_and_keeps_codes_that_are_gone() {
        let text = "代码,名称,城乡,起,止,后继\n31,示例市\n310199,沧浦区\n310199100,芦汀镇\n310199100201,白荷村,220,2010-01-01\n310199100208,旧村,220,2001-01-01,2010-01-01,310199100201\n";
        let table = AreaTable::from_csv("areas", "made up", text).unwrap();
        assert_eq!(
            table.name("310199100201").as_deref(),
            Some("示例市沧浦区芦汀镇白荷村")
        );
        assert_eq!(table.code_of("白荷村").as_deref(), Some("310199100201"));
        assert_eq!(table.code_of("310230").as_deref(), Some("310230"));
        assert_eq!(table.name("310230"), None);
        assert_eq!(table.areas.len(), 5);
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(AreaTable::parse(&json).unwrap(), table);
    }

    #[test]
    fn every_line_that_cannot_be_taken_is_named() {
        let faults = AreaTable::from_csv(
            "areas",
            "",
            "310199,沧浦区\n31019,短\n310199,再来\n31,\n310105,区,999",
        )
        .unwrap_err();
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 4, 5]);
    }
}
