//! Forms that a station published to its township (ADR 0033). They travel like members of the organisation: a record
//! under the server's signature, which every device carries and gives back to a server that was set back.

use crate::audit::{self, Act, By, Deed, Object};
use crate::error::ApiError;
use crate::log::{self, Append};
use crate::policies;
use ids::{Clock, UnitId};
use protocol::access::Holder;
use protocol::{FormPublished, MemberRecord, PublishForm, limits};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

/// A form as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub scope: UnitId,
    pub id: String,
    pub json: String,
    pub published_ms: i64,
}

impl Form {
    pub(crate) fn record(self) -> MemberRecord {
        MemberRecord::Form {
            unit: self.scope,
            id: self.id,
            json: self.json,
            published_ms: self.published_ms,
        }
    }
}

/// What a station published, oldest first.
pub(crate) fn of_scope(connection: &Connection, scope: UnitId) -> rusqlite::Result<Vec<Form>> {
    connection
        .prepare_cached(include_str!("sql/forms/of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            read(row, scope)
        })?
        .collect()
}

fn find(connection: &Connection, scope: UnitId, id: &str) -> rusqlite::Result<Option<Form>> {
    connection
        .prepare_cached(include_str!("sql/forms/find.sql"))?
        .query_row(
            named_params! {":scope": scope.0.as_bytes(), ":id": id},
            |row| read(row, scope),
        )
        .optional()
}

fn read(row: &Row<'_>, scope: UnitId) -> rusqlite::Result<Form> {
    Ok(Form {
        scope,
        id: row.get("id")?,
        json: row.get("json")?,
        published_ms: row.get("published_ms")?,
    })
}

fn insert(connection: &Connection, form: &Form) -> rusqlite::Result<()> {
    connection.execute(
        include_str!("sql/forms/insert.sql"),
        named_params! {
            ":scope": form.scope.0.as_bytes(),
            ":id": form.id,
            ":json": form.json,
            ":published_ms": form.published_ms,
        },
    )?;
    Ok(())
}

/// Whether this can be a form at all. What it asks is the station's business.
fn is_form(id: &str, json: &str) -> bool {
    let is_short = json.len() <= limits::FORM_BYTES
        && !id.is_empty()
        && id.chars().count() <= limits::NAME_CHARS;
    is_short
        && serde_json::from_str::<serde_json::Value>(json).is_ok_and(|form| {
            let is_named = form.get("id").and_then(serde_json::Value::as_str) == Some(id);
            is_named
                && form
                    .get("sections")
                    .is_some_and(serde_json::Value::is_array)
        })
}

/// The text that is there under this id: a pack of the district, or a form of this township.
fn text(connection: &Connection, scope: UnitId, id: &str) -> rusqlite::Result<Option<String>> {
    let packs = policies::all(connection)?;
    match packs.into_iter().find(|(pack, _)| pack == id) {
        Some((_, json)) => Ok(Some(json)),
        None => Ok(find(connection, scope, id)?.map(|form| form.json)),
    }
}

/// Publishes a form to a township. Records name the form they were written with, so one that is there is never changed.
pub(crate) fn publish(
    connection: &Connection,
    clock: &dyn Clock,
    holder: &Holder,
    input: &PublishForm,
) -> Result<FormPublished, ApiError> {
    let scope = holder.scope;
    if !is_form(&input.id, &input.json) {
        return Err(ApiError::FormInvalid);
    }
    match text(connection, scope, &input.id)? {
        Some(json) if json == input.json => return Ok(FormPublished { known: true }),
        Some(_) => return Err(ApiError::FormExists),
        None => {}
    }
    if of_scope(connection, scope)?.len() >= limits::FORMS {
        return Err(ApiError::FormsFull);
    }
    let now_ms = clock.now_ms();
    let form = Form {
        scope,
        id: input.id.clone(),
        json: input.json.clone(),
        published_ms: now_ms,
    };
    insert(connection, &form)?;
    log::append(connection, scope, now_ms, &Append::Member(&form.record()))?;
    let (by, object) = (By::from(holder), Object::Unit(scope));
    audit::append(
        connection,
        &Deed::of(by, scope, Act::FormPublished, object, now_ms),
    )?;
    Ok(FormPublished { known: false })
}

/// Takes a form back that a device carries. False when it is there already.
pub(crate) fn restore(connection: &Connection, form: &Form) -> Result<bool, ApiError> {
    if text(connection, form.scope, &form.id)?.is_some() {
        return Ok(false);
    }
    insert(connection, form)?;
    Ok(true)
}
