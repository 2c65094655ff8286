//! What is still to be filled in: open questions of visits, and what the station asked for (请补充, docs/adr/0045).

use crate::contacts::note;
use crate::error::ClientError;
use crate::records::{self, Write};
use crate::recusals::{self, Recusals};
use crate::roster::{self, Author, Roster, RosterChild};
use crate::tablet::Tablet;
use crate::timeline;
use crate::view::{AskFillInput, AskedView, ChildFileView, IdInput, TimelineKind};
use domain::child::Child;
use domain::fill::Asked;
use ids::DocKind;
use std::collections::HashMap;

/// How many questions of a record are open; none where it is no visit.
pub(crate) fn open_count(file: &Child, record: &str) -> u32 {
    let visit = file.visits.iter().find(|visit| visit.id == record);
    let open = visit.map_or(0, |visit| file.open_questions(visit).len());
    u32::try_from(open).unwrap_or(u32::MAX)
}

/// What was asked of a record and is not given yet, for who gives it now.
pub(crate) fn asked_of(file: &Child, record: &str) -> Vec<String> {
    let given = |id: &String| file.amendments.iter().any(|one| one.fulfils.contains(id));
    let asked = file.asked.iter().filter(|asked| asked.record == record);
    asked
        .map(|asked| asked.id.clone())
        .filter(|id| !given(id))
        .collect()
}

/// What the station asked of a child's records and nobody gave yet.
pub(crate) fn still_asked<'a>(
    roster: &Roster,
    child: &'a RosterChild,
    authors: &HashMap<[u8; 32], Author>,
) -> Vec<&'a Asked> {
    child.child.still_asked(|asked| {
        let author = asked.made_by.and_then(|hash| authors.get(&hash))?;
        roster.people.role(author.staff)
    })
}

/// What stands on 今天 until it was filled in, the oldest first.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn open(tablet: &Tablet, roster: &Roster) -> Result<Vec<AskedView>, ClientError> {
    let recusals = Recusals::read(tablet)?;
    let mut found = Vec::new();
    for child in &roster.children {
        if child.child.asked.is_empty() || recusals::is_hers(tablet, &recusals, child) {
            continue;
        }
        let authors = roster::authors(tablet, child.id)?;
        let asked = still_asked(roster, child, &authors);
        if asked.is_empty() {
            continue;
        }
        let lines = timeline::of(tablet, roster, child)?;
        for asked in asked {
            let Some(line) = lines.iter().find(|line| line.record == asked.record) else {
                continue;
            };
            let author = asked.made_by.and_then(|hash| authors.get(&hash));
            let view = AskedView {
                child: child.id.to_string(),
                name: child.name(),
                record: asked.record.clone(),
                kind: line.kind,
                on: line.date.clone(),
                text: asked.text.clone(),
                by: author.map_or_else(
                    || roster::UNKNOWN_PERSON.to_owned(),
                    |author| roster.people.name(author.staff),
                ),
                can_fill: line.can_fill,
            };
            found.push((asked.recorded_ms, view));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, view)| view).collect())
}

/// A person of the station asks to have a record filled in. It stands until whoever wrote it did.
///
/// # Errors
/// `not_allowed`, `recused`, `not_found`, `text_missing`, `too_large`, `disk_full`.
pub fn ask(tablet: &Tablet, input: &AskFillInput) -> Result<ChildFileView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    if recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
        return Err(ClientError::new("recused"));
    }
    let lines = timeline::of(tablet, &roster, child)?;
    let is_record = |kind| {
        matches!(
            kind,
            TimelineKind::Visit | TimelineKind::Contact | TimelineKind::Attempt
        )
    };
    // One that lies in another file of this child is asked about there.
    lines
        .iter()
        .find(|line| line.record == input.record && line.voided.is_none())
        .filter(|line| is_record(line.kind) && line.file == child.id.to_string())
        .ok_or_else(|| ClientError::new("not_found"))?;
    let text = note(&input.text)?;
    if text.is_empty() {
        return Err(ClientError::new("text_missing"));
    }
    let asked = Asked {
        id: tablet.new_id().to_string(),
        record: input.record.clone(),
        text,
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    let label = format!("{} 请补充", child.name());
    let write = Write::new(child.id, DocKind::Child, child.unit, vec![asked.to_edit()]).labelled(
        "amendment",
        label,
        &asked.id,
    );
    records::save(tablet, "fill_asked", &[write])?;
    crate::children::file(
        tablet,
        &IdInput {
            id: input.child.clone(),
        },
    )
}
