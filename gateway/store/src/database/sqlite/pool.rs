//! The threads that hold connections, lent out one at a time.

use std::fmt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gateway_ports::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::from_rusqlite;

/// Statements a connection keeps prepared.
const PREPARED: usize = 256;

/// What a connection's thread is told to do.
pub(crate) type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// How connections are opened.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) path: String,
    pub(crate) flags: OpenFlags,
    /// Run on each new connection.
    pub(crate) pragmas: String,
}

impl Opening {
    fn open(&self) -> Result<Connection, StoreError> {
        let connection = Connection::open_with_flags(&self.path, self.flags).map_err(from_rusqlite)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.busy_timeout(Duration::from_secs(30)).map_err(from_rusqlite)?;
        connection.execute_batch(&self.pragmas).map_err(from_rusqlite)?;
        Ok(connection)
    }
}

/// Up to so many connections, opened when they are needed.
#[derive(Clone)]
pub(crate) struct SqlitePool {
    shared: Arc<Shared>,
}

impl fmt::Debug for SqlitePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlitePool")
    }
}

struct Shared {
    opening: Opening,
    most: u32,
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Thread>>,
    patience: Duration,
}

impl Shared {
    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Thread>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqlitePool {
    /// Opens the first connection, so that a wrong path is told at once.
    pub(crate) async fn open(opening: Opening, most: u32, patience: Duration) -> Result<Self, StoreError> {
        let first = Thread::start(opening.clone()).await?;
        let permits = Arc::new(Semaphore::new(most as usize));
        Ok(Self { shared: Arc::new(Shared { opening, most, permits, free: Mutex::new(vec![first]), patience }) })
    }

    pub(crate) async fn lease(&self) -> Result<Lease, StoreError> {
        let waiting = tokio::time::timeout(self.shared.patience, self.shared.permits.clone().acquire_owned());
        let permit = match waiting.await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(StoreError::Unavailable("the database is closed".to_owned())),
            Err(_) => return Err(StoreError::Unavailable("all connections are in use".to_owned())),
        };
        let kept = self.shared.free().pop().filter(Thread::is_alive);
        let thread = match kept {
            Some(thread) => thread,
            None => Thread::start(self.shared.opening.clone()).await?,
        };
        Ok(Lease { thread: Some(thread), shared: self.shared.clone(), _permit: permit })
    }

    /// Waits for what is under way and closes all connections.
    pub(crate) async fn close(&self) {
        let all = self.shared.permits.acquire_many(self.shared.most).await;
        self.shared.permits.close();
        drop(all);
        let threads = std::mem::take(&mut *self.shared.free());
        // A panic there was reported by its job.
        let _ = tokio::task::spawn_blocking(move || threads.into_iter().for_each(Thread::join)).await;
    }
}

/// A connection for the time of a transaction.
pub(crate) struct Lease {
    thread: Option<Thread>,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    pub(super) fn send(&self, job: Job) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.jobs.send(job).is_ok())
    }

    /// Runs the work in the connection's thread. Given up, the work is done all the same and its answer dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, answer) = oneshot::channel();
        let sent = self.send(Box::new(move |connection| {
            let _ = tell.send(work(connection));
        }));
        if !sent {
            return Err(gone());
        }
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.free().extend(self.thread.take());
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the thread of the connection is gone".to_owned())
}

/// A thread with a connection.
struct Thread {
    jobs: Sender<Job>,
    handle: JoinHandle<()>,
}

impl Thread {
    async fn start(opening: Opening) -> Result<Self, StoreError> {
        let (jobs, taken) = mpsc::channel::<Job>();
        let (tell, opened) = oneshot::channel();
        let work = move || match opening.open() {
            Ok(mut connection) => {
                let _ = tell.send(Ok(()));
                for job in taken {
                    job(&mut connection);
                }
            }
            Err(error) => {
                let _ = tell.send(Err(error));
            }
        };
        let handle = std::thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(work)
            .map_err(|error| StoreError::Unavailable(format!("no thread for a connection: {error}")))?;
        opened.await.map_err(|_| gone())??;
        Ok(Self { jobs, handle })
    }

    fn is_alive(&self) -> bool {
        !self.handle.is_finished()
    }

    fn join(self) {
        drop(self.jobs);
        let _ = self.handle.join();
    }
}
