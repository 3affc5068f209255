//! Being told of changes by a FHIR server: reading what it says, keeping the subscription on it, and taking what it sends.

use std::time::Duration;

use async_trait::async_trait;
use gateway_domain::ids::PushSubscriptionId;
use gateway_domain::push_subscription::{PushKind, PushSecret, PushSubscription};

use crate::ehr::EhrError;

// === What a server says ===

/// What a notification is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationKind {
    /// The server tries whether we are there.
    Handshake,
    /// Nothing happened, and the server is alive.
    Heartbeat,
    /// Something changed.
    Event,
    /// An answer to a question of ours: how a subscription stands, or what happened.
    Answer,
}

/// A resource that may have changed, as a notification names it. Only ever used to ask the server itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hint {
    /// FHIR type.
    pub resource_type: String,
    /// FHIR id.
    pub fhir_id: String,
}

/// What was read out of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// What it is for.
    pub kind: NotificationKind,
    /// What may have changed. Empty where it does not say.
    pub hints: Vec<Hint>,
    /// Something changed that it does not name, or in words that can't be read: everything is to be asked for.
    pub vague: bool,
    /// The server says that the subscription is in error or off.
    pub failing: bool,
    /// The numbers of the events it tells of, where they are numbered.
    pub events: Vec<u64>,
    /// How many events there were since the subscription began.
    pub events_since_start: Option<u64>,
}

impl Notification {
    /// Something that can't be read: whatever it was, it is a reason to look.
    pub const fn unreadable() -> Self {
        Self { kind: NotificationKind::Event, hints: Vec::new(), vague: true, failing: false, events: Vec::new(), events_since_start: None }
    }
}

/// What came, as it came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery<'a> {
    /// Type and id in the address, where the server adds them.
    pub place: Option<(&'a str, &'a str)>,
    /// `Type/id` in a header, where the server tells of deletions so.
    pub deleted: Option<&'a str>,
    /// The body; `None` where it was too large to be read.
    pub body: Option<&'a [u8]>,
}

/// Reads notifications. Pure: the same bytes give the same answer, and no bytes make it panic.
pub trait NotificationReader: Send + Sync {
    /// What a delivery says.
    fn notification(&self, delivery: Delivery<'_>) -> Notification;
}

/// Takes notifications whose sender has proved itself.
pub trait PushInbox: Send + Sync {
    /// Takes one. Returns at once; what is to be done is done later.
    fn take(&self, subscription: &PushSubscription, delivery: Delivery<'_>);
}

// === Subscriptions on the server ===

/// How much of a changed resource a server is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushPayload {
    /// Nothing: only that something changed.
    Empty,
    /// What changed, by type and id. R4's rest-hook has no such form and sends nothing.
    IdOnly,
    /// The whole resource, of which only type and id are read.
    FullResource,
}

/// How a server proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushProof {
    /// It sends the secret in a header.
    Header,
    /// It signs the body with the secret (HMAC-SHA256), as Medplum does.
    Signature,
}

/// What is asked of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRequest {
    /// Ours, for the words by which people find it there.
    pub id: PushSubscriptionId,
    /// How it is to tell.
    pub kind: PushKind,
    /// The search or the topic.
    pub criteria: String,
    /// Searches that narrow a topic.
    pub filters: Vec<String>,
    /// Where it is to tell.
    pub endpoint: String,
    /// What it is to send along.
    pub secret: PushSecret,
    /// How it is to prove itself.
    pub proof: PushProof,
    /// How much it is to send.
    pub payload: PushPayload,
    /// How often it is to say that it is alive, where it can.
    pub heartbeat: Option<Duration>,
}

/// How the server's `Subscription` stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSubscription {
    /// Its id there.
    pub id: String,
    /// How it stands.
    pub status: RemoteStatus,
    /// Why, in the server's words, where it gave up.
    pub problem: Option<String>,
}

/// `Subscription.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteStatus {
    /// The server has not begun.
    Requested,
    /// The server tells.
    Active,
    /// The server gave up.
    Error,
    /// Somebody turned it off, or the server says something else.
    Off,
}

/// Keeps subscriptions on a server.
///
/// # Errors
/// All methods: [`EhrError`].
#[async_trait]
pub trait SubscriptionServer: Send + Sync {
    /// Makes the subscription, or finds the one with the same address that was made before.
    async fn create_subscription(&self, request: &SubscriptionRequest) -> Result<RemoteSubscription, EhrError>;
    /// Asks for it anew: as `create_subscription`, under an id the server has.
    async fn renew_subscription(&self, remote_id: &str, request: &SubscriptionRequest) -> Result<RemoteSubscription, EhrError>;
    /// How it stands; `None` where the server does not have it.
    async fn subscription(&self, remote_id: &str) -> Result<Option<RemoteSubscription>, EhrError>;
    /// How many events there were (`$status`), where the server counts them.
    async fn subscription_status(&self, remote_id: &str) -> Result<Notification, EhrError>;
    /// Events that were missed (`$events`), first and last included, where the server keeps them.
    async fn events(&self, remote_id: &str, first: u64, last: u64) -> Result<Notification, EhrError>;
    /// Ends it. One the server does not have is no error.
    async fn delete_subscription(&self, remote_id: &str) -> Result<(), EhrError>;
}
