//! Pages that are not saved yet: what was typed, and the sheet its photos hang on.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// A page that has a sheet until it is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SheetPage {
    /// A contact, of a child.
    Contact,
    /// Nobody was met, of a child; `record` is the draft of the visit that ends with it.
    Attempt,
    /// A problem's report, of a child.
    Report,
    /// The next step, of a problem.
    Problem,
    /// A piece of work, of a block of the fields' pack; `record` is the one that is put right.
    Work,
}

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SheetInput {
    /// What kind of page.
    pub page: SheetPage,
    /// Of what.
    pub of: String,
    /// The record that is put right, or the draft that ends; null for a new one.
    pub record: Option<String>,
}

/// Keep what was typed so far.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct KeepSheetInput {
    /// Which page.
    pub sheet: SheetInput,
    /// Values by field of the page; empty when everything was cleared.
    pub words: BTreeMap<String, Vec<String>>,
}

/// The sheet of a page: what is added to it hangs on its draft id.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SheetView {
    /// Draft id.
    pub draft: String,
    /// Something hangs on it.
    pub photos: bool,
    /// What was typed, by field of the page.
    pub words: BTreeMap<String, Vec<String>>,
    /// Last change, RFC 3339.
    pub at: String,
}

/// Pages somebody began and did not save.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SheetListView {
    /// Changed last first.
    pub rows: Vec<SheetRow>,
}

/// A page somebody began and did not save.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SheetRow {
    /// Draft id.
    pub draft: String,
    /// Which page.
    pub sheet: SheetInput,
    /// What it is about, in words; empty where that is not here any more.
    pub title: String,
    /// What it is about is not here any more, so the page cannot be opened: what was typed is to be read, nothing else.
    pub gone: bool,
    /// What was typed, where the page cannot be opened.
    pub words: Vec<String>,
    /// Last change, RFC 3339.
    pub at: String,
}

ids::withhold!(KeepSheetInput, SheetView, SheetListView, SheetRow);
