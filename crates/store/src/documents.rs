//! Documents: a body and the tail of changes not yet in it. This is the truth; every other table about records is computed.

pub mod beside;
pub(crate) mod contained;

use crate::row::{join, pack, split, unpack};
use crate::{StoreError, Transaction, changes, projections, row};
use automerge::{Automerge, Change, ReadDoc};
use domain::record::{Record, doc};
use ids::{ChangeHash, DocKind, DocumentId, Generation, UnitId};
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A tail longer than this is folded into the body.
const LONGEST_TAIL: u32 = 20;

/// What is known of a document beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentHead {
    /// Which document.
    pub document: DocumentId,
    /// Its generation.
    pub generation: Generation,
    /// What it is about.
    pub kind: DocKind,
    /// The unit it belongs to; the server's word, not the document's.
    pub home_unit: UnitId,
    /// Shape version.
    pub schema: u32,
    /// Signed header of the first envelope, when known.
    #[serde(with = "serde_bytes")]
    pub header: Option<Vec<u8>>,
    /// When it was made or first arrived here.
    pub created_ms: i64,
}

/// A document as stored, ready to read or change.
pub struct StoredDocument {
    /// What is known beside the content.
    pub head: DocumentHead,
    /// The content.
    pub automerge: Automerge,
    tail: u32,
    tried: Option<contained::Tried>,
}

impl StoredDocument {
    /// The content's heads.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        heads_of(&self.automerge)
    }

    /// A document just begun in memory from its genesis changes, not yet stored.
    #[must_use]
    pub fn begun(head: DocumentHead, automerge: Automerge) -> Self {
        Self {
            head,
            automerge,
            tail: 0,
            tried: None,
        }
    }

    fn take(&mut self, automerge: Automerge, tried: contained::Tried) {
        self.automerge = automerge;
        self.tried = Some(tried);
    }

    /// What the content says.
    #[must_use]
    pub fn record(&self) -> Cow<'_, Record> {
        contained::read(&self.automerge, self.tried.as_ref())
    }
}

/// What became of changes handed to [`apply`].
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Changes that would not apply, with the reason for the log.
    pub rejected: Vec<(ChangeHash, String)>,
    /// Changes that are needed first and are not here.
    pub missing: Vec<ChangeHash>,
}

/// The changes of a document that is not here yet, tried in memory: the costly part of taking it in. It needs no database,
/// so that many documents can be tried beside each other before the transaction that takes them ([`begin_whole`]) begins.
pub struct Trial {
    hashes: Vec<ChangeHash>,
    automerge: Automerge,
    tried: contained::Tried,
    packed: Packed,
}

/// A new document's bytes as its rows keep them.
struct Packed {
    body: Vec<u8>,
    changes: Vec<Vec<u8>>,
}

impl Trial {
    /// Tries all of them together. None when that does not go; [`apply`] then finds which of them is to blame.
    #[must_use]
    pub fn of_new(kind: DocKind, raw: &[(ChangeHash, &[u8])]) -> Option<Self> {
        let begun = doc::start(kind).ok()?;
        let changes = raw
            .iter()
            .map(|(hash, bytes)| {
                contained::quietly(|| Change::from_bytes(bytes.to_vec()).ok())?
                    .filter(|change| change.hash().0 == hash.0)
            })
            .collect::<Option<Vec<_>>>()?;
        let (automerge, tried) = contained::with(&begun, changes).ok()?;
        let packed = Packed {
            body: pack(&tried.saved).ok()?,
            changes: raw
                .iter()
                .map(|(_, bytes)| pack(bytes).ok())
                .collect::<Option<_>>()?,
        };
        Some(Self {
            hashes: raw.iter().map(|(hash, _)| *hash).collect(),
            automerge,
            tried,
            packed,
        })
    }
}

/// Loads a document: body, then tail in one batch.
///
/// # Errors
/// Stored bytes that do not load.
pub fn load(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<StoredDocument>, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../sql/documents/load.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            Ok((
                head_from(row)?,
                row.get::<_, Vec<u8>>("body")?,
                row::small(row, "tail")?,
            ))
        })
        .optional()?;
    let Some((head, body, tail)) = found else {
        return Ok(None);
    };
    let mut automerge = contained::load(&unpack(&body)?).ok_or(StoreError::Corrupt {
        what: "a stored document",
    })?;
    if tail > 0 {
        apply_tail(&mut automerge, tail_of(connection, document)?);
    }
    // What an app of before had to leave waiting is read from here on.
    Ok(Some(StoredDocument {
        head,
        automerge: contained::completed(automerge),
        tail,
        tried: None,
    }))
}

/// What is known of a document beside its content, without loading it.
///
/// # Errors
/// The database refuses.
pub fn head(
    connection: &Connection,
    document: DocumentId,
) -> Result<Option<DocumentHead>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/documents/load.sql"))?
        .query_row(
            named_params! {":document": document.0.as_bytes()},
            head_from,
        )
        .optional()?)
}

/// Stored heads of every document, for an inventory.
///
/// # Errors
/// The database refuses.
pub fn all_heads(
    connection: &Connection,
) -> Result<Vec<(DocumentId, Generation, Vec<ChangeHash>)>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/documents/all_heads.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok((
            row::document(row, "document")?,
            row::small(row, "generation")?,
            row.get::<_, Vec<u8>>("heads")?,
        ))
    })?;
    rows.map(|found| {
        let (document, generation, heads) = found?;
        Ok((document, generation, split(&heads)?))
    })
    .collect()
}

/// Every document that has not left, with the unit it belongs to and its stored heads.
///
/// # Errors
/// The database refuses.
pub fn seen(
    connection: &Connection,
) -> Result<Vec<(DocumentId, UnitId, Vec<ChangeHash>)>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/documents/seen.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok((
            row::document(row, "document")?,
            row::unit(row, "home_unit")?,
            row.get::<_, Vec<u8>>("heads")?,
        ))
    })?;
    rows.map(|found| {
        let (document, unit, heads) = found?;
        Ok((document, unit, split(&heads)?))
    })
    .collect()
}

/// Ids of all documents of a kind, oldest first.
///
/// # Errors
/// The database refuses.
pub fn of_kind(connection: &Connection, kind: DocKind) -> Result<Vec<DocumentId>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/documents/of_kind.sql"))?;
    let rows = statement.query_map(named_params! {":kind": kind.as_str()}, |row| {
        row::document(row, "document")
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many documents there are.
///
/// # Errors
/// The database refuses.
pub fn count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/documents/count.sql"))?
        .query_row([], |row| row::number(row, "documents"))?)
}

/// Stores a document for the first time, its content (normally the genesis changes alone) as the body.
///
/// # Errors
/// It is there already, or the database refuses.
pub fn insert(tx: &Transaction<'_>, document: &StoredDocument) -> Result<(), StoreError> {
    insert_packed(tx, document, &pack(&document.automerge.save_nocompress())?)
}

fn insert_packed(
    tx: &Transaction<'_>,
    document: &StoredDocument,
    packed: &[u8],
) -> Result<(), StoreError> {
    let head = &document.head;
    tx.prepare_cached(include_str!("../sql/documents/insert.sql"))?
        .execute(named_params! {
            ":document": head.document.0.as_bytes(),
            ":generation": head.generation,
            ":kind": head.kind.as_str(),
            ":home_unit": head.home_unit.0.as_bytes(),
            ":schema": head.schema,
            ":heads": join(&document.heads()),
            ":body": packed,
            ":header": head.header,
            ":created_ms": head.created_ms,
        })?;
    Ok(())
}

/// Begins a document from its genesis changes and stores it.
///
/// # Errors
/// It is there already, or the database refuses.
pub fn begin(tx: &Transaction<'_>, head: &DocumentHead) -> Result<StoredDocument, StoreError> {
    let genesis = doc::start(head.kind).map_err(|_| StoreError::Corrupt {
        what: "a genesis change",
    })?;
    let document = StoredDocument::begun(head.clone(), genesis);
    insert(tx, &document)?;
    Ok(document)
}

/// Stores a document that is not here yet, with all changes of its trial: its body is the form that was seen to load
/// again, and nothing is left for a tail. `came` are those changes with their numbers at the server.
///
/// None, and nothing is written, when something of the document is here already or waits for what is not; then it takes
/// the way of any other, [`begin`] and [`apply`].
///
/// # Errors
/// The database refuses.
pub fn begin_whole(
    tx: &Transaction<'_>,
    head: &DocumentHead,
    trial: Trial,
    came: &[(&changes::Change, Option<u64>)],
    arrived_ms: i64,
) -> Result<Option<StoredDocument>, StoreError> {
    let is_whole = trial
        .hashes
        .iter()
        .eq(came.iter().map(|(change, _)| &change.hash))
        && trial.automerge.get_missing_deps(&[]).is_empty();
    if !is_whole
        || self::head(tx, head.document)?.is_some()
        || changes::is_any_of(tx, head.document)?
    {
        return Ok(None);
    }
    let mut document = StoredDocument::begun(head.clone(), trial.automerge);
    insert_packed(tx, &document, &trial.packed.body)?;
    document.tried = Some(trial.tried);
    for ((change, server_seq), packed) in came.iter().zip(&trial.packed.changes) {
        changes::insert_in_body(tx, change, packed, *server_seq, arrived_ms)?;
    }
    Ok(Some(document))
}

/// Notes that `changes` rows were added for this document, which already contains them in memory:
/// writes the heads, and folds the tail into the body when it has grown long.
///
/// # Errors
/// The database refuses.
pub fn save_tail(tx: &Transaction<'_>, document: &mut StoredDocument) -> Result<(), StoreError> {
    document.tail = tail_length(tx, document.head.document)?;
    if document.tail > LONGEST_TAIL {
        return compact(tx, document);
    }
    set_heads(tx, document)
}

/// Folds the tail into the body. When the document would not load again from that, body and tail stay as they are.
///
/// # Errors
/// The database refuses.
pub fn compact(tx: &Transaction<'_>, document: &mut StoredDocument) -> Result<(), StoreError> {
    let id = document.head.document;
    let Some(body) = contained::saved(&document.automerge, document.tried.as_ref()) else {
        document.tail = tail_length(tx, id)?;
        return set_heads(tx, document);
    };
    let mut fold = tx.prepare_cached(include_str!("../sql/changes/mark_in_body.sql"))?;
    for hash in hashes_of_tail(tx, id)? {
        if holds(&document.automerge, hash) {
            fold.execute(named_params! {":hash": hash.0})?;
        }
    }
    drop(fold);
    document.tail = tail_length(tx, id)?;
    tx.prepare_cached(include_str!("../sql/documents/set_body.sql"))?
        .execute(named_params! {
            ":document": id.0.as_bytes(),
            ":heads": join(&document.heads()),
            ":tail": document.tail,
            ":body": pack(&body)?,
        })?;
    Ok(())
}

fn set_heads(tx: &Transaction<'_>, document: &StoredDocument) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/documents/set_heads.sql"))?
        .execute(named_params! {
            ":document": document.head.document.0.as_bytes(),
            ":heads": join(&document.heads()),
            ":tail": document.tail,
        })?;
    Ok(())
}

/// Applies foreign raw changes in memory: all at once, and one by one when that fails, so that a bad one stops only itself.
/// Each is tried on a copy first; a panic inside Automerge, or a document that would not load again, is a rejection.
#[must_use]
pub fn apply(document: &mut StoredDocument, raw: &[(ChangeHash, &[u8])]) -> Applied {
    let mut applied = Applied::default();
    try_and_take(document, raw, &mut applied);
    applied.missing = document
        .automerge
        .get_missing_deps(&[])
        .into_iter()
        .map(|hash| ChangeHash(hash.0))
        .collect();
    applied
}

fn try_and_take(document: &mut StoredDocument, raw: &[(ChangeHash, &[u8])], applied: &mut Applied) {
    let mut changes = Vec::new();
    for (hash, bytes) in raw {
        match contained::quietly(|| Change::from_bytes(bytes.to_vec())) {
            Some(Ok(change)) if change.hash().0 == hash.0 => changes.push(change),
            Some(Ok(_)) => applied.rejected.push((*hash, "hash_mismatch".to_owned())),
            Some(Err(error)) => applied.rejected.push((*hash, error.to_string())),
            None => applied.rejected.push((*hash, contained::PANICS.to_owned())),
        }
    }
    match contained::with(&document.automerge, changes.clone()) {
        Ok((together, tried)) => document.take(together, tried),
        Err(_) => {
            for change in changes {
                let hash = ChangeHash(change.hash().0);
                match contained::with(&document.automerge, vec![change]) {
                    Ok((alone, tried)) => document.take(alone, tried),
                    Err(reason) => applied.rejected.push((hash, reason.to_owned())),
                }
            }
        }
    }
}

/// Puts a snapshot in place: a new document, or merged with what is here, own unsent changes included.
///
/// # Errors
/// A snapshot that does not load.
pub fn put_snapshot(
    tx: &Transaction<'_>,
    head: &DocumentHead,
    snapshot: &[u8],
) -> Result<StoredDocument, StoreError> {
    let mut fresh = Automerge::load(snapshot)?;
    let existing = load(tx, head.document)?.filter(|it| it.head.generation == head.generation);
    let mut document = match existing {
        Some(mut document) => {
            document.automerge.merge(&mut fresh)?;
            document.head.home_unit = head.home_unit;
            document
        }
        None => {
            tx.prepare_cached(include_str!("../sql/documents/delete.sql"))?
                .execute(named_params! {":document": head.document.0.as_bytes()})?;
            let mut document = StoredDocument::begun(head.clone(), fresh);
            insert(tx, &document)?;
            // Replayed from the journal before the document itself came back.
            let own = tail_of(tx, head.document)?;
            apply_tail(&mut document.automerge, own);
            document
        }
    };
    set_home_unit(tx, head.document, head.home_unit)?;
    compact(tx, &mut document)?;
    Ok(document)
}

/// The server moved the document to another unit.
///
/// # Errors
/// The database refuses.
pub fn set_home_unit(
    tx: &Transaction<'_>,
    document: DocumentId,
    unit: UnitId,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/documents/set_home_unit.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":home_unit": unit.0.as_bytes(),
        })?;
    Ok(())
}

/// The document left this device's scope (`Some`) or came back (`None`). Nothing is deleted.
///
/// # Errors
/// The database refuses.
pub fn set_left(
    tx: &Transaction<'_>,
    document: DocumentId,
    at_ms: Option<i64>,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/documents/set_left.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":left_ms": at_ms,
        })?;
    Ok(())
}

/// After a replay: begins the document if it is not here, and brings its heads and rows up to date. Changes whose
/// dependencies were safe at the server already wait inside it until the download brings them.
pub(crate) fn settle_replayed(
    tx: &Transaction<'_>,
    id: DocumentId,
    head: &DocumentHead,
) -> Result<(), StoreError> {
    if self::head(tx, id)?.is_none() {
        begin(tx, head)?;
    }
    set_tail_length(tx, id)?;
    if let Some(mut document) = load(tx, id)? {
        save_tail(tx, &mut document)?;
        projections::refresh(tx, &document)?;
    }
    Ok(())
}

fn set_tail_length(tx: &Transaction<'_>, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/documents/set_tail_length.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":tail": tail_length(tx, document)?,
        })?;
    Ok(())
}

/// The document is no longer in this device's scope.
///
/// # Errors
/// The database refuses.
pub fn has_left(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/documents/has_left.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})?)
}

fn apply_tail(automerge: &mut Automerge, tail: Vec<(ChangeHash, Change)>) {
    let changes: Vec<Change> = tail.into_iter().map(|(_, change)| change).collect();
    let with = |document: &Automerge, changes: Vec<Change>| {
        contained::quietly(|| {
            let mut copy = document.clone();
            copy.apply_changes(changes).ok().map(|()| copy)
        })
        .flatten()
    };
    if let Some(together) = with(automerge, changes.clone()) {
        *automerge = together;
        return;
    }
    // One bad change must not take the document with it; it stays stored and is simply not seen.
    for change in changes {
        if let Some(alone) = with(automerge, vec![change]) {
            *automerge = alone;
        }
    }
}

fn head_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<DocumentHead> {
    Ok(DocumentHead {
        document: row::document(row, "document")?,
        generation: row::small(row, "generation")?,
        kind: row::kind(row, "kind")?,
        home_unit: row::unit(row, "home_unit")?,
        schema: row::small(row, "schema")?,
        header: row.get("header")?,
        created_ms: row.get("created_ms")?,
    })
}

fn heads_of(automerge: &Automerge) -> Vec<ChangeHash> {
    automerge
        .get_heads()
        .into_iter()
        .map(|hash| ChangeHash(hash.0))
        .collect()
}

fn holds(automerge: &Automerge, hash: ChangeHash) -> bool {
    automerge
        .get_change_meta_by_hash(&automerge::ChangeHash(hash.0))
        .is_some()
}

fn tail_length(connection: &Connection, document: DocumentId) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/changes/tail_length.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            row::small(row, "tail")
        })?)
}

fn hashes_of_tail(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<ChangeHash>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../sql/changes/tail_hashes.sql"))?;
    let rows = statement.query_map(named_params! {":document": document.0.as_bytes()}, |row| {
        row::hash(row, "hash")
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn tail_of(
    connection: &Connection,
    document: DocumentId,
) -> Result<Vec<(ChangeHash, Change)>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/changes/tail.sql"))?;
    let rows = statement.query_map(named_params! {":document": document.0.as_bytes()}, |row| {
        Ok((row::hash(row, "hash")?, row.get::<_, Vec<u8>>("body")?))
    })?;
    rows.map(|found| {
        let (hash, body) = found?;
        let change = Change::from_bytes(unpack(&body)?).map_err(|_| StoreError::Corrupt {
            what: "a stored change",
        })?;
        Ok((hash, change))
    })
    .collect()
}
