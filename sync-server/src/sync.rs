//! One round trip of sync: admit what came, answer what is new.

use crate::admission::{self, Memory};
use crate::audit::By;
use crate::devices;
use crate::enrolment;
use crate::epochs::{self, Weight};
use crate::error::ApiError;
use crate::log::{self, EntryAt, Stretch};
use crate::next_ca;
use crate::orders::Orders;
use crate::organisation;
use crate::people;
use crate::publish;
use crate::reports;
use crate::settings;
use crate::state::App;
use crate::steps::Step;
use crate::unit_keys;
use ids::{ChangeHash, Incarnation};
use protocol::access::Holder;
use protocol::session::server;
use protocol::session::server::{Chain, Examined};
use protocol::{
    ChainEnd, Cursor, Entry, EntryBody, Envelope, LastApplied, Outcome, PROTOCOL_VERSION,
    SyncRequest, SyncResponse, Unsent, limits,
};
use rusqlite::Connection;
use std::collections::HashSet;

/// A device's last contact is written at most this often, except together with changes.
const SEEN_EVERY_MS: i64 = 10_000;

/// What a sync asks for, apart from what it brings.
struct Asked {
    holder: Holder,
    cursor: Option<Cursor>,
    last_applied: Option<LastApplied>,
    bytes: u32,
    now_ms: i64,
    tick: Option<Vec<u8>>,
    /// What the tick says is written down.
    heeded: bool,
    chain: Option<ChainEnd>,
    /// What it says it holds unsent.
    unsent: Option<Unsent>,
    /// Until when the certificate holds that it has.
    certified_until_ms: Option<i64>,
    /// The next CA it has heard of.
    next_ca: Option<[u8; 32]>,
}

/// Answers a sync: what came is committed first, then what is new is read.
pub(crate) fn answer(app: &App, holder: Holder, request: SyncRequest) -> Result<Step, ApiError> {
    if request.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    if request.outbox.len() > limits::PART_ENVELOPES {
        return Err(ApiError::TooLarge);
    }
    let asked = Asked {
        holder,
        cursor: request.cursor.filter(|_| !request.push_only),
        last_applied: request.last_applied,
        bytes: answer_bytes(request.want_bytes),
        now_ms: app.clock.now_ms(),
        tick: request.tick,
        heeded: false,
        chain: request.chain,
        unsent: request.unsent,
        certified_until_ms: request.certified_until_ms,
        next_ca: request.next_ca,
    };
    let outbox = request.outbox;
    if outbox.is_empty() && !app.seen_is_old(holder.device, asked.now_ms, SEEN_EVERY_MS) {
        return Ok(tell(asked, Vec::new()));
    }
    Ok(examine(asked, outbox))
}

/// The step that reads what came and looks at its signatures, while others write.
fn examine(asked: Asked, outbox: Vec<Envelope>) -> Step {
    Step::read(move |_, connection| {
        let device = organisation::device(connection, asked.holder.device)?;
        let key = device.ok_or(ApiError::DeviceUnknown)?.caller()?.key;
        let outbox = outbox
            .into_iter()
            .map(|envelope| Examined::new(&key, envelope))
            .collect();
        Ok(take(asked, outbox))
    })
}

/// The step that heeds the tick and takes the outbox.
fn take(mut asked: Asked, outbox: Vec<Examined>) -> Step {
    Step::write(move |app, connection| {
        let outcomes = admit(app, connection, &asked, &outbox)?;
        asked.heeded = true;
        // What she stands in for may have begun or ended just now.
        let device = organisation::device(connection, asked.holder.device)?;
        asked.holder = device
            .ok_or(ApiError::DeviceUnknown)?
            .holder_at(asked.now_ms);
        let awaited = awaited(connection, &outcomes)?;
        Ok(match awaited {
            None => tell(asked, outcomes),
            Some(row) => Step::Published(row, Box::new(tell_again(asked, outcomes, outbox))),
        })
    })
}

/// The step that reads what is new, in a moment later than the one in which the outbox was taken.
fn tell(asked: Asked, outcomes: Vec<(ChangeHash, Outcome)>) -> Step {
    Step::read(move |app, connection| {
        let key = app.signing_key.verifying_key();
        let tick = asked.tick.as_deref();
        let (weight, _) = epochs::weigh(connection, &key, asked.holder.scope, tick)?;
        let is_news = weight != Weight::Fine
            || next_ca::noted(connection, asked.holder.device)? != asked.next_ca;
        if is_news && !asked.heeded {
            // The device says what nobody knew: that is written down before anything is answered.
            return Ok(take(asked, Vec::new()));
        }
        Step::answer(&read_answer(app, connection, &asked, outcomes)?)
    })
}

/// As [`tell`], after what was taken may have been published: says what became of it by now.
fn tell_again(
    asked: Asked,
    mut outcomes: Vec<(ChangeHash, Outcome)>,
    outbox: Vec<Examined>,
) -> Step {
    Step::read(move |app, connection| {
        let envelopes = outbox.iter().map(Examined::envelope);
        say_again(app, connection, asked.now_ms, &mut outcomes, envelopes)?;
        Step::answer(&read_answer(app, connection, &asked, outcomes)?)
    })
}

/// The last row that has to be judged before these outcomes are final; none when they are.
pub(crate) fn awaited(
    connection: &Connection,
    outcomes: &[(ChangeHash, Outcome)],
) -> Result<Option<i64>, ApiError> {
    if !outcomes.iter().any(|(_, outcome)| is_taken(outcome)) {
        return Ok(None);
    }
    Ok(Some(publish::last_row(connection)?))
}

/// Says of what was taken what became of it by now.
pub(crate) fn say_again<'a>(
    app: &App,
    connection: &Connection,
    now_ms: i64,
    outcomes: &mut [(ChangeHash, Outcome)],
    envelopes: impl Iterator<Item = &'a Envelope>,
) -> Result<(), ApiError> {
    let mut memory = memory(app, connection, now_ms, None);
    for ((_, outcome), envelope) in outcomes.iter_mut().zip(envelopes) {
        if is_taken(outcome) {
            *outcome = server::outcome_now(&mut memory, envelope)?;
        }
    }
    Ok(())
}

fn is_taken(outcome: &Outcome) -> bool {
    *outcome == Outcome::Taken
}

pub(crate) fn memory<'a>(
    app: &'a App,
    connection: &'a Connection,
    now_ms: i64,
    epoch: Option<u64>,
) -> Memory<'a> {
    Memory {
        connection,
        vault: &app.vault,
        entropy: app.entropy.as_ref(),
        constants: app.constants,
        now_ms,
        epoch,
    }
}

fn read_answer(
    app: &App,
    connection: &Connection,
    asked: &Asked,
    outcomes: Vec<(ChangeHash, Outcome)>,
) -> Result<SyncResponse, ApiError> {
    let scope = asked.holder.scope;
    let epoch = settings::epoch(connection)?;
    let last_seq = log::last_seq(connection, scope)?;
    let recovery = epochs::recovery(connection, scope, asked.now_ms)?;
    let (stretch, cursor) = match asked.cursor {
        None => (Stretch::empty(), None),
        Some(cursor) if !is_same_history(connection, cursor, asked, epoch, last_seq)? => {
            let reset = Entry {
                seq: last_seq,
                at_ms: asked.now_ms,
                body: EntryBody::Reset,
                statement: None,
            };
            (Stretch::only(reset), None)
        }
        Some(_) if recovery.is_some_and(|recovery| recovery.hold) => (Stretch::empty(), None),
        Some(cursor) => {
            let yours: HashSet<ChangeHash> = outcomes
                .iter()
                .filter(|(_, outcome)| outcome.is_in_log())
                .map(|(hash, _)| *hash)
                .collect();
            let stretch = log::read_after(
                connection,
                &app.vault,
                &app.signing_key,
                (&asked.holder, asked.now_ms),
                cursor.seq,
                asked.bytes,
                &yours,
            )?;
            let seq = stretch.seq;
            (stretch, Some(Cursor { seq, ..cursor }))
        }
    };
    let tick = epochs::tick(connection, &app.signing_key, scope, asked.now_ms)?;
    let (durable_seq, second_copy) = app.copies.durable(scope, last_seq);
    Ok(SyncResponse {
        outcomes,
        entries: stretch.entries,
        cursor,
        more: stretch.more,
        durable_seq,
        second_copy,
        retry_after_s: app.herd.backoff_s(app.entropy.as_ref()),
        tick,
        server_time_ms: asked.now_ms,
        chain: match asked.chain {
            None => None,
            Some(end) => Some(chain_end(connection, &asked.holder, end.incarnation)?),
        },
        recovery,
        certificate: newer_certificate(app, connection, asked)?,
        unit_keys: unit_keys::hint(connection, &asked.holder)?,
        report_ms: reports::newest_ms(connection, &asked.holder)?,
        next_ca: next_ca::announced(connection)?,
    })
}

/// Whether what the device read is a beginning of what is here.
fn is_same_history(
    connection: &Connection,
    cursor: Cursor,
    asked: &Asked,
    epoch: u64,
    last_seq: u64,
) -> Result<bool, ApiError> {
    let scope = asked.holder.scope;
    let within = cursor.scope == scope && cursor.epoch == epoch && cursor.seq <= last_seq;
    let Some(last) = asked.last_applied.filter(|_| within) else {
        return Ok(within);
    };
    Ok(match log::entry_at(connection, scope, last.seq)? {
        EntryAt::Change(hash) => hash == last.hash,
        EntryAt::Erased => true,
        EntryAt::Other => false,
    })
}

/// The device's certificate, when it holds longer than the one the device says it has.
fn newer_certificate(
    app: &App,
    connection: &Connection,
    asked: &Asked,
) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(has_until_ms) = asked.certified_until_ms else {
        return Ok(None);
    };
    let device =
        organisation::device(connection, asked.holder.device)?.ok_or(ApiError::DeviceUnknown)?;
    if device.certified_until_ms() <= has_until_ms {
        return Ok(None);
    }
    enrolment::certificate(&app.signing_key, &device).map(Some)
}

/// Where the chain of a device's memory ends here.
fn chain_end(
    connection: &Connection,
    holder: &Holder,
    incarnation: Incarnation,
) -> Result<ChainEnd, ApiError> {
    let chain = Chain {
        device: holder.device,
        incarnation,
        scope: holder.scope,
    };
    let tip = admission::chain_tip(connection, &chain)?;
    // No memory knows this head, so each of the two that write this chain begins anew.
    let head = if admission::is_forked(connection, &chain)? {
        [0xff; 32]
    } else {
        tip.head_hash
    };
    Ok(ChainEnd {
        incarnation,
        dev_seq: tip.dev_seq,
        head,
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

/// Heeds the tick, admits the outbox and notes that the device was heard of.
fn admit(
    app: &App,
    connection: &Connection,
    asked: &Asked,
    outbox: &[Examined],
) -> Result<Vec<(ChangeHash, Outcome)>, ApiError> {
    let (holder, now_ms) = (asked.holder, asked.now_ms);
    let key = app.signing_key.verifying_key();
    let sources = (app.entropy.as_ref(), now_ms);
    epochs::heed(
        connection,
        &key,
        sources,
        holder.scope,
        asked.tick.as_deref(),
    )?;
    organisation::set_seen(connection, holder.device, now_ms)?;
    people::settle(
        Orders::of(app, connection, By::Server, now_ms),
        holder.scope,
    )?;
    let device = organisation::device(connection, holder.device)?.ok_or(ApiError::DeviceUnknown)?;
    if let Some(unsent) = asked.unsent {
        devices::note_unsent(connection, holder.device, unsent)?;
    }
    next_ca::note(connection, holder.device, asked.next_ca)?;
    if asked.certified_until_ms.is_some() {
        devices::renew_certificate(connection, &device, now_ms)?;
    }
    let epoch = epochs::rebuilt(connection)?;
    server::admit_part(
        &mut memory(app, connection, now_ms, epoch),
        &device.caller()?,
        outbox,
    )
}
