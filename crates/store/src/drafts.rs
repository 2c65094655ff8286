//! Unfinished visit forms: every answer is committed here, so that a killed app resumes on the same field.

use crate::journal::Record;
use crate::{StoreError, Transaction, row};
use ids::DocumentId;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// An unfinished form of one household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id.
    pub draft: Uuid,
    /// The household visited.
    pub household: DocumentId,
    /// Hash of the form pack it was begun with; it may move forward to a newer one.
    pub form: String,
    /// Answers so far, as the form crate shapes them.
    pub answers: Value,
    /// Question that had the focus last: `part/key`.
    pub position: Option<String>,
    /// Children it concerns.
    pub children: Vec<DocumentId>,
    /// Begun.
    pub created_ms: i64,
    /// Last answer.
    pub updated_ms: i64,
    /// Discarded; can be restored until [`remove_old`] takes it.
    pub discarded_ms: Option<i64>,
}

/// Writes a draft, new or changed; the journal has it too when this is called kept.
///
/// # Errors
/// The database refuses.
pub fn put(tx: &Transaction<'_>, draft: &Draft) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/drafts/put.sql"))?
        .execute(named_params! {
            ":draft": draft.draft.as_bytes(),
            ":household": draft.household.0.as_bytes(),
            ":form": draft.form,
            ":answers": serde_json::to_string(&draft.answers)?,
            ":position": draft.position,
            ":children": serde_json::to_string(&draft.children)?,
            ":created_ms": draft.created_ms,
            ":updated_ms": draft.updated_ms,
            ":discarded_ms": draft.discarded_ms,
        })?;
    journal(tx, draft.draft, Some(draft));
    Ok(())
}

/// One draft, discarded or not.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, draft: Uuid) -> Result<Option<Draft>, StoreError> {
    connection
        .prepare_cached(include_str!("../sql/drafts/get.sql"))?
        .query_row(named_params! {":draft": draft.as_bytes()}, draft_from)
        .optional()?
        .transpose()
}

/// All open drafts, newest first.
///
/// # Errors
/// The database refuses.
pub fn open(connection: &Connection) -> Result<Vec<Draft>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/drafts/open.sql"))?;
    let rows = statement.query_map([], draft_from)?;
    rows.map(|draft| draft?).collect()
}

/// Remembers where the focus was.
///
/// # Errors
/// The database refuses.
pub fn set_position(
    tx: &Transaction<'_>,
    draft: Uuid,
    position: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/drafts/set_position.sql"))?
        .execute(named_params! {":draft": draft.as_bytes(), ":position": position})?;
    Ok(())
}

/// Puts a draft away (`Some`) or brings it back (`None`). False when there is none.
///
/// # Errors
/// The database refuses.
pub fn set_discarded(
    tx: &Transaction<'_>,
    draft: Uuid,
    at_ms: Option<i64>,
) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/drafts/set_discarded.sql"))?
        .execute(named_params! {":draft": draft.as_bytes(), ":discarded_ms": at_ms})?;
    journal(tx, draft, get(tx, draft)?.as_ref());
    Ok(rows > 0)
}

/// Removes a draft, because the visit it became is saved in the same transaction.
///
/// # Errors
/// The database refuses.
pub fn remove(tx: &Transaction<'_>, draft: Uuid) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/drafts/remove.sql"))?
        .execute(named_params! {":draft": draft.as_bytes()})?;
    journal(tx, draft, None);
    Ok(())
}

/// Removes the drafts of a household, because an order erases it.
///
/// # Errors
/// The database refuses.
pub(crate) fn remove_of_household(
    tx: &Transaction<'_>,
    household: DocumentId,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(include_str!("../sql/drafts/remove_of_household.sql"))?;
    let removed = statement.query_map(
        named_params! {":household": household.0.as_bytes()},
        |row| row::plain_uuid(row, "draft"),
    )?;
    for draft in removed {
        journal(tx, draft?, None);
    }
    Ok(())
}

/// The journal keeps what is open, so that a lost database loses no answer.
fn journal(tx: &Transaction<'_>, id: Uuid, draft: Option<&Draft>) {
    match draft.filter(|draft| draft.discarded_ms.is_none()) {
        // A position alone is not journalled: it comes with the next answer.
        Some(draft) => tx.journal(Record::Draft(Box::new(draft.clone()))),
        None => tx.journal(Record::DraftGone(id)),
    }
}

/// Removes drafts that were discarded before a moment.
///
/// # Errors
/// The database refuses.
pub fn remove_old(tx: &Transaction<'_>, before_ms: i64) -> Result<u64, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/drafts/remove_old.sql"))?
        .execute(named_params! {":before_ms": before_ms})?;
    Ok(rows as u64)
}

fn draft_from(row: &Row<'_>) -> rusqlite::Result<Result<Draft, StoreError>> {
    let answers: String = row.get("answers")?;
    let children: String = row.get("children")?;
    let draft = Draft {
        draft: row::plain_uuid(row, "draft")?,
        household: row::document(row, "household")?,
        form: row.get("form")?,
        answers: Value::Null,
        position: row.get("position")?,
        children: Vec::new(),
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
        discarded_ms: row.get("discarded_ms")?,
    };
    Ok((|| {
        Ok(Draft {
            answers: serde_json::from_str(&answers)?,
            children: serde_json::from_str(&children)?,
            ..draft
        })
    })())
}
