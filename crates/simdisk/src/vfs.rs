//! The disk as SQLite sees it: a `sqlite3_vfs` over the same files, with locks and the WAL's shared memory.
//!
//! Everything here is called by SQLite. The rules that make it sound: a registered VFS points at its disk and is taken
//! away when the disk is dropped; every open file holds the disk, so that cannot happen while a connection lives; and
//! the shared memory is never moved while somebody has it mapped.
#![expect(
    unsafe_code,
    reason = "SQLite is C; its file system interface is pointers (decisions.md 19)"
)]

use crate::state::{Failure, State, Step};
use crate::{Inner, Opening};
use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A VFS that SQLite knows under a name, until dropped.
pub(crate) struct Registered {
    raw: *mut sqlite3_vfs,
    name: CString,
}

// SAFETY: the structure is written once, before it is registered; SQLite guards its own list of them.
unsafe impl Send for Registered {}
// SAFETY: as above.
unsafe impl Sync for Registered {}

impl Registered {
    pub(crate) fn name(&self) -> &str {
        self.name.to_str().expect("made from a str")
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: registered in `register`, freed here only; no file of it is open, each would hold the disk.
        unsafe {
            ffi::sqlite3_vfs_unregister(self.raw);
            drop(Box::from_raw(self.raw));
        }
    }
}

pub(crate) fn register(disk: &Arc<Inner>, name: &str) -> Registered {
    let name = CString::new(name).expect("the name has no zero byte");
    let raw = Box::into_raw(Box::new(sqlite3_vfs {
        iVersion: 2,
        szOsFile: c_int::try_from(size_of::<File>()).expect("it is two pointers"),
        mxPathname: 512,
        pNext: ptr::null_mut(),
        zName: name.as_ptr(),
        pAppData: Arc::as_ptr(disk).cast_mut().cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_path),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(time_in_days),
        xGetLastError: None,
        xCurrentTimeInt64: Some(time_in_ms),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }));
    // SAFETY: `raw` is whole and lives until `Registered` is dropped; initializing twice is allowed.
    let answer = unsafe {
        ffi::sqlite3_initialize();
        ffi::sqlite3_vfs_register(raw, 0)
    };
    assert_eq!(answer, ffi::SQLITE_OK, "SQLite takes any VFS");
    Registered { raw, name }
}

/// Locks on a database file, as SQLite's file locking has them.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    shared: usize,
    reserved: bool,
    pending: bool,
    exclusive: bool,
}

/// The WAL index: memory that all connections to one file see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    regions: Mutex<Vec<Box<[u64]>>>,
    /// Per slot: how many hold it shared, or -1.
    slots: Mutex<[i32; ffi::SQLITE_SHM_NLOCK as usize]>,
    users: Mutex<usize>,
}

#[repr(C)]
struct File {
    base: sqlite3_file,
    open: *mut Open,
}

struct Open {
    disk: Arc<Inner>,
    life: u64,
    inode: u64,
    path: Option<PathBuf>,
    level: c_int,
    removes_itself: bool,
    /// A new journal or WAL: its name is made durable with its first sync, as SQLite's own VFS does.
    syncs_folder: bool,
    shared: Option<Arc<Shared>>,
    shared_slots: u32,
    exclusive_slots: u32,
}

impl Open {
    /// None when the machine has crashed since.
    fn state(&self) -> Option<MutexGuard<'_, State>> {
        let state = self.disk.state();
        (state.life == self.life && !state.stopped).then_some(state)
    }
}

/// The disk behind a VFS.
///
/// # Safety
/// `vfs` came from [`register`] and its disk lives.
unsafe fn disk<'a>(vfs: *mut sqlite3_vfs) -> &'a Inner {
    // SAFETY: `pAppData` is what `Arc::as_ptr` gave, and the caller says that it lives.
    unsafe { &*(*vfs).pAppData.cast::<Inner>() }
}

/// The open file behind SQLite's handle.
///
/// # Safety
/// `file` was opened by [`open`] and not yet closed; SQLite uses a handle in one thread at a time.
unsafe fn opened<'a>(file: *mut sqlite3_file) -> &'a mut Open {
    // SAFETY: as the caller says; `open` stored the pointer.
    unsafe { &mut *(*file.cast::<File>()).open }
}

/// A path from SQLite.
///
/// # Safety
/// `name` is a C string.
unsafe fn path_of(name: *const c_char) -> PathBuf {
    // SAFETY: as the caller says.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes();
    PathBuf::from(OsStr::from_bytes(bytes))
}

fn code(result: Result<(), Failure>, io: c_int) -> c_int {
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(Failure::Full) => ffi::SQLITE_FULL,
        Err(_) => io,
    }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a VFS of ours and room of `szOsFile`; no methods means that nothing is to be closed.
    let disk = unsafe {
        (*file).pMethods = ptr::null();
        let raw: *const Inner = (*vfs).pAppData.cast();
        Arc::increment_strong_count(raw);
        Arc::from_raw(raw)
    };
    // SAFETY: a name, when there is one, is a C string.
    let path = (!name.is_null()).then(|| unsafe { path_of(name.cast()) });
    let creates = flags & ffi::SQLITE_OPEN_CREATE != 0;
    let is_log = flags
        & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL)
        != 0;
    let (inode, life) = {
        let mut state = disk.state();
        let opened = match &path {
            Some(path) => {
                let how = if flags & ffi::SQLITE_OPEN_EXCLUSIVE != 0 && creates {
                    Opening::New
                } else if creates {
                    Opening::Keep
                } else {
                    Opening::Read
                };
                state.open(path, how)
            }
            None => state.open_nameless(),
        };
        match opened {
            Ok(inode) => (inode, state.life),
            Err(Failure::Full) => return ffi::SQLITE_FULL,
            Err(_) => return ffi::SQLITE_CANTOPEN,
        }
    };
    let open = Box::new(Open {
        disk,
        life,
        inode,
        path,
        level: ffi::SQLITE_LOCK_NONE,
        removes_itself: flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0,
        syncs_folder: creates && is_log,
        shared: None,
        shared_slots: 0,
        exclusive_slots: 0,
    });
    // SAFETY: `file` has room for a `File`; `close` takes the box back.
    unsafe {
        (*file.cast::<File>()).open = Box::into_raw(open);
        (*file).pMethods = &raw const METHODS;
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite gives a VFS of ours and a C string.
    let (disk, path) = unsafe { (disk(vfs), path_of(name)) };
    let mut state = disk.state();
    match state.remove(&path) {
        Ok(()) => {}
        Err(Failure::NotFound) => return ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => return ffi::SQLITE_IOERR_DELETE,
    }
    if sync == 0 {
        return ffi::SQLITE_OK;
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    code(state.sync_folder(folder), ffi::SQLITE_IOERR_DIR_FSYNC)
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a VFS of ours, a C string and a place for the answer.
    let (disk, path) = unsafe { (disk(vfs), path_of(name)) };
    let mut state = disk.state();
    if state.step(Step::Read).is_err() {
        return ffi::SQLITE_IOERR_ACCESS;
    }
    // As SQLite's own VFS has it: an empty journal is none.
    let there = state.file(&path).is_ok_and(|inode| {
        flags != ffi::SQLITE_ACCESS_EXISTS || state.node(inode).content.length() > 0
    });
    // SAFETY: as above.
    unsafe { *out = c_int::from(there) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a C string and `room` bytes.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > usize::try_from(room).unwrap_or(0) {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(vfs: *mut sqlite3_vfs, wanted: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite gives a VFS of ours and `wanted` bytes.
    let (disk, out) = unsafe {
        let length = usize::try_from(wanted).unwrap_or(0);
        (
            disk(vfs),
            std::slice::from_raw_parts_mut(out.cast::<u8>(), length),
        )
    };
    let mut state = disk.state();
    for part in out.chunks_mut(8) {
        let number = state.randomness().to_le_bytes();
        part.copy_from_slice(&number[..part.len()]);
    }
    wanted
}

unsafe extern "C" fn sleep(_: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    // Another thread may hold the lock that is waited for; time itself does not pass.
    std::thread::yield_now();
    microseconds
}

unsafe extern "C" fn time_in_ms(vfs: *mut sqlite3_vfs, out: *mut sqlite3_int64) -> c_int {
    /// The epoch in milliseconds of the Julian calendar.
    const EPOCH: i64 = 210_866_760_000_000;
    // SAFETY: SQLite gives a VFS of ours and a place for the answer.
    unsafe { *out = disk(vfs).state().now_ms + EPOCH };
    ffi::SQLITE_OK
}

unsafe extern "C" fn time_in_days(vfs: *mut sqlite3_vfs, out: *mut f64) -> c_int {
    let mut milliseconds = 0;
    // SAFETY: as for `time_in_ms`.
    unsafe {
        time_in_ms(vfs, &raw mut milliseconds);
        *out = milliseconds as f64 / 86_400_000.0;
    }
    ffi::SQLITE_OK
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map_shared),
    xShmLock: Some(lock_shared),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(unmap_shared),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes each file it opened once.
    unsafe {
        unlock(file, ffi::SQLITE_LOCK_NONE);
        unmap_shared(file, 0);
    }
    // SAFETY: the box came from `open`; SQLite does not use the handle again.
    let open = unsafe { Box::from_raw((*file.cast::<File>()).open) };
    let mut state = open.disk.state();
    if state.life == open.life {
        if let (true, Some(path)) = (open.removes_itself, &open.path) {
            let _ = state.remove(path);
        }
        state.close(open.inode);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    out: *mut c_void,
    wanted: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: an open file and `wanted` bytes.
    let (open, out) = unsafe {
        let length = usize::try_from(wanted).unwrap_or(0);
        (
            opened(file),
            std::slice::from_raw_parts_mut(out.cast::<u8>(), length),
        )
    };
    let Some(mut state) = open.state() else {
        return ffi::SQLITE_IOERR_READ;
    };
    if state.step(Step::Read).is_err() {
        return ffi::SQLITE_IOERR_READ;
    }
    let read = state
        .node(open.inode)
        .content
        .read(offset.cast_unsigned(), out);
    if read < out.len() {
        out[read..].fill(0);
        return ffi::SQLITE_IOERR_SHORT_READ;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: an open file and `length` bytes.
    let (open, bytes) = unsafe {
        let length = usize::try_from(length).unwrap_or(0);
        (
            opened(file),
            std::slice::from_raw_parts(bytes.cast::<u8>(), length),
        )
    };
    let Some(mut state) = open.state() else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    let written = state.write(open.inode, offset.cast_unsigned(), bytes);
    code(written, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let Some(mut state) = open.state() else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    let cut = state.set_length(open.inode, length.cast_unsigned());
    code(cut, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let Some(mut state) = open.state() else {
        return ffi::SQLITE_IOERR_FSYNC;
    };
    if let Err(failure) = state.sync(open.inode) {
        return code(Err(failure), ffi::SQLITE_IOERR_FSYNC);
    }
    if let (true, Some(path)) = (open.syncs_folder, &open.path) {
        let folder = path.parent().unwrap_or(Path::new("/"));
        if state.sync_folder(folder).is_err() {
            return ffi::SQLITE_IOERR_DIR_FSYNC;
        }
    }
    drop(state);
    open.syncs_folder = false;
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: an open file and a place for the answer.
    let open = unsafe { opened(file) };
    let Some(state) = open.state() else {
        return ffi::SQLITE_IOERR_FSTAT;
    };
    // SAFETY: as above.
    unsafe { *out = state.node(open.inode).content.length().cast_signed() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let before = open.level;
    let Some(mut state) = open.state() else {
        return ffi::SQLITE_IOERR_LOCK;
    };
    if wanted <= before {
        return ffi::SQLITE_OK;
    }
    let locks = &mut state.node_mut(open.inode).locks;
    let level = match wanted {
        ffi::SQLITE_LOCK_SHARED => {
            if locks.pending || locks.exclusive {
                return ffi::SQLITE_BUSY;
            }
            locks.shared += 1;
            wanted
        }
        ffi::SQLITE_LOCK_RESERVED => {
            if locks.reserved {
                return ffi::SQLITE_BUSY;
            }
            locks.reserved = true;
            wanted
        }
        _ => {
            if before < ffi::SQLITE_LOCK_RESERVED && locks.reserved {
                return ffi::SQLITE_BUSY;
            }
            if before < ffi::SQLITE_LOCK_PENDING && locks.pending {
                return ffi::SQLITE_BUSY;
            }
            locks.pending = true;
            // The one shared lock is our own.
            if locks.shared > 1 {
                ffi::SQLITE_LOCK_PENDING
            } else {
                locks.exclusive = true;
                ffi::SQLITE_LOCK_EXCLUSIVE
            }
        }
    };
    drop(state);
    open.level = level;
    if level < wanted {
        return ffi::SQLITE_BUSY;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let before = open.level;
    if before <= wanted {
        return ffi::SQLITE_OK;
    }
    open.level = wanted;
    let mut state = open.disk.state();
    if state.life != open.life {
        return ffi::SQLITE_OK;
    }
    let locks = &mut state.node_mut(open.inode).locks;
    if before == ffi::SQLITE_LOCK_EXCLUSIVE {
        locks.exclusive = false;
    }
    if before >= ffi::SQLITE_LOCK_PENDING {
        locks.pending = false;
    }
    if before >= ffi::SQLITE_LOCK_RESERVED {
        locks.reserved = false;
    }
    if wanted == ffi::SQLITE_LOCK_NONE {
        locks.shared = locks.shared.saturating_sub(1);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn is_reserved(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: an open file and a place for the answer.
    let open = unsafe { opened(file) };
    let Some(state) = open.state() else {
        return ffi::SQLITE_IOERR_CHECKRESERVEDLOCK;
    };
    // SAFETY: as above.
    unsafe { *out = c_int::from(state.node(open.inode).locks.reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn control(_: *mut sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn characteristics(_: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

unsafe extern "C" fn map_shared(
    file: *mut sqlite3_file,
    number: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let shared = match &open.shared {
        Some(shared) => shared.clone(),
        None => {
            let Some(mut state) = open.state() else {
                return ffi::SQLITE_IOERR_SHMOPEN;
            };
            let node = state.node_mut(open.inode);
            let shared = node.shared.get_or_insert_with(Arc::default).clone();
            *held(&shared.users) += 1;
            drop(state);
            open.shared = Some(shared.clone());
            shared
        }
    };
    let (number, words) = (
        usize::try_from(number).unwrap_or(0),
        usize::try_from(size).unwrap_or(0).div_ceil(8),
    );
    let mut regions = held(&shared.regions);
    if regions.len() <= number && extend != 0 {
        // Only the list grows: a region that is mapped stays where it is.
        regions.resize_with(number + 1, || vec![0; words].into_boxed_slice());
    }
    let place = regions
        .get_mut(number)
        .map_or(ptr::null_mut(), |region| region.as_mut_ptr().cast());
    // SAFETY: a place for the answer.
    unsafe { *out = place };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock_shared(
    file: *mut sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let Some(shared) = open.shared.clone() else {
        return ffi::SQLITE_IOERR_SHMLOCK;
    };
    let (first, count) = (
        usize::try_from(first).unwrap_or(0),
        usize::try_from(count).unwrap_or(0),
    );
    let mask = ((1_u32 << count) - 1) << first;
    let mut slots = held(&shared.slots);
    let slots = &mut slots[first..first + count];
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        if flags & ffi::SQLITE_SHM_SHARED != 0 {
            if open.shared_slots & mask != 0 {
                slots[0] -= 1;
            }
            open.shared_slots &= !mask;
        } else {
            if open.exclusive_slots & mask != 0 {
                slots.fill(0);
            }
            open.exclusive_slots &= !mask;
        }
        return ffi::SQLITE_OK;
    }
    if flags & ffi::SQLITE_SHM_SHARED != 0 {
        if open.shared_slots & mask != 0 {
            return ffi::SQLITE_OK;
        }
        if slots[0] < 0 {
            return ffi::SQLITE_BUSY;
        }
        slots[0] += 1;
        open.shared_slots |= mask;
    } else {
        if open.exclusive_slots & mask == mask {
            return ffi::SQLITE_OK;
        }
        if slots.iter().any(|slot| *slot != 0) {
            return ffi::SQLITE_BUSY;
        }
        slots.fill(-1);
        open.exclusive_slots |= mask;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn barrier(_: *mut sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn unmap_shared(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: an open file.
    let open = unsafe { opened(file) };
    let Some(shared) = open.shared.take() else {
        return ffi::SQLITE_OK;
    };
    {
        let mut slots = held(&shared.slots);
        for (index, slot) in slots.iter_mut().enumerate() {
            if open.shared_slots & (1 << index) != 0 {
                *slot -= 1;
            }
            if open.exclusive_slots & (1 << index) != 0 {
                *slot = 0;
            }
        }
    }
    open.shared_slots = 0;
    open.exclusive_slots = 0;
    let left = {
        let mut users = held(&shared.users);
        *users -= 1;
        *users
    };
    let mut state = open.disk.state();
    if left == 0 && state.life == open.life {
        // Nobody sees it any more; the next connection recovers the index from the WAL.
        state.node_mut(open.inode).shared = None;
    }
    ffi::SQLITE_OK
}
