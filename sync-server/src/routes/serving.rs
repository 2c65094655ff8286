//! All routes as one service over sockets: whose turn it is, what is read of a request, and where its steps run.

use super::callers::{Asker, bearer, find_caller, grant};
use super::{Endpoint, Source, endpoints};
use crate::error::ApiError;
use crate::herd::{self, Class};
use crate::state::{App, Serving};
use crate::steps::Step;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use protocol::dictionary::With;
use protocol::{limits, wire};
use std::sync::Arc;
use std::time::Duration;

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
