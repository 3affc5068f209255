//! Runs: once, or again and again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gateway_domain::ids::{PatientNo, SourceId};
use gateway_domain::source::{Source, SyncCounts, SyncRunStatus, SyncStrategy, TypeCursor};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::ehr::{Ehr, EhrCapabilities, ResourceReader};
use gateway_ports::process::Processes;
use gateway_ports::store::{SourceStore, SyncStore};
use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::checkpoint::{RunState, Stored};
use crate::error::SyncError;
use crate::hints::HintQueue;
use crate::intake::{Intake, Seen};
use crate::lease::OneProcess;
use crate::plan::{ExportChoice, PlanSettings, plan, strategy};
use crate::probe;
use crate::progress::{Progress, Quiet, SyncReport};
use crate::run::{self, Known};

/// A source and how it is spoken to and read.
#[derive(Clone)]
pub struct SyncFeed {
    /// The source's name.
    pub source: String,
    pub ehr: Arc<dyn Ehr>,
    pub reader: Arc<dyn ResourceReader>,
}

/// How runs go.
#[derive(Clone, Debug)]
pub struct SyncOptions {
    /// Reads everything, whatever was read before.
    pub full: bool,
    /// What is done from time to time, as the comparison of ids, is done now.
    pub now: bool,
    /// Whose data exports are asked for.
    pub export: ExportChoice,
    /// How often a type of 100,000 resources that can't be asked for its changes is read anew; a smaller one more often.
    pub refresh: Duration,
    /// How often what is held of such a type is compared with what the server has; of a smaller one more often.
    pub reconcile: Duration,
    /// Requests under way at a time, where a type is read patient by patient.
    pub concurrency: usize,
    /// How far before the last complete moment a run begins.
    pub overlap: Duration,
    /// The most resources of a piece.
    pub batch_resources: usize,
    /// The most bytes of a piece.
    pub batch_bytes: usize,
    /// Entries on a page of a search.
    pub page_size: u32,
    /// The bounds of the wait between two looks at an export.
    pub shortest_poll: Duration,
    pub longest_poll: Duration,
    /// The longest wait for an export in all.
    pub longest_export: Duration,
    /// Files of an export that are read at a time, 1 to 16.
    pub parallel_files: usize,
    /// What of the types an export is to bring, each as a search (`Observation?category=laboratory`).
    pub type_filters: Vec<String>,
    /// After a full run, at most this share (0 to 1) of a type may be taken as deleted.
    pub most_deleted: f64,
    /// That a source has no news is noted only this long after the last time.
    pub note_every: Duration,
}

impl Default for SyncOptions {
    fn default() -> Self {
        Self {
            full: false,
            now: false,
            export: ExportChoice::Offered,
            refresh: Duration::from_hours(1),
            reconcile: Duration::from_hours(24),
            concurrency: 4,
            overlap: Duration::from_mins(5),
            batch_resources: 2_000,
            batch_bytes: 8 << 20,
            page_size: 500,
            shortest_poll: Duration::from_secs(1),
            longest_poll: Duration::from_mins(5),
            longest_export: Duration::from_hours(30 * 24),
            parallel_files: 3,
            type_filters: Vec::new(),
            most_deleted: 0.2,
            note_every: Duration::from_mins(1),
        }
    }
}

impl SyncOptions {
    /// Small pieces and short waits.
    pub fn for_testing() -> Self {
        Self {
            now: true,
            batch_resources: 50,
            page_size: 20,
            shortest_poll: Duration::from_millis(10),
            longest_poll: Duration::from_millis(50),
            ..Self::default()
        }
    }
}

/// More deletions than these are not remembered; they are then applied again, which changes nothing.
const MOST_DELETIONS: usize = 100_000;

/// What a server can do is asked again after this long.
const ASK_AGAIN: Duration = Duration::from_hours(1);

/// What is remembered of a source between its runs.
#[derive(Default)]
pub(crate) struct Memory {
    /// What the server can do, and when it was asked.
    capabilities: Mutex<Option<(EhrCapabilities, Timestamp)>>,
    pub(crate) seen: Seen,
    pub(crate) deletions: std::sync::Mutex<BTreeSet<(String, String)>>,
}

impl Memory {
    pub(crate) fn keep_deletions(&self, deletions: BTreeSet<(String, String)>) {
        if deletions.len() <= MOST_DELETIONS {
            *self.deletions.lock().unwrap_or_else(PoisonError::into_inner) = deletions;
        }
    }
}

/// Hears which patients a piece changed.
pub type Applied = dyn Fn(&[PatientNo]) + Send + Sync;

/// Makes runs.
pub struct SyncWorker {
    pub(crate) sources: Arc<dyn SourceStore>,
    pub(crate) store: Arc<dyn SyncStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) processes: Arc<dyn Processes>,
    memory: std::sync::Mutex<HashMap<SourceId, Arc<Memory>>>,
    pub(crate) applied: Arc<Applied>,
    hints: Option<Arc<HintQueue>>,
}

impl SyncWorker {
    pub fn new(sources: Arc<dyn SourceStore>, store: Arc<dyn SyncStore>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let processes = Arc::new(OneProcess::new(&*entropy));
        Self { sources, store, clock, entropy, processes, memory: std::sync::Mutex::default(), applied: Arc::new(|_| {}), hints: None }
    }

    /// Takes over at once what a process that has ended held.
    #[must_use]
    pub fn within(self, processes: Arc<dyn Processes>) -> Self {
        Self { processes, ..self }
    }

    /// Tells `applied` after each piece which patients it changed, so that what is cached of them can be forgotten at once. Decisions
    /// wait for the end of the run.
    #[must_use]
    pub fn telling(self, applied: Arc<Applied>) -> Self {
        Self { applied, ..self }
    }

    /// Serves what its source tells of, between the runs of [`run_forever`](Self::run_forever).
    #[must_use]
    pub fn hearing(self, hints: Arc<HintQueue>) -> Self {
        Self { hints: Some(hints), ..self }
    }

    pub(crate) fn memory(&self, source: SourceId) -> Arc<Memory> {
        Arc::clone(self.memory.lock().unwrap_or_else(PoisonError::into_inner).entry(source).or_default())
    }

    /// Makes one run, or takes up the one that was interrupted.
    ///
    /// # Errors
    /// [`SyncError`]. Where it [may be resumed](SyncError::may_resume), the run stays open and the next call goes on with it; else it
    /// is ended as failed, and what it brought stays without being decided upon.
    pub async fn run_once(&self, feed: &SyncFeed, options: &SyncOptions, progress: &dyn Progress) -> Result<SyncReport, SyncError> {
        let source = self.sources.source_by_name(&feed.source).await?.ok_or_else(|| SyncError::NoSource(feed.source.clone()))?;
        let run = self.run_alone(feed, source.clone(), options, progress);
        self.take(&source).await?.during(run).await
    }

    async fn run_alone(
        &self,
        feed: &SyncFeed,
        source: Source,
        options: &SyncOptions,
        progress: &dyn Progress,
    ) -> Result<SyncReport, SyncError> {
        let memory = self.memory(source.id);
        self.end_loose_run(source.id).await?;
        let open = self.store.open_run(source.id).await?;
        if let Some(open) = open.as_ref().filter(|it| it.strategy.is_import()) {
            return Err(SyncError::RunOpen {
                source_name: source.name,
                strategy: open.strategy,
                since: open.started_at,
                fix: "files are being imported, or an import was interrupted; finish it with the same `outreach import`",
            });
        }
        if let Some(open) = open.as_ref().filter(|it| it.strategy == SyncStrategy::Replay) {
            let fix = "the quarantine is being read again; it is short";
            return Err(SyncError::RunOpen { source_name: source.name, strategy: open.strategy, since: open.started_at, fix });
        }
        let now = self.clock.now();
        let mut capabilities = self.capabilities(feed, &memory, now, progress).await?;
        let known = self.known(&source, feed.reader.types()).await?;
        let stored = open.as_ref().and_then(|it| Stored::read(it.checkpoint.as_deref()));
        let (state, place) = if let Some(stored) = stored {
            (stored.state, stored.place)
        } else {
            let settings = PlanSettings {
                full: options.full,
                now: options.now,
                export: options.export.clone(),
                overlap: options.overlap,
                refresh: options.refresh,
                reconcile: options.reconcile,
            };
            let steps = plan(&capabilities, feed.reader.types(), &known.cursors, &known.held, &settings, now);
            (RunState { steps, ..RunState::default() }, None)
        };
        if state.steps.is_empty() && known.cursors.is_empty() {
            return Err(SyncError::NoWay(source.name.clone()));
        }
        let deletions = std::mem::take(&mut *memory.deletions.lock().unwrap_or_else(PoisonError::into_inner));
        let under_way = open.is_some();
        let note = self.is_note_due(&source, options);
        let mut intake = Intake {
            store: &*self.store,
            clock: &*self.clock,
            entropy: &*self.entropy,
            reader: feed.reader.clone(),
            progress,
            applied: &*self.applied,
            seen: &memory.seen,
            deletions,
            strategy: open.as_ref().map_or_else(|| strategy(&state.steps), |it| it.strategy),
            state,
            place,
            run: open,
            source,
            counts: SyncCounts::default(),
            patients_changed: 0,
            total: None,
            warnings: Vec::new(),
        };
        let made = Box::pin(run::make(feed, &mut intake, &mut capabilities, &known, options, note)).await;
        memory.keep_deletions(std::mem::take(&mut intake.deletions));
        if let Err(error) = made {
            // What the server can do may be the reason; it is asked again.
            *memory.capabilities.lock().await = None;
            if !error.may_resume() && intake.run.is_some() {
                intake.warn(error.to_string());
                intake.finish(SyncRunStatus::Failed, None).await?;
            }
            return Err(error);
        }
        if let Some(remembered) = &mut *memory.capabilities.lock().await {
            remembered.0 = capabilities;
        }
        let (counts, patients_changed, warnings) = (intake.counts, intake.patients_changed, intake.warnings);
        Ok(SyncReport { strategy: intake.strategy, resumed: under_way, counts, patients_changed, warnings })
    }

    /// What the server can do: as remembered, or asked and tried anew after a while, because servers learn.
    async fn capabilities(
        &self,
        feed: &SyncFeed,
        memory: &Memory,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<EhrCapabilities, SyncError> {
        let mut remembered = memory.capabilities.lock().await;
        if let Some((capabilities, asked_at)) = &*remembered
            && now.duration_since(*asked_at).unsigned_abs() < ASK_AGAIN
        {
            return Ok(capabilities.clone());
        }
        progress.phase("asking what the server can do");
        let capabilities = probe::capabilities(&*feed.ehr, &*feed.reader, now).await?;
        *remembered = Some((capabilities.clone(), now));
        Ok(capabilities)
    }

    async fn known(&self, source: &Source, types: &[String]) -> Result<Known, SyncError> {
        let cursors = self.store.cursors(source.id).await?;
        let mut cursors: BTreeMap<String, TypeCursor> = cursors.into_iter().map(|it| (it.resource_type.clone(), it)).collect();
        if cursors.is_empty() && source.complete_until.is_some() {
            // Read by a version that kept one cursor for all.
            let cursor =
                |it: &String| TypeCursor { complete_until: source.complete_until, read_at: source.synced_at, ..TypeCursor::new(it) };
            cursors = types.iter().map(|it| (it.clone(), cursor(it))).collect();
        }
        let held = self.sources.resource_counts(Some(source.id)).await?.into_iter().collect();
        Ok(Known { cursors, held })
    }

    fn is_note_due(&self, source: &Source, options: &SyncOptions) -> bool {
        source.synced_at.is_none_or(|it| self.clock.now().duration_since(it).unsigned_abs() >= options.note_every)
    }

    /// Makes runs until it is cancelled: every `interval`, sooner when `wake` says so, later after failures. `changed` is told after
    /// each run that brought something. A run that is interrupted by the cancellation goes on with the next start.
    pub async fn run_forever(
        &self,
        feed: &SyncFeed,
        options: &SyncOptions,
        interval: Duration,
        cancelled: &CancellationToken,
        wake: &Notify,
        changed: &Notify,
    ) {
        const LONGEST_PAUSE: Duration = Duration::from_mins(5);
        let mut pause = interval;
        loop {
            let ran = tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                ran = self.run_once(feed, options, &Quiet) => ran,
            };
            match ran {
                Ok(report) => {
                    pause = interval;
                    metrics::counter!("sync_runs_total", "outcome" => "complete").increment(1);
                    if report.resumed {
                        pause = Duration::ZERO;
                    }
                    if report.changed() {
                        tracing::info!(source = %feed.source, applied = report.counts.applied, deleted = report.counts.deleted, "Synced");
                        changed.notify_one();
                    }
                }
                Err(SyncError::Busy { .. }) => {
                    tracing::debug!(source = %feed.source, "Another gateway is at work on the source");
                    pause = interval;
                }
                Err(error) => {
                    pause = (pause * 2).max(Duration::from_secs(1)).min(LONGEST_PAUSE.max(interval));
                    metrics::counter!("sync_runs_total", "outcome" => "failed").increment(1);
                    tracing::warn!(source = %feed.source, %error, "A sync run stopped");
                }
            }
            tokio::select! {
                biased;
                () = cancelled.cancelled() => return,
                () = wake.notified() => {}
                () = self.serve_until(feed, options, tokio::time::Instant::now() + pause, changed) => {}
            }
        }
    }

    /// Serves what the source tells of until a run is due: by its time, or because of what was told.
    async fn serve_until(&self, feed: &SyncFeed, options: &SyncOptions, mut due: tokio::time::Instant, changed: &Notify) {
        /// Runs that a server's words ask for are this far apart.
        const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
        /// Until hints are tried again while another gateway is at the source.
        const BUSY: Duration = Duration::from_millis(250);
        let soonest = tokio::time::Instant::now() + SHORTEST_PAUSE;
        let Some(queue) = &self.hints else { return tokio::time::sleep_until(due).await };
        let mut busy = false;
        loop {
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(due) => return,
                () = tokio::time::sleep(BUSY), if busy => {}
                () = queue.ready(), if !busy => {}
            }
            let served = self.serve_hints(feed, options, queue).await;
            busy = served.busy;
            if served.changed {
                changed.notify_one();
            }
            if served.poll {
                metrics::counter!("push_polls_total").increment(1);
                due = due.min(soonest);
            }
        }
    }
}
