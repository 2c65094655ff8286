//! Routes a device uses before it has a session.

use super::Endpoint;
use super::callers::find_caller;
use crate::audit::By;
use crate::enrolment;
use crate::error::ApiError;
use crate::herd::Class;
use crate::orders::Orders;
use crate::state::App;
use crate::steps::Step;
use crate::{delegations, devices, epochs, openapi, organisation, people, readmission};
use ed25519_dalek::VerifyingKey;
use ids::UnitId;
use protocol::access::{Action, Standing};
use protocol::delegation::Shown;
use protocol::session::proof;
use protocol::session::server::Caller;
use protocol::{
    Delegated, Locator, NonceRequest, NonceResponse, OpenSession, PROTOCOL_VERSION, PollEnrolment,
    ProtocolError, SessionOpened, StartEnrolment, wire,
};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::json(
            Action::ReadHealth,
            "/health",
            "Whether the server lives.",
            |app| {
                let (_, second_copy) = app.copies.durable(UnitId(uuid::Uuid::nil()), 0);
                serde_json::json!({
                    "status": "ok",
                    "protocol": PROTOCOL_VERSION,
                    "second_copy": second_copy,
                })
                .to_string()
            },
        ),
        Endpoint::json(
            Action::ReadHealth,
            "/openapi.json",
            "This description.",
            |_| openapi::text().to_owned(),
        ),
        Endpoint::writing(
            Action::Enrol,
            "/enrol/start",
            "A device shows its key and commits to a nonce.",
            |app, connection, granted, input: StartEnrolment| {
                let start = || enrolment::start(app.desk(connection), &input);
                match input.locator {
                    Locator::Digits(_) => {
                        let now_ms = app.clock.now_ms();
                        app.herd.guess(granted.address, now_ms, start)
                    }
                    Locator::Id(_) => start(),
                }
            },
        ),
        Endpoint::counting(
            Action::Enrol,
            "/enrol/reveal",
            "The device reveals its nonce; both sides show six digits.",
            |app, connection, _, input| enrolment::reveal(app.desk(connection), &input),
        ),
        Endpoint::reading(
            Action::Enrol,
            "/enrol/poll",
            "Whether the station confirmed.",
            |app, connection, _, input: PollEnrolment| {
                enrolment::poll(app.desk(connection), input.enrolment)
            },
        ),
        Endpoint::counting(
            Action::Enrol,
            "/enrol/finish",
            "The device proves that it was given the code.",
            |app, connection, _, input| enrolment::finish(app.desk(connection), &input),
        ),
        Endpoint::stepping::<_, NonceResponse>(
            Action::OpenSession,
            "/session/nonce",
            "A nonce to sign.",
            |app, _, input: NonceRequest| {
                let nonce =
                    app.sessions
                        .nonce(app.clock.as_ref(), app.entropy.as_ref(), input.device);
                Step::answer(&NonceResponse { nonce })
            },
        ),
        Endpoint::stepping::<_, SessionOpened>(
            Action::OpenSession,
            "/session/open",
            "A session for a signed nonce.",
            |app, _, input| open_session(app, input),
        ),
    ];
    all.into_iter()
        .map(|endpoint| endpoint.of_class(Class::Open))
        .collect()
}

fn open_session(app: &App, input: OpenSession) -> Result<Step, ApiError> {
    if !app
        .sessions
        .gave(app.clock.as_ref(), input.device, &input.nonce)
    {
        return Err(ApiError::DeviceUnknown);
    }
    Ok(Step::read(move |app, connection| {
        let server_key = app.signing_key.verifying_key();
        let verify = |key: &VerifyingKey| {
            let (nonce, signature) = (&input.nonce, &input.signature);
            proof::verify(key, input.device, &server_key.to_bytes(), nonce, signature)
        };
        let shown = input
            .delegated
            .as_deref()
            .map(|delegated| wire::unpack::<Delegated>(delegated)?.read(&server_key))
            .transpose()?
            .filter(|shown| shown.place.device == input.device);
        let verify_shown = |shown: &Shown| {
            let key = VerifyingKey::from_bytes(&shown.certificate.key);
            key.map_err(|_| ProtocolError::BadSignature)
                .and_then(|key| verify(&key))
        };
        if let Some(known) = find_caller(connection, input.device, app.clock.now_ms())? {
            match (verify(&known.caller.key), shown) {
                (Ok(()), _) => {}
                (Err(_), Some(shown)) if verify_shown(&shown).is_ok() => {
                    // The station's word is genuine, and another tablet came with the same place before.
                    return Err(ApiError::DelegationTaken);
                }
                (Err(error), _) => return Err(error.into()),
            }
            if known.standing == Standing::Expired {
                // An appointment that is over becomes an order here, so that the device hands over like any stopped one.
                return Ok(Step::write(move |app, connection| {
                    let now_ms = app.clock.now_ms();
                    let scope = known.caller.holder.scope;
                    if epochs::holds(connection, scope)? {
                        return Err(ApiError::Gathering);
                    }
                    people::settle(Orders::of(app, connection, By::Server, now_ms), scope)?;
                    let device = organisation::device(connection, input.device)?
                        .ok_or(ApiError::DeviceUnknown)?;
                    match let_in(app, &device.caller()?, &input) {
                        Err(refusal) => Ok(Step::Refuse(refusal)),
                        let_in => let_in,
                    }
                }));
            }
            let is_over = known.certified_until_ms <= app.clock.now_ms();
            if !is_over || known.caller.revoked {
                return let_in(app, &known.caller, &input);
            }
            // It was away for long. Whoever holds it is asked about now, not only when it was enrolled.
            return Ok(Step::write(move |app, connection| {
                let device = organisation::device(connection, input.device)?
                    .ok_or(ApiError::DeviceUnknown)?;
                devices::renew_certificate(connection, &device, app.clock.now_ms())?;
                let_in(app, &device.caller()?, &input)
            }));
        }
        let certificate = input.certificate.as_deref();
        let certified = readmission::read_certificate(&server_key, input.device, certificate);
        if let (None, Some(shown)) = (&certified, shown) {
            verify_shown(&shown)?;
            return Ok(Step::write(move |app, connection| {
                let device = delegations::admit(app, connection, &shown)?;
                match let_in(app, &device.caller()?, &input) {
                    // That it is known and stopped stays.
                    Err(refusal) => Ok(Step::Refuse(refusal)),
                    let_in => let_in,
                }
            }));
        }
        let (certificate, known_as) = certified.ok_or(ApiError::DeviceUnknown)?;
        let device_key =
            VerifyingKey::from_bytes(&certificate.key).map_err(|_| ApiError::DeviceUnknown)?;
        verify(&device_key)?;
        Ok(Step::write(move |app, connection| {
            let sources = (app.entropy.as_ref(), app.clock.now_ms());
            let device = readmission::readmit(connection, sources, &certificate, &known_as)?
                .ok_or(ApiError::DeviceUnknown)?;
            let_in(app, &device.caller()?, &input)
        }))
    }))
}

/// A session for whoever signed the nonce, once. A stopped device gets one only to hand over what it holds, and it is good
/// for nothing else.
fn let_in(app: &App, caller: &Caller, input: &OpenSession) -> Result<Step, ApiError> {
    if caller.revoked && !input.hand_over {
        return Err(ApiError::DeviceRevoked);
    }
    if !app.sessions.use_up(app.clock.as_ref(), &input.nonce) {
        return Err(ApiError::DeviceUnknown);
    }
    let device = caller.holder.device;
    let (token, expires_ms) = app
        .sessions
        .open(app.clock.as_ref(), app.entropy.as_ref(), device);
    Step::answer(&SessionOpened {
        token,
        expires_ms,
        server_time_ms: app.clock.now_ms(),
    })
}
