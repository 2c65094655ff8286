//! Sync by itself: the one async loop. It walks through an exchange, the store keeps what comes of it.

use crate::app::App;
use crate::aside;
use crate::backoff::Backoff;
use crate::certificate;
use crate::error::ClientError;
use crate::exchange::{self, Exchange, Next, Request};
use crate::server::{Pin, Server, asked_to_wait_s, read_answer, refused_code};
use crate::standing;
use crate::tablet::Tablet;
use crate::uploads::LEAST_PIECE;
use crate::view::SyncPhase;
use protocol::{SessionOpened, wire};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A session that ends so soon is not begun anything with.
const SESSION_MARGIN_MS: i64 = 30_000;

/// How the sync stands right now; what lasts is in the store.
#[derive(Default)]
pub struct SyncState {
    progress: Mutex<Progress>,
    online: AtomicBool,
    /// Kept between syncs, so that a day's sync is one round trip.
    session: Mutex<Option<Session>>,
    server: Mutex<Option<Arc<Server>>>,
    asked_s: Mutex<Option<u32>>,
    requests: AtomicU32,
    /// How large a piece of a photo may be on this line.
    piece: AtomicUsize,
    /// Whoever fetches a photo has it.
    fetching: tokio::sync::Mutex<()>,
    /// A stopped device has more to hand over than went in one exchange.
    hands_on: AtomicBool,
    /// Nobody is ever asked or told anything: the practice village.
    without_a_line: bool,
}

/// What the server gave for a proof.
struct Session {
    token: String,
    until_steady_ms: i64,
}

/// One run's progress. An exchange sends and receives in the same breath; what is shown is what its phase is about.
#[derive(Clone, Copy)]
pub struct Progress {
    /// What it is doing.
    pub phase: SyncPhase,
    /// Changes of the outbox that were answered.
    pub sent: Share,
    /// Documents of a first load, or numbers of the log, that lie behind.
    pub received: Share,
}

/// So much of so much; of nothing while that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Done.
    pub done: u32,
    /// Expected.
    pub total: u32,
}

impl Progress {
    fn begin(phase: SyncPhase) -> Self {
        Self {
            phase,
            sent: Share::default(),
            received: Share::default(),
        }
    }

    /// What the screens show of it.
    #[must_use]
    pub fn shown(&self) -> Share {
        match self.phase {
            SyncPhase::Sending => self.sent,
            SyncPhase::Receiving => self.received,
            SyncPhase::Idle | SyncPhase::Connecting => Share::default(),
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::begin(SyncPhase::Idle)
    }
}

impl SyncState {
    /// For a tablet that has no line to anybody, and never gets one.
    pub(crate) fn without_a_line() -> Self {
        Self {
            without_a_line: true,
            ..Self::default()
        }
    }

    /// Whether there is a server to reach at all.
    pub(crate) fn has_a_line(&self) -> bool {
        !self.without_a_line
    }

    /// The progress now.
    pub fn progress(&self) -> Progress {
        *guard(&self.progress)
    }

    /// Was the server reached the last time?
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    /// A run begins, or is over: nothing is counted yet.
    pub(crate) fn begin(&self, phase: SyncPhase) {
        *guard(&self.progress) = Progress::begin(phase);
    }

    /// The run has come further.
    pub(crate) fn note(&self, what: impl FnOnce(&mut Progress)) {
        what(&mut guard(&self.progress));
    }

    pub(crate) fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }

    /// The server asked to be left alone for so many seconds.
    pub(crate) fn ask_for_pause(&self, seconds: u32) {
        *guard(&self.asked_s) = Some(seconds);
    }

    /// What the server asked for in the last sync; asked once.
    fn take_pause(&self) -> Option<u32> {
        guard(&self.asked_s).take()
    }

    /// This device is stopped, and another exchange may hand over more at once.
    pub(crate) fn set_hands_on(&self, hands_on: bool) {
        self.hands_on.store(hands_on, Ordering::Relaxed);
    }

    /// Whether the last exchange left something to hand over that the next one takes on at once; asked once.
    fn take_hands_on(&self) -> bool {
        self.hands_on.swap(false, Ordering::Relaxed)
    }

    /// Requests sent by the syncs of this process so far.
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The token of the session, while it lasts by this device's count.
    pub(crate) fn token(&self, tablet: &Tablet) -> Option<String> {
        guard(&self.session)
            .as_ref()
            .filter(|session| tablet.clock.steady_ms() < session.until_steady_ms)
            .map(|session| session.token.clone())
    }

    /// Keeps a session that was just opened.
    pub(crate) fn keep_session(&self, tablet: &Tablet, opened: &SessionOpened) {
        let lasts_ms = opened.expires_ms - opened.server_time_ms - SESSION_MARGIN_MS;
        *guard(&self.session) = Some(Session {
            token: opened.token.clone(),
            // At least long enough for the message it was opened for.
            until_steady_ms: tablet.clock.steady_ms() + lasts_ms.max(1_000),
        });
    }

    /// The server does not know the session any more.
    pub(crate) fn forget_session(&self) {
        *guard(&self.session) = None;
    }

    /// How large the next piece of a photo may be: as large as goes through in a second or two.
    pub(crate) fn piece_bytes(&self) -> usize {
        self.piece.load(Ordering::Relaxed).max(LEAST_PIECE)
    }

    /// The line was quicker or slower than that.
    pub(crate) fn fit_piece(&self, quick: bool, slow: bool) {
        let bytes = self.piece_bytes();
        let fitting = match (quick, slow) {
            (true, _) => (bytes * 2).min(protocol::limits::BLOB_CHUNK_BYTES),
            (_, true) => (bytes / 2).max(LEAST_PIECE),
            _ => bytes,
        };
        self.piece.store(fitting, Ordering::Relaxed);
    }

    /// Waits for one's turn to fetch a photo.
    pub(crate) async fn fetching(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.fetching.lock().await
    }

    /// The line to the server and whether it was used before: its connection may still be open then. No other place makes
    /// one for a tablet.
    fn server(&self, tablet: &Tablet) -> Result<(Arc<Server>, bool), ClientError> {
        if self.without_a_line {
            return Err(ClientError::new("practice"));
        }
        let mut kept = guard(&self.server);
        if let Some(server) = &*kept {
            return Ok((server.clone(), true));
        }
        let server = Arc::new(Server::new(
            &tablet.identity.server_address,
            Pin::Fingerprints(certificate::trusted(tablet)?),
        )?);
        *kept = Some(server.clone());
        Ok((server, false))
    }

    /// The line failed: the next sync begins with a new one.
    fn drop_server(&self) {
        *guard(&self.server) = None;
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The loop: sync when something was recorded, when asked, and every now and then. A tap syncs at once; what the loop
/// does by itself waits for its turn ([`Backoff`]).
pub async fn run(app: Arc<App>) {
    let (clock, entropy) = app.sources();
    let mut backoff = Backoff::default();
    let mut is_new = true;
    let mut more = false;
    let mut inside = None;
    let mut ended = Box::pin(app.ended());
    loop {
        let pause = match more {
            true => 0,
            false => backoff.pause_ms(clock.now_ms()).unsigned_abs(),
        };
        tokio::select! {
            () = &mut ended => return,
            () = app.wake().notified() => {}
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
        let tapped = app.was_tapped();
        // Before the tablet is taken, so that no leaving is missed.
        let left = app.left();
        let Ok(tablet) = app.own_tablet() else {
            backoff = Backoff::default();
            (is_new, more) = (true, false);
            continue;
        };
        if inside.replace(tablet.identity.device) != Some(tablet.identity.device) {
            // Somebody else came in: her pace has nothing to do with the one before.
            backoff = Backoff::default();
            (is_new, more) = (true, false);
        }
        if std::mem::take(&mut is_new) {
            let last = tablet.store.read(store::sync_state::status);
            let last = last.ok().and_then(|status| status.last_success_ms);
            backoff.come_back(clock.now_ms(), last, tablet.identity.device);
        }
        if !tapped && !backoff.may_begin(clock.now_ms()) {
            continue;
        }
        // What was not to be seen before may be afterwards.
        let was_closed = tablet.loading().ok().flatten().is_some()
            || standing::writes_only(&tablet).unwrap_or(false);
        let announcer = app.clone();
        let exchange = once(&tablet, move || announcer.announce("sync"));
        let result = tokio::select! {
            result = exchange => result,
            // She left in the middle of it. Every request may be repeated, and her keys are to go.
            () = left => continue,
        };
        let asked = tablet.sync.take_pause();
        let hands_on = tablet.sync.take_hands_on();
        more = asked.is_none() && (hands_on || result.as_ref().is_ok_and(|synced| synced.more));
        match &result {
            Ok(_) => backoff.succeeded(clock.now_ms(), asked),
            Err(_) if hands_on => backoff.succeeded(clock.now_ms(), asked),
            Err(error) => {
                let reached = tablet.sync.is_online();
                let asked = asked.or_else(|| asked_to_wait_s(error));
                backoff.failed(clock.now_ms(), (reached, asked), entropy);
            }
        }
        if is_stopped(&result) {
            obey(&app, tablet).await;
            app.announce("app");
        }
        app.announce("sync");
        if was_closed || result.is_ok_and(|synced| synced.received) {
            app.announce("records");
            app.announce("app");
        }
    }
}

fn is_stopped(result: &Result<Synced, ClientError>) -> bool {
    matches!(result, Err(error) if refused_code(error).as_deref() == Some("device_revoked"))
}

/// A stopped device that has said its last word is destroyed, if that was ordered.
async fn obey(app: &Arc<App>, tablet: Arc<Tablet>) {
    let worker = app.clone();
    let obeyed = off_the_loop(move || worker.obey_wipe(tablet)).await;
    if let Err(error) | Ok(Err(error)) = obeyed {
        tracing::error!(%error, "the wipe was not finished; it is at the next start");
    }
}

/// What came of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synced {
    /// Something came from elsewhere.
    pub received: bool,
    /// Photos still wait: the next sync may begin at once.
    pub more: bool,
}

/// One whole sync: first load if needed, outbox up, log down, until nothing is left; then a slice of photos.
///
/// # Errors
/// The code is kept in the store for the sync page; everything stored before the failure stays stored.
pub async fn once(tablet: &Arc<Tablet>, announce: impl Fn()) -> Result<Synced, ClientError> {
    tablet.sync.begin(SyncPhase::Connecting);
    announce();
    let result = drive(tablet, &announce).await;
    let worker = tablet.clone();
    off_the_loop(move || {
        exchange::note_end(&worker, result.as_ref().map(|_| ()));
        if result.is_ok()
            && let Err(error) = aside::tidy(&worker)
        {
            tracing::warn!(%error, "what was moved aside could not be removed");
        }
        result
    })
    .await?
}

/// Walks through an [`Exchange`]: what is to be sent goes over the network, everything else is done off the async threads.
async fn drive(tablet: &Arc<Tablet>, announce: &impl Fn()) -> Result<Synced, ClientError> {
    let (mut server, mut is_kept) = tablet.sync.server(tablet)?;
    let mut exchange = Exchange::new();
    let mut answer = None;
    let mut ahead: Option<Ahead> = None;
    loop {
        let worker = tablet.clone();
        let next;
        (exchange, next) = off_the_loop(move || {
            let next = exchange.step(&worker, answer);
            (exchange, next)
        })
        .await?;
        announce();
        answer = match next? {
            Next::Worked => None,
            Next::Ahead(request) => {
                tablet.sync.requests.fetch_add(1, Ordering::Relaxed);
                ahead = Some(Ahead::send(&server, request));
                None
            }
            Next::Send(request) => {
                let asked = ahead.take().filter(|ahead| ahead.request.asks_as(&request));
                let mut answer = match asked {
                    Some(asked) => asked.answer().await,
                    None => {
                        tablet.sync.requests.fetch_add(1, Ordering::Relaxed);
                        server.send(&request).await
                    }
                };
                if is_kept && is_unanswered(&answer) {
                    // What was kept from the last sync may have ended unnoticed; that says nothing about the network.
                    tablet.sync.drop_server();
                    (server, _) = tablet.sync.server(tablet)?;
                    answer = server.send(&request).await;
                }
                is_kept = false;
                if is_unanswered(&answer) {
                    tablet.sync.drop_server();
                }
                Some(answer)
            }
            Next::Done { received, more } => {
                if let Some(shown) = server.ca_certificate() {
                    let worker = tablet.clone();
                    off_the_loop(move || certificate::settle_ca(&worker, &shown)).await??;
                }
                return Ok(Synced { received, more });
            }
        };
    }
}

/// A request on its way while something is stored here. Let go of, it is called off.
struct Ahead {
    request: Request,
    task: tokio::task::JoinHandle<exchange::Answer>,
}

impl Ahead {
    fn send(server: &Arc<Server>, request: Request) -> Self {
        let (server, sent) = (server.clone(), request.clone());
        Self {
            request,
            task: tokio::spawn(async move { server.send(&sent).await }),
        }
    }

    async fn answer(mut self) -> exchange::Answer {
        match (&mut self.task).await {
            Ok(answer) => answer,
            Err(error) => Err(ClientError::new("internal").because(error)),
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn is_unanswered(answer: &exchange::Answer) -> bool {
    matches!(answer, Err(error) if refused_code(error).is_none())
}

pub(crate) async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ClientError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ClientError::new("internal").because(error))
}

/// The line to this device's server, under a session.
pub struct Line<'a> {
    tablet: &'a Tablet,
    server: Arc<Server>,
}

impl<'a> Line<'a> {
    /// The line; the session is opened when something is sent.
    ///
    /// # Errors
    /// The address cannot be one, TLS cannot be set up.
    pub fn of(tablet: &'a Tablet) -> Result<Self, ClientError> {
        Ok(Self {
            server: tablet.sync.server(tablet)?.0,
            tablet,
        })
    }

    /// Sends a message as this device; opens a session when the server does not take its proof.
    ///
    /// # Errors
    /// As [`Server::send`].
    pub async fn send<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &'static str,
        message: &Q,
    ) -> Result<A, ClientError> {
        let body = wire::encode(message, wire::REQUEST)?;
        let mut request = Request {
            path,
            token: Some(
                self.tablet
                    .sync
                    .token(self.tablet)
                    .unwrap_or_else(|| exchange::request_proof(self.tablet)),
            ),
            body,
        };
        let answer = match self.server.send(&request).await {
            Err(error) if exchange::is_session_unknown(&error) => {
                self.tablet.sync.forget_session();
                request.token = Some(self.open_session().await?);
                self.server.send(&request).await
            }
            answer => answer,
        };
        read_answer(&answer?)
    }

    async fn open_session(&self) -> Result<String, ClientError> {
        let asked = exchange::nonce_request(self.tablet)?;
        let nonce = read_answer(&self.server.send(&asked).await?)?;
        let proof = exchange::open_request(self.tablet, &nonce, exchange::Opening::default())?;
        let opened = read_answer(&self.server.send(&proof).await?)?;
        self.tablet.sync.keep_session(self.tablet, &opened);
        Ok(opened.token)
    }
}
