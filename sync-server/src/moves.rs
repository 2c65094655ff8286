//! Moves: documents go from one unit to another in two steps. The station that has them offers, the station they go to
//! accepts, and each step is one transaction. Within one township the same person may do both.
//!
//! The acceptance is an order in both scopes (ADR 0014), so no restored copy forgets it. It writes in the log of the old scope (whoever loses sight is told to hand over and forget) and in that of
//! the new one (whoever gains sight gets the whole document). A place a document lived in is remembered: work that comes
//! from there later goes to the review tray ([`crate::reviews`]).

use crate::admission::Memory;
use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::guests;
use crate::log::{self, Append, MoveEntry};
use crate::orders::Orders;
use crate::organisation::{self, Unit};
use crate::publish;
use crate::recusals;
use crate::state::App;
use crate::steps::Step;
use crate::sync;
use crate::vault::of_row;
use ids::{DeviceId, DocKind, DocumentId, UnitId};
use protocol::access::Holder;
use protocol::session::server::AdmissionState;
use protocol::{
    DecideMove, MoveDecision, MoveId, MoveList, MoveRecord, MoveState, MoveTarget, MoveTargets,
    OfferMove, Order, UnitLevel, limits, wire,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What it is sealed as, with its id.
pub(crate) const SEALED_AS: &str = "move";

pub(crate) fn sealed_as(id: MoveId) -> String {
    of_row(SEALED_AS, id.as_bytes())
}

/// What of an offer names somebody.
#[derive(Serialize, Deserialize)]
struct Words {
    subject: String,
    reason: String,
    moved_on: String,
}

/// Whether what was sealed of an offer can be read.
pub(crate) fn can_be_read(plain: &[u8]) -> bool {
    wire::unpack::<Words>(plain).is_ok()
}

/// Every village of the district.
pub(crate) fn targets(connection: &Connection) -> Result<MoveTargets, ApiError> {
    let mut statement = connection.prepare_cached(include_str!("sql/moves/targets.sql"))?;
    let targets = statement
        .query_map([], |row| {
            Ok(MoveTarget {
                unit: UnitId(columns::uuid(row, 0)?),
                name: row.get(1)?,
                scope: UnitId(columns::uuid(row, 2)?),
                township: row.get(3)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(MoveTargets { targets })
}

/// The offers out of and into a scope.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    scope: UnitId,
) -> Result<MoveList, ApiError> {
    let now = app.clock.now_ms();
    let mut statement = connection.prepare_cached(include_str!("sql/moves/of_scope.sql"))?;
    let rows = statement
        .query_map(named_params! {":scope": scope.0.as_bytes()}, read_move)?
        .collect::<Result<Vec<_>, _>>()?;
    let moves = rows
        .into_iter()
        .map(|row| record(app, connection, row, now))
        .collect::<Result<_, _>>()?;
    Ok(MoveList { moves })
}

/// The first step. Saying it twice changes nothing.
pub(crate) fn offer(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &OfferMove,
) -> Result<MoveList, ApiError> {
    let now = app.clock.now_ms();
    if find(connection, input.id)?.is_some() {
        return list(app, connection, holder.scope);
    }
    let words = [&input.subject, &input.reason, &input.moved_on];
    let wordy = words
        .iter()
        .any(|text| text.chars().count() > limits::MOVE_TEXT_CHARS);
    let documents: BTreeSet<DocumentId> = input.documents.iter().copied().collect();
    if wordy || documents.is_empty() || documents.len() > limits::MOVE_DOCUMENTS {
        return Err(ApiError::MoveImpossible);
    }
    let to = organisation::unit(connection, input.to)?.ok_or(ApiError::MoveImpossible)?;
    let (UnitLevel::Village, Some(to_scope), None) = (to.level, to.scope, to.closed_ms) else {
        return Err(ApiError::MoveImpossible);
    };
    let words = wire::pack(&Words {
        subject: input.subject.clone(),
        reason: input.reason.clone(),
        moved_on: input.moved_on.clone(),
    })?;
    connection
        .prepare_cached(include_str!("sql/moves/insert.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":from_scope": holder.scope.0.as_bytes(),
            ":to_scope": to_scope.0.as_bytes(),
            ":to_unit": to.id.0.as_bytes(),
            ":sealed": app.vault.seal_secret(&sealed_as(input.id), &words, app.entropy.as_ref())?,
            ":offered_by": holder.staff.0.as_bytes(),
            ":offered_ms": now,
            ":expires_ms": now + limits::MOVE_OFFER_MS,
        })?;
    recusals::refuse(connection, holder, documents.iter().copied(), now)?;
    for document in documents {
        let home = movable(app, connection, holder, document, to.id)?;
        let offered = connection
            .prepare_cached(include_str!("sql/moves/is_offered.sql"))?
            .exists(named_params! {":document": document.0.as_bytes(), ":now_ms": now})?;
        if offered {
            return Err(ApiError::MoveOpen);
        }
        connection
            .prepare_cached(include_str!("sql/moves/insert_document.sql"))?
            .execute(named_params! {
                ":move": input.id.as_bytes(),
                ":document": document.0.as_bytes(),
                ":home_unit": home.0.as_bytes(),
            })?;
    }
    let (by, object) = (By::from(holder), Object::Id(input.id));
    audit::append(
        connection,
        &Deed::of(by, holder.scope, Act::MoveOffered, object, now),
    )?;
    list(app, connection, holder.scope)
}

/// The unit a document would leave, if this station may send it there. Sealed detail stays with its station.
fn movable(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    document: DocumentId,
    to: UnitId,
) -> Result<UnitId, ApiError> {
    let known = memory(app, connection)
        .document(document)?
        .filter(|known| known.scope == holder.scope)
        .ok_or(ApiError::NotFound)?;
    if known.header.kind == DocKind::Restricted || known.home_unit == to {
        return Err(ApiError::MoveImpossible);
    }
    Ok(known.home_unit)
}

/// The second step, or the end of the offer without one. What is on its way into the documents is published first where
/// that takes no longer than a moment; what still waits then goes along and is published where they go.
pub(crate) fn decide(holder: Holder, input: DecideMove) -> Step {
    Step::read(move |_, connection| {
        let step = Step::write(move |app, connection| {
            Step::answer(&settle(app, connection, &holder, &input)?)
        });
        Ok(Step::Published(
            publish::last_row(connection)?,
            Box::new(step),
        ))
    })
}

/// Saying it twice changes nothing.
fn settle(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &DecideMove,
) -> Result<MoveList, ApiError> {
    let now = app.clock.now_ms();
    let row = find(connection, input.id)?.ok_or(ApiError::NotFound)?;
    let (decider, state, act) = match input.decision {
        MoveDecision::Accept => (row.to_scope, MoveState::Accepted, Act::MoveAccepted),
        MoveDecision::Decline => (row.to_scope, MoveState::Declined, Act::MoveDeclined),
        MoveDecision::Withdraw => (row.from_scope, MoveState::Withdrawn, Act::MoveWithdrawn),
    };
    if decider != holder.scope {
        return Err(ApiError::NotFound);
    }
    let standing = row.state_at(now);
    if standing == state {
        return list(app, connection, holder.scope);
    }
    if standing != MoveState::Offered {
        return Err(ApiError::MoveOver);
    }
    let documents = documents_of(connection, row.id)?;
    let ids = documents.iter().map(|(document, _)| *document);
    recusals::refuse(connection, holder, ids, now)?;
    connection
        .prepare_cached(include_str!("sql/moves/decide.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":state": state.as_str(),
            ":decided_by": holder.staff.0.as_bytes(),
            ":decided_ms": now,
        })?;
    let (by, object) = (By::from(holder), Object::Id(input.id));
    audit::append(connection, &Deed::of(by, holder.scope, act, object, now))?;
    if state == MoveState::Accepted {
        if organisation::unit(connection, row.to)?.is_none_or(|to| to.closed_ms.is_some()) {
            return Err(ApiError::UnitClosed);
        }
        for (document, home) in documents {
            let known = whereabouts(connection, document)?
                .filter(|known| known.scope == row.from_scope && known.home_unit == home)
                .ok_or(ApiError::MoveOver)?;
            Orders::of(app, connection, By::from(holder), now).give_move(
                BTreeSet::from([row.from_scope, row.to_scope]),
                &Order::Move {
                    document,
                    from: home,
                    to: row.to,
                    step: known.moves + 1,
                },
            )?;
        }
    }
    list(app, connection, holder.scope)
}

/// A move as it was ordered.
pub(crate) struct Ordered {
    pub document: DocumentId,
    pub from: UnitId,
    pub to: UnitId,
    pub step: u32,
    pub at_ms: i64,
}

/// Does what an order to move says, now or when the document and the place are known here.
pub(crate) fn heed(
    connection: &Connection,
    ordered: &Ordered,
    now_ms: i64,
) -> Result<(), ApiError> {
    connection
        .prepare_cached(include_str!("sql/moves/put_order.sql"))?
        .execute(named_params! {
            ":document": ordered.document.0.as_bytes(),
            ":step": ordered.step,
            ":from_unit": ordered.from.0.as_bytes(),
            ":to_unit": ordered.to.0.as_bytes(),
            ":at_ms": ordered.at_ms,
        })?;
    obey(connection, ordered.document, now_ms)
}

/// Whether an order for this step of a document is known.
pub(crate) fn is_ordered(
    connection: &Connection,
    document: DocumentId,
    step: u32,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/moves/is_ordered.sql"))?
        .exists(named_params! {":document": document.0.as_bytes(), ":step": step})
}

/// Whether a document was ordered to go to a scope, as far as the places are known.
pub(crate) fn is_to_go_to(
    connection: &Connection,
    document: DocumentId,
    scope: UnitId,
) -> rusqlite::Result<bool> {
    let found = connection
        .prepare_cached(include_str!("sql/moves/ordered_scope.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            Ok(columns::optional_uuid(row, 0)?.map(UnitId))
        })
        .optional()?;
    Ok(found.flatten() == Some(scope))
}

/// Whether a document of a scope was ordered to a place that is not known here yet.
pub(crate) fn has_homeless(connection: &Connection, scope: UnitId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/moves/has_homeless.sql"))?
        .exists(named_params! {":scope": scope.0.as_bytes()})
}

/// A place became known: what was ordered there goes.
pub(crate) fn obey_to(connection: &Connection, unit: UnitId, now_ms: i64) -> Result<(), ApiError> {
    let documents = connection
        .prepare_cached(include_str!("sql/moves/ordered_to.sql"))?
        .query_map(named_params! {":unit": unit.0.as_bytes()}, |row| {
            Ok(DocumentId(columns::uuid(row, 0)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for document in documents {
        obey(connection, document, now_ms)?;
    }
    Ok(())
}

/// A document goes where the last order sends it, unless it is there, is not known here, or the place is not.
pub(crate) fn obey(
    connection: &Connection,
    document: DocumentId,
    now_ms: i64,
) -> Result<(), ApiError> {
    let Some(known) = whereabouts(connection, document)? else {
        return Ok(());
    };
    let steps = connection
        .prepare_cached(include_str!("sql/moves/orders_of.sql"))?
        .query_map(named_params! {":document": document.0.as_bytes()}, |row| {
            Ok((
                row.get::<_, u32>(0)?,
                UnitId(columns::uuid(row, 1)?),
                UnitId(columns::uuid(row, 2)?),
            ))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let Some((step, _, to)) = steps.last().copied() else {
        return Ok(());
    };
    if step < known.moves || (step, to) == (known.moves, known.home_unit) {
        return Ok(());
    }
    let Some(to) = organisation::unit(connection, to)? else {
        return Ok(());
    };
    for (_, from, _) in steps.iter().filter(|(step, ..)| *step > known.moves) {
        let from = organisation::unit(connection, *from)?;
        if let Some((unit, scope)) = from.and_then(|unit| Some((unit.id, unit.scope?))) {
            put_former_home(connection, document, (unit, scope), now_ms)?;
        }
    }
    carry(connection, document, &known, (&to, step), now_ms)
}

fn put_former_home(
    connection: &Connection,
    document: DocumentId,
    (unit, scope): (UnitId, UnitId),
    now_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/moves/put_former_home.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":unit": unit.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":to_ms": now_ms,
        })?;
    Ok(())
}

/// One document goes.
fn carry(
    connection: &Connection,
    document: DocumentId,
    known: &Whereabouts,
    (to, step): (&Unit, u32),
    now_ms: i64,
) -> Result<(), ApiError> {
    let (home, from_scope) = (known.home_unit, known.scope);
    let to_scope = to.scope.ok_or(ApiError::MoveImpossible)?;
    put_former_home(connection, document, (home, from_scope), now_ms)?;
    let crosses = from_scope != to_scope;
    let to_name = if crosses {
        organisation::unit(connection, to_scope)?.map_or_else(String::new, |unit| unit.name)
    } else {
        to.name.clone()
    };
    let entry = |from, to| MoveEntry {
        document,
        kind: known.kind,
        creator: known.creator,
        from,
        to,
        to_name: to_name.clone(),
    };
    let append =
        |scope, entry: MoveEntry| log::append(connection, scope, now_ms, &Append::Move(&entry));
    let (since_seq, came_from) = if crosses {
        append(from_scope, entry(Some(home), None))?;
        (append(to_scope, entry(None, Some(to.id)))?, None)
    } else {
        let seq = append(to_scope, entry(Some(home), Some(to.id)))?;
        (seq, Some(home))
    };
    connection
        .prepare_cached(include_str!("sql/moves/set_home.sql"))?
        .execute(named_params! {
            ":id": document.0.as_bytes(),
            ":home_unit": to.id.0.as_bytes(),
            ":scope": to_scope.0.as_bytes(),
            ":since_seq": columns::stored(since_seq),
            ":came_from": came_from.map(|unit| unit.0.into_bytes()),
            ":moves": step,
        })?;
    connection
        .prepare_cached(include_str!("sql/moves/close_offers.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":to_unit": to.id.0.as_bytes(),
            ":now_ms": now_ms,
        })?;
    guests::follow(connection, document, now_ms)
}

/// Whether a document lived where this person works: her village, or any unit of the station's township.
pub(crate) fn was_home(
    connection: &Connection,
    document: DocumentId,
    holder: &Holder,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/moves/was_home.sql"))?
        .exists(named_params! {
            ":document": document.0.as_bytes(),
            ":unit": holder.unit.0.as_bytes(),
            ":scope": holder.scope.0.as_bytes(),
            ":whole_scope": holder.role.is_at_station(),
            ":staff": holder.staff.0.as_bytes(),
        })
}

/// Where a document lives.
pub(crate) struct Whereabouts {
    pub scope: UnitId,
    pub home_unit: UnitId,
    pub kind: DocKind,
    pub creator: DeviceId,
    /// Which of its moves brought it here; 0 where it was born.
    pub moves: u32,
    /// It lived elsewhere once.
    pub moved: bool,
}

/// Where a document lives; none when it was erased.
pub(crate) fn whereabouts(
    connection: &Connection,
    document: DocumentId,
) -> rusqlite::Result<Option<Whereabouts>> {
    connection
        .prepare_cached(include_str!("sql/moves/whereabouts.sql"))?
        .query_row(named_params! {":id": document.0.as_bytes()}, |row| {
            Ok(Whereabouts {
                scope: UnitId(columns::uuid(row, 0)?),
                home_unit: UnitId(columns::uuid(row, 1)?),
                kind: columns::kind(row, 2)?,
                creator: DeviceId(columns::uuid(row, 3)?),
                moves: row.get(4)?,
                moved: row.get(5)?,
            })
        })
        .optional()
}

struct MoveRow {
    id: MoveId,
    from_scope: UnitId,
    from_name: String,
    from_village: String,
    to: UnitId,
    to_name: String,
    to_scope: UnitId,
    to_township: String,
    sealed: Vec<u8>,
    offered_by: String,
    offered_ms: i64,
    expires_ms: i64,
    state: MoveState,
}

impl MoveRow {
    fn state_at(&self, now_ms: i64) -> MoveState {
        match self.state {
            MoveState::Offered if self.expires_ms <= now_ms => MoveState::Expired,
            state => state,
        }
    }
}

fn read_move(row: &Row<'_>) -> rusqlite::Result<MoveRow> {
    Ok(MoveRow {
        id: columns::uuid(row, 0)?,
        from_scope: UnitId(columns::uuid(row, 1)?),
        from_name: row.get(2)?,
        to: UnitId(columns::uuid(row, 3)?),
        to_name: row.get(4)?,
        to_scope: UnitId(columns::uuid(row, 5)?),
        to_township: row.get(6)?,
        sealed: row.get(7)?,
        offered_by: row.get(8)?,
        offered_ms: row.get(9)?,
        expires_ms: row.get(10)?,
        state: MoveState::parse(&row.get::<_, String>(11)?).ok_or_else(|| columns::unknown(11))?,
        from_village: row.get(12)?,
    })
}

fn find(connection: &Connection, id: MoveId) -> rusqlite::Result<Option<MoveRow>> {
    connection
        .prepare_cached(include_str!("sql/moves/get.sql"))?
        .query_row(named_params! {":id": id.as_bytes()}, read_move)
        .optional()
}

fn documents_of(
    connection: &Connection,
    id: MoveId,
) -> rusqlite::Result<Vec<(DocumentId, UnitId)>> {
    connection
        .prepare_cached(include_str!("sql/moves/documents.sql"))?
        .query_map(named_params! {":move": id.as_bytes()}, |row| {
            Ok((
                DocumentId(columns::uuid(row, 0)?),
                UnitId(columns::uuid(row, 1)?),
            ))
        })?
        .collect()
}

fn record(
    app: &App,
    connection: &Connection,
    row: MoveRow,
    now_ms: i64,
) -> Result<MoveRecord, ApiError> {
    let words: Words = wire::unpack(&app.vault.open_secret(&sealed_as(row.id), &row.sealed)?)?;
    Ok(MoveRecord {
        id: row.id,
        documents: documents_of(connection, row.id)?
            .into_iter()
            .map(|(document, _)| document)
            .collect(),
        state: row.state_at(now_ms),
        from_scope: row.from_scope,
        from_name: row.from_name,
        from_village: row.from_village,
        to: row.to,
        to_name: row.to_name,
        to_scope: row.to_scope,
        to_township: row.to_township,
        subject: words.subject,
        reason: words.reason,
        moved_on: words.moved_on,
        offered_by: row.offered_by,
        offered_ms: row.offered_ms,
        expires_ms: row.expires_ms,
    })
}

/// The database as admission asks it.
pub(crate) fn memory<'a>(app: &'a App, connection: &'a Connection) -> Memory<'a> {
    sync::memory(app, connection, app.clock.now_ms(), None)
}
