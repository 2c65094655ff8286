//! The migrations: a new database replays all of them, an old one those it lacks.

use crate::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// In order; the number is the `user_version` after it. Once shipped, a file is never edited.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../migrations/0001_initial.sql"))];

/// The schema this app writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Brings the database to [`SCHEMA_VERSION`].
///
/// # Errors
/// [`StoreError::TooNew`] when a newer app wrote it and says that this one would misread it.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > SCHEMA_VERSION {
        let oldest_reader: i64 = connection
            .query_row("SELECT oldest_reader FROM meta", [], |row| row.get(0))
            .map_err(|_| StoreError::TooNew)?;
        return if oldest_reader > SCHEMA_VERSION {
            Err(StoreError::TooNew)
        } else {
            Ok(())
        };
    }
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    let tx = Transaction::new(connection, TransactionBehavior::Immediate)?;
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > version) {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", number)?;
    }
    tx.commit()?;
    Ok(())
}
