//! Photos, signatures and recordings: a row for each, and its bytes as a file of their own in the folder `blobs`.
//!
//! A file holds the same bytes that travel and that the server keeps: [`sealed`](seal) under a key of its own, which
//! stands in the row and, once the record is saved, in the document. The row is written first and says that the file is
//! not there yet; then the file, its name, its folder; then the row says that it is. Cut off anywhere, the next opening
//! ([`settle`]) finds a row whose file is whole, and keeps it, or a row whose file is not, and forgets it: that one was
//! never called added.

mod file;
mod seal;

pub use file::{Fetching, content, fetching, piece};
pub use seal::{Sealed, open, seal, thumb_key};

use crate::keys::SecretKey;
use crate::row::signed;
use crate::{Store, StoreError, Transaction, row};
use domain::attachment::Attachment;
use domain::record::Entry;
use ids::{BlobAddress, DocumentId};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How long something taken off a form can be taken back.
pub const UNDO_MS: i64 = 24 * 60 * 60 * 1000;

/// What a blob is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlobKind {
    /// A photo, re-encoded.
    Photo,
    /// The strokes of a signature.
    Signature,
    /// A recording.
    Audio,
    /// The small picture of a photo.
    Thumb,
}

impl BlobKind {
    /// Stable text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            BlobKind::Photo => "photo",
            BlobKind::Signature => "signature",
            BlobKind::Audio => "audio",
            BlobKind::Thumb => "thumb",
        }
    }

    /// Reads the stable text form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Photo, Self::Signature, Self::Audio, Self::Thumb]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A blob this device knows by its row.
pub struct Blob {
    /// Its name.
    pub address: BlobAddress,
    /// What it is.
    pub kind: BlobKind,
    /// What opens it.
    pub key: SecretKey,
    /// Length of the file.
    pub size: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// Its thumbnail: name and length.
    pub thumb: Option<(BlobAddress, u64)>,
    /// The document it belongs to, once its record is saved.
    pub document: Option<DocumentId>,
    /// Added here; else fetched, or freed, and can be fetched again.
    pub is_own: bool,
    /// The file is on this device.
    pub is_there: bool,
    /// Bytes on the server's disk.
    pub sent: u64,
    /// The server has it in every place it keeps things, since.
    pub durable_ms: Option<i64>,
    /// The server will not take it: code.
    pub refusal: Option<String>,
    /// When it was added or fetched.
    pub added_ms: i64,
}

/// What the server said of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It has so many bytes.
    Sent(u64),
    /// It has it in every place it keeps things.
    Durable {
        /// When it said so.
        at_ms: i64,
    },
    /// It will not take it.
    Refused {
        /// Code.
        code: String,
    },
}

/// Adds something to a form, with its thumbnail. When this returns both survive the battery.
///
/// # Errors
/// [`StoreError::DiskFull`] while room is kept for words; nothing was added then.
pub fn add(
    store: &Store,
    draft: Uuid,
    kind: BlobKind,
    content: &[u8],
    thumb: Option<&[u8]>,
) -> Result<BlobAddress, StoreError> {
    let key = SecretKey::random(store.entropy());
    let sealed = seal(&key, content)?;
    let thumb = match thumb {
        Some(thumb) => {
            let key = thumb_key(&key);
            let sealed = seal(&key, thumb)?;
            Some((key, sealed))
        }
        None => None,
    };
    let address = sealed.address;
    store.write_fetched(|tx| {
        let small = thumb.as_ref().map(|(_, sealed)| sealed);
        put(
            tx,
            &NewRow {
                draft: Some(draft),
                ..NewRow::own(kind, &key, &sealed, small, store)
            },
        )?;
        if let Some((key, sealed)) = &thumb {
            let row = NewRow::own(BlobKind::Thumb, key, sealed, None, store);
            put(
                tx,
                &NewRow {
                    draft: Some(draft),
                    ..row
                },
            )?;
        }
        Ok::<_, StoreError>(())
    })?;
    let files: Vec<&Sealed> = thumb
        .iter()
        .map(|(_, sealed)| sealed)
        .chain([&sealed])
        .collect();
    for sealed in &files {
        if let Err(error) = file::write(store, sealed) {
            for sealed in files {
                file::remove(store, sealed.address)?;
                forget(store, sealed.address)?;
            }
            return Err(error);
        }
    }
    store.write(|tx| {
        files
            .iter()
            .try_for_each(|sealed| set_there(tx, sealed.address))
    })?;
    Ok(address)
}

struct NewRow<'a> {
    kind: BlobKind,
    key: &'a SecretKey,
    address: BlobAddress,
    size: u64,
    digest: [u8; 32],
    thumb: Option<(BlobAddress, u64)>,
    draft: Option<Uuid>,
    document: Option<DocumentId>,
    is_own: bool,
    is_there: bool,
    added_ms: i64,
}

impl<'a> NewRow<'a> {
    fn own(
        kind: BlobKind,
        key: &'a SecretKey,
        sealed: &Sealed,
        thumb: Option<&Sealed>,
        store: &Store,
    ) -> Self {
        Self {
            kind,
            key,
            address: sealed.address,
            size: sealed.bytes.len() as u64,
            digest: sealed.digest,
            thumb: thumb.map(|thumb| (thumb.address, thumb.bytes.len() as u64)),
            draft: None,
            document: None,
            is_own: true,
            is_there: false,
            added_ms: store.clock().now_ms(),
        }
    }
}

fn put(tx: &Transaction<'_>, row: &NewRow<'_>) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/blobs/put.sql"))?
        .execute(named_params! {
            ":address": row.address.0,
            ":kind": row.kind.as_str(),
            ":key": row.key.bytes(),
            ":size": signed(row.size),
            ":digest": row.digest,
            ":thumb": row.thumb.map(|(address, _)| address.0),
            ":thumb_size": row.thumb.map(|(_, size)| signed(size)),
            ":draft": row.draft.map(Uuid::into_bytes),
            ":document": row.document.map(|document| document.0.into_bytes()),
            ":is_own": row.is_own,
            ":is_there": row.is_there,
            ":added_ms": row.added_ms,
        })?;
    Ok(())
}

fn set_there(tx: &Transaction<'_>, address: BlobAddress) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/blobs/set_there.sql"))?
        .execute(named_params! {":address": address.0})?;
    Ok(())
}

/// One blob, unless it is to go.
///
/// # Errors
/// The database refuses.
pub fn get(connection: &Connection, address: BlobAddress) -> Result<Option<Blob>, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/blobs/get.sql"))?
        .query_row(named_params! {":address": address.0}, blob_from)
        .optional()?)
}

/// What hangs on a form, oldest first, without thumbnails.
///
/// # Errors
/// The database refuses.
pub fn of_draft(connection: &Connection, draft: Uuid) -> Result<Vec<Blob>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/blobs/of_draft.sql"))?;
    let rows = statement.query_map(named_params! {":draft": draft.as_bytes()}, blob_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes something off a form (`Some`) or puts it back (`None`), with its thumbnail. False when it is not there.
///
/// # Errors
/// The database refuses.
pub fn set_removed(
    tx: &Transaction<'_>,
    draft: Uuid,
    address: BlobAddress,
    at_ms: Option<i64>,
) -> Result<bool, StoreError> {
    let rows = tx
        .prepare_cached(include_str!("../sql/blobs/set_removed.sql"))?
        .execute(named_params! {
            ":draft": draft.as_bytes(),
            ":address": address.0,
            ":removed_ms": at_ms,
        })?;
    Ok(rows > 0)
}

/// What hangs on a form belongs to a document from now on: its record is saved in the same transaction.
///
/// # Errors
/// The database refuses.
pub fn attach(tx: &Transaction<'_>, draft: Uuid, document: DocumentId) -> Result<(), StoreError> {
    tx.prepare_cached(include_str!("../sql/blobs/attach.sql"))?
        .execute(named_params! {
            ":draft": draft.as_bytes(),
            ":document": document.0.as_bytes(),
        })?;
    Ok(())
}

/// What the server does not have for good yet, in the order it is to be sent: what is small first.
///
/// # Errors
/// The database refuses.
pub fn waiting(connection: &Connection, most: usize) -> Result<Vec<Blob>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/blobs/waiting.sql"))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(named_params! {":most": most}, blob_from)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many photos, signatures and recordings are still to be sent, and how many bytes that is with their thumbnails.
///
/// # Errors
/// The database refuses.
pub fn waiting_sum(connection: &Connection) -> Result<(u64, u64), StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/blobs/waiting_sum.sql"))?
        .query_row([], |row| {
            Ok((row::number(row, "number")?, row::number(row, "bytes")?))
        })?)
}

/// How many photos, signatures and recordings are here and not at the server as a whole, whether they may still be sent or not.
///
/// # Errors
/// The database refuses.
pub fn undelivered_count(connection: &Connection) -> Result<u64, StoreError> {
    Ok(connection
        .prepare_cached(include_str!("../sql/blobs/undelivered.sql"))?
        .query_row([], |row| row::number(row, "number"))?)
}

/// Notes what the server said.
///
/// # Errors
/// The database refuses.
pub fn note(tx: &Transaction<'_>, address: BlobAddress, said: &Said) -> Result<(), StoreError> {
    match said {
        Said::Sent(sent) => tx
            .prepare_cached(include_str!("../sql/blobs/set_sent.sql"))?
            .execute(named_params! {":address": address.0, ":sent": signed(*sent)})?,
        Said::Durable { at_ms } => tx
            .prepare_cached(include_str!("../sql/blobs/set_durable.sql"))?
            .execute(named_params! {":address": address.0, ":durable_ms": at_ms})?,
        Said::Refused { code } => tx
            .prepare_cached(include_str!("../sql/blobs/set_refused.sql"))?
            .execute(named_params! {":address": address.0, ":refusal": code})?,
    };
    Ok(())
}

/// The server lost its memory: everything that is still here is offered again, and freed only when it is acknowledged anew.
///
/// # Errors
/// The database refuses.
pub fn offer_again(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(include_str!("../sql/blobs/offer_again.sql"), [])?;
    Ok(())
}

/// An order erased a document: the keys of its blobs go in the same transaction, and what hangs on a form of it; the files
/// go with the next [`sweep`].
///
/// # Errors
/// The database refuses.
pub(crate) fn erase(
    tx: &Transaction<'_>,
    document: DocumentId,
    at_ms: i64,
) -> Result<(), StoreError> {
    tx.execute(
        include_str!("../sql/blobs/erase.sql"),
        named_params! {":document": document.0.as_bytes(), ":at_ms": at_ms},
    )?;
    Ok(())
}

/// A document was built anew without an attachment: its key goes in the same transaction, with the key of its thumbnail;
/// the files go with the next [`sweep`].
///
/// # Errors
/// The database refuses.
pub fn erase_one(
    tx: &Transaction<'_>,
    attachment: &Attachment,
    at_ms: i64,
) -> Result<(), StoreError> {
    let thumb = attachment.thumb.as_ref().map(|(address, _)| address);
    for address in thumb.into_iter().chain([&attachment.address]) {
        let Some(address) = BlobAddress::parse(address) else {
            continue;
        };
        tx.prepare_cached(include_str!("../sql/blobs/erase_one.sql"))?
            .execute(named_params! {":address": address.0, ":at_ms": at_ms})?;
    }
    Ok(())
}

/// Frees the files of photos and recordings the server has acknowledged for good before a moment, and of fetched ones that
/// came before it. They can be fetched again; thumbnails stay.
///
/// # Errors
/// The database or the disk refuses.
pub fn free(store: &Store, before_ms: i64) -> Result<(), StoreError> {
    let freed = store.write(|tx| {
        Ok::<_, StoreError>(tx.execute(
            include_str!("../sql/blobs/free.sql"),
            named_params! {":before_ms": before_ms},
        )?)
    })?;
    if freed > 0 { sweep(store) } else { Ok(()) }
}

/// Gives up what nobody saved: what was taken off a form more than [`UNDO_MS`] ago, and what hangs on a form or a sheet
/// ([`crate::sheets`]) that is no more. A form that was put away keeps its photos as long as it can be brought back. Nothing else is ever given up.
///
/// # Errors
/// The database or the disk refuses.
pub fn give_up(store: &Store) -> Result<(), StoreError> {
    let now_ms = store.clock().now_ms();
    let given_up = store.write(|tx| {
        Ok::<_, StoreError>(tx.execute(
            include_str!("../sql/blobs/give_up.sql"),
            named_params! {":now_ms": now_ms, ":removed_before_ms": now_ms - UNDO_MS},
        )?)
    })?;
    if given_up > 0 { sweep(store) } else { Ok(()) }
}

/// Brings rows and files together after a stop: what was cut off while it was added is kept when its file is whole, and
/// forgotten when it is not. Only at opening, when nothing is being added.
///
/// # Errors
/// The database or the disk refuses.
pub fn settle(store: &Store) -> Result<(), StoreError> {
    for one in store.write(|tx| unsettled(tx))? {
        if one.is_gone || !one.is_own {
            continue;
        }
        if file::length(store, one.address)? == Some(one.size) {
            store.write(|tx| set_there(tx, one.address))?;
        } else {
            file::remove(store, one.address)?;
            forget(store, one.address)?;
        }
    }
    sweep(store)
}

/// Removes the files of what was freed, given up or erased; what is to go is forgotten after its file.
///
/// # Errors
/// The database or the disk refuses.
pub fn sweep(store: &Store) -> Result<(), StoreError> {
    for one in store.write(|tx| unsettled(tx))? {
        if one.is_gone || !one.is_own {
            file::remove(store, one.address)?;
        }
        if one.is_gone {
            forget(store, one.address)?;
        }
    }
    Ok(())
}

/// A row whose file is not there, or is to go.
struct Unsettled {
    address: BlobAddress,
    size: u64,
    is_own: bool,
    is_gone: bool,
}

fn unsettled(connection: &Connection) -> Result<Vec<Unsettled>, StoreError> {
    let mut statement = connection.prepare_cached(include_str!("../sql/blobs/unsettled.sql"))?;
    let rows = statement.query_map([], |row| {
        Ok(Unsettled {
            address: BlobAddress(row.get("address")?),
            size: row::number(row, "size")?,
            is_own: row.get("is_own")?,
            is_gone: row.get("is_gone")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn forget(store: &Store, address: BlobAddress) -> Result<(), StoreError> {
    store.write(|tx| {
        tx.prepare_cached(include_str!("../sql/blobs/remove.sql"))?
            .execute(named_params! {":address": address.0})?;
        Ok(())
    })
}

/// Finds the rows again that went with a database that could not be opened: the documents, which came back from the
/// journal, name the blobs, and the files are still here. They are offered to the server again.
///
/// # Errors
/// The database or the disk refuses.
pub fn rebuild(store: &Store) -> Result<(), StoreError> {
    let unknown = store.read(|connection| {
        let mut statement = connection.prepare_cached(include_str!("../sql/blobs/unknown.sql"))?;
        let rows = statement.query_map([], |row| {
            Ok((
                row::document(row, "document")?,
                row.get::<_, String>("entry")?,
                row.get::<_, String>("content")?,
            ))
        })?;
        Ok::<_, StoreError>(rows.collect::<Result<Vec<_>, _>>()?)
    })?;
    for (document, id, content) in unknown {
        let attachment = Attachment::from_entry(&Entry {
            id,
            order: Default::default(),
            made_by: None,
            values: serde_json::from_str(&content)?,
            answers: BTreeMap::new(),
            origin: None,
        });
        rebuild_one(store, document, &attachment)?;
    }
    Ok(())
}

fn rebuild_one(
    store: &Store,
    document: DocumentId,
    attachment: &Attachment,
) -> Result<(), StoreError> {
    let (Some(kind), Some(key)) = (BlobKind::parse(&attachment.kind), key_from(&attachment.key))
    else {
        return Ok(());
    };
    let thumb = attachment
        .thumb
        .as_ref()
        .and_then(|(address, size)| Some((BlobAddress::parse(address)?, *size)));
    let small = thumb.map(|(address, size)| (address, size, BlobKind::Thumb, thumb_key(&key)));
    let whole = BlobAddress::parse(&attachment.address)
        .map(|address| (address, attachment.size, kind, key));
    for (address, size, kind, key) in small.into_iter().chain(whole) {
        let Some(digest) = file::digest_if_whole(store, address, size)? else {
            continue;
        };
        let row = NewRow {
            kind,
            key: &key,
            address,
            size,
            digest,
            thumb: thumb.filter(|_| kind != BlobKind::Thumb),
            draft: None,
            document: Some(document),
            is_own: true,
            is_there: true,
            added_ms: attachment.added_ms,
        };
        store.write(|tx| put(tx, &row))?;
    }
    Ok(())
}

/// The key as a document keeps it.
#[must_use]
pub fn key_text(key: &SecretKey) -> String {
    hex::encode(key.bytes())
}

/// A key from a document.
#[must_use]
pub fn key_from(text: &str) -> Option<SecretKey> {
    let bytes: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
    Some(SecretKey::from_bytes(bytes))
}

fn blob_from(row: &Row<'_>) -> rusqlite::Result<Blob> {
    let kind: String = row.get("kind")?;
    let thumb: Option<[u8; 32]> = row.get("thumb")?;
    let thumb_size: Option<i64> = row.get("thumb_size")?;
    Ok(Blob {
        address: BlobAddress(row.get("address")?),
        kind: BlobKind::parse(&kind).ok_or_else(|| row::unreadable(kind))?,
        key: SecretKey::from_bytes(row.get("key")?),
        size: row::number(row, "size")?,
        digest: row.get("digest")?,
        thumb: thumb.map(|address| {
            let size = thumb_size.and_then(|size| u64::try_from(size).ok());
            (BlobAddress(address), size.unwrap_or(0))
        }),
        document: row::optional_document(row, "document")?,
        is_own: row.get("is_own")?,
        is_there: row.get("is_there")?,
        sent: row::number(row, "sent")?,
        durable_ms: row.get("durable_ms")?,
        refusal: row.get("refusal")?,
        added_ms: row.get("added_ms")?,
    })
}
