//! What comes out of a statement.

use gateway_domain::resource::{ContentHash, ResourceKey};
use gateway_ports::store::StoreError;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::error::{corrupt, from_sqlx};

pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A column by its name or place.
    pub(crate) fn get<T, I>(&self, column: I) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => sqlx::Row::try_get(row, column),
            Self::Postgres(row) => sqlx::Row::try_get(row, column),
        }
        .map_err(from_sqlx)
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

    pub(crate) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = self.get(column)?;
        at.map(|at| time_of(at, column)).transpose()
    }

    pub(crate) fn resource_key<I>(&self, column: I) -> Result<ResourceKey, StoreError>
    where
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        let bytes: Vec<u8> = self.get(column)?;
        sixteen(&bytes).map(ResourceKey)
    }

    pub(crate) fn content_hash(&self, column: &'static str) -> Result<ContentHash, StoreError> {
        let bytes: Vec<u8> = self.get(column)?;
        sixteen(&bytes).map(ContentHash)
    }
}

pub(crate) fn sixteen(bytes: &[u8]) -> Result<[u8; 16], StoreError> {
    <[u8; 16]>::try_from(bytes).map_err(|_| corrupt("key", "it is not sixteen bytes"))
}

fn time_of(microseconds: i64, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| corrupt(column, "it is beyond the calendar"))
}
