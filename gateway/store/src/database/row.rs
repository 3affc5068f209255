//! What comes out of a statement.

use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_ports::store::StoreError;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{ColumnIndex, Decode, Postgres, Type};
use uuid::Uuid;

use super::sqlite::{Held, SqliteRow};
use crate::error::{corrupt, from_sqlx};

pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type that both databases give.
pub(crate) trait Stored: Sized + for<'r> Decode<'r, Postgres> + Type<Postgres> {
    /// The value as SQLite has it; `None` where it is of another type.
    fn held(value: &Held) -> Option<Self>;
}

impl Stored for i64 {
    fn held(value: &Held) -> Option<Self> {
        if let Held::Integer(value) = value { Some(*value) } else { None }
    }
}

impl Stored for f64 {
    fn held(value: &Held) -> Option<Self> {
        match value {
            Held::Real(value) => Some(*value),
            Held::Integer(value) => Some(*value as Self),
            _ => None,
        }
    }
}

impl Stored for String {
    fn held(value: &Held) -> Option<Self> {
        if let Held::Text(value) = value { Some(value.clone()) } else { None }
    }
}

impl Stored for Vec<u8> {
    fn held(value: &Held) -> Option<Self> {
        match value {
            Held::Blob(value) => Some(value.clone()),
            Held::Sixteen(value) => Some(value.to_vec()),
            _ => None,
        }
    }
}

impl<T: Stored> Stored for Option<T> {
    fn held(value: &Held) -> Option<Self> {
        if *value == Held::Null { Some(None) } else { T::held(value).map(Some) }
    }
}

/// A column by its name or place.
pub(crate) trait Place: ColumnIndex<PgRow> {
    fn find<'r>(&self, row: &'r SqliteRow) -> Option<&'r Held>;
    fn words(&self) -> String;
}

impl Place for usize {
    fn find<'r>(&self, row: &'r SqliteRow) -> Option<&'r Held> {
        row.values.get(*self)
    }

    fn words(&self) -> String {
        self.to_string()
    }
}

impl Place for &'static str {
    fn find<'r>(&self, row: &'r SqliteRow) -> Option<&'r Held> {
        let place = row.names.iter().position(|name| **name == **self)?;
        row.values.get(place)
    }

    fn words(&self) -> String {
        (*self).to_owned()
    }
}

impl Row {
    /// A column by its name or place.
    pub(crate) fn get<T: Stored, I: Place>(&self, column: I) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(row) => match column.find(row) {
                Some(value) => T::held(value).ok_or_else(|| corrupt("row", format!("column {} is not of its type", column.words()))),
                None => Err(StoreError::Statement(format!("a statement answers without column {}", column.words()))),
            },
            Self::Postgres(row) => sqlx::Row::try_get(row, column).map_err(from_sqlx),
        }
    }

    /// Sixteen bytes.
    fn key<I: Place>(&self, column: I) -> Result<[u8; 16], StoreError> {
        match self {
            Self::Sqlite(row) => match column.find(row) {
                Some(Held::Sixteen(bytes)) => Ok(*bytes),
                Some(Held::Blob(bytes)) => sixteen(bytes),
                _ => Err(corrupt("row", format!("column {} is not of its type", column.words()))),
            },
            Self::Postgres(row) => {
                let bytes: &[u8] = sqlx::Row::try_get(row, column).map_err(from_sqlx)?;
                sixteen(bytes)
            }
        }
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }

    pub(crate) fn integer(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.integer(column)? != 0)
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.integer(column)?).map_err(|_| corrupt(column, "it is below zero"))
    }

    pub(crate) fn small(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.integer(column)?).map_err(|_| corrupt(column, "it is out of range"))
    }

    pub(crate) fn uuid(&self, column: &'static str) -> Result<Uuid, StoreError> {
        let bytes: Vec<u8> = self.get(column)?;
        Uuid::from_slice(&bytes).map_err(|_| corrupt(column, "it is not sixteen bytes"))
    }

    pub(crate) fn optional_uuid(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        let bytes: Option<Vec<u8>> = self.get(column)?;
        bytes.map(|bytes| Uuid::from_slice(&bytes).map_err(|_| corrupt(column, "it is not sixteen bytes"))).transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        time_of(self.integer(column)?, column)
    }

    pub(crate) fn optional_time<I: Place>(&self, column: I) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = self.get(column)?;
        at.map(|at| time_of(at, "time")).transpose()
    }

    pub(crate) fn resource_key<I: Place>(&self, column: I) -> Result<ResourceKey, StoreError> {
        self.key(column).map(ResourceKey)
    }

    pub(crate) fn content_hash<I: Place>(&self, column: I) -> Result<ContentHash, StoreError> {
        self.key(column).map(ContentHash)
    }
}

pub(crate) fn sixteen(bytes: &[u8]) -> Result<[u8; 16], StoreError> {
    <[u8; 16]>::try_from(bytes).map_err(|_| corrupt("key", "it is not sixteen bytes"))
}

fn time_of(microseconds: i64, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| corrupt(column, "it is beyond the calendar"))
}
