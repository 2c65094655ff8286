//! What a person can do with Zoufang, one file per noun. The only API a shell sees.
//!
//! - [`App`] is the process: its door (enrol, PIN, lock) and the one entrance for commands ([`App::call`]).
//! - [`Tablet`] is the small context every use case gets; [`records`] saves, [`runtime`] syncs by itself, through an [`exchange`].
//! - [`view`] is what screens send and show.

mod accounts;
mod app;
mod aside;
pub mod attachments;
mod audit_page;
mod backoff;
mod benefits;
mod cadence;
pub mod cases;
mod certificate;
mod child_rules;
pub mod children;
pub mod commands;
pub mod confidential;
pub mod conflicts;
pub mod contacts;
pub mod countersign;
pub mod delegation;
pub mod differences;
mod doors;
mod duties;
mod enrolment;
mod erased_member;
pub mod erasures;
mod error;
pub mod exchange;
pub mod exports;
pub mod farewell;
pub mod file_status;
pub mod filling;
pub mod forms;
pub mod goods;
pub mod guests;
pub mod imports;
pub mod looks;
pub mod mandatory;
pub mod masks;
pub mod moves;
mod nouns;
pub mod office_line;
pub mod packs;
pub mod people;
pub mod picture;
mod practice;
pub mod problems;
mod quiet;
pub mod records;
pub mod recovery;
pub mod recusals;
mod renewal;
pub mod reports;
pub mod restricted;
mod rests;
pub mod returned;
pub mod rhythm;
pub mod rights;
pub mod roster;
pub mod rounds;
pub mod rows;
pub mod runtime;
pub mod screening;
pub mod server;
pub mod sheets;
pub mod standing;
pub mod station;
pub mod station_phone;
mod step_up;
mod sync;
pub mod sync_page;
pub mod system;
mod tablet;
mod timeline;
pub mod today;
pub mod trail;
mod unit_keys;
mod unmet;
pub mod uploads;
pub mod view;
pub mod visits;
pub mod watermark;
pub mod work;
pub mod work_log;
pub mod writing;
pub mod yearly;

pub use app::{App, AppSettings, Extension, PinCost};
pub use enrolment::Finished;
pub use error::ClientError;
pub use store::{HardwareKey, StoreError};
pub use tablet::Tablet;

/// The app's version, as it goes into envelopes and onto the page 我的.
pub const APP_VERSION: &str = env!("CARGO_PKG_VERSION");
