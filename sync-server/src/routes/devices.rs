//! Routes about devices that are not to be used any more.

use super::Endpoint;
use crate::blobs::{self, Way};
use crate::herd::Class;
use crate::{device_audit, devices};
use protocol::access::Action;
use protocol::{ChunkTaken, HandedOver, Kept};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::writing(
            Action::RevokeDevice,
            "/devices/revoke",
            "Stops a device, and has it wiped if that is wanted.",
            |app, connection, granted, input| {
                devices::revoke(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::stepping::<_, HandedOver>(
            Action::HandOver,
            "/handover",
            "Takes what a stopped device still holds, for a person to look at.",
            |_, granted, input| devices::take(granted.holder()?, input),
        ),
        Endpoint::writing(
            Action::HandOver,
            "/handover/trail",
            "The rest of a stopped device's own audit chain, its end signed.",
            |app, connection, granted, input| {
                device_audit::take(app, connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::writing(
            Action::HandOver,
            "/handover/offer",
            "Which photos of what a stopped device hands over are wanted, and from which byte.",
            |app, connection, granted, input| {
                let holder = granted.holder()?;
                blobs::offer(app, connection, (&holder, Way::HandOver), &input)
            },
        )
        .of_class(Class::Blobs),
        Endpoint::stepping::<_, ChunkTaken>(
            Action::HandOver,
            "/handover/chunk",
            "A piece of one, acknowledged when it survives a power cut.",
            |_, granted, input| Ok(blobs::take((granted.holder()?, Way::HandOver), input)),
        )
        .of_class(Class::Blobs),
        Endpoint::writing(
            Action::HandOver,
            "/handover/remains",
            "Keeps a sealed part of what cannot be handed over as changes.",
            |_, connection, granted, input| {
                devices::keep_remains(connection, &granted.holder()?, &input)
            },
        ),
        Endpoint::stepping::<_, Kept>(
            Action::HandOver,
            "/handover/receipt",
            "Keeps what a device signed right before it destroys its keys.",
            |_, granted, input| Ok(devices::keep_receipt(granted.holder()?, input)),
        ),
    ]
}
