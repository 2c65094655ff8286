//! Small readers and writers between table cells and the names in `ids`.

use crate::StoreError;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, Role, StaffId, UnitId};
use rusqlite::{Row, types::Type};
use std::cell::RefCell;
use uuid::Uuid;
use zstd::bulk::{Compressor, Decompressor};

fn uuid_at(row: &Row<'_>, column: &str) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

fn optional_uuid_at(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Uuid>> {
    Ok(row
        .get::<_, Option<[u8; 16]>>(column)?
        .map(Uuid::from_bytes))
}

pub(crate) fn plain_uuid(row: &Row<'_>, column: &str) -> rusqlite::Result<Uuid> {
    uuid_at(row, column)
}

pub(crate) fn document(row: &Row<'_>, column: &str) -> rusqlite::Result<DocumentId> {
    uuid_at(row, column).map(DocumentId)
}

pub(crate) fn optional_document(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<DocumentId>> {
    Ok(optional_uuid_at(row, column)?.map(DocumentId))
}

pub(crate) fn device(row: &Row<'_>, column: &str) -> rusqlite::Result<DeviceId> {
    uuid_at(row, column).map(DeviceId)
}

pub(crate) fn staff(row: &Row<'_>, column: &str) -> rusqlite::Result<StaffId> {
    uuid_at(row, column).map(StaffId)
}

pub(crate) fn optional_staff(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<StaffId>> {
    Ok(optional_uuid_at(row, column)?.map(StaffId))
}

pub(crate) fn unit(row: &Row<'_>, column: &str) -> rusqlite::Result<UnitId> {
    uuid_at(row, column).map(UnitId)
}

pub(crate) fn optional_unit(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<UnitId>> {
    Ok(optional_uuid_at(row, column)?.map(UnitId))
}

pub(crate) fn hash(row: &Row<'_>, column: &str) -> rusqlite::Result<ChangeHash> {
    row.get::<_, [u8; 32]>(column).map(ChangeHash)
}

/// A number that is never negative where we write it.
pub(crate) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}

pub(crate) fn small(row: &Row<'_>, column: &str) -> rusqlite::Result<u32> {
    let value: i64 = row.get(column)?;
    u32::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}

pub(crate) fn unreadable(text: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(text.len(), Type::Text, "unknown code".into())
}

pub(crate) fn kind(row: &Row<'_>, column: &str) -> rusqlite::Result<DocKind> {
    let text: String = row.get(column)?;
    DocKind::parse(&text).ok_or_else(|| unreadable(text))
}

pub(crate) fn role(row: &Row<'_>, column: &str) -> rusqlite::Result<Role> {
    let text: String = row.get(column)?;
    Role::parse(&text).ok_or_else(|| unreadable(text))
}

/// SQLite integers are signed; ours never come near the top bit.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn join(hashes: &[ChangeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

pub(crate) fn split(bytes: &[u8]) -> Result<Vec<ChangeHash>, StoreError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() {
        return Err(StoreError::Corrupt {
            what: "a list of hashes",
        });
    }
    Ok(hashes.iter().copied().map(ChangeHash).collect())
}

const LEVEL: i32 = 3;
/// Nothing stored is larger; a damaged length must not ask for more memory than this.
const LARGEST: usize = 64 << 20;

// Making one of these costs more than compressing a change with it, so each thread keeps its own.
thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            empty => empty.insert(Compressor::new(LEVEL)?),
        };
        Ok(compressor.compress(bytes)?)
    })
}

fn decompress(bytes: &[u8], size: usize) -> std::io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            empty => empty.insert(Decompressor::new()?),
        };
        decompressor.decompress(bytes, size)
    })
}

pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let damaged = StoreError::Corrupt {
        what: "a compressed body",
    };
    let size = zstd::zstd_safe::get_frame_content_size(bytes)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= LARGEST);
    // Not the disk's failure: whoever reads it can leave it aside and go on.
    size.and_then(|size| decompress(bytes, size).ok())
        .ok_or(damaged)
}
