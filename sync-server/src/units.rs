//! What becomes of villages: another name, another code, one goes up in another, one is made out of a part of another. A
//! unit's id is for ever; what it was called before stays readable, and no code is given twice (docs/adr/0028).

use crate::audit::{self, Act, Deed, Object};
use crate::covers;
use crate::epochs;
use crate::error::ApiError;
use crate::guests;
use crate::log::{self, Append};
use crate::orders::Orders;
use crate::organisation::{self, Unit};
use ids::{Clock, Entropy, UnitId};
use protocol::{FormerName, Order, UnitLevel};
use rusqlite::{Connection, named_params};
use std::collections::BTreeSet;

/// A village that still is one, with what it was called before.
fn open_village(connection: &Connection, id: UnitId) -> Result<(Unit, UnitId), ApiError> {
    let unit = organisation::unit(connection, id)?
        .filter(|unit| unit.level == UnitLevel::Village)
        .ok_or(ApiError::NotFound)?;
    if unit.closed_ms.is_some() {
        return Err(ApiError::UnitClosed);
    }
    let scope = unit.scope.ok_or(ApiError::NotFound)?;
    if epochs::holds(connection, scope)? {
        return Err(ApiError::Gathering);
    }
    Ok((organisation::dated(connection, unit)?, scope))
}

fn say(orders: Orders<'_>, scope: UnitId, unit: &Unit, act: Act) -> Result<(), ApiError> {
    let entry = Append::Member(&unit.record());
    log::append(orders.connection, scope, orders.now_ms, &entry)?;
    let object = Object::Unit(unit.id);
    Ok(audit::append(
        orders.connection,
        &Deed::of(orders.by, scope, act, object, orders.now_ms),
    )?)
}

/// Another name or another code from now on.
pub(crate) fn call_anew(
    orders: Orders<'_>,
    id: UnitId,
    (name, region): (Option<&str>, Option<&str>),
) -> Result<Unit, ApiError> {
    let (mut unit, scope) = open_village(orders.connection, id)?;
    let name = organisation::checked_name(name.unwrap_or(&unit.name))?.to_owned();
    let region = region.unwrap_or(&unit.region).to_owned();
    organisation::check_region(&region)?;
    organisation::check_free(orders.connection, scope, (&name, &region), Some(id))?;
    let act = if region == unit.region {
        Act::VillageRenamed
    } else {
        Act::VillageRecoded
    };
    unit.former.push(FormerName {
        name: std::mem::replace(&mut unit.name, name),
        region: std::mem::replace(&mut unit.region, region),
        until_ms: orders.now_ms,
    });
    unit.since_ms = orders.now_ms;
    organisation::set_unit(orders.connection, &unit)?;
    say(orders, scope, &unit, act)?;
    Ok(unit)
}

/// A village goes up in another one of its township: its documents are ordered there one by one, like every move, and
/// nothing new begins in it. Who worked in it is appointed anew by the station; until then they see nothing.
pub(crate) fn merge(orders: Orders<'_>, from: UnitId, into: UnitId) -> Result<usize, ApiError> {
    let connection = orders.connection;
    let (mut unit, scope) = open_village(connection, from)?;
    let (into, into_scope) = open_village(connection, into)?;
    if into.id == from || into_scope != scope {
        return Err(ApiError::MoveImpossible);
    }
    covers::end_of_unit(orders, from)?;
    guests::end_of_unit(orders, from)?;
    let documents = covers::documents_of(connection, from)?;
    let moved = documents.len();
    for (document, _, _, moves) in documents {
        let order = Order::Move {
            document,
            from,
            to: into.id,
            step: moves + 1,
        };
        orders.give_move(BTreeSet::from([scope]), &order)?;
    }
    unit.closed_ms = Some(orders.now_ms);
    unit.successor = Some(into.id);
    organisation::set_unit(connection, &unit)?;
    say(orders, scope, &unit, Act::VillageMerged)?;
    Ok(moved)
}

/// A village is made out of a part of another one. Which children live in it the station says: it moves them.
pub(crate) fn split(
    orders: Orders<'_>,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    from: UnitId,
    (name, region): (&str, &str),
) -> Result<Unit, ApiError> {
    let connection = orders.connection;
    let (old, scope) = open_village(connection, from)?;
    let name = organisation::checked_name(name)?;
    organisation::check_region(region)?;
    organisation::check_free(connection, scope, (name, region), None)?;
    let unit = Unit {
        id: UnitId::new(clock, entropy),
        scope: Some(scope),
        parent: old.parent,
        level: UnitLevel::Village,
        name: name.to_owned(),
        region: region.to_owned(),
        since_ms: 0,
        closed_ms: None,
        successor: None,
        former: Vec::new(),
    };
    organisation::insert_unit(connection, &unit)?;
    connection
        .prepare_cached(include_str!("sql/organisation/set_split_from.sql"))?
        .execute(named_params! {
            ":id": unit.id.0.as_bytes(),
            ":split_from": from.0.as_bytes(),
        })?;
    say(orders, scope, &unit, Act::VillageSplit)?;
    Ok(unit)
}
