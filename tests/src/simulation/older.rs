//! A tablet's database as the first version of the app left it: what later migrations added is taken away again. The app
//! that starts on it brings it up to date, and the power may go in the middle of that.

use rusqlite::{Connection, Result};
use std::collections::BTreeSet;

const FIRST: &str = include_str!("../../../crates/store/migrations/0001_initial.sql");

/// Takes away what the first version did not have. Later versions only add; one that does more is not undone by this,
/// and the schedules say so at the first start.
///
/// # Errors
/// The database refuses.
pub fn make_older(connection: &Connection) -> Result<()> {
    let first = Connection::open_in_memory()?;
    first.execute_batch(FIRST)?;
    for kind in ["index", "table"] {
        let then = names(&first, kind)?;
        for name in names(connection, kind)?.difference(&then) {
            connection.execute_batch(&format!("DROP {kind} {name};"))?;
        }
    }
    for table in names(&first, "table")? {
        let then = columns(&first, &table)?;
        for column in columns(connection, &table)?.difference(&then) {
            connection.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {column};"))?;
        }
    }
    connection.pragma_update(None, "user_version", 1)?;
    Ok(())
}

fn names(connection: &Connection, kind: &str) -> Result<BTreeSet<String>> {
    let mut statement = connection.prepare(include_str!("names.sql"))?;
    let rows = statement.query_map([kind], |row| row.get(0))?;
    rows.collect()
}

fn columns(connection: &Connection, table: &str) -> Result<BTreeSet<String>> {
    let mut statement = connection.prepare(include_str!("columns.sql"))?;
    let rows = statement.query_map([table], |row| row.get(0))?;
    rows.collect()
}
