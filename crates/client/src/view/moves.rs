//! Moves to another village or township, and what comes late.

use super::ReturnedLine;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What left this tablet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeparturesView {
    /// Children, newest first.
    pub children: Vec<DepartureRow>,
    /// Own records a station has yet to look at, or has looked at.
    pub late: Vec<LateRow>,
}

/// A child that left.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DepartureRow {
    /// Name while the copy is here, initials afterwards.
    pub name: String,
    /// Village or township.
    pub destination: String,
    /// RFC 3339.
    pub left: String,
    /// Own records that are not handed over yet.
    pub unsent: u32,
    /// A draft of the household is kept.
    pub draft: Option<String>,
    /// Everything was handed over and the copy is gone.
    pub removed: bool,
    /// It went nowhere: its file ended, and the tablet need not hold it any more.
    pub ended: bool,
}

/// An own record that came after its child had left.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LateRow {
    /// visit, contact, …
    pub kind: String,
    /// 石小雨 走访; empty once the copy is gone.
    pub text: String,
    /// waiting, taken, `set_aside`, replaced.
    pub state: String,
    /// Why it was set aside.
    pub reason: String,
    /// RFC 3339.
    pub at: String,
}

/// The page 转出 of a child.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoveFormView {
    /// Child.
    pub child: String,
    /// Name.
    pub name: String,
    /// Where it lives.
    pub village: String,
    /// The household's other children, who go or stay.
    pub siblings: Vec<String>,
    /// Where it may go.
    pub targets: Vec<MoveTargetView>,
    /// What goes with this child alone.
    pub alone: MoveSummaryView,
    /// What goes with the whole household.
    pub household: MoveSummaryView,
    /// Today.
    pub today: String,
}

/// What a move takes along, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoveSummaryView {
    /// Children.
    pub children: u32,
    /// Visits, contacts and attempts in their files.
    pub records: u32,
    /// Problems.
    pub problems: u32,
    /// Problems that stay, because they are about a child that stays too.
    pub problems_staying: u32,
    /// There is sealed detail; it stays with this station.
    pub sealed: bool,
}

/// A village.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoveTargetView {
    /// Unit.
    pub village: String,
    /// Name.
    pub name: String,
    /// Township.
    pub township: String,
    /// Of this township.
    pub here: bool,
}

/// Offers a child, alone or with its household.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfferMoveInput {
    /// Child.
    pub child: String,
    /// With everybody of the household.
    pub whole_household: bool,
    /// Village it goes to.
    pub village: String,
    /// Why.
    pub reason: String,
    /// The day the family moved.
    pub moved_on: String,
}

/// The page 转入转出.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MovesView {
    /// Offers to this township, newest first.
    pub incoming: Vec<MoveRow>,
    /// Offers of this township, newest first.
    pub outgoing: Vec<MoveRow>,
    /// What came late and waits, oldest first: the first page of it.
    pub waiting: Vec<ReviewRow>,
    /// What was decided, newest first: what of it the first page has room for.
    pub decided: Vec<ReviewRow>,
    /// How much waits on all pages.
    pub waiting_in_all: u32,
    /// How much was decided, on all pages.
    pub decided_in_all: u32,
    /// Late work for children that went to another township: only how much there is.
    pub elsewhere: u32,
    /// Where the next page of what came late begins; none at the end.
    pub more: Option<String>,
}

/// The next page of what came late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LateWorkView {
    /// What waits, oldest first.
    pub waiting: Vec<ReviewRow>,
    /// What was decided, newest first.
    pub decided: Vec<ReviewRow>,
    /// Where the page after it begins; none at the end.
    pub more: Option<String>,
}

/// Asks for the page of late work that begins at a place an earlier one named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoreLateInput {
    /// The place.
    pub after: String,
}

/// An offer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoveRow {
    /// Id.
    pub id: String,
    /// 石小雨（全家，2名儿童）.
    pub subject: String,
    /// 芦汀镇.
    pub from: String,
    /// 青溪镇 荷塘村.
    pub to: String,
    /// Why.
    pub reason: String,
    /// The day the family moved.
    pub moved_on: String,
    /// Who offered.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// RFC 3339.
    pub expires: String,
    /// offered, accepted, declined, withdrawn, expired.
    pub state: String,
}

/// Accepts, declines or withdraws an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DecideMoveInput {
    /// Offer.
    pub id: String,
    /// accept, decline, withdraw.
    pub decision: String,
}

/// A late record.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewRow {
    /// Change hash, hex.
    pub change: String,
    /// Child, or the children of the household; the number of a sealed matter; empty when nothing names it.
    pub name: String,
    /// The collection it adds to, or `fields`.
    pub what: String,
    /// What was written, line by line.
    pub lines: Vec<ReturnedLine>,
    /// Who wrote it.
    pub by: String,
    /// Their unit.
    pub unit: String,
    /// RFC 3339.
    pub at: String,
    /// waiting, taken, `set_aside`, replaced.
    pub state: String,
    /// Why it was set aside.
    pub reason: String,
    /// Why a person has to look: late, revoked.
    pub cause: String,
    /// The device it came from.
    pub device: String,
    /// The server cannot read it any more; nothing of it can be shown or taken until it is found in a copy.
    pub damaged: bool,
    /// It is of a sealed matter of which this person is told the number alone: who wrote it and what stays empty. She may
    /// take it, and does not set it aside.
    pub numbered: bool,
    /// This person is not to act for whom it is about (回避): somebody else decides.
    pub recused: bool,
}

/// Takes a late record or sets it aside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DecideReviewInput {
    /// Change hash, hex.
    pub change: String,
    /// It enters the file.
    pub take: bool,
    /// Why it is set aside.
    pub reason: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    DepartureRow,
    LateRow,
    MoveFormView,
    MoveTargetView,
    MoveRow,
    ReviewRow,
    OfferMoveInput,
    DecideReviewInput
);
