//! The sync server: enrols devices, admits their changes, keeps them sealed, passes them on. It never knows what a document means.
//!
//! [`init()`] makes a data folder, [`Server::start`] serves it; tests run the same server in their own process.
//!
//! ```no_run
//! # async fn example() -> Result<(), sync_server::ServerError> {
//! use sync_server::{Server, ServerConfig};
//! let server = Server::start(ServerConfig::new("data".into(), "server.key".into())).await?;
//! assert_ne!(server.address.port(), 0);
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

pub mod admin;
mod admission;
pub mod audit;
mod audit_counts;
mod audit_report;
mod blob_files;
mod blobs;
mod cases;
pub mod child_rules;
mod columns;
pub mod compaction;
pub mod copies;
mod countersign;
mod covers;
pub mod database;
mod delegations;
mod device_audit;
mod devices;
mod enrolment;
mod epochs;
mod erasures;
mod error;
mod exports;
mod forms;
mod guests;
mod herd;
mod holds;
mod init;
mod judge;
mod local;
mod log;
mod moves;
mod next_ca;
mod openapi;
mod orders;
mod organisation;
mod people;
pub mod persons;
pub mod policies;
mod publish;
mod publisher;
mod readmission;
pub mod recover;
mod recusals;
mod refill;
mod refusals;
mod reports;
pub mod restore;
mod reviews;
mod routes;
mod sealed_rows;
mod serve;
mod sessions;
mod set_aside;
mod settings;
mod shape;
pub mod shares;
mod snapshot;
mod state;
mod steps;
mod sync;
pub mod system;
mod tls;
mod unit_keys;
mod units;
pub mod vault;
pub mod verify;
pub mod worker;

pub use error::ApiError;
pub use herd::PerAddress;
pub use init::{InitError, InitOptions, InitReport, Place, init};
pub use local::{LocalConfig, LocalServer};
pub use next_ca::{NextCaError, NextCaStanding};
pub use serve::{Patience, RunningServer, Server, ServerConfig, ServerError};
pub use tls::TlsError;
pub use worker::Worker;
