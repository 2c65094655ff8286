//! The sheet `choices`: lists of options with their codes.

use super::columns::{Column, Table, column, spoken};
use super::{SheetFault, code_of};
use crate::form::compile::check_code;
use crate::form::pack::{AnswerOption, NA};
use std::collections::BTreeMap;

pub(super) const COLUMNS: &[Column] = &[
    column("list_name"),
    column("name"),
    spoken("label"),
    column("x_brief"),
];

/// A list of options.
#[derive(Debug, Default)]
pub(super) struct ChoiceList {
    pub options: Vec<AnswerOption>,
    /// Labels in other languages: language, then code.
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
}

pub(super) fn read(
    table: &Table,
    language: &str,
    faults: &mut Vec<SheetFault>,
) -> BTreeMap<String, ChoiceList> {
    let mut lists: BTreeMap<String, ChoiceList> = BTreeMap::new();
    for row in table.rows.keys().copied() {
        table.refuse_marked(row, &["label", "x_brief"], faults);
        let mut need = |column: &str, text: Option<&str>| {
            if text.is_none() {
                faults.push(table.fault(row, Some(column), "这里不能空着".to_owned()));
            }
            text.map(str::to_owned)
        };
        let name = need("list_name", table.cell(row, "list_name"));
        let code = need("name", table.cell(row, "name"));
        let label = need("label", table.spoken(row, "label", language));
        let (Some(name), Some(code), Some(label)) = (name, code, label) else {
            continue;
        };
        let list = lists.entry(name.clone()).or_default();
        let wrong = match check_code(&code) {
            Err(fault) => Some(fault.to_string()),
            Ok(()) if code == NA => Some(format!(
                "“{NA}”由系统自动加上，这里不要写；题目上写 x_na = yes"
            )),
            Ok(()) if list.options.iter().any(|option| option.code == code) => {
                Some(format!("选项表“{name}”里“{code}”写了两次"))
            }
            Ok(()) => None,
        };
        if let Some(cause) = wrong {
            faults.push(table.fault(row, Some("name"), cause));
            continue;
        }
        for (language, text) in table.translations(row, "label", language) {
            let texts = list.translations.entry(code_of(language)).or_default();
            texts.insert(code.clone(), text.to_owned());
        }
        list.options.push(AnswerOption {
            code,
            label,
            brief: table.cell(row, "x_brief").map(str::to_owned),
        });
    }
    lists
}
