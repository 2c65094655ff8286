//! Standing in for a village (委派): an order says who, where, and from when to when; by the clock the delegate comes to see
//! the village's documents, each whole, and loses sight of them again (docs/adr/0028).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns::{self, stored};
use crate::error::ApiError;
use crate::log::{self, Append, CoverEntry};
use crate::orders::Orders;
use crate::organisation;
use crate::people;
use crate::state::App;
use ids::{DeviceId, DocKind, DocumentId, Role, StaffId, UnitId};
use protocol::access::Holder;
use protocol::{
    CoverId, CoverRecord, CoverState, CoverVillage, EndCover, Order, PeopleList, UnitLevel, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// A delegation as the database has it.
#[derive(Debug, Clone, Copy)]
struct Cover {
    id: CoverId,
    scope: UnitId,
    unit: UnitId,
    delegate: StaffId,
    absent: Option<StaffId>,
    from_ms: i64,
    until_ms: i64,
    state: CoverState,
}

fn read_cover(row: &Row<'_>) -> rusqlite::Result<Cover> {
    Ok(Cover {
        id: columns::uuid(row, 0)?,
        scope: UnitId(columns::uuid(row, 1)?),
        unit: UnitId(columns::uuid(row, 2)?),
        delegate: StaffId(columns::uuid(row, 3)?),
        absent: columns::optional_uuid(row, 4)?.map(StaffId),
        from_ms: row.get(5)?,
        until_ms: row.get(6)?,
        state: CoverState::parse(&row.get::<_, String>(7)?).ok_or_else(|| columns::unknown(7))?,
    })
}

impl Cover {
    fn order(&self) -> Order {
        Order::Cover {
            cover: self.id,
            unit: self.unit,
            delegate: self.delegate,
            absent: self.absent,
            from_ms: self.from_ms,
            until_ms: self.until_ms,
        }
    }
}

fn find(connection: &Connection, id: CoverId) -> rusqlite::Result<Option<Cover>> {
    connection
        .prepare_cached(include_str!("sql/people/cover.sql"))?
        .query_row(named_params! {":id": id.as_bytes()}, read_cover)
        .optional()
}

fn open_of(
    connection: &Connection,
    sql: &'static str,
    name: &str,
    id: &[u8],
) -> rusqlite::Result<Vec<Cover>> {
    connection
        .prepare_cached(sql)?
        .query_map(&[(name, &id)], read_cover)?
        .collect()
}

/// The delegations of a township, newest first.
pub(crate) fn list(connection: &Connection, scope: UnitId) -> rusqlite::Result<Vec<CoverRecord>> {
    connection
        .prepare_cached(include_str!("sql/people/covers_of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            let cover = read_cover(row)?;
            Ok(CoverRecord {
                id: cover.id,
                unit: cover.unit,
                unit_name: row.get(9)?,
                delegate: cover.delegate,
                delegate_name: row.get(10)?,
                absent: cover.absent,
                absent_name: row.get(11)?,
                from_ms: cover.from_ms,
                until_ms: cover.until_ms,
                state: cover.state,
            })
        })?
        .collect()
}

/// Somebody stands in for a village. Saying it twice changes nothing.
pub(crate) fn begin(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &CoverVillage,
) -> Result<PeopleList, ApiError> {
    let now_ms = app.clock.now_ms();
    if find(connection, input.id)?.is_none() {
        check(connection, holder, input, now_ms)?;
        let order = Order::Cover {
            cover: input.id,
            unit: input.unit,
            delegate: input.delegate,
            absent: input.absent,
            from_ms: input.from_ms,
            until_ms: input.until_ms,
        };
        let orders = Orders::of(app, connection, holder.into(), now_ms);
        orders.give(holder.scope, order, "")?;
    }
    people::list(app, connection, holder.scope)
}

/// Whether this can be: a village that is one, a person of the township whose own it is not, for no longer than a year,
/// and one village at a time.
fn check(
    connection: &Connection,
    holder: &Holder,
    input: &CoverVillage,
    now_ms: i64,
) -> Result<(), ApiError> {
    let unit = organisation::unit(connection, input.unit)?
        .filter(|unit| unit.scope == Some(holder.scope) && unit.closed_ms.is_none())
        .ok_or(ApiError::NotFound)?;
    let person = |staff| {
        let staff = organisation::staff(connection, staff)?;
        staff
            .filter(|staff| staff.scope == holder.scope)
            .ok_or(ApiError::NotFound)
    };
    let delegate = person(input.delegate)?;
    if let Some(absent) = input.absent {
        person(absent)?;
    }
    let fits = unit.level == UnitLevel::Village
        && delegate.unit != unit.id
        && people::is_in_force(connection, delegate.id, now_ms)?
        && input.until_ms > now_ms
        && input.until_ms > input.from_ms
        && input.until_ms.saturating_sub(input.from_ms) <= limits::COVER_MS;
    if !fits {
        return Err(ApiError::CoverImpossible);
    }
    let hers = open_of(
        connection,
        include_str!("sql/people/covers_of_delegate.sql"),
        ":delegate",
        delegate.id.0.as_bytes(),
    )?;
    let is_taken = hers
        .iter()
        .any(|other| other.from_ms < input.until_ms && input.from_ms < other.until_ms);
    if is_taken {
        return Err(ApiError::CoverTaken);
    }
    Ok(())
}

/// Standing in ends now. Saying it twice changes nothing.
pub(crate) fn end(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &EndCover,
) -> Result<PeopleList, ApiError> {
    let cover = find(connection, input.id)?
        .filter(|cover| cover.scope == holder.scope)
        .ok_or(ApiError::NotFound)?;
    let orders = Orders::of(app, connection, holder.into(), app.clock.now_ms());
    end_now(orders, cover)?;
    people::list(app, connection, holder.scope)
}

fn end_now(orders: Orders<'_>, cover: Cover) -> Result<(), ApiError> {
    if cover.state == CoverState::Over {
        return Ok(());
    }
    let shortened = Cover {
        until_ms: orders.now_ms.min(cover.until_ms),
        ..cover
    };
    orders.give(cover.scope, shortened.order(), "")?;
    Ok(())
}

/// A person who is appointed to nothing any more stands in for nobody.
pub(crate) fn end_of_delegate(orders: Orders<'_>, delegate: StaffId) -> Result<(), ApiError> {
    let sql = include_str!("sql/people/covers_of_delegate.sql");
    for cover in open_of(orders.connection, sql, ":delegate", delegate.0.as_bytes())? {
        end_now(orders, cover)?;
    }
    Ok(())
}

/// Nobody stands in for a village that is no more.
pub(crate) fn end_of_unit(orders: Orders<'_>, unit: UnitId) -> Result<(), ApiError> {
    let sql = include_str!("sql/people/covers_of_unit.sql");
    for cover in open_of(orders.connection, sql, ":unit", unit.0.as_bytes())? {
        end_now(orders, cover)?;
    }
    Ok(())
}

/// Whether an order says nothing that is not known here.
pub(crate) fn is_known(
    connection: &Connection,
    id: CoverId,
    until_ms: i64,
) -> rusqlite::Result<bool> {
    Ok(find(connection, id)?.is_some_and(|cover| cover.until_ms <= until_ms))
}

/// Writes down what an order says.
pub(crate) fn heed(connection: &Connection, scope: UnitId, order: &Order) -> rusqlite::Result<()> {
    let Order::Cover {
        cover,
        unit,
        delegate,
        absent,
        from_ms,
        until_ms,
    } = order
    else {
        return Ok(());
    };
    connection
        .prepare_cached(include_str!("sql/people/put_cover.sql"))?
        .execute(named_params! {
            ":id": cover.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":unit": unit.0.as_bytes(),
            ":delegate": delegate.0.as_bytes(),
            ":absent": absent.map(|staff| staff.0.into_bytes()),
            ":from_ms": from_ms,
            ":until_ms": until_ms,
        })?;
    Ok(())
}

fn due(connection: &Connection, scope: UnitId, now_ms: i64) -> rusqlite::Result<Vec<Cover>> {
    connection
        .prepare_cached(include_str!("sql/people/covers_due.sql"))?
        .query_map(
            named_params! {":scope": scope.0.as_bytes(), ":now_ms": now_ms},
            read_cover,
        )?
        .collect()
}

/// Whether one is to begin or to end.
pub(crate) fn is_due(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/people/covers_due.sql"))?
        .exists(named_params! {":scope": scope.0.as_bytes(), ":now_ms": now_ms})
}

/// Those that are due begin and end: what is over ends first, so that its delegate is free for the next.
pub(crate) fn turn(connection: &Connection, scope: UnitId, now_ms: i64) -> Result<(), ApiError> {
    let due = due(connection, scope, now_ms)?;
    let (over, begun): (Vec<Cover>, Vec<Cover>) =
        due.into_iter().partition(|cover| cover.until_ms <= now_ms);
    for cover in over {
        set_state(connection, &cover, CoverState::Over, None)?;
        note(connection, &cover, Act::CoverEnded, now_ms)?;
        show(connection, &cover, false, now_ms)?;
    }
    for cover in begun {
        if since(connection, cover.delegate)?.is_some() {
            // One village at a time; it begins when the other is over.
            continue;
        }
        let seq = log::last_seq(connection, scope)?;
        set_state(connection, &cover, CoverState::Running, Some(seq))?;
        note(connection, &cover, Act::CoverBegan, now_ms)?;
        introduce(connection, &cover, now_ms)?;
        show(connection, &cover, true, now_ms)?;
    }
    Ok(())
}

fn set_state(
    connection: &Connection,
    cover: &Cover,
    state: CoverState,
    seq: Option<u64>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/people/set_cover.sql"))?
        .execute(named_params! {
            ":id": cover.id.as_bytes(),
            ":state": state.as_str(),
            ":seq": seq.map(stored),
        })?;
    Ok(())
}

fn note(connection: &Connection, cover: &Cover, act: Act, now_ms: i64) -> rusqlite::Result<()> {
    let object = Object::Id(cover.id);
    audit::append(
        connection,
        &Deed::of(By::Server, cover.scope, act, object, now_ms),
    )
}

/// The delegate learns who works in the village, and everybody who sees its documents whose words the delegate's are.
fn introduce(connection: &Connection, cover: &Cover, now_ms: i64) -> Result<(), ApiError> {
    let mut devices = Vec::new();
    for staff in organisation::staff_of_unit(connection, cover.unit)? {
        log::append(
            connection,
            cover.scope,
            now_ms,
            &Append::Member(&staff.record()),
        )?;
    }
    for device in organisation::devices_of_scope(connection, cover.scope)? {
        if device.holder.unit == cover.unit {
            log::append(
                connection,
                cover.scope,
                now_ms,
                &Append::Member(&device.record()),
            )?;
        } else if device.holder.staff == cover.delegate && device.holder.role == Role::Director {
            devices.push(device);
        }
    }
    for device in &devices {
        log::append_author(connection, cover.scope, now_ms, device)?;
    }
    Ok(())
}

/// Each document of the village comes into the delegate's sight, whole, or goes out of it. At the station everything of
/// the township is seen anyway.
fn show(connection: &Connection, cover: &Cover, shown: bool, now_ms: i64) -> Result<(), ApiError> {
    let delegate = organisation::staff(connection, cover.delegate)?;
    if delegate.is_none_or(|delegate| delegate.role.is_at_station()) {
        return Ok(());
    }
    let name =
        organisation::unit(connection, cover.unit)?.map_or_else(String::new, |unit| unit.name);
    for (document, kind, creator, _) in documents_of(connection, cover.unit)? {
        let entry = CoverEntry {
            document,
            kind,
            creator,
            unit: cover.unit,
            delegate: cover.delegate,
            shown,
            name: name.clone(),
        };
        log::append(connection, cover.scope, now_ms, &Append::Cover(&entry))?;
    }
    Ok(())
}

/// The documents that live in a unit, apart from sealed ones: id, kind, who made it, how often it moved.
pub(crate) fn documents_of(
    connection: &Connection,
    unit: UnitId,
) -> rusqlite::Result<Vec<(DocumentId, DocKind, DeviceId, u32)>> {
    connection
        .prepare_cached(include_str!("sql/organisation/documents_of_unit.sql"))?
        .query_map(named_params! {":unit": unit.0.as_bytes()}, |row| {
            Ok((
                DocumentId(columns::uuid(row, 0)?),
                columns::kind(row, 1)?,
                DeviceId(columns::uuid(row, 2)?),
                row.get(3)?,
            ))
        })?
        .collect()
}

/// What a person stands in for now, and the log's number from which on she sees it: everything before came whole.
pub(crate) fn since(
    connection: &Connection,
    delegate: StaffId,
) -> rusqlite::Result<Option<(UnitId, u64)>> {
    connection
        .prepare_cached(include_str!("sql/people/cover_since.sql"))?
        .query_row(named_params! {":delegate": delegate.0.as_bytes()}, |row| {
            Ok((UnitId(columns::uuid(row, 0)?), columns::number(row, 1)?))
        })
        .optional()
}
