//! The files of blobs at the server, in the folder `blobs` of the data folder, 256 folders in it.

use crate::error::ApiError;
use ids::BlobAddress;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const FOLDER: &str = "blobs";

/// The files of one data folder, or of the folder of a copy.
#[derive(Debug, Clone)]
pub(crate) struct BlobFiles {
    folder: PathBuf,
}

impl BlobFiles {
    /// Those of a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.join(FOLDER),
        }
    }

    fn path(&self, address: BlobAddress) -> PathBuf {
        let name = address.to_string();
        self.folder.join(&name[..2]).join(name)
    }

    /// How much of it is here.
    pub(crate) fn length(&self, address: BlobAddress) -> io::Result<u64> {
        match fs::metadata(self.path(address)) {
            Ok(file) => Ok(file.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Writes a piece so that it survives a power cut. What was behind it was never acknowledged and goes.
    pub(crate) fn write(&self, address: BlobAddress, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(address);
        let folder = path.parent().unwrap_or(&self.folder);
        let is_new = !path.exists();
        if is_new {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)?;
        file.set_len(offset)?;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
        file.sync_data()?;
        if is_new {
            sync_folder(folder)?;
            sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// A piece; shorter at the end.
    pub(crate) fn read(
        &self,
        address: BlobAddress,
        offset: u64,
        most: usize,
    ) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path(address))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// SHA-256 of the file.
    pub(crate) fn digest(&self, address: BlobAddress) -> io::Result<[u8; 32]> {
        Ok(Sha256::digest(fs::read(self.path(address))?).into())
    }

    /// Removes the file, if it is there.
    pub(crate) fn remove(&self, address: BlobAddress) -> io::Result<()> {
        match fs::remove_file(self.path(address)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes every blob but these.
    pub(crate) fn keep_only(&self, kept: &BTreeSet<BlobAddress>) -> io::Result<()> {
        let folders = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            folders => folders?,
        };
        for folder in folders {
            let folder = folder?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder)? {
                let file = file?;
                // What is no blob of ours is not ours to remove.
                let address = file.file_name().to_str().and_then(BlobAddress::parse);
                if address.is_some_and(|address| !kept.contains(&address)) {
                    fs::remove_file(file.path())?;
                }
            }
        }
        Ok(())
    }

    /// Copies a file to another folder, if it is not there as long as it should be.
    pub(crate) fn copy_to(&self, other: &Self, address: BlobAddress, size: u64) -> io::Result<()> {
        if other.length(address)? == size {
            return Ok(());
        }
        let bytes = fs::read(self.path(address))?;
        other.write(address, 0, &bytes)
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    // Windows cannot open a folder as a file; NTFS journals names itself.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

impl From<io::Error> for ApiError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => ApiError::NotFound,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                tracing::error!("the disk is full: blobs wait");
                ApiError::Busy
            }
            kind => {
                tracing::error!(?kind, "a file of a blob");
                ApiError::Internal
            }
        }
    }
}
