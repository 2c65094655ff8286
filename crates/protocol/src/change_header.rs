//! Our own bounded reading of an Automerge change chunk, before Automerge sees a byte of it.
//!
//! It answers what admission asks: whose change, after which, how many operations; and recomputes the hash.
//! It reads every column's run lengths, so that a kilobyte cannot promise a million operations.
//! Uncompressed change chunks only: documents, bundles and deflated chunks are refused.

use crate::limits;
use ids::ChangeHash;
use sha2::{Digest, Sha256};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE_CHUNK: u8 = 1;
/// Column 4 of type integer: what each operation does.
const ACTION_COLUMN: u64 = 4 << 4 | INTEGER;
const ACTOR: u64 = 1;
const INTEGER: u64 = 2;
const DELTA: u64 = 3;
const BOOLEAN: u64 = 4;
const STRING: u64 = 5;
const VALUE_METADATA: u64 = 6;
const VALUE: u64 = 7;
const GROUP: u64 = 0;

/// What a change says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHeader {
    /// Recomputed from the bytes.
    pub hash: ChangeHash,
    /// The changes it follows.
    pub deps: Vec<ChangeHash>,
    /// Its actor.
    pub actor: Vec<u8>,
    /// The actor's number for it.
    pub seq: u64,
    /// Counter of its first operation.
    pub start_op: u64,
    /// Number of operations.
    pub ops: u64,
    /// Automerge's own time, in seconds; a label.
    pub time: i64,
}

impl ChangeHeader {
    /// Counter of its last operation; one before `start_op` when it has none.
    pub fn max_op(&self) -> u64 {
        (self.start_op + self.ops).saturating_sub(1)
    }
}

/// Why bytes are not a change we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Larger than a change may be.
    #[error("the change is too large")]
    TooLarge,
    /// Another kind of chunk.
    #[error("not an uncompressed change")]
    NotAChange,
    /// The checksum does not fit the bytes.
    #[error("the checksum does not fit")]
    Checksum,
    /// The bytes end early, or something is left over.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// More operations, or more entries in a column, than allowed.
    #[error("too many operations")]
    TooManyOps,
}

/// Reads one change chunk that fills `bytes`.
///
/// # Errors
/// The bytes are not exactly one uncompressed change within the limits.
pub fn read(bytes: &[u8]) -> Result<ChangeHeader, ChangeError> {
    let (header, rest) = read_first(bytes)?;
    if rest.is_empty() {
        Ok(header)
    } else {
        Err(ChangeError::Malformed("bytes after the change"))
    }
}

/// Reads the first of several concatenated change chunks; also returns the bytes after it.
///
/// # Errors
/// The bytes do not begin with an uncompressed change within the limits.
pub fn read_first(bytes: &[u8]) -> Result<(ChangeHeader, &[u8]), ChangeError> {
    let mut outer = Reader { bytes };
    if outer.take(4)? != MAGIC {
        return Err(ChangeError::NotAChange);
    }
    let checksum = outer.take(4)?;
    if outer.byte()? != CHANGE_CHUNK {
        return Err(ChangeError::NotAChange);
    }
    let length = outer.unsigned()?;
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= limits::CHANGE_BYTES)
        .ok_or(ChangeError::TooLarge)?;
    let body = outer.take(length)?;
    let hash = hash_of(body);
    if hash[..4] != *checksum {
        return Err(ChangeError::Checksum);
    }
    Ok((read_body(body, ChangeHash(hash))?, outer.bytes))
}

fn hash_of(body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([CHANGE_CHUNK]);
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits fit into a byte");
        length >>= 7;
        if length == 0 {
            hash.update([low]);
            break;
        }
        hash.update([low | 0x80]);
    }
    hash.update(body);
    hash.finalize().into()
}

fn read_body(body: &[u8], hash: ChangeHash) -> Result<ChangeHeader, ChangeError> {
    let mut reader = Reader { bytes: body };
    let count = reader.count(limits::CHANGE_DEPS)?;
    let mut deps = Vec::with_capacity(count);
    for _ in 0..count {
        let dep: [u8; 32] = reader
            .take(32)?
            .try_into()
            .map_err(|_| ChangeError::Malformed("dependency"))?;
        let dep = ChangeHash(dep);
        if deps.contains(&dep) {
            return Err(ChangeError::Malformed("a dependency twice"));
        }
        deps.push(dep);
    }
    let actor = reader.actor()?.to_vec();
    let seq = reader.unsigned()?;
    let start_op = reader.unsigned()?;
    if seq == 0 || start_op == 0 || start_op > limits::MAX_OP {
        return Err(ChangeError::Malformed("counter"));
    }
    let time = reader.signed()?;
    let message = reader.count(limits::MESSAGE_BYTES)?;
    std::str::from_utf8(reader.take(message)?).map_err(|_| ChangeError::Malformed("message"))?;
    for _ in 0..reader.count(limits::CHANGE_ACTORS)? {
        reader.actor()?;
    }
    let ops = read_columns(&mut reader)?;
    if !reader.bytes.is_empty() {
        return Err(ChangeError::Malformed("bytes after the columns"));
    }
    if start_op + ops > limits::MAX_OP {
        return Err(ChangeError::Malformed("counter"));
    }
    Ok(ChangeHeader {
        hash,
        deps,
        actor,
        seq,
        start_op,
        ops,
        time,
    })
}

fn read_columns(reader: &mut Reader<'_>) -> Result<u64, ChangeError> {
    let count = reader.count(limits::CHANGE_COLUMNS)?;
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        let specification = reader.unsigned()?;
        let length = reader.count(limits::CHANGE_BYTES as u64)?;
        if specification & 0b1000 != 0 {
            return Err(ChangeError::Malformed("deflated column"));
        }
        columns.push((specification, length));
    }
    let ascending = columns.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if !ascending {
        return Err(ChangeError::Malformed("order of columns"));
    }
    let mut ops = 0;
    for (specification, length) in columns {
        let entries = count_entries(specification & 0b111, reader.take(length)?)?;
        if specification == ACTION_COLUMN {
            ops = entries;
        }
    }
    if ops > limits::CHANGE_OPS {
        return Err(ChangeError::TooManyOps);
    }
    Ok(ops)
}

/// How many entries a column stands for, from its run lengths.
fn count_entries(kind: u64, column: &[u8]) -> Result<u64, ChangeError> {
    match kind {
        VALUE => Ok(0),
        BOOLEAN => {
            let mut reader = Reader { bytes: column };
            let mut total = 0u64;
            while !reader.bytes.is_empty() {
                total = within(total.saturating_add(reader.unsigned()?))?;
            }
            Ok(total)
        }
        GROUP | ACTOR | INTEGER | DELTA | STRING | VALUE_METADATA => count_runs(kind, column),
        _ => Err(ChangeError::Malformed("kind of column")),
    }
}

fn count_runs(kind: u64, column: &[u8]) -> Result<u64, ChangeError> {
    let mut reader = Reader { bytes: column };
    let mut total = 0u64;
    let mut grouped = 0u64;
    while !reader.bytes.is_empty() {
        let run = reader.signed()?;
        let length = run.unsigned_abs();
        total = within(total.saturating_add(length))?;
        match run {
            // Nothing: that many nulls follow without a value.
            0 => total = within(total.saturating_add(reader.unsigned()?))?,
            // The same value, so many times.
            1.. => grouped = grouped.saturating_add(length.saturating_mul(reader.value(kind)?)),
            // So many values, each written out.
            ..0 => {
                for _ in 0..length {
                    grouped = grouped.saturating_add(reader.value(kind)?);
                }
            }
        }
        if kind == GROUP {
            within(grouped)?;
        }
    }
    Ok(total)
}

fn within(total: u64) -> Result<u64, ChangeError> {
    if total > limits::COLUMN_ENTRIES {
        Err(ChangeError::TooManyOps)
    } else {
        Ok(total)
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ChangeError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or(ChangeError::Malformed("ends early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ChangeError> {
        Ok(self.take(1)?[0])
    }

    /// LEB128, shortest form only, so that one value has one spelling.
    fn unsigned(&mut self) -> Result<u64, ChangeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(ChangeError::Malformed("number"));
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift != 0 {
                    return Err(ChangeError::Malformed("number"));
                }
                return Ok(value);
            }
        }
        Err(ChangeError::Malformed("number"))
    }

    fn signed(&mut self) -> Result<i64, ChangeError> {
        let mut value = 0i64;
        let mut shift = 0u32;
        loop {
            let byte = self.byte()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(ChangeError::Malformed("number"));
            }
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                if shift < 64 && byte & 0x40 != 0 {
                    value |= -1i64 << shift;
                }
                return Ok(value);
            }
            if shift > 63 {
                return Err(ChangeError::Malformed("number"));
            }
        }
    }

    fn count(&mut self, most: u64) -> Result<usize, ChangeError> {
        let count = self.unsigned()?;
        usize::try_from(count)
            .ok()
            .filter(|_| count <= most)
            .ok_or(ChangeError::TooLarge)
    }

    fn actor(&mut self) -> Result<&'a [u8], ChangeError> {
        let length = self.count(limits::ACTOR_BYTES)?;
        self.take(length)
    }

    /// Skips one value of a run; for a group column returns it.
    fn value(&mut self, kind: u64) -> Result<u64, ChangeError> {
        match kind {
            STRING => {
                let length = self.count(limits::CHANGE_BYTES as u64)?;
                self.take(length)?;
                Ok(0)
            }
            DELTA => {
                self.signed()?;
                Ok(0)
            }
            _ => self.unsigned(),
        }
    }
}
