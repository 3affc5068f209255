//! `wasi:http`: requests to the origins that were granted, counted, with secrets put into their headers on the way out.
//!
//! Architecture invariant: nothing is sent here. The request goes, whole, to the port; its adapter keeps it from addresses inside the
//! hospital.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway_domain::capability::HttpOrigin;
use gateway_domain::plugin::PluginName;
use gateway_domain::plugin_call::HttpTraffic;
use gateway_ports::http::{HttpClient, OutboundError, OutboundRequest, OutboundResponse};
use http_body_util::{BodyExt, Full, Limited};
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::{clocks, io};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks};

use crate::config::HostConfig;
use crate::host::CallState;
use crate::host::secret::fill;
use crate::settings::Reach;

/// A secret shorter than this could be in a response by chance.
const TELLING: usize = 8;

/// What a call has of the web. A call without the capability has it too, and is never given a way to it.
pub(crate) struct Web {
    table: ResourceTable,
    http: WasiHttpCtx,
    clocks: Option<WasiClocksCtx>,
    hooks: Hooks,
}

/// Requests and bytes of a call, both ways.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    requests: AtomicUsize,
    sent: AtomicUsize,
    received: AtomicUsize,
    /// Microseconds of all exchanges together.
    time: AtomicU64,
}

impl Traffic {
    /// As the trace of the call shows it.
    pub(crate) fn seen(&self) -> HttpTraffic {
        let seen = |number: &AtomicUsize| number.load(Ordering::Relaxed) as u64;
        HttpTraffic { requests: seen(&self.requests), sent_bytes: seen(&self.sent), received_bytes: seen(&self.received) }
    }

    /// How long all exchanges took together.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_micros(self.time.load(Ordering::Relaxed))
    }
}

struct Hooks {
    plugin: PluginName,
    client: Option<Arc<dyn HttpClient>>,
    reach: Arc<Reach>,
    traffic: Arc<Traffic>,
    most_requests: usize,
    most_bytes: usize,
    time: Duration,
}

struct WasiIo;

impl HasData for WasiIo {
    type Data<'a> = &'a mut ResourceTable;
}

impl Web {
    pub(crate) fn new(plugin: &PluginName, client: Option<Arc<dyn HttpClient>>, reach: Arc<Reach>, config: &HostConfig) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(config.handles);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(config.http_header_bytes);
        let hooks = Hooks {
            plugin: plugin.clone(),
            client,
            reach,
            traffic: Arc::default(),
            most_requests: config.http_requests,
            most_bytes: config.http_bytes,
            time: config.http_time,
        };
        Self { table, http, clocks: None, hooks }
    }

    /// How much it was used.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.hooks.traffic
    }

    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }

    fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView { ctx: self.clocks.get_or_insert_default(), table: &mut self.table }
    }
}

/// Links `wasi:http` with what it stands on: streams, waiting, and a clock that says how long something took.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<_, WasiIo>(linker, |state| &mut state.web.table)?;
    io::poll::add_to_linker::<_, WasiIo>(linker, |state| &mut state.web.table)?;
    io::streams::add_to_linker::<_, WasiIo>(linker, |state| &mut state.web.table)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, |state| state.web.clocks())?;
    types::add_to_linker::<_, WasiHttp>(linker, &(&LinkOptions::default()).into(), |state| state.web.http())?;
    outgoing_handler::add_to_linker::<_, WasiHttp>(linker, |state| state.web.http())
}

type Sent = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<()>> + Send>)>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _ended: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let exchange = Exchange {
            plugin: self.plugin.clone(),
            client: self.client.clone(),
            reach: Arc::clone(&self.reach),
            traffic: Arc::clone(&self.traffic),
            most_bytes: self.most_bytes,
            time: options.and_then(|options| options.first_byte_timeout).map_or(self.time, |time| time.min(self.time)),
        };
        let is_one_more = self.traffic.requests.fetch_add(1, Ordering::Relaxed) < self.most_requests;
        Box::new(async move {
            if !is_one_more {
                return Err(exchange.denied("it sent too many requests in one call"));
            }
            let response = exchange.carry_out(request).await?;
            Ok((response, Box::new(async { Ok(()) }) as Box<dyn Future<Output = Result<()>> + Send>))
        })
    }
}

/// One request and its response.
struct Exchange {
    plugin: PluginName,
    client: Option<Arc<dyn HttpClient>>,
    reach: Arc<Reach>,
    traffic: Arc<Traffic>,
    most_bytes: usize,
    time: Duration,
}

impl Exchange {
    async fn carry_out(&self, request: http::Request<WasiBody>) -> Result<http::Response<WasiBody>> {
        let (parts, body) = request.into_parts();
        let scheme = parts.uri.scheme_str().unwrap_or("https");
        let authority = parts.uri.authority().map(|authority| authority.as_str().to_ascii_lowercase()).unwrap_or_default();
        let origin = format!("{scheme}://{authority}").parse::<HttpOrigin>().ok().filter(|origin| self.reach.origins.contains(origin));
        let Some(origin) = origin else { return Err(self.denied("it asked a server that was not granted")) };
        let (mut headers, mut used) = (Vec::new(), Vec::new());
        for (name, value) in &parts.headers {
            if name == http::header::HOST {
                continue;
            }
            let Some(filled) = fill(value.as_bytes(), &self.reach, &origin) else {
                return Err(self.denied("it named a secret that was not given to it for this server"));
            };
            used.extend(filled.secrets);
            headers.push((name.as_str().to_owned(), filled.value));
        }
        let Some(client) = &self.client else { return Err(Error::DestinationUnavailable) };
        let body = Limited::new(body, self.left()).collect().await.map_err(|_| Error::HttpRequestBodySize(None))?.to_bytes();
        self.traffic.sent.fetch_add(body.len(), Ordering::Relaxed);
        let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let request = OutboundRequest {
            plugin: self.plugin.clone(),
            method: parts.method.as_str().to_owned(),
            url: format!("{origin}{path}"),
            headers,
            body: body.to_vec(),
            most_bytes: self.left(),
            time: self.time,
        };
        let started = Instant::now();
        let sent = client.send(request).await;
        let took = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.traffic.time.fetch_add(took, Ordering::Relaxed);
        let outcome = if sent.is_ok() { "answered" } else { "failed" };
        metrics::counter!("plugin_http_requests_total", "plugin" => self.plugin.to_string(), "outcome" => outcome).increment(1);
        let response = sent.map_err(failed)?;
        if tells(&response, &used) {
            return Err(self.denied("the server sent the secret back"));
        }
        self.traffic.received.fetch_add(response.body.len(), Ordering::Relaxed);
        answer(response)
    }

    /// Bytes that are left to the call.
    fn left(&self) -> usize {
        let used = self.traffic.sent.load(Ordering::Relaxed).saturating_add(self.traffic.received.load(Ordering::Relaxed));
        self.most_bytes.saturating_sub(used)
    }

    fn denied(&self, reason: &'static str) -> Error {
        metrics::counter!("plugin_http_refused_total", "plugin" => self.plugin.to_string()).increment(1);
        tracing::warn!(plugin = %self.plugin, reason, "A request of a plugin was refused");
        Error::HttpRequestDenied
    }
}

fn answer(response: OutboundResponse) -> Result<http::Response<WasiBody>> {
    let mut answer = http::Response::builder().status(response.status);
    for (name, value) in response.headers {
        answer = answer.header(name, value);
    }
    let body = Full::new(Bytes::from(response.body)).map_err(Error::from).boxed_unsync();
    answer.body(body).map_err(|_| Error::HttpProtocolError)
}

/// Whether a secret is in what came back.
fn tells(response: &OutboundResponse, secrets: &[Vec<u8>]) -> bool {
    let holds = |text: &[u8], secret: &[u8]| text.windows(secret.len()).any(|piece| piece == secret);
    secrets
        .iter()
        .filter(|secret| secret.len() >= TELLING)
        .any(|secret| holds(&response.body, secret) || response.headers.iter().any(|(_, value)| holds(value, secret)))
}

const fn failed(error: OutboundError) -> Error {
    match error {
        OutboundError::Refused => Error::DestinationIpProhibited,
        OutboundError::UnknownHost => Error::DestinationNotFound,
        OutboundError::NoConnection => Error::ConnectionRefused,
        OutboundError::Untrusted => Error::TlsCertificateError,
        OutboundError::TimedOut => Error::HttpResponseTimeout,
        OutboundError::BrokenOff => Error::HttpResponseIncomplete,
        OutboundError::TooLarge => Error::HttpResponseBodySize(None),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    /// Answers with three bytes.
    struct Echo;

    #[async_trait]
    impl HttpClient for Echo {
        async fn send(&self, _: OutboundRequest) -> std::result::Result<OutboundResponse, OutboundError> {
            Ok(OutboundResponse { status: 200, headers: Vec::new(), body: b"yes".to_vec() })
        }
    }

    #[tokio::test]
    async fn bytes_are_counted_both_ways_and_against_one_limit() {
        let origin: HttpOrigin = "https://api.example".parse().unwrap();
        let exchange = Exchange {
            plugin: PluginName::new("one").unwrap(),
            client: Some(Arc::new(Echo)),
            reach: Arc::new(Reach { origins: vec![origin], ..Reach::default() }),
            traffic: Arc::default(),
            most_bytes: 20,
            time: Duration::from_secs(1),
        };
        let ask = |body: &'static [u8]| {
            let body = Full::new(Bytes::from_static(body)).map_err(Error::from).boxed_unsync();
            exchange.carry_out(http::Request::post("https://api.example/v1").body(body).unwrap())
        };
        assert!(ask(b"hello").await.is_ok());
        assert!(ask(b"thirteen long").await.is_err(), "twelve bytes are left");
        let seen = exchange.traffic.seen();
        assert_eq!((seen.sent_bytes, seen.received_bytes, exchange.left()), (5, 3, 12));
    }
}
