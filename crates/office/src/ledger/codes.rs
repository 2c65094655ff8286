//! Words of a register to stable codes: code lists, categories, disability and the tier facts in it.

use super::{
    columns::{CategoryWords, ColumnTable},
    values::without_blanks,
};
use std::collections::BTreeSet;

const NOTHING: [&str; 12] = [
    "无",
    "没有",
    "否",
    "健康",
    "正常",
    "/",
    "-",
    "—",
    "——",
    "×",
    "不适用",
    "0",
];

/// A cell that says there is nothing.
pub(super) fn says_nothing(text: &str) -> bool {
    NOTHING.contains(&without_blanks(text).as_str())
}

/// The code of a word: the exact word first, then the longest word of two or more characters inside the text.
pub(super) fn code_of(table: &ColumnTable, list: &str, text: &str) -> Option<String> {
    let codes = table.lists.get(list)?;
    let text = without_blanks(text);
    let exact = codes.iter().find(|entry| {
        entry.iter().any(|word| {
            word.eq_ignore_ascii_case(&text)
                || (list == "ethnicity" && word.strip_suffix('族') == Some(text.as_str()))
        })
    });
    let inside = || {
        let words = codes
            .iter()
            .flat_map(|entry| entry.iter().skip(1).map(move |word| (entry, word)));
        words
            .filter(|(_, word)| word.chars().count() > 1 && text.contains(word.as_str()))
            .max_by_key(|(_, word)| word.chars().count())
            .map(|(entry, _)| entry)
    };
    let partial = !matches!(list, "sex" | "yes_no" | "ethnicity");
    exact
        .or_else(|| if partial { inside() } else { None })?
        .first()
        .cloned()
}

/// √, 是, 有 and their opposites.
pub(super) fn mark(table: &ColumnTable, text: &str) -> Option<bool> {
    code_of(table, "yes_no", text).map(|code| code == "y")
}

/// All categories a text names; a longer name hides the shorter one inside it.
pub(super) fn categories(words: &[CategoryWords], text: &str) -> BTreeSet<String> {
    let mut rest = without_blanks(text);
    let mut found = BTreeSet::new();
    for category in words {
        for word in &category.words {
            let of_parent = category.not_of_parents && speaks_of_parent(&rest);
            if rest.contains(word.as_str()) && !of_parent {
                found.insert(category.code.clone());
                rest = rest.replace(word.as_str(), "");
            }
        }
    }
    found
}

fn speaks_of_parent(text: &str) -> bool {
    ["父", "母", "爸", "妈"]
        .iter()
        .any(|word| text.contains(word))
}

/// A disability as far as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disability {
    kind: Option<&'static str>,
    grade: Option<u8>,
    /// The text, tidied to 肢体二级 where both are known.
    pub(super) text: String,
}

const KINDS: [&str; 7] = ["视力", "听力", "言语", "肢体", "智力", "精神", "多重"];
const GRADES: [(&str, u8); 8] = [
    ("一级", 1),
    ("二级", 2),
    ("三级", 3),
    ("四级", 4),
    ("1级", 1),
    ("2级", 2),
    ("3级", 3),
    ("4级", 4),
];

/// Reads 肢体二级, 智力3级, 听力残疾 …; none when the text says there is none.
pub(super) fn disability(text: &str) -> Option<Disability> {
    let bare = without_blanks(text);
    if bare.is_empty() || says_nothing(&bare) {
        return None;
    }
    let kind = KINDS.into_iter().find(|kind| bare.contains(kind));
    let grade = GRADES
        .into_iter()
        .find(|(word, _)| bare.contains(word))
        .map(|(_, grade)| grade);
    let text = match (kind, grade) {
        (Some(kind), Some(grade)) => format!(
            "{kind}{}级",
            ["一", "二", "三", "四"][usize::from(grade) - 1]
        ),
        _ => bare,
    };
    Some(Disability { kind, grade, text })
}

impl Disability {
    /// Is this a disability at all, and not an illness in the wrong column.
    pub(super) fn is_certain(&self) -> bool {
        self.kind.is_some() || self.grade.is_some() || self.text.contains('残')
    }

    /// Mental disability counts as a psychological finding (domain.md §5.2).
    pub(super) fn is_mental(&self) -> bool {
        self.kind == Some("精神")
    }

    /// 重残: grade 1–2 of any kind, or grade 3–4 intellectual or mental.
    pub(super) fn is_severe(&self) -> bool {
        match self.grade {
            Some(1 | 2) => true,
            Some(_) => matches!(self.kind, Some("智力" | "精神")),
            None => self.text.contains("重残") || self.text.contains("重度残疾"),
        }
    }
}

/// The clause of a text that says father or mother is severely disabled.
pub(super) fn severe_parent(text: &str) -> Option<String> {
    let clauses = text.split(['，', '。', '；', ',', ';', '、', '\n', '：', ':']);
    clauses.map(without_blanks).find(|clause| {
        speaks_of_parent(clause)
            && !clause.contains("祖")
            && disability(clause).is_some_and(|found| found.is_severe())
    })
}
