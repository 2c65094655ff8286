//! 回避: who is not to act for a family. An order for each document, so that every device knows it and no restore forgets
//! it; why stands here alone (docs/adr/0034).

use crate::columns;
use crate::covers;
use crate::devices;
use crate::error::ApiError;
use crate::moves;
use crate::orders::{self, Orders};
use crate::organisation::{self, Staff};
use crate::people;
use crate::persons;
use crate::state::App;
use ids::{DocumentId, StaffId, UnitId};
use protocol::access::Holder;
use protocol::{EndRecusal, Order, RecusalId, RecusalList, RecusalRecord, RecusePerson, limits};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeMap;

/// A recusal of one document as the database has it.
#[derive(Clone)]
struct Found {
    id: RecusalId,
    document: DocumentId,
    staff: StaffId,
    stead: Option<StaffId>,
    from_ms: i64,
    until_ms: Option<i64>,
    reason: String,
    said_by: Option<StaffId>,
}

impl Found {
    /// The order that says it, with this end.
    fn order(&self, until_ms: Option<i64>) -> Order {
        Order::Recuse {
            recusal: self.id,
            document: self.document,
            staff: self.staff,
            stead: self.stead,
            from_ms: self.from_ms,
            until_ms,
        }
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        id: columns::uuid(row, 0)?,
        document: DocumentId(columns::uuid(row, 1)?),
        staff: StaffId(columns::uuid(row, 2)?),
        stead: columns::optional_uuid(row, 3)?.map(StaffId),
        from_ms: row.get(4)?,
        until_ms: row.get(5)?,
        reason: row.get(6)?,
        said_by: columns::optional_uuid(row, 7)?.map(StaffId),
    })
}

fn of_id(connection: &Connection, scope: UnitId, id: RecusalId) -> rusqlite::Result<Vec<Found>> {
    connection
        .prepare_cached(include_str!("sql/recusals/of_id.sql"))?
        .query_map(
            named_params! {":id": id.as_bytes(), ":scope": scope.0.as_bytes()},
            read_row,
        )?
        .collect()
}

/// The recusals of a township, newest first.
pub(crate) fn list(connection: &Connection, scope: UnitId) -> Result<RecusalList, ApiError> {
    let found: Vec<Found> = connection
        .prepare_cached(include_str!("sql/recusals/of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, read_row)?
        .collect::<Result<_, _>>()?;
    let mut recusals: Vec<RecusalRecord> = Vec::new();
    for row in found {
        match recusals.last_mut() {
            Some(last) if last.id == row.id => last.documents.push(row.document),
            _ => recusals.push(RecusalRecord {
                id: row.id,
                documents: vec![row.document],
                staff: row.staff,
                stead: row.stead,
                from_ms: row.from_ms,
                until_ms: row.until_ms,
                reason: row.reason,
                said_by: row.said_by,
            }),
        }
    }
    Ok(RecusalList { recusals })
}

/// A person is not to act for these documents from now on. Saying it twice changes nothing.
pub(crate) fn begin(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &RecusePerson,
) -> Result<RecusalList, ApiError> {
    if !of_id(connection, holder.scope, input.id)?.is_empty() {
        return list(connection, holder.scope);
    }
    let now_ms = app.clock.now_ms();
    check(connection, holder, input, now_ms)?;
    for document in &input.documents {
        let order = Order::Recuse {
            recusal: input.id,
            document: *document,
            staff: input.staff,
            stead: input.stead,
            from_ms: now_ms,
            until_ms: input.until_ms,
        };
        Orders::of(app, connection, holder.into(), now_ms).give(holder.scope, order, "")?;
    }
    connection
        .prepare_cached(include_str!("sql/recusals/put_reason.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":reason": input.reason,
            ":said_by": holder.staff.0.as_bytes(),
        })?;
    list(connection, holder.scope)
}

/// Whether this can be: documents that are here, a person who works here, and in her stead somebody else who sees them.
fn check(
    connection: &Connection,
    holder: &Holder,
    input: &RecusePerson,
    now_ms: i64,
) -> Result<(), ApiError> {
    if !devices::is_code(&input.reason) {
        return Err(ApiError::Malformed);
    }
    if input.documents.len() > limits::ERASURE_DOCUMENTS {
        return Err(ApiError::TooLarge);
    }
    let concerned = working(connection, holder.scope, input.staff, now_ms)?;
    let fits = concerned.is_some()
        && !input.documents.is_empty()
        && input.stead != Some(input.staff)
        && input.until_ms.is_none_or(|until| until > now_ms);
    if !fits {
        return Err(ApiError::RecusalImpossible);
    }
    let stead = match input.stead {
        None => None,
        Some(stead) => Some(
            working(connection, holder.scope, stead, now_ms)?.ok_or(ApiError::RecusalImpossible)?,
        ),
    };
    for document in &input.documents {
        let home = moves::whereabouts(connection, *document)?
            .filter(|place| place.scope == holder.scope)
            .ok_or(ApiError::NotFound)?;
        let Some(stead) = &stead else { continue };
        let sees = stead.role.is_at_station()
            || stead.unit == home.home_unit
            || home.home_unit == holder.scope
            || covers::since(connection, stead.id)?.is_some_and(|(unit, _)| unit == home.home_unit);
        if !sees || stands(connection, *document, stead.id, now_ms)? {
            return Err(ApiError::RecusalImpossible);
        }
    }
    Ok(())
}

/// A person of the township, if appointed now.
fn working(
    connection: &Connection,
    scope: UnitId,
    staff: StaffId,
    now_ms: i64,
) -> Result<Option<Staff>, ApiError> {
    let person = organisation::staff(connection, staff)?
        .filter(|person| person.scope == scope)
        .ok_or(ApiError::NotFound)?;
    Ok(people::is_in_force(connection, staff, now_ms)?.then_some(person))
}

/// It is over now. Saying it twice changes nothing; the person concerned does not say it.
pub(crate) fn end(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &EndRecusal,
) -> Result<RecusalList, ApiError> {
    let now_ms = app.clock.now_ms();
    let found = of_id(connection, holder.scope, input.id)?;
    if found.is_empty() {
        return Err(ApiError::NotFound);
    }
    for row in &found {
        if persons::are_same(connection, row.staff, holder.staff)? {
            return Err(ApiError::Recused);
        }
    }
    for row in found {
        if row.until_ms.is_some_and(|until| until <= now_ms) {
            continue;
        }
        let orders = Orders::of(app, connection, holder.into(), now_ms);
        orders.give(holder.scope, row.order(Some(now_ms)), "")?;
    }
    list(connection, holder.scope)
}

/// What a person is not to act for under earlier posts goes with her to another one: it begins under that one and is over
/// under those, so that every device, also one with an older app, keeps it from whom she is now (docs/adr/0056).
pub(crate) fn carry_over(
    orders: Orders<'_>,
    scope: UnitId,
    earlier: &[StaffId],
    staff: StaffId,
) -> Result<(), ApiError> {
    let connection = orders.connection;
    for post in earlier {
        let mut ids: BTreeMap<RecusalId, RecusalId> = BTreeMap::new();
        for row in standing(connection, scope, *post, orders.now_ms)? {
            let id = *ids.entry(row.id).or_insert_with(|| {
                let mut id = [0; 16];
                orders.entropy.fill(&mut id);
                RecusalId::from_bytes(id)
            });
            let next = Found {
                id,
                staff,
                from_ms: orders.now_ms,
                ..row.clone()
            };
            orders.give(scope, next.order(next.until_ms), "")?;
            orders.give(scope, row.order(Some(orders.now_ms)), "")?;
        }
        for (old, new) in ids {
            connection
                .prepare_cached(include_str!("sql/recusals/copy_reason.sql"))?
                .execute(named_params! {":id": old.as_bytes(), ":new": new.as_bytes()})?;
        }
    }
    Ok(())
}

/// What somebody under one of her posts is not to act for.
fn standing(
    connection: &Connection,
    scope: UnitId,
    staff: StaffId,
    now_ms: i64,
) -> rusqlite::Result<Vec<Found>> {
    connection
        .prepare_cached(include_str!("sql/recusals/standing_of_staff.sql"))?
        .query_map(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":staff": staff.0.as_bytes(),
                ":now_ms": now_ms,
            },
            read_row,
        )?
        .collect()
}

fn stands(
    connection: &Connection,
    document: DocumentId,
    staff: StaffId,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/recusals/stands.sql"))?
        .exists(named_params! {
            ":document": document.0.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":now_ms": now_ms,
        })
}

/// Refuses whoever is not to act for one of these documents: nobody decides about her own family.
pub(crate) fn refuse(
    connection: &Connection,
    holder: &Holder,
    documents: impl IntoIterator<Item = DocumentId>,
    now_ms: i64,
) -> Result<(), ApiError> {
    for document in documents {
        if stands(connection, document, holder.staff, now_ms)? {
            return Err(ApiError::Recused);
        }
    }
    Ok(())
}

/// Whether an order says nothing that is not known here.
pub(crate) fn is_known(
    connection: &Connection,
    id: RecusalId,
    document: DocumentId,
    until_ms: Option<i64>,
) -> rusqlite::Result<bool> {
    let known: Option<Option<i64>> = connection
        .prepare_cached(include_str!("sql/recusals/get.sql"))?
        .query_row(
            named_params! {":id": id.as_bytes(), ":document": document.0.as_bytes()},
            |row| row.get(0),
        )
        .optional()?;
    Ok(orders::ends_already(known, until_ms))
}

/// Writes down what an order says.
pub(crate) fn heed(connection: &Connection, scope: UnitId, order: &Order) -> rusqlite::Result<()> {
    let Order::Recuse {
        recusal,
        document,
        staff,
        stead,
        from_ms,
        until_ms,
    } = order
    else {
        return Ok(());
    };
    connection
        .prepare_cached(include_str!("sql/recusals/put.sql"))?
        .execute(named_params! {
            ":id": recusal.as_bytes(),
            ":document": document.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":stead": stead.map(|staff| staff.0.into_bytes()),
            ":from_ms": from_ms,
            ":until_ms": until_ms,
        })?;
    Ok(())
}

/// A document is gone: who was not to act for it is written nowhere any more.
pub(crate) fn forget(connection: &Connection, document: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/recusals/forget.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    connection
        .prepare_cached(include_str!("sql/recusals/forget_reasons.sql"))?
        .execute([])?;
    Ok(())
}
