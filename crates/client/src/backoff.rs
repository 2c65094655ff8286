//! When a tablet syncs by itself: soon when something waits, ever more seldom while it fails, never all tablets at once.
//!
//! A person's tap syncs at once whatever stands here. Clock and randomness are arguments (ADR 0021).

use crate::system;
use ids::{DeviceId, Entropy};

/// Between two syncs when nothing is waiting.
pub const CALM_MS: i64 = 30_000;
/// The first failure's longest pause; doubled with every further one.
const FIRST_MS: i64 = 2_000;
/// The longest pause after failures of a server that was reached.
const LONGEST_MS: i64 = 15 * 60_000;
/// The longest while there is no network: nobody is burdened, and a tablet that comes home should not wait for long.
const LONGEST_WITHOUT_NETWORK_MS: i64 = 2 * 60_000;
/// Whoever was away for longer than this comes in a slot of its own.
const AWAY_MS: i64 = 4 * 60 * 60_000;
/// When tablets come home, by the clock of Asia/Shanghai.
const EVENING: std::ops::Range<u32> = 16..22;
/// The slots lie within this time.
const WINDOW_MS: i64 = 20 * 60_000;

/// What the loop remembers between syncs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
    not_before_ms: Option<i64>,
}

impl Backoff {
    /// A sync went through. The server may have asked to be left alone for a while.
    pub fn succeeded(&mut self, now_ms: i64, asked_s: Option<u32>) {
        self.failures = 0;
        self.not_before_ms = asked_s.map(|seconds| now_ms + i64::from(seconds) * 1_000);
    }

    /// A sync failed. What the server asked for counts, otherwise chance: anything up to a bound that doubles.
    pub fn failed(
        &mut self,
        now_ms: i64,
        (reached, asked_s): (bool, Option<u32>),
        entropy: &dyn Entropy,
    ) {
        self.failures = self.failures.saturating_add(1);
        let pause = match asked_s {
            Some(seconds) => i64::from(seconds) * 1_000,
            None => below(self.bound_ms(reached), entropy),
        };
        self.not_before_ms = Some(now_ms + pause);
    }

    fn bound_ms(&self, reached: bool) -> i64 {
        let longest = if reached {
            LONGEST_MS
        } else {
            LONGEST_WITHOUT_NETWORK_MS
        };
        FIRST_MS
            .saturating_mul(1 << self.failures.saturating_sub(1).min(20))
            .min(longest)
    }

    /// How long the loop sleeps when nobody taps.
    pub fn pause_ms(&self, now_ms: i64) -> i64 {
        match self.not_before_ms {
            // A clock that was set back must not make the pause endless.
            Some(then) => (then - now_ms).clamp(0, WINDOW_MS),
            None => CALM_MS,
        }
    }

    /// Whether a sync that nobody tapped for may begin now.
    pub fn may_begin(&self, now_ms: i64) -> bool {
        self.not_before_ms
            .is_none_or(|then| then <= now_ms || then - now_ms > WINDOW_MS)
    }

    /// A tablet that is opened in the evening and was away for hours waits for its own slot, so that the evening of all
    /// tablets is not one moment. One that was here lately, or never, waits for nothing.
    pub fn come_back(&mut self, now_ms: i64, last_success_ms: Option<i64>, device: DeviceId) {
        let away = last_success_ms.is_some_and(|last| now_ms - last > AWAY_MS);
        if away && EVENING.contains(&system::hour(now_ms)) {
            self.not_before_ms = Some(now_ms + slot_ms(device));
        }
    }
}

/// A device's slot within the window; always the same one.
fn slot_ms(device: DeviceId) -> i64 {
    // The second half of an id is random.
    let (_, half) = device.0.as_u64_pair();
    (half % WINDOW_MS.unsigned_abs()).cast_signed()
}

fn below(bound: i64, entropy: &dyn Entropy) -> i64 {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    (u64::from_be_bytes(bytes) % bound.max(1).unsigned_abs()).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    struct Highest;

    impl Entropy for Highest {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }

    fn mixed(number: u64) -> u64 {
        number
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31)
    }

    struct Counting(std::sync::atomic::AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            bytes.copy_from_slice(&mixed(count).to_be_bytes()[..bytes.len()]);
        }
    }

    /// 22:00 in Shanghai.
    const TEN_AT_NIGHT: i64 = 14 * 60 * 60_000;

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour_and_a_success_ends_them() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.pause_ms(0), CALM_MS);
        let entropy = Counting(std::sync::atomic::AtomicU64::new(0));
        let mut bounds = Vec::new();
        for _ in 0..40 {
            backoff.failed(0, (true, None), &entropy);
            bounds.push(backoff.bound_ms(true));
            assert!(backoff.pause_ms(0) < backoff.bound_ms(true));
            assert!(backoff.bound_ms(false) <= LONGEST_WITHOUT_NETWORK_MS);
        }
        assert_eq!(bounds[..4], [2_000, 4_000, 8_000, 16_000]);
        assert_eq!(bounds[39], LONGEST_MS);
        backoff.succeeded(0, None);
        assert_eq!(backoff, Backoff::default());
    }

    #[test]
    fn a_thousand_tablets_that_fail_together_do_not_come_again_together() {
        let entropy = Counting(std::sync::atomic::AtomicU64::new(0));
        let mut by_second = std::collections::BTreeMap::new();
        for _ in 0..1_000 {
            let mut backoff = Backoff::default();
            for _ in 0..8 {
                backoff.failed(0, (true, None), &entropy);
            }
            *by_second.entry(backoff.pause_ms(0) / 1_000).or_insert(0) += 1;
        }
        assert!(by_second.values().all(|count| *count < 30), "{by_second:?}");
    }

    #[test]
    fn what_the_server_asks_for_is_done() {
        let mut backoff = Backoff::default();
        backoff.failed(1_000, (true, Some(90)), &Highest);
        assert_eq!(backoff.pause_ms(1_000), 90_000);
        assert!(!backoff.may_begin(90_999));
        assert!(backoff.may_begin(91_000));
        backoff.succeeded(100_000, Some(20));
        assert!(!backoff.may_begin(119_999));
        assert!(backoff.may_begin(120_000));
    }

    #[test]
    fn a_clock_set_back_by_years_does_not_silence_a_tablet() {
        let mut backoff = Backoff::default();
        backoff.failed(1_000_000_000_000, (true, Some(60)), &Highest);
        assert!(backoff.may_begin(0));
        assert!(backoff.pause_ms(0) <= WINDOW_MS);
    }

    #[test]
    fn whoever_was_away_comes_back_in_its_own_slot_and_the_slots_are_spread() {
        let mut by_minute = std::collections::BTreeMap::new();
        for number in 0..2_000 {
            let device = DeviceId(Uuid::from_u64_pair(0, mixed(number)));
            let mut backoff = Backoff::default();
            backoff.come_back(TEN_AT_NIGHT - 1, Some(0), device);
            let pause = backoff.pause_ms(TEN_AT_NIGHT - 1);
            assert!((0..WINDOW_MS).contains(&pause));
            *by_minute.entry(pause / 60_000).or_insert(0) += 1;
        }
        assert_eq!(by_minute.len(), 20);
        assert!(by_minute.values().all(|count| (50..=150).contains(count)));
        let mut backoff = Backoff::default();
        backoff.come_back(TEN_AT_NIGHT, Some(0), DeviceId(Uuid::nil()));
        assert!(backoff.may_begin(TEN_AT_NIGHT), "the evening is over");
        backoff.come_back(1_000, Some(0), DeviceId(Uuid::nil()));
        assert!(backoff.may_begin(1_000), "it was here a second ago");
        backoff.come_back(1_000, None, DeviceId(Uuid::nil()));
        assert!(backoff.may_begin(1_000), "a new tablet loads at once");
    }
}
