//! What a server that was set back takes from the devices: first their inventory, then what it lacks of it.

use crate::audit::By;
use crate::columns;
use crate::epochs;
use crate::error::ApiError;
use crate::log;
use crate::orders::{self, Orders};
use crate::readmission;
use crate::state::App;
use crate::steps::Step;
use crate::sync;
use ids::{Role, UnitId};
use protocol::access::Holder;
use protocol::session::refill;
use protocol::{
    InventoryLine, InventoryRequest, InventoryResponse, Outcome, PROTOCOL_VERSION, RefillRequest,
    RefillResponse, Standing, envelope, genesis, limits,
};
use rusqlite::{Connection, OptionalExtension, named_params};

/// Says what is here of what a device holds; with the last message, notes that it has given all it has.
pub(crate) fn inventory(holder: Holder, request: InventoryRequest) -> Step {
    Step::read(move |app, connection| {
        let answer = read_inventory(app, connection, holder.scope, &request)?;
        if !request.done {
            return Step::answer(&answer);
        }
        Ok(Step::write(move |app, connection| {
            note_done(app, connection, &holder)?;
            Step::answer(&answer)
        }))
    })
}

fn read_inventory(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    request: &InventoryRequest,
) -> Result<InventoryResponse, ApiError> {
    if request.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    let hashes: usize = request.documents.iter().map(|line| line.hashes.len()).sum();
    if request.documents.len() > limits::INVENTORY_LINES || hashes > limits::INVENTORY_HASHES {
        return Err(ApiError::TooLarge);
    }
    let standings = request
        .documents
        .iter()
        .map(|line| standing(app, connection, scope, line))
        .collect::<Result<_, ApiError>>()?;
    Ok(InventoryResponse { standings })
}

fn standing(
    app: &App,
    connection: &Connection,
    scope: UnitId,
    line: &InventoryLine,
) -> Result<Standing, ApiError> {
    if orders::is_erased(connection, &app.vault, line.document, line.generation)? {
        return Ok(Standing::Erased);
    }
    let document = connection
        .prepare_cached(include_str!("sql/refill/document_standing.sql"))?
        .query_row(
            named_params! {":document": line.document.0.as_bytes()},
            |row| Ok((columns::kind(row, 0)?, row.get::<_, u32>(1)?)),
        )
        .optional()?;
    let Some((kind, schema)) = document else {
        return Ok(Standing::Lacks {
            missing: line.hashes.clone(),
        });
    };
    let constants = genesis::constants_in(app.constants, kind, schema).unwrap_or_default();
    let mut find = connection.prepare_cached(include_str!("sql/admission/change.sql"))?;
    let mut missing = Vec::new();
    for hash in &line.hashes {
        let is_constant = constants.iter().any(|constant| constant.hash == *hash);
        let is_here = is_constant
            || find.exists(named_params! {
                ":document": line.document.0.as_bytes(),
                ":generation": line.generation,
                ":hash": hash.0,
            })?;
        if !is_here {
            missing.push(*hash);
        }
    }
    Ok(if missing.is_empty() {
        // All of it lies at or below where the asker's log ends; a document that moved has numbers of other logs.
        let seq = log::last_seq(connection, scope)?;
        Standing::Complete { seq }
    } else {
        Standing::Lacks { missing }
    })
}

/// Notes that a device has given all it has, and ends the hold when nothing is waited for any more.
fn note_done(app: &App, connection: &Connection, holder: &Holder) -> Result<(), ApiError> {
    let now_ms = app.clock.now_ms();
    // What lies in the district's scope is all with any of its officers.
    if holder.role.is_at_station() || holder.role == Role::Officer {
        epochs::note_station(connection, holder.scope, now_ms)?;
    }
    Ok(epochs::settle(connection, holder.scope, now_ms)?)
}

/// Takes back members, orders and changes, in that order: a change is judged with its author known.
pub(crate) fn take(holder: Holder, request: RefillRequest) -> Step {
    Step::write(move |app, connection| {
        let mut answer = take_in(app, connection, &holder, &request)?;
        let Some(row) = sync::awaited(connection, &answer.outcomes)? else {
            return Step::answer(&answer);
        };
        let told = Step::read(move |app, connection| {
            let now_ms = app.clock.now_ms();
            let outcomes = &mut answer.outcomes;
            sync::say_again(app, connection, now_ms, outcomes, request.envelopes.iter())?;
            Step::answer(&answer)
        });
        Ok(Step::Published(row, Box::new(told)))
    })
}

fn take_in(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    request: &RefillRequest,
) -> Result<RefillResponse, ApiError> {
    if request.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    let too_many = request.envelopes.len() > limits::PART_ENVELOPES
        || request.members.len() > limits::REFILL_STATEMENTS
        || request.orders.len() > limits::REFILL_STATEMENTS;
    if too_many {
        return Err(ApiError::TooLarge);
    }
    let now_ms = app.clock.now_ms();
    let scope = holder.scope;
    if epochs::rebuilt(connection)?.is_none() {
        // A server that lost nothing takes changes from their authors alone.
        return Err(ApiError::NotAllowed);
    }
    let key = app.signing_key.verifying_key();
    for statement in &request.members {
        let sources = (app.entropy.as_ref(), now_ms);
        readmission::restore_member(connection, &key, sources, statement)?;
    }
    let orders = Orders::of(app, connection, By::from(holder), now_ms);
    for statement in &request.orders {
        orders.take_back(scope, statement)?;
    }
    let mut memory = sync::memory(app, connection, now_ms, None);
    let mut outcomes = Vec::with_capacity(request.envelopes.len());
    for one in &request.envelopes {
        let (hash, outcome) = refill::admit(&mut memory, holder, one)?;
        if matches!(outcome, Outcome::Accepted { .. } | Outcome::Taken)
            && let Ok(head) = envelope::open(one)
        {
            epochs::count_return(connection, scope, holder.device, head.device)?;
        }
        outcomes.push((hash, outcome));
    }
    // A place that became known here may be what another scope waits for.
    for scope in epochs::scopes(connection)? {
        epochs::settle(connection, scope, now_ms)?;
    }
    Ok(RefillResponse {
        outcomes,
        recovery: epochs::recovery(connection, scope, now_ms)?,
    })
}
