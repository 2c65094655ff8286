//! Problems: the list, and each story with the roles of its authors. The state is folded by `domain` when it is read.

use super::{Source, records};
use crate::countersignatures::{self, Countersignature};
use crate::members::{WrittenBy, written_in};
use crate::{StoreError, Transaction, row};
use domain::problem::{DistrictWord, Fold, Problem, fold};
use ids::{ChangeHash, DocumentId, UnitId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::HashMap;

/// The district says that it is not over, a code.
const NOT_OVER: &str = "not_over";

/// A problem with its story.
#[derive(Debug, Clone, PartialEq)]
pub struct ProblemStory {
    /// Its document.
    pub problem: DocumentId,
    /// Its home unit.
    pub unit: UnitId,
    /// Fields, children, events.
    pub story: Problem,
    /// State, and which events counted by their authors' roles.
    pub fold: Fold,
    /// Authors by change, for names and roles.
    pub written_by: HashMap<ChangeHash, WrittenBy>,
}

/// All problems, newest report first.
///
/// # Errors
/// The database refuses.
pub fn all(connection: &Connection) -> Result<Vec<ProblemStory>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../../sql/problems/all.sql"))?;
    let rows = statement.query_map([], head_from)?;
    let mut stories = Vec::new();
    for found in rows {
        let (problem, unit) = found?;
        stories.extend(story_of(connection, problem, unit)?);
    }
    Ok(stories)
}

/// One problem.
///
/// # Errors
/// The database refuses.
pub fn get(
    connection: &Connection,
    problem: DocumentId,
) -> Result<Option<ProblemStory>, StoreError> {
    let found = connection
        .prepare_cached(include_str!("../../sql/problems/get.sql"))?
        .query_row(named_params! {":problem": problem.0.as_bytes()}, head_from)
        .optional()?;
    match found {
        Some((problem, unit)) => story_of(connection, problem, unit),
        None => Ok(None),
    }
}

/// The problems that concern a child, newest report first.
///
/// # Errors
/// The database refuses.
pub fn of_child(
    connection: &Connection,
    child: DocumentId,
) -> Result<Vec<ProblemStory>, StoreError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../sql/problems/of_child.sql"))?;
    let rows = statement.query_map(named_params! {":child": child.0.as_bytes()}, head_from)?;
    let mut stories = Vec::new();
    for found in rows {
        let (problem, unit) = found?;
        stories.extend(story_of(connection, problem, unit)?);
    }
    Ok(stories)
}

fn story_of(
    connection: &Connection,
    problem: DocumentId,
    unit: UnitId,
) -> Result<Option<ProblemStory>, StoreError> {
    let Some(record) = records::get(connection, problem)? else {
        return Ok(None);
    };
    let story = Problem::from_record(&record);
    let written_by = written_in(connection, problem)?;
    let severity = story.text("severity").unwrap_or_default();
    let words = words(&countersignatures::of_problem(connection, problem)?);
    let fold = fold(&story.events, severity, &words, |event| {
        let change = ChangeHash(event.made_by?);
        written_by.get(&change)?.role
    });
    Ok(Some(ProblemStory {
        problem,
        unit,
        story,
        fold,
        written_by,
    }))
}

/// What the district said of a problem's closings, as its story is told with it.
pub fn words(said: &[Countersignature]) -> Vec<DistrictWord> {
    said.iter()
        .map(|said| DistrictWord {
            closing: said.closing.to_string(),
            over: said.verdict != NOT_OVER,
            at_ms: said.at_ms,
        })
        .collect()
}

pub(super) fn project(tx: &Transaction<'_>, source: &Source<'_>) -> Result<(), StoreError> {
    let record = source.record;
    let problem = source.document.0.as_bytes();
    if record.fields.is_empty() {
        return Ok(());
    }
    let story = Problem::from_record(record);
    tx.prepare_cached(include_str!("../../sql/problems/put.sql"))?
        .execute(named_params! {
            ":problem": problem,
            ":unit": source.unit.0.as_bytes(),
            ":type": record.text("type"),
            ":severity": record.text("severity"),
            ":urgency": record.text("urgency"),
            ":card": record.text("card"),
            ":reported_ms": story.events.first().map(|event| event.recorded_ms),
        })?;
    tx.prepare_cached(include_str!("../../sql/problems/remove_children.sql"))?
        .execute(named_params! {":problem": problem})?;
    let mut insert = tx.prepare_cached(include_str!("../../sql/problems/put_child.sql"))?;
    let main = record.text("child").map(str::to_owned);
    for child in story.children.iter().chain(&main) {
        if let Ok(child) = DocumentId::parse(child) {
            insert.execute(named_params! {
                ":problem": problem,
                ":child": child.0.as_bytes(),
            })?;
        }
    }
    Ok(())
}

fn head_from(row: &Row<'_>) -> rusqlite::Result<(DocumentId, UnitId)> {
    Ok((row::document(row, "problem")?, row::unit(row, "unit")?))
}
