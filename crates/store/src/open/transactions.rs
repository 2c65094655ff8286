//! Reading and writing in an open store: a reader sees one moment, a write is all or nothing, and no connection that a
//! failing disk has spoilt is used again.

use super::{Store, guard};
use crate::StoreError;
use crate::changes;
use crate::connection::{open_reader, open_writer};
use crate::journal::{Journal, Record};
use crate::transaction::Transaction;
use ids::ChangeHash;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::error::Error;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long readers are waited for when the write-ahead log is to be emptied.
const EMPTYING: Duration = Duration::from_millis(100);

/// A committed write whose records are in the journals, which nobody else touches before they are tidy.
struct Kept<'a> {
    became_durable: bool,
    has_erased: bool,
    journal: MutexGuard<'a, Journal>,
    drafts: MutexGuard<'a, Journal>,
}

impl Store {
    /// Reads: everything in the closure sees one moment. Any number at a time, beside the writer.
    ///
    /// # Errors
    /// What the closure returns, or that no reader could be opened.
    pub fn read<T, E: From<StoreError> + Error + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = guard(&self.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => open_reader(self.disk.as_ref(), &self.database, &self.keys.database)?,
        };
        let value = {
            let moment = reader.unchecked_transaction().map_err(StoreError::from)?;
            read(&moment)
        };
        // Once a page could not be read, what encrypts pages answers nothing any more on that connection: it goes.
        if !is_spoilt(&value) {
            guard(&self.readers).push(reader);
        }
        self.note_damage(&value);
        value
    }

    /// Writes in one `BEGIN IMMEDIATE`: all of it or none. Returns when it is on the disk and own changes are in the
    /// journal as well. On a full disk the reserve is released and the closure runs once more, hence `FnMut`.
    ///
    /// # Errors
    /// What the closure returns, or [`StoreError::DiskFull`]; nothing was written then.
    pub fn write<T, E: From<StoreError> + Error + 'static>(
        &self,
        mut write: impl FnMut(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut committed = false;
        match self.write_once(&mut write, &mut committed) {
            // Once committed the closure must not run again: it would write everything twice.
            Err(error) if !committed && is_disk_full(&error) && self.reserve.release()? => {
                self.write_once(&mut write, &mut committed)
            }
            other => {
                if other.is_ok() {
                    self.reserve.restore();
                }
                other
            }
        }
    }

    /// Like [`Self::write`] for what can be fetched again: never touches the reserve kept for words.
    ///
    /// # Errors
    /// What the closure returns, or [`StoreError::DiskFull`]; nothing was written then.
    pub fn write_fetched<T, E: From<StoreError> + Error + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.reserve.has_room() {
            return Err(StoreError::DiskFull.into());
        }
        self.write_once(write, &mut false)
    }

    fn write_once<T, E: From<StoreError> + Error + 'static>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
        committed: &mut bool,
    ) -> Result<T, E> {
        let value = self.try_to_write(write, committed);
        if is_spoilt(&value) {
            self.renew_writer();
        }
        self.note_damage(&value);
        value
    }

    /// Another connection in the place of one that a failing disk has spoilt: whoever tries again is not told that all is
    /// damaged. Where none can be opened the old one stays, and says so itself.
    fn renew_writer(&self) {
        let mut writer = guard(&self.writer);
        if let Ok(fresh) = open_writer(self.disk.as_ref(), &self.database, &self.keys.database) {
            *writer = fresh;
        }
    }

    fn note_damage<T, E: Error + 'static>(&self, value: &Result<T, E>) {
        let is_damage = |error: &StoreError| matches!(error, StoreError::Corrupt { .. });
        if value
            .as_ref()
            .is_err_and(|error| is_because(error, is_damage))
        {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
    }

    fn try_to_write<T, E: From<StoreError>>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
        committed: &mut bool,
    ) -> Result<T, E> {
        let mut writer = guard(&self.writer);
        let tx = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let tx = Transaction::new(tx);
        let value = write(&tx)?;
        let kept = self.keep(tx, committed)?;
        self.tidy(&writer, kept)?;
        Ok(value)
    }

    /// Commits, and writes into the journals what must be in them before this is called saved. Like what follows it is compiled
    /// once, and not anew for every closure that writes.
    fn keep(&self, tx: Transaction<'_>, committed: &mut bool) -> Result<Kept<'_>, StoreError> {
        let (unfinished, records): (Vec<_>, Vec<_>) = tx
            .take_records()
            .into_iter()
            .partition(|record| matches!(record, Record::Draft(_) | Record::DraftGone(_)));
        let mut kept = Kept {
            became_durable: tx.became_durable(),
            has_erased: tx.has_erased(),
            journal: guard(&self.journal),
            drafts: guard(&self.drafts),
        };
        kept.journal.prepare(&records, self.entropy.as_ref())?;
        kept.drafts.prepare(&unfinished, self.entropy.as_ref())?;
        tx.commit().map_err(StoreError::from)?;
        *committed = true;
        // The drafts first: a draft that only its journal has, beside changes that only the database has, is gone.
        self.append(&mut kept.drafts, unfinished)?;
        self.append(&mut kept.journal, records)?;
        Ok(kept)
    }

    /// Writes journals anew without what was erased, removes needless ones, and empties the write-ahead log.
    fn tidy(&self, writer: &Connection, mut kept: Kept<'_>) -> Result<(), StoreError> {
        let is_settled = |hash: &ChangeHash| changes::is_settled(writer, hash);
        if kept.has_erased {
            // Cut off here, the next opening leaves out what was erased and writes the journals anew.
            let mut is_wanted =
                |hash: &ChangeHash| Ok(changes::has(writer, *hash)? && !is_settled(hash)?);
            kept.journal
                .rewrite(self.entropy.as_ref(), &mut is_wanted)?;
            // A new file begins with the drafts that are left.
            kept.drafts
                .rewrite(self.entropy.as_ref(), &mut |_| Ok(false))?;
        }
        if kept.became_durable || kept.journal.has_begun_file() {
            kept.journal.prune(&mut |hash| is_settled(hash))?;
        }
        if kept.drafts.has_begun_file() {
            kept.drafts.prune(&mut |_| Ok(true))?;
        }
        if kept.has_erased || self.has_erased_in_log.load(Ordering::Relaxed) {
            self.empty_log(writer);
        }
        Ok(())
    }

    /// Empties the write-ahead log: it keeps the pages of before something was erased. Never an error: somebody who still
    /// reads them is not waited for, and the next write, or opening, tries again.
    fn empty_log(&self, writer: &Connection) {
        let emptied = || -> Result<bool, StoreError> {
            let busy_ms: u32 = writer.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
            writer.busy_timeout(EMPTYING)?;
            let is_busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, i64>(0)
            });
            writer.busy_timeout(Duration::from_millis(u64::from(busy_ms)))?;
            Ok(is_busy? == 0)
        };
        let is_owed = !emptied().unwrap_or(false);
        self.has_erased_in_log.store(is_owed, Ordering::Relaxed);
    }

    /// Into the journal, with a second try in a new file: a failing place in one file is no reason to call a committed
    /// record not saved.
    fn append(&self, journal: &mut Journal, records: Vec<Record>) -> Result<(), StoreError> {
        let Err(error) = journal.append(records) else {
            return Ok(());
        };
        if matches!(error, StoreError::DiskFull) {
            self.reserve.release()?;
        }
        journal.prepare(&[], self.entropy.as_ref())?;
        journal.append(Vec::new())
    }
}

fn is_disk_full(error: &(dyn Error + 'static)) -> bool {
    is_because(error, |error| matches!(error, StoreError::DiskFull))
}

/// A connection after this may fail for good, though the file is whole.
fn is_spoilt<T, E: Error + 'static>(value: &Result<T, E>) -> bool {
    let failed = |error: &StoreError| match error {
        StoreError::Corrupt { .. } => true,
        StoreError::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure),
        _ => false,
    };
    value.as_ref().is_err_and(|error| is_because(error, failed))
}

fn is_because(error: &(dyn Error + 'static), is: impl Fn(&StoreError) -> bool) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref().is_some_and(&is) {
            return true;
        }
        next = error.source();
    }
    false
}
