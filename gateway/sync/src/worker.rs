//! The worker of a source: one run after the other, each going on where the last one was interrupted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gateway_domain::ids::PatientNo;
use gateway_domain::source::{SyncRun, SyncStrategy};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::{Ehr, EhrCapabilities, ResourceReader};
use gateway_ports::store::{SourceStore, SyncStore};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::plan::{self, Plan};
use crate::progress::{Phase, Progress, Unwatched};
use crate::reading::Reading;
use crate::recent::Recent;
use crate::report::SyncReport;
use crate::{SyncError, SyncSettings, export, search};

/// What the sync needs of the store.
pub trait SyncPort: SyncStore + SourceStore {}

impl<T: SyncStore + SourceStore> SyncPort for T {}

/// Hears what the sync changed.
pub trait SyncListener: Send + Sync {
    /// These patients have new content. Decisions wait for [`SyncListener::completed`]; caches do not.
    fn applied(&self, patients: &[PatientNo]);
    /// A run is complete: its patients can be evaluated.
    fn completed(&self);
}

/// What the worker of a source needs.
#[derive(Clone)]
pub struct SyncDeps {
    /// Where the model is kept.
    pub store: Arc<dyn SyncPort>,
    /// The server.
    pub ehr: Arc<dyn Ehr>,
    /// Who reads what it sends.
    pub reader: Arc<dyn ResourceReader>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Who hears what changed.
    pub listener: Arc<dyn SyncListener>,
}

/// Keeps one source in step.
pub struct SyncWorker {
    source: String,
    deps: SyncDeps,
    settings: SyncSettings,
    recent: Mutex<Recent>,
    capabilities: Mutex<Option<EhrCapabilities>>,
}

impl SyncWorker {
    /// A worker for the source of this name.
    pub fn new(source: impl Into<String>, deps: SyncDeps, settings: SyncSettings) -> Self {
        let recent = Mutex::new(Recent::new(settings.remembered));
        Self { source: source.into(), deps, settings, recent, capabilities: Mutex::new(None) }
    }

    /// Reads the source once: an interrupted run to its end where there is one, and then what is asked for.
    ///
    /// # Errors
    /// [`SyncError`]. What was applied stays; the next call goes on from there.
    pub async fn run_once(&self, full: bool, progress: &dyn Progress, stop: &CancellationToken) -> Result<SyncReport, SyncError> {
        let source = self.deps.store.source_by_name(&self.source).await?.ok_or_else(|| SyncError::UnknownSource(self.source.clone()))?;
        let capabilities = self.capabilities(progress).await?;
        let types = self.deps.reader.types();
        if let Some(open) = self.deps.store.open_run(source.id).await? {
            let since = source.complete_until.map(|until| until.checked_sub(self.settings.overlap).unwrap_or(until));
            let plan = plan::with_strategy(open.strategy, &capabilities, types, since);
            let was_full = is_full(plan.strategy);
            let report = self.follow(&plan, &capabilities, &source, Some(open), progress, stop).await?;
            if was_full || !full {
                return Ok(report);
            }
        }
        let source = self.deps.store.source_by_name(&self.source).await?.unwrap_or(source);
        let plan = plan::choose(&capabilities, types, source.complete_until, full, self.settings.overlap);
        self.follow(&plan, &capabilities, &source, None, progress, stop).await
    }

    async fn follow(
        &self,
        plan: &Plan,
        capabilities: &EhrCapabilities,
        source: &gateway_domain::source::Source,
        run: Option<SyncRun>,
        progress: &dyn Progress,
        stop: &CancellationToken,
    ) -> Result<SyncReport, SyncError> {
        progress.phase(&Phase::Reading { strategy: plan.strategy, resumed: run.is_some() });
        let mut reading = Reading::new(&self.deps, &self.settings, source, (progress, stop), plan.strategy, &self.recent, run);
        let until = match plan.strategy {
            SyncStrategy::BulkFull | SyncStrategy::BulkSince => {
                let began = self.deps.clock.now();
                let at_export = export::run(&mut reading, plan).await?;
                if !plan.searched.is_empty() {
                    search::run(&mut reading, plan, capabilities).await?;
                }
                // Without the server's word the moment before the kick-off is the safe one.
                at_export.or(Some(began))
            }
            SyncStrategy::SearchFull | SyncStrategy::SearchSince => search::run(&mut reading, plan, capabilities).await?,
        };
        reading.finish(until, is_full(plan.strategy)).await
    }

    /// What the server can do, asked once in a worker's life.
    async fn capabilities(&self, progress: &dyn Progress) -> Result<EhrCapabilities, SyncError> {
        let known = self.capabilities.lock().ok().and_then(|known| known.clone());
        if let Some(known) = known {
            return Ok(known);
        }
        progress.phase(&Phase::Discovering);
        let capabilities = self.deps.ehr.capabilities().await?;
        if let Ok(mut known) = self.capabilities.lock() {
            *known = Some(capabilities.clone());
        }
        Ok(capabilities)
    }

    /// Reads the source again and again until it is to stop: every `poll`, or when `wake` is notified.
    pub async fn run_forever(&self, poll: Duration, wake: &Notify, stop: &CancellationToken) {
        let mut failures = 0_u32;
        while !stop.is_cancelled() {
            let pause = match self.run_once(false, &Unwatched, stop).await {
                Ok(report) => {
                    failures = 0;
                    if !report.nothing_changed() || report.counts.quarantined > 0 {
                        tracing::info!(source = %self.source, %report, "Synced");
                    }
                    poll
                }
                Err(SyncError::Stopped) => return,
                Err(error) => {
                    failures = failures.saturating_add(1);
                    metrics::counter!("sync_failures_total", "source" => self.source.clone()).increment(1);
                    tracing::warn!(source = %self.source, failures, error = %error, "The sync stopped; it goes on from there");
                    // The server may come back as another one.
                    if let Ok(mut known) = self.capabilities.lock() {
                        *known = None;
                    }
                    poll.saturating_mul(2_u32.saturating_pow(failures.min(16))).min(self.settings.longest_back_off.max(poll))
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = wake.notified() => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

const fn is_full(strategy: SyncStrategy) -> bool {
    matches!(strategy, SyncStrategy::BulkFull | SyncStrategy::SearchFull)
}
