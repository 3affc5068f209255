//! The quarantine read again: with the mapping there is now, through the same way into the store.

use std::sync::Arc;

use gateway_domain::ids::{QuarantineId, SourceId, SyncRunId};
use gateway_domain::source::{Source, SyncRunStatus, SyncStrategy};
use gateway_ports::ehr::ResourceReader;
use gateway_ports::store::sync::ApplyBatch;
use gateway_ports::store::{QuarantineFilter, QuarantineStore, StoreError};
use jiff::SignedDuration;
use serde::Serialize;

use crate::error::SyncError;
use crate::worker::SyncWorker;

/// Lines read again at a time.
const AT_A_TIME: u32 = 100;

/// A replay that is open for longer was interrupted.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// What a replay came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// Could be read now.
    pub replayed: u64,
    /// Of those, new or different, and applied. The others said what is held already, or something older.
    pub applied: u64,
    /// Still can't be read.
    pub still_unreadable: u64,
    /// Only their beginning was kept, so that they can't be read again.
    pub not_whole: u64,
}

impl SyncWorker {
    /// Reads what is open in the quarantine of a source again and applies what can be read now, in a run of its own. What is held and
    /// is newer stays. Stopped in the middle, what was applied is settled and the rest is open.
    ///
    /// # Errors
    /// [`SyncError::RunOpen`] while another run of the source is open.
    pub async fn replay(
        &self,
        quarantine: &dyn QuarantineStore,
        source: &str,
        reader: &Arc<dyn ResourceReader>,
        filter: &QuarantineFilter,
    ) -> Result<ReplayReport, SyncError> {
        let source = self.sources.source_by_name(source).await?.ok_or_else(|| SyncError::NoSource(source.to_owned()))?;
        let replay = self.replay_alone(quarantine, &source, reader, filter);
        self.take(&source).await?.during(replay).await
    }

    async fn replay_alone(
        &self,
        quarantine: &dyn QuarantineStore,
        source: &Source,
        reader: &Arc<dyn ResourceReader>,
        filter: &QuarantineFilter,
    ) -> Result<ReplayReport, SyncError> {
        let filter = QuarantineFilter { source: Some(source.id), ..filter.clone() };
        let mut report = ReplayReport::default();
        let mut run: Option<SyncRunId> = None;
        let mut after = None;
        loop {
            let lines = quarantine.quarantine_to_replay(&filter, after, AT_A_TIME).await?;
            let Some(last) = lines.last() else { break };
            after = Some(last.id);
            let mut batch = ApplyBatch::default();
            let mut in_vain: Vec<(QuarantineId, String)> = Vec::new();
            for line in lines {
                if !line.whole {
                    report.not_whole += 1;
                    continue;
                }
                match reader.resource(line.raw) {
                    Ok(resource) => {
                        batch.resources.push(resource);
                        batch.replayed.push(line.id);
                    }
                    Err((unreadable, _)) => in_vain.push((line.id, unreadable.reason)),
                }
            }
            report.still_unreadable += in_vain.len() as u64;
            quarantine.note_replayed_in_vain(&in_vain).await?;
            if batch.resources.is_empty() {
                continue;
            }
            let run = match run {
                Some(run) => run,
                None => *run.insert(self.begin_replay(&source.name, source.id).await?),
            };
            report.replayed += batch.replayed.len() as u64;
            let applied = self.store.apply(run, batch, self.clock.now(), self.entropy.for_id()).await?;
            (self.applied)(&applied.patients);
            report.applied += applied.counts.applied;
        }
        if let Some(run) = run {
            self.store.finish_run(run, SyncRunStatus::Complete, None, None, self.clock.now()).await?;
        }
        Ok(report)
    }

    async fn begin_replay(&self, name: &str, source: SourceId) -> Result<SyncRunId, SyncError> {
        let now = self.clock.now();
        let id = SyncRunId::new(now, self.entropy.for_id());
        self.end_loose_run(source).await?;
        match self.store.begin_run(id, source, SyncStrategy::Replay, now).await {
            Err(StoreError::Conflict { .. }) => {
                let open = self.store.open_run(source).await?;
                let (strategy, since) = open.map_or((SyncStrategy::Replay, now), |run| (run.strategy, run.started_at));
                let fix = "try again when it has ended";
                Err(SyncError::RunOpen { source_name: name.to_owned(), strategy, since, fix })
            }
            begun => Ok(begun?.id),
        }
    }

    /// Ends a replay that was interrupted long ago, and a run by hints: each piece of them is whole in itself, and nothing is missing.
    pub(crate) async fn end_loose_run(&self, source: SourceId) -> Result<(), SyncError> {
        let Some(open) = self.store.open_run(source).await? else { return Ok(()) };
        let long_ago = || self.clock.now().duration_since(open.started_at) > LONGEST;
        if open.strategy == SyncStrategy::Hint || open.strategy == SyncStrategy::Replay && long_ago() {
            self.store.finish_run(open.id, SyncRunStatus::Complete, None, None, self.clock.now()).await?;
        }
        Ok(())
    }
}
