//! Every bound of the table that bytes alone can meet: one below it and at it are taken, one above it is refused.

use protocol::{change_header, limits, wire};
use sha2::{Digest, Sha256};

/// A change body whose parts can each be made as large as one likes.
struct Body {
    deps: u64,
    actor: u64,
    start_op: u64,
    message: u64,
    others: u64,
    other: u64,
    columns: Vec<(u64, Vec<u8>)>,
}

impl Body {
    fn small() -> Self {
        Self {
            deps: 0,
            actor: 16,
            start_op: 1,
            message: 0,
            others: 0,
            other: 16,
            columns: Vec::new(),
        }
    }

    fn read(&self) -> bool {
        let mut body = unsigned(self.deps);
        for number in 0..self.deps {
            body.extend([0; 24]);
            body.extend(number.to_be_bytes());
        }
        body.extend(unsigned(self.actor));
        body.extend(filled(self.actor));
        body.extend(unsigned(1));
        body.extend(unsigned(self.start_op));
        body.push(0);
        body.extend(unsigned(self.message));
        body.extend(filled(self.message));
        body.extend(unsigned(self.others));
        for _ in 0..self.others {
            body.extend(unsigned(self.other));
            body.extend(filled(self.other));
        }
        body.extend(unsigned(self.columns.len() as u64));
        for (specification, column) in &self.columns {
            body.extend(unsigned(*specification));
            body.extend(unsigned(column.len() as u64));
        }
        for (_, column) in &self.columns {
            body.extend(column);
        }
        let inner = [vec![1], unsigned(body.len() as u64), body].concat();
        let hash = Sha256::digest(&inner);
        change_header::read(&[&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &inner].concat()).is_ok()
    }
}

fn filled(length: u64) -> Vec<u8> {
    vec![b'x'; usize::try_from(length).unwrap()]
}

fn unsigned(mut value: u64) -> Vec<u8> {
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

/// A run of one value, so many times.
fn run(length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut value = length;
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 && low & 0x40 == 0 {
            bytes.push(low);
            break;
        }
        bytes.push(low | 0x80);
    }
    bytes.push(1);
    bytes
}

fn actions(length: u64) -> (u64, Vec<u8>) {
    (0x42, run(length))
}

/// Name, bound, and whether something of this size is read.
type Bound = (&'static str, u64, fn(u64) -> bool);

const BOUNDS: &[Bound] = &[
    ("CHANGE_DEPS", limits::CHANGE_DEPS, |deps| {
        Body {
            deps,
            ..Body::small()
        }
        .read()
    }),
    ("ACTOR_BYTES, its own", limits::ACTOR_BYTES, |actor| {
        Body {
            actor,
            ..Body::small()
        }
        .read()
    }),
    ("ACTOR_BYTES, another's", limits::ACTOR_BYTES, |other| {
        Body {
            other,
            others: 1,
            ..Body::small()
        }
        .read()
    }),
    ("MESSAGE_BYTES", limits::MESSAGE_BYTES, |message| {
        Body {
            message,
            ..Body::small()
        }
        .read()
    }),
    ("CHANGE_ACTORS", limits::CHANGE_ACTORS, |others| {
        Body {
            others,
            ..Body::small()
        }
        .read()
    }),
    ("CHANGE_COLUMNS", limits::CHANGE_COLUMNS, |columns| {
        // Columns of raw values, in the ascending order the format asks for.
        let columns = (0..columns).map(|number| (number << 4 | 7, Vec::new()));
        Body {
            columns: columns.collect(),
            ..Body::small()
        }
        .read()
    }),
    ("CHANGE_OPS", limits::CHANGE_OPS, |ops| {
        Body {
            columns: vec![actions(ops)],
            ..Body::small()
        }
        .read()
    }),
    ("COLUMN_ENTRIES, runs", limits::COLUMN_ENTRIES, |entries| {
        Body {
            columns: vec![(0x12, run(entries))],
            ..Body::small()
        }
        .read()
    }),
    ("COLUMN_ENTRIES, nulls", limits::COLUMN_ENTRIES, |entries| {
        let nulls = [vec![0], unsigned(entries)].concat();
        Body {
            columns: vec![(0x12, nulls)],
            ..Body::small()
        }
        .read()
    }),
    (
        "COLUMN_ENTRIES, booleans",
        limits::COLUMN_ENTRIES,
        |entries| {
            Body {
                columns: vec![(0x34, unsigned(entries))],
                ..Body::small()
            }
            .read()
        },
    ),
    ("MAX_OP, where it starts", limits::MAX_OP, |start_op| {
        Body {
            start_op,
            ..Body::small()
        }
        .read()
    }),
    ("MAX_OP, where it ends", limits::MAX_OP, |end| {
        let columns = vec![actions(10)];
        Body {
            start_op: end - 10,
            columns,
            ..Body::small()
        }
        .read()
    }),
    (
        "REQUEST_INFLATED_BYTES",
        limits::REQUEST_INFLATED_BYTES as u64,
        |bytes| {
            let packed = zstd::bulk::compress(&filled(bytes), 1).unwrap();
            wire::inflate(&packed, wire::REQUEST).is_ok()
        },
    ),
    (
        "RESPONSE_INFLATED_BYTES",
        limits::RESPONSE_INFLATED_BYTES as u64,
        |bytes| {
            let packed = zstd::bulk::compress(&filled(bytes), 1).unwrap();
            wire::inflate(&packed, wire::RESPONSE).is_ok()
        },
    ),
    ("REQUEST_BYTES", limits::REQUEST_BYTES as u64, |bytes| {
        stored(bytes, |packed| wire::inflate(packed, wire::REQUEST).is_ok())
    }),
];

/// A zstd frame of exactly so many bytes: stored blocks of noise that does not compress.
fn stored(bytes: u64, read: impl Fn(&[u8]) -> bool) -> bool {
    let mut length = usize::try_from(bytes).unwrap() - 64;
    let mut noise = crate::Seeded::new(3);
    let raw: Vec<u8> = (0..length + 64)
        .map(|_| u8::try_from(noise.draw() >> 32 & 0xff).unwrap())
        .collect();
    loop {
        let packed = zstd::bulk::compress(&raw[..length], 1).unwrap();
        match u64::try_from(packed.len()).unwrap().cmp(&bytes) {
            std::cmp::Ordering::Equal => return read(&packed),
            std::cmp::Ordering::Less => length += 1,
            std::cmp::Ordering::Greater => length -= 1,
        }
    }
}

#[test]
fn every_bound_is_where_the_table_says() {
    for (name, bound, is_read) in BOUNDS {
        for (size, expected) in [(bound - 1, true), (*bound, true), (bound + 1, false)] {
            assert_eq!(is_read(size), expected, "{name} at {size}");
        }
    }
}
