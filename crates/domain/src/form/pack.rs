//! A form pack: what a district may ask, as the engine uses it. How it is read is in [`super::compile`].

use super::expression::Expression;
use super::fault::PackError;
use super::feed::Feed;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// 不便回答/未了解: accepted by every question of choices with `na`.
pub const NA: &str = "na";

/// Where [`FormPack::na_label`] stands among the translations; no key of a question begins like it.
pub(super) const NA_PLACE: &str = ":na";
/// The same for [`FormPack::session_title`].
pub(super) const SESSION_PLACE: &str = ":session";

/// Whom a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The household, once per visit.
    Session,
    /// Each child of the visit.
    Child,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionType {
    /// One option.
    One,
    /// Any options.
    Many,
    /// Free text.
    Text,
    /// A civil date, ISO.
    Date,
    /// A time of day, `HH:MM`.
    Time,
    /// A whole number.
    Int,
    /// A number with at most six places after the point, as 36.5.
    Decimal,
    /// Nothing to answer: words for the person who asks.
    Note,
}

impl QuestionType {
    /// Answered by choosing codes.
    #[must_use]
    pub fn has_codes(self) -> bool {
        matches!(self, Self::One | Self::Many)
    }
}

/// An option; its code never changes meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerOption {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// Shorter words for the summary, where the label is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<String>,
}

/// What an answer must satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// True for a good answer.
    pub expression: Expression,
    /// What to say about another.
    pub message: String,
}

/// Answers that open the mandatory-report page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandatoryRule {
    /// Any of these codes.
    pub codes: Vec<String>,
    /// And this, if given.
    pub when: Option<Expression>,
}

/// An answer that offers a problem report; never reported by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestRule {
    /// When to offer it.
    pub when: Expression,
    /// Problem type, e.g. `HOUSE`.
    pub problem: String,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Stable key.
    pub key: String,
    /// Chinese label.
    pub label: String,
    /// A line under the label.
    pub hint: Option<String>,
    /// Type.
    pub kind: QuestionType,
    /// Options as written in the pack, without `na`.
    pub options: Vec<AnswerOption>,
    /// Part of the short form.
    pub short: bool,
    /// Part of the short form only while this is true.
    pub short_when: Option<Expression>,
    /// 待补 while unanswered.
    pub required: bool,
    /// A visit cannot be saved without a good answer.
    pub blocks_save: bool,
    /// Shown only if true.
    pub relevant: Option<Expression>,
    /// What an answer must satisfy.
    pub constraint: Option<Constraint>,
    /// Answer taken while nobody answers it.
    pub calculate: Option<Expression>,
    /// Answer written into a new draft.
    pub initial: Option<Expression>,
    /// The last answer may be brought over by 和上次一样 (domain.md Appendix A, flag `u`). Never where an answer of last
    /// time says nothing about today: an injury, a danger, what happened since.
    pub carry: bool,
    /// What 和上次一样 answers here instead of the last answer.
    pub same_value: Option<String>,
    /// The answer when there is nothing of it: 都没有 gives it to all such questions at once ([`super::none_of`]).
    pub none_value: Option<String>,
    /// A change is worth a look by the supervisor.
    pub delta: bool,
    /// Mandatory-report rules.
    pub mandatory: Vec<MandatoryRule>,
    /// Problem suggestions.
    pub suggest: Vec<SuggestRule>,
    /// Accepts [`NA`].
    pub na: bool,
    /// A text that is the name of a member of the household, or of somebody else in words.
    pub people: bool,
    /// What of the child's file it is compared with.
    pub file: Vec<Feed>,
    /// Codes that stand alone in a `many` answer.
    pub exclusive: Vec<String>,
}

impl Question {
    /// The option of that code, `na` included.
    #[must_use]
    pub fn accepts(&self, code: &str) -> bool {
        (self.na && code == NA) || self.options.iter().any(|option| option.code == code)
    }

    /// The code stands alone.
    #[must_use]
    pub fn is_exclusive(&self, code: &str) -> bool {
        code == NA || self.exclusive.iter().any(|one| one == code)
    }
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Stable key, e.g. `C`.
    pub key: String,
    /// Title.
    pub title: String,
    /// Whom it is about.
    pub level: Level,
    /// Offers 和上次一样.
    pub x_section_same: bool,
    /// Shown only if true.
    pub relevant: Option<Expression>,
    /// Asked once for each row that a person adds, at most so many times.
    pub repeat: Option<u32>,
    /// Questions in order.
    pub questions: Vec<Question>,
}

/// Words of a summary line that come from outside the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SummaryGiven {
    /// Measures taken.
    Measures,
    /// Day of the next visit.
    NextVisit,
}

/// One sentence of the automatic summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryLine {
    /// Opening words.
    pub label: String,
    /// Questions whose answers follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// Or words given by the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<SummaryGiven>,
}

/// What the engine itself says about an answer; everything else it says is the pack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EngineWords {
    /// Before and after the option that stands alone.
    pub alone: (&'static str, &'static str),
    /// The date cannot be read.
    pub date: &'static str,
}

impl EngineWords {
    pub(super) const CHINESE: Self = Self {
        alone: ("“", "”不能和别的选项一起选"),
        date: "日期不对，请重新选",
    };

    /// In a language the engine speaks.
    pub(super) fn of(language: &str) -> Option<Self> {
        match language.split('-').next() {
            Some("zh") => Some(Self::CHINESE),
            Some("en") => Some(Self {
                alone: ("“", "” cannot be chosen together with others"),
                date: "This is not a date, please choose again",
            }),
            _ => None,
        }
    }
}

/// A checked form pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPack {
    /// Pack id, e.g. `hv-cn-1`.
    pub id: String,
    /// Version, counting up.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Languages of its texts.
    pub languages: Vec<String>,
    /// Title of the household's part.
    pub session_title: String,
    /// Label of [`NA`].
    pub na_label: String,
    /// True when nobody was met, so that saving makes an attempt.
    pub attempt: Option<Expression>,
    /// Sections in order.
    pub sections: Vec<Section>,
    /// The automatic summary.
    pub summary: Vec<SummaryLine>,
    /// Its texts in further languages: language, then place (`b_house`, `b_house.good`, `b_house:hint`, section key, and
    /// `:na` and `:session` for the words of the whole form).
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
    /// Advice to authors; the pack works all the same.
    pub warnings: Vec<String>,
    pub(super) engine: EngineWords,
    pub(super) hash: String,
}

impl FormPack {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// Names the question and the cause in Chinese.
    pub fn from_json(json: &str) -> Result<Self, PackError> {
        super::compile::read_pack(json)
    }

    /// SHA-256 of the pack's content, whatever its layout; a saved visit points at it for ever.
    #[must_use]
    pub fn content_hash(&self) -> &str {
        &self.hash
    }

    /// A question by key; the key of a row's answer (`k_what@ROW`) finds its question.
    #[must_use]
    pub fn question(&self, key: &str) -> Option<&Question> {
        self.placed(key).map(|(_, question)| question)
    }

    /// A question with its section, by key or by the key of a row's answer.
    #[must_use]
    pub fn placed(&self, key: &str) -> Option<(&Section, &Question)> {
        let (key, row) = split_row(key);
        self.questions().find(|(section, question)| {
            question.key == key && (row.is_none() || section.repeat.is_some())
        })
    }

    /// Which of its languages somebody reads it in who would like these, best first; its own first one where it has none
    /// of them.
    #[must_use]
    pub fn language_for(&self, wanted: &[String]) -> &str {
        let main = |language: &str| {
            let main = language.split('-').next().unwrap_or(language);
            main.to_ascii_lowercase()
        };
        let find = |wanted: &String| {
            let exact = self.languages.iter().find(|one| *one == wanted);
            let near = || {
                let mut languages = self.languages.iter();
                languages.find(|one| main(one) == main(wanted))
            };
            exact.or_else(near)
        };
        let found = wanted.iter().find_map(find);
        found.or(self.languages.first()).map_or("", String::as_str)
    }

    /// The pack with its texts in another of its languages; a text without a translation stays as it is. What is recorded
    /// is the same in every language: keys, codes and the hash, and the words of the summary.
    #[must_use]
    pub fn in_language(&self, language: &str) -> Self {
        let mut pack = self.clone();
        let Some(texts) = self.translations.get(language) else {
            return pack;
        };
        let put = |text: &mut String, place: String| {
            if let Some(translated) = texts.get(&place) {
                text.clone_from(translated);
            }
        };
        pack.engine = EngineWords::of(language).unwrap_or(pack.engine);
        put(&mut pack.na_label, NA_PLACE.to_owned());
        put(&mut pack.session_title, SESSION_PLACE.to_owned());
        for section in &mut pack.sections {
            put(&mut section.title, section.key.clone());
            for question in &mut section.questions {
                let key = question.key.clone();
                put(&mut question.label, key.clone());
                if let Some(hint) = &mut question.hint {
                    put(hint, format!("{key}:hint"));
                }
                if let Some(constraint) = &mut question.constraint {
                    put(&mut constraint.message, format!("{key}:constraint"));
                }
                for option in &mut question.options {
                    put(&mut option.label, format!("{key}.{}", option.code));
                }
            }
        }
        pack
    }

    /// A section by key.
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }

    /// All questions with their section, in order.
    pub fn questions(&self) -> impl Iterator<Item = (&Section, &Question)> {
        self.sections.iter().flat_map(|section| {
            section
                .questions
                .iter()
                .map(move |question| (section, question))
        })
    }

    /// Questions of which a condition asks for the newest answer, whichever visit it is of.
    #[must_use]
    pub fn asks_latest(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (section, question) in self.questions() {
            let conditions = [
                &section.relevant,
                &question.relevant,
                &question.short_when,
                &question.calculate,
            ];
            for condition in conditions.into_iter().flatten() {
                condition.collect_latest(&mut keys);
            }
        }
        keys
    }

    /// The words of a code; an unknown code is shown as itself.
    #[must_use]
    pub fn label_of<'a>(&'a self, question: &'a Question, code: &'a str) -> &'a str {
        match question.options.iter().find(|option| option.code == code) {
            Some(option) => &option.label,
            None if code == NA => &self.na_label,
            None => code,
        }
    }
}

/// Question key and row of an answer's key: `k_what@ROW` belongs to a row, `b_house` to none.
#[must_use]
pub fn split_row(key: &str) -> (&str, Option<&str>) {
    match key.split_once('@') {
        Some((key, row)) => (key, Some(row)),
        None => (key, None),
    }
}
