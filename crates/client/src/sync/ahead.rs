//! What of a page of documents needs no database: envelopes opened, hashes and signatures looked at, and documents that are
//! new here tried. Documents know nothing of each other, so this is done beside each other, on as many cores as there
//! are, before the page's transaction begins; inside it nothing is believed that would not have been.

use super::incoming::why_not;
use crate::error::ClientError;
use crate::tablet::Tablet;
use ed25519_dalek::VerifyingKey;
use ids::{ChangeHash, DeviceId, DocumentId};
use protocol::envelope::{self, Envelope, EnvelopeHead};
use protocol::{DocumentSnapshot, MemberRecord};
use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::thread;
use store::documents::{self, Trial};
use store::{StoreError, members};

/// Fewer documents than this are not worth a thread.
const WORTH_A_THREAD: usize = 4;
/// More threads than this find nothing to do: the database is written by one.
const MOST_THREADS: usize = 4;

/// A change of a snapshot with its head opened.
pub(super) struct Opened {
    pub(super) seq: u64,
    pub(super) head: EnvelopeHead,
    pub(super) envelope: Envelope,
    /// The key under which hash and signature hold.
    pub(super) holds_under: Option<[u8; 32]>,
}

/// A snapshot's changes, and what they come to when its document is not here yet.
pub(super) struct Ahead {
    pub(super) opened: Vec<Opened>,
    pub(super) trial: Option<Trial>,
}

/// Opens one snapshot and does no more.
///
/// # Errors
/// `server_nonsense`: its lengths do not fit.
pub(super) fn open(snapshot: &DocumentSnapshot) -> Result<Ahead, ClientError> {
    let mut offset = 0usize;
    let mut opened = Vec::with_capacity(snapshot.envelopes.len());
    for index in &snapshot.envelopes {
        let end = offset
            .checked_add(index.length as usize)
            .filter(|end| *end <= snapshot.changes.len())
            .ok_or_else(|| ClientError::new("server_nonsense"))?;
        let envelope = Envelope {
            head: index.signed.head.clone(),
            signature: index.signed.signature.clone(),
            change: snapshot.changes[offset..end].to_vec(),
        };
        offset = end;
        match envelope::open(&envelope) {
            Ok(head) => opened.push(Opened {
                seq: index.seq,
                head,
                envelope,
                holds_under: None,
            }),
            Err(error) => {
                tracing::error!(%error, seq = index.seq, "an entry of the log has an unreadable head");
            }
        }
    }
    Ok(Ahead {
        opened,
        trial: None,
    })
}

/// Works on all documents of a page.
///
/// # Errors
/// `server_nonsense`, or the store cannot be read.
pub(super) fn work(
    tablet: &Tablet,
    snapshots: &[DocumentSnapshot],
    came: &[MemberRecord],
) -> Result<Vec<Ahead>, ClientError> {
    let (mut keys, here) = tablet.store.read(|connection| {
        let keys: HashMap<DeviceId, [u8; 32]> = members::devices(connection)?
            .into_iter()
            .filter_map(|row| Some((row.device, row.key?)))
            .collect();
        let mut here = HashSet::new();
        for snapshot in snapshots {
            if documents::head(connection, snapshot.document)?.is_some() {
                here.insert(snapshot.document);
            }
        }
        Ok::<_, StoreError>((keys, here))
    })?;
    let authors = snapshots.iter().flat_map(|snapshot| &snapshot.authors);
    keys.extend(
        came.iter()
            .chain(authors)
            .filter_map(|member| match member {
                MemberRecord::Device { id, key, .. } => Some((*id, *key)),
                _ => None,
            }),
    );
    keys.insert(
        tablet.identity.device,
        tablet.key.verifying_key().to_bytes(),
    );

    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores
        .min(MOST_THREADS)
        .min(snapshots.len() / WORTH_A_THREAD)
        .max(1);
    let share = snapshots.len().div_ceil(threads).max(1);
    // Making a key of its bytes costs a tenth of checking a signature with it, so it is done once for each device.
    let keys: HashMap<DeviceId, VerifyingKey> = keys
        .into_iter()
        .filter_map(|(device, bytes)| Some((device, VerifyingKey::from_bytes(&bytes).ok()?)))
        .collect();
    let one_share = |part: &[DocumentSnapshot]| -> Result<Vec<Ahead>, ClientError> {
        part.iter()
            .map(|snapshot| one(snapshot, &keys, &here))
            .collect()
    };
    thread::scope(|scope| {
        let mut parts = snapshots.chunks(share);
        let first = parts.next();
        let others: Vec<_> = parts.map(|part| scope.spawn(|| one_share(part))).collect();
        let mut all = first.map_or_else(|| Ok(Vec::new()), one_share)?;
        for other in others {
            let found = other.join().map_err(|_| ClientError::new("internal"))?;
            all.extend(found?);
        }
        Ok(all)
    })
}

fn one(
    snapshot: &DocumentSnapshot,
    keys: &HashMap<DeviceId, VerifyingKey>,
    here: &HashSet<DocumentId>,
) -> Result<Ahead, ClientError> {
    let mut ahead = open(snapshot)?;
    let mut whole = true;
    for opened in &mut ahead.opened {
        let key = keys.get(&opened.head.device);
        if why_not(&opened.head, &opened.envelope, key).is_none() {
            opened.holds_under = key.map(VerifyingKey::to_bytes);
        } else {
            whole = false;
        }
    }
    // The same document twice, or one that is here, is for the transaction.
    if whole && !here.contains(&snapshot.document) {
        let raw: Vec<(ChangeHash, &[u8])> = ahead
            .opened
            .iter()
            .map(|opened| (opened.head.hash, opened.envelope.change.as_slice()))
            .collect();
        ahead.trial = Trial::of_new(snapshot.kind, &raw);
    }
    Ok(ahead)
}
