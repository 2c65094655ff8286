//! Changes of others on their way into the documents: believed or not, applied per document, kept aside when a document
//! cannot take them.

use super::ahead::Ahead;
use super::store_member;
use crate::error::ClientError;
use crate::recovery;
use crate::renewal;
use crate::tablet::Tablet;
use ed25519_dalek::VerifyingKey;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, Generation, UnitId};
use protocol::change_header;
use protocol::envelope::{self, DocumentHeader, Envelope, EnvelopeHead};
use protocol::{DocumentSnapshot, LastApplied};
use std::collections::{BTreeMap, HashMap};
use store::changes::{self, Change};
use store::documents::{self, DocumentHead, StoredDocument, Trial};
use store::{StoreError, Transaction, departures, members, projections};

/// A change from the log with its head opened.
pub(super) struct Incoming<'a> {
    pub(super) head: EnvelopeHead,
    envelope: &'a Envelope,
    kind: DocKind,
    home_unit: UnitId,
    seq: u64,
    /// The key under which hash and signature were seen to hold before the transaction began.
    holds_under: Option<[u8; 32]>,
}

impl<'a> Incoming<'a> {
    pub(super) fn open(
        envelope: &'a Envelope,
        kind: DocKind,
        home_unit: UnitId,
        seq: u64,
    ) -> Option<Self> {
        match envelope::open(envelope) {
            Ok(head) => Some(Self {
                head,
                envelope,
                kind,
                home_unit,
                seq,
                holds_under: None,
            }),
            Err(error) => {
                tracing::error!(%error, seq, "an entry of the log has an unreadable head");
                None
            }
        }
    }

    /// The change as the store keeps it, or why it is not believed.
    fn checked(
        &self,
        tablet: &Tablet,
        tx: &Transaction<'_>,
        keys: &mut Keys,
    ) -> Result<(Change, Option<String>), ClientError> {
        let head = &self.head;
        let change = change_of(head, self.envelope)?;
        let key = match keys.get(&head.device) {
            Some(key) => *key,
            None => {
                let key = device_key(tablet, tx, head.device)?;
                keys.insert(head.device, key);
                key
            }
        };
        let is_seen = self.holds_under.is_some() && self.holds_under == key;
        let reason = if is_seen {
            None
        } else {
            let key = key.and_then(|key| VerifyingKey::from_bytes(&key).ok());
            why_not(head, self.envelope, key.as_ref())
        };
        Ok((change, reason.map(str::to_owned)))
    }
}

/// Why a change is not believed, if it is not.
pub(super) fn why_not(
    head: &EnvelopeHead,
    envelope: &Envelope,
    key: Option<&VerifyingKey>,
) -> Option<&'static str> {
    match change_header::read(&envelope.change) {
        Err(_) => Some("malformed"),
        Ok(header) if header.hash != head.hash => Some("hash_mismatch"),
        Ok(_) => match key {
            None => Some("unknown_device"),
            Some(key) => envelope::verify(key, &envelope.head, &envelope.signature)
                .err()
                .map(|_| "bad_signature"),
        },
    }
}

/// A foreign change as the store keeps it.
pub(crate) fn change_of(head: &EnvelopeHead, envelope: &Envelope) -> Result<Change, ClientError> {
    Ok(Change {
        hash: head.hash,
        document: head.document,
        generation: head.generation,
        actor: head.actor,
        seq: head.seq,
        start_op: head.start_op,
        ops: u64::from(head.ops),
        deps: Vec::new(),
        body: envelope.change.clone(),
        head: envelope.head.clone(),
        signature: envelope.signature.clone(),
        header: head.header.as_ref().map(protocol::wire::pack).transpose()?,
        device: head.device,
        staff: head.staff,
        scope: head.scope,
        dev_seq: head.dev_seq,
        wall_ms: head.wall_ms,
    })
}

/// Changes that would not apply because this device had used their numbers for something else, as a memory that was set
/// back does: once that lies beside the document, they find their place.
///
/// # Errors
/// The store refuses.
pub(crate) fn take_quarantined(
    tx: &Transaction<'_>,
    stored: &mut StoredDocument,
) -> Result<(), ClientError> {
    for came in changes::inapplicable(tx, stored.head.document)? {
        let envelope = Envelope {
            head: came.head,
            signature: came.signature,
            change: came.body,
        };
        let Ok(head) = envelope::open(&envelope) else {
            continue;
        };
        let applied = documents::apply(stored, &[(head.hash, &envelope.change)]);
        if applied.rejected.is_empty() {
            let change = change_of(&head, &envelope)?;
            changes::insert_remote(tx, &change, None, head.wall_ms)?;
            changes::release(tx, head.hash)?;
        }
    }
    Ok(())
}

/// Keys of devices by their id, as far as they were asked for; none where no device of that id is known.
type Keys = HashMap<DeviceId, Option<[u8; 32]>>;

fn device_key(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    device: DeviceId,
) -> Result<Option<[u8; 32]>, ClientError> {
    if device == tablet.identity.device {
        return Ok(Some(tablet.key.verifying_key().to_bytes()));
    }
    Ok(members::device_key(tx, device)?)
}

/// Tries again what another version of the app kept aside.
///
/// # Errors
/// The store refuses.
pub(crate) fn try_what_others_kept_aside(tablet: &Tablet) -> Result<(), ClientError> {
    let kept = tablet
        .store
        .read(|connection| changes::quarantined_by_others(connection, crate::APP_VERSION))?;
    if kept.is_empty() {
        return Ok(());
    }
    let kept: Vec<(changes::Untried, Envelope)> = kept
        .into_iter()
        .map(|mut one| {
            let envelope = Envelope {
                head: std::mem::take(&mut one.head),
                signature: std::mem::take(&mut one.signature),
                change: std::mem::take(&mut one.body),
            };
            (one, envelope)
        })
        .collect();
    let now = tablet.clock.now_ms();
    tablet.store.write(|tx| {
        let mut by_document: BTreeMap<DocumentId, Vec<Incoming<'_>>> = BTreeMap::new();
        for (one, envelope) in &kept {
            if let Some(incoming) =
                Incoming::open(envelope, one.kind, one.home_unit, one.server_seq)
            {
                changes::release(tx, one.hash)?;
                by_document
                    .entry(incoming.head.document)
                    .or_default()
                    .push(incoming);
            }
        }
        for (document, incoming) in by_document {
            store_incoming(tablet, tx, document, &incoming, now)?;
        }
        Ok(())
    })
}

pub(super) fn store_incoming(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    document: DocumentId,
    incoming: &[Incoming<'_>],
    now: i64,
) -> Result<(), ClientError> {
    store_tried(tablet, tx, (document, None, None), incoming, now)
}

/// As [`store_incoming`], with what the server says of a new document and what was tried of it before.
fn store_tried(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    (document, header, trial): (DocumentId, Option<&DocumentHeader>, Option<Trial>),
    incoming: &[Incoming<'_>],
    now: i64,
) -> Result<(), ClientError> {
    let mut believed = Vec::new();
    let here = documents::head(tx, document)?.map(|head| head.generation);
    let mut renews = false;
    let mut keys = Keys::new();
    let mut erased: HashMap<Generation, bool> = HashMap::new();
    for one in incoming {
        let generation = one.head.generation;
        let is_erased = match erased.get(&generation) {
            Some(known) => *known,
            None => {
                let asked = store::recovery::is_erased(tx, document, generation)?;
                erased.insert(generation, asked);
                asked
            }
        };
        if is_erased {
            continue;
        }
        if here.is_some_and(|here| one.head.generation > here) {
            // The document was built anew: its next generation waits until it can take the place of this one whole.
            let (change, reason) = one.checked(tablet, tx, &mut keys)?;
            keep_aside(
                tx,
                one,
                &change,
                reason.as_deref().unwrap_or(renewal::WAITS),
                now,
            )?;
            renews = true;
            continue;
        }
        if changes::has(tx, one.head.hash)? {
            if one.head.device == tablet.identity.device {
                // An own change that waited at the server has entered the log by itself.
                if one.seq > 0 {
                    let accepted = changes::Outcome::Accepted {
                        server_seq: Some(one.seq),
                    };
                    changes::mark_outcome(tx, one.head.hash, &accepted)?;
                }
                let (change, reason) = one.checked(tablet, tx, &mut keys)?;
                if reason.is_none() && changes::refill(tx, &change)? {
                    believed.push((one, change));
                }
            }
            continue;
        }
        let (change, reason) = one.checked(tablet, tx, &mut keys)?;
        match reason {
            Some(reason) => keep_aside(tx, one, &change, &reason, now)?,
            None => believed.push((one, change)),
        }
    }
    if renews {
        renewal::take(tablet, tx, document)?;
    }
    let Some((first, _)) = believed.first() else {
        return Ok(());
    };
    let mut head = document_head(
        document,
        first.kind,
        first.home_unit,
        header.or(first.head.header.as_ref()),
        now,
    )?;
    head.generation = first.head.generation;
    let taken = tx.part(
        || take_in(tx, &head, &believed, trial, now),
        StoreError::is_damage_of_content,
    )?;
    if taken.is_none() {
        // Whatever this document has come to, the others of the batch are not held up by it.
        tracing::error!(%document, "a document could not take what came and keeps it aside");
        for (one, change) in &believed {
            keep_aside(tx, one, change, "document_unreadable", now)?;
        }
    }
    Ok(())
}

/// Applies what is believed to one document, and computes its rows.
fn take_in(
    tx: &Transaction<'_>,
    head: &DocumentHead,
    believed: &[(&Incoming<'_>, Change)],
    trial: Option<Trial>,
    now: i64,
) -> Result<(), StoreError> {
    if let Some(trial) = trial {
        let came: Vec<(&Change, Option<u64>)> = believed
            .iter()
            .map(|(one, change)| (change, (one.seq > 0).then_some(one.seq)))
            .collect();
        if let Some(stored) = documents::begin_whole(tx, head, trial, &came, now)? {
            return settle(tx, &stored);
        }
    }
    let mut stored = match documents::load(tx, head.document)? {
        Some(stored) => stored,
        None => documents::begin(tx, head)?,
    };
    let raw: Vec<(ChangeHash, &[u8])> = believed
        .iter()
        .map(|(_, change)| (change.hash, change.body.as_slice()))
        .collect();
    let applied = documents::apply(&mut stored, &raw);
    for (one, change) in believed {
        let rejected = applied
            .rejected
            .iter()
            .find(|(hash, _)| *hash == change.hash);
        match rejected {
            Some((_, reason)) => {
                tracing::error!(hash = %change.hash, "a change would not apply and is kept aside");
                keep_aside(tx, one, change, reason, now)?;
            }
            None => {
                let server_seq = (one.seq > 0).then_some(one.seq);
                changes::insert_remote(tx, change, server_seq, now)?;
            }
        }
    }
    documents::save_tail(tx, &mut stored)?;
    settle(tx, &stored)
}

/// What is computed from a document that holds what came.
fn settle(tx: &Transaction<'_>, stored: &StoredDocument) -> Result<(), StoreError> {
    if stored.head.generation > 0 {
        renewal::index_origins(tx, stored)?;
    }
    projections::refresh(tx, stored)
}

fn keep_aside(
    tx: &Transaction<'_>,
    one: &Incoming<'_>,
    change: &Change,
    reason: &str,
    now: i64,
) -> Result<(), StoreError> {
    changes::quarantine(
        tx,
        change,
        &changes::Aside {
            reason,
            at_ms: now,
            app: crate::APP_VERSION,
            kind: one.kind,
            home_unit: one.home_unit,
            server_seq: one.seq,
        },
    )
}

fn document_head(
    document: DocumentId,
    kind: DocKind,
    home_unit: UnitId,
    header: Option<&DocumentHeader>,
    now: i64,
) -> Result<DocumentHead, ClientError> {
    Ok(DocumentHead {
        document,
        generation: header.map_or(0, |header| header.generation),
        kind,
        home_unit,
        schema: header.map_or(domain::record::SCHEMA, |header| header.schema),
        header: header.map(protocol::wire::pack).transpose()?,
        created_ms: now,
    })
}

/// Takes a snapshot in, with what was done of it before the transaction.
pub(super) fn store_snapshot(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    snapshot: &DocumentSnapshot,
    ahead: Ahead,
    now: i64,
) -> Result<Option<LastApplied>, ClientError> {
    let incoming: Vec<Incoming<'_>> = ahead
        .opened
        .iter()
        .map(|opened| Incoming {
            head: opened.head.clone(),
            envelope: &opened.envelope,
            kind: snapshot.kind,
            home_unit: snapshot.home_unit,
            seq: opened.seq,
            holds_under: opened.holds_under,
        })
        .collect();
    let last = incoming
        .iter()
        .map(|one| LastApplied {
            seq: one.seq,
            hash: one.head.hash,
        })
        .max_by_key(|last| last.seq);
    if store::recovery::is_erased(tx, snapshot.document, snapshot.generation)? {
        return Ok(last);
    }
    for (number, author) in snapshot.authors.iter().enumerate() {
        store_member(tx, author, now)?;
        recovery::keep_member(tx, author, snapshot.author_statements.get(number))?;
    }
    if documents::head(tx, snapshot.document)?.is_some() {
        documents::set_home_unit(tx, snapshot.document, snapshot.home_unit)?;
        departures::arrive(tx, snapshot.document)?;
        projections::refresh_stored(tx, snapshot.document)?;
        return store_incoming(tablet, tx, snapshot.document, &incoming, now).map(|()| last);
    }
    departures::arrive(tx, snapshot.document)?;
    let known = (snapshot.document, Some(&snapshot.header), ahead.trial);
    store_tried(tablet, tx, known, &incoming, now)?;
    if documents::head(tx, snapshot.document)?.is_none() {
        // Nothing in it was believed; the document is there all the same.
        let head = document_head(
            snapshot.document,
            snapshot.kind,
            snapshot.home_unit,
            Some(&snapshot.header),
            now,
        )?;
        documents::begin(tx, &head)?;
    }
    Ok(last)
}
