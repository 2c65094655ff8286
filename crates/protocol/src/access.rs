//! Who may do what: one pure function, used by the server for every route and every change, and by the client for its buttons.

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
    /// Their unit: village, or the station itself.
    pub unit: UnitId,
    /// Their scope.
    pub scope: UnitId,
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
    /// Make a one-time code.
    CreateEnrolment,
    /// See where a code stands.
    ReadEnrolment,
    /// Say that the six digits are the same.
    ConfirmEnrolment,
    /// Make a village.
    CreateVillage,
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
}

impl Action {
    /// All actions, for tables and tests.
    pub const ALL: [Action; 21] = [
        Action::ReadHealth,
        Action::Enrol,
        Action::OpenSession,
        Action::ReadLog,
        Action::ReadDocument,
        Action::CreateDocument,
        Action::WriteDocument,
        Action::CreateEnrolment,
        Action::ReadEnrolment,
        Action::ConfirmEnrolment,
        Action::CreateVillage,
        Action::ReadVillages,
        Action::ReadDevices,
        Action::ReadRefusals,
        Action::ReadMoves,
        Action::MoveDocuments,
        Action::ReadReviews,
        Action::DecideReview,
        Action::AppointHead,
        Action::RevokeDevice,
        Action::HandOver,
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
    },
}

/// What else matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// The device was revoked.
    pub revoked: bool,
    /// The scope has no head whose device works. Until it has one, a supervisor appoints the first.
    pub headless: bool,
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
    Staff,
    Station,
    /// The head; the station as long as there is none.
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

const fn rule(action: Action) -> (Who, What) {
    match action {
        Action::ReadHealth | Action::Enrol | Action::OpenSession => (Who::Anyone, What::Server),
        Action::ReadLog => (Who::Staff, What::Scope),
        Action::HandOver => (Who::Stopped, What::Scope),
        Action::ReadDocument | Action::CreateDocument | Action::WriteDocument => {
            (Who::Staff, What::Document)
        }
        Action::CreateEnrolment
        | Action::ReadEnrolment
        | Action::ConfirmEnrolment
        | Action::CreateVillage
        | Action::ReadVillages
        | Action::ReadDevices
        | Action::ReadRefusals
        | Action::ReadMoves
        | Action::MoveDocuments
        | Action::ReadReviews
        | Action::DecideReview
        | Action::RevokeDevice => (Who::Station, What::Scope),
        Action::AppointHead => (Who::Head, What::Scope),
    }
}

/// Decides. Reads nothing but its arguments.
pub fn decide(subject: Subject, action: Action, resource: Resource, context: Context) -> Decision {
    let (who, what) = rule(action);
    if !fits(what, resource) {
        return Decision::Deny(Denial::Mismatch);
    }
    if who == Who::Anyone {
        return Decision::Allow;
    }
    let holder = match subject {
        Subject::Stranger => return Decision::Deny(Denial::Unknown),
        Subject::Operator => {
            let manages = matches!(
                action,
                Action::CreateEnrolment
                    | Action::ReadEnrolment
                    | Action::ConfirmEnrolment
                    | Action::AppointHead
            );
            return if manages {
                Decision::Allow
            } else {
                Decision::Deny(Denial::Role)
            };
        }
        Subject::Device(holder) => holder,
    };
    if context.revoked != (who == Who::Stopped) {
        return Decision::Deny(if context.revoked {
            Denial::Revoked
        } else {
            Denial::Role
        });
    }
    let has_the_role = match who {
        Who::Anyone | Who::Staff | Who::Stopped => true,
        Who::Station => holder.role.is_at_station(),
        Who::Head => holder.role == Role::Head || context.headless && holder.role.is_at_station(),
    };
    if !has_the_role {
        return Decision::Deny(Denial::Role);
    }
    match resource {
        Resource::Server => Decision::Allow,
        Resource::Scope(scope) if scope == holder.scope => Decision::Allow,
        Resource::Scope(_) => Decision::Deny(Denial::Unit),
        Resource::Document {
            kind,
            home_unit,
            scope,
            creator,
        } => decide_document(&holder, action, kind, home_unit, scope, creator),
    }
}

fn fits(what: What, resource: Resource) -> bool {
    matches!(
        (what, resource),
        (What::Server, Resource::Server)
            | (What::Scope, Resource::Scope(_))
            | (What::Document, Resource::Document { .. })
    )
}

fn decide_document(
    holder: &Holder,
    action: Action,
    kind: DocKind,
    home_unit: UnitId,
    scope: UnitId,
    creator: DeviceId,
) -> Decision {
    if scope != holder.scope {
        return Decision::Deny(Denial::Unit);
    }
    match (holder.role, kind) {
        // Sealed detail belongs to the station, whoever writes it.
        (_, DocKind::Restricted) if home_unit != scope => Decision::Deny(Denial::Unit),
        (Role::Supervisor | Role::Head, _) => Decision::Allow,
        // A director may hand sealed detail in, and correct what this very tablet handed in; never read it back.
        (Role::Director, DocKind::Restricted) => match action {
            Action::CreateDocument | Action::WriteDocument if creator == holder.device => {
                Decision::Allow
            }
            _ => Decision::Deny(Denial::Kind),
        },
        (Role::Director, _) if home_unit == holder.unit => Decision::Allow,
        (Role::Director, _) => Decision::Deny(Denial::Unit),
    }
}
