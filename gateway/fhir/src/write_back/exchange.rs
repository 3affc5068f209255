//! One request and what its end means. Nothing is tried again in here: whoever asks does so by the ledger, which knows what was asked.

use std::time::Duration;

use bytes::Bytes;
use gateway_net::egress::EgressRequest;
use gateway_net::retry_after::retry_after;
use gateway_ports::write_back::NotKept;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::FhirRecordKeeper;
use super::found::Members;
use crate::ehr::exchange::settle;
use crate::mapping::Outcome;

const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json");
const LARGEST: u64 = 16 << 20;
const LONGEST_WISH: Duration = Duration::from_hours(6);

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// The version in the `ETag`.
    pub(super) fn version(&self) -> Option<String> {
        let tag = self.headers.get(header::ETAG)?.to_str().ok()?;
        let version = tag.trim_start_matches("W/").trim_matches('"');
        (!version.is_empty()).then(|| version.to_owned())
    }

    /// The id in `Location: [base]/[type]/[id]/_history/[version]`.
    pub(super) fn location_id(&self, resource_type: &str) -> Option<String> {
        let place = self.headers.get(header::LOCATION).or_else(|| self.headers.get(header::CONTENT_LOCATION))?.to_str().ok()?;
        let mut segments = place.split('/').skip_while(|segment| *segment != resource_type);
        segments.next()?;
        let id = segments.next()?;
        (!id.is_empty() && !id.contains(['?', '#'])).then(|| id.to_owned())
    }
}

impl FhirRecordKeeper {
    /// A request under the base.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> Result<EgressRequest, NotKept> {
        let mut url = self.config.base_url.clone();
        url.set_query(None);
        url.set_fragment(None);
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(NotKept::Refused { reason: "its base URL can't have a path".to_owned() }),
        };
        let no_cache = HeaderValue::from_static("no-cache");
        Ok(EgressRequest::new(method, url).header(header::ACCEPT, FHIR_JSON).header(header::CACHE_CONTROL, no_cache))
    }

    /// Sends it. What stands against every request of ours, and not against this one, is [`NotKept::Unavailable`].
    pub(super) async fn send(&self, request: EgressRequest, asked: &str) -> Result<Answer, NotKept> {
        let away = |reason: String, wait| NotKept::Unavailable { reason: format!("{asked}: {reason}"), wait };
        let admission = self.budget.admit().await;
        let response = self.client.send(request, self.clock.now()).await.map_err(|error| away(error.to_string(), None))?;
        settle(admission, &response, self.clock.now());
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.bytes(LARGEST).await {
            Ok(body) => body,
            Err(_) if !status.is_success() => Bytes::new(),
            Err(error) => return Err(away(error.to_string(), None)),
        };
        let answer = Answer { status, headers, body };
        let wish = || retry_after(&answer.headers, self.clock.now(), Duration::ZERO..=LONGEST_WISH);
        match status {
            StatusCode::UNAUTHORIZED => Err(NotKept::Unavailable {
                reason: format!("{}; it does not take our credential: check client id, key and token URL", reason(&answer, asked)),
                wait: None,
            }),
            StatusCode::FORBIDDEN => Err(NotKept::Unavailable {
                reason: format!("{}; check which scopes for writing the client was granted there", reason(&answer, asked)),
                wait: None,
            }),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                Err(NotKept::Unavailable { reason: reason(&answer, asked), wait: wish() })
            }
            status if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => {
                Err(NotKept::Unavailable { reason: reason(&answer, asked), wait: wish() })
            }
            _ => Ok(answer),
        }
    }
}

/// What the server will never take as it is.
pub(super) fn refusal(answer: &Answer, asked: &str) -> NotKept {
    let advice = if answer.status.is_redirection() { "; it points elsewhere: check the base URL of the source" } else { "" };
    NotKept::Refused { reason: format!("{}{advice}", reason(answer, asked)) }
}

/// The request with these members as its body.
pub(super) fn with_body(mut request: EgressRequest, members: &Members) -> EgressRequest {
    request.body = serde_json::to_vec(members).unwrap_or_default().into();
    request.header(header::CONTENT_TYPE, FHIR_JSON)
}

/// What was asked, the status, and the server's own words where it sent an OperationOutcome.
pub(super) fn reason(answer: &Answer, asked: &str) -> String {
    let words = match serde_json::from_slice::<Outcome<'_>>(&answer.body) {
        Ok(outcome) if outcome.is_one() => {
            let texts: Vec<String> = outcome.findings().into_iter().take(3).map(|it| it.text).collect();
            if texts.is_empty() { String::new() } else { format!(" ({})", texts.join("; ")) }
        }
        _ => String::new(),
    };
    format!("{asked}: status {}{words}", answer.status.as_u16())
}
