//! What a household, child, visit, contact and problem *is*; which changes make sense; who is due when; the forms.
//!
//! No IO, no clock, no randomness: time and ids are arguments. Automerge is named only in `**/doc.rs`.

pub mod area;
pub mod attachment;
pub mod benefit;
pub mod breach;
pub mod cadence;
pub mod calendar;
pub mod child;
pub mod child_rules;
pub mod code_list;
pub mod difference;
pub mod duty;
pub mod figures;
pub mod file;
pub mod fill;
pub mod form;
pub mod household;
pub mod identity_number;
pub mod import;
pub mod mandatory;
pub mod name_search;
pub mod phone;
pub mod policy;
pub mod problem;
pub mod record;
pub mod restricted;
pub mod retention;
pub mod rights;
pub mod round;
pub mod scalar;
pub mod screening;
pub mod station_phone;
pub mod status;
pub mod work;
