//! The registers of the demo villages, the untidy way offices keep them.

use super::{DemoChild, DemoHousehold, DemoTownship, DemoVillage};
use crate::ledger::{
    LedgerKind,
    write::{Layout, LedgerLine, WrittenCell, write},
};
use rust_xlsxwriter::XlsxError;

/// A register as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoLedger {
    /// Key of the village.
    pub village: String,
    /// Which register.
    pub kind: LedgerKind,
    /// File name.
    pub file_name: String,
    /// The workbook.
    pub bytes: Vec<u8>,
}

/// Two registers per village: a messy L1 and a tidy L2. Those of a village not filled hold rows that must be refused, too.
///
/// # Errors
/// A workbook cannot be put together.
pub fn ledgers(township: &DemoTownship) -> Result<Vec<DemoLedger>, XlsxError> {
    let mut all = Vec::new();
    for village in &township.villages {
        for (kind, layout) in [
            (LedgerKind::L1, Layout::Messy),
            (LedgerKind::L2, Layout::Tidy),
        ] {
            let mut lines = lines(village, kind);
            if !village.filled && kind == LedgerKind::L1 {
                with_mistakes(&mut lines, township);
            }
            let bytes = write(
                kind,
                &format!("{}{}", village.township, village.name),
                &lines,
                layout,
            )?;
            let file_name = format!("{}-{}.xlsx", village.name, kind.name());
            all.push(DemoLedger {
                village: village.key.clone(),
                kind,
                file_name,
                bytes,
            });
        }
    }
    Ok(all)
}

fn lines(village: &DemoVillage, kind: LedgerKind) -> Vec<LedgerLine> {
    let households = village.households.iter();
    let children = households.flat_map(|household| {
        household
            .children
            .iter()
            .map(move |child| (household, child))
    });
    children
        .filter(|(_, child)| !child.is_new && (register_of(child) == kind))
        .map(|(household, child)| line(household, child))
        .collect()
}

fn register_of(child: &DemoChild) -> LedgerKind {
    if child.categories.iter().any(|code| code.starts_with("LB")) {
        LedgerKind::L1
    } else {
        LedgerKind::L2
    }
}

fn line(household: &DemoHousehold, child: &DemoChild) -> LedgerLine {
    let mut values = child.fields.clone();
    values.extend(household.fields.clone());
    let mut line = LedgerLine {
        values,
        categories: child.categories.iter().cloned().collect(),
        ..LedgerLine::default()
    };
    if child.kept_back {
        // As it stands in an office's register; no file may say it, and the import keeps the cell back.
        let cell = WrittenCell::Text("艾滋病病毒感染儿童".into());
        line.verbatim.insert("difficulty_kind".into(), cell);
    }
    line
}

/// What goes wrong in real registers: a digit, a number cell, a missing name, a date ahead, a date that is none, a row twice.
fn with_mistakes(lines: &mut Vec<LedgerLine>, township: &DemoTownship) {
    let Some(pattern) = lines.first().cloned() else {
        return;
    };
    if let Some(number) = lines
        .get_mut(2)
        .and_then(|line| line.values.get_mut("id_no"))
    {
        let last = if number.ends_with('0') { '1' } else { '0' };
        number.pop();
        number.push(last);
    }
    let mut wrong = |name: &str, key: &str, cell: WrittenCell| {
        let mut line = pattern.clone();
        for field in [
            "id_no",
            "father_id_no",
            "mother_id_no",
            "carer_id_no",
            "guardian_id_no",
        ] {
            line.values.remove(field);
        }
        line.values.insert("name".into(), name.into());
        line.values.insert("birth_date".into(), "2017-05-01".into());
        line.verbatim.insert(key.into(), cell);
        lines.push(line);
    };
    let next_year = township.today + chrono::TimeDelta::days(300);
    wrong(
        "石佳",
        "id_no",
        WrittenCell::Number(310_199_201_705_010_000.0),
    );
    wrong("", "remark", WrittenCell::Text("名字没有写".into()));
    wrong(
        "石远",
        "birth_date",
        WrittenCell::Text(next_year.format("%Y.%-m.%-d").to_string()),
    );
    wrong("石宁", "birth_date", WrittenCell::Text("2016.2.30".into()));
    lines.push(pattern);
}
