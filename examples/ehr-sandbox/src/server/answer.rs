//! Answers: resources with their headers, bundles, and errors as OperationOutcome.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use serde_json::{Value, json};

use crate::{error::Error, resource::Resource};

pub(crate) const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json; charset=utf-8");

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::NotFound { .. } | Self::UnknownPath(_) => (StatusCode::NOT_FOUND, "not-found"),
            Self::Gone { .. } => (StatusCode::GONE, "deleted"),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid"),
            Self::VersionConflict { .. } => (StatusCode::PRECONDITION_FAILED, "conflict"),
            Self::ManyMatches(_) => (StatusCode::PRECONDITION_FAILED, "multiple-matches"),
            Self::TooCostly(_) => (StatusCode::UNPROCESSABLE_ENTITY, "too-costly"),
            Self::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "login"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            Self::Busy(_) => (StatusCode::TOO_MANY_REQUESTS, "throttled"),
            Self::Config(_) | Self::Read { .. } | Self::Listen(_) => (StatusCode::INTERNAL_SERVER_ERROR, "exception"),
        };
        let outcome = outcome("error", code, &self.to_string());
        let mut response = (status, [(CONTENT_TYPE, FHIR_JSON)], outcome.to_string()).into_response();
        match self {
            Self::Unauthorized(_) => {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Busy(_) => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// Gives refusals that come from the framework (a body too large, not text, not a form) an OperationOutcome too.
pub(crate) async fn explained(response: Response) -> Response {
    let status = response.status();
    let fhir = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == FHIR_JSON);
    if fhir || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let outcome = outcome("error", "processing", &format!("The request can't be taken: {status}"));
    (status, [(CONTENT_TYPE, FHIR_JSON)], outcome.to_string()).into_response()
}

pub(crate) fn outcome(severity: &str, code: &str, diagnostics: &str) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": diagnostics}]
    })
}

/// A JSON body of the FHIR type.
pub(crate) fn fhir(body: String) -> Response {
    ([(CONTENT_TYPE, FHIR_JSON)], body).into_response()
}

/// A resource with `ETag` and `Last-Modified`; with `Location` where it was written at a base.
pub(crate) fn resource(status: StatusCode, resource: &Resource, written_at: Option<&str>) -> Response {
    let mut response = (status, [(CONTENT_TYPE, FHIR_JSON)], resource.text.clone()).into_response();
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(etag(&resource.version)) {
        headers.insert(ETAG, tag);
    }
    if let Some(date) = http_date(resource.last_updated) {
        headers.insert(LAST_MODIFIED, date);
    }
    if let Some(base) = written_at {
        let location = format!("{base}/{}/{}/_history/{}", resource.kind, resource.id, resource.version);
        if let Ok(location) = HeaderValue::try_from(location) {
            headers.insert(LOCATION, location);
        }
    }
    response
}

pub(crate) fn etag(version: &str) -> String {
    format!("W/\"{version}\"")
}

pub(crate) fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
    HeaderValue::try_from(text).ok()
}

/// A bundle whose entries are written already.
pub(crate) struct Bundle {
    kind: &'static str,
    total: Option<usize>,
    links: Vec<(&'static str, String)>,
    entries: Vec<String>,
}

impl Bundle {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, total: None, links: Vec::new(), entries: Vec::new() }
    }

    pub(crate) fn total(&mut self, total: usize) {
        self.total = Some(total);
    }

    pub(crate) fn link(&mut self, relation: &'static str, url: String) {
        self.links.push((relation, url));
    }

    pub(crate) fn entry(&mut self, entry: String) {
        self.entries.push(entry);
    }

    pub(crate) fn text(&self) -> String {
        let links: Vec<_> = self.links.iter().map(|(relation, url)| json!({"relation": relation, "url": url})).collect();
        let total = self.total.map_or_else(String::new, |total| format!(",\"total\":{total}"));
        format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"{}\"{total},\"link\":{},\"entry\":[{}]}}",
            self.kind,
            Value::from(links),
            self.entries.join(",")
        )
    }
}
