//! Whole documents for a new tablet, page by page; any page may be asked for again.

use crate::columns;
use crate::compaction::Segments;
use crate::epochs;
use crate::error::ApiError;
use crate::log;
use crate::orders;
use crate::organisation;
use crate::settings;
use crate::state::App;
use crate::sync::answer_bytes;
use crate::vault::Vault;
use ed25519_dalek::SigningKey;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, Generation, UnitId};
use protocol::access::Holder;
use protocol::envelope::{self, SignedHead};
use protocol::session::proof;
use protocol::{
    Cursor, DocumentHeader, DocumentSnapshot, EnvelopeIndex, PROTOCOL_VERSION, ReadDocument,
    SnapshotPage, SnapshotRequest, WholeDocument,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Where a page begins: the log's number when the first page was asked for, the last document given, how many were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    epoch: u64,
    seq: u64,
    rank: i64,
    document: Uuid,
    done: u32,
}

impl Token {
    fn text(self) -> String {
        format!(
            "{}.{}.{}.{}.{}",
            self.epoch,
            self.seq,
            self.rank,
            self.document.simple(),
            self.done
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let token = Token {
            epoch: parts.next()?.parse().ok()?,
            seq: parts.next()?.parse().ok()?,
            rank: parts.next()?.parse().ok()?,
            document: Uuid::parse_str(parts.next()?).ok()?,
            done: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(token)
    }
}

struct DocumentRow {
    header: DocumentHeader,
    generation: Generation,
    home_unit: UnitId,
    rank: i64,
    bytes: u64,
    /// The second village that knows of it now.
    guest: Option<UnitId>,
}

impl DocumentRow {
    fn is_read_by(&self, holder: &Holder) -> bool {
        let header = &self.header;
        let whose = (header.creator, self.guest);
        log::may_read(holder, header.kind, self.home_unit, whose)
    }
}

fn read_document(row: &Row<'_>) -> rusqlite::Result<DocumentRow> {
    Ok(DocumentRow {
        header: DocumentHeader {
            document: DocumentId(columns::uuid(row, 0)?),
            generation: row.get(8)?,
            kind: columns::kind(row, 1)?,
            schema: row.get(6)?,
            home_unit: UnitId(columns::uuid(row, 7)?),
            creator: DeviceId(columns::uuid(row, 3)?),
        },
        generation: row.get(5)?,
        home_unit: UnitId(columns::uuid(row, 2)?),
        rank: row.get(4)?,
        bytes: columns::number(row, 9)?,
        guest: columns::optional_uuid(row, 10)?.map(UnitId),
    })
}

/// Answers a page.
pub(crate) fn answer(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    request: &SnapshotRequest,
) -> Result<SnapshotPage, ApiError> {
    if request.protocol > PROTOCOL_VERSION {
        return Err(ApiError::TooNew);
    }
    let token = match &request.page {
        None => None,
        Some(text) => Some(Token::parse(text).ok_or(ApiError::Malformed)?),
    };
    let want = u64::from(answer_bytes(request.want_bytes));
    page(app, connection, holder, token, want, app.clock.now_ms())
}

fn page(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    token: Option<Token>,
    want: u64,
    now_ms: i64,
) -> Result<SnapshotPage, ApiError> {
    if epochs::holds(connection, holder.scope)? {
        return Err(ApiError::Gathering);
    }
    let epoch = settings::epoch(connection)?;
    let last_seq = log::last_seq(connection, holder.scope)?;
    // A page of a lost memory leads nowhere: what came back since may stand before it.
    let token = token.filter(|token| token.epoch == epoch);
    let mut at = token.unwrap_or(Token {
        epoch,
        seq: last_seq,
        rank: -1,
        document: Uuid::nil(),
        done: 0,
    });
    if at.seq > last_seq {
        return Err(ApiError::Malformed);
    }
    let (members, orders, policies) = if token.is_none() {
        (
            organisation::members(connection, holder)?,
            orders::all(connection, &app.vault, holder.scope)?,
            crate::policies::all(connection)?,
        )
    } else {
        (Vec::new(), Vec::new(), Vec::new())
    };
    let member_statements = members
        .iter()
        .map(|record| proof::make_statement(&app.signing_key, record))
        .collect::<Result<_, _>>()?;
    let mut documents = Vec::new();
    let mut size = 0;
    let mut more = false;
    let mut statement =
        connection.prepare_cached(include_str!("sql/snapshot/documents_after.sql"))?;
    let mut rows = statement.query_and_then(
        named_params! {
            ":scope": holder.scope.0.as_bytes(),
            ":rank": at.rank,
            ":id": at.document.as_bytes(),
            ":most": -1,
            ":now_ms": now_ms,
        },
        read_document,
    )?;
    for row in &mut rows {
        let row = row?;
        if !row.is_read_by(holder) {
            continue;
        }
        if !documents.is_empty() && size + row.bytes > want {
            more = true;
            break;
        }
        size += row.bytes;
        at = Token {
            rank: row.rank,
            document: row.header.document.0,
            done: at.done.saturating_add(1),
            ..at
        };
        let mut snapshot = read_snapshot(&app.vault, connection, holder, row)?;
        sign_authors(&app.signing_key, &mut snapshot)?;
        documents.push(snapshot);
    }
    Ok(SnapshotPage {
        cursor: Cursor {
            scope: holder.scope,
            epoch,
            seq: at.seq,
        },
        members,
        member_statements,
        orders,
        policies,
        documents,
        next: more.then(|| at.text()),
        total_documents: count(connection, holder, now_ms)?.max(at.done),
        done_documents: at.done,
        server_time_ms: now_ms,
    })
}

fn count(connection: &Connection, holder: &Holder, now_ms: i64) -> Result<u32, ApiError> {
    let mut statement = connection.prepare_cached(include_str!("sql/snapshot/count.sql"))?;
    let groups = statement
        .query_map(
            named_params! {":scope": holder.scope.0.as_bytes(), ":now_ms": now_ms},
            |row| {
                let kind: DocKind = columns::kind(row, 0)?;
                let home = UnitId(columns::uuid(row, 1)?);
                let creator = DeviceId(columns::uuid(row, 2)?);
                let guest = columns::optional_uuid(row, 3)?.map(UnitId);
                let is_read = log::may_read(holder, kind, home, (creator, guest));
                Ok((is_read, row.get::<_, u32>(4)?))
            },
        )?
        .collect::<Result<Vec<(bool, u32)>, _>>()?;
    Ok(groups
        .into_iter()
        .filter(|(is_read, _)| *is_read)
        .map(|(_, count)| count)
        .sum())
}

/// One document, whole, if the caller may read it where it is now.
pub(crate) fn of_document(
    connection: &Connection,
    vault: &Vault,
    holder: &Holder,
    document: DocumentId,
    now_ms: i64,
) -> Result<Option<DocumentSnapshot>, ApiError> {
    let row = connection
        .prepare_cached(include_str!("sql/snapshot/document.sql"))?
        .query_row(
            named_params! {
                ":id": document.0.as_bytes(),
                ":scope": holder.scope.0.as_bytes(),
                ":now_ms": now_ms,
            },
            read_document,
        )
        .optional()?;
    row.filter(|row| row.is_read_by(holder))
        .map(|row| read_snapshot(vault, connection, holder, row))
        .transpose()
}

/// One document whole, as it is asked for by itself.
pub(crate) fn whole(
    app: &App,
    connection: &Connection,
    holder: &Holder,
    input: &ReadDocument,
) -> Result<WholeDocument, ApiError> {
    let mut document = of_document(
        connection,
        &app.vault,
        holder,
        input.document,
        app.clock.now_ms(),
    )?;
    if let Some(document) = &mut document {
        sign_authors(&app.signing_key, document)?;
    }
    Ok(WholeDocument { document })
}

/// Puts the server's signature under what is said of foreign authors.
pub(crate) fn sign_authors(
    signing_key: &SigningKey,
    snapshot: &mut DocumentSnapshot,
) -> Result<(), ApiError> {
    snapshot.author_statements = snapshot
        .authors
        .iter()
        .map(|record| proof::make_statement(signing_key, record))
        .collect::<Result<_, _>>()?;
    Ok(())
}

fn read_snapshot(
    vault: &Vault,
    connection: &Connection,
    holder: &Holder,
    row: DocumentRow,
) -> Result<DocumentSnapshot, ApiError> {
    let document = row.header.document;
    let key = log::document_key(connection, vault, document, row.generation)?;
    let mut segments = Segments::default();
    let mut statement = connection.prepare_cached(include_str!("sql/snapshot/changes.sql"))?;
    let rows = statement.query_map(
        named_params! {
            ":document": document.0.as_bytes(),
            ":generation": row.generation,
            ":scope": holder.scope.0.as_bytes(),
        },
        |row| {
            Ok((
                columns::hash(row, 0)?,
                row.get::<_, Vec<u8>>(1)?,
                columns::number(row, 2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, Option<i64>>(4)?,
            ))
        },
    )?;
    let mut changes = Vec::new();
    let mut envelopes = Vec::new();
    let mut writers = BTreeSet::new();
    for change in rows {
        let (hash, body, seq, at_ms, segment): (ChangeHash, _, _, _, _) = change?;
        let envelope = match segment {
            Some(segment) => segments.envelope(connection, vault, segment, &hash)?,
            None => log::open_envelope(&key, &hash.0, &body)?,
        };
        let head = envelope::open(&envelope)?;
        writers.insert(head.device);
        envelopes.push(EnvelopeIndex {
            seq,
            at_ms,
            length: u32::try_from(envelope.change.len()).map_err(|_| ApiError::Internal)?,
            signed: SignedHead {
                head: envelope.head,
                signature: envelope.signature,
            },
        });
        changes.extend_from_slice(&envelope.change);
    }
    Ok(DocumentSnapshot {
        document,
        generation: row.generation,
        kind: row.header.kind,
        home_unit: row.home_unit,
        header: row.header,
        changes,
        envelopes,
        authors: organisation::strangers(connection, holder, &writers)?,
        author_statements: Vec::new(),
    })
}
