//! Every message, field by field. `docs/protocol.md` is its twin in prose. Shapes only grow.

use crate::envelope::Envelope;
use crate::moves::ReviewState;
use crate::outcome::Outcome;
use crate::people::Term;
use crate::snapshot::DocumentSnapshot;
use crate::station::FormerName;
use crate::unit_key::UnitKeyHint;
use ids::{
    ChangeHash, DeviceId, DocKind, DocumentId, Generation, Incarnation, Pii, Role, StaffId, UnitId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An enrolment in progress.
pub type EnrolmentId = Uuid;

/// What the device knows of the enrolment it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locator {
    /// First four of the eight typed digits.
    Digits(String),
    /// From the QR.
    Id(EnrolmentId),
}

/// `POST /enrol/start`: the device shows its key and commits to a nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartEnrolment {
    /// Protocol version.
    pub protocol: u16,
    /// Which enrolment.
    pub locator: Locator,
    /// Ed25519 public key of the device.
    #[serde(with = "serde_bytes")]
    pub device_key: [u8; 32],
    /// `enrolment::commit(nonce)`.
    #[serde(with = "serde_bytes")]
    pub commit: [u8; 32],
}

/// Answer to [`StartEnrolment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentStarted {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// The server's nonce.
    #[serde(with = "serde_bytes")]
    pub server_nonce: [u8; 32],
    /// SHA-256 of the server's CA certificate (DER); the device uses the one it saw in TLS and refuses when they differ.
    #[serde(with = "serde_bytes")]
    pub ca_fingerprint: [u8; 32],
    /// When it ends, milliseconds since 1970.
    pub expires_ms: i64,
}

/// `POST /enrol/reveal`: the nonce the device committed to; from here on both sides show six digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// The nonce.
    #[serde(with = "serde_bytes")]
    pub nonce: [u8; 32],
    /// QR only: `enrolment::proof` with the 128-bit secret, so that a wrong QR is told at once.
    #[serde(with = "serde_bytes")]
    pub proof: Option<Vec<u8>>,
}

/// Answer to [`RevealEnrolment`] and [`PollEnrolment`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentProgress {
    /// Where it stands.
    pub state: EnrolmentState,
    /// When it ends.
    pub expires_ms: i64,
}

/// `POST /enrol/poll`: has the station confirmed? Nothing secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
}

/// Where an enrolment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentState {
    /// Nobody began it.
    Waiting,
    /// Both sides show six digits.
    Comparing,
    /// The station confirmed them; the device may finish.
    Confirmed,
    /// Used.
    Done,
    /// Ten minutes are over.
    Expired,
    /// Too many wrong proofs.
    Burnt,
}

impl EnrolmentState {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            EnrolmentState::Waiting => "waiting",
            EnrolmentState::Comparing => "comparing",
            EnrolmentState::Confirmed => "confirmed",
            EnrolmentState::Done => "done",
            EnrolmentState::Expired => "expired",
            EnrolmentState::Burnt => "burnt",
        }
    }
}

/// `POST /enrol/finish`: only after the station confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// `enrolment::proof` with the code's secret.
    #[serde(with = "serde_bytes")]
    pub proof: Vec<u8>,
}

/// Answer to [`FinishEnrolment`]: who this device is now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The device.
    pub device: DeviceId,
    /// The person.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: String,
    /// What they may be.
    pub role: Role,
    /// Where they work: village, or the station itself.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// The scope: the township station.
    pub scope: UnitId,
    /// Its name.
    pub scope_name: String,
    /// Region code of `unit`.
    pub region: String,
    /// File numbers this device may hand out.
    pub file_numbers: FileNumberBlock,
    /// A [`SignedStatement`] over a [`DeviceCertificate`], packed.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// X25519 public key of the district's recovery.
    #[serde(with = "serde_bytes")]
    pub recovery_key: [u8; 32],
    /// Ed25519 public key the server signs ticks and certificates with.
    #[serde(with = "serde_bytes")]
    pub server_key: [u8; 32],
    /// The server's CA certificate (DER), to pin.
    #[serde(with = "serde_bytes")]
    pub ca_certificate: Vec<u8>,
    /// Fingerprint of the CA that will be used after it, trusted as well.
    #[serde(default, with = "serde_bytes")]
    pub next_ca: Option<[u8; 32]>,
    /// Synthetic data only.
    pub demo: bool,
    /// The server's epoch.
    pub epoch: u64,
    /// The server's clock.
    pub server_time_ms: i64,
    /// Never said by the server: a device that was enrolled without it keeps here what it shows it, a packed
    /// [`crate::Delegated`].
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub delegated: Option<Vec<u8>>,
}

/// Numbers from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNumberBlock {
    /// First number.
    pub first: u32,
    /// Last number.
    pub last: u32,
}

/// What the server says about a device, under its signature; 90 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCertificate {
    /// The device.
    pub device: DeviceId,
    /// Its holder.
    pub staff: StaffId,
    /// Their role.
    pub role: Role,
    /// Their unit.
    pub unit: UnitId,
    /// Their scope.
    pub scope: UnitId,
    /// The device's public key.
    #[serde(with = "serde_bytes")]
    pub key: [u8; 32],
    /// From.
    pub issued_ms: i64,
    /// Until.
    pub expires_ms: i64,
    /// Names and numbers, so that a server restored from an older copy can know the device again by this alone.
    #[serde(default)]
    pub known_as: Option<KnownAs>,
}

/// What else the server knew about a device when it certified it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAs {
    /// The holder's name.
    pub staff_name: Pii<String>,
    /// The unit's name.
    pub unit_name: String,
    /// Region code of the unit.
    pub region: String,
    /// File numbers the device may hand out.
    pub file_numbers: FileNumberBlock,
}

/// Bytes under a signature, nearly always the server's: a packed [`DeviceCertificate`], [`Tick`], [`MemberRecord`],
/// [`crate::NumberedOrder`] or [`crate::Delegation`]; under a device's a [`crate::WipeReceipt`] or a
/// [`crate::StationCertificate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedStatement {
    /// The packed statement.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// Ed25519 over a fixed prefix, the statement's name and the body.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
}

/// How far the server's log had come, under its signature. A device that holds a later one proves a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The scope.
    pub scope: UnitId,
    /// The epoch.
    pub epoch: u64,
    /// The last number.
    pub seq: u64,
    /// The server's clock.
    pub at_ms: i64,
    /// The highest number of an order.
    #[serde(default)]
    pub orders: u64,
    /// The last change up to `seq`: another one under that number proves another history.
    #[serde(default)]
    pub last: Option<LastApplied>,
}

/// `POST /session/nonce`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceRequest {
    /// Who asks.
    pub device: DeviceId,
}

/// Answer to [`NonceRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceResponse {
    /// To be signed; good once, for a minute.
    #[serde(with = "serde_bytes")]
    pub nonce: [u8; 32],
}

/// `POST /session/open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// Who asks.
    pub device: DeviceId,
    /// The server's nonce.
    #[serde(with = "serde_bytes")]
    pub nonce: [u8; 32],
    /// `session::proof::sign`.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
    /// The device's certificate, packed, once the server said that it does not know the device: a server restored from
    /// a copy older than the enrolment believes its own signature.
    #[serde(default, with = "serde_bytes")]
    pub certificate: Option<Vec<u8>>,
    /// The device was told that it is stopped, and comes to hand over what it holds.
    #[serde(default)]
    pub hand_over: bool,
    /// The device was enrolled at a station without a network: what the station said of it, packed, once the server said
    /// that it does not know the device. A [`crate::Delegated`].
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub delegated: Option<Vec<u8>>,
}

/// Answer to [`OpenSession`]. Sent with every later request as `authorization: Bearer <token>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// Opaque.
    pub token: String,
    /// Ten minutes later.
    pub expires_ms: i64,
    /// The server's clock.
    pub server_time_ms: i64,
}

/// How far a client has read a scope's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The scope.
    pub scope: UnitId,
    /// The server's epoch when it was read.
    pub epoch: u64,
    /// The last number read.
    pub seq: u64,
}

/// The last change a client applied from the log, so that two histories are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastApplied {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: ChangeHash,
}

/// Where a device's chain ends: its newest envelope in one memory and scope, sent or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnd {
    /// The memory.
    pub incarnation: Incarnation,
    /// The last place taken; 0 when there is none.
    pub dev_seq: u64,
    /// Hash of the head there.
    #[serde(with = "serde_bytes")]
    pub head: [u8; 32],
}

/// A schema the app can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// Kind of document.
    pub kind: DocKind,
    /// Newest schema of it.
    pub schema: u32,
}

/// `POST /sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    /// Protocol version.
    pub protocol: u16,
    /// App version.
    pub app: String,
    /// What the app can read.
    pub schemas: Vec<SchemaVersion>,
    /// Made new for each request, the same when it is repeated.
    pub request: Uuid,
    /// How far the client has read; none before the first snapshot, then no entries come.
    pub cursor: Option<Cursor>,
    /// The last applied change.
    pub last_applied: Option<LastApplied>,
    /// A part of the outbox, in chain order.
    pub outbox: Vec<Envelope>,
    /// Raw bytes of entries wanted; 0 means the server's usual number.
    pub want_bytes: u32,
    /// No entries please, only outcomes.
    pub push_only: bool,
    /// The newest signed tick the device holds, packed: it proves to a restored server what is missing.
    #[serde(default, with = "serde_bytes")]
    pub tick: Option<Vec<u8>>,
    /// Where the device's own chain ends.
    #[serde(default)]
    pub chain: Option<ChainEnd>,
    /// What the device holds that the server does not have, this part not counted: for the station, should it be lost.
    #[serde(default)]
    pub unsent: Option<crate::Unsent>,
    /// Until when the certificate holds that the device has; the answer brings a newer one where there is one.
    #[serde(default)]
    pub certified_until_ms: Option<i64>,
    /// Fingerprint of the next CA, as far as the device has heard of one.
    #[serde(default, with = "serde_bytes")]
    pub next_ca: Option<[u8; 32]>,
}

/// Answer to [`SyncRequest`]. Nothing in it is said before it is on the server's disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResponse {
    /// One per envelope of the request, in its order.
    pub outcomes: Vec<(ChangeHash, Outcome)>,
    /// What is new after the cursor and visible to the caller, in order.
    pub entries: Vec<Entry>,
    /// The new cursor; stored with the entries in one transaction.
    pub cursor: Option<Cursor>,
    /// Ask again at once.
    pub more: bool,
    /// Numbers up to this one are in a second place too; equal to what is accepted when there is none.
    pub durable_seq: u64,
    /// Whether the server keeps a second copy.
    pub second_copy: bool,
    /// Busy: come again after this many seconds.
    pub retry_after_s: Option<u32>,
    /// A [`SignedStatement`] over a [`Tick`], packed.
    #[serde(with = "serde_bytes")]
    pub tick: Vec<u8>,
    /// The server's clock.
    pub server_time_ms: i64,
    /// Where the chain the device named ends here, after what this request brought.
    #[serde(default)]
    pub chain: Option<ChainEnd>,
    /// The server was restored from an older copy: how far what it lost has come back.
    #[serde(default)]
    pub recovery: Option<Recovery>,
    /// A newer certificate than the device said it has: a [`SignedStatement`] over a [`DeviceCertificate`], packed.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Vec<u8>>,
    /// How the station's key stands.
    #[serde(default)]
    pub unit_keys: UnitKeyHint,
    /// When the newest report to the district was taken that the asker may read ([`crate::Reports`]); 0 when there is none.
    #[serde(default)]
    pub report_ms: i64,
    /// Fingerprint of the CA that will be used after the present one; the device trusts it from now on, too.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub next_ca: Option<[u8; 32]>,
}

/// How a server that was set back to an older copy gathers what it lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// It takes everything and shows nothing yet: some order might still be missing.
    pub hold: bool,
    /// Since when it gathers.
    pub since_ms: i64,
    /// Changes that came back.
    pub returned: u64,
    /// Numbers of the lost log that nothing was found for so far.
    pub unexplained: u64,
}

/// `POST /inventory`: what a device holds, after the server lost its memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryRequest {
    /// Protocol version.
    pub protocol: u16,
    /// Documents with their heads; for those the server lacked something of, with all their changes.
    pub documents: Vec<InventoryLine>,
    /// This device has given all it has.
    pub done: bool,
}

/// What a device holds of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryLine {
    /// The document.
    pub document: DocumentId,
    /// Its generation.
    pub generation: Generation,
    /// Changes it holds: heads, or all.
    pub hashes: Vec<ChangeHash>,
}

/// Answer to [`InventoryRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryResponse {
    /// One per document, in the request's order.
    pub standings: Vec<Standing>,
}

/// How a document named in an inventory stands at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything named is here; the highest number of the document in the scope's log.
    Complete {
        /// That number.
        seq: u64,
    },
    /// These of the named are not here.
    Lacks {
        /// Their hashes.
        missing: Vec<ChangeHash>,
    },
    /// It was erased; nothing of it is wanted.
    Erased,
}

/// `POST /refill`: what the server lost, from any device that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefillRequest {
    /// Protocol version.
    pub protocol: u16,
    /// [`MemberRecord`]s under the server's signature.
    pub members: Vec<SignedStatement>,
    /// [`crate::NumberedOrder`]s under the server's signature.
    pub orders: Vec<SignedStatement>,
    /// Envelopes of any device with their original signatures, each after what it depends on.
    pub envelopes: Vec<Envelope>,
}

/// Answer to [`RefillRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefillResponse {
    /// One per envelope, in the request's order.
    pub outcomes: Vec<(ChangeHash, Outcome)>,
    /// How it stands.
    pub recovery: Option<Recovery>,
}

/// One entry of a scope's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// When the server took it.
    pub at_ms: i64,
    /// What it is.
    pub body: EntryBody,
    /// On a member: the same record under the server's signature, to be carried back to a restored server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<SignedStatement>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryBody {
    /// A change.
    Change {
        /// With its original signature.
        envelope: Envelope,
        /// Kind of the document.
        kind: DocKind,
        /// Where the document belongs now.
        home_unit: UnitId,
    },
    /// A change that was in this very request's outbox: only its number is news.
    Yours {
        /// The document.
        document: DocumentId,
        /// The change.
        hash: ChangeHash,
    },
    /// A document becomes visible, whole.
    DocIn {
        /// The document.
        document: DocumentSnapshot,
    },
    /// A document is no longer visible: it lives elsewhere now. What was not sent yet is sent, then the copy goes.
    DocOut {
        /// The document.
        document: DocumentId,
        /// Name of the village or township it went to.
        #[serde(default)]
        to: String,
    },
    /// A document the caller goes on seeing belongs to another unit now.
    Moved {
        /// The document.
        document: DocumentId,
        /// Where it belongs now.
        home_unit: UnitId,
    },
    /// A change that came after its document had left its author's unit: it lies in the tray, or what became of it there.
    Late {
        /// The document.
        document: DocumentId,
        /// The change.
        hash: ChangeHash,
        /// Where it stands.
        state: ReviewState,
        /// Why it was set aside.
        reason: String,
    },
    /// An order: kept, done, and carried back to a restored server.
    Order {
        /// A [`crate::NumberedOrder`].
        statement: SignedStatement,
    },
    /// Somebody or something of the organisation.
    Member(MemberRecord),
    /// A policy pack, as JSON text.
    Policy {
        /// Its id.
        id: String,
        /// Its text.
        json: String,
    },
    /// The histories differ: take a snapshot again and keep your own changes.
    Reset,
}

/// Level of an organisation unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitLevel {
    /// 区县.
    District,
    /// 乡镇（街道）, a scope.
    Township,
    /// 村（居）.
    Village,
}

/// Who and what the organisation is. The newest record of an id stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRecord {
    /// A unit.
    Unit {
        /// Id.
        id: UnitId,
        /// Name.
        name: String,
        /// The unit above, if any.
        parent: Option<UnitId>,
        /// Level.
        level: UnitLevel,
        /// Region code.
        region: String,
        /// Since when it has this name and this code; 0 since it was made.
        #[serde(default)]
        since_ms: i64,
        /// What it was called before, oldest first.
        #[serde(default)]
        former: Vec<FormerName>,
        /// It is no more, since.
        #[serde(default)]
        closed_ms: Option<i64>,
        /// The unit it went up in.
        #[serde(default)]
        successor: Option<UnitId>,
    },
    /// A person who works.
    Staff {
        /// Id.
        id: StaffId,
        /// Name.
        name: String,
        /// Role.
        role: Role,
        /// Unit.
        unit: UnitId,
        /// In this role since.
        since_ms: i64,
        /// The appointment, as far as it was said.
        #[serde(default)]
        term: Option<Term>,
        /// Her first post, where this is a later one of the same person (docs/adr/0056).
        #[serde(default)]
        person: Option<StaffId>,
    },
    /// A device.
    Device {
        /// Id.
        id: DeviceId,
        /// Holder.
        staff: StaffId,
        /// Unit.
        unit: UnitId,
        /// Ed25519 public key.
        #[serde(with = "serde_bytes")]
        key: [u8; 32],
        /// Enrolled at.
        enrolled_ms: i64,
        /// Last heard of, when known.
        seen_ms: Option<i64>,
        /// File numbers it may hand out.
        #[serde(default)]
        file_numbers: Option<FileNumberBlock>,
    },
    /// A form the station published to its township (ADR 0033). It is never changed: another text has another id.
    Form {
        /// The station.
        unit: UnitId,
        /// Id of the pack.
        id: String,
        /// The pack.
        json: String,
        /// Published at.
        published_ms: i64,
    },
}

impl MemberRecord {
    /// The unit a person or a device works in; none of what is no person's.
    pub fn works_in(&self) -> Option<UnitId> {
        match self {
            MemberRecord::Unit { .. } | MemberRecord::Form { .. } => None,
            MemberRecord::Staff { unit, .. } | MemberRecord::Device { unit, .. } => Some(*unit),
        }
    }
}

/// `POST /enrolments`: the station makes a one-time code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateEnrolment {
    /// Unit of the person: a village for a director, the station for a supervisor or a head.
    pub unit: UnitId,
    /// Role.
    pub role: Role,
    /// The person's name.
    pub person: String,
}

/// Answer to [`CreateEnrolment`], [`ReadEnrolment`] and [`ConfirmEnrolment`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentStatus {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// Text of the QR; empty once the code is no longer good.
    pub qr: String,
    /// Eight digits; empty once the code is no longer good.
    pub code: String,
    /// host:port to type.
    pub address: String,
    /// When it ends.
    pub expires_ms: i64,
    /// Where it stands.
    pub state: EnrolmentState,
    /// Six digits, while comparing.
    pub compare_code: Option<String>,
    /// Unit.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// The person's name.
    pub person: String,
    /// Role.
    pub role: Role,
}

/// `POST /enrolments/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
}

/// `POST /enrolments/confirm`: a person at the station says that the six digits are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmEnrolment {
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// The digits they saw; refused when another device came in between.
    pub compare_code: String,
}

/// Body of every answer that is not 2xx, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorMessage {
    /// Stable code.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// What to do next.
    pub next: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Enrolled, CreateEnrolment, EnrolmentStatus, MemberRecord);
