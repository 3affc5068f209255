//! SQLite. Each connection lives in a thread of its own and takes jobs; a statement over many rows is one job, prepared once and run
//! row after row, so that nothing but its values crosses threads.

pub(crate) mod migrate;
mod pool;
mod statement;

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// How the statements went for which nobody waited.
    put: Arc<Mutex<Put>>,
}

enum Put {
    Well,
    /// The first that failed, until somebody is told.
    Failed(StoreError),
    Told,
}

impl Put {
    /// Nothing follows a statement that failed.
    fn check(put: &Mutex<Self>) -> Result<(), StoreError> {
        let mut put = put.lock().unwrap_or_else(PoisonError::into_inner);
        match mem::replace(&mut *put, Self::Told) {
            Self::Well => {
                *put = Self::Well;
                Ok(())
            }
            Self::Failed(error) => Err(error),
            Self::Told => Err(StoreError::Statement("a statement before it in the transaction failed".to_owned())),
        }
    }
}

impl SqliteSession {
    /// Begins with `begin`, a form of `BEGIN`.
    pub(crate) async fn begin(pool: &SqlitePool, begin: &'static str) -> Result<Self, StoreError> {
        let mut session = Self { lease: pool.lease().await?, open: true, put: Arc::new(Mutex::new(Put::Well)) };
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

    /// Puts a statement for each row of `width` values into the line and does not wait for it; the next call that waits tells how it went.
    pub(crate) fn put_each(&mut self, sql: String, width: usize, values: Vec<Value>) {
        let put = Arc::clone(&self.put);
        // A thread that is gone is told to the next call that waits, the commit at last.
        self.lease.send(Box::new(move |connection| {
            let mut put = put.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*put, Put::Well)
                && let Err(error) = statement::execute_each(connection, plain(&sql), width, &values)
            {
                *put = Put::Failed(error);
            }
        }));
    }

    /// Asks a statement for each row of `width` values; the answers one after the other.
    pub(crate) async fn all_each(&mut self, sql: String, width: usize, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.run(move |connection| statement::all_each(connection, plain(&sql), width, &values)).await
    }

    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let put = Arc::clone(&self.put);
        self.lease
            .run(move |connection| {
                Put::check(&put)?;
                work(connection)
            })
            .await
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::OpenFlags;

    use super::*;
    use crate::database::args;

    async fn pool() -> SqlitePool {
        let opening = Opening { path: ":memory:".to_owned(), flags: OpenFlags::default(), pragmas: String::new() };
        let pool = SqlitePool::open(opening, 1, Duration::from_secs(5)).await.unwrap();
        let mut session = SqliteSession::begin(&pool, "BEGIN").await.unwrap();
        session.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)", args![]).await.unwrap();
        session.commit().await.unwrap();
        pool
    }

    async fn numbers(pool: &SqlitePool) -> usize {
        let mut session = SqliteSession::begin(pool, "BEGIN").await.unwrap();
        session.all("SELECT n FROM number", args![]).await.unwrap().len()
    }

    fn put(session: &mut SqliteSession, numbers: &[i64]) {
        session.put_each("INSERT INTO number (n) VALUES (?)".to_owned(), 1, numbers.iter().map(|it| (*it).into()).collect());
    }

    #[tokio::test]
    async fn statements_nobody_waited_for_are_committed_in_their_order() {
        let pool = pool().await;
        let mut session = SqliteSession::begin(&pool, "BEGIN").await.unwrap();
        put(&mut session, &[1, 2]);
        session.execute("DELETE FROM number WHERE n = 1", args![]).await.unwrap();
        put(&mut session, &[1, 3]);
        session.commit().await.unwrap();
        assert_eq!(numbers(&pool).await, 3);
    }

    #[tokio::test]
    async fn nothing_is_committed_where_a_statement_failed_that_nobody_waited_for() {
        let pool = pool().await;
        let mut session = SqliteSession::begin(&pool, "BEGIN").await.unwrap();
        put(&mut session, &[1]);
        put(&mut session, &[1]);
        put(&mut session, &[2]);
        assert!(matches!(session.all("SELECT n FROM number", args![]).await, Err(StoreError::Conflict { .. } | StoreError::Statement(_))));
        assert!(session.execute("DELETE FROM number", args![]).await.is_err(), "told once, it is still broken");
        assert!(session.commit().await.is_err());
        assert_eq!(numbers(&pool).await, 0);
    }
}
