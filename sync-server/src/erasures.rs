//! Erasing a file: one person asks, a head decides on another device, and the orders follow in the same transaction. A file
//! that must be kept is not erased by anybody (ADR 0029).

use crate::audit::{self, Act, By, Deed, Object};
use crate::columns;
use crate::error::ApiError;
use crate::orders::Orders;
use crate::recusals;
use crate::state::App;
use ids::{DeviceId, DocKind, DocumentId, StaffId, UnitId};
use protocol::access::Holder;
use protocol::{
    DecideErasure, ErasureList, ErasureRecord, ErasureState, HoldRecord, Order, RequestErasure,
    SetHold, limits, wire,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use uuid::Uuid;

const SEALED_AS: &str = "erasure";
const HOLD_SEALED_AS: &str = "hold";

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
    let documents = documents_of(connection, holder.scope, input.child, &input.with)?;
    let now = app.clock.now_ms();
    refuse_recused(connection, holder, &documents, now)?;
    refuse_held(connection, &documents)?;
    let sealed = app
        .vault
        .seal_secret(SEALED_AS, &wire::pack(input)?, app.entropy.as_ref())?;
    connection
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
    note(
        connection,
        holder,
        Act::ErasureAsked,
        Object::Id(input.id),
        now,
    )?;
    list(app, connection, holder)
}

/// A head decides about what another person asked. Saying it twice changes nothing.
pub(crate) fn decide(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &DecideErasure,
) -> Result<ErasureList, ApiError> {
    let now = app.clock.now_ms();
    let found = find(connection, holder.scope, input.id)?.ok_or(ApiError::NotFound)?;
    if found.staff == holder.staff {
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
    let documents = documents_of(connection, holder.scope, asked.child, &asked.with)?;
    refuse_recused(connection, holder, &documents, now)?;
    if input.approve {
        refuse_held(connection, &documents)?;
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
    refuse_recused(connection, holder, &documents, now)?;
    for (document, _) in documents {
        if is_held(connection, document)? == input.hold {
            continue;
        }
        let order = Order::Hold {
            document,
            hold: input.hold,
        };
        Orders::of(app, connection, By::from(holder), now).give(holder.scope, order, "")?;
    }
    let words =
        app.vault
            .seal_secret(HOLD_SEALED_AS, input.words.as_bytes(), app.entropy.as_ref())?;
    connection
        .prepare_cached(include_str!("sql/erasures/hold_words.sql"))?
        .execute(named_params! {
            ":document": input.child.0.as_bytes(),
            ":staff": holder.staff.0.as_bytes(),
            ":sealed": words,
        })?;
    list(app, connection, holder)
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
    Ok(())
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
    documents: &[(DocumentId, u32)],
    now_ms: i64,
) -> Result<(), ApiError> {
    let documents = documents.iter().map(|(document, _)| *document);
    recusals::refuse(connection, holder, documents, now_ms)
}

fn refuse_held(connection: &Connection, documents: &[(DocumentId, u32)]) -> Result<(), ApiError> {
    for (document, _) in documents {
        if is_held(connection, *document)? {
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
                Some(sealed) => app.vault.open_secret(HOLD_SEALED_AS, &sealed)?,
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
            .map(|sealed| Ok(wire::unpack(&app.vault.open_secret(SEALED_AS, sealed)?)?))
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
            (Some(number), Some(decided_ms)) => receipts(connection, scope, number, decided_ms)?,
            _ => Vec::new(),
        };
        let (words, child, with) = match asked {
            Some(asked) => (asked.words, Some(asked.child), asked.with),
            None => (String::new(), None, Vec::new()),
        };
        Ok(ErasureRecord {
            state: self.state_at(app.clock.now_ms()),
            id: self.id,
            child,
            with,
            documents: self.documents,
            basis: self.basis,
            words,
            staff: self.staff,
            at_ms: self.at_ms,
            expires_ms: self.expires_ms,
            decided_by: self.decided_by,
            decided_ms: self.decided_ms,
            receipts: devices.iter().filter(|(_, said)| *said).count() as u32,
            missing: devices
                .iter()
                .filter(|(_, said)| !said)
                .map(|(device, _)| *device)
                .collect(),
        })
    }
}

/// The devices that could hold it, and which have said under their signature that it is gone there. A wiped one holds
/// nothing.
fn receipts(
    connection: &Connection,
    scope: UnitId,
    number: i64,
    decided_ms: i64,
) -> rusqlite::Result<Vec<(DeviceId, bool)>> {
    connection
        .prepare_cached(include_str!("sql/erasures/receipts.sql"))?
        .query_map(
            named_params! {
                ":scope": scope.0.as_bytes(),
                ":number": number,
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
