//! From accepted to published: what waits in the inbox is judged by the worker, and what is good gets its number.
//!
//! A change that passed the inline questions lies in `changes` under the number 0: durable, counted as known by what
//! follows it, seen by nobody. A pass takes the documents with such changes, oldest first, has each judged against what
//! is published of it, and in one commit numbers the good, sets the bad aside and holds what follows them. The inbox is
//! the database, so a restart forgets nothing and a pass may be repeated.

use crate::columns::{self, stored};
use crate::compaction::Segments;
use crate::error::ApiError;
use crate::guests;
use crate::judge::{Question, Verdict};
use crate::log::{self, Append, LateEntry};
use crate::moves::{self, Whereabouts};
use crate::organisation;
use crate::publisher::Progress;
use crate::reviews;
use crate::set_aside;
use crate::state::App;
use crate::worker::Court;
use ids::{ChangeHash, DocKind, DocumentId, Generation, UnitId};
use protocol::{Envelope, RefusalCode, ReviewState, envelope, limits};
use rusqlite::{Connection, OptionalExtension, named_params};
use std::collections::{BTreeMap, VecDeque};

/// Documents judged between two commits.
const DOCUMENTS: u32 = 32;
/// Changes of one document judged at a time.
const CHANGES: u32 = 256;
/// Changes looked at to find those documents.
const LOOK: u32 = 1024;

/// A document with what waits of it.
pub(crate) struct Case {
    pub(crate) document: DocumentId,
    pub(crate) generation: Generation,
    rows: Vec<Waiting>,
    question: Question,
    reached: Reached,
}

/// A change in the inbox.
pub(crate) struct Waiting {
    id: i64,
    pub(crate) hash: ChangeHash,
    pub(crate) head_hash: [u8; 32],
    pub(crate) envelope: Envelope,
}

/// How far a document is published: how many changes, and the last row of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reached {
    changes: u64,
    last: i64,
}

/// A case with its verdicts.
pub(crate) struct Judged {
    case: Case,
    verdicts: Vec<Verdict>,
    saved: Vec<u8>,
}

/// Documents judged of late, saved, so that the next change of one need not read its whole history. Bounded in bytes.
#[derive(Default)]
pub(crate) struct Memory {
    saved: BTreeMap<(DocumentId, Generation), (Reached, Vec<u8>)>,
    order: VecDeque<(DocumentId, Generation)>,
    bytes: usize,
}

impl Memory {
    fn get(&self, key: (DocumentId, Generation), reached: Reached) -> Option<&Vec<u8>> {
        let (until, saved) = self.saved.get(&key)?;
        (*until == reached).then_some(saved)
    }

    fn put(&mut self, key: (DocumentId, Generation), reached: Reached, saved: Vec<u8>) {
        self.forget(key);
        self.bytes += saved.len();
        self.saved.insert(key, (reached, saved));
        self.order.push_back(key);
        while self.bytes > limits::PUBLISHER_BYTES {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            if let Some((_, saved)) = self.saved.remove(&oldest) {
                self.bytes -= saved.len();
            }
        }
    }

    fn forget(&mut self, key: (DocumentId, Generation)) {
        if let Some((_, saved)) = self.saved.remove(&key) {
            self.bytes -= saved.len();
            self.order.retain(|other| *other != key);
        }
    }
}

/// The last row anything was written under.
pub(crate) fn last_row(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(include_str!("sql/publish/last_row.sql"))?
        .query_row([], |row| row.get(0))
}

/// How far publishing has come.
pub(crate) fn progress(connection: &Connection) -> Result<Progress, ApiError> {
    Ok(connection
        .prepare_cached(include_str!("sql/publish/progress.sql"))?
        .query_row([stored(limits::PUBLISH_WAIT_MOST + 1)], |row| {
            Ok(Progress {
                row: row.get(0)?,
                waiting: columns::number(row, 1)?,
            })
        })?)
}

/// Reads the oldest documents with something that waits.
pub(crate) fn gather(
    app: &App,
    connection: &Connection,
    memory: &Memory,
) -> Result<Vec<Case>, ApiError> {
    let found = connection
        .prepare_cached(include_str!("sql/publish/waiting.sql"))?
        .query_map(named_params! {":most": DOCUMENTS, ":look": LOOK}, |row| {
            Ok((DocumentId(columns::uuid(row, 0)?), row.get(1)?))
        })?
        .collect::<Result<Vec<(DocumentId, Generation)>, _>>()?;
    found
        .into_iter()
        .map(|(document, generation)| gather_one(app, connection, memory, document, generation))
        .collect()
}

fn gather_one(
    app: &App,
    connection: &Connection,
    memory: &Memory,
    document: DocumentId,
    generation: Generation,
) -> Result<Case, ApiError> {
    let key = log::document_key(connection, &app.vault, document, generation)?;
    let of = named_params! {":document": document.0.as_bytes(), ":generation": generation};
    let reached = connection
        .prepare_cached(include_str!("sql/publish/reached.sql"))?
        .query_row(of, |row| {
            Ok(Reached {
                changes: columns::number(row, 0)?,
                last: row.get(1)?,
            })
        })?;
    let (published, begins_with) = match memory.get((document, generation), reached) {
        // The constants are in it.
        Some(saved) => (saved.clone(), Vec::new()),
        None => {
            let mut statement =
                connection.prepare_cached(include_str!("sql/publish/published_of.sql"))?;
            let mut rows = statement.query(of)?;
            let mut segments = Segments::default();
            let mut chunks = Vec::new();
            while let Some(row) = rows.next()? {
                let hash = columns::hash(row, 0)?;
                let envelope = match row.get(2)? {
                    Some(segment) => segments.envelope(connection, &app.vault, segment, &hash)?,
                    None => log::open_envelope(&key, &hash.0, &row.get::<_, Vec<u8>>(1)?)?,
                };
                chunks.extend(envelope.change);
            }
            (
                chunks,
                constants_of(app, log::kind_of(connection, document)?),
            )
        }
    };
    let mut statement = connection.prepare_cached(include_str!("sql/publish/waiting_of.sql"))?;
    let rows = statement
        .query_map(
            named_params! {
                ":document": document.0.as_bytes(),
                ":generation": generation,
                ":most": CHANGES,
            },
            |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    columns::hash(row, 1)?,
                    row.get::<_, Vec<u8>>(2)?,
                    row.get::<_, [u8; 32]>(3)?,
                ))
            },
        )?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|(id, hash, body, head_hash)| {
            Ok(Waiting {
                id,
                hash,
                head_hash,
                envelope: log::open_envelope(&key, &hash.0, &body)?,
            })
        })
        .collect::<Result<Vec<_>, ApiError>>()?;
    let question = Question {
        constants: begins_with,
        published,
        waiting: rows
            .iter()
            .map(|row| row.envelope.change.clone().into())
            .collect(),
    };
    Ok(Case {
        document,
        generation,
        rows,
        question,
        reached,
    })
}

/// Every constant of a kind, one chunk after the other.
fn constants_of(app: &App, kind: DocKind) -> Vec<u8> {
    app.constants
        .iter()
        .filter(|constant| constant.kind == kind)
        .flat_map(|constant| constant.bytes.iter().copied())
        .collect()
}

/// Has every case judged. No database is touched, so this may take its time.
/// Those no worker was to be had for are left out and go on waiting.
pub(crate) fn judge(court: &mut Court, cases: Vec<Case>) -> Vec<Judged> {
    let mut judged = Vec::with_capacity(cases.len());
    for case in cases {
        let answer = match court.judge(&case.question) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "there is no worker to be had; changes go on waiting");
                break;
            }
        };
        judged.push(match answer {
            Some(answer) => Judged {
                verdicts: answer.verdicts,
                saved: answer.saved,
                case,
            },
            None => {
                // What is published cannot be opened any more: nothing is added to it, nothing of it is lost.
                tracing::error!(document = %case.document, "a published document cannot be opened");
                Judged {
                    verdicts: vec![Verdict::Unloadable; case.rows.len()],
                    saved: Vec::new(),
                    case,
                }
            }
        });
    }
    judged
}

/// Writes the verdicts down, in one transaction.
pub(crate) fn settle(
    app: &App,
    connection: &Connection,
    judged: &[Judged],
    now_ms: i64,
) -> Result<(), ApiError> {
    let mut good: Vec<(&Waiting, &Whereabouts)> = Vec::new();
    let whereabouts = judged
        .iter()
        .map(|one| moves::whereabouts(connection, one.case.document))
        .collect::<Result<Vec<_>, _>>()?;
    for (one, place) in judged.iter().zip(&whereabouts) {
        let mut lost: Vec<ChangeHash> = Vec::new();
        for (row, verdict) in one.case.rows.iter().zip(&one.verdicts) {
            let waits: Option<i64> = connection
                .prepare_cached(include_str!("sql/publish/still_waits.sql"))?
                .query_row(named_params! {":id": row.id}, |row| row.get(0))
                .optional()?;
            if waits.is_none() {
                continue;
            }
            match verdict {
                Verdict::Good => good.extend(place.as_ref().map(|place| (row, place))),
                Verdict::Orphan => {
                    lost.push(row.hash);
                    hold(app, connection, &one.case, row)?;
                }
                bad => {
                    lost.push(row.hash);
                    set_aside::keep(app, connection, &one.case, row, *bad, now_ms)?;
                }
            }
        }
        if !lost.is_empty() {
            tracing::warn!(document = %one.case.document, changes = lost.len(), "kept aside or held");
        }
    }
    // Numbers in the order in which the changes came, whatever documents they belong to.
    good.sort_by_key(|(row, _)| row.id);
    let mut numbers = Numbers::taken(connection, &good)?;
    for (row, place) in good {
        // Where the document lives by now: it may have moved since it was read.
        let told = if place.moved {
            introduce_author(connection, place, row, now_ms)?
        } else {
            None
        };
        let seq = numbers.next(connection, place.scope)?;
        connection
            .prepare_cached(include_str!("sql/publish/number.sql"))?
            .execute(named_params! {":seq": stored(seq), ":id": row.id})?;
        log::insert(
            connection,
            place.scope,
            seq,
            now_ms,
            &Append::Change(row.id),
        )?;
        // Its author counts in their own log: a number of another one would say nothing there.
        let number = match told {
            None => seq,
            Some(author) => {
                let entry = Append::Late(&author.entry);
                log::append(connection, author.scope, now_ms, &entry)?
            }
        };
        connection
            .prepare_cached(include_str!("sql/publish/number_heads.sql"))?
            .execute(named_params! {":seq": stored(number), ":id": row.id})?;
    }
    Ok(())
}

/// The next number of each scope, taken for a whole pass at once: one by one they cost an eighth of publishing. Where a
/// document has moved, entries of other kinds stand between the changes, and each number is taken when it is due.
struct Numbers(BTreeMap<UnitId, u64>);

impl Numbers {
    fn taken(connection: &Connection, good: &[(&Waiting, &Whereabouts)]) -> Result<Self, ApiError> {
        let mut wanted: BTreeMap<UnitId, u64> = BTreeMap::new();
        if good.iter().all(|(_, place)| !place.moved) {
            for (_, place) in good {
                *wanted.entry(place.scope).or_default() += 1;
            }
        }
        let firsts = wanted.into_iter().map(|(scope, how_many)| {
            let first = log::take_seqs(connection, scope, how_many)?;
            Ok((scope, first))
        });
        Ok(Self(firsts.collect::<Result<_, ApiError>>()?))
    }

    fn next(&mut self, connection: &Connection, scope: UnitId) -> Result<u64, ApiError> {
        Ok(match self.0.get_mut(&scope) {
            Some(next) => std::mem::replace(next, *next + 1),
            None => log::take_seq(connection, scope)?,
        })
    }
}

/// Somebody who lost sight of a document while their change waited hears of it in the log of their scope.
struct LostSight {
    scope: UnitId,
    entry: LateEntry,
}

/// The document has moved while the change waited. Whoever sees it now learns who wrote this, before they read it; and
/// whoever wrote it, if they do not see it any more, is to hear that it stands there.
fn introduce_author(
    connection: &Connection,
    place: &Whereabouts,
    row: &Waiting,
    now_ms: i64,
) -> Result<Option<LostSight>, ApiError> {
    let head = envelope::open(&row.envelope)?;
    let device = organisation::device(connection, head.device)?.ok_or(ApiError::Internal)?;
    let holder = &device.holder;
    let guest = guests::running(connection, head.document, now_ms)?.map(|(unit, _)| unit);
    let sees = holder.scope == place.scope
        && log::may_read(holder, place.kind, place.home_unit, (place.creator, guest));
    if sees || reviews::is_known(connection, &row.head_hash)? {
        return Ok(None);
    }
    log::append_author(connection, place.scope, now_ms, &device)?;
    Ok(Some(LostSight {
        scope: head.scope,
        entry: LateEntry {
            document: head.document,
            hash: head.hash,
            device: head.device,
            state: ReviewState::Taken,
            reason: Vec::new(),
        },
    }))
}

/// Keeps the saved documents for the next changes of the same ones; after the commit, never before.
pub(crate) fn remember(memory: &mut Memory, judged: Vec<Judged>) {
    for one in judged {
        let key = (one.case.document, one.case.generation);
        let good: Vec<i64> = one
            .case
            .rows
            .iter()
            .zip(&one.verdicts)
            .filter(|(_, verdict)| **verdict == Verdict::Good)
            .map(|(row, _)| row.id)
            .collect();
        let reached = Reached {
            changes: one.case.reached.changes + good.len() as u64,
            last: good
                .into_iter()
                .max()
                .unwrap_or(0)
                .max(one.case.reached.last),
        };
        if one.saved.is_empty() {
            memory.forget(key);
        } else {
            memory.put(key, reached, one.saved);
        }
    }
}

/// Takes a change out of the inbox; what becomes of it is the caller's to say.
pub(crate) fn take_out(
    connection: &Connection,
    case: &Case,
    row: &Waiting,
    state: &str,
    code: Option<RefusalCode>,
) -> Result<(), ApiError> {
    connection
        .prepare_cached(include_str!("sql/publish/settle_heads.sql"))?
        .execute(named_params! {
            ":id": row.id,
            ":state": state,
            ":code": code.map(RefusalCode::as_str),
        })?;
    connection
        .prepare_cached(include_str!("sql/publish/remove.sql"))?
        .execute(named_params! {":id": row.id})?;
    connection
        .prepare_cached(include_str!("sql/admission/add_bytes.sql"))?
        .execute(named_params! {
            ":id": case.document.0.as_bytes(),
            ":bytes": -stored(row.envelope.raw_bytes() as u64),
        })?;
    Ok(())
}

/// It follows a change that was set aside: it waits for that one like any other orphan.
fn hold(app: &App, connection: &Connection, case: &Case, row: &Waiting) -> Result<(), ApiError> {
    take_out(connection, case, row, "held", None)?;
    let key = log::document_key(connection, &app.vault, case.document, case.generation)?;
    let body = log::seal_envelope(&key, &row.head_hash, &row.envelope, app.entropy.as_ref())?;
    connection
        .prepare_cached(include_str!("sql/admission/insert_held.sql"))?
        .execute(named_params! {
            ":head_hash": row.head_hash,
            ":document": case.document.0.as_bytes(),
            ":generation": case.generation,
            ":body": body,
        })?;
    Ok(())
}
