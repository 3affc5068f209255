//! The write side of the sync: exactly once, in one transaction with the checkpoint and the dirty marks.

use async_trait::async_trait;
use gateway_domain::ids::{IdEntropy, PatientNo, QuarantineId, SourceId, SyncRunId};
use gateway_domain::projection::ReadResource;
use gateway_domain::resource::ResourceKey;
use gateway_domain::source::{Quarantined, SyncCounts, SyncRun, SyncRunStatus, SyncStrategy};
use jiff::Timestamp;

use super::{StoreError, SyncLedger};

/// A piece of a run, applied as a whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct ApplyBatch {
    /// Resources that are there. Of several with the same key in one batch the last counts.
    pub resources: Vec<ReadResource>,
    /// Resources that are gone: type and FHIR id.
    pub deletes: Vec<(String, String)>,
    /// Resources of which it is only known that they are there: type and FHIR id.
    pub present: Vec<(String, String)>,
    /// What could not be read.
    pub quarantined: Vec<Quarantined>,
    /// Lines of the quarantine that could be read now and are among the resources.
    pub replayed: Vec<QuarantineId>,
    /// Where the run goes on after this piece.
    pub checkpoint: Option<String>,
    /// What [`SyncStore::prepare`] did ahead. Whoever changes the resources after it takes it out.
    pub prepared: Option<Prepared>,
}

/// The resources of a batch, made ready by the store that is to apply them.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// How many there were before each was kept once.
    pub read: u64,
    /// The raw copy of each, whose own is empty then; none where they were not packed ahead.
    pub bodies: Vec<PackedBody>,
}

/// A raw copy as the store keeps it.
#[derive(Clone, Debug)]
pub struct PackedBody {
    /// The store's number for how it is packed.
    pub encoding: i64,
    /// Its bytes, packed so.
    pub bytes: Vec<u8>,
}

/// What applying came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Counts of this piece.
    pub counts: SyncCounts,
    /// Patients that changed.
    pub patients: Vec<PatientNo>,
    /// Resources that were new or different.
    pub changed: Vec<ResourceKey>,
    /// Resources that were there and are deleted now.
    pub deleted: Vec<ResourceKey>,
}

/// Keeps what the sync brings.
#[async_trait]
pub trait SyncStore: SyncLedger {
    /// The run of the source that is under way or was interrupted, if there is one.
    async fn open_run(&self, source: SourceId) -> Result<Option<SyncRun>, StoreError>;
    /// Begins a run. Only one may be open for a source.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where one is open.
    async fn begin_run(&self, id: SyncRunId, source: SourceId, strategy: SyncStrategy, now: Timestamp) -> Result<SyncRun, StoreError>;
    /// Moves the checkpoint alone (a job was kicked off).
    async fn save_checkpoint(&self, run: SyncRunId, checkpoint: &str) -> Result<(), StoreError>;
    /// Does of [`SyncStore::apply`] what needs no database, on the thread of the caller, who goes on with other pieces meanwhile. Packs the
    /// raw copies too where most of the piece is likely to be new; what turns out not to be was packed in vain.
    fn prepare(&self, _batch: &mut ApplyBatch, _likely_new: bool) {}
    /// Applies a piece: resources whose content differs are stored with their facts, their patients marked dirty; the same content is
    /// left alone; an older version (by `meta.lastUpdated`, where both have it) never replaces a newer one. Data, checkpoint, counts
    /// and dirty marks move in one transaction. What an earlier run could not read of these resources is resolved. `entropy` seeds the ids of what is new.
    async fn apply(&self, run: SyncRunId, batch: ApplyBatch, now: Timestamp, entropy: IdEntropy) -> Result<Applied, StoreError>;
    /// After a full run: what the source no longer has. Takes the keys seen since the run began as alive and marks all other
    /// resources of the types as deleted, unless that would be more than `most_share` (0 to 1) of them, in which case nothing is
    /// deleted and the count that would have been is returned as `Err`-free `None`.
    async fn sweep(&self, run: SyncRunId, types: &[String], most_share: f64, now: Timestamp) -> Result<Option<u64>, StoreError>;
    /// Notes that the source was read completely and had nothing new, without a run: moves `synced_at`, and `complete_until` where it
    /// is later than before. Does nothing while a run of the source is open.
    async fn note_unchanged(&self, source: SourceId, complete_until: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError>;
    /// Ends a run. A complete one moves the source's `complete_until` and `synced_at`, and lets its dirty patients be claimed. One by
    /// [`SyncStrategy::Hint`] moves neither, neither holds anybody back nor lets anybody go, and old ones of that kind are forgotten. One
    /// that read files moves both to `complete_until`, never back, and leaves them alone where it is `None`.
    async fn finish_run(
        &self,
        run: SyncRunId,
        status: SyncRunStatus,
        complete_until: Option<Timestamp>,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<SyncRun, StoreError>;
}
