//! Bytes to the server inside TLS, whatever they are, and what comes back.

use super::recipes::Ending;
use anyhow::{Context, Result};
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longer than the server lets a request take.
const LIMIT: Duration = Duration::from_secs(90);

/// A status that is no answer yet.
const CONTINUE: u16 = 100;

/// What came back.
pub enum Reply {
    /// An answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// Status line and headers.
        head: Vec<u8>,
        /// Body.
        body: Vec<u8>,
    },
    /// The connection ended.
    Nothing,
}

/// What is said of a body after a request's head, a piece at a time.
pub enum Pieces {
    /// Nothing more.
    None,
    /// These, one by one, and then nothing more.
    Bytes(Vec<u8>),
    /// One chunk after the other, without an end.
    Chunks,
}

/// Between two pieces.
const PACE: Duration = Duration::from_millis(200);

/// The way to one server. Every request has a connection of its own.
#[derive(Clone)]
pub struct Line {
    address: SocketAddr,
    tls: TlsConnector,
}

impl Line {
    /// To a server that is known by its CA.
    pub fn to(address: SocketAddr, ca_certificate: &[u8]) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca_certificate.to_vec().into())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Says something and hears the server out.
    pub async fn say(&self, bytes: &[u8], ending: Ending) -> Result<Reply> {
        let mut stream = self.connect().await?;
        // It may hang up in the middle of what it does not want to hear; what it said until then counts.
        let heard = tokio::time::timeout(LIMIT, converse(&mut stream, bytes, ending))
            .await
            .context("the server neither answers nor hangs up")?;
        Ok(read(heard))
    }

    /// Says the head of a request and then pieces of its body at a slow pace, and hears the server out meanwhile.
    pub async fn say_slowly(&self, head: &[u8], pieces: Pieces) -> Result<Reply> {
        let mut stream = self.connect().await?;
        let _ = stream.write_all(head).await;
        let _ = stream.flush().await;
        let (mut hears, mut says) = tokio::io::split(stream);
        let talking = tokio::spawn(async move {
            let mut pace = tokio::time::interval(PACE);
            let mut pieces = pieces;
            let mut said = 0;
            loop {
                pace.tick().await;
                let piece: &[u8] = match &mut pieces {
                    Pieces::Bytes(bytes) if said < bytes.len() => &bytes[said..=said],
                    Pieces::Chunks => b"1\r\nx\r\n",
                    Pieces::None | Pieces::Bytes(_) => std::future::pending().await,
                };
                said += 1;
                if says.write_all(piece).await.is_err() || says.flush().await.is_err() {
                    return;
                }
            }
        });
        let mut heard = Vec::new();
        let ended = tokio::time::timeout(LIMIT, hears.read_to_end(&mut heard)).await;
        talking.abort();
        let _ = ended.context("the server neither answers nor hangs up")?;
        Ok(read(heard))
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(protocol::enrolment::SERVER_NAME)?;
        self.tls
            .connect(name, stream)
            .await
            .context("the server takes no connection any more")
    }
}

async fn converse(stream: &mut TlsStream<TcpStream>, bytes: &[u8], ending: Ending) -> Vec<u8> {
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    match ending {
        Ending::Cut => return Vec::new(),
        Ending::HalfClose => {
            let _ = stream.shutdown().await;
        }
        Ending::Answer => {}
    }
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    heard
}

fn read(mut heard: Vec<u8>) -> Reply {
    let status = heard
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let end = heard.windows(4).position(|window| window == b"\r\n\r\n");
    let (Some(status), Some(end)) = (status, end) else {
        return Reply::Nothing;
    };
    let body = heard.split_off(end + 4);
    if status == CONTINUE {
        // Only that the body may come; the answer is behind it.
        return read(body);
    }
    Reply::Answer {
        status,
        head: heard,
        body,
    }
}
