//! The same commands over HTTP on loopback, for a browser: stations whose system cannot run the window, and tests.
//!
//! One process serves one person's store. Bound to loopback, opened by a random token that travels in the address
//! fragment (which browsers never send to a server), Host and Origin checked, so that no other page and no other
//! machine gets an answer (architecture.md §8).

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path as UrlPath, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use client::App;
use client::view::UiError;
use futures_util::{Stream, StreamExt};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;

/// Largest command body: an Excel ledger in base64.
const BODY_BYTES: usize = 24 * 1024 * 1024;

/// What a page of ours may load and ask: nothing but what is named. Pictures and recordings are opened by the core and come
/// as data; what is a file to keep is no part of the page. The window's is the same (`src-tauri/tauri.conf.json`), but that
/// it asks the core by another way.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      media-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is served and to whom.
pub struct Host {
    /// The app.
    pub app: Arc<App>,
    /// Folder with the built screens.
    pub screens: PathBuf,
    /// The token; whoever has it is the person at this machine.
    pub token: String,
}

/// A host that listens.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    /// The address a person opens, token included.
    pub url: String,
    listener: TcpListener,
    host: Arc<Host>,
}

/// A fresh token: 128 bits in hex.
///
/// # Errors
/// The system has no randomness.
pub fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Host {
    /// Binds to loopback; port 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn bind(self, port: u16) -> std::io::Result<Listening> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Listening {
            address,
            url: format!("http://{address}/#t={}", self.token),
            listener,
            host: Arc::new(self),
        })
    }
}

impl Listening {
    /// Serves until the future given resolves.
    ///
    /// # Errors
    /// The listener breaks.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let door = Arc::new(Door {
            host: self.host,
            authority: self.address.to_string(),
        });
        let router = Router::new()
            .route("/api/events", get(events))
            .route("/api/{command}", post(call))
            .fallback(get(screen))
            .layer(map_response(guarded))
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .with_state(door);
        axum::serve(self.listener, router)
            .with_graceful_shutdown(stop)
            .await
    }
}

struct Door {
    host: Arc<Host>,
    authority: String,
}

impl Door {
    fn is_ours(&self, headers: &HeaderMap) -> bool {
        is_from(&self.authority, headers)
    }

    fn knows(&self, token: Option<&str>) -> bool {
        is_token(&self.host.token, token)
    }
}

/// Is this our own page talking? A foreign page carries another Origin, a rebound name another Host.
fn is_from(authority: &str, headers: &HeaderMap) -> bool {
    let is = |value: &HeaderValue, expected: &str| value.as_bytes() == expected.as_bytes();
    let host_ok = headers
        .get(header::HOST)
        .is_some_and(|host| is(host, authority));
    let origin_ok = headers
        .get(header::ORIGIN)
        .is_none_or(|origin| is(origin, &format!("http://{authority}")));
    host_ok && origin_ok
}

fn is_token(expected: &str, given: Option<&str>) -> bool {
    let expected = expected.as_bytes();
    let given = given.unwrap_or_default().as_bytes();
    // Constant time in the token's content.
    given.len() == expected.len()
        && given
            .iter()
            .zip(expected)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

/// What every answer says, a refusal and a broken one as well: it is kept nowhere, taken for nothing else than it says, and
/// held to the page's policy.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refuse(status: StatusCode, code: &str) -> Response {
    let error = UiError {
        code: code.to_owned(),
        params: Default::default(),
    };
    (status, axum::Json(error)).into_response()
}

async fn call(
    State(door): State<Arc<Door>>,
    UrlPath(command): UrlPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = headers
        .get("x-zoufang-token")
        .and_then(|value| value.to_str().ok());
    if !door.is_ours(&headers) || !door.knows(token) {
        return refuse(StatusCode::FORBIDDEN, "wrong_token");
    }
    let argument = if body.is_empty() {
        serde_json::Value::Null
    } else {
        match serde_json::from_slice(&body) {
            Ok(argument) => argument,
            Err(_) => return refuse(StatusCode::BAD_REQUEST, "value_invalid"),
        }
    };
    match door.host.app.call(&command, argument).await {
        Ok(value) => axum::Json(value).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(error.to_ui())).into_response(),
    }
}

#[derive(serde::Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

async fn events(
    State(door): State<Arc<Door>>,
    Query(query): Query<TokenQuery>,
    headers: HeaderMap,
) -> Response {
    if !door.is_ours(&headers) || !door.knows(query.token.as_deref()) {
        return refuse(StatusCode::FORBIDDEN, "wrong_token");
    }
    Sse::new(changes(&door.host.app))
        .keep_alive(KeepAlive::default())
        .into_response()
}

fn changes(app: &Arc<App>) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let receiver = app.changes();
    let ended = app.ended();
    futures_util::stream::unfold(receiver, |mut receiver| async {
        let what = match receiver.recv().await {
            Ok(what) => what,
            Err(RecvError::Lagged(_)) => "app",
            Err(RecvError::Closed) => return None,
        };
        let event = Event::default()
            .event("changed")
            .data(serde_json::json!({ "what": what }).to_string());
        Some((Ok(event), receiver))
    })
    .take_until(ended)
}

async fn screen(
    State(door): State<Arc<Door>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    if !door.is_ours(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let relative = Path::new(if path.is_empty() { "index.html" } else { path });
    if !relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let file = door.host.screens.join(relative);
    let Ok(bytes) = tokio::fs::read(&file).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = mime_guess::from_path(&file).first_or_octet_stream();
    let mut response = Response::new(Body::from(bytes));
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const WINDOW: &str = include_str!("../../../src-tauri/tauri.conf.json");
    /// How the window asks the core.
    const WINDOWS_WAY: &str = "ipc: http://ipc.localhost";

    fn page() -> BTreeMap<String, String> {
        POLICY
            .split(';')
            .map(|directive| {
                let (name, allowed) = directive.trim().split_once(' ').expect("a directive");
                (name.to_owned(), allowed.to_owned())
            })
            .collect()
    }

    #[test]
    fn the_window_is_held_to_the_same_policy_but_for_the_way_it_asks_the_core() {
        let window: serde_json::Value = serde_json::from_str(WINDOW).expect("JSON");
        let policy = window["app"]["security"]["csp"].clone();
        let mut window: BTreeMap<String, String> =
            serde_json::from_value(policy).expect("a policy by directive");
        let asks = window.insert("connect-src".to_owned(), "'self'".to_owned());
        assert_eq!(asks.as_deref(), Some(WINDOWS_WAY));
        assert_eq!(window, page());
    }

    /// Headers of a request as a browser sends them.
    fn from(host: &str, origin: Option<&str>) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_str(text).expect("a header");
        let mut headers = HeaderMap::from_iter([(header::HOST, value(host))]);
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, value(origin));
        }
        headers
    }

    #[test]
    fn another_page_another_name_and_another_token_get_no_answer() {
        let ours = "127.0.0.1:4100";
        for own in [None, Some("http://127.0.0.1:4100")] {
            assert!(is_from(ours, &from(ours, own)), "{own:?}");
        }
        for (host, origin) in [
            (ours, Some("http://example.org")),
            (ours, Some("https://127.0.0.1:4100")),
            (ours, Some("http://127.0.0.1:4101")),
            (ours, Some("null")),
            ("example.org:4100", None),
            ("localhost:4100", None),
            ("127.0.0.1:4101", None),
        ] {
            assert!(!is_from(ours, &from(host, origin)), "{host} {origin:?}");
        }
        assert!(!is_from(ours, &HeaderMap::new()), "no host");
        assert!(is_token("5f0c", Some("5f0c")));
        for wrong in [None, Some(""), Some("5f0"), Some("5f0d"), Some("5f0c0")] {
            assert!(!is_token("5f0c", wrong), "{wrong:?}");
        }
        let token = new_token().expect("randomness");
        assert_eq!(token.len(), 32);
        assert_ne!(token, new_token().expect("randomness"));
    }

    #[tokio::test]
    async fn every_answer_a_refusal_as_well_is_kept_nowhere_and_held_to_the_policy() {
        for answer in [
            refuse(StatusCode::FORBIDDEN, "wrong_token"),
            StatusCode::NOT_FOUND.into_response(),
            Sse::new(futures_util::stream::empty::<Result<Event, Infallible>>()).into_response(),
        ] {
            let guarded = guarded(answer).await;
            let headers = guarded.headers();
            for (name, expected) in [
                (header::CACHE_CONTROL, "no-store"),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::REFERRER_POLICY, "no-referrer"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ] {
                let values: Vec<_> = headers.get_all(&name).iter().collect();
                assert_eq!(values, [expected], "{name}");
            }
        }
    }

    #[test]
    fn nothing_is_allowed_but_what_is_named_and_nothing_of_elsewhere() {
        let page = page();
        assert_eq!(page["default-src"], "'none'");
        for closed in ["base-uri", "form-action", "frame-ancestors"] {
            assert_eq!(page[closed], "'none'", "{closed} follows no default");
        }
        let known = ["'none'", "'self'", "data:"];
        for (name, allowed) in &page {
            for source in allowed.split(' ') {
                // What Vue writes into a style is set by our own code; there is no other markup.
                let is_style = name == "style-src" && source == "'unsafe-inline'";
                assert!(known.contains(&source) || is_style, "{name}: {source}");
            }
        }
        for code in ["script-src", "connect-src"] {
            assert_eq!(page[code], "'self'");
        }
    }
}
