//! The API's description, made from the very list of routes the server serves.

use crate::error::ApiError;
use crate::routes::{Endpoint, endpoints};
use axum::http::Method;
use protocol::wire::MEDIA_TYPE;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApiBuilder, PathsBuilder, Required,
    ResponseBuilder,
};

const SESSION: &str = "session";

/// The description as it is served; it is the same as long as the program runs.
pub(crate) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| description().to_string());
    &TEXT
}

/// The description as JSON.
fn description() -> Value {
    let endpoints = endpoints();
    let mut description = frame(&endpoints);
    for endpoint in &endpoints {
        shape_bodies(&mut description["paths"][endpoint.path], endpoint);
    }
    description
}

/// What goes in and out, as the program itself reads it.
fn shape_bodies(path: &mut Value, endpoint: &Endpoint) {
    let operation = &mut path[method(endpoint)];
    if endpoint.is_message {
        operation["requestBody"]["content"][MEDIA_TYPE]["schema"] =
            (endpoint.asks)().unwrap_or_default();
    }
    operation["responses"]["200"]["content"][media_type(endpoint)]["schema"] =
        (endpoint.answers)().unwrap_or_default();
    for (status, codes) in refusals() {
        operation["responses"][status.to_string()]["content"]["application/json"]["schema"] = json!({
            "type": "object",
            "properties": {
                "code": {"type": "string", "enum": codes},
                "message": {"type": "string"},
                "next": {"type": "string"},
            },
            "required": ["code", "message", "next"],
        });
    }
}

fn method(endpoint: &Endpoint) -> &'static str {
    if endpoint.method == Method::GET {
        "get"
    } else {
        "post"
    }
}

fn media_type(endpoint: &Endpoint) -> &'static str {
    if endpoint.is_message {
        MEDIA_TYPE
    } else {
        "application/json"
    }
}

/// Everything but the shapes of bodies.
fn frame(endpoints: &[Endpoint]) -> Value {
    let mut paths = PathsBuilder::new();
    for endpoint in endpoints {
        let method = if endpoint.method == Method::GET {
            HttpMethod::Get
        } else {
            HttpMethod::Post
        };
        paths = paths.path(endpoint.path, PathItem::new(method, operation(endpoint)));
    }
    let session = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let api = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Zoufang sync server")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Bodies are MessagePack with field names inside zstd, described in docs/protocol.md. \
                     Where a schema says base16, the message has the bytes themselves.",
                ))
                .build(),
        )
        .paths(paths.build())
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme(SESSION, session)
                .build(),
        ))
        .build();
    serde_json::to_value(api).unwrap_or_default()
}

fn operation(endpoint: &Endpoint) -> OperationBuilder {
    let media_type = media_type(endpoint);
    let mut operation = OperationBuilder::new()
        .operation_id(Some(
            endpoint.path.trim_start_matches('/').replace('/', "_"),
        ))
        .summary(Some(endpoint.summary))
        .description(Some(format!("Action: {:?}.", endpoint.action)))
        .response(
            "200",
            ResponseBuilder::new()
                .description("Done.")
                .content(media_type, ContentBuilder::new().build()),
        );
    for (status, codes) in refusals() {
        operation = operation.response(
            status.to_string(),
            ResponseBuilder::new()
                .description(format!(
                    "JSON with code, message and next: {}.",
                    codes.join(", ")
                ))
                .content("application/json", ContentBuilder::new().build()),
        );
    }
    if endpoint.is_message {
        operation = operation.request_body(Some(
            RequestBodyBuilder::new()
                .content(MEDIA_TYPE, ContentBuilder::new().build())
                .required(Some(Required::True))
                .build(),
        ));
    }
    if protocol::access::needs_holder(endpoint.action) {
        operation = operation.security(SecurityRequirement::new(SESSION, [] as [&str; 0]));
    }
    operation
}

fn refusals() -> BTreeMap<u16, Vec<&'static str>> {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for error in ApiError::ALL {
        by_status
            .entry(error.status().as_u16())
            .or_default()
            .push(error.code());
    }
    by_status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_described_field_by_field() {
        for endpoint in endpoints() {
            let path = endpoint.path;
            assert!((endpoint.answers)().is_some(), "answer of {path}");
            assert_eq!((endpoint.asks)().is_some(), endpoint.is_message, "{path}");
        }
        let description = description();
        let sync = &description["paths"]["/sync"]["post"];
        let fields = &sync["requestBody"]["content"][MEDIA_TYPE]["schema"]["properties"];
        assert_eq!(fields["push_only"], json!({"type": "boolean"}));
        assert!(fields["outbox"]["items"]["properties"]["change"].is_object());
    }
}
