//! The PIN once more before an act that reaches far: it proves that who holds the unlocked device is who unlocked it.
//!
//! Only that it was given, and when, is remembered, in memory, until the door is locked.

use crate::error::ClientError;
use crate::tablet::Tablet;
use ids::DocumentId;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::audit::{self, AuditRow};

/// When the PIN was last given again, by the clock that nobody can set, and what was opened with it.
pub struct StepUp {
    given: AtomicI64,
    opened: Mutex<BTreeSet<DocumentId>>,
}

impl Default for StepUp {
    fn default() -> Self {
        Self {
            given: AtomicI64::new(NEVER),
            opened: Mutex::default(),
        }
    }
}

const NEVER: i64 = i64::MIN;

impl Tablet {
    /// Refuses unless the PIN was given again a moment ago; how long a moment is, the policy pack says.
    ///
    /// # Errors
    /// `pin_again`: the screen asks for the PIN and sends the command once more.
    pub fn require_step_up(&self) -> Result<(), ClientError> {
        if self.is_practice() {
            // Nothing there is anybody's, and her real PIN is not to be typed into it.
            return Ok(());
        }
        match self.pin_holds_ms() {
            Some(_) => Ok(()),
            None => Err(ClientError::new("pin_again")),
        }
    }

    /// How long the PIN that was given is still good for.
    fn pin_holds_ms(&self) -> Option<i64> {
        let given = self.stepped_up.given.load(Ordering::Relaxed);
        let good_ms = i64::from(self.rules().step_up_minutes) * 60_000;
        let since_ms = self.clock.steady_ms().saturating_sub(given);
        (given != NEVER && (0..good_ms).contains(&since_ms)).then(|| good_ms - since_ms)
    }

    /// Notes that the PIN was given again, in the trail first.
    pub(crate) fn pin_was_given(&self) -> Result<(), ClientError> {
        self.note_pin("stepped_up")?;
        self.stepped_up
            .given
            .store(self.clock.steady_ms(), Ordering::Relaxed);
        // It was given for something else now; what stood open is asked for anew.
        self.opened().clear();
        Ok(())
    }

    fn opened(&self) -> MutexGuard<'_, BTreeSet<DocumentId>> {
        let opened = &self.stepped_up.opened;
        opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a sealed document with the PIN that was just given.
    ///
    /// # Errors
    /// As [`Self::require_step_up`].
    pub(crate) fn open_with_pin(&self, document: DocumentId) -> Result<(), ClientError> {
        self.require_step_up()?;
        self.opened().insert(document);
        Ok(())
    }

    /// How long a sealed document still stands open: the PIN was given for it, and that is not long ago.
    pub(crate) fn open_with_pin_ms(&self, document: DocumentId) -> Option<i64> {
        let is_open = self.opened().contains(&document);
        is_open.then(|| self.pin_holds_ms()).flatten()
    }

    /// Notes that a wrong PIN was given while the device was open.
    pub(crate) fn pin_was_wrong(&self) -> Result<(), ClientError> {
        self.note_pin("step_up_refused")
    }

    fn note_pin(&self, action: &str) -> Result<(), ClientError> {
        self.store.write(|tx| {
            audit::append(
                tx,
                &AuditRow {
                    at_ms: self.clock.now_ms(),
                    staff: Some(self.identity.staff),
                    action: action.to_owned(),
                    object: self.identity.device.to_string(),
                },
            )
        })?;
        Ok(())
    }
}
