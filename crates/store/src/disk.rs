//! Where files live: everything the store does with files goes through a [`Disk`], SQLite's own files included.
//!
//! [`SystemDisk`] is the machine's. A test stands on a disk in memory whose unsynced writes can be lost, that can be
//! full or fail at its N-th operation (`crates/simdisk`); determinism sits here and not over the store
//! (docs/adr/0019-the-disk-is-an-argument.md).

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It must be there; it is only read.
    Read,
    /// It is made when it is not there; what is in it stays.
    Keep,
    /// It is made when it is not there, and emptied when it is.
    Empty,
    /// It must not be there yet.
    New,
}

/// The files of one machine, and which of SQLite's file systems reaches the same ones.
///
/// Errors are those of `std::io`: `NotFound`, `AlreadyExists` and `StorageFull` are told apart by their kind.
/// A new, renamed or removed name is durable only after [`Disk::sync_folder`], content after [`DiskFile::sync`].
pub trait Disk: Send + Sync + Debug {
    /// The name of the SQLite VFS that opens the files of this disk; none is the library's own.
    fn vfs(&self) -> Option<&str>;

    /// Opens a file.
    ///
    /// # Errors
    /// The file is there or not there against `how`, or cannot be opened.
    fn open(&self, path: &Path, how: Opening) -> io::Result<Box<dyn DiskFile>>;

    /// The length of a file.
    ///
    /// # Errors
    /// `NotFound`, or the folder cannot be read.
    fn length(&self, path: &Path) -> io::Result<u64>;

    /// Something has this name, a file or a folder.
    fn exists(&self, path: &Path) -> bool;

    /// The files and folders in a folder, by name.
    ///
    /// # Errors
    /// `NotFound`, or the folder cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Makes a folder and the ones above it that are missing, durably.
    ///
    /// # Errors
    /// It cannot be made.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Gives a file or folder another name, in the place of a file that had it.
    ///
    /// # Errors
    /// It cannot be renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, or it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes new, renamed and removed names of a folder survive a power cut.
    ///
    /// # Errors
    /// They may not survive one.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes an exclusive lock on a file, making it if needed; none when somebody else has it.
    /// It is given back when dropped, and by the system when the process dies.
    ///
    /// # Errors
    /// The file cannot be made or locked.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>>;

    /// Bytes free for files in this folder.
    ///
    /// # Errors
    /// The system does not say.
    fn free(&self, folder: &Path) -> io::Result<u64>;

    /// Bytes the disk of this folder holds when it is empty.
    ///
    /// # Errors
    /// The system does not say.
    fn total(&self, folder: &Path) -> io::Result<u64>;

    /// The whole content of a file.
    ///
    /// # Errors
    /// `NotFound`, or it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut file = self.open(path, Opening::Read)?;
        let length = file.length()?;
        let mut content = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        let read = file.read_at(0, &mut content)?;
        content.truncate(read);
        Ok(content)
    }
}

/// An open file. Nobody else writes it at the same time.
pub trait DiskFile: Send + Debug {
    /// Reads from a place until the buffer is full or the file ends; how many bytes that were.
    ///
    /// # Errors
    /// It cannot be read.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of it at a place. After an error any part of it may be there.
    ///
    /// # Errors
    /// It could not be written, or not wholly.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file off or lengthens it with zeros.
    ///
    /// # Errors
    /// It cannot.
    fn set_length(&mut self, length: u64) -> io::Result<()>;

    /// Takes up room for so many bytes, whatever they are.
    ///
    /// # Errors
    /// There is no room.
    fn take_room(&mut self, length: u64) -> io::Result<()>;

    /// Its length.
    ///
    /// # Errors
    /// It cannot be asked.
    fn length(&self) -> io::Result<u64>;

    /// Makes what was written survive a power cut. After an error nothing is known about what was written before it,
    /// and a second try proves nothing.
    ///
    /// # Errors
    /// It may not survive one.
    fn sync(&mut self) -> io::Result<()>;
}

/// A lock that is held as long as this lives.
pub trait DiskLock: Send + Sync + Debug {}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn vfs(&self) -> Option<&str> {
        None
    }

    fn open(&self, path: &Path, how: Opening) -> io::Result<Box<dyn DiskFile>> {
        let mut options = owners_only();
        options.read(true).write(how != Opening::Read);
        match how {
            Opening::Read => {}
            Opening::Keep => {
                options.create(true).truncate(false);
            }
            Opening::Empty => {
                options.create(true).truncate(true);
            }
            Opening::New => {
                options.create_new(true);
            }
        }
        Ok(Box::new(SystemFile(options.open(path)?)))
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        Ok(path.metadata()?.len())
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
        paths.sort();
        Ok(paths)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().filter(|it| !it.as_os_str().is_empty());
        if let Some(parent) = parent {
            self.make_folder(parent)?;
        }
        match make_owners_folder(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match parent {
            // A folder above that may not be opened was not made by us either.
            Some(parent) => match self.sync_folder(parent) {
                Err(error) if error.kind() != ErrorKind::PermissionDenied => Err(error),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Windows cannot open a folder as a file; NTFS journals names itself.
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskLock>>> {
        let file = owners_only()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(SystemLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn free(&self, folder: &Path) -> io::Result<u64> {
        fs4::available_space(folder)
    }

    fn total(&self, folder: &Path) -> io::Result<u64> {
        fs4::total_space(folder)
    }
}

/// A file that is made is its owner's: other accounts of the machine may not read it.
fn owners_only() -> OpenOptions {
    #[cfg_attr(
        not(unix),
        expect(unused_mut, reason = "what other systems do follows from the folder")
    )]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_owners_folder(folder: &Path) -> io::Result<()> {
    #[cfg_attr(
        not(unix),
        expect(
            unused_mut,
            reason = "what other systems do follows from the folder above"
        )
    )]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[derive(Debug)]
struct SystemFile(File);

impl DiskFile for SystemFile {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.write_all(bytes)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn take_room(&mut self, length: u64) -> io::Result<()> {
        match fs4::FileExt::allocate(&self.0, length) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                // Written, not merely sized: a sparse file takes up nothing.
                let bytes = usize::try_from(length).map_err(io::Error::other)?;
                self.write_at(0, &vec![0xA5; bytes])
            }
            other => other,
        }
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        // Data and what is needed to read it back, the length included; times may be lost.
        self.0.sync_data()
    }
}

#[derive(Debug)]
struct SystemLock {
    _file: File,
}

impl DiskLock for SystemLock {}
