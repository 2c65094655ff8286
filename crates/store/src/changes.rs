//! Changes with their envelopes: what this device made, what it received, and how far each has come.

mod outbox;
mod progress;
mod quarantine;

pub use outbox::*;
pub use quarantine::*;

pub use progress::{
    RecordRow, delivered_count, made_since, needs_you_rows, open_record_states, unsent_rows,
};

use crate::documents::DocumentHead;
use crate::journal::Record;
use crate::row::{join, pack, signed, split, unpack};
use crate::{StoreError, Transaction, identity, row};
use domain::record::Before;
use ids::{ActorId, ChangeHash, DeviceId, DocumentId, Generation, Incarnation, StaffId, UnitId};
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
    let hashes = published_hashes(connection, document, generation)?;
    let found = hashes.into_iter().map(|hash| get(connection, hash));
    Ok(found
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// Which changes of a document are in the server's log, in the order they came here.
///
/// # Errors
/// The database refuses.
pub fn published_hashes(
    connection: &Connection,
    document: DocumentId,
    generation: Generation,
) -> Result<Vec<ChangeHash>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/published.sql"))?;
    let hashes = statement.query_map(
        named_params! {":document": document.0.as_bytes(), ":generation": generation},
        |row| row::hash(row, "hash"),
    )?;
    Ok(hashes.collect::<Result<_, _>>()?)
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
