//! Foreign changes are tried on a copy first, because Automerge may accept one and panic over it later, or end with a
//! document that does not load again. The server has tried them in a process of its own (docs/adr/0013); a tablet does
//! not stand on that alone.

use automerge::{Automerge, Change, ReadDoc as _};
use domain::record::{Record, doc};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why changes were not taken into a document. Words for the quarantine and the log, without content.
pub(super) const PANICS: &str = "panics";
pub(super) const REFUSED: &str = "refused";
pub(super) const UNLOADABLE: &str = "unloadable";

/// Runs something that may panic over foreign bytes. The panic is the answer.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What a trial showed of a document as long as its heads are these: what it says, and the form that loads as the same.
pub(super) struct Tried {
    heads: Vec<automerge::ChangeHash>,
    pub(super) saved: Vec<u8>,
    record: Record,
}

impl Tried {
    fn holds_for(&self, document: &Automerge) -> bool {
        self.heads == sorted_heads(document)
    }
}

/// The document with the changes in it, once that was seen to apply, to be read, and to save and load as the same.
pub(super) fn with(
    document: &Automerge,
    changes: Vec<Change>,
) -> Result<(Automerge, Tried), &'static str> {
    quietly(|| {
        let mut copy = document.clone();
        copy.apply_changes(changes).map_err(|_| REFUSED)?;
        // A change that waited for a constant of ours is in the document from here on, so it is tried with it.
        doc::complete(&mut copy).map_err(|_| REFUSED)?;
        let saved = copy.save_nocompress();
        let loaded = Automerge::load(&saved).map_err(|_| UNLOADABLE)?;
        let heads = sorted_heads(&copy);
        if sorted_heads(&loaded) != heads {
            return Err(UNLOADABLE);
        }
        // What was loaded again is what is read and kept from here on; nobody sees the copy it was saved from.
        let tried = Tried {
            heads,
            saved,
            record: doc::read(&loaded),
        };
        Ok((loaded, tried))
    })
    .unwrap_or(Err(PANICS))
}

/// What a document says; not read again when a trial has just read it.
pub(super) fn read<'a>(document: &Automerge, tried: Option<&'a Tried>) -> Cow<'a, Record> {
    match tried.filter(|tried| tried.holds_for(document)) {
        Some(tried) => Cow::Borrowed(&tried.record),
        None => Cow::Owned(doc::read(document)),
    }
}

/// The saved form, once it was seen to load as the same.
pub(super) fn saved(document: &Automerge, tried: Option<&Tried>) -> Option<Vec<u8>> {
    if let Some(tried) = tried.filter(|tried| tried.holds_for(document)) {
        return Some(tried.saved.clone());
    }
    quietly(|| {
        let saved = document.save_nocompress();
        let loaded = Automerge::load(&saved).ok()?;
        (sorted_heads(&loaded) == sorted_heads(document)).then_some(saved)
    })
    .flatten()
}

/// The document with the constants of ours that something in it waits for, when it is whole with them; as it was otherwise.
pub(super) fn completed(document: Automerge) -> Automerge {
    if document.get_missing_deps(&[]).is_empty() {
        return document;
    }
    let whole = quietly(|| {
        let mut copy = document.clone();
        doc::complete(&mut copy).ok()?;
        let loaded = Automerge::load(&copy.save_nocompress()).ok()?;
        (sorted_heads(&loaded) == sorted_heads(&copy)).then_some(copy)
    });
    whole.flatten().unwrap_or(document)
}

/// A document from its saved form, with what came after it.
pub(super) fn load(body: &[u8]) -> Option<Automerge> {
    quietly(|| Automerge::load(body).ok()).flatten()
}

fn sorted_heads(document: &Automerge) -> Vec<automerge::ChangeHash> {
    let mut heads = document.get_heads();
    heads.sort_unstable();
    heads
}
