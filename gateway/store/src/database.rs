//! The two databases behind one face. A statement is written once, in the words both understand; what follows ` FOR UPDATE` is for
//! PostgreSQL alone, because SQLite has one writer and needs no row locks. `{rows}` stands for many rows of values (see [`bulk`]).

pub(crate) mod bulk;
mod row;
pub(crate) mod sqlite;
mod value;

use gateway_ports::store::StoreError;
use sqlx::postgres::{PgArguments, PgPool};
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::error::from_sqlx;
pub(crate) use row::{Row, sixteen};
use sqlite::{SqlitePool, SqliteSession};
pub(crate) use value::{Value, args, row};

/// The pools.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

impl Database {
    /// A transaction that changes things. On SQLite it holds the one write lock from its first moment.
    pub(crate) async fn write(&self) -> Result<Session, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => SqliteSession::begin(writer, "BEGIN IMMEDIATE").await.map(Session::Sqlite),
            Self::Postgres(pool) => pool.begin().await.map(Session::Postgres).map_err(from_sqlx),
        }
    }

    /// A transaction that only reads, and sees the same moment throughout.
    pub(crate) async fn read(&self) -> Result<Session, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => SqliteSession::begin(readers, "BEGIN").await.map(Session::Sqlite),
            Self::Postgres(pool) => {
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
                begun.map(Session::Postgres).map_err(from_sqlx)
            }
        }
    }
}

/// A transaction. Dropped, it leaves no trace; [`Session::commit`] makes it durable.
pub(crate) enum Session {
    Sqlite(SqliteSession),
    Postgres(Transaction<'static, Postgres>),
}

impl Session {
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(session) => session.commit().await,
            Self::Postgres(transaction) => transaction.commit().await.map_err(from_sqlx),
        }
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(session) => session.execute(sql, values).await,
            Self::Postgres(transaction) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), postgres_arguments(values)?);
                query.execute(&mut **transaction).await.map(|result| result.rows_affected()).map_err(from_sqlx)
            }
        }
    }

    /// All rows of an answer. Whoever asks sees to it that they are few enough to be held.
    pub(crate) async fn all(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(session) => session.all(sql, values).await,
            Self::Postgres(transaction) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), postgres_arguments(values)?);
                let rows = query.fetch_all(&mut **transaction).await.map_err(from_sqlx)?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row of an answer.
    pub(crate) async fn optional(&mut self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// The one row of an answer that always has one.
    pub(crate) async fn one(&mut self, sql: &str, values: Vec<Value>) -> Result<Row, StoreError> {
        self.optional(sql, values).await?.ok_or_else(|| StoreError::Statement("a statement that always answers did not".to_owned()))
    }

    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for value in values {
        value.add_to_postgres(&mut arguments).map_err(|error| StoreError::Statement(error.to_string()))?;
    }
    Ok(arguments)
}
