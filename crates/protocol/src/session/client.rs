//! The client's end of a sync: events in, effects out, no IO.
//!
//! The caller does each [`Effect`] and answers with the [`Event`] it led to.
//! What must be stored is stored in one transaction before the next step is asked for, so the session may be dropped at any point and begun again.
//!
//! ```
//! use protocol::session::client::{Effect, Event, Position, Settings, SyncSession};
//! # use ids::UnitId; use uuid::Uuid;
//! let settings = Settings { app: "0.1.0".into(), schemas: vec![], want_bytes: 0 };
//! let mut session = SyncSession::new(settings, Position::default());
//! let Effect::SendSnapshot(request) = session.start() else { panic!("a new tablet begins with a snapshot") };
//! assert_eq!(request.page, None);
//! // … send it, then session.on(Event::SnapshotPage(page)) says what to store …
//! # let _ = session.on(Event::Failed);
//! ```

use crate::PROTOCOL_VERSION;
use crate::envelope::Envelope;
use crate::limits;
use crate::message::{
    ChainEnd, Cursor, Entry, EntryBody, LastApplied, Recovery, SchemaVersion, SyncRequest,
    SyncResponse,
};
use crate::outcome::Outcome;
use crate::snapshot::{SnapshotPage, SnapshotRequest};
use ids::ChangeHash;
use uuid::Uuid;

/// What does not change during a session.
#[derive(Debug, Clone)]
pub struct Settings {
    /// App version.
    pub app: String,
    /// What the app can read.
    pub schemas: Vec<SchemaVersion>,
    /// Raw bytes wanted per answer; 0 leaves it to the server.
    pub want_bytes: u32,
}

/// Where the store stands when a session begins.
#[derive(Debug, Clone, Default)]
pub struct Position {
    /// How far the log was read. None until the first snapshot is complete.
    pub cursor: Option<Cursor>,
    /// The last change applied from the log.
    pub last_applied: Option<LastApplied>,
    /// A snapshot was begun: the token of its next page.
    pub snapshot_page: Option<String>,
    /// A first load was complete once. Without a cursor the server's memory was lost since: the outbox goes first then,
    /// because a server that gathers what it lost takes everything and shows nothing.
    pub loaded: bool,
}

/// What the caller does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// `POST /snapshot`, then [`Event::SnapshotPage`].
    SendSnapshot(SnapshotRequest),
    /// Store the page's documents, members and policies and the position in one transaction, then [`Event::Stored`].
    StorePage {
        /// The page.
        page: Box<SnapshotPage>,
        /// Stored as the position's `snapshot_page`; none when the snapshot is complete.
        next: Option<String>,
        /// Stored as the position's cursor when the snapshot is complete.
        cursor: Option<Cursor>,
    },
    /// Read unsent envelopes in chain order, those with `dev_seq` above `after`, about this many bytes, then [`Event::Outbox`].
    LoadOutbox {
        /// The last one already tried in this session; 0 at its start.
        after: u64,
        /// Raw bytes wanted; at least one envelope if there is any.
        bytes: usize,
    },
    /// `POST /sync`, then [`Event::Response`].
    SendSync(Box<SyncRequest>),
    /// Store it all in one transaction, then [`Event::Stored`].
    Store(Box<Batch>),
    /// Wait, then begin a new session.
    Wait {
        /// Seconds the server asked for.
        seconds: u32,
    },
    /// All sent, all read.
    Done,
    /// The network or the server failed; begin again later.
    Stopped,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A page came.
    SnapshotPage(Box<SnapshotPage>),
    /// Envelopes of the outbox; empty when there are none.
    Outbox {
        /// In chain order.
        envelopes: Vec<Queued>,
        /// There are more behind them.
        more: bool,
        /// Fresh id for the request.
        request: Uuid,
    },
    /// The server's answer.
    Response(Box<SyncResponse>),
    /// The last thing to store is stored; the last change applied from the log, when it moved.
    Stored {
        /// As it stands in the store now.
        last_applied: Option<LastApplied>,
    },
    /// No network, no answer, or nonsense.
    Failed,
}

/// An envelope waiting to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its place in the chain.
    pub dev_seq: u64,
    /// Its change.
    pub hash: ChangeHash,
    /// Itself.
    pub envelope: Envelope,
}

/// What one answer brings, to be stored in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// What became of the changes sent.
    pub outcomes: Vec<(ChangeHash, Outcome)>,
    /// New entries in order, without [`EntryBody::Reset`].
    pub entries: Vec<Entry>,
    /// The new cursor. None with `reset`.
    pub cursor: Option<Cursor>,
    /// The histories differ: forget cursor, `last_applied` and `snapshot_page`, keep every change. The session ends; what
    /// is here is offered (`POST /inventory`) before the next one takes a snapshot.
    pub reset: bool,
    /// Own changes with a number up to this one may be forgotten by the outbox for good.
    pub durable_seq: u64,
    /// Whether the server keeps a second copy.
    pub second_copy: bool,
    /// The signed tick, to be put into later envelopes.
    pub tick: Vec<u8>,
    /// The server's clock.
    pub server_time_ms: i64,
    /// Where this device's chain ends at the server.
    pub chain: Option<ChainEnd>,
    /// The server was set back: how far what it lost has come back.
    pub recovery: Option<Recovery>,
    /// A newer certificate.
    pub certificate: Option<Vec<u8>>,
    /// The next CA's fingerprint.
    pub next_ca: Option<[u8; 32]>,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    New,
    AwaitingPage,
    StoringPage { more: bool },
    AwaitingOutbox,
    AwaitingResponse { sent: Vec<ChangeHash> },
    Storing { next: Next },
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Continue,
    Snapshot,
    Wait(u32),
    Done,
}

/// One run of a sync, from start to [`Effect::Done`].
#[derive(Debug)]
pub struct SyncSession {
    settings: Settings,
    position: Position,
    state: State,
    sent_up_to: u64,
    outbox_empty: bool,
}

impl SyncSession {
    /// A session from where the store stands.
    pub fn new(settings: Settings, position: Position) -> Self {
        Self {
            settings,
            position,
            state: State::New,
            sent_up_to: 0,
            outbox_empty: false,
        }
    }

    /// The first effect.
    pub fn start(&mut self) -> Effect {
        if self.position.cursor.is_none() && !self.position.loaded {
            self.ask_page()
        } else {
            self.ask_outbox()
        }
    }

    /// The next effect. An event out of turn stops the session; nothing is lost by that.
    pub fn on(&mut self, event: Event) -> Effect {
        let state = std::mem::replace(&mut self.state, State::Ended);
        match (state, event) {
            (State::AwaitingPage, Event::SnapshotPage(page)) => self.store_page(page),
            (State::StoringPage { more }, Event::Stored { last_applied }) => {
                self.position.last_applied = last_applied;
                if more {
                    self.ask_page()
                } else {
                    self.ask_outbox()
                }
            }
            (
                State::AwaitingOutbox,
                Event::Outbox {
                    envelopes,
                    more,
                    request,
                },
            ) => self.send(envelopes, more, request),
            (State::AwaitingResponse { sent }, Event::Response(response)) => {
                self.store_response(&sent, *response)
            }
            (State::Storing { next }, Event::Stored { last_applied }) => {
                self.position.last_applied = last_applied;
                match next {
                    Next::Continue => self.ask_outbox(),
                    Next::Snapshot => self.ask_page(),
                    Next::Wait(seconds) => Effect::Wait { seconds },
                    Next::Done => Effect::Done,
                }
            }
            _ => Effect::Stopped,
        }
    }

    fn ask_page(&mut self) -> Effect {
        self.state = State::AwaitingPage;
        Effect::SendSnapshot(self.page_request())
    }

    fn page_request(&self) -> SnapshotRequest {
        SnapshotRequest {
            protocol: PROTOCOL_VERSION,
            page: self.position.snapshot_page.clone(),
            want_bytes: self.settings.want_bytes,
        }
    }

    /// What will be asked once the page that is being stored is stored: whoever drives the session may ask it already, word
    /// for word, so that server and device work at the same time. None when nothing is known to follow.
    pub fn page_ahead(&self) -> Option<SnapshotRequest> {
        matches!(self.state, State::StoringPage { more: true }).then(|| self.page_request())
    }

    fn store_page(&mut self, page: Box<SnapshotPage>) -> Effect {
        let next = page.next.clone();
        if next.is_some() && next == self.position.snapshot_page {
            return Effect::Stopped;
        }
        let cursor = next.is_none().then_some(page.cursor);
        self.position.snapshot_page.clone_from(&next);
        self.position.cursor = cursor;
        self.state = State::StoringPage {
            more: next.is_some(),
        };
        Effect::StorePage { page, next, cursor }
    }

    fn ask_outbox(&mut self) -> Effect {
        self.state = State::AwaitingOutbox;
        Effect::LoadOutbox {
            after: self.sent_up_to,
            bytes: limits::PART_RAW_BYTES,
        }
    }

    fn send(&mut self, queued: Vec<Queued>, more: bool, request: Uuid) -> Effect {
        let offered = queued.len();
        let part = pack_part(queued);
        self.outbox_empty = part.len() == offered && !more;
        let sent = part.iter().map(|queued| queued.hash).collect();
        if let Some(last) = part.last() {
            self.sent_up_to = last.dev_seq;
        }
        self.state = State::AwaitingResponse { sent };
        Effect::SendSync(Box::new(SyncRequest {
            protocol: PROTOCOL_VERSION,
            app: self.settings.app.clone(),
            schemas: self.settings.schemas.clone(),
            request,
            cursor: self.position.cursor,
            last_applied: self.position.last_applied,
            outbox: part.into_iter().map(|queued| queued.envelope).collect(),
            want_bytes: self.settings.want_bytes,
            push_only: false,
            tick: None,
            chain: None,
            unsent: None,
            certified_until_ms: None,
            next_ca: None,
        }))
    }

    fn store_response(&mut self, sent: &[ChangeHash], response: SyncResponse) -> Effect {
        let answered: Vec<ChangeHash> = response.outcomes.iter().map(|(hash, _)| *hash).collect();
        if answered != sent {
            // A server that answers for other changes is not believed at all.
            return Effect::Stopped;
        }
        let reset = response
            .entries
            .iter()
            .any(|entry| entry.body == EntryBody::Reset);
        if !reset && !self.follows(&response) {
            return Effect::Stopped;
        }
        let next = if let Some(seconds) = response.retry_after_s {
            Next::Wait(seconds)
        } else if reset {
            Next::Done
        } else if response.more || !self.outbox_empty {
            Next::Continue
        } else if self.position.cursor.is_some() {
            Next::Done
        } else if response.recovery.is_some_and(|recovery| recovery.hold) {
            // Everything is sent; there is nothing to read until the server has gathered what it lost.
            Next::Done
        } else {
            Next::Snapshot
        };
        if reset {
            self.position = Position {
                loaded: self.position.loaded,
                ..Position::default()
            };
        } else {
            self.position.cursor = response.cursor.or(self.position.cursor);
        }
        self.state = State::Storing { next };
        Effect::Store(Box::new(Batch {
            outcomes: response.outcomes,
            entries: if reset { Vec::new() } else { response.entries },
            cursor: self.position.cursor,
            reset,
            durable_seq: response.durable_seq,
            second_copy: response.second_copy,
            tick: response.tick,
            server_time_ms: response.server_time_ms,
            chain: response.chain,
            recovery: response.recovery,
            certificate: response.certificate,
            next_ca: response.next_ca,
        }))
    }

    /// Entries must lie in order between the old and the new cursor of the same scope and epoch.
    fn follows(&self, response: &SyncResponse) -> bool {
        let Some(old) = self.position.cursor else {
            return response.entries.is_empty();
        };
        let Some(new) = response.cursor else {
            return response.entries.is_empty();
        };
        let mut last = old.seq;
        for entry in &response.entries {
            if entry.seq <= last || entry.seq > new.seq {
                return false;
            }
            last = entry.seq;
        }
        new.scope == old.scope && new.epoch == old.epoch && new.seq >= old.seq
    }
}

/// Takes from the front what fits into one part; the first always fits.
pub fn pack_part(queued: Vec<Queued>) -> Vec<Queued> {
    let mut bytes = 0;
    let mut part = Vec::new();
    for item in queued {
        let size = item.envelope.raw_bytes();
        let full = bytes + size > limits::PART_RAW_BYTES || part.len() >= limits::PART_ENVELOPES;
        if !part.is_empty() && full {
            break;
        }
        bytes += size;
        part.push(item);
    }
    part
}
