//! The visit form as the screen draws it. The screen evaluates nothing.

use super::child::OptionView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The whole form of one draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitFormView {
    /// Draft id.
    pub draft: String,
    /// Household id.
    pub household: String,
    /// 入户走访.
    pub title: String,
    /// 石小雨、石小晨.
    pub names: String,
    /// 家庭 first, then one part per child.
    pub parts: Vec<PartView>,
    /// Answered, of those shown.
    pub answered: u32,
    /// Shown questions.
    pub total: u32,
    /// Questions still open, each a link.
    pub missing: Vec<MissingView>,
    /// Question that had the focus last: `part/key`.
    pub position: Option<String>,
    /// Last autosave, RFC 3339.
    pub saved_at: String,
    /// Last visit in one line: 上次（10月18日）….
    pub last_note: Option<String>,
    /// Phrases for the free sentence.
    pub phrases: Vec<String>,
    /// An answer opened the mandatory-report page.
    pub mandatory: bool,
    /// Problem types suggested by answers so far.
    pub suggests: Vec<OptionView>,
    /// Nobody was met: saving makes an attempt that does not count.
    pub is_attempt: bool,
}

/// The household's part or one child's part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PartView {
    /// `session` or a child id.
    pub part: String,
    /// Title.
    pub title: String,
    /// Sections in order.
    pub sections: Vec<SectionView>,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SectionView {
    /// Key, e.g. `C`.
    pub key: String,
    /// Title.
    pub title: String,
    /// "和上次一样" may be tapped: the last answers in one line.
    pub same_available: Option<String>,
    /// It was tapped.
    pub same_applied: bool,
    /// Only visible questions.
    pub questions: Vec<QuestionView>,
}

/// How a question is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// One of the options.
    One,
    /// Any of the options.
    Many,
    /// Free text.
    Text,
    /// Civil date.
    Date,
}

/// A visible question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct QuestionView {
    /// Key.
    pub key: String,
    /// Label.
    pub label: String,
    /// Kind.
    pub kind: QuestionKind,
    /// Options, the `na` option last.
    pub options: Vec<OptionView>,
    /// Chosen codes.
    pub codes: Vec<String>,
    /// Text or date.
    pub text: Option<String>,
    /// Must be answered before saving without a note 待补.
    pub required: bool,
    /// What is wrong with the answer, in words.
    pub message: Option<String>,
    /// Carried over from last time.
    pub carried: bool,
}

/// A question still open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MissingView {
    /// Part.
    pub part: String,
    /// Key.
    pub key: String,
    /// Label.
    pub label: String,
}

/// One answer; `codes` for one/many, `text` for text/date. Both empty clears it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AnswerInput {
    /// Draft id.
    pub draft: String,
    /// `session` or a child id.
    pub part: String,
    /// Question key.
    pub key: String,
    /// Chosen codes.
    pub codes: Vec<String>,
    /// Text or date.
    pub text: Option<String>,
}

/// "和上次一样" for a section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SameInput {
    /// Draft id.
    pub draft: String,
    /// Part.
    pub part: String,
    /// Section key.
    pub section: String,
}

/// A saved visit read again (timeline, inbox).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitReadView {
    /// Record id.
    pub record: String,
    /// Child id.
    pub child: String,
    /// Child's name.
    pub name: String,
    /// Civil date.
    pub date: String,
    /// Who recorded it.
    pub by: String,
    /// Sections with label and answer in words.
    pub sections: Vec<ReadSectionView>,
    /// Form name and version.
    pub form: String,
}

/// A section of a saved visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReadSectionView {
    /// Title.
    pub title: String,
    /// Label and answer.
    pub answers: Vec<ReadAnswerView>,
}

/// A label and an answer in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReadAnswerView {
    /// Question.
    pub label: String,
    /// Answer.
    pub text: String,
}
