//! In which language a form is read (product: a form pack has several languages). It is the screen's matter only: answers,
//! codes and the form's hash are the same in each, and the summary is written in the form's own.

use crate::error::ClientError;
use crate::tablet::Tablet;
use crate::view::FormLanguagesInput;
use domain::form::FormPack;
use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// Languages one may wish for at once, and how long the code of one is.
const MOST: usize = 8;
const LONGEST: usize = 35;

/// The languages this person reads forms in, best first; until a screen says so, every form's own.
#[derive(Default)]
pub(crate) struct Wishes(RwLock<Vec<String>>);

/// Says in which languages forms are read from now on, best first: the one that was chosen, then the interface's.
///
/// # Errors
/// `value_invalid` for what is no list of languages.
pub fn form_languages(tablet: &Tablet, input: &FormLanguagesInput) -> Result<(), ClientError> {
    let is_code = |language: &String| {
        let mut letters = language.bytes();
        (1..=LONGEST).contains(&language.len())
            && letters.all(|one| one.is_ascii_alphanumeric() || one == b'-')
    };
    if input.languages.len() > MOST || !input.languages.iter().all(is_code) {
        return Err(ClientError::new("value_invalid"));
    }
    let wishes = tablet.form_languages.0.write();
    let mut wishes = wishes.unwrap_or_else(PoisonError::into_inner);
    wishes.clone_from(&input.languages);
    Ok(())
}

/// The language of a form's that this person reads it in.
pub(crate) fn language<'a>(tablet: &Tablet, form: &'a FormPack) -> &'a str {
    let wishes = tablet.form_languages.0.read();
    form.language_for(&wishes.unwrap_or_else(PoisonError::into_inner))
}

/// The form in her language, where that is another than its own.
pub(crate) fn translated(tablet: &Tablet, form: &FormPack) -> Option<FormPack> {
    let language = language(tablet, form);
    let is_own = form.languages.first().is_none_or(|own| own == language);
    (!is_own).then(|| form.in_language(language))
}

/// The form as she reads it.
pub(crate) fn spoken<'a>(tablet: &Tablet, form: &'a FormPack) -> Cow<'a, FormPack> {
    match translated(tablet, form) {
        Some(translated) => Cow::Owned(translated),
        None => Cow::Borrowed(form),
    }
}

/// The languages there are to choose from; none where there is one only.
pub(crate) fn choices(form: &FormPack) -> Vec<String> {
    match form.languages.len() {
        0 | 1 => Vec::new(),
        _ => form.languages.clone(),
    }
}
