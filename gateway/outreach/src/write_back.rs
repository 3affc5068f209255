//! The stage that tells a source what the gateway did: one for each source that is written back to, so that a silent server stops its
//! own records alone. Every outcome is claimed durably before the server is asked, and what may be there already is looked for first.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt, stream};
use gateway_domain::audit::{Actor, AuditAction, AuditEntry};
use gateway_domain::ids::{AuditId, SourceId};
use gateway_domain::patient::RecordStatus;
use gateway_domain::write_back::WriteBackStatus;
use gateway_ports::store::write_backs::{DueWriteBack, WriteBackEnd};
use gateway_ports::write_back::{Kept, NotKept, RecordKeeper};
use jiff::{SignedDuration, Timestamp};

use crate::OutreachError;
use crate::settings::{after, back_off};
use crate::workers::{OutreachDeps, Progress, Stage};

const FIRST_BACK_OFF: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_hours(1);
/// How often the ledger is counted for the metrics.
const COUNT_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A source that is written back to.
#[derive(Clone)]
pub struct WriteBackTarget {
    /// The source.
    pub source: SourceId,
    /// Its name, for logs and metrics.
    pub name: String,
    /// Who keeps the records there.
    pub keeper: Arc<dyn RecordKeeper>,
}

/// Writes back to one source.
pub struct WriteBack {
    deps: OutreachDeps,
    target: WriteBackTarget,
    /// Batches in a row that ended because the server could not be used.
    away: AtomicU32,
    counted_at: Mutex<Option<Timestamp>>,
}

impl WriteBack {
    /// The stage.
    pub fn new(deps: OutreachDeps, target: WriteBackTarget) -> Self {
        Self { deps, target, away: AtomicU32::new(0), counted_at: Mutex::default() }
    }

    /// One record, from claimed to whatever becomes of it.
    async fn write(&self, due: &DueWriteBack, away: &Mutex<Option<Timestamp>>) -> Result<(), OutreachError> {
        let not_before = *away.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = not_before {
            let reason = "the server could not be used".to_owned();
            return self.end(due, &WriteBackEnd::Later { at, reason, counts: false }, "put-off").await;
        }
        if due.record.patient_status() == RecordStatus::Deleted {
            let reason = "the patient's record was deleted at the source".to_owned();
            return self.end(due, &WriteBackEnd::Failed { reason }, "failed").await;
        }
        let answer = self.target.keeper.keep(&due.record, due.line.remote.as_ref(), due.asked).await;
        let now = self.deps.clock.now();
        if let Err(NotKept::Unavailable { reason, wait }) = &answer {
            let wish = wait.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or_default();
            let pause = back_off(self.away.load(Ordering::Relaxed), FIRST_BACK_OFF, LONGEST_BACK_OFF).max(wish);
            *away.lock().unwrap_or_else(PoisonError::into_inner) = Some(after(now, pause));
            self.deps.problems.note(self.object(), reason.clone(), now);
        }
        let (end, outcome) = decide(answer, due.line.tries, self.deps.settings.write_back_tries, now);
        if outcome == "failed" {
            tracing::warn!(source = self.target.name, object = %due.line.object, "A record was given up; the ledger of write-backs says why");
        }
        self.end(due, &end, outcome).await
    }

    async fn end(&self, due: &DueWriteBack, end: &WriteBackEnd, outcome: &'static str) -> Result<(), OutreachError> {
        self.deps.store.end_write_back(&due.line, end, self.deps.clock.now()).await?;
        let (source, kind) = (self.target.name.clone(), due.line.object.kind().name());
        metrics::counter!("outreach_write_backs_total", "source" => source, "kind" => kind, "outcome" => outcome).increment(1);
        Ok(())
    }

    async fn audit(&self, records: usize, now: Timestamp) -> Result<(), OutreachError> {
        let entry = AuditEntry {
            id: AuditId::new(now, self.deps.entropy.for_id()),
            at: now,
            actor: Actor::System("write-back".to_owned()),
            action: AuditAction::Read,
            object: "write-backs".to_owned(),
            patient: None,
            allowed: true,
            detail: format!("source={} records={records}", self.target.source),
        };
        Ok(self.deps.store.audit(&[entry]).await?)
    }

    /// Shows how many wait and were given up.
    async fn count(&self, now: Timestamp) -> Result<(), OutreachError> {
        let last = *self.counted_at.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.duration_since(last) < COUNT_EVERY) {
            return Ok(());
        }
        *self.counted_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        let counts = self.deps.store.write_back_counts().await?;
        for status in WriteBackStatus::ALL {
            let found = counts.iter().find(|(source, its, _)| *source == self.target.source && *its == status);
            let (source, count) = (self.target.name.clone(), found.map_or(0, |(_, _, count)| *count));
            metrics::gauge!("outreach_write_backs", "source" => source, "status" => status.name()).set(count as f64);
        }
        Ok(())
    }

    fn object(&self) -> String {
        format!("write-back to {}", self.target.name)
    }
}

#[async_trait]
impl Stage for WriteBack {
    fn name(&self) -> &'static str {
        "write-back"
    }

    async fn work(&self) -> Result<Progress, OutreachError> {
        let now = self.deps.clock.now();
        let settings = &self.deps.settings;
        let lease = after(now, settings.write_back_lease);
        let due = self.deps.store.claim_write_backs(self.target.source, settings.write_back_batch, now, lease).await?;
        self.count(now).await?;
        if due.is_empty() {
            return Ok(Progress { worked: false, next_due: self.deps.store.next_write_back_due(self.target.source).await? });
        }
        self.audit(due.len(), now).await?;
        let away = Mutex::new(None);
        let writes: Vec<_> = due.iter().map(|due| self.write(due, &away).boxed()).collect();
        let results: Vec<Result<(), OutreachError>> =
            stream::iter(writes).buffer_unordered(settings.write_back_concurrency.max(1)).collect().await;
        if away.into_inner().unwrap_or_else(PoisonError::into_inner).is_some() {
            self.away.fetch_add(1, Ordering::Relaxed);
        } else {
            self.away.store(0, Ordering::Relaxed);
            self.deps.problems.clear(&self.object());
        }
        results.into_iter().find_map(Result::err).map_or(Ok(Progress { worked: true, next_due: None }), Err)
    }
}

/// What a try means for the ledger, and its word in the metrics.
fn decide(answer: Result<Kept, NotKept>, tries: u32, most: u32, now: Timestamp) -> (WriteBackEnd, &'static str) {
    let (reason, wish) = match answer {
        Ok(Kept { remote, note }) => return (WriteBackEnd::Done { remote, note }, "done"),
        Err(NotKept::Refused { reason }) => return (WriteBackEnd::Failed { reason }, "failed"),
        Err(NotKept::Later { reason }) => (reason, None),
        Err(NotKept::Unavailable { reason, wait }) => (reason, wait),
    };
    if tries >= most {
        return (WriteBackEnd::Failed { reason: format!("given up after {tries} tries: {reason}") }, "failed");
    }
    let wish = wish.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or_default();
    let pause = back_off(tries.saturating_sub(1), FIRST_BACK_OFF, LONGEST_BACK_OFF).max(wish);
    (WriteBackEnd::Later { at: after(now, pause), reason, counts: true }, "put-off")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gateway_domain::write_back::RemoteRecord;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    #[test]
    fn a_record_waits_longer_with_each_try_and_is_given_up_in_the_end() {
        let away = || Err(NotKept::Unavailable { reason: "status 503".into(), wait: Some(Duration::from_mins(1)) });
        let busy = || Err(NotKept::Later { reason: "status 409".into() });
        let pause = |answer, tries| match decide(answer, tries, 40, now()).0 {
            WriteBackEnd::Later { at, counts: true, .. } => at.duration_since(now()).as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!((pause(busy(), 1), pause(busy(), 2), pause(busy(), 30)), (5, 10, 3600));
        assert_eq!(pause(away(), 1), 60, "as the server asks");
        assert!(matches!(decide(away(), 40, 40, now()).0, WriteBackEnd::Failed { .. }));
        let refused = Err(NotKept::Refused { reason: "status 422".into() });
        assert_eq!(decide(refused, 1, 40, now()).1, "failed", "at once");
        let kept = Kept { remote: RemoteRecord { id: "1".into(), version: None }, note: None };
        assert_eq!(decide(Ok(kept), 40, 40, now()).1, "done");
    }
}
