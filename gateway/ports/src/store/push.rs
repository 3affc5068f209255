//! Our subscriptions on sources: what was asked for, how it stands, and what came.

use async_trait::async_trait;
use gateway_domain::ids::{PushSubscriptionId, SourceId};
use gateway_domain::push_subscription::{PushStatus, PushSubscription};
use jiff::Timestamp;

use super::StoreError;

/// What was heard of a subscription since it was last noted. Counts are added, moments and numbers only move forward.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PushNote {
    /// Notifications that came, heartbeats left out.
    pub notifications: u64,
    /// How often events were missing between two that came.
    pub gaps: u64,
    /// The last event that was counted.
    pub last_event: Option<u64>,
    /// The server began to count anew: `last_event` is taken as it is.
    pub renumbered: bool,
    /// When the server last said anything.
    pub heard_at: Option<Timestamp>,
}

/// What looking after a subscription came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushCheck {
    /// The id the server gave it; `None` where the server does not have it.
    pub remote_id: Option<String>,
    /// How it stands.
    pub status: PushStatus,
    /// Why the server does not tell, where it does not.
    pub problem: Option<String>,
    /// How often in a row it could not be made or mended.
    pub failures: u32,
    /// When it is to be looked after next.
    pub due_at: Timestamp,
}

/// Keeps subscriptions.
#[async_trait]
pub trait PushStore: Send + Sync {
    /// Keeps a new subscription, or gives back the one the source has for the same criteria.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where there is no such source.
    async fn add_push_subscription(&self, subscription: &PushSubscription) -> Result<PushSubscription, StoreError>;
    /// The subscriptions of a source, by kind and criteria.
    async fn push_subscriptions(&self, source: SourceId) -> Result<Vec<PushSubscription>, StoreError>;
    /// A subscription.
    async fn push_subscription(&self, id: PushSubscriptionId) -> Result<Option<PushSubscription>, StoreError>;
    /// Takes a subscription that is due into one's care until then, so that of several gateways one looks after it. False where
    /// another one does, it is not due, or it is gone.
    async fn claim_push_subscription(&self, id: PushSubscriptionId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;
    /// Makes a subscription due at once.
    async fn expedite_push_subscription(&self, id: PushSubscriptionId, now: Timestamp) -> Result<(), StoreError>;
    /// Keeps what looking after it came to.
    ///
    /// # Errors
    /// [`StoreError::Missing`] where it is gone.
    async fn put_push_check(&self, id: PushSubscriptionId, check: &PushCheck) -> Result<(), StoreError>;
    /// Adds what was heard. One that is gone is no error.
    async fn note_push(&self, id: PushSubscriptionId, note: &PushNote) -> Result<(), StoreError>;
    /// Forgets a subscription, after the server did. One that is gone is no error.
    async fn delete_push_subscription(&self, id: PushSubscriptionId) -> Result<(), StoreError>;
}
