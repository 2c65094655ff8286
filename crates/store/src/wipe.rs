//! Destroying a store: the hardware key, then the slots, then the files. Without 32 bytes of key everything else is noise,
//! so the keys are the wipe and the files only tidiness.
//!
//! Nothing is destroyed before a mark is durable beside the slots, and the mark goes last. Whatever a power cut leaves, an
//! app that finds the mark at its start destroys the rest first, without a PIN; one that finds none has a whole store.

use crate::StoreError;
use crate::disk::{Disk, Opening};
use crate::files::write_durably;
use crate::hardware::HardwareKey;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// There from the moment nothing can be taken back to the moment nothing is left.
const MARK: &str = "wipe";
/// The process's lock on the folder: empty, and held while this runs.
const LOCK: &str = "lock";
/// What holds keys, and how often a PIN was tried; before everything else.
const SLOTS: [&str; 3] = ["keys.json", "keys-copy.json", "attempts"];

/// Whether the store of a folder is being destroyed: it may not be opened any more, only finished.
#[must_use]
pub fn is_begun(disk: &dyn Disk, folder: &Path) -> bool {
    disk.exists(&folder.join(MARK))
}

/// From here on there is no way back. The caller has the server's word for it, or a person's.
///
/// # Errors
/// The mark cannot be written; everything is as it was.
pub fn begin(disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
    write_durably(disk, &folder.join(MARK), b"1")
}

/// Destroys everything in the folder of a store that is closed, but what lies in the folder to spare: other people's
/// stores. The hardware key goes with the last store that needs it. May be called again after any error or power cut.
///
/// # Errors
/// Something could not be removed; the mark is still there.
pub fn finish(
    disk: &dyn Disk,
    folder: &Path,
    spare: &Path,
    hardware: Option<&dyn HardwareKey>,
) -> Result<(), StoreError> {
    if let Some(hardware) = hardware {
        hardware.destroy()?;
    }
    for name in SLOTS {
        overwrite_and_remove(disk, &folder.join(name))?;
    }
    disk.sync_folder(folder)?;
    for (inner, files) in folders_in(disk, folder, spare)? {
        for path in files {
            remove(disk, &path)?;
        }
        disk.sync_folder(&inner)?;
    }
    remove(disk, &folder.join(MARK))?;
    Ok(disk.sync_folder(folder)?)
}

/// Every folder of the store with its files. Emptied folders are left: they say nothing.
fn folders_in(
    disk: &dyn Disk,
    folder: &Path,
    spare: &Path,
) -> Result<Vec<(PathBuf, Vec<PathBuf>)>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let mut files = Vec::new();
        for path in disk.list(&next)? {
            if path == spare {
                continue;
            }
            if disk.list(&path).is_ok() {
                folders.push(path);
            } else if path != folder.join(MARK) && path != folder.join(LOCK) {
                files.push(path);
            }
        }
        found.push((next, files));
    }
    Ok(found)
}

/// On a disk that writes in place the bytes are gone; on flash it is no promise.
pub(crate) fn overwrite_and_remove(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    match disk.length(path) {
        Ok(length) => {
            let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
            let mut file = disk.open(path, Opening::Keep)?;
            file.write_at(0, &zeros)?;
            file.sync()?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    remove(disk, path)
}

fn remove(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    match disk.remove(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
