//! Consent and subscription lists.

use async_trait::async_trait;
use gateway_domain::consent::Consent;
use gateway_domain::ids::PatientId;
use gateway_domain::subscription_list::SubscriptionList;

use super::StoreError;

/// Keeps consent. Nothing is ever changed or taken away; decisions are added.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// Adds a decision of a patient, and tells the patient's active runs of a refusal as `opted-out`, in one transaction. No send
    /// that has not passed the gate before this is committed starts after it.
    async fn record_consent(&self, patient: PatientId, consent: &Consent) -> Result<(), StoreError>;
    /// A patient's decisions, oldest first.
    async fn consents(&self, patient: PatientId) -> Result<Vec<Consent>, StoreError>;
    /// Makes the list, or changes title and description of the one with this key.
    async fn put_subscription_list(&self, list: &SubscriptionList) -> Result<SubscriptionList, StoreError>;
    /// All lists by title.
    async fn subscription_lists(&self) -> Result<Vec<SubscriptionList>, StoreError>;
}
