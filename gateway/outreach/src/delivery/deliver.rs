//! The stage that hands messages to channels: render, pass the gate (which makes `in_flight` durable), assemble, send, record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt, stream};
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::gate::Verdict;
use gateway_domain::ids::{AuditId, MessageId};
use gateway_domain::message::Message;
use gateway_domain::message_template::MessageTemplate;
use gateway_ports::content::RenderedMessage;
use gateway_ports::plugins::{ChannelDescription, ChannelPlugin, OutgoingMessage, PluginError};
use gateway_ports::store::messages::{HandOver, Prepared};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};

use super::outcome::{self, hand_over};
use super::pace::Pace;
use super::reason::DeliveryReason;
use super::render::{Rendered, assemble, render};
use crate::OutreachError;
use crate::settings::{after, back_off};
use crate::workers::{OutreachDeps, Progress, Stage, Wake};

/// What is held for a person's translator or an operator is looked at again after this.
const HELD: SignedDuration = SignedDuration::from_hours(1);
/// What a channel that can't be asked holds is looked at again after this, doubled with each failure up to ten minutes.
const CHANNEL_AWAY: SignedDuration = SignedDuration::from_secs(30);
/// The only kind of content that is made so far.
const EMAIL: &str = "message/rfc822";
/// How often recording an outcome is tried before it is left to recovery.
const RECORD_TRIES: u32 = 8;

/// Hands messages to channels.
pub struct Deliver {
    deps: OutreachDeps,
    wake: Wake,
    pace: Pace,
    /// When messages of processes that are gone were last looked for.
    recovered_at: Mutex<Option<Timestamp>>,
}

/// A channel that can be asked.
struct Channel {
    plugin: Arc<dyn ChannelPlugin>,
    config: String,
    description: ChannelDescription,
}

impl Deliver {
    /// The stage.
    pub fn new(deps: OutreachDeps, wake: Wake) -> Self {
        Self { deps, wake, pace: Pace::default(), recovered_at: Mutex::default() }
    }

    /// Messages that a process that is gone was handing over become `unknown`: before the first send and, where processes share a
    /// database, from time to time.
    async fn recover(&self, now: Timestamp) -> Result<(), OutreachError> {
        let age = self.deps.settings.recover_after;
        let last = *self.recovered_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| age > SignedDuration::ZERO && now.duration_since(last) >= age);
        if !due {
            return Ok(());
        }
        let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        let unknown = self.deps.store.recover_in_flight(before, now).await?;
        for message in &unknown {
            tracing::warn!(%message, "A message may or may not have gone out; a person has to look");
        }
        metrics::counter!("outreach_messages_total", "outcome" => "unknown").increment(unknown.len() as u64);
        if !unknown.is_empty() {
            self.wake.journeys_changed();
        }
        *self.recovered_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(())
    }

    /// The channels of the batch, each asked once.
    async fn channels(&self, messages: &[Message]) -> BTreeMap<String, Result<Channel, PluginError>> {
        let mut channels = BTreeMap::new();
        for message in messages {
            if !channels.contains_key(&message.medium) {
                channels.insert(message.medium.clone(), self.channel(&message.medium).await);
            }
        }
        channels
    }

    async fn channel(&self, medium: &str) -> Result<Channel, PluginError> {
        let plugin = self.deps.plugins.channel(medium)?;
        let config = self.deps.settings.channels.get(plugin.name().as_str()).cloned().unwrap_or_else(|| "{}".to_owned());
        let description = plugin.describe(&config).await?;
        if !description.content_kinds.iter().any(|kind| kind == EMAIL) {
            let reason = format!("it takes {:?}, and messages are made as `{EMAIL}`", description.content_kinds);
            return Err(PluginError::Invalid { plugin: plugin.name().to_string(), reason });
        }
        Ok(Channel { plugin, config, description })
    }

    async fn templates(&self, messages: &[Message]) -> Result<BTreeMap<String, MessageTemplate>, OutreachError> {
        let mut templates = BTreeMap::new();
        for message in messages {
            if !templates.contains_key(&message.template)
                && let Some(template) = self.deps.store.message_template(&message.template).await?
            {
                templates.insert(message.template.clone(), template);
            }
        }
        Ok(templates)
    }

    /// One row for each channel that is about to see addresses and messages.
    async fn audit(
        &self,
        messages: &[Message],
        channels: &BTreeMap<String, Result<Channel, PluginError>>,
        now: Timestamp,
    ) -> Result<(), OutreachError> {
        let entries: Vec<AuditEntry> = channels
            .iter()
            .filter_map(|(medium, channel)| Some((medium, channel.as_ref().ok()?)))
            .map(|(medium, channel)| AuditEntry {
                id: AuditId::new(now, self.deps.entropy.for_id()),
                at: now,
                actor: Actor::Plugin(channel.plugin.name().to_string()),
                action: AuditAction::Read,
                object: "outgoing-messages".to_owned(),
                patient: None,
                allowed: true,
                detail: format!("medium={medium} messages={}", messages.iter().filter(|message| message.medium == *medium).count()),
            })
            .collect();
        if !entries.is_empty() {
            self.deps.store.audit(&entries).await?;
        }
        Ok(())
    }

    /// One message from `due` to whatever becomes of it.
    async fn deliver(
        &self,
        message: &Message,
        channel: Option<&Result<Channel, PluginError>>,
        template: Option<&MessageTemplate>,
    ) -> Result<&'static str, OutreachError> {
        let now = self.deps.clock.now();
        let expired = message.expires_at.is_some_and(|expires_at| expires_at <= now);
        // What has expired or can't be rendered is left to the gate, which knows whether there is a weightier reason.
        let channel = match channel {
            Some(Ok(channel)) => {
                self.deps.problems.clear(&channel_object(&message.medium));
                channel
            }
            _ if expired => return self.refuse(message, DeliveryReason::NoChannel.name(), now).await,
            Some(Err(error)) => {
                self.deps.problems.note(channel_object(&message.medium), error.to_string(), now);
                let wait = back_off(message.tries, CHANNEL_AWAY, SignedDuration::from_mins(10));
                return self.hold(message, DeliveryReason::ChannelUnavailable.name(), wait, now).await;
            }
            None => return self.hold(message, DeliveryReason::ChannelUnavailable.name(), CHANNEL_AWAY, now).await,
        };
        let Some(template) = template else {
            return if expired {
                self.refuse(message, DeliveryReason::NoTemplate.name(), now).await
            } else {
                self.hold(message, DeliveryReason::NoTemplate.name(), HELD, now).await
            };
        };
        let Some(patient) = self.deps.store.patient(message.patient).await? else {
            return self.refuse(message, "not-seen", now).await;
        };
        let (content, links, sender) = (&*self.deps.content, &*self.deps.links, &self.deps.settings.sender);
        let rendered = match render(content, template, &patient.demographics, message.id, links, sender) {
            Rendered::Ready(rendered) => rendered,
            Rendered::NoTranslation if expired => return self.refuse(message, DeliveryReason::NoTranslation.name(), now).await,
            Rendered::NoTranslation => return self.hold(message, DeliveryReason::NoTranslation.name(), HELD, now).await,
            Rendered::Failed(reason) => return self.refuse(message, &reason, now).await,
        };
        self.pace.wait(&message.medium, channel.description.per_second).await;
        let prepared = Prepared { subject: rendered.subject.clone(), language: rendered.language.clone(), links: rendered.links.clone() };
        let policy = self.deps.policy.borrow().clone();
        let verdict = self.deps.store.pass_gate(message.id, Ok(&prepared), &policy, self.deps.clock.now()).await?;
        match verdict {
            Some(Verdict::Send(address)) => self.send(message, channel, &rendered, address.as_str()).await,
            other => Ok(self.note_verdict(other.as_ref())),
        }
    }

    /// The message is `in_flight`, durably. Whatever happens from here on ends in one recorded outcome, or in `unknown`.
    async fn send(
        &self,
        message: &Message,
        channel: &Channel,
        rendered: &RenderedMessage,
        to: &str,
    ) -> Result<&'static str, OutreachError> {
        let (sender, now) = (&self.deps.settings.sender, self.deps.clock.now());
        let unsubscribe = self.deps.links.unsubscribe(message.id);
        let end = match assemble(&*self.deps.content, rendered, to, message.id, &unsubscribe, sender, now) {
            Ok(body) => {
                let outgoing = OutgoingMessage {
                    key: message.id.to_string(),
                    to: to.to_owned(),
                    content_kind: EMAIL.to_owned(),
                    subject: Some(rendered.subject.clone()),
                    body,
                    attributes: vec![("envelope-from".to_owned(), sender.envelope_from().to_owned())],
                };
                let sending = channel.plugin.send(&channel.config, std::slice::from_ref(&outgoing));
                let answer = timeout(self.deps.settings.send_timeout, sending).await.ok();
                hand_over(answer, message, channel.description.promise, self.deps.clock.now())
            }
            Err(error) => HandOver::Rejected { reason: error.to_string() },
        };
        self.record(message.id, &end).await?;
        let outcome = outcome::name(&end);
        metrics::counter!("outreach_messages_total", "outcome" => outcome).increment(1);
        if !matches!(end, HandOver::Later { .. }) {
            self.wake.journeys_changed();
        }
        Ok(outcome)
    }

    /// Records an outcome; patiently, because an outcome that is lost makes the message `unknown`.
    async fn record(&self, id: MessageId, end: &HandOver) -> Result<(), OutreachError> {
        let mut tries = 0;
        loop {
            match self.deps.store.record_hand_over(id, end, self.deps.clock.now()).await {
                Err(error) if error.may_retry() && tries < RECORD_TRIES => {
                    tracing::warn!(message = %id, error = %error, "Recording what became of a message is tried again");
                    let wait = back_off(tries, SignedDuration::from_millis(50), SignedDuration::from_secs(5));
                    sleep(wait.unsigned_abs()).await;
                    tries += 1;
                }
                other => return other.map_err(OutreachError::from),
            }
        }
    }

    async fn hold(&self, message: &Message, reason: &str, wait: SignedDuration, now: Timestamp) -> Result<&'static str, OutreachError> {
        let until = after(now, wait);
        let until = message.expires_at.map_or(until, |expires_at| until.min(expires_at.max(now)));
        self.deps.store.hold_message(message.id, reason, until).await?;
        metrics::counter!("outreach_messages_total", "outcome" => "held").increment(1);
        Ok("held")
    }

    async fn refuse(&self, message: &Message, reason: &str, now: Timestamp) -> Result<&'static str, OutreachError> {
        let policy = self.deps.policy.borrow().clone();
        let verdict = self.deps.store.pass_gate(message.id, Err(reason), &policy, now).await?;
        Ok(self.note_verdict(verdict.as_ref()))
    }

    fn note_verdict(&self, verdict: Option<&Verdict>) -> &'static str {
        let outcome = match verdict {
            Some(Verdict::Send(_)) => "sent",
            Some(Verdict::Hold { .. }) => "held",
            Some(Verdict::Refuse(_)) => "refused",
            None => "no-longer-due",
        };
        metrics::counter!("outreach_messages_total", "outcome" => outcome).increment(1);
        if outcome == "refused" {
            self.wake.journeys_changed();
        }
        outcome
    }
}

#[async_trait]
impl Stage for Deliver {
    fn name(&self) -> &'static str {
        "deliver"
    }

    async fn work(&self) -> Result<Progress, OutreachError> {
        let now = self.deps.clock.now();
        self.recover(now).await?;
        let settings = &self.deps.settings;
        let messages = self.deps.store.claim_due_messages(settings.deliver_batch, now, after(now, settings.deliver_lease)).await?;
        if messages.is_empty() {
            return Ok(Progress { worked: false, next_due: self.deps.store.next_message_due().await? });
        }
        let channels = self.channels(&messages).await;
        let templates = self.templates(&messages).await?;
        self.audit(&messages, &channels, now).await?;
        let deliveries: Vec<_> = messages
            .iter()
            .map(|message| self.deliver(message, channels.get(&message.medium), templates.get(&message.template)).boxed())
            .collect();
        let results: Vec<Result<&'static str, OutreachError>> =
            stream::iter(deliveries).buffer_unordered(settings.deliver_concurrency.max(1)).collect().await;
        results.into_iter().find_map(Result::err).map_or(Ok(Progress { worked: true, next_due: None }), Err)
    }
}

fn channel_object(medium: &str) -> String {
    format!("channel {medium}")
}
