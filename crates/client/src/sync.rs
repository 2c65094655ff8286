//! What each effect of a sync session does to the store. Everything a step stores is one transaction, cursor included.

mod ahead;
mod incoming;

pub(crate) use incoming::{change_of, take_quarantined};

use crate::certificate;
use crate::enrolment::Start;
use crate::error::ClientError;
use crate::packs::{self, Packs};
use crate::recovery;
use crate::returned;
use crate::runtime::Share;
use crate::standing;
use crate::tablet::Tablet;
use crate::view::SyncPhase;
use ids::{ChangeHash, DocKind, DocumentId, Incarnation};
use incoming::{Incoming, store_incoming, store_snapshot};
use protocol::envelope::Envelope;
use protocol::session::client::{Batch, Effect, Event, Position, Queued, Settings, SyncSession};
use protocol::{
    Cursor, DocumentSnapshot, EntryBody, LastApplied, MemberRecord, Outcome, ReviewState,
    SchemaVersion, SnapshotPage, SnapshotRequest, SyncRequest, UnitLevel,
};
use std::collections::BTreeMap;
use store::changes::{self, Change};
use store::documents;
use store::identity::Identity;
use store::members::{self, DeviceRow, StaffRow, UnitRow};
use store::policies::{self, PolicyRow};
use store::sync_state::{self, ScopeState};
use store::{Transaction, departures, identity, projections, rests};

/// No epoch has this number: the cursor was forgotten because the server's memory was lost.
const FORGOTTEN: u64 = 0;

/// Where the pages of a first load are asked for.
pub(crate) const PAGES: &str = "/snapshot";

/// A message to send.
pub enum Message {
    /// First load.
    Snapshot(SnapshotRequest),
    /// The daily exchange.
    Sync(Box<SyncRequest>),
}

/// What an effect came to.
pub enum Step {
    /// It happened here; this is the event to go on with.
    Happened {
        /// The event.
        event: Box<Event>,
        /// Something came from elsewhere.
        news: bool,
    },
    /// Send this and go on with the answer.
    Ask {
        /// Path on the server.
        path: &'static str,
        /// The message.
        message: Message,
    },
    /// The session is over, and what was refused left something new to send: begin another.
    Again,
    /// The session is over.
    Ended,
}

/// What a tablet begins with that was enrolled without the server: who is who, and the rules. It counts as loaded, so that
/// she can write at once; the first contact sends what she wrote and then loads what is there, as after a server that
/// lost its memory.
///
/// # Errors
/// The store refuses.
pub(crate) fn begin_without_the_server(
    tx: &Transaction<'_>,
    identity: &Identity,
    start: &Start,
    now_ms: i64,
) -> Result<(), ClientError> {
    for (member, statement) in &start.members {
        store_member(tx, member, now_ms)?;
        recovery::keep_member(tx, member, Some(statement))?;
    }
    for (id, json) in &start.policies {
        store_policy(tx, id, json, now_ms)?;
    }
    let mut scope = ScopeState::fresh(identity.scope);
    scope.epoch = FORGOTTEN;
    scope.loaded = true;
    Ok(sync_state::put_scope(tx, &scope)?)
}

/// Takes in what the station's answer brought of her village, as a page of a first load is taken in: each change is believed
/// for its author's signature, never because the station carried it. The first contact brings the same again, and
/// changes nothing by it.
///
/// # Errors
/// The store refuses.
pub(crate) fn take_what_was_carried(tablet: &Tablet, start: &Start) -> Result<(), ClientError> {
    let work = ahead::Page::begin(tablet, &start.documents, &[])?;
    let now = tablet.clock.now_ms();
    work.beside(|| {
        tablet.store.write_fetched(|tx| {
            for statement in &start.orders {
                recovery::heed_order(tablet, tx, statement)?;
            }
            for (place, snapshot) in start.documents.iter().enumerate() {
                store_snapshot(tablet, tx, snapshot, work.take(place)?, now)?;
            }
            Ok::<_, ClientError>(())
        })
    })
}

/// Begins a session where the last one stopped.
///
/// # Errors
/// The store cannot be read.
pub fn begin(tablet: &Tablet) -> Result<SyncSession, ClientError> {
    incoming::try_what_others_kept_aside(tablet)?;
    let scope = tablet
        .store
        .read(|connection| sync_state::scope(connection, tablet.identity.scope))?;
    Ok(SyncSession::new(
        Settings {
            app: crate::APP_VERSION.to_owned(),
            schemas: DocKind::ALL
                .into_iter()
                .map(|kind| SchemaVersion {
                    kind,
                    schema: domain::record::newest_schema(kind),
                })
                .collect(),
            want_bytes: 0,
        },
        Position {
            cursor: (scope.loaded && scope.epoch != FORGOTTEN).then_some(Cursor {
                scope: scope.scope,
                epoch: scope.epoch,
                seq: scope.seq,
            }),
            last_applied: last_applied(&scope),
            snapshot_page: scope.snapshot_token,
            loaded: scope.loaded,
        },
    ))
}

/// Does one effect.
///
/// # Errors
/// The store refuses; `server_nonsense` when the server said what it may not say.
pub fn perform(tablet: &Tablet, effect: Effect) -> Result<Step, ClientError> {
    match effect {
        Effect::SendSnapshot(request) => Ok(Step::Ask {
            path: PAGES,
            message: Message::Snapshot(request),
        }),
        Effect::StorePage { page, next, cursor } => {
            tablet.reload_packs_after(|| store_page(tablet, &page, next, cursor))?;
            Ok(happened(Event::Stored { last_applied: None }, true))
        }
        Effect::LoadOutbox { after, bytes } => {
            if after == 0 {
                returned::settle(tablet)?;
            }
            load_outbox(tablet, after, bytes)
        }
        Effect::SendSync(mut request) => {
            (request.tick, request.chain) = recovery::said_of_self(tablet)?;
            let mut left = tablet.store.read(standing::unsent)?;
            left.changes = left
                .changes
                .saturating_sub(count(request.outbox.len() as u64));
            request.unsent = Some(left);
            request.certified_until_ms = Some(certificate::holds_until_ms(tablet)?);
            request.next_ca = certificate::next_ca(tablet)?;
            let phase = if request.outbox.is_empty() {
                SyncPhase::Receiving
            } else {
                SyncPhase::Sending
            };
            tablet.sync.note(|progress| progress.phase = phase);
            Ok(Step::Ask {
                path: "/sync",
                message: Message::Sync(request),
            })
        }
        Effect::Store(batch) => {
            let news = !batch.entries.is_empty();
            let brings_packs = batch.entries.iter().any(|entry| {
                matches!(
                    entry.body,
                    EntryBody::Policy { .. } | EntryBody::Member(MemberRecord::Form { .. })
                )
            });
            let Kept {
                last_applied,
                numbers,
            } = if brings_packs {
                tablet.reload_packs_after(|| store_batch(tablet, &batch))?
            } else {
                store_batch(tablet, &batch)?
            };
            tablet.sync.note(|progress| {
                let Share { done, total } = progress.sent;
                let done = done.saturating_add(count(batch.outcomes.len() as u64));
                let total = total.max(done);
                progress.sent = Share { done, total };
                let done = progress.received.done.saturating_add(count(numbers));
                let ahead = recovery::numbers_ahead(tablet, &batch.tick, batch.cursor);
                let total = done.saturating_add(count(ahead));
                progress.received = Share { done, total };
            });
            Ok(happened(Event::Stored { last_applied }, news))
        }
        Effect::Wait { .. } => Ok(Step::Ended),
        Effect::Done if returned::settle(tablet)? => Ok(Step::Again),
        Effect::Done => Ok(Step::Ended),
        Effect::Stopped => Err(ClientError::new("server_nonsense")),
    }
}

/// Notes how a sync ended, for the sync page.
///
/// # Errors
/// The store refuses.
pub fn note_end(tablet: &Tablet, problem: Option<String>) -> Result<(), ClientError> {
    let now = tablet.clock.now_ms();
    Ok(tablet.store.write(|tx| {
        sync_state::update_status(tx, |status| {
            status.last_try_ms = Some(now);
            if problem.is_none() {
                status.last_success_ms = Some(now);
                status.syncs += 1;
            }
            status.last_problem.clone_from(&problem);
        })
    })?)
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn happened(event: Event, news: bool) -> Step {
    Step::Happened {
        event: Box::new(event),
        news,
    }
}

fn last_applied(scope: &ScopeState) -> Option<LastApplied> {
    // The digest holds the number and hash of the last change read from the log.
    let (seq, hash) = scope.digest.split_at_checked(8)?;
    Some(LastApplied {
        seq: u64::from_be_bytes(seq.try_into().ok()?),
        hash: ChangeHash(hash.try_into().ok()?),
    })
}

fn digest(last: LastApplied) -> Vec<u8> {
    [last.seq.to_be_bytes().as_slice(), &last.hash.0].concat()
}

fn load_outbox(tablet: &Tablet, after: u64, bytes: usize) -> Result<Step, ClientError> {
    let scope = tablet.identity.scope;
    // What was answered is not waiting any more, so there is nothing to skip.
    let mut waiting: Vec<Change> = tablet
        .store
        .read(|connection| changes::outbox(connection, scope, bytes))?;
    let length = tablet.store.read(changes::outbox_length)?;
    let more = waiting
        .last()
        .is_some_and(|_| (waiting.len() as u64) < length);
    if waiting.is_empty() {
        // Nothing new to say: what the server took and had not numbered yet is asked after, once a session.
        waiting = tablet
            .store
            .read(|connection| changes::taken(connection, scope, after, bytes))?;
    }
    tablet.sync.note(|progress| {
        let Share { done, total } = progress.sent;
        let total = total.max(done.saturating_add(count(length)));
        progress.sent = Share { done, total };
    });
    let envelopes = waiting
        .into_iter()
        .map(|change| Queued {
            dev_seq: change.dev_seq,
            hash: change.hash,
            envelope: Envelope {
                head: change.head,
                signature: change.signature,
                change: change.body,
            },
        })
        .collect();
    Ok(happened(
        Event::Outbox {
            envelopes,
            more,
            request: tablet.new_id(),
        },
        false,
    ))
}

fn store_page(
    tablet: &Tablet,
    page: &SnapshotPage,
    next: Option<String>,
    cursor: Option<Cursor>,
) -> Result<(), ClientError> {
    let work = ahead::Page::begin(tablet, &page.documents, &page.members)?;
    work.beside(|| store_worked(tablet, page, &work, next, cursor))?;
    tablet.sync.note(|progress| {
        progress.received = Share {
            done: page.done_documents,
            total: page.total_documents,
        };
    });
    Ok(())
}

/// One transaction for the whole page, with its documents as the work on them comes to an end.
fn store_worked(
    tablet: &Tablet,
    page: &SnapshotPage,
    work: &ahead::Page<'_>,
    next: Option<String>,
    cursor: Option<Cursor>,
) -> Result<(), ClientError> {
    let now = tablet.clock.now_ms();
    tablet.store.write_fetched(|tx| {
        for (number, member) in page.members.iter().enumerate() {
            store_member(tx, member, now)?;
            recovery::keep_member(tx, member, page.member_statements.get(number))?;
        }
        for statement in &page.orders {
            recovery::heed_order(tablet, tx, statement)?;
        }
        for (id, json) in &page.policies {
            store_policy(tx, id, json, now)?;
        }
        let mut newest: Option<LastApplied> = None;
        for (place, snapshot) in page.documents.iter().enumerate() {
            let last = store_snapshot(tablet, tx, snapshot, work.take(place)?, now)?;
            newest = newest.max_by_seq(last);
        }
        let mut scope = sync_state::scope(tx, tablet.identity.scope)?;
        scope.snapshot_token.clone_from(&next);
        scope.snapshot_done = page.done_documents;
        scope.snapshot_total = page.total_documents;
        if let Some(cursor) = cursor {
            scope.epoch = cursor.epoch;
            scope.seq = cursor.seq;
            scope.loaded = true;
            scope.digest = Vec::new();
        }
        sync_state::put_scope(tx, &scope)?;
        sync_state::update_status(tx, |status| {
            status.clock_skew_ms = Some(now - page.server_time_ms);
        })?;
        standing::note_contact(tablet, tx, page.server_time_ms)?;
        Ok::<_, ClientError>(())
    })
}

trait MaxBySeq {
    fn max_by_seq(self, other: Option<LastApplied>) -> Option<LastApplied>;
}

impl MaxBySeq for Option<LastApplied> {
    fn max_by_seq(self, other: Option<LastApplied>) -> Option<LastApplied> {
        match (self, other) {
            (Some(a), Some(b)) => Some(if a.seq >= b.seq { a } else { b }),
            (a, b) => a.or(b),
        }
    }
}

/// What an answer left in the store.
struct Kept {
    last_applied: Option<LastApplied>,
    /// Numbers of the log it went through, visible here or not.
    numbers: u64,
}

fn store_batch(tablet: &Tablet, batch: &Batch) -> Result<Kept, ClientError> {
    let now = tablet.clock.now_ms();
    tablet.store.write(|tx| {
        let status = sync_state::status(tx)?;
        let before = status
            .tick
            .as_deref()
            .and_then(|tick| recovery::epoch_in(tablet, tick));
        let epoch = recovery::epoch_in(tablet, &batch.tick);
        let forgotten = batch.reset || before.is_some() && epoch.is_some() && before != epoch;
        if forgotten {
            // First of all: what the lost memory acknowledged is not acknowledged.
            store::recovery::begin(tx, tablet.identity.scope)?;
        }
        let mut refused_one_was_taken = false;
        for (hash, outcome) in &batch.outcomes {
            let became = match outcome {
                Outcome::Review => in_the_tray(tx, *hash)?,
                _ => outcome_of(outcome),
            };
            let marked = changes::mark_outcome(tx, *hash, &became)?;
            match (outcome, marked) {
                (Outcome::Refused { .. }, Some(document)) => {
                    returned::note_refusal(tablet, tx, document, *hash)?;
                }
                (Outcome::Accepted { .. } | Outcome::Taken, Some(_)) => {
                    refused_one_was_taken |= store::returned::was_refused(tx, *hash)?;
                }
                _ => {}
            }
        }
        if refused_one_was_taken {
            returned::offer_the_others(tablet, tx)?;
        }
        // Changes are applied per document and in order: one bad change blocks only its own document.
        let mut by_document: BTreeMap<DocumentId, Vec<Incoming<'_>>> = BTreeMap::new();
        let mut scope = sync_state::scope(tx, tablet.identity.scope)?;
        let mut last = last_applied(&scope);
        let read_before = scope.seq;
        for entry in &batch.entries {
            match &entry.body {
                EntryBody::Change {
                    envelope,
                    kind,
                    home_unit,
                } => {
                    if let Some(incoming) = Incoming::open(envelope, *kind, *home_unit, entry.seq) {
                        last = last.max_by_seq(Some(LastApplied {
                            seq: entry.seq,
                            hash: incoming.head.hash,
                        }));
                        by_document
                            .entry(incoming.head.document)
                            .or_default()
                            .push(incoming);
                    }
                }
                EntryBody::Yours { hash, .. } => {
                    last = last.max_by_seq(Some(LastApplied {
                        seq: entry.seq,
                        hash: *hash,
                    }));
                }
                EntryBody::DocIn { document } => {
                    store_snapshot(tablet, tx, document, ahead::open(document)?, now)?;
                }
                EntryBody::Member(member) => {
                    store_member(tx, member, now)?;
                    recovery::keep_member(tx, member, entry.statement.as_ref())?;
                }
                EntryBody::Order { statement } => recovery::heed_order(tablet, tx, statement)?,
                EntryBody::Policy { id, json } => store_policy(tx, id, json, now)?,
                EntryBody::DocOut { document, to } => {
                    departures::leave(tx, *document, to, entry.at_ms)?;
                }
                EntryBody::Moved {
                    document,
                    home_unit,
                } => {
                    documents::set_home_unit(tx, *document, *home_unit)?;
                    projections::refresh_stored(tx, *document)?;
                }
                EntryBody::Late {
                    document,
                    hash,
                    state,
                    reason,
                } => {
                    let own = changes::has(tx, *hash)? && is_own(tablet, tx, *hash)?;
                    let was_settled = own && changes::is_settled(tx, hash)?;
                    // On what was refused nobody can take it: it waits to be made anew.
                    let waits = own
                        && *state == ReviewState::Waiting
                        && changes::stands_on_returned(tx, *hash)?;
                    let is_out = matches!(state, ReviewState::SetAside | ReviewState::Replaced);
                    if own && !is_out && !waits {
                        // Its place in the log of its own scope: durable like every other entry up to there.
                        let taken = changes::Outcome::Accepted {
                            server_seq: Some(entry.seq),
                        };
                        changes::mark_outcome(tx, *hash, &taken)?;
                    }
                    // What had arrived in time and came back to a server that lost it was never late.
                    let was_in_time = was_settled
                        && *state == ReviewState::Taken
                        && !departures::is_late(tx, *hash)?;
                    if !was_in_time {
                        let late = (own, state.as_str(), reason.as_str());
                        departures::put_late(tx, *hash, *document, late, entry.at_ms)?;
                    }
                }
                // A reset is the batch's own mark.
                EntryBody::Reset => {}
            }
        }
        for (document, incoming) in by_document {
            if rests::is_away(tx, document)? {
                // There is nothing here it could be applied to: the document is asked for whole, with this in it.
                rests::want(tx, document)?;
                continue;
            }
            store_incoming(tablet, tx, document, &incoming, now)?;
        }
        changes::mark_durable_up_to(tx, scope.scope, batch.durable_seq)?;
        if departures::remove_handed_over(tx, now)? {
            let memory = Incarnation(tablet.new_id());
            identity::begin_incarnation(tx, memory)?;
        }
        scope.durable_seq = batch.durable_seq;
        if forgotten {
            // Whoever had loaded everything goes on working with it while the server gathers what it lost.
            scope = ScopeState {
                loaded: scope.loaded,
                epoch: FORGOTTEN,
                ..ScopeState::fresh(scope.scope)
            };
        } else if let Some(cursor) = batch.cursor {
            scope.epoch = cursor.epoch;
            scope.seq = cursor.seq;
            scope.digest = last.map(digest).unwrap_or_default();
        }
        sync_state::put_scope(tx, &scope)?;
        sync_state::update_status(tx, |status| {
            status.second_copy = batch.second_copy;
            status.tick = Some(batch.tick.clone());
            status.clock_skew_ms = Some(now - batch.server_time_ms);
        })?;
        standing::note_contact(tablet, tx, batch.server_time_ms)?;
        if let Some(newer) = &batch.certificate {
            certificate::keep(tablet, tx, newer)?;
        }
        if let Some(next) = batch.next_ca {
            certificate::keep_next_ca(tx, next)?;
        }
        recovery::note(tx, tablet.identity.scope, batch.recovery)?;
        recovery::heed_chain(tablet, tx, batch.chain)?;
        Ok(Kept {
            last_applied: last.filter(|_| !forgotten),
            numbers: scope.seq.saturating_sub(read_before),
        })
    })
}

/// Takes in a document that was asked for whole.
///
/// # Errors
/// `server_nonsense`; the store refuses.
pub(crate) fn take_whole(tablet: &Tablet, snapshot: &DocumentSnapshot) -> Result<(), ClientError> {
    let now = tablet.clock.now_ms();
    tablet.store.write(|tx| {
        store_snapshot(tablet, tx, snapshot, ahead::open(snapshot)?, now)?;
        Ok(())
    })
}

fn is_own(tablet: &Tablet, tx: &Transaction<'_>, hash: ChangeHash) -> Result<bool, ClientError> {
    Ok(changes::author_of(tx, hash)?.is_some_and(|author| author.device == tablet.identity.device))
}

/// What lies in the review tray is with a person, unless it stands on what was refused: nobody can take that, and it is made
/// anew with the other.
pub(crate) fn in_the_tray(
    tx: &Transaction<'_>,
    hash: ChangeHash,
) -> Result<changes::Outcome, ClientError> {
    Ok(match changes::stands_on_returned(tx, hash)? {
        true => changes::Outcome::Held {
            reason: "in the tray, on a refused change".to_owned(),
        },
        false => changes::Outcome::Accepted { server_seq: None },
    })
}

fn outcome_of(outcome: &Outcome) -> changes::Outcome {
    match outcome {
        Outcome::Accepted { seq } | Outcome::AlreadyHad { seq } => changes::Outcome::Accepted {
            server_seq: Some(*seq),
        },
        Outcome::Taken | Outcome::Review => changes::Outcome::Accepted { server_seq: None },
        Outcome::Held { missing } => changes::Outcome::Held {
            reason: format!("{} missing", missing.len()),
        },
        Outcome::Refused { code } => changes::Outcome::Refused {
            code: code.as_str().to_owned(),
            reason: None,
        },
    }
}

fn store_member(tx: &Transaction<'_>, member: &MemberRecord, now: i64) -> Result<(), ClientError> {
    match member {
        MemberRecord::Unit {
            id,
            name,
            parent,
            level,
            region,
            former,
            closed_ms,
            ..
        } => {
            identity::call_unit(tx, *id, name)?;
            members::put_unit(
                tx,
                &UnitRow {
                    unit: *id,
                    parent: *parent,
                    level: match level {
                        UnitLevel::District => "district",
                        UnitLevel::Township => "township",
                        UnitLevel::Village => "village",
                    }
                    .to_owned(),
                    name: name.clone(),
                    region_code: Some(region.clone()),
                    former: former
                        .iter()
                        .map(|former| (former.name.clone(), former.region.clone()))
                        .collect(),
                    closed_ms: *closed_ms,
                },
            )?;
        }
        MemberRecord::Staff {
            id,
            name,
            role,
            unit,
            term,
            ..
        } => members::put_staff(
            tx,
            &StaffRow {
                staff: *id,
                name: name.clone(),
                role: *role,
                unit: *unit,
                ended_ms: term.and_then(|term| term.ended_ms),
            },
        )?,
        MemberRecord::Device {
            id,
            staff,
            unit,
            key,
            enrolled_ms,
            seen_ms,
            ..
        } => members::put_device(
            tx,
            &DeviceRow {
                device: *id,
                staff: *staff,
                unit: *unit,
                label: String::new(),
                key: Some(*key),
                enrolled_ms: Some(*enrolled_ms),
                seen_ms: *seen_ms,
                revoked_ms: None,
            },
        )?,
        MemberRecord::Form { id, json, .. } => store_policy(tx, id, json, now)?,
    }
    Ok(())
}

/// Keeps a pack. One of an id that is here and that this app cannot read does not take its place: a slip at the server
/// must not take the rules off every tablet. It is kept beside it for an app that can ([`packs::UNREAD`]).
fn store_policy(tx: &Transaction<'_>, id: &str, json: &str, now: i64) -> Result<(), ClientError> {
    let beside = format!("{id}{}", packs::UNREAD);
    let is_readable = Packs::read([(id, json)]).unreadable.is_empty();
    let mut places = Vec::new();
    if is_readable || policies::get(tx, id)?.is_none() {
        places.push(id);
    }
    // One that waits beside it is older by now.
    if places.is_empty() || policies::get(tx, &beside)?.is_some() {
        places.push(&beside);
    }
    for place in places {
        policies::put(
            tx,
            &PolicyRow {
                policy: place.to_owned(),
                kind: "pack".to_owned(),
                version: "1".to_owned(),
                json: json.to_owned(),
                received_ms: now,
            },
        )?;
    }
    Ok(())
}
