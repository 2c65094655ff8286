//! The real server over real sockets.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod access;
mod another_township;
mod audit;
mod blobs;
mod bounds;
mod cases;
mod child_rules;
mod copies;
mod countersign;
mod delegating;
mod devices;
mod enrolling;
mod epochs;
mod erasing;
mod exports;
mod growth;
mod guests;
mod herd;
mod holding;
mod hostile;
mod late;
mod matrix;
mod moves;
mod people;
mod reports;
mod returned;
mod sealing;
mod slow;
mod snapshots;
mod strangers;
mod support;
mod syncing;
mod trails;
mod verifying;
mod worker;
