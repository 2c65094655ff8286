//! Children of a matter whose files went to another township while the matter stayed, because it is about somebody who did.

use super::room::Room;
use crate::error::ClientError;
use crate::nouns::Noun;
use crate::recovery::Went;
use crate::view::LeftChildView;
use domain::problem::Problem;
use ids::DocumentId;
use std::collections::BTreeSet;
use store::departures;

/// Those of its children, by the server's orders: a file that is merely not here yet is none of them.
pub(super) fn of(room: &Room<'_>, noun: &Noun<Problem>) -> Result<Vec<LeftChildView>, ClientError> {
    let children = noun.noun.children.iter();
    let missing: Vec<DocumentId> = children
        .filter(|id| room.child_noun(id).is_none())
        .filter_map(|id| DocumentId::parse(id).ok())
        .collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let asked: BTreeSet<DocumentId> = missing.iter().copied().chain([noun.id]).collect();
    let tablet = room.tablet;
    tablet.store.read(|connection| {
        let went = Went::read(tablet, connection, &asked)?;
        let departures = departures::all(connection)?;
        let mut left = Vec::new();
        for child in missing {
            if !went.has_left(noun.id, child) {
                continue;
            }
            // A device that was enrolled later did not see it go.
            let seen = departures.iter().find(|one| one.document == child);
            let said = |words: &str| Some(words.to_owned()).filter(|words| !words.is_empty());
            left.push(LeftChildView {
                child: child.to_string(),
                name: seen.and_then(|one| said(&one.label)),
                to: seen.and_then(|one| said(&one.destination)),
            });
        }
        Ok(left)
    })
}
