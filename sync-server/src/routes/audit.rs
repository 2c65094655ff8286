//! Routes about who did what and who looked at what.

use super::Endpoint;
use crate::{audit_counts, device_audit, exports, unit_keys};
use protocol::access::Action;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::writing(
            Action::BringAudit,
            "/audit/bring",
            "Rows of the device's own audit chain, its end signed.",
            |app, connection, granted, input| {
                device_audit::take(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadAudit,
            "/audit/list",
            "Who did what and looked at what in a stretch of time; a director's own.",
            |_, connection, granted, input| {
                device_audit::page(connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadAuditCounts,
            "/audit/counts",
            "To the district: how often who did what in a month, station by station, and whether the station looked it through.",
            |_, connection, granted, input| {
                audit_counts::of_district(connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadExports,
            "/exports/list",
            "The exports a second person decides about.",
            |app, connection, granted, (): ()| exports::list(app, connection, &granted.holder()?),
        ),
        Endpoint::writing(
            Action::RequestExport,
            "/exports/request",
            "Asks a second person for an export.",
            |app, connection, granted, input| {
                exports::request(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::DecideExport,
            "/exports/decide",
            "Agrees to another person's export, or does not.",
            |app, connection, granted, input| {
                exports::decide(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::RequestExport,
            "/exports/use",
            "An approved export is made now, once.",
            |app, connection, granted, input| {
                exports::make(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadUnitKeys,
            "/unit-keys/read",
            "The keys of the station, and what of them is sealed to the asking device.",
            |_, connection, granted, (): ()| unit_keys::read(connection, &granted.holder()?),
        ),
        Endpoint::writing(
            Action::KeepUnitKeys,
            "/unit-keys/keep",
            "Keeps a key of the station, and secret halves sealed to its devices.",
            |app, connection, granted, input| {
                let server = app.signing_key.verifying_key();
                let now_ms = app.clock.now_ms();
                unit_keys::keep(connection, &server, &granted.holder()?, now_ms, &input)
            },
        ),
    ]
}
