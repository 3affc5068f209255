//! Opening a database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gateway_ports::store::StoreError;
use rusqlite::OpenFlags;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgPoolOptions;

use crate::code::CodeCache;
use crate::database::Database;
use crate::database::sqlite::{Opening, SqlitePool, migrate};
use crate::database_url::{DatabaseUrl, Location};
use crate::error::from_sqlx;
use crate::sync::FirstLoads;

/// Readers of a SQLite file at a time.
const SQLITE_READERS: u32 = 8;
/// How long a write waits for those before it, and a read for a connection.
const WRITER_PATIENCE: Duration = Duration::from_mins(2);
const READER_PATIENCE: Duration = Duration::from_secs(30);
/// Connections to a PostgreSQL server.
const POSTGRES_CONNECTIONS: u32 = 16;

/// The outreach model in a database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) codes: Arc<CodeCache>,
    pub(crate) first_loads: Arc<FirstLoads>,
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
                .map(Database::Postgres)
                .map_err(from_sqlx),
        }?;
        Ok(Self { database, codes: Arc::default(), first_loads: Arc::default() })
    }

    /// Brings the tables to the form this version needs. Does nothing where they have it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");
        static POSTGRES: Migrator = sqlx::migrate!("./migrations/postgres");
        match &self.database {
            Database::Sqlite { writer, .. } => migrate::run(writer, &SQLITE).await,
            Database::Postgres(pool) => {
                let ran = POSTGRES.run(pool).await;
                ran.map_err(|error| StoreError::Statement(format!("the tables can't be brought up to date: {error}")))
            }
        }
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
async fn open_file(path: &str) -> Result<Database, StoreError> {
    let shared = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let writer = Opening {
        path: path.to_owned(),
        flags: OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | shared,
        pragmas: "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                  PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8192; PRAGMA journal_size_limit = 67108864;"
            .to_owned(),
    };
    let readers = Opening {
        path: path.to_owned(),
        flags: OpenFlags::SQLITE_OPEN_READ_ONLY | shared,
        pragmas: "PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;".to_owned(),
    };
    let writer = SqlitePool::open(writer, 1, WRITER_PATIENCE).await?;
    let readers = SqlitePool::open(readers, SQLITE_READERS, READER_PATIENCE).await?;
    Ok(Database::Sqlite { writer, readers })
}

/// A database that goes with its one connection; for tests.
async fn open_memory() -> Result<Database, StoreError> {
    let opening = Opening { path: ":memory:".to_owned(), flags: OpenFlags::default(), pragmas: "PRAGMA foreign_keys = ON;".to_owned() };
    let writer = SqlitePool::open(opening, 1, WRITER_PATIENCE).await?;
    Ok(Database::Sqlite { readers: writer.clone(), writer })
}
