//! The stage that lets people enter journeys and tells journeys of membership changes.

use async_trait::async_trait;

use crate::OutreachError;
use crate::workers::{OutreachDeps, Progress, Stage, Wake};

/// A membership change lets a person enter at most so many journeys in one batch without the batch growing smaller.
const RUNS_PER_EVENT: u32 = 4;

/// Lets people enter.
pub struct Enrol {
    deps: OutreachDeps,
    wake: Wake,
}

impl Enrol {
    /// The stage.
    pub fn new(deps: OutreachDeps, wake: Wake) -> Self {
        Self { deps, wake }
    }
}

#[async_trait]
impl Stage for Enrol {
    fn name(&self) -> &'static str {
        "enrol"
    }

    async fn work(&self) -> Result<Progress, OutreachError> {
        let limit = self.deps.settings.enrol_batch;
        let entropy: Vec<_> = (0..limit.saturating_mul(RUNS_PER_EVENT)).map(|_| self.deps.entropy.for_id()).collect();
        let events = self.deps.store.enrol(limit, self.deps.clock.now(), &entropy).await?;
        metrics::counter!("outreach_membership_events_heard_total").increment(events.len() as u64);
        if !events.is_empty() {
            self.wake.journeys_changed();
        }
        Ok(Progress { worked: !events.is_empty(), next_due: None })
    }
}
