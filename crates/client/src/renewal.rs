//! A document is built anew without one thing it said, and its next generation takes the place of the one before
//! (docs/adr/0030).
//!
//! On the device of the head who agrees it is built from everything the server has. On every other one the order and the
//! first changes of the next generation come like everything else; when all of them are here, the old generation goes and
//! the new one stands, in one transaction, and what this device had written and the new one lacks is made anew on it.

use crate::error::ClientError;
use crate::records::{self, Making};
use crate::returned;
use crate::sync;
use crate::tablet::Tablet;
use domain::attachment::Attachment;
use domain::record::renewal::{self, Author, Part, Unfit};
use domain::record::{Edit, doc};
use ids::{ChangeHash, DocumentId, Generation, Incarnation, actor_id};
use protocol::envelope::{self, DocumentHeader, ENVELOPE_VERSION, EnvelopeHead};
use protocol::{Envelope, Renewal as Message};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use store::audit::{self, AuditRow};
use store::blobs;
use store::changes::{self, Change, LocalChange};
use store::documents::{self, DocumentHead, StoredDocument};
use store::renewals::{self, Renewal};
use store::{StoreError, Transaction, projections, recovery};

/// Why a change of the next generation is kept aside: the others of its beginning, or the order, are still to come.
pub(crate) const WAITS: &str = "renewing";

/// An order, given at that time, says that a document was built anew.
pub(crate) fn heed(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    document: DocumentId,
    (renewal, at_ms): (Renewal, i64),
    is_new: bool,
) -> Result<(), ClientError> {
    renewals::put(tx, document, &renewal)?;
    match documents::load(tx, document)? {
        Some(stored) if stored.head.generation <= renewal.generation => {
            take(tablet, tx, document)?;
            return Ok(());
        }
        Some(stored) => index_origins(tx, &stored)?,
        None => {}
    }
    recovery::end_generation(tx, document, renewal.generation, 0, at_ms)?;
    if is_new {
        note(tablet, tx, renewal.number)?;
    }
    Ok(())
}

/// The receipt: it goes to the server with the chain this device signs.
fn note(tablet: &Tablet, tx: &Transaction<'_>, number: u64) -> Result<(), StoreError> {
    audit::append(
        tx,
        &AuditRow {
            at_ms: tablet.clock.now_ms(),
            staff: Some(tablet.identity.staff),
            action: "document_erased".to_owned(),
            object: number.to_string(),
        },
    )
}

/// Puts the next generation in the place of the one that is here, when all of its beginning is here and an order says so.
pub(crate) fn take(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    document: DocumentId,
) -> Result<(), ClientError> {
    let Some(old) = documents::head(tx, document)? else {
        return Ok(());
    };
    let due = renewals::since(tx, document, old.generation)?;
    let Some(renewal) = due.last() else {
        return Ok(());
    };
    let waiting = changes::aside_for(tx, document, WAITS)?;
    if !waiting.iter().any(|one| one.hash == renewal.founded) {
        return Ok(());
    }
    let mut came: Vec<(Change, u64)> = Vec::new();
    let mut header: Option<DocumentHeader> = None;
    for one in waiting {
        let envelope = Envelope {
            head: one.head,
            signature: one.signature,
            change: one.body,
        };
        let Ok(head) = envelope::open(&envelope) else {
            continue;
        };
        if head.generation == renewal.generation + 1 {
            came.push((sync::change_of(&head, &envelope)?, one.server_seq));
            header = header.or(head.header);
        }
    }
    let head = DocumentHead {
        generation: renewal.generation + 1,
        schema: header.as_ref().map_or(old.schema, |header| header.schema),
        header: header.as_ref().map(protocol::wire::pack).transpose()?,
        ..old
    };
    let genesis = || doc::start(head.kind);
    let mut stored = StoredDocument::begun(head.clone(), genesis()?);
    let raw: Vec<(ChangeHash, &[u8])> = came
        .iter()
        .map(|(change, _)| (change.hash, change.body.as_slice()))
        .collect();
    let applied = documents::apply(&mut stored, &raw);
    if header.is_none() || !applied.rejected.is_empty() || !applied.missing.is_empty() {
        tracing::error!(%document, "the next generation of a document is not whole yet");
        return Ok(());
    }
    let own = changes::own_of(tx, document, renewal.generation)?;
    let attached = documents::load(tx, document)?
        .map(|before| Attachment::all(&before.record()))
        .unwrap_or_default();
    let now = tablet.clock.now_ms();
    recovery::end_generation(tx, document, renewal.generation, 0, now)?;
    documents::insert(tx, &StoredDocument::begun(head.clone(), genesis()?))?;
    for (change, seq) in &came {
        changes::release(tx, change.hash)?;
        changes::insert_remote(tx, change, (*seq > 0).then_some(*seq), now)?;
    }
    index_origins(tx, &stored)?;
    let included = doc::included(&stored.automerge);
    for local in own {
        if !included.contains(&beginning(&local.change.hash)) {
            make_anew(tablet, tx, &mut stored, &local)?;
        }
    }
    let still = Attachment::all(&stored.record());
    for gone in attached.iter().filter(|one| !still.contains(one)) {
        blobs::erase_one(tx, gone, now)?;
    }
    documents::save_tail(tx, &mut stored)?;
    projections::refresh(tx, &stored)?;
    for renewal in &due {
        note(tablet, tx, renewal.number)?;
    }
    Ok(())
}

/// So much of a hash tells one's own changes apart, and is too little to look for what was erased with it.
fn beginning(hash: &ChangeHash) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&hash.0[..8]);
    first
}

/// What this device had written and the new generation lacks is written in it, at its old time and under its old record.
fn make_anew(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    stored: &mut StoredDocument,
    local: &LocalChange,
) -> Result<(), ClientError> {
    let record = stored.record().into_owned();
    let edits: Vec<Edit> = returned::edits_of(local)?
        .into_iter()
        .filter(|edit| match edit {
            Edit::Add { collection, entry } => !record
                .entries(collection)
                .iter()
                .any(|known| known.id == entry.id),
            Edit::Put { .. } | Edit::PutImported { .. } => true,
        })
        .collect();
    let actor = actor_id(
        tablet.identity.device,
        records::incarnation(tx)?,
        stored.head.document,
        stored.head.generation,
    );
    let wall_ms = local.change.wall_ms;
    let Some(mut made) = doc::apply_anew(&mut stored.automerge, actor, wall_ms, &edits)? else {
        return Ok(());
    };
    made.before.clone_from(&local.before);
    let making = Making {
        header: None,
        label: local.label.clone(),
        wall_ms,
        stored_ms: local.stored_ms,
        replaces: Some((local.change.hash, local.chain_head)),
        remakes: local.remakes,
    };
    records::keep(tablet, tx, stored, made, making)?;
    Ok(())
}

/// Writes down who had written what of a document built anew, of those entries alone that stand in the changes its order
/// names.
pub(crate) fn index_origins(
    tx: &Transaction<'_>,
    stored: &StoredDocument,
) -> Result<(), StoreError> {
    let (document, generation) = (stored.head.document, stored.head.generation);
    let known = renewals::since(tx, document, generation.saturating_sub(1))?;
    let Some(renewal) = known
        .first()
        .filter(|known| known.generation + 1 == generation)
    else {
        return Ok(());
    };
    let Some((founder, last)) = changes::place_of(tx, renewal.founded)? else {
        return Ok(());
    };
    let record = stored.record().into_owned();
    for entry in record.collections.values().flatten() {
        let (Some(origin), Some(reference)) = (&entry.origin, entry.made_by) else {
            continue;
        };
        let is_founding = changes::place_of(tx, ChangeHash(origin.by))?
            .is_some_and(|(actor, seq)| actor == founder && seq <= last);
        let Some(author) = Author::parse(&origin.text).filter(|_| is_founding) else {
            continue;
        };
        let change = Change {
            hash: ChangeHash(reference),
            document,
            generation,
            actor: [0; ids::ACTOR_LENGTH],
            seq: 0,
            start_op: 0,
            ops: 0,
            deps: Vec::new(),
            body: Vec::new(),
            head: Vec::new(),
            signature: Vec::new(),
            header: None,
            device: author.device,
            staff: author.staff,
            scope: stored.head.home_unit,
            dev_seq: 0,
            wall_ms: author.at_ms,
        };
        changes::insert_indexed(tx, &change, author.at_ms)?;
    }
    Ok(())
}

/// Builds a document anew without a part of it, for the server to put in its place.
///
/// # Errors
/// `not_found`, `conflict_open` while two people's values wait, `erasure_waits` while something of this device is not at the
/// server, `too_new`.
pub(crate) fn build(
    tablet: &Tablet,
    document: DocumentId,
    part: &Part,
) -> Result<Message, ClientError> {
    tablet.store.write(|tx| {
        let stored = documents::load(tx, document)?.ok_or_else(|| ClientError::new("not_found"))?;
        let generation = stored.head.generation;
        if !renewals::since(tx, document, generation)?.is_empty() {
            // It was built anew a moment ago, and that has not come here yet.
            return Err(ClientError::new("erasure_waits"));
        }
        let published = changes::published_hashes(tx, document, generation)?;
        let here: BTreeSet<ChangeHash> = published.into_iter().collect();
        let own = changes::own_of(tx, document, generation)?;
        if own.iter().any(|local| !here.contains(&local.change.hash)) {
            return Err(ClientError::new("erasure_waits"));
        }
        let authors = changes::authors_in(tx, document)?;
        let author = |entry: &domain::record::Entry| {
            let author = authors.get(&ChangeHash(entry.made_by?))?;
            Some(Author {
                staff: author.staff,
                device: author.device,
                at_ms: author.wall_ms,
            })
        };
        let record = stored.record().into_owned();
        let chunks = renewal::edits(stored.head.kind, &record, part, author).map_err(unfit)?;
        let mut basis = Sha256::new();
        for hash in &here {
            basis.update(hash.0);
        }
        // A tablet may come from two generations ago.
        let mut included = doc::included(&stored.automerge);
        included.extend(here.iter().map(beginning));
        let included: Vec<[u8; 8]> = included.into_iter().collect();
        Ok(Message {
            basis: basis.finalize().into(),
            envelopes: founding(tablet, tx, &stored.head, generation + 1, &chunks, &included)?,
        })
    })
}

fn unfit(why: Unfit) -> ClientError {
    ClientError::new(match why {
        Unfit::Contested => "conflict_open",
        Unfit::TooNew => "too_new",
        Unfit::Absent => "not_found",
        Unfit::Nameless => "erasure_waits",
    })
}

/// The first changes of a generation, signed by this device in a memory of their own, so that its own chain goes on as if
/// nothing had been.
fn founding(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    old: &DocumentHead,
    generation: Generation,
    chunks: &[Vec<Edit>],
    included: &[[u8; 8]],
) -> Result<Vec<Envelope>, ClientError> {
    let me = &tablet.identity;
    let now = tablet.clock.now_ms();
    let incarnation = Incarnation(tablet.new_id());
    let document = old.document;
    let actor = actor_id(me.device, incarnation, document, generation);
    let born: DocumentHeader = old
        .header
        .as_ref()
        .map(|header| protocol::wire::unpack(header))
        .transpose()?
        .ok_or_else(|| ClientError::new("not_found"))?;
    let mut automerge = doc::start(old.kind)?;
    let mut previous = [0; 32];
    let mut envelopes = Vec::new();
    for (number, edits) in chunks.iter().enumerate() {
        let is_last = number + 1 == chunks.len();
        let included = is_last.then_some(included);
        let Some(made) = doc::found(&mut automerge, actor, now, edits, included)? else {
            continue;
        };
        let is_small = made.ops <= protocol::limits::CHANGE_OPS
            && made.bytes.len() <= protocol::limits::CHANGE_BYTES;
        if !is_small {
            return Err(ClientError::new("too_large"));
        }
        let head = EnvelopeHead {
            version: ENVELOPE_VERSION,
            document,
            generation,
            hash: ChangeHash(made.hash),
            actor,
            seq: made.seq,
            start_op: made.start_op,
            ops: u32::try_from(made.ops).unwrap_or(u32::MAX),
            device: me.device,
            incarnation,
            scope: me.scope,
            dev_seq: envelopes.len() as u64 + 1,
            previous,
            staff: me.staff,
            app: crate::APP_VERSION.to_owned(),
            schema: doc::schema(&automerge),
            tick: tablet.last_tick(tx)?,
            wall_ms: now,
            mono_ms: tablet.uptime_ms(),
            header: envelopes.is_empty().then(|| DocumentHeader {
                generation,
                creator: me.device,
                ..born.clone()
            }),
            replaces: None,
        };
        let envelope = envelope::seal(&tablet.key, &head, made.bytes)?;
        previous = envelope::head_hash(&envelope.head);
        envelopes.push(envelope);
    }
    let mut again = doc::start(old.kind)?;
    let bytes: Vec<&[u8]> = envelopes
        .iter()
        .map(|envelope| envelope.change.as_slice())
        .collect();
    doc::merge(&mut again, &bytes)?;
    if doc::read(&again) == doc::read(&automerge) {
        Ok(envelopes)
    } else {
        Err(ClientError::new("internal"))
    }
}
