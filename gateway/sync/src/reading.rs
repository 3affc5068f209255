//! A run under way: begins it when there is something to apply, applies batches with their checkpoint, and ends it.

use std::sync::{Arc, Mutex};

use gateway_domain::ids::{QuarantineId, SyncRunId};
use gateway_domain::source::{Quarantined, Source, SyncCounts, SyncRun, SyncRunStatus, SyncStrategy};
use gateway_ports::store::sync::ApplyBatch;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::batch::ReadBatch;
use crate::checkpoint::Checkpoint;
use crate::progress::{Phase, Progress};
use crate::recent::Recent;
use crate::report::SyncReport;
use crate::worker::SyncDeps;
use crate::{SyncError, SyncSettings};

/// Notes of a run are cut here.
const LONGEST_NOTE: usize = 2_000;

pub(crate) struct Reading<'a> {
    pub(crate) deps: &'a SyncDeps,
    pub(crate) settings: &'a SyncSettings,
    pub(crate) source: &'a Source,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) stop: &'a CancellationToken,
    pub(crate) strategy: SyncStrategy,
    pub(crate) recent: &'a Mutex<Recent>,
    run: Option<SyncRun>,
    /// What this reading did; an interrupted run's earlier counts are in its row.
    counts: SyncCounts,
    notes: Vec<String>,
    incomplete: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(
        deps: &'a SyncDeps,
        settings: &'a SyncSettings,
        source: &'a Source,
        (progress, stop): (&'a dyn Progress, &'a CancellationToken),
        strategy: SyncStrategy,
        recent: &'a Mutex<Recent>,
        run: Option<SyncRun>,
    ) -> Self {
        Self {
            deps,
            settings,
            source,
            progress,
            stop,
            strategy,
            recent,
            run,
            counts: SyncCounts::default(),
            notes: Vec::new(),
            incomplete: false,
        }
    }

    /// Where an interrupted run goes on.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.run.as_ref()?.checkpoint.as_deref().and_then(Checkpoint::from_text)
    }

    /// Fails where the run is to stop.
    pub(crate) fn go_on(&self) -> Result<(), SyncError> {
        if self.stop.is_cancelled() { Err(SyncError::Stopped) } else { Ok(()) }
    }

    /// Adds to what the run has to say.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) && self.notes.len() < 20 {
            self.notes.push(text);
        }
    }

    /// Something did not arrive: the run will not count as complete.
    pub(crate) fn mark_incomplete(&mut self, why: impl Into<String>) {
        self.incomplete = true;
        self.note(why);
    }

    /// The run, begun now where it was not.
    pub(crate) async fn begin(&mut self) -> Result<SyncRunId, SyncError> {
        if let Some(run) = &self.run {
            return Ok(run.id);
        }
        let now = self.deps.clock.now();
        let id = SyncRunId::new(now, self.deps.entropy.for_id());
        let run = self.deps.store.begin_run(id, self.source.id, self.strategy, now).await?;
        Ok(self.run.insert(run).id)
    }

    /// Stores where the run goes on, without data.
    pub(crate) async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), SyncError> {
        let run = self.begin().await?;
        Ok(self.deps.store.save_checkpoint(run, &checkpoint.to_text()).await?)
    }

    /// Applies a batch. What is remembered as applied just now is left out, and a batch of nothing else costs nothing.
    pub(crate) async fn apply(&mut self, mut batch: ReadBatch, checkpoint: Option<&Checkpoint>) -> Result<(), SyncError> {
        let known = self.leave_out_recent(&mut batch);
        self.counts.read += known;
        self.counts.unchanged += known;
        if !batch.is_empty() || (checkpoint.is_some() && self.run.is_some()) {
            let run = self.begin().await?;
            let now = self.deps.clock.now();
            let quarantined = batch.rejected.drain(..).map(|rejected| self.quarantined(run, rejected, now)).collect();
            let fingerprints: Vec<_> = batch.resources.iter().map(|resource| (resource.key, Some(resource.hash))).collect();
            let gone: Vec<_> = batch.deletes.iter().map(|(kind, id)| (self.deps.reader.key(kind, id), None)).collect();
            let piece = ApplyBatch {
                resources: batch.resources,
                deletes: batch.deletes,
                quarantined,
                checkpoint: checkpoint.map(Checkpoint::to_text),
            };
            let applied = self.deps.store.apply(run, piece, now, self.deps.entropy.for_id()).await?;
            self.counts += applied.counts;
            count_metrics(&self.source.name, &applied.counts);
            self.deps.listener.applied(&applied.patients);
            if let Ok(mut recent) = self.recent.lock() {
                fingerprints.into_iter().chain(gone).for_each(|(key, content)| recent.note(key, content));
            }
        }
        self.progress.counts(&self.counts);
        Ok(())
    }

    fn leave_out_recent(&self, batch: &mut ReadBatch) -> u64 {
        if !matches!(self.strategy, SyncStrategy::SearchSince) {
            return 0;
        }
        let Ok(recent) = self.recent.lock() else { return 0 };
        let before = batch.resources.len();
        batch.resources.retain(|resource| !recent.has(resource.key, Some(resource.hash)));
        batch.deletes.retain(|(kind, id)| !recent.has(self.deps.reader.key(kind, id), None));
        (before - batch.resources.len()) as u64
    }

    fn quarantined(&self, run: SyncRunId, rejected: crate::batch::Rejected, now: Timestamp) -> Quarantined {
        Quarantined {
            id: QuarantineId::new(now, self.deps.entropy.for_id()),
            source: self.source.id,
            run,
            resource_type: rejected.why.resource_type,
            fhir_id: rejected.why.fhir_id,
            line: rejected.line,
            reason: rejected.why.reason,
            raw: String::from_utf8_lossy(&rejected.raw).replace('\0', "\u{fffd}"),
            at: now,
        }
    }

    /// Ends the run. `until` is the server's clock up to which everything was read; `sweep` marks what a full run did not see.
    pub(crate) async fn finish(mut self, until: Option<Timestamp>, sweep: bool) -> Result<SyncReport, SyncError> {
        let status = if self.incomplete { SyncRunStatus::Failed } else { SyncRunStatus::Complete };
        if sweep && !self.incomplete {
            self.sweep().await?;
        }
        let note = self.words();
        let now = self.deps.clock.now();
        match &self.run {
            Some(run) => {
                let until = until.filter(|_| status == SyncRunStatus::Complete);
                let ended = self.deps.store.finish_run(run.id, status, until, note.as_deref(), now).await?;
                // The row counts what an interrupted run did before, too.
                self.counts = ended.counts;
            }
            None => self.note_unchanged(until, now).await?,
        }
        if status == SyncRunStatus::Complete && self.run.is_some() {
            self.deps.listener.completed();
        }
        Ok(SyncReport { strategy: self.strategy, status, counts: self.counts, note })
    }

    async fn sweep(&mut self) -> Result<(), SyncError> {
        let run = self.begin().await?;
        self.progress.phase(&Phase::Sweeping);
        let now = self.deps.clock.now();
        match self.deps.store.sweep(run, self.deps.reader.types(), self.settings.sweep_share, now).await? {
            Some(deleted) => self.counts.deleted += deleted,
            None => self.note(
                "Far fewer resources than before were shown, so nothing was taken as deleted; check what the server shows to this client",
            ),
        }
        Ok(())
    }

    async fn note_unchanged(&self, until: Option<Timestamp>, now: Timestamp) -> Result<(), SyncError> {
        let due = self.source.synced_at.is_none_or(|last| now.duration_since(last) >= self.settings.note_every);
        if due {
            self.deps.store.note_unchanged(self.source.id, until, now).await?;
        }
        Ok(())
    }

    fn words(&self) -> Option<String> {
        let mut words = self.notes.join(". ");
        if words.len() > LONGEST_NOTE {
            let cut = (0..=LONGEST_NOTE).rev().find(|at| words.is_char_boundary(*at)).unwrap_or(0);
            words.truncate(cut);
            words.push('…');
        }
        (!words.is_empty()).then_some(words)
    }

    /// The reader, for the blocking pool.
    pub(crate) fn reader(&self) -> Arc<dyn gateway_ports::ehr::ResourceReader> {
        Arc::clone(&self.deps.reader)
    }
}

fn count_metrics(source: &str, counts: &SyncCounts) {
    for (outcome, count) in
        [("applied", counts.applied), ("unchanged", counts.unchanged), ("deleted", counts.deleted), ("quarantined", counts.quarantined)]
    {
        metrics::counter!("sync_resources_total", "source" => source.to_owned(), "outcome" => outcome).increment(count);
    }
}
