//! Own changes the server did not take: what is known of each refusal, and where such a change stands.

use crate::changes::ChangeState;
use crate::row::{self, signed, split};
use crate::{StoreError, Transaction};
use ids::{ChangeHash, DeviceId, DocumentId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeSet;

/// What was the case when a change was refused. When it differs, the change may be worth another offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// App version.
    pub app: String,
    /// Who this device was.
    pub device: DeviceId,
    /// Unit and role of the person, unit of the document; compared as a whole.
    pub belonging: String,
    /// Position of the newest change of the document that came from elsewhere or that the server took.
    pub news: u64,
}

/// A change the server refused so often, the last time then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Refused so often.
    pub tries: u32,
    /// The last time, by this device's clock.
    pub at_ms: i64,
    /// What was the case.
    pub circumstances: Circumstances,
}

/// An own change the server has not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenChange {
    /// The change.
    pub hash: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// Refused or held.
    pub state: ChangeState,
    /// Refusal code.
    pub code: Option<String>,
    /// What it depends on.
    pub deps: Vec<ChangeHash>,
    /// It carries the document's header: the document begins with it.
    pub begins: bool,
    /// It lies beside the document already.
    pub beside: bool,
    /// How often it was made anew because it was refused itself.
    pub remakes: u32,
    /// A person put it away.
    pub put_away_ms: Option<i64>,
    /// Refusals so far; none while it was only held.
    pub refusal: Option<Refusal>,
}

/// Counts a refusal and keeps what was the case.
///
/// # Errors
/// The database refuses.
pub fn note(
    tx: &Transaction<'_>,
    hash: ChangeHash,
    at_ms: i64,
    circumstances: &Circumstances,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/returned/put.sql"))?
        .execute(named_params! {
            ":hash": hash.0,
            ":refused_ms": at_ms,
            ":app": circumstances.app,
            ":device": circumstances.device.0.as_bytes(),
            ":belonging": circumstances.belonging,
            ":news": signed(circumstances.news),
        })?;
    Ok(())
}

/// Every own change the server refused or holds, in the order they were made; what was made anew is not in here.
///
/// # Errors
/// The database refuses.
pub fn open(connection: &Connection) -> Result<Vec<OpenChange>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/returned/open.sql"))?;
    let rows = statement.query_map([], |row| Ok((read(row)?, row.get::<_, Vec<u8>>("deps")?)))?;
    rows.map(|found| {
        let (change, deps) = found?;
        Ok(OpenChange {
            deps: split(&deps)?,
            ..change
        })
    })
    .collect()
}

/// The server has something of the document: it is not unborn.
///
/// # Errors
/// The database refuses.
pub fn is_at_server(connection: &Connection, document: DocumentId) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/returned/is_at_server.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})?)
}

/// The server refused this change at least once, whatever it answered since.
///
/// # Errors
/// The database refuses.
pub fn was_refused(connection: &Connection, hash: ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/returned/was_refused.sql"))?
        .exists(named_params! {":hash": hash.0})?)
}

/// Where one may stand instead of on a change: on itself when it is in the content, on the one that was made anew in its
/// place, or on what it stood on itself while it lies beside.
///
/// # Errors
/// The database refuses.
pub fn ground(
    connection: &Connection,
    hash: ChangeHash,
) -> Result<BTreeSet<ChangeHash>, StoreError> {
    let mut ground = BTreeSet::new();
    let mut looked_at = BTreeSet::new();
    let mut waiting = vec![hash];
    while let Some(hash) = waiting.pop() {
        if !looked_at.insert(hash) {
            continue;
        }
        let found = connection
            .prepare_cached(include_str!("../sql/returned/stand.sql"))?
            .query_row(named_params! {":hash": hash.0}, |row| {
                Ok((
                    row.get::<_, Option<[u8; 32]>>("replaced_by")?,
                    row.get::<_, bool>("beside")?,
                    row.get::<_, Vec<u8>>("deps")?,
                ))
            })
            .optional()?;
        match found {
            Some((Some(by), ..)) => waiting.push(ChangeHash(by)),
            Some((None, true, deps)) => waiting.extend(split(&deps)?),
            // A constant has no row.
            Some((None, false, _)) | None => {
                ground.insert(hash);
            }
        }
    }
    Ok(ground)
}

/// The change was made anew: the server does not wait for it any more.
///
/// # Errors
/// The database refuses.
pub fn is_replaced(connection: &Connection, hash: ChangeHash) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/returned/stand.sql"))?
        .query_row(named_params! {":hash": hash.0}, |row| {
            row.get::<_, Option<[u8; 32]>>("replaced_by")
        })
        .optional()?
        .flatten()
        .is_some())
}

/// Position of the newest change of a document that came from elsewhere or that the server took; 0 without one.
///
/// # Errors
/// The database refuses.
pub fn news(connection: &Connection, document: DocumentId) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/returned/news.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            row::number(row, "news")
        })?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<OpenChange> {
    let tries: Option<u32> = row.get("tries")?;
    Ok(OpenChange {
        hash: row::hash(row, "hash")?,
        document: row::document(row, "document")?,
        state: ChangeState::at(row, "state")?,
        code: row.get("refusal")?,
        deps: Vec::new(),
        begins: row.get("begins")?,
        beside: row.get("beside")?,
        remakes: row.get("remakes")?,
        put_away_ms: row.get("put_away_ms")?,
        refusal: match tries {
            Some(tries) => Some(Refusal {
                tries,
                at_ms: row.get("refused_ms")?,
                circumstances: Circumstances {
                    app: row.get("app")?,
                    device: row::device(row, "device")?,
                    belonging: row.get("belonging")?,
                    news: row::number(row, "news")?,
                },
            }),
            None => None,
        },
    })
}
