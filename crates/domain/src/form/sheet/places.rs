//! From a fault in the pack back to the cell it came from.

use super::SheetFault;
use super::columns::Table;
use super::survey::Survey;
use crate::form::fault::{PackError, PackFault};
use crate::form::pack::SummaryLine;

/// The sheets a pack was read from.
pub(super) struct Places<'a> {
    pub survey: &'a Table,
    pub settings: &'a Table,
    pub summary: &'a Table,
    pub read: &'a Survey,
    pub lines: &'a [(u32, SummaryLine)],
}

impl Places<'_> {
    /// None for what only follows from a fault that is told already.
    pub(super) fn of(&self, fault: &PackError) -> Option<SheetFault> {
        let (place, fault) = match fault {
            PackError::Fault { place, fault } => (place, fault),
            other => return Some(self.survey.fault(1, None, other.to_string())),
        };
        if let PackFault::UnknownKey(key) = fault
            && place == "summary"
        {
            let row = self
                .lines
                .iter()
                .find(|(_, line)| line.questions.contains(key))
                .map_or(2, |(row, _)| *row);
            let cause = format!("没有叫“{key}”的题");
            let told = self.read.broken.contains(key);
            return (!told).then(|| self.summary.fault(row, Some("questions"), cause));
        }
        let Some(row) = self.read.rows.get(place).copied() else {
            return self.of_the_whole(fault);
        };
        let told = self.read.broken.contains(place);
        let (column, cause) = match fault {
            PackFault::Expression {
                field,
                source_text,
                cause,
            } => {
                let follows = self.read.broken.iter().any(|key| {
                    let named = ["", "last.", "latest.", "ago."];
                    named
                        .iter()
                        .any(|of| source_text.contains(&format!("${{{of}{key}}}")))
                });
                if follows {
                    return None;
                }
                let cause = format!("“{source_text}”有错：{cause}");
                (column_of(field), cause)
            }
            _ if told => return None,
            PackFault::UnknownCode(code) => {
                let holds = |column: &&str| {
                    let cell = self.survey.cell(row, column);
                    cell.is_some_and(|text| text.contains(code.as_str()))
                };
                let column = [
                    "x_exclusive",
                    "x_same_value",
                    "x_none_value",
                    "x_mandatory",
                    "x_file",
                ]
                .into_iter()
                .find(holds)
                .unwrap_or("type");
                (column, fault.to_string())
            }
            PackFault::BadCode(_) => ("x_suggest", fault.to_string()),
            PackFault::BadFeed(_) | PackFault::UnknownKey(_) => ("x_file", fault.to_string()),
            PackFault::People => ("x_people", fault.to_string()),
            PackFault::RepeatSame => ("x_section_same", fault.to_string()),
            PackFault::Options if self.survey.cell(row, "x_na").is_some() => {
                ("x_na", "只有单选和多选才有“不便回答”".to_owned())
            }
            PackFault::Options => ("calculation", "多选题不能有算式和默认值".to_owned()),
            other => ("type", other.to_string()),
        };
        Some(self.survey.fault(row, Some(column), cause))
    }

    fn of_the_whole(&self, fault: &PackFault) -> Option<SheetFault> {
        let row = self.settings.rows.keys().next().copied().unwrap_or(2);
        match fault {
            PackFault::Empty if self.read.sections.is_empty() => Some(self.survey.fault(
                2,
                Some("type"),
                "一个 group 也没有".to_owned(),
            )),
            // An empty name of the form is told where the settings are read.
            PackFault::Empty => None,
            PackFault::Expression {
                source_text, cause, ..
            } => {
                let cause = format!("“{source_text}”有错：{cause}");
                Some(self.settings.fault(row, Some("x_attempt"), cause))
            }
            other => Some(self.survey.fault(1, None, other.to_string())),
        }
    }
}

fn column_of(field: &str) -> &str {
    match field {
        "calculate" => "calculation",
        "initial" => "default",
        "short_when" => "x_short",
        "mandatory" => "x_mandatory",
        "suggest" => "x_suggest",
        other => other,
    }
}
