//! The send ledger, message templates and interactions.

use async_trait::async_trait;
use gateway_domain::gate::{GatePolicy, Verdict};
use gateway_domain::ids::{JourneyId, MessageId, PatientId};
use gateway_domain::interaction::Interaction;
use gateway_domain::message::{Message, MessageStatus};
use gateway_domain::message_template::MessageTemplate;
use jiff::Timestamp;

use super::{Page, PageRequest, StoreError};

/// Which messages are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// In this status.
    pub status: Option<MessageStatus>,
    /// Of this journey.
    pub journey: Option<JourneyId>,
    /// To this patient.
    pub patient: Option<PatientId>,
}

/// A message with the words a list shows.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageSummary {
    /// The message.
    pub message: Message,
    /// First given name and family name of the person.
    pub name: String,
    /// Title of the journey.
    pub journey_title: String,
}

/// What is noted when a message passes the gate, before the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Subject line.
    pub subject: String,
    /// Language it was rendered in.
    pub language: String,
    /// Where its links lead, by number.
    pub links: Vec<String>,
}

/// How a hand-over ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOver {
    /// The provider took it.
    Accepted {
        /// The provider's id for it.
        provider_id: Option<String>,
    },
    /// The provider will never take it for this recipient.
    Rejected {
        /// Why, without the address.
        reason: String,
    },
    /// Certainly not taken; to be tried again.
    Later {
        /// When.
        at: Timestamp,
        /// Why, without the address.
        reason: String,
    },
    /// It may or may not have gone out.
    Unknown {
        /// Why, without the address.
        reason: String,
    },
}

/// Keeps messages.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Makes the template, or gives the one with this key a new version where it differs.
    async fn put_message_template(&self, template: &MessageTemplate) -> Result<MessageTemplate, StoreError>;
    /// All templates by title.
    async fn message_templates(&self) -> Result<Vec<MessageTemplate>, StoreError>;
    /// A template by key.
    async fn message_template(&self, key: &str) -> Result<Option<MessageTemplate>, StoreError>;

    /// A page of the ledger, newest first.
    async fn messages(&self, filter: &MessageFilter, page: PageRequest) -> Result<Page<MessageSummary>, StoreError>;
    /// One message.
    async fn message(&self, id: MessageId) -> Result<Option<MessageSummary>, StoreError>;
    /// How many messages are in each status.
    async fn message_counts(&self) -> Result<Vec<(MessageStatus, u64)>, StoreError>;

    /// Claims up to `limit` messages that are due, until `lease`.
    async fn claim_due_messages(&self, limit: u32, now: Timestamp, lease: Timestamp) -> Result<Vec<Message>, StoreError>;
    /// The gate. In one transaction: reads what the gate looks at (the person's row locked), decides with
    /// [`gateway_domain::gate::decide`], and records the verdict: `in_flight` with `prepared` for a send, the new `due_at` and the
    /// reason for a hold, `refused` with the reason otherwise (the run hears of it as a send outcome). A message that is no longer
    /// due is answered with `None` and left alone. `prepared` is `None` where rendering failed for good: then `render_failure` is
    /// the reason of the refusal, unless the gate has a weightier one.
    async fn pass_gate(
        &self,
        id: MessageId,
        prepared: Result<&Prepared, &str>,
        policy: &GatePolicy,
        now: Timestamp,
    ) -> Result<Option<Verdict>, StoreError>;
    /// Holds a due message until later, for example while a translation is missing.
    async fn hold_message(&self, id: MessageId, reason: &str, until: Timestamp) -> Result<(), StoreError>;
    /// Records how the hand-over of an `in_flight` message ended; every end but `Later` is told to the run as a send outcome in the
    /// same transaction.
    async fn record_hand_over(&self, id: MessageId, hand_over: &HandOver, now: Timestamp) -> Result<(), StoreError>;
    /// After a crash: messages left `in_flight` by a process that is gone. On an at-most-once channel they become `unknown`, with
    /// their runs told. Call before any worker starts; on PostgreSQL only those older than `before` are taken.
    async fn recover_in_flight(&self, before: Timestamp, now: Timestamp) -> Result<Vec<MessageId>, StoreError>;
    /// Takes back every claim on dirty patients, journey events and messages that a process which is gone may have left. Only where this
    /// process is the only one, before any worker starts.
    async fn release_claims(&self) -> Result<(), StoreError>;
    /// The next moment at which a message is due.
    async fn next_message_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Where a link of a message leads.
    async fn link_target(&self, id: MessageId, link: u32) -> Result<Option<String>, StoreError>;
    /// Records an interaction and tells the run, if it listens, in one transaction.
    async fn record_interaction(&self, interaction: &Interaction, step_detail: Option<&str>) -> Result<(), StoreError>;
    /// A patient's interactions, newest first.
    async fn interactions(&self, patient: PatientId, limit: u32) -> Result<Vec<Interaction>, StoreError>;
}
