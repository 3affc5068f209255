//! The one way by which what was read gets into the store: piece by piece, each with its checkpoint. The run is begun with the first
//! piece that has something to say, so that an idle look at a server writes nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use gateway_domain::code::SharedCodings;
use gateway_domain::ids::{QuarantineId, SourceId, SyncRunId};
use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_domain::source::{QuarantineStatus, Quarantined, Source, SyncCounts, SyncRun, SyncRunStatus, SyncStrategy};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::{ExportLine, ResourceReader, Unreadable};
use gateway_ports::store::SyncStore;
use gateway_ports::store::sync::ApplyBatch;
use jiff::Timestamp;

use crate::checkpoint::{Checkpoint, RunState, Stored};
use crate::error::SyncError;
use crate::progress::Progress;
use crate::worker::Applied;

/// The most resources remembered to tell an idle look from one with news.
const MOST_REMEMBERED: usize = 100_000;
/// What a source was seen to have lately, so that an overlap read again is no news.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<ResourceKey, ContentHash>>);

impl Seen {
    pub(crate) fn has_news(&self, batch: &ApplyBatch) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !batch.quarantined.is_empty() || batch.resources.iter().any(|it| seen.get(&it.key) != Some(&it.hash))
    }

    fn remember(&self, keys: &[(ResourceKey, ContentHash)]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() + keys.len() > MOST_REMEMBERED {
            seen.clear();
        }
        seen.extend(keys.iter().take(MOST_REMEMBERED).copied());
    }

    fn forget(&self, key: ResourceKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

/// A run being written.
pub(crate) struct Intake<'a> {
    pub(crate) store: &'a dyn SyncStore,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) reader: Arc<dyn ResourceReader>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) applied: &'a Applied,
    pub(crate) seen: &'a Seen,
    /// Deletions that were applied already.
    pub(crate) deletions: BTreeSet<(String, String)>,
    pub(crate) source: Source,
    pub(crate) strategy: SyncStrategy,
    /// What there is to do, and what is done.
    pub(crate) state: RunState,
    /// Where the step that is under way goes on.
    pub(crate) place: Option<Checkpoint>,
    pub(crate) run: Option<SyncRun>,
    pub(crate) counts: SyncCounts,
    pub(crate) patients_changed: u64,
    pub(crate) total: Option<u64>,
    pub(crate) warnings: Vec<String>,
}

impl Intake<'_> {
    /// The run, begun now if it is not yet.
    pub(crate) async fn run(&mut self) -> Result<SyncRunId, SyncError> {
        if let Some(run) = &self.run {
            return Ok(run.id);
        }
        let now = self.clock.now();
        let id = SyncRunId::new(now, self.entropy.for_id());
        let run = self.store.begin_run(id, self.source.id, self.strategy, now).await?;
        Ok(self.run.insert(run).id)
    }

    pub(crate) fn stored_checkpoint(&self) -> Option<Checkpoint> {
        self.place.clone()
    }

    fn written(&self, place: Option<&Checkpoint>) -> Option<String> {
        Stored { state: self.state.clone(), place: place.cloned() }.written()
    }

    pub(crate) async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), SyncError> {
        let run = self.run().await?;
        Ok(self.store.save_checkpoint(run, &self.written(Some(checkpoint)).unwrap_or_default()).await?)
    }

    /// Notes what is done, where a run has begun.
    pub(crate) async fn save_state(&mut self) -> Result<(), SyncError> {
        let Some(run) = self.run.as_ref().map(|it| it.id) else { return Ok(()) };
        Ok(self.store.save_checkpoint(run, &self.written(None).unwrap_or_default()).await?)
    }

    /// Applies a piece. One without news is left out while the run has not begun.
    pub(crate) async fn apply(&mut self, batch: ApplyBatch, checkpoint: Option<&Checkpoint>) -> Result<(), SyncError> {
        let may_skip = self.run.is_none() && self.strategy == SyncStrategy::SearchSince;
        if may_skip && batch.deletes.is_empty() && batch.present.is_empty() && !self.seen.has_news(&batch) {
            self.counts.read += batch.resources.len() as u64;
            self.counts.unchanged += batch.resources.len() as u64;
            return Ok(());
        }
        self.apply_piece(batch, checkpoint).await.map(drop)
    }

    /// Applies a piece, whether it has news or not; what came of it.
    pub(crate) async fn apply_piece(
        &mut self,
        mut batch: ApplyBatch,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<gateway_ports::store::sync::Applied, SyncError> {
        let run = self.run().await?;
        let now = self.clock.now();
        for line in &mut batch.quarantined {
            line.id = QuarantineId::new(now, self.entropy.for_id());
            line.run = run;
            line.at = now;
        }
        for resource in &batch.resources {
            if !self.state.seen.contains(&resource.resource_type) {
                self.state.seen.insert(resource.resource_type.clone());
            }
        }
        if let Some((resource_type, _)) = batch.present.first() {
            self.state.seen.insert(resource_type.clone());
        }
        batch.checkpoint = checkpoint.and_then(|it| self.written(Some(it)));
        let keys: Vec<_> = batch.resources.iter().map(|it| (it.key, it.hash)).collect();
        for (resource_type, id) in &batch.deletes {
            self.seen.forget(self.reader.key(resource_type, id));
        }
        if !self.deletions.is_empty() {
            for resource in &batch.resources {
                // What is there again can be deleted again.
                self.deletions.remove(&(resource.resource_type.clone(), resource.fhir_id.clone()));
            }
        }
        let applied = self.store.apply(run, batch, now, self.entropy.for_id()).await?;
        if matches!(self.strategy, SyncStrategy::SearchSince | SyncStrategy::Hint) {
            self.seen.remember(&keys);
        }
        (self.applied)(&applied.patients);
        self.counts += applied.counts;
        self.patients_changed += applied.patients.len() as u64;
        self.progress.counted(self.counts, self.total);
        Ok(applied)
    }

    pub(crate) async fn finish(&mut self, status: SyncRunStatus, until: Option<Timestamp>) -> Result<(), SyncError> {
        let run = self.run().await?;
        let note = (!self.warnings.is_empty()).then(|| self.warnings.join("; "));
        let finished = self.store.finish_run(run, status, until, note.as_deref(), self.clock.now()).await?;
        self.counts = finished.counts;
        Ok(())
    }

    pub(crate) fn warn(&mut self, warning: String) {
        const MOST: usize = 20;
        if self.warnings.len() < MOST && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Reads lines into a piece, on a thread for work that takes long.
    pub(crate) async fn read(&self, lines: Vec<ExportLine>, in_file: bool) -> Result<ApplyBatch, SyncError> {
        read_lines(self.reader.clone(), self.source.id, lines, in_file).await
    }
}

/// Reads lines into a piece, on a thread for work that takes long.
pub(crate) async fn read_lines(
    reader: Arc<dyn ResourceReader>,
    source: SourceId,
    lines: Vec<ExportLine>,
    in_file: bool,
) -> Result<ApplyBatch, SyncError> {
    let work = tokio::task::spawn_blocking(move || {
        let mut batch = ApplyBatch { resources: Vec::with_capacity(lines.len()), ..ApplyBatch::default() };
        let mut codings = SharedCodings::default();
        for line in lines {
            let whole = !line.too_long;
            let (reason, raw) = if line.too_long {
                let reason = Unreadable { reason: "its line is too long".into(), resource_type: None, fhir_id: None };
                (reason, line.bytes)
            } else {
                match reader.resource_of(line.bytes, &mut codings) {
                    Ok(resource) => {
                        batch.resources.push(resource);
                        continue;
                    }
                    Err(unreadable) => unreadable,
                }
            };
            batch.quarantined.push(unread(source, reason, raw, whole, in_file.then_some(line.number)));
        }
        batch
    });
    work.await.map_err(|error| SyncError::Reading(error.to_string()))
}

/// Something that could not be read, as the quarantine keeps it: all of it, so that it can be read again, where it was read to its end.
pub(crate) fn unread(source: SourceId, reason: Unreadable, raw: Vec<u8>, whole: bool, line: Option<u64>) -> Quarantined {
    Quarantined {
        // The run gives the identifiers when it takes the piece.
        id: QuarantineId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        source,
        run: SyncRunId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        resource_type: reason.resource_type,
        fhir_id: reason.fhir_id,
        line,
        reason: reason.reason,
        raw,
        whole,
        at: Timestamp::UNIX_EPOCH,
        status: QuarantineStatus::Open,
        tries: 0,
        resolved_at: None,
    }
}
