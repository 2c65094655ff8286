//! The form engine: a form pack, the answers given to it, and what follows from them.
//!
//! A [`FormPack`] is data from `policy/forms/`. The engine decides what is shown, what is missing, what is wrong,
//! which problem is worth reporting and when the mandatory-report page opens; the screen only draws a [`FormState`].
//! Answers to hidden questions stay in the draft and are left out by [`effective_answers`] when the visit is saved.

mod answers;
mod compile;
mod edit;
mod expression;
mod fault;
mod pack;
mod parse;
mod session;
mod state;
mod summary;

pub use answers::{Answer, Answers, PartAnswers, SESSION, from_scalars, to_scalars};
pub use edit::{AnswerRefusal, initial_answers, same_as_last, set_answer};
pub use expression::{Comparison, Expression, Fact, Kind, Operation, Scope, Value};
pub use fault::{ExpressionFault, PackError, PackFault};
pub use pack::{
    AnswerOption, Constraint, FormPack, Level, MandatoryRule, NA, Question, QuestionType, Section,
    SuggestRule, SummaryGiven, SummaryLine,
};
pub use session::{effective_answers, evaluate, validate_for_save};
pub use state::{
    ChildContext, EffectiveAnswers, FormContext, FormState, LastAnswers, MandatoryReason, Missing,
    PartState, QuestionState, SaveRefusal, SectionState, Suggestion,
};
pub use summary::{
    ReadAnswer, ReadSection, SUMMARY_LENGTH, SummaryGivens, auto_summary, read_answers,
};

#[cfg(test)]
mod tests;
