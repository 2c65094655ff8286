//! The people page: who is appointed to what, and who stands in for whom.

use super::{OptionView, VillageRow};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// People and delegations of the township.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PeopleView {
    /// Today, for the forms.
    pub today: String,
    /// Everybody with their newest appointment, the station's own first.
    pub people: Vec<PersonRow>,
    /// Who stands in where, newest first.
    pub covers: Vec<CoverRow>,
    /// Villages to choose from.
    pub villages: Vec<VillageRow>,
    /// Why an appointment may be ended, the policy's list.
    pub reasons: Vec<OptionView>,
}

/// A person with their newest appointment.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PersonRow {
    /// The grant.
    pub grant: String,
    /// The person's id.
    pub staff: String,
    /// What stands for the person on a photo that was opened.
    pub mark: String,
    /// Name.
    pub person: String,
    /// director | supervisor | head.
    pub role: String,
    /// The same in words.
    pub role_words: String,
    /// Unit id.
    pub village: String,
    /// Its name.
    pub unit: String,
    /// First day.
    pub from: String,
    /// Last day, where it is known.
    pub until: Option<String>,
    /// `in_force` | `not_yet` | expired | ended.
    pub state: String,
    /// Why it ended, in words.
    pub end_reason: String,
    /// Who approved it; empty where nobody wrote it down.
    pub approved_by: String,
    /// The number of the approval.
    pub basis: String,
    /// Day of the vetting.
    pub vetted_on: Option<String>,
    /// Its number.
    pub vetting: String,
    /// Who wrote it down.
    pub vetted_by: String,
    /// It is missing, or older than the rules say.
    pub vetting_due: bool,
    /// The last day is near.
    pub ends_soon: bool,
    /// Devices that work.
    pub devices: u32,
    /// Oneself.
    pub this: bool,
}

/// Somebody stands in for a village.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CoverRow {
    /// Id.
    pub id: String,
    /// The village's name.
    pub village: String,
    /// Who stands in.
    pub delegate: String,
    /// Who is away; empty where the post is vacant.
    pub absent: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
    /// waiting | running | over.
    pub state: String,
}

/// Appoint a person, or anew.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AppointInput {
    /// director | supervisor | head.
    pub role: String,
    /// Village unit id; of a director only, empty otherwise.
    pub village: String,
    /// The person's name.
    pub person: String,
    /// First day.
    pub from: String,
    /// Last day; empty where it is not known.
    pub until: String,
    /// Who approved it.
    pub approved_by: String,
    /// The number of the approval.
    pub basis: String,
    /// Day of the vetting; empty where it is still to come.
    pub vetted_on: String,
    /// Its number.
    pub vetting: String,
    /// The grant that ends with this one.
    pub replaces: Option<String>,
    /// Whoever of that name is known is this person: the staff id of a post she has or had.
    #[serde(default)]
    pub same_as: Option<String>,
    /// Somebody of that name is known, and this is another person.
    #[serde(default)]
    pub another: bool,
}

/// Write down a vetting.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VettingInput {
    /// The grant.
    pub grant: String,
    /// The day.
    pub vetted_on: String,
    /// Its number.
    pub vetting: String,
}

/// End an appointment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct EndAppointmentInput {
    /// The grant.
    pub grant: String,
    /// Why: a code of the policy's list.
    pub reason: String,
}

/// Let somebody stand in for a village.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CoverInput {
    /// Village unit id.
    pub village: String,
    /// Staff id of who stands in.
    pub delegate: String,
    /// Staff id of who is away.
    pub absent: Option<String>,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(PersonRow, AppointInput, VettingInput);
