//! A device in the hands of a test: the real `client::App`, and the steps every story begins with.

use anyhow::{Context, Result, bail};

use client::view::{AppView, ShellKind, Stage};
use client::{App, AppSettings, ClientError, PinCost, Tablet};
use ids::audit::AuditEntry;
use ids::{Clock, Entropy};
use protocol::EnrolmentStatus;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::disk::{Disk, SystemDisk};
use store::{ArgonCost, audit};
use sync_server::RunningServer;

/// How long anything in a test may take before it counts as hanging; a busy machine takes its time.
pub const LIMIT: Duration = Duration::from_secs(300);

/// The system's time, moved by so many milliseconds; or standing still.
pub struct MovedClock {
    offset_ms: AtomicI64,
    stands_at_ms: AtomicI64,
    hurries_ms: AtomicI64,
}

impl MovedClock {
    /// The system's time until it is moved.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            offset_ms: AtomicI64::new(0),
            stands_at_ms: AtomicI64::new(i64::MIN),
            hurries_ms: AtomicI64::new(0),
        })
    }

    /// Runs on, so many milliseconds away from the system's time.
    pub fn run_at_offset(&self, ms: i64) {
        self.offset_ms.store(ms, Ordering::Relaxed);
        self.stands_at_ms.store(i64::MIN, Ordering::Relaxed);
    }

    /// How far it runs from the system's time.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Goes on from where it is, so much later.
    pub fn move_by(&self, ms: i64) {
        self.offset_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Is so much later whenever somebody looks at it, as on a machine that has much to do.
    pub fn hurry(&self, ms: i64) {
        self.hurries_ms.store(ms, Ordering::Relaxed);
    }

    /// Stands still at a moment.
    pub fn stand_at(&self, ms: i64) {
        self.stands_at_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for MovedClock {
    fn now_ms(&self) -> i64 {
        self.move_by(self.hurries_ms.load(Ordering::Relaxed));
        match self.stands_at_ms.load(Ordering::Relaxed) {
            i64::MIN => {
                client::system::SystemClock.now_ms() + self.offset_ms.load(Ordering::Relaxed)
            }
            moment => moment,
        }
    }

    /// A clock that stands at another day says nothing of how long the process has run.
    fn steady_ms(&self) -> i64 {
        client::system::SystemClock.now_ms() + self.offset_ms.load(Ordering::Relaxed)
    }
}

/// Randomness of the system, for tests that need it by hand.
#[must_use]
pub fn entropy() -> Arc<dyn Entropy> {
    Arc::new(client::system::SystemEntropy)
}

/// Hears every command and its argument before it is sent.
pub type Listener = Box<dyn Fn(&str, &Value) + Send + Sync>;

/// A device.
pub struct Device {
    /// The app on it.
    pub app: Arc<App>,
    /// Its time.
    pub clock: Arc<MovedClock>,
    pin: OnceLock<String>,
    listener: OnceLock<Listener>,
}

impl Device {
    /// Takes a folder, new or not.
    ///
    /// # Errors
    /// Another process has the folder.
    pub fn open(folder: &Path, shell: ShellKind, cost: ArgonCost) -> Result<Self, ClientError> {
        Self::open_on(folder, shell, cost, Arc::new(SystemDisk))
    }

    /// The same on a disk that a test makes fail.
    ///
    /// # Errors
    /// Another process has the folder.
    pub fn open_on(
        folder: &Path,
        shell: ShellKind,
        cost: ArgonCost,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, ClientError> {
        let clock = MovedClock::new();
        let mut settings = AppSettings::new(folder.to_owned(), shell);
        settings.cost = PinCost::Fixed(cost);
        settings.clock = clock.clone();
        settings.extensions = crate::extensions();
        settings.disk = disk;
        Ok(Self {
            app: App::open(settings)?,
            clock,
            pin: OnceLock::new(),
            listener: OnceLock::new(),
        })
    }

    /// Tells somebody of every command from now on; whoever came first hears them.
    pub fn listen(&self, listener: Listener) {
        let _ = self.listener.set(listener);
    }

    /// Sends a command, as a screen would.
    ///
    /// # Errors
    /// The code the screen would get.
    pub async fn call<T: DeserializeOwned>(&self, command: &str, argument: Value) -> Result<T> {
        if let Some(listener) = self.listener.get() {
            listener(command, &argument);
        }
        let value = self.app.call(command, argument).await.map_err(|error| {
            anyhow::anyhow!("{command}: {} {:?}", error.code(), error.to_ui().params)
        })?;
        serde_json::from_value(value).with_context(|| format!("{command} answered another shape"))
    }

    /// Enrols by the text of the QR code; the operator at the server compares and confirms. Then sets the PIN and loads.
    ///
    /// # Errors
    /// Any step is refused, or the digits differ.
    pub async fn enrol(
        &self,
        server: &RunningServer,
        code: &EnrolmentStatus,
        pin: &str,
    ) -> Result<()> {
        self.admit(server, code, pin).await?;
        self.load().await
    }

    /// As [`Self::enrol`], up to the moment before the first download.
    ///
    /// # Errors
    /// Any step is refused, or the digits differ.
    pub async fn admit(
        &self,
        server: &RunningServer,
        code: &EnrolmentStatus,
        pin: &str,
    ) -> Result<()> {
        let here: AppView = self
            .call("enrol_start", json!({ "address": code.qr, "code": "" }))
            .await?;
        let there = server.enrolment(code.enrolment).await?;
        if here.compare_code.is_none() || here.compare_code != there.compare_code {
            bail!("the two sides show different digits");
        }
        server.confirm_enrolment(code.enrolment).await?;
        let view: AppView = self.call("enrol_poll", Value::Null).await?;
        if view.stage != Stage::ChoosePin {
            bail!("confirmed, but the device stands at {:?}", view.stage);
        }
        let _: AppView = self.call("choose_pin", json!({ "pin": pin })).await?;
        let _ = self.pin.set(pin.to_owned());
        Ok(())
    }

    /// The PIN once more, as the person gives it when the screen asks.
    ///
    /// # Errors
    /// It was not enrolled by this value, or the PIN is refused.
    pub async fn step_up(&self) -> Result<()> {
        let pin = self.pin.get().context("the PIN is known")?;
        self.call("step_up", json!({ "pin": pin })).await
    }

    /// The rows of its own audit trail with one code, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn trail(&self, action: &str) -> Result<Vec<AuditEntry>> {
        let tablet = self.tablet()?;
        let rows = tablet.store.read(|connection| {
            // A refusal began another memory since it was unlocked.
            let identity = store::identity::get(connection)?;
            let memory = identity.map_or(tablet.identity.incarnation, |own| own.incarnation);
            audit::rows_after(connection, memory, 0, 100_000)
        })?;
        let rows = rows.into_iter().map(|(row, _)| row);
        Ok(rows.filter(|row| row.action == action).collect())
    }

    /// Syncs until the first download is whole.
    ///
    /// # Errors
    /// The sync fails.
    pub async fn load(&self) -> Result<()> {
        let tablet = self.tablet()?;
        while tablet.loading()?.is_some() {
            self.sync().await?;
        }
        Ok(())
    }

    /// One whole sync, photos included.
    ///
    /// # Errors
    /// The code of what went wrong.
    pub async fn sync(&self) -> Result<()> {
        let tablet = self.tablet()?;
        let until_all_is_through = async {
            while client::runtime::once(&tablet, || {}).await?.more {}
            Ok::<_, ClientError>(())
        };
        tokio::time::timeout(LIMIT, until_all_is_through)
            .await
            .context("the sync took too long")??;
        Ok(())
    }

    /// The unlocked tablet.
    ///
    /// # Errors
    /// It is locked or not enrolled.
    pub fn tablet(&self) -> Result<Arc<Tablet>> {
        Ok(self.app.tablet()?)
    }
}
