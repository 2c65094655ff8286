//! Giving back what a server lost that was set back to an older copy: what this device holds, its own and others', with
//! the original signatures (ADR 0014).
//!
//! Each step says things that may be said again, so whatever cuts it off only makes the next try longer. The due mark in
//! the store goes last.

mod went;

pub(crate) use went::Went;

use crate::countersign;
use crate::error::ClientError;
use crate::renewal;
use crate::server::read_answer;
use crate::tablet::Tablet;
use ed25519_dalek::VerifyingKey;
use ids::{ChangeHash, DeviceId, DocumentId, Incarnation, Role, StaffId, UnitId};
use protocol::order::{self, Order};
use protocol::session::proof;
use protocol::{
    ChainEnd, CoverId, Cursor, Envelope, InventoryLine, InventoryRequest, InventoryResponse,
    MemberRecord, PROTOCOL_VERSION, RefillRequest, RefillResponse, SignedStatement, Standing, Tick,
    limits,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use store::audit::{self, AuditRow};
use store::changes;
use store::guests::Guest;
use store::recovery::{self, Held, MemberKind, Statement};
use store::recusals::{self, Recusal};
use store::renewals::Renewal;
use store::{
    Connection, Transaction, departures, documents, identity, members, standing, sync_state,
};

/// What is here must still be offered.
///
/// # Errors
/// The store cannot be read.
pub fn is_due(tablet: &Tablet) -> Result<bool, ClientError> {
    let scope = tablet.identity.scope;
    Ok(tablet
        .store
        .read(|connection| recovery::get(connection, scope))?
        .inventory_due)
}

/// A message on the way of giving back.
pub enum Errand {
    /// `POST /refill`.
    Refill(RefillRequest),
    /// `POST /inventory`.
    Inventory(InventoryRequest),
}

/// Giving back under way: members and orders, then heads by heads what is here, and what of it is lacking.
pub struct GivingBack {
    queue: VecDeque<Say>,
    after: DocumentId,
    heads_over: bool,
    said: Option<Say>,
}

/// What is said next, kept until the answer came.
enum Say {
    Refill(RefillRequest),
    /// Documents with their heads.
    Heads(Part),
    /// Documents the server lacks something of, with all their changes.
    All(Part),
    /// The same once more, after what was lacking was brought.
    Again(Part),
    Done,
}

impl GivingBack {
    /// Begins with members and orders.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn begin(tablet: &Tablet) -> Result<Self, ClientError> {
        Ok(Self {
            queue: statements(tablet)?.into_iter().map(Say::Refill).collect(),
            after: DocumentId(uuid::Uuid::nil()),
            heads_over: false,
            said: None,
        })
    }

    /// The next message; none when everything was said.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn next(&mut self, tablet: &Tablet) -> Result<Option<Errand>, ClientError> {
        let say = match self.queue.pop_front() {
            Some(say) => say,
            None if self.heads_over => return Ok(None),
            None => {
                let part = heads(tablet, self.after)?;
                match part.last() {
                    Some(last) => {
                        self.after = last;
                        Say::Heads(part)
                    }
                    None => {
                        self.heads_over = true;
                        Say::Done
                    }
                }
            }
        };
        let errand = match &say {
            Say::Refill(request) => Errand::Refill(request.clone()),
            Say::Heads(part) | Say::All(part) | Say::Again(part) => {
                Errand::Inventory(part.request())
            }
            Say::Done => Errand::Inventory(done()),
        };
        self.said = Some(say);
        Ok(Some(errand))
    }

    /// Stores what the answer to the last message says.
    ///
    /// # Errors
    /// The answer is none to this; the store refuses.
    pub fn hear(&mut self, tablet: &Tablet, body: &[u8]) -> Result<(), ClientError> {
        let standings = || Ok::<_, ClientError>(read_answer::<InventoryResponse>(body)?.standings);
        match self.said.take() {
            Some(Say::Refill(_)) => note_refill(tablet, &read_answer(body)?),
            Some(Say::Heads(part)) => {
                let parts = lacking(tablet, &part, &standings()?)?;
                self.queue.extend(parts.into_iter().map(Say::All));
                Ok(())
            }
            Some(Say::All(part)) => {
                // Before whatever else waits, so that little is held in memory.
                self.queue.push_front(Say::Again(part.clone()));
                for request in refills(tablet, &part, &standings()?)?.into_iter().rev() {
                    self.queue.push_front(Say::Refill(request));
                }
                Ok(())
            }
            Some(Say::Again(part)) => mark_complete(tablet, &part, &standings()?),
            Some(Say::Done) => finish(tablet),
            None => Err(ClientError::new("server_nonsense")),
        }
    }
}

/// Members and orders under the server's own signature; they go first, because changes are judged by them. At least one
/// message, so that a server that lost nothing says so.
fn statements(tablet: &Tablet) -> Result<Vec<RefillRequest>, ClientError> {
    let (members, orders) = tablet.store.read(|connection| {
        Ok::<_, ClientError>((
            recovery::members(connection)?,
            recovery::orders(connection)?,
        ))
    })?;
    let mut requests = vec![no_statements()];
    let mut room = Room::new();
    for member in members.into_iter().map(signed) {
        let request = room.for_one(&mut requests, member.body.len());
        request.members.push(member);
    }
    for order in orders.into_iter().map(signed) {
        let request = room.for_one(&mut requests, order.body.len());
        request.orders.push(order);
    }
    Ok(requests)
}

/// What still fits into the last message.
struct Room {
    statements: usize,
    bytes: usize,
}

impl Room {
    fn new() -> Self {
        Self {
            statements: limits::REFILL_STATEMENTS,
            bytes: limits::PART_RAW_BYTES,
        }
    }

    /// The message that takes a statement of this size: the last one, or another. A form may fill one by itself.
    fn for_one<'a>(
        &mut self,
        requests: &'a mut Vec<RefillRequest>,
        bytes: usize,
    ) -> &'a mut RefillRequest {
        let is_empty = self.statements == limits::REFILL_STATEMENTS;
        if self.statements == 0 || (!is_empty && self.bytes < bytes) {
            requests.push(no_statements());
            *self = Self::new();
        }
        self.statements -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
        requests.last_mut().expect("there is always one message")
    }
}

fn no_statements() -> RefillRequest {
    RefillRequest {
        protocol: PROTOCOL_VERSION,
        members: Vec::new(),
        orders: Vec::new(),
        envelopes: Vec::new(),
    }
}

fn signed(statement: Statement) -> SignedStatement {
    SignedStatement {
        body: statement.body,
        signature: statement.signature,
    }
}

/// A part of the inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Part {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    held: Held,
    /// Everything that was at the server once is named, so that completeness means all of it.
    whole: bool,
}

impl Part {
    /// As the server is asked about it.
    fn request(&self) -> InventoryRequest {
        InventoryRequest {
            protocol: PROTOCOL_VERSION,
            documents: self
                .lines
                .iter()
                .map(|line| InventoryLine {
                    document: line.held.document,
                    generation: line.held.generation,
                    hashes: line.held.hashes.clone(),
                })
                .collect(),
            done: false,
        }
    }

    /// The last document in it.
    fn last(&self) -> Option<DocumentId> {
        self.lines.last().map(|line| line.held.document)
    }

    fn hashes(&self) -> usize {
        self.lines.iter().map(|line| line.held.hashes.len()).sum()
    }
}

/// The last message of an inventory: this device has given all it has.
fn done() -> InventoryRequest {
    InventoryRequest {
        protocol: PROTOCOL_VERSION,
        documents: Vec::new(),
        done: true,
    }
}

/// Documents with their heads, after one.
///
/// # Errors
/// The store cannot be read.
fn heads(tablet: &Tablet, after: DocumentId) -> Result<Part, ClientError> {
    let found = tablet
        .store
        .read(|connection| recovery::heads_after(connection, after, limits::INVENTORY_LINES / 2))?;
    let mut part = Part::default();
    for held in found {
        if !part.lines.is_empty() && part.hashes() + held.hashes.len() > limits::INVENTORY_HASHES {
            break;
        }
        part.lines.push(Line { held, whole: true });
    }
    Ok(part)
}

/// Believes the server about the documents it has all of, and says what is to be asked about the others: every change.
///
/// # Errors
/// `server_nonsense` when it did not answer for each; the store refuses.
fn lacking(tablet: &Tablet, part: &Part, standings: &[Standing]) -> Result<Vec<Part>, ClientError> {
    mark_complete(tablet, part, standings)?;
    let mut parts = vec![Part::default()];
    for (line, standing) in part.lines.iter().zip(standings) {
        if !matches!(standing, Standing::Lacks { .. }) {
            continue;
        }
        let (document, generation) = (line.held.document, line.held.generation);
        let all = tablet
            .store
            .read(|connection| recovery::carried(connection, document, generation))?;
        let whole = all.hashes.len() <= limits::INVENTORY_HASHES;
        for hashes in all.hashes.chunks(limits::INVENTORY_HASHES) {
            let full = parts.last().is_none_or(|part| {
                part.lines.len() >= limits::INVENTORY_LINES
                    || part.hashes() + hashes.len() > limits::INVENTORY_HASHES
            });
            if full {
                parts.push(Part::default());
            }
            if let Some(part) = parts.last_mut() {
                part.lines.push(Line {
                    held: Held {
                        document,
                        generation,
                        hashes: hashes.to_vec(),
                    },
                    whole,
                });
            }
        }
    }
    parts.retain(|part| !part.lines.is_empty());
    Ok(parts)
}

/// Our part of documents the server has all of is acknowledged again.
///
/// # Errors
/// As [`lacking`].
fn mark_complete(tablet: &Tablet, part: &Part, standings: &[Standing]) -> Result<(), ClientError> {
    if part.lines.len() != standings.len() {
        return Err(ClientError::new("server_nonsense"));
    }
    tablet.store.write(|tx| {
        for (line, standing) in part.lines.iter().zip(standings) {
            if let (true, Standing::Complete { seq }) = (line.whole, standing) {
                recovery::mark_complete(tx, &line.held, *seq)?;
            }
        }
        Ok::<_, ClientError>(())
    })
}

/// The envelopes the server lacks, in the order they came here, in messages of bearable size.
///
/// # Errors
/// As [`lacking`].
fn refills(
    tablet: &Tablet,
    part: &Part,
    standings: &[Standing],
) -> Result<Vec<RefillRequest>, ClientError> {
    if part.lines.len() != standings.len() {
        return Err(ClientError::new("server_nonsense"));
    }
    let mut requests: Vec<RefillRequest> = Vec::new();
    let mut bytes = 0;
    for (line, standing) in part.lines.iter().zip(standings) {
        let Standing::Lacks { missing } = standing else {
            continue;
        };
        let missing: BTreeSet<&ChangeHash> = missing.iter().collect();
        for hash in line.held.hashes.iter().filter(|it| missing.contains(it)) {
            let found = tablet
                .store
                .read(|connection| changes::get(connection, *hash))?;
            let Some(change) = found else {
                continue;
            };
            let envelope = Envelope {
                head: change.head,
                signature: change.signature,
                change: change.body,
            };
            let full = requests.last().is_none_or(|request| {
                bytes + envelope.raw_bytes() > limits::PART_RAW_BYTES
                    || request.envelopes.len() >= limits::PART_ENVELOPES
            });
            if full {
                bytes = 0;
                requests.push(RefillRequest {
                    protocol: PROTOCOL_VERSION,
                    members: Vec::new(),
                    orders: Vec::new(),
                    envelopes: Vec::new(),
                });
            }
            bytes += envelope.raw_bytes();
            if let Some(request) = requests.last_mut() {
                request.envelopes.push(envelope);
            }
        }
    }
    Ok(requests)
}

/// Notes what became of envelopes brought back. Ours count as arrived; what was not taken stays here, and what of it is
/// ours goes with the outbox, where a refusal has words.
///
/// # Errors
/// The store refuses.
fn note_refill(tablet: &Tablet, answer: &RefillResponse) -> Result<(), ClientError> {
    let scope = tablet.identity.scope;
    tablet.store.write(|tx| {
        for (hash, outcome) in &answer.outcomes {
            if let Some(seq) = outcome.seq() {
                let accepted = changes::Outcome::Accepted {
                    server_seq: Some(seq),
                };
                changes::mark_outcome(tx, *hash, &accepted)?;
            } else {
                tracing::warn!(%hash, ?outcome, "a change brought back was not taken");
            }
        }
        note(tx, scope, answer.recovery)
    })
}

/// Everything here was offered.
///
/// # Errors
/// The store refuses.
pub fn finish(tablet: &Tablet) -> Result<(), ClientError> {
    let scope = tablet.identity.scope;
    Ok(tablet.store.write(|tx| recovery::finish(tx, scope))?)
}

/// Keeps what the server says about its gathering, for the sync page.
pub(crate) fn note(
    tx: &Transaction<'_>,
    scope: ids::UnitId,
    said: Option<protocol::Recovery>,
) -> Result<(), ClientError> {
    let before = recovery::get(tx, scope)?;
    let mut now = recovery::Recovery {
        inventory_due: before.inventory_due,
        ..recovery::Recovery::default()
    };
    if let Some(said) = said {
        now.hold = said.hold;
        now.since_ms = Some(said.since_ms);
        now.returned = said.returned;
        now.unexplained = said.unexplained;
    }
    if now != before {
        recovery::put(tx, scope, &now)?;
    }
    Ok(())
}

/// The epoch in a tick, if it is our server's.
pub(crate) fn epoch_in(tablet: &Tablet, tick: &[u8]) -> Option<u64> {
    Some(tick_in(tablet, tick)?.epoch)
}

/// How many numbers of the log lie between where this device has read to and where the server said it ends.
pub(crate) fn numbers_ahead(tablet: &Tablet, tick: &[u8], cursor: Option<Cursor>) -> u64 {
    match (tick_in(tablet, tick), cursor) {
        (Some(tick), Some(cursor)) => tick.seq.saturating_sub(cursor.seq),
        _ => 0,
    }
}

fn tick_in(tablet: &Tablet, tick: &[u8]) -> Option<Tick> {
    let tick: Tick = proof::read_statement(&server_key(tablet)?, tick).ok()?;
    (tick.scope == tablet.identity.scope).then_some(tick)
}

fn server_key(tablet: &Tablet) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&tablet.enrolled.server_key).ok()
}

/// What a request says of this device: the newest tick it holds and where its chain ends.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn said_of_self(
    tablet: &Tablet,
) -> Result<(Option<Vec<u8>>, Option<ChainEnd>), ClientError> {
    let scope = tablet.identity.scope;
    tablet.store.read(|connection| {
        let tick = sync_state::status(connection)?.tick;
        let Some(me) = identity::get(connection)? else {
            return Ok((tick, None));
        };
        let chain = identity::chain(connection, me.incarnation, scope)?;
        let end = ChainEnd {
            incarnation: me.incarnation,
            dev_seq: chain.dev_seq,
            head: chain.head.0,
        };
        Ok((tick, Some(end)))
    })
}

/// The server's end of our chain is a head this memory never made: it was set back, or a copy of it lives. A new memory
/// begins here and now, so that no actor's number is used twice; what was made is kept, and what the server knows more
/// comes with the log (lessons.md 18).
pub(crate) fn heed_chain(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    end: Option<ChainEnd>,
) -> Result<(), ClientError> {
    let Some(end) = end.filter(|end| end.dev_seq > 0) else {
        return Ok(());
    };
    let Some(me) = identity::get(tx)? else {
        return Ok(());
    };
    if end.incarnation != me.incarnation || recovery::knows_head(tx, &end.head)? {
        return Ok(());
    }
    identity::begin_incarnation(tx, Incarnation(tablet.new_id()))?;
    audit::append(
        tx,
        &AuditRow {
            at_ms: tablet.clock.now_ms(),
            staff: Some(tablet.identity.staff),
            action: "begin_memory".to_owned(),
            object: end.dev_seq.to_string(),
        },
    )?;
    tracing::warn!(
        "the server knows more of this device's chain than it does: a new memory begins"
    );
    Ok(())
}

/// Keeps an order and does what it says here.
pub(crate) fn heed_order(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    statement: &SignedStatement,
) -> Result<(), ClientError> {
    let Some(key) = server_key(tablet) else {
        return Ok(());
    };
    let numbered = match order::read(&key, statement) {
        Ok(numbered) if numbered.scope == tablet.identity.scope => numbered,
        _ => {
            tracing::error!("an order that is not our server's is left alone");
            return Ok(());
        }
    };
    let kept = Statement {
        body: statement.body.clone(),
        signature: statement.signature.clone(),
    };
    if let Order::Move {
        document, to, step, ..
    } = numbered.order
        && went::moves_of(tx, &key, &BTreeSet::from([document]))?
            .iter()
            .all(|known| known.step <= step)
    {
        lose_sight(tablet, tx, document, to, numbered.at_ms)?;
    }
    let is_new = recovery::put_order(tx, numbered.number, &kept)?;
    match numbered.order {
        Order::Erase {
            document,
            generation,
        } => {
            recovery::erase(tx, document, generation, numbered.at_ms)?;
            if is_new {
                // The receipt: it goes to the server with the chain this device signs.
                let row = AuditRow {
                    at_ms: tablet.clock.now_ms(),
                    staff: Some(tablet.identity.staff),
                    action: "document_erased".to_owned(),
                    object: numbered.number.to_string(),
                };
                audit::append(tx, &row)?;
            }
        }
        Order::Renew {
            document,
            generation,
            founded,
            ..
        } => {
            let renewal = Renewal {
                generation,
                founded,
                number: numbered.number,
            };
            renewal::heed(tablet, tx, document, (renewal, numbered.at_ms), is_new)?;
        }
        // Whether it must be kept is asked at the server; here it is carried.
        Order::Hold { .. } => {}
        Order::Revoke { device } => stop(tablet, tx, device, numbered.at_ms)?,
        Order::Wipe { device } => {
            stop(tablet, tx, device, numbered.at_ms)?;
            if device == tablet.identity.device {
                standing::update(tx, |standing| {
                    standing.wipe_order.get_or_insert(numbered.number);
                })?;
            }
        }
        Order::Recuse {
            recusal,
            document,
            staff,
            stead,
            from_ms,
            until_ms,
        } => {
            let known = Recusal {
                recusal,
                document,
                staff,
                stead,
                from_ms,
                until_ms,
            };
            recusals::put(tx, &known)?;
        }
        Order::Guest {
            guest,
            document,
            unit,
            from_ms,
            until_ms,
        } => {
            let known = Guest {
                guest,
                document,
                unit,
                from_ms,
                until_ms,
            };
            store::guests::put(tx, &known)?;
        }
        Order::Countersign(ref said) => countersign::heed(tx, said)?,
        // What it brings into sight and takes out of it, the log says.
        Order::Move { .. } | Order::Cover { .. } => {}
    }
    Ok(())
}

/// Somebody stands in for a village (委派).
pub(crate) struct Cover {
    pub(crate) unit: UnitId,
    pub(crate) delegate: StaffId,
    pub(crate) from_ms: i64,
    pub(crate) until_ms: i64,
}

/// Who stands in for whom, by the orders kept here; what is over is left out.
pub(crate) fn covers(
    tablet: &Tablet,
    connection: &Connection,
    now_ms: i64,
) -> Result<Vec<Cover>, ClientError> {
    let Some(key) = server_key(tablet) else {
        return Ok(Vec::new());
    };
    // An order that comes later under the same id makes it shorter.
    let mut known: BTreeMap<CoverId, Cover> = BTreeMap::new();
    for kept in recovery::orders(connection)? {
        if let Ok(Order::Cover {
            cover,
            unit,
            delegate,
            from_ms,
            until_ms,
            ..
        }) = order::read(&key, &signed(kept)).map(|kept| kept.order)
        {
            let known = known.entry(cover).or_insert(Cover {
                unit,
                delegate,
                from_ms,
                until_ms,
            });
            known.until_ms = known.until_ms.min(until_ms);
        }
    }
    Ok(known
        .into_values()
        .filter(|cover| now_ms < cover.until_ms)
        .collect())
}

/// The village this person stands in for now, by the server's clock as it was last heard.
pub(crate) fn covered_village(
    tablet: &Tablet,
    connection: &Connection,
    now_ms: i64,
) -> Result<Option<UnitId>, ClientError> {
    Ok(covers(tablet, connection, now_ms)?
        .into_iter()
        .find(|cover| cover.delegate == tablet.identity.staff && cover.from_ms <= now_ms)
        .map(|cover| cover.unit))
}

/// A device was stopped. When it is this one, everything it holds is offered once more: it is asked otherwise now.
fn stop(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    device: DeviceId,
    at_ms: i64,
) -> Result<(), ClientError> {
    recovery::revoke(tx, device, at_ms)?;
    if device != tablet.identity.device || standing::get(tx)?.revoked_ms.is_some() {
        return Ok(());
    }
    changes::offer_everything(tx, tablet.identity.scope)?;
    standing::update(tx, |standing| standing.revoked_ms = Some(at_ms))?;
    Ok(())
}

/// A document was ordered to a place nobody here sees. Usually the log says so, too, with the name of the place; whoever
/// takes a snapshot instead of it hears of it here alone.
fn lose_sight(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    document: DocumentId,
    to: UnitId,
    at_ms: i64,
) -> Result<(), ClientError> {
    let me = &tablet.identity;
    let place = members::unit(tx, to)?;
    let is_in_scope = place
        .as_ref()
        .is_some_and(|unit| unit.parent == Some(me.scope));
    let sees = match me.role {
        Role::Supervisor | Role::Head => is_in_scope,
        Role::Director => to == me.unit || covered_village(tablet, tx, at_ms)? == Some(to),
        Role::Officer => false,
    };
    let is_here = documents::head(tx, document)?.is_some() && !documents::has_left(tx, document)?;
    if !sees && is_here {
        let name = place.map_or_else(String::new, |unit| unit.name);
        departures::leave(tx, document, &name, at_ms)?;
    }
    Ok(())
}

/// Keeps a member record under the server's signature.
pub(crate) fn keep_member(
    tx: &Transaction<'_>,
    member: &MemberRecord,
    statement: Option<&SignedStatement>,
) -> Result<(), ClientError> {
    let Some(statement) = statement else {
        return Ok(());
    };
    let about = match member {
        MemberRecord::Unit { id, .. } => (MemberKind::Unit, id.0.as_bytes().as_slice()),
        MemberRecord::Staff { id, .. } => (MemberKind::Staff, id.0.as_bytes().as_slice()),
        MemberRecord::Device { id, .. } => (MemberKind::Device, id.0.as_bytes().as_slice()),
        MemberRecord::Form { id, .. } => (MemberKind::Form, id.as_bytes()),
    };
    let kept = Statement {
        body: statement.body.clone(),
        signature: statement.signature.clone(),
    };
    Ok(recovery::put_member(tx, about, &kept)?)
}
