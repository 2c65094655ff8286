//! What leaves about one child, one matter or one import, where the rows of the day are used up: asked for and agreed to by
//! a second person as a register is ([`crate::exports`]).
//!
//! The server keeps of a request columns and numbers. Which child or matter it is about stands there as a mark that only
//! who has the document and the request can tell: the id of an erased one is written nowhere (ADR 0025).

use crate::error::ClientError;
use crate::exports::{ONE_CHILD, PACKET, may_take};
use crate::imports;
use crate::problems::{Room, packets};
use crate::recusals::{self, Recusals};
use crate::roster::Roster;
use crate::tablet::Tablet;
use crate::view::{ExportChildInput, ExportInput, IdInput, ImportResultInput, PacketInput};
use protocol::RequestExport;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use uuid::Uuid;

/// What is written in a register's place for the result file of an import.
pub(crate) const RESULT: &str = "RESULT";
/// What such a file is for; no list of the policy has it.
pub(crate) const OF_IMPORT: &str = "result";
/// Letters of a mark: what the server takes as the key of a column.
const MARK: usize = 32;

/// The word of a request for what it is about.
fn mark(request: Uuid, about: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(request.as_bytes());
    hash.update(about.as_bytes());
    let mut mark = String::new();
    for byte in hash.finalize() {
        // Writing into a string does not fail.
        let _ = write!(mark, "{byte:02x}");
    }
    mark.truncate(MARK);
    mark
}

/// What the server is told of the columns: those of a register, or what the one file is about.
pub(crate) fn fields(request: Uuid, input: &ExportInput) -> Vec<String> {
    match &input.about {
        // An import is nobody's: its id may stand there.
        Some(import) if input.ledger == RESULT => vec![import.replace('-', "")],
        Some(about) => vec![mark(request, about)],
        None => input.fields.clone(),
    }
}

/// The copy of one child's file as a second person is asked about it.
pub fn of_copy(input: &ExportChildInput) -> ExportInput {
    ExportInput {
        request: input.request.clone(),
        ledger: ONE_CHILD.to_owned(),
        about: Some(input.child.clone()),
        village: None,
        purpose: input.purpose.clone(),
        words: input.words.clone(),
        fields: vec!["file".to_owned()],
        full_numbers: false,
    }
}

/// The same of what goes with a referral.
pub fn of_packet(input: &PacketInput) -> ExportInput {
    ExportInput {
        request: input.request.clone(),
        ledger: PACKET.to_owned(),
        about: Some(input.problem.clone()),
        village: None,
        purpose: input.purpose.clone(),
        words: input.words.clone(),
        fields: input.fields.clone(),
        full_numbers: false,
    }
}

/// The same of the result file of an import.
pub fn of_result(input: &ImportResultInput) -> ExportInput {
    ExportInput {
        request: input.request.clone(),
        ledger: RESULT.to_owned(),
        about: Some(input.id.clone()),
        village: None,
        purpose: OF_IMPORT.to_owned(),
        words: String::new(),
        fields: Vec::new(),
        full_numbers: false,
    }
}

/// Checks what is asked for, and counts its rows.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `purpose_missing`, `not_found`, `import_gone`, `value_invalid`.
pub(crate) fn rows(
    tablet: &Tablet,
    input: &ExportInput,
    about: &str,
) -> Result<usize, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    match input.ledger.as_str() {
        ONE_CHILD => {
            may_take(tablet, &input.purpose, &input.words)?;
            let roster = Roster::read(tablet)?;
            let child = roster.child_or_guest(about)?;
            match recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
                true => Err(ClientError::new("recused")),
                false => Ok(1),
            }
        }
        PACKET => packets::may_ask(tablet, about, &input.purpose, &input.words),
        RESULT => {
            let id = about.to_owned();
            let (_, _, rows) = imports::result(tablet, &IdInput { id })?;
            Ok(rows as usize)
        }
        other => Err(ClientError::new("value_invalid").with("value", other)),
    }
}

/// What a request is about, as far as this device knows.
pub(crate) struct About {
    pub(crate) id: String,
    pub(crate) words: String,
    /// This person is not to act for whom it is about.
    pub(crate) recused: bool,
}

/// Finds what a request is about among what is here.
///
/// # Errors
/// `still_loading`, or the store cannot be read.
pub(crate) fn about(tablet: &Tablet, asked: &RequestExport) -> Result<Option<About>, ClientError> {
    let is_it = |id: &str| asked.fields.first() == Some(&mark(asked.id, id));
    match asked.ledger.as_str() {
        ONE_CHILD => {
            let roster = Roster::read(tablet)?;
            let recusals = Recusals::read(tablet)?;
            let mut children = roster.everybody();
            let child = children.find(|child| is_it(&child.id.to_string()));
            Ok(child.map(|child| About {
                id: child.id.to_string(),
                words: child.name(),
                recused: recusals::is_hers(tablet, &recusals, child),
            }))
        }
        PACKET => {
            let room = Room::open(tablet)?;
            let mut problems = room.problems.iter();
            let Some(noun) = problems.find(|noun| is_it(&noun.id.to_string())) else {
                return Ok(None);
            };
            let id = noun.id.to_string();
            Ok(Some(About {
                words: room.title_of(&id)?.unwrap_or_default(),
                recused: room.is_recused(tablet.identity.staff, noun),
                id,
            }))
        }
        RESULT => {
            let import = asked.fields.first().and_then(|id| Uuid::parse_str(id).ok());
            let Some(import) = import else {
                return Ok(None);
            };
            Ok(Some(About {
                id: import.to_string(),
                words: imports::name(tablet, import)?.unwrap_or_default(),
                recused: false,
            }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_another_one_with_every_request_and_is_taken_as_a_column() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = mark(one, "c1");
        assert_eq!(first, mark(one, "c1"));
        assert_ne!(first, mark(other, "c1"));
        assert_ne!(first, mark(one, "c2"));
        assert_eq!(first.len(), MARK);
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
