//! The Excel files of the offices, and the made-up township the demo lives in.
//!
//! [`ledger::read_ledger`] turns a workbook as offices really keep them into rows the import plan of `domain` understands,
//! [`ledger::write`] makes such workbooks, [`result_file::write`] tells the station what became of each row,
//! [`form_sheets`] reads and writes the spreadsheets in which forms are written,
//! [`export::write`] makes the registers that leave the station, encrypted,
//! [`Station`] puts them behind the station's import commands,
//! and [`demo::DemoTownship`] is the same synthetic township for the same seed.

pub mod demo;
pub mod export;
pub mod form_sheets;
pub mod ledger;
pub mod result_file;
mod station;
mod yearly;

pub use station::Station;
