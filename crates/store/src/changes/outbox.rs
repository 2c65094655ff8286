//! What this device made and the server does not have yet, and how far each change has come.

use super::{Change, ChangeState, Outcome, change_from, own};
use crate::journal::Record;
use crate::row::{signed, unpack};
use crate::{StoreError, Transaction, documents, row};
use ids::{ChangeHash, DocumentId, UnitId};
use rusqlite::{Connection, OptionalExtension, named_params};

/// Own changes the server has not answered for, oldest first (so dependencies first), up to so many bytes but at least one.
///
/// # Errors
/// The database refuses.
pub fn outbox(
    connection: &Connection,
    scope: UnitId,
    max_bytes: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/changes/outbox.sql"))?;
    first_of(
        statement.query(named_params! {":scope": scope.0.as_bytes()})?,
        max_bytes,
    )
}

/// Own changes that lie on the server's disk and have no number yet, oldest first, those after a place in the chain, up
/// to so many bytes but at least one. Offering one again is how its number is heard of.
///
/// # Errors
/// The database refuses.
pub fn taken(
    connection: &Connection,
    scope: UnitId,
    after: u64,
    max_bytes: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/changes/taken.sql"))?;
    first_of(
        statement.query(named_params! {":scope": scope.0.as_bytes(), ":after": signed(after)})?,
        max_bytes,
    )
}

fn first_of(mut rows: rusqlite::Rows<'_>, max_bytes: usize) -> Result<Vec<Change>, StoreError> {
    let mut found = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let packed: Vec<u8> = row.get("body")?;
        bytes += packed.len();
        if bytes > max_bytes && !found.is_empty() {
            break;
        }
        found.push(change_from(row, unpack(&packed)?)?);
    }
    Ok(found)
}

/// Own changes the server does not have, whatever it said of them.
///
/// # Errors
/// The database refuses.
pub fn unsent(connection: &Connection) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/changes/unsent.sql"))?;
    first_of(statement.query([])?, usize::MAX)
}

/// How many those are.
///
/// # Errors
/// The database refuses.
pub fn unsent_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/changes/unsent_count.sql"))?
        .query_row([], |row| row::number(row, "unsent"))?)
}

/// Own changes the server does not have for good yet, whatever it said of them.
///
/// # Errors
/// The database refuses.
pub fn not_durable_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/changes/not_durable_count.sql"))?
        .query_row([], |row| row::number(row, "waiting"))?)
}

/// What was held or refused waits to be sent again, all of it: it is asked otherwise from now on.
///
/// # Errors
/// The database refuses.
pub fn offer_everything(tx: &Transaction<'_>, scope: UnitId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../../sql/changes/offer_everything.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes()})?;
    Ok(())
}

/// How many own changes the server has not answered for.
///
/// # Errors
/// The database refuses.
pub fn outbox_length(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/changes/outbox_length.sql"))?
        .query_row([], |row| row::number(row, "waiting"))?)
}

/// Own changes are offered again, acknowledged ones too, as after the server lost its memory. Refused ones stay refused.
///
/// # Errors
/// The database refuses.
pub fn offer_again(tx: &Transaction<'_>, scope: UnitId) -> Result<u64, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../../sql/changes/offer_again.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes()})?;
    Ok(rows as u64)
}

/// One refused or held change is offered again, after whatever stood in its way is gone.
///
/// # Errors
/// The database refuses.
pub fn offer_one_again(tx: &Transaction<'_>, hash: ChangeHash) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../../sql/changes/offer_one_again.sql"))?
        .execute(named_params! {":hash": hash.0})?;
    Ok(())
}

/// Whether an own change follows another own one that the server refused, or holds for one it refused.
///
/// # Errors
/// The database refuses.
pub fn stands_on_returned(connection: &Connection, hash: ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../../sql/changes/stands_on_returned.sql"))?
        .exists(named_params! {":hash": hash.0})?)
}

/// Writes down the server's answer about an own change and returns its document. A durable change stays durable.
///
/// # Errors
/// The database refuses.
pub fn mark_outcome(
    tx: &Transaction<'_>,
    hash: ChangeHash,
    outcome: &Outcome,
) -> Result<Option<DocumentId>, StoreError> {
    let (state, server_seq, refusal, reason) = match outcome {
        Outcome::Accepted { server_seq } => (ChangeState::Accepted, *server_seq, None, None),
        Outcome::Durable { server_seq } => (ChangeState::Durable, *server_seq, None, None),
        Outcome::Held { reason } => (ChangeState::Held, None, Some("held_missing"), Some(reason)),
        Outcome::Refused { code, reason } => (
            ChangeState::Refused,
            None,
            Some(code.as_str()),
            reason.as_ref(),
        ),
    };
    let marked = tx
        .prepare_cached(include_str!("../../sql/changes/mark_outcome.sql"))?
        .query_row(
            named_params! {
                ":hash": hash.0,
                ":state": state.as_str(),
                ":server_seq": server_seq.map(signed),
                ":refusal": refusal,
                ":kept_reason": reason,
            },
            |row| Ok((row::document(row, "document")?, row.get("beside")?)),
        )
        .optional()?;
    if let Some((document, true)) = marked
        && matches!(state, ChangeState::Accepted | ChangeState::Durable)
    {
        documents::beside::take_in(tx, document, hash)?;
    }
    if state == ChangeState::Durable {
        tx.note_durable();
    }
    Ok(marked.map(|(document, _)| document))
}

/// A person puts a refused change away (`Some`) or brings it back (`None`). It is kept either way.
///
/// # Errors
/// The database refuses.
pub fn set_put_away(
    tx: &Transaction<'_>,
    hash: ChangeHash,
    at_ms: Option<i64>,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../../sql/changes/set_put_away.sql"))?
        .execute(named_params! {":hash": hash.0, ":put_away_ms": at_ms})?;
    Ok(())
}

/// Everything accepted up to this number of the scope is durable now.
///
/// # Errors
/// The database refuses.
pub fn mark_durable_up_to(
    tx: &Transaction<'_>,
    scope: UnitId,
    durable_seq: u64,
) -> Result<u64, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../../sql/changes/mark_durable_up_to.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":durable_seq": signed(durable_seq),
        })?;
    if rows > 0 {
        tx.note_durable();
    }
    Ok(rows as u64)
}

/// Hashes of own changes not acknowledged for good, oldest first.
pub(crate) fn unacknowledged(connection: &Connection) -> Result<Vec<ChangeHash>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/changes/unacknowledged.sql"))?;
    let rows = statement.query_map([], |row| row::hash(row, "hash"))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Everything not acknowledged is in the journal again, also what it had let go of.
pub(crate) fn journal_unacknowledged(tx: &Transaction<'_>) -> Result<(), StoreError> {
    for hash in unacknowledged(tx)? {
        if let Some(local) = own(tx, hash)? {
            tx.journal(Record::Change(Box::new(local)));
        }
    }
    Ok(())
}
