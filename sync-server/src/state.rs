//! What every request shares.

use crate::copies::Copies;
use crate::database::{Readers, Writer};
use crate::enrolment::Desk;
use crate::sessions::Sessions;
use crate::vault::Vault;
use ed25519_dalek::SigningKey;
use ids::{Clock, DeviceId, Entropy};
use protocol::genesis::Constant;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// The running server's parts.
pub(crate) struct App {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub vault: Vault,
    pub writer: Writer,
    pub readers: Readers,
    pub sessions: Sessions,
    pub signing_key: SigningKey,
    pub ca_certificate: Vec<u8>,
    pub address: String,
    pub constants: &'static [Constant],
    pub copies: Copies,
    pub busy: Semaphore,
    pub seen: Mutex<HashMap<DeviceId, i64>>,
}

impl App {
    /// The enrolment desk over a connection.
    pub(crate) fn desk<'a>(&'a self, connection: &'a Connection) -> Desk<'a> {
        Desk {
            connection,
            vault: &self.vault,
            clock: self.clock.as_ref(),
            entropy: self.entropy.as_ref(),
            ca_certificate: &self.ca_certificate,
            address: &self.address,
        }
    }

    /// Whether a device's last contact was noted longer ago than `every_ms`; notes it if so.
    pub(crate) fn seen_is_old(&self, device: DeviceId, now_ms: i64, every_ms: i64) -> bool {
        let mut seen = self
            .seen
            .lock()
            .expect("nothing panics while it holds this lock");
        let old = seen
            .get(&device)
            .is_none_or(|last| now_ms.saturating_sub(*last) >= every_ms || now_ms < *last);
        if old {
            seen.insert(device, now_ms);
        }
        old
    }
}
