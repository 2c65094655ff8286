//! What of a child stands in no file (decisions.md 4): HIV above all. The file says 其他困境（保密）; what it is, the head of the
//! station keeps in a note of the sealed document about the child, for her PIN, and nobody else reads it (docs/adr/0050).
//!
//! The words leave the device sealed to the station's key; the kind of the note says nothing of what is in it. No list,
//! register, case, paper or report reads these notes, and where no key is known nothing is written.

use crate::contacts::note;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::records::{self, Write};
use crate::recusals::{self, Recusals};
use crate::roster::{self, Roster, RosterChild};
use crate::system;
use crate::tablet::Tablet;
use crate::unit_keys;
use crate::view::{ConfidentialInput, ConfidentialLineView, ConfidentialView, IdInput};
use domain::record::Edit;
use domain::restricted::{CONFIDENTIAL, Note, Restricted, Words};
use ids::{DocKind, DocumentId, Role};
use protocol::access::Action;
use store::projections::records as rows;

/// The sealed documents about a child, and their confidential notes.
struct Kept {
    document: Option<DocumentId>,
    notes: Vec<(DocumentId, Note)>,
}

impl Kept {
    fn of(tablet: &Tablet, child: &RosterChild) -> Result<Self, ClientError> {
        let name = child.id.to_string();
        let mut kept = Self {
            document: None,
            notes: Vec::new(),
        };
        let all = tablet
            .store
            .read(|connection| rows::all(connection, DocKind::Restricted))?;
        for (document, record) in all {
            let restricted = Restricted::from_record(&record);
            if restricted.about.as_deref() != Some(name.as_str()) {
                continue;
            }
            kept.document = kept.document.or(Some(document));
            let notes = restricted.notes.into_iter();
            let notes = notes.filter(|note| note.kind == CONFIDENTIAL);
            kept.notes.extend(notes.map(|note| (document, note)));
        }
        Ok(kept)
    }
}

/// Whether this person keeps and reads what stands in no file of a child: the head does, unless she is not to act for it.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn keeps(tablet: &Tablet, child: &RosterChild) -> Result<bool, ClientError> {
    Ok(tablet.identity.role == Role::Head
        && !recusals::is_hers(tablet, &Recusals::read(tablet)?, child))
}

/// The page: for whom it is, and the notes while they stand open.
///
/// # Errors
/// `not_allowed` in a village, `not_found`, `still_loading`.
pub fn confidential(tablet: &Tablet, input: &IdInput) -> Result<ConfidentialView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    let may = keeps(tablet, child)?;
    let mut view = ConfidentialView {
        child: child.id.to_string(),
        name: child.name(),
        may,
        kept: 0,
        seconds: None,
        lines: Vec::new(),
    };
    if !may {
        // That there is something says as much as what it is.
        return Ok(view);
    }
    let kept = Kept::of(tablet, child)?;
    view.kept = u32::try_from(kept.notes.len()).unwrap_or(u32::MAX);
    let Some(open_ms) = kept
        .document
        .and_then(|document| tablet.open_with_pin_ms(document))
    else {
        return Ok(view);
    };
    looks::note(tablet, Look::Restricted, &view.child)?;
    view.seconds = u32::try_from(open_ms / 1_000 + 1).ok();
    let keys = unit_keys::held(tablet)?;
    for (document, note) in &kept.notes {
        let author = roster::author_of(tablet, note.made_by)?;
        view.lines.push(ConfidentialLineView {
            text: unit_keys::open(tablet, &keys, *document, &note.id, &note.words),
            by: author.map_or_else(
                || roster::UNKNOWN_PERSON.to_owned(),
                |author| roster.people.name(author.staff),
            ),
            at: system::moment(note.recorded_ms),
        });
    }
    Ok(view)
}

/// The head, and not one who is not to act for the family, with the PIN.
fn require(tablet: &Tablet, child: &RosterChild) -> Result<(), ClientError> {
    if recusals::is_hers(tablet, &Recusals::read(tablet)?, child) {
        return Err(ClientError::new("recused"));
    }
    tablet.require(Action::KeepConfidential)
}

/// Shows the notes, for the PIN and while it is good; that they are looked at is in the trail before.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `not_found`, `look_not_noted`.
pub fn show_confidential(
    tablet: &Tablet,
    input: &IdInput,
) -> Result<ConfidentialView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.id)?;
    require(tablet, child)?;
    let kept = Kept::of(tablet, child)?;
    let document = kept.document.ok_or_else(|| ClientError::new("not_found"))?;
    tablet.open_with_pin(document)?;
    confidential(tablet, input)
}

/// Writes one down, sealed.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `not_found`, `confidential_empty`, `too_large`, `seal_missing` before the station's
/// key is known here, `disk_full`.
pub fn keep_confidential(
    tablet: &Tablet,
    input: &ConfidentialInput,
) -> Result<ConfidentialView, ClientError> {
    let roster = Roster::read(tablet)?;
    let child = roster.child(&input.child)?;
    require(tablet, child)?;
    let text = note(&input.text)?;
    if text.is_empty() {
        return Err(ClientError::new("confidential_empty"));
    }
    let held = Kept::of(tablet, child)?.document;
    let mut edits = Vec::new();
    if held.is_none() {
        edits.push(Edit::put("about", child.id.to_string()));
    }
    let document = held.unwrap_or_else(|| DocumentId(tablet.new_id()));
    let id = tablet.new_id().to_string();
    let words = unit_keys::seal(tablet, document, &id, &text)?;
    if matches!(words, Words::Plain(_)) {
        // Unlike a report, this can wait for the key.
        return Err(ClientError::new("seal_missing"));
    }
    let note = Note {
        words,
        id,
        kind: CONFIDENTIAL.to_owned(),
        recorded_ms: tablet.clock.now_ms(),
        by: tablet.identity.staff.to_string(),
        made_by: None,
    };
    edits.push(note.to_edit());
    let station = tablet.identity.scope;
    // Without a label: that there is something says as much as what it is.
    let write = Write::new(document, DocKind::Restricted, station, edits);
    records::save(tablet, "confidential_kept", &[write])?;
    // It is saved: what follows may close the page again, and is no reason to write it a second time.
    let ask = IdInput {
        id: input.child.clone(),
    };
    let shown = tablet
        .open_with_pin(document)
        .and_then(|()| confidential(tablet, &ask));
    Ok(shown.unwrap_or_else(|error| {
        tracing::warn!(
            code = error.code(),
            "a confidential note is saved and not shown"
        );
        ConfidentialView {
            child: child.id.to_string(),
            name: child.name(),
            may: true,
            kept: 1,
            seconds: None,
            lines: Vec::new(),
        }
    }))
}
