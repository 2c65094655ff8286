//! A write in progress: SQLite's transaction, and what the journal must hold once it is committed.

use crate::StoreError;
use crate::documents::contained;
use crate::journal::Record;
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::ops::Deref;

/// A `BEGIN IMMEDIATE` transaction. Reading functions take it too: it derefs to [`Connection`].
pub struct Transaction<'conn> {
    inner: rusqlite::Transaction<'conn>,
    records: RefCell<Vec<Record>>,
    became_durable: Cell<bool>,
    erased: Cell<bool>,
}

impl<'conn> Transaction<'conn> {
    pub(crate) fn new(inner: rusqlite::Transaction<'conn>) -> Self {
        Self {
            inner,
            records: RefCell::default(),
            became_durable: Cell::new(false),
            erased: Cell::new(false),
        }
    }

    /// Asks that the record be in the journal before this write is called saved.
    pub(crate) fn journal(&self, record: Record) {
        self.records.borrow_mut().push(record);
    }

    /// Some own change was acknowledged for good: journal files may have become needless.
    pub(crate) fn note_durable(&self) {
        self.became_durable.set(true);
    }

    pub(crate) fn became_durable(&self) -> bool {
        self.became_durable.get()
    }

    /// A document was erased: the journal is written anew without it.
    pub(crate) fn note_erased(&self) {
        self.erased.set(true);
    }

    pub(crate) fn has_erased(&self) -> bool {
        self.erased.get()
    }

    pub(crate) fn take_records(&self) -> Vec<Record> {
        self.records.take()
    }

    /// Does a part of the write that must not take the rest with it. `None` when what is stored or came cannot be read,
    /// or reading it panicked: then nothing of the part is left. Errors of the disk or the database end the whole write.
    ///
    /// # Errors
    /// As the part's, other than damage.
    pub fn part<T, E>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
        is_damage: impl FnOnce(&E) -> bool,
    ) -> Result<Option<T>, E>
    where
        E: From<StoreError>,
    {
        let records = self.records.borrow().len();
        let flags = (self.became_durable.get(), self.erased.get());
        self.batch(include_str!("../sql/transaction/begin_part.sql"))?;
        match contained::quietly(work) {
            Some(Ok(done)) => {
                self.batch(include_str!("../sql/transaction/end_part.sql"))?;
                Ok(Some(done))
            }
            Some(Err(error)) if !is_damage(&error) => Err(error),
            Some(Err(_)) | None => {
                self.batch(include_str!("../sql/transaction/undo_part.sql"))?;
                self.records.borrow_mut().truncate(records);
                self.became_durable.set(flags.0);
                self.erased.set(flags.1);
                Ok(None)
            }
        }
    }

    fn batch(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.inner.execute_batch(sql)?)
    }

    pub(crate) fn commit(self) -> rusqlite::Result<()> {
        self.inner.commit()
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.inner
    }
}
