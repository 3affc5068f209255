//! What providers of channels tell.

use async_trait::async_trait;
use gateway_domain::interaction::InteractionKind;
use jiff::Timestamp;

use super::StoreError;

/// Keeps what providers tell. The same thing told twice is kept once.
#[async_trait]
pub trait NoticeStore: Send + Sync {
    /// What became of a message, by the medium and the provider's id: [`InteractionKind::Delivered`], `Failed` or `Bounced`; its run is
    /// told. False where no message has this id.
    async fn record_delivery(&self, medium: &str, provider_id: &str, became: InteractionKind, at: Timestamp) -> Result<bool, StoreError>;
    /// Somebody at an address asked for no more messages: nobody is written to there any more, and everybody who was, has refused this
    /// medium, with their runs told, in one transaction. How many people that is.
    async fn refuse_address(&self, medium: &str, address: &str, evidence: &str, at: Timestamp) -> Result<u64, StoreError>;
    /// Somebody at an address answered: to the last message that was sent there, whose run is told. False where none was.
    async fn record_answer(&self, medium: &str, address: &str, at: Timestamp) -> Result<bool, StoreError>;
}
