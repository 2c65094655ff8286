//! Whether anybody is there: the screens lock by themselves after a time without a touch, and the core does when no
//! screen has asked it anything for longer than that. A closed or broken page locks nothing.

use crate::app::App;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// So much later than the screens, which say that somebody touches them once a minute.
const LATER: Duration = Duration::from_secs(90);

/// How long no command came. Counted in what was waited through, not by a clock that somebody sets.
#[derive(Default)]
pub(crate) struct Quiet {
    asked: AtomicU64,
    seen: Mutex<(u64, Duration)>,
}

impl Quiet {
    /// A screen asked something.
    pub(crate) fn note_asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// So much time has passed; returns for how long nothing was asked.
    fn pass(&self, passed: Duration) -> Duration {
        let asked = self.asked.load(Ordering::Relaxed);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = match *seen {
            (before, quiet) if before == asked => (asked, quiet.saturating_add(passed)),
            _ => (asked, Duration::ZERO),
        };
        seen.1
    }
}

impl App {
    /// So much time has passed: locks when no screen has asked anything for longer than a screen would have stayed open.
    /// Returns whether it locked.
    pub fn pass_quietly(&self, passed: Duration) -> bool {
        let quiet = self.quiet.pass(passed);
        let Ok(tablet) = self.own_tablet() else {
            return false;
        };
        let rules = tablet.lock_rules();
        let minutes = rules.idle_minutes.max(rules.visit_idle_minutes);
        drop(tablet);
        if quiet < Duration::from_secs(u64::from(minutes) * 60) + LATER {
            return false;
        }
        match self.lock() {
            Ok(_) => {
                tracing::info!("locked: no screen was there");
                self.announce("app");
                true
            }
            Err(error) => {
                tracing::error!(%error, "could not lock");
                false
            }
        }
    }
}

/// Looks every now and then until the app ends.
pub(crate) async fn run(app: Arc<App>) {
    let mut ended = Box::pin(app.ended());
    loop {
        tokio::select! {
            () = &mut ended => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        app.pass_quietly(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_adds_up_until_something_is_asked() {
        let quiet = Quiet::default();
        assert_eq!(quiet.pass(LOOK), LOOK);
        assert_eq!(quiet.pass(LOOK), LOOK * 2);
        quiet.note_asked();
        assert_eq!(quiet.pass(LOOK), Duration::ZERO);
        assert_eq!(quiet.pass(LOOK), LOOK);
    }
}
