//! What a PIN guess costs, and how much of it this machine can bear: the memory is fixed, the passes are measured.
//!
//! Never more memory on a better machine: a cheap tablet that runs out of it at unlocking has lost more than it won.

use crate::StoreError;
use crate::keys::SecretKey;
use argon2::{Algorithm, Argon2, Params, Version};
use ids::Clock;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a PIN guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgonCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for ArgonCost {
    /// 64 MiB, three passes, one lane: about a fifth of a second on a PC, a second on a cheap tablet.
    fn default() -> Self {
        Self::with_passes(3)
    }
}

/// A guess is to take about so long on the machine it is made on (security-notes §3.1: 0.8 to 1.5 s).
const WANTED_MS: u64 = 1_100;
/// Passes on a machine so quick, or measured so badly, that more would be asked for.
const MOST_PASSES: u32 = 40;

impl ArgonCost {
    /// The least Argon2 accepts: for tests, which unlock hundreds of times, and for a store whose PIN guards nothing.
    pub const FLOOR: Self = Self {
        memory_kib: 8,
        iterations: 1,
        lanes: 1,
    };

    /// The least a device may have, however slow it is (security-notes §3.1); below it a slot is made anew.
    pub const LEAST: Self = Self::with_passes(2);

    const fn with_passes(iterations: u32) -> Self {
        Self {
            memory_kib: 64 * 1024,
            iterations,
            lanes: 1,
        }
    }

    /// Cheaper for whoever guesses than another.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self.memory_kib < other.memory_kib || self.iterations < other.iterations
    }

    /// The cost for a machine on which guessing under [`Self::LEAST`] takes so many milliseconds.
    #[must_use]
    pub fn for_machine(least_ms: u64) -> Self {
        let least = Self::LEAST.iterations;
        let passes = (WANTED_MS * u64::from(least) + least_ms / 2)
            .checked_div(least_ms)
            .unwrap_or(u64::MAX);
        let passes = u32::try_from(passes).unwrap_or(u32::MAX);
        Self::with_passes(passes.clamp(least, MOST_PASSES))
    }

    /// Measures this machine and says what it can bear. The better of two: the first also waits for its memory.
    ///
    /// # Errors
    /// The memory is not there.
    pub fn measured(clock: &dyn Clock) -> Result<Self, StoreError> {
        let mut least_ms = u64::MAX;
        for _ in 0..2 {
            let begun = clock.steady_ms();
            Self::LEAST.stretch(b"000000", &[0; 16])?;
            let took = clock.steady_ms().saturating_sub(begun);
            least_ms = least_ms.min(u64::try_from(took).unwrap_or(0));
        }
        Ok(Self::for_machine(least_ms))
    }

    /// Argon2id of a PIN.
    pub(crate) fn stretch(self, pin: &[u8], salt: &[u8]) -> Result<SecretKey, StoreError> {
        let params =
            Params::new(self.memory_kib, self.iterations, self.lanes, Some(32)).map_err(|_| {
                StoreError::Corrupt {
                    what: "the cost of the PIN slot",
                }
            })?;
        let mut slow = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(pin, salt, slow.as_mut_slice())
            // Not a wrong PIN: most likely the memory asked for is not there.
            .map_err(|_| StoreError::Io(std::io::ErrorKind::OutOfMemory.into()))?;
        Ok(SecretKey::from_bytes(*slow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[test]
    fn a_guess_takes_about_a_second_on_any_machine_within_floor_and_ceiling() {
        for (least_ms, passes) in [
            (0, 40),
            (10, 40),
            (100, 22),
            (126, 17),
            (700, 3),
            (1_000, 2),
            (60_000, 2),
        ] {
            let cost = ArgonCost::for_machine(least_ms);
            assert_eq!(cost.iterations, passes, "{least_ms} ms");
            assert_eq!(cost.memory_kib, 64 << 10, "the memory is fixed");
            if passes < MOST_PASSES && least_ms <= 1_000 {
                let guess_ms = least_ms * u64::from(passes) / 2;
                assert!((800..=1_500).contains(&guess_ms), "{guess_ms} ms");
            }
            assert!(!cost.is_below(&ArgonCost::LEAST));
        }
        assert!(ArgonCost::FLOOR.is_below(&ArgonCost::LEAST));
        assert!(!ArgonCost::default().is_below(&ArgonCost::LEAST));
    }

    /// Every look at it is so much later.
    struct Ticking(AtomicI64);

    impl Clock for Ticking {
        fn now_ms(&self) -> i64 {
            self.0.fetch_add(550, Ordering::Relaxed)
        }

        fn steady_ms(&self) -> i64 {
            self.now_ms()
        }
    }

    #[test]
    fn measuring_goes_by_the_clock_it_is_given() {
        let cost = ArgonCost::measured(&Ticking(AtomicI64::new(0))).expect("64 MiB are there");
        assert_eq!(cost.iterations, 4, "two passes took 550 ms");
    }
}
