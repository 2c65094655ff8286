//! Records in Automerge documents: birth, reading, writing. The only place in `domain` that names Automerge.
//!
//! Reading forgives: unknown fields and collections are kept, wrong shapes are skipped, and a field two people
//! changed yields every value. Writing touches only what changed. Every document starts from the same genesis
//! change, so two tablets offline fill the same containers.

use super::renewal::{ORIGIN, Origin, reference};
use super::{
    ATTACHMENTS, ATTACHMENTS_SCHEMA, Before, Edit, Entry, FIELDS, FieldConflict, FieldValue,
    IMPORTED, ROWS, ROWS_SCHEMA, Record, SCHEMA, containers, newest_schema,
};
use crate::scalar::Scalar;
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, Automerge, Change, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, ScalarValueRef,
    ValueRef,
};
use ids::DocKind;
use std::collections::{BTreeMap, BTreeSet};

/// What of the generation before is in a document built anew.
const INCLUDED: &str = "included";

/// The constant first change of every document of a kind and schema (decisions.md 1): fixed actor, time 0.
pub struct Genesis {
    /// Kind.
    pub kind: DocKind,
    /// Schema.
    pub schema: u32,
    /// Hash of the change.
    pub hash: [u8; 32],
    /// The change chunk, uncompressed.
    pub bytes: Vec<u8>,
    /// Highest operation counter in it.
    pub max_op: u64,
}

/// Why a change could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum DocError {
    /// Automerge refused the bytes or the operation.
    #[error("the document could not be read or written")]
    Automerge(#[from] automerge::AutomergeError),
    /// The bytes are not one well-formed change.
    #[error("the bytes are not a change")]
    NotAChange,
    /// The document lacks a container of its kind: it did not start from our genesis change.
    #[error("the document lacks the container {0}")]
    MissingContainer(String),
}

/// Builds the genesis change of a kind. Pure: the bytes are the same on every machine, and a test pins them.
///
/// # Panics
/// Never in practice: the operations on an empty document cannot fail.
pub fn genesis(kind: DocKind) -> Genesis {
    let mut document = Automerge::new().with_actor(ActorId::from([0u8; ids::ACTOR_LENGTH]));
    let mut tx = document.transaction();
    let write = |tx: &mut automerge::transaction::Transaction<'_>| -> Result<(), automerge::AutomergeError> {
        tx.put(ROOT, "kind", kind.as_str())?;
        tx.put(ROOT, "schema", i64::from(SCHEMA))?;
        for name in containers(kind) {
            tx.put_object(ROOT, *name, ObjType::Map)?;
        }
        Ok(())
    };
    write(&mut tx).expect("writing scalars and maps into an empty document cannot fail");
    tx.commit_with(CommitOptions::default().with_time(0));
    let change = document
        .get_last_local_change()
        .expect("the transaction above wrote operations");
    Genesis {
        kind,
        schema: SCHEMA,
        hash: change.hash().0,
        bytes: change.raw_bytes().to_vec(),
        max_op: change.max_op(),
    }
}

/// The collections that came after a kind's birth, with the shape each belongs to. Never reorder, only append.
const GROWTH: [(u32, &str); 2] = [(ATTACHMENTS_SCHEMA, ATTACHMENTS), (ROWS_SCHEMA, ROWS)];

/// Builds the fixed changes that bring a kind to its next shapes, oldest first; none for kinds that have only one. Each
/// depends on nothing but the one before, so that two devices that make them apart make the same bytes (decisions.md 1).
///
/// # Panics
/// Never in practice, as [`genesis`].
pub fn migrations(kind: DocKind) -> Vec<Genesis> {
    let mut document = start(kind).expect("our own genesis loads");
    let mut made = Vec::new();
    for (schema, collection) in GROWTH {
        if newest_schema(kind) < schema {
            break;
        }
        document.set_actor(ActorId::from([0u8; ids::ACTOR_LENGTH]));
        let mut tx = document.transaction();
        tx.put(ROOT, "schema", i64::from(schema))
            .and_then(|()| tx.put_object(ROOT, collection, ObjType::Map))
            .expect("writing a scalar and a map into a document just begun cannot fail");
        tx.commit_with(CommitOptions::default().with_time(0));
        let change = document
            .get_last_local_change()
            .expect("the transaction above wrote operations");
        made.push(Genesis {
            kind,
            schema,
            hash: change.hash().0,
            bytes: change.raw_bytes().to_vec(),
            max_op: change.max_op(),
        });
    }
    made
}

/// Where the collections that came later lie in every document of a kind: a migration's last operation makes its map.
pub(crate) fn grown(kind: DocKind) -> impl Iterator<Item = (u64, &'static str)> {
    std::iter::zip(migrations(kind), GROWTH)
        .map(|(migration, (_, collection))| (migration.max_op, collection))
}

/// Brings a document to a shape.
fn grow(document: &mut Automerge, to: u32) -> Result<(), DocError> {
    let from = schema(document);
    if from >= to {
        return Ok(());
    }
    for migration in kind_of(document).map(migrations).unwrap_or_default() {
        if from < migration.schema && migration.schema <= to {
            document.load_incremental(&migration.bytes)?;
        }
    }
    Ok(())
}

/// Inserts the migration changes when a change that is here waits for one; they are never sent.
///
/// # Errors
/// Never in practice; the bytes are ours.
pub fn complete(document: &mut Automerge) -> Result<(), DocError> {
    let missing = document.get_missing_deps(&[]);
    if missing.is_empty() {
        return Ok(());
    }
    let waited_for = kind_of(document)
        .map(migrations)
        .unwrap_or_default()
        .into_iter()
        .filter(|migration| missing.iter().any(|hash| hash.0 == migration.hash))
        .map(|migration| migration.schema)
        .max();
    waited_for.map_or(Ok(()), |schema| grow(document, schema))
}

/// The shape a document has come to.
pub fn schema(document: &Automerge) -> u32 {
    match document.get(ROOT, "schema") {
        Ok(Some((automerge::Value::Scalar(value), _))) => match value.as_ref() {
            ScalarValue::Int(number) => u32::try_from(*number).unwrap_or(0),
            _ => 0,
        },
        _ => 0,
    }
}

fn kind_of(document: &Automerge) -> Option<DocKind> {
    match document.get(ROOT, "kind") {
        Ok(Some((automerge::Value::Scalar(value), _))) => match value.as_ref() {
            ScalarValue::Str(text) => DocKind::parse(text),
            _ => None,
        },
        _ => None,
    }
}

/// A document as it is on the day it is made: only its genesis change.
///
/// # Errors
/// Never in practice; the bytes are ours.
pub fn start(kind: DocKind) -> Result<Automerge, DocError> {
    let mut document = Automerge::new();
    document.load_incremental(&genesis(kind).bytes)?;
    Ok(document)
}

/// A change made by [`apply`].
pub struct MadeChange {
    /// Its hash.
    pub hash: [u8; 32],
    /// The change chunk, uncompressed.
    pub bytes: Vec<u8>,
    /// Sequence number of the actor.
    pub seq: u64,
    /// First operation counter.
    pub start_op: u64,
    /// Number of operations.
    pub ops: u64,
    /// Hashes it depends on.
    pub deps: Vec<[u8; 32]>,
    /// Values the written fields had before; what the change itself cannot tell. Fields that had none are not in here.
    pub before: Before,
}

/// Applies edits as one change by one actor. Returns none when nothing differs from what is there.
///
/// # Errors
/// The document lacks a container an edit names.
pub fn apply(
    document: &mut Automerge,
    actor: ids::ActorId,
    wall_ms: i64,
    edits: &[Edit],
) -> Result<Option<MadeChange>, DocError> {
    commit(document, actor, wall_ms, edits, Writing::WhatDiffers, None)
}

/// Applies edits as one change that writes every field, also one that says the same already: made again in the place of
/// a change that was refused, it must stand for itself when that one is taken after all.
///
/// # Errors
/// The document lacks a container an edit names.
pub fn apply_anew(
    document: &mut Automerge,
    actor: ids::ActorId,
    wall_ms: i64,
    edits: &[Edit],
) -> Result<Option<MadeChange>, DocError> {
    commit(document, actor, wall_ms, edits, Writing::Everything, None)
}

/// One of the first changes of a document built anew ([`super::renewal`]). The last of them says by the first bytes of
/// their hashes which changes of the generation before are in it, so that each device knows which of its own are not.
///
/// # Errors
/// The document lacks a container an edit names.
pub fn found(
    document: &mut Automerge,
    actor: ids::ActorId,
    wall_ms: i64,
    edits: &[Edit],
    included: Option<&[[u8; 8]]>,
) -> Result<Option<MadeChange>, DocError> {
    commit(
        document,
        actor,
        wall_ms,
        edits,
        Writing::WhatDiffers,
        included,
    )
}

/// Which changes of the generation before are in a document built anew, by the first bytes of their hashes.
pub fn included(document: &Automerge) -> BTreeSet<[u8; 8]> {
    match document.get(ROOT, INCLUDED) {
        Ok(Some((automerge::Value::Scalar(value), _))) => match value.as_ref() {
            ScalarValue::Bytes(bytes) => bytes.as_chunks::<8>().0.iter().copied().collect(),
            _ => BTreeSet::new(),
        },
        _ => BTreeSet::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    WhatDiffers,
    Everything,
}

fn commit(
    document: &mut Automerge,
    actor: ids::ActorId,
    wall_ms: i64,
    edits: &[Edit],
    writing: Writing,
    included: Option<&[[u8; 8]]>,
) -> Result<Option<MadeChange>, DocError> {
    let shape = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::Add { collection, .. } => GROWTH.iter().find(|(_, name)| name == collection),
            _ => None,
        })
        .map(|(schema, _)| *schema)
        .max();
    if let Some(shape) = shape {
        grow(document, shape)?;
    }
    document.set_actor(ActorId::from(actor));
    let mut tx = document.transaction();
    let mut before = Before::new();
    for edit in edits {
        match edit {
            Edit::Put { key, value } => {
                let map = container(&tx, FIELDS)?;
                let had = choose_scalar(&mut tx, &map, key, value, writing)?;
                if !had.is_empty() {
                    before.entry(key.clone()).or_insert(had);
                }
            }
            Edit::PutImported { key, value } => {
                let map = container(&tx, IMPORTED)?;
                choose_scalar(&mut tx, &map, key, value, writing)?;
            }
            Edit::Add { collection, entry } => {
                let map = container(&tx, collection)?;
                let object = tx.put_object(&map, entry.id.as_str(), ObjType::Map)?;
                for (key, value) in &entry.values {
                    put_scalar(&mut tx, &object, key, value)?;
                }
                if !entry.answers.is_empty() {
                    let answers = tx.put_object(&object, "answers", ObjType::Map)?;
                    for (key, value) in &entry.answers {
                        put_scalar(&mut tx, &answers, key, value)?;
                    }
                }
            }
        }
    }
    if let Some(included) = included {
        tx.put(ROOT, INCLUDED, ScalarValue::Bytes(included.concat()))?;
    }
    if tx.pending_ops() == 0 {
        tx.rollback();
        return Ok(None);
    }
    tx.commit_with(CommitOptions::default().with_time(wall_ms / 1000));
    Ok(document
        .get_last_local_change()
        .map(|change| made(&change, before)))
}

fn made(change: &Change, before: Before) -> MadeChange {
    MadeChange {
        before,
        hash: change.hash().0,
        bytes: change.raw_bytes().to_vec(),
        seq: change.seq(),
        start_op: change.start_op().get(),
        ops: change.len() as u64,
        deps: change.deps().iter().map(|dep| dep.0).collect(),
    }
}

/// Merges change chunks made elsewhere. Chunks whose dependencies are missing wait inside the document.
///
/// # Errors
/// The bytes are not changes, or an actor's sequence number was used twice. The document is left as it was.
pub fn merge(document: &mut Automerge, changes: &[&[u8]]) -> Result<(), DocError> {
    let mut parsed = Vec::with_capacity(changes.len());
    for bytes in changes {
        parsed.push(Change::from_bytes(bytes.to_vec()).map_err(|_| DocError::NotAChange)?);
    }
    document.apply_changes(parsed)?;
    complete(document)
}

/// Reads a document into plain values.
pub fn read(document: &Automerge) -> Record {
    let mut record = Record {
        schema: schema(document),
        ..Record::default()
    };
    for item in document.map_range(ROOT, ..) {
        if !matches!(item.value, ValueRef::Object(ObjType::Map)) {
            continue;
        }
        let object = item.id();
        match item.key.as_ref() {
            FIELDS => read_fields(document, &object, &mut record),
            IMPORTED => record.imported = read_scalars(document, &object),
            name => {
                let mut entries = read_entries(document, &object);
                entries.sort_by(|a, b| a.order.cmp(&b.order).then_with(|| a.id.cmp(&b.id)));
                record.collections.insert(name.to_owned(), entries);
            }
        }
    }
    record
}

fn container<R: ReadDoc>(document: &R, name: &str) -> Result<ObjId, DocError> {
    match document.get(ROOT, name)? {
        Some((automerge::Value::Object(ObjType::Map), id)) => Ok(id),
        _ => Err(DocError::MissingContainer(name.to_owned())),
    }
}

/// Writes a field so that the value counts as written now, also where it is one of several contested ones. Returns the
/// values it had.
fn choose_scalar<T: Transactable>(
    tx: &mut T,
    object: &ObjId,
    key: &str,
    value: &Scalar,
    writing: Writing,
) -> Result<Vec<Scalar>, DocError> {
    let had: Vec<Scalar> = tx
        .get_all(object, key)?
        .iter()
        .filter_map(|(value, _)| match value {
            automerge::Value::Scalar(value) => Some(scalar_in(value)),
            automerge::Value::Object(_) => None,
        })
        .collect();
    let same = writing == Writing::Everything && had.contains(value);
    if had.len() > 1 || same {
        // Putting Automerge's own winner would only remove the others: a choice of somebody else at the same time would
        // then replace this one without a trace.
        tx.delete(object, key)?;
    }
    put_scalar(tx, object, key, value)?;
    Ok(had)
}

fn put_scalar<T: Transactable>(
    tx: &mut T,
    object: &ObjId,
    key: &str,
    value: &Scalar,
) -> Result<(), DocError> {
    let value = match value {
        Scalar::Null => ScalarValue::Null,
        Scalar::Bool(value) => ScalarValue::Boolean(*value),
        Scalar::Int(value) => ScalarValue::Int(*value),
        Scalar::Text(text) => ScalarValue::Str(text.as_str().into()),
    };
    tx.put(object, key, value)?;
    Ok(())
}

pub(super) fn scalar_in(value: &ScalarValue) -> Scalar {
    match value {
        ScalarValue::Str(text) => Scalar::Text(text.to_string()),
        ScalarValue::Int(number) => Scalar::Int(*number),
        ScalarValue::Boolean(value) => Scalar::Bool(*value),
        _ => Scalar::Null,
    }
}

fn scalar_of(value: &ScalarValueRef<'_>) -> Scalar {
    match value {
        ScalarValueRef::Str(text) => Scalar::Text(text.to_string()),
        ScalarValueRef::Int(number)
        | ScalarValueRef::Timestamp(number)
        | ScalarValueRef::Counter(number) => Scalar::Int(*number),
        ScalarValueRef::Uint(number) => i64::try_from(*number).map_or(Scalar::Null, Scalar::Int),
        ScalarValueRef::Boolean(value) => Scalar::Bool(*value),
        _ => Scalar::Null,
    }
}

fn read_scalars(document: &Automerge, object: &ObjId) -> BTreeMap<String, Scalar> {
    document
        .map_range(object, ..)
        .filter_map(|item| match &item.value {
            ValueRef::Scalar(value) => Some((item.key.to_string(), scalar_of(value))),
            ValueRef::Object(_) => None,
        })
        .collect()
}

fn read_fields(document: &Automerge, object: &ObjId, record: &mut Record) {
    for item in document.map_range(object, ..) {
        let ValueRef::Scalar(value) = &item.value else {
            continue;
        };
        let key = item.key.to_string();
        if item.conflict
            && let Some(conflict) = read_conflict(document, object, &key)
        {
            record.conflicts.push(conflict);
        }
        record.fields.insert(key, scalar_of(value));
    }
}

/// Equal values written by two people are no conflict (decisions.md 20).
fn read_conflict(document: &Automerge, object: &ObjId, key: &str) -> Option<FieldConflict> {
    let mut values: Vec<FieldValue> = Vec::new();
    for (value, id) in document.get_all(object, key).ok()? {
        let automerge::Value::Scalar(value) = value else {
            continue;
        };
        let value = scalar_in(value.as_ref());
        if !values.iter().any(|known| known.value == value) {
            values.push(FieldValue {
                value,
                made_by: document.hash_for_opid(&id).map(|hash| hash.0),
            });
        }
    }
    (values.len() > 1).then(|| FieldConflict {
        key: key.to_owned(),
        values,
    })
}

/// The change that wrote a field's value, which leads to who and when; none where it holds nothing, or several.
pub fn writer_of(document: &Automerge, field: &str) -> Option<[u8; 32]> {
    let fields = container(document, FIELDS).ok()?;
    match document.get_all(&fields, field).ok()?.as_slice() {
        [(_, id)] => document.hash_for_opid(id).map(|hash| hash.0),
        _ => None,
    }
}

fn read_entries(document: &Automerge, collection: &ObjId) -> Vec<Entry> {
    document
        .map_range(collection, ..)
        .filter_map(|item| {
            if !matches!(item.value, ValueRef::Object(ObjType::Map)) {
                return None;
            }
            let object = item.id();
            let order = match &object {
                ObjId::Id(counter, actor, _) => (*counter, actor.to_bytes().to_vec()),
                ObjId::Root => (0, Vec::new()),
            };
            let mut entry = Entry {
                id: item.key.to_string(),
                order,
                made_by: document.hash_for_opid(&object).map(|hash| hash.0),
                ..Entry::default()
            };
            for field in document.map_range(&object, ..) {
                match &field.value {
                    ValueRef::Scalar(value) => {
                        entry.values.insert(field.key.to_string(), scalar_of(value));
                    }
                    ValueRef::Object(ObjType::Map) if field.key == "answers" => {
                        entry.answers = read_scalars(document, &field.id());
                    }
                    ValueRef::Object(_) => {}
                }
            }
            if let Some(Scalar::Text(text)) = entry.values.remove(ORIGIN)
                && let Some(by) = entry.made_by
            {
                entry.made_by = Some(reference(&by, &entry.id, &text));
                entry.origin = Some(Origin { by, text });
            }
            Some(entry)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(document: &mut Automerge, actor: u8, edits: &[Edit]) -> MadeChange {
        apply(document, [actor; 16], 1_790_000_000_000, edits)
            .expect("edits apply")
            .expect("something changed")
    }

    #[test]
    fn genesis_is_the_same_every_time_and_holds_every_container() {
        for kind in DocKind::ALL {
            assert_eq!(genesis(kind).bytes, genesis(kind).bytes);
            let document = start(kind).expect("starts");
            for name in containers(kind) {
                container(&document, name).expect("container is there");
            }
        }
    }

    #[test]
    fn two_tablets_starting_one_document_fill_the_same_containers() {
        let mut first = start(DocKind::Child).expect("starts");
        let mut second = start(DocKind::Child).expect("starts");
        let one = edit(&mut first, 1, &[Edit::put("name", "石小雨")]);
        let two = edit(&mut second, 2, &[Edit::put("sex", "2")]);
        merge(&mut first, &[&two.bytes]).expect("merges");
        merge(&mut second, &[&one.bytes]).expect("merges");
        assert_eq!(read(&first), read(&second));
        assert_eq!(read(&first).text("name"), Some("石小雨"));
        assert_eq!(read(&first).text("sex"), Some("2"));
    }

    #[test]
    fn one_field_changed_by_two_people_keeps_both_values_until_a_person_chooses() {
        let mut first = start(DocKind::Child).expect("starts");
        let mut second = start(DocKind::Child).expect("starts");
        let one = edit(&mut first, 1, &[Edit::put("phone_child", "10012345678")]);
        let two = edit(&mut second, 2, &[Edit::put("phone_child", "10087654321")]);
        merge(&mut first, &[&two.bytes]).expect("merges");
        merge(&mut second, &[&one.bytes]).expect("merges");
        let record = read(&first);
        assert_eq!(record.conflicts.len(), 1);
        let values = &record.conflicts[0].values;
        assert_eq!(values.len(), 2);
        assert!(values.iter().any(|value| value.made_by == Some(one.hash)));
        assert!(values.iter().any(|value| value.made_by == Some(two.hash)));

        let shown = record.fields["phone_child"].clone();
        let settled = edit(
            &mut first,
            1,
            &[Edit::Put {
                key: "phone_child".into(),
                value: shown.clone(),
            }],
        );
        merge(&mut second, &[&settled.bytes]).expect("merges");
        assert!(read(&first).conflicts.is_empty());
        assert!(read(&second).conflicts.is_empty());
        assert_eq!(read(&second).fields["phone_child"], shown);
    }

    #[test]
    fn two_people_choosing_differently_at_the_same_time_are_asked_again() {
        for swapped in [false, true] {
            let mut first = start(DocKind::Child).expect("starts");
            let mut second = start(DocKind::Child).expect("starts");
            let one = edit(&mut first, 1, &[Edit::put("nickname", "甲")]);
            let two = edit(&mut second, 2, &[Edit::put("nickname", "乙")]);
            merge(&mut first, &[&two.bytes]).expect("merges");
            merge(&mut second, &[&one.bytes]).expect("merges");

            // Whichever of the two Automerge itself would show, one of them chooses it.
            let (mine, theirs) = if swapped {
                ("乙", "甲")
            } else {
                ("甲", "乙")
            };
            let one = edit(&mut first, 1, &[Edit::put("nickname", mine)]);
            let two = edit(&mut second, 2, &[Edit::put("nickname", theirs)]);
            assert!(read(&first).conflicts.is_empty() && read(&second).conflicts.is_empty());
            merge(&mut first, &[&two.bytes]).expect("merges");
            merge(&mut second, &[&one.bytes]).expect("merges");
            for document in [&first, &second] {
                assert_eq!(read(document).conflicts.len(), 1);
            }
        }
    }

    #[test]
    fn the_same_value_written_twice_is_no_conflict() {
        let mut first = start(DocKind::Child).expect("starts");
        let mut second = start(DocKind::Child).expect("starts");
        edit(&mut first, 1, &[Edit::put("sex", "1")]);
        let two = edit(&mut second, 2, &[Edit::put("sex", "1")]);
        merge(&mut first, &[&two.bytes]).expect("merges");
        assert!(read(&first).conflicts.is_empty());
    }

    #[test]
    fn an_entry_reads_back_with_its_answers_and_its_author() {
        let mut document = start(DocKind::Child).expect("starts");
        let mut entry = Entry::new("0190")
            .with("event_date", "2026-11-20")
            .with_codes("met", &["child".into()]);
        entry
            .answers
            .insert("f_mood".into(), Scalar::Text("calm".into()));
        let made = edit(
            &mut document,
            1,
            &[Edit::Add {
                collection: "visits",
                entry,
            }],
        );
        let record = read(&document);
        let read = &record.entries("visits")[0];
        assert_eq!(read.text("event_date"), Some("2026-11-20"));
        assert_eq!(read.codes("met"), ["child"]);
        assert_eq!(read.answers["f_mood"].as_text(), Some("calm"));
        assert_eq!(read.made_by, Some(made.hash));
    }

    fn attach(id: &str) -> Edit {
        Edit::Add {
            collection: ATTACHMENTS,
            entry: Entry::new(id).with("kind", "photo"),
        }
    }

    #[test]
    fn the_genesis_did_not_change_and_the_migration_is_the_same_everywhere() {
        assert_eq!(
            genesis(DocKind::Child).hash[..4],
            [0x72, 0x45, 0xd3, 0x87],
            "documents of before began on these bytes"
        );
        let hashes = |kind| {
            let made = migrations(kind).into_iter();
            made.map(|one| (one.schema, one.hash)).collect::<Vec<_>>()
        };
        assert_eq!(hashes(DocKind::Child), hashes(DocKind::Child));
        assert_eq!(
            hashes(DocKind::Child)[0].1[..4],
            [0x14, 0x15, 0xa4, 0x6d],
            "documents with photos grew by these bytes"
        );
        assert!(migrations(DocKind::Restricted).is_empty());
    }

    #[test]
    fn rows_come_to_a_document_of_any_shape() {
        let row = |id: &str| Edit::Add {
            collection: ROWS,
            entry: Entry::new(id).with("block", "wishes"),
        };
        let mut photos = start(DocKind::Child).expect("starts");
        let photo = edit(&mut photos, 1, &[attach("a")]);
        let mut rows = start(DocKind::Child).expect("starts");
        let wish = edit(&mut rows, 2, &[row("w")]);
        assert_eq!(schema(&rows), ROWS_SCHEMA);
        merge(&mut photos, &[&wish.bytes]).expect("merges");
        merge(&mut rows, &[&photo.bytes]).expect("merges");
        assert_eq!(read(&photos), read(&rows));
        assert_eq!(read(&photos).entries(ROWS).len(), 1);
        assert_eq!(read(&photos).entries(ATTACHMENTS).len(), 1);
        edit(&mut photos, 1, &[row("v")]);
        assert_eq!(read(&photos).entries(ROWS).len(), 2);
    }

    #[test]
    fn two_tablets_attaching_to_one_document_keep_both_attachments() {
        let mut first = start(DocKind::Child).expect("starts");
        let mut second = start(DocKind::Child).expect("starts");
        let one = edit(&mut first, 1, &[attach("a")]);
        let two = edit(&mut second, 2, &[attach("b")]);
        merge(&mut first, &[&two.bytes]).expect("merges");
        merge(&mut second, &[&one.bytes]).expect("merges");
        assert_eq!(read(&first).entries(ATTACHMENTS).len(), 2);
        assert_eq!(read(&first), read(&second));
        assert_eq!(schema(&first), ATTACHMENTS_SCHEMA);
    }

    #[test]
    fn an_app_of_before_keeps_what_it_cannot_read_yet_and_the_next_one_reads_it() {
        let mut new = start(DocKind::Child).expect("starts");
        let photo = edit(&mut new, 1, &[attach("a")]);
        // An app of before knows no migration: it applies without completing.
        let mut old = start(DocKind::Child).expect("starts");
        old.apply_changes([Change::from_bytes(photo.bytes).expect("parses")])
            .expect("applies");
        let word = edit(&mut old, 2, &[Edit::put("nickname", "小雨")]);
        assert!(read(&old).entries(ATTACHMENTS).is_empty());
        merge(&mut new, &[&word.bytes]).expect("merges");
        assert_eq!(read(&new).text("nickname"), Some("小雨"));
        complete(&mut old).expect("completes");
        assert_eq!(read(&old), read(&new));
    }

    #[test]
    fn writing_what_is_already_there_makes_no_change() {
        let mut document = start(DocKind::Child).expect("starts");
        edit(&mut document, 1, &[Edit::put("sex", "1")]);
        assert!(
            apply(&mut document, [1; 16], 0, &[Edit::put("sex", "1")])
                .expect("applies")
                .is_none()
        );
    }
}
