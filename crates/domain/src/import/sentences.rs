//! The Chinese sentences of the preview and the result file.

use super::{FieldCatalogue, FieldSort, Rejection};
use crate::{identity_number, phone};

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

/// The sentence for a row that was erased before its turn came.
pub(super) const LEFT_OUT: &str = "导入期间，这一行的档案按规定删除了内容，所以没有导入。请先同步，看档案还在不在：还在的，把这一行单独再导入一次；整份删掉的，不用再导。";

/// The label of a field.
pub(super) fn label<'a>(catalogue: &'a FieldCatalogue, key: &'a str) -> &'a str {
    catalogue.get(key).map_or(key, |entry| entry.label.as_str())
}

/// A value in words, as whoever has not asked to see it reads it: numbers masked, whoever's they are.
fn word(catalogue: &FieldCatalogue, key: &str, value: &str) -> String {
    let Some(entry) = catalogue.get(key) else {
        return value.to_owned();
    };
    match entry.sort {
        FieldSort::IdNumber => identity_number::mask(value),
        FieldSort::Phone => phone::mask(value),
        FieldSort::Plain | FieldSort::Words => entry
            .options
            .get(value)
            .cloned()
            .unwrap_or_else(|| value.to_owned()),
    }
}

/// 家庭住址：旧 → 新. Two numbers that differ behind their masks are said to differ.
pub(super) fn change(
    catalogue: &FieldCatalogue,
    key: &str,
    old: Option<&str>,
    new: &str,
) -> String {
    let label = label(catalogue, key);
    let new_words = word(catalogue, key, new);
    match old {
        None => format!("{label}：（空） → {new_words}"),
        Some(old) => {
            let old_words = word(catalogue, key, old);
            if old_words == new_words && old != new {
                format!("{label}：{new_words}，遮住的几位和档案里的不一样")
            } else {
                format!("{label}：{old_words} → {new_words}")
            }
        }
    }
}

/// A change as a file that leaves tells it.
pub(super) fn change_outside(
    catalogue: &FieldCatalogue,
    key: &str,
    old: Option<&str>,
    new: &str,
) -> String {
    match sort(catalogue, key) {
        FieldSort::Words => format!("{}：已按台账更新", label(catalogue, key)),
        FieldSort::Plain | FieldSort::Phone | FieldSort::IdNumber => {
            change(catalogue, key, old, new)
        }
    }
}

/// Both sides changed a field. The note goes into the result file, too: whose words they are stays here.
pub(super) fn conflict(
    catalogue: &FieldCatalogue,
    key: &str,
    old: Option<&str>,
    new: &str,
) -> String {
    let name = label(catalogue, key);
    if sort(catalogue, key) == FieldSort::Words {
        return format!("{name}两边都改过。导入时先留档案里的，导入后请核对。");
    }
    let old = old.map_or_else(|| "（空）".to_owned(), |old| word(catalogue, key, old));
    format!(
        "{name}两边都改过：档案里是“{old}”，名册里是“{}”。导入时先留档案里的，导入后请核对。",
        word(catalogue, key, new)
    )
}

fn sort(catalogue: &FieldCatalogue, key: &str) -> FieldSort {
    catalogue
        .get(key)
        .map(|entry| entry.sort)
        .unwrap_or_default()
}
