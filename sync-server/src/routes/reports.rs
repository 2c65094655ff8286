//! Routes about what the stations report to the district.

use super::Endpoint;
use crate::{cases, countersign, reports};
use protocol::access::Action;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::writing(
            Action::BringReport,
            "/reports/bring",
            "The station's report to the district, in the place of the one before.",
            |app, connection, granted, input| {
                reports::bring(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadReports,
            "/reports/list",
            "What was reported: to a station its own, to the district every station's.",
            |app, connection, granted, (): ()| reports::list(app, connection, &granted.holder()?),
        ),
        Endpoint::writing(
            Action::Countersign,
            "/countersign",
            "The district countersigns a closing, or says that it is not over: an order in the township's log.",
            |app, connection, granted, input| {
                countersign::say(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::AskCase,
            "/cases/ask",
            "The district asks a station for a case.",
            |app, connection, granted, input| {
                cases::ask(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::AnswerCase,
            "/cases/answer",
            "The head sends a case to whoever asked, sealed to her device, or says why not.",
            |app, connection, granted, input| {
                cases::answer(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::ReadCase,
            "/cases/read",
            "The asking device fetches what was sent to it.",
            |app, connection, granted, input| {
                cases::read(app, connection, &granted.holder()?, &input)
            },
        ),
    ]
}
