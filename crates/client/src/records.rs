//! Saving: edits to documents become signed changes in one transaction, then the journal, then it is called saved.
//!
//! One call is one thing a person did. Every document it touches gets one change; all of them, their envelopes, the
//! projections and the removal of the draft are one SQLite transaction (architecture.md §4).

use crate::error::ClientError;
use crate::guests;
use crate::tablet::Tablet;
use domain::record::doc::MadeChange;
use domain::record::{Edit, Record, doc};
use ids::{ChangeHash, DocKind, DocumentId, Incarnation, UnitId, actor_id};
use protocol::envelope::{self, DocumentHeader, ENVELOPE_VERSION, EnvelopeHead};
use store::audit::{self, AuditRow};
use store::changes::{self, Change, LocalChange, RecordLabel};
use store::documents::{self, DocumentHead, StoredDocument};
use store::{Transaction, identity, projections};
use uuid::Uuid;

/// What is to be written to one document.
pub struct Write {
    /// The document.
    pub document: DocumentId,
    /// Its kind; used when it is new.
    pub kind: DocKind,
    /// Where a new document belongs.
    pub home_unit: UnitId,
    /// The edits, one change.
    pub edits: Vec<Edit>,
    /// How the sync page calls it.
    pub label: Option<RecordLabel>,
}

impl Write {
    /// A write to a document.
    pub fn new(document: DocumentId, kind: DocKind, home_unit: UnitId, edits: Vec<Edit>) -> Self {
        Self {
            document,
            kind,
            home_unit,
            edits,
            label: None,
        }
    }

    /// Names the record for the sync page.
    #[must_use]
    pub fn labelled(mut self, kind: &str, text: impl Into<String>, id: impl Into<String>) -> Self {
        self.label = Some(RecordLabel {
            kind: kind.to_owned(),
            text: text.into(),
            id: id.into(),
        });
        self
    }
}

/// Saves writes in one transaction. When this returns, the words survive the battery.
///
/// # Errors
/// `disk_full`, `too_large` or `internal`; then nothing was written.
pub fn save(tablet: &Tablet, action: &str, writes: &[Write]) -> Result<(), ClientError> {
    save_with(tablet, action, writes, |_| Ok(()))
}

/// As [`save`], with more to do in the same transaction (a draft to remove).
///
/// # Errors
/// As [`save`].
pub fn save_with(
    tablet: &Tablet,
    action: &str,
    writes: &[Write],
    also: impl Fn(&Transaction<'_>) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    save_once(tablet, action, writes, |_| Ok(false), also)
}

/// As [`save_with`], but nothing where `is_there` finds in the same transaction that an earlier try has written it. So a second
/// try under the same name is harmless, also beside the first.
///
/// # Errors
/// As [`save`].
pub(crate) fn save_once(
    tablet: &Tablet,
    action: &str,
    writes: &[Write],
    is_there: impl Fn(&Transaction<'_>) -> Result<bool, ClientError>,
    also: impl Fn(&Transaction<'_>) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    tablet.store.write(|tx| {
        if is_there(tx)? {
            return Ok(());
        }
        write_all(tablet, tx, action, writes)?;
        also(tx)
    })?;
    tablet.wrote();
    Ok(())
}

/// The name of a record: the one its page gave it, or a new one.
///
/// # Errors
/// `value_invalid` for what is no name.
pub(crate) fn name(tablet: &Tablet, given: Option<&String>) -> Result<Uuid, ClientError> {
    match given {
        Some(given) => Uuid::parse_str(given)
            .map_err(|_| ClientError::new("value_invalid").with("value", given)),
        None => Ok(tablet.new_id()),
    }
}

/// Whether a document has an entry of that name.
///
/// # Errors
/// The document cannot be loaded.
pub(crate) fn has_entry(
    tx: &Transaction<'_>,
    document: DocumentId,
    collection: &str,
    entry: &str,
) -> Result<bool, ClientError> {
    let Some(stored) = documents::load(tx, document)? else {
        return Ok(false);
    };
    let record = doc::read(&stored.automerge);
    Ok(record.entries(collection).iter().any(|one| one.id == entry))
}

fn write_all(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    action: &str,
    writes: &[Write],
) -> Result<(), ClientError> {
    for write in writes {
        write_one(tablet, tx, write)?;
        audit::append(
            tx,
            &AuditRow {
                at_ms: tablet.clock.now_ms(),
                staff: Some(tablet.identity.staff),
                action: action.to_owned(),
                object: write.document.to_string(),
            },
        )?;
    }
    Ok(())
}

fn write_one(tablet: &Tablet, tx: &Transaction<'_>, write: &Write) -> Result<(), ClientError> {
    let me = &tablet.identity;
    let now = tablet.clock.now_ms();
    let (mut stored, is_new) = match documents::load(tx, write.document)? {
        Some(stored) => (stored, false),
        None => {
            let head = DocumentHead {
                document: write.document,
                generation: 0,
                kind: write.kind,
                home_unit: write.home_unit,
                schema: domain::record::SCHEMA,
                header: None,
                created_ms: now,
            };
            (StoredDocument::begun(head, doc::start(write.kind)?), true)
        }
    };
    if !is_new {
        guests::refuse(tablet, tx, &stored.head, &write.edits)?;
    }
    let generation = stored.head.generation;
    let actor = actor_id(me.device, incarnation(tx)?, write.document, generation);
    let Some(made) = doc::apply(&mut stored.automerge, actor, now, &write.edits)? else {
        return Ok(());
    };
    let header = is_new.then_some(DocumentHeader {
        document: write.document,
        generation,
        kind: write.kind,
        schema: domain::record::SCHEMA,
        home_unit: write.home_unit,
        creator: me.device,
    });
    if is_new {
        stored.head.header = header.as_ref().map(protocol::wire::pack).transpose()?;
        // The body of a new document is its genesis; the change itself is the first of its tail.
        let begun = StoredDocument::begun(stored.head.clone(), doc::start(write.kind)?);
        documents::insert(tx, &begun)?;
    }
    let making = Making {
        header,
        label: write.label.clone(),
        wall_ms: now,
        stored_ms: now,
        replaces: None,
        remakes: 0,
    };
    keep(tablet, tx, &stored, made, making)?;
    documents::save_tail(tx, &mut stored)?;
    projections::refresh(tx, &stored)?;
    Ok(())
}

/// What goes with a change beside its bytes.
pub(crate) struct Making {
    /// On the document's first change.
    pub header: Option<DocumentHeader>,
    /// How the sync page calls it.
    pub label: Option<RecordLabel>,
    /// When the person wrote it.
    pub wall_ms: i64,
    /// When it came into this store.
    pub stored_ms: i64,
    /// The change it stands in for, with the hash of that one's head.
    pub replaces: Option<(ChangeHash, ChangeHash)>,
    /// How often it was made anew because it was refused itself.
    pub remakes: u32,
}

/// The memory whose actors write now; it may be newer than the one this process began with.
pub(crate) fn incarnation(tx: &Transaction<'_>) -> Result<Incarnation, ClientError> {
    let identity = identity::get(tx)?.ok_or_else(|| ClientError::new("not_enrolled"))?;
    Ok(identity.incarnation)
}

/// Signs a change just made, chains it and puts it into the outbox. Returns its hash.
pub(crate) fn keep(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    stored: &StoredDocument,
    made: MadeChange,
    making: Making,
) -> Result<ChangeHash, ClientError> {
    if made.ops > protocol::limits::CHANGE_OPS || made.bytes.len() > protocol::limits::CHANGE_BYTES
    {
        return Err(ClientError::new("too_large"));
    }
    let me = &tablet.identity;
    let incarnation = incarnation(tx)?;
    let DocumentHead {
        document,
        generation,
        ..
    } = stored.head;
    let actor = actor_id(me.device, incarnation, document, generation);
    let chain = identity::chain(tx, incarnation, me.scope)?;
    let header_bytes = making
        .header
        .as_ref()
        .map(protocol::wire::pack)
        .transpose()?;
    let hash = ChangeHash(made.hash);
    let head = EnvelopeHead {
        version: ENVELOPE_VERSION,
        document,
        generation,
        hash,
        actor,
        seq: made.seq,
        start_op: made.start_op,
        ops: u32::try_from(made.ops).unwrap_or(u32::MAX),
        device: me.device,
        incarnation,
        scope: me.scope,
        dev_seq: chain.dev_seq + 1,
        previous: chain.head.0,
        staff: me.staff,
        app: crate::APP_VERSION.to_owned(),
        schema: doc::schema(&stored.automerge),
        tick: tablet.last_tick(tx)?,
        wall_ms: making.wall_ms,
        mono_ms: tablet.uptime_ms(),
        header: making.header,
        replaces: making.replaces.map(|(_, head)| head.0),
    };
    let envelope = envelope::seal(&tablet.key, &head, made.bytes)?;
    changes::insert_local(
        tx,
        &LocalChange {
            change: Change {
                hash,
                document,
                generation,
                actor,
                seq: made.seq,
                start_op: made.start_op,
                ops: made.ops,
                deps: made.deps.into_iter().map(ChangeHash).collect(),
                body: envelope.change,
                head: envelope.head.clone(),
                signature: envelope.signature,
                header: header_bytes,
                device: me.device,
                staff: me.staff,
                scope: me.scope,
                dev_seq: head.dev_seq,
                wall_ms: making.wall_ms,
            },
            label: making.label,
            incarnation,
            chain_head: ChangeHash(envelope::head_hash(&envelope.head)),
            document: stored.head.clone(),
            stored_ms: making.stored_ms,
            before: made.before,
            replaces: making.replaces.map(|(change, _)| change),
            remakes: making.remakes,
        },
    )?;
    Ok(hash)
}

/// Reads a document's record.
///
/// # Errors
/// `not_found`, or the document cannot be loaded.
pub fn read(tablet: &Tablet, document: DocumentId) -> Result<Record, ClientError> {
    tablet.store.read(|connection| {
        let stored =
            documents::load(connection, document)?.ok_or_else(|| ClientError::new("not_found"))?;
        Ok(doc::read(&stored.automerge))
    })
}
