//! What every request shares.

use crate::blob_files::BlobFiles;
use crate::copies::Copies;
use crate::database::{DatabaseError, Readers, Writer};
use crate::enrolment::{self, Desk};
use crate::herd::{Herd, PerAddress};
use crate::publisher::Published;
use crate::sealed_rows;
use crate::serve::{Patience, ServerError};
use crate::sessions::Sessions;
use crate::set_aside;
use crate::tls;
use crate::vault::Vault;
use ed25519_dalek::SigningKey;
use ids::{Clock, DeviceId, Entropy};
use protocol::genesis::Constant;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What answering needs besides a connection.
pub(crate) struct App {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub vault: Vault,
    pub sessions: Sessions,
    pub signing_key: SigningKey,
    pub ca_certificate: Vec<u8>,
    pub address: String,
    pub constants: &'static [Constant],
    pub copies: Copies,
    pub blobs: BlobFiles,
    pub seen: Mutex<HashMap<DeviceId, i64>>,
    pub herd: Herd,
}

/// A server on its sockets: the parts, and the threads and connections its steps run on.
pub(crate) struct Serving {
    pub app: Arc<App>,
    pub writer: Writer,
    pub readers: Readers,
    pub published: Published,
    /// How fast somebody asks is no question of the date.
    pub started: Instant,
    pub patience: Patience,
}

impl Serving {
    /// Milliseconds since the start.
    pub(crate) fn milliseconds(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// What a server is given and does not read from its database.
pub(crate) struct Means {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub constants: &'static [Constant],
    pub address: String,
    pub copies: Copies,
    pub blobs: BlobFiles,
    pub per_address: PerAddress,
}

impl App {
    /// The parts over a database that is open.
    pub(crate) fn over(
        connection: &Connection,
        vault: Vault,
        means: Means,
    ) -> Result<Self, ServerError> {
        let signing_key =
            enrolment::signing_key(connection, &vault).map_err(ServerError::Mismatch)?;
        sealed_rows::bind(connection, &vault, means.entropy.as_ref())?;
        Ok(Self {
            signing_key,
            ca_certificate: tls::ca_certificate(connection)?,
            sessions: Sessions::new(means.entropy.as_ref()),
            clock: means.clock,
            entropy: means.entropy,
            vault,
            address: means.address,
            constants: means.constants,
            copies: means.copies,
            blobs: means.blobs,
            seen: Mutex::default(),
            herd: Herd::new(means.per_address),
        })
    }

    /// What is done once, before the first request.
    pub(crate) fn begin(&self, connection: &Connection) -> Result<(), ServerError> {
        let moment = connection
            .unchecked_transaction()
            .map_err(DatabaseError::from)?;
        set_aside::look_again(self, &moment).map_err(ServerError::Mismatch)?;
        moment.commit().map_err(DatabaseError::from)?;
        Ok(())
    }

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

    /// Whose session a token is.
    pub(crate) fn session_of(&self, token: &str) -> Option<DeviceId> {
        self.sessions.device(self.clock.as_ref(), token)
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
