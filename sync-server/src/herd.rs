//! Many tablets at once: who goes first, who waits, who is asked to come again later (ADR 0021).
//!
//! A tablet that is sent away loses nothing: what it holds stays in its outbox, and it is told when to come again,
//! each at another time. Clock and randomness are arguments.

use crate::error::ApiError;
use ids::{DeviceId, Entropy};
use protocol::limits::{
    BACKOFF_MOST_S, BACKOFF_S, DEVICE_BURST, DEVICE_REQUESTS, DEVICE_REQUESTS_PER_S,
    DEVICE_WAIT_MS, DEVICE_WAITING, PLACES_BLOBS, PLACES_PULLS, PLACES_WORDS, WAIT_FOR_PLACE_MS,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Devices remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 4_096;
/// A request in the bucket's unit.
const ONE: i64 = 1_000;

/// What kind of work a request is. Each has places of its own, so that words never wait for pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// What somebody wrote, and everything as small.
    Words,
    /// Whole documents for a new tablet.
    Pulls,
    /// Parts of attachments.
    Blobs,
}

/// Everybody who is here.
pub(crate) struct Herd {
    places: [Arc<Semaphore>; 3],
    waiting: AtomicUsize,
    devices: Mutex<BTreeMap<DeviceId, Pace>>,
}

impl Default for Herd {
    fn default() -> Self {
        Self {
            places: [PLACES_WORDS, PLACES_PULLS, PLACES_BLOBS]
                .map(|places| Arc::new(Semaphore::new(places))),
            waiting: AtomicUsize::new(0),
            devices: Mutex::default(),
        }
    }
}

/// How fast one device has been asking.
struct Pace {
    /// What it may still ask at once, in thousandths.
    credit: i64,
    at_ms: i64,
    /// Those that are worked on.
    together: Arc<Semaphore>,
    /// Those and the few that wait to be.
    here: Arc<Semaphore>,
}

impl Pace {
    fn new(now_ms: i64) -> Self {
        Self {
            credit: DEVICE_BURST * ONE,
            at_ms: now_ms,
            together: Arc::new(Semaphore::new(DEVICE_REQUESTS)),
            here: Arc::new(Semaphore::new(DEVICE_REQUESTS + DEVICE_WAITING)),
        }
    }

    /// Takes one request out of the credit that has grown since. Says how long it has to wait for it: a tablet that
    /// brings half a year asks fast for good reason, so it is slowed and not sent away.
    fn take(&mut self, now_ms: i64) -> Duration {
        let grown = now_ms
            .saturating_sub(self.at_ms)
            .clamp(0, 60_000)
            .saturating_mul(DEVICE_REQUESTS_PER_S);
        self.credit = (self.credit + grown).min(DEVICE_BURST * ONE);
        self.at_ms = now_ms;
        self.credit -= ONE;
        let debt = u64::try_from(-self.credit).unwrap_or(0);
        Duration::from_millis(debt.div_ceil(DEVICE_REQUESTS_PER_S.unsigned_abs()))
    }

    fn is_quiet(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.at_ms) > 60_000
            && self.here.available_permits() == DEVICE_REQUESTS + DEVICE_WAITING
    }
}

/// A place taken; given back when dropped.
pub(crate) struct Place {
    _place: OwnedSemaphorePermit,
}

/// One of a device's requests; over when dropped.
pub(crate) struct Turn {
    /// How long it waits before it begins.
    pub wait: Duration,
    _turn: OwnedSemaphorePermit,
    _here: OwnedSemaphorePermit,
}

impl Herd {
    /// Waits for a place, not for long.
    ///
    /// # Errors
    /// Busy.
    pub(crate) async fn enter(&self, class: Class) -> Result<Place, ApiError> {
        self.enter_within(class, Duration::from_millis(WAIT_FOR_PLACE_MS))
            .await
    }

    async fn enter_within(&self, class: Class, wait: Duration) -> Result<Place, ApiError> {
        let places = Arc::clone(&self.places[class as usize]);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(Place { _place: place });
        }
        let _waiting = Waiting::begin(&self.waiting);
        let place = tokio::time::timeout(wait, places.acquire_owned())
            .await
            .map_err(|_| ApiError::Busy)?
            .map_err(|_| ApiError::Busy)?;
        Ok(Place { _place: place })
    }

    /// Lets a device ask, at its pace. While two of its requests are worked on, a few more wait for their turn:
    /// nobody's tap is refused because her own tablet is syncing.
    ///
    /// # Errors
    /// Busy, when it asks for too much at the same time.
    pub(crate) async fn turn(&self, device: DeviceId, now_ms: i64) -> Result<Turn, ApiError> {
        let (wait, here, together) = self.line_up(device, now_ms)?;
        let turn = tokio::time::timeout(
            Duration::from_millis(DEVICE_WAIT_MS),
            together.acquire_owned(),
        )
        .await
        .map_err(|_| ApiError::Busy)?
        .map_err(|_| ApiError::Busy)?;
        Ok(Turn {
            wait,
            _turn: turn,
            _here: here,
        })
    }

    /// A place in the device's own line, and how long its pace makes the request wait once it is its turn.
    fn line_up(
        &self,
        device: DeviceId,
        now_ms: i64,
    ) -> Result<(Duration, OwnedSemaphorePermit, Arc<Semaphore>), ApiError> {
        let mut devices = self.devices();
        if devices.len() >= REMEMBERED {
            devices.retain(|_, pace| !pace.is_quiet(now_ms));
        }
        let pace = devices.entry(device).or_insert_with(|| Pace::new(now_ms));
        let here = Arc::clone(&pace.here)
            .try_acquire_owned()
            .map_err(|_| ApiError::Busy)?;
        Ok((pace.take(now_ms), here, Arc::clone(&pace.together)))
    }

    /// What to tell those who are answered while many wait: come again a little later, each at another time.
    pub(crate) fn backoff_s(&self, entropy: &dyn Entropy) -> Option<u32> {
        (self.waiting.load(Ordering::Relaxed) > PLACES_WORDS / 2).then(|| retry_after_s(entropy))
    }

    fn devices(&self) -> MutexGuard<'_, BTreeMap<DeviceId, Pace>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When to come again; spread, or everybody comes again at the same moment.
pub(crate) fn retry_after_s(entropy: &dyn Entropy) -> u32 {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    BACKOFF_S + u32::from_be_bytes(bytes) % (BACKOFF_MOST_S - BACKOFF_S + 1)
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    struct Filled(u8);

    impl Entropy for Filled {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn device(number: u128) -> DeviceId {
        DeviceId(Uuid::from_u128(number))
    }

    #[test]
    fn a_device_that_asks_without_end_is_slowed_to_its_pace() {
        let herd = Herd::default();
        let wait = |number, now_ms| {
            let (wait, _, _) = herd.line_up(device(number), now_ms).expect("one at a time");
            wait
        };
        for _ in 0..DEVICE_BURST {
            assert_eq!(wait(1, 0), Duration::ZERO);
        }
        let each = 1_000 / DEVICE_REQUESTS_PER_S.unsigned_abs();
        assert_eq!(wait(1, 0), Duration::from_millis(each));
        assert_eq!(wait(1, 0), Duration::from_millis(2 * each));
        assert_eq!(wait(2, 0), Duration::ZERO, "another device has its own");
        for _ in 0..DEVICE_REQUESTS_PER_S - 2 {
            assert_eq!(wait(1, 1_000), Duration::ZERO);
        }
        assert_eq!(wait(1, 1_000), Duration::from_millis(each));
        assert!(
            wait(1, -5) > Duration::ZERO,
            "a clock set back gives nothing"
        );
    }

    #[tokio::test]
    async fn a_device_has_two_requests_at_a_time_and_a_few_that_wait() {
        let herd = Herd::default();
        let first = herd.turn(device(1), 0).await;
        let second = herd.turn(device(1), 0).await;
        assert!(first.is_ok() && second.is_ok());
        let mut waiting: Vec<_> = (0..DEVICE_WAITING)
            .map(|_| Box::pin(herd.turn(device(1), 0)))
            .collect();
        for third in &mut waiting {
            assert!(futures_util::poll!(third.as_mut()).is_pending());
        }
        assert!(
            herd.turn(device(1), 0).await.is_err(),
            "more than a few are sent away"
        );
        assert!(
            herd.turn(device(2), 0).await.is_ok(),
            "another device has its own"
        );
        drop(first);
        let third = waiting.remove(0).await;
        assert!(third.is_ok(), "the next one's turn");
        drop((waiting, second));
        assert!(
            herd.turn(device(1), 0).await.is_ok(),
            "whoever stopped waiting is out of the line"
        );
    }

    async fn full(herd: &Herd) -> Vec<Place> {
        let mut inside = Vec::new();
        for _ in 0..PLACES_WORDS {
            inside.push(herd.enter(Class::Words).await.expect("there is a place"));
        }
        inside
    }

    #[tokio::test]
    async fn whoever_finds_no_place_in_time_is_sent_away() {
        let herd = Herd::default();
        let mut inside = full(&herd).await;
        let sent = herd.enter_within(Class::Words, Duration::ZERO).await;
        assert!(sent.is_err());
        assert!(
            herd.enter(Class::Pulls).await.is_ok(),
            "other work has its own places"
        );
        inside.pop();
        assert!(herd.enter(Class::Words).await.is_ok());
    }

    #[tokio::test]
    async fn those_who_are_answered_while_many_wait_are_asked_to_come_later() {
        let herd = Herd::default();
        let inside = full(&herd).await;
        assert_eq!(herd.backoff_s(&Filled(0)), None);
        let mut wait = Box::pin(futures_util::future::join_all(
            (0..=PLACES_WORDS / 2).map(|_| herd.enter(Class::Words)),
        ));
        assert!(futures_util::poll!(wait.as_mut()).is_pending());
        assert_eq!(herd.backoff_s(&Filled(0)), Some(BACKOFF_S));
        drop(inside);
        assert!(wait.await.iter().all(Result::is_ok));
        assert_eq!(herd.backoff_s(&Filled(0)), None);
    }

    #[test]
    fn the_time_to_come_again_is_spread_over_its_whole_range() {
        let times: Vec<u32> = (0..=255).map(|byte| retry_after_s(&Filled(byte))).collect();
        assert!(
            times
                .iter()
                .all(|time| (BACKOFF_S..=BACKOFF_MOST_S).contains(time))
        );
        let distinct: std::collections::BTreeSet<u32> = times.iter().copied().collect();
        assert!(distinct.len() > 60);
    }
}
