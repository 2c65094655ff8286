//! Fields two people changed while both were offline: every value with who and when, one tap settles it.

use crate::children;
use crate::error::ClientError;
use crate::looks::{self, Look};
use crate::records::{self, Write};
use crate::roster::{self, People};
use crate::system;
use crate::tablet::Tablet;
use crate::view::{ConflictListView, ConflictValueView, ConflictView, SettleInput};
use domain::record::{Edit, FieldConflict, FieldValue};
use ids::{DocKind, DocumentId, UnitId};
use protocol::access::Reveal;
use std::sync::Arc;

struct Contested {
    document: DocumentId,
    kind: DocKind,
    unit: UnitId,
    child: Option<DocumentId>,
    name: String,
    conflicts: Arc<Vec<FieldConflict>>,
}

/// All open conflicts.
///
/// # Errors
/// The store cannot be read.
pub fn list(tablet: &Tablet) -> Result<ConflictListView, ClientError> {
    let people = People::read(tablet)?;
    let mut open = Vec::new();
    for contested in contested(tablet)? {
        let authors = roster::authors(tablet, contested.document)?;
        for conflict in contested.conflicts.iter() {
            let texts = words(tablet, contested.kind, &conflict.key, &conflict.values);
            let masked = masked(tablet, contested.kind, &conflict.key);
            let id = format!("{}/{}", contested.document, conflict.key);
            if masked.is_some() {
                looks::note(tablet, Look::Conflict, &id)?;
            }
            open.push(ConflictView {
                conflict: id,
                child: contested.child.map(|child| child.to_string()),
                name: contested.name.clone(),
                field: label(tablet, contested.kind, &conflict.key),
                values: conflict
                    .values
                    .iter()
                    .zip(texts)
                    .enumerate()
                    .map(|(index, (value, text))| {
                        let author = value.made_by.and_then(|hash| authors.get(&hash));
                        ConflictValueView {
                            value: value_id(index, value),
                            reveal: masked
                                .filter(|_| text.contains('*'))
                                .map(|reveal| children::reveal_word(reveal).to_owned()),
                            text,
                            by: author.map_or_else(
                                || roster::UNKNOWN_PERSON.to_owned(),
                                |author| people.name(author.staff),
                            ),
                            unit: author
                                .map_or_else(String::new, |author| people.unit_of(author.staff)),
                            at: system::moment(author.map_or(0, |author| author.at_ms)),
                            mine: author
                                .is_some_and(|author| author.device == tablet.identity.device),
                        }
                    })
                    .collect(),
            });
        }
    }
    looks::note_list(tablet, "conflicts", open.len())?;
    Ok(ConflictListView { open })
}

/// Writes the chosen value again, which supersedes every value it saw; the choice itself syncs as history.
///
/// # Errors
/// `conflict_gone` when it was settled elsewhere meanwhile, `disk_full`.
pub fn settle(tablet: &Tablet, input: &SettleInput) -> Result<ConflictListView, ClientError> {
    let gone = || ClientError::new("conflict_gone");
    let (document, key) = input.conflict.split_once('/').ok_or_else(gone)?;
    let contested = contested(tablet)?
        .into_iter()
        .find(|one| one.document.to_string() == document)
        .ok_or_else(gone)?;
    let conflict = contested
        .conflicts
        .iter()
        .find(|one| one.key == key)
        .ok_or_else(gone)?;
    let (_, chosen) = conflict
        .values
        .iter()
        .enumerate()
        .find(|(index, value)| value_id(*index, value) == input.value)
        .ok_or_else(gone)?;
    let edit = Edit::Put {
        key: key.to_owned(),
        value: chosen.value.clone(),
    };
    let text = format!("{} {}", contested.name, label(tablet, contested.kind, key));
    records::save(
        tablet,
        "conflict_settled",
        &[Write::new(
            contested.document,
            contested.kind,
            contested.unit,
            vec![edit],
        )
        .labelled("field", text, tablet.new_id().to_string())],
    )?;
    list(tablet)
}

/// Number of open conflicts.
///
/// # Errors
/// The store cannot be read.
pub fn count(tablet: &Tablet) -> Result<u32, ClientError> {
    tablet.store.read(|connection| {
        let all = store::projections::conflicts::count(connection)?;
        // What this village only knows of is put right where it lives.
        let nouns = tablet.nouns(connection)?;
        let guests = nouns.guests.iter().map(|noun| noun.conflicts.len());
        let theirs = guests.sum::<usize>() + nouns.contested_over;
        Ok(all.saturating_sub(u32::try_from(theirs).unwrap_or(u32::MAX)))
    })
}

fn contested(tablet: &Tablet) -> Result<Vec<Contested>, ClientError> {
    let nouns = tablet.store.read(|connection| tablet.nouns(connection))?;
    let mut found: Vec<Contested> = nouns
        .children
        .iter()
        .filter(|noun| !noun.conflicts.is_empty())
        .map(|noun| Contested {
            document: noun.id,
            kind: DocKind::Child,
            unit: noun.unit,
            child: Some(noun.id),
            name: noun.noun.name().to_owned(),
            conflicts: noun.conflicts.clone(),
        })
        .collect();
    for noun in nouns
        .households
        .iter()
        .filter(|noun| !noun.conflicts.is_empty())
    {
        let id = noun.id.to_string();
        let children: Vec<_> = nouns
            .children
            .iter()
            .filter(|child| child.noun.household() == Some(id.as_str()))
            .collect();
        let names: Vec<&str> = children.iter().map(|child| child.noun.name()).collect();
        found.push(Contested {
            document: noun.id,
            kind: DocKind::Household,
            unit: noun.unit,
            child: children.first().map(|child| child.id),
            name: format!("{}家", names.join("、")),
            conflicts: noun.conflicts.clone(),
        });
    }
    Ok(found)
}

/// The value's place and maker: stable while the conflict is the same one.
fn value_id(index: usize, value: &FieldValue) -> String {
    match value.made_by {
        Some(hash) => ids::ChangeHash(hash).to_string(),
        None => index.to_string(),
    }
}

/// Whose word stands for the holder of a value in a conflict, where the key is the conflict's id, `/`, and the value's.
pub(crate) const HOLDER: &str = "conflict";

/// A value somebody must choose about, whole.
pub(crate) struct ContestedValue {
    pub document: DocumentId,
    pub holder: &'static str,
    pub key: String,
    pub text: String,
}

/// One value of an open conflict, by that key.
pub(crate) fn value(tablet: &Tablet, id: &str) -> Result<Option<ContestedValue>, ClientError> {
    let parts = id
        .rsplit_once('/')
        .and_then(|(conflict, value)| Some((conflict.split_once('/')?, value)));
    let Some(((document, key), wanted)) = parts else {
        return Ok(None);
    };
    let contested = contested(tablet)?;
    Ok(contested
        .iter()
        .find(|one| one.document.to_string() == document)
        .and_then(|one| {
            let conflict = one.conflicts.iter().find(|conflict| conflict.key == key)?;
            let (_, value) = conflict
                .values
                .iter()
                .enumerate()
                .find(|(index, value)| value_id(*index, value) == wanted)?;
            Some(ContestedValue {
                document: one.document,
                holder: holder(one.kind),
                key: key.to_owned(),
                text: value.value.to_display(),
            })
        }))
}

/// What it takes to look behind the mask of a contested field; none where it has no mask, or nothing is behind it.
fn masked(tablet: &Tablet, kind: DocKind, key: &str) -> Option<Reveal> {
    let packs = tablet.packs();
    let view = tablet.sees(packs.field(holder(kind), key)?);
    view.reveal.filter(|_| !view.is_open())
}

fn holder(kind: DocKind) -> &'static str {
    match kind {
        DocKind::Household => "household",
        _ => "child",
    }
}

fn label(tablet: &Tablet, kind: DocKind, key: &str) -> String {
    tablet
        .packs()
        .field(holder(kind), key)
        .map_or_else(|| key.to_owned(), |field| field.label.clone())
}

/// The values of a contested field as they are drawn, in their order.
fn words(tablet: &Tablet, kind: DocKind, key: &str, values: &[FieldValue]) -> Vec<String> {
    let packs = tablet.packs();
    let field = packs.field(holder(kind), key);
    let texts: Vec<String> = values
        .iter()
        .map(|value| {
            let text = value.value.to_display();
            match field.and_then(|field| field.list.as_ref()) {
                Some(list) => packs
                    .rules_on(tablet.today())
                    .map_or(text.clone(), |pack| pack.label(list, &text).to_owned()),
                None => text,
            }
        })
        .collect();
    let drawn = match field.map(|field| tablet.sees(field)) {
        Some(view) if !view.is_open() => view.texts_apart(&texts),
        _ => texts,
    };
    let or_empty = |text: String| {
        if text.is_empty() {
            "（空）".to_owned()
        } else {
            text
        }
    };
    drawn.into_iter().map(or_empty).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::scalar::Scalar;

    #[test]
    fn a_value_is_named_by_its_change_so_that_a_late_tap_never_means_another_one() {
        let made = |hash: Option<[u8; 32]>| FieldValue {
            value: Scalar::from("甲"),
            made_by: hash,
        };
        assert_eq!(
            value_id(0, &made(Some([7; 32]))),
            value_id(1, &made(Some([7; 32])))
        );
        assert_ne!(
            value_id(0, &made(Some([7; 32]))),
            value_id(0, &made(Some([8; 32])))
        );
        assert_eq!(value_id(1, &made(None)), "1");
    }
}
