//! Every route, with the action it declares. A route is an [`Endpoint`], and an endpoint without an action cannot be written.
//!
//! What a route does is a plain function over the shared parts and a connection; this file also runs it under axum.

use crate::audit::By;
use crate::audit_counts;
use crate::cases;
use crate::countersign;
use crate::covers;
use crate::delegations;
use crate::device_audit;
use crate::devices;
use crate::enrolment::{self, Counted};
use crate::epochs;
use crate::erasures;
use crate::error::ApiError;
use crate::exports;
use crate::forms;
use crate::guests;
use crate::herd::{self, Class};
use crate::moves;
use crate::openapi;
use crate::orders::Orders;
use crate::organisation;
use crate::people;
use crate::readmission;
use crate::recusals;
use crate::refusals;
use crate::reports;
use crate::reviews;
use crate::shape;
use crate::state::{App, Serving};
use crate::steps::Step;
use crate::unit_keys;
use crate::{blobs, refill, snapshot, sync};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use ed25519_dalek::VerifyingKey;
use ids::{DeviceId, UnitId};
use protocol::access::{
    self, Action, Context, Decision, Denial, Holder, Resource, Standing, Subject,
};
use protocol::delegation::Shown;
use protocol::dictionary::With;
use protocol::session::proof::{self, RequestProof};
use protocol::session::server::Caller;
use protocol::{
    ChunkTaken, Delegated, ErasureList, HandedOver, InventoryResponse, Kept, ListReviews, Locator,
    MoveList, NonceRequest, NonceResponse, OpenSession, PROTOCOL_VERSION, PollEnrolment,
    ProtocolError, ReadEnrolment, RefillResponse, ReviewList, SessionOpened, StartEnrolment,
    SyncResponse, limits, wire,
};
use rusqlite::Connection;
use serde::{Serialize, de::DeserializeOwned};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

type Begin = Box<dyn Fn(&App, Granted, &[u8]) -> Result<Step, ApiError> + Send + Sync>;

/// Who was let in. Made only after [`access::decide`] said yes.
#[derive(Clone, Copy)]
pub(crate) struct Granted {
    holder: Option<Holder>,
    /// Where the request came from, if it came over a socket.
    address: Option<IpAddr>,
}

/// Where a connection comes from.
#[derive(Clone, Copy)]
pub(crate) struct Source(pub IpAddr);

impl Granted {
    fn holder(self) -> Result<Holder, ApiError> {
        self.holder.ok_or(ApiError::SessionUnknown)
    }

    fn scope(self) -> Result<UnitId, ApiError> {
        Ok(self.holder()?.scope)
    }
}

/// A route: what it needs a right to, where it is, what it does.
pub(crate) struct Endpoint {
    pub action: Action,
    pub method: Method,
    pub path: &'static str,
    pub summary: &'static str,
    pub is_message: bool,
    /// The shape of what it takes and of what it answers, where that is a message.
    pub asks: fn() -> Option<serde_json::Value>,
    pub answers: fn() -> Option<serde_json::Value>,
    class: Class,
    begin: Begin,
}

impl Endpoint {
    /// A route that takes and gives an encoded message, and reads the database.
    fn reading<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App, &Connection, Granted, Input) -> Result<Output, ApiError>,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + DeserializeOwned + 'static,
    {
        Self::stepping::<Input, Output>(action, path, summary, move |_, granted, input| {
            Ok(Step::read(move |app, connection| {
                Step::answer(&work(app, connection, granted, input)?)
            }))
        })
    }

    /// A route that takes and gives an encoded message, and writes in one transaction. An error leaves no trace.
    fn writing<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App, &Connection, Granted, Input) -> Result<Output, ApiError>,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + DeserializeOwned + 'static,
    {
        Self::stepping::<Input, Output>(action, path, summary, move |_, granted, input| {
            Ok(Step::write(move |app, connection| {
                Step::answer(&work(app, connection, granted, input)?)
            }))
        })
    }

    /// As [`Endpoint::writing`], for work that may refuse and be committed all the same.
    fn counting<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App, &Connection, Granted, Input) -> Counted<Output>,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + DeserializeOwned + 'static,
    {
        Self::stepping::<Input, Output>(action, path, summary, move |_, granted, input| {
            Ok(Step::write(move |app, connection| {
                match work(app, connection, granted, input)? {
                    Ok(output) => Step::answer(&output),
                    Err(refusal) => Ok(Step::Refuse(refusal)),
                }
            }))
        })
    }

    /// A route that takes an encoded message and whose work has several steps, or none over the database.
    fn stepping<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        begin: impl Fn(&App, Granted, Input) -> Result<Step, ApiError> + Send + Sync + 'static,
    ) -> Self
    where
        Input: DeserializeOwned + 'static,
        Output: DeserializeOwned + 'static,
    {
        Self {
            action,
            method: Method::POST,
            path,
            summary,
            is_message: true,
            asks: shape::of::<Input>,
            answers: shape::of::<Output>,
            class: Class::Words,
            begin: Box::new(move |app, granted, body| {
                begin(app, granted, wire::decode_request(body)?)
            }),
        }
    }

    /// A request of somebody the server need not know is held to the pace of strangers.
    fn is_paced(&self) -> bool {
        matches!(self.action, Action::Enrol | Action::OpenSession)
    }

    /// The same route with places of another class.
    fn of_class(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// A route that takes nothing and gives JSON.
    fn json(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App) -> String,
    ) -> Self {
        Self {
            action,
            method: Method::GET,
            path,
            summary,
            is_message: false,
            asks: || None,
            answers: || Some(serde_json::json!({"type": "object"})),
            class: Class::Words,
            begin: Box::new(move |app, _, _| Ok(Step::Answer(work(app).into_bytes()))),
        }
    }

    /// The first step of answering.
    pub(crate) fn begin(&self, app: &App, granted: Granted, body: &[u8]) -> Result<Step, ApiError> {
        (self.begin)(app, granted, body)
    }

    fn media_type(&self) -> HeaderValue {
        HeaderValue::from_static(if self.is_message {
            wire::MEDIA_TYPE
        } else {
            "application/json"
        })
    }
}

/// Every route there is.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = open_endpoints();
    all.extend(session_endpoints());
    all.extend(move_endpoints());
    all.extend(device_endpoints());
    all.extend(audit_endpoints());
    all.extend(people_endpoints());
    all.extend(erasure_endpoints());
    all.extend(report_endpoints());
    all
}

/// Routes about what the stations report to the district.
fn report_endpoints() -> Vec<Endpoint> {
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

/// Routes a device uses before it has a session.
fn open_endpoints() -> Vec<Endpoint> {
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

/// Routes of a session.
fn session_endpoints() -> Vec<Endpoint> {
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
                blobs::offer(app, connection, &granted.holder()?, &input)
            },
        )
        .of_class(Class::Blobs),
        Endpoint::stepping::<_, ChunkTaken>(
            Action::ReadLog,
            "/blobs/chunk",
            "A piece of one, acknowledged when it survives a power cut.",
            |_, granted, input| Ok(blobs::take(granted.holder()?, input)),
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

/// Routes about documents that go to another unit.
fn move_endpoints() -> Vec<Endpoint> {
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

/// Routes about devices that are not to be used any more.
fn device_endpoints() -> Vec<Endpoint> {
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

/// Routes about the end of files.
fn erasure_endpoints() -> Vec<Endpoint> {
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

/// Routes about who did what and who looked at what.
fn audit_endpoints() -> Vec<Endpoint> {
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

/// Routes about who is appointed to what, and who stands in for whom.
fn people_endpoints() -> Vec<Endpoint> {
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

/// A device that is known, and until when its certificate holds.
struct Known {
    caller: Caller,
    standing: Standing,
    certified_until_ms: i64,
}

fn find_caller(
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

/// All routes as one service.
pub(crate) fn router(serving: &Arc<Serving>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let filter = if endpoint.method == Method::GET {
            MethodFilter::GET
        } else {
            MethodFilter::POST
        };
        let path = endpoint.path;
        let endpoint = Arc::new(endpoint);
        let serving = Arc::clone(serving);
        router = router.route(
            path,
            on(filter, move |request: Request| {
                serve(Arc::clone(&serving), Arc::clone(&endpoint), request)
            }),
        );
    }
    router
        .fallback(|| async { unread(ApiError::NotFound.into_response()) })
        .method_not_allowed_fallback(|| async {
            unread(ApiError::MethodNotAllowed.into_response())
        })
}

/// An answer to a request whose body was not read: the connection ends with it, and says so, or whoever asks next on it
/// hears nothing.
fn unread(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn serve(serving: Arc<Serving>, endpoint: Arc<Endpoint>, request: Request) -> Response {
    let mut is_read = false;
    let admitted = admit(&serving, &endpoint, request, &mut is_read);
    let answered = tokio::time::timeout(serving.patience.request, admitted).await;
    match answered.unwrap_or(Err(ApiError::TimedOut)) {
        Ok(body) => {
            tracing::debug!(path = endpoint.path, "answered");
            ([(header::CONTENT_TYPE, endpoint.media_type())], body).into_response()
        }
        Err(error) => {
            tracing::info!(path = endpoint.path, code = error.code(), "refused");
            let response = refuse(&serving.app, error);
            if is_read { response } else { unread(response) }
        }
    }
}

/// Says no; to whoever finds the server busy also when to come again.
fn refuse(app: &App, error: ApiError) -> Response {
    let mut response = error.into_response();
    if error == ApiError::Busy {
        let seconds = herd::retry_after_s(app.entropy.as_ref());
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Who asks, whether they may, and only then what they say.
async fn admit(
    serving: &Serving,
    endpoint: &Endpoint,
    request: Request,
    is_read: &mut bool,
) -> Result<Vec<u8>, ApiError> {
    let app = &serving.app;
    let caller = match bearer(request.headers()).and_then(|token| Asker::of(app, token)) {
        None => None,
        Some(asker) => asker.believed(
            app,
            serving
                .readers
                .read(|connection| find_caller(connection, asker.device, app.clock.now_ms()))?,
        ),
    };
    let mut granted = grant(endpoint.action, caller.as_ref())?;
    granted.address = request.extensions().get::<Source>().map(|source| source.0);
    let _turn = match &granted.holder {
        Some(holder) => {
            let turn = app.herd.turn(holder.device, serving.milliseconds()).await?;
            if !turn.wait.is_zero() {
                tokio::time::sleep(turn.wait).await;
            }
            Some(turn)
        }
        None => None,
    };
    let (body, idle) = (request.into_body(), serving.patience.idle);
    let (_place, body) = if endpoint.class == Class::Open {
        if endpoint.is_paced() {
            let wait = app.herd.stranger(granted.address, serving.milliseconds())?;
            tokio::time::sleep(wait).await;
        }
        // Whoever sends slowly, or never to the end, takes nobody's place meanwhile.
        let body = read_body(body, limits::OPEN_REQUEST_BYTES, idle).await?;
        (app.herd.enter_from(granted.address).await?, body)
    } else {
        // A device has its turn already, so that it holds two places at most; and bodies are read one place at a time,
        // or memory had no bound.
        let place = app.herd.enter(endpoint.class).await?;
        (place, read_body(body, limits::REQUEST_BYTES, idle).await?)
    };
    *is_read = true;
    let with = wire::answer_with(&body);
    run(serving, endpoint.begin(app, granted, &body)?, with).await
}

/// Who says to be asking: by a session's token, or by a proof of the device's own in its place.
struct Asker {
    device: DeviceId,
    proof: Option<RequestProof>,
}

impl Asker {
    fn of(app: &App, token: &str) -> Option<Self> {
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
    fn believed(&self, app: &App, known: Option<Known>) -> Option<Known> {
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

/// Runs the steps, each where it belongs.
async fn run(serving: &Serving, mut step: Step, with: With) -> Result<Vec<u8>, ApiError> {
    loop {
        let app = Arc::clone(&serving.app);
        step = match step {
            Step::Read(work) => {
                serving
                    .readers
                    .run(move |connection| work(&app, connection))
                    .await?
            }
            Step::Write(work) => {
                serving
                    .writer
                    .run(move |connection| work(&app, connection))
                    .await?
            }
            Step::Published(row, next) => {
                serving.published.reaches(row).await;
                *next
            }
            Step::Message(raw) => return Ok(wire::close(&raw, wire::RESPONSE, with)?),
            Step::Answer(body) => return Ok(body),
            Step::Refuse(refusal) => return Err(refusal),
        };
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

fn grant(action: Action, known: Option<&Known>) -> Result<Granted, ApiError> {
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

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

/// The whole body, while something of it comes within the idle time again and again.
async fn read_body(body: Body, most: usize, idle: Duration) -> Result<Vec<u8>, ApiError> {
    use futures_util::StreamExt;
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let chunk = tokio::time::timeout(idle, stream.next()).await;
        let Some(chunk) = chunk.map_err(|_| ApiError::TimedOut)? else {
            return Ok(bytes);
        };
        let chunk = chunk.map_err(|_| ApiError::Malformed)?;
        if bytes.len() + chunk.len() > most {
            return Err(ApiError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
}
