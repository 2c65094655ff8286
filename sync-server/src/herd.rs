//! Many tablets at once: who goes first, who waits, who is asked to come again later (ADR 0021).
//!
//! A tablet that is sent away loses nothing: what it holds stays in its outbox, and it is told when to come again,
//! each at another time. Clock and randomness are arguments.

use crate::error::ApiError;
use ids::{DeviceId, Entropy};
use protocol::limits::{
    BACKOFF_MOST_S, BACKOFF_S, CONNECTIONS_PER_ADDRESS, DEVICE_BURST, DEVICE_REQUESTS,
    DEVICE_REQUESTS_PER_S, DEVICE_WAIT_MS, DEVICE_WAITING, ENROLMENT_GUESSES, ENROLMENT_MS,
    OPEN_BURST, OPEN_BURST_OF_ALL, OPEN_REQUESTS_OF_ALL_PER_S, OPEN_REQUESTS_PER_S, OPEN_WAIT_MS,
    PLACES_BLOBS, PLACES_OPEN, PLACES_OPEN_PER_ADDRESS, PLACES_PULLS, PLACES_WORDS,
    WAIT_FOR_PLACE_MS,
};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Devices, and addresses, remembered before those that have been quiet are forgotten.
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
    /// What strangers may say: nothing of it keeps a device from its work.
    Open,
}

/// How much of what is there for everybody one address may take. The server is reached directly and not through a proxy,
/// so an address is whoever connects; a township's tablets may all come from one.
#[derive(Debug, Clone, Copy)]
pub struct PerAddress {
    /// Connections open at the same time.
    pub connections: usize,
    /// Requests of strangers that are worked on at the same time.
    pub strangers: usize,
}

impl Default for PerAddress {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_PER_ADDRESS as usize,
            strangers: PLACES_OPEN_PER_ADDRESS,
        }
    }
}

/// Places that every address has for itself.
struct OwnPlaces {
    each: usize,
    taken: Mutex<BTreeMap<IpAddr, Arc<Semaphore>>>,
}

impl OwnPlaces {
    fn new(each: usize) -> Self {
        Self {
            each,
            taken: Mutex::default(),
        }
    }

    fn of(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= REMEMBERED {
            // Whoever has a place, or waits for one, holds on to the places too.
            taken.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = taken
            .entry(place_of(address))
            .or_insert_with(|| Arc::new(Semaphore::new(self.each)));
        Arc::clone(places)
    }
}

/// Everybody who is here.
pub(crate) struct Herd {
    connections: OwnPlaces,
    own_open: OwnPlaces,
    places: [Arc<Semaphore>; 4],
    waiting: AtomicUsize,
    devices: Mutex<BTreeMap<DeviceId, Pace>>,
    strangers: Mutex<Strangers>,
    guesses: Mutex<BTreeMap<IpAddr, Guesses>>,
}

impl Herd {
    pub(crate) fn new(per_address: PerAddress) -> Self {
        Self {
            connections: OwnPlaces::new(per_address.connections),
            own_open: OwnPlaces::new(per_address.strangers),
            places: [PLACES_WORDS, PLACES_PULLS, PLACES_BLOBS, PLACES_OPEN]
                .map(|places| Arc::new(Semaphore::new(places))),
            waiting: AtomicUsize::new(0),
            devices: Mutex::default(),
            strangers: Mutex::default(),
            guesses: Mutex::default(),
        }
    }
}

/// How fast anybody may ask.
#[derive(Clone, Copy)]
struct Rate {
    per_s: i64,
    burst: i64,
}

const OF_DEVICE: Rate = Rate {
    per_s: DEVICE_REQUESTS_PER_S,
    burst: DEVICE_BURST,
};
const OF_ADDRESS: Rate = Rate {
    per_s: OPEN_REQUESTS_PER_S,
    burst: OPEN_BURST,
};
const OF_ALL: Rate = Rate {
    per_s: OPEN_REQUESTS_OF_ALL_PER_S,
    burst: OPEN_BURST_OF_ALL,
};

/// What may still be asked at once, in thousandths; it grows with time.
#[derive(Clone, Copy)]
struct Credit {
    left: i64,
    at_ms: i64,
}

impl Credit {
    fn whole(rate: Rate, now_ms: i64) -> Self {
        Self {
            left: rate.burst * ONE,
            at_ms: now_ms,
        }
    }

    /// Takes one request, and says how long it has to wait for it.
    fn take(&mut self, rate: Rate, now_ms: i64) -> Duration {
        let grown = now_ms
            .saturating_sub(self.at_ms)
            .clamp(0, 60_000)
            .saturating_mul(rate.per_s);
        self.left = (self.left + grown).min(rate.burst * ONE) - ONE;
        self.at_ms = now_ms;
        let debt = u64::try_from(-self.left).unwrap_or(0);
        Duration::from_millis(debt.div_ceil(rate.per_s.unsigned_abs()))
    }
}

/// How fast strangers have been asking.
struct Strangers {
    all: Credit,
    by_address: BTreeMap<IpAddr, Credit>,
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            all: Credit::whole(OF_ALL, 0),
            by_address: BTreeMap::new(),
        }
    }
}

/// Codes that nobody made, typed from one address.
struct Guesses {
    count: u32,
    since_ms: i64,
}

impl Guesses {
    fn is_over(&self, now_ms: i64) -> bool {
        !(0..ENROLMENT_MS).contains(&now_ms.saturating_sub(self.since_ms))
    }
}

/// How fast one device has been asking.
struct Pace {
    credit: Credit,
    /// Those that are worked on.
    together: Arc<Semaphore>,
    /// Those and the few that wait to be.
    here: Arc<Semaphore>,
}

impl Pace {
    fn new(now_ms: i64) -> Self {
        Self {
            credit: Credit::whole(OF_DEVICE, now_ms),
            together: Arc::new(Semaphore::new(DEVICE_REQUESTS)),
            here: Arc::new(Semaphore::new(DEVICE_REQUESTS + DEVICE_WAITING)),
        }
    }

    /// Takes one request out of the credit that has grown since. Says how long it has to wait for it: a tablet that
    /// brings half a year asks fast for good reason, so it is slowed and not sent away.
    fn take(&mut self, now_ms: i64) -> Duration {
        self.credit.take(OF_DEVICE, now_ms)
    }

    fn is_quiet(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.credit.at_ms) > 60_000
            && self.here.available_permits() == DEVICE_REQUESTS + DEVICE_WAITING
    }
}

/// A place taken; given back when dropped.
pub(crate) struct Place {
    _place: OwnedSemaphorePermit,
    /// Of a stranger: one of those her address has.
    _own: Option<OwnedSemaphorePermit>,
}

/// A connection of an address; over when dropped.
pub(crate) struct Connected {
    _own: OwnedSemaphorePermit,
}

/// One of a device's requests; over when dropped.
pub(crate) struct Turn {
    /// How long it waits before it begins.
    pub wait: Duration,
    _turn: OwnedSemaphorePermit,
    _here: OwnedSemaphorePermit,
}

impl Herd {
    /// Lets an address have one more connection, unless it has as many as one may.
    pub(crate) fn connect(&self, address: IpAddr) -> Option<Connected> {
        let own = self.connections.of(address).try_acquire_owned().ok()?;
        Some(Connected { _own: own })
    }

    /// A place for a stranger, first among those of the address and then among all: whoever asks without end from one
    /// address waits for herself and leaves some to the others.
    ///
    /// # Errors
    /// Busy.
    pub(crate) async fn enter_from(&self, address: Option<IpAddr>) -> Result<Place, ApiError> {
        let wait = Duration::from_millis(WAIT_FOR_PLACE_MS);
        let own = match address {
            None => None,
            Some(address) => {
                let places = self.own_open.of(address);
                let place = tokio::time::timeout(wait, places.acquire_owned())
                    .await
                    .map_err(|_| ApiError::Busy)?
                    .map_err(|_| ApiError::Busy)?;
                Some(place)
            }
        };
        Ok(Place {
            _own: own,
            ..self.enter_within(Class::Open, wait).await?
        })
    }

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
            return Ok(Place {
                _place: place,
                _own: None,
            });
        }
        // Strangers that wait are no reason to ask devices to come later.
        let _waiting = (class != Class::Open).then(|| Waiting::begin(&self.waiting));
        let place = tokio::time::timeout(wait, places.acquire_owned())
            .await
            .map_err(|_| ApiError::Busy)?
            .map_err(|_| ApiError::Busy)?;
        Ok(Place {
            _place: place,
            _own: None,
        })
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

    /// How long somebody without a device waits, by the pace of the address and of all of them. Whoever would wait for long
    /// is sent away, and that costs the others nothing.
    ///
    /// # Errors
    /// Busy.
    pub(crate) fn stranger(
        &self,
        address: Option<IpAddr>,
        now_ms: i64,
    ) -> Result<Duration, ApiError> {
        let mut strangers = self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Strangers { all, by_address } = &mut *strangers;
        if by_address.len() >= REMEMBERED {
            by_address.retain(|_, credit| now_ms.saturating_sub(credit.at_ms) <= 60_000);
        }
        let address = address.map(place_of);
        let mut own = address
            .and_then(|address| by_address.get(&address).copied())
            .unwrap_or_else(|| Credit::whole(OF_ADDRESS, now_ms));
        let mut together = *all;
        let wait = own
            .take(OF_ADDRESS, now_ms)
            .max(together.take(OF_ALL, now_ms));
        if wait > Duration::from_millis(OPEN_WAIT_MS) {
            return Err(ApiError::Busy);
        }
        *all = together;
        if let Some(address) = address
            && (by_address.len() < REMEMBERED || by_address.contains_key(&address))
        {
            by_address.insert(address, own);
        }
        Ok(wait)
    }

    /// Lets an address type four digits, unless it typed too many that nobody made: whoever tries them all would find the
    /// open codes and use them up.
    ///
    /// # Errors
    /// The answer's own; or that this address is not heard for a while.
    pub(crate) fn guess<T>(
        &self,
        address: Option<IpAddr>,
        now_ms: i64,
        answer: impl FnOnce() -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let Some(address) = address.map(place_of) else {
            return answer();
        };
        let is_heard = self
            .guesses()
            .get(&address)
            .is_none_or(|guesses| guesses.count < ENROLMENT_GUESSES || guesses.is_over(now_ms));
        if !is_heard {
            return Err(ApiError::EnrolGuesses);
        }
        let answered = answer();
        if matches!(answered, Err(ApiError::EnrolCodeWrong)) {
            let mut guesses = self.guesses();
            if guesses.len() >= REMEMBERED {
                guesses.retain(|_, guesses| !guesses.is_over(now_ms));
            }
            let guesses = guesses.entry(address).or_insert(Guesses {
                count: 0,
                since_ms: now_ms,
            });
            if guesses.is_over(now_ms) {
                *guesses = Guesses {
                    count: 0,
                    since_ms: now_ms,
                };
            }
            guesses.count += 1;
        }
        answered
    }

    fn guesses(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Guesses>> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to tell those who are answered while many wait: come again a little later, each at another time.
    pub(crate) fn backoff_s(&self, entropy: &dyn Entropy) -> Option<u32> {
        (self.waiting.load(Ordering::Relaxed) > PLACES_WORDS / 2).then(|| retry_after_s(entropy))
    }

    fn devices(&self) -> MutexGuard<'_, BTreeMap<DeviceId, Pace>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose address it is: of the newer kind one household has a whole net of them.
fn place_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let net = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(net.into())
        }
        older => older,
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

    fn herd() -> Herd {
        Herd::new(PerAddress::default())
    }

    fn device(number: u128) -> DeviceId {
        DeviceId(Uuid::from_u128(number))
    }

    #[test]
    fn a_device_that_asks_without_end_is_slowed_to_its_pace() {
        let herd = herd();
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
        let herd = herd();
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

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, last]))
    }

    #[test]
    fn strangers_are_slowed_by_address_and_sent_away_before_they_wait_for_long() {
        let herd = herd();
        for _ in 0..OPEN_BURST {
            assert_eq!(herd.stranger(address(1), 0).ok(), Some(Duration::ZERO));
        }
        let each = 1_000 / OPEN_REQUESTS_PER_S.unsigned_abs();
        let later = OPEN_WAIT_MS / each;
        for number in 1..=later {
            let wait = herd.stranger(address(1), 0).ok();
            assert_eq!(wait, Some(Duration::from_millis(number * each)));
        }
        for _ in 0..10_000 {
            assert!(herd.stranger(address(1), 0).is_err());
        }
        assert_eq!(
            herd.stranger(address(2), 0).ok(),
            Some(Duration::ZERO),
            "what was sent away is nobody else's loss"
        );
        assert!(herd.stranger(address(1), 1_000).is_ok(), "it grows again");
    }

    #[test]
    fn strangers_of_many_addresses_have_a_pace_together() {
        let herd = herd();
        let mut taken = 0;
        for last in 0..=u8::MAX {
            for _ in 0..OPEN_BURST {
                taken += i64::from(herd.stranger(address(last), 0).is_ok());
            }
        }
        let waiting =
            OPEN_REQUESTS_OF_ALL_PER_S * i64::try_from(OPEN_WAIT_MS).expect("small") / 1_000;
        assert_eq!(taken, OPEN_BURST_OF_ALL + waiting);
    }

    #[test]
    fn whoever_typed_many_codes_nobody_made_is_not_heard_until_a_code_has_lived() {
        let herd = herd();
        let wrong = || Err::<(), _>(ApiError::EnrolCodeWrong);
        for _ in 0..ENROLMENT_GUESSES {
            assert_eq!(herd.guess(address(1), 5, || Ok(())), Ok(()), "a right one");
            assert_eq!(
                herd.guess(address(1), 5, wrong),
                Err(ApiError::EnrolCodeWrong)
            );
        }
        let unasked = || -> Result<(), ApiError> { unreachable!("it is not looked up") };
        assert_eq!(
            herd.guess(address(1), 5, unasked),
            Err(ApiError::EnrolGuesses)
        );
        assert_eq!(
            herd.guess(address(2), 5, || Ok(())),
            Ok(()),
            "another address"
        );
        let later = 5 + ENROLMENT_MS;
        assert_eq!(
            herd.guess(address(1), later, wrong),
            Err(ApiError::EnrolCodeWrong)
        );
        assert_eq!(herd.guess(address(1), later, || Ok(())), Ok(()));
    }

    #[test]
    fn the_addresses_of_one_net_are_one() {
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(
            place_of(parse("2001:db8::1")),
            place_of(parse("2001:db8::ffff:2"))
        );
        assert_ne!(
            place_of(parse("2001:db8::1")),
            place_of(parse("2001:db8:0:1::1"))
        );
        assert_eq!(place_of(parse("::ffff:10.0.0.1")), parse("10.0.0.1"));
        assert_ne!(place_of(parse("10.0.0.1")), place_of(parse("10.0.0.2")));
    }

    #[tokio::test]
    async fn strangers_that_wait_for_a_place_are_no_crowd() {
        let herd = herd();
        let mut inside = Vec::new();
        for _ in 0..PLACES_OPEN {
            inside.push(herd.enter(Class::Open).await.expect("there is a place"));
        }
        let mut wait = Box::pin(futures_util::future::join_all(
            (0..=PLACES_WORDS).map(|_| herd.enter(Class::Open)),
        ));
        assert!(futures_util::poll!(wait.as_mut()).is_pending());
        assert_eq!(herd.backoff_s(&Filled(0)), None);
        assert!(herd.enter(Class::Words).await.is_ok());
    }

    #[test]
    fn one_address_has_its_connections_and_no_more_and_another_has_its_own() {
        let herd = Herd::new(PerAddress {
            connections: 2,
            strangers: 1,
        });
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        let [one, other] = ["2001:db8::1", "10.0.0.2"].map(parse);
        let first = herd.connect(one);
        let second = herd.connect(parse("2001:db8::ffff:2"));
        assert!(first.is_some() && second.is_some(), "one net");
        assert!(herd.connect(one).is_none());
        assert!(herd.connect(other).is_some());
        drop(first);
        assert!(herd.connect(one).is_some(), "one that ended is no more");
    }

    #[test]
    fn addresses_without_a_connection_are_forgotten_and_those_with_one_are_not() {
        let herd = Herd::new(PerAddress {
            connections: 1,
            strangers: 1,
        });
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        let kept = herd.connect(address(0));
        let most = u32::try_from(REMEMBERED).expect("small");
        for number in 1..=2 * most {
            assert!(herd.connect(address(number)).is_some());
        }
        let known = herd
            .connections
            .taken
            .lock()
            .expect("nobody panicked")
            .len();
        assert!(known <= REMEMBERED, "{known}");
        assert!(kept.is_some() && herd.connect(address(0)).is_none());
    }

    #[tokio::test]
    async fn strangers_of_one_address_leave_places_to_those_of_others() {
        let herd = herd();
        let mut inside = Vec::new();
        for _ in 0..PLACES_OPEN_PER_ADDRESS {
            inside.push(herd.enter_from(address(1)).await.expect("a place"));
        }
        let mut waits = Box::pin(herd.enter_from(address(1)));
        assert!(futures_util::poll!(waits.as_mut()).is_pending());
        assert!(herd.enter_from(address(2)).await.is_ok());
        inside.pop();
        assert!(waits.await.is_ok());
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
        let herd = herd();
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
        let herd = herd();
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
