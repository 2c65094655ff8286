//! The files of blobs: written once, whole or not at all; fetched piece by piece beside the place they will have.

use super::{Blob, BlobKind, NewRow, Sealed, open, put};
use crate::disk::Opening;
use crate::keys::SecretKey;
use crate::{Store, StoreError};
use ids::{BlobAddress, DocumentId};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::PathBuf;
use zeroize::Zeroizing;

const FOLDER: &str = "blobs";

fn folder(store: &Store) -> PathBuf {
    store.folder().join(FOLDER)
}

fn path(store: &Store, address: BlobAddress) -> PathBuf {
    folder(store).join(address.to_string())
}

fn part_path(store: &Store, address: BlobAddress) -> PathBuf {
    folder(store).join(format!("{address}.part"))
}

/// Writes a file beside its place, syncs it, gives it its name, syncs the name.
pub(super) fn write(store: &Store, sealed: &Sealed) -> Result<(), StoreError> {
    let disk = store.disk();
    disk.make_folder(&folder(store))?;
    let part = part_path(store, sealed.address);
    let mut file = disk.open(&part, Opening::Empty)?;
    let written = file.write_at(0, &sealed.bytes).and_then(|()| file.sync());
    drop(file);
    if let Err(error) = written {
        let _ = disk.remove(&part);
        return Err(error.into());
    }
    disk.rename(&part, &path(store, sealed.address))?;
    Ok(disk.sync_folder(&folder(store))?)
}

pub(super) fn length(store: &Store, address: BlobAddress) -> Result<Option<u64>, StoreError> {
    match store.disk().length(&path(store, address)) {
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn remove(store: &Store, address: BlobAddress) -> Result<(), StoreError> {
    for path in [path(store, address), part_path(store, address)] {
        match store.disk().remove(&path) {
            Ok(()) => store.disk().sync_folder(&folder(store))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

pub(super) fn digest_if_whole(
    store: &Store,
    address: BlobAddress,
    size: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    if length(store, address)? != Some(size) {
        return Ok(None);
    }
    let bytes = store.disk().read(&path(store, address))?;
    Ok(Some(Sha256::digest(bytes).into()))
}

/// A piece of a file as it travels; shorter at its end.
///
/// # Errors
/// The file is not there or cannot be read.
pub fn piece(
    store: &Store,
    address: BlobAddress,
    offset: u64,
    most: usize,
) -> Result<Vec<u8>, StoreError> {
    let mut file = store.disk().open(&path(store, address), Opening::Read)?;
    let mut bytes = vec![0; most];
    let read = file.read_at(offset, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The content of a blob that is here.
///
/// # Errors
/// The file cannot be read, or is not what was written.
pub fn content(store: &Store, blob: &Blob) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let bytes = store.disk().read(&path(store, blob.address))?;
    open(&blob.key, blob.address, &bytes)
}

/// A blob on its way from the server.
pub struct Fetching<'a> {
    store: &'a Store,
    address: BlobAddress,
    size: u64,
    here: u64,
}

/// Goes on with fetching where it stopped, also after a kill.
///
/// # Errors
/// The disk refuses; [`StoreError::DiskFull`] while room is kept for words.
pub fn fetching(
    store: &Store,
    address: BlobAddress,
    size: u64,
) -> Result<Fetching<'_>, StoreError> {
    if !store.has_room() {
        return Err(StoreError::DiskFull);
    }
    store.disk().make_folder(&folder(store))?;
    let here = match store.disk().length(&part_path(store, address)) {
        Ok(length) if length <= size => length,
        Ok(_) => {
            store.disk().remove(&part_path(store, address))?;
            0
        }
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    Ok(Fetching {
        store,
        address,
        size,
        here,
    })
}

impl Fetching<'_> {
    /// Bytes that are here.
    #[must_use]
    pub fn here(&self) -> u64 {
        self.here
    }

    /// All of it is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.here == self.size
    }

    /// Adds the next piece.
    ///
    /// # Errors
    /// More than the whole, or the disk refuses.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let here = self.here + bytes.len() as u64;
        if here > self.size {
            return Err(StoreError::Corrupt {
                what: "a blob is longer than its record says",
            });
        }
        let part = part_path(self.store, self.address);
        let mut file = self.store.disk().open(&part, Opening::Keep)?;
        file.write_at(self.here, bytes)?;
        self.here = here;
        Ok(())
    }

    /// Checks the whole, gives it its place and its row, and opens it. What does not hold is thrown away, to be fetched anew.
    ///
    /// # Errors
    /// It is not what its record names, or the disk refuses.
    pub fn finish(
        self,
        kind: BlobKind,
        key: &SecretKey,
        document: DocumentId,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let (store, address) = (self.store, self.address);
        let part = part_path(store, address);
        let bytes = store.disk().read(&part)?;
        let content = match open(key, address, &bytes) {
            Ok(content) => content,
            Err(error) => {
                store.disk().remove(&part)?;
                return Err(error);
            }
        };
        store.disk().open(&part, Opening::Keep)?.sync()?;
        store.disk().rename(&part, &path(store, address))?;
        store.disk().sync_folder(&folder(store))?;
        let row = NewRow {
            kind,
            key,
            address,
            size: self.size,
            digest: Sha256::digest(&bytes).into(),
            thumb: None,
            draft: None,
            document: Some(document),
            is_own: false,
            is_there: true,
            added_ms: store.clock().now_ms(),
        };
        store.write(|tx| put(tx, &row))?;
        Ok(content)
    }
}
