//! The copy of one child's file for its family (P-15): gathered as the page shows it, and kept as every export is
//! ([`crate::exports`]).

use crate::children;
use crate::error::ClientError;
use crate::exports::{self, ONE_CHILD, Prepared, keep_rows, ledger_words, may_take};
use crate::problems::Room;
use crate::recusals::{self, Recusals};
use crate::roster::Roster;
use crate::second;
use crate::tablet::Tablet;
use crate::view::{
    ChildFileView, ExportChildInput, ExportMadeView, IdInput, TimelineKind, TimelineRow,
};

/// The file of one child as its family may have it (P-15): what stands on the page, with masked numbers, and without the
/// matters whose words are sealed, so that it says nothing of who reported what.
#[derive(Debug, Clone)]
pub struct ChildCopy {
    /// The child.
    pub title: String,
    /// By section: label and value.
    pub parts: Vec<(String, Vec<(String, String)>)>,
}

/// Gathers the copy of one child's file.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `purpose_missing`, `not_found`, or the store cannot be read.
pub fn copy_of(
    tablet: &Tablet,
    input: &ExportChildInput,
) -> Result<(Prepared, ChildCopy), ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    may_take(tablet, &input.purpose, &input.words)?;
    let roster = Roster::read(tablet)?;
    let child = roster.child_or_guest(&input.child)?;
    // Whoever is not to act for a family does not hand out its file either.
    if recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
        return Err(ClientError::new("recused"));
    }
    let room = Room::open(tablet)?;
    let file = children::file(
        tablet,
        &IdInput {
            id: input.child.clone(),
        },
    )?;
    let parts = parts_of(&room, &file);
    let number = exports::number(tablet, 'E')?;
    let title = format!("{}的档案", file.name);
    let prepared = Prepared {
        line: exports::line(tablet, &number),
        name: format!("{}-{number}", ledger_words(ONE_CHILD)),
        number,
        children: Vec::new(),
        place: tablet.township(),
        password: exports::password(tablet),
    };
    Ok((prepared, ChildCopy { title, parts }))
}

/// What stands on the page, section by section, and the story.
fn parts_of(room: &Room<'_>, file: &ChildFileView) -> Vec<(String, Vec<(String, String)>)> {
    let mut parts = Vec::new();
    for block in &file.blocks {
        let fields = block.fields.iter();
        let mut lines: Vec<(String, String)> = fields
            .filter_map(|field| Some((field.label.clone(), field.text.clone()?)))
            .collect();
        let rows = block.rows.iter();
        for row in rows.flat_map(|rows| rows.rows.iter().chain(&rows.past)) {
            let words = row.lines.iter();
            let words: Vec<String> = words
                .map(|line| format!("{}：{}", line.label, line.text))
                .collect();
            lines.push((row.head.clone(), words.join("；")));
        }
        if !lines.is_empty() {
            parts.push((block.title.clone(), lines));
        }
    }
    let is_open = |row: &&TimelineRow| {
        row.kind != TimelineKind::Problem
            || room
                .find(&row.record)
                .is_ok_and(|noun| room.number(noun).is_none())
    };
    let story: Vec<(String, String)> = file
        .timeline
        .iter()
        .filter(is_open)
        .map(|row| {
            let kind = row.title.as_deref().unwrap_or(match row.kind {
                TimelineKind::Visit => "走访",
                TimelineKind::Contact => "联系",
                TimelineKind::Attempt => "没见到",
                TimelineKind::Problem => "问题",
                TimelineKind::Work => "工作记录",
            });
            (format!("{} {kind}", row.date), row.text.clone())
        })
        .collect();
    if !story.is_empty() {
        parts.push(("走访、联系和问题".to_owned(), story));
    }
    parts
}

/// Keeps the file of one child as [`exports::keep`] keeps a register; it counts as one row.
///
/// # Errors
/// `disk_full`.
pub fn keep_copy(
    tablet: &Tablet,
    input: &ExportChildInput,
    prepared: &Prepared,
    file: &[u8],
) -> Result<ExportMadeView, ClientError> {
    let export = second::of_copy(input);
    keep_rows(tablet, &export, prepared, (1, &input.child), file)
}
