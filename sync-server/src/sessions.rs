//! Who is connected: nonces and opaque tokens, in memory only. After a restart a device opens a new session by itself.

use ids::{Clock, DeviceId, Entropy};
use protocol::limits;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;

const NONCE_MS: i64 = 60_000;
const MOST_SESSIONS: usize = 100_000;

struct Held {
    device: DeviceId,
    expires_ms: i64,
}

/// Nonces and tokens. A token is kept as its hash. Of a nonce nothing is kept until a device that is known has used it: it
/// says itself for whom and when it was made, under a secret of this process, so that whoever asks for many of them takes
/// nothing from anybody.
pub(crate) struct Sessions {
    secret: [u8; 32],
    used: Mutex<HashMap<[u8; 32], i64>>,
    tokens: Mutex<HashMap<[u8; 32], Held>>,
}

impl Sessions {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        Self {
            secret,
            used: Mutex::default(),
            tokens: Mutex::default(),
        }
    }

    /// A nonce for whoever says to be this device; whether it exists is not told here.
    pub(crate) fn nonce(
        &self,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        device: DeviceId,
    ) -> [u8; 32] {
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&clock.now_ms().to_be_bytes());
        entropy.fill(&mut nonce[8..16]);
        let mark = self.mark(device, &nonce[..16]);
        nonce[16..].copy_from_slice(&mark);
        nonce
    }

    /// Whether this process made the nonce, for this device, and not long ago.
    pub(crate) fn gave(&self, clock: &dyn Clock, device: DeviceId, nonce: &[u8; 32]) -> bool {
        let (said, mark) = nonce.split_at(16);
        // Whether it is right is not told byte by byte.
        let differs = self
            .mark(device, said)
            .iter()
            .zip(mark)
            .fold(0, |differs, (ours, theirs)| differs | (ours ^ theirs));
        differs == 0 && is_new(made_ms(nonce), clock.now_ms())
    }

    /// Notes that a nonce was used by the device it was made for, whose signature was seen; false when it was before.
    pub(crate) fn use_up(&self, clock: &dyn Clock, nonce: &[u8; 32]) -> bool {
        let now_ms = clock.now_ms();
        let mut used = self
            .used
            .lock()
            .expect("nothing panics while it holds this lock");
        if used.len() >= MOST_SESSIONS {
            used.retain(|_, made_ms| is_new(*made_ms, now_ms));
        }
        used.insert(*nonce, made_ms(nonce)).is_none()
    }

    fn mark(&self, device: DeviceId, said: &[u8]) -> [u8; 16] {
        // All parts have fixed lengths, and half of the hash is shown: it cannot be gone on with.
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(device.0.as_bytes());
        hash.update(said);
        let mut mark = [0; 16];
        mark.copy_from_slice(&hash.finalize()[..16]);
        mark
    }

    /// Opens a session; returns token and end.
    pub(crate) fn open(
        &self,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        device: DeviceId,
    ) -> (String, i64) {
        let mut token = [0; 32];
        entropy.fill(&mut token);
        let token = hex::encode(token);
        let expires_ms = clock.now_ms() + limits::SESSION_MS;
        insert(
            &self.tokens,
            MOST_SESSIONS,
            clock.now_ms(),
            hash(&token),
            Held { device, expires_ms },
        );
        (token, expires_ms)
    }

    /// Whose session a token is.
    pub(crate) fn device(&self, clock: &dyn Clock, token: &str) -> Option<DeviceId> {
        lock(&self.tokens)
            .get(&hash(token))
            .filter(|held| clock.now_ms() < held.expires_ms)
            .map(|held| held.device)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn made_ms(nonce: &[u8; 32]) -> i64 {
    let mut made = [0; 8];
    made.copy_from_slice(&nonce[..8]);
    i64::from_be_bytes(made)
}

fn is_new(made_ms: i64, now_ms: i64) -> bool {
    // A clock that was set back a little is no reason to send anybody away.
    (-NONCE_MS..NONCE_MS).contains(&now_ms.saturating_sub(made_ms))
}

type Held32 = Mutex<HashMap<[u8; 32], Held>>;

fn lock(map: &Held32) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Held>> {
    map.lock().expect("nothing panics while it holds this lock")
}

/// Inserts; when the map is full, first what ended goes, then what ends next.
fn insert(map: &Held32, most: usize, now_ms: i64, name: [u8; 32], held: Held) {
    let mut map = lock(map);
    if map.len() >= most {
        map.retain(|_, held| now_ms < held.expires_ms);
    }
    if map.len() >= most {
        let next = map
            .iter()
            .min_by_key(|(_, held)| held.expires_ms)
            .map(|(name, _)| *name);
        if let Some(next) = next {
            map.remove(&next);
        }
    }
    map.insert(name, held);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
    use uuid::Uuid;

    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::SeqCst));
        }
    }

    struct Stopped(AtomicI64);

    impl Clock for Stopped {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn device(number: u128) -> DeviceId {
        DeviceId(Uuid::from_u128(number))
    }

    #[test]
    fn a_nonce_stays_good_however_many_a_stranger_asks_for_in_anybodys_name() {
        let (clock, entropy) = (Stopped(AtomicI64::new(1_000)), Counting(AtomicU8::new(1)));
        let sessions = Sessions::new(&entropy);
        let honest = sessions.nonce(&clock, &entropy, device(1));
        for number in 0..20_000 {
            sessions.nonce(&clock, &entropy, device(number % 3));
        }
        assert!(sessions.gave(&clock, device(1), &honest));
        assert!(sessions.used.lock().expect("no panic").is_empty());
    }

    #[test]
    fn a_nonce_is_for_one_device_one_minute_and_one_use() {
        let (clock, entropy) = (Stopped(AtomicI64::new(1_000)), Counting(AtomicU8::new(1)));
        let sessions = Sessions::new(&entropy);
        let nonce = sessions.nonce(&clock, &entropy, device(1));
        assert!(!sessions.gave(&clock, device(2), &nonce));
        for byte in 0..32 {
            let mut other = nonce;
            other[byte] ^= 1;
            assert!(!sessions.gave(&clock, device(1), &other), "byte {byte}");
        }
        let restarted = Sessions::new(&entropy);
        assert!(
            !restarted.gave(&clock, device(1), &nonce),
            "another process's"
        );
        assert!(sessions.use_up(&clock, &nonce));
        assert!(!sessions.use_up(&clock, &nonce), "once");
        clock.0.store(1_000 + NONCE_MS - 1, Ordering::SeqCst);
        assert!(sessions.gave(&clock, device(1), &nonce));
        clock.0.store(1_000 + NONCE_MS, Ordering::SeqCst);
        assert!(!sessions.gave(&clock, device(1), &nonce));
    }
}
