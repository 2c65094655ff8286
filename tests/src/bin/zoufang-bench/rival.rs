//! Automerge's own sync protocol, one session a document, the messages of all documents batched into one request a
//! round. It gets what makes it fast: the heads of all documents are compared first, so that only documents that
//! differ exchange messages, and nothing is signed, checked, projected or kept twice.

use crate::endpoint::{Endpoint, Ledger, commit};
use crate::measure::{Cost, Watch};
use anyhow::{Context, Result, bail};
use automerge::sync::{Message, State, SyncDoc};
use automerge::{Automerge, ChangeHash};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::post;
use ids::DocumentId;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// How the rival is run.
#[derive(Clone, Copy)]
pub struct Terms {
    /// Documents lie in files at the beginning, and what arrived lies in a file at the end; as with us.
    pub stored: bool,
    /// Heads are compared first; otherwise every document begins a session.
    pub heads_first: bool,
}

/// What one run came to.
pub struct Run {
    pub cost: Cost,
    pub up: u64,
    pub down: u64,
    pub requests: u64,
}

/// One end's documents.
#[derive(Default)]
pub struct Replica(BTreeMap<DocumentId, Held>);

struct Held {
    saved: Vec<u8>,
    heads: Vec<ChangeHash>,
    document: Option<Automerge>,
    session: State,
}

impl Replica {
    pub fn hold(&mut self, id: DocumentId, document: &Automerge) {
        let held = Held {
            saved: document.save(),
            heads: document.get_heads(),
            document: None,
            session: State::new(),
        };
        self.0.insert(id, held);
    }

    /// Documents saved in a folder, each in a file named by its id.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut replica = Self::default();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            let id = DocumentId::parse(name.context("a name")?)?;
            replica.hold(id, &Automerge::load(&std::fs::read(&path)?)?);
        }
        Ok(replica)
    }

    /// Every document as it is held.
    pub fn documents(&self) -> impl Iterator<Item = (DocumentId, Automerge)> {
        self.0.iter().filter_map(|(id, held)| {
            let document = Automerge::load(&held.saved);
            Some((*id, document.ok()?))
        })
    }

    /// As it was before anything was exchanged; loaded already when nothing is stored.
    pub fn begin(&mut self, terms: Terms) -> Result<()> {
        for held in self.0.values_mut() {
            held.session = State::new();
            held.document = match terms.stored {
                true => None,
                false => Some(Automerge::load(&held.saved)?),
            };
        }
        Ok(())
    }

    fn heads(&self) -> Vec<(DocumentId, Vec<u8>)> {
        self.0
            .iter()
            .map(|(id, held)| (*id, held.heads.iter().flat_map(|hash| hash.0).collect()))
            .collect()
    }

    fn differing(&self, theirs: &[(DocumentId, Vec<u8>)]) -> Vec<(DocumentId, Vec<u8>)> {
        let ours: BTreeMap<DocumentId, Vec<u8>> = self.heads().into_iter().collect();
        theirs
            .iter()
            .filter(|(id, heads)| ours.get(id) != Some(heads))
            .map(|(id, _)| (*id, Vec::new()))
            .collect()
    }

    fn generate(&mut self, ids: &[DocumentId]) -> Result<Vec<(DocumentId, Vec<u8>)>> {
        let mut messages = Vec::new();
        for id in ids {
            let held = self.0.get_mut(id).context("a document both hold")?;
            let document = loaded(&mut held.document, &held.saved)?;
            if let Some(message) = document.generate_sync_message(&mut held.session) {
                messages.push((*id, message.encode()));
            }
        }
        Ok(messages)
    }

    /// Whether changes came.
    fn receive(&mut self, messages: &[(DocumentId, Vec<u8>)]) -> Result<bool> {
        let mut news = false;
        for (id, bytes) in messages {
            let held = self.0.get_mut(id).context("a document both hold")?;
            let message = Message::decode(bytes)?;
            news |= !message.changes.is_empty();
            loaded(&mut held.document, &held.saved)?
                .receive_sync_message(&mut held.session, message)?;
        }
        Ok(news)
    }

    fn heads_now(&self) -> Vec<Vec<ChangeHash>> {
        self.0
            .values()
            .map(|held| {
                held.document
                    .as_ref()
                    .map_or_else(|| held.heads.clone(), Automerge::get_heads)
            })
            .collect()
    }
}

fn loaded<'a>(document: &'a mut Option<Automerge>, saved: &[u8]) -> Result<&'a mut Automerge> {
    match document {
        Some(document) => Ok(document),
        empty => Ok(empty.insert(Automerge::load(saved)?)),
    }
}

/// The server's end.
#[derive(Clone)]
pub struct Rival {
    replica: Arc<Mutex<Replica>>,
    ledger: Ledger,
    stored: Arc<Mutex<bool>>,
}

impl Rival {
    pub fn new(file: &Path) -> Result<Self> {
        Ok(Self {
            replica: Arc::default(),
            ledger: Ledger::create(file)?,
            stored: Arc::new(Mutex::new(true)),
        })
    }

    pub fn router(&self) -> Router {
        Router::new()
            .route("/heads", post(heads))
            .route("/messages", post(messages))
            .with_state(self.clone())
    }

    pub fn hold(&self, replica: Replica) {
        *lock(&self.replica) = replica;
    }

    /// One sync of these documents with the server's.
    pub async fn run(
        &self,
        endpoint: &Endpoint,
        ours: &mut Replica,
        disk: &Connection,
        terms: Terms,
    ) -> Result<Run> {
        ours.begin(terms)?;
        lock(&self.replica).begin(terms)?;
        *lock(&self.stored) = terms.stored;
        let run = exchange(endpoint, ours, disk, terms).await?;
        if ours.heads_now() != lock(&self.replica).heads_now() {
            bail!("the rival's two ends differ after its sync");
        }
        Ok(run)
    }
}

/// One sync with whoever answers there.
pub async fn exchange(
    endpoint: &Endpoint,
    ours: &mut Replica,
    disk: &Connection,
    terms: Terms,
) -> Result<Run> {
    let relay = &endpoint.relay;
    let (passed, up) = (relay.bytes_passed(), relay.bytes_up());
    let mut requests = 0;
    let watch = Watch::start();
    let client = endpoint.client()?;
    let ids: Vec<DocumentId> = if terms.heads_first {
        requests += 1;
        let answer = endpoint
            .post(&client, "/heads", pack(&ours.heads())?)
            .await?;
        unpack(&answer)?.into_iter().map(|(id, _)| id).collect()
    } else {
        ours.0.keys().copied().collect()
    };
    let mut received = Vec::new();
    loop {
        let asked = ours.generate(&ids)?;
        if asked.is_empty() {
            break;
        }
        requests += 1;
        let answer = endpoint.post(&client, "/messages", pack(&asked)?).await?;
        if ours.receive(&unpack(&answer)?)? {
            received.extend_from_slice(&answer);
        }
    }
    if terms.stored && !received.is_empty() {
        commit(disk, &received)?;
    }
    let cost = watch.stop();
    let went_up = relay.bytes_up() - up;
    Ok(Run {
        cost,
        up: went_up,
        down: relay.bytes_passed() - passed - went_up,
        requests,
    })
}

async fn heads(Shared(rival): Shared<Rival>, body: Bytes) -> Result<Vec<u8>, StatusCode> {
    answer(move || {
        let theirs = unpack(&body)?;
        pack(&lock(&rival.replica).differing(&theirs))
    })
    .await
}

async fn messages(Shared(rival): Shared<Rival>, body: Bytes) -> Result<Vec<u8>, StatusCode> {
    answer(move || {
        let asked = unpack(&body)?;
        let ids: Vec<DocumentId> = asked.iter().map(|(id, _)| *id).collect();
        let mut replica = lock(&rival.replica);
        let news = replica.receive(&asked)?;
        if news && *lock(&rival.stored) {
            rival.ledger.commit(&body)?;
        }
        pack(&replica.generate(&ids)?)
    })
    .await
}

async fn answer(
    run: impl FnOnce() -> Result<Vec<u8>> + Send + 'static,
) -> Result<Vec<u8>, StatusCode> {
    tokio::task::spawn_blocking(run)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// A document's id, a length and bytes, one after another, in one zstd frame.
fn pack(parts: &[(DocumentId, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    for (id, bytes) in parts {
        raw.extend_from_slice(id.0.as_bytes());
        raw.extend_from_slice(&u32::try_from(bytes.len())?.to_be_bytes());
        raw.extend_from_slice(bytes);
    }
    Ok(zstd::bulk::compress(&raw, 3)?)
}

fn unpack(packed: &[u8]) -> Result<Vec<(DocumentId, Vec<u8>)>> {
    let raw = zstd::stream::decode_all(packed)?;
    let mut rest = raw.as_slice();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (id, after) = rest.split_first_chunk::<16>().context("an id")?;
        let (length, after) = after.split_first_chunk::<4>().context("a length")?;
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (bytes, after) = after.split_at_checked(length).context("as many bytes")?;
        parts.push((DocumentId(Uuid::from_bytes(*id)), bytes.to_vec()));
        rest = after;
    }
    Ok(parts)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
