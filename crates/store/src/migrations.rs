//! The migrations: a new database replays all of them, an old one those it lacks.

use crate::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};

/// In order; the number is the `user_version` after it. Once shipped, a file is never edited.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/0001_initial.sql")),
    (
        2,
        include_str!("../migrations/0002_sync_that_cannot_lose.sql"),
    ),
    (3, include_str!("../migrations/0003_the_right_eyes.sql")),
    (4, include_str!("../migrations/0004_the_whole_file.sql")),
    (5, include_str!("../migrations/0005_blocks_and_pauses.sql")),
    (
        6,
        include_str!("../migrations/0006_delegated_enrolment.sql"),
    ),
    (7, include_str!("../migrations/0007_sheets_and_rests.sql")),
    (8, include_str!("../migrations/0008_words_of_a_page.sql")),
    (9, include_str!("../migrations/0009_guests.sql")),
    (10, include_str!("../migrations/0010_reports.sql")),
    (11, include_str!("../migrations/0011_countersignatures.sql")),
    (12, include_str!("../migrations/0012_case_words.sql")),
];

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
            .query_row(
                include_str!("../sql/connection/oldest_reader.sql"),
                [],
                |row| row.get(0),
            )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::open_writer;
    use crate::disk::SystemDisk;
    use crate::keys::SecretKey;
    use crate::projections;
    use std::fs;
    use std::path::Path;

    /// Small real databases of every version, as SQL, so that a review can read them.
    #[test]
    fn a_database_of_every_version_is_brought_up_to_date() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        for (number, _) in MIGRATIONS {
            let sql = fs::read_to_string(fixtures.join(format!("{number:04}.sql")))
                .expect("every version has a fixture");
            let temp = tempfile::TempDir::new().expect("a folder");
            let key = SecretKey::from_bytes([3; 32]);
            let mut writer =
                open_writer(&SystemDisk, &temp.path().join("old.db"), &key).expect("opens");
            writer.execute_batch(&sql).expect("an old database");
            migrate(&mut writer).expect("migrates");
            let version: i64 = writer
                .pragma_query_value(None, "user_version", |row| row.get(0))
                .expect("reads");
            assert_eq!(version, SCHEMA_VERSION);
            let tx = writer
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .expect("begins");
            let tx = crate::Transaction::new(tx);
            projections::rebuild(&tx).expect("rebuilds");
            assert_eq!(projections::children::count(&tx).expect("counts"), 1);
            let events = projections::events::of_child(
                &tx,
                projections::children::all(&tx).expect("reads")[0].child,
            );
            assert_eq!(events.expect("reads").len(), 1);
            let violations = tx
                .prepare("PRAGMA foreign_key_check")
                .expect("prepares")
                .exists([])
                .expect("checks");
            assert!(!violations);
        }
    }

    #[test]
    fn every_file_of_the_folder_is_one_of_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let files = std::fs::read_dir(folder).expect("the folder").count();
        assert_eq!(files, MIGRATIONS.len());
    }

    #[test]
    fn the_numbers_follow_each_other() {
        for (place, (number, _)) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(*number).expect("small"), place + 1);
        }
    }
}
