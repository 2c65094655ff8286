//! 户籍村: the village a child is registered in gets to know of a child that lives in another one (docs/adr/0040).
//!
//! It is an order for each file, so that every device knows it and no restore forgets it. The village where the child lives
//! manages; the other reads the file and adds contacts to it.

use ids::{DocumentId, UnitId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The collection of a child's file a guest adds to.
pub const GUESTS_ADD_TO: &str = "contacts";

/// Id of a guest; the orders about its files share it.
pub type GuestId = Uuid;

/// `POST /guests/open`: a second village of the township gets to know of these files. The answer is a [`GuestList`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenToGuest {
    /// Made by the device, so that the message may be repeated.
    pub id: GuestId,
    /// The children's files.
    pub documents: Vec<DocumentId>,
    /// The village.
    pub unit: UnitId,
    /// From.
    pub from_ms: i64,
    /// Until, where that is known beforehand.
    pub until_ms: Option<i64>,
}

/// `POST /guests/end`: it is over. The answer is a [`GuestList`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndGuest {
    /// Which.
    pub id: GuestId,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestState {
    /// It begins later.
    Waiting,
    /// The village sees the file.
    Running,
    /// It is over.
    Over,
}

impl GuestState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Running, Self::Over];

    /// Stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Over => "over",
        }
    }

    /// Reads the stable text form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One file a second village knows of, or knew of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRecord {
    /// Which.
    pub id: GuestId,
    /// The file.
    pub document: DocumentId,
    /// The village.
    pub unit: UnitId,
    /// From.
    pub from_ms: i64,
    /// Until, where that is known.
    pub until_ms: Option<i64>,
    /// How it stands.
    pub state: GuestState,
}

/// Answer to both: every file of that guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestList {
    /// By document.
    pub guests: Vec<GuestRecord>,
}
