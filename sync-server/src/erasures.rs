//! Erasing a file: one person asks, a head decides on another device, and the orders follow in the same transaction. A file
//! that must be kept is not erased by anybody (ADR 0029).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::holds;
use crate::moves;
use crate::orders::{self, Orders};
use crate::organisation;
use crate::persons;
use crate::publish;
use crate::recusals;
use crate::state::App;
use crate::steps::Step;
use crate::vault::of_row;
use ids::{DeviceId, DocKind, DocumentId, StaffId, UnitId};
use protocol::access::Holder;
use protocol::session::server::{self, Examined};
use protocol::{
    DecideErasure, ErasureList, ErasureRecord, ErasureState, HoldRecord, Order, Outcome, Renewal,
    RequestErasure, SetHold, envelope, limits, wire,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What a request is sealed as.
pub(crate) const SEALED_AS: &str = "erasure";
/// What the words about keeping a file are sealed as.
pub(crate) const HOLD_SEALED_AS: &str = "hold";

pub(crate) fn sealed_as(id: Uuid) -> String {
    of_row(SEALED_AS, id.as_bytes())
}

pub(crate) fn hold_sealed_as(document: DocumentId) -> String {
    of_row(HOLD_SEALED_AS, document.0.as_bytes())
}

/// The requests of a scope, and what must be kept.
pub(crate) fn list(
    app: &App,
    connection: &Connection,
    holder: &Holder,
) -> Result<ErasureList, ApiError> {
    let found = connection
        .prepare_cached(include_str!("sql/erasures/of_scope.sql"))?
        .query_map(
            named_params! {":scope": holder.scope.0.as_bytes()},
            read_row,
        )?
        .collect::<Result<Vec<_>, _>>()?;
    let erasures = found
        .into_iter()
        .map(|found| found.open(app, connection, holder.scope))
        .collect::<Result<_, _>>()?;
    Ok(ErasureList {
        erasures,
        holds: holds(app, connection, holder.scope)?,
    })
}

/// Somebody asks. Saying it twice changes nothing.
pub(crate) fn request(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &RequestErasure,
) -> Result<ErasureList, ApiError> {
    let plain = input.basis.len() <= 40
        && input
            .basis
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !plain || input.words.chars().count() > limits::MOVE_TEXT_CHARS {
        return Err(ApiError::Malformed);
    }
    if find(connection, holder.scope, input.id)?.is_some() {
        return list(app, connection, holder);
    }
    let documents = asked_of(app, connection, holder.scope, input)?;
    let now = app.clock.now_ms();
    refuse_recused(connection, holder, (input.child, &documents), now)?;
    refuse_held(connection, input, &documents)?;
    let sealed = app.vault.seal_secret(
        &sealed_as(input.id),
        &wire::pack(input)?,
        app.entropy.as_ref(),
    )?;
    let kept = connection
        .prepare_cached(include_str!("sql/erasures/insert.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":scope": holder.scope.0.as_bytes(),
            ":staff": holder.staff.0.as_bytes(),
            ":basis": input.basis,
            ":documents": documents.len() as i64,
            ":sealed": sealed,
            ":at_ms": now,
            ":expires_ms": now + limits::ERASURE_MS,
        })?;
    if kept == 0 {
        // Another township's id.
        return Err(ApiError::ErasureOver);
    }
    note(
        connection,
        holder,
        Act::ErasureAsked,
        Object::Id(input.id),
        now,
    )?;
    list(app, connection, holder)
}

/// A head decides about what another person asked. A document that was built anew is published before she is answered,
/// where that takes no longer than a moment.
pub(crate) fn decide(holder: Holder, input: DecideErasure) -> Step {
    Step::write(move |app, connection| {
        let list = settle(app, connection, &holder, &input)?;
        let row = publish::last_row(connection)?;
        Ok(Step::Published(row, Box::new(Step::answer(&list)?)))
    })
}

/// Saying it twice changes nothing.
fn settle(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &DecideErasure,
) -> Result<ErasureList, ApiError> {
    let now = app.clock.now_ms();
    let found = find(connection, holder.scope, input.id)?.ok_or(ApiError::NotFound)?;
    if persons::are_same(connection, found.staff, holder.staff)? {
        return Err(ApiError::NotAllowed);
    }
    let wanted = if input.approve {
        ErasureState::Ordered
    } else {
        ErasureState::Declined
    };
    let state = found.state_at(now);
    if state == wanted {
        return list(app, connection, holder);
    }
    let (ErasureState::Asked, Some(asked)) = (state, found.asked(app)?) else {
        return Err(ApiError::ErasureOver);
    };
    let mut last_order = None;
    let documents = asked_of(app, connection, holder.scope, &asked)?;
    refuse_recused(connection, holder, (asked.child, &documents), now)?;
    if input.approve && asked.part.is_some() {
        refuse_held(connection, &asked, &documents)?;
        let first = input.renewal.as_ref().ok_or(ApiError::Malformed)?;
        let renewals: Vec<&Renewal> = std::iter::once(first).chain(&input.also).collect();
        if renewals.len() != documents.len() {
            // One of them went meanwhile, or it is not what was asked about.
            return Err(ApiError::ErasureChanged);
        }
        for (document, renewal) in documents.into_iter().zip(renewals) {
            let orders = Orders::of(app, connection, By::from(holder), now);
            last_order = Some(renew(app, orders, holder, document, renewal)?);
        }
    } else if input.approve {
        refuse_held(connection, &asked, &documents)?;
        for (document, generation) in documents {
            let order = Order::Erase {
                document,
                generation,
            };
            let orders = Orders::of(app, connection, By::from(holder), now);
            last_order = Some(orders.give(holder.scope, order, &found.basis)?.number);
        }
    }
    connection
        .prepare_cached(include_str!("sql/erasures/decide.sql"))?
        .execute(named_params! {
            ":id": input.id.as_bytes(),
            ":state": wanted.as_str(),
            ":decided_by": holder.staff.0.as_bytes(),
            ":decided_ms": now,
            ":last_order": last_order.map(columns::stored),
        })?;
    let act = if input.approve {
        Act::ErasureApproved
    } else {
        Act::ErasureDeclined
    };
    note(connection, holder, act, Object::Id(input.id), now)?;
    list(app, connection, holder)
}

/// What a request is about: a file, or the document a part of which is to go with those that quote it.
fn asked_of(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    asked: &RequestErasure,
) -> Result<Vec<(DocumentId, u32)>, ApiError> {
    if asked.about.len() > limits::ERASURE_DOCUMENTS {
        return Err(ApiError::TooLarge);
    }
    let part = match &asked.part {
        Some(_) if asked.left => return Err(ApiError::Malformed),
        Some(part) => part,
        None if asked.left => {
            return left_of(app, connection, scope, (asked.child, &asked.with));
        }
        None => return documents_of(connection, scope, asked.child, &asked.with),
    };
    let texts = [&part.key, &part.label];
    let wordy = texts
        .into_iter()
        .chain(part.entry.iter().flat_map(|(name, id)| [name, id]))
        .chain(part.also.iter().map(|(_, id)| id))
        .any(|text| text.chars().count() > limits::MOVE_TEXT_CHARS);
    if wordy {
        return Err(ApiError::Malformed);
    }
    if asked.with.len().max(part.also.len()) >= limits::ERASURE_DOCUMENTS {
        return Err(ApiError::TooLarge);
    }
    let mut documents = vec![(part.document, place(connection, scope, part.document)?)];
    for document in &asked.with {
        let is_new = documents.iter().all(|(known, _)| known != document);
        match place(connection, scope, *document) {
            Ok(found) if is_new => documents.push((*document, found)),
            Ok(_) | Err(ApiError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    // Who may add to sealed detail hangs on the device that began it.
    let allowed = [
        DocKind::Child,
        DocKind::Household,
        DocKind::Problem,
        DocKind::Work,
    ];
    if documents.iter().any(|(_, at)| !allowed.contains(&at.kind)) {
        return Err(ApiError::NotAllowed);
    }
    Ok(documents
        .into_iter()
        .map(|(document, at)| (document, at.generation))
        .collect())
}

/// The generation there is ends, and the one a head built takes its place, in one transaction: built from everything that
/// is here, under her device's signature, and named in the order.
fn renew(
    app: &App,
    orders: Orders<'_>,
    holder: &Holder,
    (document, generation): (DocumentId, u32),
    renewal: &Renewal,
) -> Result<u64, ApiError> {
    let connection = orders.connection;
    let waits = connection
        .prepare_cached(include_str!("sql/erasures/waits.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})?;
    if waits {
        return Err(ApiError::ErasureWaits);
    }
    if basis_of(connection, document, generation)? != renewal.basis {
        return Err(ApiError::ErasureChanged);
    }
    let device = organisation::device(connection, holder.device)?.ok_or(ApiError::Internal)?;
    let caller = device.caller()?;
    let mut examined = Vec::new();
    let mut founded = None;
    for envelope in &renewal.envelopes {
        let head = envelope::open(envelope)?;
        let is_next =
            head.document == document && Some(head.generation) == generation.checked_add(1);
        if !is_next {
            return Err(ApiError::Malformed);
        }
        founded = Some(head.hash);
        examined.push(Examined::new(&caller.key, envelope.clone()));
    }
    let order = Order::Renew {
        document,
        generation,
        founded: founded.ok_or(ApiError::Malformed)?,
        device: holder.device,
    };
    let number = orders.give(holder.scope, order, "")?.number;
    let outcomes = server::admit_part(&mut moves::memory(app, connection), &caller, &examined)?;
    let is_whole = outcomes
        .iter()
        .all(|(_, outcome)| matches!(outcome, Outcome::Taken | Outcome::Accepted { .. }));
    if is_whole {
        Ok(number)
    } else {
        // The transaction ends here, and with it the order: nothing is erased for what cannot take its place.
        Err(ApiError::Malformed)
    }
}

/// SHA-256 over the hashes of all changes of a generation that are here, in their order.
fn basis_of(
    connection: &Connection,
    document: DocumentId,
    generation: u32,
) -> Result<[u8; 32], ApiError> {
    let mut basis = Sha256::new();
    let mut statement = connection.prepare_cached(include_str!("sql/erasures/hashes.sql"))?;
    let mut rows = statement.query(named_params! {
        ":document": document.0.as_bytes(),
        ":generation": generation,
    })?;
    while let Some(row) = rows.next()? {
        basis.update(columns::hash(row, 0)?.0);
    }
    Ok(basis.finalize().into())
}

/// A head says that a file must be kept, or need not be any more.
pub(crate) fn set_hold(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &SetHold,
) -> Result<ErasureList, ApiError> {
    if input.words.chars().count() > limits::MOVE_TEXT_CHARS {
        return Err(ApiError::Malformed);
    }
    let now = app.clock.now_ms();
    let documents = documents_of(connection, holder.scope, input.child, &input.with)?;
    refuse_recused(connection, holder, (input.child, &documents), now)?;
    let is_new = input.hold && !is_held(connection, input.child)?;
    let named = documents.iter().map(|(document, _)| *document);
    holds::cover(connection, input.child, named, is_new)?;
    let ordered: Vec<(DocumentId, UnitId)> = if input.hold {
        let here = |(document, _): (DocumentId, u32)| (document, holder.scope);
        documents.into_iter().map(here).collect()
    } else {
        holds::freed(connection, holder.scope, input.child)?
    };
    for (document, scope) in ordered {
        if is_held(connection, document)? == input.hold {
            continue;
        }
        let order = Order::Hold {
            document,
            hold: input.hold,
        };
        Orders::of(app, connection, By::from(holder), now).give(scope, order, "")?;
    }
    if !input.hold {
        holds::uncover(connection, input.child)?;
    }
    note_words(app, connection, holder, input)?;
    list(app, connection, holder)
}

/// The words stand beside what they say. A file whose own hold was lifted while another child's keeps it is not said to be kept
/// itself any more: it goes with that one.
fn note_words(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &SetHold,
) -> Result<(), ApiError> {
    let is_so = is_held(connection, input.child)? == input.hold;
    let words = is_so
        .then(|| {
            let name = hold_sealed_as(input.child);
            let words = input.words.as_bytes();
            app.vault.seal_secret(&name, words, app.entropy.as_ref())
        })
        .transpose()?;
    connection
        .prepare_cached(include_str!("sql/erasures/hold_words.sql"))?
        .execute(named_params! {
            ":document": input.child.0.as_bytes(),
            ":staff": is_so.then(|| holder.staff.0.into_bytes()),
            ":sealed": words,
        })?;
    Ok(())
}

/// Whether a document must be kept.
pub(crate) fn is_held(connection: &Connection, document: DocumentId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(include_str!("sql/erasures/is_held.sql"))?
        .exists(named_params! {":document": document.0.as_bytes()})
}

/// What an order says about keeping a document; an older one never overrules a newer one.
pub(crate) fn heed_hold(
    connection: &Connection,
    scope: UnitId,
    (document, hold): (DocumentId, bool),
    at_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/erasures/hold.sql"))?
        .execute(named_params! {
            ":document": document.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
            ":held": hold,
            ":at_ms": at_ms,
        })?;
    Ok(())
}

/// Whether the last word about keeping a document is this one.
pub(crate) fn says(
    connection: &Connection,
    document: DocumentId,
    hold: bool,
) -> rusqlite::Result<bool> {
    let known = connection
        .prepare_cached(include_str!("sql/erasures/hold_of.sql"))?
        .query_row(named_params! {":document": document.0.as_bytes()}, |row| {
            row.get::<_, bool>(0)
        })
        .optional()?;
    Ok(known == Some(hold))
}

/// A document is gone: nothing about keeping it stays.
pub(crate) fn forget(connection: &Connection, document: DocumentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!("sql/erasures/forget_hold.sql"))?
        .execute(named_params! {":document": document.0.as_bytes()})?;
    holds::forget(connection, document)
}

/// Sealed documents that stayed in a township when what they are about left it: nothing else, and not once that came back.
/// What nobody knows to have left is no matter to erase anything for: it may have been invented.
fn left_of(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    (subject, with): (DocumentId, &[DocumentId]),
) -> Result<Vec<(DocumentId, u32)>, ApiError> {
    if with.len() > limits::ERASURE_DOCUMENTS {
        return Err(ApiError::TooLarge);
    }
    match place(connection, scope, subject) {
        Err(ApiError::NotFound) => {}
        Ok(_) => return Err(ApiError::ErasureChanged),
        Err(error) => return Err(error),
    }
    if !has_left(app, connection, scope, subject)? {
        return Err(ApiError::NotFound);
    }
    let mut documents: Vec<(DocumentId, u32)> = Vec::new();
    for document in with {
        let known = documents.iter().any(|(known, _)| known == document);
        match place(connection, scope, *document) {
            Ok(at) if at.kind != DocKind::Restricted => return Err(ApiError::NotAllowed),
            Ok(at) if !known => documents.push((*document, at.generation)),
            Ok(_) | Err(ApiError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if documents.is_empty() {
        return Err(ApiError::NotFound);
    }
    Ok(documents)
}

/// Whether something that is not here went to another township or was erased.
fn has_left(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    subject: DocumentId,
) -> rusqlite::Result<bool> {
    let went = connection
        .prepare_cached(include_str!("sql/erasures/left.sql"))?
        .exists(named_params! {
            ":subject": subject.0.as_bytes(),
            ":scope": scope.0.as_bytes(),
        })?;
    // Generation 0 is in every erasure.
    Ok(went || orders::is_erased(connection, &app.vault, subject, 0)?)
}

/// The documents of a request that are here, with their generations: the child's own must be.
fn documents_of(
    connection: &Connection,
    scope: UnitId,
    child: DocumentId,
    with: &[DocumentId],
) -> Result<Vec<(DocumentId, u32)>, ApiError> {
    if with.len() >= limits::ERASURE_DOCUMENTS {
        return Err(ApiError::TooLarge);
    }
    let mut documents = vec![(child, place(connection, scope, child)?)];
    for document in with {
        let is_new = documents.iter().all(|(known, _)| known != document);
        match place(connection, scope, *document) {
            Ok(found) if is_new => documents.push((*document, found)),
            Ok(_) | Err(ApiError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    if documents[0].1.kind != DocKind::Child {
        return Err(ApiError::Malformed);
    }
    let allowed = [
        DocKind::Child,
        DocKind::Household,
        DocKind::Problem,
        DocKind::Restricted,
    ];
    if documents.iter().any(|(_, at)| !allowed.contains(&at.kind)) {
        return Err(ApiError::NotAllowed);
    }
    Ok(documents
        .into_iter()
        .map(|(document, at)| (document, at.generation))
        .collect())
}

struct Place {
    generation: u32,
    kind: DocKind,
}

fn place(connection: &Connection, scope: UnitId, document: DocumentId) -> Result<Place, ApiError> {
    connection
        .prepare_cached(include_str!("sql/erasures/place.sql"))?
        .query_row(
            named_params! {
                ":document": document.0.as_bytes(),
                ":scope": scope.0.as_bytes(),
            },
            |row| {
                Ok(Place {
                    generation: row.get(0)?,
                    kind: columns::kind(row, 1)?,
                })
            },
        )
        .optional()?
        .ok_or(ApiError::NotFound)
}

/// Whoever is not to act for the family neither asks nor decides (docs/adr/0034).
fn refuse_recused(
    connection: &Connection,
    holder: &Holder,
    (child, documents): (DocumentId, &[(DocumentId, u32)]),
    now_ms: i64,
) -> Result<(), ApiError> {
    let documents = documents.iter().map(|(document, _)| *document);
    recusals::refuse(connection, holder, documents.chain([child]), now_ms)
}

/// What must be kept is kept with every document about it, also those of later: a request names the children its documents
/// are about, since what a document says is not read here.
fn refuse_held(
    connection: &Connection,
    asked: &RequestErasure,
    documents: &[(DocumentId, u32)],
) -> Result<(), ApiError> {
    let documents = documents.iter().map(|(document, _)| *document);
    for document in documents.chain([asked.child]).chain(asked.about.clone()) {
        if is_held(connection, document)? {
            return Err(ApiError::OnHold);
        }
    }
    Ok(())
}

fn holds(app: &App, connection: &Connection, scope: UnitId) -> Result<Vec<HoldRecord>, ApiError> {
    let rows = connection
        .prepare_cached(include_str!("sql/erasures/holds_of_scope.sql"))?
        .query_map(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok((
                DocumentId(columns::uuid(row, 0)?),
                row.get::<_, Option<Vec<u8>>>(1)?,
                columns::optional_uuid(row, 2)?.map(StaffId),
                row.get(3)?,
            ))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|(child, sealed, staff, at_ms)| {
            let words = match sealed {
                Some(sealed) => app.vault.open_secret(&hold_sealed_as(child), &sealed)?,
                None => Vec::new(),
            };
            Ok(HoldRecord {
                child,
                words: String::from_utf8(words).map_err(|_| ApiError::Internal)?,
                staff,
                at_ms,
            })
        })
        .collect()
}

fn note(
    connection: &Connection,
    holder: &Holder,
    act: Act,
    object: Object,
    now_ms: i64,
) -> rusqlite::Result<()> {
    audit::append(
        connection,
        &Deed::of(By::from(holder), holder.scope, act, object, now_ms),
    )
}

struct Found {
    id: Uuid,
    staff: StaffId,
    basis: String,
    documents: u32,
    sealed: Option<Vec<u8>>,
    state: ErasureState,
    at_ms: i64,
    expires_ms: i64,
    decided_by: Option<StaffId>,
    decided_ms: Option<i64>,
    last_order: Option<i64>,
}

impl Found {
    fn state_at(&self, now_ms: i64) -> ErasureState {
        match self.state {
            ErasureState::Asked if self.expires_ms <= now_ms => ErasureState::Expired,
            state => state,
        }
    }

    fn asked(&self, app: &App) -> Result<Option<RequestErasure>, ApiError> {
        self.sealed
            .as_ref()
            .map(|sealed| {
                let name = sealed_as(self.id);
                Ok(wire::unpack(&app.vault.open_secret(&name, sealed)?)?)
            })
            .transpose()
    }

    fn open(
        self,
        app: &App,
        connection: &Connection,
        scope: UnitId,
    ) -> Result<ErasureRecord, ApiError> {
        let asked = self.asked(app)?;
        let devices = match (self.last_order, self.decided_ms) {
            (Some(last), Some(decided_ms)) => {
                receipts(connection, scope, (last, self.documents), decided_ms)?
            }
            _ => Vec::new(),
        };
        let missing = devices.iter().copied().filter(|(_, lacks)| *lacks > 0);
        let (words, child, with, part) = match asked {
            Some(asked) => (asked.words, Some(asked.child), asked.with, asked.part),
            None => (String::new(), None, Vec::new(), None),
        };
        Ok(ErasureRecord {
            state: self.state_at(app.clock.now_ms()),
            id: self.id,
            child,
            with,
            part,
            documents: self.documents,
            basis: self.basis,
            words,
            staff: self.staff,
            at_ms: self.at_ms,
            expires_ms: self.expires_ms,
            decided_by: self.decided_by,
            decided_ms: self.decided_ms,
            receipts: devices.iter().filter(|(_, lacks)| *lacks == 0).count() as u32,
            missing: missing.clone().map(|(device, _)| device).collect(),
            lacks: missing.map(|(_, lacks)| lacks).collect(),
        })
    }
}

/// The devices that could hold any of it, and of how many documents each has not said under its signature that they are gone
/// there. A wiped one holds nothing. The orders of a decision end with the last one, and are as many as its documents at most.
fn receipts(
    connection: &Connection,
    scope: UnitId,
    (last, documents): (i64, u32),
    decided_ms: i64,
) -> rusqlite::Result<Vec<(DeviceId, u32)>> {
    connection
        .prepare_cached(include_str!("sql/erasures/receipts.sql"))?
        .query_map(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":number": last,
                ":documents": documents,
                ":decided_ms": decided_ms,
            },
            |row| Ok((DeviceId(columns::uuid(row, 0)?), row.get(1)?)),
        )?
        .collect()
}

fn find(connection: &Connection, scope: UnitId, id: Uuid) -> rusqlite::Result<Option<Found>> {
    connection
        .prepare_cached(include_str!("sql/erasures/get.sql"))?
        .query_row(
            named_params! {":id": id.as_bytes(), ":scope": scope.0.as_bytes()},
            read_row,
        )
        .optional()
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        id: columns::uuid(row, 0)?,
        staff: StaffId(columns::uuid(row, 1)?),
        basis: row.get(2)?,
        documents: row.get(3)?,
        sealed: row.get(4)?,
        state: ErasureState::parse(&row.get::<_, String>(5)?).ok_or_else(|| columns::unknown(5))?,
        at_ms: row.get(6)?,
        expires_ms: row.get(7)?,
        decided_by: columns::optional_uuid(row, 8)?.map(StaffId),
        decided_ms: row.get(9)?,
        last_order: row.get(10)?,
    })
}
