//! 复核: an officer countersigns a closing of a matter of life and safety, or says that it is not over; an order in the
//! township's log (docs/adr/0039). What the problem says is not known here, and so neither is whether there was such a
//! closing: a word about none changes nothing on any device.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::epochs;
use crate::error::ApiError;
use crate::moves;
use crate::orders::Orders;
use crate::organisation;
use crate::reports;
use crate::state::App;
use ids::{DocKind, DocumentId, StaffId, UnitId};
use protocol::access::Holder;
use protocol::{
    Countersign, Countersignature, KnownCountersignature, Order, Reports, SealedReason, UnitLevel,
    Verdict, limits,
};
use rusqlite::{Connection, Row, named_params};

fn read_row(row: &Row<'_>) -> rusqlite::Result<Countersignature> {
    let epoch: Option<u32> = row.get(6)?;
    let sealed: Option<Vec<u8>> = row.get(7)?;
    Ok(Countersignature {
        problem: DocumentId(columns::uuid(row, 0)?),
        closing: columns::uuid(row, 1)?,
        verdict: Verdict::parse(&row.get::<_, String>(2)?).ok_or_else(|| columns::unknown(2))?,
        at_ms: row.get(3)?,
        staff: StaffId(columns::uuid(row, 4)?),
        name: row.get(5)?,
        reason: epoch
            .zip(sealed)
            .map(|(epoch, sealed)| SealedReason { epoch, sealed }),
    })
}

/// What was said of a problem's closings.
pub(crate) fn of_problem(
    connection: &Connection,
    problem: DocumentId,
) -> rusqlite::Result<Vec<Countersignature>> {
    connection
        .prepare_cached(include_str!("sql/countersign/of_problem.sql"))?
        .query_map(named_params! {":problem": problem.0.as_bytes()}, read_row)?
        .collect()
}

/// What was said of the closings of a township, the newest first.
pub(crate) fn of_scope(
    connection: &Connection,
    scope: UnitId,
) -> rusqlite::Result<Vec<KnownCountersignature>> {
    connection
        .prepare_cached(include_str!("sql/countersign/of_scope.sql"))?
        .query_map(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":most": limits::COUNTERSIGNATURES_LISTED,
            },
            |row| {
                let said = read_row(row)?;
                Ok(KnownCountersignature {
                    problem: said.problem,
                    closing: said.closing,
                    verdict: said.verdict,
                    name: said.name,
                    at_ms: said.at_ms,
                })
            },
        )?
        .collect()
}

/// When the newest was said, in a township or in those of a district; 0 when there is none.
pub(crate) fn newest_ms(connection: &Connection, scope: UnitId) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(include_str!("sql/countersign/newest.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            row.get(0)
        })
}

/// An officer says something of a closing. What was said already, or does not hold beside it, changes nothing.
pub(crate) fn say(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &Countersign,
) -> Result<Reports, ApiError> {
    if !input.is_whole() {
        return Err(ApiError::Malformed);
    }
    let station = organisation::unit(connection, input.station)?
        .filter(|unit| {
            unit.level == UnitLevel::Township
                && unit.parent == Some(holder.scope)
                && unit.closed_ms.is_none()
        })
        .ok_or(ApiError::NotFound)?;
    if epochs::holds(connection, station.id)? {
        // The problem may be among what is on its way back.
        return Err(ApiError::Gathering);
    }
    moves::whereabouts(connection, input.problem)?
        .filter(|place| place.scope == station.id && place.kind == DocKind::Problem)
        .ok_or(ApiError::NotFound)?;
    let said = of_problem(connection, input.problem)?;
    let holds_already = said
        .iter()
        .any(|known| known.closing == input.closing && known.verdict <= input.verdict);
    if !holds_already {
        if said.len() >= limits::COUNTERSIGNATURES {
            return Err(ApiError::TooLarge);
        }
        let now_ms = app.clock.now_ms();
        let device =
            organisation::device(connection, holder.device)?.ok_or(ApiError::DeviceUnknown)?;
        let order = Order::Countersign(Countersignature {
            problem: input.problem,
            closing: input.closing,
            verdict: input.verdict,
            staff: holder.staff,
            name: device.staff_name,
            at_ms: now_ms,
            reason: input.reason.clone(),
        });
        Orders::of(app, connection, holder.into(), now_ms).give(station.id, order, "")?;
        // In the trail of the district as well: there it is what she did, not what happened to a file.
        let object = Object::Document(app.vault.document_mark(input.problem));
        let by = By::from(holder);
        let act = act_of(input.verdict);
        audit::append(connection, &Deed::of(by, holder.scope, act, object, now_ms))?;
    }
    reports::list(app, connection, holder)
}

/// As the trail calls it.
pub(crate) fn act_of(verdict: Verdict) -> Act {
    match verdict {
        Verdict::Countersigned => Act::ClosingCountersigned,
        Verdict::NotOver => Act::ClosingNotOver,
    }
}

/// Whether an order says nothing that is not known here.
pub(crate) fn is_known(connection: &Connection, said: &Countersignature) -> rusqlite::Result<bool> {
    Ok(of_problem(connection, said.problem)?
        .iter()
        .any(|known| known.closing == said.closing && known.rank() <= said.rank()))
}

/// Whether what is kept here of an order's word is what the order says. Another may hold about the same closing, and of a
/// problem that was erased nothing is kept.
pub(crate) fn goes_with(
    connection: &Connection,
    said: &Countersignature,
) -> rusqlite::Result<bool> {
    let is_it =
        |known: &Countersignature| known.closing == said.closing && known.rank() == said.rank();
    Ok(of_problem(connection, said.problem)?
        .iter()
        .all(|known| !is_it(known) || known == said))
}

/// Writes down what an order says, unless what is known holds against it.
pub(crate) fn heed(connection: &Connection, said: &Countersignature) -> rusqlite::Result<()> {
    if is_known(connection, said)? {
        return Ok(());
    }
    connection
        .prepare_cached(include_str!("sql/countersign/put.sql"))?
        .execute(named_params! {
            ":problem": said.problem.0.as_bytes(),
            ":closing": said.closing.as_bytes(),
            ":verdict": said.verdict.as_str(),
            ":at_ms": said.at_ms,
            ":staff": said.staff.0.as_bytes(),
            ":name": said.name,
            ":epoch": said.reason.as_ref().map(|reason| reason.epoch),
            ":reason": said.reason.as_ref().map(|reason| &reason.sealed),
        })?;
    Ok(())
}

/// A problem is gone: what was said of it is written nowhere any more.
pub(crate) fn forget(connection: &Connection, problem: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/countersign/forget.sql"))?
        .execute(named_params! {":problem": problem.0.as_bytes()})?;
    Ok(())
}
