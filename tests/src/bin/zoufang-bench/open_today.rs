//! From the PIN to the list 今天 with a thousand households, against reading the rows and nothing else.

use crate::measure::{Cost, Watch, milliseconds, print, wall};
use anyhow::{Result, bail};
use client::view::{AppView, TodayView};
use rusqlite::Connection;
use rusqlite::types::{Value as Cell, ValueRef};
use serde_json::{Value, json};
use std::path::Path;
use store::connection::{open_reader, open_writer};
use store::keys::SecretKey;
use store::{ArgonCost, FileHardwareKey, StoreError};
use zoufang_tests::device::{Device, entropy};
use zoufang_tests::world::{self, History, PIN, World};

/// Tables computed from documents; what lists are drawn from.
const PROJECTIONS: [&str; 8] = [
    "records",
    "entries",
    "conflicts",
    "households",
    "children",
    "events",
    "problems",
    "problem_children",
];

pub async fn run(
    world: &mut World,
    households: usize,
    children: usize,
    rounds: usize,
) -> Result<()> {
    let unit = world.village().await?;
    let first = world.director(unit).await?;
    world::fill(
        &first,
        &world::households(households, children, first.tablet()?.today())?,
        History::AtOnce,
    )?;
    world::sync(&first).await?;
    let device = world.enrolled(unit).await?;
    let watch = Watch::start();
    world::load(&device).await?;
    let loaded = watch.stop();

    let key = SecretKey::random(entropy().as_ref());
    let bare = world.path("projections.db");
    copy_projections(&device, &bare, &key)?;

    let mut ours = Vec::new();
    let mut limit = Vec::new();
    for round in 0..=rounds {
        let cost = open(&device, children).await?;
        let watch = Watch::start();
        read_all(&open_reader(&store::SystemDisk, &bare, &key)?)?;
        // The first round warms caches and is not counted.
        if round > 0 {
            ours.push(cost);
            limit.push(watch.stop());
        }
    }
    let again = draw(&device, rounds, children).await?;

    let folder = device.tablet()?.store.folder().to_owned();
    device.tablet()?.store.replace_pin(
        PIN,
        ArgonCost::default(),
        &FileHardwareKey::beside(&folder),
    )?;
    let mut with_argon = Vec::new();
    for _ in 0..rounds {
        with_argon.push(open(&device, children).await?);
    }

    let totals: Vec<Cost> = ours.iter().map(|opened| opened.total).collect();
    let with_argon: Vec<Cost> = with_argon.iter().map(|opened| opened.total).collect();
    let unlocks: Vec<Cost> = ours.iter().map(|opened| opened.unlock).collect();
    let rows = wall(&limit);
    print(
        "open_today",
        wall(&totals),
        "ms",
        "open_and_read_all_projection_rows",
        rows,
    );
    print(
        "open_today_with_argon2",
        wall(&with_argon),
        "ms",
        "open_and_read_all_projection_rows",
        rows,
    );
    print(
        "open_today_unlock",
        wall(&unlocks),
        "ms",
        "open_today",
        wall(&totals),
    );
    print(
        "open_today_again",
        wall(&again),
        "ms",
        "open_today",
        wall(&totals),
    );
    print(
        "open_today_first_load",
        milliseconds(loaded.wall),
        "ms",
        "open_today",
        wall(&totals),
    );
    Ok(())
}

struct Opened {
    unlock: Cost,
    total: Cost,
}

/// Locks, then unlocks and draws the list, as the app does.
async fn open(device: &Device, children: usize) -> Result<Opened> {
    let _: AppView = device.call("lock", Value::Null).await?;
    let (whole, watch) = (Watch::start(), Watch::start());
    let _: AppView = device.call("unlock", json!({ "pin": PIN })).await?;
    let unlock = watch.stop();
    let list: Value = device.call("today", Value::Null).await?;
    let total = whole.stop();
    check(list, children)?;
    Ok(Opened { unlock, total })
}

async fn draw(device: &Device, rounds: usize, children: usize) -> Result<Vec<Cost>> {
    let mut costs = Vec::new();
    for _ in 0..rounds {
        let watch = Watch::start();
        let list: Value = device.call("today", Value::Null).await?;
        costs.push(watch.stop());
        check(list, children)?;
    }
    Ok(costs)
}

fn check(list: Value, children: usize) -> Result<()> {
    let list: TodayView = serde_json::from_value(list)?;
    if usize::try_from(list.children)? != children || list.rows.is_empty() {
        bail!(
            "the list has {} rows of {} children",
            list.rows.len(),
            list.children
        );
    }
    Ok(())
}

/// The same rows in a file of their own, encrypted the same way.
pub fn copy_projections(device: &Device, file: &Path, key: &SecretKey) -> Result<()> {
    let target = open_writer(&store::SystemDisk, file, key)?;
    // References point into tables that are not copied.
    target.pragma_update(None, "foreign_keys", false)?;
    device.tablet()?.store.read(|source| {
        for table in PROJECTIONS {
            let create: String = source.query_row(
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                [table],
                |row| row.get(0),
            )?;
            target.execute_batch(&create)?;
            target.execute_batch("BEGIN")?;
            let mut select = source.prepare(&format!("SELECT * FROM {table}"))?;
            let columns = select.column_count();
            let places = vec!["?"; columns].join(", ");
            let mut insert = target.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let cells = (0..columns)
                    .map(|column| row.get::<_, Cell>(column))
                    .collect::<Result<Vec<_>, _>>()?;
                insert.execute(rusqlite::params_from_iter(cells))?;
            }
            drop(insert);
            target.execute_batch("COMMIT")?;
        }
        Ok::<_, StoreError>(())
    })?;
    target.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

/// Reads every column of every row once.
pub fn read_all(connection: &Connection) -> Result<usize> {
    let mut bytes = 0;
    for table in PROJECTIONS {
        let mut select = connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = select.column_count();
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                bytes += match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                };
            }
        }
    }
    Ok(bytes)
}
