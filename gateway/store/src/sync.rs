//! Runs of a sync: begun, moved on, swept, ended. What a piece of a run does to the model is in [`apply`].

mod apply;
mod first_load;
mod incoming;
pub(crate) mod patients;
mod places;
mod stored_resources;
mod sweep;
mod write;

use async_trait::async_trait;
use gateway_domain::ids::{IdEntropy, SourceId, SyncRunId};
use gateway_domain::source::{SyncRun, SyncRunStatus, SyncStrategy};
use gateway_ports::store::sync::{Applied, ApplyBatch};
use gateway_ports::store::{StoreError, SyncStore};
use jiff::Timestamp;

use crate::Store;
use crate::database::args;
use crate::error::{conflict, missing};
use crate::source::{lock_run, run_of_source, source_no};
use crate::stored::name_of;

pub(crate) use first_load::FirstLoads;

/// What `synced_at` becomes: now, or when the type that could be read once and can't be now was read last, because decisions are only
/// as fresh as that.
const FRESH_AT: &str = "coalesce((SELECT min(c.read_at) FROM sync_cursor c WHERE c.source_no = source.no AND c.problem IS NOT NULL), $3)";

/// Runs that read what a server told of are kept while their number is among the last so many.
const HINT_RUNS_KEPT: i64 = 1_000;

#[async_trait]
impl SyncStore for Store {
    async fn open_run(&self, source: SourceId) -> Result<Option<SyncRun>, StoreError> {
        let mut session = self.database.read().await?;
        run_of_source(&mut session, source).await
    }

    async fn begin_run(&self, id: SyncRunId, source: SourceId, strategy: SyncStrategy, now: Timestamp) -> Result<SyncRun, StoreError> {
        let mut session = self.database.write().await?;
        let source_no = source_no(&mut session, source).await?;
        session
            .execute(
                "INSERT INTO sync_run (id, source_no, strategy, status, started_at) VALUES ($1, $2, $3, 'running', $4)",
                args![id.as_uuid(), source_no, name_of(&strategy)?, now],
            )
            .await
            .map_err(conflict("open run of source", source.to_string()))?;
        let begun = lock_run(&mut session, id).await?.run;
        session.commit().await?;
        Ok(begun)
    }

    async fn save_checkpoint(&self, run: SyncRunId, checkpoint: &str) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        let changed = session
            .execute("UPDATE sync_run SET checkpoint = $2 WHERE id = $1 AND status = 'running'", args![run.as_uuid(), checkpoint])
            .await?;
        if changed == 0 {
            return Err(missing("open sync run", run));
        }
        session.commit().await
    }

    fn prepare(&self, batch: &mut ApplyBatch, likely_new: bool) {
        incoming::prepare(batch, likely_new);
    }

    async fn apply(&self, run: SyncRunId, batch: ApplyBatch, now: Timestamp, entropy: IdEntropy) -> Result<Applied, StoreError> {
        self.apply_batch(run, batch, now, entropy).await
    }

    async fn sweep(&self, run: SyncRunId, types: &[String], most_share: f64, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.sweep_run(run, types, most_share, now).await
    }

    async fn note_unchanged(&self, source: SourceId, complete_until: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.database.write().await?;
        session
            .execute(
                &format!(
                    "UPDATE source SET synced_at = {FRESH_AT}, complete_until = CASE WHEN complete_until >= $2 THEN complete_until \
                     ELSE coalesce($2, complete_until) END WHERE id = $1 AND NOT EXISTS \
                     (SELECT 1 FROM sync_run r WHERE r.source_no = source.no AND r.status = 'running')"
                ),
                args![source.as_uuid(), complete_until, now],
            )
            .await?;
        session.commit().await
    }

    async fn finish_run(
        &self,
        run: SyncRunId,
        status: SyncRunStatus,
        complete_until: Option<Timestamp>,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<SyncRun, StoreError> {
        let mut session = self.database.write().await?;
        let open = lock_run(&mut session, run).await?;
        if open.run.status != SyncRunStatus::Running {
            return Err(StoreError::Stale { what: "sync run", key: run.to_string() });
        }
        self.first_loads.end(open.source);
        places::sort_in(&mut session, open.source).await?;
        session
            .execute(
                "UPDATE sync_run SET status = $2, ended_at = $3, note = $4 WHERE no = $1",
                args![open.no, name_of(&status)?, now, note],
            )
            .await?;
        session.execute("DELETE FROM sync_seen WHERE run_no = $1", args![open.no]).await?;
        if open.run.strategy == SyncStrategy::Hint {
            let kept_from = open.no.saturating_sub(HINT_RUNS_KEPT);
            session
                .execute(
                    "DELETE FROM sync_run WHERE source_no = $1 AND no < $2 AND strategy = 'hint' AND status = 'complete' \
                     AND quarantined = 0",
                    args![open.source, kept_from],
                )
                .await?;
        } else if status == SyncRunStatus::Complete && !open.run.strategy.asks_a_server() {
            // Files are as old as they say. Where they don't say, nobody knows how fresh the copy is, and the gate is told nothing.
            session
                .execute(
                    "UPDATE source SET complete_until = CASE WHEN $2 IS NULL OR complete_until >= $2 THEN complete_until ELSE $2 END, \
                     synced_at = CASE WHEN $2 IS NULL OR synced_at >= $2 THEN synced_at ELSE $2 END WHERE no = $1",
                    args![open.source, complete_until],
                )
                .await?;
        } else if status == SyncRunStatus::Complete {
            session
                .execute(
                    &format!("UPDATE source SET complete_until = coalesce($2, complete_until), synced_at = {FRESH_AT} WHERE no = $1"),
                    args![open.source, complete_until, now],
                )
                .await?;
        }
        let ended = lock_run(&mut session, run).await?.run;
        session.commit().await?;
        Ok(ended)
    }
}
