//! Who signed a visit: the answer follows from the strokes and cannot be ticked without them (docs/adr/0050). Who signs,
//! and which question asks for it, are the rules' (`rules.signers`).

use super::{Desk, desk_of, keep, refused_answer};
use crate::attachments;
use crate::error::ClientError;
use crate::tablet::Tablet;
use crate::view::VisitFormView;
use domain::form::{self, SESSION};
use domain::policy::SignerRule;
use store::drafts;
use uuid::Uuid;

/// Brings the answer whether somebody signed in line with what hangs on the form. A page that is no visit has none.
///
/// # Errors
/// The store cannot be read or written.
pub(crate) fn follow_strokes(
    tablet: &Tablet,
    draft: Uuid,
    signer: &SignerRule,
) -> Result<(), ClientError> {
    let known = tablet
        .store
        .read(|connection| drafts::get(connection, draft))?;
    if known.is_none() {
        return Ok(());
    }
    let mut desk = desk_of(tablet, &draft.to_string())?;
    if !asks(&desk, signer) || desk.is_given(SESSION, &signer.question) {
        return Ok(());
    }
    let is_signed = attachments::signed_by(tablet, draft)?.contains(&signer.code);
    let codes = match (is_signed, says(&desk, signer)) {
        (true, false) => vec![signer.answer.clone()],
        (false, true) => Vec::new(),
        _ => return Ok(()),
    };
    form::set_answer(
        &desk.form,
        &desk.context,
        &mut desk.answers,
        SESSION,
        &signer.question,
        &codes,
        None,
    )
    .map_err(refused_answer)?;
    keep(tablet, &mut desk)
}

/// Refuses the answer that somebody signed where nothing of theirs hangs on the form.
pub(super) fn refuse_unsigned(
    tablet: &Tablet,
    desk: &Desk,
    (part, key): (&str, &str),
    codes: &[String],
) -> Result<(), ClientError> {
    let rules = tablet.rules();
    let mut signers = rules.signers.iter();
    let signer = signers
        .find(|signer| part == SESSION && signer.question == key && codes.contains(&signer.answer));
    let Some(signer) = signer.filter(|signer| !says(desk, signer)) else {
        return Ok(());
    };
    match attachments::signed_by(tablet, desk.draft.draft)?.contains(&signer.code) {
        true => Ok(()),
        false => Err(ClientError::new("signature_missing").with("who", &signer.label)),
    }
}

/// The answer that somebody signed is in sight once they did.
pub(super) fn hide_unsigned(tablet: &Tablet, desk: &Desk, view: &mut VisitFormView) {
    for signer in &tablet.rules().signers {
        if says(desk, signer) {
            continue;
        }
        let questions = view
            .parts
            .iter_mut()
            .filter(|part| part.part == SESSION)
            .flat_map(|part| &mut part.sections)
            .flat_map(|section| &mut section.questions)
            .filter(|question| question.key == signer.question);
        for question in questions {
            question
                .options
                .retain(|option| option.code != signer.answer);
        }
    }
}

fn asks(desk: &Desk, signer: &SignerRule) -> bool {
    let question = desk.form.question(&signer.question);
    let mut options = question.into_iter().flat_map(|question| &question.options);
    options.any(|option| option.code == signer.answer)
}

fn says(desk: &Desk, signer: &SignerRule) -> bool {
    let answer = desk.answers.get(SESSION, &signer.question);
    answer.is_some_and(|answer| answer.codes.contains(&signer.answer))
}
