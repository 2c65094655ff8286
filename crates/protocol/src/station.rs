//! What a station asks about its own township: villages, forms, devices and what was refused to them.

use crate::outcome::RefusalCode;
use ids::{DeviceId, DocKind, Role, StaffId, UnitId};
use serde::{Deserialize, Serialize};

/// `POST /villages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateVillage {
    /// Name.
    pub name: String,
    /// 12-digit region code.
    pub region: String,
}

/// `POST /forms/publish`: a form pack for every device of the township. A form that was published is never changed;
/// a changed one has another id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishForm {
    /// The pack's id.
    pub id: String,
    /// The pack.
    pub json: String,
}

/// Answer to [`PublishForm`]; the pack arrives as a member of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormPublished {
    /// It was there already, word for word.
    pub known: bool,
}

/// Answer to [`CreateVillage`] and `POST /villages/list`: every village of the scope, by region code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VillageList {
    /// Villages.
    pub villages: Vec<VillageRecord>,
}

/// A village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VillageRecord {
    /// Id.
    pub unit: UnitId,
    /// Name.
    pub name: String,
    /// Region code.
    pub region: String,
}

/// A name and code a unit once had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerName {
    /// Name.
    pub name: String,
    /// Region code.
    pub region: String,
    /// Until when.
    pub until_ms: i64,
}

/// Answer to `POST /devices/list`: every device of the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    /// Devices, oldest first.
    pub devices: Vec<DeviceRecord>,
}

/// A device as the station sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Id.
    pub device: DeviceId,
    /// Holder.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: String,
    /// Their role.
    pub role: Role,
    /// Their unit.
    pub unit: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Enrolled at.
    pub enrolled_ms: i64,
    /// Last heard of.
    pub seen_ms: Option<i64>,
    /// Stopped at.
    #[serde(default)]
    pub revoked_ms: Option<i64>,
    /// Why, a code of the policy's list; empty when it was stopped at the server itself.
    #[serde(default)]
    pub revoked_why: String,
    /// What it held unsent when it was last heard of.
    #[serde(default)]
    pub unsent: Option<crate::Unsent>,
    /// Changes it handed over that wait for a person.
    #[serde(default)]
    pub to_review: u32,
    /// How its wiping stands.
    #[serde(default)]
    pub wipe: Option<crate::WipeRecord>,
    /// Its certificate holds until.
    #[serde(default)]
    pub certified_until_ms: i64,
}

/// Answer to `POST /refusals/list`: what was not taken from the devices of the scope and is not settled since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalList {
    /// One line per device, kind and code, newest first.
    pub refusals: Vec<RefusalRecord>,
}

/// Refused changes of one device with one reason. What they say stays on the device.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord {
    /// The device.
    pub device: DeviceId,
    /// Its holder.
    pub staff: StaffId,
    /// Their name.
    pub staff_name: String,
    /// Their unit's name.
    pub unit_name: String,
    /// Kind of the documents, where the server knows it.
    pub kind: Option<DocKind>,
    /// Why.
    pub code: RefusalCode,
    /// How many changes.
    pub changes: u32,
    /// The last of them came at.
    pub last_ms: i64,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(DeviceRecord, RefusalRecord);
