//! Coming in and going out: enrolling, the PIN, changing places, and the district's help when no PIN opens any more.

use crate::accounts::{self, Account, Label};
use crate::app::{App, Door};
use crate::enrolment::{Asking, Enrolling, Finished};
use crate::error::ClientError;
use crate::looks;
use crate::office_line;
use crate::tablet::Tablet;
use crate::view::{
    AppView, ChangePinInput, EnrolInput, IdInput, PinInput, RecoverInput, RescueView, TextInput,
};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use store::audit::{self, AuditRow};
use store::{
    ArgonCost, CreateOptions, OpenOptions, OpenOutcome, OpenWith, Store, StoreError, district,
};

/// Longest wait for work that was under way when the door was locked.
const CLOSING: Duration = Duration::from_secs(10);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl App {
    pub(crate) async fn enrol_start(&self, input: EnrolInput) -> Result<AppView, ClientError> {
        match &*self.door() {
            Door::Fresh | Door::Comparing(_) | Door::ChoosePin(_) => {}
            _ => return Err(ClientError::new("already_enrolled")),
        }
        let enrolling = Enrolling::start(&input, self.settings.entropy.as_ref()).await?;
        *self.door() = Door::Comparing(Arc::new(enrolling));
        self.view()
    }

    /// No network reaches the server: the tablet writes a request that is carried to the station.
    pub(crate) fn offline_request(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            match &*door {
                Door::Fresh => {
                    let asking = Asking::begin(self.settings.entropy.as_ref());
                    *door = Door::Asking(Box::new(asking));
                }
                Door::Asking(_) => {}
                _ => return Err(ClientError::new("already_enrolled")),
            }
        }
        self.view()
    }

    /// The station read the request and shows eight digits.
    pub(crate) fn offline_digits(&self, input: &TextInput) -> Result<AppView, ClientError> {
        match &mut *self.door() {
            Door::Asking(asking) => asking.type_in(&input.text)?,
            _ => return Err(ClientError::new("not_found")),
        }
        self.view()
    }

    /// The station's answer came by hand; the PIN is next.
    pub(crate) fn offline_answer(&self, input: &TextInput) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            let finished = match &*door {
                Door::Asking(asking) => asking.read(&input.text)?,
                _ => return Err(ClientError::new("not_found")),
            };
            *door = Door::ChoosePin(Box::new(finished));
        }
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

    /// Back to where one came from: an enrolment, or the district's help, is not wanted after all.
    pub(crate) fn enrol_cancel(&self) -> Result<AppView, ClientError> {
        let before = Door::before(self.accounts()?);
        {
            let mut door = self.door();
            match &*door {
                Door::Fresh | Door::Comparing(_) | Door::Asking(_) | Door::ChoosePin(_) => {
                    *self.replacing() = None;
                    *door = before;
                }
                Door::Recovering(account) | Door::Recovered(account, _) => {
                    *door = Door::Locked(account.clone());
                }
                Door::Picking | Door::Locked(_) | Door::Open(..) | Door::Practising(..) => {}
            }
        }
        self.view()
    }

    /// Somebody else is to use this device too.
    pub(crate) fn enrol_another(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            match &*door {
                Door::Picking | Door::Locked(_) => *door = Door::Fresh,
                _ => return Err(ClientError::new("already_enrolled")),
            }
        }
        self.view()
    }

    /// The PIN is forgotten and nothing waits to be sent, or nobody knows what does: enrol anew. What is here stays.
    pub(crate) fn enrol_again(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            match &*door {
                Door::Locked(account) | Door::Recovering(account) => {
                    *self.replacing() = Some(account.clone());
                    *door = Door::Fresh;
                }
                _ => return Err(ClientError::new("already_enrolled")),
            }
        }
        self.view()
    }

    pub(crate) fn choose_pin(&self, input: &PinInput) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            let opened = match &mut *door {
                Door::ChoosePin(finished) => self.first_time(finished, &input.pin)?,
                Door::Recovered(account, outcome) => {
                    self.give_new_pin(account, outcome, &input.pin)?;
                    match std::mem::replace(&mut *door, Door::Picking) {
                        Door::Recovered(account, outcome) => {
                            *door = Door::Locked(account.clone());
                            let tablet = self.come_in(&account, *outcome)?;
                            (account, tablet)
                        }
                        _ => return Err(ClientError::new("internal")),
                    }
                }
                _ => return Err(ClientError::new("not_enrolled")),
            };
            *door = Door::Open(opened.0, Arc::new(opened.1));
        }
        self.came_in()
    }

    /// A new account for who was just enrolled.
    fn first_time(&self, finished: &Finished, pin: &str) -> Result<(Account, Tablet), ClientError> {
        let disk = self.settings.disk.as_ref();
        let account = accounts::next(disk, &self.settings.folder)?;
        let store = Store::create(
            &account.folder,
            CreateOptions {
                pin,
                cost: self.pin_cost()?,
                hardware: self.hardware.as_ref(),
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
        self.note_opened(&account, &tablet);
        if let Some(before) = self.replacing().take() {
            self.put_away(&before, &tablet)?;
        }
        Ok((account, tablet))
    }

    /// The account she could not open any more is shown no longer, when it was hers and nothing in it waits to be sent.
    /// Its files stay: the district can open them still.
    fn put_away(&self, before: &Account, tablet: &Tablet) -> Result<(), ClientError> {
        if let Some(mut label) = self.label(before)?
            && label.staff == Some(tablet.identity.staff)
            && label.unsent == Some(0)
        {
            label.put_away = true;
            self.set_label(before, &label);
        }
        Ok(())
    }

    fn give_new_pin(
        &self,
        account: &Account,
        outcome: &OpenOutcome,
        pin: &str,
    ) -> Result<(), ClientError> {
        let store = &outcome.store;
        store.replace_pin(pin, self.pin_cost()?, self.hardware.as_ref())?;
        if let Some(identity) = store.read(store::identity::get)? {
            self.audit(store, &identity, "recovered")?;
        }
        Ok(district::finish(
            self.settings.disk.as_ref(),
            &account.folder,
        )?)
    }

    pub(crate) fn unlock(&self, input: &PinInput) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            let account = match &*door {
                Door::Locked(account) => account.clone(),
                Door::Open(..) | Door::Practising(..) => {
                    drop(door);
                    return self.view();
                }
                Door::Picking => return Err(ClientError::new("locked")),
                _ => return Err(ClientError::new("not_enrolled")),
            };
            self.wait_until_closed()?;
            let (disk, clock) = (&self.settings.disk, self.settings.clock.as_ref());
            let wrong = Store::pin_state(disk, &account.folder, clock)?.wrong;
            let outcome = self.open_account(&account, OpenWith::Pin(&input.pin))?;
            self.raise_cost(&outcome.store, &input.pin);
            let keeps_something =
                outcome.store.keeps_aside() || outcome.replayed > 0 || outcome.unreadable > 0;
            let tablet = match self.come_in(&account, outcome) {
                // Damage took even whose it is. What is kept may be hers to save, so it stays in sight.
                Err(error) if error.code() == "not_enrolled" && keeps_something => {
                    return Err(ClientError::new("store_damaged"));
                }
                Err(error) if error.code() == "not_enrolled" => {
                    // Made and never given to anybody: the power went in between. The next enrolment begins beside it.
                    let label = Label {
                        put_away: true,
                        ..Label::default()
                    };
                    self.set_label(&account, &label);
                    *door = Door::before(self.accounts()?);
                    return Err(error);
                }
                other => other?,
            };
            looks::note_unlock(&tablet, wrong);
            let tablet = self.renew_if_due(&account, tablet, &input.pin)?;
            *door = Door::Open(account, Arc::new(tablet));
        }
        self.came_in()
    }

    /// Once a year by policy, when the PIN was just given: a new user key. What cannot be done now is done another time.
    fn renew_if_due(
        &self,
        account: &Account,
        tablet: Tablet,
        pin: &str,
    ) -> Result<Tablet, ClientError> {
        let days = i64::from(tablet.lock_rules().new_key_days);
        let until_ms = self.settings.clock.now_ms() - days * DAY_MS;
        let made_ms = tablet.store.key_made_ms()?;
        let is_due = made_ms.is_some_and(|made_ms| made_ms <= until_ms);
        if !is_due || !tablet.store.has_room() || tablet.store.keeps_aside() {
            return Ok(tablet);
        }
        drop(tablet);
        if let Err(error) = self.renew(account, pin) {
            tracing::warn!(%error, "the key was not renewed");
        }
        let outcome = self.open_account(account, OpenWith::Pin(pin))?;
        self.come_in(account, outcome)
    }

    /// Gives a closed account a new user key.
    fn renew(&self, account: &Account, pin: &str) -> Result<(), ClientError> {
        let store = self.open_account(account, OpenWith::Pin(pin))?.store;
        if let Some(identity) = store.read(store::identity::get)? {
            self.audit(&store, &identity, "key_renewed")?;
        }
        Ok(store.rotate(pin, self.pin_cost()?, self.hardware.as_ref())?)
    }

    /// 换一把新锁: a new user key for whoever is inside, at once.
    pub(crate) fn renew_key(&self, input: &PinInput) -> Result<AppView, ClientError> {
        self.refuse_practice()?;
        self.step_up(input)?;
        let renewed = self.renew_inside(&input.pin);
        // Whatever came of it: where the app stands may have changed.
        self.announce("app");
        renewed?;
        self.came_in()
    }

    fn renew_inside(&self, pin: &str) -> Result<(), ClientError> {
        let mut door = self.door();
        let Door::Open(account, tablet) = &*door else {
            return Err(ClientError::new("locked"));
        };
        if !tablet.store.has_room() {
            return Err(StoreError::DiskFull.into());
        }
        if tablet.store.keeps_aside() {
            return Err(StoreError::KeptAside.into());
        }
        tablet.close();
        self.note_closed(account, tablet);
        *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(tablet);
        let account = account.clone();
        *door = Door::Locked(account.clone());
        self.locked.send_modify(|times| *times += 1);
        self.wait_until_closed()?;
        let renewed = self.renew(&account, pin);
        let outcome = self.open_account(&account, OpenWith::Pin(pin))?;
        *door = Door::Open(account.clone(), Arc::new(self.come_in(&account, outcome)?));
        renewed
    }

    fn open_account(
        &self,
        account: &Account,
        with: OpenWith<'_>,
    ) -> Result<OpenOutcome, ClientError> {
        Ok(Store::open(
            &account.folder,
            OpenOptions {
                with,
                hardware: self.hardware.as_ref(),
                entropy: self.settings.entropy.clone(),
                clock: self.settings.clock.clone(),
                disk: self.settings.disk.clone(),
                lock: Some(self.lock.clone()),
            },
        )?)
    }

    fn come_in(&self, account: &Account, outcome: OpenOutcome) -> Result<Tablet, ClientError> {
        let tablet = Tablet::again(
            outcome,
            self.settings.clock.clone(),
            self.settings.entropy.clone(),
        )?;
        self.note_opened(account, &tablet);
        Ok(tablet)
    }

    pub(crate) fn came_in(&self) -> Result<AppView, ClientError> {
        self.go_on();
        self.announce("app");
        self.wake().notify_one();
        self.view()
    }

    /// What the lock, or the end of the process, cut off goes on.
    fn go_on(&self) {
        // The district gave it back, or it is stopped: then there is nobody inside for whom it could.
        let Ok(tablet) = self.own_tablet() else {
            return;
        };
        for extension in &self.settings.extensions {
            if let Err(error) = extension.go_on(&tablet) {
                tracing::warn!(%error, "work that was cut off does not go on");
            }
        }
    }

    fn pin_cost(&self) -> Result<ArgonCost, ClientError> {
        self.settings.cost.choose(self.settings.clock.as_ref())
    }

    /// A slot from before the floor was raised is made anew, silently. It opened, so a failure costs nothing.
    fn raise_cost(&self, store: &Store, pin: &str) {
        let raise = || -> Result<(), ClientError> {
            let least = self.settings.cost.least();
            if store.pin_cost()?.is_some_and(|cost| cost.is_below(&least)) {
                store.replace_pin(pin, self.pin_cost()?, self.hardware.as_ref())?;
            }
            Ok(())
        };
        if let Err(error) = raise() {
            tracing::warn!(%error, "the cost of the PIN was not raised");
        }
    }

    /// Another PIN for whoever is inside, who gives the old one first.
    pub(crate) fn change_pin(&self, input: &ChangePinInput) -> Result<AppView, ClientError> {
        self.refuse_practice()?;
        let tablet = self.tablet()?;
        let hardware = self.hardware.as_ref();
        let cost = self.pin_cost()?;
        let changed = tablet
            .store
            .change_pin(&input.old, &input.new, cost, hardware);
        if matches!(changed, Err(StoreError::RecoveryNeeded)) {
            // Ten wrong ones: whoever tries them is not the one who opened it.
            drop(tablet);
            self.lock()?;
            return Err(StoreError::RecoveryNeeded.into());
        }
        changed?;
        self.audit(&tablet.store, &tablet.identity, "pin_changed")?;
        self.view()
    }

    /// The PIN once more, before what asks for it. A wrong one counts as at the door; the tenth locks it.
    pub(crate) fn step_up(&self, input: &PinInput) -> Result<(), ClientError> {
        self.refuse_practice()?;
        let tablet = self.tablet()?;
        match tablet.store.ask_pin(&input.pin, self.hardware.as_ref()) {
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

    fn audit(
        &self,
        store: &Store,
        identity: &store::identity::Identity,
        action: &str,
    ) -> Result<(), ClientError> {
        store.write(|tx| {
            audit::append(
                tx,
                &AuditRow {
                    at_ms: self.settings.clock.now_ms(),
                    staff: Some(identity.staff),
                    action: action.to_owned(),
                    object: identity.device.to_string(),
                },
            )
        })?;
        Ok(())
    }

    pub(crate) fn lock(&self) -> Result<AppView, ClientError> {
        self.leave(Door::Locked)
    }

    /// Somebody else wants to use the device: locks at once, and asks who it is.
    pub(crate) fn switch_user(&self) -> Result<AppView, ClientError> {
        self.leave(|_| Door::Picking)
    }

    /// Closes the door behind whoever is inside. Work under way for her ends; her keys go with the last of it.
    fn leave(&self, to: impl FnOnce(Account) -> Door) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            match &*door {
                // What was practised goes with its key, which is nowhere but in what is let go of here.
                Door::Open(account, tablet) | Door::Practising(account, tablet, _) => {
                    if let Door::Practising(_, _, practice) = &*door {
                        practice.close();
                    }
                    tablet.close();
                    looks::note_lock(tablet);
                    self.note_closed(account, tablet);
                    *self.closing.lock().unwrap_or_else(PoisonError::into_inner) =
                        Arc::downgrade(tablet);
                    let account = account.clone();
                    *door = to(account);
                    self.locked.send_modify(|times| *times += 1);
                }
                Door::Locked(account) => {
                    let account = account.clone();
                    *door = to(account);
                }
                _ => {}
            }
        }
        if let Err(error) = self.sweep_practice() {
            tracing::warn!(%error, "what was practised could not be removed");
        }
        self.announce("app");
        self.view()
    }

    /// Says who it is; the PIN comes next.
    pub(crate) fn choose_account(&self, input: &IdInput) -> Result<AppView, ClientError> {
        let chosen = self
            .accounts()?
            .into_iter()
            .find(|account| account.number.to_string() == input.id)
            .ok_or_else(|| ClientError::new("not_found"))?;
        {
            let mut door = self.door();
            match &*door {
                Door::Picking | Door::Locked(_) => *door = Door::Locked(chosen),
                _ => return Err(ClientError::new("not_found")),
            }
        }
        self.view()
    }

    /// No PIN opens this account any more, or she forgot hers: the district is asked.
    pub(crate) fn recover_start(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            match &*door {
                Door::Locked(account) => {
                    let account = account.clone();
                    // Before the page is shown: without a request there is nothing on it.
                    self.recovery_view(&account)?;
                    *door = Door::Recovering(account);
                }
                Door::Recovering(_) => {}
                _ => return Err(ClientError::new("not_found")),
            }
        }
        self.view()
    }

    /// What the district gave back: the account opens, and a new PIN is chosen next.
    pub(crate) fn recover_answer(&self, input: &RecoverInput) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            let account = match &*door {
                Door::Recovering(account) => account.clone(),
                _ => return Err(ClientError::new("not_found")),
            };
            self.wait_until_closed()?;
            let device = self.label(&account)?.and_then(|label| label.device);
            let user = district::take_answer(
                &self.settings.disk,
                &account.folder,
                self.hardware.as_ref(),
                device,
                &input.text,
            )?;
            let outcome = self.open_account(&account, OpenWith::UserKey(&user))?;
            *door = Door::Recovered(account, Box::new(outcome));
        }
        self.view()
    }

    pub(crate) fn recovery_view(&self, account: &Account) -> Result<RescueView, ClientError> {
        let label = self.label(account)?.unwrap_or_default();
        let request = district::request(
            &self.settings.disk,
            &account.folder,
            self.hardware.as_ref(),
            self.settings.entropy.as_ref(),
            label.device,
        )?;
        let text = request.text();
        Ok(RescueView {
            qr_svg: office_line::qr_svg(&text)?,
            compare_code: request.compare_code(),
            text,
        })
    }

    /// A sync or an import that was under way when the door was locked finishes its step first: one writer only.
    pub(crate) fn wait_until_closed(&self) -> Result<(), ClientError> {
        self.until_gone(|| {
            let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
            closing.strong_count() == 0
        })
    }

    /// Waits until nobody holds what was closed any more.
    ///
    /// # Errors
    /// `storage_busy` when somebody does for too long.
    pub(crate) fn until_gone(&self, is_gone: impl Fn() -> bool) -> Result<(), ClientError> {
        let deadline = Instant::now() + CLOSING;
        loop {
            if is_gone() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(ClientError::new("storage_busy"));
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    fn replacing(&self) -> std::sync::MutexGuard<'_, Option<Account>> {
        self.replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
