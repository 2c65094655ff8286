//! 转介材料: what leaves the station with a referral, and what became of it.

use super::OptionView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which packet to prepare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketFormInput {
    /// Problem id.
    pub problem: String,
    /// The referral it goes with; the newest where none is named.
    pub referral: Option<String>,
}

/// What is asked before one is made.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketFormView {
    /// Problem id.
    pub problem: String,
    /// The matter, as a list names it.
    pub title: String,
    /// The referrals there are, newest first.
    pub referrals: Vec<OptionView>,
    /// The one this is about.
    pub referral: String,
    /// To whom, in words.
    pub to: String,
    /// What for; the first is usual.
    pub purposes: Vec<OptionView>,
    /// What it may carry.
    pub fields: Vec<PacketFieldView>,
    /// It is used for so many days.
    pub days: u32,
    /// That is until this day; never later.
    pub until: String,
    /// After so many days the receipt should be back.
    pub receipt_days: u32,
    /// Minutes the file can be taken.
    pub minutes: u32,
    /// What is written about it is for the handler and the head alone.
    pub words_sealed: bool,
}

/// Something a packet may carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketFieldView {
    /// `child.name`, `matter.kind`.
    pub key: String,
    /// Words.
    pub label: String,
    /// This body is given it unless somebody takes it away; otherwise it is added with a reason.
    pub given: bool,
    /// Only the first three and last four digits leave.
    pub masked: bool,
}

/// A packet to make.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketInput {
    /// The approved request it is made from, if one was needed.
    pub request: Option<String>,
    /// Problem id.
    pub problem: String,
    /// The referral it goes with.
    pub referral: String,
    /// A code of PACKET_PURPOSE.
    pub purpose: String,
    /// Which office and person it is given to.
    pub who: String,
    /// What they are asked to do.
    pub words: String,
    /// Keys of what it carries.
    pub fields: Vec<String>,
    /// Why something is added to what this body is given.
    pub reason: String,
    /// The last day it is used; the policy's where it is empty.
    pub until: String,
}

/// A packet and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketRow {
    /// Entry id.
    pub packet: String,
    /// The number that stands on it.
    pub number: String,
    /// Who has it; empty where this person is told the matter's number alone.
    pub to: String,
    /// What for; empty there, too.
    pub purpose: String,
    /// The day it was made.
    pub made: String,
    /// The receipt should be back by this day.
    pub receipt_by: String,
    /// The last day it is used.
    pub until: String,
    /// over | no_receipt | waiting | out | ended.
    pub state: String,
    /// Somebody should ask for it.
    pub late: bool,
    /// The day it was taken there.
    pub received: Option<String>,
    /// The day it was destroyed or given back.
    pub ended: Option<String>,
    /// destroyed | returned.
    pub end: Option<String>,
    /// What it carries, in words.
    pub fields: Vec<String>,
}

/// A packet that did not come to its end, with its matter.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketDueRow {
    /// Problem id.
    pub problem: String,
    /// The matter, as a list names it.
    pub title: String,
    /// Village.
    pub village: String,
    /// The packet.
    pub packet: PacketRow,
}

/// What is out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PacketsView {
    /// What is late first, then by the last day.
    pub rows: Vec<PacketDueRow>,
    /// How many are late.
    pub late: u32,
    /// After so many days the receipt should be back.
    pub receipt_days: u32,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(PacketFormView, PacketInput, PacketDueRow);
