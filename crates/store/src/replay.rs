//! Bringing back from the journal what the database does not have, and the other way round.

use crate::documents::{self, DocumentHead};
use crate::journal::{Contents, Record};
use crate::{StoreError, Transaction, changes, identity, recovery};
use std::collections::{BTreeMap, BTreeSet};

/// Inserts every journalled change the database lacks. With a new database the identity comes back too, marked
/// restored: a new incarnation is due before anything is written under it.
pub(crate) fn bring_back(
    tx: &Transaction<'_>,
    contents: &Contents,
    is_new: bool,
) -> Result<usize, StoreError> {
    let mut replayed = 0;
    let mut journalled = BTreeSet::new();
    let mut touched: BTreeMap<_, &DocumentHead> = BTreeMap::new();
    for record in &contents.records {
        match record {
            Record::Identity(found) if is_new || identity::get(tx)?.is_none() => {
                let mut found = found.as_ref().clone();
                found.restored = is_new;
                identity::store(tx, &found)?;
            }
            Record::Identity(_) => {}
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
    for hash in changes::unacknowledged(tx)? {
        if !journalled.contains(&hash)
            && let Some(local) = changes::own(tx, hash)?
        {
            tx.journal(Record::Change(Box::new(local)));
        }
    }
    Ok(replayed)
}
