//! What this device may do at all: whether it was stopped, and how long it may be read without contact (docs/adr/0023).
//!
//! The lease is judged on a clock that never goes back: the latest of what this device's own clock ever said, the server's
//! time at the last contact, and what was reached before plus the time this process has run. Setting the clock back never
//! makes it longer. Only a contact begins it anew, and then by the server's time.

use crate::error::ClientError;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{LeaseView, StoppedView};
use ids::Role;
use protocol::Unsent;
use std::sync::{Mutex, PoisonError};
use store::standing::{self, Standing};
use store::{Connection, Transaction, audit, blobs, changes, drafts, sheets};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The clock is written down when it has gone on by so much.
const WRITTEN_EVERY_MS: i64 = 60_000;

/// The latest time known to have come, and when in this process that was known.
#[derive(Default)]
pub(crate) struct Ratchet(Mutex<Option<(i64, i64)>>);

impl Ratchet {
    /// Goes on to a reading, if that is later than what has passed anyway. The time now.
    fn turn(&self, reading_ms: i64, steady_ms: i64) -> i64 {
        let mut reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = reached.map_or(i64::MIN, |(value, since)| {
            value.saturating_add(steady_ms.saturating_sub(since).max(0))
        });
        let now = passed.max(reading_ms);
        *reached = Some((now, steady_ms));
        now
    }

    /// The server said what time it is.
    fn set(&self, at_ms: i64, steady_ms: i64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at_ms, steady_ms));
    }
}

/// What this device's clock says, set right by what the server said at the last contact. A clock that was set back since
/// is taken at its word: that makes it early at most, and the ratchet holds what it had reached.
fn reading_ms(standing: &Standing, wall_ms: i64) -> i64 {
    match (standing.contact_ms, standing.contact_wall_ms) {
        (Some(contact), Some(then)) if wall_ms >= then => contact + (wall_ms - then),
        _ => wall_ms,
    }
}

/// The time by the clock that never goes back.
fn now_ms(tablet: &Tablet, standing: &Standing) -> i64 {
    let now = turned_ms(tablet, standing);
    if now - standing.clock_ms > WRITTEN_EVERY_MS {
        let written = tablet.store.write(|tx| {
            standing::update(tx, |standing| {
                standing.clock_ms = standing.clock_ms.max(now);
            })
        });
        if let Err(error) = written {
            // Reading must not fail for it; this process remembers.
            tracing::warn!(%error, "the clock could not be written down");
        }
    }
    now
}

/// The same, remembered by this process alone.
fn turned_ms(tablet: &Tablet, standing: &Standing) -> i64 {
    let reading = reading_ms(standing, tablet.clock.now_ms()).max(standing.clock_ms);
    tablet.ratchet.turn(reading, tablet.clock.steady_ms())
}

/// The time by the clock that never goes back, where somebody reads or writes already: nothing is written down here.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn never_back_in(tablet: &Tablet, connection: &Connection) -> Result<i64, ClientError> {
    Ok(turned_ms(tablet, &standing::get(connection)?))
}

/// The time by the clock that never goes back, for what ends by itself.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn never_back_ms(tablet: &Tablet) -> Result<i64, ClientError> {
    let standing = tablet.store.read(standing::get)?;
    Ok(now_ms(tablet, &standing))
}

/// The server answered: the lease begins anew, by its time.
///
/// # Errors
/// The store refuses.
pub(crate) fn note_contact(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    server_time_ms: i64,
) -> Result<(), ClientError> {
    begin_lease(tx, server_time_ms, tablet.clock.now_ms())?;
    tablet.ratchet.set(server_time_ms, tablet.clock.steady_ms());
    Ok(())
}

/// The lease begins: at a contact, and before the first one with the enrolment, by the time whoever enrolled this device
/// put their name to. Without it a tablet that was given its village without a network could be read for ever.
///
/// # Errors
/// The store refuses.
pub(crate) fn begin_lease(
    tx: &Transaction<'_>,
    at_ms: i64,
    wall_ms: i64,
) -> Result<(), ClientError> {
    Ok(standing::update(tx, |standing| {
        standing.clock_ms = at_ms;
        standing.contact_ms = Some(at_ms);
        standing.contact_wall_ms = Some(wall_ms);
    })?)
}

/// How long this device may still be read without contact.
///
/// # Errors
/// The store cannot be read.
pub fn lease(tablet: &Tablet) -> Result<LeaseView, ClientError> {
    let standing = tablet.store.read(standing::get)?;
    let rules = tablet.rules();
    let now = now_ms(tablet, &standing);
    let days = rules.lease_days_in(&tablet.enrolled.region);
    // An app of before began none with the enrolment: there it is what this device's own clock said that day.
    let contact = standing.contact_ms.unwrap_or(tablet.identity.enrolled_ms);
    let left_ms = i64::from(days) * DAY_MS - (now - contact);
    let days_left = u32::try_from(left_ms.max(0).div_euclid(DAY_MS)).unwrap_or(0);
    Ok(LeaseView {
        days,
        days_left,
        over: left_ms <= 0,
        warn: days_left < rules.lease_warn_days,
        contact: standing.contact_ms.map(system::moment),
    })
}

/// What is here and not at the server.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn unsent(connection: &Connection) -> Result<Unsent, ClientError> {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Unsent {
        changes: count(changes::unsent_count(connection)?),
        drafts: count((drafts::open(connection)?.len() + sheets::all(connection)?.len()) as u64),
        photos: count(blobs::waiting_sum(connection)?.0),
        trail: 0,
    })
}

/// The same of a device that is stopped, with every photo and every row of its trail the server does not have: they go with
/// everything else when it is emptied.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn unsent_of_stopped(connection: &Connection) -> Result<Unsent, ClientError> {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Unsent {
        photos: count(blobs::undelivered_count(connection)?),
        trail: count(audit::unsent_count(connection)?),
        ..unsent(connection)?
    })
}

/// What a stopped device says on its one page; none while it is not stopped.
///
/// # Errors
/// The store cannot be read.
pub fn stopped(tablet: &Tablet) -> Result<Option<StoppedView>, ClientError> {
    tablet.store.read(|connection| {
        let standing = standing::get(connection)?;
        let Some(since_ms) = standing.revoked_ms else {
            return Ok(None);
        };
        let unsent = unsent_of_stopped(connection)?;
        Ok(Some(StoppedView {
            since: system::moment(since_ms),
            unsent: unsent.changes,
            drafts: unsent.drafts,
            photos: unsent.photos,
            // What the PIN she gives for it leaves behind keeps nobody from emptying it.
            trail: u32::try_from(audit::telling_count(connection)?).unwrap_or(u32::MAX),
            wipe: standing.wipe_order.is_some(),
        }))
    })
}

/// What may be done although the lease is over: to write, with the name and the address of a child and nothing else of
/// what was written before.
const WRITING: &[&str] = &[
    "add_attachment",
    "add_child",
    "add_child_form",
    "answer_mandatory",
    "answer_visit",
    "attempt_form",
    "begin_sheet",
    "contact_form",
    "discard_draft",
    "draft_attachments",
    "drop_sheet",
    "form_languages",
    "keep_sheet",
    "mandatory_page",
    "none_of",
    "open_visit",
    "problem_form",
    "record_attempt",
    "record_contact",
    "remove_attachment",
    "report_problem",
    "restore_attachment",
    "restore_draft",
    "save_visit",
    "sheet",
    "sync_status",
    "visit_form",
    "visit_full",
    "visit_position",
    "visit_row",
    "writing",
];

/// What an officer of the district may do: she sees no file and records nothing, whatever asks for it.
pub const DISTRICT: &[&str] = &[
    "ask_case",
    "audit_counts",
    "countersign",
    "me",
    "open_case",
    "station_report",
    "stations",
    "sync_status",
];

/// Whether a command may run on this device as it stands.
///
/// # Errors
/// `district_only`, `device_stopped`, `lease_over`; the store cannot be read.
pub fn admit(tablet: &Tablet, command: &str) -> Result<(), ClientError> {
    if tablet.identity.role == Role::Officer && !DISTRICT.contains(&command) {
        return Err(ClientError::new("district_only"));
    }
    if tablet.store.read(standing::get)?.revoked_ms.is_some() {
        return match command {
            "sync_status" => Ok(()),
            _ => Err(ClientError::new("device_stopped")),
        };
    }
    if !WRITING.contains(&command) && lease(tablet)?.over {
        return Err(ClientError::new("lease_over"));
    }
    Ok(())
}

/// Whether only writing is allowed: what a form shows of earlier records is left out.
///
/// # Errors
/// The store cannot be read.
pub fn writes_only(tablet: &Tablet) -> Result<bool, ClientError> {
    Ok(lease(tablet)?.over)
}

/// Since when, by this device's own clock, only writing is allowed; none while what was written before may be read.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn writes_only_since(tablet: &Tablet) -> Result<Option<i64>, ClientError> {
    let lease = lease(tablet)?;
    if !lease.over {
        return Ok(None);
    }
    let standing = tablet.store.read(standing::get)?;
    let contact = standing.contact_wall_ms.or(standing.contact_ms);
    let contact = contact.unwrap_or(tablet.identity.enrolled_ms);
    Ok(Some(contact + i64::from(lease.days) * DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_the_clock_back_makes_nothing_younger() {
        let ratchet = Ratchet::default();
        assert_eq!(ratchet.turn(1_000, 0), 1_000);
        assert_eq!(
            ratchet.turn(10, 5),
            1_005,
            "it went on by what the process ran"
        );
        assert_eq!(ratchet.turn(2_000, 6), 2_000);
        assert_eq!(
            ratchet.turn(10, 2),
            2_000,
            "nor does a measure that jumps back"
        );
        ratchet.set(500, 3);
        assert_eq!(ratchet.turn(10, 4), 501, "the server knows better");
    }

    #[test]
    fn a_wrong_clock_is_set_right_by_the_last_contact_until_it_is_set_back() {
        let fast = Standing {
            contact_ms: Some(1_000),
            contact_wall_ms: Some(9_000),
            ..Standing::default()
        };
        assert_eq!(reading_ms(&fast, 9_500), 1_500);
        assert_eq!(reading_ms(&fast, 1_700), 1_700);
        assert_eq!(reading_ms(&Standing::default(), 5), 5);
    }
}
