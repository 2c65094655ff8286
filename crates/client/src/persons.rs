//! Which posts are one person's, as the server's signed records say (docs/adr/0056). What is asked of two people compares
//! persons: somebody who got another post is no second one.

use crate::error::ClientError;
use crate::tablet::Tablet;
use ids::StaffId;
use protocol::{MemberRecord, wire};
use std::collections::HashMap;
use store::recovery;

/// The first post of everybody who had another one since, by the later post.
#[derive(Default)]
pub(crate) struct Persons(HashMap<StaffId, StaffId>);

impl Persons {
    /// From the records kept here.
    pub(crate) fn read(tablet: &Tablet) -> Result<Self, ClientError> {
        let kept = tablet.store.read(recovery::staff)?;
        let later = kept.iter().filter_map(|statement| {
            match wire::unpack::<MemberRecord>(&statement.body).ok()? {
                MemberRecord::Staff { id, person, .. } => person.map(|first| (id, first)),
                _ => None,
            }
        });
        Ok(Self(later.collect()))
    }

    fn of(&self, staff: StaffId) -> StaffId {
        self.0.get(&staff).copied().unwrap_or(staff)
    }

    /// Whether two posts are one person's.
    pub(crate) fn are_same(&self, one: StaffId, other: StaffId) -> bool {
        self.of(one) == self.of(other)
    }
}

#[cfg(test)]
mod tests {
    use super::Persons;
    use ids::StaffId;
    use uuid::Uuid;

    #[test]
    fn posts_of_one_person_are_the_same_whichever_is_asked_about() {
        let [first, second, third, other] = [1, 2, 3, 4].map(|id| StaffId(Uuid::from_u128(id)));
        let persons = Persons([(second, first), (third, first)].into());
        for (one, two) in [
            (first, second),
            (second, third),
            (third, first),
            (other, other),
        ] {
            assert!(persons.are_same(one, two) && persons.are_same(two, one));
        }
        assert!(!persons.are_same(second, other));
    }
}
