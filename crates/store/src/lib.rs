//! Everything the tablet remembers: one encrypted database, its migrations and projections, and the journal beside it.
//!
//! A folder holds `keys.json` and its copy (the user key, wrapped), `zoufang.db` (SQLCipher), `journal/` (a second copy
//! of what is not yet safe at the server, drafts included), `blobs/` (photos and the like, each sealed), `moved-aside/`
//! (databases that could not be opened, kept), `lock` and `reserve`.
//!
//! [`Store::open`] gives a [`Store`]; [`Store::read`] and [`Store::write`] lend a connection or a transaction to the
//! functions of the modules, one module per noun. `documents` and `changes` are the truth; the modules under
//! [`projections`] are computed from them. Nothing here syncs, and nothing here decides what a record may say.

pub mod audit;
pub mod beside;
pub mod blobs;
pub mod cases;
pub mod changes;
pub mod connection;
mod cost;
pub mod countersignatures;
pub mod delegations;
pub mod departures;
pub mod disk;
pub mod district;
pub mod documents;
pub mod drafts;
mod error;
pub mod exports;
mod files;
pub mod guests;
pub mod hardware;
pub mod identity;
pub mod imports;
pub mod journal;
pub mod keys;
pub mod members;
mod migrations;
mod open;
mod pin;
pub mod policies;
pub mod projections;
pub mod read_marks;
pub mod recovery;
pub mod recusals;
pub mod renewals;
mod replay;
pub mod reports;
pub mod rests;
pub mod returned;
mod row;
pub mod sheets;
mod slots;
pub mod standing;
pub mod sync_state;
mod transaction;
pub mod unit_keys;
pub mod wipe;

pub use cost::ArgonCost;
pub use disk::{Disk, SystemDisk};
pub use error::StoreError;
pub use files::FolderLock;
pub use hardware::{FileHardwareKey, HardwareKey, PassingKey};
pub use migrations::SCHEMA_VERSION;
pub use open::{CreateOptions, OpenOptions, OpenOutcome, OpenWith, Store, rescue};
pub use pin::check_new_pin;
pub use rusqlite::Connection;
pub use slots::{MOST_WRONG, PinState};
pub use transaction::Transaction;
