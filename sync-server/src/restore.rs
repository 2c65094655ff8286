//! Putting a copy in the place of the database, and beginning a new epoch, because the copy is older than what devices saw.

use crate::copies::CopyError;
use crate::database;
use crate::epochs::{self, Cause};
use crate::error::ApiError;
use ids::{Clock, Entropy};
use rusqlite::Connection;
use rusqlite::backup::Backup;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a copy was not put in place.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The copy or the folder cannot be used.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The copy is not a server's database, or a newer server's.
    #[error("the copy cannot be used")]
    Database(#[from] database::DatabaseError),
    /// The epoch cannot be begun; nothing was put in place.
    #[error("a new epoch cannot be begun")]
    Epoch(#[from] ApiError),
    /// Another process has the database open.
    #[error("the server in {0} is running; stop it first")]
    Running(PathBuf),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreReport {
    /// The new epoch.
    pub epoch: u64,
    /// Where the database that was there before lies now, if there was one.
    pub moved_aside: Option<PathBuf>,
}

/// Puts a copy in place with a new epoch. What was there is moved aside and kept.
///
/// # Errors
/// See [`RestoreError`]; the database that was there stays in place then.
pub fn restore(
    copy: &Path,
    data: &Path,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<RestoreReport, RestoreError> {
    std::fs::create_dir_all(data).map_err(CopyError::from)?;
    let target = database::file_of(data);
    let part = data.join("restored.part");
    if part.exists() {
        std::fs::remove_file(&part).map_err(CopyError::from)?;
    }
    let source = database::open_reader(copy)?;
    let mut restored = Connection::open(&part).map_err(CopyError::from)?;
    Backup::new(&source, &mut restored)
        .and_then(|backup| backup.run_to_completion(1_000, Duration::ZERO, None))
        .map_err(CopyError::from)?;
    drop(restored);
    let connection = database::open_file(&part)?;
    let tx = connection
        .unchecked_transaction()
        .map_err(CopyError::from)?;
    let epoch = epochs::begin(&tx, entropy, clock.now_ms(), Cause::Restored)?;
    tx.commit().map_err(CopyError::from)?;
    connection
        .pragma_update(None, "journal_mode", "delete")
        .map_err(CopyError::from)?;
    connection
        .close()
        .map_err(|(_, error)| CopyError::from(error))?;
    let moved_aside = move_aside(&target, data, clock)?;
    std::fs::rename(&part, &target).map_err(CopyError::from)?;
    std::fs::File::open(data)
        .and_then(|folder| folder.sync_all())
        .map_err(CopyError::from)?;
    Ok(RestoreReport { epoch, moved_aside })
}

/// Moves a database with its companions into a folder of their own.
fn move_aside(
    file: &Path,
    data: &Path,
    clock: &dyn Clock,
) -> Result<Option<PathBuf>, RestoreError> {
    if !file.exists() {
        return Ok(None);
    }
    refuse_running(file, data)?;
    let aside = data.join(format!("moved-aside-{}", clock.now_ms()));
    std::fs::create_dir(&aside).map_err(CopyError::from)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // The companions first: cut off here, the database itself still lies where it is looked for.
    for suffix in ["-wal", "-shm", ""] {
        let name = format!("{name}{suffix}");
        let from = data.join(&name);
        if from.exists() {
            std::fs::rename(&from, aside.join(&name)).map_err(CopyError::from)?;
        }
    }
    Ok(Some(aside))
}

/// A database that somebody has open cannot leave its write-ahead log.
fn refuse_running(file: &Path, data: &Path) -> Result<(), RestoreError> {
    let Ok(connection) = Connection::open(file) else {
        return Ok(());
    };
    let _ = connection.busy_timeout(Duration::from_millis(200));
    match connection.pragma_update(None, "journal_mode", "delete") {
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ) =>
        {
            Err(RestoreError::Running(data.to_owned()))
        }
        // Damaged beyond opening is the very reason for a restore.
        _ => Ok(()),
    }
}
