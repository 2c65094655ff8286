//! A pack as sheets, so that a form somebody has as a pack can be changed in a spreadsheet.

use super::{CHOICES, LANGUAGE, NOTES, SETTINGS, SUMMARY, SURVEY, Sheet, code_of};
use super::{choices, columns, settings, survey};
use crate::form::fault::PackError;
use crate::form::file::{PackFile, QuestionFile, SectionFile};
use crate::form::pack::{AnswerOption, FormPack, Level, SummaryGiven};
use std::collections::BTreeMap;

/// What the sheet 说明 says.
const ADVICE: &[&str] = &[
    "这份表格写的是走访表。改好以后请管平板的人检查、发到平板上。",
    "survey：一行一道题。choices：选项。settings：表的名字和版本。x_summary：走访小结用哪些题。",
    "name（编码）定了就不能改，也不能换意思；文字可以改。每改一次，version 要加大，form_id 要换新的。",
    "x_short：简表里也问（写 yes，或者写什么时候问）。x_na：可以答“不便回答”。x_carry：能“和上次一样”。x_none_value：点“都没有”时填什么。",
    "x_mandatory：选了哪些要打开强制报告页。x_suggest：什么时候提示上报问题。每条规则写一行。",
    "x_people：这道文字题先列出家里人给人点，点了就连到档案里的那个人。",
    "x_file：答的是档案里的哪一栏，走访以后和档案比一比。每条规则写一行，写法见 policy/README。",
    "x_level：household 一家问一次，child 每个孩子问一次。begin_repeat：可以加几行。",
    "超出范围的写法会指出在哪张表、哪一行、哪一列、为什么。",
];

/// The sheets of a pack; compiled again they give a pack with the same content hash.
///
/// # Errors
/// If the pack itself cannot be used.
pub fn to_sheets(json: &str) -> Result<Vec<Sheet>, PackError> {
    FormPack::from_json(json)?;
    let file: PackFile =
        serde_json::from_str(json).map_err(|error| PackError::Malformed(error.to_string()))?;
    let languages: Vec<&String> = file.translations.keys().collect();
    let mut writer = Writer {
        file: &file,
        languages,
        lists: Vec::new(),
    };
    let survey = writer.survey();
    Ok(vec![
        survey,
        writer.choices(),
        writer.settings(),
        writer.summary(),
        notes(),
    ])
}

struct Writer<'a> {
    file: &'a PackFile,
    languages: Vec<&'a String>,
    /// Lists under the key of the first question that has them.
    lists: Vec<(String, Vec<AnswerOption>)>,
}

type Cells = BTreeMap<String, String>;

impl Writer<'_> {
    fn survey(&mut self) -> Sheet {
        let mut rows = Vec::new();
        for section in &self.file.sections {
            rows.push(self.section(section));
            for question in &section.questions {
                let row = self.question(question);
                rows.push(row);
            }
            let end = match section.repeat {
                Some(_) => "end_repeat",
                None => "end_group",
            };
            rows.push(Cells::from([("type".to_owned(), end.to_owned())]));
        }
        self.sheet(SURVEY, survey::COLUMNS, &rows)
    }

    fn section(&self, section: &SectionFile) -> Cells {
        let mut cells = Cells::new();
        let mut put = |column: &str, text: &str| {
            cells.insert(column.to_owned(), text.to_owned());
        };
        put(
            "type",
            if section.repeat.is_some() {
                "begin_repeat"
            } else {
                "begin_group"
            },
        );
        put("name", &section.key);
        put(
            "x_level",
            match section.level {
                Level::Session => "household",
                Level::Child => "child",
            },
        );
        if section.x_section_same {
            put("x_section_same", "yes");
        }
        if let Some(most) = section.repeat {
            put("x_rows", &most.to_string());
        }
        if let Some(relevant) = &section.relevant {
            put("relevant", relevant);
        }
        self.speak(&mut cells, "label", &section.title, &section.key);
        cells
    }

    fn question(&mut self, question: &QuestionFile) -> Cells {
        let mut cells = Cells::new();
        let kind = match question.kind.as_str() {
            "one" => format!("select_one {}", self.list(question)),
            "many" => format!("select_multiple {}", self.list(question)),
            "int" => "integer".to_owned(),
            other => other.to_owned(),
        };
        let flags = [
            ("required", question.required),
            ("x_short", question.short),
            ("x_blocks_save", question.blocks_save),
            ("x_na", question.na),
            ("x_carry", question.carry),
            ("x_delta", question.delta),
            ("x_people", question.people),
        ];
        let texts = [
            ("x_short", question.short_when.clone()),
            ("relevant", question.relevant.clone()),
            ("calculation", question.calculate.clone()),
            ("default", question.initial.as_deref().map(plain)),
            ("x_same_value", question.same_value.clone()),
            ("x_none_value", question.none_value.clone()),
            ("x_exclusive", joined(&question.exclusive)),
        ];
        cells.insert("type".to_owned(), kind);
        cells.insert("name".to_owned(), question.key.clone());
        for (column, flag) in flags {
            if flag {
                cells.insert(column.to_owned(), "yes".to_owned());
            }
        }
        for (column, text) in texts {
            if let Some(text) = text {
                cells.insert(column.to_owned(), text);
            }
        }
        let mandatory: Vec<String> = question
            .mandatory
            .iter()
            .map(|rule| match &rule.when {
                Some(when) => format!("{}: {when}", rule.codes.join(" ")),
                None => rule.codes.join(" "),
            })
            .collect();
        let suggest: Vec<String> = question
            .suggest
            .iter()
            .map(|rule| format!("{}: {}", rule.problem, rule.when))
            .collect();
        for (column, rules) in [
            ("x_mandatory", mandatory),
            ("x_suggest", suggest),
            ("x_file", question.file.clone()),
        ] {
            if !rules.is_empty() {
                cells.insert(column.to_owned(), rules.join("\n"));
            }
        }
        let key = &question.key;
        self.speak(&mut cells, "label", &question.label, key);
        if let Some(hint) = &question.hint {
            self.speak(&mut cells, "hint", hint, &format!("{key}:hint"));
        }
        if let Some(constraint) = &question.constraint {
            cells.insert("constraint".to_owned(), constraint.expression.clone());
            let place = format!("{key}:constraint");
            self.speak(
                &mut cells,
                "constraint_message",
                &constraint.message,
                &place,
            );
        }
        cells
    }

    /// A text in the form's language and in its others.
    fn speak(&self, cells: &mut Cells, column: &str, text: &str, place: &str) {
        cells.insert(format!("{column}::{LANGUAGE}"), text.to_owned());
        for language in &self.languages {
            if let Some(text) = self.file.translations[*language].get(place) {
                cells.insert(format!("{column}::{language}({language})"), text.clone());
            }
        }
    }

    /// The list of a question. Equal lists are one, unless their words in other languages might differ.
    fn list(&mut self, question: &QuestionFile) -> String {
        let same = self
            .lists
            .iter()
            .find(|(_, options)| self.languages.is_empty() && *options == question.options);
        if let Some((name, _)) = same {
            return name.clone();
        }
        self.lists
            .push((question.key.clone(), question.options.clone()));
        question.key.clone()
    }

    fn choices(&self) -> Sheet {
        let mut rows = Vec::new();
        for (list, options) in &self.lists {
            for option in options {
                let mut cells = Cells::from([
                    ("list_name".to_owned(), list.clone()),
                    ("name".to_owned(), option.code.clone()),
                ]);
                if let Some(brief) = &option.brief {
                    cells.insert("x_brief".to_owned(), brief.clone());
                }
                let place = format!("{list}.{}", option.code);
                self.speak(&mut cells, "label", &option.label, &place);
                rows.push(cells);
            }
        }
        self.sheet(CHOICES, choices::COLUMNS, &rows)
    }

    fn settings(&self) -> Sheet {
        let file = self.file;
        let mut row: Cells = [
            ("form_title", file.title.clone()),
            ("form_id", file.id.clone()),
            ("version", file.version.to_string()),
            ("default_language", LANGUAGE.to_owned()),
            ("x_session_title", file.session_title.clone()),
            ("x_na_label", file.na_label.clone()),
        ]
        .into_iter()
        .map(|(column, text)| (column.to_owned(), text))
        .collect();
        if let Some(attempt) = &file.attempt {
            row.insert("x_attempt".to_owned(), attempt.clone());
        }
        for (column, place) in settings::SPOKEN {
            let own = row[column].clone();
            self.speak(&mut row, column, &own, place);
        }
        // A form of one language has its general words under plain names, as before there were others.
        if self.languages.is_empty() {
            let plain: Vec<columns::Column> = settings::COLUMNS
                .iter()
                .map(|known| columns::column(known.name))
                .collect();
            return self.sheet(SETTINGS, &plain, &[row]);
        }
        self.sheet(SETTINGS, settings::COLUMNS, &[row])
    }

    fn summary(&self) -> Sheet {
        let rows: Vec<Cells> = self
            .file
            .summary
            .iter()
            .map(|line| {
                let mut cells = Cells::from([("label".to_owned(), line.label.clone())]);
                let given = line.given.map(|given| match given {
                    SummaryGiven::Measures => "measures".to_owned(),
                    SummaryGiven::NextVisit => "next_visit".to_owned(),
                });
                if let Some(given) = given {
                    cells.insert("given".to_owned(), given);
                }
                if let Some(questions) = joined(&line.questions) {
                    cells.insert("questions".to_owned(), questions);
                }
                cells
            })
            .collect();
        self.sheet(SUMMARY, settings::SUMMARY_COLUMNS, &rows)
    }

    fn sheet(&self, name: &str, columns: &[super::columns::Column], rows: &[Cells]) -> Sheet {
        let mut headings = Vec::new();
        for column in columns {
            if !column.spoken {
                headings.push(column.name.to_owned());
                continue;
            }
            headings.push(format!("{}::{LANGUAGE}", column.name));
            for language in &self.languages {
                assert_eq!(code_of(&format!("{language}({language})")), **language);
                headings.push(format!("{}::{language}({language})", column.name));
            }
        }
        let first = headings.iter().cloned();
        let mut sheet = Sheet {
            name: name.to_owned(),
            rows: BTreeMap::from([(1, (0..).zip(first).collect())]),
        };
        for (number, cells) in (2..).zip(rows) {
            let row = (0..)
                .zip(&headings)
                .filter_map(|(column, heading)| Some((column, cells.get(heading)?.clone())))
                .collect();
            sheet.rows.insert(number, row);
        }
        sheet
    }
}

fn notes() -> Sheet {
    let lines = ADVICE
        .iter()
        .map(|line| BTreeMap::from([(0, (*line).to_owned())]));
    Sheet {
        name: NOTES.to_owned(),
        rows: (1..).zip(lines).collect(),
    }
}

fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}

/// A constant is written plainly, as XLSForm has it.
fn plain(expression: &str) -> String {
    let inner = expression
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    match inner {
        Some(inner) if !inner.contains(['\'', '(']) => inner.to_owned(),
        _ => expression.to_owned(),
    }
}
