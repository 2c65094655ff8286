//! An officer of the district asks a station for a case; the head sends it to her alone or says why not (docs/adr/0039).
//! Everything in it is sealed to one side or the other; here is who asked whom for what, and that it was answered.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::enrolment;
use crate::epochs;
use crate::error::ApiError;
use crate::moves;
use crate::organisation;
use crate::recusals;
use crate::reports;
use crate::state::App;
use ids::{DeviceId, DocKind, DocumentId, Role, StaffId, UnitId};
use protocol::access::Holder;
use protocol::case::ByteBuf;
use protocol::{
    AnswerCase, AskCase, CaseAnswer, CaseFile, CaseId, CaseRecord, CaseState, ReadCase, Reports,
    SealedReason, UnitLevel, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sha2::{Digest, Sha256};

/// A request as the database has it.
struct Case {
    id: CaseId,
    scope: UnitId,
    problem: DocumentId,
    device: DeviceId,
    at_ms: i64,
    reason: SealedReason,
    state: CaseState,
    answered_by: Option<StaffId>,
    answered_ms: Option<i64>,
    number: Option<String>,
    until_ms: Option<i64>,
    fetched_ms: Option<i64>,
    declined: Option<Vec<u8>>,
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Case> {
    Ok(Case {
        id: columns::uuid(row, 0)?,
        scope: UnitId(columns::uuid(row, 1)?),
        problem: DocumentId(columns::uuid(row, 2)?),
        device: DeviceId(columns::uuid(row, 3)?),
        at_ms: row.get(4)?,
        reason: SealedReason {
            epoch: row.get(5)?,
            sealed: row.get(6)?,
        },
        state: CaseState::parse(&row.get::<_, String>(7)?).ok_or_else(|| columns::unknown(7))?,
        answered_by: columns::optional_uuid(row, 8)?.map(StaffId),
        answered_ms: row.get(9)?,
        number: row.get(10)?,
        until_ms: row.get(11)?,
        fetched_ms: row.get(12)?,
        declined: row.get(13)?,
    })
}

fn find(connection: &Connection, id: CaseId) -> rusqlite::Result<Option<Case>> {
    connection
        .prepare_cached(include_str!("sql/cases/get.sql"))?
        .query_row(named_params! {":id": id.as_bytes()}, read_row)
        .optional()
}

/// Requests to a station, the newest first: to the station all, to an officer those of the asking device.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    scope: UnitId,
) -> Result<Vec<CaseRecord>, ApiError> {
    let device = (holder.role == Role::Officer).then(|| holder.device.0.into_bytes());
    let found = connection
        .prepare_cached(include_str!("sql/cases/of_scope.sql"))?
        .query_map(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":device": device,
                ":most": limits::CASES_LISTED,
            },
            read_row,
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let mut records = Vec::new();
    for case in found {
        let Some(device) = organisation::device(connection, case.device)? else {
            continue;
        };
        let answered_by = match case.answered_by {
            Some(staff) => organisation::staff(connection, staff)?.map(|staff| staff.name),
            None => None,
        };
        records.push(CaseRecord {
            id: case.id,
            problem: case.problem,
            staff: device.holder.staff,
            certificate: enrolment::nameless_certificate(&app.signing_key, &device)?,
            name: device.staff_name,
            at_ms: case.at_ms,
            reason: case.reason,
            state: case.state,
            answered_by,
            answered_ms: case.answered_ms,
            number: case.number,
            until_ms: case.until_ms,
            fetched_ms: case.fetched_ms,
            declined: case.declined.map(ByteBuf::from),
        });
    }
    Ok(records)
}

/// When somebody asked, answered or fetched last, of what the asker may hear; 0 when nobody did.
pub(crate) fn newest_ms(connection: &Connection, holder: &Holder) -> rusqlite::Result<i64> {
    let is_officer = holder.role == Role::Officer;
    let scope = (!is_officer).then(|| holder.scope.0.into_bytes());
    let device = is_officer.then(|| holder.device.0.into_bytes());
    connection
        .prepare_cached(include_str!("sql/cases/newest.sql"))?
        .query_row(named_params! {":scope": scope, ":device": device}, |row| {
            row.get(0)
        })
}

/// An officer asks. Saying it twice changes nothing.
pub(crate) fn ask(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &AskCase,
) -> Result<Reports, ApiError> {
    if !input.is_whole() {
        return Err(ApiError::Malformed);
    }
    let now_ms = app.clock.now_ms();
    drop_files(connection, now_ms)?;
    let station = organisation::unit(connection, input.station)?
        .filter(|unit| {
            unit.level == UnitLevel::Township
                && unit.parent == Some(holder.scope)
                && unit.closed_ms.is_none()
        })
        .ok_or(ApiError::NotFound)?;
    if epochs::holds(connection, station.id)? {
        return Err(ApiError::Gathering);
    }
    moves::whereabouts(connection, input.problem)?
        .filter(|place| place.scope == station.id && place.kind == DocKind::Problem)
        .ok_or(ApiError::NotFound)?;
    if let Some(known) = find(connection, input.id)? {
        // Under this id somebody else asked, and what is none of this asker's business.
        return match known.device == holder.device {
            true => reports::list(app, connection, holder),
            false => Err(ApiError::CaseOver),
        };
    }
    let open: u32 = connection
        .prepare_cached(include_str!("sql/cases/open_of.sql"))?
        .query_row(
            named_params! {
                ":scope": station.id.0.as_bytes(),
                ":device": holder.device.0.as_bytes(),
            },
            |row| row.get(0),
        )?;
    if open >= limits::CASES_OPEN {
        return Err(ApiError::TooLarge);
    }
    connection
        .prepare_cached(include_str!("sql/cases/insert.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":scope": station.id.0.as_bytes(),
            ":problem": input.problem.0.as_bytes(),
            ":device": holder.device.0.as_bytes(),
            ":at_ms": now_ms,
            ":epoch": input.reason.epoch,
            ":reason": input.reason.sealed,
            ":reason_digest": digest_of(input.id, Part::Reason, &input.reason.sealed),
        })?;
    note(
        connection,
        holder,
        station.id,
        holder.scope,
        Act::CaseAsked,
        input.id,
        now_ms,
    )?;
    reports::list(app, connection, holder)
}

/// The head answers, once, unless she is not to act for whom it is about. Saying the same twice changes nothing.
pub(crate) fn answer(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &AnswerCase,
) -> Result<Reports, ApiError> {
    let now_ms = app.clock.now_ms();
    drop_files(connection, now_ms)?;
    if !input.is_whole(now_ms) {
        return Err(ApiError::Malformed);
    }
    let case = find(connection, input.id)?
        .filter(|case| case.scope == holder.scope)
        .ok_or(ApiError::NotFound)?;
    recusals::refuse(connection, holder, [case.problem], now_ms)?;
    let (state, number, until_ms, declined, file) = match &input.answer {
        CaseAnswer::Send {
            number,
            until_ms,
            sealed,
        } => (
            CaseState::Sent,
            Some(number),
            Some(until_ms),
            None,
            Some(sealed.as_slice()),
        ),
        CaseAnswer::Decline { sealed } => (
            CaseState::Declined,
            None,
            None,
            Some(sealed.as_slice()),
            None,
        ),
    };
    if case.state != CaseState::Asked {
        return match case.number.as_ref() == number && case.state == state {
            true => reports::list(app, connection, holder),
            false => Err(ApiError::CaseOver),
        };
    }
    connection
        .prepare_cached(include_str!("sql/cases/answer.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":state": state.as_str(),
            ":staff": holder.staff.0.as_bytes(),
            ":at_ms": now_ms,
            ":number": number,
            ":until_ms": until_ms,
            ":declined": declined,
            ":declined_digest": declined.map(|sealed| digest_of(input.id, Part::Declined, sealed)),
            ":file": file,
            ":file_digest": file.map(|sealed| digest_of(input.id, Part::File, sealed)),
        })?;
    let act = match state {
        CaseState::Declined => Act::CaseDeclined,
        CaseState::Asked | CaseState::Sent => Act::CaseSent,
    };
    let district = organisation::device(connection, case.device)?
        .map_or(holder.scope, |device| device.holder.scope);
    note(
        connection,
        holder,
        holder.scope,
        district,
        act,
        input.id,
        now_ms,
    )?;
    reports::list(app, connection, holder)
}

/// The asking device fetches what was sent to it, as long as its days last.
pub(crate) fn read(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &ReadCase,
) -> Result<CaseFile, ApiError> {
    let now_ms = app.clock.now_ms();
    let case = find(connection, input.id)?
        .filter(|case| case.device == holder.device)
        .ok_or(ApiError::NotFound)?;
    let file: Option<Vec<u8>> = connection
        .prepare_cached(include_str!("sql/cases/file.sql"))?
        .query_row(
            named_params! {
                ":id": input.id.as_bytes(),
                ":device": holder.device.0.as_bytes(),
                ":now_ms": now_ms,
            },
            |row| row.get(0),
        )
        .optional()?;
    let sealed = file.map(ByteBuf::from).ok_or(ApiError::CaseOver)?;
    connection
        .prepare_cached(include_str!("sql/cases/fetched.sql"))?
        .execute(named_params! {":id": input.id.as_bytes(), ":at_ms": now_ms})?;
    note(
        connection,
        holder,
        case.scope,
        holder.scope,
        Act::CaseFetched,
        input.id,
        now_ms,
    )?;
    Ok(CaseFile { sealed })
}

/// What of a case is sealed to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Why the officer asks, to the station.
    Reason,
    /// Why it is not sent, to her.
    Declined,
    /// What was sent to her.
    File,
}

/// By what a part is known again that nobody here can open: which case it is of, and the sealed bytes.
pub(crate) fn digest_of(id: CaseId, part: Part, sealed: &[u8]) -> [u8; 32] {
    let part: &[u8] = match part {
        Part::Reason => b"case reason\0",
        Part::Declined => b"case declined\0",
        Part::File => b"case file\0",
    };
    Sha256::digest([part, id.as_bytes().as_slice(), sealed].concat()).into()
}

/// Gives the cases kept by a server before this one their digests.
pub(crate) fn note_digests(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    // A row that cannot be read is left without: `verify` names it.
    let cases = connection
        .prepare(include_str!("sql/cases/without_digests.sql"))?
        .query_map([], |row| {
            Ok((
                columns::uuid(row, 0)?,
                row.get::<_, Vec<u8>>(1)?,
                row.get::<_, Option<Vec<u8>>>(2)?,
                row.get::<_, Option<Vec<u8>>>(3)?,
            ))
        })?
        .filter_map(Result::ok)
        .collect::<Vec<_>>();
    for (id, reason, declined, file) in cases {
        connection.execute(
            include_str!("sql/cases/set_digests.sql"),
            named_params! {
                ":id": id.as_bytes(),
                ":reason": digest_of(id, Part::Reason, &reason),
                ":declined": declined.map(|sealed| digest_of(id, Part::Declined, &sealed)),
                ":file": file.map(|sealed| digest_of(id, Part::File, &sealed)),
            },
        )?;
    }
    transaction.commit()
}

/// In the trail of the station and in the district's.
fn note(
    connection: &Connection,
    holder: &Holder,
    station: UnitId,
    district: UnitId,
    act: Act,
    id: CaseId,
    now_ms: i64,
) -> Result<(), ApiError> {
    for scope in [station, district] {
        let by = By::from(holder);
        audit::append(
            connection,
            &Deed::of(by, scope, act, Object::Id(id), now_ms),
        )?;
    }
    Ok(())
}

/// Files whose days are over go.
pub(crate) fn drop_files(connection: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/cases/drop_files.sql"))?
        .execute(named_params! {":now_ms": now_ms})?;
    Ok(())
}

/// A problem is gone: what was asked and sent of it is written nowhere any more.
pub(crate) fn forget(connection: &Connection, problem: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/cases/forget.sql"))?
        .execute(named_params! {":problem": problem.0.as_bytes()})?;
    Ok(())
}
