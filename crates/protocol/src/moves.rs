//! Moves: documents go to another unit in two steps, an offer and an acceptance, and what arrives late goes to a tray.

use crate::envelope::Envelope;
use ids::{ChangeHash, DeviceId, DocKind, DocumentId, StaffId, UnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A move.
pub type MoveId = Uuid;

/// `POST /moves/targets` answers with this: every village of the district, so that an offer can name one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveTargets {
    /// By region code.
    pub targets: Vec<MoveTarget>,
}

/// A village documents may go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveTarget {
    /// The village.
    pub unit: UnitId,
    /// Its name.
    pub name: String,
    /// The township's station.
    pub scope: UnitId,
    /// The township's name.
    pub township: String,
}

/// `POST /moves/offer`: the station a family leaves says what goes where.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferMove {
    /// Made by the device, so that the message may be repeated.
    pub id: MoveId,
    /// What goes: a child with its problems, or a household with its children.
    pub documents: Vec<DocumentId>,
    /// The village it goes to.
    pub to: UnitId,
    /// Whom it is about, for the station that decides and cannot read the documents yet.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// The day the family moved, `2026-11-02`.
    pub moved_on: String,
}

/// What a station does with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveDecision {
    /// The target's station takes them.
    Accept,
    /// The target's station does not.
    Decline,
    /// The station that offered takes it back.
    Withdraw,
}

/// `POST /moves/decide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideMove {
    /// The offer.
    pub id: MoveId,
    /// What becomes of it.
    pub decision: MoveDecision,
}

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    /// Nobody decided yet.
    Offered,
    /// Done.
    Accepted,
    /// The target's station said no.
    Declined,
    /// Taken back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl MoveState {
    /// All states.
    pub const ALL: [MoveState; 5] = [
        MoveState::Offered,
        MoveState::Accepted,
        MoveState::Declined,
        MoveState::Withdrawn,
        MoveState::Expired,
    ];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            MoveState::Offered => "offered",
            MoveState::Accepted => "accepted",
            MoveState::Declined => "declined",
            MoveState::Withdrawn => "withdrawn",
            MoveState::Expired => "expired",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Answer to `POST /moves/list`, [`OfferMove`] and [`DecideMove`]: the offers out of and into the scope, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveList {
    /// The offers.
    pub moves: Vec<MoveRecord>,
}

/// An offer as the two stations see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveRecord {
    /// The offer.
    pub id: MoveId,
    /// Documents that go.
    pub documents: Vec<DocumentId>,
    /// The station that offers.
    pub from_scope: UnitId,
    /// Its township's name.
    pub from_name: String,
    /// Name of the village it leaves; empty when the server does not know it.
    #[serde(default)]
    pub from_village: String,
    /// The village it goes to.
    pub to: UnitId,
    /// Its name.
    pub to_name: String,
    /// The station that decides.
    pub to_scope: UnitId,
    /// Its township's name.
    pub to_township: String,
    /// Whom it is about.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// The day the family moved.
    pub moved_on: String,
    /// Who offered.
    pub offered_by: String,
    /// When.
    pub offered_ms: i64,
    /// When it ends by itself.
    pub expires_ms: i64,
    /// Where it stands.
    pub state: MoveState,
}

/// `POST /review/list`: what came late, a page of it. Nothing at all asks for the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListReviews {
    /// Where the page before ended.
    pub after: ReviewPlace,
}

/// A place in the list of what came late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPlace {
    /// Among what was decided, which comes after what waits.
    pub decided: bool,
    /// The server's number of the last one given.
    pub number: u32,
}

/// Answer to `POST /review/list` and [`DecideReview`]: what waits, oldest first, then what was decided, newest first; as
/// much as fits into one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewList {
    /// One per change.
    pub reviews: Vec<ReviewRecord>,
    /// Where the next page begins; none when this is the last.
    #[serde(default)]
    pub next: Option<ReviewPlace>,
    /// How much there is on all pages; an older server does not say.
    #[serde(default)]
    pub counts: Option<ReviewCounts>,
}

/// How much lies in the review tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewCounts {
    /// Of documents that live in this scope: what a person has yet to look at.
    pub waiting: u32,
    /// Of the same: what somebody decided about.
    pub decided: u32,
    /// Of documents that live in another scope now.
    pub elsewhere: u32,
}

/// A change that waits for a person: it came after its document had left its author's unit, or from a stopped device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRecord {
    /// The change.
    pub hash: ChangeHash,
    /// Its document.
    pub document: DocumentId,
    /// Kind of the document.
    pub kind: DocKind,
    /// The device that made it.
    pub device: DeviceId,
    /// Its holder.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: String,
    /// Their unit's name.
    pub unit_name: String,
    /// When it came.
    pub at_ms: i64,
    /// What it is, with its signature: only for the station the document lives in now.
    pub envelope: Option<Envelope>,
    /// What became of it.
    pub state: ReviewState,
    /// Why it was set aside.
    pub reason: String,
    /// Why a person has to look at all.
    #[serde(default)]
    pub cause: ReviewCause,
    /// Its bytes were altered or lost at the server, and what it says cannot be read: there is no envelope although the
    /// document lives in the asking scope.
    #[serde(default)]
    pub damaged: bool,
}

/// Why a change lies in the review tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewCause {
    /// Its document had left its author's unit before it came.
    #[default]
    Late,
    /// The device that made it had been stopped before it came.
    Revoked,
}

impl ReviewCause {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            ReviewCause::Late => "late",
            ReviewCause::Revoked => "revoked",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        [ReviewCause::Late, ReviewCause::Revoked]
            .into_iter()
            .find(|cause| cause.as_str() == text)
    }
}

/// What became of a change that came late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// A person has yet to look.
    Waiting,
    /// It stands in the document now.
    Taken,
    /// It is kept, and not in the document.
    SetAside,
    /// Its author said the same on other ground, and that is to be looked at instead.
    Replaced,
}

impl ReviewState {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            ReviewState::Waiting => "waiting",
            ReviewState::Taken => "taken",
            ReviewState::SetAside => "set_aside",
            ReviewState::Replaced => "replaced",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        [
            ReviewState::Waiting,
            ReviewState::Taken,
            ReviewState::SetAside,
            ReviewState::Replaced,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// `POST /review/decide`: a person of the station the document lives in has looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideReview {
    /// The change.
    pub hash: ChangeHash,
    /// It enters the document, and with it what it depends on; otherwise it is set aside.
    pub take: bool,
    /// Why it is set aside.
    pub reason: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(OfferMove, MoveRecord, ReviewRecord);
