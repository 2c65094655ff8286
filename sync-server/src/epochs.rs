//! The server's memories: how it finds out that it was set back to an older copy, and how it gathers what it lost.
//!
//! A device shows the newest tick it holds. The tick is under the server's own key, so one that is ahead of the log, that
//! names another change under a number, or that belongs to an epoch this copy never heard of, proves a rollback. A new
//! epoch begins at once: its number is random, because two restores of one copy must not meet under one number. Every
//! device then lists what it holds and brings what is lacking (ADR 0014). Until every order is there that a tick proves,
//! and a station's device has given all it has, the server takes everything and shows nothing.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns::{self, stored};
use crate::error::ApiError;
use crate::log::{self, EntryAt};
use crate::moves;
use crate::orders;
use crate::settings::{self, name};
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{DeviceId, Entropy, UnitId};
use protocol::session::proof;
use protocol::{Recovery, Tick};
use rusqlite::{Connection, OptionalExtension, named_params};

/// How long after the hold devices are still told what came back.
const TOLD_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// Why an epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The server was made.
    First,
    /// A device's tick proved it.
    Tick,
    /// A device this copy does not know showed its certificate.
    Certificate,
    /// An operator put a copy in place.
    Restored,
    /// It began after this copy was made; known by a tick alone.
    Lost,
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Cause::First => "first",
            Cause::Tick => "tick",
            Cause::Certificate => "certificate",
            Cause::Restored => "restored",
            Cause::Lost => "lost",
        }
    }
}

/// What a tick says about this copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Nothing new.
    Fine,
    /// More was there in a memory already known to be lost.
    Raises,
    /// This copy is older than the tick, and nobody noticed so far.
    Proves,
}

struct Row {
    lost_epoch: u64,
    since_ms: i64,
    from_seq: u64,
    proven_seq: u64,
    proven_orders: u64,
    explained: u64,
    station_ms: Option<i64>,
    released_ms: Option<i64>,
    returned: u64,
}

fn row(connection: &Connection, scope: UnitId) -> rusqlite::Result<Option<Row>> {
    connection
        .prepare_cached(include_str!("sql/epochs/recovery.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok(Row {
                lost_epoch: columns::number(row, 0)?,
                since_ms: row.get(1)?,
                from_seq: columns::number(row, 2)?,
                proven_seq: columns::number(row, 3)?,
                proven_orders: columns::number(row, 4)?,
                explained: columns::number(row, 5)?,
                station_ms: row.get(6)?,
                released_ms: row.get(7)?,
                returned: columns::number(row, 8)?,
            })
        })
        .optional()
}

/// When an epoch began, if this copy knows it. The first one's beginning is not kept.
fn began(connection: &Connection, epoch: u64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(include_str!("sql/epochs/find.sql"))?
        .query_row(named_params! {":epoch": stored(epoch)}, |row| row.get(0))
        .optional()
}

/// The present epoch, if it began because the server was set back: chains may have gaps then.
pub(crate) fn rebuilt(connection: &Connection) -> Result<Option<u64>, ApiError> {
    let epoch = settings::epoch(connection)?;
    Ok(began(connection, epoch)?.map(|_| epoch))
}

/// Begins a new epoch: every scope gathers what it lost and holds until its orders are known.
pub(crate) fn begin(
    connection: &Connection,
    entropy: &dyn Entropy,
    now_ms: i64,
    cause: Cause,
) -> Result<u64, ApiError> {
    let lost = settings::epoch(connection)?;
    if began(connection, lost)?.is_none() {
        insert(connection, lost, 0, Cause::First)?;
    }
    let epoch = loop {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        // 63 bits, because SQLite counts with a sign.
        let epoch = u64::from_be_bytes(bytes) >> 1;
        if epoch != 0 && began(connection, epoch)?.is_none() {
            break epoch;
        }
    };
    insert(connection, epoch, now_ms, cause)?;
    settings::write(connection, name::EPOCH, epoch.to_string().as_bytes())?;
    connection.execute(
        include_str!("sql/epochs/begin_recoveries.sql"),
        named_params! {":lost_epoch": stored(lost), ":since_ms": now_ms},
    )?;
    connection.execute(include_str!("sql/epochs/forget_returns.sql"), [])?;
    let (by, act) = match cause {
        Cause::Restored => (By::Operator, Act::Restored),
        _ => (By::Server, Act::EpochBegan),
    };
    audit::append(
        connection,
        &Deed::of_server(by, act, Object::Epoch(epoch), now_ms),
    )?;
    tracing::warn!(
        epoch,
        cause = cause.as_str(),
        "the server was set back: a new epoch begins"
    );
    Ok(epoch)
}

fn insert(
    connection: &Connection,
    epoch: u64,
    began_ms: i64,
    cause: Cause,
) -> rusqlite::Result<()> {
    connection.execute(
        include_str!("sql/epochs/insert.sql"),
        named_params! {
            ":epoch": stored(epoch),
            ":began_ms": began_ms,
            ":cause": cause.as_str(),
        },
    )?;
    Ok(())
}

/// What this copy is, under the server's key: a device that shows it later proves that it was once.
pub fn tick(
    connection: &Connection,
    key: &SigningKey,
    scope: UnitId,
    at_ms: i64,
) -> Result<Vec<u8>, ApiError> {
    let tick = Tick {
        scope,
        epoch: settings::epoch(connection)?,
        seq: log::last_seq(connection, scope)?,
        at_ms,
        orders: orders::highest(connection, scope)?,
        last: log::last_change(connection, scope)?,
    };
    Ok(proof::sign_statement(key, &tick)?)
}

/// Weighs a tick a device shows; one that is not ours says nothing. Writes nothing.
pub(crate) fn weigh(
    connection: &Connection,
    key: &VerifyingKey,
    scope: UnitId,
    tick: Option<&[u8]>,
) -> Result<(Weight, Option<Tick>), ApiError> {
    let tick = tick
        .and_then(|bytes| proof::read_statement::<Tick>(key, bytes).ok())
        .filter(|tick| tick.scope == scope);
    let Some(tick) = tick else {
        return Ok((Weight::Fine, None));
    };
    let epoch = settings::epoch(connection)?;
    let weight = if tick.epoch == epoch {
        let same = tick.seq <= log::last_seq(connection, scope)?
            && tick.orders <= orders::highest(connection, scope)?
            && match tick.last {
                None => true,
                Some(last) => match log::entry_at(connection, scope, last.seq)? {
                    EntryAt::Change(hash) => hash == last.hash,
                    // An erased change leaves its number and no hash.
                    EntryAt::Erased => true,
                    EntryAt::Other => false,
                },
            };
        if same { Weight::Fine } else { Weight::Proves }
    } else if began(connection, tick.epoch)?.is_none()
        && began(connection, epoch)?.is_none_or(|began| tick.at_ms > began)
    {
        Weight::Proves
    } else {
        match row(connection, scope)? {
            Some(row)
                if row.proven_orders < tick.orders
                    || row.lost_epoch == tick.epoch && row.proven_seq < tick.seq =>
            {
                Weight::Raises
            }
            _ => Weight::Fine,
        }
    };
    Ok((weight, Some(tick)))
}

/// Weighs a tick and does what follows from it.
pub(crate) fn heed(
    connection: &Connection,
    key: &VerifyingKey,
    (entropy, now_ms): (&dyn Entropy, i64),
    scope: UnitId,
    tick: Option<&[u8]>,
) -> Result<(), ApiError> {
    let (weight, tick) = weigh(connection, key, scope, tick)?;
    let Some(tick) = tick else {
        return Ok(());
    };
    if weight == Weight::Fine {
        return Ok(());
    }
    if weight == Weight::Proves {
        let lost = settings::epoch(connection)?;
        begin(connection, entropy, now_ms, Cause::Tick)?;
        if tick.epoch != lost {
            insert(connection, tick.epoch, 0, Cause::Lost)?;
        }
    }
    // A number of the log counts only in the epoch that was lost last; orders are numbered through all epochs.
    let lost = row(connection, scope)?.map(|row| row.lost_epoch);
    let seq = if lost == Some(tick.epoch) || weight == Weight::Proves {
        tick.seq
    } else {
        0
    };
    connection
        .prepare_cached(include_str!("sql/epochs/prove.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":seq": stored(seq),
            ":orders": stored(tick.orders),
        })?;
    Ok(())
}

/// Whether the scope takes everything and shows nothing yet.
pub(crate) fn holds(connection: &Connection, scope: UnitId) -> rusqlite::Result<bool> {
    Ok(row(connection, scope)?.is_some_and(|row| row.released_ms.is_none()))
}

/// How the gathering stands, as devices are told.
pub(crate) fn recovery(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
) -> rusqlite::Result<Option<Recovery>> {
    Ok(row(connection, scope)?
        .filter(|row| row.released_ms.is_none() || now_ms.saturating_sub(row.since_ms) < TOLD_MS)
        .map(|row| Recovery {
            hold: row.released_ms.is_none(),
            since_ms: row.since_ms,
            returned: row.returned,
            unexplained: row.unexplained(),
        }))
}

impl Row {
    /// Numbers of the lost log for which nothing came back.
    fn unexplained(&self) -> u64 {
        self.proven_seq
            .saturating_sub(self.from_seq)
            .saturating_sub(self.explained)
    }
}

/// The highest order number any tick proved.
pub(crate) fn proven_orders(connection: &Connection, scope: UnitId) -> rusqlite::Result<u64> {
    Ok(row(connection, scope)?.map_or(0, |row| row.proven_orders))
}

/// An entry of the lost log came back.
pub(crate) fn explain(connection: &Connection, scope: UnitId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/epochs/explain.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes()})?;
    Ok(())
}

/// A change came back: who brought it, and whose it is.
pub(crate) fn count_return(
    connection: &Connection,
    scope: UnitId,
    carrier: DeviceId,
    author: DeviceId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/epochs/count_return.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":carrier": carrier.0.as_bytes(),
            ":author": author.0.as_bytes(),
        })?;
    explain(connection, scope)
}

/// A station's device has given all it has.
pub(crate) fn note_station(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/epochs/note_station.sql"))?
        .execute(named_params! {":scope": scope.0.as_bytes(), ":now_ms": now_ms})?;
    Ok(())
}

/// Ends the hold when a station has reported in, no proven order is missing, and every document that was ordered to leave
/// has a known place to go to.
pub(crate) fn settle(connection: &Connection, scope: UnitId, now_ms: i64) -> rusqlite::Result<()> {
    let Some(row) = row(connection, scope)?.filter(|row| row.released_ms.is_none()) else {
        return Ok(());
    };
    let complete = orders::count_up_to(connection, scope, row.proven_orders)? == row.proven_orders;
    if row.station_ms.is_some() && complete && !moves::has_homeless(connection, scope)? {
        release(connection, scope, now_ms, "orders")?;
    }
    Ok(())
}

/// Ends the hold. False when there is none.
pub(crate) fn release(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
    by: &str,
) -> rusqlite::Result<bool> {
    let released = connection.execute(
        include_str!("sql/epochs/release.sql"),
        named_params! {":scope": scope.0.as_bytes(), ":now_ms": now_ms, ":by": by},
    )?;
    if released > 0 {
        tracing::warn!(
            by,
            "everything that could come back is waited for no longer"
        );
    }
    Ok(released > 0)
}

/// Every scope.
pub(crate) fn scopes(connection: &Connection) -> rusqlite::Result<Vec<UnitId>> {
    connection
        .prepare_cached(include_str!("sql/epochs/scopes.sql"))?
        .query_map([], |row| columns::uuid(row, 0).map(UnitId))?
        .collect()
}

/// What a restore left behind in words for whoever runs the server: one line per fact, no personal data.
pub(crate) fn report(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut epochs = connection.prepare(include_str!("sql/epochs/all.sql"))?;
    let mut rows = epochs.query([])?;
    while let Some(row) = rows.next()? {
        let (epoch, began_ms, cause) = (
            columns::number(row, 0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, String>(2)?,
        );
        lines.push(format!("epoch {epoch} began {began_ms} cause {cause}"));
    }
    for scope in scopes(connection)? {
        let Some(found) = row(connection, scope)? else {
            continue;
        };
        lines.push(format!(
            "scope {scope} since {} returned {} unexplained {} orders {} of {} {}",
            found.since_ms,
            found.returned,
            found.unexplained(),
            orders::count_up_to(connection, scope, found.proven_orders)?,
            found.proven_orders,
            if found.released_ms.is_some() {
                "open"
            } else {
                "holding"
            },
        ));
        let mut returns = connection.prepare(include_str!("sql/epochs/returns.sql"))?;
        let mut rows = returns.query(named_params! {":scope": scope.0.as_bytes()})?;
        while let Some(row) = rows.next()? {
            lines.push(format!(
                "  device {} brought {} of device {}",
                DeviceId(columns::uuid(row, 0)?),
                columns::number(row, 2)?,
                DeviceId(columns::uuid(row, 1)?),
            ));
        }
    }
    Ok(lines)
}
