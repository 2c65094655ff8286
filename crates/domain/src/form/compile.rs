//! Reads a form pack from JSON and checks it whole before its first use.
//!
//! Fields this version does not know are ignored; a question type it does not know is refused,
//! because leaving a question out silently would change what a record means.

use super::expression::{Expression, Kind};
use super::fault::{PackError, PackFault};
use super::pack::{
    AnswerOption, Constraint, FormPack, Level, MandatoryRule, NA, Question, QuestionType, Section,
    SuggestRule, SummaryLine,
};
use super::parse::{KnownQuestion, Names, parse};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes a pack may have.
const MAX_PACK_BYTES: usize = 1_000_000;

/// Reads and checks a pack.
pub(super) fn read_pack(json: &str) -> Result<FormPack, PackError> {
    if json.len() > MAX_PACK_BYTES {
        return Err(PackError::TooLarge(json.len()));
    }
    let malformed = |error: serde_json::Error| PackError::Malformed(error.to_string());
    let value: serde_json::Value = serde_json::from_str(json).map_err(malformed)?;
    let hash = hash_of(&value);
    let file: PackFile = serde_json::from_value(value).map_err(malformed)?;
    compile(file, hash)
}

/// The hash ignores the order of fields and the white space, so a pretty file and its stored copy are one pack.
fn hash_of(value: &serde_json::Value) -> String {
    let mut canonical = String::new();
    write_canonical(value, &mut canonical);
    Sha256::digest(canonical.as_bytes())
        .iter()
        .fold(String::new(), |mut text, byte| {
            use std::fmt::Write as _;
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
}

fn write_canonical(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(fields) => {
            let sorted: BTreeMap<&String, &serde_json::Value> = fields.iter().collect();
            out.push('{');
            for (index, (key, field)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(field, out);
            }
            out.push('}');
        }
        serde_json::Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[derive(Deserialize)]
struct PackFile {
    id: String,
    version: u32,
    title: String,
    languages: Vec<String>,
    session_title: String,
    na_label: String,
    attempt: Option<String>,
    sections: Vec<SectionFile>,
    #[serde(default)]
    summary: Vec<SummaryLine>,
}

#[derive(Deserialize)]
struct SectionFile {
    key: String,
    title: String,
    level: Level,
    #[serde(default)]
    x_section_same: bool,
    relevant: Option<String>,
    questions: Vec<QuestionFile>,
}

#[derive(Deserialize)]
struct QuestionFile {
    key: String,
    label: String,
    hint: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    options: Vec<AnswerOption>,
    #[serde(default)]
    short: bool,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    blocks_save: bool,
    relevant: Option<String>,
    constraint: Option<ConstraintFile>,
    calculate: Option<String>,
    initial: Option<String>,
    #[serde(default)]
    carry: bool,
    same_value: Option<String>,
    #[serde(default)]
    delta: bool,
    #[serde(default)]
    mandatory: Vec<MandatoryFile>,
    #[serde(default)]
    suggest: Vec<SuggestFile>,
    #[serde(default)]
    na: bool,
    #[serde(default)]
    exclusive: Vec<String>,
}

#[derive(Deserialize)]
struct ConstraintFile {
    expression: String,
    message: String,
}

#[derive(Deserialize)]
struct MandatoryFile {
    codes: Vec<String>,
    when: Option<String>,
}

#[derive(Deserialize)]
struct SuggestFile {
    when: String,
    problem: String,
}

fn compile(file: PackFile, hash: String) -> Result<FormPack, PackError> {
    let pack = |fault| PackError::Fault {
        place: file.id.clone(),
        fault,
    };
    if file.id.trim().is_empty() || file.sections.is_empty() {
        return Err(pack(PackFault::Empty));
    }
    let mut compiler = Compiler {
        questions: known_questions(&file)?,
        warnings: Vec::new(),
    };
    let attempt = compiler.optional(
        &file.id,
        "attempt",
        file.attempt.as_ref(),
        Kind::Bool,
        false,
        None,
    )?;
    for line in &file.summary {
        if let Some(key) = line
            .questions
            .iter()
            .find(|key| !compiler.questions.contains_key(*key))
        {
            return Err(PackError::Fault {
                place: "summary".to_owned(),
                fault: PackFault::UnknownKey(key.clone()),
            });
        }
    }
    let mut sections = Vec::new();
    let mut position = 0;
    for section in file.sections {
        let per_child = section.level == Level::Child;
        let relevant = section.relevant.as_ref();
        let relevant = compiler.optional(
            &section.key,
            "relevant",
            relevant,
            Kind::Bool,
            per_child,
            Some(position),
        )?;
        let mut questions = Vec::new();
        for question in section.questions {
            questions.push(compiler.question(question, per_child, position)?);
            position += 1;
        }
        sections.push(Section {
            key: section.key,
            title: section.title,
            level: section.level,
            x_section_same: section.x_section_same,
            relevant,
            questions,
        });
    }
    Ok(FormPack {
        id: file.id,
        version: file.version,
        title: file.title,
        languages: file.languages,
        session_title: file.session_title,
        na_label: file.na_label,
        attempt,
        sections,
        summary: file.summary,
        warnings: compiler.warnings,
        hash,
    })
}

/// Checks keys, types and options, so that expressions can be read against all of them.
fn known_questions(file: &PackFile) -> Result<BTreeMap<String, KnownQuestion>, PackError> {
    let mut known = BTreeMap::new();
    let mut sections = BTreeSet::new();
    for section in &file.sections {
        let at = |fault| PackError::Fault {
            place: section.key.clone(),
            fault,
        };
        check_code(&section.key).map_err(at)?;
        if !sections.insert(&section.key) {
            return Err(at(PackFault::Duplicate(section.key.clone())));
        }
        for question in &section.questions {
            let at = |fault| PackError::Fault {
                place: question.key.clone(),
                fault,
            };
            check_code(&question.key).map_err(at)?;
            let kind = read_type(&question.kind).map_err(at)?;
            let codes = read_codes(question, kind).map_err(at)?;
            let entry = KnownQuestion {
                kind: match kind {
                    QuestionType::One | QuestionType::Text => Kind::Text,
                    QuestionType::Many => Kind::Codes,
                    QuestionType::Date => Kind::Date,
                },
                codes,
                per_child: section.level == Level::Child,
                position: known.len(),
            };
            if known.insert(question.key.clone(), entry).is_some() {
                return Err(at(PackFault::Duplicate(question.key.clone())));
            }
        }
    }
    Ok(known)
}

fn check_code(code: &str) -> Result<(), PackFault> {
    let plain = code
        .chars()
        .all(|one| one.is_ascii_alphanumeric() || one == '_');
    if plain && !code.is_empty() {
        Ok(())
    } else {
        Err(PackFault::BadCode(code.to_owned()))
    }
}

fn read_type(word: &str) -> Result<QuestionType, PackFault> {
    Ok(match word {
        "one" => QuestionType::One,
        "many" => QuestionType::Many,
        "text" => QuestionType::Text,
        "date" => QuestionType::Date,
        other => return Err(PackFault::UnknownType(other.to_owned())),
    })
}

fn read_codes(
    question: &QuestionFile,
    kind: QuestionType,
) -> Result<Option<BTreeSet<String>>, PackFault> {
    let choices = matches!(kind, QuestionType::One | QuestionType::Many);
    if choices == question.options.is_empty() || (question.na && !choices) {
        return Err(PackFault::Options);
    }
    if !choices {
        return Ok(None);
    }
    let mut codes = BTreeSet::new();
    for option in &question.options {
        check_code(&option.code)?;
        if option.code == NA {
            return Err(PackFault::ReservedCode);
        }
        if !codes.insert(option.code.clone()) {
            return Err(PackFault::Duplicate(option.code.clone()));
        }
    }
    if question.na {
        codes.insert(NA.to_owned());
    }
    let named = question.mandatory.iter().flat_map(|rule| &rule.codes);
    match named
        .chain(&question.exclusive)
        .chain(&question.same_value)
        .find(|code| !codes.contains(*code))
    {
        Some(unknown) => Err(PackFault::UnknownCode(unknown.clone())),
        None => Ok(Some(codes)),
    }
}

struct Compiler {
    questions: BTreeMap<String, KnownQuestion>,
    warnings: Vec<String>,
}

impl Compiler {
    fn question(
        &mut self,
        file: QuestionFile,
        per_child: bool,
        position: usize,
    ) -> Result<Question, PackError> {
        let key = file.key.clone();
        let before = Some(position);
        let value_kind = self.questions[&key].kind;
        if file.kind == "many" && (file.calculate.is_some() || file.initial.is_some()) {
            return Err(PackError::Fault {
                place: key,
                fault: PackFault::Options,
            });
        }
        let relevant = self.optional(
            &key,
            "relevant",
            file.relevant.as_ref(),
            Kind::Bool,
            per_child,
            before,
        )?;
        let calculate = self.optional(
            &key,
            "calculate",
            file.calculate.as_ref(),
            value_kind,
            per_child,
            before,
        )?;
        let initial = self.optional(
            &key,
            "initial",
            file.initial.as_ref(),
            value_kind,
            per_child,
            Some(0),
        )?;
        let constraint = match file.constraint {
            None => None,
            Some(constraint) => Some(Constraint {
                expression: self.read(
                    &key,
                    "constraint",
                    &constraint.expression,
                    Kind::Bool,
                    per_child,
                    None,
                )?,
                message: constraint.message,
            }),
        };
        let mut mandatory = Vec::new();
        for rule in file.mandatory {
            let when = self.optional(
                &key,
                "mandatory",
                rule.when.as_ref(),
                Kind::Bool,
                per_child,
                None,
            )?;
            mandatory.push(MandatoryRule {
                codes: rule.codes,
                when,
            });
        }
        let mut suggest = Vec::new();
        for rule in file.suggest {
            check_code(&rule.problem).map_err(|fault| PackError::Fault {
                place: key.clone(),
                fault,
            })?;
            let when = self.read(&key, "suggest", &rule.when, Kind::Bool, per_child, None)?;
            suggest.push(SuggestRule {
                when,
                problem: rule.problem,
            });
        }
        Ok(Question {
            kind: read_type(&file.kind).map_err(|fault| PackError::Fault {
                place: key.clone(),
                fault,
            })?,
            key,
            label: file.label,
            hint: file.hint,
            options: file.options,
            short: file.short,
            required: file.required,
            blocks_save: file.blocks_save,
            relevant,
            constraint,
            calculate,
            initial,
            carry: file.carry,
            same_value: file.same_value,
            delta: file.delta,
            mandatory,
            suggest,
            na: file.na,
            exclusive: file.exclusive,
        })
    }

    fn optional(
        &mut self,
        place: &str,
        field: &str,
        source: Option<&String>,
        expected: Kind,
        per_child: bool,
        before: Option<usize>,
    ) -> Result<Option<Expression>, PackError> {
        source
            .map(|source| self.read(place, field, source, expected, per_child, before))
            .transpose()
    }

    fn read(
        &mut self,
        place: &str,
        field: &str,
        source: &str,
        expected: Kind,
        per_child: bool,
        before: Option<usize>,
    ) -> Result<Expression, PackError> {
        let names = Names {
            questions: &self.questions,
            per_child,
            before,
        };
        let expression = parse(source, names, expected).map_err(|cause| PackError::Fault {
            place: place.to_owned(),
            fault: PackFault::Expression {
                field: field.to_owned(),
                source_text: source.to_owned(),
                cause,
            },
        })?;
        for question in expression.true_while_unanswered() {
            self.warnings.push(format!(
                "“{place}”的 {field}：“{question}”还没答时这里已经成立，是不是该写 ${{{question}}} != '' and …"
            ));
        }
        Ok(expression)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_question(question: &str) -> String {
        format!(
            r#"{{"id": "t", "version": 1, "title": "测试", "languages": ["zh-CN"], "session_title": "家庭",
            "na_label": "未了解", "sections": [{{"key": "A", "title": "甲", "level": "session", "questions": [
            {{"key": "first", "label": "一", "type": "one", "options": [{{"code": "y", "label": "是"}}]}}, {question}]}}]}}"#
        )
    }

    fn refused(question: &str) -> String {
        FormPack::from_json(&with_question(question))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_malformed_pack_is_refused_with_question_and_cause() {
        for (question, words) in [
            (
                r#"{"key": "b", "label": "二", "type": "photo"}"#,
                "“b”：没有“photo”这种题型",
            ),
            (
                r#"{"key": "b c", "label": "二", "type": "text"}"#,
                "“b c”：“b c”不能作编码，只能用字母、数字和下划线",
            ),
            (
                r#"{"key": "first", "label": "二", "type": "text"}"#,
                "“first”：“first”用了两次",
            ),
            (
                r#"{"key": "b", "label": "二", "type": "one"}"#,
                "“b”：选项和题型对不上",
            ),
            (
                r#"{"key": "b", "label": "二", "type": "one", "options": [{"code": "na", "label": "无"}]}"#,
                "“b”：“na”由系统自动加上，选项里不要写",
            ),
            (
                r#"{"key": "b", "label": "二", "type": "one", "options": [{"code": "y", "label": "是"}],
                "mandatory": [{"codes": ["z"]}]}"#,
                "“b”：没有选项“z”",
            ),
            (
                r#"{"key": "b", "label": "二", "type": "text", "relevant": "${frist} = 'y'"}"#,
                "“b”：relevant 的算式“${frist} = 'y'”有错：没有叫“frist”的题，也没有这个资料项",
            ),
            (
                r#"{"key": "b", "label": "二", "type": "text", "relevant": "${b} = ''"}"#,
                "“b”：relevant 的算式“${b} = ''”有错：“b”排在这一题后面，这里还不能用",
            ),
        ] {
            assert_eq!(refused(question), words);
        }
        assert!(matches!(
            FormPack::from_json("[]"),
            Err(PackError::Malformed(_))
        ));
        assert!(matches!(
            FormPack::from_json(&" ".repeat(1_000_001)),
            Err(PackError::TooLarge(_))
        ));
    }

    #[test]
    fn a_field_of_a_later_version_is_ignored() {
        let json =
            with_question(r#"{"key": "b", "label": "二", "type": "text", "x_export": "回访情况"}"#);
        assert!(FormPack::from_json(&json).unwrap().question("b").is_some());
    }

    #[test]
    fn the_hash_is_of_the_content_and_not_of_the_layout() {
        let one = with_question(r#"{"key": "b", "label": "二", "type": "text"}"#);
        let two = with_question(r#"{"type":"text",   "label":"二","key":"b"}"#);
        let other = with_question(r#"{"key": "b", "label": "三", "type": "text"}"#);
        let hash = |json: &str| FormPack::from_json(json).unwrap().content_hash().to_owned();
        assert_eq!(hash(&one), hash(&two));
        assert_ne!(hash(&one), hash(&other));
    }

    #[test]
    fn an_author_is_told_of_a_condition_that_holds_before_the_answer() {
        let json = with_question(
            r#"{"key": "b", "label": "二", "type": "text", "relevant": "${first} != 'y'"}"#,
        );
        let pack = FormPack::from_json(&json).unwrap();
        assert_eq!(pack.warnings.len(), 1);
        assert!(pack.warnings[0].contains("first"));
    }
}
