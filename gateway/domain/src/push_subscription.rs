//! Standing requests to a FHIR server to tell us when something changes (FHIR R4 Subscription, and the backport of R5's topics). What
//! the server then says is a hint: what changed is read from the server itself, and asking it from time to time remains the truth.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{PushSubscriptionId, SourceId};

/// How a server tells of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushKind {
    /// R4: a search whose matches are told as they change.
    RestHook,
    /// R4 with the topics of R5 (subscriptions-backport): numbered events, handshake and heartbeat.
    Topic,
}

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PushStatus {
    /// Asked for; the server has not said yes, or could not be asked.
    Requested,
    /// The server tells us of changes.
    Active,
    /// The server gave up or was given up on; it is asked again.
    Error,
}

/// What a server proves itself with. Hides itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PushSecret(String);

impl PushSecret {
    /// From 32 random bytes, as hexadecimal digits: fit for a header.
    pub fn of(random: [u8; 32]) -> Self {
        let digits = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Self(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect())
    }

    /// As stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the server that is to send it, and for comparing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PushSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushSecret(hidden)")
    }
}

/// A subscription of ours on a source.
#[derive(Clone, Debug, PartialEq)]
pub struct PushSubscription {
    /// Its identifier; the last part of the address the server notifies.
    pub id: PushSubscriptionId,
    /// The source.
    pub source: SourceId,
    /// How the server tells.
    pub kind: PushKind,
    /// What it asks for: a search (`Patient?`) or the canonical URL of a topic. A source has one subscription for each.
    pub criteria: String,
    /// What the server sends back so that we know it.
    pub secret: PushSecret,
    /// The id the server gave its `Subscription`; `None` before it was made there.
    pub remote_id: Option<String>,
    /// How it stands.
    pub status: PushStatus,
    /// The last event that was counted, where events are numbered.
    pub last_event: Option<u64>,
    /// Notifications that came, heartbeats left out.
    pub notifications: u64,
    /// How often events were missing between two that came.
    pub gaps: u64,
    /// When the server last said anything, heartbeats included.
    pub heard_at: Option<Timestamp>,
    /// Why the server does not tell, where it does not.
    pub problem: Option<String>,
    /// How often in a row it could not be made or mended.
    pub failures: u32,
    /// When it is to be looked after next.
    pub due_at: Timestamp,
    /// When we first wanted it.
    pub created_at: Timestamp,
}

impl PushSubscription {
    /// A subscription that is wanted and not yet asked for.
    pub fn new(id: PushSubscriptionId, source: SourceId, kind: PushKind, criteria: String, secret: PushSecret, now: Timestamp) -> Self {
        Self {
            id,
            source,
            kind,
            criteria,
            secret,
            remote_id: None,
            status: PushStatus::Requested,
            last_event: None,
            notifications: 0,
            gaps: 0,
            heard_at: None,
            problem: None,
            failures: 0,
            due_at: now,
            created_at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_hides_itself() {
        let secret = PushSecret::of([0xab; 32]);
        assert_eq!(secret.reveal().len(), 64);
        assert!(!format!("{secret:?}").contains("ab"));
    }
}
