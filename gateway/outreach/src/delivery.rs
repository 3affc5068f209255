//! From the ledger to channels.

pub mod deliver;
pub mod outcome;
pub mod pace;
pub mod reason;
pub mod render;

use gateway_domain::ids::MessageId;

/// Signs the addresses of our own pages that a message carries. They name no patient and no target.
pub trait LinkSigner: Send + Sync {
    /// The URL behind link number n of a message; `{n}` stands for the number.
    fn click(&self, message: MessageId) -> String;
    /// The page on which the person leaves or chooses.
    fn preferences(&self, message: MessageId) -> String;
    /// Where a mail program posts a one-click unsubscribe (RFC 8058).
    fn unsubscribe(&self, message: MessageId) -> String;
}
