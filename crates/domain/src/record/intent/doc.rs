//! Reading edits out of an Automerge change, without applying it: it may be one that cannot be applied.

use crate::record::doc::{DocError, grown, scalar_in};
use crate::record::{Edit, Entry, FIELDS, IMPORTED, containers};
use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::{ActorId, Automerge, Change, ObjId, ObjType, ROOT, ReadDoc, Value};
use ids::DocKind;
use std::collections::HashMap;

/// An object an operation writes into.
#[derive(Clone, Copy)]
enum Place {
    Container(&'static str),
    Entry(usize),
    Answers(usize),
}

/// The edits a change of this kind of document was made from, in its order. What our shapes do not know is left out.
///
/// # Errors
/// The bytes are not a change.
pub fn edits_in(kind: DocKind, document: &Automerge, change: &[u8]) -> Result<Vec<Edit>, DocError> {
    let change = Change::from_bytes(change.to_vec()).map_err(|_| DocError::NotAChange)?;
    let change = change.decode();
    let mut places: HashMap<OpId, Place> = HashMap::new();
    for name in containers(kind) {
        if let Some((Value::Object(ObjType::Map), ObjId::Id(counter, actor, _))) =
            document.get(ROOT, *name)?
        {
            places.insert(OpId(counter, actor), Place::Container(name));
        }
    }
    // A document may come to a later collection only with the change itself.
    let nobody = ActorId::from([0u8; ids::ACTOR_LENGTH]);
    for (counter, name) in grown(kind) {
        places.insert(OpId(counter, nobody.clone()), Place::Container(name));
    }
    let actor: ActorId = change.actor_id.clone();
    let mut edits: Vec<Edit> = Vec::new();
    for (counter, op) in (change.start_op.get()..).zip(&change.operations) {
        let (ObjectId::Id(object), Key::Map(key)) = (&op.obj, &op.key) else {
            continue;
        };
        let Some(place) = places.get(object).copied() else {
            continue;
        };
        let key = key.to_string();
        match (place, &op.action) {
            (Place::Container(FIELDS), OpType::Put(value)) => edits.push(Edit::Put {
                key,
                value: scalar_in(value),
            }),
            (Place::Container(IMPORTED), OpType::Put(value)) => edits.push(Edit::PutImported {
                key,
                value: scalar_in(value),
            }),
            (Place::Container(collection), OpType::Make(ObjType::Map)) => {
                places.insert(OpId(counter, actor.clone()), Place::Entry(edits.len()));
                edits.push(Edit::Add {
                    collection,
                    entry: Entry::new(key),
                });
            }
            (Place::Entry(edit), OpType::Make(ObjType::Map)) if key == "answers" => {
                places.insert(OpId(counter, actor.clone()), Place::Answers(edit));
            }
            (Place::Entry(edit), OpType::Put(value)) => {
                if let Some(Edit::Add { entry, .. }) = edits.get_mut(edit) {
                    entry.values.insert(key, scalar_in(value));
                }
            }
            (Place::Answers(edit), OpType::Put(value)) => {
                if let Some(Edit::Add { entry, .. }) = edits.get_mut(edit) {
                    entry.answers.insert(key, scalar_in(value));
                }
            }
            _ => {}
        }
    }
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ROWS;
    use crate::record::doc::{apply, apply_anew, merge, read, start};
    use crate::scalar::Scalar;

    fn edits() -> Vec<Edit> {
        let mut visit = Entry::new("0190")
            .with("event_date", "2026-11-20")
            .with("seen", true)
            .with("recorded_ms", 7)
            .with_codes("met", &["child".into()]);
        visit.answers.insert("f_mood".into(), Scalar::Null);
        visit.answers.insert("g_safe".into(), "ok".into());
        vec![
            Edit::put("name", "石小雨"),
            Edit::put("is_new", true),
            Edit::PutImported {
                key: "name".into(),
                value: Scalar::Null,
            },
            Edit::Add {
                collection: "visits",
                entry: visit,
            },
            Edit::Add {
                collection: "amendments",
                entry: Entry::new("0191").with("record", "0190"),
            },
            Edit::Add {
                collection: ROWS,
                entry: Entry::new("0192").with("block", "wishes"),
            },
        ]
    }

    #[test]
    fn every_edit_is_read_back_from_the_change_it_became() {
        let mut document = start(DocKind::Child).expect("starts");
        let made = apply(&mut document, [1; 16], 0, &edits())
            .expect("applies")
            .expect("something changed");
        let blank = start(DocKind::Child).expect("starts");
        assert_eq!(
            edits_in(DocKind::Child, &blank, &made.bytes).expect("reads"),
            edits()
        );
        assert!(edits_in(DocKind::Child, &blank, b"no change").is_err());
    }

    #[test]
    fn what_a_field_was_before_is_kept_and_a_settled_conflict_keeps_every_value() {
        let mut first = start(DocKind::Child).expect("starts");
        let mut second = start(DocKind::Child).expect("starts");
        let put = |document: &mut Automerge, actor: u8, value: &str| {
            apply(document, [actor; 16], 0, &[Edit::put("nickname", value)])
                .expect("applies")
                .expect("something changed")
        };
        let one = put(&mut first, 1, "甲");
        assert!(one.before.is_empty());
        let two = put(&mut second, 2, "乙");
        merge(&mut first, &[&two.bytes]).expect("merges");
        let three = put(&mut first, 1, "丙");
        let mut had = three.before["nickname"].clone();
        had.sort();
        assert_eq!(had, [Scalar::from("乙"), Scalar::from("甲")]);
        assert_eq!(
            edits_in(DocKind::Child, &second, &three.bytes).expect("reads"),
            [Edit::put("nickname", "丙")],
            "the removal of the contested values is no edit of its own"
        );
    }

    #[test]
    fn a_change_made_anew_stands_for_itself_when_the_refused_one_is_taken_after_all() {
        let mut server = start(DocKind::Child).expect("starts");
        let first = apply(&mut server, [1; 16], 0, &[Edit::put("nickname", "甲")])
            .expect("applies")
            .expect("changed");
        let mut tablet = server.clone();
        // Refused: 乙. Then back to 甲, which the server never saw go.
        let refused = apply(&mut tablet, [2; 16], 0, &[Edit::put("nickname", "乙")])
            .expect("applies")
            .expect("changed");
        let anew = apply_anew(&mut server, [3; 16], 0, &[Edit::put("nickname", "甲")])
            .expect("applies")
            .expect("written although it is there");
        merge(&mut server, &[&refused.bytes]).expect("merges");
        assert_eq!(read(&server).conflicts.len(), 1, "both are asked about");
        assert_ne!(anew.hash, first.hash);
    }
}
