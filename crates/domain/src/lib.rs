//! What a household, child, visit, contact and problem *is*; which changes make sense; who is due when; the forms.
//!
//! No IO, no clock, no randomness: time and ids are arguments. Automerge is named only in `**/doc.rs`.

pub mod form;
pub mod import;
pub mod record;
pub mod scalar;
pub mod child;
pub mod household;
pub mod problem;
pub mod restricted;
pub mod cadence;
pub mod calendar;
pub mod code_list;
pub mod policy;
pub mod identity_number;
pub mod name_search;
