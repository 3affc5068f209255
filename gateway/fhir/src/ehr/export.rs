//! Bulk Data Access: the kick-off and the status of an export (STU2, STU3 and the ballot of 4.0.0).

use std::collections::BTreeSet;
use std::time::Duration;

use gateway_net::egress::EgressRequest;
use gateway_net::retry_after::retry_after;
use gateway_ports::ehr::{EhrError, EhrErrorKind, ExportLevel, ExportManifest, ExportRequest, ExportStatus, StartedExport};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use super::exchange::{Answer, words};
use super::{FHIR_JSON, FhirServer, LONGEST_POLL, MOST_MANIFEST_PAGES, PREFER, instant, manifest};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ASYNC: HeaderValue = HeaderValue::from_static("respond-async");
const ASYNC_LENIENT: HeaderValue = HeaderValue::from_static("respond-async, handling=lenient");
const FORMAT: &str = "_outputFormat";
const SINCE: &str = "_since";
const TYPE: &str = "_type";
const TYPE_FILTER: &str = "_typeFilter";
/// Without these an export brings as much or more. `_type` and `_typeFilter` keep data away, so they are never left out.
const OPTIONAL: [&str; 2] = [FORMAT, SINCE];

impl FhirServer {
    pub(super) async fn kick_off(&self, request: &ExportRequest) -> Result<StartedExport, EhrError> {
        const ASKED: &str = "an export";
        let url = match &request.level {
            ExportLevel::System => self.url(&["$export"]),
            ExportLevel::Patient => self.url(&["Patient", "$export"]),
            ExportLevel::Group(id) => self.url(&["Group", id, "$export"]),
        }?;
        let mut parameters = parameters(request);
        let mut left_out = Vec::new();
        let (mut by_post, mut lenient) = (false, false);
        loop {
            let ask = kick_off_request(&url, &parameters, by_post).header(PREFER, if lenient { ASYNC_LENIENT } else { ASYNC });
            let answer = self.exchange(ask, ASKED).await?;
            match answer.status {
                StatusCode::ACCEPTED => {
                    return Ok(StartedExport { job: self.status_place(&url, &answer, ASKED)?, left_out });
                }
                StatusCode::METHOD_NOT_ALLOWED if !by_post => by_post = true,
                StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => match to_leave_out(&parameters, &answer.body) {
                    // The output format has one value all servers know, so leaving it out is worth no word.
                    Some(name) => {
                        parameters.retain(|(other, _)| *other != name);
                        if name != FORMAT {
                            left_out.push(name.to_owned());
                        }
                    }
                    None if !lenient => lenient = true,
                    None => return Err(self.refusal(answer.status, &answer.body, ASKED)),
                },
                _ => {
                    let answer = self.require_success(answer, ASKED)?;
                    let reason = format!("status {} where 202 Accepted is due", answer.status.as_u16());
                    return Err(self.error(ASKED, EhrErrorKind::Unsupported, reason));
                }
            }
        }
    }

    fn status_place(&self, url: &Url, answer: &Answer, asked: &str) -> Result<String, EhrError> {
        let place = answer.headers.get(header::CONTENT_LOCATION).or_else(|| answer.headers.get(header::LOCATION));
        let place = place.and_then(|it| it.to_str().ok()).ok_or_else(|| {
            self.error(asked, EhrErrorKind::Unsupported, "it accepted the export without saying where its status is".to_owned())
        })?;
        Ok(self.own_url(url, place, asked)?.into())
    }

    pub(super) async fn status(&self, job: &str) -> Result<ExportStatus, EhrError> {
        const ASKED: &str = "the status of an export";
        let mut place = self.own_url(&self.config.base_url, job, ASKED)?;
        let mut whole: Option<ExportManifest> = None;
        let mut with_token = None;
        let mut visited = BTreeSet::new();
        while visited.len() < MOST_MANIFEST_PAGES {
            if !visited.insert(place.clone()) {
                return Err(self.error(ASKED, EhrErrorKind::Later(None), "the pages of its manifest go round in a circle".to_owned()));
            }
            let answer = self.manifest_page(&place, visited.len() == 1, ASKED).await?;
            let progress = answer.headers.get("x-progress").and_then(|it| it.to_str().ok()).map(|it| it.chars().take(100).collect());
            let wait = retry_after(&answer.headers, self.clock.now(), Duration::ZERO..=LONGEST_POLL);
            let working = ExportStatus::Working { retry_after: wait, progress };
            let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
            if answer.status == StatusCode::ACCEPTED || !body.trim_ascii().starts_with(b"{") {
                return Ok(working);
            }
            let page = manifest::read(&answer.body, with_token);
            let page = page.map_err(|reason| self.error(ASKED, EhrErrorKind::Later(None), reason))?;
            // Some servers say 200 and "in progress" in the body; others say by it what went wrong.
            let Some(page) = page else {
                let said = words(&answer.body);
                return if said.is_empty() {
                    Ok(working)
                } else {
                    Err(self.error(ASKED, EhrErrorKind::Later(None), format!("status 200{said}")))
                };
            };
            with_token = page.with_token;
            let manifest = whole.get_or_insert_default();
            manifest.transaction_time = manifest.transaction_time.or(page.manifest.transaction_time);
            for (to, from) in [
                (&mut manifest.files, page.manifest.files),
                (&mut manifest.deleted, page.manifest.deleted),
                (&mut manifest.errors, page.manifest.errors),
            ] {
                for mut file in from {
                    // Where a file may be fetched from is decided when it is fetched; here it only becomes absolute.
                    let url = place.join(file.url.trim());
                    file.url =
                        url.map_err(|_| self.error(ASKED, EhrErrorKind::Refused, "it lists a file that has no URL".to_owned()))?.into();
                    if !to.contains(&file) {
                        to.push(file);
                    }
                }
            }
            match page.next {
                Some(next) => place = self.own_url(&place, &next, ASKED)?,
                None => return Ok(ExportStatus::Ready(whole.unwrap_or_default())),
            }
        }
        Err(self.error(ASKED, EhrErrorKind::Refused, format!("its manifest has more than {MOST_MANIFEST_PAGES} pages")))
    }

    /// A page of a manifest. One after the first that is not there is looked for again: it may be on its way, and without it the
    /// export is not whole.
    async fn manifest_page(&self, place: &Url, first: bool, asked: &str) -> Result<Answer, EhrError> {
        let mut attempt = 0;
        loop {
            let ask = EgressRequest::get(place.clone()).header(header::ACCEPT, JSON).header(header::CACHE_CONTROL, super::NO_CACHE);
            let answer = self.exchange(ask, asked).await?;
            match self.require_success(answer, asked) {
                Err(error) if error.kind == EhrErrorKind::Gone && !first => {
                    let lost = self.error(asked, EhrErrorKind::Later(None), format!("a page of its manifest is lost: {}", error.reason));
                    if self.pause(lost, attempt).await.is_err() {
                        return Err(error);
                    }
                }
                other => return other,
            }
            attempt += 1;
        }
    }
}

fn parameters(request: &ExportRequest) -> Vec<(&'static str, String)> {
    let mut parameters = vec![(FORMAT, "application/fhir+ndjson".to_owned())];
    if !request.types.is_empty() {
        // One list: some servers take no repeated parameter.
        parameters.push((TYPE, request.types.join(",")));
    }
    if let Some(since) = request.since {
        parameters.push((SINCE, instant(since)));
    }
    if !request.type_filters.is_empty() {
        let filters: Vec<String> = request.type_filters.iter().map(|it| it.replace(',', "%2C")).collect();
        parameters.push((TYPE_FILTER, filters.join(",")));
    }
    parameters
}

fn kick_off_request(url: &Url, parameters: &[(&'static str, String)], by_post: bool) -> EgressRequest {
    if by_post {
        let one = |(name, value): &(&str, String)| {
            let kind = if *name == SINCE { "valueInstant" } else { "valueString" };
            json!({ "name": name, kind: value })
        };
        let list: Vec<Value> = parameters.iter().map(one).collect();
        let body = json!({"resourceType": "Parameters", "parameter": list}).to_string();
        return EgressRequest::post(url.clone(), HeaderValue::from_static("application/fhir+json"), body).header(header::ACCEPT, FHIR_JSON);
    }
    let mut url = url.clone();
    url.query_pairs_mut().extend_pairs(parameters);
    EgressRequest::get(url).header(header::ACCEPT, FHIR_JSON)
}

/// Which parameter a server may have refused: the one it names, else the first that may be left out.
fn to_leave_out(parameters: &[(&'static str, String)], body: &[u8]) -> Option<&'static str> {
    let said = words(body);
    let there = |name: &&str| parameters.iter().any(|(other, _)| other == name);
    let mut optional = OPTIONAL.into_iter().filter(there);
    optional.clone().find(|name| said.contains(name)).or_else(|| {
        let names_another = [TYPE_FILTER, TYPE].iter().any(|name| said.contains(name));
        if names_another { None } else { optional.next() }
    })
}
