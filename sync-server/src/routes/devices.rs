//! Routes about devices that are not to be used any more.

use super::Endpoint;
use crate::devices;
use protocol::access::Action;
use protocol::{HandedOver, Kept};

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
