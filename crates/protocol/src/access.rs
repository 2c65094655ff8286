//! Who may do what: one pure function, used by the server for every route and every change, and by the client for its
//! commands and screens (docs/adr/0022).
//!
//! [`decide`] asks [`checks`] one after the other; the first that refuses is the answer. What differs by action is
//! [`Row`], one per action. [`field`] says how much of a file's field a screen shows. [`matrix`] writes every cell of
//! both down, to be compared with what people reviewed.

mod checks;
pub mod fields;
pub mod matrix;

pub use fields::{Block, FieldContext, Handling, Reveal, Setting, Sight, field, reveal};

use ids::{DeviceId, DocKind, Role, StaffId, UnitId};
use serde::{Deserialize, Serialize};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Nobody we know: a device before it is enrolled.
    Stranger,
    /// A device with its holder.
    Device(Holder),
    /// Whoever sits at the server itself.
    Operator,
}

/// A device and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The device.
    pub device: DeviceId,
    /// The person.
    pub staff: StaffId,
    /// Their role.
    pub role: Role,
    /// Their unit: village, the station itself, or the district.
    pub unit: UnitId,
    /// Their scope.
    pub scope: UnitId,
    /// The village a director stands in for at the moment (委派).
    #[serde(default)]
    pub covers: Option<UnitId>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Ask whether the server lives, read its API description.
    ReadHealth,
    /// Begin, reveal, poll or finish an enrolment.
    Enrol,
    /// Open a session.
    OpenSession,
    /// Sync and snapshot; each document and each change is decided again.
    ReadLog,
    /// Read a document.
    ReadDocument,
    /// Begin a document.
    CreateDocument,
    /// Add a change to a document.
    WriteDocument,
    /// Add a contact to a child's file, and nothing else.
    AddContact,
    /// Make a one-time code.
    CreateEnrolment,
    /// See where a code stands.
    ReadEnrolment,
    /// Say that the six digits are the same.
    ConfirmEnrolment,
    /// Have the station's device enrol tablets without the server for a day.
    DelegateEnrolment,
    /// Make a village.
    CreateVillage,
    /// Publish a form to the township's devices.
    PublishForm,
    /// List the villages.
    ReadVillages,
    /// List the devices.
    ReadDevices,
    /// List what was not taken from the devices, and why; never what it says.
    ReadRefusals,
    /// List offers to move documents, and where they may go.
    ReadMoves,
    /// Offer documents to another unit, decide an offer, take one back; each document is decided again.
    MoveDocuments,
    /// Let a second village of the township know of children's files (户籍村), and end it.
    AdmitGuests,
    /// See what came late.
    ReadReviews,
    /// Decide what becomes of what came late; each document is decided again.
    DecideReview,
    /// Enrol a head of the station, or confirm one: who is told of every break-glass and approves what is large.
    AppointHead,
    /// Stop a device, and have it wiped.
    RevokeDevice,
    /// Hand over what a stopped device still holds: the one thing it may still do.
    HandOver,
    /// Bring the rows of the device's own audit chain.
    BringAudit,
    /// Read audit rows: a director her own, a station its township's.
    ReadAudit,
    /// Read how often who did what in the townships of one's district.
    ReadAuditCounts,
    /// See the exports a second person decides about.
    ReadExports,
    /// Ask for an export, and make an approved one.
    RequestExport,
    /// Agree to another person's export; whole ID numbers only a head.
    DecideExport,
    /// Open sealed words of a case one does not handle (紧急查看).
    BreakGlass,
    /// Say afterwards whether an opening was right; never of one's own.
    ReviewOpening,
    /// Write down, or read, what of a child stands in no file.
    KeepConfidential,
    /// See the station's keys, and take what is sealed to this device.
    ReadUnitKeys,
    /// Make the station's next key, or give it to a colleague's device.
    KeepUnitKeys,
    /// See the township's people: appointments, vetting, who stands in for whom.
    ReadPeople,
    /// See one's own appointment and vetting.
    ReadOwnGrant,
    /// Appoint a person, write down a vetting, end an appointment, let somebody stand in for a village.
    ManagePeople,
    /// See which files somebody asked to erase, which devices have done it, and what must be kept.
    ReadErasures,
    /// Ask for a file to be erased.
    RequestErasure,
    /// Decide about another person's request, and say what must be kept.
    DecideErasure,
    /// Bring the station's report to the district.
    BringReport,
    /// Read reports: a station its own, the district's officers every station's.
    ReadReports,
    /// Say of a matter of life and safety that was closed whether it is over (复核).
    Countersign,
    /// Ask a station for a case.
    AskCase,
    /// Fetch what was sent of it.
    ReadCase,
    /// Send a case the district asked for, or say why not.
    AnswerCase,
}

impl Action {
    /// All actions, for tables and tests.
    pub const ALL: [Action; 48] = [
        Action::ReadHealth,
        Action::Enrol,
        Action::OpenSession,
        Action::ReadLog,
        Action::ReadDocument,
        Action::CreateDocument,
        Action::WriteDocument,
        Action::AddContact,
        Action::CreateEnrolment,
        Action::ReadEnrolment,
        Action::ConfirmEnrolment,
        Action::DelegateEnrolment,
        Action::CreateVillage,
        Action::PublishForm,
        Action::ReadVillages,
        Action::ReadDevices,
        Action::ReadRefusals,
        Action::ReadMoves,
        Action::MoveDocuments,
        Action::AdmitGuests,
        Action::ReadReviews,
        Action::DecideReview,
        Action::AppointHead,
        Action::RevokeDevice,
        Action::HandOver,
        Action::BringAudit,
        Action::ReadAudit,
        Action::ReadAuditCounts,
        Action::ReadExports,
        Action::RequestExport,
        Action::DecideExport,
        Action::BreakGlass,
        Action::ReviewOpening,
        Action::KeepConfidential,
        Action::ReadUnitKeys,
        Action::KeepUnitKeys,
        Action::ReadPeople,
        Action::ReadOwnGrant,
        Action::ManagePeople,
        Action::ReadErasures,
        Action::RequestErasure,
        Action::DecideErasure,
        Action::BringReport,
        Action::ReadReports,
        Action::Countersign,
        Action::AskCase,
        Action::ReadCase,
        Action::AnswerCase,
    ];
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// The server itself.
    Server,
    /// A scope.
    Scope(UnitId),
    /// A document.
    Document {
        /// Its kind.
        kind: DocKind,
        /// Where it belongs.
        home_unit: UnitId,
        /// The scope that unit lies in.
        scope: UnitId,
        /// The device that made it.
        creator: DeviceId,
        /// The second village that knows of it at the moment (户籍村).
        guest: Option<UnitId>,
    },
}

/// What else matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// How the asker's membership stands.
    pub standing: Standing,
    /// The scope has no head whose device works. Until it has one, a supervisor appoints the first.
    pub headless: bool,
}

impl Context {
    /// The context of somebody whose membership stands so.
    pub fn standing(standing: Standing) -> Self {
        Self {
            standing,
            ..Self::default()
        }
    }
}

/// How a membership stands: a person's appointment, the device's certificate, and the lease the server gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    /// In force.
    #[default]
    Active,
    /// The device was revoked (停用).
    Revoked,
    /// The appointment is over, or the certificate ran out.
    Expired,
    /// The appointment begins later.
    NotYet,
    /// The server was not heard of for longer than the lease (租期): the device goes on writing and shows nothing.
    LeaseOver,
}

impl Standing {
    /// Every state, for tables and tests.
    pub const ALL: [Standing; 5] = [
        Standing::Active,
        Standing::Revoked,
        Standing::Expired,
        Standing::NotYet,
        Standing::LeaseOver,
    ];

    /// The state of a device of which nothing is known but whether it was revoked.
    pub fn of_device(revoked: bool) -> Self {
        if revoked {
            Standing::Revoked
        } else {
            Standing::Active
        }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// No, and why.
    Deny(Denial),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The caller must say who they are.
    Unknown,
    /// The device was revoked.
    Revoked,
    /// The membership is over.
    Expired,
    /// The membership has not begun.
    NotYet,
    /// The lease is over: only writing and the way to the server are open.
    LeaseOver,
    /// Not for this role.
    Role,
    /// Another unit's or scope's.
    Unit,
    /// Not this kind of document.
    Kind,
    /// The action does not go with the resource.
    Mismatch,
}

impl Decision {
    /// Whether it is a yes.
    pub fn is_allowed(self) -> bool {
        self == Decision::Allow
    }
}

/// Who may do an action apart from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anyone,
    /// Whoever is a member anywhere, the district's officers too.
    Member,
    /// Whoever is one of a township.
    Staff,
    Station,
    /// The station, and the district's officers.
    StationOrDistrict,
    /// The district's officers.
    District,
    /// The head.
    Head,
    /// A device that was revoked, whoever held it.
    Stopped,
}

/// What an action is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Server,
    Scope,
    Document,
}

/// What the table says about an action.
#[derive(Debug, Clone, Copy)]
struct Row {
    who: Who,
    what: What,
    /// Whoever sits at the server itself may do it too.
    by_operator: bool,
    /// It goes on when the lease is over: nothing is shown by it, or it is the way to a new lease.
    outlives_lease: bool,
    /// It reaches far: the PIN is asked for once more.
    wants_pin: bool,
    /// As long as there is no head, the station does it.
    without_a_head: bool,
}

impl Row {
    const fn of(who: Who, what: What) -> Self {
        Self {
            who,
            what,
            by_operator: false,
            outlives_lease: false,
            wants_pin: false,
            without_a_head: false,
        }
    }

    const fn by_operator(self) -> Self {
        Self {
            by_operator: true,
            ..self
        }
    }

    const fn outliving_the_lease(self) -> Self {
        Self {
            outlives_lease: true,
            ..self
        }
    }

    const fn also_without_a_head(self) -> Self {
        Self {
            without_a_head: true,
            ..self
        }
    }

    const fn with_pin(self) -> Self {
        Self {
            wants_pin: true,
            ..self
        }
    }
}

/// The table: a new action gets its line here, and its cells in `tests/access-matrix.txt`.
const fn row(action: Action) -> Row {
    match action {
        Action::ReadHealth | Action::Enrol | Action::OpenSession => {
            Row::of(Who::Anyone, What::Server)
        }
        // The trail goes on like the words it is about.
        Action::ReadLog | Action::BringAudit => {
            Row::of(Who::Member, What::Scope).outliving_the_lease()
        }
        Action::ReadUnitKeys => Row::of(Who::Staff, What::Scope).outliving_the_lease(),
        Action::ReadAudit | Action::ReadOwnGrant => Row::of(Who::Staff, What::Scope),
        Action::ReadDocument => Row::of(Who::Staff, What::Document),
        Action::CreateDocument | Action::WriteDocument | Action::AddContact => {
            Row::of(Who::Staff, What::Document).outliving_the_lease()
        }
        Action::CreateEnrolment | Action::ReadEnrolment | Action::ConfirmEnrolment => {
            Row::of(Who::Station, What::Scope).by_operator()
        }
        Action::CreateVillage
        | Action::ReadVillages
        | Action::ReadDevices
        | Action::ReadRefusals
        | Action::ReadMoves
        | Action::ReadReviews
        | Action::DecideReview
        | Action::ReadExports
        | Action::KeepUnitKeys
        | Action::ReadPeople
        | Action::ReadErasures
        | Action::BringReport => Row::of(Who::Station, What::Scope),
        Action::ReadReports => Row::of(Who::StationOrDistrict, What::Scope),
        Action::ReadAuditCounts => Row::of(Who::District, What::Scope),
        Action::Countersign | Action::AskCase | Action::ReadCase => {
            Row::of(Who::District, What::Scope).with_pin()
        }
        Action::AnswerCase => Row::of(Who::Head, What::Scope).with_pin(),
        Action::MoveDocuments
        | Action::AdmitGuests
        | Action::DelegateEnrolment
        | Action::PublishForm
        | Action::RevokeDevice
        | Action::RequestExport
        | Action::DecideExport
        | Action::BreakGlass
        | Action::ManagePeople
        | Action::RequestErasure => Row::of(Who::Station, What::Scope).with_pin(),
        // Decided on the device, which is where the words are; what comes of it is a change like any other.
        Action::ReviewOpening => Row::of(Who::Head, What::Scope).also_without_a_head(),
        Action::DecideErasure | Action::KeepConfidential => {
            Row::of(Who::Head, What::Scope).with_pin()
        }
        Action::HandOver => Row::of(Who::Stopped, What::Scope),
        Action::AppointHead => Row::of(Who::Head, What::Scope)
            .also_without_a_head()
            .by_operator()
            .with_pin(),
    }
}

/// Whether a device asks for the PIN once more before it does this.
pub const fn wants_pin(action: Action) -> bool {
    row(action).wants_pin
}

/// Whether an action needs to be known who asks, so that a route of it wants a session.
pub const fn needs_holder(action: Action) -> bool {
    !matches!(row(action).who, Who::Anyone)
}

/// Decides. Reads nothing but its arguments.
pub fn decide(subject: Subject, action: Action, resource: Resource, context: Context) -> Decision {
    checks::decide_without(None, subject, action, resource, context)
}
