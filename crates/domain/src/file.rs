//! What the child's file asks for (`policy/fields.json`, domain.md §3): blocks of fields and of rows, what is still to ask,
//! and what of it a person should look at. All of it is data; nothing here knows a single field by name.

mod certificate;
mod given;
mod hint;

pub use certificate::{CertificateVerdict, check as check_certificate};
pub use given::GivenRule;
pub use hint::{
    Condition, Facts, Hint, HintLevel, HintRule, Label, PARENTS_IN_TOUCH, PARENTS_NOT_IN_TOUCH_ON,
    Season, ended,
};

use crate::record::{Entry, ROWS};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The blocks of the file and its hints.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct FilePack {
    /// Stable id, e.g. `fields-2`.
    #[serde(default)]
    pub id: String,
    /// Blocks in the order a screen shows them.
    pub blocks: Vec<FieldBlock>,
    /// What a person should look at when the file says so.
    #[serde(default)]
    pub hints: Vec<HintRule>,
}

/// Why a block may be kept (domain.md P-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A duty the law gives the village and the station; nobody is asked.
    #[default]
    Duty,
    /// The family agreed, and may change its mind.
    Consent,
    /// Somebody was in danger.
    Emergency,
}

/// A block of the child's file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FieldBlock {
    /// Stable key.
    pub key: String,
    /// Chinese title.
    pub title: String,
    /// What it is kept for, one clause in Chinese (domain.md P-04).
    #[serde(default)]
    pub purpose: String,
    /// Why it may be kept.
    #[serde(default)]
    pub basis: Basis,
    /// Fields in order.
    #[serde(default)]
    pub fields: Vec<FieldRule>,
    /// Rows beside the fields: dated, written once, put right by a later one.
    #[serde(default)]
    pub rows: Option<RowsRule>,
}

/// One field of the file, or one column of a block's rows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FieldRule {
    /// Stable key.
    pub key: String,
    /// Chinese label.
    pub label: String,
    /// one | many | text | words (some sentences) | date | phone | id_no | number | certificate | area | children | fixed.
    pub kind: String,
    /// `child` or `household`; a column belongs where its rows do.
    #[serde(default)]
    pub holder: String,
    /// Code list, for kinds one and many.
    #[serde(default)]
    pub list: Option<String>,
    /// How it is masked: `id_no`, `phone`, `psychology`.
    #[serde(default)]
    pub mask: Option<String>,
    /// A field is asked for as long as it is empty; a column must be filled.
    #[serde(default)]
    pub need: bool,
    /// Asked for only when all of these hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

impl FieldRule {
    /// Not everybody sees it whole: what its pack masks, and numbers of people whatever a pack says.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.mask.is_some() || matches!(self.kind.as_str(), "phone" | "id_no" | "certificate")
    }
}

/// The rows of a block.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RowsRule {
    /// What one row is called: 一次患病.
    pub one: String,
    /// `child` or `household`.
    pub holder: String,
    /// Collection the rows lie in; [`ROWS`] unless an older one is meant.
    #[serde(default = "rows")]
    pub collection: String,
    /// Columns in order; the first one is a row's headline.
    pub columns: Vec<FieldRule>,
    /// Column with the first day.
    #[serde(default)]
    pub from: Option<String>,
    /// Column with the day it ended; a row with one in the past is shown among the past ones.
    #[serde(default)]
    pub to: Option<String>,
    /// It is a piece of work: told in the work log and the timeline, written on a page of its own, for several children at
    /// once (docs/adr/0036).
    #[serde(default)]
    pub work: Option<WorkRule>,
}

/// How a piece of work is written down and told.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WorkRule {
    /// What the log calls it before its first column: 关爱帮扶; empty where the first column says enough.
    pub name: String,
    /// Whether it names children.
    pub children: Concerns,
    /// Block of the line each child's file gets, where the piece itself lies with the village.
    pub joined: Option<String>,
    /// The other way round: this is the line a file gets from pieces of that block, and nobody writes it by itself.
    pub of: Option<String>,
    /// It may have photos, where it lies with the village.
    pub photos: bool,
    /// It is offered after a visit whose answers say what it would.
    pub given: Option<GivenRule>,
}

/// Whether a piece of work names children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concerns {
    /// It may, and lies with the village where it names none.
    #[default]
    May,
    /// At least one.
    Must,
}

fn rows() -> String {
    ROWS.to_owned()
}

/// Collections a block's rows may lie in, by holder.
const COLLECTIONS: [(&str, &[&str]); 3] = [
    ("child", &["categories", "tier_facts", "pauses", ROWS]),
    ("household", &["members", ROWS]),
    (VILLAGE, &[ROWS]),
];
/// Holder of pieces of work that are about the village and not about a child.
pub const VILLAGE: &str = "village";

/// Kinds a field or column may have.
const KINDS: [&str; 12] = [
    "one",
    "many",
    "text",
    "words",
    "date",
    "phone",
    "id_no",
    "number",
    "certificate",
    "area",
    CHILDREN,
    "fixed",
];
/// Kind of a column of the household's rows that names children of it, several of them; a row that names none is about
/// all of them.
pub const CHILDREN: &str = "children";

/// Why a pack of fields is refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not JSON, or not a pack of fields.
    #[error("the fields cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Something in it cannot be; the text says where.
    #[error("{0}")]
    Place(String),
}

impl FilePack {
    /// Reads and checks a pack of fields.
    ///
    /// # Errors
    /// It is no such pack, or what it says cannot be; the error says where.
    pub fn parse(json: &str) -> Result<Self, FileError> {
        let pack: FilePack = serde_json::from_str(json)?;
        pack.check().map_err(FileError::Place)?;
        Ok(pack)
    }

    fn check(&self) -> Result<(), String> {
        let mut blocks = BTreeSet::new();
        let mut fields = BTreeSet::new();
        for block in &self.blocks {
            let place = format!("blocks.{}", block.key);
            if block.key.is_empty() || !blocks.insert(&block.key) {
                return Err(format!("{place}: a block needs a key of its own"));
            }
            for field in &block.fields {
                if !fields.insert((&field.holder, &field.key)) {
                    return Err(format!("{place}.{}: this field is there twice", field.key));
                }
                if !["child", "household"].contains(&field.holder.as_str()) {
                    return Err(format!("{place}.{}: unknown holder", field.key));
                }
                if field.kind == CHILDREN {
                    return Err(format!(
                        "{place}.{}: only rows say whose they are",
                        field.key
                    ));
                }
                check_rule(field, &place)?;
            }
            if let Some(rows) = &block.rows {
                check_rows(rows, &place)?;
                self.check_work(block, rows)
                    .map_err(|words| format!("{place}.rows: {words}"))?;
            }
        }
        for hint in &self.hints {
            self.check_hint(hint)
                .map_err(|words| format!("hints.{}: {words}", hint.code))?;
        }
        Ok(())
    }

    fn check_hint(&self, hint: &HintRule) -> Result<(), &'static str> {
        if hint.when.is_empty() || hint.text.is_empty() {
            return Err("when and text are needed");
        }
        if !hint.when.iter().all(Condition::has_seasons) {
            return Err("a season begins on a day, 10-01");
        }
        let mut blocks = hint.when.iter().flat_map(Condition::blocks);
        if blocks.any(|block| self.rows(block).is_none()) {
            return Err("no such block of rows");
        }
        let mut each = hint.when.iter().flat_map(Condition::each);
        if !each.all(|one| self.knows_newest(one)) {
            return Err("newest is a date column of rows that hold, and per a column of them");
        }
        if hint
            .named_columns()
            .any(|key| hint.column_of(self, key).is_none())
        {
            return Err("no such column of the row");
        }
        Ok(())
    }

    /// What the newest row is found by is there.
    fn knows_newest(&self, condition: &Condition) -> bool {
        let rows = condition.row.as_ref().and_then(|block| self.rows(block));
        let column = |key: &String| rows.and_then(|rows| rows.column(key));
        match (&condition.newest, &condition.per) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(day), per) => {
                let is_day = column(day).is_some_and(|column| column.kind == "date");
                is_day && !condition.ended && per.as_ref().is_none_or(|key| column(key).is_some())
            }
        }
    }

    /// A piece of work has a day, and its lines in the children's files take columns it has.
    fn check_work(&self, block: &FieldBlock, rows: &RowsRule) -> Result<(), &'static str> {
        let Some(work) = &rows.work else {
            return match rows.holder.as_str() {
                VILLAGE => Err("what lies with the village is a piece of work"),
                _ => Ok(()),
            };
        };
        if rows.from.is_none() || rows.collection != ROWS || !block.fields.is_empty() {
            return Err("a piece of work has a first day, no fields, and lies in rows");
        }
        if (rows.holder == VILLAGE) != work.joined.is_some() {
            return Err(
                "what lies with the village names the block of its lines, and nothing else does",
            );
        }
        if work
            .given
            .as_ref()
            .is_some_and(|given| !given.fits(rows) || rows.holder != "child")
        {
            return Err("what a visit gives goes into columns there are, of a child");
        }
        let Some(joined) = &work.joined else {
            return Ok(());
        };
        let lines = self.rows(joined).ok_or("there is no such block of lines")?;
        let is_its = lines.work.as_ref().and_then(|line| line.of.as_ref()) == Some(&block.key);
        let has_all = lines
            .columns
            .iter()
            .all(|column| rows.column(&column.key) == Some(column));
        match is_its && has_all && lines.holder == "child" {
            true => Ok(()),
            false => Err("the lines are the child's, name this block, and have columns of it"),
        }
    }

    /// A field's rule.
    pub fn field(&self, holder: &str, key: &str) -> Option<&FieldRule> {
        self.blocks
            .iter()
            .flat_map(|block| &block.fields)
            .find(|field| field.key == key && field.holder == holder)
    }

    /// A field's rule, whoever holds it.
    pub fn field_of_any(&self, key: &str) -> Option<&FieldRule> {
        let mut fields = self.blocks.iter().flat_map(|block| &block.fields);
        fields.find(|field| field.key == key)
    }

    /// The rows of a block.
    pub fn rows(&self, block: &str) -> Option<&RowsRule> {
        self.blocks
            .iter()
            .find(|known| known.key == block)?
            .rows
            .as_ref()
    }

    /// What is still to ask, in the order of the blocks: fields that are needed, hold nothing, and are asked of this child.
    pub fn to_ask(&self, facts: &Facts<'_>) -> Vec<(&FieldBlock, &FieldRule)> {
        self.blocks
            .iter()
            .flat_map(|block| block.fields.iter().map(move |field| (block, field)))
            .filter(|(_, field)| field.need && facts.text(&field.key).is_none())
            .filter(|(_, field)| field.when.iter().all(|condition| condition.holds(facts)))
            .collect()
    }

    /// What a person should look at, with the words of the codes it names.
    pub fn hints(&self, facts: &Facts<'_>, label: &Label<'_>) -> Vec<Hint> {
        self.hints
            .iter()
            .flat_map(|rule| rule.found(self, facts, label))
            .collect()
    }
}

impl RowsRule {
    /// A row is about a child that goes by these ids: it names one of them, or nobody.
    pub fn is_about(&self, row: &Entry, mut is_it: impl FnMut(&str) -> bool) -> bool {
        let whose = self.columns.iter().find(|column| column.kind == CHILDREN);
        let named = whose.map(|column| row.codes(&column.key));
        let named = named.unwrap_or_default();
        named.is_empty() || named.iter().any(|id| is_it(id))
    }

    /// A column's rule.
    pub fn column(&self, key: &str) -> Option<&FieldRule> {
        self.columns.iter().find(|column| column.key == key)
    }
}

fn check_rule(rule: &FieldRule, place: &str) -> Result<(), String> {
    if !KINDS.contains(&rule.kind.as_str()) {
        return Err(format!("{place}.{}: unknown kind {}", rule.key, rule.kind));
    }
    let chosen = matches!(rule.kind.as_str(), "one" | "many");
    if chosen != rule.list.is_some() {
        return Err(format!(
            "{place}.{}: a choice has a list, and nothing else has",
            rule.key
        ));
    }
    Ok(())
}

fn check_rows(rows: &RowsRule, place: &str) -> Result<(), String> {
    let known = COLLECTIONS
        .iter()
        .any(|(holder, names)| *holder == rows.holder && names.contains(&rows.collection.as_str()));
    if !known {
        return Err(format!("{place}.rows: unknown holder or collection"));
    }
    let mut columns = BTreeSet::new();
    for column in &rows.columns {
        // What every row says of itself.
        let taken = [
            "block",
            "by",
            "recorded_on",
            "recorded_ms",
            "replaces",
            "taken_away",
            "origin",
            "written_on",
            "record",
            "joined",
        ];
        if taken.contains(&column.key.as_str()) || !columns.insert(&column.key) {
            return Err(format!("{place}.{}: this key is taken", column.key));
        }
        check_rule(column, place)?;
        if column.kind == CHILDREN && rows.holder != "household" {
            return Err(format!(
                "{place}.{}: only the household's rows say whose they are",
                column.key
            ));
        }
    }
    if rows.columns.is_empty() {
        return Err(format!("{place}.rows: there is no column"));
    }
    for day in [&rows.from, &rows.to].into_iter().flatten() {
        if rows.column(day).is_none_or(|column| column.kind != "date") {
            return Err(format!("{place}.rows: {day} is no date column"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
