//! People of a township: who is appointed to what and from when to when, by whose approval, vetted when; and who stands in
//! for whom (docs/adr/0028).

use ids::{Role, StaffId, UnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Id of a grant (授权).
pub type GrantId = Uuid;

/// Id of a delegation (委派).
pub type CoverId = Uuid;

/// From when to when a person is appointed, as everybody who sees the person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// From.
    pub from_ms: i64,
    /// Until, where that is known beforehand.
    pub until_ms: Option<i64>,
    /// Ended, whatever had been planned.
    pub ended_ms: Option<i64>,
}

/// That a person was looked up before working with children (从业查询): the day and the number of the answer. What the
/// answer says is never here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vetting {
    /// The day, as 2026-11-26.
    pub on: String,
    /// The number of the answer.
    pub reference: String,
}

/// `POST /people/grant`: appoints a person, or appoints them anew for longer. The answer is a [`PeopleList`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantPerson {
    /// Made by the device, so that the message may be repeated.
    pub id: GrantId,
    /// A village for a director, the station for a supervisor or a head.
    pub unit: UnitId,
    /// Role.
    pub role: Role,
    /// The person's name.
    pub person: String,
    /// From.
    pub from_ms: i64,
    /// Until, where that is known beforehand.
    pub until_ms: Option<i64>,
    /// Who approved it.
    pub approved_by: String,
    /// The number of the approval.
    pub basis: String,
    /// The vetting, when it is known already.
    #[serde(default)]
    pub vetting: Option<Vetting>,
    /// The appointment that ends with this one.
    #[serde(default)]
    pub replaces: Option<GrantId>,
    /// Whoever of that name is known is this person: a post she has or had (docs/adr/0056). None where nobody of that name is
    /// known, or where she is somebody else.
    #[serde(default)]
    pub same_as: Option<StaffId>,
    /// Somebody of that name is known in the township, and this is another person.
    #[serde(default)]
    pub is_another: bool,
}

/// `POST /people/vet`: writes down that a person was vetted. The answer is a [`PeopleList`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordVetting {
    /// The grant.
    pub grant: GrantId,
    /// Day and number.
    pub vetting: Vetting,
}

/// `POST /people/end`: a person's appointment ends; their devices are stopped and hand over. The answer is a [`PeopleList`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndGrant {
    /// The grant.
    pub grant: GrantId,
    /// Why: a code of the policy's list.
    pub reason: String,
}

/// `POST /people/cover`: somebody stands in for a village. The answer is a [`PeopleList`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverVillage {
    /// Made by the device, so that the message may be repeated.
    pub id: CoverId,
    /// The village.
    pub unit: UnitId,
    /// Who stands in.
    pub delegate: StaffId,
    /// Who is away; nobody where the post is vacant.
    pub absent: Option<StaffId>,
    /// From.
    pub from_ms: i64,
    /// Until.
    pub until_ms: i64,
}

/// `POST /people/cover/end`: standing in ends now. The answer is a [`PeopleList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndCover {
    /// Which.
    pub id: CoverId,
}

/// Answer to all of them, and to `POST /people/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleList {
    /// Everybody who has or had a grant, by village and from when.
    pub people: Vec<PersonRecord>,
    /// Who stands in where, newest first.
    pub covers: Vec<CoverRecord>,
}

/// How a grant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// In force.
    InForce,
    /// It begins later.
    NotYet,
    /// Its last day is over.
    Expired,
    /// It was ended.
    Ended,
}

impl GrantState {
    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::NotYet => "not_yet",
            Self::Expired => "expired",
            Self::Ended => "ended",
        }
    }
}

/// A person with their newest grant.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// The grant.
    pub grant: GrantId,
    /// The person.
    pub staff: StaffId,
    /// Their name.
    pub person: String,
    /// Role.
    pub role: Role,
    /// Unit.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// From when to when.
    pub term: Term,
    /// How it stands now.
    pub state: GrantState,
    /// Why it ended: a code; empty while it has not.
    pub end_reason: String,
    /// Who approved it; empty where that was never written down.
    pub approved_by: String,
    /// The number of the approval.
    pub basis: String,
    /// When and under which number the person was vetted.
    pub vetting: Option<Vetting>,
    /// Who wrote the vetting down.
    pub vetted_by: String,
    /// Devices that work.
    pub devices: u32,
}

/// How a delegation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverState {
    /// It begins later.
    Waiting,
    /// The delegate sees the village.
    Running,
    /// She does not any more.
    Over,
}

impl CoverState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Running, Self::Over];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Over => "over",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A delegation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverRecord {
    /// Id.
    pub id: CoverId,
    /// The village.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Who stands in.
    pub delegate: StaffId,
    /// Their name.
    pub delegate_name: String,
    /// Who is away.
    pub absent: Option<StaffId>,
    /// Their name; empty where the post is vacant.
    pub absent_name: String,
    /// From.
    pub from_ms: i64,
    /// Until.
    pub until_ms: i64,
    /// How it stands.
    pub state: CoverState,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(Vetting, GrantPerson, PersonRecord, CoverRecord);
