//! Change chunks written by hand: taken apart, altered, put together again under a right checksum.

use sha2::{Digest, Sha256};

pub const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Columns of a change as Automerge numbers them: id << 4 | deflated << 3 | type.
pub const OBJECT_ACTOR: u64 = 1;
pub const OBJECT_COUNTER: u64 = 2;
pub const KEY_STRING: u64 = 1 << 4 | 5;
pub const INSERT: u64 = 3 << 4 | 4;
pub const ACTION: u64 = 4 << 4 | 2;
pub const VALUE_METADATA: u64 = 5 << 4 | 6;
pub const VALUE: u64 = 5 << 4 | 7;
pub const PRED_GROUP: u64 = 7 << 4;
pub const PRED_ACTOR: u64 = 7 << 4 | 1;
pub const PRED_COUNTER: u64 = 7 << 4 | 3;

/// A change in its parts.
#[derive(Clone)]
pub struct Craft {
    pub deps: Vec<[u8; 32]>,
    pub actor: Vec<u8>,
    pub seq: u64,
    pub start_op: u64,
    pub time: i64,
    pub message: Vec<u8>,
    pub other_actors: Vec<Vec<u8>>,
    pub columns: Vec<(u64, Vec<u8>)>,
    pub extra: Vec<u8>,
}

impl Craft {
    /// Takes an honest change apart.
    pub fn of(change: &[u8]) -> Self {
        let mut read = Reading(&change[9..]);
        read.unsigned();
        let deps = (0..read.unsigned())
            .map(|_| read.take(32).try_into().unwrap())
            .collect();
        let actor = read.sized();
        let (seq, start_op) = (read.unsigned(), read.unsigned());
        let time = read.signed();
        let message = read.sized();
        let other_actors = (0..read.unsigned()).map(|_| read.sized()).collect();
        let shape: Vec<(u64, u64)> = (0..read.unsigned())
            .map(|_| (read.unsigned(), read.unsigned()))
            .collect();
        let columns = shape
            .into_iter()
            .map(|(column, length)| {
                let length = usize::try_from(length).unwrap();
                (column, read.take(length).to_vec())
            })
            .collect();
        Self {
            deps,
            actor,
            seq,
            start_op,
            time,
            message,
            other_actors,
            columns,
            extra: read.0.to_vec(),
        }
    }

    /// Puts a column in its place, or in another's.
    pub fn with_column(mut self, column: u64, bytes: Vec<u8>) -> Self {
        self.columns.retain(|(other, _)| *other != column);
        self.columns.push((column, bytes));
        self.columns.sort_by_key(|(column, _)| *column);
        self
    }

    /// The body, without frame and checksum.
    pub fn body(&self) -> Vec<u8> {
        let mut body = unsigned(self.deps.len() as u64);
        for dep in &self.deps {
            body.extend(dep);
        }
        body.extend(sized(&self.actor));
        body.extend(unsigned(self.seq));
        body.extend(unsigned(self.start_op));
        body.extend(signed(self.time));
        body.extend(sized(&self.message));
        body.extend(unsigned(self.other_actors.len() as u64));
        for actor in &self.other_actors {
            body.extend(sized(actor));
        }
        body.extend(unsigned(self.columns.len() as u64));
        for (column, bytes) in &self.columns {
            body.extend(unsigned(*column));
            body.extend(unsigned(bytes.len() as u64));
        }
        for (_, bytes) in &self.columns {
            body.extend(bytes);
        }
        body.extend(&self.extra);
        body
    }

    /// The chunk under a right checksum.
    pub fn bytes(&self) -> Vec<u8> {
        chunk(1, &self.body())
    }
}

/// A chunk of any kind under a right checksum.
pub fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let inner = [&[kind], unsigned(body.len() as u64).as_slice(), body].concat();
    let hash = Sha256::digest(&inner);
    [&MAGIC, &hash[..4], &inner].concat()
}

/// What the chunk would be called, whatever it holds.
pub fn hash_of(chunk: &[u8]) -> [u8; 32] {
    Sha256::digest(&chunk[8..]).into()
}

pub fn unsigned(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

pub fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

pub fn sized(bytes: &[u8]) -> Vec<u8> {
    [unsigned(bytes.len() as u64).as_slice(), bytes].concat()
}

/// The same value so many times.
pub fn run(times: i64, value: &[u8]) -> Vec<u8> {
    [signed(times).as_slice(), value].concat()
}

struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn unsigned(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.take(1)[0];
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }

    fn signed(&mut self) -> i64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.take(1)[0];
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                let negative = shift < 64 && byte & 0x40 != 0;
                return if negative { value | -1 << shift } else { value };
            }
        }
    }

    fn sized(&mut self) -> Vec<u8> {
        let length = usize::try_from(self.unsigned()).unwrap();
        self.take(length).to_vec()
    }
}
