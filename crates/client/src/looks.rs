//! Who looked at what: a row of the audit trail is on the disk before the content is given out (P-11, ADR 0025).
//!
//! One person's looks at one record within some minutes are one row; how many minutes is policy data. Where the row cannot
//! be written because the disk is full, ordinary records are shown all the same and the looks are counted until there is
//! room; what is restricted is not shown. Saving never asks here; a form that shows what was written before does when it is
//! opened, and never refuses because of it.
//!
//! Which command notes what, and why another does not, is a table: `tests/scenarios/looks.rs`.

use crate::error::ClientError;
use crate::tablet::Tablet;
use std::sync::atomic::Ordering;
use store::StoreError;
use store::audit::{self, AuditRow};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A child's file.
    Child,
    /// What was answered in a visit.
    Visit,
    /// A photo, a signature, a recording.
    Attachment,
    /// A problem's story.
    Problem,
    /// Words only the station may read.
    Restricted,
    /// Somebody searched by the end of an ID number.
    Number,
    /// A masked field two people changed, its values beside each other.
    Conflict,
    /// What came from the tablets, with its notes; the row says how much of it.
    Inbox,
    /// What came late or was handed over, before it is in any file; the row says how much of it.
    Late,
    /// A list with words about children; the row says which list, and how long it was.
    List,
}

impl Look {
    /// The action's code.
    pub fn action(self) -> &'static str {
        match self {
            Look::Child => "view_child",
            Look::Visit => "view_visit",
            Look::Attachment => "view_attachment",
            Look::Problem => "view_problem",
            Look::Restricted => "view_restricted",
            Look::Number => "search_number",
            Look::Conflict => "view_conflict",
            Look::Inbox => "view_inbox",
            Look::Late => "view_late",
            Look::List => "view_list",
        }
    }

    fn is_restricted(self) -> bool {
        self == Look::Restricted
    }
}

/// Writes that this person looks at something, unless a row of the last minutes says so.
///
/// # Errors
/// `look_not_noted` for restricted content when the row cannot be written. Ordinary content is never refused here.
pub fn note(tablet: &Tablet, look: Look, object: &str) -> Result<(), ClientError> {
    note_with(tablet, look, object, "")
}

/// Writes that this person was shown a page of so many records: one row, whose object is the newest of them.
///
/// # Errors
/// As [`note`].
pub fn note_page(
    tablet: &Tablet,
    look: Look,
    newest: &str,
    count: usize,
) -> Result<(), ClientError> {
    if count == 0 {
        return Ok(());
    }
    note_with(tablet, look, newest, &format!("count={count}"))
}

/// Writes that this person was shown a list with words about children. Its rows have no order by which one is the newest:
/// the list itself is what the row is about.
///
/// # Errors
/// As [`note`].
pub fn note_list(tablet: &Tablet, list: &str, count: usize) -> Result<(), ClientError> {
    note_page(tablet, Look::List, list, count)
}

fn note_with(tablet: &Tablet, look: Look, object: &str, detail: &str) -> Result<(), ClientError> {
    match write(tablet, look, object, detail) {
        Ok(()) => Ok(()),
        Err(error) if look.is_restricted() => {
            Err(ClientError::new("look_not_noted").because(error))
        }
        Err(error) => {
            tracing::warn!(%error, "a look could not be noted");
            tablet.unnoted_looks.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
}

fn write(tablet: &Tablet, look: Look, object: &str, detail: &str) -> Result<(), StoreError> {
    let now = tablet.clock.now_ms();
    let staff = tablet.identity.staff;
    let since = now - i64::from(tablet.rules().look_minutes) * 60_000;
    let noted = tablet.store.read(|connection| {
        audit::was_done_since(connection, (staff, look.action(), object), (since, now))
    })?;
    let missed = tablet.unnoted_looks.load(Ordering::Relaxed);
    if noted && missed == 0 {
        return Ok(());
    }
    // The reserve is kept for words that are written, not for looks.
    tablet.store.write_fetched(|tx| {
        if missed > 0 {
            let row = row(tablet, "views_not_noted", "");
            audit::append_with(tx, &row, &format!("count={missed}"))?;
        }
        if noted {
            return Ok(());
        }
        audit::append_with(tx, &row(tablet, look.action(), object), detail)
    })?;
    tablet.unnoted_looks.fetch_sub(missed, Ordering::Relaxed);
    Ok(())
}

/// What this person looked at last on this device, the last one first, each once.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn recent(tablet: &Tablet, look: Look, most: usize) -> Result<Vec<String>, StoreError> {
    let staff = tablet.identity.staff;
    let looked = tablet
        .store
        .read(|connection| audit::objects_of(connection, staff, look.action()))?;
    let mut recent: Vec<String> = Vec::new();
    for object in looked {
        if recent.len() < most && !recent.contains(&object) {
            recent.push(object);
        }
    }
    Ok(recent)
}

/// A row of this person's, now.
pub(crate) fn row(tablet: &Tablet, action: &str, object: &str) -> AuditRow {
    AuditRow {
        at_ms: tablet.clock.now_ms(),
        staff: Some(tablet.identity.staff),
        action: action.to_owned(),
        object: object.to_owned(),
    }
}

/// The door was opened: with how many wrong PINs before, and whether the clock stands before what was written last.
/// A door that cannot write opens all the same, because a visit may have to be written.
pub(crate) fn note_unlock(tablet: &Tablet, wrong: u32) {
    let written = tablet.store.read(audit::last_ms).and_then(|last| {
        tablet.store.write_fetched(|tx| {
            if wrong > 0 {
                let row = row(tablet, "unlock_failed", "");
                audit::append_with(tx, &row, &format!("count={wrong}"))?;
            }
            let now = tablet.clock.now_ms();
            if let Some(last) = last.filter(|last| now < last - CLOCK_SLACK_MS) {
                let row = row(tablet, "clock_went_back", "");
                audit::append_with(tx, &row, &format!("seconds={}", (last - now) / 1000))?;
            }
            audit::append(tx, &row(tablet, "unlocked", ""))
        })
    });
    if let Err(error) = written {
        tracing::warn!(%error, "opening the door could not be noted");
    }
}

/// The door was locked.
pub(crate) fn note_lock(tablet: &Tablet) {
    let written = tablet
        .store
        .write_fetched(|tx| audit::append(tx, &row(tablet, "locked", "")));
    if let Err(error) = written {
        tracing::warn!(%error, "locking the door could not be noted");
    }
}

/// A clock that is set by the network goes back by less than this.
const CLOCK_SLACK_MS: i64 = 2 * 60 * 1000;
