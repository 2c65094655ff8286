//! A write in progress: SQLite's transaction, and what the journal must hold once it is committed.

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
