//! Files around the database: durable small writes, the folder lock and the reserve for a full disk.

use crate::StoreError;
use crate::disk::{Disk, DiskLock, Opening};
use crate::error::is_full;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes a small file so that after a power cut either the old or the new content is there.
pub(crate) fn write_durably(
    disk: &dyn Disk,
    path: &Path,
    content: &[u8],
) -> Result<(), StoreError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let beside = path.with_file_name(name);
    let write = || -> io::Result<()> {
        let mut file = disk.open(&beside, Opening::Empty)?;
        file.write_at(0, content)?;
        file.sync()?;
        disk.rename(&beside, path)?;
        disk.sync_folder(folder_of(path))
    };
    match write() {
        Err(error) if is_full(&error) => {
            let _ = disk.remove(&beside);
            release_reserve(disk, folder_of(path))?;
            Ok(write()?)
        }
        other => Ok(other?),
    }
}

/// Writes a small file of a fixed size over itself: needs no room, and may be torn by a power cut.
pub(crate) fn write_in_place(
    disk: &dyn Disk,
    path: &Path,
    content: &[u8],
) -> Result<(), StoreError> {
    let is_new = !disk.exists(path);
    let mut file = disk.open(path, Opening::Keep)?;
    file.write_at(0, content)?;
    file.sync()?;
    if is_new {
        disk.sync_folder(folder_of(path))?;
    }
    Ok(())
}

/// The folder a file lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The exclusive lock on a store's folder; released when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct FolderLock {
    _lock: Box<dyn DiskLock>,
    folder: PathBuf,
}

impl FolderLock {
    /// Takes the lock, making the folder if it is not there.
    ///
    /// # Errors
    /// [`StoreError::FolderInUse`] when another process (or another lock in this one) holds it.
    pub fn take(disk: &dyn Disk, folder: &Path) -> Result<Self, StoreError> {
        disk.make_folder(folder)?;
        match disk.lock(&folder.join("lock"))? {
            Some(lock) => Ok(Self {
                _lock: lock,
                folder: folder.to_owned(),
            }),
            None => Err(StoreError::FolderInUse),
        }
    }

    /// The folder it guards.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// How much of a disk is kept free for what: photos stop first, then pulls, and words last.
struct Room {
    /// What the reserve takes up.
    reserve: u64,
    /// With less than this free nothing is fetched, and a released reserve is not made again.
    pulls: u64,
    /// With less than this free no photo is taken in.
    photos: u64,
}

/// On a tablet's disk (security-notes §4.3).
const ROOM: Room = Room {
    reserve: 24 << 20,
    pulls: 150 << 20,
    photos: 300 << 20,
};

impl Room {
    /// A disk of less than half a gigabyte keeps the same order with shares of itself.
    fn on_a_disk_of(total: u64) -> Self {
        Self {
            reserve: ROOM.reserve.min(total / 8),
            pulls: ROOM.pulls.min(total / 3),
            photos: ROOM.photos.min(total / 2),
        }
    }
}

/// A file that only takes up room, released when the disk is full so that words can still be saved.
#[derive(Debug)]
pub(crate) struct Reserve {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

/// Gives the room of a folder's reserve back; true when there was any.
pub(crate) fn release_reserve(disk: &dyn Disk, folder: &Path) -> Result<bool, StoreError> {
    match disk.remove(&folder.join("reserve")) {
        Ok(()) => {
            // Some file systems (F2FS) give room back only when the removal is durable; a failure shows in what follows.
            let _ = disk.sync_folder(folder);
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Reserve {
    pub(crate) fn in_folder(disk: Arc<dyn Disk>, folder: &Path) -> Self {
        Self {
            disk,
            path: folder.join("reserve"),
        }
    }

    /// Gives the room back; true when there was any.
    pub(crate) fn release(&self) -> Result<bool, StoreError> {
        release_reserve(self.disk.as_ref(), folder_of(&self.path))
    }

    /// Makes the reserve again when there is room; never an error, a full disk is why it is missing.
    pub(crate) fn restore(&self) {
        // One that an earlier version made is smaller, and is better than none.
        if self.disk.exists(&self.path) || !self.has_room() {
            return;
        }
        let write = || -> io::Result<()> {
            let mut file = self.disk.open(&self.path, Opening::Empty)?;
            file.take_room(self.room().reserve)?;
            file.sync()
        };
        if write().is_err() {
            let _ = self.disk.remove(&self.path);
        }
    }

    /// Enough is free for what can be fetched again.
    pub(crate) fn has_room(&self) -> bool {
        self.is_free(self.room().pulls)
    }

    /// Enough is free for photos.
    pub(crate) fn has_room_for_photos(&self) -> bool {
        self.is_free(self.room().photos)
    }

    fn room(&self) -> Room {
        let total = self.disk.total(folder_of(&self.path));
        Room::on_a_disk_of(total.unwrap_or(u64::MAX))
    }

    fn is_free(&self, wanted: u64) -> bool {
        self.disk
            .free(folder_of(&self.path))
            .map_or(true, |free| free >= wanted)
    }
}
