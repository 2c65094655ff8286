//! 保存和删除: which files may be looked at, what somebody asked to erase, and what must be kept.

use super::{ConfidentialLineView, OptionView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What goes with a file, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErasurePartsView {
    /// Visits, contacts and attempts in it.
    pub records: u32,
    /// Problems about this child alone.
    pub problems: u32,
    /// Problems that stay, because they are about another child, too.
    pub problems_staying: u32,
    /// Sealed notes.
    pub sealed: u32,
    /// The household goes, because no other child lives in it.
    pub household: bool,
}

/// What is said before somebody asks.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ErasureFormView {
    /// The child.
    pub child: String,
    /// Their name.
    pub name: String,
    /// Their village.
    pub village: String,
    /// What goes.
    pub parts: ErasurePartsView,
    /// The grounds there are.
    pub bases: Vec<OptionView>,
    /// What of the file can be erased alone.
    pub items: Vec<EraseItemView>,
    /// Whether this person may say instead that it must be kept.
    pub may_hold: bool,
}

/// One thing that can be erased alone; never what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EraseItemView {
    /// Its name, for the request.
    pub item: String,
    /// How a person calls it.
    pub label: String,
    /// It is a field, which says something now and said other things before.
    pub is_field: bool,
    /// What it says now may go, too.
    pub may_go: bool,
    /// Of a member of the household: what of hers is in other places of the village.
    pub member: Option<EraseMemberView>,
}

/// What of a member of a household is in other places of the village.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EraseMemberView {
    /// Rows of the same person in other households.
    pub also: Vec<EraseAlsoView>,
    /// Whether the months of work are looked through for her, when all those rows go as well:
    /// searched | namesake | short | nameless.
    pub months: String,
}

/// The row of the same person in another household.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EraseAlsoView {
    /// Its name, for the request.
    pub item: String,
    /// How a person calls that household.
    pub household: String,
    /// A child whose file leads there.
    pub child: Option<String>,
}

/// One thing of a file to be erased.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErasePartInput {
    /// The child.
    pub child: String,
    /// Which thing.
    pub item: String,
    /// Of a field: what it says now stays.
    pub keep_now: bool,
    /// Of a member: her rows in other households that go as well.
    #[serde(default)]
    pub also: Vec<String>,
    /// A code of the policy list.
    pub basis: String,
    /// The person's own words.
    pub words: String,
}

/// A file to be erased.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EraseInput {
    /// The child; or the problem or child that left, of what stayed here sealed.
    pub child: String,
    /// A code of the policy list.
    pub basis: String,
    /// The person's own words.
    pub words: String,
}

/// A head's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DecideErasureInput {
    /// The request.
    pub id: String,
    /// Whether it is erased.
    pub approve: bool,
}

/// Whether a file must be kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HoldInput {
    /// The child.
    pub child: String,
    /// Whether it must be kept.
    pub hold: bool,
    /// Why.
    pub words: String,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ErasuresView {
    /// The server answered: requests and holds are as they stand now.
    pub is_current: bool,
    /// Files whose time to be looked at has come.
    pub due: Vec<RetentionRowView>,
    /// Requests, newest first.
    pub requests: Vec<ErasureRequestView>,
    /// Files that must be kept.
    pub holds: Vec<HoldView>,
    /// What stayed here sealed when what it is about left (留下的密封记录).
    pub left: Vec<LeftSealedRowView>,
    /// Whether this person may say what must be kept.
    pub may_hold: bool,
    /// The grounds there are.
    pub bases: Vec<OptionView>,
}

/// What stayed here sealed when the matter or the child it is about left the township.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeftSealedRowView {
    /// The problem or child that left.
    pub subject: String,
    /// The number of the matter, or a child's initials; empty where neither is known here.
    pub title: String,
    /// It is about a child itself, and for the head alone.
    pub is_child: bool,
    /// How many documents.
    pub documents: u32,
    /// The township it went to, where this device saw it go.
    pub to: Option<String>,
    /// When it left.
    pub left_on: Option<String>,
    /// Who handled it then.
    pub handler: Option<String>,
    /// From which day on somebody looks whether it may go.
    pub review_on: String,
    /// That day has come.
    pub is_over: bool,
    /// Somebody asked for it to be erased already.
    pub asked: bool,
    /// This person reads the words, with the PIN.
    pub may_read: bool,
}

/// The words of it, while they stand open.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LeftWordsView {
    /// The problem or child that left.
    pub subject: String,
    /// They stand open for so many seconds.
    pub seconds: Option<u32>,
    /// The notes, oldest first.
    pub lines: Vec<ConfidentialLineView>,
}

/// A file whose time to be looked at has come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RetentionRowView {
    /// The child.
    pub child: String,
    /// Their name.
    pub name: String,
    /// Their village.
    pub village: String,
    /// When the file ended.
    pub ended_on: String,
    /// Since when it may be looked at.
    pub review_on: String,
    /// It must be kept.
    pub held: bool,
    /// Somebody asked for it already.
    pub asked: bool,
}

/// A request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErasureRequestView {
    /// Its id.
    pub id: String,
    /// The child's name; none once it was decided, or when the file is not here.
    pub name: Option<String>,
    /// Their village.
    pub village: Option<String>,
    /// How many documents; 0 where this person is not told.
    pub documents: u32,
    /// What of the file is to go; none where all of it is, and once it was decided.
    pub part: Option<String>,
    /// Of a field: what it says now stays.
    pub keeps_now: bool,
    /// On what ground, in words.
    pub basis: String,
    /// The words; empty once it was decided.
    pub words: String,
    /// Who asked.
    pub by: String,
    /// When.
    pub at: String,
    /// Until when somebody may decide.
    pub until: String,
    /// asked | ordered | declined | expired.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<String>,
    /// Of a member of a household: which rows of other households go as well, and whether the months of work are looked
    /// through.
    pub member: Option<EraseMemberView>,
    /// Devices that have said that all of it is gone there.
    pub receipts: u32,
    /// Devices that have not.
    pub missing: Vec<ErasureLackView>,
    /// This person may decide.
    pub may_decide: bool,
}

/// A device that has not said yet that all of it is gone there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ErasureLackView {
    /// Whose it is.
    pub who: String,
    /// Of how many documents it has not; none where the server does not say, or this person is not told.
    pub documents: Option<u32>,
}

/// A file that must be kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HoldView {
    /// The child.
    pub child: String,
    /// Their name, when the file is here.
    pub name: Option<String>,
    /// Why.
    pub words: String,
    /// Who said so; none when it came back with a device after a restore.
    pub by: Option<String>,
    /// Since when.
    pub at: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    ErasureFormView,
    EraseAlsoView,
    ErasePartInput,
    EraseInput,
    HoldInput,
    RetentionRowView,
    LeftSealedRowView,
    LeftWordsView,
    ErasureRequestView,
    ErasureLackView,
    HoldView,
);
