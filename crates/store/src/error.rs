//! What can go wrong in the store. The driver's text stays inside as a source: it may quote a row.

use std::io;

const WRONG_KEY: &str = "not a database under this key";
const DAMAGED_PAGES: &str = "damaged pages";

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The PIN was not the right one.
    #[error("wrong PIN, {left} tries left")]
    WrongPin {
        /// Tries left before only the district's recovery key helps.
        left: u32,
    },
    /// Too many wrong PINs: wait first. The PIN was not looked at.
    #[error("wait {seconds} seconds before the next PIN")]
    PinWait {
        /// Seconds to wait.
        seconds: u64,
    },
    /// Ten wrong PINs, or the hardware key is gone: only the district's recovery key opens the store.
    #[error("the PIN no longer opens this store, recovery is needed")]
    RecoveryNeeded,
    /// Not exactly six digits.
    #[error("a PIN is six digits")]
    PinFormat,
    /// One of the PINs everybody tries first.
    #[error("the PIN is too common")]
    PinCommon,
    /// Another process has this folder open.
    #[error("the folder is in use by another process")]
    FolderInUse,
    /// There is no store in this folder.
    #[error("there is no store in this folder")]
    Missing,
    /// There already is a store in this folder.
    #[error("there already is a store in this folder")]
    Exists,
    /// The file is a plain database, or the library cannot encrypt.
    #[error("the store is not encrypted")]
    NotEncrypted,
    /// The SQLite inside is older than the one we rely on.
    #[error("the SQLite library is older than needed")]
    SqliteTooOld,
    /// The key does not open the file, the file is damaged, or a stored value cannot be read.
    #[error("the store is damaged: {what}")]
    Corrupt {
        /// What was unreadable, without content.
        what: &'static str,
    },
    /// A newer app wrote this store and an older one would misread it.
    #[error("the store was written by a newer app")]
    TooNew,
    /// The disk is full, even after the reserve was released.
    #[error("the disk is full")]
    DiskFull,
    /// Something that could not be opened is kept here, and only the present user key may open it one day.
    #[error("what could not be opened is kept under this key")]
    KeptAside,
    /// A key could not be derived or a seal not made or opened.
    #[error("sealing or unsealing failed")]
    Crypto,
    /// A text for or from the district does not fit, or a key it gave does not.
    #[error("the district's answer was not taken")]
    Rescue(#[from] rescue::RescueError),
    /// A document's bytes would not load or a change would not apply.
    #[error("the document could not be read or changed")]
    Document(#[source] automerge::AutomergeError),
    /// A file could not be read or written.
    #[error("reading or writing a file failed")]
    Io(#[source] io::Error),
    /// SQLite refused.
    #[error("the database refused")]
    Sqlite(#[source] rusqlite::Error),
    /// A stored JSON value could not be read or written.
    #[error("a stored value could not be read")]
    Json(#[source] serde_json::Error),
    /// The row asked for is not there.
    #[error("not found")]
    NotFound,
}

impl StoreError {
    /// Something stored or received cannot be read, and nothing else is wrong: what it concerns can be left aside.
    #[must_use]
    pub fn is_damage_of_content(&self) -> bool {
        matches!(self, Self::Document(_) | Self::Json(_))
            || matches!(self, Self::Corrupt { what } if !matches!(*what, DAMAGED_PAGES | WRONG_KEY))
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::DiskFull
        } else {
            Self::Io(error)
        }
    }
}

/// The disk, the quota or the allowed file size is used up.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        // The shared-memory file of the WAL cannot grow: the same full disk by another name.
        if error.sqlite_error().map(|it| it.extended_code) == Some(ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::NotADatabase) => Self::Corrupt { what: WRONG_KEY },
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt {
                what: DAMAGED_PAGES,
            },
            _ if matches!(error, rusqlite::Error::QueryReturnedNoRows) => Self::NotFound,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl From<automerge::AutomergeError> for StoreError {
    fn from(error: automerge::AutomergeError) -> Self {
        Self::Document(error)
    }
}
