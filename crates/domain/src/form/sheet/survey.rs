//! The sheet `survey`: groups and questions.

use super::choices::ChoiceList;
use super::columns::{Column, Table, column, spoken, words, yes_or_no};
use super::{SheetFault, code_of};
use crate::form::compile::check_code;
use crate::form::file::{ConstraintFile, MandatoryFile, QuestionFile, SectionFile, SuggestFile};
use crate::form::pack::Level;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const COLUMNS: &[Column] = &[
    column("type"),
    column("name"),
    spoken("label"),
    spoken("hint"),
    column("required"),
    column("relevant"),
    column("constraint"),
    spoken("constraint_message"),
    column("calculation"),
    column("default"),
    column("x_level"),
    column("x_section_same"),
    column("x_rows"),
    column("x_short"),
    column("x_blocks_save"),
    column("x_na"),
    column("x_exclusive"),
    column("x_carry"),
    column("x_same_value"),
    column("x_none_value"),
    column("x_delta"),
    column("x_mandatory"),
    column("x_suggest"),
    column("x_people"),
    column("x_file"),
];

/// Columns that only a question has.
const OF_QUESTIONS: &[Column] = &[
    spoken("hint"),
    column("required"),
    column("constraint"),
    spoken("constraint_message"),
    column("calculation"),
    column("default"),
    column("x_short"),
    column("x_blocks_save"),
    column("x_na"),
    column("x_exclusive"),
    column("x_carry"),
    column("x_same_value"),
    column("x_none_value"),
    column("x_delta"),
    column("x_mandatory"),
    column("x_suggest"),
    column("x_people"),
    column("x_file"),
];
/// Columns that only a group has.
const OF_GROUPS: &[Column] = &[
    column("x_level"),
    column("x_section_same"),
    column("x_rows"),
];
/// Rows a repeated group may have where the sheet does not say.
const ROWS: u32 = 10;
/// Rows a repeated group may have at most.
const MOST_ROWS: u32 = 30;

/// What the sheet says, and in which row.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub sections: Vec<SectionFile>,
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
    /// Row of each group and question by key.
    pub rows: BTreeMap<String, u32>,
    /// Questions already refused; what follows from that is not told again.
    pub broken: BTreeSet<String>,
}

pub(super) fn read(
    table: &Table,
    lists: &BTreeMap<String, ChoiceList>,
    language: &str,
    faults: &mut Vec<SheetFault>,
) -> Survey {
    let mut reader = Reader {
        table,
        lists,
        language,
        survey: Survey::default(),
        open: None,
        names: BTreeSet::new(),
    };
    for row in table.rows.keys().copied() {
        reader.row(row, faults);
    }
    if let Some(open) = &reader.open {
        faults.push(table.fault(
            open.row,
            Some("type"),
            "这个 group 没有 end_group".to_owned(),
        ));
    }
    reader.survey
}

struct Open {
    row: u32,
    repeat: bool,
}

struct Reader<'a> {
    table: &'a Table,
    lists: &'a BTreeMap<String, ChoiceList>,
    language: &'a str,
    survey: Survey,
    open: Option<Open>,
    names: BTreeSet<String>,
}

impl Reader<'_> {
    fn row(&mut self, row: u32, faults: &mut Vec<SheetFault>) {
        let table = self.table;
        let Some(kind) = table.cell(row, "type") else {
            if table.columns.contains_key("type") {
                faults.push(table.fault(row, Some("type"), "这里不能空着".to_owned()));
            }
            return;
        };
        table.refuse_marked(row, &["label", "hint", "constraint_message"], faults);
        let mut parts = kind.split_whitespace();
        let first = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        match (first, rest.as_slice()) {
            ("begin_group", []) | ("begin", ["group"]) => self.begin(row, false, faults),
            ("begin_repeat", []) | ("begin", ["repeat"]) => self.begin(row, true, faults),
            ("end_group", []) | ("end", ["group"]) => self.end(row, false, faults),
            ("end_repeat", []) | ("end", ["repeat"]) => self.end(row, true, faults),
            ("select_one", [list]) => self.question(row, "one", Some(list), faults),
            ("select_multiple", [list]) => self.question(row, "many", Some(list), faults),
            ("text", []) => self.question(row, "text", None, faults),
            ("integer", []) => self.question(row, "int", None, faults),
            ("decimal", []) => self.question(row, "decimal", None, faults),
            ("date", []) => self.question(row, "date", None, faults),
            ("time", []) => self.question(row, "time", None, faults),
            ("note", []) => self.question(row, "note", None, faults),
            _ => {
                if let Some(name) = table.cell(row, "name") {
                    self.survey.broken.insert(name.to_owned());
                    self.names.insert(name.to_owned());
                }
                faults.push(table.fault(row, Some("type"), why_not(first, &rest, kind)));
            }
        }
    }

    fn begin(&mut self, row: u32, repeat: bool, faults: &mut Vec<SheetFault>) {
        let table = self.table;
        if self.open.is_some() {
            let cause = "这里前一个 group 还没有结束；group 里不能再放 group".to_owned();
            faults.push(table.fault(row, Some("type"), cause));
        }
        self.open = Some(Open { row, repeat });
        table.refuse_filled(row, OF_QUESTIONS, "这一列只用在题目上", faults);
        let Some(key) = self.name(row, faults) else {
            return;
        };
        let level = match table.cell(row, "x_level") {
            Some("household" | "家庭") => Level::Session,
            Some("child" | "孩子") => Level::Child,
            Some(other) => {
                let cause = format!("“{other}”不对，要写 household（家庭）或 child（孩子）");
                faults.push(table.fault(row, Some("x_level"), cause));
                Level::Session
            }
            None => {
                let cause = "要写 household（家庭）或 child（孩子）".to_owned();
                faults.push(table.fault(row, Some("x_level"), cause));
                Level::Session
            }
        };
        let rows = table.cell(row, "x_rows");
        let repeat = match (repeat, rows.map(str::parse)) {
            (true, None) => Some(ROWS),
            (true, Some(Ok(most))) if (1..=MOST_ROWS).contains(&most) => Some(most),
            (true, Some(_)) => {
                let cause = format!("要写最多几行，1 到 {MOST_ROWS}");
                faults.push(table.fault(row, Some("x_rows"), cause));
                Some(ROWS)
            }
            (false, None) => None,
            (false, Some(_)) => {
                let cause = "只有 begin_repeat 才写最多几行".to_owned();
                faults.push(table.fault(row, Some("x_rows"), cause));
                None
            }
        };
        let title = self.spoken(row, "label", &key, faults).unwrap_or_default();
        self.survey.sections.push(SectionFile {
            x_section_same: table.flag(row, "x_section_same", faults),
            relevant: table.cell(row, "relevant").map(str::to_owned),
            key,
            title,
            level,
            repeat,
            questions: Vec::new(),
        });
    }

    fn end(&mut self, row: u32, repeat: bool, faults: &mut Vec<SheetFault>) {
        let table = self.table;
        let cause = match self.open.take() {
            Some(open) if open.repeat == repeat => return,
            Some(_) => "begin_group 要用 end_group 结束，begin_repeat 要用 end_repeat 结束",
            None => "这里没有要结束的 group",
        };
        faults.push(table.fault(row, Some("type"), cause.to_owned()));
    }

    fn question(&mut self, row: u32, kind: &str, list: Option<&str>, faults: &mut Vec<SheetFault>) {
        let table = self.table;
        table.refuse_filled(row, OF_GROUPS, "这一列只用在 begin_group 上", faults);
        let Some(key) = self.name(row, faults) else {
            return;
        };
        let inside = self.open.is_some() && !self.survey.sections.is_empty();
        if !inside {
            let cause = "题目要放在 begin_group 和 end_group 之间".to_owned();
            faults.push(table.fault(row, Some("type"), cause));
        }
        let options = match list {
            None => Vec::new(),
            Some(list) => match self.lists.get(list) {
                Some(found) => {
                    for (language, texts) in &found.translations {
                        let all = self
                            .survey
                            .translations
                            .entry(language.clone())
                            .or_default();
                        all.extend(
                            texts
                                .iter()
                                .map(|(code, text)| (format!("{key}.{code}"), text.clone())),
                        );
                    }
                    found.options.clone()
                }
                None => {
                    let cause = format!("choices 里没有叫“{list}”的选项表");
                    faults.push(table.fault(row, Some("type"), cause));
                    self.survey.broken.insert(key.clone());
                    Vec::new()
                }
            },
        };
        let given = table.cell(row, "default").and_then(constant);
        if let Some(code) = given
            && kind == "one"
            && !self.survey.broken.contains(&key)
            && !options.iter().any(|option| option.code == code)
        {
            let cause = format!("选项里没有“{code}”，不能作默认值");
            faults.push(table.fault(row, Some("default"), cause));
        }
        let label = self.spoken(row, "label", &key, faults).unwrap_or_default();
        let (short, short_when) = match table.cell(row, "x_short") {
            None => (false, None),
            Some(text) => match yes_or_no(text) {
                Some(flag) => (flag, None),
                None => (false, Some(text.to_owned())),
            },
        };
        let own = |source: &str| with_own_answer(source, &key);
        let message = self.optional_spoken(row, "constraint_message", &key, ":constraint");
        let constraint = match (table.cell(row, "constraint"), message) {
            (None, None) => None,
            (Some(source), Some(message)) => Some(ConstraintFile {
                expression: own(source),
                message,
            }),
            (found, _) => {
                let (column, cause) = match found {
                    Some(_) => ("constraint_message", "写了 constraint，就要写不对时说什么"),
                    None => ("constraint", "写了 constraint_message，就要写 constraint"),
                };
                faults.push(table.fault(row, Some(column), cause.to_owned()));
                None
            }
        };
        let question = QuestionFile {
            label,
            hint: self.optional_spoken(row, "hint", &key, ":hint"),
            kind: kind.to_owned(),
            options,
            short,
            short_when,
            required: table.flag(row, "required", faults),
            blocks_save: table.flag(row, "x_blocks_save", faults),
            na: table.flag(row, "x_na", faults),
            exclusive: table
                .cell(row, "x_exclusive")
                .map(words)
                .unwrap_or_default(),
            carry: table.flag(row, "x_carry", faults),
            same_value: table.cell(row, "x_same_value").map(str::to_owned),
            none_value: table.cell(row, "x_none_value").map(str::to_owned),
            delta: table.flag(row, "x_delta", faults),
            relevant: table.cell(row, "relevant").map(str::to_owned),
            constraint,
            calculate: table.cell(row, "calculation").map(str::to_owned),
            initial: table.cell(row, "default").map(|text| initial(kind, text)),
            mandatory: self.mandatory(row, faults),
            suggest: self.suggest(row, faults),
            people: table.flag(row, "x_people", faults),
            file: lines(table.cell(row, "x_file"))
                .map(str::to_owned)
                .collect(),
            key,
        };
        if kind == "note" {
            let answers = question.required || question.calculate.is_some() || question.na;
            if answers || question.blocks_save || question.initial.is_some() {
                let cause = "note 只是说明，不能要求回答".to_owned();
                faults.push(table.fault(row, Some("type"), cause));
            }
        }
        if inside && let Some(section) = self.survey.sections.last_mut() {
            section.questions.push(question);
        }
    }

    /// The name in a row, if it can be one and is not taken.
    fn name(&mut self, row: u32, faults: &mut Vec<SheetFault>) -> Option<String> {
        let table = self.table;
        let Some(name) = table.cell(row, "name").map(str::to_owned) else {
            faults.push(table.fault(row, Some("name"), "这里不能空着".to_owned()));
            return None;
        };
        if let Err(fault) = check_code(&name) {
            faults.push(table.fault(row, Some("name"), fault.to_string()));
            return None;
        }
        if !self.names.insert(name.clone()) {
            let cause = match self.survey.rows.get(&name) {
                Some(first) => format!("“{name}”在第{first}行已经用过"),
                None => format!("“{name}”用了两次"),
            };
            faults.push(table.fault(row, Some("name"), cause));
            return None;
        }
        self.survey.rows.insert(name.clone(), row);
        Some(name)
    }

    fn spoken(
        &mut self,
        row: u32,
        column: &str,
        key: &str,
        faults: &mut Vec<SheetFault>,
    ) -> Option<String> {
        let found = self.optional_spoken(row, column, key, "");
        if found.is_none() {
            let cause = "这里不能空着".to_owned();
            faults.push(self.table.fault(row, Some(column), cause));
        }
        found
    }

    /// The text in the form's language; those in other languages go to the translations.
    fn optional_spoken(
        &mut self,
        row: u32,
        column: &str,
        key: &str,
        suffix: &str,
    ) -> Option<String> {
        let table = self.table;
        for (language, text) in table.translations(row, column, self.language) {
            let texts = self.survey.translations.entry(code_of(language));
            let texts = texts.or_default();
            texts.insert(format!("{key}{suffix}"), text.to_owned());
        }
        table.spoken(row, column, self.language).map(str::to_owned)
    }

    /// One rule per line: codes, and after a colon when they count.
    fn mandatory(&self, row: u32, faults: &mut Vec<SheetFault>) -> Vec<MandatoryFile> {
        let mut rules = Vec::new();
        for line in lines(self.table.cell(row, "x_mandatory")) {
            let (codes, when) = match split_colon(line) {
                Some((codes, when)) => (codes, Some(when.to_owned())),
                None => (line, None),
            };
            let codes = words(codes);
            if codes.is_empty() {
                let cause = "每行先写选项的编码，再写冒号和条件".to_owned();
                faults.push(self.table.fault(row, Some("x_mandatory"), cause));
                continue;
            }
            rules.push(MandatoryFile { codes, when });
        }
        rules
    }

    /// One rule per line: a problem type, a colon, and when to offer it.
    fn suggest(&self, row: u32, faults: &mut Vec<SheetFault>) -> Vec<SuggestFile> {
        let mut rules = Vec::new();
        for line in lines(self.table.cell(row, "x_suggest")) {
            let Some((problem, when)) = split_colon(line) else {
                let cause = format!("“{line}”里没有冒号；要写成 问题类型: 条件");
                faults.push(self.table.fault(row, Some("x_suggest"), cause));
                continue;
            };
            rules.push(SuggestFile {
                when: when.to_owned(),
                problem: problem.to_owned(),
            });
        }
        rules
    }
}

fn lines(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.into_iter()
        .flat_map(str::lines)
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

fn split_colon(line: &str) -> Option<(&str, &str)> {
    let (left, right) = line.split_once([':', '：'])?;
    let (left, right) = (left.trim(), right.trim());
    (!left.is_empty() && !right.is_empty()).then_some((left, right))
}

/// XLSForm writes a default plainly; a pack has an expression.
fn initial(kind: &str, text: &str) -> String {
    let expression = text.contains('(') || text.contains('\'') || text.contains("${");
    if expression || kind == "int" || kind == "decimal" {
        text.to_owned()
    } else {
        format!("'{text}'")
    }
}

/// A default that is one code and nothing to work out, written plainly or between quotes.
fn constant(text: &str) -> Option<&str> {
    let inside = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or(text);
    let works_out = inside.contains(['(', '\'']) || inside.contains("${");
    (!works_out).then_some(inside)
}

/// In a constraint a dot alone means the answer itself.
fn with_own_answer(source: &str, key: &str) -> String {
    let characters: Vec<char> = source.chars().collect();
    let mut quoted = false;
    let mut reference = false;
    let mut written = String::new();
    for (index, character) in characters.iter().enumerate() {
        match character {
            '\'' => quoted = !quoted,
            '{' if !quoted => reference = true,
            '}' if !quoted => reference = false,
            _ => {}
        }
        let beside =
            |other: Option<&char>| other.is_some_and(|one| one.is_alphanumeric() || *one == '.');
        let before = index.checked_sub(1).and_then(|index| characters.get(index));
        let alone = !beside(before) && !beside(characters.get(index + 1));
        if *character == '.' && !quoted && !reference && alone {
            written.push_str(&format!("${{{key}}}"));
        } else {
            written.push(*character);
        }
    }
    written
}

/// Why a type of XLSForm cannot be used, and what to write instead.
fn why_not(first: &str, rest: &[&str], whole: &str) -> String {
    match first {
        "select_one" | "select_multiple" if rest.is_empty() => {
            format!("{first} 后面要写选项表的名字")
        }
        "select_one" | "select_multiple" if rest.contains(&"or_other") => {
            "不能用 or_other；请把“其他”写成 choices 里的一个选项".to_owned()
        }
        "range" => "不能用“range”；数字请用 integer 或 decimal".to_owned(),
        "calculate" => "不能用“calculate”；请把算式写在一道题的 calculation 列".to_owned(),
        "image" | "audio" | "video" | "file" => {
            format!("不能用“{first}”；照片、录音和签名在走访表最后统一加，不写在表里")
        }
        "geopoint" | "geotrace" | "geoshape" | "start-geopoint" => {
            format!("不能用“{first}”；这里不收集位置")
        }
        "select_one_from_file" | "select_multiple_from_file" | "csv-external" | "xml-external" => {
            format!("不能用“{first}”；选项都写在 choices 里")
        }
        "rank" => "不能用“rank”；请用 select_multiple".to_owned(),
        "datetime" | "dateTime" => "不能用“datetime”；请分成 date 和 time 两题".to_owned(),
        "acknowledge" | "trigger" => format!("不能用“{first}”；请用 select_one"),
        "start" | "end" | "today" | "deviceid" | "username" | "phonenumber" | "email" | "audit" => {
            format!("不能用“{first}”；谁、什么时候写的，平板自己会记")
        }
        _ => format!(
            "没有“{whole}”这种题型；能用的有 select_one、select_multiple、text、integer、decimal、date、time、note、begin_group、begin_repeat"
        ),
    }
}
