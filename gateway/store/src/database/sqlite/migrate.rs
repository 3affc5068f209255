//! Migrations on SQLite, with the table in which sqlx keeps account of them, so that a database is the same whoever made it.

use gateway_ports::store::StoreError;
use rusqlite::{Connection, TransactionBehavior, params};
use sqlx::migrate::Migrator;

use super::SqlitePool;
use crate::error::from_rusqlite;

/// Runs what was not run yet, each in a transaction of its own.
pub(crate) async fn run(pool: &SqlitePool, migrator: &'static Migrator) -> Result<(), StoreError> {
    pool.lease().await?.run(move |connection| migrate(connection, migrator)).await
}

fn migrate(connection: &mut Connection, migrator: &Migrator) -> Result<(), StoreError> {
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
             installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
             execution_time BIGINT NOT NULL)",
        )
        .map_err(from_rusqlite)?;
    let applied = applied(connection)?;
    if let Some((version, ..)) = applied.iter().find(|(_, success, _)| !success) {
        return Err(refused(&format!("migration {version} was begun and not finished")));
    }
    if let Some((version, ..)) = applied.iter().find(|(version, ..)| !migrator.version_exists(*version)) {
        return Err(refused(&format!("migration {version} is of a later version of the gateway")));
    }
    for migration in migrator.iter().filter(|it| !it.migration_type.is_down_migration()) {
        match applied.iter().find(|(version, ..)| *version == migration.version) {
            Some((_, _, checksum)) if *checksum == *migration.checksum => continue,
            Some(_) => return Err(refused(&format!("migration {} was another when it was applied", migration.version))),
            None => {}
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(from_rusqlite)?;
        transaction.execute_batch(migration.sql.as_str()).map_err(from_rusqlite)?;
        transaction
            .execute(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, -1)",
                params![migration.version, migration.description, &*migration.checksum],
            )
            .map_err(from_rusqlite)?;
        transaction.commit().map_err(from_rusqlite)?;
    }
    Ok(())
}

/// Version, success and checksum of each migration that was applied.
fn applied(connection: &Connection) -> Result<Vec<(i64, bool, Vec<u8>)>, StoreError> {
    let mut statement =
        connection.prepare("SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version").map_err(from_rusqlite)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(from_rusqlite)?;
    rows.collect::<Result<_, _>>().map_err(from_rusqlite)
}

fn refused(reason: &str) -> StoreError {
    StoreError::Statement(format!("the tables can't be brought up to date: {reason}"))
}
