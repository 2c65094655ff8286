//! What a visit says a family was given is filed as care and help with one tap (关爱帮扶, docs/adr/0050).
//!
//! Its ids follow from the visit: filed twice, or on two tablets that knew nothing of each other, it is one piece.

use crate::differences;
use crate::error::ClientError;
use crate::records;
use crate::recusals::{self, Recusals};
use crate::roster::{Roster, RosterChild};
use crate::standing;
use crate::tablet::Tablet;
use crate::view::{GoodsView, RecordInput};
use crate::work::{self, Follows};
use domain::record::ROWS;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What was given at a visit, and where it goes.
struct Given<'a> {
    block: String,
    values: BTreeMap<String, Vec<String>>,
    text: String,
    session: String,
    /// The children of the visit, each with the id its entry has.
    children: Vec<(&'a RosterChild, String)>,
}

/// The same ids for everybody: what was filed once is filed.
fn id_of(what: &str, of: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"zoufang/given\0");
    hash.update(what.as_bytes());
    hash.update([0]);
    hash.update(of.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

fn read<'a>(
    tablet: &Tablet,
    roster: &'a Roster,
    input: &RecordInput,
) -> Result<Option<Given<'a>>, ClientError> {
    let packs = tablet.packs();
    let child = roster.child(&input.child)?;
    let mut visits = child.child.visits.iter();
    let visit = visits
        .find(|visit| visit.id == input.record && !child.child.is_voided(&visit.id))
        .ok_or_else(|| ClientError::new("not_found"))?;
    let Some((kind, rule)) =
        work::kinds(&packs).find_map(|kind| kind.work.given.as_ref().map(|rule| (kind, rule)))
    else {
        return Ok(None);
    };
    let file = tablet.child_with_answers(child.id)?;
    let forms = &packs.forms;
    let saved = differences::saved_visit(tablet, roster, child, &file, visit, forms)?;
    let Some((saved, columns)) = saved.and_then(|saved| {
        let columns = rule.read(saved.form, &saved.session)?;
        Some((saved, columns))
    }) else {
        return Ok(None);
    };
    let text = columns
        .get(&rule.amount)
        .or_else(|| columns.get(&rule.words))
        .cloned()
        .unwrap_or_default();
    let mut values: BTreeMap<String, Vec<String>> = columns
        .into_iter()
        .map(|(key, value)| (key, vec![value]))
        .collect();
    if let Some(day) = &kind.rows.from {
        values.insert(day.clone(), vec![saved.date.to_string()]);
    }
    let recusals = Recusals::read(tablet)?;
    let children = roster
        .children
        .iter()
        .filter(|one| !recusals::is_hers(tablet, &recusals, one))
        .filter_map(|one| {
            let mut visits = one.child.visits.iter();
            let part = visits
                .find(|part| part.session == visit.session && !one.child.is_voided(&part.id))?;
            Some((one, id_of("part", &part.id)))
        })
        .collect();
    Ok(Some(Given {
        block: kind.block.key.clone(),
        values,
        text,
        session: visit.session.clone(),
        children,
    }))
}

impl Given<'_> {
    /// The children in whose files it does not stand yet. One that was put right or taken away since was filed as well.
    fn missing(&self, tablet: &Tablet) -> Result<Vec<(&RosterChild, String)>, ClientError> {
        let mut missing = Vec::new();
        for (child, id) in &self.children {
            let record = records::read(tablet, child.id)?;
            if record.entries(ROWS).iter().all(|entry| entry.id != *id) {
                missing.push((*child, id.clone()));
            }
        }
        Ok(missing)
    }

    fn view(&self, tablet: &Tablet, input: &RecordInput) -> Result<GoodsView, ClientError> {
        let names: Vec<String> = self.children.iter().map(|(one, _)| one.name()).collect();
        Ok(GoodsView {
            child: input.child.clone(),
            record: input.record.clone(),
            text: self.text.clone(),
            names: names.join("、"),
            is_filed: self.missing(tablet)?.is_empty(),
        })
    }
}

/// What a visit that was just saved says was given; none where nothing was, or the child left meanwhile.
pub(crate) fn of_visit(
    tablet: &Tablet,
    child: &str,
    record: &str,
) -> Result<Option<GoodsView>, ClientError> {
    if standing::writes_only(tablet)? {
        return Ok(None);
    }
    let input = RecordInput {
        child: child.to_owned(),
        record: record.to_owned(),
    };
    let roster = Roster::read(tablet)?;
    match read(tablet, &roster, &input) {
        Ok(Some(given)) if !given.children.is_empty() => given.view(tablet, &input).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.code() == "not_found" => Ok(None),
        Err(error) => Err(error),
    }
}

/// Files what was given at a visit as care and help of each of its children. Saying it twice changes nothing.
///
/// # Errors
/// `not_found`, `value_invalid`, `too_large`, `disk_full`.
pub fn file_goods(tablet: &Tablet, input: &RecordInput) -> Result<GoodsView, ClientError> {
    let roster = Roster::read(tablet)?;
    let given = read(tablet, &roster, input)?.ok_or_else(|| ClientError::new("not_found"))?;
    let missing = given.missing(tablet)?;
    if !missing.is_empty() {
        let follows = Follows {
            block: &given.block,
            record: id_of("session", &given.session),
            values: &given.values,
            children: &missing,
        };
        work::record_following(tablet, &roster, &follows)?;
    }
    given.view(tablet, input)
}
