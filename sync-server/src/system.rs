//! The real clock and the real randomness; tests bring their own.

use ids::{Clock, Entropy};
use std::time::{SystemTime, UNIX_EPOCH};

/// From here on a panic leaves its place in the log and no more: its message may quote a record.
pub fn log_only_where_it_panicked() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            place = panic.location().map(tracing::field::display),
            "a panic"
        );
    }));
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }
}

/// The system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("a server without randomness must not run");
    }
}
