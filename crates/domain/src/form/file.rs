//! The shape of a pack's file. Packs are written by [`super::sheet`] and read by [`super::compile`]; both know this shape.
//!
//! Fields this version does not know are ignored. What is absent is left out again when a pack is written, so that a
//! pack which went through a spreadsheet has the content hash it had before.

use super::pack::{AnswerOption, Level, SummaryLine};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PackFile {
    pub id: String,
    pub version: u32,
    pub title: String,
    pub languages: Vec<String>,
    pub session_title: String,
    pub na_label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
    pub sections: Vec<SectionFile>,
    #[serde(default)]
    pub summary: Vec<SummaryLine>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SectionFile {
    pub key: String,
    pub title: String,
    pub level: Level,
    #[serde(default)]
    pub x_section_same: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    pub questions: Vec<QuestionFile>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct QuestionFile {
    pub key: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<AnswerOption>,
    #[serde(default)]
    pub short: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_when: Option<String>,
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub blocks_save: bool,
    #[serde(default)]
    pub na: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusive: Vec<String>,
    #[serde(default)]
    pub carry: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none_value: Option<String>,
    #[serde(default)]
    pub delta: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<ConstraintFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calculate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mandatory: Vec<MandatoryFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggest: Vec<SuggestFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub people: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConstraintFile {
    pub expression: String,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MandatoryFile {
    pub codes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SuggestFile {
    pub when: String,
    pub problem: String,
}
