//! The app as one process: at which door it stands, who is inside, and the one entrance for commands.

use crate::accounts::{self, Account, Label};
use crate::commands;
use crate::enrolment::{Asking, Enrolling, Finished};
use crate::error::ClientError;
use crate::practice;
use crate::quiet::Quiet;
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{AccountView, AppView, ClearInput, LoadingView, LockRulesView, ShellKind, Stage};
use domain::policy::LockRules;
use ids::{Clock, Entropy, Role};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use store::{
    ArgonCost, Disk, FileHardwareKey, FolderLock, HardwareKey, OpenOutcome, Store, StoreError,
    SystemDisk, blobs, changes, wipe,
};
use tokio::sync::{Notify, broadcast, watch};

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
    /// The device's hardware key; the stub beside the folder when none.
    pub hardware: Option<Arc<dyn HardwareKey>>,
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
    pub(crate) fn choose(self, clock: &dyn Clock) -> Result<ArgonCost, ClientError> {
        match self {
            Self::Measured => Ok(ArgonCost::measured(clock)?),
            Self::Fixed(cost) => Ok(cost),
        }
    }

    pub(crate) fn least(self) -> ArgonCost {
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
            hardware: None,
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

    /// Goes on with what was under way for whoever came in when she, or the process, left. Returns at once.
    ///
    /// # Errors
    /// The store cannot be read.
    fn go_on(&self, tablet: &Arc<Tablet>) -> Result<(), ClientError>;
}

/// The running app.
pub struct App {
    pub(crate) settings: AppSettings,
    pub(crate) hardware: Arc<dyn HardwareKey>,
    pub(crate) lock: Arc<FolderLock>,
    door: Mutex<Door>,
    /// Whose account is to be put away once its owner has enrolled anew.
    pub(crate) replacing: Mutex<Option<Account>>,
    pub(crate) closing: Mutex<Weak<Tablet>>,
    /// The last practice village; something may still be at work in it.
    pub(crate) practice: Mutex<Weak<Tablet>>,
    changed: broadcast::Sender<&'static str>,
    wake: Arc<Notify>,
    tapped: AtomicBool,
    /// Counts the lockings, for work that must stop with them.
    pub(crate) locked: watch::Sender<u64>,
    end: watch::Sender<bool>,
    announced: AtomicU64,
    pub(crate) quiet: Quiet,
    /// Somebody's account here was destroyed while this process ran.
    wiped: AtomicBool,
}

/// Where the app stands, and who may come in.
pub(crate) enum Door {
    Fresh,
    Comparing(Arc<Enrolling>),
    /// A request goes to a station without a network, by hand.
    Asking(Box<Asking>),
    ChoosePin(Box<Finished>),
    /// Several people use this device; nobody has said who it is.
    Picking,
    Locked(Account),
    /// The district is asked to open an account.
    Recovering(Account),
    /// It did; a new PIN is still to be chosen.
    Recovered(Account, Box<OpenOutcome>),
    Open(Account, Arc<Tablet>),
    /// She practises: her own tablet, and the practice village the commands reach meanwhile.
    Practising(Account, Arc<Tablet>, Arc<Tablet>),
}

impl App {
    /// Takes the folder for this process.
    ///
    /// # Errors
    /// `folder_in_use`, or the folder cannot be made.
    pub fn open(settings: AppSettings) -> Result<Arc<Self>, ClientError> {
        let lock = Arc::new(FolderLock::take(settings.disk.as_ref(), &settings.folder)?);
        let hardware = match &settings.hardware {
            Some(hardware) => hardware.clone(),
            None => {
                let stub = FileHardwareKey::beside(&settings.folder).on(settings.disk.clone());
                stub.ensure(settings.entropy.as_ref())?;
                Arc::new(stub)
            }
        };
        for begun in accounts::half_wiped(settings.disk.as_ref(), &settings.folder)? {
            // Cut off in the middle of it: the rest goes before anything else.
            accounts::finish_wipe(
                settings.disk.as_ref(),
                &settings.folder,
                &begun,
                hardware.as_ref(),
            )?;
        }
        make_stub(&settings)?;
        practice::throw_away(settings.disk.as_ref(), &settings.folder)?;
        let accounts = accounts::all(settings.disk.as_ref(), &settings.folder, hardware.as_ref())?;
        let door = Door::before(accounts);
        Ok(Arc::new(Self {
            settings,
            hardware,
            lock,
            door: Mutex::new(door),
            replacing: Mutex::new(None),
            closing: Mutex::new(Weak::new()),
            practice: Mutex::new(Weak::new()),
            changed: broadcast::channel(64).0,
            wake: Arc::new(Notify::new()),
            tapped: AtomicBool::new(false),
            locked: watch::channel(0).0,
            end: watch::channel(false).0,
            announced: AtomicU64::new(0),
            quiet: Quiet::default(),
            wiped: AtomicBool::new(false),
        }))
    }

    /// What changed, for screens that draw it: `app`, `records`, `sync`, `import`.
    pub fn changes(&self) -> broadcast::Receiver<&'static str> {
        self.changed.subscribe()
    }

    /// Ends the sync loop and every open event stream.
    pub fn end(&self) {
        self.leave_practice();
        if let Err(error) = self.sweep_practice() {
            tracing::warn!(%error, "what was practised could not be removed");
        }
        if let Door::Open(account, tablet) = &*self.door() {
            tablet.close();
            self.note_closed(account, tablet);
        }
        self.end.send_replace(true);
    }

    /// Resolves once whoever is inside now no longer is.
    pub(crate) fn left(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut locked = self.locked.subscribe();
        async move {
            // An error means the app is gone, and everybody left with it.
            let _ = locked.changed().await;
        }
    }

    /// Resolves once [`Self::end`] was called.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut end = self.end.subscribe();
        async move {
            // An error means the app is gone, which is an end too.
            let _ = end.wait_for(|ended| *ended).await;
        }
    }

    /// Starts what goes on by itself: the sync, and the lock behind whoever left without one.
    pub fn start_sync(self: &Arc<Self>) {
        tokio::spawn(crate::runtime::run(self.clone()));
        tokio::spawn(crate::quiet::run(self.clone()));
    }

    /// The unlocked tablet the commands reach: hers, or the practice village while she practises.
    ///
    /// # Errors
    /// `locked` or `not_enrolled`.
    pub fn tablet(&self) -> Result<Arc<Tablet>, ClientError> {
        match &*self.door() {
            Door::Practising(_, _, practice) => Ok(practice.clone()),
            door => door.own_tablet(),
        }
    }

    /// The unlocked tablet of whoever is inside, whether she practises or not: what is synced, stopped and wiped.
    ///
    /// # Errors
    /// `locked` or `not_enrolled`.
    pub(crate) fn own_tablet(&self) -> Result<Arc<Tablet>, ClientError> {
        self.door().own_tablet()
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
        self.quiet.note_asked();
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
            if !tablet.is_practice() {
                self.wake.notify_one();
            }
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
            request: None,
            pin_wait_seconds: 0,
            pin_wrong: 0,
            recovery_needed: false,
            recovery: None,
            account: None,
            accounts: Vec::new(),
            lock_rules: lock_rules_view(LockRules::default()),
            loading: None,
            moved_aside: None,
            wiped: self.wiped.load(Ordering::Relaxed),
            lease: None,
            stopped: None,
            practice: false,
        };
        match &*self.door() {
            Door::Fresh => view.accounts = self.account_views()?,
            Door::Comparing(enrolling) => {
                view.stage = Stage::Comparing;
                view.compare_code = Some(enrolling.compare_code());
            }
            Door::Asking(asking) => {
                view.stage = Stage::Asking;
                view.compare_code = asking.compare_code();
                view.request = Some(asking.text()?);
            }
            Door::ChoosePin(finished) => {
                view.stage = Stage::ChoosePin;
                view.person = Some(finished.enrolled.staff_name.clone());
                view.unit = Some(finished.enrolled.unit_name.clone());
                view.township = Some(finished.enrolled.scope_name.clone());
                view.demo = finished.enrolled.demo;
                view.shell = shell_of(finished.enrolled.role);
                view.loading = finished.start.as_ref().map(|start| LoadingView {
                    done: u32::try_from(start.documents.len()).unwrap_or(u32::MAX),
                    total: start.documents_total,
                });
            }
            Door::Picking => {
                view.stage = Stage::Picking;
                view.accounts = self.account_views()?;
            }
            Door::Locked(account) => {
                view.stage = Stage::Locked;
                view.accounts = self.account_views()?;
                self.show_locked(&mut view, account)?;
            }
            Door::Recovering(account) => {
                view.stage = Stage::Recovering;
                self.show_locked(&mut view, account)?;
                view.recovery = Some(self.recovery_view(account)?);
            }
            Door::Recovered(account, _) => {
                self.show_locked(&mut view, account)?;
                view.stage = Stage::ChoosePin;
            }
            Door::Open(account, tablet) => {
                let identity = &tablet.identity;
                view.account = Some(AccountView {
                    id: account.number.to_string(),
                    role: Some(identity.role.as_str().to_owned()),
                    unit: Some(tablet.unit_name()),
                    township: Some(tablet.township()),
                    unsent: None,
                });
                view.person = Some(identity.person.clone());
                view.unit = Some(tablet.unit_name());
                view.township = Some(tablet.township());
                view.demo = identity.demo;
                view.shell = shell_of(identity.role);
                view.moved_aside = tablet
                    .moved_aside
                    .as_ref()
                    .map(|path| path.display().to_string());
                let loading = tablet.loading()?;
                view.stopped = standing::stopped(tablet)?;
                view.lease = Some(standing::lease(tablet)?);
                view.stage = if view.stopped.is_some() {
                    Stage::Stopped
                } else if loading.is_some() {
                    Stage::Loading
                } else {
                    Stage::Ready
                };
                view.lock_rules = lock_rules_view(tablet.lock_rules());
                view.loading = loading.map(|(done, total)| LoadingView { done, total });
            }
            Door::Practising(_, _, practice) => {
                let identity = &practice.identity;
                view.stage = Stage::Ready;
                view.practice = true;
                view.person = Some(identity.person.clone());
                view.unit = Some(identity.unit_name.clone());
                view.township = Some(identity.township.clone());
                view.shell = shell_of(identity.role);
                view.lock_rules = lock_rules_view(practice.lock_rules());
            }
        }
        Ok(view)
    }

    fn account_views(&self) -> Result<Vec<AccountView>, ClientError> {
        self.accounts()?
            .iter()
            .map(|account| self.account_view(account))
            .collect()
    }

    fn account_view(&self, account: &Account) -> Result<AccountView, ClientError> {
        let label = self.label(account)?.unwrap_or_default();
        let named = |name: String| Some(name).filter(|name| !name.is_empty());
        Ok(AccountView {
            id: account.number.to_string(),
            role: label.role.map(|role| role.as_str().to_owned()),
            unit: named(label.unit),
            township: named(label.township),
            unsent: label.unsent,
        })
    }

    /// What the door of one account shows.
    fn show_locked(&self, view: &mut AppView, account: &Account) -> Result<(), ClientError> {
        let label = self.label(account)?.unwrap_or_default();
        if let Some(role) = label.role {
            view.shell = shell_of(role);
        }
        view.demo = label.demo;
        view.account = Some(self.account_view(account)?);
        let (disk, clock) = (&self.settings.disk, self.settings.clock.as_ref());
        let pin = Store::pin_state(disk, &account.folder, clock)?;
        view.pin_wait_seconds = pin.wait_seconds;
        view.pin_wrong = pin.wrong;
        view.recovery_needed = pin.recovery_needed
            || !Store::fits_hardware(disk, &account.folder, self.hardware.as_ref())?;
        Ok(())
    }

    /// Every account that is shown.
    pub(crate) fn accounts(&self) -> Result<Vec<Account>, ClientError> {
        let disk = self.settings.disk.as_ref();
        Ok(accounts::all(
            disk,
            &self.settings.folder,
            self.hardware.as_ref(),
        )?)
    }

    pub(crate) fn label(&self, account: &Account) -> Result<Option<Label>, ClientError> {
        Ok(account.label(self.settings.disk.as_ref(), self.hardware.as_ref())?)
    }

    /// Never an error: the label only says less then.
    pub(crate) fn set_label(&self, account: &Account, label: &Label) {
        let (disk, entropy) = (self.settings.disk.as_ref(), self.settings.entropy.as_ref());
        if let Err(error) = account.set_label(disk, self.hardware.as_ref(), entropy, label) {
            tracing::warn!(%error, "the label of an account was not written");
        }
    }

    /// Somebody is inside: what waits to be sent may change any moment.
    pub(crate) fn note_opened(&self, account: &Account, tablet: &Tablet) {
        self.set_label(account, &label_of(tablet));
    }

    /// She is about to leave: from now on the number stands.
    pub(crate) fn note_closed(&self, account: &Account, tablet: &Tablet) {
        let waiting = tablet.store.read(|connection| {
            Ok::<_, StoreError>(
                changes::outbox_length(connection)? + blobs::waiting_sum(connection)?.0,
            )
        });
        let label = Label {
            unsent: waiting.ok(),
            ..label_of(tablet)
        };
        self.set_label(account, &label);
    }

    /// For a tablet that was stopped: nobody practises on it any more, and everything of whoever is inside is destroyed once
    /// the server has the receipt for it. False when nothing is to be destroyed.
    ///
    /// # Errors
    /// The store cannot be read or closed, or a file cannot be removed; what was begun is finished at the next start.
    pub fn obey_wipe(&self, tablet: Arc<Tablet>) -> Result<bool, ClientError> {
        self.leave_practice();
        let is_due = tablet.store.read(store::standing::get)?.wipe_receipted;
        if is_due {
            self.destroy(tablet)?;
        }
        Ok(is_due)
    }

    /// A person empties a stopped account, so that she can be enrolled again. Never while something is here that nobody
    /// else has, but for forms, photos and rows of the trail they say are not waited for.
    pub(crate) fn clear_device(&self, input: &ClearInput) -> Result<AppView, ClientError> {
        let tablet = self.own_tablet()?;
        let Some(stopped) = standing::stopped(&tablet)? else {
            return Err(ClientError::new("not_found"));
        };
        let left = stopped.drafts + stopped.photos;
        if stopped.unsent > 0 || left > 0 && !input.without_unsent {
            return Err(ClientError::new("unsent_here").with("n", stopped.unsent + left));
        }
        if stopped.trail > 0 && !input.without_unsent {
            // Whose files were opened on it nobody would know any more.
            return Err(ClientError::new("trail_here").with("n", stopped.trail));
        }
        // What was begun and photographed goes with it for good: nobody does that on a tablet somebody left open.
        tablet.require_step_up()?;
        self.destroy(tablet)?;
        self.view()
    }

    fn destroy(&self, tablet: Arc<Tablet>) -> Result<(), ClientError> {
        let (disk, root) = (self.settings.disk.as_ref(), &self.settings.folder);
        let account = match &*self.door() {
            Door::Open(account, open) | Door::Practising(account, open, _)
                if Arc::ptr_eq(open, &tablet) =>
            {
                account.clone()
            }
            _ => return Err(ClientError::new("locked")),
        };
        wipe::begin(disk, &account.folder)?;
        tablet.close();
        {
            let mut door = self.door();
            *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&tablet);
            *door = Door::Picking;
        }
        self.locked.send_modify(|count| *count += 1);
        drop(tablet);
        self.wait_until_closed()?;
        self.sweep_practice()?;
        accounts::finish_wipe(disk, root, &account, self.hardware.as_ref())?;
        make_stub(&self.settings)?;
        *self.door() = Door::before(self.accounts()?);
        self.wiped.store(true, Ordering::Relaxed);
        self.announce("app");
        Ok(())
    }

    pub(crate) fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    fn own_tablet(&self) -> Result<Arc<Tablet>, ClientError> {
        match self {
            Self::Open(_, own) | Self::Practising(_, own, _) => Ok(own.clone()),
            Self::Picking | Self::Locked(_) | Self::Recovering(_) | Self::Recovered(..) => {
                Err(ClientError::new("locked"))
            }
            _ => Err(ClientError::new("not_enrolled")),
        }
    }

    /// Before anybody came in.
    pub(crate) fn before(mut accounts: Vec<Account>) -> Self {
        match accounts.len() {
            0 => Self::Fresh,
            1 => Self::Locked(accounts.remove(0)),
            _ => Self::Picking,
        }
    }
}

/// Where no hardware key was given the stub stands in, made anew when it is gone.
fn make_stub(settings: &AppSettings) -> Result<(), ClientError> {
    if settings.hardware.is_none() {
        let stub = FileHardwareKey::beside(&settings.folder).on(settings.disk.clone());
        stub.ensure(settings.entropy.as_ref())?;
    }
    Ok(())
}

fn lock_rules_view(rules: LockRules) -> LockRulesView {
    LockRulesView {
        idle_minutes: rules.idle_minutes,
        visit_idle_minutes: rules.visit_idle_minutes,
        hidden_seconds: rules.hidden_seconds,
    }
}

fn label_of(tablet: &Tablet) -> Label {
    let identity = &tablet.identity;
    Label {
        role: Some(identity.role),
        unit: tablet.unit_name(),
        township: tablet.township(),
        demo: identity.demo,
        staff: Some(identity.staff),
        device: Some(identity.device),
        unsent: None,
        put_away: false,
    }
}

fn shell_of(role: Role) -> ShellKind {
    match role {
        Role::Director => ShellKind::Tablet,
        Role::Supervisor | Role::Head => ShellKind::Station,
        Role::Officer => ShellKind::District,
    }
}
