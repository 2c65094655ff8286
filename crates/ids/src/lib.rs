//! The names both ends agree on: document, device, organisation unit, staff, change, actor.
//!
//! Nothing here does IO or knows the time; [`Clock`] and [`Entropy`] are how time and randomness are handed in.

pub mod audit;
mod pii;

pub use pii::{Pii, WITHHELD};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new time-ordered id (UUIDv7) from the given clock and randomness.
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(new_uuid(clock, entropy))
            }

            /// Reads the usual text form.
            ///
            /// # Errors
            /// The text is not a UUID.
            pub fn parse(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

uuid_name!(
    /// A record document (household, child, problem, …), made offline, never derived from a person's number.
    DocumentId
);
uuid_name!(
    /// One installation of the app for one account.
    DeviceId
);
uuid_name!(
    /// An organisation unit: village, township station, district. Immutable; region codes are dated attributes of it.
    UnitId
);
uuid_name!(
    /// A member of staff: director, supervisor, head, officer of the district.
    StaffId
);

/// Makes a UUIDv7 from a clock and randomness that are arguments.
pub fn new_uuid(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0u8; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(clock.now_ms()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// The time, as an argument. Milliseconds since 1970-01-01 UTC by this device's clock; it only labels, it never orders.
pub trait Clock: Send + Sync {
    /// Now, in milliseconds since the epoch.
    fn now_ms(&self) -> i64;

    /// Milliseconds since a beginning nobody needs to know, which setting the clock does not touch. Only differences
    /// within one process mean anything. A clock that nobody sets may be its own measure.
    fn steady_ms(&self) -> i64 {
        self.now_ms()
    }
}

/// Randomness, as an argument.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// What makes a device's memory distinct: new after every install, restore or clone, so that an actor is never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub Uuid);

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incarnation({})", self.0)
    }
}

/// Generation of a document: raised when a document is re-created from its current values (erasure of a field).
pub type Generation = u32;

/// What a document is about. The server knows the kind for access decisions, never the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocKind {
    /// Dwelling, members, visit sessions.
    Household,
    /// The file 一人一档.
    Child,
    /// A problem's story.
    Problem,
    /// Sealed detail: abuse, HIV, reporter. Home unit the station, denied to villages.
    Restricted,
    /// What people of a unit did in a month that is about no child: meetings, activities.
    Work,
}

impl DocKind {
    /// All kinds, for tables and tests.
    pub const ALL: [DocKind; 5] = [
        DocKind::Household,
        DocKind::Child,
        DocKind::Problem,
        DocKind::Restricted,
        DocKind::Work,
    ];

    /// Stable text form, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            DocKind::Household => "household",
            DocKind::Child => "child",
            DocKind::Problem => "problem",
            DocKind::Restricted => "restricted",
            DocKind::Work => "work",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a person may be (domain.md §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 儿童主任, of one village.
    Director,
    /// 儿童督导员 and station staff, of one township.
    Supervisor,
    /// 站长, head of the station: everything a supervisor may, and the second person who approves and reviews.
    Head,
    /// 区级未保干部, an officer of the district: hears the stations' reports, and opens no file (docs/adr/0039).
    Officer,
}

impl Role {
    /// All roles: those of a township, the least first, then the district's.
    pub const ALL: [Role; 4] = [Role::Director, Role::Supervisor, Role::Head, Role::Officer];

    /// Works at the township's station, for all its villages.
    pub fn is_at_station(self) -> bool {
        matches!(self, Role::Supervisor | Role::Head)
    }

    /// Stable text form, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Director => "director",
            Role::Supervisor => "supervisor",
            Role::Head => "head",
            Role::Officer => "officer",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// SHA-256 of an Automerge change chunk: the change's name everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeHash(#[serde(with = "hash_bytes")] pub [u8; 32]);

impl ChangeHash {
    /// Reads 64 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChangeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChangeHash({})", &hex::encode(self.0)[..12])
    }
}

/// The name of a blob (a photo, a signature, a recording): SHA-256 of its sealed bytes; of an older one, a hash of its
/// content under the blob's own key. Whoever has not the key cannot tell from it what the content is, nor whether it is one
/// they know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobAddress(#[serde(with = "hash_bytes")] pub [u8; 32]);

impl BlobAddress {
    /// Reads 64 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        ChangeHash::parse(text).map(|hash| Self(hash.0))
    }
}

impl fmt::Display for BlobAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for BlobAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobAddress({})", &hex::encode(self.0)[..12])
    }
}

mod hash_bytes {
    use serde::{Deserializer, Serializer, de};
    use std::fmt;

    pub fn serialize<S: Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(hash))
        } else {
            serializer.serialize_bytes(hash)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = [u8; 32];

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 bytes or 64 hex digits")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                bytes
                    .try_into()
                    .map_err(|_| E::invalid_length(bytes.len(), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let bytes = hex::decode(text).map_err(E::custom)?;
                self.visit_bytes(&bytes)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut hash = [0u8; 32];
                for (index, byte) in hash.iter_mut().enumerate() {
                    *byte = seq
                        .next_element()?
                        .ok_or_else(|| de::Error::invalid_length(index, &self))?;
                }
                Ok(hash)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Visitor)
        } else {
            deserializer.deserialize_bytes(Visitor)
        }
    }
}

/// Length of an Automerge actor id here, in bytes.
pub const ACTOR_LENGTH: usize = 16;

/// Who made a change, to Automerge: bound to device, incarnation, document and generation.
pub type ActorId = [u8; ACTOR_LENGTH];

/// The only actor a device may write with in a document (decisions.md 2).
///
/// Both ends compute it, so a change under somebody else's actor is refused without any look-up.
pub fn actor_id(
    device: DeviceId,
    incarnation: Incarnation,
    document: DocumentId,
    generation: Generation,
) -> ActorId {
    let mut hash = Sha256::new();
    hash.update(b"zoufang actor 1");
    hash.update(device.0.as_bytes());
    hash.update(incarnation.0.as_bytes());
    hash.update(document.0.as_bytes());
    hash.update(generation.to_be_bytes());
    let digest = hash.finalize();
    let mut actor = [0u8; ACTOR_LENGTH];
    actor.copy_from_slice(&digest[..ACTOR_LENGTH]);
    actor
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now_ms(&self) -> i64 {
            1_790_000_000_000
        }
    }

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn ids_are_version_seven_and_depend_only_on_their_arguments() {
        let first = DocumentId::new(&Fixed, &Fixed);
        assert_eq!(first, DocumentId::new(&Fixed, &Fixed));
        assert_eq!(first.0.get_version_num(), 7);
    }

    #[test]
    fn an_actor_differs_by_device_incarnation_document_and_generation() {
        let a = Uuid::from_u128(1);
        let b = Uuid::from_u128(2);
        let base = actor_id(DeviceId(a), Incarnation(a), DocumentId(a), 0);
        assert_ne!(
            base,
            actor_id(DeviceId(b), Incarnation(a), DocumentId(a), 0)
        );
        assert_ne!(
            base,
            actor_id(DeviceId(a), Incarnation(b), DocumentId(a), 0)
        );
        assert_ne!(
            base,
            actor_id(DeviceId(a), Incarnation(a), DocumentId(b), 0)
        );
        assert_ne!(
            base,
            actor_id(DeviceId(a), Incarnation(a), DocumentId(a), 1)
        );
    }

    #[test]
    fn a_hash_reads_back_from_text() {
        let hash = ChangeHash([3; 32]);
        assert_eq!(ChangeHash::parse(&hash.to_string()), Some(hash));
        assert_eq!(ChangeHash::parse("zz"), None);
    }
}
