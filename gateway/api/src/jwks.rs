//! Our public keys, by which other servers check what we sign (RFC 7517).

use axum::routing::{MethodRouter, get};
use http::{HeaderValue, header};

/// Serves the key set.
pub(crate) fn route(jwks: &serde_json::Value) -> MethodRouter {
    let body = jwks.to_string();
    get(async move || {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        ];
        (headers, body.clone())
    })
}
