//! What a change does to its document, tried out before anybody else sees it: apply, save, load, compare.
//!
//! The only place of the server that names Automerge. It is run by the worker process ([`crate::worker`]), because a
//! change may be accepted by Automerge and still panic later, or leave a document that will not load again
//! (docs/adr/0013). Nothing here does IO, reads a clock or draws randomness.

use automerge::iter::DocItem;
use automerge::{
    Automerge, Change, ChangeHash, LoadOptions, ObjId, ROOT, ReadDoc, Value, ValueRef,
    VerificationMode,
};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the worker is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The constants the document was born with, one chunk after the other; none when `published` has them.
    #[serde(with = "serde_bytes")]
    pub constants: Vec<u8>,
    /// What is published of it: a saved document, or chunks one after the other; none when it is new.
    #[serde(with = "serde_bytes")]
    pub published: Vec<u8>,
    /// The changes that wait, oldest first.
    pub waiting: Vec<serde_bytes::ByteBuf>,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// One for each change that waits, in its order.
    pub verdicts: Vec<Verdict>,
    /// The document with every good change in it, saved and not deflated; empty when the worker ended over all of them.
    #[serde(with = "serde_bytes")]
    pub saved: Vec<u8>,
}

/// What became of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It applies, and the document saves and loads as it should.
    Good,
    /// It follows a change that is not there.
    Orphan,
    /// Automerge refuses it.
    Refused,
    /// Automerge ends in a panic over it.
    Panics,
    /// The document would not load again, or would load as another.
    Unloadable,
    /// It replaces or removes a container that everybody writes into.
    Container,
    /// The worker itself ended over it, or took too long or too much.
    Fatal,
}

impl Verdict {
    /// Stable text form, kept with what is set aside.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Orphan => "orphan",
            Verdict::Refused => "refused",
            Verdict::Panics => "panics",
            Verdict::Unloadable => "unloadable",
            Verdict::Container => "container",
            Verdict::Fatal => "fatal",
        }
    }
}

/// Judges what waits. All at once when all of it is good, one by one otherwise, so that a bad change stops only itself.
///
/// # Errors
/// What is published cannot be opened; then nothing is judged.
pub fn judge(question: &Question) -> Result<Answer, Unreadable> {
    let document = open(question).ok_or(Unreadable)?;
    let changes: Vec<Option<Change>> = question
        .waiting
        .iter()
        .map(|bytes| quietly(|| Change::from_bytes(bytes.to_vec()).ok()).flatten())
        .collect();
    if changes.iter().all(Option::is_some) {
        let all: Vec<Change> = changes.iter().flatten().cloned().collect();
        let verdicts = vec![Verdict::Good; all.len()];
        // A copy of the document would cost as much as opening it, and is nearly never needed.
        if let Ok(tried) = try_out(document, all) {
            return Ok(Answer {
                verdicts,
                saved: tried.saved,
            });
        }
    }
    let mut document = open(question).ok_or(Unreadable)?;
    let mut saved = None;
    let mut verdicts = Vec::with_capacity(changes.len());
    for change in changes {
        let Some(change) = change else {
            verdicts.push(Verdict::Refused);
            continue;
        };
        match try_out(document.clone(), vec![change]) {
            Ok(tried) => {
                document = tried.document;
                saved = Some(tried.saved);
                verdicts.push(Verdict::Good);
            }
            Err(verdict) => verdicts.push(verdict),
        }
    }
    Ok(Answer {
        verdicts,
        saved: saved.unwrap_or_else(|| document.save_nocompress()),
    })
}

/// What is published of a document cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is published of the document cannot be opened")]
pub struct Unreadable;

fn open(question: &Question) -> Option<Automerge> {
    quietly(|| {
        // A saved document is read as a whole; on top of anything it would be taken apart into changes first. Its hashes
        // were made anew when it was judged.
        if question.constants.is_empty() {
            let trusting = LoadOptions::new().verification_mode(VerificationMode::DontCheck);
            return Automerge::load_with_options(&question.published, trusting).ok();
        }
        let chunks = [question.constants.as_slice(), &question.published].concat();
        Automerge::load(&chunks).ok()
    })
    .flatten()
}

struct Tried {
    document: Automerge,
    saved: Vec<u8>,
}

/// Applies, saves, loads that, and compares heads, containers and what a reader sees.
fn try_out(mut document: Automerge, changes: Vec<Change>) -> Result<Tried, Verdict> {
    let tried = quietly(|| {
        let before = containers(&document);
        if document.apply_changes(changes).is_err() {
            return Err(Verdict::Refused);
        }
        if !document.get_missing_deps(&[]).is_empty() {
            return Err(Verdict::Orphan);
        }
        if before != containers(&document) {
            return Err(Verdict::Container);
        }
        // Deflating is a wrapping of its own and costs as much as all the rest of saving.
        let saved = document.save_nocompress();
        let loaded = Automerge::load(&saved).map_err(|_| Verdict::Unloadable)?;
        if heads(&loaded) == heads(&document) && read_alike(&loaded, &document) {
            Ok(Tried { document, saved })
        } else {
            Err(Verdict::Unloadable)
        }
    });
    tried.unwrap_or(Err(Verdict::Panics))
}

/// Runs something that may panic; the panic is the answer and its message goes nowhere, since it may quote a record.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

fn heads(document: &Automerge) -> Vec<ChangeHash> {
    let mut heads = document.get_heads();
    heads.sort_unstable();
    heads
}

/// The objects at the root by name, every one of them where two stand under one name.
fn containers(document: &Automerge) -> Vec<(String, Vec<ObjId>)> {
    document
        .map_range(ROOT, ..)
        .filter_map(|item| {
            let objects: Vec<ObjId> = match item.value {
                _ if item.conflict => document
                    .get_all(ROOT, item.key.as_ref())
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|(value, _)| matches!(value, Value::Object(_)))
                    .map(|(_, id)| id)
                    .collect(),
                ValueRef::Object(_) => vec![item.id()],
                ValueRef::Scalar(_) => Vec::new(),
            };
            (!objects.is_empty()).then(|| (item.key.into_owned(), objects))
        })
        .collect()
}

/// Whether a reader sees the same in both, value by value and in the same order, and is told of the same conflicts.
/// Nothing is built for it: two whole copies of a document in plain values cost as much as loading it.
fn read_alike(one: &Automerge, other: &Automerge) -> bool {
    let (mut one, mut other) = (one.iter(), other.iter());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one.obj == other.obj && is_same(&one.item, &other.item) => {
            }
            _ => return false,
        }
    }
}

fn is_same(one: &DocItem<'_>, other: &DocItem<'_>) -> bool {
    match (one, other) {
        (DocItem::Map(one), DocItem::Map(other)) => {
            one.key == other.key && one.value == other.value && one.conflict == other.conflict
        }
        (DocItem::List(one), DocItem::List(other)) => {
            one.index == other.index && one.value == other.value && one.conflict == other.conflict
        }
        (DocItem::Text(one), DocItem::Text(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use automerge::transaction::Transactable;
    use automerge::{AutoCommit, ObjType};
    use ids::DocKind;
    use protocol::genesis;

    fn begun() -> (Vec<u8>, AutoCommit) {
        let constants: Vec<u8> = genesis::constants(DocKind::Child, 1)
            .expect("schema 1 is there")
            .iter()
            .flat_map(|constant| constant.bytes.to_vec())
            .collect();
        let mut document = AutoCommit::new();
        document.load_incremental(&constants).expect("loads");
        (constants, document)
    }

    fn commit(document: &mut AutoCommit) -> Vec<u8> {
        document.commit();
        let change = document.get_last_local_change().expect("a change");
        change.raw_bytes().to_vec()
    }

    fn ask(constants: &[u8], published: &[u8], waiting: &[&[u8]]) -> Answer {
        judge(&Question {
            constants: constants.to_vec(),
            published: published.to_vec(),
            waiting: waiting.iter().map(|bytes| bytes.to_vec().into()).collect(),
        })
        .expect("what is published opens")
    }

    #[test]
    fn good_changes_are_good_together_and_on_top_of_what_was_saved() {
        let (constants, mut document) = begun();
        document.put(ROOT, "name", "石小雨").expect("puts");
        let one = commit(&mut document);
        document.put(ROOT, "name", "石晓雨").expect("puts");
        let two = commit(&mut document);
        let first = ask(&constants, &[], &[&one]);
        assert_eq!(first.verdicts, [Verdict::Good]);
        let second = ask(&constants, &first.saved, &[&two]);
        assert_eq!(second.verdicts, [Verdict::Good]);
        let together = ask(&constants, &[], &[&one, &two]);
        assert_eq!(together.verdicts, [Verdict::Good; 2]);
        let whole = Automerge::load(&together.saved).expect("loads");
        assert_eq!(heads(&whole), document.get_heads());
    }

    #[test]
    fn a_bad_change_stops_only_itself() {
        let (constants, mut document) = begun();
        document.put(ROOT, "name", "石小雨").expect("puts");
        let good = commit(&mut document);
        let mut other = document.fork();
        let map = other.put_object(ROOT, "visits", ObjType::Map);
        assert!(map.is_ok());
        let hiding = commit(&mut other);
        document.put(ROOT, "alias", "小雨").expect("puts");
        let later = commit(&mut document);
        let answer = ask(&constants, &[], &[&good, &hiding, b"nonsense", &later]);
        assert_eq!(
            answer.verdicts,
            [
                Verdict::Good,
                Verdict::Container,
                Verdict::Refused,
                Verdict::Good
            ]
        );
    }

    #[test]
    fn an_orphan_is_told_from_a_bad_change() {
        let (constants, mut document) = begun();
        document.put(ROOT, "name", "石小雨").expect("puts");
        commit(&mut document);
        document.put(ROOT, "name", "石晓雨").expect("puts");
        let second = commit(&mut document);
        assert_eq!(ask(&constants, &[], &[&second]).verdicts, [Verdict::Orphan]);
    }

    #[test]
    fn what_is_published_and_broken_is_said_to_be() {
        let question = Question {
            constants: b"nonsense".to_vec(),
            published: vec![],
            waiting: vec![],
        };
        assert_eq!(judge(&question), Err(Unreadable));
    }
}
