//! Files around the database: durable small writes, the folder lock and the reserve for a full disk.

use crate::StoreError;
use crate::error::is_full;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a small file so that after a power cut either the old or the new content is there.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let beside = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_folder(path)
    };
    match write() {
        Err(error) if is_full(&error) => {
            let _ = fs::remove_file(&beside);
            if let Some(folder) = path.parent() {
                Reserve::in_folder(folder).release()?;
            }
            Ok(write()?)
        }
        other => Ok(other?),
    }
}

/// Writes a small file of a fixed size over itself: needs no room, and may be torn by a power cut.
pub(crate) fn write_in_place(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    Ok(write()?)
}

/// Makes a rename or a new file in the folder of `path` survive a power cut.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        // Windows cannot open a folder as a file; NTFS journals the rename itself.
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// The exclusive lock on a store's folder; released when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
    folder: PathBuf,
}

impl FolderLock {
    /// Takes the lock, making the folder if it is not there.
    ///
    /// # Errors
    /// [`StoreError::FolderInUse`] when another process (or another lock in this one) holds it.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                _file: file,
                folder: folder.to_owned(),
            }),
            Err(TryLockError::WouldBlock) => Err(StoreError::FolderInUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The folder it guards.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

const RESERVE_BYTES: usize = 1 << 20;
/// With less than this free the reserve is not made again, and pulls wait.
pub(crate) const ROOM_BYTES: u64 = 4 << 20;

/// A file that only takes up room, released when the disk is full so that words can still be saved.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            path: folder.join("reserve"),
        }
    }

    /// Gives the room back; true when there was any.
    pub(crate) fn release(&self) -> Result<bool, StoreError> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the reserve again when there is room; never an error, a full disk is why it is missing.
    pub(crate) fn restore(&self) {
        if self.path.exists() || !self.has_room() {
            return;
        }
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&self.path)?;
            // Written, not merely sized: a sparse file reserves nothing.
            file.write_all(&vec![0xA5; RESERVE_BYTES])?;
            file.sync_all()
        };
        if write().is_err() {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Enough is free for more than words.
    pub(crate) fn has_room(&self) -> bool {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs4::available_space(folder).map_or(true, |free| free >= ROOM_BYTES)
    }
}
