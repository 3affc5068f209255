//! The mail relay the hospital gave us.

use async_trait::async_trait;

/// What became of a message handed to the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayOutcome {
    /// The relay took responsibility; its words.
    Accepted(String),
    /// It never will for this recipient; its code and words.
    Rejected(String),
    /// Not now, and it certainly did not take it; why.
    Later(String),
    /// It may or may not have taken it. Never send this again by itself.
    Unknown(String),
}

/// Hands complete RFC 5322 messages to a relay.
#[async_trait]
pub trait MailRelay: Send + Sync {
    /// One message to one recipient. Never fails otherwise than by its outcome.
    async fn relay(&self, envelope_from: &str, envelope_to: &str, message: &[u8]) -> RelayOutcome;
}
