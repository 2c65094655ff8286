//! The keys of the station this device believes, and the secret halves it was given (docs/adr/0027). A key that is kept is
//! never replaced by another.

use crate::keys::SecretKey;
use crate::{StoreError, Transaction};
use ids::UnitId;
use rusqlite::{Connection, named_params};
use zeroize::Zeroizing;

/// One of a station's keys.
pub struct UnitKeyRow {
    /// Which, from 1.
    pub epoch: u32,
    /// X25519.
    pub public: [u8; 32],
    /// The packed statement.
    pub statement: Vec<u8>,
    /// The packed certificate of whoever made it.
    pub certificate: Vec<u8>,
    /// The secret half, where this device has it.
    pub secret: Option<SecretKey>,
}

/// The keys of a station, oldest first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection, scope: UnitId) -> Result<Vec<UnitKeyRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/unit_keys/all.sql"))?;
    let rows = statement.query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
        let secret = row
            .get::<_, Option<[u8; 32]>>("secret")?
            .map(Zeroizing::new);
        Ok(UnitKeyRow {
            epoch: row.get("epoch")?,
            public: row.get("public")?,
            statement: row.get("statement")?,
            certificate: row.get("certificate")?,
            secret: secret.map(|secret| SecretKey::from_bytes(*secret)),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps a key, unless one of that number is kept.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, scope: UnitId, key: &UnitKeyRow) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/unit_keys/put.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":epoch": key.epoch,
            ":public": key.public,
            ":statement": key.statement,
            ":certificate": key.certificate,
        })?;
    Ok(())
}

/// Keeps a secret half that was given to this device.
///
/// # Errors
/// The database refuses.
pub fn set_secret(
    tx: &Transaction<'_>,
    scope: UnitId,
    epoch: u32,
    secret: &[u8; 32],
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/unit_keys/set_secret.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":epoch": epoch,
            ":secret": secret,
        })?;
    Ok(())
}
