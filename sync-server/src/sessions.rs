//! Who is connected: nonces and opaque tokens, in memory only. After a restart a device opens a new session by itself.

use ids::{Clock, DeviceId, Entropy};
use protocol::limits;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Mutex;

const NONCE_MS: i64 = 60_000;
const MOST_NONCES: usize = 10_000;
const MOST_SESSIONS: usize = 100_000;

struct Held {
    device: DeviceId,
    expires_ms: i64,
}

/// Nonces and tokens. A token is kept as its hash.
#[derive(Default)]
pub(crate) struct Sessions {
    nonces: Mutex<HashMap<[u8; 32], Held>>,
    tokens: Mutex<HashMap<[u8; 32], Held>>,
}

impl Sessions {
    /// A nonce for whoever says to be this device; whether it exists is not told here.
    pub(crate) fn nonce(
        &self,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        device: DeviceId,
    ) -> [u8; 32] {
        let mut nonce = [0; 32];
        entropy.fill(&mut nonce);
        insert(
            &self.nonces,
            MOST_NONCES,
            clock.now_ms(),
            nonce,
            Held {
                device,
                expires_ms: clock.now_ms() + NONCE_MS,
            },
        );
        nonce
    }

    /// Takes a nonce back; good once, for the device it was given to.
    pub(crate) fn take_nonce(&self, clock: &dyn Clock, device: DeviceId, nonce: &[u8; 32]) -> bool {
        lock(&self.nonces)
            .remove(nonce)
            .is_some_and(|held| held.device == device && clock.now_ms() < held.expires_ms)
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
