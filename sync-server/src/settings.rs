//! The server's own facts: keys, epoch, addresses.

use crate::error::ApiError;
use crate::vault::Vault;
use ids::Entropy;
use rusqlite::{Connection, OptionalExtension, named_params};

/// Names of settings.
pub(crate) mod name {
    pub const EPOCH: &str = "epoch";
    pub const JUDGED_BY: &str = "judged_by";
    pub const DEMO: &str = "demo";
    pub const CHILD_RULES: &str = "child_rules";
    pub const ADDRESS: &str = "address";
    pub const RECOVERY_KEY: &str = "recovery_key";
    pub const CA_CERTIFICATE: &str = "ca_certificate";
    pub const CA_KEY: &str = "ca_key";
    pub const NEXT_CA_CERTIFICATE: &str = "next_ca_certificate";
    pub const SIGNING_KEY: &str = "signing_key";
    /// There once what lies sealed in rows is bound to them.
    pub const BOUND_TO_ROWS: &str = "bound_to_rows";
    /// There while the write-ahead log may still have pages of before something was erased.
    pub const ERASED_IN_LOG: &str = "erased_in_log";
}

pub(crate) fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(include_str!("sql/settings/read.sql"))?
        .query_row(named_params! {":name": name}, |row| row.get(0))
        .optional()
}

pub(crate) fn write(connection: &Connection, name: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/settings/write.sql"))?
        .execute(named_params! {":name": name, ":value": value})?;
    Ok(())
}

pub(crate) fn forget(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/settings/forget.sql"))?
        .execute(named_params! {":name": name})?;
    Ok(())
}

pub(crate) fn read_text(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    Ok(read(connection, name)?.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

pub(crate) fn write_secret(
    connection: &Connection,
    vault: &Vault,
    name: &str,
    secret: &[u8],
    entropy: &dyn Entropy,
) -> Result<(), ApiError> {
    let sealed = vault.seal_secret(name, secret, entropy)?;
    Ok(write(connection, name, &sealed)?)
}

pub(crate) fn read_secret(
    connection: &Connection,
    vault: &Vault,
    name: &str,
) -> Result<Vec<u8>, ApiError> {
    let sealed = read(connection, name)?.ok_or(ApiError::Internal)?;
    Ok(vault.open_secret(name, &sealed)?)
}

/// The server's epoch: another one whenever it was set back to a copy (`epochs`).
pub(crate) fn epoch(connection: &Connection) -> Result<u64, ApiError> {
    read_text(connection, name::EPOCH)?
        .and_then(|text| text.parse().ok())
        .ok_or(ApiError::Internal)
}
