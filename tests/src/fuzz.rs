//! Strangers' bytes: every parser of ours under one name, with seeds from our own traffic.
//!
//! A target takes any bytes and returns; a panic, an endless loop or a broken promise is the finding. The same
//! functions are run by the libFuzzer targets in `tests/fuzz` and, over their seeds and seeded mutations of them, by
//! the test `hostile_bytes`.

mod seeds;
mod targets;

pub use seeds::automerge_fixtures;

/// One parser.
pub struct Target {
    /// Its name, as `make fuzz TARGET=` takes it.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
    /// Honest input to begin from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutations of each seed a test run tries; fewer where one try costs milliseconds.
    pub mutations: u32,
}

macro_rules! targets {
    ($($name:ident, $seeds:ident, $mutations:literal;)*) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: targets::$name,
            seeds: seeds::$seeds,
            mutations: $mutations,
        },)*];
    };
}

targets! {
    change, changes, 400;
    document, changes, 150;
    several_changes, several_changes, 400;
    head, heads, 2_000;
    request, requests, 1_000;
    response, responses, 1_000;
    inflate, compressed, 2_000;
    statement, statements, 2_000;
    code, codes, 2_000;
    ledger, ledgers, 12;
    form, forms, 3;
    policy, policies, 6;
    case, cases, 100;
    identity_number, identity_numbers, 2_000;
}

/// A target by its name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Small randomness whose every draw follows from its seed.
pub struct Dice(u64);

impl Dice {
    /// Begins.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below another.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap_or(0)
    }

    /// Bytes with a bit flipped, a byte changed, a piece taken out, doubled, filled, cut off or put in from elsewhere.
    #[must_use]
    pub fn mutate(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                bytes.push(0);
            }
            let at = self.below(bytes.len());
            let length = 1 + self.below((bytes.len() - at).min(16));
            match self.below(7) {
                0 => bytes[at] = u8::try_from(self.below(256)).unwrap_or(0),
                1 => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..at + length)),
                3 => {
                    let piece = bytes[at..at + length].to_vec();
                    bytes.splice(at..at, piece);
                }
                4 => bytes[at..at + length].fill(0xff),
                5 => bytes.truncate(at),
                _ => {
                    let from = self.below(other.len());
                    let until = (from + length).min(other.len());
                    bytes.splice(at..at, other[from..until].iter().copied());
                }
            }
        }
        bytes
    }
}
