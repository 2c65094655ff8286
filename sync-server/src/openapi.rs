//! The API's description, made from the very list of routes the server serves.

use crate::error::ApiError;
use crate::routes::{Endpoint, endpoints};
use axum::http::Method;
use protocol::wire::MEDIA_TYPE;
use std::collections::BTreeMap;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApiBuilder, PathsBuilder, Required,
    ResponseBuilder,
};

const SESSION: &str = "session";

/// The description as JSON.
pub(crate) fn description() -> serde_json::Value {
    let mut paths = PathsBuilder::new();
    for endpoint in endpoints() {
        let method = if endpoint.method == Method::GET {
            HttpMethod::Get
        } else {
            HttpMethod::Post
        };
        paths = paths.path(endpoint.path, PathItem::new(method, operation(&endpoint)));
    }
    let session = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let api = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Zoufang sync server")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Bodies are MessagePack with field names inside zstd; the fields are in docs/protocol.md.",
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
    let media_type = if endpoint.is_message {
        MEDIA_TYPE
    } else {
        "application/json"
    };
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
                .description(format!("JSON with code, message and next: {codes}."))
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

fn refusals() -> BTreeMap<u16, String> {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for error in ApiError::ALL {
        by_status
            .entry(error.status().as_u16())
            .or_default()
            .push(error.code());
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status, codes.join(", ")))
        .collect()
}
