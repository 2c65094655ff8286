//! The private CA made at `init`, and the leaf made from it at each start. Tablets pin the CA, so a leaf may change at any time.

use crate::error::ApiError;
use crate::settings::{self, name};
use crate::vault::Vault;
use ids::Entropy;
use protocol::enrolment::SERVER_NAME;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData,
};
use rusqlite::Connection;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::IpAddr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What can go wrong with certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate cannot be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The CA is not in the database, or sealed with another key.
    #[error("the CA is not in the database, or sealed with another key")]
    NoCa,
    /// The database says no.
    #[error("the CA cannot be stored")]
    Store(#[from] ApiError),
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Zoufang private CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2056, 1, 1);
    params
}

/// A CA that is kept nowhere yet.
pub(crate) struct MadeCa {
    /// Certificate.
    pub certificate: Vec<u8>,
    /// Certificate and key as text for a file.
    pub pem: Zeroizing<String>,
    key: KeyPair,
}

/// Makes a CA.
pub(crate) fn make_ca() -> Result<MadeCa, TlsError> {
    let key = KeyPair::generate()?;
    let certificate = ca_params().self_signed(&key)?;
    let text = Zeroizing::new(key.serialize_pem());
    let pem = Zeroizing::new(format!("{}{}", certificate.pem(), text.as_str()));
    Ok(MadeCa {
        certificate: certificate.der().to_vec(),
        pem,
        key,
    })
}

/// Keeps a CA as the present one, its key sealed.
pub(crate) fn keep_ca(
    connection: &Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
    (certificate, key): (&[u8], &[u8]),
) -> Result<(), TlsError> {
    settings::write(connection, name::CA_CERTIFICATE, certificate).map_err(ApiError::from)?;
    settings::write_secret(connection, vault, name::CA_KEY, key, entropy)?;
    Ok(())
}

/// Makes the first CA and keeps it. Returns the certificate.
pub(crate) fn create_ca(
    connection: &Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, TlsError> {
    let made = make_ca()?;
    let key = made.key.serialized_der();
    keep_ca(connection, vault, entropy, (&made.certificate, key))?;
    Ok(made.certificate)
}

/// The CA's certificate.
pub(crate) fn ca_certificate(connection: &Connection) -> Result<Vec<u8>, TlsError> {
    settings::read(connection, name::CA_CERTIFICATE)
        .map_err(ApiError::from)?
        .ok_or(TlsError::NoCa)
}

/// Whether a CA's key is the one its certificate is of.
pub(crate) fn belong_together(certificate: &[u8], key: &[u8]) -> bool {
    KeyPair::try_from(key).is_ok_and(|key| {
        let public = key.subject_public_key_info();
        certificate
            .windows(public.len())
            .any(|part| part == public.as_slice())
    })
}

/// TLS with a fresh leaf. The chain carries the CA too, so that a device without it can take its fingerprint.
pub(crate) fn server_config(
    connection: &Connection,
    vault: &Vault,
    address: IpAddr,
) -> Result<Arc<ServerConfig>, TlsError> {
    let ca = ca_certificate(connection)?;
    let ca_key =
        settings::read_secret(connection, vault, name::CA_KEY).map_err(|_| TlsError::NoCa)?;
    let ca_key = KeyPair::try_from(ca_key.as_slice())?;
    let issuer = Issuer::new(ca_params(), ca_key);
    let key = KeyPair::generate()?;
    let mut names = vec![
        SERVER_NAME.to_owned(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    if !address.is_unspecified() && !address.is_loopback() {
        names.push(address.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Zoufang server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2056, 1, 1);
    let leaf = params.signed_by(&key, &issuer)?;
    let chain = vec![leaf.der().clone(), CertificateDer::from(ca)];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
