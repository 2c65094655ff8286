//! The server as a whole: started on a tokio runtime, stopped cleanly.

use crate::admin;
use crate::audit_report;
use crate::blob_files::BlobFiles;
use crate::child_rules;
use crate::compaction;
use crate::copies::{self, Copies};
use crate::database::{self, DatabaseError, Readers, Writer};
use crate::enrolment;
use crate::error::ApiError;
use crate::herd::PerAddress;
use crate::publisher::{self, Published};
use crate::routes::{self, Source};
use crate::sealed_rows::BindError;
use crate::settings::{self, name};
use crate::state::{App, Means, Serving};
use crate::tls::{self, TlsError};
use crate::vault::{Vault, VaultError};
use crate::worker::Worker;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ids::{Clock, Entropy};
use protocol::genesis::{self, Constant};
use protocol::{CreateEnrolment, EnrolmentId, EnrolmentStatus, limits};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// Connections open at the same time.
const CONNECTIONS: usize = 2_048;
const HANDSHAKE: Duration = Duration::from_secs(10);
const GOODBYE: Duration = Duration::from_secs(3);

/// How long the server waits for whoever speaks to it.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a request's headers, and for the next request of a connection.
    pub headers: Duration,
    /// For the next piece of a body.
    pub idle: Duration,
    /// For a request from its headers to its answer.
    pub request: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            headers: Duration::from_millis(limits::HEADERS_MS),
            idle: Duration::from_millis(limits::BODY_IDLE_MS),
            request: Duration::from_millis(limits::REQUEST_MS),
        }
    }
}

/// How a server runs.
pub struct ServerConfig {
    /// Data folder, made by `init`.
    pub data: PathBuf,
    /// Server key file, outside the data folder.
    pub key_file: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: String,
    /// What tablets are told to connect to; the listening address when none.
    pub advertise: Option<String>,
    /// Folder of the second copy.
    pub second_copy: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The documents' constants.
    pub constants: &'static [Constant],
    /// Where strangers' changes are tried before they are published.
    pub worker: Worker,
    /// How long it waits for whoever speaks to it; a test waits less.
    pub patience: Patience,
    /// How much one address may take of what is there for everybody.
    pub per_address: PerAddress,
}

impl ServerConfig {
    /// The usual: a free port on loopback, the machine's clock and randomness, the generated constants. Changes are
    /// tried in this process; whoever serves real people sets a worker process.
    pub fn new(data: PathBuf, key_file: PathBuf) -> Self {
        Self {
            data,
            key_file,
            listen: "127.0.0.1:0".to_owned(),
            advertise: None,
            second_copy: None,
            clock: Arc::new(crate::system::SystemClock),
            entropy: Arc::new(crate::system::SystemEntropy),
            constants: genesis::table(),
            worker: Worker::InProcess,
            patience: Patience::default(),
            per_address: PerAddress::default(),
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The server key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address.
        listen: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There are no rules for children under fourteen, and nobody who answers for them.
    #[error(
        "real children are not served without the rules for children under fourteen and a named person who answers for \
         them: take them with `sync-server rules` (docs/hosting.md)"
    )]
    NoRules,
    /// A stored fact is missing or sealed with another key.
    #[error("the data folder and the key file do not belong together")]
    Mismatch(#[source] ApiError),
}

impl From<BindError> for ServerError {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Database(error) => ServerError::Database(error.into()),
            BindError::Key(error) => ServerError::Vault(error),
        }
    }
}

/// The server.
pub struct Server;

impl Server {
    /// Starts, and returns once the listener is ready.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub async fn start(config: ServerConfig) -> Result<RunningServer, ServerError> {
        let vault = Vault::open(&config.key_file, &config.data)?;
        let connection = database::open(&config.data)?;
        if !child_rules::are_there(&connection).map_err(DatabaseError::from)? {
            return Err(ServerError::NoRules);
        }
        let failed = |source| ServerError::Listen {
            listen: config.listen.clone(),
            source,
        };
        let listener = TcpListener::bind(&config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let advertised = config.advertise.unwrap_or_else(|| address.to_string());
        settings::write(&connection, name::ADDRESS, advertised.as_bytes())
            .map_err(DatabaseError::from)?;
        let tls = tls::server_config(&connection, &vault, address.ip())?;
        let copies = Copies::new(config.second_copy);
        let app = Arc::new(App::over(
            &connection,
            vault,
            Means {
                clock: config.clock,
                entropy: config.entropy,
                constants: config.constants,
                address: advertised,
                copies: copies.clone(),
                blobs: BlobFiles::in_folder(&config.data),
                per_address: config.per_address,
            },
        )?);
        app.begin(&connection)?;
        let writer = Writer::start(connection)?;
        let commits = writer.commits();
        let serving = Arc::new(Serving {
            app,
            writer,
            readers: Readers::new(&config.data),
            published: Published::default(),
            started: Instant::now(),
            patience: config.patience,
        });
        let publishing = publisher::start(&serving, config.worker, commits.clone())
            .map_err(DatabaseError::from)?;
        let copying = tokio::spawn(copies.follow(config.data, commits));
        let compacting = tokio::spawn(compact(Arc::clone(&serving)));
        let (stop, stopping) = watch::channel(false);
        let accepting = tokio::spawn(accept(
            listener,
            TlsAcceptor::from(tls),
            Arc::clone(&serving),
            stopping,
        ));
        Ok(RunningServer {
            address,
            ca_fingerprint: protocol::enrolment::fingerprint(&serving.app.ca_certificate),
            serving,
            stop,
            accepting,
            copying,
            publishing,
            compacting,
        })
    }
}

/// A server that runs.
pub struct RunningServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// SHA-256 of its CA certificate.
    pub ca_fingerprint: [u8; 32],
    serving: Arc<Serving>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    copying: JoinHandle<()>,
    publishing: std::thread::JoinHandle<()>,
    compacting: JoinHandle<()>,
}

impl RunningServer {
    /// Its CA certificate, DER.
    pub fn ca_certificate(&self) -> &[u8] {
        &self.serving.app.ca_certificate
    }

    /// What tablets are told to connect to.
    pub fn advertised(&self) -> &str {
        &self.serving.app.address
    }

    /// Where an enrolment stands, with its QR text and digits.
    ///
    /// # Errors
    /// There is no such enrolment.
    pub async fn enrolment(&self, id: EnrolmentId) -> Result<EnrolmentStatus, ApiError> {
        let app = Arc::clone(&self.serving.app);
        self.serving
            .readers
            .run(move |connection| enrolment::status_anywhere(app.desk(connection), id))
            .await
    }

    /// Makes a one-time code, as whoever sits at the server.
    ///
    /// # Errors
    /// The unit is unknown or does not go with the role.
    pub async fn create_enrolment(
        &self,
        input: CreateEnrolment,
    ) -> Result<EnrolmentStatus, ApiError> {
        let app = Arc::clone(&self.serving.app);
        self.serving
            .writer
            .run(move |connection| enrolment::create_anywhere(app.desk(connection), &input))
            .await
    }

    /// Makes another township with its first supervisor's code, as whoever sits at the server.
    ///
    /// # Errors
    /// Its name or region code is taken or malformed.
    pub async fn create_township(
        &self,
        name: String,
        region: String,
        supervisor: String,
    ) -> Result<EnrolmentStatus, ApiError> {
        let app = Arc::clone(&self.serving.app);
        self.serving
            .writer
            .run(move |connection| {
                admin::create_township(app.desk(connection), &name, &region, &supervisor)
            })
            .await
    }

    /// Confirms the six digits shown now, as whoever sits at the server and has compared them.
    ///
    /// # Errors
    /// There is no such enrolment, or nothing to compare yet.
    pub async fn confirm_enrolment(&self, id: EnrolmentId) -> Result<EnrolmentStatus, ApiError> {
        let app = Arc::clone(&self.serving.app);
        self.serving
            .writer
            .run(move |connection| enrolment::confirm_anywhere(app.desk(connection), id))
            .await
    }

    /// Stops: takes no more, finishes what is begun, closes the file.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = self.accepting.await;
        self.compacting.abort();
        let _ = self.compacting.await;
        let serving = self.serving;
        let publishing = self.publishing;
        let stopped = tokio::task::spawn_blocking(move || {
            serving.writer.stop();
            publishing.join()
        })
        .await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::error!("the writer did not stop cleanly");
        }
        self.copying.abort();
        let _ = self.copying.await;
    }
}

/// Between two looks for what may be packed.
const COMPACTING: Duration = Duration::from_secs(30 * 60);

/// Packs old changes, one document at a time between the other work.
async fn compact(serving: Arc<Serving>) {
    loop {
        tokio::time::sleep(COMPACTING).await;
        if let Err(error) = compact_once(&serving).await {
            tracing::warn!(code = error.code(), "packing old changes");
        }
        if let Err(error) = anchor_once(&serving).await {
            tracing::warn!(code = error.code(), "anchoring the audit chain");
        }
    }
}

/// Writes a signed line over the end of the audit chain beside the second copy, where one is kept.
async fn anchor_once(serving: &Serving) -> Result<(), ApiError> {
    let Some(folder) = serving.app.copies.folder().map(Path::to_owned) else {
        return Ok(());
    };
    let app = Arc::clone(&serving.app);
    let anchor = serving.readers.run(move |connection| {
        let now_ms = app.clock.now_ms();
        Ok(audit_report::anchor(connection, &app.signing_key, now_ms)?)
    });
    let anchor = anchor.await?;
    tokio::task::spawn_blocking(move || copies::keep_anchor(&folder, &anchor))
        .await
        .map_err(|_| ApiError::Internal)?
        .map_err(|error| {
            tracing::error!(%error, "an anchor could not be written");
            ApiError::Internal
        })
}

async fn compact_once(serving: &Serving) -> Result<(), ApiError> {
    let before_ms = serving.app.clock.now_ms() - compaction::REST_MS;
    let mut last = None;
    loop {
        let found = serving
            .readers
            .run(move |connection| compaction::candidates(connection, before_ms, last))
            .await?;
        let Some(end) = found.last().copied() else {
            return Ok(());
        };
        last = Some(end);
        for candidate in found {
            loop {
                let app = Arc::clone(&serving.app);
                let packed = serving.readers.run(move |connection| {
                    let means = (&app.vault, app.entropy.as_ref(), &app.copies);
                    compaction::pack(connection, means, candidate, before_ms)
                });
                let Some(packed) = packed.await? else {
                    break;
                };
                serving
                    .writer
                    .run(move |connection| compaction::write(connection, &packed))
                    .await?;
            }
        }
    }
}

async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    serving: Arc<Serving>,
    mut stopping: watch::Receiver<bool>,
) {
    let router = routes::router(&serving);
    let headers = serving.patience.headers;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let (stream, source) = tokio::select! {
            _ = stopping.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => (stream, Source(from.ip())),
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let Some(own) = serving.app.herd.connect(source.0) else {
            tracing::debug!("one address has as many connections as one may");
            continue;
        };
        let (tls, router, stopping) = (tls.clone(), router.clone(), stopping.clone());
        connections.spawn(async move {
            talk((stream, source), tls, router, headers, stopping).await;
            drop((place, own));
        });
    }
    drop(listener);
    let goodbye = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GOODBYE, goodbye).await.is_err() {
        connections.shutdown().await;
    }
}

async fn talk(
    (stream, source): (TcpStream, Source),
    tls: TlsAcceptor,
    router: axum::Router,
    headers: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await else {
        return;
    };
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(source);
        router.call(request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection");
                }
                return;
            }
            _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
        }
    }
}
