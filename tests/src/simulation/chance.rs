//! Time and randomness of a schedule: everything that could differ between two runs comes from its seed.

use ids::{Clock, Entropy};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What the seed decides next.
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The chances of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        (self.0.next_u64() % most.max(1) as u64) as usize
    }

    /// True once in so many times.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() {
            return None;
        }
        Some(&all[self.below(all.len())])
    }

    /// A seed for something that goes on by itself.
    pub fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// The time of the whole world; every clock in it is so much ahead or behind.
#[derive(Clone)]
pub struct WorldTime(Arc<AtomicI64>);

impl WorldTime {
    /// Begins at a moment.
    #[must_use]
    pub fn at(ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(ms)))
    }

    /// Time passes.
    pub fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    /// Now.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The clock of one machine, which may be set wrong.
pub struct MachineClock {
    world: WorldTime,
    ahead_ms: AtomicI64,
}

impl MachineClock {
    /// A clock that is right.
    #[must_use]
    pub fn new(world: &WorldTime) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            ahead_ms: AtomicI64::new(0),
        })
    }

    /// Sets it so much ahead of the world's time.
    pub fn set_ahead(&self, ms: i64) {
        self.ahead_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for MachineClock {
    fn now_ms(&self) -> i64 {
        self.world.now_ms() + self.ahead_ms.load(Ordering::Relaxed)
    }

    fn steady_ms(&self) -> i64 {
        self.world.now_ms()
    }
}

/// The randomness of one machine.
pub struct MachineEntropy(Mutex<ChaCha8Rng>);

impl MachineEntropy {
    /// The randomness of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed))))
    }
}

impl Entropy for MachineEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}
