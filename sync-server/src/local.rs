//! The same server without sockets, threads or an event loop: a request is a call, and a call is over when it returns.
//!
//! Everything a request meets under [`crate::Server`] it meets here, on one connection: the session, the access decision,
//! the endpoint's steps, one transaction per writing step. What is left out is what carries requests (TLS, HTTP, places
//! for so many at once) and the second copy. The simulator is made of it.

use crate::admin::{AdminDesk, AdminError};
use crate::blob_files::BlobFiles;
use crate::copies::Copies;
use crate::database::{self, DatabaseError};
use crate::enrolment;
use crate::error::ApiError;
use crate::herd::PerAddress;
use crate::publish::{self, Memory};
use crate::routes::{self, Endpoint};
use crate::serve::ServerError;
use crate::settings::{self, name};
use crate::state::{App, Means};
use crate::steps::Step;
use crate::vault::Vault;
use crate::worker::{Court, Worker};
use ids::{Clock, Entropy};
use protocol::genesis::Constant;
use protocol::wire;
use protocol::{CreateEnrolment, EnrolmentId, EnrolmentStatus};
use rusqlite::{Connection, TransactionBehavior};
use std::path::PathBuf;
use std::sync::Arc;

/// How such a server is opened.
pub struct LocalConfig {
    /// Data folder, made by [`crate::init()`].
    pub data: PathBuf,
    /// Server key file, outside the data folder.
    pub key_file: PathBuf,
    /// Name of the SQLite file system the database lies on; the usual one when none.
    pub vfs: Option<String>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The documents' constants.
    pub constants: &'static [Constant],
}

/// A server that answers calls. Dropping it is pulling its plug: only what was committed is there at the next opening.
pub struct LocalServer {
    app: App,
    connection: Connection,
    endpoints: Vec<Endpoint>,
    place: Place,
}

/// Where it lies.
struct Place {
    data: PathBuf,
    key_file: PathBuf,
    vfs: Option<String>,
}

impl LocalServer {
    /// Opens a data folder. No other server may run on it.
    ///
    /// # Errors
    /// As for [`crate::Server::start`].
    pub fn open(config: LocalConfig) -> Result<Self, ServerError> {
        let vault = Vault::open(&config.key_file, &config.data)?;
        let connection = match &config.vfs {
            None => database::open(&config.data)?,
            Some(vfs) => database::open_on(&config.data, vfs)?,
        };
        let address = settings::read_text(&connection, name::ADDRESS)
            .map_err(DatabaseError::from)?
            .unwrap_or_default();
        let app = App::over(
            &connection,
            vault,
            Means {
                clock: config.clock,
                entropy: config.entropy,
                constants: config.constants,
                address,
                copies: Copies::new(None),
                blobs: BlobFiles::in_folder(&config.data),
                // Nobody reaches it over a socket.
                per_address: PerAddress::default(),
            },
        )?;
        app.begin(&connection)?;
        Ok(Self {
            app,
            connection,
            endpoints: routes::endpoints(),
            place: Place {
                data: config.data,
                key_file: config.key_file,
                vfs: config.vfs,
            },
        })
    }

    /// Answers one request: its path, the session's token if there is one, the encoded message.
    ///
    /// # Errors
    /// The refusal a client would be told.
    pub fn call(&self, path: &str, token: Option<&str>, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        let endpoint = self
            .endpoints
            .iter()
            .find(|endpoint| endpoint.path == path)
            .ok_or(ApiError::NotFound)?;
        let granted = routes::authorize(&self.app, &self.connection, endpoint.action, token)?;
        let with = wire::answer_with(body);
        let mut step = endpoint.begin(&self.app, granted, body)?;
        loop {
            step = match step {
                Step::Read(work) => {
                    let moment = self.connection.unchecked_transaction()?;
                    work(&self.app, &moment)?
                }
                Step::Write(work) => self.write(|connection| work(&self.app, connection))?,
                Step::Published(_, next) => {
                    self.publish()?;
                    *next
                }
                Step::Message(raw) => return Ok(wire::close(&raw, wire::RESPONSE, with)?),
                Step::Answer(body) => return Ok(body),
                Step::Refuse(refusal) => return Err(refusal),
            };
        }
    }

    /// Its CA certificate, DER.
    pub fn ca_certificate(&self) -> &[u8] {
        &self.app.ca_certificate
    }

    /// The desk beside it, where orders are given: another connection, as the commands of `sync-server` have.
    ///
    /// # Errors
    /// As [`AdminDesk::open`].
    pub fn desk(&self) -> Result<AdminDesk<'_>, AdminError> {
        AdminDesk::open_on(
            &self.place.data,
            self.place.vfs.as_deref(),
            &self.place.key_file,
            self.app.clock.as_ref(),
            self.app.entropy.as_ref(),
        )
    }

    /// Makes a one-time code, as whoever sits at the server.
    ///
    /// # Errors
    /// The unit is unknown or does not go with the role.
    pub fn create_enrolment(&self, input: &CreateEnrolment) -> Result<EnrolmentStatus, ApiError> {
        self.write(|connection| enrolment::create_anywhere(self.app.desk(connection), input))
    }

    /// Confirms the six digits shown now, as whoever sits at the server and has compared them.
    ///
    /// # Errors
    /// There is no such enrolment, or nothing to compare yet.
    pub fn confirm_enrolment(&self, id: EnrolmentId) -> Result<EnrolmentStatus, ApiError> {
        self.write(|connection| enrolment::confirm_anywhere(self.app.desk(connection), id))
    }

    /// Judges and numbers what waits, in this process and as one step.
    ///
    /// # Errors
    /// The database refuses; what waits goes on waiting.
    pub fn publish(&self) -> Result<(), ApiError> {
        let mut court = Court::new(Worker::InProcess);
        let memory = Memory::default();
        loop {
            let cases = publish::gather(&self.app, &self.connection, &memory)?;
            if cases.is_empty() {
                return Ok(());
            }
            let judged = publish::judge(&mut court, cases);
            let now_ms = self.app.clock.now_ms();
            self.write(|connection| publish::settle(&self.app, connection, &judged, now_ms))?;
        }
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let tx =
            rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    }
}
