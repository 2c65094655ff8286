//! The Excel files of the offices, and the made-up township the demo lives in.
//!
//! [`ledger::read_ledger`] turns a workbook as offices really keep them into rows the import plan of `domain` understands,
//! [`ledger::write`] makes such workbooks, [`result_file::write`] tells the station what became of each row,
//! [`Station`] puts both behind the station's import commands,
//! and [`demo::DemoTownship`] is the same synthetic township for the same seed.

pub mod demo;
pub mod ledger;
pub mod result_file;
mod station;

pub use station::Station;
