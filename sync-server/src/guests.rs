//! 户籍村: a second village of the township knows of a child's file. An order says which, and from when to when; by the clock
//! the file comes into that village's sight, whole, and goes out of it again (docs/adr/0040).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns::{self, stored};
use crate::error::ApiError;
use crate::log::{self, Append, GuestEntry};
use crate::moves::{self, Whereabouts};
use crate::orders::{self, Orders};
use crate::organisation;
use crate::recusals;
use crate::state::App;
use ids::{DocKind, DocumentId, UnitId};
use protocol::access::Holder;
use protocol::{
    EndGuest, GuestId, GuestList, GuestRecord, GuestState, OpenToGuest, Order, UnitLevel, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeSet;

/// A file a second village knows of, as the database has it.
#[derive(Debug, Clone, Copy)]
struct Guest {
    id: GuestId,
    document: DocumentId,
    scope: UnitId,
    unit: UnitId,
    from_ms: i64,
    until_ms: Option<i64>,
    state: GuestState,
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Guest> {
    Ok(Guest {
        id: columns::uuid(row, 0)?,
        document: DocumentId(columns::uuid(row, 1)?),
        scope: UnitId(columns::uuid(row, 2)?),
        unit: UnitId(columns::uuid(row, 3)?),
        from_ms: row.get(4)?,
        until_ms: row.get(5)?,
        state: GuestState::parse(&row.get::<_, String>(6)?).ok_or_else(|| columns::unknown(6))?,
    })
}

impl Guest {
    fn order(&self) -> Order {
        Order::Guest {
            guest: self.id,
            document: self.document,
            unit: self.unit,
            from_ms: self.from_ms,
            until_ms: self.until_ms,
        }
    }

    fn is_over_at(&self, now_ms: i64) -> bool {
        self.until_ms.is_some_and(|until| until <= now_ms)
    }
}

fn of_id(connection: &Connection, scope: UnitId, id: GuestId) -> rusqlite::Result<Vec<Guest>> {
    connection
        .prepare_cached(include_str!("sql/guests/of_id.sql"))?
        .query_map(
            named_params! {":id": id.as_bytes(), ":scope": scope.0.as_bytes()},
            read_row,
        )?
        .collect()
}

fn open_of_document(connection: &Connection, document: DocumentId) -> rusqlite::Result<Vec<Guest>> {
    connection
        .prepare_cached(include_str!("sql/guests/open_of_document.sql"))?
        .query_map(named_params! {":document": document.0.as_bytes()}, read_row)?
        .collect()
}

fn list(connection: &Connection, scope: UnitId, id: GuestId) -> Result<GuestList, ApiError> {
    let guests = of_id(connection, scope, id)?
        .into_iter()
        .map(|guest| GuestRecord {
            id: guest.id,
            document: guest.document,
            unit: guest.unit,
            from_ms: guest.from_ms,
            until_ms: guest.until_ms,
            state: guest.state,
        })
        .collect();
    Ok(GuestList { guests })
}

/// A second village gets to know of these files. Saying it twice changes nothing.
pub(crate) fn begin(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &OpenToGuest,
) -> Result<GuestList, ApiError> {
    let now_ms = app.clock.now_ms();
    if of_id(connection, holder.scope, input.id)?.is_empty() {
        check(connection, holder, input, now_ms)?;
        for document in &input.documents {
            let order = Order::Guest {
                guest: input.id,
                document: *document,
                unit: input.unit,
                from_ms: input.from_ms,
                until_ms: input.until_ms,
            };
            Orders::of(app, connection, holder.into(), now_ms).give(holder.scope, order, "")?;
        }
    }
    list(connection, holder.scope, input.id)
}

/// Whether this can be: a village of this very township, children's files that live in another one of it, and one second
/// village at a time.
fn check(
    connection: &Connection,
    holder: &Holder,
    input: &OpenToGuest,
    now_ms: i64,
) -> Result<(), ApiError> {
    if input.documents.len() > limits::MOVE_DOCUMENTS {
        return Err(ApiError::TooLarge);
    }
    let unit = organisation::unit(connection, input.unit)?.ok_or(ApiError::NotFound)?;
    if unit.scope != Some(holder.scope) {
        return Err(ApiError::GuestElsewhere);
    }
    if unit.closed_ms.is_some() {
        return Err(ApiError::UnitClosed);
    }
    let ends_before = |until: i64| until <= now_ms || until <= input.from_ms;
    let fits = unit.level == UnitLevel::Village
        && !input.documents.is_empty()
        && !input.until_ms.is_some_and(ends_before);
    if !fits {
        return Err(ApiError::GuestImpossible);
    }
    recusals::refuse(connection, holder, input.documents.iter().copied(), now_ms)?;
    for document in &input.documents {
        let place = moves::whereabouts(connection, *document)?
            .filter(|place| place.scope == holder.scope)
            .ok_or(ApiError::NotFound)?;
        if place.kind != DocKind::Child || place.home_unit == unit.id {
            return Err(ApiError::GuestImpossible);
        }
        let overlaps = |other: &Guest| {
            input.until_ms.is_none_or(|until| other.from_ms < until)
                && other.until_ms.is_none_or(|until| input.from_ms < until)
        };
        if open_of_document(connection, *document)?
            .iter()
            .any(overlaps)
        {
            return Err(ApiError::GuestTaken);
        }
    }
    Ok(())
}

/// It is over now. Saying it twice changes nothing.
pub(crate) fn end(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &EndGuest,
) -> Result<GuestList, ApiError> {
    let now_ms = app.clock.now_ms();
    let guests = of_id(connection, holder.scope, input.id)?;
    if guests.is_empty() {
        return Err(ApiError::NotFound);
    }
    let documents = guests.iter().map(|guest| guest.document);
    recusals::refuse(connection, holder, documents, now_ms)?;
    for guest in guests {
        end_now(Orders::of(app, connection, holder.into(), now_ms), guest)?;
    }
    list(connection, holder.scope, input.id)
}

fn end_now(orders: Orders<'_>, guest: Guest) -> Result<(), ApiError> {
    if guest.state == GuestState::Over || guest.is_over_at(orders.now_ms) {
        return Ok(());
    }
    let shortened = Guest {
        until_ms: Some(orders.now_ms),
        ..guest
    };
    orders.give(guest.scope, shortened.order(), "")?;
    Ok(())
}

/// A village that is no more knows of nothing.
pub(crate) fn end_of_unit(orders: Orders<'_>, unit: UnitId) -> Result<(), ApiError> {
    let guests: Vec<Guest> = orders
        .connection
        .prepare_cached(include_str!("sql/guests/open_of_unit.sql"))?
        .query_map(named_params! {":unit": unit.0.as_bytes()}, read_row)?
        .collect::<Result<_, _>>()?;
    for guest in guests {
        end_now(orders, guest)?;
    }
    Ok(())
}

/// Whether an order says nothing that is not known here.
pub(crate) fn is_known(
    connection: &Connection,
    id: GuestId,
    document: DocumentId,
    until_ms: Option<i64>,
) -> rusqlite::Result<bool> {
    let known: Option<Option<i64>> = connection
        .prepare_cached(include_str!("sql/guests/get.sql"))?
        .query_row(
            named_params! {":id": id.as_bytes(), ":document": document.0.as_bytes()},
            |row| row.get(0),
        )
        .optional()?;
    Ok(orders::ends_already(known, until_ms))
}

/// Writes down what an order says.
pub(crate) fn heed(connection: &Connection, scope: UnitId, order: &Order) -> rusqlite::Result<()> {
    let Order::Guest {
        guest,
        document,
        unit,
        from_ms,
        until_ms,
    } = order
    else {
        return Ok(());
    };
    connection
        .prepare_cached(include_str!("sql/guests/put.sql"))?
        .execute(named_params! {
            ":id": guest.as_bytes(),
            ":document": document.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":unit": unit.0.as_bytes(),
            ":from_ms": from_ms,
            ":until_ms": until_ms,
        })?;
    Ok(())
}

/// A document is gone: who knew of it is written nowhere any more.
pub(crate) fn forget(connection: &Connection, document: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/guests/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    Ok(())
}

/// Whether one is to begin or to end.
pub(crate) fn is_due(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/guests/due.sql"))?
        .exists(named_params! {":scope": scope.0.as_bytes(), ":now_ms": now_ms})
}

/// Those that are due begin and end: what is over ends first, so that the file is free for the next village.
pub(crate) fn turn(connection: &Connection, scope: UnitId, now_ms: i64) -> Result<(), ApiError> {
    let due: Vec<Guest> = connection
        .prepare_cached(include_str!("sql/guests/due.sql"))?
        .query_map(
            named_params! {":scope": scope.0.as_bytes(), ":now_ms": now_ms},
            read_row,
        )?
        .collect::<Result<_, _>>()?;
    let (over, begun): (Vec<Guest>, Vec<Guest>) =
        due.into_iter().partition(|guest| guest.is_over_at(now_ms));
    for guest in over {
        finish(connection, &guest, now_ms)?;
    }
    for guest in begun {
        let Some(place) = moves::whereabouts(connection, guest.document)? else {
            continue;
        };
        if place.scope != guest.scope || place.home_unit == guest.unit {
            // It lives there, or nowhere in this township.
            set_state(connection, &guest, GuestState::Over, None)?;
            continue;
        }
        if running(connection, guest.document, now_ms)?.is_some() {
            // One second village at a time; it begins when the other is over.
            continue;
        }
        let seq = log::last_seq(connection, scope)?;
        set_state(connection, &guest, GuestState::Running, Some(seq))?;
        note(connection, &guest, Act::GuestBegan, now_ms)?;
        introduce(connection, &guest, &place, now_ms)?;
        show(connection, &guest, &place, true, now_ms)?;
    }
    Ok(())
}

/// A document lives in another unit from now on: the village that knew of it may be its home now, or in another township.
pub(crate) fn follow(
    connection: &Connection,
    document: DocumentId,
    now_ms: i64,
) -> Result<(), ApiError> {
    let Some(place) = moves::whereabouts(connection, document)? else {
        return Ok(());
    };
    for guest in open_of_document(connection, document)? {
        if place.scope != guest.scope || place.home_unit == guest.unit {
            finish(connection, &guest, now_ms)?;
        }
    }
    Ok(())
}

fn finish(connection: &Connection, guest: &Guest, now_ms: i64) -> Result<(), ApiError> {
    set_state(connection, guest, GuestState::Over, None)?;
    if guest.state != GuestState::Running {
        return Ok(());
    }
    note(connection, guest, Act::GuestEnded, now_ms)?;
    match moves::whereabouts(connection, guest.document)? {
        Some(place) => show(connection, guest, &place, false, now_ms),
        None => Ok(()),
    }
}

fn set_state(
    connection: &Connection,
    guest: &Guest,
    state: GuestState,
    seq: Option<u64>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/guests/set_state.sql"))?
        .execute(named_params! {
            ":id": guest.id.as_bytes(),
            ":document": guest.document.0.as_bytes(),
            ":state": state.as_str(),
            ":seq": seq.map(stored),
        })?;
    Ok(())
}

fn note(connection: &Connection, guest: &Guest, act: Act, now_ms: i64) -> rusqlite::Result<()> {
    let object = Object::Id(guest.id);
    audit::append(
        connection,
        &Deed::of(By::Server, guest.scope, act, object, now_ms),
    )
}

/// Each of the two villages learns whose words the other's are. Later tablets: [`organisation::add_device`].
fn introduce(
    connection: &Connection,
    guest: &Guest,
    place: &Whereabouts,
    now_ms: i64,
) -> Result<(), ApiError> {
    for device in organisation::devices_of_scope(connection, guest.scope)? {
        if [guest.unit, place.home_unit].contains(&device.holder.unit) {
            log::append_author(connection, guest.scope, now_ms, &device)?;
        }
    }
    Ok(())
}

/// The file comes into the village's sight, whole, or goes out of it.
fn show(
    connection: &Connection,
    guest: &Guest,
    place: &Whereabouts,
    shown: bool,
    now_ms: i64,
) -> Result<(), ApiError> {
    let home = organisation::unit(connection, place.home_unit)?;
    let entry = GuestEntry {
        document: guest.document,
        unit: guest.unit,
        shown,
        name: home.map_or_else(String::new, |unit| unit.name),
    };
    log::append(connection, guest.scope, now_ms, &Append::Guest(&entry))?;
    Ok(())
}

/// The second village that knows of a document now, and the log's number from which on: everything before came whole.
pub(crate) fn running(
    connection: &Connection,
    document: DocumentId,
    now_ms: i64,
) -> rusqlite::Result<Option<(UnitId, u64)>> {
    connection
        .prepare_cached(include_str!("sql/guests/running.sql"))?
        .query_row(
            named_params! {":document": document.0.as_bytes(), ":now_ms": now_ms},
            |row| Ok((UnitId(columns::uuid(row, 0)?), columns::number(row, 1)?)),
        )
        .optional()
}

/// Whether this person's village knows of a document of another one, or did.
pub(crate) fn was(
    connection: &Connection,
    document: DocumentId,
    holder: &Holder,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/guests/was.sql"))?
        .exists(named_params! {
            ":document": document.0.as_bytes(),
            ":unit": holder.unit.0.as_bytes(),
            ":now_ms": now_ms,
        })
}

/// The villages whose people write, or may come to write, in documents a village sees.
pub(crate) fn neighbours(
    connection: &Connection,
    unit: UnitId,
) -> rusqlite::Result<BTreeSet<UnitId>> {
    connection
        .prepare_cached(include_str!("sql/guests/neighbours.sql"))?
        .query_map(named_params! {":unit": unit.0.as_bytes()}, |row| {
            columns::uuid(row, 0).map(UnitId)
        })?
        .collect()
}
