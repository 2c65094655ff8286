//! Making registers: in the offices' own layout, and as they look after ten people have kept them.

use super::{LedgerKind, columns::ColumnTable};
use chrono::{Datelike, NaiveDate};
use domain::policy::code_matches;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::collections::{BTreeMap, BTreeSet};

/// A cell to be written exactly so.
#[derive(Debug, Clone, PartialEq)]
pub enum WrittenCell {
    /// Text.
    Text(String),
    /// A number, as Excel keeps it.
    Number(f64),
    /// A date cell.
    Date(NaiveDate),
}

/// One child in a register.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LedgerLine {
    /// Stable values by field key (codes, ISO dates); the writer finds the words.
    pub values: BTreeMap<String, String>,
    /// Category codes.
    pub categories: BTreeSet<String>,
    /// Cells to be written exactly so, by field key; they win over `values`.
    pub verbatim: BTreeMap<String, WrittenCell>,
}

/// How the register is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The columns of the national form in their order, dates as text `2016-03-05`.
    Tidy,
    /// Merged titles, columns moved, 全角 digits, √ marks, several date styles, blank rows and a footer.
    Messy,
}

/// Writes a register.
///
/// # Errors
/// The workbook cannot be put together, e.g. a cell is longer than the format allows.
pub fn write(
    kind: LedgerKind,
    place: &str,
    lines: &[LedgerLine],
    layout: Layout,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // The same register gives the same bytes: no clock in the properties.
    workbook.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?),
    );
    let sheet = workbook.add_worksheet();
    let columns = match (kind, layout) {
        (LedgerKind::L1, Layout::Tidy) => L1_TIDY,
        (LedgerKind::L1, Layout::Messy) => L1_MESSY,
        (LedgerKind::L2, Layout::Tidy) => L2_TIDY,
        (LedgerKind::L2, Layout::Messy) => L2_MESSY,
    };
    let head = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin);
    let first = write_top(sheet, kind, place, columns.len(), layout)?;
    for (at, (heading, _)) in (0_u16..).zip(columns) {
        sheet.write_with_format(first, at, *heading, &head)?;
    }
    let date = Format::new().set_num_format("yyyy/m/d");
    let mut at = first + 1;
    for (index, line) in lines.iter().enumerate() {
        if layout == Layout::Messy && index == 4 {
            at += 1;
        }
        for (column, (_, key)) in (0_u16..).zip(columns) {
            match cell(index, line, key, kind, layout) {
                Some(WrittenCell::Text(text)) => _ = sheet.write(at, column, text)?,
                Some(WrittenCell::Number(number)) => _ = sheet.write(at, column, number)?,
                Some(WrittenCell::Date(day)) => {
                    _ = sheet.write_with_format(at, column, excel_date(day)?, &date)?
                }
                None => {}
            }
        }
        at += 1;
    }
    if layout == Layout::Messy {
        sheet.write(at, 0, "合计")?;
        sheet.write(at, 1, format!("{}人", lines.len()))?;
        sheet.write(at + 2, 0, "填表人：")?;
        sheet.write(at + 2, 6, "审核人：")?;
    }
    workbook.save_to_buffer()
}

/// The columns of the national form in their order: heading and key.
pub(crate) fn tidy_columns(kind: LedgerKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        LedgerKind::L1 => L1_TIDY,
        LedgerKind::L2 => L2_TIDY,
    }
}

/// A cell as the national form has it.
pub(crate) fn tidy_cell(
    index: usize,
    line: &LedgerLine,
    key: &str,
    kind: LedgerKind,
) -> Option<WrittenCell> {
    cell(index, line, key, kind, Layout::Tidy)
}

fn excel_date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    ExcelDateTime::from_ymd(
        u16::try_from(day.year()).unwrap_or(1900),
        part(day.month()),
        part(day.day()),
    )
}

/// Title rows; gives the row of the headings, from 0.
fn write_top(
    sheet: &mut Worksheet,
    kind: LedgerKind,
    place: &str,
    width: usize,
    layout: Layout,
) -> Result<u32, XlsxError> {
    let title = Format::new()
        .set_bold()
        .set_font_size(16)
        .set_align(FormatAlign::Center);
    let last = u16::try_from(width.saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.merge_range(0, 0, 0, last, &format!("{place}{}", kind.name()), &title)?;
    if layout == Layout::Tidy {
        return Ok(1);
    }
    let unit = Format::new();
    sheet.merge_range(1, 0, 1, 5, &format!("填报单位：{place}（演示数据）"), &unit)?;
    sheet.merge_range(1, 6, 1, last, "填报日期：２０２６年　　月　　日", &unit)?;
    Ok(3)
}

fn cell(
    index: usize,
    line: &LedgerLine,
    key: &str,
    kind: LedgerKind,
    layout: Layout,
) -> Option<WrittenCell> {
    if let Some(verbatim) = line.verbatim.get(key) {
        return Some(verbatim.clone());
    }
    let messy = layout == Layout::Messy;
    let value = line.values.get(key).map(String::as_str);
    let text = match key {
        "#" => return Some(WrittenCell::Number((index + 1) as f64)),
        "birth_date" => return value.map(|value| date_cell(index, value, messy)),
        "left_behind_kind" => left_behind(line),
        "left_behind_both" | "left_behind_one" => ColumnTable::shipped()
            .left_behind_words
            .iter()
            .any(|kind| kind.mark.as_deref() == Some(key) && line.categories.contains(&kind.code))
            .then(|| "√".to_owned()),
        "difficulty_kind" => Some(difficulty(line)),
        "disability_or_illness" => {
            let both = [line.values.get("disability"), line.values.get("illness")];
            both.into_iter().flatten().next().cloned()
        }
        "basic_allowance" => line
            .categories
            .iter()
            .any(|code| {
                let patterns = &ColumnTable::shipped().categories.basic_allowance;
                patterns.iter().any(|pattern| code_matches(pattern, code))
            })
            .then(|| yes(messy)),
        "medical_insurance" => Some(yes(messy)),
        "education_aid" => value.map(str::to_owned),
        "rehabilitation" => line
            .categories
            .contains(&ColumnTable::shipped().categories.disability)
            .then(|| yes(messy)),
        "boarding" if messy => value.filter(|value| *value == "y").map(|_| "√".to_owned()),
        _ => value.map(|value| words(key, value)),
    }?;
    let text = if messy {
        spoil(index, key, &text, kind)
    } else {
        text
    };
    Some(WrittenCell::Text(text))
}

fn yes(messy: bool) -> String {
    if messy { "√".into() } else { "是".into() }
}

/// A code as the office writes it.
fn words(key: &str, value: &str) -> String {
    let table = ColumnTable::shipped();
    let list = table.column(key).and_then(|column| column.list.as_deref());
    list.and_then(|list| table.label(list, value))
        .unwrap_or(value)
        .to_owned()
}

/// As the national form writes it; a category it does not know in the words of the place's own rules.
fn left_behind(line: &LedgerLine) -> Option<String> {
    let mut kinds = ColumnTable::shipped().left_behind_words.iter();
    let known = kinds.find(|kind| line.categories.contains(&kind.code));
    let own = || line.values.get("left_behind_kind").cloned();
    known.and_then(|kind| kind.written.clone()).or_else(own)
}

fn difficulty(line: &LedgerLine) -> String {
    let table = ColumnTable::shipped();
    let word = |code: &String| {
        table
            .difficulty_words
            .iter()
            .find(|entry| entry.code == *code)?
            .words
            .first()
    };
    let found: Vec<&str> = line
        .categories
        .iter()
        .filter_map(word)
        .map(String::as_str)
        .collect();
    if found.is_empty() {
        "其他".into()
    } else {
        found.join("；")
    }
}

fn date_cell(index: usize, value: &str, messy: bool) -> WrittenCell {
    let Ok(date) = value.parse::<NaiveDate>() else {
        return WrittenCell::Text(value.to_owned());
    };
    if !messy {
        return WrittenCell::Text(date.to_string());
    }
    match index % 4 {
        0 => WrittenCell::Text(date.format("%Y.%-m.%-d").to_string()),
        1 => WrittenCell::Date(date),
        2 => WrittenCell::Text(date.format("%Y年%-m月%-d日").to_string()),
        _ => WrittenCell::Text(full_width(&date.format("%Y/%m/%d").to_string())),
    }
}

/// What many hands do to a cell.
fn spoil(index: usize, key: &str, text: &str, kind: LedgerKind) -> String {
    let two_characters = text.chars().count() == 2;
    match key {
        "name" if two_characters && index.is_multiple_of(2) => text
            .chars()
            .map(String::from)
            .collect::<Vec<_>>()
            .join("　"),
        "ethnicity" => text.trim_end_matches('族').to_owned(),
        "id_no" if index % 5 == 1 => full_width(text),
        "id_no" if index % 5 == 2 && text.is_ascii() && text.len() == 18 => {
            format!("{} {} {}", &text[..6], &text[6..14], &text[14..])
        }
        "id_no" if index % 5 == 3 => text.to_lowercase(),
        "carer_phone" | "guardian_phone" if index % 3 == 1 => full_width(text),
        "addr" if index % 3 == 2 => format!(" {text}\n"),
        "health" if kind == LedgerKind::L1 && text == "健康或良好" => "健康".into(),
        _ => text.to_owned(),
    }
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| {
            if ('!'..='~').contains(&c) {
                char::from_u32(c as u32 + 0xfee0).unwrap_or(c)
            } else {
                c
            }
        })
        .collect()
}

const L1_TIDY: &[(&str, &str)] = &[
    ("序号", "#"),
    ("姓名", "name"),
    ("性别", "sex"),
    ("民族", "ethnicity"),
    ("出生日期", "birth_date"),
    ("身份证号", "id_no"),
    ("户籍地", "hukou_addr"),
    ("现居住地", "addr"),
    ("户口登记", "hukou_kind"),
    ("健康状况", "health"),
    ("残疾类别等级", "disability"),
    ("患病", "illness"),
    ("就学情况", "school_stage"),
    ("学校年级", "school_grade"),
    ("是否寄宿", "boarding"),
    ("父亲姓名", "father_name"),
    ("父亲身份证号", "father_id_no"),
    ("父亲务工地", "father_place"),
    ("父亲电话", "father_phone"),
    ("母亲姓名", "mother_name"),
    ("母亲身份证号", "mother_id_no"),
    ("母亲务工地", "mother_place"),
    ("母亲电话", "mother_phone"),
    ("留守类型", "left_behind_kind"),
    ("委托照料人", "carer_name"),
    ("与儿童关系", "carer_relation"),
    ("身份证号", "carer_id_no"),
    ("电话", "carer_phone"),
    ("住址", "carer_addr"),
    ("监护情况", "guardianship_rating"),
    ("家庭主要收入来源", "income_source"),
    ("享受救助", "benefits"),
    ("联系儿童主任", "helper"),
    ("备注", "remark"),
];

const L1_MESSY: &[(&str, &str)] = &[
    ("序号", "#"),
    ("儿童\n姓名", "name"),
    ("出生年月日", "birth_date"),
    ("性 别", "sex"),
    ("民族", "ethnicity"),
    ("身份证号码", "id_no"),
    ("现居住地\n（组、门牌）", "addr"),
    ("户籍所在地", "hukou_addr"),
    ("父母双方\n外出", "left_behind_both"),
    ("一方外出，另一方无监护能力", "left_behind_one"),
    ("健康状况", "health"),
    ("残疾情况", "disability"),
    ("就读情况", "school_stage"),
    ("学校及年级", "school_grade"),
    ("寄宿（√）", "boarding"),
    ("父亲姓名", "father_name"),
    ("身份证号", "father_id_no"),
    ("务工地点", "father_place"),
    ("联系电话", "father_phone"),
    ("母亲姓名", "mother_name"),
    ("身份证号", "mother_id_no"),
    ("务工地点", "mother_place"),
    ("联系电话", "mother_phone"),
    ("委托照料人", "carer_name"),
    ("与儿童\n关系", "carer_relation"),
    ("身份证号", "carer_id_no"),
    ("电　话", "carer_phone"),
    ("住址", "carer_addr"),
    ("监护情况（较好/一般/差）", "guardianship_rating"),
    ("主要收入来源", "income_source"),
    ("村干部签字", "-"),
    ("备　注", "remark"),
];

const L2_TIDY: &[(&str, &str)] = &[
    ("序号", "#"),
    ("姓名", "name"),
    ("性别", "sex"),
    ("出生日期", "birth_date"),
    ("身份证号", "id_no"),
    ("民族", "ethnicity"),
    ("户籍", "hukou_addr"),
    ("住址", "addr"),
    ("家庭人口", "size"),
    ("困境类别", "difficulty_kind"),
    ("致困原因(自身/家庭/监护)", "hardship_cause"),
    ("监护人", "guardian_name"),
    ("与儿童关系", "guardian_relation"),
    ("身份证号", "guardian_id_no"),
    ("电话", "guardian_phone"),
    ("监护情况", "guardianship_rating"),
    ("残疾/疾病", "disability_or_illness"),
    ("就学", "school_stage"),
    ("基本生活保障", "basic_allowance"),
    ("医疗保障", "medical_insurance"),
    ("教育资助", "education_aid"),
    ("康复服务", "rehabilitation"),
    ("帮扶责任人", "helper"),
    ("备注", "remark"),
];

const L2_MESSY: &[(&str, &str)] = &[
    ("序号", "#"),
    ("困境类型", "difficulty_kind"),
    ("姓  名", "name"),
    ("身份证号码", "id_no"),
    ("出生年月", "birth_date"),
    ("性别", "sex"),
    ("民族", "ethnicity"),
    ("家庭住址", "addr"),
    ("户籍地", "hukou_addr"),
    ("家庭\n人口", "size"),
    ("监护人姓名", "guardian_name"),
    ("与儿童的关系", "guardian_relation"),
    ("身份证号码", "guardian_id_no"),
    ("联系电话", "guardian_phone"),
    ("致困主要原因", "hardship_cause"),
    ("残疾、疾病", "disability_or_illness"),
    ("就读情况", "school_stage"),
    ("监护状况", "guardianship_rating"),
    ("基本生活\n保障", "basic_allowance"),
    ("医疗保障", "medical_insurance"),
    ("康复服务", "rehabilitation"),
    ("责任人", "helper"),
    ("备注", "remark"),
];
