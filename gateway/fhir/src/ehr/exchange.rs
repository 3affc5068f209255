//! One request and its answer, tried a few times where that can help, and the words for what went wrong.

use std::time::Duration;

use bytes::Bytes;
use gateway_auth::AuthError;
use gateway_net::backoff::backoff;
use gateway_net::budget::{Admission, Outcome as Settled};
use gateway_net::egress::{EgressError, EgressRequest, EgressResponse, Retry};
use gateway_net::retry_after::retry_after;
use gateway_ports::ehr::{EhrError, EhrErrorKind};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;

use super::FhirServer;
use crate::mapping::Outcome;

/// Longer than a try waits, a server's own wish is handed to whoever asked.
const LONGEST_WISH: Duration = Duration::from_hours(6);
const ANY_JSON: HeaderValue = HeaderValue::from_static("application/json, application/fhir+json;q=0.9, */*;q=0.1");
pub(super) const LARGEST_ERROR: u64 = 64 << 10;

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl FhirServer {
    pub(super) fn error(&self, asked: &str, kind: EhrErrorKind, reason: String) -> EhrError {
        EhrError { server: self.config.base_url.to_string(), asked: asked.to_owned(), reason, kind }
    }

    /// Sends a request and reads its whole answer. Transport errors, 429 and 5xx are tried again.
    pub(super) async fn exchange(&self, mut request: EgressRequest, asked: &str) -> Result<Answer, EhrError> {
        let mut attempt = 0;
        let mut as_asked = true;
        loop {
            match self.try_once(request.clone(), asked).await {
                // Some servers have one kind of JSON, some the other, and say 406 to whoever names the wrong one.
                Ok(answer) if answer.status == StatusCode::NOT_ACCEPTABLE && as_asked => {
                    as_asked = false;
                    request = request.header(header::ACCEPT, ANY_JSON);
                    continue;
                }
                Ok(answer) => return Ok(answer),
                Err(error) => self.pause(error, attempt).await?,
            }
            attempt += 1;
        }
    }

    async fn try_once(&self, request: EgressRequest, asked: &str) -> Result<Answer, EhrError> {
        let wants_body = request.method != Method::DELETE;
        let admission = self.budget.admit().await;
        let response = self.client.send(request, self.clock.now()).await.map_err(|error| self.auth_failure(asked, &error))?;
        settle(admission, &response, self.clock.now());
        let (status, headers) = (response.status(), response.headers().clone());
        let limit = if status.is_success() { self.config.largest_document } else { LARGEST_ERROR };
        let body = match response.bytes(limit).await {
            Ok(body) => body,
            // The body of an error is only for its words.
            Err(_) if !status.is_success() => Bytes::new(),
            Err(error) => return Err(self.egress_failure(asked, &error)),
        };
        if is_later(status, &body) {
            return Err(self.later(status, &headers, &body, asked));
        }
        if status == StatusCode::OK
            && wants_body
            && let Some(reason) = unusable(&headers, &body)
        {
            return Err(self.error(asked, EhrErrorKind::Later(None), reason.to_owned()));
        }
        Ok(Answer { status, headers, body })
    }

    /// Waits before another try, or gives the error back where none can help or enough were made.
    pub(super) async fn pause(&self, error: EhrError, attempt: u32) -> Result<(), EhrError> {
        let EhrErrorKind::Later(wish) = error.kind else { return Err(error) };
        if attempt + 1 >= self.config.tries || wish.is_some_and(|it| it > self.config.backoff.longest) {
            return Err(error);
        }
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        let wait = backoff(attempt, u64::from_le_bytes(random), self.config.backoff);
        tracing::debug!(%error, attempt, "Trying again");
        tokio::time::sleep(wait.max(wish.unwrap_or_default())).await;
        Ok(())
    }

    pub(super) fn later(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], asked: &str) -> EhrError {
        let wish = retry_after(headers, self.clock.now(), Duration::ZERO..=LONGEST_WISH);
        self.error(asked, EhrErrorKind::Later(wish), format!("status {}{}", status.as_u16(), words(body)))
    }

    /// The answer, if its status is 2xx; else what the status means.
    pub(super) fn require_success(&self, answer: Answer, asked: &str) -> Result<Answer, EhrError> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(self.refusal(answer.status, &answer.body, asked))
    }

    pub(super) fn refusal(&self, status: StatusCode, body: &[u8], asked: &str) -> EhrError {
        let words = words(body);
        let (kind, advice) = match status {
            StatusCode::UNAUTHORIZED => {
                (EhrErrorKind::Refused, "; it does not take our credential: check client id, key and token URL of the source")
            }
            StatusCode::FORBIDDEN => (EhrErrorKind::Refused, "; check which scopes the client was granted there"),
            StatusCode::NOT_FOUND | StatusCode::GONE => (EhrErrorKind::Gone, ""),
            status if status.is_redirection() => (EhrErrorKind::Refused, "; it points elsewhere: check the base URL of the source"),
            _ => (EhrErrorKind::Unsupported, ""),
        };
        self.error(asked, kind, format!("status {}{words}{advice}", status.as_u16()))
    }

    pub(super) fn auth_failure(&self, asked: &str, error: &AuthError) -> EhrError {
        let kind = match error.retry() {
            Retry::Later => EhrErrorKind::Later(None),
            Retry::Never => EhrErrorKind::Refused,
        };
        self.error(asked, kind, error.to_string())
    }

    pub(super) fn egress_failure(&self, asked: &str, error: &EgressError) -> EhrError {
        let kind = match error.retry() {
            Retry::Later => EhrErrorKind::Later(None),
            Retry::Never => EhrErrorKind::Refused,
        };
        self.error(asked, kind, error.to_string())
    }
}

/// Tells the budget what an answer says about how much the server bears.
pub(crate) fn settle(admission: Admission<'_>, response: &EgressResponse, now: Timestamp) {
    let (status, headers) = (response.status(), response.headers());
    let wish = || retry_after(headers, now, Duration::ZERO..=LONGEST_WISH);
    let outcome = match status {
        StatusCode::TOO_MANY_REQUESTS => Settled::Throttled(wish()),
        // Without a word about when, it is broken rather than busy.
        StatusCode::SERVICE_UNAVAILABLE => wish().map_or(Settled::Failed, |wish| Settled::Throttled(Some(wish))),
        status if status.is_server_error() => Settled::Failed,
        _ => Settled::Answered,
    };
    admission.end(outcome, Some(headers));
}

/// Whether an answer means "not now".
pub(super) fn is_later(status: StatusCode, body: &[u8]) -> bool {
    let throttled = || serde_json::from_slice::<Outcome<'_>>(body).is_ok_and(|outcome| outcome.is_throttled());
    status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
        || (status.is_client_error() && throttled())
}

const WEB_PAGE: &str = "status 200 with a web page in place of FHIR; a proxy or a sign-in page may be in the way";

/// Whether a web page came, however often it was asked.
pub(super) fn is_web_page(error: &EhrError) -> bool {
    error.reason == WEB_PAGE
}

/// Why a body that should be JSON can't be it, as far as its ends tell.
fn unusable(headers: &HeaderMap, body: &[u8]) -> Option<&'static str> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    let body = body.trim_ascii();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if content_type.starts_with("text/html") || body.starts_with(b"<") {
        return Some(WEB_PAGE);
    }
    (body.starts_with(b"{") && !body.ends_with(b"}")).then_some("status 200 with an answer that ends early")
}

/// A server's own words about an error, where it sent an OperationOutcome.
pub(super) fn words(body: &[u8]) -> String {
    match serde_json::from_slice::<Outcome<'_>>(body) {
        Ok(outcome) if outcome.is_one() => {
            let texts: Vec<String> = outcome.findings().into_iter().take(3).map(|it| it.text).collect();
            if texts.is_empty() { String::new() } else { format!(" ({})", texts.join("; ")) }
        }
        _ => String::new(),
    }
}
