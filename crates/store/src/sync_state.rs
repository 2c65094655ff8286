//! What sync has to remember between two tries: cursors, the first load, and how the last try went.

use crate::row::signed;
use crate::{StoreError, Transaction, row};
use ids::UnitId;
use rusqlite::{Connection, OptionalExtension, named_params};

/// How far this device has read a scope, and how far its first load is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeState {
    /// The scope.
    pub scope: UnitId,
    /// The server's memory this cursor belongs to.
    pub epoch: u64,
    /// Last entry applied.
    pub seq: u64,
    /// Digest over the last entries applied.
    pub digest: Vec<u8>,
    /// Up to here the server has a second copy.
    pub durable_seq: u64,
    /// Where the first load goes on; `None` when not begun or done.
    pub snapshot_token: Option<String>,
    /// Documents of the first load that are here.
    pub snapshot_done: u32,
    /// Documents of the first load; 0 while unknown.
    pub snapshot_total: u32,
    /// The first load is complete: dates may be computed.
    pub loaded: bool,
}

impl ScopeState {
    /// A scope nothing was read of yet.
    #[must_use]
    pub fn fresh(scope: UnitId) -> Self {
        Self {
            scope,
            epoch: 0,
            seq: 0,
            digest: Vec::new(),
            durable_seq: 0,
            snapshot_token: None,
            snapshot_done: 0,
            snapshot_total: 0,
            loaded: false,
        }
    }
}

/// How sync goes, for the sync page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncStatus {
    /// Last try.
    pub last_try_ms: Option<i64>,
    /// Last success.
    pub last_success_ms: Option<i64>,
    /// Error code of the last try; `None` when it went well.
    pub last_problem: Option<String>,
    /// This clock minus the server's.
    pub clock_skew_ms: Option<i64>,
    /// The server keeps a second copy.
    pub second_copy: bool,
    /// The server's last signed tick.
    pub tick: Option<Vec<u8>>,
    /// Successful syncs so far.
    pub syncs: u64,
    /// Bytes sent so far.
    pub bytes_up: u64,
    /// Bytes received so far.
    pub bytes_down: u64,
}

/// The state of a scope; [`ScopeState::fresh`] when nothing was written yet.
///
/// # Errors
/// The database refuses.
pub fn scope(connection: &Connection, scope: UnitId) -> Result<ScopeState, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../sql/sync_state/scope.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok(ScopeState {
                scope,
                epoch: row::number(row, "epoch")?,
                seq: row::number(row, "seq")?,
                digest: row.get("digest")?,
                durable_seq: row::number(row, "durable_seq")?,
                snapshot_token: row.get("snapshot_token")?,
                snapshot_done: row::small(row, "snapshot_done")?,
                snapshot_total: row::small(row, "snapshot_total")?,
                loaded: row.get("loaded")?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_else(|| ScopeState::fresh(scope)))
}

/// Writes the state of a scope; in the same transaction as what was read up to there.
///
/// # Errors
/// The database refuses.
pub fn put_scope(tx: &Transaction<'_>, state: &ScopeState) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sync_state/put_scope.sql"))?
        .execute(named_params! {
            ":scope": state.scope.0.as_bytes(),
            ":epoch": signed(state.epoch),
            ":seq": signed(state.seq),
            ":digest": state.digest,
            ":durable_seq": signed(state.durable_seq),
            ":snapshot_token": state.snapshot_token,
            ":snapshot_done": state.snapshot_done,
            ":snapshot_total": state.snapshot_total,
            ":loaded": state.loaded,
        })?;
    Ok(())
}

/// How sync goes.
///
/// # Errors
/// The database refuses.
pub fn status(connection: &Connection) -> Result<SyncStatus, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/sync_state/status.sql"))?
        .query_row([], |row| {
            Ok(SyncStatus {
                last_try_ms: row.get("last_try_ms")?,
                last_success_ms: row.get("last_success_ms")?,
                last_problem: row.get("last_problem")?,
                clock_skew_ms: row.get("clock_skew_ms")?,
                second_copy: row.get("second_copy")?,
                tick: row.get("tick")?,
                syncs: row::number(row, "syncs")?,
                bytes_up: row::number(row, "bytes_up")?,
                bytes_down: row::number(row, "bytes_down")?,
            })
        })?)
}

/// Writes how sync goes.
///
/// # Errors
/// The database refuses.
pub fn put_status(tx: &Transaction<'_>, status: &SyncStatus) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/sync_state/put_status.sql"))?
        .execute(named_params! {
            ":last_try_ms": status.last_try_ms,
            ":last_success_ms": status.last_success_ms,
            ":last_problem": status.last_problem,
            ":clock_skew_ms": status.clock_skew_ms,
            ":second_copy": status.second_copy,
            ":tick": status.tick,
            ":syncs": signed(status.syncs),
            ":bytes_up": signed(status.bytes_up),
            ":bytes_down": signed(status.bytes_down),
        })?;
    Ok(())
}

/// Reads the status, lets the closure change it, writes it.
///
/// # Errors
/// The database refuses.
pub fn update_status(
    tx: &Transaction<'_>,
    update: impl FnOnce(&mut SyncStatus),
) -> Result<(), StoreError> {
    let mut current = status(tx)?;
    update(&mut current);
    put_status(tx, &current)
}
