//! How a session is proved, and the two ends of a sync as state machines without IO.

pub mod client;
pub mod handover;
pub mod proof;
pub mod refill;
pub mod server;
