//! Channel plugins behind their port.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::issue::Issue;
use gateway_domain::plugin::{PluginKind, PluginName};
use gateway_ports::plugins::{
    ChannelDescription, ChannelPlugin, DeliveryPromise, OutgoingMessage, PluginError, SendOutcome, WebhookReceipt, WebhookRequest,
};
use tokio::time::timeout;

use crate::abi::v0_1::channel::ChannelPluginPre;
use crate::abi::v0_1::channel::exports::outreach::plugin::channel as wit;
use crate::abi::v0_1::{cut, issues, said};
use crate::asked::Asked;
use crate::attempt::{Attempt, Failure};
use crate::host::CallState;
use crate::install::{Entry, Installed};
use crate::{Shared, webhook};

/// Messages of one call, whatever a plugin says it takes.
const MOST_MESSAGES: u32 = 1_000;

/// A channel plugin.
pub(crate) struct Channels {
    pub(crate) shared: Arc<Shared>,
    pub(crate) installed: Arc<Installed>,
}

#[async_trait]
impl ChannelPlugin for Channels {
    fn name(&self) -> &PluginName {
        &self.installed.manifest.name
    }

    async fn check(&self, config: &str) -> Result<Vec<Issue>, PluginError> {
        let (component, ..) = entry(&self.installed)?;
        let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, Asked::check("config", config)).await?;
        let ended = timeout(self.shared.config.call_time, async {
            let plugin = component.instantiate_async(&mut store).await?;
            plugin.outreach_plugin_channel().call_check(&mut store, config).await
        });
        let ended = ended.await;
        attempt.finish(store, ended, issues)
    }

    async fn describe(&self, config: &str) -> Result<ChannelDescription, PluginError> {
        describe(&self.shared, &self.installed, config).await
    }

    /// A call that ended badly may have sent: its messages are `Unknown`, unless the channel is idempotent, and those after it wait.
    async fn send(&self, config: &str, messages: &[OutgoingMessage]) -> Result<Vec<SendOutcome>, PluginError> {
        let (_, promise, max_batch) = entry(&self.installed)?;
        let mut outcomes = Vec::with_capacity(messages.len());
        for batch in messages.chunks(max_batch.max(1)) {
            match self.send_batch(config, batch).await {
                Ok(sent) => outcomes.extend(sent),
                Err(PluginError::Stopped { reason, .. } | PluginError::Nonsense { reason, .. }) => {
                    let ended =
                        if promise == DeliveryPromise::Idempotent { SendOutcome::Later(None) } else { SendOutcome::Unknown(reason) };
                    outcomes.extend(batch.iter().map(|_| ended.clone()));
                }
                Err(error) if outcomes.is_empty() => return Err(error),
                Err(error) => {
                    let wait = if let PluginError::Unavailable { retry_after, .. } = error { retry_after } else { None };
                    outcomes.extend(batch.iter().map(|_| SendOutcome::Later(wait)));
                }
            }
        }
        Ok(outcomes)
    }

    fn has_webhook(&self) -> bool {
        matches!(self.installed.entry, Entry::Channel { webhook: Some(_), .. })
    }

    async fn receive(&self, config: &str, request: &WebhookRequest) -> Result<WebhookReceipt, PluginError> {
        webhook::receive(&self.shared, &self.installed, config, request).await
    }
}

impl Channels {
    async fn send_batch(&self, config: &str, messages: &[OutgoingMessage]) -> Result<Vec<SendOutcome>, PluginError> {
        let (component, ..) = entry(&self.installed)?;
        let batch: Vec<wit::Message> = messages.iter().map(message).collect();
        let (attempt, mut store) = Attempt::begin(&self.shared, &self.installed, Asked::send(config, messages)).await?;
        store.data_mut().allowance.may_write_to(messages.iter().map(|message| message.to.clone()).collect());
        let ended = timeout(self.shared.config.call_time, async {
            let plugin = component.instantiate_async(&mut store).await?;
            plugin.outreach_plugin_channel().call_send(&mut store, config, &batch).await
        });
        let ended = ended.await;
        attempt.finish(store, ended, |answer| {
            let sent = answer.map_err(|error| said(&error, self.name().as_str()))?;
            if sent.len() != messages.len() {
                return Err(Failure::Nonsense(format!("{} outcomes for {} messages", sent.len(), messages.len())));
            }
            Ok(sent.into_iter().map(outcome).collect())
        })
    }
}

fn entry(installed: &Installed) -> Result<(&ChannelPluginPre<CallState>, DeliveryPromise, usize), PluginError> {
    match &installed.entry {
        Entry::Channel { component, promise, max_batch, .. } => Ok((component, *promise, *max_batch)),
        _ => Err(installed.is_no(PluginKind::Channel)),
    }
}

/// What a channel carries and promises.
pub(crate) async fn describe(shared: &Shared, installed: &Installed, config: &str) -> Result<ChannelDescription, PluginError> {
    let (component, ..) = entry(installed)?;
    let (attempt, mut store) = Attempt::begin(shared, installed, Asked::describe(config)).await?;
    let ended = timeout(shared.config.call_time, async {
        let plugin = component.instantiate_async(&mut store).await?;
        plugin.outreach_plugin_channel().call_describe(&mut store, config).await
    });
    let ended = ended.await;
    attempt.finish(store, ended, |answer| {
        let description = answer.map_err(|error| said(&error, installed.manifest.name.as_str()))?;
        if description.medium.is_empty() || description.max_batch == 0 || description.content_kinds.len() > 100 {
            return Err(Failure::Nonsense("a channel without a medium, or that takes no message".to_owned()));
        }
        Ok(ChannelDescription {
            medium: cut(&description.medium),
            content_kinds: description.content_kinds.iter().map(|kind| cut(kind)).collect(),
            promise: match description.promise {
                wit::Promise::AtMostOnce => DeliveryPromise::AtMostOnce,
                wit::Promise::Idempotent => DeliveryPromise::Idempotent,
            },
            max_batch: description.max_batch.min(MOST_MESSAGES),
            per_second: description.per_second,
        })
    })
}

fn message(message: &OutgoingMessage) -> wit::Message {
    wit::Message {
        key: message.key.clone(),
        to: message.to.clone(),
        content_kind: message.content_kind.clone(),
        subject: message.subject.clone(),
        body: message.body.clone(),
        attributes: message.attributes.clone(),
    }
}

fn outcome(outcome: wit::Outcome) -> SendOutcome {
    match outcome {
        wit::Outcome::Accepted(id) => SendOutcome::Accepted(id.map(|id| cut(&id))),
        wit::Outcome::Rejected(why) => SendOutcome::Rejected(cut(&why)),
        wit::Outcome::Later(wait) => SendOutcome::Later(wait.map(|wait| Duration::from_millis(u64::from(wait)))),
        wit::Outcome::Unknown(why) => SendOutcome::Unknown(cut(&why)),
    }
}
