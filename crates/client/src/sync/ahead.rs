//! What of a page of documents needs no database: envelopes opened, hashes and signatures looked at, and documents that are
//! new here tried. Documents know nothing of each other, so this is done beside each other, on as many cores as there
//! are, while the page's transaction takes in those that are done; inside it nothing is believed that would not have been.

use super::incoming::why_not;
use crate::error::ClientError;
use crate::tablet::Tablet;
use ed25519_dalek::VerifyingKey;
use ids::{ChangeHash, DeviceId, DocumentId};
use protocol::envelope::{self, Envelope, EnvelopeHead};
use protocol::{DocumentSnapshot, MemberRecord};
use std::collections::{HashMap, HashSet};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use store::documents::{self, Trial};
use store::{StoreError, members};

/// Fewer changes than this are not worth a thread: a signature alone costs as much as beginning one.
const WORTH_A_THREAD: usize = 24;
/// More threads than this find nothing to do: the database is written by one, who waits for no other.
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

/// The documents of a page, worked on by several while one takes what is done, in the page's order.
pub(super) struct Page<'a> {
    snapshots: &'a [DocumentSnapshot],
    keys: HashMap<DeviceId, VerifyingKey>,
    here: HashSet<DocumentId>,
    next: AtomicUsize,
    done: Mutex<Vec<Option<Result<Ahead, ClientError>>>>,
    one_more: Condvar,
}

impl<'a> Page<'a> {
    /// Reads what the work needs of the store. `came` are the members the page itself brings.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) fn begin(
        tablet: &Tablet,
        snapshots: &'a [DocumentSnapshot],
        came: &[MemberRecord],
    ) -> Result<Self, ClientError> {
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
        Ok(Self {
            snapshots,
            // Making a key of its bytes costs a tenth of checking a signature with it, so it is done once for each device.
            keys: keys
                .into_iter()
                .filter_map(|(device, bytes)| {
                    Some((device, VerifyingKey::from_bytes(&bytes).ok()?))
                })
                .collect(),
            here,
            next: AtomicUsize::new(0),
            done: Mutex::new(snapshots.iter().map(|_| None).collect()),
            one_more: Condvar::new(),
        })
    }

    /// Runs what takes the documents in, with others at work on them until it is over, however it ends.
    pub(super) fn beside<R>(&self, take: impl FnOnce() -> R) -> R {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let changes: usize = self.snapshots.iter().map(|one| one.envelopes.len()).sum();
        // A page may be a few documents of many years.
        let threads = cores
            .min(MOST_THREADS)
            .min(self.snapshots.len())
            .min(changes / WORTH_A_THREAD);
        thread::scope(|scope| {
            // Whoever takes them in is one of them.
            for _ in 1..threads {
                scope.spawn(|| while self.work_on_one() {});
            }
            let taken = take();
            self.next.store(self.snapshots.len(), Ordering::Relaxed);
            taken
        })
    }

    /// The document of that place, each to be asked for once; works on others until it is done.
    ///
    /// # Errors
    /// `server_nonsense`: its lengths do not fit. `internal`: the work broke off.
    pub(super) fn take(&self, place: usize) -> Result<Ahead, ClientError> {
        loop {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ahead) = done.get_mut(place).and_then(Option::take) {
                return ahead;
            }
            drop(done);
            if self.work_on_one() {
                continue;
            }
            // Every document is somebody's; this one is still in other hands or was done just now.
            let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            drop(
                self.one_more
                    .wait_while(done, |done| done.get(place).is_some_and(Option::is_none))
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
    }

    /// Works on the first document nobody has begun. False when there is none left.
    fn work_on_one(&self) -> bool {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(snapshot) = self.snapshots.get(place) else {
            return false;
        };
        let ahead = catch_unwind(AssertUnwindSafe(|| one(snapshot, &self.keys, &self.here)))
            .unwrap_or_else(|_| Err(ClientError::new("internal")));
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = done.get_mut(place) {
            *slot = Some(ahead);
        }
        drop(done);
        self.one_more.notify_all();
        true
    }
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
