//! The use case from the outreach model to people: evaluates who belongs to which segment, moves people through journeys, and hands
//! messages that passed the send gate to channels. Every stage claims a bounded batch of durable work, asks plugins, takes a pure
//! decision over their answers, and writes all that follows in one transaction.
//!
//! Architecture invariant: it knows the rules and the ports alone: no SQL, HTTP, FHIR or WebAssembly. A plugin only proposes; a failing
//! one leaves everything it decides as it is and stops nobody else. No message reaches a channel that has not passed
//! [`gateway_ports::store::MessageStore::pass_gate`], and what may have gone out is never sent again.

pub mod contactability;
pub mod delivery;
pub mod journeys;
pub mod lookup;
pub mod measures;
pub mod problems;
pub mod segments;
pub mod settings;
pub mod workers;
pub mod write_back;

use std::sync::Arc;

use gateway_ports::plugins::PluginError;
use gateway_ports::store::StoreError;
use gateway_ports::terminology::TerminologyError;

/// Why a stage could not do its work.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutreachError {
    /// The store did not answer or refused. Shared, because several may have waited for the same answer.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// A plugin gave no answer.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// A value set is missing. Never that nobody could say: that is [`OutreachError::Store`].
    #[error(transparent)]
    Terminology(TerminologyError),
    /// A plugin's description does not say which of its segments is meant.
    #[error("plugin `{plugin}` offers {offered} segments for `{segment}`, and none, or more than one, has that key")]
    Ambiguous {
        /// The plugin.
        plugin: String,
        /// Key of the segment.
        segment: String,
        /// How many it offers.
        offered: usize,
    },
    /// A stage panicked. A fault of ours; the stage goes on with the next batch.
    #[error("the stage `{0}` panicked")]
    Panicked(&'static str),
}

impl From<StoreError> for OutreachError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<TerminologyError> for OutreachError {
    fn from(error: TerminologyError) -> Self {
        match error {
            TerminologyError::Unavailable(reason) => Self::Store(Arc::new(StoreError::Unavailable(reason))),
            missing => Self::Terminology(missing),
        }
    }
}
