//! `schema.sql` says what the migrations make, and a store of every shipped version still opens.
//!
//! `UPDATE_SCHEMA=1 cargo test -p store --test schema` writes `schema.sql` anew, and the fixture of the newest version;
//! fixtures of versions that were shipped are never written again.

mod common;

use common::{PIN, Person, World, write_family};
use rusqlite::types::ValueRef;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use store::projections::{self, children};
use store::{Connection, StoreError, changes, identity};
use tempfile::TempDir;

fn schema(connection: &Connection) -> Result<String, StoreError> {
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
         ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, name",
    )?;
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
        write_fixture(&path.with_file_name("tests").join("fixtures"));
    }
    let written = fs::read_to_string(&path).expect("schema.sql is there");
    assert!(
        written == found,
        "run UPDATE_SCHEMA=1 cargo test -p store --test schema"
    );
}

/// A store with one of everything a person writes, as this version keeps it: the folder's files, and the rows as SQL.
fn write_fixture(fixtures: &Path) {
    let world = World::new();
    let person = Person::number(1);
    let store = world.create();
    store
        .write(|tx| {
            identity::put(tx, &person.identity())?;
            write_family(tx, &person, 1000)
        })
        .expect("writes");
    let name = format!("{:04}", store::SCHEMA_VERSION);
    fs::write(
        fixtures.join(format!("{name}.sql")),
        store.read(dump).expect("dumps"),
    )
    .expect("writes");
    drop(store);
    let folder = fixtures.join(name);
    fs::create_dir_all(&folder).expect("makes");
    for file in ["attempts", "keys.json", "zoufang.db"] {
        fs::copy(world.folder.join(file), folder.join(file)).expect("copies");
    }
    fs::copy(
        world.temp.path().join("hardware-key"),
        folder.join("hardware-key"),
    )
    .expect("copies");
}

/// Every table and row as SQL.
fn dump(connection: &Connection) -> Result<String, StoreError> {
    let mut text = schema(connection)?;
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")?;
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        let mut rows = connection.prepare(&format!("SELECT * FROM {name}"))?;
        let columns = rows.column_count();
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let mut values = Vec::new();
            for column in 0..columns {
                values.push(match row.get_ref(column)? {
                    ValueRef::Null => "NULL".to_owned(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(text) => {
                        let text = String::from_utf8_lossy(text);
                        format!("'{}'", text.replace('\'', "''"))
                    }
                    ValueRef::Blob(blob) => format!("x'{}'", hex::encode(blob)),
                });
            }
            writeln!(text, "INSERT INTO {name} VALUES ({});", values.join(", "))
                .expect("writing to a string");
        }
    }
    writeln!(text, "PRAGMA user_version = {};", store::SCHEMA_VERSION)
        .expect("writing to a string");
    Ok(text)
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
        for name in ["attempts", "keys.json", "zoufang.db"] {
            fs::copy(fixture.join(name), folder.join(name)).expect("copies");
        }
        let world = World::at(temp, folder, 77);
        let outcome = world.try_open(PIN).expect("opens");
        assert_eq!(outcome.moved_aside, None);
        let store = outcome.store;
        assert_eq!(store.read(children::count).expect("counts"), 1);
        assert_eq!(store.read(changes::outbox_length).expect("counts"), 3);
        let lived = store.read(projections::hash).expect("hashes");
        store.write(projections::rebuild).expect("rebuilds");
        assert_eq!(store.read(projections::hash).expect("hashes"), lived);
    }
}
