//! Our own bounded reading of an Automerge change chunk, before Automerge sees a byte of it.
//!
//! It answers what admission asks: whose change, after which, how many operations; and recomputes the hash.
//! It reads every column's run lengths, so that a kilobyte cannot promise a million operations.
//! Uncompressed change chunks only: documents, bundles and deflated chunks are refused.

use crate::limits;
use ids::ChangeHash;
use sha2::{Digest, Sha256};

/// Columns 0 of types actor and integer: the object each operation is done to; nothing is the root.
const OBJECT_ACTOR_COLUMN: u64 = ACTOR;
const OBJECT_COUNTER_COLUMN: u64 = INTEGER;
/// Column 1 of type string: the key in its map.
const KEY_COLUMN: u64 = 1 << 4 | STRING;
/// Column 7 of type group: how many operations each takes the place of.
const PREDECESSORS_COLUMN: u64 = 7 << 4 | GROUP;
/// What makes a map.
const MAKE_MAP: u64 = 0;
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

/// Where an object of a document lies: the operation that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPlace {
    /// Whose operation.
    pub actor: Vec<u8>,
    /// Its counter.
    pub counter: u64,
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

/// Whether a change does nothing but put new entries into one collection: maps it makes there, and what it writes into
/// the maps it made. It takes the place of nothing that was said before.
///
/// # Errors
/// The bytes are not exactly one uncompressed change within the limits.
pub fn adds_only_to(bytes: &[u8], collection: &ObjectPlace) -> Result<bool, ChangeError> {
    let start_op = read(bytes)?.start_op;
    let spread = Spread::of(bytes)?;
    let actors = spread.numbers(OBJECT_ACTOR_COLUMN)?;
    let counters = spread.numbers(OBJECT_COUNTER_COLUMN)?;
    let predecessors = spread.numbers(PREDECESSORS_COLUMN)?;
    let at = |column: &[Option<u64>], place: usize| column.get(place).copied().flatten();
    let actions = spread.numbers(ACTION_COLUMN)?;
    Ok(actions.iter().enumerate().all(|(place, action)| {
        let replaces = at(&predecessors, place).unwrap_or(0) > 0;
        let (Some(actor), Some(counter)) = (at(&actors, place), at(&counters, place)) else {
            // The root.
            return false;
        };
        let is_inside = match usize::try_from(actor).ok().and_then(|at| at.checked_sub(1)) {
            // Its own actor: an object this very change made.
            None => actor == 0 && counter >= start_op,
            Some(other) => {
                *action == Some(MAKE_MAP)
                    && counter == collection.counter
                    && spread.others.get(other) == Some(&collection.actor.as_slice())
            }
        };
        is_inside && !replaces
    }))
}

/// Where a change makes the map of this name in the root of its document.
///
/// # Errors
/// The bytes are not exactly one uncompressed change within the limits.
pub fn place_of_map(bytes: &[u8], name: &str) -> Result<Option<ObjectPlace>, ChangeError> {
    let header = read(bytes)?;
    let spread = Spread::of(bytes)?;
    let objects = spread.numbers(OBJECT_COUNTER_COLUMN)?;
    let actions = spread.numbers(ACTION_COLUMN)?;
    let keys = spread.cells(KEY_COLUMN)?;
    let found = (0u64..).zip(&keys).find(|(place, key)| {
        let at = usize::try_from(*place).unwrap_or(usize::MAX);
        let in_root = objects.get(at).copied().flatten().is_none();
        let is_map = actions.get(at).copied().flatten() == Some(MAKE_MAP);
        in_root && is_map && matches!(key, Some(Cell::Text(text)) if *text == name.as_bytes())
    });
    Ok(found.map(|(place, _)| ObjectPlace {
        actor: header.actor.clone(),
        counter: header.start_op + place,
    }))
}

/// Reads the first of several concatenated change chunks; also returns the bytes after it.
///
/// # Errors
/// The bytes do not begin with an uncompressed change within the limits.
pub fn read_first(bytes: &[u8]) -> Result<(ChangeHeader, &[u8]), ChangeError> {
    let chunk = take_chunk(bytes)?;
    let hash = hash_of(chunk.body);
    if hash[..4] != *chunk.checksum {
        return Err(ChangeError::Checksum);
    }
    Ok((read_body(chunk.body, ChangeHash(hash))?, chunk.rest))
}

/// A chunk as it stands among others.
struct Chunk<'a> {
    body: &'a [u8],
    checksum: &'a [u8],
    /// The bytes after it.
    rest: &'a [u8],
}

fn take_chunk(bytes: &[u8]) -> Result<Chunk<'_>, ChangeError> {
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
    Ok(Chunk {
        body: outer.take(length)?,
        checksum,
        rest: outer.bytes,
    })
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
    let mut ops = 0;
    for (specification, column) in split_columns(reader)? {
        let entries = count_entries(specification & 0b111, column)?;
        if specification == ACTION_COLUMN {
            ops = entries;
        }
    }
    if ops > limits::CHANGE_OPS {
        return Err(ChangeError::TooManyOps);
    }
    Ok(ops)
}

/// The columns with what each is, in their order.
fn split_columns<'a>(reader: &mut Reader<'a>) -> Result<Vec<(u64, &'a [u8])>, ChangeError> {
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
    columns
        .into_iter()
        .map(|(specification, length)| Ok((specification, reader.take(length)?)))
        .collect()
}

/// The columns of a change that was read and is within the limits, to be looked into.
struct Spread<'a> {
    /// The actors it names beside its own.
    others: Vec<&'a [u8]>,
    columns: Vec<(u64, &'a [u8])>,
}

/// One value of a column.
#[derive(Clone, Copy)]
enum Cell<'a> {
    Number(u64),
    Text(&'a [u8]),
}

impl<'a> Spread<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, ChangeError> {
        let body = take_chunk(bytes)?.body;
        let mut reader = Reader { bytes: body };
        let deps = reader.count(limits::CHANGE_DEPS)?;
        reader.take(32 * deps)?;
        reader.actor()?;
        reader.unsigned()?;
        reader.unsigned()?;
        reader.signed()?;
        let message = reader.count(limits::MESSAGE_BYTES)?;
        reader.take(message)?;
        let others = (0..reader.count(limits::CHANGE_ACTORS)?)
            .map(|_| reader.actor())
            .collect::<Result<_, _>>()?;
        Ok(Self {
            others,
            columns: split_columns(&mut reader)?,
        })
    }

    /// A column's values, one for each operation; none at all where the change has no such column.
    fn cells(&self, column: u64) -> Result<Vec<Option<Cell<'a>>>, ChangeError> {
        let kind = column & 0b111;
        let bytes = self.columns.iter().find(|(known, _)| *known == column);
        let mut reader = Reader {
            bytes: bytes.map_or(&[], |(_, bytes)| bytes),
        };
        let mut cells = Vec::new();
        while !reader.bytes.is_empty() {
            let run = reader.signed()?;
            let length = run.unsigned_abs();
            match run {
                0 => {
                    let nulls = length_within(reader.unsigned()?, cells.len())?;
                    cells.resize(cells.len() + nulls, None);
                }
                1.. => {
                    let repeats = length_within(length, cells.len())?;
                    let cell = reader.cell(kind)?;
                    cells.resize(cells.len() + repeats, Some(cell));
                }
                ..0 => {
                    for _ in 0..length_within(length, cells.len())? {
                        cells.push(Some(reader.cell(kind)?));
                    }
                }
            }
        }
        Ok(cells)
    }

    fn numbers(&self, column: u64) -> Result<Vec<Option<u64>>, ChangeError> {
        Ok(self
            .cells(column)?
            .into_iter()
            .map(|cell| match cell {
                Some(Cell::Number(number)) => Some(number),
                _ => None,
            })
            .collect())
    }
}

/// So many more values of a column that has so many already.
fn length_within(more: u64, already: usize) -> Result<usize, ChangeError> {
    within(more.saturating_add(already as u64))?;
    usize::try_from(more).map_err(|_| ChangeError::TooManyOps)
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

    /// One value of a run of numbers or texts.
    fn cell(&mut self, kind: u64) -> Result<Cell<'a>, ChangeError> {
        if kind == STRING {
            let length = self.count(limits::CHANGE_BYTES as u64)?;
            return Ok(Cell::Text(self.take(length)?));
        }
        self.unsigned().map(Cell::Number)
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
