//! What became of one change.

use ids::ChangeHash;
use serde::{Deserialize, Serialize};

/// The server's answer for one change of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Kept, and in the scope's log under this number.
    Accepted {
        /// Number in the scope's log.
        seq: u64,
    },
    /// On the server's disk; it gets its number once the admission worker has looked at it.
    Taken,
    /// On the server's disk, in the tray of the station: the document had left this device's unit when it arrived.
    Review,
    /// Was there already; saying it twice changed nothing.
    AlreadyHad {
        /// Number in the scope's log.
        seq: u64,
    },
    /// Kept aside until these arrive; it enters the log by itself then.
    Held {
        /// Hashes the server does not know in this document.
        missing: Vec<ChangeHash>,
    },
    /// Not taken, and why.
    Refused {
        /// The reason.
        code: RefusalCode,
    },
}

macro_rules! refusal_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a change was not taken. The text form is what the locale files are keyed by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RefusalCode {
            $($(#[$doc])* $name,)*
        }

        impl RefusalCode {
            /// All codes.
            pub const ALL: &'static [RefusalCode] = &[$(RefusalCode::$name,)*];

            /// Stable text form.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(RefusalCode::$name => $text,)*
                }
            }

            /// Reads the stable text form.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}

refusal_codes! {
    /// The document's home is not a unit this person works in.
    NotYourUnit = "not_your_unit",
    /// The envelope's signature does not hold.
    BadSignature = "bad_signature",
    /// The device's chain has a gap or a fork here.
    BadChain = "bad_chain",
    /// The change names an actor that is not this device's.
    ActorMismatch = "actor_mismatch",
    /// The change's bytes are not what the head says.
    HashMismatch = "hash_mismatch",
    /// Not a change, or a head that contradicts itself.
    Malformed = "malformed",
    /// The change or its document is too large.
    TooLarge = "too_large",
    /// More operations than one change may have.
    TooManyOps = "too_many_ops",
    /// The first operation does not follow its past.
    StartOp = "start_op",
    /// This actor already used this number in this document.
    SeqReused = "seq_reused",
    /// Another generation of the document is current.
    Generation = "generation",
    /// This person may not write this kind of document.
    KindDenied = "kind_denied",
    /// Her village only knows of this child: what she adds to its file is a contact, and nothing else.
    OnlyContacts = "only_contacts",
    /// The envelope names a device that is not the caller's.
    UnknownDevice = "unknown_device",
    /// The device was revoked.
    DeviceRevoked = "device_revoked",
    /// The document is unknown and the change carries no header.
    UnknownDocument = "unknown_document",
    /// Too many changes of this document wait already.
    HeldMissing = "held_missing",
    /// The (kind, schema) has no constants here, or the change cannot be applied.
    NotApplicable = "not_applicable",
    /// The admission worker could not apply it; it is kept aside at the server for a person to look at.
    Quarantined = "quarantined",
    /// The document was erased; nothing is added to it any more.
    Erased = "erased",
}

impl Outcome {
    /// Whether the server has the change in its log.
    pub fn is_in_log(&self) -> bool {
        matches!(self, Outcome::Accepted { .. } | Outcome::AlreadyHad { .. })
    }

    /// The number in the scope's log, if it is there.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Outcome::Accepted { seq } | Outcome::AlreadyHad { seq } => Some(*seq),
            _ => None,
        }
    }
}
