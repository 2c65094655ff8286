//! The app as one process: at which door it stands, who is inside, and the one entrance for commands.

use crate::enrolment::{Enrolling, Finished};
use crate::error::ClientError;
use crate::tablet::Tablet;
use crate::view::{AppView, ChangePinInput, EnrolInput, LoadingView, PinInput, ShellKind, Stage};
use crate::{commands, system};
use ids::{Clock, Entropy, Role};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use store::audit::{self, AuditRow};
use store::{
    ArgonCost, CreateOptions, Disk, FileHardwareKey, FolderLock, OpenOptions, OpenWith, Store,
    StoreError, SystemDisk,
};
use tokio::sync::{Notify, broadcast, watch};

/// Longest wait for work that was under way when the door was locked.
const CLOSING: Duration = Duration::from_secs(10);

/// How a process is set up. Time and randomness are arguments here too, so that demo data can live in the past.
pub struct AppSettings {
    /// Folder of the store; one process a folder.
    pub folder: PathBuf,
    /// Which shell a folder without enrolment shows.
    pub shell: ShellKind,
    /// Cost of a PIN guess.
    pub cost: PinCost,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where files live.
    pub disk: Arc<dyn Disk>,
    /// Commands from outside this crate (the station's ledgers).
    pub extensions: Vec<Arc<dyn Extension>>,
}

/// How the cost of a PIN guess is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinCost {
    /// Measured on this machine whenever a PIN is set; a slot below [`ArgonCost::LEAST`] is made anew at unlocking.
    Measured,
    /// This one and none below it: for tests and demos.
    Fixed(ArgonCost),
}

impl PinCost {
    fn choose(self, clock: &dyn Clock) -> Result<ArgonCost, ClientError> {
        match self {
            Self::Measured => Ok(ArgonCost::measured(clock)?),
            Self::Fixed(cost) => Ok(cost),
        }
    }

    fn least(self) -> ArgonCost {
        match self {
            Self::Measured => ArgonCost::LEAST,
            Self::Fixed(cost) => cost,
        }
    }
}

impl AppSettings {
    /// The usual setting: the system's clock and randomness, as much PIN cost as the machine bears.
    pub fn new(folder: PathBuf, shell: ShellKind) -> Self {
        Self {
            folder,
            shell,
            cost: PinCost::Measured,
            clock: Arc::new(system::SystemClock),
            entropy: Arc::new(system::SystemEntropy),
            disk: Arc::new(SystemDisk),
            extensions: Vec::new(),
        }
    }
}

/// Commands another crate adds, reached through the same entrance.
pub trait Extension: Send + Sync {
    /// Names of the commands.
    fn commands(&self) -> &'static [&'static str];

    /// Runs one of them. May block: it is called off the async threads.
    ///
    /// # Errors
    /// Any code the screens know.
    fn call(
        &self,
        tablet: &Arc<Tablet>,
        command: &str,
        argument: Value,
    ) -> Result<Value, ClientError>;
}

/// The running app.
pub struct App {
    settings: AppSettings,
    hardware: FileHardwareKey,
    lock: Arc<FolderLock>,
    door: Mutex<Door>,
    closing: Mutex<Weak<Tablet>>,
    changed: broadcast::Sender<&'static str>,
    wake: Arc<Notify>,
    tapped: AtomicBool,
    end: watch::Sender<bool>,
    announced: AtomicU64,
}

enum Door {
    Fresh,
    Comparing(Arc<Enrolling>),
    ChoosePin(Box<Finished>),
    Locked,
    Open(Arc<Tablet>),
}

impl App {
    /// Takes the folder for this process.
    ///
    /// # Errors
    /// `folder_in_use`, or the folder cannot be made.
    pub fn open(settings: AppSettings) -> Result<Arc<Self>, ClientError> {
        let lock = Arc::new(FolderLock::take(settings.disk.as_ref(), &settings.folder)?);
        let hardware = FileHardwareKey::beside(&settings.folder).on(settings.disk.clone());
        hardware.ensure(settings.entropy.as_ref())?;
        let door = if Store::exists(settings.disk.as_ref(), &settings.folder) {
            Door::Locked
        } else {
            Door::Fresh
        };
        Ok(Arc::new(Self {
            settings,
            hardware,
            lock,
            door: Mutex::new(door),
            closing: Mutex::new(Weak::new()),
            changed: broadcast::channel(64).0,
            wake: Arc::new(Notify::new()),
            tapped: AtomicBool::new(false),
            end: watch::channel(false).0,
            announced: AtomicU64::new(0),
        }))
    }

    /// What changed, for screens that draw it: `app`, `records`, `sync`, `import`.
    pub fn changes(&self) -> broadcast::Receiver<&'static str> {
        self.changed.subscribe()
    }

    /// Ends the sync loop and every open event stream.
    pub fn end(&self) {
        self.end.send_replace(true);
    }

    /// Resolves once [`Self::end`] was called.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut end = self.end.subscribe();
        async move {
            // An error means the app is gone, which is an end too.
            let _ = end.wait_for(|ended| *ended).await;
        }
    }

    /// Starts the loop that syncs by itself.
    pub fn start_sync(self: &Arc<Self>) {
        tokio::spawn(crate::runtime::run(self.clone()));
    }

    /// The unlocked tablet.
    ///
    /// # Errors
    /// `locked` or `not_enrolled`.
    pub fn tablet(&self) -> Result<Arc<Tablet>, ClientError> {
        match &*self.door() {
            Door::Open(tablet) => Ok(tablet.clone()),
            Door::Locked => Err(ClientError::new("locked")),
            _ => Err(ClientError::new("not_enrolled")),
        }
    }

    /// Runs a command.
    ///
    /// # Errors
    /// A code the screens have words for.
    pub async fn call(
        self: &Arc<Self>,
        command: &str,
        argument: Value,
    ) -> Result<Value, ClientError> {
        commands::call(self, command, argument).await
    }

    /// Commands of the extensions.
    pub(crate) fn extension(&self, command: &str) -> Option<Arc<dyn Extension>> {
        self.settings
            .extensions
            .iter()
            .find(|extension| extension.commands().contains(&command))
            .cloned()
    }

    /// Tells the screens and the sync loop when something was written since the last time this was asked.
    pub(crate) fn announce_writes(&self, tablet: &Tablet) {
        let writes = tablet.writes();
        if self.announced.swap(writes, Ordering::Relaxed) != writes {
            self.announce("records");
            self.wake.notify_one();
        }
    }

    pub(crate) fn announce(&self, what: &'static str) {
        // No screen listening is no failure.
        let _ = self.changed.send(what);
    }

    /// A person wants to sync now.
    pub(crate) fn tap(&self) {
        self.tapped.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Whether a person wanted to sync since this was asked the last time.
    pub(crate) fn was_tapped(&self) -> bool {
        self.tapped.swap(false, Ordering::Relaxed)
    }

    /// Time and randomness.
    pub(crate) fn sources(&self) -> (&dyn ids::Clock, &dyn ids::Entropy) {
        (self.settings.clock.as_ref(), self.settings.entropy.as_ref())
    }

    pub(crate) fn wake(&self) -> &Arc<Notify> {
        &self.wake
    }

    /// Where the app stands.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn view(&self) -> Result<AppView, ClientError> {
        let now = self.settings.clock.now_ms();
        let mut view = AppView {
            stage: Stage::Fresh,
            shell: self.settings.shell,
            demo: false,
            today: system::civil_date(now).to_string(),
            person: None,
            unit: None,
            township: None,
            compare_code: None,
            pin_wait_seconds: 0,
            pin_wrong: 0,
            loading: None,
            moved_aside: None,
        };
        match &*self.door() {
            Door::Fresh => {}
            Door::Comparing(enrolling) => {
                view.stage = Stage::Comparing;
                view.compare_code = Some(enrolling.compare_code());
            }
            Door::ChoosePin(finished) => {
                view.stage = Stage::ChoosePin;
                view.person = Some(finished.enrolled.staff_name.clone());
                view.unit = Some(finished.enrolled.unit_name.clone());
                view.township = Some(finished.enrolled.scope_name.clone());
                view.demo = finished.enrolled.demo;
                view.shell = shell_of(finished.enrolled.role);
            }
            Door::Locked => {
                view.stage = Stage::Locked;
                let pin = Store::pin_state(
                    &self.settings.disk,
                    &self.settings.folder,
                    self.settings.clock.as_ref(),
                )?;
                view.pin_wait_seconds = pin.wait_seconds;
                view.pin_wrong = pin.wrong;
            }
            Door::Open(tablet) => {
                let identity = &tablet.identity;
                view.person = Some(identity.person.clone());
                view.unit = Some(identity.unit_name.clone());
                view.township = Some(identity.township.clone());
                view.demo = identity.demo;
                view.shell = shell_of(identity.role);
                view.moved_aside = tablet
                    .moved_aside
                    .as_ref()
                    .map(|path| path.display().to_string());
                let loading = tablet.loading()?;
                view.stage = if loading.is_some() {
                    Stage::Loading
                } else {
                    Stage::Ready
                };
                view.loading = loading.map(|(done, total)| LoadingView { done, total });
            }
        }
        Ok(view)
    }

    pub(crate) async fn enrol_start(&self, input: EnrolInput) -> Result<AppView, ClientError> {
        match &*self.door() {
            Door::Locked | Door::Open(_) => return Err(ClientError::new("already_enrolled")),
            _ => {}
        }
        let enrolling = Enrolling::start(&input, self.settings.entropy.as_ref()).await?;
        *self.door() = Door::Comparing(Arc::new(enrolling));
        self.view()
    }

    pub(crate) async fn enrol_poll(&self) -> Result<AppView, ClientError> {
        let enrolling = match &*self.door() {
            Door::Comparing(enrolling) => enrolling.clone(),
            _ => return self.view(),
        };
        match enrolling.poll().await {
            Ok(Some(finished)) => *self.door() = Door::ChoosePin(Box::new(finished)),
            Ok(None) => {}
            Err(error) => {
                if error.code().starts_with("enrol_") && error.code() != "enrol_not_confirmed" {
                    *self.door() = Door::Fresh;
                }
                return Err(error);
            }
        }
        self.view()
    }

    pub(crate) fn enrol_cancel(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            if matches!(*door, Door::Comparing(_) | Door::ChoosePin(_)) {
                *door = Door::Fresh;
            }
        }
        self.view()
    }

    pub(crate) fn choose_pin(&self, input: &PinInput) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            let Door::ChoosePin(finished) = &*door else {
                return Err(ClientError::new("not_enrolled"));
            };
            let store = Store::create(
                &self.settings.folder,
                CreateOptions {
                    pin: &input.pin,
                    cost: self.pin_cost()?,
                    hardware: &self.hardware,
                    recovery_public: Some(finished.enrolled.recovery_key),
                    entropy: self.settings.entropy.clone(),
                    clock: self.settings.clock.clone(),
                    disk: self.settings.disk.clone(),
                    lock: Some(self.lock.clone()),
                },
            )?;
            let tablet = Tablet::first(
                store,
                finished,
                self.settings.clock.clone(),
                self.settings.entropy.clone(),
            )?;
            *door = Door::Open(Arc::new(tablet));
        }
        self.announce("app");
        self.wake.notify_one();
        self.view()
    }

    pub(crate) fn unlock(&self, input: &PinInput) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            match &*door {
                Door::Locked => {}
                Door::Open(_) => {
                    drop(door);
                    return self.view();
                }
                _ => return Err(ClientError::new("not_enrolled")),
            }
            self.wait_until_closed()?;
            let outcome = Store::open(
                &self.settings.folder,
                OpenOptions {
                    with: OpenWith::Pin(&input.pin),
                    hardware: &self.hardware,
                    entropy: self.settings.entropy.clone(),
                    clock: self.settings.clock.clone(),
                    disk: self.settings.disk.clone(),
                    lock: Some(self.lock.clone()),
                },
            )?;
            self.raise_cost(&outcome.store, &input.pin);
            let tablet = Tablet::again(
                outcome,
                self.settings.clock.clone(),
                self.settings.entropy.clone(),
            )?;
            *door = Door::Open(Arc::new(tablet));
        }
        self.announce("app");
        self.wake.notify_one();
        self.view()
    }

    fn pin_cost(&self) -> Result<ArgonCost, ClientError> {
        self.settings.cost.choose(self.settings.clock.as_ref())
    }

    /// A slot from before the floor was raised is made anew, silently. It opened, so a failure costs nothing.
    fn raise_cost(&self, store: &Store, pin: &str) {
        let raise = || -> Result<(), ClientError> {
            let least = self.settings.cost.least();
            if store.pin_cost()?.is_some_and(|cost| cost.is_below(&least)) {
                store.replace_pin(pin, self.pin_cost()?, &self.hardware)?;
            }
            Ok(())
        };
        if let Err(error) = raise() {
            tracing::warn!(%error, "the cost of the PIN was not raised");
        }
    }

    /// Another PIN for whoever is inside, who gives the old one first.
    pub(crate) fn change_pin(&self, input: &ChangePinInput) -> Result<AppView, ClientError> {
        let tablet = self.tablet()?;
        let store = &tablet.store;
        let changed = store.change_pin(&input.old, &input.new, self.pin_cost()?, &self.hardware);
        if matches!(changed, Err(StoreError::RecoveryNeeded)) {
            // Ten wrong ones: whoever tries them is not the one who opened it.
            drop(tablet);
            self.lock()?;
            return Err(StoreError::RecoveryNeeded.into());
        }
        changed?;
        store.write(|tx| {
            audit::append(
                tx,
                &AuditRow {
                    at_ms: self.settings.clock.now_ms(),
                    staff: Some(tablet.identity.staff),
                    action: "pin_changed".into(),
                    object: tablet.identity.device.to_string(),
                },
            )
        })?;
        self.view()
    }

    /// The PIN once more, before what asks for it. A wrong one counts as at the door; the tenth locks it.
    pub(crate) fn step_up(&self, input: &PinInput) -> Result<(), ClientError> {
        let tablet = self.tablet()?;
        match tablet.store.ask_pin(&input.pin, &self.hardware) {
            Ok(()) => tablet.pin_was_given(),
            Err(StoreError::RecoveryNeeded) => {
                drop(tablet);
                self.lock()?;
                Err(StoreError::RecoveryNeeded.into())
            }
            Err(error @ StoreError::WrongPin { .. }) => {
                tablet.pin_was_wrong()?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn lock(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            if let Door::Open(tablet) = &*door {
                *self.closing.lock().unwrap_or_else(PoisonError::into_inner) =
                    Arc::downgrade(tablet);
                *door = Door::Locked;
            }
        }
        self.announce("app");
        self.view()
    }

    /// A sync or an import that was under way when the door was locked finishes its step first: one writer only.
    fn wait_until_closed(&self) -> Result<(), ClientError> {
        let deadline = Instant::now() + CLOSING;
        loop {
            let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
            if closing.strong_count() == 0 {
                return Ok(());
            }
            drop(closing);
            if Instant::now() > deadline {
                return Err(ClientError::new("storage_busy"));
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shell_of(role: Role) -> ShellKind {
    match role {
        Role::Director => ShellKind::Tablet,
        Role::Supervisor | Role::Head => ShellKind::Station,
    }
}
