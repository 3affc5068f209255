//! The ledger of write-backs. It is filled where the outcome or decision is recorded, in the same transaction.

use async_trait::async_trait;
use gateway_domain::ids::SourceId;
use gateway_domain::write_back::{Record, RemoteRecord, WriteBack, WriteBackObject, WriteBackScope, WriteBackStatus};
use jiff::Timestamp;

use super::{Page, PageRequest, StoreError};

/// Which write-backs are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteBackFilter {
    /// In this status.
    pub status: Option<WriteBackStatus>,
    /// To this source.
    pub source: Option<SourceId>,
    /// Of this object.
    pub object: Option<WriteBackObject>,
}

/// A write-back whose time has come.
#[derive(Clone, Debug, PartialEq)]
pub struct DueWriteBack {
    /// The line of the ledger, as claimed.
    pub line: WriteBack,
    /// What is to stand there now.
    pub record: Record,
    /// Whether an earlier try may have reached the server.
    pub asked: bool,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteBackEnd {
    /// It stands there.
    Done {
        /// Where.
        remote: RemoteRecord,
        /// What was found there that a person may want to know.
        note: Option<String>,
    },
    /// It is tried again.
    Later {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
        /// Whether it counts as a try.
        counts: bool,
    },
    /// It is given up.
    Failed {
        /// Why.
        reason: String,
    },
}

/// Keeps the ledger of write-backs.
#[async_trait]
pub trait WriteBackStore: Send + Sync {
    /// What is written back to a source from now on. What happened before is not written.
    async fn set_write_back(&self, source: SourceId, scope: WriteBackScope) -> Result<(), StoreError>;
    /// Claims up to `limit` write-backs to a source that are due, until `lease`, and notes durably that the server may be asked.
    async fn claim_write_backs(
        &self,
        source: SourceId,
        limit: u32,
        now: Timestamp,
        lease: Timestamp,
    ) -> Result<Vec<DueWriteBack>, StoreError>;
    /// Records how a try ended. Where what is to be written changed since it was claimed (its revision is another), it waits again;
    /// what is known of the record at the source is kept all the same.
    async fn end_write_back(&self, line: &WriteBack, end: &WriteBackEnd, now: Timestamp) -> Result<(), StoreError>;
    /// Lets those that were given up wait again; how many.
    async fn retry_write_backs(&self, filter: &WriteBackFilter, now: Timestamp) -> Result<u64, StoreError>;
    /// A page of the ledger, the latest first.
    async fn write_backs(&self, filter: &WriteBackFilter, page: PageRequest) -> Result<Page<WriteBack>, StoreError>;
    /// How many are in each status, by source.
    async fn write_back_counts(&self) -> Result<Vec<(SourceId, WriteBackStatus, u64)>, StoreError>;
    /// The next moment at which one to the source is due.
    async fn next_write_back_due(&self, source: SourceId) -> Result<Option<Timestamp>, StoreError>;
}
