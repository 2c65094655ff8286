//! 练习: an invented family to try everything with, which nobody ever gets anything of and which is thrown away.
//!
//! What keeps it apart is not a check somewhere. It is another [`Tablet`] over a folder of its own, under a key that is in
//! this process's memory only, with people and places that are invented, and with a [`SyncState`] that has no line to
//! anybody and cannot be given one. While she practises the commands of the screens reach that tablet and not hers
//! ([`Door::Practising`]); hers goes on syncing by itself (docs/adr/0037).

mod family;

use crate::app::{App, AppSettings, Door};
use crate::enrolment::{Finished, Start};
use crate::error::ClientError;
use crate::runtime::SyncState;
use crate::standing;
use crate::tablet::Tablet;
use crate::view::AppView;
use ed25519_dalek::SigningKey;
use family::Village;
use ids::{Clock, DeviceId, Entropy, Role, StaffId, UnitId};
use protocol::{Enrolled, FileNumberBlock};
use std::path::Path;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use store::members::{self, StaffRow, UnitRow};
use store::{ArgonCost, CreateOptions, Disk, PassingKey, Store, StoreError, policies, wipe};
use zeroize::Zeroizing;

/// Where its files lie, in the app's folder.
const FOLDER: &str = "practice";
/// The slots want six digits. They guard nothing here: the passing key does, and it is never written down.
const DIGITS: &str = "403817";
/// File numbers it may hand out.
const NUMBERS: FileNumberBlock = FileNumberBlock { first: 1, last: 99 };

/// Throws away what is left of a practice. The key went with the process or the tablet that had it, so that a power cut
/// on the way leaves noise, which is swept away at the next start.
///
/// # Errors
/// A file cannot be removed.
pub(crate) fn throw_away(disk: &dyn Disk, root: &Path) -> Result<(), StoreError> {
    let folder = root.join(FOLDER);
    match disk.exists(&folder) {
        true => wipe::finish(disk, &folder, &folder.join(FOLDER), None),
        false => Ok(()),
    }
}

/// A practice village with its families, as of today. Of the real tablet it takes the rules and forms, which are no one's.
fn found(settings: &AppSettings, own: &Tablet) -> Result<Tablet, ClientError> {
    let (clock, entropy) = (&settings.clock, &settings.entropy);
    let village = Village::read()?;
    let rules = own.store.read(policies::all)?;
    let store = Store::create(
        &settings.folder.join(FOLDER),
        CreateOptions {
            pin: DIGITS,
            cost: ArgonCost::FLOOR,
            hardware: &PassingKey::new(entropy.as_ref()),
            recovery_public: None,
            entropy: entropy.clone(),
            clock: clock.clone(),
            disk: settings.disk.clone(),
            lock: None,
        },
    )?;
    let finished = Finished {
        start: Some(Start {
            members: Vec::new(),
            policies: rules
                .into_iter()
                .map(|row| (row.policy, row.json))
                .collect(),
            ..Start::default()
        }),
        ..invented(&village, clock.as_ref(), entropy.as_ref())
    };
    let mut tablet = Tablet::first(store, &finished, clock.clone(), entropy.clone())?;
    tablet.sync = Arc::new(SyncState::without_a_line());
    introduce(&tablet, &village)?;
    village.settle(&tablet)?;
    Ok(tablet)
}

/// Who she is while she practises: keys, a village and a township that nobody ever heard of, and no address.
fn invented(village: &Village, clock: &dyn Clock, entropy: &dyn Entropy) -> Finished {
    let mut seed = Zeroizing::new([0u8; 32]);
    entropy.fill(seed.as_mut_slice());
    let key = SigningKey::from_bytes(&seed);
    Finished {
        enrolled: Enrolled {
            device: DeviceId::new(clock, entropy),
            staff: StaffId::new(clock, entropy),
            staff_name: village.person.clone(),
            role: Role::Director,
            unit: UnitId::new(clock, entropy),
            unit_name: village.village.clone(),
            scope: UnitId::new(clock, entropy),
            scope_name: village.township.clone(),
            region: village.region.clone(),
            file_numbers: NUMBERS,
            certificate: Vec::new(),
            recovery_key: [0; 32],
            server_key: key.verifying_key().to_bytes(),
            ca_certificate: Vec::new(),
            next_ca: None,
            // Nobody's real identity number can be typed into it.
            demo: true,
            epoch: 0,
            server_time_ms: clock.now_ms(),
            delegated: None,
        },
        key,
        address: String::new(),
        start: None,
    }
}

/// Who is who there.
fn introduce(tablet: &Tablet, village: &Village) -> Result<(), ClientError> {
    let me = &tablet.identity;
    let place = |unit, parent, level: &str, name: &str, region: &str| UnitRow {
        unit,
        parent,
        level: level.to_owned(),
        name: name.to_owned(),
        region_code: Some(region.to_owned()),
        former: Vec::new(),
        closed_ms: None,
    };
    let township = place(
        me.scope,
        None,
        "township",
        &me.township,
        &village.of_township,
    );
    let here = place(
        me.unit,
        Some(me.scope),
        "village",
        &me.unit_name,
        &village.region,
    );
    let whoever = StaffRow {
        staff: me.staff,
        name: me.person.clone(),
        role: me.role,
        unit: me.unit,
        ended_ms: None,
    };
    tablet.store.write(|tx| {
        members::put_unit(tx, &township)?;
        members::put_unit(tx, &here)?;
        members::put_staff(tx, &whoever)
    })?;
    Ok(())
}

impl Tablet {
    /// Whether this is the practice village.
    pub(crate) fn is_practice(&self) -> bool {
        !self.sync.has_a_line()
    }
}

impl App {
    /// Begins to practise, or begins anew. Only for directors: it is their work that is practised.
    pub(crate) fn practice_start(&self) -> Result<AppView, ClientError> {
        {
            let mut door = self.door();
            let (account, own) = match &*door {
                Door::Open(account, own) | Door::Practising(account, own, _) => {
                    (account.clone(), own.clone())
                }
                _ => return Err(ClientError::new("locked")),
            };
            if own.identity.role != Role::Director {
                return Err(ClientError::new("not_allowed"));
            }
            standing::admit(&own, "practice_start")?;
            if own.loading()?.is_some() {
                return Err(ClientError::new("still_loading"));
            }
            *door = Door::Open(account.clone(), own.clone());
            self.let_go_of_practice()?;
            let practice = Arc::new(found(&self.settings, &own)?);
            *self.practice() = Arc::downgrade(&practice);
            *door = Door::Practising(account, own, practice);
        }
        self.came_in()
    }

    /// Back to the work, and the practice village is no more.
    pub(crate) fn practice_end(&self) -> Result<AppView, ClientError> {
        self.leave_practice();
        if let Err(error) = self.let_go_of_practice() {
            // Its key is gone; the rest goes at the next start.
            tracing::warn!(%error, "what was practised could not be removed");
        }
        self.came_in()
    }

    /// Steps out of the practice village, if she is in it.
    pub(crate) fn leave_practice(&self) {
        let mut door = self.door();
        if let Door::Practising(account, own, practice) = &*door {
            practice.close();
            let (account, own) = (account.clone(), own.clone());
            *door = Door::Open(account, own);
        }
    }

    /// Waits until nothing works in the last practice village any more, and removes it.
    fn let_go_of_practice(&self) -> Result<(), ClientError> {
        self.until_gone(|| self.practice().strong_count() == 0)?;
        self.sweep_practice()
    }

    /// Removes what is left of the practice village; nobody is in it.
    pub(crate) fn sweep_practice(&self) -> Result<(), ClientError> {
        let (disk, root) = (self.settings.disk.as_ref(), &self.settings.folder);
        Ok(throw_away(disk, root)?)
    }

    fn practice(&self) -> MutexGuard<'_, Weak<Tablet>> {
        self.practice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses while she practises: what this would do is about her own work or her own lock.
    ///
    /// # Errors
    /// `practice`.
    pub(crate) fn refuse_practice(&self) -> Result<(), ClientError> {
        match &*self.door() {
            Door::Practising(..) => Err(ClientError::new("practice")),
            _ => Ok(()),
        }
    }
}
