//! One process at a time is at work on a source. Its lease runs out by itself, so that a crash is a short wait for the others.

use std::sync::OnceLock;
use std::time::Duration;

use gateway_domain::source::Source;
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::store::SyncStore;

use crate::error::SyncError;

/// How long a lease holds, and how often it is renewed.
const HOLDS: Duration = Duration::from_secs(20);
const RENEWED: Duration = Duration::from_secs(5);

/// A source taken for this process.
pub(crate) struct Lease<'a> {
    store: &'a dyn SyncStore,
    clock: &'a dyn Clock,
    holder: [u8; 16],
    source: Source,
}

impl<'a> Lease<'a> {
    pub(crate) async fn take(
        store: &'a dyn SyncStore,
        clock: &'a dyn Clock,
        entropy: &dyn Entropy,
        source: &Source,
    ) -> Result<Self, SyncError> {
        // All workers of a process are one holder: what was cut off in it leaves nothing behind that it would have to wait for.
        static HOLDER: OnceLock<[u8; 16]> = OnceLock::new();
        let holder = *HOLDER.get_or_init(|| {
            let mut holder = [0; 16];
            entropy.fill(&mut holder);
            holder
        });
        let lease = Self { store, clock, holder, source: source.clone() };
        if lease.renew().await? { Ok(lease) } else { Err(SyncError::Busy { source_name: source.name.clone() }) }
    }

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
