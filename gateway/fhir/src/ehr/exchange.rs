//! One request and its answer, tried a few times where that can help, and the words for what went wrong.

use std::time::Duration;

use bytes::Bytes;
use gateway_auth::AuthError;
use gateway_net::backoff::backoff;
use gateway_net::budget::{Admission, Outcome as Settled};
use gateway_net::egress::{EgressError, EgressRequest, EgressResponse, Retry};
use gateway_net::retry_after::retry_after;
use gateway_ports::ehr::{EhrError, EhrErrorKind, ExportFile};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use url::Url;

use super::FhirServer;
use crate::mapping::Outcome;

/// Longer than a try waits, a server's own wish is handed to whoever asked.
const LONGEST_WISH: Duration = Duration::from_hours(6);
const MOST_REDIRECTS: usize = 3;
const LARGEST_ERROR: u64 = 64 << 10;

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
    pub(super) async fn exchange(&self, request: EgressRequest, asked: &str) -> Result<Answer, EhrError> {
        let mut attempt = 0;
        loop {
            match self.try_once(request.clone(), asked).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.pause(error, attempt).await?,
            }
            attempt += 1;
        }
    }

    async fn try_once(&self, request: EgressRequest, asked: &str) -> Result<Answer, EhrError> {
        let admission = self.budget.admit().await;
        let response = self.client.send(request, self.clock.now()).await.map_err(|error| self.auth_failure(asked, &error))?;
        self.settle(admission, &response);
        let (status, headers) = (response.status(), response.headers().clone());
        let limit = if status.is_success() { self.config.largest_document } else { LARGEST_ERROR };
        let body = match response.bytes(limit).await {
            Ok(body) => body,
            // The body of an error is only for its words.
            Err(_) if !status.is_success() => Bytes::new(),
            Err(error) => return Err(self.egress_failure(asked, &error)),
        };
        if status == StatusCode::TOO_MANY_REQUESTS || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED) {
            return Err(self.later(status, &headers, &body, asked));
        }
        Ok(Answer { status, headers, body })
    }

    /// Tells the budget what an answer says about how much the server bears.
    fn settle(&self, admission: Admission<'_>, response: &EgressResponse) {
        let (status, headers) = (response.status(), response.headers());
        let wish = || retry_after(headers, self.clock.now(), Duration::ZERO..=LONGEST_WISH);
        let outcome = match status {
            StatusCode::TOO_MANY_REQUESTS => Settled::Throttled(wish()),
            // Without a word about when, it is broken rather than busy.
            StatusCode::SERVICE_UNAVAILABLE => wish().map_or(Settled::Failed, |wish| Settled::Throttled(Some(wish))),
            status if status.is_server_error() => Settled::Failed,
            _ => Settled::Answered,
        };
        admission.end(outcome, Some(headers));
    }

    /// Waits before another try, or gives the error back where none can help or enough were made.
    async fn pause(&self, error: EhrError, attempt: u32) -> Result<(), EhrError> {
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

    fn later(&self, status: StatusCode, headers: &HeaderMap, body: &[u8], asked: &str) -> EhrError {
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

    fn refusal(&self, status: StatusCode, body: &[u8], asked: &str) -> EhrError {
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

    fn auth_failure(&self, asked: &str, error: &AuthError) -> EhrError {
        let kind = match error.retry() {
            Retry::Later => EhrErrorKind::Later(None),
            Retry::Never => EhrErrorKind::Refused,
        };
        self.error(asked, kind, error.to_string())
    }

    fn egress_failure(&self, asked: &str, error: &EgressError) -> EhrError {
        let kind = match error.retry() {
            Retry::Later => EhrErrorKind::Later(None),
            Retry::Never => EhrErrorKind::Refused,
        };
        self.error(asked, kind, error.to_string())
    }

    // === Files ===

    /// The head of a file's answer. The token goes along only where the manifest asks for it and the file is at the server's own
    /// origin; redirects are followed by hand, and what is elsewhere is fetched bare and only where the operator listed it.
    pub(super) async fn fetch_file(&self, file: &ExportFile) -> Result<EgressResponse, EhrError> {
        const ASKED: &str = "a file of an export";
        let url = Url::parse(&file.url).map_err(|_| self.error(ASKED, EhrErrorKind::Refused, "its place is no URL".to_owned()))?;
        let mut attempt = 0;
        loop {
            match self.try_file(url.clone(), file.with_token, ASKED).await {
                Ok(response) => return Ok(response),
                Err(error) => self.pause(error, attempt).await?,
            }
            attempt += 1;
        }
    }

    async fn try_file(&self, mut url: Url, with_token: bool, asked: &str) -> Result<EgressResponse, EhrError> {
        for _ in 0..=MOST_REDIRECTS {
            let request = EgressRequest::get(url.clone())
                .header(header::ACCEPT, HeaderValue::from_static("application/fhir+ndjson, application/ndjson;q=0.9, */*;q=0.1"));
            let admission = self.budget.admit().await;
            let response = if with_token {
                self.client.send(request, self.clock.now()).await.map_err(|error| self.auth_failure(asked, &error))?
            } else {
                self.client.egress().send(request, None).await.map_err(|error| self.egress_failure(asked, &error))?
            };
            self.settle(admission, &response);
            let status = response.status();
            if let Some(target) = response.redirect_target() {
                url = target;
                continue;
            }
            if status.is_success() {
                let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
                if content_type.starts_with("text/html") {
                    return Err(self.error(asked, EhrErrorKind::Later(None), "a web page came in place of the file".to_owned()));
                }
                return Ok(response);
            }
            let headers = response.headers().clone();
            let body = response.bytes(LARGEST_ERROR).await.unwrap_or_default();
            if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
                return Err(self.later(status, &headers, &body, asked));
            }
            let error = self.refusal(status, &body, asked);
            // A signed link that has run out says 403; a new one comes with the next look at the status.
            let run_out = status == StatusCode::FORBIDDEN && !with_token;
            return Err(if run_out { EhrError { kind: EhrErrorKind::Gone, ..error } } else { error });
        }
        Err(self.error(asked, EhrErrorKind::Refused, format!("it redirects more than {MOST_REDIRECTS} times")))
    }
}

/// A server's own words about an error, where it sent an OperationOutcome.
fn words(body: &[u8]) -> String {
    match serde_json::from_slice::<Outcome<'_>>(body) {
        Ok(outcome) if outcome.is_one() => {
            let texts: Vec<String> = outcome.findings().into_iter().take(3).map(|it| it.text).collect();
            if texts.is_empty() { String::new() } else { format!(" ({})", texts.join("; ")) }
        }
        _ => String::new(),
    }
}
