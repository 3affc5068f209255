//! What servers tell of: taken in at once, queued and bounded for each source, and applied between runs by reading it from the server.
//!
//! A hint is never believed. It says what to ask for; what is not there any more is deleted as any other deletion. What can't be told
//! from a notification, what is too much, and what fails on the way ends in a run of the usual kind, because polling is the truth.

mod apply;
mod event_numbers;
mod queue;

pub use self::queue::{HintInbox, HintQueue};
