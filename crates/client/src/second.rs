//! What leaves about one child, one matter, one case or one import, where the rows of the day are used up: asked for and agreed to by
//! a second person as a register is ([`crate::exports`]).
//!
//! The server keeps of a request columns and numbers. Which child or matter it is about stands there as a mark that only
//! who has the document and the request can tell: the id of an erased one is written nowhere (ADR 0025).

use crate::cases;
use crate::error::ClientError;
use crate::exports::{ONE_CHILD, PACKET, may_take};
use crate::imports;
use crate::problems::packets::{self, Agreed};
use crate::problems::{self, Room};
use crate::recusals::{self, Recusals};
use crate::reports;
use crate::roster::Roster;
use crate::tablet::Tablet;
use crate::view::{
    ExportChildInput, ExportInput, IdInput, ImportResultInput, PacketInput, SendCaseInput,
};
use protocol::RequestExport;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use uuid::Uuid;

/// What is written in a register's place for the result file of an import.
pub(crate) const RESULT: &str = "RESULT";
/// What such a file is for; no list of the policy has it.
pub(crate) const OF_IMPORT: &str = "result";
/// The same for a case the district asked for, and what it is for.
pub(crate) const CASE: &str = "case";
/// No list of the policy has it either.
pub(crate) const OF_DISTRICT: &str = "district";
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

/// The same for a part of what goes with a referral. Its keys stand in the policy for everybody to try: with the matter's id
/// before them, which goes when that is erased, nobody finds them by trying.
fn part_mark(request: Uuid, about: &str, key: &str) -> String {
    mark(request, &format!("{about} {key}"))
}

/// What the server is told of the words. The list of requests is the whole station's: of a matter that goes by a number it has
/// the number, as the list of what was made has.
///
/// # Errors
/// `not_found`, `still_loading`.
pub(crate) fn words(tablet: &Tablet, input: &ExportInput) -> Result<String, ClientError> {
    let said = || input.words.trim().to_owned();
    match &input.about {
        Some(problem) if input.ledger == PACKET => {
            let room = Room::open(tablet)?;
            let noun = room.find(problem)?;
            Ok(room.number(noun).unwrap_or_else(said))
        }
        _ => Ok(said()),
    }
}

/// The words of a request as a person reads them. What was written about a child or a matter that she does not know here, or
/// is not to act for, is not hers; and of a matter that goes by a number nobody is given any, whatever an older program sent.
pub(crate) fn words_told(asked: &RequestExport, about: Option<&About>, own: bool) -> String {
    let is_of_somebody = matches!(asked.ledger.as_str(), ONE_CHILD | PACKET);
    let is_kept = match about {
        Some(about) => about.is_numbered || about.recused && !own,
        None => !own,
    };
    match is_of_somebody && is_kept {
        true => String::new(),
        false => asked.words.clone(),
    }
}

/// A packet that is wanted is about the matter a second person agreed to, whatever else of it is another.
pub(crate) fn is_same_matter(asked: &RequestExport, fields: &[String]) -> bool {
    asked.ledger == PACKET && !fields.is_empty() && asked.fields.first() == fields.first()
}

/// What the server is told of the columns: those of a register, or what the one file is about. Of what goes with a referral
/// also marks of the referral and of each column, so that a yes is a yes to this receiver and to no more than these columns.
pub(crate) fn fields(request: Uuid, input: &ExportInput) -> Vec<String> {
    match &input.about {
        // An import is nobody's: its id may stand there.
        Some(import) if input.ledger == RESULT => vec![import.replace('-', "")],
        Some(about) if input.ledger == PACKET => {
            let parts = input.fields.iter();
            let parts = parts.map(|key| part_mark(request, about, key));
            std::iter::once(mark(request, about)).chain(parts).collect()
        }
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

/// The same of what goes with a referral; which one that is stands before the columns.
pub fn of_packet(input: &PacketInput) -> ExportInput {
    ExportInput {
        request: input.request.clone(),
        ledger: PACKET.to_owned(),
        about: Some(input.problem.clone()),
        village: None,
        purpose: input.purpose.clone(),
        words: input.words.clone(),
        fields: std::iter::once(&input.referral)
            .chain(&input.fields)
            .cloned()
            .collect(),
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

/// The same of a case that the district asked for.
pub fn of_case(input: &SendCaseInput) -> ExportInput {
    ExportInput {
        request: input.request.clone(),
        ledger: CASE.to_owned(),
        about: Some(input.id.clone()),
        village: None,
        purpose: OF_DISTRICT.to_owned(),
        words: String::new(),
        fields: Vec::new(),
        full_numbers: false,
    }
}

/// Checks what is asked for, and counts its rows.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `purpose_missing`, `not_found`, `import_gone`, `case_over`, `choice_missing`,
/// `value_invalid`.
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
        PACKET => packets::may_ask(tablet, about, input),
        CASE => cases::rows_asked(tablet, about),
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
    /// It is a matter that goes by a number.
    pub(crate) is_numbered: bool,
    /// To whom a packet goes and what is in it, for whoever is told that.
    pub(crate) agreed: Option<Agreed>,
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
                is_numbered: false,
                agreed: None,
            }))
        }
        PACKET => {
            let room = Room::open(tablet)?;
            let mut problems = room.problems.iter();
            let Some(noun) = problems.find(|noun| is_it(&noun.id.to_string())) else {
                return Ok(None);
            };
            let id = noun.id.to_string();
            let is_part = |key: &str| asked.fields.contains(&part_mark(asked.id, &id, key));
            Ok(Some(About {
                agreed: Some(packets::agreed(&room, noun, is_part)?),
                words: room.title_of(&id)?.unwrap_or_default(),
                recused: room.is_recused(tablet.identity.staff, noun),
                is_numbered: room.number(noun).is_some(),
                id,
            }))
        }
        CASE => about_case(tablet, is_it),
        RESULT => {
            let import = asked.fields.first().and_then(|id| Uuid::parse_str(id).ok());
            let Some(import) = import else {
                return Ok(None);
            };
            Ok(Some(About {
                id: import.to_string(),
                words: imports::name(tablet, import)?.unwrap_or_default(),
                recused: false,
                is_numbered: false,
                agreed: None,
            }))
        }
        _ => Ok(None),
    }
}

/// The same of a case, among those that were asked for.
fn about_case(tablet: &Tablet, is_it: impl Fn(&str) -> bool) -> Result<Option<About>, ClientError> {
    let station = reports::own_station(tablet)?;
    let mut cases = station.into_iter().flat_map(|station| station.cases);
    let Some(case) = cases.find(|case| is_it(&case.id.to_string())) else {
        return Ok(None);
    };
    let room = Room::open(tablet)?;
    let problem = case.problem.to_string();
    let noun = room.find(&problem);
    Ok(Some(About {
        id: case.id.to_string(),
        words: room.title_of(&problem)?.unwrap_or_default(),
        recused: problems::is_recused(tablet, case.problem)?,
        is_numbered: noun.is_ok_and(|noun| room.number(noun).is_some()),
        agreed: None,
    }))
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

    #[test]
    fn a_packet_has_a_mark_of_its_matter_its_referral_and_each_column() {
        let request = Uuid::from_u128(1);
        let asked = |about: &str, fields: &[&str]| {
            let input = ExportInput {
                request: None,
                ledger: PACKET.to_owned(),
                about: Some(about.to_owned()),
                village: None,
                purpose: String::new(),
                words: String::new(),
                fields: fields.iter().map(|key| (*key).to_owned()).collect(),
                full_numbers: false,
            };
            super::fields(request, &input)
        };
        let agreed = asked("p1", &["r1", "child.name", "child.gender"]);
        let is_in = |wanted: &[String]| wanted.iter().all(|field| agreed.contains(field));
        assert!(
            is_in(&asked("p1", &["r1", "child.gender"])),
            "fewer may be given"
        );
        assert!(
            !is_in(&asked("p1", &["r2", "child.name"])),
            "another receiver"
        );
        assert!(
            !is_in(&asked("p1", &["r1", "child.phone"])),
            "another column"
        );
        let other = asked("p2", &["r1", "child.name"]);
        assert!(other.iter().all(|field| !agreed.contains(field)));
    }
}
