//! Plugins as the use cases see them: three kinds, each behind a trait, whatever runs them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::capability::Capability;
use gateway_domain::code::{CodeSet, Coding};
use gateway_domain::columns::PatientColumns;
use gateway_domain::fact::FactKinds;
use gateway_domain::issue::Issue;
use gateway_domain::journey::{Answer, JourneyEvent, Transition};
use gateway_domain::plugin::{Plugin, PluginName};
use gateway_domain::plugin_call::{PluginCall, PluginReport};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::patient_lookup::PatientLookup;

/// Why a plugin gave no answer. Each is an outcome of that one call; nothing else stops.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// There is no such plugin, or not of that kind.
    #[error("no {kind} plugin is called `{name}`; `outreach plugin list` shows those that are installed")]
    Missing {
        /// The kind that was asked for.
        kind: &'static str,
        /// The name that was asked for.
        name: String,
    },
    /// The configuration or definition is wrong.
    #[error("plugin `{plugin}` refused its configuration: {reason}")]
    Invalid {
        /// Its name.
        plugin: String,
        /// Where and what was expected.
        reason: String,
    },
    /// It needs to see what it was not granted.
    #[error("plugin `{plugin}` was not granted {}; grant it, or let it decide without", named(missing))]
    NotGranted {
        /// Its name.
        plugin: String,
        /// What it was not granted.
        missing: Vec<Capability>,
    },
    /// Something outside did not answer.
    #[error("plugin `{plugin}` is waiting for something outside")]
    Unavailable {
        /// Its name.
        plugin: String,
        /// When trying again makes sense.
        retry_after: Option<Duration>,
    },
    /// The plugin refused for a reason of its own.
    #[error("plugin `{plugin}` refused: {reason}")]
    Refused {
        /// Its name.
        plugin: String,
        /// Its reason.
        reason: String,
    },
    /// It trapped, ran out of fuel, memory or time.
    #[error("plugin `{plugin}` was stopped: {reason}")]
    Stopped {
        /// Its name.
        plugin: String,
        /// Trap, limit or deadline.
        reason: String,
    },
    /// It answered something that can't be: a list of the wrong length, a row that is not there.
    #[error("plugin `{plugin}` answered nonsense: {reason}")]
    Nonsense {
        /// Its name.
        plugin: String,
        /// What was wrong with it.
        reason: String,
    },
    /// It failed several times in a row and is left out for now.
    #[error("plugin `{plugin}` is parked after repeated failures; the last one: {reason}")]
    Parked {
        /// Its name.
        plugin: String,
        /// The last failure.
        reason: String,
    },
}

fn named(capabilities: &[Capability]) -> String {
    capabilities.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

/// All plugins of a gateway.
pub trait Plugins: Send + Sync {
    /// Those installed, with what they did since the start.
    fn list(&self) -> Vec<Plugin>;
    /// A segment plugin by name.
    fn segment(&self, name: &PluginName) -> Result<Arc<dyn SegmentPlugin>, PluginError>;
    /// A journey plugin by name.
    /// In a version of its own, where one is named: the one that is used, or one that was used before and is kept.
    fn journey(&self, name: &PluginName, version: Option<&str>) -> Result<Arc<dyn JourneyPlugin>, PluginError>;
    /// The channel plugin that carries a medium, for example `email`.
    fn channel(&self, medium: &str) -> Result<Arc<dyn ChannelPlugin>, PluginError>;
    /// Lets a parked plugin take work again.
    fn resume(&self, name: &PluginName) -> Result<(), PluginError>;
    /// What a plugin did, all its versions together, since it was first installed or the gateway started.
    ///
    /// # Errors
    /// [`PluginError::Missing`] where no plugin has this name.
    fn report(&self, name: &PluginName) -> Result<PluginReport, PluginError>;
    /// Traces of the plugin's last calls, the newest first: a bounded number, and beside them the last calls without an answer.
    ///
    /// # Errors
    /// [`PluginError::Missing`] where no plugin has this name.
    fn calls(&self, name: &PluginName) -> Result<Vec<PluginCall>, PluginError>;
}

// === Segments ===

/// What a segment plugin says about itself for one configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentDescription {
    /// The segments it decides under this configuration, in the order of its verdicts.
    pub segments: Vec<SegmentInfo>,
    /// The minimum it needs to decide.
    pub needs: SegmentNeeds,
}

/// One segment of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its key within the configuration.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Names of its groups; at least one.
    pub groups: Vec<String>,
}

/// What a plugin needs to decide. No other fact crosses.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentNeeds {
    /// Kinds of fact.
    pub facts: FactKinds,
    /// Sets of codes, in the order in which `prepare` gets them resolved.
    pub code_sets: Vec<CodeSetNeed>,
    /// How many years back it looks; `None` is ever.
    pub lookback_years: Option<u16>,
}

/// A set of codes a plugin refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CodeSetNeed {
    /// By canonical URL.
    ValueSet(String),
    /// Spelled out.
    Codes(Vec<Coding>),
}

/// Which question is asked of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentQuestion {
    /// The configuration, a JSON document.
    pub config: Arc<str>,
    /// The code sets of `SegmentNeeds`, resolved.
    pub code_sets: Arc<[CodeSet]>,
    /// The moment for which is asked.
    pub as_of: Timestamp,
    /// Whether evidence is wanted.
    pub with_evidence: bool,
}

/// What the populations of a measure say of a patient, as bits.
pub mod population {
    /// In the initial population.
    pub const INITIAL: u8 = 1;
    /// In the denominator.
    pub const DENOMINATOR: u8 = 2;
    /// Excluded.
    pub const EXCLUSION: u8 = 4;
    /// An exception.
    pub const EXCEPTION: u8 = 8;
    /// In the numerator.
    pub const NUMERATOR: u8 = 16;
    /// A member of the segment.
    pub const MEMBER: u8 = 32;
}

/// The answer for a batch. The host has checked lengths and row numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdicts {
    /// Bits of [`population`], patient by patient, within a patient group by group.
    pub populations: Vec<u8>,
    /// Groups of each patient: the sum over all segments of the description.
    pub groups: usize,
    /// For each patient the next day on which the answer can change without new data; `None` is never.
    pub review_on: Vec<Option<Date>>,
    /// For each patient the evidence.
    pub evidence: Vec<Vec<EvidenceRow>>,
}

/// A fact that counts, or something that was looked for and not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Row of the fact within the batch; `None` where nothing was found.
    pub fact: Option<u32>,
    /// Why it counts, in words.
    pub phrase: Arc<str>,
}

/// Decides who belongs to segments.
#[async_trait]
pub trait SegmentPlugin: Send + Sync {
    /// Its name.
    fn name(&self) -> &PluginName;
    /// By which code, and seeing what, it decides: another text as soon as either is another.
    fn logic(&self) -> &str;
    /// Findings about a configuration.
    async fn check(&self, config: &str) -> Result<Vec<Issue>, PluginError>;
    /// What it offers and needs under a configuration.
    async fn describe(&self, config: &str) -> Result<SegmentDescription, PluginError>;
    /// The answer for a batch. What was granted of it is looked up of patients of the batch by their rows, where that is there.
    async fn evaluate(
        &self,
        question: &SegmentQuestion,
        patients: &PatientColumns,
        lookup: Option<Arc<dyn PatientLookup>>,
    ) -> Result<Verdicts, PluginError>;
}

// === Journeys ===

/// Moves one person through one journey. The same definition, state, event, answers and time give the same answer.
#[async_trait]
pub trait JourneyPlugin: Send + Sync {
    /// Its name.
    fn name(&self) -> &PluginName;
    /// Its version (SemVer).
    fn version(&self) -> &str;
    /// Findings about a definition.
    async fn check(&self, definition: &str) -> Result<Vec<Issue>, PluginError>;
    /// The next state and what is proposed.
    async fn advance(
        &self,
        definition: &str,
        state: Option<&str>,
        event: &JourneyEvent,
        answers: &[Answer],
        now: Timestamp,
    ) -> Result<Transition, PluginError>;
}

// === Channels ===

/// What a crash between the provider's "accepted" and our commit means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryPromise {
    /// Never sent again by itself.
    AtMostOnce,
    /// The provider honours our key; trying again is safe.
    Idempotent,
}

/// What a channel says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelDescription {
    /// What it carries, for example `email`.
    pub medium: String,
    /// Content kinds it takes, for example `message/rfc822`.
    pub content_kinds: Vec<String>,
    /// What a crash means.
    pub promise: DeliveryPromise,
    /// Most messages in one call.
    pub max_batch: u32,
    /// Most messages a second.
    pub per_second: Option<u32>,
}

/// A message that has passed the gate.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The same on every try.
    pub key: String,
    /// Address on the channel.
    pub to: String,
    /// Kind of the body, for example `message/rfc822`.
    pub content_kind: String,
    /// Subject, where the channel has one.
    pub subject: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// More, by name: for email `envelope-from`.
    pub attributes: Vec<(String, String)>,
}

impl std::fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutgoingMessage").field("key", &self.key).field("content_kind", &self.content_kind).finish_non_exhaustive()
    }
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider took it; its id.
    Accepted(Option<String>),
    /// This recipient will never work; why.
    Rejected(String),
    /// Not now; when trying again makes sense.
    Later(Option<Duration>),
    /// It may or may not have gone out; why.
    Unknown(String),
}

/// A request to the address of a channel.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The whole URL, as the provider was told it.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

impl std::fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRequest").field("method", &self.method).field("received_at", &self.received_at).finish_non_exhaustive()
    }
}

/// What became of a message that a provider had taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It reached the person.
    Delivered,
    /// It did not, and another message might.
    Failed,
    /// It did not, and none ever will at this address.
    Undeliverable,
}

/// What a provider tells.
#[derive(Clone, PartialEq, Eq)]
pub enum Notice {
    /// What became of a message.
    Delivery {
        /// The provider's id for it.
        provider_id: String,
        /// What became of it.
        state: DeliveryState,
        /// Why.
        reason: Option<String>,
    },
    /// Whoever has this address wants no more messages by this channel.
    OptedOut(String),
    /// Whoever has this address answered.
    Answered(String),
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delivery { provider_id, state, .. } => f.debug_tuple("Delivery").field(provider_id).field(state).finish(),
            Self::OptedOut(_) => f.write_str("OptedOut(..)"),
            Self::Answered(_) => f.write_str("Answered(..)"),
        }
    }
}

/// What a request told, and what the provider gets back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookReceipt {
    /// What it told.
    pub notices: Vec<Notice>,
    /// HTTP status of the answer.
    pub status: u16,
    /// Kind of its body.
    pub content_type: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Carries messages to people.
#[async_trait]
pub trait ChannelPlugin: Send + Sync {
    /// Its name.
    fn name(&self) -> &PluginName;
    /// Findings about a configuration.
    async fn check(&self, config: &str) -> Result<Vec<Issue>, PluginError>;
    /// What it carries and promises.
    async fn describe(&self, config: &str) -> Result<ChannelDescription, PluginError>;
    /// Sends; one outcome for each message, in order.
    async fn send(&self, config: &str, messages: &[OutgoingMessage]) -> Result<Vec<SendOutcome>, PluginError>;
    /// Whether it is told things by its provider.
    fn has_webhook(&self) -> bool;
    /// Reads a request to the channel's address. [`PluginError::Refused`] says that it is not the provider's.
    async fn receive(&self, config: &str, request: &WebhookRequest) -> Result<WebhookReceipt, PluginError>;
}
