//! The PIN once more before an act that reaches far: it proves that who holds the unlocked device is who unlocked it.
//!
//! Only that it was given, and when, is remembered, in memory, until the door is locked.

use crate::error::ClientError;
use crate::tablet::Tablet;
use std::sync::atomic::{AtomicI64, Ordering};
use store::audit::{self, AuditRow};

/// When the PIN was last given again, by the clock that nobody can set.
pub struct StepUp(AtomicI64);

impl Default for StepUp {
    fn default() -> Self {
        Self(AtomicI64::new(NEVER))
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
        let given = self.stepped_up.0.load(Ordering::Relaxed);
        let good_ms = i64::from(self.rules().step_up_minutes) * 60_000;
        let since_ms = self.clock.steady_ms().saturating_sub(given);
        if given != NEVER && (0..good_ms).contains(&since_ms) {
            Ok(())
        } else {
            Err(ClientError::new("pin_again"))
        }
    }

    /// Notes that the PIN was given again, in the trail first.
    pub(crate) fn pin_was_given(&self) -> Result<(), ClientError> {
        self.note_pin("stepped_up")?;
        self.stepped_up
            .0
            .store(self.clock.steady_ms(), Ordering::Relaxed);
        Ok(())
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
