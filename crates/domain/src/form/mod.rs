//! The form engine: a form pack, the answers given to it, and what follows from them.
//!
//! A [`FormPack`] is data from `policy/forms/`. The engine decides what is shown, what is missing, what is wrong,
//! which problem is worth reporting and when the mandatory-report page opens; the screen only draws a [`FormState`].
//!
//! ```no_run
//! # fn draw(pack: &domain::form::FormPack, context: &domain::form::FormContext) -> Result<(), domain::form::AnswerRefusal> {
//! use domain::form::{SESSION, evaluate, initial_answers, set_answer};
//! let mut answers = initial_answers(pack, context);
//! set_answer(pack, context, &mut answers, SESSION, "a_met", &["child".to_owned()], None)?;
//! let state = evaluate(pack, context, &answers, true);
//! assert!(!state.is_attempt);
//! # Ok(())
//! # }
//! ```
//!
//! Answers to hidden questions stay in the draft and are left out by [`effective_answers`] when the visit is saved.

mod answers;
mod compile;
mod condition;
mod edit;
mod expression;
mod fault;
mod feed;
mod file;
mod pack;
mod parse;
mod pattern;
mod session;
pub mod sheet;
mod state;
mod summary;
pub mod trial;

pub use answers::{Answer, Answers, FROM_FILE, PartAnswers, SESSION, from_scalars, to_scalars};
pub use condition::{check_condition, hold};
pub use edit::{
    AnswerRefusal, initial_answers, none_of, same_as_last, same_everywhere, set_answer, set_row,
};
pub use expression::{Comparison, Expression, Fact, Kind, Operation, Scope, Value};
pub use fault::{ExpressionFault, PackError, PackFault};
pub(crate) use feed::ASK;
pub use feed::{Feed, FeedValue, Words};
pub use pack::{
    AnswerOption, Constraint, FormPack, Level, MandatoryRule, NA, Question, QuestionType, Section,
    SuggestRule, SummaryGiven, SummaryLine, split_row,
};
pub use pattern::Pattern;
pub use session::{effective_answers, evaluate, validate_for_save};
pub use state::{
    ChildContext, EffectiveAnswers, FormContext, FormState, LastAnswers, Latest, MandatoryReason,
    Missing, PartState, Person, QuestionState, RowState, SaveRefusal, SectionState, Suggestion,
};
pub use summary::{
    ReadAnswer, ReadSection, SUMMARY_LENGTH, SummaryGivens, auto_summary, read_answers,
};

#[cfg(test)]
mod tests;
