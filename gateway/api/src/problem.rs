//! The one place where an error becomes an answer: RFC 9457 problem details, with no internal text in them.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gateway_net::layers::RequestId;
use gateway_outreach::OutreachError;
use gateway_ports::plugins::PluginError;
use gateway_ports::store::StoreError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// When it makes sense to try again after the database did not answer.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// JSON pointer (RFC 6901) into the body, or the name of a query parameter.
    pub path: String,
    /// What was expected, and how to mend it.
    pub message: String,
}

impl FieldProblem {
    /// A finding at a place.
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the kind is called.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// The id of the request, for asking about it; also in `x-request-id` and in the log.
    pub request_id: Option<String>,
    /// Fields that are wrong.
    pub errors: Vec<FieldProblem>,
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Nobody is signed in, or not any more.
    #[error("Sign in first: there is no session or token, or it has ended.")]
    SignedOut,
    /// The sign-in did not succeed; the same words for an unknown address and for a wrong password.
    #[error("The address and the password do not belong together.")]
    WrongCredentials,
    /// Too many tries.
    #[error("There were too many tries to sign in. Wait {} seconds.", .0.as_secs().max(1))]
    TooManyAttempts(Duration),
    /// The role does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// The request was not made by our own pages.
    #[error("{0}")]
    CrossSite(String),
    /// It is not there.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// It can't be done as things stand.
    #[error("{0}")]
    Conflict(String),
    /// The input is wrong.
    #[error("{}", describe(.0))]
    Invalid(Vec<FieldProblem>),
    /// The body is too large.
    #[error("The body of the request is larger than is taken.")]
    TooLarge,
    /// The body is of another kind.
    #[error("The body has to be JSON, with `Content-Type: application/json`.")]
    NotJson,
    /// Another method is wanted.
    #[error("This address does not take that method.")]
    Method,
    /// The store said no.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// A look-up gave no answer.
    #[error("the look-up: {0}")]
    Lookup(#[from] OutreachError),
    /// The audit could not be written, so nothing is shown.
    #[error("the audit: {0}")]
    Audit(StoreError),
    /// A plugin said no.
    #[error("{0}")]
    Plugin(#[from] PluginError),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// One wrong field.
    pub(crate) fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(path, message)])
    }

    fn parts(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::SignedOut => (StatusCode::UNAUTHORIZED, "signed-out", self.to_string()),
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong-credentials", self.to_string()),
            Self::TooManyAttempts(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", self.to_string()),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", self.to_string()),
            Self::CrossSite(_) => (StatusCode::FORBIDDEN, "cross-site", self.to_string()),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", self.to_string()),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict", self.to_string()),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", self.to_string()),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", self.to_string()),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", self.to_string()),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", self.to_string()),
            Self::Store(error) => store_parts(error),
            Self::Lookup(OutreachError::Store(error)) => store_parts(error),
            Self::Audit(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The audit can't be written at the moment, so nothing is shown. Try again shortly.".to_owned(),
            ),
            Self::Plugin(PluginError::Missing { .. }) => (StatusCode::NOT_FOUND, "not-found", "There is no such plugin.".to_owned()),
            Self::Plugin(error) => (StatusCode::CONFLICT, "plugin", error.to_string()),
            Self::Lookup(_) | Self::Internal(_) => internal(),
        }
    }

    /// When it makes sense to try again.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyAttempts(pause) => Some(*pause),
            Self::Store(StoreError::Unavailable(_)) | Self::Audit(_) => Some(STORE_PAUSE),
            Self::Lookup(OutreachError::Store(error)) if matches!(**error, StoreError::Unavailable(_)) => Some(STORE_PAUSE),
            _ => None,
        }
    }
}

fn store_parts(error: &StoreError) -> (StatusCode, &'static str, String) {
    match error {
        StoreError::Unavailable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The database does not answer. Try again shortly.".to_owned())
        }
        StoreError::Conflict { what, .. } => (StatusCode::CONFLICT, "conflict", format!("There is such a {what} already.")),
        StoreError::Missing { what, .. } => (StatusCode::NOT_FOUND, "not-found", format!("There is no such {what}.")),
        StoreError::Stale { what, .. } => {
            (StatusCode::CONFLICT, "conflict", format!("The {what} was changed by someone else in the meantime. Read it again."))
        }
        StoreError::Corrupt { .. } | StoreError::Statement(_) => internal(),
    }
}

fn internal() -> (StatusCode, &'static str, String) {
    let detail = "Something went wrong on our side. The log has more about it under the id of this request.";
    (StatusCode::INTERNAL_SERVER_ERROR, "internal", detail.to_owned())
}

fn describe(errors: &[FieldProblem]) -> String {
    match errors {
        [] => "The request can't be understood.".to_owned(),
        [one] => one.message.clone(),
        more => format!("{} fields are wrong.", more.len()),
    }
}

fn title(kind: &str) -> &'static str {
    match kind {
        "signed-out" => "Not signed in",
        "wrong-credentials" => "Sign-in failed",
        "too-many-attempts" => "Too many tries",
        "forbidden" => "Not allowed",
        "cross-site" => "Request from another site",
        "not-found" => "Not found",
        "conflict" => "Conflict",
        "invalid" => "Invalid input",
        "too-large" => "Too large",
        "not-json" => "Not JSON",
        "method" => "Method not allowed",
        "plugin" => "Plugin",
        "unavailable" => "Not available",
        _ => "Internal error",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, kind, detail) = self.parts();
        if status.is_server_error() {
            tracing::error!(error = %self, "Request failed");
        }
        let errors = match &self {
            Self::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let problem = Problem {
            kind: format!("urn:outreach-gateway:problem:{kind}"),
            title: title(kind).to_owned(),
            status: status.as_u16(),
            detail,
            request_id: None,
            errors,
        };
        let mut response = render(&problem, status);
        if let Some(pause) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs().max(1)));
        }
        if matches!(self, Self::SignedOut | Self::WrongCredentials) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(problem);
        response
    }
}

fn render(problem: &Problem, status: StatusCode) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response()
}

/// Puts the id of the request into the problem that goes out.
pub(crate) async fn name_request(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let mut response = next.run(request).await;
    if id.is_some()
        && let Some(mut problem) = response.extensions_mut().remove::<Problem>()
    {
        problem.request_id = id;
        let named = render(&problem, response.status());
        *response.body_mut() = named.into_body();
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_nothing_of_the_inside() {
        let secret = "SELECT family FROM patient WHERE family = 'Lovelace'";
        for error in [
            ApiError::Store(StoreError::Statement(secret.into())),
            ApiError::Store(StoreError::Unavailable(secret.into())),
            ApiError::Store(StoreError::Corrupt { what: "patient", reason: secret.into() }),
            ApiError::Store(StoreError::Conflict { what: "user", key: secret.into() }),
            ApiError::Audit(StoreError::Statement(secret.into())),
            ApiError::Internal(secret.into()),
        ] {
            let (_, _, detail) = error.parts();
            assert!(!detail.contains("Lovelace"), "{detail}");
        }
    }

    #[test]
    fn a_database_that_is_away_asks_for_patience() {
        let response = ApiError::Store(StoreError::Unavailable("gone".into())).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    }
}
