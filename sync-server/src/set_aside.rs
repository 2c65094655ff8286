//! What the admission worker could not take: kept sealed, told to whoever made it and to the station, and looked at again
//! by the next version of the server.

use crate::columns::{self, stored};
use crate::error::ApiError;
use crate::judge::Verdict;
use crate::log;
use crate::publish::{self, Case, Waiting};
use crate::refusals::{self, Refusal};
use crate::settings::{self, name};
use crate::state::App;
use crate::sync;
use ids::DocumentId;
use protocol::session::server;
use protocol::{RefusalCode, envelope};
use rusqlite::{Connection, named_params};

/// The version that judges.
const JUDGE: &str = env!("CARGO_PKG_VERSION");

/// Kept, sealed, with the verdict; whoever made it is told, and the station sees it.
pub(crate) fn keep(
    app: &App,
    connection: &Connection,
    case: &Case,
    row: &Waiting,
    verdict: Verdict,
    now_ms: i64,
) -> Result<(), ApiError> {
    publish::take_out(
        connection,
        case,
        row,
        "refused",
        Some(RefusalCode::Quarantined),
    )?;
    let head = envelope::open(&row.envelope)?;
    let key = log::document_key(connection, &app.vault, case.document, case.generation)?;
    let body = log::seal_envelope(&key, &row.head_hash, &row.envelope, app.entropy.as_ref())?;
    connection
        .prepare_cached(include_str!("sql/set_aside/keep.sql"))?
        .execute(named_params! {
            ":head_hash": row.head_hash,
            ":document": case.document.0.as_bytes(),
            ":generation": case.generation,
            ":hash": row.hash.0,
            ":device": head.device.0.as_bytes(),
            ":verdict": verdict.as_str(),
            ":at_ms": now_ms,
            ":bytes": stored(row.envelope.raw_bytes() as u64),
            ":body": body,
        })?;
    let refusal = Refusal {
        head_hash: &row.head_hash,
        device: head.device,
        kind: Some(log::kind_of(connection, case.document)?),
        code: RefusalCode::Quarantined,
    };
    Ok(refusals::remember(connection, &refusal, now_ms)?)
}

/// Puts what another version set aside back among what waits, once per version.
pub(crate) fn look_again(app: &App, connection: &Connection) -> Result<(), ApiError> {
    if settings::read_text(connection, name::JUDGED_BY)?.as_deref() == Some(JUDGE) {
        return Ok(());
    }
    settings::write(connection, name::JUDGED_BY, JUDGE.as_bytes())?;
    let documents = connection
        .prepare(include_str!("sql/set_aside/documents.sql"))?
        .query_map([], |row| Ok(DocumentId(columns::uuid(row, 0)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        return Ok(());
    }
    tracing::info!(
        documents = documents.len(),
        "what was set aside is looked at again"
    );
    for statement in [
        include_str!("sql/set_aside/as_held.sql"),
        include_str!("sql/set_aside/heads_as_held.sql"),
        include_str!("sql/set_aside/clear.sql"),
    ] {
        connection.execute(statement, [])?;
    }
    let mut memory = sync::memory(app, connection, app.clock.now_ms(), None);
    for document in documents {
        server::release_held(&mut memory, document)?;
    }
    Ok(())
}
