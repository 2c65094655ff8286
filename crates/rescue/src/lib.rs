//! What a tablet that no PIN opens any more and the district say to each other, so that both read it alike.
//!
//! Every store keeps its user key a second time, [sealed](SealedKey) to the district's public key. A tablet that cannot
//! be opened shows that slot with a fresh public key as a [`Request`]; whoever has the district's secret key seals the
//! user key to the fresh one, as an [`Answer`]. Neither text is a secret: only that tablet opens the answer, only once.
//! Six digits over the request, read out on both sides, say that nobody put a request of their own in its place.
//!
//! No IO, no clock; randomness is an argument. Splitting the district's key among its officers is the server's matter.

mod message;
mod sealed;

pub use message::{Answer, Request};
pub use sealed::{SealedKey, open_slot, seal_slot};

/// Why a text was not taken or a key not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RescueError {
    /// Cut off, mistyped, or something else altogether.
    #[error("this is not a text of ours, or not all of it")]
    Malformed,
    /// A newer app made it.
    #[error("this text was made by a newer version")]
    TooNew,
    /// The tablet belongs to another district's key.
    #[error("the tablet belongs to another district")]
    OtherDistrict,
    /// It does not open with this key: it answers another request.
    #[error("it does not open with this key")]
    Refused,
}
