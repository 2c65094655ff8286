//! Routes about who is appointed to what, and who stands in for whom.

use super::Endpoint;
use crate::{covers, people, recusals};
use protocol::access::Action;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::reading(
            Action::ReadPeople,
            "/people/list",
            "Who is appointed to what, vetted when, and who stands in for whom.",
            |app, connection, granted, (): ()| people::list(app, connection, granted.scope()?),
        ),
        Endpoint::reading(
            Action::ReadOwnGrant,
            "/people/own",
            "The caller's own appointment, and when she was vetted.",
            |app, connection, granted, (): ()| people::own(app, connection, &granted.holder()?),
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/grant",
            "Appoints a person, or appoints them anew for longer.",
            |app, connection, granted, input| {
                people::grant(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/vet",
            "Writes down that a person was vetted.",
            |app, connection, granted, input| {
                people::vet(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/end",
            "Ends a person's appointment; their devices are stopped and hand over.",
            |app, connection, granted, input| {
                people::end(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/cover",
            "Lets somebody stand in for a village between two times.",
            |app, connection, granted, input| {
                covers::begin(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/cover/end",
            "Standing in for a village ends now.",
            |app, connection, granted, input| {
                covers::end(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadPeople,
            "/people/recusals",
            "Who is not to act for which family, and why.",
            |_, connection, granted, (): ()| recusals::list(connection, granted.scope()?),
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/recuse",
            "A person is not to act for a family.",
            |app, connection, granted, input| {
                recusals::begin(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::ManagePeople,
            "/people/recuse/end",
            "A person may act for a family again; never said by herself.",
            |app, connection, granted, input| {
                recusals::end(app, connection, &granted.holder()?, &input)
            },
        ),
    ]
}
