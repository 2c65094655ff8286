//! Where documents went, by the server's orders.

use super::{server_key, signed};
use crate::error::ClientError;
use crate::tablet::Tablet;
use ed25519_dalek::VerifyingKey;
use ids::{DocumentId, UnitId};
use protocol::order::{self, NumberedOrder, Order};
use protocol::wire;
use std::collections::{BTreeMap, BTreeSet};
use store::{Connection, members, recovery};

/// A move of a document that was ordered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    document: DocumentId,
    from: UnitId,
    to: UnitId,
    /// Which of its moves it is.
    pub(super) step: u32,
}

/// The moves of these documents that are known.
pub(super) fn moves_of(
    connection: &Connection,
    key: &VerifyingKey,
    documents: &BTreeSet<DocumentId>,
) -> Result<Vec<Moved>, ClientError> {
    let orders = recovery::orders(connection)?.into_iter();
    let moves = orders.filter_map(|kept| {
        // Most orders are about something else, and to read one costs a fraction of what it costs to believe it.
        let said: NumberedOrder = wire::unpack(&kept.body).ok()?;
        match said.order {
            Order::Move {
                document,
                from,
                to,
                step,
            } if documents.contains(&document) => {
                order::read(key, &signed(kept)).ok()?;
                Some(Moved {
                    document,
                    from,
                    to,
                    step,
                })
            }
            _ => None,
        }
    });
    Ok(moves.collect())
}

/// Where matters and the children they are about went. Asked of children alone whose files are not here.
#[derive(Default)]
pub(crate) struct Went {
    /// Whether the last move of a document took it to another township.
    away: BTreeMap<DocumentId, bool>,
    /// What came here from another township.
    came: BTreeSet<DocumentId>,
}

impl Went {
    /// Reads it for matters and their children, in one go.
    pub(crate) fn read(
        tablet: &Tablet,
        connection: &Connection,
        documents: &BTreeSet<DocumentId>,
    ) -> Result<Self, ClientError> {
        let Some(key) = server_key(tablet).filter(|_| !documents.is_empty()) else {
            return Ok(Self::default());
        };
        let moves = moves_of(connection, &key, documents)?;
        let mut here = BTreeSet::new();
        for unit in moves.iter().flat_map(|one| [one.from, one.to]) {
            let place = members::unit(connection, unit)?;
            if place.is_some_and(|place| place.parent == Some(tablet.identity.scope)) {
                here.insert(unit);
            }
        }
        Ok(Self::of(moves, &here))
    }

    /// From the moves, and the villages of this township among their places.
    fn of(mut moves: Vec<Moved>, here: &BTreeSet<UnitId>) -> Self {
        moves.sort_by_key(|one| one.step);
        let mut went = Self::default();
        for one in moves {
            let is_away = !here.contains(&one.to);
            went.away.insert(one.document, is_away);
            if !is_away && !here.contains(&one.from) {
                went.came.insert(one.document);
            }
        }
        went
    }

    /// Whether a child of a matter, whose file is not here, is in another township. What was never moved is merely not here
    /// yet, unless the matter came from elsewhere: then the child left it there, and no order said so here.
    pub(crate) fn has_left(&self, matter: DocumentId, child: DocumentId) -> bool {
        match self.away.get(&child) {
            Some(is_away) => *is_away,
            None => self.came.contains(&matter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn document(number: u128) -> DocumentId {
        DocumentId(Uuid::from_u128(number))
    }

    fn unit(number: u128) -> UnitId {
        UnitId(Uuid::from_u128(number))
    }

    fn moved(number: u128, from: u128, to: u128, step: u32) -> Moved {
        Moved {
            document: document(number),
            from: unit(from),
            to: unit(to),
            step,
        }
    }

    /// Villages 1 and 2 are here, the others elsewhere; 100 is the matter, 7 and 8 its children.
    fn has_left(moves: Vec<Moved>, child: u128) -> bool {
        let here = BTreeSet::from([unit(1), unit(2)]);
        Went::of(moves, &here).has_left(document(100), document(child))
    }

    #[test]
    fn the_last_move_says_whether_a_child_left_in_whatever_order_they_became_known() {
        assert!(!has_left(vec![], 7), "it is not here yet");
        assert!(has_left(vec![moved(7, 1, 9, 1)], 7));
        assert!(!has_left(vec![moved(7, 1, 2, 1)], 7));
        let back = vec![moved(7, 9, 1, 2), moved(7, 1, 9, 1)];
        assert!(!has_left(back, 7), "it came back");
    }

    #[test]
    fn a_child_a_matter_left_behind_elsewhere_has_left_although_nobody_says_so_here() {
        let came = || vec![moved(100, 9, 1, 2), moved(8, 9, 1, 1)];
        assert!(has_left(came(), 7));
        assert!(!has_left(came(), 8), "it came along and is not here yet");
        let within = vec![moved(100, 1, 2, 1)];
        assert!(!has_left(within, 7), "the matter was always here");
    }
}
