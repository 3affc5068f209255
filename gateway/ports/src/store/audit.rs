//! The audit.

use async_trait::async_trait;
use gateway_domain::audit::AuditEntry;
use gateway_domain::ids::PatientId;

use super::{Page, PageRequest, StoreError};

/// Keeps the audit. Rows are only ever added.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Adds rows. A read that can't be audited does not happen: callers fail when this fails.
    async fn audit(&self, entries: &[AuditEntry]) -> Result<(), StoreError>;
    /// A page of the audit, newest first; of one patient or of all.
    async fn audit_entries(&self, patient: Option<PatientId>, page: PageRequest) -> Result<Page<AuditEntry>, StoreError>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
