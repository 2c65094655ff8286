//! Old changes of a document lie together in sealed segments: an envelope alone compresses badly, a history well (ADR 0018).
//!
//! A segment keeps every envelope to the byte, so that every signature can be checked for ever. The changes' rows stay;
//! only their bodies move. A segment is written once and never again. What is recent, or not yet in a second place,
//! stays as rows. Each document is packed in a transaction of its own.

use crate::columns;
use crate::copies::Copies;
use crate::error::ApiError;
use crate::log;
use crate::vault::{self, Vault};
use ids::{ChangeHash, DocumentId, Entropy, Generation, UnitId};
use protocol::{Envelope, limits, wire};
use rusqlite::{Connection, named_params};
use std::collections::BTreeMap;

/// How old a change is before its body moves.
pub const REST_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Fewer changes are not worth a segment.
const LEAST: u32 = 4;
/// Documents looked for at a time.
const DOCUMENTS: u32 = 64;
/// Raw bytes of a segment; what is read for one change of it is all of it.
const SEGMENT_BYTES: usize = 192 * 1024;

/// A document some of whose changes may be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    document: DocumentId,
    generation: Generation,
}

/// Documents with enough changes made before a time, in order, after one.
pub(crate) fn candidates(
    connection: &Connection,
    before_ms: i64,
    after: Option<Candidate>,
) -> Result<Vec<Candidate>, ApiError> {
    let after = after.map_or_else(Vec::new, |last| last.document.0.as_bytes().to_vec());
    Ok(connection
        .prepare_cached(include_str!("sql/compaction/candidates.sql"))?
        .query_map(
            named_params! {
                ":before_ms": before_ms,
                ":after": after,
                ":least": LEAST,
                ":most": DOCUMENTS,
            },
            |row| {
                Ok(Candidate {
                    document: DocumentId(columns::uuid(row, 0)?),
                    generation: row.get(1)?,
                })
            },
        )?
        .collect::<Result<_, _>>()?)
}

/// A segment made, not yet written.
pub(crate) struct Packed {
    candidate: Candidate,
    rows: Vec<i64>,
    body: Vec<u8>,
}

/// Makes a document's next segment. Nothing when too few changes may be packed.
pub(crate) fn pack(
    connection: &Connection,
    (vault, entropy, copies): (&Vault, &dyn Entropy, &Copies),
    candidate: Candidate,
    before_ms: i64,
) -> Result<Option<Packed>, ApiError> {
    let Candidate {
        document,
        generation,
    } = candidate;
    let key = log::document_key(connection, vault, document, generation)?;
    let mut statement = connection.prepare_cached(include_str!("sql/compaction/rows.sql"))?;
    let mut found = statement.query(named_params! {
        ":document": document.0.as_bytes(),
        ":generation": generation,
        ":before_ms": before_ms,
    })?;
    let mut rows = Vec::new();
    let mut envelopes: Vec<(ChangeHash, Envelope)> = Vec::new();
    let mut size = 0;
    while let Some(row) = found.next()? {
        let hash = columns::hash(row, 1)?;
        let seq = columns::number(row, 2)?;
        let (durable, _) = copies.durable(UnitId(columns::uuid(row, 5)?), seq);
        if durable < seq || size > SEGMENT_BYTES {
            break;
        }
        let envelope = log::open_envelope(&key, &hash.0, &row.get::<_, Vec<u8>>(3)?)?;
        size += envelope.raw_bytes();
        rows.push(row.get(0)?);
        envelopes.push((hash, envelope));
    }
    if rows.len() < LEAST as usize {
        return Ok(None);
    }
    let body = vault::seal_patiently(
        &key,
        &name(document, generation),
        &wire::pack(&envelopes)?,
        entropy,
    )?;
    Ok(Some(Packed {
        candidate,
        rows,
        body,
    }))
}

/// Writes a segment and moves the bodies into it. An error rolls everything back: all or nothing.
pub(crate) fn write(connection: &Connection, packed: &Packed) -> Result<(), ApiError> {
    connection
        .prepare_cached(include_str!("sql/compaction/insert_segment.sql"))?
        .execute(named_params! {
            ":document": packed.candidate.document.0.as_bytes(),
            ":generation": packed.candidate.generation,
            ":changes": i64::try_from(packed.rows.len()).map_err(|_| ApiError::TooLarge)?,
            ":body": packed.body,
        })?;
    let segment = connection.last_insert_rowid();
    let mut statement =
        connection.prepare_cached(include_str!("sql/compaction/move_change.sql"))?;
    let mut removing = connection.prepare_cached(include_str!("sql/compaction/remove_body.sql"))?;
    for id in &packed.rows {
        let moved = statement.execute(named_params! {":segment": segment, ":id": id})?;
        if moved != 1 {
            // Somebody packed or erased it meanwhile: this transaction is rolled back.
            return Err(ApiError::Busy);
        }
        removing.execute(named_params! {":id": id})?;
    }
    Ok(())
}

/// Packs everything that may be packed, one document after the other, each in a transaction of its own.
/// For a server that does not run; a running one does the same between its other work. Returns how many changes moved.
///
/// # Errors
/// The database cannot be used, or a body does not open; what was packed before stays packed.
pub fn run(
    connection: &mut Connection,
    vault: &Vault,
    entropy: &dyn Entropy,
    before_ms: i64,
) -> Result<u64, ApiError> {
    let copies = Copies::new(None);
    let mut moved = 0;
    let mut last = None;
    loop {
        let found = candidates(connection, before_ms, last)?;
        let Some(end) = found.last().copied() else {
            return Ok(moved);
        };
        last = Some(end);
        for candidate in found {
            while let Some(packed) =
                pack(connection, (vault, entropy, &copies), candidate, before_ms)?
            {
                let tx = connection.transaction()?;
                write(&tx, &packed)?;
                tx.commit()?;
                moved += packed.rows.len() as u64;
            }
        }
    }
}

/// Opened segments, the last few: a history is read one change after another.
#[derive(Default)]
pub(crate) struct Segments {
    open: BTreeMap<i64, BTreeMap<ChangeHash, Envelope>>,
}

/// Segments kept open at a time.
const OPEN: usize = 4;

impl Segments {
    /// One envelope out of a segment.
    pub(crate) fn envelope(
        &mut self,
        connection: &Connection,
        vault: &Vault,
        segment: i64,
        hash: &ChangeHash,
    ) -> Result<Envelope, ApiError> {
        if !self.open.contains_key(&segment) {
            if self.open.len() >= OPEN {
                self.open.pop_first();
            }
            let opened = open(connection, vault, segment)?;
            self.open.insert(segment, opened);
        }
        self.open
            .get(&segment)
            .and_then(|envelopes| envelopes.get(hash))
            .cloned()
            .ok_or(ApiError::Internal)
    }
}

/// How many changes lie in a segment.
pub(crate) fn count(
    connection: &Connection,
    vault: &Vault,
    segment: i64,
) -> Result<usize, ApiError> {
    Ok(open(connection, vault, segment)?.len())
}

fn open(
    connection: &Connection,
    vault: &Vault,
    segment: i64,
) -> Result<BTreeMap<ChangeHash, Envelope>, ApiError> {
    let (document, generation, body) = connection
        .prepare_cached(include_str!("sql/compaction/segment.sql"))?
        .query_row(named_params! {":id": segment}, |row| {
            Ok((
                DocumentId(columns::uuid(row, 0)?),
                row.get::<_, Generation>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })?;
    let key = log::document_key(connection, vault, document, generation)?;
    let raw = vault::open_body(
        &key,
        &name(document, generation),
        &body,
        limits::REQUEST_INFLATED_BYTES,
    )?;
    let envelopes: Vec<(ChangeHash, Envelope)> = wire::unpack(&raw)?;
    Ok(envelopes.into_iter().collect())
}

/// What a segment is sealed under: it opens for no other document, and is no change's body.
fn name(document: DocumentId, generation: Generation) -> Vec<u8> {
    [
        b"segment".as_slice(),
        document.0.as_bytes(),
        &generation.to_be_bytes(),
    ]
    .concat()
}
