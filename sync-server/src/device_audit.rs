//! The audit chains of the devices, as far as they brought them: kept as they came, never changed, and walked by `verify`.
//!
//! A row's place in its chain is checked when it comes: it must follow a row that is here, and the device must have signed
//! the end. Two memories of one device that wrote the same numbers are both kept, and shown as a fork (ADR 0025).
//!
//! A stopped device brings the rest of its own before it is destroyed (ADR 0053). Whoever holds it may have written that, so
//! it is read like any other and nothing follows from it. How much of it there may be is bounded: it can neither be removed
//! nor stopped once more.

use crate::audit;
use crate::columns::{self, stored};
use crate::delegations;
use crate::error::ApiError;
use crate::organisation;
use crate::state::App;
use ids::audit::{AuditEntry, link};
use ids::{DeviceId, Incarnation, Role, StaffId, UnitId};
use protocol::access::Holder;
use protocol::audit::verify_head;
use protocol::delegation::TRAIL_ACTION;
use protocol::{
    AuditCount, AuditFault, AuditFaultKind, AuditPage, AuditRecord, AuditTaken, BringAudit,
    ReadAudit, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeSet;

/// Takes rows of the caller's own chain. Saying it twice changes nothing.
pub(crate) fn take(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &BringAudit,
) -> Result<AuditTaken, ApiError> {
    if input.rows.len() > limits::AUDIT_ROWS {
        return Err(ApiError::TooLarge);
    }
    let (device, incarnation) = (holder.device, input.incarnation);
    let begins = input.after == 0 && input.previous == [0; 32];
    if !begins
        && !has(
            connection,
            device,
            incarnation,
            (input.after, &input.previous),
        )?
    {
        return tip(connection, device, incarnation);
    }
    let Some(last) = input.rows.last() else {
        return if begins {
            tip(connection, device, incarnation)
        } else {
            Ok(AuditTaken {
                number: input.after,
                head: input.previous,
            })
        };
    };
    let mut previous = input.previous;
    let mut hashes = Vec::with_capacity(input.rows.len());
    for (number, row) in (input.after + 1..).zip(&input.rows) {
        // A person acts only under their own name, whatever their device says.
        let own = row.staff.is_none_or(|staff| staff == holder.staff);
        if row.number != number || !own || !row.is_plain() {
            return Err(ApiError::Malformed);
        }
        previous = link(device, incarnation, &previous, row);
        hashes.push(previous);
    }
    let known = organisation::device(connection, device)?.ok_or(ApiError::DeviceUnknown)?;
    verify_head(
        &known.caller()?.key,
        device,
        incarnation,
        (last.number, &previous),
        &input.signature,
    )?;
    let arrival = Arrival {
        at_ms: app.clock.now_ms(),
        is_handed_over: known.revoked_ms.is_some(),
    };
    if arrival.is_handed_over {
        refuse_too_much(connection, device, input.rows.len())?;
    }
    for (row, hash) in input.rows.iter().zip(&hashes) {
        put(connection, device, incarnation, (row, hash), &arrival)?;
        if row.action == TRAIL_ACTION
            && !arrival.is_handed_over
            && let Ok(enrolled) = DeviceId::parse(&row.object)
        {
            delegations::take_place(connection, (device, enrolled))?;
        }
    }
    connection
        .prepare_cached(include_str!("sql/device_audit/put_head.sql"))?
        .execute(named_params! {
            ":device": device.0.as_bytes(),
            ":incarnation": incarnation.0.as_bytes(),
            ":number": stored(last.number),
            ":hash": previous,
            ":signature": input.signature,
        })?;
    Ok(AuditTaken {
        number: last.number,
        head: previous,
    })
}

/// Only so many rows of a stopped device are kept. Rows said twice count twice here: near the end that refuses what is kept
/// already, and nothing is lost by it.
fn refuse_too_much(
    connection: &Connection,
    device: DeviceId,
    coming: usize,
) -> Result<(), ApiError> {
    let before: u64 = connection
        .prepare_cached(include_str!("sql/device_audit/handed_over.sql"))?
        .query_row(named_params! {":device": device.0.as_bytes()}, |row| {
            columns::number(row, 0)
        })?;
    if before + coming as u64 > limits::HANDED_OVER_TRAIL_ROWS {
        return Err(ApiError::TooLarge);
    }
    Ok(())
}

/// When rows came, and whether their device was stopped by then.
struct Arrival {
    at_ms: i64,
    is_handed_over: bool,
}

fn put(
    connection: &Connection,
    device: DeviceId,
    incarnation: Incarnation,
    (row, hash): (&AuditEntry, &[u8; 32]),
    arrival: &Arrival,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/device_audit/put.sql"))?
        .execute(named_params! {
            ":device": device.0.as_bytes(),
            ":incarnation": incarnation.0.as_bytes(),
            ":number": stored(row.number),
            ":hash": hash,
            ":at_ms": row.at_ms,
            ":staff": row.staff.map(|id| id.0.into_bytes()),
            ":action": row.action,
            ":object": row.object,
            ":detail": row.detail,
            ":received_ms": arrival.at_ms,
            ":handed_over": arrival.is_handed_over,
        })?;
    Ok(())
}

fn has(
    connection: &Connection,
    device: DeviceId,
    incarnation: Incarnation,
    (number, hash): (u64, &[u8; 32]),
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/device_audit/has.sql"))?
        .exists(named_params! {
            ":device": device.0.as_bytes(),
            ":incarnation": incarnation.0.as_bytes(),
            ":number": stored(number),
            ":hash": hash,
        })
}

fn tip(
    connection: &Connection,
    device: DeviceId,
    incarnation: Incarnation,
) -> Result<AuditTaken, ApiError> {
    let found = connection
        .prepare_cached(include_str!("sql/device_audit/tip.sql"))?
        .query_row(
            named_params! {
                ":device": device.0.as_bytes(),
                ":incarnation": incarnation.0.as_bytes(),
            },
            |row| {
                Ok(AuditTaken {
                    number: columns::number(row, 0)?,
                    head: row.get(1)?,
                })
            },
        )
        .optional()?;
    Ok(found.unwrap_or(AuditTaken {
        number: 0,
        head: [0; 32],
    }))
}

/// The rows of a stretch of time: a station's whole township with what was decided at the server, a director's own.
pub(crate) fn page(
    connection: &Connection,
    holder: &Holder,
    input: &ReadAudit,
) -> Result<AuditPage, ApiError> {
    if input.actions.len() > limits::AUDIT_ACTIONS {
        return Err(ApiError::TooLarge);
    }
    let is_director = holder.role == Role::Director;
    let staff = if is_director {
        Some(holder.staff)
    } else {
        input.staff
    };
    let asked = Asked {
        scope: holder.scope,
        span: (input.from_ms, input.until_ms),
        staff: staff.map(|staff| staff.0.into_bytes()),
        actions: (!input.actions.is_empty())
            .then(|| serde_json::to_string(&input.actions))
            .transpose()
            .map_err(|_| ApiError::Malformed)?,
    };
    let most = limits::AUDIT_PAGE;
    let mut last = None;
    let mut rows = Vec::new();
    if input.page.is_none() {
        rows.extend(at_server(connection, &asked)?);
    }
    let mut statement =
        connection.prepare_cached(include_str!("sql/device_audit/page_of_scope.sql"))?;
    let mut found = statement.query(named_params! {
        ":scope": asked.scope.0.as_bytes(),
        ":from_ms": asked.span.0,
        ":until_ms": asked.span.1,
        ":after": stored(input.page.unwrap_or(0)),
        ":staff": asked.staff,
        // What she did today she did, whatever her post was: how many rows may still leave is counted from this.
        ":whole": input.staff == Some(holder.staff),
        ":actions": asked.actions,
        ":most": most,
    })?;
    let mut count = 0;
    while let Some(row) = found.next()? {
        count += 1;
        last = Some(columns::number(row, 0)?);
        rows.push(AuditRecord {
            device: Some(DeviceId(columns::uuid(row, 1)?)),
            at_server: false,
            by_operator: false,
            row: AuditEntry {
                number: columns::number(row, 2)?,
                at_ms: row.get(3)?,
                staff: columns::optional_uuid(row, 4)?.map(StaffId),
                action: row.get(5)?,
                object: row.get(6)?,
                detail: row.get(7)?,
            },
        });
    }
    let next = if count == most { last } else { None };
    let (counts, faults) = match input.page {
        Some(_) => (Vec::new(), Vec::new()),
        None if is_director => (counts(connection, &asked)?, Vec::new()),
        None => (
            counts(connection, &asked)?,
            faults_of(connection, holder.scope)?,
        ),
    };
    Ok(AuditPage {
        rows,
        next,
        counts,
        faults,
    })
}

/// What is asked about the chains.
struct Asked {
    scope: UnitId,
    span: (i64, i64),
    staff: Option<[u8; 16]>,
    /// As JSON.
    actions: Option<String>,
}

fn counts(connection: &Connection, asked: &Asked) -> rusqlite::Result<Vec<AuditCount>> {
    connection
        .prepare_cached(include_str!("sql/device_audit/counts.sql"))?
        .query_map(
            named_params! {
                ":scope": asked.scope.0.as_bytes(),
                ":from_ms": asked.span.0,
                ":until_ms": asked.span.1,
                ":staff": asked.staff,
            },
            |row| {
                Ok(AuditCount {
                    staff: columns::optional_uuid(row, 0)?.map(StaffId),
                    action: row.get(1)?,
                    count: columns::number(row, 2)?,
                })
            },
        )?
        .collect()
}

/// What was decided is always told whole, whichever rows of devices are asked for.
fn at_server(connection: &Connection, asked: &Asked) -> Result<Vec<AuditRecord>, ApiError> {
    let rows = audit::of_scope(connection, asked.scope, asked.staff, asked.span)?;
    Ok(rows
        .into_iter()
        .map(|row| AuditRecord {
            device: row.device,
            at_server: true,
            by_operator: row.by == "operator",
            row: AuditEntry {
                number: row.position,
                at_ms: row.at_ms,
                staff: row.staff,
                action: row.action,
                object: row.object,
                detail: row
                    .order
                    .map_or_else(String::new, |order| format!("order={order}")),
            },
        })
        .collect())
}

fn faults_of(connection: &Connection, scope: UnitId) -> Result<Vec<AuditFault>, ApiError> {
    let devices: BTreeSet<DeviceId> = organisation::devices_of_scope(connection, scope)?
        .into_iter()
        .map(|device| device.holder.device)
        .collect();
    let mut faults = Vec::new();
    for (device, incarnation) in chains(connection)? {
        if devices.contains(&device) {
            faults.extend(walk(connection, device, incarnation)?);
        }
    }
    Ok(faults)
}

/// Walks every chain: lines for what does not hold, and lines for what somebody should know.
pub(crate) fn verify(connection: &Connection) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let (mut broken, mut told) = (Vec::new(), Vec::new());
    for (device, incarnation) in chains(connection)? {
        for fault in walk(connection, device, incarnation)? {
            let (lines, what) = match fault.kind {
                AuditFaultKind::Missing => (&mut broken, "rows are missing"),
                AuditFaultKind::Altered => (&mut broken, "it was altered"),
                AuditFaultKind::Forked => (&mut told, "two memories wrote it"),
            };
            lines.push(format!(
                "audit of device {device}, row {}: {what}",
                fault.number
            ));
        }
    }
    Ok((broken, told))
}

fn chains(connection: &Connection) -> rusqlite::Result<Vec<(DeviceId, Incarnation)>> {
    connection
        .prepare_cached(include_str!("sql/device_audit/chains.sql"))?
        .query_map([], |row| {
            Ok((
                DeviceId(columns::uuid(row, 0)?),
                Incarnation(columns::uuid(row, 1)?),
            ))
        })?
        .collect()
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<([u8; 32], AuditEntry)> {
    Ok((
        row.get(1)?,
        AuditEntry {
            number: columns::number(row, 0)?,
            at_ms: row.get(2)?,
            staff: columns::optional_uuid(row, 3)?.map(StaffId),
            action: row.get(4)?,
            object: row.get(5)?,
            detail: row.get(6)?,
        },
    ))
}

/// Walks one chain. Each number may have several rows, one per memory that wrote it; each must follow a row before it, and
/// each end must be one the device signed.
fn walk(
    connection: &Connection,
    device: DeviceId,
    incarnation: Incarnation,
) -> Result<Vec<AuditFault>, ApiError> {
    let fault = |number, kind| AuditFault {
        device,
        number,
        kind,
    };
    let named = named_params! {
        ":device": device.0.as_bytes(),
        ":incarnation": incarnation.0.as_bytes(),
    };
    let mut statement = connection.prepare_cached(include_str!("sql/device_audit/rows.sql"))?;
    let rows = statement
        .query_map(named, read_row)?
        .collect::<Result<Vec<_>, _>>()?;
    let mut faults = Vec::new();
    let mut before = (0, BTreeSet::from([[0; 32]]));
    let mut here: (u64, BTreeSet<[u8; 32]>) = (0, BTreeSet::new());
    let mut forked = false;
    let mut ends = BTreeSet::new();
    for (hash, row) in &rows {
        if row.number != here.0 {
            if here.0 != 0 {
                before = std::mem::take(&mut here);
            }
            if row.number != before.0 + 1 {
                faults.push(fault(before.0 + 1, AuditFaultKind::Missing));
                // What follows is looked at from here on.
                before = (row.number - 1, BTreeSet::new());
            }
            here = (row.number, BTreeSet::new());
        } else if !forked {
            forked = true;
            faults.push(fault(row.number, AuditFaultKind::Forked));
        }
        let parent = before
            .1
            .iter()
            .find(|previous| link(device, incarnation, previous, row) == *hash);
        match parent {
            Some(parent) => {
                ends.remove(&(before.0, *parent));
            }
            None if before.1.is_empty() => {}
            None => faults.push(fault(row.number, AuditFaultKind::Altered)),
        }
        ends.insert((row.number, *hash));
        here.1.insert(*hash);
    }
    let key = organisation::device(connection, device)?
        .ok_or(ApiError::Internal)?
        .caller()?
        .key;
    let there: BTreeSet<(u64, [u8; 32])> =
        rows.iter().map(|(hash, row)| (row.number, *hash)).collect();
    let mut heads = connection.prepare_cached(include_str!("sql/device_audit/heads.sql"))?;
    let mut found = heads.query(named)?;
    while let Some(row) = found.next()? {
        let end: (u64, [u8; 32]) = (columns::number(row, 0)?, row.get(1)?);
        let signature: Vec<u8> = row.get(2)?;
        if verify_head(&key, device, incarnation, (end.0, &end.1), &signature).is_err() {
            faults.push(fault(end.0, AuditFaultKind::Altered));
        } else if !there.contains(&end) {
            faults.push(fault(end.0, AuditFaultKind::Missing));
        }
        ends.remove(&end);
    }
    // An end that nobody signed is no end; around a fault there are such ends, and the fault is told already.
    if faults
        .iter()
        .all(|fault| fault.kind == AuditFaultKind::Forked)
    {
        let unsigned = ends.into_iter().map(|(number, _)| number);
        faults.extend(unsigned.map(|number| fault(number, AuditFaultKind::Altered)));
    }
    Ok(faults)
}
