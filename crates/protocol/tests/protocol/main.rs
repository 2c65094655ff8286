//! What the protocol promises about bytes, sizes, codes and rights.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod access;
mod bounds;
mod changes;
mod client_session;
mod delegating;
mod enrolling;
mod envelopes;
mod wire;
mod wycheproof;

/// A small generator, so that every test run tries the same bytes.
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.draw() % most.max(1) as u64).unwrap()
    }

    /// One of: a byte changed, a bit flipped, a piece removed, doubled, or filled with continuation bytes.
    pub fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                bytes.push(0);
            }
            let at = self.below(bytes.len());
            let length = 1 + self.below((bytes.len() - at).min(12));
            match self.below(5) {
                0 => bytes[at] = u8::try_from(self.draw() & 0xff).unwrap(),
                1 => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..at + length)),
                3 => {
                    let piece = bytes[at..at + length].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => bytes[at..at + length].fill(0xff),
            }
        }
        bytes
    }
}
