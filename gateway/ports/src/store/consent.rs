//! Consent and subscription lists.

use async_trait::async_trait;
use gateway_domain::consent::Consent;
use gateway_domain::ids::PatientId;
use gateway_domain::subscription_list::SubscriptionList;

use super::StoreError;

/// Keeps consent. Nothing is ever changed or taken away; decisions are added.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// Adds a decision of a patient, for all records of the same person, and tells the patient's active runs of a refusal as `opted-out`, in one transaction. No send
    /// that has not passed the gate before this is committed starts after it.
    async fn record_consent(&self, patient: PatientId, consent: &Consent) -> Result<(), StoreError>;
    /// The decisions of the person a patient record belongs to, each once, oldest first: for lists. What they come to is told by
    /// [`ConsentStore::consents_by_record`].
    async fn consents(&self, patient: PatientId) -> Result<Vec<Consent>, StoreError>;
    /// The decisions kept with each record of the person, for
    /// [`effective_consent_of_person`](gateway_domain::consent::effective_consent_of_person).
    async fn consents_by_record(&self, patient: PatientId) -> Result<Vec<Vec<Consent>>, StoreError>;
    /// Makes the list, or changes title and description of the one with this key.
    async fn put_subscription_list(&self, list: &SubscriptionList) -> Result<SubscriptionList, StoreError>;
    /// All lists by title.
    async fn subscription_lists(&self) -> Result<Vec<SubscriptionList>, StoreError>;
}
