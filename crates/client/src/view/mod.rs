//! Plain types for the screens: what a screen shows (`…View`) and what it sends (`…Input`).
//!
//! They are exported to `ui/src/backend/generated/` by `cargo xtask gen`. Dates are civil dates
//! (`YYYY-MM-DD`, Asia/Shanghai); moments are RFC 3339 in UTC. Words a person reads that depend on
//! data (reasons, labels from packs) come ready-made in Chinese; fixed words live in the UI's locale files.

mod app;
mod attachment;
mod audit;
mod child;

mod conflict;
mod erasures;
mod export;
mod exports;
mod file;
mod moves;
mod people;
mod problem;
mod recusals;
mod returned;
mod station;
mod sync;
mod today;
mod visit;

pub use app::*;
pub use attachment::*;
pub use audit::*;
pub use child::*;
pub use conflict::*;
pub use erasures::*;
pub use export::export;
pub use exports::*;
pub use file::*;
pub use moves::*;
pub use people::*;
pub use problem::*;
pub use recusals::*;
pub use returned::*;
pub use station::*;
pub use sync::*;
pub use today::*;
pub use visit::*;
