//! The review tray: what was written where a document lived before and came after it had left, and what a stopped device
//! hands over. Sealed and durable like everything else, in the order it came; a person of the station the document lives
//! in decides.
//!
//! What is taken enters the log with its first signature as if it had come now. What is set aside is kept with the
//! reason, and may be taken later all the same. The device that sent it is told either way, by an entry of its own log.

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::log::{self, Append, LateEntry};
use crate::moves::{self, memory};
use crate::organisation;
use crate::publish;
use crate::recusals;
use crate::state::App;
use crate::steps::Step;
use crate::vault::{Vault, of_row};
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, Generation, StaffId, UnitId};
use protocol::access::Holder;
use protocol::change_header;
use protocol::session::server;
use protocol::{
    DecideReview, Envelope, EnvelopeHead, ListReviews, Outcome, ReviewCause, ReviewCounts,
    ReviewList, ReviewPlace, ReviewRecord, ReviewState, limits,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::{BTreeMap, BTreeSet};

/// What a reason is sealed as, with the change it is about, in the tray and in the log.
pub(crate) const SEALED_AS: &str = "review";

pub(crate) fn sealed_as(hash: ChangeHash) -> String {
    of_row(SEALED_AS, &hash.0)
}

/// Puts an envelope into the tray and tells its device and both stations.
pub(crate) fn keep(
    connection: &Connection,
    head: &EnvelopeHead,
    head_hash: &[u8; 32],
    body: &[u8],
    now_ms: i64,
) -> Result<(), ApiError> {
    let author = organisation::device(connection, head.device)?;
    let cause = match author.and_then(|author| author.revoked_ms) {
        Some(_) => ReviewCause::Revoked,
        None => ReviewCause::Late,
    };
    connection
        .prepare_cached(include_str!("sql/reviews/insert.sql"))?
        .execute(named_params! {
            ":head_hash": head_hash,
            ":hash": head.hash.0,
            ":document": head.document.0.as_bytes(),
            ":generation": head.generation,
            ":device": head.device.0.as_bytes(),
            ":scope": head.scope.0.as_bytes(),
            ":at_ms": now_ms,
            ":body": body,
            ":kind": head.header.as_ref().map(|header| header.kind.as_str()),
            ":cause": cause.as_str(),
        })?;
    tell(
        connection,
        head.scope,
        &LateEntry {
            document: head.document,
            hash: head.hash,
            device: head.device,
            state: ReviewState::Waiting,
            reason: Vec::new(),
        },
        now_ms,
    )
}

/// What lay here came back as a part of its document: nobody has to decide about it any more.
pub(crate) fn leave(
    connection: &Connection,
    head: &EnvelopeHead,
    head_hash: &[u8; 32],
    now_ms: i64,
) -> Result<(), ApiError> {
    connection
        .prepare_cached(include_str!("sql/reviews/leave.sql"))?
        .execute(named_params! {":head_hash": head_hash, ":now_ms": now_ms})?;
    tell(
        connection,
        head.scope,
        &LateEntry {
            document: head.document,
            hash: head.hash,
            device: head.device,
            state: ReviewState::Taken,
            reason: Vec::new(),
        },
        now_ms,
    )
}

/// The same device said the same on other ground: the old one is kept, and nobody has to decide about it any more.
pub(crate) fn replace(
    connection: &Connection,
    device: DeviceId,
    head_hash: &[u8; 32],
    now_ms: i64,
) -> Result<(), ApiError> {
    let replaced = connection
        .prepare_cached(include_str!("sql/reviews/replace.sql"))?
        .query_row(
            named_params! {
                ":head_hash": head_hash,
                ":device": device.0.as_bytes(),
                ":now_ms": now_ms,
            },
            |row| {
                Ok((
                    DocumentId(columns::uuid(row, 0)?),
                    columns::hash(row, 1)?,
                    UnitId(columns::uuid(row, 2)?),
                ))
            },
        )
        .optional()?;
    let Some((document, hash, scope)) = replaced else {
        return Ok(());
    };
    let entry = LateEntry {
        document,
        hash,
        device,
        state: ReviewState::Replaced,
        reason: Vec::new(),
    };
    tell(connection, scope, &entry, now_ms)
}

/// Whether a head lies in the tray or was decided there.
pub(crate) fn is_known(connection: &Connection, head_hash: &[u8; 32]) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/reviews/is_known.sql"))?
        .exists(named_params! {":head_hash": head_hash})
}

/// Why something was set aside.
pub(crate) fn open_reason(
    vault: &Vault,
    hash: ChangeHash,
    sealed: &[u8],
) -> Result<String, ApiError> {
    if sealed.is_empty() {
        return Ok(String::new());
    }
    let reason = vault.open_secret(&sealed_as(hash), sealed)?;
    String::from_utf8(reason).map_err(|_| ApiError::Internal)
}

/// An entry in the author's scope, and in the document's where it is another.
fn tell(
    connection: &Connection,
    author_scope: UnitId,
    entry: &LateEntry,
    now_ms: i64,
) -> Result<(), ApiError> {
    // What a stopped device hands over may be about a document that is not here.
    let home = moves::whereabouts(connection, entry.document)?.map(|place| place.scope);
    for scope in BTreeSet::from([author_scope, home.unwrap_or(author_scope)]) {
        log::append(connection, scope, now_ms, &Append::Late(entry))?;
    }
    Ok(())
}

/// What came late for documents of a scope, or out of it: a page of it. What cannot be read is there and says so, and hides
/// nothing else.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    asked: Option<ListReviews>,
) -> Result<ReviewList, ApiError> {
    let (decided, place) = match asked.map(|asked| asked.after) {
        None => (-1, 0),
        Some(ReviewPlace {
            decided: false,
            number,
        }) => (0, i64::from(number)),
        Some(ReviewPlace {
            decided: true,
            number,
        }) => (1, -i64::from(number)),
    };
    let mut statement = connection.prepare_cached(include_str!("sql/reviews/of_scope.sql"))?;
    let mut rows = statement.query(named_params! {
        ":scope": scope.0.as_bytes(),
        ":decided": decided,
        ":place": place,
        ":most": i64::from(limits::REVIEW_PAGE) + 1,
    })?;
    let mut list = ReviewList {
        reviews: Vec::new(),
        next: None,
        counts: Some(counts(connection, scope)?),
    };
    let (mut size, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        let is_full = list.reviews.len() >= limits::REVIEW_PAGE as usize
            || size >= limits::ANSWER_RAW_BYTES_MAX as usize;
        if is_full {
            list.next = last;
            break;
        }
        let record = read_record(app, row, scope);
        size += record.envelope.as_ref().map_or(0, Envelope::raw_bytes);
        last = Some(ReviewPlace {
            decided: row.get(17)?,
            number: row.get(16)?,
        });
        list.reviews.push(record);
    }
    Ok(list)
}

fn counts(connection: &Connection, scope: UnitId) -> rusqlite::Result<ReviewCounts> {
    connection
        .prepare_cached(include_str!("sql/reviews/counts.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok(ReviewCounts {
                waiting: row.get(0)?,
                decided: row.get(1)?,
                elsewhere: row.get(2)?,
            })
        })
}

/// What is read of a row that may have rotted: what cannot be is put as something that says nothing.
struct Reading {
    is_damaged: bool,
}

impl Reading {
    fn or<T, E>(&mut self, found: Result<T, E>, nothing: T) -> T {
        found.unwrap_or_else(|_| {
            self.is_damaged = true;
            nothing
        })
    }
}

fn read_record(app: &App, row: &Row<'_>, scope: UnitId) -> ReviewRecord {
    let mut reading = Reading { is_damaged: false };
    let nobody = uuid::Uuid::nil();
    let document = DocumentId(reading.or(columns::uuid(row, 2), nobody));
    let lives_in = UnitId(reading.or(columns::uuid(row, 13), scope.0));
    let state = columns::text(row, 11, ReviewState::parse);
    let cause = columns::text(row, 15, ReviewCause::parse);
    let mut record = ReviewRecord {
        hash: reading.or(columns::hash(row, 0), ChangeHash([0; 32])),
        document,
        kind: reading.or(columns::kind(row, 4), DocKind::Child),
        device: DeviceId(reading.or(columns::uuid(row, 5), nobody)),
        staff: StaffId(reading.or(columns::uuid(row, 6), nobody)),
        staff_name: reading.or(row.get(7), String::new()),
        unit_name: reading.or(row.get(8), String::new()),
        at_ms: reading.or(row.get(9), 0),
        envelope: None,
        state: reading.or(state, ReviewState::Waiting),
        reason: String::new(),
        cause: reading.or(cause, ReviewCause::Late),
        damaged: false,
    };
    // The station it left sees that it is there, not what it says.
    if lives_in == scope {
        let envelope = read_envelope(app, row, document).map(Some);
        record.envelope = reading.or(envelope, None);
        record.reason = reading.or(read_reason(app, row), String::new());
        record.damaged = reading.is_damaged;
    }
    if record.damaged {
        // The row is named by `verify`; nothing of it belongs into a log.
        tracing::error!("a late record cannot be read");
        record.envelope = None;
    }
    record
}

fn read_envelope(app: &App, row: &Row<'_>, document: DocumentId) -> Result<Envelope, ApiError> {
    let wrapped: Option<Vec<u8>> = row.get(14)?;
    let wrapped = wrapped.ok_or(ApiError::ReviewDamaged)?;
    let key = app.vault.document_key(document, row.get(3)?, &wrapped)?;
    let head_hash: [u8; 32] = row.get(1)?;
    let body: Vec<u8> = row.get(10)?;
    log::open_envelope(&key, &head_hash, &body)
}

fn read_reason(app: &App, row: &Row<'_>) -> Result<String, ApiError> {
    let sealed: Option<Vec<u8>> = row.get(12)?;
    open_reason(
        &app.vault,
        columns::hash(row, 0)?,
        &sealed.unwrap_or_default(),
    )
}

/// A person has looked. What they take is published before they are answered, where that takes no longer than a moment.
pub(crate) fn decide(holder: Holder, input: DecideReview) -> Step {
    Step::write(move |app, connection| {
        let list = settle_one(app, connection, &holder, &input)?;
        let row = publish::last_row(connection)?;
        Ok(Step::Published(row, Box::new(Step::answer(&list)?)))
    })
}

/// Saying it twice changes nothing.
fn settle_one(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &DecideReview,
) -> Result<ReviewList, ApiError> {
    if input.reason.chars().count() > limits::MOVE_TEXT_CHARS {
        return Err(ApiError::Malformed);
    }
    let document = connection
        .prepare_cached(include_str!("sql/reviews/document_of.sql"))?
        .query_row(
            named_params! {":hash": input.hash.0, ":scope": holder.scope.0.as_bytes()},
            |row| Ok(DocumentId(columns::uuid(row, 0)?)),
        )
        .optional()?;
    // Taken already, or not this station's: the list says which.
    if let Some(document) = document {
        recusals::refuse(connection, holder, [document], app.clock.now_ms())?;
        if input.take {
            take(app, connection, holder, document, input.hash)?;
        } else {
            set_aside(app, connection, holder, document, input)?;
        }
    }
    list(app, connection, holder.scope, None)
}

struct Kept {
    id: i64,
    hash: ChangeHash,
    head_hash: [u8; 32],
    generation: Generation,
    device: DeviceId,
    scope: UnitId,
    body: Vec<u8>,
    /// None when the key's row is lost.
    wrapped: Option<Vec<u8>>,
}

fn kept_of(connection: &Connection, document: DocumentId) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(include_str!("sql/reviews/of_document.sql"))?
        .query_map(named_params! {":document": document.0.as_bytes()}, |row| {
            Ok(Kept {
                id: row.get(0)?,
                hash: columns::hash(row, 1)?,
                head_hash: row.get(2)?,
                generation: row.get(3)?,
                device: DeviceId(columns::uuid(row, 4)?),
                scope: UnitId(columns::uuid(row, 5)?),
                body: row.get(6)?,
                wrapped: row.get(7)?,
            })
        })?
        .collect()
}

fn open_kept(app: &App, document: DocumentId, one: &Kept) -> Result<Envelope, ApiError> {
    let wrapped = one.wrapped.as_ref().ok_or(ApiError::ReviewDamaged)?;
    let key = app.vault.document_key(document, one.generation, wrapped)?;
    log::open_envelope(&key, &one.head_hash, &one.body)
}

/// Takes a change and, before it, those of the tray it depends on.
fn take(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    document: DocumentId,
    hash: ChangeHash,
) -> Result<(), ApiError> {
    let kept: BTreeMap<ChangeHash, Kept> = kept_of(connection, document)?
        .into_iter()
        .map(|one| (one.hash, one))
        .collect();
    let mut wanted = vec![hash];
    let mut done = BTreeSet::new();
    while let Some(next) = wanted.last() {
        let one = kept.get(next).ok_or(ApiError::ReviewNeedsEarlier)?;
        let envelope = open_kept(app, document, one).map_err(|_| ApiError::ReviewDamaged)?;
        let earlier: Vec<ChangeHash> = change_header::read(&envelope.change)
            .map_err(|_| ApiError::ReviewNotApplicable)?
            .deps
            .into_iter()
            .filter(|dep| kept.contains_key(dep) && !done.contains(dep))
            .collect();
        if !earlier.is_empty() {
            wanted.extend(earlier);
            continue;
        }
        wanted.pop();
        if done.insert(one.hash) {
            take_one(app, connection, document, one, &envelope)?;
            let state = ReviewState::Taken;
            settle(app, connection, holder, document, one, state, "")?;
        }
    }
    Ok(())
}

/// What it follows is in the document; it enters it now.
fn take_one(
    app: &App,
    connection: &Connection,
    document: DocumentId,
    one: &Kept,
    envelope: &Envelope,
) -> Result<(), ApiError> {
    let device = organisation::device(connection, one.device)?.ok_or(ApiError::Internal)?;
    let home = moves::whereabouts(connection, document)?.map(|place| place.scope);
    let home = home.unwrap_or(one.scope);
    log::append_author(connection, home, app.clock.now_ms(), &device)?;
    match server::admit_reviewed(&mut memory(app, connection), &device.caller()?, envelope)? {
        Outcome::Held { .. } => Err(ApiError::ReviewNeedsEarlier),
        Outcome::Refused { code } => {
            tracing::info!(code = code.as_str(), "late work cannot be taken");
            Err(ApiError::ReviewNotApplicable)
        }
        _ => Ok(()),
    }
}

fn set_aside(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    document: DocumentId,
    input: &DecideReview,
) -> Result<(), ApiError> {
    for one in kept_of(connection, document)? {
        if one.hash == input.hash {
            let state = ReviewState::SetAside;
            settle(
                app,
                connection,
                holder,
                document,
                &one,
                state,
                &input.reason,
            )?;
        }
    }
    Ok(())
}

fn settle(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    document: DocumentId,
    one: &Kept,
    state: ReviewState,
    reason: &str,
) -> Result<(), ApiError> {
    let now = app.clock.now_ms();
    let name = sealed_as(one.hash);
    let sealed = app
        .vault
        .seal_secret(&name, reason.as_bytes(), app.entropy.as_ref())?;
    connection
        .prepare_cached(include_str!("sql/reviews/decide.sql"))?
        .execute(named_params! {
            ":id": one.id,
            ":state": state.as_str(),
            ":reason": &sealed,
            ":decided_by": holder.staff.0.as_bytes(),
            ":decided_ms": now,
        })?;
    let act = match state {
        ReviewState::SetAside => Act::LateSetAside,
        _ => Act::LateTaken,
    };
    let (by, object) = (By::from(holder), Object::Change(one.hash));
    audit::append(connection, &Deed::of(by, holder.scope, act, object, now))?;
    tell(
        connection,
        one.scope,
        &LateEntry {
            document,
            hash: one.hash,
            device: one.device,
            state,
            reason: sealed,
        },
        now,
    )
}
