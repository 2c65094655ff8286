//! What of the district's cases is sealed to others: that it is what came, in the row it came into.

use super::UNREADABLE;
use crate::cases::{Part, digest_of};
use crate::columns;
use crate::error::ApiError;
use protocol::CaseState;
use rusqlite::{Connection, Row};

const PARTS: [(Part, &str, usize); 3] = [
    (Part::Reason, "reason", 2),
    (Part::Declined, "declined", 4),
    (Part::File, "file", 6),
];

/// What does not hold, one line each.
pub(super) fn faults(connection: &Connection) -> Result<Vec<String>, ApiError> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare(include_str!("../sql/verify/cases.sql"))?;
    let mut rows = statement.query([])?;
    let mut place = 0;
    while let Some(row) = rows.next()? {
        place += 1;
        for (part, column, at) in PARTS {
            if let Err(fault) = check(row, part, at) {
                let name = match columns::uuid(row, 0) {
                    Ok(id) => id.to_string(),
                    Err(_) => place.to_string(),
                };
                faults.push(format!("table cases, row {name}, column {column}: {fault}"));
            }
        }
    }
    Ok(faults)
}

fn check(row: &Row<'_>, part: Part, at: usize) -> Result<(), &'static str> {
    let id = columns::uuid(row, 0).map_err(|_| UNREADABLE)?;
    let state = columns::text(row, 1, CaseState::parse).map_err(|_| UNREADABLE)?;
    let sealed: Option<Vec<u8>> = row.get(at).map_err(|_| UNREADABLE)?;
    let digest: Option<Vec<u8>> = row.get(at + 1).map_err(|_| UNREADABLE)?;
    match (sealed, digest) {
        (Some(sealed), Some(digest)) if digest_of(id, part, &sealed) == digest[..] => Ok(()),
        (Some(_), _) => Err("it is not what came"),
        // It goes when its days are over.
        (None, _) if part == Part::File => Ok(()),
        (None, None) if part == Part::Declined && state != CaseState::Declined => Ok(()),
        (None, _) => Err("it is missing"),
    }
}
