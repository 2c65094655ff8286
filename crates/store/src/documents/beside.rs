//! Changes beside a document: refused by the server, so nothing later may stand on them; still shown in the record.
//!
//! The stored content is what the server has or can take. What lies beside it is joined to it for reading only.

use super::{StoredDocument, compact, load, save_tail, set_tail_length};
use crate::row::unpack;
use crate::{StoreError, Transaction, projections, row};
use automerge::{Automerge, Change};
use domain::record::Edit;
use domain::record::doc::{self, MadeChange};
use ids::{ActorId, ChangeHash, DocumentId};
use rusqlite::{Connection, named_params};
use std::collections::BTreeSet;

/// Takes changes out of the content, and lays them beside it. What stands on them must be among them.
///
/// # Errors
/// The content cannot be built without them.
pub fn set_beside(
    tx: &Transaction<'_>,
    document: &mut StoredDocument,
    out: &BTreeSet<ChangeHash>,
) -> Result<(), StoreError> {
    let id = document.head.document;
    let mut heads: BTreeSet<automerge::ChangeHash> = BTreeSet::new();
    // Every change comes after what it depends on.
    for change in document.automerge.get_changes(&[]) {
        if out.contains(&ChangeHash(change.hash().0)) {
            continue;
        }
        for dep in change.deps() {
            heads.remove(dep);
        }
        heads.insert(change.hash());
    }
    let heads: Vec<_> = heads.into_iter().collect();
    document.automerge = document.automerge.fork_at(&heads)?;
    for hash in out {
        tx.prepare_cached(include_str!("../../sql/changes/set_beside.sql"))?
            .execute(named_params! {":hash": hash.0, ":beside": true})?;
    }
    compact(tx, document)?;
    // What waits for something missing was not carried over.
    super::apply_tail(&mut document.automerge, super::tail_of(tx, id)?);
    Ok(())
}

/// Makes edits again as a change of another actor, standing on what the person had seen, and joins it to the content.
/// What others wrote meanwhile is beside it in time: where both wrote one field, both values stay.
///
/// # Errors
/// The content lacks what it should stand on, or a container.
pub fn make_anew(
    document: &mut StoredDocument,
    seen: &[ChangeHash],
    actor: ActorId,
    wall_ms: i64,
    edits: &[Edit],
) -> Result<Option<MadeChange>, StoreError> {
    let seen: Vec<_> = seen
        .iter()
        .map(|hash| automerge::ChangeHash(hash.0))
        .collect();
    let mut stand = document.automerge.fork_at(&seen)?;
    let made =
        doc::apply_anew(&mut stand, actor, wall_ms, edits).map_err(|_| StoreError::Corrupt {
            what: "a document that lacks a container",
        })?;
    if let Some(made) = &made {
        let change = Change::from_bytes(made.bytes.clone()).map_err(|_| StoreError::Corrupt {
            what: "a change just made",
        })?;
        document.automerge.apply_changes([change])?;
    }
    Ok(made)
}

/// The content as a person is to see it: with what lies beside it. `None` when nothing does.
pub(crate) fn shown(
    connection: &Connection,
    document: &StoredDocument,
) -> Result<Option<Automerge>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/changes/beside.sql"))?;
    let mut rows =
        statement.query(named_params! {":document": document.head.document.0.as_bytes()})?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let body: Vec<u8> = row.get("body")?;
        let change = Change::from_bytes(unpack(&body)?).map_err(|_| StoreError::Corrupt {
            what: "a stored change",
        })?;
        changes.push((row::hash(row, "hash")?, change));
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let mut shown = document.automerge.clone();
    super::apply_tail(&mut shown, changes);
    Ok(Some(shown))
}

/// The server has taken a change that lay beside its document: it is part of the content now.
pub(crate) fn take_in(
    tx: &Transaction<'_>,
    document: DocumentId,
    hash: ChangeHash,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../../sql/changes/set_beside.sql"))?
        .execute(named_params! {":hash": hash.0, ":beside": false})?;
    set_tail_length(tx, document)?;
    if let Some(mut stored) = load(tx, document)? {
        save_tail(tx, &mut stored)?;
        projections::refresh(tx, &stored)?;
    }
    Ok(())
}
