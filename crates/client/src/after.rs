//! What is said after something was saved. It is on the disk by then: nothing that follows may look as if it were not, or
//! the same is written a second time (docs/adr/0048).

use crate::error::ClientError;
use crate::view::SavedView;

/// A record that is saved, and nothing else about it.
pub(crate) fn saved(record: &str, names: String) -> SavedView {
    SavedView {
        record: record.to_owned(),
        names,
        children: Vec::new(),
        suggests: Vec::new(),
        unmet: Vec::new(),
        mandatory: Vec::new(),
        screenings: Vec::new(),
        follow_ups: Vec::new(),
        differing: Vec::new(),
        goods: None,
        incomplete: false,
    }
}

/// What it means for the children; where that cannot be worked out, that it is saved, and that something is left unsaid.
pub(crate) fn said(
    record: &str,
    names: String,
    found: Result<SavedView, ClientError>,
) -> SavedView {
    found.unwrap_or_else(|error| {
        let mut view = saved(record, names);
        leave_unsaid(&mut view, &error);
        view
    })
}

/// Something more about it; nothing, and a mark, where that cannot be worked out.
pub(crate) fn also<T>(view: &mut SavedView, found: Result<T, ClientError>) -> Option<T> {
    found.inspect_err(|error| leave_unsaid(view, error)).ok()
}

fn leave_unsaid(view: &mut SavedView, error: &ClientError) {
    tracing::warn!(%error, "it is saved, and what follows from it could not be worked out");
    view.incomplete = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_worked_out_leaves_a_mark_and_never_takes_back_that_it_is_saved() {
        let broken = || ClientError::new("internal");
        let view = said("r", "石小雨".to_owned(), Err(broken()));
        assert_eq!((view.record.as_str(), view.names.as_str()), ("r", "石小雨"));
        assert!(view.incomplete && view.children.is_empty());

        let mut view = said("r", String::new(), Ok(saved("r", "石小雨".to_owned())));
        assert_eq!(also(&mut view, Ok(3)), Some(3));
        assert!(!view.incomplete, "nothing is missing");
        assert_eq!(also::<u8>(&mut view, Err(broken())), None);
        assert!(view.incomplete);
        assert_eq!(view.names, "石小雨", "what is known stays");
    }
}
