//! A photo, a signature or a recording that belongs to a record. It is optional, always: no pack can ask for one
//! (domain.md P-24), and a record without one lacks nothing.
//!
//! The document holds where the blob is and the key that opens it; the bytes are elsewhere and come later. So whoever may
//! read the document may see the photo, nobody else, and erasing the document is the end of both.

use crate::record::{ATTACHMENTS, Edit, Entry, Record};

/// An entry of the collection `attachments`. Its id is the blob's address in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Address of the blob, 64 hex digits.
    pub address: String,
    /// The record it belongs to: a session, or an attempt.
    pub record: String,
    /// `photo`, `signature` or `audio`.
    pub kind: String,
    /// Key of the blob, 64 hex digits.
    pub key: String,
    /// Length of the blob as it travels.
    pub size: u64,
    /// Address and length of the thumbnail.
    pub thumb: Option<(String, u64)>,
    /// When it was added, milliseconds by the device's clock.
    pub added_ms: i64,
    /// Staff id as claimed.
    pub by: String,
    /// Whose signature it is: a code of `rules.signers`; empty for what is none, and where nobody was asked.
    pub signer: String,
}

impl Attachment {
    /// The edit that records it.
    pub fn to_edit(&self) -> Edit {
        let thumb = self.thumb.as_ref();
        let mut entry = Entry::new(&self.address)
            .with("record", self.record.as_str())
            .with("kind", self.kind.as_str())
            .with("key", self.key.as_str())
            .with("size", signed(self.size))
            .with("thumb", thumb.map(|(address, _)| address.clone()))
            .with("thumb_size", thumb.map(|(_, size)| signed(*size)))
            .with("added_ms", self.added_ms)
            .with("by", self.by.as_str());
        if !self.signer.is_empty() {
            entry = entry.with("signer", self.signer.as_str());
        }
        Edit::Add {
            collection: ATTACHMENTS,
            entry,
        }
    }

    /// Reads it from its entry.
    pub fn from_entry(entry: &Entry) -> Self {
        let size = |key| entry.int(key).and_then(|size| u64::try_from(size).ok());
        let thumb = entry.text_or_empty("thumb");
        Self {
            address: entry.id.clone(),
            record: entry.text_or_empty("record"),
            kind: entry.text_or_empty("kind"),
            key: entry.text_or_empty("key"),
            size: size("size").unwrap_or(0),
            thumb: (!thumb.is_empty()).then(|| (thumb, size("thumb_size").unwrap_or(0))),
            added_ms: entry.int("added_ms").unwrap_or(0),
            by: entry.text_or_empty("by"),
            signer: entry.text_or_empty("signer"),
        }
    }

    /// All of a document, in causal order.
    pub fn all(record: &Record) -> Vec<Self> {
        record
            .entries(ATTACHMENTS)
            .iter()
            .map(Self::from_entry)
            .collect()
    }
}

/// Sizes are far below 2⁶³.
fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::doc;
    use ids::DocKind;

    #[test]
    fn an_attachment_reads_back_as_it_was_written() {
        let photo = Attachment {
            address: "ab".repeat(32),
            record: "s1".into(),
            kind: "photo".into(),
            key: "cd".repeat(32),
            size: 210_000,
            thumb: Some(("ef".repeat(32), 9_000)),
            added_ms: 7,
            by: "staff".into(),
            signer: String::new(),
        };
        let signature = Attachment {
            address: "01".repeat(32),
            kind: "signature".into(),
            signer: "caregiver".into(),
            thumb: None,
            ..photo.clone()
        };
        let mut document = doc::start(DocKind::Household).expect("starts");
        doc::apply(
            &mut document,
            [1; 16],
            0,
            &[photo.to_edit(), signature.to_edit()],
        )
        .expect("applies")
        .expect("changes");
        let read = Attachment::all(&doc::read(&document));
        assert_eq!(read.len(), 2);
        assert!(read.contains(&photo) && read.contains(&signature));
    }
}
