//! The HTTP side: routes, layers, and who may come in.

pub(crate) mod answer;
mod control;
mod discovery;
mod export;
mod history;
mod page;
mod records;
mod subscription;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    Sandbox,
    auth::Scopes,
    clock, dialect,
    error::Error,
    fault::{self, Place},
};

/// A request body may have this many bytes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

type Shared = State<Arc<Sandbox>>;

/// The server as clients reach it: the routes, the faults of a script, compression.
pub(crate) fn router(sandbox: &Arc<Sandbox>) -> Router {
    // As a fallback the routes are one service, in which a script can ask for other paths than the request's own.
    Router::new()
        .fallback_service(routes(sandbox))
        // Inside compression, so that a script can say itself how an answer is packed, and outside of sign-in, so that it can fail too.
        .layer(middleware::from_fn_with_state(Arc::clone(sandbox), fault::play))
        .layer(Extension(Place::Server))
        .layer(CompressionLayer::new().gzip(true))
}

pub(crate) fn routes(sandbox: &Arc<Sandbox>) -> Router {
    let guarded = Router::new()
        .route("/fhir/$export", get(export::system).post(export::system))
        .route("/fhir/Patient/$export", get(export::patients).post(export::patients))
        .route("/fhir/Group/{id}/$export", get(export::group).post(export::group))
        .route("/fhir/bulk-status/{job}", get(export::status).delete(export::delete))
        .route("/fhir/bulk-files/{job}/{file}", get(export::file))
        .route("/fhir/Subscription/{id}/$status", get(subscription::status))
        .route("/fhir/Subscription/{id}/$events", get(subscription::events))
        .route("/fhir/{kind}", get(records::search).post(records::create))
        .route("/fhir/{kind}/_search", post(records::search_by_form))
        .route("/fhir/{kind}/_history", get(history::of_type))
        .route("/fhir/{kind}/{id}", get(records::read).put(records::update).delete(records::delete))
        .route("/fhir/{kind}/{id}/_history", get(history::of_instance))
        .route("/fhir/{kind}/{id}/_history/{version}", get(history::version))
        .layer(middleware::from_fn_with_state(Arc::clone(sandbox), sign_in))
        .layer(middleware::map_response(answer::explained));
    let free = Router::new()
        .route("/fhir/metadata", get(discovery::metadata))
        .route("/fhir/.well-known/smart-configuration", get(discovery::smart))
        .route("/auth/token", post(discovery::token));
    let control = Router::new()
        .route("/", get(page::list))
        .route("/page/{id}/mammogram", post(page::record))
        .route("/sandbox/patients/{id}/mammogram", post(control::mammogram))
        .route("/sandbox/tick", post(control::tick))
        .route("/sandbox/faults", post(control::faults))
        .route("/sandbox/push", post(control::push))
        .layer(middleware::from_fn(own_pages_only));

    Router::new()
        .merge(guarded)
        .merge(free)
        .merge(control)
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn_with_state(Arc::clone(sandbox), dialect::speak))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Arc::clone(sandbox))
}

/// Checks the bearer token and hands on what it allows.
async fn sign_in(State(sandbox): Shared, mut request: Request, next: Next) -> Response {
    // A signed link is its own permission.
    let signed = request.extensions().get() == Some(&Place::Foreign);
    let scopes = if sandbox.open || signed { Ok(Scopes::Everything) } else { scopes(&sandbox, request.headers()) };
    match scopes {
        Ok(scopes) => {
            request.extensions_mut().insert(scopes);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

fn scopes(sandbox: &Sandbox, headers: &HeaderMap) -> Result<Scopes, Error> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(|| {
        Error::Unauthorized(format!("No bearer token; ask for one at {}/auth/token, or start with --open", sandbox.origin))
    })?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::Unauthorized("The Authorization header is not a bearer token".to_owned()));
    }
    sandbox.desk.scopes(token.trim(), clock::now())
}

/// The control surface asks for no sign-in, so a page of another site must not be able to use it.
async fn own_pages_only(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if request.method() == http::Method::POST && matches!(site, Some("cross-site" | "same-site")) {
        return Error::Forbidden("Another site can't change the sandbox".to_owned()).into_response();
    }
    next.run(request).await
}

async fn unknown(request: Request) -> Error {
    Error::UnknownPath(request.uri().path().to_owned())
}

async fn not_allowed(request: Request) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    let mut response = Error::UnknownPath(what).into_response();
    *response.status_mut() = http::StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// Runs work that reads many records away from the threads that answer.
async fn blocking<T: Send + 'static>(
    sandbox: &Arc<Sandbox>,
    work: impl FnOnce(&Sandbox) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let sandbox = Arc::clone(sandbox);
    tokio::task::spawn_blocking(move || work(&sandbox)).await.map_err(|error| Error::Busy(format!("The work ended early: {error}")))?
}
