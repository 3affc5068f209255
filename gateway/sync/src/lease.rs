//! One process at a time is at work on a source. Its lease runs out by itself; one of a process that is known to have ended is taken over.

use std::sync::OnceLock;
use std::time::Duration;

use gateway_domain::source::Source;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::process::{ProcessId, Processes};
use gateway_ports::store::SyncStore;

use crate::error::SyncError;
use crate::worker::SyncWorker;

/// How long a lease holds, and how often it is renewed.
const HOLDS: Duration = Duration::from_secs(20);
const RENEWED: Duration = Duration::from_secs(5);

/// A process that knows of no other. All workers of it are one holder: what was cut off in it leaves nothing behind that it would have
/// to wait for.
pub(crate) struct OneProcess(ProcessId);

impl OneProcess {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        static OWN: OnceLock<ProcessId> = OnceLock::new();
        Self(*OWN.get_or_init(|| {
            let mut own = ProcessId::default();
            entropy.fill(&mut own);
            own
        }))
    }
}

impl Processes for OneProcess {
    fn own(&self) -> ProcessId {
        self.0
    }

    fn has_ended(&self, _: ProcessId) -> bool {
        false
    }
}

/// A source taken for this process.
pub(crate) struct Lease<'a> {
    store: &'a dyn SyncStore,
    clock: &'a dyn Clock,
    holder: ProcessId,
    source: Source,
}

impl SyncWorker {
    /// Takes a source for this process.
    pub(crate) async fn take(&self, source: &Source) -> Result<Lease<'_>, SyncError> {
        let lease = Lease { store: &*self.store, clock: &*self.clock, holder: self.processes.own(), source: source.clone() };
        if lease.renew().await? {
            return Ok(lease);
        }
        if let Some((other, _)) = self.store.lease(source.id, self.clock.now()).await?
            && self.processes.has_ended(other)
        {
            self.store.end_lease(source.id, other).await?;
            if lease.renew().await? {
                return Ok(lease);
            }
        }
        Err(SyncError::Busy { source_name: source.name.clone() })
    }
}

impl Lease<'_> {
    async fn renew(&self) -> Result<bool, SyncError> {
        let now = self.clock.now();
        let until = now.checked_add(HOLDS).unwrap_or(now);
        Ok(self.store.take_lease(self.source.id, self.holder, now, until).await?)
    }

    /// Does `work` as long as the lease holds, and gives it back.
    pub(crate) async fn during<T>(self, work: impl Future<Output = Result<T, SyncError>>) -> Result<T, SyncError> {
        let done = tokio::select! {
            done = Box::pin(work) => done,
            lost = self.keep() => Err(lost),
        };
        self.end().await;
        done
    }

    /// Renews the lease again and again; comes back only when it is lost.
    async fn keep(&self) -> SyncError {
        let mut misses = 0;
        loop {
            tokio::time::sleep(RENEWED).await;
            match self.renew().await {
                Ok(true) => misses = 0,
                Ok(false) => return SyncError::Busy { source_name: self.source.name.clone() },
                Err(error) => {
                    misses += 1;
                    if misses >= 3 {
                        return error;
                    }
                }
            }
        }
    }

    async fn end(self) {
        if let Err(error) = self.store.end_lease(self.source.id, self.holder).await {
            tracing::info!(%error, "A lease was not given back; it runs out by itself");
        }
    }
}
