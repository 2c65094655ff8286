//! Reads a form pack from JSON and checks it whole before its first use.
//!
//! Fields this version does not know are ignored; a question type it does not know is refused,
//! because leaving a question out silently would change what a record means.

use super::condition::kind_of;
use super::expression::{Expression, Kind};
use super::fault::{PackError, PackFault};
use super::feed::Feed;
use super::file::{PackFile, QuestionFile};
use super::pack::{
    Constraint, EngineWords, FormPack, Level, MandatoryRule, NA, Question, QuestionType, Section,
    SuggestRule,
};
use super::parse::{KnownQuestion, Names, parse};
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
    compile(file, hash).map_err(|faults| {
        let first = faults.into_iter().next();
        first.expect("a pack is refused for at least one fault")
    })
}

/// Checks a pack that is not written yet and finds everything wrong with it at once.
pub(super) fn check_pack(file: &PackFile) -> Result<FormPack, Vec<PackError>> {
    let malformed = |error: serde_json::Error| vec![PackError::Malformed(error.to_string())];
    let value = serde_json::to_value(file).map_err(malformed)?;
    compile(file.clone(), hash_of(&value))
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

fn compile(file: PackFile, hash: String) -> Result<FormPack, Vec<PackError>> {
    let mut compiler = Compiler {
        questions: BTreeMap::new(),
        repeats: BTreeMap::new(),
        warnings: Vec::new(),
        faults: Vec::new(),
    };
    if file.id.trim().is_empty() || file.sections.is_empty() {
        compiler.refuse(&file.id, PackFault::Empty);
    }
    compiler.know_questions(&file);
    let session = Place {
        per_child: false,
        repeat: None,
        before: None,
    };
    let attempt = compiler.optional(
        &file.id,
        "attempt",
        file.attempt.as_ref(),
        Kind::Bool,
        session,
    );
    for key in file.summary.iter().flat_map(|line| &line.questions) {
        if !compiler.questions.contains_key(key) {
            compiler.refuse("summary", PackFault::UnknownKey(key.clone()));
        }
    }
    let mut sections = Vec::new();
    let mut position = 0;
    for section in file.sections {
        let outside = Place {
            per_child: section.level == Level::Child,
            repeat: None,
            before: Some(position),
        };
        if section.repeat.is_some() && section.x_section_same {
            compiler.refuse(&section.key, PackFault::RepeatSame);
        }
        let relevant = section.relevant.as_ref();
        let relevant = compiler.optional(&section.key, "relevant", relevant, Kind::Bool, outside);
        let mut questions = Vec::new();
        for question in section.questions {
            let place = Place {
                repeat: section.repeat.map(|_| section.key.as_str()),
                before: Some(position),
                ..outside
            };
            questions.extend(compiler.question(question, place));
            position += 1;
        }
        sections.push(Section {
            key: section.key,
            title: section.title,
            level: section.level,
            x_section_same: section.x_section_same,
            relevant,
            repeat: section.repeat,
            questions,
        });
    }
    if !compiler.faults.is_empty() {
        return Err(compiler.faults);
    }
    let engine = file.languages.first().map(String::as_str);
    let engine = engine.and_then(EngineWords::of);
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
        translations: file.translations,
        warnings: compiler.warnings,
        engine: engine.unwrap_or(EngineWords::CHINESE),
        hash,
    })
}

/// Codes are Latin letters, digits and the low line: they are names in documents and in expressions.
pub(super) fn check_code(code: &str) -> Result<(), PackFault> {
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
        "time" => QuestionType::Time,
        "int" => QuestionType::Int,
        "decimal" => QuestionType::Decimal,
        "note" => QuestionType::Note,
        other => return Err(PackFault::UnknownType(other.to_owned())),
    })
}

fn read_codes(
    question: &QuestionFile,
    kind: QuestionType,
    refuse: &mut dyn FnMut(PackFault),
) -> Option<BTreeSet<String>> {
    if kind.has_codes() == question.options.is_empty() || (question.na && !kind.has_codes()) {
        refuse(PackFault::Options);
    }
    if !kind.has_codes() {
        return None;
    }
    let mut codes = BTreeSet::new();
    for option in &question.options {
        if let Err(fault) = check_code(&option.code) {
            refuse(fault);
        }
        if option.code == NA {
            refuse(PackFault::ReservedCode);
        }
        if !codes.insert(option.code.clone()) {
            refuse(PackFault::Duplicate(option.code.clone()));
        }
    }
    if question.na {
        codes.insert(NA.to_owned());
    }
    let named = question.mandatory.iter().flat_map(|rule| &rule.codes);
    for unknown in named
        .chain(&question.exclusive)
        .chain(&question.same_value)
        .chain(&question.none_value)
        .filter(|code| !codes.contains(*code))
    {
        refuse(PackFault::UnknownCode(unknown.clone()));
    }
    Some(codes)
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    per_child: bool,
    repeat: Option<&'a str>,
    before: Option<usize>,
}

struct Compiler {
    questions: BTreeMap<String, KnownQuestion>,
    /// Repeated sections, and whether each is asked per child.
    repeats: BTreeMap<String, bool>,
    warnings: Vec<String>,
    faults: Vec<PackError>,
}

impl Compiler {
    fn refuse(&mut self, place: &str, fault: PackFault) {
        self.faults.push(PackError::Fault {
            place: place.to_owned(),
            fault,
        });
    }

    /// Checks keys, types and options, so that expressions can be read against all of them.
    fn know_questions(&mut self, file: &PackFile) {
        let mut sections = BTreeSet::new();
        for section in &file.sections {
            if let Err(fault) = check_code(&section.key) {
                self.refuse(&section.key, fault);
            }
            if !sections.insert(&section.key) {
                self.refuse(&section.key, PackFault::Duplicate(section.key.clone()));
            }
            if section.repeat.is_some() {
                self.repeats
                    .insert(section.key.clone(), section.level == Level::Child);
            }
            for question in &section.questions {
                let mut faults = Vec::new();
                faults.extend(check_code(&question.key).err());
                let kind = read_type(&question.kind).unwrap_or_else(|fault| {
                    faults.push(fault);
                    QuestionType::Note
                });
                let codes = if faults.is_empty() {
                    read_codes(question, kind, &mut |fault| faults.push(fault))
                } else {
                    None
                };
                let entry = KnownQuestion {
                    kind: kind_of(kind),
                    codes,
                    per_child: section.level == Level::Child,
                    repeat: section.repeat.map(|_| section.key.clone()),
                    position: self.questions.len(),
                };
                if self.questions.insert(question.key.clone(), entry).is_some() {
                    faults.push(PackFault::Duplicate(question.key.clone()));
                }
                for fault in faults {
                    self.refuse(&question.key, fault);
                }
            }
        }
    }

    /// None where a fault was found.
    fn question(&mut self, file: QuestionFile, place: Place<'_>) -> Option<Question> {
        let key = file.key.clone();
        let feeds = self.feeds(&file, place);
        let anywhere = Place {
            before: None,
            ..place
        };
        let at_first = Place {
            before: Some(0),
            ..place
        };
        let value_kind = self.questions.get(&key)?.kind;
        if file.people && file.kind != "text" {
            self.refuse(&key, PackFault::People);
        }
        if file.kind == "many" && (file.calculate.is_some() || file.initial.is_some()) {
            self.refuse(&key, PackFault::Options);
        }
        let relevant = self.optional(&key, "relevant", file.relevant.as_ref(), Kind::Bool, place);
        let short_when = self.optional(
            &key,
            "short_when",
            file.short_when.as_ref(),
            Kind::Bool,
            place,
        );
        let calculate = self.optional(
            &key,
            "calculate",
            file.calculate.as_ref(),
            value_kind,
            place,
        );
        let initial = self.optional(&key, "initial", file.initial.as_ref(), value_kind, at_first);
        let constraint = file.constraint.and_then(|constraint| {
            let source = &constraint.expression;
            let expression = self.read(&key, "constraint", source, Kind::Bool, anywhere)?;
            Some(Constraint {
                expression,
                message: constraint.message,
            })
        });
        let mut mandatory = Vec::new();
        for rule in file.mandatory {
            let when = rule.when.as_ref();
            let when = self.optional(&key, "mandatory", when, Kind::Bool, anywhere);
            mandatory.push(MandatoryRule {
                codes: rule.codes,
                when,
            });
        }
        let mut suggest = Vec::new();
        for rule in file.suggest {
            if let Err(fault) = check_code(&rule.problem) {
                self.refuse(&key, fault);
            }
            if let Some(when) = self.read(&key, "suggest", &rule.when, Kind::Bool, anywhere) {
                suggest.push(SuggestRule {
                    when,
                    problem: rule.problem,
                });
            }
        }
        Some(Question {
            kind: read_type(&file.kind).ok()?,
            key,
            label: file.label,
            hint: file.hint,
            options: file.options,
            short: file.short,
            short_when,
            required: file.required,
            blocks_save: file.blocks_save,
            relevant,
            constraint,
            calculate,
            initial,
            carry: file.carry,
            same_value: file.same_value,
            none_value: file.none_value,
            delta: file.delta,
            mandatory,
            suggest,
            file: feeds,
            people: file.people,
            na: file.na,
            exclusive: file.exclusive,
        })
    }

    /// What of the file the answer is compared with. A rule names options of its question and questions that are there;
    /// what is asked in rows has no one answer.
    fn feeds(&mut self, file: &QuestionFile, place: Place<'_>) -> Vec<Feed> {
        let mut feeds = Vec::new();
        for line in &file.file {
            match Feed::read(line) {
                Ok(feed) if place.repeat.is_none() => feeds.push(feed),
                Ok(_) => self.refuse(&file.key, PackFault::BadFeed(line.clone())),
                Err(fault) => self.refuse(&file.key, fault),
            }
        }
        for feed in &feeds {
            for code in feed.codes() {
                let mut options = file.options.iter();
                if !options.any(|option| option.code == code) {
                    self.refuse(&file.key, PackFault::UnknownCode(code.to_owned()));
                }
            }
            let mut questions = feed.questions();
            let unknown = questions.find(|key| !self.questions.contains_key(*key));
            if let Some(unknown) = unknown {
                self.refuse(&file.key, PackFault::UnknownKey(unknown.to_owned()));
            }
        }
        feeds
    }

    fn optional(
        &mut self,
        at: &str,
        field: &str,
        source: Option<&String>,
        expected: Kind,
        place: Place<'_>,
    ) -> Option<Expression> {
        source.and_then(|source| self.read(at, field, source, expected, place))
    }

    fn read(
        &mut self,
        at: &str,
        field: &str,
        source: &str,
        expected: Kind,
        place: Place<'_>,
    ) -> Option<Expression> {
        let names = Names {
            questions: &self.questions,
            repeats: &self.repeats,
            per_child: place.per_child,
            repeat: place.repeat,
            before: place.before,
        };
        match parse(source, names, expected) {
            Ok(expression) => {
                for question in expression.true_while_unanswered() {
                    self.warnings.push(format!(
                        "“{at}”的 {field}：“{question}”还没答时这里已经成立，是不是该写 ${{{question}}} != '' and …"
                    ));
                }
                Some(expression)
            }
            Err(cause) => {
                let fault = PackFault::Expression {
                    field: field.to_owned(),
                    source_text: source.to_owned(),
                    cause,
                };
                self.refuse(at, fault);
                None
            }
        }
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
