//! `schema.sql` says what the migrations make, and a store of every shipped version still opens.
//!
//! `UPDATE_SCHEMA=1 cargo test -p store --test schema` writes `schema.sql` anew.

mod common;

use common::{PIN, World};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use store::projections::{self, children};
use store::{Connection, StoreError, changes};
use tempfile::TempDir;

fn schema(connection: &Connection) -> Result<String, StoreError> {
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut text = String::from("-- Written by the test `schema.sql is current`; never edited.\n");
    for sql in rows {
        write!(text, "\n{};\n", sql?).expect("writing to a string");
    }
    Ok(text)
}

#[test]
fn schema_sql_is_current() {
    let world = World::new();
    let store = world.create();
    let found = store.read(schema).expect("reads");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.sql");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &found).expect("writes");
    }
    let written = fs::read_to_string(&path).expect("schema.sql is there");
    assert!(
        written == found,
        "run UPDATE_SCHEMA=1 cargo test -p store --test schema"
    );
}

/// Folders of whole stores, one per shipped schema version: `tests/fixtures/<version>/`.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

#[test]
fn a_store_of_every_version_opens_with_its_pin_and_shows_its_records() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len() as i64, store::SCHEMA_VERSION);
    for fixture in fixtures {
        let temp = TempDir::new().expect("a folder");
        let folder = temp.path().join("tablet");
        fs::create_dir_all(folder.join("journal")).expect("makes");
        fs::copy(
            fixture.join("hardware-key"),
            temp.path().join("hardware-key"),
        )
        .expect("copies");
        for name in ["keys.json", "zoufang.db"] {
            fs::copy(fixture.join(name), folder.join(name)).expect("copies");
        }
        let world = World::at(temp, folder, 77);
        let outcome = world.try_open(PIN).expect("opens");
        assert_eq!(outcome.moved_aside, None);
        let store = outcome.store;
        assert_eq!(store.read(children::count).expect("counts"), 1);
        assert_eq!(store.read(changes::outbox_length).expect("counts"), 3);
        let lived = store.read(projections::hash).expect("hashes");
        store
            .write(|tx| projections::rebuild(tx))
            .expect("rebuilds");
        assert_eq!(store.read(projections::hash).expect("hashes"), lived);
    }
}
