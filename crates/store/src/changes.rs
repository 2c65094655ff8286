//! Changes with their envelopes: what this device made, what it received, and how far each has come.

mod progress;

pub use progress::{
    RecordRow, delivered_count, made_since, needs_you_rows, open_record_states, unsent_rows,
};

use crate::documents::DocumentHead;
use crate::journal::Record;
use crate::row::{join, pack, signed, split, unpack};
use crate::{StoreError, Transaction, documents, identity, row};
use domain::record::Before;
use ids::{
    ActorId, ChangeHash, DeviceId, DocKind, DocumentId, Generation, Incarnation, StaffId, UnitId,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;

/// A change in its envelope. The store does not look inside `head`, `signature` and `header`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// SHA-256 of the change chunk.
    pub hash: ChangeHash,
    /// The document it belongs to.
    pub document: DocumentId,
    /// That document's generation.
    pub generation: Generation,
    /// Automerge actor.
    pub actor: ActorId,
    /// Automerge sequence number of the actor.
    pub seq: u64,
    /// First operation number.
    pub start_op: u64,
    /// How many operations.
    pub ops: u64,
    /// Changes it depends on.
    pub deps: Vec<ChangeHash>,
    /// The raw change, uncompressed.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// Signed envelope head.
    #[serde(with = "serde_bytes")]
    pub head: Vec<u8>,
    /// Signature over the head.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
    /// The document's signed header, when this envelope carries it.
    #[serde(with = "serde_bytes")]
    pub header: Option<Vec<u8>>,
    /// Device that made it.
    pub device: DeviceId,
    /// Person who made it.
    pub staff: StaffId,
    /// Scope it is sent in.
    pub scope: UnitId,
    /// Place in the device's chain.
    pub dev_seq: u64,
    /// That device's clock, a label.
    pub wall_ms: i64,
}

/// What a person calls the record a change belongs to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLabel {
    /// visit, contact, attempt, problem, edit, …
    pub kind: String,
    /// 石小雨 走访.
    pub text: String,
    /// The record's id; a visit is several changes with one id.
    pub id: String,
}

/// A change made here, with all that is needed to insert it again from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalChange {
    /// The change.
    pub change: Change,
    /// Words for the sync page.
    pub label: Option<RecordLabel>,
    /// The incarnation whose chain it continues.
    pub incarnation: Incarnation,
    /// Hash of this envelope's head: what the next one in the chain names as previous.
    pub chain_head: ChangeHash,
    /// The document, so that a replay can begin it.
    pub document: DocumentHead,
    /// When it was made, by this device's clock.
    pub stored_ms: i64,
    /// Values the written fields had before: what the change itself cannot tell of what was meant.
    #[serde(default, skip_serializing_if = "Before::is_empty")]
    pub before: Before,
    /// An own change that was refused or held, and is made anew by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ChangeHash>,
    /// How often that was done because the change itself was refused.
    #[serde(default)]
    pub remakes: u32,
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// On this device and in its journal.
    Saved,
    /// The server has it on its disk.
    Accepted,
    /// A second place has it too (or there is none to wait for).
    Durable,
    /// The server waits for changes it depends on.
    Held,
    /// The server refused it; it stays here with the reason.
    Refused,
}

impl ChangeState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Accepted => "accepted",
            Self::Durable => "durable",
            Self::Held => "held",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn at(row: &Row<'_>, column: &str) -> rusqlite::Result<Self> {
        let text: String = row.get(column)?;
        [
            Self::Saved,
            Self::Accepted,
            Self::Durable,
            Self::Held,
            Self::Refused,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| {
            rusqlite::Error::FromSqlConversionFailure(
                text.len(),
                rusqlite::types::Type::Text,
                "unknown state".into(),
            )
        })
    }
}

/// The server's answer about one own change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// On its disk, under this number of the scope if it is published.
    Accepted {
        /// Number in the scope.
        server_seq: Option<u64>,
    },
    /// A second place has it too.
    Durable {
        /// Number in the scope.
        server_seq: Option<u64>,
    },
    /// It waits for other changes.
    Held {
        /// For the log.
        reason: String,
    },
    /// Refused.
    Refused {
        /// Refusal code, words in the locale file.
        code: String,
        /// For the log.
        reason: Option<String>,
    },
}

/// Who wrote something, and when by their clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Device.
    pub device: DeviceId,
    /// Person.
    pub staff: StaffId,
    /// Device clock.
    pub wall_ms: i64,
}

/// Inserts a change made here, moves the device's chain on and asks for a journal entry.
/// False when it is there already.
///
/// # Errors
/// The database refuses.
pub fn insert_local(tx: &Transaction<'_>, local: &LocalChange) -> Result<bool, StoreError> {
    let inserted = insert_own(tx, local)?;
    if inserted {
        tx.journal(Record::Change(Box::new(local.clone())));
    }
    Ok(inserted)
}

/// Inserts an own change without a journal entry: it comes from there.
pub(crate) fn insert_own(tx: &Transaction<'_>, local: &LocalChange) -> Result<bool, StoreError> {
    let change = &local.change;
    let inserted = insert(tx, change, Origin::Local(local), local.stored_ms, None)?;
    if inserted {
        let head = local.chain_head;
        identity::advance_chain(tx, local.incarnation, change.scope, change.dev_seq, head)?;
        if let Some(replaced) = local.replaces {
            mark_replaced(tx, replaced, change.hash)?;
        }
    }
    Ok(inserted)
}

fn mark_replaced(tx: &Connection, hash: ChangeHash, by: ChangeHash) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/changes/mark_replaced.sql"))?
        .execute(named_params! {":hash": hash.0, ":by": by.0})?;
    Ok(())
}

/// Inserts a change from the server. False when it is there already (an own one is then merely numbered).
///
/// # Errors
/// The database refuses.
pub fn insert_remote(
    tx: &Transaction<'_>,
    change: &Change,
    server_seq: Option<u64>,
    arrived_ms: i64,
) -> Result<bool, StoreError> {
    insert(tx, change, Origin::Remote, arrived_ms, server_seq)
}

/// As [`insert_remote`], of a change the document's body holds already and whose own body is packed.
pub(crate) fn insert_in_body(
    tx: &Transaction<'_>,
    change: &Change,
    packed: &[u8],
    server_seq: Option<u64>,
    arrived_ms: i64,
) -> Result<bool, StoreError> {
    insert(
        tx,
        change,
        Origin::RemoteInBody(packed),
        arrived_ms,
        server_seq,
    )
}

/// Whether any change of a document is here, its own or another's.
pub(crate) fn is_any_of(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/any_of.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})?)
}

/// Puts the words back into an own change that was emptied when its document left: the document came back. False when
/// there is none such.
///
/// # Errors
/// The database refuses.
pub fn refill(tx: &Transaction<'_>, change: &Change) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/changes/refill.sql"))?
        .execute(named_params! {
            ":hash": change.hash.0,
            ":body": pack(&change.body)?,
            ":head": change.head,
            ":signature": change.signature,
            ":header": change.header,
            ":deps": join(&change.deps),
        })?;
    Ok(rows > 0)
}

/// Notes who made a change that arrived inside a snapshot. False when it is there already.
///
/// # Errors
/// The database refuses.
pub fn insert_indexed(
    tx: &Transaction<'_>,
    change: &Change,
    arrived_ms: i64,
) -> Result<bool, StoreError> {
    insert(tx, change, Origin::Snapshot, arrived_ms, None)
}

/// How a change came to be here.
enum Origin<'a> {
    Local(&'a LocalChange),
    Remote,
    /// With its body packed.
    RemoteInBody(&'a [u8]),
    Snapshot,
}

fn insert(
    tx: &Connection,
    change: &Change,
    origin: Origin<'_>,
    stored_ms: i64,
    server_seq: Option<u64>,
) -> Result<bool, StoreError> {
    let in_body = matches!(origin, Origin::RemoteInBody(_) | Origin::Snapshot);
    let (name, state, local) = match origin {
        Origin::Local(local) => ("local", ChangeState::Saved, Some(local)),
        Origin::Remote | Origin::RemoteInBody(_) => ("remote", ChangeState::Durable, None),
        Origin::Snapshot => ("snapshot", ChangeState::Durable, None),
    };
    let label = local.and_then(|local| local.label.as_ref());
    let before = match local {
        Some(local) if !local.before.is_empty() => Some(serde_json::to_string(&local.before)?),
        _ => None,
    };
    let body = match origin {
        Origin::Snapshot => None,
        Origin::RemoteInBody(packed) => Some(Cow::Borrowed(packed)),
        Origin::Local(_) | Origin::Remote => Some(Cow::Owned(pack(&change.body)?)),
    };
    let rows = tx
        .prepare_cached(include_str!("../sql/changes/insert.sql"))?
        .execute(named_params! {
            ":hash": change.hash.0,
            ":document": change.document.0.as_bytes(),
            ":generation": change.generation,
            ":actor": change.actor,
            ":seq": signed(change.seq),
            ":start_op": signed(change.start_op),
            ":ops": signed(change.ops),
            ":deps": join(&change.deps),
            ":body": body,
            ":head": (!change.head.is_empty()).then_some(&change.head),
            ":signature": (!change.signature.is_empty()).then_some(&change.signature),
            ":header": change.header,
            ":device": change.device.0.as_bytes(),
            ":staff": change.staff.0.as_bytes(),
            ":scope": change.scope.0.as_bytes(),
            ":dev_seq": signed(change.dev_seq),
            ":wall_ms": change.wall_ms,
            ":origin": name,
            ":state": state.as_str(),
            ":server_seq": server_seq.map(signed),
            ":stored_ms": stored_ms,
            ":record_kind": label.map(|label| &label.kind),
            ":record_text": label.map(|label| &label.text),
            ":record_id": label.map(|label| &label.id),
            ":incarnation": local.map(|local| *local.incarnation.0.as_bytes()),
            ":chain_head": local.map(|local| local.chain_head.0),
            ":in_body": in_body,
            ":before": before,
            ":replaces": local.and_then(|local| local.replaces).map(|hash| hash.0),
            ":remakes": local.map_or(0, |local| local.remakes),
        })?;
    Ok(rows > 0)
}

/// Own changes the server has not answered for, oldest first (so dependencies first), up to so many bytes but at least one.
///
/// # Errors
/// The database refuses.
pub fn outbox(
    connection: &Connection,
    scope: UnitId,
    max_bytes: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/outbox.sql"))?;
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
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/taken.sql"))?;
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
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/unsent.sql"))?;
    first_of(statement.query([])?, usize::MAX)
}

/// How many those are.
///
/// # Errors
/// The database refuses.
pub fn unsent_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/unsent_count.sql"))?
        .query_row([], |row| row::number(row, "unsent"))?)
}

/// What was held or refused waits to be sent again, all of it: it is asked otherwise from now on.
///
/// # Errors
/// The database refuses.
pub fn offer_everything(tx: &Transaction<'_>, scope: UnitId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/changes/offer_everything.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes()})?;
    Ok(())
}

/// How many own changes the server has not answered for.
///
/// # Errors
/// The database refuses.
pub fn outbox_length(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/outbox_length.sql"))?
        .query_row([], |row| row::number(row, "waiting"))?)
}

/// Own changes are offered again, acknowledged ones too, as after the server lost its memory. Refused ones stay refused.
///
/// # Errors
/// The database refuses.
pub fn offer_again(tx: &Transaction<'_>, scope: UnitId) -> Result<u64, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/changes/offer_again.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes()})?;
    Ok(rows as u64)
}

/// One refused or held change is offered again, after whatever stood in its way is gone.
///
/// # Errors
/// The database refuses.
pub fn offer_one_again(tx: &Transaction<'_>, hash: ChangeHash) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/changes/offer_one_again.sql"))?
        .execute(named_params! {":hash": hash.0})?;
    Ok(())
}

/// Whether an own change follows another own one that the server refused, or holds for one it refused.
///
/// # Errors
/// The database refuses.
pub fn stands_on_returned(connection: &Connection, hash: ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/stands_on_returned.sql"))?
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
        .prepare_cached(include_str!("../sql/changes/mark_outcome.sql"))?
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
    tx.prepare_cached(include_str!("../sql/changes/set_put_away.sql"))?
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
        .prepare_cached(include_str!("../sql/changes/mark_durable_up_to.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":durable_seq": signed(durable_seq),
        })?;
    if rows > 0 {
        tx.note_durable();
    }
    Ok(rows as u64)
}

/// One change with its envelope; `None` when it is not here or only known by a snapshot's index.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, hash: ChangeHash) -> Result<Option<Change>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/get.sql"))?;
    let mut rows = statement.query(named_params! {":hash": hash.0})?;
    match rows.next()? {
        Some(row) => match row.get::<_, Option<Vec<u8>>>("body")? {
            Some(packed) => Ok(Some(change_from(row, unpack(&packed)?)?)),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

/// Changes of a document that are in the server's log, in the order they came here.
///
/// # Errors
/// The database refuses.
pub fn published(
    connection: &Connection,
    document: DocumentId,
    generation: Generation,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/published.sql"))?;
    let hashes = statement
        .query_map(
            named_params! {":document": document.0.as_bytes(), ":generation": generation},
            |row| row::hash(row, "hash"),
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let found = hashes.into_iter().map(|hash| get(connection, hash));
    Ok(found
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// The change is here, in whatever form.
///
/// # Errors
/// The database refuses.
pub fn has(connection: &Connection, hash: ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/has.sql"))?
        .exists(named_params! {":hash": hash.0})?)
}

/// Hashes of own changes not acknowledged for good, oldest first.
pub(crate) fn unacknowledged(connection: &Connection) -> Result<Vec<ChangeHash>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/changes/unacknowledged.sql"))?;
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

/// An own change with what the journal keeps of it: the change, its label, and what was meant.
///
/// # Errors
/// The database refuses.
pub fn own(connection: &Connection, hash: ChangeHash) -> Result<Option<LocalChange>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/own.sql"))?;
    let mut rows = statement.query(named_params! {":hash": hash.0})?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let packed: Vec<u8> = row.get("body")?;
    let change = change_from(row, unpack(&packed)?)?;
    let Some(document) = crate::documents::head(connection, change.document)? else {
        return Ok(None);
    };
    let kind: Option<String> = row.get("record_kind")?;
    Ok(Some(LocalChange {
        label: match kind {
            Some(kind) => Some(RecordLabel {
                kind,
                text: row.get("record_text")?,
                id: row.get("record_id")?,
            }),
            None => None,
        },
        incarnation: Incarnation(row::plain_uuid(row, "incarnation")?),
        chain_head: row::hash(row, "chain_head")?,
        document,
        stored_ms: row.get("stored_ms")?,
        before: match row.get::<_, Option<String>>("before")? {
            Some(before) => serde_json::from_str(&before)?,
            None => Before::new(),
        },
        replaces: row.get::<_, Option<[u8; 32]>>("replaces")?.map(ChangeHash),
        remakes: row::small(row, "remakes")?,
        change,
    }))
}

/// Acknowledged for good: the journal need not keep it.
///
/// # Errors
/// The database refuses.
pub fn is_settled(connection: &Connection, hash: &ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/is_settled.sql"))?
        .exists(named_params! {":hash": hash.0})?)
}

/// Who made a change, when its envelope (or a snapshot's index) told.
///
/// # Errors
/// The database refuses.
pub fn author_of(connection: &Connection, hash: ChangeHash) -> Result<Option<Author>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/author_of.sql"))?
        .query_row(named_params! {":hash": hash.0}, author_from)
        .optional()?)
}

/// Authors of all changes of a document by hash.
///
/// # Errors
/// The database refuses.
pub fn authors_in(
    connection: &Connection,
    document: DocumentId,
) -> Result<HashMap<ChangeHash, Author>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/authors_in.sql"))?;
    let rows = statement.query_map(named_params! {":document": document.0.as_bytes()}, |row| {
        Ok((row::hash(row, "hash")?, author_from(row)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A foreign change that would not apply, kept with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its hash as announced.
    pub hash: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// Why.
    pub reason: String,
    /// When it arrived.
    pub at_ms: i64,
}

/// Why, when and by whom a foreign change was kept aside, and what came with it.
#[derive(Debug, Clone, Copy)]
pub struct Aside<'a> {
    /// Why.
    pub reason: &'a str,
    /// When it arrived.
    pub at_ms: i64,
    /// Version of the app that could not take it.
    pub app: &'a str,
    /// Its document's kind.
    pub kind: DocKind,
    /// Its document's unit.
    pub home_unit: UnitId,
    /// Its number in the scope's log.
    pub server_seq: u64,
}

/// Keeps a foreign change that would not apply, away from the documents.
///
/// # Errors
/// The database refuses.
pub fn quarantine(
    tx: &Transaction<'_>,
    change: &Change,
    aside: &Aside<'_>,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/changes/quarantine.sql"))?
        .execute(named_params! {
            ":hash": change.hash.0,
            ":document": change.document.0.as_bytes(),
            ":generation": change.generation,
            ":body": pack(&change.body)?,
            ":head": change.head,
            ":signature": change.signature,
            ":reason": aside.reason,
            ":at_ms": aside.at_ms,
            ":app": aside.app,
            ":kind": aside.kind.as_str(),
            ":home_unit": aside.home_unit.0.as_bytes(),
            ":server_seq": signed(aside.server_seq),
        })?;
    Ok(())
}

/// A change that another version of the app kept aside, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untried {
    /// Its hash as announced.
    pub hash: ChangeHash,
    /// The raw change.
    pub body: Vec<u8>,
    /// Signed envelope head.
    pub head: Vec<u8>,
    /// Signature over the head.
    pub signature: Vec<u8>,
    /// Its document's kind.
    pub kind: DocKind,
    /// Its document's unit.
    pub home_unit: UnitId,
    /// Its number in the scope's log.
    pub server_seq: u64,
}

/// What other versions of the app kept aside, in the order of the log.
///
/// # Errors
/// The database refuses.
pub fn quarantined_by_others(
    connection: &Connection,
    app: &str,
) -> Result<Vec<Untried>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/changes/quarantined_by_others.sql"))?;
    let rows = statement.query_map(named_params! {":app": app}, untried)?;
    rows.map(|found| unpacked(found?)).collect()
}

fn untried(row: &Row<'_>) -> rusqlite::Result<Untried> {
    Ok(Untried {
        hash: row::hash(row, "hash")?,
        body: row.get("body")?,
        head: row.get("head")?,
        signature: row.get("signature")?,
        kind: row::kind(row, "kind")?,
        home_unit: row::unit(row, "home_unit")?,
        server_seq: row::number(row, "server_seq")?,
    })
}

fn unpacked(found: Untried) -> Result<Untried, StoreError> {
    let body = unpack(&found.body)?;
    Ok(Untried { body, ..found })
}

/// Foreign changes that would not apply.
///
/// # Errors
/// The database refuses.
pub fn quarantined(connection: &Connection) -> Result<Vec<Quarantined>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/changes/quarantined.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Quarantined {
            hash: row::hash(row, "hash")?,
            document: row::document(row, "document")?,
            reason: row.get("reason")?,
            at_ms: row.get("at_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is kept aside of a document for one reason, in the order of the log.
///
/// # Errors
/// The database refuses.
pub fn aside_for(
    connection: &Connection,
    document: DocumentId,
    reason: &str,
) -> Result<Vec<Untried>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/aside_for.sql"))?;
    let rows = statement.query_map(
        named_params! {":document": document.0.as_bytes(), ":reason": reason},
        untried,
    )?;
    rows.map(|found| unpacked(found?)).collect()
}

/// Own changes of a document up to a generation that say something still: not made anew, not put away by a person.
///
/// # Errors
/// The database refuses.
pub fn own_of(
    connection: &Connection,
    document: DocumentId,
    generation: Generation,
) -> Result<Vec<LocalChange>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/own_of.sql"))?;
    let hashes = statement
        .query_map(
            named_params! {":document": document.0.as_bytes(), ":generation": generation},
            |row| row::hash(row, "hash"),
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let found = hashes.into_iter().map(|hash| own(connection, hash));
    Ok(found
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// The actor of a change and its number there.
///
/// # Errors
/// The database refuses.
pub fn place_of(
    connection: &Connection,
    hash: ChangeHash,
) -> Result<Option<(ActorId, u64)>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/place_of.sql"))?
        .query_row(named_params! {":hash": hash.0}, |row| {
            Ok((row.get("actor")?, row::number(row, "seq")?))
        })
        .optional()?)
}

/// How many foreign changes are kept aside.
///
/// # Errors
/// The database refuses.
pub fn quarantined_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/quarantined_count.sql"))?
        .query_row([], |row| row::number(row, "changes"))?)
}

/// A foreign change as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsItCame {
    /// The change.
    pub body: Vec<u8>,
    /// Its signed head.
    pub head: Vec<u8>,
    /// The head's signature.
    pub signature: Vec<u8>,
}

/// Foreign changes of a document that were believed and would not apply.
///
/// # Errors
/// The database refuses.
pub fn inapplicable(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<AsItCame>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/changes/inapplicable.sql"))?;
    let rows = statement.query_map(named_params! {":document": document.0.as_bytes()}, |row| {
        Ok(AsItCame {
            body: row.get("body")?,
            head: row.get("head")?,
            signature: row.get("signature")?,
        })
    })?;
    rows.map(|found| {
        let change = found?;
        let body = unpack(&change.body)?;
        Ok(AsItCame { body, ..change })
    })
    .collect()
}

/// A change that was kept aside applies now and is in the document.
///
/// # Errors
/// The database refuses.
pub fn release(tx: &Transaction<'_>, hash: ChangeHash) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/changes/release.sql"))?
        .execute(named_params! {":hash": hash.0})?;
    Ok(())
}

fn author_from(row: &Row<'_>) -> rusqlite::Result<Author> {
    Ok(Author {
        device: row::device(row, "device")?,
        staff: row::staff(row, "staff")?,
        wall_ms: row.get("wall_ms")?,
    })
}

fn change_from(row: &Row<'_>, body: Vec<u8>) -> Result<Change, StoreError> {
    Ok(Change {
        hash: row::hash(row, "hash")?,
        document: row::document(row, "document")?,
        generation: row::small(row, "generation")?,
        actor: row.get("actor")?,
        seq: row::number(row, "seq")?,
        start_op: row::number(row, "start_op")?,
        ops: row::number(row, "ops")?,
        deps: split(&row.get::<_, Vec<u8>>("deps")?)?,
        body,
        head: row.get::<_, Option<_>>("head")?.unwrap_or_default(),
        signature: row.get::<_, Option<_>>("signature")?.unwrap_or_default(),
        header: row.get("header")?,
        device: row::device(row, "device")?,
        staff: row::staff(row, "staff")?,
        scope: row::unit(row, "scope")?,
        dev_seq: row::number(row, "dev_seq")?,
        wall_ms: row.get("wall_ms")?,
    })
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(RecordLabel);
