//! What is known of one patient of a batch, for a plugin that decides about the batch.

use std::sync::Arc;

use async_trait::async_trait;
use gateway_domain::fact::{CodedFact, FactKinds};
use gateway_domain::plugin::PluginName;

/// Why nothing was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatientLookupError {
    /// The batch has no such row, or nobody stands there any more.
    #[error("the batch has nobody in row {0}")]
    Nobody(usize),
    /// The store did not answer, or the read could not be audited, which is the same: it is not made.
    #[error("what is known of the patient in row {0} can't be looked up now")]
    Unavailable(usize),
}

/// Looks up what is known of the patients of one batch. They are named by their rows: who asks can name nobody else, and does not learn
/// who they are. Whoever implements it writes each look into the audit before it is made.
#[async_trait]
pub trait PatientLookup: Send + Sync {
    /// Facts of these kinds of the patient in a row of the batch, those that began last first.
    ///
    /// # Errors
    /// [`PatientLookupError`]; nothing was read then.
    async fn facts(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<Arc<[CodedFact]>, PatientLookupError>;

    /// Writes into the audit that a plugin asked for what it was not granted, of the patient in a row of the batch.
    ///
    /// # Errors
    /// [`PatientLookupError`]; nothing was written then.
    async fn refused(&self, plugin: &PluginName, row: usize, kinds: FactKinds) -> Result<(), PatientLookupError>;
}
