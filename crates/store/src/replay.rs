//! Bringing back from the journals what the database does not have, and the other way round.

use crate::documents::{self, DocumentHead};
use crate::journal::{Contents, Record};
use crate::{StoreError, Transaction, changes, drafts, identity, recovery};
use std::collections::{BTreeMap, BTreeSet};

/// What came back.
pub(crate) struct Replayed {
    /// Changes that the database did not have.
    pub(crate) changes: usize,
    /// The database had changes that the journal did not: the last stop fell between the two.
    pub(crate) was_cut_off: bool,
}

/// Inserts every journalled change the database lacks. Into a database without an identity, which is a new one in the
/// place of one that was lost, the identity comes back too, marked restored: a new incarnation is due before anything
/// is written under it. The database says this and not the way it was opened: the power may go again before it is done.
pub(crate) fn bring_back(
    tx: &Transaction<'_>,
    contents: &Contents,
) -> Result<Replayed, StoreError> {
    let mut replayed = 0;
    let mut journalled = BTreeSet::new();
    let mut touched: BTreeMap<_, &DocumentHead> = BTreeMap::new();
    for record in &contents.records {
        match record {
            Record::Identity(found) if identity::get(tx)?.is_none_or(|known| known.restored) => {
                let mut found = found.as_ref().clone();
                found.restored = true;
                identity::store(tx, &found)?;
            }
            // The drafts have a journal of their own.
            Record::Identity(_) | Record::Draft(_) | Record::DraftGone(_) => {}
            Record::Change(local) => {
                journalled.insert(local.change.hash);
                let (document, generation) = (local.change.document, local.change.generation);
                if recovery::is_erased(tx, document, generation)? {
                    // The power went before the journal was written anew.
                    tx.note_erased();
                    continue;
                }
                if !changes::has(tx, local.change.hash)? && changes::insert_own(tx, local)? {
                    replayed += 1;
                    touched.insert(local.change.document, &local.document);
                }
            }
        }
    }
    for (document, head) in touched {
        documents::settle_replayed(tx, document, head)?;
    }
    // Committed, but the power went before the journal had it.
    let mut was_cut_off = false;
    for hash in changes::unacknowledged(tx)? {
        if !journalled.contains(&hash)
            && let Some(local) = changes::own(tx, hash)?
        {
            tx.journal(Record::Change(Box::new(local)));
            was_cut_off = true;
        }
    }
    Ok(Replayed {
        changes: replayed,
        was_cut_off,
    })
}

/// Puts back every open draft that the database lacks or has in an older state, and journals those it has newer.
///
/// A draft that only the journal has was lost with the database or the end of its log, or it became a visit just when
/// the power went. In the latter case the visit's changes are not journalled either, and it does not come back.
pub(crate) fn bring_back_drafts(
    tx: &Transaction<'_>,
    contents: &Contents,
    was_cut_off: bool,
) -> Result<usize, StoreError> {
    let mut journalled = BTreeMap::new();
    for record in &contents.records {
        match record {
            Record::Draft(draft) if was_erased(tx, draft)? => {
                // The power went before the journal was written anew.
                tx.journal(Record::DraftGone(draft.draft));
                tx.note_erased();
            }
            Record::Draft(draft) => {
                journalled.insert(draft.draft, draft.as_ref());
            }
            Record::DraftGone(draft) => {
                journalled.remove(draft);
            }
            Record::Identity(_) | Record::Change(_) => {}
        }
    }
    let mut replayed = 0;
    for (id, draft) in &journalled {
        match drafts::get(tx, *id)? {
            None if was_cut_off => tx.journal(Record::DraftGone(*id)),
            Some(there) if there.discarded_ms.is_some() => tx.journal(Record::DraftGone(*id)),
            Some(there) if there.updated_ms >= draft.updated_ms => {}
            _ => {
                drafts::put(tx, draft)?;
                replayed += 1;
            }
        }
    }
    for draft in drafts::open(tx)? {
        let is_older = |kept: &&drafts::Draft| kept.updated_ms < draft.updated_ms;
        if journalled.get(&draft.draft).is_none_or(is_older) {
            tx.journal(Record::Draft(Box::new(draft)));
        }
    }
    Ok(replayed)
}

/// An order erased the household; a later generation of it may be there again, with drafts of its own.
fn was_erased(tx: &Transaction<'_>, draft: &drafts::Draft) -> Result<bool, StoreError> {
    Ok(recovery::is_erased(tx, draft.household, 0)?
        && documents::head(tx, draft.household)?.is_none())
}
