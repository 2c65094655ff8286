//! What the server says of this device under its signature, and how it is made anew before it ends; and which CAs its
//! line is believed by.
//!
//! A certificate that is over stops nothing here: she writes on, and at the next contact the server makes a new one or
//! says that the device is stopped.

use crate::error::ClientError;
use crate::tablet::Tablet;
use ed25519_dalek::VerifyingKey;
use protocol::enrolment::fingerprint;
use protocol::session::proof;
use protocol::{DeviceCertificate, Enrolled, wire};
use store::{Connection, Transaction, identity};

/// What the server said when this device enrolled, with the newest certificate in it.
fn enrolled(connection: &Connection) -> Result<Enrolled, ClientError> {
    let me = identity::get(connection)?.ok_or_else(|| ClientError::new("not_enrolled"))?;
    Ok(wire::unpack(&me.certificate)?)
}

/// The newest certificate, packed.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn newest(tablet: &Tablet) -> Result<Vec<u8>, ClientError> {
    Ok(tablet.store.read(enrolled)?.certificate)
}

/// Both of them, packed.
#[derive(Default)]
pub(crate) struct Shown {
    pub certificate: Option<Vec<u8>>,
    pub delegated: Option<Vec<u8>>,
}

/// What a server is shown that does not know this device: the newest certificate, and what the station said of a device
/// that was enrolled without the server.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn shown(tablet: &Tablet) -> Result<Shown, ClientError> {
    let enrolled = tablet.store.read(enrolled)?;
    Ok(Shown {
        certificate: Some(enrolled.certificate).filter(|packed| !packed.is_empty()),
        delegated: enrolled.delegated,
    })
}

/// Until when the newest certificate holds; 0 when it cannot be read, so that a new one is asked for.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn holds_until_ms(tablet: &Tablet) -> Result<i64, ClientError> {
    let packed = newest(tablet)?;
    Ok(read(tablet, &packed).map_or(0, |certificate| certificate.expires_ms))
}

fn read(tablet: &Tablet, packed: &[u8]) -> Option<DeviceCertificate> {
    let key = VerifyingKey::from_bytes(&tablet.enrolled.server_key).ok()?;
    let certificate: DeviceCertificate = proof::read_statement(&key, packed).ok()?;
    let is_ours = certificate.device == tablet.identity.device
        && certificate.key == tablet.key.verifying_key().to_bytes();
    is_ours.then_some(certificate)
}

/// Fingerprints of the CAs whose lines are trusted: the present one and, once the server named it, the next.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn trusted(tablet: &Tablet) -> Result<Vec<[u8; 32]>, ClientError> {
    let enrolled = tablet.store.read(enrolled)?;
    let present = fingerprint(&enrolled.ca_certificate);
    Ok(std::iter::once(present).chain(enrolled.next_ca).collect())
}

/// The next CA's fingerprint, as far as it is known here.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn next_ca(tablet: &Tablet) -> Result<Option<[u8; 32]>, ClientError> {
    Ok(tablet.store.read(enrolled)?.next_ca)
}

/// Trusts the CA that the server will use next, too.
///
/// # Errors
/// The store refuses.
pub(crate) fn keep_next_ca(tx: &Transaction<'_>, next: [u8; 32]) -> Result<(), ClientError> {
    let mut enrolled = enrolled(tx)?;
    if enrolled.next_ca == Some(next) {
        return Ok(());
    }
    enrolled.next_ca = Some(next);
    Ok(identity::set_certificate(tx, &wire::pack(&enrolled)?)?)
}

/// The line showed the next CA: it is the present one from now on, and the old one is trusted no more.
///
/// # Errors
/// The store refuses.
pub(crate) fn settle_ca(tablet: &Tablet, shown: &[u8]) -> Result<(), ClientError> {
    let mut enrolled = tablet.store.read(enrolled)?;
    if enrolled.ca_certificate == shown || enrolled.next_ca != Some(fingerprint(shown)) {
        return Ok(());
    }
    enrolled.ca_certificate = shown.to_vec();
    enrolled.next_ca = None;
    let packed = wire::pack(&enrolled)?;
    tablet
        .store
        .write(|tx| Ok::<_, ClientError>(identity::set_ca(tx, &fingerprint(shown), &packed)?))
}

/// Keeps a newer certificate, if it is the server's and about this device.
///
/// # Errors
/// The store refuses.
pub(crate) fn keep(tablet: &Tablet, tx: &Transaction<'_>, newer: &[u8]) -> Result<(), ClientError> {
    if read(tablet, newer).is_none() {
        tracing::error!("a certificate that is not ours is left alone");
        return Ok(());
    }
    let mut enrolled = enrolled(tx)?;
    enrolled.certificate = newer.to_vec();
    Ok(identity::set_certificate(tx, &wire::pack(&enrolled)?)?)
}
