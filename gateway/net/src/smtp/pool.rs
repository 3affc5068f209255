//! A few connections, kept while they are in use.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::session::Session;

/// Idle connections and the number of places. A place is held for as long as a connection is in
/// use, so idle and busy ones together are never more than there are places.
pub(super) struct Pool {
    places: Arc<Semaphore>,
    idle: Mutex<Vec<(Session, Instant)>>,
    longest_idle: Duration,
}

impl Pool {
    pub(super) fn new(places: usize, longest_idle: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places.max(1))), idle: Mutex::new(Vec::new()), longest_idle }
    }

    /// Waits until a connection may be used.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().acquire_owned().await.ok()
    }

    /// The connection used last, if one is there and fresh; stale ones are dropped.
    pub(super) fn take_idle(&self) -> Option<Session> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < self.longest_idle);
        idle.pop().map(|(session, _)| session)
    }

    pub(super) fn give_back(&self, session: Session) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((session, Instant::now()));
    }
}
