//! SQLite. Each connection lives in a thread of its own and takes jobs; a statement over many rows is one job, prepared once and run
//! row after row, so that nothing but its values crosses threads.

pub(crate) mod migrate;
mod pool;
mod statement;

use gateway_ports::store::StoreError;
use rusqlite::Connection;

use super::{Row, Value};
use crate::error::from_rusqlite;
use pool::Lease;
pub(crate) use pool::{Opening, SqlitePool};
pub(crate) use statement::{Held, SqliteRow};

/// A transaction on SQLite. Dropped, it is rolled back.
pub(crate) struct SqliteSession {
    lease: Lease,
    open: bool,
}

impl SqliteSession {
    /// Begins with `begin`, a form of `BEGIN`.
    pub(crate) async fn begin(pool: &SqlitePool, begin: &'static str) -> Result<Self, StoreError> {
        let mut session = Self { lease: pool.lease().await?, open: true };
        session.run(move |connection| connection.execute_batch(begin).map_err(from_rusqlite)).await?;
        Ok(session)
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.run(|connection| connection.execute_batch("COMMIT").map_err(from_rusqlite)).await?;
        self.open = false;
        Ok(())
    }

    pub(crate) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        let sql = plain(sql).to_owned();
        self.run(move |connection| statement::execute(connection, &sql, &values)).await
    }

    pub(crate) async fn all(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let sql = plain(sql).to_owned();
        self.run(move |connection| statement::all(connection, &sql, &values)).await
    }

    /// Runs a statement for each row of `width` values; how many rows changed.
    pub(crate) async fn execute_each(&mut self, sql: String, width: usize, values: Vec<Value>) -> Result<u64, StoreError> {
        self.run(move |connection| statement::execute_each(connection, plain(&sql), width, &values)).await
    }

    /// Asks a statement for each row of `width` values; the answers one after the other.
    pub(crate) async fn all_each(&mut self, sql: String, width: usize, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.run(move |connection| statement::all_each(connection, plain(&sql), width, &values)).await
    }

    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.lease.run(work).await
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        if self.open {
            self.lease.send(Box::new(|connection| {
                if !connection.is_autocommit()
                    && let Err(error) = connection.execute_batch("ROLLBACK")
                {
                    // The connection is then of no use to the next one, who is told so by the failure to begin.
                    drop(error);
                }
            }));
        }
    }
}

/// One writer needs no row locks: what follows ` FOR UPDATE` is for PostgreSQL alone.
fn plain(sql: &str) -> &str {
    sql.split_once(" FOR UPDATE").map_or(sql, |(before, _)| before)
}
