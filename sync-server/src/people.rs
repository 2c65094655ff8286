//! Who is appointed to what, from when to when, by whose approval, and vetted when (docs/adr/0028).
//!
//! A grant that is over ends access as a revocation does: it becomes one, an order for each of the person's devices, so
//! that what they hold unsent is handed over and nothing is forgotten by a restore (docs/adr/0023).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::covers;
use crate::devices;
use crate::enrolment;
use crate::epochs;
use crate::error::ApiError;
use crate::guests;
use crate::log::{self, Append};
use crate::orders::Orders;
use crate::organisation::{self, Staff};
use crate::persons::{self, Who};
use crate::state::App;
use crate::vault::{Vault, of_row};
use ids::{Clock, DeviceId, Entropy, Role, StaffId, UnitId, new_uuid};
use protocol::access::Holder;
use protocol::{
    EndGrant, GrantId, GrantPerson, GrantState, Order, PeopleList, PersonRecord, RecordVetting,
    Term, UnitLevel, Vetting, limits, wire,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};

/// What the words of a grant are sealed as, with the grant; at first what its vetting was as well.
pub(crate) const SEALED_AS: &str = "grant";
/// What the number of a vetting is sealed as, with the grant.
pub(crate) const VETTING_SEALED_AS: &str = "vetting";
/// Why a grant ended whose last day was over.
const RAN_OUT: &str = "ran_out";
/// Why a grant ended that another of the same person follows.
const RENEWED: &str = "renewed";

/// What of a grant people wrote.
#[derive(Default, Serialize, Deserialize)]
struct Words {
    approved_by: String,
    basis: String,
}

pub(crate) fn words_sealed_as(grant: GrantId) -> String {
    of_row(SEALED_AS, grant.as_bytes())
}

pub(crate) fn vetting_sealed_as(grant: GrantId) -> String {
    of_row(VETTING_SEALED_AS, grant.as_bytes())
}

/// Whether what people wrote of a grant can be read.
pub(crate) fn words_can_be_read(plain: &[u8]) -> bool {
    wire::unpack::<Words>(plain).is_ok()
}

/// Whether the number of a vetting can be read.
pub(crate) fn vetting_can_be_read(plain: &[u8]) -> bool {
    wire::unpack::<String>(plain).is_ok()
}

/// A grant as the database has it.
pub(crate) struct Grant {
    pub id: GrantId,
    pub staff: StaffId,
    pub term: Term,
    pub role: Role,
    pub unit: UnitId,
    pub scope: UnitId,
    pub person: String,
    end_reason: Option<String>,
    words: Option<Vec<u8>>,
    vetted_on: Option<String>,
    vetting: Option<Vec<u8>>,
    vetted_by: Option<StaffId>,
}

fn read_grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: columns::uuid(row, 0)?,
        staff: StaffId(columns::uuid(row, 1)?),
        term: Term {
            from_ms: row.get(2)?,
            until_ms: row.get(3)?,
            ended_ms: row.get(4)?,
        },
        end_reason: row.get(5)?,
        words: row.get(6)?,
        vetted_on: row.get(7)?,
        vetting: row.get(8)?,
        vetted_by: columns::optional_uuid(row, 9)?.map(StaffId),
        unit: UnitId(columns::uuid(row, 10)?),
        scope: UnitId(columns::uuid(row, 11)?),
        role: columns::role(row, 12)?,
        person: row.get(13)?,
    })
}

impl Grant {
    pub(crate) fn state_at(&self, now_ms: i64) -> GrantState {
        match self.term {
            Term {
                ended_ms: Some(_), ..
            } if self.end_reason.as_deref() == Some(RAN_OUT) => GrantState::Expired,
            Term {
                ended_ms: Some(_), ..
            } => GrantState::Ended,
            Term {
                until_ms: Some(until),
                ..
            } if until <= now_ms => GrantState::Expired,
            Term { from_ms, .. } if from_ms > now_ms => GrantState::NotYet,
            _ => GrantState::InForce,
        }
    }

    fn vetting(&self, vault: &Vault) -> Result<Option<Vetting>, ApiError> {
        let (Some(on), Some(sealed)) = (&self.vetted_on, &self.vetting) else {
            return Ok(None);
        };
        Ok(Some(Vetting {
            on: on.clone(),
            reference: wire::unpack(&vault.open_secret(&vetting_sealed_as(self.id), sealed)?)?,
        }))
    }
}

fn find(connection: &Connection, id: GrantId) -> rusqlite::Result<Option<Grant>> {
    connection
        .prepare_cached(include_str!("sql/people/grant.sql"))?
        .query_row(named_params! {":id": id.as_bytes()}, read_grant)
        .optional()
}

fn open_of(connection: &Connection, staff: StaffId) -> rusqlite::Result<Option<Grant>> {
    connection
        .prepare_cached(include_str!("sql/people/open_of_staff.sql"))?
        .query_row(named_params! {":staff": staff.0.as_bytes()}, read_grant)
        .optional()
}

/// The grant everybody gets who becomes known without one being said: from their first day, approved by nobody known. It
/// has the person's own id, so that it is the same one wherever it is made again.
pub(crate) fn insert_first(connection: &Connection, staff: &Staff) -> rusqlite::Result<()> {
    let term = staff.term.unwrap_or(Term {
        from_ms: staff.since_ms,
        until_ms: None,
        ended_ms: None,
    });
    put_term(connection, staff.id.0, staff.id, term)
}

fn put_term(
    connection: &Connection,
    id: GrantId,
    staff: StaffId,
    term: Term,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/people/insert_first.sql"))?
        .execute(named_params! {
            ":id": id.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":from_ms": term.from_ms,
            ":until_ms": term.until_ms,
            ":ended_ms": term.ended_ms,
        })?;
    Ok(())
}

/// Takes back what a device was told of a person's term since the copy was made. False when it says nothing new.
pub(crate) fn restore_term(
    connection: &Connection,
    entropy: &dyn Entropy,
    staff: StaffId,
    term: Term,
    now_ms: i64,
) -> Result<bool, ApiError> {
    let Some(known) = open_of(connection, staff)? else {
        // Ended here already; an order that stopped the devices says so, too.
        return Ok(false);
    };
    let is_news = (term.from_ms, term.ended_ms) > (known.term.from_ms, known.term.ended_ms);
    if !is_news {
        return Ok(false);
    }
    if term.from_ms == known.term.from_ms {
        end_row(connection, known.id, term.ended_ms.unwrap_or(now_ms), "")?;
    } else {
        end_row(connection, known.id, term.from_ms, RENEWED)?;
        let mut id = [0; 16];
        entropy.fill(&mut id);
        put_term(connection, GrantId::from_bytes(id), staff, term)?;
    }
    Ok(true)
}

fn end_row(connection: &Connection, id: GrantId, at_ms: i64, reason: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/people/end_grant.sql"))?
        .execute(named_params! {
            ":id": id.as_bytes(),
            ":ended_ms": at_ms,
            ":reason": reason,
        })?;
    Ok(())
}

/// The caller's own grant and vetting, and nobody else's.
pub(crate) fn own(
    app: &App,
    connection: &Connection,
    holder: &Holder,
) -> Result<PeopleList, ApiError> {
    let mut found = list(app, connection, holder.scope)?;
    found.people.retain(|person| person.staff == holder.staff);
    found.covers.clear();
    Ok(found)
}

/// Everybody of a township with their newest grant, and who stands in where.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    scope: UnitId,
) -> Result<PeopleList, ApiError> {
    let now_ms = app.clock.now_ms();
    let rows = connection
        .prepare_cached(include_str!("sql/people/of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((
                read_grant(row)?,
                row.get::<_, String>(14)?,
                row.get::<_, Option<String>>(15)?,
                row.get::<_, u32>(16)?,
            ))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let people = rows
        .into_iter()
        .map(|(grant, unit_name, vetted_by, devices)| {
            let words: Words = match &grant.words {
                Some(sealed) => {
                    let name = words_sealed_as(grant.id);
                    wire::unpack(&app.vault.open_secret(&name, sealed)?)?
                }
                None => Words::default(),
            };
            Ok(PersonRecord {
                state: grant.state_at(now_ms),
                vetting: grant.vetting(&app.vault)?,
                grant: grant.id,
                staff: grant.staff,
                person: grant.person,
                role: grant.role,
                unit: grant.unit,
                unit_name,
                term: grant.term,
                end_reason: grant.end_reason.unwrap_or_default(),
                approved_by: words.approved_by,
                basis: words.basis,
                vetted_by: vetted_by.unwrap_or_default(),
                devices,
            })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(PeopleList {
        people,
        covers: covers::list(connection, scope)?,
    })
}

/// Appoints a person, or appoints them anew. Saying it twice changes nothing.
pub(crate) fn grant(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &GrantPerson,
) -> Result<PeopleList, ApiError> {
    if find(connection, input.id)?.is_some() {
        return list(app, connection, holder.scope);
    }
    if epochs::holds(connection, holder.scope)? {
        return Err(ApiError::Gathering);
    }
    enrolment::refuse_appointing(connection, holder, input.role)?;
    persons::refuse_own_name(connection, holder, input.person.trim())?;
    let replaced = replaced_by(connection, holder, input)?;
    let now_ms = app.clock.now_ms();
    let name = organisation::checked_name(&input.person)?;
    organisation::place_of(connection, holder.scope, input.unit, input.role)?;
    check_whole(input, now_ms)?;
    let place = (input.unit, input.role, name);
    let post = persons::post(connection, holder.scope, place, who(input))?;
    let staff = match post.known {
        Some(staff) => staff,
        None => put_post(app, connection, holder.scope, input, (name, post.person))?,
    };
    if replaced.as_ref().is_some_and(|old| old.staff == staff.id) {
        // A successor of the same name would keep the predecessor's devices and be vetted as she was.
        return Err(ApiError::NamesakeHere);
    }
    put_grant(app, connection, holder, input, staff.id)?;
    say_anew(connection, staff.id, now_ms)?;
    let (by, object) = (By::from(holder), Object::Staff(staff.id));
    audit::append(
        connection,
        &Deed::of(by, holder.scope, Act::PersonGranted, object, now_ms),
    )?;
    let orders = Orders::of(app, connection, by, now_ms);
    persons::leave_others(orders, Some(holder), &staff)?;
    if let Some(replaced) = replaced
        && let Some(old) = find(connection, replaced.id)?
        && old.term.ended_ms.is_none()
    {
        stop(orders, &old, "replaced", Act::GrantEnded)?;
    }
    list(app, connection, holder.scope)
}

fn who(input: &GrantPerson) -> Who {
    match input.same_as {
        Some(staff) => Who::SameAs(staff),
        None if input.is_another => Who::Another,
        None => Who::Unknown,
    }
}

/// The grant that ends with this one, if the caller may end it and this one takes its place.
fn replaced_by(
    connection: &Connection,
    holder: &Holder,
    input: &GrantPerson,
) -> Result<Option<Grant>, ApiError> {
    let Some(replaced) = input.replaces else {
        return Ok(None);
    };
    let replaced = of_scope(connection, holder, replaced)?;
    if (replaced.unit, replaced.role) != (input.unit, input.role) {
        return Err(ApiError::NotAllowed);
    }
    refuse_ending(connection, holder, &replaced)?;
    Ok(Some(replaced))
}

/// Dates that lie forward, who approved it, and under which number.
fn check_whole(input: &GrantPerson, now_ms: i64) -> Result<(), ApiError> {
    let is_forward = input
        .until_ms
        .is_none_or(|until| until > input.from_ms && until > now_ms);
    let said = [&input.approved_by, &input.basis];
    if !is_forward || said.iter().any(|text| !is_said(text)) {
        return Err(ApiError::GrantIncomplete);
    }
    Ok(())
}

/// Writes a post down that nobody of that name has had.
fn put_post(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    input: &GrantPerson,
    (name, person): (&str, Option<StaffId>),
) -> Result<Staff, ApiError> {
    let staff = Staff {
        id: StaffId::new(app.clock.as_ref(), app.entropy.as_ref()),
        unit: input.unit,
        scope,
        role: input.role,
        name: name.to_owned(),
        since_ms: input.from_ms,
        term: None,
        person,
    };
    organisation::insert_staff_row(connection, &staff)?;
    Ok(staff)
}

/// Writes the grant down, in the place of the open one if there is one.
fn put_grant(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &GrantPerson,
    staff: StaffId,
) -> Result<(), ApiError> {
    let before = open_of(connection, staff)?;
    if let Some(before) = &before {
        end_row(connection, before.id, app.clock.now_ms(), RENEWED)?;
    }
    let words = wire::pack(&Words {
        approved_by: input.approved_by.trim().to_owned(),
        basis: input.basis.trim().to_owned(),
    })?;
    let words = seal(app, &words_sealed_as(input.id), &words)?;
    // Who was vetted stays vetted while the same appointment goes on, and is asked about again for another one.
    let (vetted_on, vetting, vetted_by) = match (&input.vetting, before) {
        (Some(vetting), _) => {
            let sealed = seal_vetting(app, input.id, vetting)?;
            (Some(vetting.on.clone()), Some(sealed), Some(holder.staff))
        }
        (None, Some(before)) => {
            let sealed = carry_vetting(app, &before, input.id)?;
            (before.vetted_on, sealed, before.vetted_by)
        }
        (None, None) => (None, None, None),
    };
    connection
        .prepare_cached(include_str!("sql/people/insert_grant.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":staff": staff.0.as_bytes(),
            ":from_ms": input.from_ms,
            ":until_ms": input.until_ms,
            ":words": words,
            ":vetted_on": vetted_on,
            ":vetting": vetting,
            ":vetted_by": vetted_by.map(|by| by.0.into_bytes()),
            ":granted_by": holder.staff.0.as_bytes(),
        })?;
    Ok(())
}

fn seal(app: &App, name: &str, bytes: &[u8]) -> Result<Vec<u8>, ApiError> {
    Ok(app.vault.seal_secret(name, bytes, app.entropy.as_ref())?)
}

fn seal_vetting(app: &App, grant: GrantId, vetting: &Vetting) -> Result<Vec<u8>, ApiError> {
    seal(app, &vetting_sealed_as(grant), &checked_vetting(vetting)?)
}

/// The vetting of a grant for the one that follows it: what is sealed opens in the row it was written in, and in no other.
fn carry_vetting(app: &App, from: &Grant, to: GrantId) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(sealed) = &from.vetting else {
        return Ok(None);
    };
    let opened = app.vault.open_secret(&vetting_sealed_as(from.id), sealed)?;
    Ok(Some(seal(app, &vetting_sealed_as(to), &opened)?))
}

fn is_said(text: &str) -> bool {
    let length = text.trim().chars().count();
    length > 0 && length <= limits::NAME_CHARS && !text.chars().any(char::is_control)
}

/// The number as it is sealed, when day and number can be.
fn checked_vetting(vetting: &Vetting) -> Result<Vec<u8>, ApiError> {
    let is_day = vetting.on.len() == 10
        && vetting.on.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_day || !is_said(&vetting.reference) {
        return Err(ApiError::GrantIncomplete);
    }
    Ok(wire::pack(&vetting.reference.trim())?)
}

/// A grant of the asker's township.
fn of_scope(connection: &Connection, holder: &Holder, id: GrantId) -> Result<Grant, ApiError> {
    find(connection, id)?
        .filter(|grant| grant.scope == holder.scope)
        .ok_or(ApiError::NotFound)
}

/// Nobody vets themselves: what stands behind a person is written down by another one.
fn refuse_own(connection: &Connection, holder: &Holder, staff: StaffId) -> Result<(), ApiError> {
    if persons::are_same(connection, staff, holder.staff)? {
        return Err(ApiError::OwnAppointment);
    }
    Ok(())
}

/// Writes down that a person was vetted.
pub(crate) fn vet(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &RecordVetting,
) -> Result<PeopleList, ApiError> {
    let now_ms = app.clock.now_ms();
    let grant = of_scope(connection, holder, input.grant)?;
    refuse_own(connection, holder, grant.staff)?;
    let sealed = seal_vetting(app, grant.id, &input.vetting)?;
    connection
        .prepare_cached(include_str!("sql/people/set_vetting.sql"))?
        .execute(named_params! {
            ":id": grant.id.as_bytes(),
            ":vetted_on": input.vetting.on,
            ":vetting": sealed,
            ":vetted_by": holder.staff.0.as_bytes(),
        })?;
    let (by, object) = (By::from(holder), Object::Staff(grant.staff));
    audit::append(
        connection,
        &Deed::of(by, holder.scope, Act::PersonVetted, object, now_ms),
    )?;
    list(app, connection, holder.scope)
}

/// Ends an appointment: the person's devices are stopped and hand over. Saying it twice changes nothing.
pub(crate) fn end(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &EndGrant,
) -> Result<PeopleList, ApiError> {
    if !devices::is_code(&input.reason) {
        return Err(ApiError::Malformed);
    }
    let grant = of_scope(connection, holder, input.grant)?;
    refuse_ending(connection, holder, &grant)?;
    if grant.term.ended_ms.is_none() {
        let orders = Orders::of(app, connection, holder.into(), app.clock.now_ms());
        stop(orders, &grant, &input.reason, Act::GrantEnded)?;
    }
    list(app, connection, holder.scope)
}

/// Whether a person may end this appointment, by ending it or by putting another in its place.
fn refuse_ending(connection: &Connection, holder: &Holder, grant: &Grant) -> Result<(), ApiError> {
    if persons::are_same(connection, grant.staff, holder.staff)? {
        // Somebody else does it, so that the station is never without anybody.
        return Err(ApiError::RevokeOwnLast);
    }
    // Whoever could end the head's appointment could be appointed in their place.
    if grant.role == Role::Head && holder.role != Role::Head {
        return Err(ApiError::NotAllowed);
    }
    Ok(())
}

/// Whoever gets another post leaves this one. Who writes it down must be allowed to end it; whoever sits at the server is.
pub(crate) fn leave_post(
    orders: Orders<'_>,
    by: Option<&Holder>,
    staff: StaffId,
    reason: &str,
) -> Result<(), ApiError> {
    let Some(grant) = open_of(orders.connection, staff)? else {
        return Ok(());
    };
    if let Some(holder) = by {
        refuse_ending(orders.connection, holder, &grant)?;
    }
    stop(orders, &grant, reason, Act::GrantEnded)
}

/// The grant ends, and with it the person's devices and what they stand in for.
fn stop(orders: Orders<'_>, grant: &Grant, reason: &str, act: Act) -> Result<(), ApiError> {
    let (connection, now_ms) = (orders.connection, orders.now_ms);
    end_row(connection, grant.id, now_ms, reason)?;
    let devices = connection
        .prepare_cached(include_str!("sql/people/devices_of_staff.sql"))?
        .query_map(named_params! {":staff": grant.staff.0.as_bytes()}, |row| {
            columns::uuid(row, 0).map(DeviceId)
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for device in devices {
        devices::set_why(connection, device, reason)?;
        orders.give(grant.scope, Order::Revoke { device }, reason)?;
    }
    covers::end_of_delegate(orders, grant.staff)?;
    say_anew(connection, grant.staff, now_ms)?;
    let object = Object::Staff(grant.staff);
    Ok(audit::append(
        connection,
        &Deed::of(orders.by, grant.scope, act, object, now_ms),
    )?)
}

/// Everybody who sees the person is told how the appointment stands.
pub(crate) fn say_anew(
    connection: &Connection,
    staff: StaffId,
    now_ms: i64,
) -> Result<(), ApiError> {
    let staff = organisation::staff(connection, staff)?.ok_or(ApiError::Internal)?;
    let entry = Append::Member(&staff.record());
    log::append(connection, staff.scope, now_ms, &entry)?;
    Ok(())
}

/// What is due by the clock happens: grants run out, delegations begin and end, and second villages come and go. Nothing while what a restore lost is on
/// its way back: it may hold a longer term.
pub(crate) fn settle(orders: Orders<'_>, scope: UnitId) -> Result<(), ApiError> {
    let connection = orders.connection;
    let over = connection
        .prepare_cached(include_str!("sql/people/run_out.sql"))?
        .query_map(
            named_params! {":scope": scope.0.as_bytes(), ":now_ms": orders.now_ms},
            read_grant,
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let is_due = !over.is_empty()
        || covers::is_due(connection, scope, orders.now_ms)?
        || guests::is_due(connection, scope, orders.now_ms)?;
    if !is_due || epochs::holds(connection, scope)? {
        return Ok(());
    }
    for grant in over {
        stop(orders, &grant, RAN_OUT, Act::GrantRanOut)?;
    }
    covers::turn(connection, scope, orders.now_ms)?;
    guests::turn(connection, scope, orders.now_ms)
}

/// Whether a code may be made for this person: an appointment in force, at the station as in a village, and for a director
/// the vetting written down. Whoever sits at the server may always, and an appointment is made where none was said: that is
/// how the first of a station comes in.
pub(crate) fn check_may_enrol(
    connection: &Connection,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    by: By,
    (unit, role, person): (UnitId, Role, &str),
) -> Result<(), ApiError> {
    let staff = persons::find_staff(connection, unit, role, person)?;
    let open = match &staff {
        Some(staff) => open_of(connection, staff.id)?,
        None => None,
    };
    let now_ms = clock.now_ms();
    match (by, staff, open) {
        (By::Operator | By::Server, Some(staff), None) => {
            let term = Term {
                from_ms: now_ms,
                until_ms: None,
                ended_ms: None,
            };
            put_term(connection, new_uuid(clock, entropy), staff.id, term)?;
            say_anew(connection, staff.id, now_ms)
        }
        (By::Operator | By::Server, ..) => Ok(()),
        (By::Device { .. }, _, Some(grant)) if grant.state_at(now_ms) == GrantState::InForce => {
            if role == Role::Director && grant.vetted_on.is_none() {
                Err(ApiError::VettingMissing)
            } else {
                Ok(())
            }
        }
        (By::Device { .. }, ..) => Err(ApiError::GrantMissing),
    }
}

/// Whether a person's appointment is in force, so that a device may become theirs.
pub(crate) fn is_in_force(
    connection: &Connection,
    staff: StaffId,
    now_ms: i64,
) -> Result<bool, ApiError> {
    let open = open_of(connection, staff)?;
    Ok(open.is_some_and(|grant| grant.state_at(now_ms) == GrantState::InForce))
}

/// The directors of a township whose tablets may be enrolled: appointed, vetted, of a village that is one still.
pub(crate) fn enrollable(
    connection: &Connection,
    scope: UnitId,
    now_ms: i64,
) -> Result<Vec<Grant>, ApiError> {
    let grants = connection
        .prepare_cached(include_str!("sql/people/of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, read_grant)?
        .collect::<Result<Vec<_>, _>>()?;
    let mut found = Vec::new();
    for grant in grants {
        if is_whole(connection, &grant, now_ms)? {
            found.push(grant);
        }
    }
    Ok(found)
}

/// Whether a person's tablet may be enrolled by what stands here now.
pub(crate) fn is_enrollable(
    connection: &Connection,
    staff: StaffId,
    now_ms: i64,
) -> Result<bool, ApiError> {
    match open_of(connection, staff)? {
        Some(grant) => is_whole(connection, &grant, now_ms),
        None => Ok(false),
    }
}

fn is_whole(connection: &Connection, grant: &Grant, now_ms: i64) -> Result<bool, ApiError> {
    let is_director = grant.role == Role::Director && grant.vetted_on.is_some();
    if !is_director || grant.state_at(now_ms) != GrantState::InForce {
        return Ok(false);
    }
    let unit = organisation::unit(connection, grant.unit)?;
    Ok(unit.is_some_and(|unit| unit.closed_ms.is_none()))
}

/// Whether a unit is one a person of this role works in.
pub(crate) fn fits(role: Role, level: UnitLevel, is_station: bool) -> bool {
    match role {
        Role::Director => level == UnitLevel::Village,
        Role::Supervisor | Role::Head => is_station && level == UnitLevel::Township,
        Role::Officer => level == UnitLevel::District,
    }
}
