//! Orders: what the server once decided and no restored copy of it may forget.
//!
//! An order has a number of its own in its scope and stands under the server's key. Every device keeps those it saw and
//! carries them back to a server that was set back to an older copy ([`crate::RefillRequest`]), which believes its own
//! signature. The newest number is in every [`crate::Tick`], so a server can tell that some are still missing.

use crate::countersign::Countersignature;
use crate::guest::GuestId;
use crate::message::SignedStatement;
use crate::people::CoverId;
use crate::recusal::RecusalId;
use crate::session::proof::{self, Statement};
use crate::wire::ProtocolError;
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{ChangeHash, DeviceId, DocumentId, Generation, StaffId, UnitId};
use serde::{Deserialize, Serialize};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// A document's generation is erased everywhere; beats any change that still comes.
    Erase {
        /// The document.
        document: DocumentId,
        /// The generation that ends, with all before it.
        generation: Generation,
    },
    /// A document's generation is over, and the next one stands in its place: what the old one said is erased everywhere,
    /// and who wrote an entry is believed of the change named here and those of its actor before it (ADR 0030).
    Renew {
        /// The document.
        document: DocumentId,
        /// The generation that ends, with all before it.
        generation: Generation,
        /// The last of the changes the next one was begun with.
        founded: ChangeHash,
        /// The device that built it anew.
        device: DeviceId,
    },
    /// A device may not speak to the server any more.
    Revoke {
        /// The device.
        device: DeviceId,
    },
    /// A device hands over what it holds and destroys the rest, keys first; it may not speak to the server any more. For
    /// this device alone, and once: a device enrolled anew has another id.
    Wipe {
        /// The device.
        device: DeviceId,
    },
    /// A document must be kept whoever asks for its end, or need not be any more; the last one said holds.
    Hold {
        /// The document.
        document: DocumentId,
        /// Whether it must be kept.
        hold: bool,
    },
    /// A document belongs to another unit from now on.
    Move {
        /// The document.
        document: DocumentId,
        /// Where it belonged.
        from: UnitId,
        /// Where it belongs now.
        to: UnitId,
        /// Which of the document's moves this is, from 1: the last one holds, in whatever order they become known.
        step: u32,
    },
    /// A person stands in for a village between two times (委派). Said again with the same id it ends earlier, never later.
    Cover {
        /// Which.
        cover: CoverId,
        /// The village.
        unit: UnitId,
        /// Who stands in.
        delegate: StaffId,
        /// Who is away.
        absent: Option<StaffId>,
        /// From.
        from_ms: i64,
        /// Until.
        until_ms: i64,
    },
    /// A person is not to act for a document (回避). Said again with the same id it ends earlier, never later.
    Recuse {
        /// Which; the same for every document it is about.
        recusal: RecusalId,
        /// The document.
        document: DocumentId,
        /// Who is not to act.
        staff: StaffId,
        /// Who visits in her stead; the station when nobody is named.
        stead: Option<StaffId>,
        /// From.
        from_ms: i64,
        /// Until, where that is known.
        until_ms: Option<i64>,
    },
    /// A second village gets to know of a child's file (户籍村). Said again with the same id it ends earlier, never later.
    Guest {
        /// Which; the same for every document it is about.
        guest: GuestId,
        /// The document.
        document: DocumentId,
        /// The village.
        unit: UnitId,
        /// From.
        from_ms: i64,
        /// Until, where that is known.
        until_ms: Option<i64>,
    },
    /// The district countersigns a closing of a matter of life and safety, or says that it is not over (复核). The one
    /// whose [`Countersignature::rank`] is smallest holds.
    Countersign(Countersignature),
}

/// An order with its number: what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedOrder {
    /// The scope.
    pub scope: UnitId,
    /// Its number in the scope, from 1 and without a gap; not a number of the log.
    pub number: u64,
    /// When, by the server's clock.
    pub at_ms: i64,
    /// What is ordered.
    pub order: Order,
}

impl Statement for NumberedOrder {
    const NAME: &'static str = "order";
}

/// Signs an order.
///
/// # Errors
/// The order cannot be written, which none of ours causes.
pub fn sign(key: &SigningKey, order: &NumberedOrder) -> Result<SignedStatement, ProtocolError> {
    proof::make_statement(key, order)
}

/// Reads a signed order and believes it only under the server's key.
///
/// # Errors
/// Malformed, or not signed by this key.
pub fn read(
    key: &VerifyingKey,
    statement: &SignedStatement,
) -> Result<NumberedOrder, ProtocolError> {
    proof::open_statement(key, statement)
}
