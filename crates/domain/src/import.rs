//! What an Excel ledger would change, decided before anything is written.
//!
//! [`plan`] compares the rows of a ledger with the children already on file and says for each row what would happen and why.
//! It reads no file and writes no document: `office` reads the workbook into [`LedgerRow`]s, `client` carries a confirmed plan out.
//!
//! A row is refused only when it has no name, a future or impossible birth date, an identity number Excel has ruined,
//! or, in demo mode, an identity number that could belong to a real person.
//! Everything else is imported, and what looks wrong is flagged 需核对.

mod compare;
mod household;
mod matching;
mod sentences;
// Who somebody is and what they said stays out of logs.
ids::withhold!(LedgerValue, FieldState, ExistingChild, FieldChange, PlanRow);

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use ids::{DocumentId, UnitId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The fact that father or mother is severely disabled.
pub const PARENT_SEVERE_DISABILITY: &str = "parent_severe_disability";
/// The fact that the child has a disability other than a mental one.
pub const CHILD_DISABILITY: &str = "child_disability";
/// The fact that the child has a mental disability, or a psychological or behavioural finding.
pub const CHILD_PSYCH: &str = "child_psych_or_behaviour";

/// The document a field lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// The child's document.
    Child,
    /// The household's document.
    Household,
}

/// What a field's values are, for whoever reads of them before an import and for the file that leaves afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldSort {
    /// Codes, dates, names, places.
    #[default]
    Plain,
    /// Somebody's own words, or how somebody is: shown at the station, in no file that leaves (ADR 0025).
    Words,
    /// A telephone number: masked.
    Phone,
    /// An identity number: masked.
    IdNumber,
}

/// What the plan must know about a field to speak of it: where it lives and what it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldEntry {
    /// Where it lives.
    pub holder: Holder,
    /// Chinese label.
    pub label: String,
    /// Labels of its codes; empty for free text.
    pub options: BTreeMap<String, String>,
    /// What its values are.
    #[serde(default)]
    pub sort: FieldSort,
}

/// All fields a ledger can carry, by stable key.
pub type FieldCatalogue = BTreeMap<String, FieldEntry>;

/// One understood cell: what the file says and what it means.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerValue {
    /// The text of the cell.
    pub raw: String,
    /// The stable value: a code, an ISO date, a normalised number, or trimmed text.
    pub value: String,
}

/// One row of a ledger as the reader understood it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Row number in the sheet, from 1.
    pub row: u32,
    /// Values by field key; empty cells are absent.
    pub values: BTreeMap<String, LedgerValue>,
    /// Category codes the row stands for.
    pub categories: BTreeSet<String>,
    /// Tier facts the row proves, e.g. [`CHILD_DISABILITY`], each with its words, e.g. 母亲肢体一级残疾.
    pub facts: BTreeMap<String, String>,
    /// Sentences about cells that were understood only in part.
    pub notes: Vec<String>,
    /// Why the row cannot be imported, as far as the row alone tells.
    pub rejections: Vec<Rejection>,
}

impl LedgerRow {
    /// The normalised value of a field, if the row has one.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.value.as_str())
    }

    /// The name, or an empty text.
    #[must_use]
    pub fn name(&self) -> &str {
        self.value("name").unwrap_or_default()
    }
}

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Rejection {
    /// There is no name.
    NameMissing,
    /// The birth date lies ahead.
    BirthInFuture {
        /// ISO date.
        date: String,
    },
    /// The birth date is not in any calendar.
    BirthImpossible {
        /// The text of the cell.
        raw: String,
    },
    /// Excel kept the child's identity number as a number, so its last digits are lost.
    IdScientific {
        /// The text of the cell.
        raw: String,
    },
    /// Demo mode, and the number does not begin with 310199.
    IdNotDemo {
        /// Label of the field.
        field: String,
    },
}

impl Rejection {
    /// The stable code, as in the error codes of the screens.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameMissing => "name_missing",
            Self::BirthInFuture { .. } => "birth_in_future",
            Self::BirthImpossible { .. } => "birth_invalid",
            Self::IdScientific { .. } => "id_scientific",
            Self::IdNotDemo { .. } => "id_no_real",
        }
    }
}

/// A field of a child on file: what it holds now and what an import last wrote there.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FieldState {
    /// The value now.
    pub current: Option<String>,
    /// The value the last import carried.
    pub last_imported: Option<String>,
}

/// A child already on file, with the fields of its household among its own.
#[derive(Clone, PartialEq)]
pub struct ExistingChild {
    /// The child's document.
    pub child: DocumentId,
    /// Its household's document.
    pub household: DocumentId,
    /// Name now.
    pub name: String,
    /// Birth date now, ISO.
    pub birth_date: Option<String>,
    /// Identity number now.
    pub id_no: Option<String>,
    /// Village.
    pub village: UnitId,
    /// Village in words, for the notes.
    pub village_name: String,
    /// Carer's name.
    pub carer_name: Option<String>,
    /// Carer's identity number.
    pub carer_id_no: Option<String>,
    /// Guardian's name.
    pub guardian_name: Option<String>,
    /// Guardian's identity number.
    pub guardian_id_no: Option<String>,
    /// Address of the household.
    pub address: Option<String>,
    /// Category codes open now.
    pub categories: BTreeSet<String>,
    /// Kinds of the tier facts open now.
    pub facts: BTreeSet<String>,
    /// Fields of child and household by key.
    pub fields: BTreeMap<String, FieldState>,
}

/// Where and when the import happens.
#[derive(Debug, Clone, Copy)]
pub struct ImportContext<'a> {
    /// Civil date today.
    pub today: NaiveDate,
    /// Village the ledger belongs to.
    pub village: UnitId,
    /// Demo mode: only numbers under 310199 are let in.
    pub demo: bool,
    /// The fields and their words.
    pub catalogue: &'a FieldCatalogue,
}

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new file is opened.
    New,
    /// Fields of an existing file change.
    Changed,
    /// Nothing changes.
    Same,
    /// At least one field was changed on both sides and stays as it is; other changes are made.
    Conflict,
    /// The row is not imported.
    Rejected,
}

impl Outcome {
    /// The stable code for the preview.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
        }
    }
}

/// A field and the two values that meet in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Field key.
    pub key: String,
    /// Document it lives in.
    pub holder: Holder,
    /// Value on file.
    pub old: Option<String>,
    /// Value in the ledger.
    pub new: String,
    /// In words, for the station's screen: 家庭住址：旧 → 新. Numbers are masked.
    pub sentence: String,
    /// The same for a file that leaves: nobody's own words either. Empty in what an earlier version planned.
    #[serde(default)]
    pub outside: String,
}

/// The household a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseholdChoice {
    /// A household on file.
    Existing(DocumentId),
    /// A new household, shared by all rows with the same number.
    New(u32),
    /// None: the row is not imported.
    None,
}

/// One row of the plan.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    /// Row number in the sheet, from 1.
    pub row: u32,
    /// Name, if any.
    pub name: String,
    /// What happens.
    pub outcome: Outcome,
    /// The file it concerns, when there is one.
    pub child: Option<DocumentId>,
    /// Fields to write (all fields of a new file, the changed ones of an existing file).
    pub changes: Vec<FieldChange>,
    /// Fields changed on both sides; they stay.
    pub conflicts: Vec<FieldChange>,
    /// What to keep as last imported, by field key: all values of the row that take part in comparison.
    pub imported: BTreeMap<String, String>,
    /// Fields to flag 需核对, with the sentence why.
    pub flags: BTreeMap<String, String>,
    /// Categories to open.
    pub categories: BTreeSet<String>,
    /// Tier facts to record, each with its words.
    pub facts: BTreeMap<String, String>,
    /// Household.
    pub household: HouseholdChoice,
    /// Household in words, when it is shared.
    pub household_sentence: Option<String>,
    /// Why the row is refused; empty otherwise.
    pub rejections: Vec<Rejection>,
    /// Sentences for the preview and the result file: rejections, flags, doubts.
    pub notes: Vec<String>,
}

/// What the result file says of a row whose child's file was erased or built anew while the import ran: the number of the row
/// and what to do, and nothing of what it said.
#[must_use]
pub fn left_out(row: u32) -> PlanRow {
    PlanRow {
        row,
        name: String::new(),
        outcome: Outcome::Rejected,
        child: None,
        changes: Vec::new(),
        conflicts: Vec::new(),
        imported: BTreeMap::new(),
        flags: BTreeMap::new(),
        categories: BTreeSet::new(),
        facts: BTreeMap::new(),
        household: HouseholdChoice::None,
        household_sentence: None,
        rejections: Vec::new(),
        notes: vec![sentences::LEFT_OUT.to_owned()],
    }
}

/// The whole plan, rows in file order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ImportPlan {
    /// One entry per ledger row.
    pub rows: Vec<PlanRow>,
}

impl ImportPlan {
    /// How many rows have this outcome.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows
            .iter()
            .filter(|row| row.outcome == outcome)
            .count()
    }
}

/// Decides for each row what an import would do.
#[must_use]
pub fn plan(
    rows: &[LedgerRow],
    existing: &[ExistingChild],
    context: &ImportContext<'_>,
) -> ImportPlan {
    let mut planned = compare::compare_rows(rows, existing, context);
    household::propose(rows, existing, &mut planned);
    ImportPlan { rows: planned }
}
