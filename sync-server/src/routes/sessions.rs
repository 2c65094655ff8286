//! Routes of a session.

use super::Endpoint;
use crate::blobs::Way;
use crate::enrolment;
use crate::herd::Class;
use crate::{blobs, delegations, devices, forms, organisation, refill, refusals, snapshot, sync};
use protocol::access::Action;
use protocol::{ChunkTaken, InventoryResponse, ReadEnrolment, RefillResponse, SyncResponse};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::stepping::<_, SyncResponse>(
            Action::ReadLog,
            "/sync",
            "Sends a part of the outbox, takes what is new.",
            |app, granted, input| sync::answer(app, granted.holder()?, input),
        ),
        Endpoint::reading(
            Action::ReadLog,
            "/snapshot",
            "Whole documents for a new tablet, page by page.",
            |app, connection, granted, input| {
                snapshot::answer(app, connection, &granted.holder()?, &input)
            },
        )
        .of_class(Class::Pulls),
        Endpoint::reading(
            Action::ReadLog,
            "/documents/read",
            "One document whole, for a device that let it go.",
            |app, connection, granted, input| {
                snapshot::whole(app, connection, &granted.holder()?, &input)
            },
        )
        .of_class(Class::Pulls),
        Endpoint::stepping::<_, InventoryResponse>(
            Action::ReadLog,
            "/inventory",
            "Which of the changes a device holds are not here, after the server was set back.",
            |_, granted, input| Ok(refill::inventory(granted.holder()?, input)),
        ),
        Endpoint::stepping::<_, RefillResponse>(
            Action::ReadLog,
            "/refill",
            "Brings back what the server lost, with the original signatures.",
            |_, granted, input| Ok(refill::take(granted.holder()?, input)),
        ),
        Endpoint::writing(
            Action::ReadLog,
            "/blobs/offer",
            "Which photos, signatures and recordings are wanted, and from which byte.",
            |app, connection, granted, input| {
                let holder = granted.holder()?;
                blobs::offer(app, connection, (&holder, Way::Sync), &input)
            },
        )
        .of_class(Class::Blobs),
        Endpoint::stepping::<_, ChunkTaken>(
            Action::ReadLog,
            "/blobs/chunk",
            "A piece of one, acknowledged when it survives a power cut.",
            |_, granted, input| Ok(blobs::take((granted.holder()?, Way::Sync), input)),
        )
        .of_class(Class::Blobs),
        Endpoint::reading(
            Action::ReadLog,
            "/blobs/read",
            "A piece of a whole one.",
            |app, connection, granted, input| {
                blobs::read(app, connection, &granted.holder()?, &input)
            },
        )
        .of_class(Class::Blobs),
        Endpoint::writing(
            Action::CreateEnrolment,
            "/enrolments",
            "Makes a one-time code.",
            |app, connection, granted, input| {
                enrolment::create(app.desk(connection), &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadEnrolment,
            "/enrolments/status",
            "Where a code stands.",
            |app, connection, granted, input: ReadEnrolment| {
                enrolment::status(app.desk(connection), granted.scope()?, input.enrolment)
            },
        ),
        Endpoint::writing(
            Action::ConfirmEnrolment,
            "/enrolments/confirm",
            "The six digits are the same.",
            |app, connection, granted, input| {
                enrolment::confirm(app.desk(connection), Some(&granted.holder()?), &input)
            },
        ),
        Endpoint::writing(
            Action::DelegateEnrolment,
            "/enrolments/delegate",
            "Lets the station enrol tablets without the server for a day.",
            |app, connection, granted, (): ()| {
                delegations::delegate(app.desk(connection), &granted.holder()?)
            },
        ),
        Endpoint::writing(
            Action::CreateVillage,
            "/villages",
            "Makes a village.",
            |app, connection, granted, input| {
                let sources = (app.clock.as_ref(), app.entropy.as_ref());
                organisation::create_village(connection, sources, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::PublishForm,
            "/forms/publish",
            "Publishes a form to the township's devices.",
            |app, connection, granted, input| {
                forms::publish(connection, app.clock.as_ref(), &granted.holder()?, &input)
            },
        ),
        Endpoint::reading(
            Action::ReadVillages,
            "/villages/list",
            "The villages.",
            |_, connection, granted, (): ()| organisation::villages(connection, granted.scope()?),
        ),
        Endpoint::reading(
            Action::ReadDevices,
            "/devices/list",
            "The devices and when they were last heard of.",
            |_, connection, granted, (): ()| devices::list(connection, granted.scope()?),
        ),
        Endpoint::reading(
            Action::ReadRefusals,
            "/refusals/list",
            "What was not taken from the devices, and why; never what it says.",
            |_, connection, granted, (): ()| refusals::of_scope(connection, granted.scope()?),
        ),
    ]
}
