//! The table of headings, fields and code lists: `policy/ledgers/columns.json`.

use super::{LedgerKind, values::without_blanks};
use domain::import::{FieldCatalogue, FieldEntry, FieldSort, Holder};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

static SHIPPED: LazyLock<ColumnTable> = LazyLock::new(|| {
    ColumnTable::parse(include_str!("../../../../policy/ledgers/columns.json"))
        .expect("the shipped table is tested")
});

/// How a cell of a column is normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CellKind {
    Text,
    Code,
    Date,
    IdNo,
    Phone,
    YesNo,
    Number,
    Disability,
    Illness,
    DisabilityOrIllness,
    ParentDisability,
    LeftBehind,
    LeftBehindMark,
    Difficulty,
    Benefit,
}

/// A field a register can carry.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Column {
    pub(super) key: String,
    pub(crate) label: String,
    pub(super) holder: Holder,
    pub(super) kind: CellKind,
    #[serde(default)]
    pub(super) list: Option<String>,
    /// Is the cell itself a field, or is something else read from it.
    #[serde(default = "yes")]
    pub(super) stored: bool,
    pub(super) headings: Vec<String>,
}

fn yes() -> bool {
    true
}

/// Text columns in which people write what they like.
const FREE: [&str; 5] = [
    "remark",
    "hardship_cause",
    "helper",
    "benefits",
    "income_source",
];

impl Column {
    /// What its values are, for whoever reads of them.
    fn sort(&self) -> FieldSort {
        match self.kind {
            CellKind::IdNo => FieldSort::IdNumber,
            CellKind::Phone => FieldSort::Phone,
            CellKind::Illness
            | CellKind::Disability
            | CellKind::DisabilityOrIllness
            | CellKind::ParentDisability => FieldSort::Words,
            CellKind::Text if FREE.contains(&self.key.as_str()) => FieldSort::Words,
            _ => FieldSort::Plain,
        }
    }
}

/// A register and how it is told from the other.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Register {
    pub(super) code: LedgerKind,
    pub(super) title_words: Vec<String>,
    pub(super) telling: Vec<String>,
}

/// Words that stand for a category.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct CategoryWords {
    pub(super) code: String,
    pub(super) words: Vec<String>,
    /// How a register that is made here writes it.
    #[serde(default)]
    pub(super) written: Option<String>,
    /// The column in which a mark says it.
    #[serde(default)]
    pub(super) mark: Option<String>,
    /// It stands where a register of these children does not say which.
    #[serde(default)]
    pub(super) unsaid: bool,
    /// The words say it of a child only where the cell does not speak of a parent.
    #[serde(default)]
    pub(super) not_of_parents: bool,
}

/// Categories that follow from other columns than their own, or that other columns follow from.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct OtherCategories {
    /// With one of these a child has the basic allowance; `DP-*` means all that begin so.
    pub(super) basic_allowance: Vec<String>,
    /// A child whose own disability is written has this one.
    pub(super) disability: String,
    /// What stands where no category is known.
    pub(super) other: String,
    /// The same in words.
    pub(super) other_words: String,
}

/// What belongs into no file a village holds (decisions.md 4): a cell that says it is kept back.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Confidential {
    /// The category that gives the cadence and names no reason.
    pub(super) code: String,
    /// Words that say it, whatever the case and the width of their letters.
    pub(super) words: Vec<String>,
    /// Columns that speak of the child itself: there the category follows.
    pub(super) of_the_child: Vec<String>,
}

impl Confidential {
    /// Whether a text says it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let text = without_blanks(text).to_uppercase();
        self.words.iter().any(|word| text.contains(word.as_str()))
    }
}

/// The whole table.
#[derive(Debug, Clone, Deserialize)]
pub struct ColumnTable {
    pub(super) ledgers: Vec<Register>,
    pub(super) plain: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) plain_headings: BTreeMap<String, Vec<String>>,
    pub(super) owners: BTreeMap<String, Vec<String>>,
    pub(super) skip_headings: Vec<String>,
    pub(super) footers: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) lists: BTreeMap<String, Vec<Vec<String>>>,
    pub(super) confidential: Confidential,
    pub(super) categories: OtherCategories,
    pub(super) difficulty_words: Vec<CategoryWords>,
    pub(super) left_behind_words: Vec<CategoryWords>,
}

impl ColumnTable {
    /// The table this build carries.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The text is not JSON of this shape.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(crate) fn column(&self, key: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.key == key)
    }

    /// The fields in words, as the import plan needs them.
    #[must_use]
    pub fn catalogue(&self) -> FieldCatalogue {
        let stored = self.columns.iter().filter(|column| column.stored);
        stored
            .map(|column| {
                let options = column
                    .list
                    .as_ref()
                    .and_then(|list| self.lists.get(list))
                    .map(|codes| {
                        let pair = |code: &Vec<String>| {
                            Some((code.first()?.clone(), code.get(1)?.clone()))
                        };
                        codes.iter().filter_map(pair).collect()
                    });
                let entry = FieldEntry {
                    holder: column.holder,
                    label: column.label.clone(),
                    options: options.unwrap_or_default(),
                    sort: column.sort(),
                };
                (column.key.clone(), entry)
            })
            .collect()
    }

    /// The label of a code, e.g. (`relation`, `62`) → 祖母.
    #[must_use]
    pub fn label(&self, list: &str, code: &str) -> Option<&str> {
        let codes = self.lists.get(list)?;
        codes
            .iter()
            .find(|entry| entry.first().is_some_and(|first| first == code))?
            .get(1)
            .map(String::as_str)
    }
}
