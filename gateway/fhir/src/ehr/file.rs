//! Opening the files of an export, wherever they lie.

use gateway_net::egress::{EgressRequest, EgressResponse, Origin};
use gateway_ports::ehr::{EhrError, EhrErrorKind, ExportFile};
use http::{HeaderValue, StatusCode, header};
use url::Url;

use super::FhirServer;
use super::exchange::{LARGEST_ERROR, is_later, settle};

const ASKED: &str = "a file of an export";
const MOST_REDIRECTS: usize = 3;
const LINES: HeaderValue = HeaderValue::from_static("application/fhir+ndjson, application/ndjson;q=0.9, */*;q=0.1");
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

impl FhirServer {
    /// The head of a file's answer. The token goes along only where the manifest asks for it and the file is at the server's own
    /// origin; redirects are followed by hand, and what is elsewhere is fetched bare and only where the operator listed it.
    pub(super) async fn fetch_file(&self, file: &ExportFile) -> Result<EgressResponse, EhrError> {
        let url = Url::parse(&file.url).map_err(|_| self.error(ASKED, EhrErrorKind::Refused, "its place is no URL".to_owned()))?;
        let mut attempt = 0;
        loop {
            match self.try_file(url.clone(), file.with_token).await {
                Ok(response) => return Ok(response),
                Err(error) => self.pause(error, attempt).await?,
            }
            attempt += 1;
        }
    }

    async fn try_file(&self, mut url: Url, with_token: bool) -> Result<EgressResponse, EhrError> {
        let mut accept = LINES;
        let mut redirects = 0;
        loop {
            url = self.file_url(url)?;
            let own = self.client.egress().origin().owns(&url);
            let request = EgressRequest::get(url.clone()).header(header::ACCEPT, accept.clone());
            let admission = self.budget.admit().await;
            let response = if with_token && own {
                self.client.send(request, self.clock.now()).await.map_err(|error| self.auth_failure(ASKED, &error))?
            } else {
                self.client.egress().send(request, None).await.map_err(|error| self.egress_failure(ASKED, &error))?
            };
            settle(admission, &response, self.clock.now());
            let status = response.status();
            if let Some(target) = response.redirect_target() {
                redirects += 1;
                if redirects > MOST_REDIRECTS {
                    return Err(self.error(ASKED, EhrErrorKind::Refused, format!("it redirects more than {MOST_REDIRECTS} times")));
                }
                url = target;
                continue;
            }
            if status == StatusCode::NOT_ACCEPTABLE && accept == LINES {
                accept = ANYTHING;
                continue;
            }
            if status.is_success() {
                let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
                if content_type.starts_with("text/html") {
                    return Err(self.error(ASKED, EhrErrorKind::Later(None), "a web page came in place of the file".to_owned()));
                }
                return Ok(response);
            }
            let headers = response.headers().clone();
            let body = response.bytes(LARGEST_ERROR).await.unwrap_or_default();
            if is_later(status, &body) {
                return Err(self.later(status, &headers, &body, ASKED));
            }
            let error = self.refusal(status, &body, ASKED);
            return Err(match status {
                // A signed link that has run out is refused in one of many ways; a new one comes with the next look at the status.
                _ if !own && status.is_client_error() => EhrError { kind: EhrErrorKind::Gone, ..error },
                StatusCode::FORBIDDEN if !with_token => EhrError { kind: EhrErrorKind::Gone, ..error },
                StatusCode::UNAUTHORIZED if !with_token => EhrError {
                    reason: "its manifest says that files want no token, and the file is refused without one".to_owned(),
                    ..error
                },
                _ => error,
            });
        }
    }

    /// Where a file is fetched from: the server's own origin, or one the operator listed.
    fn file_url(&self, url: Url) -> Result<Url, EhrError> {
        if self.client.egress().origin().owns(&url) || self.config.file_hosts.iter().any(|it| it.owns(&url)) {
            return Ok(url);
        }
        if let Some(url) = self.rebased(&url) {
            return Ok(url);
        }
        let place = Origin::of(&url).map_or_else(|| url.scheme().to_owned(), |it| it.to_string());
        let reason = format!(
            "it lies at {place}, from where nothing is fetched; if that is right, add \"{place}\" to `file_hosts` of the source (it never \
             gets our token)"
        );
        Err(self.error(ASKED, EhrErrorKind::Refused, reason))
    }
}
