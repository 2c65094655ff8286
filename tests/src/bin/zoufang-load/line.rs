//! As little HTTP as a tablet needs, so that playing thousands of them costs little beside the server.

use anyhow::{Context, Result, bail};
use protocol::dictionary::With;
use protocol::wire;
use rustls::pki_types::ServerName;
use serde::{Serialize, de::DeserializeOwned};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// One connection.
pub struct Line {
    stream: TlsStream<TcpStream>,
    token: Option<String>,
}

/// An answer that is not the message asked for.
#[derive(Debug, thiserror::Error)]
#[error("the server answered {status}")]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
}

/// TLS 1.3 that trusts the server's CA only. Nothing is resumed: every session pays for its handshake.
pub fn tls(ca_certificate: Vec<u8>) -> Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca_certificate.into())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Line {
    pub async fn open(address: SocketAddr, tls: &TlsConnector) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(protocol::enrolment::SERVER_NAME)?;
        Ok(Self {
            stream: tls.connect(name, stream).await?,
            token: None,
        })
    }

    /// Everything sent from now on is said in this session.
    pub fn authorise(&mut self, token: String) {
        self.token = Some(token);
    }

    pub async fn send<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        path: &str,
        message: &Q,
    ) -> Result<A> {
        let body = wire::encode_with(message, wire::REQUEST, With::Newest)?;
        let bearer = match &self.token {
            Some(token) => format!("authorization: Bearer {token}\r\n"),
            None => String::new(),
        };
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: load\r\ncontent-type: {}\r\n{bearer}content-length: {}\r\n\r\n",
            wire::MEDIA_TYPE,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        self.stream.write_all(&request).await?;
        self.stream.flush().await?;
        let (status, body) = self.answer().await?;
        if status != 200 {
            bail!(Refused { status });
        }
        Ok(wire::decode_response(&body)?)
    }

    async fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let mut bytes = Vec::with_capacity(4 * 1024);
        loop {
            if self.stream.read_buf(&mut bytes).await? == 0 {
                bail!("the line ended");
            }
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&bytes[..end])?;
            let status = head.get(9..12).context("a status")?.parse()?;
            let length: usize = head
                .lines()
                .find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse().ok())?
                })
                .context("a length")?;
            let mut body = bytes.split_off(end + 4);
            while body.len() < length {
                if self.stream.read_buf(&mut body).await? == 0 {
                    bail!("the line ended");
                }
            }
            return Ok((status, body));
        }
    }
}
