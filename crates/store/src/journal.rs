//! The journal: a second, encrypted copy of everything not yet safe at the server, outside SQLite.
//!
//! A file is `ZFJ1`, 16 random bytes, then records: length, checksum, ciphertext. Each record is sealed with
//! XChaCha20-Poly1305 under (random file prefix, counter), so records cannot be reordered or moved between files.
//! Room is written as zeros *before* the database commits, so that a full disk is found out while everything can
//! still be undone; a length of zero is therefore the end. A torn last record was never called saved and is dropped.
//!
//! Unfinished visits have a journal of their own in the folder `drafts`: each answer is a record there, and a file
//! begins with the newest state of every open draft, so that the one before it is needless at once.

use crate::StoreError;
use crate::changes::LocalChange;
use crate::disk::{Disk, DiskFile, Opening};
use crate::drafts::Draft;
use crate::identity::Identity;
use crate::keys::{SecretKey, seal, unseal};
use ids::{ChangeHash, Entropy};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

const MAGIC: &[u8; 4] = b"ZFJ1";
const HEADER: u64 = 20;
const FRAME: usize = 8;
const TAG: usize = 16;
const ROOM_STEP: u64 = 64 << 10;
/// A file of changes is left alone until all of them are durable at the server.
pub(crate) const CHANGES_ROTATE_AT: u64 = 1 << 20;
/// A file of drafts is needless as soon as the next one begins.
pub(crate) const DRAFTS_ROTATE_AT: u64 = 256 << 10;
const BOUND_TO: &[u8] = b"zoufang/journal/1";

/// What the journal keeps.
#[derive(Clone, Serialize, Deserialize)]
pub enum Record {
    /// Who this device is, so that replayed changes still have a sender. Begins every file.
    Identity(Box<Identity>),
    /// A change made on this device, with everything needed to insert it again.
    Change(Box<LocalChange>),
    /// The newest state of an unfinished visit.
    Draft(Box<Draft>),
    /// A draft became a visit or was put away.
    DraftGone(Uuid),
}

/// Everything readable in a journal folder, oldest first.
#[derive(Default)]
pub struct Contents {
    /// Records in the order they were written.
    pub records: Vec<Record>,
    /// Files whose last record was cut off; it was never called saved.
    pub torn: usize,
    /// Files or records that are whole but do not open with this key or are not ours.
    pub unreadable: usize,
}

struct Written {
    path: PathBuf,
    hashes: Vec<ChangeHash>,
}

struct Current {
    file: Box<dyn DiskFile>,
    prefix: [u8; 16],
    counter: u64,
    end: u64,
    room_end: u64,
}

/// The newest state of what a file must not be without.
#[derive(Default)]
struct Checkpoint {
    identity: Option<Record>,
    drafts: BTreeMap<Uuid, Record>,
}

impl Checkpoint {
    fn note(&mut self, record: &Record) {
        match record {
            Record::Identity(_) => self.identity = Some(record.clone()),
            Record::Draft(draft) => {
                self.drafts.insert(draft.draft, record.clone());
            }
            Record::DraftGone(draft) => {
                self.drafts.remove(draft);
            }
            Record::Change(_) => {}
        }
    }

    fn records(&self) -> Vec<Record> {
        let identity = self.identity.iter();
        identity.chain(self.drafts.values()).cloned().collect()
    }
}

/// The journal of an open store.
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    key: SecretKey,
    files: Vec<Written>,
    next_number: u64,
    current: Option<Current>,
    /// What every new file begins with: who this device is, and the open drafts.
    checkpoint: Checkpoint,
    rotate_at: u64,
    /// Committed to the database but not yet written here, after a failed append.
    backlog: Vec<Record>,
    /// A file was begun since the last pruning, so an older one may have become needless.
    has_begun: bool,
}

/// Reads a journal folder, for replay and for rescue.
///
/// # Errors
/// The folder cannot be read. Damaged content is counted, not an error.
pub fn read(disk: &dyn Disk, folder: &Path, key: &SecretKey) -> Result<Contents, StoreError> {
    let mut contents = Contents::default();
    for (_, path) in numbered_files(disk, folder)? {
        read_file(disk, &path, key, &mut contents)?;
    }
    Ok(contents)
}

impl Journal {
    /// Opens the folder and returns what is in it. Writing always begins a new file, with a new random prefix.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        key: SecretKey,
        rotate_at: u64,
    ) -> Result<(Self, Contents), StoreError> {
        disk.make_folder(folder)?;
        let mut contents = Contents::default();
        let mut files = Vec::new();
        let mut next_number = 1;
        for (number, path) in numbered_files(disk.as_ref(), folder)? {
            let (before, unreadable) = (contents.records.len(), contents.unreadable);
            read_file(disk.as_ref(), &path, &key, &mut contents)?;
            next_number = number + 1;
            // Nobody knows what lies in one that cannot be read, so it is never found needless.
            if contents.unreadable == unreadable {
                let hashes = hashes_of(&contents.records[before..]);
                files.push(Written { path, hashes });
            }
        }
        let mut checkpoint = Checkpoint::default();
        for record in &contents.records {
            checkpoint.note(record);
        }
        let journal = Self {
            disk,
            folder: folder.to_owned(),
            key,
            files,
            next_number,
            current: None,
            checkpoint,
            rotate_at,
            backlog: Vec::new(),
            has_begun: false,
        };
        Ok((journal, contents))
    }

    /// Makes sure the records will fit, before the database commits.
    pub(crate) fn prepare(
        &mut self,
        records: &[Record],
        entropy: &dyn Entropy,
    ) -> Result<(), StoreError> {
        if records.is_empty() && self.backlog.is_empty() {
            return Ok(());
        }
        let mut needed = 0;
        for record in self.backlog.iter().chain(records) {
            needed += encode(record)?.len() + FRAME + TAG;
        }
        if self
            .current
            .as_ref()
            .is_none_or(|current| current.end >= self.rotate_at)
        {
            self.begin_file(entropy)?;
        }
        let current = self.current.as_mut().expect("a file was begun above");
        current.make_room(needed as u64)
    }

    /// Writes and syncs; the room was made by [`Self::prepare`].
    pub(crate) fn append(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        self.backlog.extend(records);
        if self.backlog.is_empty() {
            return Ok(());
        }
        let current = self
            .current
            .as_mut()
            .expect("prepare began a file for these records");
        let (start, counter) = (current.end, current.counter);
        if let Err(error) = current.write(&self.key, &self.backlog) {
            current.end = start;
            current.counter = counter;
            // The nonces just used may be on the disk: never use this prefix again.
            self.current = None;
            return Err(error);
        }
        let mut gone = false;
        for record in &self.backlog {
            self.checkpoint.note(record);
            gone |= matches!(record, Record::DraftGone(_));
        }
        let written = self.files.last_mut().expect("the current file is listed");
        written.hashes.extend(hashes_of(&self.backlog));
        self.backlog.clear();
        if gone {
            // The next answer begins a file without it, and this one with its words is removed.
            self.current = None;
        }
        Ok(())
    }

    fn begin_file(&mut self, entropy: &dyn Entropy) -> Result<(), StoreError> {
        let path = self.folder.join(format!("{:08}.journal", self.next_number));
        // Taken whatever comes of it: what cannot be begun may not be removable either, and must not be in the way.
        self.next_number += 1;
        let mut prefix = [0; 16];
        entropy.fill(&mut prefix);
        let mut file = self.disk.open(&path, Opening::New)?;
        let mut current = match file.write_at(0, &[&MAGIC[..], &prefix].concat()) {
            Ok(()) => Current {
                file,
                prefix,
                counter: 0,
                end: HEADER,
                room_end: HEADER,
            },
            Err(error) => {
                let _ = self.disk.remove(&path);
                return Err(error.into());
            }
        };
        let checkpoint = self.checkpoint.records();
        let mut needed = 0;
        for record in &checkpoint {
            needed += encode(record)?.len() + FRAME + TAG;
        }
        let started = current
            .make_room(needed as u64)
            .and_then(|()| current.write(&self.key, &checkpoint))
            .and_then(|()| Ok(self.disk.sync_folder(&self.folder)?));
        if let Err(error) = started {
            let _ = self.disk.remove(&path);
            return Err(error);
        }
        self.files.push(Written {
            path,
            hashes: Vec::new(),
        });
        self.current = Some(current);
        self.has_begun = true;
        Ok(())
    }

    /// Writes what is still wanted into a new file and removes the old ones: something in them was erased.
    pub(crate) fn rewrite(
        &mut self,
        entropy: &dyn Entropy,
        is_wanted: &mut dyn FnMut(&ChangeHash) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut contents = Contents::default();
        for written in &self.files {
            read_file(self.disk.as_ref(), &written.path, &self.key, &mut contents)?;
        }
        let mut wanted = Vec::new();
        for record in contents.records {
            if let Record::Change(change) = &record
                && is_wanted(&change.change.hash)?
            {
                wanted.push(record);
            }
        }
        let old = self.files.len();
        self.begin_file(entropy)?;
        self.prepare(&wanted, entropy)?;
        self.append(wanted)?;
        for written in self.files.drain(..old) {
            self.disk.remove(&written.path)?;
        }
        Ok(self.disk.sync_folder(&self.folder)?)
    }

    /// Pruning may find something.
    pub(crate) fn has_begun_file(&self) -> bool {
        self.has_begun
    }

    /// Removes files in which every change is acknowledged for good. The newest stays: it holds the checkpoint.
    pub(crate) fn prune(
        &mut self,
        is_durable: &mut dyn FnMut(&ChangeHash) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        if !self.backlog.is_empty() {
            return Ok(());
        }
        self.has_begun = false;
        let mut kept = Vec::new();
        let newest = self.files.len().saturating_sub(1);
        for (index, written) in std::mem::take(&mut self.files).into_iter().enumerate() {
            let mut needless = index != newest;
            for hash in &written.hashes {
                needless = needless && is_durable(hash)?;
            }
            if needless && self.disk.remove(&written.path).is_ok() {
                continue;
            }
            kept.push(written);
        }
        self.files = kept;
        Ok(())
    }
}

impl Current {
    fn make_room(&mut self, needed: u64) -> Result<(), StoreError> {
        // One byte more than needed, so that a full file still ends in a zero length or at its end.
        let wanted = self.end + needed;
        if wanted <= self.room_end {
            return Ok(());
        }
        let target = wanted.next_multiple_of(ROOM_STEP);
        let zeros = vec![0; usize::try_from(target - self.room_end).unwrap_or(0)];
        let grown = self
            .file
            .write_at(self.room_end, &zeros)
            .and_then(|()| self.file.sync());
        if let Err(error) = grown {
            // Give back what was half taken; the file ends where it ended.
            let _ = self.file.set_length(self.room_end);
            return Err(error.into());
        }
        self.room_end = target;
        Ok(())
    }

    fn write(&mut self, key: &SecretKey, records: &[Record]) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        for record in records {
            let mut nonce = [0; 24];
            nonce[..16].copy_from_slice(&self.prefix);
            nonce[16..].copy_from_slice(&self.counter.to_be_bytes());
            self.counter += 1;
            let sealed = seal(key, &nonce, BOUND_TO, &encode(record)?)?;
            let length = u32::try_from(sealed.len()).map_err(|_| StoreError::Crypto)?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&checksum(&sealed));
            bytes.extend_from_slice(&sealed);
        }
        self.file.write_at(self.end, &bytes)?;
        self.file.sync()?;
        self.end += bytes.len() as u64;
        Ok(())
    }
}

fn encode(record: &Record) -> Result<zeroize::Zeroizing<Vec<u8>>, StoreError> {
    rmp_serde::to_vec_named(record)
        .map(zeroize::Zeroizing::new)
        .map_err(|_| StoreError::Crypto)
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn hashes_of(records: &[Record]) -> Vec<ChangeHash> {
    records
        .iter()
        .filter_map(|record| match record {
            Record::Change(change) => Some(change.change.hash),
            Record::Identity(_) | Record::Draft(_) | Record::DraftGone(_) => None,
        })
        .collect()
}

fn numbered_files(disk: &dyn Disk, folder: &Path) -> Result<Vec<(u64, PathBuf)>, StoreError> {
    let mut files = Vec::new();
    if !disk.exists(folder) {
        return Ok(files);
    }
    for path in disk.list(folder)? {
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".journal"))
            .and_then(|digits| digits.parse().ok());
        if let Some(number) = number {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

fn read_file(
    disk: &dyn Disk,
    path: &Path,
    key: &SecretKey,
    contents: &mut Contents,
) -> Result<(), StoreError> {
    let bytes = disk.read(path)?;
    let Some((header, mut rest)) = bytes.split_at_checked(HEADER as usize) else {
        contents.torn += 1;
        return Ok(());
    };
    if &header[..4] != MAGIC {
        contents.unreadable += 1;
        return Ok(());
    }
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(&header[4..]);
    let mut counter: u64 = 0;
    while let Some((frame, after)) = rest.split_at_checked(FRAME) {
        let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        if length == 0 {
            return Ok(());
        }
        let sealed = match after.split_at_checked(length) {
            Some((sealed, after)) if checksum(sealed) == frame[4..] => {
                rest = after;
                sealed
            }
            _ => {
                contents.torn += 1;
                return Ok(());
            }
        };
        nonce[16..].copy_from_slice(&counter.to_be_bytes());
        counter += 1;
        let record = unseal(key, &nonce, BOUND_TO, sealed)
            .ok()
            .and_then(|plain| rmp_serde::from_slice(&plain).ok());
        match record {
            Some(record) => contents.records.push(record),
            None => contents.unreadable += 1,
        }
    }
    // Fewer bytes than a frame: only zeros may be left over.
    if rest.iter().any(|byte| *byte != 0) {
        contents.torn += 1;
    }
    Ok(())
}
