//! Conditions other packs put to the answers of a form, in the language of forms.

use super::answers::Answers;
use super::expression::{Expression, Kind};
use super::fault::ExpressionFault;
use super::pack::{FormPack, Level, NA, QuestionType};
use super::parse::{KnownQuestion, Names, parse};
use super::session::Evaluation;
use super::state::FormContext;
use std::collections::BTreeMap;

/// Reads a condition about one child of a visit with this form.
///
/// # Errors
/// What is wrong with it; a question the form does not have is a fault like any other.
pub fn check_condition(pack: &FormPack, source: &str) -> Result<Expression, ExpressionFault> {
    let (questions, repeats) = known(pack);
    read(source, &questions, &repeats)
}

/// Which conditions hold for a child; none for a condition this form cannot answer. The whole form is evaluated, so
/// what follows from a short answer is known as well.
#[must_use]
pub fn hold(
    pack: &FormPack,
    context: &FormContext,
    answers: &Answers,
    child: &str,
    sources: &[&str],
) -> Vec<Option<bool>> {
    let (questions, repeats) = known(pack);
    let evaluation = Evaluation::new(pack, context, answers, false);
    let part = evaluation.parts().find(|part| part.name() == child);
    let holds = |source: &&str| {
        let expression = read(source, &questions, &repeats).ok()?;
        Some(evaluation.value(part?, None, &expression).is_true())
    };
    sources.iter().map(holds).collect()
}

fn read(
    source: &str,
    questions: &BTreeMap<String, KnownQuestion>,
    repeats: &BTreeMap<String, bool>,
) -> Result<Expression, ExpressionFault> {
    let names = Names {
        questions,
        repeats,
        per_child: true,
        repeat: None,
        before: None,
    };
    parse(source, names, Kind::Bool)
}

fn known(pack: &FormPack) -> (BTreeMap<String, KnownQuestion>, BTreeMap<String, bool>) {
    let repeated = pack
        .sections
        .iter()
        .filter(|section| section.repeat.is_some());
    let repeats = repeated
        .map(|section| (section.key.clone(), section.level == Level::Child))
        .collect();
    let questions = pack
        .questions()
        .enumerate()
        .map(|(position, (section, question))| {
            let na = question.na.then(|| NA.to_owned());
            let options = question.options.iter().map(|option| option.code.clone());
            let known = KnownQuestion {
                kind: kind_of(question.kind),
                codes: question
                    .kind
                    .has_codes()
                    .then(|| options.chain(na).collect()),
                per_child: section.level == Level::Child,
                repeat: section.repeat.map(|_| section.key.clone()),
                position,
            };
            (question.key.clone(), known)
        });
    (questions.collect(), repeats)
}

/// The kind of value a question's answer is.
pub(super) fn kind_of(question: QuestionType) -> Kind {
    match question {
        QuestionType::One | QuestionType::Text | QuestionType::Time | QuestionType::Note => {
            Kind::Text
        }
        QuestionType::Many => Kind::Codes,
        QuestionType::Date => Kind::Date,
        QuestionType::Int => Kind::Number,
        QuestionType::Decimal => Kind::Decimal,
    }
}
