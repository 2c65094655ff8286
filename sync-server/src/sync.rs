//! One round trip of sync: admit what came, answer what is new.

use crate::admission::Memory;
use crate::error::ApiError;
use crate::log::{self, Stretch};
use crate::organisation;
use crate::settings;
use crate::state::App;
use ids::ChangeHash;
use protocol::access::Holder;
use protocol::session::{proof, server};
use protocol::{
    Cursor, Entry, EntryBody, Outcome, PROTOCOL_VERSION, SyncRequest, SyncResponse, Tick, limits,
};
use std::collections::HashSet;
use std::sync::Arc;

/// A device's last contact is written at most this often, except together with changes.
const SEEN_EVERY_MS: i64 = 10_000;

/// Answers a sync.
pub(crate) async fn answer(
    app: Arc<App>,
    holder: Holder,
    request: SyncRequest,
) -> Result<SyncResponse, ApiError> {
    if request.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    if request.outbox.len() > limits::PART_ENVELOPES {
        return Err(ApiError::TooLarge);
    }
    let SyncRequest {
        outbox,
        cursor,
        last_applied,
        want_bytes,
        push_only,
        ..
    } = request;
    let now_ms = app.clock.now_ms();
    let outcomes = admit(&app, holder, outbox, now_ms).await?;
    let yours: HashSet<ChangeHash> = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.is_in_log())
        .map(|(hash, _)| *hash)
        .collect();

    let reading = Arc::clone(&app);
    let (stretch, cursor, last_seq, epoch) = app
        .readers
        .run(move |connection| {
            let epoch = settings::epoch(connection)?;
            let last_seq = log::last_seq(connection, holder.scope)?;
            let Some(cursor) = cursor.filter(|_| !push_only) else {
                return Ok((Stretch::empty(), None, last_seq, epoch));
            };
            let same_history = cursor.scope == holder.scope
                && cursor.epoch == epoch
                && cursor.seq <= last_seq
                && match last_applied {
                    None => true,
                    Some(last) => {
                        log::change_at(connection, holder.scope, last.seq)? == Some(last.hash)
                    }
                };
            if !same_history {
                let reset = Entry {
                    seq: last_seq,
                    at_ms: now_ms,
                    body: EntryBody::Reset,
                    statement: None,
                };
                return Ok((Stretch::only(reset), None, last_seq, epoch));
            }
            let bytes = answer_bytes(want_bytes);
            let stretch = log::read_after(
                connection,
                &reading.vault,
                &holder,
                cursor.seq,
                bytes,
                &yours,
            )?;
            let cursor = Cursor {
                seq: stretch.seq,
                ..cursor
            };
            Ok((stretch, Some(cursor), last_seq, epoch))
        })
        .await?;
    let tick = proof::sign_statement(
        &app.signing_key,
        &Tick {
            scope: holder.scope,
            epoch,
            seq: last_seq,
            at_ms: now_ms,
            orders: 0,
            last: None,
        },
    )?;
    let (durable_seq, second_copy) = app.copies.durable(holder.scope, last_seq);
    Ok(SyncResponse {
        outcomes,
        entries: stretch.entries,
        cursor,
        more: stretch.more,
        durable_seq,
        second_copy,
        retry_after_s: None,
        tick,
        server_time_ms: now_ms,
        chain: None,
        recovery: None,
    })
}

/// How many raw bytes an answer may hold.
pub(crate) fn answer_bytes(wanted: u32) -> u32 {
    match wanted {
        0 => limits::ANSWER_RAW_BYTES,
        wanted => wanted.min(limits::ANSWER_RAW_BYTES_MAX),
    }
}

impl Stretch {
    fn empty() -> Self {
        Stretch {
            entries: Vec::new(),
            seq: 0,
            more: false,
        }
    }

    fn only(entry: Entry) -> Self {
        Stretch {
            entries: vec![entry],
            ..Stretch::empty()
        }
    }
}

/// Admits the outbox in the next commit and notes that the device was heard of.
async fn admit(
    app: &Arc<App>,
    holder: Holder,
    outbox: Vec<protocol::Envelope>,
    now_ms: i64,
) -> Result<Vec<(ChangeHash, Outcome)>, ApiError> {
    if outbox.is_empty() && !app.seen_is_old(holder.device, now_ms, SEEN_EVERY_MS) {
        return Ok(Vec::new());
    }
    let writing = Arc::clone(app);
    app.writer
        .run(move |connection| {
            organisation::set_seen(connection, holder.device, now_ms)?;
            let device =
                organisation::device(connection, holder.device)?.ok_or(ApiError::DeviceUnknown)?;
            let mut memory = Memory {
                connection,
                vault: &writing.vault,
                entropy: writing.entropy.as_ref(),
                constants: writing.constants,
                now_ms,
            };
            server::admit_part(&mut memory, &device.caller()?, &outbox)
        })
        .await
}
