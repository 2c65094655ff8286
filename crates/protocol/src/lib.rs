//! What a tablet and the server say to each other, and what either believes of it. No sockets, no files, no clock, no randomness.
//!
//! - [`message`] is the list of messages, [`wire`] their bytes, [`limits`] their sizes.
//! - [`enrolment`] is how a device becomes known; [`session::proof`] is how it proves itself afterwards.
//! - [`delegation`] is how a station without a network enrols a tablet all the same.
//! - [`envelope`] signs a change; [`change_header`] reads an Automerge change without Automerge.
//! - [`case`] is how an officer of the district asks a station for a case, and is answered.
//! - [`countersign`] is what the district says of a closing (复核).
//! - [`access`] decides who may do what; [`genesis`] knows the changes that are never sent.
//! - [`audit`] is how a device's audit chain reaches the server, and who reads it there.
//! - [`export`] is how a second person agrees to an export.
//! - [`guest`] is how a second village gets to know of a child (户籍村).
//! - [`moves`] is how a child goes to another village, and what becomes of work that comes late.
//! - [`devices`] is what becomes of a device that is not to be used any more; [`sealed`] closes bytes to somebody's key.
//! - [`unit_key`] is the station's own key, to which sealed words are sealed.
//! - [`order`] is what the server decides for good and every device carries back to a restored server.
//! - [`people`] is who is appointed to what and who stands in for whom.
//! - [`recusal`] is who is not to act for a family (回避).
//! - [`report`] is what a station reports to the district: numbers and what is urgent.
//! - [`retry`] says what may heal a refusal, for the tablet that offers again and the server that looks again.
//! - [`session::client`] and [`session::server`] are the two state machines that speak sync.

pub mod access;
pub mod audit;
pub mod blob;
pub mod case;
pub mod change_header;
pub mod countersign;
pub mod delegation;
pub mod devices;
pub mod dictionary;
pub mod enrolment;
pub mod envelope;
pub mod erasure;
pub mod export;
pub mod genesis;
mod genesis_table;
pub mod guest;
pub mod limits;
pub mod message;
pub mod moves;
pub mod order;
pub mod outcome;
pub mod people;
pub mod recusal;
pub mod report;
pub mod retry;
pub mod sealed;
pub mod session;
pub mod snapshot;
pub mod station;
pub mod unit_key;
pub mod wire;

pub use audit::{
    AUDIT_COUNTED, AUDIT_LEFT, AuditCount, AuditCounts, AuditFault, AuditFaultKind, AuditPage,
    AuditRecord, AuditTaken, BringAudit, CountedAct, PersonAudit, ReadAudit, ReadAuditCounts,
    StationAudit,
};
pub use blob::*;
pub use case::{
    AnswerCase, AskCase, CaseAnswer, CaseFile, CaseId, CaseRecord, CaseState, ReadCase, SentCase,
};
pub use countersign::{
    ClosingId, Countersign, Countersignature, KnownCountersignature, SealedReason, Verdict,
};
pub use delegation::{
    Delegated, Delegation, DelegationId, OfflineAnswer, OfflineRequest, Place, StationCertificate,
};
pub use devices::*;
pub use envelope::{DocumentHeader, Envelope, EnvelopeHead};
pub use erasure::{
    DecideErasure, ErasedPart, ErasureList, ErasureRecord, ErasureState, HoldRecord, Renewal,
    RequestErasure, SetHold,
};
pub use export::{DecideExport, ExportList, ExportRecord, ExportState, RequestExport, UseExport};
pub use guest::*;
pub use message::*;
pub use moves::*;
pub use order::{NumberedOrder, Order};
pub use outcome::{Outcome, RefusalCode};
pub use people::*;
pub use recusal::*;
pub use report::{BringReport, KnownReport, ReportingStation, Reports};
pub use snapshot::*;
pub use station::*;
pub use unit_key::{
    BroughtUnitKey, KeepUnitKeys, KnownUnitKey, UnitKeyHint, UnitKeyHolder, UnitKeys,
    WrappedUnitKey,
};
pub use wire::ProtocolError;

/// The protocol's version. A server answers a newer one with `too_new`.
pub const PROTOCOL_VERSION: u16 = 1;
