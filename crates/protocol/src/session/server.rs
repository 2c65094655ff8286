//! The server's end of a sync: which change is taken, held or refused, and why. No IO; the state is a trait the server implements.
//!
//! The order of the questions is fixed, and each is asked in one place:
//! size, decoding, whose it is, signature, chain; from there on a refused change keeps its place in the chain;
//! then the change's own header and hash, the document, access, the actor's number, dependencies, first operation.
//! One change's refusal never touches another's.

use crate::access::{self, Action, Context, Decision, Denial, Holder, Resource, Standing, Subject};
use crate::change_header::{self, ChangeError, ChangeHeader};
use crate::envelope::{self, DocumentHeader, Envelope, EnvelopeHead};
use crate::genesis::{self, Constant};
use crate::guest::GUESTS_ADD_TO;
use crate::limits;
use crate::outcome::{Outcome, RefusalCode};
use crate::retry;
use crate::wire::ProtocolError;
use ed25519_dalek::VerifyingKey;
use ids::{
    ActorId, ChangeHash, DeviceId, DocKind, DocumentId, Generation, Incarnation, UnitId, actor_id,
};

/// Who sends.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Device and holder.
    pub holder: Holder,
    /// The device's public key.
    pub key: VerifyingKey,
    /// The device was revoked.
    pub revoked: bool,
    /// What it made comes back to a server that lost it, so where the document was born counts as well.
    pub returns: bool,
}

/// A chain of envelopes: one memory of one device in one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain {
    /// The device.
    pub device: DeviceId,
    /// Its memory.
    pub incarnation: Incarnation,
    /// The scope.
    pub scope: UnitId,
}

/// Where a chain ends. The default is a chain that has not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainTip {
    /// The last place taken.
    pub dev_seq: u64,
    /// Hash of the head there.
    pub head_hash: [u8; 32],
}

/// What became of a head seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownHead {
    /// On the disk.
    Accepted {
        /// Its number in the log, once it is published.
        seq: Option<u64>,
    },
    /// Waiting for what it depends on.
    Held,
    /// In the review tray, or decided there: its author was told, and is told the same again.
    Review,
    /// Refused.
    Refused {
        /// Why.
        code: RefusalCode,
    },
}

/// A document the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDocument {
    /// As its creator signed it.
    pub header: DocumentHeader,
    /// Its current generation.
    pub generation: Generation,
    /// Where it belongs now.
    pub home_unit: UnitId,
    /// The scope that unit lies in.
    pub scope: UnitId,
    /// Sum of its envelopes' [`Envelope::raw_bytes`].
    pub bytes: u64,
    /// Changes waiting.
    pub held: u64,
    /// The second village that knows of it at the moment (户籍村).
    pub guest: Option<UnitId>,
}

/// A change the server has in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownChange {
    /// Its number in the scope's log; none while it waits to be published.
    pub seq: Option<u64>,
    /// Its last operation's counter.
    pub max_op: u64,
}

/// A change that passed every question.
#[derive(Debug)]
pub struct Admitted<'a> {
    /// The envelope.
    pub envelope: &'a Envelope,
    /// Its head.
    pub head: &'a EnvelopeHead,
    /// Hash of the head's bytes.
    pub head_hash: [u8; 32],
    /// The change's own header.
    pub change: &'a ChangeHeader,
    /// Kind of the document.
    pub kind: DocKind,
    /// Where the document belongs.
    pub home_unit: UnitId,
    /// Set when this change begins the document.
    pub begins: Option<&'a DocumentHeader>,
}

/// What admission asks of the server's memory and tells it. All of one call happens in one transaction.
pub trait AdmissionState {
    /// What can go wrong with the memory.
    type Error;

    /// The constants of a (kind, schema); usually [`crate::genesis::constants`].
    fn constants(&self, kind: DocKind, schema: u32) -> Option<Vec<&'static Constant>>;
    /// What became of a head seen before.
    fn known_head(&mut self, head_hash: &[u8; 32]) -> Result<Option<KnownHead>, Self::Error>;
    /// Where a chain ends.
    fn chain_tip(&mut self, chain: &Chain) -> Result<ChainTip, Self::Error>;
    /// A document.
    fn document(&mut self, document: DocumentId) -> Result<Option<KnownDocument>, Self::Error>;
    /// A change on the disk, published or waiting for it, by document, generation and hash.
    fn change(
        &mut self,
        document: DocumentId,
        generation: Generation,
        hash: &ChangeHash,
    ) -> Result<Option<KnownChange>, Self::Error>;
    /// The change that took an actor's number in a document.
    fn change_of_actor(
        &mut self,
        document: DocumentId,
        actor: &ActorId,
        seq: u64,
    ) -> Result<Option<ChangeHash>, Self::Error>;
    /// The scope a unit lies in; a station is its own scope.
    fn scope_of(&mut self, unit: UnitId) -> Result<Option<UnitId>, Self::Error>;
    /// Whether a document lived where this person works, and does not any more.
    fn has_left(&mut self, document: DocumentId, holder: &Holder) -> Result<bool, Self::Error>;
    /// Whether this person's village knows of a document of another one, or did.
    fn was_guest(&mut self, document: DocumentId, holder: &Holder) -> Result<bool, Self::Error>;
    /// Whether a document that is not here yet was ordered to go to a scope.
    fn is_to_go_to(&mut self, document: DocumentId, scope: UnitId) -> Result<bool, Self::Error>;
    /// Who a device is, for changes that waited.
    fn caller(&mut self, device: DeviceId) -> Result<Option<Caller>, Self::Error>;
    /// Whether an order erased this generation of the document.
    fn is_erased(
        &mut self,
        document: DocumentId,
        generation: Generation,
    ) -> Result<bool, Self::Error>;
    /// The head at a place of a chain.
    fn head_at(&mut self, chain: &Chain, dev_seq: u64) -> Result<Option<[u8; 32]>, Self::Error>;
    /// The server was set back and the device itself has not spoken in this chain since: heads before the next one may be
    /// lost for good.
    fn may_have_gaps(&mut self, chain: &Chain) -> Result<bool, Self::Error>;
    /// Two memories write this chain: each is to begin anew.
    fn note_fork(&mut self, chain: &Chain) -> Result<(), Self::Error>;
    /// Changes of a document that wait, oldest first.
    fn held(&mut self, document: DocumentId) -> Result<Vec<Envelope>, Self::Error>;

    /// The head takes its place in the chain, whatever becomes of it.
    fn place(
        &mut self,
        chain: &Chain,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
    ) -> Result<(), Self::Error>;
    /// Keeps the change. Its number in the scope's log, or none when it is to be published later.
    fn accept(&mut self, admitted: &Admitted<'_>) -> Result<Option<u64>, Self::Error>;
    /// A change that is on the disk already, under another head.
    fn alias(
        &mut self,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
        seq: Option<u64>,
    ) -> Result<(), Self::Error>;
    /// A refused or held envelope of the same device is not wanted any more: what it said is on the disk under this head.
    /// One that is on the disk itself, or another device's, is left alone.
    fn replace(
        &mut self,
        head: &EnvelopeHead,
        replaced: &[u8; 32],
        seq: Option<u64>,
    ) -> Result<(), Self::Error>;
    /// Keeps the envelope aside.
    fn hold(
        &mut self,
        envelope: &Envelope,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
        missing: &[ChangeHash],
    ) -> Result<(), Self::Error>;
    /// Puts the envelope into the review tray of the document's station.
    fn review(
        &mut self,
        envelope: &Envelope,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
    ) -> Result<(), Self::Error>;
    /// What lay in the review tray came back as a part of its document: a person had taken it, or it never was late.
    fn leave_tray(&mut self, head: &EnvelopeHead, head_hash: &[u8; 32]) -> Result<(), Self::Error>;
    /// Remembers the refusal, for the answer to the same head and for the station.
    fn refuse(
        &mut self,
        head: &EnvelopeHead,
        head_hash: &[u8; 32],
        code: RefusalCode,
    ) -> Result<(), Self::Error>;
}

/// An envelope of which everything is known that its bytes and a key tell. The dear part of admitting, a signature, is
/// paid here: before the one transaction, on whatever thread.
#[derive(Debug, Clone)]
pub struct Examined {
    envelope: Envelope,
    head: Result<EnvelopeHead, RefusalCode>,
    /// The key its signature was found to be made with.
    signed_with: Option<VerifyingKey>,
}

impl Examined {
    /// Reads the head and looks whether this key signed it.
    pub fn new(key: &VerifyingKey, envelope: Envelope) -> Self {
        let head = envelope::open(&envelope).map_err(|error| match error {
            ProtocolError::TooLarge { .. } => RefusalCode::TooLarge,
            _ => RefusalCode::Malformed,
        });
        let is_signed =
            head.is_ok() && envelope::verify(key, &envelope.head, &envelope.signature).is_ok();
        Self {
            envelope,
            head,
            signed_with: is_signed.then_some(*key),
        }
    }

    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The head, or why it is none.
    pub(super) fn head(&self) -> Result<&EnvelopeHead, RefusalCode> {
        self.head.as_ref().map_err(|code| *code)
    }

    /// Whether its signature was found to be made with this key.
    pub(super) fn is_signed_with(&self, key: &VerifyingKey) -> bool {
        self.signed_with.as_ref() == Some(key)
    }
}

/// Admits one part, change by change; what one change brings, the next may depend on.
///
/// # Errors
/// Only the state's own; a bad change is an outcome.
pub fn admit_part<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    part: &[Examined],
) -> Result<Vec<(ChangeHash, Outcome)>, S::Error> {
    part.iter()
        .map(|examined| admit(state, caller, examined))
        .collect()
}

fn admit<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    examined: &Examined,
) -> Result<(ChangeHash, Outcome), S::Error> {
    let head = match &examined.head {
        Ok(head) => head,
        Err(code) => return Ok((ChangeHash([0; 32]), refused(*code))),
    };
    let hash = head.hash;
    let outcome = admit_head(state, caller, examined, head)?;
    if is_new(&outcome) {
        release_held(state, head.document)?;
    }
    Ok((hash, outcome))
}

/// What became of an envelope that was taken, as it stands now. Asks only; nothing is admitted.
///
/// # Errors
/// Only the state's own.
pub fn outcome_now<S: AdmissionState>(
    state: &mut S,
    envelope: &Envelope,
) -> Result<Outcome, S::Error> {
    let Ok(head) = envelope::open(envelope) else {
        return Ok(refused(RefusalCode::Malformed));
    };
    Ok(
        match state.known_head(&envelope::head_hash(&envelope.head))? {
            Some(KnownHead::Accepted { seq: Some(seq) }) => Outcome::Accepted { seq },
            Some(KnownHead::Accepted { seq: None }) | None => Outcome::Taken,
            Some(KnownHead::Review) => Outcome::Review,
            Some(KnownHead::Refused { code }) => refused(code),
            Some(KnownHead::Held) => {
                let deps = change_header::read(&envelope.change).map(|change| change.deps);
                let mut missing = Vec::new();
                for dep in deps.unwrap_or_default() {
                    let constant = crate::genesis::table()
                        .iter()
                        .any(|constant| constant.hash == dep);
                    let known = constant
                        || state
                            .change(head.document, head.generation, &dep)?
                            .is_some();
                    if !known {
                        missing.push(dep);
                    }
                }
                Outcome::Held { missing }
            }
        },
    )
}

/// Admits a change out of the review tray, as if its author worked where the document lives now: a person of that
/// station said so. Asks everything else again.
///
/// # Errors
/// Only the state's own; a bad change is an outcome.
pub fn admit_reviewed<S: AdmissionState>(
    state: &mut S,
    author: &Caller,
    envelope: &Envelope,
) -> Result<Outcome, S::Error> {
    let Ok(head) = envelope::open(envelope) else {
        return Ok(refused(RefusalCode::Malformed));
    };
    let mut author = author.clone();
    match state.document(head.document)? {
        Some(known) => {
            author.holder.unit = known.home_unit;
            author.holder.scope = known.scope;
        }
        // What a stopped device handed over may begin a document, where its author might have begun it.
        None if head.header.is_some() => {}
        None => return Ok(refused(RefusalCode::UnknownDocument)),
    }
    // It was taken while the device could still speak.
    author.revoked = false;
    let head_hash = envelope::head_hash(&envelope.head);
    let outcome = examine(state, &author, envelope, &head, head_hash, Waits(true))?;
    if is_new(&outcome) {
        release_held(state, head.document)?;
    }
    Ok(outcome)
}

fn admit_head<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    examined: &Examined,
    head: &EnvelopeHead,
) -> Result<Outcome, S::Error> {
    let envelope = &examined.envelope;
    if caller.revoked {
        return Ok(refused(RefusalCode::DeviceRevoked));
    }
    let holder = &caller.holder;
    if head.device != holder.device || head.staff != holder.staff || head.scope != holder.scope {
        return Ok(refused(RefusalCode::UnknownDevice));
    }
    if examined.signed_with != Some(caller.key) {
        return Ok(refused(RefusalCode::BadSignature));
    }
    let head_hash = envelope::head_hash(&envelope.head);
    let waits = match state.known_head(&head_hash)? {
        Some(KnownHead::Accepted { seq }) => return Ok(had(seq)),
        Some(KnownHead::Review) => return Ok(Outcome::Review),
        // A refusal is looked at anew where looking may help, at the place in the chain the head has already.
        Some(KnownHead::Refused { code }) if !retry::may_pass_later(code) => {
            return Ok(refused(code));
        }
        Some(KnownHead::Refused { .. }) => Waits(false),
        Some(KnownHead::Held) => Waits(true),
        None => {
            let chain = Chain {
                device: head.device,
                incarnation: head.incarnation,
                scope: head.scope,
            };
            let tip = state.chain_tip(&chain)?;
            let follows =
                tip.dev_seq.checked_add(1) == Some(head.dev_seq) && tip.head_hash == head.previous;
            if !follows && !joins(state, &chain, &tip, head)? {
                if state.head_at(&chain, head.dev_seq)?.is_some() {
                    state.note_fork(&chain)?;
                }
                // It takes no place, but whoever looks after the tablets is told.
                state.refuse(head, &head_hash, RefusalCode::BadChain)?;
                return Ok(refused(RefusalCode::BadChain));
            }
            state.place(&chain, head, &head_hash)?;
            Waits(false)
        }
    };
    examine(state, caller, envelope, head, head_hash, waits)
}

/// Whether a head may take its place though it does not follow the tip: after the server was set back, a chain goes on
/// behind heads that nobody has any more, and its own device may fill the gaps.
pub(super) fn joins<S: AdmissionState>(
    state: &mut S,
    chain: &Chain,
    tip: &ChainTip,
    head: &EnvelopeHead,
) -> Result<bool, S::Error> {
    let gap_allowed = head.dev_seq <= tip.dev_seq || state.may_have_gaps(chain)?;
    Ok(gap_allowed && fits_in(state, chain, head)?)
}

/// Whether a head's place is free and agrees with what is known of the place before it.
pub(super) fn fits_in<S: AdmissionState>(
    state: &mut S,
    chain: &Chain,
    head: &EnvelopeHead,
) -> Result<bool, S::Error> {
    if head.dev_seq == 0 || state.head_at(chain, head.dev_seq)?.is_some() {
        return Ok(false);
    }
    let before = match head.dev_seq {
        1 => Some([0; 32]),
        place => state.head_at(chain, place - 1)?,
    };
    Ok(before.is_none_or(|before| before == head.previous))
}

/// Whether the change was held before.
#[derive(Clone, Copy)]
pub(super) struct Waits(pub(super) bool);

/// From here on the change has its place in the chain.
pub(super) fn examine<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    envelope: &Envelope,
    head: &EnvelopeHead,
    head_hash: [u8; 32],
    waits: Waits,
) -> Result<Outcome, S::Error> {
    match question(state, caller, envelope, head, waits)? {
        Verdict::Take(taken) => {
            let admitted = Admitted {
                envelope,
                head,
                head_hash,
                change: &taken.change,
                kind: taken.kind,
                home_unit: taken.home_unit,
                begins: taken.begins.as_ref(),
            };
            let seq = state.accept(&admitted)?;
            if let Some(replaced) = &head.replaces {
                state.replace(head, replaced, seq)?;
            }
            Ok(seq.map_or(Outcome::Taken, |seq| Outcome::Accepted { seq }))
        }
        Verdict::Had(seq) => {
            state.alias(head, &head_hash, seq)?;
            Ok(had(seq))
        }
        Verdict::Hold(missing) => {
            state.hold(envelope, head, &head_hash, &missing)?;
            Ok(Outcome::Held { missing })
        }
        Verdict::Review => {
            state.review(envelope, head, &head_hash)?;
            Ok(Outcome::Review)
        }
        Verdict::Refuse(code) => {
            state.refuse(head, &head_hash, code)?;
            Ok(refused(code))
        }
    }
}

struct Taken {
    change: ChangeHeader,
    kind: DocKind,
    home_unit: UnitId,
    begins: Option<DocumentHeader>,
}

enum Verdict {
    Take(Taken),
    Had(Option<u64>),
    Hold(Vec<ChangeHash>),
    Review,
    Refuse(RefusalCode),
}

fn question<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    envelope: &Envelope,
    head: &EnvelopeHead,
    Waits(waits): Waits,
) -> Result<Verdict, S::Error> {
    let change = match read_change(envelope, head) {
        Ok(change) => change,
        Err(code) => return Ok(Verdict::Refuse(code)),
    };
    let place = match find_document(state, caller, head)? {
        Ok(place) => place,
        // What was written before its author could know of the move is not refused: a person looks at it.
        Err(RefusalCode::NotYourUnit) if state.has_left(head.document, &caller.holder)? => {
            return Ok(Verdict::Review);
        }
        Err(RefusalCode::NotYourUnit) if state.was_guest(head.document, &caller.holder)? => {
            return Ok(if is_contact(envelope) {
                Verdict::Review
            } else {
                Verdict::Refuse(RefusalCode::OnlyContacts)
            });
        }
        Err(code) => return Ok(Verdict::Refuse(code)),
    };
    if place.only_contacts && !is_contact(envelope) {
        return Ok(Verdict::Refuse(RefusalCode::OnlyContacts));
    }
    if let Some(other) = state.change_of_actor(head.document, &head.actor, head.seq)? {
        if other != head.hash {
            return Ok(Verdict::Refuse(RefusalCode::SeqReused));
        }
        if let Some(known) = state.change(head.document, head.generation, &head.hash)? {
            return Ok(Verdict::Had(known.seq));
        }
    }
    let schema = place.schema.max(head.schema);
    let constants = state
        .constants(place.kind, schema)
        .or_else(|| state.constants(place.kind, place.schema));
    let Some(constants) = constants else {
        return Ok(Verdict::Refuse(RefusalCode::NotApplicable));
    };
    if change.deps.is_empty() {
        // Every change of ours follows at least the constants its document was born with.
        return Ok(Verdict::Refuse(RefusalCode::NotApplicable));
    }
    let mut past = 0;
    let mut missing = Vec::new();
    for dep in &change.deps {
        if let Some(constant) = constants.iter().find(|constant| constant.hash == *dep) {
            past = past.max(constant.max_op);
        } else if let Some(known) = state.change(head.document, head.generation, dep)? {
            past = past.max(known.max_op);
        } else {
            missing.push(*dep);
        }
    }
    if !missing.is_empty() {
        return Ok(if place.begins.is_some() {
            // A document begins on its constants alone; anything else is a schema not known here.
            Verdict::Refuse(RefusalCode::NotApplicable)
        } else if !waits && place.held >= limits::HELD_PER_DOCUMENT {
            Verdict::Refuse(RefusalCode::HeldMissing)
        } else {
            Verdict::Hold(missing)
        });
    }
    let before = head.seq.saturating_sub(1);
    if before > 0
        && state
            .change_of_actor(head.document, &head.actor, before)?
            .is_none()
    {
        // An actor's own changes follow each other, so with its past known the one before must be, too.
        return Ok(Verdict::Refuse(RefusalCode::Malformed));
    }
    if change.start_op != past + 1 {
        return Ok(Verdict::Refuse(RefusalCode::StartOp));
    }
    if place.bytes + envelope.raw_bytes() as u64 > limits::DOCUMENT_BYTES {
        return Ok(Verdict::Refuse(RefusalCode::TooLarge));
    }
    Ok(Verdict::Take(Taken {
        change,
        kind: place.kind,
        home_unit: place.home_unit,
        begins: place.begins,
    }))
}

/// Whether a change does nothing but add contacts to a child's file.
fn is_contact(envelope: &Envelope) -> bool {
    genesis::collection(DocKind::Child, GUESTS_ADD_TO).is_some_and(|collection| {
        change_header::adds_only_to(&envelope.change, &collection).unwrap_or(false)
    })
}

/// The change's own bytes, and whether the head told the truth about them.
pub(super) fn read_change(
    envelope: &Envelope,
    head: &EnvelopeHead,
) -> Result<ChangeHeader, RefusalCode> {
    if envelope.change.len() > limits::CHANGE_BYTES {
        return Err(RefusalCode::TooLarge);
    }
    let change = change_header::read(&envelope.change).map_err(|error| match error {
        ChangeError::TooLarge => RefusalCode::TooLarge,
        ChangeError::TooManyOps => RefusalCode::TooManyOps,
        ChangeError::Checksum => RefusalCode::HashMismatch,
        ChangeError::NotAChange | ChangeError::Malformed(_) => RefusalCode::Malformed,
    })?;
    if change.hash != head.hash {
        return Err(RefusalCode::HashMismatch);
    }
    let actor = actor_id(
        head.device,
        head.incarnation,
        head.document,
        head.generation,
    );
    if change.actor != actor || head.actor != actor {
        return Err(RefusalCode::ActorMismatch);
    }
    let honest = change.seq == head.seq
        && change.start_op == head.start_op
        && change.ops == u64::from(head.ops);
    if honest {
        Ok(change)
    } else {
        Err(RefusalCode::Malformed)
    }
}

struct Place {
    kind: DocKind,
    schema: u32,
    home_unit: UnitId,
    bytes: u64,
    held: u64,
    begins: Option<DocumentHeader>,
    /// The caller's village only knows of it.
    only_contacts: bool,
}

/// The document the change belongs to, known or begun by it, if the caller may write there.
fn find_document<S: AdmissionState>(
    state: &mut S,
    caller: &Caller,
    head: &EnvelopeHead,
) -> Result<Result<Place, RefusalCode>, S::Error> {
    let context = Context::standing(Standing::of_device(caller.revoked));
    let subject = Subject::Device(caller.holder);
    if state.is_erased(head.document, head.generation)? {
        return Ok(Err(RefusalCode::Erased));
    }
    if let Some(known) = state.document(head.document)? {
        let resource = Resource::Document {
            kind: known.header.kind,
            home_unit: known.home_unit,
            scope: known.scope,
            creator: known.header.creator,
            guest: known.guest,
        };
        let mut decision = access::decide(subject, Action::WriteDocument, resource, context);
        if caller.returns && !decision.is_allowed() {
            let at_birth = Resource::Document {
                kind: known.header.kind,
                home_unit: known.header.home_unit,
                scope: known.scope,
                creator: known.header.creator,
                guest: None,
            };
            decision = access::decide(subject, Action::WriteDocument, at_birth, context);
        }
        let only_contacts = !decision.is_allowed()
            && (access::decide(subject, Action::AddContact, resource, context).is_allowed()
                || caller.returns && state.was_guest(head.document, &caller.holder)?);
        if let (Decision::Deny(denial), false) = (decision, only_contacts) {
            return Ok(Err(refusal(denial)));
        }
        if known.generation != head.generation {
            return Ok(Err(RefusalCode::Generation));
        }
        if head
            .header
            .as_ref()
            .is_some_and(|header| *header != known.header)
        {
            return Ok(Err(RefusalCode::Malformed));
        }
        return Ok(Ok(Place {
            kind: known.header.kind,
            schema: known.header.schema,
            home_unit: known.home_unit,
            bytes: known.bytes,
            held: known.held,
            begins: None,
            only_contacts,
        }));
    }
    let Some(header) = head.header.clone() else {
        return Ok(Err(RefusalCode::UnknownDocument));
    };
    let truthful = header.document == head.document
        && header.generation == head.generation
        && header.creator == head.device;
    if !truthful {
        return Ok(Err(RefusalCode::Malformed));
    }
    let Some(scope) = state.scope_of(header.home_unit)? else {
        return Ok(Err(RefusalCode::NotYourUnit));
    };
    let resource = Resource::Document {
        kind: header.kind,
        home_unit: header.home_unit,
        scope,
        creator: header.creator,
        guest: None,
    };
    match access::decide(subject, Action::CreateDocument, resource, context) {
        Decision::Allow => Ok(Ok(Place {
            kind: header.kind,
            schema: header.schema,
            home_unit: header.home_unit,
            bytes: 0,
            held: 0,
            begins: Some(header),
            only_contacts: false,
        })),
        Decision::Deny(denial) => Ok(Err(refusal(denial))),
    }
}

/// Changes that waited are asked again, each as its own device, until none moves.
/// Examines again whatever of a document is held; what may be taken now is.
///
/// # Errors
/// Only the state's own.
pub fn release_held<S: AdmissionState>(
    state: &mut S,
    document: DocumentId,
) -> Result<(), S::Error> {
    loop {
        let mut moved = false;
        for envelope in state.held(document)? {
            let Ok(head) = envelope::open(&envelope) else {
                continue;
            };
            let Some(mut caller) = state.caller(head.device)? else {
                continue;
            };
            // It came while the device could still speak.
            caller.revoked = false;
            let head_hash = envelope::head_hash(&envelope.head);
            let outcome = examine(state, &caller, &envelope, &head, head_hash, Waits(true))?;
            moved |= is_new(&outcome);
        }
        if !moved {
            return Ok(());
        }
    }
}

/// Whether it is on the disk now and was not before.
pub(super) fn is_new(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. } | Outcome::Taken)
}

/// What is said of a change that is here already.
pub(super) fn had(seq: Option<u64>) -> Outcome {
    seq.map_or(Outcome::Taken, |seq| Outcome::AlreadyHad { seq })
}

pub(super) fn refused(code: RefusalCode) -> Outcome {
    Outcome::Refused { code }
}

fn refusal(denial: Denial) -> RefusalCode {
    match denial {
        Denial::Unit => RefusalCode::NotYourUnit,
        Denial::Kind | Denial::Role => RefusalCode::KindDenied,
        Denial::Revoked => RefusalCode::DeviceRevoked,
        // Membership that is not in force is put right by enrolling anew, like membership nobody knows.
        Denial::Unknown
        | Denial::Mismatch
        | Denial::Expired
        | Denial::NotYet
        | Denial::LeaseOver => RefusalCode::UnknownDevice,
    }
}
