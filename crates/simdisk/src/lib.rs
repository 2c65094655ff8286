//! A disk in memory for tests: it loses what was not synced, is full, fails at its N-th operation, and can be copied.
//!
//! One [`SimDisk`] is one machine's disk. It is a [`store::Disk`] and, under a name of its own, an SQLite VFS over the
//! same files, so that the store, or a server's database, stands on it wholly and several machines live in one process.
//!
//! # What a power cut does here
//!
//! - **Content** written since the last sync of its file: each write is kept, lost, or torn into sectors of 512 bytes,
//!   whatever came before or after it. Bytes beside a write are never damaged (what SQLite calls powersafe overwrite).
//! - **Names** (made, renamed, removed) are kept in order, per folder, up to some point since the folder's last sync.
//!   Syncing a file does not make its name durable. That is stricter than ext4, which commits all names together.
//! - A sync that **fails** loses the writes before it for good, although reading still shows them and the next sync
//!   succeeds: what Linux does.
//! - The shared memory of SQLite's WAL index, locks and open files are gone.
//!
//! No clock and no randomness but what a seed says. SQLCipher draws its salts from OpenSSL, so the bytes differ from
//! run to run; the order, place and number of operations do not.
//!
//! ```
//! use simdisk::{Loss, SimDisk};
//! use std::path::Path;
//! use store::disk::{Disk, Opening};
//!
//! let disk = SimDisk::new(1);
//! let mut file = disk.open(Path::new("/note"), Opening::New)?;
//! file.write_at(0, b"unsynced")?;
//! disk.crash(Loss::Everything);
//! assert!(!disk.exists(Path::new("/note")));
//! # Ok::<(), std::io::Error>(())
//! ```

mod content;
mod state;
mod vfs;

use state::{Entry, Failure, State, Step};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use store::disk::{Disk, DiskFile, DiskLock, Opening};

pub use state::Image;

/// What the machine's end leaves of unsynced writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The process was killed; the system wrote everything out afterwards.
    Nothing,
    /// The power went before the system wrote anything out by itself.
    Everything,
    /// The power went in the middle of it; the seed decides what was written.
    Chance(u64),
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Any operation, a read too, fails with EIO and does nothing.
    Io,
    /// An operation that needs room fails with ENOSPC and does nothing.
    Full,
    /// A write leaves half of itself and fails with ENOSPC.
    ShortWrite,
    /// A sync fails, and what was written before it will not survive.
    Sync,
}

pub(crate) struct Inner {
    state: Mutex<State>,
    vfs: OnceLock<vfs::Registered>,
}

impl Inner {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The disk of one machine. Clones are the same disk; [`SimDisk::image`] makes a copy.
#[derive(Clone)]
pub struct SimDisk {
    inner: Arc<Inner>,
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner.state();
        formatter
            .debug_struct("SimDisk")
            .field("operations", &state.operations)
            .field("files", &state.names.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl SimDisk {
    /// An empty disk; the seed is for what SQLite asks of its system.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let inner = Arc::new(Inner {
            state: Mutex::new(State::new(seed)),
            vfs: OnceLock::new(),
        });
        let name = format!("simdisk-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let registered = vfs::register(&inner, &name);
        assert!(inner.vfs.set(registered).is_ok(), "registered once, here");
        Self { inner }
    }

    /// A disk with this content: a clone of a machine.
    #[must_use]
    pub fn from_image(seed: u64, image: &Image) -> Self {
        let disk = Self::new(seed);
        disk.restore(image);
        disk
    }

    /// The content as it is now, as if everything had been synced. Cheap: pages are shared until written.
    #[must_use]
    pub fn image(&self) -> Image {
        self.inner.state().image()
    }

    /// Sets the disk back to an earlier content. Whatever is open fails from now on, as after [`Self::crash`].
    pub fn restore(&self, image: &Image) {
        self.inner.state().restore(image);
    }

    /// Ends the machine. Open files, connections and locks are dead; faults and limits of operations are forgotten.
    /// What stands afterwards is durable.
    pub fn crash(&self, loss: Loss) {
        self.inner.state().crash(loss);
    }

    /// How many operations that change something there were: writes, syncs, names, lengths.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.inner.state().operations
    }

    /// Lets `more` operations that change something happen; everything after them fails until [`Self::crash`].
    pub fn stop_after(&self, more: u64) {
        let mut state = self.inner.state();
        state.stop_at = Some(state.operations + more);
    }

    /// The machine stopped because of [`Self::stop_after`].
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.inner.state().stopped
    }

    /// Makes the `n`-th operation from now that can fail this way do so, once. The first is 1.
    pub fn fail_at(&self, n: u64, fault: Fault) {
        self.inner.state().fail(n, fault, false);
    }

    /// Makes the `n`-th operation from now that can fail this way do so, and every later one.
    pub fn fail_from(&self, n: u64, fault: Fault) {
        self.inner.state().fail(n, fault, true);
    }

    /// Ends [`Self::fail_at`] and [`Self::fail_from`]; true when something did fail.
    pub fn stop_failing(&self) -> bool {
        self.inner.state().stop_failing()
    }

    /// Limits the disk to so many bytes, or no longer.
    pub fn set_full(&self, capacity: Option<u64>) {
        self.inner.state().capacity = capacity;
    }

    /// Bytes taken up, in whole pages.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.inner.state().used()
    }

    /// Sets the time that SQLite asks its system for, in milliseconds since the epoch.
    pub fn set_time_ms(&self, now_ms: i64) {
        self.inner.state().now_ms = now_ms;
    }

    /// Names of all files.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let state = self.inner.state();
        let files = state.names.iter();
        files
            .filter(|(_, entry)| matches!(entry, Entry::File(_)))
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// Writes over part of a file as a failing chip would: durably, with no operation of ours. False without the file.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.inner.state().damage(path, change)
    }
}

impl Disk for SimDisk {
    fn vfs(&self) -> Option<&str> {
        self.inner.vfs.get().map(vfs::Registered::name)
    }

    fn open(&self, path: &Path, how: Opening) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.inner.state();
        let inode = state.open(path, how)?;
        Ok(Box::new(SimFile {
            life: state.life,
            inode,
            inner: self.inner.clone(),
        }))
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.inner.state();
        state.step(Step::Read)?;
        let inode = state.file(path)?;
        Ok(state.node(inode).content.length())
    }

    fn exists(&self, path: &Path) -> bool {
        let state = self.inner.state();
        !state.stopped && state.names.contains_key(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut state = self.inner.state();
        state.step(Step::Read)?;
        state.folder(folder)?;
        Ok(state.children(folder))
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.inner.state();
        state.make_folder(folder)?;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(self.inner.state().rename(from, to)?)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Ok(self.inner.state().remove(path)?)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Ok(self.inner.state().sync_folder(folder)?)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>> {
        let mut state = self.inner.state();
        let inode = state.open(path, Opening::Keep)?;
        state.close(inode);
        if !state.held.insert(path.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(SimLock {
            life: state.life,
            path: path.to_owned(),
            inner: self.inner.clone(),
        })))
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.inner.state().free())
    }

    fn total(&self, _: &Path) -> io::Result<u64> {
        Ok(self.inner.state().total())
    }
}

struct SimFile {
    inner: Arc<Inner>,
    life: u64,
    inode: u64,
}

impl fmt::Debug for SimFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimFile")
            .field("inode", &self.inode)
            .finish_non_exhaustive()
    }
}

impl SimFile {
    fn state(&self) -> Result<MutexGuard<'_, State>, Failure> {
        let state = self.inner.state();
        if state.life == self.life {
            Ok(state)
        } else {
            Err(Failure::Io)
        }
    }
}

impl DiskFile for SimFile {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state()?;
        state.step(Step::Read)?;
        Ok(state.node(self.inode).content.read(offset, buffer))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        Ok(self.state()?.write(self.inode, offset, bytes)?)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        Ok(self.state()?.set_length(self.inode, length)?)
    }

    fn take_room(&mut self, length: u64) -> io::Result<()> {
        Ok(self.state()?.set_length(self.inode, length)?)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.state()?.node(self.inode).content.length())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(self.state()?.sync(self.inode)?)
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if let Ok(mut state) = self.state() {
            state.close(self.inode);
        }
    }
}

struct SimLock {
    inner: Arc<Inner>,
    life: u64,
    path: PathBuf,
}

impl fmt::Debug for SimLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SimLock").field(&self.path).finish()
    }
}

impl DiskLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        if state.life == self.life {
            state.held.remove(&self.path);
        }
    }
}
