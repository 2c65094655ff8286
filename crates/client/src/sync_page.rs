//! The sync page: what is unsent, what needs a person, how the last try went.

use crate::error::ClientError;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{RecordRow, RecordState, RecoveryView, SyncView};
use std::collections::HashSet;
use std::sync::Arc;
use store::changes::{self, ChangeState};
use store::{blobs, recovery, sync_state};

/// The device's clock is worth a word when it is off by more (domain.md §5.3).
const SKEW_WORTH_SAYING_MS: i64 = 10 * 60 * 1000;

/// The page, from a use case.
///
/// # Errors
/// The store cannot be read.
pub fn view_of(tablet: &Arc<Tablet>) -> Result<SyncView, ClientError> {
    view(tablet)
}

/// The page.
///
/// # Errors
/// The store cannot be read.
pub fn view(tablet: &Tablet) -> Result<SyncView, ClientError> {
    let progress = tablet.sync.progress();
    let shown = progress.shown();
    let low_on_space = !tablet.store.has_room_for_photos();
    tablet.store.read(|connection| {
        let status = sync_state::status(connection)?;
        let recovery = recovery::get(connection, tablet.identity.scope)?;
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let clock_skew_minutes = status
            .clock_skew_ms
            .filter(|skew| skew.abs() > SKEW_WORTH_SAYING_MS)
            .map(|skew| skew / 60_000);
        let (photos_unsent, photo_bytes_unsent) = blobs::waiting_sum(connection)?;
        Ok(SyncView {
            photos_unsent: count(photos_unsent),
            photo_bytes_unsent: count(photo_bytes_unsent),
            online: tablet.sync.is_online(),
            phase: progress.phase,
            done: shown.done,
            total: shown.total,
            last_success: status.last_success_ms.map(system::moment),
            unsent: rows(changes::unsent_rows(connection)?),
            needs_you: rows(changes::needs_you_rows(connection)?),
            delivered: u32::try_from(changes::delivered_count(connection)?).unwrap_or(u32::MAX),
            problem: status.last_problem,
            second_copy: status.second_copy,
            recovery: recovery.since_ms.map(|since_ms| RecoveryView {
                hold: recovery.hold,
                since: system::moment(since_ms),
                returned: count(recovery.returned),
                unexplained: count(recovery.unexplained),
            }),
            set_aside: count(changes::quarantined_count(connection)?),
            erased_unsent: count(recovery::erased_unsent(connection)?),
            clock_skew_minutes,
            low_on_space,
        })
    })
}

/// One line per record, as the children's timelines count them. The household's part of a visit has no line of its own
/// while a child's part of it has one.
fn rows(found: Vec<changes::RecordRow>) -> Vec<RecordRow> {
    let mut seen = HashSet::new();
    let child_parts: HashSet<i64> = found
        .iter()
        .filter(|row| row.kind == "visit_part")
        .map(|row| row.at_ms)
        .collect();
    found
        .into_iter()
        .filter(|row| row.kind != "visit" || !child_parts.contains(&row.at_ms))
        .filter(|row| {
            row.record_id
                .as_ref()
                .is_none_or(|id| seen.insert(id.clone()))
        })
        .map(|row| RecordRow {
            record: row.hash.to_string(),
            text: row.text,
            at: system::moment(row.at_ms),
            state: match row.state {
                ChangeState::Saved | ChangeState::Accepted => RecordState::Saved,
                ChangeState::Durable => RecordState::Delivered,
                ChangeState::Held | ChangeState::Refused => RecordState::NeedsYou,
            },
            reason: row.refusal,
        })
        .collect()
}
