//! What happened to children: visits, contacts and attempts in one list, with dates after corrections.

use super::Source;
use crate::members::{WrittenBy, written_by};
use crate::{StoreError, Transaction, row};
use chrono::NaiveDate;
use domain::child::Child;
use ids::{ChangeHash, DocumentId, UnitId};
use rusqlite::{Connection, Row, named_params};

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// Home visit.
    Visit,
    /// Contact.
    Contact,
    /// Nobody was met.
    Attempt,
}

impl EventKind {
    /// Stable text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Contact => "contact",
            Self::Attempt => "attempt",
        }
    }
}

/// One event of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The child.
    pub child: DocumentId,
    /// Record id.
    pub record: String,
    /// Kind.
    pub kind: EventKind,
    /// The visit's session, shared by siblings.
    pub session: Option<String>,
    /// Household visited.
    pub household: Option<DocumentId>,
    /// The child's home unit.
    pub unit: UnitId,
    /// Civil date, after corrections.
    pub event_date: Option<NaiveDate>,
    /// When it was saved, by that device's clock.
    pub recorded_ms: i64,
    /// The child was seen, or somebody was reached.
    pub met_or_reached: bool,
    /// 作废.
    pub voided: bool,
    /// The change that made it.
    pub change: Option<ChangeHash>,
}

/// An event as it arrived here, for the station's inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivedEvent {
    /// The event.
    pub event: EventRow,
    /// When its change was made or arrived here.
    pub stored_ms: i64,
    /// Who wrote it.
    pub written_by: Option<WrittenBy>,
}

/// The events of a child, newest date first.
///
/// # Errors
/// The database refuses.
pub fn of_child(connection: &Connection, child: DocumentId) -> Result<Vec<EventRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/events/of_child.sql"))?;
    let rows = statement.query_map(named_params! {":child": child.0.as_bytes()}, event_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The events with a date in the span, both ends included, by date.
///
/// # Errors
/// The database refuses.
pub fn between(
    connection: &Connection,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<EventRow>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/events/between.sql"))?;
    let rows = statement.query_map(
        named_params! {":first": first.to_string(), ":last": last.to_string()},
        event_from,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Events that came from other devices, newest arrival first.
///
/// # Errors
/// The database refuses.
pub fn arrived(connection: &Connection, most: u32) -> Result<Vec<ArrivedEvent>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/events/arrived.sql"))?;
    let rows = statement.query_map(named_params! {":most": most}, |row| {
        Ok((event_from(row)?, row.get("stored_ms")?))
    })?;
    rows.map(|found| {
        let (event, stored_ms) = found?;
        let written_by = match event.change {
            Some(change) => written_by(connection, change)?,
            None => None,
        };
        Ok(ArrivedEvent {
            event,
            stored_ms,
            written_by,
        })
    })
    .collect()
}

pub(super) fn project(tx: &Transaction<'_>, source: &Source<'_>) -> Result<(), StoreError> {
    let document = source.document.0.as_bytes();
    let child = Child::from_record(source.record);
    tx.prepare_cached(include_str!("../../sql/events/remove.sql"))?
        .execute(named_params! {":child": document})?;
    let visits = child.visits.iter().map(|visit| EventRow {
        child: source.document,
        record: visit.id.clone(),
        kind: EventKind::Visit,
        session: Some(visit.session.clone()),
        household: DocumentId::parse(&visit.household).ok(),
        unit: source.unit,
        event_date: visit.event_date,
        recorded_ms: visit.recorded_ms,
        met_or_reached: visit.seen,
        voided: false,
        change: visit.made_by.map(ChangeHash),
    });
    let plain =
        |record: &str, kind, event_date, recorded_ms, reached, made_by: Option<[u8; 32]>| {
            EventRow {
                child: source.document,
                record: record.to_owned(),
                kind,
                session: None,
                household: None,
                unit: source.unit,
                event_date,
                recorded_ms,
                met_or_reached: reached,
                voided: false,
                change: made_by.map(ChangeHash),
            }
        };
    let contacts = child.contacts.iter().map(|it| {
        plain(
            &it.id,
            EventKind::Contact,
            it.event_date,
            it.recorded_ms,
            it.reached,
            it.made_by,
        )
    });
    let attempts = child.attempts.iter().map(|it| {
        plain(
            &it.id,
            EventKind::Attempt,
            it.event_date,
            it.recorded_ms,
            false,
            it.made_by,
        )
    });
    let mut insert = tx.prepare_cached(include_str!("../../sql/events/insert.sql"))?;
    for event in visits.chain(contacts).chain(attempts) {
        let date = child.effective_date(&event.record, event.event_date);
        insert.execute(named_params! {
            ":child": document,
            ":record": event.record,
            ":kind": event.kind.as_str(),
            ":session": event.session,
            ":household": event.household.map(|it| *it.0.as_bytes()),
            ":unit": event.unit.0.as_bytes(),
            ":event_date": date.map(|it| it.to_string()),
            ":recorded_ms": event.recorded_ms,
            ":met_or_reached": event.met_or_reached,
            ":voided": child.is_voided(&event.record),
            ":made_by": event.change.map(|it| it.0),
        })?;
    }
    Ok(())
}

fn event_from(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    let kind: String = row.get("kind")?;
    Ok(EventRow {
        child: row::document(row, "child")?,
        record: row.get("record")?,
        kind: match kind.as_str() {
            "visit" => EventKind::Visit,
            "contact" => EventKind::Contact,
            _ => EventKind::Attempt,
        },
        session: row.get("session")?,
        household: row::optional_document(row, "household")?,
        unit: row::unit(row, "unit")?,
        event_date: row
            .get::<_, Option<String>>("event_date")?
            .and_then(|text| text.parse().ok()),
        recorded_ms: row.get("recorded_ms")?,
        met_or_reached: row.get("met_or_reached")?,
        voided: row.get("voided")?,
        change: row.get::<_, Option<[u8; 32]>>("made_by")?.map(ChangeHash),
    })
}
