//! One connection to the encrypted file: key, pragmas with a reason each, and the assertions that it is what we think.

use crate::StoreError;
use crate::disk::{Disk, Opening};
use crate::keys::SecretKey;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::io::ErrorKind;
use std::path::Path;
use zeroize::Zeroizing;

/// The bug that could corrupt a database when a WAL restarts lived until 3.51.3.
const OLDEST_SQLITE: i32 = 3_051_003;
/// Statements kept prepared; saving one visit uses more than the driver's usual sixteen, and would parse all of them anew.
const STATEMENTS: usize = 128;
const PLAIN_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Said before the key is given.
const BEFORE_KEY: &str = include_str!("../sql/connection/before_key.sql");
/// Said by the one connection that writes.
const WRITER: &str = include_str!("../sql/connection/writer.sql");
/// Said by every connection that only reads.
const READER: &str = include_str!("../sql/connection/reader.sql");

/// Opens (or makes) the file for writing. There is one such connection per store.
///
/// # Errors
/// [`StoreError::NotEncrypted`] for a plain file or a library without a cipher,
/// [`StoreError::Corrupt`] when this key does not open the file.
pub fn open_writer(
    disk: &dyn Disk,
    path: &Path,
    key: &SecretKey,
) -> Result<Connection, StoreError> {
    refuse_plain(disk, path)?;
    if !disk.exists(path) {
        // Made by the disk and not by the library: so it is its owner's, and the files beside it become what it is.
        disk.open(path, Opening::Keep)?;
    }
    let connection = open_keyed(disk, path, key, OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.execute_batch(WRITER)?;
    harden(&connection)?;
    Ok(connection)
}

/// Opens the file for reading only.
///
/// # Errors
/// As for [`open_writer`].
pub fn open_reader(
    disk: &dyn Disk,
    path: &Path,
    key: &SecretKey,
) -> Result<Connection, StoreError> {
    let connection = open_keyed(disk, path, key, OpenFlags::empty())?;
    connection.execute_batch(READER)?;
    harden(&connection)?;
    Ok(connection)
}

fn open_keyed(
    disk: &dyn Disk,
    path: &Path,
    key: &SecretKey,
    extra: OpenFlags,
) -> Result<Connection, StoreError> {
    require_sqlite(rusqlite::version_number())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        // Each connection is used by one thread at a time; the mutexes are ours.
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE
        | extra;
    let connection = match disk.vfs() {
        Some(name) => Connection::open_with_flags_and_vfs(path, flags, name)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Or a statement whose plan may depend on a bound value, a LIMIT for one, is parsed anew at every use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(BEFORE_KEY)?;
    // A raw key: the user key is random, so stretching it would only make opening slow.
    let digits = Zeroizing::new(hex::encode(key.bytes()));
    let pragma = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", digits.as_str()));
    connection.execute_batch(&pragma)?;
    let version: Option<String> = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .ok();
    require_cipher(version.as_deref())?;
    // The first read proves the key; a wrong one says "not a database".
    connection.query_row(include_str!("../sql/connection/first_read.sql"), [], |_| {
        Ok(())
    })?;
    Ok(connection)
}

/// Limits that no honest statement of ours meets.
fn harden(connection: &Connection) -> Result<(), StoreError> {
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 64 << 20)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    Ok(())
}

/// Some builds accept a key and write plain text; without a cipher nothing is opened.
pub(crate) fn require_cipher(version: Option<&str>) -> Result<(), StoreError> {
    match version {
        Some(text) if !text.trim().is_empty() => Ok(()),
        _ => Err(StoreError::NotEncrypted),
    }
}

fn require_sqlite(version: i32) -> Result<(), StoreError> {
    if version < OLDEST_SQLITE {
        return Err(StoreError::SqliteTooOld);
    }
    Ok(())
}

/// Open encrypted or not at all: a file with SQLite's own header is refused.
pub(crate) fn refuse_plain(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    let mut header = [0; 16];
    match disk
        .open(path, Opening::Read)
        .and_then(|mut file| file.read_at(0, &mut header))
    {
        Ok(_) if &header == PLAIN_HEADER => Err(StoreError::NotEncrypted),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_cipher_refuses() {
        assert!(matches!(
            require_cipher(None),
            Err(StoreError::NotEncrypted)
        ));
        assert!(matches!(
            require_cipher(Some("")),
            Err(StoreError::NotEncrypted)
        ));
        assert!(matches!(
            require_cipher(Some("  ")),
            Err(StoreError::NotEncrypted)
        ));
        assert!(require_cipher(Some("4.20.0 community")).is_ok());
    }

    #[test]
    fn an_old_sqlite_refuses() {
        assert!(matches!(
            require_sqlite(3_051_002),
            Err(StoreError::SqliteTooOld)
        ));
        assert!(require_sqlite(3_051_003).is_ok());
        assert!(require_sqlite(rusqlite::version_number()).is_ok());
    }
}
