//! The Chinese sentences of the preview and the result file.

use super::{FieldCatalogue, Rejection};

/// The sentence for a refused row.
pub(super) fn rejection(reason: &Rejection) -> String {
    match reason {
        Rejection::NameMissing => "没有姓名，未导入。请补上姓名后重新导入。".into(),
        Rejection::BirthInFuture { date } => {
            format!("出生日期 {date} 在今天之后，未导入。请核对后重新导入。")
        }
        Rejection::BirthImpossible { raw } => {
            format!("出生日期“{raw}”不存在，未导入。请核对后重新导入。")
        }
        Rejection::IdScientific { raw } => {
            format!(
                "身份证号被表格存成了数字（{raw}），后几位已丢失，未导入。请把该列设为文本，重新填写后再导入。"
            )
        }
        Rejection::IdNotDemo { field } => {
            format!(
                "演示数据只能使用 310199 开头的虚构号码，{field}不是，未导入。请勿在演示中使用真人信息。"
            )
        }
    }
}

/// The label of a field.
pub(super) fn label<'a>(catalogue: &'a FieldCatalogue, key: &'a str) -> &'a str {
    catalogue.get(key).map_or(key, |entry| entry.label.as_str())
}

/// A value in words.
pub(super) fn word<'a>(catalogue: &'a FieldCatalogue, key: &str, value: &'a str) -> &'a str {
    catalogue
        .get(key)
        .and_then(|entry| entry.options.get(value))
        .map_or(value, String::as_str)
}

/// 家庭住址：旧 → 新.
pub(super) fn change(
    catalogue: &FieldCatalogue,
    key: &str,
    old: Option<&str>,
    new: &str,
) -> String {
    let old = old.map_or("（空）", |old| word(catalogue, key, old));
    format!(
        "{}：{old} → {}",
        label(catalogue, key),
        word(catalogue, key, new)
    )
}

/// Both sides changed a field.
pub(super) fn conflict(
    catalogue: &FieldCatalogue,
    key: &str,
    old: Option<&str>,
    new: &str,
) -> String {
    let old = old.map_or("（空）", |old| word(catalogue, key, old));
    format!(
        "{}两边都改过：档案里是“{old}”，台账里是“{}”。已保留档案里的，请核对。",
        label(catalogue, key),
        word(catalogue, key, new)
    )
}
