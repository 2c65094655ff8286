//! The messages about blobs: photos, signatures and recordings, offered, sent and fetched in pieces (docs/adr/0016).

use ids::{BlobAddress, DocumentId};
use serde::{Deserialize, Serialize};

/// `POST /blobs/offer`, and `POST /handover/offer` of a stopped device: which of these are wanted, and from which byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferBlobs {
    /// What is offered, in the order it would be sent.
    pub offers: Vec<BlobOffer>,
}

/// A blob a device has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobOffer {
    /// Its name.
    pub address: BlobAddress,
    /// The document it belongs to: who may write that one may send it, who may read that one may fetch it.
    pub document: DocumentId,
    /// Its length as it travels.
    pub size: u64,
    /// SHA-256 of it as it travels.
    #[serde(with = "serde_bytes")]
    pub digest: [u8; 32],
}

impl BlobOffer {
    /// Whether the name is SHA-256 of what travels, so that nobody brings other bytes under it. One of an app of before is
    /// not: only who can open it can check its name.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.address.0 == self.digest
    }
}

/// Answer to [`OfferBlobs`]: one standing per offer, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobStandings {
    /// How each stands.
    pub standings: Vec<BlobStanding>,
}

/// How an offered blob stands at the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlobStanding {
    /// Wanted from this byte on; what is before it is on the server's disk.
    Wanted {
        /// The next byte.
        from: u64,
    },
    /// Here as a whole, in one place. It may not be freed yet.
    Whole,
    /// Here as a whole, in every place the server keeps things.
    Durable,
    /// Not now: its document is not here yet, or the device has sent enough for today.
    Later,
    /// Never, as it is.
    Refused {
        /// Stable code.
        code: String,
    },
}

/// `POST /blobs/chunk`, and `POST /handover/chunk` of a stopped device: a piece of a blob. The answer is a [`ChunkTaken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobChunk {
    /// Of which blob.
    pub address: BlobAddress,
    /// Where the piece begins.
    pub offset: u64,
    /// The piece.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// Answer to [`BlobChunk`]: the next byte wanted; all before it survive a power cut. Back to zero when what came was not
/// what had been offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkTaken {
    /// The next byte.
    pub from: u64,
}

/// `POST /blobs/read`: a piece of a whole blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadBlob {
    /// Which.
    pub address: BlobAddress,
    /// From which byte.
    pub offset: u64,
    /// How many bytes at most.
    pub length: u32,
}

/// Answer to [`ReadBlob`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobPiece {
    /// The bytes; none past the end.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// Length of the whole.
    pub size: u64,
}
