//! What the sync remembers of a source between its runs: how far each type is read, what is held, and who is at work on it.

use async_trait::async_trait;
use gateway_domain::ids::{SourceId, SyncRunId};
use gateway_domain::source::TypeCursor;
use jiff::Timestamp;

use super::StoreError;
use crate::process::ProcessId;

/// Remembers how far a source is read.
#[async_trait]
pub trait SyncLedger: Send + Sync {
    /// How far each type of a source is read, by type.
    async fn cursors(&self, source: SourceId) -> Result<Vec<TypeCursor>, StoreError>;
    /// Replaces what is remembered of these types. A type with a problem that was read before keeps the whole source as old as that.
    async fn save_cursors(&self, source: SourceId, cursors: &[TypeCursor]) -> Result<(), StoreError>;
    /// Type and FHIR id of what is held of these types and was not seen since the run began; `None` where that is more than `most`.
    /// Only runs that read types whole note what they see.
    async fn unseen(&self, run: SyncRunId, types: &[String], most: usize) -> Result<Option<Vec<(String, String)>>, StoreError>;
    /// FHIR ids of the patients of a source that are not deleted, in the order of the id, after one of them.
    async fn known_patients(&self, source: SourceId, after: Option<&str>, most: u32) -> Result<Vec<String>, StoreError>;
    /// Takes the source for a holder until a moment, or takes it longer. False where another holder has it and its time is not over.
    async fn take_lease(&self, source: SourceId, holder: ProcessId, now: Timestamp, until: Timestamp) -> Result<bool, StoreError>;
    /// Gives the source back, where the holder has it.
    async fn end_lease(&self, source: SourceId, holder: ProcessId) -> Result<(), StoreError>;
    /// Who has the source, and until when, if somebody has.
    async fn lease(&self, source: SourceId, now: Timestamp) -> Result<Option<(ProcessId, Timestamp)>, StoreError>;
}
