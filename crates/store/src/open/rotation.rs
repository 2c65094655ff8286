//! A new user key: everything of the account is filled into new files under it, beside the old ones.
//!
//! Never in place: a power cut inside a re-encryption is the worst place to be. The new database is a page-by-page copy
//! of the old one under its new key, the new journals hold the old ones' records; all of it is durable, was opened again
//! and compared before `keys.json` is replaced by one that names it. That replacement is the moment of change: cut off
//! before it, the old files open as if nothing had been; after it, the new ones do. The old ones are removed by the next
//! opening, when both copies of `keys.json` name the new. What could not be opened and is kept needs the old key, which
//! the district's slot holds: while there is any, the key stays. Photos stay where they are: each has a key of its own, which
//! stands in the database.

use super::{
    DRAFTS, JOURNAL, Store, database_name, guard, journal_name, open_and_migrate, open_drafts,
    open_journal,
};
use crate::connection::open_writer;
use crate::cost::ArgonCost;
use crate::disk::Disk;
use crate::hardware::HardwareKey;
use crate::journal;
use crate::keys::{SecretKey, StoreKeys};
use crate::slots::Slots;
use crate::{StoreError, projections};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;

impl Store {
    /// Gives this account a new user key, wrapped for the same PIN and the same district. The store is closed by it,
    /// whatever comes of it, and opens again with the PIN.
    ///
    /// # Errors
    /// A wrong PIN, which counts as any other; [`StoreError::DiskFull`] while room is kept for words;
    /// [`StoreError::KeptAside`] while something is here that could not be opened. The old key is still the one that opens
    /// it then, unless the very last step failed: then one of the two does.
    pub fn rotate(
        self,
        pin: &str,
        cost: ArgonCost,
        hardware: &dyn HardwareKey,
    ) -> Result<(), StoreError> {
        if !self.has_room() {
            return Err(StoreError::DiskFull);
        }
        if self.keeps_aside() {
            return Err(StoreError::KeptAside);
        }
        let mut slots = Slots::read(self.disk.clone(), &self.folder)?;
        slots.open_with_pin(pin, hardware, self.clock.as_ref())?;
        let generation = self.generation + 1;
        // What an earlier attempt left behind.
        remove_generation(self.disk.as_ref(), &self.folder, generation)?;
        let user = SecretKey::random(self.entropy.as_ref());
        let keys = StoreKeys::from_user_key(SecretKey::from_bytes(*user.bytes()));
        self.copy_database(&keys, generation)?;
        self.copy_journals(&keys, generation)?;
        self.disk.sync_folder(&self.folder)?;
        slots.replace_user_key(
            (&user, generation),
            (pin, cost, hardware),
            self.clock.as_ref(),
            self.entropy.as_ref(),
        )
    }

    /// When the user key was made, or first seen by an app that writes it down.
    ///
    /// # Errors
    /// The slots cannot be read.
    pub fn key_made_ms(&self) -> Result<Option<i64>, StoreError> {
        Ok(Slots::read(self.disk.clone(), &self.folder)?.key_made_ms())
    }

    fn copy_database(&self, keys: &StoreKeys, generation: u32) -> Result<(), StoreError> {
        let path = self.folder.join(database_name(generation));
        let old = guard(&self.writer);
        let mut new = open_writer(self.disk.as_ref(), &path, &keys.database)?;
        // Nobody else writes; anything but the whole of it is an error.
        match Backup::new(&old, &mut new)?.step(-1)? {
            StepResult::Done => {}
            _ => return Err(not_the_same()),
        }
        settle(&new)?;
        drop(new);
        // Opened again, as the next opening will, and compared before anything depends on it.
        let new = open_and_migrate(self.disk.as_ref(), &path, keys, true)?;
        if pages(&new)? != pages(&old)? || projections::hash(&new)? != projections::hash(&old)? {
            return Err(not_the_same());
        }
        settle(&new)
    }

    fn copy_journals(&self, keys: &StoreKeys, generation: u32) -> Result<(), StoreError> {
        let entropy = self.entropy.as_ref();
        let records = |name| {
            let folder = self.folder.join(journal_name(name, self.generation));
            let contents = journal::read(self.disk.as_ref(), &folder, &self.keys.journal)?;
            if contents.unreadable > 0 {
                return Err(StoreError::KeptAside);
            }
            Ok(contents.records)
        };
        let (mut changes, _) = open_journal(&self.disk, &self.folder, keys, generation)?;
        let (mut drafts, _) = open_drafts(&self.disk, &self.folder, keys, generation)?;
        for (journal, records) in [
            (&mut changes, records(JOURNAL)?),
            (&mut drafts, records(DRAFTS)?),
        ] {
            journal.prepare(&records, entropy)?;
            journal.append(records)?;
        }
        Ok(())
    }
}

/// Everything in the file itself, synced.
fn settle(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

fn pages(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "page_count", |row| row.get(0))?)
}

fn not_the_same() -> StoreError {
    StoreError::Corrupt {
        what: "the copy under the new key",
    }
}

/// Removes the files of every earlier generation, and what a later one left that never came to be.
pub(super) fn remove_others(disk: &dyn Disk, folder: &Path, kept: u32) -> Result<(), StoreError> {
    for generation in (0..kept).chain([kept + 1]) {
        remove_generation(disk, folder, generation)?;
    }
    Ok(())
}

fn remove_generation(disk: &dyn Disk, folder: &Path, generation: u32) -> Result<(), StoreError> {
    let database = database_name(generation);
    let mut files: Vec<_> = ["-wal", "-shm", "-journal", ""]
        .map(|suffix| folder.join(format!("{database}{suffix}")))
        .to_vec();
    for name in [JOURNAL, DRAFTS] {
        let journals = folder.join(journal_name(name, generation));
        if disk.exists(&journals) {
            files.extend(disk.list(&journals)?);
        }
    }
    for file in files.iter().filter(|file| disk.exists(file)) {
        disk.remove(file)?;
    }
    Ok(())
}
