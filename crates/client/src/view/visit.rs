//! The visit form as the screen draws it. The screen evaluates nothing.

use super::child::{OptionView, SuggestView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The whole form of one draft.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VisitFormView {
    /// Draft id.
    pub draft: String,
    /// Household id.
    pub household: String,
    /// The first child it concerns, also where nobody was met and no child is asked about.
    pub child: String,
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
    /// What was written down last time, child by child.
    pub last_notes: Vec<LastNoteView>,
    /// Phrases for the free sentence.
    pub phrases: Vec<String>,
    /// Answers that ask for a mandatory report, by child; after saving a question stands until it is answered.
    pub mandatory: Vec<MandatoryReasonView>,
    /// Problem types suggested by answers so far, by child.
    pub suggests: Vec<SuggestView>,
    /// Nobody was met: saving makes an attempt that does not count.
    pub is_attempt: bool,
    /// The whole form is open, not the short one.
    pub full: bool,
    /// It was begun on a form that a newer one has taken the place of; it is finished on its own.
    pub old_form: bool,
    /// It goes on with a saved visit: what was answered stands, and what was open is asked.
    pub fills: bool,
    /// The language its words are in, e.g. `zh-CN`.
    pub language: String,
    /// The languages it can be read in, its own first; empty where there is one only.
    pub languages: Vec<String>,
}

/// What was written down of a child at the last visit.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LastNoteView {
    /// Whom it is about; empty where there is only one child, or it is about the household.
    pub name: String,
    /// The day, in words.
    pub when: String,
    /// What was written.
    pub text: String,
    /// 下次要记得: what she wanted to remember now.
    pub reminder: String,
}

/// Why a visit asks for a mandatory report.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MandatoryReasonView {
    /// Child; the first of the visit where the answer is about the household.
    pub child: String,
    /// Its name; empty where the answer is about the household.
    pub name: String,
    /// The answers, in words.
    pub reasons: Vec<String>,
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
    /// A child's part: what one tap on 都没有 answers, in words; empty when nothing of it is open.
    pub none_open: Vec<String>,
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
    /// Asked once per row that a person adds; the questions are in the rows.
    pub repeats: bool,
    /// There is room for one more row.
    pub may_add: bool,
    /// Rows in the order they were added.
    pub rows: Vec<RowView>,
}

/// A row of a section that repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RowView {
    /// Its name for ever.
    pub row: String,
    /// Only visible questions; their keys name the row.
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
    /// Time of day.
    Time,
    /// A whole number.
    Int,
    /// A number that may have places after the point.
    Decimal,
    /// Words to read; nothing is answered.
    Note,
}

/// A visible question.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct QuestionView {
    /// Key.
    pub key: String,
    /// Label.
    pub label: String,
    /// A line under the label.
    pub hint: Option<String>,
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
    /// Follows from other answers; answering it replaces that.
    pub calculated: bool,
    /// It was answered when the visit was saved, in words: it stands and is not asked again.
    pub given: Option<String>,
    /// So many characters go into the national record; the rest stays in the visit.
    pub most: Option<u32>,
    /// `text` and `given` are not the whole of it: what is typed replaces it.
    pub masked: bool,
    /// What 看一下 takes, with holder `draft`: tap | step_up; null when there is nothing more to see.
    pub reveal: Option<String>,
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

/// Opens the whole form of a draft, or the short one again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FullInput {
    /// Draft id.
    pub draft: String,
    /// The whole form.
    pub full: bool,
}

/// In which languages forms are read, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FormLanguagesInput {
    /// Codes of languages, e.g. `en`: the chosen one, then the interface's.
    pub languages: Vec<String>,
}

/// A row of a section: a new one, or one taken away or brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RowInput {
    /// Draft id.
    pub draft: String,
    /// `session` or a child id.
    pub part: String,
    /// Section key.
    pub section: String,
    /// The row; none for a new one.
    pub row: Option<String>,
    /// It is there.
    pub there: bool,
}

/// A child of a saved visit, with its part of it.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ScreenedView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// The child's part of the visit.
    pub record: String,
}

/// Where a sign shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SignSource {
    /// This visit, and the visits before it.
    Visit,
    /// The child's file.
    File,
    /// A problem that is not over.
    Problem,
}

/// Something that was found.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FoundSignView {
    /// In words; none where this person does not see it in the file.
    pub label: Option<String>,
    /// Everywhere it shows, the visit first.
    pub sources: Vec<SignSource>,
}

/// What a visit suggests about a child. No score: the screen may be seen by the family.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ScreeningView {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// The child's part of the visit.
    pub record: String,
    /// Day of the visit.
    pub date: String,
    /// 风险筛查.
    pub title: String,
    /// The level the pack suggests.
    pub suggested: OptionView,
    /// What was found, and where.
    pub found: Vec<FoundSignView>,
    /// What this form does not ask.
    pub not_asked: Vec<String>,
    /// All levels, the highest first.
    pub levels: Vec<OptionView>,
    /// Levels this person may choose.
    pub may: Vec<String>,
    /// The level that stands now, from whichever visit.
    pub standing: Option<SettledLevelView>,
    /// What was said about this visit's suggestion.
    pub settled: Option<SettledLevelView>,
}

/// A level that a person settled.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SettledLevelView {
    /// Level.
    pub level: OptionView,
    /// As it was suggested.
    pub confirmed: bool,
    /// Why another one.
    pub reason: String,
    /// Who, by name.
    pub by: String,
    /// Day.
    pub on: String,
}

/// Confirms a suggested level, or sets it aside for another.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LevelInput {
    /// Child id.
    pub child: String,
    /// The child's part of the visit.
    pub record: String,
    /// Level.
    pub level: String,
    /// Why, for another level than the suggested one.
    pub reason: String,
}

/// One answer; `codes` for one/many, `text` for text/date. Both empty clears it.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
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

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PartInput {
    /// Draft id.
    pub draft: String,
    /// Child id.
    pub part: String,
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
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
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
    /// Saving it was that person's signature: as whom she signed (`rules.signers`).
    pub signed: Option<String>,
    /// Sections with label and answer in words.
    pub sections: Vec<ReadSectionView>,
    /// Questions nobody answered yet.
    pub open: Vec<String>,
    /// Form name and version.
    pub form: String,
    /// The language its questions are in, e.g. `zh-CN`.
    pub language: String,
    /// The languages they can be read in, its own first; empty where there is one only.
    pub languages: Vec<String>,
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
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReadAnswerView {
    /// `record/question`, for looking behind a mask with holder `answer`.
    pub key: String,
    /// Question.
    pub label: String,
    /// Answer.
    pub text: String,
    /// Who gave it later and when: "11月3日 李玉梅"; null for what was answered at the visit.
    pub filled: Option<String>,
    /// What 看一下 takes: tap | step_up; null when there is nothing more to see.
    pub reveal: Option<String>,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    MandatoryReasonView,
    LastNoteView,
    QuestionView,
    ScreenedView,
    FoundSignView,
    ScreeningView,
    SettledLevelView,
    AnswerInput,
    VisitReadView,
    ReadAnswerView,
    VisitFormView,
    LevelInput,
);
