//! Exports above the limit: one person asks, another decides on their own device, and the first makes it once. Every step
//! is in the audit chain (P-12, ADR 0025).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::persons;
use crate::state::App;
use crate::vault::of_row;
use ids::{DeviceId, Role, StaffId, UnitId};
use protocol::access::Holder;
use protocol::{
    DecideExport, ExportList, ExportRecord, ExportState, RequestExport, UseExport, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use uuid::Uuid;

/// What the words of a purpose are sealed as, and with which request.
pub(crate) const SEALED_AS: &str = "export";

pub(crate) fn sealed_as(id: Uuid) -> String {
    of_row(SEALED_AS, id.as_bytes())
}

/// The requests of a scope.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    holder: &Holder,
) -> Result<ExportList, ApiError> {
    let found = connection
        .prepare_cached(include_str!("sql/exports/of_scope.sql"))?
        .query_map(
            named_params! {":scope": holder.scope.0.as_bytes()},
            read_row,
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let exports = found
        .into_iter()
        .map(|found| found.open(app))
        .collect::<Result<_, _>>()?;
    Ok(ExportList { exports })
}

/// Somebody asks. Saying it twice changes nothing.
pub(crate) fn request(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &RequestExport,
) -> Result<ExportList, ApiError> {
    let codes = [&input.ledger, &input.purpose];
    let plain = |text: &String| {
        text.len() <= 40
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let fine = codes.into_iter().chain(&input.fields).all(plain)
        && input.fields.len() <= limits::EXPORT_FIELDS
        && input.words.chars().count() <= limits::MOVE_TEXT_CHARS;
    if !fine {
        return Err(ApiError::Malformed);
    }
    if find(connection, holder.scope, input.id)?.is_some() {
        return list(app, connection, holder);
    }
    let now = app.clock.now_ms();
    let words = app.vault.seal_secret(
        &sealed_as(input.id),
        input.words.as_bytes(),
        app.entropy.as_ref(),
    )?;
    let kept = connection
        .prepare_cached(include_str!("sql/exports/insert.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":scope": holder.scope.0.as_bytes(),
            ":device": holder.device.0.as_bytes(),
            ":staff": holder.staff.0.as_bytes(),
            ":ledger": input.ledger,
            ":unit": input.unit.map(|unit| unit.0.into_bytes()),
            ":purpose": input.purpose,
            ":sealed": words,
            ":fields": input.fields.join(" "),
            ":rows": input.rows,
            ":full_numbers": input.full_numbers,
            ":at_ms": now,
            ":expires_ms": now + limits::EXPORT_MS,
        })?;
    if kept == 0 {
        // Another township asked under this id, and whether it did is none of this one's business.
        return Err(ApiError::ExportOver);
    }
    note(connection, holder, Act::ExportAsked, input.id, now)?;
    list(app, connection, holder)
}

/// Another person decides: whole ID numbers only a head. Saying it twice changes nothing.
pub(crate) fn decide(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &DecideExport,
) -> Result<ExportList, ApiError> {
    let now = app.clock.now_ms();
    let found = find(connection, holder.scope, input.id)?.ok_or(ApiError::NotFound)?;
    let is_own = persons::are_same(connection, found.staff, holder.staff)?;
    if is_own || found.full_numbers && holder.role != Role::Head {
        return Err(ApiError::NotAllowed);
    }
    let (state, act) = if input.approve {
        (ExportState::Approved, Act::ExportApproved)
    } else {
        (ExportState::Declined, Act::ExportDeclined)
    };
    match found.state_at(now) {
        standing if standing == state => {}
        ExportState::Asked => {
            set_state(
                connection,
                input.id,
                state,
                Some(holder.staff),
                now + limits::EXPORT_MS,
            )?;
            note(connection, holder, act, input.id, now)?;
        }
        _ => return Err(ApiError::ExportOver),
    }
    list(app, connection, holder)
}

/// The device that asked makes it: once, and no more rows than were approved.
pub(crate) fn make(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &UseExport,
) -> Result<ExportList, ApiError> {
    let now = app.clock.now_ms();
    let found = find(connection, holder.scope, input.id)?
        .filter(|found| found.staff == holder.staff)
        .ok_or(ApiError::NotFound)?;
    if found.state_at(now) != ExportState::Approved || input.rows > found.rows {
        return Err(ApiError::ExportOver);
    }
    set_state(
        connection,
        input.id,
        ExportState::Used,
        None,
        found.expires_ms,
    )?;
    note(connection, holder, Act::ExportUsed, input.id, now)?;
    list(app, connection, holder)
}

fn note(
    connection: &Connection,
    holder: &Holder,
    act: Act,
    id: Uuid,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let (by, object) = (By::from(holder), Object::Id(id));
    audit::append(connection, &Deed::of(by, holder.scope, act, object, now_ms))
}

fn set_state(
    connection: &Connection,
    id: Uuid,
    state: ExportState,
    decided_by: Option<StaffId>,
    expires_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/exports/set_state.sql"))?
        .execute(named_params! {
            ":id": id.as_bytes(),
            ":state": state.as_str(),
            ":decided_by": decided_by.map(|staff| staff.0.into_bytes()),
            ":expires_ms": expires_ms,
        })?;
    Ok(())
}

struct Found {
    id: Uuid,
    device: DeviceId,
    staff: StaffId,
    ledger: String,
    unit: Option<UnitId>,
    purpose: String,
    sealed: Vec<u8>,
    fields: String,
    rows: u32,
    full_numbers: bool,
    state: ExportState,
    at_ms: i64,
    expires_ms: i64,
    decided_by: Option<StaffId>,
}

impl Found {
    fn state_at(&self, now_ms: i64) -> ExportState {
        match self.state {
            ExportState::Asked | ExportState::Approved if self.expires_ms <= now_ms => {
                ExportState::Expired
            }
            state => state,
        }
    }

    fn open(self, app: &App) -> Result<ExportRecord, ApiError> {
        let words = app.vault.open_secret(&sealed_as(self.id), &self.sealed)?;
        Ok(ExportRecord {
            state: self.state_at(app.clock.now_ms()),
            asked: RequestExport {
                id: self.id,
                ledger: self.ledger,
                unit: self.unit,
                purpose: self.purpose,
                words: String::from_utf8(words).map_err(|_| ApiError::Internal)?,
                fields: self.fields.split_whitespace().map(str::to_owned).collect(),
                rows: self.rows,
                full_numbers: self.full_numbers,
            },
            staff: self.staff,
            device: self.device,
            at_ms: self.at_ms,
            expires_ms: self.expires_ms,
            decided_by: self.decided_by,
        })
    }
}

fn find(connection: &Connection, scope: UnitId, id: Uuid) -> rusqlite::Result<Option<Found>> {
    connection
        .prepare_cached(include_str!("sql/exports/get.sql"))?
        .query_row(
            named_params! {":id": id.as_bytes(), ":scope": scope.0.as_bytes()},
            read_row,
        )
        .optional()
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        id: columns::uuid(row, 0)?,
        device: DeviceId(columns::uuid(row, 1)?),
        staff: StaffId(columns::uuid(row, 2)?),
        ledger: row.get(3)?,
        unit: columns::optional_uuid(row, 4)?.map(UnitId),
        purpose: row.get(5)?,
        sealed: row.get(6)?,
        fields: row.get(7)?,
        rows: row.get(8)?,
        full_numbers: row.get(9)?,
        state: ExportState::parse(&row.get::<_, String>(10)?)
            .ok_or_else(|| columns::unknown(10))?,
        at_ms: row.get(11)?,
        expires_ms: row.get(12)?,
        decided_by: columns::optional_uuid(row, 13)?.map(StaffId),
    })
}
