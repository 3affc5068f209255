//! Where the database is, as written in the configuration.

use std::fmt;
use std::str::FromStr;

use gateway_ports::store::StoreError;

/// The address of a database: `sqlite:///path/to/file.sqlite`, `sqlite::memory:`, or `postgres://user:password@host/name`. Hides
/// itself in `Debug`, because it may carry a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(crate) Location);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Location {
    SqliteFile(String),
    SqliteMemory,
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text == "sqlite::memory:" {
            return Ok(Self(Location::SqliteMemory));
        }
        if let Some(path) = text.strip_prefix("sqlite://")
            && !path.is_empty()
        {
            return Ok(Self(Location::SqliteFile(path.to_owned())));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Location::Postgres(text.to_owned())));
        }
        let scheme: String = text.chars().take_while(|each| *each != ':').take(20).collect();
        Err(StoreError::Unavailable(format!(
            "`{scheme}:...` is not a database address: expected `sqlite:///path/file.sqlite`, `sqlite::memory:` or `postgres://...`"
        )))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Location::SqliteFile(_) => "DatabaseUrl(sqlite)",
            Location::SqliteMemory => "DatabaseUrl(sqlite::memory:)",
            Location::Postgres(_) => "DatabaseUrl(postgres)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scheme_is_refused_without_repeating_a_password() {
        let error = "mysql://root:hunter2@localhost/x".parse::<DatabaseUrl>().unwrap_err().to_string();
        assert!(error.contains("`mysql:...`") && error.contains("postgres://"), "{error}");
        assert!(!error.contains("hunter2"));
    }

    #[test]
    fn an_address_hides_itself() {
        let url: DatabaseUrl = "postgres://a:hunter2@localhost/x".parse().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
