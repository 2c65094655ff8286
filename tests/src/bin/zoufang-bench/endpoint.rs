//! The bare other end the figures are held against: axum over TLS, one SQLite file, one FULL commit a request.

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use rusqlite::Connection;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zoufang_tests::relay::Relay;

/// A running endpoint behind a relay that counts, as the real server stands behind one. It ends when dropped.
pub struct Endpoint {
    /// What it is reached through.
    pub relay: Relay,
    /// Where it listens itself.
    pub address: SocketAddr,
    pub certificate: Vec<u8>,
    tls: ClientConfig,
    serving: Option<AbortHandle>,
}

impl Endpoint {
    pub async fn start(router: Router) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let certificate: CertificateDer<'static> = made.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = TlsListener {
            listener,
            acceptor: TlsAcceptor::from(Arc::new(server)),
        };
        let router = router.layer(DefaultBodyLimit::disable());
        let serving =
            tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        let mut endpoint = Self::over(address, certificate.to_vec()).await?;
        endpoint.serving = Some(serving);
        Ok(endpoint)
    }

    /// The way to one that runs elsewhere.
    pub async fn over(address: SocketAddr, certificate: Vec<u8>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone().into())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            relay: Relay::start(address).await?,
            address,
            certificate,
            tls,
            serving: None,
        })
    }

    /// A client without a connection yet, so that the first request pays for TCP and TLS as the app's does.
    pub fn client(&self) -> Result<reqwest::Client> {
        Ok(reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .no_proxy()
            .https_only(true)
            .build()?)
    }

    pub async fn post(
        &self,
        client: &reqwest::Client,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>> {
        let response = client
            .post(format!("https://{}{path}", self.relay.address))
            .body(body)
            .send()
            .await?;
        if !response.status().is_success() {
            bail!("the endpoint answered {}", response.status());
        }
        Ok(response.bytes().await?.into())
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // A connection that broke before it was taken; the next one may be fine.
            let Ok((stream, address)) = self.listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            // Small messages must not wait for an acknowledgement; a failure here only costs time.
            let _ = stream.set_nodelay(true);
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A SQLite file as the server opens its own: WAL, FULL. Every body is one row and one commit.
#[derive(Clone)]
pub struct Ledger(Arc<Mutex<Connection>>);

impl Ledger {
    pub fn create(file: &Path) -> Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        create_table(&connection)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    pub fn commit(&self, body: &[u8]) -> Result<()> {
        commit(&self.0.lock().unwrap_or_else(PoisonError::into_inner), body)
    }
}

pub fn create_table(connection: &Connection) -> Result<()> {
    Ok(connection
        .execute_batch("CREATE TABLE posted (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")?)
}

/// One row, one commit; a statement outside a transaction is one by itself.
pub fn commit(connection: &Connection, body: &[u8]) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO posted (body) VALUES (?1)")?
        .execute([body])?;
    Ok(())
}

/// Takes a body, commits it, and answers with bytes laid out beforehand.
#[derive(Clone)]
pub struct PostAndCommit {
    ledger: Ledger,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl PostAndCommit {
    pub fn new(file: &Path) -> Result<Self> {
        Ok(Self {
            ledger: Ledger::create(file)?,
            answer: Arc::default(),
        })
    }

    pub fn answer_with(&self, bytes: Vec<u8>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }

    pub fn router(&self) -> Router {
        Router::new()
            .route("/", post(take))
            .with_state(self.clone())
    }
}

async fn take(State(state): State<PostAndCommit>, body: Bytes) -> Result<Vec<u8>, StatusCode> {
    tokio::task::spawn_blocking(move || {
        state.ledger.commit(&body).context("the commit")?;
        Ok::<_, anyhow::Error>(
            state
                .answer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    })
    .await
    .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?
    .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
