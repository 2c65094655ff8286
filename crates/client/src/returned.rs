//! 退回: what the server did not take. Nothing of it is lost; it says why and what to do, and a person decides.

mod settle;
pub(crate) mod words;

pub(crate) use settle::{edits_of, note_refusal, offer_the_others, settle};

use crate::contacts::more_view;
use crate::error::ClientError;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    ContactInput, EditFieldInput, IdInput, ReturnedPart, ReturnedRedo, ReturnedRow, ReturnedView,
};
use domain::child::ContactMore;
use domain::record::{Edit, Entry};
use ids::{DocKind, DocumentId};
use protocol::RefusalCode;
use protocol::retry::{self, Remedy};
use std::collections::{BTreeMap, BTreeSet};
use store::audit::{self, AuditRow};
use store::changes::{self, ChangeState, LocalChange};
use store::returned::{self, OpenChange};
use store::{Connection, documents, projections};

/// One change of a returned record, with what it says.
struct Piece {
    open: OpenChange,
    local: LocalChange,
    edits: Vec<Edit>,
}

/// One returned record: its changes in the order they were made, the first being the one that was refused.
struct Group {
    pieces: Vec<Piece>,
}

impl Group {
    fn first(&self) -> &Piece {
        self.pieces
            .iter()
            .find(|piece| piece.open.state == ChangeState::Refused)
            .or_else(|| self.pieces.first())
            .expect("a group is made with its first piece")
    }

    fn id(&self) -> String {
        self.first().open.hash.to_string()
    }

    /// The child's document, where something of it is one.
    fn child(&self) -> Option<DocumentId> {
        let first = self.first();
        let mut all = std::iter::once(first).chain(&self.pieces);
        let child = all.find(|piece| piece.local.document.kind == DocKind::Child);
        child.map(|piece| piece.open.document)
    }

    /// The document it is about.
    fn about(&self) -> DocumentId {
        self.child().unwrap_or(self.first().open.document)
    }

    fn is_put_away(&self) -> bool {
        self.pieces
            .iter()
            .all(|piece| piece.open.put_away_ms.is_some())
    }
}

/// The tray.
///
/// # Errors
/// The store cannot be read.
pub fn view_of(tablet: &Tablet) -> Result<ReturnedView, ClientError> {
    let groups = tablet.store.read(groups)?;
    let (put_away, open): (Vec<Group>, Vec<Group>) =
        groups.into_iter().partition(Group::is_put_away);
    let rows = |groups: Vec<Group>| {
        let mut rows = groups
            .iter()
            .map(|group| row(tablet, group))
            .collect::<Result<Vec<_>, _>>()?;
        rows.reverse();
        Ok::<_, ClientError>(rows)
    };
    Ok(ReturnedView {
        open: rows(open)?,
        put_away: rows(put_away)?,
    })
}

/// Offers a returned record again as it is; the next sync sends it.
///
/// # Errors
/// `not_found` when it is not in the tray any more.
pub fn offer_again(tablet: &Tablet, input: &IdInput) -> Result<ReturnedView, ClientError> {
    tablet.store.write(|tx| {
        for piece in &find(tx, input)?.pieces {
            changes::set_put_away(tx, piece.open.hash, None)?;
            changes::offer_one_again(tx, piece.open.hash)?;
        }
        note(tablet, tx, "returned_offered_again", input)
    })?;
    tablet.wrote();
    view_of(tablet)
}

/// Puts a returned record away: it is kept, and no longer in the record nor on the sync page.
///
/// # Errors
/// `not_found` when it is not in the tray any more.
pub fn put_away(tablet: &Tablet, input: &IdInput) -> Result<ReturnedView, ClientError> {
    set_put_away(tablet, input, true)
}

/// Brings back what was put away.
///
/// # Errors
/// `not_found` when it is not in the tray any more.
pub fn bring_back(tablet: &Tablet, input: &IdInput) -> Result<ReturnedView, ClientError> {
    set_put_away(tablet, input, false)
}

fn set_put_away(tablet: &Tablet, input: &IdInput, away: bool) -> Result<ReturnedView, ClientError> {
    let at_ms = away.then(|| tablet.clock.now_ms());
    let touched = tablet.store.write(|tx| {
        let mut touched = BTreeSet::new();
        for piece in &find(tx, input)?.pieces {
            changes::set_put_away(tx, piece.open.hash, at_ms)?;
            touched.insert(piece.open.document);
        }
        for document in &touched {
            if !returned::is_at_server(tx, *document)? {
                // Nothing of it is anywhere else: the whole file goes out of sight and comes back with it.
                documents::set_left(tx, *document, at_ms)?;
            }
            projections::refresh_stored(tx, *document)?;
        }
        let action = if away {
            "returned_put_away"
        } else {
            "returned_brought_back"
        };
        note(tablet, tx, action, input)?;
        Ok::<_, ClientError>(touched)
    })?;
    for document in touched {
        tablet.forget_noun(document);
    }
    tablet.wrote();
    view_of(tablet)
}

fn note(
    tablet: &Tablet,
    tx: &store::Transaction<'_>,
    action: &str,
    input: &IdInput,
) -> Result<(), ClientError> {
    audit::append(
        tx,
        &AuditRow {
            at_ms: tablet.clock.now_ms(),
            staff: Some(tablet.identity.staff),
            action: action.to_owned(),
            object: input.id.clone(),
        },
    )?;
    Ok(())
}

fn find(connection: &Connection, input: &IdInput) -> Result<Group, ClientError> {
    groups(connection)?
        .into_iter()
        .find(|group| group.id() == input.id)
        .ok_or_else(|| ClientError::new("not_found"))
}

/// Everything refused or held, one group per record, oldest first. What was written later in a document the server
/// never took waits with that document's beginning.
fn groups(connection: &Connection) -> Result<Vec<Group>, ClientError> {
    let mut pieces = Vec::new();
    for open in returned::open(connection)? {
        let Some(local) = changes::own(connection, open.hash)? else {
            continue;
        };
        let edits = settle::edits_of(&local)?;
        pieces.push(Piece { open, local, edits });
    }
    let mut births: BTreeMap<DocumentId, String> = BTreeMap::new();
    let mut child_parts: BTreeMap<i64, String> = BTreeMap::new();
    for piece in &pieces {
        if piece.open.begins && !returned::is_at_server(connection, piece.open.document)? {
            births.insert(piece.open.document, name_of(piece));
        }
        if is_kind(piece, "visit_part") {
            child_parts
                .entry(piece.local.stored_ms)
                .or_insert_with(|| name_of(piece));
        }
    }
    let mut order: Vec<String> = Vec::new();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for piece in pieces {
        let name = match births.get(&piece.open.document) {
            Some(birth) => birth.clone(),
            // The household's part of a visit is told with a child's part of it, as on the sync page.
            None if is_kind(&piece, "visit") => child_parts
                .get(&piece.local.stored_ms)
                .cloned()
                .unwrap_or_else(|| name_of(&piece)),
            None => name_of(&piece),
        };
        if !groups.contains_key(&name) {
            order.push(name.clone());
        }
        groups
            .entry(name)
            .or_insert_with(|| Group { pieces: Vec::new() })
            .pieces
            .push(piece);
    }
    Ok(order
        .into_iter()
        .filter_map(|name| groups.remove(&name))
        .collect())
}

fn name_of(piece: &Piece) -> String {
    match &piece.local.label {
        Some(label) => label.id.clone(),
        None => piece.open.hash.to_string(),
    }
}

fn is_kind(piece: &Piece, kind: &str) -> bool {
    piece
        .local
        .label
        .as_ref()
        .is_some_and(|label| label.kind == kind)
}

fn row(tablet: &Tablet, group: &Group) -> Result<ReturnedRow, ClientError> {
    let first = group.first();
    let code = settle::code_of(&first.open);
    let tries = first
        .open
        .refusal
        .as_ref()
        .map_or(1, |refusal| refusal.tries);
    let label = first.local.label.clone();
    Ok(ReturnedRow {
        id: group.id(),
        kind: label
            .as_ref()
            .map_or_else(String::new, |label| label.kind.clone()),
        text: label.map_or_else(String::new, |label| label.text),
        at: system::moment(first.local.stored_ms),
        reason: first
            .open
            .code
            .clone()
            .unwrap_or_else(|| RefusalCode::HeldMissing.as_str().to_owned()),
        waits: first.open.state == ChangeState::Held
            || matches!(retry::remedy(code), Remedy::SameAgain(_)) && tries < retry::MOST_TRIES,
        can_offer: retry::remedy(code) != Remedy::Person,
        child: group
            .child()
            .filter(|_| !group.is_put_away())
            .map(|child| child.to_string()),
        parts: group
            .pieces
            .iter()
            .map(|piece| part(tablet, piece))
            .collect(),
        redo: redo(tablet, group),
    })
}

fn part(tablet: &Tablet, piece: &Piece) -> ReturnedPart {
    let kind = piece.local.document.kind;
    ReturnedPart {
        text: piece
            .local
            .label
            .as_ref()
            .map_or_else(String::new, |label| label.text.clone()),
        at: system::moment(piece.local.change.wall_ms),
        sealed: kind == DocKind::Restricted,
        lines: words::lines(tablet, kind, &piece.edits, &piece.local.before),
    }
}

/// The form a single returned record can be written in again. A file that is nowhere else cannot take it. What stands
/// behind a mask is not given along: the screen looks at it like at any other number ([`value`]).
fn redo(tablet: &Tablet, group: &Group) -> Option<ReturnedRedo> {
    let [piece] = group.pieces.as_slice() else {
        return None;
    };
    if piece.open.begins || piece.local.document.kind != DocKind::Child {
        return None;
    }
    let child = piece.open.document.to_string();
    match piece.edits.as_slice() {
        [Edit::Add { collection, entry }] if *collection == "contacts" => Some(ReturnedRedo {
            contact: Some(contact(&child, entry)),
            field: None,
        }),
        _ => {
            let (key, text) = field_of(piece)?;
            let packs = tablet.packs();
            let is_open = packs
                .field("child", &key)
                .is_none_or(|field| tablet.sees(field).is_open());
            Some(ReturnedRedo {
                contact: None,
                field: Some(EditFieldInput {
                    child,
                    holder: "child".to_owned(),
                    key,
                    value: Some(text).filter(|text| is_open && !text.is_empty()),
                }),
            })
        }
    }
}

/// The field a returned change was about, and what was written.
fn field_of(piece: &Piece) -> Option<(String, String)> {
    if !is_kind(piece, "field") {
        return None;
    }
    piece.edits.iter().find_map(|edit| match edit {
        Edit::Put { key, value } if !key.contains('.') => Some((key.clone(), value.to_display())),
        _ => None,
    })
}

/// Whose word stands for the holder of a value in the tray, where the key is the record's id, `/`, and the field's.
pub(crate) const HOLDER: &str = "returned";

/// A returned record as it is printed: the document it is about – a child's, where it says something of a child – and of how
/// many changes it tells.
///
/// # Errors
/// `not_found` when it is not in the tray any more.
pub(crate) fn on_paper(tablet: &Tablet, id: &str) -> Result<(DocumentId, usize), ClientError> {
    let input = IdInput { id: id.to_owned() };
    let group = tablet.store.read(|connection| find(connection, &input))?;
    Ok((group.about(), group.pieces.len()))
}

/// What was written into a field and did not arrive: its document, its key, the text.
pub(crate) fn value(
    tablet: &Tablet,
    id: &str,
) -> Result<Option<(DocumentId, String, String)>, ClientError> {
    let Some((id, wanted)) = id.rsplit_once('/') else {
        return Ok(None);
    };
    let groups = tablet.store.read(groups)?;
    let Some(group) = groups.iter().find(|group| group.id() == id) else {
        return Ok(None);
    };
    let [piece] = group.pieces.as_slice() else {
        return Ok(None);
    };
    Ok(field_of(piece)
        .filter(|(key, _)| key == wanted && piece.local.document.kind == DocKind::Child)
        .map(|(key, text)| (piece.open.document, key, text)))
}

fn contact(child: &str, entry: &Entry) -> ContactInput {
    ContactInput {
        child: child.to_owned(),
        event_date: entry.text_or_empty("event_date"),
        mode: entry.text_or_empty("mode"),
        party: entry.codes("party"),
        reached: entry.is("reached"),
        child_state: entry.text("child_state").map(str::to_owned),
        topics: entry.codes("topics"),
        parent_contact_ok: entry.text("parent_contact_ok").map(str::to_owned),
        more: Some(more_view(&ContactMore::from_entry(entry))),
        note: entry.text_or_empty("note"),
        sheet: None,
        record: None,
    }
}
