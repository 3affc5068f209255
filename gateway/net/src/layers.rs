//! What happens around each request, whatever it asks for.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer, trace::TraceLayer,
};
use tracing::Span;

/// The header that carries the request's id back to whoever asked.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the layers need to know.
#[derive(Clone, Debug)]
pub struct LayerOptions {
    /// The `Content-Security-Policy` of responses that bring none of their own.
    /// `frame-ancestors 'none'` is added where it says nothing about frames.
    pub content_security_policy: HeaderValue,
    /// Whether users reach this listener over TLS: if so, browsers are told to insist on it.
    pub https: bool,
    /// The most bytes of a request's body.
    pub max_body_bytes: usize,
    /// The longest time for a response's head; after it the answer is 503.
    pub request_timeout: Duration,
    /// A random number that tells the request ids of this process from those of others.
    pub request_id_seed: u64,
}

impl LayerOptions {
    /// The defaults: everything from this origin only, 1 MiB, 30 seconds.
    pub fn new(https: bool, request_id_seed: u64) -> Self {
        Self {
            content_security_policy: HeaderValue::from_static(
                "default-src 'self'; base-uri 'none'; form-action 'self'; \
                 frame-ancestors 'none'; object-src 'none'",
            ),
            https,
            max_body_bytes: 1 << 20,
            request_timeout: Duration::from_secs(30),
            request_id_seed,
        }
    }
}

/// The id of a request: in its extensions, in its span, and in the response's `x-request-id`.
/// An id that the client sends is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Puts the layers around all routes of `router`. Read from the top: the first one is outermost.
pub fn with_layers(router: Router, options: &LayerOptions) -> Router {
    let policy = content_security_policy(&options.content_security_policy);
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(Arc::new(RequestIds::new(options.request_id_seed)), identify))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        // Outside of the panic catch, so that the answer to a panic carries these too.
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy))
        .option_layer(options.https.then(|| set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains")))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, options.request_timeout))
        // One limit for every way of reading a body, in place of the extractors' own.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(options.max_body_bytes));
    router.layer(layers)
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

fn content_security_policy(given: &HeaderValue) -> HeaderValue {
    let text = given.to_str().unwrap_or("default-src 'none'");
    if text.contains("frame-ancestors") {
        return given.clone();
    }
    let rest = text.trim_end_matches([';', ' ']);
    HeaderValue::try_from(format!("{rest}; frame-ancestors 'none'"))
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

struct RequestIds {
    seed: u64,
    next: AtomicU64,
}

impl RequestIds {
    fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1) }
    }

    fn issue(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let text = format!("{:016x}-{number}", self.seed);
        RequestId(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unnamed")))
    }
}

async fn identify(State(ids): State<Arc<RequestIds>>, mut request: Request, next: Next) -> Response {
    let id = ids.issue();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id.0);
    response
}

/// The span of a request names the route, never the path or the query: those hold ids and tokens
/// of people.
fn span<B>(request: &http::Request<B>) -> Span {
    let extensions = request.extensions();
    let route = extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let id = extensions.get::<RequestId>().map(tracing::field::display);
    tracing::info_span!("http.request", method = %request.method(), route, request_id = id)
}
