//! The system's clock and randomness, and civil dates in Asia/Shanghai.

use chrono::{DateTime, SecondsFormat, Utc};
pub use domain::calendar::{beginning_of, civil_date};
use ids::{Clock, Entropy};
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|elapsed| i64::try_from(elapsed.as_millis()).ok())
            .unwrap_or(0)
    }

    fn steady_ms(&self) -> i64 {
        static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);
        i64::try_from(BEGINNING.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// The system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes)
            .expect("without randomness no key may be made, so the process must stop");
    }
}

/// From here on a panic leaves its place in the log and no more: its message may quote a record.
pub fn log_only_where_it_panicked() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            place = panic.location().map(tracing::field::display),
            "a panic"
        );
    }));
}

/// Day and minute in Asia/Shanghai, for people: `2026-11-02 10:05`.
pub fn civil_minute(ms: i64) -> String {
    let minute = ms.div_euclid(60_000).rem_euclid(60);
    format!("{} {:02}:{minute:02}", civil_date(ms), hour(ms))
}

/// The hour of the day in Asia/Shanghai.
pub fn hour(ms: i64) -> u32 {
    let hours = ms.div_euclid(3_600_000) + 8;
    u32::try_from(hours.rem_euclid(24)).expect("an hour of the day is below 24")
}

/// RFC 3339 in UTC.
pub fn moment(ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_shanghai() {
        let before = DateTime::parse_from_rfc3339("2026-11-23T15:59:59Z").expect("a moment");
        let after = DateTime::parse_from_rfc3339("2026-11-23T16:00:00Z").expect("a moment");
        assert_eq!(
            civil_date(before.timestamp_millis()).to_string(),
            "2026-11-23"
        );
        assert_eq!(
            civil_date(after.timestamp_millis()).to_string(),
            "2026-11-24"
        );
    }
}
