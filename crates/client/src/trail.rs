//! The audit trail's way to the server: after the words of a sync, a part of each chain that is not there yet (ADR 0025).
//!
//! The rows wait for company, so that a day's sync stays one round trip: they go when the oldest has waited for an hour or
//! many wait, and at once when somebody wants to read the trail.

use crate::error::ClientError;
use crate::recovery::epoch_in;
use crate::tablet::Tablet;
use protocol::audit::sign_head;
use protocol::{AuditTaken, BringAudit, limits};
use store::audit;
use store::sync_state;

/// How long a row may wait.
pub const WAIT_MS: i64 = 60 * 60 * 1000;
/// So many rows do not wait.
const CROWD: u64 = 100;
/// Messages in one exchange; what is left goes with the next.
const MOST_MESSAGES: u32 = 20;

/// The chains on their way.
pub struct Trail {
    epoch: u64,
    eager: bool,
    messages: u32,
    asked: Option<BringAudit>,
}

impl Trail {
    /// Begins with what waits now. An eager one does not wait for company.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn begin(tablet: &Tablet, eager: bool) -> Result<Self, ClientError> {
        let scope = tablet
            .store
            .read(|connection| sync_state::scope(connection, tablet.identity.scope))?;
        Ok(Self::of_memory(scope.epoch, eager))
    }

    /// The last one of a device that is stopped. It reads no log any more, so which memory the server has only the tick says
    /// that came with the answer to what it handed over.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn begin_last(tablet: &Tablet) -> Result<Self, ClientError> {
        let (scope, status) = tablet.store.read(|connection| {
            Ok::<_, ClientError>((
                sync_state::scope(connection, tablet.identity.scope)?,
                sync_state::status(connection)?,
            ))
        })?;
        let told = status.tick.and_then(|tick| epoch_in(tablet, &tick));
        Ok(Self::of_memory(told.unwrap_or(scope.epoch), true))
    }

    fn of_memory(epoch: u64, eager: bool) -> Self {
        Self {
            epoch,
            eager,
            messages: 0,
            asked: None,
        }
    }

    /// The next message; none when the server has everything that is due.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next(&mut self, tablet: &Tablet) -> Result<Option<BringAudit>, ClientError> {
        if self.messages >= MOST_MESSAGES {
            return Ok(None);
        }
        let now = tablet.clock.now_ms();
        let asked = tablet.store.read(|connection| {
            let chains = audit::unsent(connection, now)?;
            let due = chains.into_iter().find(|chain| {
                let waits = chain.rows > 0
                    && (self.eager
                        || self.messages > 0
                        || chain.rows >= CROWD
                        || !(0..WAIT_MS).contains(&(now - chain.since_ms)));
                // A server that was set back may have lost what it once said it has.
                let forgotten = chain.sent > 0 && chain.epoch != self.epoch;
                waits || forgotten
            });
            let Some(due) = due else {
                return Ok(None);
            };
            let previous = audit::hash_of(connection, due.incarnation, due.sent)?;
            // A database that was begun anew lacks what it once brought: the chain begins where its rows begin.
            let (after, previous) = previous.map_or((0, [0; 32]), |hash| (due.sent, hash));
            let rows = audit::rows_after(connection, due.incarnation, after, limits::AUDIT_ROWS)?;
            let signature = rows.last().map_or_else(Vec::new, |(last, head)| {
                let device = tablet.identity.device;
                sign_head(&tablet.key, device, due.incarnation, last.number, head)
            });
            Ok::<_, ClientError>(Some(BringAudit {
                incarnation: due.incarnation,
                after,
                previous,
                rows: rows.into_iter().map(|(row, _)| row).collect(),
                signature,
            }))
        })?;
        self.messages += u32::from(asked.is_some());
        self.asked.clone_from(&asked);
        Ok(asked)
    }

    /// The server said how far it has the chain. Where that is a row of ours, we go on there; where it is not, this memory
    /// was set back, and the server gets it from the beginning and sees both.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn hear(&mut self, tablet: &Tablet, taken: &AuditTaken) -> Result<(), ClientError> {
        let Some(asked) = self.asked.take() else {
            return Ok(());
        };
        tablet.store.write(|tx| {
            let ours = audit::hash_of(tx, asked.incarnation, taken.number)?;
            let sent = if ours == Some(taken.head) {
                taken.number
            } else {
                0
            };
            audit::note_sent(tx, asked.incarnation, sent, self.epoch)
        })?;
        Ok(())
    }
}
