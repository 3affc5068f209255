//! Opening a database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gateway_ports::store::StoreError;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::code::CodeCache;
use crate::database::Database;
use crate::database_url::{DatabaseUrl, Location};
use crate::error::from_sqlx;

/// Readers of a SQLite file at a time.
const SQLITE_READERS: u32 = 8;
/// Connections to a PostgreSQL server.
const POSTGRES_CONNECTIONS: u32 = 16;

/// The outreach model in a database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) codes: Arc<CodeCache>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.database {
            Database::Sqlite { .. } => "Store(sqlite)",
            Database::Postgres(_) => "Store(postgres)",
        })
    }
}

impl Store {
    /// Opens the database; a SQLite file that is not there is made. Tables are made by [`Store::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it does not answer.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let database = match &url.0 {
            Location::SqliteFile(path) => open_file(path).await,
            Location::SqliteMemory => open_memory().await,
            Location::Postgres(url) => PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS)
                .acquire_timeout(Duration::from_secs(30))
                .connect(url)
                .await
                .map(Database::Postgres),
        }
        .map_err(from_sqlx)?;
        Ok(Self { database, codes: Arc::default() })
    }

    /// Brings the tables to the form this version needs. Does nothing where they have it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.database {
            Database::Sqlite { writer, .. } => sqlx::migrate!("./migrations/sqlite").run(writer).await,
            Database::Postgres(pool) => sqlx::migrate!("./migrations/postgres").run(pool).await,
        }
        .map_err(|error| StoreError::Statement(format!("the tables can't be brought up to date: {error}")))
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        match &self.database {
            Database::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Database::Postgres(pool) => pool.close().await,
        }
    }
}

/// One writer, because SQLite has one; committed is on the disk (`synchronous = FULL`); readers see the last commit and wait for
/// nobody (WAL). Pages of 8 KiB hold several compressed resources without overflow; the log is folded into the file every 64 MiB, because
/// each folding of a shuffled import writes nearly as many pages as the log has.
async fn open_file(path: &str) -> Result<Database, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(8192)
        .auto_vacuum(SqliteAutoVacuum::None)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30))
        .foreign_keys(true)
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "8192")
        .pragma("journal_size_limit", "67108864");
    let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_mins(2)).connect_with(options.clone()).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .connect_with(options.read_only(true).pragma("cache_size", "-16384"))
        .await?;
    Ok(Database::Sqlite { writer, readers })
}

/// A database that goes with its one connection; for tests.
async fn open_memory() -> Result<Database, sqlx::Error> {
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(SqliteConnectOptions::new().in_memory(true).foreign_keys(true))
        .await?;
    Ok(Database::Sqlite { readers: writer.clone(), writer })
}
