//! What the provider of a channel tells: what became of messages, that somebody answered, that somebody wants no more. The channel's
//! plugin reads the request, and decides whether it is the provider's; what it says is kept before the provider is answered.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use gateway_domain::audit::{Actor, AuditAction};
use gateway_domain::interaction::InteractionKind;
use gateway_ports::plugins::{ChannelPlugin, DeliveryState, Notice, PluginError, WebhookReceipt, WebhookRequest};
use gateway_ports::store::StoreError;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::ApiDeps;

/// The most bytes of a request that are read.
const LARGEST: usize = 64 << 10;
/// Requests that are read at the same time.
const PLACES: usize = 4;
/// What the audit names.
const OBJECT: &str = "/webhooks/channel/{medium}";

/// A request to the address of a channel.
pub(crate) async fn take(State(deps): State<ApiDeps>, Path(medium): Path<String>, request: Request) -> Response {
    let answered = receive(&deps, &medium, request).await;
    let outcome = answered.as_ref().map_or_else(|refusal| refusal.name(), |_| "taken");
    metrics::counter!("channel_webhooks_total", "outcome" => outcome).increment(1);
    match answered {
        Ok(receipt) => answer(receipt),
        Err(refusal) => refusal.into_response(),
    }
}

/// What it takes to listen to providers.
#[derive(Debug)]
pub struct ChannelWebhooks {
    configs: BTreeMap<String, String>,
    places: Semaphore,
}

impl ChannelWebhooks {
    /// With the configuration of each plugin, a JSON document by the plugin's name; `{}` where there is none.
    pub fn new(configs: BTreeMap<String, String>) -> Self {
        Self { configs, places: Semaphore::new(PLACES) }
    }

    fn config(&self, plugin: &dyn ChannelPlugin) -> &str {
        self.configs.get(plugin.name().as_str()).map_or("{}", String::as_str)
    }
}

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// No channel of this name is told things.
    Nobody,
    /// It is not the provider's.
    Forged,
    /// It can't be read.
    Unreadable,
    /// It is larger than is read.
    TooLarge,
    /// Not now; the provider should try again.
    Later,
}

impl Refusal {
    const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Forged => "forged",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too-large",
            Self::Later => "later",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Nobody => StatusCode::NOT_FOUND.into_response(),
            Self::Forged => StatusCode::FORBIDDEN.into_response(),
            Self::Unreadable => StatusCode::BAD_REQUEST.into_response(),
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::Later => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, HeaderValue::from_static("30"))]).into_response(),
        }
    }
}

impl From<PluginError> for Refusal {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::Missing { .. } => Self::Nobody,
            PluginError::Refused { .. } => Self::Forged,
            PluginError::Invalid { .. } => Self::Unreadable,
            _ => Self::Later,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "What the provider of a channel told could not be kept");
        Self::Later
    }
}

async fn receive(deps: &ApiDeps, medium: &str, request: Request) -> Result<WebhookReceipt, Refusal> {
    let plugin = deps.plugins.channel(medium)?;
    if !plugin.has_webhook() {
        return Err(Refusal::Nobody);
    }
    // Those who ask without being known take no more places than these from those who send.
    let Ok(_place) = deps.webhooks.places.try_acquire() else { return Err(Refusal::Later) };
    let (parts, body) = request.into_parts();
    let now = deps.clock.now();
    let path = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let request = WebhookRequest {
        method: parts.method.as_str().to_owned(),
        url: format!("{}/webhooks{path}", deps.public_url.as_str().trim_end_matches('/')),
        headers: headers(&parts.headers),
        body: read(body).await?,
        received_at: now,
    };
    let receipt = plugin.receive(deps.webhooks.config(&*plugin), &request).await?;
    for notice in &receipt.notices {
        keep(deps, medium, &*plugin, notice, now).await?;
    }
    Ok(receipt)
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    #[expect(clippy::disallowed_methods, reason = "it has a limit of its own, lower than the listener's, beyond which the body is left")]
    let body = to_bytes(body, LARGEST).await;
    body.map(Vec::from).map_err(|_| Refusal::TooLarge)
}

/// The headers that are text, but for cookies, which are none of a provider's.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let readable = headers.iter().filter(|(name, _)| *name != header::COOKIE);
    readable.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect()
}

async fn keep(deps: &ApiDeps, medium: &str, plugin: &dyn ChannelPlugin, notice: &Notice, now: Timestamp) -> Result<(), Refusal> {
    let evidence = format!("plugin {}", plugin.name());
    let known = match notice {
        Notice::Delivery { provider_id, state, .. } => {
            let became = match state {
                DeliveryState::Delivered => InteractionKind::Delivered,
                DeliveryState::Failed => InteractionKind::Failed,
                DeliveryState::Undeliverable => InteractionKind::Bounced,
            };
            deps.store.record_delivery(medium, provider_id, became, now).await?
        }
        Notice::OptedOut(address) => {
            let people = deps.store.refuse_address(medium, address, &evidence, now).await?;
            let actor = Actor::Plugin(plugin.name().to_string());
            let entry = deps.entry(actor, AuditAction::Update, OBJECT, None, true, format!("medium={medium} refusals={people}"));
            // Leaving counts even where the audit can't be written; the decision carries its own evidence.
            if let Err(error) = deps.store.audit(&[entry]).await {
                tracing::error!(%error, "Audit of an opt-out could not be written");
            }
            true
        }
        Notice::Answered(address) => deps.store.record_answer(medium, address, now).await?,
    };
    deps.wake.journeys_changed();
    if !known {
        metrics::counter!("channel_notices_unknown_total").increment(1);
        tracing::info!(medium, plugin = %plugin.name(), "A provider told of a message that is not known here");
    }
    Ok(())
}

fn answer(receipt: WebhookReceipt) -> Response {
    let status = StatusCode::from_u16(receipt.status).unwrap_or(StatusCode::OK);
    let mut response = (status, receipt.body).into_response();
    // Whatever a plugin calls it, no browser takes it for a page of ours.
    let kind = receipt.content_type.and_then(|kind| HeaderValue::from_str(&kind).ok());
    let kind = kind.unwrap_or_else(|| HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    response
}
