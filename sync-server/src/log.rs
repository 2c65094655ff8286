//! The one numbered log of a scope: how an entry gets its number, and who sees it.

use crate::columns::{self, stored};
use crate::compaction::Segments;
use crate::covers;
use crate::error::ApiError;
use crate::guests;
use crate::moves;
use crate::orders;
use crate::organisation::Device;
use crate::reviews;
use crate::snapshot;
use crate::vault::{self, Vault};
use ed25519_dalek::SigningKey;
use ids::{ChangeHash, DeviceId, DocumentId, Generation, StaffId, UnitId};
use protocol::access::{self, Action, Context, Holder, Resource, Subject};
use protocol::session::proof;
use protocol::{Entry, EntryBody, Envelope, LastApplied, MemberRecord, ReviewState, limits, wire};
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Rows looked at for one answer, visible or not.
const SCANNED: u32 = 50_000;

/// What an appended entry is.
pub(crate) enum Append<'a> {
    Change(i64),
    Member(&'a MemberRecord),
    /// Somebody of elsewhere who wrote in a document that lives here now: everybody here sees them.
    Author(&'a MemberRecord),
    Policy(&'a (String, String)),
    /// The order with this number.
    Order(u64),
    Move(&'a MoveEntry),
    Cover(&'a CoverEntry),
    Guest(&'a GuestEntry),
    Late(&'a LateEntry),
}

/// A document came to this scope, left it, or went from one of its units to another.
#[derive(Serialize, Deserialize)]
pub(crate) struct MoveEntry {
    pub document: DocumentId,
    pub kind: ids::DocKind,
    pub creator: DeviceId,
    /// The unit of this scope it left.
    pub from: Option<UnitId>,
    /// The unit of this scope it came to.
    pub to: Option<UnitId>,
    /// Where it went, for whoever loses sight of it.
    pub to_name: String,
}

/// A document of a village somebody stands in for: it comes into her sight or goes out of it, and nobody else's.
#[derive(Serialize, Deserialize)]
pub(crate) struct CoverEntry {
    pub document: DocumentId,
    pub kind: ids::DocKind,
    pub creator: DeviceId,
    pub unit: UnitId,
    pub delegate: StaffId,
    pub shown: bool,
    /// The village's name, for whoever loses sight of it.
    pub name: String,
}

/// A child's file a second village knows of: it comes into that village's sight or goes out of it, and nobody else's.
#[derive(Serialize, Deserialize)]
pub(crate) struct GuestEntry {
    pub document: DocumentId,
    pub unit: UnitId,
    pub shown: bool,
    /// The name of the village it lives in, for whoever loses sight of it.
    pub name: String,
}

/// A change in the review tray.
#[derive(Serialize, Deserialize)]
pub(crate) struct LateEntry {
    pub document: DocumentId,
    pub hash: ChangeHash,
    /// Who made it.
    pub device: DeviceId,
    pub state: ReviewState,
    /// Why it was set aside, sealed; empty when nobody said.
    #[serde(with = "serde_bytes")]
    pub reason: Vec<u8>,
}

/// Takes the scope's next number. The row is locked by the one writer until the commit, so numbers become visible in order.
pub(crate) fn take_seq(connection: &Connection, scope: UnitId) -> rusqlite::Result<u64> {
    take_seqs(connection, scope, 1)
}

/// Takes so many numbers of a scope, one after the other, and returns the first.
pub(crate) fn take_seqs(
    connection: &Connection,
    scope: UnitId,
    how_many: u64,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("sql/log/take_seq.sql"))?
        .query_row(
            named_params! {":scope": scope.0.as_bytes(), ":how_many": columns::stored(how_many)},
            |row| Ok(columns::number(row, 0)? + 1 - how_many),
        )
}

pub(crate) fn last_seq(connection: &Connection, scope: UnitId) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(include_str!("sql/log/last_seq.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            columns::number(row, 0)
        })
}

/// Puts an entry under its number.
pub(crate) fn insert(
    connection: &Connection,
    scope: UnitId,
    seq: u64,
    at_ms: i64,
    entry: &Append<'_>,
) -> Result<(), ApiError> {
    let (kind, change, record) = match entry {
        Append::Change(change) => ("change", Some(*change), None),
        Append::Member(record) => ("member", None, Some(wire::pack(record)?)),
        Append::Author(record) => ("author", None, Some(wire::pack(record)?)),
        Append::Policy(policy) => ("policy", None, Some(wire::pack(policy)?)),
        Append::Order(number) => ("order", None, Some(wire::pack(number)?)),
        Append::Move(entry) => ("move", None, Some(wire::pack(entry)?)),
        Append::Cover(entry) => ("cover", None, Some(wire::pack(entry)?)),
        Append::Guest(entry) => ("guest", None, Some(wire::pack(entry)?)),
        Append::Late(entry) => ("late", None, Some(wire::pack(entry)?)),
    };
    connection
        .prepare_cached(include_str!("sql/log/insert.sql"))?
        .execute(named_params! {
            ":scope": scope.0.as_bytes(),
            ":seq": stored(seq),
            ":at_ms": at_ms,
            ":kind": kind,
            ":change_id": change,
            ":record": record,
        })?;
    Ok(())
}

/// Takes a number and puts the entry under it.
pub(crate) fn append(
    connection: &Connection,
    scope: UnitId,
    at_ms: i64,
    entry: &Append<'_>,
) -> Result<u64, ApiError> {
    let seq = take_seq(connection, scope)?;
    insert(connection, scope, seq, at_ms, entry)?;
    Ok(seq)
}

/// Whoever sees a scope's documents learns of somebody of elsewhere who wrote in one of them, and with which key.
pub(crate) fn append_author(
    connection: &Connection,
    scope: UnitId,
    at_ms: i64,
    device: &Device,
) -> Result<(), ApiError> {
    for record in [device.holder_record(), device.record()] {
        append(connection, scope, at_ms, &Append::Author(&record))?;
    }
    Ok(())
}

/// What stands under a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryAt {
    Change(ChangeHash),
    /// A change that was erased: the number stays, what it was does not.
    Erased,
    /// Something else, or nothing.
    Other,
}

pub(crate) fn entry_at(
    connection: &Connection,
    scope: UnitId,
    seq: u64,
) -> rusqlite::Result<EntryAt> {
    let found = connection
        .prepare_cached(include_str!("sql/log/entry_at.sql"))?
        .query_row(
            named_params! {":scope": scope.0.as_bytes(), ":seq": stored(seq)},
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, Option<[u8; 32]>>(1)?.map(ChangeHash),
                ))
            },
        )
        .optional()?;
    Ok(match found {
        Some((_, Some(hash))) => EntryAt::Change(hash),
        Some((kind, None)) if kind == "erased" => EntryAt::Erased,
        _ => EntryAt::Other,
    })
}

/// The last change in the log.
pub(crate) fn last_change(
    connection: &Connection,
    scope: UnitId,
) -> rusqlite::Result<Option<LastApplied>> {
    connection
        .prepare_cached(include_str!("sql/log/last_change.sql"))?
        .query_row(named_params! {":scope": scope.0.as_bytes()}, |row| {
            Ok(LastApplied {
                seq: columns::number(row, 0)?,
                hash: columns::hash(row, 1)?,
            })
        })
        .optional()
}

/// A stretch of the log as one caller sees it.
pub(crate) struct Stretch {
    pub entries: Vec<Entry>,
    /// The last number looked at.
    pub seq: u64,
    pub more: bool,
}

struct Row {
    seq: u64,
    at_ms: i64,
    kind: String,
    record: Option<Vec<u8>>,
    change: Option<ChangeRow>,
}

struct ChangeRow {
    id: i64,
    raw_bytes: u64,
    segment: Option<i64>,
    document: DocumentId,
    hash: ChangeHash,
    kind: ids::DocKind,
    home_unit: UnitId,
    creator: DeviceId,
    scope: UnitId,
    since_seq: u64,
    came_from: Option<UnitId>,
    /// The second village that knows of it, and since which number.
    guest: Option<(UnitId, u64)>,
}

/// Who reads a stretch of the log.
struct Eyes<'a> {
    holder: &'a Holder,
    /// What she stands in for, and since which number.
    covers_since: Option<(UnitId, u64)>,
    now_ms: i64,
}

impl ChangeRow {
    /// Whether a caller sees this entry: they see the document where it is, and saw it where it was at the time.
    /// Who came to see it only by its move was given it whole.
    /// So was who stands in for the village, when that began, and a second village that knows of it.
    fn is_visible(&self, eyes: &Eyes<'_>, seq: u64) -> bool {
        let holder = eyes.holder;
        let reads = |unit| {
            may_read(holder, self.kind, unit, (self.creator, None))
                && eyes
                    .covers_since
                    .is_none_or(|(covered, since)| covered != unit || seq > since)
        };
        let is_guest = || {
            self.guest.is_some_and(|(guest, since)| {
                let whose = (self.creator, Some(guest));
                guest == holder.unit
                    && seq > since
                    && may_read(holder, self.kind, self.home_unit, whose)
            })
        };
        let at_home =
            reads(self.home_unit) && (seq >= self.since_seq || self.came_from.is_some_and(reads));
        self.scope == holder.scope && (at_home || is_guest())
    }
}

/// Reads what lies after `after` and is visible, about `bytes` raw bytes of it.
pub(crate) fn read_after(
    connection: &Connection,
    vault: &Vault,
    signing_key: &SigningKey,
    (holder, now_ms): (&Holder, i64),
    after: u64,
    bytes: u32,
    yours: &HashSet<ChangeHash>,
) -> Result<Stretch, ApiError> {
    let mut statement = connection.prepare_cached(include_str!("sql/log/after.sql"))?;
    let mut rows = statement.query_and_then(
        named_params! {
            ":scope": holder.scope.0.as_bytes(),
            ":after": stored(after),
            ":most": SCANNED,
            ":now_ms": now_ms,
        },
        read_row,
    )?;
    let mut stretch = Stretch {
        entries: Vec::new(),
        seq: after,
        more: false,
    };
    let eyes = Eyes {
        holder,
        covers_since: match holder.covers {
            Some(_) => covers::since(connection, holder.staff)?,
            None => None,
        },
        now_ms,
    };
    let mut seen = Vec::new();
    let mut scanned = 0;
    let mut size = 0;
    for row in &mut rows {
        let row = row?;
        if size >= bytes as usize || seen.len() >= limits::RESPONSE_ENTRIES as usize {
            stretch.more = true;
            break;
        }
        scanned += 1;
        stretch.seq = row.seq;
        let (seq, at_ms) = (row.seq, row.at_ms);
        if let Some(body) = visible(connection, vault, &eyes, row, yours)? {
            size += body.raw_bytes();
            seen.push((seq, at_ms, body));
        }
    }
    stretch.more |= scanned == SCANNED;
    let mut envelopes = read_envelopes(connection, vault, &seen)?;
    for (seq, at_ms, body) in seen {
        let mut body = match body {
            Seen::Body(body) => body,
            Seen::Change(change) => EntryBody::Change {
                envelope: envelopes.remove(&change.id).ok_or(ApiError::Internal)?,
                kind: change.kind,
                home_unit: change.home_unit,
            },
        };
        if let EntryBody::DocIn { document } = &mut body {
            snapshot::sign_authors(signing_key, document)?;
        }
        let statement = match &body {
            EntryBody::Member(record) => Some(proof::make_statement(signing_key, record)?),
            _ => None,
        };
        stretch.entries.push(Entry {
            seq,
            at_ms,
            body,
            statement,
        });
    }
    Ok(stretch)
}

/// What a caller gets to see of a row.
enum Seen {
    Body(EntryBody),
    /// A change whose envelope is still to be read.
    Change(ChangeRow),
}

impl Seen {
    fn raw_bytes(&self) -> usize {
        match self {
            Self::Body(body) => raw_bytes(body),
            Self::Change(change) => usize::try_from(change.raw_bytes).unwrap_or(usize::MAX),
        }
    }
}

/// The envelopes of changes, by row. Documents lie beside each other in the log and apart in segments, so what is in a
/// segment is read together: each is opened once for an answer, and not once for each of its changes.
fn read_envelopes(
    connection: &Connection,
    vault: &Vault,
    seen: &[(u64, i64, Seen)],
) -> Result<BTreeMap<i64, Envelope>, ApiError> {
    let mut changes: Vec<&ChangeRow> = seen
        .iter()
        .filter_map(|(.., body)| match body {
            Seen::Change(change) => Some(change),
            Seen::Body(_) => None,
        })
        .collect();
    changes.sort_by_key(|change| (change.segment, change.id));
    let mut segments = Segments::default();
    changes
        .into_iter()
        .map(|change| {
            let envelope = read_envelope(connection, vault, &mut segments, change.id)?;
            Ok((change.id, envelope))
        })
        .collect()
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let change = match row.get::<_, Option<i64>>(4)? {
        None => None,
        Some(id) => Some(ChangeRow {
            id,
            document: DocumentId(columns::uuid(row, 5)?),
            hash: columns::hash(row, 6)?,
            kind: columns::kind(row, 7)?,
            home_unit: UnitId(columns::uuid(row, 8)?),
            creator: DeviceId(columns::uuid(row, 9)?),
            scope: UnitId(columns::uuid(row, 10)?),
            since_seq: columns::number(row, 11)?,
            came_from: columns::optional_uuid(row, 12)?.map(UnitId),
            raw_bytes: columns::number(row, 13)?,
            segment: row.get(14)?,
            guest: match columns::optional_uuid(row, 15)? {
                None => None,
                Some(unit) => Some((UnitId(unit), columns::number(row, 16)?)),
            },
        }),
    };
    Ok(Row {
        seq: columns::number(row, 0)?,
        at_ms: row.get(1)?,
        kind: row.get(2)?,
        record: row.get(3)?,
        change,
    })
}

fn visible(
    connection: &Connection,
    vault: &Vault,
    eyes: &Eyes<'_>,
    row: Row,
    yours: &HashSet<ChangeHash>,
) -> Result<Option<Seen>, ApiError> {
    if let Some(change) = row.change {
        if yours.contains(&change.hash) {
            return Ok(Some(Seen::Body(EntryBody::Yours {
                document: change.document,
                hash: change.hash,
            })));
        }
        let seen = change.is_visible(eyes, row.seq);
        return Ok(seen.then_some(Seen::Change(change)));
    }
    if row.kind == "erased" {
        return Ok(None);
    }
    let record = row.record.ok_or(ApiError::Internal)?;
    Ok(visible_record(connection, vault, eyes, (row.seq, &row.kind), &record)?.map(Seen::Body))
}

/// What stands in the log itself.
fn visible_record(
    connection: &Connection,
    vault: &Vault,
    eyes: &Eyes<'_>,
    (seq, kind): (u64, &str),
    record: &[u8],
) -> Result<Option<EntryBody>, ApiError> {
    let holder = eyes.holder;
    match kind {
        "order" => {
            let statement = orders::find(connection, vault, holder.scope, wire::unpack(record)?)?
                .ok_or(ApiError::Internal)?;
            Ok(Some(EntryBody::Order { statement }))
        }
        "member" => {
            let record: MemberRecord = wire::unpack(record)?;
            Ok(sees_member(holder, &record).then_some(EntryBody::Member(record)))
        }
        "author" => Ok(Some(EntryBody::Member(wire::unpack(record)?))),
        "move" => moved(connection, vault, eyes, (seq, wire::unpack(record)?)),
        "cover" => covered(connection, vault, eyes, wire::unpack(record)?),
        "guest" => shared(connection, vault, eyes, wire::unpack(record)?),
        "late" => {
            let late: LateEntry = wire::unpack(record)?;
            let sees = late.device == holder.device || holder.role.is_at_station();
            Ok(sees.then_some(EntryBody::Late {
                document: late.document,
                hash: late.hash,
                state: late.state,
                reason: reviews::open_reason(vault, late.hash, &late.reason)?,
            }))
        }
        "policy" => {
            let (id, json) = wire::unpack(record)?;
            Ok(Some(EntryBody::Policy { id, json }))
        }
        _ => Err(ApiError::Internal),
    }
}

/// What is wrong with what stands in the log itself: it cannot be read as what its kind says, or what is sealed in it does
/// not open.
pub(crate) fn check_record(
    vault: &Vault,
    kind: &str,
    record: Option<&[u8]>,
) -> Result<(), &'static str> {
    let record = match (kind, record) {
        ("erased", None) => return Ok(()),
        ("erased", Some(_)) => return Err("it was erased and still says something"),
        (_, None) => return Err("what it says is missing"),
        (_, Some(record)) => record,
    };
    let can_be_read = match kind {
        "member" | "author" => wire::unpack::<MemberRecord>(record).is_ok(),
        "policy" => wire::unpack::<(String, String)>(record).is_ok(),
        "order" => wire::unpack::<u64>(record).is_ok(),
        "move" => wire::unpack::<MoveEntry>(record).is_ok(),
        "cover" => wire::unpack::<CoverEntry>(record).is_ok(),
        "guest" => wire::unpack::<GuestEntry>(record).is_ok(),
        "late" => match wire::unpack::<LateEntry>(record) {
            Ok(late) if reviews::open_reason(vault, late.hash, &late.reason).is_err() => {
                return Err("the reason in it does not open");
            }
            late => late.is_ok(),
        },
        _ => false,
    };
    if can_be_read {
        Ok(())
    } else {
        Err("it cannot be read")
    }
}

/// What a move is to this caller: the document goes out of sight, comes into it whole, or changes its unit before their eyes.
fn moved(
    connection: &Connection,
    vault: &Vault,
    eyes: &Eyes<'_>,
    (seq, entry): (u64, MoveEntry),
) -> Result<Option<EntryBody>, ApiError> {
    let holder = eyes.holder;
    let document = entry.document;
    let reads = |unit| may_read(holder, entry.kind, unit, (entry.creator, None));
    Ok(match (entry.from.is_some_and(reads), entry.to) {
        (true, Some(home_unit)) if reads(home_unit) => Some(EntryBody::Moved {
            document,
            home_unit,
        }),
        (true, _) => Some(EntryBody::DocOut {
            document,
            to: entry.to_name,
        }),
        // Where it has moved on since, nothing is handed out.
        (false, Some(home_unit)) if reads(home_unit) => {
            snapshot::of_document(connection, vault, holder, document, eyes.now_ms)?
                .map(|document| EntryBody::DocIn { document })
        }
        // A second village that knows of it goes on doing so, and hears where it lives.
        (false, Some(home_unit)) => guests::running(connection, document, eyes.now_ms)?
            .filter(|(guest, since)| *guest == holder.unit && seq > *since)
            .map(|_| EntryBody::Moved {
                document,
                home_unit,
            }),
        (false, None) => None,
    })
}

/// What a delegation is to this caller: the document comes into the delegate's sight whole, or goes out of it.
fn covered(
    connection: &Connection,
    vault: &Vault,
    eyes: &Eyes<'_>,
    entry: CoverEntry,
) -> Result<Option<EntryBody>, ApiError> {
    let holder = eyes.holder;
    let document = entry.document;
    if entry.delegate != holder.staff {
        return Ok(None);
    }
    if entry.shown {
        // Where it ended since, nothing is handed out.
        return Ok(
            snapshot::of_document(connection, vault, holder, document, eyes.now_ms)?
                .map(|document| EntryBody::DocIn { document }),
        );
    }
    // What her own village knows of besides, she goes on seeing.
    let guest = guests::running(connection, document, eyes.now_ms)?.map(|(unit, _)| unit);
    let still = may_read(holder, entry.kind, entry.unit, (entry.creator, guest));
    Ok((!still).then_some(EntryBody::DocOut {
        document,
        to: entry.name,
    }))
}

/// What a second village's knowing of a file is to this caller: it comes into sight whole, or goes out of it.
fn shared(
    connection: &Connection,
    vault: &Vault,
    eyes: &Eyes<'_>,
    entry: GuestEntry,
) -> Result<Option<EntryBody>, ApiError> {
    let holder = eyes.holder;
    if holder.role.is_at_station() || holder.unit != entry.unit {
        return Ok(None);
    }
    let document = entry.document;
    if entry.shown {
        return Ok(
            snapshot::of_document(connection, vault, holder, document, eyes.now_ms)?
                .map(|document| EntryBody::DocIn { document }),
        );
    }
    // It may live here by now, or be known here again.
    let guest = guests::running(connection, document, eyes.now_ms)?.map(|(unit, _)| unit);
    let still = moves::whereabouts(connection, document)?.is_some_and(|place| {
        place.scope == holder.scope
            && may_read(holder, place.kind, place.home_unit, (place.creator, guest))
    });
    Ok((!still).then_some(EntryBody::DocOut {
        document,
        to: entry.name,
    }))
}

fn raw_bytes(body: &EntryBody) -> usize {
    match body {
        EntryBody::DocIn { document } => document.changes.len() + 512 * document.envelopes.len(),
        EntryBody::Policy { json, .. } => json.len(),
        _ => 128,
    }
}

/// Whether a caller may read a document of this scope, that somebody made and perhaps a second village knows of.
pub(crate) fn may_read(
    holder: &Holder,
    kind: ids::DocKind,
    home_unit: UnitId,
    (creator, guest): (DeviceId, Option<UnitId>),
) -> bool {
    let resource = Resource::Document {
        kind,
        home_unit,
        scope: holder.scope,
        creator,
        guest,
    };
    access::decide(
        Subject::Device(*holder),
        Action::ReadDocument,
        resource,
        Context::default(),
    )
    .is_allowed()
}

/// A director sees every unit and form, and the people and devices of her village, of the one she stands in for, and of the station.
pub(crate) fn sees_member(holder: &Holder, record: &MemberRecord) -> bool {
    let Some(unit) = record.works_in() else {
        return true;
    };
    holder.role.is_at_station()
        || unit == holder.unit
        || unit == holder.scope
        || holder.covers == Some(unit)
}

fn read_envelope(
    connection: &Connection,
    vault: &Vault,
    segments: &mut Segments,
    id: i64,
) -> Result<Envelope, ApiError> {
    let (document, generation, hash, body, wrapped, segment) = connection
        .prepare_cached(include_str!("sql/log/body.sql"))?
        .query_row(named_params! {":id": id}, |row| {
            Ok((
                DocumentId(columns::uuid(row, 0)?),
                row.get::<_, Generation>(1)?,
                columns::hash(row, 2)?,
                row.get::<_, Vec<u8>>(3)?,
                row.get::<_, Vec<u8>>(4)?,
                row.get::<_, Option<i64>>(5)?,
            ))
        })?;
    if let Some(segment) = segment {
        return segments.envelope(connection, vault, segment, &hash);
    }
    let key = vault.document_key(document, generation, &wrapped)?;
    open_envelope(&key, &hash.0, &body)
}

/// The key of a document's generation.
pub(crate) fn document_key(
    connection: &Connection,
    vault: &Vault,
    document: DocumentId,
    generation: Generation,
) -> Result<vault::Key, ApiError> {
    let wrapped: Vec<u8> = connection
        .prepare_cached(include_str!("sql/admission/document_key.sql"))?
        .query_row(
            named_params! {":document": document.0.as_bytes(), ":generation": generation},
            |row| row.get(0),
        )?;
    Ok(vault.document_key(document, generation, &wrapped)?)
}

/// What a document is about.
pub(crate) fn kind_of(
    connection: &Connection,
    document: DocumentId,
) -> rusqlite::Result<ids::DocKind> {
    connection
        .prepare_cached(include_str!("sql/log/kind_of.sql"))?
        .query_row(named_params! {":id": document.0.as_bytes()}, |row| {
            columns::kind(row, 0)
        })
}

/// Seals an envelope as the database keeps it.
pub(crate) fn seal_envelope(
    key: &vault::Key,
    name: &[u8],
    envelope: &Envelope,
    entropy: &dyn ids::Entropy,
) -> Result<Vec<u8>, ApiError> {
    Ok(vault::seal_body(
        key,
        name,
        &wire::pack(envelope)?,
        entropy,
    )?)
}

/// Opens an envelope as the database keeps it.
pub(crate) fn open_envelope(
    key: &vault::Key,
    name: &[u8],
    sealed: &[u8],
) -> Result<Envelope, ApiError> {
    let body = vault::open_body(key, name, sealed, limits::REQUEST_INFLATED_BYTES)?;
    Ok(wire::unpack(&body)?)
}
