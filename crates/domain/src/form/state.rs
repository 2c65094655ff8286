//! What goes into an evaluation and what comes out: plain data, no rules.

use super::answers::{Answer, Answers, PartAnswers};
use super::pack::{AnswerOption, QuestionType};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A child the visit concerns.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ChildContext {
    /// Document id; also the name of the child's part.
    pub id: String,
    /// Name.
    pub name: String,
    /// Full years today, if the birth date is known.
    pub age: Option<u32>,
    /// Left behind by its working parents.
    pub left_behind: bool,
    /// Lives at school.
    pub boarder: bool,
    /// Code of the pack's list SEX, if known.
    pub sex: Option<String>,
}

/// A member of the household.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Row of the household's file.
    pub id: String,
    /// Name.
    pub name: String,
    /// Name with what they are to the child.
    pub words: String,
}

/// The answers of the last visit of one part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastAnswers {
    /// Record they are from.
    pub record: String,
    /// Effective answers of that record.
    pub answers: PartAnswers,
    /// The newest answers to what the form asks for whichever visit it is of ([`super::FormPack::asks_latest`]).
    pub latest: BTreeMap<String, Latest>,
}

/// The newest answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// It.
    pub answer: Answer,
    /// In which visit before this one; 1 is the last.
    pub ago: u32,
}

impl LastAnswers {
    /// The last visit, without a look at those before it.
    #[must_use]
    pub fn of(record: String, answers: PartAnswers) -> Self {
        let latest = answers.answers.iter().map(|(key, answer)| {
            let answer = answer.clone();
            (key.clone(), Latest { answer, ago: 1 })
        });
        Self {
            record,
            latest: latest.collect(),
            answers,
        }
    }
}

/// What the engine is told about the visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormContext {
    /// The day.
    pub today: NaiveDate,
    /// Children of the visit, in order.
    pub children: Vec<ChildContext>,
    /// Members of the household, for questions about people.
    pub people: Vec<Person>,
    /// Last answers by part.
    pub last: BTreeMap<String, LastAnswers>,
    /// Day the next visit would be due if this one counts: the earliest of its children.
    pub next_visit: Option<NaiveDate>,
    /// The same for the next contact.
    pub next_contact: Option<NaiveDate>,
}

/// Everything a screen draws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormState {
    /// The household's part, then the children's; parts with nothing to ask are left out.
    pub parts: Vec<PartState>,
    /// Questions answered; an optional question counts once it is answered.
    pub answered: u32,
    /// Questions that count: the required ones and the answered optional ones.
    pub total: u32,
    /// 待补: required and open.
    pub missing: Vec<Missing>,
    /// The mandatory-report page opens.
    pub mandatory: bool,
    /// Why it opens.
    pub mandatory_reasons: Vec<MandatoryReason>,
    /// Problem reports worth offering, each type once per part.
    pub suggestions: Vec<Suggestion>,
    /// Nobody was met: saving makes an attempt.
    pub is_attempt: bool,
    /// Why the visit cannot be saved yet.
    pub refusals: Vec<SaveRefusal>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartState {
    /// `session` or a child id.
    pub part: String,
    /// Title.
    pub title: String,
    /// Sections with something to ask.
    pub sections: Vec<SectionState>,
    /// A child's part: what 都没有 would answer, in words.
    pub none_open: Vec<String>,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionState {
    /// Key.
    pub key: String,
    /// Title.
    pub title: String,
    /// 和上次一样 may be tapped where there are any: question and last answer in words.
    pub same: Vec<(String, String)>,
    /// It was tapped.
    pub same_applied: bool,
    /// Visible questions; none in a repeated section, whose questions are in its rows.
    pub questions: Vec<QuestionState>,
    /// A person may add rows here.
    pub repeats: bool,
    /// There is room for one more.
    pub may_add: bool,
    /// Rows, in the order they were made.
    pub rows: Vec<RowState>,
}

/// One row of a repeated section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowState {
    /// Its name for ever.
    pub row: String,
    /// Its visible questions, with keys `key@ROW`.
    pub questions: Vec<QuestionState>,
}

/// One visible question.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct QuestionState {
    /// Key.
    pub key: String,
    /// Label.
    pub label: String,
    /// A line under the label.
    pub hint: Option<String>,
    /// Type.
    pub kind: QuestionType,
    /// Options, `na` last.
    pub options: Vec<AnswerOption>,
    /// Chosen codes.
    pub codes: Vec<String>,
    /// Text or date.
    pub text: Option<String>,
    /// 待补 while open.
    pub required: bool,
    /// Required and open.
    pub missing: bool,
    /// What is wrong, in words.
    pub message: Option<String>,
    /// Taken over from the last visit.
    pub carried: bool,
    /// Follows from other answers; answering it replaces that.
    pub calculated: bool,
}

/// A required question still open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Part.
    pub part: String,
    /// Key.
    pub key: String,
    /// Label.
    pub label: String,
}

/// An answer that opened the mandatory-report page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MandatoryReason {
    /// Part.
    pub part: String,
    /// Question.
    pub key: String,
    /// Its label.
    pub label: String,
    /// The code.
    pub code: String,
    /// Its words.
    pub words: String,
}

/// A problem report worth offering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Part.
    pub part: String,
    /// Question that gave rise to it.
    pub key: String,
    /// Problem type.
    pub problem: String,
}

/// Why a visit cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaveRefusal {
    /// A question without which there is no visit is open.
    Missing {
        /// Part.
        part: String,
        /// Key.
        key: String,
        /// Label.
        label: String,
    },
    /// Its answer cannot be.
    Invalid {
        /// Part.
        part: String,
        /// Key.
        key: String,
        /// What is wrong, in words.
        message: String,
    },
}

/// What a saved visit records: visible answers only, bound to the pack that asked for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveAnswers {
    /// Pack id.
    pub pack: String,
    /// Pack version.
    pub version: u32,
    /// Content hash of the pack.
    pub hash: String,
    /// The short form was used.
    pub short: bool,
    /// Nobody was met.
    pub is_attempt: bool,
    /// Answers.
    pub answers: Answers,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(ChildContext, Person, QuestionState);
