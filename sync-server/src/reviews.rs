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
use crate::vault::Vault;
use ids::{ChangeHash, DeviceId, DocumentId, Generation, StaffId, UnitId};
use protocol::access::Holder;
use protocol::change_header;
use protocol::session::server;
use protocol::{
    DecideReview, Envelope, EnvelopeHead, Outcome, ReviewCause, ReviewList, ReviewRecord,
    ReviewState, limits,
};
use rusqlite::{Connection, OptionalExtension, named_params};
use std::collections::{BTreeMap, BTreeSet};

const SEALED_AS: &str = "review";

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
pub(crate) fn open_reason(vault: &Vault, sealed: &[u8]) -> Result<String, ApiError> {
    if sealed.is_empty() {
        return Ok(String::new());
    }
    let reason = vault.open_secret(SEALED_AS, sealed)?;
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

/// What came late for documents of a scope, or out of it.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    scope: UnitId,
) -> Result<ReviewList, ApiError> {
    let mut statement = connection.prepare_cached(include_str!("sql/reviews/of_scope.sql"))?;
    let mut rows = statement.query(named_params! {":scope": scope.0.as_bytes()})?;
    let mut reviews = Vec::new();
    while let Some(row) = rows.next()? {
        let document = DocumentId(columns::uuid(row, 2)?);
        let generation: Generation = row.get(3)?;
        let state = ReviewState::parse(&row.get::<_, String>(11)?).ok_or(ApiError::Internal)?;
        // The station it left sees that it is there, not what it says.
        let envelope = if UnitId(columns::uuid(row, 13)?) == scope {
            let wrapped: Vec<u8> = row.get(14)?;
            let key = app.vault.document_key(document, generation, &wrapped)?;
            let head_hash: [u8; 32] = row.get(1)?;
            let body: Vec<u8> = row.get(10)?;
            Some(log::open_envelope(&key, &head_hash, &body)?)
        } else {
            None
        };
        let reason = match row.get::<_, Option<Vec<u8>>>(12)? {
            Some(sealed) if envelope.is_some() => open_reason(&app.vault, &sealed)?,
            _ => String::new(),
        };
        let cause = row.get::<_, String>(15)?;
        reviews.push(ReviewRecord {
            hash: columns::hash(row, 0)?,
            document,
            kind: columns::kind(row, 4)?,
            device: DeviceId(columns::uuid(row, 5)?),
            staff: StaffId(columns::uuid(row, 6)?),
            staff_name: row.get(7)?,
            unit_name: row.get(8)?,
            at_ms: row.get(9)?,
            envelope,
            state,
            reason,
            cause: ReviewCause::parse(&cause).ok_or(ApiError::Internal)?,
        });
    }
    Ok(ReviewList { reviews })
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
    list(app, connection, holder.scope)
}

struct Kept {
    id: i64,
    hash: ChangeHash,
    head_hash: [u8; 32],
    generation: Generation,
    device: DeviceId,
    scope: UnitId,
    body: Vec<u8>,
    wrapped: Vec<u8>,
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
        let key = app
            .vault
            .document_key(document, one.generation, &one.wrapped)?;
        let envelope = log::open_envelope(&key, &one.head_hash, &one.body)?;
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
    let sealed = app
        .vault
        .seal_secret(SEALED_AS, reason.as_bytes(), app.entropy.as_ref())?;
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
