//! Sources and their runs, for reading and for the configuration.

use async_trait::async_trait;
use gateway_domain::ids::SourceId;
use gateway_domain::source::{Source, SyncRun};
use gateway_domain::unmapped::CodeReport;

use super::{Page, PageRequest, StoreError};

/// Keeps sources.
#[async_trait]
pub trait SourceStore: Send + Sync {
    /// Makes the source, or changes the address of the one with this name. Its number never changes.
    async fn put_source(&self, id: SourceId, name: &str, base_url: &str) -> Result<Source, StoreError>;
    /// All sources by name.
    async fn sources(&self) -> Result<Vec<Source>, StoreError>;
    /// A source by name.
    async fn source_by_name(&self, name: &str) -> Result<Option<Source>, StoreError>;
    /// Runs of a source, newest first.
    async fn sync_runs(&self, source: SourceId, page: PageRequest) -> Result<Page<SyncRun>, StoreError>;
    /// How many resources of each type the model holds, deleted ones left out; of one source or of all.
    async fn resource_counts(&self, source: Option<SourceId>) -> Result<Vec<(String, u64)>, StoreError>;
    /// How the facts of a source are coded, with at most `most` unmapped codes. It reads all facts of the source.
    async fn code_report(&self, source: SourceId, most: usize) -> Result<CodeReport, StoreError>;
}
