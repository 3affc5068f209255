//! From what the driver says to what the port promises. The detail of a PostgreSQL error names values and is left out.

use gateway_ports::store::StoreError;
use sqlx::error::DatabaseError;

pub(crate) fn from_sqlx(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => from_database(error.as_ref()),
        sqlx::Error::ColumnDecode { index, .. } => {
            StoreError::Corrupt { what: "row", reason: format!("column {index} is not of its type") }
        }
        sqlx::Error::Decode(_) => StoreError::Corrupt { what: "row", reason: "a column is not of its type".to_owned() },
        error @ (sqlx::Error::ColumnNotFound(_) | sqlx::Error::ColumnIndexOutOfBounds { .. } | sqlx::Error::Encode(_)) => {
            StoreError::Statement(error.to_string())
        }
        error => StoreError::Unavailable(error.to_string()),
    }
}

fn from_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    let message = format!("{} ({code})", error.message());
    if may_pass(&code) { StoreError::Unavailable(message) } else { StoreError::Statement(message) }
}

/// As [`from_sqlx`], for SQLite. Its messages name tables and columns, never values.
pub(crate) fn from_rusqlite(error: rusqlite::Error) -> StoreError {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let code = failure.extended_code;
            let message = format!("{} ({code})", message.unwrap_or_else(|| failure.to_string()));
            if may_pass_on_sqlite(code) { StoreError::Unavailable(message) } else { StoreError::Statement(message) }
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => StoreError::Statement(format!("{msg} ({})", error.extended_code)),
        rusqlite::Error::ToSqlConversionFailure(error) => StoreError::Statement(error.to_string()),
        _ => StoreError::Corrupt { what: "row", reason: "a column is not of its type".to_owned() },
    }
}

/// BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL and CANTOPEN with their extended codes.
const fn may_pass_on_sqlite(code: i32) -> bool {
    matches!(code & 0xff, 5 | 6 | 7 | 9 | 10 | 13 | 14)
}

/// Locked, full, out of reach, given up in favour of another transaction: PostgreSQL classes 08, 40, 53, 55, 57 and 58.
fn may_pass(code: &str) -> bool {
    ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
}

/// A thing that is there already, where the database says its key is taken; any other error as it is.
pub(crate) fn conflict(what: &'static str, key: impl Into<String>) -> impl FnOnce(StoreError) -> StoreError {
    let key = key.into();
    move |error| match &error {
        StoreError::Statement(message) if message.contains("UNIQUE constraint") || message.contains("(23505)") => {
            StoreError::Conflict { what, key }
        }
        _ => error,
    }
}

pub(crate) fn missing(what: &'static str, key: impl std::fmt::Display) -> StoreError {
    StoreError::Missing { what, key: key.to_string() }
}

pub(crate) fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { what, reason: reason.to_string() }
}
