//! What a person meant by a change, read back from the change itself: the fields written and the entries added.
//!
//! The change has all of it but one thing, the values a field had before; those are kept beside it ([`super::Before`]).
//! So an intent costs nothing where nothing was overwritten, and a change that was refused can be shown in words and
//! made again elsewhere (architecture.md §3).

pub mod doc;

use super::Edit;
use std::collections::BTreeSet;

/// Ids of the entries these edits add.
pub fn entries_added(edits: &[Edit]) -> BTreeSet<String> {
    edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::Add { entry, .. } => Some(entry.id.clone()),
            Edit::Put { .. } | Edit::PutImported { .. } => None,
        })
        .collect()
}

/// The edits say something about a record that one of these entries made: a correction of a visit means nothing
/// without the visit.
pub fn speaks_of(edits: &[Edit], records: &BTreeSet<String>) -> bool {
    edits.iter().any(|edit| match edit {
        Edit::Add { entry, .. } => entry
            .text("record")
            .is_some_and(|record| records.contains(record)),
        Edit::Put { .. } | Edit::PutImported { .. } => false,
    })
}
