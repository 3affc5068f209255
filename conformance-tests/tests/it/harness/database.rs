//! A fresh database for a scenario: a SQLite file, or a database on the tests' own PostgreSQL.

use std::path::Path;

use conformance_tests::postgres;

/// Which database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// The URL of a fresh database; `None` where PostgreSQL is left out on purpose.
pub(crate) async fn fresh(kind: Kind, folder: &Path) -> Option<String> {
    match kind {
        Kind::Sqlite => Some(format!("sqlite://{}", folder.join("outreach.sqlite").display())),
        Kind::Postgres => postgres::fresh_database().await,
    }
}
