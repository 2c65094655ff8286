//! What a stopped device still does: it hands over what it holds, the rest of its trail and its photos, and, when it is to
//! be wiped, seals the rest to the district, signs a receipt, and only then may be destroyed (docs/adr/0023,
//! docs/adr/0053).
//!
//! Each step says things that may be said again. The receipt is the last: until the server has it, everything is here.

use crate::error::ClientError;
use crate::recovery;
use crate::returned;
use crate::server::read_answer;
use crate::standing;
use crate::tablet::Tablet;
use crate::trail::Trail;
use crate::uploads::{Parcel, Uploads};
use protocol::session::client::{Queued, pack_part};
use protocol::session::proof;
use protocol::{
    BlobChunk, BringAudit, Envelope, GiveReceipt, HandOver, HandedOver, KeepRemains, Kept,
    OfferBlobs, Outcome, PROTOCOL_VERSION, REMAINS, WipeReceipt, limits, sealed,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use store::changes::{self, Change};
use store::sheets::{self, Sheet};
use store::standing as kept;
use store::{Transaction, audit, blobs, drafts, sync_state};

/// Times what was refused is made anew in one farewell.
const MOST_ROUNDS: u32 = 3;

/// A message of a farewell.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Errand {
    /// `POST /handover`.
    HandOver(HandOver),
    /// `POST /handover/trail`.
    Trail(BringAudit),
    /// `POST /handover/offer`.
    Offer(OfferBlobs),
    /// `POST /handover/chunk`.
    Piece(BlobChunk),
    /// `POST /handover/remains`.
    Remains(KeepRemains),
    /// `POST /handover/receipt`.
    Receipt(GiveReceipt),
}

impl Errand {
    /// Where it is said.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self {
            Self::HandOver(_) => "/handover",
            Self::Trail(_) => "/handover/trail",
            Self::Offer(_) => "/handover/offer",
            Self::Piece(_) => "/handover/chunk",
            Self::Remains(_) => "/handover/remains",
            Self::Receipt(_) => "/handover/receipt",
        }
    }
}

/// A farewell under way.
pub struct Farewell {
    state: State,
    rounds: u32,
    /// The server keeps what it took in every place it has.
    durable: bool,
    /// Rows of the trail the server does not have are no reason to wait: it has them all, or never takes them.
    trail_is_over: bool,
    /// Rows that were left when the last stretch of them began.
    trail_left: Option<u64>,
    /// Photos are no reason to wait: all are there for good, the station said so, or the server never takes them.
    photos_are_over: bool,
    /// The server takes none now.
    photos_wait: bool,
    /// Bytes of them that were left when the slice began.
    photos_left: u64,
    /// The slice ended before the photos did.
    has_more: bool,
}

enum State {
    /// What is here goes out, part by part; the first time also when there is nothing.
    Handing {
        asked: bool,
    },
    /// A part was sent: these.
    Handed(Vec<ids::ChangeHash>),
    /// A stretch of the trail, which has a bound of its own.
    Trail(Trail),
    /// A slice of photos; whether they were offered last, or a piece was sent.
    Photos {
        slice: Uploads,
        offered: bool,
    },
    /// Parts of what cannot be handed over, and the receipt behind them.
    Sealing(VecDeque<Errand>),
    Over,
}

impl Default for Farewell {
    fn default() -> Self {
        Self {
            state: State::Handing { asked: false },
            rounds: 0,
            durable: false,
            trail_is_over: false,
            trail_left: None,
            photos_are_over: false,
            photos_wait: false,
            photos_left: 0,
            has_more: false,
        }
    }
}

impl Farewell {
    /// The next message; none when everything was said that can be said now.
    ///
    /// # Errors
    /// The store refuses.
    pub fn next(&mut self, tablet: &Tablet) -> Result<Option<Errand>, ClientError> {
        loop {
            match &mut self.state {
                State::Handing { asked } => {
                    let part = part(tablet)?;
                    if !part.is_empty() || !*asked {
                        self.state = State::Handed(part.iter().map(|queued| queued.hash).collect());
                        return Ok(Some(Errand::HandOver(hand_over(tablet, part)?)));
                    }
                    self.rounds += 1;
                    if self.rounds <= MOST_ROUNDS && returned::settle(tablet)? {
                        continue;
                    }
                    self.state = self.trail(tablet)?;
                }
                State::Trail(trail) => match trail.next(tablet)? {
                    Some(part) => return Ok(Some(Errand::Trail(part))),
                    None => self.state = self.trail(tablet)?,
                },
                State::Photos { slice, offered } => match slice.next(tablet)? {
                    Some(Parcel::Offer(offer)) => {
                        *offered = true;
                        return Ok(Some(Errand::Offer(offer)));
                    }
                    Some(Parcel::Piece(piece)) => {
                        *offered = false;
                        return Ok(Some(Errand::Piece(piece)));
                    }
                    None => {
                        self.has_more = slice.has_more();
                        self.state = self.after_photos(tablet)?;
                    }
                },
                State::Sealing(errands) => match errands.pop_front() {
                    Some(errand) => return Ok(Some(errand)),
                    None => self.state = State::Over,
                },
                State::Handed(_) => return Err(ClientError::new("internal")),
                State::Over => return Ok(None),
            }
        }
    }

    /// Stores what the answer to the last message says.
    ///
    /// # Errors
    /// The answer is none to this; the store refuses.
    pub fn hear(&mut self, tablet: &Tablet, body: &[u8]) -> Result<(), ClientError> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Handed(sent) => {
                let answer: HandedOver = read_answer(body)?;
                if !answer.outcomes.iter().map(|(hash, _)| hash).eq(&sent) {
                    return Err(ClientError::new("server_nonsense"));
                }
                self.durable = answer.durable_seq >= answer.seq;
                self.photos_are_over |= answer.without_photos;
                note(tablet, &answer)?;
                self.state = State::Handing { asked: true };
                Ok(())
            }
            State::Trail(mut trail) => {
                trail.hear(tablet, &read_answer(body)?)?;
                self.state = State::Trail(trail);
                Ok(())
            }
            State::Photos { mut slice, offered } => {
                if offered {
                    slice.hear_standings(tablet, read_answer(body)?)?;
                } else {
                    slice.hear_taken(tablet, &read_answer(body)?)?;
                }
                self.state = State::Photos { slice, offered };
                Ok(())
            }
            State::Sealing(errands) => {
                let answer: Kept = read_answer(body)?;
                if answer.complete {
                    tablet
                        .store
                        .write(|tx| kept::update(tx, |standing| standing.wipe_receipted = true))?;
                }
                self.state = State::Sealing(errands);
                Ok(())
            }
            State::Handing { .. } | State::Over => Err(ClientError::new("server_nonsense")),
        }
    }

    /// The next stretch of the trail while the last one brought some of it; then photos.
    fn trail(&mut self, tablet: &Tablet) -> Result<State, ClientError> {
        let left = tablet.store.read(audit::unsent_count)?;
        if !self.trail_is_over && left > 0 && self.trail_left.is_none_or(|before| left < before) {
            self.trail_left = Some(left);
            return Ok(State::Trail(Trail::begin_last(tablet)?));
        }
        self.trail_is_over |= left == 0;
        self.photos(tablet)
    }

    /// A slice of photos; the last words when nothing of them is waited for, or they cannot go now.
    fn photos(&mut self, tablet: &Tablet) -> Result<State, ClientError> {
        if self.photos_are_over || self.photos_wait {
            return Ok(State::Sealing(self.last_words(tablet)?));
        }
        (_, self.photos_left) = tablet.store.read(blobs::waiting_sum)?;
        Ok(State::Photos {
            slice: Uploads::begin(tablet)?,
            offered: false,
        })
    }

    /// A slice is over. When some of it came, the station hears what is left before anything else is said.
    fn after_photos(&mut self, tablet: &Tablet) -> Result<State, ClientError> {
        let (left, waiting) = tablet.store.read(|connection| {
            Ok::<_, ClientError>((
                blobs::waiting_sum(connection)?.1,
                blobs::waiting(connection, 1)?,
            ))
        })?;
        self.photos_are_over |= waiting.is_empty();
        let came = left < self.photos_left;
        self.has_more &= came;
        if came {
            // The rest goes with the next exchange, which begins at once and hears first whether it is still to wait.
            self.photos_wait = self.has_more;
            return Ok(State::Handing { asked: false });
        }
        Ok(State::Sealing(self.last_words(tablet)?))
    }

    /// Whether another exchange takes more of the photos on at once.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_more && !self.photos_are_over
    }

    /// Whether nothing is waited for any more.
    fn is_all_there(&self) -> bool {
        self.durable && self.trail_is_over && self.photos_are_over
    }

    /// The server refused the last message with a code. Whether the farewell goes on without it: an older server has no
    /// such route, and what a server never takes keeps no device from its end; the receipt says how much it was.
    pub fn go_without(&mut self, code: &str) -> bool {
        match self.state {
            State::Trail(_) if is_for_good(code) => {
                self.trail_is_over = true;
                self.state = State::Handing { asked: true };
                true
            }
            State::Photos { offered, .. } => {
                if offered && code == "not_found" {
                    self.photos_are_over = true;
                }
                self.photos_wait = true;
                self.state = State::Handing { asked: true };
                true
            }
            _ => false,
        }
    }

    /// What is said before everything is destroyed; nothing while that is not ordered, or what was handed over is not
    /// in every place the server keeps things, or rows of the trail or photos are still to come.
    fn last_words(&self, tablet: &Tablet) -> Result<VecDeque<Errand>, ClientError> {
        let standing = tablet.store.read(kept::get)?;
        match standing.wipe_order {
            Some(order) if self.is_all_there() && !standing.wipe_receipted => {
                receipt(tablet, order)
            }
            _ => Ok(VecDeque::new()),
        }
    }
}

/// What was refused so is refused the next time as well. `device_unknown` is how a signature is refused that does not hold.
fn is_for_good(code: &str) -> bool {
    matches!(
        code,
        "not_found" | "malformed" | "device_unknown" | "too_large"
    )
}

/// The next envelopes of the outbox.
fn part(tablet: &Tablet) -> Result<Vec<Queued>, ClientError> {
    let scope = tablet.identity.scope;
    let waiting = tablet
        .store
        .read(|connection| changes::outbox(connection, scope, limits::PART_RAW_BYTES))?;
    let queued = waiting
        .into_iter()
        .map(|change| Queued {
            dev_seq: change.dev_seq,
            hash: change.hash,
            envelope: Envelope {
                head: change.head,
                signature: change.signature,
                change: change.body,
            },
        })
        .collect();
    Ok(pack_part(queued))
}

fn hand_over(tablet: &Tablet, part: Vec<Queued>) -> Result<HandOver, ClientError> {
    let (mut left, status) = tablet.store.read(|connection| {
        Ok::<_, ClientError>((
            standing::unsent_of_stopped(connection)?,
            sync_state::status(connection)?,
        ))
    })?;
    let going = u32::try_from(part.len()).unwrap_or(u32::MAX);
    left.changes = left.changes.saturating_sub(going);
    Ok(HandOver {
        protocol: PROTOCOL_VERSION,
        outbox: part.into_iter().map(|queued| queued.envelope).collect(),
        left,
        tick: status.tick,
    })
}

/// Outcomes and orders, in one transaction.
fn note(tablet: &Tablet, answer: &HandedOver) -> Result<(), ClientError> {
    let scope = tablet.identity.scope;
    tablet.store.write(|tx| {
        forget_what_was_lost(tablet, tx, &answer.tick)?;
        for (hash, outcome) in &answer.outcomes {
            let became = match outcome {
                Outcome::Refused { code } => changes::Outcome::Refused {
                    code: code.as_str().to_owned(),
                    reason: None,
                },
                _ => changes::Outcome::Accepted {
                    server_seq: Some(outcome.seq().unwrap_or(answer.seq)),
                },
            };
            let marked = changes::mark_outcome(tx, *hash, &became)?;
            if let (Outcome::Refused { .. }, Some(document)) = (outcome, marked) {
                returned::note_refusal(tablet, tx, document, *hash)?;
            }
        }
        changes::mark_durable_up_to(tx, scope, answer.durable_seq)?;
        for statement in &answer.orders {
            recovery::heed_order(tablet, tx, statement)?;
        }
        Ok::<_, ClientError>(())
    })
}

/// The server was set back since: what its lost memory acknowledged is handed over with the rest. Nobody else has it, and
/// what was made afterwards may stand on it.
fn forget_what_was_lost(
    tablet: &Tablet,
    tx: &Transaction<'_>,
    tick: &[u8],
) -> Result<(), ClientError> {
    let Some(epoch) = recovery::epoch_in(tablet, tick) else {
        return Ok(());
    };
    let known = sync_state::status(tx)?.tick;
    let known = known.and_then(|tick| recovery::epoch_in(tablet, &tick));
    if known == Some(epoch) {
        return Ok(());
    }
    if known.is_some() {
        store::recovery::begin(tx, tablet.identity.scope)?;
    }
    Ok(sync_state::update_status(tx, |status| {
        status.tick = Some(tick.to_vec());
    })?)
}

/// What cannot be handed over as changes, as the district reads it.
#[derive(Serialize)]
struct Remains {
    device: String,
    person: String,
    unit: String,
    drafts: Vec<drafts::Draft>,
    sheets: Vec<RemainingSheet>,
    changes: Vec<RemainingChange>,
}

/// A page that was begun and not saved.
#[derive(Serialize)]
struct RemainingSheet {
    page: String,
    words: Option<serde_json::Value>,
    changed_ms: i64,
}

impl RemainingSheet {
    fn of(sheet: &Sheet) -> Self {
        let words = sheet.words.as_deref();
        Self {
            page: sheet.about.clone(),
            words: words.and_then(|words| serde_json::from_str(words).ok()),
            changed_ms: sheet.changed_ms,
        }
    }
}

/// A change the server did not take, with what it needs to be believed.
#[derive(Serialize)]
struct RemainingChange {
    document: String,
    hash: String,
    head: String,
    signature: String,
    change: String,
}

impl RemainingChange {
    fn of(change: &Change) -> Self {
        Self {
            document: change.document.to_string(),
            hash: change.hash.to_string(),
            head: hex(&change.head),
            signature: hex(&change.signature),
            change: hex(&change.body),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The remains in parts, and the receipt over them.
fn receipt(tablet: &Tablet, order: u64) -> Result<VecDeque<Errand>, ClientError> {
    let me = &tablet.identity;
    let (unsent, drafts, sheets, changes) = tablet.store.read(|connection| {
        Ok::<_, ClientError>((
            standing::unsent_of_stopped(connection)?,
            drafts::open(connection)?,
            sheets::all(connection)?,
            changes::unsent(connection)?,
        ))
    })?;
    let bytes = if drafts.is_empty() && sheets.is_empty() && changes.is_empty() {
        Vec::new()
    } else {
        let remains = Remains {
            device: me.device.to_string(),
            person: me.person.clone(),
            unit: me.unit_name.clone(),
            drafts,
            sheets: sheets.iter().map(RemainingSheet::of).collect(),
            changes: changes.iter().map(RemainingChange::of).collect(),
        };
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&remains)?);
        sealed::seal(
            &tablet.enrolled.recovery_key,
            REMAINS,
            &plain,
            tablet.entropy.as_ref(),
        )
        .map_err(|error| ClientError::new("internal").because(error))?
    };
    let parts: Vec<&[u8]> = bytes.chunks(limits::REMAINS_PART_BYTES).collect();
    let remains = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    if remains > limits::REMAINS_PARTS {
        // Nothing is destroyed that nobody has.
        return Err(ClientError::new("too_large"));
    }
    let statement = proof::make_statement(
        &tablet.key,
        &WipeReceipt {
            device: me.device,
            scope: me.scope,
            order,
            at_ms: tablet.clock.now_ms(),
            unsent,
            remains,
            digest: Sha256::digest(&bytes).into(),
        },
    )?;
    let parts = parts.into_iter().enumerate().map(|(number, part)| {
        Errand::Remains(KeepRemains {
            order,
            part: u32::try_from(number).unwrap_or(u32::MAX),
            bytes: part.to_vec(),
        })
    });
    Ok(parts
        .chain([Errand::Receipt(GiveReceipt { receipt: statement })])
        .collect())
}
