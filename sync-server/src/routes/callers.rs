//! Who asks: a device by a session or a proof of its own, and whether it may do what a route declares.

use super::Granted;
use crate::error::ApiError;
use crate::organisation;
use crate::state::App;
use axum::http::{HeaderMap, header};
use ids::{DeviceId, UnitId};
use protocol::access::{self, Action, Context, Decision, Denial, Resource, Standing, Subject};
use protocol::session::proof::RequestProof;
use protocol::session::server::Caller;
use rusqlite::Connection;

/// A device that is known, and until when its certificate holds.
pub(super) struct Known {
    pub(super) caller: Caller,
    pub(super) standing: Standing,
    pub(super) certified_until_ms: i64,
}

pub(super) fn find_caller(
    connection: &Connection,
    device: DeviceId,
    now_ms: i64,
) -> Result<Option<Known>, ApiError> {
    let Some(device) = organisation::device(connection, device)? else {
        return Ok(None);
    };
    let caller = Caller {
        holder: device.holder_at(now_ms),
        ..device.caller()?
    };
    Ok(Some(Known {
        caller,
        standing: device.standing_at(now_ms),
        certified_until_ms: device.certified_until_ms(),
    }))
}

/// Who says to be asking: by a session's token, or by a proof of the device's own in its place.
pub(super) struct Asker {
    pub(super) device: DeviceId,
    proof: Option<RequestProof>,
}

impl Asker {
    pub(super) fn of(app: &App, token: &str) -> Option<Self> {
        if let Some(device) = app.session_of(token) {
            return Some(Self {
                device,
                proof: None,
            });
        }
        let proof = RequestProof::parse(token)?;
        Some(Self {
            device: proof.device,
            proof: Some(proof),
        })
    }

    /// The device, if it is known and signed the proof. With a certificate that is over it opens a session first, where
    /// it is looked at anew.
    pub(super) fn believed(&self, app: &App, known: Option<Known>) -> Option<Known> {
        let server_key = app.signing_key.verifying_key().to_bytes();
        let now_ms = app.clock.now_ms();
        known.filter(|known| match &self.proof {
            None => true,
            Some(proof) => {
                now_ms < known.certified_until_ms
                    && proof.verify(&known.caller.key, &server_key, now_ms).is_ok()
            }
        })
    }
}

/// Who a token belongs to and whether they may do this: for a server that has one connection for everything.
pub(crate) fn authorize(
    app: &App,
    connection: &Connection,
    action: Action,
    token: Option<&str>,
) -> Result<Granted, ApiError> {
    let caller = match token.and_then(|token| Asker::of(app, token)) {
        None => None,
        Some(asker) => asker.believed(
            app,
            find_caller(connection, asker.device, app.clock.now_ms())?,
        ),
    };
    grant(action, caller.as_ref())
}

pub(super) fn grant(action: Action, known: Option<&Known>) -> Result<Granted, ApiError> {
    let holder = known.map(|known| known.caller.holder);
    let subject = holder.map_or(Subject::Stranger, Subject::Device);
    let context = Context::standing(known.map_or(Standing::Active, |known| known.standing));
    let resource = if access::needs_holder(action) {
        Resource::Scope(holder.map_or(UnitId(uuid::Uuid::nil()), |holder| holder.scope))
    } else {
        Resource::Server
    };
    match access::decide(subject, action, resource, context) {
        Decision::Allow => Ok(Granted {
            holder,
            address: None,
        }),
        // Whose appointment is over opens a session first, where that becomes an order.
        Decision::Deny(Denial::Unknown | Denial::Expired) => Err(ApiError::SessionUnknown),
        Decision::Deny(Denial::Revoked) => Err(ApiError::DeviceRevoked),
        Decision::Deny(_) => Err(ApiError::NotAllowed),
    }
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
