//! What becomes of a device that is not to be used any more: it is stopped, what it still holds is handed over, and a
//! tablet that is lost is wiped (docs/adr/0023).

use crate::envelope::Envelope;
use crate::message::SignedStatement;
use crate::outcome::Outcome;
use crate::session::proof::Statement;
use ids::{ChangeHash, DeviceId, UnitId};
use serde::{Deserialize, Serialize};

/// `POST /devices/revoke`: the station stops a device. The answer is a [`crate::DeviceList`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeDevice {
    /// The device.
    pub device: DeviceId,
    /// Why: a code of the policy's list.
    pub reason: String,
    /// It is to hand over what it holds and then destroy everything, keys first.
    pub wipe: bool,
    /// Photos it still holds are not waited for: they go with everything else, and the receipt says how many.
    #[serde(default)]
    pub without_photos: bool,
}

/// What a device holds that the server does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Unsent {
    /// Changes that are not on the server's disk.
    pub changes: u32,
    /// Visits and reports that were begun and not saved.
    pub drafts: u32,
    /// Photos, signatures and recordings.
    #[serde(default)]
    pub photos: u32,
    /// Rows of its audit trail. Only a stopped device says it: of any other they wait for company.
    #[serde(default, skip_serializing_if = "is_none")]
    pub trail: u32,
}

/// For serde: of what is not there nothing is said.
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// `POST /handover`: the one thing a stopped device may still say – what it holds, made before or after it was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Protocol version.
    pub protocol: u16,
    /// A part of the outbox in chain order; may be empty.
    pub outbox: Vec<Envelope>,
    /// What is still here once this part has arrived.
    #[serde(default)]
    pub left: Unsent,
    /// The newest signed tick the device holds, packed: it proves to a server that was set back what it lost, also where
    /// nobody else can.
    #[serde(default, with = "serde_bytes", skip_serializing_if = "Option::is_none")]
    pub tick: Option<Vec<u8>>,
}

/// Answer to [`HandOver`]. Nothing of anybody else is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// What became of each envelope: *review* is what becomes of most.
    pub outcomes: Vec<(ChangeHash, Outcome)>,
    /// The orders about this device, a [`crate::NumberedOrder`] each.
    pub orders: Vec<SignedStatement>,
    /// Everything taken so far lies at or below this number of the scope's log.
    pub seq: u64,
    /// Up to here it is in every place the server keeps things.
    pub durable_seq: u64,
    /// A [`crate::Tick`] under the server's key: of another epoch than the device knows, what was acknowledged before is
    /// not, and is handed over as well. Empty from a server of before.
    #[serde(default, with = "serde_bytes")]
    pub tick: Vec<u8>,
    /// A device that is to be wiped does not wait for its photos: a person of the station said so.
    #[serde(default)]
    pub without_photos: bool,
    /// The server's clock.
    pub server_time_ms: i64,
}

/// What the remains are sealed for; whoever opens them says the same.
pub const REMAINS: &str = "remains of a wiped device";

/// `POST /handover/remains`: a part of what cannot be handed over as changes (unfinished visits, changes that were not
/// taken), sealed to the district's recovery key. Said before the receipt; saying it twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepRemains {
    /// Number of the order to wipe.
    pub order: u64,
    /// Which part, from 0.
    pub part: u32,
    /// The part.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// What a device says under its own signature right before it destroys its keys: the last thing that key ever signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WipeReceipt {
    /// The device.
    pub device: DeviceId,
    /// Its scope.
    pub scope: UnitId,
    /// Number of the order that is obeyed.
    pub order: u64,
    /// Its clock, a label.
    pub at_ms: i64,
    /// What is destroyed though the server does not have it as changes. Photos and rows of the trail that did not arrive are
    /// counted here and nowhere else.
    pub unsent: Unsent,
    /// How many parts of [`KeepRemains`] belong to it.
    pub remains: u32,
    /// SHA-256 over all of them.
    #[serde(with = "serde_bytes")]
    pub digest: [u8; 32],
}

impl Statement for WipeReceipt {
    const NAME: &'static str = "wipe receipt";
}

/// `POST /handover/receipt`: the receipt; only once it is answered the device destroys anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveReceipt {
    /// A [`WipeReceipt`] under the device's key.
    pub receipt: SignedStatement,
}

/// Answer to [`KeepRemains`] and [`GiveReceipt`]: it is on the server's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The receipt is here with everything that belongs to it; otherwise it is said again at the next contact.
    pub complete: bool,
}

/// How the wiping of a device stands, as the station sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WipeRecord {
    /// Number of the order.
    pub order: u64,
    /// Ordered at.
    pub ordered_ms: i64,
    /// The receipt came at; none while the device has not been in contact.
    pub receipt_ms: Option<i64>,
    /// What the receipt says was not delivered.
    pub unsent: Option<Unsent>,
    /// It does not wait for its photos.
    #[serde(default)]
    pub without_photos: bool,
}
