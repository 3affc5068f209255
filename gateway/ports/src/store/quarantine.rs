//! What could not be read: looked at, read again, or put aside.

use async_trait::async_trait;
use gateway_domain::ids::{QuarantineId, SourceId};
use gateway_domain::source::{QuarantineStatus, Quarantined};
use jiff::Timestamp;

use super::{Page, PageRequest, StoreError};

/// Which part of the quarantine is meant. What is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFilter {
    /// Of this source.
    pub source: Option<SourceId>,
    /// That stands so.
    pub status: Option<QuarantineStatus>,
    /// Because of this kind of reason ([`reason_kind`](gateway_domain::source::reason_kind)).
    pub kind: Option<String>,
    /// This one.
    pub id: Option<QuarantineId>,
}

/// How much of the quarantine has one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineCount {
    /// The source.
    pub source: SourceId,
    /// The kind of reason.
    pub kind: String,
    /// How it stands.
    pub status: QuarantineStatus,
    /// How many.
    pub count: u64,
}

/// Keeps what could not be read. It comes in, and is resolved, with the pieces of a run ([`SyncStore`](super::SyncStore)).
#[async_trait]
pub trait QuarantineStore: Send + Sync {
    /// Newest first, without the bytes.
    async fn quarantine(&self, filter: &QuarantineFilter, page: PageRequest) -> Result<Page<Quarantined>, StoreError>;
    /// One, with its bytes.
    async fn quarantined(&self, id: QuarantineId) -> Result<Option<Quarantined>, StoreError>;
    /// Counts by source, reason and status, the most first.
    async fn quarantine_counts(&self, source: Option<SourceId>) -> Result<Vec<QuarantineCount>, StoreError>;
    /// Lines that were counted and not kept, because the quarantine of the source was full of open ones.
    async fn quarantine_not_kept(&self, source: SourceId) -> Result<u64, StoreError>;
    /// Open ones after `after` in the order of their ids, with their bytes.
    async fn quarantine_to_replay(
        &self,
        filter: &QuarantineFilter,
        after: Option<QuarantineId>,
        most: u32,
    ) -> Result<Vec<Quarantined>, StoreError>;
    /// Notes that they were read again in vain, each with the reason there is now.
    async fn note_replayed_in_vain(&self, tries: &[(QuarantineId, String)]) -> Result<(), StoreError>;
    /// Puts open ones aside; how many.
    async fn dismiss_quarantine(&self, filter: &QuarantineFilter, now: Timestamp) -> Result<u64, StoreError>;
}
