//! The stages as workers: each does a bounded batch, wakes the next, and sleeps until something is due. An error backs off and never
//! ends a worker; a stop finishes the batch in hand.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use gateway_domain::gate::GatePolicy;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::content::MessageContent;
use gateway_ports::plugins::Plugins;
use gateway_ports::store::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::OutreachError;
use crate::delivery::LinkSigner;
use crate::delivery::deliver::Deliver;
use crate::journeys::advance::AdvanceStage;
use crate::journeys::enrol::Enrol;
use crate::lookup::ClinicalLookup;
use crate::problems::Problems;
use crate::segments::evaluate::Evaluate;
use crate::settings::{OutreachSettings, back_off};
use crate::write_back::{WriteBack, WriteBackTarget};

const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_millis(200);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_secs(30);
/// How long to wait for work whose moment has come but that can't be claimed: a paused journey, another's lease.
const HELD_UP: Duration = Duration::from_secs(5);

/// What the stages work with.
#[derive(Clone)]
pub struct OutreachDeps {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Who decides.
    pub plugins: Arc<dyn Plugins>,
    /// Makes messages.
    pub content: Arc<dyn MessageContent>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Signs the links of messages.
    pub links: Arc<dyn LinkSigner>,
    /// Clinical look-ups, shared with the console.
    pub lookup: Arc<ClinicalLookup>,
    /// What stands in the way, shared with the console.
    pub problems: Arc<Problems>,
    /// The hospital's rules at the gate; the stop button changes them while the workers run.
    pub policy: watch::Receiver<GatePolicy>,
    /// Bounds.
    pub settings: Arc<OutreachSettings>,
}

/// Tells stages that there is work for them.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Signals>);

#[derive(Debug, Default)]
struct Signals {
    evaluate: Notify,
    enrol: Notify,
    advance: Notify,
    deliver: Notify,
    /// One for each source that is written back to.
    write_back: Mutex<Vec<Arc<Notify>>>,
}

impl Wake {
    /// A sync applied changes, or a segment changed: patients are dirty.
    pub fn patients_changed(&self) {
        self.0.evaluate.notify_one();
    }

    /// Somebody joined or left a segment.
    pub fn memberships_changed(&self) {
        self.0.enrol.notify_one();
    }

    /// Events for journeys are there: an interaction, a send outcome, a change of status. What journeys hear of, sources may be told.
    pub fn journeys_changed(&self) {
        self.0.advance.notify_one();
        self.write_backs_changed();
    }

    /// Something is to be written back.
    pub fn write_backs_changed(&self) {
        for signal in self.0.write_back.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            signal.notify_one();
        }
    }

    /// Messages are due.
    pub fn messages_changed(&self) {
        self.0.deliver.notify_one();
    }
}

/// Which signal wakes a stage.
type Signal = fn(&Signals) -> &Notify;

/// What one turn of a stage came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether there was work; then there may be more.
    pub worked: bool,
    /// The next moment at which there is work, where the stage knows.
    pub next_due: Option<Timestamp>,
}

/// A stage of the pipeline.
#[async_trait]
pub trait Stage: Send + Sync {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;
    /// Claims one bounded batch and works it off.
    ///
    /// # Errors
    /// Where the store did not do what it was asked; what was claimed comes back when its lease ends.
    async fn work(&self) -> Result<Progress, OutreachError>;
}

/// The four stages, running.
#[derive(Debug)]
pub struct Workers;

impl Workers {
    /// Starts a worker for each stage on the tracker. They end, each after the batch in hand, when the token is cancelled.
    pub fn spawn(deps: &OutreachDeps, wake: &Wake, cancel: &CancellationToken, tracker: &TaskTracker) {
        let stages: [(Arc<dyn Stage>, Signal); 4] = [
            (Arc::new(Evaluate::new(deps.clone(), wake.clone())), |signals| &signals.evaluate),
            (Arc::new(Enrol::new(deps.clone(), wake.clone())), |signals| &signals.enrol),
            (Arc::new(AdvanceStage::new(deps.clone(), wake.clone())), |signals| &signals.advance),
            (Arc::new(Deliver::new(deps.clone(), wake.clone())), |signals| &signals.deliver),
        ];
        for (stage, signal) in stages {
            let (deps, wake, cancel) = (deps.clone(), wake.clone(), cancel.clone());
            tracker.spawn(async move { run(&*stage, &deps, signal(&wake.0), &cancel).await });
        }
    }
}

impl Workers {
    /// Starts a worker that writes back to a source. It ends, after the batch in hand, when the token is cancelled.
    pub fn spawn_write_back(deps: &OutreachDeps, target: WriteBackTarget, wake: &Wake, cancel: &CancellationToken, tracker: &TaskTracker) {
        let signal = Arc::new(Notify::new());
        wake.0.write_back.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&signal));
        let stage = WriteBack::new(deps.clone(), target);
        let (deps, cancel) = (deps.clone(), cancel.clone());
        tracker.spawn(async move { run(&stage, &deps, &signal, &cancel).await });
    }
}

/// One stage until the token is cancelled.
async fn run(stage: &dyn Stage, deps: &OutreachDeps, signal: &Notify, cancel: &CancellationToken) {
    let name = stage.name();
    let mut failures = 0_u32;
    tracing::debug!(stage = name, "Stage started");
    while !cancel.is_cancelled() {
        let turn = AssertUnwindSafe(stage.work()).catch_unwind().await.unwrap_or(Err(OutreachError::Panicked(name)));
        match turn {
            Ok(progress) => {
                failures = 0;
                if progress.worked {
                    tokio::task::yield_now().await;
                    continue;
                }
                let rest = sleep_for(progress.next_due, deps.clock.now(), deps.settings.longest_sleep);
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = signal.notified() => {}
                    () = tokio::time::sleep(rest) => {}
                }
            }
            Err(error) => {
                let rest = back_off(failures, FIRST_BACK_OFF, LONGEST_BACK_OFF);
                failures = failures.saturating_add(1);
                metrics::counter!("outreach_stage_errors_total", "stage" => name).increment(1);
                tracing::error!(stage = name, error = %error, failures, "Stage could not do its work and will try again");
                // A notify does not cut this short: what failed needs time.
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = tokio::time::sleep(rest.unsigned_abs()) => {}
                }
            }
        }
    }
    tracing::debug!(stage = name, "Stage stopped");
}

/// How long a stage without work sleeps.
fn sleep_for(next_due: Option<Timestamp>, now: Timestamp, longest: Duration) -> Duration {
    match next_due {
        Some(due) if due > now => longest.min(due.duration_since(now).unsigned_abs()).max(Duration::from_millis(1)),
        Some(_) => longest.min(HELD_UP),
        None => longest,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_is_known(None, 30_000)]
    #[case::soon(Some(2), 2_000)]
    #[case::tomorrow(Some(86_400), 30_000)]
    #[case::held_up(Some(-60), 5_000)]
    fn a_stage_sleeps_until_something_is_due(#[case] due_in: Option<i64>, #[case] milliseconds: u64) {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let due = due_in.map(|seconds| now + SignedDuration::from_secs(seconds));
        assert_eq!(sleep_for(due, now, Duration::from_secs(30)), Duration::from_millis(milliseconds));
    }
}
