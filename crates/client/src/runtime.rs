//! Sync by itself: the one async loop. It drives `protocol`'s session, the store keeps what comes of it.

use crate::app::App;
use crate::error::ClientError;
use crate::server::{Pin, Server, refused_code};
use crate::sync::{self, Step};
use crate::tablet::Tablet;
use crate::view::SyncPhase;
use ids::Role;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two syncs when nothing is waiting.
const CALM: Duration = Duration::from_secs(30);
/// Until the next try while something waits; doubled up to [`CALM`] with every failure.
const FIRST_RETRY: Duration = Duration::from_secs(2);

/// How the sync stands right now; what lasts is in the store.
#[derive(Default)]
pub struct SyncState {
    progress: Mutex<Progress>,
    online: AtomicBool,
}

/// One run's progress.
#[derive(Clone, Copy)]
pub struct Progress {
    /// What it is doing.
    pub phase: SyncPhase,
    /// Steps done.
    pub done: u32,
    /// Steps expected.
    pub total: u32,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            phase: SyncPhase::Idle,
            done: 0,
            total: 0,
        }
    }
}

impl SyncState {
    /// The progress now.
    pub fn progress(&self) -> Progress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Was the server reached the last time?
    pub fn is_online(&self) -> bool {
        self.online.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, phase: SyncPhase, done: u32, total: u32) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) =
            Progress { phase, done, total };
    }

    pub(crate) fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::Relaxed);
    }
}

/// The loop: sync when something was recorded, when asked, and every now and then.
pub async fn run(app: Arc<App>) {
    let mut failures = 0u32;
    let mut ended = Box::pin(app.ended());
    loop {
        let pause = if failures == 0 {
            CALM
        } else {
            (FIRST_RETRY * 2u32.saturating_pow(failures.min(5) - 1)).min(CALM)
        };
        tokio::select! {
            () = &mut ended => return,
            () = app.wake().notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        let Ok(tablet) = app.tablet() else {
            failures = 0;
            continue;
        };
        let was_loading = tablet.loading().ok().flatten().is_some();
        let announcer = app.clone();
        let result = once(&tablet, move || announcer.announce("sync")).await;
        failures = match &result {
            Ok(_) => 0,
            Err(_) => failures.saturating_add(1),
        };
        app.announce("sync");
        if was_loading || result.is_ok_and(|received| received) {
            app.announce("records");
            app.announce("app");
        }
    }
}

/// One whole sync: first load if needed, outbox up, log down, until nothing is left. Returns whether anything came.
///
/// # Errors
/// The code is kept in the store for the sync page; everything stored before the failure stays stored.
pub async fn once(tablet: &Arc<Tablet>, announce: impl Fn()) -> Result<bool, ClientError> {
    tablet.sync.set(SyncPhase::Connecting, 0, 0);
    announce();
    let result = drive(tablet, &announce).await;
    tablet.sync.set(SyncPhase::Idle, 0, 0);
    let reached = match &result {
        Ok(_) => true,
        Err(error) => !matches!(error.code(), "no_network" | "enrol_wrong_server"),
    };
    tablet.sync.set_online(reached);
    // The page says why the server refused, not merely that it did.
    let code = result
        .as_ref()
        .err()
        .map(|error| refused_code(error).unwrap_or_else(|| error.code().to_owned()));
    let worker = tablet.clone();
    let noted = tokio::task::spawn_blocking(move || sync::note_end(&worker, code)).await;
    if let Ok(Err(error)) = noted {
        tracing::error!(%error, "the end of a sync could not be noted");
    }
    result
}

/// The line to this device's server, under a session.
pub struct Line {
    server: Server,
    token: String,
}

impl Line {
    /// Connects and proves this device.
    ///
    /// # Errors
    /// `no_network`, `server_nonsense`, `server_refused`.
    pub async fn open(tablet: &Tablet) -> Result<Self, ClientError> {
        let pin = <[u8; 32]>::try_from(tablet.identity.ca_fingerprint.as_slice())
            .map_err(|_| ClientError::new("internal"))?;
        let server = Server::new(&tablet.identity.server_address, Pin::Fingerprint(pin))?;
        let device = tablet.identity.device;
        let nonce: protocol::NonceResponse = server
            .send("/session/nonce", None, &protocol::NonceRequest { device })
            .await?;
        let signature = protocol::session::proof::sign(
            &tablet.key,
            device,
            &tablet.enrolled.server_key,
            &nonce.nonce,
        );
        let opened: protocol::SessionOpened = server
            .send(
                "/session/open",
                None,
                &protocol::OpenSession {
                    device,
                    nonce: nonce.nonce,
                    signature,
                    certificate: None,
                },
            )
            .await?;
        Ok(Self {
            server,
            token: opened.token,
        })
    }

    /// Sends a message under the session.
    ///
    /// # Errors
    /// As [`Server::send`].
    pub async fn send<Q: serde::Serialize, A: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        message: &Q,
    ) -> Result<A, ClientError> {
        self.server.send(path, Some(&self.token), message).await
    }

    /// host:port.
    pub fn address(&self) -> &str {
        self.server.address()
    }
}

/// The station learns when each tablet was last heard of: "not visited" and "not synced" are different questions.
async fn note_devices(tablet: &Arc<Tablet>, line: &Line) -> Result<(), ClientError> {
    let list: protocol::DeviceList = line.send("/devices/list", &()).await?;
    let worker = tablet.clone();
    tokio::task::spawn_blocking(move || {
        worker.store.write(|tx| {
            for device in &list.devices {
                if let Some(seen_ms) = device.seen_ms {
                    store::members::set_seen(tx, device.device, seen_ms)?;
                }
            }
            Ok::<_, ClientError>(())
        })
    })
    .await
    .map_err(|error| ClientError::new("internal").because(error))?
}

async fn drive(tablet: &Arc<Tablet>, announce: &impl Fn()) -> Result<bool, ClientError> {
    let line = Line::open(tablet).await?;
    let mut session = sync::begin(tablet)?;
    let mut effect = session.start();
    let mut received = false;
    loop {
        let worker = tablet.clone();
        let step = tokio::task::spawn_blocking(move || sync::perform(&worker, effect))
            .await
            .map_err(|error| ClientError::new("internal").because(error))??;
        announce();
        let event = match step {
            Step::Happened { event, news } => {
                received |= news;
                *event
            }
            Step::Ask { path, message } => match message {
                sync::Message::Snapshot(request) => {
                    tablet.sync.set(
                        SyncPhase::Receiving,
                        tablet.sync.progress().done,
                        tablet.sync.progress().total,
                    );
                    protocol::session::client::Event::SnapshotPage(Box::new(
                        line.send(path, &request).await?,
                    ))
                }
                sync::Message::Sync(request) => protocol::session::client::Event::Response(
                    Box::new(line.send(path, &*request).await?),
                ),
            },
            Step::Ended => {
                if tablet.identity.role == Role::Supervisor {
                    note_devices(tablet, &line).await?;
                }
                return Ok(received);
            }
        };
        effect = session.on(event);
    }
}
