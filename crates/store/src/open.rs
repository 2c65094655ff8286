//! Opening: lock, PIN, key, database, migrations, journal. What cannot be opened is moved aside, kept and reported.

mod rotation;
mod transactions;

use crate::connection::{open_reader, open_writer, refuse_plain};
use crate::cost::ArgonCost;
use crate::disk::{Disk, Opening};
use crate::files::{FolderLock, Reserve, release_reserve};
use crate::hardware::HardwareKey;
use crate::journal::{self, CHANGES_ROTATE_AT, DRAFTS_ROTATE_AT, Journal};
use crate::keys::{SecretKey, StoreKeys};
use crate::migrations::migrate;
use crate::slots::{PinState, Slots};
use crate::{StoreError, blobs, projections, replay, wipe};
use ids::{Clock, Entropy};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const DATABASE: &str = "zoufang.db";
const JOURNAL: &str = "journal";
/// The journal of unfinished visits.
const DRAFTS: &str = "drafts";
const MOVED_ASIDE: &str = "moved-aside";
/// How a database moved aside is named after the moment.
const ASIDE_STAMP: &str = "%Y%m%dT%H%M%SZ";
/// There while the store is open; found at opening it says that the last stop was not a clean one, or that damage was met.
const OPEN_MARK: &str = "open";

/// What a new store needs.
pub struct CreateOptions<'a> {
    /// The PIN the person chose.
    pub pin: &'a str,
    /// What a guess costs; [`ArgonCost::default`] outside tests.
    pub cost: ArgonCost,
    /// The hardware key the PIN is tied to.
    pub hardware: &'a dyn HardwareKey,
    /// The district's X25519 public key; the recovery slot is written whenever it is known.
    pub recovery_public: Option<[u8; 32]>,
    /// Randomness; kept by the store for nonces.
    pub entropy: Arc<dyn Entropy>,
    /// Time; kept by the store for labels.
    pub clock: Arc<dyn Clock>,
    /// Where its files live; [`crate::SystemDisk`] outside tests.
    pub disk: Arc<dyn Disk>,
    /// A lock the process already holds on the folder; taken here when none.
    pub lock: Option<Arc<FolderLock>>,
}

/// What opening needs.
pub struct OpenOptions<'a> {
    /// The PIN, or the district's recovery key.
    pub with: OpenWith<'a>,
    /// The hardware key the PIN is tied to.
    pub hardware: &'a dyn HardwareKey,
    /// Randomness; kept by the store for nonces.
    pub entropy: Arc<dyn Entropy>,
    /// Time; kept by the store for labels.
    pub clock: Arc<dyn Clock>,
    /// Where its files live; [`crate::SystemDisk`] outside tests.
    pub disk: Arc<dyn Disk>,
    /// A lock the process already holds on the folder; taken here when none.
    pub lock: Option<Arc<FolderLock>>,
}

/// Which slot to open.
pub enum OpenWith<'a> {
    /// The person's PIN.
    Pin(&'a str),
    /// The district's X25519 secret key.
    Recovery(&'a [u8; 32]),
    /// The user key, as the district gave it back ([`crate::district`]).
    UserKey(&'a SecretKey),
}

/// An opened store and what happened on the way.
pub struct OpenOutcome {
    /// The store.
    pub store: Store,
    /// Where a database that could not be opened lies now. The person is told.
    pub moved_aside: Option<PathBuf>,
    /// Changes brought back from the journal because the database did not have them.
    pub replayed: usize,
    /// Journal files with a cut-off last record; it was never called saved.
    pub torn: usize,
    /// Journal records that would not open; they stay in their files.
    pub unreadable: usize,
}

/// Everything one person's tablet remembers, open.
pub struct Store {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    database: PathBuf,
    generation: u32,
    keys: StoreKeys,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    journal: Mutex<Journal>,
    drafts: Mutex<Journal>,
    reserve: Reserve,
    guessing: Mutex<()>,
    /// Damage was met: the next opening looks at every page.
    is_damaged: AtomicBool,
    /// Something was erased, and the write-ahead log still has the pages of before.
    has_erased_in_log: AtomicBool,
    /// The journals were readable to the last record when this was opened.
    has_whole_journals: bool,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    _lock: Arc<FolderLock>,
}

impl Store {
    /// There is a store in this folder, openable or not.
    #[must_use]
    pub fn exists(disk: &dyn Disk, folder: &Path) -> bool {
        Slots::exist(disk, folder)
    }

    /// How the PIN door stands, without trying it.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without a store.
    pub fn pin_state(
        disk: &Arc<dyn Disk>,
        folder: &Path,
        clock: &dyn Clock,
    ) -> Result<PinState, StoreError> {
        Slots::read(disk.clone(), folder)?.state(clock)
    }

    /// Whether the PIN of this folder's store was tied to this hardware key. When not, no PIN opens it any more.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without a store.
    pub fn fits_hardware(
        disk: &Arc<dyn Disk>,
        folder: &Path,
        hardware: &dyn HardwareKey,
    ) -> Result<bool, StoreError> {
        Ok(Slots::read(disk.clone(), folder)?.fits(hardware))
    }

    /// Makes a store in an empty folder and opens it.
    ///
    /// # Errors
    /// A PIN that is not allowed, a folder in use, [`StoreError::Exists`].
    pub fn create(folder: &Path, options: CreateOptions<'_>) -> Result<Self, StoreError> {
        crate::pin::check_new_pin(options.pin)?;
        let disk = options.disk;
        let lock = lock_of(disk.as_ref(), folder, options.lock)?;
        if Self::exists(disk.as_ref(), folder) {
            return Err(StoreError::Exists);
        }
        let database = folder.join(database_name(0));
        // Left over from a creation that was cut off: its key was never written down.
        move_aside(disk.as_ref(), folder, &database, options.clock.as_ref())?;
        let user = SecretKey::random(options.entropy.as_ref());
        let keys = StoreKeys::from_user_key(SecretKey::from_bytes(*user.bytes()));
        let writer = open_and_migrate(disk.as_ref(), &database, &keys, false)?;
        let (journal, _) = open_journal(&disk, folder, &keys, 0)?;
        let (drafts, _) = open_drafts(&disk, folder, &keys, 0)?;
        // Last: a store exists from the moment its slots do.
        Slots::create(
            disk.clone(),
            folder,
            &user,
            options.pin,
            options.cost,
            options.hardware,
            options.recovery_public,
            options.clock.as_ref(),
            options.entropy.as_ref(),
        )?;
        let store = Self {
            folder: folder.to_owned(),
            database,
            generation: 0,
            keys,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            journal: Mutex::new(journal),
            drafts: Mutex::new(drafts),
            reserve: Reserve::in_folder(disk.clone(), folder),
            guessing: Mutex::new(()),
            is_damaged: AtomicBool::new(false),
            has_erased_in_log: AtomicBool::new(false),
            has_whole_journals: true,
            disk,
            entropy: options.entropy,
            clock: options.clock,
            _lock: lock,
        };
        store.write(projections::bring_up_to_date)?;
        store.reserve.restore();
        store.mark_open()?;
        Ok(store)
    }

    /// Opens the store of this folder.
    ///
    /// # Errors
    /// A wrong PIN and its waits, a folder in use, a plain or newer file.
    /// A damaged database is no error: it is moved aside and the outcome says so.
    pub fn open(folder: &Path, options: OpenOptions<'_>) -> Result<OpenOutcome, StoreError> {
        let disk = options.disk;
        if !Self::exists(disk.as_ref(), folder) || wipe::is_begun(disk.as_ref(), folder) {
            return Err(StoreError::Missing);
        }
        let lock = lock_of(disk.as_ref(), folder, options.lock)?;
        let mut slots = Slots::read(disk.clone(), folder)?;
        let generation = slots.generation();
        let database = folder.join(database_name(generation));
        refuse_plain(disk.as_ref(), &database)?;
        let user = match options.with {
            OpenWith::Pin(pin) => {
                slots.open_with_pin(pin, options.hardware, options.clock.as_ref())?
            }
            OpenWith::Recovery(secret) => slots.open_with_recovery(secret)?,
            OpenWith::UserKey(user) => {
                refuse_wrong_key(disk.as_ref(), folder, &slots, user)?;
                SecretKey::from_bytes(*user.bytes())
            }
        };
        slots.complete(&user, options.hardware, options.clock.as_ref());
        slots.repair();
        let keys = StoreKeys::from_user_key(user);
        let unclean = disk.exists(&folder.join(OPEN_MARK));
        let open = |check| open_and_migrate(disk.as_ref(), &database, &keys, check);
        let opened = match open(unclean) {
            // Read once more with a fresh connection: one failed read looks just like damage.
            Err(StoreError::Corrupt { .. }) => open(true),
            Err(StoreError::DiskFull) if release_reserve(disk.as_ref(), folder)? => open(unclean),
            other => other,
        };
        let (writer, moved_aside) = match opened {
            Ok(writer) => (writer, None),
            Err(StoreError::Corrupt { .. }) => {
                let aside = move_aside(disk.as_ref(), folder, &database, options.clock.as_ref())?;
                (open(false)?, aside)
            }
            Err(other) => return Err(other),
        };
        let (journal, contents) = open_journal(&disk, folder, &keys, generation)?;
        let (drafts, unfinished) = open_drafts(&disk, folder, &keys, generation)?;
        let torn = contents.torn + unfinished.torn;
        let unreadable = contents.unreadable + unfinished.unreadable;
        let store = Self {
            folder: folder.to_owned(),
            database,
            generation,
            keys,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            journal: Mutex::new(journal),
            drafts: Mutex::new(drafts),
            reserve: Reserve::in_folder(disk.clone(), folder),
            guessing: Mutex::new(()),
            is_damaged: AtomicBool::new(false),
            has_erased_in_log: AtomicBool::new(false),
            has_whole_journals: unreadable == 0,
            disk,
            entropy: options.entropy,
            clock: options.clock,
            _lock: lock,
        };
        let replayed = store.write(|tx| {
            let replayed = replay::bring_back(tx, &contents)?;
            replay::bring_back_drafts(tx, &unfinished, replayed.was_cut_off)?;
            Ok::<_, StoreError>(replayed.changes)
        })?;
        store.write(projections::bring_up_to_date)?;
        blobs::settle(&store)?;
        if moved_aside.is_some() || replayed > 0 {
            blobs::rebuild(&store)?;
        }
        if slots.are_agreed() {
            // It opened under the key that both copies name: nothing needs the files of another one any more.
            rotation::remove_others(store.disk.as_ref(), folder, generation).ok();
        }
        store.reserve.restore();
        store.mark_open()?;
        Ok(OpenOutcome {
            store,
            moved_aside,
            replayed,
            torn,
            unreadable,
        })
    }

    /// Puts a new PIN in place of the old one and forgives wrong tries.
    ///
    /// # Errors
    /// A PIN that is not allowed.
    pub fn replace_pin(
        &self,
        pin: &str,
        cost: ArgonCost,
        hardware: &dyn HardwareKey,
    ) -> Result<(), StoreError> {
        Slots::read(self.disk.clone(), &self.folder)?.replace_pin(
            &self.keys.user,
            pin,
            cost,
            hardware,
            self.entropy.as_ref(),
        )
    }

    /// Puts a new PIN in place of the old one, which is asked for first and counts as any other try. Cut off anywhere,
    /// one of the two opens the store.
    ///
    /// # Errors
    /// A new PIN that is not allowed; a wrong old one and its waits. The tenth wrong one locks the store for good, though
    /// it stays open: [`StoreError::RecoveryNeeded`].
    pub fn change_pin(
        &self,
        old: &str,
        new: &str,
        cost: ArgonCost,
        hardware: &dyn HardwareKey,
    ) -> Result<(), StoreError> {
        crate::pin::check_new_pin(new)?;
        self.ask_pin(old, hardware)?;
        self.replace_pin(new, cost, hardware)
    }

    /// Asks for the PIN although the store is open: counted, with the same waits as at the door, and nothing of it is
    /// kept.
    ///
    /// # Errors
    /// As opening with a PIN. The tenth wrong one locks the store for good, though it stays open:
    /// [`StoreError::RecoveryNeeded`].
    pub fn ask_pin(&self, pin: &str, hardware: &dyn HardwareKey) -> Result<(), StoreError> {
        // One at a time: of two guesses at once neither goes uncounted.
        let _one = self.guessing.lock().unwrap_or_else(PoisonError::into_inner);
        Slots::read(self.disk.clone(), &self.folder)?
            .open_with_pin(pin, hardware, self.clock.as_ref())
            .map(drop)
    }

    /// What a guess of this store's PIN costs; none when there is no PIN any more.
    ///
    /// # Errors
    /// The slots cannot be read.
    pub fn pin_cost(&self) -> Result<Option<ArgonCost>, StoreError> {
        Ok(Slots::read(self.disk.clone(), &self.folder)?.pin_cost())
    }

    /// A key for sealing things of this device outside the database.
    #[must_use]
    pub fn device_key(&self, label: &str) -> SecretKey {
        self.keys.device.derive(label)
    }

    /// Enough room is free for more than words; pulls wait when it is not.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.reserve.has_room()
    }

    /// Enough room is free to take in a photo; words and pulls go on when it is not.
    #[must_use]
    pub fn has_room_for_photos(&self) -> bool {
        self.reserve.has_room_for_photos()
    }

    /// A database that could not be opened lies here, kept for whoever can.
    #[must_use]
    pub fn keeps_aside(&self) -> bool {
        let aside = self.folder.join(MOVED_ASIDE);
        // What cannot be listed is taken for something that is kept.
        let keeps = |folder: &Path| self.disk.list(folder);
        self.disk.exists(&aside)
            && keeps(&aside).map_or(true, |kept| {
                kept.iter()
                    .any(|folder| keeps(folder).map_or(true, |files| !files.is_empty()))
            })
    }

    /// Removes a database that could not be opened when its moment says that it is not kept any longer. Nothing goes while
    /// the journals could not be read to the end: it may be the only one that has what they lack. The caller has seen that
    /// everything written here is at the server for good. True when something went.
    ///
    /// # Errors
    /// A file cannot be removed; what is left goes another time.
    pub fn forget_aside(&self, is_over: impl Fn(i64) -> bool) -> Result<bool, StoreError> {
        let aside = self.folder.join(MOVED_ASIDE);
        if !self.has_whole_journals || !self.disk.exists(&aside) {
            return Ok(false);
        }
        let mut has_gone = false;
        for folder in self.disk.list(&aside)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let stamp = name.split('-').next().unwrap_or_default();
            let moment = chrono::NaiveDateTime::parse_from_str(stamp, ASIDE_STAMP);
            if !moment.is_ok_and(|moment| is_over(moment.and_utc().timestamp_millis())) {
                continue;
            }
            for file in self.disk.list(&folder)? {
                self.disk.remove(&file)?;
                has_gone = true;
            }
            self.disk.sync_folder(&folder)?;
        }
        Ok(has_gone)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its files live.
    #[must_use]
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The clock the store was opened with.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The randomness the store was opened with.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    fn mark_open(&self) -> Result<(), StoreError> {
        match self.disk.open(&self.folder.join(OPEN_MARK), Opening::Empty) {
            // Without the mark the next opening merely skips a check.
            Err(error) if crate::error::is_full(&error) => Ok(()),
            other => {
                other?;
                Ok(self.disk.sync_folder(&self.folder)?)
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        guard(&self.readers).clear();
        if !self.is_damaged.load(Ordering::Relaxed) {
            let _ = self.disk.remove(&self.folder.join(OPEN_MARK));
        }
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in a closure rolled its transaction back; the connection itself is sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The database of the account's n-th key, counted from nought.
fn database_name(generation: u32) -> String {
    match generation {
        0 => DATABASE.to_owned(),
        later => format!("zoufang-{later}.db"),
    }
}

/// The folder of a journal of the account's n-th key.
fn journal_name(name: &str, generation: u32) -> String {
    match generation {
        0 => name.to_owned(),
        later => format!("{name}-{later}"),
    }
}

fn open_journal(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    keys: &StoreKeys,
    generation: u32,
) -> Result<(Journal, journal::Contents), StoreError> {
    let key = SecretKey::from_bytes(*keys.journal.bytes());
    let folder = folder.join(journal_name(JOURNAL, generation));
    Journal::open(disk.clone(), &folder, key, CHANGES_ROTATE_AT)
}

fn open_drafts(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    keys: &StoreKeys,
    generation: u32,
) -> Result<(Journal, journal::Contents), StoreError> {
    let key = SecretKey::from_bytes(*keys.journal.bytes());
    let folder = folder.join(journal_name(DRAFTS, generation));
    Journal::open(disk.clone(), &folder, key, DRAFTS_ROTATE_AT)
}

/// Everything readable in the journal of a folder, with the district's recovery key: for rescue on another machine.
///
/// # Errors
/// No recovery slot, or the wrong key.
pub fn rescue(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    recovery_secret: &[u8; 32],
) -> Result<journal::Contents, StoreError> {
    let slots = Slots::read(disk.clone(), folder)?;
    let keys = StoreKeys::from_user_key(slots.open_with_recovery(recovery_secret)?);
    let read = |name| {
        let folder = folder.join(journal_name(name, slots.generation()));
        journal::read(disk.as_ref(), &folder, &keys.journal)
    };
    let mut contents = read(JOURNAL)?;
    let drafts = read(DRAFTS)?;
    contents.records.extend(drafts.records);
    contents.torn += drafts.torn;
    contents.unreadable += drafts.unreadable;
    Ok(contents)
}

fn lock_of(
    disk: &dyn Disk,
    folder: &Path,
    held: Option<Arc<FolderLock>>,
) -> Result<Arc<FolderLock>, StoreError> {
    match held {
        Some(lock) if lock.folder() == folder => Ok(lock),
        _ => Ok(Arc::new(FolderLock::take(disk, folder)?)),
    }
}

/// A key handed over from outside must never make a sound database look damaged, which would be moved aside.
fn refuse_wrong_key(
    disk: &dyn Disk,
    folder: &Path,
    slots: &Slots,
    user: &SecretKey,
) -> Result<(), StoreError> {
    let is_right = match slots.is_user_key(user) {
        Some(is_right) => is_right,
        None => {
            let keys = StoreKeys::from_user_key(SecretKey::from_bytes(*user.bytes()));
            // Only files of before the first change of keys say nothing.
            open_reader(disk, &folder.join(DATABASE), &keys.database).is_ok()
                || !journal::read(disk, &folder.join(JOURNAL), &keys.journal)?
                    .records
                    .is_empty()
        }
    };
    match is_right {
        true => Ok(()),
        false => Err(rescue::RescueError::Refused.into()),
    }
}

fn open_and_migrate(
    disk: &dyn Disk,
    database: &Path,
    keys: &StoreKeys,
    check: bool,
) -> Result<Connection, StoreError> {
    let mut writer = open_writer(disk, database, &keys.database)?;
    if check {
        // Only after an unclean stop: it reads every page.
        let answer: String = writer.pragma_query_value(None, "quick_check", |row| row.get(0))?;
        if answer != "ok" {
            return Err(StoreError::Corrupt {
                what: "the database failed its check",
            });
        }
    }
    migrate(&mut writer)?;
    // Some builds accept a key and write plain text all the same. Emptied, because it may keep the pages of before
    // something was erased.
    writer
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .ok();
    refuse_plain(disk, database)?;
    Ok(writer)
}

/// Moves the database and its companions to `moved-aside/<time>/`, where they are kept until [`Store::forget_aside`].
fn move_aside(
    disk: &dyn Disk,
    folder: &Path,
    database: &Path,
    clock: &dyn Clock,
) -> Result<Option<PathBuf>, StoreError> {
    if !disk.exists(database) {
        return Ok(None);
    }
    let time = chrono::DateTime::from_timestamp_millis(clock.now_ms()).unwrap_or_default();
    let stamp = time.format(ASIDE_STAMP).to_string();
    let parent = folder.join(MOVED_ASIDE);
    disk.make_folder(&parent)?;
    let target = (0..)
        .map(|copy| match copy {
            0 => parent.join(&stamp),
            copy => parent.join(format!("{stamp}-{copy}")),
        })
        .find(|target| !disk.exists(target))
        .expect("there are more names than folders");
    disk.make_folder(&target)?;
    // The companions first: cut off here, the database itself still lies where it is looked for.
    let file = database
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for suffix in ["-wal", "-shm", ""] {
        let name = format!("{file}{suffix}");
        let from = folder.join(&name);
        if disk.exists(&from) {
            disk.rename(&from, &target.join(&name))?;
        }
    }
    disk.sync_folder(&target)?;
    disk.sync_folder(folder)?;
    Ok(Some(target))
}
