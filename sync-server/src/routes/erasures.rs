//! Routes about the end of files.

use super::Endpoint;
use crate::erasures;
use protocol::ErasureList;
use protocol::access::Action;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::reading(
            Action::ReadErasures,
            "/erasures/list",
            "Files somebody asked to erase, which devices have done it, and what must be kept.",
            |app, connection, granted, (): ()| erasures::list(app, connection, &granted.holder()?),
        ),
        Endpoint::writing(
            Action::RequestErasure,
            "/erasures/request",
            "Asks for a file to be erased.",
            |app, connection, granted, input| {
                erasures::request(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::stepping::<_, ErasureList>(
            Action::DecideErasure,
            "/erasures/decide",
            "Has a file, or one thing of it, erased that another person asked for, or not.",
            |_, granted, input| Ok(erasures::decide(granted.holder()?, input)),
        ),
        Endpoint::writing(
            Action::DecideErasure,
            "/erasures/hold",
            "Says that a file must be kept, or need not be any more.",
            |app, connection, granted, input| {
                erasures::set_hold(app, connection, &granted.holder()?, &input)
            },
        ),
    ]
}
