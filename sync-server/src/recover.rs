//! Opening a tablet that no PIN opens any more: two officers of the district, with a part of its recovery key each.
//!
//! What they give back only that tablet can read. Who they were and why is kept sealed, as the words of an order are;
//! the audit trail has the act and its number.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::settings::{self, name};
use crate::shares::{self, Share, ShareError};
use crate::vault::{Vault, VaultError, of_row};
use ids::{DeviceId, Entropy};
use rescue::{Request, RescueError};
use rusqlite::{Connection, named_params};
use uuid::Uuid;

/// What their words are sealed as, with the number in the trail.
pub(crate) const SEALED_AS: &str = "recovery";

pub(crate) fn sealed_as(id: Uuid) -> String {
    of_row(SEALED_AS, id.as_bytes())
}

/// What two officers bring.
pub struct RecoverInput<'a> {
    /// The text the tablet shows.
    pub request: &'a str,
    /// The six digits the tablet shows, read out by whoever holds it.
    pub compare_code: &'a str,
    /// Their parts of the key.
    pub shares: [&'a Share; 2],
    /// Their names.
    pub officers: [&'a str; 2],
    /// Why.
    pub reason: &'a str,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The text for the tablet.
    pub answer: String,
    /// Which device it was, if it could tell.
    pub device: Option<DeviceId>,
    /// Its number in the audit trail.
    pub id: Uuid,
}

/// Why a tablet is not opened.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The text of the tablet.
    #[error(transparent)]
    Request(#[from] RescueError),
    /// The parts of the key.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// Other digits on the tablet: the text is not the one it shows.
    #[error("the tablet shows other digits; nothing was opened")]
    Compare,
    /// One person alone, or one without a name.
    #[error("two officers are needed, each with a name")]
    Officers,
    /// No reason.
    #[error("say why")]
    Reason,
    /// The server key.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl From<rusqlite::Error> for RecoverError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Api(error.into())
    }
}

/// What a request asks, before anybody decides: the digits to compare, and the device if it could tell.
///
/// # Errors
/// The text is none.
pub fn look_at(request: &str) -> Result<(String, Option<DeviceId>), RescueError> {
    let request = Request::parse(request)?;
    Ok((request.compare_code(), request.device))
}

/// Decides and writes down, in the caller's transaction.
pub(crate) fn recover(
    connection: &Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
    at_ms: i64,
    input: &RecoverInput<'_>,
) -> Result<Recovered, RecoverError> {
    let [first, second] = input.officers.map(str::trim);
    if first.is_empty() || second.is_empty() || first == second {
        return Err(RecoverError::Officers);
    }
    if input.reason.trim().is_empty() {
        return Err(RecoverError::Reason);
    }
    let request = Request::parse(input.request)?;
    let digits: String = input
        .compare_code
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if digits != request.compare_code() {
        return Err(RecoverError::Compare);
    }
    let own = settings::read(connection, name::RECOVERY_KEY)?.unwrap_or_default();
    if own != request.district {
        return Err(RescueError::OtherDistrict.into());
    }
    let [one, other] = input.shares;
    let secret = shares::join(one, other)?;
    let answer = request.answer(&secret, entropy)?;
    let mut id = [0; 16];
    entropy.fill(&mut id);
    let id = uuid::Builder::from_random_bytes(id).into_uuid();
    let words = format!("{first}\n{second}\n{}", input.reason.trim());
    connection.execute(
        include_str!("sql/opened_tablets/put.sql"),
        named_params! {
            ":id": id.as_bytes(),
            ":at_ms": at_ms,
            ":device": request.device.map(|device| device.0.into_bytes()),
            ":words": vault.seal_secret(&sealed_as(id), words.as_bytes(), entropy)?,
        },
    )?;
    let deed = Deed::of_server(By::Operator, Act::TabletRecovered, Object::Id(id), at_ms);
    audit::append(connection, &deed)?;
    Ok(Recovered {
        answer: answer.text(),
        device: request.device,
        id,
    })
}

/// Whether these are two names and a reason.
pub(crate) fn can_be_read(plain: &[u8]) -> bool {
    std::str::from_utf8(plain).is_ok_and(|words| words.splitn(3, '\n').count() == 3)
}

/// A tablet that was opened, and the words that were kept sealed.
pub struct RecoveryRecord {
    /// Its number in the audit trail.
    pub id: Uuid,
    /// When.
    pub at_ms: i64,
    /// Which device, if it could tell.
    pub device: Option<DeviceId>,
    /// The officers' names, then the reason, a line each.
    pub words: String,
}

/// Every tablet that was opened, oldest first.
pub(crate) fn all(
    connection: &Connection,
    vault: &Vault,
) -> Result<Vec<RecoveryRecord>, RecoverError> {
    let mut statement = connection.prepare(include_str!("sql/opened_tablets/all.sql"))?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let id = columns::uuid(row, 0)?;
        let words = vault.open_secret(&sealed_as(id), &row.get::<_, Vec<u8>>(3)?)?;
        records.push(RecoveryRecord {
            id,
            at_ms: row.get(1)?,
            device: columns::optional_uuid(row, 2)?.map(DeviceId),
            words: String::from_utf8_lossy(&words).into_owned(),
        });
    }
    Ok(records)
}
