//! Channels: messages out, and the provider's requests in, with servers that answer what the case says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::{InstallError, PluginSettings, Secret};
use gateway_ports::http::{HttpClient, OutboundError, OutboundRequest, OutboundResponse};
use gateway_ports::mail::{MailRelay, RelayOutcome};
use gateway_ports::plugins::{ChannelPlugin, DeliveryState, Notice, SendOutcome, WebhookReceipt, WebhookRequest};
use gateway_ports::store::{PluginValueStore, StoreError};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{Observed, RunError, Suite, Surroundings, Usage, at, error_text, whole, whole_with};
use crate::case::channel::{ChannelCase, WebhookOfCase};

pub(super) async fn run(suite: &Suite, case: &ChannelCase) -> Result<(Vec<Observed>, Usage), RunError> {
    let (servers, relay, values) = (Arc::new(Servers::of(case)), Arc::new(Relay::of(case)), Arc::new(Values::of(case)));
    let secret = |secret: &crate::case::channel::SecretOfCase| Secret::new(secret.value.as_bytes(), secret.origin.clone());
    let settings = PluginSettings {
        config: case.config.clone(),
        origins: case.origins.clone(),
        secrets: case.secrets.iter().map(|(name, it)| (name.clone(), secret(it))).collect(),
    };
    let around = Surroundings {
        mail: Some(Arc::<Relay>::clone(&relay)),
        http: Some(Arc::<Servers>::clone(&servers)),
        values: Some(Arc::<Values>::clone(&values)),
        terminology: None,
        settings,
    };
    let host = match suite.host(around).await {
        // As in a gateway, a channel that can't say what it carries under a configuration is not used with it.
        Err(InstallError::Describe(error)) => return Ok((vec![whole(&[], Some(error_text(&error)))], Usage::default())),
        other => other?,
    };
    let checked = match host.channel_named(suite.name()) {
        Ok(plugin) => plugin.check(&case.config).await.map(|issues| (plugin, issues)),
        Err(error) => Err(error),
    };
    let (plugin, issues) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok((vec![whole(&[], Some(error_text(&error)))], suite.usage(&host))),
    };
    let (mut observed, mut more, mut error) = (Vec::new(), Map::new(), None);
    if !issues.iter().any(|issue| issue.fatal) {
        if !case.send.is_empty() {
            match plugin.send(&case.config, &case.send).await {
                Ok(outcomes) => {
                    more.insert("outcomes".to_owned(), outcomes.iter().map(outcome).collect());
                }
                Err(reason) => error = Some(error_text(&reason)),
            }
        }
        for (place, webhook) in case.webhooks.iter().enumerate() {
            let found = received(plugin.as_ref(), &case.config, webhook).await;
            observed.push(Observed::Part { pointer: at("webhooks", place, "expect"), found });
        }
    }
    let mut asked = servers.asked().into_iter();
    for place in 0..case.exchanges.len() {
        let found = asked.next().unwrap_or_default();
        observed.push(Observed::Part { pointer: at("exchanges", place, "request"), found });
    }
    let unplanned: Vec<Value> = asked.collect();
    more.insert("unplanned".to_owned(), if unplanned.is_empty() { Value::Null } else { unplanned.into() });
    more.insert("mail".to_owned(), relay.taken());
    more.insert("kept".to_owned(), values.kept());
    observed.push(whole_with(&issues, error, more, !case.send.is_empty()));
    Ok((observed, suite.usage(&host)))
}

fn outcome(outcome: &SendOutcome) -> Value {
    match outcome {
        SendOutcome::Accepted(id) => json!({ "accepted": id.as_deref().unwrap_or_default() }),
        SendOutcome::Rejected(why) => json!({ "rejected": why }),
        SendOutcome::Later(wait) => json!({ "later": wait.map_or(Value::Bool(true), |wait| json!(wait.as_millis() as u64)) }),
        SendOutcome::Unknown(why) => json!({ "unknown": why }),
    }
}

async fn received(plugin: &dyn ChannelPlugin, config: &str, webhook: &WebhookOfCase) -> Value {
    let request = WebhookRequest {
        method: webhook.method.clone(),
        url: webhook.url.clone(),
        headers: webhook.headers.clone(),
        body: webhook.body.clone(),
        received_at: webhook.received_at,
    };
    match plugin.receive(config, &request).await {
        Ok(receipt) => receipt_shown(&receipt),
        Err(error) => json!({ "error": error_text(&error) }),
    }
}

fn receipt_shown(receipt: &WebhookReceipt) -> Value {
    let notices: Vec<Value> = receipt.notices.iter().map(notice).collect();
    let body = Some(String::from_utf8_lossy(&receipt.body)).filter(|body| !body.is_empty());
    json!({ "notices": notices, "status": receipt.status, "content_type": receipt.content_type, "body": body })
}

fn notice(notice: &Notice) -> Value {
    match notice {
        Notice::Delivery { provider_id, state, reason } => {
            let state = match state {
                DeliveryState::Delivered => "delivered",
                DeliveryState::Failed => "failed",
                DeliveryState::Undeliverable => "undeliverable",
            };
            json!({ state: provider_id, "reason": reason })
        }
        Notice::OptedOut(address) => json!({ "opted_out": address }),
        Notice::Answered(address) => json!({ "answered": address }),
    }
}

// === Servers ===

/// Answer in turn what the case says; to what it does not speak of nobody listens.
struct Servers {
    answers: Vec<Result<OutboundResponse, OutboundError>>,
    asked: Mutex<Vec<OutboundRequest>>,
}

impl Servers {
    fn of(case: &ChannelCase) -> Self {
        Self { answers: case.exchanges.clone(), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().map(request_shown).collect()
    }
}

#[async_trait]
impl HttpClient for Servers {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.answers.get(asked.len()).cloned();
        asked.push(request);
        answer.unwrap_or(Err(OutboundError::NoConnection))
    }
}

fn request_shown(request: &OutboundRequest) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers: Map<String, Value> = request.headers.iter().map(|(name, value)| (name.clone(), text(value).into())).collect();
    let is_form = headers.get("content-type").and_then(Value::as_str).is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    let mut shown = json!({ "method": request.method, "url": request.url, "headers": headers });
    let body = if request.body.is_empty() {
        None
    } else if is_form {
        let fields: Map<String, Value> =
            form_urlencoded::parse(&request.body).map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
        Some(("form", Value::Object(fields)))
    } else {
        Some(serde_json::from_slice(&request.body).map_or_else(|_| ("text", text(&request.body).into()), |json| ("json", json)))
    };
    if let (Some(shown), Some((kind, body))) = (shown.as_object_mut(), body) {
        shown.insert(kind.to_owned(), body);
    }
    shown
}

// === The relay ===

/// Answers in turn what the case says, the last of it again and again.
struct Relay {
    answers: Vec<RelayOutcome>,
    taken: Mutex<Vec<Value>>,
}

impl Relay {
    fn of(case: &ChannelCase) -> Self {
        Self { answers: case.relay.clone(), taken: Mutex::default() }
    }

    fn taken(&self) -> Value {
        Value::Array(self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[async_trait]
impl MailRelay for Relay {
    async fn relay(&self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.answers.get(taken.len()).or(self.answers.last()).cloned();
        taken.push(json!({ "from": envelope_from, "to": envelope_to, "message": String::from_utf8_lossy(message) }));
        answer.unwrap_or_else(|| RelayOutcome::Later("the case has no `relay`".to_owned()))
    }
}

// === What the plugin keeps ===

struct Values(Mutex<BTreeMap<String, Vec<u8>>>);

impl Values {
    fn of(case: &ChannelCase) -> Self {
        Self(Mutex::new(case.kept.iter().map(|(key, value)| (key.clone(), value.clone().into_bytes())).collect()))
    }

    fn kept(&self) -> Value {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Value::Object(values.iter().map(|(key, value)| (key.clone(), String::from_utf8_lossy(value).into())).collect())
    }
}

#[async_trait]
impl PluginValueStore for Values {
    async fn plugin_value(&self, _plugin: &PluginName, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    async fn put_plugin_value(&self, _plugin: &PluginName, key: &str, value: &[u8], most_bytes: u64) -> Result<bool, StoreError> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let others: usize = values.iter().filter(|(other, _)| *other != key).map(|(key, value)| key.len() + value.len()).sum();
        let fits = (others + key.len() + value.len()) as u64 <= most_bytes;
        if fits {
            values.insert(key.to_owned(), value.to_vec());
        }
        Ok(fits)
    }

    async fn delete_plugin_value(&self, _plugin: &PluginName, key: &str) -> Result<(), StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        Ok(())
    }

    async fn plugin_value_keys(&self, _plugin: &PluginName, prefix: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(values.keys().filter(|key| key.starts_with(prefix)).take(limit as usize).cloned().collect())
    }
}
