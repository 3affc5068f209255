//! The console, carried inside the binary: what `gateway/web` was built into.

use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::ApiError;

/// The built console. In a debug build it is read from disk, so that a new build of it needs no new build of the gateway.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../web/dist"]
struct Built;

/// Names in this folder carry a hash of their content.
const HASHED: &str = "assets/";
const INDEX: &str = "index.html";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Outreach Gateway</title>\
    <h1>The console has not been built</h1><p>The gateway is running. Build the console with <code>make web</code>, \
    then start the gateway again.</p>";

/// Serves whatever is not the API and not a patient page: a file of the console, or its page for every address within it.
pub(crate) async fn serve(request: Request) -> Response {
    answer(request.method(), request.uri().path(), Built::get)
}

fn answer(method: &Method, path: &str, find: impl Fn(&str) -> Option<EmbeddedFile>) -> Response {
    let path = path.trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "api" | "p" | ".well-known") {
        return ApiError::NotFound("address").into_response();
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return ApiError::Method.into_response();
    }
    if path != INDEX
        && !path.is_empty()
        && let Some(file) = find(path)
    {
        return asset(path, file);
    }
    // A name with a dot is a file that is not there; any other address is one of the console's own.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.') && name != INDEX) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let fresh = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    match find(INDEX) {
        Some(index) => (fresh, Html(index.data)).into_response(),
        None => (fresh, Html(NOT_BUILT)).into_response(),
    }
}

fn asset(path: &str, file: EmbeddedFile) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = HeaderValue::try_from(kind.as_ref()).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(cache))], file.data).into_response()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn built(path: &str) -> Option<EmbeddedFile> {
        let content: &'static [u8] = match path {
            "index.html" => b"<!doctype html>console",
            "assets/index-4f2a.js" => b"run()",
            "favicon.svg" => b"<svg/>",
            _ => return None,
        };
        Some(EmbeddedFile { data: Cow::Borrowed(content), metadata: rust_embed::Metadata::__rust_embed_new([0; 32], None, None) })
    }

    fn get(path: &str) -> (StatusCode, String) {
        let response = answer(&Method::GET, path, built);
        let cache = response.headers().get(header::CACHE_CONTROL);
        (response.status(), cache.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default())
    }

    #[test]
    fn every_address_within_the_console_gets_its_page_fresh() {
        for path in ["/", "/patients", "/patients/pat_1/clinical", "/index.html"] {
            assert_eq!(get(path), (StatusCode::OK, "no-cache".into()), "{path}");
        }
    }

    #[test]
    fn an_asset_with_a_hash_is_kept_for_ever_and_others_are_not() {
        assert_eq!(get("/assets/index-4f2a.js"), (StatusCode::OK, "public, max-age=31536000, immutable".into()));
        assert_eq!(get("/favicon.svg"), (StatusCode::OK, "no-cache".into()));
    }

    #[test]
    fn the_page_of_the_console_does_not_swallow_what_is_missing() {
        for path in ["/assets/index-0000.js", "/robots.txt", "/api/nowhere", "/api/v2/patients", "/p/nowhere"] {
            assert_eq!(get(path).0, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(answer(&Method::POST, "/patients", built).status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn without_a_built_console_the_page_says_how_to_build_it() {
        assert_eq!(answer(&Method::GET, "/", |_| None).status(), StatusCode::OK);
        assert!(NOT_BUILT.contains("make web"));
    }
}
