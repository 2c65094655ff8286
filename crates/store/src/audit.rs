//! The audit chain: who did what and who looked at what, append-only, each row's hash covering the one before.
//!
//! Every memory of the device (incarnation) has a chain of its own, so that a copied or set-back device is not taken for
//! one that altered its rows. The server gets the rows and checks them ([`ids::audit`], ADR 0025).

use crate::row::signed;
use crate::{StoreError, Transaction, row};
use ids::audit::{AuditEntry, link};
use ids::{DeviceId, Incarnation, StaffId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sha2::{Digest, Sha256};

/// A row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// When, by this device's clock.
    pub at_ms: i64,
    /// Who; `None` before anybody is known.
    pub staff: Option<StaffId>,
    /// What was done: a code.
    pub action: String,
    /// To what: an id, never content.
    pub object: String,
}

/// One memory's chain that the server does not have wholly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsent {
    /// Which memory.
    pub incarnation: Incarnation,
    /// The last row the server has, by its own word; 0 before it said so.
    pub sent: u64,
    /// Rows after it.
    pub rows: u64,
    /// When the first of them was written; now where there is none.
    pub since_ms: i64,
    /// The server's memory the word is from.
    pub epoch: u64,
}

/// Adds a row.
///
/// # Errors
/// The database refuses.
pub fn append(tx: &Transaction<'_>, entry: &AuditRow) -> Result<(), StoreError> {
    append_with(tx, entry, "")
}

/// Adds a row with counts and codes beside it: `name=value` between spaces.
///
/// # Errors
/// The database refuses.
pub fn append_with(tx: &Transaction<'_>, entry: &AuditRow, detail: &str) -> Result<(), StoreError> {
    let Some((device, incarnation)) = memory(tx)? else {
        return append_nameless(tx, entry);
    };
    let (last, previous) = tip(tx, incarnation)?;
    let entry = AuditEntry {
        number: last + 1,
        at_ms: entry.at_ms,
        staff: entry.staff,
        action: plain(&entry.action, "_", 40),
        object: plain(&entry.object, "_-/", 100),
        detail: plain(detail, "_-=,. ", 600),
    };
    let hash = link(device, incarnation, &previous, &entry);
    tx.prepare_cached(include_str!("../sql/audit/append.sql"))?
        .execute(named_params! {
            ":at_ms": entry.at_ms,
            ":staff": entry.staff.map(|it| *it.0.as_bytes()),
            ":action": entry.action,
            ":object": entry.object,
            ":hash": hash,
            ":incarnation": incarnation.0.as_bytes(),
            ":number": signed(entry.number),
            ":detail": entry.detail,
        })?;
    if last == 0 {
        tx.prepare_cached(include_str!("../sql/audit/begin_chain.sql"))?
            .execute(named_params! {":incarnation": incarnation.0.as_bytes()})?;
    }
    Ok(())
}

/// Only what a code or an id is made of; the server takes nothing else.
fn plain(text: &str, also: &str, most: usize) -> String {
    text.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || also.contains(*letter))
        .take(most)
        .collect()
}

/// Before a device is enrolled its rows belong to no memory; they stay here.
fn append_nameless(tx: &Transaction<'_>, entry: &AuditRow) -> Result<(), StoreError> {
    let previous: Option<[u8; 32]> = tx
        .prepare_cached(include_str!("../sql/audit/last_nameless.sql"))?
        .query_row([], |row| row.get("hash"))
        .optional()?;
    tx.prepare_cached(include_str!("../sql/audit/append.sql"))?
        .execute(named_params! {
            ":at_ms": entry.at_ms,
            ":staff": entry.staff.map(|it| *it.0.as_bytes()),
            ":action": entry.action,
            ":object": entry.object,
            ":hash": link_nameless(previous.unwrap_or_default(), entry),
            ":incarnation": None::<[u8; 16]>,
            ":number": None::<i64>,
            ":detail": "",
        })?;
    Ok(())
}

/// Whether somebody did this to that since a moment: a look that lasts is one row.
///
/// # Errors
/// The database refuses.
pub fn was_done_since(
    connection: &Connection,
    (staff, action, object): (StaffId, &str, &str),
    (since_ms, now_ms): (i64, i64),
) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/was_done_since.sql"))?
        .exists(named_params! {
            ":staff": staff.0.as_bytes(),
            ":action": action,
            ":object": object,
            ":since_ms": since_ms,
            ":now_ms": now_ms,
        })?)
}

/// What one person did something to lately, the last one first: of the newest thousand rows.
///
/// # Errors
/// The database refuses.
pub fn objects_of(
    connection: &Connection,
    staff: StaffId,
    action: &str,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/audit/objects_of.sql"))?;
    let rows = statement.query_map(
        named_params! {":staff": staff.0.as_bytes(), ":action": action},
        |found| found.get("object"),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many rows have one of these codes.
///
/// # Errors
/// The database refuses.
pub fn count_of(connection: &Connection, actions: &[&str]) -> Result<u64, StoreError> {
    let actions = serde_json::to_string(actions).unwrap_or_default();
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/count_of.sql"))?
        .query_row(named_params! {":actions": actions}, |found| {
            row::number(found, "count(*)")
        })?)
}

/// When the last row was written.
///
/// # Errors
/// The database refuses.
pub fn last_ms(connection: &Connection) -> Result<Option<i64>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/last_ms.sql"))?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// The chains the server does not have wholly, or of which a newer memory of the server's has said nothing.
///
/// # Errors
/// The database refuses.
pub fn unsent(connection: &Connection, now_ms: i64) -> Result<Vec<Unsent>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/unsent.sql"))?
        .query_map(named_params! {":now_ms": now_ms}, |found| {
            Ok(Unsent {
                incarnation: Incarnation(row::plain_uuid(found, "incarnation")?),
                sent: row::number(found, "sent")?,
                rows: row::number(found, "rows")?,
                since_ms: found.get("since_ms")?,
                epoch: row::number(found, "epoch")?,
            })
        })?
        .collect::<Result<_, _>>()?)
}

/// How many rows the server does not have.
///
/// # Errors
/// The database refuses.
pub fn unsent_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/unsent_count.sql"))?
        .query_row(named_params! {":without": "[]"}, |found| {
            row::number(found, "count(*)")
        })?)
}

/// How many of them say more than that the device's own person came in, left, or gave the PIN once more.
///
/// # Errors
/// The database refuses.
pub fn telling_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/unsent_count.sql"))?
        .query_row(
            named_params! {":without": r#"["locked", "stepped_up", "unlocked"]"#},
            |found| row::number(found, "count(*)"),
        )?)
}

/// Rows of a chain after a number, with their hashes.
///
/// # Errors
/// The database refuses.
pub fn rows_after(
    connection: &Connection,
    incarnation: Incarnation,
    after: u64,
    most: usize,
) -> Result<Vec<(AuditEntry, [u8; 32])>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/rows_after.sql"))?
        .query_map(
            named_params! {
                ":incarnation": incarnation.0.as_bytes(),
                ":after": signed(after),
                ":most": signed(most as u64),
            },
            |row| Ok((entry(row)?, row.get("hash")?)),
        )?
        .collect::<Result<_, _>>()?)
}

/// The hash of a row of a chain; zeros before the first, nothing for a row that is not here.
///
/// # Errors
/// The database refuses.
pub fn hash_of(
    connection: &Connection,
    incarnation: Incarnation,
    number: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    if number == 0 {
        return Ok(Some([0; 32]));
    }
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/hash_of.sql"))?
        .query_row(
            named_params! {":incarnation": incarnation.0.as_bytes(), ":number": signed(number)},
            |row| row.get(0),
        )
        .optional()?)
}

/// The server said how far it has a chain.
///
/// # Errors
/// The database refuses.
pub fn note_sent(
    tx: &Transaction<'_>,
    incarnation: Incarnation,
    number: u64,
    epoch: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/audit/note_sent.sql"))?
        .execute(named_params! {
            ":incarnation": incarnation.0.as_bytes(),
            ":number": signed(number),
            ":epoch": signed(epoch),
        })?;
    Ok(())
}

/// Walks the chains: how many rows, or [`StoreError::Corrupt`] where a hash does not fit.
///
/// # Errors
/// A chain is broken.
pub fn verify(connection: &Connection) -> Result<u64, StoreError> {
    let broken = || StoreError::Corrupt {
        what: "the audit chain",
    };
    let device = memory(connection)?.map(|(device, _)| device);
    let mut statement = connection.prepare_cached(include_str!("../sql/audit/all.sql"))?;
    let mut rows = statement.query([])?;
    let mut chain = None;
    let (mut last, mut previous) = (0, [0; 32]);
    let mut count = 0;
    while let Some(found) = rows.next()? {
        let incarnation: Option<[u8; 16]> = found.get("incarnation")?;
        if chain != Some(incarnation) {
            chain = Some(incarnation);
            (last, previous) = (0, [0; 32]);
        }
        let expected = match (incarnation, device) {
            (Some(incarnation), Some(device)) => {
                let entry = entry(found)?;
                last += 1;
                if entry.number != last {
                    return Err(broken());
                }
                let incarnation = Incarnation(uuid::Uuid::from_bytes(incarnation));
                link(device, incarnation, &previous, &entry)
            }
            _ => link_nameless(previous, &nameless(found)?),
        };
        previous = found.get("hash")?;
        if previous != expected {
            return Err(broken());
        }
        count += 1;
    }
    Ok(count)
}

fn memory(connection: &Connection) -> Result<Option<(DeviceId, Incarnation)>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/memory.sql"))?
        .query_row([], |found| {
            Ok((
                row::device(found, "device")?,
                Incarnation(row::plain_uuid(found, "incarnation")?),
            ))
        })
        .optional()?)
}

fn tip(connection: &Connection, incarnation: Incarnation) -> Result<(u64, [u8; 32]), StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/audit/last.sql"))?
        .query_row(
            named_params! {":incarnation": incarnation.0.as_bytes()},
            |found| Ok((row::number(found, "number")?, found.get("hash")?)),
        )
        .optional()?
        .unwrap_or_default())
}

fn entry(found: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        number: row::number(found, "number")?,
        at_ms: found.get("at_ms")?,
        staff: row::optional_staff(found, "staff")?,
        action: found.get("action")?,
        object: found.get("object")?,
        detail: found.get("detail")?,
    })
}

fn nameless(found: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        at_ms: found.get("at_ms")?,
        staff: row::optional_staff(found, "staff")?,
        action: found.get("action")?,
        object: found.get("object")?,
    })
}

fn link_nameless(previous: [u8; 32], entry: &AuditRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"zoufang audit 1");
    hash.update(previous);
    hash.update(entry.at_ms.to_be_bytes());
    hash.update(entry.staff.map_or([0; 16], |it| *it.0.as_bytes()));
    for text in [&entry.action, &entry.object] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}
