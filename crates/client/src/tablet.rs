//! The small context every use case gets: the open store, who this device is, the packs, time and randomness.

use crate::aside;
use crate::delegation;
use crate::enrolment::Finished;
use crate::error::ClientError;
use crate::exports;
use crate::imports;
use crate::nouns::NounCache;
use crate::packs::Packs;
use crate::runtime::SyncState;
use crate::standing::{self, Ratchet};
use crate::step_up::StepUp;
use crate::sync;
use crate::system;
use crate::visits::{self, languages::Wishes};
use chrono::NaiveDate;
use domain::policy::{LockRules, Rules};
use ed25519_dalek::SigningKey;
use ids::{Clock, Entropy, Incarnation, UnitId};
use protocol::Enrolled;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use store::identity::{self, FileNumbers, Identity};
use store::{Connection, OpenOutcome, Store, members, policies, sync_state};
use uuid::Uuid;

/// An unlocked device.
pub struct Tablet {
    /// Everything it remembers.
    pub store: Store,
    /// Who it is.
    pub identity: Identity,
    /// What it signs with.
    pub key: SigningKey,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What the server said about this device when it enrolled.
    pub enrolled: Enrolled,
    /// How the sync stands, for the screens.
    pub sync: Arc<SyncState>,
    /// A file that could not be opened was moved here.
    pub moved_aside: Option<PathBuf>,
    pub(crate) noun_cache: NounCache,
    /// The languages forms are read in, while it is open: the screens keep what each person chose.
    pub(crate) form_languages: Wishes,
    packs: RwLock<Arc<Packs>>,
    pub(crate) ratchet: Ratchet,
    started_steady_ms: i64,
    writes: AtomicU64,
    pub(crate) stepped_up: StepUp,
    /// The request this station is comparing.
    pub(crate) delegation: delegation::Desk,
    /// When the numbers for the district were made last and were the same as before.
    pub(crate) report_looked_ms: AtomicI64,
    /// Looks that could not be noted because the disk was full.
    pub(crate) unnoted_looks: AtomicU64,
    is_closing: AtomicBool,
    /// Imports that are being carried out.
    pub(crate) importing: Mutex<BTreeSet<Uuid>>,
}

impl Tablet {
    /// The first time: a store just made for a device just enrolled.
    ///
    /// # Errors
    /// The store refuses.
    pub fn first(
        store: Store,
        finished: &Finished,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        let enrolled = &finished.enrolled;
        let identity = Identity {
            device: enrolled.device,
            staff: enrolled.staff,
            unit: enrolled.unit,
            scope: enrolled.scope,
            incarnation: Incarnation(ids::new_uuid(clock.as_ref(), entropy.as_ref())),
            role: enrolled.role,
            person: enrolled.staff_name.clone(),
            unit_name: enrolled.unit_name.clone(),
            township: enrolled.scope_name.clone(),
            certificate: protocol::wire::pack(enrolled)?,
            server_address: finished.address.clone(),
            ca_fingerprint: protocol::enrolment::fingerprint(&enrolled.ca_certificate).to_vec(),
            demo: enrolled.demo,
            signing_key: identity::SigningKey::from_bytes(finished.key.to_bytes()),
            restored: false,
            file_numbers: Some(FileNumbers {
                prefix: enrolled.region.clone(),
                next: u64::from(enrolled.file_numbers.first),
                end: u64::from(enrolled.file_numbers.last) + 1,
            }),
            enrolled_ms: clock.now_ms(),
        };
        let now_ms = clock.now_ms();
        store.write(|tx| {
            identity::put(tx, &identity)?;
            standing::begin_lease(tx, enrolled.server_time_ms, now_ms)?;
            match &finished.start {
                Some(start) => sync::begin_without_the_server(tx, &identity, start, now_ms),
                None => Ok(()),
            }
        })?;
        let tablet = Self::with(store, identity, None, clock, entropy)?;
        if let Some(start) = &finished.start
            && let Err(error) = sync::take_what_was_carried(&tablet, start)
        {
            // She can begin all the same: the first contact brings them.
            tracing::warn!(%error, "what the station's answer brought of the village was not taken in");
        }
        Ok(tablet)
    }

    /// Every later time.
    ///
    /// # Errors
    /// The store refuses, or has no identity: it was made by a creation that was cut off.
    pub fn again(
        outcome: OpenOutcome,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        let store = outcome.store;
        let mut identity = store
            .read(identity::get)?
            .ok_or_else(|| ClientError::new("not_enrolled"))?;
        if identity.restored {
            // The old memory is gone: no actor of it may be used again (lessons.md 18).
            let incarnation = Incarnation(ids::new_uuid(clock.as_ref(), entropy.as_ref()));
            store.write(|tx| identity::begin_incarnation(tx, incarnation))?;
            identity.incarnation = incarnation;
            identity.restored = false;
        }
        let tablet = Self::with(store, identity, outcome.moved_aside, clock, entropy)?;
        if let Err(error) = visits::forget_discarded(&tablet) {
            tracing::warn!(%error, "forms put aside long ago could not be removed");
        }
        if let Err(error) = imports::forget_old(&tablet) {
            tracing::warn!(%error, "imports of long ago could not be removed");
        }
        if let Err(error) = aside::tidy(&tablet) {
            tracing::warn!(%error, "what was moved aside long ago could not be removed");
        }
        if let Err(error) = exports::tidy_all(&tablet) {
            tracing::warn!(%error, "an exported file of before could not be removed");
        }
        Ok(tablet)
    }

    fn with(
        store: Store,
        identity: Identity,
        moved_aside: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        let key = SigningKey::from_bytes(identity.signing_key.bytes());
        let enrolled = protocol::wire::unpack(&identity.certificate)?;
        let started_steady_ms = clock.steady_ms();
        let tablet = Self {
            store,
            identity,
            key,
            enrolled,
            clock,
            entropy,
            sync: Arc::new(SyncState::default()),
            moved_aside,
            noun_cache: NounCache::default(),
            form_languages: Wishes::default(),
            packs: RwLock::default(),
            ratchet: Ratchet::default(),
            started_steady_ms,
            writes: AtomicU64::new(0),
            stepped_up: StepUp::default(),
            delegation: delegation::Desk::default(),
            report_looked_ms: AtomicI64::new(0),
            unnoted_looks: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            importing: Mutex::default(),
        };
        tablet.reload_packs()?;
        Ok(tablet)
    }

    /// Today's civil date.
    pub fn today(&self) -> NaiveDate {
        system::civil_date(self.clock.now_ms())
    }

    /// How this device locks by itself, by the rules of today.
    pub fn lock_rules(&self) -> LockRules {
        self.rules().lock
    }

    /// What this person's unit is called now: it may have another name than when the device was enrolled.
    pub fn unit_name(&self) -> String {
        self.name_of(self.identity.unit, &self.identity.unit_name)
    }

    /// What the township is called now.
    pub fn township(&self) -> String {
        self.name_of(self.identity.scope, &self.identity.township)
    }

    fn name_of(&self, unit: UnitId, otherwise: &str) -> String {
        let found = self
            .store
            .read(|connection| members::unit(connection, unit));
        let known = found.ok().flatten().map(|row| row.name);
        known.unwrap_or_else(|| otherwise.to_owned())
    }

    /// The rules of today's pack, or what holds where there is none.
    pub fn rules(&self) -> Rules {
        self.packs()
            .rules_on(self.today())
            .map_or_else(Rules::default, |pack| pack.rules.clone())
    }

    /// A new record id.
    pub fn new_id(&self) -> uuid::Uuid {
        ids::new_uuid(self.clock.as_ref(), self.entropy.as_ref())
    }

    /// The packs as last read.
    pub fn packs(&self) -> Arc<Packs> {
        self.packs
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the packs again, after the server sent one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn reload_packs(&self) -> Result<(), ClientError> {
        self.reload_packs_after(|| Ok(()))
    }

    /// Writes something that may bring packs, and reads them. Whoever asks for packs meanwhile waits for the new
    /// ones, so that nobody sees a device that is ready and has no rules.
    ///
    /// # Errors
    /// The write fails, or the store cannot be read.
    pub(crate) fn reload_packs_after<T>(
        &self,
        write: impl FnOnce() -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut packs = self.packs.write().unwrap_or_else(PoisonError::into_inner);
        let written = write()?;
        let rows = self.store.read(policies::all)?;
        let rows = rows.into_iter().map(|row| (row.policy, row.json)).collect();
        *packs = Packs::read_once(rows);
        Ok(written)
    }

    /// Documents here and expected, while the first load is not complete; none afterwards.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn loading(&self) -> Result<Option<(u32, u32)>, ClientError> {
        let scope = self
            .store
            .read(|connection| sync_state::scope(connection, self.identity.scope))?;
        Ok((!scope.loaded).then_some((scope.snapshot_done, scope.snapshot_total)))
    }

    /// The last signed tick, for envelopes.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn last_tick(&self, connection: &Connection) -> Result<Option<Vec<u8>>, ClientError> {
        Ok(sync_state::status(connection)?.tick)
    }

    /// Milliseconds since this process opened the store; a label that no clock change touches.
    pub fn uptime_ms(&self) -> u64 {
        u64::try_from(self.clock.steady_ms() - self.started_steady_ms).unwrap_or(0)
    }

    /// The door is closed behind whoever was inside: work that goes on by itself ends with its step, and lets go of her keys.
    pub(crate) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    /// Whether work that goes on by itself is to end.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::SeqCst)
    }

    /// Notes that something was written.
    pub fn wrote(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often something was written in this process.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}
