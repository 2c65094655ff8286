//! A person is more than a post: which posts are the same person's, and what goes with her when she gets another one. What
//! is asked of two people compares persons and never posts (docs/adr/0056).

use crate::columns;
use crate::error::ApiError;
use crate::orders::Orders;
use crate::organisation::{self, Staff};
use crate::people;
use crate::recusals;
use ids::{Role, StaffId, UnitId};
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
