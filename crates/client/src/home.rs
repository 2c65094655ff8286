//! The household in which the photos of a child lie. A child that came alone from another village has none before somebody
//! was met: it gets its own with the first photo, as with a visit, or the photo were in nobody's file.

use crate::roster::{Roster, RosterChild};
use domain::child::HOUSEHOLD;
use domain::record::Edit;
use ids::{DocumentId, UnitId};

/// Where photos lie.
#[derive(Clone, Copy)]
pub(crate) struct Home {
    /// The household.
    pub(crate) document: DocumentId,
    /// Its village.
    pub(crate) unit: UnitId,
    /// It begins with them.
    pub(crate) begins: bool,
}

impl Home {
    /// The child's household; where it has none here, the one under this id begins.
    pub(crate) fn of(roster: &Roster, child: &RosterChild, new: DocumentId) -> Self {
        match roster.household_of(child) {
            Some(home) => Self {
                document: home.id,
                unit: home.unit,
                begins: false,
            },
            None => Self {
                document: new,
                unit: child.unit,
                begins: true,
            },
        }
    }

    /// What the child's file says of a household that begins; nothing where it says so already.
    pub(crate) fn named_by(&self, child: &RosterChild) -> Option<Edit> {
        let home = self.document.to_string();
        let is_new = self.begins && child.child.household() != Some(home.as_str());
        is_new.then(|| Edit::put(HOUSEHOLD, home))
    }
}
