//! Routes about documents that go to another unit.

use super::Endpoint;
use crate::{guests, moves, reviews};
use protocol::access::Action;
use protocol::{ListReviews, MoveList, ReviewList};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::reading(
            Action::ReadMoves,
            "/moves/targets",
            "The villages documents may go to.",
            |_, connection, _, (): ()| moves::targets(connection),
        ),
        Endpoint::reading(
            Action::ReadMoves,
            "/moves/list",
            "The offers out of and into the township.",
            |app, connection, granted, (): ()| moves::list(app, connection, granted.scope()?),
        ),
        Endpoint::writing(
            Action::MoveDocuments,
            "/moves/offer",
            "Offers documents to another village's station.",
            |app, connection, granted, input| {
                moves::offer(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::stepping::<_, MoveList>(
            Action::MoveDocuments,
            "/moves/decide",
            "Accepts or declines an offer, or takes it back.",
            |_, granted, input| Ok(moves::decide(granted.holder()?, input)),
        ),
        Endpoint::writing(
            Action::AdmitGuests,
            "/guests/open",
            "Lets a second village of the township know of children's files.",
            |app, connection, granted, input| {
                guests::begin(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::AdmitGuests,
            "/guests/end",
            "The second village knows of them no longer.",
            |app, connection, granted, input| {
                guests::end(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadReviews,
            "/review/list",
            "What came after its document had left, page by page.",
            |app, connection, granted, asked: Option<ListReviews>| {
                reviews::list(app, connection, granted.scope()?, asked)
            },
        ),
        Endpoint::stepping::<_, ReviewList>(
            Action::DecideReview,
            "/review/decide",
            "Takes what came late, or sets it aside.",
            |_, granted, input| Ok(reviews::decide(granted.holder()?, input)),
        ),
    ]
}
