//! The CA after the present one (ADR 0004). Its key waits in a file away from the server; tablets trust it as soon as they
//! hear of it, so that the server can go over to it, planned or because the present key is in strange hands.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::settings::{self, name};
use crate::tls::{self, TlsError};
use crate::vault::{self, Vault, VaultError};
use ids::{DeviceId, Entropy};
use protocol::enrolment::fingerprint;
use rusqlite::{Connection, OptionalExtension, named_params};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why another CA is not prepared or not used.
#[derive(Debug, thiserror::Error)]
pub enum NextCaError {
    /// The key file.
    #[error(transparent)]
    File(#[from] VaultError),
    /// The certificate cannot be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The file lies where a copy of the server would carry it.
    #[error("{0} lies inside the data folder; keep it on another medium")]
    Inside(PathBuf),
    /// Another one is prepared already.
    #[error("a next CA is prepared already; use it, or say --again to prepare another one")]
    Prepared,
    /// The file is not what `ca next` wrote.
    #[error("{0} is no file of a next CA")]
    NoFile(PathBuf),
    /// Tablets would be cut off.
    #[error(
        "{0} devices do not trust this CA yet; wait for them, or say --cut-off to enrol them anew"
    )]
    Unheard(usize),
    /// The database.
    #[error(transparent)]
    Store(#[from] ApiError),
}

/// How devices stand to the next CA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NextCaStanding {
    /// Fingerprint of the prepared one, in hexadecimal digits.
    pub prepared: Option<String>,
    /// Devices that are not stopped.
    pub devices: usize,
    /// Those of them that do not trust it yet.
    pub unheard: Vec<DeviceId>,
}

/// Fingerprint of the next CA, if one is prepared.
pub(crate) fn announced(connection: &Connection) -> rusqlite::Result<Option<[u8; 32]>> {
    let certificate = settings::read(connection, name::NEXT_CA_CERTIFICATE)?;
    Ok(certificate
        .filter(|certificate| !certificate.is_empty())
        .map(|certificate| fingerprint(&certificate)))
}

/// Keeps which next CA a device trusts.
pub(crate) fn note(
    connection: &Connection,
    device: DeviceId,
    next: Option<[u8; 32]>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/devices/set_next_ca.sql"))?
        .execute(named_params! {":device": device.0.as_bytes(), ":next_ca": next})?;
    Ok(())
}

/// The next CA a device was said to trust.
pub(crate) fn noted(
    connection: &Connection,
    device: DeviceId,
) -> rusqlite::Result<Option<[u8; 32]>> {
    let noted: Option<Vec<u8>> = connection
        .prepare_cached(include_str!("sql/devices/next_ca.sql"))?
        .query_row(named_params! {":device": device.0.as_bytes()}, |row| {
            row.get(0)
        })
        .optional()?
        .flatten();
    Ok(noted.and_then(|noted| noted.try_into().ok()))
}

/// Whether a file lies, or would lie, in the data folder; folders on the way may still have to be made.
fn is_inside(file: &Path, data: &Path) -> bool {
    let Ok(data) = data.canonicalize() else {
        return false;
    };
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let nearest = file
        .ancestors()
        .find_map(|folder| folder.canonicalize().ok());
    nearest.is_some_and(|folder| folder.starts_with(data))
}

/// Makes the next CA: its key and certificate go into a file, its certificate alone is kept here and told to devices.
pub(crate) fn prepare(
    connection: &Connection,
    (data, file): (&Path, &Path),
    again: bool,
    now_ms: i64,
) -> Result<[u8; 32], NextCaError> {
    if is_inside(file, data) {
        return Err(NextCaError::Inside(file.to_owned()));
    }
    if announced(connection).map_err(ApiError::from)?.is_some() && !again {
        return Err(NextCaError::Prepared);
    }
    let made = tls::make_ca()?;
    // The file first: a certificate that is announced without its key could never be used.
    vault::write_secret(file, &made.pem)?;
    settings::write(connection, name::NEXT_CA_CERTIFICATE, &made.certificate)
        .map_err(ApiError::from)?;
    audit::append(
        connection,
        &Deed::of_server(By::Operator, Act::NextCaMade, Object::Server, now_ms),
    )
    .map_err(ApiError::from)?;
    Ok(fingerprint(&made.certificate))
}

/// How devices stand to the next CA.
pub(crate) fn standing(connection: &Connection) -> Result<NextCaStanding, ApiError> {
    let next = announced(connection)?;
    let devices = connection
        .prepare_cached(include_str!("sql/devices/next_cas.sql"))?
        .query_map([], |row| {
            let heard: Option<Vec<u8>> = row.get(1)?;
            Ok((DeviceId(columns::uuid(row, 0)?), heard))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let trusts = |heard: &Option<Vec<u8>>| {
        next.is_some_and(|next| heard.as_deref() == Some(next.as_slice()))
    };
    Ok(NextCaStanding {
        prepared: next.map(hex::encode),
        devices: devices.len(),
        unheard: devices
            .iter()
            .filter(|(_, heard)| !trusts(heard))
            .map(|(device, _)| *device)
            .collect(),
    })
}

/// Goes over to the CA in a file: lines opened after the next start are under it. What was restored from a copy older than
/// the file does not know it, so `cut_off` also says that the file is believed.
pub(crate) fn take_over(
    connection: &Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
    file: &Path,
    cut_off: bool,
    now_ms: i64,
) -> Result<[u8; 32], NextCaError> {
    let no_file = || NextCaError::NoFile(file.to_owned());
    let text = std::fs::read(file)
        .map(Zeroizing::new)
        .map_err(|_| no_file())?;
    let certificate = CertificateDer::from_pem_slice(&text).map_err(|_| no_file())?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| no_file())?;
    let shown = fingerprint(&certificate);
    let standing = standing(connection)?;
    if !cut_off {
        if standing.prepared != Some(hex::encode(shown)) {
            return Err(NextCaError::Unheard(standing.devices));
        }
        if !standing.unheard.is_empty() {
            return Err(NextCaError::Unheard(standing.unheard.len()));
        }
    }
    let secret = key.secret_pkcs8_der();
    tls::keep_ca(connection, vault, entropy, (&certificate, secret))?;
    settings::write(connection, name::NEXT_CA_CERTIFICATE, &[]).map_err(ApiError::from)?;
    audit::append(
        connection,
        &Deed::of_server(By::Operator, Act::NextCaUsed, Object::Server, now_ms),
    )
    .map_err(ApiError::from)?;
    Ok(shown)
}
