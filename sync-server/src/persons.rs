//! A person is more than a post: which posts are the same person's, and what goes with her when she gets another one. What
//! is asked of two people compares persons and never posts (docs/adr/0056).

use crate::audit::{self, Act, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::log::{self, Append};
use crate::orders::Orders;
use crate::organisation::{self, Staff};
use crate::people;
use crate::recusals;
use ids::{Clock, Entropy, Role, StaffId, UnitId};
use protocol::CreateEnrolment;
use protocol::access::Holder;
use rusqlite::{Connection, OptionalExtension, named_params};

/// Why a grant ended whose holder got another post.
const TRANSFERRED: &str = "transferred";

/// Who of a name an appointment or a code is about, as whoever writes it down says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Nobody of that name is known there.
    Unknown,
    /// The person who has or had this post.
    SameAs(StaffId),
    /// Somebody of that name is known, and this is another person.
    Another,
}

/// The post something is about: one that is known, or a new one, of somebody new or of a person with other posts.
pub(crate) struct Post {
    pub known: Option<Staff>,
    pub person: Option<StaffId>,
}

/// Whether two posts are one person's.
pub(crate) fn are_same(
    connection: &Connection,
    one: StaffId,
    other: StaffId,
) -> rusqlite::Result<bool> {
    Ok(one == other || of(connection, one)? == of(connection, other)?)
}

/// What the holder of a post is known by: her first one. A post nobody knows here is its own.
fn of(connection: &Connection, staff: StaffId) -> rusqlite::Result<StaffId> {
    let found = connection
        .prepare_cached(include_str!("sql/persons/person.sql"))?
        .query_row(named_params! {":staff": staff.0.as_bytes()}, |row| {
            columns::uuid(row, 0).map(StaffId)
        })
        .optional()?;
    Ok(found.unwrap_or(staff))
}

/// Writes down whose post this is, where that is not known yet.
pub(crate) fn link(
    connection: &Connection,
    staff: StaffId,
    first: StaffId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/persons/link.sql"))?
        .execute(named_params! {
            ":staff": staff.0.as_bytes(),
            ":first": first.0.as_bytes(),
        })?;
    Ok(())
}

/// The person of this name, role and unit.
pub(crate) fn find_staff(
    connection: &Connection,
    unit: UnitId,
    role: Role,
    name: &str,
) -> rusqlite::Result<Option<Staff>> {
    connection
        .query_row(
            include_str!("sql/organisation/find_staff.sql"),
            named_params! {":unit": unit.0.as_bytes(), ":role": role.as_str(), ":name": name},
            organisation::read_staff,
        )
        .optional()
}

/// The person of this name, role and unit; made now if there is none. A new tablet does not make a new person.
pub(crate) fn find_or_add_staff(
    connection: &Connection,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    unit: UnitId,
    scope: UnitId,
    role: Role,
    name: &str,
) -> Result<Staff, ApiError> {
    if let Some(staff) = find_staff(connection, unit, role, name)? {
        return Ok(staff);
    }
    let staff = Staff {
        id: StaffId::new(clock, entropy),
        unit,
        scope,
        role,
        name: name.to_owned(),
        since_ms: clock.now_ms(),
        term: None,
        person: None,
    };
    organisation::insert_staff(connection, &staff)?;
    log::append(
        connection,
        scope,
        clock.now_ms(),
        &Append::Member(&staff.record()),
    )?;
    Ok(staff)
}

fn namesakes(connection: &Connection, scope: UnitId, name: &str) -> rusqlite::Result<Vec<Staff>> {
    connection
        .prepare_cached(include_str!("sql/persons/namesakes.sql"))?
        .query_map(
            named_params! {":scope": scope.0.as_bytes(), ":name": name},
            organisation::read_staff,
        )?
        .collect()
}

/// The other posts of whoever has this one.
fn others(connection: &Connection, staff: StaffId) -> rusqlite::Result<Vec<StaffId>> {
    connection
        .prepare_cached(include_str!("sql/persons/others.sql"))?
        .query_map(named_params! {":staff": staff.0.as_bytes()}, |row| {
            columns::uuid(row, 0).map(StaffId)
        })?
        .collect()
}

/// Refuses whoever writes down an appointment of her own: under her name, wherever it is to be. Another person of that name is
/// written down by a colleague, too.
pub(crate) fn refuse_own_name(
    connection: &Connection,
    holder: &Holder,
    name: &str,
) -> Result<(), ApiError> {
    for one in namesakes(connection, holder.scope, name)? {
        if are_same(connection, one.id, holder.staff)? {
            return Err(ApiError::OwnAppointment);
        }
    }
    Ok(())
}

/// Which post it is. That two of one name are one person, or are two, is said and never guessed.
pub(crate) fn post(
    connection: &Connection,
    scope: UnitId,
    (unit, role, name): (UnitId, Role, &str),
    who: Who,
) -> Result<Post, ApiError> {
    let namesakes = namesakes(connection, scope, name)?;
    let here = namesakes
        .iter()
        .find(|one| (one.unit, one.role) == (unit, role));
    match who {
        Who::SameAs(staff) => {
            let said = namesakes.iter().find(|one| one.id == staff);
            let person = said.ok_or(ApiError::NotFound)?.person();
            if here.is_some_and(|here| here.person() != person) {
                return Err(ApiError::NamesakeHere);
            }
            Ok(Post {
                known: here.cloned(),
                person: Some(person),
            })
        }
        Who::Another if here.is_some() => Err(ApiError::NamesakeHere),
        Who::Unknown if here.is_some_and(works) => Err(ApiError::NamesakeHere),
        Who::Unknown if !namesakes.is_empty() => Err(ApiError::NamesakeKnown),
        Who::Another | Who::Unknown => Ok(Post {
            known: None,
            person: None,
        }),
    }
}

/// Whether a post's newest grant is open.
fn works(staff: &Staff) -> bool {
    staff.term.is_some_and(|term| term.ended_ms.is_none())
}

/// A person has one post at a time: the others end, with their devices, and what she is not to act for goes with her to this
/// one.
pub(crate) fn leave_others(
    orders: Orders<'_>,
    by: Option<&Holder>,
    staff: &Staff,
) -> Result<(), ApiError> {
    let others = others(orders.connection, staff.id)?;
    for other in &others {
        people::leave_post(orders, by, *other, TRANSFERRED)?;
    }
    recusals::carry_over(orders, staff.scope, &others, staff.id)
}

/// Before whoever sits at the server makes a code: whose it is, where somebody of that name is known in the township. A person
/// who gets another post by it leaves the ones she had.
pub(crate) fn settle_code(
    orders: Orders<'_>,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    input: &CreateEnrolment,
    who: Who,
) -> Result<(), ApiError> {
    let connection = orders.connection;
    let Some(scope) = scope_of(connection, input.unit)? else {
        // The district before its first officer: nobody is known there.
        return Ok(());
    };
    let name = organisation::checked_name(&input.person)?;
    let here = find_staff(connection, input.unit, input.role, name)?;
    if who == Who::Unknown && here.as_ref().is_some_and(works) {
        // Another device of hers.
        return Ok(());
    }
    let unit = organisation::place_of(connection, scope, input.unit, input.role)?;
    let post = post(connection, scope, (unit.id, input.role, name), who)?;
    let Some(person) = post.person else {
        return Ok(());
    };
    let staff = match post.known {
        Some(staff) => staff,
        None => {
            let staff = Staff {
                id: StaffId::new(clock, entropy),
                unit: unit.id,
                scope,
                role: input.role,
                name: name.to_owned(),
                since_ms: orders.now_ms,
                term: None,
                person: Some(person),
            };
            organisation::insert_staff(connection, &staff)?;
            people::say_anew(connection, staff.id, orders.now_ms)?;
            staff
        }
    };
    audit::append(
        connection,
        &Deed::of(
            orders.by,
            scope,
            Act::PersonGranted,
            Object::Staff(staff.id),
            orders.now_ms,
        ),
    )?;
    leave_others(orders, None, &staff)
}

/// Who of a name is known in a township, a line each, for whoever sits at the server.
pub(crate) fn lines(connection: &Connection, input: &CreateEnrolment) -> Result<String, ApiError> {
    let Some(scope) = scope_of(connection, input.unit)? else {
        return Ok(String::new());
    };
    let mut lines = Vec::new();
    for one in namesakes(connection, scope, input.person.trim())? {
        let unit = organisation::unit(connection, one.unit)?;
        let place = unit.map_or_else(String::new, |unit| unit.name);
        let standing = if works(&one) { "in office" } else { "left" };
        lines.push(format!(
            "  {} {} {place} {standing}",
            one.id,
            one.role.as_str()
        ));
    }
    Ok(lines.join("\n"))
}

fn scope_of(connection: &Connection, unit: UnitId) -> Result<Option<UnitId>, ApiError> {
    let unit = organisation::unit(connection, unit)?.ok_or(ApiError::NotFound)?;
    Ok(unit.scope)
}
