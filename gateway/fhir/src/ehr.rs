//! A FHIR server over the guarded client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use fhir_profiles::SearchRules;
use gateway_auth::AuthorizedClient;
use gateway_net::backoff::BackoffPolicy;
use gateway_net::budget::{Budget, BudgetLimits, RatesSeen};
use gateway_net::egress::{EgressRequest, Origin};
use gateway_net::retry_after::http_date;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::{
    DeletedPage, Ehr, EhrCapabilities, EhrError, EhrErrorKind, ExportFile, ExportLines, ExportRequest, ExportStatus, SearchPage,
    SearchRequest, StartedExport,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use url::Url;

use self::exchange::Answer;

pub(crate) mod bundle;
mod capabilities;
pub(crate) mod exchange;
mod export;
mod file;
pub(crate) mod lines;
pub(crate) mod manifest;
mod place;
mod search;
mod subscription;

/// Some servers refuse plain JSON, some know nothing else, and some send XML unless they are asked.
const FHIR_JSON: HeaderValue = HeaderValue::from_static("application/fhir+json, application/json;q=0.9");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// A server that asks for a longer wait than this between two looks at an export is asked again all the same.
const LONGEST_POLL: Duration = Duration::from_mins(5);
/// Manifests that come in pieces; more than this is a loop.
const MOST_MANIFEST_PAGES: usize = 1_000;

/// How a server is spoken to.
#[derive(Clone, Debug)]
pub struct FhirServerConfig {
    /// The FHIR base URL.
    pub base_url: Url,
    /// How often a request is tried where another try can help.
    pub tries: u32,
    /// The waits between tries.
    pub backoff: BackoffPolicy,
    /// How it is searched.
    pub rules: SearchRules,
    /// How hard it is asked.
    pub budget: BudgetLimits,
    /// The most bytes of a page, manifest or capability statement.
    pub largest_document: u64,
    /// The most bytes of a line in an export.
    pub longest_line: usize,
    /// Other origins from which files of exports are fetched, always without a credential.
    pub file_hosts: Vec<Origin>,
    /// Links to other origins are asked at the server's own, with the same path and query: for a server that knows itself by an
    /// internal name.
    pub rebase_links: bool,
}

impl FhirServerConfig {
    /// The usual limits for a server at `base_url` that is searched as `rules` say.
    pub fn new(base_url: Url, rules: &SearchRules) -> Self {
        Self {
            base_url,
            tries: 5,
            backoff: BackoffPolicy { first: Duration::from_secs(1), longest: Duration::from_secs(30) },
            rules: rules.clone(),
            budget: BudgetLimits::default(),
            largest_document: 256 << 20,
            longest_line: 16 << 20,
            file_hosts: Vec::new(),
            rebase_links: false,
        }
    }

    /// Few tries and short waits.
    pub fn for_testing(base_url: Url) -> Self {
        Self {
            base_url,
            tries: 3,
            backoff: BackoffPolicy { first: Duration::from_millis(2), longest: Duration::from_millis(10) },
            rules: SearchRules { page_size: 500, required: BTreeMap::new(), if_refused: BTreeMap::new() },
            budget: BudgetLimits { longest_pause: Duration::from_millis(50), ..BudgetLimits::default() },
            largest_document: 8 << 20,
            longest_line: 64 << 10,
            file_hosts: Vec::new(),
            rebase_links: false,
        }
    }
}

/// A FHIR server.
pub struct FhirServer {
    config: FhirServerConfig,
    client: AuthorizedClient,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    budget: Arc<Budget>,
    /// It was seen to give `next` links, so that none is the end.
    gives_next: AtomicBool,
    /// By which of `place::WAYS` it was seen to page, else where to begin trying; one past the last where none works.
    counts_by: AtomicUsize,
    /// Types it refused to be searched for without more parameters, and showed with them.
    refused: Mutex<BTreeSet<String>>,
}

impl FhirServer {
    /// A server that is spoken to through `client`, which is bound to the origin of its base URL.
    /// Other origins it may ask for files have to be listed in `config` and opened in the client.
    pub fn new(config: FhirServerConfig, client: AuthorizedClient, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let budget = Arc::new(Budget::new(config.budget));
        Self {
            config,
            client,
            clock,
            entropy,
            budget,
            gives_next: AtomicBool::new(false),
            counts_by: AtomicUsize::new(0),
            refused: Mutex::default(),
        }
    }

    /// The same, within a budget that others who ask the server share.
    #[must_use]
    pub fn within(self, budget: Arc<Budget>) -> Self {
        Self { budget, ..self }
    }

    /// What it was seen to say about its limits.
    pub fn rates(&self) -> RatesSeen {
        self.budget.seen()
    }

    /// The URL of something under the base.
    fn url(&self, path: &[&str]) -> Result<Url, EhrError> {
        let mut url = self.config.base_url.clone();
        url.set_query(None);
        url.set_fragment(None);
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(self.error("anything", EhrErrorKind::Refused, "its base URL can't have a path".to_owned())),
        };
        Ok(url)
    }

    /// A URL the server gave, resolved against where it was given and held to the server's own origin.
    fn own_url(&self, base: &Url, link: &str, asked: &str) -> Result<Url, EhrError> {
        let url =
            base.join(link.trim()).map_err(|_| self.error(asked, EhrErrorKind::Refused, "it gave a link that is no URL".to_owned()))?;
        if self.client.egress().origin().owns(&url) {
            return Ok(url);
        }
        if let Some(url) = self.rebased(&url) {
            return Ok(url);
        }
        let place = Origin::of(&url).map_or_else(|| url.scheme().to_owned(), |it| it.to_string());
        let reason = format!(
            "it gave a link to {place}, and our token stays at {}; check the base URL the server is configured with, or set `rebase_links` of the source",
            self.client.egress().origin()
        );
        Err(self.error(asked, EhrErrorKind::Refused, reason))
    }

    /// The same path and query at the server's own origin, where the operator wants that.
    fn rebased(&self, url: &Url) -> Option<Url> {
        if !self.config.rebase_links || !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let mut own = self.config.base_url.clone();
        own.set_path(url.path());
        own.set_query(url.query());
        own.set_fragment(None);
        Some(own)
    }

    async fn get_fhir(&self, url: Url, asked: &str) -> Result<Answer, EhrError> {
        let request = EgressRequest::get(url)
            .header(header::ACCEPT, FHIR_JSON)
            .header(header::CACHE_CONTROL, NO_CACHE)
            .header(PREFER, HeaderValue::from_static("handling=strict"));
        let answer = self.exchange(request, asked).await?;
        self.require_success(answer, asked)
    }

    fn answered_at(headers: &HeaderMap) -> Option<Timestamp> {
        http_date(headers.get(header::DATE)?.to_str().ok()?)
    }
}

/// A moment as every server understands it, in UTC and cut to whole seconds, so that nothing of the second is missed.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[async_trait]
impl Ehr for FhirServer {
    async fn capabilities(&self) -> Result<EhrCapabilities, EhrError> {
        const ASKED: &str = "its CapabilityStatement";
        match self.get_fhir(self.url(&["metadata"])?, ASKED).await {
            // Something else than a CapabilityStatement is as good as none: what the server can do is tried.
            Ok(answer) => Ok(capabilities::read(&answer.body).unwrap_or_default()),
            Err(error) if matches!(error.kind, EhrErrorKind::Gone | EhrErrorKind::Unsupported) || exchange::is_web_page(&error) => {
                Ok(EhrCapabilities::default())
            }
            Err(error) => Err(error),
        }
    }

    async fn start_export(&self, request: &ExportRequest) -> Result<StartedExport, EhrError> {
        self.kick_off(request).await
    }

    async fn export_status(&self, job: &str) -> Result<ExportStatus, EhrError> {
        self.status(job).await
    }

    async fn open_file(&self, file: &ExportFile, skip: u64) -> Result<Box<dyn ExportLines>, EhrError> {
        let response = self.fetch_file(file).await?;
        Ok(Box::new(lines::Lines::new(response, self.config.base_url.to_string(), skip, self.config.longest_line)))
    }

    async fn end_export(&self, job: &str) -> Result<(), EhrError> {
        const ASKED: &str = "the end of an export";
        let url = self.own_url(&self.config.base_url, job, ASKED)?;
        let request = EgressRequest::new(Method::DELETE, url).header(header::ACCEPT, FHIR_JSON);
        let answer = self.exchange(request, ASKED).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(()),
            _ => self.require_success(answer, ASKED).map(drop),
        }
    }

    async fn search(&self, request: &SearchRequest, next: Option<&str>) -> Result<SearchPage, EhrError> {
        self.search_page(request, next).await
    }

    async fn deleted(&self, resource_type: &str, since: Timestamp, next: Option<&str>) -> Result<DeletedPage, EhrError> {
        self.deleted_page(resource_type, since, next).await
    }

    async fn read(&self, resource_type: &str, fhir_id: &str) -> Result<Option<Vec<u8>>, EhrError> {
        let asked = format!("{resource_type}/{fhir_id}");
        let request = EgressRequest::get(self.url(&[resource_type, fhir_id])?)
            .header(header::ACCEPT, FHIR_JSON)
            .header(header::CACHE_CONTROL, NO_CACHE);
        let answer = self.exchange(request, &asked).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            _ => Ok(Some(self.require_success(answer, &asked)?.body.to_vec())),
        }
    }
}
