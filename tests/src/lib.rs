//! The whole system in one process: what scenario tests, journeys, benchmarks and the demo stand on.

pub mod apart;
pub mod canary;
pub mod demo;
pub mod described;
pub mod device;
pub mod fuzz;
pub mod malformed;
pub mod relay;
pub mod simulation;
pub mod story;
pub mod township;
pub mod traffic;
pub mod world;

use client::Extension;
use std::sync::Arc;

/// What the shells add to the client: the station's ledgers.
#[must_use]
pub fn extensions() -> Vec<Arc<dyn Extension>> {
    vec![Arc::new(office::Station)]
}
