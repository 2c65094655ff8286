//! The line to the sync server: HTTPS pinned to the server's own CA, one method per message.

use crate::error::ClientError;
use crate::exchange::Request;
use protocol::enrolment::fingerprint;
use protocol::wire::{self, MEDIA_TYPE};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest wait for an answer. Words are small; a slow line still gets a part through in this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was quiet for so long is not used again; the server closes it after ten seconds.
const IDLE: Duration = Duration::from_secs(7);

/// Seconds until a busy server wants to hear of us again.
const WAIT: &str = "wait_s";

/// How the server is recognised.
pub enum Pin {
    /// SHA-256 of each CA that is trusted: the one from the QR, or the present and the next one.
    Fingerprints(Vec<[u8; 32]>),
    /// Nothing yet: a typed code. What the line shows is kept, and two people compare six digits of it.
    FirstSight,
}

/// A line to one server.
pub struct Server {
    address: String,
    http: reqwest::Client,
    seen: Arc<Mutex<Option<CertificateDer<'static>>>>,
}

impl Server {
    /// Prepares a line; nothing is sent yet.
    ///
    /// # Errors
    /// `enrol_address` when the address cannot be one, `internal` when TLS cannot be set up.
    pub fn new(address: &str, pin: Pin) -> Result<Self, ClientError> {
        let address = address.trim().to_owned();
        if !protocol::enrolment::is_address(&address) {
            return Err(ClientError::new("enrol_address"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let seen = Arc::new(Mutex::new(None));
        let verifier = Arc::new(PinnedVerifier {
            pin,
            provider: provider.clone(),
            seen: seen.clone(),
        });
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| ClientError::new("internal").because(error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .https_only(true)
            .timeout(ANSWER_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ClientError::new("internal").because(error))?;
        Ok(Self {
            address,
            http,
            seen,
        })
    }

    /// host:port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The CA certificate the line showed, after the first answer.
    pub fn ca_certificate(&self) -> Option<Vec<u8>> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(|certificate| certificate.to_vec())
    }

    /// Sends a message without a session and reads the answer.
    ///
    /// # Errors
    /// As [`Self::send`], and `server_nonsense` or `too_new` when the answer is no answer to this.
    pub async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &'static str,
        message: &Q,
    ) -> Result<A, ClientError> {
        let request = Request {
            path,
            token: None,
            body: wire::encode(message, wire::REQUEST)?,
        };
        read_answer(&self.send(&request).await?)
    }

    /// Sends a request and gives the answer's body.
    ///
    /// # Errors
    /// `no_network` when the server cannot be reached, `server_nonsense` when what answers is not our server,
    /// `server_refused` with the server's code otherwise.
    pub async fn send(&self, asked: &Request) -> Result<Vec<u8>, ClientError> {
        let mut request = self
            .http
            .post(format!("https://{}{}", self.address, asked.path))
            .header("content-type", MEDIA_TYPE)
            .header("accept", MEDIA_TYPE)
            .body(asked.body.clone());
        if let Some(token) = &asked.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let wait_s = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<u32>().ok());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > wire::RESPONSE.compressed {
                return Err(ClientError::new("server_nonsense"));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(bytes);
        }
        match serde_json::from_slice(&bytes) {
            Ok(message) => Err(match wait_s {
                Some(seconds) => refusal(message).with(WAIT, seconds),
                None => refusal(message),
            }),
            Err(_) => Err(ClientError::new("server_nonsense")),
        }
    }
}

/// Reads the body of an answer.
///
/// # Errors
/// `too_new`, `server_nonsense`.
pub(crate) fn read_answer<A: DeserializeOwned>(body: &[u8]) -> Result<A, ClientError> {
    wire::decode(body, wire::RESPONSE).map_err(|error| {
        let code = match error {
            protocol::ProtocolError::TooNew { .. } => "too_new",
            _ => "server_nonsense",
        };
        ClientError::new(code).because(error)
    })
}

/// A refusal in the server's own words.
pub fn refusal(message: protocol::ErrorMessage) -> ClientError {
    ClientError::new("server_refused")
        .with("code", message.code)
        .with("message", message.message)
        .with("next", message.next)
}

/// How long the server asked to be left alone, when it refused.
pub fn asked_to_wait_s(error: &ClientError) -> Option<u32> {
    error.to_ui().params.get(WAIT)?.parse().ok()
}

/// The code inside a `server_refused`, if that is what it is.
pub fn refused_code(error: &ClientError) -> Option<String> {
    (error.code() == "server_refused")
        .then(|| error.to_ui().params.get("code").cloned())
        .flatten()
}

fn unreachable(error: reqwest::Error) -> ClientError {
    let code = answered(&error).unwrap_or("no_network");
    ClientError::new(code).because(error)
}

/// Looks for the cause that says that something answered after all. An IO error hides what it wraps from `source`.
fn answered(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(not_our_server(tls));
    }
    if error
        .downcast_ref::<hyper::Error>()
        .is_some_and(hyper::Error::is_parse)
    {
        return Some("server_nonsense");
    }
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    wrapped
        .and_then(|wrapped| answered(wrapped))
        .or_else(|| answered(error.source()?))
}

/// Something answered, so the network is there: another server, or something that is none.
fn not_our_server(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::General(_) => "enrol_wrong_server",
        _ => "server_nonsense",
    }
}

struct PinnedVerifier {
    pin: Pin,
    provider: Arc<CryptoProvider>,
    seen: Arc<Mutex<Option<CertificateDer<'static>>>>,
}

impl std::fmt::Debug for PinnedVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinnedVerifier")
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        // The CA is private to one server, so a name adds nothing; addresses change when an office moves.
        let ca = match &self.pin {
            Pin::Fingerprints(expected) => intermediates
                .iter()
                .find(|certificate| expected.contains(&fingerprint(certificate)))
                .ok_or(CertificateError::UnknownIssuer)?
                .clone()
                .into_owned(),
            Pin::FirstSight => intermediates
                .last()
                .ok_or(CertificateError::UnknownIssuer)?
                .clone()
                .into_owned(),
        };
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone())?;
        let leaf = ParsedCertificate::try_from(end_entity)?;
        let signed_at = |now| {
            verify_server_cert_signed_by_trust_anchor(
                &leaf,
                &roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )
        };
        // A tablet whose clock ran out of battery says 1970, and one that somebody set says anything: its time is taken to
        // the nearest end of the certificate's own. That is safe because no date says here whom to trust. The CA does, by
        // its fingerprint – or by the six digits two people compare –, it signs for one server alone, and a certificate
        // of it that must not hold any more ends with the CA and its pin (ADR 0004), not with a day.
        match signed_at(now) {
            Err(rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
                not_before,
                ..
            })) => signed_at(not_before)?,
            Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                not_after,
                ..
            })) => signed_at(not_after)?,
            other => other?,
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref().is_some_and(|first| *first != ca) {
            return Err(CertificateError::UnknownIssuer.into());
        }
        *seen = Some(ca);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    /// A certificate and the CA that signed it, good for the years a server's are.
    fn chain() -> (CertificateDer<'static>, CertificateDer<'static>) {
        let for_years = |mut params: CertificateParams| {
            params.not_before = date_time_ymd(2026, 1, 1);
            params.not_after = date_time_ymd(2056, 1, 1);
            params
        };
        let mut ca = for_years(CertificateParams::default());
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let ca_key = KeyPair::generate().unwrap();
        let shown = ca.self_signed(&ca_key).unwrap().der().clone();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let leaf = for_years(CertificateParams::new(vec!["localhost".to_owned()]).unwrap());
        let leaf = leaf.signed_by(&key, &issuer).unwrap().der().clone();
        (leaf, shown)
    }

    fn verify(
        pin: Pin,
        (leaf, ca): (&CertificateDer<'static>, &CertificateDer<'static>),
        second: u64,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verifier = PinnedVerifier {
            pin,
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            seen: Arc::default(),
        };
        let name = ServerName::try_from("localhost").unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(second));
        verifier.verify_server_cert(leaf, std::slice::from_ref(ca), &name, &[], now)
    }

    #[test]
    fn a_clock_that_says_1970_or_2090_makes_no_stranger_of_the_server_and_no_server_of_a_stranger()
    {
        let (leaf, ca) = chain();
        let (foreign_leaf, foreign_ca) = chain();
        let pinned = || Pin::Fingerprints(vec![fingerprint(&ca)]);
        for second in [0, 1_800_000_000, 3_800_000_000] {
            verify(pinned(), (&leaf, &ca), second).unwrap();
            verify(Pin::FirstSight, (&leaf, &ca), second).unwrap();
            for strangers in [
                (&foreign_leaf, &foreign_ca),
                // The CA is public; only its key signs.
                (&foreign_leaf, &ca),
            ] {
                verify(pinned(), strangers, second).unwrap_err();
            }
        }
    }
}
