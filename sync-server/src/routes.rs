//! Every route, with the action it declares. A route is an [`Endpoint`], and an endpoint without an action cannot be written.

use crate::enrolment;
use crate::error::ApiError;
use crate::organisation;
use crate::state::App;
use crate::{snapshot, sync};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use protocol::access::{self, Action, Context, Decision, Denial, Holder, Resource, Subject};
use protocol::session::{proof, server::Caller};
use protocol::{
    ConfirmEnrolment, CreateEnrolment, CreateVillage, FinishEnrolment, NonceRequest, NonceResponse,
    OpenSession, PROTOCOL_VERSION, PollEnrolment, ReadEnrolment, RevealEnrolment, SessionOpened,
    SnapshotRequest, StartEnrolment, SyncRequest, limits, wire,
};
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take, its body included.
const TIMEOUT: Duration = Duration::from_secs(60);

type Answer = Pin<Box<dyn Future<Output = Result<Response, ApiError>> + Send>>;
type Handler = Box<dyn Fn(Arc<App>, Granted, Vec<u8>) -> Answer + Send + Sync>;

/// Who was let in. Made only after [`access::decide`] said yes.
#[derive(Clone, Copy)]
pub(crate) struct Granted {
    holder: Option<Holder>,
}

impl Granted {
    fn holder(self) -> Result<Holder, ApiError> {
        self.holder.ok_or(ApiError::SessionUnknown)
    }
}

/// A route: what it needs a right to, where it is, what it does.
pub(crate) struct Endpoint {
    pub action: Action,
    pub method: Method,
    pub path: &'static str,
    pub summary: &'static str,
    pub is_message: bool,
    handler: Handler,
}

impl Endpoint {
    /// A route that takes and gives an encoded message.
    fn message<Input, Output, Work, Done>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: Work,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + 'static,
        Work: Fn(Arc<App>, Granted, Input) -> Done + Clone + Send + Sync + 'static,
        Done: Future<Output = Result<Output, ApiError>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |app, granted, body| {
            let work = work.clone();
            Box::pin(async move {
                let input: Input = wire::decode_request(&body)?;
                let output = work(app, granted, input).await?;
                let body = wire::encode_response(&output)?;
                Ok((
                    [(
                        header::CONTENT_TYPE,
                        HeaderValue::from_static(wire::MEDIA_TYPE),
                    )],
                    body,
                )
                    .into_response())
            })
        });
        Self {
            action,
            method: Method::POST,
            path,
            summary,
            is_message: true,
            handler,
        }
    }

    /// A route that takes nothing and gives JSON.
    fn json<Work>(action: Action, path: &'static str, summary: &'static str, work: Work) -> Self
    where
        Work: Fn(&App) -> String + Clone + Send + Sync + 'static,
    {
        let handler: Handler = Box::new(move |app, _, _| {
            let work = work.clone();
            Box::pin(async move {
                Ok((
                    [(
                        header::CONTENT_TYPE,
                        HeaderValue::from_static("application/json"),
                    )],
                    work(&app),
                )
                    .into_response())
            })
        });
        Self {
            action,
            method: Method::GET,
            path,
            summary,
            is_message: false,
            handler,
        }
    }
}

/// Every route there is.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = open_endpoints();
    all.extend(session_endpoints());
    all
}

/// Routes a device uses before it has a session.
fn open_endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::json(
            Action::ReadHealth,
            "/health",
            "Whether the server lives.",
            |app| {
                let (_, second_copy) = app.copies.durable(ids::UnitId(uuid::Uuid::nil()), 0);
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
            |_| crate::openapi::description().to_string(),
        ),
        Endpoint::message(
            Action::Enrol,
            "/enrol/start",
            "A device shows its key and commits to a nonce.",
            |app: Arc<App>, _, input: StartEnrolment| async move {
                let doing = Arc::clone(&app);
                app.writer
                    .run(move |connection| enrolment::start(doing.desk(connection), &input))
                    .await
            },
        ),
        Endpoint::message(
            Action::Enrol,
            "/enrol/reveal",
            "The device reveals its nonce; both sides show six digits.",
            |app: Arc<App>, _, input: RevealEnrolment| async move {
                let doing = Arc::clone(&app);
                app.writer
                    .run(move |connection| enrolment::reveal(doing.desk(connection), &input))
                    .await?
            },
        ),
        Endpoint::message(
            Action::Enrol,
            "/enrol/poll",
            "Whether the station confirmed.",
            |app: Arc<App>, _, input: PollEnrolment| async move {
                let doing = Arc::clone(&app);
                app.readers
                    .run(move |connection| enrolment::poll(doing.desk(connection), input.enrolment))
                    .await
            },
        ),
        Endpoint::message(
            Action::Enrol,
            "/enrol/finish",
            "The device proves that it was given the code.",
            |app: Arc<App>, _, input: FinishEnrolment| async move {
                let doing = Arc::clone(&app);
                app.writer
                    .run(move |connection| enrolment::finish(doing.desk(connection), &input))
                    .await?
            },
        ),
        Endpoint::message(
            Action::OpenSession,
            "/session/nonce",
            "A nonce to sign.",
            |app: Arc<App>, _, input: NonceRequest| async move {
                let nonce =
                    app.sessions
                        .nonce(app.clock.as_ref(), app.entropy.as_ref(), input.device);
                Ok(NonceResponse { nonce })
            },
        ),
        Endpoint::message(
            Action::OpenSession,
            "/session/open",
            "A session for a signed nonce.",
            |app: Arc<App>, _, input: OpenSession| open_session(app, input),
        ),
    ]
}

/// Routes of a session.
fn session_endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::message(
            Action::ReadLog,
            "/sync",
            "Sends a part of the outbox, takes what is new.",
            |app: Arc<App>, granted: Granted, input: SyncRequest| async move {
                sync::answer(app, granted.holder()?, input).await
            },
        ),
        Endpoint::message(
            Action::ReadLog,
            "/snapshot",
            "Whole documents for a new tablet, page by page.",
            |app: Arc<App>, granted: Granted, input: SnapshotRequest| async move {
                snapshot::answer(app, granted.holder()?, input).await
            },
        ),
        Endpoint::message(
            Action::CreateEnrolment,
            "/enrolments",
            "Makes a one-time code.",
            |app: Arc<App>, granted: Granted, input: CreateEnrolment| async move {
                let scope = granted.holder()?.scope;
                let doing = Arc::clone(&app);
                app.writer
                    .run(move |connection| enrolment::create(doing.desk(connection), scope, &input))
                    .await
            },
        ),
        Endpoint::message(
            Action::ReadEnrolment,
            "/enrolments/status",
            "Where a code stands.",
            |app: Arc<App>, granted: Granted, input: ReadEnrolment| async move {
                let scope = granted.holder()?.scope;
                let doing = Arc::clone(&app);
                app.readers
                    .run(move |connection| {
                        enrolment::status(doing.desk(connection), scope, input.enrolment)
                    })
                    .await
            },
        ),
        Endpoint::message(
            Action::ConfirmEnrolment,
            "/enrolments/confirm",
            "The six digits are the same.",
            |app: Arc<App>, granted: Granted, input: ConfirmEnrolment| async move {
                let scope = granted.holder()?.scope;
                let doing = Arc::clone(&app);
                app.writer
                    .run(move |connection| {
                        enrolment::confirm(doing.desk(connection), Some(scope), &input)
                    })
                    .await
            },
        ),
        Endpoint::message(
            Action::CreateVillage,
            "/villages",
            "Makes a village.",
            |app: Arc<App>, granted: Granted, input: CreateVillage| async move {
                let scope = granted.holder()?.scope;
                let doing = Arc::clone(&app);
                app.writer
                    .run(move |connection| {
                        let sources = (doing.clock.as_ref(), doing.entropy.as_ref());
                        organisation::create_village(connection, sources, scope, &input)
                    })
                    .await
            },
        ),
        Endpoint::message(
            Action::ReadVillages,
            "/villages/list",
            "The villages.",
            |app: Arc<App>, granted: Granted, (): ()| async move {
                let scope = granted.holder()?.scope;
                app.readers
                    .run(move |connection| organisation::villages(connection, scope))
                    .await
            },
        ),
        Endpoint::message(
            Action::ReadDevices,
            "/devices/list",
            "The devices and when they were last heard of.",
            |app: Arc<App>, granted: Granted, (): ()| async move {
                let scope = granted.holder()?.scope;
                app.readers
                    .run(move |connection| organisation::devices(connection, scope))
                    .await
            },
        ),
    ]
}

async fn open_session(app: Arc<App>, input: OpenSession) -> Result<SessionOpened, ApiError> {
    if !app
        .sessions
        .take_nonce(app.clock.as_ref(), input.device, &input.nonce)
    {
        return Err(ApiError::DeviceUnknown);
    }
    let caller = find_caller(&app, input.device)
        .await?
        .ok_or(ApiError::DeviceUnknown)?;
    let server_key = app.signing_key.verifying_key().to_bytes();
    proof::verify(
        &caller.key,
        input.device,
        &server_key,
        &input.nonce,
        &input.signature,
    )?;
    if caller.revoked {
        return Err(ApiError::DeviceRevoked);
    }
    let (token, expires_ms) =
        app.sessions
            .open(app.clock.as_ref(), app.entropy.as_ref(), input.device);
    Ok(SessionOpened {
        token,
        expires_ms,
        server_time_ms: app.clock.now_ms(),
    })
}

async fn find_caller(app: &App, device: ids::DeviceId) -> Result<Option<Caller>, ApiError> {
    app.readers
        .run(move |connection| {
            organisation::device(connection, device)?
                .map(|device| device.caller())
                .transpose()
        })
        .await
}

/// All routes as one service.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let filter = if endpoint.method == Method::GET {
            MethodFilter::GET
        } else {
            MethodFilter::POST
        };
        let path = endpoint.path;
        let endpoint = Arc::new(endpoint);
        let app = Arc::clone(app);
        router = router.route(
            path,
            on(filter, move |request: Request| {
                serve(Arc::clone(&app), Arc::clone(&endpoint), request)
            }),
        );
    }
    router
        .fallback(|| async { ApiError::NotFound })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
}

async fn serve(app: Arc<App>, endpoint: Arc<Endpoint>, request: Request) -> Response {
    let Ok(_place) = app.busy.try_acquire() else {
        return ApiError::Busy.into_response();
    };
    let answered = tokio::time::timeout(TIMEOUT, admit(&app, &endpoint, request)).await;
    let result = answered.unwrap_or(Err(ApiError::TimedOut));
    match &result {
        Ok(_) => tracing::debug!(path = endpoint.path, "answered"),
        Err(error) => tracing::info!(path = endpoint.path, code = error.code(), "refused"),
    }
    result.unwrap_or_else(IntoResponse::into_response)
}

/// Who asks, whether they may, and only then what they say.
async fn admit(
    app: &Arc<App>,
    endpoint: &Endpoint,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = match bearer(request.headers()) {
        None => None,
        Some(token) => match app.sessions.device(app.clock.as_ref(), token) {
            None => None,
            Some(device) => find_caller(app, device).await?,
        },
    };
    let granted = grant(endpoint.action, caller.as_ref())?;
    let body = read_body(request.into_body()).await?;
    (endpoint.handler)(Arc::clone(app), granted, body).await
}

/// Whether an action is done to a scope, not to the server itself.
pub(crate) fn needs_session(action: Action) -> bool {
    !matches!(
        action,
        Action::ReadHealth | Action::Enrol | Action::OpenSession
    )
}

fn grant(action: Action, caller: Option<&Caller>) -> Result<Granted, ApiError> {
    let holder = caller.map(|caller| caller.holder);
    let subject = holder.map_or(Subject::Stranger, Subject::Device);
    let context = Context {
        revoked: caller.is_some_and(|caller| caller.revoked),
    };
    let resource = if needs_session(action) {
        Resource::Scope(holder.map_or(ids::UnitId(uuid::Uuid::nil()), |holder| holder.scope))
    } else {
        Resource::Server
    };
    match access::decide(subject, action, resource, context) {
        Decision::Allow => Ok(Granted { holder }),
        Decision::Deny(Denial::Unknown) => Err(ApiError::SessionUnknown),
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

async fn read_body(body: Body) -> Result<Vec<u8>, ApiError> {
    use futures_util::StreamExt;
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::Malformed)?;
        if bytes.len() + chunk.len() > limits::REQUEST_BYTES {
            return Err(ApiError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
