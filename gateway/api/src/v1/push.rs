//! How a source tells of changes by itself.

use gateway_domain::push_subscription::PushSubscription;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::{PushKindWord, PushStatusWord};

/// A subscription of ours on a source. Beside what it brings, the source is polled as ever.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushSubscriptionView {
    /// `psh_...`
    pub id: String,
    /// How the source tells.
    pub kind: PushKindWord,
    /// The search or the topic.
    pub criteria: String,
    /// How it stands.
    pub status: PushStatusWord,
    /// Why the source does not tell, where it does not.
    pub problem: Option<String>,
    /// Notifications that came, heartbeats left out.
    pub notifications: u64,
    /// The last event that was counted, where the source numbers them.
    pub last_event: Option<u64>,
    /// How often events were missing between two that came; they were fetched or polled.
    pub gaps: u64,
    /// When the source last said anything, heartbeats included.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heard_at: Option<Timestamp>,
}

impl From<PushSubscription> for PushSubscriptionView {
    fn from(subscription: PushSubscription) -> Self {
        Self {
            id: subscription.id.to_string(),
            kind: subscription.kind.into(),
            criteria: subscription.criteria,
            status: subscription.status.into(),
            problem: subscription.problem,
            notifications: subscription.notifications,
            last_event: subscription.last_event,
            gaps: subscription.gaps,
            heard_at: subscription.heard_at,
        }
    }
}
